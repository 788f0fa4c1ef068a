//! `bks explain`: why a request called KMS and another did not.

use std::collections::BTreeSet;

use clap::Args;
use clap::builder::RangedU64ValueParser;

use super::args::{self, JobsOption, OutputFormat, Print, ResultsFolder, TypedOptions};
use super::exit::Exit;
use super::logs::GatherEntries;
use super::scenario_or_logs::ScenarioOrLogs;
use super::{output, progress};
use crate::encryption::assumption::Level;
use crate::error::{Error, Result, one_of};
use crate::explanation::selection::{Selected, Selector, select};
use crate::explanation::{Causes, check_length};
use crate::logs::LogFormat;
use crate::logs::record::LogEntry;
use crate::recording::earlier_objects::plain_key;
use crate::recording::mark::{IsWanted, RecordMark};
use crate::report::explanation::{AllCauses, RequestsExplained};
use crate::scenario::Scenario;
use crate::scenario::engine::EngineChoice;
use crate::simulation::Arm;
use crate::units::{SimTime, parse_utc};

/// Explain KMS calls: all by cause, or those of one object, requester or second
///
/// PATH is a scenario if it is a single file whose name ends in `.toml`, or `-` for standard input; otherwise it is
/// logs, as for `bks replay`. (With `--log-format`, `-` is a log.)
///
/// Without a selector, the calls of each configuration by cause: bucket keys are off, the object has none, first read
/// by a requester, the key no longer in memory, another of S3's hosts, a new key or session. The causes add up to the
/// calls of `bks simulate` or `bks replay`. Writes causes.csv, causes.json, causes.md and causes.html; `--format csv` prints
/// the rows.
///
/// With selectors, each request that all of them pick, in one replication of one configuration: which bucket-level key wraps the
/// object, who made it and when, until when S3 holds it, and what would have saved the call.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    bks explain emr10.toml --configuration bucket-key-role\n  \
    bks explain emr10.toml --at 90min --limit 20\n  \
    bks explain logs/ --object photos/2026/cat.jpg\n  \
    bks explain logs/ --at 2026-11-20T08:00:00Z --requester etl --format csv")]
pub(super) struct ExplainArgs {
    /// Explain the requests of the object with this key; of a log as it stands there, encoded or not
    #[arg(long, value_name = "KEY")]
    object: Option<String>,
    /// Explain one request: its ID in the logs, or its number in a scenario's run, from 0
    #[arg(long, value_name = "ID", conflicts_with_all = ["object", "requester", "at"])]
    request: Option<String>,
    /// Explain the requests of a principal, role, user, service or session, by name or ARN
    #[arg(long, value_name = "NAME")]
    requester: Option<String>,
    /// Explain the requests of one second: a time in UTC, or since the start of the run, e.g., 90min
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Explain at most N requests
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    limit: usize,
    /// Configuration to explain (repeatable) [default: all; with a selector, the one in the verdict]
    #[arg(long = "configuration", value_name = "NAME")]
    configurations: Vec<String>,
    /// Where every assumption stands in its range; `low` saves least, `high` most
    #[arg(long, default_value = "assumed", value_parser = args::named(&Level::ALL, Level::name))]
    level: Level,
    /// Replication whose requests a selector picks from, counted from 0
    #[arg(long, value_name = "N", default_value_t = 0)]
    replication: u32,
    #[command(flatten)]
    folder: ResultsFolder,
    #[command(flatten)]
    print: Print,
    #[command(flatten)]
    jobs: JobsOption,
    // What has a heading in `--help` comes last: the heading is that of all that follows.
    #[command(flatten)]
    input: ScenarioOrLogs,
}

/// Names that are offered where one is not known.
const NAMES_OFFERED: usize = 5;

pub(super) fn run(args: &ExplainArgs, typed: &TypedOptions) -> Result<Exit> {
    args.check_folder()?;
    let scenario = args.input.scenario(typed, args.jobs, args.print.quiet.quiet)?;
    let named = args.configurations.iter().map(|name| scenario.configuration_named(name));
    let named = named.collect::<Result<Vec<usize>>>();
    let named = named.map_err(|error| error.at("--configuration"))?;
    let selectors = args.selectors(&scenario)?;
    if selectors.is_empty() {
        args.causes(&scenario, named)?;
    } else {
        args.requests(&scenario, &named, &selectors)?;
    }
    Ok(Exit::Done)
}

