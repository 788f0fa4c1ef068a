//! An inventory's files: the manifest and what it lists, each held against its checksum.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::cli::logs::files::{open, unreadable};
use crate::cli::output;
use crate::error::{Error, Result};
use crate::inventory::manifest::{self, DataFile, DataFileFormat, InventoryManifest};
use crate::inventory::{InventoryColumn, InventoryItem, csv_file, parquet_file};
use crate::logs::other_format::is_parquet;

/// A manifest that agrees with its checksum.
pub(in crate::cli) struct Listing {
    path: PathBuf,
    /// What it says.
    pub(in crate::cli) manifest: InventoryManifest,
    /// Its text.
    pub(in crate::cli) text: Vec<u8>,
}

impl Listing {
    /// Opens a `manifest.json`.
    ///
    /// # Errors
    /// If it cannot be read, is no manifest, or does not agree with its checksum.
    pub(in crate::cli) fn open(path: &Path, quiet: bool) -> Result<Self> {
        let place = path.display().to_string();
        if path.is_dir() {
            return Err(Error::request("this is a directory, but a manifest is a file")
                .at(place)
                .hint("give the `manifest.json` in it"));
        }
        let text = whole(path)?;
        if !text.trim_ascii_start().starts_with(b"{") {
            return Err(Error::request("the file is not an S3 Inventory manifest")
                .at(place)
                .hint(
                    "give the `manifest.json`; the data files are found by it; or give a table with its columns' names, \
                     as Parquet or CSV",
                ));
        }
        let checksum = path.with_extension("checksum");
        if checksum.is_file() {
            let expected = whole(&checksum)?;
            let found = manifest::md5_of(text.as_slice());
            let found = found.map_err(|error| unreadable(path, &error))?;
            manifest::check_md5(&place, &String::from_utf8_lossy(&expected), &found)?;
        } else if !quiet {
            output::note(&format!("{place} has no `manifest.checksum` beside it: not verified"));
        }
        let manifest = InventoryManifest::parse(&text, &place)?;
        Ok(Self { path: path.to_owned(), manifest, text })
    }

    /// Gives each item of its data files, once the file is verified; with its key if `keys` are asked
    /// for. Returns the columns there are.
    ///
    /// # Errors
    /// What is wrong with a file, or that it is not there.
    pub(in crate::cli) fn read(
        &self,
        keys: bool,
        each: &mut dyn FnMut(&InventoryItem),
    ) -> Result<BTreeSet<InventoryColumn>> {
        let listed = csv_file::columns(&self.manifest.schema);
        if self.manifest.files.is_empty() {
            // Of an empty bucket nothing is listed, and nothing is missing.
            return Ok(InventoryColumn::ALL.into());
        }
        let columns = DataFileColumns { listed, named: false, keys };
        let mut found = BTreeSet::new();
        for file in &self.manifest.files {
            let path = self.place_of(file)?;
            let hash = manifest::md5_of(open(&path)?).map_err(|error| unreadable(&path, &error))?;
            manifest::check_md5(&path.display().to_string(), &file.md5, &hash)?;
            check_size(&path, file)?;
            found.extend(read_file(&path, self.manifest.format, &columns, each)?);
        }
        Ok(found)
    }

    fn place_of(&self, file: &DataFile) -> Result<PathBuf> {
        let places = self.manifest.places(&self.path, file);
        places.into_iter().find(|place| place.is_file()).ok_or_else(|| {
            Error::request(format!("the data file `{}` is not there", file.key))
                .at(self.path.display().to_string())
                .hint("copy the destination bucket's folder with its `data` folder")
        })
    }
}

/// Holds a file's size against the manifest's.
fn check_size(path: &Path, file: &DataFile) -> Result<()> {
    let size = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?.len();
    if size == file.size {
        return Ok(());
    }
    Err(Error::request(format!(
        "the file has {size} bytes, but {} according to the manifest",
        file.size
    ))
    .at(path.display().to_string())
    .hint("the file is truncated or belongs to another inventory: download it again"))
}

/// Which columns a data file has, and which of them matter.
pub(super) struct DataFileColumns {
    /// Of CSV: all, in order.
    pub(super) listed: Vec<Option<InventoryColumn>>,
    /// Of CSV: whether its first line names them.
    pub(super) named: bool,
    /// Whether keys are asked for.
    pub(super) keys: bool,
}

/// Gives each item of a data file. Returns the columns there are.
///
/// # Errors
/// What is wrong with the file.
pub(super) fn read_file(
    path: &Path,
    format: DataFileFormat,
    columns: &DataFileColumns,
    each: &mut dyn FnMut(&InventoryItem),
) -> Result<Vec<InventoryColumn>> {
    let place = path.display().to_string();
    match format {
        DataFileFormat::Csv => {
            let DataFileColumns { listed, named, .. } = columns;
            csv_file::read(open(path)?, &place, listed, *named, each)?;
            Ok(listed.iter().flatten().copied().collect())
        }
        DataFileFormat::Parquet => parquet_file::read(open(path)?, &place, columns.keys, each),
    }
}

/// A data file without a manifest that names its columns itself.
pub(in crate::cli) struct DataFileTable {
    format: DataFileFormat,
    columns: DataFileColumns,
}

impl DataFileTable {
    /// A file that is one; `None` if it is none, as a manifest is, or cannot be read.
    pub(in crate::cli) fn of(path: &Path) -> Option<Self> {
        // A pipe is read once.
        let path = Some(path).filter(|path| path.is_file())?;
        let mut head = Vec::new();
        open(path).ok()?.take(4).read_to_end(&mut head).ok()?;
        let (format, listed) = if is_parquet(&head) {
            (DataFileFormat::Parquet, Vec::new())
        } else {
            (DataFileFormat::Csv, csv_file::header(open(path).ok()?).ok()?)
        };
        let named = format == DataFileFormat::Csv;
        Some(Self { format, columns: DataFileColumns { listed, named, keys: true } })
    }

    /// Gives each item. Returns the columns there are.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub(in crate::cli) fn read(
        &self,
        path: &Path,
        each: &mut dyn FnMut(&InventoryItem),
    ) -> Result<Vec<InventoryColumn>> {
        read_file(path, self.format, &self.columns, each)
    }
}

/// A manifest or checksum, which are short: the manifest of a million data files has 200 MB.
fn whole(path: &Path) -> Result<Vec<u8>> {
    const MOST: u64 = 256 << 20;
    let mut text = Vec::new();
    let read = open(path)?.take(MOST + 1).read_to_end(&mut text);
    if read.map_err(|error| unreadable(path, &error))? as u64 > MOST {
        return Err(Error::request(format!(
            "the file is longer than {} MiB, which no manifest is",
            MOST >> 20
        ))
        .at(path.display().to_string()));
    }
    Ok(text)
}
