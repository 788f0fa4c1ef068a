//! One event, as far as it matters.

use std::borrow::Cow;
use std::cell::Cell;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess};

use crate::kms::KmsApi;
use crate::logs::bad_lines::LineError;
use crate::logs::lenient_json::{
    Count, Flag, Keep, LenientText, Loose, Present, deserialize_by_keep,
};
use crate::logs::record::{
    CopySource, KmsEvent, LogEntry, LogOperation, LoggedEncryption, Nanoseconds, Record,
    SessionStart, Skipped, kms_key_arn,
};
use crate::logs::timestamps;
use crate::s3::Operation;

use super::identity::UserIdentity;
use super::resources::Resources;

/// An event, or what wraps one. Exports of tables spell names in lower case.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::logs) struct Event<'a> {
    #[serde(borrow, rename = "eventTime", alias = "eventtime")]
    time: Moment<'a>,
    /// Logstash moves the time here.
    #[serde(borrow, rename = "@timestamp")]
    stamp: Moment<'a>,
    #[serde(borrow, rename = "eventSource", alias = "eventsource")]
    source: LenientText<'a>,
    #[serde(borrow, rename = "eventName", alias = "eventname")]
    name: LenientText<'a>,
    #[serde(borrow, rename = "eventCategory", alias = "eventcategory")]
    category: LenientText<'a>,
    #[serde(borrow, rename = "eventType", alias = "eventtype")]
    kind: LenientText<'a>,
    #[serde(borrow, rename = "eventID", alias = "eventId", alias = "eventid")]
    id: LenientText<'a>,
    /// The same in every account that the event is delivered to.
    #[serde(borrow, rename = "sharedEventID", alias = "sharedEventId", alias = "sharedeventid")]
    shared_id: LenientText<'a>,
    /// The account in whose trail the event is.
    #[serde(borrow, alias = "recipientaccountid")]
    recipient_account_id: LenientText<'a>,
    #[serde(borrow, alias = "errorcode")]
    error_code: LenientText<'a>,
    #[serde(borrow, alias = "awsregion")]
    aws_region: LenientText<'a>,
    #[serde(borrow, alias = "useridentity")]
    user_identity: Loose<UserIdentity<'a>>,
    #[serde(borrow, alias = "requestparameters")]
    request_parameters: Loose<Parameters<'a>>,
    #[serde(borrow, alias = "responseelements")]
    response_elements: Loose<Headers<'a>>,
    #[serde(borrow, alias = "additionaleventdata")]
    additional_event_data: Loose<Additional<'a>>,
    #[serde(borrow)]
    resources: Resources<'a>,
    /// A digest has this.
    digest_start_time: Present,
    /// An Insights event has this.
    #[serde(borrow)]
    insight_details: Loose<Insight<'a>>,
    /// EventBridge's wrapping has the event in here.
    #[serde(borrow)]
    detail: WrappedEvent<'a>,
    /// `lookup-events` has the event in here, as text.
    #[serde(borrow, rename = "CloudTrailEvent", alias = "eventJson", alias = "eventjson")]
    inner: LenientText<'a>,
    /// CloudWatch Logs has the event in here, as text.
    #[serde(borrow, alias = "@message")]
    message: LenientText<'a>,
    /// CloudWatch Logs Insights has it in the value of the field `@message`.
    #[serde(borrow)]
    field: LenientText<'a>,
    #[serde(borrow)]
    value: LenientText<'a>,
}

/// An event within another, if there is one.
#[derive(Debug, Default)]
struct WrappedEvent<'a>(Option<Box<Loose<Event<'a>>>>);

/// Most events within one another: nobody wraps twice, and each takes its part of the stack.
const MOST_WRAPPED: u32 = 4;

thread_local! {
    /// How many events are being read within one another.
    static WRAPPED: Cell<u32> = const { Cell::new(0) };
}

