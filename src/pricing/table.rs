//! The price data: one row for each price, its regions, source and date.
//!
//! Another region or price date is another row of [`ROWS`]. No live page was opened for these
//! figures; they come from the sources each row names, as `docs/model.md` has them.

use std::fmt;

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

    fn named(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|price| price.name() == name).ok_or_else(|| {
            Error::request(format!("`{name}` is not the name of a price"))
                .hint(one_of(name, Self::ALL.map(Self::name)))
        })
    }
}

impl fmt::Display for PriceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One price of a table, with where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceEntry {
    /// What is priced.
    pub name: PriceName,
    /// US dollars per number of units.
    pub price: Price,
    /// How sure it is.
    pub certainty: Certainty,
    /// Where it stands: a URL, and how it was read.
    pub source: &'static str,
    /// Date of the source, as exact as it is known: `2026-09-11`, `2025-07`; none for a source
    /// without a date and for a price the user gave.
    pub date: Option<&'static str>,
}

/// The monthly allowance of KMS requests that cost nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreeTier {
    /// Requests a month, for the account and all its regions together.
    pub requests_a_month: u64,
    /// How sure it is.
    pub certainty: Certainty,
    /// Where it stands.
    pub source: &'static str,
}

impl FreeTier {
    /// The name that lists use.
    pub const NAME: &str = "kms_free_requests";
}

const FREE_TIER: FreeTier = FreeTier {
    requests_a_month: 20_000,
    certainty: Certainty::Documented,
    source: "https://aws.amazon.com/kms/pricing/",
};

/// The prices of one region: AWS's list, where bks knows it, and what the user put in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceTable {
    region: String,
    entries: [PriceEntry; PriceName::ALL.len()],
}

impl PriceTable {
    /// Date of the newest price list in the data, that of KMS's requests.
    pub const DATE: &str = "2026-09-11";

    /// The list prices of a region, by AWS's code such as `eu-west-1`.
    ///
    /// # Errors
    /// If no such region is known, or none of its prices are.
    pub fn for_region(region: &str) -> Result<Self> {
        Self::with_prices(region, &[])
    }

    /// The list prices of a region, with some replaced by the user's. For a region whose list is
    /// unknown (`GovCloud`, China, the European Sovereign Cloud) the user gives them all.
    ///
    /// # Errors
    /// If no such region is known, a name is not that of a price, or a price remains unknown.
    pub fn with_prices(region: &str, overrides: &[(&str, Price)]) -> Result<Self> {
        let overrides: Vec<(PriceName, Price)> = overrides
            .iter()
            .map(|(name, price)| Ok((PriceName::named(name)?, *price)))
            .collect::<Result<_>>()?;
        let given = |name| overrides.iter().rev().find(|(other, _)| *other == name);
        if UNPRICED.contains(&region) {
            let missing: Vec<PriceName> =
                PriceName::ALL.into_iter().filter(|name| given(*name).is_none()).collect();
            if !missing.is_empty() {
                return Err(unpriced(region, &missing));
            }
        } else if !PRICED.contains(&region) {
            return Err(Error::request(format!("`{region}` is not an AWS region that bks knows"))
                .hint(one_of(region, PRICED.into_iter().chain(UNPRICED))));
        }
        let entries = PriceName::ALL.map(|name| match given(name) {
            Some((_, price)) => given_entry(name, *price),
            None => listed_entry(name, region),
        });
        Ok(Self { region: region.to_owned(), entries })
    }

    /// Whether AWS has such a region, with prices known here or not.
    #[must_use]
    pub fn is_region(region: &str) -> bool {
        PRICED.contains(&region) || UNPRICED.contains(&region)
    }

    /// Every region whose prices are known or believed to be, by AWS's code.
    pub fn regions() -> impl Iterator<Item = &'static str> + Clone {
        PRICED.into_iter()
    }

    /// The region, by AWS's code.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// One price.
    #[must_use]
    pub fn price(&self, name: PriceName) -> Price {
        self.entries[name as usize].price
    }

    /// The oldest and the newest date of the built-in prices in force, and how many prices the user
    /// gave.
    #[must_use]
    pub fn dates(&self) -> (Option<&'static str>, Option<&'static str>, usize) {
        let dates = || self.entries.iter().filter_map(|entry| entry.date);
        let given = self.entries.iter().filter(|entry| entry.certainty == Certainty::Given);
        (dates().min(), dates().max(), given.count())
    }

    /// The monthly allowance of KMS requests; the same everywhere.
    #[must_use]
    pub fn free_tier(&self) -> FreeTier {
        FREE_TIER
    }

    /// Every price with its source, in the order of [`PriceName::ALL`].
    pub fn entries(&self) -> impl Iterator<Item = &PriceEntry> {
        self.entries.iter()
    }
}

