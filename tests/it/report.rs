//! Reports: the page says what the results say, whatever the names in it; the command takes folders
//! and scenarios, and tells what it cannot take.

use crate::support::command::bks;
use crate::support::pages;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Output;

use bks::encryption::assumption::Level;
use bks::report::run::page::Further;
use bks::report::{DocumentFormat, assertion, files, run};
use bks::sweep::swept::Swept;
use bks::units::Usd;

use pages::{HOSTILE, page, page_with, printed, results, scenario_text, sweep_texts, swept};

/// Elements that have no end.
const VOID: [&str; 5] = ["meta", "input", "wbr", "br", "img"];

/// A table of the page: cells of each row, with what each is sorted by.
type Cells = Vec<Vec<(String, Option<f64>)>>;

/// What a page consists of.
#[derive(Default)]
struct Parsed {
    tables: BTreeMap<String, Cells>,
    ids: BTreeSet<String>,
    /// Names of elements with their attributes.
    elements: Vec<(String, BTreeMap<String, String>)>,
    text: String,
}

/// Reads a page strictly: every tag closes the one that was opened last, attributes stand in quotes, and
/// no character that has to be escaped stands alone.
fn parse(page: &str) -> Parsed {
    let mut rest = page.strip_prefix("<!DOCTYPE html>").expect("a page begins with its type");
    let mut parsed = Parsed::default();
    let mut open: Vec<String> = Vec::new();
    let mut table = String::new();
    while let Some(at) = rest.find('<') {
        let name = open.last().map_or("", String::as_str);
        if matches!(name, "script" | "style") {
            let end = rest.find(&format!("</{name}>")).expect("it ends");
            rest = &rest[end..];
        } else {
            let words = unescaped(&rest[..at]);
            if open.iter().any(|name| name == "td" || name == "th") && !table.is_empty() {
                let cell =
                    parsed.tables.get_mut(&table).and_then(|rows| rows.last_mut()?.last_mut());
                cell.expect("a cell").0.push_str(&words);
            }
            parsed.text.push_str(&words);
            rest = &rest[at..];
        }
        let end = rest.find('>').expect("a tag ends");
        let tag = &rest[1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "before {rest:.80}");
            if name == "table" {
                table.clear();
            }
            continue;
        }
        let closed = tag.ends_with('/');
        let (name, attributes) = element(tag.trim_end_matches('/'));
        if let Some(id) = attributes.get("id") {
            assert!(parsed.ids.insert(id.clone()), "the id {id} stands twice");
        }
        match name.as_str() {
            "table" => table = attributes.get("id").cloned().unwrap_or_default(),
            "tr" if !table.is_empty() => {
                parsed.tables.entry(table.clone()).or_default().push(Vec::new());
            }
            "td" | "th" if !table.is_empty() => {
                let key = attributes.get("data-key").map(|key| key.parse().unwrap());
                let row = parsed.tables.get_mut(&table).and_then(|rows| rows.last_mut());
                row.expect("a row").push((String::new(), key));
            }
            _ => {}
        }
        if !VOID.contains(&name.as_str()) && !closed {
            open.push(name.clone());
        }
        parsed.elements.push((name, attributes));
    }
    assert!(open.is_empty(), "{open:?} are not closed");
    parsed
}

/// Name and attributes of a tag.
fn element(tag: &str) -> (String, BTreeMap<String, String>) {
    let (name, mut rest) = tag.split_once([' ', '\n']).unwrap_or((tag, ""));
    assert!(!name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric()), "<{tag}>");
    let mut attributes = BTreeMap::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return (name.to_owned(), attributes);
        }
        let end = rest.find(['=', ' ', '\n']).unwrap_or(rest.len());
        let attribute = rest[..end].to_owned();
        rest = &rest[end..];
        let mut value = String::new();
        if let Some(quoted) = rest.strip_prefix('=') {
            let quoted = quoted.strip_prefix('"').expect("values stand in quotes");
            let end = quoted.find('"').expect("quotes are closed");
            value = unescaped(&quoted[..end]);
            rest = &quoted[end + 1..];
        }
        assert!(attributes.insert(attribute, value).is_none(), "twice in <{tag}>");
    }
}

