//! bks, the Bucket Key Simulator: what Amazon S3 Bucket Keys will do to a KMS bill, a KMS quota and
//! an audit trail.
//!
//! ```text
//!      scenario.toml                      access log · CloudTrail · IBM COS
//!            │ scenario                               │ logs
//!            ▼                                        ▼ recording
//!        Scenario ───── workload ─────►  requests, one time-ordered stream per requester
//!            │                                        │ simulation (Poisson traffic: KMS calls alone)
//!            └───────── encryption ──────────────────►│  1. writes: which bucket-level key wraps which object
//!                  what must S3 ask of KMS?           │  2. answers: which wrapping keys are not in memory
//!                                                     ▼
//!                                             Tally (counts that merge)
//!                                                     │ pricing: the Bill
//!                                                     ▼
//!        results/NAME ◄───────────────────► Results (plain rows)
//!                                                     │ compare · sweep · sensitivity · advice
//!                                                     ▼ report
//!                                                 Document ──► text · Markdown · HTML
//! ```
//!
//! # Types to start from
//!
//! - [`Scenario`]: what is to be simulated, every name resolved and every value checked;
//! - [`Recording`]: a log in the order of time, to be simulated in a workload's place;
//! - [`Assumptions`]: what AWS does not publish, each with a value;
//! - [`Arm`]: one configuration under one set of assumptions; [`simulation::run`] runs several side by side;
//! - [`Tally`]: what an arm counted;
//! - [`PriceTable`] and [`Bill`]: what those counts cost;
//! - [`Results`]: a run's rows, as its folder has them;
//! - [`Comparison`]: runs beside one of them;
//! - [`Document`]: an answer to be read, in whichever format;
//! - [`Error`]: what is wrong, where, and what to do about it.
//!
//! # Floors
//!
//! Dependence runs downward only; siblings on the second floor do not know each other.
//!
//! - ground, measures and chance, and text of strangers: [`error`], [`units`], [`rng`],
//!   [`harmless_text`], and [`parquet_rows`]
//! - first floor, the two services' words: [`s3`], [`kms`]
//! - second floor, workshops: [`workload`], [`logs`], [`encryption`], and [`lint`], which reads policies
//! - third floor, counting, pricing, and logs put in order: [`tally`], [`pricing`], [`recording`],
//!   and [`inventory`], the objects a bucket holds, and [`bill`], the requests a bill has
//! - between both, what can become of objects that are there: [`migration`]
//! - fourth floor, experiments: [`scenario`], [`simulation`], [`statistics`], [`quota`], [`sweep`],
//!   [`sensitivity`], [`fitting`], [`calibration`], [`reconciliation`], [`advice`],
//!   [`explanation`], [`experiment`]
//! - roof: [`report`]
//! - porch, the only way in and out: [`cli`]
//!
//! # A scenario from end to end
//!
//! One writer, one PUT a second for an hour: without bucket keys KMS is called for each, with them
//! once for each five-minute key and, if S3 verifies it as assumed, once more.
//!
//! ```
//! use bks::{Results, Scenario};
//!
//! let scenario = Scenario::parse(
//!     r#"
//!     name = "an-hour"
//!     duration = "1h"
//!     replications = 1
//!     assumptions = { write_partitions = 1 }
//!     [[bucket]]
//!     name = "logs"
//!     [[principal]]
//!     name = "writer"
//!     role = "log-writer"
//!     [[workload]]
//!     name = "put"
//!     principal = "writer"
//!     bucket = "logs"
//!     arrivals = { periodic = { rate = "1/s" } }
//!     "#,
//! )?;
//! let results = Results::of(&scenario, &|_| ());
//! assert_eq!(results.assumed("sse-kms").kms_requests, 3_600.0);
//! assert_eq!(results.assumed("bucket-key-role").kms_requests, 12.0 + 12.0);
//! # Ok::<(), bks::Error>(())
//! ```

pub mod advice;
pub mod bill;
pub mod calibration;
pub mod cells;
pub mod cli;
pub mod compare;
pub mod encryption;
pub mod error;
pub mod experiment;
pub mod explanation;
pub mod figure;
pub mod fitting;
pub mod harmless_text;
pub mod inventory;
pub mod kms;
pub mod lint;
pub mod logs;
pub mod migration;
mod named_enum;
pub mod parquet_rows;
pub mod pricing;
pub mod quota;
pub mod reconciliation;
pub mod recording;
pub mod report;
pub mod results;
pub mod rng;
pub mod s3;
pub mod scenario;
pub mod sensitivity;
pub mod simulation;
pub mod statistics;
pub mod sweep;
pub mod tally;
pub mod units;
pub mod workload;

pub use compare::Comparison;
pub use encryption::assumption::Assumptions;
pub use error::Error;
pub use pricing::Bill;
pub use pricing::PriceTable;
pub use recording::Recording;
pub use report::document::Document;
pub use results::Results;
pub use scenario::Scenario;
pub use simulation::Arm;
pub use tally::Tally;
