//! `bks migrate`: what to do with the objects that are there when bucket keys are turned on.

use std::path::{Path, PathBuf};

use clap::Args;

use super::args::{self, Changes, JobsOption, OutputFormat, Print, ResultsFolder, TypedOptions};
use super::exit::Exit;
use super::inventory::{INVENTORY_OPTIONS, InventoryOptions, NEEDED, Reading};
use super::{input, memory, output, progress};
use crate::error::{Error, Result};
use crate::harmless_text::named;
use crate::kms::request_quota_per_s;
use crate::quota::QuotaTerms;
use crate::report::migration::{self as report, MigrationPlanned};
use crate::results::migration::ways::{Asked, MigrationWays};
use crate::results::run::Step;
use crate::scenario::overrides::Override;
use crate::simulation::estimate;
use crate::units::{Rate, Share};

/// Plan a migration: leave, wait, UpdateObjectEncryption or Batch Copy, month by month
///
/// Bucket keys change nothing for objects that are there already. Of a scenario, every way to deal with them is
/// simulated on the same requests: what it can touch, what it costs once, how long it takes under the KMS quota,
/// what it saves each month, and when it is paid back. Of an inventory (manifest.json, or data files with
/// `--as-of`) the same without traffic: what each way can touch and costs, and how many reads pay it back.
///
/// `--format csv` prints the rows of `migration_ways.csv`. Writes `migration_ways.csv`, `migration_objects.csv`,
/// `migration_costs.csv` and, of a scenario, months.csv with its chart months.svg.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    bks migrate scenarios/existing-bucket.toml\n  \
    bks migrate my-bucket.toml --months 24 --start 2026-12-01\n  \
    bks migrate inventory/2026-11-20T01-00Z/manifest.json --region eu-central-1")]
pub(super) struct MigrateArgs {
    /// Scenario file (`-` for standard input), or manifest.json or data files of S3 Inventory
    #[arg(required = true, value_name = "SCENARIO|INVENTORY")]
    sources: Vec<String>,
    /// Months of 30 days to look ahead
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=120))]
    months: u32,
    /// Share of the KMS quota that the migration leaves free in the busiest second
    #[arg(long, value_name = "SHARE", default_value = "20%")]
    headroom: Share,
    /// Objects that the migration touches a second, e.g., 500/s [default: the scenario's `migration_rate`]
    #[arg(long, value_name = "RATE")]
    rate: Option<Rate>,
    /// When it starts, e.g., 2026-12-01: pay-back as a date
    #[arg(long, value_name = "DATE", value_parser = args::time)]
    start: Option<i64>,
    #[command(flatten)]
    folder: ResultsFolder,
    #[command(flatten)]
    print: Print,
    // What has a heading in `--help` comes last: the heading is that of all that follows.
    #[command(flatten)]
    inventory: InventoryOptions,
    /// Other KMS requests of an inventory's account, e.g., 3000/s
    #[arg(long, value_name = "RATE", help_heading = INVENTORY_OPTIONS)]
    background_kms: Option<Rate>,
    #[command(flatten)]
    changes: Changes,
    #[command(flatten)]
    jobs: JobsOption,
}

pub(super) fn run(args: &MigrateArgs, typed: &TypedOptions) -> Result<Exit> {
    match args.sources.as_slice() {
        [only] if is_scenario(only) => {
            check_of_scenario(only, typed)?;
            args.of_scenario(only)
        }
        several if several.iter().any(|source| is_scenario(source)) => Err(Error::request(
            "a plan is of one scenario or of an inventory's files, but several sources are given",
        )
        .hint("run `bks migrate` for each scenario")),
        files => {
            check_of_inventory(typed)?;
            args.of_inventory(&files.iter().map(PathBuf::from).collect::<Vec<_>>())
        }
    }
}

