//! Calibration: traffic answered by the model under known assumptions, which must be found again.

use crate::support::command::{bks, done};
use std::fmt::Write as _;

use bks::calibration::{Calibrated, Calibration, Evidence, Session, SessionPool, calibrate};
use bks::encryption::assumption::{Assumption, AssumptionValue, Assumptions, Expiry};
use bks::encryption::needs::MultipartCalls;
use bks::encryption::requester::RequesterRule;
use bks::encryption::service::{BucketScheme, Memory, Scheme};
use bks::kms::KmsApi;
use bks::s3::{Connections, Object, Operation, Request};
use bks::scenario::Scenario;
use bks::units::{SimDuration, SimTime};

/// What is to be found, and the traffic it is found by.
#[derive(Clone, Copy, Debug)]
struct Truth {
    lifetime_s: i64,
    partitions: u32,
    rule: RequesterRule,
    verify: u32,
    sessions: usize,
    /// Mean time between writes of each session, in seconds.
    between_writes_s: f64,
    /// In lifetimes.
    length: i64,
    with_writes: bool,
}

/// Random numbers of 64 bits (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        let uniform = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        -mean * (1.0 - uniform).ln()
    }
}

/// Poisson writes, answered one by one by the model's own memory.
fn evidence(truth: Truth, seed: u64) -> Evidence {
    let scheme = Scheme {
        populations: Vec::new(),
        buckets: vec![BucketScheme::BucketKey { since: SimTime::MIN, copies: true }],
        assumptions: Assumptions {
            generation_lifetime: SimDuration::from_secs(truth.lifetime_s),
            cache_lifetime: SimDuration::from_secs(300),
            expiry: Expiry::Fixed,
            cache_hosts: 1,
            write_partitions: Some(truth.partitions),
            read_partitions: Some(1),
            verify_on_write: truth.verify,
            ..Assumptions::default()
        },
        multipart: MultipartCalls::default(),
    };
    let end_s = truth.lifetime_s * truth.length;
    let mut random = Random(seed);
    let memory = || {
        let mut memory = Memory::new(SimTime::ZERO, SimTime::from_nanos(end_s * 1_000_000_000));
        let partitions = scheme.assumptions.partitions(Connections::Fresh);
        memory.begin(&scheme, partitions, 1, None);
        memory
    };
    let requesters = if truth.rule == RequesterRule::Role { 1 } else { truth.sessions };
    let mut memories: Vec<Memory> = (0..requesters).map(|_| memory()).collect();
    let mut sessions = vec![Session::default(); truth.sessions];
    let mut time_s = 0.0;
    loop {
        time_s += random.exponential(truth.between_writes_s / truth.sessions as f64);
        if time_s >= end_s as f64 {
            break;
        }
        let session = (random.next() % truth.sessions as u64) as usize;
        let request = Request {
            time: SimTime::from_nanos((time_s * 1e9) as i64),
            slot: session as u32,
            bucket: 0,
            operation: Operation::PutObject,
            allows_bucket_key: true,
            once: false,
            draw: random.next() as u32,
            object: Object::None,
        };
        let answer = memories[session % requesters].answer(&scheme, None, None, &request);
        let second = request.time.second();
        let calls = &mut sessions[session];
        let calls_of = |api| vec![second; answer.calls.get(api) as usize];
        calls.generated.extend(calls_of(KmsApi::GenerateDataKey));
        calls.decrypted.extend(calls_of(KmsApi::Decrypt));
        if truth.with_writes {
            calls.written.push(second);
        }
    }
    Evidence {
        pools: vec![SessionPool { sessions, role: None }],
        first_s: 0,
        last_s: end_s,
        objects: Vec::new(),
    }
}

fn holds<T: PartialOrd>(estimate: &Calibrated<T>, truth: &T) -> bool {
    estimate.low.as_ref().is_none_or(|low| low <= truth)
        && estimate.high.as_ref().is_none_or(|high| truth <= high)
}

