//! Access logs whose fields have names: S3's JSON, as it delivers it to CloudWatch Logs
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/sal-cw-log-format.html>), and tables of Athena
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-s3-access-logs-to-identify-requests.html>).

use std::borrow::Cow;

use serde::de::MapAccess;

use super::number;
use crate::logs::bad_lines::LineError;
use crate::logs::csv_records::{plain_name, stands_for_nothing};
use crate::logs::lenient_json::{Keep, LenientText, deserialize_by_keep};
use crate::logs::record::{LogOperation, LoggedRequester, Nanoseconds, Record};
use crate::logs::timestamps::{COMMON_LOG_BYTES, TimestampReader, epoch};
use crate::units::parse_moment;

/// A field that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::logs) enum Field {
    Bucket,
    /// A bucket that may be the one in which the log lies, where there is another.
    BucketWord,
    BucketArn,
    /// The request's time, by a name that means no other.
    Time,
    /// A time that may be the one at which a program took the record, where there is another.
    TimeWord,
    /// A time that may be a table's partition's, where there is another.
    Timestamp,
    /// A time that a search engine gives each record, often the request's.
    IndexTime,
    Requester,
    Id,
    Operation,
    Key,
    /// A key that may be the log's own, where there is another.
    KeyWord,
    Status,
    /// A status that may be the record's, where there is another.
    StatusWord,
    Error,
    BytesSent,
    ObjectSize,
    VersionId,
    Host,
}

/// How many fields matter.
const FIELDS: usize = 19;

/// What may tell a request's time, best first.
pub(in crate::logs) const TIMES: [Field; 4] =
    [Field::Time, Field::TimeWord, Field::Timestamp, Field::IndexTime];
/// The same of its key and status.
const KEYS: [Field; 2] = [Field::Key, Field::KeyWord];
pub(in crate::logs) const STATUSES: [Field; 2] = [Field::Status, Field::StatusWord];

impl Field {
    /// The field of that name, however its words are joined and spelt.
    pub(in crate::logs) fn of(name: &str) -> Option<Self> {
        if name == "@timestamp" {
            return Some(Self::IndexTime);
        }
        // As Elastic names the fields where it does not nest them.
        let name = name.strip_prefix("aws.s3access.").unwrap_or(name);
        Some(match plain_name(name).as_str() {
            "bucketname" => Self::Bucket,
            "bucket" => Self::BucketWord,
            "bucketarn" => Self::BucketArn,
            "requesttime" | "requestdatetime" => Self::Time,
            "time" | "datetime" => Self::TimeWord,
            "timestamp" => Self::Timestamp,
            "requester" | "requesterarn" | "requestor" => Self::Requester,
            "requestid" => Self::Id,
            "operation" => Self::Operation,
            "keyname" | "objectkey" => Self::Key,
            "key" => Self::KeyWord,
            "status" | "response" => Self::StatusWord,
            "httpstatus"
            | "httpstatuscode"
            | "statuscode"
            | "scstatus"
            | "responsecode"
            | "responsestatus"
            | "httpresponse"
            | "httpresponsecode"
            | "httpresponsestatuscode" => Self::Status,
            "errorcode" => Self::Error,
            "bytessent" => Self::BytesSent,
            "objectsize" => Self::ObjectSize,
            "versionid" => Self::VersionId,
            "hostheader" | "endpoint" => Self::Host,
            _ => return None,
        })
    }
}

/// The fields of one request.
#[derive(Debug, Default)]
pub(in crate::logs) struct Named<'a> {
    fields: [Option<Cow<'a, str>>; FIELDS],
}

impl<'a> Named<'a> {
    /// Takes over a field, unless it stands for nothing; a key may be any word.
    pub(in crate::logs) fn set(&mut self, field: Field, text: impl Into<Cow<'a, str>>) {
        let text = text.into();
        let is_nothing = match field {
            Field::Key | Field::KeyWord => matches!(&*text, "" | "-"),
            _ => stands_for_nothing(&text),
        };
        if !is_nothing {
            self.fields[field as usize] = Some(text);
        }
    }

    /// The first of some fields that there is.
    fn best<const N: usize>(&self, fields: [Field; N]) -> Option<&str> {
        fields.into_iter().find_map(|field| self.fields[field as usize].as_deref())
    }

