//! KMS calls of one request, operation by operation, where they can be counted: for objects without a bucket
//! key, whose calls name the object in their encryption context.
//!
//! With bucket keys the same needs ask the memory of S3, and most find their key there. Without, each asks
//! KMS: so these counts are what the model takes an operation to need.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Calibrated, is_sure};
use crate::encryption::needs::{MultipartCalls, Needs};
use crate::kms::{KmsApi, KmsCalls};
use crate::named_enum::named_enum;
use crate::s3::Operation;

const METHOD: &str = "calls in the encryption context of objects without a bucket key, within a second of their requests";

/// By so many seconds calls may be logged off either way. What cannot be told then, as requests come too close
/// together, is looked at as if none were: few are.
const OFF_S: [i64; 2] = [1, 0];

/// At most one request in so many says otherwise, by accident: its call is lost.
const ACCIDENTS: u64 = 10;

/// Most calls of one API that one request is thought to make.
const MOST_CALLS: u32 = 2;

/// Numbers of calls that are tried of each operation.
const BASE: u32 = MOST_CALLS + 1;

/// Most operations that are told apart where their requests come at a time.
const MOST_TOGETHER: usize = 6;

named_enum! {
    /// What a request does with one object.
    #[derive(Serialize, JsonSchema)]
    pub ObjectOperation {
        /// Stores it in one request.
        #[serde(rename = "PutObject")]
        PutObject = "PutObject",
        /// Reads all of it, or not known how much.
        #[serde(rename = "GetObject")]
        GetObject = "GetObject",
        /// Reads a part of it.
        #[serde(rename = "GetObject (range)")]
        GetObjectRange = "GetObject (range)",
        /// Reads its metadata with `x-amz-checksum-mode: ENABLED`.
        #[serde(rename = "HeadObject (checksum)")]
        HeadObjectChecksum = "HeadObject (checksum)",
        /// Begins its upload in parts.
        #[serde(rename = "CreateMultipartUpload")]
        CreateMultipartUpload = "CreateMultipartUpload",
        /// Stores a part of it.
        #[serde(rename = "UploadPart")]
        UploadPart = "UploadPart",
        /// Lists its parts.
        #[serde(rename = "ListParts")]
        ListParts = "ListParts",
        /// Ends its upload in parts.
        #[serde(rename = "CompleteMultipartUpload")]
        CompleteMultipartUpload = "CompleteMultipartUpload",
        /// Copies from it.
        #[serde(rename = "CopyObject (source)")]
        CopySource = "CopyObject (source)",
        /// Makes it by a copy.
        #[serde(rename = "CopyObject (destination)")]
        CopyDestination = "CopyObject (destination)",
        /// Copies a range of it into a part.
        #[serde(rename = "UploadPartCopy (source)")]
        PartCopySource = "UploadPartCopy (source)",
        /// Stores a part of it by a copy.
        #[serde(rename = "UploadPartCopy (destination)")]
        PartCopyDestination = "UploadPartCopy (destination)",
        /// Changes how it is encrypted; calls in its old context are counted.
        #[serde(rename = "UpdateObjectEncryption")]
        UpdateObjectEncryption = "UpdateObjectEncryption",
        /// Reads its attributes.
        #[serde(rename = "GetObjectAttributes")]
        GetObjectAttributes = "GetObjectAttributes",
        /// Reads it through a query.
        #[serde(rename = "SelectObjectContent")]
        SelectObjectContent = "SelectObjectContent",
    }
}

impl ObjectOperation {
    /// Whether it makes the object's data key.
    const fn writes(self) -> bool {
        matches!(self, Self::PutObject | Self::CreateMultipartUpload | Self::CopyDestination)
    }
}

/// KMS calls of one request of an operation, for an object without a bucket key.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct OperationCalls {
    /// What the request does with the object.
    pub operation: ObjectOperation,
    /// How many requests tell, or groups of requests for one object at a time.
    pub requests: u64,
    /// `GenerateDataKey` calls.
    pub generate_data_key: Calibrated<u32>,
    /// Decrypt calls.
    pub decrypt: Calibrated<u32>,
    /// Encrypt calls.
    pub encrypt: Calibrated<u32>,
}

/// What an operation needs as long as a scenario says nothing else.
fn needs(operation: Operation) -> Needs {
    Needs::of(operation, MultipartCalls::default())
}

