//! `bks fit`: a scenario like a log.

use std::path::{Path, PathBuf};

use clap::Args;

use super::args::{JobsOption, Quiet, ReadOnlyObjects};
use super::exit::Exit;
use super::logs::{self, FormatsTogether};
use super::output;
use crate::error::{Error, Result};
use crate::fitting::{self, BucketDetails, FitComparison, FitOptions};
use crate::pricing::PriceTable;
use crate::scenario::Scenario;
use crate::scenario::replay::Settings;
use crate::scenario::resolve::is_plain;
use crate::statistics::Estimate;

/// Fit a scenario to a log: who requests what, how often, and how old it is
///
/// Prints the scenario, and then on standard error the KMS calls of the replayed log and of the fitted scenario.
#[derive(Debug, Args)]
#[command(mut_arg("inventories", |arg| arg.hide(true)))]
#[command(after_long_help = "Examples:\n  \
    bks fit logs/ --bucket data-lake --out data-lake.toml\n  \
    bks fit trail/ --hash --salt \"$(openssl rand -hex 16)\" > to-share.toml")]
pub(super) struct FitArgs {
    /// Write the scenario to FILE, which must not exist yet; `-` prints it [default: -]
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Name of the scenario [default: that of the first file or directory; `fitted` with `--hash`]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Region of the buckets [default: as in the log; CloudTrail has it, access logs do not]
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// Do not compare the scenario with the replayed log
    #[arg(long)]
    no_check: bool,
    #[command(flatten)]
    jobs: JobsOption,
    #[command(flatten)]
    quiet: Quiet,
    // What has a heading in `--help` comes last: the heading is that of all that follows.
    #[command(flatten)]
    logs: logs::LogArgs,
    #[command(flatten)]
    unknown_age: ReadOnlyObjects,
}

pub(super) fn run(args: &FitArgs) -> Result<Exit> {
    args.check()?;
    args.logs.refuse_inventory("a scenario says by bucket, not by object, who has bucket keys")?;
    let logs = args.logs.open(args.quiet.quiet)?;
    let (recording, details) = logs.read::<BucketDetails>(FormatsTogether::One, args.jobs.jobs)?;
    let unknown_age = args.unknown_age.unknown_age.unwrap_or_default();
    let details = details.hidden(&args.logs.hider());
    let options = FitOptions { name: args.name(), unknown_age, region: args.region.clone() };
    let fit = fitting::fit(&recording, &details, &options)?;
    recording.check()?;
    let fitted = fit.scenario()?;
    let out = args.out.as_deref().unwrap_or(Path::new("-"));
    if output::is_stdout(out) {
        output::print(&fit.to_toml())?;
    } else {
        output::write_new(out, fit.to_toml().as_bytes())?;
        args.quiet.wrote(out);
    }
    if !args.quiet.quiet && !args.no_check {
        let settings = Settings { file: None, overrides: &[], unknown_age: Some(unknown_age) };
        let replay = Scenario::of_recording(recording, &settings)?;
        let replications = fitting::replications(&replay);
        let compared = args.jobs.run(|| fitting::compare(&replay, &fitted, replications))?;
        note_comparison(&compared);
    }
    Ok(Exit::Done)
}

impl FitArgs {
    /// Refuses what is wrong before the logs are read.
    fn check(&self) -> Result<()> {
        if let Some(region) = &self.region {
            PriceTable::for_region(region).map_err(|error| {
                let without = PriceTable::regions_without_prices().any(|other| other == region);
                let hint = "leave `--region` out; in the scenario that is written give `region`, and \
                            the prices by `price_file` in `[billing]`";
                if without { unpriced(region).hint(hint) } else { error }.at("--region")
            })?;
        }
        match &self.name {
            Some(name) if !is_plain(name) => {
                Err(Error::request(format!("`{name}` cannot name a scenario"))
                    .at("--name")
                    .hint("use lower-case letters, digits, hyphens and underscores, e.g., `emr10`"))
            }
            _ => Ok(()),
        }
    }

    /// The name asked for, or that of the first file or folder as a scenario can have it.
    fn name(&self) -> String {
        const NONE: &str = "fitted";
        if let Some(name) = &self.name {
            return name.clone();
        }
        let path = Path::new(&self.logs.paths()[0]);
        let file = path
            .file_name()
            .filter(|_| !self.logs.hides_names())
            .map(std::ffi::OsStr::to_string_lossy);
        let stem = file.as_deref().and_then(|file| file.split('.').find(|part| !part.is_empty()));
        let slug: String = stem.unwrap_or_default().chars().map(slug_char).collect();
        let slug = slug.trim_matches(['-', '_']);
        if is_plain(slug) { slug.to_owned() } else { NONE.to_owned() }
    }
}

fn slug_char(c: char) -> char {
    match c.to_ascii_lowercase() {
        c @ ('a'..='z' | '0'..='9' | '-' | '_') => c,
        _ => '-',
    }
}

fn unpriced(region: &str) -> Error {
    Error::request(format!("`{region}` has no built-in prices, but the scenario needs some"))
}

/// Above this share there is a caution.
const FAR: f64 = 0.1;

fn note_comparison(compared: &[FitComparison]) {
    output::note(&format!(
        "{:<20} {:>20} {:>20} {:>16}",
        "KMS calls", "log replayed", "scenario", "error"
    ));
    for row in compared {
        let FitComparison { configuration, replayed, fitted } = row;
        let error = row.error().map_or("–".to_owned(), |Estimate { mean, half_width }| {
            let sign = if mean < 0.0 { "" } else { "+" };
            let half_width = half_width.map(|half_width| half_width * 100.0);
            format!("{sign}{} %", shown(Estimate { mean: mean * 100.0, half_width }))
        });
        output::note(&format!(
            "{configuration:<20} {:>20} {:>20} {error:>16}",
            shown(*replayed),
            shown(*fitted)
        ));
    }
    output::note("means at the assumed level; ± is a 95 % confidence half-width");
    let far = compared.iter().filter(|row| {
        let error = row.error();
        error.is_some_and(|error| error.mean.abs() - error.half_width.unwrap_or_default() > FAR)
    });
    let far: Vec<&str> = far.map(|row| row.configuration.as_str()).collect();
    if !far.is_empty() {
        output::note(&format!(
            "caution: the scenario's calls differ from the log's by more than {:.0} % under {}: do not use it \
             for that; fit one job or one bucket (`--bucket`) at a time",
            FAR * 100.0,
            far.join(" and ")
        ));
    }
}

/// A mean, and its half-width if it is not sure: with as many digits as show that.
fn shown(Estimate { mean, half_width }: Estimate) -> String {
    match half_width.filter(|half_width| *half_width > 0.0) {
        None => format!("{mean:.1}"),
        Some(half_width) => {
            let digits = if half_width >= 1.0 { 1 } else { 2 + usize::from(half_width < 0.1) };
            format!("{mean:.digits$} ± {half_width:.digits$}")
        }
    }
}
