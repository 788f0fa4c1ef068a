//! When which session sends what.

use std::collections::BTreeSet;

use rand::RngExt;

use super::question::{ExperimentQuestion, Learnt};
use crate::named_enum::named_enum;
use crate::rng::{Purpose, Seed, Stream};
use crate::s3::RequestTier;

/// Shortest mean gap of writes, and of reads, in seconds: the AWS CLI takes about a second for a request.
pub const SHORTEST_MEAN_GAP_S: i64 = 8;

/// With fewer writes or reads an experiment tells nothing.
pub const FEWEST_OF_A_KIND: i64 = 30;

/// Requests of one script are so far apart, in seconds.
const APART_S: i64 = 2;

/// Requests of one session are so far apart, in seconds: its calls are told apart even if they are logged a
/// second off.
const SESSION_APART_S: i64 = 3;

/// One gap of reads in so many is a pause: with sliding expiry only a gap longer than the lifetime shows it.
const PAUSES: f64 = 0.03;

/// The longest pause, as a part of the whole time.
const LONGEST_PAUSE: f64 = 6.0;

/// So many times as seldom as the others writes the session with a policy.
const SCOPED_SELDOM: i64 = 4;

/// Rounds of requests for objects without a bucket key: one lost call among so many is an accident.
const ROUNDS: u32 = 12;

named_enum! {
    /// Who sends a request of an experiment.
    pub ExperimentSession {
        /// The first session of the role that writes.
        WriterA = "a",
        /// The second session of that role.
        WriterB = "b",
        /// A session of that role with a session policy.
        Scoped = "scoped",
        /// The only session of the role that reads.
        Reader = "reader",
        /// The only session of the role that sends everything else.
        Other = "other",
    }
}

named_enum! {
    /// What a request of an experiment does, by its name in the script.
    pub PlannedOperation {
        /// Puts an object under a bucket key.
        Put = "put",
        /// Gets the object that the first request put.
        Get = "get",
        /// Puts an object without a bucket key.
        PutOwnKey = "own",
        /// Gets all of an object without a bucket key.
        GetWhole = "whole",
        /// Gets a part of it.
        GetRange = "range",
        /// Asks for its metadata and checksum.
        HeadChecksum = "head",
        /// Copies it to another without a bucket key.
        Copy = "copy",
        /// Gives it a bucket key.
        Update = "update",
        /// Begins an upload without a bucket key.
        Create = "create",
        /// Uploads its only part.
        Part = "part",
        /// Lists its parts.
        List = "list",
        /// Ends it.
        Complete = "complete",
    }
}

impl PlannedOperation {
    /// Most KMS calls that it makes.
    #[must_use]
    pub const fn most_calls(self) -> u64 {
        match self {
            // A new key, its verification, and a call on what is read.
            Self::Update => 4,
            Self::Put | Self::Copy => 2,
            Self::Get
            | Self::PutOwnKey
            | Self::GetWhole
            | Self::GetRange
            | Self::HeadChecksum
            | Self::Create
            | Self::Part
            | Self::List
            | Self::Complete => 1,
        }
    }

    /// How S3 bills it.
    #[must_use]
    pub const fn tier(self) -> RequestTier {
        match self {
            Self::Get | Self::GetWhole | Self::GetRange | Self::HeadChecksum => RequestTier::Get,
            Self::Put
            | Self::PutOwnKey
            | Self::Copy
            | Self::Update
            | Self::Create
            | Self::Part
            | Self::List
            | Self::Complete => RequestTier::Put,
        }
    }
}

/// A request of an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlannedRequest {
    /// Seconds from the start.
    pub second: i64,
    /// Who sends it.
    pub session: ExperimentSession,
    /// What it does.
    pub operation: PlannedOperation,
    /// Which of the objects of its kind, from 0.
    pub number: u32,
}

impl PlannedRequest {
    /// A PUT that is not the first.
    const fn put(second: i64, session: ExperimentSession) -> Self {
        Self { second, session, operation: PlannedOperation::Put, number: 1 }
    }

