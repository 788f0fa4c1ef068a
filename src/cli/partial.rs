//! Partial results: what a replay of a part of a log counted, under a header that says of what.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use super::args::FailIf;
use super::file_errors::FileErrors;
use super::output;
use crate::cells::Cells;
use crate::error::{Error, Result};
use crate::logs::compression::decompressed;
use crate::pricing::PriceTable;
use crate::recording::{LONGEST, Recording};
use crate::results::parts;
use crate::scenario::included::parse_prices;
use crate::scenario::overrides::Override;
use crate::scenario::replay::Settings;
use crate::scenario::{MODEL_VERSION, Scenario};
use crate::sweep::shard::Shard;

/// Version of the format: raised when a name changes its meaning or goes.
const FORMAT: &str = "1";

/// What all parts must have alike.
const HEADER: [&str; 7] = ["format", "bks", "model", "prices", "window", "inventories", "setting"];

/// Settings of a replay, from which they are read again.
#[derive(Debug, Default)]
pub(super) struct PartSettings {
    /// The file of settings.
    pub(super) scenario: Option<String>,
    /// Files that it includes, by name.
    pub(super) included: Vec<(String, String)>,
    /// The price file.
    pub(super) prices: Option<String>,
    /// Overrides: key and value.
    pub(super) overrides: Vec<(String, String)>,
    /// Which keys wrap objects whose writing is not in the log.
    pub(super) unknown_age: Option<String>,
    /// Configurations to be kept.
    pub(super) configurations: Vec<String>,
    /// Conditions under which to fail.
    pub(super) fail_if: Vec<String>,
    /// What was chosen of the logs, as words of a command line.
    pub(super) options: Vec<String>,
    /// What tells the salt of hidden names from others, and does not tell it.
    pub(super) salt: Option<String>,
}

impl PartSettings {
    /// Adds them, each under a name of its own.
    fn put_into(&self, cells: &mut Cells) {
        for (name, text) in &self.included {
            cells.add_of_log("included", &[name.as_bytes(), text.as_bytes()], 1);
        }
        self.scenario.iter().for_each(|text| put_setting(cells, &["scenario", text]));
        self.prices.iter().for_each(|text| put_setting(cells, &["prices", text]));
        self.unknown_age.iter().for_each(|age| put_setting(cells, &["unknown_age", age]));
        self.salt.iter().for_each(|salt| put_setting(cells, &["salt", salt]));
        for (number, (key, value)) in self.overrides.iter().enumerate() {
            put_setting(cells, &["set", &format!("{number:06}"), key, value]);
        }
        let lists = [
            ("configuration", &self.configurations),
            ("fail_if", &self.fail_if),
            ("option", &self.options),
        ];
        for (what, list) in lists {
            for (number, word) in list.iter().enumerate() {
                put_setting(cells, &[what, &format!("{number:06}"), word]);
            }
        }
    }

    /// Those of a partial result.
    fn of(cells: &Cells) -> Self {
        let mut settings = Self::default();
        for (name, _) in cells.of_log("included") {
            if let [name, text] = name.texts().as_slice() {
                settings.included.push((name.clone(), text.clone()));
            }
        }
        for (name, _) in cells.of_log("setting") {
            let words = name.texts();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            match words.as_slice() {
                ["scenario", text] => settings.scenario = Some((*text).to_owned()),
                ["prices", text] => settings.prices = Some((*text).to_owned()),
                ["salt", salt] => settings.salt = Some((*salt).to_owned()),
                ["unknown_age", age] => settings.unknown_age = Some((*age).to_owned()),
                ["set", _, key, value] => {
                    settings.overrides.push(((*key).to_owned(), (*value).to_owned()));
                }
                ["configuration", _, word] => settings.configurations.push((*word).to_owned()),
                ["fail_if", _, word] => settings.fail_if.push((*word).to_owned()),
                ["option", _, word] => settings.options.push((*word).to_owned()),
                _ => {}
            }
        }
        settings
    }

    /// The scenario of all parts, whose recording this is.
    fn scenario(&self, log: Recording) -> Result<Scenario> {
        let mut overrides = Vec::new();
        if let Some(text) = &self.prices {
            overrides.push(Override::of_prices(parse_prices(text, "the price file")?));
        }
        let values = self.overrides.iter();
        overrides.extend(values.map(|(key, value)| Override::new(key.clone(), value.clone())));
        let settings = Settings {
            file: self.scenario.as_deref().map(|text| (text, "the settings")),
            overrides: &overrides,
            unknown_age: self.unknown_age.as_deref().map(str::parse).transpose()?,
        };
        let include = |name: &str| {
            let found = self.included.iter().find(|(known, _)| known == name);
            found.map(|(_, text)| text.clone()).ok_or_else(|| {
                Error::request(format!("the partial results do not have the file `{name}`"))
            })
        };
        let mut scenario = Scenario::of_recording_with(log, &settings, &include)?;
        if !self.configurations.is_empty() {
            scenario.keep_configurations(&self.configurations)?;
        }
        FailIf::of(&self.fail_if)?.add_to(&mut scenario)?;
        Ok(scenario)
    }
}

