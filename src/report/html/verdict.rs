//! The verdict, and how sure it is.

use maud::{Markup, html};

use super::figure::{self, Figure};
use super::table::{Cell, Column, Row, Table};
use super::{Page, prose};
use crate::encryption::assumptions::Level;
use crate::error::Result;
use crate::report::chart;
use crate::report::numbers::{count, dollars, percent};
use crate::report::{added, words};
use crate::results::Results;
use crate::results::rows::SummaryRow;

/// The page's first lines: question, verdict, what it comes to, what to see to.
pub(super) fn top(results: &Results, title: &str) -> Markup {
    let facts = &results.facts;
    let verdict = words::verdict(results);
    let name = format!("{}: ", facts.scenario);
    let verdict = verdict.strip_prefix(&name).unwrap_or(&verdict);
    html! {
        h1 { (title) }
        @if let Some(question) = &facts.question { p.question { (question) } }
        p #verdict.verdict { (prose(verdict)) "." }
        (tiles(results))
        p.note { "In large: every assumption as assumed. Below: the reference, and the range over all that "
            "AWS does not publish" @if words::unknown_objects(results).is_some() {
                " and the log does not tell"
            } "." }
        @if let Some(source) = &facts.source { p.note { "Where the scenario's numbers come from: " (source) } }
        (notices(results))
    }
}

/// A figure of the headline in large.
struct Tile {
    name: String,
    value: String,
    /// Its range, and the reference's.
    beside: [String; 2],
}

/// The headline beside the reference, in figures.
fn tiles(results: &Results) -> Markup {
    let facts = &results.facts;
    let [own, against] = [&facts.headline, &facts.reference].map(|name| results.assumed(name));
    let tile = |name: String, words: fn(f64) -> String, of: &dyn Fn(&SummaryRow) -> f64| {
        let levels = Level::ALL.map(|level| of(results.at(&facts.headline, level)));
        let low = levels.into_iter().fold(f64::INFINITY, f64::min);
        let high = levels.into_iter().fold(f64::NEG_INFINITY, f64::max);
        Tile {
            name,
            value: words(of(own)),
            beside: [format!("instead of {}", words(of(against))), range(low, high, words)],
        }
    };
    let saving = own.saving_ratio.zip(results.saving_range(&facts.headline));
    let saved = if let Some((saving, (low, high))) = saving {
        [percent(saving), range(low, high, percent), format!("of those of {}", facts.reference)]
    } else {
        let more = added::more_for_kms(results, own).as_f64();
        let range = added::range(results, &facts.headline, added::more_for_kms);
        [
            dollars(more),
            range.unwrap_or_else(|| "the same at every level".into()),
            format!("for KMS requests, of which {} makes none", facts.reference),
        ]
    };
    let [value, beside @ ..] = saved;
    let period = words::period(results);
    let name = match own.saving_ratio {
        Some(_) => "KMS requests saved".to_owned(),
        None => format!("Costs more, {period}"),
    };
    let tiles = [
        Tile { name, value, beside },
        tile("KMS requests".into(), count, &|row| row.kms_requests),
        tile(format!("Cost of KMS requests, {period}"), dollars, &|row| row.kms_cost_usd.as_f64()),
        tile(format!("Requests and keys bill, {period}"), dollars, &|row| {
            row.total_cost_usd.as_f64()
        }),
    ];
    html! {
        dl.tiles { @for tile in tiles {
            div {
                dt { (tile.name) }
                dd.value { (prose(&tile.value)) }
                @for beside in tile.beside { dd.beside { (prose(&beside)) } }
            }
        } }
    }
}

/// Two ends as people read them.
fn range(low: f64, high: f64, words: fn(f64) -> String) -> String {
    match [words(low), words(high)] {
        [low, high] if low == high => format!("{low} at every level"),
        [low, high] => format!("{low} … {high}"),
    }
}

/// Links to what must not be overlooked.
fn notices(results: &Results) -> Markup {
    let facts = &results.facts;
    let unmet = facts.assertions.iter().filter(|demand| !demand.holds).count();
    let (demands, warnings) = (facts.assertions.len(), facts.warnings.len());
    html! {
        ul.notices {
            @if unmet > 0 {
                li.bad { a href="#demands" { "✗ " (unmet) " of " (demands) " demands not met" } }
            } @else if demands > 0 {
                li.good { a href="#demands" { "✓ all " (demands) " demands met" } }
            }
            @if warnings > 0 {
                li.warn { a href="#warnings" {
                    "⚠ " (warnings) @if warnings == 1 { " warning" } @else { " warnings" }
                } }
            }
        }
    }
}

