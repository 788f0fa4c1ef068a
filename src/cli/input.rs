//! Scenario files in.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use clap::Args;

use super::{memory, output};
use crate::error::{Error, Result};
use crate::pricing::{PriceName, PriceTable};
use crate::recording::Recording;
use crate::results::{FACTS, Results, manifest};
use crate::scenario::Scenario;
use crate::scenario::assertion::Assertion;
use crate::scenario::included::parse_prices;
use crate::scenario::overrides::Override;
use crate::scenario::replay::{Settings, UnknownAge};
use crate::scenario::written::PricesFile;
use crate::simulation::estimate;

/// Arguments that change a scenario; every command that reads one has them.
#[derive(Debug, Args)]
pub(super) struct Changes {
    /// Put VALUE in the place of the scenario's KEY; may be given again
    ///
    /// KEY is the way to a value, joined by dots; elements of lists go by their name or number:
    /// `duration=2d`, `assumptions.cache_lifetime=3min`,
    /// `workload.ingest.arrivals.poisson.rate=5/s`. Short for several keys: `lifetime=3min` sets both
    /// lifetimes, `requesters=N` spreads each role's traffic over N requesters.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = parse_override)]
    overrides: Vec<Override>,
    /// Prices from FILE in the place of the scenario's and the built-in ones
    ///
    /// TOML, by the names that `bks list prices` prints: `kms_request = "$0.03 per 10000"`, or
    /// `kms_request = { price = "$0.03 per 10000", source = "URL", date = "2026-10-02" }`; list prices,
    /// without discounts. `source` and `date` may stand once for all. What is in a table
    /// `[region.eu-west-1]` is for that region alone. `bks list prices --toml` prints such a file.
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
    /// Use this seed instead of the scenario's
    #[arg(long, value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    seed: Option<u64>,
    /// Run this many independent replications instead of the scenario's
    #[arg(long, value_name = "N")]
    replications: Option<u32>,
    /// Draw every request, or go straight from KMS call to KMS call
    ///
    /// `events` draws every request. `skip-ahead` draws the calls alone: the same in distribution, at a
    /// cost that goes with the calls; it needs Poisson arrivals of single reads and writes. `auto` takes
    /// it for the principals for whom it is possible and much cheaper.
    #[arg(long, value_name = "ENGINE", value_parser = ["auto", "events", "skip-ahead"])]
    engine: Option<String>,
    /// Run replications until the half-width of every saving is at most this, e.g., 0.5%
    ///
    /// The 95 % confidence half-width, in points of the saving at the assumed level. `--replications`
    /// are then the fewest, ten at least; `--set max_replications=N` the most.
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true)]
    precision: Option<String>,
}

/// Demands beside the scenario's own.
#[derive(Debug, Args)]
pub(super) struct Demands {
    /// End with exit code 3 if CONDITION holds, e.g., 'saving<0.8'; may be given again
    ///
    /// `[CONFIGURATION[@LEVEL].]FIGURE SIGN NUMBER`, as in a scenario's `assertions`, which say what
    /// must hold instead: `saving < 80%`, `bucket-key-role@low.saving < 0.5`,
    /// `kms_cost_usd > 100`. Without a configuration it is about the one the verdict is about.
    #[arg(long, value_name = "CONDITION", value_parser = parse_condition)]
    fail_if: Vec<Condition>,
}

/// A condition as it was typed, and the demand of its opposite.
#[derive(Clone, Debug)]
struct Condition {
    typed: String,
    demand: Assertion,
}

impl Demands {
    /// Name of an option that was given.
    pub(super) fn given(&self) -> Option<&'static str> {
        (!self.fail_if.is_empty()).then_some("--fail-if")
    }

    /// Demands them of the scenario.
    pub(super) fn put_on(&self, scenario: &mut Scenario) -> Result<()> {
        for condition in &self.fail_if {
            let place = format!("--fail-if {}", condition.typed);
            scenario.demand(condition.demand.clone()).map_err(|error| error.at(place))?;
        }
        Ok(())
    }
}

fn parse_condition(text: &str) -> std::result::Result<Condition, String> {
    let demand = Assertion::fails_if(text).map_err(|error| error.to_string())?;
    Ok(Condition { typed: text.trim().to_owned(), demand })
}

fn parse_override(text: &str) -> std::result::Result<Override, String> {
    Override::parse(text).map_err(|error| error.to_string())
}

