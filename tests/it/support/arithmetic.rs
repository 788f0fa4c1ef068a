//! What arithmetic knows of a scenario's answer: from the scenario as parsed and the laws behind it,
//! never from the engine.

use std::collections::BTreeMap;

use bks::encryption::assumption::{Assumptions, Level};
use bks::s3::Operation;
use bks::scenario::Scenario;
use bks::units::SimDuration;
use bks::workload::arrivals::Arrivals;
use bks::workload::jobs::{JobStep, Jobs};
use bks::workload::{Action, Traffic, Workload};

/// A number of chance: its mean, and its variance in one replication.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Count {
    pub(crate) mean: f64,
    pub(crate) variance: f64,
}

impl Count {
    fn add(&mut self, more: Self) {
        self.mean += more.mean;
        self.variance += more.variance;
    }

    /// What each of so many actions makes `mean` requests of on average: the next lower or the next
    /// higher whole number.
    fn times(self, mean: f64) -> Self {
        let rest = mean.fract();
        Self {
            mean: self.mean * mean,
            variance: self.mean * rest * (1.0 - rest) + self.variance * mean * mean,
        }
    }
}

/// Length of the counted part of the run, in seconds.
pub(crate) fn counted_s(scenario: &Scenario) -> f64 {
    scenario.end.as_secs_f64() - scenario.counted_from.as_secs_f64()
}

/// A configuration's assumptions at a level.
pub(crate) fn assumptions(scenario: &Scenario, configuration: &str, level: Level) -> Assumptions {
    let mut configurations = scenario.configurations.iter();
    configurations.find(|c| c.name == configuration).expect("it is there").ranges.at(level)
}

pub(crate) fn workload<'a>(scenario: &'a Scenario, name: &str) -> &'a Workload {
    scenario.workloads.iter().find(|workload| workload.name == name).expect("it is there")
}

/// The arrivals of a workload that does one kind of thing.
pub(crate) fn arrivals(workload: &Workload) -> (&Arrivals, Action) {
    match &workload.traffic {
        Traffic::Steady { arrivals, mix } if mix.len() == 1 => (arrivals, mix[0].0),
        other => panic!("{other:?}"),
    }
}

/// The rate of a workload of Poisson arrivals, a second.
pub(crate) fn poisson_rate(workload: &Workload) -> f64 {
    match arrivals(workload).0 {
        Arrivals::Poisson(law) if law.profile.is_none() => law.rate.as_per_s(),
        other => panic!("{other:?}"),
    }
}

