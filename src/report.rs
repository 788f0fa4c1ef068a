//! Results to bytes: a file for each format. Nothing here knows where the bytes go.

mod accounts;
pub mod added;
mod bill;
pub mod calibration;
pub mod chart;
pub mod comparison;
pub mod files;
pub mod html;
pub mod inventory;
pub mod json;
pub mod known_total;
pub mod markdown;
pub(crate) mod numbers;
pub mod reconciliation;
pub mod sensitivity;
pub mod sweep;
pub(crate) mod table;
pub mod text;
pub mod words;
