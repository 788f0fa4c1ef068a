//! Replayed logs: each rule of what a request costs by a log counted by hand, random logs against a
//! naive count, logs made from a simulated stream, and what must change no byte.

#![allow(clippy::float_cmp, reason = "whole numbers")]

use crate::support::command::{bks, done, fails};
use crate::support::log_lines;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use bks::encryption::assumption::Level;
use bks::logs::LogFormat;
use bks::logs::bad_lines::BadLines;
use bks::logs::log::Log;
use bks::pricing::Sku;
use bks::recording::MemoryStore;
use bks::recording::gather::{LogSelection, RecordGatherer};
use bks::results::Results;
use bks::scenario::Scenario;
use bks::scenario::replay::{Settings, UnknownAge};
use bks::simulation::objects::keep;
use log_lines::{Calls, Line, Rules, assumed, calls, naive, record, replay, session, text};
use proptest::prelude::*;

/// A log, what it costs without bucket keys, and with a key for five minutes in one place.
type Case = (&'static str, Vec<Line>, Calls, Calls);

fn at(second: u32, operation: &'static str, key: &str, id: u32) -> Line {
    Line::new(second, operation, key, id)
}

fn with_status(status: u16, line: Line) -> Line {
    Line { status, ..line }
}

fn objects_and_uploads() -> Vec<Case> {
    vec![
        ("a PUT", vec![at(0, "REST.PUT.OBJECT", "a", 1)], (1, 0), (1, 1)),
        ("a form's POST", vec![at(0, "REST.POST.OBJECT", "a", 1)], (1, 0), (1, 1)),
        (
            "each ranged GET by itself, of an object that has no bucket key",
            (0..3).map(|id| with_status(206, at(0, "REST.GET.OBJECT", "a", id))).collect(),
            (0, 3),
            (0, 3),
        ),
        (
            "GETs of what was put: one key made, verified and fetched",
            vec![
                at(0, "REST.PUT.OBJECT", "a", 1),
                at(9, "REST.GET.OBJECT", "a", 2),
                at(9, "REST.GET.OBJECT", "a", 3),
            ],
            (1, 2),
            (1, 2),
        ),
        (
            "a key that was held for as long as it may be is fetched anew",
            vec![
                at(0, "REST.PUT.OBJECT", "a", 1),
                at(10, "REST.GET.OBJECT", "a", 2),
                at(309, "REST.GET.OBJECT", "a", 3),
                at(310, "REST.GET.OBJECT", "a", 4),
            ],
            (1, 3),
            (1, 3),
        ),
        (
            "of what is put again the newest key is asked for",
            vec![
                at(0, "REST.PUT.OBJECT", "a", 1),
                at(1, "REST.GET.OBJECT", "a", 2),
                at(300, "REST.PUT.OBJECT", "a", 3),
                at(300, "REST.GET.OBJECT", "a", 4),
            ],
            (2, 2),
            (2, 4),
        ),
        (
            "an upload: one to begin, one for each part, one to end",
            vec![
                at(0, "REST.POST.UPLOADS", "a", 1),
                at(1, "REST.PUT.PART", "a", 2),
                at(1, "REST.PUT.PART", "a", 3),
                at(2, "REST.POST.UPLOAD", "a", 4),
                at(3, "REST.GET.OBJECT", "a", 5),
            ],
            (1, 4),
            (1, 2),
        ),
    ]
}

fn copies_and_what_is_free() -> Vec<Case> {
    vec![
        (
            "a copy, whose halves are one request",
            vec![
                at(0, "REST.PUT.OBJECT", "a", 1),
                at(1, "REST.COPY.OBJECT", "b", 2),
                at(1, "REST.COPY.OBJECT_GET", "a", 3),
                at(2, "REST.GET.OBJECT", "b", 4),
            ],
            (2, 2),
            (1, 2),
        ),
        (
            "a copy whose halves are logged a second apart",
            vec![
                at(0, "REST.PUT.OBJECT", "a", 1),
                at(2, "REST.COPY.OBJECT", "b", 2),
                at(1, "REST.COPY.OBJECT_GET", "a", 3),
            ],
            (2, 1),
            (1, 2),
        ),
        ("a copy from elsewhere", vec![at(0, "REST.COPY.OBJECT", "b", 2)], (1, 1), (1, 2)),
        (
            "a part that is copied: its source and the upload",
            vec![
                at(0, "REST.POST.UPLOADS", "b", 1),
                at(1, "REST.COPY.PART", "b", 2),
                at(1, "REST.COPY.PART_GET", "a", 3),
            ],
            (1, 2),
            // Of the source's own key, which is no bucket-level key; of the new one; and to verify.
            (1, 3),
        ),
        (
            "what is free",
            vec![
                at(0, "REST.PUT.OBJECT", "a", 1),
                at(1, "REST.HEAD.OBJECT", "a", 2),
                at(1, "REST.GET.BUCKET", "-", 3),
                at(1, "REST.DELETE.OBJECT", "a", 4),
                at(1, "REST.GET.ACL", "a", 5),
                with_status(304, at(1, "REST.GET.OBJECT", "a", 6)),
                with_status(404, at(1, "REST.GET.OBJECT", "b", 7)),
                with_status(403, at(1, "REST.PUT.OBJECT", "b", 8)),
                with_status(503, at(1, "REST.PUT.OBJECT", "b", 9)),
            ],
            (1, 0),
            (1, 1),
        ),
        (
            "a record that is repeated counts once",
            vec![at(0, "REST.PUT.OBJECT", "a", 1), at(0, "REST.PUT.OBJECT", "a", 1)],
            (1, 0),
            (1, 1),
        ),
    ]
}

#[test]
fn every_rule_costs_what_it_says() {
    const ONE_PLACE: &str = "replications = 1\n[assumptions]\ncache_hosts = 1";
    for (what, lines, without, with) in
        objects_and_uploads().into_iter().chain(copies_and_what_is_free())
    {
        let (_, results) = replay(&text(&lines), ONE_PLACE);
        assert_eq!(calls(&results, 0), without, "{what}, without");
        assert_eq!(calls(&results, 1), with, "{what}, with");
        assert_eq!(calls(&results, 2), with, "{what}, by session");
    }
}

/// How many of each line a configuration is billed at the assumed level.
fn billed(results: &Results, configuration: usize) -> Vec<(Sku, u64)> {
    let name = &results.facts.configurations[configuration].name;
    let lines = results
        .costs
        .iter()
        .filter(|line| line.configuration == *name && line.assumption == Level::Assumed);
    let lines = lines.map(|line| {
        let sku = Sku::ALL.into_iter().find(|sku| sku.description() == line.charge_description);
        (sku.expect("it has a price"), line.pricing_quantity)
    });
    // The key's rent goes by the hour, whatever is asked.
    lines.filter(|(sku, _)| *sku != Sku::KmsKeys).collect()
}

/// A bill for the log's own time, with S3 data events.
fn billed_for(period: &str) -> String {
    format!(
        "replications = 2\n[assumptions]\nread_partitions = 1\nwrite_partitions = 1\n\
         [billing]\nperiod = \"{period}\"\ndata_events = true\nfree_tier = false\n"
    )
}

/// Counted by hand: 2 PUT and 1 GET are served; a GET finds nothing modified, one nothing, a PUT is not
/// allowed, one meets 503, one an endpoint elsewhere; the copy that fails has two halves. All are
/// requests and data events, for the hundred seconds from the first to the last; S3 bills neither 503
/// nor 301.
#[test]
fn what_is_not_served_is_a_request_that_asks_kms_for_nothing() {
    let lines = [
        at(0, "REST.PUT.OBJECT", "a", 1),
        at(1, "REST.PUT.OBJECT", "b", 2),
        at(9, "REST.GET.OBJECT", "a", 3),
        with_status(304, at(40, "REST.GET.OBJECT", "a", 4)),
        with_status(404, at(41, "REST.HEAD.OBJECT", "c", 5)),
        with_status(403, at(42, "REST.PUT.OBJECT", "a", 6)),
        with_status(503, at(43, "REST.PUT.OBJECT", "a", 7)),
        with_status(301, at(44, "REST.GET.OBJECT", "a", 8)),
        with_status(404, at(45, "REST.COPY.OBJECT", "d", 9)),
        with_status(404, at(45, "REST.COPY.OBJECT_GET", "a", 10)),
        with_status(304, at(99, "REST.GET.OBJECT", "a", 11)),
        // A second time, which counts for nothing.
        with_status(304, at(99, "REST.GET.OBJECT", "a", 11)),
    ];
    let (scenario, results) = replay(&text(&lines), &billed_for("100s"));
    assert_eq!(scenario.counted().to_string(), "1min 40s");
    let recording = scenario.recording.as_ref().unwrap();
    assert_eq!((recording.seen.requests, recording.seen.unserved), (10, 7));
    // No write that failed is what is read later, and no object is missed.
    assert_eq!((recording.seen.writes, recording.seen.of_unknown), (2, 0));
    assert_eq!(calls(&results, 0), (2, 1));
    assert_eq!(calls(&results, 1), (1, 2));
    for configuration in 0..3 {
        assert_eq!(whole(assumed(&results, configuration).requests), 10);
        let expected = [
            (Sku::KmsRequests, 3),
            (Sku::CloudTrailDataEvents, 10),
            (Sku::S3Put, 2 + 1 + 1),
            (Sku::S3Get, 1 + 2 + 1),
        ];
        assert_eq!(billed(&results, configuration), expected);
        // Ten times the log's time: ten times of each.
        let (_, results) = replay(&text(&lines), &billed_for("1000s"));
        assert_eq!(billed(&results, configuration), expected.map(|(sku, n)| (sku, n * 10)));
    }
}

/// A log of nothing but failures is one: there are requests, and nothing to save.
#[test]
fn a_log_of_failures_alone_has_requests_and_no_calls() {
    let lines: Vec<Line> =
        (0..5).map(|id| with_status(404, at(id * 10, "REST.GET.OBJECT", "a", id))).collect();
    let (scenario, results) = replay(&text(&lines), &billed_for("41s"));
    assert_eq!(scenario.counted().to_string(), "41s");
    assert_eq!(billed(&results, 1), [(Sku::CloudTrailDataEvents, 5), (Sku::S3Get, 5)]);
    assert_eq!(assumed(&results, 1).saving_ratio, None);
}

/// In access logs a `DeleteObjects` of three keys is one request, which is free, and four data events;
/// in trails so are those that name their keys. Repeated records count once.
#[test]
fn each_key_of_a_batch_of_deletes_is_a_data_event() {
    let mut lines = vec![
        at(0, "REST.PUT.OBJECT", "a", 1),
        at(50, "REST.POST.MULTI_OBJECT_DELETE", "-", 2),
        at(59, "REST.DELETE.OBJECT", "d", 3),
    ];
    lines
        .extend(["a", "b", "c"].map(|key| with_status(204, at(50, "BATCH.DELETE.OBJECT", key, 2))));
    lines.push(lines[3].clone());
    lines.push(with_status(403, at(70, "BATCH.DELETE.OBJECT", "e", 9)));
    let (_, results) = replay(&text(&lines), &billed_for("71s"));
    let expected =
        [(Sku::KmsRequests, 1), (Sku::CloudTrailDataEvents, 1 + 1 + 3 + 1 + 1), (Sku::S3Put, 1)];
    assert_eq!(billed(&results, 0), expected);
    assert_eq!(whole(assumed(&results, 0).requests), 3);
    let text = text(&lines);
    let late = LogSelection {
        from: bks::units::parse_utc("2026-11-23T00:00:55Z").ok(),
        ..LogSelection::default()
    };
    let besides = record(&text, late, usize::MAX).all_besides();
    assert_eq!(besides.deleted_keys, 1, "those before counting starts are left out");
}

#[test]
fn a_trails_batch_of_deletes_counts_the_keys_that_it_names() {
    let event = |id: u32, more: &str| {
        format!(
            r#"{{"eventVersion":"1.11","userIdentity":{{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/u"}},"eventTime":"2026-11-20T08:00:{id:02}Z","eventSource":"s3.amazonaws.com","eventName":"DeleteObjects","awsRegion":"us-east-1","eventCategory":"Data","eventID":"e-{id}",{more}}}"#
        )
    };
    let object =
        |key: &str| format!(r#"{{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::lake/{key}"}}"#);
    let bucket = r#"{"type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::lake"}"#;
    for (more, keys) in [
        (r#""requestParameters":{"bucketName":"lake","delete":""}"#.to_owned(), 0),
        (
            format!(
                r#""requestParameters":{{"bucketName":"lake","delete":""}},"resources":[{{"type":"AWS::S3::Object","ARNPrefix":"arn:aws:s3:::lake/"}},{bucket}]"#
            ),
            0,
        ),
        (
            r#""requestParameters":{"bucketName":"lake","delete":{"quiet":true,"objects":[{"key":"a"},{"key":"b"}]}}"#
                .to_owned(),
            2,
        ),
        (
            r#""requestParameters":{"bucketName":"lake","Delete":{"Object":[{"Key":"a"},{"Key":"b"},{"Key":"c"}]}}"#
                .to_owned(),
            3,
        ),
        (
            r#""requestParameters":{"bucketName":"lake","delete":{"object":{"key":"a"}}}"#.to_owned(),
            1,
        ),
        (
            format!(
                r#""requestParameters":{{"bucketName":"lake"}},"resources":[{},{bucket},{}]"#,
                object("a"),
                object("b")
            ),
            2,
        ),
    ] {
        let log = [event(1, &more), event(2, &more), event(1, &more)].join("\n");
        let mut gather = RecordGatherer::new(LogSelection::default(), usize::MAX, Arc::new(MemoryStore::default()));
        let mut bad = BadLines::default();
        let opened = Log::open(log.as_bytes(), None, Some(LogFormat::CloudTrail)).unwrap().unwrap();
        gather.begin(LogFormat::CloudTrail, "trail");
        opened.entries("trail", &mut bad, |entry| gather.take(&entry)).unwrap();
        let recording = gather.finish().unwrap();
        assert_eq!((bad.bad, recording.seen.requests), (0, 2), "{more}");
        assert_eq!(recording.all_besides().deleted_keys, 2 * keys, "{more}");
    }
}

#[test]
fn a_list_of_parts_unwraps_the_uploads_key_if_told_so() {
    let lines = [
        at(0, "REST.POST.UPLOADS", "a", 1),
        at(1, "REST.GET.UPLOAD", "a", 2),
        at(2, "REST.GET.UPLOAD", "a", 3),
        at(3, "REST.GET.UPLOAD", "b", 4),
    ];
    let settings = billed_for("4s");
    let (scenario, results) = replay(&text(&lines), &settings);
    assert_eq!((calls(&results, 0), calls(&results, 1)), ((1, 0), (1, 1)));
    assert_eq!(billed(&results, 0).last(), Some(&(Sku::S3Put, 4)));
    assert!(scenario.populations.is_empty(), "no object is read");
    let told = format!("{settings}[multipart]\nlist_parts = 1\n");
    let (_, results) = replay(&text(&lines), &told);
    // With a bucket key: made, verified, fetched once; and of the upload that the log does not begin.
    assert_eq!((calls(&results, 0), calls(&results, 1)), ((1, 3), (1, 3)));
}

/// A log goes on as long as it has records, whatever they are of.
#[test]
fn a_log_covers_the_time_of_all_its_records() {
    for (operation, status) in [
        ("REST.GET.ACL", 200),
        ("S3.EXPIRE.OBJECT", 200),
        ("BATCH.DELETE.OBJECT", 204),
        ("REST.GET.OBJECT", 304),
    ] {
        let lines =
            [at(0, "REST.PUT.OBJECT", "a", 1), with_status(status, at(99, operation, "b", 2))];
        let recording = record(&text(&lines), LogSelection::default(), usize::MAX);
        assert_eq!(recording.end.to_string(), "1min 40s", "{operation}");
    }
}

/// AWS's own sample: 50 PUT, then 100 GET: 150 calls without bucket keys; 4 were measured with them.
#[test]
fn the_published_sample_is_replayed_from_its_log() {
    // As if one connection wrote and two read (docs/model.md, "Fan-out").
    let settings = "[assumptions]\nwrite_partitions = 1\nread_partitions = 2";
    let (_, results) = replay(&fixture("poc_replica"), settings);
    assert_eq!(whole(assumed(&results, 0).kms_requests), 150);
    assert_eq!(whole(assumed(&results, 1).kms_requests), 4);
    let with = &results.facts.configurations[1].name;
    let [low, high] = [Level::Low, Level::High].map(|level| results.at(with, level).kms_requests);
    assert!(high <= 4.0 && 4.0 <= low, "{high} {low}");
}

/// What the clients' jobs are known to ask, and what each asks of KMS.
#[test]
fn captured_jobs_cost_what_their_requests_do() {
    use bks::s3::Operation;
    let requests = |job: &str, operation: Operation| {
        let (_, results) = replay(&fixture(job), "replications = 1");
        let name = &results.facts.configurations[0].name;
        let mut rows = results.operations.iter().filter(|row| row.configuration == *name);
        let row = rows.find(|row| row.operation == operation.name());
        row.map_or((0, 0), |row| (whole(row.requests), whole(row.kms_requests)))
    };
    let up = "awscli_cp_up_100MB";
    assert_eq!(requests(up, Operation::CreateMultipartUpload), (1, 1));
    assert_eq!(requests(up, Operation::UploadPart), (13, 13));
    assert_eq!(requests(up, Operation::CompleteMultipartUpload), (1, 1));
    assert_eq!(requests("boto3_download_file_100MB", Operation::GetObject), (13, 13));
    assert_eq!(requests("boto3_download_file_100MB", Operation::HeadObject), (1, 0));
    // Renamed twice, by task and by job, of which each is a copy: two calls, one request.
    let spark = "spark_write_part";
    assert_eq!(requests(spark, Operation::CopyObject), (80, 160));
    assert_eq!(requests(spark, Operation::PutObject), (74, 74));
    assert_eq!(requests(spark, Operation::GetObject), (0, 0));
}

/// A mean that must be a whole number.
fn whole(mean: f64) -> u64 {
    assert!(mean.fract().abs() < 1e-9, "{mean}");
    mean as u64
}

fn fixture(name: &str) -> String {
    use std::io::Read;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/access-logs");
    let file = fs::File::open(path.join(format!("{name}.log.gz"))).unwrap();
    let mut log = String::new();
    flate2::read::MultiGzDecoder::new(file).read_to_string(&mut log).unwrap();
    log
}

const OPERATIONS: [&str; 9] = [
    "REST.PUT.OBJECT",
    "REST.PUT.OBJECT",
    "REST.GET.OBJECT",
    "REST.GET.OBJECT",
    "REST.GET.OBJECT",
    "REST.POST.UPLOADS",
    "REST.PUT.PART",
    "REST.POST.UPLOAD",
    "REST.HEAD.OBJECT",
];

/// Logs of few sessions, buckets, keys and seconds, so that everything meets everything.
fn log() -> impl Strategy<Value = Vec<Line>> {
    let line = (0_u32..40, 0..OPERATIONS.len(), 0..3_u32, 0..2_u32, 0..3_u32, 0..20_u32);
    prop::collection::vec(line, 1..120).prop_map(|lines| {
        let mut written = std::collections::HashSet::new();
        let line = |(id, (second, operation, key, bucket, who, copied)): (u32, _)| {
            let operation: &'static str = OPERATIONS[operation];
            let line = Line {
                bucket: format!("bucket-{bucket}"),
                requester: session(["etl", "etl", "web"][who as usize], &format!("s{who}")),
                ..Line::new(second, operation, &format!("part/{key}"), id)
            };
            // Sometimes a copy instead, whose halves are two lines.
            let (first, second) = if copied == 0 {
                let source = Line {
                    operation: "REST.COPY.OBJECT_GET",
                    key: format!("part/{}", (key + 1) % 3),
                    id: format!("{:016X}", id + 1_000),
                    ..line.clone()
                };
                (Line { operation: "REST.COPY.OBJECT", ..line }, Some(source))
            } else {
                (line, None)
            };
            [Some(first), second]
        };
        let ends = |line: &Line| {
            !matches!(line.operation, "REST.GET.OBJECT" | "REST.PUT.PART" | "REST.HEAD.OBJECT")
                && line.operation != "REST.COPY.OBJECT_GET"
        };
        let numbered = (0..).zip(lines).flat_map(line).flatten();
        // Who of several that write an object within one second was last is not in a log.
        let sound: Vec<Line> = numbered
            .filter(|line| {
                let place = (line.second, line.bucket.clone(), line.key.clone());
                !ends(line) || written.insert((place, line.operation == "REST.POST.UPLOADS"))
            })
            .collect();
        // Halves that have lost their other half.
        let copies: std::collections::HashSet<u64> = sound
            .iter()
            .filter(|line| line.operation == "REST.COPY.OBJECT")
            .map(|line| u64::from_str_radix(&line.id, 16).unwrap() + 1_000)
            .collect();
        let whole = |line: &Line| {
            line.operation != "REST.COPY.OBJECT_GET"
                || copies.contains(&u64::from_str_radix(&line.id, 16).unwrap())
        };
        sound.into_iter().filter(whole).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn random_logs_cost_what_a_naive_count_says(
        lines in log(),
        generation_s in 1_u32..20,
        cache_s in 1_u32..20,
        sliding: bool,
        verify in 0_u64..2,
    ) {
        let expiry = if sliding { "sliding" } else { "fixed" };
        let settings = format!(
            "replications = 1\n[assumptions]\ngeneration_lifetime = \"{generation_s}s\"\n\
             cache_lifetime = \"{cache_s}s\"\nexpiry = \"{expiry}\"\nwrite_partitions = 1\n\
             read_partitions = 1\nverify_on_write = {verify}"
        );
        let (_, results) = replay(&text(&lines), &settings);
        for (configuration, by_session) in [(1, false), (2, true)] {
            let rules = Rules { by_session, generation_s, cache_s, sliding, verify };
            prop_assert_eq!(calls(&results, configuration), naive(&lines, &rules), "{:?}", rules);
        }
    }

    #[test]
    fn order_repetition_and_memory_change_nothing(
        lines in log(),
        swaps in prop::collection::vec((0..200_usize, 0..200_usize), 0..100),
        memory in 0..4_000_usize,
    ) {
        let mut shuffled = lines.clone();
        for (a, b) in swaps {
            let (a, b) = (a % shuffled.len(), b % shuffled.len());
            shuffled.swap(a, b);
        }
        let again: Vec<Line> = shuffled.iter().step_by(3).cloned().collect();
        shuffled.extend(again);
        let rows = |lines: &[Line], memory| {
            let recording = record(&text(lines), LogSelection::default(), memory);
            let age = Some(UnknownAge::Even(bks::units::SimDuration::from_secs(3_600)));
            let settings = Settings {
                file: Some(("replications = 2", "settings")),
                overrides: &[],
                unknown_age: age,
            };
            let scenario = Scenario::of_recording(recording, &settings).unwrap();
            // Repeated records are counted as left out.
            Results { left_out: Vec::new(), ..Results::of(&scenario, &|_| ()) }
        };
        prop_assert_eq!(rows(&lines, usize::MAX), rows(&shuffled, memory));
    }
}

/// Requests of a simulated scenario, written as a log, cost in the replay what they cost the engine:
/// times are whole seconds there, so this is exact.
#[test]
fn a_simulated_stream_replays_to_the_engines_own_counts() {
    use bks::encryption::requester::{RequesterRule, Requesters};
    use bks::s3::{Object, Operation};
    use bks::simulation::stream::RequestStream;
    let scenario = Scenario::parse(SIMULATED).unwrap();
    let requesters =
        Requesters::group(RequesterRule::Session, &scenario.principals, &scenario.slots);
    let mut lines: Vec<Line> = Vec::new();
    let mut written: Vec<(u32, u32)> = Vec::new();
    let mut requests = Vec::new();
    let kept = keep(&scenario, 0);
    for requester in &requesters.list {
        let mut stream = RequestStream::new(&scenario, &kept, requester, 0, |_| true);
        let mut batch = Vec::new();
        while stream.next_batch(&mut batch) {
            requests.append(&mut batch.clone());
        }
    }
    let second = |time: bks::units::SimTime| {
        assert_eq!(time.as_nanos() % 1_000_000_000, 0);
        time.second() as u32
    };
    for request in requests.iter().filter(|r| r.operation == Operation::PutObject) {
        written.push((request.slot, second(request.time)));
    }
    written.sort_unstable();
    for (id, request) in requests.iter().enumerate() {
        let (operation, key) = match (request.operation, request.object) {
            (Operation::PutObject, _) => {
                ("REST.PUT.OBJECT", format!("{}/{}", request.slot, second(request.time)))
            }
            (Operation::GetObject, Object::Written { slot, time, .. }) => {
                // What the slot had written last. Before its first object the engine takes that one;
                // in a log it would be another. It is forgotten before counting starts.
                let last = written.partition_point(|w| *w <= (slot, second(time)));
                let Some(&(_, at)) = written[..last].last() else { continue };
                ("REST.GET.OBJECT", format!("{slot}/{at}"))
            }
            other => panic!("{other:?}"),
        };
        let slot = &scenario.slots[request.slot as usize];
        let role = &scenario.senders[slot.principal as usize].name;
        lines.push(Line {
            requester: session(role, &scenario.session_name(slot)),
            ..Line::new(second(request.time), operation, &key, id as u32)
        });
    }
    let simulated = Results::of(&scenario, &|_| ());
    let from = bks::units::parse_utc("2026-11-23T00:15:00Z").ok();
    let recording =
        record(&text(&lines), LogSelection { from, ..LogSelection::default() }, usize::MAX);
    let settings =
        Settings { file: Some((ASSUMED, "settings")), overrides: &[], unknown_age: None };
    let replayed = Scenario::of_recording(recording, &settings).unwrap();
    let replayed = Results::of(&replayed, &|_| ());
    for configuration in 0..3 {
        let counts = |results| calls(results, configuration);
        assert_eq!(counts(&replayed), counts(&simulated), "configuration {configuration}");
        assert!(counts(&simulated).1 > 40, "{:?}", counts(&simulated));
    }
}

const ASSUMED: &str = "replications = 1\n[assumptions]\nread_partitions = 1\nwrite_partitions = 1";
const SIMULATED: &str = r#"name = "simulated"
duration = "2h"
warm_up = "15min"
replications = 1
[assumptions]
read_partitions = 1
write_partitions = 1
[[bucket]]
name = "lake"
[[principal]]
name = "writer"
role = "writer"
[[principal]]
name = "reader"
role = "reader"
sessions = 4
[[workload]]
name = "write"
principal = "writer"
bucket = "lake"
arrivals = { periodic = { rate = "1/s" } }
[[workload]]
name = "read"
principal = "reader"
bucket = "lake"
arrivals = { periodic = { rate = "0.5/s" } }
read = { from = ["write"], pattern = { just-written = { delay = "600s" } } }
"#;

/// A folder with the published sample as a plain log.
fn sample() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let log = fixture("poc_replica");
    fs::write(folder.path().join("sample.log"), &log).unwrap();
    (folder, log)
}

/// `result.json` without the hashes of the other files.
fn unsealed(bytes: &[u8]) -> Vec<u8> {
    let mut value: serde_json::Value = serde_json::from_slice(bytes).unwrap();
    assert!(value.as_object_mut().unwrap().remove("files").is_some());
    value.to_string().into_bytes()
}

/// Name and bytes of what a replay left, but for run.toml, which names the files that were read,
/// `left_out.csv`, which counts their records as they lie there, `files_left_out.csv`, and the hashes of
/// these in `result.json`.
fn left(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .filter(|(name, _)| {
            !["run.toml", "left_out.csv", "files_left_out.csv"].contains(&name.as_str())
        })
        .map(
            |(name, bytes)| {
                if name == "result.json" { (name, unsealed(&bytes)) } else { (name, bytes) }
            },
        )
        .collect();
    files.sort();
    assert!(files.len() >= 12, "{}", files.len());
    files
}

#[test]
fn shards_compression_and_memory_change_no_byte() {
    let (folder, log) = sample();
    let folder = folder.path();
    done(folder, &["replay", "sample.log", "--out", "whole"]);
    fs::create_dir_all(folder.join("shards/deeper")).unwrap();
    let lines: Vec<&str> = log.lines().rev().collect();
    for (number, part) in lines.chunks(60).enumerate() {
        let mut bytes = (part.join("\n") + "\n").into_bytes();
        let place = if number % 2 == 0 { "shards" } else { "shards/deeper" };
        if number % 3 == 0 {
            let level = flate2::Compression::default();
            let mut gz = flate2::write::GzEncoder::new(Vec::new(), level);
            gz.write_all(&bytes).unwrap();
            bytes = gz.finish().unwrap();
        }
        fs::write(folder.join(format!("{place}/{number}")), bytes).unwrap();
    }
    done(folder, &["replay", "shards", "--out", "sharded", "--memory", "4KiB", "--jobs", "1"]);
    done(folder, &["replay", "shards", "sample.log", "--out", "twice", "--jobs", "3"]);
    assert_eq!(left(&folder.join("sharded")), left(&folder.join("whole")));
    assert_eq!(left(&folder.join("twice")), left(&folder.join("whole")));
}

/// What is found beside logs in a folder is named and left out; what is named must be a log.
#[test]
fn patterns_are_expanded_and_what_is_no_log_left_out_of_folders_only() {
    let (folder, _) = sample();
    let folder = folder.path();
    done(folder, &["replay", "sample.log", "--out", "whole"]);
    fs::create_dir_all(folder.join("logs/deeper")).unwrap();
    fs::copy(folder.join("sample.log"), folder.join("logs/deeper/a.log")).unwrap();
    fs::write(folder.join("logs/README.md"), "What lies here.\n").unwrap();
    fs::write(folder.join("logs/empty.log"), "").unwrap();
    let output = bks(folder, &["replay", "logs", "--out", "walked"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}");
    assert!(told.contains("README.md is left out: it is no log"), "{told}");
    done(folder, &["replay", "logs/**/*.log", "--out", "matched"]);
    for out in ["walked", "matched"] {
        assert_eq!(left(&folder.join(out)), left(&folder.join("whole")), "{out}");
    }
    let refused = fails(folder, 2, &["replay", "logs", "logs/README.md"]);
    assert!(refused.contains("logs/README.md: the file is of no known format"), "{refused}");
    let refused = fails(folder, 2, &["replay", "logs/*.gz"]);
    assert!(refused.contains("logs/*.gz: the pattern matches no file"), "{refused}");
    let refused = fails(folder, 2, &["replay", "logs/***"]);
    assert!(refused.contains("the pattern is not one"), "{refused}");
    fs::remove_file(folder.join("sample.log")).unwrap();
    fs::remove_dir_all(folder.join("logs/deeper")).unwrap();
    fails(folder, 2, &["replay", "logs"]);
}

#[test]
fn a_replay_comes_again_from_its_run_file_and_is_no_scenario() {
    let (folder, _) = sample();
    let folder = folder.path();
    let set = ["--set", "lifetime=2min", "--unknown-age", "7d", "--seed", "9"];
    done(folder, &[&["replay", "sample.log", "--out", "one"], &set[..]].concat());
    done(folder, &["replay", "sample.log", "--scenario", "one/run.toml", "--out", "two"]);
    assert_eq!(left(&folder.join("one")), left(&folder.join("two")));
    let run = |name| fs::read(folder.join(name)).unwrap();
    assert_eq!(run("one/run.toml"), run("two/run.toml"));
    let refused = fails(folder, 2, &["simulate", "one/run.toml"]);
    assert!(refused.contains("the scenario was made from a log"), "{refused}");
    let refused = fails(folder, 2, &["replay", "sample.log", "--set", "duration=1d"]);
    assert!(refused.contains("`duration` is what the log says"), "{refused}");
}

#[test]
fn lines_that_cannot_be_read_are_counted_and_too_many_refused() {
    let (folder, log) = sample();
    let folder = folder.path();
    fs::write(folder.join("bad.log"), format!("{log}what is this?\nand\tthat\n")).unwrap();
    let output = bks(folder, &["replay", "bad.log", "--out", "out"]);
    assert!(output.status.success());
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("2 of 252 lines cannot be read"), "{told}");
    assert!(told.contains("bad.log:251: `what is this?`"), "{told}");
    let refused = fails(folder, 2, &["replay", "bad.log", "--out", "none", "--max-bad", "0.5%"]);
    assert!(refused.contains("2 of 252 lines cannot be read"), "{refused}");
    assert!(!folder.join("none").exists());
    let empty = fails(folder, 2, &["replay", "sample.log", "--bucket", "puddle"]);
    assert!(empty.contains("no request is left"), "{empty}");
}

/// What lies before `--from` is not counted, but keys made then are known and held.
#[test]
fn times_choose_what_is_counted() {
    let lines = [
        Line::new(3_600, "REST.PUT.OBJECT", "a", 1),
        Line::new(3_601, "REST.GET.OBJECT", "a", 2),
        Line::new(3_700, "REST.GET.OBJECT", "a", 3),
        Line::new(3_800, "REST.GET.OBJECT", "a", 4),
        Line::new(7_200, "REST.GET.OBJECT", "a", 5),
    ];
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("a.log"), text(&lines)).unwrap();
    let kms = |more: &[&str]| {
        let set = ["--set", "assumptions.cache_hosts=1", "--replications", "1"];
        let all = [&["replay", "a.log", "--format", "json"], &set[..], more].concat();
        let value: serde_json::Value = serde_json::from_str(&done(folder, &all)).unwrap();
        let rows = value["summary"].as_array().unwrap();
        let of = |name: &str| {
            let row = rows
                .iter()
                .find(|row| row["configuration"] == name && row["assumption"] == "assumed");
            whole(row.unwrap()["kms_requests"].as_f64().unwrap())
        };
        (of("sse-kms"), of("bucket-key-role"))
    };
    assert_eq!(kms(&[]), (5, 4));
    assert_eq!(kms(&["--to", "2026-11-23T02:00:00Z"]), (4, 3));
    assert_eq!(kms(&["--from", "2026-11-23T01:01:00Z"]), (3, 1));
    let both = ["--from", "2026-11-23T01:01:00Z", "--to", "2026-11-23T02:00:00Z"];
    assert_eq!(kms(&both), (2, 0));
    let wrong = fails(folder, 2, &["replay", "a.log", "--from", "2026-11-24"]);
    assert!(wrong.contains("no request at or after `--from`"), "{wrong}");
    let wrong = fails(folder, 2, &["replay", "a.log", "--from", "yesterday"]);
    assert!(wrong.contains("`yesterday` is not a point in time"), "{wrong}");
}

/// A read of an object whose writing is not in the log costs a call each time, once, or something in
/// between; the verdict's range has both ends.
#[test]
fn what_is_not_in_the_log_is_an_assumption_that_is_shown() {
    let lines: Vec<Line> =
        (0..100).map(|i| Line::new(i, "REST.GET.OBJECT", &format!("k{i}"), i)).collect();
    let count = |age: UnknownAge| {
        let recording = record(&text(&lines), LogSelection::default(), usize::MAX);
        let file = Some(("[assumptions]\ncache_hosts = 1", "settings"));
        let settings = Settings { file, overrides: &[], unknown_age: Some(age) };
        let scenario = Scenario::of_recording(recording, &settings).unwrap();
        let results = Results::of(&scenario, &|_| ());
        let swing = &results.sensitivity[0];
        assert_eq!(swing.assumption, "objects_not_in_log");
        let (low, high) = (swing.saving_at_low, swing.saving_at_high);
        assert!(low.abs() < 1e-9 && (high - 0.99).abs() < 1e-9, "{swing:?}");
        assert_eq!(results.facts.warnings[0].id, "objects-not-in-log");
        let verdict = bks::report::run::verdict(&results);
        assert!(verdict.contains("were written: 0.0 % … 99.0 %]"), "{verdict}");
        assumed(&results, 1).kms_requests
    };
    assert_eq!(whole(count(UnknownAge::Keyless)), 100);
    assert_eq!(whole(count(UnknownAge::OneKey)), 1);
    // 100 objects written evenly over ten lifetimes: a key for each of ten windows, or nearly.
    let even = count(UnknownAge::Even(bks::units::SimDuration::from_secs(3_000)));
    assert!((8.0..=10.0).contains(&even), "{even}");
}

/// Every assumption about S3 known, so that nothing is left but what the log does not show.
const KNOWN: &str = "replications = 1\n[assumptions]\nread_partitions = 1\nwrite_partitions = 1\n\
                     generation_lifetime = \"5min\"\ncache_lifetime = \"5min\"\nexpiry = \"fixed\"\n\
                     verify_on_write = 1\nmigration_rate = \"50/s\"\n";

/// A PUT, and ten GETs of two objects that the log does not tell the writing of: 11 calls without bucket
/// keys. With them a key is made and verified, and either every GET calls (12) or the first of all (3).
fn read_from_before() -> Vec<Line> {
    let reads = (0..10).map(|i| at(10 + i, "REST.GET.OBJECT", &format!("old{}", i % 2), 2 + i));
    std::iter::once(at(0, "REST.PUT.OBJECT", "new", 1)).chain(reads).collect()
}

/// One range, and the same everywhere: 1 − 12/11 … 1 − 3/11.
#[test]
fn what_the_log_does_not_tell_is_within_every_range() {
    const RANGE: &str = "-9.1 % … 72.7 %";
    for age in ["keyless", "one-key", "30d"] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        fs::write(folder.join("access.log"), text(&read_from_before())).unwrap();
        fs::write(folder.join("settings.toml"), KNOWN).unwrap();
        let replay = ["replay", "access.log", "--scenario", "settings.toml", "--unknown-age", age];
        let table = done(folder, &[&replay[..], &["--out", "one"]].concat());
        // The sentence says what costs more or fewer.
        let in_words = "[9.1 % more … 72.7 % fewer]";
        let bracket =
            if table.contains("costs 9.1 % more") { in_words } else { &format!("[{RANGE}]") };
        assert!(table.contains(bracket), "{table}");
        let low_high = table.lines().filter(|line| line.trim_start().starts_with("low … high"));
        let savings: Vec<&str> = low_high.filter(|line| line.contains('%')).collect();
        assert!(savings.iter().any(|line| line.matches(RANGE).count() == 2), "{table}");
        let bounds = table.lines().find(|line| line.contains("floor … ceiling")).unwrap();
        // Keys that live for ever need no verification.
        assert_eq!(bounds.matches("-9.1 % … 81.8 %").count(), 2, "{table}");
        let markdown =
            done(folder, &[&replay[..], &["--out", "one", "--format", "markdown"]].concat());
        assert!(markdown.contains(bracket), "{markdown}");
        done(folder, &["report", "one"]);
        let page =
            fs::read_to_string(folder.join("one/report.html")).unwrap().replace('\u{a0}', " ");
        // Tile, two doubts, two configurations' rows of levels, and charts; the verdict in its own words.
        assert!(page.matches(RANGE).count() >= 5, "{}", page.matches(RANGE).count());
        assert!(page.contains("four different reasons"));
        let summary = fs::read_to_string(folder.join("one/summary.csv")).unwrap();
        let calls = |level: &str| column(&summary, "bucket-key-role", level, "kms_requests");
        assert_eq!((calls("low"), calls("high")), (12.0, 3.0), "{age}");
        let cost = |level: &str| column(&summary, "bucket-key-role", level, "kms_cost_usd");
        assert!(cost("high") <= cost("assumed") && cost("assumed") <= cost("low"));
        let saving = |level: &str| column(&summary, "bucket-key-session", level, "saving_ratio");
        assert!(
            (saving("low") + 1.0 / 11.0).abs() < 1e-9 && (saving("high") - 8.0 / 11.0).abs() < 1e-9
        );
        let floor = column(&summary, "bucket-key-role", "assumed", "saving_floor");
        let ceiling = column(&summary, "bucket-key-role", "assumed", "saving_ceiling");
        assert!(floor <= saving("low") + 1e-9 && saving("high") <= ceiling + 1e-9);
        let without = |level: &str| column(&summary, "sse-kms", level, "kms_requests");
        assert_eq!(["low", "assumed", "high"].map(without), [11.0; 3]);
    }
}

/// A number of a CSV file by configuration, level and column.
fn column(csv: &str, configuration: &str, level: &str, name: &str) -> f64 {
    let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let place = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let is_it = |row: &Vec<&str>| {
        row[place("configuration")] == configuration && row[place("assumption")] == level
    };
    lines.find(is_it).unwrap()[place(name)].parse().unwrap()
}

/// What stands on the page under "The same again" works as it stands there, in a folder with nothing but
/// the log and the scenario.
#[test]
fn the_same_again_works_as_printed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::create_dir(folder.join("my logs")).unwrap();
    fs::write(folder.join("my logs/access.log"), text(&read_from_before())).unwrap();
    let chosen = ["--from", "2026-11-23T00:00:05Z", "--bucket", "lake", "--set", "lifetime=2min"];
    done(folder, &[&["replay", "my logs"], &chosen[..], &["--unknown-age", "7d"]].concat());
    let one = left(&folder.join("results/replay"));
    done(folder, &["report", "results/replay"]);
    let page = fs::read_to_string(folder.join("results/replay/report.html")).unwrap();
    let commands = page.split_once("<pre id=\"commands\"").unwrap().1;
    let commands = commands.split_once("<code>").unwrap().1.split_once("</code>").unwrap().0;
    let commands = commands.replace("&#39;", "'").replace("&apos;", "'").replace("&quot;", "\"");
    assert!(commands.starts_with("bks replay 'my logs' "), "{commands}");
    assert!(!page.contains("are drawn from the scenario's laws"), "a log's requests are not drawn");
    fs::rename(folder.join("results/replay/run.toml"), folder.join("run.toml")).unwrap();
    fs::remove_dir_all(folder.join("results")).unwrap();
    let bin = Path::new(env!("CARGO_BIN_EXE_bks")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    let shell = shell.args(["-e", "-c", &commands]).current_dir(folder).env("PATH", path);
    let output = shell.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut again = left(&folder.join("results/replay"));
    again.retain(|(name, _)| name != "report.html");
    assert_eq!(again, one);
    let again = fs::read_to_string(folder.join("results/replay/report.html")).unwrap();
    assert_eq!(again, page);
    // The same commands stand in Markdown.
    let markdown = done(folder, &["report", "results/replay", "--format", "markdown"]);
    assert!(markdown.contains(&commands), "{markdown}");
}

/// A log from standard input has no name, so no command is offered.
#[test]
fn a_log_from_standard_input_is_not_offered_again() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("access.log"), text(&read_from_before())).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_bks"));
    let command = command.args(["replay", "-", "--out", "one"]).current_dir(folder);
    let output =
        command.stdin(fs::File::open(folder.join("access.log")).unwrap()).output().unwrap();
    assert!(output.status.success());
    let markdown = done(folder, &["report", "one", "--format", "markdown"]);
    assert!(
        !markdown.contains("bks replay - ")
            && !markdown.contains("bks replay -\n")
            && markdown.contains("standard input"),
        "{markdown}"
    );
}

