//! The counted part of a run, in seconds and in time bins.

use crate::units::{SimDuration, SimTime};

/// The counted part of a run, and how it is cut into bins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// When counting starts.
    pub from: SimTime,
    /// When the run ends.
    pub end: SimTime,
    /// Length of a time bin.
    pub bin: SimDuration,
}

/// Lengths of a time bin to choose from, in seconds.
const BINS_S: [i64; 11] = [1, 5, 15, 60, 300, 900, 1_800, 3_600, 21_600, 86_400, 604_800];

/// Most time bins of a run.
const MAX_BINS: i64 = 300;

impl Window {
    /// The part of a run from `from` to `end`, in at most 300 bins of a length that people use.
    #[must_use]
    pub fn new(from: SimTime, end: SimTime) -> Self {
        let counted = end.since(from).as_nanos();
        let bin = BINS_S
            .into_iter()
            .map(SimDuration::from_secs)
            .find(|bin| counted.div_euclid(bin.as_nanos()) < MAX_BINS)
            .unwrap_or(SimDuration::from_secs(BINS_S[BINS_S.len() - 1]));
        Self { from, end, bin }
    }

    /// Number of seconds that are counted, the last of them perhaps in part.
    #[must_use]
    pub fn seconds(&self) -> usize {
        (self.end.since(self.from).as_nanos() as u64).div_ceil(1_000_000_000) as usize
    }

    /// Number of time bins.
    #[must_use]
    pub fn bins(&self) -> usize {
        let counted = self.end.since(self.from).as_nanos() as u64;
        counted.div_ceil(self.bin.as_nanos() as u64) as usize
    }

    /// Which counted second `time` lies in; negative before the first.
    pub(super) fn second_of(&self, time: SimTime) -> i64 {
        SimTime::from_nanos(time.as_nanos().saturating_sub(self.from.as_nanos())).second()
    }

    /// Those of ascending times that are counted.
    pub(super) fn counted<'a>(&self, times: &'a [SimTime]) -> &'a [SimTime] {
        match times.first() {
            Some(&first) if first < self.from => {
                &times[times.partition_point(|&time| time < self.from)..]
            }
            _ => times,
        }
    }

    /// Tells of each counted second how many of some ascending counted times lie in it, if any.
    pub(super) fn in_seconds(&self, mut times: &[SimTime], mut tell: impl FnMut(u32, u32)) {
        while let Some(first) = times.first() {
            let second = second_since(self.from, *first);
            let ends = self.from + SimDuration::from_secs(i64::from(second) + 1);
            let count = times.iter().position(|&time| time >= ends).unwrap_or(times.len());
            tell(second, count as u32);
            times = &times[count..];
        }
    }

    /// Tells of each bin how many of some ascending counted times lie in it, if any.
    pub(super) fn in_bins(&self, mut times: &[SimTime], mut tell: impl FnMut(usize, u64)) {
        while let Some(first) = times.first() {
            let bin = first.since(self.from).as_nanos() / self.bin.as_nanos();
            let ends = self.from + self.bin.saturating_mul(bin + 1);
            let count = times.partition_point(|&time| time < ends);
            tell(bin as usize, count as u64);
            times = &times[count..];
        }
    }
}

/// Which second after `from` a time lies in, which is not before it.
pub(super) fn second_since(from: SimTime, time: SimTime) -> u32 {
    ((time.as_nanos() - from.as_nanos()) as u64 / 1_000_000_000) as u32
}
