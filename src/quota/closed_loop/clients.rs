//! One group of clients in the loop: its work, its workers, its pauses.

use super::limiter::Limiter;
use super::pauses::Pauses;
use super::{A_CALL, ClientGroup, STEPS};
use crate::s3::RetryPolicy;

/// Clients of one group.
pub(super) struct Clients<'a> {
    calls_per_s: &'a [u32],
    group: ClientGroup,
    /// Most new calls in a step: those of the busiest second.
    fastest: f64,
    /// Calls that came and were not yet sent.
    put_off: f64,
    /// Those that wait: before the second attempt first.
    pauses: Vec<Pauses>,
    /// Calls in a pause.
    waiting: f64,
    /// Tokens of all the clients' quotas of retries.
    tokens: f64,
    limiter: Option<Limiter>,
    /// Retries that are due in this step, and those of them that are sent in it.
    due: f64,
    retries: f64,
    /// New calls that may be sent in it.
    wanted: f64,
    /// Throttled calls that would have another attempt, by which: kept only to be allocated once.
    again: Vec<f64>,
    behind: Behind,
}

/// What was sent in a step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sent {
    first_answered: f64,
    /// First attempts that were throttled.
    pub(super) first_throttled: f64,
    again_answered: f64,
    again_throttled: f64,
    /// Calls that are given up.
    pub(super) failed: f64,
}

impl Sent {
    pub(super) fn answered(&self) -> f64 {
        self.first_answered + self.again_answered
    }

    pub(super) fn throttled(&self) -> f64 {
        self.first_throttled + self.again_throttled
    }

    pub(super) fn attempts(&self) -> f64 {
        self.answered() + self.throttled()
    }
}

impl<'a> Clients<'a> {
    pub(super) fn new(calls_per_s: &'a [u32], group: ClientGroup) -> Self {
        let busiest = calls_per_s.iter().copied().max().unwrap_or_default();
        let retries = 1..group.policy.attempts;
        Self {
            calls_per_s,
            group,
            fastest: f64::from(busiest) / STEPS as f64,
            put_off: 0.0,
            pauses: retries.map(|retry| Pauses::of(group.policy.pause_s(retry))).collect(),
            waiting: 0.0,
            tokens: RetryPolicy::TOKENS * group.clients,
            limiter: group.policy.is_adaptive.then(|| Limiter::new(group.clients)),
            due: 0.0,
            retries: 0.0,
            wanted: 0.0,
            again: Vec::new(),
            behind: Behind::default(),
        }
    }

    /// New calls of a second.
    pub(super) fn new_in(&self, second: usize) -> f64 {
        self.calls_per_s.get(second).copied().map_or(0.0, f64::from)
    }

    /// Calls that came and are neither answered nor failed.
    pub(super) fn unfinished(&self) -> f64 {
        self.put_off + self.waiting
    }

    /// Whether a second whose calls are all answered changes nothing.
    pub(super) fn are_idle(&self) -> bool {
        self.unfinished() <= 0.0 && !self.limiter.as_ref().is_some_and(Limiter::is_on)
    }

    /// A second whose calls are all answered at once.
    pub(super) fn pass(&mut self, second: usize) {
        let calls = self.new_in(second);
        self.refill(calls * RetryPolicy::TOKENS_OF_SUCCESS);
        self.behind.finished += calls;
        if let Some(limiter) = &mut self.limiter {
            limiter.pass(calls);
        }
    }

    fn refill(&mut self, tokens: f64) {
        self.tokens = (self.tokens + tokens).min(RetryPolicy::TOKENS * self.group.clients);
    }

    /// Begins a step: what comes, and what is due.
    pub(super) fn begin(&mut self, second: usize, at: usize) {
        self.put_off += self.new_in(second) / STEPS as f64;
        self.due = self.pauses.iter_mut().map(|pauses| pauses.due(at)).sum();
        let may_send = self.limiter.as_ref().map_or(f64::INFINITY, Limiter::per_step);
        self.retries = self.due.min(may_send);
        self.wanted = self.put_off.min(may_send - self.retries);
    }

    /// Whether nothing is to be sent in this step.
    pub(super) fn send_nothing(&self) -> bool {
        self.retries <= 0.0 && self.wanted <= 0.0
    }