/// Where nothing keyless is read no alarm is raised, and where nobody writes no hint for writers; CSV has
/// no place for warnings, so they stand on standard error.
#[test]
fn warnings_apply_to_what_is_in_the_log() {
    let ids = |lines: &[Line]| -> Vec<String> {
        let (_, results) = replay(&text(lines), KNOWN);
        results.facts.warnings.into_iter().map(|warning| warning.id).collect()
    };
    let reads: Vec<Line> = read_from_before().split_off(1);
    let of_reads = ids(&reads);
    assert!(!of_reads.contains(&"writers-need-decrypt".to_owned()), "{of_reads:?}");
    let put_and_got = [at(0, "REST.PUT.OBJECT", "a", 1), at(1, "REST.GET.OBJECT", "a", 2)];
    let of_both = ids(&put_and_got);
    assert!(of_both.contains(&"writers-need-decrypt".to_owned()), "{of_both:?}");
    assert!(!of_both.contains(&"objects-without-key".to_owned()), "{of_both:?}");
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("access.log"), text(&read_from_before())).unwrap();
    let output = bks(folder, &["replay", "access.log", "--format", "csv"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("warning: ") && told.contains("--unknown-age"), "{told}");
    let output = bks(folder, &["replay", "access.log", "--format", "csv", "--quiet"]);
    assert!(output.stderr.is_empty());
}

