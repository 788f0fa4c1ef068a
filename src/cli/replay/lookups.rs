//! Counts what a trace of look-ups costs.

use std::fs::File;
use std::io::{self, Read};
use std::time::Instant;

use super::{Args, ExpiryName, FormName, Format};
use crate::cli::{Found, output};
use crate::encryption::assumptions::Expiry;
use crate::error::{Error, Result};
use crate::replay::{Replay, Replayed};
use crate::report::trace;
use crate::trace::Form;
use crate::trace::oracle_general::{self, RECORD_BYTES};
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

/// A trace of look-ups that is being read.
pub(super) struct Trace {
    place: String,
    source: Box<dyn Read>,
    /// The first bytes of it.
    head: Vec<u8>,
    form: Form,
}

/// What lies at a path.
pub(super) enum Opened {
    /// A trace of look-ups.
    Lookups(Trace),
    /// Something else. What was read of standard input is given back.
    Other(Vec<u8>),
}

impl Trace {
    /// Opens the trace at `path` (`-` for standard input), if it is one.
    pub(super) fn open(path: &str, format: FormName) -> Result<Opened> {
        let (place, mut source, bytes): (_, Box<dyn Read>, _) = if path == "-" {
            ("standard input", Box::new(io::stdin().lock()), None)
        } else {
            let unreadable = |error: &io::Error| unreadable(error).at(path);
            let file = File::open(path).map_err(|error| unreadable(&error))?;
            let metadata = file.metadata().map_err(|error| unreadable(&error))?;
            if metadata.is_dir() {
                return Ok(Opened::Other(Vec::new()));
            }
            (path, Box::new(file), metadata.is_file().then_some(metadata.len()))
        };
        let mut head = vec![0; BLOCK * RECORD_BYTES];
        let read = fill(&mut source, &mut head).map_err(|error| error.at(place))?;
        head.truncate(read);
        if read == 0 {
            return Err(Error::request("the trace is empty, but must have a record")
                .at(place)
                .hint("`bks export` writes a trace"));
        }
        let form = match format {
            FormName::OracleGeneral => Some(Form::OracleGeneral),
            FormName::Auto => detect(bytes, &head),
            FormName::S3AccessLog => None,
        };
        Ok(match form {
            Some(form) => Opened::Lookups(Self { place: place.to_owned(), source, head, form }),
            None if path == "-" => Opened::Other(head),
            None => Opened::Other(Vec::new()),
        })
    }
}

pub(super) fn run(args: &Args, trace: Trace) -> Result<Found> {
    let (place, form) = (trace.place.clone(), trace.form);
    let cache_lifetime = args.cache_lifetime.unwrap_or(SimDuration::from_secs(300));
    let expiry = args.expiry.unwrap_or(ExpiryName::Fixed).into();
    let start = Instant::now();
    let replay = Replay::new(cache_lifetime, expiry);
    let counted = replay_records(trace, replay).map_err(|error| error.at(&place))?;
    let rule =
        trace::Rule { form, cache_lifetime, expiry, elapsed_s: start.elapsed().as_secs_f64() };
    output::print(&match args.format {
        Format::Table => trace::text(&place, &rule, &counted),
        Format::Json => format!("{:#}\n", trace::json(&place, &rule, &counted)),
        Format::Csv | Format::Markdown => {
            return Err(Error::request(
                "a trace of look-ups is told as `table` or `json`, not in another format",
            ));
        }
    })?;
    Ok(Found::Done)
}

fn unreadable(error: &io::Error) -> Error {
    let wrong = Error::request(format!("the file cannot be read: {error}"));
    match error.kind() {
        io::ErrorKind::NotFound => wrong.hint("`bks export` writes a trace"),
        _ => wrong,
    }
}

/// Replays all records of a trace.
fn replay_records(trace: Trace, mut replay: Replay) -> Result<Replayed> {
    let Trace { mut source, head: mut block, .. } = trace;
    let mut read = block.len();
    block.resize(BLOCK * RECORD_BYTES, 0);
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

/// The form of a trace whose form is not given. A trace from a pipe has as many bytes as it will.
fn detect(bytes: Option<u64>, head: &[u8]) -> Option<Form> {
    let (whole, _) = head.as_chunks::<RECORD_BYTES>();
    let bytes = bytes.unwrap_or(i64::MAX as u64 / RECORD_BYTES as u64 * RECORD_BYTES as u64);
    Form::detect(bytes, whole.as_flattened())
}

/// Reads until `block` is full or the source ends.
fn fill(source: &mut impl Read, block: &mut [u8]) -> Result<usize> {
    let mut filled = 0;
    while filled < block.len() {
        match source.read(&mut block[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(&error)),
        }
    }
    Ok(filled)
}