impl<'de: 'a, 'a> Deserialize<'de> for WrappedEvent<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let depth = WRAPPED.get();
        if depth == MOST_WRAPPED {
            return IgnoredAny::deserialize(deserializer).map(|_| Self(None));
        }
        WRAPPED.set(depth + 1);
        let event = Option::deserialize(deserializer);
        WRAPPED.set(depth);
        event.map(Self)
    }
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Insight<'a> {
    #[serde(borrow)]
    event_name: LenientText<'a>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Parameters<'a> {
    #[serde(borrow, alias = "bucketname")]
    bucket_name: LenientText<'a>,
    #[serde(borrow)]
    key: LenientText<'a>,
    #[serde(borrow, alias = "versionid")]
    version_id: LenientText<'a>,
    #[serde(borrow, rename = "x-amz-copy-source")]
    copy_source: LenientText<'a>,
    #[serde(borrow, rename = "x-amz-checksum-mode")]
    checksum_mode: LenientText<'a>,
    #[serde(borrow, alias = "keyid")]
    key_id: LenientText<'a>,
    /// What a `DeleteObjects` names, if the event says so; most have an empty text here.
    #[serde(alias = "Delete")]
    delete: Loose<Deletion>,
    #[serde(borrow, alias = "encryptioncontext")]
    encryption_context: Loose<Context<'a>>,
    /// Of a `ReEncrypt`.
    #[serde(borrow, alias = "sourceencryptioncontext")]
    source_encryption_context: Loose<Context<'a>>,
    /// Of a `ReEncrypt`.
    #[serde(borrow, alias = "destinationencryptioncontext")]
    destination_encryption_context: Loose<Context<'a>>,
    // Headers by which a request asks for encryption; a flattened struct would copy all fields.
    #[serde(borrow, rename = "x-amz-server-side-encryption")]
    sse: LenientText<'a>,
    #[serde(borrow, rename = "x-amz-server-side-encryption-customer-algorithm")]
    sse_customer: LenientText<'a>,
    #[serde(borrow, rename = "x-amz-server-side-encryption-aws-kms-key-id")]
    sse_key: LenientText<'a>,
    #[serde(rename = "x-amz-server-side-encryption-bucket-key-enabled")]
    bucket_key: Flag,
    #[serde(borrow, rename = "Range", alias = "range")]
    range: LenientText<'a>,
    /// Of an `AssumeRole` and the like.
    #[serde(borrow)]
    policy: LenientText<'a>,
    policy_arns: PolicyArns,
}

/// Headers by which S3 answers how an object is encrypted; and the credentials that STS answers with.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Headers<'a> {
    #[serde(borrow, rename = "x-amz-server-side-encryption")]
    sse: LenientText<'a>,
    #[serde(borrow, rename = "x-amz-server-side-encryption-customer-algorithm")]
    sse_customer: LenientText<'a>,
    #[serde(borrow, rename = "x-amz-server-side-encryption-aws-kms-key-id")]
    sse_key: LenientText<'a>,
    #[serde(rename = "x-amz-server-side-encryption-bucket-key-enabled")]
    bucket_key: Flag,
    #[serde(borrow, rename = "x-amz-version-id")]
    version_id: LenientText<'a>,
    #[serde(borrow)]
    credentials: Loose<Credentials<'a>>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Credentials<'a> {
    #[serde(borrow, rename = "accessKeyId", alias = "accesskeyid")]
    access_key_id: LenientText<'a>,
}

/// ARNs of an array of managed policies, one a line.
#[derive(Debug, Default)]
struct PolicyArns(String);

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct PolicyArn<'a> {
    #[serde(borrow)]
    arn: LenientText<'a>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Context<'a> {
    #[serde(borrow, rename = "aws:s3:arn")]
    objects: LenientText<'a>,
    #[serde(borrow, rename = "aws:s3tables:arn")]
    tables: LenientText<'a>,
    #[serde(borrow, rename = "aws:s3vectors:arn")]
    vectors: LenientText<'a>,
}

impl Context<'_> {
    /// The ARN of what S3 stores; `None`: the context is not S3's.
    fn arn(&self) -> Option<&[u8]> {
        [&self.objects, &self.tables, &self.vectors].into_iter().find_map(LenientText::get)
    }
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Additional<'a> {
    #[serde(rename = "bytesTransferredIn", alias = "bytestransferredin")]
    bytes_in: Count,
    #[serde(rename = "bytesTransferredOut", alias = "bytestransferredout")]
    bytes_out: Count,
    #[serde(borrow, rename = "SSEApplied", alias = "sseapplied", alias = "sseApplied")]
    applied: LenientText<'a>,
}

/// The keys that a `DeleteObjects` names. XML's `Object` elements are spelt in several ways.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Deletion {
    #[serde(alias = "Objects", alias = "object", alias = "Object")]
    objects: ElementCount,
}

/// How many elements an array has; an object counts as one.
#[derive(Clone, Copy, Debug, Default)]
struct ElementCount(u32);

