//! Which run it was, what it warns of, and what was demanded of it: `result.json`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::encryption::Mode;
use crate::encryption::assumption::Level;
use crate::encryption::requester::RequesterRule;
use crate::error::{Error, Result};
use crate::figure::Figure;
use crate::pricing::PriceTable;
use crate::scenario::assertion::{Assertion, RangePoint};
use crate::scenario::connections::Basis;
use crate::scenario::{Configuration, MODEL_VERSION, Scenario, Sender};
use crate::simulation::engines::{Engines, RequestsSkipped};

use super::rows::{SummaryRow, show};
use crate::harmless_text::shown;

/// Version of the document: raised when a key changes its meaning or goes.
pub const SCHEMA_VERSION: u32 = 2;

/// What is to be known of a run besides its figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// Version of this document.
    pub schema_version: u32,
    /// Version of bks.
    pub bks_version: String,
    /// Version of the model: results of different ones do not compare.
    pub model_version: u32,
    /// Date of the newest built-in price.
    pub price_date: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Hash of the resolved scenario.
    pub scenario_hash: String,
    /// The seed.
    pub seed: u64,
    /// The scenario's question.
    pub question: Option<String>,
    /// Where the scenario's numbers come from.
    pub source: Option<String>,
    /// Name of the configuration the verdict is about.
    pub headline: String,
    /// Name of the configuration savings are measured against.
    pub reference: String,
    /// Number of replications that were run.
    #[serde(rename = "replications_run")]
    pub replications: u32,
    /// By which engine: `events`, `skip-ahead` or `both`.
    pub engine: String,
    /// Principals whose KMS calls were drawn without their requests.
    pub skipped_principals: Vec<String>,
    /// Half-width that was asked for.
    pub precision: Option<f64>,
    /// Greatest half-width of a configuration's saving.
    pub precision_reached: Option<f64>,
    /// Whether that is small enough; `None` if no precision was asked for.
    pub precision_met: Option<bool>,
    /// Length of the part of the run before counting.
    pub warm_up_s: f64,
    /// Length of the counted part of the run.
    pub counted_s: f64,
    /// Length of the billing period.
    pub billing_period_s: f64,
    /// Names of the workloads that happen once: their part of the bill is not scaled to the period.
    #[serde(default)]
    pub once: Vec<String>,
    /// The prices in force.
    pub prices: Prices,
    /// What was compared, in the order of the scenario.
    pub configurations: Vec<ConfigurationFacts>,
    /// On how many connections whose requests come.
    #[serde(default)]
    pub connections: Vec<ConnectionsFacts>,
    /// What to beware of.
    pub warnings: Vec<WarningFacts>,
    /// What was demanded.
    pub assertions: Vec<AssertionFacts>,
    /// Whether every demand was met.
    pub holds: bool,
}

/// Of when and where the prices are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Prices {
    /// The region, or several between commas.
    pub region: String,
    /// Date of the oldest built-in price in force.
    pub oldest: Option<String>,
    /// Date of the newest one.
    pub newest: Option<String>,
    /// How many prices the scenario gives itself.
    pub given: usize,
}

/// One way to encrypt the buckets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigurationFacts {
    /// Its name.
    pub name: String,
    /// How new objects are encrypted.
    pub encryption: Mode,
    /// Who is one requester.
    pub requester_rule: RequesterRule,
    /// Whether objects from before the run were re-encrypted under bucket keys.
    pub migrated: bool,
    /// Names of the populations that were, if not all.
    #[serde(default)]
    pub migrated_only: Vec<String>,
    /// Whether any bucket uses bucket keys, so that the assumptions bear on it.
    pub uses_bucket_keys: bool,
    /// What AWS does not publish, as the configuration has it.
    pub assumptions: Vec<AssumptionFacts>,
}

/// On how many connections the requests of one principal's sessions come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectionsFacts {
    /// Name of the principal.
    pub principal: String,
    /// Connections of each session: a number, or `fresh`.
    pub connections: String,
    /// Who says so: `given`, `documented` or `assumed`.
    pub basis: String,
    /// The client whose documented pool it is.
    pub client: Option<String>,
}

/// One assumption: the value results are given for, and the ends it is believed to lie between.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AssumptionFacts {
    /// Its name.
    pub assumption: String,
    /// Its lower end: of the value, not of the saving.
    pub low: String,
    /// The value assumed.
    pub assumed: String,
    /// Its upper end.
    pub high: String,
}

