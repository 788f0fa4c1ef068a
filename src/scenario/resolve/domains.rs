//! Buckets are cut into the parts that are encrypted in one way each.

use std::collections::BTreeMap;

use super::traffic::writing_actions;
use super::{AtPath, Resolved, find, refuse, refuse_with};
use crate::encryption::Mode;
use crate::scenario::Domain;
use crate::scenario::written::{BucketFile, KmsKey, ScenarioFile};
use crate::units::SimTime;

/// The AWS managed key's name: it costs no rent.
pub(super) const AWS_MANAGED: &str = "aws/s3";

/// The name of a KMS key; the AWS managed key may be given as the ARN of its alias.
pub(super) fn key_name(text: &str) -> &str {
    if text.ends_with(":alias/aws/s3") || text == "alias/aws/s3" { AWS_MANAGED } else { text }
}

/// A KMS key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// The AWS managed key of the bucket's account and region.
    AwsManaged,
    /// A bucket's own, which has no name.
    Own(u32),
    /// By region and name: a key is of one region.
    Named(String, String),
}

/// What tells one part of a bucket from another.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    bucket: u32,
    key: Key,
    encryption: Option<Mode>,
    before: bool,
}

/// What somebody says of the objects they wrote.
struct Said<'a> {
    /// The table that says it, e.g., `population.0`.
    path: String,
    bucket: &'a str,
    encryption: Option<Mode>,
    kms_key: Option<&'a str>,
    from_before: bool,
}

/// All parts of all buckets, and which of them everybody's objects are in.
pub(super) struct Domains {
    parts: Vec<Part>,
    /// Of each population.
    pub(super) of_population: Vec<u32>,
    /// Of what each workload writes.
    pub(super) of_workload: Vec<u32>,
}

impl Domains {
    /// Cuts the file's buckets.
    ///
    /// # Errors
    /// If a bucket is not there, or what is said of encryption contradicts itself.
    pub(super) fn of(file: &ScenarioFile) -> Resolved<Self> {
        let mut parts = Vec::new();
        for (index, bucket) in file.buckets.iter().enumerate() {
            check_bucket(index, bucket)?;
            let key = key(index as u32, bucket, None);
            parts.push(Part { bucket: index as u32, key, encryption: None, before: false });
        }
        let mut domains = Self { parts, of_population: Vec::new(), of_workload: Vec::new() };
        domains.parts_of_log(file)?;
        for (index, population) in file.populations.iter().enumerate() {
            let said = Said {
                path: format!("population.{index}"),
                bucket: &population.bucket,
                encryption: population.encryption,
                kms_key: population.kms_key.as_deref(),
                from_before: true,
            };
            let place = domains.place(file, &said)?;
            domains.of_population.push(place);
        }
        for (index, workload) in file.workloads.iter().enumerate() {
            let said = Said {
                path: format!("workload.{index}"),
                bucket: &workload.bucket,
                encryption: workload.encryption,
                kms_key: workload.kms_key.as_deref(),
                from_before: false,
            };
            let place = domains.place(file, &said)?;
            domains.of_workload.push(place);
        }
        Ok(domains)
    }

    /// Adds what a log has under other KMS keys than the first of each bucket, in the order in which its
    /// requests are numbered.
    fn parts_of_log(&mut self, file: &ScenarioFile) -> Resolved<()> {
        let others = file.replay.iter().flat_map(|replay| &replay.other_kms_keys);
        for (index, other) in others.enumerate() {
            let path = || format!("replay.other_kms_key.{index}.bucket");
            let names = file.buckets.iter().map(|bucket| bucket.name.as_str());
            let number = find(&other.bucket, "bucket", names).at_path(path)?;
            let key = key(number as u32, &file.buckets[number], Some(&other.kms_key));
            self.parts.push(Part { bucket: number as u32, key, encryption: None, before: false });
        }
        Ok(())
    }

