//! Options that several commands have: each with one name, one meaning and one help text.

use std::path::{Path, PathBuf};

use clap::builder::{
    PathBufValueParser, PossibleValuesParser, RangedU64ValueParser, TypedValueParser,
};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, ValueEnum};

use super::{input, memory, output, threads};
use crate::error::Result;
use crate::recording::Recording;
use crate::report::document::Document;
use crate::report::run::reproduction::shell;
use crate::report::{self, DocumentFormat};
use crate::results::FACTS;
use crate::scenario::Scenario;
use crate::scenario::assertion::Assertion;
use crate::scenario::overrides::Override;
use crate::scenario::replay::UnknownAge;
use crate::simulation::estimate;
use crate::units::parse_utc;

/// What options of logs stand under in `--help`.
pub(super) const LOG_OPTIONS: &str = "Log options";

/// What options of a scenario and its run stand under.
pub(super) const SCENARIO_OPTIONS: &str = "Scenario options";

/// `--jobs`.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct JobsOption {
    /// Number of threads [default: one per processor]; results do not depend on it
    #[arg(long, short, value_name = "N", value_parser = RangedU64ValueParser::<usize>::new().range(1..=threads::MAX))]
    pub(super) jobs: Option<usize>,
}

impl JobsOption {
    /// Threads to run on.
    pub(super) fn threads(self) -> usize {
        threads::number(self.jobs)
    }

    /// Does `work` on these threads.
    pub(super) fn run<T: Send>(self, work: impl FnOnce() -> T + Send) -> Result<T> {
        threads::run_on(self.jobs, work)
    }
}

/// `--quiet`, and what it suppresses.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Quiet {
    /// Suppress tables, progress and notes; an explicit `--format` is still printed
    #[arg(long, short)]
    pub(super) quiet: bool,
}

impl Quiet {
    /// Says something on standard error.
    pub(super) fn note(self, text: &str) {
        if !self.quiet {
            output::note(text);
        }
    }

    /// Says which file or folder was written; of standard output nothing.
    pub(super) fn wrote(self, path: &Path) {
        if !output::is_stdout(path) {
            self.note(&format!("wrote {}", path.display()));
        }
    }

    /// The same of a folder of results; what was made there of the run before is named.
    pub(super) fn wrote_results(self, folder: &Path) {
        self.wrote(folder);
        self.tell_of_older(folder);
    }

    /// Names what in a folder was made of other results than those that are there now.
    pub(super) fn tell_of_older(self, folder: &Path) {
        let changed = |name: &str| folder.join(name).metadata().and_then(|it| it.modified()).ok();
        let Some(results) = changed(FACTS) else { return };
        for (name, command) in [(REPORT, "bks report"), (CHARTS, "bks plot")] {
            if changed(name).is_some_and(|made| made < results) {
                let shown = shell(&folder.display().to_string());
                self.note(&format!(
                    "`{name}` there is older than these results: `{command} {shown}` makes it anew"
                ));
            }
        }
    }
}

/// The report in a folder of results.
pub(super) const REPORT: &str = "report.html";

/// The folder of charts in a folder of results.
pub(super) const CHARTS: &str = "charts";

/// Formats of text. A command that lacks some restricts the option by [`OutputFormat::only`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputFormat {
    /// Tables and sentences for people
    Table,
    /// Everything, for programs
    Json,
    /// One table of rows, for spreadsheets and programs
    Csv,
    /// Tables and sentences for a pull request
    Markdown,
    /// One self-contained page
    Html,
    /// SARIF 2.1.0, for code scanning
    Sarif,
}

impl OutputFormat {
    /// Takes these formats alone.
    pub(super) fn only(formats: &[Self]) -> impl TypedValueParser<Value = Self> + use<> {
        PossibleValuesParser::new(formats.iter().filter_map(Self::to_possible_value))
            .map(|name| Self::from_str(&name, false).expect("clap has checked the name"))
    }