/// `--configuration` leaves the others out and changes none.
#[test]
fn chosen_configurations_are_counted_as_among_all() {
    let folder = tempfile::tempdir().unwrap();
    let lines =
        [at(0, "REST.PUT.OBJECT", "a", 1), at(9, "REST.GET.OBJECT", "a", 2)].map(|l| l.text());
    fs::write(folder.path().join("access.log"), lines.concat()).unwrap();
    let run = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bks"));
        command.args(["replay", "access.log", "--out", "out", "--format", "csv", "-q"]);
        command.args(more).current_dir(&folder).output().unwrap()
    };
    let rows = |output: &Output| -> Vec<String> {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout.clone()).unwrap().lines().map(str::to_owned).collect()
    };
    let all = rows(&run(&[]));
    let chosen = rows(&run(&["--configuration", "bucket-key-role"]));
    let of = |row: &&String| row.contains(",bucket-key-role,") || row.contains(",sse-kms,");
    let expected: Vec<&String> = all.iter().take(1).chain(all.iter().filter(of)).collect();
    assert_eq!(chosen.iter().collect::<Vec<_>>(), expected);
    assert_eq!(chosen.len(), 7);
    let run_file = fs::read_to_string(folder.path().join("out/run.toml")).unwrap();
    assert!(run_file.contains("headline = \"bucket-key-role\""), "{run_file}");
    let refused = run(&["--configuration", "bucket-key-rule"]);
    let errors = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2));
    assert!(errors.contains("--configuration") && errors.contains("`bucket-key-role`"), "{errors}");
}

