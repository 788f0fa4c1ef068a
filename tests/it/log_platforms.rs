//! What shells, unloads, log platforms, search engines and streams make of logs: the same records by each way, or
//! the file's right name. Expected are the records as they were written, and figures by hand.

use crate::containers::{
    ATHENA, csv, events, gzip, joined, lines, records, requests, subscription,
};
use crate::support::command::code_and_texts;
use crate::support::seen::{Request, Seen, read};

use std::fs;

use bks::logs::LogFormat::{self, CloudTrail, S3AccessLog};
use serde_json::{Value, json};

/// The seven requests of the trail.
fn of_trail() -> Vec<Request> {
    requests(json!({"Records": events()}).to_string().as_bytes(), CloudTrail)
}

/// The seven requests of the access log.
fn of_lines() -> Vec<Request> {
    requests(joined(&lines(), "\n").as_bytes(), S3AccessLog)
}

/// Which field is missed that would tell whether requests succeeded.
fn untold(log: &[u8]) -> Option<&'static str> {
    let (_, _, bad) = read(log, None).unwrap();
    assert_eq!(bad.bad, 0, "{bad:?}");
    bad.untold_outcome.map(|(_, field)| field)
}

/// Columns of an access log's table; cells that say nothing are `nothing`.
fn table(columns: &[&str], nothing: &str) -> Vec<u8> {
    let cell = |record: &Value, column: &str| match column {
        "requestdatetime" => record["request_time"].as_str().unwrap().to_owned(),
        "httpstatus" | "response" | "status_code" => record["http_status"].to_string(),
        "errorcode" => record["error_code"].as_str().unwrap_or(nothing).to_owned(),
        "timestamp" => "2026/11/20".to_owned(),
        "versionid" | "bytessent" => nothing.to_owned(),
        "objectsize" => "5".to_owned(),
        "requestid" => record["request_id"].as_str().unwrap().to_owned(),
        "key" => record["key_name"].as_str().unwrap().to_owned(),
        name => record[name].as_str().unwrap().to_owned(),
    };
    let row = |record: &Value| columns.iter().map(|column| cell(record, column)).collect();
    let rows: Vec<Vec<String>> = records().iter().map(row).collect();
    csv(columns, &rows, b',')
}

const COLUMNS: [&str; 10] = [
    "bucket_name",
    "requestdatetime",
    "requester",
    "requestid",
    "operation",
    "key",
    "httpstatus",
    "errorcode",
    "objectsize",
    "versionid",
];

/// A trail's table as Athena has it.
fn trail_table(columns: &[&str], nothing: &str) -> Vec<u8> {
    let cell = |event: &Value, column: &str| {
        let fields = event.as_object().unwrap();
        let value = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(column));
        match value {
            Some((_, Value::String(text))) => text.clone(),
            Some((_, value)) => value.to_string(),
            None => nothing.to_owned(),
        }
    };
    let row = |event: &Value| columns.iter().map(|column| cell(event, column)).collect();
    let rows: Vec<Vec<String>> = events().iter().map(row).collect();
    csv(columns, &rows, b',')
}

/// However a writer spells null, it is no error code, no version and no number; what is called so is a key.
#[test]
fn words_for_nothing_are_nothing() {
    for word in ["", "-", "NULL", "null", "\\N", "None", "NaN", "nil", "<NA>"] {
        assert_eq!(requests(&table(&COLUMNS, word), S3AccessLog), of_lines(), "{word}");
        assert_eq!(requests(&trail_table(&ATHENA, word), CloudTrail), of_trail(), "{word}");
        let texts = records().into_iter().map(|mut record| {
            if record["error_code"].is_null() {
                record["error_code"] = json!(word);
            }
            record["version_id"] = json!(word);
            record
        });
        let texts: Vec<Value> = texts.collect();
        assert_eq!(requests(joined(&texts, "\n").as_bytes(), S3AccessLog), of_lines(), "{word}");
        let texts = events().into_iter().map(|mut event| {
            for name in ["errorCode", "sharedEventID", "responseElements", "eventType"] {
                if event[name].is_null() {
                    event[name] = json!(word);
                }
            }
            event
        });
        let texts: Vec<Value> = texts.collect();
        assert_eq!(requests(joined(&texts, "\n").as_bytes(), CloudTrail), of_trail(), "{word}");
    }
    for word in ["NULL", "None", "nil"] {
        let mut named = records()[0].clone();
        named["key_name"] = json!(word);
        let key = |log: String, form| requests(log.as_bytes(), form)[0].key.clone();
        assert_eq!(key(named.to_string(), S3AccessLog).as_deref(), Some(word));
        let columns = COLUMNS.join(",");
        let row =
            format!("lake,2026-11-20T10:00:00Z,a,ID,REST.GET.OBJECT,{word},200,{word},5,{word}");
        assert_eq!(key(format!("{columns}\n{row}\n"), S3AccessLog).as_deref(), Some(word));
        let mut event = events()[0].clone();
        event["requestParameters"]["key"] = json!(word);
        assert_eq!(key(event.to_string(), CloudTrail).as_deref(), Some(word));
    }
}

