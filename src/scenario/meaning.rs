//! A scenario as meant: names resolved to numbers, every value checked.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use crate::encryption::Mode;
use crate::encryption::assumption::{AssumptionRanges, Assumptions};
use crate::encryption::history::{Ages, Writing};
use crate::encryption::needs::MultipartCalls;
use crate::encryption::requester::{RequesterRule, Requesters};
use crate::encryption::service::{BucketScheme, Scheme};
use crate::inventory::StorageClass;
use crate::kms::accounts::{Accounts, Charged};
use crate::pricing::{PriceName, PriceTable, Terms};
use crate::quota::QuotaTerms;
use crate::quota::closed_loop::ClientGroup;
use crate::recording::Recording;
use crate::recording::earlier_objects::ObjectOrigin;
use crate::recording::requests::OptOuts;
use crate::rng::Seed;
use crate::s3::{Connections, Object, Principal, Request, Retries, SessionSlot};
use crate::statistics::Precision;
use crate::tally::Window;
use crate::units::{ByteSize, SimDuration, SimTime};
use crate::workload::Workload;
use crate::workload::ages::AgeLaw;

use super::assertion::Assertion;
use super::connections::Basis;
use super::engine::EngineChoice;
use super::replay::UnknownAge;
use super::written::ScenarioFile;

/// A scenario as meant.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// As written, with overrides applied and included files embedded: what `run.toml` says.
    pub(super) written: ScenarioFile,
    /// Names the folder of results.
    pub name: String,
    /// The question it answers.
    pub question: Option<String>,
    /// Where its numbers come from.
    pub source: Option<String>,
    /// Which engine it asks for.
    pub engine: EngineChoice,
    /// From which all chance comes.
    pub seed: Seed,
    /// End of the run.
    pub end: SimTime,
    /// When counting starts.
    pub counted_from: SimTime,
    /// Number of independent runs; the fewest, if there is a precision to reach.
    pub replications: u32,
    /// How precise savings are to be.
    pub precision: Option<Precision>,
    /// The buckets.
    pub buckets: Vec<Bucket>,
    /// What requests call a bucket: its parts, each encrypted in one way. The first are the buckets
    /// themselves, in their order; parts in which somebody says otherwise follow.
    pub domains: Vec<Domain>,
    /// Who sends requests.
    pub principals: Vec<Principal>,
    /// What the scenario calls each of them, and what its sessions are like.
    pub senders: Vec<Sender>,
    /// All principals' session slots.
    pub slots: Vec<SessionSlot>,
    /// Objects from before the run.
    pub populations: Vec<Population>,
    /// The traffic.
    pub workloads: Vec<Workload>,
    /// What to compare.
    pub configurations: Vec<Configuration>,
    /// Index of the configuration that savings are measured against.
    pub reference: usize,
    /// Index of the configuration the verdict is about.
    pub headline: usize,
    /// KMS calls of multipart uploads.
    pub multipart: MultipartCalls,
    /// Whose KMS calls are whose.
    pub accounts: Accounts,
    /// Prices, terms, period and quotas.
    pub billing: Billing,
    /// What must hold.
    pub assertions: Vec<Assertion>,
    /// A log's requests, which are run instead of drawn ones.
    pub recording: Option<Arc<Recording>>,
    /// Which bucket-level keys wrap objects whose writing that log does not tell.
    pub unknown_age: UnknownAge,
    /// What becomes of that log's writes that switch bucket keys off by header.
    pub opt_outs: OptOuts,
}

/// A bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// Its region.
    pub region: String,
    /// Name of the KMS key that encrypts it, if the scenario gives one.
    pub kms_key: Option<String>,
}

/// Who sends requests, as the scenario calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Its name.
    pub name: String,
    /// Sessions at a time.
    pub sessions: u32,
    /// Distinct scoping policies of these sessions.
    pub session_policies: u32,
    /// On which connections the requests of each session come.
    pub connections: Connections,
    /// Why on these.
    pub basis: Basis,
    /// How its clients repeat what is throttled.
    pub retries: Retries,
    /// Why so.
    pub retries_basis: Basis,
}

