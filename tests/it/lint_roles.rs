//! Policies of one role together: against AWS's documented logic over truth values, and from files of all kinds.

use bks::lint::{Linted, RoleFiles, Rule, Severity};

const ROLE: &str = "arn:aws:iam::111122223333:role/reader";
const USER: &str = "arn:aws:iam::111122223333:user/reader";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/reader/job";
const ROOT: &str = "arn:aws:iam::111122223333:root";
const FOREIGN_KEY: &str = "arn:aws:kms:eu-west-1:444455556666:key/1";

/// Whether a policy allows a request for the object's ARN, and for the bucket's.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Allows {
    object: bool,
    bucket: bool,
}

const BOTH: Allows = Allows { object: true, bucket: true };
const OBJECT: Allows = Allows { object: true, bucket: false };
const NEITHER: Allows = Allows { object: false, bucket: false };

fn statement(allows: Allows, principal: Option<&str>) -> String {
    let principal =
        principal.map_or(String::new(), |it| format!(r#""Principal": {{"AWS": "{it}"}}, "#));
    let (action, condition) = match allows {
        BOTH => ("kms:Decrypt", ""),
        OBJECT => (
            "kms:Decrypt",
            r#", "Condition": {"StringLike": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::b/*"}}"#,
        ),
        _ => ("s3:GetObject", ""),
    };
    format!(r#"{{"Effect": "Allow", {principal}"Action": "{action}", "Resource": "*"{condition}}}"#)
}

fn policy(statements: &[String]) -> (String, String) {
    ("p.json".to_owned(), format!(r#"{{"Statement": [{}]}}"#, statements.join(", ")))
}

fn rules(role: &RoleFiles) -> Vec<Rule> {
    let mut linted = Linted::default();
    linted.add_role(role).unwrap();
    linted.findings.iter().map(|finding| finding.rule).collect()
}

/// AWS's logic for one account: the role's policies and the key's that leaves it to the account, or the key's that
/// names the principal, within boundary and session policies unless it is the principal's own ARN that needs none.
#[test]
fn decisions_are_those_that_aws_documents() {
    let limits = [None, Some(BOTH), Some(OBJECT), Some(NEITHER)];
    let keys: [Option<(bool, Allows)>; 7] = [
        None,
        Some((true, NEITHER)),
        Some((true, BOTH)),
        Some((true, OBJECT)),
        Some((false, BOTH)),
        Some((false, OBJECT)),
        Some((false, NEITHER)),
    ];
    let mut found = 0;
    for (arn, skips_boundary, skips_session) in
        [(ROLE, false, false), (USER, true, false), (SESSION, true, true)]
    {
        for identity in [BOTH, OBJECT, NEITHER] {
            for boundary in limits {
                for session in limits {
                    for key in keys {
                        let files = |limit: Option<Allows>| {
                            limit.map(|it| policy(&[statement(it, None)])).into_iter().collect()
                        };
                        let key_policy = key.map(|(delegates, direct)| {
                            let root = delegates.then(|| statement(BOTH, Some(ROOT)));
                            let own = statement(direct, Some(arn));
                            policy(&root.into_iter().chain([own]).collect::<Vec<_>>())
                        });
                        let told = rules(&RoleFiles {
                            arn: Some(arn),
                            identity: vec![policy(&[statement(identity, None)])],
                            boundary: files(boundary),
                            session: files(session),
                            key: key_policy.into_iter().collect(),
                        });
                        let is_allowed = |of: fn(Allows) -> bool| {
                            let within = [boundary, session].map(|it| it.is_none_or(of));
                            let (delegates, direct) =
                                key.map_or((true, false), |(delegates, it)| (delegates, of(it)));
                            let by_role = of(identity) && delegates && within[0] && within[1];
                            let by_key = direct
                                && (within[0] || skips_boundary)
                                && (within[1] || skips_session);
                            by_role || by_key
                        };
                        let breaks = is_allowed(|it| it.object) && !is_allowed(|it| it.bucket);
                        assert_eq!(
                            told.contains(&Rule::AllowStops),
                            breaks,
                            "{arn} {identity:?} {boundary:?} {session:?} {key:?}: {told:?}"
                        );
                        found += usize::from(breaks);
                    }
                }
            }
        }
    }
    assert!(found > 100, "{found}");
}

/// A key of another account: both sides must allow it.
#[test]
fn keys_of_other_accounts_need_both_sides() {
    let of_key = |allows| {
        statement(allows, None)
            .replace(r#""Resource": "*""#, &format!(r#""Resource": "{FOREIGN_KEY}""#))
    };
    for identity in [BOTH, OBJECT, NEITHER] {
        for key in [BOTH, OBJECT, NEITHER] {
            let told = rules(&RoleFiles {
                arn: Some(ROLE),
                identity: vec![policy(&[of_key(identity)])],
                key: vec![policy(&[statement(key, Some(ROLE))])],
                ..RoleFiles::default()
            });
            let is_allowed = |of: fn(Allows) -> bool| of(identity) && of(key);
            let breaks = is_allowed(|it| it.object) && !is_allowed(|it| it.bucket);
            let is_found = told.contains(&Rule::AllowStops);
            assert_eq!(is_found, breaks, "{identity:?} {key:?}: {told:?}");
            if identity == OBJECT && key == NEITHER {
                assert_eq!(told, [], "nobody of the other account allows it");
            }
        }
    }
}

/// The key that the role's policies name is the one whose policy says `*`: within an account either may allow it.
#[test]
fn the_keys_policy_is_that_of_the_key_that_is_named() {
    const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1";
    let named =
        |text: String| text.replace(r#""Resource": "*""#, &format!(r#""Resource": "{KEY}""#));
    let deny = |operator: &str| {
        statement(OBJECT, Some(ROLE)).replace("Allow", "Deny").replace("StringLike", operator)
    };
    let root = statement(BOTH, Some(ROOT));
    for own in [statement(BOTH, None), named(statement(BOTH, None))] {
        for (key, boundary, expected) in [
            (vec![root.clone(), deny("StringLike")], None, Some(Rule::GuardStops)),
            (vec![root.clone(), deny("StringNotLike")], None, Some(Rule::DenyStarts)),
            (vec![root.clone(), statement(OBJECT, Some(ROLE))], None, None),
            (vec![statement(OBJECT, Some(ROLE))], Some(BOTH), Some(Rule::AllowStops)),
            (vec![statement(OBJECT, Some(ROLE))], Some(NEITHER), None),
            (vec![root.clone()], None, None),
        ] {
            let limit = boundary.map(|it| policy(&[named(statement(it, None))]));
            let told = rules(&RoleFiles {
                arn: Some(ROLE),
                identity: vec![policy(std::slice::from_ref(&own))],
                boundary: limit.into_iter().collect(),
                key: vec![policy(&key)],
                ..RoleFiles::default()
            });
            assert_eq!(told, expected.into_iter().collect::<Vec<_>>(), "{own} {key:?}");
        }
    }
}

/// What a key policy says of a role it says of the role's sessions, within boundary and session policies.
#[test]
fn sessions_are_those_of_their_roles() {
    const BY_PATH: &str = "arn:aws:iam::111122223333:role/service/reader";
    const OTHER: &str = "arn:aws:iam::111122223333:role/reader2";
    let limits = [None, Some(BOTH), Some(OBJECT), Some(NEITHER)];
    for principal in [ROLE, BY_PATH, OTHER] {
        for (own, direct) in
            [BOTH, OBJECT, NEITHER].into_iter().flat_map(|it| [(it, BOTH), (it, OBJECT)])
        {
            for limit in limits {
                let told = rules(&RoleFiles {
                    arn: Some(SESSION),
                    identity: vec![policy(&[statement(own, None)])],
                    session: limit.iter().map(|it| policy(&[statement(*it, None)])).collect(),
                    key: vec![policy(&[statement(direct, Some(principal))])],
                    ..RoleFiles::default()
                });
                let is_allowed = |of: fn(Allows) -> bool| {
                    of(direct) && limit.is_none_or(of) && principal != OTHER
                };
                let breaks = is_allowed(|it| it.object) && !is_allowed(|it| it.bucket);
                // A statement for somebody else is looked at by itself.
                let breaks = breaks || principal == OTHER && direct == OBJECT;
                let is_found = told.contains(&Rule::AllowStops);
                assert_eq!(is_found, breaks, "{principal} {own:?} {direct:?} {limit:?}: {told:?}");
            }
        }
    }
}

/// A Deny of one policy matters only to what another allows, and what one denies anyway another cannot lose.
#[test]
fn denials_of_other_policies_count() {
    let deny = |operator: &str| {
        format!(
            r#"{{"Effect": "Deny", "Action": "kms:*", "Resource": "*", "Condition":
               {{"{operator}": {{"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::b/*"}}}}}}"#
        )
    };
    let all_denied = r#"{"Effect": "Deny", "Action": "kms:*", "Resource": "*"}"#.to_owned();
    for (identity, other, expected) in [
        (statement(OBJECT, None), all_denied.clone(), vec![]),
        (statement(BOTH, None), deny("StringLike"), vec![Rule::GuardStops]),
        (statement(NEITHER, None), deny("StringLike"), vec![]),
        (statement(BOTH, None), deny("StringNotLike"), vec![Rule::DenyStarts]),
        (statement(NEITHER, None), deny("StringNotLike"), vec![]),
        (deny("StringLike"), all_denied, vec![]),
    ] {
        let told = rules(&RoleFiles {
            identity: vec![policy(std::slice::from_ref(&identity))],
            session: vec![policy(&[other.clone(), statement(BOTH, None)])],
            ..RoleFiles::default()
        });
        assert_eq!(told, expected, "{identity} {other}");
    }
}

/// A cover must do without conditions that are not known; a limit is taken to let through what it may.
#[test]
fn unknown_conditions_neither_cover_nor_hide() {
    let tagged = r#"{"Effect": "Allow", "Action": "kms:*", "Resource": "*",
        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}"#
        .to_owned();
    let pinned = statement(OBJECT, None);
    let role = |identity: Vec<String>, boundary: Vec<String>| RoleFiles {
        identity: vec![policy(&identity)],
        boundary: vec![policy(&boundary)],
        ..RoleFiles::default()
    };
    let wide = statement(BOTH, None);
    let found = [Rule::AllowStops];
    assert_eq!(rules(&role(vec![pinned.clone(), tagged.clone()], vec![wide.clone()])), found);
    assert_eq!(rules(&role(vec![pinned.clone()], vec![tagged.clone()])), found);
    assert_eq!(rules(&role(vec![wide.clone()], vec![pinned.clone(), tagged])), found);
    assert_eq!(rules(&role(vec![pinned.clone(), wide.clone()], vec![wide.clone()])), []);
    assert_eq!(rules(&role(vec![wide], vec![pinned])), found);
}

/// `kms:Decrypt` of another policy of the role is enough for its writes.
#[test]
fn another_policy_may_let_a_writer_decrypt() {
    let writes = r#"{"Effect": "Allow", "Action": ["kms:GenerateDataKey", "s3:PutObject"], "Resource": "*"}"#;
    let alone = RoleFiles { identity: vec![policy(&[writes.to_owned()])], ..RoleFiles::default() };
    assert_eq!(rules(&alone), [Rule::WriterWithoutDecrypt]);
    let mut both = alone.clone();
    both.identity.push(policy(&[statement(BOTH, None)]));
    assert_eq!(rules(&both), []);
    let within = RoleFiles { boundary: vec![policy(&[writes.to_owned()])], ..both };
    assert!(rules(&within).contains(&Rule::WriterWithoutDecrypt), "the boundary takes it away");
}

fn found(text: &str) -> Vec<(Rule, Severity, String)> {
    let mut linted = Linted::default();
    linted.add("f.json", text).unwrap();
    let told = linted.findings.into_iter();
    told.map(|it| (it.rule, it.severity, it.owner)).collect()
}

fn quoted(policy: &str) -> String {
    serde_json::Value::String(policy.to_owned()).to_string()
}

/// A plan of a role with a policy of its own, an attached one, and a boundary, one of which is pinned.
fn plan(own: Allows, attached: Allows, boundary: Allows) -> String {
    let text = |allows| quoted(&policy(&[statement(allows, None)]).1);
    let change = |address: &str, kind: &str, after: &str| {
        format!(
            r#"{{"address": "{address}", "mode": "managed", "type": "{kind}", "change": {{"before": null, "after": {after}}}}}"#
        )
    };
    let changes = [
        change(
            "aws_iam_role.r",
            "aws_iam_role",
            r#"{"name": "reader", "permissions_boundary": "arn:aws:iam::111122223333:policy/limit"}"#,
        ),
        change(
            "aws_iam_role_policy.own",
            "aws_iam_role_policy",
            &format!(r#"{{"role": "reader", "policy": {}}}"#, text(own)),
        ),
        change(
            "aws_iam_policy.attached",
            "aws_iam_policy",
            &format!(r#"{{"name": "attached", "policy": {}}}"#, text(attached)),
        ),
        change(
            "aws_iam_policy.limit",
            "aws_iam_policy",
            &format!(
                r#"{{"arn": "arn:aws:iam::111122223333:policy/limit", "policy": {}}}"#,
                text(boundary)
            ),
        ),
        change("aws_iam_role_policy_attachment.a", "aws_iam_role_policy_attachment", "{}"),
    ];
    format!(
        r#"{{"terraform_version": "1.9.0", "resource_changes": [{}], "configuration": {{"root_module": {{"resources": [
            {{"address": "aws_iam_role_policy_attachment.a", "expressions": {{
                "role": {{"references": ["aws_iam_role.r.name", "aws_iam_role.r"]}},
                "policy_arn": {{"references": ["aws_iam_policy.attached.arn", "aws_iam_policy.attached"]}}}}}}]}}}}}}"#,
        changes.join(", ")
    )
}

