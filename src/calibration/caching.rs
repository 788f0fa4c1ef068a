//! Cache lifetime, expiry and read partitions, from which reads ask KMS for a key.
//!
//! A Decrypt names its bucket and not its bucket-level key. But where an object's write is in the trail
//! and its writer had one key then, the key is known, and a key that was generated in the trail was in
//! no memory before. So each read's chance to ask follows from the values assumed and from what was
//! asked before ([`filter`]); the likelihood is the product over all seconds with reads.
//!
//! The lifetime is the edge of what is possible, so twice the logarithm of the likelihood ratio has 2
//! degrees of freedom (Hogg, Annals of Mathematical Statistics 27, 1956, 529–532).

mod filter;
mod groups;
mod parts;
mod writers;

use super::{Calibrated, Evidence, MAX_PARTITIONS, MAX_UNMATCHED, profile_likelihood};
use crate::encryption::assumption::Expiry;
use crate::encryption::requester::RequesterRule;
use filter::{Values, Workspace};
use groups::{Doubt, ReadGroups};
use parts::Parts;
use writers::WriteBounds;

const METHOD: &str =
    "profile likelihood of which reads of known keys ask KMS, edge parameter (Hogg 1956)";

/// So much less in the logarithm of the likelihood, and values are contradicted: what one in a hundred
/// and fifty comes to with 2 degrees of freedom, as four parameters are told at once.
const MARGIN: f64 = 5.0;

/// The share of a trail that only tells what was in memory before the rest, for keys that are older.
const BURN_IN: i64 = 4;

/// Greatest share of doubtful Decrypts among all for partitions to be told apart.
const MAX_DOUBTFUL: f64 = 0.6;

const DOUBTFUL: &str = "most Decrypts fall on a second in which one requester reads objects of several keys, so \
     that it is not plain whose they are, and there are several partitions; the built-in range stays";

const MISFIT: &str = "no values explain which reads ask: reads may be missing in the trail, or S3 answers in \
     another way than is assumed; the built-in range stays";

/// Lifetimes are tried in steps of this share at first.
const COARSE: i64 = 8;

/// So much less, and the score is only estimated.
const ABANDONED: f64 = 100.0;

/// Values and how well they explain the Decrypts.
#[derive(Clone, Copy, Debug)]
struct CacheCandidate {
    rule: RequesterRule,
    values: Values,
    /// The next lifetimes that were tried below and above.
    neighbours_s: (i64, i64),
    log: f64,
}

/// All values that were tried.
pub(super) struct CacheFit {
    points: Vec<CacheCandidate>,
    best: Option<CacheCandidate>,
    /// The longest lifetime that was tried, in seconds.
    longest_s: i64,
    /// The least number of partitions by which that many Decrypts can be of so few objects.
    least_partitions: u32,
    /// Why nothing is told.
    refusal: Option<&'static str>,
    /// The share of reads that say nothing.
    silent: f64,
    /// Decrypts of which it is not plain which read asked.
    doubtful: u64,
}

impl CacheFit {
    /// Tries all values under `rules`, with what is known of new keys; `verify` is how many Decrypts
    /// come with one, if that is known.
    pub(super) fn of(
        evidence: &Evidence,
        rules: &[RequesterRule],
        generation: &super::generation::GenerationFit,
        verify: Option<u32>,
    ) -> Self {
        let parts = Parts::of(evidence, verify);
        let writes = WriteBounds {
            partitions: generation.partitions().high,
            first_s: evidence.first_s,
            lifetime_s: generation.lifetime().high,
        };
        let fit = Self::with(evidence, rules, (&parts, writes), Doubt::Averaged);
        if fit.refusal == Some(DOUBTFUL) {
            return Self::with(evidence, rules, (&parts, writes), Doubt::Excluded);
        }
        fit
    }

