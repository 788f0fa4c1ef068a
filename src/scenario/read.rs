//! Text to scenario, with the place of whatever is wrong.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

use super::Scenario;
use super::keys;
use super::resolve::{Misplaced, resolve};
use super::shorthand::{PRICES, expand};
use super::written::{ConfigurationFile, PricesFile, RunFile, ScenarioFile};
use crate::encryption::assumption::{Assumption, AssumptionOverrides};
use crate::error::{Error, Result, one_of};
use crate::pricing::PriceTable;
use crate::shown;
use crate::workload::access::ReadPattern;
use crate::workload::ages::{AgeLaw, AgeStep};

/// Reads a file that a scenario includes, named as in the scenario.
pub type Include<'a> = &'a dyn Fn(&str) -> Result<String>;

/// One `--set KEY=VALUE`: a key of the scenario and what to put there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// Keys from the top, joined by dots; elements of lists by name or number.
    pub key: String,
    /// TOML, or else text.
    pub value: String,
}

impl Override {
    /// Reads `KEY=VALUE`.
    ///
    /// # Errors
    /// If there is no `=` or no key.
    pub fn parse(text: &str) -> Result<Self> {
        match text.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => {
                Ok(Self { key: key.trim().to_owned(), value: value.trim().to_owned() })
            }
            _ => Err(Error::request(format!("`{text}` is not an override: it has no `KEY=`"))
                .hint("give a key of the scenario, e.g., `--set assumptions.cache_lifetime=3min`")),
        }
    }

    /// Prices to be put over a scenario's.
    ///
    /// # Panics
    /// Never: all of them can be written.
    #[must_use]
    pub(crate) fn of_prices(prices: &PricesFile) -> Self {
        let value = toml::Value::try_from(prices).expect("prices are TOML").to_string();
        Self { key: PRICES.to_owned(), value }
    }

    /// The prices to be put over a scenario's.
    ///
    /// # Errors
    /// If the value is no table of prices.
    pub(super) fn prices(&self) -> Result<PricesFile> {
        let text = format!("value = {}", self.value);
        let mut parsed: BTreeMap<String, PricesFile> = parse(&text, |_, _| self.place())?;
        Ok(parsed.remove("value").unwrap_or_default())
    }

    fn place(&self) -> String {
        match self.key.as_str() {
            PRICES => "--prices".to_owned(),
            key => format!("--set {key}={}", self.value),
        }
    }
}

impl AssumptionOverrides {
    /// These assumptions as a `[assumptions]` table in TOML, and configurations if there are any, to be
    /// put into a scenario.
    ///
    /// # Panics
    /// Never: all of them can be written.
    #[must_use]
    pub fn to_fragment(&self, configurations: &[ConfigurationFile]) -> String {
        let mut table = toml::Table::new();
        let own = toml::Value::try_from(self).expect("assumptions are TOML");
        table.insert("assumptions".to_owned(), own);
        if !configurations.is_empty() {
            let all = toml::Value::try_from(configurations).expect("configurations are TOML");
            table.insert("configuration".to_owned(), all);
        }
        toml::to_string(&table).expect("a table is TOML")
    }
}

impl Scenario {
    /// Reads a scenario. `place` names the text in messages; `overrides` are put over it;
    /// `include` reads histograms that it names.
    ///
    /// # Errors
    /// The first thing that is wrong, with line and column.
    pub fn read(text: &str, place: &str, overrides: &[Override], include: Include) -> Result<Self> {
        let mut file = parse_scenario(text, |line, column| format!("{place}:{line}:{column}"))
            .map_err(|error| error.at(place))?;
        if file.replay.is_some() {
            return Err(Error::request(
                "the scenario was made from a log, whose requests are not in it",
            )
            .at(place)
            .hint("replay the log with it: `bks replay LOG --scenario run.toml`"));
        }
        if let Some(run) = file.run.take() {
            check_run_file(&run, &file).map_err(|error| error.at(place))?;
        }
        Self::with_overrides(file, text, place, overrides, include)
    }

