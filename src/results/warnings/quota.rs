//! What is to be said where a quota holds calls back.

use super::Found;
use crate::encryption::assumption::Level;
use crate::harmless_text::named;
use crate::results::result_json::WarningFacts;
use crate::results::rows::{AccountRow, SummaryRow};
use crate::s3::REQUESTS_PER_PREFIX;
use crate::units::readable::percent_if_any;
use crate::units::{SimDuration, grouped};

/// Configurations whose calls the quota holds back, and whether they are ever answered.
pub(super) fn exceeded(found: &Found) -> Option<WarningFacts> {
    let over: Vec<&SummaryRow> =
        found.assumed().map(|(_, row)| row).filter(|row| row.throttled_s > 0).collect();
    let effects: Vec<String> = over
        .iter()
        .map(|row| {
            let name = named(&row.configuration);
            let (whose, became) = (whose(found.accounts, row), what_becomes(row));
            format!("`{name}` ({whose}{}{became})", held_back(row))
        })
        .collect();
    (!effects.is_empty()).then(|| {
        WarningFacts::new(
            "quota-exceeded",
            format!("S3 answers 503 SlowDown when KMS throttles: {}", effects.join(", ")),
            advice(&over),
        )
    })
}

/// Configurations of whose requests so many fail that calls and dollars are too many.
pub(super) fn failing(found: &Found) -> Option<WarningFacts> {
    let failing: Vec<String> = found
        .assumed()
        .filter(|(_, row)| row.counts_many_that_fail())
        .map(|(_, row)| {
            format!("`{}` ({})", named(&row.configuration), percent_if_any(row.failed_ratio))
        })
        .collect();
    (!failing.is_empty()).then(|| {
        WarningFacts::new(
            "failed-requests-counted",
            format!(
                "calls, dollars and savings are those of all requests, though KMS throttles so many that some \
                 fail: {}",
                failing.join(", ")
            ),
            "raise the quota first, or simulate the traffic that gets through",
        )
    })
}

/// What to ask for.
fn advice(over: &[&SummaryRow]) -> String {
    let quotas: Vec<String> = over
        .iter()
        .filter_map(|row| {
            let (none, few) = row.kms_quota_needed_per_s.zip(row.kms_quota_1pct_per_s)?;
            let name = named(&row.configuration);
            let [none, few] = [none, few].map(grouped);
            // Where hardly anything is throttled as it is, no less will do.
            let few = if row.throttled_ratio > 0.01 {
                format!(", {few} if 1 % may be throttled")
            } else {
                String::new()
            };
            Some(format!("{none} a second for `{name}`{few}"))
        })
        .collect();
    let or = if over.iter().any(|row| row.kms_queue_grows) {
        ": spreading peaks does not help where calls come at it all the time"
    } else {
        ", or spread the peaks"
    };
    format!("ask for a higher KMS request quota ({}){or}", quotas.join("; "))
}

/// What clients that retry make of it.
fn what_becomes(row: &SummaryRow) -> String {
    let [throttled, failed] = [row.throttled_ratio, row.failed_ratio].map(percent_if_any);
    format!(
        "; as clients do not wait in line but retry, {throttled} of the requests get a 503, {failed} fail, and work is late by up \
         to {}",
        SimDuration::from_secs_f64(row.job_delay_max_s)
    )
}

/// Whose quota is strained most, where there are several.
fn whose(accounts: &[AccountRow], row: &SummaryRow) -> String {
    let own: Vec<&AccountRow> = accounts
        .iter()
        .filter(|it| it.configuration == row.configuration && it.assumption == row.assumption)
        .collect();
    let most = own.iter().find(|account| {
        (account.throttled_s, account.kms_wait_max_s, account.kms_unanswered)
            == (row.throttled_s, row.kms_wait_max_s, row.kms_unanswered)
    });
    let Some(most) = most.filter(|_| own.len() > 1) else {
        return String::new();
    };
    let others = match own.iter().filter(|account| account.throttled_s > 0).count() {
        0 | 1 => String::new(),
        2 => ", and one other".to_owned(),
        over => format!(", and {} others", over - 1),
    };
    format!("account {} in {}{others}: ", most.account, most.region)
}

/// For how long calls are held back, and whether the queue drains.
fn held_back(row: &SummaryRow) -> String {
    let seconds = grouped(row.throttled_s);
    let unanswered = grouped(row.kms_unanswered);
    match row.kms_wait_max_s {
        None => format!(
            "in {seconds} s calls are held back and none is ever answered, as the quota leaves them \
             nothing: the queue grows without end, {unanswered} are unanswered at the end of the run"
        ),
        Some(wait) if row.kms_queue_grows => format!(
            "in {seconds} s calls are held back and the queue grows without end: {unanswered} are \
             unanswered at the end of the run, and of the calls made in it the longest waits {} s",
            grouped(wait)
        ),
        Some(wait) if row.kms_unanswered > 0 => format!(
            "in {seconds} s calls are held back, the longest waits {} s; {unanswered} are unanswered \
             at the end of the run",
            grouped(wait)
        ),
        Some(wait) => {
            format!("in {seconds} s calls are held back, the longest waits {} s", grouped(wait))
        }
    }
}

/// Buckets that get more requests a second than S3 serves one prefix of theirs.
pub(super) fn prefix_limit(found: &Found) -> Option<WarningFacts> {
    let scenario = found.scenario;
    let counts = found.run.baseline(Level::Assumed);
    let bin = scenario.window().bin;
    let mut busiest = vec![[0_u64; 2]; scenario.buckets.len()];
    for (of_domain, domain) in counts.busiest_bin_of_bucket.iter().zip(&scenario.domains) {
        let of_bucket = &mut busiest[domain.bucket as usize];
        *of_bucket = [of_bucket[0] + of_domain[0], of_bucket[1] + of_domain[1]];
    }
    let mut over = Vec::new();
    for (bucket, counts) in scenario.buckets.iter().zip(busiest) {
        for (kind, what) in [(0, "GET and HEAD"), (1, "PUT, COPY, POST and DELETE")] {
            let per_s = (counts[kind] as f64 / bin.as_secs_f64()).ceil() as u64;
            let limit = REQUESTS_PER_PREFIX[kind];
            if per_s > limit {
                over.push(format!(
                    "`{}` gets {} {what} a second in its busiest {bin}, more than the {} that S3 serves \
                     one prefix: spread over at least {} prefixes",
                    named(&bucket.name),
                    grouped(per_s),
                    grouped(limit),
                    per_s.div_ceil(limit)
                ));
            }
        }
    }
    (!over.is_empty()).then(|| {
        WarningFacts::new(
            "prefix-limit",
            format!("S3 itself may answer 503 SlowDown, whatever KMS does: {}", over.join("; ")),
            "begin keys with parts that requests are spread over, and let traffic grow slowly: S3 scales \
             prefixes by themselves",
        )
    })
}