/// The part of a bucket whose objects are encrypted in one way: under one KMS key, or as whoever wrote
/// them said. S3's memory is apart for each, as for different buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Domain {
    /// The bucket, as its place in [`Scenario::buckets`].
    pub bucket: u32,
    /// How its objects are encrypted in every configuration; `None` if as the configuration says.
    pub encryption: Option<Mode>,
    /// Whether its objects are all from before the run and encrypted as told, so that a migration
    /// changes how.
    pub before: bool,
    /// Since when bucket keys are on, in configurations that use them.
    pub keys_since: SimTime,
    /// Whether it is a directory bucket.
    pub directory: bool,
    /// Number of the customer managed key whose rent it causes where it asks KMS; `None` for the AWS
    /// managed key, and where nothing is stored.
    pub rented_key: Option<u32>,
}

impl Domain {
    /// Whether `UpdateObjectEncryption` gives its objects bucket keys: those in directory buckets, those
    /// told to have one, and those of buckets that have always had bucket keys have it already, and it takes no
    /// objects under DSSE-KMS.
    #[must_use]
    pub fn migrates(&self) -> bool {
        let has_key = match self.encryption {
            None => self.directory || self.keys_since == SimTime::MIN,
            Some(told) => self.directory || told == Mode::SseKmsBucketKey,
        };
        let is_told = self.encryption.is_some();
        !has_key && self.encryption != Some(Mode::DsseKms) && (self.before || !is_told)
    }

    /// Whether re-encrypting an object takes a call on its old key.
    #[must_use]
    pub fn is_under_kms(&self) -> bool {
        self.encryption != Some(Mode::SseS3)
    }
}

/// Objects from before the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Population {
    /// Its name.
    pub name: String,
    /// What it lies in, as its place in [`Scenario::domains`].
    pub bucket: u32,
    /// How many objects.
    pub objects: u64,
    /// Their ages.
    pub age: AgeLaw,
    /// The session slots that wrote it; empty for a single requester of its own.
    pub writers: Range<u32>,
    /// Whether its objects are kept one by one (see [`crate::workload::written`]).
    pub kept: bool,
    /// How many scoping policies own its objects, which then only they read; 1 if everybody does.
    pub policies: u32,
    /// Bytes of each object, if told.
    pub size: Option<ByteSize>,
    /// Their storage class.
    pub class: StorageClass,
    /// Whether Object Lock holds them.
    pub is_locked: bool,
    /// Whether they are versions that are no longer current.
    pub old_versions: bool,
}

/// Who wrote a population, as requesters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writers {
    /// The weight of each requester.
    pub weights: Vec<u32>,
    /// Over how many parts of S3's fleet the writes of each are spread.
    pub partitions: Vec<u32>,
    /// For each session slot that wrote the index of its requester.
    pub of_slot: Vec<u32>,
}

impl Ages for AgeLaw {
    fn cdf(&self, age: SimDuration) -> f64 {
        AgeLaw::cdf(self, age)
    }
    fn quantile(&self, p: f64) -> SimDuration {
        AgeLaw::quantile(self, p)
    }
}

impl Population {
    /// The population's writers as requesters, under some assumptions. Nobody in particular is one
    /// requester with as many connections as a client without a documented pool.
    #[must_use]
    pub fn writers(&self, requesters: &Requesters, assumptions: &Assumptions) -> Writers {
        if self.writers.is_empty() {
            let partitions = vec![assumptions.partitions(Connections::ASSUMED).writing];
            return Writers { weights: vec![1], partitions, of_slot: vec![0] };
        }
        let mut index_of = BTreeMap::new();
        let mut writers =
            Writers { weights: Vec::new(), partitions: Vec::new(), of_slot: Vec::new() };
        for slot in self.writers.clone() {
            let requester = requesters.of_slot[slot as usize];
            let index = *index_of.entry(requester).or_insert_with(|| {
                let connections = requesters.list[requester as usize].connections;
                writers.weights.push(0);
                writers.partitions.push(assumptions.partitions(connections).writing);
                writers.weights.len() - 1
            });
            writers.weights[index] += 1;
            writers.of_slot.push(index as u32);
        }
        writers
    }