/// Text without escapes; refuses what should have been escaped.
fn unescaped(text: &str) -> String {
    assert!(!text.contains('>'), "{text:?}");
    let mut parts = text.split('&');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (entity, rest) = part.split_once(';').expect("& begins an escape");
        out.push_str(match entity {
            "amp" => "&",
            "lt" => "<",
            "gt" => ">",
            "quot" => "\"",
            "apos" => "'",
            _ => panic!("&{entity};"),
        });
        out.push_str(rest);
    }
    out.replace('\u{a0}', " ")
}

fn texts(row: &[(String, Option<f64>)]) -> Vec<&str> {
    row.iter().map(|(text, _)| text.as_str()).collect()
}

#[test]
fn pages_are_well_formed_and_load_nothing() {
    let results = results();
    let (csv, json) = sweep_texts(&[("lifetime", "1min,5min,1h"), ("replications", "2,3")]);
    for sweep in [None, Some(Swept::read("sweep.csv", &csv, Some(&json)).unwrap())] {
        let written = page(&results, sweep.as_ref());
        let parsed = parse(&written);
        for (name, attributes) in &parsed.elements {
            assert!(
                !["link", "img", "iframe", "object", "embed"].contains(&name.as_str()),
                "{name}"
            );
            for (attribute, value) in attributes {
                assert!(!attribute.starts_with("on") && attribute != "src", "{attribute}={value}");
                if attribute == "href" {
                    let id = value.strip_prefix('#').expect("links stay in the page");
                    assert!(parsed.ids.contains(id), "{value} leads nowhere");
                }
                if ["for", "aria-labelledby", "aria-describedby"].contains(&attribute.as_str()) {
                    let all = value.split(' ').all(|id| parsed.ids.contains(id));
                    assert!(all, "{attribute}={value} names nothing");
                }
            }
        }
        assert!(!written.contains("url(") && !written.contains("@import"));
    }
}

#[test]
fn names_are_text_whatever_is_in_them() {
    let mut results = results();
    let tip = &mut results.facts.warnings[0];
    HOSTILE.clone_into(&mut tip.what);
    HOSTILE.clone_into(&mut tip.advice);
    HOSTILE.clone_into(&mut results.facts.assertions[0].assertion);
    results.requesters[0].requester = Some(HOSTILE.to_owned());
    results.costs[0].charge_description = HOSTILE.to_owned();
    results.operations[0].operation = HOSTILE.to_owned();
    results.run_toml.push_str(HOSTILE);
    // A folder's files may have been edited: even configurations may be called anything.
    let rename = |name: &mut String| *name = name.replace("keys", HOSTILE);
    results.facts.configurations.iter_mut().for_each(|it| rename(&mut it.name));
    rename(&mut results.facts.headline);
    results.summary.iter_mut().for_each(|row| rename(&mut row.configuration));
    results.timeline.iter_mut().for_each(|row| rename(&mut row.configuration));
    results.principals.iter_mut().for_each(|row| rename(&mut row.configuration));
    results.requesters.iter_mut().for_each(|row| rename(&mut row.configuration));
    results.operations.iter_mut().for_each(|row| rename(&mut row.configuration));
    results.costs.iter_mut().for_each(|row| rename(&mut row.configuration));
    results.sensitivity.iter_mut().for_each(|row| rename(&mut row.configuration));
    let parsed = parse(&page(&results, None));
    assert!(parsed.elements.iter().all(|(name, _)| name != "img"));
    assert_eq!(parsed.elements.iter().filter(|(name, _)| name == "script").count(), 1);
    let told = parsed.text.matches(HOSTILE).count();
    assert!(told > 20, "{told}");
    assert!(parsed.text.contains("app <b>&\"'"));
}

