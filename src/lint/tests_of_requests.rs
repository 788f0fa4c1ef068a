//! Which objects, keys and endpoints are tried: statements with several conditions, patterns and regions.

use super::Linted;
use super::evaluate::S3_ARN;
use super::finding::{Finding, Rule};
use super::pattern;
use super::tests::{findings, one_condition, quoted, rules, words};

/// Two conditions on the context against every object of a small world: where one of them decides differently for the bucket,
/// that is found.
#[test]
fn conditions_count_together() {
    const ARN: &str = "arn:aws:s3:::";
    let pairs: Vec<(String, String)> = words(&["a", "b"], 2)
        .iter()
        .filter(|it| !it.is_empty())
        .flat_map(|bucket| {
            let keys = words(&["a", "b", "/"], 3).into_iter().filter(|it| !it.is_empty());
            keys.map(move |key| (format!("{ARN}{bucket}/{key}"), format!("{ARN}{bucket}")))
        })
        .collect();
    let patterns = words(&["a", "/", "*"], 3).into_iter().filter(|it| !it.is_empty());
    let patterns: Vec<String> = patterns.filter(|it| !it.starts_with('/')).collect();
    let mut found = 0;
    for (first, second) in patterns.iter().flat_map(|it| patterns.iter().map(move |o| (it, o))) {
        let (first, second) = (format!("{ARN}{first}"), format!("*{second}"));
        for is_negated in [false, true] {
            let matches = |text: &str| {
                pattern::matches(&first, text) && pattern::matches(&second, text) != is_negated
            };
            let is_broken = pairs.iter().any(|(object, bucket)| {
                matches(object) != matches(bucket) && (is_negated || matches(object))
            });
            // Another operator of the same kind, where one cannot stand twice.
            let other = if is_negated { "StringNotLike" } else { "StringLikeIfExists" };
            let policy = format!(
                r#"{{"Statement": {{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*", "Condition": {{
                    "StringLike": {{"{S3_ARN}": "{first}"}}, "{other}": {{"{S3_ARN}": "{second}"}}}}}}}}"#
            );
            let told = rules(&policy);
            assert!(!is_broken || !told.is_empty(), "{first} {other} {second}");
            found += usize::from(is_broken);
        }
    }
    assert!(found > 300, "{found}");
    for (first, other, second) in [
        ("lake*", "StringLikeIfExists", "arn:aws:s3:::l*"),
        ("lake*", "StringNotLike", "arn:aws:s3:::other/*"),
        ("lake*", "StringNotLike", "arn:aws:s3:::lake*"),
        ("lake/*", "StringNotLike", "arn:aws:s3:::*"),
    ] {
        let policy = format!(
            r#"{{"Statement": {{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*", "Condition": {{
                "StringLike": {{"{S3_ARN}": "{ARN}{first}"}}, "{other}": {{"{S3_ARN}": "{second}"}}}}}}}}"#
        );
        assert_eq!(rules(&policy), [], "{first} {second}");
    }
}

/// More kinds of objects than are tried: single values still are, and the rest is said to be unknown.
#[test]
fn too_many_kinds_are_said_to_be_unknown() {
    let values: Vec<String> = (10..30).map(|number| format!("*/{number}x/*")).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    assert_eq!(rules(&one_condition("Allow", "StringLike", &values)), [Rule::AllowStops]);
    let all = [&values[..], &["*"]].concat();
    assert_eq!(rules(&one_condition("Allow", "StringLike", &all)), []);
    let two = one_condition("Allow", "StringLike", &all).replace(
        "\"Condition\": {",
        &format!("\"Condition\": {{\"StringNotLike\": {{\"{S3_ARN}\": {}}}, ", quoted(&["b"])),
    );
    assert_eq!(rules(&two), [Rule::NotInFile]);
}

