//! A log's buckets, principals and earlier objects, as a scenario has them written.

use std::collections::{BTreeMap, BTreeSet};

use super::UnknownAge;
use crate::encryption::Mode;
use crate::inventory::StorageClass;
use crate::recording::Recording;
use crate::recording::earlier_objects::{EarlierObjects, ObjectOrigin};
use crate::s3::{DIRECTORY_SUFFIX, IdentityKind, Principal, is_region_code};
use crate::scenario::engine::EngineChoice;
use crate::scenario::written::{
    BucketFile, DEFAULT_REGION, KmsKey, OtherKmsKeyFile, PopulationFile, PrincipalFile, Renewal,
    ReplayFile, ScenarioFile,
};
use crate::units::{SimDuration, SimTime, utc};
use crate::workload::ages::{AgeLaw, UniformAges};

/// Settings and what the log tells, as a scenario.
pub(super) fn of_log(
    given: ScenarioFile,
    log: &Recording,
    unknown_age: UnknownAge,
) -> ScenarioFile {
    let (since, age) = unknown_age.meaning();
    ScenarioFile {
        duration: log.end,
        warm_up: log.counted_from,
        engine: EngineChoice::Events,
        buckets: buckets(log, &given.buckets, since),
        populations: log.before.iter().map(|before| population(log, before, &age)).collect(),
        principals: principals_as_given(log, &given.principals),
        workloads: Vec::new(),
        tenants: Vec::new(),
        clients: Vec::new(),
        replay: Some(ReplayFile {
            start: utc(log.start_ns),
            unknown_age,
            other_kms_keys: other_kms_keys(log),
        }),
        ..given
    }
}

/// The log's buckets, with what the settings say of those of a name.
fn buckets(log: &Recording, given: &[BucketFile], since: SimTime) -> Vec<BucketFile> {
    let known: BTreeMap<&str, &BucketFile> =
        given.iter().map(|bucket| (bucket.name.as_str(), bucket)).collect();
    let region = given.first().map_or(DEFAULT_REGION, |bucket| bucket.region.as_str());
    let keys = &log.kms_keys.first;
    let named = log.buckets.iter().zip(&log.regions).zip(keys).map(|((name, told), kms_key)| {
        // What has not the form of a region's code tells of none.
        let told = told.as_deref().filter(|told| is_region_code(told.as_bytes()));
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
        let has_given_key = given.kms_key.is_some() || given.key != KmsKey::default();
        let given = BucketFile {
            directory: given.directory || is_directory(name),
            kms_key: if has_given_key { given.kms_key } else { kms_key.clone() },
            ..given
        };
        // Settings that name a bucket need not name its region.
        match told {
            Some(told) if given.region == DEFAULT_REGION => {
                BucketFile { region: told.to_owned(), ..given }
            }
            _ => given,
        }
    });
    named.collect()
}

/// Objects of which the log does not tell the writing.
fn population(log: &Recording, before: &EarlierObjects, age: &AgeLaw) -> PopulationFile {
    let bucket = &log.buckets[before.bucket as usize];
    let is_without_kms = before.origin == ObjectOrigin::WithoutKms;
    PopulationFile {
        name: log.name_of_earlier(bucket, before),
        bucket: bucket.clone(),
        objects: Some(before.objects),
        written_at: None,
        age: age_of(&before.origin).unwrap_or_else(|| age.clone()),
        object_size: None,
        written_by: None,
        encryption: is_without_kms.then_some(Mode::SseS3),
        kms_key: log.other_kms_key(before.part).filter(|_| !is_without_kms).map(str::to_owned),
        storage_class: StorageClass::Standard,
        object_lock: false,
        old_versions: false,
    }
}

/// The KMS keys of buckets under several, beside the first of each.
fn other_kms_keys(log: &Recording) -> Vec<OtherKmsKeyFile> {
    let keys = log.kms_keys.others.iter().map(|key| OtherKmsKeyFile {
        bucket: log.buckets[key.bucket as usize].clone(),
        kms_key: key.kms_key.clone(),
    });
    keys.collect()
}

/// Whether a bucket is a directory bucket, by how the names of such must end
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/directory-bucket-naming-rules.html>).
pub(crate) fn is_directory(name: &str) -> bool {
    name.ends_with(DIRECTORY_SUFFIX)
}

/// The ages of objects whose writing an inventory tells, none older than all: what a migration goes by.
fn age_of(origin: &ObjectOrigin) -> Option<AgeLaw> {
    let ObjectOrigin::Written(times) = origin else { return None };
    let oldest_ms = *times.first()?;
    let to = SimDuration::from_nanos(i64::try_from(oldest_ms).ok()?.checked_mul(1_000_000)?);
    Some(AgeLaw::Uniform(UniformAges { from: SimDuration::ZERO, to }))
}

/// The log's principals under names that differ.
pub(crate) fn principals(log: &Recording) -> Vec<PrincipalFile> {
    let mut times: BTreeMap<String, u32> = BTreeMap::new();
    for recorded in &log.principals {
        *times.entry(plain_name(&recorded.principal)).or_default() += 1;
    }
    let mut taken = BTreeSet::new();
    let mut all = Vec::new();
    for recorded in &log.principals {
        let Principal { account, identity } = &recorded.principal;
        let mut name = plain_name(&recorded.principal);
        if times[&name] > 1 {
            name = format!("{name}@{account}");
        }
        // A role may be called like another's name and account.
        while !taken.insert(name.clone()) {
            name.push('\'');
        }
        let (mut role, mut user, mut service) = (None, None, None);
        match identity {
            IdentityKind::Role(name) => role = Some(name.clone()),
            IdentityKind::User(name) => user = Some(name.clone()),
            IdentityKind::Service(name) => service = Some(name.clone()),
        }
        all.push(PrincipalFile {
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
            retries: None,
            kms_billed: None,
        });
    }
    all
}

fn plain_name(principal: &Principal) -> String {
    match &principal.identity {
        IdentityKind::Role(name) | IdentityKind::Service(name) => name.clone(),
        IdentityKind::User(name) => format!("user/{name}"),
    }
}

/// The log's principals, with the connections and retries that the settings give to those of a name.
fn principals_as_given(log: &Recording, given: &[PrincipalFile]) -> Vec<PrincipalFile> {
    let mut all = principals(log);
    for principal in &mut all {
        let named = given.iter().find(|of| of.name == principal.name);
        principal.connections = named.and_then(|of| of.connections);
        principal.retries = named.and_then(|of| of.retries);
    }
    all
}