#[test]
fn tables_have_the_figures_of_the_results() {
    let results = results();
    let parsed = parse(&page(&results, None));
    let rows = |id: &str| &parsed.tables[id][1..];
    // The key figures are those of the terminal.
    let figures = run::figures(&results);
    assert_eq!(rows("table-figures").len(), figures.rows.len());
    let header = texts(&parsed.tables["table-figures"][0]);
    // The verdict's configurations come first: on a narrow screen they are what is seen.
    assert_eq!(header[1..3], ["keys", "plain"]);
    for (row, expected) in rows("table-figures").iter().zip(&figures.rows) {
        assert_eq!(row[0].0, expected.cells[0].text);
        for (column, cell) in figures.columns.iter().zip(&expected.cells).skip(1) {
            let place = header.iter().position(|it| *it == column.title.trim_matches('`')).unwrap();
            assert_eq!((&row[place].0, row[place].1), (&cell.text, cell.value));
        }
    }
    // Bill lines carry the file's own numbers.
    assert_eq!(rows("table-lines").len(), results.costs.len());
    for (row, line) in rows("table-lines").iter().zip(&results.costs) {
        let [name, configuration, level, ..] = texts(row)[..] else { panic!() };
        assert_eq!(name, line.charge_description);
        assert_eq!((configuration, level), (line.configuration.as_str(), line.assumption.name()));
        let keys: Vec<f64> = row.iter().filter_map(|(_, key)| *key).collect();
        let own = [line.list_unit_price, line.list_cost, line.billed_cost].map(Usd::as_f64);
        assert_eq!(keys, [&[line.pricing_quantity as f64], &own[..]].concat());
    }
    // The bill side by side adds up to the whole.
    let bill = rows("table-bill");
    for configuration in &results.facts.configurations {
        let header = texts(&parsed.tables["table-bill"][0]);
        let place = header.iter().position(|it| *it == configuration.name).unwrap();
        let of = |row: &[(String, Option<f64>)]| row[place].1.unwrap();
        let end =
            bill.iter().position(|row| row[0].0.starts_with("requests and keys bill")).unwrap();
        let sum: f64 = bill[..end].iter().map(|row| of(row)).sum();
        assert!((sum - of(&bill[end])).abs() < 1e-6);
        let whole = results.assumed(&configuration.name).total_cost_usd.as_f64();
        assert_eq!(of(&bill[end]).to_bits(), whole.to_bits());
    }
    assert_eq!(rows("table-requesters").len(), results.requesters.len());
    let sum = |cells: &[Vec<(String, Option<f64>)>], column: usize| -> f64 {
        cells.iter().filter(|row| row[1].0 == "keys").map(|row| row[column].1.unwrap()).sum()
    };
    let whole = results.assumed("keys").kms_requests;
    assert!((sum(rows("table-requesters"), 4) - whole).abs() < 1e-6 * whole);
    assert!((sum(rows("table-operations"), 3) - whole).abs() < 1e-6 * whole);
    // Intervals: as many as the file has for a configuration, and the same sum.
    let bins: Vec<_> = results.timeline.iter().filter(|row| row.configuration == "plain").collect();
    let plain: f64 = rows("table-time").iter().map(|row| row[1].1.unwrap()).sum();
    assert_eq!(rows("table-time").len(), bins.len());
    assert!((plain - bins.iter().map(|row| row.kms_requests).sum::<f64>()).abs() < 1e-6);
    // Effects of assumptions.
    for swing in &results.sensitivity {
        let row =
            rows("table-assumptions").iter().find(|row| row[0].0 == swing.assumption).unwrap();
        assert_eq!(texts(row)[1..4], [&swing.low, &swing.assumed, &swing.high]);
        assert_eq!(row[4].1, Some(swing.saving_at_low));
        assert_eq!(row[5].1, Some(swing.saving_at_high));
        assert!(!row[7].0.is_empty(), "{} has no meaning", swing.assumption);
    }
}

