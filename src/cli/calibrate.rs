//! `bks calibrate`: what the KMS calls of a trail tell of the assumptions.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::args::{OutputFormat, OverwriteFile, Print};
use super::exit::Exit;
use super::logs::GatherEntries;
use super::{logs, output};
use crate::calibration::gather::{CalibrationGatherer, LeftOut};
use crate::calibration::{self, Calibration, Evidence};
use crate::error::{Error, Result};
use crate::logs::LogFormat;
use crate::logs::record::LogEntry;
use crate::report;

/// Estimate the assumptions from a trail: lifetimes and partitions
///
/// Reads the KMS events in CloudTrail whose encryption context is a bucket's ARN (those of bucket-level keys), and
/// S3 data events where the trail has them. Every assumption comes as an interval with its method, and with what
/// the data cannot determine.
#[derive(Debug, Args)]
#[command(mut_arg("memory", |arg| arg.hide(true)), mut_arg("inventories", |arg| arg.hide(true)))]
#[command(mut_arg("format", |arg| {
    arg.value_parser(OutputFormat::only(&[OutputFormat::Table, OutputFormat::Json, OutputFormat::Markdown]))
}))]
#[command(after_long_help = "Examples:\n  \
    bks calibrate trail/\n  \
    bks calibrate trail/ --bucket data-lake --out assumptions.toml")]
pub(super) struct CalibrateArgs {
    /// Write the assumptions to FILE, as TOML for a scenario; `-` prints them alone
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    replace: OverwriteFile,
    #[command(flatten)]
    print: Print,
    #[command(flatten)]
    logs: logs::LogArgs,
}

pub(super) fn run(args: &CalibrateArgs) -> Result<Exit> {
    args.logs.refuse_memory("calibrating writes no temporary files")?;
    args.logs.refuse_inventory("calibrating goes by keys that are made in the logs")?;
    if let Some(path) = &args.out {
        output::refuse_existing(path, args.replace.overwrite)?;
    }
    let logs = args.logs.open(args.print.quiet.quiet)?;
    let gather = logs.gather(CalibrationGatherer::new(args.logs.buckets().to_vec()))?;
    let (evidence, left_out) = gather.finish();
    if !args.print.quiet.quiet {
        tell_of_left_out(left_out);
    }
    let found = calibration::calibrate(&evidence);
    // Without calls for bucket-level keys all assumptions stay open, but calls of uploads may be known.
    if evidence.generated() + evidence.decrypted() == 0 && found.multipart_calls().is_empty() {
        return Err(nothing_to_calibrate(left_out));
    }
    show(args, &evidence, &found)?;
    Ok(Exit::Done)
}

impl GatherEntries for CalibrationGatherer {
    fn beside(&self) -> Self {
        CalibrationGatherer::beside(self)
    }

    fn take(&mut self, format: LogFormat, entry: &LogEntry) -> Result<()> {
        match format {
            LogFormat::CloudTrail | LogFormat::S3AccessLog => {
                CalibrationGatherer::take(self, format, entry);
                Ok(())
            }
            LogFormat::IbmCos => Err(no_trail()),
        }
    }

    fn absorb(&mut self, next: Self) {
        CalibrationGatherer::absorb(self, next);
    }
}

fn show(args: &CalibrateArgs, evidence: &Evidence, found: &Calibration) -> Result<()> {
    if let Some(path) = &args.out {
        let toml = found.fragment();
        output::write_whole(path, |file| file.write_all(toml.as_bytes()))?;
    }
    // Standard output has the fragment, and nothing else.
    if args.out.as_deref().is_some_and(output::is_stdout) {
        return Ok(());
    }
    args.print.print(|format| match format {
        OutputFormat::Json => output::json(&report::calibration::json(evidence, found)),
        _ => format.document(&report::calibration::document(evidence, found)),
    })
}

fn no_trail() -> Error {
    Error::request("the log has no KMS calls, but calibration needs them")
        .hint("give CloudTrail files with management events")
}

fn nothing_to_calibrate(left_out: LeftOut) -> Error {
    let error = Error::request(
        "no KMS call in the trail is for a bucket-level key (encryption context of a bucket's ARN)",
    );
    if left_out.by_object > 0 {
        error.hint("the calls are for single objects: bucket keys were off")
    } else {
        error
            .hint("give a trail with the KMS management events of an account that uses bucket keys")
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
