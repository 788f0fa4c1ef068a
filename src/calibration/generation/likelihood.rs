//! The likelihood of seen calls under a lifetime and a number of partitions.

use std::collections::BTreeMap;

use crate::calibration::goodness_of_fit::Surprise;
use crate::calibration::profile_likelihood::misses;
use crate::calibration::{
    ERROR_RATE, Evidence, LEAST_PROBABILITY, MAX_PARTITIONS, MAX_UNMATCHED, Session,
};
use crate::encryption::requester::RequesterRule;

/// The share of a trail that only tells what was in memory before the rest.
const BURN_IN: i64 = 4;

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
struct RequesterHistory {
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
    histories: Vec<RequesterHistory>,
    has_writes: bool,
    longest_s: i64,
}

/// Numbers of partitions that one requester's calls do not contradict.
pub(super) struct OwnPartitions {
    pub(super) least: u32,
    pub(super) likeliest: u32,
    pub(super) most: u32,
    /// Its calls.
    pub(super) generated: usize,
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

impl RequesterHistory {
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

    /// Keys alive among the first `end` at `time`: those that surely are, and those that are just as
    /// old as they get. These may be alive or not, as times are whole seconds.
    fn live(&self, end: usize, time: i64, lifetime: i64) -> (usize, usize) {
        let before = &self.generated[..end];
        let younger = before.partition_point(|&second| second <= time - lifetime);
        let as_old = before.partition_point(|&second| second < time - lifetime);
        (end - younger, younger - as_old)
    }

    /// Keys alive among the first `end` at `time`: those that surely are, and those that are a second younger
    /// than they get, just as old, and a second older.
    fn live_about(&self, end: usize, time: i64, lifetime: i64) -> (usize, [usize; 3]) {
        let before = &self.generated[..end];
        let [none, first, second, third] = [1, 0, -1, -2].map(|off| {
            let age = lifetime + off;
            before.partition_point(|&generated| generated < time - age)
        });
        (end - third, [third - second, second - first, first - none])
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
                let (sure, edge) = self.live(place, time, lifetime);
                let free = f64::from(partitions) - sure as f64 - 0.5 * edge as f64;
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

    /// Calls `each` for each second with writes: with the second, the writes, how many of them generated,
    /// and how likely it is that so many keys are alive.
    fn each_write(
        &self,
        lifetime: i64,
        partitions: u32,
        mut each: impl FnMut((i64, u32, u32), &[(usize, f64)]),
    ) {
        let mut unseen = Unseen::new(partitions);
        let (mut end, mut numbers) = (0, Vec::new());
        for &(time, writes, generated) in &self.writes {
            while self.generated.get(end).is_some_and(|&second| second < time) {
                end += 1;
            }
            let (sure, edges) = self.live_about(end, time, lifetime);
            unseen.age(time, lifetime);
            alive(sure, edges, unseen.left - unseen.dead, &mut numbers);
            each((time, writes, generated), &numbers);
            unseen.learn(sure + edges[0], writes, generated);
        }
    }

    /// The score where writes are known.
    fn score_writes(&self, lifetime: i64, partitions: u32) -> Score {
        let mut score = Score { log: 0.0, events: 0, rates: 0 };
        self.each_write(lifetime, partitions, |(_, writes, generated), numbers| {
            score.events += generated as usize;
            if generated > 0 || numbers.iter().any(|&(live, _)| live < partitions as usize) {
                let chances = numbers.iter().map(|&(live, chance)| {
                    chance * occupied_anew(live, partitions, writes, generated)
                });
                score.log += chances.sum::<f64>().max(LEAST_PROBABILITY).ln();
            }
        });
        score
    }

    /// Takes note of how surprising the calls are, where writes are known; apart from those of the first
    /// lifetime, as a trail may well begin with the requester.
    fn surprise(&self, lifetime: i64, partitions: u32, surprise: &mut Surprise) {
        self.each_write(lifetime, partitions, |(time, writes, generated), numbers| {
            if time < lifetime {
                return;
            }
            let most = writes.min(partitions);
            let mut law = vec![0.0; most as usize + 1];
            for &(live, chance) in numbers {
                let own = new_keys(live, partitions, writes, most);
                law.iter_mut().zip(own).for_each(|(sum, own)| *sum += chance * own);
            }
            surprise.take(&law, law.get(generated as usize).copied().unwrap_or(0.0));
        });
    }
}

/// Partitions that have generated no key in the trail so far. Each may have one from before; when that
/// expires is anybody's guess, so it is as likely at any moment of the first lifetime.
struct Unseen {
    partitions: f64,
    /// How many, on average.
    left: f64,
    /// How many of them have no key any more.
    dead: f64,
    /// When this was looked at last.
    time: i64,
}

impl Unseen {
    fn new(partitions: u32) -> Self {
        let partitions = f64::from(partitions);
        Self { partitions, left: partitions, dead: 0.0, time: -1 }
    }

