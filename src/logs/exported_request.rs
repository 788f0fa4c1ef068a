//! A request of a run, as those who write logs take it.

use crate::kms::{KmsApi, KmsCalls};
use crate::logs::record::Nanoseconds;
use crate::s3::{Operation, Principal};

/// One request and the KMS calls that it cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing<'a> {
    /// From 0, in the order of the run.
    pub number: u64,
    /// When S3 received it.
    pub time: Nanoseconds,
    /// Who asked.
    pub principal: &'a Principal,
    /// In which session; empty for those who have none.
    pub session: String,
    /// Whether that is a federated session of an IAM user (`GetFederationToken`).
    pub federated: bool,
    /// Which session slot of the run that is, from 0.
    pub slot: u32,
    /// Which requester that is under the configuration's rule, from 0.
    pub requester: u32,
    /// What was asked.
    pub operation: Operation,
    /// The bucket that it was addressed to.
    pub bucket: &'a str,
    /// The AWS region of that bucket.
    pub region: &'a str,
    /// The AWS region in which what it reads lies.
    pub read_region: &'a str,
    /// The number of the KMS key that its own object is under, if its bucket has objects under several.
    pub kms_key: Option<u32>,
    /// The same of what it reads.
    pub read_kms_key: Option<u32>,
    /// For which keys KMS may be asked.
    pub asks_for: AskedKeys,
    /// The object that it is of.
    pub key: Option<String>,
    /// The source of a copy: bucket and key.
    pub source: Option<(&'a str, String)>,
    /// Number of the bucket-level key to be unwrapped, and the cache partition that needs it.
    pub unwrapped: Option<(u32, u32)>,
    /// The same of the unfinished upload that a part is copied into.
    pub unwrapped_own: Option<(u32, u32)>,
    /// Number of the bucket-level key that wraps what is written, and the partition that writes.
    pub wrapped: Option<(u32, u32)>,
    /// Calls of KMS.
    pub calls: KmsCalls,
    /// How many of them were for one object rather than for a bucket-level key.
    pub by_object: u64,
    /// How many of them are Decrypts of what is read: of a copy's source.
    pub of_read: u64,
    /// Whether the request makes a new bucket-level key.
    pub makes_key: bool,
}

impl Outgoing<'_> {
    /// The KMS calls one by one.
    pub fn each_call(&self) -> impl Iterator<Item = Call> {
        let (mut by_object, mut of_read) = (self.by_object, self.of_read);
        let apis = [KmsApi::GenerateDataKey, KmsApi::Encrypt, KmsApi::Decrypt];
        let calls = apis.into_iter().flat_map(|api| {
            let calls = usize::try_from(self.calls.get(api)).unwrap_or(usize::MAX);
            std::iter::repeat_n(api, calls)
        });
        calls.map(move |api| {
            // A new data key is its object's own unless a bucket-level key was to be made.
            let own = by_object > 0 && (api == KmsApi::Decrypt || !self.makes_key);
            by_object -= u64::from(own);
            // What is read is unwrapped before what is written is wrapped or verified.
            let read = api == KmsApi::Decrypt && of_read > 0;
            of_read -= u64::from(read);
            Call { api, by_object: own, of_read: read }
        })
    }
}

/// For which keys a request may ask KMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskedKeys {
    /// None: it failed or found nothing modified, or is of an object that is not under KMS.
    None,
    /// Objects' own alone: its writer sends `x-amz-server-side-encryption-bucket-key-enabled: false`, or may as well.
    Objects,
    /// Bucket-level keys too.
    All,
}

/// One KMS call of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Which.
    pub api: KmsApi,
    /// Whether it is for one object rather than for a bucket-level key.
    pub by_object: bool,
    /// Whether it unwraps the key of what is read: of a copy's source.
    pub of_read: bool,
}
