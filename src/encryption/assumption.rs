//! What AWS does not publish about S3 Bucket Keys: one table of assumptions, each with its meaning,
//! its range, what it does to the saving, and the source.
//!
//! A new assumption is a variant of [`Assumption`], its row in [`Assumption::describe`] and a field of
//! [`Assumptions`] that the model reads. Scenarios, `--set`, levels, sensitivity, reports and the
//! JSON Schema go through the table.

mod ranges;
pub(crate) mod sample;
mod value;
mod written;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::s3::Connections;
use crate::units::{Rate, SimDuration};

pub use ranges::{AssumptionOverrides, AssumptionRanges, Level, Variation};
pub use value::{AssumptionKind, AssumptionValue, Range};

/// What AWS does not publish, in the order of tables and files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Assumption {
    /// How long one bucket-level key wraps new objects.
    GenerationLifetime,
    /// How long the plaintext of a bucket-level key stays in memory for reads.
    CacheLifetime,
    /// Whether a cached key's lifetime runs from its fetch or from its last use.
    Expiry,
    /// Hosts of S3's fleet that a requester's connections land on.
    CacheHosts,
    /// Parts of S3's fleet that each generate their own keys, the same for every requester.
    WritePartitions,
    /// Parts of S3's fleet that each cache keys on their own, the same for every requester.
    ReadPartitions,
    /// Decrypt calls that verify a new key.
    VerifyOnWrite,
    /// How fast a migration re-encrypts.
    MigrationRate,
}

/// A row of the table of assumptions.
#[derive(Clone, Debug)]
pub struct AssumptionDescription {
    /// Its name in scenarios, files and `--set`.
    pub name: &'static str,
    /// What it is about, in a few words.
    pub meaning: &'static str,
    /// What its values are.
    pub kind: AssumptionKind,
    /// The range it has in a scenario that gives none; without one it applies only where given.
    pub built_in: Option<Range<AssumptionValue>>,
    /// What is possible, where not everything is.
    pub limits: Option<Limits>,
    /// Whether greater values save more KMS requests, so that they cost less.
    pub greater_saves_more: bool,
    /// The value no other saves less than, whatever the range; without one that of the low level.
    pub floor: Option<AssumptionValue>,
    /// The value no other saves more than, whatever the range; without one that of the high level.
    pub ceiling: Option<AssumptionValue>,
    /// What is taken for as likely as what within the range.
    pub law: Law,
    /// Values among which `bks sensitivity` looks for a break-even.
    pub searched: Option<Searched>,
    /// If all of these are given, this one decides nothing.
    pub replaced_by: &'static [Assumption],
    /// What the range is based on (`docs/model.md` has the links).
    pub source: &'static str,
}

/// What values of an assumption are possible.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The least.
    pub least: AssumptionValue,
    /// The greatest.
    pub most: AssumptionValue,
    /// The constraint in words, after "but".
    pub rule: &'static str,
    /// What to do instead, if there is more to say.
    pub hint: &'static str,
}

/// Which values of an assumption are taken for as likely as which, as nothing but a range is known.
///
/// These laws are *assumed*: AWS publishes no value, so no law either. They are the usual ones for
/// ignorance, and each assumption is independent of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// Each value, and each rule, as likely.
    Even,
    /// Between one and two as likely as between two and four: not even its order of magnitude is
    /// known. Even in itself if it can be zero.
    EvenInLogarithm,
}

/// Seconds, or whole numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Searched {
    /// The least value.
    pub low: f64,
    /// The greatest value.
    pub high: f64,
}

impl Assumption {
    /// All of them, in the order of tables and files.
    pub const ALL: [Self; 8] = [
        Self::GenerationLifetime,
        Self::CacheLifetime,
        Self::Expiry,
        Self::CacheHosts,
        Self::WritePartitions,
        Self::ReadPartitions,
        Self::VerifyOnWrite,
        Self::MigrationRate,
    ];

    /// Its row of the table, whose rows stand below.
    #[must_use]
    pub const fn describe(self) -> AssumptionDescription {
        match self {
            Self::GenerationLifetime => GENERATION_LIFETIME,
            Self::CacheLifetime => CACHE_LIFETIME,
            Self::Expiry => EXPIRY,
            Self::CacheHosts => CACHE_HOSTS,
            Self::WritePartitions => WRITE_PARTITIONS,
            Self::ReadPartitions => READ_PARTITIONS,
            Self::VerifyOnWrite => VERIFY_ON_WRITE,
            Self::MigrationRate => MIGRATION_RATE,
        }
    }

    /// Its name in scenarios, files and `--set`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.describe().name
    }

    /// Names of all of them.
    #[must_use]
    pub const fn names() -> [&'static str; Self::ALL.len()] {
        let mut names = [""; Self::ALL.len()];
        let mut index = 0;
        while index < names.len() {
            names[index] = Self::ALL[index].name();
            index += 1;
        }
        names
    }

    /// The assumption of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|assumption| assumption.name() == name)
    }

    /// Whether it may be given as a range, not only as a value.
    #[must_use]
    pub fn may_have_range(self) -> bool {
        self.describe().kind != AssumptionKind::Rate
    }
}

