//! The decision: what it comes to in large, and what to do.

use crate::encryption::assumption::Level;
use crate::figure::Figure;
use crate::report::document::{Block, Section, Shown, Tile};
use crate::report::numbers::{self, count, dollars, percent};
use crate::report::run::{
    added_cost_span, adds_cost, assumptions, cautions, period, savings, span, throttling,
};
use crate::results::Results;
use crate::results::rows::SummaryRow;

/// The headline beside the baseline in large figures, and what these are.
pub(super) fn tiles(results: &Results) -> Vec<Block> {
    let facts = &results.facts;
    let [own, baseline] = [&facts.headline, &facts.reference].map(|name| results.assumed(name));
    let period = period(results);
    let mut tiles = vec![
        money(results, own, baseline),
        requests(results, own, baseline),
        tile(results, format!("Requests and keys bill, {period}"), dollars, Figure::TotalCostUsd),
        tile(results, "Busiest second, share of the KMS quota", percent, Figure::QuotaShareMax),
    ];
    if throttling::matters(results) {
        let name = "Requests that get 503 SlowDown";
        tiles.push(tile(results, name, percent, Figure::ThrottledShare));
    }
    if let Some(cost) = own.migration_cost_usd {
        let back = own.payback_periods.map(|n| format!("paid back after {n:.1} × {period}"));
        tiles.push(Tile {
            name: "Migration, once".to_owned(),
            value: dollars(cost.as_f64()),
            beside: back.into_iter().collect(),
        });
    }
    let and_log = match assumptions::unknown_objects(results) {
        Some(_) => " and the log does not show",
        None => "",
    };
    let range = match own.assumption_sets {
        Some(_) => {
            "between what the figure lies in nine of ten cases, by the laws of what AWS does not publish"
                .to_owned()
        }
        None => format!("the range over all that AWS does not publish{and_log}"),
    };
    vec![
        Block::Tiles(tiles),
        Block::Note(format!(
            "In large: `{}` with every assumption as assumed. Below: the baseline `{}`, and {range}.",
            facts.headline, facts.reference
        )),
    ]
}

/// What is saved, or paid in addition, in dollars.
fn money(results: &Results, own: &SummaryRow, baseline: &SummaryRow) -> Tile {
    let period = period(results);
    let headline = &own.configuration;
    let instead = format!(
        "{} instead of {}",
        dollars(own.kms_cost_usd.as_f64()),
        dollars(baseline.kms_cost_usd.as_f64())
    );
    let saved = own.kms_saved_usd.as_f64();
    let nine_in_ten = own.nine_in_ten(Figure::KmsSavedUsd);
    if saved < 0.0 || adds_cost(results) {
        let range = match nine_in_ten {
            Some((low, high)) => numbers::nine_in_ten((0.0 - high, 0.0 - low), dollars),
            None => range(added_cost_span(results, headline), dollars),
        };
        return Tile {
            name: format!("KMS requests cost more, {period}"),
            value: dollars(0.0 - saved),
            beside: vec![instead, range],
        };
    }
    let range = match nine_in_ten {
        Some(ends) => numbers::nine_in_ten(ends, dollars),
        None => range(span(results, headline, |row| row.kms_saved_usd.as_f64()), dollars),
    };
    Tile {
        name: format!("Saved on KMS requests, {period}"),
        value: dollars(saved),
        beside: vec![instead, range],
    }
}

/// The share of KMS requests that is saved, or how many there are.
fn requests(results: &Results, own: &SummaryRow, baseline: &SummaryRow) -> Tile {
    let Some((saving, ends)) = own.saving_ratio.zip(results.saving_range(&own.configuration))
    else {
        return tile(results, "KMS requests", count, Figure::KmsRequests);
    };
    let range = match own.nine_in_ten(Figure::Saving) {
        Some(ends) => numbers::nine_in_ten(ends, percent),
        None => range(ends, percent),
    };
    Tile {
        name: "KMS requests saved".to_owned(),
        value: percent(saving),
        beside: vec![
            format!("{} instead of {}", count(own.kms_requests), count(baseline.kms_requests)),
            range,
        ],
    }
}

