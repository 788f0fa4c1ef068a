//! A scenario like a log: who asks for what, how often, and how old it is.
//!
//! Each group of sessions, bucket and operation of a log becomes one workload, with the log's number
//! of requests and the arrival process that its times are like. What is read is distinguished by who
//! wrote it; objects whose writing is not in the log are populations, as in a replay.

mod active_periods;
mod arrival_process;
mod bucket_details;
mod fit_check;
mod request_groups;
mod traffic;

use std::collections::BTreeMap;
use std::fmt::Write as _;

pub use bucket_details::BucketDetails;
pub use fit_check::{FitComparison, compare, replications};

use crate::error::Result;
use crate::harmless_text::shown;
use crate::inventory::StorageClass;
use crate::pricing::PriceTable;
use crate::recording::{NO_ACCOUNT, Recording};
use crate::s3::Connections;
use crate::scenario::Scenario;
use crate::scenario::read::parse_settings;
use crate::scenario::replay::{UnknownAge, is_directory, principals, refuse_long};
use crate::scenario::resolve::is_account;
use crate::scenario::run_toml::toml_of;
use crate::scenario::written::{BucketFile, KmsKey, PopulationFile, PrincipalFile, ScenarioFile};
use crate::units::{SimDuration, SimTime, utc};
use arrival_process::LogTimes;
use request_groups::{Flows, SessionGroup};
use traffic::{FittedNames, FittedPart};

/// What a fit is given besides the log.
#[derive(Clone, Debug)]
pub struct FitOptions {
    /// The scenario's name.
    pub name: String,
    /// Which keys wrap objects whose writing is not in the log.
    pub unknown_age: UnknownAge,
    /// The region of all buckets, if it is not as the log says.
    pub region: Option<String>,
}

/// A fitted scenario.
#[derive(Clone, Debug)]
pub struct FittedScenario {
    /// The scenario.
    pub file: ScenarioFile,
    /// What its text begins with, line by line: where it comes from and what is assumed.
    pub notes: Vec<String>,
    /// Why each workload is as it is, in their order.
    pub reasons: Vec<String>,
}

impl FittedScenario {
    /// The scenario as TOML, its notes as comments at the head.
    ///
    /// # Panics
    /// Never: every fitted scenario can be written.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut text: String = self.notes.iter().map(|note| comment(note)).collect();
        text.push('\n');
        let mut reasons = self.reasons.iter();
        for line in toml_of(&self.file).lines() {
            if line == "[[workload]]"
                && let Some(reason) = reasons.next()
            {
                text.push_str(&comment(reason));
            }
            let _ = writeln!(text, "{line}");
        }
        text
    }

    /// The scenario, resolved.
    pub(crate) fn scenario(&self) -> Result<Scenario> {
        Scenario::of_file(self.file.clone(), "the fitted scenario")
    }
}

fn comment(note: &str) -> String {
    format!("# {}\n", shown(note))
}

/// A bucket that stands for all that copies come from and no log tells of: it has no bucket keys.
const ELSEWHERE: &str = "elsewhere";

/// Fits a scenario to a log.
///
/// # Errors
/// If the log is longer than a run can be.
pub fn fit(
    log: &Recording,
    details: &BucketDetails,
    options: &FitOptions,
) -> Result<FittedScenario> {
    let times =
        LogTimes { duration: duration(log), all_counted: log.counted_from == SimDuration::ZERO };
    refuse_long(log)?;
    let region = AssumedRegion::of(log, details, options);
    let flows = Flows::of(log);
    let principals = fitted_principals(log, &flows.groups, times.duration);
    let mut buckets = fitted_buckets(log, options, &region.name);
    let mut populations = fitted_populations(log, options);
    let names = FittedNames {
        principals: principals.iter().map(|p| p.name.clone()).collect(),
        parts: fitted_parts(log),
        populations: populations.iter().map(|p| p.name.clone()).collect(),
        elsewhere: format!("{ELSEWHERE}: written before the log"),
    };
    let made = traffic::workloads(&flows, &names, details, times);
    if made.reads_elsewhere {
        let mut taken = ELSEWHERE.to_owned();
        while buckets.iter().any(|bucket| bucket.name == taken) {
            taken.push('\'');
        }
        populations.push(population(
            names.elsewhere.clone(),
            taken.clone(),
            1,
            options.unknown_age,
        ));
        let key = KmsKey::AwsManaged;
        buckets.push(BucketFile { key, ..bucket(taken, &region.name, SimTime::ZERO) });
    }
    let mut notes = head(log, options);
    notes.push(region.why);
    notes.extend(made.left_out);
    let file = ScenarioFile {
        name: options.name.clone(),
        duration: times.duration,
        warm_up: log.counted_from,
        from_log: !principals.iter().all(|principal| is_account(&principal.account)),
        buckets,
        clients: made.clients,
        principals,
        populations: populations.into_iter().filter(|p| made.used.contains(&p.name)).collect(),
        workloads: made.workloads,
        ..parse_settings("", "the log")?
    };
    Ok(FittedScenario { file, notes, reasons: made.notes })
}

