//! What is written to what is meant: names become numbers, values are held against each other.

use std::collections::BTreeSet;
use std::ops::Range;

use super::assertion::Assertion;
use super::file::{
    BucketFile, ConfigurationFile, KmsKey, PopulationFile, PrincipalFile, ReadFile, Renewal,
    ScenarioFile, WorkloadFile,
};
use super::{Billing, Bucket, Configuration, Population, Scenario};
use crate::encryption::Mode;
use crate::encryption::history::MAX_OBJECTS;
use crate::error::{Error, one_of};
use crate::kms::request_quota_per_s;
use crate::pricing::{PriceTable, Terms};
use crate::rng::Seed;
use crate::s3::{Identity, Principal, SessionSlot};
use crate::units::{Price, SimDuration, SimTime};
use crate::workload::access::{ReadPopulation, ReadWritten, Reads};
use crate::workload::ages::AgeLaw;
use crate::workload::clients::{self, ClientProfile};
use crate::workload::{Mix, Traffic, Workload};

/// An error, and the key it is about: `workload.0.principal`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misplaced {
    /// Keys and indices from the top of the file, joined by dots.
    pub path: String,
    /// What is wrong there.
    pub error: Error,
}

type Resolved<T> = std::result::Result<T, Misplaced>;

/// Most session slots of all principals together.
const MAX_SESSIONS: u64 = 1_000_000;
/// Longest run: tallies by the second are held in memory.
const MAX_DURATION: SimDuration = SimDuration::from_secs(366 * 86_400);
/// Most replications.
const MAX_REPLICATIONS: u32 = 10_000;

fn misplaced(path: impl Into<String>, error: Error) -> Misplaced {
    Misplaced { path: path.into(), error }
}

fn refuse<T>(path: impl Into<String>, message: impl Into<String>) -> Resolved<T> {
    Err(misplaced(path, Error::request(message)))
}

trait AtPath<T> {
    fn at_path(self, path: impl FnOnce() -> String) -> Resolved<T>;
}

impl<T> AtPath<T> for crate::error::Result<T> {
    fn at_path(self, path: impl FnOnce() -> String) -> Resolved<T> {
        self.map_err(|error| misplaced(path(), error))
    }
}

/// Gives what is written its meaning.
///
/// # Errors
/// The first thing that names nothing, contradicts another or goes beyond what bks can hold.
pub fn resolve(file: ScenarioFile) -> Resolved<Scenario> {
    check_run(&file)?;
    check_names(&file)?;
    let buckets: Vec<Bucket> = file.buckets.iter().map(bucket).collect();
    let principals = file
        .principals
        .iter()
        .enumerate()
        .map(|(i, written)| principal(i, written))
        .collect::<Resolved<_>>()?;
    let (slots, principal_slots) = session_slots(&file.principals)?;
    let names = Names { file: &file, principal_slots: &principal_slots };
    let populations: Vec<Population> = file
        .populations
        .iter()
        .enumerate()
        .map(|(i, written)| names.population(i, written))
        .collect::<Resolved<_>>()?;
    let workloads = file
        .workloads
        .iter()
        .enumerate()
        .map(|(i, written)| names.workload(i, written, &populations))
        .collect::<Resolved<_>>()?;
    let configurations = file
        .configurations
        .iter()
        .enumerate()
        .map(|(i, written)| configuration(i, written, &file))
        .collect::<Resolved<Vec<_>>>()?;
    let reference = chosen(&file, "reference", file.reference.as_deref(), Mode::SseKms)?;
    let headline = chosen(&file, "headline", file.headline.as_deref(), Mode::SseKmsBucketKey)?;
    let assertions = assertions(&file)?;
    let billing = billing(&file)?;
    Ok(Scenario {
        seed: Seed(file.seed),
        end: SimTime::from(file.duration),
        counted_from: SimTime::from(file.warm_up),
        replications: file.replications,
        buckets,
        principals,
        slots,
        principal_slots,
        populations,
        workloads,
        configurations,
        reference,
        headline,
        multipart: file.multipart,
        billing,
        assertions,
        file,
    })
}

