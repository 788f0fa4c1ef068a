//! `bks fit`: a scenario like a log.

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;

use super::logs::{self, FormatsTogether};
use super::{Found, output, threads};
use crate::error::{Error, Result};
use crate::fitting::hide::NameHider;
use crate::fitting::{self, BucketDetails, FitComparison, FitOptions};
use crate::pricing::PriceTable;
use crate::scenario::Scenario;
use crate::scenario::replay::{Settings, UnknownAge};
use crate::scenario::resolve::is_plain;
use crate::statistics::Estimate;

/// Make a scenario like a log: who asks for what, how often, and how old it is.
///
/// Prints the scenario, and then, on standard error, the KMS calls that the log's replay makes and
/// those that the scenario makes.
#[derive(Debug, ClapArgs)]
#[command(mut_arg("inventories", |arg| arg.hide(true)))]
pub(super) struct Args {
    #[command(flatten)]
    logs: logs::Args,
    /// Write the scenario to FILE, which must be new, instead of printing it (as `-` does)
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The scenario's name; without it that of the first file or folder, or `fitted` if hidden
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The buckets' region, if it is not as the log says; CloudTrail does, access logs do not
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// Hide names of buckets, principals and accounts; needs `--salt`
    #[arg(long, requires = "salt")]
    hash: bool,
    /// Secret that names are hidden under: the same gives the same
    #[arg(long, value_name = "TEXT", requires = "hash")]
    salt: Option<String>,
    /// Keys of objects that are read and not written in the log, as of `bks replay`
    #[arg(long, value_name = "AGE", value_parser = parse_unknown_age)]
    unknown_age: Option<UnknownAge>,
    /// Do not compare the scenario with the log's replay
    #[arg(long)]
    no_check: bool,
    /// Use N threads instead of one for each processor; the results do not depend on it
    #[arg(long, short, value_name = "N")]
    jobs: Option<usize>,
    /// Print neither progress, notes nor comparison
    #[arg(long, short)]
    quiet: bool,
}

fn parse_unknown_age(text: &str) -> std::result::Result<UnknownAge, String> {
    text.parse().map_err(|error: Error| error.to_string())
}

pub(super) fn run(args: &Args) -> Result<Found> {
    args.check()?;
    args.logs.refuse_inventory("a scenario says by bucket, not by object, who has bucket keys")?;
    let logs = args.logs.open(args.quiet)?;
    let (recording, details) = logs.read::<BucketDetails>(FormatsTogether::One, args.jobs)?;
    let unknown_age = args.unknown_age.unwrap_or_default();
    let hider = args.salt.as_deref().map_or(NameHider::none(), NameHider::salted);
    let name = args.name();
    let options = FitOptions { name, unknown_age, hider, region: args.region.clone() };
    let fit = fitting::fit(&recording, &details, &options)?;
    recording.check()?;
    let fitted = fit.scenario()?;
    match &args.out {
        Some(path) => {
            output::write_new(path, fit.to_toml().as_bytes())?;
            if !args.quiet && !output::is_stdout(path) {
                output::note(&format!("wrote {}", path.display()));
            }
        }
        None => output::print(&fit.to_toml())?,
    }
    if !args.quiet && !args.no_check {
        let settings = Settings { file: None, overrides: &[], unknown_age: Some(unknown_age) };
        let replay = Scenario::of_recording(recording, &settings)?;
        let replications = fitting::replications(&replay);
        let compare = || fitting::compare(&replay, &fitted, replications);
        let compared = threads::run_on(args.jobs, compare)?;
        tell(&compared);
    }
    Ok(Found::Done)
}

impl Args {
    /// Refuses what is wrong before the logs are read.
    fn check(&self) -> Result<()> {
        if self.salt.as_deref() == Some("") {
            return Err(Error::request("`--salt` is empty, and so would hide nothing"));
        }
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
        let file = path.file_name().filter(|_| !self.hash).map(std::ffi::OsStr::to_string_lossy);
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

/// From this share on an error is told of in words, too.
const FAR: f64 = 0.1;

fn tell(compared: &[FitComparison]) {
    output::note(&format!(
        "{:<20} {:>20} {:>20} {:>16}",
        "KMS calls", "log replayed", "scenario", "error"
    ));
    for row in compared {
        let FitComparison { configuration, replayed, fitted } = row;
        let error = row.error().map_or("–".to_owned(), |error| {
            let percent = |share: f64| share * 100.0;
            let half_width = error.half_width.map(percent);
            let (mean, around) = told(Estimate { mean: percent(error.mean), half_width });
            format!("{}{mean}{around} %", if error.mean < 0.0 { "" } else { "+" })
        });
        output::note(&format!(
            "{configuration:<20} {:>20} {:>20} {error:>16}",
            estimate(*replayed),
            estimate(*fitted)
        ));
    }
    output::note("means at the assumed level; ± is a 95 % confidence half-width");
    let far = |row: &&FitComparison| {
        row.error()
            .is_some_and(|error| error.mean.abs() - error.half_width.unwrap_or_default() > FAR)
    };
    let far: Vec<&str> =
        compared.iter().filter(far).map(|row| row.configuration.as_str()).collect();
    if !far.is_empty() {
        output::note(&format!(
            "caution: the scenario's calls are more than {:.0} % off the log's under {}: do not use it \
             for that; fit less at a time, e.g., one job, or one bucket by `--bucket`",
            FAR * 100.0,
            far.join(" and ")
        ));
    }
}

fn estimate(estimate: Estimate) -> String {
    let (mean, around) = told(estimate);
    mean + &around
}

/// A mean, and its half-width if it is not sure: with as many digits as tell that.
fn told(Estimate { mean, half_width }: Estimate) -> (String, String) {
    match half_width.filter(|half_width| *half_width > 0.0) {
        None => (format!("{mean:.1}"), String::new()),
        Some(half_width) => {
            let digits = if half_width >= 1.0 { 1 } else { 2 + usize::from(half_width < 0.1) };
            (format!("{mean:.digits$}"), format!(" ± {half_width:.digits$}"))
        }
    }
}
