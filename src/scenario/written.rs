//! A scenario as written: the TOML file, key by key.
//!
//! These structs are the schema: serde refuses unknown keys, `schemars` makes the JSON Schema for
//! editors from the same definitions, and `run.toml` is them written back. Values check themselves
//! while they are read (a [`Rate`] is positive); what names or compares other values is checked in
//! [`super::resolve`].

mod free_tier;
mod prices;
mod run;
mod tenants;

pub use free_tier::FreeTierOwner;
pub use prices::{PricesFile, price_file};
pub use run::{InputFile, OtherKmsKeyFile, ReplayFile, RunFile};
pub use tenants::{LognormalSizes, ParetoSizes, TenantSizes, TenantsFile, ZipfSizes};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::engine::EngineChoice;
use crate::encryption::Mode;
use crate::encryption::assumption::{AssumptionOverrides, AssumptionRanges};
use crate::encryption::needs::MultipartCalls;
use crate::encryption::requester::RequesterRule;
use crate::inventory::StorageClass;
use crate::s3::{Connections, Retries};
use crate::units::{ByteSize, Rate, Share, SimDuration, SimTime};
use crate::workload::Mix;
use crate::workload::ages::AgeLaw;
use crate::workload::arrivals::Arrivals;
use crate::workload::clients::ClientProfile;
use crate::workload::growth::Growth;
use crate::workload::jobs::Jobs;
use crate::workload::read_pattern::ReadPattern;

/// A scenario: buckets, principals, their traffic, and the configurations to compare.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "bks scenario")]
#[serde(deny_unknown_fields)]
pub struct ScenarioFile {
    /// Lower-case letters, digits, hyphens and underscores; names the folder of results.
    pub name: String,
    /// The question the scenario answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// Where its numbers come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// From which all chance comes: the same seed gives the same bytes.
    #[serde(default = "default_seed")]
    pub seed: u64,
    /// Length of the run.
    pub duration: SimDuration,
    /// Time at the start of the run that is simulated but not counted, so caches fill.
    #[serde(default)]
    pub warm_up: SimDuration,
    /// Independent runs; two or more give confidence half-widths.
    #[serde(default = "default_replications")]
    pub replications: u32,
    /// More replications are run until the 95 % confidence half-width of the saving of every
    /// configuration, at the assumed level, is at most this: `"0.5%"` is half a percentage point
    /// of the saving. `replications` are then the fewest, ten at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<Share>,
    /// Most replications that `precision` may take; else 1,000, or `replications` if that is more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_replications: Option<u32>,
    /// Whether every request is drawn, or calls without the requests between them.
    #[serde(default, skip_serializing_if = "EngineChoice::is_auto")]
    pub engine: EngineChoice,
    /// Whether names and accounts are a log's own, as `bks fit` takes them: they are held to no rule, so
    /// that an account need not have twelve digits.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub from_log: bool,
    /// The configuration that savings are measured against; else the first with `sse-kms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The configuration the verdict is about; else the first with `sse-kms-bucket-key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headline: Option<String>,
    /// What must hold, such as `saving >= 0.9`; if one does not, bks exits with code 3.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assertions: Vec<String>,
    /// Prices and the period a bill is for.
    #[serde(default)]
    pub billing: BillingFile,
    /// What AWS does not publish.
    #[serde(default)]
    pub assumptions: AssumptionRanges,
    /// KMS calls of multipart uploads.
    #[serde(default)]
    pub multipart: MultipartCalls,
    /// Tenants, customers, tables or buckets that are alike: each has buckets, principals, populations and
    /// workloads as described.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tenants: Vec<TenantsFile>,
    /// The buckets; at least one, if tenants have none.
    #[serde(default, rename = "bucket")]
    pub buckets: Vec<BucketFile>,
    /// Clients besides the built-in ones.
    #[serde(default, rename = "client", skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<ClientProfile>,
    /// Who sends requests; at least one, if tenants have none.
    #[serde(default, rename = "principal")]
    pub principals: Vec<PrincipalFile>,
    /// Objects that are there before the run.
    #[serde(default, rename = "population", skip_serializing_if = "Vec::is_empty")]
    pub populations: Vec<PopulationFile>,
    /// The traffic; at least one, if tenants have none.
    #[serde(default, rename = "workload")]
    pub workloads: Vec<WorkloadFile>,
    /// What to compare; else SSE-KMS and bucket keys under both requester rules.
    #[serde(default = "default_configurations", rename = "configuration")]
    pub configurations: Vec<ConfigurationFile>,
    /// What was made from a log; then there is no workload, as the log's requests are run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<ReplayFile>,
    /// How `run.toml` was made: bks writes it, and refuses a run that would not come again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunFile>,
}

