//! The likelihood of the Decrypts seen, second by second, under values of the cache assumptions.
//!
//! What is known of one requester's copies of one bucket-level key is a list of masses: how many of
//! the `P` partitions have fetched (or, if expiry slides, last used) it at which second. A read picks a
//! partition; with `N` copies alive it asks KMS with probability `(P − N) / P`. A hit shows that a copy
//! is alive, a miss that a partition has none. With one partition, or with fixed expiry and seconds in
//! which it is plain whose Decrypt is whose, that is exact. Else masses are expected values.

use super::LEAST_PROBABILITY;
use super::streams::{Requester, Second, Streams};
use crate::encryption::assumptions::Expiry;

/// A set of values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Values {
    pub(super) lifetime_s: i64,
    pub(super) partitions: u32,
    pub(super) expiry: Expiry,
}

/// Mass below which a copy is forgotten.
const LEAST_MASS: f64 = 1e-3;

/// No score is given up before so many seconds.
const LEAST_COUNTED: u32 = 200;

/// Copies of one key that one requester's partitions hold: since when, and how many.
#[derive(Clone, Debug, Default)]
struct Copies(Vec<(i64, f64)>);

impl Copies {
    /// Copies alive at `time`; those that are just as old as they get count half, as times are
    /// whole seconds.
    fn live(&mut self, time: i64, values: &Values) -> f64 {
        self.0.retain(|copy| time - copy.0 <= values.lifetime_s);
        for copy in &mut self.0 {
            copy.1 *= if time - copy.0 == values.lifetime_s { 0.5 } else { 1.0 };
        }
        self.mass().min(f64::from(values.partitions))
    }

    fn mass(&self) -> f64 {
        self.0.iter().map(|copy| copy.1).sum()
    }

    /// Takes note of `reads` at `time`, of which `chances` gives how likely it is that none, one, …
    /// asked, and of which `live` copies were alive before.
    fn learn(&mut self, time: i64, reads: u32, live: f64, chances: &[f64], values: &Values) {
        let partitions = f64::from(values.partitions);
        let expected: f64 =
            chances.iter().enumerate().map(|(count, chance)| count as f64 * chance).sum();
        // With N alive, a hit is N in P and a miss P − N in P: either shifts the mean by Bayes's law.
        let variance = self.variance(live, partitions, values.expiry);
        let after_hit = if live > 0.0 { live + variance / live } else { 0.0 };
        let room = partitions - live;
        let after_miss = if room > 0.0 { live - variance / room } else { live };
        let none = chances[0];
        self.shift(none * after_hit + (1.0 - none) * after_miss - live, values.partitions);
        match values.expiry {
            Expiry::Fixed => {
                // No more copies than partitions: what is new is surer than what was there.
                let (alive, most) = (self.mass(), (partitions - expected).max(0.0));
                if alive > most {
                    self.0.iter_mut().for_each(|copy| copy.1 *= most / alive);
                }
                self.push(time, expected);
            }
            Expiry::Sliding => {
                let alive = self.mass();
                let hits = (f64::from(reads) - expected).max(0.0);
                // Each hit is of one of those alive, which then is as new as can be.
                let kept = if hits > 0.0 { (1.0 - 1.0 / alive.max(1.0)).powf(hits) } else { 1.0 };
                self.0.iter_mut().for_each(|copy| copy.1 *= kept);
                self.0.retain(|copy| copy.1 > LEAST_MASS);
                self.push(time, alive * (1.0 - kept) + expected);
            }
        }
    }

    /// How uncertain it is how many copies are alive.
    fn variance(&self, live: f64, partitions: f64, expiry: Expiry) -> f64 {
        match expiry {
            _ if partitions < 1.5 => live * (1.0 - live),
            Expiry::Fixed => self.0.iter().map(|copy| uncertainty(copy.1)).sum(),
            // The partition used last is known to be alive, the others are alike.
            Expiry::Sliding if live > 1.0 => {
                (live - 1.0) * (1.0 - (live - 1.0) / (partitions - 1.0)).max(0.0)
            }
            Expiry::Sliding => live * (1.0 - live),
        }
    }

    /// Adds to the mass where it is uncertain.
    fn shift(&mut self, by: f64, partitions: u32) {
        if by.abs() < LEAST_MASS {
            return;
        }
        if partitions == 1 {
            let scale = 1.0 + by / self.mass();
            return self.0.iter_mut().for_each(|copy| copy.1 *= scale);
        }
        let uncertain: f64 = self.0.iter().map(|copy| uncertainty(copy.1)).sum();
        if uncertain > 0.0 {
            for copy in &mut self.0 {
                let part = by * uncertainty(copy.1) / uncertain;
                copy.1 = (copy.1 + part).clamp(0.0, copy.1.max(1.0));
            }
        }
    }

    fn push(&mut self, time: i64, mass: f64) {
        if mass > LEAST_MASS {
            self.0.push((time, mass));
        }
    }
}

/// The variance of whether a copy of this mass is there.
fn uncertainty(mass: f64) -> f64 {
    (mass * (1.0 - mass)).max(0.0)
}

