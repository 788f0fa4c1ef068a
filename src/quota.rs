//! What the account's KMS request quota does to a run's calls.
//!
//! All symmetric calls of an account and region share one quota
//! ([`request_quota_per_s`](crate::kms::request_quota_per_s)). Above it KMS throttles, and S3
//! answers the request behind the call with HTTP 503 `SlowDown` (`docs/model.md`, observed).
//!
//! The model is a fluid queue, one step a second, on the merged series of all requesters:
//!
//! - Each second at most quota less background calls are answered. That the background load keeps
//!   its full part of the quota is *assumed*; it makes the effect on S3's calls the worst case.
//! - What is not answered is answered `SlowDown` and asked again in the next second (*assumed*: one
//!   retry a second without jitter, and no client gives up).
//! - Retries are answered before new calls, in order of first asking (*assumed*). The order bears
//!   on who waits, hence on [`QuotaEffect::delayed`] (at its greatest so) and
//!   [`QuotaEffect::wait_max_s`] (at its least), and not on the backlog.
//!
//! No call is lost or made up: answered + left over = asked.

/// What a quota does to a series of calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuotaEffect {
    /// The quota, in calls per second.
    pub quota_per_s: u64,
    /// What the rest of the account takes of it, in calls per second.
    pub background_per_s: u64,
    /// Calls asked, each counted once however often it is repeated.
    pub asked: u64,
    /// Calls answered within the series.
    pub answered: u64,
    /// Calls still unanswered at the end of the series.
    pub left_over: u64,
    /// Calls throttled at least once.
    pub delayed: u64,
    /// `SlowDown` answers: one for each call and each second it waits. S3 does not bill them.
    pub slow_downs: u64,
    /// Seconds in which the new calls alone, without retries, exceed what the quota leaves them.
    pub over_quota_s: u64,
    /// Seconds in which anything is throttled, retries included.
    pub throttled_s: u64,
    /// Most calls waiting at the end of a second.
    pub backlog_max: u64,
    /// Longest time from a call's first asking to its answer, in seconds. A call left over counts
    /// with its wait until the end of the series, so that this is then a lower bound.
    pub wait_max_s: u64,
    /// Most new calls in a second, without background and retries.
    pub peak_per_s: u64,
}

impl QuotaEffect {
    /// The effect on `calls_per_s`, the calls first asked in each second of the run.
    #[must_use]
    pub fn of(calls_per_s: &[u32], quota_per_s: u64, background_per_s: u64) -> Self {
        let left_for_us = quota_per_s.saturating_sub(background_per_s);
        let mut effect = Self { quota_per_s, background_per_s, ..Self::default() };
        let mut queue = Queue::default();
        for (second, &new) in calls_per_s.iter().enumerate() {
            let new = u64::from(new);
            let retries = queue.backlog;
            let answered = left_for_us.min(retries + new);
            let wait = queue.step(calls_per_s, second, answered);

            effect.asked += new;
            effect.answered += answered;
            // Retries go first, so new calls get what the quota has left after them.
            effect.delayed += new - new.min(left_for_us.saturating_sub(retries));
            effect.slow_downs = effect.slow_downs.saturating_add(queue.backlog);
            effect.over_quota_s += u64::from(new > left_for_us);
            effect.throttled_s += u64::from(queue.backlog > 0);
            effect.backlog_max = effect.backlog_max.max(queue.backlog);
            effect.wait_max_s = effect.wait_max_s.max(wait);
            effect.peak_per_s = effect.peak_per_s.max(new);
        }
        effect.left_over = queue.backlog;
        effect
    }
}

/// The calls waiting, in order of first asking. Only its oldest second is looked at, so a queue of
/// any length is two numbers and a place in the series.
#[derive(Default)]
struct Queue {
    /// Calls waiting.
    backlog: u64,
    /// The second in which the oldest of them was first asked.
    oldest: usize,
    /// How many calls of that second are answered.
    answered_of_oldest: u64,
}

impl Queue {
    /// Takes in the calls of `second` and lets the `answered` oldest go; yields how long the oldest
    /// present in it has waited at its answer, or will have by the end of the second.
    fn step(&mut self, calls_per_s: &[u32], second: usize, mut answered: u64) -> u64 {
        self.backlog += u64::from(calls_per_s[second]);
        self.backlog -= answered;
        self.skip_answered(calls_per_s, second);
        let at_answer = if answered > 0 { second - self.oldest } else { 0 };
        while answered > 0 {
            let waiting = u64::from(calls_per_s[self.oldest]) - self.answered_of_oldest;
            let gone = waiting.min(answered);
            self.answered_of_oldest += gone;
            answered -= gone;
            self.skip_answered(calls_per_s, second);
        }
        let still_waiting = if self.backlog > 0 { second + 1 - self.oldest } else { 0 };
        (at_answer as u64).max(still_waiting as u64)
    }

