//! The tools: what each takes, and the command that a call of it is.
//!
//! Arguments are typed; each becomes one word of a command line (`--set=KEY=VALUE`), or stands behind `--`, so none
//! can be taken for an option, and no shell sees any.

use std::path::Path;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, transform};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::words::{CommandWords, PathsAndInput, ToolCommand};
use crate::error::one_of;
use crate::named_enum::named_enum;

named_enum! {
    /// A tool: a command of bks, by its name.
    pub(super) McpTool {
        Simulate = "simulate",
        Replay = "replay",
        Compare = "compare",
        Sensitivity = "sensitivity",
        Lint = "lint",
        Explain = "explain",
        Advise = "advise",
    }
}

impl McpTool {
    /// How `tools/list` shows it.
    pub(super) fn definition(self) -> Value {
        json!({
            "name": self.name(),
            "title": format!("bks {}", self.name()),
            "description": self.description(),
            "inputSchema": self.input_schema(),
            "annotations": {
                "readOnlyHint": matches!(self, Self::Lint),
                "idempotentHint": true,
                "openWorldHint": false,
            },
        })
    }

    const fn description(self) -> &'static str {
        match self {
            Self::Simulate => {
                "Simulate a scenario: KMS requests, costs, quota and audit events with and without S3 Bucket Keys, with ranges."
            }
            Self::Replay => {
                "Replay S3 server access logs or CloudTrail: what their requests cost with and without S3 Bucket Keys."
            }
            Self::Compare => {
                "Compare scenarios, results folders, or the configurations of one scenario, figure by figure."
            }
            Self::Sensitivity => {
                "Find the assumption that matters most for a scenario's saving, and the values at which the answer flips."
            }
            Self::Lint => {
                "Find IAM, key and bucket policies, Terraform plans and CloudFormation templates that S3 Bucket Keys will break."
            }
            Self::Explain => {
                "Explain why KMS is called: all calls by cause, or those of one object, request, requester or second."
            }
            Self::Advise => {
                "Rank what would lower the KMS bill, in dollars, say how each is done and what it loses."
            }
        }
    }

    fn input_schema(self) -> Value {
        match self {
            Self::Simulate => schema_of::<SimulateCall>(),
            Self::Replay => schema_of::<ReplayCall>(),
            Self::Compare => schema_of::<CompareCall>(),
            Self::Sensitivity => schema_of::<SensitivityCall>(),
            Self::Lint => schema_of::<LintCall>(),
            Self::Explain => schema_of::<ExplainCall>(),
            Self::Advise => schema_of::<AdviseCall>(),
        }
    }

    /// The command that a call with these arguments is.
    ///
    /// # Errors
    /// What is wrong with them, as bks says it.
    pub(super) fn command(self, arguments: &Value) -> Result<ToolCommand, String> {
        let command = match self {
            Self::Simulate => read(arguments).and_then(SimulateCall::command),
            Self::Replay => read(arguments).and_then(ReplayCall::command),
            Self::Compare => read(arguments).and_then(CompareCall::command),
            Self::Sensitivity => read(arguments).and_then(SensitivityCall::command),
            Self::Lint => read(arguments).and_then(LintCall::command),
            Self::Explain => read(arguments).and_then(ExplainCall::command),
            Self::Advise => read(arguments).and_then(AdviseCall::command),
        };
        command.map_err(|wrong| format!("error: {}: {wrong}\n", self.name()))
    }
}

/// The arguments of a call; none are an empty object, and one that is null is not given.
fn read<T: DeserializeOwned + JsonSchema>(arguments: &Value) -> Result<T, String> {
    let mut arguments = if arguments.is_null() { json!({}) } else { arguments.clone() };
    if let Some(given) = arguments.as_object_mut() {
        given.retain(|_, value| !value.is_null());
    }
    let schema = schema_of::<T>();
    let known =
        schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    let given = arguments.as_object().ok_or("the arguments must be an object")?;
    if let Some(name) = given.keys().find(|name| !known.clone().any(|known| known == *name)) {
        return Err(format!(
            "`{name}` is not one of its arguments\n\nhint: {}",
            one_of(name, known)
        ));
    }
    for (name, value) in given {
        let (fits, what) = fits(value, &schema["properties"][name]);
        if !fits {
            return Err(format!("`{name}` is `{value}`, but must be {what}"));
        }
    }
    serde_json::from_value(arguments).map_err(|error| error.to_string())
}

