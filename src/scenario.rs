//! A scenario: as written, and as meant.
//!
//! - [`written`]: the TOML file, key by key;
//! - [`meaning`]: names resolved to numbers, every value checked;
//! - [`read`]: text to [`written`], with the place of whatever is wrong;
//! - `keys`: which key was meant by one that is none;
//! - `shorthand`: short keys for several at once;
//! - [`resolve`]: what is written to what is meant;
//! - [`connections`]: on how many connections whose requests come;
//! - [`assertion`]: what a scenario demands of its results;
//! - [`engine`]: which engine is asked for;
//! - [`replay`]: the scenario that a log is;
//! - [`population`]: what is there already, from an inventory.

pub mod assertion;
pub mod connections;
pub mod engine;
mod keys;
pub mod meaning;
pub mod population;
pub mod read;
pub mod replay;
pub mod resolve;
mod shorthand;
pub mod written;

pub use meaning::{
    Billing, Bucket, Configuration, Domain, FreeTierOf, Population, Scenario, Sender, Writers,
};

/// Version of the model. A change makes older results incomparable; the changelog says which.
pub const MODEL_VERSION: u32 = 2;