    /// The part in which what is said holds, made if there is none yet.
    fn place(&mut self, file: &ScenarioFile, said: &Said) -> Resolved<u32> {
        let names = file.buckets.iter().map(|bucket| bucket.name.as_str());
        let number =
            find(said.bucket, "bucket", names).at_path(|| format!("{}.bucket", said.path))?;
        let bucket = &file.buckets[number];
        let before = bucket.encryption_before.filter(|_| said.from_before);
        let encryption = said.encryption.or(before);
        check_key(bucket, said, encryption)?;
        let part = Part {
            bucket: number as u32,
            key: key(number as u32, bucket, said.kms_key),
            encryption,
            // Where nothing is migrated old objects and new ones are treated alike.
            before: said.from_before
                && encryption.is_some()
                && file.configurations.iter().any(|configuration| configuration.migrated),
        };
        let known = self.parts.iter().position(|known| *known == part);
        Ok(known.unwrap_or_else(|| {
            self.parts.push(part);
            self.parts.len() - 1
        }) as u32)
    }

    /// The parts as the engine takes them.
    pub(super) fn list(&self, file: &ScenarioFile) -> Vec<Domain> {
        let used = self.used(file);
        let mut first_under: BTreeMap<&Key, u32> = BTreeMap::new();
        for (number, part) in (0..).zip(&self.parts) {
            first_under.entry(&part.key).or_insert(number);
        }
        let each = self.parts.iter().zip(used);
        each.map(|(part, is_used)| {
            let is_rented = part.key != Key::AwsManaged && (file.replay.is_some() || is_used);
            Self::domain(file, part, is_rented.then(|| first_under[&part.key]))
        })
        .collect()
    }

    /// A part under a key for which rent is paid, if it is: it has the number of the first part under it.
    fn domain(file: &ScenarioFile, part: &Part, rented_key: Option<u32>) -> Domain {
        let bucket = &file.buckets[part.bucket as usize];
        Domain {
            bucket: part.bucket,
            encryption: part.encryption,
            before: part.before,
            // What is told to have bucket keys has them, whenever it was written.
            keys_since: match part.encryption {
                Some(_) => SimTime::MIN,
                None => bucket.bucket_keys_since,
            },
            directory: bucket.directory,
            rented_key,
        }
    }

    /// Of each part whether anything is in it: objects from before, or what a workload writes.
    fn used(&self, file: &ScenarioFile) -> Vec<bool> {
        let writers = self.of_workload.iter().zip(&file.workloads);
        let written = writers.filter(|(_, workload)| !writing_actions(workload).is_empty());
        let mut used = vec![false; self.parts.len()];
        for &place in self.of_population.iter().chain(written.map(|(place, _)| place)) {
            used[place as usize] = true;
        }
        used
    }
}

/// The key of objects in a bucket under a key of that name, if any is named.
fn key(number: u32, bucket: &BucketFile, name: Option<&str>) -> Key {
    match name.or(bucket.kms_key.as_deref()).map(key_name) {
        Some(AWS_MANAGED) => Key::AwsManaged,
        Some(name) => Key::Named(bucket.region.clone(), name.to_owned()),
        None if bucket.key == KmsKey::AwsManaged => Key::AwsManaged,
        None => Key::Own(number),
    }
}

fn check_bucket(index: usize, bucket: &BucketFile) -> Resolved<()> {
    let path = format!("bucket.{index}.kms_key");
    match bucket.kms_key.as_deref() {
        Some("") => refuse(path, "`kms_key` is empty, but a key has a name"),
        Some(name) if bucket.key == KmsKey::AwsManaged && key_name(name) != AWS_MANAGED => {
            refuse_with(
                path,
                format!("`kms_key` is `{name}`, but `key` is `{AWS_MANAGED}`, the AWS managed key"),
                "leave one of both out",
            )
        }
        _ => Ok(()),
    }
}

/// Refuses a key where there is none to choose.
fn check_key(bucket: &BucketFile, said: &Said, encryption: Option<Mode>) -> Resolved<()> {
    let Some(name) = said.kms_key else { return Ok(()) };
    let path = format!("{}.kms_key", said.path);
    if name.is_empty() {
        return refuse(path, "`kms_key` is empty, but a key has a name");
    }
    if encryption == Some(Mode::SseS3) {
        return refuse_with(
            path,
            format!("`kms_key` is `{name}`, but objects under SSE-S3 have no KMS key"),
            "leave out `kms_key`, or say how else",
        );
    }
    let other = key(0, bucket, Some(name)) != key(0, bucket, None);
    if bucket.directory && other {
        return refuse_with(
            path,
            format!(
                "`kms_key` is `{name}`, but a directory bucket has one key for all its objects"
            ),
            "name that key by `kms_key` of the bucket",
        );
    }
    Ok(())
}