    fn with(
        evidence: &Evidence,
        rules: &[RequesterRule],
        (parts, writes): (&Parts, WriteBounds),
        doubt: Doubt,
    ) -> Self {
        let all = groups::under(rules, evidence, parts, writes, doubt);
        let mut fit = Self {
            points: Vec::new(),
            best: None,
            longest_s: evidence.last_s - evidence.first_s,
            least_partitions: parts.least_partitions(evidence),
            refusal: refusal(parts, &all),
            silent: 1.0 - all[0].scored_reads as f64 / parts.reads.max(1) as f64,
            doubtful: all.iter().map(|groups| groups.doubtful).max().unwrap_or(0),
        };
        if fit.refusal.is_some() {
            return fit;
        }
        for (&rule, groups) in rules.iter().zip(&all) {
            for expiry in [Expiry::Fixed, Expiry::Sliding] {
                for partitions in fit.least_partitions..=MAX_PARTITIONS.max(fit.least_partitions) {
                    fit.try_lifetimes(groups, rule, partitions, expiry);
                }
            }
        }
        fit.best = fit
            .points
            .iter()
            .copied()
            .reduce(|best, point| if point.log > best.log { point } else { best });
        fit.refusal = fit.best.and_then(|best| {
            let place = rules.iter().position(|&rule| rule == best.rule)?;
            doubts(&all[place], &best.values)
        });
        fit.best = fit.best.filter(|_| fit.refusal.is_none());
        fit
    }

    /// Scores lifetimes ever more finely around the best.
    fn try_lifetimes(
        &mut self,
        groups: &ReadGroups,
        rule: RequesterRule,
        partitions: u32,
        expiry: Expiry,
    ) {
        let mut workspace = Workspace::default();
        let best = self.points.iter().map(|point| point.log).fold(f64::NEG_INFINITY, f64::max);
        let margin = self.margin(partitions);
        let scored = explore(self.longest_s, margin, |lifetime_s, own| {
            let values = Values { lifetime_s, partitions, expiry };
            let floor = best.max(own) - margin - ABANDONED;
            filter::score(groups, &values, floor, &mut workspace)
        });
        for (place, &(lifetime_s, log)) in scored.iter().enumerate() {
            let neighbours_s = profile_likelihood::neighbours(&scored, place);
            let values = Values { lifetime_s, partitions, expiry };
            self.points.push(CacheCandidate { rule, values, neighbours_s, log });
        }
    }

    /// Points that the data does not contradict.
    fn kept(&self) -> impl Iterator<Item = &CacheCandidate> {
        let least =
            self.best.map_or(f64::INFINITY, |best| best.log - self.margin(best.values.partitions));
        self.points.iter().filter(move |point| point.log >= least)
    }

    /// By how much the logarithm of the likelihood must be less for values to be contradicted. With
    /// several partitions each doubtful Decrypt adds an error of its own (see [`filter`]); errors
    /// that add up grow with the root of their number, and the factor is found by trial.
    fn margin(&self, partitions: u32) -> f64 {
        let widened = if partitions == 1 { 0.0 } else { (self.doubtful as f64).sqrt() };
        MARGIN * (1.0 + widened)
    }

    /// The requester rule, if both were tried and one is left.
    pub(super) fn rule(&self) -> Option<RequesterRule> {
        let best = self.best?.rule;
        let both = self.points.iter().any(|point| point.rule != best);
        (both && self.kept().all(|point| point.rule == best)).then_some(best)
    }

    /// The cache lifetime, in seconds.
    pub(super) fn lifetime(&self) -> Calibrated<i64> {
        let Some(best) = self.best else { return self.nothing() };
        let kept = self.kept().map(|point| point.neighbours_s);
        let (low, high) = profile_likelihood::lifetime_ends(kept, self.longest_s);
        let mut unknown: Vec<String> = Vec::new();
        if low.is_none() {
            unknown.push(
                "no key is read again soon enough to bound it from below: each read asks"
                    .to_owned(),
            );
        }
        if high.is_none() {
            unknown.push(
                "no key is read again late enough to bound it from above: longer lifetimes would \
                 give the same calls"
                    .to_owned(),
            );
        }
        unknown.extend(self.silence());
        let estimate = low.and(high).map(|_| best.values.lifetime_s);
        Calibrated { low, estimate, high, method: METHOD, cannot_tell: unknown.join("; ") }
    }

    /// How many reads say nothing, if any.
    fn silence(&self) -> Option<String> {
        (self.silent > 0.0).then(|| {
            format!(
                "{:.0} % of reads are of objects whose key is not known, or may have asked instead of \
                 such, and say nothing",
                100.0 * self.silent
            )
        })
    }

