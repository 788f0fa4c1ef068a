//! Oracles: formulas, laws of conservation, counts by hand, and clients drawn one by one.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use proptest::prelude::*;
use rand::RngExt;

use super::super::QuotaEffect;
use super::*;
use crate::rng::{Purpose, Seed, Stream};
use crate::s3::{KnownRetries, OwnRetries, Retries};
use crate::units::SimDuration;

fn known(retries: KnownRetries) -> RetryPolicy {
    Retries::Known(retries).policy()
}

fn own(attempts: u32, base_s: i64, cap_s: i64) -> RetryPolicy {
    let [base, cap] = [base_s, cap_s].map(SimDuration::from_secs);
    Retries::Own(OwnRetries { attempts, base, cap }).policy()
}

fn group(policy: RetryPolicy) -> ClientGroup {
    ClientGroup { policy, clients: 1e6, workers: None }
}

fn left(quota_per_s: u64) -> QuotaTerms {
    QuotaTerms { quota_per_s, background_per_s: 0 }
}

fn effect(calls: &[u32], group: ClientGroup, quota_per_s: u64) -> RetryEffect {
    RetryEffect::of(&[calls], &[group], left(quota_per_s))
}

/// A rate for some seconds of a run of `seconds`.
fn spell(rate: u32, spell: usize, seconds: usize) -> Vec<u32> {
    let mut calls = vec![0; seconds];
    calls[..spell].fill(rate);
    calls
}

const ALL: [KnownRetries; 6] = [
    KnownRetries::Standard,
    KnownRetries::Adaptive,
    KnownRetries::Legacy,
    KnownRetries::S3a,
    KnownRetries::Emrfs,
    KnownRetries::None,
];

fn assert_near(value: f64, expected: f64, relative: f64, what: &str) {
    let bound = relative * expected.abs().max(1.0);
    assert!((value - expected).abs() <= bound, "{what}: {value}, not {expected}");
}

#[test]
fn below_the_quota_both_loops_are_the_same() {
    let calls = [3, 0, 10, 7, 10];
    for retries in ALL {
        for workers in [None, Some(1.0)] {
            let closed = effect(&calls, ClientGroup { workers, ..group(known(retries)) }, 10);
            let nothing = RetryEffect { requests: 30.0, attempts: 30.0, ..RetryEffect::default() };
            assert_eq!(closed, nothing);
        }
    }
    let open = QuotaEffect::of(&calls, left(10));
    assert_eq!((open.asked, open.slow_downs, open.wait_max_s), (30, 0, Some(0)));
}

/// λ of 30 a second at μ of 20 for a minute: whoever never retries loses one in three.
#[test]
fn without_retries_what_exceeds_the_quota_fails() {
    let effect = effect(&spell(30, 60, 100), group(known(KnownRetries::None)), 20);
    assert_near(effect.failed, 600.0, 1e-9, "failed");
    assert_near(effect.throttled_share(), 1.0 / 3.0, 1e-9, "share");
    assert_eq!(effect.span(), Some((0, 59)));
    assert!(effect.late_max_s <= 0.0);
}

/// Whoever never gives up and pauses but shortly is a queue: T seconds of λ at μ < λ leave (λ - μ) T calls,
/// which are gone (λ - μ) T / μ later. The open loop is that queue to the second.
#[test]
fn an_overload_drains_by_its_formula() {
    let patient = RetryPolicy { attempts: 400, ..own(1, 1, 1) };
    for (rate, quota, seconds) in [(2_000, 1_000, 30), (1_500, 1_000, 60), (1_100, 1_000, 200)] {
        let calls = spell(rate, seconds, 3_600);
        let excess = f64::from(rate - quota) * seconds as f64;
        let drains_s = excess / f64::from(quota);
        let open = QuotaEffect::of(&calls, left(quota.into()));
        assert_near(open.backlog_max as f64, excess, 1e-12, "backlog");
        assert_near(open.wait_max_s.unwrap() as f64, drains_s, 0.02, "longest wait");
        let closed = effect(&calls, group(patient), quota.into());
        assert!(closed.failed < 1.0 && closed.unfinished < 1e-3, "{}", closed.failed);
        // Of a handful that are left, each may pause for a second more.
        assert!((closed.drain_max_s - drains_s).abs() <= 2.0, "{}", closed.drain_max_s);
        assert!((closed.late_max_s - drains_s).abs() <= 2.0, "{}", closed.late_max_s);
    }
}

