//! Bills: lines of service, quantity, price and amount, as AWS's cost exports have them.
//!
//! The parts of a line answer to columns of the FOCUS cost format, named in each field's text.

use std::fmt;

use super::{HOURS_A_MONTH, PriceName, PriceTable, Terms, Usage};
use crate::s3::RequestTier;
use crate::units::{Price, Usd};

/// The AWS service that charges a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// AWS Key Management Service.
    Kms,
    /// AWS `CloudTrail`.
    CloudTrail,
    /// Amazon Simple Storage Service.
    S3,
}

impl Service {
    /// Every service, in the order of a bill.
    pub const ALL: [Self; 3] = [Self::Kms, Self::CloudTrail, Self::S3];

    /// AWS's name of the service.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kms => "AWS Key Management Service",
            Self::CloudTrail => "AWS CloudTrail",
            Self::S3 => "Amazon Simple Storage Service",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a line charges for; a bill has at most one line of each in a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sku {
    /// KMS requests inside the free tier: a line with price zero, as on real bills.
    KmsFreeRequests,
    /// KMS requests beyond the free tier.
    KmsRequests,
    /// Rental of customer managed keys.
    KmsKeys,
    /// Rental of rotated key material.
    KmsRotations,
    /// Paid copies of the management events that KMS requests are.
    CloudTrailManagementCopies,
    /// S3 data events.
    CloudTrailDataEvents,
    /// S3 requests at the PUT price.
    S3Put,
    /// S3 requests at the GET price.
    S3Get,
    /// S3 Batch Operations jobs.
    BatchJobs,
    /// Objects processed by S3 Batch Operations.
    BatchObjects,
    /// Objects listed for a manifest that S3 generates.
    BatchManifestObjects,
}

impl Sku {
    /// Every one, in the order of a bill.
    pub const ALL: [Self; 11] = [
        Self::KmsFreeRequests,
        Self::KmsRequests,
        Self::KmsKeys,
        Self::KmsRotations,
        Self::CloudTrailManagementCopies,
        Self::CloudTrailDataEvents,
        Self::S3Put,
        Self::S3Get,
        Self::BatchJobs,
        Self::BatchObjects,
        Self::BatchManifestObjects,
    ];

    /// Service, description, unit of the quantity, and the price it is charged at, if any.
    const fn facts(self) -> (Service, &'static str, &'static str, Option<PriceName>) {
        use PriceName as P;
        match self {
            Self::KmsFreeRequests => (Service::Kms, "KMS requests, free tier", "requests", None),
            Self::KmsRequests => (Service::Kms, "KMS requests", "requests", Some(P::KmsRequest)),
            Self::KmsKeys => {
                (Service::Kms, "customer managed keys", "key-hours", Some(P::KmsKeyMonth))
            }
            Self::KmsRotations => {
                (Service::Kms, "rotated key material", "key-hours", Some(P::KmsRotationMonth))
            }
            Self::CloudTrailManagementCopies => (
                Service::CloudTrail,
                "paid copies of KMS management events",
                "events",
                Some(P::CloudTrailManagementCopy),
            ),
            Self::CloudTrailDataEvents => {
                (Service::CloudTrail, "S3 data events", "events", Some(P::CloudTrailDataEvent))
            }
            Self::S3Put => {
                (Service::S3, "PUT, COPY, POST, LIST requests", "requests", Some(P::S3Put))
            }
            Self::S3Get => (Service::S3, "GET and all other requests", "requests", Some(P::S3Get)),
            Self::BatchJobs => (Service::S3, "Batch Operations jobs", "jobs", Some(P::BatchJob)),
            Self::BatchObjects => {
                (Service::S3, "Batch Operations objects", "objects", Some(P::BatchObject))
            }
            Self::BatchManifestObjects => (
                Service::S3,
                "Batch Operations manifest objects",
                "objects",
                Some(P::BatchManifestObject),
            ),
        }
    }

