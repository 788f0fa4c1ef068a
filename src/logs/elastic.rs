//! Records as Elastic's integrations and Filebeat's modules keep them, in the fields of the Elastic Common Schema, where
//! they keep no original
//! (<https://www.elastic.co/docs/reference/beats/filebeat/exported-fields-aws>).

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::athena;
use super::wrapping::has;

/// Whether JSON may have events of a trail that are kept so.
pub(super) fn may_have_events(json: &[u8]) -> bool {
    has(json, ["aws.cloudtrail", "\"cloudtrail\""]) && has(json, ["request_parameters"])
}

/// Fields of a trail's event by their names there, and what CloudTrail calls them; the best comes last.
const OF_EVENT: [(&str, &str); 28] = [
    ("@timestamp", "eventTime"),
    ("event.provider", "eventSource"),
    ("event.action", "eventName"),
    ("event.id", "eventID"),
    ("cloud.region", "awsRegion"),
    ("aws.cloudtrail.error_code", "errorCode"),
    ("aws.cloudtrail.event_category", "eventCategory"),
    ("aws.cloudtrail.event_type", "eventType"),
    ("aws.cloudtrail.shared_event_id", "sharedEventID"),
    ("aws.cloudtrail.recipient_account_id", "recipientAccountId"),
    ("aws.cloudtrail.request_parameters", "requestParameters"),
    ("aws.cloudtrail.flattened.request_parameters", "requestParameters"),
    ("aws.cloudtrail.response_elements", "responseElements"),
    ("aws.cloudtrail.flattened.response_elements", "responseElements"),
    ("aws.cloudtrail.additional_eventdata", "additionalEventData"),
    ("aws.cloudtrail.flattened.additional_eventdata", "additionalEventData"),
    ("aws.cloudtrail.resources", "resources"),
    ("aws.cloudtrail.user_identity.type", "userIdentity.type"),
    ("aws.cloudtrail.user_identity.arn", "userIdentity.arn"),
    ("aws.cloudtrail.user_identity.access_key_id", "userIdentity.accessKeyId"),
    ("aws.cloudtrail.user_identity.invoked_by", "userIdentity.invokedBy"),
    ("user.id", "userIdentity.principalId"),
    ("user.name", "userIdentity.userName"),
    ("cloud.account.id", "userIdentity.accountId"),
    (
        "aws.cloudtrail.user_identity.session_context.session_issuer.type",
        "userIdentity.sessionContext.sessionIssuer.type",
    ),
    (
        "aws.cloudtrail.user_identity.session_context.session_issuer.principal_id",
        "userIdentity.sessionContext.sessionIssuer.principalId",
    ),
    (
        "aws.cloudtrail.user_identity.session_context.session_issuer.account_id",
        "userIdentity.sessionContext.sessionIssuer.accountId",
    ),
    ("user.name", "userIdentity.sessionContext.sessionIssuer.userName"),
];

/// Fields of a record of an access log by their names there, and what S3 calls them; the best comes last.
const OF_RECORD: [(&str, &str); 14] = [
    ("@timestamp", "request_time"),
    ("timestamp", "request_time"),
    ("aws.s3access.bucket", "bucket_name"),
    ("aws.s3access.requester", "requester"),
    ("aws.s3access.request_id", "request_id"),
    ("aws.s3access.operation", "operation"),
    ("aws.s3access.key", "key_name"),
    ("http.response.status_code", "http_status"),
    ("aws.s3access.http_status", "http_status"),
    ("aws.s3access.error_code", "error_code"),
    ("aws.s3access.bytes_sent", "bytes_sent"),
    ("aws.s3access.object_size", "object_size"),
    ("aws.s3access.version_id", "version_id"),
    ("aws.s3access.host_header", "host_header"),
];

/// The record whose fields these are, as JSON of the log it is from.
pub(super) fn record(fields: &Map<String, Value>) -> Option<String> {
    let record = renamed(fields, &OF_RECORD);
    if record.contains_key("operation") {
        return Some(Value::from(record).to_string());
    }
    // Other services' events have an action, too.
    let is_event = at(fields, "aws.cloudtrail").is_some()
        || fields.keys().any(|name| name.starts_with("aws.cloudtrail."));
    let event = renamed(fields, &OF_EVENT);
    let cells: Vec<(&String, Cow<str>)> =
        event.iter().map(|(name, value)| (name, text(value))).collect();
    let cells = cells.iter().map(|(name, text)| (name.as_str(), &**text));
    is_event.then(|| athena::event(cells))
}

/// The fields that have other names, under those.
fn renamed(fields: &Map<String, Value>, names: &[(&str, &str)]) -> Map<String, Value> {
    let told = names.iter().filter_map(|(name, of_log)| Some((of_log, at(fields, name)?)));
    told.map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

/// The value where a path of names leads, of which some may be joined by dots into one.
fn at<'v>(fields: &'v Map<String, Value>, path: &str) -> Option<&'v Value> {
    fields.get(path).or_else(|| {
        path.match_indices('.')
            .find_map(|(dot, _)| at(fields.get(&path[..dot])?.as_object()?, &path[dot + 1..]))
    })
}

/// A value's text, or its JSON.
pub(super) fn text(value: &Value) -> Cow<'_, str> {
    value.as_str().map_or_else(|| value.to_string().into(), Cow::Borrowed)
}