fn put_setting(cells: &mut Cells, words: &[&str]) {
    let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
    cells.add_of_log("setting", &words, 1);
}

/// What a part is, besides what it counted.
pub(super) struct PartHeader<'a> {
    /// The settings.
    pub(super) settings: &'a PartSettings,
    /// How many replications were run.
    pub(super) replications: u32,
    /// Whether inventories tell of objects.
    pub(super) has_inventories: bool,
    /// What was named on the command line, hidden if names are.
    pub(super) paths: Vec<String>,
    /// Which of how many it is, if that is said.
    pub(super) shard: Option<Shard>,
}

/// Adds the header to what a part has counted.
pub(super) fn put_header(cells: &mut Cells, header: &PartHeader, log: &Recording) {
    let from = log.start_ns + log.counted_from.as_nanos();
    let words = [log.start_ns, from, log.start_ns + log.end.as_nanos()].map(|it| it.to_string());
    let inventories: &[u8] = if header.has_inventories { b"yes" } else { b"no" };
    let model = MODEL_VERSION.to_string();
    cells.add_of_log("format", &[FORMAT.as_bytes()], 1);
    cells.add_of_log("bks", &[env!("CARGO_PKG_VERSION").as_bytes()], 1);
    cells.add_of_log("model", &[model.as_bytes()], 1);
    cells.add_of_log("prices", &[PriceTable::DATE.as_bytes()], 1);
    cells.add_of_log("window", &words.each_ref().map(String::as_bytes), 1);
    cells.add_of_log("inventories", &[inventories], 1);
    cells.add_of_log("replications", &[header.replications.to_string().as_bytes()], 1);
    header.settings.put_into(cells);
    for path in &header.paths {
        cells.add_of_log("path", &[path.as_bytes()], 1);
    }
    if let Some(shard) = header.shard {
        cells.add_of_log("shard", &[shard.to_string().as_bytes()], 1);
    }
}

/// Writes a partial result to a file, or to standard output, of which [`check_place`] was asked before.
pub(super) fn write(cells: &Cells, path: &Path) -> Result<()> {
    output::write_whole(path, |file| {
        let mut out = BufWriter::new(file);
        cells.write(&mut out)?;
        out.flush()
    })
}

/// Makes the folder of a partial result to come; refuses to replace a file that is no such: a log, say.
pub(super) fn check_place(path: &Path) -> Result<()> {
    if let Some(folder) = path.parent().filter(|_| !output::is_stdout(path)) {
        fs::create_dir_all(folder).failing("the folder cannot be made", folder)?;
    }
    let is_free = path.metadata().map_or(true, |it| !it.is_file() || it.len() == 0);
    if is_free || is_partial(path) {
        return Ok(());
    }
    Err(Error::request("the file is there and no partial result, so it is not replaced")
        .at(path.display().to_string())
        .hint("give another name, e.g., `--partial part.tsv`, or remove it first"))
}

/// Whether the first line of a file, compressed or not, is one of a partial result.
pub(super) fn is_partial(path: &Path) -> bool {
    let source = File::open(path).and_then(|file| decompressed(BufReader::new(file)));
    let Ok(source) = source else { return false };
    let mut line = String::new();
    let read = BufReader::new(source.take(1 << 16)).read_line(&mut line);
    read.is_ok() && Cells::default().add_line(line.trim_end_matches('\n')).is_ok()
}

/// Partial results on the way to be one.
#[derive(Default)]
pub(super) struct MergedParts {
    cells: Cells,
    /// What is told of the first, and where that lies.
    first: Option<(BTreeSet<String>, String)>,
    /// Where each input was read, by its hash.
    inputs: BTreeMap<String, String>,
}

/// The names of a header, as messages have them.
fn header_of(cells: &Cells) -> BTreeSet<String> {
    let all = HEADER.iter().flat_map(|what| cells.of_log(what));
    all.map(|(name, _)| name.shown()).collect()
}

