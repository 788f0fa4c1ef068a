//! The price data: a row for each region, and a source and a date for each price.
//!
//! Another region is another row of [`PRICED`]. No live page was opened for these figures; they come
//! from the sources that each names, as `docs/model.md` has them.

use std::borrow::Cow;
use std::fmt;

use super::own_prices::GivenPrices;
use crate::error::{Error, Result, one_of};
use crate::units::{Price, Usd};

/// How sure a figure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// AWS's documentation or price list states it.
    Documented,
    /// Somebody measured it and published the numbers.
    Measured,
    /// It follows from what is documented or measured.
    Inferred,
    /// Nobody is known to have checked it.
    Assumed,
    /// The user gave it.
    Given,
}

impl Certainty {
    /// The label as printed.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Measured => "measured",
            Self::Inferred => "inferred",
            Self::Assumed => "assumed",
            Self::Given => "given",
        }
    }
}

impl fmt::Display for Certainty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A price that bks uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum PriceName {
    /// A symmetric KMS request of any API.
    KmsRequest,
    /// A customer managed key, or a multi-Region replica of one, for a month.
    KmsKeyMonth,
    /// A rotation (the first or the second) of a customer managed key, for a month.
    KmsRotationMonth,
    /// A further copy of a `CloudTrail` management event; the first copy is free.
    CloudTrailManagementCopy,
    /// An S3 data event in `CloudTrail`.
    CloudTrailDataEvent,
    /// A PUT, COPY, POST or LIST request to S3 Standard.
    S3Put,
    /// A GET or any other request to S3 Standard, DELETE (free) excepted.
    S3Get,
    /// A job of S3 Batch Operations.
    BatchJob,
    /// An object processed by S3 Batch Operations.
    BatchObject,
    /// An object in the source bucket of a manifest that S3 generates for Batch Operations.
    BatchManifestObject,
}

impl PriceName {
    /// Every price, in the order of tables and files.
    pub const ALL: [Self; 10] = [
        Self::KmsRequest,
        Self::KmsKeyMonth,
        Self::KmsRotationMonth,
        Self::CloudTrailManagementCopy,
        Self::CloudTrailDataEvent,
        Self::S3Put,
        Self::S3Get,
        Self::BatchJob,
        Self::BatchObject,
        Self::BatchManifestObject,
    ];

    /// The name that files, overrides and lists use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::KmsRequest => "kms_request",
            Self::KmsKeyMonth => "kms_key_month",
            Self::KmsRotationMonth => "kms_rotation_month",
            Self::CloudTrailManagementCopy => "cloudtrail_management_copy",
            Self::CloudTrailDataEvent => "cloudtrail_data_event",
            Self::S3Put => "s3_put",
            Self::S3Get => "s3_get",
            Self::BatchJob => "batch_job",
            Self::BatchObject => "batch_object",
            Self::BatchManifestObject => "batch_manifest_object",
        }
    }

    /// How many units AWS's price lists name it for.
    #[must_use]
    pub const fn usual_units(self) -> u64 {
        match self {
            Self::KmsRequest => 10_000,
            Self::KmsKeyMonth | Self::KmsRotationMonth | Self::BatchJob => 1,
            Self::CloudTrailManagementCopy | Self::CloudTrailDataEvent => 100_000,
            Self::S3Put | Self::S3Get => 1_000,
            Self::BatchObject | Self::BatchManifestObject => 1_000_000,
        }
    }
}

impl fmt::Display for PriceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One price of a table, with where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceEntry {
    /// What is priced.
    pub name: PriceName,
    /// US dollars per number of units.
    pub price: Price,
    /// How sure it is.
    pub certainty: Certainty,
    /// Where it stands: a URL, and how it was read.
    pub source: Cow<'static, str>,
    /// Date of the source, as exact as it is known: `2025-08-28`, `2025-07`; none for a source
    /// without a date.
    pub date: Option<Cow<'static, str>>,
}

