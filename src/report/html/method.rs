//! How the figures came about, what they leave out, and how to make them again.

use maud::{Markup, html};

use super::{Page, prose};
use crate::report::words::{self, Again};
use crate::results::Results;

/// What the model does not know, in short; `docs/model.md` has it at length.
const LIMITS: [&str; 4] = [
    "How S3 keeps bucket-level keys is not published: lifetimes, parts of its fleet and the number of \
     verifying calls are assumptions with ranges. The ranges above are what follows from them.",
    "Requests that miss the same key at the same moment are not modelled.",
    "Money that does not depend on bucket keys is left out: storage, transfer, storage classes other than \
     Standard. Prices are list prices, without discounts.",
    "Old objects gain nothing from turning bucket keys on: they keep the keys they were written with until \
     they are written anew.",
];

/// What besides, of drawn traffic.
const OF_DRAWN: [&str; 2] = [
    "The traffic is that of the scenario below. If yours differs, so does the saving.",
    "Requests that fail or are retried are not modelled.",
];

/// What besides, of a log's traffic.
const OF_LOG: [&str; 2] = [
    "The traffic is that of the log. If other days differ, so does the saving.",
    "What wraps objects that are read and not written in the log is an assumption; so is that requests which \
     failed asked KMS for nothing.",
];

pub(super) fn limits(results: &Results) -> Markup {
    let passes = "Two passes follow: which bucket-level key wraps which written object, and which wrapping keys a \
                  read does not find in S3's memory; each such miss is a KMS request.";
    let same = "Configurations see the same traffic, so what differs between them is the doing of the encryption.";
    let is_replay = words::is_replay(results);
    html! {
        @if is_replay {
            p { "The log's requests are answered one by one, each requester's in order of time: none is drawn. Drawn "
                "with a fixed seed is which part of S3's fleet serves each. " (passes) " " (same) }
        } @else {
            p { "Each requester's requests are drawn from the scenario's laws with a fixed seed. " (passes) " Here "
                (engine(results)) ". " (same) }
        }
        ul { @for limit in LIMITS.iter().chain(if is_replay { &OF_LOG } else { &OF_DRAWN }) { li { (limit) } } }
    }
}

fn engine(results: &Results) -> &'static str {
    match results.facts.engine.as_str() {
        "events" => "every S3 request of the scenario's traffic is drawn and answered",
        _ => {
            "KMS requests are drawn, wholly or for some principals, without the S3 requests between them: \
             exact in distribution"
        }
    }
}

pub(super) fn again(page: &Page) -> Markup {
    let facts = &page.results.facts;
    let pairs = [
        ("scenario", facts.scenario.clone()),
        ("hash of the scenario", facts.scenario_hash.clone()),
        ("seed", facts.seed.to_string()),
        ("replications", facts.replications.to_string()),
        ("engine", facts.engine.clone()),
        ("version of bks", facts.bks_version.clone()),
        ("version of the model", facts.model_version.to_string()),
        ("date of the newest built-in price", facts.price_date.clone()),
        ("region", facts.prices.region.clone()),
    ];
    html! {
        @match words::again(page.results) {
            Again::Commands(commands) => {
                p { "Save the scenario below as " code { "run.toml" } " (a results folder has it), then"
                    @if words::is_replay(page.results) { ", where the log lies as it did" } ":" }
                (copyable("commands", &commands.join("\n")))
            }
            Again::Words(words) => p { (prose(&words)) }
        }
        p { "The same version gives the same bytes, on any number of threads." }
        dl.pairs { @for (name, value) in pairs { div { dt { (name) } dd { code { (value) } } } } }
        details {
            summary { "The scenario as it was run: " code { "run.toml" } }
            (copyable("run-toml", &page.results.run_toml))
        }
    }
}

/// Text to be copied; the script adds the button.
fn copyable(id: &str, text: &str) -> Markup {
    html! { div.copyable { pre #(id) tabindex="0" { code { (text) } } } }
}

pub(super) fn footer(results: &Results) -> Markup {
    let facts = &results.facts;
    html! {
        p { "Made by bks " (facts.bks_version) ", model version " (facts.model_version)
            ", from results of seed " (facts.seed) ". " (prose(&words::prices(results))) "." }
    }
}
