//! The likelihood of the Decrypts seen, second by second, under values of the cache assumptions.
//!
//! What is known of one requester's copies of one bucket-level key is a list of masses: how many of
//! the `P` partitions have fetched (or, if expiry slides, last used) it at which second. A read picks a
//! partition; with `N` copies alive it asks KMS with probability `(P − N) / P`. A hit shows that a copy
//! is alive, a miss that a partition has none. With one partition, or with fixed expiry and seconds in
//! which it is plain whose Decrypt is whose, that is exact. Else masses are expected values.

use super::groups::{ReadGroup, ReadGroups, RequesterReads};
use crate::calibration::LEAST_PROBABILITY;
use crate::calibration::goodness_of_fit::Surprise;
use crate::calibration::profile_likelihood::misses;
use crate::encryption::assumption::Expiry;

/// A set of values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Values {
    pub(super) lifetime_s: i64,
    pub(super) partitions: u32,
    pub(super) expiry: Expiry,
}

/// Mass below which a copy is forgotten.
const LEAST_MASS: f64 = 1e-3;

/// How unlikely a number of copies is that is left out of account.
const NEGLIGIBLE: f64 = 1e-9;

/// No score is given up before so many seconds.
const LEAST_COUNTED: u32 = 200;

/// Copies of one key that one requester's partitions hold: since when, and how many.
///
/// The second number is how many there are at most. With sliding expiry nothing is uncertain until one
/// may have expired, and then each of them, but for the one used last.
#[derive(Clone, Debug, Default)]
struct Copies(Vec<(i64, f64)>, u32);

impl Copies {
    /// Leaves the copies alive at `time`. Those that are just as old as they get may be or not, as times
    /// are whole seconds.
    fn age(&mut self, time: i64, values: &Values) {
        self.0.retain(|copy| time - copy.0 <= values.lifetime_s);
        if self.0.is_empty() {
            self.1 = 0;
        }
        for copy in &mut self.0 {
            copy.1 *= if time - copy.0 == values.lifetime_s { 0.5 } else { 1.0 };
        }
    }

    fn mass(&self) -> f64 {
        self.0.iter().map(|copy| copy.1).sum()
    }

    /// How likely it is that none, one, … of the partitions have a copy.
    fn numbers(&self, values: &Values, law: &mut Vec<f64>) {
        let most = values.partitions as usize;
        law.clear();
        law.resize(most + 1, 0.0);
        law[0] = 1.0;
        let alive = self.mass().min(f64::from(values.partitions));
        if values.expiry == Expiry::Sliding && alive > 1.0 {
            let others = self.1.max(2) - 1;
            let chance = ((alive - 1.0) / f64::from(others)).min(1.0);
            (0..others).for_each(|_| toss(law, chance));
            law.rotate_right(1);
        } else if values.expiry == Expiry::Sliding {
            toss(law, alive);
        } else {
            self.0.iter().for_each(|copy| toss(law, copy.1));
        }
    }

