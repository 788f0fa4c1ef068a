//! Plans of Terraform: what is read at apply only, resources of other providers, grants, and templates within.

use bks::lint::{Finding, Linted, Rule};
use serde_json::{Value, json};

fn findings(plan: &Value) -> Vec<Finding> {
    let mut linted = Linted::default();
    linted.add("plan.json", &plan.to_string()).unwrap_or_else(|error| panic!("{error}\n{plan}"));
    linted.findings
}

/// Rules and owners, in any order.
fn told(plan: &Value) -> Vec<(Rule, String)> {
    let mut told: Vec<_> = findings(plan).into_iter().map(|it| (it.rule, it.owner)).collect();
    told.sort();
    told
}

fn change(address: &str, after: &Value, unknown: &Value) -> Value {
    let mode = if address.starts_with("data.") { "data" } else { "managed" };
    let kind = address.trim_start_matches("data.").split('.').next().unwrap();
    json!({ "address": address, "mode": mode, "type": kind,
        "change": { "before": null, "after": after, "after_unknown": unknown } })
}

fn plan(changes: &[Value]) -> Value {
    json!({ "format_version": "1.2", "resource_changes": changes })
}

const POLICY: &str = "aws_iam_policy.p";
const DOCUMENT: &str = "data.aws_iam_policy_document.d";

/// A policy that a data source makes at apply; `refers` says whether the configuration tells of it.
fn of_data(statement: &Value, unknown: &Value, refers: bool) -> Value {
    let unknown = json!({ "json": true, "statement": [unknown] });
    let mut plan = plan(&[
        change(DOCUMENT, &json!({ "statement": [statement] }), &unknown),
        change(POLICY, &json!({}), &json!({ "policy": true })),
    ]);
    if refers {
        let references = [format!("{DOCUMENT}.json"), DOCUMENT.to_owned()];
        plan["configuration"] = json!({ "root_module": { "resources": [
            { "address": POLICY, "expressions": { "policy": { "references": references } } }] } });
    }
    plan
}

fn statement(effect: &str, test: &str, values: &Value) -> Value {
    json!({ "effect": effect, "actions": ["kms:Decrypt"], "resources": ["*"], "condition": [
        { "test": test, "variable": "kms:EncryptionContext:aws:s3:arn", "values": values }] })
}

/// The parts of a policy are known where its text is not.
#[test]
fn policies_that_are_read_at_apply() {
    let objects = json!(["arn:aws:s3:::lake/*"]);
    let both = json!(["arn:aws:s3:::lake/*", "arn:aws:s3:::lake"]);
    let owned = |rule| vec![(rule, POLICY.to_owned())];
    for (effect, test, values, unknown, expected) in [
        ("Allow", "StringLike", &objects, json!({}), owned(Rule::AllowStops)),
        ("Allow", "StringLike", &both, json!({}), vec![]),
        ("Deny", "ArnNotLike", &objects, json!({}), owned(Rule::DenyStarts)),
        ("Deny", "StringLike", &objects, json!({}), owned(Rule::GuardStops)),
        (
            "Allow",
            "StringLike",
            &json!([null]),
            json!({ "condition": [{ "values": [true] }] }),
            owned(Rule::NotInFile),
        ),
        (
            "Allow",
            "StringLike",
            &json!(null),
            json!({ "condition": [{ "values": true }] }),
            owned(Rule::NotInFile),
        ),
        ("Allow", "StringLike", &both, json!({ "resources": [true] }), vec![]),
        ("Allow", "StringLike", &objects, json!({ "resources": [true] }), owned(Rule::AllowStops)),
    ] {
        let statement = statement(effect, test, values);
        let found = told(&of_data(&statement, &unknown, true));
        assert_eq!(found, expected, "{effect} {test} {values} {unknown}");
    }
    // Without a configuration nobody knows whose policy it is.
    let alone = of_data(&statement("Allow", "StringLike", &objects), &json!({}), false);
    let expected =
        [(Rule::AllowStops, DOCUMENT.to_owned()), (Rule::KnownAfterApply, POLICY.to_owned())];
    assert_eq!(told(&alone), expected);
}

/// What `principals`, `not_actions` and `sid` say.
#[test]
fn all_parts_of_a_policy_that_is_read_at_apply() {
    let mut of_key = statement("Allow", "StringLike", &json!(["arn:aws:s3:::lake/*"]));
    of_key["sid"] = json!("Use");
    of_key["principals"] =
        json!([{ "type": "AWS", "identifiers": ["arn:aws:iam::111122223333:role/r"] }]);
    let found = findings(&of_data(&of_key, &json!({}), false));
    assert!(found.iter().any(|it| it.subject == "statement `Use`"), "{found:?}");
    let mut excepting = statement("Deny", "StringNotLike", &json!(["arn:aws:s3:::lake/*"]));
    for (not_actions, expected) in [("iam:*", 1), ("kms:*", 0)] {
        excepting["actions"] = json!(null);
        excepting["not_actions"] = json!([not_actions]);
        assert_eq!(told(&of_data(&excepting, &json!({}), true)).len(), expected, "{not_actions}");
    }
}

/// Logs of a bucket whose resource says where they go, as older providers have it.
#[test]
fn access_logs_in_the_resource_of_a_bucket() {
    let of = |target: &str| {
        let rule = json!([{ "rule": [{ "bucket_key_enabled": true,
            "apply_server_side_encryption_by_default": [{ "sse_algorithm": "aws:kms" }] }] }]);
        let encrypted = json!({ "bucket": "logs", "server_side_encryption_configuration": rule });
        let source = json!({ "bucket": "data", "logging": [{ "target_bucket": target }] });
        plan(&[
            change("aws_s3_bucket.logs", &encrypted, &json!({})),
            change("aws_s3_bucket.data", &source, &json!({})),
        ])
    };
    assert_eq!(told(&of("logs")), [(Rule::AccessLogTarget, "aws_s3_bucket.data".to_owned())]);
    assert_eq!(told(&of("other")), []);
}
