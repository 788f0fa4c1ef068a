//! KMS calls and keys over time.

use maud::{Markup, html};

use super::Page;
use super::figure::{self, Figure};
use super::table::{Cell, Column, Row, Table};
use crate::error::Result;
use crate::report::chart;
use crate::report::numbers::count;
use crate::results::Results;
use crate::results::rows::TimelineRow;
use crate::units::SimDuration;

pub(super) fn all(page: &Page) -> Result<Markup> {
    let rows = &page.results.timeline;
    let charts = [
        Figure::of(chart::kms_over_time, rows, "table-time")?,
        Figure::of(chart::keys_alive, rows, "table-time")?,
    ];
    Ok(html! {
        (figure::all(&charts))
        details.long {
            summary { "The figures, interval by interval" }
            (intervals(page.results).render())
        }
        p.on-paper { "The figures of each interval stand in " code { "timeline.csv" } "." }
    })
}

/// One row for each interval, configurations side by side.
fn intervals(results: &Results) -> Table {
    let configurations = &results.facts.configurations;
    let of = |name: &str| -> Vec<&TimelineRow> {
        results.timeline.iter().filter(|row| row.configuration == name).collect()
    };
    let series: Vec<Vec<&TimelineRow>> = configurations.iter().map(|it| of(&it.name)).collect();
    let mut columns = vec![Column::figure("begins")];
    for configuration in configurations {
        columns.push(Column::figure(&format!("`{}`: KMS requests", configuration.name)));
        columns.push(Column::figure("busiest second"));
        columns.push(Column::figure("keys alive"));
    }
    let bins = series.iter().map(Vec::len).max().unwrap_or(0);
    let row = |bin: usize| {
        let time_s = series.iter().find_map(|of_it| of_it.get(bin)).map(|row| row.time_s);
        let begins = Cell::known(time_s, |s| SimDuration::from_secs_f64(s).to_string());
        let cells = series.iter().flat_map(|of_it| {
            let row = of_it.get(bin);
            [
                Cell::known(row.map(|row| row.kms_requests), count),
                Cell::known(row.map(|row| row.kms_requests_per_s_max.into()), count),
                Cell::known(row.map(|row| row.bucket_keys_alive_max.into()), count),
            ]
        });
        Row::of(std::iter::once(begins).chain(cells).collect())
    };
    Table {
        id: "table-time",
        caption:
            "KMS requests, requests of the busiest second and most bucket-level keys alive, every \
                  assumption as assumed"
                .to_owned(),
        columns,
        rows: (0..bins).map(row).collect(),
        sorts: true,
        file: "timeline.csv",
    }
}