    /// Lets keys expire until `time`, counted from the first second of the trail.
    fn age(&mut self, time: i64, lifetime: i64) {
        let expires = if time < lifetime {
            (time - self.time) as f64 / (lifetime - self.time) as f64
        } else {
            1.0
        };
        self.dead += (self.left - self.dead) * expires;
        self.time = time;
    }

    /// Takes note of writes, of which some generated; `known` of the other partitions have a key.
    fn learn(&mut self, known: usize, writes: u32, generated: u32) {
        for _ in 0..generated {
            let others = (self.partitions - self.left - known as f64).max(0.0);
            let dead = self.dead.max(f64::MIN_POSITIVE);
            let share = (dead / (dead + others)).min(self.left);
            self.left -= share;
            self.dead = (self.dead - share).max(0.0);
        }
        // Had a write met one without a key, that would have generated.
        let alive = self.left - self.dead;
        if alive > 0.0 {
            let missed = (1.0 - 1.0 / self.partitions).powi((writes - generated) as i32);
            self.dead = self.left * self.dead * missed / (alive + self.dead * missed);
        }
    }
}

/// How likely it is that a key is alive that is a second younger than keys get, just as old, or a second older:
/// times are whole seconds, and a call or a write may be logged in the wrong one.
const ALIVE_ABOUT: [f64; 3] = [0.98, 0.5, 0.02];

/// How many keys are alive, and how likely that is: those that `sure` are, some of those that are about as old
/// as they get, and of others `unseen` on average.
fn alive(sure: usize, edges: [usize; 3], unseen: f64, numbers: &mut Vec<(usize, f64)>) {
    let (whole, part) = (unseen.max(0.0).floor(), unseen.max(0.0).fract());
    numbers.clear();
    numbers.push((sure + whole as usize, 1.0 - part));
    if part > 0.0 {
        numbers.push((sure + whole as usize + 1, part));
    }
    for (edge, chance) in edges.into_iter().zip(ALIVE_ABOUT).filter(|(edge, _)| *edge > 0) {
        let before = std::mem::take(numbers);
        for (live, likely) in before {
            let more = perhaps(edge, chance).map(|(more, chance)| (live + more, likely * chance));
            numbers.extend(more);
        }
    }
}

/// How many of `edge` keys are alive that are as old as one another, each with `chance`, and how likely that
/// is. One is or is not for all writes of a second, which often come at one time.
fn perhaps(edge: usize, chance: f64) -> impl Iterator<Item = (usize, f64)> {
    let none = (1.0 - chance).powi(edge as i32);
    (0..=edge).scan(none, move |ways, more| {
        let likely = *ways;
        *ways *= (edge - more) as f64 / (more + 1) as f64 * chance / (1.0 - chance);
        Some((more, likely))
    })
}

/// The chance that `writes`, each to one of `partitions` of which `live` have a key, find `generated`
/// without one.
fn occupied_anew(live: usize, partitions: u32, writes: u32, generated: u32) -> f64 {
    if generated == 0 {
        return (live as f64 / f64::from(partitions)).min(1.0).powi(writes as i32);
    }
    new_keys(live, partitions, writes, generated)[generated as usize]
}

/// The chances that none, one, … `most` are found without a key.
fn new_keys(live: usize, partitions: u32, writes: u32, most: u32) -> Vec<f64> {
    let mut chances = vec![0.0; most as usize + 1];
    misses(live, partitions, writes, &mut chances);
    chances
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
                RequesterRule::Role => histories.push(RequesterHistory::of(&members, first, from)),
                RequesterRule::Session => {
                    histories.extend(
                        members.chunks(1).map(|one| RequesterHistory::of(one, first, from)),
                    );
                }
            }
        }
        Self { histories, has_writes, longest_s: from }
    }

    /// The longest lifetime that can be scored.
    pub(super) fn longest(&self) -> i64 {
        self.longest_s
    }

    /// How many requesters generate.
    pub(super) fn requesters(&self) -> usize {
        self.histories.iter().filter(|history| !history.generated.is_empty()).count()
    }

    /// The least time in which `partitions` + 1 keys were generated: no lifetime is longer.
    pub(super) fn least_gap(&self, partitions: u32) -> Option<i64> {
        let histories = self.histories.iter();
        histories
            .flat_map(|history| history.generated.windows(partitions as usize + 1))
            .map(|window| window[window.len() - 1] - window[0])
            .min()
    }

    /// By how many standard deviations the calls are less likely than a lifetime and each requester's
    /// partitions let expect; nothing, where writes are not known.
    pub(super) fn surprise(&self, lifetime: i64, partitions: impl Fn(usize) -> u32) -> f64 {
        let mut surprise = Surprise::default();
        let known = self.histories.iter().enumerate().filter(|_| self.has_writes);
        for (requester, history) in known {
            history.surprise(lifetime, partitions(requester), &mut surprise);
        }
        surprise.deviations()
    }

    /// How well a lifetime and partitions explain the calls.
    pub(super) fn score(&self, lifetime: i64, partitions: u32) -> Score {
        let scores = self.histories.iter().map(|history| self.one(history, lifetime, partitions));
        scores.fold(Score::NONE, Score::and)
    }

    /// How well a lifetime explains the calls if each requester has a number of partitions of its own,
    /// all of them as likely before.
    pub(super) fn score_own(&self, lifetime: i64) -> Score {
        let means = self
            .histories
            .iter()
            .map(|history| Score::mean(&self.by_partitions(history, lifetime)));
        means.fold(Score::NONE, Score::and)
    }

    /// Of each requester, the partitions that its calls do not contradict at a lifetime. All of them are
    /// meant to be right at once, so that each is held to its share of the error.
    pub(super) fn own_partitions(&self, lifetime: i64) -> Vec<OwnPartitions> {
        let ratio = (ERROR_RATE / self.requesters().max(1) as f64).ln();
        let own = self.histories.iter().map(|history| {
            let scores = self.by_partitions(history, lifetime);
            let numbered = (1..).zip(scores.iter().map(|score| score.log));
            let (likeliest, greatest) = numbered
                .clone()
                .reduce(|best, next| if next.1 > best.1 { next } else { best })
                .expect("there is a number of partitions");
            let kept: Vec<u32> =
                numbered.filter(|(_, log)| *log >= greatest + ratio).map(|it| it.0).collect();
            OwnPartitions {
                least: kept.first().copied().unwrap_or(likeliest),
                likeliest,
                most: kept.last().copied().unwrap_or(likeliest),
                generated: history.generated.len(),
            }
        });
        own.collect()
    }

    /// How well each number of partitions, from one on, explains one requester's calls.
    fn by_partitions(&self, history: &RequesterHistory, lifetime: i64) -> Vec<Score> {
        (1..=MAX_PARTITIONS).map(|partitions| self.one(history, lifetime, partitions)).collect()
    }

    fn one(&self, history: &RequesterHistory, lifetime: i64, partitions: u32) -> Score {
        if self.has_writes {
            history.score_writes(lifetime, partitions)
        } else {
            history.score_calls(lifetime, partitions)
        }
    }
}

