//! `bks lint` from outside: files in all their forms, what is printed, exit codes, and what is refused.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::command::{bks_with_input, code_and_texts, fails, text};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/lint")
}

/// The JSON document of `bks lint FILES`, which ends with `code`.
fn linted(code: i32, files: &[&str]) -> Value {
    let arguments = [&["lint"], files, &["--format", "json"]].concat();
    let (ended, printed, said) = code_and_texts(&fixtures(), &arguments);
    assert_eq!(ended, Some(code), "{files:?}: {said}{printed}");
    serde_json::from_str(&printed).unwrap()
}

/// Rule, severity, resource and subject of each finding.
fn told(document: &Value) -> BTreeSet<[String; 4]> {
    let findings = document["findings"].as_array().unwrap();
    let field = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
    let four = ["rule", "severity", "resource", "subject"];
    findings.iter().map(|finding| four.map(|name| field(finding, name))).collect()
}

fn set(rows: &[[&str; 4]]) -> BTreeSet<[String; 4]> {
    rows.iter().map(|row| row.map(str::to_owned)).collect()
}

/// Administrators, other services' keys, buckets that are named already: nothing is said of any.
#[test]
fn what_does_not_break_stays_quiet() {
    let document = linted(0, &["quiet"]);
    assert_eq!(document["findings"], json!([]));
    assert!(document["policies"].as_u64().unwrap() >= 20);
    assert_eq!(document["files"], fs::read_dir(fixtures().join("quiet")).unwrap().count());
}

/// What broke in public, in policies of the same form.
#[test]
fn what_broke_is_found() {
    const STOPS: &str = "allow-stops-matching";
    for (file, findings, add) in [
        (
            "broken/directory-sync.json",
            &[[STOPS, "error", "SyncFunction", "statement `StateEncryption`"]][..],
            "${StateBucket.Arn}",
        ),
        (
            "broken/delivery-stream.json",
            &[[STOPS, "error", "", "statement `Encrypt`"]],
            "arn:aws:s3:::amzn-s3-demo-bucket",
        ),
        (
            "broken/platform-key.json",
            &[[STOPS, "error", "", "statement `Environments`"]],
            "arn:aws:s3:::amzn-s3-demo-bucket",
        ),
        (
            "broken/account-factory-replication.json",
            &[
                [STOPS, "error", "", "statement `Source`"],
                [STOPS, "error", "", "statement `Target`"],
                ["writer-without-decrypt", "warning", "", "statement `Target`"],
            ],
            "arn:aws:s3:::amzn-s3-demo-source",
        ),
    ] {
        let document = linted(3, &[file]);
        assert_eq!(told(&document), set(findings), "{file}");
        assert_eq!(document["findings"][0]["add"], json!([add]), "{file}");
    }
    let trail = linted(0, &["broken/trail-key.json"]);
    assert_eq!(
        told(&trail),
        set(&[["writer-without-decrypt", "warning", "", "statement `Trail`"]])
    );
    linted(3, &["broken/trail-key.json", "--fail-on", "warning"]);
}

/// Each resource of a plan as it will be; data sources and what is removed do not count.
#[test]
fn plans() {
    const ENCRYPTION: &str = "aws_s3_bucket_server_side_encryption_configuration";
    let of = |name: &str| format!("{ENCRYPTION}.{name}");
    let document = linted(3, &["plan.json"]);
    let expected = set(&[
        ["allow-stops-matching", "error", "aws_iam_role_policy.app", "statement `UseKey`"],
        ["bucket-key-off", "warning", &of("reports"), "bucket `amzn-s3-demo-reports`"],
        ["bucket-key-without-kms", "note", &of("site"), "bucket `amzn-s3-demo-site`"],
        ["bucket-key-with-dsse", "warning", &of("vault"), "bucket `amzn-s3-demo-vault`"],
        [
            "access-log-target-with-kms",
            "error",
            "aws_s3_bucket_logging.lake",
            "bucket `amzn-s3-demo-access`",
        ],
        [
            "aws-managed-key-shared",
            "warning",
            "aws_s3_bucket_policy.exchange",
            "bucket `amzn-s3-demo-exchange`",
        ],
        ["known-after-apply", "note", "aws_iam_policy.later", "policy"],
        ["bucket-key-off", "warning", "aws_s3_object.config", "object"],
    ]);
    assert_eq!(told(&document), expected);
    assert_eq!(document["buckets"], 8);
    assert_eq!(document["turned_on"], json!(["amzn-s3-demo-lake"]));
}