    /// Takes note of `reads` at `time`, of which `asked` gives how likely it is that none, one, …
    /// asked, if `law` is how likely that was before.
    fn learn(&mut self, time: i64, reads: u32, law: &AskingLaw, asked: &[f64], values: &Values) {
        let partitions = f64::from(values.partitions);
        let expected: f64 =
            asked.iter().enumerate().map(|(count, chance)| count as f64 * chance).sum();
        self.shift(law.learnt(asked) - self.mass(), values.partitions);
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
                let moved = alive * (1.0 - kept) + self.forget();
                self.push(time, moved + expected);
                let asked = expected.ceil() as u32;
                self.1 =
                    self.1.min(values.partitions.saturating_sub(expected.floor() as u32)) + asked;
                self.1 = self.1.min(values.partitions);
            }
        }
    }

    /// Adds to the mass where it is uncertain.
    fn shift(&mut self, by: f64, partitions: u32) {
        if by.abs() < LEAST_MASS {
            return;
        }
        if partitions == 1 && self.mass() > 0.0 {
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

    /// Forgets what is next to nothing; gives it to the copy used next, or else tells how much it is.
    fn forget(&mut self) -> f64 {
        let mut left = 0.0;
        self.0.retain_mut(|copy| {
            copy.1 += std::mem::take(&mut left);
            let is_kept = copy.1 > LEAST_MASS;
            left = if is_kept { 0.0 } else { copy.1 };
            is_kept
        });
        left
    }

    /// Adds copies, each whole one by itself.
    fn push(&mut self, time: i64, mut mass: f64) {
        while mass > LEAST_MASS {
            self.0.push((time, mass.min(1.0)));
            mass -= 1.0;
        }
    }
}

/// Adds one to a number, whose law is given, with `chance`; what goes beyond its end stays there.
fn toss(law: &mut [f64], chance: f64) {
    let last = law.len() - 1;
    for number in (0..=last).rev() {
        let stays = if number == last { 1.0 } else { 1.0 - chance };
        let from_below = if number > 0 { law[number - 1] * chance } else { 0.0 };
        law[number] = law[number] * stays + from_below;
    }
}

/// How likely it is that none, one, … of one key's reads ask.
#[derive(Clone, Debug, Default)]
struct AskingLaw {
    /// For each number of copies, how likely it is.
    numbers: Vec<f64>,
    /// For each number of copies, how likely it is that none, one, … ask; in rows of one length.
    rows: Vec<f64>,
    /// How likely it is that none, one, … ask, all in all.
    asked: Vec<f64>,
}

impl AskingLaw {
    /// The law of `reads`, up to `most` that ask.
    fn set(&mut self, copies: &Copies, reads: u32, most: usize, values: &Values) {
        copies.numbers(values, &mut self.numbers);
        self.rows.clear();
        self.rows.resize(self.numbers.len() * (most + 1), 0.0);
        self.asked.clear();
        self.asked.resize(most + 1, 0.0);
        let rows = self.rows.chunks_exact_mut(most + 1);
        for ((live, &chance), row) in self.numbers.iter().enumerate().zip(rows) {
            if chance > NEGLIGIBLE {
                misses(live, values.partitions, reads, row);
                self.asked.iter_mut().zip(row).for_each(|(sum, one)| *sum += chance * *one);
            }
        }
    }

    /// How many copies there were, on average, if `asked` is how likely it is that none, one, … asked.
    fn learnt(&self, asked: &[f64]) -> f64 {
        let width = self.asked.len();
        // What cannot be teaches nothing.
        let before: f64 =
            self.numbers.iter().enumerate().map(|(live, chance)| live as f64 * chance).sum();
        let each = asked.iter().enumerate().map(|(ask, &chance)| match self.asked.get(ask) {
            _ if chance == 0.0 => 0.0,
            Some(&possible) if possible > 0.0 => chance * self.copies_if(ask, width),
            _ => chance * before,
        });
        each.sum()
    }

    /// How many copies there were, on average, if `ask` reads asked; rows are of `width`.
    fn copies_if(&self, ask: usize, width: usize) -> f64 {
        let each = self.numbers.iter().enumerate();
        let sum: f64 =
            each.map(|(live, chance)| live as f64 * chance * self.rows[live * width + ask]).sum();
        sum / self.asked[ask]
    }
}

/// The variance of whether a copy of this mass is there.
fn uncertainty(mass: f64) -> f64 {
    (mass * (1.0 - mass)).max(0.0)
}

/// Memory that scoring needs, kept from one requester to the next.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    copies: Vec<Copies>,
    /// For each key of a group.
    laws: Vec<AskingLaw>,
}

/// Logarithm of the likelihood of all Decrypts. Below `floor` what is left is not looked at, but taken
/// to be as likely as what was.
pub(super) fn score(
    groups: &ReadGroups,
    values: &Values,
    floor: f64,
    workspace: &mut Workspace,
) -> f64 {
    let (mut log, mut counted) = (groups.allotment, 0_u32);
    for requester in &groups.requesters {
        workspace.begin(requester);
        for group in &requester.groups {
            let chance = take(requester, group, values, workspace);
            if group.is_scored {
                log += if chance < 1.0 { chance.max(LEAST_PROBABILITY).ln() } else { 0.0 };
                counted += 1;
                if log < floor && counted >= LEAST_COUNTED {
                    let all = f64::from(groups.scored.max(counted));
                    return groups.allotment + (log - groups.allotment) * all / f64::from(counted);
                }
            }
        }
    }
    log
}

