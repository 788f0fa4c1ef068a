//! When the run's writers generate bucket-level keys: of each requester, bucket and part of S3's fleet the
//! times. Most of very many requesters generate none or few, so what generates none takes no room.

use std::ops::Range;

use super::guide_table::Sorted;
use crate::units::SimTime;

/// When one requester generates its bucket-level keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyStarts(Vec<KeyStart>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct KeyStart {
    /// Bucket × write partitions + partition.
    place: u32,
    time: SimTime,
}

impl KeyStarts {
    /// Adds a key that is generated at `place` (bucket × write partitions + partition) at `time`, after
    /// those of the place that are there.
    pub fn push(&mut self, place: u32, time: SimTime) {
        self.0.push(KeyStart { place, time });
    }
}

/// From the times of each place in turn.
impl FromIterator<Vec<SimTime>> for KeyStarts {
    fn from_iter<T: IntoIterator<Item = Vec<SimTime>>>(places: T) -> Self {
        let mut starts = Self::default();
        for (place, times) in (0..).zip(places) {
            for time in times {
                starts.push(place, time);
            }
        }
        starts
    }
}

/// When each (requester, bucket, write partition) generated its bucket-level keys within the run: timelines,
/// of which those without any key are not there.
#[derive(Debug)]
pub struct Timelines {
    buckets: u32,
    of_requester: Vec<RequesterTimelines>,
    /// Requester by requester, for each bucket by bucket, partition by partition.
    starts: Vec<Sorted>,
    /// The place of each (bucket × write partitions + partition).
    places: Vec<u32>,
    /// Through how many parts each requester writes to each bucket, where that differs; else empty.
    parts_in: Vec<Vec<u32>>,
}

/// Where one requester's timelines stand among all.
#[derive(Clone, Copy, Debug)]
struct RequesterTimelines {
    /// Through how many parts of S3's fleet it writes.
    parts: u32,
    first: u32,
    count: u32,
}

impl RequesterTimelines {
    fn range(self) -> Range<usize> {
        self.first as usize..(self.first + self.count) as usize
    }
}

impl Timelines {
    /// No requester yet, in a run with so many buckets.
    #[must_use]
    pub fn new(buckets: usize) -> Self {
        let (of_requester, starts, places) = (Vec::new(), Vec::new(), Vec::new());
        Self { buckets: buckets as u32, of_requester, starts, places, parts_in: Vec::new() }
    }

    /// Adds the next requester, which writes through so many `parts` of S3's fleet.
    pub fn add(&mut self, parts: u32, starts: KeyStarts) {
        self.add_in_buckets(parts, Vec::new(), starts);
    }

    /// Adds the next requester, which writes through so many `parts` of S3's fleet, and to each bucket through
    /// so many of them as `parts_in` has; to all through all if it is empty.
    pub fn add_in_buckets(
        &mut self,
        parts: u32,
        parts_in: Vec<u32>,
        KeyStarts(mut keys): KeyStarts,
    ) {
        self.parts_in.push(parts_in);
        let first = self.starts.len() as u32;
        // Those of one place stay in order.
        keys.sort_by_key(|key| key.place);
        for of_place in keys.chunk_by(|one, next| one.place == next.place) {
            self.places.push(of_place[0].place);
            let times = of_place.iter().map(|key| key.time.as_nanos());
            self.starts.push(Sorted::new(times.collect()));
        }
        let count = self.starts.len() as u32 - first;
        self.of_requester.push(RequesterTimelines { parts, first, count });
    }

    /// Through how many parts of S3's fleet a requester writes to a bucket.
    #[inline]
    pub(super) fn parts(&self, requester: u32, bucket: u32) -> u32 {
        let parts_in = self.parts_in[requester as usize].get(bucket as usize);
        parts_in.copied().unwrap_or(self.of_requester[requester as usize].parts)
    }

    /// The timeline that answers for a requester's part in a bucket: its own, or the next that has a key.
    #[inline]
    pub(super) fn of_part(&self, bucket: u32, requester: u32, part: u32) -> Option<usize> {
        let mine = self.of_requester[requester as usize];
        let place = bucket * mine.parts + part;
        if mine.count == mine.parts * self.buckets {
            return Some((mine.first + place) as usize);
        }
        self.next_with_key(mine, bucket, place)
    }

    /// The same where some of the requester's timelines have no key.
    fn next_with_key(&self, mine: RequesterTimelines, bucket: u32, place: u32) -> Option<usize> {
        let places = &self.places[mine.range()];
        let first = number_before(places, bucket * mine.parts);
        let end = number_before(places, (bucket + 1) * mine.parts);
        let next = number_before(places, place);
        let found = if next < end { next } else { first };
        (first < end).then_some(mine.first as usize + found)
    }

    /// When the keys of each timeline were generated.
    pub(super) fn starts(&self) -> &[Sorted] {
        &self.starts
    }

    /// Whose a timeline is.
    pub(super) fn requester_of(&self, timeline: usize) -> Option<u32> {
        // Who has none begins where the next one does, so the last that begins is it.
        let begun = self.of_requester.partition_point(|mine| mine.first as usize <= timeline);
        Some(begun.checked_sub(1)? as u32)
    }
}

/// How many of some ascending places come before one.
fn number_before(places: &[u32], place: u32) -> usize {
    places.partition_point(|&known| known < place)
}

#[cfg(test)]
mod tests {
    use super::{KeyStarts, Timelines};
    use crate::units::SimTime;
    use proptest::prelude::*;

    proptest! {
        /// The first of the bucket's parts that has a key, from the one that is asked for on and round.
        #[test]
        fn a_part_without_keys_is_answered_by_the_next(
            parts in 1_u32..5,
            keys in prop::collection::vec(prop::collection::vec((0_u32..10, 0_i64..9), 0..12), 1..4),
        ) {
            let mut timelines = Timelines::new(2);
            let mut dense = Vec::new();
            for of_requester in &keys {
                let mut times = vec![Vec::new(); 2 * parts as usize];
                let mut starts = KeyStarts::default();
                for &(place, gap) in of_requester {
                    let place = place % (2 * parts);
                    let of_place: &mut Vec<SimTime> = &mut times[place as usize];
                    let last = of_place.last().map_or(0, |time| time.as_nanos());
                    let time = SimTime::from_nanos(last + gap);
                    of_place.push(time);
                    starts.push(place, time);
                }
                timelines.add(parts, starts);
                dense.push(times);
            }
            for (requester, times) in dense.iter().enumerate() {
                for place in 0..2 * parts {
                    let (bucket, part) = (place / parts, place % parts);
                    let around = (0..parts).map(|step| bucket * parts + (part + step) % parts);
                    let expected = around.map(|it| &times[it as usize]).find(|it| !it.is_empty());
                    let found = timelines.of_part(bucket, requester as u32, part);
                    let numbers = found.map(|it| timelines.starts()[it].numbers().to_vec());
                    let expected: Option<Vec<i64>> =
                        expected.map(|it| it.iter().map(|time| time.as_nanos()).collect());
                    prop_assert_eq!(numbers, expected);
                    if let Some(timeline) = found {
                        prop_assert_eq!(timelines.requester_of(timeline), Some(requester as u32));
                    }
                }
            }
        }
    }
}