/// The monthly allowance of KMS requests that cost nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreeTier {
    /// Requests a month, for all accounts of an organization and all their regions together.
    pub requests_a_month: u64,
    /// How sure it is.
    pub certainty: Certainty,
    /// Where it stands.
    pub source: &'static str,
}

impl FreeTier {
    /// The name that lists and price files use.
    pub const NAME: &str = "kms_free_requests";

    /// As many requests as the user says.
    const fn given(requests_a_month: u64) -> Self {
        Self { requests_a_month, certainty: Certainty::Given, source: BY_THE_USER }
    }
}

/// 20,000 across all regions says the price page; that accounts which are billed together share it,
/// the other.
const FREE_TIER: FreeTier = FreeTier {
    requests_a_month: 20_000,
    certainty: Certainty::Documented,
    source: "https://aws.amazon.com/kms/pricing/; one for an organization: \
        https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/useconsolidatedbilling-effective.html",
};

/// What stands as the source of a price that has none.
const BY_THE_USER: &str = "given by the user";

/// The prices of one region: AWS's list, where bks knows it, and what the user put in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceTable {
    region: String,
    /// At `PriceName as usize`; none where no bill needs it.
    entries: [Option<PriceEntry>; PriceName::ALL.len()],
    free_tier: FreeTier,
}

impl PriceTable {
    /// Date of the newest price in the data.
    pub const DATE: &str = S3_DATE;

    /// The list prices of a region, by AWS's code such as `eu-west-1`.
    ///
    /// # Errors
    /// If no such region is known, or none of its prices are.
    pub fn for_region(region: &str) -> Result<Self> {
        Self::with_given(region, &GivenPrices::default(), &PriceName::ALL)
    }

    /// The prices of a region, with some replaced by the user's. For a region whose list is unknown
    /// (China, the European Sovereign Cloud, one newer than the data) the user gives those that are
    /// `needed`.
    ///
    /// # Errors
    /// If no such region is known, or a price that is needed remains unknown.
    pub fn with_given(region: &str, given: &GivenPrices, needed: &[PriceName]) -> Result<Self> {
        let listed = PRICED.iter().find(|list| list.region == region);
        if listed.is_none() && !UNPRICED.contains(&region) && !given.for_this_region {
            return Err(unknown_region(region));
        }
        let entries = PriceName::ALL.map(|name| match (given.prices.get(&name), listed) {
            (Some(price), _) => Some(price.entry(name)),
            (None, Some(list)) => Some(list.entry(name)),
            (None, None) => None,
        });
        let missing: Vec<PriceName> =
            needed.iter().copied().filter(|name| entries[*name as usize].is_none()).collect();
        if !missing.is_empty() {
            return Err(unpriced(region, &missing));
        }
        let free_tier = given.free_requests_a_month.map_or(FREE_TIER, FreeTier::given);
        Ok(Self { region: region.to_owned(), entries, free_tier })
    }

