//! What a file is that is no log: by its first bytes, so that nobody is told less than can be known.

use super::athena::PartialTable;
use super::csv_records::plain_name;
use super::wrapping::has;
use super::{archive, athena, cloudtrail, wrapping};

/// A file that is not read, by its right name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OtherFormat {
    /// What it is, as in "it is …".
    pub what: &'static str,
    /// What makes a log of it, if anything does.
    pub way_out: Option<&'static str>,
}

impl OtherFormat {
    const fn new(what: &'static str, way_out: &'static str) -> Self {
        Self { what, way_out: Some(way_out) }
    }

    /// Whether it may hold what is looked for, so that there is a way out.
    pub(crate) const fn is_log(&self) -> bool {
        self.way_out.is_some()
    }
}

const ZLIB: &str = "compressed by zlib, which bks does not read";
const DECOMPRESS: &str = "decompress it, or pack it by gzip or zstd";

/// What files begin with that may hold a log, and what to do about them.
const PACKED: [(&[u8], &str, &str); 13] = [
    (b"\x78\x01", ZLIB, DECOMPRESS),
    (b"\x78\x9c", ZLIB, DECOMPRESS),
    (b"\x78\xda", ZLIB, DECOMPRESS),
    (
        b"version https://git-lfs",
        "what Git LFS keeps in a file's place",
        "fetch it by `git lfs pull`",
    ),
    (b"BZh", "compressed by bzip2, which bks does not read", DECOMPRESS),
    (b"\xfd7zXZ\0", "compressed by xz, which bks does not read", DECOMPRESS),
    (b"\x04\x22\x4d\x18", "compressed by LZ4, which bks does not read", DECOMPRESS),
    (b"\xff\x06\0\0sNaPpY", "compressed by Snappy, which bks does not read", DECOMPRESS),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive, which bks does not read", "unpack it"),
    (b"Rar!", "a RAR archive, which bks does not read", "unpack it"),
    (b"Obj\x01", "an Avro file, which bks does not read", "write it as CSV with a header"),
    (b"\xff\xfe", "text in UTF-16, which bks does not read", "save it as UTF-8"),
    (b"\xfe\xff", "text in UTF-16, which bks does not read", "save it as UTF-8"),
];

/// What other services' logs begin with.
const OTHER_LOGS: [(&[u8], &str); 6] = [
    (b"#Version: 1.0", "a log of CloudFront"),
    (b"#Software: ", "a web server's log"),
    (b"version account-id ", "a flow log of a VPC"),
    (b"2 unknown eni-", "a flow log of a VPC"),
    (b"http ", "a load balancer's log"),
    (b"https ", "a load balancer's log"),
];

/// What a file is that begins with `head`, decompressed; `None` if nothing is known of it.
pub(crate) fn of(head: &[u8]) -> Option<OtherFormat> {
    if let Some((_, what, way_out)) = PACKED.iter().find(|(begin, ..)| head.starts_with(begin)) {
        return Some(OtherFormat::new(what, way_out));
    }
    if is_parquet(head) {
        return Some(of_parquet(&[]));
    }
    if head.starts_with(b"ORC") {
        return Some(OtherFormat::new("an ORC file, which bks does not read", FROM_ORC));
    }
    if archive::is_archive(head) {
        return Some(OtherFormat::new(
            "a ZIP archive",
            "unpack it, e.g., by `unzip FILE`, after `gunzip FILE` if it is compressed, too",
        ));
    }
    if head.get(257..262) == Some(b"ustar") {
        return Some(OtherFormat::new(
            "a tar archive, which bks does not unpack",
            "unpack it: `tar -xf FILE`",
        ));
    }
    match athena::incomplete(head) {
        Some(PartialTable::History) => {
            return Some(OtherFormat::new(
                "CloudTrail's event history as CSV, which has no request parameters",
                "download the events as JSON",
            ));
        }
        Some(PartialTable::Events) => {
            return Some(OtherFormat::new(
                "a table of CloudTrail's events without all columns that are needed",
                "select `eventtime`, `eventsource`, `eventname` and `requestparameters` as they are, and \
                 `useridentity`, `resources`, `additionaleventdata`, `errorcode`, `awsregion` and `eventid` too",
            ));
        }
        Some(PartialTable::Records) => {
            return Some(OtherFormat::new(
                "a table of an S3 access log without all columns that are needed",
                "select `bucket_name`, `requestdatetime`, `requester`, `operation` and `key` as they are, and \
                 `httpstatus`, `errorcode`, `requestid` and `versionid` too",
            ));
        }
        None => {}
    }
    of_text(head)
}

