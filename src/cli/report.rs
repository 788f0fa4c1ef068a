//! `bks report`: results from a folder, or from a scenario that is run first; a page or Markdown out.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::args::{self, Changes, FailIf, JobsOption, OutputFormat, Quiet, TypedOptions};
use super::exit::Exit;
use super::{input, output, run};
use crate::error::{Error, Result};
use crate::report::html;
use crate::report::run::page::{self, Further, Page};
use crate::report::run::reproduction::shell;
use crate::results::Results;
use crate::results::sensitivity::{IDENTITY, SensitivityRun};
use crate::sweep::swept::{SWEEP, Swept, SweptKey};

/// Write a report: one page for a meeting, or Markdown for a pull request
///
/// The page is self-contained and works offline. It shows the verdict with its range, charts, tables, warnings,
/// and how to reproduce them. A sweep in the folder is shown with sliders.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    bks report results/emr10\n  \
    bks report my-bucket.toml -o report.html\n  \
    bks report results/emr10 --format markdown >> comment.md")]
pub(super) struct ReportArgs {
    /// Results folder, or a scenario file (`-` for standard input), which is run first
    #[arg(value_name = "DIR|SCENARIO")]
    source: String,
    /// Output file, `-` for standard output [default: report.html in the results folder; Markdown to `-`]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace the output file if it is there already, and files in the results folder that bks did not write
    #[arg(long)]
    overwrite: bool,
    /// Output format
    #[arg(long, default_value = "html", value_parser = OutputFormat::only(&[OutputFormat::Html, OutputFormat::Markdown]))]
    format: OutputFormat,
    /// Sweep to show [default: sweep.csv in the results folder]
    #[arg(long, value_name = "FILE.csv")]
    sweep: Option<PathBuf>,
    #[command(flatten)]
    quiet: Quiet,
    /// Results folder of a scenario that is run first [default: results/NAME]
    #[arg(long, value_name = "DIR", help_heading = args::SCENARIO_OPTIONS)]
    results: Option<PathBuf>,
    #[command(flatten, next_help_heading = args::SCENARIO_OPTIONS)]
    jobs: JobsOption,
    #[command(flatten)]
    changes: Changes,
    #[command(flatten)]
    fail_if: FailIf,
}

pub(super) fn run(args: &ReportArgs, typed: &TypedOptions) -> Result<Exit> {
    if let Some(path) = &args.out {
        output::refuse_existing(path, args.overwrite)?;
    }
    let path = Path::new(&args.source);
    let (folder, mut results) = if args.source != "-" && path.is_dir() {
        (path.to_owned(), of_folder(path, typed)?)
    } else {
        of_scenario(args)?
    };
    let beside = Beside::of(args, &folder, &mut results)?;
    beside.left_out.iter().for_each(|note| args.quiet.note(note));
    if args.format == OutputFormat::Markdown {
        let text = args.format.document(&crate::report::run::document(&results, None));
        put(args, &text, args.out.as_deref().unwrap_or(Path::new("-")))?;
    } else {
        let page = page(&beside, &folder, &results)?;
        put(args, &page, args.out.as_deref().unwrap_or(&folder.join(args::REPORT)))?;
    }
    args.quiet.tell_of_older(&folder);
    Ok(Exit::by_assertions(&[results]))
}

/// Reads results from a folder.
fn of_folder(folder: &Path, typed: &TypedOptions) -> Result<Results> {
    if let Some(option) = typed.under(args::SCENARIO_OPTIONS) {
        return Err(Error::request(format!(
            "`{option}` applies to a run, but the folder holds a finished one"
        ))
        .hint("give a scenario instead, e.g., the folder's run.toml")
        .at(folder.display().to_string()));
    }
    input::results(folder)
}

/// Runs a scenario, and leaves its files as `bks simulate` does.
fn of_scenario(args: &ReportArgs) -> Result<(PathBuf, Results)> {
    if args.source != "-" && !Path::new(&args.source).exists() {
        return Err(Error::request("there is no results folder or scenario of this name")
            .at(args.source.clone())
            .hint("`bks simulate SCENARIO` and `bks replay LOGS` write results to results/NAME"));
    }
    let scenario = args.changes.scenario(&args.source, args.jobs.threads());
    let mut scenario =
        scenario.map_err(|error| error.hint("give a results folder, or a scenario in TOML"))?;
    args.fail_if.add_to(&mut scenario)?;
    let folder = output::results_folder(args.results.as_deref(), &scenario.name);
    let (quiet, overwrite) = (args.quiet.quiet, args.overwrite);
    let (results, _) =
        args.jobs.run(|| run::into_folder(&scenario, &folder, quiet, overwrite, None))??;
    args.quiet.wrote(&folder);
    Ok((folder, results))
}

/// What lies beside a run's own files in its folder.
#[derive(Default)]
struct Beside {
    sweep: Option<Swept>,
    /// Rows of further files.
    further: Further,
    /// What is left out, as it is of other settings, in sentences.
    left_out: Vec<String>,
}