#[test]
fn no_saving_stands_without_its_range() {
    let results = results();
    let verdict = run::verdict(&results);
    let parsed = parse(&page(&results, None));
    assert!(parsed.text.contains(verdict.replace('`', "").strip_prefix("pages: ").unwrap()));
    for demand in &results.facts.assertions {
        assert!(parsed.text.contains(&demand.assertion));
        assert!(parsed.text.contains(&assertion::reason(demand).replace('`', "")));
    }
    assert!(parsed.text.contains("1 of 2 assertions not met"));
}

#[test]
fn every_point_of_a_sweep_stands_in_a_table() {
    let results = results();
    let swept =
        swept(&[("cache_lifetime", "1min,1h")].map(|(_, v)| ("assumptions.cache_lifetime", v)));
    let parsed = parse(&page(&results, Some(&swept)));
    let rows = &parsed.tables["table-sweep"][1..];
    assert_eq!(rows.len(), 2 * results.facts.configurations.len());
    let of_points = swept.points.iter().flat_map(|point| &point.rows);
    let assumed = of_points.filter(|row| row.assumption == Level::Assumed);
    for (row, own) in rows.iter().zip(assumed) {
        assert_eq!(row[1].0, own.configuration);
        assert_eq!(row[2].1, own.saving_ratio);
        assert_eq!(row[4].1, Some(own.kms_requests));
        assert_eq!(row[5].1, Some(own.kms_cost_usd.as_f64()));
        assert_eq!(row[6].1, Some(own.total_cost_usd.as_f64()));
    }
    assert_eq!(swept.differences(&results), Some(Vec::new()));
    let sliders = parsed.elements.iter().filter(|(name, _)| name == "input");
    assert_eq!(
        sliders.map(|(_, it)| it["data-values"].as_str()).collect::<Vec<_>>(),
        [r#"["1min","1h"]"#]
    );
    // Each point has its place in both drawings of the chart.
    let explorer = parsed.elements.iter().find_map(|(_, it)| it.get("data-rings")).unwrap();
    let rings: BTreeMap<String, Vec<Vec<[f64; 2]>>> = serde_json::from_str(explorer).unwrap();
    assert_eq!(rings.keys().collect::<Vec<_>>(), ["0", "1"]);
    assert!(rings.values().flatten().all(|places| places.len() == 1), "{rings:?}");
    assert!(rings["0"][0][0][0] < rings["1"][0][0][0], "later points stand farther right");
}

#[test]
fn two_swept_keys_have_a_place_in_the_map() {
    let results = results();
    let swept = swept(&[
        ("assumptions.cache_lifetime", "1min,1h"),
        ("assumptions.read_partitions", "1,2,3"),
    ]);
    let parsed = parse(&page(&results, Some(&swept)));
    let explorer = parsed.elements.iter().find_map(|(_, it)| it.get("data-rings")).unwrap();
    let rings: BTreeMap<String, Vec<Vec<[f64; 2]>>> = serde_json::from_str(explorer).unwrap();
    assert_eq!(rings.len(), 6);
    assert!(rings.values().flatten().all(|places| places.len() == 1), "{rings:?}");
    let places: BTreeSet<String> =
        rings.values().map(|places| format!("{:?}", places[0])).collect();
    assert_eq!(places.len(), 6, "each point has a cell of its own");
}

#[test]
fn a_sweep_of_another_base_is_told_and_one_of_another_scenario_refused() {
    let results = results();
    let values = [("assumptions.cache_lifetime", "1min,1h")];
    let (csv, json) = sweep_texts(&values);
    let other = json.replacen("\"seed\": 5", "\"seed\": 6", 1);
    let swept = Swept::read("sweep.csv", &csv, Some(&other)).unwrap();
    assert_eq!(swept.differences(&results), Some(vec!["seed `6`, not `5`".to_owned()]));
    assert!(parse(&page(&results, Some(&swept))).text.contains("The sweep has seed 6, not 5"));
    let unknown = Swept::read("sweep.csv", &csv, None).unwrap();
    assert_eq!(unknown.differences(&results), None);
    assert_eq!(unknown.keys, swept.keys, "columns alone tell the same");
    let foreign = csv.replace("\npages,", "\nothers,");
    let refused = Swept::read("sweep.csv", &foreign, None).unwrap().check_of(&results).unwrap_err();
    assert!(
        refused.to_string().contains("of the scenario `others`, but the results are of `pages`")
    );
    for (text, told) in [
        ("a,b\n1,2\n".to_owned(), "sweep.csv"),
        (csv.replacen("point", "pont", 1), "a column `point`"),
        (
            csv.replacen(",assumed,0,", ",assumed,none,", 1),
            "`point` is `none`, but must be a whole number",
        ),
        (csv[..csv.len() - 40].to_owned(), "sweep.csv"),
    ] {
        let error = Swept::read("sweep.csv", &text, None).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_folder_and_its_scenario_give_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("pages.toml"), scenario_text()).unwrap();
    let made = bks(here, &["report", "pages.toml"]);
    // One demand is not met.
    assert_eq!(made.status.code(), Some(3), "{}", told(&made));
    let first = fs::read_to_string(here.join("results/pages/report.html")).unwrap();
    assert_eq!(first, page(&results(), None));
    for (name, bytes) in files::of(&results(), Vec::new()) {
        assert_eq!(fs::read(here.join("results/pages").join(name)).unwrap(), bytes, "{name}");
    }
    let again = bks(here, &["report", "results/pages", "-o", "-"]);
    assert_eq!(String::from_utf8(again.stdout).unwrap(), first);
    let (csv, json) = sweep_texts(&[("assumptions.cache_lifetime", "1min,1h")]);
    fs::write(here.join("results/pages/sweep.csv"), csv).unwrap();
    fs::write(here.join("results/pages/sweep.json"), json).unwrap();
    assert_eq!(
        bks(here, &["report", "results/pages", "-o", "swept.html", "-q"]).status.code(),
        Some(3)
    );
    let swept = fs::read_to_string(here.join("swept.html")).unwrap();
    assert!(swept.contains("id=\"table-sweep\"") && !first.contains("id=\"table-sweep\""));
    let output = bks(here, &["report", "results/pages", "--format", "markdown"]);
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        printed(&results(), DocumentFormat::Markdown)
    );
}