/// The rate of a workload of even arrivals, a second.
pub(crate) fn periodic_rate(workload: &Workload) -> f64 {
    match arrivals(workload).0 {
        Arrivals::Periodic(law) => law.rate.as_per_s(),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn jobs(workload: &Workload) -> &Jobs {
    match &workload.traffic {
        Traffic::Jobs(jobs) => jobs,
        other => panic!("{other:?}"),
    }
}

/// The only step of a workload's jobs that does `action`.
pub(crate) fn step(workload: &Workload, action: Action) -> JobStep {
    let steps = jobs(workload).steps.iter();
    let of_action: Vec<_> = steps.filter(|step| step.action == action).collect();
    assert_eq!(of_action.len(), 1);
    *of_action[0]
}

/// How long a step takes on average, in seconds.
pub(crate) fn step_s(step: JobStep) -> f64 {
    step.objects as f64 / step.rate.as_per_s()
}

/// The jobs of a workload in the counted part of the run, of which each is in it from its first
/// request to its last or not at all.
pub(crate) fn counted_jobs(scenario: &Scenario, workload: &Workload) -> f64 {
    let jobs = jobs(workload);
    let every = jobs.every.expect("they recur").as_nanos();
    assert_eq!(jobs.offset.as_nanos(), 0);
    assert_eq!(scenario.counted_from.as_nanos() % every, 0);
    assert_eq!(scenario.end.as_nanos() % every, 0);
    let length = jobs.start_up.as_secs_f64() + jobs.steps.iter().map(|&s| step_s(s)).sum::<f64>();
    assert!(length < every as f64 * 1e-9 / 2.0, "{length} s are not far less than a cycle");
    counted_s(scenario) / (every as f64 * 1e-9)
}

/// Requests of each operation in the counted part of one replication.
pub(crate) fn operations(scenario: &Scenario) -> BTreeMap<Operation, Count> {
    let mut counts = BTreeMap::new();
    for workload in &scenario.workloads {
        let exactly = |mean| Count { mean, variance: 0.0 };
        let actions: Vec<(Action, Count)> = match &workload.traffic {
            Traffic::Steady { .. } => {
                let (law, action) = arrivals(workload);
                let mean = |rate| rate * counted_s(scenario);
                let count = if let Arrivals::Periodic(_) = law {
                    exactly(mean(periodic_rate(workload)))
                } else {
                    let mean = mean(poisson_rate(workload));
                    Count { mean, variance: mean }
                };
                vec![(action, count)]
            }
            Traffic::Jobs(jobs) => {
                let number = counted_jobs(scenario, workload);
                let count = |step: &JobStep| (step.action, exactly(number * step.objects as f64));
                jobs.steps.iter().map(count).collect()
            }
            Traffic::Following(following) => {
                // As many as the other writes, which comes as a Poisson process.
                let source = &scenario.workloads[following.workload as usize];
                let mean = poisson_rate(source) * counted_s(scenario);
                vec![(following.action, Count { mean, variance: mean })]
            }
        };
        let (read, write) = (workload.client.read, workload.client.write);
        let uploads = workload.client.is_multipart(workload.object_size);
        assert!(read.part_size.is_none() && !uploads, "whole objects");
        for (action, count) in actions {
            let requests = match action {
                Action::Read => vec![
                    (Operation::GetObject, read.get),
                    (Operation::HeadObject, read.head),
                    (Operation::ListObjects, read.list),
                ],
                Action::Write => vec![
                    (Operation::PutObject, write.put + write.marker),
                    (Operation::HeadObject, write.head),
                    (Operation::ListObjects, write.list),
                    (Operation::CopyObject, write.copy),
                ],
                other => panic!("{other:?}"),
            };
            for (operation, mean) in requests.into_iter().filter(|(_, mean)| *mean > 0.0) {
                counts.entry(operation).or_insert_with(Count::default).add(count.times(mean));
            }
        }
    }
    counts
}

/// What KMS asks for so many requests of the counted part: $0.03 for each 10,000 of the billing
/// period after 20,000 in thirty days, if those are free.
pub(crate) fn kms_bill(scenario: &Scenario, kms_requests: f64) -> f64 {
    let period_s = scenario.billing.period.as_secs_f64();
    let in_period = (kms_requests * period_s / counted_s(scenario)).round();
    let month_s = 30.0 * 86_400.0;
    let free = if scenario.billing.terms.free_tier { 20_000.0 * period_s / month_s } else { 0.0 };
    (in_period - free).max(0.0) * 0.000_003
}

/// Keys that a principal's even writes generate in the counted part: session by session, a key at the
/// first write and then each lifetime plus the gap to the next write. One requester for each session
/// slot, or one for all, whose sessions do not matter.
///
/// Writes in between generate none, as every key ends exactly when an even write is due. Only where a
/// session has just been renewed one of them may come first, by less than a gap; that moves a key over
/// the session's or the run's end at the most, and seldom.
pub(crate) fn keys_of_even_writes(
    scenario: &Scenario,
    workload: &Workload,
    lifetime_s: f64,
    by_session: bool,
) -> f64 {
    let slots = workload.slots.clone();
    let requesters = if by_session { slots.len() } else { 1 };
    let between_s = 1.0 / periodic_rate(workload);
    let gap_s = between_s * requesters as f64;
    let in_a_lifetime = lifetime_s / gap_s;
    assert!(
        (in_a_lifetime - in_a_lifetime.round()).abs() < 1e-9,
        "{lifetime_s} s are no multiple of {gap_s} s"
    );

    let (from, end) = (scenario.counted_from.as_secs_f64(), scenario.end.as_secs_f64());
    let mut keys = 0.0;
    for (number, slot) in slots.take(requesters).enumerate() {
        let slot = &scenario.slots[slot as usize];
        let renewal = slot.session_length.filter(|_| by_session);
        let length_s = renewal.map_or(f64::INFINITY, SimDuration::as_secs_f64);
        let mut begins = 0.0;
        let mut ends = renewal.map_or(f64::INFINITY, |_| slot.first_renewal.as_secs_f64());
        while begins < end {
            let offset = number as f64 * between_s;
            let first = offset + ((begins - offset) / gap_s - 1e-9).ceil().max(0.0) * gap_s;
            // How many keys there are before a time.
            let before = |time: f64| ((time - first) / lifetime_s - 1e-9).ceil().max(0.0);
            keys += before(ends.min(end)) - before(begins.max(from).min(ends));
            (begins, ends) = (ends, ends + length_s);
        }
    }
    keys
}

/// How many of `parts` equally likely ones are met by `picks` picks, a number with a fraction: the
/// next lower or the next higher whole one.
pub(crate) fn parts_met(parts: f64, picks: f64) -> f64 {
    let met = |picks: f64| parts * (1.0 - (1.0 - 1.0 / parts).powf(picks));
    let rest = picks.fract();
    (1.0 - rest) * met(picks.floor()) + rest * met(picks.floor() + 1.0)
}

/// Misses of a Poisson process of a rate that changes with time, from 0 to `until_s`, where a miss
/// lets everything hit for `hold_s`. As there is one miss in such a time at the most, the rate of
/// misses keeps to m(t) = λ(t) (1 − ∫ m over the `hold_s` before t), solved in steps of 0.1 s.
pub(crate) fn misses(rate: impl Fn(f64) -> f64, hold_s: f64, until_s: f64) -> f64 {
    const STEP_S: f64 = 0.1;
    let steps = (until_s / STEP_S) as usize;
    let held = (hold_s / STEP_S).round() as usize;
    let mut missed = vec![0.0; steps];
    let (mut recent, mut sum) = (0.0, 0.0);
    for step in 0..steps {
        if step >= held {
            recent -= missed[step - held];
        }
        let expected = rate((step as f64 + 0.5) * STEP_S) * STEP_S;
        missed[step] = expected * (1.0 - recent) / (1.0 + expected / 2.0);
        recent += missed[step];
        sum += missed[step];
    }
    sum
}
