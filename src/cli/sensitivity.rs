//! `bks sensitivity`: which assumption the answer hangs on, and where it turns.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use super::{Found, input, memory, output, progress, threads};
use crate::error::{Error, Result};
use crate::report::{markdown, sensitivity as report, text};
use crate::results::csv;
use crate::scenario::Scenario;
use crate::scenario::overrides::Override;
use crate::sensitivity::axis::SearchAxis;
use crate::sensitivity::sobol::SAMPLES_MAX;
use crate::sensitivity::{Budget, Plan, SAMPLES_MIN, Sensitivity};
use crate::simulation::estimate;
use crate::units::Share;

/// Find which assumption the saving hangs on, and where it turns.
///
/// What AWS does not publish has a range. This command asks the headline configuration, on the same
/// requests: how far does each assumption alone move the saving; which of them does its spread come
/// from (Sobol' indices); and from which lifetime, number of partitions or number of requesters on does
/// it fall below a target ("less than 50 % once `requesters` ≥ 9,000").
///
/// Writes `sensitivity.csv` and its picture `tornado.svg`, `sobol.csv`, `spread.csv`, `break_even.csv`
/// and `break_even_curves.csv`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "bks sensitivity emr10.toml\n\
bks sensitivity emr10.toml --target 80% --target 50% --over requesters=1..1000\n\
bks sensitivity emr10.toml --over workload.arriving.arrivals.poisson.rate=0.1/s..50/s")]
pub(super) struct Args {
    /// Scenario file; `-` reads it from standard input
    scenario: String,
    /// A saving to find break-even values for; may be given again
    #[arg(long, value_name = "SHARE", default_value = "50%")]
    target: Vec<Share>,
    /// Also search the values of KEY from LOW to HIGH; may be given again
    ///
    /// KEY is a key of the scenario as for `--set`, with two values of one kind: durations, rates,
    /// percentages or numbers. `lifetime`, `generation_lifetime`, `cache_lifetime`, `cache_hosts` and
    /// `requesters` are searched anyway, and `write_partitions` and `read_partitions` where they are
    /// given; given here, from LOW to HIGH.
    #[arg(long, value_name = "KEY=LOW..HIGH", value_parser = parse_axis)]
    over: Vec<SearchAxis>,
    /// Points of each of the two samples of all assumptions together: a power of two
    ///
    /// With k assumptions that have a range, N (k + 2) sets of assumptions are answered at the most.
    /// Twice as many make the intervals about a third narrower. Without it N is 128, or fewer if the
    /// scenario is large.
    #[arg(long, value_name = "N", value_parser = parse_samples)]
    samples: Option<u32>,
    /// Write files to DIR instead of results/NAME
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace files in the folder that bks did not write
    #[arg(long)]
    overwrite: bool,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    changes: input::Changes,
    /// Use N threads instead of one for each processor; the results do not depend on it
    #[arg(long, short, value_name = "N")]
    jobs: Option<usize>,
    /// Print neither tables, progress nor notes; another format asked for still comes
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The verdict, tables and sentences for a person
    Table,
    /// Everything, for programs
    Json,
    /// The rows of `break_even.csv`
    Csv,
    /// The verdict, tables and sentences for a pull request
    Markdown,
}

fn parse_axis(text: &str) -> std::result::Result<SearchAxis, String> {
    SearchAxis::parse(text).map_err(|error| error.to_string())
}

fn parse_samples(text: &str) -> std::result::Result<u32, String> {
    let samples: Option<u32> = text.replace('_', "").parse().ok();
    samples
        .filter(|n| n.is_power_of_two() && (SAMPLES_MIN..=SAMPLES_MAX).contains(n))
        .ok_or_else(|| format!("must be a power of two from {SAMPLES_MIN} to {SAMPLES_MAX}"))
}

pub(super) fn run(args: &Args) -> Result<Found> {
    let threads = threads::number(args.jobs);
    let source = input::Source::open(&args.scenario)?;
    let bytes = memory::free();
    let read = |more: &[_]| {
        let changes: Vec<_> = args.changes.all()?.into_iter().chain(more.iter().cloned()).collect();
        let scenario = source.read(&changes)?;
        estimate::check_size(&scenario, threads, bytes)
            .map_err(|error| error.at(source.place()))?;
        Ok::<Scenario, Error>(scenario)
    };
    let scenario = read(&[])?;
    let plan = Plan {
        samples: args.samples,
        targets: args.target.iter().map(|share| share.value()).collect(),
        over: args.over.clone(),
        budget: Budget { threads, bytes: bytes / 2 },
    };
    let bar = progress::Answers::new(&scenario.name, args.quiet);
    let read_with = |change: &Override| read(std::slice::from_ref(change));
    let found = threads::run_on(args.jobs, || {
        Sensitivity::of(&scenario, &read_with, &plan, &|step| bar.take(step))
    })??;
    bar.clear();
    let folder = args.out.clone().unwrap_or_else(|| PathBuf::from("results").join(&scenario.name));
    output::write_files(&folder, &report::files(&scenario, &found), args.overwrite)?;
    if !args.quiet || args.format != Format::Table {
        output::print(&printed(args.format, &scenario, &found))?;
    }
    if !args.quiet {
        for (parameter, why) in &found.left_out {
            let why = why.lines().next().unwrap_or_default();
            output::note(&format!("`{parameter}` was not searched: {why}"));
        }
        output::note(&format!("wrote {}", folder.display()));
    }
    Ok(Found::Done)
}

fn printed(format: Format, scenario: &Scenario, found: &Sensitivity) -> String {
    match format {
        Format::Table => text::write(&report::document(scenario, found), output::terminal_width()),
        Format::Markdown => markdown::write(&report::document(scenario, found)),
        Format::Csv => {
            let rows = crate::sensitivity::rows::break_even(scenario, found);
            String::from_utf8(csv::write(&rows)).expect("CSV is text")
        }
        Format::Json => output::json(&report::json(scenario, found)),
    }
}
