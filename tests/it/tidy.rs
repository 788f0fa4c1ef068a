//! The layout holds: rooms know only rooms below them, what is known in one room alone stays there, and
//! no function or file is too long to be read at one sitting.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms of `src` from the ground up. A room may use those on lower floors; rooms on one floor do
/// not know each other.
const FLOORS: &[&[&str]] = &[
    &["harmless_text", "kms", "named_enum"],
    &["error"],
    &["cells", "units"],
    &["parquet_rows", "rng", "s3", "statistics"],
    &["encryption", "lint", "logs", "pricing", "quota", "workload"],
    &["bill", "figure", "inventory", "recording", "tally"],
    &["migration"],
    &["scenario"],
    &["simulation"],
    &["calibration", "explanation", "results"],
    &["experiment", "fitting", "reconciliation"],
    &["advice", "compare", "sensitivity", "sweep"],
    &["report"],
    &["cli"],
    &["lib", "main"],
];

/// What one room alone may name.
const KNOWN_IN_ONE_ROOM: [(&str, &str); 4] =
    [("clap::", "cli"), ("indicatif::", "cli"), (" toml::", "scenario"), ("File::open(", "cli")];

const LINES_OF_A_FUNCTION: usize = 70;
const LINES_OF_A_FILE: usize = 620;

struct Source {
    path: PathBuf,
    room: String,
    /// Its lines up to its tests, without comments.
    lines: Vec<String>,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                sources.push(source(&root, path));
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

fn source(src: &Path, path: PathBuf) -> Source {
    let text = fs::read_to_string(&path).unwrap();
    let within = path.strip_prefix(src).unwrap();
    let room = within.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
    let lines = text.lines().take_while(|line| *line != "#[cfg(test)]");
    let lines = lines.map(|line| line.split("//").next().unwrap().to_owned()).collect();
    Source { path, room, lines }
}

fn floor(room: &str) -> usize {
    let found = FLOORS.iter().position(|floor| floor.contains(&room));
    found.unwrap_or_else(|| panic!("`{room}` has no floor: give it one in tests/it/tidy.rs"))
}

/// Names after `crate::` on a line.
fn rooms_named(line: &str) -> Vec<&str> {
    let parts = line.split("crate::").skip(1);
    parts
        .map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap())
        .collect()
}

#[test]
fn rooms_know_only_rooms_below_them() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !matches!(&*source.room, "lib" | "main")) {
        for line in &source.lines {
            assert!(!line.contains("crate::{"), "{}: one path to a line", source.path.display());
            for named in rooms_named(line).into_iter().filter(|named| *named != source.room) {
                if floor(named) >= floor(&source.room) {
                    wrong.push(format!("{}: {}", source.path.display(), line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that do not go down:\n{}", wrong.join("\n"));
}

#[test]
fn what_one_room_knows_stays_there() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (name, room) in KNOWN_IN_ONE_ROOM {
            for line in source.lines.iter().filter(|line| line.contains(name)) {
                if source.room != room {
                    wrong.push(format!("{}: {}", source.path.display(), line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "what another room alone may know:\n{}", wrong.join("\n"));
}

/// Lines of each function, by the indent of its first and last line, which rustfmt sees to.
fn functions(source: &Source) -> BTreeMap<String, usize> {
    let mut functions = BTreeMap::new();
    for (first, line) in source.lines.iter().enumerate() {
        let code = line.trim_start();
        let indent = line.len() - code.len();
        let start =
            ["fn ", "pub fn ", "pub(crate) fn ", "pub(super) fn ", "const fn ", "pub const fn "];
        if !start.iter().any(|start| code.starts_with(start)) || code.ends_with(';') {
            continue;
        }
        let end = format!("{}}}", " ".repeat(indent));
        let rest = &source.lines[first..];
        let last =
            rest.iter().position(|line| *line == end || line.ends_with(" }") && *line == rest[0]);
        functions.insert(format!("{}: {code}", source.path.display()), last.unwrap_or(0) + 1);
    }
    functions
}

#[test]
fn functions_and_files_can_be_read_at_one_sitting() {
    let mut count = 0;
    for source in sources() {
        let lines = source.lines.len();
        assert!(lines <= LINES_OF_A_FILE, "{} has {lines} lines", source.path.display());
        for (function, lines) in functions(&source) {
            assert!(lines <= LINES_OF_A_FUNCTION, "{lines} lines: {function}");
            count += 1;
        }
    }
    assert!(count > 1_500, "functions are found");
}

/// A closure bound by `let` has neither doc nor types nor test. A few are right; many are functions folded
/// away.
#[test]
fn closures_bound_by_let_are_rare() {
    let sources = sources();
    let bound = |line: &&String| {
        let line = line.trim_start();
        line.starts_with("let ") && [" = |", " = move |"].iter().any(|it| line.contains(it))
    };
    let closures = sources.iter().flat_map(|source| source.lines.iter().filter(bound)).count();
    let functions: usize = sources.iter().map(|source| functions(source).len()).sum();
    assert!(closures * 50 <= functions, "{closures} closures in {functions} functions");
}

/// The same type for other systems, of which one build has one.
const DECLARED_FOR_EACH_SYSTEM: [&str; 1] = ["FolderId"];

/// The type that a line at the left margin declares.
fn type_declared(line: &str) -> Option<&str> {
    let mut words = line.split(' ').skip_while(|word| word.starts_with("pub"));
    if !matches!(words.next()?, "struct" | "enum" | "trait" | "type" | "union") {
        return None;
    }
    let name = words.next()?;
    name.split(|c: char| !c.is_alphanumeric()).next()
}

/// Who meets a name need not ask which of several types it is.
#[test]
fn no_two_types_have_one_name() {
    let sources = sources();
    let mut declared: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for source in &sources {
        for name in source.lines.iter().filter_map(|line| type_declared(line)) {
            declared.entry(name).or_default().push(source.path.display().to_string());
        }
    }
    assert!(declared.len() > 400, "types are found");
    declared.retain(|name, places| places.len() > 1 && !DECLARED_FOR_EACH_SYSTEM.contains(name));
    assert!(declared.is_empty(), "name these for what they hold: {declared:#?}");
}