#[test]
fn states_and_templates() {
    let pinned = |owner| ["allow-stops-matching", "error", owner, "statement `UseKey`"];
    let off = |owner| ["bucket-key-off", "warning", owner, "bucket `amzn-s3-demo-lake`"];
    let state = linted(3, &["state.json"]);
    let configuration = "aws_s3_bucket_server_side_encryption_configuration.lake";
    assert_eq!(
        told(&state),
        set(&[pinned("module.app.aws_iam_role_policy.app"), off(configuration)])
    );
    let file = linted(3, &["terraform.tfstate"]);
    assert_eq!(told(&file), set(&[pinned("aws_iam_role_policy.app"), off("aws_s3_bucket.lake")]));
    for template in ["template.json", "template.yaml"] {
        let template = linted(3, &[template]);
        let expected = set(&[
            ["allow-stops-matching", "warning", "Key", "statement `Role`"],
            ["bucket-key-off", "warning", "Logs", "bucket `Logs`"],
            ["access-log-target-with-kms", "error", "Data", "bucket `Logs`"],
        ]);
        assert_eq!(told(&template), expected);
    }
}

/// What the AWS CLI prints: policies as texts and in wrappers, percent-encoded, in arrays.
#[test]
fn wrappers() {
    let policy = fs::read_to_string(fixtures().join("broken/delivery-stream.json")).unwrap();
    let policy: Value = serde_json::from_str(&policy).unwrap();
    let encoded: Vec<String> =
        policy.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect();
    let encoded = encoded.concat();
    for document in [
        json!({ "PolicyVersion": { "VersionId": "v3", "Document": policy, "IsDefaultVersion": true } }),
        json!({ "RoleName": "app", "PolicyName": "inline", "PolicyDocument": policy }),
        json!({ "Policy": policy.to_string(), "PolicyName": "default" }),
        json!({ "PolicyDocument": encoded }),
        json!([{ "Version": "2012-10-17", "Statement": [] }, policy]),
        json!({ "RoleDetailList": [{ "RolePolicyList": [{ "PolicyDocument": policy }] }] }),
        json!(policy.to_string()),
        json!({ "a": json!({ "Policy": policy.to_string() }).to_string() }),
    ] {
        let arguments = ["lint", "-", "--format", "json"];
        let output = bks_with_input(&fixtures(), &arguments, &document.to_string());
        assert_eq!(output.status.code(), Some(3), "{document}: {}", text(&output.stderr));
        let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(printed["findings"].as_array().unwrap().len(), 1, "{document}");
        assert_eq!(printed["findings"][0]["file"], "standard input");
    }
    let encryption = |algorithm: &str, flag: bool| {
        let rule = json!({
            "ApplyServerSideEncryptionByDefault": { "SSEAlgorithm": algorithm },
            "BucketKeyEnabled": flag,
        });
        json!({ "ServerSideEncryptionConfiguration": { "Rules": [rule] } }).to_string()
    };
    for (algorithm, flag, rule) in [
        ("aws:kms", false, Some("bucket-key-off")),
        ("aws:kms", true, None),
        ("AES256", false, None),
        ("AES256", true, Some("bucket-key-without-kms")),
        ("aws:kms:dsse", true, Some("bucket-key-with-dsse")),
        ("aws:kms:dsse", false, None),
    ] {
        let arguments = ["lint", "-", "--format", "json"];
        let output = bks_with_input(&fixtures(), &arguments, &encryption(algorithm, flag));
        let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(printed["findings"][0]["rule"].as_str(), rule, "{algorithm} {flag}");
    }
}

#[test]
fn exit_codes_follow_the_severity_asked_for() {
    for (file, severity, code) in [
        ("broken/delivery-stream.json", "error", 3),
        ("broken/delivery-stream.json", "never", 0),
        ("broken/trail-key.json", "error", 0),
        ("broken/trail-key.json", "note", 3),
        ("quiet/admin-kms.json", "note", 0),
    ] {
        linted(code, &[file, "--fail-on", severity]);
    }
}

/// As code scanning reads it: every result points to a rule of the list and to a place.
#[test]
fn sarif() {
    let arguments = ["lint", "plan.json", "broken", "--format", "sarif", "--quiet"];
    let (code, printed, _) = code_and_texts(&fixtures(), &arguments);
    assert_eq!(code, Some(3));
    let document: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(document["version"], "2.1.0");
    let run = &document["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert!(results.len() > 10);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        let place = &result["locations"][0]["physicalLocation"];
        assert!(fixtures().join(place["artifactLocation"]["uri"].as_str().unwrap()).is_file());
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
    }
}

