//! Generation lifetime, write partitions and requester rule, from when keys are generated.
//!
//! Of `P` partitions a write picks one, and generates if that one has no live key. So with `N` keys
//! generated within the last `T` a write generates with probability `(P − N) / P`, whichever
//! partitions made them: the likelihood needs no hidden labels.
//!
//! - Where writes are in the trail, that is the likelihood, write by write; nothing is assumed of
//!   when writes come.
//! - Where they are not, writes of each session are taken as Poisson of unknown rate, which makes
//!   calls a point process of intensity `rate × (P − N(t))`; the rate is profiled out.
//!
//! Requesters may meet unlike numbers of partitions, as they do where those follow from connections. If
//! numbers of their own, each as likely as another before the calls are seen, explain the calls better
//! than the best common number, each requester has its own.
//!
//! `T` is the edge of what is possible: `P + 1` calls of one requester never lie within `T`. For
//! such a parameter twice the logarithm of the likelihood ratio has 2 degrees of freedom (Hogg,
//! Annals of Mathematical Statistics 27, 1956, 529–532), and with unknown rates the exact law of
//! the two-parameter exponential (Epstein and Sobel, ibid. 25, 1954, 373–381) widens that by
//! `n / (n − rates)`.

mod likelihood;

use std::collections::{BTreeMap, BTreeSet};

use super::{Calibrated, ERROR_RATE, Evidence, MAX_PARTITIONS, Session, profile_likelihood};
use crate::encryption::requester::RequesterRule;
use crate::units::SimDuration;
use likelihood::{Likelihood, OwnPartitions, Score};

const METHOD: &str = "profile likelihood of when keys are generated, edge parameter (Hogg 1956; Epstein and Sobel 1954)";
const OWN_METHOD: &str = "likelihood of when keys are generated, requester by requester";
const RULE_METHOD: &str = "ratio of the greatest likelihoods of the two rules, 20 or more decides";

const TOO_FEW: &str = "too few keys are generated in the trail: three gaps or more are needed";
const MISFIT: &str = "no values explain which writes generate: the lifetime may be longer than a quarter of the \
     trail, or some writes of the bucket use no bucket-level key of it; the built-in range stays";

const SCOPING: &str = "where the trail lacks the events in which sessions begin (AssumeRole), sessions that each carry \
     their own policy look like one requester for each session";

/// How many partitions requesters write through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WritePartitions {
    /// All through as many.
    Alike(u32),
    /// Each through a number of its own.
    Own,
}

impl WritePartitions {
    fn score(self, likelihood: &Likelihood, lifetime_s: i64) -> Score {
        match self {
            Self::Alike(partitions) => likelihood.score(lifetime_s, partitions),
            Self::Own => likelihood.score_own(lifetime_s),
        }
    }
}

/// One set of values and how well it explains the calls.
#[derive(Clone, Copy, Debug)]
struct GenerationCandidate {
    rule: RequesterRule,
    partitions: WritePartitions,
    lifetime_s: i64,
    /// The next lifetimes that were tried below and above.
    neighbours_s: (i64, i64),
    score: Score,
}

impl GenerationCandidate {
    /// By how many standard deviations the calls are less likely than its values let expect; `own` are
    /// the partitions of each requester that has its own.
    fn surprise(&self, likelihood: &Likelihood, own: &[OwnPartitions]) -> f64 {
        match self.partitions {
            WritePartitions::Alike(partitions) => {
                likelihood.surprise(self.lifetime_s, |_| partitions)
            }
            WritePartitions::Own => {
                likelihood.surprise(self.lifetime_s, |requester| own[requester].likeliest)
            }
        }
    }
}

/// The values that explain the calls best, if any do.
fn likeliest(points: &[GenerationCandidate]) -> Option<GenerationCandidate> {
    let scored = points.iter().filter(|it| it.score.events > 0 && it.score.log.is_finite());
    scored.copied().reduce(|best, it| if it.score.log > best.score.log { it } else { best })
}

/// All sets of values that were tried.
pub(super) struct GenerationFit {
    points: Vec<GenerationCandidate>,
    best: Option<GenerationCandidate>,
    /// Where each requester has a number of its own: those that its calls do not contradict.
    own_partitions: Vec<OwnPartitions>,
    /// The longest lifetime that was tried, in seconds.
    longest_s: i64,
    has_writes: bool,
    /// Whether some role has two sessions that generate or write.
    several_sessions: bool,
    /// Why nothing is told.
    refusal: &'static str,
}

