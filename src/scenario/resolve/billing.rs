//! Whose KMS calls are whose, and what they are billed and held to.

use super::{MAX_DURATION, Resolved, prices, refuse, refuse_with};
use crate::error::one_of;
use crate::kms::accounts::{AccountRegion, Accounts, CallerAccount, UNBILLED_SERVICE, UNKNOWN};
use crate::kms::request_quota_per_s;
use crate::pricing::{PriceTable, Terms};
use crate::quota::QuotaTerms;
use crate::quota::closed_loop::ClientGroup;
use crate::recording::NO_ACCOUNT;
use crate::scenario::retries::Alike;
use crate::scenario::written::{FreeTierOwner, PrincipalFile, QuotaFile, ScenarioFile};
use crate::scenario::{Billing, Domain, FreeTierOf, Sender};
use crate::units::{Rate, SimDuration};

/// Most KMS requests a second besides the scenario's own: far beyond any quota.
const MAX_BACKGROUND_PER_S: f64 = 1e9;

/// For each principal, whose clients retry as its own do: the number among those that differ.
pub(super) fn alike(senders: &[Sender]) -> Vec<u32> {
    let mut kinds = Vec::new();
    let numbers = senders.iter().map(|sender| {
        let kind = Alike::of(sender.retries, sender.connections);
        let known = kinds.iter().position(|known| *known == kind);
        known.unwrap_or_else(|| {
            kinds.push(kind);
            kinds.len() - 1
        }) as u32
    });
    numbers.collect()
}

/// Whose KMS calls are whose.
pub(super) fn accounts(file: &ScenarioFile, domains: &[Domain], alike: &[u32]) -> Accounts {
    let known = known_accounts(file);
    let principals = file.principals.iter().zip(alike);
    let callers: Vec<CallerAccount> = principals
        .map(|(principal, &clients)| caller(principal, clients, file.replay.is_some(), &known))
        .collect();
    let buckets = domains.iter().map(|domain| &file.buckets[domain.bucket as usize]);
    Accounts::of(&callers, buckets.map(|bucket| bucket.region.as_str()))
}

/// Whose a principal's calls are, and whether they are billed. A log may not tell the account.
fn caller(principal: &PrincipalFile, clients: u32, of_log: bool, known: &[&str]) -> CallerAccount {
    let untold = of_log && principal.account == NO_ACCOUNT;
    let account = match known {
        _ if !untold => principal.account.as_str(),
        // A log of a single account is a log of that account.
        [only] => only,
        [] => NO_ACCOUNT,
        _ => UNKNOWN,
    };
    let by_default = principal.service.as_deref() != Some(UNBILLED_SERVICE);
    let is_billed = principal.kms_billed.unwrap_or(by_default);
    CallerAccount { account: account.to_owned(), is_billed, clients }
}

/// The accounts of those principals of which one is known.
fn known_accounts(file: &ScenarioFile) -> Vec<&str> {
    let all = file.principals.iter().map(|principal| principal.account.as_str());
    let mut known: Vec<&str> = all.filter(|account| *account != NO_ACCOUNT).collect();
    known.sort_unstable();
    known.dedup();
    known
}

/// Prices, terms and quotas.
pub(super) fn billing(
    file: &ScenarioFile,
    accounts: &Accounts,
    senders: &[Sender],
) -> Resolved<Billing> {
    let written = &file.billing;
    if written.period < SimDuration::from_secs(1) || written.period > MAX_DURATION {
        return refuse(
            "billing.period",
            format!("`period` is `{}`, but must lie between 1s and {MAX_DURATION}", written.period),
        );
    }
    Ok(Billing {
        prices: prices(file, accounts)?,
        terms: Terms {
            free_tier: written.free_tier != FreeTierOwner::No,
            discount: written.discount,
            cloudtrail_copies: written.cloudtrail_copies,
            data_events: written.data_events,
        },
        free_tier: match written.free_tier {
            FreeTierOwner::Once => FreeTierOf::All,
            FreeTierOwner::PerAccount => FreeTierOf::Each,
            FreeTierOwner::No => FreeTierOf::Nobody,
        },
        object_audit: written.object_audit,
        period: written.period,
        rotations: written.key_rotations,
        quotas: quotas(file, accounts)?,
        clients: (0..accounts.list.len())
            .map(|account| clients(account, accounts, senders))
            .collect(),
    })
}

