//! `bks experiment`: what to send to AWS to learn what it does not publish.

use std::path::PathBuf;

use clap::Args;

use super::args::{JobsOption, OutputFormat, Print, ResultsFolder};
use super::exit::Exit;
use super::{input, output};
use crate::error::{Error, Result};
use crate::experiment::power::power;
use crate::experiment::{Experiment, NEEDED};
use crate::pricing::PriceTable;
use crate::report::experiment::{self as report, DesignedExperiment};
use crate::scenario::resolve::is_plain;
use crate::units::{SimDuration, Usd};

/// Design an experiment on AWS that measures the assumptions, for cents
///
/// Writes a script for `sh` and the AWS CLI that sends PUTs and GETs at irregular times, in a bucket, a KMS key and two
/// roles of its own, removes them, and gathers what `bks calibrate` needs from CloudTrail's event history. By default
/// the script only says what it would do; `--run` does it. Says beforehand what it costs and how narrow the intervals
/// will be: the same requests are answered under many assumptions, and each is estimated from the calls.
///
/// Measures lifetimes, expiry, partitions, verification and requester rule. The script has not been run on AWS.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    bks experiment --out measure\n  \
    bks experiment --time 3h --region eu-central-1 --out measure\n  \
    sh experiment.sh --run                     (in that folder)\n  \
    bks calibrate trail/ --out found.toml      (when it is done)\n\n\
    Writes experiment.sh, expected.csv (every truth tried, and what was found) and experiment.json.")]
pub(super) struct ExperimentArgs {
    /// How long requests are sent, from 10min to 11h
    #[arg(long, value_name = "TIME", default_value = "50min")]
    time: SimDuration,
    /// Most that S3, KMS and CloudTrail may charge
    #[arg(long, value_name = "DOLLARS", default_value = "1")]
    budget: Usd,
    /// Region of the bucket and the KMS key, and of the prices
    #[arg(long, value_name = "REGION", default_value = "us-east-1")]
    region: String,
    /// What the names of bucket, key and roles begin with
    #[arg(long, value_name = "NAME", default_value = "bks-experiment")]
    prefix: String,
    /// Possible truths that the experiment is tried on
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    truths: u32,
    /// Price file; overrides the built-in prices
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
    #[command(flatten)]
    folder: ResultsFolder,
    #[command(flatten)]
    print: Print,
    #[command(flatten)]
    jobs: JobsOption,
}

/// Shortest and longest time, in seconds: a session of a role lasts twelve hours at the most.
const TIMES_S: std::ops::RangeInclusive<i64> = 600..=39_600;

/// Names of buckets have 63 characters at the most; account, second and `-probe` follow the prefix.
const LONGEST_PREFIX: usize = 32;

pub(super) fn run(args: &ExperimentArgs) -> Result<Exit> {
    args.check_prefix()?;
    let prices = input::price_table(&args.region, args.prices.as_deref(), &NEEDED)?;
    let experiment = args.experiment(&prices)?;
    let rows = args.jobs.run(|| power(&experiment, args.truths))?;
    let designed = DesignedExperiment {
        experiment: &experiment,
        rows: &rows,
        region: &args.region,
        prefix: &args.prefix,
    };
    let folder = args.folder.of("experiment");
    output::write_files(&folder, &report::files(&designed), args.folder.overwrite)?;
    args.print.print(|format| match format {
        OutputFormat::Csv => output::csv(&rows),
        OutputFormat::Json => output::json(&report::json(&designed)),
        _ => format.document(&report::document(&designed)),
    })?;
    args.print.quiet.wrote(&folder);
    Ok(Exit::Done)
}

impl ExperimentArgs {
    fn check_prefix(&self) -> Result<()> {
        let is_name = is_plain(&self.prefix)
            && !self.prefix.contains('_')
            && !self.prefix.starts_with('-')
            && self.prefix.len() <= LONGEST_PREFIX;
        if is_name {
            return Ok(());
        }
        Err(Error::request(format!("`{}` cannot begin the name of a bucket", self.prefix))
            .at("--prefix")
            .hint(
                "use at most 32 lower-case letters, digits and hyphens, e.g., `--prefix my-test`",
            ))
    }

    fn experiment(&self, prices: &PriceTable) -> Result<Experiment> {
        let time_s = self.time.as_nanos() / 1_000_000_000;
        if !TIMES_S.contains(&time_s) {
            return Err(Error::request(format!("`{}` is not from 10min to 11h", self.time))
                .at("--time")
                .hint("a session of a role lasts at most 12 hours; take, e.g., `--time 50min`"));
        }
        Experiment::within(time_s, self.budget, prices).ok_or_else(|| {
            let budget = self.budget;
            Error::request(format!("{budget} USD do not pay for an experiment of {}", self.time))
                .at("--budget")
                .hint("most cost a cent or two: take, e.g., `--budget 0.05`")
        })
    }
}
