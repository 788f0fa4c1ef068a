//! Populations and workloads: what they name is looked up, what they do is checked.

use std::ops::Range;

use super::domains::Domains;
use super::objects::check_since;
use super::{AtPath, MAX_DURATION, Resolved, TablePath, find, refuse, refuse_with};
use crate::encryption::Mode;
use crate::encryption::history::MAX_OBJECTS;
use crate::error::{Error, one_of};
use crate::scenario::Population;
use crate::scenario::written::{
    DEFAULT_OBJECT_SIZE, PopulationFile, ReadFile, ScenarioFile, WorkloadFile,
};
use crate::units::{ByteSize, Rate, SimDuration};
use crate::workload::ages::AgeLaw;
use crate::workload::arrivals::{Arrivals, PeriodicArrivals};
use crate::workload::clients::{self, ClientProfile};
use crate::workload::object_read::{ReadPopulation, ReadSources, ReadWritten};
use crate::workload::read_pattern::ReadPattern;
use crate::workload::{Action, Following, Mix, Traffic, Workload};

/// Looks up what workloads and populations name.
pub(super) struct NameIndex<'a> {
    pub(super) file: &'a ScenarioFile,
    pub(super) domains: &'a Domains,
    pub(super) principal_slots: &'a [Range<u32>],
}