/// A lifetime of keys of `high_s` seconds at the most.
const fn lifetime(high_s: i64) -> AssumptionDescription {
    const fn seconds(seconds: i64) -> AssumptionValue {
        AssumptionValue::Duration(SimDuration::from_secs(seconds))
    }
    AssumptionDescription {
        name: "",
        meaning: "",
        kind: AssumptionKind::Duration,
        built_in: Some(Range::new(seconds(60), seconds(300), seconds(high_s))),
        limits: None,
        greater_saves_more: true,
        floor: Some(AssumptionValue::Duration(SimDuration::ZERO)),
        ceiling: Some(AssumptionValue::Duration(SimDuration::MAX)),
        law: Law::EvenInLogarithm,
        searched: Some(Searched { low: 1.0, high: 86_400.0 }),
        replaced_by: &[],
        source: "",
    }
}

/// A number of parts of S3's fleet that each hold keys of their own.
const PARTS_OF_THE_FLEET: AssumptionDescription = AssumptionDescription {
    name: "",
    meaning: "",
    kind: AssumptionKind::Count,
    built_in: None,
    limits: Some(Limits {
        least: AssumptionValue::Count(1),
        most: AssumptionValue::Count(10_000),
        rule: "must stay within 1 and 10000",
        hint: "",
    }),
    greater_saves_more: false,
    // Where no key is ever found in memory, they decide nothing.
    floor: Some(AssumptionValue::Count(1)),
    ceiling: Some(AssumptionValue::Count(1)),
    law: Law::Even,
    searched: Some(Searched { low: 1.0, high: 1_000.0 }),
    replaced_by: &[],
    source: "no built-in range; for those who know how requests spread over S3's fleet",
};

/// How long a cached bucket-level key is kept.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Expiry {
    /// Until its lifetime has passed since it was fetched.
    Fixed,
    /// Until its lifetime has passed since it was last used.
    Sliding,
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fixed => "fixed",
            Self::Sliding => "sliding",
        })
    }
}

/// One value for each assumption, as the model reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Assumptions {
    /// How long one bucket-level key wraps new objects.
    pub generation_lifetime: SimDuration,
    /// How long the plaintext of a bucket-level key stays in memory for reads.
    pub cache_lifetime: SimDuration,
    /// Whether a cached key's lifetime runs from its fetch or from its last use.
    pub expiry: Expiry,
    /// Hosts of S3's fleet, each with a cache of its own, that a requester's connections land on, at
    /// least 1.
    pub cache_hosts: u32,
    /// Parts of S3's fleet that each generate their own keys, at least 1, if not as many hosts as a
    /// requester's connections meet.
    pub write_partitions: Option<u32>,
    /// Parts of S3's fleet that each cache keys on their own, at least 1, if not as many hosts as a
    /// requester's connections meet.
    pub read_partitions: Option<u32>,
    /// Decrypt calls that verify a newly generated bucket-level key.
    pub verify_on_write: u32,
    /// Objects a second that a migration re-encrypts.
    pub migration_rate: Rate,
}

impl Default for Assumptions {
    fn default() -> Self {
        AssumptionRanges::default().at(Level::Assumed)
    }
}

/// Over how many parts of S3's fleet a requester's requests are spread, evenly; each part makes and
/// holds keys of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partitions {
    /// Parts that make keys for what it writes, at least 1.
    pub writing: u32,
    /// Parts that hold keys for what it reads, at least 1.
    pub reading: u32,
}

impl Assumptions {
    /// The values that `value` gives: of everything that is built in, and of what else applies.
    fn new(value: impl Fn(Assumption) -> Option<AssumptionValue>) -> Self {
        let built_in = |assumption| value(assumption).expect("it is built in");
        Self {
            generation_lifetime: built_in(Assumption::GenerationLifetime).duration(),
            cache_lifetime: built_in(Assumption::CacheLifetime).duration(),
            expiry: built_in(Assumption::Expiry).expiry(),
            cache_hosts: built_in(Assumption::CacheHosts).count(),
            write_partitions: value(Assumption::WritePartitions).map(AssumptionValue::count),
            read_partitions: value(Assumption::ReadPartitions).map(AssumptionValue::count),
            verify_on_write: built_in(Assumption::VerifyOnWrite).count(),
            migration_rate: built_in(Assumption::MigrationRate).rate(),
        }
    }

    /// Over how many parts of the fleet the requests are spread that come on some connections.
    #[must_use]
    pub fn partitions(&self, connections: Connections) -> Partitions {
        let met = connections.hosts_met(self.cache_hosts);
        Partitions {
            writing: self.write_partitions.unwrap_or(met),
            reading: self.read_partitions.unwrap_or(met),
        }
    }

