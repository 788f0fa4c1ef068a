//! What logs and bills come in: the same records in every wrapping that other programs put around them.
//! Each is held against the records as they were written, and against counts by hand.

use crate::support::columns;
use crate::support::command::code_and_texts;
use crate::support::seen;

use std::fs;
use std::io::Write as _;
use std::path::Path;

use bks::logs::LogFormat;
use columns::{Values, all, parquet, texts};
use flate2::write::GzEncoder;
use seen::{Request, Seen, read};
use serde_json::{Value, json};

/// Six PUTs of one session, a second apart, and a GET that fails.
pub(crate) fn events() -> Vec<Value> {
    let event = |number: u32| {
        let name = if number < 6 { "PutObject" } else { "GetObject" };
        let mut event = json!({
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "AssumedRole",
                "principalId": "AROAEXAMPLE:i-0",
                "arn": "arn:aws:sts::111122223333:assumed-role/etl/i-0",
                "accountId": "111122223333",
                "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
            },
            "eventTime": format!("2026-11-20T10:00:0{number}Z"),
            "eventSource": "s3.amazonaws.com",
            "eventName": name,
            "awsRegion": "us-east-1",
            "requestParameters": { "bucketName": "lake", "key": format!("a, b={number}") },
            "additionalEventData": { "bytesTransferredIn": 5.0, "bytesTransferredOut": 0.0 },
            "eventID": format!("00000000-0000-4000-8000-00000000000{number}"),
            "resources": [
                { "type": "AWS::S3::Object", "ARN": "arn:aws:s3:::lake/a" },
                { "accountId": "111122223333", "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::lake" },
            ],
            "eventCategory": "Data",
        });
        if number == 6 {
            event["errorCode"] = json!("AccessDenied");
        }
        event
    };
    (0..7).map(event).collect()
}

/// The same seven as an access log.
pub(crate) fn lines() -> Vec<String> {
    let line = |number: u32| {
        let (operation, status, error) = match number {
            6 => ("REST.GET.OBJECT", 403, "AccessDenied"),
            _ => ("REST.PUT.OBJECT", 200, "-"),
        };
        format!(
            "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be lake \
             [20/Nov/2026:10:00:0{number} +0000] 192.0.2.3 arn:aws:iam::111122223333:user/a ID{number} \
             {operation} x{number} \"PUT /x{number} HTTP/1.1\" {status} {error} - 5 7 3 \"-\" \"agent\" -"
        )
    };
    (0..7).map(line).collect()
}

/// The fields of [`lines`] that S3 names in JSON.
pub(crate) fn records() -> Vec<Value> {
    let record = |number: u32| {
        let (operation, status, error) = match number {
            6 => ("REST.GET.OBJECT", 403, json!("AccessDenied")),
            _ => ("REST.PUT.OBJECT", 200, Value::Null),
        };
        json!({
            "schema_version_id": "V_1_0",
            "bucket_arn": "arn:aws:s3:::lake",
            "bucket_name": "lake",
            "request_time": format!("2026-11-20T10:00:0{number}.000Z"),
            "requester": "arn:aws:iam::111122223333:user/a",
            "request_id": format!("ID{number}"),
            "operation": operation,
            "key_name": format!("x{number}"),
            "request_uri": format!("PUT /x{number} HTTP/1.1"),
            "http_status": status,
            "error_code": error,
            "object_size": 5,
            "version_id": Value::Null,
        })
    };
    (0..7).map(record).collect()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn joined<T: ToString>(all: &[T], between: &str) -> String {
    all.iter().map(T::to_string).collect::<Vec<_>>().join(between)
}

/// All requests of a log without bad lines.
pub(crate) fn requests(log: &[u8], form: LogFormat) -> Vec<Request> {
    let shown = String::from_utf8_lossy(&log[..log.len().min(200)]).into_owned();
    let (found, seen, bad) = read(log, None).unwrap_or_else(|error| panic!("{shown}: {error}"));
    assert_eq!((found, bad.bad), (Some(form), 0), "{shown}: {bad:?}");
    seen.iter().filter_map(Seen::request).cloned().collect()
}

/// A record of a subscription, with some messages.
pub(crate) fn subscription(kind: &str, messages: &[String]) -> Value {
    let event = |(number, text): (usize, &String)| json!({"id": number.to_string(), "timestamp": 5, "message": text});
    let events: Vec<Value> = messages.iter().enumerate().map(event).collect();
    json!({
        "messageType": kind,
        "owner": "111122223333",
        "logGroup": "CloudTrail",
        "logStream": "111122223333_CloudTrail_us-east-1",
        "subscriptionFilters": ["Destination", "another, \"one\""],
        "logEvents": events,
    })
}

/// `texts` as messages of CloudWatch Logs, by every way out of it.
fn by_cloudwatch(texts: &[String]) -> Vec<(&'static str, String)> {
    let (first, rest) = texts.split_at(2);
    let control =
        subscription("CONTROL_MESSAGE", &["CWL CONTROL MESSAGE: Checking health.".to_owned()]);
    let [one, two] = [first, rest].map(|part| subscription("DATA_MESSAGE", part));
    let stamped = |between: &'static str| {
        let line = |text: &String| format!("2026-11-20T10:00:09.123Z{between}{text}");
        texts.iter().map(line).collect::<Vec<_>>().join("\n")
    };
    let event = |text: &String| json!({"timestamp": 5, "message": text, "ingestionTime": 6});
    let listed: Vec<Value> = texts.iter().map(event).collect();
    let field = |name: &str, value: &str| json!({"field": name, "value": value});
    let found = |text: &String| {
        json!([field("@timestamp", "x"), field("@message", text), field("@ptr", "y")])
    };
    let found: Vec<Value> = texts.iter().map(found).collect();
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(["@timestamp", "@message"]).unwrap();
    for text in texts {
        table.write_record(["2026-11-20 10:00:00.000", text]).unwrap();
    }
    vec![
        ("Firehose: nothing between records", format!("{control}{one}{two}")),
        ("a record a line", format!("{one}\n{two}\n")),
        ("pretty", format!("{one:#}\n{two:#}\n")),
        ("an export to S3", stamped(" ")),
        ("`aws logs tail`", stamped(" a_stream_1 ")),
        ("`get-log-events`", json!({"events": listed, "nextForwardToken": "f/3"}).to_string()),
        ("Insights' answer", json!({"results": found, "status": "Complete"}).to_string()),
        ("Insights' table", String::from_utf8(table.into_inner().unwrap()).unwrap()),
        ("one message an object", joined(&listed, "\n")),
    ]
}

