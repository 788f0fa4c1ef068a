//! What an answer hangs on, for programs: everything that text and CSV files show, in one document.

use serde::Serialize;
use serde_json::{Value, json};

use super::{rows, words};
use crate::pricing::PriceTable;
use crate::scenario::{MODEL_VERSION, Scenario};
use crate::sensitivity::Sensitivity;

/// The document's own version: raised when a key changes its meaning or goes.
const SCHEMA_VERSION: u32 = 1;

/// All of it as a JSON value.
///
/// # Panics
/// Never: rows are flat structs with text for keys.
#[must_use]
pub fn value(scenario: &Scenario, found: &Sensitivity) -> Value {
    fn rows_of<T: Serialize>(rows: &[T]) -> Value {
        serde_json::to_value(rows).expect("rows are flat structs")
    }
    json!({
        "schema_version": SCHEMA_VERSION,
        "bks_version": env!("CARGO_PKG_VERSION"),
        "model_version": MODEL_VERSION,
        "price_date": PriceTable::DATE,
        "scenario": scenario.name,
        "scenario_hash": scenario.hash(),
        "seed": scenario.seed.0,
        "headline": scenario.configurations[scenario.headline].name,
        "reference": scenario.configurations[scenario.reference].name,
        "replications": found.replications,
        "verdict": words::verdict(scenario, found),
        "saving_assumed_ratio": found.assumed,
        "sensitivity": rows_of(&rows::sensitivity(scenario, found)),
        "sobol": rows_of(&rows::sobol(scenario, found)),
        "spread": rows_of(&rows::spread(scenario, found)),
        "break_even": rows_of(&rows::break_even(scenario, found)),
        "break_even_curves": rows_of(&rows::curves(scenario, found)),
        "break_even_sentences": words::break_evens(scenario, found),
        "left_out": found.left_out.iter().map(|(parameter, why)| json!({
            "parameter": parameter,
            "why": why,
        })).collect::<Vec<_>>(),
    })
}
