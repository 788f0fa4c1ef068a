//! Advice: what to do first and what then, what all else would save, and what does not matter.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::document::{Block, Cell, Document, Section, Shown, Table};
use super::numbers::{at_levels, dollars, percent};
use super::run::reproduction::shell;
use super::{html, json, markdown};
use crate::advice::changes::LogChange;
use crate::advice::rows::{self, AdviceRow};
use crate::advice::{Advice, AdviceEffect, AdviceStep, Advised, OneTimeCost, Saving, Untried};
use crate::pricing::PriceTable;
use crate::recording::requests::OptOuts;
use crate::results::csv;
use crate::results::manifest::ADVICE;
use crate::results::result_json::WarningFacts;
use crate::scenario::MODEL_VERSION;
use crate::scenario::overrides::Override;
use crate::units::Usd;

/// Version of the JSON document: raised when a key changes its meaning or goes.
const SCHEMA_VERSION: u32 = 1;

/// The command that simulates or replays what the advice is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdviceCommand(String);

impl AdviceCommand {
    /// As it is typed into a shell.
    #[must_use]
    pub const fn new(words: String) -> Self {
        Self(words)
    }

    /// The same with more put over it.
    fn with<'a>(
        &self,
        overrides: impl IntoIterator<Item = &'a Override>,
        of_log: LogChange,
    ) -> String {
        let set = overrides.into_iter().map(|Override { key, value, .. }| {
            format!("--set {}", shell(&format!("{key}={value}")))
        });
        let own = std::iter::once(self.0.clone());
        let words: Vec<String> = own.chain(set).chain(of_log.options()).collect();
        words.join(" ")
    }

    /// The command for one piece of advice.
    fn of(&self, advice: &Advice, advised: &Advised) -> String {
        let change = &advised.change;
        self.with(advice.basis.iter().chain(&change.overrides), change.of_log)
    }

    /// The command for all steps together.
    fn together(&self, advice: &Advice) -> String {
        let (overrides, of_log) = advice.together();
        self.with(advice.basis.iter().chain(&overrides), of_log)
    }
}

/// Rows of `advice.csv`.
#[must_use]
pub fn rows(advice: &Advice, command: &AdviceCommand) -> Vec<AdviceRow> {
    rows::rows(advice, &|index| command.of(advice, &advice.list[index]))
}

/// Name and content of every file that `bks advise` leaves. The same scenario, seed, version and arguments give
/// the same bytes.
#[must_use]
pub fn files(advice: &Advice, command: &AdviceCommand) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("advice.csv", csv::write(&rows(advice, command))),
        (ADVICE, json::write(&json(advice, command)).into_bytes()),
        ("advice.md", markdown(advice, command).into_bytes()),
        ("advice.html", html(advice, command).into_bytes()),
    ]
}

/// For a pull request.
#[must_use]
pub fn markdown(advice: &Advice, command: &AdviceCommand) -> String {
    markdown::write(&document(advice, command))
}

/// As a page.
#[must_use]
pub fn html(advice: &Advice, command: &AdviceCommand) -> String {
    html::write(&document(advice, command))
}

/// For people.
#[must_use]
pub fn document(advice: &Advice, command: &AdviceCommand) -> Document {
    let mut blocks = vec![Block::Verdict(format!("{}: {}", advice.scenario, verdict(advice)))];
    if !advice.order.is_empty() {
        blocks.push(Block::List(steps(advice)));
    }
    blocks.push(Block::Table(table(advice)));
    blocks.extend(idle(advice));
    blocks.extend(notes(advice).into_iter().map(Block::Note));
    if !advice.order.is_empty() {
        let again =
            "The figures again, all steps together (advice.csv has the command of each row):";
        blocks.push(Block::Paragraph(again.to_owned()));
        blocks.push(Block::Code("together", command.together(advice)));
    }
    for advised in advice.list.iter().filter(|it| is_worth_telling(it)) {
        blocks.push(how(advice, command, advised));
    }
    if !advice.left_out.is_empty() {
        let items = advice
            .left_out
            .iter()
            .map(|Untried { name, title, why }| format!("`{name}`, {title}: {why}"));
        let list = vec![Block::List(items.collect())];
        blocks.push(Section::folded(Shown::IfFoldable, "What was not tried, and why", list));
    }
    Document {
        title: format!("Advice for `{}`", advice.scenario),
        footer: format!(
            "bks {}, model version {MODEL_VERSION}, prices of {}",
            env!("CARGO_PKG_VERSION"),
            PriceTable::DATE
        ),
        blocks,
    }
}

