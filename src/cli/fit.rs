//! `bks fit`: a scenario like a log.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::logs::{self, Opened};
use super::{Found, output, threads};
use crate::error::{Error, Result};
use crate::fitting::hide::Hider;
use crate::fitting::{self, Comparison, Sizes, Wishes};
use crate::scenario::Scenario;
use crate::scenario::replay::{Settings, UnknownAge};
use crate::trace::record::Entry;

/// Make a scenario like a log: who asks for what, how often, and how old it is.
///
/// Prints the scenario, and then, on standard error, the KMS calls that the log's replay makes and
/// those that the scenario makes.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    logs: logs::Args,
    /// Write the scenario to FILE instead of printing it
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
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
    let logs = match args.logs.open(args.quiet)? {
        Opened::Lookups(name, _) => {
            return Err(Error::request("a trace of look-ups tells of no requests").at(name));
        }
        Opened::Logs(logs) => logs,
    };
    if args.salt.as_deref() == Some("") {
        return Err(Error::request("`--salt` is empty, and so would hide nothing"));
    }
    let mut sizes = Sizes::default();
    let recording = logs.read(args.jobs, |_, entry| {
        if let Entry::Request(record) = entry {
            sizes.take(record);
        }
        Ok(())
    })?;
    let unknown_age = args.unknown_age.unwrap_or_default();
    let hider = args.salt.as_deref().map_or(Hider::none(), Hider::salted);
    let wishes = Wishes { name: "fitted".to_owned(), unknown_age, hider };
    let fit = fitting::fit(&recording, &sizes, &wishes)?;
    recording.check()?;
    let fitted = fit.scenario()?;
    match &args.out {
        Some(path) => {
            output::write_new(path, fit.to_toml().as_bytes())?;
            if !args.quiet {
                output::note(&format!("wrote {}", path.display()));
            }
        }
        None => output::print(&fit.to_toml())?,
    }
    if !args.quiet && !args.no_check {
        let settings = Settings { file: None, overrides: &[], unknown_age: Some(unknown_age) };
        let replay = Scenario::of_recording(recording, &settings)?;
        let compared = threads::run_on(args.jobs, || fitting::compare(&replay, &fitted))?;
        tell(&compared);
    }
    Ok(Found::Done)
}

fn tell(compared: &[Comparison]) {
    output::note(&format!(
        "{:<20} {:>14} {:>14} {:>9}",
        "KMS calls", "log replayed", "scenario", "error"
    ));
    for row in compared {
        let error =
            row.error().map_or("–".to_owned(), |error| format!("{:+.1} %", error * 100.0));
        let Comparison { configuration, replayed, fitted } = row;
        output::note(&format!("{configuration:<20} {replayed:>14.1} {fitted:>14.1} {error:>9}"));
    }
}
