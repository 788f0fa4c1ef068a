//! `bks inventory`: what an S3 Inventory says of bucket keys.

pub(super) mod files;

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, ValueEnum};

use super::logs::files::{open, unreadable};
use super::{Found, input, output};
use crate::error::{Error, Result};
use crate::inventory::manifest::{self, DataFileFormat};
use crate::inventory::tally::InventoryCounts;
use crate::inventory::versions::Versions;
use crate::inventory::{InventoryColumn, InventoryItem, csv_file};
use crate::pricing::PriceName;
use crate::report::inventory::{self as report, Inventory};
use crate::report::text;
use crate::scenario::population;
use crate::units::parse_utc;
use files::Listing;

/// Read S3 Inventory: objects by encryption, bucket key, class and age, and what a migration touches.
///
/// Give `manifest.json`: its checksum and those of its data files are verified, and the files are found
/// under the folders that hold it. Data files alone, CSV (plain or compressed) or Parquet, need `--as-of`,
/// and CSV without a line of column names needs `--schema`.
///
/// S3 Metadata's live inventory and journal are read as well, as Parquet or as CSV with its column names:
/// give the data files that a query wrote, and when it ran as `--as-of`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// `manifest.json` files, or data files
    #[arg(required = true, value_name = "MANIFEST|FILE")]
    paths: Vec<PathBuf>,
    /// When data files were made: ages count from here, e.g., 2026-11-20
    #[arg(long, value_name = "DATE", value_parser = parse_utc)]
    as_of: Option<i64>,
    /// Columns of CSV files without a manifest, as its `fileSchema` has them
    #[arg(long, value_name = "COLUMNS")]
    schema: Option<String>,
    /// Write the objects as [[population]] tables, for the end of a scenario; `-` prints them alone
    #[arg(long, value_name = "FILE")]
    population: Option<PathBuf>,
    /// Region whose prices the migration's cost has
    #[arg(long, default_value = "us-east-1")]
    region: String,
    /// Prices from FILE in the place of the built-in ones (`bks list prices --toml` prints such a file)
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Print neither table nor notes; another format asked for still comes
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a person
    Table,
    /// For programs
    Json,
    /// One row for each bucket, version, encryption, bucket key status and class
    Csv,
}

/// What a migration costs.
const NEEDED: [PriceName; 5] = [
    PriceName::KmsRequest,
    PriceName::S3Put,
    PriceName::BatchJob,
    PriceName::BatchObject,
    PriceName::BatchManifestObject,
];

/// What a bucket is called of which a data file says nothing.
const UNTOLD_BUCKET: &str = "untold";

/// What has been read so far.
#[derive(Default)]
struct Reading {
    tally: InventoryCounts,
    missing: BTreeSet<InventoryColumn>,
    sources: BTreeSet<String>,
    as_of_ns: Option<i64>,
    /// Rows of tables that do not say which version is the current one.
    versions: Versions,
}

pub(super) fn run(args: &Args) -> Result<Found> {
    let prices = input::price_table(&args.region, args.prices.as_deref(), &NEEDED)?;
    let mut reading = Reading { as_of_ns: args.as_of, ..Reading::default() };
    for path in &args.paths {
        match kind(path)? {
            Given::Manifest => reading.manifest(path, args)?,
            Given::Parquet => reading.loose(path, DataFileFormat::Parquet, args)?,
            Given::Csv => reading.loose(path, DataFileFormat::Csv, args)?,
        }
    }
    if reading.missing.contains(&InventoryColumn::EncryptionStatus) {
        return Err(Error::request(
            "there is no `EncryptionStatus`, so which objects call KMS cannot be said",
        )
        .at(args.paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" "))
        .hint("add the field to the inventory's configuration; the next inventory has it"));
    }
    let as_of_ns = reading.as_of_ns.unwrap_or_default();
    let of_journal = reading.versions.changed();
    let Reading { mut tally, missing, versions, .. } = reading;
    versions.finish(&mut |item| tally.add(item, UNTOLD_BUCKET, as_of_ns));
    let inventory = Inventory { as_of_ns, tally: &tally, missing: &missing, of_journal };
    if let Some(path) = &args.population {
        write_population(path, &tally, args.quiet)?;
    }
    match args.format {
        Format::Table if args.quiet => {}
        // Standard output has the populations, and nothing else.
        _ if args.population.as_deref().is_some_and(output::is_stdout) => {}
        Format::Table => {
            let document = report::document(&inventory, &prices);
            output::print(&text::write(&document, output::terminal_width()))?;
        }
        Format::Json => output::print_json(&report::json(&inventory, &prices))?,
        Format::Csv => output::print(&report::csv(&inventory))?,
    }
    Ok(Found::Done)
}