    /// Every region whose prices are known, by AWS's code.
    pub fn regions() -> impl Iterator<Item = &'static str> + Clone {
        PRICED.iter().map(|list| list.region)
    }

    /// Every region that is known, but whose prices are not.
    pub fn regions_without_prices() -> impl Iterator<Item = &'static str> + Clone {
        UNPRICED.into_iter()
    }

    /// The region, by AWS's code.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Whether a price is known; where it is not, no bill of the scenario needs it.
    #[must_use]
    pub fn has(&self, name: PriceName) -> bool {
        self.entries[name as usize].is_some()
    }

    /// One price.
    ///
    /// # Panics
    /// If it is not known, which [`Self::has`] tells: a bill never goes on without a price it needs.
    #[must_use]
    pub fn price(&self, name: PriceName) -> Price {
        let entry = self.entries[name as usize].as_ref();
        entry.unwrap_or_else(|| panic!("`{name}` of {} was not asked for", self.region)).price
    }

    /// Refuses a region of which some prices are neither built in nor given.
    ///
    /// # Errors
    /// Names them.
    pub(crate) fn require(&self, names: &[PriceName]) -> Result<()> {
        let lacks = |name: &&PriceName| self.entries[**name as usize].is_none();
        let missing: Vec<PriceName> = names.iter().filter(lacks).copied().collect();
        if missing.is_empty() { Ok(()) } else { Err(unpriced(&self.region, &missing)) }
    }

    /// The oldest and the newest date of the built-in prices in force, and how many prices the user
    /// gave.
    #[must_use]
    pub fn dates(&self) -> (Option<&str>, Option<&str>, usize) {
        let (given, built_in): (Vec<_>, Vec<_>) =
            self.entries().partition(|entry| entry.certainty == Certainty::Given);
        let dates = built_in.into_iter().filter_map(|entry| entry.date.as_deref());
        (dates.clone().min(), dates.max(), given.len())
    }

    /// The monthly allowance of KMS requests; the same everywhere.
    #[must_use]
    pub fn free_tier(&self) -> FreeTier {
        self.free_tier
    }

    /// Every price that is known, with its source, in the order of [`PriceName::ALL`].
    pub fn entries(&self) -> impl Iterator<Item = &PriceEntry> {
        self.entries.iter().flatten()
    }
}

fn unknown_region(region: &str) -> Error {
    let known = one_of(region, PriceTable::regions().chain(UNPRICED));
    let then = if known.ends_with('?') { "" } else { ";" };
    Error::request(format!("`{region}` is not an AWS region that bks knows")).hint(format!(
        "{known}{then} a newer one needs a price file with a table `[region.{region}]`, by `--prices FILE`"
    ))
}

fn unpriced(region: &str, missing: &[PriceName]) -> Error {
    let names: Vec<String> = missing.iter().map(|name| format!("`{name}`")).collect();
    Error::request(format!(
        "`{region}` has no built-in prices, but the bill needs {}",
        names.join(", ")
    ))
    .hint(format!(
        "give them in US dollars from AWS's price list, by a file: `--prices FILE`; `bks list prices \
         --region {region} --toml` prints one to fill in"
    ))
}

/// What AWS asks in one region, where it differs between regions.
struct PriceList {
    region: &'static str,
    /// KMS requests: millionths of a dollar per 10,000.
    kms_request: i128,
    /// PUT and GET requests to S3 Standard: millionths of a dollar per 1,000.
    s3_put: i128,
    s3_get: i128,
}

impl PriceList {
    /// The list price, with its source. Amounts are in millionths of a dollar.
    fn entry(&self, name: PriceName) -> PriceEntry {
        let (micro_usd, (source, date)) = match name {
            PriceName::KmsRequest => (self.kms_request, KMS),
            PriceName::KmsKeyMonth => (1_000_000, KMS),
            PriceName::KmsRotationMonth => (1_000_000, KMS_PAGE),
            PriceName::CloudTrailManagementCopy => (2_000_000, CLOUDTRAIL),
            PriceName::CloudTrailDataEvent => (100_000, CLOUDTRAIL),
            PriceName::S3Put => (self.s3_put, S3),
            PriceName::S3Get => (self.s3_get, S3),
            PriceName::BatchJob => (250_000, S3),
            PriceName::BatchObject => (1_000_000, S3),
            PriceName::BatchManifestObject => (15_000, S3),
        };
        PriceEntry {
            name,
            price: Price::new(Usd::from_pico(micro_usd * 1_000_000), name.usual_units()),
            certainty: Certainty::Documented,
            source: Cow::Borrowed(source),
            date: date.map(Cow::Borrowed),
        }
    }
}

type PriceSource = (&'static str, Option<&'static str>);

/// When AWS had published what the copy of its price pages' data holds.
const KMS_DATE: &str = "2025-08-28";
const S3_DATE: &str = "2025-10-22";