/// Services that store other things for S3 than objects in buckets.
const OTHER_STORAGE: [&[u8]; 4] = [
    b"s3tables.amazonaws.com",
    b"s3vectors.amazonaws.com",
    b"s3-outposts.amazonaws.com",
    b"s3files.amazonaws.com",
];

impl Event<'_> {
    /// The event that lies as text in this one.
    pub(in crate::logs) fn text(&self) -> Option<&str> {
        let of_field = match (self.field.get(), self.value.0.as_deref()) {
            (Some(b"@message"), Some(value)) => Some(value),
            // Another field of the same message tells nothing.
            (Some(name), _) if name.starts_with(b"@") => Some(""),
            _ => None,
        };
        let is_event = self.source.0.is_some();
        self.inner.0.as_deref().or(self.message.0.as_deref()).or(of_field).filter(|_| !is_event)
    }

    /// Whether the event is a request or a call of which some part is given as text.
    pub(in crate::logs) fn has_text(&self) -> bool {
        if let Some(detail) = self.wrapped() {
            return detail.as_text || detail.has_text();
        }
        let parameters = &self.request_parameters;
        let is_text = self.user_identity.as_text
            || parameters.as_text
            || parameters.encryption_context.as_text
            || self.response_elements.as_text
            || self.additional_event_data.as_text
            || self.resources.as_text;
        is_text && self.is_of_s3() | (self.service() == Some(b"kms.amazonaws.com"))
    }

    /// The event that is wrapped in this one.
    fn wrapped(&self) -> Option<&Loose<Self>> {
        self.detail.0.as_deref().filter(|_| self.source.0.is_none())
    }

    /// The service that was asked, by the name that it has outside China.
    fn service(&self) -> Option<&[u8]> {
        self.source.get().map(|source| source.strip_suffix(b".cn").unwrap_or(source))
    }

    fn is_of_s3(&self) -> bool {
        matches!(self.service(), Some(b"s3.amazonaws.com" | b"s3express.amazonaws.com"))
    }

    /// What the event says. What it is comes before whose it is.
    pub(in crate::logs) fn entry(&self) -> Result<LogEntry<'_>, LineError> {
        if let Some(detail) = self.wrapped() {
            return detail.entry();
        }
        if let Some((why, name)) = self.no_call() {
            return Ok(LogEntry::Skipped(why, name));
        }
        let source = self.service().ok_or(LineError::Lacks("`eventSource`"))?;
        if self.is_of_s3() {
            return self.request().map(LogEntry::Request);
        }
        match source {
            b"kms.amazonaws.com" => self.call(),
            b"sts.amazonaws.com" => Ok(self.session(source)),
            // What other services notify of has a source, too.
            _ if super::is_no_service(source) => Err(LineError::NoEvent),
            _ if OTHER_STORAGE.contains(&source) => {
                Ok(LogEntry::Skipped(Skipped::OtherStorage, source))
            }
            _ => Ok(LogEntry::Skipped(Skipped::OtherService, source)),
        }
    }

    /// The session that begins, if one does.
    fn session<'a>(&'a self, source: &'a [u8]) -> LogEntry<'a> {
        let credential = self.response_elements.credentials.access_key_id.get();
        match credential.filter(|_| self.error_code.get().is_none()) {
            Some(credential) => LogEntry::Session(SessionStart {
                credential,
                policy: self.request_parameters.policy.get().unwrap_or_default(),
                policy_arns: self.request_parameters.policy_arns.0.as_bytes(),
                source,
            }),
            None => LogEntry::Skipped(Skipped::OtherService, source),
        }
    }

    /// What the event is if it is neither a data nor a management event, and what it is called.
    fn no_call(&self) -> Option<(Skipped, &[u8])> {
        let name = self.name.get().unwrap_or_default();
        if self.source.0.is_none() && self.digest_start_time.0 {
            return Some((Skipped::Digest, b""));
        }
        let insight = (Skipped::Insight, self.insight_details.event_name.get().unwrap_or(name));
        let category = self.category.get().unwrap_or_default();
        let kind = self.kind.get().unwrap_or_default();
        match (category, kind) {
            (b"Insight", _) | (_, b"AwsCloudTrailInsight") => Some(insight),
            (b"NetworkActivity", _) | (_, b"AwsVpceEvent") => {
                Some((Skipped::NetworkActivity, name))
            }
            (b"Aggregated", _) | (_, b"AwsAggregatedEvent") => {
                Some((Skipped::Aggregated, self.source.get().unwrap_or_default()))
            }
            (_, b"AwsServiceEvent" | b"AwsConsoleSignIn" | b"AwsConsoleAction") => {
                Some((Skipped::ServiceEvent, name))
            }
            (b"" | b"Data" | b"Management", _) if self.insight_details.event_name.0.is_some() => {
                Some(insight)
            }
            (b"" | b"Data" | b"Management", _) => None,
            (other, _) => Some((Skipped::OtherCategory, other)),
        }
    }

    fn time(&self) -> Result<Nanoseconds, LineError> {
        match &self.time {
            Moment::None => self.stamp.get(),
            time => time.get(),
        }
    }

    fn name(&self) -> Result<&[u8], LineError> {
        self.name.get().ok_or(LineError::Lacks("`eventName`"))
    }

    /// What tells the event from others, in whichever account's trail.
    fn id(&self) -> Option<&[u8]> {
        self.shared_id.get().or(self.id.get())
    }

    fn request(&self) -> Result<Record<'_>, LineError> {
        let name = self.name()?;
        let parameters = &self.request_parameters;
        let additional = &self.additional_event_data;
        let identity = &self.user_identity;
        let mut operation = LogOperation::of_api(name);
        if operation == LogOperation::Known(Operation::HeadObject)
            && parameters.checksum_mode.get() == Some(b"ENABLED")
        {
            operation = LogOperation::Known(Operation::HeadObjectChecksum);
        }
        let bucket = self.resources.bucket_of(parameters.bucket_name.get().unwrap_or_default());
        let is_of_bucket = matches!(operation, LogOperation::Known(_));
        if bucket.is_empty() && is_of_bucket && self.error_code.get().is_none() {
            return Err(LineError::Lacks("`bucketName`"));
        }
        let stores =
            matches!(operation, LogOperation::Known(Operation::PutObject | Operation::UploadPart));
        Ok(Record {
            time: self.time()?,
            bucket,
            key: parameters.key.named(),
            version_id: parameters.version_id.named(),
            written_version: self.response_elements.version_id.named(),
            credential: identity.credential(),
            role_id: identity.role_id(),
            error: self.error_code.get(),
            encryption: self.encryption(),
            kms_key: self.kms_key(),
            bucket_key: self.bucket_key(),
            refuses_bucket_key: parameters.bucket_key.0 == Some(false),
            object_size: additional.bytes_in.0.filter(|_| stores),
            bytes_sent: additional.bytes_out.0,
            range: parameters.range.get(),
            copy_source: self.copy_source(),
            region: self.aws_region.get(),
            id: self.id(),
            deleted_keys: (name == b"DeleteObjects").then(|| self.deleted_keys()),
            ..Record::new(operation, name, identity.requester(self.recipient_account_id.get()))
        })
    }

    /// What a copy reads. Where it names an access point, that of the bucket among the resources, if they
    /// tell of it.
    fn copy_source(&self) -> Option<CopySource<'_>> {
        let source = CopySource::parse(self.request_parameters.copy_source.get()?)?;
        Some(CopySource { bucket: self.resources.bucket_of(source.bucket), ..source })
    }

    /// How the object is encrypted: as S3 says it was, else as its answer's headers say, else as the
    /// request asks.
    fn encryption(&self) -> Option<LoggedEncryption> {
        let answer = &self.response_elements;
        let asked = &self.request_parameters;
        applied(self.additional_event_data.applied.get())
            .or_else(|| by_headers(&answer.sse, &answer.sse_customer, &answer.sse_key))
            .or_else(|| by_headers(&asked.sse, &asked.sse_customer, &asked.sse_key))
    }

    /// Whether the object has a bucket key, as S3's answer says; or none, as the request asks.
    fn bucket_key(&self) -> Option<bool> {
        let asked = self.request_parameters.bucket_key.0;
        self.response_elements.bucket_key.0.or(asked.filter(|on| !on))
    }

    /// The ARN of the KMS key, as S3's answer has it, else as the request asks for it.
    fn kms_key(&self) -> Option<&[u8]> {
        let told = [&self.response_elements.sse_key, &self.request_parameters.sse_key];
        told.into_iter().find_map(LenientText::get).and_then(kms_key_arn)
    }

    /// How many keys a `DeleteObjects` names: in its parameters, else among its resources, else none are
    /// known of.
    fn deleted_keys(&self) -> u32 {
        let named = self.request_parameters.delete.objects.0;
        if named > 0 { named } else { self.resources.objects }
    }

    fn call(&self) -> Result<LogEntry<'_>, LineError> {
        let name = self.name()?;
        let api = match name {
            b"GenerateDataKey" => KmsApi::GenerateDataKey,
            b"Decrypt" => KmsApi::Decrypt,
            b"Encrypt" => KmsApi::Encrypt,
            _ if self.contexts().any(|context| context.arn().is_some()) => {
                return Ok(LogEntry::Skipped(Skipped::OtherCall, name));
            }
            _ => return Ok(LogEntry::Skipped(Skipped::KeyManagement, name)),
        };
        let parameters = &self.request_parameters;
        let identity = &self.user_identity;
        Ok(LogEntry::Kms(KmsEvent {
            time: self.time()?,
            api,
            requester: identity.requester(self.recipient_account_id.get()),
            credential: identity.credential(),
            role_id: identity.role_id(),
            s3_arn: parameters.encryption_context.arn(),
            // A Decrypt names no key: its ciphertext does.
            key_arn: self.resources.first_arn().or(parameters.key_id.get()),
            id: self.id(),
            error: self.error_code.get(),
            region: self.aws_region.get(),
        }))
    }

    fn contexts(&self) -> impl Iterator<Item = &Context<'_>> {
        let parameters = &self.request_parameters;
        let contexts = [
            &parameters.encryption_context,
            &parameters.source_encryption_context,
            &parameters.destination_encryption_context,
        ];
        contexts.into_iter().map(|context| &**context)
    }
}

