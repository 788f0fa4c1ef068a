//! `operations.csv`: which S3 operations cause which KMS requests.

use super::super::axis::{Axis, Unit};
use super::super::table::Table;
use super::super::{Bar, Chart, Part, Plot, Row, Rows};
use super::Options;
use super::select::{ASSUMED, Configurations, source};
use crate::error::Result;
use crate::report::numbers::count;

/// The KMS APIs: column and name.
pub(super) const APIS: [(&str, &str); 3] =
    [("generate_data_key", "GenerateDataKey"), ("decrypt", "Decrypt"), ("encrypt", "Encrypt")];

pub(super) fn chart(table: &Table, options: &Options) -> Result<Chart> {
    let configurations = Configurations::of(table, options)?;
    let several = configurations.chosen().count() > 1;
    let mut rows = Vec::new();
    let mut most = 0.0_f64;
    for row in table.rows() {
        let Some(index) = configurations.index(&row)? else { continue };
        let total = row.number("kms_requests")?;
        // What needs no KMS request is named only where the person asked for the configuration.
        if total == 0.0 && !configurations.are_named() {
            continue;
        }
        let (operation, configuration) = (row.text("operation")?, configurations.name(index));
        let name =
            if several { format!("{configuration} {operation}") } else { operation.to_owned() };
        most = most.max(total);
        rows.push(Row { bars: vec![by_api(&row, &name)?], name });
    }
    Ok(Chart {
        name: String::new(),
        title: format!("KMS requests by S3 operation: {}", configurations.scenario()),
        subtitle: "Operations that need no KMS request are left out.".to_owned(),
        plot: Plot::Rows(Rows {
            axis: Axis::linear("KMS requests", Unit::Number, [most], true),
            parts: legend(&rows),
            rows,
            whisker: None,
            strokes: None,
            dots: None,
            reference: None,
        }),
        source: source(table, ASSUMED),
    })
}

/// The KMS APIs as parts of a bar, up to the last that any row calls.
pub(super) fn legend(rows: &[Row]) -> Vec<(String, usize)> {
    let parts = rows.iter().flat_map(|row| &row.bars).flat_map(|bar| &bar.parts);
    let called = parts.map(|part| part.part + 1).max().unwrap_or(0);
    APIS.iter().take(called).enumerate().map(|(i, (_, name))| ((*name).to_owned(), i)).collect()
}

/// The bar of a row that counts the calls of each KMS API.
pub(super) fn by_api(row: &super::super::table::Row, name: &str) -> Result<Bar> {
    let mut at = 0.0;
    let mut parts = Vec::new();
    for (part, (column, api)) in APIS.iter().enumerate() {
        let calls = row.number(column)?;
        if calls > 0.0 {
            let label = format!("{name}, {api}: {}", count(calls));
            parts.push(Part { part, from: at, to: at + calls, label });
            at += calls;
        }
    }
    let value = count(row.number("kms_requests")?);
    let label = format!("{name}: {value} KMS requests");
    Ok(Bar { parts, value, label, ..Bar::default() })
}
