//! Which bucket-level key each read needs, and which seconds the Decrypts of reads fall into.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::BURN_IN;
use crate::calibration::{Evidence, Pool, ReadOf, Session};
use crate::encryption::requester::RequesterRule;

/// One requester's reads.
#[derive(Debug, Default)]
pub(super) struct Requester {
    /// Second by second; one for each session that reads then, if sessions are requesters.
    pub(super) seconds: Vec<Second>,
    /// Keys that are read, by number, and how often.
    pub(super) uses: Vec<(u32, u32)>,
    /// How many keys there are.
    pub(super) keys: usize,
}

/// The reads of a requester in one second.
#[derive(Debug)]
pub(super) struct Second {
    pub(super) time: i64,
    /// Decrypts that are not of a new key's verification.
    pub(super) decrypts: u32,
    /// Reads of keys that are not known.
    pub(super) unknown: u32,
    /// Where in [`Requester::uses`] the others are.
    pub(super) uses: Range<usize>,
    /// Whether it tells more than what is in memory.
    pub(super) counts: bool,
}

/// All reads under a rule.
#[derive(Debug, Default)]
pub(super) struct Streams {
    pub(super) requesters: Vec<Requester>,
    /// Reads of known keys.
    pub(super) known: u64,
    /// Reads of unknown keys.
    pub(super) unknown: u64,
    /// Decrypts that no read is near.
    pub(super) unmatched: u64,
    /// Decrypts that a read is near.
    pub(super) matched: u64,
    /// How likely it is that a read of an unknown key asks.
    pub(super) unknown_asks: f64,
    /// Decrypts of which it is not plain which key's read asked.
    pub(super) doubtful: u64,
    /// Seconds that count.
    pub(super) counted: u32,
    /// Logarithm of how likely it is that just those sessions asked that did, if any may.
    pub(super) allotment: f64,
}

/// What is known of new keys before reads are looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writes {
    /// Whether writers have just one key at a time.
    pub(super) one_partition: bool,
    /// How long a key may wrap new objects, at most, in seconds.
    pub(super) lifetime_s: Option<i64>,
    /// Decrypts that verify a new key.
    pub(super) verify: u32,
}

/// A key: whose, and which of theirs.
type Key = (u32, u32, u32);

/// What one requester has in one second.
#[derive(Debug, Default)]
struct Reading {
    uses: BTreeMap<Key, u32>,
    unknown: u32,
    /// Reads and Decrypts session by session.
    sessions: BTreeMap<u32, (u32, u32)>,
}

/// Stands for the writer of an object that is not written in the trail.
const NOBODY: u32 = u32::MAX;

impl Streams {
    /// Sorts the evidence under `rule`.
    pub(super) fn new(evidence: &Evidence, rule: RequesterRule, writes: Writes) -> Self {
        let keys = Writers::new(evidence, rule, writes);
        let span = evidence.last_s - evidence.first_s;
        let from = evidence.first_s + span / BURN_IN;
        let mut streams = Self::default();
        for pool in &evidence.pools {
            let numbers: Vec<usize> = (0..pool.sessions.len()).collect();
            let groups: Vec<&[usize]> = match rule {
                RequesterRule::Role => vec![&numbers],
                RequesterRule::Session => numbers.chunks(1).collect(),
            };
            for sessions in groups {
                streams.push(pool, sessions, &keys, writes.verify, from);
            }
        }
        streams.unknown_asks = streams.unknown_asks();
        streams
    }

    fn push(&mut self, pool: &Pool, sessions: &[usize], writers: &Writers, verify: u32, from: i64) {
        let only = only_unwritten(pool, sessions);
        let mut seconds: BTreeMap<i64, Reading> = BTreeMap::new();
        for &number in sessions {
            let session = &pool.sessions[number];
            for read in &session.read {
                let reading = seconds.entry(read.second).or_default();
                reading.sessions.entry(number as u32).or_default().0 += 1;
                match writers.key(read.of, only) {
                    Some(key) => *reading.uses.entry(key).or_default() += 1,
                    None => reading.unknown += 1,
                }
            }
            for second in unverified(session, verify) {
                let place = [second, second - 1, second + 1].into_iter().find(|second| {
                    let session = seconds.get(second).map(|one| one.sessions.get(&(number as u32)));
                    session.flatten().is_some_and(|(reads, decrypts)| decrypts < reads)
                });
                match place.and_then(|second| seconds.get_mut(&second)) {
                    Some(reading) => {
                        reading.sessions.entry(number as u32).or_default().1 += 1;
                        self.matched += 1;
                    }
                    None => self.unmatched += 1,
                }
            }
        }
        if !seconds.is_empty() {
            self.take(seconds, only.is_some(), from);
        }
    }

    fn take(&mut self, seconds: BTreeMap<i64, Reading>, has_unwritten: bool, from: i64) {
        let mut requester = Requester::default();
        let mut numbers: HashMap<Key, u32> = HashMap::new();
        for (time, reading) in seconds {
            let first = requester.uses.len();
            for (key, reads) in reading.uses {
                let next = numbers.len() as u32;
                requester.uses.push((*numbers.entry(key).or_insert(next), reads));
                self.known += u64::from(reads);
            }
            self.unknown += u64::from(reading.unknown);
            self.allotment += allotment(reading.sessions.values().copied());
            let decrypts = reading.sessions.values().map(|session| session.1).sum();
            let reads: u32 = reading.sessions.values().map(|session| session.0).sum();
            let uses = requester.uses.len() - first;
            if uses + reading.unknown as usize > 1 && uses > 0 && decrypts < reads {
                self.doubtful += u64::from(decrypts);
            }
            requester.seconds.push(Second {
                time,
                decrypts,
                unknown: reading.unknown,
                uses: first..requester.uses.len(),
                // A key that is generated in the trail was in no memory before it.
                counts: first < requester.uses.len() && (!has_unwritten || time > from),
            });
        }
        requester.keys = numbers.len();
        let counted = requester.seconds.iter().filter(|second| second.counts);
        self.counted += counted.count() as u32;
        self.requesters.push(requester);
    }