/// A status is known by its usual names; where nothing tells of one, that is said.
#[test]
fn whether_requests_succeeded_is_told_or_missed() {
    let renamed = |name: &str, status: u16| {
        let lines = records().into_iter().map(|mut record| {
            let record = record.as_object_mut().unwrap();
            record.remove("http_status");
            record.remove("error_code");
            record.insert(name.to_owned(), json!(status));
            json!(record)
        });
        joined(&lines.collect::<Vec<_>>(), "\n")
    };
    let names =
        ["response", "responseCode", "status_code", "sc-status", "http_response_code", "status"];
    for name in names {
        for (status, succeeded) in [(200, 7), (206, 7), (304, 0), (403, 0), (503, 0)] {
            let log = renamed(name, status);
            let found = requests(log.as_bytes(), S3AccessLog);
            let found = found.iter().filter(|request| request.succeeded).count();
            assert_eq!((found, untold(log.as_bytes())), (succeeded, None), "{name} {status}");
        }
    }
    assert_eq!(untold(renamed("outcome", 200).as_bytes()), Some("http_status"));
    let without = |name: &str| {
        let left = |columns: &[&'static str]| -> Vec<&str> {
            columns.iter().copied().filter(|column| *column != name).collect()
        };
        [untold(&table(&left(&COLUMNS), "-")), untold(&trail_table(&left(&ATHENA), ""))]
    };
    assert_eq!(without("httpstatus"), [Some("httpstatus"), None]);
    assert_eq!(without("errorcode"), [None, Some("errorcode")]);
    // What S3 does by itself has no status, and events of a trail have an error code or have succeeded.
    let mut expired = records()[0].clone();
    expired["operation"] = json!("S3.EXPIRE.OBJECT");
    expired["http_status"] = Value::Null;
    assert_eq!(untold(expired.to_string().as_bytes()), None);
    assert_eq!(untold(joined(&events(), "\n").as_bytes()), None);
    let folder = tempfile::tempdir().unwrap();
    let columns: Vec<&str> = COLUMNS.into_iter().filter(|name| *name != "httpstatus").collect();
    fs::write(folder.path().join("a.csv"), table(&columns, "")).unwrap();
    let (code, _, told) = code_and_texts(folder.path(), &["replay", "a.csv", "--out", "out"]);
    assert!(
        code == Some(0) && told.contains("a.csv has no `httpstatus`: requests of which nothing"),
        "{told}"
    );
}

/// A table needs buckets, times, requesters, operations and keys, and is refused by its name without.
#[test]
fn tables_without_columns_are_refused() {
    for column in ["bucket_name", "requestdatetime", "requester", "key"] {
        let columns: Vec<&str> = COLUMNS.into_iter().filter(|name| *name != column).collect();
        let told = read(&table(&columns, ""), None)
            .map_or_else(|error| error.to_string(), |_| column.to_owned());
        assert!(
            told.contains("S3 access log without all columns that are needed"),
            "{column}: {told}"
        );
        assert!(
            told.contains("`bucket_name`, `requestdatetime`, `requester`, `operation` and `key`"),
            "{told}"
        );
    }
    let mut homeless = records()[0].clone();
    homeless["bucket_name"] = Value::Null;
    homeless["bucket_arn"] = Value::Null;
    let log = format!("{homeless}\n{}\n", records()[1]);
    let (_, seen, bad) = read(log.as_bytes(), None).unwrap();
    assert_eq!((seen.len(), bad.bad), (1, 1));
    assert_eq!(bad.first[0].flaw.to_string(), "it has no bucket");
}

