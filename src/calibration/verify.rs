//! Whether a new key is verified by a Decrypt.

use std::collections::BTreeMap;

use statrs::distribution::{Binomial, DiscreteCDF};

use super::{ERROR_RATE, Estimate, Evidence};

const METHOD: &str = "Decrypts in the second of a GenerateDataKey, against chance by the exact binomial test, one-sided";

/// Estimates how many Decrypts come with each new key.
pub(super) fn estimate(evidence: &Evidence) -> Estimate<u32> {
    let (mut seconds, mut with, mut least, mut chance) = (0_u64, 0_u64, u32::MAX, 0.0);
    let span = (evidence.last_s - evidence.first_s + 1) as f64;
    for session in evidence.pools.iter().flat_map(|pool| &pool.sessions) {
        let mut calls: BTreeMap<i64, (u32, u32)> = BTreeMap::new();
        for &second in &session.generated {
            calls.entry(second).or_default().0 += 1;
        }
        for &second in &session.decrypted {
            // A verification may be logged with the next second.
            let place = [second, second - 1].into_iter().find(|second| calls.contains_key(second));
            if let Some(call) = place.and_then(|second| calls.get_mut(&second)) {
                call.1 += 1;
            }
        }
        let verified: u32 = calls.values().map(|(new, decrypts)| *new.min(decrypts)).sum();
        let others = (session.decrypted.len() as f64 - f64::from(verified)).max(0.0);
        chance += calls.len() as f64 * (1.0 - (-2.0 * others / span).exp());
        seconds += calls.len() as u64;
        with += calls.values().filter(|(_, decrypts)| *decrypts > 0).count() as u64;
        least =
            calls.values().map(|(new, decrypts)| decrypts / new).min().unwrap_or(least).min(least);
    }
    if seconds == 0 {
        return Estimate::nothing(METHOD, "no key is generated in the trail");
    }
    let by_chance = (chance / seconds as f64).clamp(0.0, 1.0);
    let law = Binomial::new(by_chance, seconds).ok();
    let tail = with.checked_sub(1).zip(law).map_or(1.0, |(below, law)| law.sf(below));
    let more_than_chance = tail < ERROR_RATE;
    let low = u32::from(more_than_chance && least > 0);
    let cannot_tell = match (low, least) {
        (0, 0) if more_than_chance => {
            "some new keys come with a Decrypt and some without, more than by chance: not each is \
             verified, or objects are read as soon as they are written"
        }
        (0, 1..) => "Decrypts are so many that some fall on a new key's second by chance",
        (_, 0) => "a check that asks no KMS does not show",
        _ => "a read of each object as soon as it is written would look the same",
    };
    let estimate = if low > 0 { least.min(1) } else { 0 };
    Estimate {
        low: Some(low),
        estimate: Some(estimate),
        high: Some(least.max(low).max(u32::from(more_than_chance)).min(1)),
        method: METHOD,
        cannot_tell: cannot_tell.to_owned(),
    }
}