fn default_seed() -> u64 {
    1
}

fn default_replications() -> u32 {
    10
}

fn default_configurations() -> Vec<ConfigurationFile> {
    [
        ("sse-kms", Mode::SseKms, RequesterRule::Role),
        ("bucket-key-role", Mode::SseKmsBucketKey, RequesterRule::Role),
        ("bucket-key-session", Mode::SseKmsBucketKey, RequesterRule::Session),
    ]
    .map(|(name, encryption, requester_rule)| ConfigurationFile {
        name: name.to_owned(),
        encryption,
        requester_rule,
        migrated: false,
        migrated_only: Vec::new(),
        migrated_younger_than: None,
        assumptions: AssumptionOverrides::default(),
    })
    .into()
}

/// Prices and the period a bill is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BillingFile {
    /// The period to which the run is scaled; what happens once is not.
    pub period: SimDuration,
    /// Whether KMS's free requests are left to this traffic: once for all accounts together, as in an
    /// organization, or to each account.
    pub free_tier: FreeTierOwner,
    /// Discount on every price.
    pub discount: Share,
    /// Paid copies of CloudTrail management events (trails besides the first).
    pub cloudtrail_copies: u32,
    /// Whether a trail logs S3 data events in every configuration.
    pub data_events: bool,
    /// Whether every object access must stay in the audit trail: configurations with bucket keys or
    /// SSE-S3 then pay for S3 data events, since no event of KMS names the object.
    pub object_audit: bool,
    /// How often each customer managed key was rotated so far.
    pub key_rotations: u32,
    /// Other KMS requests of each account in each region, which use the same quota.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background_kms: Option<Rate>,
    /// Each account's quota of KMS requests a second in each region, if it is not the region's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_quota_per_s: Option<u64>,
    /// A file of prices in the place of the built-in ones: TOML, as the table `prices`, which wins
    /// over it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_file: Option<String>,
    /// Prices in the place of the built-in ones, by name (`bks list prices`).
    #[serde(skip_serializing_if = "PricesFile::is_empty")]
    pub prices: PricesFile,
    /// Quotas and background load that are not the same for all accounts and regions; of those that
    /// fit, the last one holds.
    #[serde(rename = "quota", skip_serializing_if = "Vec::is_empty")]
    pub quotas: Vec<QuotaFile>,
}

/// The quota of an account, in a region, and what else uses it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct QuotaFile {
    /// Whose it is; without it, every account's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Where; without it, in every region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// KMS requests a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_quota_per_s: Option<u64>,
    /// Other KMS requests under the same quota.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background_kms: Option<Rate>,
}

impl Default for BillingFile {
    fn default() -> Self {
        Self {
            period: SimDuration::from_secs(30 * 86_400),
            free_tier: FreeTierOwner::Once,
            discount: Share::ZERO,
            cloudtrail_copies: 0,
            data_events: false,
            object_audit: false,
            key_rotations: 0,
            background_kms: None,
            kms_quota_per_s: None,
            price_file: None,
            prices: PricesFile::default(),
            quotas: Vec::new(),
        }
    }
}

