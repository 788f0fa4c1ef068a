//! An experiment on AWS that settles what AWS does not publish: its requests, its cost, what it will tell, and
//! the script that sends it.
//!
//! Two sessions of one role write, a third session of another role reads one object. Gaps are irregular, and
//! reads pause now and then for longer than a cache may keep a key. [`power`] answers the same requests under
//! many assumptions and estimates each from what the trail would have.

pub mod power;
pub mod schedule;
mod script;

use crate::pricing::PriceName;
use crate::pricing::PriceTable;
use crate::units::Usd;
use schedule::{ExperimentSession, PlannedRequest};

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
    /// The most precise experiment that takes `time_s` seconds and costs at most `budget`; `None` if the
    /// budget does not pay for the fewest requests that tell anything.
    #[must_use]
    pub fn within(time_s: i64, budget: Usd, prices: &PriceTable) -> Option<Self> {
        let mut gap_s = schedule::SHORTEST_MEAN_GAP_S;
        while gap_s * schedule::FEWEST_OF_A_KIND <= time_s {
            let requests = schedule::schedule(time_s, gap_s);
            let cost = most_cost(&requests, time_s, prices);
            if cost <= budget {
                let most_requests = requests.len() as u64 + AROUND;
                return Some(Self { requests, time_s, cost, most_requests });
            }
            gap_s += 1 + gap_s / 4;
        }
        None
    }

    /// How many of the requests write.
    #[must_use]
    pub fn writes(&self) -> usize {
        writes(&self.requests)
    }
}

fn writes(requests: &[PlannedRequest]) -> usize {
    requests.iter().filter(|request| request.session != ExperimentSession::Reader).count()
}

/// Each write generates a key and verifies it, each read fetches one. Event history and the first copy of
/// management events are free.
fn most_cost(requests: &[PlannedRequest], time_s: i64, prices: &PriceTable) -> Usd {
    let puts = writes(requests) as u64 + AROUND;
    let gets = requests.len() as u64 - writes(requests) as u64 + AROUND;
    let hours = (time_s as u64).div_ceil(3_600) + 1;
    let key = prices.price(PriceName::KmsKeyMonth).in_parts(HOURS_A_MONTH).of(hours);
    let kms = prices.price(PriceName::KmsRequest).of(2 * puts + gets);
    let s3 = prices.price(PriceName::S3Put).of(puts);
    Usd::from_pico(
        [key, kms, s3, prices.price(PriceName::S3Get).of(gets)].map(Usd::pico).iter().sum(),
    )
}
