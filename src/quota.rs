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
//! That is the *open loop*: requests come when they would come anyway. What clients make of it who pause,
//! put work off, and give up is the [`closed_loop`]; where nothing is throttled both are the same.
//!
//! When the series ends nothing new is asked, and what still waits is answered at that rate, so that
//! no wait is cut off. Whether calls that went on coming would ever be answered is another question:
//! see [`QuotaEffect::grows`].
//!
//! No call is lost or made up: answered + left over = asked.

pub mod closed_loop;

/// What a quota leaves to a series of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaTerms {
    /// The quota, in calls per second.
    pub quota_per_s: u64,
    /// What the rest of the account takes of it in the region, in calls per second.
    pub background_per_s: u64,
}

impl QuotaTerms {
    /// Calls a second that are left.
    #[must_use]
    pub const fn left_per_s(&self) -> u64 {
        self.quota_per_s.saturating_sub(self.background_per_s)
    }

    /// Share of the quota that `calls` of one second take beside the background.
    #[must_use]
    pub fn share(&self, calls: u32) -> f64 {
        (f64::from(calls) + self.background_per_s as f64) / self.quota_per_s as f64
    }
}

/// What a quota does to a series of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// `SlowDown` answers within the series: one for each call and each second it waits. S3 does not
    /// bill them.
    pub slow_downs: u64,
    /// Seconds in which the new calls alone, without retries, exceed what the quota leaves them.
    pub over_quota_s: u64,
    /// Seconds of the series in which anything is throttled, retries included.
    pub throttled_s: u64,
    /// Most calls waiting at the end of a second.
    pub backlog_max: u64,
    /// Longest time from a call's first asking to its answer, in seconds, were nothing new asked
    /// after the end of the series; `None` if some are never answered, as nothing is left to them.
    pub wait_max_s: Option<u64>,
    /// Most new calls in a second, without background and retries.
    pub peak_per_s: u64,
    /// Whether the overload does not drain: were calls asked as in the last part of the series for
    /// ever, more and more would wait.
    ///
    /// Some are left over, and in the last quarter of the series as many new calls or more are asked
    /// as the quota leaves. They still are in its last sixteenth, or the queue has grown ever since
    /// its middle: else it was a spike, which has an end.
    pub grows: bool,
}

impl Default for QuotaEffect {
    fn default() -> Self {
        Self::on_nothing(QuotaTerms { quota_per_s: 0, background_per_s: 0 })
    }
}

impl QuotaEffect {
    /// The effect on `calls_per_s`, the calls first asked in each second of the run.
    #[must_use]
    pub fn of(calls_per_s: &[u32], terms: QuotaTerms) -> Self {
        let left_for_us = terms.left_per_s();
        let mut effect = Self::on_nothing(terms);
        let mut queue = Queue::default();
        let mut backlogs = Backlogs::of(calls_per_s.len());
        let mut wait_max_s = 0;
        for (second, &new) in calls_per_s.iter().enumerate() {
            let new = u64::from(new);
            let retries = queue.backlog;
            backlogs.note(second, retries);
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
            wait_max_s = wait_max_s.max(wait);
            effect.peak_per_s = effect.peak_per_s.max(new);
        }
        effect.left_over = queue.backlog;
        let of_left_over = queue.longest_wait(calls_per_s, left_for_us);
        effect.wait_max_s = of_left_over.map(|wait| wait.max(wait_max_s));
        effect.grows = queue.backlog > 0
            && comes_at(calls_per_s, 4, left_for_us)
            && (comes_at(calls_per_s, 16, left_for_us) || backlogs.grows_to(queue.backlog));
        effect
    }

    /// The effect on calls of which no second has more than the quota leaves: `asked` in all, and
    /// `peak_per_s` in the busiest second.
    #[must_use]
    pub fn below(terms: QuotaTerms, asked: u64, peak_per_s: u64) -> Self {
        Self { asked, answered: asked, peak_per_s, ..Self::on_nothing(terms) }
    }

    fn on_nothing(terms: QuotaTerms) -> Self {
        Self {
            quota_per_s: terms.quota_per_s,
            background_per_s: terms.background_per_s,
            asked: 0,
            answered: 0,
            left_over: 0,
            delayed: 0,
            slow_downs: 0,
            over_quota_s: 0,
            throttled_s: 0,
            backlog_max: 0,
            wait_max_s: Some(0),
            peak_per_s: 0,
            grows: false,
        }
    }

