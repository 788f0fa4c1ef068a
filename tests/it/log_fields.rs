//! Which field of a record tells what, where others of the same meaning or none are there. Expected are the records
//! as they were written.

use crate::containers::{events, joined, records, requests};
use crate::support::command::code_and_texts;
use crate::support::seen::read;

use std::fs;

use bks::logs::LogFormat::{CloudTrail, S3AccessLog};
use serde_json::{Value, json};

/// Other services' events have parameters called as a query's answer calls its fields.
#[test]
fn parameters_called_field_make_no_answer_of_a_trail() {
    let plain = requests(json!({"Records": events()}).to_string().as_bytes(), CloudTrail);
    for parameters in [
        json!({"conditions": [{"field": "path-pattern", "values": ["/a"]}]}),
        json!({"advancedEventSelectors": [{"fieldSelectors": [{"field": "eventName", "equals": ["PutObject"]}]}]}),
        json!({"rows": [{"field": "eventSource", "value": "s3.amazonaws.com"}]}),
    ] {
        let other = json!({
            "eventVersion": "1.11", "eventTime": "2026-11-20T09:59:00Z", "eventID": "other",
            "eventSource": "elasticloadbalancing.amazonaws.com", "eventName": "CreateRule", "awsRegion": "us-east-1",
            "userIdentity": {"type": "Root", "accountId": "111122223333"}, "requestParameters": parameters,
        });
        let all: Vec<Value> = std::iter::once(other).chain(events()).collect();
        let lines: Vec<String> = all.iter().map(Value::to_string).collect();
        for log in [json!({"Records": all}).to_string(), joined(&lines, "\n")] {
            assert_eq!(requests(log.as_bytes(), CloudTrail), plain, "{parameters}");
            let (_, _, bad) = read(log.as_bytes(), None).unwrap();
            assert_eq!((bad.bad, bad.untold_outcome), (0, None), "{parameters}");
        }
    }
}

/// What a program adds to a record before it ships it does not take the place of what S3 wrote, wherever it stands.
#[test]
fn the_logs_own_fields_go_before_those_of_who_ships_it() {
    let own: Vec<String> = records().iter().map(Value::to_string).collect();
    let plain = requests(joined(&own, "\n").as_bytes(), S3AccessLog);
    let added =
        r#""time":"2026-11-28T00:00:00Z","bucket":"the-logs","key":"logs/a","status":"info""#;
    let behind = own.iter().map(|text| format!("{},{added}}}", text.strip_suffix('}').unwrap()));
    let before = own.iter().map(|text| format!("{{{added},{}", text.strip_prefix('{').unwrap()));
    for shipped in [behind.collect::<Vec<_>>(), before.collect()] {
        assert_eq!(requests(joined(&shipped, "\n").as_bytes(), S3AccessLog), plain);
    }
    // Where there is no other, a general name will do.
    let general = joined(&own, "\n")
        .replace("\"bucket_name\"", "\"bucket\"")
        .replace("\"request_time\"", "\"time\"")
        .replace("\"key_name\"", "\"key\"")
        .replace("\"http_status\"", "\"status\"");
    assert_eq!(requests(general.as_bytes(), S3AccessLog), plain);
}

/// Without who asked, or for what, all is one requester's or one object's: nobody may miss that.
#[test]
fn who_asked_and_for_what_is_missed_by_name() {
    let without = |names: &[&str]| {
        let mut all = records();
        for fields in all.iter_mut().filter_map(Value::as_object_mut) {
            fields.retain(|name, _| !names.contains(&name.as_str()));
        }
        joined(&all.iter().map(Value::to_string).collect::<Vec<_>>(), "\n")
    };
    let untold = |names: &[&str]| {
        let (_, _, bad) = read(without(names).as_bytes(), None).unwrap();
        (bad.untold_requester.is_some(), bad.untold_key.is_some())
    };
    assert_eq!(untold(&[]), (false, false));
    assert_eq!(untold(&["requester"]), (true, false));
    assert_eq!(untold(&["key_name"]), (false, true));
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("log.json"), without(&["requester", "key_name"])).unwrap();
    let (_, _, said) =
        code_and_texts(folder.path(), &["replay", "log.json", "--replications", "1"]);
    assert!(said.contains("tells who asked") && said.contains("names an object"), "{said}");
    let mut nameless = events();
    for event in &mut nameless {
        event["userIdentity"] = json!({"type": "AssumedRole", "accountId": "111122223333"});
    }
    let (_, _, bad) = read(json!({"Records": nameless}).to_string().as_bytes(), None).unwrap();
    assert!(bad.untold_requester.is_some(), "the account's root is not who asked");
}

/// Rows of values are refused: nothing says which is which.
#[test]
fn rows_without_names_are_refused() {
    let rows: Vec<Value> = records()
        .iter()
        .map(|record| record.as_object().unwrap().values().cloned().collect())
        .collect();
    let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
    let folder = tempfile::tempdir().unwrap();
    for log in [Value::Array(rows).to_string(), joined(&lines, "\n")] {
        fs::write(folder.path().join("rows.json"), log).unwrap();
        let (code, _, said) = code_and_texts(folder.path(), &["replay", "rows.json"]);
        assert_eq!(code, Some(2));
        assert!(said.contains("values without names"), "{said}");
    }
}

/// By hand: 2026-11-20 10:00 UTC is 1,795,168,800 s after the epoch, in whatever unit databases write it.
#[test]
fn times_since_the_epoch_are_read_in_any_unit() {
    let own = records()[0].to_string();
    let at = |time: &str| {
        let moment = records()[0]["request_time"].to_string();
        requests(own.replace(&moment, time).as_bytes(), S3AccessLog)
    };
    let plain = at("\"2026-11-20T10:00:00Z\"");
    for time in [
        "1795168800",
        "\"1795168800\"",
        "1795168800.0",
        "1.7951688e9",
        "1795168800000",
        "1795168800000000",
        "1795168800000000000",
    ] {
        assert_eq!(at(time), plain, "{time}");
    }
    for wrong in ["20261120", "1795168800.x", "-1795168800"] {
        let log = own.replace(&records()[0]["request_time"].to_string(), wrong);
        assert!(
            read(log.as_bytes(), Some(S3AccessLog)).map_or(true, |(_, seen, _)| seen.is_empty()),
            "{wrong}"
        );
    }
}
