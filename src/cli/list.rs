//! `bks list`: what is built in, with dates and sources.

use std::fmt::Write;

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use super::{Found, input, output};
use crate::encryption::assumptions::AssumptionRanges;
use crate::error::{Error, Result};
use crate::kms::{KEY_STORE_QUOTA_PER_S, QUOTA_SOURCE, request_quota_per_s};
use crate::pricing::{FreeTier, PriceTable};
use crate::scenario::file::price_file;
use crate::workload::clients;

/// Show built-in clients, regions, prices and assumptions, with dates and sources.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// What to show; all if not given
    #[arg(value_enum)]
    what: Option<What>,
    /// Region of the prices
    #[arg(long, default_value = "us-east-1")]
    region: String,
    /// Prices from FILE in the place of the built-in ones
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
    /// Print the prices as a price file
    #[arg(long)]
    toml: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// Client profiles: requests for each object read or written
    Clients,
    /// Regions with prices, and their KMS request quota
    Regions,
    /// Prices of one region
    Prices,
    /// What AWS does not publish, with the built-in ranges
    Assumptions,
}

pub(super) fn run(args: &Args) -> Result<Found> {
    if args.toml {
        return list_as_toml(args);
    }
    let mut out = String::new();
    let wanted = |what| args.what.is_none_or(|only| only == what);
    if wanted(What::Clients) {
        list_clients(&mut out);
    }
    if wanted(What::Regions) {
        list_regions(&mut out);
    }
    if wanted(What::Prices) {
        list_prices(args, &mut out)?;
    }
    if wanted(What::Assumptions) {
        list_assumptions(&mut out);
    }
    output::print(&out)?;
    Ok(Found::Done)
}

fn list_clients(out: &mut String) {
    let _ = writeln!(out, "clients: requests for each object, captured in November 2026");
    for row in clients::BUILT_IN {
        let profile = row.profile();
        let (read, write) = (profile.read, profile.write);
        let gets = match read.part_size {
            Some(part) => format!("1 GET for each {part}"),
            None => format!("{} GET", read.get),
        };
        let puts = match write.part_size {
            Some(part) => format!("1 PUT, or parts of {part}"),
            None => format!("{} PUT", write.put),
        };
        let _ = writeln!(out, "  {}: {}", row.name, row.description);
        let _ = writeln!(out, "    read {gets}, {} HEAD, {} LIST", read.head, read.list);
        let _ = writeln!(
            out,
            "    write {puts}, {} HEAD, {} LIST, {} copies",
            write.head, write.list, write.copy
        );
        let _ = writeln!(out, "    source: {}", row.source);
    }
    out.push('\n');
}

fn list_regions(out: &mut String) {
    let _ = writeln!(out, "regions with built-in prices: KMS requests a second by default");
    for region in PriceTable::regions() {
        let _ = writeln!(out, "  {region}: {}", request_quota_per_s(region));
    }
    let _ = writeln!(
        out,
        "  keys in one custom key store: {KEY_STORE_QUOTA_PER_S} of these\n  source: {QUOTA_SOURCE}"
    );
    let others: Vec<&str> = PriceTable::regions_without_prices().collect();
    let _ = writeln!(
        out,
        "  without built-in prices, which `--prices FILE` gives: {}\n",
        others.join(", ")
    );
}

/// Prints prices as a file to give back, or to fill in.
fn list_as_toml(args: &Args) -> Result<Found> {
    if args.what.is_some_and(|what| what != What::Prices) {
        return Err(Error::request("`--toml` is given, but only prices are written as a file")
            .hint("`bks list prices --toml`"));
    }
    // What is not known is left to be filled in.
    let table = input::price_table(&args.region, args.prices.as_deref(), &[])?;
    output::print(&price_file(&table))?;
    Ok(Found::Done)
}

fn list_prices(args: &Args, out: &mut String) -> Result<()> {
    let table = match &args.prices {
        Some(path) => input::price_table(&args.region, Some(path), &[])?,
        None => PriceTable::for_region(&args.region).map_err(|error| error.at("--region"))?,
    };
    let _ = writeln!(out, "prices of {}: name, price, how sure, date, source", table.region());
    for entry in table.entries() {
        let _ = writeln!(
            out,
            "  {}: {}, {}, {}\n    {}",
            entry.name,
            entry.price,
            entry.certainty,
            entry.date.as_deref().unwrap_or("no date"),
            entry.source
        );
    }
    let free = table.free_tier();
    let _ = writeln!(
        out,
        "  {}: {} KMS requests a month for an organization, {}\n    {}\n",
        FreeTier::NAME,
        free.requests_a_month,
        free.certainty,
        free.source
    );
    Ok(())
}

fn list_assumptions(out: &mut String) {
    let ranges = AssumptionRanges::default();
    let _ = writeln!(out, "assumptions: what AWS does not publish, low / assumed / high");
    for [name, low, assumed, high] in ranges.rows() {
        let _ = writeln!(out, "  {name}: {low} / {assumed} / {high}");
    }
    let _ = writeln!(out, "  migration_rate: {}", ranges.migration_rate);
    let _ = writeln!(
        out,
        "  basis of generation_lifetime: AWS gives none; SQS uses a data key for 1min to 24h, 5min unless told; \
         Kinesis\n    for 5min; Huawei OBS's near copy rotates its bucket key every 365 days, so the upper end is \
         open\n  basis of cache_lifetime: AWS gives none; Huawei OBS about 3min; DynamoDB 5min\n  \
         basis of partitions: fitted to two published cases\n  basis of verify_on_write: documented for replicas \
         of S3 replication, inferred for other writes"
    );
}
