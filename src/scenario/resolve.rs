//! What is written to what is meant: names become numbers, values are held against each other.

mod billing;
mod configurations;
mod domains;
mod growth;
mod length;
mod names;
mod objects;
mod prices;
mod principals;
mod traffic;

use super::written::{BucketFile, PrincipalFile, ScenarioFile};
use super::{Bucket, Population, Scenario, Sender};
use crate::error::Error;
use crate::rng::Seed;
use crate::s3::Retries;
use crate::units::{SimDuration, SimTime};

use configurations::{assertions, compared, configuration};
use domains::Domains;
use length::{check_length, replications};
use names::{check_names, find};
pub(crate) use names::{is_account, is_plain};
use principals::{principal, session_slots};
use traffic::NameIndex;

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

fn misplaced(path: impl Into<String>, error: Error) -> Misplaced {
    Misplaced { path: path.into(), error }
}

fn refuse<T>(path: impl Into<String>, message: impl Into<String>) -> Resolved<T> {
    Err(misplaced(path, Error::request(message)))
}

/// The same, with what to do about it.
fn refuse_with<T>(
    path: impl Into<String>,
    message: impl Into<String>,
    hint: impl Into<String>,
) -> Resolved<T> {
    Err(misplaced(path, Error::request(message).hint(hint)))
}

/// The way to a table of the file: `workload.0`.
struct TablePath(String);

impl TablePath {
    fn new(list: &str, index: usize) -> Self {
        Self(format!("{list}.{index}"))
    }

    fn key(&self, key: &str) -> String {
        format!("{}.{key}", self.0)
    }
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
    check_length(&file)?;
    check_names(&file)?;
    let domains = Domains::of(&file)?;
    let from_log = file.from_log || file.replay.is_some();
    let principals = file.principals.iter().enumerate();
    let principals = principals.map(|(i, written)| principal(i, written, from_log));
    let principals = principals.collect::<Resolved<_>>()?;
    let senders = senders(&file)?;
    let (slots, principal_slots) = session_slots(&file.principals, &senders)?;
    let names = NameIndex { file: &file, domains: &domains, principal_slots: &principal_slots };
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
    let accounts = billing::accounts(&file, &domains, &billing::alike(&senders));
    let billing = billing::billing(&file, &accounts, &senders)?;
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
        opt_outs: crate::recording::requests::OptOuts::default(),
        written: file,
    };
    objects::resolve(&mut scenario)?;
    scenario.engine.check(&scenario.workloads).at_path(|| "engine".into())?;
    Ok(scenario)
}

/// Who sends requests. Refuses clients of the scenario's own whose numbers of retries no client has.
fn senders(file: &ScenarioFile) -> Resolved<Vec<Sender>> {
    for (i, client) in file.clients.iter().enumerate() {
        let check = client.retries.map_or(Ok(()), Retries::check);
        check.at_path(|| TablePath::new("client", i).key("retries"))?;
    }
    Ok(file.principals.iter().map(|it| sender(file, it)).collect())
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
    let (retries, retries_basis) = file.retries_of(written);
    Sender {
        name: written.name.clone(),
        sessions: written.sessions,
        session_policies: written.session_policies,
        connections,
        basis,
        retries,
        retries_basis,
    }
}
