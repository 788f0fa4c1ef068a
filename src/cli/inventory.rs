//! `bks inventory`: what an S3 Inventory says of bucket keys.

pub(super) mod files;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::args::{self, OutputFormat, OverwriteFile, Print};
use super::exit::Exit;
use super::logs::files::{open, unreadable};
use super::{input, output};
use crate::error::{Error, Result};
use crate::harmless_text::named;
use crate::inventory::manifest::{self, DataFileFormat};
use crate::inventory::tally::InventoryCounts;
use crate::inventory::versions::Versions;
use crate::inventory::{InventoryColumn, InventoryItem, csv_file};
use crate::pricing::PriceName;
use crate::report::inventory::{self as report, Inventory};
use crate::scenario::population;
use files::Listing;

/// Summarize S3 Inventory: encryption, bucket keys, age, and what a migration touches
///
/// Give manifest.json: its checksum and those of the data files are verified, and the files are found below the
/// directories that contain it. Data files alone, CSV (plain or compressed) or Parquet, need `--as-of`; CSV
/// without a header also needs `--schema`.
///
/// S3 Metadata's live inventory and journal tables are read as Parquet, or as CSV with a header: give the files that
/// a query wrote, and the time of the query as `--as-of`.
///
/// `--format csv` prints a row for each bucket, version, encryption, bucket key status and class.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    bks inventory inventory/2026-11-20T01-00Z/manifest.json\n  \
    bks inventory data.parquet --as-of 2026-11-20 --population populations.toml")]
pub(super) struct InventoryArgs {
    /// manifest.json files, or data files
    #[arg(required = true, value_name = "MANIFEST|FILE")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    options: InventoryOptions,
    /// Write the objects as [[population]] tables for a scenario; `-` prints them alone
    #[arg(long, value_name = "FILE")]
    population: Option<PathBuf>,
    #[command(flatten)]
    replace: OverwriteFile,
    /// Price file; overrides the built-in prices (`bks list prices --toml` prints one to start from)
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
    #[command(flatten)]
    print: Print,
}

/// Heading of the options that say how an inventory is read.
pub(super) const INVENTORY_OPTIONS: &str = "Inventory options";

/// How an inventory's files are to be read and priced.
#[derive(Debug, Args)]
#[command(next_help_heading = INVENTORY_OPTIONS)]
pub(super) struct InventoryOptions {
    /// When the data files were written, e.g., 2026-11-20; ages count from then
    #[arg(long, value_name = "DATE", value_parser = args::time)]
    as_of: Option<i64>,
    /// Columns of CSV files without a header, as in a manifest's `fileSchema`
    #[arg(long, value_name = "COLUMNS")]
    schema: Option<String>,
    /// Only objects whose keys begin with this, e.g., logs/2026/
    #[arg(long, value_name = "PREFIX")]
    prefix: Option<String>,
    /// Region of the prices in an inventory's migration
    #[arg(long, default_value = "us-east-1")]
    pub(super) region: String,
}

impl InventoryOptions {
    /// Whether an object counts.
    fn takes(&self, item: &InventoryItem) -> bool {
        self.prefix.as_deref().is_none_or(|prefix| item.has_prefix(prefix))
    }
}

/// What a migration costs.
pub(super) const NEEDED: [PriceName; 5] = [
    PriceName::KmsRequest,
    PriceName::S3Put,
    PriceName::BatchJob,
    PriceName::BatchObject,
    PriceName::BatchManifestObject,
];

/// What a bucket is called of which a data file says nothing.
const UNKNOWN_BUCKET: &str = "unknown";

/// What has been read so far.
#[derive(Default)]
pub(super) struct Reading {
    pub(super) tally: InventoryCounts,
    missing: BTreeSet<InventoryColumn>,
    sources: BTreeSet<String>,
    as_of_ns: Option<i64>,
    /// Rows of tables that do not say which version is the current one.
    versions: Versions,
    /// Objects that a journal tells of.
    of_journal: u64,
}

