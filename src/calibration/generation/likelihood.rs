//! The likelihood of seen calls under a lifetime and a number of partitions.

use std::collections::BTreeMap;

use crate::calibration::{Evidence, Session};
use crate::encryption::requester::RequesterRule;

/// The share of a trail that only tells what was in memory before the rest.
const BURN_IN: i64 = 4;

/// Greatest share of calls without a write near them for writes to be believed complete.
const MAX_UNMATCHED: f64 = 0.1;

/// What no probability falls below: events are lost or a second late now and then.
const LEAST_PROBABILITY: f64 = 1e-6;

/// How well values explain the calls.
#[derive(Clone, Copy, Debug)]
pub(super) struct Score {
    /// Logarithm of the likelihood.
    pub(super) log: f64,
    /// Calls that it is of.
    pub(super) events: usize,
    /// Rates that were fitted for it.
    pub(super) rates: usize,
}

/// One requester's keys, and those who use them.
struct History {
    /// When keys were generated, ascending.
    generated: Vec<i64>,
    /// Sums of the times before each place, from the first second of the trail on.
    sums: Vec<i64>,
    /// For each call, which member made it.
    members: Vec<usize>,
    /// From when to when each member was seen.
    windows: Vec<(i64, i64)>,
    /// For each second with writes: how many, and how many of them generated.
    writes: Vec<(i64, u32, u32)>,
}

/// All requesters under a rule.
pub(super) struct Likelihood {
    histories: Vec<History>,
    has_writes: bool,
    from: i64,
}

/// The longest lifetime that can be scored: that of the part of the trail which only tells what was
/// in memory before the rest.
pub(super) fn longest(evidence: &Evidence) -> i64 {
    (evidence.last_s - evidence.first_s) / BURN_IN
}

/// Whether the trail has the writes that made it generate.
pub(super) fn has_writes(evidence: &Evidence) -> bool {
    let (mut calls, mut unmatched) = (0, 0);
    for session in evidence.sessions() {
        calls += session.generated.len();
        let matched: u32 = matched(session).values().map(|(_, generated)| generated).sum();
        unmatched += session.generated.len() - matched as usize;
    }
    calls > 0 && (unmatched as f64) < MAX_UNMATCHED * calls as f64
}

/// Writes by second and how many of them generated; a call belongs to a write of its second, else
/// of the one before or after.
fn matched(session: &Session) -> BTreeMap<i64, (u32, u32)> {
    let mut seconds: BTreeMap<i64, (u32, u32)> = BTreeMap::new();
    for &second in &session.written {
        seconds.entry(second).or_default().0 += 1;
    }
    for &second in &session.generated {
        let free = [second, second - 1, second + 1].into_iter().find(|second| {
            seconds.get(second).is_some_and(|(writes, generated)| generated < writes)
        });
        if let Some(write) = free.and_then(|second| seconds.get_mut(&second)) {
            write.1 += 1;
        }
    }
    seconds
}

impl History {
    fn of(members: &[&Session], first: i64, from: i64) -> Self {
        let mut calls: Vec<(i64, usize)> = Vec::new();
        let mut windows = Vec::new();
        let mut writes: BTreeMap<i64, (u32, u32)> = BTreeMap::new();
        for (member, session) in members.iter().enumerate() {
            calls.extend(session.generated.iter().map(|&second| (second - first, member)));
            let begins = session.generated.first().copied().unwrap_or(first) - first;
            let ends = session.generated.last().copied().unwrap_or(first) - first;
            windows.push((begins.max(from), ends));
            for (second, (count, generated)) in matched(session) {
                let all = writes.entry(second - first).or_default();
                all.0 += count;
                all.1 += generated;
            }
        }
        calls.sort_unstable();
        let generated: Vec<i64> = calls.iter().map(|call| call.0).collect();
        let mut sums = vec![0];
        sums.extend(generated.iter().scan(0, |sum, second| {
            *sum += second;
            Some(*sum)
        }));
        Self {
            generated,
            sums,
            members: calls.into_iter().map(|call| call.1).collect(),
            windows,
            writes: writes.into_iter().map(|(second, (all, new))| (second, all, new)).collect(),
        }
    }

    /// Keys alive among the first `end` at `time`; one that is just as old as it gets counts half,
    /// as times are whole seconds.
    fn live(&self, end: usize, time: i64, lifetime: i64) -> f64 {
        let before = &self.generated[..end];
        let younger = before.partition_point(|&second| second <= time - lifetime);
        let as_old = before.partition_point(|&second| second < time - lifetime);
        (end - younger) as f64 + 0.5 * (younger - as_old) as f64
    }

    /// The time that all keys together have lived until `time`.
    fn lived(&self, time: i64, lifetime: i64) -> i64 {
        let dead = self.generated.partition_point(|&second| second <= time - lifetime);
        let begun = self.generated.partition_point(|&second| second <= time);
        let living = (begun - dead) as i64;
        dead as i64 * lifetime + living * time - (self.sums[begun] - self.sums[dead])
    }