fn decrypts(count: u8) -> KmsCalls {
    KmsCalls::of(KmsApi::Decrypt, count.into())
}

/// What the model takes an operation to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelledCalls {
    /// Calls of one request.
    pub calls: KmsCalls,
    /// Whether a scenario may say that it makes one or none (`[multipart]`).
    pub is_key: bool,
}

impl ModelledCalls {
    /// In words, such as `1 Decrypt`.
    #[must_use]
    pub fn words(&self) -> String {
        let each = KmsApi::ALL.into_iter().filter(|api| self.calls.get(*api) > 0);
        let words: Vec<String> =
            each.map(|api| format!("{} {}", self.calls.get(api), api.name())).collect();
        let words = if words.is_empty() { "none".to_owned() } else { words.join(", ") };
        if self.is_key { format!("{words}, or as `[multipart]` says") } else { words }
    }
}

impl OperationCalls {
    /// What the model takes the operation to call.
    #[must_use]
    pub fn modelled(&self) -> ModelledCalls {
        use ObjectOperation as Of;
        let calls = match self.operation {
            Of::PutObject | Of::CreateMultipartUpload | Of::CopyDestination => {
                KmsCalls::of(KmsApi::GenerateDataKey, 1)
            }
            Of::GetObject | Of::GetObjectRange => decrypts(needs(Operation::GetObject).unwrap),
            Of::HeadObjectChecksum => decrypts(needs(Operation::HeadObjectChecksum).unwrap),
            Of::UploadPart => decrypts(needs(Operation::UploadPart).unwrap),
            Of::ListParts => decrypts(needs(Operation::ListParts).unwrap),
            Of::CompleteMultipartUpload => {
                decrypts(needs(Operation::CompleteMultipartUpload).unwrap)
            }
            Of::CopySource => decrypts(needs(Operation::CopyObject).unwrap),
            Of::PartCopySource => decrypts(needs(Operation::UploadPartCopy).unwrap),
            Of::PartCopyDestination => decrypts(needs(Operation::UploadPartCopy).unwrap_own),
            Of::UpdateObjectEncryption | Of::GetObjectAttributes | Of::SelectObjectContent => {
                decrypts(1)
            }
        };
        let is_key =
            matches!(self.operation, Of::UploadPart | Of::ListParts | Of::CompleteMultipartUpload);
        ModelledCalls { calls, is_key }
    }

    /// Whether it is known to call KMS otherwise than the model has it and a scenario may have it.
    #[must_use]
    pub fn contradicts(&self, modelled: ModelledCalls) -> bool {
        if modelled.is_key {
            return self.total().is_some_and(|total| total > 1);
        }
        let found = [&self.generate_data_key, &self.decrypt, &self.encrypt];
        let ModelledCalls { calls, .. } = modelled;
        KmsApi::ALL.into_iter().zip(found).any(|(api, found)| {
            found.estimate.is_some_and(|count| u64::from(count) != calls.get(api))
        })
    }

    /// Calls of all kinds together, if they are known.
    #[must_use]
    pub fn total(&self) -> Option<u32> {
        [&self.generate_data_key, &self.decrypt, &self.encrypt]
            .into_iter()
            .map(|calls| calls.low.filter(|low| calls.high == Some(*low)))
            .sum()
    }
}

/// Requests for one object without a bucket key, and the calls in its context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeylessHistory {
    /// When it was asked for, and how.
    pub requests: Vec<(i64, ObjectOperation)>,
    /// When KMS was called for it, and how.
    pub calls: Vec<(i64, KmsApi)>,
    /// Whether requests say that it has no bucket key; else it is taken to have one from the first write on
    /// that made no call for it.
    pub is_said_to_have_none: bool,
}

/// Requests for one object that are near one another: how many of each operation, and their calls of each API.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Episode {
    requests: Vec<(ObjectOperation, u32)>,
    calls: [u32; KmsApi::ALL.len()],
}

impl Episode {
    fn has(&self, operation: ObjectOperation) -> bool {
        self.requests.iter().any(|request| request.0 == operation)
    }

    /// Whether its calls of `api` are what its requests make, if one of each operation makes so many.
    fn is_explained(&self, api: KmsApi, calls: &[(ObjectOperation, u32)]) -> bool {
        let made = self.requests.iter().map(|(operation, requests)| {
            let each = calls.iter().find(|one| one.0 == *operation).map_or(0, |one| one.1);
            requests * each
        });
        made.sum::<u32>() == self.calls[api as usize]
    }
}

