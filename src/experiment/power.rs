//! What an experiment will tell: its requests answered under assumptions drawn from their ranges, and each
//! estimated from the calls that its trail would have.

use std::collections::HashMap;

use rand::RngExt;
use rayon::prelude::*;
use serde::Serialize;

use super::Experiment;
use super::schedule::ExperimentSession;
use crate::calibration::{
    Calibrated, Evidence, ReadOf, Session, SessionPool, UnwrapRequest, calibrate,
};
use crate::encryption::assumption::Expiry;
use crate::encryption::requester::RequesterRule;
use crate::rng::{Purpose, Seed, Stream};

/// Lifetimes that are drawn, in seconds: the ends of the built-in range.
const LIFETIMES_S: (f64, f64) = (60.0, 3_600.0);

/// Most partitions that are drawn; one partition is drawn every other time.
const MOST_PARTITIONS: u32 = 10;

/// What may be true of S3.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PossibleTruth {
    /// How long a key wraps new objects, in seconds.
    pub generation_s: i64,
    /// How long a key stays in memory for reads, in seconds.
    pub cache_s: i64,
    /// Fixed or sliding.
    pub expiry: Expiry,
    /// Parts that generate keys of their own.
    pub write_partitions: u32,
    /// Parts that cache keys on their own.
    pub read_partitions: u32,
    /// Decrypts that verify a new key.
    pub verify: u32,
    /// Who is one requester.
    pub rule: RequesterRule,
}

/// One parameter under one possible truth, as a row of `expected.csv`. Lifetimes are in seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ExpectedRow {
    /// Which of the possible truths, from 0.
    pub truth: u32,
    /// Which parameter.
    pub parameter: &'static str,
    /// What is true.
    pub value: String,
    /// The lower end that `calibrate` gives; empty if none.
    pub low: String,
    /// The upper end; empty if none.
    pub high: String,
    /// Whether both ends are given.
    pub both_ends: bool,
    /// Whether nothing wrong is stated.
    pub holds: bool,
}

/// Rows of `truths` possible truths, seven of each.
#[must_use]
pub fn power(experiment: &Experiment, truths: u32) -> Vec<ExpectedRow> {
    (0..truths).into_par_iter().flat_map_iter(|number| rows(experiment, number)).collect()
}

impl PossibleTruth {
    fn drawn(rng: &mut Stream) -> Self {
        Self {
            generation_s: lifetime(rng),
            cache_s: lifetime(rng),
            expiry: if rng.random::<bool>() { Expiry::Fixed } else { Expiry::Sliding },
            write_partitions: partitions(rng),
            read_partitions: partitions(rng),
            verify: u32::from(rng.random::<bool>()),
            rule: if rng.random::<bool>() { RequesterRule::Role } else { RequesterRule::Session },
        }
    }
}

/// Each doubling is equally likely.
fn lifetime(rng: &mut Stream) -> i64 {
    let (low, high) = LIFETIMES_S;
    (low * (high / low).powf(rng.random::<f64>())).round() as i64
}

fn partitions(rng: &mut Stream) -> u32 {
    if rng.random::<bool>() { 1 } else { rng.random_range(2..=MOST_PARTITIONS) }
}

fn rows(experiment: &Experiment, number: u32) -> Vec<ExpectedRow> {
    let [mut draw, mut answers] = Seed(2).streams(number, Purpose::Experiment, (0, 0));
    let truth = PossibleTruth::drawn(&mut draw);
    let found = calibrate(&evidence(experiment, &truth, &mut answers));
    vec![
        row(number, "generation_lifetime", &found.generation_lifetime_s, truth.generation_s),
        row(number, "cache_lifetime", &found.cache_lifetime_s, truth.cache_s),
        named_row(number, "expiry", &found.expiry, truth.expiry, expiry_name),
        row(number, "write_partitions", &found.write_partitions, truth.write_partitions),
        row(number, "read_partitions", &found.read_partitions, truth.read_partitions),
        row(number, "verify_on_write", &found.verify_on_write, truth.verify),
        named_row(number, "requester_rule", &found.requester_rule, truth.rule, RequesterRule::name),
    ]
}

const fn expiry_name(expiry: Expiry) -> &'static str {
    match expiry {
        Expiry::Fixed => "fixed",
        Expiry::Sliding => "sliding",
    }
}

/// One whose values have names and no order: both ends are the same.
fn named_row<T: Copy>(
    truth: u32,
    parameter: &'static str,
    found: &Calibrated<T>,
    value: T,
    name: fn(T) -> &'static str,
) -> ExpectedRow {
    let [low, high] = [found.low, found.high].map(|end| end.map_or("", name));
    ExpectedRow {
        truth,
        parameter,
        value: name(value).to_owned(),
        low: low.to_owned(),
        high: high.to_owned(),
        both_ends: !low.is_empty() && !high.is_empty(),
        holds: low.is_empty() || low == name(value),
    }
}

fn row<T: Copy + PartialOrd + ToString>(
    truth: u32,
    parameter: &'static str,
    found: &Calibrated<T>,
    value: T,
) -> ExpectedRow {
    ExpectedRow {
        truth,
        parameter,
        value: value.to_string(),
        low: found.low.map(|low| low.to_string()).unwrap_or_default(),
        high: found.high.map(|high| high.to_string()).unwrap_or_default(),
        both_ends: found.low.is_some() && found.high.is_some(),
        holds: found.low.is_none_or(|low| low <= value)
            && found.high.is_none_or(|high| value <= high),
    }
}

/// What the trail of an experiment would have. Bucket and key are new, so nothing is in memory at first.
fn evidence(experiment: &Experiment, truth: &PossibleTruth, rng: &mut Stream) -> Evidence {
    let mut sessions = [Session::default(), Session::default(), Session::default()];
    let mut wraps_until: HashMap<(usize, u32), i64> = HashMap::new();
    let mut cached_until: HashMap<u32, i64> = HashMap::new();
    for request in &experiment.requests {
        let second = request.second;
        let place = request.session as usize;
        let session = &mut sessions[place];
        if request.session == ExperimentSession::Reader {
            let of = ReadOf::Written { pool: 0, session: 0, second: 0 };
            session.read.push(UnwrapRequest { second, of });
            let until = cached_until.entry(rng.random_range(0..truth.read_partitions)).or_default();
            let asks = second >= *until;
            if asks {
                session.decrypted.push(second);
            }
            if asks || truth.expiry == Expiry::Sliding {
                *until = second + truth.cache_s;
            }
            continue;
        }
        session.written.push(second);
        let requester = if truth.rule == RequesterRule::Role { 0 } else { place };
        let partition = rng.random_range(0..truth.write_partitions);
        let until = wraps_until.entry((requester, partition)).or_default();
        if second >= *until {
            *until = second + truth.generation_s;
            session.generated.push(second);
            session.decrypted.extend((0..truth.verify).map(|_| second));
        }
    }
    let [a, b, reader] = sessions;
    let pools = vec![SessionPool { sessions: vec![a, b] }, SessionPool { sessions: vec![reader] }];
    Evidence { pools, first_s: 0, last_s: experiment.time_s }
}