fn is_worth_telling(advised: &Advised) -> bool {
    matches!(advised.effect, AdviceEffect::Saves | AdviceEffect::Depends)
}

/// A saving with its range, if it has one.
fn with_range(saving: Saving) -> String {
    let assumed = dollars(saving.assumed.as_f64());
    let (low, high) = ends(saving);
    if low < high {
        format!("{assumed} {}", at_levels(Some((low, high)), dollars))
    } else {
        assumed
    }
}

fn ends(saving: Saving) -> (f64, f64) {
    (saving.low.as_f64(), saving.high.as_f64())
}

/// What to do first, what then, and what that comes to.
fn verdict(advice: &Advice) -> String {
    let Advice { period, bill, order, list, .. } = advice;
    let of = format!("{} in {period}", dollars(bill.as_f64()));
    let titles: Vec<&str> =
        order.iter().map(|step| list[step.advised].change.title.as_str()).collect();
    match order.as_slice() {
        [] => {
            let nothing = "nothing that was tried saves one per cent of the bill of";
            let instead = list
                .iter()
                .find(|it| it.kind.instead && it.effect == AdviceEffect::Saves && !it.never_pays());
            match instead {
                Some(it) => format!(
                    "{nothing} {of} for certain, but to {}, which saves {}",
                    it.change.title,
                    with_range(it.best())
                ),
                None => format!("{nothing} {of} for certain"),
            }
        }
        [only] => format!("{} saves {} of {of}", titles[0], with_range(only.saving)),
        [first, .., last] => format!(
            "first {}, which saves {} of {of}; then {}; together {}",
            titles[0],
            with_range(first.saving),
            titles[1..].join(", then "),
            with_range(last.so_far),
        ),
    }
}

/// The order in which to go, one line a step.
fn steps(advice: &Advice) -> Vec<String> {
    let all = advice.order.iter().enumerate();
    all.map(|(number, AdviceStep { advised, saving, bill, once, .. })| {
        let Advised { change, kind, .. } = &advice.list[*advised];
        let then = if number == 0 { "saves" } else { "saves another" };
        let once = once.as_ref().map_or(String::new(), |once| {
            format!("; {} once, {}", dollars(once.cost.as_f64()), paid_back(once, advice))
        });
        format!(
            "step {}: {}, {then} {}, the bill is {}{once}; it loses: {}",
            number + 1,
            change.title,
            with_range(*saving),
            dollars(bill.as_f64()),
            kind.loses,
        )
    })
    .collect()
}

/// When what is paid once has come back.
fn paid_back(once: &OneTimeCost, advice: &Advice) -> String {
    match (once.payback.as_str(), once.periods) {
        ("after", Some(periods)) => format!("paid back after {periods:.1} × {}", advice.period),
        ("never", _) => "never paid back".to_owned(),
        _ => "this run is too short to tell when it is paid back".to_owned(),
    }
}

/// Everything that makes a difference, best first.
fn table(advice: &Advice) -> Table {
    let shown =
        advice.list.iter().enumerate().filter(|(_, it)| it.effect != AdviceEffect::DoesNotMatter);
    let has_once = advice.list.iter().any(|it| is_worth_telling(it) && it.once.is_some());
    Table::of(shown)
        .text("", |(_, it)| it.change.title.clone())
        .figure("saves alone [low … high]", |(_, it)| saving(Some(it.alone)))
        .figure_if(!advice.keys_are_on, "beyond bucket keys", |(_, it)| saving(it.beyond))
        .figure("step", |(index, _)| {
            advice.step_of(*index).map_or_else(Cell::unknown, |step| (step + 1).to_string().into())
        })
        .figure_if(has_once, "once", |(_, it)| Cell::dollars(it.once.as_ref().map(|it| it.cost)))
        .figure_if(has_once, format!("paid back after, in {}", advice.period), |(_, it)| {
            it.once.as_ref().map_or_else(Cell::unknown, |once| match once.periods {
                Some(periods) => Cell::figure(periods, |periods| format!("{periods:.1}")),
                None => once.payback.as_str().into(),
            })
        })
        .table()
        .on_page("advice", "", "advice.csv")
}