/// Text and Markdown say where, what, why and what to do.
#[test]
fn people_read_place_reason_and_mend() {
    for format in ["table", "markdown"] {
        let arguments = ["lint", "broken/delivery-stream.json", "--format", format];
        let (_, printed, said) = code_and_texts(&fixtures(), &arguments);
        for part in [
            "1 finding must be mended before bucket keys are turned on",
            "broken/delivery-stream.json:26:11: statement `Encrypt`",
            "Fix: add `arn:aws:s3:::amzn-s3-demo-bucket`",
            "allow-stops-matching, certain; source: ",
            "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html",
        ] {
            assert!(printed.contains(part), "{format}: {part}\n{printed}{said}");
        }
    }
}

#[test]
fn what_is_not_read_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    for (name, bytes, parts) in [
        ("empty.json", &b""[..], ["the file is empty", ""]),
        ("prose.json", b"Dear policy,", ["not JSON", "line 1, column 1"]),
        ("cut.json", b"{\n \"Statement\": [", ["not JSON", "line 2, column 16"]),
        ("other.json", b"{\"name\": \"left-pad\"}", ["no policy", "terraform show -json"]),
        (
            "main.tf",
            b"resource \"aws_kms_key\" \"k\" {}",
            ["Terraform's own language", "terraform show -json"],
        ),
        (
            "main.tf.json",
            br#"{"resource": {"aws_iam_policy": {"p": {"policy": "${jsonencode({})}"}}}}"#,
            ["Terraform's own language", "terraform show -json"],
        ),
        (
            "cdk.tf.json",
            br#"{"//": {}, "data": {"aws_iam_policy_document": {"d": {"statement": []}}}}"#,
            ["Terraform's own language", "terraform show -json"],
        ),
        (
            "serverless.yml",
            b"service: x\nprovider:\n  name: aws\n",
            ["Serverless Framework", "serverless package"],
        ),
        ("policy.json.gz", b"\x1f\x8b\x08\x00", ["compressed by gzip", "gunzip"]),
        ("t.yaml", b"Resources:\n  A: *b\n", ["YAML is not understood", "line 2"]),
        ("plan.bin", b"PK\x03\x04\x00\xff", ["archive", "terraform show -json"]),
        ("latin.json", b"{\"Sid\": \"\xe4\"}", ["not UTF-8", ""]),
        ("log.json", b"{\"@level\": \"info\"}", ["no policy", "terraform show -json"]),
    ] {
        fs::write(place.join(name), bytes).unwrap();
        let message = fails(place, 2, &["lint", name]);
        assert!(parts.iter().all(|part| message.contains(part)), "{name}: {message}");
        assert!(message.contains(name), "{message}");
    }
    fails(place, 2, &["lint", "nowhere.json"]);
    fails(place, 2, &["lint"]);
    // In a folder others are left out, and said to be; what may be a policy and cannot be read is not passed over.
    let message = fails(place, 2, &["lint", "."]);
    assert!(message.contains("cut.json") && message.contains("not JSON"), "{message}");
    let policy = fs::read(fixtures().join("quiet/reader.json")).unwrap();
    fs::write(place.join("reader.json"), policy).unwrap();
    let (code, printed, said) = code_and_texts(place, &["lint", "."]);
    assert_eq!(code, Some(2));
    assert!(printed.contains("Nothing was found") && said.contains("refused, too: 2"), "{said}");
    for name in ["cut.json", "t.yaml", "serverless.yml"] {
        let message = fails(place, 2, &["lint", name, "--skip-others"]);
        assert!(message.contains(name), "{message}");
        fs::remove_file(place.join(name)).unwrap();
    }
    let (code, _, said) = code_and_texts(place, &["lint", "."]);
    assert_eq!(code, Some(0));
    assert!(
        said.contains("files left out, without a policy or a bucket's encryption: 3")
            && said.contains("files left out, which cannot be read (the first: ./latin.json")
            && said.contains("files left out, in Terraform's own language"),
        "{said}"
    );
    fs::remove_file(place.join("reader.json")).unwrap();
    let message = fails(place, 2, &["lint", "."]);
    assert!(message.contains("no file there") && message.contains("terraform show"), "{message}");
}