/// An overloaded M/D/1 queue: its last call waits for (ρ - 1) T, give or take what chance does to the sum
/// of the arrivals.
#[test]
fn an_overloaded_md1_queue_waits_as_long_as_its_formula_says() {
    let (rate, quota, seconds) = (1_300.0, 1_000, 400);
    let mut chance = Seed(7).stream(0, Purpose::Requests, (0, 0));
    let mut calls = vec![0_u32; seconds];
    let mut time_s = 0.0;
    loop {
        let uniform: f64 = chance.random();
        time_s -= libm::log(1.0 - uniform) / rate;
        if time_s >= seconds as f64 {
            break;
        }
        calls[time_s as usize] += 1;
    }
    calls.extend([0; 400]);
    let wait_s = QuotaEffect::of(&calls, left(quota)).wait_max_s.unwrap() as f64;
    let deviation_s = (rate * seconds as f64).sqrt() / quota as f64;
    assert!((wait_s - 0.3 * seconds as f64).abs() <= 1.0 + 4.0 * deviation_s, "{wait_s}");
}

/// Nothing is left by the quota; one client: its 500 tokens are worth 100 retries, and never come back.
#[test]
fn a_quota_of_retries_is_spent_by_the_hundredth() {
    let clients = ClientGroup { clients: 1.0, ..group(known(KnownRetries::Standard)) };
    let effect = effect(&spell(300, 5, 5), clients, 0);
    assert_near(effect.attempts, 1_500.0 + 100.0, 1e-9, "attempts");
    assert_near(effect.failed, 1_500.0, 1e-9, "failed");
}

/// A worker in a pause sends nothing: five have at most five requests under way, so that of 1,000 a second
/// most are put off, and none is lost.
#[test]
fn who_waits_asks_for_nothing_else() {
    let few = ClientGroup { workers: Some(5.0), ..group(own(100, 1, 1)) };
    let [few, many] = [few, group(own(100, 1, 1))].map(|it| effect(&spell(1_000, 10, 10), it, 900));
    assert!(few.slow_downs < many.slow_downs / 10.0, "{} {}", few.slow_downs, many.slow_downs);
    assert!(few.late_max_s >= 1.0 && few.failed < 1.0 && few.unfinished < 1e-3);
}

#[test]
fn an_adaptive_client_is_throttled_less() {
    let calls = spell(200, 300, 400);
    let [standard, adaptive] = [KnownRetries::Standard, KnownRetries::Adaptive]
        .map(|retries| effect(&calls, ClientGroup { clients: 4.0, ..group(known(retries)) }, 100));
    assert!(adaptive.slow_downs < standard.slow_downs / 3.0, "{}", adaptive.slow_downs);
    assert!(adaptive.failed < standard.failed / 3.0);
    assert!(adaptive.late_max_s > standard.late_max_s);
}

/// Requests drawn one by one: each has its moment, its worker, its pauses.
struct Agents {
    policy: RetryPolicy,
    left: u32,
    answered_in: Vec<u32>,
    chance: Stream,
    /// Attempts to come: nanoseconds, number of the request, attempts before.
    attempts: BinaryHeap<Reverse<(u64, usize, u32)>>,
    /// Requests without a worker, and how long a worker is busy with one.
    idle: usize,
    queue: VecDeque<usize>,
    busy_s: f64,
}

#[derive(Debug, Default)]
struct DrawnCounts {
    attempts: f64,
    slow_downs: f64,
    throttled: f64,
    failed: f64,
}

const NANO: f64 = 1e9;

impl Agents {
    fn run(calls: &[u32], group: &ClientGroup, quota: u32, seed: u64) -> DrawnCounts {
        let mut chance = Seed(seed).stream(0, Purpose::Requests, (0, 0));
        let mut arrivals: Vec<f64> = Vec::new();
        for (second, &count) in calls.iter().enumerate() {
            arrivals.extend((0..count).map(|_| second as f64 + chance.random::<f64>()));
        }
        arrivals.sort_by(f64::total_cmp);
        let fastest = calls.iter().copied().max().map_or(1.0, f64::from);
        let workers = group.workers.unwrap_or(f64::INFINITY);
        let mut agents = Self {
            policy: group.policy,
            left: quota,
            answered_in: vec![0; calls.len() + 100_000],
            chance,
            attempts: BinaryHeap::new(),
            idle: if workers.is_finite() { workers as usize } else { arrivals.len() },
            queue: VecDeque::new(),
            busy_s: if workers.is_finite() { workers / fastest } else { 0.0 },
        };
        let mut counted = DrawnCounts::default();
        for (number, time_s) in arrivals.iter().enumerate() {
            agents.advance((time_s * NANO) as u64, &mut counted);
            agents.queue.push_back(number);
            agents.start((time_s * NANO) as u64);
        }
        agents.advance(u64::MAX, &mut counted);
        counted
    }

