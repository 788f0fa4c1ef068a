//! How the figures came about, what they leave out, and how to make them again.

use crate::report::document::{Block, Section, Shown};
use crate::report::numbers::count;
use crate::report::run::{basis, reproduction};
use crate::results::{RUN, Results};

/// What the model leaves out, in short; `docs/model.md` has it at length.
const LIMITS: [&str; 4] = [
    "How S3 keeps bucket-level keys is not published: lifetimes, partitions of its fleet and the number of \
     verifying calls are assumptions with ranges. The ranges above are what follows from them.",
    "Requests that miss the same key at the same moment are not modelled.",
    "Money that does not depend on bucket keys is left out: storage, transfer, storage classes other than \
     Standard. Prices are list prices, without discounts.",
    "Existing objects gain nothing when bucket keys are turned on: they keep the keys they were written with \
     until they are rewritten.",
];

/// Further limits of simulated traffic.
const OF_SIMULATED: [&str; 2] = [
    "The traffic is that of the scenario below. If yours differs, so does the saving.",
    "Requests fail, and are sent again, where KMS throttles them, and for no other reason.",
];

/// Further limits of a log's traffic.
const OF_LOG: [&str; 2] = [
    "The traffic is that of the log. If other days differ, so does the saving.",
    "Which keys wrap objects that are read and not written in the log is an assumption; so is that failed \
     requests made no KMS calls.",
];

pub(super) fn limits(results: &Results) -> Vec<Block> {
    let passes = "Two passes follow: which bucket-level key wraps which written object, and which wrapping keys a \
                  read does not find in S3's memory; each such miss is a KMS request.";
    let same =
        "All configurations see the same traffic, so any difference comes from the encryption.";
    let (method, further) = if reproduction::is_replay(results) {
        let method = format!(
            "The log's requests are answered one by one, each requester's in order of time; only the part of \
             S3's fleet that serves each is drawn, with a fixed seed. {passes} {same}"
        );
        (method, OF_LOG)
    } else {
        let drawn = match results.facts.engine.as_str() {
            "events" => "Here every S3 request of the scenario's traffic is drawn and answered",
            _ => {
                "Here KMS requests are drawn, for all principals or some, without the S3 requests between \
                 them: exact in distribution"
            }
        };
        let method = format!(
            "Each requester's requests are drawn from the scenario's laws with a fixed seed. {passes} {drawn}. \
             {same}"
        );
        (method, OF_SIMULATED)
    };
    let limits = LIMITS.into_iter().chain(further).map(str::to_owned);
    let mut blocks = vec![Block::Paragraph(method), Block::List(limits.collect())];
    blocks.extend(
        results
            .facts
            .source
            .as_ref()
            .map(|source| Block::Note(format!("Where the scenario's numbers come from: {source}"))),
    );
    blocks
}

pub(super) fn again(results: &Results) -> Vec<Block> {
    let facts = &results.facts;
    let log = if reproduction::is_replay(results) { ", with the log where it was" } else { "" };
    let mut blocks = match reproduction::commands(results) {
        Some(commands) => vec![
            Block::Paragraph(format!(
                "Save the scenario below as `run.toml` (a results folder has it), then{log}:"
            )),
            Block::Code("commands", commands),
        ],
        None => vec![Block::Paragraph(reproduction::FROM_STDIN.to_owned())],
    };
    blocks.extend([
        Block::Paragraph(
            "The same version gives the same bytes, on any number of threads.".to_owned(),
        ),
        Block::List(vec![
            format!("scenario `{}`, hash `{}`", facts.scenario, facts.scenario_hash),
            format!(
                "seed `{}`, replications `{}`, engine `{}`",
                facts.seed, facts.replications, facts.engine
            ),
            format!("bks `{}`, model version `{}`", facts.bks_version, facts.model_version),
            format!(
                "newest built-in price `{}`, region `{}`",
                facts.price_date, facts.prices.region
            ),
        ]),
        Section::folded(
            Shown::Folded,
            "The scenario as it was run: `run.toml`",
            scenario_text(&results.run_toml),
        ),
    ]);
    blocks
}

pub(super) fn footer(results: &Results) -> String {
    let facts = &results.facts;
    format!(
        "Made by bks {}, model version {}, from results of seed {}. {}.",
        facts.bks_version,
        facts.model_version,
        facts.seed,
        basis::prices(results)
    )
}

/// Lines of a scenario that a page has: a log of a million roles has ten million of them.
const SCENARIO_LINES: usize = 2_000;

/// The scenario as it was run, or its first lines and where the others are.
fn scenario_text(run_toml: &str) -> Vec<Block> {
    let lines = run_toml.lines().count();
    if lines <= SCENARIO_LINES {
        return vec![Block::Code("run-toml", run_toml.to_owned())];
    }
    let first: Vec<&str> = run_toml.lines().take(SCENARIO_LINES).collect();
    vec![
        Block::Code("run-toml", first.join("\n")),
        Block::Note(format!(
            "the first {SCENARIO_LINES} of {} lines; all of them are in `{RUN}`",
            count(lines as f64)
        )),
    ]
}