/// How many there are of such episodes.
fn weight<'a>(episodes: impl Iterator<Item = &'a (&'a Episode, &'a u64)>) -> u64 {
    episodes.map(|(_, weight)| **weight).sum()
}

/// For each operation that is seen, the calls of one request.
pub(super) fn estimate(objects: &[KeylessHistory]) -> Vec<OperationCalls> {
    let [mut found, exact] = OFF_S.map(|off_s| estimate_within(objects, off_s));
    for exact in exact.into_iter().filter(|exact| exact.total().is_some()) {
        let same = found.iter_mut().find(|one| one.operation == exact.operation);
        if let Some(one) = same.filter(|one| one.total().is_none()) {
            *one = exact;
        }
    }
    found
}

/// The same with calls no more than `off_s` seconds from their requests.
fn estimate_within(objects: &[KeylessHistory], off_s: i64) -> Vec<OperationCalls> {
    let mut episodes: BTreeMap<Episode, u64> = BTreeMap::new();
    for episode in objects.iter().flat_map(|object| object.episodes(off_s)) {
        *episodes.entry(episode).or_default() += 1;
    }
    let mut found: Vec<OperationCalls> = Vec::new();
    for mut operations in seen_together(&episodes) {
        let is_alone = operations.len() > MOST_TOGETHER;
        while let Some(&first) = operations.first() {
            let judged = if is_alone { vec![first] } else { operations.clone() };
            operations.retain(|operation| !judged.contains(operation));
            let own = episodes.iter().filter(|(episode, _)| {
                episode.requests.iter().all(|(operation, _)| judged.contains(operation))
            });
            found.extend(judge(&judged, &own.collect::<Vec<_>>()));
        }
    }
    found.sort_by_key(|one| one.operation);
    found
}

/// Operations in groups, so that no episode has operations of two.
fn seen_together(episodes: &BTreeMap<Episode, u64>) -> Vec<Vec<ObjectOperation>> {
    let mut groups: Vec<Vec<ObjectOperation>> = Vec::new();
    for episode in episodes.keys() {
        let mut own: Vec<ObjectOperation> = episode.requests.iter().map(|one| one.0).collect();
        groups.retain(|group| {
            let meets = group.iter().any(|operation| own.contains(operation));
            if meets {
                own.extend(group);
            }
            !meets
        });
        own.sort_unstable();
        own.dedup();
        groups.push(own);
    }
    groups
}

/// Judges operations by episodes of these alone.
fn judge(operations: &[ObjectOperation], episodes: &[(&Episode, &u64)]) -> Vec<OperationCalls> {
    let votes = KmsApi::ALL.map(|api| Votes::count(operations, episodes, api));
    let each = operations.iter().enumerate().map(|(place, &operation)| {
        let [generate_data_key, decrypt, encrypt] =
            votes.each_ref().map(|votes| votes[place].estimate());
        let requests = votes[0][place].all;
        OperationCalls { operation, requests, generate_data_key, decrypt, encrypt }
    });
    each.collect()
}

/// What speaks for each number of calls of one operation.
#[derive(Clone, Debug, Default)]
struct Votes {
    /// Episodes with the operation.
    all: u64,
    /// For each number of calls, most episodes that it explains with whichever numbers of other operations;
    /// and how many of these have the operation.
    explained: [(u64, u64); MOST_CALLS as usize + 1],
}

impl Votes {
    /// Tries all numbers of calls of all `operations` together.
    fn count(
        operations: &[ObjectOperation],
        episodes: &[(&Episode, &u64)],
        api: KmsApi,
    ) -> Vec<Self> {
        let mut votes = vec![Self::default(); operations.len()];
        for (votes, operation) in votes.iter_mut().zip(operations) {
            votes.all = weight(episodes.iter().filter(|one| one.0.has(*operation)));
        }
        for tried in 0..BASE.pow(operations.len() as u32) {
            let calls: Vec<(ObjectOperation, u32)> = operations
                .iter()
                .zip(0..)
                .map(|(&operation, place)| (operation, tried / BASE.pow(place) % BASE))
                .collect();
            let explained: Vec<_> =
                episodes.iter().filter(|one| one.0.is_explained(api, &calls)).collect();
            let whole = weight(explained.iter().copied());
            for (votes, &(operation, calls)) in votes.iter_mut().zip(&calls) {
                let own = explained.iter().filter(|one| one.0.has(operation));
                let best = &mut votes.explained[calls as usize];
                *best = (*best).max((whole, weight(own.copied())));
            }
        }
        votes
    }