    /// A document as people read it, in this format if it is one for people.
    pub(super) fn document(self, document: &Document) -> String {
        let format = match self {
            Self::Markdown => DocumentFormat::Markdown,
            Self::Html => DocumentFormat::Html,
            Self::Table | Self::Json | Self::Csv | Self::Sarif => {
                DocumentFormat::Text(output::terminal_width())
            }
        };
        report::write(document, format)
    }
}

/// `--format` and `--quiet` of a command that prints its answer.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Print {
    /// Output format [default: table]
    #[arg(long, value_name = "FORMAT", value_parser =
        OutputFormat::only(&[OutputFormat::Table, OutputFormat::Json, OutputFormat::Csv, OutputFormat::Markdown]))]
    format: Option<OutputFormat>,
    #[command(flatten)]
    pub(super) quiet: Quiet,
}

impl Print {
    /// Prints what `text` gives for the format, unless that is to be suppressed.
    pub(super) fn print(self, text: impl FnOnce(OutputFormat) -> String) -> Result<()> {
        let format = self.format();
        match format {
            _ if self.quiet.quiet && self.format.is_none() => Ok(()),
            // It is as files have it, in which every character can be seen.
            OutputFormat::Json | OutputFormat::Sarif => output::print_document(&text(format)),
            _ => output::print(&text(format)),
        }
    }

    /// The format that was asked for, else a table.
    pub(super) fn format(self) -> OutputFormat {
        self.format.unwrap_or(OutputFormat::Table)
    }
}

/// One of `values`, by its name.
pub(super) fn named<T: Copy + Send + Sync>(
    values: &'static [T],
    name: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(values.iter().map(|value| name(*value))).map(move |text| {
        let value = values.iter().find(|value| name(**value) == text);
        *value.expect("clap has checked the name")
    })
}

/// A time in UTC, in nanoseconds since 1970.
pub(super) fn time(text: &str) -> std::result::Result<i64, String> {
    parse_utc(text).map_err(|error| error.to_string())
}

/// A folder, which is not standard output.
pub(super) fn folder() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(named_folder)
}

fn named_folder(path: PathBuf) -> std::result::Result<PathBuf, &'static str> {
    if path.as_os_str() == "-" {
        return Err("results are files in a folder, and no text: give a folder's name");
    }
    Ok(path)
}

/// Where results go.
#[derive(Clone, Debug, Args)]
pub(super) struct ResultsFolder {
    /// Output directory [default: results/NAME]
    #[arg(long, short, value_name = "DIR", value_parser = folder())]
    pub(super) out: Option<PathBuf>,
    /// Overwrite files in the output directory that bks did not write
    #[arg(long)]
    pub(super) overwrite: bool,
}

impl ResultsFolder {
    /// The folder for the results of the scenario `name`.
    pub(super) fn of(&self, name: &str) -> PathBuf {
        output::results_folder(self.out.as_deref(), name)
    }
}

/// Whether the file that is written may take another's place.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct OverwriteFile {
    /// Replace the output file if it is there already
    #[arg(long)]
    pub(super) overwrite: bool,
}

/// Options that change a scenario; every command that reads one has them.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = SCENARIO_OPTIONS)]
pub(super) struct Changes {
    /// Override a scenario value (repeatable)
    ///
    /// KEY is the path to a value, joined by dots; list elements go by name or number: `duration=2d`,
    /// `assumptions.cache_lifetime=3min`, `workload.ingest.arrivals.poisson.rate=5/s`. Shorthands set several
    /// keys at once: `lifetime=3min` sets both lifetimes, `requesters=N` spreads each role's traffic over N
    /// requesters.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = Override::parse)]
    overrides: Vec<Override>,
    /// Price file; overrides the scenario's and the built-in prices
    ///
    /// TOML with list prices (before discounts), by the names that `bks list prices` prints:
    /// `kms_request = "$0.03 per 10000"`, or
    /// `kms_request = { price = "$0.03 per 10000", source = "URL", date = "2026-10-02" }`. `source` and `date`
    /// may also be given once for the whole file. A table `[region.eu-west-1]` applies to that region only.
    /// `bks list prices --toml` prints a file to start from.
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
    /// Random seed [default: the scenario's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    seed: Option<u64>,
    /// Number of independent replications [default: the scenario's]
    #[arg(long, value_name = "N")]
    replications: Option<u32>,
    /// Simulation engine [default: the scenario's]
    ///
    /// `events` draws every request. `skip-ahead` draws only the KMS calls: the same distribution at a cost
    /// that grows with the calls, for Poisson arrivals of single reads and writes. `auto` skips ahead for the
    /// principals where that is possible and much cheaper.
    #[arg(long, value_name = "ENGINE", value_parser = ["auto", "events", "skip-ahead"])]
    engine: Option<String>,
    /// Add replications until every saving is known to within SHARE, e.g., 0.5%
    ///
    /// SHARE is the 95 % confidence half-width of a saving at the assumed level, in percentage points. At
    /// least 10 replications are run (or `--replications`, if more), and at most
    /// `--set max_replications=N`.
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true)]
    precision: Option<String>,
}

