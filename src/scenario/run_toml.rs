//! A scenario as `run.toml`, from which the same results come again, and its fingerprint.

use super::written::{ConfigurationFile, RunFile, ScenarioFile};
use super::{MODEL_VERSION, Scenario};
use crate::encryption::assumption::AssumptionOverrides;
use crate::error::{Error, Result};
use crate::harmless_text;
use crate::pricing::PriceTable;

impl Scenario {
    /// The resolved scenario as TOML, with how it was run: from it the same bytes come again.
    ///
    /// # Panics
    /// Never: every scenario that was read can be written.
    #[must_use]
    pub fn to_run_toml(&self) -> String {
        let mut file = self.written.clone();
        let log = self.recording.as_ref();
        file.run = Some(RunFile {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            model: MODEL_VERSION,
            price_date: PriceTable::DATE.to_owned(),
            scenario_hash: scenario_hash(&self.written),
            arguments: log.map(|log| log.arguments.clone()).unwrap_or_default(),
            inputs: log.map(|log| log.inputs()).unwrap_or_default(),
        });
        toml_of(&file)
    }

    /// As [`Scenario::hash`], but whatever it demands: demands change no figure.
    #[must_use]
    pub fn hash_without_demands(&self) -> String {
        scenario_hash(&ScenarioFile { assertions: Vec::new(), ..self.written.clone() })
    }

    /// Hash of the resolved scenario, in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> String {
        scenario_hash(&self.written)
    }
}

/// A scenario as TOML, every text on one line on which each character can be seen.
pub(crate) fn toml_of(file: &ScenarioFile) -> String {
    harmless_text::toml(&toml::to_string(file).expect("a scenario is TOML")).into_owned()
}

fn scenario_hash(file: &ScenarioFile) -> String {
    fingerprint(&toml::to_string(file).expect("a scenario is TOML"))
}

/// 64-bit FNV-1a (Fowler, Noll and Vo) in hexadecimal: tells texts apart, no more.
pub(crate) fn fingerprint(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// A `run.toml` stands for its own bytes only if nothing it was made with has changed.
pub(super) fn check_run_file(run: &RunFile, file: &ScenarioFile) -> Result<()> {
    if run.model != MODEL_VERSION {
        return Err(Error::request(format!(
            "the run was made with model `{}`, but this is model {}, whose results differ",
            run.model, MODEL_VERSION
        ))
        .hint("delete the table `[run]` to simulate the scenario anyway"));
    }
    if run.version != env!("CARGO_PKG_VERSION") {
        return Err(Error::request(format!(
            "the run was made with bks `{}`, but this is {}",
            run.version,
            env!("CARGO_PKG_VERSION")
        ))
        .hint("delete the table `[run]` to simulate the scenario anyway"));
    }
    if run.price_date != PriceTable::DATE {
        return Err(Error::request(format!(
            "the run was made with the prices of `{}`, but the built-in ones are of {}",
            run.price_date,
            PriceTable::DATE
        ))
        .hint("delete the table `[run]` to simulate the scenario anyway"));
    }
    if run.scenario_hash != scenario_hash(file) {
        return Err(Error::request(format!(
            "the scenario was changed after its run: its hash is not `{}`",
            run.scenario_hash
        ))
        .hint("delete the table `[run]` to simulate the changed scenario"));
    }
    Ok(())
}

impl AssumptionOverrides {
    /// These assumptions as a `[assumptions]` table in TOML, calls of multipart uploads and configurations
    /// if there are any, to be put into a scenario.
    ///
    /// # Panics
    /// Never: all of them can be written.
    #[must_use]
    pub fn to_fragment(
        &self,
        multipart: &[(&str, u32)],
        configurations: &[ConfigurationFile],
    ) -> String {
        let mut table = toml::Table::new();
        let own = toml::Value::try_from(self).expect("assumptions are TOML");
        table.insert("assumptions".to_owned(), own);
        if !multipart.is_empty() {
            let calls = multipart.iter().map(|&(key, calls)| (key.to_owned(), calls.into()));
            table.insert("multipart".to_owned(), toml::Value::Table(calls.collect()));
        }
        if !configurations.is_empty() {
            let all = toml::Value::try_from(configurations).expect("configurations are TOML");
            table.insert("configuration".to_owned(), all);
        }
        toml::to_string(&table).expect("a table is TOML")
    }
}