    /// The scenario that `file`, read from `text`, is with `overrides` put over it.
    pub(super) fn with_overrides(
        mut file: ScenarioFile,
        text: &str,
        place: &str,
        overrides: &[Override],
        include: Include,
    ) -> Result<Self> {
        // Sections of the scenario that were touched, and by what was typed where.
        let mut touched: Vec<(String, String)> = Vec::new();
        let section = |path: &str| path.split('.').next().unwrap_or_default().to_owned();
        for change in overrides {
            let typed = change.place();
            for part in expand(change, &file).map_err(|error| error.at(&typed))? {
                file = part.over(&file, &typed)?;
                touched.push((section(&part.key), typed.clone()));
            }
        }
        let locate = |wrong: Misplaced| {
            // What an override touched is its fault, whatever else the file says there.
            let here = section(&wrong.path);
            let change = touched.iter().rev().find(|(section, _)| *section == here);
            let position = position(text, &wrong.path);
            wrong.error.at(match (change, position) {
                (Some((_, typed)), _) => format!("{typed}: {}", wrong.path),
                (None, Some((line, column))) => format!("{place}:{line}:{column}"),
                (None, None) => format!("{place}: {}", wrong.path),
            })
        };
        include_histograms(&mut file, include).map_err(locate)?;
        include_prices(&mut file, include).map_err(locate)?;
        resolve(file).map_err(locate)
    }

    /// Reads a scenario that includes nothing, as in tests and examples.
    ///
    /// # Errors
    /// As [`Scenario::read`].
    pub fn parse(text: &str) -> Result<Self> {
        Self::read(text, "scenario", &[], &|file| {
            Err(Error::request(format!("`{file}` is not read from here")))
        })
    }

    /// The resolved scenario as TOML, with how it was run: from it the same bytes come again.
    ///
    /// # Panics
    /// Never: every scenario that was read can be written.
    #[must_use]
    pub fn to_run_toml(&self) -> String {
        let mut file = self.written.clone();
        let log = self.recording.as_ref();
        file.run = Some(RunFile {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            model: super::MODEL_VERSION,
            price_date: PriceTable::DATE.to_owned(),
            scenario_hash: scenario_hash(&self.written),
            arguments: log.map(|log| log.arguments.clone()).unwrap_or_default(),
            inputs: log.map(|log| log.inputs()).unwrap_or_default(),
        });
        toml_of(&file)
    }

    /// A scenario made here, resolved.
    ///
    /// # Errors
    /// As [`Scenario::read`].
    pub(crate) fn of_file(file: ScenarioFile, place: &str) -> Result<Self> {
        Self::with_overrides(file, "", place, &[], &|file| {
            Err(Error::request(format!("`{file}` is not read from here")))
        })
    }

    /// As [`Scenario::hash`], but whatever it demands: demands change no figure.
    #[must_use]
    pub fn hash_without_demands(&self) -> String {
        scenario_hash(&ScenarioFile { assertions: Vec::new(), ..self.written.clone() })
    }

    /// Hash of the resolved scenario, in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> String {
        scenario_hash(&self.written)
    }
}

/// A scenario as TOML, every text on one line on which each character can be seen.
pub(crate) fn toml_of(file: &ScenarioFile) -> String {
    shown::toml(&toml::to_string(file).expect("a scenario is TOML")).into_owned()
}

fn scenario_hash(file: &ScenarioFile) -> String {
    fingerprint(&toml::to_string(file).expect("a scenario is TOML"))
}

