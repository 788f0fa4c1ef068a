//! What a question's answer looks like, whatever it is written as: blocks from top to bottom.
//!
//! ```text
//! typed rows ── one file a question ──► Document ──┬─ text
//!                                                  ├─ markdown
//!                                                  └─ html
//! ```
//!
//! Backticks in any text stand around names and code. A renderer that cannot show a block, as a terminal
//! cannot show a chart, leaves it out.

use super::chart::Chart;
use super::numbers::{self, count, dollars, percent};
use crate::results::result_json::{AssertionFacts, WarningFacts};
use crate::units::Usd;

/// An answer, from the verdict to the small print.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// The title of a page; empty where the verdict says it all.
    pub(crate) title: String,
    /// The last line of a page.
    pub(crate) footer: String,
    pub(crate) blocks: Vec<Block>,
}

impl Document {
    /// A document that needs no title.
    pub(crate) fn of(blocks: Vec<Block>) -> Self {
        Self { blocks, ..Self::default() }
    }
}

/// A part of a document.
#[derive(Clone, Debug)]
pub(crate) enum Block {
    /// The answer in one sentence.
    Verdict(String),
    Paragraph(String),
    /// Small print: what figures stand for.
    Note(String),
    List(Vec<String>),
    Table(Table),
    Chart(ChartFigure),
    /// What threatens the answer, and what to do about it.
    Warnings(Vec<WarningFacts>),
    Assertions(Vec<AssertionFacts>),
    /// Text to be copied: the id of its place, and the text.
    Code(&'static str, String),
    Section(Section),
    Tiles(Vec<Tile>),
    Explorer(Explorer),
}

/// Blocks under a heading.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    /// Letters and `-`, by which links find it; empty if none lead there.
    pub(crate) id: &'static str,
    pub(crate) title: String,
    pub(crate) shown: Shown,
    pub(crate) blocks: Vec<Block>,
}

/// How much of a section is seen at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// All of it.
    Open,
    /// Its heading, where a format can fold.
    Folded,
    /// Its heading where a format can fold, and nothing elsewhere.
    IfFoldable,
    /// As [`Shown::IfFoldable`], and nothing on paper: the rows are too many.
    OnScreen,
    /// All of it, but where sliders choose from it.
    UnlessSliders,
}

impl Section {
    /// A section that is not folded.
    pub(crate) fn open(id: &'static str, title: impl Into<String>, blocks: Vec<Block>) -> Block {
        Block::Section(Self { id, title: title.into(), shown: Shown::Open, blocks })
    }

    /// A section of a page that links lead to, of which only the heading is seen at first.
    pub(crate) fn closed(id: &'static str, title: &str, blocks: Vec<Block>) -> Block {
        Block::Section(Self { id, title: title.to_owned(), shown: Shown::Folded, blocks })
    }

    /// A part of a section, of which only the heading is seen at first.
    pub(crate) fn folded(shown: Shown, title: impl Into<String>, blocks: Vec<Block>) -> Block {
        Block::Section(Self { id: "", title: title.into(), shown, blocks })
    }
}

/// One figure in large.
#[derive(Clone, Debug)]
pub(crate) struct Tile {
    pub(crate) name: String,
    pub(crate) value: String,
    /// What it is compared with, and its range.
    pub(crate) beside: Vec<String>,
}

/// A chart, and where its figures stand in words.
#[derive(Clone, Debug)]
pub(crate) struct ChartFigure {
    pub(crate) chart: Chart,
    /// The file with its figures in full.
    pub(crate) file: &'static str,
    /// The id of the table with its figures.
    pub(crate) table: &'static str,
}

/// Sliders that choose rows of a table.
#[derive(Clone, Debug)]
pub(crate) struct Explorer {
    /// Name and values of each slider.
    pub(crate) sliders: Vec<(String, Vec<String>)>,
    /// The configuration whose figures are said aloud.
    pub(crate) headline: String,
    /// The id of the table.
    pub(crate) table: &'static str,
    /// The chart in which the chosen point is marked.
    pub(crate) marked: Option<Chart>,
    /// Each point: where the sliders stand, as [`Row::at`], and its number in the chart.
    pub(crate) points: Vec<(String, u64)>,
}

/// A table. The first column names the row.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Letters and `-`, unlike those of other tables of the document.
    pub(crate) id: &'static str,
    /// What it shows; empty where the text around it says so.
    pub(crate) caption: String,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Row>,
    /// Whether the rows may stand in any order.
    pub(crate) sorts: bool,
    /// The file with its figures in full.
    pub(crate) file: &'static str,
}

/// A column of a table.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its header.
    pub title: String,
    /// Whether it holds figures, which stand at the right.
    pub(crate) is_figure: bool,
}

