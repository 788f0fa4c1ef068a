//! `bks report`: results from a folder, or from a scenario that is run first; a page or Markdown out.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, ValueEnum};

use super::{Found, input, output, simulate, threads};
use crate::error::{Error, Result};
use crate::report::run::page::{self, BUCKETS, Further, Page};
use crate::report::run::reproduction::shell;
use crate::report::{html, markdown, run};
use crate::results::manifest::Manifest;
use crate::results::sensitivity::{IDENTITY, Identity};
use crate::results::{FACTS, Results};
use crate::sweep::swept::{SWEEP, Swept, SweptKey};

/// Write results as one page for a meeting, or as Markdown for a pull request.
///
/// The page needs nothing else: no network, no other file. It has the verdict with its range, charts,
/// tables, warnings, and how to get the same again. A sweep in the folder comes with sliders.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  bks report results/emr10\n  bks report my-bucket.toml -o report.html\n  \
bks report results/emr10 --format markdown >> comment.md"
)]
pub(super) struct Args {
    /// A folder of results, or a scenario file (`-` for standard input), which is run first
    #[arg(value_name = "DIR|SCENARIO")]
    source: String,
    /// Where to; `-` is standard output. If not given, a page goes to report.html in the folder of
    /// results, and Markdown to standard output
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Form of the report
    #[arg(long, value_enum, default_value_t = Format::Html)]
    format: Format,
    /// The sweep to be shown, instead of the folder's sweep.csv
    #[arg(long, value_name = "FILE.csv")]
    sweep: Option<PathBuf>,
    /// Where a scenario's files go, instead of results/NAME
    #[arg(long, value_name = "DIR")]
    results: Option<PathBuf>,
    /// Replace files in that folder that bks did not write
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    changes: input::Changes,
    #[command(flatten)]
    demands: input::Demands,
    /// Use N threads instead of one for each processor; the report does not depend on it
    #[arg(long, short, value_name = "N")]
    jobs: Option<usize>,
    /// Print neither progress nor notes
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A page that stands by itself
    Html,
    /// Markdown for a pull request
    Markdown,
}

pub(super) fn run(args: &Args) -> Result<Found> {
    let path = Path::new(&args.source);
    let (folder, mut results) = if args.source != "-" && path.is_dir() {
        (path.to_owned(), of_folder(args, path)?)
    } else {
        of_scenario(args)?
    };
    let beside = Beside::of(args, &folder, &mut results)?;
    if !args.quiet {
        beside.left_out.iter().for_each(|note| output::note(note));
    }
    match args.format {
        Format::Html => {
            let page = page(&beside, &folder, &results)?;
            put(args, &page, args.out.as_deref().unwrap_or(&folder.join("report.html")))?;
        }
        Format::Markdown => {
            let text = markdown::write(&run::document(&results, None));
            put(args, &text, args.out.as_deref().unwrap_or(Path::new("-")))?;
        }
    }
    Ok(Found::by_demands(&[results]))
}

/// Reads results from a folder.
fn of_folder(args: &Args, folder: &Path) -> Result<Results> {
    let place = folder.display().to_string();
    if let Some(option) = args.changes.given().or_else(|| args.demands.given()).or_else(|| {
        let options = [
            ("--results", args.results.is_some()),
            ("--overwrite", args.overwrite),
            ("--jobs", args.jobs.is_some()),
        ];
        options.into_iter().find_map(|(option, is_given)| is_given.then_some(option))
    }) {
        return Err(Error::request(format!(
            "`{option}` changes a run, but the folder's was made already"
        ))
        .hint("give a scenario instead, e.g., the folder's run.toml")
        .at(place));
    }
    input::results(folder)
}

