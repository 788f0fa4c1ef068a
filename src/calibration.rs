//! What KMS calls tell of that which AWS does not publish: lifetimes, partitions, requester rule.
//!
//! The input is plain: for each session the seconds of its `GenerateDataKey` and Decrypt calls for
//! one bucket and KMS key, and of its writes where the trail has them. The output is an interval
//! for each assumption, with the method and with what the data cannot tell.

mod alignment;
mod caching;
pub mod calls;
pub mod gather;
mod generation;
mod goodness_of_fit;
mod policies;
mod profile_likelihood;
mod verify;

use schemars::JsonSchema;
use serde::Serialize;

use crate::encryption::assumption::{
    Assumption, AssumptionOverrides, AssumptionValue, Expiry, Range,
};
use crate::encryption::requester::RequesterRule;
use crate::scenario::written::ScenarioFile;
use crate::units::SimDuration;
use calls::{KeylessHistory, ObjectOperation, OperationCalls};
use generation::GenerationFit;

/// A statement that is wrong at most so often is what an interval is.
pub const ERROR_RATE: f64 = 0.05;

/// Greatest number of partitions looked for.
pub const MAX_PARTITIONS: u32 = 12;

/// So many standard deviations less in the logarithm of the likelihood than its mean, and not even the
/// best values explain what is seen.
const MAX_SURPRISE: f64 = 6.0;

/// What no probability falls below: events are lost or a second late now and then.
const LEAST_PROBABILITY: f64 = 1e-6;

/// So many that say the same are no accident.
const SURE: u64 = 3;

/// Whether `count` that say the same, of `all` there are, are no accident.
const fn is_sure(count: u64, all: u64) -> bool {
    count >= SURE || count > 0 && count == all
}

/// Greatest share of Decrypts without a read near them for reads to be believed complete.
const MAX_UNMATCHED: f64 = 0.1;

/// Calls of one session for one bucket and KMS key. All times are whole seconds, ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// When it called `GenerateDataKey` for a bucket-level key.
    pub generated: Vec<i64>,
    /// When it called Decrypt for a bucket-level key.
    pub decrypted: Vec<i64>,
    /// When it wrote with success, if the trail has S3's data events.
    pub written: Vec<i64>,
    /// What it read with success, if the trail has S3's data events, in order of time.
    pub read: Vec<UnwrapRequest>,
}

/// A request that needs an object's key unwrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnwrapRequest {
    /// When.
    pub second: i64,
    /// Which object.
    pub of: ReadOf,
}

/// The object of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReadOf {
    /// It was written in the trail.
    Written {
        /// In which of [`Evidence::pools`] the writer is.
        pool: u32,
        /// Which of the pool's sessions wrote it.
        session: u32,
        /// When.
        second: i64,
    },
    /// It was not written in the trail; objects are numbered.
    Unwritten(u32),
    /// It is not known whether a call is needed, or of which key.
    Doubtful,
}

/// The sessions of one role (or the one of a user or service) for one bucket and KMS key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionPool {
    /// Session by session.
    pub sessions: Vec<Session>,
    /// Pools of the same number are of one role, bucket and KMS key, and differ by session policy; `None`
    /// where no other policy of the role is known of.
    pub role: Option<u32>,
}

/// What trails tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Each (role, bucket, KMS key).
    pub pools: Vec<SessionPool>,
    /// The first second of any event.
    pub first_s: i64,
    /// The last second of any event.
    pub last_s: i64,
    /// Objects without a bucket key.
    pub objects: Vec<KeylessHistory>,
}

impl Evidence {
    /// Calls of `GenerateDataKey` for bucket-level keys.
    #[must_use]
    pub fn generated(&self) -> u64 {
        self.sessions().map(|session| session.generated.len() as u64).sum()
    }

    /// Calls of Decrypt for bucket-level keys.
    #[must_use]
    pub fn decrypted(&self) -> u64 {
        self.sessions().map(|session| session.decrypted.len() as u64).sum()
    }

    /// Writes.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.sessions().map(|session| session.written.len() as u64).sum()
    }

    /// Reads.
    #[must_use]
    pub fn read(&self) -> u64 {
        self.sessions().map(|session| session.read.len() as u64).sum()
    }

    fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.pools.iter().flat_map(|pool| &pool.sessions)
    }
}