#[test]
fn policies_of_a_plan_are_evaluated_together() {
    let stops = |owner: &str| (Rule::AllowStops, Severity::Error, owner.to_owned());
    let (own, limit) = ("aws_iam_role_policy.own", "aws_iam_policy.limit");
    assert_eq!(found(&plan(OBJECT, NEITHER, BOTH)), [stops(own)]);
    assert_eq!(found(&plan(OBJECT, BOTH, BOTH)), [], "the attached policy covers it");
    assert_eq!(found(&plan(BOTH, NEITHER, OBJECT)), [stops(limit)]);
    assert_eq!(found(&plan(OBJECT, NEITHER, NEITHER)), [], "the boundary never let it through");
}

/// A template's role, its policy elsewhere, and the key's policy that names it.
#[test]
fn policies_of_a_template_are_evaluated_together() {
    let template = |own: Allows, key: Allows| {
        format!(
            r#"{{"Resources": {{
                "Reader": {{"Type": "AWS::IAM::Role", "Properties": {{}}}},
                "Reads": {{"Type": "AWS::IAM::Policy", "Properties": {{"Roles": [{{"Ref": "Reader"}}], "PolicyDocument": {}}}}},
                "Key": {{"Type": "AWS::KMS::Key", "Properties": {{"KeyPolicy": {{"Statement": [{}, {}]}}}}}}}}}}"#,
            policy(&[statement(own, None)]).1,
            statement(BOTH, Some("arn:aws:iam::111122223333:root")),
            statement(key, None).replace(
                r#""Action""#,
                r#""Principal": {"AWS": {"Fn::GetAtt": ["Reader", "Arn"]}}, "Action""#
            ),
        )
    };
    let rules = |text: &str| found(text).into_iter().map(|it| it.0).collect::<Vec<_>>();
    assert_eq!(rules(&template(NEITHER, OBJECT)), [Rule::AllowStops]);
    // The key is named in a way that only a deployment resolves: it is looked at by itself.
    let by_pattern = template(NEITHER, OBJECT).replacen(
        r#""Action": "kms:Decrypt", "Resource": "*", "Condition""#,
        r#""Action": "kms:Decrypt", "Resource": {"Fn::Sub": "arn:aws:kms:eu-west-1:${AWS::AccountId}:key/*"}, "Condition""#,
        1,
    );
    assert_eq!(rules(&by_pattern), [Rule::AllowStops]);
    let in_general = template(OBJECT, BOTH);
    assert_eq!(rules(&in_general), [Rule::AllowStops], "of keys whose policies do not name it");
    let (of_role, of_key) = in_general.split_once(r#""Resource": "*""#).unwrap();
    let of_this_key = format!(r#"{of_role}"Resource": {{"Fn::GetAtt": ["Key", "Arn"]}}{of_key}"#);
    assert_eq!(rules(&of_this_key), [], "the key's policy names the role");
    // The key's policy leaves it to the account, of which a template's role is.
    let delegates = |own: Allows, root: &str| {
        let text = template(own, NEITHER).replace(ROOT, root);
        let (of_role, of_key) = text.split_once(r#""Resource": "*""#).unwrap();
        rules(&format!(r#"{of_role}"Resource": {{"Fn::GetAtt": ["Key", "Arn"]}}{of_key}"#))
    };
    for root in [ROOT, "arn:aws:iam::${AWS::AccountId}:root"] {
        assert_eq!(delegates(OBJECT, root), [Rule::AllowStops], "{root}");
        assert_eq!(delegates(BOTH, root), [], "{root}");
    }
    let covered = template(BOTH, OBJECT);
    assert_eq!(rules(&covered), [], "the role's own policy allows what the key's leaves to it");
}

/// All that `aws iam get-account-authorization-details` prints: default versions, groups, boundaries.
#[test]
fn policies_of_an_account_are_evaluated_together() {
    let account = |own: Allows, managed: Allows, of_group: Allows| {
        let [own, managed, of_group] =
            [own, managed, of_group].map(|it| policy(&[statement(it, None)]).1);
        let old = policy(&[statement(OBJECT, None)]).1;
        format!(
            r#"{{"UserDetailList": [{{"UserName": "u", "Arn": "{USER}", "GroupList": ["g"],
                    "UserPolicyList": [{{"PolicyName": "own", "PolicyDocument": {own}}}],
                    "AttachedManagedPolicies": [{{"PolicyArn": "arn:aws:iam::111122223333:policy/m"}}]}}],
                "GroupDetailList": [{{"GroupName": "g", "GroupPolicyList": [{{"PolicyDocument": {of_group}}}]}}],
                "RoleDetailList": [],
                "Policies": [{{"Arn": "arn:aws:iam::111122223333:policy/m", "PolicyVersionList": [
                    {{"IsDefaultVersion": true, "Document": {managed}}},
                    {{"IsDefaultVersion": false, "Document": {old}}}]}}]}}"#
        )
    };
    let rules = |text: &str| found(text).into_iter().map(|it| it.0).collect::<Vec<_>>();
    assert_eq!(rules(&account(OBJECT, NEITHER, NEITHER)), [Rule::AllowStops]);
    assert_eq!(rules(&account(OBJECT, BOTH, NEITHER)), []);
    assert_eq!(rules(&account(NEITHER, BOTH, NEITHER)), [], "an old version counts for nothing");
    // The group's policy is the group's, too, and its other members have nothing else.
    assert_eq!(rules(&account(OBJECT, NEITHER, BOTH)), []);
}