/// A figure, nothing where there is none.
fn valued(row: &SummaryRow, figure: Figure) -> f64 {
    row.figure(figure).unwrap_or_default()
}

/// A figure of the headline beside the baseline's.
fn tile(
    results: &Results,
    name: impl Into<String>,
    words: fn(f64) -> String,
    figure: Figure,
) -> Tile {
    let facts = &results.facts;
    let [own, baseline] = [&facts.headline, &facts.reference]
        .map(|name| words(valued(results.assumed(name), figure)));
    let range = match results.assumed(&facts.headline).nine_in_ten(figure) {
        Some(ends) => numbers::nine_in_ten(ends, words),
        None => range(span(results, &facts.headline, |row| valued(row, figure)), words),
    };
    Tile { name: name.into(), value: own, beside: vec![format!("instead of {baseline}"), range] }
}

/// Two ends as people read them.
pub(super) fn range((low, high): (f64, f64), words: fn(f64) -> String) -> String {
    match [low, high].map(words) {
        [least, most] if least == most => format!("{least} at every level"),
        _ => numbers::ends((low, high), words),
    }
}

/// Which configuration to choose, what to see to before, and whether what was asserted holds.
pub(super) fn what_to_do(results: &Results) -> Vec<Block> {
    let facts = &results.facts;
    let mut blocks = vec![Block::Paragraph(choice(results))];
    let [warnings, assertions] = cautions(results);
    if !facts.warnings.is_empty() {
        blocks.push(warnings);
    }
    let all = facts.assertions.len();
    match facts.assertions.iter().filter(|assertion| !assertion.holds).count() {
        _ if all == 0 => {}
        0 => blocks.push(Section::folded(
            Shown::Folded,
            match all {
                1 => "✓ the assertion is met".to_owned(),
                _ => format!("✓ all {all} assertions met"),
            },
            vec![assertions],
        )),
        unmet => {
            blocks.push(Block::Paragraph(format!("✗ {unmet} of {all} assertions not met:")));
            blocks.push(assertions);
        }
    }
    vec![Section::open("what-to-do", "What to do", blocks)]
}

/// Which configuration to choose.
fn choice(results: &Results) -> String {
    let facts = &results.facts;
    let (headline, baseline) = (&facts.headline, &facts.reference);
    if headline == baseline {
        return format!(
            "`{headline}` is the baseline itself: compare it with another configuration."
        );
    }
    let Some(saving) = results.assumed(headline).saving_ratio else {
        return format!(
            "`{baseline}` makes no KMS requests, so bucket keys have nothing to save. Choose `{headline}` for \
             what its KMS key does, not for the bill."
        );
    };
    let choice = match results.saving_range(headline) {
        _ if saving <= 0.0 => {
            format!("Keep `{baseline}`: `{headline}` saves no KMS requests in this traffic.")
        }
        Some((low, _)) if low > 0.0 => format!(
            "Choose `{headline}` over `{baseline}`: it saves KMS requests even with every assumption at its worst."
        ),
        _ => format!(
            "Choose `{headline}` over `{baseline}` only if its assumptions hold: at one end of their range it saves \
             nothing."
        ),
    };
    let choice = match savings::buckets_that_save(results) {
        Some(buckets) => format!("{choice} {buckets}"),
        None => choice,
    };
    let others = facts.configurations.iter().filter(|it| ![headline, baseline].contains(&&it.name));
    let savings = others
        .filter_map(|it| Some((&it.name, results.at(&it.name, Level::Assumed).saving_ratio?)));
    match savings.max_by(|a, b| a.1.total_cmp(&b.1)) {
        Some((name, best)) if best > saving + 0.01 => {
            format!("{choice} `{name}` saves more: {}.", percent(best))
        }
        _ => choice,
    }
}
