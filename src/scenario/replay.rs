//! The scenario that a log is: its buckets, principals and sessions, and no workload.
//!
//! What is compared, prices, assumptions and the rest come from a file of settings or are as in any
//! scenario. Objects that are read and were not written within the log are populations, one a
//! bucket; which bucket-level keys wrap them is an assumption, [`UnknownAge`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::engine::EngineChoice;
use super::read::{Include, Override, check_run_file, parse_settings};
use super::resolve::MAX_DURATION;
use super::written::{
    BucketFile, DEFAULT_REGION, InputFile, KmsKey, PopulationFile, PrincipalFile, Renewal,
    ReplayFile, ScenarioFile,
};
use super::{Domain, Scenario};
use crate::encryption::Mode;
use crate::error::{Error, Result};
use crate::pricing::PriceTable;
use crate::recording::Recording;
use crate::recording::earlier_objects::Origin;
use crate::s3::{Identity, Principal};
use crate::units::{SimDuration, SimTime, text_form, utc};
use crate::workload::ages::{AgeLaw, UniformAges};

/// Which bucket-level keys wrap objects whose writing is not in the log: an assumption.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownAge {
    /// None: bucket keys are turned on when the log begins, as someone would who now has none. Every
    /// read of such an object calls KMS; nothing is saved that is not sure.
    #[default]
    Keyless,
    /// Bucket keys were always on, and the objects were written evenly over so long a time before the
    /// log, one key for each lifetime.
    Even(SimDuration),
    /// A single one for each bucket: nothing could be saved beyond this.
    OneKey,
}

impl fmt::Display for UnknownAge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keyless => f.write_str("keyless"),
            Self::Even(span) => span.fmt(f),
            Self::OneKey => f.write_str("one-key"),
        }
    }
}

impl FromStr for UnknownAge {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.trim() {
            "keyless" => Ok(Self::Keyless),
            "one-key" => Ok(Self::OneKey),
            span => match span.parse() {
                Ok(SimDuration::ZERO) => Ok(Self::OneKey),
                Ok(span) => Ok(Self::Even(span)),
                Err(_) => Err(Error::request(format!(
                    "`{span}` is neither `keyless`, `one-key` nor a duration"
                ))
                .hint("give how far back such objects were written, e.g., `30d`")),
            },
        }
    }
}

text_form!(UnknownAge, "`keyless`, `one-key`, or how far back objects were written", "30d");

impl UnknownAge {
    /// Since when buckets had bucket keys, and how old objects are at the start.
    pub(crate) fn meaning(self) -> (SimTime, AgeLaw) {
        let even = |to| AgeLaw::Uniform(UniformAges { from: SimDuration::ZERO, to });
        match self {
            // With no bucket key an age means nothing.
            Self::Keyless => (SimTime::ZERO, even(SimDuration::from_secs(30 * 86_400))),
            Self::Even(span) => (SimTime::MIN, even(span)),
            Self::OneKey => (SimTime::MIN, AgeLaw::Fixed(SimDuration::from_secs(1))),
        }
    }
}

/// What a replay is besides the log.
pub struct Settings<'a> {
    /// A file of settings, and what messages call it.
    pub file: Option<(&'a str, &'a str)>,
    /// What is put over it.
    pub overrides: &'a [Override],
    /// Which keys wrap objects whose writing is not in the log, if not as the file says.
    pub unknown_age: Option<UnknownAge>,
}

impl Scenario {
    /// The scenario that a log is.
    ///
    /// # Errors
    /// What is wrong with the settings, or if the log is larger than a run can be.
    pub fn of_recording(recording: Recording, settings: &Settings) -> Result<Self> {
        let none: Include = &|file| Err(Error::request(format!("`{file}` is not read from here")));
        Self::of_recording_with(recording, settings, none)
    }

    /// The scenario that a log is; `include` reads a price file that the settings name.
    ///
    /// # Errors
    /// As [`Self::of_recording`], or if that file is wrong.
    pub fn of_recording_with(
        recording: Recording,
        settings: &Settings,
        include: Include,
    ) -> Result<Self> {
        refuse_long(&recording)?;
        let (text, place) = settings.file.unwrap_or(("", "the log"));
        let mut given = parse_settings(text, place).map_err(|error| error.at(place))?;
        if let Some(run) = given.run.take() {
            check_run_file(&run, &given).map_err(|error| error.at(place))?;
        }
        let of_file = given.replay.as_ref().map(|replay| replay.unknown_age);
        let unknown_age = settings.unknown_age.or(of_file).unwrap_or_default();
        let file = of_log(given, &recording, unknown_age);
        let as_made = file.clone();
        let mut scenario = Self::with_overrides(file, "", place, settings.overrides, include)?;
        refuse_other_log(&as_made, &scenario.written)?;
        scenario.recording = Some(Arc::new(recording));
        Ok(scenario)
    }

    /// The same replay under another assumption about objects whose writing is not in the log.
    #[must_use]
    pub fn with_unknown_age(&self, unknown_age: UnknownAge) -> Self {
        let mut scenario = self.clone();
        for bucket in 0..scenario.buckets.len() {
            scenario.assume_unknown_age(bucket, unknown_age);
        }
        scenario
    }