/// The log's length in whole seconds.
fn duration(log: &Recording) -> SimDuration {
    SimDuration::from_secs((log.end.as_secs_f64().ceil() as i64).max(1))
}

fn bucket(name: String, region: &str, bucket_keys_since: SimTime) -> BucketFile {
    let (region, key) = (region.to_owned(), KmsKey::default());
    BucketFile {
        name,
        region,
        key,
        kms_key: None,
        bucket_keys_since,
        encryption_before: None,
        directory: false,
    }
}

fn fitted_buckets(log: &Recording, options: &FitOptions, region: &str) -> Vec<BucketFile> {
    let (since, _) = options.unknown_age.meaning();
    let named = log.buckets.iter().zip(&log.regions).zip(&log.kms_keys.first);
    let buckets = named.map(|((bucket_name, logged), first)| {
        let logged = logged.as_deref().filter(|region| PriceTable::for_region(region).is_ok());
        let own = if options.region.is_none() { logged } else { None };
        let directory = is_directory(bucket_name);
        let kms_key = first.clone().filter(|_| !directory);
        BucketFile {
            kms_key,
            directory,
            ..bucket(bucket_name.clone(), own.unwrap_or(region), since)
        }
    });
    buckets.collect()
}

/// Every bucket, then its objects under each key but its first, as the recording numbers them.
fn fitted_parts(log: &Recording) -> Vec<FittedPart<'_>> {
    let parts = log.kms_keys.bucket_of_parts().zip(0..).map(|(bucket, part)| {
        let bucket = log.buckets[bucket as usize].as_str();
        let label = log.name_of_part(bucket, part);
        let kms_key = log.other_kms_key(part).filter(|_| !is_directory(bucket));
        FittedPart { bucket, kms_key, label }
    });
    parts.collect()
}

/// The region of buckets of which the log does not tell another.
struct AssumedRegion {
    name: String,
    why: String,
}

/// The region that is assumed where the log has none.
const ASSUMED: &str = "us-east-1";

impl AssumedRegion {
    fn assumed(why: String) -> Self {
        Self { name: ASSUMED.to_owned(), why }
    }

    fn of(log: &Recording, details: &BucketDetails, options: &FitOptions) -> Self {
        if let Some(region) = &options.region {
            return Self { name: region.clone(), why: format!("Region: {region}, as asked for.") };
        }
        let mut logged = details.regions(&log.buckets);
        if logged.is_empty() {
            logged = log.regions.iter().flatten().cloned().collect();
            logged.sort();
            logged.dedup();
        }
        match &logged[..] {
            [] => Self::assumed(format!(
                "Region: {ASSUMED} is assumed, as the log does not say; prices and quota follow it."
            )),
            [first, ..] if PriceTable::for_region(first).is_err() => Self::assumed(format!(
                "Region: {first} in the log; prices and quota are those of {ASSUMED}, as bks does \
                 not know its own."
            )),
            [only] => Self { name: only.clone(), why: format!("Region: {only}, as in the log.") },
            [first, others @ ..] => Self {
                name: first.clone(),
                why: format!(
                    "Regions: each bucket's own, as in the log: {first}, {}; prices and quotas follow \
                     them.",
                    others.join(", ")
                ),
            },
        }
    }
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
        encryption: None,
        kms_key: None,
        storage_class: StorageClass::Standard,
        object_lock: false,
        old_versions: false,
    }
}

/// In the order of the replay's populations.
fn fitted_populations(log: &Recording, options: &FitOptions) -> Vec<PopulationFile> {
    log.before
        .iter()
        .map(|before| {
            let bucket = &log.buckets[before.bucket as usize];
            let name = log.name_of_earlier(bucket, before);
            let kms_key = log.other_kms_key(before.part).map(str::to_owned);
            let population = population(name, bucket.clone(), before.objects, options.unknown_age);
            PopulationFile { kms_key, ..population }
        })
        .collect()
}