fn check_run(file: &ScenarioFile) -> Resolved<()> {
    if file.duration < SimDuration::from_secs(1) || file.duration > MAX_DURATION {
        return refuse(
            "duration",
            format!(
                "`duration` is `{}`, but must lie between 1s and {MAX_DURATION}",
                file.duration
            ),
        );
    }
    if file.warm_up >= file.duration {
        return refuse(
            "warm_up",
            format!(
                "`warm_up` is `{}`, but must be shorter than the duration, `{}`",
                file.warm_up, file.duration
            ),
        );
    }
    if !(1..=MAX_REPLICATIONS).contains(&file.replications) {
        return refuse(
            "replications",
            format!(
                "`replications` is `{}`, but must lie between 1 and {MAX_REPLICATIONS}",
                file.replications
            ),
        );
    }
    if file.multipart.upload_part > 1 || file.multipart.complete > 1 {
        return refuse("multipart", "`multipart` has more than `1` call, but each is 0 or 1");
    }
    if i64::try_from(file.seed).is_err() {
        return refuse("seed", format!("`seed` is `{}`, but must be below 2^63", file.seed));
    }
    file.assumptions.check().at_path(|| "assumptions".into())
}

/// Whether `name` can name a configuration or a folder of results.
fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    name.chars().all(plain) && name.starts_with(|c: char| c.is_ascii_alphanumeric())
}

fn check_names(file: &ScenarioFile) -> Resolved<()> {
    const HINT: &str = "use lower-case letters, digits and hyphens, e.g., `emr10`";
    if !is_plain(&file.name) {
        let error =
            Error::request(format!("`name` is `{}`, which cannot name a folder", file.name));
        return Err(misplaced("name", error.hint(HINT)));
    }
    for (i, configuration) in file.configurations.iter().enumerate() {
        if !is_plain(&configuration.name) {
            let error =
                Error::request(format!("`{}` cannot name a configuration", configuration.name));
            return Err(misplaced(format!("configuration.{i}.name"), error.hint(HINT)));
        }
    }
    // Populations and workloads share one set of names, since reads may be from either.
    let sources = file.populations.iter().map(|p| ("population", &p.name));
    let sources = sources.chain(file.workloads.iter().map(|w| ("workload", &w.name)));
    unique(sources)?;
    unique(file.buckets.iter().map(|b| ("bucket", &b.name)))?;
    unique(file.principals.iter().map(|p| ("principal", &p.name)))?;
    unique(file.configurations.iter().map(|c| ("configuration", &c.name)))?;
    unique(file.clients.iter().map(|c| ("client", &c.name)))?;
    for (kind, empty) in [
        ("bucket", file.buckets.is_empty()),
        ("principal", file.principals.is_empty()),
        ("workload", file.workloads.is_empty()),
        ("configuration", file.configurations.is_empty()),
    ] {
        if empty {
            return refuse(kind, format!("there is no `{kind}`, but a scenario has at least one"));
        }
    }
    Ok(())
}

fn unique<'a>(names: impl Iterator<Item = (&'static str, &'a String)>) -> Resolved<()> {
    let mut seen = BTreeSet::new();
    let mut index = std::collections::BTreeMap::new();
    for (kind, name) in names {
        let i = *index.entry(kind).and_modify(|i| *i += 1).or_insert(0);
        if !seen.insert(name) {
            return refuse(
                format!("{kind}.{i}.name"),
                format!("the name `{name}` is used twice, but names must differ"),
            );
        }
    }
    Ok(())
}

fn bucket(written: &BucketFile) -> Bucket {
    Bucket {
        keys_since: written.bucket_keys_since,
        directory: written.directory,
        customer_managed_key: written.key == KmsKey::CustomerManaged,
    }
}