/// How surprising the Decrypts are under `values`.
pub(super) fn surprise(groups: &ReadGroups, values: &Values) -> Surprise {
    let (mut surprise, mut workspace) = (Surprise::default(), Workspace::default());
    for requester in &groups.requesters {
        workspace.begin(requester);
        for group in &requester.groups {
            let law = group.is_scored.then(|| law(requester, group, values, &mut workspace));
            let seen = take(requester, group, values, &mut workspace);
            if let Some(law) = law {
                surprise.take(&law, seen);
            }
        }
    }
    surprise
}

/// How likely it was that none, one, … of a group's reads ask.
fn law(
    requester: &RequesterReads,
    group: &ReadGroup,
    values: &Values,
    workspace: &mut Workspace,
) -> Vec<f64> {
    let uses = &requester.uses[group.uses.clone()];
    let all: usize = uses.iter().map(|one| one.reads.min(values.partitions) as usize).sum();
    let mut sum = unit(all);
    for one in uses {
        let mut copies = workspace.copies[one.key as usize].clone();
        copies.age(group.time, values);
        let mut own = AskingLaw::default();
        own.set(&copies, one.reads, all, values);
        sum = added(&sum, &own.asked);
    }
    sum
}

impl Workspace {
    fn begin(&mut self, requester: &RequesterReads) {
        for copies in &mut self.copies {
            copies.0.clear();
            copies.1 = 0;
        }
        self.copies.resize_with(requester.keys.max(self.copies.len()), Copies::default);
    }
}

/// Takes one group; gives how likely its Decrypts were.
fn take(
    requester: &RequesterReads,
    group: &ReadGroup,
    values: &Values,
    workspace: &mut Workspace,
) -> f64 {
    let uses = &requester.uses[group.uses.clone()];
    let Workspace { copies, laws } = workspace;
    let mut all_live = true;
    for one in uses {
        let copies = &mut copies[one.key as usize];
        copies.age(group.time, values);
        all_live &= copies.mass() >= f64::from(values.partitions);
    }
    if laws.len() < uses.len() {
        laws.resize_with(uses.len(), AskingLaw::default);
    }
    if group.is_certain {
        for one in uses {
            let copies = &mut copies[one.key as usize];
            laws[0].set(copies, one.reads, one.asked as usize, values);
            copies.learn(group.time, one.reads, &laws[0], &certainly(one.asked), values);
        }
        return 1.0;
    }
    let asked = group.decrypts as usize;
    if asked == 0 && values.expiry == Expiry::Fixed && all_live {
        // Each read finds its copy, and nothing is learnt: what most groups of busy traffic are.
        return 1.0;
    }
    for (one, law) in uses.iter().zip(laws.iter_mut()) {
        law.set(&copies[one.key as usize], one.reads, asked, values);
    }
    if let [one] = *uses {
        let known = certainly(group.decrypts);
        copies[one.key as usize].learn(group.time, one.reads, &laws[0], &known, values);
        return laws[0].asked[asked];
    }
    let laws = &laws[..uses.len()];
    let others = others(laws, asked);
    let chance = added(&others[0], &laws[0].asked)[asked];
    for (place, one) in uses.iter().enumerate() {
        let posterior = if chance < LEAST_PROBABILITY {
            // The values cannot be: any read may have been the one that asked.
            let all: u32 = uses.iter().map(|one| one.reads).sum();
            let share = (f64::from(group.decrypts) / f64::from(all)).min(1.0);
            let mut even = Vec::new();
            binomial(one.reads, share, asked, &mut even);
            even
        } else {
            let own = laws[place].asked.iter().zip(others[place].iter().rev());
            own.map(|(own, others)| own * others / chance).collect()
        };
        let copies = &mut copies[one.key as usize];
        copies.learn(group.time, one.reads, &laws[place], &posterior, values);
    }
    chance
}

/// The law of a number that is known.
fn certainly(number: u32) -> Vec<f64> {
    let mut law = vec![0.0; number as usize + 1];
    law[number as usize] = 1.0;
    law
}

/// For each law, that of the sum of all others, up to `most`.
fn others(laws: &[AskingLaw], most: usize) -> Vec<Vec<f64>> {
    let mut before = unit(most);
    let mut others: Vec<Vec<f64>> = Vec::with_capacity(laws.len());
    for law in laws {
        let next = added(&before, &law.asked);
        others.push(std::mem::replace(&mut before, next));
    }
    let mut after = unit(most);
    for (own, law) in others.iter_mut().zip(laws).rev() {
        *own = added(own, &after);
        after = added(&after, &law.asked);
    }
    others
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
