//! What is written to what is meant: names become numbers, values are held against each other.

mod billing;
mod domains;
mod objects;
mod prices;
mod principals;
mod traffic;

use std::collections::BTreeSet;

use super::assertion::{Assertion, Figure};
use super::written::{BucketFile, ConfigurationFile, PopulationFile, PrincipalFile, ScenarioFile};
use super::{Bucket, Configuration, Population, Scenario, Sender};
use crate::encryption::Mode;
use crate::encryption::needs::MultipartCalls;
use crate::error::{Error, one_of};
use crate::rng::Seed;
use crate::statistics::{PILOT, Precision};
use crate::units::{Share, SimDuration, SimTime};

use domains::Domains;
pub(crate) use principals::is_account;
use principals::{principal, session_slots};
use traffic::Names;

/// An error, and the key it is about: `workload.0.principal`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misplaced {
    /// Keys and indices from the top of the file, joined by dots.
    pub path: String,
    /// What is wrong there.
    pub error: Error,
}

type Resolved<T> = std::result::Result<T, Misplaced>;

/// Longest run: tallies by the second are held in memory.
pub(crate) const MAX_DURATION: SimDuration = crate::recording::LONGEST;
/// Most replications.
const MAX_REPLICATIONS: u32 = 10_000;
/// Most replications that a precision may take, unless the scenario says otherwise.
const DEFAULT_MAX_REPLICATIONS: u32 = 1_000;

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
    let domains = Domains::of(&file)?;
    let from_log = file.from_log || file.replay.is_some();
    let principals = file
        .principals
        .iter()
        .enumerate()
        .map(|(i, written)| principal(i, written, from_log))
        .collect::<Resolved<_>>()?;
    let senders: Vec<Sender> = file.principals.iter().map(|it| sender(&file, it)).collect();
    let (slots, principal_slots) = session_slots(&file.principals, &senders)?;
    let names = Names { file: &file, domains: &domains, principal_slots: &principal_slots };
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
        .collect::<Resolved<_>>()?;
    let (reference, headline) = compared(&file)?;
    let assertions = assertions(&file)?;
    let domains = domains.list(&file);
    let accounts = billing::accounts(&file, &domains);
    let billing = billing::billing(&file, &accounts)?;
    let (replications, precision) = replications(&file)?;
    let mut scenario = Scenario {
        name: file.name.clone(),
        question: file.question.clone(),
        source: file.source.clone(),
        engine: file.engine,
        seed: Seed(file.seed),
        end: SimTime::from(file.duration),
        counted_from: SimTime::from(file.warm_up),
        replications,
        precision,
        buckets: file.buckets.iter().map(bucket).collect(),
        domains,
        principals,
        senders,
        slots,
        populations,
        workloads,
        configurations,
        reference,
        headline,
        multipart: file.multipart,
        accounts,
        billing,
        assertions,
        recording: None,
        unknown_age: file.replay.as_ref().map(|replay| replay.unknown_age).unwrap_or_default(),
        written: file,
    };
    objects::resolve(&mut scenario)?;
    scenario.engine.check(&scenario.workloads).at_path(|| "engine".into())?;
    Ok(scenario)
}

fn bucket(written: &BucketFile) -> Bucket {
    Bucket {
        name: written.name.clone(),
        region: written.region.clone(),
        kms_key: written.kms_key.clone(),
    }
}

fn sender(file: &ScenarioFile, written: &PrincipalFile) -> Sender {
    let (connections, basis) = file.connections_of(written);
    Sender {
        name: written.name.clone(),
        sessions: written.sessions,
        session_policies: written.session_policies,
        connections,
        basis,
    }
}

