//! How fast a migration may go: its own KMS calls come under the same quota as everybody else's.

use crate::quota::QuotaTerms;

/// How fast a migration goes, and how fast it may.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// How many objects it touches.
    pub objects: u64,
    /// Objects a second.
    pub objects_per_s: f64,
    /// The same under the quota that leaves it least.
    pub slowest_per_s: f64,
    /// How long it takes, in seconds; infinite where the quota leaves it nothing.
    pub duration_s: f64,
    /// The busiest second's share of the quota meanwhile.
    pub quota_share: f64,
    /// Objects a second at the most, with the headroom left free; `None` if it makes hardly a call.
    pub fastest_per_s: Option<f64>,
    /// How long it takes then.
    pub fastest_s: Option<f64>,
}

impl Pace {
    /// That of `objects`, which take `kms_calls`, at `wanted_per_s` objects a second, or as fast as leaves
    /// `headroom`, a share of the quota, free in the busiest second, in which there are `peak_per_s` other
    /// calls.
    #[must_use]
    pub fn of(
        (objects, kms_calls): (u64, u64),
        wanted_per_s: f64,
        (terms, peak_per_s): (QuotaTerms, u32),
        headroom: f64,
    ) -> Self {
        let quota = terms.quota_per_s as f64;
        let others = terms.background_per_s as f64 + f64::from(peak_per_s);
        let left = (quota * (1.0 - headroom) - others).max(0.0);
        let calls_each = kms_calls as f64 / objects.max(1) as f64;
        // Less than a call for a thousand objects is that for bucket-level keys.
        let fastest_per_s = (calls_each > 1e-3).then(|| left / calls_each);
        let objects_per_s = fastest_per_s.map_or(wanted_per_s, |most| most.min(wanted_per_s));
        Self {
            objects,
            objects_per_s,
            slowest_per_s: objects_per_s,
            duration_s: objects as f64 / objects_per_s,
            quota_share: (others + objects_per_s * calls_each) / quota,
            fastest_per_s,
            fastest_s: fastest_per_s.map(|per_s| objects as f64 / per_s),
        }
    }

    /// Two of them under quotas of their own, at the same time: as long as the longer, and so many objects a second
    /// as that makes; the greater share of a quota.
    #[must_use]
    pub fn beside(self, other: Self) -> Self {
        let objects = self.objects + other.objects;
        let duration_s = self.duration_s.max(other.duration_s);
        let fastest_s = self.fastest_s.into_iter().chain(other.fastest_s).reduce(f64::max);
        Self {
            objects,
            objects_per_s: objects as f64 / duration_s,
            slowest_per_s: self.slowest_per_s.min(other.slowest_per_s),
            duration_s,
            quota_share: self.quota_share.max(other.quota_share),
            fastest_per_s: fastest_s.map(|fastest_s| objects as f64 / fastest_s),
            fastest_s,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: QuotaTerms = QuotaTerms { quota_per_s: 10_000, background_per_s: 3_000 };

    /// By hand: of 10,000 a fifth stays free, 3,000 and 1,000 go to others: 4,000 are left.
    #[test]
    fn the_quota_leaves_what_others_and_the_headroom_do_not_take() {
        let million = (1_000_000, 1_000_001);
        let slow = Pace::of(million, 1_000.0, (TERMS, 1_000), 0.2);
        assert!((slow.duration_s - 1_000.0).abs() < 1e-9);
        assert!((slow.quota_share - 0.5).abs() < 1e-6, "{slow:?}");
        assert!((slow.fastest_s.unwrap() - 250.0).abs() < 0.01, "{slow:?}");
        let fast = Pace::of(million, 50_000.0, (TERMS, 1_000), 0.2);
        assert!((fast.objects_per_s - 4_000.0).abs() < 0.01);
        assert!((fast.quota_share - 0.8).abs() < 1e-9);
    }

    #[test]
    fn objects_without_a_call_know_no_quota_and_a_full_quota_no_migration() {
        let free = Pace::of((1_000_000, 1), 1_000.0, (TERMS, 9_000), 0.2);
        assert_eq!((free.fastest_per_s, free.duration_s), (None, 1_000.0));
        let full = Pace::of((1_000_000, 1_000_001), 1_000.0, (TERMS, 9_000), 0.2);
        assert_eq!((full.objects_per_s, full.duration_s), (0.0, f64::INFINITY));
    }

    /// By hand: a million objects at 1,000 a second take 1,000 s; beside them 100,000, of which the quota leaves 50 a
    /// second, take 2,000 s: 1.1 million in that time are 550 a second.
    #[test]
    fn quotas_of_their_own_are_used_side_by_side() {
        let full = QuotaTerms { quota_per_s: 10_000, background_per_s: 7_950 };
        let wide = Pace::of((1_000_000, 1_000_001), 1_000.0, (TERMS, 0), 0.2);
        let narrow = Pace::of((100_000, 100_000), 1_000.0, (full, 0), 0.2);
        let both = wide.beside(narrow);
        assert!((both.duration_s - 2_000.0).abs() < 1e-6, "{both:?}");
        assert!((both.objects_per_s - 550.0).abs() < 1e-6, "{both:?}");
        assert!((both.slowest_per_s - 50.0).abs() < 1e-6, "{both:?}");
        assert!((both.quota_share - 0.8).abs() < 1e-9, "{both:?}");
    }
}