/// 64-bit FNV-1a (Fowler, Noll and Vo) in hexadecimal: tells texts apart, no more.
pub(crate) fn fingerprint(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// A `run.toml` stands for its own bytes only if nothing it was made with has changed.
pub(super) fn check_run_file(run: &RunFile, file: &ScenarioFile) -> Result<()> {
    if run.model != super::MODEL_VERSION {
        return Err(Error::request(format!(
            "the run was made with model `{}`, but this is model {}, whose results differ",
            run.model,
            super::MODEL_VERSION
        ))
        .hint("delete the table `[run]` to simulate the scenario anew"));
    }
    if run.version != env!("CARGO_PKG_VERSION") {
        return Err(Error::request(format!(
            "the run was made with bks `{}`, but this is {}",
            run.version,
            env!("CARGO_PKG_VERSION")
        ))
        .hint("delete the table `[run]` to simulate the scenario anew"));
    }
    if run.price_date != PriceTable::DATE {
        return Err(Error::request(format!(
            "the run was made with the prices of `{}`, but the built-in ones are of {}",
            run.price_date,
            PriceTable::DATE
        ))
        .hint("delete the table `[run]` to simulate the scenario anew"));
    }
    if run.scenario_hash != scenario_hash(file) {
        return Err(Error::request(format!(
            "the scenario was changed after its run: its hash is not `{}`",
            run.scenario_hash
        ))
        .hint("delete the table `[run]` to simulate the changed scenario"));
    }
    Ok(())
}

/// Reads a scenario; `place` names a line and column of it.
fn parse_scenario(text: &str, place: impl Fn(usize, usize) -> String) -> Result<ScenarioFile> {
    if text.trim().is_empty() {
        return Err(
            Error::request("the scenario is empty").hint("`bks init` writes one to start from")
        );
    }
    parse(text, place)
}

/// Reads TOML; `place` names a line and column of it.
fn parse<T: DeserializeOwned>(text: &str, place: impl Fn(usize, usize) -> String) -> Result<T> {
    let at = |error: &toml::de::Error| {
        let (line, column) = line_and_column(text, error.span().map_or(0, |span| span.start));
        place(line, column)
    };
    if let Err(error) = DeTable::parse(text) {
        let message = error.message().lines().next().unwrap_or_default();
        return Err(Error::request(format!("the text is not TOML: {message}")).at(at(&error)));
    }
    toml::from_str(text).map_err(|error| {
        in_our_words(error.message(), &offending(text, error.span())).at(at(&error))
    })
}

/// Reads a file that need not be a whole scenario: what a log tells may be missing.
pub(crate) fn parse_settings(text: &str, place: &str) -> Result<ScenarioFile> {
    let known = text.parse::<toml::Table>().unwrap_or_default();
    let missing: Vec<&str> = [
        ("name", "name = \"replay\""),
        ("duration", "duration = \"1s\""),
        ("bucket", "bucket = []"),
        ("principal", "principal = []"),
        ("workload", "workload = []"),
    ]
    .into_iter()
    .filter(|(key, _)| !known.contains_key(*key))
    .map(|(_, line)| line)
    .collect();
    let whole = format!("{}\n{text}", missing.join("\n"));
    let added = missing.len().max(1);
    let place = |line: usize, column| format!("{place}:{}:{column}", line.saturating_sub(added));
    parse_scenario(&whole, place)
}

/// The text at `span`, shortened to its first line.
fn offending(text: &str, span: Option<std::ops::Range<usize>>) -> String {
    let text = span.and_then(|span| text.get(span)).unwrap_or_default();
    text.lines().next().unwrap_or_default().chars().take(60).collect()
}

/// The table of which there is one, and in which a key stands.
fn table_of(key: &str) -> Option<&'static str> {
    const BILLING: [&str; 10] = [
        "period",
        "free_tier",
        "discount",
        "cloudtrail_copies",
        "data_events",
        "object_audit",
        "key_rotations",
        "background_kms",
        "kms_quota_per_s",
        "prices",
    ];
    const ASSUMPTIONS: [&str; Assumption::ALL.len()] = Assumption::names();
    const MULTIPART: [&str; 3] = ["upload_part", "complete", "list_parts"];
    let tables: [(&str, &[&str]); 3] =
        [("billing", &BILLING), ("assumptions", &ASSUMPTIONS), ("multipart", &MULTIPART)];
    tables.into_iter().find(|(_, keys)| keys.contains(&key)).map(|(table, _)| table)
}

