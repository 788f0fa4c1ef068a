//! `bks experiment`: what to send to AWS to learn what it does not publish.

use std::path::PathBuf;

use clap::Args;

use super::args::{JobsOption, OutputFormat, Print, ResultsFolder, named};
use super::exit::Exit;
use super::{input, output};
use crate::error::{Error, Result};
use crate::experiment::question::{ExperimentQuestion, Learnt};
use crate::experiment::{Experiment, NEEDED, design};
use crate::pricing::PriceTable;
use crate::report::experiment::{self as report, DesignedExperiment};
use crate::scenario::resolve::is_plain;
use crate::units::{Share, SimDuration, Usd};

/// Design an experiment on AWS that measures the assumptions, for cents
///
/// Writes a script for `sh` and the AWS CLI that sends requests at irregular times, in a bucket, a KMS key and three
/// roles of its own, removes them, and gathers what `bks calibrate` needs from CloudTrail's event history. By default
/// the script only says what it would do; `--run` does it. Says beforehand what it costs and how narrow the intervals
/// will be: the same requests are answered under many assumptions, and each is estimated from the calls.
///
/// Measures lifetimes, expiry, partitions, verification, requester rule, session policies, and what uploads in parts,
/// ranged reads, copies, HEADs with checksums and UpdateObjectEncryption call; `--learn` sends only what some of these
/// take. The script has not been run on AWS.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    bks experiment --out measure\n  \
    bks experiment --learn multipart,copies --time 10min --out measure\n  \
    bks experiment --learn generation_lifetime --width 5% --budget 0.05 --out measure\n  \
    bks experiment --time 3h --region eu-central-1 --out measure\n  \
    sh experiment.sh --run                     (in that folder)\n  \
    bks calibrate trail/ --out found.toml      (when it is done)\n\n\
    Writes experiment.sh, expected.csv (every truth tried, and what was found) and experiment.json.")]
pub(super) struct ExperimentArgs {
    /// What to find out; everything, if not given. Requests for anything else are not sent
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', value_parser = named(&Learnt::ALL, Learnt::name))]
    learn: Vec<Learnt>,
    /// How wide the interval of a lifetime may be, as a share of its lower end, in half of the truths; the cheapest
    /// experiment is taken that comes to this. Without it, the most precise
    #[arg(long, value_name = "SHARE")]
    width: Option<Share>,
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
    let question = ExperimentQuestion::new(&args.learn);
    let experiments = args.experiments(&question, &prices)?;
    let width = args.width.map(Share::value);
    let designed = args.jobs.run(|| design(&experiments, &question, width, args.truths))?;
    let designed = DesignedExperiment {
        design: &designed,
        question: &question,
        width,
        region: &args.region,
        prefix: &args.prefix,
    };
    let folder = args.folder.of("experiment");
    output::write_files(&folder, &report::files(&designed), args.folder.overwrite)?;
    args.print.print(|format| match format {
        OutputFormat::Csv => output::csv(&designed.design.rows),
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

    /// Those that the budget pays for, the most precise first.
    fn experiments(
        &self,
        question: &ExperimentQuestion,
        prices: &PriceTable,
    ) -> Result<Vec<Experiment>> {
        let time_s = self.time.as_nanos() / 1_000_000_000;
        if !TIMES_S.contains(&time_s) {
            return Err(Error::request(format!("`{}` is not from 10min to 11h", self.time))
                .at("--time")
                .hint("a session of a role lasts at most 12 hours; take, e.g., `--time 50min`"));
        }
        let experiments = Experiment::within(question, time_s, self.budget, prices);
        if experiments.is_empty() {
            let budget = self.budget;
            let what = format!("{budget} USD do not pay for an experiment of {}", self.time);
            return Err(Error::request(what)
                .at("--budget")
                .hint("most cost a cent or two: take, e.g., `--budget 0.05`"));
        }
        Ok(experiments)
    }
}