/// The request's own time counts before a partition's, and both before a search engine's.
#[test]
fn the_best_time_counts() {
    for columns in [["timestamp", "requestdatetime"], ["requestdatetime", "timestamp"]] {
        let rest = COLUMNS.iter().filter(|name| **name != "requestdatetime");
        let columns: Vec<&str> = columns.iter().chain(rest).copied().collect();
        assert_eq!(requests(&table(&columns, ""), S3AccessLog), of_lines(), "{columns:?}");
    }
    let of_logstash = |own: &str, late: &str| {
        let lines = records().into_iter().map(|mut record| {
            let time = record["request_time"].take();
            let record = record.as_object_mut().unwrap();
            record.remove("request_time");
            record.insert(late.to_owned(), json!("2027-01-01T00:00:00.000Z"));
            record.insert(own.to_owned(), time);
            json!(record)
        });
        joined(&lines.collect::<Vec<_>>(), "\n")
    };
    for (own, late) in [("timestamp", "@timestamp"), ("time", "@timestamp"), ("@timestamp", "seen")]
    {
        let log = of_logstash(own, late);
        assert_eq!(requests(log.as_bytes(), S3AccessLog), of_lines(), "{own} {late}");
    }
    // Logstash moves a trail's time, and others keep both.
    let moved = events().into_iter().map(|mut event| {
        event["@timestamp"] = event["eventTime"].take();
        event
    });
    let both = events().into_iter().map(|mut event| {
        event["@timestamp"] = json!("2027-01-01T00:00:00.000Z");
        event
    });
    for events in [moved.collect::<Vec<_>>(), both.collect()] {
        assert_eq!(requests(joined(&events, "\n").as_bytes(), CloudTrail), of_trail());
    }
    let timeless = events().into_iter().map(|mut event| {
        event.as_object_mut().unwrap().remove("eventTime");
        event
    });
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("t.json"), joined(&timeless.collect::<Vec<_>>(), "\n")).unwrap();
    let (code, _, told) = code_and_texts(folder.path(), &["replay", "t.json"]);
    assert!(code == Some(2) && told.contains("it has no `eventTime`"), "{told}");
    assert!(!told.contains("--log-format") && !told.contains("--max-bad"), "{told}");
}

/// What platforms put around a record, which is a text: an event or a line.
fn around(texts: &[String]) -> Vec<(&'static str, String)> {
    let each = |wrap: fn(&String) -> Value| -> Vec<Value> { texts.iter().map(wrap).collect() };
    let hits = each(
        |text| json!({"_index": "x", "_source": {"message": text, "@timestamp": "2027-01-01T00:00:00Z"}}),
    );
    let values = each(|text| json!(["1795255200000000000", text]));
    let sqs = each(|text| json!({"messageId": "m", "body": text, "eventSource": "aws:sqs"}));
    let data = each(|text| json!({"attributes": {"message": text, "service": "s3"}}));
    let lines = |values: Vec<Value>| joined(&values, "\n");
    let twice = |text: &String| json!({"_source": {"message": text, "event": {"original": text}}});
    vec![
        ("Elasticsearch's hits", json!({"took": 1, "hits": {"hits": hits}}).to_string()),
        ("a hit a line", lines(hits)),
        ("`event.original`", lines(each(|text| json!({"event": {"original": text}})))),
        ("a message and its original", lines(each(twice))),
        ("Splunk", lines(each(|text| json!({"preview": false, "result": {"_raw": text}})))),
        ("Datadog", json!({ "data": data }).to_string()),
        (
            "Loki",
            json!({"status": "success", "data": {"result": [{"values": values}]}}).to_string(),
        ),
        ("Fluent Bit", lines(each(|text| json!({"date": 1.5, "log": text})))),
        ("Docker", lines(each(|text| json!({"log": format!("{text}\n"), "stream": "stdout"})))),
        ("GELF", lines(each(|text| json!({"version": "1.1", "short_message": text})))),
        ("SQS to Lambda", json!({ "Records": sqs }).to_string()),
        ("SNS", lines(each(|text| json!({"Type": "Notification", "Message": text})))),
    ]
}

