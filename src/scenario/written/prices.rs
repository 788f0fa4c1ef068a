//! The user's own prices: the table `[billing.prices]`, and a price file, which is such a table.

use std::collections::BTreeMap;
use std::fmt::Write;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, one_of};
use crate::pricing::{FreeTier, GivenPrice, GivenPrices, PriceEntry, PriceName, PriceTable, date};
use crate::scenario::document::quoted;

/// List prices in the place of the built-in ones, by the names that `bks list prices` prints.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PricesFile {
    /// Where they stand, where a price does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Of when they are, where a price does not say it: `2026-10-02`, `2026-10` or `2026`.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "date")]
    pub date: Option<String>,
    /// KMS requests a month that cost nothing, for the organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_free_requests: Option<u64>,
    /// A symmetric KMS request of any API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_request: Option<GivenPrice>,
    /// A customer managed key for a month.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key_month: Option<GivenPrice>,
    /// A rotation of a customer managed key for a month.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_rotation_month: Option<GivenPrice>,
    /// A further copy of a CloudTrail management event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloudtrail_management_copy: Option<GivenPrice>,
    /// An S3 data event in CloudTrail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloudtrail_data_event: Option<GivenPrice>,
    /// A PUT, COPY, POST or LIST request to S3 Standard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_put: Option<GivenPrice>,
    /// A GET or any other request to S3 Standard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_get: Option<GivenPrice>,
    /// A job of S3 Batch Operations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_job: Option<GivenPrice>,
    /// An object processed by S3 Batch Operations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_object: Option<GivenPrice>,
    /// An object in the source bucket of a manifest that S3 generates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_manifest_object: Option<GivenPrice>,
    /// Prices of one region, by its code, in the place of those above.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub region: BTreeMap<String, PricesFile>,
}

impl PricesFile {
    /// Whether nothing is given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The place of a price.
    fn place(&mut self, name: PriceName) -> &mut Option<GivenPrice> {
        match name {
            PriceName::KmsRequest => &mut self.kms_request,
            PriceName::KmsKeyMonth => &mut self.kms_key_month,
            PriceName::KmsRotationMonth => &mut self.kms_rotation_month,
            PriceName::CloudTrailManagementCopy => &mut self.cloudtrail_management_copy,
            PriceName::CloudTrailDataEvent => &mut self.cloudtrail_data_event,
            PriceName::S3Put => &mut self.s3_put,
            PriceName::S3Get => &mut self.s3_get,
            PriceName::BatchJob => &mut self.batch_job,
            PriceName::BatchObject => &mut self.batch_object,
            PriceName::BatchManifestObject => &mut self.batch_manifest_object,
        }
    }

    /// These prices, and those of `other` that are not among them. Each keeps its source and date.
    #[must_use]
    pub fn over(mut self, mut other: Self) -> Self {
        self.tell_sources();
        other.tell_sources();
        self.kms_free_requests = self.kms_free_requests.or(other.kms_free_requests);
        for name in PriceName::ALL {
            let below = other.place(name).take();
            let place = self.place(name);
            *place = place.take().or(below);
        }
        for (code, prices) in other.region {
            let own = self.region.remove(&code).unwrap_or_default();
            self.region.insert(code, own.over(prices));
        }
        self
    }

    /// Puts the common source and date where a price has none of its own.
    fn tell_sources(&mut self) {
        let (source, date) = (self.source.take(), self.date.take());
        for prices in self.region.values_mut() {
            prices.source = prices.source.take().or_else(|| source.clone());
            prices.date = prices.date.take().or_else(|| date.clone());
            prices.tell_sources();
        }
        for name in PriceName::ALL {
            if let Some(price) = self.place(name) {
                price.source = price.source.take().or_else(|| source.clone());
                price.date = price.date.take().or_else(|| date.clone());
            }
        }
    }

    /// What is given for a region.
    #[must_use]
    pub fn given(&self, region: &str) -> GivenPrices {
        let mut common = self.clone();
        common.tell_sources();
        let own = std::mem::take(&mut common.region).remove(region);
        let for_this_region = own.is_some();
        let mut all = own.unwrap_or_default().over(common);
        let prices = PriceName::ALL.into_iter();
        let prices = prices.filter_map(|name| Some((name, all.place(name).take()?))).collect();
        GivenPrices { for_this_region, prices, free_requests_a_month: all.kms_free_requests }
    }

