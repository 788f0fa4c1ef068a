//! What each kind of advice changes in a scenario: overrides that `bks simulate --set` takes, too, so that a
//! command makes the same figures again.

use std::collections::BTreeMap;

use crate::encryption::Mode;
use crate::encryption::requester::RequesterRule;
use crate::migration::{MigrationPlan, YOUNG};
use crate::pricing::Bill;
use crate::recording::requests::OptOuts;
use crate::s3::{Connections, IdentityKind};
use crate::scenario::overrides::Override;
use crate::scenario::replay::UnknownAge;
use crate::scenario::written::WorkloadFile;
use crate::scenario::{Population, Scenario};
use crate::units::{ByteSize, Rate, SimDuration, Usd};
use crate::workload::Workload;
use crate::workload::arrivals::Arrivals;
use crate::workload::clients::ClientProfile;
use crate::workload::read_pattern::ReadPattern;

/// How many times fewer and larger objects become.
const TIMES_LARGER: u64 = 10;
/// How many times fewer scoping policies become.
const TIMES_WIDER: u32 = 10;
/// The longest session of a role that is not chained.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_manage-assume.html>
const LONGEST_SESSION: SimDuration = SimDuration::from_secs(12 * 3_600);
/// Most populations that are tried one by one.
const PARTS_MAX: usize = 8;

/// Clients that do the same work: two columns of Parquet files of one row group and of eight, all columns, and
/// whole objects. What they make of it was captured from the same jobs (`bks list clients`).
const SAME_WORK: [&[&str]; 4] = [
    &["spark-s3a", "emrfs", "duckdb", "pyarrow", "dask", "polars", "datafusion"],
    &["spark-s3a-row-groups", "datafusion-row-groups"],
    &["trino", "athena"],
    &["boto3", "aws-cli", "aws-cli-sync", "java-sdk", "s5cmd", "rclone", "s3torch"],
];

/// A scenario, and the configuration that is advised.
pub(crate) struct AdvisedScenario<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) configuration: usize,
}

/// One thing changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Its name in files: the kind's, and which part if there are several.
    pub name: String,
    /// What is changed, in words.
    pub title: String,
    /// What is put over the scenario.
    pub overrides: Vec<Override>,
    /// What is taken of a log otherwise.
    pub of_log: LogChange,
    /// What it costs once.
    pub once: OneTimeCostBasis,
}

/// What a change takes of a log otherwise than the log has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogChange {
    /// How old objects are whose writing it does not tell, if it is another thing.
    pub unknown_age: Option<UnknownAge>,
    /// What becomes of writes that switch bucket keys off by header.
    pub opt_outs: OptOuts,
}

impl LogChange {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            unknown_age: self.unknown_age.or(other.unknown_age),
            opt_outs: self.opt_outs.max(other.opt_outs),
        }
    }

    /// The options of `bks replay` for it.
    #[must_use]
    pub fn options(self) -> Vec<String> {
        let age = self.unknown_age.map(|age| format!("--unknown-age {age}"));
        let dropped = self.opt_outs == OptOuts::Dropped;
        age.into_iter().chain(dropped.then(|| "--ignore-opt-out".to_owned())).collect()
    }

    /// The replay of a log with it.
    pub(super) fn applied_to(self, scenario: Scenario) -> Scenario {
        let mut scenario = match self.unknown_age {
            Some(age) => scenario.with_unknown_age(age),
            None => scenario,
        };
        if self.opt_outs == OptOuts::Dropped {
            scenario.opt_outs = self.opt_outs;
        }
        scenario
    }
}

/// What a change costs once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OneTimeCostBasis {
    /// Nothing that is priced.
    Nothing,
    /// What the run's own migration costs.
    OfMigration,
    /// So much.
    Known(Usd),
}

impl Change {
    fn new(name: impl Into<String>, title: impl Into<String>, overrides: Vec<Override>) -> Self {
        Self {
            name: name.into(),
            title: title.into(),
            overrides,
            of_log: LogChange::default(),
            once: OneTimeCostBasis::Nothing,
        }
    }

    fn costs(self, once: OneTimeCostBasis) -> Self {
        Self { once, ..self }
    }