impl Score {
    /// That of no call.
    const NONE: Self = Self { log: 0.0, events: 0, rates: 0 };

    /// The mean likelihood of `scores`, one for each number of partitions.
    fn mean(scores: &[Self]) -> Self {
        let greatest = scores.iter().map(|score| score.log).fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = scores.iter().map(|score| (score.log - greatest).exp()).sum();
        let log = if greatest.is_finite() {
            greatest + (sum / f64::from(MAX_PARTITIONS)).ln()
        } else {
            f64::NEG_INFINITY
        };
        Self { log, ..scores[0] }
    }

    /// That of other calls as well.
    fn and(self, other: Self) -> Self {
        Self {
            log: self.log + other.log,
            events: self.events + other.events,
            rates: self.rates + other.rates,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_find_partitions_as_balls_find_bins() {
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        near(occupied_anew(0, 1, 3, 1), 1.0);
        near(occupied_anew(1, 1, 3, 0), 1.0);
        near(occupied_anew(1, 2, 3, 0), 0.125);
        near(occupied_anew(0, 2, 2, 1), 0.5);
        near(occupied_anew(0, 2, 2, 2), 0.5);
        // Three balls into three empty bins: 27 ways, of which 3, 18 and 6 fill one, two and three.
        for (filled, ways) in [(1, 3.0), (2, 18.0), (3, 6.0)] {
            near(occupied_anew(0, 3, 3, filled), ways / 27.0);
        }
    }

    /// Keys that are about as old as they get are alive or not, each by itself.
    #[test]
    fn keys_at_the_edge_are_alive_with_a_chance() {
        let generated = vec![0, 1, 1, 2, 3, 5, 9];
        let session = Session { generated, ..Session::default() };
        let history = RequesterHistory::of(&[&session], 0, 0);
        // At 10 a key of 8 lives for sure up to 3 on; of those of 1, 2 and 3 it is not known.
        assert_eq!(history.live_about(7, 10, 8), (2, [1, 1, 2]));
        let mut numbers = Vec::new();
        alive(2, [1, 1, 2], 0.25, &mut numbers);
        let (all, mean) = numbers.iter().fold((0.0, 0.0), |(all, mean), (live, chance)| {
            (all + chance, mean + *live as f64 * chance)
        });
        assert!((all - 1.0).abs() < 1e-12, "{numbers:?}");
        assert!((mean - (2.25 + 0.98 + 0.5 + 2.0 * 0.02)).abs() < 1e-12, "{numbers:?}");
    }

    #[test]
    fn lived_is_the_sum_over_keys() {
        let generated: Vec<i64> = vec![0, 3, 3, 40, 55];
        let session = Session { generated: generated.clone(), ..Session::default() };
        let history = RequesterHistory::of(&[&session], 0, 0);
        for lifetime in [0, 1, 10, 100] {
            for time in 0..120 {
                let sum: i64 =
                    generated.iter().map(|second| (time - second).clamp(0, lifetime)).sum();
                assert_eq!(history.lived(time, lifetime), sum, "{lifetime} {time}");
            }
        }
    }
}
