//! Throttling closed in a loop with the clients: what is throttled is asked again after a pause, and
//! whoever waits asks for nothing else.
//!
//! A fluid, ten steps a second, on the series of each group of clients that retry alike:
//!
//! - New calls come evenly within their second. A client's workers (its connections) each have one
//!   request under way; a worker in a pause starts no other, so work is *put off*, and sent later, no
//!   faster than in the run's busiest second. Clients that open a connection for each request have as
//!   many workers as requests.
//! - KMS answers in each second as many attempts as the quota leaves, those that come first, and
//!   throttles all that follow in that second (documented). Within a step, first attempts and retries
//!   are throttled alike.
//! - A throttled attempt is asked again after a pause spread evenly between its bounds
//!   ([`RetryPolicy::pause_s`]), unless it was the last one, or the clients' quota of retries is spent:
//!   then the request fails.
//! - An adaptive client limits its rate by the CUBIC rule of AWS's SDKs; the clients of a group are
//!   taken to be alike, each of them being throttled whenever the group has one throttled answer more
//!   for each of them.
//!
//! Means, not chance: nothing is drawn, so the same series gives the same figures. Below the quota
//! nothing happens at all. Nothing is lost: attempts = answered + throttled, and requests = answered +
//! failed + [`RetryEffect::unfinished`].

mod clients;
mod limiter;
mod pauses;

use super::QuotaTerms;
use crate::s3::RetryPolicy;

use clients::{Clients, Sent};

/// Clients that retry alike, and whose calls are one series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClientGroup {
    /// How they retry.
    pub policy: RetryPolicy,
    /// How many: each has a quota of retries, and a limit, of its own.
    pub clients: f64,
    /// Requests that all of them together may have under way; `None` if there is no bound.
    pub workers: Option<f64>,
}

/// What clients that retry make of a quota. Numbers of calls, each of which stands for a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RetryEffect {
    /// Calls first asked.
    pub requests: f64,
    /// Attempts to make them.
    pub attempts: f64,
    /// Attempts that are throttled: 503 `SlowDown` answers.
    pub slow_downs: f64,
    /// Calls of which an attempt is throttled.
    pub throttled: f64,
    /// Calls that are never answered: their last attempt is throttled.
    pub failed: f64,
    /// Calls that are neither answered nor failed so long after the series as it is, but at least an hour
    /// and at most a day.
    pub unfinished: f64,
    /// Most that the clients' work is behind where it would be unthrottled, in seconds.
    pub late_max_s: f64,
    /// Longest time from a second in which new calls alone exceed the quota until nothing waits, in
    /// seconds.
    pub drain_max_s: f64,
    /// `SlowDown` answers in each second that has any, in order.
    pub by_second: Vec<(usize, f64)>,
}

/// Steps in a second.
pub(super) const STEPS: usize = 10;

/// For how long after the end of the series what waits is followed, in seconds: as long as it is within
/// these bounds.
const AFTER_S: [usize; 2] = [3_600, 86_400];

/// Fewer calls than this are none: what is left over by rounding.
const NONE: f64 = 1e-6;

/// A call that is more likely than not.
pub(super) const A_CALL: f64 = 0.5;

impl RetryEffect {
    /// The effect on the calls first asked in each second by each group of clients.
    ///
    /// # Panics
    /// If the series are not of one length, or not one for each group.
    #[must_use]
    pub fn of(series: &[&[u32]], groups: &[ClientGroup], terms: QuotaTerms) -> Self {
        assert_eq!(series.len(), groups.len(), "a series for each group");
        let clients = series.iter().zip(groups);
        let run = Loop {
            left_per_s: terms.left_per_s() as f64,
            seconds: series.first().map_or(0, |calls| calls.len()),
            clients: clients.map(|(calls, group)| Clients::new(calls, *group)).collect(),
            effect: Self::default(),
            over_since: None,
        };
        run.run()
    }

    /// Share of the attempts' calls that are throttled at least once; zero of none.
    #[must_use]
    pub fn throttled_share(&self) -> f64 {
        if self.requests > 0.0 { self.throttled / self.requests } else { 0.0 }
    }

    /// The first and the last second in which a call is throttled.
    #[must_use]
    pub fn span(&self) -> Option<(usize, usize)> {
        let mut seconds = self.by_second.iter().filter(|(_, count)| *count >= A_CALL);
        let first = seconds.next()?.0;
        Some((first, seconds.next_back().map_or(first, |(last, _)| *last)))
    }