    /// The key of its object. All GETs are of one object, which the first request puts.
    #[must_use]
    pub fn object(&self) -> String {
        use PlannedOperation as Does;
        match (self.operation, self.number) {
            (Does::Get, _) | (Does::Put, 0) => "read".to_owned(),
            (Does::Put, _) => "written".to_owned(),
            (Does::Copy, number) => format!("copy-{number}"),
            (Does::Create | Does::Part | Does::List | Does::Complete, number) => {
                format!("upload-{number}")
            }
            (_, number) => format!("own-{number}"),
        }
    }
}

/// Requests for `time_s` seconds, writes and reads each `gap_s` seconds apart on average, as far as `question`
/// takes them. The same arguments give the same requests.
#[must_use]
pub fn schedule(question: &ExperimentQuestion, time_s: i64, gap_s: i64) -> Vec<PlannedRequest> {
    let [mut writes, mut reads] = Seed(1).streams(0, Purpose::Experiment, (0, 0));
    let mut requests = vec![PlannedRequest {
        second: 0,
        session: ExperimentSession::WriterA,
        operation: PlannedOperation::Put,
        number: 0,
    }];
    if question.takes_writes() {
        requests.extend(written(question, time_s, gap_s, &mut writes));
    }
    if question.takes_reads() {
        requests.extend(read(time_s, gap_s, &mut reads));
    }
    requests.extend(rounds(question, time_s));
    requests.sort_unstable();
    let mut requests = spread(&requests);
    // A round that does not end in time is not begun.
    let late: BTreeSet<u32> = requests
        .iter()
        .filter(|one| one.session == ExperimentSession::Other && one.second >= time_s)
        .map(|one| one.number)
        .collect();
    requests.retain(|one| {
        let is_cut_off = one.session == ExperimentSession::Other && late.contains(&one.number);
        one.second < time_s && !is_cut_off
    });
    requests
}

/// Writes of the sessions that `question` takes.
fn written(
    question: &ExperimentQuestion,
    time_s: i64,
    gap_s: i64,
    rng: &mut Stream,
) -> Vec<PlannedRequest> {
    let (mut requests, mut second) = (Vec::new(), 0);
    while second < time_s {
        let is_b = rng.random::<bool>() && question.asks(Learnt::RequesterRule);
        second += gap(gap_s, rng);
        let session = if is_b { ExperimentSession::WriterB } else { ExperimentSession::WriterA };
        requests.push(PlannedRequest::put(second, session));
    }
    second = if question.asks(Learnt::SessionPolicies) { 0 } else { time_s };
    while second < time_s {
        second += gap(SCOPED_SELDOM * gap_s, rng);
        requests.push(PlannedRequest::put(second, ExperimentSession::Scoped));
    }
    requests
}

/// Reads, with pauses.
fn read(time_s: i64, gap_s: i64, rng: &mut Stream) -> Vec<PlannedRequest> {
    let (mut requests, mut second) = (Vec::new(), APART_S);
    while second < time_s {
        requests.push(PlannedRequest {
            second,
            session: ExperimentSession::Reader,
            operation: PlannedOperation::Get,
            number: 0,
        });
        second += if rng.random::<f64>() < PAUSES {
            pause(time_s as f64 / LONGEST_PAUSE, rng)
        } else {
            gap(gap_s, rng)
        };
    }
    requests
}