/// What `SSEApplied` says, e.g. `SSE_KMS` or `Default_SSE_S3`.
fn applied(text: Option<&[u8]>) -> Option<LoggedEncryption> {
    let text: Vec<u8> = text?
        .iter()
        .filter(|byte| byte.is_ascii_alphanumeric())
        .map(u8::to_ascii_uppercase)
        .collect();
    Some(match text.strip_prefix(b"DEFAULT").unwrap_or(&text) {
        b"SSES3" => LoggedEncryption::SseS3,
        b"SSEKMS" => LoggedEncryption::SseKms,
        b"DSSEKMS" => LoggedEncryption::DsseKms,
        b"SSEC" => LoggedEncryption::SseC,
        _ => return None,
    })
}

/// What headers say of encryption.
fn by_headers(
    sse: &LenientText,
    customer: &LenientText,
    key: &LenientText,
) -> Option<LoggedEncryption> {
    match sse.get() {
        Some(b"AES256") => Some(LoggedEncryption::SseS3),
        Some(b"aws:kms") => Some(LoggedEncryption::SseKms),
        Some(b"aws:kms:dsse") => Some(LoggedEncryption::DsseKms),
        _ if customer.get().is_some() => Some(LoggedEncryption::SseC),
        _ => key.get().map(|_| LoggedEncryption::SseKms),
    }
}

