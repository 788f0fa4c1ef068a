//! When which session writes or reads.

use rand::RngExt;

use crate::rng::{Purpose, Seed, Stream};

/// Shortest mean gap of writes, and of reads, in seconds: the AWS CLI takes about a second for a request.
pub const SHORTEST_MEAN_GAP_S: i64 = 8;

/// With fewer writes or reads an experiment tells nothing.
pub const FEWEST_OF_A_KIND: i64 = 30;

/// Requests of one script are so far apart, in seconds.
const APART_S: i64 = 2;

/// One gap of reads in so many is a pause: with sliding expiry only a gap longer than the lifetime shows it.
const PAUSES: f64 = 0.03;

/// The longest pause, as a part of the whole time.
const LONGEST_PAUSE: f64 = 6.0;

/// Who sends a request of an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExperimentSession {
    /// The first session of the role that writes.
    WriterA,
    /// The second session of that role.
    WriterB,
    /// The only session of the role that reads.
    Reader,
}

impl ExperimentSession {
    /// Its name in the script.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WriterA => "a",
            Self::WriterB => "b",
            Self::Reader => "reader",
        }
    }
}

/// A request of an experiment: writers put an object of their own, the reader gets the one that the first
/// request put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedRequest {
    /// Seconds from the start.
    pub second: i64,
    /// Who sends it.
    pub session: ExperimentSession,
}

/// Requests for `time_s` seconds, writes and reads each `gap_s` seconds apart on average. The same arguments
/// give the same requests.
#[must_use]
pub fn schedule(time_s: i64, gap_s: i64) -> Vec<PlannedRequest> {
    let [mut writes, mut reads] = Seed(1).streams(0, Purpose::Experiment, (0, 0));
    let mut requests = vec![PlannedRequest { second: 0, session: ExperimentSession::WriterA }];
    let mut second = 0;
    while second < time_s {
        let session = if writes.random::<bool>() {
            ExperimentSession::WriterA
        } else {
            ExperimentSession::WriterB
        };
        second += gap(gap_s, &mut writes);
        requests.push(PlannedRequest { second, session });
    }
    second = APART_S;
    while second < time_s {
        requests.push(PlannedRequest { second, session: ExperimentSession::Reader });
        second += if reads.random::<f64>() < PAUSES {
            pause(time_s as f64 / LONGEST_PAUSE, &mut reads)
        } else {
            gap(gap_s, &mut reads)
        };
    }
    requests.sort_by_key(|request| (request.second, request.session));
    spread(&mut requests);
    requests.retain(|request| request.second < time_s);
    requests
}

/// At least a second, exponential beyond.
fn gap(mean_s: i64, rng: &mut Stream) -> i64 {
    1 - (((mean_s - 1) as f64) * (1.0 - rng.random::<f64>()).ln()) as i64
}

/// From half a minute to `longest_s`, each doubling equally likely.
fn pause(longest_s: f64, rng: &mut Stream) -> i64 {
    let shortest_s = 30_f64.min(longest_s);
    (shortest_s * (longest_s / shortest_s).powf(rng.random::<f64>())) as i64
}

/// Moves requests later until none is too close to the one before.
fn spread(requests: &mut [PlannedRequest]) {
    let mut free = 0;
    for request in requests {
        request.second = request.second.max(free);
        free = request.second + APART_S;
    }
}
