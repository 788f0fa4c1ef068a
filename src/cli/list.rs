//! `bks list`: what is built in, with dates and sources.

use std::fmt::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::exit::Exit;
use super::{input, output};
use crate::encryption::assumption::{Assumption, Range};
use crate::error::{Error, Result};
use crate::kms::{KEY_STORE_QUOTA_PER_S, QUOTA_SOURCE, request_quota_per_s};
use crate::pricing::{FreeTier, PriceTable};
use crate::scenario::written::price_file;
use crate::units::ByteSize;
use crate::workload::clients::{self, ClientProfile, PART_LIMIT, ReadRequests};
use crate::workload::pools::pool;

/// Show built-in clients, regions, prices and assumptions, with dates and sources
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    bks list prices --region eu-central-1\n  \
    bks list prices --toml > prices.toml")]
pub(super) struct ListArgs {
    /// What to show [default: all]
    #[arg(value_enum)]
    what: Option<ListTopic>,
    /// Region of the prices
    #[arg(long, default_value = "us-east-1")]
    region: String,
    /// Price file; overrides the built-in prices
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
    /// Print the prices as a price file
    #[arg(long)]
    toml: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ListTopic {
    /// Client profiles: requests per object read or written
    Clients,
    /// Regions with prices, and their KMS request quota
    Regions,
    /// Prices of one region
    Prices,
    /// Assumptions about what AWS does not publish, with ranges
    Assumptions,
}

impl ListArgs {
    fn wants(&self, what: ListTopic) -> bool {
        self.what.is_none_or(|only| only == what)
    }
}

pub(super) fn run(args: &ListArgs) -> Result<Exit> {
    if args.toml {
        return list_as_toml(args);
    }
    let mut out = String::new();
    if args.wants(ListTopic::Clients) {
        list_clients(&mut out);
    }
    if args.wants(ListTopic::Regions) {
        list_regions(&mut out);
    }
    if args.wants(ListTopic::Prices) {
        list_prices(args, &mut out)?;
    }
    if args.wants(ListTopic::Assumptions) {
        list_assumptions(&mut out);
    }
    output::print(&out)?;
    Ok(Exit::Done)
}

fn list_clients(out: &mut String) {
    let _ = writeln!(
        out,
        "clients: requests for each object, captured in November 2026, documented or assumed"
    );
    for row in clients::BUILT_IN {
        let ClientProfile { read, write, copy, .. } = row.profile();
        let _ = writeln!(out, "  {}: {}", row.name, row.description);
        if !row.aliases.is_empty() {
            let _ = writeln!(out, "    also called {}", row.aliases.join(", "));
        }
        let _ = writeln!(out, "    read {}, {} HEAD, {} LIST", gets(read), read.head, read.list);
        let _ = writeln!(
            out,
            "    write {}, {} HEAD, {} LIST, {} copies, {} PUT of markers",
            moved(&format!("{} PUT", write.put), write.part_size, write.multipart_from),
            write.head,
            write.list,
            write.copy,
            write.marker
        );
        let _ = writeln!(
            out,
            "    copy {}, {} HEAD, {} LIST",
            moved("1 CopyObject", copy.part_size, copy.multipart_from),
            copy.head,
            copy.list
        );
        let _ = writeln!(out, "    source: {}", row.source);
        let _ = writeln!(out, "    sizes: {}", row.sizes);
        if let Some(pool) = pool(row.name) {
            let sure = if pool.is_documented { "documented" } else { "assumed" };
            let _ = writeln!(out, "    connections {}, {sure}: {}", pool.connections, pool.source);
        }
    }
    out.push('\n');
}

/// The GETs of a read.
fn gets(read: ReadRequests) -> String {
    let Some(part) = read.part_size else { return format!("{} GET", read.get) };
    let whole = match read.parts_from {
        Some(from) => format!("{} GET, {} 1 GET for each {part}", read.get, bound(from)),
        None => format!("1 GET for each {part}"),
    };
    match (read.footer > 0.0, read.split_size) {
        (true, Some(split)) => format!("{whole} and {} for each {split}", read.footer),
        (true, None) => format!("{whole} and {}", read.footer),
        (false, _) => whole,
    }
}

/// What moves an object: one request, or parts.
fn moved(whole: &str, part: Option<ByteSize>, from: Option<ByteSize>) -> String {
    match (part.unwrap_or(PART_LIMIT), from) {
        (part, Some(from)) if from.bytes() == 0 => format!("parts of {part}"),
        (part, Some(from)) => format!("{whole}, {} parts of {part}", bound(from)),
        (part, None) => format!("{whole}, above {part} parts of {part}"),
    }
}

/// A least size, which may be one above a round one.
fn bound(from: ByteSize) -> String {
    const MEBIBYTE: u64 = 1 << 20;
    match from.bytes() % MEBIBYTE {
        1 => format!("above {}", ByteSize::of_bytes(from.bytes() - 1)),
        _ => format!("from {from} on"),
    }
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
fn list_as_toml(args: &ListArgs) -> Result<Exit> {
    if args.what.is_some_and(|what| what != ListTopic::Prices) {
        return Err(
            Error::request("`--toml` applies to prices only").hint("`bks list prices --toml`")
        );
    }
    // What is not known is left to be filled in.
    let table = input::price_table(&args.region, args.prices.as_deref(), &[])?;
    output::print(&price_file(&table))?;
    Ok(Exit::Done)
}

fn list_prices(args: &ListArgs, out: &mut String) -> Result<()> {
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
    let _ = writeln!(out, "assumptions: what AWS does not publish, low / assumed / high");
    for assumption in Assumption::ALL {
        let described = assumption.describe();
        let range = match described.built_in {
            Some(Range { low, assumed, high }) if assumption.may_have_range() => {
                format!("{low} / {assumed} / {high}")
            }
            Some(known) => known.assumed.to_string(),
            None => "only if given".to_owned(),
        };
        let _ = writeln!(
            out,
            "  {}: {range}\n    {}\n    basis: {}",
            described.name, described.meaning, described.source
        );
    }
}
