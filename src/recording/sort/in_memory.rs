//! Sorting records that are in memory: by the digits of their ranks, as far as these tell them apart, and
//! by comparison what is left.

use crate::recording::packed::PackedRecord;

/// Bits of a digit: as many values as places that a processor writes to in turn without waiting.
const DIGIT_BITS: u32 = 8;

/// Most digits.
const MOST_DIGITS: usize = 4;

/// Values of a digit.
const DIGIT_VALUES: usize = 1 << DIGIT_BITS;

/// Up to so many records a sort by comparison is as fast.
const FEW: usize = 2_048;

/// Bits that tell so many more ranks apart than there are records that hardly two share one.
const SPARE_BITS: u32 = 2;

/// The digits of a record's rank that are looked at, the last one lowest, and where it stands.
#[derive(Clone, Copy, Default)]
struct RankedPlace {
    digits: u32,
    place: u32,
}

/// Puts records in order.
pub(super) fn put_in_order<T: PackedRecord>(records: &mut Vec<T>) {
    let count = u32::try_from(records.len()).unwrap_or(u32::MAX);
    if records.len() <= FEW || count == u32::MAX || records.is_sorted() {
        return records.sort_unstable();
    }
    let shifts = shifts(records, count.ilog2() + SPARE_BITS);
    let digits_of = |record: &T| {
        let rank = record.rank();
        shifts.iter().fold(0, |digits, shift| digits << DIGIT_BITS | (rank >> shift) as u32 & 0xff)
    };
    let ranked = (0..)
        .zip(&*records)
        .map(|(place, record)| RankedPlace { digits: digits_of(record), place });
    let mut ranked: Vec<RankedPlace> = ranked.collect();
    let mut room = vec![RankedPlace::default(); ranked.len()];
    for digit in 0..shifts.len() as u32 {
        by_digit(&ranked, &mut room, digit * DIGIT_BITS);
        std::mem::swap(&mut ranked, &mut room);
    }
    drop(room);
    let mut sorted: Vec<T> = Vec::with_capacity(records.len());
    sorted.extend(ranked.iter().map(|ranked| records[ranked.place as usize]));
    let mut rest = &mut sorted[..];
    for alike in ranked.chunk_by(|a, b| a.digits == b.digits) {
        let (first, others) = rest.split_at_mut(alike.len());
        sort_alike(first);
        rest = others;
    }
    *records = sorted;
}

/// Sorts records whose ranks are much the same; many may be of one busy object, mostly in order of time.
fn sort_alike<T: PackedRecord>(records: &mut [T]) {
    match records.len() {
        0 | 1 => {}
        2..=64 => records.sort_unstable(),
        _ => records.sort(),
    }
}

/// Where those digits of ranks begin that tell most records apart, the first digit first: of so many bits that
/// differ, or all. Bits in which all ranks agree between two digits are passed over.
fn shifts<T: PackedRecord>(records: &[T], bits: u32) -> Vec<u32> {
    let first = records[0].rank();
    let mut differing = records.iter().fold(0, |bits, record| bits | record.rank() ^ first);
    let (mut shifts, mut told_apart) = (Vec::new(), 0);
    while differing != 0 && told_apart < bits && shifts.len() < MOST_DIGITS {
        let shift = (differing.ilog2() + 1).saturating_sub(DIGIT_BITS);
        told_apart += (differing >> shift).count_ones();
        differing &= (1 << shift) - 1;
        shifts.push(shift);
    }
    shifts
}

/// Puts `ranked` into `sorted` in the order of one digit; those that have the same keep theirs.
fn by_digit(ranked: &[RankedPlace], sorted: &mut [RankedPlace], shift: u32) {
    let digit = |it: &RankedPlace| (it.digits >> shift) as usize % DIGIT_VALUES;
    let mut next = [0_u32; DIGIT_VALUES];
    for it in ranked {
        next[digit(it)] += 1;
    }
    let mut before = 0;
    for place in &mut next {
        before += std::mem::replace(place, before);
    }
    for it in ranked {
        let place = &mut next[digit(it)];
        sorted[*place as usize] = *it;
        *place += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::hash::Hash;
    use crate::recording::packed::{GatheredRequest, RequestKind, ResolvedRequest, Stamp};

    /// Numbers without a pattern.
    fn mixed(number: u64) -> u64 {
        Hash::new().with(&number.to_le_bytes()).get()
    }

    fn check<T: PackedRecord + std::fmt::Debug>(records: impl Iterator<Item = T>) {
        let mut records: Vec<T> = records.collect();
        let mut expected = records.clone();
        expected.sort();
        put_in_order(&mut records);
        assert_eq!(records, expected);
    }

    /// Few records and many; of many objects, of few and of none; of one second and of years; from few
    /// sessions and from as many as there may be.
    #[test]
    fn what_is_sorted_by_digits_is_sorted() {
        for count in [0, 1, FEW as u64, FEW as u64 + 1, 20_000] {
            for (objects, span_ms, owners) in
                [(u64::MAX, 86_400_000, 40), (3, 5, 1), (1, 1 << 54, 1_000_000), (1_000, 1, 2)]
            {
                let when = |number: u64| {
                    let ms = (number * 7 + mixed(number) % 9_000) % span_ms;
                    Stamp::new(
                        ms,
                        if number.is_multiple_of(3) {
                            RequestKind::GetObject
                        } else {
                            RequestKind::PutObject
                        },
                    )
                };
                check((0..count).map(|number| GatheredRequest {
                    object: [mixed(mixed(number) % objects), mixed(number) % 2],
                    when: when(number),
                    id: mixed(number + count) % 1_000,
                    ..GatheredRequest::default()
                }));
                check((0..count).map(|number| {
                    let owner = (mixed(number) % owners) as u32;
                    ResolvedRequest::new(owner, when(number), mixed(number) as u32 % 50, owner, 0)
                }));
            }
        }
    }

    /// Bits between two digits in which nothing differs are passed over, and no more digits are taken than
    /// tell records apart.
    #[test]
    fn digits_are_those_that_differ() {
        let requests = [(0, 0), (5, 0), (1, 0x3ff)].map(|(owner, ms)| {
            ResolvedRequest::new(owner, Stamp::new(ms, RequestKind::Inventoried), 0, 0, 0)
        });
        assert_eq!(shifts(&requests, 2), [39]);
        assert_eq!(shifts(&requests, 3), [39, 12]);
        assert_eq!(shifts(&requests, 12), [39, 12, 4]);
        assert_eq!(shifts(&requests[..1], 4), [0; 0]);
    }
}
