//! What to do first, and what then: greedily, by what each step saves beyond those before it.
//!
//! Bucket keys come first, unless they cost more or nothing that follows needs them: they take one setting, cost
//! nothing once, and decide what all else is worth.
//!
//! Nothing is run that cannot win: what a change has saved by itself or beyond bucket keys is taken as a bound
//! of what it saves later, so only the change with the greatest bound is run again in each place (Minoux,
//! "Accelerated greedy algorithms", 1978). The bound is right where savings only shrink the more is done; a change
//! that is worth more beside another one than alone may come later than it could.

use super::bills::ConfigurationBill;
use super::catalogue::BUCKET_KEYS;
use super::changes::Change;
use super::{
    Advice, AdviceEffect, AdviceStep, Advised, Bills, Counterfactuals, NEVER_PAID, Saving, once,
};
use crate::units::Usd;

/// The most steps.
const STEPS: usize = 6;

/// What has been done so far.
struct Done<'a> {
    /// Numbers of the changes.
    changes: Vec<usize>,
    /// Whether bucket keys are on.
    with_keys: bool,
    bills: Bills,
    advice: &'a Advice,
    /// The bills of each change by itself.
    tried: &'a [Bills],
    runs: &'a Counterfactuals<'a>,
}

/// The number of a change, what it saves next, and the bills with it.
type NextStep = (usize, Saving, Bills);

/// Seconds of a year.
const YEAR_S: f64 = 365.0 * 86_400.0;

/// What may be done next.
struct NextCandidate {
    number: usize,
    /// What it saves at the most.
    bound: Usd,
    /// What it saves next, if that is known.
    next: Option<(Saving, Bills)>,
}

/// The steps from `before` on; `tried` has the bills of each of the advised changes by itself.
pub(super) fn order(
    advice: &Advice,
    before: &Bills,
    tried: &[Bills],
    runs: &Counterfactuals,
) -> Vec<AdviceStep> {
    let numbers = (0..advice.list.len()).filter(|&number| may_come_next(&advice.list[number]));
    let mut candidates: Vec<NextCandidate> = numbers
        .map(|number| NextCandidate {
            number,
            bound: advice.list[number].best().assumed,
            next: None,
        })
        .collect();
    let mut done = Done {
        changes: Vec::new(),
        with_keys: advice.keys_are_on,
        bills: before.clone(),
        advice,
        tried,
        runs,
    };
    let mut steps = Vec::new();
    if let Some(number) = keys_first(advice) {
        candidates.retain(|it| it.number != number);
        let saving = before.keys.saving_from(&before.now);
        done.take(number, before.clone());
        steps.push(AdviceStep {
            advised: number,
            saving,
            so_far: saving,
            bill: before.keys.bill(),
            once: once(&advice.list[number].change, saving, before),
        });
    }
    while steps.len() < STEPS
        && let Some(next) = done.next(&mut candidates)
    {
        let (number, saving, bills) = done.worth_its_cost(next, &candidates);
        let group = advice.list[number].kind.group;
        candidates.retain(|it| {
            let other = advice.list[it.number].kind.group;
            it.number != number && (group.is_none() || other != group)
        });
        let once = once(&advice.list[number].change, saving, &bills);
        done.take(number, bills);
        let bill = done.bill();
        steps.push(AdviceStep {
            advised: number,
            saving,
            so_far: bill.saving_from(&before.now),
            bill: bill.bill(),
            once,
        });
    }
    steps
}

/// The number of bucket keys, if they come first: they save something, or something else does beside them.
fn keys_first(advice: &Advice) -> Option<usize> {
    let number = advice.list.iter().position(|it| it.kind.name == BUCKET_KEYS)?;
    let needed = advice.list.iter().any(|it| {
        may_come_next(it) && it.beyond.is_some_and(|beyond| beyond.assumed > it.alone.assumed)
    });
    match advice.list[number].effect {
        AdviceEffect::Saves => Some(number),
        AdviceEffect::Depends | AdviceEffect::DoesNotMatter if needed => Some(number),
        _ => None,
    }
}

