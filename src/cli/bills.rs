//! Bills on the command line: files of any format, archives, and folders of parts.

mod bill_folder;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{Cursor, Read, Seek};
use std::path::{Path, PathBuf};

use super::logs::files::{open, unreadable};
use crate::bill::{self, BillFormat, KmsBill, cloudwatch};
use crate::error::{Error, Result};
use crate::logs::compression::decompressed;
use crate::logs::{archive, other_format};

/// Most bytes of a manifest.
const MANIFEST_MAX: u64 = 64 << 20;

/// How many folders above a manifest may hold its parts.
const FOLDERS: usize = 5;

/// Ends of names that parts of a bill have.
const ENDS: [&str; 6] = [".csv", ".gz", ".zst", ".zip", ".parquet", ".tsv"];

/// Reads bills, of which none may tell again what another one does.
pub(super) fn read_all(paths: &[PathBuf]) -> Result<Vec<KmsBill>> {
    let mut bills = Vec::new();
    let mut seen = ToldBefore::default();
    for path in paths {
        let bill = read(path)?;
        seen.take(path, &bill)?;
        bills.push(bill);
    }
    Ok(bills)
}

/// The lines of KMS requests of some bills, by what each tells.
#[derive(Default)]
struct ToldBefore {
    bills: BTreeMap<PathBuf, HashSet<(i64, i64, u64)>>,
}

/// A bill tells what another one does if so many of its lines at least, and such a part of them, are in that one.
const SAME_LINES: (usize, f64) = (3, 0.9);

impl ToldBefore {
    /// Takes the lines of another bill, or of a part of one that lies elsewhere. Metrics of several calls may well be
    /// equal, and are not compared.
    fn take(&mut self, path: &Path, bill: &KmsBill) -> Result<()> {
        if bill.format == BillFormat::CloudWatch {
            return Ok(());
        }
        let lines = bill.lines.iter().filter(|line| line.requests != 0.0);
        let own: HashSet<_> =
            lines.map(|line| (line.from_ns, line.to_ns, line.requests.to_bits())).collect();
        for (other, lines) in &self.bills {
            let same = own.intersection(lines).count();
            let fewer = own.len().min(lines.len());
            if same >= SAME_LINES.0 && same as f64 >= SAME_LINES.1 * fewer as f64 {
                return Err(Error::request(format!(
                    "{same} of its {} lines of KMS requests, by time and quantity, are in `{}`, too, and would count \
                     twice",
                    own.len(),
                    other.display()
                ))
                .at(path.display().to_string())
                .hint(
                    "leave one of them out; of a folder with several versions of a report copy the manifest beside \
                     their folders, too, which says which is in force",
                ));
            }
        }
        self.bills.insert(path.to_owned(), own);
        Ok(())
    }
}

/// Reads a bill: a file, its manifest or a folder with its parts.
pub(super) fn read(path: &Path) -> Result<KmsBill> {
    let place = path.display().to_string();
    let mut parts = Vec::new();
    if path.is_dir() {
        parts = bill_folder::parts(path)?;
        if parts.is_empty() {
            return Err(Error::request("the folder has no part of a bill")
                .at(place)
                .hint("give CSV or Parquet, plain, compressed or in a ZIP archive"));
        }
    } else if let Some(BillManifest { keys, .. }) = manifest(path)? {
        parts = keys.iter().map(|key| part(path, key)).collect::<Result<_>>()?;
        parts.sort();
        parts.dedup();
    } else {
        parts.push(path.to_owned());
    }
    // What lies in one folder is of one version.
    let mut folders: BTreeMap<PathBuf, KmsBill> = BTreeMap::new();
    for part in parts {
        let folder = part.parent().unwrap_or(Path::new("")).to_owned();
        for invoice in file(&part)? {
            match folders.entry(folder.clone()) {
                Entry::Vacant(new) => drop(new.insert(invoice)),
                Entry::Occupied(mut known) => merge(known.get_mut(), invoice, &part)?,
            }
        }
    }
    let mut seen = ToldBefore::default();
    let mut whole: Option<KmsBill> = None;
    for (folder, invoice) in folders {
        seen.take(&folder, &invoice)?;
        match &mut whole {
            None => whole = Some(invoice),
            Some(whole) => merge(whole, invoice, &folder)?,
        }
    }
    let whole = whole.ok_or_else(|| Error::request("the bill is empty").at(&place))?;
    whole.checked().map_err(|error| error.at(place))
}

/// Adds a part that lies at `path`.
fn merge(whole: &mut KmsBill, part: KmsBill, path: &Path) -> Result<()> {
    whole.merge(part).map_err(|error| error.at(path.display().to_string()))
}

