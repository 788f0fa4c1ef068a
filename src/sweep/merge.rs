//! Shards of one sweep back into the file that a single machine would have written.

use std::collections::BTreeMap;

use super::checked_points::SweepIdentity;
use super::rows::RowsFormat;
use super::shard::Shard;
use crate::error::{Error, Result};

/// What one shard has left.
pub struct ShardFiles {
    /// Where it lies, for messages.
    pub place: String,
    /// What its `sweep.json` says.
    pub identity: SweepIdentity,
    /// How its rows are written.
    pub format: RowsFormat,
    /// Its rows.
    pub rows: Vec<u8>,
}

/// A sweep that is whole again.
#[derive(Debug)]
pub struct MergedSweep {
    /// What it is.
    pub identity: SweepIdentity,
    /// How its rows are written.
    pub format: RowsFormat,
    /// All rows, in the order of the grid.
    pub rows: Vec<u8>,
}

/// Puts shards together, in whatever order they come.
///
/// # Errors
/// If they are of different sweeps, one is there twice, one is missing, or one is not done.
pub fn merge(shards: &[ShardFiles]) -> Result<MergedSweep> {
    let Some(first) = shards.first() else {
        return Err(Error::request("there is nothing to merge"));
    };
    let by_shard = by_shard(shards)?;
    check_all_are_there(&by_shard)?;
    let mut header = None;
    let mut of_point: BTreeMap<usize, Vec<&[u8]>> = BTreeMap::new();
    for (shard, files) in &by_shard {
        let lines = files.lines(*shard)?;
        if let Some(other) = header.replace(lines.header).filter(|&it| it != lines.header) {
            let columns = String::from_utf8_lossy(other).trim_end().to_owned();
            return Err(Error::request(format!("the columns are others than `{columns}`"))
                .at(files.place.clone()));
        }
        for line in lines.rows {
            of_point.entry(line.point).or_default().push(line.text);
        }
    }
    let rows = header.into_iter().chain(of_point.into_values().flatten()).flatten();
    let rows: Vec<u8> = rows.copied().collect();
    let count = by_shard.values().map(|files| files.identity.rows).sum();
    let identity = SweepIdentity { shard: None, rows: count, ..first.identity.clone() };
    Ok(MergedSweep { identity, format: first.format, rows })
}

/// Each shard by its number; all are of one sweep.
fn by_shard(shards: &[ShardFiles]) -> Result<BTreeMap<Shard, &ShardFiles>> {
    let mut by_shard: BTreeMap<Shard, &ShardFiles> = BTreeMap::new();
    let first = &shards[0];
    for files in shards {
        let Some(shard) = files.identity.shard else {
            return Err(Error::request("the sweep there is whole, no shard of one")
                .hint("leave it out; shards are made by `bks sweep ... --shard N/M --out FOLDER`")
                .at(files.place.clone()));
        };
        if let Some((what, there, here)) = files.difference(first) {
            return Err(Error::request(format!(
                "the sweep there has the {what} `{here}`, but that in {} has `{there}`: they are no \
                 shards of one sweep",
                first.place
            ))
            .at(files.place.clone()));
        }
        if let Some(same) = by_shard.insert(shard, files) {
            return Err(Error::request(format!(
                "shard {shard} is there twice, also in {}",
                same.place
            ))
            .hint("leave one of them out")
            .at(files.place.clone()));
        }
    }
    Ok(by_shard)
}

fn check_all_are_there(by_shard: &BTreeMap<Shard, &ShardFiles>) -> Result<()> {
    const NAMED: usize = 5;
    let Some(any) = by_shard.keys().next() else { return Ok(()) };
    let missing: Vec<Shard> = any.all().filter(|shard| !by_shard.contains_key(shard)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut names: Vec<String> = missing.iter().take(NAMED).map(Shard::to_string).collect();
    if missing.len() > NAMED {
        names.push(format!("{} more", missing.len() - NAMED));
    }
    Err(Error::request(format!(
        "of {} shards {} are missing: {}",
        any.of(),
        missing.len(),
        names.join(", ")
    ))
    .hint("run each of them by the same `bks sweep ... --shard N/M`, then merge all"))
}

/// The lines of a shard's file.
struct ShardLines<'a> {
    /// Empty where the format has none.
    header: &'a [u8],
    rows: Vec<PointLine<'a>>,
}

/// A row as it stands in the file, and its point.
struct PointLine<'a> {
    point: usize,
    text: &'a [u8],
}

impl ShardFiles {
    /// In what the sweep is another than that of `other`, whichever shards both are: what, there, and here.
    fn difference(&self, other: &Self) -> Option<(&'static str, String, String)> {
        let mut like_mine = other.identity.clone();
        like_mine.shard = self.identity.shard;
        self.identity
            .difference(&like_mine)
            .or_else(|| {
                let [mine, theirs] = [self, other].map(|it| it.identity.shard.map_or(0, Shard::of));
                let text = |number: usize| number.to_string();
                (mine != theirs).then(|| ("number of shards", text(theirs), text(mine)))
            })
            .or_else(|| {
                let [mine, theirs] = [self, other].map(|it| it.format.file_name().to_owned());
                (mine != theirs).then_some(("file", theirs, mine))
            })
    }

    /// Its lines, all of which must be there.
    fn lines(&self, shard: Shard) -> Result<ShardLines<'_>> {
        let mut lines = self.rows.split_inclusive(|&byte| byte == b'\n');
        let header = match self.format {
            RowsFormat::Csv => lines.next().unwrap_or_default(),
            RowsFormat::JsonLines => &[],
        };
        let points: Vec<usize> = shard.points(self.identity.points).collect();
        let rows: Vec<PointLine> = lines
            .filter_map(|text| Some(PointLine { point: self.format.point(text)?, text }))
            .filter(|line| points.binary_search(&line.point).is_ok())
            .collect();
        if rows.len() != self.identity.rows {
            return Err(Error::request(format!(
                "shard {shard} is not done: its file has {} of {} rows",
                rows.len(),
                self.identity.rows
            ))
            .hint("give its command again: it resumes with what is there")
            .at(self.place.clone()));
        }
        Ok(ShardLines { header, rows })
    }
}