impl ExplainArgs {
    /// Refuses a folder where nothing is written into one.
    fn check_folder(&self) -> Result<()> {
        let selectors = [&self.object, &self.request, &self.requester, &self.at];
        if self.folder.out.is_none() || selectors.iter().all(|it| it.is_none()) {
            return Ok(());
        }
        Err(Error::request("requests that are picked are printed, not written into a folder")
            .at("--out")
            .hint("write what is printed to a file: `--format csv > requests.csv`"))
    }

    /// Counts the causes of all calls.
    fn causes(&self, scenario: &Scenario, named: Vec<usize>) -> Result<()> {
        let all: Vec<usize> = (0..scenario.configurations.len()).collect();
        let wanted = if named.is_empty() { all } else { named };
        check_length(scenario, scenario.replications, wanted.len())?;
        let mut drawn = scenario.clone();
        drawn.engine = EngineChoice::Events;
        args::check_size(&drawn, self.jobs.threads())?;
        let quiet = self.print.quiet;
        let requests = scenario.expected_requests() * f64::from(scenario.replications);
        let bar = progress::requests(requests * wanted.len() as f64, &scenario.name, quiet.quiet);
        let causes: Vec<Causes> = self.jobs.run(|| {
            let all = wanted.iter().map(|&configuration| {
                Causes::of(scenario, configuration, self.level, &|requests| bar.inc(requests))
            });
            all.collect()
        })?;
        bar.finish_and_clear();
        scenario.recording.as_ref().map_or(Ok(()), |recording| recording.check())?;
        let all = AllCauses { scenario, causes: &causes };
        let folder = self.folder.of(&scenario.name);
        output::write_files(&folder, &all.files(), self.folder.overwrite)?;
        self.print.print(|format| match format {
            OutputFormat::Json => output::json(&all.json()),
            OutputFormat::Csv => output::csv(&all.rows()),
            _ => format.document(&all.document()),
        })?;
        quiet.wrote(&folder);
        Ok(())
    }

    /// Explains the requests that are picked.
    fn requests(&self, scenario: &Scenario, named: &[usize], selectors: &[Selector]) -> Result<()> {
        let configuration = match *named {
            [] => scenario.headline,
            [one] => one,
            _ => {
                return Err(Error::request(
                    "requests are explained in one configuration at a time",
                ));
            }
        };
        if self.replication >= scenario.replications {
            return Err(Error::request(format!(
                "`{}` is not a replication of this run, which has {}",
                self.replication, scenario.replications
            ))
            .at("--replication")
            .hint("they are counted from 0; `--set replications=N` makes more"));
        }
        check_length(scenario, 1, 1)?;
        let level = self.level;
        let assumptions = scenario.configurations[configuration].ranges.at(level);
        let arm = Arm::of_totals(configuration, assumptions);
        let mut selected =
            self.jobs.run(|| select(scenario, &arm, self.replication, selectors, self.limit))?;
        scenario.recording.as_ref().map_or(Ok(()), |recording| recording.check())?;
        if selected.all == 0 {
            return Err(self.nothing_picked(scenario));
        }
        self.name_objects(scenario, &mut selected)?;
        let requests = RequestsExplained { scenario, configuration, level, selected: &selected };
        self.print.print(|format| match format {
            OutputFormat::Json => output::json(&requests.json()),
            OutputFormat::Csv => output::csv(&requests.rows()),
            _ => format.document(&requests.document()),
        })
    }

    /// Gives the requests of a log the keys of their objects, which stand in its records alone: it is read once more.
    fn name_objects(&self, scenario: &Scenario, selected: &mut Selected) -> Result<()> {
        let Some(recording) = &scenario.recording else { return Ok(()) };
        let nameless = selected.requests.iter().filter(|request| request.object.is_none());
        let times: BTreeSet<u64> =
            nameless.map(|request| RecordMark::ms_of(recording, request.time)).collect();
        // Standard input is gone: then objects stay without names.
        if times.is_empty() || self.is_of_stdin() {
            return Ok(());
        }
        let marks = self.records(&|record| record.key.is_some() && times.contains(&record.ms))?;
        selected.name_objects(scenario, self.replication, &marks);
        Ok(())
    }