#[test]
fn records_are_found_within_what_platforms_put_around_them() {
    let of_events: Vec<String> = events().iter().map(Value::to_string).collect();
    let of_records: Vec<String> = records().iter().map(Value::to_string).collect();
    for (texts, format, expected) in [
        (&lines(), S3AccessLog, of_lines()),
        (&of_records, S3AccessLog, of_lines()),
        (&of_events, CloudTrail, of_trail()),
    ] {
        for (way, log) in around(texts) {
            assert_eq!(requests(log.as_bytes(), format), expected, "{way}: {log}");
        }
    }
    // One that cannot be read takes none of those with it that come after it.
    let mut texts = lines();
    texts[2] = texts[2].replace(" 200 ", " 20x ");
    for (way, log) in around(&texts) {
        let (_, seen, bad) = read(log.as_bytes(), None).unwrap();
        assert_eq!((seen.len(), bad.bad), (6, 1), "{way}");
    }
    let mut events = events();
    events[2]["eventTime"] = json!("soon");
    let log = json!({"data": events.iter().map(|event| json!({"attributes": event})).collect::<Vec<_>>()});
    let (_, seen, bad) = read(log.to_string().as_bytes(), None).unwrap();
    assert_eq!((seen.len(), bad.bad), (6, 1));
}

/// Base64 as RFC 4648 has it.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize] as char;
            text.push(if place > chunk.len() { '=' } else { digit });
        }
    }
    text
}

/// What streams and functions get of a subscription is packed.
#[test]
fn packed_records_are_unpacked() {
    assert_eq!(base64(b"foobar"), "Zm9vYmFy");
    assert_eq!(base64(b"foob"), "Zm9vYg==");
    let of_events: Vec<String> = events().iter().map(Value::to_string).collect();
    for (texts, format, expected) in
        [(of_events, CloudTrail, of_trail()), (lines(), S3AccessLog, of_lines())]
    {
        let (first, rest) = texts.split_at(3);
        let control =
            subscription("CONTROL_MESSAGE", &["CWL CONTROL MESSAGE: Checking health.".to_owned()]);
        let parts =
            [control, subscription("DATA_MESSAGE", first), subscription("DATA_MESSAGE", rest)];
        let packed: Vec<String> =
            parts.iter().map(|part| base64(&gzip(part.to_string().as_bytes()))).collect();
        let each = |wrap: fn(&String) -> Value| -> Vec<Value> { packed.iter().map(wrap).collect() };
        let of_kinesis = each(
            |data| json!({"kinesis": {"data": data, "sequenceNumber": "1"}, "eventSource": "aws:kinesis", "eventName": "aws:kinesis:record"}),
        );
        let of_firehose =
            each(|data| json!({"recordId": "1", "approximateArrivalTimestamp": 1, "data": data}));
        let of_stream =
            each(|data| json!({"SequenceNumber": "1", "Data": data, "PartitionKey": "1"}));
        let plain = base64(parts[1].to_string().as_bytes());
        for (way, log) in [
            ("Lambda", joined(&each(|data| json!({"awslogs": {"data": data}})), "\n")),
            ("Kinesis to Lambda", json!({ "Records": of_kinesis }).to_string()),
            (
                "Firehose to Lambda",
                json!({"invocationId": "i", "records": of_firehose}).to_string(),
            ),
            ("`get-records`", json!({"Records": of_stream, "MillisBehindLatest": 0}).to_string()),
        ] {
            assert_eq!(requests(log.as_bytes(), format), expected, "{way}");
        }
        let plain = json!({"Records": [{"Data": plain}]}).to_string();
        assert_eq!(requests(plain.as_bytes(), format), expected[..3], "not compressed");
        // What is damaged is told of beside what is not, and alone is no log.
        let damaged = json!({"awslogs": {"data": format!("{}!", packed[1])}});
        let log = format!("{}\n{damaged}\n", json!({"awslogs": {"data": packed[2]}}));
        let (found, seen, bad) = read(log.as_bytes(), None).unwrap();
        assert_eq!((found, seen.len(), bad.bad), (Some(format), 4, 1));
        assert!(bad.first[0].flaw.to_string().starts_with("its Base64 is damaged"), "{bad:?}");
        let (_, seen, bad) = read(damaged.to_string().as_bytes(), None).unwrap();
        assert_eq!((seen.len(), bad.bad), (0, 1));
    }
}