/// A row of a table.
#[derive(Clone, Debug)]
pub struct Row {
    /// A cell for each column.
    pub cells: Vec<Cell>,
    pub(crate) rank: Rank,
    /// What the script of a page finds it by.
    pub(crate) at: Option<String>,
}

/// How a row stands to those above it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Rank {
    /// A row like others.
    #[default]
    Plain,
    /// A part of the row above.
    Part,
    /// The sum of the rows above.
    Total,
}

/// A cell of a table: text, or a figure as people read it and in full.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// What is read.
    pub text: String,
    /// The figure, by which rows are sorted.
    pub value: Option<f64>,
}

impl Cell {
    /// A cell without a figure.
    pub(crate) fn unknown() -> Self {
        "–".into()
    }

    /// A figure as `words` write it; a dash if it is unknown.
    pub(crate) fn figure(value: impl Into<Option<f64>>, words: fn(f64) -> String) -> Self {
        match value.into() {
            Some(value) => Self { text: words(value), value: Some(value) },
            None => Self::unknown(),
        }
    }

    /// A number of things.
    pub(crate) fn count(value: impl Into<Option<f64>>) -> Self {
        Self::figure(value, count)
    }

    /// A share, in percent.
    pub(crate) fn percent(value: impl Into<Option<f64>>) -> Self {
        Self::figure(value, percent)
    }

    /// An amount of money.
    pub(crate) fn dollars(value: impl Into<Option<Usd>>) -> Self {
        Self::figure(value.into().map(Usd::as_f64), dollars)
    }

    /// Two ends of a range.
    pub(crate) fn range(ends: Option<(f64, f64)>, words: fn(f64) -> String) -> Self {
        ends.map_or_else(Self::unknown, |range| numbers::ends(range, words).into())
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), value: None }
    }
}

impl Column {
    /// A column of text.
    pub(crate) fn text(title: impl Into<String>) -> Self {
        Self { title: title.into(), is_figure: false }
    }

    /// A column of figures.
    pub(crate) fn figure(title: impl Into<String>) -> Self {
        Self { title: title.into(), is_figure: true }
    }
}

impl Table {
    /// A table without rows: a column of text, then columns of figures.
    pub(crate) fn new<T: Into<String>>(
        first: impl Into<String>,
        figures: impl IntoIterator<Item = T>,
    ) -> Self {
        let figures = figures.into_iter().map(Column::figure);
        let columns = std::iter::once(Column::text(first)).chain(figures).collect();
        Self { columns, ..Self::default() }
    }

    /// A table with a row for each of `records`; its columns say what of them.
    pub(crate) fn of<R>(records: impl IntoIterator<Item = R>) -> TableBuilder<R> {
        let records: Vec<R> = records.into_iter().collect();
        let mut table = Self::default();
        for _ in &records {
            table.push([]);
        }
        TableBuilder { records, table }
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.push_ranked(Rank::Plain, cells);
    }

    /// Adds a row that is not like others.
    pub(crate) fn push_ranked(&mut self, rank: Rank, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(Row { cells: cells.into_iter().collect(), rank, at: None });
    }

    /// The same table as a page has it: with an id, a caption, and the file with its figures in full.
    pub(crate) fn on_page(
        self,
        id: &'static str,
        caption: impl Into<String>,
        file: &'static str,
    ) -> Self {
        Self { id, caption: caption.into(), file, ..self }
    }

    /// The same table, whose rows may stand in any order.
    pub(crate) fn sortable(self) -> Self {
        Self { sorts: true, ..self }
    }
}

/// A table to which columns are added, each with how its cells are read from the records.
pub(crate) struct TableBuilder<R> {
    records: Vec<R>,
    table: Table,
}

impl<R> TableBuilder<R> {
    /// Adds a column of text.
    pub(crate) fn text<T: Into<Cell>>(
        self,
        title: impl Into<String>,
        read: impl Fn(&R) -> T,
    ) -> Self {
        self.column(Column::text(title), |record| read(record).into())
    }

    /// Adds a column of figures.
    pub(crate) fn figure(self, title: impl Into<String>, read: impl Fn(&R) -> Cell) -> Self {
        self.column(Column::figure(title), read)
    }

    /// The same, if it has something to show.
    pub(crate) fn figure_if(
        self,
        is_shown: bool,
        title: impl Into<String>,
        read: impl Fn(&R) -> Cell,
    ) -> Self {
        if is_shown { self.figure(title, read) } else { self }
    }

    fn column(mut self, column: Column, read: impl Fn(&R) -> Cell) -> Self {
        self.table.columns.push(column);
        for (row, record) in self.table.rows.iter_mut().zip(&self.records) {
            row.cells.push(read(record));
        }
        self
    }

    /// The table.
    pub(crate) fn table(self) -> Table {
        self.table
    }
}