/// A trail of two buckets, one of which has KMS's events alone, in many files with bad lines and
/// repeats between: read one after another or several at a time, in whatever memory, it is the same.
#[test]
fn files_that_are_read_together_are_as_those_read_in_turn() {
    const TWO_BUCKETS: &str = r#"
name = "two"
duration = "5min"
replications = 1
[[bucket]]
name = "told"
[[bucket]]
name = "calls"
[[principal]]
name = "app"
role = "app"
sessions = 3
[[workload]]
name = "write"
principal = "app"
bucket = "told"
arrivals = { poisson = { rate = "3/s" } }
[[workload]]
name = "copy"
principal = "app"
bucket = "calls"
arrivals = { poisson = { rate = "1/s" } }
mix = { copy = 1 }
read = { from = ["write"], pattern = { by-age = { exponential = { mean = "30s" } } } }
[[workload]]
name = "read"
principal = "app"
bucket = "calls"
arrivals = { poisson = { rate = "2/s" } }
read = { from = ["copy"], pattern = { by-age = { exponential = { mean = "20s" } } } }
"#;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("two.toml"), TWO_BUCKETS).unwrap();
    let export = ["export", "two.toml", "--configuration", "sse-kms", "--format", "cloudtrail"];
    done(folder, &[&export[..], &["--out", "trail.json"]].concat());
    let trail: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.join("trail.json")).unwrap()).unwrap();
    let events = trail["Records"].as_array().unwrap().iter();
    let is_kept = |event: &&serde_json::Value| {
        event["eventSource"] == "kms.amazonaws.com"
            || event["requestParameters"]["bucketName"] == "told"
    };
    let events: Vec<String> = events.filter(is_kept).map(ToString::to_string).collect();
    assert!(events.len() > 2_000, "{}", events.len());
    fs::create_dir(folder.join("logs")).unwrap();
    for number in 0..23 {
        let own = events.iter().skip(number * 7 % 23).step_by(23);
        let mut lines: Vec<&str> = own.map(String::as_str).collect();
        lines.push(if number % 5 == 0 { "{\"eventSource\": 1}" } else { &events[number * 31] });
        fs::write(folder.join(format!("logs/{number}.json")), lines.join("\n")).unwrap();
    }
    let all = |out: &str| {
        let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
        let files = fs::read_dir(folder.join(out)).unwrap().map(|entry| name(entry.unwrap()));
        let files: BTreeSet<String> = files.collect();
        let read = |name: String| (fs::read_to_string(folder.join(out).join(&name)).unwrap(), name);
        files.into_iter().map(read).collect::<Vec<_>>()
    };
    let in_turn = ["replay", "logs", "--jobs", "1", "--out", "turn"];
    done(folder, &in_turn);
    let turn = all("turn");
    assert!(turn.iter().any(|(text, _)| text.contains("requests-of-kms-events")));
    for (out, more) in
        [("three", &["--jobs", "3"][..]), ("tiny", &["--jobs", "4", "--memory", "1KiB"])]
    {
        done(folder, &[&["replay", "logs", "--out", out], more].concat());
        let together = all(out);
        assert_eq!(together.len(), turn.len());
        for ((text, name), (own, _)) in together.iter().zip(&turn) {
            assert!(text == own, "{name} differs under {more:?}");
        }
    }
}