    /// From seconds in which nothing else is read.
    fn unknown_asks(&self) -> f64 {
        let seconds = self.requesters.iter().flat_map(|requester| &requester.seconds);
        let (reads, decrypts) = seconds
            .filter(|second| second.uses.is_empty())
            .fold((1, 2), |(decrypts, reads), second| {
                (decrypts + second.decrypts, reads + second.unknown)
            });
        (f64::from(reads) / f64::from(decrypts)).min(1.0)
    }
}

/// The object of which alone the sessions read, if it was not written in the trail: its key is one, if
/// not known which.
fn only_unwritten(pool: &Pool, sessions: &[usize]) -> Option<u32> {
    let mut reads = sessions.iter().flat_map(|&number| &pool.sessions[number].read);
    let ReadOf::Unwritten(object) = reads.next()?.of else { return None };
    reads.all(|read| read.of == ReadOf::Unwritten(object)).then_some(object)
}

/// Decrypts of a session without those that verify its new keys.
fn unverified(session: &Session, verify: u32) -> Vec<i64> {
    let mut new: BTreeMap<i64, u32> = BTreeMap::new();
    for &second in &session.generated {
        *new.entry(second).or_default() += verify;
    }
    let is_other = |second: &i64| {
        // A verification may be logged with the next second.
        for at in [*second, second - 1] {
            if let Some(left) = new.get_mut(&at).filter(|left| **left > 0) {
                *left -= 1;
                return false;
            }
        }
        true
    };
    session.decrypted.iter().copied().filter(is_other).collect()
}

/// Logarithm of how likely it is that of all `(reads, decrypts)` the Decrypts fall on the sessions they
/// do, if each read may be one that asks.
fn allotment(sessions: impl Iterator<Item = (u32, u32)> + Clone) -> f64 {
    let ways = |reads: u32, decrypts: u32| -> f64 {
        (0..decrypts.min(reads)).map(|one| (f64::from(reads - one) / f64::from(one + 1)).ln()).sum()
    };
    let (reads, decrypts) =
        sessions.clone().fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
    sessions.map(|(reads, decrypts)| ways(reads, decrypts)).sum::<f64>() - ways(reads, decrypts)
}

/// Writers' keys.
struct Writers {
    /// For each pool its requesters' keys.
    keys: Vec<Vec<Keys>>,
    rule: RequesterRule,
    writes: Writes,
    /// Whether objects are read that are older than the trail.
    some_unwritten: bool,
}

/// When a requester generated keys, and when it wrote; ascending.
#[derive(Debug, Default)]
struct Keys {
    generated: Vec<i64>,
    written: Vec<i64>,
}

impl Writers {
    fn new(evidence: &Evidence, rule: RequesterRule, writes: Writes) -> Self {
        let keys = |sessions: &[Session]| {
            let mut keys = Keys::default();
            for session in sessions {
                keys.generated.extend(&session.generated);
                keys.written.extend(&session.written);
            }
            keys.generated.sort_unstable();
            keys.written.sort_unstable();
            keys
        };
        let of_pool = |pool: &Pool| match rule {
            RequesterRule::Role => vec![keys(&pool.sessions)],
            RequesterRule::Session => pool.sessions.chunks(1).map(keys).collect(),
        };
        let some_unwritten = evidence
            .sessions()
            .flat_map(|session| &session.read)
            .any(|read| matches!(read.of, ReadOf::Unwritten(_)));
        Self { keys: evidence.pools.iter().map(of_pool).collect(), rule, writes, some_unwritten }
    }

    /// The key of what is read, if it is known; `only` is the one object not written in the trail.
    fn key(&self, of: ReadOf, only: Option<u32>) -> Option<Key> {
        match of {
            ReadOf::Written { pool, session, second } => {
                let requester = match self.rule {
                    RequesterRule::Role => 0,
                    RequesterRule::Session => session,
                };
                let keys = &self.keys[pool as usize][requester as usize];
                let key = keys.at(second, self.writes)?;
                // In runs of bks a writer's first key wraps what is older, too.
                let is_clean = key > 0 || !self.some_unwritten;
                is_clean.then_some((pool, requester, key))
            }
            ReadOf::Unwritten(object) => (Some(object) == only).then_some((NOBODY, NOBODY, object)),
            ReadOf::Doubtful => None,
        }
    }
}

impl Keys {
    /// The number of the key that wraps what was written at `second`, if there is only one it can be.
    fn at(&self, second: i64, writes: Writes) -> Option<u32> {
        let next = self.generated.partition_point(|&generated| generated <= second);
        let last = next.checked_sub(1)?;
        let same = self.written.partition_point(|&written| written <= second)
            - self.written.partition_point(|&written| written < second);
        let is_new = self.generated[last] == second;
        if is_new && same == 1 {
            return Some(last as u32);
        }
        if writes.one_partition && !is_new {
            return Some(last as u32);
        }
        // Other partitions' keys, or the one before, which this second's first writes may have used.
        let oldest = second.saturating_sub(writes.lifetime_s?);
        let first = self.generated.partition_point(|&generated| generated < oldest);
        (first == last).then_some(last as u32)
    }
}
