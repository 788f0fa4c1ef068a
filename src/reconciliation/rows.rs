//! The rows of `bks reconcile --format csv`.

use serde::Serialize;

use super::kms_calls::HOUR_NS;
use super::{Reconciled, Reconciliation, Surplus, Unexplained};
use crate::kms::KmsApi;
use crate::units::utc;

/// A row of `bks reconcile --format csv`: one requester, bucket and hour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReconciliationRow {
    /// When the hour begins, in UTC.
    pub hour: String,
    /// The account of the requester; zeros for who has none.
    pub account: String,
    /// The identity's ARN; a service's name.
    pub principal: String,
    /// The bucket.
    pub bucket: String,
    /// Requests that need a key.
    pub requests: u64,
    /// The trail's `GenerateDataKey` calls.
    pub measured_generate_data_key: u64,
    /// The trail's Decrypt calls.
    pub measured_decrypt: u64,
    /// The trail's Encrypt calls.
    pub measured_encrypt: u64,
    /// How many of the trail's calls have an object's ARN.
    pub measured_by_object: u64,
    /// The model's `GenerateDataKey` calls.
    pub model_generate_data_key: u64,
    /// The model's Decrypt calls.
    pub model_decrypt: u64,
    /// The model's Encrypt calls.
    pub model_encrypt: u64,
    /// How many of the model's calls are for one object's key.
    pub model_by_object: u64,
    /// Calls that both have.
    pub explained: u64,
    /// Calls that only the trail has.
    pub unexplained: u64,
    /// Why.
    pub unexplained_reason: Option<&'static str>,
    /// Calls that only the model has.
    pub surplus: u64,
    /// Why.
    pub surplus_reason: Option<&'static str>,
}

/// The rows of all cells, in order of requester, bucket and hour.
#[must_use]
pub fn rows(found: &Reconciliation) -> Vec<ReconciliationRow> {
    found.cells.iter().map(row).collect()
}

fn row(reconciled: &Reconciled) -> ReconciliationRow {
    let Reconciled { cell, measured, model, share, unexplained, surplus } = reconciled;
    ReconciliationRow {
        hour: utc(cell.hour * HOUR_NS),
        account: cell.principal.account.clone(),
        principal: cell.principal.arn(),
        bucket: cell.bucket.clone(),
        requests: model.requests,
        measured_generate_data_key: measured.calls.get(KmsApi::GenerateDataKey),
        measured_decrypt: measured.calls.get(KmsApi::Decrypt),
        measured_encrypt: measured.calls.get(KmsApi::Encrypt),
        measured_by_object: measured.by_object,
        model_generate_data_key: model.calls.get(KmsApi::GenerateDataKey),
        model_decrypt: model.calls.get(KmsApi::Decrypt),
        model_encrypt: model.calls.get(KmsApi::Encrypt),
        model_by_object: model.by_object,
        explained: share.matched,
        unexplained: share.unexplained(),
        unexplained_reason: unexplained.map(Unexplained::name),
        surplus: share.surplus(),
        surplus_reason: surplus.map(Surplus::name),
    }
}