pub(super) fn run(args: &InventoryArgs) -> Result<Exit> {
    if let Some(path) = &args.population {
        output::refuse_existing(path, args.replace.overwrite)?;
    }
    let region = &args.options.region;
    let prices = input::price_table(region, args.prices.as_deref(), &NEEDED)?;
    let Reading { tally, missing, as_of_ns, of_journal, .. } =
        Reading::of(&args.paths, &args.options, args.print.quiet.quiet)?;
    let as_of_ns = as_of_ns.unwrap_or_default();
    let inventory = Inventory { as_of_ns, tally: &tally, missing: &missing, of_journal };
    if let Some(path) = &args.population {
        write_population(path, &tally, args.print.quiet.quiet)?;
        // Standard output has the populations, and nothing else.
        if output::is_stdout(path) {
            return Ok(Exit::Done);
        }
    }
    args.print.print(|format| match format {
        OutputFormat::Json => output::json(&report::json(&inventory, &prices)),
        OutputFormat::Csv => report::csv(&inventory),
        _ => format.document(&report::document(&inventory, &prices)),
    })?;
    Ok(Exit::Done)
}

fn write_population(path: &Path, tally: &InventoryCounts, quiet: bool) -> Result<()> {
    let populations = population::populations(tally);
    if populations.is_empty() {
        return Err(Error::request(
            "the inventory has no current object under SSE-KMS or SSE-S3 with a known age",
        )
        .at("--population"));
    }
    let number = populations.len();
    let text = population::fragment(populations);
    output::write_whole(path, |file| file.write_all(text.as_bytes()))?;
    if !quiet && !output::is_stdout(path) {
        let populations = if number == 1 { "population" } else { "populations" };
        output::note(&format!("wrote {}: {number} {populations}", path.display()));
    }
    Ok(())
}

/// What a path on the command line is.
enum Given {
    Manifest,
    Csv,
    Parquet,
}

fn kind(path: &Path) -> Result<Given> {
    let place = path.display().to_string();
    if path.is_dir() {
        return Err(Error::request("this is a directory, but an inventory is a file")
            .at(place)
            .hint("give the `manifest.json` in it"));
    }
    let mut head = Vec::new();
    open(path)?.take(4).read_to_end(&mut head).map_err(|error| unreadable(path, &error))?;
    match head.as_slice() {
        b"PAR1" => Ok(Given::Parquet),
        [b'O', b'R', b'C', ..] => Err(manifest::orc(&place)),
        [b'{', ..] => Ok(Given::Manifest),
        _ if path.extension().is_some_and(|end| end == "json") => Ok(Given::Manifest),
        _ => Ok(Given::Csv),
    }
}

