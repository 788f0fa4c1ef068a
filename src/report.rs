//! Results to bytes: a file for each format. Nothing here knows where the bytes go.

pub mod files;
pub mod json;
pub mod markdown;
mod numbers;
pub mod sweep;
pub mod text;
pub mod trace;
pub mod words;