/// What a file holds: one bill, those in an archive, or none if it is empty, as exports leave parts that they no
/// longer need. A pipe is read once, from its beginning.
fn file(path: &Path) -> Result<Vec<KmsBill>> {
    let place = path.display().to_string();
    let mut file = open(path)?;
    let head = head(&mut file).map_err(|error| unreadable(path, &error))?;
    let is_parquet = other_format::is_parquet(&head);
    if !is_parquet && !archive::is_archive(&head) {
        let bytes = decompressed(Cursor::new(head).chain(file));
        let mut bytes = bytes.map_err(|error| unreadable(path, &error))?;
        let head = self::head(&mut bytes).map_err(|error| unreadable(path, &error))?;
        if head.is_empty() {
            return Ok(Vec::new());
        }
        return bill::part(Cursor::new(head).chain(bytes), &place).map(|part| vec![part]);
    }
    if !path.is_file() {
        return Err(Error::request("Parquet and ZIP archives are read from files, not from pipes")
            .at(place)
            .hint("save it as a file first"));
    }
    file.rewind().map_err(|error| unreadable(path, &error))?;
    if is_parquet {
        return bill::parquet_part(file, &place).map(|part| vec![part]);
    }
    let entries = archive::entries(&file).map_err(|error| error.at(&place))?;
    let parts = entries.iter().filter(|entry| is_part(&entry.name.to_ascii_lowercase()));
    parts.map(|entry| packed(path, entry)).collect()
}

/// A bill in an archive.
fn packed(archive: &Path, entry: &archive::ArchivedFile) -> Result<KmsBill> {
    let place = format!("{}/{}", archive.display(), entry.name);
    let bytes = File::open(archive).and_then(|file| entry.open(file)).and_then(decompressed);
    let begun = bytes.and_then(|mut bytes| Ok((head(&mut bytes)?, bytes)));
    let (head, bytes) = begun.map_err(|error| unreadable(Path::new(&place), &error))?;
    if other_format::is_parquet(&head) {
        return Err(Error::request("the file is Parquet, which is not read out of an archive")
            .at(&place)
            .hint("unpack the archive and give the file, or the folder of all"));
    }
    bill::part(Cursor::new(head).chain(bytes), &place)
}

/// The first bytes of a file, by which its format is known.
fn head(source: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    source.take(8).read_to_end(&mut head)?;
    Ok(head)
}

fn is_part(name: &str) -> bool {
    ENDS.iter().any(|end| name.ends_with(end))
}

/// What a bill's manifest says.
struct BillManifest {
    /// The keys of its parts.
    keys: Vec<String>,
    /// Whether it is that of a Cost and Usage Report, each version of which has a folder of its own.
    has_assembly: bool,
}

/// What a manifest says; `None` if the file is none.
fn manifest(path: &Path) -> Result<Option<BillManifest>> {
    if path.extension().is_none_or(|end| !end.eq_ignore_ascii_case("json")) {
        return Ok(None);
    }
    let mut text = Vec::new();
    let read = open(path)?.take(MANIFEST_MAX).read_to_end(&mut text);
    read.map_err(|error| unreadable(path, &error))?;
    let place = path.display().to_string();
    bill::refuse_other(&text[..text.len().min(1 << 10)]).map_err(|error| error.at(&place))?;
    let first = cloudwatch::documents::<serde_json::Value>(&text).next();
    let manifest = first.and_then(std::result::Result::ok).unwrap_or_default();
    if cloudwatch::is_metrics(&manifest) {
        return Ok(None);
    }
    let manifest = BillManifest::of(&manifest).ok_or_else(|| {
        Error::request("the file is not a bill's manifest").at(&place).hint(
            "give a FOCUS export or a Cost and Usage Report, its manifest or its folder, or what \
                 `aws cloudwatch get-metric-data --output json` prints; of another bill type the number of \
                 KMS requests by `--known-calls`",
        )
    })?;
    if manifest.keys.is_empty() {
        return Err(Error::request("the manifest lists no file").at(&place));
    }
    Ok(Some(manifest))
}

impl BillManifest {
    /// That of a Cost and Usage Report names keys, that of Data Exports addresses.
    fn of(json: &serde_json::Value) -> Option<Self> {
        let listed = ["reportKeys", "dataFiles"].iter().find_map(|name| json[name].as_array())?;
        Some(Self {
            keys: listed.iter().filter_map(|key| key.as_str().map(str::to_owned)).collect(),
            has_assembly: json["assemblyId"].is_string(),
        })
    }
}

/// Where a part lies that a manifest lists: beside it, or under a folder above it as in the bucket.
fn part(manifest: &Path, key: &str) -> Result<PathBuf> {
    let names: Vec<&str> = key.split('/').filter(|name| !name.is_empty()).collect();
    let leads_out = names.iter().any(|name| *name == ".." || name.contains(['\\', '\0']));
    let is_part = names.last().is_some_and(|name| is_part(&name.to_ascii_lowercase()));
    let folders: Vec<&Path> = manifest.ancestors().skip(1).take(FOLDERS).collect();
    let mut places = (0..names.len()).flat_map(|from| {
        let below: PathBuf = names[from..].iter().collect();
        folders.iter().map(move |folder| folder.join(&below))
    });
    let found = places.find(|place| place.is_file()).filter(|_| is_part && !leads_out);
    found.ok_or_else(|| {
        Error::request(format!("the part `{key}` is not there"))
            .at(manifest.display().to_string())
            .hint("copy the bucket's folder as it is, manifest and parts alike, or give the parts' folder")
    })
}
