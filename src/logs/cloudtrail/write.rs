//! Writes a trail: S3's data events and, after each, the KMS events that it caused, as one document
//! `{"Records":[…]}`, an event a line.
//!
//! The KMS events' encryption contexts name the bucket for a bucket-level key and the object for
//! an object's own key. The verification of a new key is a Decrypt like any other.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::logs::access_log::write::{method, requester};
use crate::logs::exported_request::{AskedKeys, Call, Outgoing};
use crate::s3::{IdentityKind, Operation, partition_of};
use crate::units::utc;

/// Writes `requests`, and tells how many events that made.
///
/// # Errors
/// Those of the file.
pub fn write<'a>(
    file: &mut impl Write,
    requests: impl Iterator<Item = Outgoing<'a>>,
) -> io::Result<u64> {
    file.write_all(b"{\"Records\":[")?;
    let mut events = 0;
    for request in requests {
        let calls = request.each_call().enumerate();
        let calls = calls.map(|(place, call)| kms_event(&request, place, call));
        for event in std::iter::once(data_event(&request)).chain(calls) {
            file.write_all(if events == 0 { b"\n" } else { b",\n" })?;
            events += 1;
            serde_json::to_writer(&mut *file, &event)?;
        }
    }
    file.write_all(b"\n]}\n")?;
    Ok(events)
}

/// Who asked: each session has an access key of its own.
fn identity(request: &Outgoing) -> Value {
    let arn = requester(request);
    let account = &request.principal.account;
    match &request.principal.identity {
        IdentityKind::Service(name) if name == "anonymous" => {
            json!({"type": "AWSAccount", "accountId": "ANONYMOUS_PRINCIPAL"})
        }
        IdentityKind::Service(name) => json!({"type": "AWSService", "invokedBy": name}),
        IdentityKind::Role(_) => json!({
            "type": "AssumedRole", "principalId": format!("AROA:{}", request.session), "arn": arn,
            "accountId": account, "accessKeyId": format!("ASIA{:016}", request.slot),
        }),
        IdentityKind::User(_) if request.federated => json!({
            "type": "FederatedUser", "principalId": format!("{account}:{}", request.session),
            "arn": arn, "accountId": account, "accessKeyId": format!("ASIA{:016}", request.slot),
        }),
        IdentityKind::User(_) => json!({
            "type": "IAMUser", "principalId": "AIDA", "arn": arn, "accountId": account,
            "accessKeyId": format!("AKIA{:016}", request.slot),
        }),
    }
}

/// An operation's name in trails.
const fn name(operation: Operation) -> &'static str {
    match operation {
        Operation::HeadObjectChecksum => "HeadObject",
        Operation::ListObjects => "ListObjects",
        // No trail tells that a copy is a replica.
        Operation::ReplicateObject => "CopyObject",
        other => other.name(),
    }
}

fn data_event(request: &Outgoing) -> Value {
    let mut parameters = json!({"bucketName": request.bucket});
    if let Some(key) = &request.key {
        parameters["key"] = json!(key);
    }
    if let Some((bucket, key)) = &request.source {
        parameters["x-amz-copy-source"] = json!(format!("{bucket}/{key}"));
    }
    if request.operation == Operation::HeadObjectChecksum {
        parameters["x-amz-checksum-mode"] = json!("ENABLED");
    }
    if request.asks_for == AskedKeys::Objects && matches!(method(request.operation), "PUT" | "POST")
    {
        parameters["x-amz-server-side-encryption-bucket-key-enabled"] = json!("false");
    }
    let mut event = json!({
        "eventVersion": "1.11",
        "userIdentity": identity(request),
        "eventTime": utc(request.time),
        "eventSource": "s3.amazonaws.com",
        "eventName": name(request.operation),
        "awsRegion": request.region,
        "requestParameters": parameters,
        "eventID": format!("00000000-0000-0000-0000-{:012x}", request.number),
        "eventType": "AwsApiCall",
        "managementEvent": false,
        "eventCategory": "Data",
    });
    if request.operation != Operation::DeleteObject && request.asks_for == AskedKeys::None {
        event["errorCode"] = json!("PreconditionFailed");
    } else if let Some(number) = request.kms_key {
        let key = kms_key_arn(request.region, number);
        event["responseElements"] = json!({"x-amz-server-side-encryption-aws-kms-key-id": key});
    }
    event
}

/// The ARN of a KMS key: one for all buckets of a region, and those that other objects in a bucket are under.
fn kms_key_arn(region: &str, number: u32) -> String {
    let partition = partition_of(region);
    format!("arn:{partition}:kms:{region}:111122223333:key/00000000-0000-0000-0000-{number:012x}")
}

/// The key of a copy's source of which nothing is known.
const UNKNOWN_SOURCE: &str = "keyless/object";

const fn is_copy(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::CopyObject | Operation::UploadPartCopy | Operation::ReplicateObject
    )
}

/// The KMS call of a request that stands at `place` among its calls.
fn kms_event(request: &Outgoing, place: usize, call: Call) -> Value {
    let Call { api, by_object, of_read } = call;
    let own = (request.bucket, request.key.as_deref().unwrap_or_default());
    let source = match &request.source {
        Some((bucket, key)) => (*bucket, key.as_str()),
        // What is copied is never the copy, even if nothing else is known of it.
        None if is_copy(request.operation) => (request.bucket, UNKNOWN_SOURCE),
        None => own,
    };
    let (bucket, key) = if of_read { source } else { own };
    let object = if by_object { format!("{bucket}/{key}") } else { bucket.to_owned() };
    let (region, key) = if of_read {
        (request.read_region, request.read_kms_key)
    } else {
        (request.region, request.kms_key)
    };
    let key = kms_key_arn(region, key.unwrap_or_default());
    let arn = format!("arn:{}:s3:::{object}", partition_of(region));
    json!({
        "eventVersion": "1.11",
        "userIdentity": identity(request),
        "eventTime": utc(request.time),
        "eventSource": "kms.amazonaws.com",
        "eventName": api.name(),
        "awsRegion": region,
        "requestParameters": {"encryptionContext": {"aws:s3:arn": arn}},
        "resources": [{"type": "AWS::KMS::Key", "ARN": key}],
        "eventID": format!("00000000-0000-0000-{:04x}-{:012x}", place + 1, request.number),
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "eventCategory": "Management",
    })
}
