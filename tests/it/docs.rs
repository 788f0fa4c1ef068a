//! The pages of `docs/` against the code they describe.
//!
//! A page is read as Markdown tables: under a heading, the first column names a thing in backticks.
//! `BKS_BLESS=1 cargo test docs` rewrites the generated page, the JSON Schema.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use bks::advice::rows::AdviceRow;
use bks::compare::{CostChangeRow, DifferenceRow};
use bks::encryption::assumption::{Assumption, Range};
use bks::encryption::needs::{MultipartCalls, Needs};
use bks::explanation::cause::Cause;
use bks::explanation::rows::{CauseRow, ExplainedRow};
use bks::figure::Figure;
use bks::kms::KmsApi;
use bks::report::json;
use bks::results::migration::rows::{MonthRow, OneOffRow, ReachRow, WayRow};
use bks::results::rows::{
    AccountRow, BucketRow, CostRow, LeftOutRow, OperationRow, PrefixRow, PrincipalRow,
    ReplicationRow, RequesterRow, SensitivityRow, SummaryRow, TimelineRow,
};
use bks::results::sensitivity::{BreakEvenRow, CurveRow, SobolRow, SpreadRow};
use bks::results::{Results, csv};
use bks::s3::Operation;
use bks::scenario::Scenario;
use bks::scenario::overrides::Override;
use bks::simulation::estimate::check_size;
use bks::sweep::checked_points::{Survey, SweepIdentity};
use bks::sweep::grid::Grid;
use bks::sweep::rows::{Ledger, RowsFormat};
use bks::sweep::shard::Shard;
use serde_json::Value;

fn page_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)
}