    /// Says since when a bucket has bucket keys, where configurations use them.
    pub(crate) fn set_keys_since(&mut self, bucket: usize, since: SimTime) {
        let is_it = |d: &&mut Domain| d.bucket as usize == bucket && d.encryption.is_none();
        self.domains.iter_mut().filter(is_it).for_each(|domain| domain.keys_since = since);
    }

    /// Puts another assumption about a bucket's objects of which neither the log nor an inventory tells
    /// the writing in the place of what was assumed.
    pub(crate) fn assume_unknown_age(&mut self, bucket: usize, unknown_age: UnknownAge) {
        let (since, age) = unknown_age.meaning();
        // A bucket whose keys are turned on within the log has none before.
        let is_late = |d: &Domain| d.bucket as usize == bucket && d.keys_since > SimTime::ZERO;
        if !self.domains.iter().any(is_late) {
            self.set_keys_since(bucket, since);
        }
        let log = self.recording.as_ref();
        for (index, population) in self.populations.iter_mut().enumerate() {
            let is_untold = log.is_none_or(|log| log.before[index].origin == Origin::Unknown);
            let own = self.domains[population.bucket as usize].bucket as usize;
            if own == bucket && is_untold {
                population.age = age.clone();
            }
        }
    }
}

impl Recording {
    /// The log's files as `run.toml` names them.
    #[must_use]
    pub fn inputs(&self) -> Vec<InputFile> {
        let file = |input: &crate::recording::LogInput| InputFile {
            name: input.name.clone(),
            bytes: input.bytes,
            hash: input.hash.clone(),
        };
        self.inputs.iter().map(file).collect()
    }
}

/// What a `run.toml` says of the log of a replay.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LogOf {
    /// Which log, and what of it, as it was typed; none if that is not known.
    pub arguments: Vec<String>,
    /// Its files.
    #[serde(rename = "input")]
    pub inputs: Vec<InputFile>,
}

impl LogOf {
    /// Whether two lists of files have the same content, whatever the files are called.
    #[must_use]
    pub fn are_same(one: &[InputFile], other: &[InputFile]) -> bool {
        let contents = |files: &[InputFile]| {
            let mut contents: Vec<_> =
                files.iter().map(|file| (file.hash.clone(), file.bytes)).collect();
            contents.sort();
            contents
        };
        contents(one) == contents(other)
    }

    /// What the text of a `run.toml` says; `None` if it is not of a replay.
    #[must_use]
    pub fn run(run_toml: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Run {
            replay: Option<IgnoredAny>,
            #[serde(default)]
            run: LogOf,
        }
        let run: Run = toml::from_str(run_toml).ok()?;
        run.replay.map(|_| run.run)
    }
}

/// Refuses a log that is longer than a run can be.
pub(crate) fn refuse_long(log: &Recording) -> Result<()> {
    if log.end <= MAX_DURATION {
        return Ok(());
    }
    let time = |since: SimDuration| utc(log.start_ns + since.as_nanos());
    let (first, last) = match &log.ends {
        Some([first, last]) => (first.clone(), last.clone()),
        None => (time(SimDuration::ZERO), time(log.end)),
    };
    let from = log.end.as_nanos() - MAX_DURATION.as_nanos();
    Err(Error::request(format!(
        "the log goes from {first} to {last}, but a run takes at most `{MAX_DURATION}`"
    ))
    .hint(format!(
        "`--from {}` leaves out what is earlier, `--to {}` what is later",
        time(SimDuration::from_nanos(from)),
        time(MAX_DURATION)
    )))
}

/// Settings and what the log tells, as a scenario.
fn of_log(given: ScenarioFile, log: &Recording, unknown_age: UnknownAge) -> ScenarioFile {
    let (since, age) = unknown_age.meaning();
    let known: BTreeMap<&str, &BucketFile> =
        given.buckets.iter().map(|bucket| (bucket.name.as_str(), bucket)).collect();
    let region = given.buckets.first().map_or(DEFAULT_REGION, |bucket| bucket.region.as_str());
    let bucket = |(name, told): (&String, &Option<String>)| {
        // A log's own names are never wrong: what AWS does not call a region tells of none.
        let told = told.as_deref().filter(|told| PriceTable::is_region(told));
        let given = known.get(name.as_str()).map(|bucket| (*bucket).clone());
        let given = given.unwrap_or_else(|| BucketFile {
            name: name.clone(),
            region: told.unwrap_or(region).to_owned(),
            key: KmsKey::default(),
            kms_key: None,
            bucket_keys_since: since,
            encryption_before: None,
            directory: is_directory(name),
        });
        let given = BucketFile { directory: given.directory || is_directory(name), ..given };
        // Settings that name a bucket need not name its region.
        match told {
            Some(told) if given.region == DEFAULT_REGION => {
                BucketFile { region: told.to_owned(), ..given }
            }
            _ => given,
        }
    };
    let populations = log.before.iter().map(|before| {
        let bucket = &log.buckets[before.bucket as usize];
        let what = match before.origin {
            Origin::Unknown => "written before the log",
            Origin::WithoutKey => "known to have no bucket key",
            Origin::WithoutKms => "known not to be under KMS",
            Origin::Written(_) => "in the inventory, with a bucket key",
        };
        PopulationFile {
            name: format!("{bucket}: {what}"),
            bucket: bucket.clone(),
            objects: Some(before.objects),
            written_at: None,
            age: age_of(&before.origin).unwrap_or_else(|| age.clone()),
            object_size: None,
            written_by: None,
            encryption: (before.origin == Origin::WithoutKms).then_some(Mode::SseS3),
            kms_key: None,
        }
    });
    ScenarioFile {
        duration: log.end,
        warm_up: log.counted_from,
        engine: EngineChoice::Events,
        buckets: log.buckets.iter().zip(&log.regions).map(bucket).collect(),
        populations: populations.collect(),
        principals: principals_as_given(log, &given.principals),
        workloads: Vec::new(),
        clients: Vec::new(),
        replay: Some(ReplayFile { start: utc(log.start_ns), unknown_age }),
        ..given
    }
}

