//! `bks compare`: runs side by side.

use std::path::{Path, PathBuf};

use clap::Args;

use super::args::{self, Changes, JobsOption, OutputFormat, Print};
use super::exit::Exit;
use super::{input, output, run};
use crate::compare::condition::{Condition, Verdict};
use crate::compare::{Candidate, Comparison, find};
use crate::error::{Error, Result, one_of};
use crate::report::comparison as report;
use crate::results::{Results, csv};
use crate::scenario::overrides::Override;

/// Compare scenarios, results of earlier runs, or the configurations of one scenario
///
/// Each ITEM is a scenario file, which is run, or a results folder; `#CONFIGURATION` selects a configuration other
/// than the one in the verdict. A single ITEM is compared configuration by configuration. All runs use the same
/// random numbers (one seed, equally many replications), so any difference comes from the change.
///
/// `--format csv` prints the rows of comparison.csv.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    bks compare scenarios/emr10.toml\n  \
    bks compare results/before results/after --fail-if 'kms_cost_usd > +10%'\n  \
    bks compare lake.toml#bucket-key-role new.toml#bucket-key-role --format markdown")]
pub(super) struct CompareArgs {
    /// Scenario files and results folders
    #[arg(required = true, value_name = "ITEM[#CONFIGURATION]")]
    items: Vec<String>,
    /// Baseline, by label, configuration or number [default: the first item, or a lone scenario's own]
    #[arg(long, short, value_name = "NAME")]
    reference: Option<String>,
    /// Write `comparison.csv`, `cost_changes.csv` and `comparison.json` to DIR
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Overwrite files in DIR that bks did not write
    #[arg(long)]
    overwrite: bool,
    /// Exit with code 3 if CONDITION holds for any item (repeatable)
    ///
    /// `FIGURE SIGN NUMBER`, with a level as in `@low.saving < 0.5`. A signed number is the difference from the
    /// baseline: `kms_cost_usd > +10%` (of the baseline's cost), `saving < -1%` (percentage points),
    /// `total_cost_usd > +5`.
    #[arg(long, value_name = "CONDITION", value_parser = Condition::parse)]
    fail_if: Vec<Condition>,
    #[command(flatten)]
    print: Print,
    #[command(flatten)]
    jobs: JobsOption,
    #[command(flatten)]
    changes: Changes,
}

pub(super) fn run(args: &CompareArgs) -> Result<Exit> {
    let items: Vec<Item> = args.items.iter().map(|text| Item::parse(text)).collect();
    let runs = args.jobs.run(|| runs(args, &items))??;
    let candidates = candidates(&items, &runs)?;
    let reference = reference(args, &items, &runs, &candidates)?;
    let comparison = Comparison::of(&candidates, reference);
    let judged = args.fail_if.iter().map(|condition| condition.judge(&comparison));
    let verdicts: Vec<Verdict> =
        judged.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
    if let Some(folder) = &args.out {
        let json = output::json(&report::json(&comparison, &verdicts)).into_bytes();
        let files = [
            ("comparison.csv", csv::write(&comparison.figures)),
            ("cost_changes.csv", csv::write(&comparison.costs)),
            ("comparison.json", json),
        ];
        output::write_files(folder, &files, args.overwrite)?;
    }
    args.print.print(|format| text(format, &comparison, &verdicts))?;
    if args.print.format() == OutputFormat::Csv {
        for note in &comparison.notes {
            args.print.quiet.note(&format!("warning: {}; {}", note.what, note.advice));
        }
    }
    if let Some(folder) = &args.out {
        args.print.quiet.wrote(folder);
    }
    Ok(Exit::unless(verdicts.iter().filter(|verdict| !verdict.holds).map(report::reason)))
}

/// One of the things to compare, as typed.
struct Item {
    path: String,
    configuration: Option<String>,
}

impl Item {
    /// A configuration stands after the last `#`, unless that is a part of the path.
    fn parse(text: &str) -> Self {
        match text.rsplit_once('#') {
            Some((path, name)) if !path.is_empty() && !Path::new(text).exists() => {
                Self { path: path.to_owned(), configuration: Some(name.to_owned()) }
            }
            _ => Self { path: text.to_owned(), configuration: None },
        }
    }

    fn is_folder(&self) -> bool {
        Path::new(&self.path).is_dir()
    }
}

/// Paths in the order of the items, each once, with what was found there.
type Runs<'a> = Vec<(&'a str, Results)>;

/// What a path leads to.
enum ItemOrigin {
    Folder(Box<Results>),
    Scenario(input::ScenarioSource),
}

impl ItemOrigin {
    fn open(item: &Item) -> Result<Self> {
        if item.is_folder() {
            return input::results(Path::new(&item.path)).map(|it| Self::Folder(Box::new(it)));
        }
        input::ScenarioSource::open(&item.path).map(Self::Scenario)
    }
}

/// Reads what was run before, and runs the scenarios with the random numbers of the first item.
fn runs<'a>(args: &CompareArgs, items: &'a [Item]) -> Result<Runs<'a>> {
    let mut paths: Vec<&Item> = Vec::new();
    for item in items {
        if !paths.iter().any(|known| known.path == item.path) {
            paths.push(item);
        }
    }
    // All are opened before any is run.
    let origins = paths.iter().map(|item| ItemOrigin::open(item)).collect::<Result<Vec<_>>>()?;
    let chance = SharedReplications::of(args, &origins)?;
    let found = origins.into_iter().map(|origin| match origin {
        ItemOrigin::Folder(results) => Ok(*results),
        ItemOrigin::Scenario(source) => simulate(args, &source, &chance),
    });
    let found = found.collect::<Result<Vec<_>>>()?;
    Ok(paths.iter().map(|item| item.path.as_str()).zip(found).collect())
}

