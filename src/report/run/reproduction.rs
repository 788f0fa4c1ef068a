//! How to get the results of a run again.

use crate::report::document::Block;
use crate::results::Results;
use crate::scenario::replay::ReplayedLog;

/// Whether the results are a log's.
pub(super) fn is_replay(results: &Results) -> bool {
    ReplayedLog::run(&results.run_toml).is_some()
}

/// The commands, or why none will do, and of which version and seed.
pub(super) fn blocks(results: &Results) -> Vec<Block> {
    let facts = &results.facts;
    let provenance = format!(
        "with bks {} (model version {}, prices of {}) and the `run.toml` of the scenario \
         with the hash `{}`, seed {}.",
        facts.bks_version, facts.model_version, facts.price_date, facts.scenario_hash, facts.seed
    );
    let how = commands(results)
        .map_or_else(|| Block::Paragraph(FROM_STDIN.to_owned()), |it| Block::Code("commands", it));
    vec![how, Block::Paragraph(provenance)]
}

/// Why no command makes a replay of standard input again.
pub(super) const FROM_STDIN: &str = "The scenario does not contain the requests: replay the same log, with the \
     same selection, under `--scenario run.toml`. It came from standard input, so no command can name it.";

/// The commands that make the results again from their `run.toml`; a replay needs its log, too. `None` if
/// that came from standard input.
pub(super) fn commands(results: &Results) -> Option<String> {
    let folder = shell(&format!("results/{}", results.facts.scenario));
    let run = match ReplayedLog::run(&results.run_toml) {
        None => "bks simulate run.toml".to_owned(),
        Some(log) if log.arguments.is_empty() || log.arguments.iter().any(|it| it == "-") => {
            return None;
        }
        Some(log) => {
            let arguments: Vec<String> = log.arguments.iter().map(|it| shell(it)).collect();
            format!("bks replay {} --scenario run.toml", arguments.join(" "))
        }
    };
    Some(format!("{run}\nbks report {folder}"))
}

/// A word as a shell takes it for one.
#[must_use]
pub fn shell(word: &str) -> String {
    let is_plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c));
    if !word.is_empty() && is_plain {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
