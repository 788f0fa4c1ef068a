//! Whether a new key is verified by a Decrypt.
//!
//! A Decrypt in the second of a `GenerateDataKey` verifies the new key, or is of a read. So it takes
//! reads to tell: a new key with more Decrypts than its session reads then is verified, one with none
//! is not. Where a session reads all the time, Decrypts with new keys are set against those with the
//! reads around them; but only where nothing is read that the new key may wrap, as the first read of
//! that asks at any rate.

use std::collections::{BTreeMap, BTreeSet};

use super::{Calibrated, Evidence, MAX_UNMATCHED, ReadOf, SURE, Session};

const METHOD: &str =
    "Decrypts in the second of a GenerateDataKey, against the session's reads then and around it";

/// At most one new key in so many says otherwise, by accident.
const ACCIDENTS: u64 = 10;

/// Seconds before and after a new key in which reads are looked at.
const AROUND_S: i64 = 60;

/// So many new keys at least, all with Decrypts, and so improbable if those were of reads.
const BY_CHANCE: (u64, f64) = (5, 1e-3);

/// What new keys tell.
#[derive(Debug, Default)]
struct NewKeys {
    /// Seconds with new keys.
    seconds: u64,
    /// Those with fewer Decrypts than new keys.
    without: u64,
    /// Those with more Decrypts than reads.
    beyond: u64,
    /// Others, in which nothing is read that the new key may wrap.
    others: u64,
    /// Logarithm of how likely it is that reads asked in all of these.
    log_chance: f64,
}

/// Estimates how many Decrypts come with each new key.
pub(super) fn estimate(evidence: &Evidence) -> Calibrated<u32> {
    let has_reads = has_reads(evidence);
    let mut new_keys = NewKeys::default();
    for (number, pool) in evidence.pools.iter().enumerate() {
        for session in &pool.sessions {
            new_keys.take(number as u32, session, has_reads);
        }
    }
    let NewKeys { seconds, without, beyond, others, log_chance } = new_keys;
    if seconds == 0 {
        Calibrated::nothing(METHOD, "no key is generated in the trail")
    } else if beyond >= SURE && without * ACCIDENTS <= beyond {
        Calibrated::known(1, METHOD, "")
    } else if without >= SURE && beyond * ACCIDENTS <= without {
        Calibrated::known(0, METHOD, "a check that asks no KMS does not show")
    } else if without == 0 && others >= BY_CHANCE.0 && log_chance < BY_CHANCE.1.ln() {
        Calibrated::known(1, METHOD, "")
    } else {
        let why = match (without, has_reads) {
            (1.., _) => {
                "some new keys come with a Decrypt and some without: not each is verified, or objects \
                 are read as soon as they are written"
            }
            (0, false) => {
                "each new key comes with a Decrypt, but the trail has no reads, or not all: a read of \
                 each object as soon as it is written would look the same; the built-in range stays"
            }
            (0, true) => {
                "each new key comes with a Decrypt, but also with reads that may have asked; the \
                 built-in range stays"
            }
        };
        Calibrated::nothing(METHOD, why)
    }
}

/// How many of `times`, ascending, lie from `from` to `to`.
fn count(times: &[i64], from: i64, to: i64) -> u64 {
    let before = times.partition_point(|&time| time < from);
    (times.partition_point(|&time| time <= to) - before) as u64
}

/// Whether the trail has reads, and so all of them: most Decrypts that come with no new key have one
/// near them.
fn has_reads(evidence: &Evidence) -> bool {
    let (mut others, mut unmatched) = (0_u64, 0_u64);
    for session in evidence.sessions() {
        let reads: Vec<i64> = session.read.iter().map(|read| read.second).collect();
        for &second in &session.decrypted {
            if count(&session.generated, second - 1, second + 1) == 0 {
                others += 1;
                unmatched += u64::from(count(&reads, second - 1, second + 1) == 0);
            }
        }
    }
    evidence.read() > 0 && unmatched as f64 <= MAX_UNMATCHED * others as f64
}

impl NewKeys {
    fn take(&mut self, pool: u32, session: &Session, has_reads: bool) {
        let mut new: BTreeMap<i64, u64> = BTreeMap::new();
        for &second in &session.generated {
            *new.entry(second).or_default() += 1;
        }
        let reads: Vec<i64> = session.read.iter().map(|read| read.second).collect();
        for (&second, &keys) in &new {
            self.seconds += 1;
            // A verification may be logged a second off, and a read's Decrypt, too.
            let near = count(&session.decrypted, second - 1, second + 1);
            let own = count(&session.decrypted, second, second);
            if near < keys {
                self.without += 1;
            } else if has_reads
                && (own > count(&reads, second - 1, second + 1)
                    || near > count(&reads, second - 2, second + 2))
            {
                self.beyond += 1;
            } else if has_reads && !reads_new_key(pool, session, second) {
                self.others += 1;
                self.log_chance += chance(session, &reads, second).ln();
            }
        }
    }
}

/// Whether a read near `second` may be of an object that a key wraps which is new then.
fn reads_new_key(pool: u32, session: &Session, second: i64) -> bool {
    let from = session.read.partition_point(|read| read.second < second - 1);
    let near = session.read[from..].iter().take_while(|read| read.second <= second + 1);
    near.into_iter().any(|read| match read.of {
        ReadOf::Written { pool: by, second: written, .. } => by == pool && written >= second - 1,
        ReadOf::Unwritten(_) => false,
        ReadOf::Doubtful => true,
    })
}

/// How often the session's reads ask in seconds around `second`, in which no key is new.
fn chance(session: &Session, reads: &[i64], second: i64) -> f64 {
    let seconds: BTreeSet<i64> = {
        let from = reads.partition_point(|&read| read < second - AROUND_S);
        let near = reads[from..].iter().take_while(|&&read| read <= second + AROUND_S);
        near.copied().filter(|&read| count(&session.generated, read - 1, read + 1) == 0).collect()
    };
    let asking = seconds.iter().filter(|&&one| count(&session.decrypted, one, one) > 0).count();
    (asking as f64 + 1.0) / (seconds.len() as f64 + 2.0)
}
