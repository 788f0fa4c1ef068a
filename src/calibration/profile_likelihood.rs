//! What both profile likelihoods have in common: the one of writes and the one of reads.

use std::collections::BTreeSet;

use super::{Calibrated, MAX_PARTITIONS};

/// The chance that a request finds a partition without a key, if `live` of them have one.
pub(super) fn miss(live: usize, partitions: u32) -> f64 {
    (partitions as usize).saturating_sub(live) as f64 / f64::from(partitions)
}

/// How likely it is that none, one, … of `requests` find their partition without a key, if `live` of
/// the partitions have one: balls into bins, one after the other.
pub(super) fn misses(live: usize, partitions: u32, requests: u32, law: &mut [f64]) {
    law.fill(0.0);
    law[0] = 1.0;
    if law.len() == 1 {
        law[0] = (1.0 - miss(live, partitions)).powi(requests as i32);
        return;
    }
    for _ in 0..requests {
        for new in (0..law.len()).rev() {
            let from_below =
                if new > 0 { law[new - 1] * miss(live + new - 1, partitions) } else { 0.0 };
            law[new] = law[new] * (1.0 - miss(live + new, partitions)) + from_below;
        }
    }
}

/// The lifetimes around one that was scored that lie next to the others, or it itself.
pub(super) fn neighbours<T>(scored: &[(i64, T)], place: usize) -> (i64, i64) {
    let lifetime_s = scored[place].0;
    let below = place.checked_sub(1).map_or(0, |place| scored[place].0 + 1);
    let above = scored.get(place + 1).map_or(lifetime_s, |next| next.0 - 1);
    (below.min(lifetime_s), above.max(lifetime_s))
}

/// Between which lifetimes all lie that are kept, each given with its neighbours; an end is missing
/// where no second bounds it, or only the longest that was tried.
pub(super) fn lifetime_ends(
    kept: impl Iterator<Item = (i64, i64)>,
    longest_s: i64,
) -> (Option<i64>, Option<i64>) {
    let (low, high) =
        kept.fold((i64::MAX, 0), |(low, high), (below, above)| (low.min(below), high.max(above)));
    // Times are whole seconds, so what lies between two may be a second off.
    let (low, high) = (low - 1, high.saturating_add(1));
    (Some(low).filter(|low| *low > 0), Some(high).filter(|high| *high < longest_s))
}

/// The number of partitions, from those that are kept; `few` says why there may be any number, `unseen`
/// which requests do not show partitions that served none.
pub(super) fn partitions(
    kept: impl Iterator<Item = u32>,
    likeliest: u32,
    method: &'static str,
    (few, unseen): (&str, &str),
) -> Calibrated<u32> {
    let kept: BTreeSet<u32> = kept.collect();
    let low = kept.first().copied();
    let high = kept.last().copied().filter(|&high| high < MAX_PARTITIONS);
    let cannot_tell = match (low, high) {
        (Some(1), None) => few.to_owned(),
        (_, None) => format!("there may be more than the {MAX_PARTITIONS} looked for"),
        _ => format!("partitions that served no {unseen} in the trail do not show"),
    };
    let estimate = Some(likeliest).filter(|_| (low, high) != (Some(1), None));
    Calibrated { low, estimate, high, method, cannot_tell }
}