/// The clients of an account in a region, by how they retry. Those of one account are the same in every
/// region.
fn clients(number: usize, accounts: &Accounts, senders: &[Sender]) -> Vec<ClientGroup> {
    let groups = 0..accounts.client_groups() as u32;
    let of_group = groups.map(|group| {
        let mine = senders.iter().enumerate().filter(|(principal, _)| {
            let charged = accounts.charged_in_first_region(*principal);
            let account = accounts.account(charged.own as usize);
            charged.clients == group && account == accounts.account(number)
        });
        let mine: Vec<&Sender> = mine.map(|(_, sender)| sender).collect();
        let all = mine.first().copied().or_else(|| senders.first());
        let kind = all.map_or(Alike::ASSUMED, |it| Alike::of(it.retries, it.connections));
        let sessions: Vec<_> = mine.iter().map(|it| (it.sessions, it.connections)).collect();
        kind.clients(&sessions)
    });
    of_group.collect()
}

/// The prices of each region.
fn prices(file: &ScenarioFile, accounts: &Accounts) -> Resolved<Vec<PriceTable>> {
    accounts.regions.iter().map(|region| prices::prices(file, region)).collect()
}

/// The quota of each account in each region.
fn quotas(file: &ScenarioFile, accounts: &Accounts) -> Resolved<Vec<QuotaTerms>> {
    let written = &file.billing;
    let quota_per_s = checked_quota("billing", written.kms_quota_per_s)?;
    let background_per_s = checked_background("billing", written.background_kms)?.unwrap_or(0);
    let mut quotas: Vec<QuotaTerms> = accounts
        .list
        .iter()
        .map(|it| QuotaTerms {
            quota_per_s: quota_per_s.unwrap_or_else(|| request_quota_per_s(&it.region)),
            background_per_s,
        })
        .collect();
    for (index, one) in written.quotas.iter().enumerate() {
        let path = format!("billing.quota.{index}");
        if file.replay.is_none() {
            check_quota(&path, one, accounts)?;
        }
        let quota_per_s = checked_quota(&path, one.kms_quota_per_s)?;
        let background_per_s = checked_background(&path, one.background_kms)?;
        for (terms, _) in quotas.iter_mut().zip(&accounts.list).filter(|(_, it)| one.fits(it)) {
            terms.quota_per_s = quota_per_s.unwrap_or(terms.quota_per_s);
            terms.background_per_s = background_per_s.unwrap_or(terms.background_per_s);
        }
    }
    Ok(quotas)
}

impl QuotaFile {
    /// Whether it is that of an account in a region.
    fn fits(&self, it: &AccountRegion) -> bool {
        self.account.as_ref().is_none_or(|account| *account == it.account)
            && self.region.as_ref().is_none_or(|region| *region == it.region)
    }
}

/// Refuses a quota of nobody, or of nothing.
fn check_quota(path: &str, one: &QuotaFile, accounts: &Accounts) -> Resolved<()> {
    let of_accounts = accounts.list.iter().map(|it| it.account.as_str());
    let what = "no principal of this scenario is of the account";
    check_known(&format!("{path}.account"), what, one.account.as_deref(), of_accounts)?;
    let regions = accounts.regions.iter().map(String::as_str);
    let what = "no bucket of this scenario lies in the region";
    check_known(&format!("{path}.region"), what, one.region.as_deref(), regions)?;
    if one.kms_quota_per_s.is_none() && one.background_kms.is_none() {
        return refuse_with(
            path,
            "a `[[billing.quota]]` says nothing",
            "give `kms_quota_per_s = 50000`, `background_kms = \"500/s\"`, or both",
        );
    }
    Ok(())
}

/// Refuses a name that is not among those that are known.
fn check_known<'a>(
    path: &str,
    what: &str,
    given: Option<&str>,
    known: impl Iterator<Item = &'a str>,
) -> Resolved<()> {
    let mut known: Vec<&str> = known.collect();
    known.dedup();
    match given {
        Some(given) if !known.contains(&given) => {
            refuse_with(path, format!("{what} `{given}`"), one_of(given, known))
        }
        _ => Ok(()),
    }
}

fn checked_quota(path: &str, quota_per_s: Option<u64>) -> Resolved<Option<u64>> {
    if quota_per_s == Some(0) {
        return refuse(format!("{path}.kms_quota_per_s"), "`kms_quota_per_s` is `0`");
    }
    Ok(quota_per_s)
}

fn checked_background(path: &str, background: Option<Rate>) -> Resolved<Option<u64>> {
    let Some(per_s) = background.map(Rate::as_per_s) else { return Ok(None) };
    if per_s > MAX_BACKGROUND_PER_S {
        return refuse(
            format!("{path}.background_kms"),
            format!("`background_kms` is more than {MAX_BACKGROUND_PER_S} a second"),
        );
    }
    Ok(Some(per_s.round() as u64))
}