/// The parser's message as offending text, constraint and hint.
fn in_our_words(message: &str, offending: &str) -> Error {
    let quoted = |from: &str| from.split('`').nth(1).map(str::to_owned);
    if let Some((message, hint)) = message.split_once("\n\nhint: ") {
        return Error::request(message).hint(hint.trim());
    }
    for (start, kind) in [("unknown field", "key"), ("unknown variant", "value")] {
        if let Some(rest) = message.strip_prefix(start) {
            let word = quoted(rest).unwrap_or_default();
            let known: Vec<&str> = rest.split('`').skip(3).step_by(2).collect();
            let error = Error::request(format!("`{word}` is not a {kind} that can stand here"));
            // At the top level, a table's key is told with its table.
            if let Some(table) = table_of(&word).filter(|table| known.contains(table)) {
                return error
                    .hint(format!("`{table}.{word}` can: it is a key of the table `{table}`"));
            }
            return if known.is_empty() { error } else { error.hint(one_of(&word, known)) };
        }
    }
    if let Some(rest) = message.strip_prefix("missing field") {
        let key = quoted(rest).unwrap_or_default();
        return Error::request(format!("`{key}` is missing, but must be given"));
    }
    if message.starts_with("wanted exactly 1 element") {
        return Error::request(format!("`{offending}` must have exactly one key, its kind"));
    }
    if let Some((_, expected)) = message.split_once(", expected ") {
        let expected = match expected.trim() {
            "u8" | "u32" | "u64" | "usize" => "a whole number, zero or more",
            "f64" | "f32" => "a number",
            "a string" => "text in quotes",
            "a boolean" => "`true` or `false`",
            "a sequence" => "a list in brackets",
            other if other.starts_with("struct ") || other == "a map" => "a table",
            other => other,
        };
        return Error::request(format!("`{offending}` is given, but must be {expected}"));
    }
    Error::request(format!("`{offending}`: {}", message.lines().next().unwrap_or(message)))
}

fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(offset.min(text.len()))];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (line, column)
}

/// Line and column of the value under `path`, or of the last of its keys that is there.
fn position(text: &str, path: &str) -> Option<(usize, usize)> {
    let table = DeTable::parse(text).ok()?;
    let mut steps = path.split('.');
    let mut value = table.get_ref().get(steps.next()?)?;
    for step in steps {
        let inner = match value.get_ref() {
            DeValue::Table(table) => table.get(step),
            DeValue::Array(array) => step.parse().ok().and_then(|i: usize| array.get(i)),
            _ => None,
        };
        match inner {
            Some(inner) => value = inner,
            None => break,
        }
    }
    Some(line_and_column(text, value.span().start))
}

impl Override {
    /// The scenario with the value put in its place. Keys that the file leaves to their defaults can
    /// be overridden like any other. `typed` is the place of what is wrong.
    fn over(&self, file: &ScenarioFile, typed: &str) -> Result<ScenarioFile> {
        let as_toml = format!("value = {}", self.value)
            .parse::<toml::Table>()
            .ok()
            .and_then(|mut parsed| parsed.remove("value"));
        let as_text = toml::Value::String(self.value.clone());
        let put = |value| {
            self.put(file, value, typed).map_err(|error| {
                let meant = keys::hint(file, &self.key, &self.value);
                let error = error.at(typed);
                if let Some(hint) = meant { error.hint_instead(hint) } else { error }
            })
        };
        let Some(value) = as_toml else { return put(as_text) };
        // `account=111122223333` is text all the same.
        put(value).or_else(|error| put(as_text).map_err(|_| error))
    }

    fn put(&self, file: &ScenarioFile, value: toml::Value, typed: &str) -> Result<ScenarioFile> {
        let mut root = toml::Value::try_from(file).expect("a scenario is TOML");
        let mut here = &mut root;
        for step in self.key.split('.') {
            here = descend(here, step)?;
        }
        *here = value;
        let text = toml::to_string(&root).expect("a table is TOML");
        parse_scenario(&text, |_, _| typed.to_owned())
    }
}