fn page(name: &str) -> String {
    let path = page_path(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Cells of each table row under a heading (up to the next heading of any level), header and rule
/// left out.
fn rows_under(page: &str, heading: &str) -> Vec<Vec<String>> {
    let mut lines = page.lines().skip_while(|line| !is_heading(line) || title(line) != heading);
    assert!(lines.next().is_some(), "there is no heading `{heading}`");
    let section: Vec<&str> = lines.take_while(|line| !is_heading(line)).collect();
    let is_rule = |line: &str| line.starts_with("|--");
    section
        .iter()
        .enumerate()
        .filter(|(i, line)| {
            let is_header = section.get(i + 1).is_some_and(|next| is_rule(next));
            line.starts_with('|') && !is_rule(line) && !is_header
        })
        .map(|(_, line)| {
            line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()
        })
        .collect()
}

/// A comment in a code block is taken for a heading, too: no heading is called as it is.
fn is_heading(line: &str) -> bool {
    line.starts_with('#') && line.trim_start_matches('#').starts_with(' ')
}

fn title(line: &str) -> &str {
    line.trim_start_matches('#').trim()
}

/// What stands in backticks, if nothing else does.
fn code(cell: &str) -> Option<&str> {
    cell.strip_prefix('`')?.strip_suffix('`').filter(|inner| !inner.contains('`'))
}

/// The names that the first columns of a heading's tables give, in order.
fn names_under(page: &str, heading: &str) -> Vec<String> {
    let name = |row: &Vec<String>| code(&row[0]).map(str::to_owned);
    rows_under(page, heading)
        .iter()
        .map(|row| name(row).unwrap_or_else(|| panic!("`{heading}`: no name in {row:?}")))
        .collect()
}

fn schema() -> Value {
    serde_json::to_value(schemars::schema_for!(bks::scenario::written::ScenarioFile)).unwrap()
}

#[test]
fn the_schema_is_that_of_the_code() {
    let path = page_path("scenario.schema.json");
    let schema = schemars::schema_for!(bks::scenario::written::ScenarioFile);
    let text = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
    if std::env::var_os("BKS_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap() == text,
        "docs/scenario.schema.json is not what `bks schema` prints; run with BKS_BLESS=1"
    );
}

#[test]
fn bks_schema_prints_the_schema() {
    let output =
        std::process::Command::new(env!("CARGO_BIN_EXE_bks")).arg("schema").output().unwrap();
    assert!(output.status.success());
    assert!(output.stdout == page("scenario.schema.json").into_bytes());
}

/// Where the keys or values of each definition of the schema stand in the reference. Definitions
/// that are plain values (`Rate`, …) have none.
const DEFINITIONS: [(&str, &str); 58] = [
    ("", "Top level"),
    ("Action", "Actions"),
    ("AgeLaw", "Ages"),
    ("AgeStep", "Steps of ages"),
    ("Arrivals", "Arrivals"),
    ("BillingFile", "Billing"),
    ("BucketFile", "Buckets"),
    ("BurstArrivals", "Burst arrivals"),
    ("ClientProfile", "Clients"),
    ("ConfigurationFile", "Configurations"),
    ("CopyRequests", "Requests of a copy"),
    ("Connections", "Values of `connections`"),
    ("EngineChoice", "Engines"),
    ("Expiry", "Values of `expiry`"),
    ("ExponentialAges", "Exponential ages"),
    ("GivenPrice", "A price with its source"),
    ("InputFile", "Files of a replayed log"),
    ("JobStep", "Steps of a job"),
    ("Jobs", "Jobs"),
    ("JustWrittenReads", "Reads of what was just written"),
    ("KmsKey", "Buckets"),
    ("KnownRetries", "Values of `retries`"),
    ("LognormalAges", "Lognormal ages"),
    ("Mix", "Mix"),
    ("Mode", "Modes"),
    ("MultipartCalls", "Multipart"),
    ("OwnRetries", "Retries in numbers"),
    ("PartGrowth", "Growth of parts"),
    ("PeriodicArrivals", "Periodic arrivals"),
    ("PoissonArrivals", "Poisson arrivals"),
    ("PopulationFile", "Populations"),
    ("PricesFile", "Prices"),
    ("PrincipalFile", "Principals"),
    ("Profile", "Profiles"),
    ("QuotaFile", "Quotas"),
    ("RangeOfExpiry", "Ranges"),
    ("RangeOfSimDuration", "Ranges"),
    ("RangeOfuint32", "Ranges"),
    ("ReadFile", "Reads"),
    ("ReadPattern", "Patterns"),
    ("ReadRequests", "Requests of a read"),
    ("TenantsFile", "Tenants"),
    ("TenantSizes", "Sizes of tenants"),
    ("ZipfSizes", "Sizes by Zipf's law"),
    ("LognormalSizes", "Lognormal sizes"),
    ("ParetoSizes", "Pareto sizes"),
    ("Renewal", "Principals"),
    ("OtherKmsKeyFile", "Other KMS keys of a replayed log"),
    ("ReplayFile", "Replays"),
    ("RequesterRule", "Requester rules"),
    ("RunFile", "run.toml"),
    ("ScanReads", "Scans"),
    ("StorageClass", "Storage classes"),
    ("UniformAges", "Uniform ages"),
    ("WeibullAges", "Weibull ages"),
    ("WorkloadFile", "Workloads"),
    ("WriteRequests", "Requests of a write"),
    ("ZipfReads", "Zipf reads"),
];

/// The keys a definition has, or the values it allows.
fn keys(definition: &Value) -> BTreeSet<String> {
    let own = definition["properties"].as_object().into_iter().flat_map(|map| map.keys().cloned());
    let values = definition["enum"].as_array().into_iter().flatten();
    let values = values.chain(definition.get("const")).filter_map(Value::as_str).map(str::to_owned);
    let variants = ["oneOf", "anyOf"].map(|kind| definition[kind].as_array());
    let variants = variants.into_iter().flatten().flatten().flat_map(keys);
    own.chain(values).chain(variants).collect()
}

#[test]
fn the_reference_has_every_key_and_value_and_no_other() {
    let (schema, reference) = (schema(), page("scenario.md"));
    let mut expected: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (name, heading) in DEFINITIONS {
        let definition = if name.is_empty() { &schema } else { &schema["$defs"][name] };
        assert!(!definition.is_null(), "the schema has no definition `{name}`");
        expected.entry(heading).or_default().extend(keys(definition));
    }
    for (heading, keys) in expected {
        let documented: BTreeSet<String> = names_under(&reference, heading).into_iter().collect();
        assert_eq!(documented, keys, "under `{heading}`");
    }
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        // Assumptions are in docs/model.md, which another test reads.
        let known =
            name.starts_with("Assumption") || DEFINITIONS.iter().any(|(known, _)| known == name);
        assert!(
            known || keys(definition).is_empty(),
            "`{name}` has no heading in docs/scenario.md"
        );
    }
}

#[test]
fn the_reference_has_what_is_required_and_the_defaults() {
    let (schema, reference) = (schema(), page("scenario.md"));
    for (name, heading) in DEFINITIONS {
        let definition = if name.is_empty() { &schema } else { &schema["$defs"][name] };
        let rows = rows_under(&reference, heading);
        let required: Vec<&str> = definition["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        for (key, property) in definition["properties"].as_object().into_iter().flatten() {
            let row = rows.iter().find(|row| code(&row[0]) == Some(key)).unwrap();
            let place = format!("`{key}` under `{heading}`");
            assert_eq!(row.len(), 5, "{place}");
            assert_eq!(row[2] == "required", required.contains(&key.as_str()), "{place}");
            let default = match &property["default"] {
                Value::String(text) => text.clone(),
                value @ (Value::Bool(_) | Value::Number(_)) => value.to_string(),
                _ => continue,
            };
            assert!(
                row[2].contains(&format!("`{default}`")),
                "{place}: {} is not {default}",
                row[2]
            );
        }
    }
}

#[test]
fn the_reference_has_every_figure() {
    let figures: Vec<String> = Figure::ALL.iter().map(|it| it.name().to_owned()).collect();
    assert_eq!(names_under(&page("scenario.md"), "Assertions"), figures);
}

/// Language and text of each fenced code block.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => open = Some((language.to_owned(), String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some((_, text))) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a code block does not end");
    blocks
}

