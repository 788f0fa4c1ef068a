//! The plan in sentences.

use std::collections::BTreeMap;

use super::{MigrationPlanned, days};
use crate::harmless_text::named;
use crate::migration::months::MONTH_S;
use crate::migration::one_off::FEES_SOURCE;
use crate::migration::reach::{MigrationMethod, Obstacle};
use crate::report::numbers::{count, dollars, duration, grouped, percent};
use crate::results::migration::rows::{ReachRow, WayRow};
use crate::results::migration::ways::{ALL, LAST_DAYS, STANDARD, SimulatedTime};

/// Which way is best, and when it has paid for itself.
pub(super) fn verdict(plan: &MigrationPlanned) -> String {
    let name = plan.ways.ways.first().map_or("", |row| row.scenario.as_str());
    let Some(best) = plan.best() else {
        return format!(
            "{}: there is nothing to migrate: no object under SSE-KMS lacks a bucket key that could have one",
            named(name)
        );
    };
    let costs = format!(
        "{}: {} costs {} once",
        named(name),
        subject(best),
        dollars(best.one_off_usd.as_f64())
    );
    if plan.scenario.is_none() {
        return format!("{costs}, {}", break_even(best));
    }
    format!("{costs} and {}; {}", pays(best), waiting(plan, best))
}

/// A migration of its objects.
fn subject(row: &WayRow) -> String {
    let copied = row.operation == MigrationMethod::Copy.name();
    let operation = if copied { MigrationMethod::Copy } else { MigrationMethod::Update }.title();
    let objects = count(row.objects as f64);
    match row.part.as_str() {
        ALL if row.left_objects == 0 => format!("{operation} of all {objects} objects"),
        ALL => format!("{operation} of the {objects} objects that it can touch"),
        STANDARD => format!("{operation} of the {objects} objects in Standard"),
        LAST_DAYS => format!("{operation} of the {objects} objects of the last 30 days"),
        part => format!("{operation} of the {objects} objects of `{}`", named(part)),
    }
}

/// How many reads must no longer call KMS for it to be paid back.
fn break_even(row: &WayRow) -> String {
    /// Dollars of a KMS request: $0.03 per 10,000, in all commercial regions.
    const CALL_USD: f64 = 3e-6;
    let calls = row.one_off_usd.as_f64() / CALL_USD;
    format!(
        "as much as {} KMS requests: it is paid back once every object has been read {:.1} times without one",
        count(calls),
        calls / row.objects.max(1) as f64
    )
}

/// When a migration has paid for itself.
fn pays(row: &WayRow) -> String {
    let ends = match (row.payback_soonest_s, row.payback_latest_s) {
        (Some(soonest), Some(latest)) if soonest < latest => {
            format!(" [{} … {}]", days(soonest), days(latest))
        }
        (Some(soonest), None) => format!(" [{} … never or not known]", days(soonest)),
        _ => String::new(),
    };
    if row.objects > 0 && row.duration_s.is_none() {
        return "has no room in the KMS quota, which traffic fills: it cannot run before that is raised or others call \
                less"
        .to_owned();
    }
    match (row.payback.as_deref(), row.payback_s) {
        (_, Some(time_s)) => {
            let date =
                row.payback_date.as_ref().map_or_else(String::new, |date| format!(", on {date}"));
            format!("pays back in {}{ends}{date}", days(time_s))
        }
        (Some("never"), _) => format!(
            "never pays back ({} of it comes back at the most){ends}",
            percent(row.payback_ratio.unwrap_or_default())
        ),
        _ => format!(
            "has not paid back within the months looked at ({} so far){ends}",
            percent(row.payback_ratio.unwrap_or_default())
        ),
    }
}

/// What waiting does in comparison.
fn waiting(plan: &MigrationPlanned, best: &WayRow) -> String {
    let (Some(wait), Some(net)) = (plan.net("wait"), plan.net(&best.way)) else {
        return String::new();
    };
    let row = plan.row("wait");
    let first = row.and_then(|row| row.saving_first_month_usd).unwrap_or_default();
    let meets = match best.waiting_meets_month {
        Some(1) => "waiting saves as much from the start".to_owned(),
        Some(month) => format!("waiting saves as much a month from month {month} on"),
        None => format!(
            "waiting saves {} in the first month and does not catch up in {} months",
            dollars(first),
            plan.asked.months
        ),
    };
    let after = plan.asked.months;
    let ahead = if net > wait {
        format!("{} ahead of it after {after} months", dollars(net - wait))
    } else {
        format!("{} behind it after {after} months: wait", dollars(wait - net))
    };
    format!("{meets}, the migration is {ahead}")
}