/// One assumption as the data has it. An end that the data does not give is `None`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Calibrated<T> {
    /// The lower end.
    pub low: Option<T>,
    /// The value that explains the data best.
    pub estimate: Option<T>,
    /// The upper end.
    pub high: Option<T>,
    /// How it was found.
    pub method: &'static str,
    /// What the data cannot tell, in plain words.
    pub cannot_tell: String,
}

impl<T> Calibrated<T> {
    /// A value that the data leaves no doubt of.
    fn known(value: T, method: &'static str, cannot_tell: &str) -> Self
    where
        T: Copy,
    {
        let value = Some(value);
        let cannot_tell = cannot_tell.to_owned();
        Self { low: value, estimate: value, high: value, method, cannot_tell }
    }

    /// Nothing is known.
    fn nothing(method: &'static str, why: impl Into<String>) -> Self {
        Self { low: None, estimate: None, high: None, method, cannot_tell: why.into() }
    }
}

/// Every assumption that is looked for.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Calibration {
    /// How long one bucket-level key wraps new objects, in seconds.
    pub generation_lifetime_s: Calibrated<i64>,
    /// How long a key stays in memory for reads, in seconds.
    pub cache_lifetime_s: Calibrated<i64>,
    /// Fixed or sliding.
    pub expiry: Calibrated<Expiry>,
    /// Parts of S3's fleet that each generate their own keys.
    pub write_partitions: Calibrated<u32>,
    /// Parts of S3's fleet that each cache keys.
    pub read_partitions: Calibrated<u32>,
    /// Decrypt calls that verify a new key.
    pub verify_on_write: Calibrated<u32>,
    /// Who is one requester.
    pub requester_rule: Calibrated<RequesterRule>,
    /// Whether sessions of one role with unlike session policies have keys of their own.
    pub session_policies: Calibrated<PolicyKeys>,
    /// KMS calls of one request for an object without a bucket key, by operation.
    pub calls: Vec<OperationCalls>,
}

/// What sessions of one role with unlike session policies share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyKeys {
    /// Bucket-level keys belong to role and policy: nothing.
    OwnKeys,
    /// They belong to the role: its keys.
    SharedKeys,
}

impl PolicyKeys {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OwnKeys => "own-keys",
            Self::SharedKeys => "shared-keys",
        }
    }
}

/// Estimates everything from `evidence`, whose calls are in the seconds of their writes
/// ([`Evidence::aligned`]).
#[must_use]
pub fn calibrate(evidence: &Evidence) -> Calibration {
    let policies::Judged { session_policies, shared, fit } = policies::judge(evidence);
    let evidence = shared.as_ref().unwrap_or(evidence);
    let verify = verify::estimate(evidence);
    let rule = fit.rule();
    let rules: &[_] = match rule.low {
        Some(RequesterRule::Session) => &[RequesterRule::Session],
        None if evidence.pools.iter().any(|pool| pool.sessions.len() > 1) => {
            &[RequesterRule::Role, RequesterRule::Session]
        }
        _ => &[RequesterRule::Role],
    };
    let known = verify.low.filter(|low| verify.high == Some(*low));
    let reads = caching::CacheFit::of(evidence, rules, &fit, known);
    Calibration {
        generation_lifetime_s: fit.lifetime(),
        cache_lifetime_s: reads.lifetime(),
        expiry: reads.expiry(),
        write_partitions: fit.partitions(),
        read_partitions: reads.partitions(),
        verify_on_write: verify,
        requester_rule: reads
            .rule()
            .filter(|_| rule.low.is_none())
            .map_or(rule, GenerationFit::only_rule),
        session_policies,
        calls: calls::estimate(&evidence.objects),
    }
}