#[test]
fn a_trail_is_the_same_by_every_way_through_cloudwatch() {
    let texts: Vec<String> = events().iter().map(Value::to_string).collect();
    let expected =
        requests(json!({"Records": events()}).to_string().as_bytes(), LogFormat::CloudTrail);
    assert_eq!(expected.iter().filter(|request| request.succeeded).count(), 6);
    for (way, log) in by_cloudwatch(&texts) {
        assert_eq!(requests(log.as_bytes(), LogFormat::CloudTrail), expected, "{way}");
        assert_eq!(
            requests(&gzip(&gzip(log.as_bytes())), LogFormat::CloudTrail),
            expected,
            "{way}"
        );
    }
}

#[test]
fn an_access_log_is_the_same_as_lines_and_as_json() {
    let expected = requests(joined(&lines(), "\n").as_bytes(), LogFormat::S3AccessLog);
    assert_eq!((expected.len(), expected[6].succeeded), (7, false));
    let records = records();
    let texts: Vec<String> = records.iter().map(Value::to_string).collect();
    let mut ways = by_cloudwatch(&texts);
    ways.extend(by_cloudwatch(&lines()));
    ways.push(("a record a line", joined(&records, "\n")));
    ways.push(("nothing between records", joined(&records, "")));
    ways.push(("an array", json!(records).to_string()));
    ways.push(("a byte order mark", format!("\u{feff}{}", joined(&records, "\r\n"))));
    for (way, log) in ways {
        assert_eq!(requests(log.as_bytes(), LogFormat::S3AccessLog), expected, "{way}");
    }
}

/// Older names, numbers as texts, times as an access log has them, and a bucket by its ARN alone.
#[test]
fn fields_of_an_access_log_go_by_their_meaning() {
    let expected = requests(joined(&lines(), "\n").as_bytes(), LogFormat::S3AccessLog);
    let other = |record: &Value| {
        let second = record["request_time"].as_str().unwrap().split_at(17).1[..2].to_owned();
        json!({
            "bucketArn": "arn:aws:s3:::lake",
            "requestDateTime": format!("[20/Nov/2026:10:00:{second} +0000]"),
            "requester": record["requester"],
            "requestId": record["request_id"],
            "operation": record["operation"],
            "key": record["key_name"],
            "httpStatus": record["http_status"].to_string(),
            "errorCode": record["error_code"].as_str().unwrap_or("-"),
            "objectSize": "5",
            "bytesSent": "-",
        })
    };
    let log = joined(&records().iter().map(other).collect::<Vec<_>>(), "\n");
    assert_eq!(requests(log.as_bytes(), LogFormat::S3AccessLog), expected);
    // Who asked without credentials is nobody, and what lacks a time is a bad line.
    let mut nobody = records()[0].clone();
    nobody["requester"] = Value::Null;
    let mut timeless = records()[1].clone();
    timeless["request_time"] = json!("soon");
    let (_, seen, bad) = read(format!("{nobody}\n{timeless}\n").as_bytes(), None).unwrap();
    assert_eq!(seen[0].request().unwrap().requester, "Anonymous");
    assert_eq!((bad.lines, bad.bad), (2, 1));
}