    /// Alone, if it changes anything.
    fn if_any(self) -> Vec<Self> {
        if self.overrides.is_empty() { Vec::new() } else { vec![self] }
    }
}

/// A text as a value of TOML: bare where it cannot be taken for anything else.
pub(crate) fn text(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
        && !["true", "false", "inf", "nan"].contains(&text);
    if is_plain { text.to_owned() } else { format!("{text:?}") }
}

/// The key of an element of a list: by name where that is one word, else by number.
fn element(list: &str, name: &str, index: usize) -> String {
    let is_word = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if is_word { format!("{list}.{name}") } else { format!("{list}.{index}") }
}

/// The key of a configuration.
pub(crate) fn configuration_key(scenario: &Scenario, index: usize) -> String {
    element("configuration", &scenario.configurations[index].name, index)
}

impl AdvisedScenario<'_> {
    fn configuration_key(&self) -> String {
        configuration_key(self.scenario, self.configuration)
    }

    /// Sets `key` of each workload for which `value` gives one.
    fn of_workloads(
        &self,
        key: &str,
        value: impl Fn(&WorkloadFile, &Workload) -> Option<String>,
    ) -> Vec<Override> {
        let workloads = self.scenario.file().workloads.iter().zip(&self.scenario.workloads);
        let set = workloads.enumerate().filter_map(|(index, (file, workload))| {
            let value = value(file, workload)?;
            Some(Override::new(format!("{}.{key}", element("workload", &file.name, index)), value))
        });
        set.collect()
    }

    /// Sets `key` of each principal for whose number `value` gives one.
    fn of_principals(&self, key: &str, value: impl Fn(usize) -> Option<String>) -> Vec<Override> {
        let senders = self.scenario.senders.iter().enumerate();
        let set = senders.filter_map(|(index, sender)| {
            let value = value(index)?;
            Some(Override::new(
                format!("{}.{key}", element("principal", &sender.name, index)),
                value,
            ))
        });
        set.collect()
    }
}

pub(super) fn bucket_keys(scene: &AdvisedScenario) -> Vec<Change> {
    if scene.configuration == scene.scenario.reference {
        return Vec::new();
    }
    vec![Change::new("bucket-keys", "turn bucket keys on", Vec::new())]
}

pub(super) fn no_opt_out(scene: &AdvisedScenario) -> Vec<Change> {
    let overrides =
        scene.of_workloads("bucket_key", |file, _| (!file.bucket_key).then(|| "true".to_owned()));
    let change = Change::new("no-opt-out", "stop switching bucket keys off by header", overrides);
    match &scene.scenario.recording {
        Some(log) if log.taken.opted_out > 0 => {
            let of_log = LogChange { opt_outs: OptOuts::Dropped, ..LogChange::default() };
            vec![Change { of_log, ..change }]
        }
        _ => change.if_any(),
    }
}

pub(super) fn share_sessions(scene: &AdvisedScenario) -> Vec<Change> {
    let own = &scene.scenario.configurations[scene.configuration];
    if own.rule == RequesterRule::Role {
        return Vec::new();
    }
    let key = format!("{}.requester_rule", scene.configuration_key());
    let overrides = vec![Override::new(key, "role")];
    vec![Change::new("share-sessions", "let the sessions of each role share one", overrides)]
}

pub(super) fn one_role(scene: &AdvisedScenario) -> Vec<Change> {
    let scenario = scene.scenario;
    let mut of_accounts: BTreeMap<&str, (&str, usize)> = BTreeMap::new();
    let mut shared: Vec<Option<&str>> = vec![None; scenario.principals.len()];
    for (index, principal) in scenario.principals.iter().enumerate() {
        let has_policies = scenario.senders[index].session_policies > 1;
        if let (IdentityKind::Role(role), false) = (&principal.identity, has_policies) {
            let (first, others) = of_accounts.entry(&principal.account).or_insert((role, 0));
            if first != role {
                *others += 1;
                shared[index] = Some(first);
            }
        }
    }
    let overrides = scene.of_principals("role", |index| shared[index].map(text));
    let mut roles: Vec<&str> = shared.iter().flatten().copied().collect();
    roles.dedup();
    let title = format!("let all roles of an account share one: `{}`", roles.join("`, `"));
    Change::new("one-role", title, overrides).if_any()
}

