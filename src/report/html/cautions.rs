//! Warnings, and what was demanded.

use maud::html;

use super::{Section, prose};
use crate::report::words;
use crate::results::Results;

/// The sections that there is something to say in.
pub(super) fn sections(results: &Results) -> Vec<Section> {
    let mut sections = Vec::new();
    if !results.facts.warnings.is_empty() {
        sections.push(warnings(results));
    }
    if !results.facts.assertions.is_empty() {
        sections.push(demands(results));
    }
    sections
}

fn warnings(results: &Results) -> Section {
    let body = html! {
        ul.cautions { @for warning in &results.facts.warnings {
            li {
                p { strong { "Beware: " } (prose(&warning.what)) "." }
                p { strong { "What to do: " } (prose(&warning.advice)) "." }
            }
        } }
        p.file { "In full: " code { "result.json" } }
    };
    Section { id: "warnings", title: "Warnings".into(), body }
}

fn demands(results: &Results) -> Section {
    let body = html! {
        ul.demands { @for demand in &results.facts.assertions {
            li {
                p {
                    @if demand.holds { strong.good { "✓ met: " } } @else { strong.bad { "✗ not met: " } }
                    code { (demand.assertion) }
                }
                p { (prose(&words::reason(demand))) "." }
            }
        } }
        p.file { "In full: " code { "result.json" } }
    };
    Section { id: "demands", title: "What was demanded".into(), body }
}