/// A bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BucketFile {
    /// Its name.
    pub name: String,
    /// Its region; the prices and the quota of what is asked of it are those of this region.
    #[serde(default = "default_region")]
    pub region: String,
    /// Which kind of KMS key encrypts it.
    #[serde(default)]
    pub key: KmsKey,
    /// Name of that key, where other buckets or some of the objects share it; else it is the bucket's
    /// own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key: Option<String>,
    /// In configurations with bucket keys: since when they are on. `0s` turns them on when the run
    /// starts, so objects from before it have none; `always` is a bucket that had them from its
    /// first object on.
    #[serde(default)]
    pub bucket_keys_since: SimTime,
    /// How its objects from before the run are encrypted, whatever is compared; else as each
    /// configuration says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption_before: Option<Mode>,
    /// A directory bucket (S3 Express One Zone): SSE-KMS always uses a bucket key, except copies.
    #[serde(default)]
    pub directory: bool,
}

/// The region of a bucket that is not said to lie elsewhere.
pub(crate) const DEFAULT_REGION: &str = "us-east-1";

fn default_region() -> String {
    DEFAULT_REGION.to_owned()
}

/// Which kind of KMS key encrypts a bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum KmsKey {
    /// A key of the customer's: it costs rent.
    #[default]
    #[serde(rename = "customer-managed")]
    CustomerManaged,
    /// The AWS managed key: free itself, its requests are billed.
    #[serde(rename = "aws/s3")]
    AwsManaged,
}

/// Somebody who sends requests. Exactly one of `role`, `user` and `service` is given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrincipalFile {
    /// What workloads call it.
    pub name: String,
    /// Its account: twelve digits. KMS bills and throttles this account for its calls.
    #[serde(default = "default_account")]
    pub account: String,
    /// Name of the IAM role it assumes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Name of the IAM user it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Name of the AWS service it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Sessions at a time: instances, execution environments, threads.
    #[serde(default = "one")]
    pub sessions: u32,
    /// Distinct scoping (session) policies; sessions carry them in turn: sessions of a role, or
    /// those that a user opens by `GetFederationToken`.
    #[serde(default = "one")]
    pub session_policies: u32,
    /// How long a session lives before another takes its place; without it, the whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_length: Option<SimDuration>,
    /// Whether sessions end one after the other or all at once.
    #[serde(default)]
    pub renewal: Renewal,
    /// Connections to S3 that each session keeps, or `fresh` if each request opens one; without it,
    /// as many as its workloads' clients keep (`bks list clients`), or 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<Connections>,
    /// How its clients repeat a request that is answered 503 `SlowDown`; without it, as its workloads'
    /// clients document, or as AWS's SDKs do by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<Retries>,
    /// Whether KMS bills its account for its calls; without it, unless it is CloudTrail
    /// (`cloudtrail.amazonaws.com`), which reads and writes log files without a charge for the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_billed: Option<bool>,
}

fn default_account() -> String {
    "111122223333".to_owned()
}

fn one() -> u32 {
    1
}

/// When the sessions of a principal end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Renewal {
    /// Spread evenly over a session's length.
    #[default]
    Staggered,
    /// All at the same time, as when a cluster starts anew.
    Together,
}

/// Objects that are there before the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PopulationFile {
    /// What workloads call it.
    pub name: String,
    /// The bucket it lies in.
    pub bucket: String,
    /// How many objects, at most 2^53; or give `written_at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objects: Option<u64>,
    /// At which rate they were written, for uniform ages: gives the number of objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_at: Option<Rate>,
    /// How old they are when the run starts.
    pub age: AgeLaw,
    /// Their size, for workloads that read them; without it, that of the workload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_size: Option<ByteSize>,
    /// The principal whose sessions wrote them, evenly; without it, one requester.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_by: Option<String>,
    /// How they are encrypted, whatever is compared; else as the bucket's `encryption_before`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<Mode>,
    /// Name of the KMS key they are under; else the bucket's. `aws/s3` is the AWS managed key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key: Option<String>,
    /// Their storage class: what a copy of them costs, and whether they must be restored for it.
    #[serde(default, skip_serializing_if = "is_standard")]
    pub storage_class: StorageClass,
    /// Whether retention or a legal hold of Object Lock is on them: `UpdateObjectEncryption` leaves them as
    /// they are.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub object_lock: bool,
    /// Whether they are versions that are no longer current: they cannot be copied in place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub old_versions: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_standard(class: &StorageClass) -> bool {
    *class == StorageClass::Standard
}

