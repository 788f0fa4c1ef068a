//! Counts what a trace of look-ups costs.

use std::io::{self, Read};
use std::time::Instant;

use super::{Args, ExpiryName, Format};
use crate::cli::{Found, output};
use crate::encryption::assumptions::Expiry;
use crate::error::{Error, Result};
use crate::logs::LogFormat;
use crate::logs::oracle_general::{self, RECORD_BYTES};
use crate::replay::{Replay, Replayed};
use crate::report::trace;
use crate::units::SimDuration;

impl From<ExpiryName> for Expiry {
    fn from(name: ExpiryName) -> Self {
        match name {
            ExpiryName::Fixed => Self::Fixed,
            ExpiryName::Sliding => Self::Sliding,
        }
    }
}

/// Records that are read at a time: 256 KiB, which stay in a processor core's own cache.
const BLOCK: usize = (256 << 10) / RECORD_BYTES;

/// Counts the trace called `place`, whose bytes are `source`.
pub(super) fn run(args: &Args, place: &str, source: Box<dyn Read>) -> Result<Found> {
    let cache_lifetime = args.cache_lifetime.unwrap_or(SimDuration::from_secs(300));
    let expiry = args.expiry.unwrap_or(ExpiryName::Fixed).into();
    let start = Instant::now();
    let replay = Replay::new(cache_lifetime, expiry);
    let counted = replay_records(source, replay).map_err(|error| error.at(place))?;
    let form = LogFormat::OracleGeneral;
    let rule =
        trace::Rule { form, cache_lifetime, expiry, elapsed_s: start.elapsed().as_secs_f64() };
    output::print(&match args.format {
        Format::Table => trace::text(place, &rule, &counted),
        Format::Json => output::json(&trace::json(place, &rule, &counted)),
        Format::Csv | Format::Markdown => {
            return Err(Error::request(
                "a trace of look-ups is told as `table` or `json`, not in another format",
            ));
        }
    })?;
    Ok(Found::Done)
}

/// Replays all records of a trace.
fn replay_records(mut source: Box<dyn Read>, mut replay: Replay) -> Result<Replayed> {
    let mut block = vec![0; BLOCK * RECORD_BYTES];
    let mut read = fill(&mut source, &mut block)?;
    let mut records = 0;
    while read > 0 {
        let (raw, rest) = block[..read].as_chunks();
        replay.answer(raw.iter().map(oracle_general::lookup))?;
        records += raw.len();
        if !rest.is_empty() {
            return Err(Error::request(format!(
                "record {} ends after {} bytes, but a record has {RECORD_BYTES}",
                records + 1,
                rest.len()
            ))
            .hint("the file is cut off: copy or export it again"));
        }
        read = fill(&mut source, &mut block)?;
    }
    Ok(replay.finish())
}

/// Reads until `block` is full or the source ends.
fn fill(source: &mut impl Read, block: &mut [u8]) -> Result<usize> {
    let mut filled = 0;
    while filled < block.len() {
        match source.read(&mut block[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                return Err(Error::request(format!("the file cannot be read: {error}")));
            }
        }
    }
    Ok(filled)
}