/// A key of each kind that the statements tell apart.
#[test]
fn keys_of_all_regions_are_tried() {
    let on_key = |effect: &str, resource: &str, condition: &str| {
        format!(r#"{{"Effect": "{effect}", "Action": "kms:*", {resource}{condition}}}"#)
    };
    let pinned = format!(r#", "Condition": {{"StringLike": {{"{S3_ARN}": "arn:aws:s3:::b/*"}}}}"#);
    let at = |region: &str| format!(r#""Resource": "arn:aws:kms:{region}:*:key/*""#);
    let but = |region: &str| format!(r#""NotResource": "arn:aws:kms:{region}:*:key/*""#);
    let all = r#""Resource": "*""#.to_owned();
    let named = r#""Resource": "arn:aws:kms:eu-west-1:111122223333:key/1""#.to_owned();
    let of_account = r#""Resource": "arn:aws:kms:*:111122223333:key/*""#.to_owned();
    let but_account = r#""NotResource": "arn:aws:kms:*:111122223333:key/*""#.to_owned();
    for (own, effect, other, is_found) in [
        (&all, "Allow", &at("us-east-1"), true),
        (&all, "Allow", &at("eu-west-1"), true),
        (&all, "Allow", &at("*"), false),
        (&all, "Allow", &but("us-east-1"), true),
        (&all, "Deny", &at("us-east-1"), true),
        (&all, "Deny", &but("eu-west-1"), true),
        (&all, "Deny", &at("*"), false),
        (&at("eu-*"), "Allow", &at("eu-west-1"), true),
        (&at("eu-west-1"), "Allow", &at("eu-*"), false),
        (&at("eu-west-1"), "Deny", &but("eu-*"), true),
        (&at("eu-west-1"), "Deny", &but_account, true),
        (&at("eu-west-1"), "Allow", &of_account, true),
        (&but("eu-west-1"), "Allow", &at("us-*"), true),
        (&named, "Allow", &at("us-east-1"), true),
        (&named, "Allow", &of_account, false),
        (&named, "Deny", &but_account, true),
        (&named, "Deny", &of_account, false),
    ] {
        let policy = format!(
            r#"{{"Statement": [{}, {}]}}"#,
            on_key("Allow", own, &pinned),
            on_key(effect, other, "")
        );
        assert_eq!(!rules(&policy).is_empty(), is_found, "{own} {effect} {other}");
    }
    // Of an alias nobody asks: it gives nothing, before as after.
    for (resource, is_found) in [
        ("arn:aws:kms:eu-west-1:111122223333:alias/b", false),
        ("arn:aws:sqs:eu-west-1:111122223333:b", false),
        ("arn:*", true),
        ("*:key/1", true),
        ("${Key.Arn}", true),
    ] {
        let own = format!(r#""Resource": "{resource}""#);
        let policy = format!(r#"{{"Statement": {}}}"#, on_key("Allow", &own, &pinned));
        assert_eq!(!rules(&policy).is_empty(), is_found, "{resource}");
    }
}

/// S3 asks for a key through its endpoint of the key's region.
#[test]
fn the_endpoint_is_that_of_the_keys_region() {
    for (effect, of_object, operator, service, is_found) in [
        ("Allow", "StringLike", "StringEquals", "s3.eu-west-1.amazonaws.com", true),
        ("Allow", "StringLike", "StringEquals", "s3.us-east-1.amazonaws.com", false),
        ("Allow", "StringLike", "StringEquals", "${Via}", true),
        ("Allow", "StringLike", "StringEquals", "ec2.${AWS::Region}.amazonaws.com", false),
        ("Deny", "StringNotLike", "StringNotEquals", "s3.eu-west-1.amazonaws.com", false),
        ("Deny", "StringNotLike", "StringNotEquals", "s3.us-east-1.amazonaws.com", true),
    ] {
        let policy = format!(
            r#"{{"Statement": {{"Effect": "{effect}", "Action": "kms:Decrypt",
                "Resource": "arn:aws:kms:eu-west-1:111122223333:key/1", "Condition": {{
                "{of_object}": {{"{S3_ARN}": "arn:aws:s3:::b/*"}}, "{operator}": {{"kms:ViaService": "{service}"}}}}}}}}"#
        );
        assert_eq!(!rules(&policy).is_empty(), is_found, "{operator} {service}");
    }
    // What S3 always satisfies makes no cover less.
    let pinned = format!(r#"{{"StringLike": {{"{S3_ARN}": "arn:aws:s3:::b/*"}}}}"#);
    for (service, is_found) in [("s3.*.amazonaws.com", false), ("s3.eu-*.amazonaws.com", true)] {
        let policy = format!(
            r#"{{"Statement": [{{"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Condition": {pinned}}},
                {{"Effect": "Allow", "Action": "kms:*", "Resource": "*",
                  "Condition": {{"StringLike": {{"kms:ViaService": "{service}"}}}}}}]}}"#
        );
        assert_eq!(!rules(&policy).is_empty(), is_found, "{service}");
    }
}