const DENSE: Truth = Truth {
    lifetime_s: 300,
    partitions: 1,
    rule: RequesterRule::Role,
    verify: 1,
    sessions: 1,
    between_writes_s: 2.0,
    length: 24,
    with_writes: false,
};

/// Truths of every lifetime, partitions and rule, with writes in the trail and without.
fn grid() -> Vec<Truth> {
    let mut grid = Vec::new();
    for lifetime_s in [60, 300, 3_600] {
        for partitions in [1, 2, 4] {
            for (rule, sessions) in
                [(RequesterRule::Role, 1), (RequesterRule::Role, 3), (RequesterRule::Session, 3)]
            {
                for with_writes in [false, true] {
                    // Twenty writes in a lifetime for each session and partition.
                    let between_writes_s = lifetime_s as f64 / f64::from(20 * partitions);
                    let verify = partitions % 2;
                    grid.push(Truth {
                        lifetime_s,
                        partitions,
                        rule,
                        verify,
                        sessions,
                        between_writes_s,
                        with_writes,
                        ..DENSE
                    });
                }
            }
        }
    }
    grid
}

/// At least nine in ten of what is stated is true, and it is no wider than a seventh of the lifetime
/// for nine in ten.
#[test]
fn known_assumptions_are_found_again() {
    const SEEDS: u64 = 1;
    let (mut runs, mut told) = (0, 0);
    let mut held = [0; 4];
    let (mut narrow, mut one_count) = (0, 0);
    for truth in grid() {
        for seed in 0..SEEDS {
            let found = calibrate(&evidence(truth, seed));
            let Calibration { generation_lifetime_s, write_partitions, verify_on_write, .. } =
                &found;
            let misses = format!("{truth:?} {seed}: {found:#?}");
            let holding = [
                holds(generation_lifetime_s, &truth.lifetime_s),
                holds(write_partitions, &truth.partitions),
                holds(verify_on_write, &truth.verify),
                found.requester_rule.low.is_none_or(|rule| rule == truth.rule),
            ];
            for (count, holding) in held.iter_mut().zip(holding) {
                *count += u32::from(holding);
            }
            if !holding.iter().all(|holding| *holding) {
                eprintln!("{misses}");
            }
            runs += 1;
            told += u32::from(truth.sessions > 1 && found.requester_rule.low.is_some());
            let (low, high) = (generation_lifetime_s.low, generation_lifetime_s.high);
            let width = low.zip(high).map_or(i64::MAX, |(low, high)| high - low);
            narrow += u32::from(width <= 4 + truth.lifetime_s / 7);
            one_count += u32::from(write_partitions.low == write_partitions.high);
        }
    }
    eprintln!(
        "{runs} runs: held {held:?}, narrow {narrow}, one count {one_count}, rule told {told}"
    );
    assert!(held.iter().all(|held| held * 10 >= runs * 9), "{held:?} of {runs}");
    assert!(narrow * 10 >= runs * 9, "{narrow} of {runs} are narrow");
    assert!(one_count * 10 >= runs * 9, "{one_count} of {runs} know the partitions");
    assert!(told * 10 >= runs * 2 / 3 * 9, "the rule is told in {told} of {runs}");
}

/// A write in a hundred lifetimes: nearly each generates, so hardly a gap bounds the lifetime from
/// below. What is stated holds in nine of ten runs, and no lower end comes near the lifetime.
#[test]
fn sparse_traffic_bounds_the_lifetime_from_above_only() {
    const SEEDS: u64 = 20;
    let (mut runs, mut held, mut unbounded) = (0, 0, 0);
    for seed in 0..SEEDS {
        for with_writes in [false, true] {
            let truth = Truth { between_writes_s: 30_000.0, length: 2_000, with_writes, ..DENSE };
            let Calibration { generation_lifetime_s, .. } = calibrate(&evidence(truth, seed));
            runs += 1;
            held += u32::from(holds(&generation_lifetime_s, &300));
            let bounded = generation_lifetime_s.low.is_some_and(|low| low > 30);
            unbounded += u32::from(!bounded);
            eprintln!(
                "{seed} {with_writes} {:?} {:?}",
                generation_lifetime_s.low, generation_lifetime_s.high
            );
        }
    }
    assert!(held * 10 >= runs * 9, "{held} of {runs} hold");
    assert!(unbounded * 10 >= runs * 9, "{unbounded} of {runs} are not bounded from below");
}