/// Three of four requests are throttled. A quota of two calls a second is exceeded by them, one of 10,000 is not; and
/// a log without a 503 has no word of it.
#[test]
fn throttled_requests_of_a_log_are_told_beside_the_quota() {
    let mut lines: Vec<Line> =
        (1..=4).map(|id| Line::new(10, "REST.GET.OBJECT", "a", id)).collect();
    let warned = |lines: &[Line], quota: u32| {
        let log = text(lines).replace("503 AccessDenied", "503 SlowDown");
        let settings = format!("billing = {{ kms_quota_per_s = {quota} }}");
        let (_, results) = replay(&log, &settings);
        let warnings = results.facts.warnings.into_iter();
        warnings.filter(|it| it.id == "slow-downs-in-log").map(|it| it.what).collect::<Vec<_>>()
    };
    assert_eq!(warned(&lines, 2), Vec::<String>::new());
    lines.iter_mut().skip(1).for_each(|line| line.status = 503);
    let told = warned(&lines, 10_000).remove(0);
    assert!(
        told.contains("3 requests of the log are answered 503 SlowDown, 75.0 % of all"),
        "{told}"
    );
    assert!(told.contains("S3 itself throttles"), "{told}");
    lines.extend((5..=8).map(|id| Line::new(20, "REST.GET.OBJECT", "a", id)));
    let told = warned(&lines, 2).remove(0);
    assert!(told.contains("so KMS throttles, and bucket keys help"), "{told}");
}