#[test]
fn the_scenarios_of_the_reference_are_read() {
    let blocks = blocks(&page("scenario.md"));
    let scenarios: Vec<_> =
        blocks.iter().filter(|(language, _)| language == "toml scenario").collect();
    assert!(!scenarios.is_empty());
    for (_, text) in scenarios {
        let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        check_size(&scenario, 2, 16 << 30).unwrap();
    }
    for (_, text) in blocks.iter().filter(|(language, _)| language == "toml") {
        toml::from_str::<toml::Table>(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    }
}

/// Each example of a row is TOML that sets the row's key.
#[test]
fn the_examples_of_the_reference_are_toml() {
    let reference = page("scenario.md");
    for (_, heading) in DEFINITIONS {
        for row in rows_under(&reference, heading).iter().filter(|row| row.len() == 5) {
            let Some(example) = code(&row[4]) else { continue };
            let key = code(&row[0]).unwrap();
            let table: toml::Table = toml::from_str(example)
                .unwrap_or_else(|error| panic!("`{key}` under `{heading}`: {error}"));
            assert!(table.contains_key(key), "`{key}` under `{heading}`: {example}");
        }
    }
}

fn columns<T: serde::Serialize + Default>() -> Vec<String> {
    let header = String::from_utf8(csv::write::<T>(&[])).unwrap();
    header.trim_end().split(',').map(str::to_owned).collect()
}

#[test]
fn the_dictionary_has_every_column_and_no_other() {
    let dictionary = page("data-dictionary.md");
    for (file, columns) in [
        ("`summary.csv`", columns::<SummaryRow>()),
        ("`timeline.csv`", columns::<TimelineRow>()),
        ("`requesters.csv`", columns::<RequesterRow>()),
        ("`principals.csv`", columns::<PrincipalRow>()),
        ("`operations.csv`", columns::<OperationRow>()),
        ("`accounts.csv`", columns::<AccountRow>()),
        ("`costs.csv`", columns::<CostRow>()),
        ("`sensitivity.csv`", columns::<SensitivityRow>()),
        ("`replications.csv`", columns::<ReplicationRow>()),
        ("`buckets.csv`", columns::<BucketRow>()),
        ("`prefixes.csv`", columns::<PrefixRow>()),
        ("`files_left_out.csv`", columns::<bks::recording::FileLeftOut>()),
        ("`left_out.csv`", columns::<LeftOutRow>()),
        ("`comparison.csv`", columns::<DifferenceRow>()),
        ("`cost_changes.csv`", columns::<CostChangeRow>()),
        ("`advice.csv`", columns::<AdviceRow>()),
        ("`causes.csv`", columns::<CauseRow>()),
        ("`requests.csv`", columns::<ExplainedRow>()),
        ("`sobol.csv`", columns::<SobolRow>()),
        ("`spread.csv`", columns::<SpreadRow>()),
        ("`break_even.csv`", columns::<BreakEvenRow>()),
        ("`break_even_curves.csv`", columns::<CurveRow>()),
        ("`migration_ways.csv`", columns::<WayRow>()),
        ("`months.csv`", columns::<MonthRow>()),
        ("`migration_objects.csv`", columns::<ReachRow>()),
        ("`migration_costs.csv`", columns::<OneOffRow>()),
        ("`known_total.csv`", columns::<bks::results::known_total::KnownTotalRow>()),
        ("`figure_break_even.csv`", columns::<bks::results::sensitivity::FigureBreakEvenRow>()),
    ] {
        assert_eq!(names_under(&dictionary, file), columns, "{file}");
    }
}

#[test]
fn the_pages_on_jobs_have_every_cause_and_every_kind_of_advice() {
    let causes = names_under(&page("explain.md"), "Causes");
    assert_eq!(causes, Cause::ALL.map(|cause| cause.name().to_owned()));
    let kinds = names_under(&page("advise.md"), "What is tried");
    let of_the_code: Vec<&str> =
        bks::advice::catalogue::CATALOGUE.iter().map(|it| it.name).collect();
    assert_eq!(kinds, of_the_code);
}

/// A sweep of a key whose values have a unit, as the dictionary has it.
fn swept(then: impl FnOnce(&Grid, &Survey)) {
    let grid = Grid::of(&[Override::parse("KEY=1s,2s").unwrap()], 10).unwrap();
    let survey = Survey::of(&grid, &|_| Ok(small())).unwrap();
    then(&grid, &survey);
}

#[test]
fn the_dictionary_has_every_column_of_a_sweep() {
    let mut expected = names_under(&page("data-dictionary.md"), "`sweep.csv`");
    expected.extend_from_slice(&columns::<SummaryRow>()[3..]);
    swept(|grid, survey| {
        assert_eq!(Ledger::new(RowsFormat::Csv, grid, survey).columns(), expected);
    });
}

#[test]
fn the_dictionary_has_every_key_of_a_sweep() {
    let dictionary = page("data-dictionary.md");
    let document = |grid: &Grid, survey: &Survey| -> Value {
        let shard = "1/2".parse::<Shard>().unwrap();
        let points: Vec<usize> = shard.points(grid.points()).collect();
        let identity = SweepIdentity::of(&small(), grid, survey, Some(shard), &points);
        serde_json::from_str(&identity.to_json()).unwrap()
    };
    swept(|grid, survey| {
        let document = document(grid, survey);
        for (heading, value) in [
            ("The JSON document of a sweep", &document),
            ("Elements of `axes`", &document["axes"][0]),
        ] {
            let keys: BTreeSet<String> = value.as_object().unwrap().keys().cloned().collect();
            let documented: BTreeSet<String> =
                names_under(&dictionary, heading).into_iter().collect();
            assert_eq!(documented, keys, "{heading}");
        }
    });
}

/// A scenario of a second whose one demand is met.
fn small() -> Scenario {
    Scenario::parse(
        r#"
        name = "small"
        duration = "10s"
        replications = 1
        assertions = ["kms_requests >= 0"]
        [[bucket]]
        name = "b"
        [[principal]]
        name = "p"
        role = "p"
        [[workload]]
        name = "w"
        principal = "p"
        bucket = "b"
        arrivals = { periodic = { rate = "1/s" } }
        "#,
    )
    .unwrap()
}

fn results(scenario: &Scenario) -> Results {
    Results::of(scenario, &|_| ())
}

#[test]
fn the_dictionary_has_every_key_of_the_document() {
    let scenario = small();
    let document = json::of_run(&results(&scenario), None);
    let dictionary = page("data-dictionary.md");
    for (heading, value) in [
        ("The JSON document", &document),
        ("Elements of `warnings`", &document["warnings"][0]),
        ("Elements of `assertions`", &document["assertions"][0]),
        ("The object `prices`", &document["prices"]),
        ("Elements of `configurations`", &document["configurations"][0]),
        ("Elements of `assumptions`", &document["configurations"][0]["assumptions"][0]),
    ] {
        let keys: BTreeSet<String> = value.as_object().unwrap().keys().cloned().collect();
        let documented: BTreeSet<String> = names_under(&dictionary, heading).into_iter().collect();
        assert_eq!(documented, keys, "{heading}");
    }
}

#[test]
fn the_dictionary_has_every_key_of_a_sensitivity() {
    use bks::sensitivity::{Sensitivity, Together};
    let scenario = small();
    let found = Sensitivity {
        assumed: Some(0.9),
        swings: Vec::new(),
        together: Together::Known,
        replications: 1,
        break_evens: Vec::new(),
        figure_targets: Vec::new(),
        left_out: vec![("requesters".to_owned(), "none can be many".to_owned())],
    };
    let document = bks::report::sensitivity::json(&scenario, &found);
    let dictionary = page("data-dictionary.md");
    for (heading, value) in [
        ("The JSON document of a sensitivity", &document),
        ("Elements of `left_out`", &document["left_out"][0]),
    ] {
        let keys: BTreeSet<String> = value.as_object().unwrap().keys().cloned().collect();
        let documented: BTreeSet<String> = names_under(&dictionary, heading).into_iter().collect();
        assert_eq!(documented, keys, "{heading}");
    }
    for (file, _) in bks::report::sensitivity::files(&scenario, &found) {
        assert!(dictionary.contains(&format!("`{file}`")), "{file}");
    }
}

#[test]
fn the_dictionary_names_every_file() {
    let scenario = small();
    let files = bks::report::files::of(&results(&scenario), Vec::new());
    let dictionary = page("data-dictionary.md");
    for (file, _) in files {
        assert!(dictionary.contains(&format!("`{file}`")), "{file}");
    }
}

#[test]
fn the_assumptions_are_those_of_the_code() {
    let rows = rows_under(&page("model.md"), "What AWS does not publish");
    let documented: Vec<_> = rows.iter().map(|row| row[..6].to_vec()).collect();
    let of_the_code = Assumption::ALL.map(|assumption| {
        let described = assumption.describe();
        let values = match described.built_in {
            Some(Range { low, assumed, high }) => {
                let least = if described.greater_saves_more { low } else { high };
                [low, assumed, high, least].map(|value| value.to_string())
            }
            None => ["–"; 4].map(str::to_owned),
        };
        let [name, meaning] = [format!("`{}`", described.name), described.meaning.to_owned()];
        [&[name][..], &values, &[meaning]].concat()
    });
    assert_eq!(documented, of_the_code);
    for name in ["AssumptionRanges", "AssumptionOverrides"] {
        let names = Assumption::names().map(str::to_owned);
        assert_eq!(keys(&schema()["$defs"][name]), BTreeSet::from(names));
    }
}

#[test]
fn the_calls_are_those_of_the_code() {
    let model = page("model.md");
    let rows: Vec<Vec<String>> = rows_under(&model, "Calls without bucket keys");
    let names: Vec<&str> = rows.iter().map(|row| code(&row[0]).unwrap()).collect();
    assert_eq!(names, Operation::ALL.map(Operation::name));
    for (operation, row) in Operation::ALL.into_iter().zip(&rows) {
        let needs = Needs::of(operation, MultipartCalls::default());
        let calls = KmsApi::ALL.map(|api| {
            let unwraps = if api == KmsApi::Decrypt { needs.unwrap + needs.unwrap_own } else { 0 };
            (u8::from(needs.wrap == Some(api)) + unwraps).to_string()
        });
        assert_eq!(row[1..4], calls, "{operation}");
        assert!(row[5].starts_with('['), "{operation} has no source");
    }
    let header = model.lines().find(|line| line.starts_with("| operation |")).unwrap();
    let apis = KmsApi::ALL.map(|api| format!("`{api}`")).join(" | ");
    assert!(header.contains(&apis), "{header}");
}

/// `[name]` stands for a URL given below it.
#[test]
fn every_source_of_the_model_has_its_address() {
    let model = page("model.md");
    let sources = rows_under(&model, "Calls without bucket keys");
    for name in sources.iter().flat_map(|row| row[5].split(", ")) {
        assert!(model.contains(&format!("\n{name}: https://")), "{name} has no address");
    }
}

/// Every page of the project: its path from the top.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["", "docs", "docs/decisions", "scenarios"];
    let files = folders.iter().flat_map(|folder| std::fs::read_dir(root.join(folder)).unwrap());
    let paths = files.map(|file| file.unwrap().path().strip_prefix(root).unwrap().to_owned());
    let mut pages: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    pages.sort();
    pages
}

