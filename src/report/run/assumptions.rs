//! The assumptions of a run: what AWS does not publish, and what each does to the answer.

use super::adds_cost;
use crate::encryption::assumption::Assumption;
use crate::report::document::{Cell, Table, TableBuilder};
use crate::report::numbers::percent;
use crate::results::Results;
use crate::results::result_json::{AssumptionFacts, ConnectionsFacts};
use crate::results::rows::SensitivityRow;
use crate::results::rows::UNKNOWN_OBJECTS;

/// What is read of objects that were written before a replay's log does to the headline's saving, if
/// there are such objects.
pub(super) fn unknown_objects(results: &Results) -> Option<&SensitivityRow> {
    results.sensitivity.iter().find(|row| row.assumption == UNKNOWN_OBJECTS)
}

/// By how much an assumption moves the saving.
pub(super) fn width(swing: &SensitivityRow) -> f64 {
    (swing.saving_at_high - swing.saving_at_low).abs()
}

/// The assumption that moves the answer most, in a sentence.
pub(super) fn greatest_swing(results: &Results) -> Option<String> {
    let swing = results.sensitivity.first()?;
    let headline = &results.facts.headline;
    if width(swing) < 5e-7 {
        return Some(format!("No single assumption moves the saving of `{headline}`."));
    }
    let [at_low, at_high] = [swing.saving_at_low, swing.saving_at_high].map(percent);
    if at_low == at_high {
        return Some(format!(
            "No single assumption matters: none moves the saving of `{headline}` by more than {:.4} points.",
            width(swing) * 100.0
        ));
    }
    let (why, how_to_learn) = match swing.assumption.as_str() {
        UNKNOWN_OBJECTS => (
            "the log does not tell",
            "An S3 Inventory of the bucket tells: `bks replay --inventory`",
        ),
        _ => (
            "AWS does not publish it",
            "Knowing it narrows the range most: `bks calibrate` estimates it from the CloudTrail of a bucket \
             that has bucket keys",
        ),
    };
    let SensitivityRow { assumption, low, high, .. } = swing;
    Some(format!(
        "The assumption that moves the answer most ({why}): `{assumption}`, from {low} to {high} the \
         saving goes from {at_low} to {at_high}. {how_to_learn}."
    ))
}

/// An assumption of the headline, and what it alone does to the saving.
type Effect<'a> = (&'a AssumptionFacts, Option<&'a SensitivityRow>);

/// The assumptions of the headline, those that move its saving most first.
fn effects(results: &Results) -> Vec<Effect<'_>> {
    let headline = results.facts.configuration(&results.facts.headline);
    let assumptions = headline.map(|it| &it.assumptions[..]).unwrap_or_default();
    let mut swings: Vec<(usize, Effect)> = assumptions
        .iter()
        .map(|it| {
            let place = results.sensitivity.iter().position(|row| row.assumption == it.assumption);
            (place.unwrap_or(usize::MAX), (it, place.map(|place| &results.sensitivity[place])))
        })
        .collect();
    swings.sort_by_key(|(place, _)| *place);
    swings.into_iter().map(|(_, effect)| effect).collect()
}

/// Each assumption of the headline, and the saving at both ends of its range.
pub(super) fn table(results: &Results) -> Table {
    columns(results).table()
}

fn columns(results: &Results) -> TableBuilder<Effect<'_>> {
    // Where nothing is saved no assumption moves a saving.
    let is_saved = !adds_cost(results);
    Table::of(effects(results))
        .text("assumption", |(it, _)| format!("`{}`", it.assumption))
        .figure("low", |(it, _)| it.low.clone().into())
        .figure("assumed", |(it, _)| it.assumed.clone().into())
        .figure("high", |(it, _)| it.high.clone().into())
        .figure_if(is_saved, "saving at low", |(_, swing)| {
            Cell::percent(swing.map(|row| row.saving_at_low))
        })
        .figure_if(is_saved, "saving at high", |(_, swing)| {
            Cell::percent(swing.map(|row| row.saving_at_high))
        })
}

/// The same with how far each moves the saving, and a few words on each.
pub(super) fn explained(results: &Results) -> Table {
    let is_saved = !adds_cost(results);
    let table = columns(results)
        .figure_if(is_saved, "moves it by", |(_, swing)| {
            let points = swing.map(|swing| width(swing) * 100.0);
            Cell::figure(points, |points| format!("{points:.1} points"))
        })
        .text("meaning", |(it, _)| meaning(&it.assumption).unwrap_or_default())
        .table();
    let caption = format!(
        "What AWS does not publish, as assumed for `{}`{}",
        results.facts.headline,
        if is_saved {
            "; the saving with one assumption at an end of its range and the others as assumed"
        } else {
            ""
        }
    );
    table.on_page("table-assumptions", caption, "result.json, sensitivity.csv").sortable()
}

/// What an assumption is about, in a few words.
fn meaning(assumption: &str) -> Option<&'static str> {
    match Assumption::named(assumption) {
        Some(assumption) => Some(assumption.describe().meaning),
        None => (assumption == UNKNOWN_OBJECTS)
            .then_some("which keys wrap objects that are read and not written in the log"),
    }
}

/// On how many connections whose requests come, where that decides how many caches they meet.
pub(super) fn connections(results: &Results) -> Option<String> {
    let headline = results.facts.configuration(&results.facts.headline)?;
    let matters = headline.assumptions.iter().any(|it| it.assumption == "cache_hosts");
    if !matters || !headline.uses_bucket_keys || results.facts.connections.is_empty() {
        return None;
    }
    let mut groups: Vec<(&ConnectionsFacts, Vec<String>)> = Vec::new();
    for one in &results.facts.connections {
        let alike = groups.iter_mut().find(|(of, _)| {
            (&of.connections, &of.basis, &of.client) == (&one.connections, &one.basis, &one.client)
        });
        let name = format!("`{}`", one.principal);
        match alike {
            Some((_, names)) => names.push(name),
            None => groups.push((one, vec![name])),
        }
    }
    let groups: Vec<String> = groups.iter().map(|(one, names)| connected(one, names)).collect();
    Some(format!(
        "Connections to S3 of each session, which decide how many of S3's caches are met: {}.",
        groups.join("; ")
    ))
}

/// The connections of principals that are alike in that.
fn connected(one: &ConnectionsFacts, names: &[String]) -> String {
    const NAMED: usize = 3;
    let number = match one.connections.as_str() {
        "fresh" => "a new one for each request",
        number => number,
    };
    let basis = match (&one.client, one.basis.as_str()) {
        (Some(client), _) => format!("the most that `{client}` keeps"),
        (None, "given") => "as given".to_owned(),
        (None, _) => "assumed".to_owned(),
    };
    let more = match names.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let names = names[..names.len().min(NAMED)].join(", ");
    format!("{number} for {names}{more} ({basis})")
}
