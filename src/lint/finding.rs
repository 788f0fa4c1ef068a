//! What is found: where, what, why, and the smallest mend.

use schemars::JsonSchema;
use serde::Serialize;

use super::json::Place;
use crate::named_enum::named_enum;

named_enum! {
    /// How much a finding matters.
    pub Severity {
        /// Worth knowing.
        Note = "note",
        /// May be denied, or stays without effect and costs money.
        Warning = "warning",
        /// Will be denied, or will no longer be guarded.
        Error = "error",
    }
}

named_enum! {
    /// How sure a finding is.
    pub Confidence {
        /// It depends on what is not in the file, or on what AWS does not say.
        Possible = "possible",
        /// Documented, if what is not in the file is as usual.
        Likely = "likely",
        /// It follows from the file and AWS's documentation.
        Certain = "certain",
    }
}

named_enum! {
    /// What is looked for.
    pub Rule {
        /// An Allow stops matching.
        AllowStops = "allow-stops-matching",
        /// A Deny begins to match.
        DenyStarts = "deny-starts-matching",
        /// A Deny, or an exception from an Allow, stops matching.
        GuardStops = "guard-stops-matching",
        /// A wildcard where none works.
        LiteralWildcard = "wildcard-without-effect",
        /// An access point in a condition on the context.
        AccessPointContext = "access-point-in-context",
        /// A condition's operator that IAM does not have.
        UnknownOperator = "unknown-operator",
        /// `GenerateDataKey` without `Decrypt`.
        WriterWithoutDecrypt = "writer-without-decrypt",
        /// A statement about the header that asks for a bucket key.
        HeaderCondition = "bucket-key-header-condition",
        /// SSE-KMS without a bucket key.
        BucketKeyOff = "bucket-key-off",
        /// A bucket key under SSE-S3.
        BucketKeyWithoutKms = "bucket-key-without-kms",
        /// A bucket key under DSSE-KMS.
        BucketKeyWithDsse = "bucket-key-with-dsse",
        /// SSE-KMS where server access logs go.
        AccessLogTarget = "access-log-target-with-kms",
        /// The AWS managed key of a bucket for other accounts.
        ManagedKeyShared = "aws-managed-key-shared",
        /// What a plan does not know yet.
        KnownAfterApply = "known-after-apply",
        /// What only another file, or the deployment, tells.
        NotInFile = "not-known-from-file",
    }
}

const BUCKET_KEYS: &str = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html";

impl Rule {
    /// What it says, in a few words.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::AllowStops => "a permission is tied to objects' ARNs and stops matching",
            Self::DenyStarts => "a Deny begins to match every request through S3",
            Self::GuardStops => "a guard is tied to objects' ARNs and stops matching",
            Self::LiteralWildcard => "a wildcard stands where it is an ordinary character",
            Self::AccessPointContext => "a condition on the context names access points alone",
            Self::UnknownOperator => "no operator of IAM is called that",
            Self::WriterWithoutDecrypt => "a writer may call GenerateDataKey but not Decrypt",
            Self::HeaderCondition => "a statement depends on the header that asks for a bucket key",
            Self::BucketKeyOff => "SSE-KMS without a bucket key",
            Self::BucketKeyWithoutKms => "a bucket key without SSE-KMS has no effect",
            Self::BucketKeyWithDsse => "a bucket key has no effect on DSSE-KMS",
            Self::AccessLogTarget => "server access logs go to a bucket under SSE-KMS",
            Self::ManagedKeyShared => "another account is to use a bucket under aws/s3",
            Self::KnownAfterApply => "not known before the plan is applied",
            Self::NotInFile => "not known from this file",
        }
    }

    /// Where AWS documents what it rests on.
    #[must_use]
    pub const fn source(self) -> &'static str {
        match self {
            Self::AllowStops
            | Self::DenyStarts
            | Self::GuardStops
            | Self::AccessPointContext
            | Self::BucketKeyOff => BUCKET_KEYS,
            Self::LiteralWildcard | Self::UnknownOperator => {
                "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html"
            }
            Self::WriterWithoutDecrypt => {
                "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html"
            }
            Self::HeaderCondition => {
                "https://docs.aws.amazon.com/AmazonS3/latest/userguide/configuring-bucket-key-object.html"
            }
            Self::BucketKeyWithoutKms => {
                "https://docs.aws.amazon.com/AmazonS3/latest/API/API_ServerSideEncryptionRule.html"
            }
            Self::BucketKeyWithDsse => {
                "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingDSSEncryption.html"
            }
            Self::AccessLogTarget => {
                "https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html"
            }
            Self::ManagedKeyShared => {
                "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html"
            }
            Self::KnownAfterApply => {
                "https://developer.hashicorp.com/terraform/internals/json-format"
            }
            Self::NotInFile => {
                "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html"
            }
        }
    }

    /// How much it matters, where a file does not say more.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::AllowStops | Self::DenyStarts | Self::GuardStops | Self::AccessLogTarget => {
                Severity::Error
            }
            Self::WriterWithoutDecrypt
            | Self::UnknownOperator
            | Self::HeaderCondition
            | Self::BucketKeyOff
            | Self::BucketKeyWithDsse
            | Self::ManagedKeyShared => Severity::Warning,
            Self::LiteralWildcard
            | Self::AccessPointContext
            | Self::BucketKeyWithoutKms
            | Self::KnownAfterApply
            | Self::NotInFile => Severity::Note,
        }
    }
}

