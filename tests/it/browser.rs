//! The page in a real browser: sorting, hover values, sliders, keyboard, narrow screens, paper, and
//! everything without a script. Where there is no Chromium the tests say so and pass.
//!
//! The browser opens one file, `pages/harness.html`, with the page in frames; a script in it does what
//! a person would and leaves what it found as JSON.

use crate::support::pages;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use bks::report::run;
use bks::results::Results;
use bks::sweep::swept::Swept;

use pages::{page, results, swept};

const HARNESS: &str = include_str!("support/harness.html");
/// Chromium under the names it goes by.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// The browser: what `BKS_CHROMIUM` names, else what is found.
fn chromium() -> Option<PathBuf> {
    let found = std::env::var_os("BKS_CHROMIUM").map(PathBuf::from).or_else(|| {
        let folders = std::env::var_os("PATH")?;
        let folders: Vec<PathBuf> = std::env::split_paths(&folders).collect();
        NAMES.iter().find_map(|name| {
            folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file())
        })
    });
    if found.is_none() {
        eprintln!("skipped: there is no Chromium here, and BKS_CHROMIUM names none");
    }
    found
}

/// Opens `html` as a file and gives what the browser printed.
fn browse(browser: &Path, html: &str, options: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.html");
    fs::write(&file, html).unwrap();
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--force-device-scale-factor=1",
            "--window-size=1280,1000",
            "--virtual-time-budget=20000",
        ])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .args(options)
        .arg("--dump-dom")
        .arg(format!("file://{}", file.display()))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {told}", browser.display());
    String::from_utf8(output.stdout).unwrap()
}

/// Text as an attribute in quotes.
fn attribute(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;")
}

struct Shown {
    results: Results,
    swept: Swept,
    findings: Value,
}

/// What the harness found, once for all tests; `None` without a browser.
fn shown() -> Option<&'static Shown> {
    static SHOWN: OnceLock<Option<Shown>> = OnceLock::new();
    let shown = SHOWN.get_or_init(|| {
        let browser = chromium()?;
        let results = results();
        let swept = swept(&[("assumptions.cache_lifetime", "1min,5min,1h")]);
        let written = page(&results, Some(&swept));
        // On paper there is no script; all else that the style sheet says of print is put on a screen.
        let paper = written.replace("@media print", "@media all");
        let harness =
            HARNESS.replace("PAGE", &attribute(&written)).replace("PAPER", &attribute(&paper));
        let dom = browse(&browser, &harness, &[]);
        let begin = "<pre id=\"findings\">";
        let found = dom.split_once(begin).expect("the harness was shown").1;
        let found = found.split_once("</pre>").expect("the harness was shown").0;
        let findings = serde_json::from_str(found).unwrap_or_else(|_| panic!("{found}"));
        Some(Shown { results, swept, findings })
    });
    shown.as_ref()
}

/// One of the findings; what went wrong there is told.
fn finding(shown: &'static Shown, name: &str) -> &'static Value {
    let found = &shown.findings[name];
    assert!(found.is_object(), "{name}: {found}");
    found
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|it| it.as_f64().unwrap()).collect()
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect()
}

#[test]
fn columns_sort_by_their_figures() {
    let Some(shown) = shown() else { return };
    let found = finding(shown, "sorting");
    let mut sorted = numbers(&found["before"]);
    sorted.sort_by(f64::total_cmp);
    assert_ne!(numbers(&found["before"]), sorted, "there is something to sort");
    assert_eq!(numbers(&found["second"]["keys"]), sorted);
    sorted.reverse();
    assert_eq!(numbers(&found["first"]["keys"]), sorted);
    assert_eq!(
        (&found["first"]["sort"], &found["second"]["sort"]),
        (&"descending".into(), &"ascending".into())
    );
    let names = strings(&found["byName"]["names"]);
    let mut by_name = names.clone();
    by_name.sort_by_key(|name| name.to_lowercase());
    assert_eq!(names, by_name);
    assert_eq!(
        (&found["byName"]["sort"], &found["byName"]["others"]),
        (&"ascending".into(), &0.into())
    );
    assert_eq!(found["focused"], true);
    assert_ne!(found["outline"], "none", "the focus can be seen");
}

#[test]
fn charts_tell_their_figures_to_pointer_and_keyboard() {
    let Some(shown) = shown() else { return };
    let found = finding(shown, "hovering");
    let labels = strings(&found["labels"]);
    let verdict = run::verdict(&shown.results);
    let saved = verdict.split_once("saves ").unwrap().1.split_once(" of").unwrap().0;
    assert!(labels.iter().any(|label| label.contains(saved)), "{labels:?} lack {saved}");
    assert_eq!(found["hidden"], true);
    let hovered: Vec<(&str, bool)> = found["hovered"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it[0].as_str().unwrap(), it[1].as_bool().unwrap()))
        .collect();
    // Marks at one place share what the pointer finds there.
    assert!(hovered.iter().all(|(text, seen)| *seen && labels.contains(text)), "{hovered:?}");
    let distinct: std::collections::BTreeSet<&str> =
        hovered.iter().map(|(text, _)| *text).collect();
    assert!(distinct.len() > 1);
    assert_eq!(found["left"], true);
    assert_eq!(strings(&found["stepped"]), labels);
    assert_eq!(found["around"], labels[0]);
    assert_eq!(found["end"], labels[labels.len() - 1]);
    assert_eq!(found["escaped"], true);
}

