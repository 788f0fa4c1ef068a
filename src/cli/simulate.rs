//! `bks simulate`: read, run, report, write.

use std::path::PathBuf;

use clap::Args;

use super::args::{Changes, FailIf, JobsOption, OutputFormat, Print, ResultsFolder};
use super::exit::Exit;
use super::{known_totals, run};
use crate::error::{Error, Result};
use crate::results::Results;
use crate::results::known_total::{KnownTotal, Scaled};
use crate::scenario::Scenario;

/// Simulate scenarios and compare their configurations
///
/// Prints the verdict and a table; `--format csv` prints the rows of summary.csv. Writes summary.csv,
/// timeline.csv, buckets.csv, principals.csv, requesters.csv, accounts.csv, operations.csv, costs.csv,
/// sensitivity.csv and run.toml, which reproduces the results to the byte.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    bks simulate my-bucket.toml\n  \
    bks simulate my-bucket.toml --set lifetime=1min --out results/one-minute\n  \
    bks simulate my-bucket.toml --fail-if 'saving<0.8' --format markdown")]
pub(super) struct SimulateArgs {
    /// Scenario files; `-` reads one from standard input
    #[arg(required = true, value_name = "SCENARIO")]
    scenarios: Vec<String>,
    #[command(flatten)]
    folder: ResultsFolder,
    #[command(flatten)]
    print: Print,
    #[command(flatten)]
    jobs: JobsOption,
    #[command(flatten)]
    changes: Changes,
    #[command(flatten)]
    fail_if: FailIf,
    #[command(flatten)]
    known: known_totals::KnownTotalArgs,
}

pub(super) fn run(args: &SimulateArgs) -> Result<Exit> {
    let known = args.known.total()?;
    if known.is_some() && args.scenarios.len() > 1 {
        return Err(Error::request(
            "`--bill` and `--known-calls` scale one scenario, but several are given",
        ));
    }
    // All scenarios are read before any is run: what is wrong with the last is known at once.
    let scenarios =
        args.scenarios.iter().map(|path| args.read(path)).collect::<Result<Vec<_>>>()?;
    args.refuse_same_folder(&scenarios)?;
    let (all, scaled): (Vec<Results>, Vec<Option<Scaled>>) =
        args.jobs.run(|| args.run_all(&scenarios, known.as_ref()))??.into_iter().unzip();
    let scaled = scaled.into_iter().flatten().next();
    args.print.print(|format| run::text(format, &all, scaled.as_ref()))?;
    if args.print.format() == OutputFormat::Csv && !args.print.quiet.quiet {
        all.iter().for_each(run::note_warnings);
    }
    for scenario in &scenarios {
        args.print.quiet.wrote_results(&args.folder_of(scenario));
    }
    Ok(Exit::by_assertions(&all))
}

impl SimulateArgs {
    fn read(&self, path: &str) -> Result<Scenario> {
        let mut scenario = self.changes.scenario(path, self.jobs.threads())?;
        self.fail_if.add_to(&mut scenario)?;
        Ok(scenario)
    }

    /// Runs each; a total that is known is one scenario's.
    fn run_all(
        &self,
        scenarios: &[Scenario],
        known: Option<&KnownTotal>,
    ) -> Result<Vec<(Results, Option<Scaled>)>> {
        let (quiet, overwrite) = (self.print.quiet.quiet, self.folder.overwrite);
        let runs = scenarios.iter().map(|scenario| {
            let folder = self.folder_of(scenario);
            run::into_folder(scenario, &folder, quiet, overwrite, known.cloned())
        });
        runs.collect()
    }

    /// Several scenarios share the output directory, each in a folder of its name.
    fn folder_of(&self, scenario: &Scenario) -> PathBuf {
        match &self.folder.out {
            Some(out) if self.scenarios.len() > 1 => out.join(&scenario.name),
            _ => self.folder.of(&scenario.name),
        }
    }

    fn refuse_same_folder(&self, scenarios: &[Scenario]) -> Result<()> {
        for (i, scenario) in scenarios.iter().enumerate() {
            if scenarios[..i].iter().any(|other| other.name == scenario.name) {
                return Err(Error::request(format!(
                    "two scenarios have the name `{}`, but each needs a folder of its own",
                    scenario.name
                ))
                .at(self.scenarios[i].clone()));
            }
        }
        Ok(())
    }
}