#[test]
fn what_cannot_be_reported_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::create_dir(here.join("empty")).unwrap();
    fs::create_dir(here.join("half")).unwrap();
    fs::create_dir(here.join("whole")).unwrap();
    for (name, bytes) in files::of(&results(), Vec::new()) {
        fs::write(here.join("whole").join(name), &bytes).unwrap();
        if name != "costs.csv" {
            fs::write(here.join("half").join(name), &bytes).unwrap();
        }
    }
    fs::write(here.join("table.csv"), "a,b\n1,2\n").unwrap();
    let (csv, _) = sweep_texts(&[("assumptions.cache_lifetime", "1min,1h")]);
    fs::write(here.join("foreign.csv"), csv.replace("\npages,", "\nothers,")).unwrap();
    let cases: [(&[&str], i32, &str); 10] = [
        (&["empty"], 2, "empty: the folder has no `result.json`"),
        (&["half"], 2, "half/costs.csv: the file cannot be read"),
        (&["nowhere"], 2, "nowhere: there is no results folder or scenario of this name"),
        (&["table.csv"], 2, "hint: give a results folder"),
        (&["whole", "--seed", "3"], 2, "`--seed` applies to a run"),
        (&["whole", "--fail-if", "saving<0.5"], 2, "`--fail-if` applies to a run"),
        (&["whole", "--results", "there"], 2, "`--results` applies to a run"),
        (&["whole", "--sweep", "none.csv"], 2, "none.csv: the file cannot be read"),
        (
            &["whole", "--sweep", "foreign.csv"],
            2,
            "foreign.csv: the sweep is of the scenario `others`",
        ),
        (
            &["whole", "-o", "no/such/folder.html"],
            1,
            "no/such/folder.html: the file cannot be written",
        ),
    ];
    for (arguments, code, message) in cases {
        let output = bks(here, &[&["report"], arguments].concat());
        let told = told(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
        assert!(told.contains(message), "{arguments:?}: {told}");
        assert!(output.stdout.is_empty());
    }
    assert!(!here.join("whole/report.html").exists(), "a failure leaves nothing");
}

