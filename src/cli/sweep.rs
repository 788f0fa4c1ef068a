//! `bks sweep`: read, check all points, run those that are missing, report.

use std::path::{Path, PathBuf};

use clap::Args;

use super::args::{self, Changes, FailIf, JobsOption, OutputFormat, Quiet};
use super::exit::Exit;
use super::job_array::ShardChoice;
use super::journal::Journal;
use super::{input, memory, output, progress};
use crate::error::{Error, Result, one_of};
use crate::figure::Figure;
use crate::report;
use crate::results::result_json::AssertionFacts;
use crate::scenario::Scenario;
use crate::simulation::estimate;
use crate::sweep::checked_points::{Survey, SweepIdentity};
use crate::sweep::grid::Grid;
use crate::sweep::rows::{Ledger, PointLines, RowsFormat};
use crate::sweep::shard::Shard;
use crate::sweep::{self, Callbacks};

/// Simulate a scenario at every point of a grid of values
///
/// A `--set` with several values varies its key: a list (`lifetime=30s,3m,5m,1h`), N evenly spaced values
/// (`KEY=LOW..HIGH:N`), steps (`KEY=LOW..HIGH:+STEP`), powers of ten (`KEY=1..10000:log10`), or N values on a
/// logarithmic scale (`KEY=LOW..HIGH:log:N`). Several of them make a grid, in which the first varies slowest.
///
/// Writes sweep.csv point by point, and sweep.json, which describes the sweep. An interrupted sweep resumes where
/// it stopped when the same command is given again.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    bks sweep emr10.toml --set lifetime=30s,3min,5min,1h\n  \
    bks sweep emr10.toml --set requesters=1..10000:log10 --set cache_lifetime=1min,5min\n  \
    bks sweep lake.toml --set bucket.lake.bucket_keys_since=-7d..0s:+1d --figure throttled_share\n  \
    bks sweep emr10.toml --set requesters=1..10000:log10 --shard 2/3 --out parts/2")]
pub(super) struct SweepArgs {
    /// Scenario file; `-` reads it from standard input
    scenario: String,
    /// Output directory [default: results/NAME]
    #[arg(long, short, value_name = "DIR", value_parser = args::folder())]
    out: Option<PathBuf>,
    /// Results file: sweep.csv, or sweep.jsonl with one JSON object per line
    #[arg(long, default_value = "csv", value_parser = OutputFormat::only(&[OutputFormat::Csv, OutputFormat::Json]))]
    format: OutputFormat,
    #[command(flatten)]
    changes: Changes,
    #[command(flatten)]
    fail_if: FailIf,
    /// Also print this figure at every point, such as `throttled_share` (repeatable)
    ///
    /// Any figure that assertions know; `sweep.csv` has all of them anyway, and `bks plot sweep.csv --figure
    /// FIGURE` draws one.
    #[arg(long, value_name = "FIGURE", value_parser = parse_figure)]
    figure: Vec<Figure>,
    /// Start over, and discard the points of an earlier sweep
    #[arg(long)]
    restart: bool,
    /// Run only one part of the points, for one of many machines: N/M, or `auto` in a job array
    ///
    /// Every Mth point, from the Nth on. `auto` takes both numbers from Slurm or AWS Batch; an indexed job of
    /// Kubernetes tells the index alone, so `auto/M` says of how many. Give each shard a folder of its own by
    /// `--out`; `bks merge` makes one sweep of them, with the bytes that a single machine would have written.
    #[arg(long, value_name = "N/M", value_parser = ShardChoice::parse)]
    shard: Option<ShardChoice>,
    /// Refuse a sweep of more than N points
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    max_points: usize,
    #[command(flatten)]
    jobs: JobsOption,
    #[command(flatten)]
    quiet: Quiet,
}

fn parse_figure(name: &str) -> Result<Figure> {
    Figure::called(name).ok_or_else(|| {
        let known = Figure::ALL.iter().map(|figure| figure.name());
        Error::request(format!("`{name}` is not a figure")).hint(one_of(name, known))
    })
}

pub(super) fn run(args: &SweepArgs) -> Result<Exit> {
    let grid = Grid::of(&args.changes.overrides()?, args.max_points)?;
    let source = input::ScenarioSource::open(&args.scenario)?;
    let mut base = source.read(&grid.fixed())?;
    args.fail_if.add_to(&mut base)?;
    let shard = args.shard.map(ShardChoice::find).transpose()?;
    let points = match shard {
        None => (0..grid.points()).collect(),
        Some(shard) => shard.points(grid.points()).collect(),
    };
    let sweep = Sweep { args, grid: &grid, source: &source, base: &base, shard, points };
    args.jobs.run(|| sweep.run())?
}

