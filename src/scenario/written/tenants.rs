//! Many alike: tenants, customers, tables or buckets of which one is described, and how large each is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BucketFile, PopulationFile, PrincipalFile, WorkloadFile};

/// Tenants that are alike but for their size: tenants, customers, tables. One of size 1 is described; names of what it has
/// get the tenant's name and a hyphen put before them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantsFile {
    /// What tenants are called: `shop` makes `shop-001`, `shop-002` and so on, the largest first.
    pub name: String,
    /// How many there are, at most 10,000; those of a CSV file are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// How large each is, as a multiple of what is described; without it, all are of size 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sizes: Option<TenantSizes>,
    /// Buckets of each tenant.
    #[serde(default, rename = "bucket", skip_serializing_if = "Vec::is_empty")]
    pub buckets: Vec<BucketFile>,
    /// Principals of each tenant, under roles or users of their own.
    #[serde(default, rename = "principal", skip_serializing_if = "Vec::is_empty")]
    pub principals: Vec<PrincipalFile>,
    /// Objects of each tenant from before the run; their number, or the rate, is multiplied by its size.
    #[serde(default, rename = "population", skip_serializing_if = "Vec::is_empty")]
    pub populations: Vec<PopulationFile>,
    /// Traffic of each tenant; rates of arrivals, and objects and rates of jobs, are multiplied by its size.
    #[serde(default, rename = "workload", skip_serializing_if = "Vec::is_empty")]
    pub workloads: Vec<WorkloadFile>,
}

/// How large tenants are. Sizes of a law are its quantiles at (i − ½)/n, so that no chance is in them, and 1 in
/// the mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TenantSizes {
    /// The i-th largest has a size in proportion to 1/i to the power of `exponent`.
    Zipf(ZipfSizes),
    /// Lognormal: sizes of very different orders of magnitude.
    Lognormal(LognormalSizes),
    /// Pareto: few are very large.
    Pareto(ParetoSizes),
    /// A CSV file with the columns `name` and `size`, and `account` of the principals and `region` of the buckets if they
    /// differ.
    Csv(String),
}

/// Parameters of Zipf's law.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ZipfSizes {
    /// How fast sizes fall with the rank; 1 is usual.
    pub exponent: f64,
}

/// Parameters of lognormal sizes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LognormalSizes {
    /// Standard deviation of the logarithm of the size.
    pub sigma: f64,
}

/// Parameters of Pareto's law.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParetoSizes {
    /// Its shape: the smaller, the more the largest have; above 1 the law has a mean.
    pub shape: f64,
}
