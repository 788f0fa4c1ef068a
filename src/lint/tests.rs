//! Tables of cases: what IAM decides, what bucket keys change, and what must stay quiet.

use super::evaluate::{Holds, KmsRequest, S3_ARN};
use super::finding::{Confidence, Finding, Rule, Severity};
use super::json::Node;
use super::pattern;
use super::policy::Policy;
use super::{Linted, check};
use crate::lint::document::Contents;

const OBJECT: &str = "arn:aws:s3:::logs/2026/a.gz";
const BUCKET: &str = "arn:aws:s3:::logs";

pub(super) fn quoted(values: &[&str]) -> String {
    let values: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
    format!("[{}]", values.join(", "))
}

fn holds(operator: &str, key: &str, values: &[&str], context: Option<&str>) -> Holds {
    let text = format!(
        r#"{{"Statement": {{"Effect": "Allow", "Action": "*", "Condition": {{"{operator}": {{"{key}": {}}}}}}}}}"#,
        quoted(values)
    );
    let policy = Policy::of(&Node::parse(&text).unwrap(), None, "").unwrap();
    let request = KmsRequest { action: "kms:Decrypt", key: "", principal: None, context };
    policy.statements[0].conditions[0].holds(&request)
}

/// By the tables of the IAM user guide: operators, their negations, `IfExists`, sets, case, wildcards.
#[test]
fn conditions_hold_as_documented() {
    let at = |operator, values: &[&str], context| holds(operator, S3_ARN, values, context);
    for (operator, value, of_object, of_bucket, of_none) in [
        ("StringEquals", "arn:aws:s3:::logs", false, true, false),
        ("StringEquals", "arn:aws:s3:::logs/*", false, false, false),
        ("StringEquals", "arn:aws:s3:::logs/2026/a.gz", true, false, false),
        ("StringEquals", "ARN:aws:s3:::logs", false, false, false),
        ("StringEqualsIgnoreCase", "ARN:aws:s3:::LOGS", false, true, false),
        ("StringEqualsIgnoreCase", "arn:aws:s3:::logs/*", false, false, false),
        ("StringNotEquals", "arn:aws:s3:::logs", true, false, true),
        ("StringNotEqualsIgnoreCase", "arn:aws:s3:::LOGS", true, false, true),
        ("StringLike", "arn:aws:s3:::logs/*", true, false, false),
        ("StringLike", "arn:aws:s3:::logs*", true, true, false),
        ("StringLike", "arn:aws:s3:::log?", false, true, false),
        ("StringLike", "arn:aws:s3:::log?/*", true, false, false),
        ("StringLike", "arn:*logs", false, true, false),
        ("StringLike", "arn:aws:s3:::LOGS/*", false, false, false),
        ("StringLike", "*", true, true, false),
        ("StringNotLike", "arn:aws:s3:::logs/*", false, true, true),
        ("ArnLike", "arn:aws:s3:::logs/*", true, false, false),
        ("ArnLike", "arn:aws:s3:*:*:logs*", true, true, false),
        ("ArnLike", "arn:*logs", false, false, false),
        ("ArnEquals", "arn:aws:s3:::logs/*", true, false, false),
        ("ArnNotLike", "arn:aws:s3:::logs/*", false, true, true),
        ("ArnNotEquals", "arn:aws:s3:::logs", true, false, true),
        ("StringLikeIfExists", "arn:aws:s3:::logs/*", true, false, true),
        ("StringNotEqualsIfExists", "arn:aws:s3:::logs", true, false, true),
        ("ForAnyValue:StringLike", "arn:aws:s3:::logs/*", true, false, false),
        ("ForAllValues:StringLike", "arn:aws:s3:::logs/*", true, false, true),
        ("ForAnyValue:StringNotLike", "arn:aws:s3:::logs/*", false, true, false),
        ("ForAllValues:StringNotLike", "arn:aws:s3:::logs/*", false, true, true),
        ("foranyvalue:stringlikeifexists", "arn:aws:s3:::logs/*", true, false, true),
        ("Null", "true", false, false, true),
        ("Null", "false", true, true, false),
    ] {
        for (context, expected) in
            [(Some(OBJECT), of_object), (Some(BUCKET), of_bucket), (None, of_none)]
        {
            let expected = if expected { Holds::Yes } else { Holds::No };
            assert_eq!(at(operator, &[value], context), expected, "{operator} {value} {context:?}");
        }
    }
    // Values are alternatives, and of a negated operator none may be equal.
    let both = ["arn:aws:s3:::logs/*", "arn:aws:s3:::logs"];
    assert_eq!(at("StringLike", &both, Some(BUCKET)), Holds::Yes);
    assert_eq!(at("StringNotLike", &both, Some(BUCKET)), Holds::No);
    assert_eq!(at("NumericEquals", &["1"], Some(BUCKET)), Holds::Unknown);
}

