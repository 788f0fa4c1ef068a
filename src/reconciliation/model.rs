//! The model's KMS calls by requester, bucket and hour.

use std::collections::{BTreeMap, HashMap};

use crate::encryption::needs::Needs;
use crate::encryption::service::Answer;
use crate::kms::{KmsApi, KmsCalls};
use crate::reconciliation::kms_calls::{CallGroup, HOUR_NS};
use crate::recording::{RecordedPrincipal, Recording};
use crate::s3::{Object, Request};
use crate::scenario::Scenario;
use crate::simulation::Arm;
use crate::simulation::events::each_answer;

/// Which replication is set beside the trail. Replications differ in nothing but the part of S3's
/// fleet that serves each request.
const REPLICATION: u32 = 0;

/// Calls of one cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModelCalls {
    /// By API.
    pub calls: KmsCalls,
    /// How many of them are for one object's own key.
    pub by_object: u64,
    /// Requests that need a key, whether or not one is in memory. A copy needs one of each of its
    /// two buckets.
    pub requests: u64,
}

impl ModelCalls {
    fn take(&mut self, calls: KmsCalls, by_object: u64) {
        self.calls += calls;
        self.by_object += by_object;
        self.requests += 1;
    }

    fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.by_object += other.by_object;
        self.requests += other.requests;
    }
}

/// The calls of `arm` within the counted part of a log, and of what that asks for.
pub(super) fn cells(
    scenario: &Scenario,
    recording: &Recording,
    arm: &Arm,
) -> BTreeMap<CallGroup, ModelCalls> {
    let mut counted: HashMap<(u32, u32, i64), ModelCalls> = HashMap::new();
    each_answer(scenario, arm, REPLICATION, |request, answer| {
        let Request { time, slot, .. } = *request;
        let bucket = scenario.domains[request.bucket as usize].bucket;
        let needs = Needs::of_request(request, scenario.multipart);
        if time < scenario.counted_from {
            return;
        }
        let principal = scenario.slots[slot as usize].principal;
        let hour = (recording.start_ns + time.as_nanos()).div_euclid(HOUR_NS);
        let read = if needs.unwrap > 0 { read_bucket(scenario, request) } else { bucket };
        let writes = needs.wrap.is_some() || needs.unwrap_own > 0;
        let [of_read, of_written] = sides(answer);
        let mut take = |bucket, (calls, by_object)| {
            counted.entry((principal, bucket, hour)).or_default().take(calls, by_object);
        };
        match (needs.unwrap > 0, writes) {
            (false, false) => {}
            (true, true) if read == bucket => take(bucket, (answer.calls, answer.by_object.into())),
            (reads, writes) => {
                if reads {
                    take(read, of_read);
                }
                if writes {
                    take(bucket, of_written);
                }
            }
        }
    });
    let mut cells: BTreeMap<CallGroup, ModelCalls> = BTreeMap::new();
    for ((principal, bucket, hour), modelled) in counted {
        let RecordedPrincipal { principal, .. } = &recording.principals[principal as usize];
        let bucket = recording.buckets[bucket as usize].clone();
        cells
            .entry(CallGroup { principal: principal.clone(), bucket, hour })
            .or_default()
            .add(&modelled);
    }
    cells
}

/// An answer's calls, and how many of them are by object: for what is read, and for what is written.
fn sides(answer: &Answer) -> [(KmsCalls, u64); 2] {
    let decrypt = answer.calls.get(KmsApi::Decrypt);
    let read = KmsCalls::of(KmsApi::Decrypt, answer.of_read.into());
    let mut written = KmsCalls::of(KmsApi::Decrypt, decrypt - u64::from(answer.of_read));
    for api in [KmsApi::GenerateDataKey, KmsApi::Encrypt] {
        written += KmsCalls::of(api, answer.calls.get(api));
    }
    // Both sides may be by object; if only one is, what is read goes first.
    let read_by_object = answer.by_object.min(answer.of_read);
    [(read, read_by_object.into()), (written, (answer.by_object - read_by_object).into())]
}

/// The bucket of what a request reads. A source that nothing is known of counts as the request's own.
fn read_bucket(scenario: &Scenario, request: &Request) -> u32 {
    match request.object {
        Object::Written { bucket, .. } => scenario.domains[bucket as usize].bucket,
        Object::Ranked { population, .. } | Object::Aged { population, .. } => {
            scenario.domain_of(&scenario.populations[population as usize]).bucket
        }
        Object::None | Object::Unserved | Object::Keyless => {
            scenario.domains[request.bucket as usize].bucket
        }
    }
}
