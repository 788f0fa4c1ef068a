//! `bks replay`: count what a trace costs.

use std::fs::File;
use std::io::{self, Read};
use std::time::Instant;

use clap::{Args as ClapArgs, ValueEnum};

use super::{Found, output};
use crate::encryption::assumptions::Expiry;
use crate::error::{Error, Result};
use crate::replay::{Replay, Replayed};
use crate::report::trace;
use crate::trace::Form;
use crate::trace::oracle_general::{self, RECORD_BYTES};
use crate::units::SimDuration;

/// Replay a trace: count the KMS Decrypt calls of its look-ups.
///
/// A look-up that finds no live entry is a miss, which fetches the entry by one Decrypt call. Times
/// are in whole seconds: what is fetched at second `f` is live while `second < f + lifetime`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The trace; `-` reads it from standard input
    #[arg(value_name = "FILE")]
    trace: String,
    /// Form of the trace
    #[arg(long, value_enum, default_value_t = FormName::Auto)]
    log_format: FormName,
    /// How long an entry lives
    #[arg(long, value_name = "DURATION", default_value = "300s")]
    cache_lifetime: SimDuration,
    /// Whether the lifetime runs from the fetch or from the last use
    #[arg(long, value_enum, default_value_t = ExpiryName::Fixed)]
    expiry: ExpiryName,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormName {
    /// By the file's size and beginning
    Auto,
    /// libCacheSim's oracleGeneral: records of 24 bytes
    OracleGeneral,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ExpiryName {
    /// From the fetch
    Fixed,
    /// From the last use
    Sliding,
}

impl From<ExpiryName> for Expiry {
    fn from(name: ExpiryName) -> Self {
        match name {
            ExpiryName::Fixed => Self::Fixed,
            ExpiryName::Sliding => Self::Sliding,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For a person
    Table,
    /// For programs
    Json,
}

/// Records that are read at a time: 256 KiB, which stay in a processor core's own cache.
const BLOCK: usize = (256 << 10) / RECORD_BYTES;

pub(super) fn run(args: &Args) -> Result<Found> {
    let place = if args.trace == "-" { "standard input" } else { &args.trace };
    let start = Instant::now();
    let (form, counted) = read(args, place).map_err(|error| error.at(place))?;
    let rule = trace::Rule {
        form,
        cache_lifetime: args.cache_lifetime,
        expiry: args.expiry.into(),
        elapsed_s: start.elapsed().as_secs_f64(),
    };
    output::print(&match args.format {
        Format::Table => trace::text(place, &rule, &counted),
        Format::Json => format!("{:#}\n", trace::json(place, &rule, &counted)),
    })?;
    Ok(Found::Done)
}

fn read(args: &Args, place: &str) -> Result<(Form, Replayed)> {
    let replay = Replay::new(args.cache_lifetime, args.expiry.into());
    if args.trace == "-" {
        return replay_records(io::stdin().lock(), None, args.log_format, replay);
    }
    let file = File::open(place).map_err(|error| unreadable(&error))?;
    let metadata = file.metadata().map_err(|error| unreadable(&error))?;
    let bytes = metadata.is_file().then_some(metadata.len());
    replay_records(file, bytes, args.log_format, replay)
}

fn unreadable(error: &io::Error) -> Error {
    let wrong = Error::request(format!("the file cannot be read: {error}"));
    match error.kind() {
        io::ErrorKind::NotFound => wrong.hint("`bks export` writes a trace"),
        _ => wrong,
    }
}

/// Replays all records of `source`, which is `bytes` long if that is known.
fn replay_records(
    mut source: impl Read,
    bytes: Option<u64>,
    format: FormName,
    mut replay: Replay,
) -> Result<(Form, Replayed)> {
    let mut block = vec![0; BLOCK * RECORD_BYTES];
    let mut read = fill(&mut source, &mut block)?;
    if read == 0 {
        return Err(Error::request("the trace is empty, but must have a record")
            .hint("`bks export` writes a trace"));
    }
    let form = match format {
        FormName::OracleGeneral => Form::OracleGeneral,
        FormName::Auto => detect(bytes, &block[..read])?,
    };
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
    Ok((form, replay.finish()))
}

/// The form of a trace whose form is not given. A trace from a pipe has as many bytes as it will.
fn detect(bytes: Option<u64>, head: &[u8]) -> Result<Form> {
    let (whole, _) = head.as_chunks::<RECORD_BYTES>();
    let form = Form::detect(bytes, whole.as_flattened());
    form.filter(|form| *form == Form::OracleGeneral).ok_or_else(|| {
        Error::request(
            "the file is of no known form: its size or its first records are not those of a trace",
        )
        .hint("name the form, e.g., `--log-format oracle-general`, to be told where it fails")
    })
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