#[test]
fn other_keys_of_conditions() {
    let at = |operator, key, value| holds(operator, key, &[value], Some(OBJECT));
    for (operator, key, value, expected) in [
        ("StringLike", "KMS:EncryptionContext:AWS:S3:ARN", "arn:aws:s3:::logs/*", Holds::Yes),
        ("StringEquals", "kms:EncryptionContextKeys", "aws:s3:arn", Holds::Yes),
        ("ForAllValues:StringEquals", "kms:EncryptionContextKeys", "aws:ebs:id", Holds::No),
        ("StringEquals", "kms:ViaService", "s3.eu-west-1.amazonaws.com", Holds::Unknown),
        // Whatever S3's region is, this is its endpoint.
        ("StringLike", "kms:ViaService", "s3.*.amazonaws.com", Holds::Yes),
        ("StringLike", "kms:ViaService", "*", Holds::Yes),
        ("StringEqualsIgnoreCase", "kms:ViaService", "S3.eu-west-1.amazonaws.com", Holds::Unknown),
        ("StringEquals", "kms:ViaService", "${Via}", Holds::Unknown),
        ("StringEquals", "kms:ViaService", "{{resolve:ssm:/via}}", Holds::Unknown),
        ("StringEquals", "kms:ViaService", "s3.${AWS::Region}.${AWS::URLSuffix}", Holds::Unknown),
        ("StringNotEquals", "kms:ViaService", "${Via}", Holds::Unknown),
        ("StringEquals", "kms:ViaService", "ec2.${AWS::Region}.amazonaws.com", Holds::No),
        ("StringEquals", "kms:ViaService", "ec2.eu-west-1.amazonaws.com", Holds::No),
        ("StringNotEquals", "kms:ViaService", "s3.eu-west-1.amazonaws.com", Holds::Unknown),
        ("StringNotLike", "kms:ViaService", "s3.*", Holds::No),
        ("StringEquals", "aws:PrincipalOrgID", "o-1", Holds::Unknown),
        ("StringEquals", "kms:EncryptionContext:SecretARN", "x", Holds::Unknown),
        ("Bool", "aws:SecureTransport", "true", Holds::Unknown),
    ] {
        assert_eq!(at(operator, key, value), expected, "{operator} {key} {value}");
    }
}

pub(super) fn findings(policy: &str) -> Vec<Finding> {
    check(&Contents::of(policy).unwrap_or_else(|error| panic!("{error}\n{policy}")))
}

pub(super) fn rules(policy: &str) -> Vec<Rule> {
    findings(policy).iter().map(|finding| finding.rule).collect()
}

/// A policy with one condition on the context, which is all that it says of S3.
pub(super) fn one_condition(effect: &str, operator: &str, values: &[&str]) -> String {
    format!(
        r#"{{"Statement": [
            {{"Effect": "{effect}", "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*",
             "Condition": {{"{operator}": {{"kms:EncryptionContext:aws:s3:arn": {}}}}}}}]}}"#,
        quoted(values)
    )
}