pub(super) fn no_scoping_policies(scene: &AdvisedScenario) -> Vec<Change> {
    let senders = &scene.scenario.senders;
    let overrides = scene.of_principals("session_policies", |index| {
        (senders[index].session_policies > 1).then(|| "1".to_owned())
    });
    Change::new("no-scoping-policies", "drop the scoping (session) policies", overrides).if_any()
}

pub(super) fn wider_scoping_policies(scene: &AdvisedScenario) -> Vec<Change> {
    let senders = &scene.scenario.senders;
    let overrides = scene.of_principals("session_policies", |index| {
        let policies = senders[index].session_policies;
        (policies >= TIMES_WIDER).then(|| policies.div_ceil(TIMES_WIDER).to_string())
    });
    let title = "widen the scoping policies: a tenth as many";
    Change::new("wider-scoping-policies", title, overrides).if_any()
}

pub(super) fn longer_sessions(scene: &AdvisedScenario) -> Vec<Change> {
    let principals = &scene.scenario.file().principals;
    let overrides = scene.of_principals("session_length", |index| {
        let length = principals[index].session_length?;
        (length < LONGEST_SESSION).then(|| LONGEST_SESSION.to_string())
    });
    Change::new("longer-sessions", "let credentials live for twelve hours", overrides).if_any()
}

pub(super) fn fewer_connections(scene: &AdvisedScenario) -> Vec<Change> {
    let senders = &scene.scenario.senders;
    let overrides = scene.of_principals("connections", |index| {
        let more = match (senders[index].connections, Connections::ASSUMED) {
            (Connections::Kept(own), Connections::Kept(kept)) => own > kept,
            (own, kept) => own != kept,
        };
        more.then(|| Connections::ASSUMED.to_string())
    });
    let title = "keep ten connections for each session, and reuse them";
    Change::new("fewer-connections", title, overrides).if_any()
}

/// Populations that a migration can give a bucket key, with their numbers.
fn migrating<'a>(scene: &'a AdvisedScenario) -> impl Iterator<Item = (usize, &'a Population)> {
    let populations = scene.scenario.populations.iter().enumerate();
    populations.filter(|(_, it)| scene.scenario.domain_of(it).migrates())
}

pub(super) fn migrate_all(scene: &AdvisedScenario) -> Vec<Change> {
    const NAME: &str = "migrate-all";
    let title = "give all existing objects a bucket key";
    let recording = scene.scenario.recording.as_ref();
    // What an inventory tells of is migrated like any population; of what is unknown a bound is known.
    if let Some(log) = recording.filter(|log| !log.knows_keyless()) {
        let is_open = log.seen.of_unknown > 0 && scene.scenario.unknown_age != UnknownAge::OneKey;
        let title = format!("{title}: at the most, as if each bucket's had the same");
        let change = Change::new(NAME, title, Vec::new());
        let unknown_age = Some(UnknownAge::OneKey);
        let of_log = LogChange { unknown_age, ..LogChange::default() };
        return is_open.then_some(Change { of_log, ..change }).into_iter().collect();
    }
    if migrating(scene).next().is_none() {
        return Vec::new();
    }
    let overrides = vec![Override::new(format!("{}.migrated", scene.configuration_key()), "true")];
    vec![Change::new(NAME, title, overrides).costs(OneTimeCostBasis::OfMigration)]
}

pub(super) fn migrate_part(scene: &AdvisedScenario) -> Vec<Change> {
    let parts: Vec<&Population> = migrating(scene).map(|(_, population)| population).collect();
    if parts.len() < 2 || scene.scenario.recording.is_some() {
        return Vec::new();
    }
    let changes = parts.into_iter().take(PARTS_MAX).map(|Population { name, .. }| {
        let key = format!("{}.migrated_only", scene.configuration_key());
        let title = format!("give the objects of `{name}` a bucket key");
        let overrides = vec![Override::new(key, format!("[{name:?}]"))];
        Change::new(format!("migrate-part:{name}"), title, overrides)
            .costs(OneTimeCostBasis::OfMigration)
    });
    changes.collect()
}

