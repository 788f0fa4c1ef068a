//! Which charts a table, or a folder of tables, gives.

use super::table::Table;
use super::{Chart, Kind, Options};
use crate::error::{Error, Result};

/// A chart and what it was drawn from.
pub type Drawn<'a> = (Chart, &'a Table);

/// Names of the files that charts are drawn from.
#[must_use]
pub fn files() -> Vec<&'static str> {
    let mut files: Vec<&str> = Kind::ALL.into_iter().map(Kind::file).collect();
    files.dedup();
    files
}

/// Parameters of `break_even_curves.csv`, each of which gives a chart of its own.
#[must_use]
pub fn parameters(table: &Table) -> Vec<&str> {
    let mut parameters = Vec::new();
    for parameter in table.rows().filter_map(|row| row.text("parameter").ok()) {
        if !parameters.contains(&parameter) {
            parameters.push(parameter);
        }
    }
    parameters
}

/// What to draw from a table if nothing is asked for.
///
/// # Errors
/// If no kind is drawn from its columns.
pub fn best(table: &Table) -> Result<Kind> {
    Kind::of(table).first().copied().ok_or_else(|| {
        Error::request("bks knows no chart of these columns")
            .hint(format!("give one of the files that bks writes: `{}`", files().join("`, `")))
            .at(table.place())
    })
}

/// Every chart that a folder's files give: of `kind`, or of all kinds that they allow. `tables` are the
/// files under their names; those of another shape, without rows or without the configurations asked
/// for are passed over, unless `kind` asks for them.
///
/// # Errors
/// As [`Kind::chart`]; and if nothing is left.
pub fn of_folder<'a>(
    tables: &'a [(&str, Table)],
    kind: Option<Kind>,
    options: &Options,
) -> Result<Vec<Drawn<'a>>> {
    let mut drawn = Vec::new();
    for wanted in Kind::ALL.into_iter().filter(|known| kind.is_none_or(|kind| kind == *known)) {
        let file = tables.iter().find(|(name, _)| *name == wanted.file());
        let Some((_, table)) = file else { continue };
        let mut options = options.clone();
        if kind.is_none() {
            let asked = !options.configurations.is_empty();
            options.configurations.retain(|name| has_configuration(table, name));
            let none = asked && options.configurations.is_empty();
            if none || !Kind::of(table).contains(&wanted) || table.rows().next().is_none() {
                continue;
            }
        }
        drawn.extend(wanted.charts(table, &options)?.into_iter().map(|chart| (chart, table)));
    }
    if drawn.is_empty() { Err(nothing(options)) } else { Ok(drawn) }
}

fn has_configuration(table: &Table, name: &str) -> bool {
    table.rows().any(|row| row.text("configuration").is_ok_and(|known| known == name))
}

fn nothing(options: &Options) -> Error {
    let with = if options.configurations.is_empty() {
        String::new()
    } else {
        format!(" with the configuration `{}`", options.configurations.join("` or `"))
    };
    Error::request(format!("the folder has no file{with} that bks could draw")).hint(format!(
        "`bks simulate`, `bks replay`, `bks compare --out`, `bks sweep` and `bks sensitivity` write `{}`",
        files().join("`, `")
    ))
}