/// Whether a value is of the type that the schema of an argument names, and what that is in words.
fn fits(value: &Value, schema: &Value) -> (bool, &'static str) {
    match schema["type"].as_str().unwrap_or_default() {
        "array" => {
            let items = value.as_array();
            (items.is_some_and(|items| items.iter().all(Value::is_string)), "a list of texts")
        }
        "boolean" => (value.is_boolean(), "true or false"),
        "integer" => (value.is_u64(), "a whole number"),
        _ => (value.is_string(), "text"),
    }
}

/// The JSON Schema of a tool's arguments: what may be left out is not null.
fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    // Those of a part that is flattened into it.
    for key in ["title", "description"] {
        schema.remove(key);
    }
    schema.insert("additionalProperties".to_owned(), false.into());
    transform::transform_subschemas(&mut without_null, &mut schema);
    schema.to_value()
}

fn without_null(schema: &mut Schema) {
    schema.remove("default");
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = &types[..] {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
}

/// A scenario on a command line: its path, `-` for a text, and the text.
struct ScenarioInput {
    path: String,
    input: String,
}

impl ScenarioInput {
    /// The same as paths of a command.
    fn alone(self) -> PathsAndInput {
        PathsAndInput { paths: vec![self.path], input: self.input }
    }
}

/// A scenario: the path of its file, or its text.
#[derive(Debug, Deserialize, JsonSchema)]
struct GivenScenario {
    /// Path of a scenario file, which ends in `.toml`
    scenario: Option<String>,
    /// A scenario's text (TOML), instead of a path
    scenario_text: Option<String>,
}

impl GivenScenario {
    /// The one that is given, if any.
    fn given(self) -> Result<Option<ScenarioInput>, String> {
        match (self.scenario, self.scenario_text) {
            (Some(_), Some(_)) => Err("give `scenario` or `scenario_text`, not both".to_owned()),
            (Some(path), None) if path == "-" => {
                Err("`scenario` is `-`, but must be a path: give a text as `scenario_text`"
                    .to_owned())
            }
            (Some(path), None) => Ok(Some(ScenarioInput { path, input: String::new() })),
            (None, Some(input)) => Ok(Some(ScenarioInput { path: "-".to_owned(), input })),
            (None, None) => Ok(None),
        }
    }

    fn required(self) -> Result<ScenarioInput, String> {
        let missing = "a scenario is missing: give `scenario`, a path, or `scenario_text`";
        self.given()?.ok_or_else(|| missing.to_owned())
    }
}

/// What is put over a scenario.
#[derive(Debug, Deserialize, JsonSchema)]
struct GivenChanges {
    /// Values put over the scenario, each KEY=VALUE, e.g., `duration=2d`, `seed=7`, `lifetime=3min`,
    /// `workload.ingest.arrivals.poisson.rate=5/s`
    #[serde(default)]
    set: Vec<String>,
    /// Path of a price file (TOML)
    prices: Option<String>,
}

impl GivenChanges {
    fn add_to(&self, words: &mut CommandWords) {
        words.options("set", &self.set);
        words.option("prices", self.prices.as_deref());
    }
}

/// Where results are left, if anywhere.
#[derive(Debug, Deserialize, JsonSchema)]
struct GivenFolder {
    /// Folder to write the results to; without it nothing is written
    out: Option<String>,
}

/// Logs, and what of them.
#[derive(Debug, Deserialize, JsonSchema)]
struct GivenLogs {
    /// Logs: S3 server access logs, CloudTrail or Athena exports; paths of files, patterns, or folders
    #[serde(default)]
    logs: Vec<String>,
    /// Log format [default: detected]
    log_format: Option<String>,
    /// Only requests to these buckets
    #[serde(default)]
    buckets: Vec<String>,
    /// Count requests from this time on, e.g., `2026-11-20T08:00:00Z`
    from: Option<String>,
    /// Ignore requests at this time or later
    to: Option<String>,
    /// Paths of S3 Inventory (manifest.json) or S3 Metadata tables (Parquet) of the buckets
    #[serde(default)]
    inventories: Vec<String>,
    /// Treat every object as encrypted with KMS, whatever the log says
    #[serde(default)]
    as_kms: bool,
    /// Count writes that switch bucket keys off by header as if they no longer did
    #[serde(default)]
    ignore_opt_out: bool,
    /// Fail if more than this share of lines cannot be read, e.g., `1%`
    max_bad: Option<String>,
    /// Age of objects that the log reads but does not write: `keyless`, `one-key`, or, e.g., `30d`
    unknown_age: Option<String>,
}

impl GivenLogs {
    /// The words for these, with the settings of a scenario; gives the paths and what stands on standard input.
    fn add_to(
        self,
        words: &mut CommandWords,
        settings: Option<ScenarioInput>,
    ) -> Result<PathsAndInput, String> {
        if self.logs.iter().any(|path| path == "-") {
            return Err("`logs` has `-`, but each must be a path".to_owned());
        }
        if let [path] = &self.logs[..]
            && is_scenario_file(path)
        {
            return Err(format!("`{path}` is taken for a scenario: give it as `scenario`"));
        }
        words.option("log-format", self.log_format);
        words.options("bucket", &self.buckets);
        words.option("from", self.from);
        words.option("to", self.to);
        words.options("inventory", &self.inventories);
        words.flag("as-kms", self.as_kms);
        words.flag("ignore-opt-out", self.ignore_opt_out);
        words.option("max-bad", self.max_bad);
        words.option("unknown-age", self.unknown_age);
        let mut input = String::new();
        if let Some(settings) = settings {
            words.option("scenario", Some(settings.path));
            input = settings.input;
        }
        Ok(PathsAndInput { paths: self.logs, input })
    }
}

/// Whether a command that takes a scenario or logs takes this for a scenario.
fn is_scenario_file(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|end| end == "toml")
}