    /// What is charged for, in words (`ChargeDescription`).
    #[must_use]
    pub const fn description(self) -> &'static str {
        self.facts().1
    }

    /// Its price in `prices`, for the unit it is counted in; zero for the free tier.
    fn price(self, prices: &PriceTable) -> Price {
        let price = self.facts().3.map_or(Price::new(Usd::ZERO, 1), |name| prices.price(name));
        match self {
            Self::KmsKeys | Self::KmsRotations => price.in_parts(HOURS_A_MONTH),
            _ => price,
        }
    }

    /// The line that charges a quantity.
    fn line(self, quantity: u64, prices: &PriceTable, terms: &Terms) -> BillLine {
        let (service, description, unit, _) = self.facts();
        let price = self.price(prices);
        let list_cost = price.of(quantity);
        BillLine {
            sku: self,
            service,
            charge_category: "Usage",
            description,
            quantity,
            unit,
            region: 0,
            price,
            list_cost,
            billed: terms.discounted(list_cost),
        }
    }

    /// Whether this is one of the two lines that KMS requests fall into.
    #[must_use]
    pub const fn is_kms_requests(self) -> bool {
        matches!(self, Self::KmsFreeRequests | Self::KmsRequests)
    }
}

/// One line of a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BillLine {
    /// What is charged for.
    pub sku: Sku,
    /// Who charges it (`ServiceName`).
    pub service: Service,
    /// Always `Usage`: bks bills neither taxes nor purchases (`ChargeCategory`).
    pub charge_category: &'static str,
    /// What is charged for, in words (`ChargeDescription`).
    pub description: &'static str,
    /// How many, in `unit`; never zero (`PricingQuantity`).
    pub quantity: u64,
    /// What `quantity` counts, in the plural: `requests`, `key-hours`, … (`PricingUnit`).
    pub unit: &'static str,
    /// Which of the run's regions charges it, from 0 (`RegionId`).
    pub region: u32,
    /// List price (`ListUnitPrice` is its [`Price::unit`]).
    pub price: Price,
    /// `quantity` at `price`, in US dollars, rounded to the picodollar (`ListCost`).
    pub list_cost: Usd,
    /// `list_cost` less the discount, in US dollars, rounded to the picodollar (`BilledCost`).
    pub billed: Usd,
}

/// A list of charges; lines of quantity zero are left out, as AWS leaves them out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bill {
    /// The charges, region by region in the order of [`Sku::ALL`].
    pub lines: Vec<BillLine>,
}

impl Bill {
    /// The bill of the usage's hours. Rent is prorated by the hour, as AWS does; so is the month's
    /// free tier (*assumed*: the rest of the month uses its part).
    #[must_use]
    pub fn of(usage: &Usage, prices: &PriceTable, terms: &Terms) -> Self {
        let free = if terms.free_tier {
            usage.kms_billed().min(usage.free_requests(prices.free_tier().requests_a_month))
        } else {
            0
        };
        Self::with_free_requests(free, usage, prices, terms)
    }

    /// The same with as many of the KMS requests free as are told: what falls to one region or account
    /// of a free tier that is for several.
    #[must_use]
    pub fn with_free_requests(
        free: u64,
        usage: &Usage,
        prices: &PriceTable,
        terms: &Terms,
    ) -> Self {
        let charges = [
            (Sku::KmsFreeRequests, free),
            (Sku::KmsRequests, usage.kms_billed() - free),
            (Sku::KmsKeys, usage.key_hours()),
            (Sku::KmsRotations, usage.rotation_hours()),
            (
                Sku::CloudTrailManagementCopies,
                usage.kms_requests.saturating_mul(u64::from(terms.cloudtrail_copies)),
            ),
            (Sku::CloudTrailDataEvents, if terms.data_events { usage.data_events() } else { 0 }),
            (Sku::S3Put, usage.s3_requests_in(RequestTier::Put)),
            (Sku::S3Get, usage.s3_requests_in(RequestTier::Get)),
        ];
        Self::of_charges(charges, prices, terms)
    }