/// The configuration that savings are measured against, and the one that the verdict is about.
fn compared(file: &ScenarioFile) -> Resolved<(usize, usize)> {
    let reference = chosen(file, "reference", file.reference.as_deref(), of_today(file))?;
    let headline = chosen(file, "headline", file.headline.as_deref(), Mode::SseKmsBucketKey)?;
    if reference == headline && file.configurations.len() > 1 {
        let error = Error::request(format!(
            "`{}` is both what savings are measured against and what the verdict is about",
            file.configurations[headline].name
        ));
        let key = if file.reference.is_some() { "reference" } else { "headline" };
        return Err(misplaced(key, error.hint("choose `reference` and `headline` apart")));
    }
    Ok((reference, headline))
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
    let MultipartCalls { upload_part, complete, list_parts } = file.multipart;
    if upload_part.max(complete).max(list_parts) > 1 {
        return refuse("multipart", "`multipart` has more than `1` call, but each is 0 or 1");
    }
    if i64::try_from(file.seed).is_err() {
        return refuse("seed", format!("`seed` is `{}`, but must be below 2^63", file.seed));
    }
    file.assumptions.check().at_path(|| "assumptions".into())
}

/// The fewest replications, and the precision they are to reach.
fn replications(file: &ScenarioFile) -> Resolved<(u32, Option<Precision>)> {
    if !(1..=MAX_REPLICATIONS).contains(&file.replications) {
        return refuse(
            "replications",
            format!(
                "`replications` is `{}`, but must lie between 1 and {MAX_REPLICATIONS}",
                file.replications
            ),
        );
    }
    let Some(precision) = file.precision else {
        return match file.max_replications {
            None => Ok((file.replications, None)),
            Some(given) => {
                let error = Error::request(format!(
                    "`max_replications` is `{given}`, but there is no `precision` to stop before it"
                ));
                let hint = "give the half-width that is wanted, e.g., `precision = \"0.5%\"`";
                Err(misplaced("max_replications", error.hint(hint)))
            }
        };
    };
    if precision == Share::ZERO {
        let error = Error::request("`precision` is `0`, but must be greater than zero");
        let hint = "give a half-width in points of the saving, e.g., `precision = \"0.5%\"`";
        return Err(misplaced("precision", error.hint(hint)));
    }
    let fewest = file.replications.max(PILOT);
    let replications_max =
        file.max_replications.unwrap_or_else(|| DEFAULT_MAX_REPLICATIONS.max(fewest));
    if !(fewest..=MAX_REPLICATIONS).contains(&replications_max) {
        return refuse(
            "max_replications",
            format!(
                "`max_replications` is `{replications_max}`, but must lie between {fewest}, the \
                 fewest that are run, and {MAX_REPLICATIONS}"
            ),
        );
    }
    Ok((fewest, Some(Precision { half_width: precision.value(), replications_max })))
}

/// Whether `name` can name a configuration or a folder of results.
pub(crate) fn is_plain(name: &str) -> bool {
    const MAX_LENGTH: usize = 100;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    name.len() <= MAX_LENGTH
        && name.chars().all(plain)
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
}