pub(crate) fn csv(header: &[&str], rows: &[Vec<String>], delimiter: u8) -> Vec<u8> {
    let quoted = csv::QuoteStyle::Always;
    let mut writer = csv::WriterBuilder::new()
        .quote_style(quoted)
        .delimiter(delimiter)
        .flexible(true)
        .from_writer(Vec::new());
    writer.write_record(header).unwrap();
    for row in rows {
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

/// Columns of a trail, as Athena names them and as others do.
pub(crate) const ATHENA: [&str; 11] = [
    "eventversion",
    "useridentity",
    "eventtime",
    "eventsource",
    "eventname",
    "awsregion",
    "errorcode",
    "requestparameters",
    "additionaleventdata",
    "eventid",
    "resources",
];

const SNAKE: [&str; 11] = [
    "event_version",
    "user_identity",
    "event_time",
    "event_source",
    "event_name",
    "aws_region",
    "error_code",
    "request_parameters",
    "additional_event_data",
    "event_id",
    "resources",
];

/// Athena's table of a trail: small letters, structures without quotes, parameters as JSON.
#[test]
fn a_trail_from_athena_is_the_trail() {
    let expected =
        requests(json!({"Records": events()}).to_string().as_bytes(), LogFormat::CloudTrail);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let identity = |event: &Value| {
        let of = |name: &str| text(&event["userIdentity"][name]);
        format!(
            "{{type={}, principalid={}, arn={}, accountid={}, invokedby=null, accesskeyid={}, username=null, \
             sessioncontext={{attributes={{mfaauthenticated=false, creationdate=2026-11-20T10:00:00Z}}, \
             sessionissuer=null}}}}",
            of("type"),
            of("principalId"),
            of("arn"),
            of("accountId"),
            of("accessKeyId")
        )
    };
    let parameters = |event: &Value, is_map: bool| {
        let parameters = &event["requestParameters"];
        let [bucket, key] = ["bucketName", "key"].map(|name| text(&parameters[name]));
        if is_map { format!("{{bucketName={bucket}, key={key}}}") } else { parameters.to_string() }
    };
    let row = |event: &Value, is_map: bool| {
        vec![
            text(&event["eventVersion"]),
            identity(event),
            text(&event["eventTime"]),
            text(&event["eventSource"]),
            text(&event["eventName"]),
            text(&event["awsRegion"]),
            text(&event["errorCode"]),
            parameters(event, is_map),
            event["additionalEventData"].to_string(),
            text(&event["eventID"]),
            "[{arn=arn:aws:s3:::lake/a, accountid=null, type=AWS::S3::Object}]".to_owned(),
        ]
    };
    let rows: Vec<_> = events().iter().map(|event| row(event, false)).collect();
    assert_eq!(requests(&csv(&ATHENA, &rows, b','), LogFormat::CloudTrail), expected);
    assert_eq!(requests(&csv(&SNAKE, &rows, b'\t'), LogFormat::CloudTrail), expected);
    // A map's text tells no end of a value: here the key has `, b=` in it, which begins another.
    let maps: Vec<_> = events().iter().map(|event| row(event, true)).collect();
    let read = requests(&csv(&ATHENA, &maps, b','), LogFormat::CloudTrail);
    assert!(read.iter().all(|request| request.key.as_deref() == Some("a")), "{read:?}");
    assert_eq!(read.len(), 7);
}

#[test]
fn an_access_log_from_athena_is_the_log() {
    let expected = requests(joined(&lines(), "\n").as_bytes(), LogFormat::S3AccessLog);
    let names = [
        "bucketowner",
        "bucket_name",
        "requestdatetime",
        "remoteip",
        "requester",
        "requestid",
        "operation",
        "key",
        "request_uri",
        "httpstatus",
        "errorcode",
        "bytessent",
        "objectsize",
        "versionid",
    ];
    let row = |number: u32| {
        let (operation, status, error) = match number {
            6 => ("REST.GET.OBJECT", "403", "AccessDenied"),
            _ => ("REST.PUT.OBJECT", "200", ""),
        };
        let texts = [
            "owner",
            "lake",
            &format!("20/Nov/2026:10:00:0{number} +0000"),
            "192.0.2.3",
            "arn:aws:iam::111122223333:user/a",
            &format!("ID{number}"),
            operation,
            &format!("x{number}"),
            "PUT \"/x\", twice",
            status,
            error,
            "-",
            "5",
            "-",
        ];
        texts.map(str::to_owned).to_vec()
    };
    let rows: Vec<_> = (0..7).map(row).collect();
    for delimiter in [b',', b'\t', b';'] {
        assert_eq!(requests(&csv(&names, &rows, delimiter), LogFormat::S3AccessLog), expected);
    }
    let broken = [rows, vec![row(0)[..3].to_vec()]].concat();
    let (_, seen, bad) = read(&csv(&names, &broken, b','), None).unwrap_or_else(|_| panic!());
    assert_eq!((seen.len(), bad.bad, bad.first[0].line), (7, 1, 9));
}

/// What programs put after compressed data is no data, and what else stands there is told of.
#[test]
fn zeros_and_newlines_after_compressed_data_are_padding() {
    let log = joined(&lines(), "\n");
    let expected = requests(log.as_bytes(), LogFormat::S3AccessLog);
    let (front, back) = log.split_at(500);
    let packed = [gzip(front.as_bytes()), gzip(back.as_bytes())].concat();
    let zstd = |text: &str| {
        ruzstd::encoding::compress_to_vec(
            text.as_bytes(),
            ruzstd::encoding::CompressionLevel::Fastest,
        )
    };
    for (what, bytes) in [
        ("zeros", [&packed[..], &[0; 5_000]].concat()),
        ("a newline", [&packed[..], b"\n"].concat()),
        (
            "zeros between",
            [&gzip(front.as_bytes())[..], &vec![0; 70_000], &gzip(back.as_bytes())].concat(),
        ),
        ("twice, with zeros in and around", gzip(&[&packed[..], &[0; 512]].concat())),
        ("thrice", gzip(&gzip(&packed))),
        ("zstd in gzip", gzip(&zstd(&log))),
        (
            "gzip in zstd",
            ruzstd::encoding::compress_to_vec(
                &packed[..],
                ruzstd::encoding::CompressionLevel::Fastest,
            ),
        ),
        ("zstd and zeros", [&zstd(&log)[..], &[0, 0, b'\n']].concat()),
    ] {
        assert_eq!(requests(&bytes, LogFormat::S3AccessLog), expected, "{what}");
    }
    let told = read(&[&packed[..], b"more"].concat(), None).unwrap_err().to_string();
    assert!(told.contains("gzip data is broken: something else follows it"), "{told}");
    let deep = (0..4).fold(packed, |bytes, _| gzip(&bytes));
    let told = read(&deep, None).unwrap_err().to_string();
    assert!(told.contains("compressed more than 3 times over"), "{told}");
}

/// A file made to fill a disk is refused, however many layers hide it.
#[test]
fn layers_do_not_hide_a_bomb() {
    let zeros = gzip(&vec![b'a'; 100 << 20]);
    let told = read(&gzip(&zeros), None);
    let told = told.map_or_else(|error| error.to_string(), |_| panic!("it is read"));
    assert!(told.contains("500 times its size") || told.contains("no known format"), "{told}");
}

#[test]
fn strangers_are_called_by_their_names() {
    let tar = [&[b'a'; 257][..], b"ustar\x0000", &[0; 300]].concat();
    let history = "User name,Event time,Event source,Event name,Resources\na,b,c,d,e\n";
    for (bytes, name, way_out) in [
        (&b"BZh91AY"[..], "bzip2", "gzip"),
        (b"\xfd7zXZ\0\0", "xz", "gzip"),
        (b"PAR1\x15\0", "a Parquet file", "duckdb"),
        (b"ORC\x08", "an ORC file", "CSV"),
        (b"PK\x03\x04\x14\0", "a ZIP archive", "`unzip FILE`"),
        (b"\xff\xfeo\0", "UTF-16", "UTF-8"),
        (&tar, "a tar archive", "tar -xf"),
        (&gzip(&tar), "a tar archive", "tar -xf"),
        (history.as_bytes(), "event history as CSV", "as JSON"),
        (
            b"{\"sourceBucket\": \"b\", \"fileSchema\": \"c\"}",
            "the manifest of an S3 Inventory",
            "",
        ),
        (b"{\"hello\": 1}", "JSON of another kind", ""),
        (b"#Version: 1.0\n#Fields: date", "a log of CloudFront", ""),
    ] {
        let told = read(bytes, None).unwrap_err().to_string();
        assert!(told.contains(name) && told.contains(way_out), "{name}: {told}");
        assert!(!told.contains("of no known format"), "{told}");
    }
    let told = read(b"hello\n", None).unwrap_err().to_string();
    assert!(told.contains("of no known format"), "{told}");
    let control =
        subscription("CONTROL_MESSAGE", &["CWL CONTROL MESSAGE: Checking health.".to_owned()]);
    assert_eq!(read(control.to_string().as_bytes(), None).unwrap().0, None, "nothing is in it");
}

/// Files in a ZIP archive, deflated but the first.
fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut out);
    for (number, (name, bytes)) in files.iter().enumerate() {
        let method = if number == 0 {
            rawzip::CompressionMethod::STORE
        } else {
            rawzip::CompressionMethod::DEFLATE
        };
        let (mut entry, config) =
            archive.new_file(name).compression_method(method).start().unwrap();
        let descriptor = if number == 0 {
            let mut writer = config.wrap(&mut entry);
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap().1
        } else {
            let encoder =
                flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::default());
            let mut writer = config.wrap(encoder);
            writer.write_all(bytes).unwrap();
            let (encoder, descriptor) = writer.finish().unwrap();
            encoder.finish().unwrap();
            descriptor
        };
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap();
    out
}

