//! For a person: the verdict, where calls are and are not explained, and why.

use std::fmt::Write;

use super::bill;
use crate::bill::Invoice;
use crate::reconciliation::evidence::Encryption;
use crate::reconciliation::{Beside, Reconciliation, Share, Surplus, Unexplained, named_apart};
use crate::report::{numbers, table};
use crate::scenario::Scenario;
use crate::units::utc;

/// Rows of a table by bucket or requester that a person wants to read.
const TOP: usize = 10;

/// The verdict, tables by bucket and by requester, reasons, and what was assumed.
#[must_use]
pub fn text(scenario: &Scenario, found: &Reconciliation, bills: &[Invoice], width: u16) -> String {
    let mut out = verdict(scenario, found);
    out.push('\n');
    by_bucket(&mut out, scenario, found, width);
    by_principal(&mut out, found, width);
    reasons(&mut out, found, width);
    coarser(&mut out, found);
    variants(&mut out, scenario, found);
    beside(&mut out, found);
    out += &bill::text(found, bills);
    out
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), numbers::percent)
}

fn range(range: Option<(f64, f64)>) -> String {
    match range {
        None => "-".to_owned(),
        Some((low, high)) => {
            let [low, high] = [low, high].map(numbers::percent);
            if low == high { low } else { format!("{low} to {high}") }
        }
    }
}

fn verdict(scenario: &Scenario, found: &Reconciliation) -> String {
    let share = found.shares().cells;
    let first = &found.variants[0];
    let mut out = format!(
        "Model and trail agree in {} of the KMS calls that either has",
        percent(share.agreement())
    );
    if found.variants.len() > 1 {
        let all = range(found.range(|shares| shares.cells.agreement()));
        let _ = write!(out, " ({all} over what is assumed)");
    }
    let _ = writeln!(
        out,
        ",\nrequester by requester, bucket by bucket and hour by hour: of the trail's {} calls the model\nhas {} \
         ({}); {} calls are the trail's alone, {} the model's alone.",
        numbers::grouped(share.measured),
        numbers::grouped(share.matched),
        percent(share.explained()),
        numbers::grouped(share.unexplained()),
        numbers::grouped(share.surplus()),
    );
    let (from, to) = found.window_ns;
    let unknown = scenario.recording.as_ref().is_some_and(|log| log.seen.of_unknown > 0);
    let ages = if unknown { ages(&first.ages()) } else { String::new() };
    let _ = writeln!(
        out,
        "{} to {}, `{}`, assumptions at {}{ages}",
        utc(from),
        utc(to),
        scenario.configurations[first.configuration].name,
        first.level.name(),
    );
    out
}

/// How objects are taken to be that are read and not written in the log.
fn ages(ages: &str) -> String {
    match ages {
        "none" => String::new(),
        ages => format!(", objects from before the log: {ages}"),
    }
}

fn cells(share: &Share) -> Vec<String> {
    vec![
        numbers::grouped(share.measured),
        numbers::grouped(share.model),
        percent(share.agreement()),
        percent(share.explained()),
    ]
}

/// Those with most calls first; names in order.
fn sorted<'a, T: Ord>(shares: impl Iterator<Item = (T, &'a Share)>) -> Vec<(T, &'a Share)> {
    let mut shares: Vec<_> = shares.collect();
    shares
        .sort_by(|(a, x), (b, y)| (y.measured.max(y.model), a).cmp(&(x.measured.max(x.model), b)));
    shares
}

fn push_table(
    out: &mut String,
    corner: &str,
    header: &[&str],
    rows: &[(String, Vec<String>)],
    width: u16,
) {
    let header = header.iter().map(|&name| name.to_owned()).collect();
    let _ = writeln!(out, "{}", table::table(corner, header, &rows[..rows.len().min(TOP)], width));
    if rows.len() > TOP {
        let _ = writeln!(out, "  and {} more (`--format csv` has all)", rows.len() - TOP);
    }
    out.push('\n');
}

fn by_bucket(out: &mut String, scenario: &Scenario, found: &Reconciliation, width: u16) {
    let header = ["trail", "model", "agree", "of the trail's", "agree, range", "encryption"];
    let row = |(name, share): (&String, &Share)| {
        let number = scenario.buckets.iter().position(|bucket| bucket.name == *name);
        let plan = number.map(|number| found.variants[0].plans[number]);
        let encryption = match plan.map(|plan| plan.encryption) {
            None => "not in the log",
            Some(Encryption::BucketKey) => "bucket keys",
            Some(Encryption::KeyPerObject) => "key per object",
            Some(Encryption::NoCalls) => "no calls",
            Some(Encryption::AsAsked) => "as asked",
        };
        let mut cells = cells(share);
        cells.push(range(found.range(|shares| shares.of_bucket.get(name)?.agreement())));
        cells.push(encryption.to_owned());
        (name.clone(), cells)
    };
    let rows: Vec<_> = sorted(found.shares().of_bucket.iter()).into_iter().map(row).collect();
    push_table(out, "bucket", &header, &rows, width);
}

