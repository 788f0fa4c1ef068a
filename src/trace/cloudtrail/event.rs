//! One event, as far as it matters.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::kms::KmsApi;
use crate::s3::Operation;
use crate::trace::bad_lines::Flaw;
use crate::trace::clock;
use crate::trace::record::{
    Encryption, Entry, KmsEvent, LogOperation, Nanoseconds, Record, Requester, Skipped,
};

/// An event, or what wraps one.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::trace) struct Event<'a> {
    #[serde(borrow, rename = "eventTime")]
    time: Text<'a>,
    #[serde(borrow, rename = "eventSource")]
    source: Text<'a>,
    #[serde(borrow, rename = "eventName")]
    name: Text<'a>,
    #[serde(borrow, rename = "eventCategory")]
    category: Text<'a>,
    #[serde(borrow, rename = "eventID")]
    id: Text<'a>,
    #[serde(borrow)]
    error_code: Text<'a>,
    #[serde(borrow)]
    aws_region: Text<'a>,
    #[serde(borrow)]
    user_identity: Loose<Identity<'a>>,
    #[serde(borrow)]
    request_parameters: Loose<Parameters<'a>>,
    additional_event_data: Loose<Additional>,
    #[serde(borrow)]
    resources: Resources<'a>,
    /// A digest has this.
    digest_start_time: Present,
    /// EventBridge's wrapping has the event in here.
    #[serde(borrow)]
    detail: Option<Box<Loose<Event<'a>>>>,
    /// `lookup-events` has the event in here, as text.
    #[serde(borrow, rename = "CloudTrailEvent")]
    inner: Text<'a>,
    /// CloudWatch Logs has the event in here, as text.
    #[serde(borrow, alias = "@message")]
    message: Text<'a>,
    /// CloudWatch Logs Insights has it in the value of the field `@message`.
    #[serde(borrow)]
    field: Text<'a>,
    #[serde(borrow)]
    value: Text<'a>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Identity<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    principal_id: Text<'a>,
    #[serde(borrow)]
    arn: Text<'a>,
    #[serde(borrow)]
    account_id: Text<'a>,
    #[serde(borrow)]
    access_key_id: Text<'a>,
    #[serde(borrow)]
    invoked_by: Text<'a>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Parameters<'a> {
    #[serde(borrow)]
    bucket_name: Text<'a>,
    #[serde(borrow)]
    key: Text<'a>,
    #[serde(borrow)]
    version_id: Text<'a>,
    #[serde(borrow, rename = "x-amz-copy-source")]
    copy_source: Text<'a>,
    #[serde(borrow, rename = "x-amz-checksum-mode")]
    checksum_mode: Text<'a>,
    #[serde(borrow)]
    key_id: Text<'a>,
    /// What a `DeleteObjects` names, if the event says so; most have an empty text here.
    #[serde(alias = "Delete")]
    delete: Loose<Deletion>,
    #[serde(borrow)]
    encryption_context: Loose<Context<'a>>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Context<'a> {
    #[serde(borrow, rename = "aws:s3:arn")]
    s3_arn: Text<'a>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Additional {
    #[serde(rename = "bytesTransferredIn")]
    bytes_in: Count,
    #[serde(rename = "bytesTransferredOut")]
    bytes_out: Count,
    #[serde(rename = "SSEApplied")]
    encryption: Applied,
}

/// The keys that a `DeleteObjects` names. XML's `Object` elements are spelt in several ways.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Deletion {
    #[serde(alias = "Objects", alias = "object", alias = "Object")]
    objects: Elements,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Resource<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow, rename = "ARN")]
    arn: Text<'a>,
}

/// The first of an event's resources, and how many are objects.
#[derive(Debug, Default)]
struct Resources<'a> {
    first: Resource<'a>,
    objects: u32,
}

/// How many elements an array has; an object counts as one.
#[derive(Clone, Copy, Debug, Default)]
struct Elements(u32);