fn check_names(file: &ScenarioFile) -> Resolved<()> {
    const HINT: &str = "use lower-case letters, digits, hyphens and underscores, e.g., `emr10`";
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
        ("workload", file.workloads.is_empty() && file.replay.is_none()),
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

fn configuration(
    index: usize,
    written: &ConfigurationFile,
    file: &ScenarioFile,
) -> Resolved<Configuration> {
    let ranges = written.assumptions.over(&file.assumptions);
    ranges.check().at_path(|| format!("configuration.{index}.assumptions"))?;
    let migrated = written.migrated || !written.migrated_only.is_empty();
    if migrated && written.encryption != Mode::SseKmsBucketKey {
        return refuse(
            format!("configuration.{index}.migrated"),
            "`migrated` is `true`, but only `sse-kms-bucket-key` has something to migrate to",
        );
    }
    let names = || file.populations.iter().map(|population| population.name.as_str());
    let only = written.migrated_only.iter().enumerate().map(|(place, name)| {
        let path = || format!("configuration.{index}.migrated_only.{place}");
        find(name, "population", names()).map(|population| population as u32).at_path(path)
    });
    Ok(Configuration {
        name: written.name.clone(),
        mode: written.encryption,
        rule: written.requester_rule,
        migrated,
        migrated_only: only.collect::<Resolved<_>>()?,
        ranges,
    })
}

/// The mode of the configuration that savings are measured against: that of objects from before the
/// run, if all are told to be under SSE-S3 and some configuration is.
fn of_today(file: &ScenarioFile) -> Mode {
    let encryption = |population: &PopulationFile| {
        let bucket = file.buckets.iter().find(|bucket| bucket.name == population.bucket);
        population.encryption.or(bucket.and_then(|bucket| bucket.encryption_before))
    };
    let mut before = file.populations.iter().map(encryption);
    let all = !file.populations.is_empty() && before.all(|mode| mode == Some(Mode::SseS3));
    let one = file.configurations.iter().any(|it| it.encryption == Mode::SseS3);
    if all && one { Mode::SseS3 } else { Mode::SseKms }
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
        check_assertion(file, &assertion).at_path(path)?;
        assertions.push(assertion);
    }
    Ok(assertions)
}

/// Refuses a demand of a configuration or a figure that is not there.
fn check_assertion(file: &ScenarioFile, assertion: &Assertion) -> crate::error::Result<()> {
    if let Some(name) = &assertion.configuration {
        find(name, "configuration", file.configurations.iter().map(|c| c.name.as_str()))?;
    }
    if assertion.figure == Figure::AuditSaving && !file.billing.object_audit {
        let error = Error::request(
            "`audit_saving` is demanded of, but nobody asks for the audit by object",
        );
        return Err(error.hint("ask for it by `--set billing.object_audit=true`"));
    }
    Ok(())
}

impl Scenario {
    /// The index of a configuration.
    ///
    /// # Errors
    /// If there is none of that name.
    pub fn configuration_named(&self, name: &str) -> crate::error::Result<usize> {
        find(name, "configuration", self.configurations.iter().map(|c| c.name.as_str()))
    }

    /// Leaves out all configurations but those named and the one that savings are measured against.
    /// If the verdict's goes, it is about the first one named instead.
    ///
    /// # Errors
    /// If there is none of that name, or a demand is about one that is left out.
    pub fn keep_configurations(&mut self, names: &[String]) -> crate::error::Result<()> {
        let mut kept = names
            .iter()
            .map(|name| self.configuration_named(name))
            .collect::<crate::error::Result<Vec<usize>>>()?;
        let of_verdict = match kept.iter().find(|&&named| named != self.reference) {
            Some(&first) if !kept.contains(&self.headline) => first,
            Some(_) => self.headline,
            None => self.reference,
        };
        kept.push(self.reference);
        kept.sort_unstable();
        kept.dedup();
        let place = |index: usize| kept.binary_search(&index).unwrap_or_default();
        let (reference, headline) = (place(self.reference), place(of_verdict));
        self.configurations = kept.iter().map(|&i| self.configurations[i].clone()).collect();
        let written = &mut self.written.configurations;
        *written = kept.iter().map(|&index| written[index].clone()).collect();
        (self.reference, self.headline) = (reference, headline);
        self.written.reference = Some(self.configurations[reference].name.clone());
        self.written.headline = Some(self.configurations[headline].name.clone());
        self.assertions.iter().try_for_each(|assertion| check_assertion(&self.written, assertion))
    }

    /// Demands one thing more, as if the scenario had it.
    ///
    /// # Errors
    /// If it is about a configuration that the scenario has not.
    pub fn demand(&mut self, assertion: Assertion) -> crate::error::Result<()> {
        check_assertion(&self.written, &assertion)?;
        self.written.assertions.push(assertion.to_string());
        self.assertions.push(assertion);
        Ok(())
    }
}