fn by_principal(out: &mut String, found: &Reconciliation, width: u16) {
    let header = ["trail", "model", "agree", "of the trail's", "agree, range"];
    let row = |(principal, share): (&crate::s3::Principal, &Share)| {
        let mut cells = cells(share);
        cells.push(range(found.range(|shares| shares.of_principal.get(principal)?.agreement())));
        (principal.arn(), cells)
    };
    let rows: Vec<_> = sorted(found.shares().of_principal.iter()).into_iter().map(row).collect();
    push_table(out, "requester", &header, &rows, width);
}

const fn why_unexplained(reason: Unexplained) -> &'static str {
    match reason {
        Unexplained::BucketNotInLog => "the bucket is in no log that was read",
        Unexplained::AwsService => "an AWS service asks, whose requests are in no log",
        Unexplained::RequesterNotInLog => "the requester asks this bucket for nothing in the log",
        Unexplained::NoRequestInHour => "it asks this bucket for nothing in that hour",
        Unexplained::ModelHasFewer => "there are requests, but the model has fewer calls",
    }
}

const fn why_surplus(reason: Surplus) -> &'static str {
    match reason {
        Surplus::BucketNotInTrail => "the trail has no call for the bucket",
        Surplus::RequesterNotInTrail => "the trail has no call for the bucket by this requester",
        Surplus::HourNotInTrail => "the trail has no call at all in that hour",
        Surplus::NoCallInHour => "the trail has none by this requester in that hour",
        Surplus::ModelHasMore => "there are calls, but the model has more",
    }
}

fn reasons(out: &mut String, found: &Reconciliation, width: u16) {
    let measured = found.shares().cells.measured as f64;
    let row = |(why, calls): (&str, u64)| {
        let cells = vec![numbers::grouped(calls), numbers::percent(calls as f64 / measured)];
        (why.to_owned(), cells)
    };
    let header = ["calls", "of the trail's"];
    let unexplained = found.unexplained().into_iter();
    let rows: Vec<_> = unexplained.map(|(why, calls)| row((why_unexplained(why), calls))).collect();
    if !rows.is_empty() {
        push_table(out, "only the trail has", &header, &rows, width);
    }
    let surplus = found.surplus().into_iter();
    let rows: Vec<_> = surplus.map(|(why, calls)| row((why_surplus(why), calls))).collect();
    if !rows.is_empty() {
        push_table(out, "only the model has", &header, &rows, width);
    }
}

/// The same with coarser places, in which what is early or late, or of another requester, is found.
fn coarser(out: &mut String, found: &Reconciliation) {
    let shares = found.shares();
    let _ = writeln!(
        out,
        "they agree by requester over all hours and buckets in {}; by bucket in {}; all calls together in {}",
        percent(shares.principals.agreement()),
        percent(shares.buckets.agreement()),
        percent(shares.total.agreement())
    );
}

fn variants(out: &mut String, scenario: &Scenario, found: &Reconciliation) {
    if found.variants.len() == 1 {
        return;
    }
    let closest = found.closest();
    let unknown = scenario.recording.as_ref().is_some_and(|log| log.seen.of_unknown > 0);
    let _ = writeln!(
        out,
        "of {} ways to run the model, agreement is {}; closest: `{}` at {}{}\n(picked after the \
         fact: a fit, and no test)",
        found.variants.len(),
        range(found.range(|shares| shares.cells.agreement())),
        scenario.configurations[closest.configuration].name,
        closest.level.name(),
        if unknown { ages(&closest.ages()) } else { String::new() }
    );
}

fn beside(out: &mut String, found: &Reconciliation) {
    let &Beside { outside, other_use, repeated, failed, other_buckets, .. } = &found.beside;
    let mut parts: Vec<String> = [
        (outside, "S3's calls before or after the log's time"),
        (other_use, "calls that are not S3's"),
        (other_buckets, "calls for other buckets"),
        (repeated, "repeated events"),
        (failed, "failed calls"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("{} {what}", numbers::grouped(count)))
    .collect();
    parts.extend(named_apart(&found.beside));
    if !parts.is_empty() {
        let _ = writeln!(out, "not compared: {}", parts.join(", "));
    }
    if found.requests_without_calls > 0 {
        let _ = writeln!(
            out,
            "{} requests are of buckets without any call in the trail: taken not to be encrypted by KMS",
            numbers::grouped(found.requests_without_calls)
        );
    }
}