/// One write every 20 s for two hours: gaps are 300 s for each lifetime above 280 s; only with the
/// writes in the trail that is known.
#[test]
fn writes_on_a_clock_bound_the_lifetime_by_their_period() {
    let written: Vec<i64> = (0..360).map(|write| 20 * write).collect();
    let generated: Vec<i64> = (0..24).map(|key| 300 * key).collect();
    let session = Session { generated, written, ..Session::default() };
    let evidence = Evidence {
        pools: vec![SessionPool { sessions: vec![session], role: None }],
        first_s: 0,
        last_s: 7_200,
        objects: Vec::new(),
    };
    let found = calibrate(&evidence);
    let Calibrated { low, high, .. } = found.generation_lifetime_s;
    assert!(low.is_some_and(|low| (275..=281).contains(&low)), "{low:?}");
    assert!(high.is_some_and(|high| (300..=303).contains(&high)), "{high:?}");
    assert_eq!(found.verify_on_write.high, Some(0));
}

/// A trail of `KMS` events, one a line.
fn trail(evidence: &Evidence, context: &str) -> String {
    let mut out = String::new();
    let mut id = 0;
    for (number, session) in evidence.pools[0].sessions.iter().enumerate() {
        let apis = [("GenerateDataKey", &session.generated), ("Decrypt", &session.decrypted)];
        for (api, times) in apis {
            for second in times {
                id += 1;
                let (hour, minute) = (second / 3_600, second / 60 % 60);
                let (day, hour, second) = (1 + hour / 24, hour % 24, second % 60);
                let _ = writeln!(
                    out,
                    r#"{{"eventVersion":"1.11","eventTime":"2026-03-{day:02}T{hour:02}:{minute:02}:{second:02}Z","eventSource":"kms.amazonaws.com","eventName":"{api}","awsRegion":"us-east-1","eventID":"{id:032}","userIdentity":{{"type":"AssumedRole","principalId":"AROAEXAMPLE:s{number}","arn":"arn:aws:sts::111122223333:assumed-role/writer/s{number}","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE{number}","invokedBy":"s3.amazonaws.com"}},"requestParameters":{{"encryptionContext":{{"aws:s3:arn":"{context}"}}}},"resources":[{{"ARN":"arn:aws:kms:us-east-1:111122223333:key/k"}}]}}"#
                );
            }
        }
    }
    out
}

