//! What a tally keeps where there is something, as plain rows of all seconds.

use bks::tally::Tally;

/// KMS calls in each counted second.
pub(crate) fn calls(tally: &Tally) -> Vec<u32> {
    tally.calls_per_s.one_by_one(tally.seconds())
}

/// Bucket-level keys alive in each counted second.
pub(crate) fn keys_alive(tally: &Tally) -> Vec<u32> {
    tally
        .keys_alive()
        .flat_map(|alive| vec![alive.keys; (alive.until - alive.from) as usize])
        .collect()
}