/// libCacheSim's `oracleGeneral`, which has no mark at its beginning: packed little-endian records of
/// 24 bytes, whose times (u32) do not descend, whose sizes (u32 at 12) are not 0 and whose next request of
/// the same object (i64 at 16, counted from 1) lies ahead within the file. `bytes` is the file's size, if it
/// is known.
pub(super) fn of_lookups(bytes: Option<u64>, head: &[u8]) -> Option<OtherFormat> {
    const RECORD: usize = 24;
    let (records, _) = head.as_chunks::<RECORD>();
    let is_whole = bytes.is_none_or(|bytes| bytes.is_multiple_of(RECORD as u64));
    // Numbers have high bytes that are zero, text has none.
    if records.is_empty() || !is_whole || !head.contains(&0) {
        return None;
    }
    let last = bytes.map_or(i64::MAX, |bytes| bytes as i64 / RECORD as i64);
    let mut previous = 0;
    for (number, record) in (1..).zip(records) {
        let [second, _, _, size, next @ ..] = record.as_chunks::<4>().0 else { return None };
        let (second, size) = (u32::from_le_bytes(*second), u32::from_le_bytes(*size));
        let next = i64::from_le_bytes(*next.as_flattened().first_chunk()?);
        let is_ahead = next < 1 || next == i64::MAX || (number < next && next <= last);
        if second < previous || size == 0 || !is_ahead {
            return None;
        }
        previous = second;
    }
    Some(OtherFormat {
        what: "a trace of cache look-ups (libCacheSim's oracleGeneral), which has no S3 requests",
        way_out: None,
    })
}

/// Whether a file that begins with `head` is Parquet.
pub(crate) fn is_parquet(head: &[u8]) -> bool {
    head.starts_with(b"PAR1")
}

const EXPORT: &str = "write it as JSON, a record a line, e.g., by `duckdb -c \"COPY (FROM 'FILE') TO \
                      'FILE.json'\"`";

const FROM_ORC: &str = "write it as CSV with a header, e.g., by `pip install pyarrow` and `python3 -c \"from pyarrow \
                        import csv, orc; csv.write_csv(orc.read_table('FILE'), 'FILE.csv')\"`";

const OCSF: OtherFormat = OtherFormat::new(
    "CloudTrail in OCSF, as Security Lake keeps it",
    "give the files of the trail itself",
);

/// What a Parquet file is, by the names of its columns.
pub(crate) fn of_parquet(columns: &[String]) -> OtherFormat {
    let names: Vec<String> = columns.iter().map(|name| plain_name(name)).collect();
    if has_all(&names, &["eventsource", "eventname"]) {
        return OtherFormat::new("a trail in Parquet, which bks reads as JSON or CSV only", EXPORT);
    }
    // Fields of a group have its name before theirs.
    if has_all(&names, &["classuid"]) && names.iter().any(|name| name.starts_with("api")) {
        return OCSF;
    }
    if has_all(&names, &["operation", "requester"]) {
        return OtherFormat::new(
            "an access log in Parquet, which bks reads as lines, JSON or CSV only",
            EXPORT,
        );
    }
    if has_all(&names, &["lineitemusagetype"])
        || has_all(&names, &["servicename", "chargeperiodstart"])
    {
        return OtherFormat::new("a bill in Parquet", "give it to `bks reconcile` by `--bill`");
    }
    if has_all(&names, &["encryptionstatus"]) {
        return OtherFormat::new("an inventory in Parquet", "give it to `bks inventory`");
    }
    OtherFormat::new(
        "a Parquet file, which is read as an inventory or a bill, but not as a log",
        EXPORT,
    )
}

fn has_all(names: &[String], wanted: &[&str]) -> bool {
    wanted.iter().all(|wanted| names.iter().any(|name| name == wanted))
}