impl Changes {
    /// All overrides, in the order in which they are made.
    pub(super) fn overrides(&self) -> Result<Vec<Override>> {
        let mut all = Vec::new();
        if let Some(path) = &self.prices {
            all.push(Override::of_prices(input::prices(path)?));
        }
        all.extend(self.overrides.iter().cloned());
        let options = [
            ("seed", self.seed.map(|seed| seed.to_string())),
            ("replications", self.replications.map(|number| number.to_string())),
            ("precision", self.precision.clone()),
            ("engine", self.engine.clone()),
        ];
        for (key, value) in options {
            all.extend(value.map(|value| Override::new(key, value)));
        }
        Ok(all)
    }

    /// The overrides but the price file, each as its key and its value.
    pub(super) fn values(&self) -> Result<Vec<(String, String)>> {
        let all = self.overrides()?.into_iter().skip(usize::from(self.prices.is_some()));
        Ok(all.map(|change| (change.key, change.value)).collect())
    }

    /// The price file, if one is given.
    pub(super) fn prices(&self) -> Option<&Path> {
        self.prices.as_deref()
    }

    /// The same as words of a command line.
    pub(super) fn typed(&self) -> Result<Vec<String>> {
        let mut words = Vec::new();
        if let Some(path) = &self.prices {
            words.extend(["--prices".to_owned(), path.display().to_string()]);
        }
        let overrides = self.overrides()?;
        for change in overrides.iter().skip(usize::from(self.prices.is_some())) {
            words.extend(["--set".to_owned(), format!("{}={}", change.key, change.value)]);
        }
        Ok(words)
    }

    /// Reads the scenario at `path` (`-` for standard input) and checks that `threads` can run it.
    pub(super) fn scenario(&self, path: &str, threads: usize) -> Result<Scenario> {
        let source = input::ScenarioSource::open(path)?;
        let scenario = source.read(&self.overrides()?)?;
        check_size(&scenario, threads).map_err(|error| error.at(source.place()))?;
        Ok(scenario)
    }
}

/// Refuses a scenario that this machine cannot run on `threads`.
pub(super) fn check_size(scenario: &Scenario, threads: usize) -> Result<()> {
    estimate::check_size(scenario, threads, memory::free()).map(|_| ())
}

/// Assertions beside the scenario's own.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = SCENARIO_OPTIONS)]
pub(super) struct FailIf {
    /// Exit with code 3 if CONDITION holds, e.g., 'saving<0.8' (repeatable)
    ///
    /// `[CONFIGURATION[@LEVEL].]FIGURE SIGN NUMBER`: `saving < 80%`, `bucket-key-role@low.saving < 0.5`,
    /// `kms_cost_usd > 100`. Without a configuration it applies to the one in the verdict. A scenario's
    /// `assertions` are written the same way, but say what must hold.
    #[arg(long, value_name = "CONDITION", value_parser = TypedCondition::parse)]
    fail_if: Vec<TypedCondition>,
}

/// A condition as it was typed, and the assertion of its opposite.
#[derive(Clone, Debug)]
struct TypedCondition {
    typed: String,
    assertion: Assertion,
}

