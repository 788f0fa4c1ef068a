//! Templates: what `Fn::If`, parameters, mappings and other functions may make of a policy, and what stays unknown.

use bks::lint::{Finding, Linted, Rule};

fn findings(template: &str) -> Vec<Finding> {
    let mut linted = Linted::default();
    linted.add("t", template).unwrap_or_else(|error| panic!("{error}\n{template}"));
    linted.findings
}

fn rules(template: &str) -> Vec<Rule> {
    findings(template).into_iter().map(|it| it.rule).collect()
}

const OBJECTS: &str = "arn:aws:s3:::lake/*";
const BOTH: &str = "arn:aws:s3:::lake*";
const NONE: &str = r#"{"Ref": "AWS::NoValue"}"#;

fn condition(value: &str) -> String {
    format!(r#"{{"StringLike": {{"kms:EncryptionContext:aws:s3:arn": {value}}}}}"#)
}

fn statement(condition: &str) -> String {
    format!(
        r#"{{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*", "Condition": {condition}}}"#
    )
}

/// A template whose only policy is that value, with further sections.
fn template(sections: &str, policy: &str) -> String {
    format!(
        r#"{{{sections} "Resources": {{"Pol": {{"Type": "AWS::IAM::ManagedPolicy", "Properties": {{"PolicyDocument": {policy}}}}}}}}}"#
    )
}

fn policy(statements: &str) -> String {
    format!(r#"{{"Version": "2012-10-17", "Statement": {statements}}}"#)
}

fn if_else(name: &str, then: &str, otherwise: &str) -> String {
    format!(r#"{{"Fn::If": ["{name}", {then}, {otherwise}]}}"#)
}

fn of_condition(condition: &str) -> String {
    policy(&format!("[{}]", statement(condition)))
}

/// A policy whose part of every size stands in a branch: value, list of values, operator, condition, statement, list, document.
fn parts(wrap: &dyn Fn(&str) -> String, value: &str) -> Vec<(&'static str, String)> {
    let text = format!("{value:?}");
    let whole = policy(&format!("[{}]", statement(&condition(&text))));
    let operator = format!(r#"{{"kms:EncryptionContext:aws:s3:arn": {text}}}"#);
    vec![
        ("value", of_condition(&condition(&wrap(&text)))),
        ("one of values", of_condition(&condition(&format!("[{}]", wrap(&text))))),
        ("values", of_condition(&condition(&wrap(&format!("[{text}]"))))),
        ("operator", of_condition(&format!(r#"{{"StringLike": {}}}"#, wrap(&operator)))),
        ("condition", of_condition(&wrap(&condition(&text)))),
        ("statement", policy(&format!("[{}]", wrap(&statement(&condition(&text)))))),
        ("only statement", policy(&wrap(&statement(&condition(&text))))),
        ("statements", policy(&wrap(&format!("[{}]", statement(&condition(&text)))))),
        ("document", wrap(&whole)),
    ]
}

#[test]
fn a_branch_may_hold_a_part_of_any_size() {
    for value in [OBJECTS, BOTH] {
        for (place, policy) in [
            parts(&|part| if_else("P", part, NONE), value),
            parts(&|part| if_else("P", NONE, part), value),
            parts(&|part| if_else("P", NONE, &if_else("Q", part, NONE)), value),
        ]
        .concat()
        {
            let expected = if value == OBJECTS { vec![Rule::AllowStops] } else { vec![] };
            assert_eq!(rules(&template("", &policy)), expected, "{place}: {policy}");
        }
    }
    // A condition that never holds has a branch that is never there.
    let never = r#""Conditions": {"P": {"Fn::Equals": ["a", "b"]}},"#;
    for (place, policy) in parts(&|part| if_else("P", part, NONE), OBJECTS) {
        assert_eq!(rules(&template(never, &policy)), [], "{place}");
    }
}

fn bucket(encryption: &str) -> String {
    format!(
        r#"{{"Resources": {{"B": {{"Type": "AWS::S3::Bucket", "Properties": {{"BucketEncryption": {encryption}}}}}}}}}"#
    )
}

fn rule_of_bucket(key: &str) -> String {
    format!(
        r#"{{"BucketKeyEnabled": {key}, "ServerSideEncryptionByDefault": {{"SSEAlgorithm": "aws:kms"}}}}"#
    )
}

fn rules_of(rule: &str) -> String {
    format!(r#"{{"ServerSideEncryptionConfiguration": [{rule}]}}"#)
}

#[test]
fn settings_of_buckets_in_branches() {
    for (key, expected) in [("false", vec![Rule::BucketKeyOff]), ("true", vec![])] {
        let plain = r#"{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}"#;
        for encryption in [
            rules_of(&if_else("P", &rule_of_bucket(key), plain)),
            rules_of(&rule_of_bucket(&if_else("P", key, "true"))),
            rules_of(&rule_of_bucket(&if_else("P", "true", key))),
            if_else("P", &rules_of(&rule_of_bucket(key)), NONE),
            if_else("P", NONE, &rules_of(&rule_of_bucket(key))),
        ] {
            assert_eq!(rules(&bucket(&encryption)), expected, "{encryption}");
        }
    }
    let absent = rules_of(&rule_of_bucket(&if_else("P", "true", NONE)));
    assert_eq!(rules(&bucket(&absent)), [Rule::BucketKeyOff], "absent is off");
}

/// Whether a condition of the template below holds for a value of its parameter.
fn holds(name: &str, value: &str) -> bool {
    match name {
        "Prod" => value == "prod",
        "Dev" => value == "dev",
        "NotProd" => value != "prod",
        _ => value == "prod" || value == "dev",
    }
}

/// What a plain policy says in every case that its conditions allow, made here without functions.
#[test]
fn the_same_is_found_by_writing_out_every_case() {
    let plain = [Some(statement(&condition(&format!("{OBJECTS:?}")))), Some(statement("{}")), None];
    let conditions = r#""Parameters": {"E": {"Type": "String"}}, "Conditions": {
        "Prod": {"Fn::Equals": [{"Ref": "E"}, "prod"]}, "Dev": {"Fn::Equals": ["dev", {"Ref": "E"}]},
        "NotProd": {"Fn::Not": [{"Condition": "Prod"}]},
        "Either": {"Fn::Or": [{"Condition": "Prod"}, {"Condition": "Dev"}]}},"#;
    let names = ["Prod", "Dev", "NotProd", "Either"];
    let mut broken = 0;
    for (first, second) in names.iter().flat_map(|one| names.iter().map(move |two| (one, two))) {
        for number in 0..81_usize {
            let picked = [0, 1, 2, 3].map(|at| plain[number / 3_usize.pow(at) % 3].clone());
            let texts = picked.each_ref().map(|it| it.clone().unwrap_or(NONE.to_owned()));
            let branches = [first, second].into_iter().zip([0, 2]);
            let written: Vec<String> = branches
                .clone()
                .map(|(name, at)| if_else(name, &texts[at], &texts[at + 1]))
                .collect();
            let found = rules(&template(conditions, &policy(&format!("[{}]", written.join(", ")))));
            let breaks = ["prod", "dev", "other"].iter().any(|value| {
                let made = branches.clone().filter_map(|(name, at)| {
                    picked[if holds(name, value) { at } else { at + 1 }].clone()
                });
                let made: Vec<String> = made.collect();
                !made.is_empty() && !rules(&policy(&format!("[{}]", made.join(", ")))).is_empty()
            });
            assert_eq!(!found.is_empty(), breaks, "{written:?}");
            broken += usize::from(breaks);
        }
    }
    assert!(broken > 300, "{broken}");
}

#[test]
fn a_finding_says_where_it_is_so() {
    let conditions = r#""Parameters": {"E": {"Type": "String", "Default": "dev", "AllowedValues": ["dev", "prod"]}},
        "Conditions": {"Prod": {"Fn::Equals": [{"Ref": "E"}, "prod"]}},"#;
    let branch = policy(&if_else("Prod", &statement(&condition(&format!("{OBJECTS:?}"))), NONE));
    let found = findings(&template(conditions, &branch));
    assert_eq!(found.len(), 1);
    assert!(found[0].why.ends_with("where `E` is `prod`"), "{}", found[0].why);
    // What is so in every case needs no word of it.
    let either = policy(&statement(&condition(&if_else("Prod", &format!("{OBJECTS:?}"), "\"x\""))));
    assert!(findings(&template(conditions, &either))[0].why.contains("where `E`"));
    let always = policy(&statement(&condition(&format!("{OBJECTS:?}"))));
    assert!(!findings(&template(conditions, &always))[0].why.contains("where"));
}

/// A resource that is there in some cases only covers nothing in the others.
#[test]
fn resources_with_conditions() {
    for (covering, expected) in [
        ("", vec![]),
        (r#""Condition": "A","#, vec![]),
        (r#""Condition": "B","#, vec![Rule::AllowStops]),
    ] {
        let template = format!(
            r#"{{"Conditions": {{"A": {{"Fn::Equals": [{{"Ref": "X"}}, "1"]}}}}, "Resources": {{
            "R": {{"Type": "AWS::IAM::Role", "Properties": {{}}}},
            "Pinned": {{"Type": "AWS::IAM::Policy", "Condition": "A", "Properties": {{"Roles": [{{"Ref": "R"}}],
                "PolicyDocument": {}}}}},
            "Covering": {{"Type": "AWS::IAM::Policy", {covering} "Properties": {{"Roles": [{{"Ref": "R"}}],
                "PolicyDocument": {}}}}}}}}}"#,
            policy(&statement(&condition(&format!("{OBJECTS:?}")))),
            policy(&statement("{}"))
        );
        assert_eq!(rules(&template), expected, "{covering}");
    }
}

/// So many conditions that not all combinations are looked at: any two of them together are.
#[test]
fn many_conditions() {
    let value = format!("{OBJECTS:?}");
    let many: Vec<String> =
        (0..12).map(|number| if_else(&format!("C{number}"), "\"x\"", NONE)).collect();
    let pinned = if_else("C3", NONE, &if_else("C9", NONE, &value));
    let values = format!("[{}, {pinned}]", many.join(", "));
    let found = rules(&template("", &policy(&statement(&condition(&values)))));
    assert_eq!(found, [Rule::NotInFile, Rule::AllowStops]);
}

/// Sections that values of conditions refer to.
const SECTIONS: &str = r#""Parameters": {
        "Objects": {"Type": "String", "Default": "arn:aws:s3:::lake/*"},
        "Both": {"Type": "String", "Default": "arn:aws:s3:::lake*"},
        "Allowed": {"Type": "String", "AllowedValues": ["arn:aws:s3:::lake*", "arn:aws:s3:::lake/*"]},
        "Harmless": {"Type": "String", "AllowedValues": ["arn:aws:s3:::lake*", "arn:aws:s3:::a*"]},
        "Suffix": {"Type": "String", "Default": "/*"},
        "Star": {"Type": "String", "Default": "*"},
        "List": {"Type": "CommaDelimitedList", "Default": "arn:aws:s3:::lake, arn:aws:s3:::lake/*"},
        "ObjectList": {"Type": "CommaDelimitedList", "Default": "arn:aws:s3:::lake/*,arn:aws:s3:::a/*"},
        "Empty": {"Type": "String", "Default": ""},
        "Asked": {"Type": "String"},
        "Stored": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "arn:aws:s3:::lake*"}},
    "Mappings": {"M": {"prod": {"objects": "arn:aws:s3:::lake/*", "both": "arn:aws:s3:::lake*",
        "list": ["arn:aws:s3:::lake", "arn:aws:s3:::lake/*"]}}},"#;

fn of_value(value: &str) -> Vec<Finding> {
    findings(&template(SECTIONS, &policy(&statement(&condition(value)))))
}

/// What the file tells counts as if it were written in its place.
#[test]
fn values_by_reference() {
    for (breaking, harmless) in [
        (r#"{"Ref": "Objects"}"#, r#"{"Ref": "Both"}"#),
        (r#"{"Ref": "Allowed"}"#, r#"{"Ref": "Harmless"}"#),
        (r#"{"Fn::Sub": "${Objects}"}"#, r#"{"Fn::Sub": "${Both}"}"#),
        (
            r#"{"Fn::Sub": "arn:aws:s3:::lake${Suffix}"}"#,
            r#"{"Fn::Sub": "arn:aws:s3:::lake${Star}"}"#,
        ),
        (
            r#"{"Fn::Sub": ["arn:aws:s3:::${B}/*", {"B": "lake"}]}"#,
            r#"{"Fn::Sub": ["arn:aws:s3:::${B}*", {"B": "lake"}]}"#,
        ),
        (
            r#"{"Fn::FindInMap": ["M", "prod", "objects"]}"#,
            r#"{"Fn::FindInMap": ["M", "prod", "both"]}"#,
        ),
        (r#"{"Ref": "ObjectList"}"#, r#"{"Ref": "List"}"#),
        (r#"{"Fn::Select": [1, {"Ref": "List"}]}"#, r#"{"Fn::FindInMap": ["M", "prod", "list"]}"#),
        (
            r#"{"Fn::Select": ["0", ["arn:aws:s3:::lake/*", "x"]]}"#,
            r#"{"Fn::Select": [0, {"Ref": "List"}]}"#,
        ),
        (
            r#"{"Fn::Split": [",", "arn:aws:s3:::lake/*,arn:aws:s3:::a/*"]}"#,
            r#"{"Fn::Split": [",", "arn:aws:s3:::lake/*,arn:aws:s3:::lake"]}"#,
        ),
        (
            r#"{"Fn::Join": ["", ["arn:aws:s3:::lake", {"Ref": "Suffix"}]]}"#,
            r#"{"Fn::Join": ["", ["arn:aws:s3:::lake", {"Ref": "Star"}]]}"#,
        ),
        (
            r#"{"Fn::Join": ["/", [{"Fn::GetAtt": ["B", "Arn"]}, "*"]]}"#,
            r#"[{"Fn::GetAtt": "B.Arn"}, {"Fn::Join": ["/", [{"Fn::GetAtt": ["B", "Arn"]}, "*"]]}]"#,
        ),
        (
            r#"{"Fn::Sub": ["${A}/*", {"A": {"Fn::ImportValue": "Lake"}}]}"#,
            r#"[{"Fn::ImportValue": "Lake"}, {"Fn::Sub": ["${A}/*", {"A": {"Fn::ImportValue": "Lake"}}]}]"#,
        ),
        (
            r#""{{resolve:ssm:/lake/arn}}/*""#,
            r#"["{{resolve:ssm:/lake/arn}}", "{{resolve:ssm:/lake/arn}}/*"]"#,
        ),
    ] {
        let found = of_value(breaking);
        assert_eq!(
            found.iter().map(|it| it.rule).collect::<Vec<_>>(),
            [Rule::AllowStops],
            "{breaking}"
        );
        assert!(!found[0].add.is_empty(), "{breaking}");
        let found = of_value(harmless);
        assert!(found.is_empty(), "{harmless}: {found:?}");
    }
}

/// A default holds unless another value is given, which a finding says, beside what to add.
#[test]
fn a_default_is_named() {
    let found = of_value(r#"{"Ref": "Objects"}"#);
    assert_eq!(found[0].add, ["arn:aws:s3:::lake"]);
    assert!(
        found[0].why.contains("`${Objects}` is `arn:aws:s3:::lake/*` unless"),
        "{}",
        found[0].why
    );
    let named = of_value(r#"{"Fn::Sub": "arn:aws:s3:::lake/${Star}"}"#);
    assert_eq!(named[0].add, ["arn:aws:s3:::lake"]);
}

/// What nothing in the file tells is said to be unknown, unless it makes no difference.
#[test]
fn unknown_values() {
    for value in [
        r#"{"Ref": "Asked"}"#,
        r#"{"Ref": "Empty"}"#,
        r#"{"Ref": "Stored"}"#,
        r#"{"Ref": "Elsewhere"}"#,
        r#"{"Fn::ImportValue": "LakeObjects"}"#,
        r#"{"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, "objects"]}"#,
        r#"{"Fn::GetAtt": ["Nested", "Outputs.Objects"]}"#,
        r#"{"Fn::Select": [1, {"Fn::Split": [",", {"Ref": "Asked"}]}]}"#,
        r#"{"Fn::Transform": {"Name": "Lookup"}}"#,
        r#""{{resolve:ssm:/lake/objects}}""#,
        r#""${aws:PrincipalTag/lake}""#,
        r#"["arn:aws:s3:::a", {"Ref": "Asked"}]"#,
    ] {
        let found = of_value(value);
        assert_eq!(
            found.iter().map(|it| it.rule).collect::<Vec<_>>(),
            [Rule::NotInFile],
            "{value}"
        );
        assert!(found[0].why.contains("not known from this file"), "{}", found[0].why);
    }
    for value in [
        r#"{"Fn::Sub": "arn:aws:s3:::${Asked}"}"#,
        r#"{"Fn::Sub": "arn:${AWS::Partition}:s3:::${Asked}*"}"#,
        r#"[{"Ref": "Asked"}, {"Fn::Sub": "${Asked}/*"}]"#,
        r#"{"Fn::GetAtt": ["B", "Arn"]}"#,
        r#"{"Fn::Sub": "${B.Arn}*"}"#,
    ] {
        let found = of_value(value);
        assert!(found.is_empty(), "{value}: {found:?}");
    }
}

/// A statement of which nobody knows whether it is about KMS.
#[test]
fn unknown_actions() {
    for (actions, value, expected) in [
        (r#"{"Ref": "Asked"}"#, OBJECTS, vec![Rule::NotInFile]),
        (r#"["s3:GetObject", {"Ref": "Asked"}]"#, BOTH, vec![Rule::NotInFile]),
        (r#"["s3:GetObject"]"#, OBJECTS, vec![]),
    ] {
        let statement = statement(&condition(&format!("{value:?}")));
        let statement = statement.replace(r#""kms:Decrypt""#, actions);
        assert_eq!(rules(&template(SECTIONS, &policy(&statement))), expected, "{actions}");
    }
}

/// Parts that a macro or another file makes were not looked at, and that is said.
#[test]
fn unknown_parts() {
    let macro_made =
        r#"{"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://x/y"}}}"#;
    for (place, policy) in parts(&|_| macro_made.to_owned(), OBJECTS) {
        assert_eq!(rules(&template("", &policy)), [Rule::NotInFile], "{place}: {policy}");
    }
    for (place, policy) in parts(&|part| part.to_owned(), BOTH) {
        assert_eq!(rules(&template("", &policy)), [], "{place}: {policy}");
    }
}

/// A bucket and one that logs may go to, under that algorithm.
fn logging(source: &str, target: &str, algorithm: &str) -> String {
    let encryption = format!(
        r#""BucketEncryption": {{"ServerSideEncryptionConfiguration": [{{"BucketKeyEnabled": true,
            "ServerSideEncryptionByDefault": {{"SSEAlgorithm": "{algorithm}"}}}}]}}"#
    );
    format!(
        r#"{{"Parameters": {{"Name": {{"Type": "String", "Default": "logs"}}}}, "Resources": {{
            "B": {{"Type": "AWS::S3::Bucket", "Properties": {{{source}}}}},
            "L": {{"Type": "AWS::S3::Bucket", "Properties": {{{target} {encryption}}}}}}}}}"#
    )
}

fn to(name: &str) -> String {
    format!(r#""LoggingConfiguration": {{"DestinationBucketName": {name}}}"#)
}

/// Logs go to the bucket itself where no other is named; names are those of resources, too.
#[test]
fn access_logs_of_buckets_by_name() {
    let named = r#""BucketName": "logs","#;
    let by_parameter = r#""BucketName": {"Ref": "Name"},"#;
    let found = [Rule::AccessLogTarget];
    for (source, target) in [
        (to(r#""logs""#), named),
        (to(r#"{"Ref": "L"}"#), named),
        (to(r#"{"Ref": "Name"}"#), named),
        (to(r#""logs""#), by_parameter),
        (String::new(), r#""LoggingConfiguration": {"LogFilePrefix": "x/"},"#),
        (String::new(), r#""LoggingConfiguration": {},"#),
    ] {
        assert_eq!(rules(&logging(&source, target, "aws:kms")), found, "{source} {target}");
        assert!(
            !rules(&logging(&source, target, "AES256")).contains(&found[0]),
            "{source} {target}"
        );
    }
    for (source, target) in [
        (to(r#""other""#), named),
        (to(r#""logs""#), r#""BucketName": "other","#),
        (String::new(), named),
    ] {
        assert_eq!(rules(&logging(&source, target, "aws:kms")), [], "{source} {target}");
    }
}

/// Resources that another file, a loop or a macro makes.
#[test]
fn resources_that_are_made_elsewhere() {
    for (resource, expected) in [
        (
            r#""N": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "https://example.com/t"}}"#,
            vec![Rule::NotInFile],
        ),
        (
            r#""Fn::ForEach::Buckets": ["N", ["a", "b"], {"B${N}": {"Type": "AWS::S3::Bucket"}}]"#,
            vec![Rule::NotInFile],
        ),
        (
            r#""B": {"Type": "AWS::S3::Bucket", "Properties": {"Fn::Transform": {"Name": "AWS::Include"}}}"#,
            vec![Rule::NotInFile],
        ),
        (r#""B": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Ref": "N"}}}"#, vec![]),
        (r#""Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "N"}}}"#, vec![]),
    ] {
        assert_eq!(rules(&format!(r#"{{"Resources": {{{resource}}}}}"#)), expected, "{resource}");
    }
}

/// Whose policies are evaluated together, and which are of no interest.
#[test]
fn policies_of_functions_roles_and_endpoints() {
    let open = policy(&format!("[{}]", statement("{}")));
    let pinned = of_condition(&condition(&format!("{OBJECTS:?}")));
    let resource = |kind: &str, properties: &str| {
        format!(r#"{{"Type": "{kind}", "Properties": {{{properties}}}}}"#)
    };
    let with = |role: &str, other: &str| {
        rules(&format!(r#"{{"Resources": {{"R": {role}, "O": {other}}}}}"#))
    };
    let bucket = resource("AWS::S3::Bucket", "");
    let stops = [Rule::AllowStops];
    for kind in ["AWS::Serverless::Function", "AWS::Serverless::StateMachine", "AWS::IAM::Role"] {
        let both = resource(kind, &format!(r#""Policies": [{pinned}, {open}]"#));
        assert_eq!(with(&both, &bucket), [], "{kind}");
        let alone = resource(kind, &format!(r#""Policies": [{pinned}]"#));
        assert_eq!(with(&alone, &bucket), stops, "{kind}");
    }
    let role = resource(
        "AWS::IAM::Role",
        &format!(r#""RoleName": "reader", "Policies": [{{"PolicyDocument": {pinned}}}]"#),
    );
    for (roles, is_covered) in
        [(r#""reader""#, true), (r#"{"Ref": "R"}"#, true), (r#""writer""#, false)]
    {
        let other = format!(r#""Roles": [{roles}], "PolicyDocument": {open}"#);
        let found = with(&role, &resource("AWS::IAM::Policy", &other));
        assert_eq!(found.is_empty(), is_covered, "{roles}");
    }
    let of = |kind: &str| with(&resource(kind, &format!(r#""PolicyDocument": {pinned}"#)), &bucket);
    assert_eq!(of("AWS::EC2::VPCEndpoint"), []);
    assert_eq!(of("AWS::IAM::ManagedPolicy"), stops);
    let body = serde_json::json!(template("", &pinned)).to_string();
    let stack = resource("AWS::CloudFormation::StackSet", &format!(r#""TemplateBody": {body}"#));
    assert_eq!(with(&stack, &bucket), stops);
    let elsewhere = resource("AWS::CloudFormation::StackSet", r#""TemplateURL": "https://x""#);
    assert_eq!(with(&elsewhere, &bucket), [Rule::NotInFile]);
}

/// Comments, quotes and truth as templates are written by hand in YAML.
#[test]
fn yaml_as_it_is_written() {
    let with_policy = |first: &str, arns: &str, key: &str| {
        format!(
            "{first}\nResources:\n  P:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n      PolicyDocument:\n        \
             Statement:\n          - Effect: Allow\n            Action: [\"kms:Decrypt\", # read\n              \
             \"kms:GenerateDataKey\"]\n            Resource: \"*\"\n            Condition:\n              StringLike:\n                \
             \"kms:EncryptionContext:aws:s3:arn\": {arns}\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n      \
             BucketEncryption:\n        ServerSideEncryptionConfiguration:\n          - BucketKeyEnabled: {key}\n            \
             ServerSideEncryptionByDefault: {{SSEAlgorithm: aws:kms}}\n"
        )
    };
    let plain = "AWSTemplateFormatVersion: '2010-09-09'";
    let quoted = "\"AWSTemplateFormatVersion\": \"2010-09-09\"";
    let commented = "[\n                  # all objects\n                  \"arn:aws:s3:::lake/*\" # these\n                ]";
    let both = "[\n                  # all\n                  \"arn:aws:s3:::lake\", # and\n                  \"arn:aws:s3:::lake/*\"]";
    let (stops, off) = (Rule::AllowStops, Rule::BucketKeyOff);
    for (first, arns, key, expected) in [
        (plain, commented, "true", vec![stops]),
        (quoted, commented, "yes", vec![stops]),
        (plain, both, "On", vec![]),
        (quoted, both, "no", vec![off]),
        (plain, both, "off", vec![off]),
    ] {
        assert_eq!(rules(&with_policy(first, arns, key)), expected, "{first} {arns} {key}");
    }
}
