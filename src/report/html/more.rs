//! Further files of a results folder: what `bks sensitivity` writes.

use maud::{Markup, html};

use super::figure::{self, Figure};
use super::table::{Cell, Column, Row, Table};
use crate::error::Result;
use crate::report::chart::Options;
use crate::report::chart::file::{ChartKind, CsvFile as File};
use crate::report::numbers::{count, percent};

/// What a column of a further file is called on the page, and how its cells read.
struct Shown {
    column: &'static str,
    title: &'static str,
    reads: Reads,
}

#[derive(Clone, Copy)]
enum Reads {
    AsIs,
    Share,
    Number,
}

impl Shown {
    const fn new(column: &'static str, title: &'static str, reads: Reads) -> Self {
        Self { column, title, reads }
    }
}

const SOBOL: [Shown; 7] = [
    Shown::new("assumption", "assumption", Reads::AsIs),
    Shown::new("first_order", "by itself", Reads::Share),
    Shown::new("first_order_low", "from", Reads::Share),
    Shown::new("first_order_high", "to", Reads::Share),
    Shown::new("total", "with others", Reads::Share),
    Shown::new("total_low", "from", Reads::Share),
    Shown::new("total_high", "to", Reads::Share),
];
const SPREAD: [Shown; 6] = [
    Shown::new("configuration", "configuration", Reads::AsIs),
    Shown::new("samples", "points of each of two samples", Reads::Number),
    Shown::new("saving_p05_ratio", "5 % of the sets save less than", Reads::Share),
    Shown::new("saving_p50_ratio", "half save less than", Reads::Share),
    Shown::new("saving_mean_ratio", "mean", Reads::Share),
    Shown::new("saving_p95_ratio", "95 % save less than", Reads::Share),
];
const BREAK_EVEN: [Shown; 7] = [
    Shown::new("parameter", "parameter", Reads::AsIs),
    Shown::new("others", "other assumptions", Reads::AsIs),
    Shown::new("target_ratio", "saving asked for", Reads::Share),
    Shown::new("direction", "there the saving", Reads::AsIs),
    Shown::new("value", "break-even value", Reads::AsIs),
    Shown::new("saving_min_ratio", "least saving seen", Reads::Share),
    Shown::new("saving_max_ratio", "greatest saving seen", Reads::Share),
];

const CURVES: [Shown; 5] = [
    Shown::new("parameter", "parameter", Reads::AsIs),
    Shown::new("others", "other assumptions", Reads::AsIs),
    Shown::new("value", "value", Reads::Number),
    Shown::new("unit", "unit", Reads::AsIs),
    Shown::new("saving_ratio", "saving", Reads::Share),
];

/// How a file is shown.
struct Described {
    id: &'static str,
    file: &'static str,
    caption: &'static str,
    shown: &'static [Shown],
    kind: Option<&'static str>,
    /// Whether its rows are too many for paper.
    is_long: bool,
}

impl Described {
    fn of(name: &str) -> Self {
        let new = |id, file, caption, shown, kind| Self {
            id,
            file,
            caption,
            shown,
            kind,
            is_long: false,
        };
        match name {
            "sobol.csv" => new(
                "table-sobol",
                "sobol.csv",
                "Share of the saving's variance that each assumption makes (Sobol' indices), with 95 % \
                 confidence intervals",
                &SOBOL,
                Some("sobol"),
            ),
            "spread.csv" => new(
                "table-spread",
                "spread.csv",
                "The saving over sets of assumptions drawn from their ranges",
                &SPREAD,
                None,
            ),
            "break_even.csv" => new(
                "table-break-even",
                "break_even.csv",
                "Where the saving crosses a target",
                &BREAK_EVEN,
                None,
            ),
            _ => Self {
                is_long: true,
                ..new(
                    "table-curves",
                    "break_even_curves.csv",
                    "The saving at each value that was tried",
                    &CURVES,
                    Some("break-even"),
                )
            },
        }
    }
}

/// A file's charts, if it has any, and its table.
pub(super) fn show(name: &str, text: &str) -> Result<Markup> {
    let file = File::parse(name, text)?;
    let of = Described::of(name);
    let mut charts = Vec::new();
    if let Some(kind) = of.kind.filter(|_| file.rows().next().is_some()) {
        let drawn = ChartKind::named(kind)?.charts(&file, &Options::default())?;
        charts.extend(drawn.into_iter().enumerate().map(|(number, chart)| {
            let figure = Figure::new(chart, of.id);
            Some(if kind == "sobol" { figure } else { figure.numbered(number) })
        }));
    }
    let shown = of.shown;
    let columns = shown.iter().map(|it| match it.reads {
        Reads::AsIs => Column::text(it.title),
        Reads::Share | Reads::Number => Column::figure(it.title),
    });
    let row = |record: &[String]| -> Result<Row> {
        Ok(Row::of(shown.iter().map(|it| cell(&file, record, it)).collect::<Result<_>>()?))
    };
    let table = Table {
        id: of.id,
        caption: of.caption.to_owned(),
        columns: columns.collect(),
        rows: file.rows().map(row).collect::<Result<_>>()?,
        sorts: true,
        file: of.file,
    };
    Ok(html! {
        @if !table.rows.is_empty() {
            @if of.is_long {
                details.long {
                    summary { (of.caption) }
                    (figure::all(&charts))
                    (table.render())
                }
                p.on-paper { (of.caption) ": in " code { (of.file) } "." }
            } @else {
                (figure::all(&charts))
                (table.render())
            }
        }
    })
}

fn cell(file: &File, record: &[String], shown: &Shown) -> Result<Cell> {
    let at = file.header().iter().position(|name| name == shown.column);
    let text = at.map_or("", |at| record[at].as_str());
    let number = text.parse().ok();
    Ok(match shown.reads {
        Reads::AsIs if text.is_empty() => Cell::text("–"),
        Reads::AsIs => Cell::text(text),
        Reads::Share => Cell::known(number, percent),
        Reads::Number => Cell::known(number, count),
    })
}
