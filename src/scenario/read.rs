//! Text to scenario, with the place of whatever is wrong.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::Scenario;
use super::document::{TomlDocument, TypedOverride};
use super::error_text::complaint;
use super::included::{include_histograms, include_prices};
use super::overrides::Override;
use super::resolve::{Misplaced, resolve};
use super::run_toml::check_run_file;
use super::tenants::{Origins, expand};
use super::written::ScenarioFile;
use crate::error::{Error, Result};
use crate::units::SimDuration;

/// Reads a file that a scenario includes, named as in the scenario.
pub type Include<'a> = &'a dyn Fn(&str) -> Result<String>;

/// Refuses every file, for scenarios that include none.
pub(super) const NO_FILES: Include =
    &|file| Err(Error::request(format!("`{file}` is not read from here")));

impl Scenario {
    /// Reads a scenario. `place` names the text in messages; `overrides` are put over it;
    /// `include` reads the files that it names.
    ///
    /// # Errors
    /// The first thing that is wrong, with line and column.
    pub fn read(text: &str, place: &str, overrides: &[Override], include: Include) -> Result<Self> {
        if text.trim().is_empty() {
            return Err(Error::request("the scenario is empty")
                .at(place)
                .hint("`bks init` writes one to start from"));
        }
        let document = TomlDocument::parse(text, place)?;
        let mut file: ScenarioFile = of_document(&document)?;
        if file.replay.is_some() {
            return Err(Error::request(
                "the scenario was made from a log, whose requests are not in it",
            )
            .at(place)
            .hint("replay the log with it: `bks replay LOG --scenario run.toml`"));
        }
        if let Some(run) = file.run.take() {
            check_run_file(&run, &file).map_err(|error| error.at(place))?;
        }
        Self::with_overrides(file, &document, overrides, include)
    }

    /// The scenario that `file`, read from `document`, is with `overrides` put over it.
    pub(super) fn with_overrides(
        mut file: ScenarioFile,
        document: &TomlDocument,
        overrides: &[Override],
        include: Include,
    ) -> Result<Self> {
        // What names a tenant's own goes over the lists that tenants have been put into.
        let has_tenants = !file.tenants.is_empty();
        let (of_lists, of_file): (Vec<&Override>, Vec<&Override>) =
            overrides.iter().partition(|change| has_tenants && change.is_of_elements());
        let (mut changed, mut lists_changed) = (None, None);
        if !of_file.is_empty() {
            file = of_document(changed.insert(overridden(&file, document.name(), &of_file)?))?;
        }
        let mut origins = Origins::default();
        let expanded = expand(&mut file, include).map(|found| origins = found);
        if expanded.is_ok() && !of_lists.is_empty() {
            let whole = overridden(&file, document.name(), &of_lists)?;
            file = of_document(lists_changed.insert(whole))?;
        }
        let resolved = expanded
            .and_then(|()| include_histograms(&mut file, include))
            .and_then(|()| include_prices(&mut file, include))
            .and_then(|()| resolve(file));
        resolved.map_err(|Misplaced { path, error }| {
            let written = origins.written_at(&path);
            let of_lists = culprit(lists_changed.as_ref(), &path);
            let typed = of_lists.or_else(|| culprit(changed.as_ref(), &written));
            let keys: Vec<&str> = written.split('.').collect();
            error.at(match (typed, document.called(document.place(&keys))) {
                (Some(typed), _) => format!("{typed}: {written}"),
                (None, Some(place)) => place,
                (None, None) => format!("{}: {written}", document.name()),
            })
        })
    }

    /// As it is written: with overrides applied and included files embedded.
    #[must_use]
    pub fn file(&self) -> &ScenarioFile {
        &self.written
    }

    /// The same scenario, or the same log's, with more overrides put over it.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn changed(&self, overrides: &[Override]) -> Result<Self> {
        let document = TomlDocument::parse("", &self.name)?;
        let changed = Self::with_overrides(self.written.clone(), &document, overrides, NO_FILES)?;
        Ok(Self {
            recording: self.recording.clone(),
            unknown_age: self.unknown_age,
            opt_outs: self.opt_outs,
            ..changed
        })
    }

    /// Reads a scenario that includes nothing, as in tests and examples.
    ///
    /// # Errors
    /// As [`Scenario::read`].
    pub fn parse(text: &str) -> Result<Self> {
        Self::read(text, "scenario", &[], NO_FILES)
    }

    /// A scenario made here, resolved.
    ///
    /// # Errors
    /// As [`Scenario::read`].
    pub(crate) fn of_file(file: ScenarioFile, place: &str) -> Result<Self> {
        Self::with_overrides(file, &TomlDocument::parse("", place)?, &[], NO_FILES)
    }
}

impl Scenario {
    /// The same run once for so long, all of it counted and nothing demanded.
    ///
    /// # Errors
    /// As [`Scenario::read`]: what holds for a short run may not for a long one.
    pub fn lasting(&self, duration: SimDuration) -> Result<Self> {
        let file = ScenarioFile {
            duration,
            warm_up: SimDuration::ZERO,
            replications: 1,
            precision: None,
            max_replications: None,
            assertions: Vec::new(),
            run: None,
            ..self.written.clone()
        };
        Self::of_file(file, &self.name)
    }
}

/// A file with overrides put over it: keys that it leaves to their defaults can be overridden like any other.
fn overridden<'a>(
    file: &ScenarioFile,
    name: &'a str,
    overrides: &[&Override],
) -> Result<TomlDocument<'a>> {
    let mut whole = TomlDocument::of(file, name);
    overrides.iter().try_for_each(|change| change.put(&mut whole))?;
    Ok(whole)
}

/// The override that put into a document what stands at a path.
fn culprit<'a>(changed: Option<&'a TomlDocument>, path: &str) -> Option<&'a TypedOverride> {
    changed?.culprit(&path.split('.').collect::<Vec<_>>())
}

/// Reads TOML; `place` names the text in messages.
pub(super) fn from_toml<T: DeserializeOwned + JsonSchema>(text: &str, place: &str) -> Result<T> {
    of_document(&TomlDocument::parse(text, place)?)
}

fn of_document<T: DeserializeOwned + JsonSchema>(document: &TomlDocument) -> Result<T> {
    document.read().map_err(|flaw| complaint::<T>(document, &flaw))
}

/// Reads a file that need not be a whole scenario: what a log tells may be missing.
pub(crate) fn parse_settings(text: &str, place: &str) -> Result<ScenarioFile> {
    let mut document = TomlDocument::parse(text, place)?;
    document.default_to("name", "replay".into());
    document.default_to("duration", "1s".into());
    for list in ["bucket", "principal", "workload"] {
        document.default_to(list, toml::Value::Array(Vec::new()));
    }
    of_document(&document)
}