    /// Why there is nothing to explain, and what would be found.
    fn nothing_picked(&self, scenario: &Scenario) -> Error {
        let is_log = scenario.recording.is_some();
        let given: Vec<&String> =
            [&self.object, &self.requester, &self.at].into_iter().flatten().collect();
        if let [first, rest @ ..] = given.as_slice()
            && !rest.is_empty()
        {
            let rest: Vec<String> = rest.iter().map(|it| format!("`{it}`")).collect();
            let what = format!("no request of this run is of `{first}` and {}", rest.join(" and "));
            return Error::request(what).hint("leave one of them out");
        }
        let (option, value, hint) = match self {
            Self { object: Some(key), .. } if is_log => {
                ("--object", key, "give the object's key, without the bucket".to_owned())
            }
            Self { object: Some(key), .. } => {
                ("--object", key, "objects have the keys that `bks export` gives them".to_owned())
            }
            Self { request: Some(id), .. } if is_log => {
                ("--request", id, "give the ID that the log has for the request".to_owned())
            }
            Self { request: Some(id), .. } => {
                ("--request", id, "`--at TIME` shows the numbers of a second's requests".to_owned())
            }
            Self { requester: Some(name), .. } => {
                let senders = scenario.senders.iter().map(|it| it.name.as_str());
                let few = senders.take(NAMES_OFFERED);
                ("--requester", name, one_of(name, few))
            }
            Self { at, .. } => {
                let time = at.as_ref().expect("there is a selector");
                ("--at", time, "`--requester NAME` shows when a requester asks".to_owned())
            }
        };
        Error::request(format!("`{value}` has no request in this run")).at(option).hint(hint)
    }

    /// What is to be picked, if anything is.
    fn selectors(&self, scenario: &Scenario) -> Result<Vec<Selector>> {
        let is_log = scenario.recording.is_some();
        let mut selectors = Vec::new();
        if let Some(key) = &self.object {
            selectors.push(if is_log {
                // As it is, or encoded for URLs once or twice: S3's access logs do so, and some clients before them.
                let plain = plain_key(key.as_bytes());
                Selector::Records(
                    self.records(&|record| record.key.is_some_and(|own| plain_key(own) == plain))?,
                )
            } else {
                Selector::Object(key.clone())
            });
        }
        if let Some(id) = &self.request {
            if is_log {
                let marks = self.records(&|record| record.id == Some(id.as_bytes()))?;
                return Ok(vec![Selector::Records(marks)]);
            }
            let number = id.parse().map_err(|_| {
                Error::request(format!("`{id}` is not the number of a request in a run, from 0"))
                    .at("--request")
            })?;
            return Ok(vec![Selector::Number(number)]);
        }
        selectors.extend(self.requester.clone().map(Selector::Requester));
        let at = self.at.as_ref().map(|time| time_in_run(time, scenario)).transpose()?;
        selectors.extend(at.map(Selector::At));
        Ok(selectors)
    }

    fn is_of_stdin(&self) -> bool {
        self.input.logs.paths().iter().any(|path| path == "-")
    }

    /// The records of a log that `wanted` picks: it is read once more.
    fn records(&self, wanted: &IsWanted<'_>) -> Result<Vec<RecordMark>> {
        if self.is_of_stdin() {
            return Err(Error::request(
                "objects and requests are looked for in a second reading, but standard input is read once",
            )
            .hint("give the log as a file"));
        }
        let found = MarkGatherer { wanted, marks: Vec::new() };
        let mut marks = self.input.logs.open(true)?.gather(found)?.marks;
        let hider = self.input.logs.hider();
        for mark in marks.iter_mut().filter(|mark| !mark.key.is_empty()) {
            mark.key = hider.name("object", &mark.key);
        }
        Ok(marks)
    }
}

/// Gathers the records that are looked for.
struct MarkGatherer<'a> {
    wanted: &'a IsWanted<'a>,
    marks: Vec<RecordMark>,
}

impl GatherEntries for MarkGatherer<'_> {
    fn beside(&self) -> Self {
        Self { wanted: self.wanted, marks: Vec::new() }
    }

    fn take(&mut self, _: LogFormat, entry: &LogEntry) -> Result<()> {
        self.marks.extend(RecordMark::of(entry, self.wanted));
        Ok(())
    }

    fn absorb(&mut self, next: Self) {
        self.marks.extend(next.marks);
    }
}

/// A time in UTC, or since the start of the run.
fn time_in_run(text: &str, scenario: &Scenario) -> Result<SimTime> {
    if let Ok(time) = text.parse::<SimTime>() {
        return Ok(time);
    }
    let start = match &scenario.recording {
        Some(recording) => recording.start_ns,
        None => {
            return Err(Error::request(format!("`{text}` is no time since the start of the run"))
                .at("--at")
                .hint("give e.g., `--at 90min`"));
        }
    };
    let time = parse_utc(text).map_err(|error| error.at("--at"))?;
    Ok(SimTime::from_nanos(time - start))
}