    /// A bill of quantities, each at its price in `prices`.
    #[must_use]
    pub fn of_charges(
        charges: impl IntoIterator<Item = (Sku, u64)>,
        prices: &PriceTable,
        terms: &Terms,
    ) -> Self {
        let used = charges.into_iter().filter(|(_, quantity)| *quantity > 0);
        Self { lines: used.map(|(sku, quantity)| sku.line(quantity, prices, terms)).collect() }
    }

    /// The bills of regions, in their order, as one.
    #[must_use]
    pub fn of_regions(bills: impl IntoIterator<Item = Self>) -> Self {
        let numbered = bills.into_iter().zip(0..).flat_map(|(bill, region)| {
            bill.lines.into_iter().map(move |line| BillLine { region, ..line })
        });
        Self { lines: numbered.collect() }
    }

    /// What is paid for everything.
    #[must_use]
    pub fn total(&self) -> Usd {
        self.billed_where(|_| true)
    }

    /// What is paid for KMS requests, with the effect of the free tier; keys are not in it.
    #[must_use]
    pub fn kms_total(&self) -> Usd {
        self.billed_where(|line| line.sku.is_kms_requests())
    }

    /// What is paid to one service.
    #[must_use]
    pub fn service_total(&self, service: Service) -> Usd {
        self.billed_where(|line| line.service == service)
    }

    /// What is paid for one kind of charge; zero if the bill has no such line.
    #[must_use]
    pub fn sku_total(&self, sku: Sku) -> Usd {
        self.billed_where(|line| line.sku == sku)
    }