fn principal(index: usize, written: &PrincipalFile) -> Resolved<Principal> {
    let path = |key: &str| format!("principal.{index}.{key}");
    if written.account.len() != 12 || !written.account.bytes().all(|b| b.is_ascii_digit()) {
        return refuse(
            path("account"),
            format!("`account` is `{}`, but an account has twelve digits", written.account),
        );
    }
    let identity = match (&written.role, &written.user, &written.service) {
        (Some(role), None, None) => Identity::Role(role.clone()),
        (None, Some(user), None) => Identity::User(user.clone()),
        (None, None, Some(service)) => Identity::Service(service.clone()),
        _ => {
            let error = Error::request(format!(
                "principal `{}` must have exactly one of `role`, `user` and `service`",
                written.name
            ));
            return Err(misplaced(path("name"), error.hint("give e.g., `role = \"analytics\"`")));
        }
    };
    if written.sessions == 0 || written.session_policies == 0 {
        return refuse(path("name"), format!("principal `{}` has `0` sessions", written.name));
    }
    if written.session_policies > written.sessions {
        return refuse(
            path("session_policies"),
            format!(
                "`session_policies` is `{}`, but at most one for each of `{}` sessions can be in use",
                written.session_policies, written.sessions
            ),
        );
    }
    if written.session_length.is_some_and(|length| length < SimDuration::from_secs(1)) {
        return refuse(path("session_length"), "`session_length` is less than `1s`");
    }
    Ok(Principal { account: written.account.clone(), identity })
}

fn session_slots(principals: &[PrincipalFile]) -> Resolved<(Vec<SessionSlot>, Vec<Range<u32>>)> {
    let total: u64 = principals.iter().map(|p| u64::from(p.sessions)).sum();
    if total > MAX_SESSIONS {
        return refuse(
            "principal",
            format!("all principals have `{total}` sessions, but at most {MAX_SESSIONS} fit"),
        );
    }
    let mut slots = Vec::new();
    let mut ranges = Vec::new();
    for (index, principal) in principals.iter().enumerate() {
        let first = slots.len() as u32;
        slots.extend((0..principal.sessions).map(|number| SessionSlot {
            principal: index as u32,
            number,
            policy: match principal.session_policies {
                1 => 0,
                policies => 1 + number % policies,
            },
            session_length: principal.session_length,
            first_renewal: first_renewal(principal, number),
        }));
        ranges.push(first..slots.len() as u32);
    }
    Ok((slots, ranges))
}

/// When the session that is under way in a slot at the start is renewed for the first time.
fn first_renewal(principal: &PrincipalFile, number: u32) -> SimTime {
    let length = principal.session_length.map_or(0, SimDuration::as_nanos);
    match principal.renewal {
        Renewal::Together => SimTime::from_nanos(length),
        Renewal::Staggered => {
            let part = i128::from(length) * i128::from(number + 1) / i128::from(principal.sessions);
            SimTime::from_nanos(part as i64)
        }
    }
}

fn configuration(
    index: usize,
    written: &ConfigurationFile,
    file: &ScenarioFile,
) -> Resolved<Configuration> {
    let ranges = written.assumptions.over(&file.assumptions);
    ranges.check().at_path(|| format!("configuration.{index}.assumptions"))?;
    if written.migrated && written.encryption != Mode::SseKmsBucketKey {
        return refuse(
            format!("configuration.{index}.migrated"),
            "`migrated` is `true`, but only `sse-kms-bucket-key` has something to migrate to",
        );
    }
    Ok(Configuration {
        name: written.name.clone(),
        mode: written.encryption,
        rule: written.requester_rule,
        migrated: written.migrated,
        ranges,
    })
}

/// The configuration named under `key`, else the first of `mode`, else the first.
fn chosen(file: &ScenarioFile, key: &str, name: Option<&str>, mode: Mode) -> Resolved<usize> {
    let configurations = &file.configurations;
    match name {
        Some(name) => find(name, "configuration", configurations.iter().map(|c| c.name.as_str()))
            .at_path(|| key.into()),
        None => Ok(configurations.iter().position(|c| c.encryption == mode).unwrap_or_default()),
    }
}

fn find<'a>(
    name: &str,
    kind: &str,
    names: impl Iterator<Item = &'a str> + Clone,
) -> crate::error::Result<usize> {
    names.clone().position(|known| known == name).ok_or_else(|| {
        Error::request(format!("`{name}` is not a {kind} of this scenario"))
            .hint(one_of(name, names.collect::<Vec<_>>()))
    })
}

