//! A CSV text whose columns are found by name, with errors that say where the offending text stands.

use std::borrow::Cow;

use crate::error::{Error, Result, did_you_mean};
use crate::results::csv;
use crate::shown::shown;

/// A CSV text in memory, of which every character can be seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    place: String,
    header: Vec<String>,
    records: Vec<csv::Record>,
}

impl Table {
    /// Reads a CSV text that comes from `place`.
    ///
    /// # Errors
    /// If the text has no header, or a row has more or fewer cells.
    pub fn parse(place: &str, text: &str) -> Result<Self> {
        let (header, mut records) = csv::parse(place, text)?;
        for cell in records.iter_mut().flat_map(|record| &mut record.cells) {
            if let Cow::Owned(seen) = shown(cell) {
                *cell = seen;
            }
        }
        if header.iter().all(|name| name.trim().is_empty()) {
            return Err(Error::request("the file is empty, but must have a header")
                .hint("give a CSV file that bks wrote, e.g., `summary.csv`")
                .at(place));
        }
        Ok(Self { place: place.to_owned(), header, records })
    }

    /// Where the text comes from.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Names of the columns.
    #[must_use]
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// Whether there is a column of that name.
    #[must_use]
    pub fn has(&self, column: &str) -> bool {
        self.header.iter().any(|name| name == column)
    }

    /// The rows in the order of the file.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.records.iter().map(|record| Row { table: self, record })
    }

    fn index(&self, column: &str) -> Result<usize> {
        self.header.iter().position(|name| name == column).ok_or_else(|| {
            let error = Error::request(format!("the column `{column}` is missing")).at(&self.place);
            let near = did_you_mean(column, self.header.iter().map(String::as_str));
            error.hint(match near {
                Some(near) => format!("the file has a column `{near}`"),
                None => format!("the file's columns are `{}`", self.header.join("`, `")),
            })
        })
    }
}

/// One row of a [`Table`].
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    table: &'a Table,
    record: &'a csv::Record,
}

impl<'a> Row<'a> {
    /// Every cell, in the order of the header.
    pub fn cells(&self) -> impl Iterator<Item = &'a str> {
        self.record.cells.iter().map(String::as_str)
    }

    /// The text of a column.
    ///
    /// # Errors
    /// If there is no such column.
    pub fn text(&self, column: &str) -> Result<&'a str> {
        Ok(&self.record.cells[self.table.index(column)?])
    }

    /// The number of a column; `None` where the cell is empty.
    ///
    /// # Errors
    /// If there is no such column, or its text is no finite number.
    pub fn optional(&self, column: &str) -> Result<Option<f64>> {
        let text = self.text(column)?;
        if text.is_empty() {
            return Ok(None);
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Some(number)),
            _ => Err(self.wrong(column, "must be a number")),
        }
    }

    /// The number of a column whose cells are never empty.
    ///
    /// # Errors
    /// If there is no such column, or its text is empty or no finite number.
    pub fn number(&self, column: &str) -> Result<f64> {
        self.optional(column)?.ok_or_else(|| self.wrong(column, "must be a number"))
    }

    /// An error about the text of a column: where it stands, the text, and what it must be.
    #[must_use]
    pub fn wrong(&self, column: &str, must: &str) -> Error {
        let text = self.text(column).unwrap_or_default();
        let is = if text.is_empty() { "empty".to_owned() } else { format!("`{text}`") };
        Error::request(format!("`{column}` is {is}, but {must}"))
            .at(format!("{}:{}", self.table.place, self.record.line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_found_by_name() {
        let table = Table::parse("a.csv", "name,n\n\"x, y\",1.5\nz,\n").unwrap();
        let rows: Vec<Row> = table.rows().collect();
        assert_eq!(rows[0].text("name").unwrap(), "x, y");
        assert_eq!(rows[0].number("n").unwrap().to_bits(), 1.5_f64.to_bits());
        assert_eq!(rows[1].optional("n").unwrap(), None);
    }

    #[test]
    fn errors_say_where() {
        let wrong = |text: &str, column: &str| {
            let table = Table::parse("a.csv", text).map_err(|error| error.to_string())?;
            let numbers = table.rows().map(|row| row.number(column));
            let numbers: Result<Vec<f64>> = numbers.collect();
            numbers.map(|_| ()).map_err(|error| error.to_string())
        };
        for (text, column, message) in [
            ("", "n", "a.csv: the file is empty, but must have a header"),
            ("n\n1\nabc\n", "n", "a.csv:3: `n` is `abc`, but must be a number"),
            ("n\nNaN\n", "n", "a.csv:2: `n` is `NaN`, but must be a number"),
            ("n,m\n,1\n", "n", "a.csv:2: `n` is empty, but must be a number"),
            (
                "n,m\n1,1\n",
                "k",
                "a.csv: the column `k` is missing\n\nhint: the file's columns are `n`, `m`",
            ),
            (
                "requests\n1\n",
                "request",
                "a.csv: the column `request` is missing\n\nhint: the file has a column `requests`",
            ),
            ("n,m\n1\n", "n", "a.csv:2: the row has 1 cell, but the header has 2"),
        ] {
            let told = wrong(text, column).unwrap_err();
            assert!(told.starts_with(message), "{told}");
        }
    }
}
