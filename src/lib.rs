//! bks, the Bucket Key Simulator.
pub mod cli;
pub mod encryption;
pub mod error;
pub mod kms;
pub mod migration;
pub mod outcome;
pub mod pricing;
pub mod quota;
pub mod report;
pub mod rng;
pub mod s3;
pub mod scenario;
pub mod simulation;
pub mod statistics;
pub mod tally;
pub mod units;
pub mod workload;