impl NameIndex<'_> {
    fn slots(&self, path: String, name: &str) -> Resolved<Range<u32>> {
        let names = self.file.principals.iter().map(|p| p.name.as_str());
        let index = find(name, "principal", names).at_path(|| path)?;
        Ok(self.principal_slots[index].clone())
    }

    pub(super) fn population(
        &self,
        index: usize,
        written: &PopulationFile,
    ) -> Resolved<Population> {
        let table = TablePath::new("population", index);
        written.age.check().at_path(|| table.key("age"))?;
        let objects = match (written.objects, written.written_at, &written.age) {
            (Some(objects), None, _) => objects,
            (None, Some(rate), AgeLaw::Uniform(ages)) => {
                let span_s = ages.to.as_secs_f64() - ages.from.as_secs_f64();
                (rate.as_per_s() * span_s).round() as u64
            }
            (None, Some(_), _) => {
                return refuse_with(
                    table.key("written_at"),
                    "`written_at` is given, but the ages are not uniform",
                    "give `objects` instead",
                );
            }
            _ => {
                return refuse(
                    table.key("name"),
                    format!(
                        "population `{}` must have exactly one of `objects` and `written_at`",
                        written.name
                    ),
                );
            }
        };
        if !(1..=MAX_OBJECTS).contains(&objects) {
            return refuse_with(
                table.key("objects"),
                format!(
                    "`objects` is `{objects}`, but a population has from 1 to 2^53 ({MAX_OBJECTS}) \
                 objects"
                ),
                "beyond 2^53 counts are no longer exact; split the population",
            );
        }
        let writers = match &written.written_by {
            Some(name) => self.slots(table.key("written_by"), name)?,
            None => 0..0,
        };
        Ok(Population {
            name: written.name.clone(),
            bucket: self.domains.of_population[index],
            objects,
            age: written.age.clone(),
            writers,
            kept: false,
            policies: 1,
            size: written.object_size,
            class: written.storage_class,
            is_locked: written.object_lock,
            old_versions: written.old_versions,
        })
    }

    pub(super) fn workload(
        &self,
        index: usize,
        written: &WorkloadFile,
        populations: &[Population],
    ) -> Resolved<Workload> {
        let table = TablePath::new("workload", index);
        check_since(index, written.since, MAX_DURATION)?;
        let workload = Workload {
            name: written.name.clone(),
            index: index as u32,
            slots: self.slots(table.key("principal"), &written.principal)?,
            bucket: self.domains.of_workload[index],
            traffic: traffic(index, written)?,
            since: written.since,
            kept: false,
            policies: 1,
            reads: match &written.read {
                Some(read) => Some(self.reads(index, read, populations)?),
                None => None,
            },
            client: self.client(table.key("client"), &written.client)?,
            object_size: written.object_size,
            read_size: self.read_size(written),
            bucket_key: self.has_bucket_key(written),
        };
        check_headers(index, written, &workload)?;
        let reads = workload.actions().into_iter().any(Action::reads);
        if reads && workload.reads.is_none() {
            return refuse_with(
                table.key("name"),
                format!(
                    "workload `{}` reads or copies objects, but `read` does not say which",
                    written.name
                ),
                "give e.g., `read = { from = [\"history\"], pattern = \"uniform\" }`",
            );
        }
        if !reads && workload.reads.is_some() {
            return refuse(
                table.key("read"),
                format!("workload `{}` has `read`, but none of its actions reads", written.name),
            );
        }
        Ok(workload)
    }

    /// Size of what a workload reads or copies: that of the population, if it says; else its own, if it is not the
    /// default; else that of the workload whose objects they are.
    fn read_size(&self, written: &WorkloadFile) -> ByteSize {
        let from = || written.read.iter().flat_map(|read| &read.from);
        let mut of_populations = from().filter_map(|name| {
            let population = self.file.populations.iter().find(|p| p.name == *name)?;
            population.object_size
        });
        if let Some(size) = of_populations.next() {
            return size;
        }
        let workloads = &self.file.workloads;
        let mut of_writers =
            from().filter_map(|name| workloads.iter().find(|writer| writer.name == *name));
        match of_writers.next() {
            Some(writer) if written.object_size == DEFAULT_OBJECT_SIZE => writer.object_size,
            _ => written.object_size,
        }
    }

    fn client(&self, path: String, name: &str) -> Resolved<ClientProfile> {
        if let Some(index) = self.file.clients.iter().position(|client| client.name == name) {
            let client = &self.file.clients[index];
            client.check().at_path(|| format!("client.{index}"))?;
            return Ok(client.clone());
        }
        let own = self.file.clients.iter().map(|client| client.name.as_str());
        let known: Vec<&str> = own.chain(clients::names()).collect();
        ClientProfile::built_in(name)
            .map_err(|_| {
                Error::request(format!("`{name}` is not a known client")).hint(one_of(name, known))
            })
            .at_path(|| path)
    }

    fn reads(
        &self,
        index: usize,
        read: &ReadFile,
        populations: &[Population],
    ) -> Resolved<ReadSources> {
        let table = TablePath(format!("workload.{index}.read"));
        read.pattern.check().at_path(|| table.key("pattern"))?;
        let mut reads =
            ReadSources { pattern: read.pattern.clone(), population: None, written: None };
        for (i, name) in read.from.iter().enumerate() {
            let path = table.key(&format!("from.{i}"));
            if let Some(number) = populations.iter().position(|p| p.name == *name) {
                let population = &populations[number];
                let writers = (population.writers.len() as u32).max(1);
                let (bucket, objects) = (population.bucket, population.objects);
                let number = number as u32;
                let ages = population.age.clone();
                let source =
                    ReadPopulation::new(number, bucket, objects, writers, ages, &read.pattern);
                if reads.population.replace(source).is_some() {
                    return refuse(path, "`from` has two populations, but at most one is read");
                }
            } else if let Some(source) = self.file.workloads.iter().position(|w| w.name == *name) {
                let written = self.written(source).at_path(|| path.clone())?;
                if reads.written.replace(written).is_some() {
                    return refuse_with(
                        path,
                        "`from` has two workloads, but at most one is read",
                        "write a `[[workload]]` that reads for each of them, with its part of the rate",
                    );
                }
            } else {
                let known = populations.iter().map(|p| p.name.as_str());
                let known = known.chain(self.file.workloads.iter().map(|w| w.name.as_str()));
                return refuse_with(
                    path,
                    format!("`{name}` is neither a population nor a workload here"),
                    one_of(name, known.collect::<Vec<_>>()),
                );
            }
        }
        if reads.population.is_none() && reads.written.is_none() {
            return refuse(table.key("from"), "`from` is empty, but reads need a source");
        }
        if reads.pattern.is_by_rank() && (reads.population.is_none() || reads.written.is_some()) {
            return refuse_with(
                table.key("from"),
                "the pattern chooses by rank, but then `from` must be a single population",
                "to read what a workload writes use `by-age`, `scan` or `just-written`",
            );
        }
        Ok(reads)
    }

    /// The objects that a workload writes, as a source of reads.
    fn written(&self, number: usize) -> crate::error::Result<ReadWritten> {
        let source = &self.file.workloads[number];
        let writes = writing_actions(source);
        if writes.is_empty() {
            return Err(Error::request(format!("workload `{}` writes nothing", source.name)));
        }
        let principals = self.file.principals.iter().map(|p| p.name.as_str());
        let principal = find(&source.principal, "principal", principals)?;
        Ok(ReadWritten {
            workload: number as u32,
            since: source.since,
            policies: 1,
            bucket: self.domains.of_workload[number],
            slots: self.principal_slots[principal].clone(),
            bucket_key: self.has_bucket_key(source)
                && !(self.writes_to_directory(source)
                    && writes.iter().all(|action| *action == Action::Copy)),
        })
    }

    /// Whether a workload's writes may have a bucket key: in a directory bucket no header turns it
    /// off (`docs/model.md`), and what a header says of encryption says all.
    fn has_bucket_key(&self, workload: &WorkloadFile) -> bool {
        workload.bucket_key || self.writes_to_directory(workload) || workload.encryption.is_some()
    }

    fn writes_to_directory(&self, workload: &WorkloadFile) -> bool {
        let mut buckets = self.file.buckets.iter();
        buckets.any(|bucket| bucket.name == workload.bucket && bucket.directory)
    }
}