fn may_come_next(advised: &Advised) -> bool {
    advised.effect == AdviceEffect::Saves && !advised.kind.instead && !advised.never_pays()
}

impl Done<'_> {
    fn bill(&self) -> &ConfigurationBill {
        if self.with_keys { &self.bills.keys } else { &self.bills.now }
    }

    /// The candidate that saves most next, if any saves enough.
    fn next(&self, candidates: &mut Vec<NextCandidate>) -> Option<NextStep> {
        for it in candidates.iter_mut() {
            it.next = None;
        }
        loop {
            candidates.sort_by_key(|it| (-it.bound.pico(), it.number));
            let first = candidates.first_mut()?;
            if let Some((saving, bills)) = first.next.take() {
                let noise = saving.half_width.unwrap_or_default();
                let matters = saving.assumed >= Advice::threshold(self.advice.bill, noise);
                return matters.then_some((first.number, saving, bills));
            }
            match self.after(first.number) {
                Some((saving, bills)) => {
                    first.bound = saving.assumed;
                    first.next = Some((saving, bills));
                }
                None => {
                    candidates.remove(0);
                }
            }
        }
    }

    /// What a change saves next, and the bills with it; `None` if it cannot be run beside the others, or no
    /// longer pays for what it costs once.
    fn after(&self, number: usize) -> Option<(Saving, Bills)> {
        if self.is_of_keys(number) {
            return Some((self.bills.keys.saving_from(self.bill()), self.bills.clone()));
        }
        let bills = if self.changes.is_empty() {
            self.tried[number].clone()
        } else {
            let numbers = self.changes.iter().chain(std::iter::once(&number));
            let changes: Vec<&Change> =
                numbers.map(|&number| &self.advice.list[number].change).collect();
            self.runs.of(&changes).ok()?
        };
        let own = if self.with_keys { &bills.keys } else { &bills.now };
        let saving = own.saving_from(self.bill());
        // Beside the others it may no longer pay for itself.
        let once = once(&self.advice.list[number].change, saving, &bills);
        let pays = once.is_none_or(|once| once.payback != NEVER_PAID);
        pays.then_some((saving, bills))
    }

    /// Of the changes that stand for one another the one with the greatest saving, unless what it saves beyond a part
    /// of it does not pay within a year for what it costs beyond that: a hot prefix beside a large cold rest.
    fn worth_its_cost(&self, most: NextStep, candidates: &[NextCandidate]) -> NextStep {
        let (number, ..) = most;
        let Some(group) = self.advice.list[number].kind.group else { return most };
        let others = candidates
            .iter()
            .map(|it| it.number)
            .filter(|other| *other != number && self.advice.list[*other].kind.group == Some(group));
        let mut best = most;
        for other in others {
            let Some((saving, bills)) = self.after(other) else { continue };
            let part = (other, saving, bills);
            let [cost, of_part] = [&best, &part].map(|step| self.cost(step));
            let saved = best.1.assumed.as_f64() - saving.assumed.as_f64();
            if of_part < cost && saved * self.periods_a_year() < cost - of_part {
                best = part;
            }
        }
        best
    }

    /// What a step costs once, in dollars.
    fn cost(&self, (number, saving, bills): &NextStep) -> f64 {
        let once = once(&self.advice.list[*number].change, *saving, bills);
        once.map_or(0.0, |once| once.cost.as_f64())
    }

    fn periods_a_year(&self) -> f64 {
        YEAR_S / self.advice.period.as_secs_f64()
    }

    fn take(&mut self, number: usize, bills: Bills) {
        if self.is_of_keys(number) {
            self.with_keys = true;
        } else {
            self.changes.push(number);
        }
        self.bills = bills;
    }

    fn is_of_keys(&self, number: usize) -> bool {
        self.advice.list[number].kind.name == BUCKET_KEYS
    }
}