/// KMS calls of `sse-kms` by a replay's summary, and what was said.
fn replayed(folder: &Path, arguments: &[&str]) -> (f64, String) {
    let (code, printed, told) = code_and_texts(
        folder,
        &[&["replay"], arguments, &["--format", "json", "--out", "out"]].concat(),
    );
    assert_eq!(code, Some(0), "{arguments:?}: {told}");
    let document: Value = serde_json::from_str(&printed).unwrap();
    let rows = csv::Reader::from_path(folder.join("out/summary.csv")).unwrap().into_records();
    let rows: Vec<csv::StringRecord> = rows.map(Result::unwrap).collect();
    let row = rows.iter().find(|row| &row[1] == "sse-kms" && &row[2] == "assumed").unwrap();
    assert!(document.is_object());
    (row[5].parse().unwrap(), told)
}

/// A downloaded folder of logs, as one archive: its files are read as in a folder.
#[test]
fn an_archive_is_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let lines = lines();
    let (front, back) = lines.split_at(3);
    let (front, back) = (joined(front, "\n"), gzip(joined(back, "\n").as_bytes()));
    let files: [(&str, &[u8]); 4] = [
        ("logs/2026-11-20-a", front.as_bytes()),
        ("logs/b.gz", &back),
        ("logs/README", b"What lies here.\n"),
        ("__MACOSX/logs/._b.gz", b"x"),
    ];
    fs::write(folder.join("logs.zip"), zip(&files)).unwrap();
    let (calls, told) = replayed(folder, &["logs.zip"]);
    assert!((calls - 6.0).abs() < 1e-9, "{calls}");
    assert!(told.contains("logs.zip/logs/README is left out: it is no log"), "{told}");
    let run = fs::read_to_string(folder.join("out/run.toml")).unwrap();
    assert!(run.contains("logs.zip/logs/b.gz"), "{run}");
    // The same archive with a byte of its second file changed.
    let mut broken = zip(&files);
    let place = broken.windows(4).rposition(|four| four == b"PK\x01\x02").unwrap();
    let second = broken.windows(9).position(|name| name == b"logs/b.gz").unwrap();
    assert!(second < place);
    broken[second + 60] ^= 1;
    fs::write(folder.join("broken.zip"), broken).unwrap();
    let (code, _, told) = code_and_texts(folder, &["replay", "broken.zip"]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("broken.zip/logs/b.gz"), "{told}");
    // Under another name it is called what it is.
    fs::copy(folder.join("logs.zip"), folder.join("logs")).unwrap();
    let (code, _, told) = code_and_texts(folder, &["replay", "logs"]);
    assert!(code == Some(2) && told.contains("it is a ZIP archive"), "{told}");
    fs::write(folder.join("cut.zip"), &zip(&files)[..200]).unwrap();
    let (code, _, told) = code_and_texts(folder, &["replay", "cut.zip"]);
    assert!(code == Some(2) && told.contains("cut.zip: the ZIP archive cannot be read"), "{told}");
}

/// No file of a folder is passed over in silence: the first are named, all are counted and listed.
#[test]
fn what_is_left_out_of_a_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::create_dir(folder.join("logs")).unwrap();
    fs::write(folder.join("logs/a.log"), joined(&lines(), "\n")).unwrap();
    fs::write(folder.join("logs/b.json.gz"), gzip(&gzip(joined(&records(), "").as_bytes())))
        .unwrap();
    for (name, bytes) in [
        ("c.parquet", &b"PAR1\x15\0"[..]),
        ("d.bz2", b"BZh91AY"),
        ("e.json", b"{\"sourceBucket\": \"b\", \"fileSchema\": \"c\"}"),
        ("f.txt", b"hello"),
        ("g.txt", b"hello"),
        ("h.txt", b"hello"),
        ("i.parquet", b"PAR1\x15\0"),
    ] {
        fs::write(folder.join("logs").join(name), bytes).unwrap();
    }
    let (calls, told) = replayed(folder, &["logs"]);
    // Lines and JSON record the same requests, which count once.
    assert!((calls - 6.0).abs() < 1e-9, "{calls}");
    for said in [
        "logs/c.parquet is left out: it is a Parquet file",
        "logs/d.bz2 is left out: it is compressed by bzip2",
        "logs/e.json is left out: it is the manifest of an S3 Inventory",
        "logs/g.txt is left out: it is no log",
        "1 more left out, each of which is no log",
        "1 more left out, each of which is a Parquet file",
        "7 records repeat another",
    ] {
        assert!(told.contains(said), "{said}: {told}");
    }
    let listed =
        csv::Reader::from_path(folder.join("out/files_left_out.csv")).unwrap().into_records();
    let listed: Vec<String> = listed.map(|row| row.unwrap()[0].to_owned()).collect();
    let names = ["c.parquet", "d.bz2", "e.json", "f.txt", "g.txt", "h.txt", "i.parquet"];
    assert_eq!(listed, names.map(|name| format!("logs/{name}")));
    // What Parquet holds is told by its columns.
    let fields = "optional binary eventSource (STRING); optional binary eventName (STRING)";
    fs::write(folder.join("trail.parquet"), parquet(fields, &[all("a", 1), all("b", 1)])).unwrap();
    let fields = "optional binary operation (STRING); optional binary requester (STRING)";
    fs::write(folder.join("logs/j.parquet"), parquet(fields, &[all("a", 1), all("b", 1)])).unwrap();
    let (code, _, told) = code_and_texts(folder, &["replay", "trail.parquet"]);
    assert!(
        code == Some(2)
            && told.contains(
                "trail.parquet: the file is not a log that bks reads: it is a trail in \
             Parquet"
            ),
        "{told}"
    );
    let told = replayed(folder, &["logs"]).1;
    assert!(told.contains("1 more left out, each of which is an access log in Parquet"), "{told}");
    // A folder of nothing else says so.
    fs::remove_file(folder.join("logs/a.log")).unwrap();
    fs::remove_file(folder.join("logs/b.json.gz")).unwrap();
    let (code, _, told) = code_and_texts(folder, &["replay", "logs"]);
    assert!(
        code == Some(2) && told.contains("the folder has no log: this is a Parquet file"),
        "{told}"
    );
}