/// Programs read a document where nothing is left to look at.
#[test]
fn nothing_left_is_a_document_without_findings() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("other.json"), "{\"name\": \"left-pad\"}").unwrap();
    let printed = |format: &str| {
        let arguments = ["lint", "other.json", "--skip-others", "--format", format];
        let (code, printed, _) = code_and_texts(folder.path(), &arguments);
        assert_eq!(code, Some(0), "{format}");
        printed
    };
    let sarif: Value = serde_json::from_str(&printed("sarif")).unwrap();
    assert_eq!(sarif["runs"][0]["results"], json!([]));
    let document: Value = serde_json::from_str(&printed("json")).unwrap();
    assert_eq!((&document["files"], &document["findings"]), (&json!(0), &json!([])));
    assert_eq!(printed("table"), "");
}

/// Windows PowerShell redirects in UTF-16.
#[test]
fn utf_16_is_read() {
    let policy = fs::read_to_string(fixtures().join("broken/delivery-stream.json")).unwrap();
    let units = std::iter::once(0xfeff).chain(policy.encode_utf16());
    let bytes: Vec<u8> = units.flat_map(u16::to_le_bytes).collect();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("p.json"), bytes).unwrap();
    let (code, _, said) = code_and_texts(folder.path(), &["lint", "p.json"]);
    assert_eq!(code, Some(3), "{said}");
}

/// Names of statements and files are a stranger's.
#[test]
fn hostile_names_reach_no_terminal() {
    let hostile = "x\u{1b}[2J`\u{202e}\n# heading";
    let policy = json!({ "Statement": [{ "Sid": hostile, "Effect": "Allow", "Action": "kms:Decrypt",
        "Resource": "*", "Condition": { "StringLike": {
            "kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::b\u{7}\u{202e}`/*" } } }] });
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("p.json"), policy.to_string()).unwrap();
    for format in ["table", "markdown", "json", "sarif"] {
        let (code, printed, said) =
            code_and_texts(folder.path(), &["lint", "p.json", "--format", format]);
        assert_eq!(code, Some(3), "{said}");
        let is_hostile = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!printed.contains(is_hostile), "{format}: {printed:?}");
        assert!(!printed.lines().any(|line| line.starts_with("# heading")), "{format}");
    }
}