    /// New calls that are sent if a share of the step's attempts is throttled: those that workers are
    /// free for. Who is throttled in this very step waits from then on.
    fn new_sent(&self, throttled: f64) -> f64 {
        let Some(workers) = self.group.workers else { return self.wanted };
        let repeats = if self.group.policy.attempts > 1 { throttled } else { 0.0 };
        let others = (self.waiting - self.retries).max(0.0) + repeats * self.retries;
        let waiting = (others + repeats * self.fastest) / (1.0 + repeats * self.fastest / workers);
        let free = (1.0 - waiting / workers).max(0.0);
        self.wanted.min(self.fastest * free)
    }

    /// Attempts of the step if a share of them is throttled.
    pub(super) fn attempts(&self, throttled: f64) -> f64 {
        self.new_sent(throttled) + self.retries
    }

    /// Sends the step's attempts, of which a share is throttled.
    pub(super) fn send(&mut self, at: usize, throttled: f64) -> Sent {
        let new = self.new_sent(throttled);
        self.put_off = without(self.put_off, new);
        let mut sent = Sent {
            first_answered: new * (1.0 - throttled),
            first_throttled: new * throttled,
            again_answered: self.retries * (1.0 - throttled),
            again_throttled: self.retries * throttled,
            failed: 0.0,
        };
        self.refill(
            sent.first_answered * RetryPolicy::TOKENS_OF_SUCCESS
                + sent.again_answered * RetryPolicy::TOKENS_OF_RETRY,
        );
        sent.failed = (sent.throttled() - self.repeat(at, &sent, throttled)).max(0.0);
        self.waiting = self.pauses.iter().map(Pauses::calls).sum();
        self.behind.finished += sent.answered() + sent.failed;
        if let Some(limiter) = &mut self.limiter {
            limiter.answered(at, sent.answered(), sent.throttled());
        }
        sent
    }

    /// Puts what was throttled into its next pause, as far as there is one and the quota of retries grants
    /// it. Yields how many.
    fn repeat(&mut self, at: usize, sent: &Sent, throttled: f64) -> f64 {
        let part = if self.due > 0.0 { self.retries / self.due } else { 0.0 };
        self.again.clear();
        self.again.push(sent.first_throttled);
        self.again.extend(self.pauses.iter_mut().map(|pauses| pauses.leave(part) * throttled));
        // Those of the last attempt are given up.
        self.again.pop();
        let wanted: f64 = self.again.iter().sum();
        let needed = wanted * RetryPolicy::TOKENS_OF_RETRY;
        let has_quota = self.group.policy.has_retry_quota;
        let granted = if has_quota && needed > self.tokens { self.tokens / needed } else { 1.0 };
        if has_quota {
            self.tokens = without(self.tokens, needed * granted);
        }
        for (pauses, calls) in self.pauses.iter_mut().zip(&self.again) {
            pauses.enter(at, calls * granted);
        }
        wanted * granted
    }

    /// By how many seconds the work is behind at the end of a second.
    pub(super) fn behind_s(&mut self, second: usize) -> f64 {
        let unfinished = self.unfinished();
        self.behind.seconds(self.calls_per_s, second, unfinished)
    }
}

/// What is left of a number, of which rounding may leave nothing.
fn without(number: f64, taken: f64) -> f64 {
    let left = number - taken;
    if left < number * 1e-12 { 0.0 } else { left }
}

/// How far the work is behind, by the number of calls that are finished: when would so many have been
/// without a quota?
#[derive(Default)]
struct Behind {
    finished: f64,
    /// The first second of which not all calls are finished, and the calls before it.
    second: usize,
    before: f64,
}

impl Behind {
    fn seconds(&mut self, calls_per_s: &[u32], now: usize, unfinished: f64) -> f64 {
        while self.second < calls_per_s.len() && self.second <= now {
            let with_it = self.before + f64::from(calls_per_s[self.second]);
            if with_it > self.finished + A_CALL {
                break;
            }
            self.before = with_it;
            self.second += 1;
        }
        if unfinished < A_CALL { 0.0 } else { now.saturating_sub(self.second) as f64 }
    }
}