    /// How the population was written by its writers under some assumptions.
    #[must_use]
    pub fn writing<'a>(
        &'a self,
        since: SimTime,
        writers: &'a Writers,
        assumptions: &Assumptions,
    ) -> Writing<'a> {
        Writing {
            objects: self.objects,
            ages: &self.age,
            since,
            writers: &writers.weights,
            partitions: &writers.partitions,
            generation_lifetime: assumptions.generation_lifetime,
        }
    }
}

/// One way to encrypt the buckets.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    /// Its name.
    pub name: String,
    /// How new objects are encrypted.
    pub mode: Mode,
    /// Who is one requester.
    pub rule: RequesterRule,
    /// Whether populations were re-encrypted under bucket keys before the run.
    pub migrated: bool,
    /// Which of them, if not all.
    pub migrated_only: Vec<u32>,
    /// Of these the objects that are younger at the start of the run, if not all.
    pub migrated_younger_than: Option<SimDuration>,
    /// What AWS does not publish.
    pub ranges: AssumptionRanges,
}

impl Configuration {
    /// Whether any bucket uses bucket keys, so that what AWS does not publish changes what the
    /// configuration costs: directory buckets always do.
    #[must_use]
    pub fn uses_bucket_keys(&self, domains: &[Domain]) -> bool {
        domains.iter().any(|domain| matches!(self.treats(domain), BucketScheme::BucketKey { .. }))
    }

    /// Number of customer managed keys that cost rent: those that KMS is asked for.
    #[must_use]
    pub fn rented_keys(&self, domains: &[Domain]) -> usize {
        let asking = domains.iter().filter(|domain| self.treats(domain) != BucketScheme::NoKms);
        asking.filter_map(|domain| domain.rented_key).collect::<BTreeSet<u32>>().len()
    }

    /// How S3 treats the requests of one part of a bucket.
    #[must_use]
    pub fn treats(&self, domain: &Domain) -> BucketScheme {
        self.treats_if(domain, self.migrated)
    }

    /// How S3 treats the objects of a population, whose number and part of a bucket are given.
    #[must_use]
    pub fn treats_population(&self, population: usize, domain: &Domain) -> BucketScheme {
        self.treats_if(domain, self.migrates(population))
    }

    fn treats_if(&self, domain: &Domain, migrated: bool) -> BucketScheme {
        let mode = match domain.encryption {
            Some(_) if migrated && domain.migrates() => Mode::SseKmsBucketKey,
            Some(mode) => mode,
            None => self.mode,
        };
        match mode {
            Mode::SseS3 => BucketScheme::NoKms,
            Mode::SseKms | Mode::SseKmsBucketKey if domain.directory => {
                BucketScheme::BucketKey { since: SimTime::MIN, copies: false }
            }
            Mode::SseKms | Mode::DsseKms => BucketScheme::KeyPerObject,
            Mode::SseKmsBucketKey => {
                BucketScheme::BucketKey { since: domain.keys_since, copies: true }
            }
        }
    }

    /// Whether a population was re-encrypted under bucket keys before the run, if its bucket has those to
    /// give.
    #[must_use]
    pub fn migrates(&self, population: usize) -> bool {
        let only = &self.migrated_only;
        self.migrated && (only.is_empty() || only.contains(&(population as u32)))
    }

    /// How many objects of a population were re-encrypted, if it was: all, or those of an age that have no
    /// bucket key yet.
    #[must_use]
    pub fn objects_migrated(&self, scenario: &Scenario, population: &Population) -> u64 {
        let Some(younger_than) = self.migrated_younger_than else { return population.objects };
        let domain = scenario.domain_of(population);
        let since = domain.keys_since.min(SimTime::ZERO);
        let is_told = domain.encryption.is_some() || since == SimTime::MIN;
        let with_key = if is_told { 0.0 } else { population.age.cdf(SimTime::ZERO.since(since)) };
        let share = (population.age.cdf(younger_than) - with_key).max(0.0);
        (population.objects as f64 * share).round() as u64
    }