/// A finding.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What was looked for.
    pub rule: Rule,
    /// How much it matters.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// The file, as it was named.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
    /// The column in it, in characters from 1.
    pub column: u32,
    /// The resource of a plan or template; empty if there is none.
    pub owner: String,
    /// The statement or bucket, as messages name it.
    pub subject: String,
    /// What happens, and why.
    pub why: String,
    /// The smallest change that avoids it; empty if there is nothing to change.
    pub mend: String,
    /// Values that the mend adds to the place's condition or action.
    pub add: Vec<String>,
}

impl Finding {
    /// A finding of a rule without more to say.
    pub(super) fn of(rule: Rule, owner: &str, at: Place, subject: String, why: String) -> Self {
        Self {
            rule,
            severity: rule.severity(),
            confidence: Confidence::Certain,
            file: String::new(),
            line: at.line,
            column: at.column,
            owner: owner.to_owned(),
            subject,
            why,
            mend: String::new(),
            add: Vec::new(),
        }
    }

    /// What the files do not tell, said rather than passed over.
    pub(super) fn not_in_file(
        owner: &str,
        at: Place,
        subject: String,
        why: impl Into<String>,
    ) -> Self {
        Self::of(Rule::NotInFile, owner, at, subject, why.into()).sure(Confidence::Possible)
    }

    /// The same of a resource within another one.
    pub(super) fn within(self, owner: &str) -> Self {
        match (owner, self.owner.as_str()) {
            ("", _) => self,
            (owner, "") => Self { owner: owner.to_owned(), ..self },
            (owner, inner) => Self { owner: format!("{owner}: {inner}"), ..self },
        }
    }

    /// The same with how sure it is.
    pub(super) fn sure(self, confidence: Confidence) -> Self {
        Self { confidence, ..self }
    }

    /// The same with what to change.
    pub(super) fn mend(self, mend: impl Into<String>, add: Vec<String>) -> Self {
        Self { mend: mend.into(), add, ..self }
    }
}

/// A finding as programs read it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FindingRow<'a> {
    /// What was looked for.
    rule: &'static str,
    /// `note`, `warning` or `error`.
    severity: &'static str,
    /// `possible`, `likely` or `certain`.
    confidence: &'static str,
    /// The file.
    file: &'a str,
    /// The line in it, from 1.
    line: u32,
    /// The column in it, in characters from 1.
    column: u32,
    /// The resource of a plan or template; empty if there is none.
    resource: &'a str,
    /// The statement or bucket, as messages name it.
    subject: &'a str,
    /// What happens, and why.
    why: &'a str,
    /// The smallest change that avoids it; empty if there is nothing to change.
    mend: &'a str,
    /// Values that the mend adds to the place's condition or action.
    add: &'a [String],
    /// Where AWS says so.
    source: &'static str,
}

impl<'a> From<&'a Finding> for FindingRow<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self {
            rule: finding.rule.name(),
            severity: finding.severity.name(),
            confidence: finding.confidence.name(),
            file: &finding.file,
            line: finding.line,
            column: finding.column,
            resource: &finding.owner,
            subject: &finding.subject,
            why: &finding.why,
            mend: &finding.mend,
            add: &finding.add,
            source: finding.rule.source(),
        }
    }
}
