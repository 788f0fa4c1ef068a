//! What KMS calls tell of that which AWS does not publish: lifetimes, partitions, requester rule.
//!
//! The input is plain: for each session the seconds of its `GenerateDataKey` and Decrypt calls for
//! one bucket and KMS key, and of its writes where the trail has them. The output is an interval
//! for each assumption, with the method and with what the data cannot tell.

mod caching;
pub mod gather;
mod generation;
mod verify;

use serde::Serialize;

use crate::encryption::assumptions::{AssumptionRanges, Expiry, Range};
use crate::encryption::requester::RequesterRule;
use crate::scenario::file::{AssumptionOverrides, ScenarioFile};
use crate::units::SimDuration;
use generation::Fit;

/// A statement that is wrong at most so often is what an interval is.
pub const ERROR_RATE: f64 = 0.05;

/// Greatest number of partitions looked for.
pub const MAX_PARTITIONS: u32 = 12;

/// So much less in the logarithm of the likelihood than the best, and a number of partitions explains
/// nothing; after so many of them in a row no more are tried.
const HOPELESS: (f64, u32) = (30.0, 3);

/// Calls `score`, which gives the greatest logarithm of the likelihood, with ever more partitions.
fn try_partitions(mut score: impl FnMut(u32) -> f64) {
    let (mut best, mut hopeless) = (f64::NEG_INFINITY, 0);
    for partitions in 1..=MAX_PARTITIONS {
        let log = score(partitions);
        best = best.max(log);
        hopeless = if log < best - HOPELESS.0 { hopeless + 1 } else { 0 };
        if hopeless == HOPELESS.1 {
            return;
        }
    }
}

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
    pub read: Vec<Read>,
}

/// A request that needs an object's key unwrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Read {
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
    /// It was not written in the trail; objects are told apart by number.
    Unwritten(u32),
    /// It cannot be told whether a call is needed, or of which key.
    Doubtful,
}

/// The sessions of one role (or the one of a user or service) for one bucket and KMS key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    /// Session by session.
    pub sessions: Vec<Session>,
}

/// What trails tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Each (role, bucket, KMS key).
    pub pools: Vec<Pool>,
    /// The first second of any event.
    pub first_s: i64,
    /// The last second of any event.
    pub last_s: i64,
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
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Estimate<T> {
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

impl<T> Estimate<T> {
    /// Nothing is told.
    fn nothing(method: &'static str, why: impl Into<String>) -> Self {
        Self { low: None, estimate: None, high: None, method, cannot_tell: why.into() }
    }
}

/// Every assumption that is looked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// How long one bucket-level key wraps new objects, in seconds.
    pub generation_lifetime_s: Estimate<i64>,
    /// How long a key stays in memory for reads, in seconds.
    pub cache_lifetime_s: Estimate<i64>,
    /// Fixed or sliding.
    pub expiry: Estimate<Expiry>,
    /// Parts of S3's fleet that each generate their own keys.
    pub write_partitions: Estimate<u32>,
    /// Parts of S3's fleet that each cache keys.
    pub read_partitions: Estimate<u32>,
    /// Decrypt calls that verify a new key.
    pub verify_on_write: Estimate<u32>,
    /// Who is one requester.
    pub requester_rule: Estimate<RequesterRule>,
}

/// Estimates everything from `evidence`.
#[must_use]
pub fn calibrate(evidence: &Evidence) -> Calibration {
    let fit = Fit::of(evidence);
    let verify = verify::estimate(evidence);
    let rule = fit.rule();
    let rules: &[_] = match rule.low {
        Some(RequesterRule::Session) => &[RequesterRule::Session],
        None if evidence.pools.iter().any(|pool| pool.sessions.len() > 1) => {
            &[RequesterRule::Role, RequesterRule::Session]
        }
        _ => &[RequesterRule::Role],
    };
    let verifying = verify.high.unwrap_or(1);
    let reads = caching::Fit::of(evidence, rules, &fit, verifying);
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
            .map_or(rule, Fit::rule_by_reads),
    }
}

impl Calibration {
    /// What a scenario may assume after this; what nothing is told of stays as it is built in, and
    /// so does an end that the data does not give.
    #[must_use]
    pub fn assumptions(&self) -> AssumptionOverrides {
        let built_in = AssumptionRanges::default();
        let lifetime = |estimate: &Estimate<i64>, built_in: Range<SimDuration>| {
            let given = |value: Option<i64>| value.map(SimDuration::from_secs);
            within([given(estimate.low), given(estimate.estimate), given(estimate.high)], built_in)
        };
        let count = |estimate: &Estimate<u32>, built_in: Range<u32>| {
            within([estimate.low, estimate.estimate, estimate.high], built_in)
        };
        AssumptionOverrides {
            generation_lifetime: lifetime(
                &self.generation_lifetime_s,
                built_in.generation_lifetime,
            ),
            cache_lifetime: lifetime(&self.cache_lifetime_s, built_in.cache_lifetime),
            write_partitions: count(&self.write_partitions, built_in.cache_hosts),
            expiry: self.expiry.estimate.map(Range::known),
            read_partitions: count(&self.read_partitions, built_in.cache_hosts),
            verify_on_write: count(&self.verify_on_write, built_in.verify_on_write),
            ..AssumptionOverrides::default()
        }
    }
}

impl Calibration {
    /// What a scenario may hold after this, in TOML: the table of assumptions and, if the rule is
    /// told, configurations without and with bucket keys under that rule, to be put at its end.
    #[must_use]
    pub fn fragment(&self) -> String {
        let configurations = self.requester_rule.low.map(ScenarioFile::configurations_under);
        self.assumptions().to_fragment(&configurations.unwrap_or_default())
    }
}

/// Low, assumed and high in order, with built-in ends where none is given; `None` if none at all.
fn within<T: Copy + Ord>(given: [Option<T>; 3], built_in: Range<T>) -> Option<Range<T>> {
    let [low, estimate, high] = given;
    low.or(estimate).or(high)?;
    let low_end = low.unwrap_or(built_in.low);
    let high_end = high.unwrap_or(built_in.high);
    let low_end = high.map_or(low_end, |high| low_end.min(high));
    let high_end = high_end.max(low_end).max(estimate.unwrap_or(low_end));
    let assumed = estimate.unwrap_or(built_in.assumed).clamp(low_end, high_end);
    Some(Range { low: low_end, assumed, high: high_end })
}