impl MergedParts {
    /// Reads a partial result and adds it; `-` stands for standard input.
    pub(super) fn add(&mut self, path: &Path) -> Result<()> {
        let (cells, place) = if path == Path::new("-") {
            (lines(io::stdin().lock(), "standard input")?, "standard input".to_owned())
        } else {
            let place = path.display().to_string();
            let file = BufReader::new(File::open(path).reading(path)?);
            (lines(BufReader::new(decompressed(file).reading(path)?), &place)?, place)
        };
        check_alone(&cells).map_err(|error| error.at(&place))?;
        let header = header_of(&cells);
        match &self.first {
            None => self.first = Some((header, place.clone())),
            Some((first, of)) if *first != header => {
                return Err(unlike(first, of, &header).at(place));
            }
            Some(_) => {}
        }
        let mut own = BTreeMap::new();
        for (name, _) in cells.of_log("input") {
            let words = name.texts();
            let [hash, bytes, file] = words.as_slice() else { continue };
            if bytes == "0" {
                continue;
            }
            if let Some(other) = self.inputs.get(hash) {
                return Err(Error::request(format!(
                    "the log `{file}` is also in {other}, so its requests would count twice"
                ))
                .at(place)
                .hint(
                    "leave out one of the partial results, or make them again of logs that differ",
                ));
            }
            own.insert(hash.clone(), place.clone());
        }
        self.inputs.append(&mut own);
        self.cells.add_all(cells);
        self.check_buckets(&place)
    }

    /// Refuses a bucket that lies in two parts.
    fn check_buckets(&self, place: &str) -> Result<()> {
        let Some((name, _)) = self.cells.of_log("bucket").find(|(_, n)| *n > 1) else {
            return Ok(());
        };
        let words = name.texts();
        let bucket = words.first().map(String::as_str).unwrap_or_default();
        Err(Error::request(format!(
            "the bucket `{bucket}` is in more than one part, but each must be in one as a whole: keys, and what is \
             copied, do not leave a bucket otherwise"
        ))
        .at(place.to_owned())
        .hint("replay all logs of that bucket, and of those that it is copied to, as one part"))
    }

    /// The partial result of all.
    pub(super) fn whole(self) -> Result<Cells> {
        if self.first.is_none() {
            return Err(Error::request("there is nothing to merge"));
        }
        Ok(self.cells)
    }
}

/// Reads the lines of a partial result.
fn lines(mut source: impl BufRead, place: &str) -> Result<Cells> {
    let mut cells = Cells::default();
    let mut line = String::new();
    for number in 1.. {
        line.clear();
        let read = source.read_line(&mut line).map_err(|error| {
            Error::request(format!("it cannot be read: {error}")).at(place.to_owned())
        })?;
        if read == 0 {
            break;
        }
        let text = line.trim_end_matches('\n');
        cells.add_line(text).map_err(|error| error.at(format!("{place}:{number}")))?;
    }
    Ok(cells)
}

/// Refuses what is no partial result, or the sum of such as are not alike.
fn check_alone(cells: &Cells) -> Result<()> {
    let formats: Vec<(String, i64)> =
        cells.of_log("format").map(|(name, n)| (name.place().to_owned(), n)).collect();
    let [(format, all)] = formats.as_slice() else {
        return Err(match formats.as_slice() {
            [] => Error::request("it has no `format`, so it is no partial result")
                .hint("partial results are made by `bks replay LOGS --partial FILE`"),
            _ => Error::request("its parts are of several formats")
                .hint("make all of them with one version of bks"),
        });
    };
    if format != FORMAT {
        return Err(Error::request(format!(
            "its format is `{format}`, but this version of bks reads `{FORMAT}`"
        ))
        .hint("merge with the version of bks that made it"));
    }
    if !cells.is_whole() {
        return Err(Error::request(
            "it is not whole: lines are missing, were changed, or were not all summed once",
        )
        .hint("make it again, and let nothing end the engine's job early"));
    }
    for what in HEADER {
        for (name, n) in cells.of_log(what) {
            if n != *all {
                return Err(Error::request(format!(
                    "its parts were not made alike: `{}` is of {n} of them, but there are {all}",
                    name.shown()
                ))
                .hint("give every part the same settings, `--from`, `--to` and `--warm-up`"));
            }
        }
    }
    for (name, n) in cells.of_log("input") {
        let words = name.texts();
        if let [_, bytes, file] = words.as_slice()
            && n > 1
            && bytes != "0"
        {
            return Err(Error::request(format!(
                "the log `{file}` is in {n} parts, so its requests would count {n} times"
            ))
            .hint("sum each part once"));
        }
    }
    Ok(())
}

/// The error about a header that is another than the first.
fn unlike(first: &BTreeSet<String>, of: &str, header: &BTreeSet<String>) -> Error {
    let own = header.difference(first).next();
    let mut others = first.difference(header);
    let other = match own.and_then(|own| own.split(' ').next()) {
        None => others.next(),
        Some(what) => others.find(|other| other.split(' ').next() == Some(what)),
    };
    let told = match (own, other) {
        (Some(own), Some(other)) => format!("it has `{own}`, but {of} has `{other}`"),
        (Some(own), None) => format!("it has `{own}`, but {of} has nothing such"),
        (None, other) => {
            format!("it does not have `{}`, which {of} has", other.map_or("", String::as_str))
        }
    };
    Error::request(format!("{told}: they are no parts of one replay"))
        .hint("give every part the same settings, `--from`, `--to` and `--warm-up`")
}