/// A scenario, or logs with a scenario for their settings.
fn scenario_or_logs(
    scenario: GivenScenario,
    logs: GivenLogs,
    words: &mut CommandWords,
) -> Result<PathsAndInput, String> {
    if !logs.logs.is_empty() {
        let settings = scenario.given()?;
        return logs.add_to(words, settings);
    }
    let missing = "give a scenario as `scenario` or `scenario_text`, or logs as `logs`";
    let scenario = scenario.given()?.ok_or(missing)?;
    let path = &scenario.path;
    if path != "-" && !is_scenario_file(path) {
        return Err(format!(
            "`scenario` is `{path}`, but the name of a scenario file ends in `.toml`: give logs as `logs`"
        ));
    }
    if logs.log_format.is_some() {
        return Err("`log_format` applies to logs, but a scenario is given".to_owned());
    }
    // What else is for logs alone is refused by the command.
    logs.add_to(words, None)?;
    Ok(scenario.alone())
}

/// A total that is known beside a run.
#[derive(Debug, Deserialize, JsonSchema)]
struct GivenTotal {
    /// Paths of bills (FOCUS or Cost and Usage Report) to scale calls and dollars to
    #[serde(default)]
    bills: Vec<String>,
    /// Known number of S3's KMS requests to scale to, e.g., `3.1e9/month`
    known_calls: Option<String>,
}

impl GivenTotal {
    fn add_to(&self, words: &mut CommandWords) {
        words.options("bill", &self.bills);
        words.option("known-calls", self.known_calls.as_deref());
    }
}

/// How the answer is written: everything for programs, or less to read.
#[derive(Debug, Deserialize, JsonSchema)]
struct GivenFormat {
    /// `json` has everything; `markdown` and `table` are short, to be read; `csv` is one table
    #[serde(default = "json_format")]
    #[schemars(extend("enum" = ["json", "markdown", "table", "csv"]))]
    format: String,
}

fn json_format() -> String {
    "json".to_owned()
}

#[derive(Debug, Deserialize, JsonSchema)]
struct SimulateCall {
    #[serde(flatten)]
    scenario: GivenScenario,
    #[serde(flatten)]
    changes: GivenChanges,
    /// Conditions of which the answer says whether they hold, e.g., `saving<0.8`
    #[serde(default)]
    fail_if: Vec<String>,
    #[serde(flatten)]
    total: GivenTotal,
    #[serde(flatten)]
    folder: GivenFolder,
    #[serde(flatten)]
    format: GivenFormat,
}

