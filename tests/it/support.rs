//! What several tests use.

pub(crate) mod agreement;
pub(crate) mod arithmetic;
pub(crate) mod by_second;
pub(crate) mod columns;
pub(crate) mod command;
pub(crate) mod fitted;
pub(crate) mod json_schema;
pub(crate) mod log_lines;
pub(crate) mod naive;
pub(crate) mod pages;
pub(crate) mod seen;
pub(crate) mod shell;
pub(crate) mod tables;
pub(crate) mod tiny;
