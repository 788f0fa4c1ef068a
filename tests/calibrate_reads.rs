//! Calibration from reads: bks's own runs under known assumptions, which must be found again.

use std::collections::HashMap;

use bks::calibration::{Calibration, Estimate, Evidence, Pool, Read, ReadOf, Session, calibrate};
use bks::encryption::assumptions::{Expiry, Level};
use bks::encryption::requester::RequesterRule;
use bks::kms::KmsApi;
use bks::s3::{Identity, Operation};
use bks::scenario::Scenario;
use bks::simulation::Arm;
use bks::simulation::names::NamedEvents;

/// What is to be found, and the traffic it is found by.
#[derive(Clone, Copy, Debug)]
struct Truth {
    lifetime_s: i64,
    partitions: u32,
    expiry: Expiry,
    rule: RequesterRule,
    sessions: u32,
    /// Mean time between two reads of one key by one requester, in seconds.
    between_reads_s: f64,
    /// In cache lifetimes.
    length: i64,
    write_partitions: u32,
}

const PLAIN: Truth = Truth {
    lifetime_s: 300,
    partitions: 1,
    expiry: Expiry::Fixed,
    rule: RequesterRule::Role,
    sessions: 1,
    between_reads_s: 30.0,
    length: 24,
    write_partitions: 1,
};

/// Runs of each truth.
const SEEDS: u64 = 4;

/// Seconds for which one key wraps new objects.
const GENERATION_S: i64 = 300;

/// A writer, and readers of what it has written last: of some four keys at a time.
fn scenario(truth: Truth, seed: u64) -> Scenario {
    let Truth { lifetime_s, partitions, expiry, rule, sessions, .. } = truth;
    let duration_s = lifetime_s * truth.length;
    let requesters = if rule == RequesterRule::Session { f64::from(sessions) } else { 1.0 };
    let reads_per_s = requesters * 4.0 / truth.between_reads_s;
    let text = format!(
        r#"
name = "calibrated"
seed = {seed}
duration = "{duration_s}s"
replications = 1
engine = "events"
[assumptions]
generation_lifetime = "{GENERATION_S}s"
cache_lifetime = "{lifetime_s}s"
expiry = "{expiry}"
write_partitions = {write_partitions}
read_partitions = {partitions}
[[bucket]]
name = "lake"
[[principal]]
name = "writer"
role = "writer"
[[principal]]
name = "reader"
role = "reader"
sessions = {sessions}
[[workload]]
name = "put"
principal = "writer"
bucket = "lake"
arrivals = {{ poisson = {{ rate = "0.5/s" }} }}
[[workload]]
name = "get"
principal = "reader"
bucket = "lake"
arrivals = {{ poisson = {{ rate = "{reads_per_s}/s" }} }}
read = {{ from = ["put"], pattern = {{ by-age = {{ uniform = {{ to = "20min" }} }} }} }}
[[configuration]]
name = "bucket-key"
encryption = "sse-kms-bucket-key"
requester_rule = "{}"
"#,
        rule.name(),
        write_partitions = truth.write_partitions,
    );
    Scenario::parse(&text).expect("a scenario")
}

/// The run's requests and calls, as a trail of S3's and KMS's events would tell them.
fn evidence(truth: Truth, seed: u64) -> Evidence {
    let scenario = scenario(truth, seed);
    let assumptions = scenario.configurations[0].ranges.at(Level::Assumed);
    let arm = Arm { configuration: 0, assumptions, by_requester: false };
    let mut written: HashMap<String, ReadOf> = HashMap::new();
    let mut pools = vec![
        Pool { sessions: vec![Session::default()] },
        Pool { sessions: vec![Session::default(); truth.sessions as usize] },
    ];
    for request in NamedEvents::new(&scenario, &arm, 0).outgoing(0) {
        let second = request.time.div_euclid(1_000_000_000);
        let pool = u32::from(request.principal.identity == Identity::Role("reader".into()));
        let number = if pool == 1 { request.slot - 1 } else { 0 };
        let session = &mut pools[pool as usize].sessions[number as usize];
        let key = request.key.clone().expect("an object");
        match request.operation {
            Operation::PutObject => {
                session.written.push(second);
                written.insert(key, ReadOf::Written { pool, session: number, second });
            }
            _ => {
                let next = written.len() as u32;
                let of = *written.entry(key).or_insert(ReadOf::Unwritten(next));
                session.read.push(Read { second, of });
            }
        }
        for (api, by_object) in request.each_call() {
            match api {
                _ if by_object => {}
                KmsApi::GenerateDataKey => session.generated.push(second),
                _ => session.decrypted.push(second),
            }
        }
    }
    Evidence { pools, first_s: 0, last_s: truth.lifetime_s * truth.length }
}

