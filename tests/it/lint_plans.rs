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

fn owned(rule: Rule) -> Vec<(Rule, String)> {
    vec![(rule, POLICY.to_owned())]
}

/// The parts of a policy are known where its text is not.
#[test]
fn policies_that_are_read_at_apply() {
    let objects = json!(["arn:aws:s3:::lake/*"]);
    let both = json!(["arn:aws:s3:::lake/*", "arn:aws:s3:::lake"]);
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
    for (target, expected) in [
        ("logs", vec![(Rule::AccessLogTarget, "aws_s3_bucket.data".to_owned())]),
        ("other", vec![]),
    ] {
        let rule = json!([{ "rule": [{ "bucket_key_enabled": true,
            "apply_server_side_encryption_by_default": [{ "sse_algorithm": "aws:kms" }] }] }]);
        let encrypted = json!({ "bucket": "logs", "server_side_encryption_configuration": rule });
        let source = json!({ "bucket": "data", "logging": [{ "target_bucket": target }] });
        let plan = plan(&[
            change("aws_s3_bucket.logs", &encrypted, &json!({})),
            change("aws_s3_bucket.data", &source, &json!({})),
        ]);
        assert_eq!(told(&plan), expected, "{target}");
    }
}

const ALLOWS_OBJECTS: &str = r#"{"Statement": [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*",
    "Condition": {"StringLike": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::lake/*"}}}]}"#;

fn allows_both() -> String {
    ALLOWS_OBJECTS.replace("lake/*", "lake*")
}

/// The other provider calls the same things by other names.
#[test]
fn resources_of_the_cloud_control_provider() {
    for (address, attribute) in [
        ("awscc_iam_managed_policy.x", "policy_document"),
        ("awscc_iam_role_policy.x", "policy_document"),
        ("awscc_kms_key.x", "key_policy"),
        ("awscc_iam_role.x", "policies"),
    ] {
        let found =
            told(&plan(&[change(address, &json!({ attribute: ALLOWS_OBJECTS }), &json!({}))]));
        assert_eq!(found, [(Rule::AllowStops, address.to_owned())]);
        let found =
            told(&plan(&[change(address, &json!({ attribute: allows_both() }), &json!({}))]));
        assert_eq!(found, [], "{address}");
    }
    for (key, logging, expected) in [
        (false, json!(null), Some(Rule::BucketKeyOff)),
        (true, json!(null), None),
        (true, json!({}), Some(Rule::AccessLogTarget)),
        (true, json!({ "destination_bucket_name": "other" }), None),
    ] {
        let rule = json!({ "bucket_key_enabled": key,
            "server_side_encryption_by_default": { "sse_algorithm": "aws:kms" } });
        let encryption = json!({ "server_side_encryption_configuration": [rule] });
        let after = json!({ "bucket_name": "lake", "bucket_encryption": encryption,
            "logging_configuration": logging });
        let address = "awscc_s3_bucket.b".to_owned();
        let found = told(&plan(&[change(&address, &after, &json!({}))]));
        let expected: Vec<_> = expected.into_iter().map(|rule| (rule, address.clone())).collect();
        assert_eq!(found, expected, "{key} {logging}");
    }
}

/// A template whose policy is there for a value of a parameter.
fn body(policy: &str) -> String {
    format!(
        r#"{{"Parameters": {{"E": {{"Type": "String", "Default": "dev"}}}},
        "Conditions": {{"Prod": {{"Fn::Equals": [{{"Ref": "E"}}, "prod"]}}}},
        "Resources": {{"p": {{"Type": "AWS::IAM::ManagedPolicy", "Condition": "Prod",
            "Properties": {{"PolicyDocument": {policy}}}}}}}}}"#
    )
}

/// Templates within stacks, with the values that they are given.
#[test]
fn templates_in_stacks() {
    const STACK: &str = "aws_cloudformation_stack.x";
    let expected = [(Rule::AllowStops, format!("{STACK}: p"))];
    for (parameters, policy, expected) in [
        (json!({ "E": "prod" }), ALLOWS_OBJECTS, &expected[..]),
        (json!(null), ALLOWS_OBJECTS, &expected[..]),
        (json!({ "E": "test" }), ALLOWS_OBJECTS, &[]),
        (json!({ "E": "prod" }), &allows_both(), &[]),
    ] {
        let after = json!({ "template_body": body(policy), "parameters": parameters });
        assert_eq!(
            told(&plan(&[change(STACK, &after, &json!({}))])),
            expected,
            "{parameters} {policy}"
        );
    }
    let elsewhere = json!({ "template_url": "https://example.com/t.yaml" });
    assert_eq!(
        told(&plan(&[change(STACK, &elsewhere, &json!({}))])),
        [(Rule::NotInFile, STACK.to_owned())]
    );
}

/// A grant whose constraint has an object's ARN no longer allows what it allowed.
#[test]
fn grants_with_constraints() {
    let object = "arn:aws:s3:::lake/a";
    for (context, expected) in [
        (json!({ "aws:s3:arn": object }), vec![Rule::AllowStops]),
        (json!({ "AWS:S3:ARN": object, "team": "x" }), vec![Rule::AllowStops]),
        (json!({ "aws:s3:arn": "arn:aws:s3:::lake" }), vec![]),
        (json!({ "aws:s3:arn": "arn:aws:s3:::lake/*" }), vec![Rule::LiteralWildcard]),
        (json!({ "aws:s3:arn": null }), vec![Rule::NotInFile]),
        (json!({ "aws:ebs:id": "vol-1" }), vec![]),
    ] {
        for (subset, of_cli) in [
            ("encryption_context_subset", "EncryptionContextSubset"),
            ("encryption_context_equals", "EncryptionContextEquals"),
        ] {
            let grant = json!({ "grantee_principal": "arn:aws:iam::111122223333:role/r", "key_id": "k",
                "operations": ["Decrypt"], "constraints": [{ subset: context }] });
            let found = findings(&plan(&[change("aws_kms_grant.g", &grant, &json!({}))]));
            let rules: Vec<Rule> = found.iter().map(|it| it.rule).collect();
            assert_eq!(rules, expected, "{context}");
            let grant = json!({ "GranteePrincipal": "arn:aws:iam::111122223333:role/r", "GrantId": "g1",
                "Operations": ["Decrypt"], "Constraints": { of_cli: context } });
            let listed = findings(&json!({ "Grants": [grant] }));
            let rules: Vec<Rule> = listed.iter().map(|it| it.rule).collect();
            assert_eq!(rules, expected, "{context}");
            assert!(listed.iter().all(|it| it.subject == "grant `g1`"), "{listed:?}");
        }
    }
}

/// What a plan does not know of a grant hides nothing.
#[test]
fn grants_to_roles_that_are_new() {
    for (arn, expected) in [("arn:aws:s3:::lake/a", 1), ("arn:aws:s3:::lake", 0)] {
        let grant =
            json!({ "constraints": [{ "encryption_context_subset": { "aws:s3:arn": arn } }] });
        let unknown = json!({ "grantee_principal": true });
        let found = told(&plan(&[change("aws_kms_grant.g", &grant, &unknown)]));
        assert_eq!(found.len(), expected, "{arn}");
    }
}

/// Grants without a constraint break nothing, and are something to look at.
#[test]
fn grants_without_constraints() {
    let grants =
        json!({ "Grants": [{ "GranteePrincipal": "*", "Operations": ["Decrypt", "Encrypt"] }] });
    let mut linted = Linted::default();
    linted.add("grants.json", &grants.to_string()).unwrap();
    assert_eq!((linted.policies, linted.findings.len()), (1, 0));
}

/// Plans that were reduced to what is planned.
#[test]
fn plans_without_changes() {
    for (policy, expected) in
        [(ALLOWS_OBJECTS.to_owned(), owned(Rule::AllowStops)), (allows_both(), vec![])]
    {
        let values = json!({ "policy": policy });
        let resource = json!({ "address": POLICY, "mode": "managed", "type": "aws_iam_policy",
            "values": values });
        let found = told(&json!({ "format_version": "1.2", "resource_changes": [],
            "planned_values": { "root_module": { "resources": [resource] } } }));
        assert_eq!(found, expected, "{policy}");
    }
}

fn rules_of(text: &str) -> Vec<Rule> {
    let mut linted = Linted::default();
    linted.add("f", text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    linted.findings.iter().map(|it| it.rule).collect()
}

/// What AWS Config and Crossplane keep, the latter in several documents.
#[test]
fn other_forms_of_the_same() {
    for (key, expected) in [("false", vec![Rule::BucketKeyOff]), ("true", vec![])] {
        let rule = format!(
            r#"{{"applyServerSideEncryptionByDefault": {{"sseAlgorithm": "aws:kms"}}, "bucketKeyEnabled": {key}}}"#
        );
        let inner = format!(r#"{{"rules": [{rule}]}}"#);
        for configuration in [inner.clone(), json!(inner).to_string()] {
            let item = format!(
                r#"{{"configurationItems": [{{"supplementaryConfiguration": {{"ServerSideEncryptionConfiguration": {configuration}}}}}]}}"#
            );
            assert_eq!(rules_of(&item), expected, "{item}");
        }
        let crossplane = format!(
            "kind: A\nspec:\n  forProvider:\n    rule:\n    - {rule}\n---\nkind: Policy\nspec:\n  forProvider:\n    policy: '{}'\n",
            allows_both().replace('\n', "")
        );
        assert_eq!(rules_of(&crossplane), expected, "{crossplane}");
        let broken = crossplane.replace("lake*", "lake/*");
        assert_eq!(rules_of(&broken).len(), expected.len() + 1, "{broken}");
    }
}

/// Statements of other policies within a document that is read at apply, and parts that nobody knows.
#[test]
fn policies_made_of_others_at_apply() {
    let harmless = json!([{ "sid": "Other", "actions": ["s3:GetObject"], "resources": ["*"] }]);
    let covering = json!([{ "sid": "Same", "actions": ["kms:Decrypt"], "resources": ["*"] }]);
    let pinned = ALLOWS_OBJECTS.replacen(r#""Effect""#, r#""Sid": "Same", "Effect""#, 1);
    let stops = Rule::AllowStops;
    let unknown = Rule::KnownAfterApply;
    for (parts, not_known, expected) in [
        (json!({ "source_policy_documents": [pinned] }), json!({}), vec![stops]),
        (json!({ "override_policy_documents": [pinned, null] }), json!({}), vec![stops]),
        (json!({ "source_json": pinned, "statement": harmless }), json!({}), vec![stops]),
        (json!({ "source_policy_documents": [allows_both()] }), json!({}), vec![]),
        // A statement replaces one before it that has its name.
        (json!({ "source_policy_documents": [pinned], "statement": covering }), json!({}), vec![]),
        (
            json!({ "override_policy_documents": [pinned], "statement": covering }),
            json!({}),
            vec![stops],
        ),
        (
            json!({ "source_policy_documents": [pinned, null] }),
            json!({ "source_policy_documents": [false, true] }),
            vec![stops, unknown],
        ),
        (
            json!({ "statement": harmless }),
            json!({ "source_policy_documents": true }),
            vec![unknown],
        ),
        (json!({}), json!({ "statement": true }), vec![unknown]),
        (json!({}), json!({ "override_policy_documents": true }), vec![unknown]),
        (
            json!({ "statement": covering }),
            json!({ "statement": [{ "condition": true }] }),
            vec![unknown],
        ),
        // What nobody knows is no cover.
        (
            json!({ "source_policy_documents": [ALLOWS_OBJECTS], "statement": covering }),
            json!({ "statement": [{ "condition": true }] }),
            vec![stops, unknown],
        ),
        (
            json!({ "statement": covering }),
            json!({ "statement": [{ "condition": [{ "test": true }] }] }),
            vec![unknown],
        ),
    ] {
        let mut made = of_data(&json!({}), &json!({}), true);
        made["resource_changes"][0]["change"]["after"] = parts.clone();
        made["resource_changes"][0]["change"]["after_unknown"] = not_known.clone();
        let found: Vec<Rule> = told(&made).into_iter().map(|it| it.0).collect();
        assert_eq!(found, expected, "{parts} {not_known}");
    }
    let via = json!({ "test": "StringEquals", "variable": "kms:ViaService", "values": null });
    let mut limited = statement("Allow", "StringLike", &json!(["arn:aws:s3:::lake/*"]));
    limited["condition"].as_array_mut().unwrap().push(via);
    let not_known = json!({ "condition": [{ "values": [false] }, { "values": true }] });
    assert_eq!(told(&of_data(&limited, &not_known, true)), owned(Rule::AllowStops));
}

/// Policies of one role do not cover those of another that `for_each`, `count` or a module made of the same resource.
#[test]
fn resources_are_told_apart_by_module_and_index() {
    const EACH: [[&str; 2]; 2] = [["", "reader"], ["", "admin"]];
    const MODULES: [[&str; 2]; 2] = [["module.reader", ""], ["module.admin", ""]];
    let of_state = |names: [[&str; 2]; 2], of_one_role: bool| {
        let resources = names.into_iter().enumerate().flat_map(|(number, [module, index])| {
            let name = if of_one_role { "one".to_owned() } else { format!("{module}{index}") };
            let policy = if number == 0 { ALLOWS_OBJECTS.to_owned() } else { allows_both() };
            let role = json!({ "name": name });
            let inline = json!({ "role": name, "policy": policy });
            [("aws_iam_role", role), ("aws_iam_role_policy", inline)].map(|(kind, attributes)| {
                json!({ "mode": "managed", "type": kind, "name": "this", "module": module,
                    "instances": [{ "index_key": index, "attributes": attributes }] })
            })
        });
        json!({ "version": 4, "terraform_version": "1.9.0", "resources": resources.collect::<Vec<_>>() })
    };
    let each = [(Rule::AllowStops, r#"aws_iam_role_policy.this["reader"]"#.to_owned())];
    assert_eq!(told(&of_state(EACH, false)), each);
    assert_eq!(told(&of_state(EACH, true)), []);
    let modules: Vec<Rule> = told(&of_state(MODULES, false)).into_iter().map(|it| it.0).collect();
    assert_eq!(modules, [Rule::AllowStops]);
}

/// A plan with a new role, its pinned policy and one that allows the same, as the configuration refers to them.
fn linked(role: &str, pinned: [&str; 2], open: [&str; 2], references: [&[&str]; 2]) -> Value {
    let policies = [(pinned, ALLOWS_OBJECTS.to_owned()), (open, allows_both())];
    let of_policies = policies.map(|([address, _], policy)| {
        change(address, &json!({ "policy": policy }), &json!({ "role": true }))
    });
    let changes = [&[change(role, &json!({}), &json!({}))][..], &of_policies].concat();
    let written = [pinned, open].into_iter().zip(references).map(|([_, plain], references)| {
        json!({ "address": plain, "expressions": { "role": { "references": references } } })
    });
    let mut plan = plan(&changes);
    plan["configuration"] = json!({ "root_module": { "resources": written.collect::<Vec<_>>() } });
    plan
}

/// Which role a policy is of, where it is one of several.
#[test]
fn policies_are_linked_to_the_role_with_their_index() {
    const PLAIN: &[&str] = &["aws_iam_role.r.name", "aws_iam_role.r"];
    const FIRST: &[&str] = &["aws_iam_role.r[0].name", "aws_iam_role.r[0]", "aws_iam_role.r"];
    const SECOND: &[&str] = &["aws_iam_role.r[1].name", "aws_iam_role.r[1]", "aws_iam_role.r"];
    let own = "aws_iam_role_policy.for_aws_s3";
    let own = |index: &str| [format!("{own}{index}"), own.to_owned()];
    let other = |index: &str| {
        let plain = "aws_iam_role_policy.o";
        [format!("{plain}{index}"), plain.to_owned()]
    };
    for (role, index, references, of_open, is_found) in [
        ("aws_iam_role.r", "", PLAIN, PLAIN, false),
        ("aws_iam_role.r[0]", "", FIRST, FIRST, false),
        ("aws_iam_role.r[0]", "[0]", PLAIN, PLAIN, false),
        ("aws_iam_role.r[0]", "", FIRST, SECOND, true),
        ("aws_iam_role.r[1]", "[0]", PLAIN, PLAIN, true),
        ("aws_iam_role.r[1]", "[0]", SECOND, SECOND, false),
    ] {
        let (pinned, open) = (own(index), other(index));
        let plan =
            linked(role, [&pinned[0], &pinned[1]], [&open[0], &open[1]], [references, of_open]);
        assert_eq!(!told(&plan).is_empty(), is_found, "{role} {index} {references:?} {of_open:?}");
    }
}

/// One resource may attach a policy to several roles.
#[test]
fn attachments_of_several_roles() {
    for (names, is_found) in
        [(json!(["r"]), false), (json!(["other", "r"]), false), (json!(["x"]), true)]
    {
        let arn = "arn:aws:iam::111122223333:policy/open";
        let plan = plan(&[
            change("aws_iam_role.r", &json!({ "name": "r" }), &json!({})),
            change(
                "aws_iam_role_policy.own",
                &json!({ "role": "r", "policy": ALLOWS_OBJECTS }),
                &json!({}),
            ),
            change(
                "aws_iam_policy.open",
                &json!({ "arn": arn, "policy": allows_both() }),
                &json!({}),
            ),
            change(
                "aws_iam_policy_attachment.a",
                &json!({ "roles": names, "policy_arn": arn }),
                &json!({}),
            ),
        ]);
        assert_eq!(!told(&plan).is_empty(), is_found, "{names}");
    }
}

/// Each instance of a policy is made by the document with its index.
#[test]
fn documents_with_the_index_of_their_policy() {
    let document = |index: &str, values: &Value| {
        let after = json!({ "statement": [statement("Allow", "StringLike", values)] });
        let mut made = change(DOCUMENT, &after, &json!({ "json": true }));
        made["address"] = json!(format!("{DOCUMENT}[\"{index}\"]"));
        made
    };
    let policy = |index: &str| {
        change(&format!("{POLICY}[\"{index}\"]"), &json!({}), &json!({ "policy": true }))
    };
    let mut plan = plan(&[
        document("a", &json!(["arn:aws:s3:::a/*"])),
        document("b", &json!(["arn:aws:s3:::b/*", "arn:aws:s3:::b"])),
        policy("a"),
        policy("b"),
    ]);
    plan["configuration"] = json!({ "root_module": { "resources": [
        { "address": POLICY, "expressions": { "policy": { "references": [DOCUMENT] } } }] } });
    assert_eq!(told(&plan), [(Rule::AllowStops, format!("{POLICY}[\"a\"]"))]);
}

/// Policies that limit sessions of other services.
#[test]
fn session_policies_of_other_services() {
    for (kind, attribute, expected) in [
        ("aws_transfer_user", "policy", 1),
        ("aws_transfer_access", "policy", 1),
        ("aws_rolesanywhere_profile", "session_policy", 1),
        ("aws_eks_pod_identity_association", "policy", 1),
        ("awscc_transfer_user", "policy", 1),
        ("aws_vpc_endpoint", "policy", 0),
        ("aws_sqs_queue", "policy", 0),
    ] {
        let address = format!("{kind}.x");
        let of = |policy: &str| {
            told(&plan(&[change(&address, &json!({ attribute: policy }), &json!({}))]))
        };
        assert_eq!(of(ALLOWS_OBJECTS).len(), expected, "{kind}");
        assert_eq!(of(&allows_both()), [], "{kind}");
    }
}
