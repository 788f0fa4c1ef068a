//! A scenario like a log: who asks for what, how often, and how old it is.
//!
//! Each group of sessions, bucket and operation of a log becomes one workload, with the log's number
//! of requests and the arrival process that its times are like. What is read is told apart by who
//! wrote it; objects whose writing is not in the log are populations, as in a replay.

mod flows;
pub mod hide;
mod process;
mod traffic;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::error::Result;
use crate::outcome::Outcome;
use crate::recording::Recording;
use crate::scenario::Scenario;
use crate::scenario::file::{BucketFile, KmsKey, PopulationFile, PrincipalFile, ScenarioFile};
use crate::scenario::read::{parse_settings, toml_of};
use crate::scenario::replay::{UnknownAge, principals};
use crate::trace::record::{LogOperation, Record};
use crate::units::{SimDuration, SimTime, utc};
use flows::{Flows, Group};
use hide::Hider;

/// Sizes of objects as a log tells them, by bucket.
#[derive(Clone, Debug, Default)]
pub struct Sizes(BTreeMap<(Vec<u8>, bool), (u64, u64)>);

impl Sizes {
    /// Takes the size of what was read or written, if the record has it.
    pub fn take(&mut self, record: &Record) {
        use crate::s3::Operation::{CopyObject, GetObject, PutObject, UploadPart};
        let (LogOperation::Known(operation), Some(size)) = (record.operation, record.object_size)
        else {
            return;
        };
        let part = match operation {
            PutObject | GetObject | CopyObject => false,
            UploadPart => true,
            _ => return,
        };
        if record.succeeded() {
            let (sum, count) = self.0.entry((record.bucket.to_vec(), part)).or_default();
            *sum = sum.saturating_add(size);
            *count += 1;
        }
    }

    /// Mean size of a bucket's objects, or of the parts of its uploads, in bytes.
    fn mean(&self, bucket: &str, part: bool) -> Option<u64> {
        let (sum, count) = self.0.get(&(bucket.as_bytes().to_vec(), part))?;
        Some((sum / count).max(1))
    }
}

/// What a fit is told besides the log.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// The scenario's name.
    pub name: String,
    /// Which keys wrap objects whose writing is not in the log.
    pub unknown_age: UnknownAge,
    /// Hides names, or does not.
    pub hider: Hider,
}

/// A fitted scenario.
#[derive(Clone, Debug)]
pub struct Fit {
    /// The scenario.
    pub file: ScenarioFile,
    /// What its text begins with, line by line: where it comes from and what is assumed.
    pub notes: Vec<String>,
}

impl Fit {
    /// The scenario as TOML, its notes as comments at the head.
    ///
    /// # Panics
    /// Never: every fitted scenario can be written.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        for note in &self.notes {
            // A name in a log may hold whatever it likes.
            let note: String = note.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
            let _ = writeln!(text, "# {note}");
        }
        text + "\n" + &toml_of(&self.file)
    }

    /// The scenario, resolved.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn scenario(&self) -> Result<Scenario> {
        Scenario::of_file(self.file.clone(), "the fitted scenario")
    }
}

/// A bucket that stands for all that copies come from and no log tells of: it has no bucket keys.
const ELSEWHERE: &str = "elsewhere";

/// Fits a scenario to a log.
///
/// # Errors
/// If the log's settings cannot be made, which does not happen.
pub fn fit(log: &Recording, sizes: &Sizes, wishes: &Wishes) -> Result<Fit> {
    let duration = duration(log);
    let flows = Flows::of(log);
    let principals = fitted_principals(log, &flows.groups, duration, &wishes.hider);
    let mut buckets = fitted_buckets(log, wishes);
    let mut populations = fitted_populations(log, wishes);
    let names = traffic::Names {
        principals: principals.iter().map(|p| p.name.clone()).collect(),
        buckets: buckets.iter().map(|b| b.name.clone()).collect(),
        logged_buckets: &log.buckets,
        populations: populations.iter().map(|p| p.name.clone()).collect(),
        elsewhere: format!("{ELSEWHERE}: written before the log"),
    };
    let made = traffic::workloads(&flows, &names, sizes, duration);
    if made.reads_elsewhere {
        let mut taken = ELSEWHERE.to_owned();
        while buckets.iter().any(|bucket| bucket.name == taken) {
            taken.push('\'');
        }
        populations.push(population(names.elsewhere.clone(), taken.clone(), 1, wishes.unknown_age));
        let key = KmsKey::AwsManaged;
        buckets.push(BucketFile { key, ..bucket(taken, SimTime::ZERO) });
    }
    let mut notes = head(log, wishes);
    notes.extend(made.notes);
    let file = ScenarioFile {
        name: wishes.name.clone(),
        duration,
        warm_up: SimDuration::ZERO,
        buckets,
        clients: made.clients,
        principals,
        populations: populations.into_iter().filter(|p| made.used.contains(&p.name)).collect(),
        workloads: made.workloads,
        ..parse_settings("", "the log")?
    };
    Ok(Fit { file, notes })
}

