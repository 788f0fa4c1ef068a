//! Further files of a results folder: what `bks sensitivity` writes.

use maud::{Markup, html};

use super::figure::{self, Figure};
use super::table::{Cell, Column, Row, Table};
use crate::error::Result;
use crate::report::chart::table::{Row as Record, Table as File};
use crate::report::chart::{Kind, Options};
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
    kind: Option<Kind>,
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
                Some(Kind::Sobol),
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
                    Some(Kind::BreakEven),
                )
            },
        }
    }
}

/// A chart for each parameter whose break-even was looked for.
fn curves(file: &File, text: (&str, &str), table: &'static str) -> Result<Vec<Option<Figure>>> {
    let mut parameters: Vec<&str> = Vec::new();
    for row in file.rows() {
        let parameter = row.text("parameter")?;
        if !parameters.contains(&parameter) {
            parameters.push(parameter);
        }
    }
    let chart = |(number, parameter): (usize, &&str)| {
        let options = Options { x: Some((*parameter).to_owned()), ..Options::default() };
        let figure = Figure::of(Kind::BreakEven, &options, text, table)?;
        Ok(figure.map(|figure| figure.numbered(number)))
    };
    parameters.iter().enumerate().map(chart).collect()
}

/// A file's charts, if it has any, and its table.
pub(super) fn show(name: &str, text: &str) -> Result<Markup> {
    let file = File::parse(name, text)?;
    let of = Described::of(name);
    let charts = match of.kind {
        Some(Kind::BreakEven) => curves(&file, (name, text), of.id)?,
        Some(kind) => vec![Figure::of(kind, &Options::default(), (name, text), of.id)?],
        None => Vec::new(),
    };
    let shown = of.shown;
    let columns = shown.iter().map(|it| match it.reads {
        Reads::AsIs => Column::text(it.title),
        Reads::Share | Reads::Number => Column::figure(it.title),
    });
    let row = |record: Record| -> Result<Row> {
        Ok(Row::of(shown.iter().map(|it| cell(&record, it)).collect::<Result<_>>()?))
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

fn cell(record: &Record, shown: &Shown) -> Result<Cell> {
    Ok(match shown.reads {
        Reads::AsIs => match record.text(shown.column)? {
            "" => Cell::text("–"),
            text => Cell::text(text),
        },
        Reads::Share => Cell::known(record.optional(shown.column)?, percent),
        Reads::Number => Cell::known(record.optional(shown.column)?, count),
    })
}