    fn estimate(&self) -> Calibrated<u32> {
        let mut ranked: Vec<(u32, (u64, u64))> = (0..).zip(self.explained).collect();
        ranked.sort_by_key(|(calls, votes)| (Reverse(*votes), *calls));
        let [(calls, (most, own)), (_, (next, _)), ..] = ranked[..] else {
            unreachable!("several numbers are tried")
        };
        let is_sure = is_sure(most - next, self.all);
        if is_sure && (self.all - own) * ACCIDENTS <= own {
            return Calibrated::known(calls, METHOD, "");
        }
        if next == most && (most > 0 || self.all == 0) {
            let why = "its requests come with others, which may have made the calls";
            return Calibrated::nothing(METHOD, why);
        }
        let each = (0..).zip(self.explained).filter(|(_, (_, own))| *own > 0);
        let each: Vec<String> =
            each.map(|(calls, (_, own))| format!("{calls} explains {own}")).collect();
        let why = format!("requests differ: of {} {}", self.all, each.join(", "));
        Calibrated::nothing(METHOD, why)
    }
}

impl KeylessHistory {
    /// Requests that are near one another, as far as they are of an object without a bucket key.
    fn episodes(&self, off_s: i64) -> Vec<Episode> {
        let mut requests = self.requests.clone();
        requests.sort_unstable();
        let mut episodes = Vec::new();
        for near in requests.chunk_by(|a, b| b.0 - a.0 <= 2 * off_s) {
            let (first, last) = (near[0].0, near[near.len() - 1].0);
            let calls = KmsApi::ALL.map(|api| self.calls_between(api, first - off_s, last + off_s));
            let mut counts: BTreeMap<ObjectOperation, u32> = BTreeMap::new();
            for (_, operation) in near {
                *counts.entry(*operation).or_default() += 1;
            }
            let writes = counts.keys().any(|operation| operation.writes());
            if writes && calls[0] == 0 && !self.is_said_to_have_none {
                break;
            }
            let is_last = counts.contains_key(&ObjectOperation::UpdateObjectEncryption);
            episodes.push(Episode { requests: counts.into_iter().collect(), calls });
            if is_last {
                break;
            }
        }
        episodes
    }

