//! What S3 and KMS may answer: possible truths, and the trail of an experiment under one.

use std::collections::{BTreeMap, HashMap};

use rand::RngExt;

use super::Experiment;
use super::schedule::{ExperimentSession, PlannedOperation, PlannedRequest};
use crate::calibration::calls::{KeylessHistory, ObjectOperation};
use crate::calibration::{Evidence, PolicyKeys, ReadOf, Session, SessionPool, UnwrapRequest};
use crate::encryption::assumption::Expiry;
use crate::encryption::requester::RequesterRule;
use crate::kms::KmsApi;
use crate::rng::Stream;

/// Lifetimes that are drawn, in seconds: the ends of the built-in range.
const LIFETIMES_S: (f64, f64) = (60.0, 3_600.0);

/// Most partitions that are drawn; one partition is drawn every other time.
const MOST_PARTITIONS: u32 = 10;

/// What may be true of S3.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PossibleTruth {
    /// How long a key wraps new objects, in seconds.
    pub(super) generation_s: i64,
    /// How long a key stays in memory for reads, in seconds.
    pub(super) cache_s: i64,
    /// Fixed or sliding.
    pub(super) expiry: Expiry,
    /// Parts that generate keys of their own.
    pub(super) write_partitions: u32,
    /// Parts that cache keys on their own.
    pub(super) read_partitions: u32,
    /// Decrypts that verify a new key.
    pub(super) verify: u32,
    /// Who is one requester.
    pub(super) rule: RequesterRule,
    /// What sessions of unlike policies share.
    pub(super) policies: PolicyKeys,
    /// What a request of each operation calls, for an object without a bucket key.
    pub(super) calls: BTreeMap<ObjectOperation, Option<KmsApi>>,
}

impl PossibleTruth {
    pub(super) fn drawn(rng: &mut Stream) -> Self {
        Self {
            generation_s: lifetime(rng),
            cache_s: lifetime(rng),
            expiry: if rng.random::<bool>() { Expiry::Fixed } else { Expiry::Sliding },
            write_partitions: partitions(rng),
            read_partitions: partitions(rng),
            verify: u32::from(rng.random::<bool>()),
            rule: if rng.random::<bool>() { RequesterRule::Role } else { RequesterRule::Session },
            policies: if rng.random::<bool>() {
                PolicyKeys::OwnKeys
            } else {
                PolicyKeys::SharedKeys
            },
            calls: ObjectOperation::ALL.map(|operation| (operation, call(operation, rng))).into(),
        }
    }

    /// The requester that a writing session belongs to, by number.
    fn requester(&self, session: ExperimentSession) -> usize {
        use ExperimentSession as By;
        match (session, self.rule, self.policies) {
            (By::WriterB, RequesterRule::Role, _)
            | (By::Scoped, RequesterRule::Role, PolicyKeys::SharedKeys) => By::WriterA as usize,
            (own, ..) => own as usize,
        }
    }
}

/// Each doubling is equally likely.
fn lifetime(rng: &mut Stream) -> i64 {
    let (low, high) = LIFETIMES_S;
    (low * (high / low).powf(rng.random::<f64>())).round() as i64
}

fn partitions(rng: &mut Stream) -> u32 {
    if rng.random::<bool>() { 1 } else { rng.random_range(2..=MOST_PARTITIONS) }
}

/// A new object needs a new key. Of parts AWS's pages disagree about the call; anything else unwraps or
/// does not.
fn call(operation: ObjectOperation, rng: &mut Stream) -> Option<KmsApi> {
    use ObjectOperation as Of;
    match operation {
        Of::PutObject | Of::CreateMultipartUpload | Of::CopyDestination => {
            Some(KmsApi::GenerateDataKey)
        }
        Of::UploadPart => {
            [None, Some(KmsApi::Decrypt), Some(KmsApi::GenerateDataKey)][rng.random_range(0..3)]
        }
        _ => rng.random::<bool>().then_some(KmsApi::Decrypt),
    }
}

