//! What a migration costs, once: requests, KMS calls and Batch Operations by the region's price list, and
//! what storage classes charge for being read and replaced.

use super::MigrationPlan;
use super::reach::{MigrationMethod, Reach};
use super::stored::StoredObjects;
use crate::inventory::{EncryptionStatus, StorageClass};
use crate::pricing::{Bill, PriceTable, Terms};
use crate::units::{Price, Usd};

const GIB: u64 = 1 << 30;
/// Days of the month that storage is priced for.
const DAYS_A_MONTH: u64 = 30;

/// Where the fees of storage classes are from. They are those of us-east-1, and *assumed* elsewhere.
pub const FEES_SOURCE: &str =
    "S3 price list of us-east-1 (2025), https://aws.amazon.com/s3/pricing/";

/// What a storage class charges.
struct ClassPrices {
    /// A thousand requests of the PUT kind, in picodollars.
    puts: i128,
    /// A gibibyte retrieved.
    retrieved: i128,
    /// A gibibyte stored for a month.
    stored: i128,
}

/// A thousandth of a cent.
const MILLI_CENT: i128 = 10_000_000;

/// The fees of a class other than Standard; `None` where copies cost as in Standard.
const fn class_prices(class: StorageClass) -> Option<ClassPrices> {
    let (puts, retrieved, stored) = match class {
        StorageClass::StandardIa => (1_000, 1_000, 1_250),
        StorageClass::OneZoneIa => (1_000, 1_000, 1_000),
        StorageClass::GlacierIr => (2_000, 3_000, 400),
        StorageClass::Glacier => (3_000, 1_000, 360),
        StorageClass::DeepArchive => (5_000, 2_000, 99),
        StorageClass::Standard
        | StorageClass::Reduced
        | StorageClass::Tiering
        | StorageClass::TieringArchive
        | StorageClass::Express
        | StorageClass::Other
        | StorageClass::Unknown => return None,
    };
    Some(ClassPrices {
        puts: puts * MILLI_CENT,
        retrieved: retrieved * MILLI_CENT,
        stored: stored * MILLI_CENT,
    })
}

/// A charge that is not on the region's price list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fee {
    /// What is charged for.
    pub description: &'static str,
    /// How many.
    pub quantity: u64,
    /// What `quantity` counts, in the plural.
    pub unit: &'static str,
    /// The list price.
    pub price: Price,
    /// What is paid, less the discount.
    pub billed: Usd,
}

impl Fee {
    fn of(description: &'static str, unit: &'static str, quantity: u64, price: Price) -> Self {
        Self { description, quantity, unit, price, billed: price.of(quantity) }
    }
}

/// What an operation does to some objects, and what that costs once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OneOff {
    /// Objects that it touches.
    pub objects: u64,
    /// Their bytes, if all are known.
    pub bytes: Option<u128>,
    /// Its KMS calls, at the least.
    pub kms_calls: u64,
    /// What is on the region's price list.
    pub bill: Bill,
    /// What storage classes charge besides.
    pub fees: Vec<Fee>,
}

