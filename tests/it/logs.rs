//! Logs of every form: what is read from files as people have them, and from files that nobody
//! should have.

use crate::support::seen;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::Read;

use bks::error::Error;
use bks::kms::KmsApi;
use bks::logs::LogFormat;
use bks::logs::bad_lines::{BadLines, LineError};
use bks::logs::record::{LogOperation, LoggedEncryption, LoggedRequester, Skipped};
use bks::s3::Operation;
use seen::{EVENTS, QUIRKS, Seen, fixture, read};

/// How many requests of each operation succeeded and failed.
fn counts(bytes: &[u8]) -> BTreeMap<(LogOperation, bool), u64> {
    let (form, seen, bad) = read(bytes, None).unwrap();
    assert_eq!((form, bad.bad), (Some(LogFormat::S3AccessLog), 0));
    let mut counts = BTreeMap::new();
    for seen in seen {
        let Seen::Request(request) = seen else { panic!("an access log has requests") };
        *counts.entry((request.operation, request.succeeded)).or_default() += 1;
    }
    counts
}

/// The captured jobs of three clients, against what is known of how these clients work.
#[test]
fn real_clients_requests_are_counted() {
    use Operation::*;
    for (name, expected) in [
        ("boto3_download_file_100MB", &[(HeadObject, 1), (GetObject, 13)][..]),
        (
            "boto3_upload_file_100MB",
            &[(CreateMultipartUpload, 1), (UploadPart, 13), (CompleteMultipartUpload, 1)],
        ),
        ("poc_replica", &[(PutObject, 50), (HeadObject, 100), (GetObject, 100)]),
    ] {
        let expected: BTreeMap<_, _> = expected
            .iter()
            .map(|(operation, count)| ((LogOperation::Known(*operation), true), *count))
            .collect();
        assert_eq!(counts(&fixture(&format!("access-logs/{name}.log.gz"))), expected, "{name}");
    }
}

#[test]
fn a_log_of_quirks_is_read_line_by_line() {
    use LogOperation::*;
    let (form, seen, bad) = read(QUIRKS, None).unwrap();
    assert_eq!(form, Some(LogFormat::S3AccessLog));
    let operations: Vec<_> = seen
        .iter()
        .map(|seen| match seen {
            Seen::Request(request) => (request.operation, request.succeeded),
            Seen::Kms(_) | Seen::Skipped(_) => panic!("{seen:?}"),
        })
        .collect();
    let expected = [
        (WithoutData, true),
        (Known(Operation::GetObject), true),
        (Known(Operation::GetObject), false),
        (Known(Operation::CopyObject), true),
        (CopySource, true),
        (Known(Operation::DeleteObject), true),
        (DeletedKey, true),
        (Lifecycle, true),
        (Known(Operation::PutObject), false),
    ];
    assert_eq!(operations, expected);
    // The empty line is no line, but has a number.
    assert_eq!((bad.lines, bad.bad), (10, 1));
    assert_eq!((bad.first[0].line, bad.first[0].flaw), (11, LineError::Field("request's URI")));
}