type Case = (&'static str, &'static str, &'static [&'static str], Option<Rule>);

const CASES: [Case; 74] = [
    ("Allow", "StringLike", &["arn:aws:s3:::b/*"], Some(Rule::AllowStops)),
    ("Allow", "StringLike", &["arn:aws:s3:::b*"], None),
    ("Allow", "StringLike", &["arn:aws:s3:::b", "arn:aws:s3:::b/*"], None),
    ("Allow", "StringLike", &["arn:aws:s3:::b"], None),
    ("Allow", "StringEquals", &["arn:aws:s3:::b"], None),
    ("Allow", "StringEquals", &["arn:aws:s3:::b/key"], Some(Rule::AllowStops)),
    ("Allow", "StringEqualsIgnoreCase", &["arn:aws:s3:::B/key"], Some(Rule::AllowStops)),
    ("Allow", "StringEquals", &["arn:aws:s3:::b/*"], Some(Rule::LiteralWildcard)),
    ("Allow", "ArnLike", &["arn:aws:s3:::b/*"], Some(Rule::AllowStops)),
    ("Allow", "ArnEquals", &["arn:aws:s3:::b/*"], Some(Rule::AllowStops)),
    ("Allow", "ArnLike", &["arn:*:s3:::*"], None),
    ("Allow", "ArnLike", &["arn:*:s3:::*/*"], Some(Rule::AllowStops)),
    ("Allow", "StringLike", &["*"], None),
    ("Allow", "StringLike", &["*/logs/*"], Some(Rule::AllowStops)),
    ("Allow", "StringLike", &["arn:aws:s3:::a/*", "arn:aws:s3:::b"], Some(Rule::AllowStops)),
    ("Allow", "StringLike", &["arn:aws:s3:::b/prefix/*"], Some(Rule::AllowStops)),
    ("Allow", "StringLike", &["arn:aws:s3:::b-??/*"], Some(Rule::AllowStops)),
    ("Allow", "StringLike", &["arn:aws:s3:::b-*/*", "arn:aws:s3:::b-*"], None),
    ("Allow", "StringLike", &["arn:aws:s3:::${aws:PrincipalTag/team}/*"], Some(Rule::AllowStops)),
    ("Allow", "StringLike", &["arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b"], None),
    // `?` stands for a `/`, too.
    ("Allow", "StringLike", &["arn:aws:s3:::b?*"], Some(Rule::AllowStops)),
    ("Allow", "StringLike", &["arn:aws:s3:::b??"], Some(Rule::AllowStops)),
    ("Allow", "StringLike", &["arn:aws:s3:::b*?"], Some(Rule::AllowStops)),
    ("Allow", "StringLike", &["arn:aws:s3:::b?"], None),
    ("Allow", "StringLike", &["arn:aws:s3:::b-??"], None),
    ("Allow", "StringLike", &["arn:aws:s3:::b*a"], Some(Rule::AllowStops)),
    // Stars stand for what is before the bucket's name, or for parts of it.
    ("Allow", "StringLike", &["*:b/*"], Some(Rule::AllowStops)),
    ("Allow", "StringLike", &["*:::b/*"], Some(Rule::AllowStops)),
    ("Allow", "StringLike", &["*:s3:::b/*"], Some(Rule::AllowStops)),
    ("Allow", "StringLike", &["arn:*:::b/*"], Some(Rule::AllowStops)),
    ("Allow", "StringLike", &["*s3:::b/*"], Some(Rule::AllowStops)),
    ("Allow", "StringLike", &["arn:aws:s3:*:*:b-*/*"], Some(Rule::AllowStops)),
    ("Allow", "ArnLike", &["arn:aws:s3:*:*:b-*/*"], Some(Rule::AllowStops)),
    ("Allow", "ArnLike", &["arn:aws:s3:*:*:*/*"], Some(Rule::AllowStops)),
    ("Allow", "StringLike", &["arn:aws-*:s3:::b/*"], Some(Rule::AllowStops)),
    ("Allow", "StringLike", &["*.csv"], Some(Rule::AllowStops)),
    ("Allow", "StringLike", &["arn:aws:s3:::b/*:x"], Some(Rule::AllowStops)),
    ("Deny", "StringLike", &["*/secret/*"], Some(Rule::GuardStops)),
    ("Allow", "StringLike", &["*:b", "*:b/*"], None),
    ("Allow", "StringLike", &["*:b*"], None),
    ("Allow", "StringLike", &["arn:aws:s3:*:*:b*"], None),
    ("Allow", "StringLike", &["arn:aws:s3:*:*:b-*/*", "arn:aws:s3:::b-*"], None),
    ("Allow", "StringLike", &["*.csv", "arn:aws:s3:::*"], None),
    // No ARN has fewer parts, and none of another service is in the context.
    ("Allow", "ArnLike", &["*:b/*"], None),
    ("Allow", "StringLike", &["arn:aws:sqs:::b/*"], None),
    ("Allow", "StringLike", &["b/*"], None),
    ("Allow", "StringEqualsIgnoreCase", &["ARN:aws:s3:::b/A"], Some(Rule::AllowStops)),
    ("Allow", "StringEqualsIgnoreCase", &["ARN:AWS:S3:::B"], None),
    ("Allow", "StringEqualsIgnoreCase", &["ARN:aws:s3:::b/a", "arn:aws:s3:::B"], None),
    ("Allow", "StringLikee", &["arn:aws:s3:::b/*"], Some(Rule::UnknownOperator)),
    ("Allow", "NumericLessThanEqualsIfExists", &["1"], None),
    ("Allow", "StringLikeIfExists", &["arn:aws:s3:::b/*"], Some(Rule::AllowStops)),
    ("Allow", "ForAnyValue:StringLike", &["arn:aws:s3:::b/*"], Some(Rule::AllowStops)),
    ("Allow", "ForAllValues:StringLike", &["arn:aws:s3:::b/*"], Some(Rule::AllowStops)),
    ("Allow", "StringNotLike", &["arn:aws:s3:::secret/*"], Some(Rule::GuardStops)),
    ("Allow", "StringNotLike", &["arn:aws:s3:::secret*"], None),
    ("Allow", "StringNotEquals", &["arn:aws:s3:::b"], Some(Rule::AllowStops)),
    ("Allow", "Null", &["false"], None),
    ("Allow", "Null", &["true"], None),
    ("Deny", "StringLike", &["arn:aws:s3:::secret/*"], Some(Rule::GuardStops)),
    ("Deny", "StringLike", &["arn:aws:s3:::secret*"], None),
    ("Deny", "StringLike", &["arn:aws:s3:::secret", "arn:aws:s3:::secret/*"], None),
    ("Deny", "StringEquals", &["arn:aws:s3:::b"], Some(Rule::DenyStarts)),
    ("Deny", "StringNotLike", &["arn:aws:s3:::b/*"], Some(Rule::DenyStarts)),
    ("Deny", "StringNotLike", &["arn:aws:s3:::b/*", "arn:aws:s3:::b"], None),
    // Until bucket keys are on this denies everything.
    ("Deny", "StringNotLike", &["arn:aws:s3:::b"], Some(Rule::GuardStops)),
    ("Deny", "StringNotEquals", &["arn:aws:s3:::b"], Some(Rule::GuardStops)),
    ("Deny", "StringNotEqualsIgnoreCase", &["ARN:aws:s3:::B"], Some(Rule::GuardStops)),
    ("Deny", "StringNotLike", &["arn:aws:s3:::b*"], None),
    ("Deny", "StringNotLikeIfExists", &["arn:aws:s3:::b/*"], Some(Rule::DenyStarts)),
    ("Deny", "ArnNotEquals", &["arn:aws:s3:::b/*"], Some(Rule::DenyStarts)),
    ("Deny", "ForAnyValue:StringNotLike", &["arn:aws:s3:::b/*"], Some(Rule::DenyStarts)),
    ("Deny", "Null", &["true"], None),
    (
        "Allow",
        "StringLike",
        &["arn:aws:s3:eu-west-1:111122223333:accesspoint/ap/object/*"],
        Some(Rule::AccessPointContext),
    ),
];

