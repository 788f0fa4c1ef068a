//! A model beside CloudTrail, for a person and for programs.

mod bill;
mod json;
mod text;

pub(super) use json::ReconciliationDocument;
pub use json::json;
pub use text::document;
