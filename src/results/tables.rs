//! An arm's counts as tables: by time, by operation, by requester.

use super::arm_counts::{BinSummary, Summary};
use super::run::{OperationOutcome, RequesterOutcome, TimelineBin};
use crate::encryption::requester::{RequesterRule, Requesters};
use crate::kms::{KmsApi, KmsCalls};
use crate::s3::Operation;
use crate::scenario::Scenario;
use crate::tally::RequesterCounts;

/// Requesters listed for each configuration; the rest share a row.
const REQUESTERS_LISTED: usize = 1_000;

/// Mean counts of each time bin.
pub(super) fn timeline(scenario: &Scenario, summary: &Summary) -> Vec<TimelineBin> {
    let window = scenario.window();
    let bin_s = window.bin.as_secs_f64();
    let bin = |(index, bin): (usize, &BinSummary)| TimelineBin {
        time_s: window.from.as_secs_f64() + index as f64 * bin_s,
        requests: summary.mean(bin.counts.requests),
        kms_by_api: KmsApi::ALL.map(|api| summary.mean(bin.counts.calls.get(api))),
        per_s_max: bin.per_s_max,
        keys_alive_max: bin.keys_alive_max,
    };
    summary.bins.iter().enumerate().map(bin).collect()
}

/// Mean KMS requests by API of each part of a bucket.
pub(super) fn places(summary: &Summary) -> Vec<[f64; 3]> {
    let means = |calls: &KmsCalls| KmsApi::ALL.map(|api| summary.mean(calls.get(api)));
    summary.calls_of_place.iter().map(means).collect()
}

/// Mean counts by operation.
pub(super) fn operations(summary: &Summary) -> Vec<OperationOutcome> {
    Operation::ALL
        .into_iter()
        .filter(|operation| summary.requests[*operation as usize] > 0)
        .map(|operation| OperationOutcome {
            operation,
            requests: summary.mean(summary.requests[operation as usize]),
            kms_by_api: KmsApi::ALL
                .map(|api| summary.mean(summary.calls[operation as usize].get(api))),
        })
        .collect()
}

/// Requesters by the KMS calls they cause, the most first; those not listed share a row.
pub(super) fn requesters(
    scenario: &Scenario,
    rule: RequesterRule,
    summary: &Summary,
) -> Vec<RequesterOutcome> {
    let grouped = Requesters::group(rule, &scenario.principals, &scenario.slots);
    let mut order: Vec<usize> = (0..summary.requesters.len()).collect();
    let busiest = |&r: &usize| {
        let counts = &summary.requesters[r];
        (std::cmp::Reverse(counts.calls.total()), std::cmp::Reverse(counts.requests), r)
    };
    order.sort_by_key(busiest);
    let row = |arn, principal, policy, count, counts: &RequesterCounts| RequesterOutcome {
        arn,
        principal,
        policy,
        count,
        requests: summary.mean(counts.requests),
        kms_by_api: KmsApi::ALL.map(|api| summary.mean(counts.calls.get(api))),
        cloudtrail_events: (
            summary.mean(counts.calls.total() - counts.calls_by_object),
            summary.mean(counts.calls_by_object),
        ),
        keys_generated: summary.mean(counts.keys_generated),
    };
    let listed = order.len().min(REQUESTERS_LISTED);
    let mut rows: Vec<RequesterOutcome> = order[..listed]
        .iter()
        .map(|&index| {
            let requester = &grouped.list[index];
            let slot = &scenario.slots[requester.slots[0] as usize];
            let principal = &scenario.principals[slot.principal as usize];
            let arn = if requester.renews {
                principal.session_arn(&scenario.session_name(slot))
            } else {
                principal.arn()
            };
            let name = scenario.senders[slot.principal as usize].name.clone();
            let policy = (slot.policy > 0 && !requester.renews).then_some(slot.policy);
            row(Some(arn), name, policy, 1, &summary.requesters[index])
        })
        .collect();
    if listed < order.len() {
        let mut rest = RequesterCounts::default();
        for &index in &order[listed..] {
            rest.add(&summary.requesters[index]);
        }
        rows.push(row(None, "(others)".to_owned(), None, order.len() - listed, &rest));
    }
    rows
}