impl Event<'_> {
    /// The event that lies as text in this one.
    pub(in crate::trace) fn text(&self) -> Option<&str> {
        let of_field = match (self.field.get(), self.value.0.as_deref()) {
            (Some(b"@message"), Some(value)) => Some(value),
            // Another field of the same message tells nothing.
            (Some(name), _) if name.starts_with(b"@") => Some(""),
            _ => None,
        };
        let is_event = self.source.0.is_some();
        self.inner.0.as_deref().or(self.message.0.as_deref()).or(of_field).filter(|_| !is_event)
    }

    /// What the event says.
    pub(in crate::trace) fn entry(&self) -> Result<Entry<'_>, Flaw> {
        if self.source.0.is_none() {
            if let Some(detail) = &self.detail {
                return detail.0.entry();
            }
            if self.digest_start_time.0 {
                return Ok(Entry::Skipped(Skipped::Digest));
            }
        }
        let source = self.source.get().ok_or(Flaw::Lacks("`eventSource`"))?;
        if self.category.get() == Some(b"Insight") {
            return Ok(Entry::Skipped(Skipped::Summary));
        }
        match source {
            b"s3.amazonaws.com" => self.request().map(Entry::Request),
            b"kms.amazonaws.com" => self.call(),
            _ => Ok(Entry::Skipped(Skipped::OtherService)),
        }
    }

    fn time(&self) -> Result<Nanoseconds, Flaw> {
        let text = self.time.get().ok_or(Flaw::Lacks("`eventTime`"))?;
        clock::iso(text).ok_or(Flaw::Field("`eventTime`"))
    }

    fn name(&self) -> Result<&[u8], Flaw> {
        self.name.get().ok_or(Flaw::Lacks("`eventName`"))
    }

    fn request(&self) -> Result<Record<'_>, Flaw> {
        let name = self.name()?;
        let parameters = &self.request_parameters.0;
        let additional = &self.additional_event_data.0;
        let mut operation = LogOperation::of_api(name);
        if operation == LogOperation::Known(Operation::HeadObject)
            && parameters.checksum_mode.get() == Some(b"ENABLED")
        {
            operation = LogOperation::Known(Operation::HeadObjectChecksum);
        }
        let stores =
            matches!(operation, LogOperation::Known(Operation::PutObject | Operation::UploadPart));
        Ok(Record {
            time: self.time()?,
            bucket: parameters.bucket_name.get().unwrap_or_default(),
            key: parameters.key.get(),
            version_id: parameters.version_id.get(),
            credential: self.user_identity.0.credential(),
            error: self.error_code.get(),
            encryption: additional.encryption.0,
            object_size: additional.bytes_in.0.filter(|_| stores),
            bytes_sent: additional.bytes_out.0,
            copy_source: parameters.copy_source.get(),
            region: self.aws_region.get(),
            id: self.id.get(),
            deleted_keys: (name == b"DeleteObjects").then(|| self.deleted_keys()),
            ..Record::new(operation, name, self.user_identity.0.requester())
        })
    }

    /// How many keys a `DeleteObjects` names: in its parameters, else among its resources, else none are
    /// known of.
    fn deleted_keys(&self) -> u32 {
        let named = self.request_parameters.0.delete.0.objects.0;
        if named > 0 { named } else { self.resources.objects }
    }

    fn call(&self) -> Result<Entry<'_>, Flaw> {
        let api = match self.name()? {
            b"GenerateDataKey" => KmsApi::GenerateDataKey,
            b"Decrypt" => KmsApi::Decrypt,
            b"Encrypt" => KmsApi::Encrypt,
            _ => return Ok(Entry::Skipped(Skipped::KeyManagement)),
        };
        let parameters = &self.request_parameters.0;
        Ok(Entry::Kms(KmsEvent {
            time: self.time()?,
            api,
            requester: self.user_identity.0.requester(),
            credential: self.user_identity.0.credential(),
            s3_arn: parameters.encryption_context.0.s3_arn.get(),
            // A Decrypt names no key: its ciphertext does.
            key_arn: self.resources.first.arn.get().or(parameters.key_id.get()),
            id: self.id.get(),
            error: self.error_code.get(),
            region: self.aws_region.get(),
        }))
    }
}

impl Resource<'_> {
    /// Whether it is one object, not all with some prefix.
    fn is_object(&self) -> bool {
        self.kind.get() == Some(b"AWS::S3::Object") && self.arn.get().is_some()
    }
}

impl Identity<'_> {
    fn requester(&self) -> Requester<'_> {
        if let Some(arn) = self.arn.get() {
            return Requester::parse(arn);
        }
        if self.account_id.get() == Some(b"ANONYMOUS_PRINCIPAL") {
            return Requester::Anonymous;
        }
        if let Some(service) = self.invoked_by.get() {
            return Requester::Service(service);
        }
        match self.principal_id.get().or(self.account_id.get()) {
            Some(id) => Requester::Other(id),
            None => Requester::Unknown,
        }
    }

    /// What tells sessions of one name apart, best first.
    fn credential(&self) -> Option<&[u8]> {
        let candidates = [&self.access_key_id, &self.principal_id, &self.arn, &self.invoked_by];
        candidates.into_iter().find_map(Text::get)
    }
}

/// A text, if there is one: anything else counts as none.
#[derive(Debug, Default)]
struct Text<'a>(Option<Cow<'a, str>>);

impl Text<'_> {
    fn get(&self) -> Option<&[u8]> {
        self.0.as_deref().map(str::as_bytes).filter(|text| !text.is_empty())
    }
}