    /// The read partitions.
    pub(super) fn partitions(&self) -> Calibrated<u32> {
        let Some(best) = self.best else { return self.least_partitions() };
        let kept = self.kept().map(|point| point.values.partitions);
        let few = "reads of one key are too few or too far apart to tell";
        profile_likelihood::partitions(kept, best.values.partitions, METHOD, (few, "read"))
    }

    /// The read partitions, if nothing is told but that there are several.
    fn least_partitions(&self) -> Calibrated<u32> {
        let nothing: Calibrated<u32> = self.nothing();
        if self.least_partitions < 2 {
            return nothing;
        }
        let cannot_tell = format!(
            "only that so many Decrypts fall on reads of one object in one second; {}",
            nothing.cannot_tell
        );
        Calibrated { low: Some(self.least_partitions), cannot_tell, ..nothing }
    }

    /// Whether expiry is fixed or sliding.
    pub(super) fn expiry(&self) -> Calibrated<Expiry> {
        let Some(best) = self.best else { return self.nothing() };
        let expiry = best.values.expiry;
        if self.kept().any(|point| point.values.expiry != expiry) {
            return Calibrated::nothing(
                METHOD,
                "no key is read between its fetch and its expiry and again soon after: fixed and \
                 sliding expiry would give the same calls",
            );
        }
        Calibrated::known(expiry, METHOD, "")
    }

    fn nothing<T>(&self) -> Calibrated<T> {
        Calibrated::nothing(METHOD, self.refusal.unwrap_or("the trail has no reads"))
    }
}

/// Why the reads cannot tell anything.
fn refusal(parts: &Parts, all: &[ReadGroups]) -> Option<&'static str> {
    let Parts { reads, matched, unmatched, .. } = parts;
    if *reads == 0 {
        Some("the trail has no reads: S3 data events of reads are needed; the built-in range stays")
    } else if *unmatched as f64 > MAX_UNMATCHED * (matched + unmatched) as f64 {
        Some(
            "many Decrypts have no read near them, so the trail lacks reads; the built-in range stays",
        )
    } else if all.iter().any(|groups| groups.scored == 0) {
        Some(
            "of no object that is read the key is known: its write must be in the trail, by a writer \
             who has one key at a time, or a requester must read just one object; the built-in range \
             stays",
        )
    } else {
        None
    }
}

/// Why the values that explain the reads best are not to be believed, if they are not.
fn doubts(groups: &ReadGroups, best: &Values) -> Option<&'static str> {
    if best.partitions > 1 && groups.doubtful_share > MAX_DOUBTFUL {
        return Some(DOUBTFUL);
    }
    let surprise = filter::surprise(groups, best).deviations();
    (surprise > super::MAX_SURPRISE).then_some(MISFIT)
}

/// Scores lifetimes from 0 to `longest`: coarsely everywhere, then ever more finely where the score
/// falls off from what the best leaves possible.
///
/// `score` is told the best score so far.
fn explore(longest: i64, margin: f64, mut score: impl FnMut(i64, f64) -> f64) -> Vec<(i64, f64)> {
    let mut scored: Vec<(i64, f64)> = Vec::new();
    let mut best = f64::NEG_INFINITY;
    let mut next = 0;
    loop {
        let log = score(next.min(longest), best);
        best = best.max(log);
        scored.push((next.min(longest), log));
        if next >= longest {
            break;
        }
        next += 1 + next / COARSE;
    }
    loop {
        let least = best - margin;
        let between = scored.windows(2).filter_map(|pair| {
            let [(below, low), (above, high)] = *pair else { return None };
            let at_edge =
                (low >= least) != (high >= least) || low.max(high) >= best && low.min(high) < best;
            (at_edge && above - below > 1).then_some(below + (above - below) / 2)
        });
        let between: Vec<i64> = between.collect();
        if between.is_empty() {
            return scored;
        }
        for lifetime in between {
            let log = score(lifetime, best);
            best = best.max(log);
            scored.push((lifetime, log));
        }
        scored.sort_unstable_by_key(|point| point.0);
    }
}