/// A sweep as asked for.
struct Sweep<'a> {
    args: &'a SweepArgs,
    grid: &'a Grid,
    source: &'a input::ScenarioSource,
    base: &'a Scenario,
    shard: Option<Shard>,
    /// Those that are to be run here.
    points: Vec<usize>,
}

impl Sweep<'_> {
    fn run(&self) -> Result<Exit> {
        let bytes = memory::free();
        let threads = self.args.jobs.threads();
        let survey = Survey::of(self.grid, &|point| {
            let scenario = self.read(point)?;
            estimate::check_size(&scenario, threads, bytes).map_err(|error| {
                error.at(format!("{} at {}", self.source.place(), self.grid.name(point)))
            })?;
            Ok(scenario)
        })?;
        let format = if self.args.format == OutputFormat::Json {
            RowsFormat::JsonLines
        } else {
            RowsFormat::Csv
        };
        let ledger = Ledger::new(format, self.grid, &survey);
        let identity = SweepIdentity::of(self.base, self.grid, &survey, self.shard, &self.points);
        let folder = output::results_folder(self.args.out.as_deref(), &self.base.name);
        let journal = Journal::open(&folder, &ledger, &identity, self.args.restart)?;
        let path = journal.path().to_owned();
        let missing = journal.missing(&self.points);
        self.note_what_is_there(&path, missing.len());
        self.run_missing(&survey, &missing, &ledger, &journal, bytes)?;
        let lines = journal.finish(self.points.len())?;
        match self.shard {
            None => self.report(&survey, &ledger, &lines)?,
            Some(shard) => self.note_shard(shard),
        }
        if !missing.is_empty() {
            self.args.quiet.wrote(&path);
        }
        Ok(self.check_assertions(&survey, &ledger, &lines))
    }

    fn read(&self, point: usize) -> Result<Scenario> {
        let mut scenario = self.source.read(&self.grid.overrides(point))?;
        self.args.fail_if.add_to(&mut scenario)?;
        Ok(scenario)
    }

    fn note_what_is_there(&self, path: &Path, missing: usize) {
        let path = path.display();
        let points = self.points.len();
        if missing == 0 {
            self.args.quiet.note(&format!("{path} already has all {points} points"));
        } else if missing < points {
            let there = points - missing;
            self.args
                .quiet
                .note(&format!("{path} has {there} of {points} points, resuming with the rest"));
        }
    }

    fn note_shard(&self, shard: Shard) {
        let (mine, all) = (self.points.len(), self.grid.points());
        self.args.quiet.note(&format!(
            "shard {shard} has {mine} of {all} points; `bks merge FOLDER...` makes one sweep of all shards"
        ));
    }

    fn run_missing(
        &self,
        survey: &Survey,
        missing: &[usize],
        ledger: &Ledger,
        journal: &Journal,
        bytes: u64,
    ) -> Result<()> {
        let bar = progress::Points::new(
            &self.base.name,
            missing.len(),
            survey.work(missing),
            self.args.quiet.quiet,
        );
        let around = Callbacks {
            read: &|point| self.read(point),
            progress: &|work| bar.work(work),
            finished: &|point, rows| {
                journal.append(&ledger.lines(point, rows))?;
                bar.point();
                Ok(())
            },
        };
        let ran = sweep::run(survey, missing, bytes, &around);
        bar.clear();
        ran
    }

    fn report(&self, survey: &Survey, ledger: &Ledger, lines: &PointLines) -> Result<()> {
        if self.args.quiet.quiet {
            return Ok(());
        }
        let figures = &self.args.figure;
        let rows = &|point| ledger.rows(&lines[&point]);
        let document = report::sweep::document(&self.base.name, self.grid, survey, figures, rows);
        output::print(&OutputFormat::Table.document(&document))
    }

    /// Says at how many points an assertion is not met, and names the first ones.
    fn check_assertions(&self, survey: &Survey, ledger: &Ledger, lines: &PointLines) -> Exit {
        const NAMED: usize = 5;
        let unmet: Vec<(usize, AssertionFacts)> = self
            .points
            .iter()
            .filter_map(|&point| {
                let unmet = survey.points[point].unmet(&ledger.rows(&lines[&point]));
                Some((point, unmet.into_iter().next()?))
            })
            .collect();
        if unmet.is_empty() {
            return Exit::Done;
        }
        let of = self.points.len();
        output::note(&format!("assertions are not met at {} of {of} points", unmet.len()));
        for (point, demand) in unmet.iter().take(NAMED) {
            let name = self.grid.name(*point);
            output::note(&format!("at {name}: {}", report::assertion::unmet(demand)));
        }
        if unmet.len() > NAMED {
            output::note(&format!("and at {} more", unmet.len() - NAMED));
        }
        Exit::AssertionNotMet
    }
}