#[test]
fn sliders_choose_a_point() {
    let Some(shown) = shown() else { return };
    let found = finding(shown, "sliding");
    assert_eq!(
        (&found["seen"], &found["label"], &found["folded"]),
        (&true.into(), &1.into(), &true.into())
    );
    let states = found["states"].as_array().unwrap();
    assert_eq!(states.len(), shown.swept.points.len());
    for (state, point) in states.iter().zip(&shown.swept.points) {
        let value = &shown.swept.keys[0].values[point.at[0]];
        assert_eq!(
            (&state["text"], &state["said"]),
            (&value.as_str().into(), &value.as_str().into())
        );
        let rows = state["rows"].as_array().unwrap();
        assert_eq!(rows.len(), shown.results.facts.configurations.len());
        let headline = &shown.results.facts.headline;
        let own = rows.iter().find(|row| row[0] == headline.as_str()).unwrap();
        let said = state["status"].as_str().unwrap();
        assert!(said.contains(own[1].as_str().unwrap()) && said.contains(own[2].as_str().unwrap()));
        assert!(state["ring"].is_array(), "the chart shows where it is");
    }
    let left = |state: &Value| -> f64 {
        state["ring"][0].as_str().unwrap().trim_end_matches('%').parse().unwrap()
    };
    assert!(left(&states[0]) < left(&states[1]) && left(&states[1]) < left(&states[2]));
    assert_ne!(states[0]["rows"], states[2]["rows"]);
}

#[test]
fn pages_can_be_read_by_ear_and_by_keyboard() {
    let Some(shown) = shown() else { return };
    let found = finding(shown, "access");
    assert_eq!(found["lang"], "en");
    assert_eq!(found["title"], "pages: what S3 Bucket Keys save");
    assert_eq!(found["landmarks"], serde_json::json!([1, 1, 1, 1]));
    let levels = numbers(&found["levels"]);
    assert_eq!(levels.iter().filter(|level| **level < 1.5).count(), 1, "one main heading");
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1.0), "{levels:?}");
    assert_eq!(found["unnamed"], serde_json::json!([]));
    assert_eq!((&found["tables"], &found["images"]), (&0.into(), &0.into()));
    assert_eq!(found["first"], "Skip to the verdict");
    assert_eq!(found["loaded"], 0, "nothing is loaded");
    assert_eq!(shown.findings["stray"], Value::Null, "names are no scripts");
}

#[test]
fn without_a_script_everything_is_there() {
    let Some(shown) = shown() else { return };
    let found = finding(shown, "still");
    let verdict = run::verdict(&shown.results).replace('`', "");
    let verdict = verdict.strip_prefix("pages: ").unwrap();
    let seen = found["verdict"].as_str().unwrap().replace('\u{a0}', " ");
    assert_eq!(seen.trim_end_matches('.'), verdict);
    assert_eq!(
        (&found["explorer"], &found["buttons"]),
        (&false.into(), &0.into()),
        "no dead controls"
    );
    let points = shown.swept.points.len() * shown.results.facts.configurations.len();
    assert_eq!((&found["points"], &found["pointsSeen"]), (&points.into(), &true.into()));
    let charts = found["charts"].as_array().unwrap();
    assert!(charts.len() >= 6 && charts.iter().all(|chart| chart == true), "{charts:?}");
    assert_eq!(found["spilled"], 0);
}

#[test]
fn narrow_screens_have_charts_of_their_own() {
    let Some(shown) = shown() else { return };
    let found = finding(shown, "narrow");
    assert_eq!(found["spilled"], 0, "{found}");
    assert_eq!(found["out"], serde_json::json!([]));
    assert_eq!((&found["wide"], &found["narrow"]), (&false.into(), &true.into()));
}

#[test]
fn paper_has_everything_but_controls() {
    let Some(shown) = shown() else { return };
    let found = finding(shown, "paper");
    assert_eq!((&found["spilled"], &found["controls"]), (&0.into(), &0.into()), "{found}");
    assert!(
        found["lines"].as_f64().unwrap() > 100.0 && found["toml"].as_f64().unwrap() > 100.0,
        "{found}"
    );
    let printing = finding(shown, "printing");
    assert_eq!((&printing["during"], &printing["after"]), (&printing["all"], &printing["before"]));
}

/// What a dark page looks like, and that paper stays light.
#[test]
fn the_page_is_dark_where_people_want_it_dark() {
    let Some(browser) = chromium() else { return };
    let probe = "<script>addEventListener('load', () => { const of = (s, p) => \
                 getComputedStyle(document.querySelector(s))[p]; document.title = [of('body', \
                 'backgroundColor'), of('body', 'color'), of('.plot.wide svg > rect', 'fill'), \
                 of('.plot.wide svg text', 'fill')].join('|'); })</script></head>";
    let written = page(&results(), None).replacen("</head>", probe, 1);
    let title = |scheme: &str| {
        let dom = browse(
            &browser,
            &written,
            &[&format!("--blink-settings=preferredColorScheme={scheme}")],
        );
        let title =
            dom.split_once("<title>").unwrap().1.split_once("</title>").unwrap().0.to_owned();
        title.split('|').map(str::to_owned).collect::<Vec<_>>()
    };
    let (dark, light) = (title("0"), title("1"));
    assert_eq!(
        dark,
        ["rgb(20, 24, 29)", "rgb(230, 237, 243)", "rgb(20, 24, 29)", "rgb(230, 237, 243)"]
    );
    assert_eq!(
        light,
        ["rgb(255, 255, 255)", "rgb(31, 35, 40)", "rgb(255, 255, 255)", "rgb(31, 35, 40)"]
    );
}