/// What to beware of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WarningFacts {
    /// A short name that does not change between versions.
    pub id: String,
    /// What was seen, and why it matters.
    pub what: String,
    /// What to do about it.
    pub advice: String,
}

impl WarningFacts {
    pub(crate) fn new(id: &str, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { id: id.to_owned(), what: what.into(), advice: advice.into() }
    }

    pub(crate) fn one_replication() -> Self {
        Self::new(
            "one-replication",
            "a single replication gives no confidence half-width",
            "run with `--replications 10`",
        )
    }
}

/// A demand, and whether it was met.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AssertionFacts {
    /// The demand, as text.
    pub assertion: String,
    /// Name of the configuration it is about.
    pub configuration: String,
    /// Where in the range of what AWS does not publish: a level, `p05` or `p95`.
    pub assumption: RangePoint,
    /// Name of the figure.
    pub figure: Figure,
    /// The figure's value.
    pub value: f64,
    /// What it was compared with.
    pub threshold: f64,
    /// Whether the demand was met.
    pub holds: bool,
}

impl Facts {
    /// The facts of a run of which nothing is demanded.
    pub(super) fn of(
        scenario: &Scenario,
        summary: &[SummaryRow],
        warnings: Vec<WarningFacts>,
    ) -> Self {
        let engines = Engines::of(scenario);
        let precision = scenario.precision;
        let reached = precision.and_then(|_| precision_reached(summary));
        Self {
            schema_version: SCHEMA_VERSION,
            bks_version: env!("CARGO_PKG_VERSION").to_owned(),
            model_version: MODEL_VERSION,
            price_date: PriceTable::DATE.to_owned(),
            scenario: scenario.name.clone(),
            scenario_hash: scenario.hash(),
            seed: scenario.seed.0,
            question: scenario.question.clone(),
            source: scenario.source.clone(),
            headline: scenario.configurations[scenario.headline].name.clone(),
            reference: scenario.configurations[scenario.reference].name.clone(),
            replications: summary[0].replications,
            engine: engines.name().to_owned(),
            skipped_principals: skipped(scenario, &engines),
            precision: precision.map(|asked| asked.half_width),
            precision_reached: reached.filter(|reached| reached.is_finite()),
            precision_met: precision.map(|asked| asked.is_met_by(reached)),
            warm_up_s: scenario.counted_from.as_secs_f64(),
            counted_s: scenario.counted().as_secs_f64(),
            billing_period_s: scenario.billing.period.as_secs_f64(),
            once: scenario.once().map(|workload| workload.name.clone()).collect(),
            prices: Prices::of(&scenario.billing.prices),
            configurations: scenario
                .configurations
                .iter()
                .map(|configuration| ConfigurationFacts::of(scenario, configuration))
                .collect(),
            connections: scenario.senders.iter().map(ConnectionsFacts::of).collect(),
            warnings,
            assertions: Vec::new(),
            holds: true,
        }
    }

    /// Holds the figures against demands.
    pub(super) fn judge(&mut self, demands: &[Assertion], summary: &[SummaryRow]) {
        let judged = demands.iter().map(|it| AssertionFacts::of(it, &self.headline, summary));
        self.assertions = judged.collect();
        self.holds = self.assertions.iter().all(|demand| demand.holds);
    }

    /// As [`super::Results::seen`].
    pub(super) fn show(&mut self) {
        let own =
            [&mut self.scenario, &mut self.headline, &mut self.reference, &mut self.prices.region];
        own.into_iter().for_each(show);
        self.skipped_principals.iter_mut().chain(&mut self.once).for_each(show);
        for configuration in &mut self.configurations {
            show(&mut configuration.name);
            configuration.migrated_only.iter_mut().for_each(show);
        }
        for one in &mut self.connections {
            [&mut one.principal, &mut one.connections]
                .into_iter()
                .chain(&mut one.client)
                .for_each(show);
        }
        for demand in &mut self.assertions {
            [&mut demand.configuration, &mut demand.assertion].into_iter().for_each(show);
        }
        let warnings = self.warnings.iter_mut().flat_map(|it| [&mut it.what, &mut it.advice]);
        for text in warnings.chain(&mut self.question).chain(&mut self.source) {
            *text = shown(text).into_owned();
        }
    }

