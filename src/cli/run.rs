//! A run of a scenario: under a progress bar, into a folder, printed.

use std::path::Path;

use super::args::OutputFormat;
use super::known_totals::{AtKnownTotal, FILE};
use super::{output, progress};
use crate::cells::Cells;
use crate::error::Result;
use crate::report;
use crate::results::known_total::{KnownTotal, Scaled};
use crate::results::run::{Step, StepProgress};
use crate::results::{FACTS, RUN, Results, parts};
use crate::scenario::Scenario;

/// What a run of a part of a log counts, under a progress bar.
pub(super) fn part(scenario: &Scenario, quiet: bool) -> Cells {
    under_a_bar(scenario, quiet, |progress| parts::of_part(scenario, progress))
}

/// Runs a scenario under a progress bar.
pub(super) fn results(scenario: &Scenario, quiet: bool) -> Results {
    under_a_bar(scenario, quiet, |progress| Results::of(scenario, progress))
}

fn under_a_bar<T>(scenario: &Scenario, quiet: bool, run: impl FnOnce(StepProgress) -> T) -> T {
    let bar = progress::Growing::new(&scenario.name, "requests", quiet);
    let results = run(&|step| match step {
        Step::Answered(requests) => bar.advance(requests),
        Step::SetsDecided(requests) => bar.grow(requests),
        Step::Decided { replications, requests } => {
            // With a precision to reach, more are decided round by round.
            if scenario.precision.is_some() {
                bar.say(format!("{}, {replications} replications so far:", scenario.name));
            }
            bar.grow(requests);
        }
    });
    bar.clear();
    results
}

/// Runs a scenario and leaves its files in a folder, in which it replaces what bks did not write only if
/// `overwrite` is set. With a total that is known it is scaled to that.
pub(super) fn into_folder(
    scenario: &Scenario,
    folder: &Path,
    quiet: bool,
    overwrite: bool,
    known: Option<KnownTotal>,
) -> Result<(Results, Option<Scaled>)> {
    let names: Vec<&str> = file_names().into_iter().chain(known.as_ref().map(|_| FILE)).collect();
    output::folder::refuse_strangers(folder, &names, overwrite)?;
    let results = results(scenario, quiet);
    let at_known = AtKnownTotal::of(scenario, &results, known);
    let more = at_known.file(&results).into_iter().collect();
    output::write_files(folder, &report::files::of(&results, more), overwrite)?;
    Ok((results, at_known.scaled()?))
}

/// Names of the files that every run leaves.
pub(super) fn file_names() -> Vec<&'static str> {
    Results::file_names().into_iter().chain([FACTS, RUN]).collect()
}

/// What is printed of runs, of which a lone one may be scaled to a known total.
pub(super) fn text(format: OutputFormat, all: &[Results], scaled: Option<&Scaled>) -> String {
    match format {
        OutputFormat::Csv => {
            let rows: Vec<_> = all.iter().flat_map(|results| results.summary.clone()).collect();
            output::csv(&rows)
        }
        OutputFormat::Json => {
            let values = all.iter().map(|results| report::json::of_run(results, scaled));
            let mut values: Vec<_> = values.collect();
            let value = if values.len() == 1 { values.remove(0) } else { values.into() };
            output::json(&value)
        }
        _ => {
            let documents = all.iter().map(|results| report::run::document(results, scaled));
            let texts: Vec<String> = documents.map(|it| format.document(&it)).collect();
            texts.join("\n")
        }
    }
}

/// Says what to beware of where what is printed has no place for it.
pub(super) fn note_warnings(results: &Results) {
    for warning in &results.facts.warnings {
        output::note(&format!("warning: {}; {}", warning.what, warning.advice));
    }
}