/// Room that scoring needs, kept from one requester to the next.
#[derive(Debug, Default)]
pub(super) struct Room {
    copies: Vec<Copies>,
    lives: Vec<f64>,
    /// For each key (and the unknown ones last) how likely it is that none, one, … of its reads asked.
    chances: Vec<Vec<f64>>,
}

/// Logarithm of the likelihood of all Decrypts. Below `floor` what is left is not looked at, but taken
/// to be as likely as what was.
pub(super) fn score(streams: &Streams, values: &Values, floor: f64, room: &mut Room) -> f64 {
    let (mut log, mut counted) = (streams.allotment, 0_u32);
    for requester in &streams.requesters {
        room.copies.iter_mut().for_each(|copies| copies.0.clear());
        room.copies.resize_with(requester.keys, Copies::default);
        for second in &requester.seconds {
            let chance = take(requester, second, values, streams.unknown_asks, room);
            if second.counts {
                log += if chance < 1.0 { chance.max(LEAST_PROBABILITY).ln() } else { 0.0 };
                counted += 1;
                if log < floor && counted >= LEAST_COUNTED {
                    let all = f64::from(streams.counted.max(counted));
                    return streams.allotment
                        + (log - streams.allotment) * all / f64::from(counted);
                }
            }
        }
    }
    log
}

/// Takes one second; gives how likely its Decrypts were.
fn take(
    requester: &Requester,
    second: &Second,
    values: &Values,
    unknown: f64,
    room: &mut Room,
) -> f64 {
    let uses = &requester.uses[second.uses.clone()];
    let asked = second.decrypts as usize;
    let Room { copies, lives, chances } = room;
    lives.clear();
    lives.extend(uses.iter().map(|&(key, _)| copies[key as usize].live(second.time, values)));
    if asked == 0
        && values.expiry == Expiry::Fixed
        && lives.iter().all(|live| *live >= f64::from(values.partitions))
    {
        // Each read finds its copy, and nothing is learnt: what most seconds of busy traffic are.
        return (1.0 - unknown).powi(second.unknown as i32);
    }
    chances.resize_with(uses.len() + 1, Vec::new);
    for (place, &(_, reads)) in uses.iter().enumerate() {
        misses(lives[place], values.partitions, reads, asked, &mut chances[place]);
    }
    if let [(key, reads)] = *uses
        && second.unknown == 0
    {
        let chance = chances[0][asked];
        chances[0].fill(0.0);
        chances[0][asked] = 1.0;
        copies[key as usize].learn(second.time, reads, lives[0], &chances[0], values);
        return chance;
    }
    binomial(second.unknown, unknown, asked, &mut chances[uses.len()]);
    let all = chances.iter().fold(unit(asked), |all, one| added(&all, one));
    let chance = all[asked];
    for (place, &(key, reads)) in uses.iter().enumerate() {
        let posterior = if chance < LEAST_PROBABILITY {
            // The values cannot be: any read may have been the one that asked.
            let all: u32 = uses.iter().map(|one| one.1).sum::<u32>() + second.unknown;
            let share = (f64::from(second.decrypts) / f64::from(all)).min(1.0);
            let mut even = Vec::new();
            binomial(reads, share, asked, &mut even);
            even
        } else {
            let mut others = unit(asked);
            for (other, one) in chances.iter().enumerate() {
                if other != place {
                    others = added(&others, one);
                }
            }
            let own = chances[place].iter().enumerate();
            own.map(|(count, own)| own * others[asked - count] / chance).collect()
        };
        copies[key as usize].learn(second.time, reads, lives[place], &posterior, values);
    }
    chance
}

/// The law of a number that is nothing.
fn unit(most: usize) -> Vec<f64> {
    let mut law = vec![0.0; most + 1];
    law[0] = 1.0;
    law
}

/// The law of the sum of two numbers, as far as the first's goes.
fn added(a: &[f64], b: &[f64]) -> Vec<f64> {
    (0..a.len()).map(|sum| (0..=sum).map(|part| a[part] * b[sum - part]).sum()).collect()
}

/// How likely it is that none, one, … `most` of `reads` find their partition without a copy, if `live`
/// of the partitions have one: balls into bins, one after the other.
fn misses(live: f64, partitions: u32, reads: u32, most: usize, law: &mut Vec<f64>) {
    let partitions = f64::from(partitions);
    let miss = |new: usize| ((partitions - live - new as f64) / partitions).clamp(0.0, 1.0);
    law.clear();
    law.resize(most + 1, 0.0);
    if most == 0 {
        law[0] = (1.0 - miss(0)).powi(reads as i32);
        return;
    }
    law[0] = 1.0;
    for _ in 0..reads {
        for new in (0..=most).rev() {
            let from_below = if new > 0 { law[new - 1] * miss(new - 1) } else { 0.0 };
            law[new] = law[new] * (1.0 - miss(new)) + from_below;
        }
    }
}

/// How likely it is that none, one, … `most` of `reads` ask, if each does with `chance`.
fn binomial(reads: u32, chance: f64, most: usize, law: &mut Vec<f64>) {
    law.clear();
    law.resize(most + 1, 0.0);
    law[0] = 1.0;
    for _ in 0..reads {
        for count in (0..=most).rev() {
            let from_below = if count > 0 { law[count - 1] * chance } else { 0.0 };
            law[count] = law[count] * (1.0 - chance) + from_below;
        }
    }
}
