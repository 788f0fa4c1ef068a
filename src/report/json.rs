//! An outcome for programs: everything that text and CSV files show, in one document.

use serde::Serialize;
use serde_json::{Value, json};

use super::{rows, words};
use crate::outcome::Outcome;
use crate::pricing::PriceTable;
use crate::scenario::{MODEL_VERSION, Scenario};

/// The document's own version: raised when a key changes its meaning or goes.
const SCHEMA_VERSION: u32 = 1;

/// The whole outcome as a JSON value.
///
/// # Panics
/// Never: rows are flat structs with text for keys.
#[must_use]
pub fn value(scenario: &Scenario, outcome: &Outcome) -> Value {
    fn rows<T: Serialize>(rows: &[T]) -> Value {
        serde_json::to_value(rows).expect("rows are flat structs")
    }
    let (requesters, operations) =
        (rows::requesters(scenario, outcome), rows::operations(scenario, outcome));
    json!({
        "schema_version": SCHEMA_VERSION,
        "bks_version": env!("CARGO_PKG_VERSION"),
        "model_version": MODEL_VERSION,
        "price_date": PriceTable::DATE,
        "scenario": scenario.file.name,
        "scenario_hash": scenario.hash(),
        "seed": scenario.seed.0,
        "question": scenario.file.question,
        "headline": scenario.configurations[scenario.headline].name,
        "reference": scenario.configurations[scenario.reference].name,
        "replications": outcome.replications,
        "engine": scenario.engines.name(),
        "skipped_principals": words::skipped(scenario),
        "precision": outcome.precision.map(|precision| precision.asked.half_width),
        "precision_reached": outcome.precision.and_then(|precision| precision.reached),
        "counted_s": scenario.counted().as_secs_f64(),
        "billing_period_s": scenario.billing.period.as_secs_f64(),
        "verdict": words::verdict(scenario, outcome),
        "summary": rows(&rows::summary(scenario, outcome)),
        "sensitivity": rows(&rows::sensitivity(scenario, outcome)),
        "requesters": rows(&requesters),
        "principals": rows(&rows::principals(scenario, outcome)),
        "operations": rows(&operations),
        "costs": rows(&rows::costs(scenario, outcome)),
        "timeline": rows(&rows::timeline(scenario, outcome)),
        "warnings": outcome.warnings.iter().map(|warning| json!({
            "id": warning.id,
            "what": warning.what,
            "advice": warning.advice,
        })).collect::<Vec<_>>(),
        "assertions": outcome.assertions.iter().map(|assertion| json!({
            "assertion": assertion.assertion.to_string(),
            "configuration": assertion.configuration,
            "value": assertion.value,
            "threshold": assertion.assertion.threshold,
            "holds": assertion.holds,
        })).collect::<Vec<_>>(),
        "holds": outcome.holds(),
    })
}