/// The kinds of doubt, and the savings of all configurations.
pub(super) fn sure(page: &Page) -> Result<Markup> {
    let savings = Figure::of(chart::saving, &page.results.summary, "table-figures")?;
    let results = page.results;
    let headline = &results.facts.headline;
    Ok(html! {
        @if results.assumed(headline).saving_ratio.is_some() {
            p { "The saving of " code { (headline) } " is not known exactly, for "
                (if words::unknown_objects(results).is_some() { "four" } else { "three" })
                " different reasons." (matters_most(results))
            }
            (doubts(results).render())
        } @else {
            p { "There is nothing to save: " code { (results.facts.reference) } " makes no KMS requests. "
                "What the others cost more, and its range over what AWS does not publish, is in the table of "
                "figures." }
        }
        @if !added::applies(results) { (figure::all(&[savings])) }
    })
}

/// Which of the reasons is the greatest, if it is greater than chance.
fn matters_most(results: &Results) -> &'static str {
    let headline = results.assumed(&results.facts.headline);
    let chance = headline.saving_half_width.unwrap_or_default();
    let range = results.saving_range(&headline.configuration);
    let untold = words::unknown_objects(results)
        .map_or(0.0, |swing| (swing.saving_at_high - swing.saving_at_low).abs());
    match range.map(|(low, high)| high - low) {
        Some(width) if width <= 2.0 * chance => "",
        Some(width) if untold > width / 2.0 => {
            " The log matters most: it does not tell when most of what is read was written."
        }
        Some(_) => " What AWS does not publish matters most: how S3 keeps its keys.",
        None => "",
    }
}

fn doubts(results: &Results) -> Table {
    let headline = results.assumed(&results.facts.headline);
    let replications = match results.facts.replications {
        1 => "one replication".to_owned(),
        n => format!("{n} replications"),
    };
    let chance = match (headline.saving_ratio, headline.saving_half_width) {
        (Some(saving), Some(half)) => format!("{} ± {:.2} points", percent(saving), half * 100.0),
        _ => "not known from one replication".to_owned(),
    };
    let range = |ends: Option<(f64, f64)>| {
        ends.map_or_else(|| "–".to_owned(), |(low, high)| range(low, high, percent))
    };
    let untold = words::unknown_objects(results);
    let mut rows = vec![(
        "Chance".to_owned(),
        chance,
        format!(
            "±: half-width of the 95 % confidence interval of the mean of {replications}, with every \
             assumption as assumed. More replications narrow it."
        ),
    )];
    rows.extend(untold.map(|swing| {
        let (low, high) = (swing.saving_at_low, swing.saving_at_high);
        (
            "What the log does not tell".to_owned(),
            range(Some((low.min(high), low.max(high)))),
            "From no bucket key to one for all of a bucket's objects that are read and not written in the \
             log; all else as assumed."
                .to_owned(),
        )
    }));
    let and = if untold.is_some() { ", and the log does not tell" } else { "" };
    rows.push((
        format!("What AWS does not publish{and}"),
        range(results.saving_range(&headline.configuration)),
        "low … high: every assumption at the end that saves least, and at the end that saves most. \
         Corners, not confidence limits: that all are at their worst at once is unlikely."
            .to_owned(),
    ));
    rows.push((
        "Whatever S3 does".to_owned(),
        range(headline.saving_floor.zip(headline.saving_ceiling)),
        format!(
            "floor … ceiling: no key is ever found in memory, and keys live for ever in one place{}.",
            if untold.is_some() { "; what the log does not tell at its ends, too" } else { "" }
        ),
    ));
    let ranges = if untold.is_some() { "Four" } else { "Three" };
    let cells =
        |(doubt, range, why)| Row::of(vec![Cell::text(doubt), Cell::text(range), Cell::text(why)]);
    Table {
        id: "table-doubts",
        caption: format!("{ranges} ranges of the saving of `{}`", headline.configuration),
        columns: vec![Column::text("doubt"), Column::figure("saving"), Column::text("what it is")],
        rows: rows.into_iter().map(cells).collect(),
        sorts: false,
        file: "summary.csv",
    }
}