    /// Reads `result.json`.
    pub(super) fn read(text: &str) -> Result<Self> {
        #[derive(Deserialize)]
        struct Version {
            schema_version: u32,
        }
        let Version { schema_version } =
            serde_json::from_str(text).map_err(|error| not_ours(&error))?;
        if schema_version != SCHEMA_VERSION {
            return Err(Error::request(format!(
                "`schema_version` is `{schema_version}`, but this bks reads {SCHEMA_VERSION}"
            ))
            .hint("simulate the folder's run.toml again"));
        }
        serde_json::from_str(text).map_err(|error| not_ours(&error))
    }

    /// A configuration by its name.
    #[must_use]
    pub fn configuration(&self, name: &str) -> Option<&ConfigurationFacts> {
        self.configurations.iter().find(|configuration| configuration.name == name)
    }
}

fn not_ours(error: &serde_json::Error) -> Error {
    let place = format!("{}:{}:{}", super::FACTS, error.line(), error.column());
    Error::request(format!("the text is not what bks writes: {error}")).at(place)
}

/// Names of the principals whose KMS requests were drawn without their S3 requests.
fn skipped(scenario: &Scenario, engines: &Engines) -> Vec<String> {
    let principals = scenario.senders.iter().enumerate();
    principals
        .filter(|(index, _)| engines.skipped(*index as u32) != RequestsSkipped::None)
        .map(|(_, principal)| principal.name.clone())
        .collect()
}

/// The greatest half-width of a configuration's saving at the assumed level, infinite if a single
/// replication has to show it; `None` if there is nothing to save.
pub(super) fn precision_reached(summary: &[SummaryRow]) -> Option<f64> {
    let assumed = summary.iter().filter(|row| row.assumption == Level::Assumed);
    let savings = assumed.filter(|row| row.saving_ratio.is_some());
    savings.map(|row| row.saving_half_width.unwrap_or(f64::INFINITY)).reduce(f64::max)
}

impl Prices {
    fn of(tables: &[PriceTable]) -> Self {
        let regions: Vec<&str> = tables.iter().map(PriceTable::region).collect();
        let dates = || tables.iter().map(PriceTable::dates);
        Self {
            region: regions.join(", "),
            oldest: dates().filter_map(|(oldest, _, _)| oldest).min().map(str::to_owned),
            newest: dates().filter_map(|(_, newest, _)| newest).max().map(str::to_owned),
            // Those that a scenario gives are the same in all regions.
            given: dates().map(|(_, _, given)| given).max().unwrap_or_default(),
        }
    }
}

impl ConfigurationFacts {
    fn of(scenario: &Scenario, configuration: &Configuration) -> Self {
        Self {
            name: configuration.name.clone(),
            encryption: configuration.mode,
            requester_rule: configuration.rule,
            migrated: configuration.migrated,
            migrated_only: configuration
                .migrated_only
                .iter()
                .map(|&index| scenario.populations[index as usize].name.clone())
                .collect(),
            uses_bucket_keys: configuration.uses_bucket_keys(&scenario.domains),
            assumptions: configuration
                .ranges
                .in_force()
                .map(|(assumption, range)| AssumptionFacts {
                    assumption: assumption.name().to_owned(),
                    low: range.low.to_string(),
                    assumed: range.assumed.to_string(),
                    high: range.high.to_string(),
                })
                .collect(),
        }
    }
}

impl ConnectionsFacts {
    fn of(sender: &Sender) -> Self {
        let (basis, client) = match &sender.basis {
            Basis::Given => ("given", None),
            Basis::Documented(client) => ("documented", Some(client.clone())),
            Basis::Assumed => ("assumed", None),
        };
        Self {
            principal: sender.name.clone(),
            connections: sender.connections.to_string(),
            basis: basis.to_owned(),
            client,
        }
    }
}

impl AssertionFacts {
    /// Holds a run's rows against a demand.
    ///
    /// # Panics
    /// If they are not those of all configurations at all levels.
    #[must_use]
    pub fn of(demand: &Assertion, headline: &str, summary: &[SummaryRow]) -> Self {
        let configuration = demand.configuration.as_deref().unwrap_or(headline);
        let row = summary.iter().find(|row| row.is_of(configuration, demand.point.level()));
        let row = row.expect("the scenario knows the configurations it demands of");
        // Nothing to save from is no saving.
        let value = row.figure_at(demand.figure, demand.point).unwrap_or_default();
        Self {
            assertion: demand.to_string(),
            configuration: configuration.to_owned(),
            assumption: demand.point,
            figure: demand.figure,
            value,
            threshold: demand.threshold,
            holds: demand.holds(value),
        }
    }
}