/// Requests of the bill within the hour of ten o'clock, or what is said against it.
fn billed(folder: &Path, bills: &[&str]) -> Result<f64, String> {
    let hour =
        ["--from", "2026-11-20T10:00:00Z", "--to", "2026-11-20T11:00:00Z", "--format", "json"];
    let bills: Vec<&str> = bills.iter().flat_map(|bill| ["--bill", *bill]).collect();
    let (code, printed, told) =
        code_and_texts(folder, &[&["reconcile", "trail.json"], &hour[..], &bills].concat());
    if code != Some(0) {
        assert_eq!(code, Some(2), "{told}");
        return Err(told);
    }
    let document: Value = serde_json::from_str(&printed).unwrap();
    Ok(document["bill"]["requests_within"].as_f64().unwrap())
}

/// A trail of ten PUTs with the calls of each.
fn trail() -> String {
    let event = |number: u32| {
        let mut put = events()[0].clone();
        put["eventTime"] = json!(format!("2026-11-20T10:00:{number:02}Z"));
        put["eventID"] = json!(format!("put-{number}"));
        let mut call = put.clone();
        call["eventSource"] = json!("kms.amazonaws.com");
        call["eventName"] = json!("GenerateDataKey");
        call["eventID"] = json!(format!("call-{number}"));
        call["requestParameters"] = json!({
            "keyId": "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "encryptionContext": { "aws:s3:arn": "arn:aws:s3:::lake/a" },
        });
        [put, call]
    };
    json!({"Records": (0..10).flat_map(event).collect::<Vec<_>>()}).to_string()
}

const CUR: &str = "lineItem/UsageType,lineItem/LineItemType,lineItem/UsageStartDate,lineItem/UsageEndDate,\
                   lineItem/UsageAmount\n";

fn cur(from: &str, to: &str, requests: u32) -> String {
    format!(
        "us-east-1-KMS-Requests,Usage,{from},{to},{requests}.0\nUSW2-TimedStorage-ByteHrs,Usage,{from},{to},5\n"
    )
}

#[test]
fn a_bill_is_the_same_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("trail.json"), trail()).unwrap();
    let (from, to) = ("2026-11-20T10:00:00Z", "2026-11-20T11:00:00Z");
    let plain = format!("{CUR}{}", cur(from, to, 10));
    for (name, from, to) in [
        ("offset.csv", "2026-11-20 10:00:00+00:00", "2026-11-20 11:00:00+00:00"),
        ("fraction.csv", "2026-11-20T10:00:00.000Z", "2026-11-20T11:00:00.000000000Z"),
        ("utc.csv", "2026-11-20 10:00:00.000 UTC", "2026-11-20 11:00:00 UTC"),
        ("zone.csv", "2026-11-20T12:00:00+02:00", "2026-11-20T06:00:00-0500"),
    ] {
        fs::write(folder.join(name), format!("{CUR}{}", cur(from, to, 10))).unwrap();
        assert_eq!(billed(folder, &[name]), Ok(10.0), "{name}");
    }
    let renamed = plain
        .replace("lineItem/UsageType", "LINE_ITEM_USAGE_TYPE")
        .replace("lineItem/", "lineitem_");
    let parts = [
        ("a-1.csv", format!("{CUR}{}", cur(from, to, 3))),
        ("a-2.csv", format!("{CUR}{}", cur(from, to, 7))),
    ];
    let packed: Vec<(&str, &[u8])> =
        parts.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    for (name, bytes) in [
        ("renamed.csv", renamed.into_bytes()),
        ("plain.csv.gz", gzip(plain.as_bytes())),
        ("one.csv.zip", zip(&[("cur.csv", plain.as_bytes())])),
        ("two.zip", zip(&packed)),
        ("within.zip", zip(&[("x/a.csv.gz", &gzip(plain.as_bytes()))])),
    ] {
        fs::write(folder.join(name), bytes).unwrap();
        assert_eq!(billed(folder, &[name]), Ok(10.0), "{name}");
    }
    assert_eq!(billed(folder, &["one.csv.zip", "two.zip"]), Ok(20.0));
}

/// A report of two parts: by its folder, and by its manifest as S3 has it.
#[test]
fn a_bill_of_several_parts_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("trail.json"), trail()).unwrap();
    let (from, to) = ("2026-11-20T10:00:00Z", "2026-11-20T11:00:00Z");
    let run = folder.join("bucket/exports/cost/data/BILLING_PERIOD=2026-11");
    fs::create_dir_all(&run).unwrap();
    fs::write(run.join("cost-1.csv.gz"), gzip(format!("{CUR}{}", cur(from, to, 3)).as_bytes()))
        .unwrap();
    fs::write(run.join("cost-2.csv"), format!("{CUR}{}", cur(from, to, 7))).unwrap();
    // This part tells of no KMS requests, as most do not.
    fs::write(run.join("cost-3.csv"), format!("{CUR}Storage,Usage,{from},{to},5\n")).unwrap();
    let manifests = folder.join("bucket/exports/cost/metadata/BILLING_PERIOD=2026-11");
    fs::create_dir_all(&manifests).unwrap();
    let files = ["cost-1.csv.gz", "cost-2.csv", "cost-3.csv"];
    let address = |name| format!("s3://billing/exports/cost/data/BILLING_PERIOD=2026-11/{name}");
    let listed = json!({"dataFiles": files.map(address), "executionId": "x"}).to_string();
    fs::write(manifests.join("cost-Manifest.json"), listed).unwrap();
    let manifest = "bucket/exports/cost/metadata/BILLING_PERIOD=2026-11/cost-Manifest.json";
    assert_eq!(billed(folder, &[manifest]), Ok(10.0));
    assert_eq!(billed(folder, &["bucket/exports/cost"]), Ok(10.0));
    let old = json!({"assemblyId": "y", "reportKeys": ["exports/cost/20261101-20261201/y/cost-1.csv.gz"]}).to_string();
    fs::write(run.join("cost-Manifest.json"), old).unwrap();
    assert_eq!(billed(folder, &[&run.join("cost-Manifest.json").display().to_string()]), Ok(3.0));
    let told = |text: &str, name: &str| {
        fs::write(folder.join(name), text).unwrap();
        billed(folder, &[name]).unwrap_err()
    };
    let lost = told(&json!({"dataFiles": ["s3://billing/etc/passwd"]}).to_string(), "lost.json");
    assert!(lost.contains("the part `s3://billing/etc/passwd` is not there"), "{lost}");
    assert!(told("{}", "other.json").contains("other.json: the file is not a bill's manifest"));
    let none = told(&format!("{CUR}Storage,Usage,{from},{to},5\n"), "none.csv");
    assert!(none.contains("none.csv: none of the bill's 1 lines is of KMS requests"), "{none}");
}