fn holds<T: PartialOrd>(estimate: &Estimate<T>, truth: &T) -> bool {
    estimate.low.as_ref().is_none_or(|low| low <= truth)
        && estimate.high.as_ref().is_none_or(|high| truth <= high)
}

/// What was found in runs under many truths.
#[derive(Debug, Default)]
struct Tally {
    runs: u32,
    held: [u32; 3],
    narrow: u32,
    one_count: u32,
    expiry_told: u32,
    refused: u32,
}

impl Tally {
    fn take(&mut self, truth: Truth, seed: u64) {
        let found = calibrate(&evidence(truth, seed));
        let Calibration { cache_lifetime_s, read_partitions, expiry, .. } = &found;
        let holding = [
            holds(cache_lifetime_s, &truth.lifetime_s),
            holds(read_partitions, &truth.partitions),
            expiry.low.is_none_or(|low| low == truth.expiry),
        ];
        for (count, holding) in self.held.iter_mut().zip(holding) {
            *count += u32::from(holding);
        }
        let short = format!(
            "{truth:?} {seed}: lifetime {:?} {:?} {:?} partitions {:?} {:?} expiry {:?}",
            cache_lifetime_s.low,
            cache_lifetime_s.estimate,
            cache_lifetime_s.high,
            read_partitions.low,
            read_partitions.high,
            expiry.low
        );
        let (low, high) = (cache_lifetime_s.low, cache_lifetime_s.high);
        let width = low.zip(high).map_or(i64::MAX, |(low, high)| high - low);
        let is_narrow = cache_lifetime_s.low.is_some() && width <= 4 + truth.lifetime_s / 7;
        if !(holding.iter().all(|holding| *holding) && is_narrow) {
            eprintln!("{short}");
        }
        self.runs += 1;
        self.narrow += u32::from(is_narrow);
        self.one_count += u32::from(read_partitions.low == read_partitions.high);
        self.refused += u32::from(cache_lifetime_s.estimate.is_none());
        self.expiry_told += u32::from(expiry.low.is_some());
    }
}

/// At least nine in ten of what is stated is true, and it is narrow for nine in ten.
#[test]
fn known_cache_assumptions_are_found_again() {
    let mut tally = Tally::default();
    let seeds = 1..=SEEDS;
    for lifetime_s in [60, 180, 300, 600] {
        for partitions in [1, 2, 4] {
            for expiry in [Expiry::Fixed, Expiry::Sliding] {
                for (rule, sessions) in [
                    (RequesterRule::Role, 1),
                    (RequesterRule::Role, 3),
                    (RequesterRule::Session, 3),
                ] {
                    let reads = match expiry {
                        Expiry::Fixed => 10.0,
                        // More often, and no partition's copy ever expires.
                        Expiry::Sliding => 1.5,
                    };
                    let between_reads_s = lifetime_s as f64 / (reads * f64::from(partitions));
                    let truth = Truth {
                        lifetime_s,
                        partitions,
                        expiry,
                        rule,
                        sessions,
                        between_reads_s,
                        ..PLAIN
                    };
                    for seed in seeds.clone() {
                        tally.take(truth, seed);
                    }
                }
            }
        }
    }
    eprintln!("{tally:?}");
    let Tally { runs, held, narrow, one_count, expiry_told, refused } = tally;
    assert!(held.iter().all(|held| held * 10 >= runs * 9), "{held:?} of {runs}");
    assert!(narrow * 10 >= runs * 8, "{narrow} of {runs} are narrow");
    assert!(one_count * 10 >= runs * 8, "{one_count} of {runs} know the partitions");
    assert!(expiry_told * 10 >= runs * 9, "{expiry_told} of {runs} know the expiry");
    assert!(refused * 20 <= runs, "{refused} of {runs} are refused");
}

/// One partition, fixed expiry: the whole reads of one known key settle the lifetime to seconds.
#[test]
fn one_partition_is_found_to_the_second() {
    let found = calibrate(&evidence(PLAIN, 3));
    let Estimate { low, high, .. } = found.cache_lifetime_s;
    assert!(low.is_some_and(|low| (280..=300).contains(&low)), "{low:?}");
    assert!(high.is_some_and(|high| (300..=315).contains(&high)), "{high:?}");
    assert_eq!((found.read_partitions.low, found.read_partitions.high), (Some(1), Some(1)));
    assert_eq!(found.expiry.low, Some(Expiry::Fixed));
}