/// Lines are read after whatever programs put before them.
#[test]
fn prefixes_of_lines_are_no_part_of_them() {
    let of_events: Vec<String> = events().iter().map(Value::to_string).collect();
    let of_records: Vec<String> = records().iter().map(Value::to_string).collect();
    let prefixes = [
        "AWSLogs/a.json:",
        "<134>Nov 20 10:00:00 host trail[7]: ",
        "1. ",
        "2026-11-20T10:00:09Z ",
        "\u{1e}",
        "a\t",
    ];
    for prefix in prefixes {
        for (texts, format, expected) in [
            (&of_events, CloudTrail, of_trail()),
            (&lines(), S3AccessLog, of_lines()),
            (&of_records, S3AccessLog, of_lines()),
        ] {
            let written: Vec<String> =
                texts.iter().map(|text| format!("{prefix}{text}\n")).collect();
            let log = written.concat();
            // A separator is JSON's; before a line it is a part of its owner.
            assert_eq!(requests(log.as_bytes(), format), expected, "{prefix}");
        }
    }
    let broken = format!("a.json:{}\na.json:{{\n", of_events[0]);
    let (_, seen, bad) = read(broken.as_bytes(), None).unwrap();
    assert_eq!((seen.len(), bad.bad), (1, 1));
}

/// Events and records in the Elastic Common Schema, nested and with dots.
#[test]
fn elastics_fields_are_those_of_the_log() {
    let of_event = |event: &Value| {
        let mut kept = json!({
            "@timestamp": event["eventTime"],
            "event": {"provider": "s3.amazonaws.com", "action": event["eventName"], "id": event["eventID"]},
            "cloud": {"region": "us-east-1", "account": {"id": "111122223333"}},
            "user": {"id": event["userIdentity"]["principalId"], "name": "etl"},
            "aws": {"cloudtrail": {
                "event_category": "Data",
                "user_identity": {
                    "type": "AssumedRole",
                    "arn": event["userIdentity"]["arn"],
                    "access_key_id": event["userIdentity"]["accessKeyId"],
                },
                "request_parameters": "{bucketName=lake, key=a}",
                "additional_eventdata": "{bytesTransferredIn=5.0, bytesTransferredOut=0.0}",
                "flattened": {"request_parameters": event["requestParameters"]},
            }},
        });
        if let Some(code) = event.get("errorCode") {
            kept["aws"]["cloudtrail"]["error_code"] = code.clone();
        }
        kept
    };
    let of_record = |record: &Value| {
        json!({
            "@timestamp": record["request_time"],
            "event": {"action": record["operation"]},
            "http": {"response": {"status_code": record["http_status"]}},
            "aws": {"s3access": {
                "bucket": "lake",
                "requester": record["requester"],
                "request_id": record["request_id"],
                "operation": record["operation"],
                "key": record["key_name"],
                "error_code": record["error_code"],
                "object_size": 5,
            }},
        })
    };
    for (kept, format, expected) in [
        (events().iter().map(of_event).collect::<Vec<_>>(), CloudTrail, of_trail()),
        (records().iter().map(of_record).collect(), S3AccessLog, of_lines()),
    ] {
        let hits: Vec<Value> = kept.iter().map(|kept| json!({ "_source": kept })).collect();
        for log in
            [joined(&kept, "\n"), joined(&hits, "\n"), json!({"hits": {"hits": hits}}).to_string()]
        {
            assert_eq!(requests(log.as_bytes(), format), expected, "{log}");
        }
        let dotted: Vec<Value> = kept.iter().map(dotted).collect();
        assert_eq!(requests(joined(&dotted, "\n").as_bytes(), format), expected);
    }
}

/// The same object with the names of fields that lie within others joined by dots, but for a trail's parameters.
fn dotted(value: &Value) -> Value {
    fn put(value: &Value, path: &str, out: &mut serde_json::Map<String, Value>) {
        match value.as_object().filter(|_| !path.ends_with("flattened.request_parameters")) {
            Some(fields) => {
                fields.iter().for_each(|(name, value)| put(value, &format!("{path}.{name}"), out));
            }
            None => drop(out.insert(path[1..].to_owned(), value.clone())),
        }
    }
    let mut out = serde_json::Map::new();
    put(value, "", &mut out);
    Value::Object(out)
}