    fn get(&self, field: Field) -> Option<&[u8]> {
        self.best([field]).map(str::as_bytes)
    }

    /// A whole number, which some writers put as a float.
    fn whole<const N: usize>(&self, fields: [Field; N]) -> &[u8] {
        let text = self.best(fields).map_or(&b"-"[..], str::as_bytes);
        text.strip_suffix(b".0").unwrap_or(text)
    }

    /// Whether they are those of an access log, by the name of the operation.
    pub(in crate::logs) fn is_of_access_log(&self) -> bool {
        self.get(Field::Operation).is_some_and(LogOperation::is_name) && self.record().is_ok()
    }

    /// What the fields say.
    pub(in crate::logs) fn record(&self) -> Result<Record<'_>, LineError> {
        let operation_name = self.get(Field::Operation).ok_or(LineError::Lacks("operation"))?;
        let time = self.best(TIMES).ok_or(LineError::Lacks("time"))?;
        let arn = self.get(Field::BucketArn);
        let of_arn = arn.map(|arn| crate::logs::record::bucket_and_key(arn).0);
        let named = self.get(Field::Bucket).or(of_arn).or_else(|| self.get(Field::BucketWord));
        Ok(Record {
            time: moment(time).ok_or(LineError::Field("time"))?,
            bucket: named.ok_or(LineError::Lacks("bucket"))?,
            key: self.best(KEYS).map(str::as_bytes),
            version_id: self.get(Field::VersionId),
            status: super::status(self.whole(STATUSES))?,
            error: self.get(Field::Error),
            object_size: number(self.whole([Field::ObjectSize]), "object size")?,
            bytes_sent: number(self.whole([Field::BytesSent]), "bytes sent")?,
            id: self.get(Field::Id),
            region: self.get(Field::Host).and_then(super::endpoint::region),
            ..Record::new(
                LogOperation::of_access_log(operation_name),
                operation_name,
                LoggedRequester::parse(self.get(Field::Requester).unwrap_or(b"-")),
            )
        })
    }
}

/// A time as ISO 8601 has it, as access logs have it, or since 1970.
fn moment(text: &str) -> Option<Nanoseconds> {
    if let Some(time) = parse_moment(text.as_bytes()) {
        return Some(time);
    }
    let bare = text.trim().trim_start_matches('[').trim_end_matches(']');
    if let Ok(text) = <&[u8; COMMON_LOG_BYTES]>::try_from(bare.as_bytes()) {
        return TimestampReader::default().common_log(text);
    }
    since_epoch(bare)
}

/// A time since the Unix epoch, in seconds or in thousandths, millionths or billionths of one, with a fraction or none.
fn since_epoch(text: &str) -> Option<Nanoseconds> {
    // What is less, 1973, is a date without hyphens rather.
    const LEAST: f64 = 1e8;
    if let Ok(whole) = text.parse::<u64>() {
        return epoch(whole).filter(|_| whole as f64 >= LEAST);
    }
    let number: f64 = text.parse().ok()?;
    if !number.is_finite() || number < LEAST {
        return None;
    }
    let whole = number.trunc();
    let unit = epoch(whole as u64)? as f64 / whole;
    Some((number * unit).round() as Nanoseconds)
}

/// A value as text, unless it is an object, an array, true, false or nothing.
#[derive(Default)]
struct Scalar<'a>(Option<Cow<'a, str>>);

deserialize_by_keep!(Scalar<'a>, Named<'a>);

impl<'de: 'a, 'a> Keep<'de> for Scalar<'a> {
    fn borrowed(text: &'de str) -> Self {
        Self(Some(text.into()))
    }
    fn owned(text: &str) -> Self {
        Self(Some(text.to_owned().into()))
    }
    fn number(number: u64) -> Self {
        Self(Some(number.to_string().into()))
    }
    fn negative(number: i64) -> Self {
        Self(Some(number.to_string().into()))
    }
    fn float(number: f64) -> Self {
        Self(Some(number.to_string().into()))
    }
}

impl<'de: 'a, 'a> Keep<'de> for Named<'a> {
    fn object<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let mut named = Named::default();
        while let Some(LenientText(name)) = map.next_key()? {
            let Scalar(text) = map.next_value()?;
            if let (Some(field), Some(text)) = (name.and_then(|name| Field::of(&name)), text) {
                named.set(field, text);
            }
        }
        Ok(named)
    }
}
