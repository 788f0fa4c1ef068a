//! Why KMS was called: the causes of all calls, or requests one by one.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::document::{Block, Cell, Document, Table};
use super::numbers::{count, duration, percent};
use super::{html, json, markdown};
use crate::encryption::assumption::Level;
use crate::explanation::cause::Cause;
use crate::explanation::rows::{self, CauseRow, ExplainedRow};
use crate::explanation::selection::Selected;
use crate::explanation::{Causes, has_the_requests_of_a_simulation};
use crate::results::csv;
use crate::results::manifest::CAUSES;
use crate::scenario::{MODEL_VERSION, Scenario};

/// Version of the JSON document: raised when a key changes its meaning or goes.
const SCHEMA_VERSION: u32 = 1;

/// The causes of all calls of some configurations.
pub struct AllCauses<'a> {
    /// What was run.
    pub scenario: &'a Scenario,
    /// Configuration by configuration.
    pub causes: &'a [Causes],
}

/// Selected requests of one configuration.
pub struct RequestsExplained<'a> {
    /// What was run.
    pub scenario: &'a Scenario,
    /// Which configuration.
    pub configuration: usize,
    /// Where every assumption stands.
    pub level: Level,
    /// The requests.
    pub selected: &'a Selected,
}

impl AllCauses<'_> {
    /// Rows of `causes.csv`.
    #[must_use]
    pub fn rows(&self) -> Vec<CauseRow> {
        self.causes.iter().flat_map(|causes| rows::causes(self.scenario, causes)).collect()
    }

    /// Name and content of every file that `bks explain` leaves. The same scenario, seed and version give the same
    /// bytes.
    #[must_use]
    pub fn files(&self) -> Vec<(&'static str, Vec<u8>)> {
        vec![
            ("causes.csv", csv::write(&self.rows())),
            (CAUSES, json::write(&self.json()).into_bytes()),
            ("causes.md", markdown::write(&self.document()).into_bytes()),
            ("causes.html", html::write(&self.page()).into_bytes()),
        ]
    }

    /// For people.
    #[must_use]
    pub fn document(&self) -> Document {
        let mut blocks: Vec<Block> =
            self.causes.iter().map(|causes| Block::Verdict(self.verdict(causes))).collect();
        for causes in self.causes {
            let rows = rows::causes(self.scenario, causes);
            if !rows.is_empty() {
                let name = &self.scenario.configurations[causes.configuration].name;
                blocks.push(Block::Table(table(&rows, name)));
            }
        }
        blocks.push(Block::Note(
            "Every call has one cause, so the shares add up to all calls. A lifetime that saves half is the time for which S3 \
             would have to keep a key to save half of the calls of this cause."
                .to_owned(),
        ));
        if !has_the_requests_of_a_simulation(self.scenario) {
            blocks.push(Block::Note(
                "Here every request is drawn; `bks simulate` draws the calls of some principals without their requests, so \
                 its figures agree within chance. With `--engine events` they are the same."
                    .to_owned(),
            ));
        }
        Document::of(blocks)
    }

    /// The same as a page: with a title, and with what was run.
    #[must_use]
    pub fn page(&self) -> Document {
        let ExplainedRun { scenario, scenario_hash, seed, .. } = ExplainedRun::of(self.scenario);
        Document {
            title: format!("{scenario}: why KMS is called"),
            footer: format!(
                "bks {}, model {MODEL_VERSION}, scenario {scenario_hash}, seed {seed}",
                env!("CARGO_PKG_VERSION")
            ),
            ..self.document()
        }
    }

    /// The largest causes in one sentence.
    fn verdict(&self, causes: &Causes) -> String {
        const NAMED: usize = 3;
        let rows = rows::causes(self.scenario, causes);
        let Self { scenario, .. } = self;
        let name = &scenario.configurations[causes.configuration].name;
        let replications = f64::from(causes.replications.max(1));
        let requests = count(causes.requests as f64 / replications);
        if rows.is_empty() {
            return format!("`{name}`: none of {requests} requests calls KMS");
        }
        let calls = count(causes.calls().total() as f64 / replications);
        let named =
            rows.iter().take(NAMED).map(|row| format!("{} {}", percent(row.share), row.title));
        let named: Vec<String> = named.collect();
        format!("`{name}`: {calls} KMS requests for {requests} requests: {}", named.join("; "))
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let configurations = self.causes.iter().map(|causes| {
            let replications = f64::from(causes.replications.max(1));
            CausesOfConfiguration {
                configuration: &self.scenario.configurations[causes.configuration].name,
                assumption: causes.level,
                replications: causes.replications,
                requests: causes.requests as f64 / replications,
                requests_from_memory: causes.without_call as f64 / replications,
                kms_requests: causes.calls().total() as f64 / replications,
                verdict: self.verdict(causes),
                causes: rows::causes(self.scenario, causes),
            }
        });
        json::value(&CausesDocument {
            run: ExplainedRun::of(self.scenario),
            as_simulated: has_the_requests_of_a_simulation(self.scenario),
            configurations: configurations.collect(),
        })
    }
}

/// Which run is explained.
#[derive(Serialize, JsonSchema)]
struct ExplainedRun<'a> {
    /// Version of this document.
    schema_version: u32,
    /// Version of bks.
    bks_version: &'static str,
    /// Version of the model.
    model_version: u32,
    /// Name of the scenario.
    scenario: &'a str,
    /// Hash of the resolved scenario.
    scenario_hash: String,
    /// The seed.
    seed: u64,
}