/// What lies under `step`: a key of a table, made if it is not there, or an element of a list by its
/// name or number.
fn descend<'v>(value: &'v mut toml::Value, step: &str) -> Result<&'v mut toml::Value> {
    match value {
        toml::Value::Table(table) => {
            Ok(table.entry(step).or_insert_with(|| toml::Value::Table(toml::Table::new())))
        }
        toml::Value::Array(elements) => {
            let name = |e: &toml::Value| e.get("name").and_then(|n| n.as_str()).map(str::to_owned);
            let names: Vec<String> = elements.iter().filter_map(name).collect();
            let number = step.parse().ok().filter(|i: &usize| *i < elements.len());
            let place = elements.iter().position(|e| name(e).as_deref() == Some(step));
            match place.or(number) {
                Some(i) => Ok(&mut elements[i]),
                None => Err(Error::request(format!("`{step}` is not an element of this list"))
                    .hint(one_of(step, names.iter().map(String::as_str)))),
            }
        }
        other => Err(Error::request(format!("`{other}` has no key `{step}` below it"))),
    }
}

fn include_histograms(
    file: &mut ScenarioFile,
    include: Include,
) -> std::result::Result<(), Misplaced> {
    let populations = file.populations.iter_mut().enumerate();
    let ages = populations.map(|(i, p)| (format!("population.{i}.age"), &mut p.age));
    let reads =
        file.workloads.iter_mut().enumerate().filter_map(|(i, workload)| {
            match &mut workload.read.as_mut()?.pattern {
                ReadPattern::ByAge(law) => Some((format!("workload.{i}.read.pattern"), law)),
                _ => None,
            }
        });
    for (path, law) in ages.chain(reads) {
        if let AgeLaw::Histogram(name) = law {
            let steps = include(name).and_then(|text| parse_histogram(&text, name));
            *law = AgeLaw::Steps(steps.map_err(|error| Misplaced { path, error })?);
        }
    }
    Ok(())
}

/// Puts the prices of the file that the scenario names below the scenario's own.
fn include_prices(file: &mut ScenarioFile, include: Include) -> std::result::Result<(), Misplaced> {
    let Some(name) = file.billing.price_file.take() else { return Ok(()) };
    let used: Vec<&str> = file.buckets.iter().map(|bucket| bucket.region.as_str()).collect();
    let read = include(&name).and_then(|text| {
        let prices = parse_prices(&text, &name)?;
        prices.check(&used).map_err(|error| error.at(&name))?;
        Ok(prices)
    });
    let prices = read.map_err(|error| Misplaced { path: "billing.price_file".into(), error })?;
    file.billing.prices = std::mem::take(&mut file.billing.prices).over(prices);
    Ok(())
}

/// Reads a price file, called `place` in messages.
pub(crate) fn parse_prices(text: &str, place: &str) -> Result<PricesFile> {
    let prices: PricesFile = parse(text, |line, column| format!("{place}:{line}:{column}"))?;
    if prices.is_empty() {
        return Err(Error::request("the file has no price")
            .at(place)
            .hint("`bks list prices --toml` prints one to start from"));
    }
    Ok(prices)
}

/// Reads `to,weight` lines, with that header: the oldest age of each step and its objects.
fn parse_histogram(text: &str, name: &str) -> Result<Vec<AgeStep>> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let headers = reader.headers().ok().map(|headers| headers.iter().collect::<Vec<_>>().join(","));
    if headers.as_deref() != Some("to,weight") {
        // Whatever file was named is not shown: it may be none of the scenario's.
        return Err(Error::request(
            "the header is another, but a histogram has the columns `to,weight`",
        )
        .at(format!("{name}:1:1")));
    }
    let mut steps = Vec::new();
    for (i, record) in reader.records().enumerate() {
        let place = format!("{name}:{}:1", i + 2);
        let record = record.map_err(|error| Error::request(error.to_string()).at(&place))?;
        let to = record[0].parse().map_err(|error: Error| error.at(&place))?;
        let weight = record[1].parse().map_err(|_| {
            Error::request(format!("`{}` is not a number of objects", &record[1])).at(&place)
        })?;
        steps.push(AgeStep { to, weight });
    }
    Ok(steps)
}