fn assertions(file: &ScenarioFile) -> Resolved<Vec<Assertion>> {
    let mut assertions = Vec::new();
    for (i, text) in file.assertions.iter().enumerate() {
        let path = || format!("assertions.{i}");
        let assertion: Assertion = text.parse().at_path(path)?;
        if let Some(name) = &assertion.configuration {
            let names = file.configurations.iter().map(|c| c.name.as_str());
            find(name, "configuration", names).at_path(path)?;
        }
        assertions.push(assertion);
    }
    Ok(assertions)
}

fn billing(file: &ScenarioFile) -> Resolved<Billing> {
    let written = &file.billing;
    let region = &file.buckets[0].region;
    if let Some(other) = file.buckets.iter().position(|bucket| bucket.region != *region) {
        return refuse(
            format!("bucket.{other}.region"),
            format!(
                "bucket `{}` lies in `{}`, but quota and prices are those of one region, `{region}`",
                file.buckets[other].name, file.buckets[other].region
            ),
        );
    }
    let overrides: Vec<(&str, Price)> =
        written.prices.iter().map(|(name, price)| (name.as_str(), *price)).collect();
    let path = || if overrides.is_empty() { "bucket.0.region" } else { "billing.prices" }.into();
    let prices = PriceTable::with_prices(region, &overrides).at_path(path)?;
    if written.period < SimDuration::from_secs(1) {
        return refuse("billing.period", "`period` is less than `1s`");
    }
    let quota_per_s = written.kms_quota_per_s.unwrap_or_else(|| request_quota_per_s(region));
    if quota_per_s == 0 {
        return refuse("billing.kms_quota_per_s", "`kms_quota_per_s` is `0`");
    }
    Ok(Billing {
        prices,
        terms: Terms {
            free_tier: written.free_tier,
            discount: written.discount,
            cloudtrail_copies: written.cloudtrail_copies,
            data_events: written.data_events,
        },
        object_audit: written.object_audit,
        period: written.period,
        rotations: written.key_rotations,
        quota_per_s,
        background_per_s: written.background_kms.map_or(0, |rate| rate.as_per_s().round() as u64),
    })
}

/// Looks up what workloads and populations name.
struct Names<'a> {
    file: &'a ScenarioFile,
    principal_slots: &'a [Range<u32>],
}

