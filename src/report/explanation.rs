//! Why KMS was called: the causes of all calls, or requests one by one.

use serde_json::{Value, json};

use super::document::{Block, Cell, Document, Table};
use super::json;
use super::numbers::{count, duration, percent};
use crate::encryption::assumption::Level;
use crate::explanation::cause::Cause;
use crate::explanation::rows::{self, CauseRow, ExplainedRow};
use crate::explanation::selection::Selected;
use crate::explanation::{Causes, has_the_requests_of_a_simulation};
use crate::results::csv;
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
            ("causes.json", json::write(&self.json()).into_bytes()),
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
    ///
    /// # Panics
    /// Never: rows are structs with text for keys.
    #[must_use]
    pub fn json(&self) -> Value {
        let configurations = self.causes.iter().map(|causes| {
            let replications = f64::from(causes.replications.max(1));
            json!({
                "configuration": self.scenario.configurations[causes.configuration].name,
                "assumption": causes.level,
                "replications": causes.replications,
                "requests": causes.requests as f64 / replications,
                "requests_from_memory": causes.without_call as f64 / replications,
                "kms_requests": causes.calls().total() as f64 / replications,
                "verdict": self.verdict(causes),
                "causes": rows::causes(self.scenario, causes),
            })
        });
        let mut document = head(self.scenario);
        document["as_simulated"] = has_the_requests_of_a_simulation(self.scenario).into();
        document["configurations"] = configurations.collect();
        document
    }
}

/// What every document begins with.
fn head(scenario: &Scenario) -> Value {
    json!({
        "schema_version": SCHEMA_VERSION,
        "bks_version": env!("CARGO_PKG_VERSION"),
        "model_version": MODEL_VERSION,
        "scenario": scenario.name,
        "scenario_hash": scenario.hash(),
        "seed": scenario.seed.0,
    })
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
    ///
    /// # Panics
    /// Never: rows are structs with text for keys.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut document = head(self.scenario);
        document["requests_found"] = self.selected.all.into();
        document["kms_requests"] = self.selected.calls.total().into();
        document["requests"] = json!(self.rows());
        document
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