    /// How much is asked of the quota, to tell which of several series strains it most.
    #[must_use]
    pub const fn strain(&self) -> (u64, u64) {
        (self.slow_downs, self.peak_per_s)
    }
}

/// The least quota under which at most a share of the calls are throttled, if each is asked again until it
/// is answered: about what clients that pause need.
#[must_use]
pub fn least_quota(calls_per_s: &[u32], background_per_s: u64, share: f64) -> u64 {
    let asked: u64 = calls_per_s.iter().copied().map(u64::from).sum();
    let may_wait = (asked as f64 * share) as u64;
    let (mut enough, mut low) = (calls_per_s.iter().copied().max().map_or(0, u64::from), 0);
    while low < enough {
        let left = u64::midpoint(low, enough);
        let terms = QuotaTerms { quota_per_s: left, background_per_s: 0 };
        if QuotaEffect::of(calls_per_s, terms).delayed <= may_wait {
            enough = left;
        } else {
            low = left + 1;
        }
    }
    enough + background_per_s
}

/// Whether in the last `1 / part` of a series as many calls or more come as `left_for_us` a second.
fn comes_at(calls_per_s: &[u32], part: usize, left_for_us: u64) -> bool {
    let seconds = calls_per_s.len().div_ceil(part);
    let last = &calls_per_s[calls_per_s.len() - seconds..];
    let calls: u64 = last.iter().copied().map(u64::from).sum();
    calls >= left_for_us.saturating_mul(seconds as u64)
}

/// The backlog at the middle of a series and after three quarters of it.
struct Backlogs {
    at: [usize; 2],
    found: [u64; 2],
}

impl Backlogs {
    fn of(seconds: usize) -> Self {
        Self { at: [seconds / 2, seconds - seconds.div_ceil(4)], found: [0; 2] }
    }

    fn note(&mut self, second: usize, backlog: u64) {
        for (at, found) in self.at.iter().zip(&mut self.found) {
            if *at == second {
                *found = backlog;
            }
        }
    }