impl<'a> ExplainedRun<'a> {
    fn of(scenario: &'a Scenario) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            bks_version: env!("CARGO_PKG_VERSION"),
            model_version: MODEL_VERSION,
            scenario: &scenario.name,
            scenario_hash: scenario.hash(),
            seed: scenario.seed.0,
        }
    }
}

/// Why KMS is called.
#[derive(Serialize, JsonSchema)]
pub(super) struct CausesDocument<'a> {
    #[serde(flatten)]
    run: ExplainedRun<'a>,
    /// Whether the requests are those of `bks simulate`.
    as_simulated: bool,
    /// Configuration by configuration.
    configurations: Vec<CausesOfConfiguration<'a>>,
}

/// Why KMS is called under one configuration; counts are means over the replications.
#[derive(Serialize, JsonSchema)]
struct CausesOfConfiguration<'a> {
    /// Its name.
    configuration: &'a str,
    /// Level of assumptions.
    assumption: Level,
    /// Number of replications.
    replications: u32,
    /// S3 requests.
    requests: f64,
    /// Of these, those whose key was in memory.
    requests_from_memory: f64,
    /// KMS requests.
    kms_requests: f64,
    /// The largest causes in one line.
    verdict: String,
    /// Rows of `causes.csv`.
    causes: Vec<CauseRow>,
}

/// Requests one by one.
#[derive(Serialize, JsonSchema)]
pub(super) struct RequestsDocument<'a> {
    #[serde(flatten)]
    run: ExplainedRun<'a>,
    /// Requests that were selected, shown or not.
    requests_found: u64,
    /// Their KMS requests.
    kms_requests: u64,
    /// Those that are shown: one row for each need of each.
    requests: Vec<ExplainedRow>,
}

fn table(rows: &[CauseRow], configuration: &str) -> Table {
    Table::of(rows)
        .text(format!("`{configuration}`: why KMS is called"), |row| row.title.clone())
        .figure("share", |row| Cell::percent(row.share))
        .figure("KMS requests", |row| Cell::count(row.kms_requests))
        .figure("lifetime that saves half", |row| {
            Cell::figure(row.lifetime_needed_median_s, duration)
        })
        .text("what would save them", |row| row.remedy.clone())
        .table()
}

impl RequestsExplained<'_> {
    /// Rows of requests.
    #[must_use]
    pub fn rows(&self) -> Vec<ExplainedRow> {
        rows::requests(self.scenario, self.configuration, self.level, self.selected)
    }

    /// For people.
    #[must_use]
    pub fn document(&self) -> Document {
        let Selected { requests, all, calls } = self.selected;
        let name = &self.scenario.configurations[self.configuration].name;
        let mut blocks = vec![Block::Verdict(format!(
            "`{name}`: {}, {}",
            number(*all, "request"),
            number(calls.total(), "KMS request")
        ))];
        blocks.push(Block::List(self.rows().iter().map(sentence).collect()));
        let more = all - requests.len() as u64;
        if more > 0 {
            blocks.push(Block::Note(format!("{} more: `--limit` shows them.", count(more as f64))));
        }
        Document::of(blocks)
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> Value {
        json::value(&RequestsDocument {
            run: ExplainedRun::of(self.scenario),
            requests_found: self.selected.all,
            kms_requests: self.selected.calls.total(),
            requests: self.rows(),
        })
    }
}

/// So many things, in words.
fn number(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", count(number as f64))
}

/// One need of a request, in a sentence.
fn sentence(row: &ExplainedRow) -> String {
    let of = row.object.as_ref().map_or(String::new(), |object| format!(" of `{object}`"));
    let asked = format!(
        "{} request {}: {}{of} in `{}` by `{}`",
        time(row.time_s),
        row.request,
        row.operation,
        row.bucket,
        row.requester
    );
    let key = row.bucket_key.map_or(String::new(), |key| {
        let made = row.made_s.map_or(String::new(), |made| format!(", made at {}", time(made)));
        let maker = row.made_by.as_ref().map_or(String::new(), |maker| format!(" by `{maker}`"));
        let host = row.host.map_or(String::new(), |host| format!(", host {host}"));
        format!(" (bucket-level key {key}{made}{maker}{host})")
    });
    let until = row.held_until_s.map_or_else(String::new, time);
    let came = match (&row.cause, &row.need) {
        (Some(cause), _) => called(row, cause, &until),
        (None, None) => "no key is needed".to_owned(),
        (None, Some(_)) => match row.held_since_s {
            Some(since) => format!("no call: held since {} until {until}", time(since)),
            None => "no call: KMS is not asked for such objects".to_owned(),
        },
    };
    format!("{asked}: {came}{key}")
}

/// What a call was for, and what would have saved it.
fn called(row: &ExplainedRow, cause: &str, until: &str) -> String {
    let known = Cause::ALL.into_iter().find(|it| it.name() == cause);
    let title = known.map_or_else(|| cause.to_owned(), |known| known.title().to_owned());
    let calls = if row.kms_requests == 1 { "1 call" } else { "calls" };
    let held = if until.is_empty() { String::new() } else { format!("; held until {until}") };
    let saved = row.lifetime_needed_s.map_or_else(
        || known.map_or(String::new(), |cause| format!("; what saves it: {}", cause.remedy())),
        |needed| format!("; a lifetime of more than {} would have saved it", duration(needed)),
    );
    format!("{calls}: {title}{held}{saved}")
}

/// A time since the start of the run.
fn time(time_s: f64) -> String {
    let sign = if time_s < 0.0 { "-" } else { "" };
    format!("{sign}{}", duration(time_s.abs()))
}