/// Contrast as in WCAG 2.2; text needs 4.5 : 1.
#[test]
fn colours_of_the_page_can_be_read_in_both_themes() {
    let page = page(&results(), None);
    let themes: Vec<BTreeMap<&str, bks::report::chart::colours::Colour>> = page
        .split(":root {")
        .skip(1)
        .take(2)
        .map(|block| {
            let block = block.split('}').next().unwrap();
            let variables =
                block.lines().filter_map(|line| line.trim().strip_prefix("--")?.split_once(": #"));
            variables.map(|(name, hex)| (name, colour(hex.trim_end_matches(';')))).collect()
        })
        .collect();
    assert_eq!(themes.len(), 2);
    assert_eq!(themes[0].keys().collect::<Vec<_>>(), themes[1].keys().collect::<Vec<_>>());
    for theme in &themes {
        for text in ["ink", "muted", "accent", "good", "warn", "bad"] {
            for ground in ["ground", "raised"] {
                let contrast = theme[text].contrast(theme[ground]);
                assert!(contrast >= 4.5, "{text} on {ground}: {contrast}");
            }
        }
        assert!(theme["on-accent"].contrast(theme["accent"]) >= 4.5);
        // Tips of charts.
        assert!(theme["ground"].contrast(theme["ink"]) >= 4.5);
    }
    assert!(themes[0]["ground"].luminance() > 0.8 && themes[1]["ground"].luminance() < 0.05);
}

fn colour(hex: &str) -> bks::report::chart::colours::Colour {
    let part = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    bks::report::chart::colours::Colour(part(0), part(2), part(4))
}

#[test]
fn further_files_of_the_folder_are_shown() {
    let results = results();
    let sobol = "scenario,configuration,assumption,first_order,first_order_low,first_order_high,total,\
                 total_low,total_high\npages,keys,cache_lifetime,0.5,0.4,0.6,0.75,0.7,0.8\n";
    let further = |name: &str, text: &str| {
        let mut further = Further::default();
        further.read(name, text).map(|()| further)
    };
    let written = page_with(&results, None, &further("sobol.csv", sobol).unwrap()).unwrap();
    let parsed = parse(&written);
    let row = &parsed.tables["table-sobol"][1];
    assert_eq!(texts(row), ["cache_lifetime", "0.50 [0.40 … 0.60]", "0.75 [0.70 … 0.80]"]);
    // Each parameter has a curve of its own, under ids of its own.
    let header = "scenario,configuration,others,parameter,unit,value,saving_ratio\n";
    let rows = ["cache_lifetime,s", "requesters,count"].into_iter().flat_map(|parameter| {
        let points = [(1, 0.25), (10, 0.5), (100, 0.75)];
        points.map(|(value, saving)| format!("pages,keys,assumed,{parameter},{value},{saving}\n"))
    });
    let curves: String = std::iter::once(header.to_owned()).chain(rows).collect();
    let curves = further("break_even_curves.csv", &curves).unwrap();
    let written = page_with(&results, None, &curves).unwrap();
    let parsed = parse(&written);
    assert_eq!(parsed.tables["table-curves"].len(), 7);
    assert!(
        ["cache-lifetime", "requesters"]
            .iter()
            .all(|name| parsed.ids.contains(&format!("figure-break-even-{name}")))
    );
    let error = further("sobol.csv", &sobol.replace("0.75", "much")).unwrap_err();
    assert!(error.to_string().contains("sobol.csv: line 2, column `total`: `much`"), "{error}");
}