fn write_population(path: &Path, tally: &InventoryCounts, quiet: bool) -> Result<()> {
    let populations = population::populations(tally);
    if populations.is_empty() {
        return Err(Error::request(
            "the inventory has no population: no current object under SSE-KMS or SSE-S3 tells its age",
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
        return Err(Error::request("there is a folder, but an inventory is a file")
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
    /// Reads a manifest and its files.
    fn manifest(&mut self, path: &Path, args: &Args) -> Result<()> {
        let listing = Listing::open(path, args.quiet)?;
        let manifest = &listing.manifest;
        if !self.sources.insert(manifest.source_bucket.clone()) {
            return Err(Error::request(format!(
                "the bucket `{}` has an inventory already, but its objects must count once",
                manifest.source_bucket
            ))
            .at(path.display().to_string())
            .hint("give one manifest for each bucket"));
        }
        // Where several inventories are read, ages are as of each; the newest is shown.
        let as_of_ns = args.as_of.unwrap_or(manifest.created_ns);
        self.as_of_ns = self.as_of_ns.max(Some(as_of_ns));
        let tally = &mut self.tally;
        let found = listing.read(false, &mut |item| {
            tally.add(item, &manifest.source_bucket, as_of_ns);
        })?;
        if manifest.files.is_empty() && !args.quiet {
            output::note(&format!(
                "{}: the inventory of `{}` lists no data file: the bucket was empty when it was made",
                path.display(),
                manifest.source_bucket
            ));
        }
        self.miss(&found);
        Ok(())
    }

    /// Reads a data file without its manifest.
    fn loose(&mut self, path: &Path, format: DataFileFormat, args: &Args) -> Result<()> {
        let place = path.display().to_string();
        let as_of_ns = args.as_of.ok_or_else(|| {
            Error::request("a data file does not say when it was made, but ages count from then")
                .at(&place)
                .hint("give its `manifest.json`, or the date: `--as-of 2026-11-20`")
        })?;
        let columns = match (format, &args.schema) {
            (DataFileFormat::Parquet, _) => None,
            (DataFileFormat::Csv, Some(schema)) => Some(csv_file::columns(schema)),
            (DataFileFormat::Csv, None) => {
                let header = csv_file::header(open(path)?);
                Some(header.map_err(|error| error.at(&place))?)
            }
        };
        let named = format == DataFileFormat::Csv && args.schema.is_none();
        let Self { tally, versions, .. } = self;
        let mut each = |item: &InventoryItem| {
            if !versions.take(item) {
                tally.add(item, UNTOLD_BUCKET, as_of_ns);
            }
        };
        let columns =
            files::DataFileColumns { listed: columns.unwrap_or_default(), named, keys: false };
        let found = files::read_file(path, format, &columns, &mut each)?;
        self.miss(&found.into_iter().collect());
        Ok(())
    }

    /// Notes what a file does not have.
    fn miss(&mut self, found: &BTreeSet<InventoryColumn>) {
        let lacks =
            |column: &&InventoryColumn| column.is_of_inventories() && !found.contains(*column);
        self.missing.extend(InventoryColumn::ALL.iter().filter(lacks));
        // A table that orders an object's rows tells by that which version is the current one.
        if found.contains(&InventoryColumn::SequenceNumber) {
            self.missing.remove(&InventoryColumn::IsLatest);
        }
    }
}