#[test]
fn conditions_on_the_context() {
    for (effect, operator, values, expected) in CASES {
        let found = rules(&one_condition(effect, operator, values));
        assert_eq!(
            found,
            expected.into_iter().collect::<Vec<_>>(),
            "{effect} {operator} {values:?}"
        );
    }
}

/// What a mend adds is enough: with it nothing is found.
#[test]
fn mends_mend() {
    let mut mended = 0;
    for (effect, operator, values, _) in CASES {
        for finding in findings(&one_condition(effect, operator, values)) {
            if finding.add.is_empty() {
                continue;
            }
            let add = finding.add.iter().map(String::as_str);
            let with: Vec<&str> = values.iter().copied().chain(add).collect();
            assert_eq!(rules(&one_condition(effect, operator, &with)), [], "{operator} {with:?}");
            mended += 1;
        }
    }
    assert!(mended > 15, "{mended}");
}

/// Words of at most so many letters.
pub(super) fn words(letters: &[&str], longest: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut last = all.clone();
    for _ in 0..longest {
        let longer =
            last.iter().flat_map(|word| letters.iter().map(move |it| format!("{word}{it}")));
        last = longer.collect();
        all.extend(last.iter().cloned());
    }
    all
}

/// The rule against every object of a small world: two buckets' worth of names of up to five letters.
#[test]
fn the_same_is_found_by_trying_every_object() {
    const ARN: &str = "arn:aws:s3:::";
    let buckets: Vec<String> =
        words(&["a", "b"], 3).into_iter().filter(|it| !it.is_empty()).collect();
    let objects: Vec<(String, String)> = buckets
        .iter()
        .flat_map(|bucket| {
            let keys = words(&["a", "b", "/"], 3).into_iter().filter(|it| !it.is_empty());
            keys.map(move |key| (format!("{ARN}{bucket}"), format!("{ARN}{bucket}/{key}")))
        })
        .collect();
    let patterns = words(&["a", "/", "*", "?"], 4);
    // A pattern that begins with `/` stands for no bucket.
    let patterns = patterns.iter().filter(|it| !it.is_empty() && !it.starts_with('/'));
    let mut found = 0;
    for pattern in patterns {
        let value = format!("{ARN}{pattern}");
        let matches = |text: &str| pattern::matches(&value, text);
        let is_broken = objects.iter().any(|(bucket, object)| matches(object) && !matches(bucket));
        let rule = rules(&one_condition("Allow", "StringLike", &[&value]));
        assert!(rule.is_empty() != is_broken, "{value}: {rule:?}");
        found += usize::from(is_broken);
    }
    assert!(found > 100, "{found}");
}