impl Names<'_> {
    fn bucket(&self, path: String, name: &str) -> Resolved<u32> {
        let names = self.file.buckets.iter().map(|b| b.name.as_str());
        find(name, "bucket", names).map(|i| i as u32).at_path(|| path)
    }

    fn slots(&self, path: String, name: &str) -> Resolved<Range<u32>> {
        let names = self.file.principals.iter().map(|p| p.name.as_str());
        let index = find(name, "principal", names).at_path(|| path)?;
        Ok(self.principal_slots[index].clone())
    }

    fn population(&self, index: usize, written: &PopulationFile) -> Resolved<Population> {
        let path = |key: &str| format!("population.{index}.{key}");
        written.age.check().at_path(|| path("age"))?;
        let objects = match (written.objects, written.written_at, &written.age) {
            (Some(objects), None, _) => objects,
            (None, Some(rate), AgeLaw::Uniform(ages)) => {
                let span_s = ages.to.as_secs_f64() - ages.from.as_secs_f64();
                (rate.as_per_s() * span_s).round() as u64
            }
            (None, Some(_), _) => {
                let error = Error::request("`written_at` is given, but the ages are not uniform");
                return Err(misplaced(path("written_at"), error.hint("give `objects` instead")));
            }
            _ => {
                return refuse(
                    path("name"),
                    format!(
                        "population `{}` must have exactly one of `objects` and `written_at`",
                        written.name
                    ),
                );
            }
        };
        if !(1..=MAX_OBJECTS).contains(&objects) {
            let error = Error::request(format!(
                "`objects` is `{objects}`, but a population has from 1 to 2^53 ({MAX_OBJECTS}) \
                 objects"
            ));
            let hint = "beyond 2^53 counts are no longer exact; split the population";
            return Err(misplaced(path("objects"), error.hint(hint)));
        }
        let writers = match &written.written_by {
            Some(name) => self.slots(path("written_by"), name)?,
            None => 0..0,
        };
        Ok(Population {
            name: written.name.clone(),
            bucket: self.bucket(path("bucket"), &written.bucket)?,
            objects,
            age: written.age.clone(),
            writers,
        })
    }

    fn workload(
        &self,
        index: usize,
        written: &WorkloadFile,
        populations: &[Population],
    ) -> Resolved<Workload> {
        let path = |key: &str| format!("workload.{index}.{key}");
        let workload = Workload {
            name: written.name.clone(),
            index: index as u32,
            slots: self.slots(path("principal"), &written.principal)?,
            bucket: self.bucket(path("bucket"), &written.bucket)?,
            traffic: traffic(index, written)?,
            reads: match &written.read {
                Some(read) => Some(self.reads(index, read, populations)?),
                None => None,
            },
            client: self.client(path("client"), &written.client)?,
            object_size: written.object_size,
            bucket_key: self.has_bucket_key(written),
        };
        let reads = workload.actions().into_iter().any(crate::workload::Action::reads);
        if reads && workload.reads.is_none() {
            let error = Error::request(format!(
                "workload `{}` reads or copies objects, but `read` does not say which",
                written.name
            ));
            let hint = "give e.g., `read = { from = [\"history\"], pattern = \"uniform\" }`";
            return Err(misplaced(path("name"), error.hint(hint)));
        }
        if !reads && workload.reads.is_some() {
            return refuse(
                path("read"),
                format!("workload `{}` has `read`, but none of its actions reads", written.name),
            );
        }
        Ok(workload)
    }

    fn client(&self, path: String, name: &str) -> Resolved<ClientProfile> {
        if let Some(index) = self.file.clients.iter().position(|client| client.name == name) {
            let client = &self.file.clients[index];
            client.check().at_path(|| format!("client.{index}"))?;
            return Ok(client.clone());
        }
        let own = self.file.clients.iter().map(|client| client.name.as_str());
        let known: Vec<&str> = own.chain(clients::BUILT_IN.iter().map(|row| row.name)).collect();
        ClientProfile::built_in(name)
            .map_err(|_| {
                Error::request(format!("`{name}` is not a known client")).hint(one_of(name, known))
            })
            .at_path(|| path)
    }

    fn reads(&self, index: usize, read: &ReadFile, populations: &[Population]) -> Resolved<Reads> {
        let path = |key: &str| format!("workload.{index}.read.{key}");
        read.pattern.check().at_path(|| path("pattern"))?;
        let mut reads = Reads { pattern: read.pattern.clone(), population: None, written: None };
        for (i, name) in read.from.iter().enumerate() {
            let path = || path(&format!("from.{i}"));
            if let Some(number) = populations.iter().position(|p| p.name == *name) {
                let population = &populations[number];
                let writers = (population.writers.len() as u32).max(1);
                let (bucket, objects) = (population.bucket, population.objects);
                let number = number as u32;
                let source = ReadPopulation::new(number, bucket, objects, writers, &read.pattern);
                if reads.population.replace(source).is_some() {
                    return refuse(path(), "`from` has two populations, but at most one is read");
                }
            } else if let Some(source) = self.file.workloads.iter().find(|w| w.name == *name) {
                let written = self.written(source).at_path(path)?;
                if reads.written.replace(written).is_some() {
                    return refuse(path(), "`from` has two workloads, but at most one is read");
                }
            } else {
                let known = populations.iter().map(|p| p.name.as_str());
                let known = known.chain(self.file.workloads.iter().map(|w| w.name.as_str()));
                let error =
                    Error::request(format!("`{name}` is neither a population nor a workload here"));
                return Err(misplaced(path(), error.hint(one_of(name, known.collect::<Vec<_>>()))));
            }
        }
        if reads.population.is_none() && reads.written.is_none() {
            return refuse(path("from"), "`from` is empty, but reads need a source");
        }
        if reads.pattern.is_by_rank() && (reads.population.is_none() || reads.written.is_some()) {
            let error = Error::request(
                "the pattern chooses by rank, but then `from` must be a single population",
            );
            let hint = "to read what a workload writes use `by-age`, `scan` or `just-written`";
            return Err(misplaced(path("from"), error.hint(hint)));
        }
        Ok(reads)
    }

    /// The objects that a workload writes, as a source of reads.
    fn written(&self, source: &WorkloadFile) -> crate::error::Result<ReadWritten> {
        let mix = source.mix.unwrap_or_else(|| default_mix(source));
        let writes_steadily = source.arrivals.is_some()
            && mix.weights().iter().any(|(action, weight)| action.writes() && *weight > 0.0);
        let writes_in_jobs = source
            .jobs
            .as_ref()
            .is_some_and(|jobs| jobs.steps.iter().any(|step| step.action.writes()));
        if !writes_steadily && !writes_in_jobs {
            return Err(Error::request(format!("workload `{}` writes nothing", source.name)));
        }
        let find = |name, kind, names: Vec<&str>| find(name, kind, names.into_iter());
        let principals = self.file.principals.iter().map(|p| p.name.as_str()).collect();
        let buckets = self.file.buckets.iter().map(|b| b.name.as_str()).collect();
        let principal = find(&source.principal, "principal", principals)?;
        Ok(ReadWritten {
            bucket: find(&source.bucket, "bucket", buckets)? as u32,
            slots: self.principal_slots[principal].clone(),
            bucket_key: self.has_bucket_key(source),
        })
    }

    /// Whether a workload's writes may have a bucket key: in a directory bucket no header turns it
    /// off (evidence §2.6).
    fn has_bucket_key(&self, workload: &WorkloadFile) -> bool {
        let mut buckets = self.file.buckets.iter();
        let directory = buckets.any(|bucket| bucket.name == workload.bucket && bucket.directory);
        workload.bucket_key || directory
    }
}