impl TypedCondition {
    fn parse(text: &str) -> Result<Self> {
        Ok(Self { typed: text.trim().to_owned(), assertion: Assertion::fails_if(text)? })
    }
}

impl FailIf {
    /// Conditions as they were typed.
    pub(super) fn of(typed: &[String]) -> Result<Self> {
        let conditions = typed.iter().map(|typed| TypedCondition::parse(typed));
        Ok(Self { fail_if: conditions.collect::<Result<_>>()? })
    }

    /// The same as they were typed.
    pub(super) fn typed(&self) -> impl Iterator<Item = &str> {
        self.fail_if.iter().map(|condition| condition.typed.as_str())
    }

    /// Adds them to the scenario's.
    pub(super) fn add_to(&self, scenario: &mut Scenario) -> Result<()> {
        for TypedCondition { typed, assertion } in &self.fail_if {
            let added = scenario.demand(assertion.clone());
            added.map_err(|error| error.at(format!("--fail-if {typed}")))?;
        }
        Ok(())
    }
}

/// How a log's requests become a scenario.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = LOG_OPTIONS)]
pub(super) struct LogSettings {
    /// Scenario file that supplies configurations, assumptions, prices and bucket settings
    #[arg(long, value_name = "FILE")]
    pub(super) scenario: Option<String>,
    #[command(flatten)]
    pub(super) unknown_age: ReadOnlyObjects,
}

/// `--unknown-age`.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = LOG_OPTIONS)]
pub(super) struct ReadOnlyObjects {
    /// Age of objects that the log reads but does not write: `keyless`, `one-key`, or, e.g., 30d
    ///
    /// `keyless` (default): written before bucket keys were turned on, so without one. A duration: bucket keys
    /// were always on, and the objects were written evenly over this time before the log. `one-key`: all
    /// objects of a bucket share one bucket-level key.
    #[arg(long, value_name = "AGE")]
    pub(super) unknown_age: Option<UnknownAge>,
}

impl LogSettings {
    /// The scenario that a log is, which `threads` can run.
    pub(super) fn scenario(
        &self,
        recording: Recording,
        changes: &Changes,
        threads: usize,
    ) -> Result<Scenario> {
        let Self { scenario: settings, unknown_age: ReadOnlyObjects { unknown_age } } = self;
        let overrides = changes.overrides()?;
        let scenario = input::replay(recording, settings.as_deref(), &overrides, *unknown_age)?;
        check_size(&scenario, threads)?;
        Ok(scenario)
    }
}

impl LogSettings {
    /// The same as words of a command line.
    pub(super) fn typed(&self) -> Vec<String> {
        let age = self.unknown_age.unknown_age.map(|age| age.to_string());
        let options = [("--scenario", self.scenario.clone()), ("--unknown-age", age)];
        let given = options.into_iter().filter_map(|(name, value)| Some([name.to_owned(), value?]));
        given.flatten().collect()
    }
}

/// The options that were typed, with their headings in `--help`.
#[derive(Debug, Default)]
pub(super) struct TypedOptions(Vec<(String, Option<String>)>);

impl TypedOptions {
    /// Those of a command.
    pub(super) fn of(command: &Command, matches: &ArgMatches) -> Self {
        let typed = command.get_arguments().filter_map(|argument| {
            let source = matches.value_source(argument.get_id().as_str())?;
            let name = format!("--{}", argument.get_long()?);
            let heading = argument.get_help_heading().map(str::to_owned);
            (source == ValueSource::CommandLine).then_some((name, heading))
        });
        Self(typed.collect())
    }

    /// Whether an option was.
    pub(super) fn has(&self, option: &str) -> bool {
        self.0.iter().any(|(name, _)| name == option)
    }

    /// One under a heading, if there is any.
    pub(super) fn under(&self, wanted: &str) -> Option<&str> {
        let mut typed = self.0.iter();
        let found = typed.find(|(_, heading)| heading.as_deref() == Some(wanted));
        found.map(|(name, _)| name.as_str())
    }
}