impl GenerationFit {
    /// Tries all sets of values.
    pub(super) fn of(evidence: &Evidence) -> Self {
        let several_sessions = evidence.pools.iter().any(|pool| {
            let writes =
                |session: &&Session| !session.generated.is_empty() || !session.written.is_empty();
            pool.sessions.iter().filter(writes).count() > 1
        });
        let rules: &[_] = if several_sessions {
            &[RequesterRule::Role, RequesterRule::Session]
        } else {
            &[RequesterRule::Role]
        };
        let has_writes = likelihood::has_writes(evidence);
        let (mut alike, mut own) = (Vec::new(), Vec::new());
        for &rule in rules {
            let likelihood = Likelihood::new(evidence, rule, has_writes);
            for partitions in 1..=MAX_PARTITIONS {
                try_lifetimes(&likelihood, rule, WritePartitions::Alike(partitions), &mut alike);
            }
            if likelihood.requesters() > 1 {
                try_lifetimes(&likelihood, rule, WritePartitions::Own, &mut own);
            }
        }
        let least = likeliest(&alike).map_or(f64::NEG_INFINITY, |best| best.score.log);
        let is_own = likeliest(&own).is_some_and(|best| best.score.log > least);
        let points = if is_own { own } else { alike };
        let best = likeliest(&points);
        let mut own_partitions = Vec::new();
        let fits = best.filter(|best| {
            let likelihood = Likelihood::new(evidence, best.rule, has_writes);
            if is_own {
                own_partitions = likelihood.own_partitions(best.lifetime_s);
            }
            best.surprise(&likelihood, &own_partitions) <= super::MAX_SURPRISE
        });
        let refusal = if best.is_some() { MISFIT } else { TOO_FEW };
        let longest_s = likelihood::longest(evidence);
        Self {
            points,
            best: fits,
            own_partitions,
            longest_s,
            has_writes,
            several_sessions,
            refusal,
        }
    }

    /// The logarithm of the greatest likelihood under `rule`.
    pub(super) fn greatest(&self, rule: RequesterRule) -> f64 {
        let points =
            self.points.iter().filter(|point| point.rule == rule && point.score.events > 0);
        points.map(|point| point.score.log).fold(f64::NEG_INFINITY, f64::max)
    }

    /// Whether its best values explain the calls: else a ratio of likelihoods says nothing, as for a lifetime
    /// beyond those that are tried.
    pub(super) fn explains(&self) -> bool {
        self.best.is_some()
    }

    /// Points that the data does not contradict.
    fn kept(&self) -> impl Iterator<Item = &GenerationCandidate> {
        let least = self.best.map_or(f64::INFINITY, |best| {
            let Score { log, events, rates } = best.score;
            let widened = if events > rates {
                events as f64 / (events - rates) as f64
            } else {
                f64::INFINITY
            };
            // Without the writes, chance makes as many patterns as there are numbers of partitions.
            let chances = if self.has_writes { 1.0 } else { f64::from(MAX_PARTITIONS) };
            log + (ERROR_RATE / chances).ln() * widened
        });
        self.points.iter().filter(move |point| point.score.log >= least)
    }

    /// The generation lifetime, in seconds.
    pub(super) fn lifetime(&self) -> Calibrated<i64> {
        let Some(best) = self.best else { return self.nothing() };
        let kept = self.kept().map(|point| point.neighbours_s);
        let (low, high) = profile_likelihood::lifetime_ends(kept, self.longest_s);
        let mut unknown: Vec<String> = self.by_partitions().into_iter().collect();
        if low.is_none() {
            unknown.push(
                "keys are generated too seldom to bound it from below: a shorter lifetime would \
                 give the same calls"
                    .to_owned(),
            );
        }
        if high.is_none() {
            unknown.push(
                "the trail is too short to bound it from above: longer lifetimes than a quarter of \
                 it cannot be judged, as what was in memory before it is not known"
                    .to_owned(),
            );
        }
        if !self.has_writes {
            unknown.push(
                "without the writes in the trail, they are taken as Poisson; writes on a clock \
                 make gaps multiples of its period"
                    .to_owned(),
            );
        }
        let estimate = low.or(high).map(|_| best.lifetime_s).filter(|_| low.is_some());
        Calibrated { low, estimate, high, method: METHOD, cannot_tell: unknown.join("; ") }
    }

    /// What the lifetime would be with each number of partitions that is not contradicted, if there are
    /// several.
    fn by_partitions(&self) -> Option<String> {
        let mut best = BTreeMap::<u32, GenerationCandidate>::new();
        for point in self.kept() {
            let WritePartitions::Alike(partitions) = point.partitions else { continue };
            let best = best.entry(partitions).or_insert(*point);
            if point.score.log > best.score.log {
                *best = *point;
            }
        }
        let each = best.iter().take(3).map(|(partitions, point)| {
            format!("{} with {partitions}", SimDuration::from_secs(point.lifetime_s))
        });
        let each: Vec<String> = each.collect();
        (best.len() > 1).then(|| {
            format!("it goes with the number of write partitions: most likely {}", each.join(", "))
        })
    }