/// What a request does with which object.
fn uses(request: &PlannedRequest) -> Vec<(ObjectOperation, String)> {
    use ObjectOperation as Of;
    use PlannedOperation as Does;
    let own = match request.operation {
        Does::Put | Does::Get => return Vec::new(),
        Does::Copy => {
            let source = format!("own-{}", request.number);
            return vec![(Of::CopySource, source), (Of::CopyDestination, request.object())];
        }
        Does::PutOwnKey => Of::PutObject,
        Does::GetWhole => Of::GetObject,
        Does::GetRange => Of::GetObjectRange,
        Does::HeadChecksum => Of::HeadObjectChecksum,
        Does::Update => Of::UpdateObjectEncryption,
        Does::Create => Of::CreateMultipartUpload,
        Does::Part => Of::UploadPart,
        Does::List => Of::ListParts,
        Does::Complete => Of::CompleteMultipartUpload,
    };
    vec![(own, request.object())]
}

/// What is in memory, and what the trail has so far.
struct Answering<'a> {
    truth: &'a PossibleTruth,
    rng: &'a mut Stream,
    sessions: [Session; ExperimentSession::ALL.len()],
    wraps_until: HashMap<(usize, u32), i64>,
    cached_until: HashMap<u32, i64>,
    objects: BTreeMap<String, KeylessHistory>,
}

/// What the trail of an experiment would have. Bucket and key are new, so nothing is in memory at first.
pub(super) fn evidence(
    experiment: &Experiment,
    truth: &PossibleTruth,
    rng: &mut Stream,
) -> Evidence {
    let mut answering = Answering {
        truth,
        rng,
        sessions: Default::default(),
        wraps_until: HashMap::new(),
        cached_until: HashMap::new(),
        objects: BTreeMap::new(),
    };
    for request in &experiment.requests {
        match request.operation {
            PlannedOperation::Put => answering.write(request),
            PlannedOperation::Get => answering.read(request),
            _ => answering.other(request),
        }
    }
    let Answering { sessions: [a, b, scoped, reader, other], objects, .. } = answering;
    let pools =
        [(vec![a, b], Some(0)), (vec![scoped], Some(0)), (vec![reader], None), (vec![other], None)];
    let pools = pools.map(|(sessions, role)| SessionPool { sessions, role }).into();
    let objects = objects.into_values().collect();
    Evidence { pools, first_s: 0, last_s: experiment.time_s, objects }
}

impl Answering<'_> {
    fn write(&mut self, request: &PlannedRequest) {
        let PlannedRequest { second, session, .. } = *request;
        let partition = self.rng.random_range(0..self.truth.write_partitions);
        let place = (self.truth.requester(session), partition);
        let until = self.wraps_until.entry(place).or_default();
        let log = &mut self.sessions[session as usize];
        log.written.push(second);
        if second >= *until {
            *until = second + self.truth.generation_s;
            log.generated.push(second);
            log.decrypted.extend((0..self.truth.verify).map(|_| second));
        }
    }

    fn read(&mut self, request: &PlannedRequest) {
        let second = request.second;
        let log = &mut self.sessions[request.session as usize];
        let of = ReadOf::Written { pool: 0, session: 0, second: 0 };
        log.read.push(UnwrapRequest { second, of });
        let partition = self.rng.random_range(0..self.truth.read_partitions);
        let until = self.cached_until.entry(partition).or_default();
        let asks = second >= *until;
        if asks {
            log.decrypted.push(second);
        }
        if asks || self.truth.expiry == Expiry::Sliding {
            *until = second + self.truth.cache_s;
        }
    }

    /// Calls for objects without a bucket key; one that gets one is written under it.
    fn other(&mut self, request: &PlannedRequest) {
        for (operation, object) in uses(request) {
            let history = self.objects.entry(object).or_default();
            history.is_said_to_have_none = true;
            history.requests.push((request.second, operation));
            let call = self.truth.calls[&operation];
            history.calls.extend(call.map(|api| (request.second, api)));
        }
        if request.operation == PlannedOperation::Update {
            self.write(request);
        }
    }
}
