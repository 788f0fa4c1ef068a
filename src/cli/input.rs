//! Files in: scenarios, price files, results of earlier runs.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::file_errors::FileErrors;
use super::output;
use crate::error::{Error, Result};
use crate::logs::LogFormat;
use crate::pricing::{PriceName, PriceTable};
use crate::recording::Recording;
use crate::results::{FACTS, Results, manifest};
use crate::scenario::Scenario;
use crate::scenario::included::parse_prices;
use crate::scenario::overrides::Override;
use crate::scenario::replay::{Settings, UnknownAge};
use crate::scenario::written::PricesFile;

/// The prices of a region, some from a file; those that are `needed` are known.
pub(super) fn price_table(
    region: &str,
    path: Option<&Path>,
    needed: &[PriceName],
) -> Result<PriceTable> {
    let file = path.map(prices).transpose()?.unwrap_or_default();
    let place = path.map_or("--region".to_owned(), |path| path.display().to_string());
    file.check(&[region]).map_err(|error| error.at(place))?;
    PriceTable::with_given(region, &file.given(region), needed)
        .map_err(|error| error.at("--region"))
}

/// The prices in a file.
pub(super) fn prices(path: &Path) -> Result<PricesFile> {
    let hint = "`bks list prices --toml` prints one to start from";
    let text = read_file(path).map_err(|error| error.hint(hint))?;
    parse_prices(&text, &path.display().to_string())
}

/// The scenario that a log is, with the settings at `path` (`-` for standard input), if there are any.
pub(super) fn replay(
    recording: Recording,
    path: Option<&str>,
    overrides: &[Override],
    unknown_age: Option<UnknownAge>,
) -> Result<Scenario> {
    replay_and_settings(recording, path, overrides, unknown_age).map(|(scenario, _)| scenario)
}

/// Texts that the settings of a replay were read from.
pub(super) struct SettingsRead {
    /// The file of settings, if there is one.
    pub(super) text: Option<String>,
    /// Those that it includes, by name.
    pub(super) included: Vec<(String, String)>,
}

/// As [`replay`], and what the settings were read from.
pub(super) fn replay_and_settings(
    recording: Recording,
    path: Option<&str>,
    overrides: &[Override],
    unknown_age: Option<UnknownAge>,
) -> Result<(Scenario, SettingsRead)> {
    let source = path.map(ScenarioSource::open).transpose()?;
    let file = source.as_ref().map(|source| (source.text.as_str(), source.place()));
    let settings = Settings { file, overrides, unknown_age };
    let included = RefCell::new(BTreeMap::new());
    let include = |name: &str| {
        let text = match &source {
            Some(source) => source.include(name),
            None => read_file(Path::new(name)),
        }?;
        included.borrow_mut().insert(name.to_owned(), text.clone());
        Ok(text)
    };
    let scenario = Scenario::of_recording_with(recording, &settings, &include)?;
    let included = included.take().into_iter().collect();
    Ok((scenario, SettingsRead { text: source.map(|source| source.text), included }))
}

/// The text of a file of settings; `-` for standard input.
pub(super) fn settings_text(path: &str) -> Result<String> {
    ScenarioSource::open(path).map(|source| source.text)
}

/// The text of a price file.
pub(super) fn price_text(path: &Path) -> Result<String> {
    read_file(path)
}

/// A folder of results.
struct StoredResults<'a>(&'a Path);

impl StoredResults<'_> {
    fn text(&self, name: &str) -> Result<String> {
        result_text(&self.0.join(name)).map_err(|error| error.at(name))
    }

    fn read(&self) -> Result<Results> {
        Results::read(&|name: &str| self.text(name))
    }
}

/// The results of an earlier run, from its folder. What a killed run has left on the way is put into place
/// first, and whoever writes there at this moment is waited for.
pub(super) fn results(folder: &Path) -> Result<Results> {
    let place = folder.display().to_string();
    output::folder::settle(folder)?;
    if !folder.join(FACTS).exists() {
        return Err(Error::request(format!(
            "the folder has no `{FACTS}`, so it is not a results folder"
        ))
        .at(place)
        .hint("`bks simulate SCENARIO` and `bks replay LOGS` write results to results/NAME"));
    }
    let files = StoredResults(folder);
    let read = match files.read() {
        Err(_) if output::folder::settled(folder) => files.read(),
        read => read,
    };
    read.map_err(|error| error.within(&place))
}

/// Refuses files of a folder that are not those that its `result.json` lists; other files are nobody's
/// concern.
pub(super) fn check_files(folder: &Path, names: &[&str]) -> Result<()> {
    output::folder::settle(folder)?;
    let Some(facts) = result_text_if_there(&folder.join(FACTS))? else { return Ok(()) };
    let files = StoredResults(folder);
    manifest::check_some(&facts, names, &|name: &str| files.text(name))
        .map_err(|error| error.within(&folder.display().to_string()))
}