    fn count(&mut self, second: usize, sent: &Sent) {
        self.attempts += sent.attempts();
        self.throttled += sent.first_throttled;
        self.slow_downs += sent.throttled();
        self.failed += sent.failed;
        if sent.throttled() > 0.0 {
            match self.by_second.last_mut() {
                Some((last, count)) if *last == second => *count += sent.throttled(),
                _ => self.by_second.push((second, sent.throttled())),
            }
        }
    }
}

/// A series on its way through the loop.
struct Loop<'a> {
    left_per_s: f64,
    seconds: usize,
    clients: Vec<Clients<'a>>,
    effect: RetryEffect,
    /// The last second in which new calls alone exceed the quota, while anything waits.
    over_since: Option<usize>,
}

impl Loop<'_> {
    fn run(mut self) -> RetryEffect {
        let [least, most] = AFTER_S;
        let end = self.seconds + self.seconds.clamp(least, most);
        let mut second = 0;
        while second < self.seconds || (self.waits() && second < end) {
            let new: f64 = self.clients.iter().map(|clients| clients.new_in(second)).sum();
            self.effect.requests += new;
            if new > self.left_per_s {
                self.over_since = Some(second);
            }
            if new <= self.left_per_s && self.clients.iter().all(Clients::are_idle) {
                self.effect.attempts += new;
                self.clients.iter_mut().for_each(|clients| clients.pass(second));
            } else {
                self.second(second);
                self.look_back(second);
            }
            second += 1;
        }
        self.effect.unfinished = self.clients.iter().map(Clients::unfinished).sum();
        self.effect
    }

    fn waits(&self) -> bool {
        self.clients.iter().any(|clients| clients.unfinished() > NONE)
    }

    /// One second in steps.
    fn second(&mut self, second: usize) {
        let mut left = self.left_per_s;
        for step in 0..STEPS {
            let at = second * STEPS + step;
            self.clients.iter_mut().for_each(|clients| clients.begin(second, at));
            if self.clients.iter().all(Clients::send_nothing) {
                continue;
            }
            let throttled = share_throttled(&self.clients, left);
            for clients in &mut self.clients {
                let sent = clients.send(at, throttled);
                left = (left - sent.answered()).max(0.0);
                self.effect.count(second, &sent);
            }
        }
    }

    /// How far the work is behind at the end of a second.
    fn look_back(&mut self, second: usize) {
        for clients in &mut self.clients {
            self.effect.late_max_s = self.effect.late_max_s.max(clients.behind_s(second));
        }
        if self.clients.iter().all(|clients| clients.unfinished() < A_CALL)
            && let Some(since) = self.over_since.take()
        {
            self.effect.drain_max_s = self.effect.drain_max_s.max((second - since) as f64);
        }
    }
}

/// How near to the quota a step's answers come, as a part of the attempts.
const NEAR: f64 = 1e-14;

/// Most evaluations that look for a share; some three to seven do.
const EVALUATIONS: usize = 60;

/// The share of a step's attempts that is throttled, if `left` are answered: the less is throttled the
/// more is sent, as fewer workers wait, so it is sought.
///
/// By false position, in the variant called Illinois (Dowell and Jarratt 1971, *BIT* 11:168): an end of
/// the bracket that has stayed twice counts for half of its excess, lest it stay for ever. Where nobody
/// waits for a worker the excess is a straight line, and the first guess is the answer.
fn share_throttled(clients: &[Clients], left: f64) -> f64 {
    let most = excess(clients, 0.0, left);
    let near = NEAR * (most + left);
    if most <= near {
        return 0.0;
    }
    let (mut low, mut too_many) = (0.0, most);
    let (mut high, mut too_few) = (1.0, -left);
    let mut low_moved = None;
    for _ in 0..EVALUATIONS {
        let share = low + (high - low) * too_many / (too_many - too_few);
        let excess = excess(clients, share, left);
        if excess.abs() <= near {
            return share;
        }
        let is_low = excess > 0.0;
        let again = low_moved.replace(is_low) == Some(is_low);
        let weight = if again { 0.5 } else { 1.0 };
        if is_low {
            (low, too_many, too_few) = (share, excess, too_few * weight);
        } else {
            (high, too_few, too_many) = (share, excess, too_many * weight);
        }
    }
    high
}

/// By how many answers a step exceeds those that are left, if a share of its attempts is throttled.
fn excess(clients: &[Clients], throttled: f64, left: f64) -> f64 {
    let attempts: f64 = clients.iter().map(|clients| clients.attempts(throttled)).sum();
    (1.0 - throttled) * attempts - left
}

#[cfg(test)]
mod tests;