impl OneOff {
    /// That of an operation over objects of one region; `with_manifest` if S3 is to make the list of them.
    #[must_use]
    pub fn of<'a>(
        operation: MigrationMethod,
        stored: impl IntoIterator<Item = &'a StoredObjects>,
        with_manifest: bool,
        (prices, terms): (&PriceTable, &Terms),
    ) -> Self {
        let mut work = Self { bytes: Some(0), ..Self::default() };
        let (mut under_kms, mut puts) = (0, 0);
        for one in stored {
            let reach = Reach::of(operation, one);
            work.objects += reach.objects;
            let bytes =
                one.mean_bytes(operation).map(|mean| u128::from(mean) * u128::from(reach.objects));
            if reach.objects > 0 {
                work.bytes = work.bytes.zip(bytes).map(|(sum, more)| sum + more);
            }
            if one.kind.encryption == EncryptionStatus::SseKms {
                under_kms += reach.objects;
            }
            match class_prices(one.kind.class).filter(|_| operation == MigrationMethod::Copy) {
                Some(class) => work.add_fees(one, &reach, &class),
                None => puts += reach.objects,
            }
        }
        let plan = MigrationPlan {
            objects_under_kms: under_kms,
            manifest_objects: if with_manifest { work.objects } else { 0 },
            standard_puts: puts,
            ..MigrationPlan::of(work.objects)
        };
        work.kms_calls = plan.kms_calls();
        work.bill = plan.bill(prices, terms);
        for fee in &mut work.fees {
            fee.billed = terms.discounted(fee.billed);
        }
        work
    }

    /// Adds what a storage class charges for copying objects onto themselves.
    fn add_fees(&mut self, stored: &StoredObjects, reach: &Reach, class: &ClassPrices) {
        let per_gib = |amount, days| Price::new(Usd::from_pico(amount), GIB * days);
        let each = stored.mean_bytes(MigrationMethod::Copy).unwrap_or(0);
        // What is not reached stays where it is.
        let share = reach.objects as f64 / stored.objects.max(1) as f64;
        let early_bytes = stored.early_days * share * each as f64;
        let fees = [
            Fee::of(
                "COPY requests to the storage class",
                "requests",
                reach.objects,
                Price::new(Usd::from_pico(class.puts), 1_000),
            ),
            Fee::of(
                "retrieval",
                "bytes",
                each.saturating_mul(reach.objects),
                per_gib(class.retrieved, 1),
            ),
            Fee::of(
                "early deletion",
                "byte-days",
                early_bytes.round() as u64,
                per_gib(class.stored, DAYS_A_MONTH),
            ),
        ];
        self.fees.extend(fees.into_iter().filter(|fee| fee.quantity > 0));
    }

    /// What is paid.
    #[must_use]
    pub fn total(&self) -> Usd {
        self.bill.total() + self.fees.iter().map(|fee| fee.billed).sum()
    }

    /// The work of several regions as one.
    #[must_use]
    pub fn of_regions(all: impl IntoIterator<Item = Self>) -> Self {
        let mut sum = Self { bytes: Some(0), ..Self::default() };
        let mut bills = Vec::new();
        for one in all {
            sum.objects += one.objects;
            sum.kms_calls += one.kms_calls;
            sum.bytes = sum.bytes.zip(one.bytes).map(|(sum, more)| sum + more);
            sum.fees.extend(one.fees);
            bills.push(one.bill);
        }
        Self { bill: Bill::of_regions(bills), ..sum }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLION: u64 = 1_000_000;

    fn one_off(operation: MigrationMethod, stored: &StoredObjects) -> OneOff {
        let prices = PriceTable::for_region("us-east-1").unwrap();
        OneOff::of(operation, [stored], false, (&prices, &Terms::default()))
    }

    fn kms() -> StoredObjects {
        StoredObjects::of("a", EncryptionStatus::SseKms, MILLION)
    }

    /// By hand, of a million: $5 PUT, $1 objects, $0.25 job, $3 and one KMS call.
    #[test]
    fn both_operations_cost_the_same_in_standard() {
        for operation in [MigrationMethod::Update, MigrationMethod::Copy] {
            assert_eq!(one_off(operation, &kms().sized(MILLION)).total().to_string(), "9.250003");
        }
    }

    /// By hand, a million objects of a mebibyte, 976.5625 GiB, in Standard-IA, all with ten days left: $10 COPY
    /// requests, $9.765625 retrieval, 976.5625 × $0.0125 / 3 early deletion, $4.250003 as above without PUT.
    #[test]
    fn a_copy_pays_what_its_class_charges_and_an_update_does_not() {
        let aged = |days: f64| if days > 20.0 { 1.0 } else { 0.0 };
        let cold = kms().sized(1 << 20).in_class(StorageClass::StandardIa, aged);
        assert_eq!(cold.early, MILLION);
        let copy = one_off(MigrationMethod::Copy, &cold);
        let billed: Vec<f64> = copy.fees.iter().map(|fee| fee.billed.as_f64()).collect();
        let early = 976.5625 * 0.0125 / 3.0;
        for (billed, expected) in billed.iter().zip([10.0, 9.765_625, early]) {
            assert!((billed - expected).abs() < 1e-9, "{billed} for {expected}");
        }
        assert!((copy.total().as_f64() - (4.250_003 + 19.765_625 + early)).abs() < 1e-9);
        assert_eq!(one_off(MigrationMethod::Update, &cold).total().to_string(), "9.250003");
    }

    #[test]
    fn what_cannot_be_touched_costs_nothing() {
        let archived = kms().in_class(StorageClass::DeepArchive, |_| 0.0);
        assert_eq!(one_off(MigrationMethod::Copy, &archived).total(), Usd::ZERO);
        // A large object beside a small one, in a class that charges retrieval by the byte.
        let mixed = StoredObjects {
            objects: 2,
            bytes: Some((100 << 30) + 1_048_576),
            large: 1,
            large_bytes: 100 << 30,
            ..kms()
        };
        assert_eq!(one_off(MigrationMethod::Copy, &mixed).bytes, Some(1_048_576));
        let large = kms().sized(6 << 30);
        assert_eq!(one_off(MigrationMethod::Copy, &large).total(), Usd::ZERO);
    }
}
