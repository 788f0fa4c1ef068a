//! What the tests of pages are about: a small run with something in every section, and its sweep.

use bks::report::run::page::{self, Further, Page};
use bks::report::{self, DocumentFormat, run};
use bks::results::{self, Results};
use bks::scenario::Scenario;
use bks::scenario::overrides::Override;
use bks::sweep::checked_points::{Survey, SweepIdentity};
use bks::sweep::grid::Grid;
use bks::sweep::rows::{Ledger, RowsFormat};
use bks::sweep::swept::Swept;

/// Text that would be markup if it were not escaped, and would tell the page around it.
pub(crate) const HOSTILE: &str = r#"</title></script><script>parent.stray = 1</script><img src="x" onerror='parent.stray = 2'> & "both" quotes"#;

/// Policies, several principals, a migration, demands met and not met, texts that must be escaped.
pub(crate) fn scenario_text() -> String {
    format!(
        r#"
name = "pages"
question = '''{HOSTILE}'''
source = '''{HOSTILE} | `code` `lone'''
duration = "3h"
warm_up = "10min"
replications = 3
seed = 5
assertions = ["saving > 200%", "kms_cost_usd >= 0"]

[[bucket]]
name = "data"

[[principal]]
name = "app <b>&\"'"
role = "app"
sessions = 3
session_policies = 2

[[principal]]
name = "user"
user = "some-user"

[[population]]
name = "old"
bucket = "data"
objects = 5000
age = {{ exponential = {{ mean = "10d" }} }}

[[workload]]
name = "write"
principal = "user"
bucket = "data"
arrivals = {{ poisson = {{ rate = "0.1/s" }} }}

[[workload]]
name = "read"
principal = "app <b>&\"'"
bucket = "data"
arrivals = {{ poisson = {{ rate = "0.5/s" }} }}
read = {{ from = ["old", "write"], pattern = {{ by-age = {{ exponential = {{ mean = "1h" }} }} }} }}

[[configuration]]
name = "plain"
encryption = "sse-kms"

[[configuration]]
name = "keys"
encryption = "sse-kms-bucket-key"

[[configuration]]
name = "migrated"
encryption = "sse-kms-bucket-key"
migrated = true
"#
    )
}

/// The run.
pub(crate) fn results() -> Results {
    let scenario = Scenario::parse(&scenario_text()).unwrap();
    Results::of(&scenario, &|_| ())
}

/// Texts of `sweep.csv` and `sweep.json` of the scenario at all `values` of keys.
pub(crate) fn sweep_texts(values: &[(&str, &str)]) -> (String, String) {
    let change = |(key, value): &(&str, &str)| Override::new(*key, *value);
    let grid = Grid::of(&values.iter().map(change).collect::<Vec<_>>(), 100).unwrap();
    let text = scenario_text();
    let read = |point| {
        Scenario::read(&text, "pages.toml", &grid.overrides(point), &|_| {
            unreachable!("no file is named")
        })
    };
    let survey = Survey::of(&grid, &read).unwrap();
    let base = Scenario::parse(&text).unwrap();
    let ledger = Ledger::new(RowsFormat::Csv, &grid, &survey);
    let points = (0..grid.points()).map(|point| {
        let scenario = read(point).unwrap();
        (point, ledger.lines(point, &results::run::summary(&scenario, &|_| ())))
    });
    let csv = String::from_utf8(ledger.file(&points.collect())).unwrap();
    let all: Vec<usize> = (0..grid.points()).collect();
    (csv, SweepIdentity::of(&base, &grid, &survey, None, &all).to_json())
}

/// A sweep of the scenario.
pub(crate) fn swept(values: &[(&str, &str)]) -> Swept {
    let (csv, json) = sweep_texts(values);
    Swept::read("sweep.csv", &csv, Some(&json)).unwrap()
}

/// A page of the run, with a sweep.
pub(crate) fn page(results: &Results, sweep: Option<&Swept>) -> String {
    page_with(results, sweep, &Further::default()).unwrap()
}

/// The same with rows of further files.
pub(crate) fn page_with(
    results: &Results,
    sweep: Option<&Swept>,
    further: &Further,
) -> bks::error::Result<String> {
    let page = page::document(&Page { results, sweep, further, left_out: &[] })?;
    Ok(report::write(&page, DocumentFormat::Html))
}

/// What `bks simulate` prints of the run.
pub(crate) fn printed(results: &Results, format: DocumentFormat) -> String {
    report::write(&run::document(results, None), format)
}
