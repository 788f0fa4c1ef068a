//! Calibration from reads: bks's own runs under known assumptions, which must be found again.

use std::collections::HashMap;

use bks::calibration::{
    Calibrated, Calibration, Evidence, ReadOf, Session, SessionPool, UnwrapRequest, calibrate,
};
use bks::encryption::assumption::{Expiry, Level};
use bks::encryption::requester::RequesterRule;
use bks::kms::KmsApi;
use bks::s3::{IdentityKind, Operation};
use bks::scenario::Scenario;
use bks::simulation::Arm;
use bks::simulation::names::NamedEvents;
use bks::simulation::objects::keep;

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
const SEEDS: u64 = 1;

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
    let arm = Arm::of_totals(0, assumptions);
    let mut written: HashMap<String, ReadOf> = HashMap::new();
    let mut pools = vec![
        SessionPool { sessions: vec![Session::default()], role: None },
        SessionPool { sessions: vec![Session::default(); truth.sessions as usize], role: None },
    ];
    for request in NamedEvents::new(&scenario, &keep(&scenario, 0), &arm, 0).outgoing(0) {
        let second = request.time.div_euclid(1_000_000_000);
        let pool = u32::from(request.principal.identity == IdentityKind::Role("reader".into()));
        let number = if pool == 1 { request.slot - 1 } else { 0 };
        let session = &mut pools[pool as usize].sessions[number as usize];
        let key = request.key.clone().expect("an object");
        if request.operation == Operation::PutObject {
            session.written.push(second);
            written.insert(key, ReadOf::Written { pool, session: number, second });
        } else {
            let next = written.len() as u32;
            let of = *written.entry(key).or_insert(ReadOf::Unwritten(next));
            session.read.push(UnwrapRequest { second, of });
        }
        for call in request.each_call() {
            match call.api {
                _ if call.by_object => {}
                KmsApi::GenerateDataKey => session.generated.push(second),
                _ => session.decrypted.push(second),
            }
        }
    }
    Evidence { pools, first_s: 0, last_s: truth.lifetime_s * truth.length, objects: Vec::new() }
}

fn holds<T: PartialOrd>(estimate: &Calibrated<T>, truth: &T) -> bool {
    estimate.low.as_ref().is_none_or(|low| low <= truth)
        && estimate.high.as_ref().is_none_or(|high| truth <= high)
}

/// What was found in runs under many truths.
#[derive(Debug, Default)]
struct Tally {
    runs: u32,
    held: [u32; 4],
    rule_told: u32,
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
            found.requester_rule.low.is_none_or(|rule| rule == truth.rule),
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
        let is_narrow = cache_lifetime_s.low.is_some()
            && match truth.expiry {
                Expiry::Fixed => width <= 4 + truth.lifetime_s / 7,
                Expiry::Sliding => width <= truth.lifetime_s,
            };
        if !(holding.iter().all(|holding| *holding) && is_narrow) {
            eprintln!("{short}");
        }
        self.runs += 1;
        self.narrow += u32::from(is_narrow);
        self.rule_told += u32::from(found.requester_rule.low.is_some());
        self.one_count += u32::from(read_partitions.low == read_partitions.high);
        self.refused += u32::from(cache_lifetime_s.estimate.is_none());
        self.expiry_told += u32::from(expiry.low.is_some());
    }
}

/// At least nine in ten of what is stated is true, and it is narrow for eight in ten.
fn known_cache_assumptions_are_found_again(expiry: Expiry) {
    let mut tally = Tally::default();
    let seeds = 1..=SEEDS;
    for lifetime_s in [60, 180, 300, 600] {
        for partitions in [1, 2, 4] {
            {
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
                        length: if lifetime_s > 180 { 12 } else { 24 },
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
    let Tally { runs, held, narrow, one_count, expiry_told, rule_told, refused } = tally;
    assert!(held.iter().all(|held| held * 10 >= runs * 9), "{held:?} of {runs}");
    // What cannot be told is said to be so: wrong is worse than wide.
    assert!(narrow * 10 >= runs * 5, "{narrow} of {runs} are narrow");
    assert!(one_count * 10 >= runs * 6, "{one_count} of {runs} know the partitions");
    assert!(expiry_told * 10 >= runs * 5, "{expiry_told} of {runs} know the expiry");
    // A third of the truths has only one session.
    assert!(rule_told * 10 >= runs * 2 / 3 * 7, "{rule_told} of {runs} know the rule");
    assert!(refused * 10 <= runs * 4, "{refused} of {runs} are refused");
}

#[test]
fn known_assumptions_with_fixed_expiry_are_found_again() {
    known_cache_assumptions_are_found_again(Expiry::Fixed);
}

#[test]
fn known_assumptions_with_sliding_expiry_are_found_again() {
    known_cache_assumptions_are_found_again(Expiry::Sliding);
}

/// One partition, fixed expiry: the whole reads of one known key settle the lifetime to seconds.
#[test]
fn one_partition_is_found_to_the_second() {
    let found = calibrate(&evidence(PLAIN, 3));
    let Calibrated { low, high, .. } = found.cache_lifetime_s;
    assert!(low.is_some_and(|low| (280..=300).contains(&low)), "{low:?}");
    assert!(high.is_some_and(|high| (300..=315).contains(&high)), "{high:?}");
    assert_eq!((found.read_partitions.low, found.read_partitions.high), (Some(1), Some(1)));
    assert_eq!(found.expiry.low, Some(Expiry::Fixed));
}

/// Reads a hundred lifetimes apart each ask: a lifetime of any length up to the shortest time between
/// two of them would do the same, so nothing bounds it from below.
#[test]
fn sparse_reads_bound_the_lifetime_from_above_only() {
    let (mut held, mut unbounded) = (0, 0);
    for seed in 1..=10 {
        let truth = Truth { lifetime_s: 60, between_reads_s: 6_000.0, length: 250, ..PLAIN };
        let Calibrated { low, high, .. } = calibrate(&evidence(truth, seed)).cache_lifetime_s;
        held += u32::from(low.is_none_or(|low| low <= 60) && high.is_none_or(|high| high >= 60));
        unbounded += u32::from(low.is_none_or(|low| low < 60));
    }
    assert!(held >= 9 && unbounded >= 9, "{held} hold, {unbounded} are not bounded");
}

/// Reads of an object that is nowhere written: one object has one key, of several nothing is known.
#[test]
fn objects_older_than_the_trail_tell_something_if_there_is_one() {
    let read = |second, object| UnwrapRequest { second, of: ReadOf::Unwritten(object) };
    let reads = (0..720).map(|read| 10 * read);
    let decrypted: Vec<i64> = (0..24).map(|fetch| 300 * fetch).collect();
    let of = |objects: i64| {
        let read = reads.clone().map(|second| read(second, (second / 10 % objects) as u32));
        let session =
            Session { decrypted: decrypted.clone(), read: read.collect(), ..Session::default() };
        let pools = vec![SessionPool { sessions: vec![session], role: None }];
        calibrate(&Evidence { pools, first_s: 0, last_s: 7_200, objects: Vec::new() })
    };
    let Calibrated { low, high, .. } = of(1).cache_lifetime_s;
    assert!(low.is_some_and(|low| (285..=291).contains(&low)), "{low:?}");
    assert!(high.is_some_and(|high| (300..=302).contains(&high)), "{high:?}");
    let several = of(3).cache_lifetime_s;
    assert_eq!((several.low, several.high), (None, None));
    assert!(several.cannot_tell.contains("the key is known"), "{}", several.cannot_tell);
}
