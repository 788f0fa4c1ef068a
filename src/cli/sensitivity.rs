//! `bks sensitivity`: which assumption matters most, and where the answer flips.

use clap::Args;

use super::args::{Changes, JobsOption, OutputFormat, Print, ResultsFolder};
use super::exit::Exit;
use super::{input, memory, output, progress};
use crate::encryption::assumption::Level;
use crate::error::{Error, Result};
use crate::report::sensitivity as report;
use crate::scenario::Scenario;
use crate::scenario::assertion::{Assertion, RangePoint};
use crate::scenario::overrides::Override;
use crate::sensitivity::axis::SearchAxis;
use crate::sensitivity::rows;
use crate::sensitivity::sobol::SAMPLES_MAX;
use crate::sensitivity::{Budget, SAMPLES_MIN, Sensitivity, SensitivityPlan, Work};
use crate::simulation::estimate;
use crate::units::Share;

/// Find the assumption that matters most, and the value at which the answer flips
///
/// Runs the headline configuration on the same requests under many sets of assumptions, and reports how far each
/// assumption alone moves the saving, how much of the saving's spread it explains (Sobol' indices), and from
/// which lifetime, number of partitions or number of requesters on the saving falls below a target ("less than
/// 50 % once `requesters` ≥ 9,000"), or a demand on any other figure no longer holds.
///
/// `--format csv` prints the rows of `break_even.csv`. Writes `sensitivity.csv` with its chart `tornado.svg`,
/// `sobol.csv`, `spread.csv`, `break_even.csv` and `break_even_curves.csv`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    bks sensitivity emr10.toml\n  \
    bks sensitivity emr10.toml --target 80% --target 50% --over requesters=1..1000\n  \
    bks sensitivity emr10.toml --target 'quota_share_max < 100%' --over requesters=1..1000\n  \
    bks sensitivity emr10.toml --over workload.arriving.arrivals.poisson.rate=0.1/s..50/s")]
pub(super) struct SensitivityArgs {
    /// Scenario file; `-` reads it from standard input
    scenario: String,
    /// Saving to find break-even values for, or demand on a figure (repeatable)
    ///
    /// `80%` is a saving. `FIGURE SIGN NUMBER`, as `--fail-if` reads it, is a demand on any figure, such as
    /// `quota_share_max < 100%` or `sse-kms.throttled_share <= 1%`: found is from which value of a key on it no
    /// longer holds, along the keys of `--over`, or along the usual ones without that. Each value is a run of its
    /// own.
    #[arg(long, value_name = "TARGET", default_value = "50%", value_parser = Target::parse)]
    target: Vec<Target>,
    /// Also search KEY from LOW to HIGH (repeatable)
    ///
    /// KEY is a scenario key as for `--set`; its values are durations, rates, percentages or numbers. `lifetime`,
    /// `generation_lifetime`, `cache_lifetime`, `cache_hosts` and `requesters` are always searched, and so are
    /// `write_partitions` and `read_partitions` where the scenario gives them; this option changes their range.
    #[arg(long, value_name = "KEY=LOW..HIGH", value_parser = SearchAxis::parse)]
    over: Vec<SearchAxis>,
    /// Sample size, a power of two [default: 64, or fewer for large scenarios]
    ///
    /// With k assumptions that have a range, at most N (k + 2) sets of assumptions are run. Doubling N narrows
    /// the intervals by about a third.
    #[arg(long, value_name = "N", value_parser = parse_samples)]
    samples: Option<u32>,
    #[command(flatten)]
    folder: ResultsFolder,
    #[command(flatten)]
    print: Print,
    #[command(flatten)]
    changes: Changes,
    #[command(flatten)]
    jobs: JobsOption,
}

/// What is to be reached.
#[derive(Clone, Debug)]
enum Target {
    Saving(Share),
    Figure(Assertion),
}

impl Target {
    fn parse(text: &str) -> Result<Self> {
        if !text.contains(['<', '>', '=']) {
            return text.parse().map(Self::Saving);
        }
        let demand: Assertion = text.parse()?;
        if demand.point != RangePoint::Level(Level::Assumed) {
            return Err(Error::request(format!(
                "`{text}` is about one point of the range, but a target is sought at every level"
            )));
        }
        Ok(Self::Figure(demand))
    }
}

fn parse_samples(text: &str) -> std::result::Result<u32, String> {
    let samples: Option<u32> = text.replace('_', "").parse().ok();
    samples
        .filter(|n| n.is_power_of_two() && (SAMPLES_MIN..=SAMPLES_MAX).contains(n))
        .ok_or_else(|| format!("must be a power of two from {SAMPLES_MIN} to {SAMPLES_MAX}"))
}

pub(super) fn run(args: &SensitivityArgs) -> Result<Exit> {
    let threads = args.jobs.threads();
    let source = input::ScenarioSource::open(&args.scenario)?;
    let bytes = memory::free();
    let overrides = args.changes.overrides()?;
    let read = |more: &[Override]| -> Result<Scenario> {
        let scenario = source.read(&[&overrides, more].concat())?;
        estimate::check_size(&scenario, threads, bytes)
            .map_err(|error| error.at(source.place()))?;
        Ok(scenario)
    };
    let scenario = read(&[])?;
    let plan = SensitivityPlan {
        samples: args.samples,
        targets: savings(&args.target),
        demands: demands(&args.target),
        over: args.over.clone(),
        budget: Budget { threads, bytes: bytes / 2 },
    };
    let bar = progress::Growing::new(&scenario.name, "answers", args.print.quiet.quiet);
    let found = args.jobs.run(|| {
        Sensitivity::of(&scenario, &|change| read(std::slice::from_ref(change)), &plan, &|step| {
            match step {
                Work::Answered(answers) => bar.advance(answers),
                Work::Decided(answers) => bar.grow(answers),
            }
        })
    })??;
    bar.clear();
    let folder = args.folder.of(&scenario.name);
    output::write_files(&folder, &report::files(&scenario, &found), args.folder.overwrite)?;
    args.print.print(|format| text(format, &scenario, &found))?;
    for (parameter, why) in &found.left_out {
        let why = why.lines().next().unwrap_or_default();
        args.print.quiet.note(&format!("`{parameter}` was not searched: {why}"));
    }
    args.print.quiet.wrote(&folder);
    Ok(Exit::Done)
}

fn savings(targets: &[Target]) -> Vec<f64> {
    let savings = targets.iter().filter_map(|target| match target {
        Target::Saving(share) => Some(share.value()),
        Target::Figure(_) => None,
    });
    savings.collect()
}

fn demands(targets: &[Target]) -> Vec<Assertion> {
    let demands = targets.iter().filter_map(|target| match target {
        Target::Saving(_) => None,
        Target::Figure(demand) => Some(demand.clone()),
    });
    demands.collect()
}

fn text(format: OutputFormat, scenario: &Scenario, found: &Sensitivity) -> String {
    match format {
        OutputFormat::Csv => output::csv(&rows::break_even(scenario, found)),
        OutputFormat::Json => output::json(&report::json(scenario, found)),
        _ => format.document(&report::document(scenario, found)),
    }
}