/// What the months are taken from.
fn simulated(plan: &MigrationPlanned) -> String {
    let Some(SimulatedTime { length, steady }) = plan.ways.changing else {
        return "Months are of 30 days, each as the scenario's run: what is read does not wander from old objects to new ones."
            .to_owned();
    };
    let asked_s = f64::from(plan.asked.months) * MONTH_S;
    if length.as_secs_f64() >= asked_s {
        return format!(
            "Months are of 30 days; {} of them were simulated, as what is read wanders from old objects to new ones or traffic grows.",
            plan.asked.months
        );
    }
    format!(
        "Months are of 30 days. The first {length} were simulated: by then what is read has wandered from old objects to new ones, and all that follows is as the last {steady} of it."
    )
}

/// What the figures rest on.
pub(super) fn notes(plan: &MigrationPlanned) -> Vec<String> {
    let mut notes = Vec::new();
    if plan.scenario.is_some() {
        notes.push(simulated(plan));
        notes.push(
            "Saved: against leaving everything as is, of KMS requests, keys and the events of both; paid back: by what is saved beyond waiting. low … high: every assumption at the end that saves least, and most.".to_owned(),
        );
    }
    if let Some(fastest) = plan.migrating().find_map(|row| row.fastest_objects_per_s) {
        notes.push(format!(
            "One KMS call an object on its old key (assumed: the least possible). With {} of the quota free in the busiest second it may touch {} objects a second (`--headroom`, `--rate`); S3's own speed is not published.",
            percent(plan.asked.headroom),
            count(fastest)
        ));
    }
    if plan.ways.costs.iter().any(|row| is_fee(&row.description)) {
        notes.push(format!("Fees of storage classes are those of {FEES_SOURCE}; elsewhere they are assumed to be the same."));
    }
    notes
}

fn is_fee(description: &str) -> bool {
    ["retrieval", "early deletion", "COPY requests to the storage class"].contains(&description)
}

/// What is left by each operation, and why.
pub(super) fn left(plan: &MigrationPlanned) -> Vec<String> {
    let mut by_objects: BTreeMap<(&str, &str, u64, &str), Vec<&ReachRow>> = BTreeMap::new();
    for row in plan.ways.reach.iter().filter(|row| row.left_objects > 0) {
        let obstacle = row.obstacle.as_deref().unwrap_or_default();
        let key = (obstacle, row.storage_class.as_str(), row.left_objects, row.objects_of.as_str());
        by_objects.entry(key).or_default().push(row);
    }
    // What both operations leave is told once.
    let mut left: BTreeMap<(String, &str, &str), Vec<&ReachRow>> = BTreeMap::new();
    for ((obstacle, class, ..), rows) in by_objects {
        let mut operations: Vec<&str> = rows.iter().map(|row| row.operation.as_str()).collect();
        operations.sort_unstable();
        operations.dedup();
        let once = rows.into_iter().filter(|row| row.operation == operations[0]);
        left.entry((operations.join(" and "), obstacle, class)).or_default().extend(once);
    }
    let told = left.into_iter().map(|((operation, obstacle, class), rows)| {
        let objects: u64 = rows.iter().map(|row| row.left_objects).sum();
        let mut names: Vec<String> =
            rows.iter().map(|row| format!("`{}`", named(&row.objects_of))).collect();
        names.dedup();
        let words = Obstacle::ALL.into_iter().find(|it| it.name() == obstacle);
        let words = words.map_or("are not reached", Obstacle::words);
        format!(
            "{operation}: {} objects of {} ({class}) {words}",
            grouped(objects),
            names.join(", ")
        )
    });
    told.collect()
}

/// What a migration changes besides the key.
pub(super) fn changes(plan: &MigrationPlanned) -> Vec<String> {
    let has =
        |operation: MigrationMethod| plan.migrating().any(|row| row.operation == operation.name());
    let mut changes = Vec::new();
    if has(MigrationMethod::Update) {
        changes.push("UpdateObjectEncryption keeps last-modified, ETag, checksum, storage class and version; it makes no replica: run it on the destination, too.".to_owned());
    }
    if has(MigrationMethod::Copy) {
        changes.push("A copy is a new object: last-modified is the day of the copy (lifecycle rules count anew), the ETag changes, and it is replicated again.".to_owned());
        changes.push("In a bucket with versions a copy doubles what is stored until old versions expire; locked ones stay.".to_owned());
    }
    changes.push("KMS events then name the bucket, not the object; conditions on an object's ARN in key and IAM policies stop matching.".to_owned());
    let slowest = plan.migrating().filter_map(|row| row.duration_s).reduce(f64::max);
    changes.extend(slowest.map(|time_s| {
        format!("While it runs, for up to {}, its KMS calls come under the account's quota with all others.", duration(time_s))
    }));
    changes
}