fn unpriced(region: &str, missing: &[PriceName]) -> Error {
    let names: Vec<String> = missing.iter().map(|name| format!("`{name}`")).collect();
    Error::request(format!(
        "`{region}` has no price list in bks, so every price must be overridden"
    ))
    .hint(format!(
        "give, in US dollars from its own price list, {}, e.g., `{} = \"$0.03 per 10000\"`",
        names.join(", "),
        missing[0],
    ))
}

fn given_entry(name: PriceName, price: Price) -> PriceEntry {
    PriceEntry { name, price, certainty: Certainty::Given, source: "given by the user", date: None }
}

/// The first row that holds for the region; the caller has made sure that its prices are known.
fn listed_entry(name: PriceName, region: &str) -> PriceEntry {
    ROWS.iter()
        .find(|row| row.entry.name == name && row.regions.contain(region))
        .expect("each price has a row for all regions")
        .entry
}

/// Where a row holds.
enum Regions {
    /// In these regions.
    Only(&'static [&'static str]),
    /// In every priced region that no earlier row of the same price names.
    Others,
}

impl Regions {
    fn contain(&self, region: &str) -> bool {
        match self {
            Self::Only(regions) => regions.contains(&region),
            Self::Others => true,
        }
    }
}

struct Row {
    regions: Regions,
    entry: PriceEntry,
}

/// A row of the data; the amount is in millionths of a dollar.
const fn row(
    name: PriceName,
    regions: Regions,
    (micro_usd, per): (i128, u64),
    (certainty, source, date): (Certainty, &'static str, Option<&'static str>),
) -> Row {
    let price = Price::new(Usd::from_pico(micro_usd * 1_000_000), per);
    Row { regions, entry: PriceEntry { name, price, certainty, source, date } }
}

/// The commercial regions, whose prices are known or believed to be.
#[rustfmt::skip]
const PRICED: [&str; 34] = [
    "us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "ca-west-1", "mx-central-1",
    "sa-east-1",
    "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1",
    "eu-west-2", "eu-west-3",
    "af-south-1", "il-central-1", "me-central-1", "me-south-1",
    "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3",
    "ap-south-1", "ap-south-2",
    "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5",
    "ap-southeast-6", "ap-southeast-7",
];

/// Regions of other partitions: no source for their prices was found (`docs/model.md`), and some are
/// not in US dollars.
const UNPRICED: [&str; 5] =
    ["us-gov-east-1", "us-gov-west-1", "cn-north-1", "cn-northwest-1", "eusc-de-east-1"];

type Source = (Certainty, &'static str, Option<&'static str>);

const KMS_LIST: Source = (
    Certainty::Documented,
    "AWS price list of KMS, as quoted in a third party's note; https://aws.amazon.com/kms/pricing/",
    Some(PriceTable::DATE),
);
const KMS_BELIEVED: Source = (
    Certainty::Assumed,
    "believed equal to us-east-1, not verified; https://aws.amazon.com/kms/pricing/",
    Some(PriceTable::DATE),
);
const KMS_PAGE: Source = (Certainty::Documented, "https://aws.amazon.com/kms/pricing/", None);
const CLOUDTRAIL_PAGE: Source = (
    Certainty::Documented,
    "https://aws.amazon.com/cloudtrail/pricing/, and Infracost's test data",
    Some("2026-08-21"),
);
const CLOUDTRAIL_BELIEVED: Source = (
    Certainty::Assumed,
    "believed equal to us-east-1, not verified; https://aws.amazon.com/cloudtrail/pricing/",
    Some("2026-08-21"),
);
const S3_LIST: Source = (
    Certainty::Documented,
    "Infracost's test data of the AWS price list; https://aws.amazon.com/s3/pricing/",
    Some("2025-07"),
);
const S3_UAE: Source = (
    Certainty::Documented,
    "a copy of https://aws.amazon.com/s3/pricing/ for Middle East (UAE)",
    None,
);
const S3_FRANKFURT: Source = (
    Certainty::Inferred,
    "AWS price list of S3, as relayed without warranty in a third party's note; \
     https://aws.amazon.com/s3/pricing/",
    Some("2026-08-31"),
);
const S3_BELIEVED: Source = (
    Certainty::Assumed,
    "us-east-1's, not verified, and S3 requests do differ by region (8 % in eu-central-1, 10 % in \
     me-central-1); https://aws.amazon.com/s3/pricing/",
    Some("2025-07"),
);
const BATCH_PAGE: Source =
    (Certainty::Documented, "a copy of https://aws.amazon.com/s3/pricing/", None);