/// Objects of the last days alone.
pub(super) fn migrate_young(scene: &AdvisedScenario) -> Vec<Change> {
    let AdvisedScenario { scenario, configuration } = *scene;
    let is_free = |it: &&Population| !it.is_locked && scenario.domain_of(it).migrates();
    let migrating: Vec<&Population> = scenario.populations.iter().filter(is_free).collect();
    let has_young = migrating.iter().any(|it| it.age.cdf(YOUNG) > 0.0);
    let has_old = migrating.iter().any(|it| it.age.cdf(YOUNG) < 1.0);
    let is_asked = scenario.recording.is_none() && has_young && has_old;
    if !is_asked || scenario.configurations[configuration].migrated {
        return Vec::new();
    }
    let key = format!("{}.migrated_younger_than", scene.configuration_key());
    let title = "give the objects of the last 30 days a bucket key";
    let change = Change::new("migrate-young", title, vec![Override::new(key, YOUNG.to_string())]);
    vec![change.costs(OneTimeCostBasis::OfMigration)]
}

/// What it costs to encrypt so many objects of each population anew, by S3 Batch Operations.
fn rewriting(scenario: &Scenario, objects: impl Fn(usize) -> u64, new_keys: u64) -> Usd {
    let prices = scenario.billing.prices.iter().enumerate();
    let bills = prices.map(|(region, prices)| {
        let (mut all, mut under_kms) = (0, 0);
        for (index, population) in scenario.populations.iter().enumerate() {
            if scenario.accounts.region_of_bucket(population.bucket as usize) == region {
                all += objects(index);
                let is_under_kms = scenario.domain_of(population).is_under_kms();
                under_kms += if is_under_kms { objects(index) } else { 0 };
            }
        }
        let plan = MigrationPlan {
            objects_under_kms: under_kms,
            bucket_level_key_calls: new_keys.min(all),
            ..MigrationPlan::of(all)
        };
        plan.bill(prices, &scenario.billing.terms)
    });
    Bill::of_regions(bills).total()
}

/// Arrivals, steps and sizes of a workload that moves the same bytes in larger objects.
fn larger(key: &str, file: &WorkloadFile) -> Vec<Override> {
    let mut overrides = Vec::new();
    if let Some((law, rate)) = file.arrivals.as_ref().map(law_and_rate) {
        let key = format!("{key}.arrivals.{law}.rate");
        overrides.push(Override::new(key, fewer_a_second(rate)));
    }
    for (step, it) in file.jobs.iter().flat_map(|jobs| &jobs.steps).enumerate() {
        let key = format!("{key}.jobs.steps.{step}");
        let objects = it.objects.div_ceil(TIMES_LARGER);
        overrides.push(Override::new(format!("{key}.objects"), objects.to_string()));
        overrides.push(Override::new(format!("{key}.rate"), fewer_a_second(it.rate)));
    }
    overrides.push(Override::new(format!("{key}.object_size"), larger_size(file.object_size)));
    overrides
}

fn law_and_rate(arrivals: &Arrivals) -> (&'static str, Rate) {
    match arrivals {
        Arrivals::Poisson(it) => ("poisson", it.rate),
        Arrivals::Periodic(it) => ("periodic", it.rate),
        Arrivals::Bursts(it) => ("bursts", it.rate),
    }
}

fn fewer_a_second(rate: Rate) -> String {
    let text = rate.to_string();
    let (count, unit) = text.split_once('/').unwrap_or((&text, "s"));
    let count = count.parse().map_or(rate.as_per_s(), |count: f64| count);
    format!("{}/{unit}", count / TIMES_LARGER as f64)
}

fn larger_size(size: ByteSize) -> String {
    ByteSize::of_bytes(size.bytes().saturating_mul(TIMES_LARGER)).to_string()
}

/// Whether a workload moves objects as they come, and does not look up any one of many.
fn moves_whole(file: &WorkloadFile) -> bool {
    let pattern = file.read.as_ref().map(|read| &read.pattern);
    !matches!(pattern, Some(ReadPattern::Uniform | ReadPattern::Zipf(_)))
}

/// Whether there are so many objects in each step of a job that a tenth of them is less: one backup a night is one.
fn has_many(file: &WorkloadFile) -> bool {
    let mut steps = file.jobs.iter().flat_map(|jobs| &jobs.steps);
    steps.all(|step| step.objects >= TIMES_LARGER)
}

