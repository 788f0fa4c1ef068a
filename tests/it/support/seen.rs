//! What the tests of logs share: fixtures, and entries that outlive the log they are read from.

use std::io::Read;

use bks::error::Result;
use bks::kms::KmsApi;
use bks::logs::LogFormat;
use bks::logs::bad_lines::BadLines;
use bks::logs::log::Log;
use bks::logs::record::{
    CopySource, KmsEvent, LogEntry, LogOperation, LoggedEncryption, LoggedRequester, Record,
    Skipped,
};

/// A line of each quirk, one empty and one cut off.
pub(crate) const QUIRKS: &[u8] = include_bytes!("../../fixtures/access-logs/quirks.log");

/// Events of each kind, one a line.
pub(crate) const EVENTS: &str = include_str!("../../fixtures/cloudtrail/events.jsonl");

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// An [`LogEntry`] of its own.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Seen {
    Request(Request),
    Kms(Call),
    Skipped(Skipped),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    pub time: i64,
    pub bucket: String,
    pub key: Option<String>,
    pub version_id: Option<String>,
    pub requester: String,
    pub credential: Option<String>,
    pub operation: LogOperation,
    pub succeeded: bool,
    pub encryption: Option<LoggedEncryption>,
    pub object_size: Option<u64>,
    pub bytes_sent: Option<u64>,
    pub copy_source: Option<String>,
    pub id: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    pub time: i64,
    pub api: KmsApi,
    pub requester: String,
    pub credential: Option<String>,
    pub is_of_bucket: Option<bool>,
    pub key_arn: Option<String>,
    pub id: Option<String>,
    pub error: Option<String>,
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn requester(requester: LoggedRequester<'_>) -> String {
    match requester {
        LoggedRequester::Anonymous => "Anonymous".to_owned(),
        LoggedRequester::Unknown => "Unknown".to_owned(),
        LoggedRequester::CanonicalId(id) => format!("CanonicalId {}", text(id)),
        LoggedRequester::Root { account } => format!("Root {}", text(account)),
        LoggedRequester::User { account, name } => format!("User {} {}", text(account), text(name)),
        LoggedRequester::AssumedRole { account, role, session } => {
            format!("AssumedRole {} {} {}", text(account), text(role), text(session))
        }
        LoggedRequester::FederatedUser { account, name } => {
            format!("FederatedUser {} {}", text(account), text(name))
        }
        LoggedRequester::OfKind { account, kind, name } => {
            format!("OfKind {} {} {}", text(account), text(kind), text(name))
        }
        LoggedRequester::Service(name) => format!("Service {}", text(name)),
        LoggedRequester::ServiceFor { account, name } => {
            format!("ServiceFor {} {}", text(account), text(name))
        }
        LoggedRequester::Other(name) => format!("Other {}", text(name)),
    }
}

impl From<Record<'_>> for Request {
    fn from(record: Record<'_>) -> Self {
        Self {
            time: record.time,
            bucket: text(record.bucket),
            key: record.key.map(text),
            version_id: record.version_id.map(text),
            requester: requester(record.requester),
            credential: record.credential.map(text),
            operation: record.operation,
            succeeded: record.succeeded(),
            encryption: record.encryption,
            object_size: record.object_size,
            bytes_sent: record.bytes_sent,
            copy_source: record.copy_source.map(copied),
            id: record.id.map(text),
        }
    }
}

/// A copy's source as its request names it.
fn copied(source: CopySource<'_>) -> String {
    let CopySource { bucket, key, version } = source;
    let version = version.map(|version| format!("?versionId={}", text(version)));
    format!("{}/{}{}", text(bucket), text(key), version.unwrap_or_default())
}

impl From<KmsEvent<'_>> for Call {
    fn from(event: KmsEvent<'_>) -> Self {
        Self {
            time: event.time,
            api: event.api,
            requester: requester(event.requester),
            credential: event.credential.map(text),
            is_of_bucket: event.is_of_bucket(),
            key_arn: event.key_arn.map(text),
            id: event.id.map(text),
            error: event.error.map(text),
        }
    }
}

impl Seen {
    pub(crate) fn request(&self) -> Option<&Request> {
        if let Self::Request(request) = self { Some(request) } else { None }
    }

    pub(crate) fn kms(&self) -> Option<&Call> {
        if let Self::Kms(call) = self { Some(call) } else { None }
    }

    pub(crate) fn skipped(&self) -> Option<Skipped> {
        if let Self::Skipped(skipped) = self { Some(*skipped) } else { None }
    }
}

/// What a log of these bytes has.
pub(crate) type Found = (Option<LogFormat>, Vec<Seen>, BadLines);

pub(crate) fn read(bytes: &[u8], form: Option<LogFormat>) -> Result<Found> {
    read_from(bytes, form)
}

/// Reads `source` to its end; holds that each line is either handed on or bad.
pub(crate) fn read_from(source: impl Read, form: Option<LogFormat>) -> Result<Found> {
    let mut bad = BadLines::default();
    let mut seen = Vec::new();
    let Some(log) = Log::open(source, None, form)? else { return Ok((None, seen, bad)) };
    let form = log.format();
    log.entries("log", &mut bad, |entry| {
        seen.push(match entry {
            LogEntry::Request(record) => Seen::Request(record.into()),
            LogEntry::Kms(event) => Seen::Kms(event.into()),
            LogEntry::Session(_) => Seen::Skipped(Skipped::OtherService),
            LogEntry::Skipped(skipped, _) => Seen::Skipped(skipped),
        });
        Ok(())
    })?;
    // What is wrapped may hold several records.
    assert!(bad.lines <= seen.len() as u64 + bad.bad, "each line is handed on or bad");
    Ok((Some(form), seen, bad))
}