/// What `bks sensitivity` and `bks sweep` found for other settings stands in no report: it is left out by
/// name, with the command that makes it anew.
#[test]
fn what_is_of_other_settings_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("pages.toml"), scenario_text()).unwrap();
    // One demand is not met.
    assert_eq!(bks(folder, &["simulate", "pages.toml", "--out", "one"]).status.code(), Some(3));
    let sobol = "scenario,configuration,assumption,first_order,first_order_low,first_order_high,total,\
                 total_low,total_high\npages,keys,cache_lifetime,0.5,0.4,0.6,0.75,0.7,0.8\n";
    let own_swings = fs::read_to_string(folder.join("one/sensitivity.csv")).unwrap();
    let mut lines = own_swings.lines();
    let header = lines.next().unwrap();
    let columns: Vec<&str> = header.split(',').collect();
    let first = lines.next().unwrap().split(',').collect::<Vec<_>>();
    let foreign: Vec<&str> = columns
        .iter()
        .zip(first)
        .map(|(name, cell)| if *name == "saving_at_low" { "-3.217" } else { cell })
        .collect();
    let foreign = format!("{header}\n{}\n", foreign.join(","));
    let scenario = |warm_up: &str| {
        let text =
            scenario_text().replace("warm_up = \"10min\"", &format!("warm_up = \"{warm_up}\""));
        bks::scenario::Scenario::parse(&text).unwrap()
    };
    let identity = |of: &bks::scenario::Scenario, swings: &str| {
        let files = [("sobol.csv", sobol), ("sensitivity.csv", swings)];
        let identity = bks::results::sensitivity::SensitivityRun::of(of, files.into_iter());
        fs::write(folder.join("one/sensitivity.json"), serde_json::to_string(&identity).unwrap())
    };
    let page = || {
        let output = bks(folder, &["report", "one"]);
        assert_eq!(output.status.code(), Some(3), "{}", told(&output));
        (fs::read_to_string(folder.join("one/report.html")).unwrap(), told(&output))
    };
    fs::write(folder.join("one/sobol.csv"), sobol).unwrap();
    let command = "`bks sensitivity one/run.toml --out one`";
    // Nothing says of which settings it is.
    let (written, told) = page();
    assert!(!written.contains("table-sobol") && told.contains(command), "{told}");
    // It is of the same.
    identity(&scenario("10min"), &own_swings).unwrap();
    let (written, told) = page();
    assert!(written.contains("table-sobol") && !told.contains("left out"), "{told}");
    // It was changed since.
    fs::write(folder.join("one/sobol.csv"), sobol.replace("0.75", "0.76")).unwrap();
    assert!(!page().0.contains("table-sobol"));
    fs::write(folder.join("one/sobol.csv"), sobol).unwrap();
    // It is of others, the run's own sensitivity.csv is not; then that is, too.
    let other = scenario("20min");
    identity(&other, &foreign).unwrap();
    let (written, told) = page();
    assert!(!written.contains("table-sobol") && told.contains("hash of the scenario"), "{told}");
    assert!(written.contains("left out") && written.contains("figure-tornado"), "{told}");
    fs::write(folder.join("one/sensitivity.csv"), &foreign).unwrap();
    let (written, told) = page();
    assert!(!written.contains("321.7") && !written.contains("figure-tornado"), "{told}");
    assert!(told.contains("`sensitivity.csv` are left out"), "{told}");
}