fn default_mix(written: &WorkloadFile) -> Mix {
    if written.read.is_some() {
        Mix { read: 1.0, ..Mix::default() }
    } else {
        Mix { write: 1.0, ..Mix::default() }
    }
}

fn traffic(index: usize, written: &WorkloadFile) -> Resolved<Traffic> {
    let path = |key: &str| format!("workload.{index}.{key}");
    match (&written.arrivals, &written.jobs) {
        (Some(arrivals), None) => {
            arrivals.check().at_path(|| path("arrivals"))?;
            let mix = written.mix.unwrap_or_else(|| default_mix(written));
            if !mix.is_sound() {
                let error = Error::request(
                    "`mix` must have weights of zero or more, at least one of them more",
                );
                let hint = "give e.g., `mix = { read = 0.9, write = 0.1 }`";
                return Err(misplaced(path("mix"), error.hint(hint)));
            }
            let total: f64 = mix.weights().iter().map(|(_, weight)| weight).sum();
            let mut sum = 0.0;
            let cumulative = mix.weights().into_iter().filter(|(_, weight)| *weight > 0.0);
            let mix = cumulative
                .map(|(action, weight)| {
                    sum += weight / total;
                    (action, sum)
                })
                .collect();
            Ok(Traffic::Steady { arrivals: arrivals.clone(), mix })
        }
        (None, Some(jobs)) => {
            jobs.check().at_path(|| path("jobs"))?;
            if written.mix.is_some() {
                return refuse(path("mix"), "`mix` is given, but a job's steps name their actions");
            }
            Ok(Traffic::Jobs(jobs.clone()))
        }
        _ => {
            let error = Error::request(format!(
                "workload `{}` must have exactly one of `arrivals` and `jobs`",
                written.name
            ));
            let hint = "give e.g., `arrivals = { poisson = { rate = \"5/s\" } }`";
            Err(misplaced(path("name"), error.hint(hint)))
        }
    }
}
