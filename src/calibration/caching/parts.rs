//! Reads second by second and session by session, each with the Decrypts near it.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use crate::calibration::{Evidence, ReadOf, Session, UnwrapRequest};

/// So many seconds with more Decrypts than partitions explain may be accidents: a Decrypt that is logged
/// late, a read that is not logged.
const ACCIDENTS: usize = 2;

/// What one session reads in one second.
#[derive(Debug)]
pub(super) struct SessionSecond {
    pub(super) session: u32,
    pub(super) second: i64,
    /// Which of the session's reads.
    pub(super) reads: Range<usize>,
    /// Decrypts near it that are not known to verify a key.
    pub(super) decrypts: u32,
    /// Whether a new key's verification may be among them.
    pub(super) may_verify: bool,
}

/// The parts of all pools, which do not depend on the rule.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// By pool, second, session.
    pub(super) list: Vec<SessionSecond>,
    /// Where each pool's are.
    pub(super) pools: Vec<Range<usize>>,
    /// Reads.
    pub(super) reads: u64,
    /// Decrypts that no read is near.
    pub(super) unmatched: u64,
    /// Decrypts that a read is near.
    pub(super) matched: u64,
}

impl Parts {
    /// Takes the evidence apart; `verify` is how many Decrypts come with a new key, if that is known.
    pub(super) fn of(evidence: &Evidence, verify: Option<u32>) -> Self {
        let mut all = Self::default();
        for pool in &evidence.pools {
            let first = all.list.len();
            for (number, session) in pool.sessions.iter().enumerate() {
                all.push(number as u32, session, verify);
            }
            all.list[first..].sort_by_key(|part| (part.second, part.session));
            all.pools.push(first..all.list.len());
        }
        all
    }

    fn push(&mut self, number: u32, session: &Session, verify: Option<u32>) {
        let own = self.list.len();
        for (place, read) in session.read.iter().enumerate() {
            match self.list[own..].last_mut() {
                Some(part) if part.second == read.second => part.reads.end = place + 1,
                _ => self.list.push(SessionSecond {
                    session: number,
                    second: read.second,
                    reads: place..place + 1,
                    decrypts: 0,
                    may_verify: verify.is_none() && makes_key_near(session, read.second),
                }),
            }
        }
        self.reads += session.read.len() as u64;
        for second in unverified(session, verify.unwrap_or(0)) {
            let parts = &mut self.list[own..];
            let free = [second, second - 1, second + 1]
                .into_iter()
                .filter_map(|second| parts.binary_search_by_key(&second, |part| part.second).ok())
                .find(|&place| (parts[place].decrypts as usize) < parts[place].reads.len());
            match free {
                Some(place) => {
                    parts[place].decrypts += 1;
                    self.matched += 1;
                }
                None if verify.is_none() && makes_key_near(session, second) => {}
                None => self.unmatched += 1,
            }
        }
    }

    /// The least number of partitions: one requester's reads of `n` objects in one second ask at most
    /// `n` times in each, whatever was in memory. Two seconds may be an accident. Of what is older than
    /// the trail only each object's first second counts: so many objects say the same, or none.
    pub(super) fn least_partitions(&self, evidence: &Evidence) -> u32 {
        let mut greatest = [1; ACCIDENTS + 1];
        let mut first: HashMap<u32, i64> = HashMap::new();
        for (pool, own) in evidence.pools.iter().zip(&self.pools) {
            for part in self.list[own.clone()].iter().filter(|part| !part.may_verify) {
                let reads = &pool.sessions[part.session as usize].read[part.reads.clone()];
                // Every read is noted, whatever the ones before it are.
                let firsts = reads.iter().filter(|read| match read.of {
                    ReadOf::Unwritten(object) => {
                        *first.entry(object).or_insert(read.second) == read.second
                    }
                    ReadOf::Written { .. } | ReadOf::Doubtful => true,
                });
                if firsts.count() < reads.len() {
                    continue;
                }
                let least = part.decrypts.div_ceil(objects(reads, evidence));
                if let Some(place) = greatest.iter().position(|&greatest| greatest < least) {
                    greatest[place..].rotate_right(1);
                    greatest[place] = least;
                }
            }
        }
        greatest[ACCIDENTS]
    }
}

/// How many objects `reads` are of, at most.
fn objects(reads: &[UnwrapRequest], evidence: &Evidence) -> u32 {
    let mut counts: BTreeMap<ReadOf, u32> = BTreeMap::new();
    for read in reads {
        *counts.entry(read.of).or_default() += 1;
    }
    let most = counts.into_iter().map(|(of, reads)| match of {
        ReadOf::Unwritten(_) => 1,
        ReadOf::Doubtful => reads,
        ReadOf::Written { pool, session, second } => {
            let written = &evidence.pools[pool as usize].sessions[session as usize].written;
            let same = written.partition_point(|&written| written <= second)
                - written.partition_point(|&written| written < second);
            reads.min(same.max(1) as u32)
        }
    });
    most.sum()
}

/// Whether the session makes a key within a second of this one: its verification may be logged a second off.
fn makes_key_near(session: &Session, second: i64) -> bool {
    let from = session.generated.partition_point(|&generated| generated < second - 1);
    session.generated.get(from).is_some_and(|&generated| generated <= second + 1)
}

/// Decrypts of a session without those that verify its new keys: those in the key's second first, then those
/// that are logged with the next, then with the one before.
fn unverified(session: &Session, verify: u32) -> Vec<i64> {
    let mut new: BTreeMap<i64, u32> = BTreeMap::new();
    for &second in &session.generated {
        *new.entry(second).or_default() += verify;
    }
    let mut others = session.decrypted.clone();
    for off in [0, -1, 1] {
        others.retain(|&second| match new.get_mut(&(second + off)) {
            Some(left) if *left > 0 => {
                *left -= 1;
                false
            }
            _ => true,
        });
    }
    others
}
