//! Every test of the whole tool and of the library from outside, in one binary: it links once.
//! `cargo test NAME` runs the tests of `NAME.rs`; what several of them use stands in `support/`.

mod support;

mod accounts;
mod advise;
mod browser;
mod buckets;
mod calibrate;
mod calibrate_coverage;
mod calibrate_reads;
mod charts;
mod cli;
mod closed_forms;
mod compare;
mod compressed_logs;
mod containers;
mod docs;
mod encryption;
mod engines;
mod experiment;
mod explain;
mod export;
mod fit;
mod fit_round_trips;
#[cfg(unix)]
mod hostile;
mod inventory;
mod kms_log;
mod laws;
mod lint;
mod lint_roles;
mod lint_templates;
mod log_quirks;
mod logs;
mod lookups;
mod mcp;
mod messages;
mod migrate;
mod money;
mod mutated_commands;
mod nine_in_ten;
mod objects;
mod partial;
mod plot;
mod prices;
mod printed;
mod published_cases;
#[cfg(unix)]
mod pull_request;
mod readme;
mod reconcile;
mod reference;
mod regressions;
mod replay_inventory;
mod replay_logs;
mod report;
mod results;
mod scenarios;
mod schemas;
mod sensitivity;
mod shares;
mod sweep;
mod tenants;
mod throttling;
mod tidy;
mod torture;
