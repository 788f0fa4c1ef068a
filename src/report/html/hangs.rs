//! The assumptions, and what each does to the answer.

use maud::{Markup, html};

use super::Page;
use super::figure::{self, Figure};
use super::table::{Cell, Column, Row, Table};
use crate::error::Result;
use crate::report::chart::table::{Row as Record, Table as File};
use crate::report::chart::{Kind, Options};
use crate::report::numbers::percent;
use crate::report::words;
use crate::results::Results;
use crate::results::rows::SensitivityRow;

pub(super) fn all(page: &Page) -> Result<Markup> {
    let results = page.results;
    let (file, text) = page.text("sensitivity.csv");
    let options = Options::default();
    let tornado = Figure::of(Kind::Tornado, &options, (file, &text), "table-assumptions")?;
    let swing = words::greatest_swing(results);
    Ok(html! {
        @if let Some(swing) = &swing { p { (super::prose(swing)) } }
        (figure::all(&[tornado]))
        (assumptions(results).render())
        @for (name, text) in page.more { (more(name, text)?) }
    })
}

/// Every assumption of the headline, those that move its saving most first.
fn assumptions(results: &Results) -> Table {
    let columns = [
        Column::text("assumption"),
        Column::figure("low"),
        Column::figure("assumed"),
        Column::figure("high"),
        Column::figure("saving at low"),
        Column::figure("saving at high"),
        Column::figure("moves it by"),
        Column::text("what it is"),
    ];
    let rows = words::assumptions(results).into_iter().map(|(row, effect)| {
        let [at_low, at_high] = ends(effect);
        let name = Cell::text(format!("`{}`", row.assumption));
        let values = [&row.low, &row.assumed, &row.high].map(Cell::text);
        let meaning = words::meaning(&row.assumption).unwrap_or_default();
        let moves = effect.map(|it| (it.saving_at_high - it.saving_at_low).abs() * 100.0);
        let moves = Cell::known(moves, |points| format!("{points:.1} points"));
        let cells = std::iter::once(name).chain(values);
        Row::of(cells.chain([at_low, at_high, moves, Cell::text(meaning)]).collect())
    });
    Table {
        id: "table-assumptions",
        caption: format!(
            "What AWS does not publish, as assumed for `{}`; the saving with one assumption at an end of \
             its range and the others as assumed",
            results.facts.headline
        ),
        columns: columns.to_vec(),
        rows: rows.collect(),
        sorts: true,
        file: "result.json, sensitivity.csv",
    }
}

/// The savings at both ends.
fn ends(effect: Option<&SensitivityRow>) -> [Cell; 2] {
    let of = |value: Option<f64>| Cell::known(value, percent);
    [of(effect.map(|it| it.saving_at_low)), of(effect.map(|it| it.saving_at_high))]
}

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
    Shown::new("samples", "samples", Reads::Number),
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

/// A further file of the folder: its chart, if it has one, and its table.
fn more(name: &str, text: &str) -> Result<Markup> {
    let file = File::parse(name, text)?;
    let (id, caption, shown, named): (_, _, &[Shown], _) = match name {
        "sobol.csv" => (
            "table-sobol",
            "Share of the saving's variance that each assumption makes (Sobol' indices), with 95 % \
             confidence intervals",
            &SOBOL,
            "sobol.csv",
        ),
        "spread.csv" => (
            "table-spread",
            "The saving over sets of assumptions drawn from their ranges",
            &SPREAD,
            "spread.csv",
        ),
        _ => {
            ("table-break-even", "Where the saving crosses a target", &BREAK_EVEN, "break_even.csv")
        }
    };
    let chart = match name {
        "sobol.csv" => Figure::of(Kind::Sobol, &Options::default(), (name, text), id)?,
        _ => None,
    };
    let columns = shown.iter().map(|it| match it.reads {
        Reads::AsIs => Column::text(it.title),
        Reads::Share | Reads::Number => Column::figure(it.title),
    });
    let row = |record: Record| -> Result<Row> {
        Ok(Row::of(shown.iter().map(|it| cell(&record, it)).collect::<Result<_>>()?))
    };
    let table = Table {
        id,
        caption: caption.to_owned(),
        columns: columns.collect(),
        rows: file.rows().map(row).collect::<Result<_>>()?,
        sorts: true,
        file: named,
    };
    Ok(html! {
        @if !table.rows.is_empty() { (figure::all(&[chart])) (table.render()) }
    })
}

fn cell(record: &Record, shown: &Shown) -> Result<Cell> {
    Ok(match shown.reads {
        Reads::AsIs => match record.text(shown.column)? {
            "" => Cell::text("–"),
            text => Cell::text(text),
        },
        Reads::Share => Cell::known(record.optional(shown.column)?, percent),
        Reads::Number => Cell::known(record.optional(shown.column)?, crate::report::numbers::count),
    })
}