    fn grows_to(&self, last: u64) -> bool {
        let [middle, later] = self.found;
        0 < middle && middle < later && later < last
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
    /// Takes in the calls of `second` and lets the `answered` oldest go; yields how long the oldest of
    /// these has waited.
    fn step(&mut self, calls_per_s: &[u32], second: usize, mut answered: u64) -> u64 {
        self.backlog += u64::from(calls_per_s[second]);
        self.backlog -= answered;
        self.skip_answered(calls_per_s, second);
        let waited = if answered > 0 { second - self.oldest } else { 0 };
        while answered > 0 {
            let waiting = u64::from(calls_per_s[self.oldest]) - self.answered_of_oldest;
            let gone = waiting.min(answered);
            self.answered_of_oldest += gone;
            answered -= gone;
            self.skip_answered(calls_per_s, second);
        }
        waited as u64
    }

    /// The longest wait of a call that waits at the end of the series, if from then on `left_for_us`
    /// are answered a second; `None` if some never are.
    fn longest_wait(&self, calls_per_s: &[u32], left_for_us: u64) -> Option<u64> {
        if self.backlog == 0 {
            return Some(0);
        }
        let mut before = 0;
        let mut longest = 0;
        for (second, &calls) in calls_per_s.iter().enumerate().skip(self.oldest) {
            let gone = if second == self.oldest { self.answered_of_oldest } else { 0 };
            before += u64::from(calls) - gone;
            // The last call of this second goes in the so many-th second after the end.
            let seconds = before.checked_sub(1)?.checked_div(left_for_us)?;
            longest = longest.max((calls_per_s.len() - second) as u64 + seconds);
        }
        Some(longest)
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

    fn effect(calls_per_s: &[u32], quota_per_s: u64, background_per_s: u64) -> QuotaEffect {
        QuotaEffect::of(calls_per_s, QuotaTerms { quota_per_s, background_per_s })
    }

    #[test]
    fn below_the_quota_nothing_happens() {
        let terms = QuotaTerms { quota_per_s: 10, background_per_s: 5 };
        let below = QuotaEffect::of(&[3, 0, 5], terms);
        let nothing = QuotaEffect {
            quota_per_s: 10,
            background_per_s: 5,
            asked: 8,
            answered: 8,
            peak_per_s: 5,
            ..QuotaEffect::default()
        };
        assert_eq!(below, nothing);
        assert_eq!(below, QuotaEffect::below(terms, 8, 5));
        assert!((terms.share(5) - 1.0).abs() < 1e-12, "own and background calls alike");
    }

    #[test]
    fn a_burst_drains_at_the_rate_of_the_quota() {
        // Ten a second are left: of 25, 10 are answered at once, 10 a second later, 5 after two,
        // when the one new call still finds room.
        let effect = effect(&[25, 0, 1, 0], 12, 2);
        assert_eq!((effect.asked, effect.answered, effect.left_over), (26, 26, 0));
        assert_eq!((effect.delayed, effect.slow_downs), (15, 15 + 5));
        assert_eq!((effect.over_quota_s, effect.throttled_s), (1, 2));
        assert_eq!((effect.backlog_max, effect.wait_max_s), (15, Some(2)));
        assert!(!effect.grows);
    }

    #[test]
    fn retries_delay_new_calls_that_alone_would_fit() {
        let effect = effect(&[20, 10, 10], 10, 0);
        assert_eq!((effect.over_quota_s, effect.throttled_s), (1, 3));
        assert_eq!((effect.delayed, effect.left_over), (30, 10));
        assert_eq!(effect.wait_max_s, Some(1));
        assert!(effect.grows, "at the very quota what waits is never caught up with");
    }

    #[test]
    fn without_any_quota_left_everything_is_throttled_and_nothing_ever_answered() {
        for (quota, background) in [(0, 0), (10, 10), (10, 11)] {
            let effect = effect(&[4, 0, 2], quota, background);
            assert_eq!((effect.answered, effect.left_over, effect.delayed), (0, 6, 6));
            assert_eq!((effect.slow_downs, effect.wait_max_s), (4 + 4 + 6, None));
            assert_eq!((effect.over_quota_s, effect.throttled_s), (2, 3));
            assert!(effect.grows);
        }
    }

    /// Of a hundred seconds, one has 100 calls and the others 10: at 100 nobody waits. Of 1,090 calls ten may
    /// wait: 90 are answered at once.
    #[test]
    fn the_least_quota_lets_no_more_wait_than_may() {
        let mut calls = [10; 100];
        calls[50] = 100;
        assert_eq!(least_quota(&calls, 5, 0.0), 100 + 5);
        assert_eq!(least_quota(&calls, 0, 0.01), 90);
        assert_eq!(least_quota(&calls, 0, 1.0), 0);
        assert_eq!(least_quota(&[], 7, 0.01), 7);
    }

    #[test]
    fn an_empty_run_asks_nothing() {
        assert_eq!(effect(&[], 0, 0), QuotaEffect::default());
        assert_eq!(effect(&[0, 0], 0, 0), QuotaEffect::default());
    }

    /// Two minutes of 22,800 calls a second at a quota of 10,000: 12,800 × 120 are unanswered at the
    /// end, the last of them for another 153.6 s.
    #[test]
    fn waits_of_an_overload_are_not_cut_off_at_the_end() {
        for (minutes, longest) in [(2_usize, 154), (6, 461), (12, 922)] {
            let effect = effect(&vec![22_800; 60 * minutes], 10_000, 0);
            assert_eq!(effect.left_over, 12_800 * 60 * minutes as u64);
            assert_eq!(effect.left_over.div_ceil(10_000), longest);
            assert_eq!(effect.wait_max_s, Some(longest), "{minutes} min");
            assert!(effect.grows);
        }
    }

    /// Twenty thousand a second for five minutes of two hours beside 500 in background: 150,000 calls
    /// pile up and are gone eight seconds after the last.
    #[test]
    fn a_spike_is_held_back_and_drains() {
        let mut calls = vec![0; 7_200];
        calls[600..900].fill(20_000);
        let effect = effect(&calls, 20_000, 500);
        assert_eq!((effect.left_over, effect.backlog_max), (0, 500 * 300));
        assert_eq!((effect.wait_max_s, effect.throttled_s), (Some(8), 300 + 7));
        assert!(!effect.grows);
    }

    /// What waits at the end is no overload without end if the calls have ended or soon do.
    #[test]
    fn a_spike_at_the_end_is_no_overload_without_end() {
        let spike = |from: usize, until: usize, rate: u32| {
            let mut calls = vec![1; 1_600];
            calls[from..until].fill(rate);
            effect(&calls, 100, 0)
        };
        let ended = spike(1_300, 1_480, 2_000);
        assert!(ended.left_over > 0 && !ended.grows, "it ended long before");
        let weak = spike(1_590, 1_600, 1_000);
        assert!(weak.left_over > 0 && !weak.grows, "no quarter of it is over the quota");
        assert!(spike(1_000, 1_600, 101).grows, "it goes on");
        // Bursts of 35 seconds, one each 200, with 147 a second on average.
        let bursts: Vec<u32> = (0..1_600).map(|s| if s % 200 < 35 { 840 } else { 0 }).collect();
        assert_eq!(bursts[1_450..].iter().sum::<u32>(), 0, "it is quiet at the end");
        assert!(effect(&bursts, 100, 0).grows);
    }

    /// The same queue call by call, each remembering the second it was first asked in; when the series
    /// ends it is served on until it is empty.
    fn reference(calls_per_s: &[u32], left_for_us: u64) -> QuotaEffect {
        let mut effect = QuotaEffect { quota_per_s: left_for_us, ..QuotaEffect::default() };
        let mut waiting: VecDeque<usize> = VecDeque::new();
        let mut waits = Vec::new();
        let mut second = 0;
        while second < calls_per_s.len() || !waiting.is_empty() && left_for_us > 0 {
            let within = second < calls_per_s.len();
            let new = calls_per_s.get(second).copied().map_or(0, u64::from);
            waiting.extend((0..new).map(|_| second));
            for _ in 0..left_for_us.min(waiting.len() as u64) {
                let asked_in = waiting.pop_front().unwrap();
                effect.answered += u64::from(within);
                waits.push((second - asked_in) as u64);
            }
            let backlog = waiting.len() as u64;
            if within {
                effect.asked += new;
                effect.delayed +=
                    waiting.iter().filter(|asked_in| **asked_in == second).count() as u64;
                effect.slow_downs += backlog;
                effect.over_quota_s += u64::from(new > left_for_us);
                effect.throttled_s += u64::from(backlog > 0);
                effect.backlog_max = effect.backlog_max.max(backlog);
                effect.peak_per_s = effect.peak_per_s.max(new);
                effect.left_over = backlog;
            }
            second += 1;
        }
        let longest = waits.into_iter().max().unwrap_or_default();
        effect.wait_max_s = waiting.is_empty().then_some(longest);
        effect
    }

    proptest! {
        #[test]
        fn no_call_is_lost_or_made_up(
            calls in prop::collection::vec(any::<u32>(), 0..200),
            quota in 0..10_000_000_000_u64,
            background in 0..1_000_000_000_u64,
        ) {
            let effect = effect(&calls, quota, background);
            let left = quota.saturating_sub(background);
            prop_assert_eq!(effect.asked, calls.iter().copied().map(u64::from).sum::<u64>());
            prop_assert_eq!(effect.answered + effect.left_over, effect.asked);
            prop_assert!(effect.delayed <= effect.asked && effect.delayed <= effect.slow_downs);
            prop_assert!(effect.left_over <= effect.backlog_max);
            prop_assert!(effect.left_over > 0 || !effect.grows);
            if left == 0 {
                prop_assert_eq!(effect.wait_max_s.is_none(), effect.left_over > 0);
            } else {
                let after = effect.left_over.div_ceil(left);
                prop_assert!(effect.wait_max_s.unwrap() <= effect.throttled_s + after);
            }
        }

        #[test]
        fn the_queue_agrees_with_one_kept_call_by_call(
            calls in prop::collection::vec(0..6_u32, 0..40), left_for_us in 0..6_u64
        ) {
            let effect = effect(&calls, left_for_us, 0);
            let grows = effect.grows;
            prop_assert_eq!(effect, QuotaEffect { grows, ..reference(&calls, left_for_us) });
        }

        /// A queue that is said to grow without end does, if the last quarter comes again and again.
        #[test]
        fn what_grows_does_so_if_the_last_part_comes_again(
            calls in prop::collection::vec(0..6_u32, 1..40), left_for_us in 0..6_u64
        ) {
            let once = effect(&calls, left_for_us, 0);
            let last = &calls[calls.len() - calls.len().div_ceil(4)..];
            let again: Vec<u32> =
                calls.iter().chain(std::iter::repeat_n(last, 20).flatten()).copied().collect();
            if once.grows {
                prop_assert!(effect(&again, left_for_us, 0).left_over >= once.left_over);
            }
        }
    }
}