/// Refuses to figure results while shards are missing or there twice, if it is told how many there are.
fn check_shards(cells: &Cells) -> Result<()> {
    let mut there: BTreeMap<Shard, i64> = BTreeMap::new();
    for (name, n) in cells.of_log("shard") {
        there.insert(name.place().parse()?, n);
    }
    let Some(first) = there.keys().next().copied() else { return Ok(()) };
    if let Some(other) = there.keys().find(|shard| shard.of() != first.of()) {
        return Err(Error::request(format!("`{first}` and `{other}` are no shards of one replay"))
            .hint("give every part one number of shards by `--shard N/M`"));
    }
    if let Some((twice, n)) = there.iter().find(|(_, n)| **n > 1) {
        return Err(Error::request(format!("shard {twice} is there {n} times"))
            .hint("give each shard once"));
    }
    let parts: i64 = cells.of_log("format").map(|(_, n)| n).sum();
    if parts > there.len() as i64 {
        return Err(Error::request(format!(
            "{} of {parts} parts are no shard, but the others are shards of {}",
            parts - there.len() as i64,
            first.of()
        ))
        .hint("give every part a `--shard N/M`, or none"));
    }
    let missing: Vec<String> =
        first.all().filter(|it| !there.contains_key(it)).map(|it| it.to_string()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let (is, few) = (if missing.len() == 1 { "is" } else { "are" }, 5.min(missing.len()));
    let others = match missing.len() - few {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Err(Error::request(format!("shard {}{others} {is} missing", missing[..few].join(", ")))
        .hint("run it, then merge; `--partial FILE` merges those that are there"))
}

/// How many parts a partial result is of.
pub(super) fn parts_of(cells: &Cells) -> i64 {
    cells.of_log("format").map(|(_, n)| n).sum()
}

/// The scenario of all parts of a log together.
pub(super) fn scenario(cells: &Cells) -> Result<Scenario> {
    check_shards(cells)?;
    let window = cells.of_log("window").next().map(|(name, _)| name.texts()).unwrap_or_default();
    let times: Vec<i64> = window.iter().filter_map(|time| time.parse().ok()).collect();
    let &[start, from, end] = times.as_slice() else {
        return Err(Error::request("the partial result has no `window`"));
    };
    if !(start <= from && from <= end && (0..=LONGEST.as_nanos()).contains(&(end - start))) {
        return Err(Error::request("the partial result's `window` is none")
            .hint("make it again: `bks replay LOGS --from TIME --to TIME --partial FILE`"));
    }
    let mut log = parts::recording(cells, start, from, end)?;
    if log.buckets.is_empty() {
        return Err(Error::request("no part has a request, so there is nothing to replay")
            .hint("look at `--bucket`, `--from` and `--to`, and at what the files hold"));
    }
    let is_any = |what| cells.of_log(what).any(|(_, n)| n > 0);
    if is_any("of_trail") && is_any("of_access_log") {
        return Err(Error::request(
            "some parts are of CloudTrail and others of S3's access logs, which may record the same requests",
        )
        .hint("merge parts of one format at a time"));
    }
    if log.seen.requests == 0 {
        return Err(Recording::nothing_to_count());
    }
    let settings = PartSettings::of(cells);
    // A part without requests has read none of them.
    let mut included = settings.included.windows(2);
    if let Some(pair) = included.find(|pair| pair[0].0 == pair[1].0) {
        return Err(Error::request(format!(
            "the parts were made with unlike files `{}`",
            pair[0].0
        ))
        .hint("make all parts with the same files"));
    }
    let mut paths: Vec<String> = Vec::new();
    for (name, _) in cells.of_log("path") {
        paths.extend(name.texts());
    }
    paths.sort();
    log.arguments = paths.into_iter().chain(settings.options.iter().cloned()).collect();
    let scenario = settings.scenario(log)?;
    parts::check_senders(cells, &scenario)?;
    let run = cells.of_log("replications").filter_map(|(name, _)| name.last_number()).min();
    if run.is_some_and(|run| run < u64::from(scenario.replications)) {
        return Err(Error::request(format!(
            "{} replications are wanted, but a part has {}",
            scenario.replications,
            run.unwrap_or_default()
        ))
        .hint("make all parts with one `--replications N`"));
    }
    Ok(scenario)
}