impl Changes {
    /// Name of an option that was given.
    pub(super) fn given(&self) -> Option<&'static str> {
        let options = [
            ("--set", !self.overrides.is_empty()),
            ("--prices", self.prices.is_some()),
            ("--seed", self.seed.is_some()),
            ("--replications", self.replications.is_some()),
            ("--engine", self.engine.is_some()),
            ("--precision", self.precision.is_some()),
        ];
        options.into_iter().find_map(|(option, is_given)| is_given.then_some(option))
    }

    /// All overrides in the order in which they are made.
    pub(super) fn all(&self) -> Result<Vec<Override>> {
        let given = |key: &str, value: Option<String>| value.map(|value| Override::new(key, value));
        let seed = given("seed", self.seed.map(|seed| seed.to_string()));
        let replications = given("replications", self.replications.map(|n| n.to_string()));
        let precision = given("precision", self.precision.clone());
        let engine = given("engine", self.engine.clone());
        let prices = self.prices.as_deref().map(prices).transpose()?;
        let prices = prices.map(Override::of_prices);
        let overrides = prices.into_iter().chain(self.overrides.iter().cloned());
        Ok(overrides.chain(seed).chain(replications).chain(precision).chain(engine).collect())
    }
}

/// The prices of a region, some from a file; those that are `needed` are known.
pub(super) fn price_table(
    region: &str,
    path: Option<&Path>,
    needed: &[PriceName],
) -> Result<PriceTable> {
    let file = path.map(prices).transpose()?.unwrap_or_default();
    let place = || path.map_or("--region".to_owned(), |path| path.display().to_string());
    file.check(&[region]).map_err(|error| error.at(place()))?;
    PriceTable::with_given(region, &file.given(region), needed)
        .map_err(|error| error.at("--region"))
}

/// The prices in a file.
pub(super) fn prices(path: &Path) -> Result<PricesFile> {
    let hint = "`bks list prices --toml` prints one to start from";
    let text = read_file(path).map_err(|error| error.hint(hint))?;
    parse_prices(&text, &path.display().to_string())
}

/// Largest scenario or included file, in bytes: a scenario of many megabytes is another file.
const MAX_BYTES: u64 = 16 << 20;

/// Reads the scenario at `path` (`-` for standard input) and checks that `threads` can run it.
pub(super) fn scenario(path: &str, changes: &Changes, threads: usize) -> Result<Scenario> {
    let source = Source::open(path)?;
    let scenario = source.read(&changes.all()?)?;
    check_size(&scenario, threads).map_err(|error| error.at(source.place()))?;
    Ok(scenario)
}

/// The scenario that a log is, with the settings at `path` (`-` for standard input), if there are any.
pub(super) fn replay(
    recording: Recording,
    path: Option<&str>,
    changes: &Changes,
    unknown_age: Option<UnknownAge>,
) -> Result<Scenario> {
    let source = path.map(Source::open).transpose()?;
    let overrides = changes.all()?;
    let file = source.as_ref().map(|source| (source.text.as_str(), source.place()));
    let settings = Settings { file, overrides: &overrides, unknown_age };
    let include = |name: &str| match &source {
        Some(source) => source.include(name),
        None => read_file(Path::new(name)),
    };
    Scenario::of_recording_with(recording, &settings, &include)
}

/// Refuses a scenario that this machine cannot run on `threads`.
pub(super) fn check_size(scenario: &Scenario, threads: usize) -> Result<()> {
    estimate::check_size(scenario, threads, memory::free()).map(|_| ())
}

/// Largest file of a results folder, in bytes; a million principals take a quarter of it.
const MAX_RESULT_BYTES: u64 = 512 << 20;

/// The results of an earlier run, from its folder. What a killed run has left on the way is put into place
/// first, and whoever writes there at this moment is waited for.
pub(super) fn results(folder: &Path) -> Result<Results> {
    let place = folder.display().to_string();
    output::folder::settle(folder)?;
    if !folder.join(FACTS).exists() {
        return Err(Error::request(format!(
            "the folder has no `{FACTS}`, so it is no folder of results"
        ))
        .at(place)
        .hint("`bks simulate SCENARIO` and `bks replay LOGS` leave one in results/NAME"));
    }
    let read = |name: &str| result_text(&folder.join(name)).map_err(|error| error.at(name));
    Results::read(&read)
        .or_else(
            |error| {
                if output::folder::settled(folder) { Results::read(&read) } else { Err(error) }
            },
        )
        .map_err(|error| error.within(&place))
}

