//! `bks compare`: runs side by side.

use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, ValueEnum};

use super::{Found, input, output, progress, threads};
use crate::compare::condition::{Condition, Verdict};
use crate::compare::{Candidate, Comparison, find};
use crate::error::{Error, Result, one_of};
use crate::outcome::Outcome;
use crate::report::{comparison as report, markdown, text};
use crate::results::{Results, csv};

/// Compare runs: scenarios, results of earlier runs, configurations of one scenario.
///
/// Each ITEM is a scenario file, which is run, or a folder of results, with #CONFIGURATION if it is not
/// about the one its verdict is about; a single ITEM is compared configuration by configuration.
/// Scenarios are run with one seed and as many replications, so that all see the same chance.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    bks compare scenarios/emr10.toml\n  \
    bks compare results/before results/after --fail-if 'kms_cost_usd > +10%'\n  \
    bks compare lake.toml#bucket-key-role new.toml#bucket-key-role --format markdown")]
pub(super) struct Args {
    /// Scenario files and folders of results
    #[arg(required = true, value_name = "ITEM[#CONFIGURATION]")]
    items: Vec<String>,
    /// Hold the others against this one: its name in the table, its configuration, or its number
    ///
    /// Without it: of a single ITEM the configuration its savings are measured against, of several the
    /// first.
    #[arg(long, short, value_name = "NAME")]
    reference: Option<String>,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Write `comparison.csv`, `cost_changes.csv` and `comparison.json` to DIR
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace files in the folder that bks did not write
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    changes: input::Changes,
    /// End with exit code 3 if CONDITION holds of any of them; may be given again
    ///
    /// `FIGURE SIGN NUMBER`, with a level as in `@low.saving < 0.5`. A number with a sign is about the
    /// difference from the reference: `kms_cost_usd > +10%` (of the reference's cost), `saving < -1%`
    /// (in points), `total_cost_usd > +5`.
    #[arg(long, value_name = "CONDITION", value_parser = parse_condition)]
    fail_if: Vec<Condition>,
    /// Use N threads instead of one for each processor; the results do not depend on it
    #[arg(long, short, value_name = "N")]
    jobs: Option<usize>,
    /// Print neither table, progress nor notes; another format asked for still comes
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The differences and a table for a person
    Table,
    /// The same for a pull request
    Markdown,
    /// Everything, for programs
    Json,
    /// The rows of comparison.csv
    Csv,
}

fn parse_condition(text: &str) -> std::result::Result<Condition, String> {
    Condition::parse(text).map_err(|error| error.to_string())
}

pub(super) fn run(args: &Args) -> Result<Found> {
    let items: Vec<Item> = args.items.iter().map(|text| Item::parse(text)).collect();
    let runs = threads::run_on(args.jobs, || runs(args, &items))??;
    let candidates = candidates(&items, &runs)?;
    let reference = reference(args, &items, &runs, &candidates)?;
    let comparison = Comparison::of(&candidates, reference);
    let demands: Vec<Verdict> =
        args.fail_if.iter().flat_map(|condition| condition.judge(&comparison)).collect();
    if let Some(folder) = &args.out {
        let json = output::json(&report::json(&comparison, &demands)).into_bytes();
        let files = [
            ("comparison.csv", csv::write(&comparison.figures)),
            ("cost_changes.csv", csv::write(&comparison.costs)),
            ("comparison.json", json),
        ];
        output::write_files(folder, &files, args.overwrite)?;
    }
    if !args.quiet || args.format != Format::Table {
        output::print(&printed(args.format, &comparison, &demands))?;
    }
    if args.format == Format::Csv && !args.quiet {
        for note in &comparison.notes {
            output::note(&format!("warning: {}; {}", note.what, note.advice));
        }
    }
    if let (Some(folder), false) = (&args.out, args.quiet) {
        output::note(&format!("wrote {}", folder.display()));
    }
    let failed: Vec<&Verdict> = demands.iter().filter(|demand| !demand.holds).collect();
    for demand in &failed {
        output::note(&format!("assertion not met: {}", report::reason(demand)));
    }
    Ok(if failed.is_empty() { Found::Done } else { Found::AssertionNotMet })
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

/// Reads what was run before, and runs the scenarios with the chance of the first item.
fn runs<'a>(args: &Args, items: &'a [Item]) -> Result<Runs<'a>> {
    let mut paths: Vec<&Item> = Vec::new();
    for item in items {
        if !paths.iter().any(|known| known.path == item.path) {
            paths.push(item);
        }
    }
    let earlier = paths.iter().map(|item| item.is_folder().then(|| folder(&item.path)).transpose());
    let earlier = earlier.collect::<Result<Vec<_>>>()?;
    let scenarios = paths.iter().map(|item| match item.path.as_str() {
        _ if item.is_folder() => Ok(None),
        path => input::Source::open(path).map(Some),
    });
    let sources = scenarios.collect::<Result<Vec<_>>>()?;
    let chance = Chance::of(args, &earlier, &sources)?;
    let found =
        earlier.into_iter().zip(&sources).map(|(earlier, source)| match (earlier, source) {
            (Some(results), _) => Ok(results),
            (None, Some(source)) => simulate(args, source, &chance),
            (None, None) => unreachable!("what is no folder has been opened"),
        });
    let found = found.collect::<Result<Vec<_>>>()?;
    Ok(paths.iter().map(|item| item.path.as_str()).zip(found).collect())
}

