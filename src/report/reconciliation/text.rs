//! For a person: the verdict, where calls are and are not explained, and why.

use super::bill;
use crate::bill::KmsBill;
use crate::harmless_text::named;
use crate::reconciliation::evidence::BucketEncryption;
use crate::reconciliation::{
    Agreement, Reconciliation, Surplus, UncomparedCalls, Unexplained, named_apart,
};
use crate::report::document::{Block, Cell, Column, Document, Table};
use crate::report::numbers::{grouped, percent};
use crate::scenario::Scenario;
use crate::units::utc;

/// Rows of a table by bucket or requester that a person wants to read.
const TOP: usize = 10;

/// The verdict, tables by bucket and by requester, reasons, and what was assumed.
#[must_use]
pub fn document(scenario: &Scenario, found: &Reconciliation, bills: &[KmsBill]) -> Document {
    let mut blocks = verdict(scenario, found);
    blocks.extend(by_bucket(scenario, found));
    blocks.extend(by_principal(found));
    blocks.extend(reasons(found));
    let shares = found.shares();
    let [principals, buckets, total] =
        [&shares.principals, &shares.buckets, &shares.total].map(|it| agreement(it).text);
    blocks.push(Block::Paragraph(format!(
        "Agreement by requester over all hours and buckets: {principals}; by bucket: {buckets}; in total: \
         {total}."
    )));
    blocks.extend(variants(scenario, found).map(Block::Paragraph));
    blocks.extend(not_compared(found).into_iter().map(Block::Paragraph));
    blocks.extend(bill::sentences(found, bills).into_iter().map(Block::Paragraph));
    Document::of(blocks)
}

fn agreement(share: &Agreement) -> Cell {
    Cell::percent(share.agreement())
}

/// The range of a share over all variants of the model; one end if both read the same.
pub(super) fn span(ends: Option<(f64, f64)>) -> String {
    let Some((low, high)) = ends else { return Cell::unknown().text };
    let [low, high] = [low, high].map(percent);
    if low == high { low } else { format!("{low} to {high}") }
}

fn verdict(scenario: &Scenario, found: &Reconciliation) -> Vec<Block> {
    let share = found.shares().cells;
    let first = &found.variants[0];
    let range = match found.variants.len() {
        1 => String::new(),
        _ => format!(
            " ({} over what is assumed)",
            span(found.range(|shares| shares.cells.agreement()))
        ),
    };
    let (from, to) = found.window_ns;
    vec![
        Block::Verdict(format!(
            "Model and CloudTrail agree in {} of the KMS calls that either has{range}",
            agreement(&share).text
        )),
        Block::Paragraph(format!(
            "Compared by requester, bucket and hour: of CloudTrail's {} calls the model has {} ({}); {} calls \
             are in CloudTrail alone, {} in the model alone.",
            grouped(share.measured),
            grouped(share.matched),
            Cell::percent(share.explained()).text,
            grouped(share.unexplained()),
            grouped(share.surplus()),
        )),
        Block::Paragraph(format!(
            "{} to {}, `{}`, assumptions at {}{}",
            utc(from),
            utc(to),
            scenario.configurations[first.configuration].name,
            first.level.name(),
            earlier_objects(scenario, &first.ages())
        )),
    ]
}

/// What is assumed of objects that are read and not written in the log, if there are any.
fn earlier_objects(scenario: &Scenario, ages: &str) -> String {
    let has_any = scenario.recording.as_ref().is_some_and(|log| log.seen.of_unknown > 0);
    if has_any && ages != "none" {
        format!(", objects from before the log: {ages}")
    } else {
        String::new()
    }
}

/// Those with most calls first; names in order.
fn sorted<'a, T: Ord>(shares: impl Iterator<Item = (T, &'a Agreement)>) -> Vec<(T, &'a Agreement)> {
    let mut shares: Vec<_> = shares.collect();
    shares
        .sort_by(|(a, x), (b, y)| (y.measured.max(y.model), a).cmp(&(x.measured.max(x.model), b)));
    shares
}

const SHARES: [&str; 5] = ["CloudTrail", "model", "agree", "of CloudTrail's", "agree, range"];

fn cells(name: String, share: &Agreement, range: Option<(f64, f64)>) -> Vec<Cell> {
    vec![
        name.into(),
        grouped(share.measured).into(),
        grouped(share.model).into(),
        agreement(share),
        Cell::percent(share.explained()),
        span(range).into(),
    ]
}

/// The first rows of a table, and how many more there are.
fn first_rows(mut table: Table) -> Vec<Block> {
    let left_out = table.rows.len().saturating_sub(TOP);
    table.rows.truncate(TOP);
    let more = (left_out > 0)
        .then(|| Block::Note(format!("  and {left_out} more (`--format csv` has all)")));
    std::iter::once(Block::Table(table)).chain(more).collect()
}