/// CUR 2.0 as Data Exports writes it and FOCUS, in Parquet: times of every unit, numbers of every type, and
/// columns between that are no plain ones.
#[test]
fn bills_in_parquet_count_as_in_csv() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("trail.json"), trail()).unwrap();
    let (from, to) = (1_795_168_800_i64, 1_795_172_400_i64);
    let types = [
        "us-east-1-KMS-Requests",
        "USE1-KMS-Requests",
        "us-east-1-KMS-Requests-Asymmetric",
        "USE1-BoxUsage",
    ];
    for (unit, per_second) in [("MILLIS", 1_000), ("MICROS", 1_000_000), ("NANOS", 1_000_000_000)] {
        let fields = format!(
            "optional binary line_item_line_item_type (STRING); \
             optional int64 line_item_usage_start_date (TIMESTAMP({unit}, true)); \
             optional int64 line_item_usage_end_date (TIMESTAMP({unit}, true)); \
             optional binary line_item_usage_type (STRING); optional double line_item_usage_amount; \
             optional double line_item_unblended_cost"
        );
        let columns = [
            all("Usage", 4),
            Values::Long(vec![Some(from * per_second); 4]),
            Values::Long(vec![Some(to * per_second); 4]),
            texts(types),
            Values::Real([4.0, 6.0, 100.0, 100.0].map(Some).to_vec()),
            Values::Real(vec![None; 4]),
        ];
        fs::write(folder.join("cur.parquet"), parquet(&fields, &columns)).unwrap();
        assert_eq!(billed(folder, &["cur.parquet"]), Ok(10.0), "{unit}");
    }
    let fields = "optional binary ServiceName (STRING); optional binary ChargeCategory (STRING); \
                  optional int64 ChargePeriodStart (TIMESTAMP(MILLIS, true)); \
                  optional int64 ChargePeriodEnd (TIMESTAMP(MILLIS, true)); \
                  optional binary x_UsageType (STRING); optional double PricingQuantity; \
                  optional binary PricingUnit (STRING); optional int64 ConsumedQuantity (DECIMAL(18, 2)); \
                  optional binary ConsumedUnit (STRING)";
    let columns = |unit: &str| {
        [
            all("AWS Key Management Service", 4),
            all("Usage", 4),
            Values::Long(vec![Some(from * 1_000); 4]),
            Values::Long(vec![Some(to * 1_000); 4]),
            texts([
                "USE1-KMS-Requests",
                "USE1-KMS-Requests",
                "USE1-KMS-Requests-Asymmetric",
                "USE1-KMS-Keys",
            ]),
            Values::Real([Some(4.0), None, Some(100.0), Some(100.0)].to_vec()),
            texts([unit, unit, unit, "Keys"]),
            // 6.00 requests, where nothing is told of what was priced.
            Values::Long(vec![None, Some(600), None, None]),
            all("Requests", 4),
        ]
    };
    fs::write(folder.join("focus.parquet"), parquet(fields, &columns("Requests"))).unwrap();
    assert_eq!(billed(folder, &["focus.parquet"]), Ok(10.0));
    let told = "optional binary ServiceName (STRING); optional int64 ChargePeriodStart";
    fs::write(
        folder.join("short.parquet"),
        parquet(told, &[all("x", 1), Values::Long(vec![Some(1)])]),
    )
    .unwrap();
    let told = billed(folder, &["short.parquet"]).unwrap_err();
    assert!(told.contains("short.parquet: the bill has no column `PricingQuantity`"), "{told}");
}