/// The results in a folder.
fn folder(path: &str) -> Result<Results> {
    input::results(Path::new(path))
}

/// What all runs share, so that they see the same chance.
struct Chance {
    seed: u64,
    replications: u32,
}

impl Chance {
    /// The first item's seed, and as many replications as any has; earlier runs decide before
    /// scenarios, which can follow them.
    fn of(
        args: &Args,
        earlier: &[Option<Results>],
        sources: &[Option<input::Source>],
    ) -> Result<Self> {
        let overrides = args.changes.all()?;
        let read = sources.iter().flatten().map(|source| {
            let scenario = source.read(&overrides)?;
            Ok((scenario.seed.0, scenario.replications))
        });
        let of_scenarios = read.collect::<Result<Vec<_>>>()?;
        let of_folders: Vec<(u64, u32)> = earlier
            .iter()
            .flatten()
            .map(|results| (results.facts.seed, results.facts.replications))
            .collect();
        let deciding = if of_folders.is_empty() { of_scenarios } else { of_folders };
        let seed = deciding.first().expect("there is an item").0;
        let replications = deciding.iter().map(|(_, replications)| *replications).max();
        Ok(Self { seed, replications: replications.expect("there is an item") })
    }
}

/// Runs a scenario; what the command line says of seed and replications comes last.
fn simulate(args: &Args, source: &input::Source, chance: &Chance) -> Result<Results> {
    let shared =
        [("seed", chance.seed.to_string()), ("replications", chance.replications.to_string())];
    let shared = shared.map(|(key, value)| crate::scenario::overrides::Override::new(key, value));
    let overrides: Vec<_> = shared.into_iter().chain(args.changes.all()?).collect();
    let scenario = source.read(&overrides)?;
    input::check_size(&scenario, threads::number(args.jobs))
        .map_err(|error| error.at(source.place()))?;
    let bar = progress::Bar::new(&scenario, args.quiet);
    let outcome = Outcome::of(&scenario, &|step| bar.take(step));
    bar.clear();
    Ok(Results::of(&scenario, &outcome))
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
        let of = |name: &str| Chosen { path, results, configuration: name.to_owned() };
        let names = results.facts.configurations.iter().map(|it| it.name.as_str());
        match &item.configuration {
            Some(name) if results.facts.configuration(name).is_none() => {
                let wrong = format!("`{name}` is not a configuration of this run");
                return Err(Error::request(wrong).at(*path).hint(one_of(name, names)));
            }
            Some(name) => chosen.push(of(name)),
            None if items.len() == 1 => chosen.extend(names.map(of)),
            None => chosen.push(of(&results.facts.headline)),
        }
    }
    if chosen.len() < 2 {
        return Err(Error::request("there is one configuration, but it takes two to compare")
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
    let configuration = |it: &Chosen| it.configuration.clone();
    let scenario = |it: &Chosen| format!("{}#{}", it.results.facts.scenario, it.configuration);
    let path = |it: &Chosen| format!("{}#{}", it.path, it.configuration);
    let one_run = chosen.iter().all(|it| it.path == chosen[0].path);
    let distinct = |names: &Vec<String>| (1..names.len()).all(|i| !names[..i].contains(&names[i]));
    let ways = [
        one_run.then(|| chosen.iter().map(configuration).collect()),
        Some(chosen.iter().map(scenario).collect()),
        Some(chosen.iter().map(path).collect()),
    ];
    ways.into_iter().flatten().find(distinct).ok_or_else(|| {
        Error::request("an item is given twice, but a comparison is of different ones")
    })
}

fn reference(args: &Args, items: &[Item], runs: &Runs, candidates: &[Candidate]) -> Result<usize> {
    match (&args.reference, items) {
        (Some(name), _) => {
            find(candidates, name).map_err(|error| error.at(format!("--reference {name}")))
        }
        (None, [Item { configuration: None, .. }]) => find(candidates, &runs[0].1.facts.reference),
        (None, _) => Ok(0),
    }
}

fn printed(format: Format, comparison: &Comparison, demands: &[Verdict]) -> String {
    match format {
        Format::Table => text::write(&report::document(comparison), output::terminal_width()),
        Format::Markdown => markdown::write(&report::document(comparison)),
        Format::Json => output::json(&report::json(comparison, demands)),
        Format::Csv => String::from_utf8(csv::write(&comparison.figures)).expect("CSV is text"),
    }
}
