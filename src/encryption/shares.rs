//! Which share of the objects that requests need each bucket-level key wraps: the question of
//! [`Keyring::wrapping_all`](super::keys::Keyring::wrapping_all) turned round, for an engine that draws
//! calls key by key.

use crate::units::SimTime;

/// The objects of a kind that one bucket-level key wraps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeyShare {
    /// The number of the key; `None` for objects that have no bucket key.
    pub key: Option<u32>,
    /// The share of all objects, or of those that were written in a stretch of time.
    pub share: f64,
    /// That stretch, from its first point to before its last; `None` if it makes no difference when
    /// objects were written.
    pub written: Option<(SimTime, SimTime)>,
}

impl KeyShare {
    /// A share of all objects.
    pub(super) const fn of_all(key: Option<u32>, share: f64) -> Self {
        Self { key, share, written: None }
    }
}

/// Adds the share of what was written from `from` to before `until`, if that is any time at all.
pub(super) fn push_written(
    shares: &mut Vec<KeyShare>,
    key: Option<u32>,
    share: f64,
    from: SimTime,
    until: SimTime,
) {
    if from < until {
        shares.push(KeyShare { key, share, written: Some((from, until)) });
    }
}

/// Adds the shares of keys with some `numbers` that were generated at `starts`, of what was
/// written from `from` to before `until`; what was written before the first has its key.
pub(super) fn push_timeline(
    shares: &mut Vec<KeyShare>,
    starts: &[i64],
    numbers: impl Iterator<Item = u32>,
    share: f64,
    (from, until): (SimTime, SimTime),
) {
    let nexts = starts[1..].iter().copied().chain([i64::MAX]);
    let mut begins = SimTime::MIN;
    for (number, next) in numbers.zip(nexts) {
        let ends = SimTime::from_nanos(next);
        push_written(shares, Some(number), share, begins.max(from), ends.min(until));
        begins = ends;
    }
}
