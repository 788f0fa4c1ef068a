//! The ways to migrate what is there: which is best, what each costs, takes and saves, month by month.

mod how;
mod sentences;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::chart::{self, Options, Size};
use super::document::{Block, Cell, Document, Section, Table};
use super::json;
use super::numbers::{bytes, dollars, duration, grouped, percent, significant};
use crate::harmless_text::named;
use crate::migration::reach::MigrationMethod;
use crate::pricing::PriceTable;
use crate::results::csv;
use crate::results::migration::rows::{IDENTITY, MonthRow, OneOffRow, ReachRow, WayRow};
use crate::results::migration::ways::{ALL, Asked, LAST_DAYS, MigrationWays, STANDARD};
use crate::scenario::{MODEL_VERSION, Scenario};

/// The JSON document's own version: raised when a key changes its meaning or goes.
const SCHEMA_VERSION: u32 = 1;

/// Most months that a table shows one by one.
const MONTHS_SHOWN: usize = 12;

/// A plan: the ways, and what was asked.
pub struct MigrationPlanned<'a> {
    /// The ways.
    pub ways: &'a MigrationWays,
    /// What was asked.
    pub asked: &'a Asked,
    /// The scenario; `None` of an inventory.
    pub scenario: Option<&'a Scenario>,
    /// Whose prices these are.
    pub region: &'a str,
}

impl MigrationPlanned<'_> {
    fn row(&self, way: &str) -> Option<&WayRow> {
        self.ways.ways.iter().find(|row| row.way == way)
    }

    fn months_of(&self, way: &str) -> impl Iterator<Item = &MonthRow> {
        self.ways.months.iter().filter(move |row| row.way == way)
    }

    /// What a way has brought by the end.
    fn net(&self, way: &str) -> Option<f64> {
        self.months_of(way).last().map(|row| row.net_usd)
    }

    /// The ways that re-encrypt something.
    fn migrating(&self) -> impl Iterator<Item = &WayRow> {
        self.ways.ways.iter().filter(|row| row.objects > 0)
    }

    /// The migration that has brought most by the end; of an inventory the cheapest for most objects.
    fn best(&self) -> Option<&WayRow> {
        let mut best: Option<&WayRow> = None;
        for row in self.migrating() {
            let is_better =
                best.is_none_or(|best| match (self.net(&row.way), self.net(&best.way)) {
                    (Some(own), Some(other)) => own > other,
                    _ => row.objects > best.objects,
                });
            if is_better {
                best = Some(row);
            }
        }
        best
    }
}

/// The verdict, the ways, the months, what is left and how it is done.
#[must_use]
pub fn document(plan: &MigrationPlanned) -> Document {
    let mut blocks = vec![Block::Verdict(sentences::verdict(plan)), Block::Table(ways(plan))];
    if !plan.ways.months.is_empty() {
        blocks.push(Block::Table(months(plan)));
    }
    blocks.extend(sentences::notes(plan).into_iter().map(Block::Note));
    let left = sentences::left(plan);
    if !left.is_empty() {
        blocks.push(Section::open("left", "What is left as it is", vec![Block::List(left)]));
    }
    if plan.best().is_some() {
        let changes = Block::List(sentences::changes(plan));
        blocks.push(Section::open("changes", "What changes", vec![changes]));
        blocks.push(Section::open("how", "How it is done", how::blocks(plan)));
    }
    Document::of(blocks)
}

/// What each way touches, costs, takes and saves.
fn ways(plan: &MigrationPlanned) -> Table {
    let has_months = !plan.ways.months.is_empty();
    let changes = plan.ways.changing.is_some();
    let last = format!("in month {}", plan.asked.months);
    Table::of(&plan.ways.ways)
        .text("way", |row| title(row))
        .figure("objects", |row| Cell::count((row.objects > 0).then_some(row.objects as f64)))
        .figure("size", |row| {
            row.bytes.map_or_else(Cell::unknown, |size| bytes(size as u128).into())
        })
        .figure("costs once", |row| Cell::dollars((row.objects > 0).then_some(row.one_off_usd)))
        .figure_if(has_months, "saves in month 1", |row| saving(row))
        .figure_if(has_months, "low … high", |row| {
            let ends = row.saving_first_month_low_usd.zip(row.saving_first_month_high_usd);
            Cell::range(ends.filter(|_| row.operation != MigrationMethod::Leave.name()), dollars)
        })
        .figure_if(has_months && changes, last, |row| {
            Cell::figure(row.saving_last_month_usd.filter(|_| row.operation != "leave"), dollars)
        })
        .figure_if(has_months, "paid back after", |row| paid_back(row).into())
        .figure("takes", |row| match (row.objects, row.duration_s) {
            (0, _) => Cell::unknown(),
            (_, Some(duration_s)) => Cell::figure(duration_s, duration),
            (_, None) => "no room in the quota".into(),
        })
        .figure("of the KMS quota", |row| Cell::percent(row.quota_share_max))
        .figure("at the fastest", |row| Cell::figure(row.fastest_s, duration))
        .table()
}

fn saving(row: &WayRow) -> Cell {
    let is_other = row.operation != MigrationMethod::Leave.name();
    Cell::figure(row.saving_first_month_usd.filter(|_| is_other), dollars)
}

/// When a migration is paid back, in short.
fn paid_back(row: &WayRow) -> String {
    match (row.payback.as_deref(), row.payback_s) {
        (None, _) => "–".to_owned(),
        (_, Some(time_s)) => days(time_s),
        (Some("never"), _) => {
            format!("never, {} at most", percent(row.payback_ratio.unwrap_or_default()))
        }
        _ => format!(
            "not within the run ({} so far)",
            percent(row.payback_ratio.unwrap_or_default())
        ),
    }
}

