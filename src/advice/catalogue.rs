//! What can be done about a KMS bill, one row for each kind of advice.
//!
//! `changes` says what of a scenario it changes; all else is words: what is given up, and how it is done. Words
//! in capitals stand for the reader's own names.

use super::changes::{self, AdvisedScenario, Change};

/// A kind of advice.
#[derive(Clone, Copy, Debug)]
pub struct AdviceKind {
    /// Its name in files.
    pub name: &'static str,
    /// What to do.
    pub title: &'static str,
    /// What it loses.
    pub loses: &'static str,
    /// How to do it from a shell.
    pub cli: &'static str,
    /// How to do it by Terraform.
    pub terraform: &'static str,
    /// Kinds of one group exclude one another: of them one is done.
    pub group: Option<&'static str>,
    /// Whether it takes the place of bucket keys, so that nothing else matters after it.
    pub instead: bool,
    /// Whether the changed run has the same requests, or such as the changed clients would send.
    pub same_requests: bool,
    /// What its figures take for granted; empty if nothing.
    pub note: &'static str,
    /// Why a log does not tell what it saves, if it does not.
    pub untold_by_logs: Option<&'static str>,
    /// Why there may be nothing to change.
    pub without: &'static str,
    /// What it changes.
    pub(crate) changes: fn(&AdvisedScenario) -> Vec<Change>,
}

/// Name of the kind that turns bucket keys on.
pub const BUCKET_KEYS: &str = "bucket-keys";

const MIGRATION: Option<&str> = Some("migration");
const POLICIES: Option<&str> = Some("policies");

const TURN_ON_BY_CLI: &str = r#"aws s3api put-bucket-encryption --bucket BUCKET --server-side-encryption-configuration \
  '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms","KMSMasterKeyID":"KEY_ARN"},"BucketKeyEnabled":true}]}'"#;

const TURN_ON_BY_TERRAFORM: &str = r#"resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = "BUCKET"
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = "KEY_ARN"
    }
  }
}"#;

const MIGRATE_BY_CLI: &str = r#"aws s3control create-job --account-id ACCOUNT --role-arn ROLE_ARN --priority 1 --no-confirmation-required \
  --operation '{"S3UpdateObjectEncryption":{"ObjectEncryption":{"SSEKMS":{"KMSKeyArn":"KEY_ARN","BucketKeyEnabled":true}}}}' \
  --manifest-generator file://objects-without-a-bucket-key.json --report '{"Enabled":false}'"#;

const MIGRATE_BY_TERRAFORM: &str = "Terraform runs no jobs of S3 Batch Operations: use the command, with \
    `bucket_key_enabled = true` in the bucket's `aws_s3_bucket_server_side_encryption_configuration`.";

const UNTOLD_REQUESTS: &str = "the log has the requests of the clients as they are: fit a scenario to it \
    (`bks fit`) and ask that";
const UNTOLD_IDENTITY: &str =
    "the log says who the requesters are: fit a scenario to it (`bks fit`) and ask that";

