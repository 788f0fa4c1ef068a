//! What a month costs: usage and a dated price table become a bill.
//!
//! Prices are data: a [`PriceTable`] for each region, each price with its source, its date and how
//! sure it is. They are never fetched at run time, and a user can override any of them. A [`Bill`]
//! is a list of lines like the one AWS sends, added up in whole picodollars, never in floats.
//!
//! ```
//! use bks::pricing::{Bill, PriceTable, Terms, Usage};
//!
//! let prices = PriceTable::for_region("us-east-1")?;
//! let usage = Usage { kms_requests: 49_000_000, ..Usage::default() };
//! let bill = Bill::of(&usage, &prices, &Terms::default());
//! assert_eq!(bill.kms_total().to_string(), "146.94");
//! # Ok::<(), bks::error::Error>(())
//! ```

mod bill;
mod own_prices;
mod table;

pub use bill::{Bill, BillLine, Service, Sku};
pub(crate) use own_prices::date;
pub use own_prices::{GivenPrice, GivenPrices};
pub use table::{Certainty, FreeTier, PriceEntry, PriceName, PriceTable};

use crate::s3::{Operation, RequestTier};
use crate::units::{Share, Usd};

/// Parts in the whole of a [`Share`] once it touches money.
const PPM: i128 = 1_000_000;

/// What the account has agreed with AWS and switched on, beyond list prices.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// Whether this usage gets the monthly KMS free tier. It is one for all accounts of an
    /// organization and all their regions (`docs/model.md`), so whoever uses it up elsewhere sets
    /// `false`.
    pub free_tier: bool,
    /// Taken off the billed amount of every line (an enterprise discount); list costs stay as they
    /// are. Rounded to whole parts per million before it meets money: `33.33333%` is 333,333 ppm.
    pub discount: Share,
    /// Trails that deliver a *paid* copy of KMS's management events, i.e. those after the first,
    /// which is free (`docs/model.md`).
    pub cloudtrail_copies: u32,
    /// Whether one trail logs S3 data events, the audit by object that bucket keys take out of
    /// KMS's own events. A further trail would double that line; bks assumes one.
    pub data_events: bool,
}

impl Default for Terms {
    /// A plain account: free tier, no discount, no paid trail.
    fn default() -> Self {
        Self { free_tier: true, discount: Share::ZERO, cloudtrail_copies: 0, data_events: false }
    }
}

impl Terms {
    /// What is paid of `list`, rounded to the picodollar.
    #[must_use]
    pub fn discounted(&self, list: Usd) -> Usd {
        list.scaled(PPM - self.discount_ppm(), PPM)
    }

    /// The discount in whole parts per million, from 0 to 1,000,000.
    fn discount_ppm(&self) -> i128 {
        libm::rint(self.discount.value() * PPM as f64) as i128
    }
}

/// Hours of the month that prices by the month are for: thirty days, as bks's own default period. AWS
/// prorates the rent by the hour within a month, which has 672 to 744.
pub const HOURS_A_MONTH: u64 = 720;

/// What one account uses in one billing period, in whole numbers; scaling a shorter run up to the
/// period is the caller's part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Length of the period, in hours.
    pub hours: u64,
    /// S3 requests that S3 bills, at `Operation as usize`. Those answered 5xx are not billed
    /// (`docs/model.md`) and do not belong here.
    pub s3_requests: [u64; Operation::ALL.len()],
    /// S3 data events that are no billed request: requests that S3 does not bill, and the keys of
    /// `DeleteObjects`.
    pub other_data_events: u64,
    /// KMS requests of every API that S3 calls; all have one price. Whether KMS bills a throttled
    /// one is unknown; *assumed* not.
    pub kms_requests: u64,
    /// Of these, those that KMS does not bill whoever makes them: `CloudTrail`'s own.
    pub kms_unbilled: u64,
    /// Customer managed keys and multi-Region replicas kept for the whole period. An AWS managed key
    /// (`aws/s3`) is free and counts zero; its requests are billed like any other's.
    pub customer_managed_keys: u32,
    /// How often each of these keys has been rotated since it was made; only the first two
    /// rotations are charged.
    pub rotations: u32,
}