/// The log's length in whole seconds.
fn duration(log: &Recording) -> SimDuration {
    let counted_s = log.end.as_secs_f64() - log.counted_from.as_secs_f64();
    SimDuration::from_secs((counted_s.ceil() as i64).max(1))
}

fn bucket(name: String, bucket_keys_since: SimTime) -> BucketFile {
    let (region, key) = ("us-east-1".to_owned(), KmsKey::default());
    BucketFile { name, region, key, bucket_keys_since, directory: false }
}

fn fitted_buckets(log: &Recording, wishes: &Wishes) -> Vec<BucketFile> {
    let (since, _) = wishes.unknown_age.meaning();
    log.buckets.iter().map(|name| bucket(wishes.hider.name("bucket", name), since)).collect()
}

fn population(name: String, bucket: String, objects: u64, age: UnknownAge) -> PopulationFile {
    let (_, age) = age.meaning();
    PopulationFile {
        name,
        bucket,
        objects: Some(objects),
        written_at: None,
        age,
        object_size: None,
        written_by: None,
    }
}

/// In the order of the replay's populations.
fn fitted_populations(log: &Recording, wishes: &Wishes) -> Vec<PopulationFile> {
    log.before
        .iter()
        .map(|before| {
            let bucket = wishes.hider.name("bucket", &log.buckets[before.bucket as usize]);
            let name = format!("{bucket}: written before the log");
            population(name, bucket, before.objects, wishes.unknown_age)
        })
        .collect()
}

/// One principal of the scenario for each group; groups of one role are told apart by number.
fn fitted_principals(
    log: &Recording,
    groups: &[Group],
    duration: SimDuration,
    hider: &Hider,
) -> Vec<PrincipalFile> {
    let all = principals(log);
    let mut seen = BTreeMap::<usize, u32>::new();
    let one = |group: &Group| {
        let PrincipalFile { name, account, role, user, service, .. } = all[group.principal].clone();
        let number = seen.entry(group.principal).or_default();
        *number += 1;
        let alone = groups.iter().filter(|other| other.principal == group.principal).count() == 1;
        let hidden = hider.name("principal", &name);
        let name = if alone { hidden } else { format!("{hidden} #{number}") };
        let (sessions, session_length) = sessions(group, duration);
        PrincipalFile {
            name,
            account: hider.account(&account),
            role: role.map(|name| hider.name("role", &name)),
            user: user.map(|name| hider.name("user", &name)),
            service: service.map(|name| hider.name("service", &name)),
            sessions,
            session_length,
            ..all[group.principal].clone()
        }
    };
    groups.iter().map(one).collect()
}

/// Sessions at a time and how long each lives, if they come one after the other: when added up they
/// live for less than half of what as many side by side would.
fn sessions(group: &Group, duration: SimDuration) -> (u32, Option<SimDuration>) {
    const LONG_S: f64 = 3_600.0;
    let (seconds, all) = (duration.as_secs_f64(), f64::from(group.sessions));
    let at_a_time = (group.alive_s as f64 / seconds).round().max(1.0);
    if group.sessions < 4 || seconds < LONG_S || at_a_time > all / 2.0 {
        return (group.sessions, None);
    }
    let length = (at_a_time * seconds / all).round().max(1.0);
    (at_a_time as u32, Some(SimDuration::from_secs(length as i64)))
}

fn head(log: &Recording, wishes: &Wishes) -> Vec<String> {
    let mut notes = vec!["Made by `bks fit` from a log:".to_owned()];
    if !wishes.hider.hides() {
        notes.extend(log.inputs.iter().map(|input| format!("  {}", input.name)));
    }
    let from = utc(log.start_ns);
    let seen = log.seen.requests;
    notes.push(format!("{seen} requests in {} counted, of a log from {from}.", duration(log)));
    notes.push(
        "The run's midnight is the log's first moment: a daily profile counts from there.".into(),
    );
    notes.push(format!(
        "Objects whose writing is not in the log: {} of {} reads; assumed of their keys: {}.",
        log.seen.of_unknown, log.seen.unwraps, wishes.unknown_age
    ));
    notes
}

/// KMS calls of a fitted scenario beside those of the log's replay.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Name of the configuration.
    pub configuration: String,
    /// Calls of the replay.
    pub replayed: f64,
    /// Calls of the fitted scenario.
    pub fitted: f64,
}

impl Comparison {
    /// By how much the fit is off, as a share of the replay's calls; none if there are none.
    #[must_use]
    pub fn error(&self) -> Option<f64> {
        (self.replayed > 0.0).then(|| (self.fitted - self.replayed) / self.replayed)
    }
}

/// Runs both, each configuration at its assumed level.
#[must_use]
pub fn compare(replay: &Scenario, fitted: &Scenario) -> Vec<Comparison> {
    let [replayed, fitted] = [replay, fitted].map(|scenario| Outcome::of(scenario, &|_| ()));
    let pairs = replayed.configurations.iter().zip(&fitted.configurations);
    pairs
        .map(|(replayed, fitted)| Comparison {
            configuration: replayed.name.clone(),
            replayed: replayed.assumed().kms_requests(),
            fitted: fitted.assumed().kms_requests(),
        })
        .collect()
}