/// Seed and number of replications that all runs share.
struct SharedReplications {
    seed: u64,
    replications: u32,
}

impl SharedReplications {
    /// The first item's seed, and as many replications as any has; earlier runs decide before
    /// scenarios, which can follow them.
    fn of(args: &CompareArgs, origins: &[ItemOrigin]) -> Result<Self> {
        let overrides = args.changes.overrides()?;
        let (mut of_folders, mut of_scenarios) = (Vec::new(), Vec::new());
        for origin in origins {
            match origin {
                ItemOrigin::Folder(results) => {
                    of_folders.push((results.facts.seed, results.facts.replications));
                }
                ItemOrigin::Scenario(source) => {
                    let scenario = source.read(&overrides)?;
                    of_scenarios.push((scenario.seed.0, scenario.replications));
                }
            }
        }
        let deciding = if of_folders.is_empty() { of_scenarios } else { of_folders };
        let seed = deciding.first().expect("there is an item").0;
        let replications = deciding.iter().map(|(_, replications)| *replications).max();
        Ok(Self { seed, replications: replications.expect("there is an item") })
    }
}

/// Runs a scenario; what the command line says of seed and replications comes last.
fn simulate(
    args: &CompareArgs,
    source: &input::ScenarioSource,
    chance: &SharedReplications,
) -> Result<Results> {
    let shared =
        [("seed", chance.seed.to_string()), ("replications", chance.replications.to_string())];
    let shared = shared.map(|(key, value)| Override::new(key, value));
    let scenario = source.read(&[&shared[..], &args.changes.overrides()?].concat())?;
    args::check_size(&scenario, args.jobs.threads()).map_err(|error| error.at(source.place()))?;
    Ok(run::results(&scenario, args.print.quiet.quiet))
}

/// A configuration to compare.
struct Chosen<'a> {
    path: &'a str,
    results: &'a Results,
    configuration: String,
}

/// The configurations to compare, under names that tell them apart.
fn candidates<'a>(items: &[Item], runs: &'a Runs) -> Result<Vec<Candidate<'a>>> {
    let mut chosen: Vec<Chosen> = Vec::new();
    for item in items {
        let (path, results) = runs.iter().find(|(path, _)| *path == item.path).expect("it was run");
        let names = results.facts.configurations.iter().map(|it| it.name.as_str());
        let names: Vec<&str> = match &item.configuration {
            Some(name) if results.facts.configuration(name).is_none() => {
                let wrong = format!("`{name}` is not a configuration of this run");
                return Err(Error::request(wrong).at(*path).hint(one_of(name, names)));
            }
            Some(name) => vec![name],
            None if items.len() == 1 => names.collect(),
            None => vec![&results.facts.headline],
        };
        chosen.extend(names.into_iter().map(|name| Chosen {
            path,
            results,
            configuration: name.to_owned(),
        }));
    }
    if chosen.len() < 2 {
        return Err(Error::request("there is only one configuration to compare")
            .hint("name another scenario, folder, or configuration: `ITEM#CONFIGURATION`"));
    }
    let labels = labels(&chosen)?;
    let candidates = chosen.into_iter().zip(labels).map(|(chosen, label)| Candidate {
        label,
        configuration: chosen.configuration,
        results: chosen.results,
    });
    Ok(candidates.collect())
}

/// The shortest of three ways to call them under which no two have one name.
fn labels(chosen: &[Chosen]) -> Result<Vec<String>> {
    let mut ways: Vec<fn(&Chosen) -> String> =
        vec![|it| format!("{}#{}", it.results.facts.scenario, it.configuration), |it| {
            format!("{}#{}", it.path, it.configuration)
        }];
    if chosen.iter().all(|it| it.path == chosen[0].path) {
        ways.insert(0, |it| it.configuration.clone());
    }
    let mut labels = ways.into_iter().map(|way| chosen.iter().map(way).collect::<Vec<_>>());
    labels
        .find(|labels| are_distinct(labels))
        .ok_or_else(|| Error::request("an item is given twice"))
}

fn are_distinct(labels: &[String]) -> bool {
    (1..labels.len()).all(|i| !labels[..i].contains(&labels[i]))
}

fn reference(
    args: &CompareArgs,
    items: &[Item],
    runs: &Runs,
    candidates: &[Candidate],
) -> Result<usize> {
    match (&args.reference, items) {
        (Some(name), _) => {
            find(candidates, name).map_err(|error| error.at(format!("--reference {name}")))
        }
        (None, [Item { configuration: None, .. }]) => find(candidates, &runs[0].1.facts.reference),
        (None, _) => Ok(0),
    }
}

fn text(format: OutputFormat, comparison: &Comparison, verdicts: &[Verdict]) -> String {
    match format {
        OutputFormat::Json => output::json(&report::json(comparison, verdicts)),
        OutputFormat::Csv => output::csv(&comparison.figures),
        _ => format.document(&report::document(comparison)),
    }
}