/// The events of the fixture in each wrapping that they come in.
fn wrappings() -> Vec<(&'static str, String)> {
    let events: Vec<&str> = EVENTS.lines().collect();
    let array = events.join(",");
    let pretty = |text: String| {
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        serde_json::to_string_pretty(&value).unwrap()
    };
    let detail = |event: &&str| format!(r#"{{"version":"0","detail-type":"x","detail":{event}}}"#);
    let text = |event: &&str| {
        let text = serde_json::to_string(event).unwrap();
        format!(r#"{{"EventId":"e","Resources":[],"CloudTrailEvent":{text}}}"#)
    };
    let bridged: Vec<_> = events.iter().map(detail).collect();
    let looked_up: Vec<_> = events.iter().map(text).collect();
    vec![
        ("a line each", EVENTS.to_owned()),
        ("no line end", events.join("\n")),
        ("Windows line ends", events.join("\r\n")),
        ("one after another", events.concat()),
        ("Records", format!(r#"{{"Records":[{array}]}}"#)),
        ("Records with spaces", format!("\u{feff} {{ \"Records\" : [ {array} ] }}\n")),
        ("pretty Records", pretty(format!(r#"{{"Records":[{array}]}}"#))),
        ("array", format!("[{array}]")),
        ("pretty array", pretty(format!("[{array}]"))),
        ("EventBridge", bridged.join("\n")),
        ("array of EventBridge", format!("[{}]", bridged.join(","))),
        ("lookup-events", format!(r#"{{"Events":[{}],"NextToken":"x{{"}}"#, looked_up.join(","))),
        ("more fields", format!(r#"{{"Events":[{array}],"a":"\"","b" : 1, "c":null}}"#)),
    ]
}

#[test]
fn events_are_the_same_in_every_wrapping() {
    let (_, expected, _) = read(EVENTS.as_bytes(), Some(LogFormat::CloudTrail)).unwrap();
    assert_eq!(expected.len(), 8);
    for (name, text) in wrappings() {
        let (form, seen, bad) = read(text.as_bytes(), None).unwrap();
        assert_eq!(form, Some(LogFormat::CloudTrail), "{name}");
        assert_eq!(seen, expected, "{name}");
        assert_eq!((bad.lines, bad.bad), (8, 0), "{name}: {:?}", bad.first);
    }
}

#[test]
fn events_say_who_asked_for_what() {
    let (_, seen, _) = read(EVENTS.as_bytes(), None).unwrap();
    let role = "AssumedRole 111122223333 etl i-0123";
    let requests: Vec<_> = seen.iter().filter_map(Seen::request).collect();
    let [put, copy, head] = &requests[..] else { panic!("three requests") };
    assert_eq!(put.operation, LogOperation::Known(Operation::PutObject));
    assert_eq!(put.key.as_deref(), Some("uploads/a \"b\" ü.parquet"));
    assert_eq!((put.requester.as_str(), put.credential.as_deref()), (role, Some("ASIAEXAMPLE1")));
    assert_eq!((put.object_size, put.encryption), (Some(204_800), Some(LoggedEncryption::SseKms)));
    assert_eq!((put.id.as_deref(), put.time), (Some("e-1"), 1_795_162_367_000_000_000));
    assert_eq!(copy.copy_source.as_deref(), Some("amzn-s3-demo-bucket/from?versionId=v1"));
    assert_eq!((copy.requester.as_str(), copy.credential.as_deref()), ("Anonymous", None));
    assert_eq!(head.operation, LogOperation::Known(Operation::HeadObjectChecksum));
    assert_eq!((head.version_id.as_deref(), head.succeeded), (Some("v1"), false));
    assert_eq!(head.credential.as_deref(), Some("AROAEXAMPLE:i-0123"));
    assert_eq!(head.encryption, Some(LoggedEncryption::SseS3));

    let calls: Vec<_> = seen.iter().filter_map(Seen::kms).collect();
    let [generate, decrypt, encrypt] = &calls[..] else { panic!("three calls") };
    assert_eq!((generate.api, generate.is_of_bucket), (KmsApi::GenerateDataKey, Some(true)));
    assert_eq!(generate.key_arn.as_deref(), Some("arn:aws:kms:us-east-1:111122223333:key/k-1"));
    assert_eq!((decrypt.api, decrypt.is_of_bucket), (KmsApi::Decrypt, Some(false)));
    assert_eq!(decrypt.key_arn.as_deref(), Some("arn:aws:kms:us-east-1:111122223333:key/k-2"));
    assert_eq!(decrypt.error.as_deref(), Some("AccessDenied"));
    assert_eq!(decrypt.requester, "User 111122223333 loader");
    assert_eq!((encrypt.api, encrypt.is_of_bucket), (KmsApi::Encrypt, None));
    assert_eq!(encrypt.requester, "Service logging.s3.amazonaws.com");
    assert_eq!(encrypt.credential.as_deref(), Some("logging.s3.amazonaws.com"));
    let skipped: Vec<_> = seen.iter().filter_map(Seen::skipped).collect();
    assert_eq!(skipped, [Skipped::OtherService, Skipped::KeyManagement]);
}

#[test]
fn events_of_all_versions_are_read_and_digests_and_insights_are_not() {
    for version in ["1.0", "1.01", "1.02", "1.05", "1.10", "1.11", "9.99"] {
        let event = EVENTS.lines().next().unwrap().replace("\"1.11\"", &format!("\"{version}\""));
        let (_, seen, bad) = read(event.as_bytes(), None).unwrap();
        assert_eq!((seen.len(), bad.bad), (1, 0), "{version}");
    }
    let digest = r#"{"awsAccountId":"1","digestStartTime":"2026-11-20T08:00:00Z","logFiles":[{}]}"#;
    let (form, seen, bad) = read(digest.as_bytes(), None).unwrap();
    assert_eq!(form, Some(LogFormat::CloudTrail));
    assert_eq!((seen, bad.bad), (vec![Seen::Skipped(Skipped::Digest)], 0));
    let insight = r#"{"eventSource":"s3.amazonaws.com","eventCategory":"Insight"}"#;
    let (_, seen, _) = read(insight.as_bytes(), None).unwrap();
    assert_eq!(seen, [Seen::Skipped(Skipped::Insight)]);
    let empty = read(b"{\n \"Records\": [\n ]\n}", None).unwrap();
    assert_eq!((empty.0, empty.1.len(), empty.2.lines), (Some(LogFormat::CloudTrail), 0, 0));
}

/// One broken event costs only itself.
#[test]
fn what_follows_a_broken_event_is_read() {
    let events: Vec<&str> = EVENTS.lines().collect();
    let cut = &events[0][..300];
    let long = format!(r#"{{"eventSource":"{}"}}"#, "x".repeat(3 << 20));
    let cut_in_text = &events[0][..311];
    for (name, broken, flaw) in [
        ("cut off", cut, LineError::Json),
        ("cut off in a text", cut_in_text, LineError::Json),
        ("no source", r#"{"eventName":"x"}"#, LineError::Lacks("`eventSource`")),
        (
            "no time",
            r#"{"eventSource":"s3.amazonaws.com","eventName":"x"}"#,
            LineError::Lacks("`eventTime`"),
        ),
        (
            "bad time",
            r#"{"eventSource":"s3.amazonaws.com","eventName":"x","eventTime":"now"}"#,
            LineError::Field("`eventTime`"),
        ),
        ("no JSON", r#"{"eventName":tru}"#, LineError::Json),
        ("twice", r#"{"eventName":"a","eventName":"b"}"#, LineError::Json),
        ("text", "hello", LineError::Json),
        ("text in text", r#"{"CloudTrailEvent":"{\"eventSource\":"}"#, LineError::Json),
        ("too long", &long, LineError::TooLong),
    ] {
        let text = format!("{}\n{broken}\n{}\n", events[1], events[2]);
        let (_, seen, bad) = read(text.as_bytes(), Some(LogFormat::CloudTrail)).unwrap();
        assert_eq!(seen.len(), 2, "{name}");
        assert_eq!((bad.lines, bad.bad), (3, 1), "{name}");
        assert_eq!((bad.first[0].line, bad.first[0].flaw), (2, flaw), "{name}");
    }
    // What is no UTF-8 spoils its event alone, in one window with the others.
    let mut bytes = EVENTS.as_bytes().to_vec();
    bytes[100] = 0xff;
    let (_, seen, bad) = read(&bytes, None).unwrap();
    assert_eq!((seen.len(), bad.bad), (7, 1));
    let (_, seen, bad) = read(&EVENTS.as_bytes()[..EVENTS.len() - 10], None).unwrap();
    assert_eq!((seen.len(), bad.first[0].flaw), (7, LineError::CutOff));
}

#[test]
fn requesters_of_access_logs_are_known() {
    let (_, seen, _) = read(QUIRKS, None).unwrap();
    let requesters: Vec<_> =
        seen.iter().filter_map(Seen::request).map(|request| request.requester.as_str()).collect();
    assert_eq!(requesters[2], "User 111122223333 loader");
    assert_eq!(requesters[3], "AssumedRole 111122223333 etl i-0123");
    assert_eq!(requesters[7], "Service AmazonS3");
    assert_eq!(LoggedRequester::parse(b"-"), LoggedRequester::Anonymous);
}

/// Lines of all lengths, over many windows, against a split of the whole.
#[test]
fn lines_are_whole_whatever_the_window_ends_within() {
    let mut log = String::new();
    let mut expected = Vec::new();
    for number in 0..6_000_usize {
        let key = "k".repeat(number * number % 977);
        let _ = writeln!(log, "{number} REST.GET.OBJECT {key}{number}");
        expected.push(format!("{key}{number}"));
    }
    assert!(log.len() > 2 << 20);
    let (form, seen, bad) = read(log.as_bytes(), None).unwrap();
    assert_eq!((form, bad.lines, bad.bad), (Some(LogFormat::IbmCos), 6_000, 0));
    let keys: Vec<_> =
        seen.iter().map(|seen| seen.request().unwrap().key.clone().unwrap()).collect();
    assert_eq!(keys, expected);

    let events: String = (0..2_000)
        .map(|number| {
            let event = EVENTS.lines().next().unwrap();
            event.replace("uploads/a", &format!("{number}{}", "ü".repeat(number * number % 97)))
                + "\n"
        })
        .collect();
    let (_, seen, bad) = read(events.as_bytes(), None).unwrap();
    assert_eq!((seen.len(), bad.lines, bad.bad), (2_000, 2_000, 0));
}

#[test]
fn a_line_of_100_megabytes_is_skipped_and_counted() {
    let long = || std::io::repeat(b'x').take(100 << 20);
    for (form, before) in [
        (LogFormat::S3AccessLog, QUIRKS.split_inclusive(|byte| *byte == b'\n').next().unwrap()),
        (LogFormat::IbmCos, b"1 REST.GET.OBJECT a\n"),
        (LogFormat::CloudTrail, EVENTS.lines().next().unwrap().as_bytes()),
    ] {
        let open: &[u8] = if form == LogFormat::CloudTrail { b"{\"a\":\"" } else { b"" };
        let close: &[u8] = if form == LogFormat::CloudTrail { b"\"}" } else { b"\n" };
        let source = before.chain(open).chain(long()).chain(close).chain(before);
        let (_, seen, bad) = seen::read_from(source, Some(form)).unwrap();
        assert_eq!((seen.len(), bad.lines, bad.bad), (2, 3, 1), "{form:?}");
        assert_eq!((bad.first[0].line, bad.first[0].flaw), (2, LineError::TooLong), "{form:?}");
        assert!(bad.first[0].excerpt.len() < 1_000);
    }
}

#[test]
fn forms_are_known_by_their_beginnings() {
    let ibm = b"1219 REST.PUT.OBJECT 8d4f 1056\n";
    for (form, bytes) in [
        (Some(LogFormat::S3AccessLog), QUIRKS),
        (Some(LogFormat::S3AccessLog), &[b"# cut off\n", QUIRKS].concat()[..]),
        (Some(LogFormat::CloudTrail), EVENTS.as_bytes()),
        (Some(LogFormat::CloudTrail), b"\n[{\"eventSource\":1}]"),
        (Some(LogFormat::IbmCos), ibm),
        (None, b"{\"sourceBucket\":\"a\",\"files\":[]}"),
        (None, b"bucket,key\n1,2\n"),
        (None, b"\n\n\n"),
        (None, b"hello"),
        (None, b"\x1f"),
        (None, &[0; 240]),
    ] {
        let found = LogFormat::detect(bytes);
        assert_eq!(found, form, "{}", String::from_utf8_lossy(&bytes[..bytes.len().min(50)]));
    }
    assert_eq!(read(b"", None).unwrap().0, None);
    assert_eq!(read(b"hello\n", None).unwrap_err().exit_code(), 2);
    assert_eq!(LogFormat::ALL.map(LogFormat::name).len(), 3);
}

#[test]
fn more_bad_lines_than_allowed_are_an_error_that_shows_them() {
    let log = [QUIRKS, b"\nbad `line`\x1b[0m\n"].concat();
    let (_, _, bad) = read(&log, None).unwrap();
    assert_eq!((bad.lines, bad.bad), (11, 2));
    assert!(bad.check("20%".parse().unwrap()).is_ok());
    let error: Error = bad.check("1%".parse().unwrap()).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("2 of 11 lines cannot be read, but at most 1% may be bad"), "{text}");
    assert!(text.contains(r"log:13: `bad \u{60}line\u{60}\u{1b}[0m`"), "{text}");
    assert_eq!(error.exit_code(), 2);
    assert!(BadLines::default().check("0".parse().unwrap()).is_ok());

    let mut all = BadLines::default();
    for _ in 0..4 {
        all.merge(bad.clone());
    }
    assert_eq!((all.lines, all.bad, all.first.len()), (44, 8, 5));
}

/// However few lines that is: how much is missing cannot be said.
#[test]
fn a_trail_that_is_cut_off_is_refused() {
    let whole = EVENTS.trim_end().as_bytes();
    let (_, _, sound) = read(whole, Some(LogFormat::CloudTrail)).unwrap();
    assert_eq!(sound.cut_off, None);
    let (_, _, cut) = read(&whole[..whole.len() * 2 / 3], Some(LogFormat::CloudTrail)).unwrap();
    assert!(cut.cut_off.is_some() && cut.bad == 1, "{cut:?}");
    let mut all = sound;
    all.merge(cut);
    let error = all.check("50%".parse().unwrap()).unwrap_err().to_string();
    assert!(error.contains("cut off"), "{error}");
}