    /// Over how many parts writes are spread, at the most, whoever makes them.
    #[must_use]
    pub fn writing_at_most(&self) -> u32 {
        self.partitions(Connections::Fresh).writing
    }
}

const GENERATION_LIFETIME: AssumptionDescription = AssumptionDescription {
    name: "generation_lifetime",
    meaning: "how long S3 wraps new objects with one bucket-level key",
    limits: Some(Limits {
        least: AssumptionValue::Duration(SimDuration::from_nanos(1)),
        most: AssumptionValue::Duration(SimDuration::MAX),
        rule: "a bucket-level key must live for some time",
        hint: "for a key per object compare with `encryption = \"sse-kms\"`",
    }),
    source: "AWS gives none; SQS uses a data key for 1min to 24h, 5min by default; Kinesis \
             for 5min; Huawei OBS's near copy rotates its bucket key every 365 days, so the \
             upper end is open",
    ..lifetime(86_400)
};

const CACHE_LIFETIME: AssumptionDescription = AssumptionDescription {
    name: "cache_lifetime",
    meaning: "how long S3 keeps a bucket-level key in memory for reads",
    source: "AWS gives none; Huawei OBS about 3min; DynamoDB 5min",
    ..lifetime(3_600)
};

const EXPIRY: AssumptionDescription = AssumptionDescription {
    name: "expiry",
    meaning: "whether the cache lifetime runs from the fetch, or restarts at each use",
    kind: AssumptionKind::Expiry,
    built_in: Some(Range::new(
        AssumptionValue::Expiry(Expiry::Fixed),
        AssumptionValue::Expiry(Expiry::Fixed),
        AssumptionValue::Expiry(Expiry::Sliding),
    )),
    limits: None,
    greater_saves_more: true,
    floor: Some(AssumptionValue::Expiry(Expiry::Fixed)),
    ceiling: Some(AssumptionValue::Expiry(Expiry::Fixed)),
    law: Law::Even,
    searched: None,
    replaced_by: &[],
    source: "both readings exist; DynamoDB leans to sliding",
};

const CACHE_HOSTS: AssumptionDescription = AssumptionDescription {
    name: "cache_hosts",
    meaning: "hosts of S3's fleet, each with a cache of its own, that connections land on",
    built_in: Some(Range::new(
        AssumptionValue::Count(1),
        AssumptionValue::Count(10),
        AssumptionValue::Count(55),
    )),
    replaced_by: &[Assumption::WritePartitions, Assumption::ReadPartitions],
    source: "fitted to published counts (docs/model.md, \"Fan-out\")",
    ..PARTS_OF_THE_FLEET
};

const WRITE_PARTITIONS: AssumptionDescription = AssumptionDescription {
    name: "write_partitions",
    meaning: "parts of S3's fleet that make keys of their own, in place of `cache_hosts`",
    ..PARTS_OF_THE_FLEET
};

const READ_PARTITIONS: AssumptionDescription = AssumptionDescription {
    name: "read_partitions",
    meaning: "parts of S3's fleet that fetch keys of their own, in place of `cache_hosts`",
    ..PARTS_OF_THE_FLEET
};

const VERIFY_ON_WRITE: AssumptionDescription = AssumptionDescription {
    name: "verify_on_write",
    meaning: "calls of `Decrypt` that verify each new key, if S3 does",
    kind: AssumptionKind::Count,
    built_in: Some(Range::new(
        AssumptionValue::Count(0),
        AssumptionValue::Count(1),
        AssumptionValue::Count(1),
    )),
    limits: Some(Limits {
        least: AssumptionValue::Count(0),
        most: AssumptionValue::Count(100),
        rule: "at most 100 calls verify a new key",
        hint: "",
    }),
    greater_saves_more: false,
    floor: None,
    ceiling: Some(AssumptionValue::Count(0)),
    law: Law::Even,
    searched: None,
    replaced_by: &[],
    source: "documented for replicas of S3 replication, inferred for other writers",
};

const MIGRATION_RATE: AssumptionDescription = AssumptionDescription {
    name: "migration_rate",
    meaning: "how fast old objects are rewritten; it decides how many share a key",
    kind: AssumptionKind::Rate,
    built_in: Some(Range::known(AssumptionValue::Rate(Rate::per_s(1_000.0)))),
    limits: None,
    greater_saves_more: true,
    floor: None,
    ceiling: None,
    law: Law::Even,
    searched: None,
    replaced_by: &[],
    source: "assumed",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_assumption_stands_in_its_place() {
        for (index, assumption) in Assumption::ALL.into_iter().enumerate() {
            assert_eq!(assumption as usize, index);
            assert_eq!(Assumption::named(assumption.name()), Some(assumption));
        }
        assert_eq!(Assumption::ALL.last(), Some(&Assumption::MigrationRate));
    }
}