impl Default for Usage {
    /// A month without any use.
    fn default() -> Self {
        Self {
            hours: HOURS_A_MONTH,
            s3_requests: [0; Operation::ALL.len()],
            other_data_events: 0,
            kms_requests: 0,
            kms_unbilled: 0,
            customer_managed_keys: 0,
            rotations: 0,
        }
    }
}

impl Usage {
    /// KMS requests that are billed, those within the free tier included.
    #[must_use]
    pub fn kms_billed(&self) -> u64 {
        self.kms_requests - self.kms_unbilled
    }

    /// Hours of rent for customer managed keys.
    #[must_use]
    pub fn key_hours(&self) -> u64 {
        u64::from(self.customer_managed_keys) * self.hours
    }

    /// The period's part of a month's free requests, rounded.
    #[must_use]
    pub fn free_requests(&self, a_month: u64) -> u64 {
        let part = u128::from(a_month) * u128::from(self.hours) + u128::from(HOURS_A_MONTH / 2);
        (part / u128::from(HOURS_A_MONTH)) as u64
    }

    /// Requests billed in one of S3's tiers.
    #[must_use]
    pub fn s3_requests_in(&self, tier: RequestTier) -> u64 {
        self.by_operation().filter(|(op, _)| op.tier() == tier).map(|(_, count)| count).sum()
    }

    /// S3 data events that one trail over the whole bucket logs.
    ///
    /// One for each request of every operation bks knows, billed or not, and one for each key of a
    /// `DeleteObjects` besides. For the object-level ones this is AWS's
    /// list (S3 User Guide, "Amazon S3 `CloudTrail` events",
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html>).
    /// `ListObjectsV2` is a bucket-level operation, but the same page, in its text of 2023, names
    /// it among those logged as object-level events when the trail covers the prefix (documented).
    /// That replication's own writes are logged once each is *assumed*.
    #[must_use]
    pub fn data_events(&self) -> u64 {
        self.s3_requests.iter().sum::<u64>() + self.other_data_events
    }

    /// Hours of rent for rotated key material: AWS adds a month's rental for the first and for the
    /// second rotation of a key, and nothing from the third on (KMS pricing, since 2024).
    #[must_use]
    pub fn rotation_hours(&self) -> u64 {
        const CHARGED: u32 = 2;
        self.key_hours() * u64::from(self.rotations.min(CHARGED))
    }

    fn by_operation(&self) -> impl Iterator<Item = (Operation, u64)> {
        Operation::ALL.into_iter().map(|op| (op, self.s3_requests[op as usize]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_discount_is_whole_parts_per_million() {
        let dollar: Usd = "$1".parse().unwrap();
        for (discount, paid) in
            [("0", "1.00"), ("12.5%", "0.875"), ("33.33333%", "0.666667"), ("100%", "0.00")]
        {
            let terms = Terms { discount: discount.parse().unwrap(), ..Terms::default() };
            assert_eq!(terms.discounted(dollar).to_string(), paid, "{discount}");
        }
    }

    #[test]
    fn only_the_first_two_rotations_of_a_key_are_charged() {
        for (rotations, charged) in [(0, 0), (1, 3), (2, 6), (9, 6)] {
            let usage = Usage { customer_managed_keys: 3, rotations, ..Usage::default() };
            assert_eq!(usage.rotation_hours(), charged * HOURS_A_MONTH);
        }
    }

    #[test]
    fn requests_fall_into_their_tiers_and_all_are_data_events() {
        let mut usage = Usage::default();
        for operation in Operation::ALL {
            usage.s3_requests[operation as usize] = 1;
        }
        assert_eq!(usage.s3_requests_in(RequestTier::Put), 9);
        assert_eq!(usage.s3_requests_in(RequestTier::Get), 3);
        assert_eq!(usage.s3_requests_in(RequestTier::Free), 1);
        assert_eq!(usage.data_events(), 13);
        usage.other_data_events = 7;
        assert_eq!(usage.data_events(), 20);
    }
}