fn saving(saving: Option<Saving>) -> Cell {
    saving.map_or_else(Cell::unknown, |saving| Cell {
        text: with_range(saving),
        value: Some(saving.assumed.as_f64()),
    })
}

/// What makes no difference.
fn idle(advice: &Advice) -> Option<Block> {
    let idle = advice.list.iter().filter(|it| it.effect == AdviceEffect::DoesNotMatter);
    let idle = idle.map(|it| format!("{} ({})", it.change.title, with_range(it.best())));
    let idle: Vec<String> = idle.collect();
    let limit = percent(0.01);
    (!idle.is_empty()).then(|| {
        Block::Paragraph(format!(
            "It does not matter, as it saves less than {limit} of the bill or than chance leaves open: {}.",
            idle.join("; ")
        ))
    })
}

/// What the figures stand for.
fn notes(advice: &Advice) -> Vec<String> {
    let Advice { now, configuration, period, .. } = advice;
    let mut notes = vec![format!(
        "Now is `{now}`, with bucket keys `{configuration}`. Amounts are of {period}: KMS requests, keys, S3 requests and \
         CloudTrail. A range has every assumption at its low and at its high end, the same for both bills."
    )];
    let drawn = advice.list.iter().filter(|it| is_worth_telling(it) && !it.kind.same_requests);
    let drawn: Vec<String> = drawn.map(|it| format!("`{}`", it.kind.name)).collect();
    if !drawn.is_empty() {
        notes.push(format!(
            "Other requests than today's, drawn from the changed scenario: {}; all else runs the same requests.",
            drawn.join(", ")
        ));
    }
    let told = advice.list.iter().filter(|it| is_worth_telling(it) && !it.kind.note.is_empty());
    notes.extend(told.map(|it| format!("`{}` {}.", it.kind.name, it.kind.note)));
    let warnings = advice.warnings.iter();
    notes.extend(
        warnings.map(|WarningFacts { what, advice, .. }| format!("Warning: {what}; {advice}.")),
    );
    notes
}

/// What a piece of advice loses, how it is done, and how to get its figures again.
fn how(advice: &Advice, command: &AdviceCommand, advised: &Advised) -> Block {
    let Advised { kind, change, .. } = advised;
    let blocks = vec![
        Block::Paragraph(format!("It loses: {}.", kind.loses)),
        Block::Paragraph("By the AWS CLI:".to_owned()),
        Block::Code("", kind.cli.to_owned()),
        Block::Paragraph("By Terraform:".to_owned()),
        if kind.terraform.contains('{') {
            Block::Code("", kind.terraform.to_owned())
        } else {
            Block::Paragraph(kind.terraform.to_owned())
        },
        Block::Paragraph(format!("The figures again, of `{}`:", advice.configuration)),
        Block::Code("", command.of(advice, advised)),
    ];
    Section::folded(Shown::IfFoldable, format!("How to: {}", change.title), blocks)
}

/// What to do about a bill; amounts are of a billing period.
#[derive(Serialize, JsonSchema)]
pub(super) struct AdviceDocument<'a> {
    /// Version of this document.
    schema_version: u32,
    /// Version of bks.
    bks_version: &'static str,
    /// Version of the model.
    model_version: u32,
    /// Date of the newest built-in price.
    price_date: &'static str,
    /// Name of the scenario.
    scenario: &'a str,
    /// The configuration that is taken for what is in use now.
    now: &'a str,
    /// The configuration with bucket keys that is advised.
    configuration: &'a str,
    /// Whether bucket keys are on now.
    bucket_keys_are_on: bool,
    /// Length of the billing period.
    billing_period_s: f64,
    /// Today's requests and keys bill.
    total_cost_usd: f64,
    /// What to do, in one line.
    verdict: String,
    /// Everything that was tried, best first.
    advice: Vec<AdvisedDocument>,
    /// The order in which to go.
    order: Vec<StepDocument<'a>>,
    /// The command that simulates or replays all steps together.
    command: String,
    /// What was not tried.
    left_out: Vec<UntriedDocument<'a>>,
    /// Why what is scaled to the billing period may not stand for it.
    warnings: &'a [WarningFacts],
}