    /// Refuses tables of regions that neither AWS nor the scenario has, and what is not a region's.
    ///
    /// # Errors
    /// Names the table.
    pub fn check(&self, used: &[&str]) -> Result<()> {
        for (code, prices) in &self.region {
            if !prices.region.is_empty() {
                return Err(Error::request(format!(
                    "`region.{code}` has regions of its own, but a region has only prices"
                )));
            }
            if prices.kms_free_requests.is_some() {
                return Err(Error::request(format!(
                    "`region.{code}` has `kms_free_requests`, but they are free in all regions together"
                ))
                .hint("give them beside `region`, once for all"));
            }
            let mut known = used.to_vec();
            for region in PriceTable::regions().chain(PriceTable::regions_without_prices()) {
                known.push(region);
            }
            if !known.contains(&code.as_str()) {
                return Err(Error::request(format!(
                    "`{code}` is neither an AWS region that bks knows nor that of a bucket"
                ))
                .hint(one_of(code, known)));
            }
        }
        Ok(())
    }
}

/// A table as a price file: what is known as it stands, and the rest to be filled in.
#[must_use]
pub fn price_file(table: &PriceTable) -> String {
    let mut text = format!(
        "# List prices of {} in US dollars, for `--prices FILE` or `price_file` in `[billing]`.\n",
        table.region()
    );
    if PriceName::ALL.iter().any(|name| !table.has(*name)) {
        text.push_str(
            "# Fill in those that the bill needs, from AWS's price list, and take away their `#`.\n\
             # source = \"URL\"\n# date = \"2026-10-02\"\n",
        );
    }
    let _ = writeln!(text, "{} = {}", FreeTier::NAME, table.free_tier().requests_a_month);
    let entries: BTreeMap<PriceName, &PriceEntry> =
        table.entries().map(|entry| (entry.name, entry)).collect();
    for name in PriceName::ALL {
        let _ = match entries.get(&name) {
            Some(entry) => writeln!(text, "{name} = {}", inline(entry)),
            None => writeln!(text, "# {name} = \"$ per {}\"", name.usual_units()),
        };
    }
    text
}

/// A price, its source and its date on one line of TOML.
fn inline(entry: &PriceEntry) -> String {
    let PriceEntry { price, source, date, .. } = entry;
    let date = date.as_deref().map(|date| format!(", date = {}", quoted(date)));
    format!("{{ price = \"{price}\", source = {}{} }}", quoted(source), date.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> PricesFile {
        toml::from_str(text).unwrap()
    }

    /// Each price of a region, with its source and date.
    fn told(all: &PricesFile, region: &str) -> Vec<String> {
        let given = all.given(region);
        assert_eq!(given.free_requests_a_month, Some(7));
        let prices = given.prices.iter().map(|(name, GivenPrice { price, source, date })| {
            let [source, date] = [source, date].map(|text| text.as_deref().unwrap_or("–"));
            format!("{name} {price} {source} {date}")
        });
        prices.collect()
    }

    /// By hand: what is more specific or put over wins, and each price keeps where it is from.
    #[test]
    fn prices_are_put_over_one_another() {
        let below = read(
            "source = 'list'\ndate = '2026-10'\nkms_request = '$3 per 10'\ns3_put = '$5 per 10'\n\
             s3_get = { price = '$4 per 10', date = '2026' }\nkms_free_requests = 7\n\
             [region.cn-north-1]\ns3_get = '$6 per 10'\n",
        );
        let above = read("kms_request = '$2 per 10'\n[region.cn-north-1]\ns3_put = '$8 per 10'\n");
        let alone = below.given("cn-north-1");
        assert_eq!(alone.prices[&PriceName::S3Get].date.as_deref(), Some("2026-10"));
        let all = above.over(below);
        assert_eq!(
            told(&all, "us-east-1"),
            [
                "kms_request $2.00 per 10 – –",
                "s3_put $5.00 per 10 list 2026-10",
                "s3_get $4.00 per 10 list 2026"
            ]
        );
        assert_eq!(
            told(&all, "cn-north-1"),
            [
                "kms_request $2.00 per 10 – –",
                "s3_put $8.00 per 10 – –",
                "s3_get $6.00 per 10 list 2026-10"
            ]
        );
        let again: PricesFile = read(&toml::to_string(&all).unwrap());
        assert_eq!(again, all);
    }

    #[test]
    fn tables_of_regions_are_checked() {
        for (text, message) in [
            ("[region.us-esat-1]\n", "hint: did you mean `us-east-1`?"),
            ("[region.sa-west-9]\n", "`sa-west-9` is neither an AWS region"),
            ("[region.us-east-1.region.us-east-2]\n", "a region has only prices"),
            ("[region.us-east-1]\nkms_free_requests = 0\n", "free in all regions together"),
        ] {
            let error = read(text).check(&["us-east-1"]).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
        read("[region.sa-west-9]\n[region.cn-north-1]\n").check(&["sa-west-9"]).unwrap();
    }
}
