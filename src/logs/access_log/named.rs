//! Access logs whose fields have names: S3's JSON, as it delivers it to CloudWatch Logs
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/sal-cw-log-format.html>), and tables of Athena
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-s3-access-logs-to-identify-requests.html>).

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{known, number};
use crate::logs::bad_lines::Flaw;
use crate::logs::clock::{COMMON_LOG_BYTES, Clock, MILLISECOND};
use crate::logs::record::{LogOperation, LoggedRequester, Nanoseconds, Record};
use crate::units::parse_moment;

/// A field that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::logs) enum Field {
    Bucket,
    BucketArn,
    Time,
    Requester,
    Id,
    Operation,
    Key,
    Status,
    Error,
    BytesSent,
    ObjectSize,
    VersionId,
}

/// How many fields matter.
const FIELDS: usize = 12;

impl Field {
    /// The field of that name, however its words are joined and spelt.
    pub(in crate::logs) fn of(name: &str) -> Option<Self> {
        let letters = name.chars().filter(char::is_ascii_alphanumeric);
        let plain: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
        Some(match plain.as_str() {
            "bucket" | "bucketname" => Self::Bucket,
            "bucketarn" => Self::BucketArn,
            "time" | "requesttime" | "requestdatetime" | "datetime" | "timestamp" => Self::Time,
            "requester" => Self::Requester,
            "requestid" => Self::Id,
            "operation" => Self::Operation,
            "key" | "keyname" | "objectkey" => Self::Key,
            "httpstatus" | "httpstatuscode" | "status" => Self::Status,
            "errorcode" => Self::Error,
            "bytessent" => Self::BytesSent,
            "objectsize" => Self::ObjectSize,
            "versionid" => Self::VersionId,
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
    /// Takes over a field; `-` and nothing stand for what is not known.
    pub(in crate::logs) fn set(&mut self, field: Field, text: impl Into<Cow<'a, str>>) {
        let text = text.into();
        if !text.is_empty() && text != "-" {
            self.fields[field as usize] = Some(text);
        }
    }

    fn get(&self, field: Field) -> Option<&[u8]> {
        self.fields[field as usize].as_deref().map(str::as_bytes)
    }

    /// Whether they are those of an access log, by the name of the operation.
    pub(in crate::logs) fn is_of_access_log(&self) -> bool {
        let begins: [&[u8]; 5] = [b"REST.", b"WEBSITE.", b"SOAP.", b"BATCH.", b"S3."];
        let operation = self.get(Field::Operation).unwrap_or_default();
        begins.iter().any(|begin| operation.starts_with(begin)) && self.record().is_ok()
    }

    /// What the fields say.
    ///
    /// # Errors
    /// A field that must be there is not, or is not of its format.
    pub(in crate::logs) fn record(&self) -> Result<Record<'_>, Flaw> {
        let operation_name = self.get(Field::Operation).ok_or(Flaw::Lacks("operation"))?;
        let time = self.fields[Field::Time as usize].as_deref().ok_or(Flaw::Lacks("time"))?;
        let arn = self.get(Field::BucketArn);
        let of_arn = arn.map(|arn| crate::logs::record::bucket_and_key(arn).0);
        let told_number = |field: Field, name: &'static str| {
            let text = self.get(field).unwrap_or(b"-");
            // Some writers put every number as a float.
            number(text.strip_suffix(b".0").unwrap_or(text), name)
        };
        let status = self.get(Field::Status).unwrap_or(b"-");
        Ok(Record {
            time: moment(time).ok_or(Flaw::Field("time"))?,
            bucket: self.get(Field::Bucket).or(of_arn).unwrap_or_default(),
            key: self.get(Field::Key),
            version_id: self.get(Field::VersionId),
            status: super::status(status.strip_suffix(b".0").unwrap_or(status))?,
            error: self.get(Field::Error).and_then(known),
            object_size: told_number(Field::ObjectSize, "object size")?,
            bytes_sent: told_number(Field::BytesSent, "bytes sent")?,
            id: self.get(Field::Id),
            ..Record::new(
                LogOperation::of_access_log(operation_name),
                operation_name,
                LoggedRequester::parse(self.get(Field::Requester).unwrap_or(b"-")),
            )
        })
    }
}

/// A time as ISO 8601 has it, as access logs have it, or in milliseconds since 1970.
fn moment(text: &str) -> Option<Nanoseconds> {
    if let Some(time) = parse_moment(text) {
        return Some(time);
    }
    let bare = text.trim().trim_start_matches('[').trim_end_matches(']');
    if let Ok(text) = <&[u8; COMMON_LOG_BYTES]>::try_from(bare.as_bytes()) {
        return Clock::default().common_log(text);
    }
    let ms = bare.parse::<i64>().ok().filter(|ms| *ms > 100_000_000_000)?;
    ms.checked_mul(MILLISECOND)
}

/// A field's name, or one that does not matter.
struct Name(Option<Field>);

/// A value as text, unless it is an object, an array or nothing.
struct Value<'a>(Option<Cow<'a, str>>);

struct OfName;
struct OfValue;
struct OfObject;

impl Visitor<'_> for OfName {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }
    fn visit_str<E>(self, name: &str) -> Result<Name, E> {
        Ok(Name(Field::of(name)))
    }
}

impl<'de> Visitor<'de> for OfValue {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value(Some(text.into())))
    }
    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value(Some(text.to_owned().into())))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Value<'de>, E> {
        Ok(Value(Some(number.to_string().into())))
    }
    fn visit_i64<E>(self, number: i64) -> Result<Value<'de>, E> {
        Ok(Value(Some(number.to_string().into())))
    }
    fn visit_f64<E>(self, number: f64) -> Result<Value<'de>, E> {
        Ok(Value(Some(number.to_string().into())))
    }
    fn visit_bool<E>(self, _: bool) -> Result<Value<'de>, E> {
        Ok(Value(None))
    }
    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value(None))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value(None))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Value<'de>, A::Error> {
        while array.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value(None))
    }
}

impl<'de> Visitor<'de> for OfObject {
    type Value = Named<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record of an access log")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named<'de>, A::Error> {
        let mut named = Named::default();
        while let Some(Name(field)) = map.next_key()? {
            let Value(text) = map.next_value()?;
            if let (Some(field), Some(text)) = (field, text) {
                named.set(field, text);
            }
        }
        Ok(named)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(OfName)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Value<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(OfValue)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Named<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(OfObject)
    }
}