/// A row of `advice.csv`, and how it is done.
#[derive(Serialize, JsonSchema)]
struct AdvisedDocument {
    #[serde(flatten)]
    row: AdviceRow,
    /// How it is done.
    how: HowDocument,
    /// What is put over the scenario, as `--set` takes it.
    set: Vec<String>,
    /// What `--unknown-age` is set to, if anything.
    unknown_age: Option<String>,
    /// Whether `--ignore-opt-out` is given.
    ignore_opt_out: bool,
}

/// How a piece of advice is followed.
#[derive(Serialize, JsonSchema)]
struct HowDocument {
    /// By the AWS CLI.
    aws_cli: &'static str,
    /// By Terraform.
    terraform: &'static str,
}

/// One step.
#[derive(Serialize, JsonSchema)]
struct StepDocument<'a> {
    /// Name of the advice.
    advice: &'a str,
    /// What it saves beyond the steps before it.
    saving_usd: SavingDocument,
    /// What all steps up to it save.
    so_far_usd: SavingDocument,
    /// The bill then.
    total_cost_usd: f64,
    /// What it costs once beside the steps before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    once_usd: Option<f64>,
    /// When that is paid back: `after`, `never`, `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    payback: Option<&'a str>,
    /// After how many billing periods.
    #[serde(skip_serializing_if = "Option::is_none")]
    payback_periods: Option<f64>,
}

/// An amount at the least, as assumed, and at the most.
#[derive(Serialize, JsonSchema)]
struct SavingDocument {
    low: f64,
    assumed: f64,
    high: f64,
}

/// Advice that was not tried.
#[derive(Serialize, JsonSchema)]
struct UntriedDocument<'a> {
    /// Name of the advice.
    advice: &'a str,
    /// It in words.
    title: &'a str,
    /// Why it was not tried.
    why: &'a str,
}

/// For programs: everything that the text shows.
#[must_use]
pub fn json(advice: &Advice, command: &AdviceCommand) -> Value {
    let list = advice.list.iter().zip(rows(advice, command));
    let order = advice.order.iter().map(|AdviceStep { advised, saving, so_far, bill, once }| {
        StepDocument {
            advice: &advice.list[*advised].change.name,
            once_usd: once.as_ref().map(|once| once.cost.as_f64()),
            payback: once.as_ref().map(|once| once.payback.as_str()),
            payback_periods: once.as_ref().and_then(|once| once.periods),
            saving_usd: SavingDocument::of(*saving),
            so_far_usd: SavingDocument::of(*so_far),
            total_cost_usd: bill.as_f64(),
        }
    });
    let left_out = advice.left_out.iter();
    let left_out =
        left_out.map(|Untried { name, title, why }| UntriedDocument { advice: name, title, why });
    json::value(&AdviceDocument {
        schema_version: SCHEMA_VERSION,
        bks_version: env!("CARGO_PKG_VERSION"),
        model_version: MODEL_VERSION,
        price_date: PriceTable::DATE,
        scenario: &advice.scenario,
        now: &advice.now,
        configuration: &advice.configuration,
        bucket_keys_are_on: advice.keys_are_on,
        billing_period_s: advice.period.as_secs_f64(),
        total_cost_usd: advice.bill.as_f64(),
        verdict: verdict(advice),
        advice: list.map(|(advised, row)| AdvisedDocument::of(advised, row)).collect(),
        order: order.collect(),
        command: command.together(advice),
        left_out: left_out.collect(),
        warnings: &advice.warnings,
    })
}

impl AdvisedDocument {
    fn of(advised: &Advised, row: AdviceRow) -> Self {
        let overrides = advised.change.overrides.iter();
        Self {
            row,
            how: HowDocument { aws_cli: advised.kind.cli, terraform: advised.kind.terraform },
            set: overrides.map(|it| format!("{}={}", it.key, it.value)).collect(),
            unknown_age: advised.change.of_log.unknown_age.map(|age| age.to_string()),
            ignore_opt_out: advised.change.of_log.opt_outs == OptOuts::Dropped,
        }
    }
}

impl SavingDocument {
    fn of(Saving { low, assumed, high, .. }: Saving) -> Self {
        let [low, assumed, high] = [low, assumed, high].map(Usd::as_f64);
        Self { low, assumed, high }
    }
}
