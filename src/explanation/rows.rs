//! `causes.csv` and `requests.csv`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Causes;
use super::memory::Outcome;
use super::selection::{ExplainedNeed, ExplainedRequest, Selected};
use crate::encryption::assumption::Level;
use crate::scenario::Scenario;
use crate::units::{SimDuration, SimTime};

/// One row of `causes.csv`: the calls of one cause.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CauseRow {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the configuration.
    pub configuration: String,
    /// Level of assumptions: `low`, `assumed` or `high`, after the saving.
    pub assumption: Level,
    /// Name of the cause.
    pub cause: String,
    /// It in words.
    pub title: String,
    /// KMS requests that it causes.
    pub kms_requests: f64,
    /// Share of all of the configuration's.
    pub share: f64,
    /// Of these, `GenerateDataKey`.
    pub generate_data_key: f64,
    /// Of these, Decrypt.
    pub decrypt: f64,
    /// Of these, Encrypt.
    pub encrypt: f64,
    /// How long the key would have to be kept to save half of these calls.
    pub lifetime_needed_median_s: Option<f64>,
    /// What would save such calls.
    pub remedy: String,
}

/// One row of `requests.csv`: one need of a selected request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExplainedRow {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the configuration.
    pub configuration: String,
    /// Level of assumptions: `low`, `assumed` or `high`, after the saving.
    pub assumption: Level,
    /// Number of the request in the run, from 0.
    pub request: u64,
    /// Since the start of the run.
    pub time_s: f64,
    /// AWS's name of the operation.
    pub operation: String,
    /// The bucket.
    pub bucket: String,
    /// The object, as far as it has a name.
    pub object: Option<String>,
    /// As KMS takes it for one requester.
    pub requester: String,
    /// The session.
    pub session: String,
    /// `read` or `write`; empty if no key is needed.
    pub need: Option<String>,
    /// KMS requests for it.
    pub kms_requests: u64,
    /// Name of the cause; empty if none was called.
    pub cause: Option<String>,
    /// Number of the bucket-level key.
    pub bucket_key: Option<u32>,
    /// When it was made, since the start of the run.
    pub made_s: Option<f64>,
    /// By whom.
    pub made_by: Option<String>,
    /// On which of the hosts that the requester meets, from 0.
    pub host: Option<u32>,
    /// Since when the host holds it.
    pub held_since_s: Option<f64>,
    /// Until when.
    pub held_until_s: Option<f64>,
    /// How long it would have to be kept for the call to be saved.
    pub lifetime_needed_s: Option<f64>,
}

/// Rows of one configuration's causes, those with most calls first.
#[must_use]
pub fn causes(scenario: &Scenario, causes: &Causes) -> Vec<CauseRow> {
    let replications = f64::from(causes.replications.max(1));
    let all = causes.calls().total() as f64;
    let ranked = causes.ranked().into_iter().map(|cause| {
        let counts = causes.counts(cause);
        let calls = counts.calls.map(|calls| calls as f64 / replications);
        CauseRow {
            scenario: scenario.name.clone(),
            configuration: scenario.configurations[causes.configuration].name.clone(),
            assumption: causes.level,
            cause: cause.name().to_owned(),
            title: cause.title().to_owned(),
            kms_requests: calls.total(),
            share: counts.calls.total() as f64 / all,
            generate_data_key: calls.generate_data_key,
            decrypt: calls.decrypt,
            encrypt: calls.encrypt,
            lifetime_needed_median_s: counts.needed_median_s(),
            remedy: cause.remedy().to_owned(),
        }
    });
    ranked.collect()
}

/// Rows of selected requests: one for each of their needs, or one without a need.
#[must_use]
pub fn requests(
    scenario: &Scenario,
    configuration: usize,
    level: Level,
    selected: &Selected,
) -> Vec<ExplainedRow> {
    let mut rows = Vec::new();
    for request in &selected.requests {
        let ExplainedRequest {
            number, time, operation, bucket, object, requester, session, ..
        } = request;
        let plain = ExplainedRow {
            scenario: scenario.name.clone(),
            configuration: scenario.configurations[configuration].name.clone(),
            assumption: level,
            request: *number,
            time_s: time.as_secs_f64(),
            operation: operation.name().to_owned(),
            bucket: bucket.clone(),
            object: object.clone(),
            requester: requester.clone(),
            session: session.clone(),
            ..ExplainedRow::default()
        };
        if request.needs.is_empty() {
            rows.push(plain.clone());
        }
        rows.extend(request.needs.iter().map(|need| of_need(need, plain.clone())));
    }
    rows
}

fn of_need(need: &ExplainedNeed, plain: ExplainedRow) -> ExplainedRow {
    let ExplainedNeed { explanation, made, maker } = need;
    let by_bucket_key = explanation.key.is_some();
    let mut row = ExplainedRow {
        need: Some(if explanation.writes { "write" } else { "read" }.to_owned()),
        bucket_key: explanation.key,
        made_s: made.map(SimTime::as_secs_f64),
        made_by: maker.clone(),
        host: by_bucket_key.then_some(explanation.host),
        ..plain
    };
    match explanation.outcome {
        Outcome::NoKms => {}
        Outcome::Held { since, until } => {
            row.held_since_s = Some(since.as_secs_f64());
            row.held_until_s = Some(until.as_secs_f64());
        }
        Outcome::Called { cause, calls, needed, until } => {
            row.kms_requests = calls.total();
            row.cause = Some(cause.name().to_owned());
            row.lifetime_needed_s = needed.map(SimDuration::as_secs_f64);
            row.held_since_s = until.map(|_| row.time_s);
            row.held_until_s = until.map(SimTime::as_secs_f64);
        }
    }
    row
}