/// Ten calls in ten seconds beside totals that are known: sums by hand.
#[test]
fn a_run_is_scaled_to_a_known_total() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("trail.json"), trail()).unwrap();
    let scaled = |options: &[&str]| {
        let arguments =
            [&["replay", "trail.json", "--format", "json", "--out", "out"], options].concat();
        let (code, printed, told) = code_and_texts(folder, &arguments);
        assert_eq!(code, Some(0), "{options:?}: {told}");
        serde_json::from_str::<Value>(&printed).unwrap()
    };
    let number = |value: &Value| value.as_f64().unwrap();
    let document = scaled(&["--known-calls", "7.2e8/month"]);
    let at = &document["at_known_total"];
    let run = 10.0 / number(&document["counted_s"]) * 2_592_000.0;
    assert!((number(&at["run_kms_requests_a_month"]) / run - 1.0).abs() < 1e-12);
    let factor = 7.2e8 / run;
    assert!((number(&at["factor"]) / factor - 1.0).abs() < 1e-12);
    assert_eq!(at["known"]["of_all_services"], false);
    for one in at["configurations"].as_array().unwrap() {
        let name = one["configuration"].as_str().unwrap();
        let rows = document["summary"].as_array().unwrap();
        let row = |level: &str| {
            rows.iter()
                .find(|row| row["configuration"] == name && row["assumption"] == level)
                .unwrap()
        };
        for (place, level) in ["low", "assumed", "high"].iter().enumerate() {
            let saved = (10.0 - number(&row(level)["kms_requests"])) / 10.0 * 7.2e8;
            assert!(
                (number(&one["saved_kms_requests_a_month"][place]) - saved).abs() < 1e-3,
                "{name} {level}"
            );
            // $0.03 for each 10,000.
            let usd = number(&one["saved_usd_a_month"][place]);
            assert!((usd - saved * 3e-6).abs() < 1e-6, "{name} {level}: {usd}");
        }
    }
    // Those of the buckets add up to those of the headline.
    let headline = at["configurations"].as_array().unwrap();
    let headline = headline.iter().find(|it| it["configuration"] == document["headline"]).unwrap();
    for key in ["saved_kms_requests_a_month", "saved_usd_a_month"] {
        for level in 0..3 {
            let buckets = at["buckets"].as_array().unwrap().iter();
            let sum: f64 = buckets.map(|it| number(&it[key][level])).sum();
            assert!((sum - number(&headline[key][level])).abs() < 1e-3, "{key} {level}");
        }
    }
    // The same as a file.
    let mut file = csv::Reader::from_path(folder.join("out/known_total.csv")).unwrap();
    let rows = file.deserialize().map(Result::unwrap);
    let rows: Vec<std::collections::BTreeMap<String, String>> = rows.collect();
    let all =
        at["configurations"].as_array().unwrap().iter().chain(at["buckets"].as_array().unwrap());
    assert_eq!(rows.len(), all.clone().count());
    for (row, one) in rows.iter().zip(all) {
        assert!(row["bucket"].is_empty() == one["bucket"].is_null());
        let levels = ["_at_low", "", "_at_high"];
        for key in ["saved_kms_requests_a_month", "saved_usd_a_month"] {
            for (level, end) in levels.iter().enumerate() {
                let written: f64 = row[&format!("{key}{end}")].parse().unwrap();
                assert!((written - number(&one[key][level])).abs() < 1e-9, "{key}{end}");
            }
        }
    }
    // The same by a bill: a million calls in an hour are 720 million a month.
    let (from, to) = ("2026-11-20T10:00:00Z", "2026-11-20T11:00:00Z");
    fs::write(folder.join("bill.csv"), format!("{CUR}{}", cur(from, to, 1_000_000))).unwrap();
    let by_bill = scaled(&["--bill", "bill.csv"]);
    assert_eq!(by_bill["at_known_total"]["configurations"], at["configurations"]);
    assert_eq!(by_bill["at_known_total"]["known"]["of_all_services"], true);
    // And by CloudWatch's metrics: two sums of half an hour.
    let [first, second] = ["10:00", "10:30"].map(|minute| {
        json!({"Timestamp": format!("2026-11-20T{minute}:00Z"), "Sum": 500_000.0, "Unit": "None"})
    });
    let metrics = json!({"Label": "CallCount", "Datapoints": [second, first]}).to_string();
    fs::write(folder.join("metrics.json"), metrics).unwrap();
    let by_metrics = scaled(&["--bill", "metrics.json"]);
    assert_eq!(by_metrics["at_known_total"]["configurations"], at["configurations"]);
    let (_, table, _) =
        code_and_texts(folder, &["replay", "trail.json", "--bill", "bill.csv", "--out", "out"]);
    assert!(
        table.contains("At the known total of 720 M KMS requests a month (bill.csv, 2026-11-20T10:00:00Z to 2026-11-20T11:00:00Z)"),
        "{table}"
    );
    assert!(
        table.contains("Peaks, quota, free tier, discount and keys' rent are not scaled"),
        "{table}"
    );
    assert!(scaled(&[]).get("at_known_total").is_none());
    // Of another run there is no such file in its folder.
    let (code, ..) = code_and_texts(folder, &["replay", "trail.json", "--out", "out"]);
    assert!(code == Some(0) && !folder.join("out/known_total.csv").exists());
    // A total that is less than its part is refused with the reason.
    fs::write(folder.join("small.csv"), format!("{CUR}{}", cur(from, to, 10))).unwrap();
    let (code, _, told) =
        code_and_texts(folder, &["replay", "trail.json", "--bill", "small.csv", "--out", "out"]);
    assert!(code == Some(2) && told.contains("small.csv: the known total is"), "{told}");
    assert!(
        folder.join("out/summary.csv").exists() && !folder.join("out/known_total.csv").exists()
    );
    let (code, _, told) =
        code_and_texts(folder, &["replay", "trail.json", "--known-calls", "many"]);
    assert!(code == Some(2) && told.contains("is not a number of calls"), "{told}");
}

/// What queues, topics, search engines, log platforms and queries put around events: they are found wherever they
/// lie, and a file whose events cannot be had is called by its name.
#[test]
fn events_are_found_within_other_json() {
    let plain =
        requests(json!({"Records": events()}).to_string().as_bytes(), LogFormat::CloudTrail);
    assert_eq!(plain.len(), 7);
    let each = |wrap: fn(&Value) -> Value| -> Vec<Value> { events().iter().map(wrap).collect() };
    let lines = |wrap: fn(&Value) -> Value| joined(&each(wrap), "\n");
    let bodies =
        each(|event| json!({"MessageId": "1", "Body": json!({"detail": event}).to_string()}));
    let hits = each(|event| json!({"_index": "ct", "_id": "1", "_source": event}));
    let rows = each(|event| json!([{"eventJson": event.to_string()}]));
    let texts = [
        json!({"Messages": bodies}).to_string(),
        json!({"took": 1, "hits": {"total": {"value": 7, "relation": "eq"}, "hits": hits}})
            .to_string(),
        json!({"QueryStatus": "FINISHED", "QueryResultRows": rows}).to_string(),
        lines(|event| json!({"Type": "Notification", "Message": event.to_string()})),
        lines(|event| json!({"preview": false, "result": {"_raw": event.to_string()}})),
        lines(|event| json!({"@timestamp": "x", "event": {"original": event.to_string()}})),
    ];
    for text in texts {
        assert_eq!(requests(text.as_bytes(), LogFormat::CloudTrail), plain, "{text}");
    }
    let folder = tempfile::tempdir().unwrap();
    for (text, said) in [
        (
            "EVENTS\tASIA\t{\"eventSource\": \"s3.amazonaws.com\"}\t0000\tGetObject\n".to_owned(),
            "print them by `--output json`",
        ),
        (
            json!({"metadata": {"product": {"name": "CloudTrail"}}, "api": {"operation": "GetObject"}}).to_string(),
            "CloudTrail in OCSF",
        ),
        ("eventtime,eventname,bucket\n1,2,3\n".to_owned(), "without all columns that are needed"),
        (json!({"Records": [{"Data": "H4sI", "SequenceNumber": "1"}]}).to_string(), "Kinesis"),
    ] {
        fs::write(folder.path().join("x"), text).unwrap();
        let (code, _, told) = code_and_texts(folder.path(), &["replay", "x"]);
        assert!(code == Some(2) && told.contains(said), "{told}");
    }
}

