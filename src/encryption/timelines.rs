//! Timelines of bucket-level keys, requester by requester: one for each part of S3's fleet that a
//! requester writes through.

use crate::rng::part_of;

/// Where one requester's timelines stand among all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TimelineRange {
    /// The number of the first.
    pub(super) first: u32,
    /// How many there are, one for each part that the requester writes through.
    pub(super) parts: u32,
}

impl TimelineRange {
    /// The ranges of requesters that stand one after the other, each with `buckets` times so many
    /// timelines as it writes through parts.
    pub(super) fn in_a_row(parts: &[u32], buckets: u32) -> Vec<Self> {
        let mut first = 0;
        let mut ranges = Vec::with_capacity(parts.len());
        for &parts in parts {
            ranges.push(Self { first, parts });
            first += parts * buckets;
        }
        ranges
    }

    /// The timeline of the part that `draw` picks.
    #[inline]
    pub(super) fn picked_by(self, draw: u32) -> u32 {
        self.first + part_of(draw, self.parts)
    }
}