/// Rounds of requests for objects without a bucket key.
fn rounds(question: &ExperimentQuestion, time_s: i64) -> Vec<PlannedRequest> {
    use PlannedOperation as Does;
    let mut operations: Vec<PlannedOperation> = Vec::new();
    let of_objects = [
        (Learnt::RangedReads, &[Does::GetWhole, Does::GetRange][..]),
        (Learnt::HeadChecksum, &[Does::HeadChecksum]),
        (Learnt::Copies, &[Does::Copy]),
        // The last: it gives the object a bucket key.
        (Learnt::ReEncryption, &[Does::Update]),
    ];
    for (_, own) in of_objects.iter().filter(|(learnt, _)| question.asks(*learnt)) {
        operations.extend(*own);
    }
    if !operations.is_empty() {
        operations.insert(0, Does::PutOwnKey);
    }
    if question.asks(Learnt::Multipart) {
        operations.extend([Does::Create, Does::Part, Does::List, Does::Complete]);
    }
    let each = (0..ROUNDS).flat_map(|number| {
        let begins = time_s * i64::from(number) / i64::from(ROUNDS) + SESSION_APART_S;
        (0..).zip(&operations).map(move |(place, &operation)| PlannedRequest {
            second: begins + place * SESSION_APART_S,
            session: ExperimentSession::Other,
            operation,
            number,
        })
    });
    each.collect()
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

/// Moves requests later until none is too close to another, in order of time.
fn spread(requests: &[PlannedRequest]) -> Vec<PlannedRequest> {
    let mut taken: BTreeSet<i64> = BTreeSet::new();
    let mut free = [0; ExperimentSession::ALL.len()];
    let mut spread: Vec<PlannedRequest> = Vec::with_capacity(requests.len());
    for request in requests {
        let free = &mut free[request.session as usize];
        let mut second = request.second.max(*free);
        while let Some(&near) = taken.range(second - APART_S + 1..second + APART_S).next_back() {
            second = near + APART_S;
        }
        taken.insert(second);
        *free = second + SESSION_APART_S;
        spread.push(PlannedRequest { second, ..*request });
    }
    spread.sort_unstable();
    spread
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Requests are apart, those of one session so far that a call a second off is nobody else's, and the
    /// steps of an upload come in order.
    #[test]
    fn requests_are_apart_and_in_order() {
        for time_s in [600, 3_000] {
            let requests = schedule(&ExperimentQuestion::new(&[]), time_s, SHORTEST_MEAN_GAP_S);
            for pair in requests.windows(2) {
                assert!(pair[1].second - pair[0].second >= APART_S, "{pair:?}");
            }
            for session in ExperimentSession::ALL {
                let own: Vec<_> = requests.iter().filter(|one| one.session == session).collect();
                assert!(own.len() >= 5, "{session:?}: {}", own.len());
                for pair in own.windows(2) {
                    assert!(pair[1].second - pair[0].second >= SESSION_APART_S, "{pair:?}");
                }
            }
            let upload = |number| {
                let of =
                    requests.iter().filter(move |one| one.object() == format!("upload-{number}"));
                of.map(|one| one.operation.name()).collect::<Vec<_>>()
            };
            let uploads: Vec<_> =
                (0..ROUNDS).map(upload).filter(|steps| !steps.is_empty()).collect();
            assert!(uploads.len() as u32 >= ROUNDS - 1, "{uploads:?}");
            for steps in uploads {
                assert_eq!(steps, ["create", "part", "list", "complete"]);
            }
        }
    }

    /// What is not asked is not sent.
    #[test]
    fn only_what_is_asked_is_sent() {
        let operations = |asked: &[Learnt]| {
            let requests = schedule(&ExperimentQuestion::new(asked), 3_000, SHORTEST_MEAN_GAP_S);
            let names: BTreeSet<&str> = requests.iter().map(|one| one.operation.name()).collect();
            let sessions: BTreeSet<&str> = requests.iter().map(|one| one.session.name()).collect();
            (Vec::from_iter(names).join(" "), Vec::from_iter(sessions).join(" "))
        };
        for (asked, expected, sessions) in [
            (&[Learnt::GenerationLifetime][..], "put", "a"),
            (&[Learnt::RequesterRule], "put", "a b"),
            (&[Learnt::SessionPolicies], "put", "a scoped"),
            (&[Learnt::Expiry], "get put", "a reader"),
            (&[Learnt::Multipart], "complete create list part put", "a other"),
            (&[Learnt::HeadChecksum], "head own put", "a other"),
            (&[Learnt::Copies, Learnt::ReEncryption], "copy own put update", "a other"),
        ] {
            assert_eq!(operations(asked), (expected.to_owned(), sessions.to_owned()), "{asked:?}");
        }
    }
}