/// Whether a bucket is a directory bucket, by how the names of such must end
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/directory-bucket-naming-rules.html>).
pub(crate) fn is_directory(name: &str) -> bool {
    name.ends_with("--x-s3")
}

/// The ages of objects whose writing an inventory tells, none older than all: what a migration goes by.
fn age_of(origin: &Origin) -> Option<AgeLaw> {
    let Origin::Written(times) = origin else { return None };
    let oldest_ms = *times.first()?;
    let to = SimDuration::from_nanos(i64::try_from(oldest_ms).ok()?.checked_mul(1_000_000)?);
    Some(AgeLaw::Uniform(UniformAges { from: SimDuration::ZERO, to }))
}

/// The log's principals under names that differ.
pub(crate) fn principals(log: &Recording) -> Vec<PrincipalFile> {
    let plain = |principal: &Principal| match &principal.identity {
        Identity::Role(name) | Identity::Service(name) => name.clone(),
        Identity::User(name) => format!("user/{name}"),
    };
    let mut once = BTreeSet::new();
    let mut twice = BTreeSet::new();
    for recorded in &log.principals {
        let name = plain(&recorded.principal);
        if !once.insert(name.clone()) {
            twice.insert(name);
        }
    }
    let mut taken = BTreeSet::new();
    let principal = |recorded: &crate::recording::RecordedPrincipal| {
        let Principal { account, identity } = &recorded.principal;
        let mut name = plain(&recorded.principal);
        if twice.contains(&name) {
            name = format!("{name}@{account}");
        }
        // A role may be called like another's name and account.
        while !taken.insert(name.clone()) {
            name.push('\'');
        }
        let (mut role, mut user, mut service) = (None, None, None);
        match identity {
            Identity::Role(name) => role = Some(name.clone()),
            Identity::User(name) => user = Some(name.clone()),
            Identity::Service(name) => service = Some(name.clone()),
        }
        PrincipalFile {
            name,
            account: account.clone(),
            role,
            user,
            service,
            sessions: recorded.sessions.len() as u32,
            session_policies: 1,
            session_length: None,
            renewal: Renewal::default(),
            connections: None,
            kms_billed: None,
        }
    };
    log.principals.iter().map(principal).collect()
}

/// The log's principals, with the connections that the settings give to those of a name.
fn principals_as_given(log: &Recording, given: &[PrincipalFile]) -> Vec<PrincipalFile> {
    let mut all = principals(log);
    for principal in &mut all {
        let named = given.iter().find(|of| of.name == principal.name);
        principal.connections = named.and_then(|of| of.connections);
    }
    all
}

/// Refuses changes to what the log tells.
fn refuse_other_log(made: &ScenarioFile, changed: &ScenarioFile) -> Result<()> {
    let names = |file: &ScenarioFile| -> Vec<String> {
        file.buckets.iter().map(|bucket| bucket.name.clone()).collect()
    };
    // No log tells of connections.
    let people = |file: &ScenarioFile| -> Vec<PrincipalFile> {
        let untold = |of: &PrincipalFile| PrincipalFile { connections: None, ..of.clone() };
        file.principals.iter().map(untold).collect()
    };
    let touched = [
        ("duration", made.duration == changed.duration),
        ("warm_up", made.warm_up == changed.warm_up),
        ("engine", made.engine == changed.engine),
        ("bucket", names(made) == names(changed)),
        ("principal", people(made) == people(changed)),
        ("population", made.populations == changed.populations),
        ("workload", changed.workloads.is_empty()),
        ("replay", made.replay == changed.replay),
    ];
    match touched.into_iter().find(|(_, same)| !same) {
        None => Ok(()),
        Some((key, _)) => Err(Error::request(format!(
            "`{key}` is what the log says, and cannot be changed by `--set`"
        ))
        .hint("choose of the log by `--bucket`, `--from`, `--to` and `--unknown-age`")),
    }
}