const KMS: PriceSource = (
    "https://aws.amazon.com/kms/pricing/, its data of all regions in a copy: \
     https://github.com/lamngockhuong/aws-price, commit 508fb45",
    Some(KMS_DATE),
);
const KMS_PAGE: PriceSource = ("https://aws.amazon.com/kms/pricing/", None);
const CLOUDTRAIL: PriceSource = (
    "https://aws.amazon.com/cloudtrail/pricing/, its data of all regions in a copy: \
     https://github.com/lamngockhuong/aws-price, commit 508fb45",
    Some(KMS_DATE),
);
const S3: PriceSource = (
    "https://aws.amazon.com/s3/pricing/, its data of all regions in a copy: \
     https://github.com/lamngockhuong/aws-price, commit 508fb45",
    Some(S3_DATE),
);

const fn list(region: &'static str, kms_request: i128, s3_put: i128, s3_get: i128) -> PriceList {
    PriceList { region, kms_request, s3_put, s3_get }
}

/// The data: region, KMS requests, PUT, GET, in millionths of a dollar (`docs/model.md`).
const PRICED: [PriceList; 36] = [
    list("us-east-1", 30_000, 5_000, 400),
    list("us-east-2", 30_000, 5_000, 400),
    list("us-west-1", 30_000, 5_500, 440),
    list("us-west-2", 30_000, 5_000, 400),
    list("ca-central-1", 30_000, 5_500, 440),
    list("ca-west-1", 30_000, 5_500, 440),
    list("mx-central-1", 30_000, 5_250, 420),
    list("sa-east-1", 30_000, 7_000, 560),
    list("eu-central-1", 30_000, 5_400, 430),
    list("eu-central-2", 30_000, 5_400, 430),
    list("eu-north-1", 30_000, 5_000, 400),
    list("eu-south-1", 30_000, 5_300, 400),
    list("eu-south-2", 30_000, 5_300, 400),
    list("eu-west-1", 30_000, 5_000, 400),
    list("eu-west-2", 30_000, 5_300, 420),
    list("eu-west-3", 30_000, 5_300, 420),
    list("af-south-1", 30_000, 6_000, 400),
    list("il-central-1", 30_000, 5_500, 440),
    list("me-central-1", 30_000, 5_500, 440),
    list("me-south-1", 30_000, 5_500, 440),
    list("ap-east-1", 30_000, 5_000, 400),
    list("ap-east-2", 30_000, 4_230, 333),
    list("ap-northeast-1", 30_000, 4_700, 370),
    list("ap-northeast-2", 30_000, 4_500, 350),
    list("ap-northeast-3", 30_000, 4_700, 370),
    list("ap-south-1", 30_000, 5_000, 400),
    list("ap-south-2", 30_000, 5_000, 400),
    list("ap-southeast-1", 30_000, 5_000, 400),
    list("ap-southeast-2", 30_000, 5_500, 440),
    list("ap-southeast-3", 30_000, 5_000, 400),
    list("ap-southeast-4", 30_000, 5_500, 440),
    list("ap-southeast-5", 30_000, 4_500, 360),
    list("ap-southeast-6", 30_000, 5_775, 462),
    list("ap-southeast-7", 30_000, 4_500, 360),
    list("us-gov-east-1", 40_000, 5_000, 400),
    list("us-gov-west-1", 40_000, 5_000, 400),
];

/// Regions of other partitions: no source for their prices was found (`docs/model.md`), and some are
/// not in US dollars.
const UNPRICED: [&str; 3] = ["cn-north-1", "cn-northwest-1", "eusc-de-east-1"];

#[cfg(test)]
mod tests {
    use super::super::own_prices::GivenPrice;
    use super::*;

    fn given(prices: &[(PriceName, &str)]) -> GivenPrices {
        let prices = prices.iter().map(|(name, text)| {
            (*name, GivenPrice { price: text.parse().unwrap(), ..GivenPrice::FREE })
        });
        GivenPrices { prices: prices.collect(), ..GivenPrices::default() }
    }