/// A time, as a text or as a number since the Unix epoch.
#[derive(Debug, Default)]
enum Moment<'a> {
    #[default]
    None,
    Text(Cow<'a, str>),
    Epoch(u64),
}

deserialize_by_keep!(Moment<'a>, ElementCount, PolicyArns);

impl Moment<'_> {
    fn get(&self) -> Result<Nanoseconds, LineError> {
        let time = match self {
            Self::None => return Err(LineError::Lacks("`eventTime`")),
            Self::Epoch(number) => timestamps::epoch(*number),
            Self::Text(text) => {
                let text = text.trim();
                let number = text.split_once('.').map_or(text, |(whole, _)| whole).parse();
                timestamps::iso(text.as_bytes()).or_else(|| timestamps::epoch(number.ok()?))
            }
        };
        time.ok_or(LineError::Field("`eventTime`"))
    }
}

impl<'de: 'a, 'a> Keep<'de> for Moment<'a> {
    fn borrowed(text: &'de str) -> Self {
        if text.is_empty() { Self::None } else { Self::Text(Cow::Borrowed(text)) }
    }
    fn owned(text: &str) -> Self {
        Self::Text(Cow::Owned(text.to_owned()))
    }
    fn number(number: u64) -> Self {
        Self::Epoch(number)
    }
}

impl<'de> Keep<'de> for ElementCount {
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

impl<'de> Keep<'de> for PolicyArns {
    fn array<A: SeqAccess<'de>>(mut array: A) -> Result<Self, A::Error> {
        let mut arns = String::new();
        while let Some(next) = array.next_element::<Loose<PolicyArn<'de>>>()? {
            arns.push_str(next.arn.0.as_deref().unwrap_or_default());
            arns.push('\n');
        }
        Ok(Self(arns))
    }
}