/// From a trail, each event of which stands in it twice, to a scenario that assumes what was found.
#[test]
fn a_trail_becomes_assumptions_of_a_scenario() {
    let folder = tempfile::tempdir().expect("a folder");
    let seen = trail(&evidence(DENSE, 7), "arn:aws:s3:::lake");
    std::fs::write(folder.path().join("trail.jsonl"), format!("{seen}{seen}")).expect("written");
    let run = bks(
        folder.path(),
        &["calibrate", "trail.jsonl", "--format", "json", "--out", "found.toml"],
    );
    let stderr = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{stderr}");
    assert!(stderr.contains(&format!("{} repeat another", seen.lines().count())), "{stderr}");
    let json: serde_json::Value = serde_json::from_slice(&run.stdout).expect("JSON");
    assert_eq!(json["parameters"]["write_partitions"]["high"], 1);
    // Without reads in the trail, a read of each new object would look the same.
    assert!(json["parameters"]["verify_on_write"]["low"].is_null(), "{json:#}");
    let lifetime = &json["parameters"]["generation_lifetime_s"];
    let end = |name: &str| lifetime[name].as_i64().expect("a number");
    assert!((290..=300).contains(&end("low")) && (300..=306).contains(&end("high")), "{lifetime}");

    let fragment = std::fs::read_to_string(folder.path().join("found.toml")).expect("written");
    let world = r#"
name = "calibrated"
duration = "1h"
"#;
    let rest = r#"
[[bucket]]
name = "lake"
[[principal]]
name = "writer"
role = "writer"
[[workload]]
name = "put"
principal = "writer"
bucket = "lake"
arrivals = { periodic = { rate = "1/s" } }
"#;
    let text = format!("{world}{fragment}{rest}");
    let scenario = Scenario::parse(&text).expect("the fragment is part of a scenario");
    let ranges = scenario.configurations[1].ranges;
    let range = |assumption| ranges.get(assumption).unwrap();
    let lifetime = range(Assumption::GenerationLifetime).map(AssumptionValue::duration);
    assert_eq!(lifetime.low, SimDuration::from_secs(end("low")));
    assert_eq!(lifetime.high, SimDuration::from_secs(end("high")));
    assert_eq!(range(Assumption::VerifyOnWrite).low, AssumptionValue::Count(0));
    assert_eq!(range(Assumption::WritePartitions).high, AssumptionValue::Count(1));
    std::fs::write(folder.path().join("calibrated.toml"), text).expect("written");
    assert!(bks(folder.path(), &["check", "calibrated.toml"]).status.success());
}

/// What cannot be calibrated is refused, with what to do.
#[test]
fn trails_without_calls_of_bucket_keys_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let seen = trail(&evidence(DENSE, 7), "arn:aws:s3:::lake/object");
    std::fs::write(folder.path().join("objects.jsonl"), seen).expect("written");
    let run = bks(folder.path(), &["calibrate", "objects.jsonl"]);
    let stderr = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("bucket keys were off"), "{stderr}");
}

/// A writer, and two sessions that read what it wrote last.
const WORLD: &str = r#"
name = "calibrated"
duration = "3h"
replications = 1
engine = "events"
[[bucket]]
name = "lake"
[[principal]]
name = "writer"
role = "writer"
[[principal]]
name = "reader"
role = "reader"
sessions = 2
[[workload]]
name = "put"
principal = "writer"
bucket = "lake"
arrivals = { poisson = { rate = "1/s" } }
[[workload]]
name = "get"
principal = "reader"
bucket = "lake"
arrivals = { poisson = { rate = "0.5/s" } }
read = { from = ["put"], pattern = { by-age = { uniform = { to = "10min" } } } }
"#;