/// A whole number, if there is one.
#[derive(Clone, Copy, Debug, Default)]
struct Count(Option<u64>);

/// Whether there is anything.
#[derive(Clone, Copy, Debug, Default)]
struct Present(bool);

/// What `SSEApplied` says, e.g. `SSE_KMS` or `Default_SSE_S3`.
#[derive(Clone, Copy, Debug, Default)]
struct Applied(Option<Encryption>);

impl Applied {
    fn parse(text: &str) -> Option<Encryption> {
        let text = text.strip_prefix("Default_").unwrap_or(text);
        Some(match text {
            "SSE_S3" | "SSE-S3" => Encryption::SseS3,
            "SSE_KMS" | "SSE-KMS" => Encryption::SseKms,
            "DSSE_KMS" | "DSSE-KMS" => Encryption::DsseKms,
            "SSE_C" | "SSE-C" => Encryption::SseC,
            _ => return None,
        })
    }
}

/// An object, or the first of an array of them; anything else counts as an empty one.
#[derive(Debug, Default)]
struct Loose<T>(T);

/// Takes whatever comes, and keeps what it can.
struct Any<T>(PhantomData<T>);

/// What [`Any`] keeps of what comes.
trait Keep<'de>: Default {
    fn borrowed(_: &'de str) -> Self {
        Self::default()
    }
    fn owned(_: &str) -> Self {
        Self::default()
    }
    fn number(_: u64) -> Self {
        Self::default()
    }
    fn object<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }
    fn array<A: SeqAccess<'de>>(mut array: A) -> Result<Self, A::Error> {
        while array.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }
}

impl<'de: 'a, 'a> Keep<'de> for Text<'a> {
    fn borrowed(text: &'de str) -> Self {
        Self(Some(Cow::Borrowed(text)))
    }
    fn owned(text: &str) -> Self {
        Self(Some(Cow::Owned(text.to_owned())))
    }
}

impl Keep<'_> for Count {
    fn number(number: u64) -> Self {
        Self(Some(number))
    }
}

impl Keep<'_> for Applied {
    fn borrowed(text: &str) -> Self {
        Self(Self::parse(text))
    }
    fn owned(text: &str) -> Self {
        Self(Self::parse(text))
    }
}

impl<'de> Keep<'de> for Elements {
    fn object<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self(1))
    }
    fn array<A: SeqAccess<'de>>(mut array: A) -> Result<Self, A::Error> {
        let mut count = 0;
        while array.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(Self(count))
    }
}

impl<'de: 'a, 'a> Keep<'de> for Resources<'a> {
    fn object<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        let first = Resource::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Self { objects: first.is_object().into(), first })
    }
    fn array<A: SeqAccess<'de>>(mut array: A) -> Result<Self, A::Error> {
        let mut resources = Self::default();
        let mut place = 0;
        while let Some(Loose(next)) = array.next_element::<Loose<Resource<'a>>>()? {
            resources.objects += u32::from(next.is_object());
            if place == 0 {
                resources.first = next;
            }
            place += 1;
        }
        Ok(resources)
    }
}

impl Keep<'_> for Present {
    fn borrowed(_: &str) -> Self {
        Self(true)
    }
    fn owned(_: &str) -> Self {
        Self(true)
    }
}

impl<'de, T: Deserialize<'de> + Default> Keep<'de> for Loose<T> {
    fn object<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Self)
    }
    fn array<A: SeqAccess<'de>>(mut array: A) -> Result<Self, A::Error> {
        let first = array.next_element()?.unwrap_or_default();
        while array.next_element::<IgnoredAny>()?.is_some() {}
        Ok(first)
    }
}

impl<'de, T: Keep<'de>> Visitor<'de> for Any<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<T, E> {
        Ok(T::borrowed(text))
    }
    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok(T::owned(text))
    }
    fn visit_u64<E>(self, number: u64) -> Result<T, E> {
        Ok(T::number(number))
    }
    fn visit_i64<E>(self, _: i64) -> Result<T, E> {
        Ok(T::default())
    }
    fn visit_f64<E>(self, number: f64) -> Result<T, E> {
        // Some writers put every number as a float.
        Ok(if number >= 0.0 { T::number(number as u64) } else { T::default() })
    }
    fn visit_bool<E>(self, _: bool) -> Result<T, E> {
        Ok(T::default())
    }
    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::object(map)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, array: A) -> Result<T, A::Error> {
        T::array(array)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Resources<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Any(PhantomData))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Any(PhantomData))
    }
}

macro_rules! take_anything {
    ($($type:ty),+) => {$(
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_any(Any(PhantomData))
            }
        }
    )+};
}
take_anything!(Count, Applied, Present, Elements);

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Loose<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Any(PhantomData))
    }
}