    /// The write partitions.
    pub(super) fn partitions(&self) -> Calibrated<u32> {
        let Some(best) = self.best else { return self.nothing() };
        let WritePartitions::Alike(likeliest) = best.partitions else {
            return self.partitions_of_each();
        };
        let kept = self.kept().filter_map(|point| match point.partitions {
            WritePartitions::Alike(partitions) => Some(partitions),
            WritePartitions::Own => None,
        });
        let few = "calls are too few or too far apart to tell partitions";
        profile_likelihood::partitions(kept, likeliest, METHOD, (few, "write"))
    }

    /// The write partitions where each requester has its own: the ends hold those of all, the estimate
    /// is that of the requester that generates most.
    fn partitions_of_each(&self) -> Calibrated<u32> {
        let writing = self.own_partitions.iter().filter(|own| own.generated > 0);
        let numbers: BTreeSet<u32> = writing.clone().map(|own| own.likeliest).collect();
        let numbers: Vec<String> = numbers.iter().map(u32::to_string).collect();
        Calibrated {
            low: writing.clone().map(|own| own.least).min(),
            estimate: writing.clone().max_by_key(|own| own.generated).map(|own| own.likeliest),
            high: writing.map(|own| own.most).max().filter(|&most| most < MAX_PARTITIONS),
            method: OWN_METHOD,
            cannot_tell: format!(
                "requesters write through unlike numbers of partitions (most likely {}), as those follow from \
                 connections: where you know these, `connections` of each principal and `cache_hosts` \
                 say more than one number for all",
                numbers.join(", ")
            ),
        }
    }

    /// The requester rule: both ends are the rule that is kept, or none.
    pub(super) fn rule(&self) -> Calibrated<RequesterRule> {
        let Some(best) = self.best else { return self.nothing() };
        if !self.several_sessions {
            return Calibrated::nothing(
                RULE_METHOD,
                "no role has two sessions that each write to one bucket, so the rules predict the \
                 same calls",
            );
        }
        let both = self.kept().any(|point| point.rule != best.rule);
        if both {
            return Calibrated {
                estimate: Some(best.rule),
                ..Calibrated::nothing(RULE_METHOD, "both rules explain the calls")
            };
        }
        Self::only_rule(best.rule)
    }

    /// The requester rule, if nothing contradicts it.
    pub(super) fn only_rule(rule: RequesterRule) -> Calibrated<RequesterRule> {
        Calibrated::known(rule, RULE_METHOD, SCOPING)
    }

    fn nothing<T>(&self) -> Calibrated<T> {
        Calibrated::nothing(METHOD, self.refusal)
    }
}

/// Of how many lifetimes the best one that the steps meet may be a multiple.
const MULTIPLES: i64 = 4;

/// Scores lifetimes back from the greatest that is possible.
fn try_lifetimes(
    likelihood: &Likelihood,
    rule: RequesterRule,
    partitions: WritePartitions,
    points: &mut Vec<GenerationCandidate>,
) {
    let (longest, most) = match partitions {
        WritePartitions::Alike(partitions) => (likelihood.longest(), partitions),
        WritePartitions::Own => (likelihood.longest(), MAX_PARTITIONS),
    };
    let edge = likelihood.least_gap(most).map_or(longest, |gap| gap + 1).min(longest);
    let mut lifetimes = vec![0];
    let mut back = 0;
    while back < edge {
        lifetimes.push(edge - back);
        back += 1 + (back - 30).max(0) / 30;
    }
    let mut scores: BTreeMap<i64, Score> = lifetimes
        .into_iter()
        .map(|lifetime_s| (lifetime_s, partitions.score(likelihood, lifetime_s)))
        .collect();
    let best = scores.iter().max_by(|a, b| a.1.log.total_cmp(&b.1.log)).map_or(0, |best| *best.0);
    // Twice the lifetime with twice the partitions explains nearly as much, and where requesters differ in partitions
    // the truth is a peak of some seconds that the steps may pass over.
    let parts = if partitions == WritePartitions::Own { 1..=MULTIPLES } else { 1..=1 };
    for near in parts.map(|part| best / part) {
        for lifetime_s in (near - 40).max(0)..(near + 40).min(edge) {
            scores.entry(lifetime_s).or_insert_with(|| partitions.score(likelihood, lifetime_s));
        }
    }
    let scores: Vec<(i64, Score)> = scores.into_iter().collect();
    for (place, &(lifetime_s, score)) in scores.iter().enumerate() {
        let neighbours_s = profile_likelihood::neighbours(&scores, place);
        points.push(GenerationCandidate { rule, partitions, lifetime_s, neighbours_s, score });
    }
}