/// Runs of bks itself as a trail, with all requests or with them in an access log beside it: found are
/// the assumptions of the run, and the fragment is loaded and simulated.
#[test]
fn an_exported_run_is_found_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let truth = "[assumptions]\ngeneration_lifetime = \"4min\"\ncache_lifetime = \"200s\"\n\
                 write_partitions = 1\nread_partitions = 1\nexpiry = \"fixed\"\nverify_on_write = 1\n";
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("truth.toml"), format!("{WORLD}{truth}")).expect("written");
    for (form, out) in [("cloudtrail", "trail.json"), ("access-log", "access.log")] {
        let run = bks(
            folder.path(),
            &[
                "export",
                "truth.toml",
                "--configuration",
                "bucket-key-session",
                "--format",
                form,
                "--out",
                out,
            ],
        );
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    }
    let trail = std::fs::read_to_string(path("trail.json")).expect("a trail");
    let only_kms = |line: &&str| !line.contains("s3.amazonaws.com\",\"eventTime");
    let kms: Vec<&str> = trail.lines().filter(only_kms).collect();
    assert!(kms.len() + 10_000 < trail.lines().count(), "requests are left out");
    std::fs::write(path("kms.json"), kms.join("\n")).expect("written");
    for logs in [&["trail.json"][..], &["kms.json", "access.log"]] {
        let found =
            [&["calibrate"], logs, &["--format", "json", "--overwrite", "--out", "found.toml"]]
                .concat();
        let run = bks(folder.path(), &found);
        let stderr = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success(), "{logs:?}: {stderr}");
        let json: serde_json::Value = serde_json::from_slice(&run.stdout).expect("JSON");
        let of = |name: &str, end: &str| json["parameters"][name][end].clone();
        let holds = |name: &str, truth: i64| {
            let end = |end| of(name, end).as_i64().unwrap_or_else(|| panic!("{name}: {json:#}"));
            assert!((end("low")..=end("high")).contains(&truth), "{logs:?} {name}: {json:#}");
            assert!(end("high") - end("low") <= 2 + truth / 7, "{logs:?} {name}: {json:#}");
        };
        holds("generation_lifetime_s", 240);
        holds("cache_lifetime_s", 200);
        holds("read_partitions", 1);
        assert_eq!(of("expiry", "low"), "fixed");
        assert_eq!(of("requester_rule", "low"), "session");
        let fragment = std::fs::read_to_string(path("found.toml")).expect("written");
        std::fs::write(path("again.toml"), format!("{WORLD}{fragment}")).expect("written");
        let run = bks(folder.path(), &["simulate", "again.toml", "--out", "again", "--quiet"]);
        assert!(run.status.success(), "{fragment}\n{}", String::from_utf8_lossy(&run.stderr));
        assert!(fragment.contains("bucket-key-session") && !fragment.contains("bucket-key-role"));
        std::fs::remove_dir_all(path("again")).ok();
    }
}

/// Uploads of unlike numbers of parts without a bucket key tell what their requests call, although all of one
/// upload come at a time; and bucket keys were off.
#[test]
fn calls_of_uploads_are_found_in_an_exported_run() {
    const UPLOADS: &str = r#"
name = "uploads"
duration = "2h"
replications = 1
[multipart]
upload_part = 0
complete = 1
[[bucket]]
name = "lake"
[[principal]]
name = "writer"
role = "writer"
[[client]]
name = "parts"
write = { part_size = "8MiB" }
[[workload]]
name = "small"
principal = "writer"
bucket = "lake"
client = "parts"
object_size = "12MiB"
arrivals = { poisson = { rate = "0.2/min" } }
[[workload]]
name = "large"
principal = "writer"
bucket = "lake"
client = "parts"
object_size = "60MiB"
arrivals = { poisson = { rate = "0.2/min" } }
"#;
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("uploads.toml"), UPLOADS).expect("written");
    let export = ["export", "uploads.toml", "--configuration", "sse-kms", "--format", "cloudtrail"];
    done(folder.path(), &[&export[..], &["--out", "trail.json"]].concat());
    let printed = done(
        folder.path(),
        &["calibrate", "trail.json", "--format", "json", "--out", "found.toml", "--quiet"],
    );
    let found: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
    let calls = found["parameters"]["calls"].as_array().expect("a list");
    let of = |name: &str| calls.iter().find(|one| one["operation"] == name).expect(name);
    let parts = of("UploadPart");
    assert_eq!([&parts["generate_data_key"]["low"], &parts["decrypt"]["low"]], [0, 0], "{parts:#}");
    // Each upload has one completion and one beginning: which of them made the call cannot be told.
    let decrypt = &of("CompleteMultipartUpload")["decrypt"];
    assert!(decrypt["low"].is_null(), "{decrypt}");
    assert!(decrypt["cannot_tell"].as_str().is_some_and(|why| why.contains("with others")));
    let fragment = std::fs::read_to_string(folder.path().join("found.toml")).expect("written");
    assert!(fragment.contains("[multipart]\nupload_part = 0\n"), "{fragment}");
    let scenario = UPLOADS.replace("[multipart]\nupload_part = 0\ncomplete = 1\n", &fragment);
    let scenario = Scenario::parse(&scenario).expect("the fragment is part of a scenario");
    assert_eq!(scenario.multipart.upload_part, 0);
    let table = done(folder.path(), &["calibrate", "trail.json"]);
    assert!(table.contains("Bucket keys were off"), "{table}");
}

