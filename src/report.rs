//! Outcomes to bytes: a file for each format. Nothing here knows where the bytes go.

pub mod csv;
pub mod files;
pub mod json;
pub mod markdown;
mod numbers;
pub mod rows;
pub mod sensitivity;
pub mod text;
pub mod trace;
pub mod words;
