//! `bks merge`: parts of a sweep or of a replay that were made on several machines, put together.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::args::{Quiet, ResultsFolder};
use super::exit::Exit;
use super::file_errors::FileErrors;
use super::journal::{self, IDENTITY};
use super::partial::{self, MergedParts};
use super::{output, replay};
use crate::error::{Error, Result};
use crate::results::Results;
use crate::sweep::checked_points::SweepIdentity;
use crate::sweep::merge::{MergedSweep, ShardFiles, merge};
use crate::sweep::rows::RowsFormat;

/// Make one sweep, or one replay, of the parts that several machines ran
///
/// Of a replay it takes the files that `bks replay LOGS --partial FILE` wrote, or their lines summed by an engine from
/// standard input, and leaves the files that one replay of all logs would have left, with the same bytes. Each bucket
/// must lie in one part as a whole. Parts that were not made alike, a log that is in two of them, and shards that are
/// missing are refused by name.
///
/// Of a sweep it takes the folders that `bks sweep ... --shard N/M --out FOLDER` wrote, in any order, and writes the sweep.csv and
/// sweep.json of the whole sweep, with the bytes that a single machine would have written. Shards of different sweeps,
/// one that is there twice, and one that is missing or not done are refused by name.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    bks merge parts/* --out results/emr10\n  \
    bks merge parts/*.tsv --out results/october\n  \
    bks merge parts/1*.tsv --partial tree/1.tsv\n\n\
    In a job array, each task runs one shard:\n  \
    bks sweep emr10.toml --set requesters=1..10000:log10 --shard auto --out parts/$SLURM_ARRAY_TASK_ID")]
pub(super) struct MergeArgs {
    /// Partial results of a replay (`-`: from standard input), or folders of a sweep's shards
    #[arg(required = true, value_name = "PART")]
    parts: Vec<PathBuf>,
    #[command(flatten)]
    folder: ResultsFolder,
    /// Write the partial result of all, to be merged with others; `-` for standard output
    #[arg(long, value_name = "FILE", conflicts_with_all = ["out", "overwrite"])]
    partial: Option<PathBuf>,
    #[command(flatten)]
    quiet: Quiet,
}

pub(super) fn run(args: &MergeArgs) -> Result<Exit> {
    let is_stdin = args.parts.iter().any(|part| part == Path::new("-"));
    if is_stdin || args.parts.iter().any(|part| part.is_file() && partial::is_partial(part)) {
        return replay_of_parts(args);
    }
    if args.partial.is_some() {
        return Err(Error::request("`--partial` is given, but these are no partial results").hint(
            "they are made by `bks replay LOGS --partial FILE`; a sweep's shards merge to a folder",
        ));
    }
    let shards = args.parts.iter().map(|folder| read(folder));
    let shards: Vec<ShardFiles> = shards.collect::<Result<_>>()?;
    let sweep = merge(&shards)?;
    let folder = args.folder.of(&sweep.identity.scenario);
    let path = write(&folder, &sweep)?;
    let (shards, points) = (shards.len(), sweep.identity.points);
    args.quiet.note(&format!("{points} points of {shards} shards"));
    args.quiet.wrote(&path);
    Ok(Exit::Done)
}

/// Makes one replay, or one partial result, of several.
fn replay_of_parts(args: &MergeArgs) -> Result<Exit> {
    args.partial.as_deref().map_or(Ok(()), partial::check_place)?;
    let mut merged = MergedParts::default();
    args.parts.iter().try_for_each(|part| merged.add(part))?;
    let cells = merged.whole()?;
    if let Some(path) = &args.partial {
        partial::write(&cells, path)?;
        if !output::is_stdout(path) {
            args.quiet.wrote(path);
        }
        return Ok(Exit::Done);
    }
    let scenario = partial::scenario(&cells)?;
    replay::refuse_to_replace(&args.folder, &scenario, None)?;
    let results = [Results::of_parts(&scenario, &cells)?];
    replay::write(&args.folder, &scenario, &results[0], None)?;
    args.quiet.note(&format!("{} parts", partial::parts_of(&cells)));
    args.quiet.wrote_results(&args.folder.of(&scenario.name));
    Ok(Exit::by_assertions(&results))
}

/// The folder that a path is, or that a file of rows lies in.
fn folder_of(path: &Path) -> &Path {
    let name = path.file_name();
    let is_rows = RowsFormat::ALL.iter().any(|it| name.is_some_and(|name| name == it.file_name()));
    match path.parent() {
        Some(parent) if is_rows && parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) if is_rows => parent,
        _ => path,
    }
}

/// Reads what a shard has left in a folder.
fn read(path: &Path) -> Result<ShardFiles> {
    const HINT: &str = "shards are made by `bks sweep ... --shard N/M --out FOLDER`";
    let folder = folder_of(path);
    if folder.is_file() {
        return Err(Error::request("this is a file, but a shard is a folder")
            .hint(HINT)
            .at(folder.display().to_string()));
    }
    let place = folder.display().to_string();
    let identity = journal::read(&folder.join(IDENTITY))?.ok_or_else(|| {
        Error::request(format!("there is no `{IDENTITY}`, so this is no shard of a sweep"))
            .hint(HINT)
            .at(place.clone())
    })?;
    let identity = SweepIdentity::read(&String::from_utf8_lossy(&identity))
        .map_err(|error| error.hint(HINT).at(folder.join(IDENTITY).display().to_string()))?;
    for format in RowsFormat::ALL {
        if let Some(rows) = journal::read(&folder.join(format.file_name()))? {
            return Ok(ShardFiles { place, identity, format, rows });
        }
    }
    Err(Error::request("there are no rows yet: the shard has not begun")
        .hint("run it, then merge")
        .at(place))
}

/// Writes the sweep where no other is, and gives the path of its rows.
fn write(folder: &Path, sweep: &MergedSweep) -> Result<PathBuf> {
    fs::create_dir_all(folder).failing("the folder cannot be made", folder)?;
    let _lock = journal::lock(folder)?;
    let path = folder.join(sweep.format.file_name());
    let there = journal::read(&path)?;
    journal::claim(folder, &sweep.identity, there.is_some())
        .map_err(|error| error.hint_instead("give another folder by `--out`"))?;
    output::write_whole(&path, |file| file.write_all(&sweep.rows))?;
    Ok(path)
}