/// A trail of three sessions of one role that each write once a minute, of which one may have a policy.
fn trail_with_a_policy(shares: bool, event: &str) -> String {
    let mut out = format!("{event}\n");
    let mut until = [0, 0];
    for minute in 0..240_i64 {
        for (session, until_of) in [(0, 0), (1, usize::from(!shares)), (2, 0)] {
            let second = 60 * minute + 20 * session + (minute * 7 + session * 3) % 11;
            let until = &mut until[until_of];
            let is_new = second >= *until;
            if is_new {
                *until = second + 300;
            }
            let time = jiff::Timestamp::from_second(1_772_323_200 + second).expect("a time");
            let identity = format!(
                r#"{{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/writer/s","accountId":"111122223333","accessKeyId":"ASIA{session}"}}"#
            );
            let mut push = |source: &str, name: &str, parameters: &str| {
                let _ = writeln!(
                    out,
                    r#"{{"eventTime":"{time}","eventSource":"{source}","eventName":"{name}","eventID":"{name}{second}","userIdentity":{identity},"requestParameters":{parameters},"resources":[{{"ARN":"arn:aws:kms:us-east-1:111122223333:key/k"}}]}}"#
                );
            };
            push("s3.amazonaws.com", "PutObject", r#"{"bucketName":"lake","key":"a"}"#);
            if is_new {
                let context = r#"{"encryptionContext":{"aws:s3:arn":"arn:aws:s3:::lake"}}"#;
                push("kms.amazonaws.com", "GenerateDataKey", context);
            }
        }
    }
    out
}

/// The event in which a session begins tells its policy: inline, by ARN, or none. Only where policies
/// differ, anything is said of what they share.
#[test]
fn session_policies_are_told_by_the_events_in_which_sessions_begin() {
    let begins = |parameters: &str| {
        format!(
            r#"{{"eventTime":"2026-03-01T00:00:00Z","eventSource":"sts.amazonaws.com","eventName":"AssumeRole","eventID":"begins","requestParameters":{{{parameters}}},"responseElements":{{"credentials":{{"accessKeyId":"ASIA1"}}}}}}"#
        )
    };
    let folder = tempfile::tempdir().expect("a folder");
    let inline = begins(r#""policy":"{\"Statement\":[]}""#);
    let by_arn = begins(r#""policyArns":[{"arn":"arn:aws:iam::aws:policy/ReadOnlyAccess"}]"#);
    let without = begins(r#""durationSeconds":3600"#);
    for (shares, event, expected) in [
        (false, &inline, Some("own-keys")),
        (false, &by_arn, Some("own-keys")),
        (true, &inline, Some("shared-keys")),
        (true, &without, None),
    ] {
        std::fs::write(folder.path().join("t.jsonl"), trail_with_a_policy(shares, event))
            .expect("written");
        let printed = done(folder.path(), &["calibrate", "t.jsonl", "--format", "json", "--quiet"]);
        let found: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
        let low = |name: &str| found["parameters"][name]["low"].as_str();
        assert_eq!(low("session_policies"), expected, "{shares} {event}: {found:#}");
        assert_eq!(low("requester_rule"), Some("role"), "{shares} {event}: {found:#}");
        let lifetime = &found["parameters"]["generation_lifetime_s"];
        let ends = ["low", "high"].map(|end| lifetime[end].as_i64());
        assert!(ends[0] <= Some(300) && ends[1].is_none_or(|high| high >= 300), "{lifetime}");
    }
}