impl SimulateCall {
    fn command(self) -> Result<ToolCommand, String> {
        let scenario = self.scenario.required()?;
        let mut words = CommandWords::of(&self.format.format);
        self.changes.add_to(&mut words);
        words.options("fail-if", &self.fail_if);
        self.total.add_to(&mut words);
        Ok(words.command("simulate", scenario.alone()).with_results(self.folder.out))
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
struct ReplayCall {
    #[serde(flatten)]
    logs: GivenLogs,
    #[serde(flatten)]
    settings: GivenScenario,
    /// Run only these configurations and the baseline
    #[serde(default)]
    configurations: Vec<String>,
    #[serde(flatten)]
    changes: GivenChanges,
    /// Conditions of which the answer says whether they hold, e.g., `saving<0.8`
    #[serde(default)]
    fail_if: Vec<String>,
    #[serde(flatten)]
    total: GivenTotal,
    #[serde(flatten)]
    folder: GivenFolder,
    #[serde(flatten)]
    format: GivenFormat,
}

impl ReplayCall {
    fn command(self) -> Result<ToolCommand, String> {
        if self.logs.logs.is_empty() {
            return Err("logs are missing: give `logs`, a list of paths".to_owned());
        }
        let mut words = CommandWords::of(&self.format.format);
        let given = self.logs.add_to(&mut words, self.settings.given()?)?;
        words.options("configuration", &self.configurations);
        self.changes.add_to(&mut words);
        words.options("fail-if", &self.fail_if);
        self.total.add_to(&mut words);
        Ok(words.command("replay", given).with_results(self.folder.out))
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
struct CompareCall {
    /// Scenario files and results folders, each perhaps with `#CONFIGURATION` after it; one alone is compared
    /// configuration by configuration
    #[serde(default)]
    items: Vec<String>,
    /// A scenario's text (TOML); `-` stands for it in `items`, in which it comes first unless it is named
    scenario_text: Option<String>,
    /// Baseline, by label, configuration or number [default: the first item, or a lone scenario's own]
    reference: Option<String>,
    #[serde(flatten)]
    changes: GivenChanges,
    /// Conditions of which the answer says whether they hold of any item, e.g., `kms_cost_usd > +10%`
    #[serde(default)]
    fail_if: Vec<String>,
    #[serde(flatten)]
    folder: GivenFolder,
    #[serde(flatten)]
    format: GivenFormat,
}

impl CompareCall {
    fn command(mut self) -> Result<ToolCommand, String> {
        let names_text = self.items.iter().any(|item| item == "-" || item.starts_with("-#"));
        match &self.scenario_text {
            Some(_) if !names_text => self.items.insert(0, "-".to_owned()),
            None if names_text => {
                return Err("`items` has `-`, but `scenario_text` is missing".to_owned());
            }
            _ => {}
        }
        if self.items.is_empty() {
            return Err("give `items`, a list of paths, or `scenario_text`".to_owned());
        }
        let mut words = CommandWords::of(&self.format.format);
        words.option("reference", self.reference);
        self.changes.add_to(&mut words);
        words.options("fail-if", &self.fail_if);
        words.option("out", self.folder.out);
        let input = self.scenario_text.unwrap_or_default();
        Ok(words.command("compare", PathsAndInput { paths: self.items, input }))
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
struct SensitivityCall {
    #[serde(flatten)]
    scenario: GivenScenario,
    /// Savings to find break-even values for, e.g., `50%`, or demands on figures, e.g., `quota_share_max < 100%`
    #[serde(default)]
    targets: Vec<String>,
    /// Keys to search, too, each KEY=LOW..HIGH, e.g., `requesters=1..1000`
    #[serde(default)]
    over: Vec<String>,
    /// Sample size, a power of two [default: 128, or fewer for large scenarios]
    samples: Option<u32>,
    #[serde(flatten)]
    changes: GivenChanges,
    #[serde(flatten)]
    folder: GivenFolder,
    #[serde(flatten)]
    format: GivenFormat,
}

impl SensitivityCall {
    fn command(self) -> Result<ToolCommand, String> {
        let scenario = self.scenario.required()?;
        let mut words = CommandWords::of(&self.format.format);
        words.options("target", &self.targets);
        words.options("over", &self.over);
        words.option("samples", self.samples);
        self.changes.add_to(&mut words);
        Ok(words.command("sensitivity", scenario.alone()).with_results(self.folder.out))
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
struct LintCall {
    /// Policies, Terraform plans and states (JSON), CloudFormation templates: paths of files or folders
    #[serde(default)]
    files: Vec<String>,
    /// The text of one of these, instead of paths
    text: Option<String>,
    /// `json` has everything; `markdown` and `table` are to be read; `sarif` is for code scanning
    #[serde(default = "json_format")]
    #[schemars(extend("enum" = ["json", "markdown", "table", "sarif"]))]
    format: String,
}

impl LintCall {
    fn command(self) -> Result<ToolCommand, String> {
        if self.files.iter().any(|path| path == "-") {
            return Err(
                "`files` has `-`, but each must be a path: give a text as `text`".to_owned()
            );
        }
        let (paths, input) = match self.text {
            Some(text) if self.files.is_empty() => (vec!["-".to_owned()], text),
            None if !self.files.is_empty() => (self.files, String::new()),
            _ => return Err("give `files`, a list of paths, or else `text`".to_owned()),
        };
        let given = PathsAndInput { paths, input };
        let command = CommandWords::of(&self.format).command("lint", given);
        Ok(ToolCommand { has_jobs: false, ..command })
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
struct ExplainCall {
    #[serde(flatten)]
    scenario: GivenScenario,
    #[serde(flatten)]
    logs: GivenLogs,
    #[serde(flatten)]
    changes: GivenChanges,
    /// Configurations to explain [default: all; with a selector, the one in the verdict]
    #[serde(default)]
    configurations: Vec<String>,
    /// Where every assumption stands in its range; `low` saves least
    #[schemars(extend("enum" = ["low", "assumed", "high"]))]
    level: Option<String>,
    /// Selector: the key of an object
    object: Option<String>,
    /// Selector: ID of a request in the logs, or its number in a scenario's run
    request: Option<String>,
    /// Selector: name or ARN of a principal, role, user, service or session
    requester: Option<String>,
    /// Selector: a second, as a time in UTC or since the start of the run, e.g., `90min`
    at: Option<String>,
    /// Most requests to explain [default: 20]
    limit: Option<u64>,
    /// Replication whose requests a selector picks from, from 0
    replication: Option<u32>,
    #[serde(flatten)]
    folder: GivenFolder,
    #[serde(flatten)]
    format: GivenFormat,
}

impl ExplainCall {
    fn command(self) -> Result<ToolCommand, String> {
        let mut words = CommandWords::of(&self.format.format);
        let given = scenario_or_logs(self.scenario, self.logs, &mut words)?;
        self.changes.add_to(&mut words);
        words.options("configuration", &self.configurations);
        words.option("level", self.level);
        let selectors = [&self.object, &self.request, &self.requester, &self.at];
        let is_picking = selectors.iter().any(|it| it.is_some());
        words.option("object", self.object);
        words.option("request", self.request);
        words.option("requester", self.requester);
        words.option("at", self.at);
        words.option("limit", self.limit);
        words.option("replication", self.replication);
        let command = words.command("explain", given).with_results(self.folder.out);
        // Requests that are picked are printed, and nothing else.
        Ok(ToolCommand { leaves_files: command.leaves_files && !is_picking, ..command })
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
struct AdviseCall {
    #[serde(flatten)]
    scenario: GivenScenario,
    #[serde(flatten)]
    logs: GivenLogs,
    #[serde(flatten)]
    changes: GivenChanges,
    /// Configuration with bucket keys to advise [default: the one in the verdict]
    configuration: Option<String>,
    #[serde(flatten)]
    folder: GivenFolder,
    #[serde(flatten)]
    format: GivenFormat,
}

impl AdviseCall {
    fn command(self) -> Result<ToolCommand, String> {
        let mut words = CommandWords::of(&self.format.format);
        let given = scenario_or_logs(self.scenario, self.logs, &mut words)?;
        self.changes.add_to(&mut words);
        words.option("configuration", self.configuration);
        Ok(words.command("advise", given).with_results(self.folder.out))
    }
}