/// Refuses what a scenario says itself.
fn check_of_scenario(source: &str, typed: &TypedOptions) -> Result<()> {
    let Some(option) = typed.under(INVENTORY_OPTIONS) else { return Ok(()) };
    let key = match option {
        "--region" => "`--set region=NAME`",
        "--background-kms" => "`--set background_kms=RATE`",
        _ => "the scenario's `[[population]]` tables say which objects there are",
    };
    let what = format!("`{option}` applies to an inventory, but `{}` is a scenario", named(source));
    Err(Error::request(what).hint(key))
}

/// Refuses what has an effect on simulations only.
fn check_of_inventory(typed: &TypedOptions) -> Result<()> {
    let of_scenarios = ["--set", "--seed", "--replications", "--engine", "--precision"];
    let Some(option) = of_scenarios.into_iter().find(|option| typed.has(option)) else {
        return Ok(());
    };
    Err(Error::request(format!("`{option}` applies to a scenario, but an inventory is given"))
        .hint("`bks inventory INVENTORY --population FILE` makes a scenario's populations of it"))
}

fn is_scenario(source: &str) -> bool {
    source == "-"
        || Path::new(source).extension().is_some_and(|end| end.eq_ignore_ascii_case("toml"))
}

impl MigrateArgs {
    fn asked(&self) -> Asked {
        Asked {
            months: self.months,
            headroom: self.headroom.value(),
            objects_per_s: self.rate.map(Rate::as_per_s),
            start_ns: self.start,
        }
    }

    fn of_scenario(&self, source: &str) -> Result<Exit> {
        let mut scenario = self.changes.scenario(source, self.jobs.threads())?;
        if let Some(rate) = self.rate {
            // It decides how many objects share a key, too.
            scenario = scenario
                .changed(&[Override::new("assumptions.migration_rate", rate.to_string())])?;
        }
        scenario.require_prices_of_migration().map_err(|error| error.at(source))?;
        let asked = self.asked();
        let long = MigrationWays::scenario(&scenario, &asked).map_err(|error| error.at(source))?;
        estimate::check_size(&long, self.jobs.threads(), memory::free())
            .map_err(|error| error.at(source).hint("look at fewer months, e.g., `--months 3`"))?;
        let bar = progress::Growing::new(&scenario.name, "requests", self.print.quiet.quiet);
        let ways = self.jobs.run(|| {
            MigrationWays::of(&scenario, &asked, &|step| match step {
                Step::Answered(requests) => bar.advance(requests),
                Step::Decided { requests, .. } => bar.grow(requests),
                // A plan looks at levels alone.
                Step::SetsDecided(_) => {}
            })
        })?;
        bar.clear();
        let ways = ways.map_err(|error| error.at(source))?;
        let region = &scenario.accounts.regions[0];
        let plan =
            MigrationPlanned { ways: &ways, asked: &asked, scenario: Some(&scenario), region };
        self.report(&plan, &self.folder.of(&scenario.name))
    }

    fn of_inventory(&self, files: &[PathBuf]) -> Result<Exit> {
        let region = self.inventory.region.as_str();
        let prices = input::price_table(region, self.changes.prices(), &NEEDED)?;
        let inventory = Reading::of(files, &self.inventory, self.print.quiet.quiet)?;
        let terms = QuotaTerms {
            quota_per_s: request_quota_per_s(region),
            background_per_s: self.background_kms.map_or(0, |rate| rate.as_per_s().round() as u64),
        };
        let asked = self.asked();
        let ways = MigrationWays::of_inventory(&inventory.tally, &prices, terms, &asked);
        let plan = MigrationPlanned { ways: &ways, asked: &asked, scenario: None, region };
        self.report(&plan, &self.folder.of("migration"))
    }

    fn report(&self, plan: &MigrationPlanned, folder: &Path) -> Result<Exit> {
        output::write_files(folder, &report::files(plan), self.folder.overwrite)?;
        self.print.print(|format| match format {
            OutputFormat::Csv => output::csv(&plan.ways.ways),
            OutputFormat::Json => output::json(&report::json(plan)),
            _ => format.document(&report::document(plan)),
        })?;
        self.print.quiet.wrote(folder);
        Ok(Exit::Done)
    }
}