    /// Whether KMS's events name each object whose data is read or written, so that the audit by object
    /// needs no S3 data events: with bucket keys they name the bucket, and without KMS there is none.
    #[must_use]
    pub fn logs_objects(&self, domains: &[Domain]) -> bool {
        domains.iter().all(|domain| self.treats(domain) == BucketScheme::KeyPerObject)
    }

    /// How S3 treats the buckets' requests in this configuration.
    #[must_use]
    pub fn scheme(&self, scenario: &Scenario, assumptions: Assumptions) -> Scheme {
        let populations = scenario.populations.iter().enumerate();
        Scheme {
            buckets: scenario.domains.iter().map(|domain| self.treats(domain)).collect(),
            populations: populations
                .map(|(index, it)| self.treats_population(index, scenario.domain_of(it)))
                .collect(),
            assumptions,
            multipart: scenario.multipart,
        }
    }
}

/// Whose the monthly KMS free tier is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FreeTierOf {
    /// Of all accounts together, as in an organization: spent once.
    All,
    /// Of each account, for they pay for themselves.
    Each,
    /// Somebody else's.
    Nobody,
}

/// Prices, terms, period and quotas.
#[derive(Clone, Debug, PartialEq)]
pub struct Billing {
    /// The prices in force in each region, in the order of [`Accounts::regions`].
    pub prices: Vec<PriceTable>,
    /// Discount, trails, and whether anybody has a free tier.
    pub terms: Terms,
    /// Whose that is.
    pub free_tier: FreeTierOf,
    /// Whether configurations whose KMS events name no objects pay for S3 data events to keep the audit
    /// by object.
    pub object_audit: bool,
    /// The period to which the run is scaled.
    pub period: SimDuration,
    /// Rotations of each customer managed key so far.
    pub rotations: u32,
    /// The KMS request quota of each account in each region, and what else it bears, in the order of
    /// [`Accounts::list`].
    pub quotas: Vec<QuotaTerms>,
    /// The clients of each of these accounts, by how they repeat what is throttled, in the order of
    /// [`Charged::clients`].
    pub clients: Vec<Vec<ClientGroup>>,
}

/// Prices of a migration by S3 Batch Operations.
const OF_MIGRATION: [PriceName; 3] =
    [PriceName::BatchJob, PriceName::BatchObject, PriceName::BatchManifestObject];

impl Scenario {
    /// Refuses a scenario of which a migration has no price: its own bill may not need them.
    ///
    /// # Errors
    /// Names the prices.
    pub(crate) fn require_prices_of_migration(&self) -> crate::error::Result<()> {
        self.billing.prices.iter().try_for_each(|prices| prices.require(&OF_MIGRATION))
    }

    /// Length of the run.
    #[must_use]
    pub fn duration(&self) -> SimDuration {
        self.end.since(SimTime::ZERO)
    }

    /// Length of the counted part of the run.
    #[must_use]
    pub fn counted(&self) -> SimDuration {
        self.end.since(self.counted_from)
    }