/// One principal of the scenario for each group; groups of one role are distinguished by number.
fn fitted_principals(
    log: &Recording,
    groups: &[SessionGroup],
    duration: SimDuration,
) -> Vec<PrincipalFile> {
    let all = principals(log);
    let mut seen = BTreeMap::<usize, u32>::new();
    let fitted = groups.iter().map(|group| {
        let principal = &all[group.principal];
        let number = seen.entry(group.principal).or_default();
        *number += 1;
        let alone = groups.iter().filter(|other| other.principal == group.principal).count() == 1;
        let name = &principal.name;
        let name = if alone { name.clone() } else { format!("{name} #{number}") };
        let (sessions, session_length) = sessions(group, duration);
        PrincipalFile {
            name,
            account: known_account(&all, &principal.account).to_owned(),
            sessions,
            session_length,
            connections: Some(Connections::ASSUMED),
            ..principal.clone()
        }
    });
    fitted.collect()
}

/// The account of a principal, or that of all others where the log does not tell it and they have one.
fn known_account<'a>(all: &'a [PrincipalFile], account: &'a str) -> &'a str {
    if account != NO_ACCOUNT {
        return account;
    }
    let accounts = all.iter().map(|principal| principal.account.as_str());
    let mut known = accounts.filter(|known| *known != NO_ACCOUNT);
    match known.next() {
        Some(first) if known.all(|other| other == first) => first,
        _ => account,
    }
}

/// Sessions at a time, while there are any, and how long each lives, if they come one after the other: when added
/// up they live for less than half of what as many side by side would. In each place one is under way when the
/// log begins, and one more comes with each length that passes.
fn sessions(group: &SessionGroup, duration: SimDuration) -> (u32, Option<SimDuration>) {
    const LONG_S: f64 = 3_600.0;
    let (seconds, all) = (duration.as_secs_f64(), f64::from(group.sessions()));
    let active = group.active_s().max(1) as f64;
    let at_a_time = (group.lives_s().sum::<u64>() as f64 / active).round().max(1.0);
    if group.sessions() < 4 || seconds < LONG_S || at_a_time > all / 2.0 {
        return (group.sessions(), None);
    }
    let mean = (at_a_time * seconds / (all - at_a_time)).round().max(1.0);
    // Those of one length ask until shortly before their end.
    let longest = group.lives_s().max().unwrap_or_default().next_multiple_of(60);
    let of_one_length = (0.9..1.05).contains(&(longest as f64 / mean));
    let length = if of_one_length { longest as i64 } else { mean as i64 };
    (at_a_time as u32, Some(SimDuration::from_secs(length)))
}

fn head(log: &Recording, options: &FitOptions) -> Vec<String> {
    let mut notes = vec!["Made by `bks fit` from a log:".to_owned()];
    notes.extend(log.inputs.iter().map(|input| format!("  {}", input.name)));
    let from = utc(log.start_ns);
    let seen = log.seen.requests - log.seen.unserved - log.seen.not_kms;
    notes.push(format!(
        "{seen} requests are counted, of a log of {} from {from} on.",
        duration(log)
    ));
    if log.seen.unserved > 0 {
        notes.push(format!(
            "{} more failed or found nothing modified; a scenario has no such requests.",
            log.seen.unserved
        ));
    }
    let of_calls = log.of_buckets.iter().filter(|of| of.has_calls_as_requests()).count();
    if of_calls > 0 {
        notes.push(format!(
            "Buckets of which the log has no S3 data events: {of_calls}. Their requests are KMS's calls, each \
             GenerateDataKey a PutObject and each Decrypt a GetObject."
        ));
        notes.push(
            "Not known of these: HEAD, LIST and DELETE requests (no KMS call, but a price), sizes, uploads \
             in parts and copies (here as writes and reads)."
                .into(),
        );
    }
    if log.seen.not_kms > 0 {
        notes.push(format!(
            "{} more are of objects under SSE-S3 or SSE-C, which never ask KMS; they are left out.",
            log.seen.not_kms
        ));
    }
    if log.counted_from > SimDuration::ZERO {
        notes.push(format!(
            "What lies before {} only fills caches: `warm_up`.",
            utc(log.start_ns + log.counted_from.as_nanos())
        ));
    }
    notes.push(
        "Connections of a session: no log records them; 10 are assumed (`connections` of each principal)."
            .into(),
    );
    notes.push("The run starts with the log: hours and days of a profile count from there.".into());
    notes.push(format!(
        "Objects whose writing is not in the log: {} of {} reads; assumed of their keys: {}.",
        log.seen.of_unknown, log.seen.unwraps, options.unknown_age
    ));
    notes
}