/// A long time, in days, and in years where these are many.
fn days(time_s: f64) -> String {
    match time_s / 86_400.0 {
        days if days < 2.0 => duration(time_s),
        days if days < 1_000.0 => format!("{} days", significant(days)),
        days => format!("{} years", significant(days / 365.0)),
    }
}

/// A way, as people read it.
fn title(row: &WayRow) -> String {
    let operation = MigrationMethod::ALL.into_iter().find(|it| it.name() == row.operation);
    let operation: &str = match &operation {
        Some(known) => known.title(),
        None => &row.operation,
    };
    match row.part.as_str() {
        ALL if row.objects == 0 => operation.to_owned(),
        ALL => format!("{operation}, all"),
        STANDARD => format!("{operation}, Standard only"),
        LAST_DAYS => format!("{operation}, the last 30 days only"),
        part => format!("{operation}, `{}`", named(part)),
    }
}

/// What each way has saved by the end of each month, less what it cost.
fn months(plan: &MigrationPlanned) -> Table {
    let shown: Vec<&WayRow> =
        plan.ways.ways.iter().filter(|row| row.operation != "leave").collect();
    let titles = shown.iter().map(|row| title(row));
    let mut table = Table::new("saved by the end of month, cost taken off", titles);
    let of_way: Vec<Vec<&MonthRow>> =
        shown.iter().map(|row| plan.months_of(&row.way).collect()).collect();
    let all = of_way.first().map_or(0, Vec::len);
    let step = all.div_ceil(MONTHS_SHOWN).max(1);
    for month in (0..all).filter(|month| month % step == step - 1 || month + 1 == all) {
        let cells = of_way.iter().map(|rows| Cell::figure(rows[month].net_usd, dollars));
        table.push(std::iter::once(grouped(month as u64 + 1).into()).chain(cells));
    }
    table
}

/// Name and content of every file that `bks migrate` leaves, the document that names the others last. The same
/// scenario, seed, version and arguments give the same bytes.
#[must_use]
pub fn files(plan: &MigrationPlanned) -> Vec<(&'static str, Vec<u8>)> {
    let ways = plan.ways;
    let mut files = vec![
        ("migration_ways.csv", csv::write(&ways.ways)),
        ("migration_objects.csv", csv::write(&ways.reach)),
        ("migration_costs.csv", csv::write(&ways.costs)),
    ];
    if !ways.months.is_empty() {
        files.push(("months.csv", csv::write(&ways.months)));
        let drawn = chart::months(&ways.months, &Options::default()).ok();
        files.extend(drawn.map(|chart| ("months.svg", chart.svg(Size::default()).into_bytes())));
    }
    let document = MigrationFile { facts: MigrationFacts::of(plan), files: json::hashes(&files) };
    files.push((IDENTITY, json::write(&json::value(&document)).into_bytes()));
    files
}

/// Which plan it is.
#[derive(Serialize, JsonSchema)]
struct MigrationFacts<'a> {
    /// Version of this document.
    schema_version: u32,
    /// Version of bks.
    bks_version: &'static str,
    /// Version of the model.
    model_version: u32,
    /// Date of the newest built-in price.
    price_date: &'static str,
    /// The region of the prices.
    region: &'a str,
    /// Name of the scenario; null if only an inventory is given.
    scenario: Option<&'a str>,
    /// Hash of the resolved scenario without its assertions.
    scenario_hash: Option<String>,
    /// Its seed.
    seed: Option<u64>,
    /// Months that are looked at.
    months: u32,
    /// Share of the quota that is left free.
    headroom_ratio: f64,
    /// The answer in one line.
    verdict: String,
    /// What to beware of.
    notes: Vec<String>,
}

impl<'a> MigrationFacts<'a> {
    fn of(plan: &'a MigrationPlanned) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            bks_version: env!("CARGO_PKG_VERSION"),
            model_version: MODEL_VERSION,
            price_date: PriceTable::DATE,
            region: plan.region,
            scenario: plan.scenario.map(|scenario| scenario.name.as_str()),
            scenario_hash: plan.scenario.map(Scenario::hash_without_demands),
            seed: plan.scenario.map(|scenario| scenario.seed.0),
            months: plan.asked.months,
            headroom_ratio: plan.asked.headroom,
            verdict: sentences::verdict(plan),
            notes: sentences::notes(plan),
        }
    }
}

/// `migration.json`: which plan it is, and which files belong to it.
#[derive(Serialize, JsonSchema)]
pub(super) struct MigrationFile<'a> {
    #[serde(flatten)]
    facts: MigrationFacts<'a>,
    /// The files that belong to it.
    files: json::FileHashes,
}

/// A plan with all its tables.
#[derive(Serialize, JsonSchema)]
pub(super) struct MigrationDocument<'a> {
    #[serde(flatten)]
    facts: MigrationFacts<'a>,
    /// Rows of `migration_ways.csv`.
    ways: &'a [WayRow],
    /// Rows of `months.csv`.
    months_by_way: &'a [MonthRow],
    /// Rows of `migration_objects.csv`.
    objects: &'a [ReachRow],
    /// Rows of `migration_costs.csv`.
    costs: &'a [OneOffRow],
}

/// Everything that text and CSV files show, for programs.
#[must_use]
pub fn json(plan: &MigrationPlanned) -> Value {
    json::value(&MigrationDocument {
        facts: MigrationFacts::of(plan),
        ways: &plan.ways.ways,
        months_by_way: &plan.ways.months,
        objects: &plan.ways.reach,
        costs: &plan.ways.costs,
    })
}
