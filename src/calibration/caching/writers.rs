//! Which bucket-level key wraps an object whose write is in the trail.

use std::ops::Range;

use crate::calibration::{Evidence, MAX_PARTITIONS, ReadOf, Session};
use crate::encryption::requester::RequesterRule;

/// A key: in which pool, whose, and which of theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct WriterKey {
    pub(super) pool: u32,
    pub(super) requester: u32,
    pub(super) key: u32,
}

/// Stands for the writer of an object that is not written in the trail.
const NOBODY: u32 = u32::MAX;

/// What is known of new keys before reads are looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct WriteBounds {
    /// How many keys writers have at a time, at most.
    pub(super) partitions: Option<u32>,
    /// The first second of the trail.
    pub(super) first_s: i64,
    /// How long a key may wrap new objects, at most, in seconds.
    pub(super) lifetime_s: Option<i64>,
}

/// Writers' keys.
pub(super) struct WriterKeys {
    /// For each pool its requesters' keys.
    keys: Vec<Vec<Keys>>,
    rule: RequesterRule,
    writes: WriteBounds,
    /// Whether objects are read that are older than the trail.
    some_unwritten: bool,
}

/// When a requester generated keys, and when it wrote; ascending.
#[derive(Debug, Default)]
struct Keys {
    generated: Vec<i64>,
    written: Vec<i64>,
}

impl WriterKeys {
    /// All writers under a rule.
    pub(super) fn new(evidence: &Evidence, rule: RequesterRule, writes: WriteBounds) -> Self {
        let keys = evidence.pools.iter().map(|pool| match rule {
            RequesterRule::Role => vec![Keys::of(&pool.sessions)],
            RequesterRule::Session => pool.sessions.chunks(1).map(Keys::of).collect(),
        });
        let some_unwritten = evidence
            .sessions()
            .flat_map(|session| &session.read)
            .any(|read| matches!(read.of, ReadOf::Unwritten(_)));
        Self { keys: keys.collect(), rule, writes, some_unwritten }
    }

    /// What is known of the key of what is read; `only` is the one object not written in the trail.
    pub(super) fn key(&self, of: ReadOf, only: Option<u32>) -> Wrapping {
        match of {
            ReadOf::Written { pool, session, second } => {
                let requester = match self.rule {
                    RequesterRule::Role => 0,
                    RequesterRule::Session => session,
                };
                let keys = &self.keys[pool as usize][requester as usize];
                // In runs of bks a writer's first keys wrap what is older, too.
                let first = self.writes.partitions.unwrap_or(MAX_PARTITIONS);
                match keys.at(second, self.writes) {
                    Some(key) if key >= first || !self.some_unwritten => {
                        Wrapping::Key(WriterKey { pool, requester, key })
                    }
                    _ => Wrapping::Among(pool, requester, keys.candidates(second, self.writes)),
                }
            }
            ReadOf::Unwritten(object) if Some(object) == only => {
                Wrapping::Key(WriterKey { pool: NOBODY, requester: NOBODY, key: object })
            }
            ReadOf::Unwritten(_) => Wrapping::Older,
            ReadOf::Doubtful => Wrapping::Any,
        }
    }

    /// When a key was generated; those of objects not written in the trail are older than it.
    pub(super) fn generated(&self, WriterKey { pool, requester, key }: WriterKey) -> i64 {
        let requesters = self.keys.get(pool as usize);
        let keys = requesters.and_then(|requesters| requesters.get(requester as usize));
        keys.and_then(|keys| keys.generated.get(key as usize)).copied().unwrap_or(i64::MIN + 1)
    }
}

/// What is known of the key of an object that is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wrapping {
    /// This.
    Key(WriterKey),
    /// One of these of a requester in a pool, or one from before the trail.
    Among(u32, u32, Range<u32>),
    /// One from before the trail.
    Older,
    /// Nothing.
    Any,
}

impl Keys {
    fn of(sessions: &[Session]) -> Self {
        let mut keys = Self::default();
        for session in sessions {
            keys.generated.extend(&session.generated);
            keys.written.extend(&session.written);
        }
        keys.generated.sort_unstable();
        keys.written.sort_unstable();
        keys
    }

    /// The number of the key that wraps what was written at `second`, if there is only one it can be.
    fn at(&self, second: i64, writes: WriteBounds) -> Option<u32> {
        let next = self.generated.partition_point(|&generated| generated <= second);
        let last = next.checked_sub(1)?;
        let same = self.written.partition_point(|&written| written <= second)
            - self.written.partition_point(|&written| written < second);
        let is_new = self.generated[last] == second;
        if is_new && same == 1 {
            return Some(last as u32);
        }
        if writes.partitions == Some(1) && !is_new {
            return Some(last as u32);
        }
        // Other partitions' keys, or the one before, which this second's first writes may have used; they
        // may be from before the trail.
        let oldest = second.saturating_sub(writes.lifetime_s?);
        if oldest <= writes.first_s {
            return None;
        }
        let first = self.generated.partition_point(|&generated| generated < oldest);
        (first == last).then_some(last as u32)
    }

    /// The numbers of all keys that may wrap what was written at `second`, times being a second off.
    fn candidates(&self, second: i64, writes: WriteBounds) -> Range<u32> {
        let oldest = writes.lifetime_s.map_or(i64::MIN, |lifetime| second - lifetime - 1);
        let first = self.generated.partition_point(|&generated| generated < oldest);
        let end = self.generated.partition_point(|&generated| generated <= second + 1);
        first as u32..end as u32
    }
}