/// Those of a workload's actions that write.
pub(super) fn writing_actions(workload: &WorkloadFile) -> Vec<Action> {
    let actions: Vec<Action> = if let Some(jobs) = &workload.jobs {
        jobs.steps.iter().map(|step| step.action).collect()
    } else {
        let weights = workload.mix.unwrap_or_else(|| default_mix(workload)).weights();
        let some = weights.into_iter().filter(|(_, weight)| *weight > 0.0);
        some.map(|(action, _)| action).collect()
    };
    actions.into_iter().filter(|action| action.writes()).collect()
}

/// Refuses headers of a workload that writes nothing, and headers that contradict each other.
fn check_headers(index: usize, written: &WorkloadFile, workload: &Workload) -> Resolved<()> {
    let table = TablePath::new("workload", index);
    let given =
        [("encryption", written.encryption.is_some()), ("kms_key", written.kms_key.is_some())];
    if let Some((key, _)) = given.into_iter().find(|(_, given)| *given && !workload.writes()) {
        return refuse_with(
            table.key(key),
            format!("workload `{}` has `{key}`, but none of its actions writes", written.name),
            "give it to the population or the workload that wrote what is read",
        );
    }
    if written.encryption == Some(Mode::SseKmsBucketKey) && !written.bucket_key {
        return refuse(
            table.key("bucket_key"),
            "`bucket_key` is `false`, but `encryption` is `sse-kms-bucket-key`",
        );
    }
    Ok(())
}

fn default_mix(written: &WorkloadFile) -> Mix {
    if written.read.is_some() {
        Mix { read: 1.0, ..Mix::default() }
    } else {
        Mix { write: 1.0, ..Mix::default() }
    }
}

/// Whether a workload reads what has just been written.
fn follows(written: &WorkloadFile) -> bool {
    let pattern = written.read.as_ref().map(|read| &read.pattern);
    matches!(pattern, Some(ReadPattern::JustWritten(_)))
}

/// A workload that says not when it acts: whom it follows is resolved when all are known.
fn follower(index: usize, written: &WorkloadFile) -> Resolved<Traffic> {
    let mix = written.mix.unwrap_or_else(|| default_mix(written));
    let mut actions = mix.weights().into_iter().filter(|(_, weight)| *weight > 0.0);
    match (actions.next(), actions.next()) {
        (Some((action, _)), None) if action.reads() => Ok(Traffic::Following(Following {
            workload: u32::MAX,
            written: Box::new(Traffic::Steady {
                arrivals: Arrivals::Periodic(PeriodicArrivals {
                    rate: Rate::per_s(1.0),
                    offset: SimDuration::ZERO,
                }),
                mix: Vec::new(),
            }),
            delay: SimDuration::ZERO,
            action,
        })),
        _ => refuse(
            format!("workload.{index}.mix"),
            "without `arrivals` a workload does one thing to each object: it reads, copies or \
             replicates it",
        ),
    }
}

fn traffic(index: usize, written: &WorkloadFile) -> Resolved<Traffic> {
    let table = TablePath::new("workload", index);
    match (&written.arrivals, &written.jobs) {
        (Some(arrivals), None) => {
            arrivals.check().at_path(|| table.key("arrivals"))?;
            let mix = written.mix.unwrap_or_else(|| default_mix(written));
            if !mix.is_sound() {
                return refuse_with(
                    table.key("mix"),
                    "`mix` must have weights of zero or more, at least one of them more",
                    "give e.g., `mix = { read = 0.9, write = 0.1 }`",
                );
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
            jobs.check().at_path(|| table.key("jobs"))?;
            if written.mix.is_some() {
                return refuse(
                    table.key("mix"),
                    "`mix` is given, but a job's steps name their actions",
                );
            }
            Ok(Traffic::Jobs(jobs.clone()))
        }
        (None, None) if follows(written) => follower(index, written),
        _ => refuse_with(
            table.key("name"),
            format!("workload `{}` must have exactly one of `arrivals` and `jobs`", written.name),
            "give e.g., `arrivals = { poisson = { rate = \"5/s\" } }`",
        ),
    }
}
