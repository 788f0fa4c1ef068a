//! An experiment on AWS that settles what AWS does not publish: its requests, its cost, what it will tell, and
//! the script that sends it.
//!
//! Two sessions of one role write, and one of the same role with a session policy; a session of another role
//! reads one object. Gaps are irregular, and reads pause now and then for longer than a cache may keep a key. A
//! session of a third role sends rounds of other requests for objects without a bucket key, whose calls can be
//! counted. Only what is asked is sent. [`power`] answers the same requests under many assumptions and
//! estimates each from what the trail would have.

mod answers;
pub mod power;
pub mod question;
pub mod schedule;
mod script;

use crate::pricing::PriceName;
use crate::pricing::PriceTable;
use crate::s3::RequestTier;
use crate::units::Usd;
use power::{ExpectedRow, median_ratio};
use question::{ExperimentQuestion, Learnt};
use schedule::{PlannedOperation, PlannedRequest};

pub use script::script;

/// Prices that an experiment needs.
pub const NEEDED: [PriceName; 4] =
    [PriceName::KmsRequest, PriceName::KmsKeyMonth, PriceName::S3Put, PriceName::S3Get];

/// Requests of S3 and KMS beside the schedule's: making and removing what is needed, retries included.
const AROUND: u64 = 40;

/// Hours of a month, by which AWS prorates the price of a key.
const HOURS_A_MONTH: u64 = 730;

/// An experiment, before it is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Experiment {
    /// What is sent, in order of time.
    pub requests: Vec<PlannedRequest>,
    /// How long requests are sent, in seconds.
    pub time_s: i64,
    /// Most that S3, KMS and CloudTrail charge, if each request makes every call it can.
    pub cost: Usd,
    /// After so many requests the script stops.
    pub most_requests: u64,
}

impl Experiment {
    /// Experiments that take `time_s` seconds and cost at most `budget`, the most precise first; none if the
    /// budget does not pay for the fewest requests that tell anything.
    #[must_use]
    pub fn within(
        question: &ExperimentQuestion,
        time_s: i64,
        budget: Usd,
        prices: &PriceTable,
    ) -> Vec<Self> {
        let mut gap_s = schedule::SHORTEST_MEAN_GAP_S;
        let mut experiments: Vec<Self> = Vec::new();
        while gap_s * schedule::FEWEST_OF_A_KIND <= time_s {
            let requests = schedule::schedule(question, time_s, gap_s);
            let cost = most_cost(&requests, time_s, prices);
            let is_other = experiments.last().is_none_or(|last| last.requests != requests);
            if cost <= budget && is_other {
                let most_requests = requests.len() as u64 + AROUND;
                experiments.push(Self { requests, time_s, cost, most_requests });
            }
            gap_s += 1 + gap_s / 4;
        }
        experiments
    }

    /// The cost in dollars, with four digits and not less, as it is a ceiling.
    #[must_use]
    pub fn cost_rounded_up(&self) -> String {
        format!("{:.4}", (self.cost.as_f64() * 1e4).ceil() / 1e4)
    }

    /// How many requests of each kind it has.
    #[must_use]
    pub fn counts(&self) -> PlannedCounts {
        let mut counts = PlannedCounts::default();
        for request in &self.requests {
            match request.operation {
                PlannedOperation::Put => counts.writes += 1,
                PlannedOperation::Get => counts.reads += 1,
                _ => counts.others += 1,
            }
        }
        counts
    }
}

/// How many requests an experiment sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlannedCounts {
    /// PUTs under a bucket key.
    pub writes: usize,
    /// GETs of what they put.
    pub reads: usize,
    /// Others.
    pub others: usize,
}

/// How many of `requests` are billed by a tier.
fn of_tier(requests: &[PlannedRequest], tier: RequestTier) -> u64 {
    requests.iter().filter(|request| request.operation.tier() == tier).count() as u64
}

/// Each write generates a key and verifies it, each read fetches one. Event history and the first copy of
/// management events are free.
fn most_cost(requests: &[PlannedRequest], time_s: i64, prices: &PriceTable) -> Usd {
    let calls: u64 = requests.iter().map(|request| request.operation.most_calls()).sum();
    let hours = (time_s as u64).div_ceil(3_600) + 1;
    let key = prices.price(PriceName::KmsKeyMonth).in_parts(HOURS_A_MONTH).of(hours);
    let kms = prices.price(PriceName::KmsRequest).of(calls + 3 * AROUND);
    let s3 = prices.price(PriceName::S3Put).of(of_tier(requests, RequestTier::Put) + AROUND);
    let gets = prices.price(PriceName::S3Get).of(of_tier(requests, RequestTier::Get) + AROUND);
    Usd::from_pico([key, kms, s3, gets].map(Usd::pico).iter().sum())
}

/// An experiment, and what it is expected to tell.
#[derive(Clone, Debug)]
pub struct Design {
    /// What is sent.
    pub experiment: Experiment,
    /// Each parameter under each possible truth.
    pub rows: Vec<ExpectedRow>,
}

/// Of `experiments`, the most precise first, the cheapest that finds each lifetime which `question` asks for
/// to `width`: in half of the truths in which both ends are found, the upper end is at most so much greater.
/// The most precise, where none does or no width is asked for.
///
/// # Panics
/// If there are no experiments.
#[must_use]
pub fn design(
    experiments: &[Experiment],
    question: &ExperimentQuestion,
    width: Option<f64>,
    truths: u32,
) -> Design {
    let mut best = Design::of(&experiments[0], question, truths);
    let Some(width) = width.filter(|&width| best.is_within(question, width)) else { return best };
    // Those before `good` are more precise than they need be, those from `bad` on are not.
    let (mut good, mut bad) = (0, experiments.len());
    while bad - good > 1 {
        let middle = good + (bad - good) / 2;
        let next = Design::of(&experiments[middle], question, truths);
        if next.is_within(question, width) {
            (good, best) = (middle, next);
        } else {
            bad = middle;
        }
    }
    best
}

impl Design {
    fn of(experiment: &Experiment, question: &ExperimentQuestion, truths: u32) -> Self {
        let rows = power::power(experiment, question, truths);
        Self { experiment: experiment.clone(), rows }
    }

    /// The expected ratio of ends of each lifetime that is asked for, where any interval has both.
    pub fn lifetime_ratios(
        &self,
        question: &ExperimentQuestion,
    ) -> impl Iterator<Item = (&'static str, Option<f64>)> {
        let lifetimes = [Learnt::GenerationLifetime, Learnt::CacheLifetime].into_iter();
        let asked: Vec<&str> =
            lifetimes.filter(|one| question.asks(*one)).map(Learnt::name).collect();
        asked.into_iter().map(|name| (name, median_ratio(&self.rows, name)))
    }

    /// Whether each lifetime that is asked for is found to `width`.
    #[must_use]
    pub fn is_within(&self, question: &ExperimentQuestion, width: f64) -> bool {
        self.lifetime_ratios(question)
            .all(|(_, ratio)| ratio.is_some_and(|ratio| ratio <= 1.0 + width))
    }
}