    #[test]
    fn us_east_1_has_the_published_prices() {
        let table = PriceTable::for_region("us-east-1").unwrap();
        let printed: Vec<String> =
            table.entries().map(|entry| format!("{} {}", entry.name, entry.price)).collect();
        assert_eq!(
            printed,
            [
                "kms_request $0.03 per 10000",
                "kms_key_month $1.00 per 1",
                "kms_rotation_month $1.00 per 1",
                "cloudtrail_management_copy $2.00 per 100000",
                "cloudtrail_data_event $0.10 per 100000",
                "s3_put $0.005 per 1000",
                "s3_get $0.0004 per 1000",
                "batch_job $0.25 per 1",
                "batch_object $1.00 per 1000000",
                "batch_manifest_object $0.015 per 1000000",
            ]
        );
        assert_eq!(table.free_tier().requests_a_month, 20_000);
        assert_eq!(table.dates(), (Some("2025-08-28"), Some("2025-10-22"), 0));
    }

    #[test]
    fn every_region_has_every_price_documented_and_names_its_source() {
        for region in PriceTable::regions() {
            let table = PriceTable::for_region(region).unwrap();
            assert_eq!(table.region(), region);
            assert_eq!(table.entries().count(), PriceName::ALL.len());
            for (name, entry) in PriceName::ALL.into_iter().zip(table.entries()) {
                assert_eq!((entry.name, entry.certainty), (name, Certainty::Documented));
                assert!(entry.source.contains("https://"), "{region} {name}");
            }
        }
    }

    #[test]
    fn a_given_price_is_labelled_as_the_users() {
        let given = given(&[(PriceName::KmsRequest, "$0.02 per 10000")]);
        let table = PriceTable::with_given("us-east-1", &given, &PriceName::ALL).unwrap();
        assert_eq!(table.price(PriceName::KmsRequest).to_string(), "$0.02 per 10000");
        let entry = table.entries().next().unwrap();
        assert_eq!((entry.certainty, &*entry.source), (Certainty::Given, "given by the user"));
        assert_eq!(table.dates(), (Some("2025-08-28"), Some("2025-10-22"), 1));
    }

    #[test]
    fn a_mistyped_region_is_answered_with_the_nearest() {
        let error = PriceTable::for_region("us-esat-1").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`us-esat-1` is not an AWS region that bks knows\n\nhint: did you mean `us-east-1`? a \
             newer one needs a price file with a table `[region.us-esat-1]`, by `--prices FILE`"
        );
        assert_eq!(error.exit_code(), 2);
    }

    #[test]
    fn a_region_without_a_price_list_wants_what_the_bill_needs() {
        let put = given(&[(PriceName::S3Put, "$0.005 per 1000")]);
        let needed = [PriceName::KmsRequest, PriceName::S3Put, PriceName::S3Get];
        assert_eq!(
            PriceTable::with_given("cn-north-1", &put, &needed).unwrap_err().to_string(),
            "`cn-north-1` has no built-in prices, but the bill needs `kms_request`, `s3_get`\n\n\
             hint: give them in US dollars from AWS's price list, by a file: `--prices FILE`; `bks \
             list prices --region cn-north-1 --toml` prints one to fill in"
        );
        let all = given(&needed.map(|name| (name, "$0.5 per 1000")));
        let table = PriceTable::with_given("cn-north-1", &all, &needed).unwrap();
        assert!(table.entries().all(|entry| entry.certainty == Certainty::Given));
        assert_eq!(
            PriceName::ALL.map(|name| table.has(name)).iter().filter(|has| **has).count(),
            3
        );
        assert_eq!(table.dates(), (None, None, 3));
        // One that is newer than the data has a table of its own in a price file.
        assert!(PriceTable::with_given("sa-west-1", &all, &needed).is_err());
        let own = GivenPrices { for_this_region: true, ..all };
        let newer = PriceTable::with_given("sa-west-1", &own, &needed).unwrap();
        assert_eq!(newer.region(), "sa-west-1");
    }
}