impl Reading {
    /// Reads an inventory's files.
    pub(super) fn of(paths: &[PathBuf], options: &InventoryOptions, quiet: bool) -> Result<Self> {
        let mut reading = Self { as_of_ns: options.as_of, ..Self::default() };
        for path in paths {
            match kind(path)? {
                Given::Manifest => reading.manifest(path, options, quiet)?,
                Given::Parquet => reading.loose(path, DataFileFormat::Parquet, options)?,
                Given::Csv => reading.loose(path, DataFileFormat::Csv, options)?,
            }
        }
        if reading.missing.contains(&InventoryColumn::EncryptionStatus) {
            return Err(Error::request(
                "without `EncryptionStatus` there is no telling which objects call KMS",
            )
            .at(paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" "))
            .hint("add the field to the inventory's configuration and use the next inventory"));
        }
        let as_of_ns = reading.as_of_ns.unwrap_or_default();
        let versions = std::mem::take(&mut reading.versions);
        reading.of_journal = versions.changed();
        versions.finish(&mut |item| {
            if options.takes(item) {
                reading.tally.add(item, UNKNOWN_BUCKET, as_of_ns);
            }
        });
        reading.check_prefix(paths, options)?;
        Ok(reading)
    }

    /// Reads a manifest and its files.
    fn manifest(&mut self, path: &Path, options: &InventoryOptions, quiet: bool) -> Result<()> {
        let listing = Listing::open(path, quiet)?;
        let manifest = &listing.manifest;
        if !self.sources.insert(manifest.source_bucket.clone()) {
            return Err(Error::request(format!(
                "the bucket `{}` has two inventories, but its objects must count once",
                manifest.source_bucket
            ))
            .at(path.display().to_string())
            .hint("give one manifest for each bucket"));
        }
        // Where several inventories are read, ages are as of each; the newest is shown.
        let as_of_ns = options.as_of.unwrap_or(manifest.created_ns);
        self.as_of_ns = self.as_of_ns.max(Some(as_of_ns));
        let tally = &mut self.tally;
        let found = listing.read(options.prefix.is_some(), &mut |item| {
            if options.takes(item) {
                tally.add(item, &manifest.source_bucket, as_of_ns);
            }
        })?;
        if manifest.files.is_empty() && !quiet {
            output::note(&format!(
                "{}: the inventory of `{}` lists no data file: the bucket was empty",
                path.display(),
                manifest.source_bucket
            ));
        }
        self.miss(&found);
        Ok(())
    }

    /// Reads a data file without its manifest.
    fn loose(
        &mut self,
        path: &Path,
        format: DataFileFormat,
        options: &InventoryOptions,
    ) -> Result<()> {
        let place = path.display().to_string();
        let as_of_ns = options.as_of.ok_or_else(|| {
            Error::request("a data file does not say when it was written, but ages count from then")
                .at(&place)
                .hint("give its `manifest.json`, or the date: `--as-of 2026-11-20`")
        })?;
        let columns = match (format, &options.schema) {
            (DataFileFormat::Parquet, _) => None,
            (DataFileFormat::Csv, Some(schema)) => Some(csv_file::columns(schema)),
            (DataFileFormat::Csv, None) => {
                let header = csv_file::header(open(path)?);
                Some(header.map_err(|error| error.at(&place))?)
            }
        };
        let named = format == DataFileFormat::Csv && options.schema.is_none();
        let Self { tally, versions, .. } = self;
        let columns = files::DataFileColumns {
            listed: columns.unwrap_or_default(),
            named,
            keys: options.prefix.is_some(),
        };
        let found = files::read_file(path, format, &columns, &mut |item| {
            if !versions.take(item) && options.takes(item) {
                tally.add(item, UNKNOWN_BUCKET, as_of_ns);
            }
        })?;
        self.miss(&found.into_iter().collect());
        Ok(())
    }

    /// Refuses a prefix that no key begins with, or where there are no keys.
    fn check_prefix(&self, paths: &[PathBuf], options: &InventoryOptions) -> Result<()> {
        let Some(prefix) = &options.prefix else { return Ok(()) };
        let places: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        if self.missing.contains(&InventoryColumn::Key) {
            return Err(Error::request("`--prefix` needs keys, but there is no column `Key`")
                .at(places.join(" ")));
        }
        if self.tally.buckets.values().all(BTreeMap::is_empty) {
            return Err(Error::request(format!("no key begins with `{}`", named(prefix)))
                .at(places.join(" "))
                .hint("give the beginning of keys, without the bucket: `--prefix logs/2026/`"));
        }
        Ok(())
    }

    /// Notes what a file does not have.
    fn miss(&mut self, found: &BTreeSet<InventoryColumn>) {
        let expected = InventoryColumn::ALL.iter().filter(|column| column.is_of_inventories());
        self.missing.extend(expected.filter(|column| !found.contains(column)));
        // A table that orders an object's rows tells by that which version is the current one.
        if found.contains(&InventoryColumn::SequenceNumber) {
            self.missing.remove(&InventoryColumn::IsLatest);
        }
    }
}
