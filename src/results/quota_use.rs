//! What an arm's calls do to the quotas of accounts, and what their clients make of it.

use crate::quota::closed_loop::{ClientGroup, RetryEffect};
use crate::quota::{QuotaEffect, QuotaTerms, least_quota};
use crate::scenario::Billing;
use crate::tally::{AccountCalls, Seconds, Tally};

/// Share of the calls that may be throttled under the smaller of the two quotas to ask for.
const MAY_BE_THROTTLED: f64 = 0.01;

/// Whether the smaller of the two quotas to ask for is sought: it takes as long as many queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AskedQuotas {
    Sought,
    Untold,
}

/// What the calls of one account in one region do to its quota.
#[derive(Clone, Debug)]
pub(super) struct QuotaUse {
    /// Most calls in a second of any replication.
    pub(super) per_s_max: u32,
    /// Of the replication that strains the quota most, were each call asked again until it is answered.
    pub(super) effect: QuotaEffect,
    /// Of the same replication, what clients make of it that pause and give up.
    pub(super) closed: RetryEffect,
    /// Calls that are throttled at least once, summed over replications.
    pub(super) throttled: f64,
    /// Calls that fail, summed over replications.
    pub(super) failed: f64,
    /// The quota under which at most one call in a hundred is throttled, the greatest of all
    /// replications; none where nothing is throttled.
    pub(super) enough_per_s: Option<u64>,
}

impl QuotaUse {
    /// Those of one replication, account by account.
    pub(super) fn all(tally: &Tally, billing: &Billing, asked: AskedQuotas) -> Vec<Self> {
        let terms = billing.quotas.iter().zip(&billing.clients);
        let accounts = tally.accounts.iter().zip(terms);
        accounts
            .map(|(account, (terms, clients))| Self::of(account, tally, *terms, clients, asked))
            .collect()
    }

    /// That of one account. All calls by the second are the account's if it has no series of its own.
    fn of(
        account: &AccountCalls,
        tally: &Tally,
        terms: QuotaTerms,
        clients: &[ClientGroup],
        asked: AskedQuotas,
    ) -> Self {
        let mut together = Seconds::default();
        account.per_s.iter().for_each(|of_clients| together.add_all(of_clients));
        let together = if account.per_s.is_empty() { &tally.calls_per_s } else { &together };
        let per_s_max = together.greatest();
        if u64::from(per_s_max) <= terms.left_per_s() {
            let effect = QuotaEffect::below(terms, account.counts.calls(), per_s_max.into());
            return Self::unthrottled(per_s_max, effect);
        }
        let together = &together.one_by_one(tally.seconds());
        if account.per_s.is_empty() {
            return Self::throttled(per_s_max, together, &[together], terms, clients, asked);
        }
        let series = account.per_s.iter().map(|of_clients| of_clients.one_by_one(together.len()));
        let series: Vec<Vec<u32>> = series.collect();
        let series: Vec<&[u32]> = series.iter().map(Vec::as_slice).collect();
        Self::throttled(per_s_max, together, &series, terms, clients, asked)
    }

    fn unthrottled(per_s_max: u32, effect: QuotaEffect) -> Self {
        let closed = RetryEffect::default();
        Self { per_s_max, effect, closed, throttled: 0.0, failed: 0.0, enough_per_s: None }
    }

    fn throttled(
        per_s_max: u32,
        together: &[u32],
        series: &[&[u32]],
        terms: QuotaTerms,
        clients: &[ClientGroup],
        asked: AskedQuotas,
    ) -> Self {
        let closed = RetryEffect::of(series, clients, terms);
        Self {
            per_s_max,
            effect: QuotaEffect::of(together, terms),
            throttled: closed.throttled,
            failed: closed.failed + closed.unfinished,
            enough_per_s: (asked == AskedQuotas::Sought)
                .then(|| least_quota(together, terms.background_per_s, MAY_BE_THROTTLED)),
            closed,
        }
    }

    /// Adds the next replication.
    pub(super) fn add(&mut self, next: &Self) {
        self.per_s_max = self.per_s_max.max(next.per_s_max);
        self.throttled += next.throttled;
        self.failed += next.failed;
        self.enough_per_s = self.enough_per_s.max(next.enough_per_s);
        if next.effect.strain() > self.effect.strain() {
            self.effect = next.effect;
            self.closed.clone_from(&next.closed);
        }
    }

    /// The quota under which nothing is throttled; none where nothing is anyway.
    pub(super) fn needed_per_s(&self) -> Option<u64> {
        let peak = u64::from(self.per_s_max) + self.effect.background_per_s;
        self.enough_per_s.map(|_| peak)
    }
}
