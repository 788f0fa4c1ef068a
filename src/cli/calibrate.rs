//! `bks calibrate`: what the KMS calls of a trail tell of the assumptions.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use super::logs;
use super::{Found, output};
use crate::calibration::gather::{Gather, LeftOut};
use crate::calibration::{self, Evidence};
use crate::error::{Error, Result};
use crate::logs::LogFormat;
use crate::report;

/// Calibrate the assumptions: what the KMS calls in a trail tell of lifetimes and partitions.
///
/// Reads CloudTrail's KMS events whose encryption context is a bucket's ARN, which are those of
/// bucket-level keys, and S3's data events where the trail has them. Each assumption comes as an
/// interval with its method, and with what the data cannot tell.
#[derive(Debug, ClapArgs)]
#[command(mut_arg("memory", |arg| arg.hide(true)), mut_arg("inventories", |arg| arg.hide(true)))]
pub(super) struct Args {
    #[command(flatten)]
    logs: logs::Args,
    /// Write the assumptions to FILE, as TOML to be put into a scenario; `-` prints them alone
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Print neither table, progress nor notes; another format asked for still comes
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a person
    Table,
    /// For programs
    Json,
}

pub(super) fn run(args: &Args) -> Result<Found> {
    args.logs.refuse_memory("calibrating puts nothing aside")?;
    args.logs.refuse_inventory("calibrating goes by keys that are made in the logs")?;
    let logs = args.logs.open(args.quiet)?;
    let mut gather = Gather::new(args.logs.buckets().to_vec());
    logs.each(|form, entry| match form {
        LogFormat::CloudTrail | LogFormat::S3AccessLog => {
            gather.take(form, entry);
            Ok(())
        }
        LogFormat::IbmCos => Err(no_trail()),
    })?;
    let (evidence, left_out) = gather.finish();
    if !args.quiet {
        tell_of_left_out(left_out);
    }
    if evidence.generated() + evidence.decrypted() == 0 {
        return Err(nothing_to_calibrate(left_out));
    }
    show(args, &evidence)?;
    Ok(Found::Done)
}

fn show(args: &Args, evidence: &Evidence) -> Result<()> {
    let found = calibration::calibrate(evidence);
    if let Some(path) = &args.out {
        let toml = found.fragment();
        output::write_whole(path, |file| file.write_all(toml.as_bytes()))?;
    }
    match args.format {
        Format::Table if args.quiet => Ok(()),
        // Standard output has the fragment, and nothing else.
        _ if args.out.as_deref().is_some_and(output::is_stdout) => Ok(()),
        Format::Table => {
            let document = report::calibration::document(evidence, &found);
            output::print(&report::text::write(&document, output::terminal_width()))
        }
        Format::Json => output::print_json(&report::calibration::json(evidence, &found)),
    }
}

fn no_trail() -> Error {
    Error::request("the log holds no KMS calls, but they are what is calibrated by")
        .hint("give CloudTrail's files, with management events")
}

fn nothing_to_calibrate(left_out: LeftOut) -> Error {
    let error = Error::request(
        "no KMS call in the trail is for a bucket-level key (encryption context of a bucket's ARN)",
    );
    if left_out.by_object > 0 {
        error.hint(
            "the calls are for single objects: bucket keys are off, or were while they were made",
        )
    } else {
        error.hint("give a trail with KMS's management events of an account that uses bucket keys")
    }
}

/// Says which events are left out.
fn tell_of_left_out(left_out: LeftOut) {
    let LeftOut { repeated, failed, by_object, not_of_s3, other_buckets, in_other_logs } = left_out;
    let left_out: Vec<String> = [
        (repeated, "repeat another"),
        (failed, "failed"),
        (by_object, "are KMS calls for single objects"),
        (not_of_s3, "are KMS calls that are not S3's"),
        (other_buckets, "are of other buckets"),
        (in_other_logs, "are requests that the other form of log has more of"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, why)| format!("{count} {why}"))
    .collect();
    if !left_out.is_empty() {
        output::note(&format!("left out of the events: {}", left_out.join(", ")));
    }
}