fn file_text(path: &Path) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What a page's links lead to, those to other sites left out.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.starts_with("https://"))
}

/// Links between pages and to headings lead somewhere.
#[test]
fn links_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = pages();
    assert!(pages.len() > 40, "{pages:?}");
    for path in pages {
        let text = file_text(&path);
        for target in links(&text) {
            let place = format!("{}: {target}", path.display());
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let to = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            assert!(root.join(&to).exists(), "{place}");
            if !anchor.is_empty() {
                let other = file_text(&to);
                let mut anchors = other.lines().filter(|line| is_heading(line)).map(anchor_of);
                assert!(anchors.any(|it| it == anchor), "{place}");
            }
        }
    }
}

#[test]
fn the_indexes_have_every_page() {
    for folder in ["docs", "docs/decisions"] {
        let index = Path::new(folder).join("README.md");
        let text = file_text(&index);
        for page in pages().iter().filter(|page| page.parent() == Some(Path::new(folder))) {
            let name = page.file_name().unwrap().to_str().unwrap();
            assert!(page == &index || links(&text).any(|it| it == name), "{folder} lacks {name}");
        }
    }
}

/// The recipes and the decisions name files that there are; a name in capitals is to be replaced.
#[test]
fn the_files_that_contributors_are_told_of_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let starts = ["src/", "tests/", "fuzz/", "docs/", "packaging/", "action/", ".ci/", "results/"];
    let mut named = 0;
    for page in pages() {
        if !page.starts_with("docs/decisions") && page != Path::new("CONTRIBUTING.md") {
            continue;
        }
        let text = file_text(&page);
        for name in text.split('`').skip(1).step_by(2) {
            let is_path = starts.iter().any(|start| name.starts_with(start));
            if is_path && !name.contains("NAME") && !name.contains('*') {
                named += 1;
                assert!(root.join(name).exists(), "{}: `{name}`", page.display());
            }
        }
    }
    assert!(named > 30, "{named}");
}

/// A heading's anchor as GitHub makes it.
fn anchor_of(heading: &str) -> String {
    let kept = title(heading).to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}