pub(super) fn larger_objects(scene: &AdvisedScenario) -> Vec<Change> {
    let file = scene.scenario.file();
    let mut overrides = Vec::new();
    for (index, workload) in file.workloads.iter().enumerate() {
        if moves_whole(workload) && has_many(workload) {
            overrides.extend(larger(&element("workload", &workload.name, index), workload));
        }
    }
    if overrides.is_empty() {
        return Vec::new();
    }
    for (index, population) in file.populations.iter().enumerate() {
        let key = element("population", &population.name, index);
        if population.objects.is_some_and(|objects| objects < TIMES_LARGER) {
            continue;
        }
        if let Some(objects) = population.objects {
            let objects = objects.div_ceil(TIMES_LARGER).to_string();
            overrides.push(Override::new(format!("{key}.objects"), objects));
        }
        if let Some(rate) = population.written_at {
            overrides.push(Override::new(format!("{key}.written_at"), fewer_a_second(rate)));
        }
        if let Some(size) = population.object_size {
            overrides.push(Override::new(format!("{key}.object_size"), larger_size(size)));
        }
    }
    let title = "write a tenth as many objects, ten times as large (compaction)";
    vec![Change::new("larger-objects", title, overrides)]
}

/// The client for the same work that makes the fewest requests, if those are fewer.
fn leaner_client(workload: &Workload, duration: SimDuration) -> Option<&'static str> {
    let own = workload.client.name.as_str();
    let same = SAME_WORK.into_iter().find(|clients| clients.contains(&own))?;
    let mut least = (workload.expected_requests(duration), None);
    for &name in same {
        let Ok(client) = ClientProfile::built_in(name) else { continue };
        let requests = Workload { client, ..workload.clone() }.expected_requests(duration);
        // By a hundredth at least: what differs by less is the same.
        if requests < least.0 * 0.99 {
            least = (requests, Some(name));
        }
    }
    least.1
}

pub(super) fn other_client(scene: &AdvisedScenario) -> Vec<Change> {
    let duration = scene.scenario.duration();
    let mut words = Vec::new();
    for workload in &scene.scenario.workloads {
        if let Some(leaner) = leaner_client(workload, duration) {
            words.push(format!("`{}` by {leaner} and not {}", workload.name, workload.client.name));
        }
    }
    let overrides = scene
        .of_workloads("client", |_, workload| Some(leaner_client(workload, duration)?.to_owned()));
    Change::new("other-client", format!("other clients: {}", words.join(", ")), overrides).if_any()
}

pub(super) fn sse_s3(scene: &AdvisedScenario) -> Vec<Change> {
    let AdvisedScenario { scenario, configuration } = *scene;
    let is_told = |mode: Option<Mode>| mode == Some(Mode::SseS3);
    if scenario.domains.iter().all(|domain| is_told(domain.encryption)) {
        return Vec::new();
    }
    let key = scene.configuration_key();
    let mut overrides = vec![Override::new(format!("{key}.encryption"), "sse-s3")];
    if scenario.configurations[configuration].migrated {
        overrides.push(Override::new(format!("{key}.migrated"), "false"));
    }
    // The verdict is about the same configuration still, though it has no bucket keys.
    let file = scenario.file();
    let names = [
        ("headline", &file.headline, configuration),
        ("reference", &file.reference, scenario.reference),
    ];
    for (key, given, index) in names {
        if given.is_none() && configuration != scenario.reference {
            overrides.push(Override::new(key, text(&scenario.configurations[index].name)));
        }
    }
    let title = "do without KMS: SSE-S3 in its place";
    let change = Change::new("sse-s3", title, overrides);
    if scenario.recording.is_some() {
        return vec![change];
    }
    let objects = |index: usize| {
        let population = &scenario.populations[index];
        let domain = scenario.domain_of(population);
        if domain.encryption.is_none() && !domain.directory { population.objects } else { 0 }
    };
    let cost = rewriting(scenario, objects, 0);
    let once = if cost > Usd::default() {
        OneTimeCostBasis::Known(cost)
    } else {
        OneTimeCostBasis::Nothing
    };
    vec![change.costs(once)]
}
