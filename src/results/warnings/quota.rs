//! What is to be said where a quota holds calls back.

use super::Found;
use crate::harmless_text::named;
use crate::results::result_json::WarningFacts;
use crate::results::rows::{AccountRow, SummaryRow};
use crate::units::grouped;

/// Configurations whose calls the quota holds back, and whether they are ever answered.
pub(super) fn exceeded(found: &Found) -> Option<WarningFacts> {
    let over: Vec<&SummaryRow> =
        found.assumed().map(|(_, row)| row).filter(|row| row.throttled_s > 0).collect();
    let effects: Vec<String> = over
        .iter()
        .map(|row| {
            let name = named(&row.configuration);
            format!("`{name}` ({}{})", whose(found.accounts, row), held_back(row))
        })
        .collect();
    (!effects.is_empty()).then(|| {
        WarningFacts::new(
            "quota-exceeded",
            format!("S3 answers 503 SlowDown when KMS throttles: {}", effects.join(", ")),
            if over.iter().any(|row| row.kms_queue_grows) {
                "ask for a higher KMS request quota: spreading peaks does not help where calls come at it \
                 all the time"
            } else {
                "ask for a higher KMS request quota, or spread the peaks"
            },
        )
    })
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