/// A hundred policies, and values within one another without end.
#[test]
fn large_and_deep_files() {
    let policy = fs::read_to_string(fixtures().join("broken/delivery-stream.json")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let many = format!("[{}]", vec![policy; 100].join(","));
    fs::write(folder.path().join("many.json"), many).unwrap();
    fs::write(folder.path().join("deep.json"), "[".repeat(1_000_000)).unwrap();
    let (code, printed, _) = code_and_texts(folder.path(), &["lint", "many.json"]);
    assert_eq!(code, Some(3));
    assert!(printed.contains("100 findings"));
    let values = vec!["arn:aws:s3:::b/*"; 3_000];
    let policy = json!({ "Statement": { "Effect": "Allow", "Action": "*", "Resource": values } });
    fs::write(folder.path().join("wide.json"), policy.to_string()).unwrap();
    assert!(fails(folder.path(), 2, &["lint", "wide.json"]).contains("at most 32 KiB"));
    fs::write(folder.path().join("endless.yaml"), format!("a: [\n{}", "b,\n".repeat(50_000)))
        .unwrap();
    fails(folder.path(), 2, &["lint", "endless.yaml"]);
    assert!(fails(folder.path(), 2, &["lint", "deep.json"]).contains("within one another"));
}

/// Policies of one role by option: what another covers is quiet, a key policy needs the role's ARN, and a plan says
/// itself whose policies it has.
#[test]
fn policies_of_one_role_by_option() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let pinned = r#"{"Statement": [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*",
        "Condition": {"StringLike": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::b/*"}}}]}"#;
    let wide = r#"{"Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]}"#;
    let key = r#"{"Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*",
        "Principal": {"AWS": "arn:aws:iam::111122223333:role/reader"}}]}"#;
    let files = [("pinned.json", pinned), ("wide.json", wide), ("key.json", key)];
    for (name, text) in files {
        write(name, text);
    }
    let ended = |arguments: &[&str]| {
        let (code, printed, said) = code_and_texts(folder.path(), &[&["lint"], arguments].concat());
        (code, printed + &said)
    };
    let role = ["--role", "arn:aws:iam::111122223333:role/reader"];
    assert_eq!(ended(&["pinned.json", "wide.json"]).0, Some(3), "nobody said whose they are");
    assert_eq!(ended(&[&["pinned.json", "wide.json"][..], &role].concat()).0, Some(0));
    let (code, printed) = ended(&["wide.json", "--boundary", "pinned.json"]);
    assert_eq!(code, Some(3));
    assert!(
        printed.contains("pinned.json:2:")
            && printed.contains("permissions boundary of `the role`"),
        "{printed}"
    );
    assert_eq!(
        ended(&[&["pinned.json", "--key-policy", "key.json"][..], &role].concat()).0,
        Some(0)
    );
    let (code, printed) = ended(&[&["pinned.json", "--session", "wide.json"][..], &role].concat());
    assert_eq!(code, Some(3));
    assert!(printed.contains("no other policy of `reader` that is given allows it"), "{printed}");
    let (code, said) = ended(&["pinned.json", "--key-policy", "key.json"]);
    assert!(code == Some(2) && said.contains("--role"), "{said}");
    for name in [
        "reader",
        "",
        "arn:aws:s3:::b",
        "arn:aws:iam::role/reader",
        "arn:aws:iam::111122223333:reader",
    ] {
        let (code, said) = ended(&["pinned.json", "--key-policy", "key.json", "--role", name]);
        let hint = "e.g., `arn:aws:iam::111122223333:role/reader`";
        assert!(
            code == Some(2) && said.contains("is no ARN of a role") && said.contains(hint),
            "{said}"
        );
    }
    for (files, reason) in [
        (&["pinned.json", "--key-policy", "wide.json"][..], "it is no key policy"),
        (
            &["key.json"],
            "it is no policy of a role or user: what begins in line 1 has a `Principal`",
        ),
        (&["pinned.json", "--boundary", "."], "it is a folder"),
        (&["-", "--boundary", "-"], "given more than once"),
        (&["pinned.json", "--skip-others"], "cannot be used with"),
    ] {
        let (code, said) = ended(&[files, &role].concat());
        assert!(code == Some(2) && said.contains(reason), "{files:?}: {said}");
    }
    let plan = fixtures().join("plan.json").display().to_string();
    let (code, said) = ended(&[&plan, "--boundary", "wide.json"]);
    assert!(code == Some(2) && said.contains("tell whose policies they are"), "{said}");
}

/// The page's policy gives the page's output, its commands run, and it names every rule.
#[test]
fn the_page_says_what_the_command_does() {
    const PAGE: &str = include_str!("../../docs/lint.md");
    let block = |language: &str| {
        let (_, rest) = PAGE.split_once(&format!("```{language}\n")).unwrap();
        rest.split_once("```").unwrap().0
    };
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("policy.json"), block("json policy.json")).unwrap();
    let (code, printed, _) = code_and_texts(folder.path(), &["lint", "policy.json"]);
    assert_eq!((code, printed.as_str()), (Some(3), block("text")));
    let all = r#"{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;
    let root = r#"{"Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*",
        "Principal": {"AWS": "arn:aws:iam::111122223333:root"}}]}"#;
    for (name, policy) in [("boundary.json", all), ("session.json", all), ("key.json", root)] {
        fs::write(folder.path().join(name), policy).unwrap();
    }
    let commands = PAGE.lines().filter(|line| line.starts_with("bks lint "));
    for command in commands.clone() {
        let words: Vec<&str> = command.split(' ').skip(1).collect();
        let (code, printed, said) = code_and_texts(folder.path(), &words);
        let expected = if command.contains("never") { 0 } else { 3 };
        assert_eq!(code, Some(expected), "{command}: {said}");
        assert!(printed.contains("amzn-s3-demo-bucket"), "{command}");
    }
    assert_eq!(commands.count(), 5);
    fs::copy(fixtures().join("plan.json"), folder.path().join("plan.json")).unwrap();
    for command in ["bks init planned --plan plan.json", "bks check planned.toml"] {
        assert!(PAGE.contains(&format!("\n{command}\n")));
        let words: Vec<&str> = command.split(' ').skip(1).collect();
        let (code, _, said) = code_and_texts(folder.path(), &words);
        assert_eq!(code, Some(0), "{command}: {said}");
    }
    let (_, rules) = PAGE.split_once("## Rules").unwrap();
    for rule in bks::lint::Rule::ALL {
        assert!(rules.contains(&format!("| `{}` | ", rule.name())), "{}", rule.name());
    }
}