/// Hidden files of a folder are named, not passed over without a word; in an archive `.` and `..` hide nothing.
#[test]
fn hidden_files_are_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::create_dir_all(folder.join("logs/.backup")).unwrap();
    fs::write(folder.join("logs/a.json"), trail()).unwrap();
    fs::write(folder.join("logs/.backup/b.json"), trail()).unwrap();
    fs::write(folder.join("logs/.DS_Store"), "x").unwrap();
    let (_, told) = replayed(folder, &["logs"]);
    assert!(told.contains("logs/.backup is left out: it is hidden"), "{told}");
    assert!(!told.contains("DS_Store"), "{told}");
    let listed = fs::read_to_string(folder.join("out/files_left_out.csv")).unwrap();
    assert!(listed.contains("logs/.backup"), "{listed}");
    fs::write(folder.join("dots.zip"), zip(&[("./x/../a.json", trail().as_bytes())])).unwrap();
    let (calls, _) = replayed(folder, &["dots.zip"]);
    assert!((calls - 10.0).abs() < 1e-9, "{calls}");
    // A bucket that nothing is of is told of beside one that is there.
    let (_, told) = replayed(folder, &["logs", "--bucket", "lake", "--bucket", "nosuch"]);
    assert!(told.contains("`--bucket nosuch`: no request that was read is of it"), "{told}");
}

/// What is given to the wrong command is called by its name, with the right one.
#[test]
fn the_command_that_reads_a_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("a.log"), joined(&lines(), "\n")).unwrap();
    fs::write(folder.join("policy.json"), "{\"Version\": \"2012-10-17\"}").unwrap();
    fs::write(folder.join("s.toml"), "[[bucket]]\nname = \"lake\"\n").unwrap();
    for (command, said) in [
        (["simulate", "a.log"], "`bks replay FILE`"),
        (["check", "policy.json"], "`bks lint FILE`"),
        (["replay", "s.toml"], "a scenario, which `bks simulate` runs"),
    ] {
        let (code, _, told) = code_and_texts(folder, &command);
        assert!(code != Some(0) && told.contains(said), "{command:?}: {told}");
    }
}

/// Of the versions of a month's Cost and Usage Report the one counts that the manifest beside them names.
#[test]
fn older_assemblies_of_a_bill_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("trail.json"), trail()).unwrap();
    let (from, to) = ("2026-11-20T10:00:00Z", "2026-11-20T11:00:00Z");
    let month = "bill/20261101-20261201";
    let manifest = |assembly: &str| {
        let key = format!("p/r/20261101-20261201/{assembly}/r-1.csv");
        json!({"assemblyId": assembly, "reportKeys": [key]}).to_string()
    };
    for (assembly, requests) in [("old", 700), ("new", 1_000)] {
        let at = folder.join(month).join(assembly);
        fs::create_dir_all(&at).unwrap();
        fs::write(at.join("r-1.csv"), format!("{CUR}{}", cur(from, to, requests))).unwrap();
        fs::write(at.join("r-Manifest.json"), manifest(assembly)).unwrap();
    }
    // Without the manifest beside them nobody knows which is in force.
    assert_eq!(billed(folder, &[month]), Ok(1_700.0));
    fs::write(folder.join(month).join("r-Manifest.json"), manifest("new")).unwrap();
    for bill in [month, "bill"] {
        assert_eq!(billed(folder, &[bill]), Ok(1_000.0), "{bill}");
    }
    // A Data Export's executions have folders of their own, of which the newest counts, manifest or not.
    let export = |execution: &str| format!("data/BILLING_PERIOD=2026-11/{execution}/r-1.csv");
    for (execution, requests) in
        [("2026-11-10T00:00:00.000Z-a", 700), ("2026-12-02T00:00:00.000Z-b", 1_000)]
    {
        let at = folder.join("export").join(export(execution));
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        fs::write(&at, format!("{CUR}{}", cur(from, to, requests))).unwrap();
        fs::write(at.with_file_name("empty.csv"), "").unwrap();
        let own = folder.join("export/metadata/BILLING_PERIOD=2026-11").join(execution);
        fs::create_dir_all(&own).unwrap();
        let listed =
            json!({"dataFiles": [format!("s3://b/export/{}", export(execution))]}).to_string();
        fs::write(own.join("r-Manifest.json"), listed).unwrap();
    }
    // Athena's flag, whether the report is being written, is no part of it.
    fs::create_dir_all(folder.join("export/cost_and_usage_data_status")).unwrap();
    fs::write(folder.join("export/cost_and_usage_data_status/s.csv"), "status\nREADY\n").unwrap();
    assert_eq!(billed(folder, &["export/data"]), Ok(1_000.0));
    let listed =
        json!({"dataFiles": [format!("s3://b/export/{}", export("2026-12-02T00:00:00.000Z-b"))]});
    let current = folder.join("export/metadata/BILLING_PERIOD=2026-11/r-Manifest.json");
    fs::write(current, listed.to_string()).unwrap();
    assert_eq!(billed(folder, &["export"]), Ok(1_000.0));
    fs::write(folder.join("empty.csv"), "").unwrap();
    let told = billed(folder, &["empty.csv"]).unwrap_err();
    assert!(told.contains("the bill is empty"), "{told}");
    // Semicolons part its cells where a table program saved it so.
    let with_semicolons = format!("{CUR}{}", cur(from, to, 30)).replace(',', ";");
    fs::write(folder.join("semicolons.csv"), with_semicolons).unwrap();
    assert_eq!(billed(folder, &["semicolons.csv"]), Ok(30.0));
    // Another month has a folder of its own.
    let other = folder.join("bill/20261001-20261101/x");
    fs::create_dir_all(&other).unwrap();
    fs::write(other.join("r-1.csv"), format!("{CUR}{}", cur(from, to, 50))).unwrap();
    assert_eq!(billed(folder, &["bill"]), Ok(1_050.0));
}
