//! Which bucket-level key each read needs, and which Decrypts may be of which reads.
//!
//! A Decrypt names the session whose read asked. So what a session reads in one second is one *part*,
//! with its Decrypts; parts of one requester that read a key in common belong together, all others are
//! apart. A group of parts is *scored* if the key of each read is known. A group that holds any other
//! read is never scored, whatever was asked, so that what is scored does not depend on what is to be
//! explained. Of such a group is learnt what is certain: in a part without Decrypts each read found its
//! key, in a part with a Decrypt for each read none did. Keys of its other parts are not known from then
//! on (of how many partitions hold them nothing is known).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use super::BURN_IN;
use super::parts::{Parts, SessionSecond};
use super::writers::{Wrapping, WriteBounds, WriterKey, WriterKeys};
use crate::calibration::{Evidence, ReadOf, Session, SessionPool};
use crate::encryption::requester::RequesterRule;

/// Keys of one group beyond which it is not scored: what is learnt of each is too little.
const MAX_KEYS: usize = 16;

/// What becomes of keys of which it is not plain how many Decrypts of a scored group are theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// Expected values stand for them, which is not exact.
    Averaged,
    /// Nothing is known of these keys from then on.
    Excluded,
}

/// One requester's reads.
#[derive(Debug, Default)]
pub(super) struct RequesterReads {
    /// Group by group, in order of time.
    pub(super) groups: Vec<ReadGroup>,
    /// Keys that are read.
    pub(super) uses: Vec<KeyReads>,
    /// How many keys there are.
    pub(super) keys: usize,
}

/// How often a key is read by a group.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyReads {
    /// Its number.
    pub(super) key: u32,
    pub(super) reads: u32,
    /// Reads of it that asked, in a group that is not scored.
    pub(super) asked: u32,
}

/// Parts of one second that read keys in common.
#[derive(Debug)]
pub(super) struct ReadGroup {
    pub(super) time: i64,
    /// Decrypts that are not of a new key's verification.
    pub(super) decrypts: u32,
    /// Where in [`RequesterReads::uses`] its keys are.
    pub(super) uses: Range<usize>,
    /// Whether it is known of each key's reads how many asked; else only of all together.
    pub(super) is_certain: bool,
    /// Whether it tells more than what is in memory.
    pub(super) is_scored: bool,
    /// Its parts, among those of all pools.
    parts: Vec<u32>,
}

/// All reads under a rule.
#[derive(Debug, Default)]
pub(super) struct ReadGroups {
    pub(super) requesters: Vec<RequesterReads>,
    /// Reads in groups that are scored.
    pub(super) scored_reads: u64,
    /// Groups that are scored.
    pub(super) scored: u32,
    /// Decrypts of which it is not plain which key's read asked.
    pub(super) doubtful: u64,
    /// The share of these among all in groups that are scored.
    pub(super) doubtful_share: f64,
    /// Logarithm of how likely it is that just those sessions asked that did, if any may.
    pub(super) allotment: f64,
}

/// Sorts the evidence under each of `rules`, so that all judge the same groups.
pub(super) fn under(
    rules: &[RequesterRule],
    evidence: &Evidence,
    parts: &Parts,
    writes: WriteBounds,
    doubt: Doubt,
) -> Vec<ReadGroups> {
    let mut all: Vec<ReadGroups> =
        rules.iter().map(|&rule| ReadGroups::new(evidence, parts, rule, (writes, doubt))).collect();
    // What one rule cannot judge, none does.
    let mut is_judged = vec![true; parts.list.len()];
    loop {
        let mut changed = false;
        for group in all.iter_mut().flat_map(ReadGroups::groups_mut) {
            group.is_scored &= group.parts.iter().all(|&part| is_judged[part as usize]);
            if !group.is_scored {
                for &part in &group.parts {
                    changed |= std::mem::replace(&mut is_judged[part as usize], false);
                }
            }
        }
        if !changed {
            break;
        }
    }
    for groups in &mut all {
        groups.count(parts, doubt);
    }
    all
}

/// One part as a requester's filter takes it.
struct SecondReads {
    part: u32,
    uses: BTreeMap<u32, u32>,
    reads: u32,
    decrypts: u32,
    /// Whether the key of some read is not known, or a Decrypt may be none of a read.
    is_open: bool,
    may_verify: bool,
}

/// Makes one requester's groups.
struct Grouping<'a> {
    pool: &'a SessionPool,
    writers: &'a WriterKeys,
    /// The one object that is read, if it was not written in the trail.
    only: Option<u32>,
    /// From when on groups are scored.
    from: i64,
    doubt: Doubt,
    numbers: HashMap<WriterKey, u32>,
    /// All keys, by number.
    keys: Vec<WriterKey>,
    /// Keys of which it is not known in how many partitions they are.
    lost: HashSet<WriterKey>,
    /// Nor of any that was generated until then.
    lost_until: i64,
    requester: RequesterReads,
}

