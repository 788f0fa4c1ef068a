//! A sweep: sliders over what varies, the figures of the point they choose, and every point.

use maud::{Markup, html};

use super::figure::{self, Figure};
use super::table::{Cell, Column, Row, Table};
use super::{Page, prose};
use crate::encryption::assumptions::Level;
use crate::error::Result;
use crate::report::chart::{self, Options};
use crate::report::numbers::{count, dollars, percent};
use crate::results::rows::SummaryRow;
use crate::sweep::swept::{Key, Point, SWEEP, Swept};

/// Rows of the table of all points, up to which sliders are offered; a page of more is slow.
const ROWS: usize = 4_000;

pub(super) fn title(swept: &Swept) -> String {
    let keys: Vec<String> = swept.keys.iter().map(|key| format!("`{}`", key.name)).collect();
    format!("What if {} were different", keys.join(" or "))
}

pub(super) fn explorer(page: &Page, swept: &Swept) -> Result<Markup> {
    let headline = headline(page, swept);
    let charts = charts(swept, &headline)?;
    let table = table(swept);
    let few = table.rows.len() <= ROWS;
    let rings = rings(swept, &headline, &charts);
    Ok(html! {
        p { (swept.points.len()) " points of a sweep: "
            @for (i, key) in swept.keys.iter().enumerate() {
                @if i > 0 { ", " } (range(key))
            }
            "; all else is as in this report." }
        (differences(page, swept))
        @if few {
            div.explorer hidden data-headline=(headline) data-rings=(rings) {
                div.sliders { @for (i, key) in swept.keys.iter().enumerate() { (slider(i, key)) } }
                p.chosen role="status" {}
                div.scroll tabindex="0" role="region" aria-label="Figures of the chosen point" {
                    table.point { caption { span { "Figures of the chosen point" } } }
                }
            }
        }
        @if charts.is_empty() { (figure::none("There are too many lines for a chart; `bks plot` draws parts.")) }
        @for chart in &charts { (chart.render()) }
        @if few {
            details.points open {
                summary { "Every point" }
                (table.render())
            }
        } @else {
            p.note { "The sweep has " (swept.points.len()) " points, too many for a page; "
                code { (SWEEP) } " has them all." }
        }
    })
}

/// The configuration that charts and rings are of.
fn headline(page: &Page, swept: &Swept) -> String {
    let of_run = &page.results.facts.headline;
    let rows = &swept.points[0].rows;
    let known = rows.iter().any(|row| row.configuration == *of_run);
    if known { of_run.clone() } else { rows[0].configuration.clone() }
}

fn charts(swept: &Swept, headline: &str) -> Result<Vec<Figure>> {
    let named = Options { configurations: vec![headline.to_owned()], ..Options::default() };
    let lines = chart::sweep(swept, &named).ok();
    let charts = match swept.keys.len() {
        1 => vec![chart::sweep(swept, &Options::default())?],
        2 => std::iter::once(chart::heat_map(swept, &named)?).chain(lines).collect(),
        _ => lines.into_iter().collect(),
    };
    Ok(charts.into_iter().map(|chart| Figure::new(chart, "table-sweep")).collect())
}

/// Where the first chart shows each point: `{"0,2": [[wide], [narrow]]}`.
fn rings(swept: &Swept, headline: &str, charts: &[Figure]) -> String {
    let Some(chart) = charts.first() else { return "{}".to_owned() };
    let rings =
        swept.points.iter().map(|point| (place(point), chart.places(point.number, headline)));
    serde_json::Value::from(rings.collect::<serde_json::Map<_, _>>()).to_string()
}

fn values<'a>(swept: &'a Swept, point: &'a Point) -> impl Iterator<Item = &'a str> {
    swept.keys.iter().zip(&point.at).map(|(key, at)| key.values[*at].as_str())
}

/// Where a point stands in the grid, as the sliders give it.
fn place(point: &Point) -> String {
    let at: Vec<String> = point.at.iter().map(ToString::to_string).collect();
    at.join(",")
}

fn range(key: &Key) -> Markup {
    let (first, last) = (&key.values[0], &key.values[key.values.len() - 1]);
    html! { code { (key.name) } " from " code { (first) } " to " code { (last) } }
}

fn slider(number: usize, key: &Key) -> Markup {
    let id = format!("slider-{number}");
    let values = serde_json::Value::from(key.values.clone()).to_string();
    html! {
        div.slider {
            label for=(id) { code { (key.name) } }
            input #(id) type="range" min="0" max=(key.values.len() - 1) step="1" value="0"
                data-values=(values);
            output for=(id) { (key.values[0]) }
        }
    }
}

/// In what the sweep's scenario is another than the report's.
fn differences(page: &Page, swept: &Swept) -> Markup {
    let differ = swept.differences(page.results);
    html! {
        @match differ {
            None => p.note { "There is no " code { "sweep.json" }
                " beside the sweep, so it is not known whether all else is the same." },
            Some(differ) if !differ.is_empty() => p.caution { strong { "Beware: " }
                "the sweep has " (prose(&differ.join(", and the "))) ". Its figures are not those of this "
                "report with other values." },
            Some(_) => {},
        }
    }
}

/// Every configuration at every point.
fn table(swept: &Swept) -> Table {
    let keys = swept.keys.iter().map(|key| Column::figure(&format!("`{}`", key.name)));
    let figures = [
        Column::text("configuration"),
        Column::figure("saving"),
        Column::figure("low … high"),
        Column::figure("KMS requests"),
        Column::figure("KMS cost"),
        Column::figure("requests and keys bill"),
    ];
    let rows = swept.points.iter().flat_map(|point| {
        let assumed = point.rows.iter().filter(|row| row.assumption == Level::Assumed);
        assumed.map(|row| of_point(swept, point, row))
    });
    Table {
        id: "table-sweep",
        caption: "Every point of the sweep, every assumption that does not vary as assumed"
            .to_owned(),
        columns: keys.chain(figures).collect(),
        rows: rows.collect(),
        sorts: true,
        file: SWEEP,
    }
}

fn of_point(swept: &Swept, point: &Point, row: &SummaryRow) -> Row {
    let keys = values(swept, point).zip(&point.at);
    let keys = keys.map(|(value, at)| Cell::figure(value.to_owned(), *at as f64));
    let at_level = |level| {
        let mut rows = point.rows.iter();
        rows.find(|other| other.is_of(&row.configuration, level)).and_then(|row| row.saving_ratio)
    };
    let range = match (at_level(Level::Low), at_level(Level::High)) {
        (Some(low), Some(high)) if low < high => format!("{} … {}", percent(low), percent(high)),
        _ => "–".to_owned(),
    };
    let [kms, bill] = [row.kms_cost_usd, row.total_cost_usd]
        .map(|amount| Cell::figure(dollars(amount.as_f64()), amount.as_f64()));
    let figures = [
        Cell::text(&row.configuration),
        Cell::known(row.saving_ratio, percent),
        Cell::text(range),
        Cell::figure(count(row.kms_requests), row.kms_requests),
        kms,
        bill,
    ];
    Row { at: Some(place(point)), ..Row::of(keys.chain(figures).collect()) }
}