    fn billed_where(&self, wanted: impl Fn(&BillLine) -> bool) -> Usd {
        self.lines.iter().filter(|line| wanted(line)).map(|line| line.billed).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::Operation;
    use proptest::prelude::*;

    fn prices() -> PriceTable {
        PriceTable::for_region("us-east-1").unwrap()
    }

    fn puts(count: u64) -> Usage {
        let mut usage = Usage { kms_requests: count, ..Usage::default() };
        usage.s3_requests[Operation::PutObject as usize] = count;
        usage
    }

    #[test]
    fn forty_nine_million_puts_cost_as_published() {
        let list = Terms { free_tier: false, ..Terms::default() };
        let bill = |terms: &Terms| Bill::of(&puts(49_000_000), &prices(), terms);
        assert_eq!(bill(&list).kms_total().to_string(), "147.00");
        assert_eq!(bill(&Terms::default()).kms_total().to_string(), "146.94");
        assert_eq!(bill(&list).sku_total(Sku::S3Put).to_string(), "245.00");
        assert_eq!(bill(&list).total().to_string(), "392.00");
    }

    #[test]
    fn the_free_tier_is_a_line_of_its_own() {
        let bill = Bill::of(&puts(20_001), &prices(), &Terms::default());
        let free = bill.lines[0];
        assert_eq!((free.sku, free.quantity), (Sku::KmsFreeRequests, 20_000));
        assert_eq!((free.list_cost, free.billed), (Usd::ZERO, Usd::ZERO));
        let paid = bill.lines[1];
        assert_eq!((paid.sku, paid.quantity), (Sku::KmsRequests, 1));
        assert_eq!(paid.list_cost.to_string(), "0.000003");

        let small = Bill::of(&puts(20_000), &prices(), &Terms::default());
        assert_eq!(small.kms_total(), Usd::ZERO);
        assert!(small.lines.iter().all(|line| line.sku != Sku::KmsRequests));
    }

    #[test]
    fn keys_and_rotations_are_rented_by_the_month() {
        let usage = Usage { customer_managed_keys: 2, rotations: 5, ..Usage::default() };
        let bill = Bill::of(&usage, &prices(), &Terms::default());
        assert_eq!(bill.sku_total(Sku::KmsKeys).to_string(), "2.00");
        assert_eq!(bill.sku_total(Sku::KmsRotations).to_string(), "4.00");
        assert_eq!(bill.kms_total(), Usd::ZERO);
        assert_eq!(bill.service_total(Service::Kms).to_string(), "6.00");
        let day = Bill::of(&Usage { hours: 24, ..usage }, &prices(), &Terms::default());
        assert_eq!(day.sku_total(Sku::KmsKeys).to_string(), "0.066666666667");
    }

    #[test]
    fn the_free_tier_of_a_day_is_a_thirtieth() {
        let usage = Usage { hours: 24, ..puts(1_000) };
        let bill = Bill::of(&usage, &prices(), &Terms::default());
        assert_eq!((bill.lines[0].sku, bill.lines[0].quantity), (Sku::KmsFreeRequests, 667));
    }

    #[test]
    fn a_second_trail_costs_six_and_two_thirds_times_the_calls() {
        let terms = Terms { free_tier: false, cloudtrail_copies: 1, ..Terms::default() };
        let bill = Bill::of(&puts(3_000_000), &prices(), &terms);
        assert_eq!(bill.kms_total().to_string(), "9.00");
        assert_eq!(bill.service_total(Service::CloudTrail).to_string(), "60.00");
        let thrice = Terms { cloudtrail_copies: 3, ..terms };
        let bill = Bill::of(&puts(3_000_000), &prices(), &thrice);
        assert_eq!(bill.service_total(Service::CloudTrail).to_string(), "180.00");
    }

    #[test]
    fn data_events_cost_a_third_of_the_calls_they_replace() {
        let terms = Terms { free_tier: false, data_events: true, ..Terms::default() };
        let bill = Bill::of(&puts(1_000_000), &prices(), &terms);
        assert_eq!(bill.sku_total(Sku::CloudTrailDataEvents).to_string(), "1.00");
        assert_eq!(bill.kms_total().to_string(), "3.00");
    }

    #[test]
    fn a_discount_lowers_what_is_billed_and_not_the_list_cost() {
        let terms = Terms { discount: "10%".parse().unwrap(), ..Terms::default() };
        let bill = Bill::of(&puts(49_000_000), &prices(), &terms);
        assert_eq!(bill.kms_total().to_string(), "132.246");
        assert_eq!(bill.lines[1].list_cost.to_string(), "146.94");
    }

    #[test]
    fn nothing_used_nothing_billed() {
        let bill = Bill::of(&Usage::default(), &prices(), &Terms::default());
        assert_eq!(bill, Bill::default());
        assert_eq!(bill.total(), Usd::ZERO);
    }

    fn any_usage() -> impl Strategy<Value = Usage> {
        let count = 0..=1_000_000_000_000_u64;
        (prop::array::uniform13(count.clone()), count, 0..100_u32, 0..4_u32).prop_map(
            |(s3_requests, kms_requests, customer_managed_keys, rotations)| Usage {
                s3_requests,
                kms_requests,
                customer_managed_keys,
                rotations,
                ..Usage::default()
            },
        )
    }

    proptest! {
        #[test]
        fn a_bill_is_the_sum_of_its_services_and_loses_no_request(
            usage in any_usage(), free_tier: bool, copies in 0..4_u32, data_events: bool
        ) {
            let terms = Terms {
                free_tier, cloudtrail_copies: copies, data_events, ..Terms::default()
            };
            let bill = Bill::of(&usage, &prices(), &terms);
            let by_service: Usd = Service::ALL.into_iter().map(|s| bill.service_total(s)).sum();
            let by_sku: Usd = Sku::ALL.into_iter().map(|s| bill.sku_total(s)).sum();
            prop_assert_eq!(bill.total(), by_service);
            prop_assert_eq!(bill.total(), by_sku);
            let kms: u64 =
                bill.lines.iter().filter(|l| l.sku.is_kms_requests()).map(|l| l.quantity).sum();
            prop_assert_eq!(kms, usage.kms_requests);
            prop_assert!(bill.lines.is_sorted_by_key(|line| line.sku));
        }
    }
}