    fn start(&mut self, now: u64) {
        while self.idle > 0
            && let Some(number) = self.queue.pop_front()
        {
            self.idle -= 1;
            self.attempts.push(Reverse((now, number, 0)));
        }
    }

    fn advance(&mut self, until: u64, counted: &mut DrawnCounts) {
        while self.attempts.peek().is_some_and(|Reverse((time, ..))| *time <= until) {
            let Reverse((time, number, before)) = self.attempts.pop().unwrap();
            if before == u32::MAX {
                self.idle += 1;
                self.start(time);
                continue;
            }
            counted.attempts += 1.0;
            let in_second = &mut self.answered_in[(time as f64 / NANO) as usize];
            let is_answered = *in_second < self.left;
            *in_second += u32::from(is_answered);
            if !is_answered {
                counted.slow_downs += 1.0;
                counted.throttled += f64::from(u8::from(before == 0));
                if before + 1 < self.policy.attempts {
                    let [from, to] = self.policy.pause_s(before + 1);
                    let pause_s = from + (to - from) * self.chance.random::<f64>();
                    let when = time + (pause_s * NANO) as u64;
                    self.attempts.push(Reverse((when, number, before + 1)));
                    continue;
                }
                counted.failed += 1.0;
            }
            // The worker is free a while later, which is as random as can be.
            let busy_s = -self.busy_s * libm::log(1.0 - self.chance.random::<f64>());
            let free = time + (busy_s * NANO) as u64;
            self.attempts.push(Reverse((free, number, u32::MAX)));
        }
    }
}

/// Bounds: 1 % of the number and 0.5 % of the requests; where workers are scarce, whose number at work is a
/// matter of chance, 10 % and 1 %.
#[test]
fn clients_drawn_one_by_one_count_the_same() {
    let spells = [spell(1_500, 60, 120), spell(2_600, 20, 120), spell(1_050, 120, 200)];
    let unlimited = RetryPolicy { has_retry_quota: false, ..known(KnownRetries::Standard) };
    let policies =
        [unlimited, known(KnownRetries::Legacy), known(KnownRetries::None), own(3, 8, 8)];
    for calls in &spells {
        for policy in policies {
            for workers in [None, Some(4_000.0), Some(300.0)] {
                let group = ClientGroup { policy, clients: 1e6, workers };
                let fluid = effect(calls, group, 1_000);
                let drawn = Agents::run(calls, &group, 1_000, 3);
                let what = format!("{} {policy:?} {workers:?} {drawn:?} {fluid:?}", calls[0]);
                let (of_number, of_requests) =
                    if workers.is_none() { (0.01, 0.005) } else { (0.1, 0.01) };
                let pairs = [
                    (fluid.attempts, drawn.attempts),
                    (fluid.slow_downs, drawn.slow_downs),
                    (fluid.throttled, drawn.throttled),
                    (fluid.failed, drawn.failed),
                ];
                for (fluid_one, drawn_one) in pairs {
                    let bound = of_number * drawn_one + of_requests * fluid.requests;
                    assert!(
                        (fluid_one - drawn_one).abs() <= bound,
                        "{fluid_one} {drawn_one} {what}"
                    );
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn nothing_is_lost_or_made_up(
        first in prop::collection::vec(0..60_u32, 30),
        second in prop::collection::vec(0..60_u32, 30),
        quota in 5..90_u64,
        which in (0..ALL.len(), 0..ALL.len()),
        clients in 1..20_u32,
        workers in prop::option::of(1..50_u32),
    ) {
        let clients = f64::from(clients);
        let workers = workers.map(f64::from);
        let groups = [which.0, which.1]
            .map(|which| ClientGroup { policy: known(ALL[which]), clients, workers });
        let effect = RetryEffect::of(&[&first, &second], &groups, left(quota));
        let asked: u32 = first.iter().chain(&second).sum();
        let answered = effect.attempts - effect.slow_downs;
        let finished = answered + effect.failed + effect.unfinished;
        prop_assert!((effect.requests - f64::from(asked)).abs() < 1e-6);
        prop_assert!((finished - effect.requests).abs() < 1e-3, "{effect:?}");
        prop_assert!(effect.failed <= effect.throttled + 1e-6);
        prop_assert!(effect.throttled <= effect.slow_downs + 1e-6);
        let seconds: f64 = effect.by_second.iter().map(|(_, count)| count).sum();
        prop_assert!((seconds - effect.slow_downs).abs() < 1e-6);
        let peak = first.iter().zip(&second).map(|(a, b)| u64::from(a + b)).max().unwrap();
        prop_assert_eq!(effect.slow_downs > 0.0, peak > quota);
    }
}