/// What a text is that is no log.
fn of_text(head: &[u8]) -> Option<OtherFormat> {
    let text = head.trim_ascii_start();
    if matches!(text, [b'{' | b'[', ..]) {
        if cloudtrail::has_notifications(text, b"aws:s3")
            || (has(text, ["detail-type"]) && has(text, ["aws.s3"]) && has(text, ["\"Object "]))
        {
            return Some(OtherFormat::new(
                "S3's event notifications, which tell what was created or deleted, but neither what was read nor \
                 by whom",
                "give S3 access logs or CloudTrail's data events",
            ));
        }
        if has(text, ["\"product\""]) && has(text, ["\"CloudTrail\""]) && has(text, ["\"api\""]) {
            return Some(OCSF);
        }
        if has(text, ["\"Data\""]) && has(text, ["\"Records\"", "\"SequenceNumber\""]) {
            return Some(OtherFormat::new(
                "records of a Kinesis stream, packed in Base64",
                "unpack them, e.g., by `jq -r '.Records[].Data' FILE | while read -r it; do echo \"$it\" | base64 -d \
                 | gunzip -cf; echo; done`",
            ));
        }
        if has(text, ["\"data\""]) && has(text, ["\"records\""]) {
            return Some(OtherFormat::new(
                "records of Firehose, packed in Base64",
                "unpack them, e.g., by `jq -r '.records[].data' FILE | while read -r it; do echo \"$it\" | base64 -d \
                 | gunzip -cf; echo; done`",
            ));
        }
    } else if has(head, ["CloudTrailEvent", "\\\"eventSource\\\"", "\"eventSource\""]) {
        let text =
            "CloudTrail's events as text or YAML, as `aws cloudtrail lookup-events` prints them";
        return Some(OtherFormat::new(text, "print them by `--output json`"));
    }
    if let Some(what) = text_name(head) {
        return Some(OtherFormat { what, way_out: None });
    }
    let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    is_base64(first).then_some(OtherFormat::new(
        "Base64",
        "unpack it: `base64 -d FILE | gunzip -cf > FILE.unpacked`",
    ))
}

/// Whether a line is nothing but Base64, of letters of either case and digits, and too long for a word.
fn is_base64(line: &[u8]) -> bool {
    const LONG: usize = 60;
    let line = line.trim_ascii();
    let kinds = [u8::is_ascii_uppercase, u8::is_ascii_lowercase, u8::is_ascii_digit];
    let has_all = kinds.iter().all(|is_one| line.iter().any(is_one));
    line.len() >= LONG && has_all && line.iter().copied().all(is_of_base64)
}

const fn is_of_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// What a text in angle brackets is.
fn markup_name(text: &[u8]) -> &'static str {
    let text = text.to_ascii_lowercase();
    if has(&text, ["<html", "<!doctype html"]) {
        "a web page"
    } else if has(&text, ["<error>", "<code>accessdenied"]) {
        "an error that S3 answered in the place of the file: download it again"
    } else {
        "XML, which bks does not read: CSV and JSON are read"
    }
}

fn text_name(head: &[u8]) -> Option<&'static str> {
    if let Some((_, what)) = OTHER_LOGS.iter().find(|(begin, _)| head.starts_with(begin)) {
        return Some(what);
    }
    let text = head.trim_ascii_start();
    // A table of TOML begins as an array of JSON does.
    if has(text, ["[[bucket]]", "[[workload]]", "[[principal]]"]) {
        return Some("a scenario, which `bks simulate` runs");
    }
    if matches!(text, [b'{' | b'[', ..]) {
        return Some(if has(text, ["\"sourceBucket\""]) && has(text, ["\"fileSchema\""]) {
            "the manifest of an S3 Inventory"
        } else if has(text, ["\"reportKeys\"", "\"dataFiles\""]) {
            "the manifest of a bill"
        } else if cloudtrail::has_notifications(text, b"aws:") {
            "notifications of other services than CloudTrail, with no event or line of a log in them"
        } else if has(text, ["\"remote_addr\""]) && has(text, ["\"http_status\""]) {
            "an ops log of Ceph, whose object store does not ask AWS KMS"
        } else if has(text, ["\"deploymentid\""]) && has(text, ["\"api\""]) {
            "an audit log of MinIO, which does not ask AWS KMS"
        } else if has(text, ["\"logEvents\""]) {
            "a subscription's record of another log than S3's and CloudTrail's"
        } else {
            "JSON of another kind"
        });
    }
    if text.starts_with(b"<") {
        return Some(markup_name(text));
    }
    let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if first.trim_ascii_end().contains(&b'\r') {
        return Some(
            "text whose lines end in CR alone: `tr '\\r' '\\n' < FILE` writes them as lines",
        );
    }
    let [bars, commas] = [b'|', b','].map(|byte| memchr::memchr_iter(byte, first).count());
    if bars > 2 && bars > commas && !first.contains(&b'"') {
        return Some("a table separated by `|`: commas, tabs and semicolons are read");
    }
    if has(&plain_name(&String::from_utf8_lossy(first)).into_bytes(), ["encryptionstatus"]) {
        return Some("an inventory, which `bks inventory` reads");
    }
    if wrapping::after_stamp(first).is_some() {
        return Some("an export of another log than S3's and CloudTrail's");
    }
    let names_of_bills = ["lineitem/usagetype", "line_item_usage_type", "chargeperiodstart"];
    has(&first.to_ascii_lowercase(), names_of_bills)
        .then_some("a bill, which `bks reconcile --bill` reads")
}