impl Calibration {
    /// What a scenario may assume after this; what is not known stays as it is built in, and
    /// so does an end that the data does not give, unless the other end lies beyond it.
    #[must_use]
    pub fn assumptions(&self) -> AssumptionOverrides {
        use Assumption::{
            CacheHosts, CacheLifetime, GenerationLifetime, ReadPartitions, VerifyOnWrite,
            WritePartitions,
        };
        let expiry = self.expiry.estimate.map(|rule| Range::known(AssumptionValue::Expiry(rule)));
        let ranges = [
            (GenerationLifetime, lifetime(&self.generation_lifetime_s, GenerationLifetime)),
            (CacheLifetime, lifetime(&self.cache_lifetime_s, CacheLifetime)),
            (Assumption::Expiry, expiry),
            (WritePartitions, count(&self.write_partitions, CacheHosts)),
            (ReadPartitions, count(&self.read_partitions, CacheHosts)),
            (VerifyOnWrite, count(&self.verify_on_write, VerifyOnWrite)),
        ];
        let mut given = AssumptionOverrides::default();
        for (assumption, range) in ranges {
            if let Some(range) = range {
                given.set(assumption, range);
            }
        }
        given
    }
}

/// The range of a lifetime; ends that the data does not give are those built in for `otherwise`.
fn lifetime(estimate: &Calibrated<i64>, otherwise: Assumption) -> Option<Range<AssumptionValue>> {
    let given = [estimate.low, estimate.estimate, estimate.high];
    let built_in = otherwise.describe().built_in?.map(AssumptionValue::duration);
    let outer = [1, estimate.low.unwrap_or(0) * OPEN].map(SimDuration::from_secs);
    let range = within(given.map(|end| end.map(SimDuration::from_secs)), built_in, outer);
    range.map(|range| range.map(AssumptionValue::Duration))
}

/// The range of a count; ends that the data does not give are those built in for `otherwise`.
fn count(estimate: &Calibrated<u32>, otherwise: Assumption) -> Option<Range<AssumptionValue>> {
    let given = [estimate.low, estimate.estimate, estimate.high];
    let built_in = otherwise.describe().built_in?.map(AssumptionValue::count);
    let outer = [1.min(built_in.low), estimate.low.unwrap_or(0) * OPEN as u32];
    within(given, built_in, outer).map(|range| range.map(AssumptionValue::Count))
}

impl Calibration {
    /// What a scenario may hold after this, in TOML: the table of assumptions, calls of multipart uploads
    /// if they are known and, if the rule is known, configurations without and with bucket keys under that
    /// rule, to be put at its end.
    #[must_use]
    pub fn fragment(&self) -> String {
        let configurations = self.requester_rule.low.map(ScenarioFile::configurations_under);
        let configurations = configurations.unwrap_or_default();
        self.assumptions().to_fragment(&self.multipart_calls(), &configurations)
    }

    /// Keys of a scenario's `[multipart]` and their values, as far as they are known and the model has them:
    /// 0 or 1 each.
    #[must_use]
    pub fn multipart_calls(&self) -> Vec<(&'static str, u32)> {
        let keys = [
            ("upload_part", ObjectOperation::UploadPart),
            ("complete", ObjectOperation::CompleteMultipartUpload),
            ("list_parts", ObjectOperation::ListParts),
        ];
        let known = keys.into_iter().filter_map(|(key, operation)| {
            let calls = self.calls.iter().find(|calls| calls.operation == operation)?;
            Some((key, calls.total().filter(|total| *total <= 1)?))
        });
        known.collect()
    }
}

/// Where an upper end is not given and the lower end lies above the built-in range, it is so many times
/// the lower end.
const OPEN: i64 = 10;

/// Low, assumed and high in order, with built-in ends where none is given; `None` if none at all. If a
/// built-in end is on the wrong side of the one that is given, that of `outer` stands for it: what
/// is not given is not known.
fn within<T: Copy + Ord>(
    given: [Option<T>; 3],
    built_in: Range<T>,
    outer: [T; 2],
) -> Option<Range<T>> {
    let [low, estimate, high] = given;
    low.or(estimate).or(high)?;
    let least =
        high.or(estimate).filter(|high| *high <= built_in.low).map_or(built_in.low, |_| outer[0]);
    let low_end = low.unwrap_or(least);
    let most =
        low.or(estimate).filter(|low| *low >= built_in.high).map_or(built_in.high, |_| outer[1]);
    let high_end = high.unwrap_or(most).max(low_end).max(estimate.unwrap_or(low_end));
    let assumed = estimate.unwrap_or(built_in.assumed).clamp(low_end, high_end);
    Some(Range { low: low_end, assumed, high: high_end })
}
