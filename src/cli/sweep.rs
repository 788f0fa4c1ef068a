//! `bks sweep`: read, check all points, run those that are missing, report.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use super::journal::Journal;
use super::{Found, input, memory, output, progress, threads};
use crate::error::Result;
use crate::report;
use crate::results;
use crate::results::facts::AssertionFacts;
use crate::scenario::Scenario;
use crate::simulation::estimate;
use crate::sweep::grid::Grid;
use crate::sweep::rows::{Ledger, PointLines, RowsFormat};
use crate::sweep::survey::{Survey, SweepIdentity};
use crate::sweep::{self, Callbacks};

/// Simulate a scenario at every point of a grid of values.
///
/// A `--set` with several values varies its key: a list (`lifetime=30s,3m,5m,1h`), N values evenly
/// spaced (`KEY=LOW..HIGH:N`), steps (`KEY=LOW..HIGH:+STEP`), powers (`KEY=1..10000:log10`), or N
/// values on a logarithmic scale (`KEY=LOW..HIGH:log:N`). Several make a grid, the first varies
/// slowest.
///
/// Writes sweep.csv point by point, and sweep.json, which says what the sweep is. The same command
/// again goes on where it was broken off.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Scenario file; `-` reads it from standard input
    scenario: String,
    /// Write files to DIR instead of results/NAME
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Form of the file of results
    #[arg(long, value_enum, default_value_t = FormName::Csv)]
    format: FormName,
    #[command(flatten)]
    changes: input::Changes,
    #[command(flatten)]
    demands: input::Demands,
    /// Run all points anew, whatever sweep is there
    #[arg(long)]
    restart: bool,
    /// Refuse a sweep of more than N points
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    max_points: usize,
    /// Use N threads instead of one for each processor; the results do not depend on it
    #[arg(long, short, value_name = "N")]
    jobs: Option<usize>,
    /// Print neither table, progress nor notes
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormName {
    /// sweep.csv
    Csv,
    /// sweep.jsonl: an object a line
    Json,
}

impl From<FormName> for RowsFormat {
    fn from(name: FormName) -> Self {
        match name {
            FormName::Csv => Self::Csv,
            FormName::Json => Self::JsonLines,
        }
    }
}

pub(super) fn run(args: &Args) -> Result<Found> {
    let grid = Grid::of(&args.changes.all()?, args.max_points)?;
    let source = input::Source::open(&args.scenario)?;
    let mut base = source.read(&grid.fixed())?;
    args.demands.put_on(&mut base)?;
    let sweep = Sweep { args, grid: &grid, source: &source, base: &base };
    threads::run_on(args.jobs, || sweep.run())?
}

/// A sweep as asked for.
struct Sweep<'a> {
    args: &'a Args,
    grid: &'a Grid,
    source: &'a input::Source,
    base: &'a Scenario,
}

impl Sweep<'_> {
    fn run(&self) -> Result<Found> {
        let bytes = memory::free();
        let threads = threads::number(self.args.jobs);
        let survey = Survey::of(self.grid, &|point| {
            let scenario = self.read(point)?;
            estimate::check_size(&scenario, threads, bytes).map_err(|error| {
                error.at(format!("{} at {}", self.source.place(), self.grid.name(point)))
            })?;
            Ok(scenario)
        })?;
        let ledger = Ledger::new(self.args.format.into(), self.grid, &survey);
        let identity = SweepIdentity::of(self.base, self.grid, &survey);
        let folder = self.folder();
        let journal = Journal::open(&folder, &ledger, &identity, self.args.restart)?;
        let path = journal.path().display().to_string();
        let missing = journal.missing(self.grid.points());
        self.note_what_is_there(&path, missing.len());
        self.run_missing(&survey, &missing, &ledger, &journal, bytes)?;
        let lines = journal.finish(self.grid.points())?;
        self.report(&survey, &ledger, &lines)?;
        if !missing.is_empty() {
            self.note(&format!("wrote {path}"));
        }
        Ok(self.hold_against_demands(&survey, &ledger, &lines))
    }

    fn read(&self, point: usize) -> Result<Scenario> {
        let mut scenario = self.source.read(&self.grid.overrides(point))?;
        self.args.demands.put_on(&mut scenario)?;
        Ok(scenario)
    }

    fn folder(&self) -> PathBuf {
        let by_name = || PathBuf::from("results").join(&self.base.name);
        self.args.out.clone().unwrap_or_else(by_name)
    }

    fn note(&self, text: &str) {
        if !self.args.quiet {
            output::note(text);
        }
    }

    fn note_what_is_there(&self, path: &str, missing: usize) {
        let points = self.grid.points();
        if missing == 0 {
            self.note(&format!("{path} has all {points} points, there is nothing to run"));
        } else if missing < points {
            let there = points - missing;
            self.note(&format!("{path} has {there} of {points} points, going on with the rest"));
        }
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
            self.args.quiet,
        );
        let around = Callbacks {
            read: &|point| self.read(point),
            progress: &|work| bar.work(work),
            finished: &|point, scenario, outcome| {
                let rows = results::summary(scenario, outcome);
                journal.append(&ledger.lines(point, &rows))?;
                bar.point();
                Ok(())
            },
        };
        let ran = sweep::run(survey, missing, bytes, &around);
        bar.clear();
        ran
    }

    fn report(&self, survey: &Survey, ledger: &Ledger, lines: &PointLines) -> Result<()> {
        if self.args.quiet {
            return Ok(());
        }
        let rows = |point: usize| ledger.rows(&lines[&point]);
        let width = output::terminal_width();
        let name = &self.base.name;
        let document = report::sweep::document(name, self.grid, survey, &rows);
        output::print(&report::text::write(&document, width))
    }

    /// Tells at how many points a demand is not met, and names the first ones.
    fn hold_against_demands(&self, survey: &Survey, ledger: &Ledger, lines: &PointLines) -> Found {
        const NAMED: usize = 5;
        let unmet: Vec<(usize, AssertionFacts)> = (0..self.grid.points())
            .filter_map(|point| {
                let unmet = survey.points[point].unmet(&ledger.rows(&lines[&point]));
                Some((point, unmet.into_iter().next()?))
            })
            .collect();
        if unmet.is_empty() {
            return Found::Done;
        }
        let of = self.grid.points();
        output::note(&format!("assertions are not met at {} of {of} points", unmet.len()));
        for (point, demand) in unmet.iter().take(NAMED) {
            let name = self.grid.name(*point);
            output::note(&format!("at {name}: {}", report::assertion::unmet(demand)));
        }
        if unmet.len() > NAMED {
            output::note(&format!("and at {} more", unmet.len() - NAMED));
        }
        Found::AssertionNotMet
    }
}