/// Refuses what is there and not a file: reading it might never end.
fn refuse_no_file(metadata: &fs::Metadata) -> Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    Err(Error::request("there must be a file, not a folder, a pipe or a device"))
}

/// Reads at most `most` bytes; of more than that says that there should be `fewer`.
fn read_to_end(source: impl Read, most: u64, fewer: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(most + 1).read_to_end(&mut bytes).unread()?;
    if bytes.len() as u64 > most {
        let most = most >> 20;
        return Err(Error::request(format!("the file has more than {most} MiB, but {fewer}")));
    }
    Ok(bytes)
}

fn utf8(bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Error::request(format!("the file is not UTF-8 text: the byte at {at} is not"))
    })
}

/// The text of a file that bks wrote; the caller says where it is.
pub(super) fn result_text(path: &Path) -> Result<String> {
    // A million principals take a quarter of it.
    const MOST: u64 = 512 << 20;
    refuse_no_file(&fs::metadata(path).unread()?)?;
    utf8(read_to_end(File::open(path).unread()?, MOST, "results are smaller")?)
}

/// As [`result_text`]; `None` if there is no such file.
pub(super) fn result_text_if_there(path: &Path) -> Result<Option<String>> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        _ => result_text(path).map(Some),
    }
}

/// The text of a policy, plan or template at `path`; `-` for standard input.
pub(super) fn policy_text(path: &str) -> Result<String> {
    // Plans of a whole organization have some tens.
    const MOST: u64 = 64 << 20;
    let fewer = "policies, plans and templates are smaller";
    let (read, place) = if path == "-" {
        (read_to_end(io::stdin().lock(), MOST, fewer), "standard input")
    } else {
        (read_to_end(File::open(path).reading(Path::new(path))?, MOST, fewer), path)
    };
    read.and_then(decoded).map_err(|error| error.at(place))
}

/// Text in UTF-8, or in UTF-16 as `>` of Windows PowerShell writes it.
fn decoded(bytes: Vec<u8>) -> Result<String> {
    match bytes.strip_prefix(&[0xff, 0xfe]) {
        Some(units) => {
            let units = units.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
            Ok(String::from_utf16_lossy(&units.collect::<Vec<_>>()))
        }
        None if bytes.starts_with(b"PK\x03\x04") => Err(Error::request(
            "this is an archive, as saved plans are, which Terraform alone reads",
        )
        .hint("give what `terraform show -json plan.bin` prints")),
        None if bytes.starts_with(&[0x1f, 0x8b]) => {
            Err(Error::request("it is compressed by gzip").hint("unpack it by `gunzip`"))
        }
        None => utf8(bytes),
    }
}

/// A scenario's text, from which it can be read again and again with other changes.
pub(super) struct ScenarioSource {
    text: String,
    place: String,
    /// Where the files lie that it includes.
    folder: PathBuf,
    /// Those that were read, by name: what changes on the disk meanwhile does not count.
    included: Mutex<BTreeMap<String, Result<String>>>,
}

impl ScenarioSource {
    /// The text at `path`; `-` for standard input.
    pub(super) fn open(path: &str) -> Result<Self> {
        let (read, place) = if path == "-" {
            (scenario_text(io::stdin().lock(), "standard input"), "standard input")
        } else {
            (read_file(Path::new(path)), path)
        };
        let text = match read {
            Err(error) if path != "-" && !Path::new(path).exists() => {
                return Err(error.hint("`bks init` writes a scenario to start from"));
            }
            read => read?,
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
        let read = included.entry(name.to_owned()).or_insert_with(|| {
            let path = self.folder.join(name);
            // What is not there is refused by reading it.
            if let Ok(metadata) = fs::metadata(&path) {
                refuse_no_file(&metadata).map_err(|error| error.at(path.display().to_string()))?;
            }
            read_file(&path)
        });
        read.clone()
    }
}

fn read_file(path: &Path) -> Result<String> {
    scenario_text(File::open(path).reading(path)?, &path.display().to_string())
}

fn scenario_text(source: impl Read, place: &str) -> Result<String> {
    // A scenario of many megabytes is another file.
    const MOST: u64 = 16 << 20;
    let bytes = read_to_end(source, MOST, "a scenario is a short text");
    let bytes = bytes.map_err(|error| error.at(place))?;
    if let Some(error) = other_than_toml(&bytes) {
        return Err(error.at(place));
    }
    utf8(bytes).map_err(|error| error.at(place))
}

/// What is wrong with bytes that are no TOML, and which command reads them.
fn other_than_toml(bytes: &[u8]) -> Option<Error> {
    if LogFormat::detect(bytes).is_some() {
        return Some(not_a_scenario("a log", "`bks replay FILE` replays it"));
    }
    let is_json = bytes.trim_ascii_start().first().is_some_and(|first| *first == b'{');
    is_json.then(|| not_a_scenario("JSON", "policies, plans and templates are for `bks lint FILE`"))
}

fn not_a_scenario(what: &str, way_out: &str) -> Error {
    Error::request(format!("the file is {what}, not a scenario in TOML")).hint(way_out)
}