    fn calls_between(&self, api: KmsApi, from: i64, to: i64) -> u32 {
        let calls = self.calls.iter();
        calls.filter(|call| call.1 == api && (from..=to).contains(&call.0)).count() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::ObjectOperation::*;
    use super::*;

    fn found(objects: &[KeylessHistory]) -> Vec<(ObjectOperation, u64, [Option<u32>; 3])> {
        let found = estimate(objects);
        found
            .into_iter()
            .map(|one| {
                let lows = [one.generate_data_key, one.decrypt, one.encrypt].map(|calls| calls.low);
                (one.operation, one.requests, lows)
            })
            .collect()
    }

    /// An upload whose calls are a second early, on time and late.
    fn upload(start: i64) -> KeylessHistory {
        KeylessHistory {
            requests: vec![
                (start, CreateMultipartUpload),
                (start + 3, UploadPart),
                (start + 6, ListParts),
                (start + 9, CompleteMultipartUpload),
            ],
            calls: vec![
                (start - 1, KmsApi::GenerateDataKey),
                (start + 4, KmsApi::Decrypt),
                (start + 9, KmsApi::Decrypt),
            ],
            is_said_to_have_none: false,
        }
    }

    #[test]
    fn calls_go_to_the_request_within_a_second() {
        let uploads: Vec<KeylessHistory> = (0..4).map(|number| upload(100 * number)).collect();
        let [none, one] = [Some(0), Some(1)];
        assert_eq!(
            found(&uploads),
            [
                (CreateMultipartUpload, 4, [one, none, none]),
                (UploadPart, 4, [none, one, none]),
                (ListParts, 4, [none, none, none]),
                (CompleteMultipartUpload, 4, [none, one, none]),
            ]
        );
    }

    /// Requests that are sent at a time tell by how many there are of each operation what one makes.
    #[test]
    fn requests_at_a_time_share_their_calls() {
        let calls = |times: &[i64]| times.iter().map(|&time| (time, KmsApi::Decrypt)).collect();
        let together = KeylessHistory {
            requests: vec![(0, UploadPart), (0, UploadPart), (2, UploadPart)],
            calls: calls(&[0, 1, 2]),
            is_said_to_have_none: false,
        };
        let mixed = KeylessHistory {
            requests: vec![(0, UploadPart), (1, CompleteMultipartUpload)],
            calls: calls(&[0, 1]),
            is_said_to_have_none: false,
        };
        let one_each = [Some(0), Some(1), Some(0)];
        assert_eq!(
            found(&[vec![together; 3], vec![mixed; 3]].concat()),
            [(UploadPart, 6, one_each), (CompleteMultipartUpload, 3, one_each)]
        );
        // By uploads of as many parts each it cannot be told which requests call.
        let upload = KeylessHistory {
            requests: vec![(0, UploadPart), (0, UploadPart), (0, CompleteMultipartUpload)],
            calls: calls(&[0, 0]),
            is_said_to_have_none: true,
        };
        let decrypts: Vec<Option<u32>> =
            found(&vec![upload; 5]).into_iter().map(|one| one.2[1]).collect();
        assert_eq!(decrypts, [None, None]);
    }

    /// A write under a bucket key makes no call for the object, and what follows needs none; unless the
    /// write itself says that there is no bucket key.
    #[test]
    fn objects_that_get_a_bucket_key_tell_no_more() {
        let overwritten = |is_said_to_have_none| KeylessHistory {
            requests: vec![(0, GetObject), (10, PutObject), (20, GetObject), (30, GetObject)],
            calls: vec![(0, KmsApi::Decrypt)],
            is_said_to_have_none,
        };
        assert_eq!(found(&[overwritten(false)]), [(GetObject, 1, [Some(0), Some(1), Some(0)])]);
        let said = found(&[overwritten(true)]);
        assert_eq!(said[0], (PutObject, 1, [Some(0); 3]));
        assert_eq!(said[1], (GetObject, 3, [Some(0), None, Some(0)]));
        let updated = KeylessHistory {
            requests: vec![(0, UpdateObjectEncryption), (10, GetObject)],
            calls: vec![(0, KmsApi::Decrypt)],
            is_said_to_have_none: true,
        };
        assert_eq!(found(&[updated]), [(UpdateObjectEncryption, 1, [Some(0), Some(1), Some(0)])]);
    }

    /// What comes at a time within two seconds, but not in one, is told by seconds.
    #[test]
    fn requests_close_together_are_told_apart_by_seconds() {
        let history = |start: i64| KeylessHistory {
            requests: vec![(start, CreateMultipartUpload), (start + 1, CompleteMultipartUpload)],
            calls: vec![(start, KmsApi::GenerateDataKey), (start + 1, KmsApi::Decrypt)],
            is_said_to_have_none: true,
        };
        let histories: Vec<KeylessHistory> = (0..4).map(|number| history(10 * number)).collect();
        let [none, one] = [Some(0), Some(1)];
        assert_eq!(
            found(&histories),
            [
                (CreateMultipartUpload, 4, [one, none, none]),
                (CompleteMultipartUpload, 4, [none, one, none]),
            ]
        );
    }

    /// One lost call in eleven does not make a count doubtful; one in three does.
    #[test]
    fn few_lost_calls_are_accidents() {
        let head = |calls: usize| KeylessHistory {
            requests: vec![(0, HeadObjectChecksum)],
            calls: vec![(0, KmsApi::Decrypt); calls],
            is_said_to_have_none: true,
        };
        let many: Vec<KeylessHistory> =
            (0..11).map(|number| head(usize::from(number > 0))).collect();
        assert_eq!(found(&many), [(HeadObjectChecksum, 11, [Some(0), Some(1), Some(0)])]);
        let few: Vec<KeylessHistory> = (0..3).map(|number| head(usize::from(number > 0))).collect();
        assert_eq!(found(&few), [(HeadObjectChecksum, 3, [Some(0), None, Some(0)])]);
        assert_eq!(
            estimate(&few)[0].decrypt.cannot_tell,
            "requests differ: of 3 0 explains 1, 1 explains 2"
        );
    }
}