impl Beside {
    /// Looks for it, and takes out of the results what `bks sensitivity` found for other settings.
    fn of(args: &ReportArgs, folder: &Path, results: &mut Results) -> Result<Self> {
        let mut beside = Self::default();
        if let Some((place, sweep)) = sweep(args, folder)? {
            sweep.check_of(results).map_err(|error| error.at(&place))?;
            beside.take_sweep(sweep, &place, folder, args.sweep.is_some(), results);
        }
        beside.take_further(folder, results)?;
        Ok(beside)
    }

    /// A sweep of the same settings. One of which that is not known is taken only if it was named.
    fn take_sweep(
        &mut self,
        sweep: Swept,
        place: &str,
        folder: &Path,
        is_named: bool,
        results: &Results,
    ) {
        let why = match sweep.differences(results) {
            Some(differ) if differ.is_empty() => return self.sweep = Some(sweep),
            Some(differ) => format!("it has {}", differ.join(", and the ")),
            None if is_named => return self.sweep = Some(sweep),
            None => "no `sweep.json` beside it says of which settings it is".to_owned(),
        };
        let keys = sweep.keys.iter().map(|SweptKey { name, values, .. }| {
            format!("--set {}", shell(&format!("{name}={}", values.join(","))))
        });
        let keys: Vec<String> = keys.collect();
        let folder = shell(&folder.display().to_string());
        self.left_out.push(format!(
            "the sweep `{place}` is left out: {why}; `bks sweep {folder}/run.toml {} --restart --out {folder}` makes it \
             anew",
            keys.join(" ")
        ));
    }

    fn take_further(&mut self, folder: &Path, results: &mut Results) -> Result<()> {
        let identity = text_if_there(&folder.join(IDENTITY))?
            .map(|text| SensitivityRun::read(&text))
            .transpose();
        let identity = identity.map_err(|error| error.within(&folder.display().to_string()))?;
        let differ = identity.as_ref().map(|identity| identity.differences(results));
        let is_same = differ.as_ref().is_some_and(Vec::is_empty);
        let mut names = Vec::new();
        for name in Further::OF_SENSITIVITY {
            let Some(text) = text_if_there(&folder.join(name))? else { continue };
            if is_same && identity.as_ref().is_some_and(|it| it.tells_of(name, &text)) {
                self.further.read(name, &text)?;
            } else {
                names.push(name);
            }
        }
        // A run leaves a file of this name, too.
        let swings = "sensitivity.csv";
        if let Some(text) = text_if_there(&folder.join(swings))?
            && !is_same
            && identity.as_ref().is_some_and(|it| it.tells_of(swings, &text))
        {
            results.sensitivity.clear();
            names.push(swings);
        }
        if names.is_empty() {
            return Ok(());
        }
        let why = match differ {
            None => format!("no `{IDENTITY}` says of which settings they are"),
            Some(differ) if differ.is_empty() => "they were changed".to_owned(),
            Some(differ) => format!("they have {}", differ.join(", and the ")),
        };
        let folder = shell(&folder.display().to_string());
        self.left_out.push(format!(
            "`{}` are left out: {why}; `bks sensitivity {folder}/run.toml --out {folder}` makes them again",
            names.join("`, `")
        ));
        Ok(())
    }
}

fn page(beside: &Beside, folder: &Path, results: &Results) -> Result<String> {
    let Beside { sweep, further, left_out } = beside;
    let page = page::document(&Page { results, sweep: sweep.as_ref(), further, left_out });
    let page = page.map_err(|error| error.within(&folder.display().to_string()))?;
    Ok(html::write(&page))
}

fn text_if_there(path: &Path) -> Result<Option<String>> {
    input::result_text_if_there(path).map_err(|error| error.at(path.display().to_string()))
}

/// The sweep that was named, or else the folder's, and where it is.
fn sweep(args: &ReportArgs, folder: &Path) -> Result<Option<(String, Swept)>> {
    let path = args.sweep.clone().unwrap_or_else(|| folder.join(SWEEP));
    let place = path.display().to_string();
    let text = match &args.sweep {
        Some(path) => Some(input::result_text(path).map_err(|error| error.at(&place))?),
        None => text_if_there(&path)?,
    };
    let Some(text) = text else { return Ok(None) };
    let identity = text_if_there(&path.with_extension("json"))?;
    let swept = Swept::read(&place, &text, identity.as_deref())?;
    Ok(Some((place, swept)))
}

/// Writes the report to a file, or to standard output.
fn put(args: &ReportArgs, text: &str, out: &Path) -> Result<()> {
    if output::is_stdout(out) {
        return match args.format {
            OutputFormat::Markdown => output::print(text),
            _ => output::print_document(text),
        };
    }
    output::write_whole(out, |file| file.write_all(text.as_bytes()))?;
    args.quiet.wrote(out);
    Ok(())
}
