//! Writes access logs: lines of 27 fields, as S3 has written them since 2024.
//!
//! What a run does not know stands as `-` or as the same word in every line: addresses, sizes, times
//! taken, agents. Names are URL-encoded where they would end their field. A copy has two lines, one of each half. No log tells of replication, so that it
//! stands as the copy that it is; the checksum of a HEAD stands as a request for attributes.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};

use crate::logs::exported_request::{AskedKeys, Outgoing};
use crate::logs::record::Nanoseconds;
use crate::s3::{IdentityKind, Operation};
use crate::units::utc;

/// Writes `requests`, and tells how many lines that made.
///
/// # Errors
/// Those of the file.
pub fn write<'a>(
    file: &mut impl Write,
    requests: impl Iterator<Item = Outgoing<'a>>,
) -> io::Result<u64> {
    let mut lines = 0;
    for request in requests {
        line(file, &request, name(request.operation), request.bucket, request.key.as_deref())?;
        lines += 1;
        let half = match request.operation {
            Operation::UploadPartCopy => "REST.COPY.PART_GET",
            _ => "REST.COPY.OBJECT_GET",
        };
        if let Some((bucket, key)) = &request.source {
            line(file, &request, half, bucket, Some(key))?;
            lines += 1;
        }
    }
    Ok(lines)
}

/// An operation's name in access logs.
const fn name(operation: Operation) -> &'static str {
    match operation {
        Operation::PutObject => "REST.PUT.OBJECT",
        Operation::GetObject => "REST.GET.OBJECT",
        Operation::HeadObject => "REST.HEAD.OBJECT",
        Operation::HeadObjectChecksum => "REST.GET.OBJECT_ATTRIBUTES",
        Operation::ListObjects => "REST.GET.BUCKET",
        Operation::DeleteObject => "REST.DELETE.OBJECT",
        Operation::CreateMultipartUpload => "REST.POST.UPLOADS",
        Operation::UploadPart => "REST.PUT.PART",
        Operation::CompleteMultipartUpload => "REST.POST.UPLOAD",
        Operation::CopyObject | Operation::ReplicateObject => "REST.COPY.OBJECT",
        Operation::UploadPartCopy => "REST.COPY.PART",
        Operation::ListParts => "REST.GET.UPLOAD",
    }
}

/// The method of its request line.
pub(in crate::logs) const fn method(operation: Operation) -> &'static str {
    match operation {
        Operation::PutObject
        | Operation::UploadPart
        | Operation::CopyObject
        | Operation::UploadPartCopy
        | Operation::ReplicateObject => "PUT",
        Operation::GetObject
        | Operation::HeadObjectChecksum
        | Operation::ListObjects
        | Operation::ListParts => "GET",
        Operation::HeadObject => "HEAD",
        Operation::DeleteObject => "DELETE",
        Operation::CreateMultipartUpload | Operation::CompleteMultipartUpload => "POST",
    }
}

/// The canonical id of no account.
const OWNER: &str = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";

fn line(
    file: &mut impl Write,
    request: &Outgoing,
    operation: &str,
    bucket: &str,
    key: Option<&str>,
) -> io::Result<()> {
    let (key, method) = (key.unwrap_or("-"), method(request.operation));
    let time = common_log(request.time);
    let who = requester(request);
    let (who, bucket) = (field(&who), field(bucket));
    let status = match request.operation {
        Operation::DeleteObject => "204 -",
        _ if request.asks_for != AskedKeys::None => "200 -",
        _ if method == "GET" || method == "HEAD" => "304 -",
        _ => "412 PreconditionFailed",
    };
    let path = if key == "-" { "" } else { key };
    writeln!(
        file,
        "{OWNER} {bucket} [{time}] 192.0.2.1 {who} {:016X} {operation} {key} \
         \"{method} /{bucket}/{path} HTTP/1.1\" {status} - - 1 1 \"-\" \"bks\" - - SigV4 \
         TLS_AES_128_GCM_SHA256 AuthHeader s3.amazonaws.com TLSv1.3 - - -",
        request.number
    )
}

/// `23/Nov/2026:12:33:58 +0000`.
fn common_log(time: Nanoseconds) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = utc(time);
    let month: usize = text[5..7].parse().expect("a month is two digits");
    format!("{}/{}/{}:{} +0000", &text[8..10], MONTHS[month - 1], &text[..4], &text[11..19])
}

/// The requester as a log has it.
pub(in crate::logs) fn requester(request: &Outgoing) -> String {
    let Outgoing { principal, session, federated, .. } = request;
    match &principal.identity {
        // These are what a replay calls those that logs have no name for.
        IdentityKind::Service(name) if name == "anonymous" => "-".to_owned(),
        IdentityKind::Service(name) => {
            name.strip_prefix("canonical-user/").unwrap_or(name).to_owned()
        }
        IdentityKind::User(_) if !federated => principal.arn(),
        IdentityKind::Role(_) | IdentityKind::User(_) => principal.session_arn(session),
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"%[]".contains(&byte)
}

/// Text that is one field of a line, URL-encoded as S3 does with keys.
fn field(text: &str) -> Cow<'_, str> {
    if text.bytes().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        if is_plain(byte) {
            out.push(byte.into());
        } else {
            let _ = fmt::Write::write_fmt(&mut out, format_args!("%{byte:02X}"));
        }
    }
    Cow::Owned(out)
}
