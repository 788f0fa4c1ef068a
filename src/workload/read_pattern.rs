//! How a workload chooses what it reads, as a scenario says it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ages::AgeLaw;
use crate::error::{Error, Result};
use crate::units::SimDuration;

/// How a workload chooses what to read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReadPattern {
    /// Every object of the population is as likely as any other.
    Uniform,
    /// By popularity: the r-th most popular object in proportion to r^-exponent; popularity has
    /// nothing to do with age.
    Zipf(ZipfReads),
    /// By age: the age of what is read follows a law.
    ByAge(AgeLaw),
    /// A time range from its oldest object to its newest, spread evenly.
    Scan(ScanReads),
    /// A time range from its newest object to its oldest, spread evenly.
    RecentFirst(ScanReads),
    /// What was written last, some time after it was written.
    JustWritten(JustWrittenReads),
}

/// Parameter of reads by popularity.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ZipfReads {
    /// 0 for uniform; about 1 in many measured workloads.
    pub exponent: f64,
}

/// The time range of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScanReads {
    /// Age of the oldest object of the range when the scan begins.
    pub oldest: SimDuration,
    /// Age of the newest object of the range when the scan begins.
    #[serde(default)]
    pub newest: SimDuration,
    /// Objects of one scan outside jobs (a job's step says how many it reads).
    #[serde(default = "default_scan_objects")]
    pub objects: u64,
}

fn default_scan_objects() -> u64 {
    1_000
}

/// Parameter of reads of what was just written.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JustWrittenReads {
    /// Time from the write to the read.
    #[serde(default)]
    pub delay: SimDuration,
}

impl ReadPattern {
    /// Whether objects are chosen by their rank in a population, not by when they were written.
    #[must_use]
    pub const fn is_by_rank(&self) -> bool {
        matches!(self, Self::Uniform | Self::Zipf(_))
    }

    /// Refuses parameters that choose nothing.
    ///
    /// # Errors
    /// Names the parameter and what it must keep to.
    pub fn check(&self) -> Result<()> {
        match self {
            Self::Zipf(zipf) if !(0.0..=20.0).contains(&zipf.exponent) => Err(Error::request(
                format!("`exponent` is `{}`, but must lie between 0 and 20", zipf.exponent),
            )),
            Self::ByAge(law) => law.check(),
            Self::Scan(scan) | Self::RecentFirst(scan) if scan.newest > scan.oldest => {
                Err(Error::request(format!(
                    "the range goes from `oldest` `{}` to `newest` `{}`, but the newest is younger",
                    scan.oldest, scan.newest
                )))
            }
            Self::Scan(scan) | Self::RecentFirst(scan) if scan.objects == 0 => {
                Err(Error::request("`objects` is `0`, but a scan reads at least one object"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(oldest_s: i64, newest_s: i64, objects: u64) -> ScanReads {
        let [oldest, newest] = [oldest_s, newest_s].map(SimDuration::from_secs);
        ScanReads { oldest, newest, objects }
    }

    #[test]
    fn patterns_that_choose_nothing_are_refused() {
        assert!(ReadPattern::Scan(scan(1, 2, 1)).check().is_err());
        assert!(ReadPattern::Scan(scan(2, 1, 0)).check().is_err());
        assert!(ReadPattern::Zipf(ZipfReads { exponent: f64::NAN }).check().is_err());
    }
}