const BATCH_BELIEVED: Source = (
    Certainty::Inferred,
    "us-east-1 and me-central-1 agree; https://aws.amazon.com/s3/pricing/",
    None,
);

const US_EAST_1: Regions = Regions::Only(&["us-east-1"]);
const FRANKFURT: Regions = Regions::Only(&["eu-central-1"]);
const UAE: Regions = Regions::Only(&["me-central-1"]);
const KMS_VERIFIED: Regions =
    Regions::Only(&["us-east-1", "us-west-2", "eu-west-1", "eu-central-1"]);
const BATCH_VERIFIED: Regions = Regions::Only(&["us-east-1", "me-central-1"]);

/// The data, in millionths of a dollar per number of units (`docs/model.md`).
#[rustfmt::skip]
const ROWS: [Row; 22] = {
    use PriceName as P;
    use Regions::Others;
    [
        row(P::KmsRequest, KMS_VERIFIED, (30_000, 10_000), KMS_LIST),
        row(P::KmsRequest, Others, (30_000, 10_000), KMS_BELIEVED),
        row(P::KmsKeyMonth, Others, (1_000_000, 1), KMS_PAGE),
        row(P::KmsRotationMonth, Others, (1_000_000, 1), KMS_PAGE),
        row(P::CloudTrailManagementCopy, US_EAST_1, (2_000_000, 100_000), CLOUDTRAIL_PAGE),
        row(P::CloudTrailManagementCopy, Others, (2_000_000, 100_000), CLOUDTRAIL_BELIEVED),
        row(P::CloudTrailDataEvent, US_EAST_1, (100_000, 100_000), CLOUDTRAIL_PAGE),
        row(P::CloudTrailDataEvent, Others, (100_000, 100_000), CLOUDTRAIL_BELIEVED),
        row(P::S3Put, US_EAST_1, (5_000, 1_000), S3_LIST),
        row(P::S3Put, UAE, (5_500, 1_000), S3_UAE),
        row(P::S3Put, FRANKFURT, (5_400, 1_000), S3_FRANKFURT),
        row(P::S3Put, Others, (5_000, 1_000), S3_BELIEVED),
        row(P::S3Get, US_EAST_1, (400, 1_000), S3_LIST),
        row(P::S3Get, UAE, (440, 1_000), S3_UAE),
        row(P::S3Get, FRANKFURT, (430, 1_000), S3_FRANKFURT),
        row(P::S3Get, Others, (400, 1_000), S3_BELIEVED),
        row(P::BatchJob, BATCH_VERIFIED, (250_000, 1), BATCH_PAGE),
        row(P::BatchJob, Others, (250_000, 1), BATCH_BELIEVED),
        row(P::BatchObject, BATCH_VERIFIED, (1_000_000, 1_000_000), BATCH_PAGE),
        row(P::BatchObject, Others, (1_000_000, 1_000_000), BATCH_BELIEVED),
        row(P::BatchManifestObject, BATCH_VERIFIED, (15_000, 1_000_000), BATCH_PAGE),
        row(P::BatchManifestObject, Others, (15_000, 1_000_000), BATCH_BELIEVED),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(table.entries().all(|entry| entry.certainty == Certainty::Documented));
        assert_eq!(table.free_tier().requests_a_month, 20_000);
    }

    #[test]
    fn every_region_has_every_price_and_names_its_source() {
        for region in PriceTable::regions() {
            let table = PriceTable::for_region(region).unwrap();
            assert_eq!(table.region(), region);
            for (name, entry) in PriceName::ALL.into_iter().zip(table.entries()) {
                assert_eq!(entry.name, name);
                assert!(entry.source.contains("https://"), "{region} {name}");
            }
        }
    }

    #[test]
    fn kms_is_verified_in_four_regions_and_believed_in_the_others() {
        let verified: Vec<&str> = PriceTable::regions()
            .filter(|region| {
                let entry = PriceTable::for_region(region).unwrap().entries[0];
                entry.certainty == Certainty::Documented
            })
            .collect();
        assert_eq!(verified, ["us-east-1", "us-west-2", "eu-central-1", "eu-west-1"]);
    }

    #[test]
    fn s3_requests_cost_more_in_some_regions() {
        for (region, put, get) in [
            ("me-central-1", "$0.0055 per 1000", "$0.00044 per 1000"),
            ("eu-central-1", "$0.0054 per 1000", "$0.00043 per 1000"),
            ("sa-east-1", "$0.005 per 1000", "$0.0004 per 1000"),
        ] {
            let table = PriceTable::for_region(region).unwrap();
            assert_eq!(table.price(PriceName::S3Put).to_string(), put, "{region}");
            assert_eq!(table.price(PriceName::S3Get).to_string(), get, "{region}");
        }
        let believed = PriceTable::for_region("sa-east-1").unwrap().entries[5];
        assert_eq!((believed.name, believed.certainty), (PriceName::S3Put, Certainty::Assumed));
    }

    #[test]
    fn an_override_is_labelled_as_the_users() {
        let price: Price = "$0.02 per 10000".parse().unwrap();
        let table = PriceTable::with_prices("us-east-1", &[("kms_request", price)]).unwrap();
        assert_eq!(table.price(PriceName::KmsRequest), price);
        assert_eq!(table.entries().next().unwrap().certainty, Certainty::Given);
    }

    #[test]
    fn a_mistyped_price_is_answered_with_the_nearest() {
        let price: Price = "$1".parse().unwrap();
        let with = |name| PriceTable::with_prices("us-east-1", &[(name, price)]);
        assert_eq!(
            with("kms_reqest").unwrap_err().to_string(),
            "`kms_reqest` is not the name of a price\n\nhint: did you mean `kms_request`?"
        );
        assert_eq!(
            with("zzz").unwrap_err().to_string(),
            "`zzz` is not the name of a price\n\nhint: use one of `kms_request`, `kms_key_month`, \
             `kms_rotation_month`, `cloudtrail_management_copy`, `cloudtrail_data_event`, \
             `s3_put`, `s3_get`, `batch_job`, `batch_object`, `batch_manifest_object`"
        );
    }

    #[test]
    fn a_mistyped_region_is_answered_with_the_nearest() {
        let error = PriceTable::for_region("us-esat-1").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`us-esat-1` is not an AWS region that bks knows\n\nhint: did you mean `us-east-1`?"
        );
        assert_eq!(error.exit_code(), 2);
    }

    #[test]
    fn a_region_without_a_price_list_wants_every_price_given() {
        assert_eq!(
            PriceTable::for_region("us-gov-west-1").unwrap_err().to_string(),
            "`us-gov-west-1` has no price list in bks, so every price must be overridden\n\n\
             hint: give, in US dollars from its own price list, `kms_request`, `kms_key_month`, \
             `kms_rotation_month`, `cloudtrail_management_copy`, `cloudtrail_data_event`, \
             `s3_put`, `s3_get`, `batch_job`, `batch_object`, `batch_manifest_object`, e.g., \
             `kms_request = \"$0.03 per 10000\"`"
        );
        let price: Price = "$0.04 per 10000".parse().unwrap();
        let mut given = PriceName::ALL.map(|name| (name.name(), price)).to_vec();
        let table = PriceTable::with_prices("us-gov-west-1", &given).unwrap();
        assert!(table.entries().all(|e| e.certainty == Certainty::Given && e.price == price));

        given.pop();
        assert_eq!(
            PriceTable::with_prices("cn-north-1", &given).unwrap_err().to_string(),
            "`cn-north-1` has no price list in bks, so every price must be overridden\n\n\
             hint: give, in US dollars from its own price list, `batch_manifest_object`, e.g., \
             `batch_manifest_object = \"$0.03 per 10000\"`"
        );
    }
}
