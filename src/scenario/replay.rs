//! The scenario that a log is: its buckets, principals and sessions, and no workload.
//!
//! What is compared, prices, assumptions and the rest come from a file of settings or are as in any
//! scenario. Objects that are read and were not written within the log are populations, one a
//! bucket; which bucket-level keys wrap them is an assumption, [`UnknownAge`].

mod file;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Scenario;
use super::document::TomlDocument;
use super::overrides::Override;
use super::read::{Include, NO_FILES, parse_settings};
use super::resolve::MAX_DURATION;
use super::run_toml::check_run_file;
use super::written::{InputFile, PrincipalFile, ScenarioFile};
use crate::error::{Error, Result};
use crate::recording::earlier_objects::ObjectOrigin;
use crate::recording::{LogInput, Recording};
use crate::units::{SimDuration, SimTime, text_form, utc};
use crate::workload::ages::{AgeLaw, UniformAges};

use file::of_log;
pub(crate) use file::{is_directory, principals};

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
        let (since, to) = match self {
            // With no bucket key an age means nothing.
            Self::Keyless => (SimTime::ZERO, SimDuration::from_secs(30 * 86_400)),
            Self::Even(span) => (SimTime::MIN, span),
            Self::OneKey => return (SimTime::MIN, AgeLaw::Fixed(SimDuration::from_secs(1))),
        };
        (since, AgeLaw::Uniform(UniformAges { from: SimDuration::ZERO, to }))
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
        Self::of_recording_with(recording, settings, NO_FILES)
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
        if !says_replications(text) {
            given.replications = replications_worth(recording.seen.all);
        }
        let file = of_log(given, &recording, unknown_age);
        let as_made = file.clone();
        let mut scenario = Self::with_overrides(
            file,
            &TomlDocument::parse("", place)?,
            settings.overrides,
            include,
        )?;
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
        for domain in &mut self.domains {
            if domain.bucket as usize == bucket && domain.encryption.is_none() {
                domain.keys_since = since;
            }
        }
    }

    /// Puts another assumption about a bucket's objects of which neither the log nor an inventory tells
    /// the writing in the place of what was assumed.
    pub(crate) fn assume_unknown_age(&mut self, bucket: usize, unknown_age: UnknownAge) {
        let (since, age) = unknown_age.meaning();
        // A bucket whose keys are turned on within the log has none before.
        let mut own = self.domains.iter().filter(|domain| domain.bucket as usize == bucket);
        if own.all(|domain| domain.keys_since <= SimTime::ZERO) {
            self.set_keys_since(bucket, since);
        }
        let log = self.recording.as_ref();
        for (index, population) in self.populations.iter_mut().enumerate() {
            let is_untold = log.is_none_or(|log| log.before[index].origin == ObjectOrigin::Unknown);
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
        self.inputs
            .iter()
            .map(|LogInput { name, bytes, hash }| InputFile {
                name: name.clone(),
                bytes: *bytes,
                hash: hash.clone(),
            })
            .collect()
    }
}

/// What a `run.toml` says of the log of a replay.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReplayedLog {
    /// Which log, and what of it, as it was typed; none if that is not known.
    pub arguments: Vec<String>,
    /// Its files.
    #[serde(rename = "input")]
    pub inputs: Vec<InputFile>,
}

impl ReplayedLog {
    /// Whether two lists of files have the same content, whatever the files are called.
    #[must_use]
    pub fn are_same(one: &[InputFile], other: &[InputFile]) -> bool {
        let [one, other] = [one, other].map(|files| {
            let mut contents: Vec<_> = files.iter().map(|it| (&it.hash, it.bytes)).collect();
            contents.sort();
            contents
        });
        one == other
    }

    /// What the text of a `run.toml` says; `None` if it is not of a replay.
    #[must_use]
    pub fn run(run_toml: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Run {
            replay: Option<IgnoredAny>,
            #[serde(default)]
            run: ReplayedLog,
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
    let (first, last) = match &log.ends {
        Some([first, last]) => (first.clone(), last.clone()),
        None => (utc(log.start_ns), utc(log.start_ns + log.end.as_nanos())),
    };
    let most_ns = MAX_DURATION.as_nanos();
    Err(Error::request(format!(
        "the log goes from {first} to {last}, but a run takes at most `{MAX_DURATION}`"
    ))
    .hint(format!(
        "`--from {}` leaves out what is earlier, `--to {}` what is later",
        utc(log.start_ns + log.end.as_nanos() - most_ns),
        utc(log.start_ns + most_ns)
    )))
}

/// Requests of all replications of a replay together that are worth their time: what is left to chance
/// in a log is which part of S3's fleet serves a request, so the more there are the less it moves.
const REQUESTS_WORTH: u64 = 2_000_000;

/// How many replications are run of a log of so many requests, if nobody says: at least three, so that
/// a half-width means something, and at most ten.
fn replications_worth(requests: u64) -> u32 {
    REQUESTS_WORTH.div_ceil(requests.max(1)).clamp(3, 10) as u32
}

/// Whether settings, which have been read, say how many replications to run.
fn says_replications(settings: &str) -> bool {
    settings.parse::<toml::Table>().is_ok_and(|table| table.contains_key("replications"))
}

/// Refuses changes to what the log tells.
fn refuse_other_log(made: &ScenarioFile, changed: &ScenarioFile) -> Result<()> {
    let touched = [
        ("duration", made.duration == changed.duration),
        ("warm_up", made.warm_up == changed.warm_up),
        ("engine", made.engine == changed.engine),
        ("bucket", bucket_names(made).eq(bucket_names(changed))),
        ("principal", principals_told(made).eq(principals_told(changed))),
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

fn bucket_names(file: &ScenarioFile) -> impl Iterator<Item = &str> {
    file.buckets.iter().map(|bucket| bucket.name.as_str())
}

/// What a log tells of principals: all but their connections and retries.
fn principals_told(file: &ScenarioFile) -> impl Iterator<Item = PrincipalFile> {
    file.principals.iter().map(|of| PrincipalFile {
        connections: None,
        retries: None,
        ..of.clone()
    })
}