    /// The populations that a configuration's migration re-encrypts.
    pub fn migrating<'a>(
        &'a self,
        configuration: &'a Configuration,
    ) -> impl Iterator<Item = &'a Population> {
        let all = self.populations.iter().enumerate();
        all.filter(|(index, it)| configuration.migrates(*index) && self.domain_of(it).migrates())
            .map(|(_, population)| population)
    }

    /// What a population lies in.
    #[must_use]
    pub fn domain_of(&self, population: &Population) -> &Domain {
        &self.domains[population.bucket as usize]
    }

    /// The bucket that requests call by a number.
    #[must_use]
    pub fn bucket(&self, domain: u32) -> &Bucket {
        &self.buckets[self.domains[domain as usize].bucket as usize]
    }

    /// Since when a population's objects have bucket keys, where its bucket is so encrypted: as long as
    /// the bucket has, if no inventory tells of the objects themselves.
    #[must_use]
    pub fn keys_since(&self, population: usize, scheme: &Scheme) -> SimTime {
        let bucket = scheme.populations[population];
        let before = self.recording.as_ref().and_then(|log| log.before.get(population));
        match (bucket, before.map(|before| &before.origin)) {
            (BucketScheme::BucketKey { .. }, Some(ObjectOrigin::WithoutKey)) => SimTime::ZERO,
            (BucketScheme::BucketKey { .. }, Some(ObjectOrigin::Written(_))) => SimTime::MIN,
            _ => bucket.since(),
        }
    }

    /// How many writes made a population, if an inventory tells of them.
    pub(crate) fn writes_before(&self, population: usize) -> Option<u64> {
        match &self.recording.as_ref()?.before.get(population)?.origin {
            ObjectOrigin::Written(times) => Some(times.len() as u64),
            ObjectOrigin::Unknown | ObjectOrigin::WithoutKey | ObjectOrigin::WithoutKms => None,
        }
    }

    /// The principal in whose name a workload runs.
    #[must_use]
    pub fn principal_of(&self, workload: &Workload) -> u32 {
        self.slots[workload.slots.start as usize].principal
    }

    /// Where the KMS calls of a principal's request count: those for what it reads where that lies, all
    /// others where the request goes.
    #[inline]
    #[must_use]
    pub fn charged(&self, principal: usize, request: &Request) -> Charged {
        self.accounts.charged(principal, request.bucket, self.bucket_read(request))
    }

    /// The bucket that a request reads from; its own, if it reads nothing.
    #[inline]
    #[must_use]
    pub fn bucket_read(&self, request: &Request) -> u32 {
        match request.object {
            Object::Written { bucket, .. } => bucket,
            Object::Ranked { population, .. } | Object::Aged { population, .. } => {
                self.populations[population as usize].bucket
            }
            Object::None | Object::Unserved | Object::Keyless => request.bucket,
        }
    }

    /// The workloads that happen once: their part of the bill is not scaled to the billing period.
    pub fn once(&self) -> impl Iterator<Item = &Workload> {
        let drawn = self.recording.is_none();
        self.workloads.iter().filter(move |workload| drawn && workload.happens_once())
    }

    /// When the first workload began: the start of the run, or before.
    #[must_use]
    pub fn since(&self) -> SimTime {
        self.workloads.iter().map(|workload| workload.since).min().unwrap_or(SimTime::ZERO)
    }

    /// The counted part of the run.
    #[must_use]
    pub fn window(&self) -> Window {
        Window::new(self.counted_from, self.end)
    }

    /// Whether any request needs the key of an object that was written during the run.
    #[must_use]
    pub fn unwraps_new_keys(&self) -> bool {
        self.recording.is_some() || self.workloads.iter().any(Workload::unwraps_new_keys)
    }

    /// Mean number of S3 requests of one replication.
    #[must_use]
    pub fn expected_requests(&self) -> f64 {
        let duration = self.duration();
        let drawn: f64 = self.workloads.iter().map(|it| it.expected_requests(duration)).sum();
        drawn + self.recorded_requests()
    }

    /// Number of a log's requests.
    pub(crate) fn recorded_requests(&self) -> f64 {
        self.recording.as_ref().map_or(0.0, |recording| recording.seen.all as f64)
    }

    /// Name of the principal's session in a slot, as in its ARN.
    #[must_use]
    pub fn session_name(&self, slot: &SessionSlot) -> String {
        match &self.recording {
            Some(recording) => recording.session_name(slot.principal, slot.number).to_owned(),
            None => {
                format!("{}-{}", self.senders[slot.principal as usize].name, slot.number)
            }
        }
    }
}