/// Where only `?` lets a pattern stand for an object, few objects are concerned.
#[test]
fn question_marks_alone_are_less_sure() {
    for (value, severity, add) in [
        ("arn:aws:s3:::lake?*", Severity::Error, "arn:aws:s3:::lake"),
        ("arn:aws:s3:::lake??", Severity::Warning, "arn:aws:s3:::lake"),
        ("arn:aws:s3:::lake-???", Severity::Warning, "arn:aws:s3:::lake-?"),
        ("arn:*:s3:::lake?*", Severity::Error, "arn:*:s3:::lake"),
        ("arn:aws:s3:::lake*a", Severity::Error, "arn:aws:s3:::lake*"),
        ("arn:*:s3:::*/*", Severity::Error, "arn:*:s3:::*"),
        ("*lake/x/*", Severity::Error, "*lake"),
        // These stand for buckets, and for objects of others by chance.
        ("arn:aws:s3:::*-lake*", Severity::Warning, ""),
        ("arn:aws:s3:::lake-*-data*", Severity::Warning, ""),
        ("*data*", Severity::Warning, ""),
        // What stands for every bucket is not to be added.
        ("*/data/*", Severity::Error, ""),
        ("*/*", Severity::Error, ""),
        ("arn:aws:s3:::*/data/*", Severity::Error, ""),
    ] {
        for (effect, operator) in [("Allow", "StringLike"), ("Deny", "StringNotLike")] {
            let found = findings(&one_condition(effect, operator, &[value]));
            assert_eq!(found.len(), 1, "{value}");
            let added: Vec<&str> = found[0].add.iter().map(String::as_str).collect();
            let expected: Vec<&str> = Some(add).into_iter().filter(|add| !add.is_empty()).collect();
            assert_eq!((found[0].severity, added), (severity, expected), "{effect} {value}");
        }
    }
}