    /// Moves on from seconds all of whose calls are answered, up to and including `second`.
    fn skip_answered(&mut self, calls_per_s: &[u32], second: usize) {
        while self.oldest <= second
            && self.answered_of_oldest == u64::from(calls_per_s[self.oldest])
        {
            self.oldest += 1;
            self.answered_of_oldest = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    #[test]
    fn below_the_quota_nothing_happens() {
        let effect = QuotaEffect::of(&[3, 0, 5], 10, 5);
        let nothing = QuotaEffect {
            quota_per_s: 10,
            background_per_s: 5,
            asked: 8,
            answered: 8,
            peak_per_s: 5,
            ..QuotaEffect::default()
        };
        assert_eq!(effect, nothing);
    }

    #[test]
    fn a_burst_drains_at_the_rate_of_the_quota() {
        // Ten a second are left: of 25, 10 are answered at once, 10 a second later, 5 after two,
        // when the one new call still finds room.
        let effect = QuotaEffect::of(&[25, 0, 1, 0], 12, 2);
        assert_eq!((effect.asked, effect.answered, effect.left_over), (26, 26, 0));
        assert_eq!((effect.delayed, effect.slow_downs), (15, 15 + 5));
        assert_eq!((effect.over_quota_s, effect.throttled_s), (1, 2));
        assert_eq!((effect.backlog_max, effect.wait_max_s), (15, 2));
    }

    #[test]
    fn retries_delay_new_calls_that_alone_would_fit() {
        let effect = QuotaEffect::of(&[20, 10, 10], 10, 0);
        assert_eq!((effect.over_quota_s, effect.throttled_s), (1, 3));
        assert_eq!((effect.delayed, effect.left_over), (30, 10));
        assert_eq!(effect.wait_max_s, 1);
    }

    #[test]
    fn without_any_quota_left_everything_is_throttled() {
        for (quota, background) in [(0, 0), (10, 10), (10, 11)] {
            let effect = QuotaEffect::of(&[4, 0, 2], quota, background);
            assert_eq!((effect.answered, effect.left_over, effect.delayed), (0, 6, 6));
            assert_eq!((effect.slow_downs, effect.wait_max_s), (4 + 4 + 6, 3));
            assert_eq!((effect.over_quota_s, effect.throttled_s), (2, 3));
        }
    }

    #[test]
    fn an_empty_run_asks_nothing() {
        assert_eq!(QuotaEffect::of(&[], 0, 0), QuotaEffect::default());
    }

    /// The same queue call by call, each remembering the second it was first asked in.
    fn reference(calls_per_s: &[u32], left_for_us: u64) -> QuotaEffect {
        let mut effect = QuotaEffect { quota_per_s: left_for_us, ..QuotaEffect::default() };
        let mut waiting: VecDeque<usize> = VecDeque::new();
        for (second, &new) in calls_per_s.iter().enumerate() {
            let new = u64::from(new);
            waiting.extend((0..new).map(|_| second));
            effect.asked += new;
            for _ in 0..left_for_us.min(waiting.len() as u64) {
                let asked_in = waiting.pop_front().unwrap();
                effect.answered += 1;
                effect.wait_max_s = effect.wait_max_s.max((second - asked_in) as u64);
            }
            let backlog = waiting.len() as u64;
            effect.delayed += waiting.iter().filter(|asked_in| **asked_in == second).count() as u64;
            effect.slow_downs += backlog;
            effect.over_quota_s += u64::from(new > left_for_us);
            effect.throttled_s += u64::from(backlog > 0);
            effect.backlog_max = effect.backlog_max.max(backlog);
            effect.peak_per_s = effect.peak_per_s.max(new);
        }
        effect.left_over = waiting.len() as u64;
        if let Some(asked_in) = waiting.front() {
            effect.wait_max_s = effect.wait_max_s.max((calls_per_s.len() - asked_in) as u64);
        }
        effect
    }

    proptest! {
        #[test]
        fn no_call_is_lost_or_made_up(
            calls in prop::collection::vec(any::<u32>(), 0..200),
            quota in 0..10_000_000_000_u64,
            background in 0..1_000_000_000_u64,
        ) {
            let effect = QuotaEffect::of(&calls, quota, background);
            prop_assert_eq!(effect.asked, calls.iter().copied().map(u64::from).sum::<u64>());
            prop_assert_eq!(effect.answered + effect.left_over, effect.asked);
            prop_assert!(effect.delayed <= effect.asked && effect.delayed <= effect.slow_downs);
            prop_assert!(effect.left_over <= effect.backlog_max);
            prop_assert!(effect.wait_max_s <= effect.throttled_s);
        }

        #[test]
        fn the_queue_agrees_with_one_kept_call_by_call(
            calls in prop::collection::vec(0..6_u32, 0..40), left_for_us in 0..6_u64
        ) {
            let effect = QuotaEffect::of(&calls, left_for_us, 0);
            prop_assert_eq!(effect, reference(&calls, left_for_us));
        }
    }
}
