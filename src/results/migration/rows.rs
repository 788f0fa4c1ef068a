//! The rows of what `bks migrate` writes: these structs are the schema.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::results::rows::dollars;
use crate::units::Usd;

/// The file that tells of which scenario the others are.
pub const IDENTITY: &str = "migration.json";

/// `migration_ways.csv`: one row for each way.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WayRow {
    /// Name of the scenario, or of the inventory's buckets.
    pub scenario: String,
    /// Name of the way: the operation, and the part of the objects if it is not all.
    pub way: String,
    /// `leave`, `wait`, `update` or `copy`.
    pub operation: String,
    /// Which objects: `all`, `standard`, or the name of a population.
    pub part: String,
    /// Objects that are given a bucket key.
    pub objects: u64,
    /// Their bytes, if known.
    pub bytes: Option<f64>,
    /// Objects that are left as they are.
    pub left_objects: u64,
    /// KMS calls of the migration itself, at the least.
    pub migration_kms_requests: u64,
    /// What it costs once.
    #[serde(with = "dollars")]
    #[schemars(with = "f64")]
    pub one_off_usd: Usd,
    /// Objects a second.
    pub objects_per_s: Option<f64>,
    /// How long the migration takes.
    pub duration_s: Option<f64>,
    /// The busiest second's share of the quota meanwhile, with all other load.
    pub quota_share_max: Option<f64>,
    /// Objects a second at the most, with the headroom left free.
    pub fastest_objects_per_s: Option<f64>,
    /// How long it takes then.
    pub fastest_s: Option<f64>,
    /// What is saved in the first month against leaving everything as is.
    pub saving_first_month_usd: Option<f64>,
    /// The same at the level of assumptions that saves least.
    pub saving_first_month_low_usd: Option<f64>,
    /// The same at the level that saves most.
    pub saving_first_month_high_usd: Option<f64>,
    /// What is saved in the last month that is looked at.
    pub saving_last_month_usd: Option<f64>,
    /// Whether what is saved beyond waiting pays for it: `after` some time, `never`, or `unknown`.
    pub payback: Option<String>,
    /// After how long.
    pub payback_s: Option<f64>,
    /// On which day, if it is told when it starts.
    pub payback_date: Option<String>,
    /// After how long at the level of assumptions where it is soonest.
    pub payback_soonest_s: Option<f64>,
    /// The same at the level where it is latest; empty if it is not at some level.
    pub payback_latest_s: Option<f64>,
    /// Share of the cost that comes back: at the most, or so far.
    pub payback_ratio: Option<f64>,
    /// The month from which on waiting saves as much.
    pub waiting_meets_month: Option<u32>,
}

/// `months.csv`: one row for each way and month.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MonthRow {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the way.
    pub way: String,
    /// The month of thirty days, from 1.
    pub month: u32,
    /// KMS requests if everything is left as is.
    pub kms_requests_without: f64,
    /// KMS requests.
    pub kms_requests: f64,
    /// What KMS requests and keys and the events of both cost if everything is left as is.
    pub kms_cost_without_usd: f64,
    /// What they cost.
    pub kms_cost_usd: f64,
    /// What is saved.
    pub saving_usd: f64,
    /// The same at the level of assumptions that saves least.
    pub saving_low_usd: f64,
    /// The same at the level that saves most.
    pub saving_high_usd: f64,
    /// What has been saved by the end of the month, less the cost of the migration.
    pub net_usd: f64,
    /// The same at the level of assumptions that saves least.
    pub net_low_usd: f64,
    /// The same at the level that saves most.
    pub net_high_usd: f64,
}

/// `migration_objects.csv`: what each operation can touch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReachRow {
    /// Name of the scenario, or of the inventory's buckets.
    pub scenario: String,
    /// The population, or the bucket.
    pub objects_of: String,
    /// `current` or `old`.
    pub version: String,
    /// How they are encrypted.
    pub encryption: String,
    /// Whether they have a bucket key.
    pub bucket_key: String,
    /// Their storage class.
    pub storage_class: String,
    /// How many.
    pub objects: u64,
    /// Their bytes, if known.
    pub bytes: Option<f64>,
    /// `update` or `copy`.
    pub operation: String,
    /// How many it can give a bucket key.
    pub reached_objects: u64,
    /// How many it leaves as they are.
    pub left_objects: u64,
    /// Why.
    pub obstacle: Option<String>,
}

/// `migration_costs.csv`: what each way costs once, line by line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OneOffRow {
    /// Name of the scenario, or of the inventory's buckets.
    pub scenario: String,
    /// Name of the way.
    pub way: String,
    /// Who charges it.
    pub service: String,
    /// What is charged for.
    pub description: String,
    /// How many.
    pub quantity: u64,
    /// What `quantity` counts.
    pub unit: String,
    /// List price of one.
    #[serde(with = "dollars")]
    #[schemars(with = "f64")]
    pub list_unit_price_usd: Usd,
    /// What is paid, less the discount.
    #[serde(with = "dollars")]
    #[schemars(with = "f64")]
    pub billed_usd: Usd,
}
