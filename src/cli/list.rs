//! `bks list`: what is built in, with dates and sources.

use std::fmt::Write;

use clap::{Args as ClapArgs, ValueEnum};

use super::{Found, output};
use crate::encryption::assumptions::AssumptionRanges;
use crate::error::Result;
use crate::kms::{QUOTA_SOURCE, request_quota_per_s};
use crate::pricing::{FreeTier, PriceTable};
use crate::workload::clients;
use crate::workload::pools::pool;

/// Show built-in clients, regions, prices and assumptions, with dates and sources.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// What to show; all if not given
    #[arg(value_enum)]
    what: Option<What>,
    /// Region of the prices
    #[arg(long, default_value = "us-east-1")]
    region: String,
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
    let mut out = String::new();
    let wanted = |what| args.what.is_none_or(|only| only == what);
    if wanted(What::Clients) {
        list_clients(&mut out);
    }
    if wanted(What::Regions) {
        list_regions(&mut out);
    }
    if wanted(What::Prices) {
        list_prices(&args.region, &mut out)?;
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
        if let Some(pool) = pool(row.name) {
            let sure = if pool.is_documented { "documented" } else { "assumed" };
            let _ = writeln!(out, "    connections {}, {sure}: {}", pool.connections, pool.source);
        }
    }
    out.push('\n');
}

fn list_regions(out: &mut String) {
    let _ = writeln!(out, "regions with built-in prices: KMS requests a second by default");
    for region in PriceTable::regions() {
        let _ = writeln!(out, "  {region}: {}", request_quota_per_s(region));
    }
    let _ = writeln!(out, "  source: {QUOTA_SOURCE}");
    out.push('\n');
}

fn list_prices(region: &str, out: &mut String) -> Result<()> {
    let table = PriceTable::for_region(region)?;
    let _ = writeln!(out, "prices of {}: name, price, how sure, date, source", table.region());
    for entry in table.entries() {
        let _ = writeln!(
            out,
            "  {}: {}, {}, {}\n    {}",
            entry.name,
            entry.price,
            entry.certainty,
            entry.date.unwrap_or("no date"),
            entry.source
        );
    }
    let free = table.free_tier();
    let _ = writeln!(
        out,
        "  {}: {} KMS requests a month, {}\n    {}\n",
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
        "  basis: AWS gives no lifetime; Huawei OBS says about 3 minutes, SQS, DynamoDB and Kinesis 5;\n  \
         hosts are fitted to published counts (docs/model.md, \"Fan-out\"); that the verifying Decrypt\n  \
         exists is documented\n  \
         `write_partitions` and `read_partitions` take the place of `cache_hosts`, for who knows better"
    );
}