/// A policy of several statements that do and do not cover one another.
#[test]
fn other_statements_of_the_policy_count() {
    let pinned = r#"{"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": "*",
        "Condition": {"StringLike": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::b/*"}}}"#;
    let with = |other: &str| rules(&format!(r#"{{"Statement": [{pinned}, {other}]}}"#));
    let allowing = r#""Effect": "Allow", "Action": "kms:*", "Resource": "*""#;
    assert_eq!(with(&format!("{{{allowing}}}")), []);
    // Of another key, of other actions, or under a condition that may not hold: no cover.
    let other_key = r#"{"Effect": "Allow", "Action": "kms:*", "Resource": "arn:aws:kms:eu-west-1:111122223333:key/1"}"#;
    let other_action = r#"{"Effect": "Allow", "Action": "kms:DescribeKey", "Resource": "*"}"#;
    let tagged = format!(
        r#"{{{allowing}, "Condition": {{"Bool": {{"aws:MultiFactorAuthPresent": "true"}}}}}}"#
    );
    let elsewhere = format!(
        r#"{{{allowing}, "Condition": {{"StringEquals": {{"kms:ViaService": "ec2.eu-west-1.amazonaws.com"}}}}}}"#
    );
    for other in [other_key, other_action, &tagged, &elsewhere] {
        assert_eq!(with(other), [Rule::AllowStops], "{other}");
    }
    let only_bucket = format!(
        r#"{{{allowing}, "Condition": {{"StringEquals": {{"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::b"}}}}}}"#
    );
    assert_eq!(with(&only_bucket), []);
    // What is denied anyway is not lost.
    assert_eq!(with(r#"{"Effect": "Deny", "Action": "kms:*", "Resource": "*"}"#), []);
}

#[test]
fn negated_elements_and_principals() {
    let condition = r#""Condition": {"StringNotLike": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::b/*"}}"#;
    for (elements, expected) in [
        (r#""NotAction": "iam:*", "Resource": "*""#, vec![Rule::DenyStarts]),
        (r#""NotAction": "kms:*", "Resource": "*""#, vec![]),
        (r#""Action": "KMS:decrypt", "NotResource": "arn:aws:s3:::*""#, vec![Rule::DenyStarts]),
        (r#""Action": "kms:Decrypt", "Resource": "arn:aws:s3:::b/*""#, vec![]),
        (
            r#""Action": "kms:Decrypt", "NotPrincipal": {"AWS": "111122223333"}"#,
            vec![Rule::DenyStarts],
        ),
        (r#""Action": "kms:DescribeKey", "Resource": "*""#, vec![]),
    ] {
        let policy = format!(r#"{{"Statement": {{"Effect": "Deny", {elements}, {condition}}}}}"#);
        assert_eq!(rules(&policy), expected, "{elements}");
    }
}

/// A key policy that leaves the rest to IAM: less sure for its own account, as sure as ever for others.
#[test]
fn key_policies_of_one_and_of_other_accounts() {
    let policy = |principal: &str| {
        format!(
            r#"{{"Statement": [
            {{"Sid": "Root", "Effect": "Allow", "Principal": {{"AWS": "arn:aws:iam::111122223333:root"}},
              "Action": "kms:*", "Resource": "*"}},
            {{"Sid": "Use", "Effect": "Allow", "Principal": {{"AWS": "{principal}"}},
              "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": "*",
              "Condition": {{"StringLike": {{"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::b/*"}}}}}}]}}"#
        )
    };
    for (principal, severity, confidence) in [
        ("arn:aws:iam::111122223333:role/app", Severity::Warning, Confidence::Possible),
        ("arn:aws:iam::444455556666:role/app", Severity::Error, Confidence::Certain),
        ("444455556666", Severity::Error, Confidence::Certain),
        ("*", Severity::Error, Confidence::Certain),
    ] {
        let found = findings(&policy(principal));
        assert_eq!(found.len(), 1, "{principal}");
        assert_eq!((found[0].severity, found[0].confidence), (severity, confidence), "{principal}");
        assert_eq!(found[0].subject, "statement `Use`");
    }
    // Whoever is let in by the account alone is of that account.
    for (key, account, severity) in [
        ("kms:CallerAccount", "111122223333", Severity::Warning),
        ("aws:PrincipalAccount", "111122223333", Severity::Warning),
        ("kms:CallerAccount", "444455556666", Severity::Error),
    ] {
        let limited = policy("*").replace(
            "\"StringLike\"",
            &format!(r#""StringEquals": {{"{key}": "{account}"}}, "StringLike""#),
        );
        assert_eq!(findings(&limited)[0].severity, severity, "{key} {account}");
    }
    // The account's root has the first statement, whatever the second says.
    assert_eq!(rules(&policy("111122223333")), []);
}

/// Sid and place of what is found.
#[test]
fn findings_have_their_place() {
    let policy = one_condition("Allow", "StringLike", &["arn:aws:s3:::b/*"]);
    let mut linted = Linted::default();
    linted.add("p.json", &policy).unwrap();
    let found = &linted.findings[0];
    assert_eq!(
        (found.file.as_str(), found.line, found.subject.as_str()),
        ("p.json", 3, "statement `1`")
    );
    assert_eq!(found.add, ["arn:aws:s3:::b"]);
    assert_eq!((linted.policies, linted.statements, linted.files), (1, 1, 1));
}

#[test]
fn conditions_on_the_header() {
    const KEY: &str = "s3:x-amz-server-side-encryption-bucket-key-enabled";
    for (effect, operator, value, expected) in [
        ("Deny", "StringEquals", "true", Some((Severity::Warning, "asks"))),
        ("Deny", "StringNotEquals", "true", Some((Severity::Warning, "without the header"))),
        ("Deny", "Bool", "false", Some((Severity::Note, "refuses"))),
        ("Deny", "StringEquals", "false", Some((Severity::Note, "refuses"))),
        (
            "Deny",
            "StringNotEqualsIfExists",
            "true",
            Some((Severity::Warning, "without the header")),
        ),
        ("Deny", "Null", "true", Some((Severity::Warning, "without the header"))),
        ("Allow", "StringEquals", "true", Some((Severity::Warning, "without the header"))),
        ("Allow", "StringEquals", "false", Some((Severity::Warning, "asks"))),
    ] {
        let policy = format!(
            r#"{{"Statement": [{{"Effect": "{effect}", "Principal": "*", "Action": "s3:PutObject",
            "Resource": "arn:aws:s3:::b/*", "Condition": {{"{operator}": {{"{KEY}": "{value}"}}}}}}]}}"#
        );
        let found = findings(&policy);
        let told = found.first().map(|it| (it.severity, it.why.as_str()));
        match (told, expected) {
            (Some((severity, why)), Some((wanted, part))) => {
                assert!(
                    severity == wanted && why.contains(part),
                    "{effect} {operator} {value}: {why}"
                );
            }
            (told, expected) => assert_eq!(told, expected, "{effect} {operator} {value}"),
        }
    }
}