/// Refuses files of a folder that are not those that its `result.json` tells of; other files are nobody's
/// concern.
pub(super) fn check_files(folder: &Path, names: &[&str]) -> Result<()> {
    output::folder::settle(folder)?;
    let Some(facts) = result_text_if_there(&folder.join(FACTS))? else { return Ok(()) };
    let read = |name: &str| result_text(&folder.join(name)).map_err(|error| error.at(name));
    let place = folder.display().to_string();
    manifest::check_some(&facts, names, &read).map_err(|error| error.within(&place))
}

/// The text of a file that bks wrote; the caller says where it is.
pub(super) fn result_text(path: &Path) -> Result<String> {
    let failed = |error: &io::Error| Error::request(format!("the file cannot be read: {error}"));
    let metadata = fs::metadata(path).map_err(|error| failed(&error))?;
    if !metadata.is_file() {
        return Err(Error::request("there must be a file, not a folder, a pipe or a device"));
    }
    let file = fs::File::open(path).map_err(|error| failed(&error))?;
    let mut text = String::new();
    let read = file.take(MAX_RESULT_BYTES + 1).read_to_string(&mut text);
    read.map_err(|error| failed(&error))?;
    if text.len() as u64 > MAX_RESULT_BYTES {
        return Err(Error::request(format!(
            "the file has more than {} MiB, but results are smaller",
            MAX_RESULT_BYTES >> 20
        )));
    }
    Ok(text)
}

/// As [`result_text`]; `None` if there is no such file.
pub(super) fn result_text_if_there(path: &Path) -> Result<Option<String>> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        _ => result_text(path).map(Some),
    }
}

/// A scenario's text, from which it can be read again and again with other changes.
pub(super) struct Source {
    text: String,
    place: String,
    /// Where the files lie that it includes.
    folder: PathBuf,
    /// Those that were read, by name: what changes on the disk meanwhile does not count.
    included: Mutex<BTreeMap<String, Result<String>>>,
}

impl Source {
    /// The text at `path`; `-` for standard input.
    pub(super) fn open(path: &str) -> Result<Self> {
        let (text, place) = if path == "-" {
            (read_text(io::stdin().lock(), "standard input")?, "standard input")
        } else {
            let hint = "`bks init` writes a scenario to start from";
            let missing = !Path::new(path).exists();
            let hinted = |error: Error| if missing { error.hint(hint) } else { error };
            (read_file(Path::new(path)).map_err(hinted)?, path)
        };
        let folder = Path::new(path).parent().unwrap_or(Path::new("")).to_owned();
        Ok(Self { text, place: place.to_owned(), folder, included: Mutex::default() })
    }

    /// What messages call it.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// The scenario with `overrides` put over it.
    pub(super) fn read(&self, overrides: &[Override]) -> Result<Scenario> {
        Scenario::read(&self.text, &self.place, overrides, &|name| self.include(name))
    }

    /// The text of a file that the scenario includes.
    fn include(&self, name: &str) -> Result<String> {
        let mut included = self.included.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || {
            let path = self.folder.join(name);
            refuse_no_file(&path)?;
            read_file(&path)
        };
        included.entry(name.to_owned()).or_insert_with(read).clone()
    }
}

/// Refuses what is there and no file: reading it might take for ever. What is not there is refused later.
fn refuse_no_file(path: &Path) -> Result<()> {
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => {
            Err(Error::request("there must be a file, not a folder, a pipe or a device")
                .at(path.display().to_string()))
        }
        _ => Ok(()),
    }
}

fn read_file(path: &Path) -> Result<String> {
    let place = path.display().to_string();
    let unreadable = |error| Error::request(format!("the file cannot be read: {error}")).at(&place);
    let file = fs::File::open(path).map_err(unreadable)?;
    read_text(file, &place)
}

fn read_text(source: impl Read, place: &str) -> Result<String> {
    let mut bytes = Vec::new();
    source
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Error::request(format!("the file cannot be read: {error}")).at(place))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Error::request(format!(
            "the file has more than {} MiB, but a scenario is a short text",
            MAX_BYTES >> 20
        ))
        .at(place));
    }
    String::from_utf8(bytes).map_err(|error| {
        Error::request(format!(
            "the file is not UTF-8 text: the byte at {} is not",
            error.utf8_error().valid_up_to()
        ))
        .at(place)
    })
}