/// Runs a scenario, and leaves its files as `bks simulate` does.
fn of_scenario(args: &Args) -> Result<(PathBuf, Results)> {
    if args.source != "-" && !Path::new(&args.source).exists() {
        return Err(Error::request("there is neither a folder of results nor a scenario of this name")
            .at(args.source.clone())
            .hint("`bks simulate SCENARIO` leaves a folder of results in results/NAME, and so does `bks replay LOGS`"));
    }
    let scenario = input::scenario(&args.source, &args.changes, threads::number(args.jobs));
    let mut scenario = scenario.map_err(|error| {
        error.hint("a report is made from a folder of results, or from a scenario in TOML")
    })?;
    args.demands.put_on(&mut scenario)?;
    let by_name = || PathBuf::from("results").join(&scenario.name);
    let folder = args.results.clone().unwrap_or_else(by_name);
    let results = threads::run_on(args.jobs, || {
        simulate::run_into(&scenario, &folder, args.quiet, args.overwrite)
    })??;
    if !args.quiet {
        output::note(&format!("wrote {}", folder.display()));
    }
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
    fn of(args: &Args, folder: &Path, results: &mut Results) -> Result<Self> {
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
        let values = |key: &SweptKey| shell(&format!("{}={}", key.name, key.values.join(",")));
        let keys: Vec<String> =
            sweep.keys.iter().map(|key| format!("--set {}", values(key))).collect();
        let folder = shell(&folder.display().to_string());
        self.left_out.push(format!(
            "the sweep `{place}` is left out: {why}; `bks sweep {folder}/run.toml {} --out {folder}` makes it \
             anew",
            keys.join(" ")
        ));
    }

    fn take_further(&mut self, folder: &Path, results: &mut Results) -> Result<()> {
        let text_of = |name: &str| {
            let path = folder.join(name);
            input::result_text_if_there(&path).map_err(|error| error.at(path.display().to_string()))
        };
        let manifest = text_of(FACTS)?.and_then(|text| Manifest::read(FACTS, &text));
        if manifest.is_some_and(|manifest| manifest.files.contains_key(BUCKETS))
            && let Some(text) = text_of(BUCKETS)?
        {
            self.further.read(BUCKETS, &text)?;
        }
        let identity = text_of(IDENTITY)?.map(|text| Identity::read(&text)).transpose();
        let identity = identity.map_err(|error| error.within(&folder.display().to_string()))?;
        let differ = identity.as_ref().map(|identity| identity.differences(results));
        let is_same = differ.as_ref().is_some_and(Vec::is_empty);
        let mut names = Vec::new();
        for name in Further::OF_SENSITIVITY {
            let Some(text) = text_of(name)? else { continue };
            if is_same && identity.as_ref().is_some_and(|it| it.tells_of(name, &text)) {
                self.further.read(name, &text)?;
            } else {
                names.push(name);
            }
        }
        // A run leaves a file of this name, too.
        let swings = "sensitivity.csv";
        if let Some(text) = text_of(swings)?
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
            "`{}` are left out: {why}; `bks sensitivity {folder}/run.toml --out {folder}` makes them anew",
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

/// The sweep that was named, or else the folder's, and where it is.
fn sweep(args: &Args, folder: &Path) -> Result<Option<(String, Swept)>> {
    let path = args.sweep.clone().unwrap_or_else(|| folder.join(SWEEP));
    let place = path.display().to_string();
    let text = match &args.sweep {
        Some(path) => input::result_text(path).map(Some),
        None => input::result_text_if_there(&path),
    };
    let Some(text) = text.map_err(|error| error.at(&place))? else { return Ok(None) };
    let identity = path.with_extension("json");
    let identity = input::result_text_if_there(&identity)
        .map_err(|error| error.at(identity.display().to_string()))?;
    let swept = Swept::read(&place, &text, identity.as_deref())?;
    Ok(Some((place, swept)))
}

/// Writes the report to a file, or to standard output.
fn put(args: &Args, text: &str, out: &Path) -> Result<()> {
    if output::is_stdout(out) {
        return match args.format {
            Format::Html => output::print_document(text),
            Format::Markdown => output::print(text),
        };
    }
    output::write_whole(out, |file| file.write_all(text.as_bytes()))?;
    if !args.quiet {
        output::note(&format!("wrote {}", out.display()));
    }
    Ok(())
}
