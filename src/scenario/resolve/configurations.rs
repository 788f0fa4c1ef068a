//! What is compared with what, and what must hold of it.

use super::{AtPath, Resolved, find, misplaced, refuse};
use crate::encryption::Mode;
use crate::error::{Error, Result};
use crate::figure::Figure;
use crate::scenario::assertion::Assertion;
use crate::scenario::written::{ConfigurationFile, ScenarioFile};
use crate::scenario::{Configuration, Scenario};
use crate::units::SimDuration;

pub(super) fn configuration(
    index: usize,
    written: &ConfigurationFile,
    file: &ScenarioFile,
) -> Resolved<Configuration> {
    let ranges = written.assumptions.over(&file.assumptions);
    ranges.check().at_path(|| format!("configuration.{index}.assumptions"))?;
    let younger_than = written.migrated_younger_than;
    let is_part = !written.migrated_only.is_empty() || younger_than.is_some();
    let migrated = written.migrated || is_part;
    if younger_than.is_some_and(|age| age <= SimDuration::ZERO) {
        return refuse(
            format!("configuration.{index}.migrated_younger_than"),
            "`migrated_younger_than` is no time, but some objects must be younger",
        );
    }
    if migrated && written.encryption != Mode::SseKmsBucketKey {
        return refuse(
            format!("configuration.{index}.migrated"),
            "`migrated` is `true`, but only `sse-kms-bucket-key` has something to migrate to",
        );
    }
    let names = file.populations.iter().map(|population| population.name.as_str());
    let only = written.migrated_only.iter().enumerate().map(|(place, name)| {
        find(name, "population", names.clone())
            .map(|population| population as u32)
            .at_path(|| format!("configuration.{index}.migrated_only.{place}"))
    });
    let only = only.collect::<Resolved<_>>()?;
    Ok(Configuration {
        name: written.name.clone(),
        mode: written.encryption,
        rule: written.requester_rule,
        migrated,
        migrated_only: if migrated { not_locked(index, only, file)? } else { only },
        migrated_younger_than: younger_than,
        ranges,
    })
}

/// Without the populations that Object Lock holds; empty if all others are migrated.
fn not_locked(index: usize, only: Vec<u32>, file: &ScenarioFile) -> Resolved<Vec<u32>> {
    let is_locked = |population: &u32| file.populations[*population as usize].object_lock;
    let all = 0..file.populations.len() as u32;
    if !all.clone().any(|population| is_locked(&population)) {
        return Ok(only);
    }
    let mut free = if only.is_empty() { all.collect() } else { only };
    free.retain(|population| !is_locked(population));
    if free.is_empty() {
        return refuse(
            format!("configuration.{index}.migrated"),
            "`migrated` is `true`, but all it could migrate is under `object_lock`, where \
             UpdateObjectEncryption fails",
        );
    }
    Ok(free)
}

/// The mode of the configuration that savings are measured against: that of objects from before the
/// run, if all are told to be under SSE-S3 and some configuration is.
fn of_today(file: &ScenarioFile) -> Mode {
    let all = !file.populations.is_empty()
        && file.populations.iter().all(|population| {
            let bucket = file.buckets.iter().find(|bucket| bucket.name == population.bucket);
            let before = bucket.and_then(|bucket| bucket.encryption_before);
            population.encryption.or(before) == Some(Mode::SseS3)
        });
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

/// The configuration that savings are measured against, and the one that the verdict is about.
pub(super) fn compared(file: &ScenarioFile) -> Resolved<(usize, usize)> {
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

/// What must hold.
pub(super) fn assertions(file: &ScenarioFile) -> Resolved<Vec<Assertion>> {
    let mut assertions = Vec::new();
    for (i, text) in file.assertions.iter().enumerate() {
        let read = text.parse::<Assertion>().and_then(|assertion| {
            check_assertion(file, &assertion)?;
            Ok(assertion)
        });
        assertions.push(read.at_path(|| format!("assertions.{i}"))?);
    }
    Ok(assertions)
}

/// Refuses a demand of a configuration or a figure that is not there.
fn check_assertion(file: &ScenarioFile, assertion: &Assertion) -> Result<()> {
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
    pub fn configuration_named(&self, name: &str) -> Result<usize> {
        find(name, "configuration", self.configurations.iter().map(|c| c.name.as_str()))
    }

    /// Leaves out all configurations but those named and the one that savings are measured against.
    /// If the verdict's goes, it is about the first one named instead.
    ///
    /// # Errors
    /// If there is none of that name, or a demand is about one that is left out.
    pub fn keep_configurations(&mut self, names: &[String]) -> Result<()> {
        let mut kept = names
            .iter()
            .map(|name| self.configuration_named(name))
            .collect::<Result<Vec<usize>>>()?;
        let of_verdict = match kept.iter().find(|&&named| named != self.reference) {
            Some(&first) if !kept.contains(&self.headline) => first,
            Some(_) => self.headline,
            None => self.reference,
        };
        kept.push(self.reference);
        kept.sort_unstable();
        kept.dedup();
        let [reference, headline] =
            [self.reference, of_verdict].map(|it| kept.binary_search(&it).unwrap_or_default());
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
    pub fn demand(&mut self, assertion: Assertion) -> Result<()> {
        check_assertion(&self.written, &assertion)?;
        self.written.assertions.push(assertion.to_string());
        self.assertions.push(assertion);
        Ok(())
    }
}
