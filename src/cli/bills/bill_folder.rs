//! The folder of a bill, as it lies in its bucket: parts, and manifests that say which of them are in force.
//!
//! AWS writes a month's report again whenever it changes. A Cost and Usage Report has a folder for each version, its
//! assembly, and keeps the old ones unless it is told to overwrite them; the manifest beside these folders names
//! the current one's parts
//! (<https://docs.aws.amazon.com/cur/latest/userguide/understanding-report-versions.html>). A Data Export that keeps
//! them has a folder for each execution, which begins with its time, in that of the month's partition
//! (<https://docs.aws.amazon.com/cur/latest/userguide/dataexports-export-delivery.html>).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::{is_part, manifest, part};
use crate::cli::logs::files::unreadable;
use crate::cli::output;
use crate::error::Result;
use crate::units::parse_moment;

/// The parts in a folder, in order, without those of versions that another has superseded.
pub(super) fn parts(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = FolderFiles::default();
    found.walk(folder)?;
    let FolderFiles { mut parts, manifests } = found;
    parts.sort();
    let mut current = BTreeSet::new();
    let mut months = BTreeSet::new();
    for path in manifests.iter().filter(|path| !is_of_one_version(path, &manifests)) {
        let Ok(Some(named)) = manifest(path) else { continue };
        for key in &named.keys {
            // What is not there was not copied: its other versions are all that is known of the month.
            let Ok(part) = part(path, key) else { continue };
            // A version of a Cost and Usage Report has a folder of its own within its month's, and so may an
            // execution of a Data Export have.
            let has_folder = named.has_assembly || execution(&part).is_some();
            let above = part.ancestors().nth(if has_folder { 2 } else { 1 });
            months.extend(above.map(Path::to_owned));
            current.insert(part);
        }
    }
    let all = parts.len();
    parts.retain(|part| {
        let is_of_known_month = part.ancestors().skip(1).take(2).any(|it| months.contains(it));
        current.contains(part) || !is_of_known_month
    });
    let newest: BTreeMap<PathBuf, PathBuf> = parts
        .iter()
        .filter_map(|part| execution(part))
        .map(|(month, folder)| (month.to_owned(), folder.to_owned()))
        .collect();
    parts.retain(|part| {
        execution(part)
            .is_none_or(|(month, folder)| newest.get(month).is_some_and(|it| it == folder))
    });
    if parts.len() < all {
        output::note(&format!(
            "{}: {} files of older versions of the bill are left out",
            folder.display(),
            all - parts.len()
        ));
    }
    Ok(parts)
}

/// The folders of a part's month and of the execution that wrote it, if a Data Export has one for each: the last
/// of a month by name is its newest.
fn execution(part: &Path) -> Option<(&Path, &Path)> {
    let folder = part.parent()?;
    let month = folder.parent()?;
    let day = folder.file_name()?.to_str()?.get(..10)?;
    let is_partition = month.file_name()?.to_str()?.contains('=');
    (is_partition && parse_moment(format!("{day}T00:00:00Z").as_bytes()).is_some())
        .then_some((month, folder))
}

/// Whether a manifest lies with one version's parts, below that of the current one.
fn is_of_one_version(path: &Path, manifests: &[PathBuf]) -> bool {
    let above = path.ancestors().skip(2);
    let name = path.file_name().unwrap_or_default();
    above.map(|folder| folder.join(name)).any(|other| manifests.contains(&other))
}

/// Files in a folder and below.
#[derive(Default)]
struct FolderFiles {
    parts: Vec<PathBuf>,
    manifests: Vec<PathBuf>,
}

impl FolderFiles {
    fn walk(&mut self, folder: &Path) -> Result<()> {
        let entries = fs::read_dir(folder).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
        for entry in entries.map_err(|error| unreadable(folder, &error))? {
            let kind = entry.file_type().map_err(|error| unreadable(folder, &error))?;
            let name = entry.file_name().to_string_lossy().to_ascii_lowercase();
            if name.starts_with('.') {
                continue;
            }
            // Whether the report is being written, beside its parts, for Athena.
            if kind.is_dir() && name == "cost_and_usage_data_status" {
                continue;
            }
            if kind.is_dir() {
                self.walk(&entry.path())?;
            } else if kind.is_file() && is_part(&name) {
                self.parts.push(entry.path());
            } else if kind.is_file() && name.ends_with("manifest.json") {
                self.manifests.push(entry.path());
            }
        }
        Ok(())
    }
}
