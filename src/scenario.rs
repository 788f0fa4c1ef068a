//! A scenario: as written, and as meant.
//!
//! - [`written`]: the TOML file, key by key;
//! - [`meaning`]: names resolved to numbers, every value checked;
//! - [`read`]: text to scenario;
//! - `document`: TOML in memory, each value with the place where it was typed;
//! - [`overrides`]: what `--set` and `--prices` put over it;
//! - `complaint`: what is wrong, in words, and `schema`: which keys there are;
//! - `included`: files that a scenario names;
//! - `run_toml`: what is written with the results;
//! - [`resolve`]: what is written to what is meant;
//! - [`connections`]: on how many connections whose requests come;
//! - [`retries`]: how whose clients repeat what is throttled;
//! - [`assertion`]: what a scenario demands of its results;
//! - [`engine`]: which engine is asked for;
//! - [`replay`]: the scenario that a log is;
//! - `tenants`: many alike, of which one is described;
//! - [`population`]: what is there already, from an inventory.

pub mod assertion;
pub mod connections;
mod document;
pub mod engine;
mod error_text;
pub(crate) mod included;
pub mod meaning;
pub mod overrides;
pub mod population;
pub mod read;
pub mod replay;
pub mod resolve;
pub mod retries;
pub(crate) mod run_toml;
mod schema;
mod tenants;
pub mod written;

pub use meaning::{
    Billing, Bucket, Configuration, Domain, FreeTierOf, Population, Scenario, Sender, Writers,
};

/// Version of the model. A change makes older results incomparable; the changelog says which.
pub const MODEL_VERSION: u32 = 2;