fn by_bucket(scenario: &Scenario, found: &Reconciliation) -> Vec<Block> {
    let mut table = Table::new("bucket", SHARES);
    table.columns.push(Column::text("encryption"));
    for (name, share) in sorted(found.shares().of_bucket.iter()) {
        let range = found.range(|shares| shares.of_bucket.get(name)?.agreement());
        let number = scenario.buckets.iter().position(|bucket| bucket.name == *name);
        let encryption = match number.map(|number| found.variants[0].plans[number].encryption) {
            None => "not in the log",
            Some(BucketEncryption::BucketKey) => "bucket keys",
            Some(BucketEncryption::KeyPerObject) => "key per object",
            Some(BucketEncryption::NoCalls) => "no calls",
            Some(BucketEncryption::AsAsked) => "as asked",
        };
        let mut cells = cells(format!("`{}`", named(name)), share, range);
        cells.push(encryption.into());
        table.push(cells);
    }
    first_rows(table)
}

fn by_principal(found: &Reconciliation) -> Vec<Block> {
    let mut table = Table::new("requester", SHARES);
    for (principal, share) in sorted(found.shares().of_principal.iter()) {
        let range = found.range(|shares| shares.of_principal.get(principal)?.agreement());
        table.push(cells(format!("`{}`", named(&principal.arn())), share, range));
    }
    first_rows(table)
}

const fn why_unexplained(reason: Unexplained) -> &'static str {
    match reason {
        Unexplained::BucketNotInLog => "the bucket is in no log that was read",
        Unexplained::AwsService => "an AWS service calls, whose requests are in no log",
        Unexplained::RequesterNotInLog => {
            "the requester makes no request to this bucket in the log"
        }
        Unexplained::NoRequestInHour => "it makes no request to this bucket in that hour",
        Unexplained::ModelHasFewer => "there are requests, but the model has fewer calls",
    }
}

const fn why_surplus(reason: Surplus) -> &'static str {
    match reason {
        Surplus::BucketNotInTrail => "CloudTrail has no call for the bucket",
        Surplus::RequesterNotInTrail => "CloudTrail has no call for the bucket by this requester",
        Surplus::HourNotInTrail => "CloudTrail has no call at all in that hour",
        Surplus::NoCallInHour => "CloudTrail has none by this requester in that hour",
        Surplus::ModelHasMore => "there are calls, but the model has more",
    }
}

/// Why calls are on one side only.
fn reasons(found: &Reconciliation) -> Vec<Block> {
    let unexplained = found.unexplained().into_iter();
    let surplus = found.surplus().into_iter();
    let sides: [(_, Vec<(&str, u64)>); 2] = [
        ("only in CloudTrail", unexplained.map(|(it, n)| (why_unexplained(it), n)).collect()),
        ("only in the model", surplus.map(|(it, n)| (why_surplus(it), n)).collect()),
    ];
    let measured = found.shares().cells.measured as f64;
    let mut blocks = Vec::new();
    for (title, reasons) in sides {
        let mut table = Table::new(title, ["calls", "of CloudTrail's"]);
        for (why, calls) in reasons {
            let share = Cell::percent(calls as f64 / measured);
            table.push([why.into(), grouped(calls).into(), share]);
        }
        if !table.rows.is_empty() {
            blocks.extend(first_rows(table));
        }
    }
    blocks
}

/// How far agreement depends on what is assumed.
fn variants(scenario: &Scenario, found: &Reconciliation) -> Option<String> {
    if found.variants.len() == 1 {
        return None;
    }
    let closest = found.closest();
    Some(format!(
        "Over {} variants of the model, agreement is {}; closest: `{}` at {}{} (chosen after seeing the data: a \
         fit, not a test).",
        found.variants.len(),
        span(found.range(|shares| shares.cells.agreement())),
        scenario.configurations[closest.configuration].name,
        closest.level.name(),
        earlier_objects(scenario, &closest.ages())
    ))
}

/// What was left out of the comparison.
fn not_compared(found: &Reconciliation) -> Vec<String> {
    let &UncomparedCalls { outside, other_use, repeated, failed, other_buckets, .. } =
        &found.beside;
    let counts = [
        (outside, "S3's calls before or after the log's time"),
        (other_use, "calls that are not S3's"),
        (other_buckets, "calls for other buckets"),
        (repeated, "repeated events"),
        (failed, "failed calls"),
    ];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let parts = counts.map(|(count, what)| format!("{} {what}", grouped(count)));
    let parts: Vec<String> = parts.chain(named_apart(&found.beside)).collect();
    let mut sentences = Vec::new();
    if !parts.is_empty() {
        sentences.push(format!("Not compared: {}.", parts.join(", ")));
    }
    if found.requests_without_calls > 0 {
        sentences.push(format!(
            "{} requests are to buckets without any call in CloudTrail: they are assumed not to be encrypted \
             by KMS.",
            grouped(found.requests_without_calls)
        ));
    }
    sentences
}
