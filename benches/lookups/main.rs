//! Look-ups of bucket-level keys for cache simulators, and bks's own count of their misses:
//! `benches/peers/run.py` compares the two. The method stands in `docs/performance.md`.
//!
//! ```text
//! cargo bench --bench lookups -- export SCENARIO CONFIGURATION RECORDS FILE
//! cargo bench --bench lookups -- count FILE LIFETIME
//! ```
//!
//! `count` prints requests, misses and seconds of wall time.

mod cache;
mod oracle_general;
mod stream;

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Instant;

use bks::encryption::assumption::{Expiry, Level};
use bks::error::{Error, Result};
use bks::scenario::Scenario;
use bks::simulation::{Arm, objects};

use cache::Replay;
use oracle_general::{Lookup, RECORD_BYTES};
use stream::Lookups;

/// Records that are read at a time: 256 KiB, which stay in a processor core's own cache.
const BLOCK: usize = (256 << 10) / RECORD_BYTES;

fn main() -> Result<()> {
    // Cargo adds `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["export", scenario, configuration, records, file] => {
            let records = records.parse().map_err(|_| Error::request("RECORDS is a number"))?;
            export(scenario, configuration, records, Path::new(file))
        }
        ["count", file, lifetime] => count(file, lifetime),
        _ => {
            eprintln!("lookups: give `export` or `count`; benches/peers/run.py runs both");
            Ok(())
        }
    }
}

/// Writes the first look-ups of one replication at the assumed level.
fn export(scenario: &str, configuration: &str, records: usize, file: &Path) -> Result<()> {
    let text = std::fs::read_to_string(scenario).map_err(|error| failed(scenario, &error))?;
    let scenario = Scenario::parse(&text)?;
    let configuration = scenario.configuration_named(configuration)?;
    let assumptions = scenario.configurations[configuration].ranges.at(Level::Assumed);
    let arm = Arm::of_totals(configuration, assumptions);
    let kept = objects::keep(&scenario, 0);
    let lookups = Lookups::new(&scenario, &kept, &arm, 0)
        .take(records)
        .map(|lookup| Lookup { second: lookup.time.second() as u32, object: lookup.entry });
    let place = file.display().to_string();
    let written = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(file)
        .and_then(|mut file| oracle_general::write(&mut file, lookups))
        .map_err(|error| failed(&place, &error))?;
    eprintln!("{place}: {} requests for {} entries", written.records, written.objects);
    Ok(())
}

/// Counts the look-ups that find no live entry.
fn count(file: &str, lifetime: &str) -> Result<()> {
    let lifetime = lifetime.parse()?;
    let start = Instant::now();
    let mut replay = Replay::new(lifetime, Expiry::Fixed);
    let mut source = File::open(file).map_err(|error| failed(file, &error))?;
    let mut block = vec![0; BLOCK * RECORD_BYTES];
    loop {
        let read = fill(&mut source, &mut block).map_err(|error| failed(file, &error))?;
        let (raw, rest) = block[..read].as_chunks();
        replay.answer(raw.iter().map(oracle_general::lookup))?;
        if !rest.is_empty() {
            return Err(Error::request("the last record is cut off").at(file));
        }
        if read < block.len() {
            break;
        }
    }
    let counted = replay.finish();
    let seconds = start.elapsed().as_secs_f64();
    println!("{} {} {seconds:.6}", counted.requests, counted.misses);
    Ok(())
}

/// Reads until `block` is full or the file ends.
fn fill(source: &mut File, block: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < block.len() {
        match source.read(&mut block[filled..])? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

fn failed(place: &str, error: &std::io::Error) -> Error {
    Error::run(error.to_string()).at(place)
}