/// All kinds of advice.
pub const CATALOGUE: &[AdviceKind] = &[
    AdviceKind {
        name: BUCKET_KEYS,
        title: "turn bucket keys on",
        loses: "KMS events in CloudTrail name the bucket and not the object; policies that ask for an object's ARN in \
                the encryption context match no more; writers need `kms:Decrypt`",
        cli: TURN_ON_BY_CLI,
        terraform: TURN_ON_BY_TERRAFORM,
        group: None,
        instead: false,
        same_requests: true,
        note: "",
        untold_by_logs: None,
        without: "they are on",
        changes: changes::bucket_keys,
    },
    AdviceKind {
        name: "no-opt-out",
        title: "stop switching bucket keys off by header",
        loses: "nothing but what bucket keys lose",
        cli: "aws s3api put-object --bucket BUCKET --key KEY --body FILE --server-side-encryption aws:kms --bucket-key-enabled",
        terraform: r#"resource "aws_s3_object" "this" {
  bucket             = "BUCKET"
  key                = "KEY"
  source             = "FILE"
  bucket_key_enabled = true
}"#,
        group: None,
        instead: false,
        same_requests: true,
        note: "",
        untold_by_logs: None,
        without: "nothing is known to send the header (`bucket_key = false` of a workload; of logs, those of CloudTrail \
                  tell)",
        changes: changes::no_opt_out,
    },
    AdviceKind {
        name: "share-sessions",
        title: "let the sessions of a role share one",
        loses: "sessions in CloudTrail no longer tell instances or users apart; who gets the shared credentials has \
                them all",
        cli: "aws sts assume-role --role-arn ROLE_ARN --role-session-name shared   # once, for all processes",
        terraform: r#"provider "aws" {
  assume_role {
    role_arn     = "ROLE_ARN"
    session_name = "shared"
  }
}"#,
        group: None,
        instead: false,
        same_requests: true,
        note: "",
        untold_by_logs: None,
        without: "under the rule `role` the sessions of a role share keys as they are",
        changes: changes::share_sessions,
    },
    AdviceKind {
        name: "one-role",
        title: "let all roles of an account share one",
        loses: "each gets the rights of all (isolation), and CloudTrail tells them apart by session name alone",
        cli: "aws lambda update-function-configuration --function-name FUNCTION --role arn:aws:iam::ACCOUNT:role/SHARED",
        terraform: r#"resource "aws_lambda_function" "this" {
  # ... as before
  role = aws_iam_role.shared.arn
}"#,
        group: None,
        instead: false,
        same_requests: true,
        note: "",
        untold_by_logs: Some(UNTOLD_IDENTITY),
        without: "no account has two roles without scoping policies",
        changes: changes::one_role,
    },
    AdviceKind {
        name: "no-scoping-policies",
        title: "drop the scoping (session) policies",
        loses: "a session has all the rights of its role: what a policy kept apart (tables, tenants) is apart no more",
        cli: "aws sts assume-role --role-arn ROLE_ARN --role-session-name NAME   # without --policy and --policy-arns",
        terraform: r#"provider "aws" {
  assume_role {
    role_arn = "ROLE_ARN"   # without policy and policy_arns
  }
}"#,
        group: POLICIES,
        instead: false,
        same_requests: false,
        note: "",
        untold_by_logs: Some(UNTOLD_IDENTITY),
        without: "no session has a scoping policy",
        changes: changes::no_scoping_policies,
    },
    AdviceKind {
        name: "wider-scoping-policies",
        title: "widen the scoping policies: a tenth as many",
        loses: "a session may touch ten times as much as it has to",
        cli: "aws sts assume-role --role-arn ROLE_ARN --role-session-name NAME --policy file://ten-tables.json",
        terraform: r#"provider "aws" {
  assume_role {
    role_arn = "ROLE_ARN"
    policy   = file("ten-tables.json")
  }
}"#,
        group: POLICIES,
        instead: false,
        same_requests: false,
        note: "",
        untold_by_logs: Some(UNTOLD_IDENTITY),
        without: "no principal has ten scoping policies or more",
        changes: changes::wider_scoping_policies,
    },
    AdviceKind {
        name: "longer-sessions",
        title: "let credentials live for twelve hours",
        loses: "stolen credentials work for longer; chained roles are limited to one hour",
        cli: "aws iam update-role --role-name ROLE --max-session-duration 43200\n\
              aws sts assume-role --role-arn ROLE_ARN --role-session-name NAME --duration-seconds 43200",
        terraform: r#"resource "aws_iam_role" "this" {
  # ... as before
  max_session_duration = 43200
}"#,
        group: None,
        instead: false,
        same_requests: true,
        note: "",
        untold_by_logs: Some(UNTOLD_IDENTITY),
        without: "no session ends before twelve hours",
        changes: changes::longer_sessions,
    },
    AdviceKind {
        name: "fewer-connections",
        title: "keep ten connections for each session, and reuse them",
        loses: "throughput, where more than ten requests are under way at a time",
        cli: "aws configure set default.s3.max_concurrent_requests 10",
        terraform: "Terraform does not configure clients: create the S3 client once in a process, outside of handlers, and \
                    limit its pool (boto3: `Config(max_pool_connections=10)`).",
        group: None,
        instead: false,
        same_requests: true,
        note: "",
        untold_by_logs: None,
        without: "no principal opens a connection for each request, or keeps more than ten",
        changes: changes::fewer_connections,
    },
    AdviceKind {
        name: "migrate-all",
        title: "give all existing objects a bucket key",
        loses: "what bucket keys lose, for existing objects too",
        cli: MIGRATE_BY_CLI,
        terraform: MIGRATE_BY_TERRAFORM,
        group: MIGRATION,
        instead: false,
        same_requests: true,
        note: "",
        untold_by_logs: None,
        without: "no object from before could be given one",
        changes: changes::migrate_all,
    },
    AdviceKind {
        name: "migrate-part",
        title: "give one part of the existing objects a bucket key",
        loses: "what bucket keys lose, for these objects too",
        cli: MIGRATE_BY_CLI,
        terraform: MIGRATE_BY_TERRAFORM,
        group: MIGRATION,
        instead: false,
        same_requests: true,
        note: "",
        untold_by_logs: Some("the log tells of no part by itself: choose by `--bucket`"),
        without: "there are no several populations to choose from",
        changes: changes::migrate_part,
    },
    AdviceKind {
        name: "migrate-young",
        title: "give the objects of the last 30 days a bucket key",
        loses: "what bucket keys lose, for these objects too",
        cli: MIGRATE_BY_CLI,
        terraform: MIGRATE_BY_TERRAFORM,
        group: MIGRATION,
        instead: false,
        same_requests: true,
        note: "",
        untold_by_logs: Some(
            "the log does not tell the age of what was there before (`bks migrate` plans it from an inventory)",
        ),
        without: "there are not both objects of the last 30 days that can be migrated and older ones",
        changes: changes::migrate_young,
    },
    AdviceKind {
        name: "larger-objects",
        title: "write a tenth as many objects, ten times as large (compaction)",
        loses: "data come later by the time it takes to gather them; whoever wants a part of an object reads a range of it",
        cli: "aws athena start-query-execution --work-group GROUP --query-string 'OPTIMIZE DATABASE.TABLE REWRITE DATA USING BIN_PACK'",
        terraform: r#"resource "aws_kinesis_firehose_delivery_stream" "this" {
  # ... as before
  extended_s3_configuration {
    # ... as before
    buffering_size     = 128   # MB
    buffering_interval = 900   # seconds
  }
}"#,
        group: None,
        instead: false,
        same_requests: false,
        note: "takes it that who reads objects as they come reads them whole, and that older objects are compacted, \
               too; lookups of any object stay as many",
        untold_by_logs: Some(UNTOLD_REQUESTS),
        without: "nothing is written or read whole",
        changes: changes::larger_objects,
    },
    AdviceKind {
        name: "other-client",
        title: "read and write by clients that need fewer requests",
        loses: "another engine, with what it can and cannot do",
        cli: "bks list clients   # requests for each object, measured or documented",
        terraform: "Terraform does not configure clients.",
        group: None,
        instead: false,
        same_requests: false,
        note: "takes each client's requests as captured or documented (`bks list clients`)",
        untold_by_logs: Some(UNTOLD_REQUESTS),
        without: "no client of the same kind needs fewer",
        changes: changes::other_client,
    },
    AdviceKind {
        name: "sse-s3",
        title: "do without KMS: SSE-S3 in its place",
        loses: "the key policy as a second lock, a key of one's own, and every KMS event in CloudTrail; \
                `UpdateObjectEncryption` does not lead to SSE-S3, so existing objects must be copied",
        cli: r#"aws s3api put-bucket-encryption --bucket BUCKET --server-side-encryption-configuration \
  '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}'"#,
        terraform: r#"resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = "BUCKET"
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}"#,
        group: None,
        instead: true,
        same_requests: true,
        note: "takes existing objects to be under SSE-S3, too; to copy them costs at least what is told, once",
        untold_by_logs: None,
        without: "nothing is under KMS",
        changes: changes::sse_s3,
    },
];