/// Traffic of one principal. Either `arrivals` or `jobs` is given, or neither by one that handles each
/// object once that another has just written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkloadFile {
    /// Its name.
    pub name: String,
    /// Who sends it.
    pub principal: String,
    /// The bucket it writes to and lists.
    pub bucket: String,
    /// Which client's requests an action becomes (`bks list clients`).
    #[serde(default = "default_client")]
    pub client: String,
    /// Size of the objects read or written; decides parts.
    #[serde(default = "default_object_size")]
    pub object_size: ByteSize,
    /// False if it writes with the header
    /// `x-amz-server-side-encryption-bucket-key-enabled: false`.
    #[serde(default = "yes")]
    pub bucket_key: bool,
    /// Since when it has run: `-30d` is thirty days before the run. What it wrote in that time, at the
    /// times of its own arrivals or jobs, is there when the run starts.
    #[serde(default = "from_the_start", skip_serializing_if = "is_from_the_start")]
    pub since: SimTime,
    /// How it grows from month to month of thirty days: `"+3%/month"`, `"-10%/month"`, or `"with-data"`, in
    /// proportion to what there is to read. Poisson arrivals become more frequent; jobs handle more objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growth: Option<Growth>,
    /// How the header of its writes asks for new objects to be encrypted, whatever is compared; else
    /// there is none, and they are as each configuration says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<Mode>,
    /// Name of the KMS key that it writes under; else the bucket's. `aws/s3` is the AWS managed key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key: Option<String>,
    /// When actions arrive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrivals: Option<Arrivals>,
    /// Weights of the kinds of action that arrive; else reads if `read` is given, else writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mix: Option<Mix>,
    /// Jobs instead of arrivals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jobs: Option<Jobs>,
    /// What is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<ReadFile>,
}

fn default_client() -> String {
    "direct".to_owned()
}

/// The size of a workload's objects, if it does not say.
pub(crate) const DEFAULT_OBJECT_SIZE: ByteSize = ByteSize::mib(1);

const fn default_object_size() -> ByteSize {
    DEFAULT_OBJECT_SIZE
}

fn yes() -> bool {
    true
}

fn from_the_start() -> SimTime {
    SimTime::ZERO
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_from_the_start(since: &SimTime) -> bool {
    *since == SimTime::ZERO
}

/// What a workload reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadFile {
    /// Populations and workloads whose objects are read: at most one of each kind. Objects from
    /// before the run come from the population, objects of the run from the workload.
    pub from: Vec<String>,
    /// How they are chosen.
    pub pattern: ReadPattern,
    /// Whether sessions under a scoping policy read only what sessions under the same policy wrote;
    /// without it they do if readers and writers have as many `session_policies`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owned: Option<bool>,
}

/// One way to encrypt the buckets, and one reading of what is not published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfigurationFile {
    /// Its name: lower-case letters, digits, hyphens and underscores.
    pub name: String,
    /// How new objects are encrypted.
    pub encryption: Mode,
    /// Who is one requester.
    #[serde(default = "default_rule")]
    pub requester_rule: RequesterRule,
    /// Whether all populations were re-encrypted under bucket keys before the run.
    #[serde(default)]
    pub migrated: bool,
    /// The populations that were, if not all: those that are worth it. Then `migrated` need not be given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub migrated_only: Vec<String>,
    /// The age at the start of the run up to which objects were, if not all. Then `migrated` need not be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migrated_younger_than: Option<SimDuration>,
    /// Assumptions that differ from the scenario's.
    #[serde(default, skip_serializing_if = "AssumptionOverrides::is_empty")]
    pub assumptions: AssumptionOverrides,
}

impl ScenarioFile {
    /// The configurations that a scenario without any has, those under another rule left out.
    #[must_use]
    pub fn configurations_under(rule: RequesterRule) -> Vec<ConfigurationFile> {
        let mut all = default_configurations();
        all.retain(|one| one.encryption == Mode::SseKms || one.requester_rule == rule);
        all
    }
}

fn default_rule() -> RequesterRule {
    RequesterRule::Role
}