/// What looks like a log by a word or two is called by its right name.
#[test]
fn notifications_and_other_stores_logs_are_no_logs() {
    let notified = json!({"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "lake"}}}]});
    let bridged = json!({"detail-type": "Object Created", "source": "aws.s3", "detail": {"bucket": {"name": "lake"}}});
    let queued = json!({"Messages": [{"Body": notified.to_string()}]});
    let stored = json!({"Records": [{"eventSource": "aws:dynamodb", "dynamodb": {"Keys": {}}}]});
    let ceph = json!({"bucket": "lake", "time": "2026-11-20T10:00:00Z", "remote_addr": "192.0.2.1", "user": "u", "operation": "put_obj", "http_status": "200"});
    let minio = json!({"version": "1", "deploymentid": "d", "api": {"name": "PutObject", "bucket": "lake"}});
    let web = json!({"time": "2026-11-20T10:00:00Z", "http_status": 200, "request_uri": "/"});
    let zip = [&b"PK\x03\x04"[..], &[0; 40]].concat();
    for (log, said) in [
        (notified.to_string().into_bytes(), "S3's event notifications"),
        (bridged.to_string().into_bytes(), "S3's event notifications"),
        (queued.to_string().into_bytes(), "S3's event notifications"),
        (stored.to_string().into_bytes(), "notifications of other services"),
        (ceph.to_string().into_bytes(), "an ops log of Ceph"),
        (json!([ceph, ceph]).to_string().into_bytes(), "an ops log of Ceph"),
        (minio.to_string().into_bytes(), "an audit log of MinIO"),
        (web.to_string().into_bytes(), "JSON of another kind"),
        (gzip(&zip), "after `gunzip FILE`"),
    ] {
        let told = read(&log[..], None)
            .map_or_else(|error| error.to_string(), |_| "it is read".to_owned());
        assert!(told.contains(said), "{said}: {told}");
    }
    // Among events it is a bad line by its name, and nothing is lost of them.
    let log = format!("{}\n{}\n", joined(&events(), "\n"), notified["Records"][0]);
    let (found, seen, bad) = read(log.as_bytes(), None).unwrap();
    assert_eq!((found, seen.len(), bad.bad), (Some(LogFormat::CloudTrail), 7, 1));
    assert_eq!(bad.first[0].flaw.to_string(), "it is a notification, and no event of CloudTrail");
    assert!(seen.iter().all(|seen| matches!(seen, Seen::Request(_))));
}

/// The event with all its fields, and those within, under names with dots, as searches give them beside the original.
fn flat(event: &Value) -> Value {
    let mut flat = dotted(event);
    flat.as_object_mut().unwrap().remove("resources");
    flat
}

/// Renames every field of an object and of those within.
fn respelt(value: &Value, depth: u32, name: fn(&str) -> String) -> Value {
    match value {
        Value::Object(fields) if depth > 0 => Value::Object(
            fields
                .iter()
                .map(|(key, value)| (name(key), respelt(value, depth - 1, name)))
                .collect(),
        ),
        other => other.clone(),
    }
}

fn snake(name: &str) -> String {
    let words = name.chars().flat_map(|c| {
        c.is_ascii_uppercase().then_some('_').into_iter().chain([c.to_ascii_lowercase()])
    });
    words.collect::<String>().replace("_i_d", "_id")
}

/// Fields of an event may lie flat under names with dots, in other spellings, in arrays of one, or beside the whole.
#[test]
fn flat_events_are_whole() {
    let each =
        |wrap: fn(&Value) -> Value| joined(&events().iter().map(wrap).collect::<Vec<_>>(), "\n");
    for (way, log) in [
        ("flat", each(flat)),
        ("flat within", each(|event| json!({"_source": flat(event)}))),
        (
            "Splunk",
            each(|event| {
                let mut fields = json!({"eventSource": "s3.amazonaws.com", "requestParameters.bucketName": "lake", "source": "x"});
                fields["_raw"] = json!(event.to_string());
                json!({"preview": false, "result": fields})
            }),
        ),
        (
            "Sumo",
            each(
                |event| json!({"map": {"_raw": event.to_string(), "eventsource": "s3.amazonaws.com"}}),
            ),
        ),
        (
            "beside",
            each(
                |event| json!({"message": event.to_string(), "eventSource": "s3.amazonaws.com", "eventName": event["eventName"], "eventTime": event["eventTime"]}),
            ),
        ),
        (
            "fields of a search",
            each(|event| {
                let fields = flat(event);
                let fields = fields.as_object().unwrap().iter();
                json!({"fields": fields.map(|(name, value)| (name.clone(), json!([value]))).collect::<serde_json::Map<_, _>>()})
            }),
        ),
        ("small letters", each(|event| respelt(event, 9, str::to_ascii_lowercase))),
        ("underscores", each(|event| respelt(event, 1, snake))),
        (
            "words for people",
            each(|event| json!({"message": "somebody did something", "detail_of": event})),
        ),
    ] {
        assert_eq!(requests(log.as_bytes(), CloudTrail), of_trail(), "{way}: {log}");
    }
    let call = json!({
        "eventTime": "2026-11-20T10:00:00Z", "eventSource": "kms.amazonaws.com", "eventName": "Decrypt",
        "requestParameters": {"encryptionContext": {"aws:s3:arn": "arn:aws:s3:::lake/a"}},
    });
    for log in [
        call.clone(),
        json!({"eventSource": "kms.amazonaws.com", "eventName": "Decrypt", "eventTime": call["eventTime"],
        "requestParameters.encryptionContext.aws:s3:arn": "arn:aws:s3:::lake/a"}),
    ] {
        let (_, seen, bad) = read(log.to_string().as_bytes(), None).unwrap();
        let Seen::Kms(found) = &seen[0] else { panic!("{seen:?}") };
        assert_eq!((found.is_of_bucket, bad.bad), (Some(false), 0), "{log}");
    }
    // A request that succeeded has a bucket.
    let mut bare = events()[0].clone();
    bare["requestParameters"] = Value::Null;
    bare["resources"] = Value::Null;
    let (_, seen, bad) = read(bare.to_string().as_bytes(), None).unwrap();
    assert_eq!((seen.len(), bad.first[0].flaw.to_string().as_str()), (0, "it has no `bucketName`"));
}

/// Answers of any size are read: what is longer than any record and none itself has records within.
#[test]
fn large_answers_are_read() {
    let many =
        |texts: &[String]| -> Vec<String> { (0..700).flat_map(|_| texts.to_vec()).collect() };
    let of_events: Vec<String> = many(&events().iter().map(Value::to_string).collect::<Vec<_>>());
    let of_lines = many(&lines());
    let parsed: Vec<Value> =
        of_events.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    let raw =
        |texts: &[String]| texts.iter().map(|text| json!({ "_raw": text })).collect::<Vec<_>>();
    let data: Vec<Value> =
        parsed.iter().map(|event| json!({"attributes": {"attributes": event}})).collect();
    let by_id: serde_json::Map<String, Value> = parsed
        .iter()
        .enumerate()
        .map(|(number, event)| (format!("id{number}"), event.clone()))
        .collect();
    let values: Vec<Value> =
        of_lines.iter().map(|line| json!(["1795255200000000000", line])).collect();
    for (way, log, format) in [
        (
            "Splunk",
            json!({"preview": false, "fields": [{"name": "_raw"}], "results": raw(&of_events)}),
            CloudTrail,
        ),
        ("Splunk's lines", json!({"init_offset": 0, "results": raw(&of_lines)}), S3AccessLog),
        ("Datadog", json!({"data": data, "meta": {"page": {"after": "x"}}}), CloudTrail),
        (
            "a count first",
            json!({"Count": 4_900, "Records": parsed, "ResponseMetadata": {"RequestId": "x"}}),
            CloudTrail,
        ),
        ("by id", json!(by_id), CloudTrail),
        (
            "Loki",
            json!({"status": "success", "data": {"result": [{"stream": {"a": "b"}, "values": values}]}}),
            S3AccessLog,
        ),
    ] {
        let log = log.to_string();
        assert!(log.len() > 1 << 20, "{way}");
        assert_eq!(requests(log.as_bytes(), format).len(), 4_900, "{way}");
    }
    // An event of its own that is too long is one that cannot be read.
    let mut endless = events()[0].clone();
    endless["requestParameters"]["more"] = json!(vec!["x"; 400_000]);
    let log = format!("{endless}\n{}\n", events()[1]);
    let (_, seen, bad) = read(log.as_bytes(), None).unwrap();
    assert_eq!((seen.len(), bad.bad), (1, 1));
}