impl ReadGroups {
    fn new(
        evidence: &Evidence,
        parts: &Parts,
        rule: RequesterRule,
        (writes, doubt): (WriteBounds, Doubt),
    ) -> Self {
        let of_rule = WriterKeys::new(evidence, rule, writes);
        let span = evidence.last_s - evidence.first_s;
        let mut groups = Self::default();
        for (pool, own) in evidence.pools.iter().zip(&parts.pools) {
            let mut requesters: BTreeMap<u32, Grouping> = BTreeMap::new();
            let mut place = own.start;
            while place < own.end {
                let SessionSecond { second, session, .. } = parts.list[place];
                let (number, sessions, next) = match rule {
                    // Under the role's rule all of a second go together.
                    RequesterRule::Role => {
                        let rest = &parts.list[place..own.end];
                        let same = rest.partition_point(|part| part.second == second);
                        (0, 0..pool.sessions.len(), place + same)
                    }
                    RequesterRule::Session => {
                        (session, session as usize..session as usize + 1, place + 1)
                    }
                };
                let grouping = requesters.entry(number).or_insert_with(|| {
                    let only = only_unwritten(&pool.sessions[sessions]);
                    // A key that is generated in the trail was in no memory before it.
                    let from =
                        only.map_or(evidence.first_s - 1, |_| evidence.first_s + span / BURN_IN);
                    Grouping::new(pool, &of_rule, (only, from), doubt)
                });
                grouping.take(&parts.list, place..next);
                place = next;
            }
            groups.requesters.extend(requesters.into_values().map(Grouping::finish));
        }
        groups
    }

    fn groups_mut(&mut self) -> impl Iterator<Item = &mut ReadGroup> {
        self.requesters.iter_mut().flat_map(|requester| &mut requester.groups)
    }

    /// Sums up what is scored.
    fn count(&mut self, parts: &Parts, doubt: Doubt) {
        let mut decrypts = 0;
        for requester in &self.requesters {
            for group in requester.groups.iter().filter(|group| group.is_scored) {
                let uses = &requester.uses[group.uses.clone()];
                let reads: u32 = uses.iter().map(|one| one.reads).sum();
                self.scored += 1;
                self.scored_reads += u64::from(reads);
                decrypts += u64::from(group.decrypts);
                if doubt == Doubt::Averaged && uses.len() > 1 && group.decrypts < reads {
                    self.doubtful += u64::from(group.decrypts);
                }
                self.allotment += allotment(group.parts.iter().map(|&part| {
                    let SessionSecond { reads, decrypts, .. } = &parts.list[part as usize];
                    (reads.len() as u32, *decrypts)
                }));
            }
        }
        self.doubtful_share = self.doubtful as f64 / decrypts.max(1) as f64;
    }
}

impl<'a> Grouping<'a> {
    fn new(
        pool: &'a SessionPool,
        writers: &'a WriterKeys,
        (only, from): (Option<u32>, i64),
        doubt: Doubt,
    ) -> Self {
        Self {
            pool,
            writers,
            only,
            from,
            doubt,
            numbers: HashMap::new(),
            keys: Vec::new(),
            lost: HashSet::new(),
            lost_until: i64::MIN,
            requester: RequesterReads::default(),
        }
    }

    fn finish(mut self) -> RequesterReads {
        self.requester.keys = self.keys.len();
        self.requester
    }

    /// Takes all parts of one second.
    fn take(&mut self, parts: &[SessionSecond], of_second: Range<usize>) {
        let time = parts[of_second.start].second;
        self.lose(&parts[of_second.clone()]);
        let readings: Vec<SecondReads> =
            of_second.map(|place| self.reading(&parts[place], place as u32)).collect();
        for group in groups(readings) {
            let keys: HashSet<u32> =
                group.iter().flat_map(|reading| reading.uses.keys().copied()).collect();
            if keys.len() > MAX_KEYS || group.iter().any(|reading| reading.is_open) {
                self.push_certain(time, &group);
            } else {
                self.push_scored(time, &group);
            }
        }
    }

    fn reading(&mut self, part: &SessionSecond, number: u32) -> SecondReads {
        let reads = &self.pool.sessions[part.session as usize].read[part.reads.clone()];
        let mut uses = BTreeMap::new();
        let mut is_open = part.may_verify;
        for read in reads {
            match self.writers.key(read.of, self.only) {
                Wrapping::Key(key) if !self.is_lost(key) => {
                    let next = self.keys.len() as u32;
                    let number = *self.numbers.entry(key).or_insert(next);
                    if number == next {
                        self.keys.push(key);
                    }
                    *uses.entry(number).or_default() += 1;
                }
                _ => is_open = true,
            }
        }
        let (reads, decrypts, may_verify) = (reads.len() as u32, part.decrypts, part.may_verify);
        SecondReads { part: number, uses, reads, decrypts, is_open, may_verify }
    }

    fn is_lost(&self, key: WriterKey) -> bool {
        self.lost.contains(&key) || self.writers.generated(key) <= self.lost_until
    }