/// A role for replicas needs `kms:Decrypt` of the target's key, as AWS's examples do not have it.
#[test]
fn replicas_need_a_decrypt() {
    let policy = |replicates: &str, actions: &str, key: &str| {
        format!(
            r#"{{"Statement": [{{"Effect": "Allow", "Action": "{replicates}", "Resource": "arn:aws:s3:::target/*"}},
                {{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "arn:aws:kms:eu-west-1:111122223333:key/{key}",
                  "Condition": {{"StringLike": {{"{S3_ARN}": "arn:aws:s3:::*"}}}}}},
                {{"Effect": "Allow", "Action": {actions}, "Resource": "arn:aws:kms:eu-west-1:111122223333:key/2",
                  "Condition": {{"StringLike": {{"{S3_ARN}": "arn:aws:s3:::target*"}}}}}}]}}"#
        )
    };
    let (replicates, encrypt) = ("s3:ReplicateObject", r#""kms:Encrypt""#);
    let lacks = vec![Rule::WriterWithoutDecrypt];
    for (text, expected) in [
        (policy(replicates, encrypt, "1"), lacks.clone()),
        (policy(replicates, r#"["kms:Encrypt", "kms:GenerateDataKey"]"#, "1"), lacks),
        (policy(replicates, encrypt, "2"), vec![]),
        (policy(replicates, r#"["kms:Encrypt", "kms:Decrypt"]"#, "1"), vec![]),
        (policy("s3:GetObject", encrypt, "1"), vec![]),
    ] {
        assert_eq!(rules(&text), expected, "{text}");
    }
    let found = findings(&policy(replicates, encrypt, "1"));
    assert_eq!(found[0].add, ["kms:GenerateDataKey", "kms:Decrypt"]);
}

/// An exception that another statement denies anyway lets nothing in.
#[test]
fn exceptions_that_are_denied_anyway() {
    for (resource, actions, is_found) in [
        ("*", "kms:*", false),
        ("arn:aws:kms:eu-west-1:111122223333:key/1", "kms:*", true),
        ("*", "kms:DescribeKey", true),
    ] {
        let policy = format!(
            r#"{{"Statement": [{{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*",
                "Condition": {{"StringNotLike": {{"{S3_ARN}": "arn:aws:s3:::b/*"}}}}}},
                {{"Effect": "Deny", "Action": "{actions}", "Resource": "{resource}"}}]}}"#
        );
        assert_eq!(!rules(&policy).is_empty(), is_found, "{resource} {actions}");
    }
}

/// Optional parameters are compared with the empty text.
#[test]
fn parameters_that_may_be_empty() {
    let template = |parameter: &str, then: &str, otherwise: &str| {
        format!(
            r#"{{"Parameters": {{"Key": {{"Type": "String"{parameter}}}}},
                "Conditions": {{"HasKey": {{"Fn::Not": [{{"Fn::Equals": [{{"Ref": "Key"}}, ""]}}]}}}},
                "Resources": {{"P": {{"Type": "AWS::IAM::ManagedPolicy", "Properties": {{"PolicyDocument": {{"Statement":
                    {{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*", "Condition": {{"StringLike":
                    {{"{S3_ARN}": {{"Fn::If": ["HasKey", {then:?}, {otherwise:?}]}}}}}}}}}}}}}}}}}}"#
        )
    };
    let (objects, both) = ("arn:aws:s3:::b/*", "arn:aws:s3:::b*");
    for (parameter, of_given, of_empty) in [
        ("", true, true),
        (r#", "Default": """#, true, true),
        (r#", "Default": "x""#, true, true),
        (r#", "Default": "", "AllowedValues": ["", "a"]"#, true, true),
        (r#", "Default": "", "AllowedValues": [""]"#, false, true),
        (r#", "AllowedValues": ["a", "b"]"#, true, false),
    ] {
        let of =
            |then: &str, otherwise: &str| !linted(&template(parameter, then, otherwise)).is_empty();
        assert_eq!(of(objects, both), of_given, "{parameter}");
        assert_eq!(of(both, objects), of_empty, "{parameter}");
        assert!(!of(both, both), "{parameter}");
    }
    let found = linted(&template(r#", "Default": """#, both, objects));
    assert!(found[0].why.contains("where `Key` is empty"), "{}", found[0].why);
}

/// What is found in all cases of a template.
fn linted(template: &str) -> Vec<Finding> {
    let mut linted = Linted::default();
    linted.add("t", template).unwrap();
    linted.findings
}
