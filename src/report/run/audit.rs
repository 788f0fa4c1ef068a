//! What a trail by object costs, where the audit by object must stay.

use super::period;
use crate::encryption::assumption::Level;
use crate::report::document::{Cell, Table};
use crate::report::numbers::dollars;
use crate::results::Results;
use crate::results::rows::CostRow;
use crate::s3::Operation;
use crate::units::Usd;

/// Bytes of a line of S3's server access logs. Assumed: their lines have some 400 to 700.
const BYTES_PER_LINE: f64 = 600.0;

/// Dollars of a gigabyte of S3 Standard for a month: the first step of us-east-1 (2025,
/// <https://aws.amazon.com/s3/pricing/>), *assumed* to be the same elsewhere. Their delivery is free.
const STORED_GB_USD: f64 = 0.023;

/// The ways to keep a trail by object under the headline, and what each costs; `None` if none was asked for, or
/// KMS's own events give it.
pub(super) fn ways(results: &Results) -> Option<Table> {
    let headline = &results.facts.headline;
    results.assumed(headline).audit_cost_usd?;
    let lines = results.costs.iter().filter(|row| {
        row.configuration == *headline
            && row.assumption == Level::Assumed
            && row.charge_description == "S3 data events"
    });
    let lines: Vec<&CostRow> = lines.collect();
    let events = lines.iter().map(|line| line.pricing_quantity).sum::<u64>() as f64;
    let cost: Usd = lines.iter().map(|line| line.billed_cost).sum();
    if events <= 0.0 {
        return None;
    }
    let of_writes = share_of_writes(results);
    let title = format!("a trail by object under `{headline}`, {}", period(results));
    let mut table = Table::new(title, ["events", "cost"]);
    table.push([
        "S3 data events of all requests, as in the figures".into(),
        Cell::count(events),
        Cell::dollars(cost),
    ]);
    table.push([
        "S3 data events of writes and deletes alone (`readOnly` is `false`)".into(),
        Cell::count(events * of_writes),
        Cell::dollars(Usd::from_f64(cost.as_f64() * of_writes)),
    ]);
    table.push([
        "S3 data events of some prefixes (`resources.ARN` begins with), each million".into(),
        Cell::count(1e6),
        Cell::dollars(Usd::from_f64(cost.as_f64() / events * 1e6)),
    ]);
    table.push([
        "aggregated data events, beside those that they sum up".into(),
        Cell::unknown(),
        "price not known".into(),
    ]);
    let stored_gb = events * BYTES_PER_LINE / 1e9;
    table.push([
        format!(
            "server access logs, for each month they are kept: about {stored_gb:.3} GB at ${STORED_GB_USD} (assumed: S3 \
             Standard, us-east-1, 2025); late, and not every request"
        )
        .into(),
        Cell::count(events),
        Cell::figure(stored_gb * STORED_GB_USD, dollars),
    ]);
    Some(table)
}

/// The share of the requests that write or delete.
fn share_of_writes(results: &Results) -> f64 {
    let (mut writes, mut all) = (0.0, 0.0);
    let rows = results.operations.iter();
    for row in rows.filter(|row| row.configuration == results.facts.headline) {
        all += row.requests;
        let operation = Operation::ALL.into_iter().find(|it| it.name() == row.operation);
        if operation.is_some_and(writes_or_deletes) {
            writes += row.requests;
        }
    }
    if all > 0.0 { writes / all } else { 0.0 }
}

/// Whether `CloudTrail` says of the operation that it is not read-only.
const fn writes_or_deletes(operation: Operation) -> bool {
    !matches!(
        operation,
        Operation::GetObject
            | Operation::HeadObject
            | Operation::HeadObjectChecksum
            | Operation::ListObjects
            | Operation::ListParts
    )
}