    /// Notes of which keys a second's reads leave it unknown how many partitions have them, as
    /// it is not known which key these reads are of.
    fn lose(&mut self, parts: &[SessionSecond]) {
        for part in parts {
            let reads = &self.pool.sessions[part.session as usize].read[part.reads.clone()];
            for read in reads {
                match self.writers.key(read.of, self.only) {
                    Wrapping::Among(pool, requester, keys) => {
                        self.lost.extend(keys.map(|key| WriterKey { pool, requester, key }));
                    }
                    Wrapping::Any if part.decrypts > 0 => {
                        self.lost_until = self.lost_until.max(part.second);
                    }
                    Wrapping::Key(_) | Wrapping::Older | Wrapping::Any => {}
                }
            }
        }
    }

    fn push_scored(&mut self, time: i64, group: &[SecondReads]) {
        let mut uses: BTreeMap<u32, u32> = BTreeMap::new();
        for (&key, reads) in group.iter().flat_map(|reading| &reading.uses) {
            *uses.entry(key).or_default() += reads;
        }
        let decrypts: u32 = group.iter().map(|reading| reading.decrypts).sum();
        let all: u32 = uses.values().sum();
        if self.doubt == Doubt::Excluded && uses.len() > 1 && (1..all).contains(&decrypts) {
            self.lost.extend(uses.keys().map(|&key| self.keys[key as usize]));
        }
        let uses = uses.into_iter().map(|(key, reads)| KeyReads { key, reads, asked: 0 });
        self.push(time, group, uses, decrypts, false);
    }

    /// Keeps of a group that is not scored what is certain, and notes what is lost.
    fn push_certain(&mut self, time: i64, group: &[SecondReads]) {
        let mut uses: BTreeMap<u32, Option<KeyReads>> = BTreeMap::new();
        for reading in group {
            let SecondReads { decrypts, reads: all, may_verify, .. } = *reading;
            let each_asked = decrypts == all && !may_verify;
            for (&key, &reads) in &reading.uses {
                let sum = uses.entry(key).or_insert(Some(KeyReads { key, reads: 0, asked: 0 }));
                match sum {
                    Some(sum) if decrypts == 0 || each_asked => {
                        sum.reads += reads;
                        sum.asked += if each_asked { reads } else { 0 };
                    }
                    _ => *sum = None,
                }
            }
        }
        let lost = uses.iter().filter(|(_, sum)| sum.is_none());
        self.lost.extend(lost.map(|(&key, _)| self.keys[key as usize]));
        let certain = uses.into_values().flatten();
        self.push(time, group, certain, 0, true);
    }

    fn push(
        &mut self,
        time: i64,
        group: &[SecondReads],
        uses: impl Iterator<Item = KeyReads>,
        decrypts: u32,
        is_certain: bool,
    ) {
        let RequesterReads { groups, uses: all, .. } = &mut self.requester;
        let first = all.len();
        all.extend(uses);
        groups.push(ReadGroup {
            time,
            decrypts,
            uses: first..all.len(),
            is_certain,
            is_scored: !is_certain && time > self.from,
            parts: group.iter().map(|reading| reading.part).collect(),
        });
    }
}

/// Puts those together that read a key in common.
fn groups(readings: Vec<SecondReads>) -> Vec<Vec<SecondReads>> {
    let mut group_of_key: HashMap<u32, usize> = HashMap::new();
    let mut groups: Vec<Vec<SecondReads>> = Vec::new();
    for reading in readings {
        let own = groups.len();
        groups.push(vec![reading]);
        let keys: Vec<u32> = groups[own][0].uses.keys().copied().collect();
        for key in keys {
            let other = *group_of_key.entry(key).or_insert(own);
            if other != own {
                let moved = std::mem::take(&mut groups[other]);
                for key in moved.iter().flat_map(|reading| reading.uses.keys()) {
                    group_of_key.insert(*key, own);
                }
                groups[own].extend(moved);
            }
        }
    }
    groups.retain(|group| !group.is_empty());
    groups
}

/// The object of which alone the sessions read, if it was not written in the trail: its key is one, if
/// not known which.
fn only_unwritten(sessions: &[Session]) -> Option<u32> {
    let mut reads = sessions.iter().flat_map(|session| &session.read);
    let ReadOf::Unwritten(object) = reads.next()?.of else { return None };
    reads.all(|read| read.of == ReadOf::Unwritten(object)).then_some(object)
}

/// Logarithm of how likely it is that of all `(reads, decrypts)` the Decrypts fall on the sessions they
/// do, if each read may be one that asks.
fn allotment(sessions: impl Iterator<Item = (u32, u32)> + Clone) -> f64 {
    let (reads, decrypts) =
        sessions.clone().fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
    sessions.map(|(reads, decrypts)| log_ways(reads, decrypts)).sum::<f64>()
        - log_ways(reads, decrypts)
}

/// Logarithm of in how many ways `decrypts` of `reads` may be those that asked.
fn log_ways(reads: u32, decrypts: u32) -> f64 {
    (0..decrypts.min(reads)).map(|one| (f64::from(reads - one) / f64::from(one + 1)).ln()).sum()
}