    /// The score where writes are not known.
    fn score_calls(&self, lifetime: i64, partitions: u32) -> Score {
        let mut score = Score { log: 0.0, events: 0, rates: 0 };
        let mut events = vec![0_usize; self.windows.len()];
        for (place, (&time, &member)) in self.generated.iter().zip(&self.members).enumerate() {
            if time > self.windows[member].0 {
                let free = f64::from(partitions) - self.live(place, time, lifetime);
                score.log += if free > 0.0 { free.ln() } else { f64::NEG_INFINITY };
                events[member] += 1;
            }
        }
        for (&(begins, ends), &events) in self.windows.iter().zip(&events) {
            if events > 0 {
                let lived = self.lived(ends, lifetime) - self.lived(begins, lifetime);
                // Half a second for each call: finer than whole seconds nothing is known.
                let free = (i64::from(partitions) * (ends - begins) - lived).max(0) as f64
                    + 0.5 * events as f64;
                score.log += events as f64 * (events as f64 / free).ln();
                score.events += events;
                score.rates += 1;
            }
        }
        score
    }

    /// The score where writes are known.
    fn score_writes(&self, lifetime: i64, partitions: u32, from: i64) -> Score {
        let mut score = Score { log: 0.0, events: 0, rates: 0 };
        let scored = self.writes.partition_point(|write| write.0 <= from);
        for &(time, writes, generated) in &self.writes[scored..] {
            let end = self.generated.partition_point(|&second| second < time);
            let live = self.live(end, time, lifetime);
            if generated == 0 && live >= f64::from(partitions) {
                continue;
            }
            let chance = occupied_anew(live, partitions, writes, generated);
            score.log += chance.max(LEAST_PROBABILITY).ln();
            score.events += generated as usize;
        }
        score
    }
}

/// The chance that `writes`, each to one of `partitions` of which `live` have a key, find `generated`
/// without one: balls into bins, one after the other.
fn occupied_anew(live: f64, partitions: u32, writes: u32, generated: u32) -> f64 {
    let partitions = f64::from(partitions);
    let miss = |new: usize| ((partitions - live - new as f64) / partitions).clamp(0.0, 1.0);
    let hit = |new: usize| 1.0 - miss(new);
    if generated == 0 {
        return hit(0).powi(writes as i32);
    }
    let mut chances = vec![0.0; generated as usize + 1];
    chances[0] = 1.0;
    for _ in 0..writes {
        for new in (0..chances.len()).rev() {
            let from_below = if new > 0 { chances[new - 1] * miss(new - 1) } else { 0.0 };
            chances[new] = chances[new] * hit(new) + from_below;
        }
    }
    chances[generated as usize]
}

impl Likelihood {
    /// Groups sessions under `rule`.
    pub(super) fn new(evidence: &Evidence, rule: RequesterRule, has_writes: bool) -> Self {
        let first = evidence.first_s;
        let from = longest(evidence);
        let mut histories = Vec::new();
        for pool in &evidence.pools {
            let members: Vec<&Session> = pool.sessions.iter().collect();
            match rule {
                RequesterRule::Role => histories.push(History::of(&members, first, from)),
                RequesterRule::Session => {
                    histories.extend(members.chunks(1).map(|one| History::of(one, first, from)));
                }
            }
        }
        Self { histories, has_writes, from }
    }

    /// The least time in which `partitions` + 1 keys were generated: no lifetime is longer.
    pub(super) fn least_gap(&self, partitions: u32) -> Option<i64> {
        let windows = |history: &History| {
            let windows = history.generated.windows(partitions as usize + 1);
            windows.map(|window| window[window.len() - 1] - window[0]).min()
        };
        self.histories.iter().filter_map(windows).min()
    }

    /// How well a lifetime and partitions explain the calls.
    pub(super) fn score(&self, lifetime: i64, partitions: u32) -> Score {
        let mut sum = Score { log: 0.0, events: 0, rates: 0 };
        for history in &self.histories {
            let score = if self.has_writes {
                history.score_writes(lifetime, partitions, self.from)
            } else {
                history.score_calls(lifetime, partitions)
            };
            sum.log += score.log;
            sum.events += score.events;
            sum.rates += score.rates;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_find_partitions_as_balls_find_bins() {
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        near(occupied_anew(0.0, 1, 3, 1), 1.0);
        near(occupied_anew(1.0, 1, 3, 0), 1.0);
        near(occupied_anew(1.0, 2, 3, 0), 0.125);
        near(occupied_anew(0.0, 2, 2, 1), 0.5);
        near(occupied_anew(0.0, 2, 2, 2), 0.5);
        // Three balls into three empty bins: 27 ways, of which 3, 18 and 6 fill one, two and three.
        for (filled, ways) in [(1, 3.0), (2, 18.0), (3, 6.0)] {
            near(occupied_anew(0.0, 3, 3, filled), ways / 27.0);
        }
    }

    #[test]
    fn lived_is_the_sum_over_keys() {
        let generated: Vec<i64> = vec![0, 3, 3, 40, 55];
        let session = Session { generated: generated.clone(), ..Session::default() };
        let history = History::of(&[&session], 0, 0);
        for lifetime in [0, 1, 10, 100] {
            for time in 0..120 {
                let sum: i64 =
                    generated.iter().map(|second| (time - second).clamp(0, lifetime)).sum();
                assert_eq!(history.lived(time, lifetime), sum, "{lifetime} {time}");
            }
        }
    }
}
