//! `bks plot`: charts from the CSV files that bks writes.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use clap::{Args as ClapArgs, ValueEnum};

use super::{Found, output};
use crate::error::{Error, Result};
use crate::report::chart::layout::{SIZES, Size};
use crate::report::chart::table::Table;
use crate::report::chart::{Chart, Kind, Options, html, png, svg};

/// Draw charts from a CSV file, or from every CSV file of a results folder.
///
/// What is drawn follows from the file's columns, or from `--kind`. The figures of a chart are all in its
/// file; every range in a file is drawn with it.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  bks plot results/emr10\n  bks plot results/emr10/timeline.csv -o kms.png\n  \
bks plot results/emr10 --kind keys-alive -o keys.svg\n  bks plot sweep.csv --x assumptions.cache_lifetime \
-o saving.html"
)]
pub(super) struct Args {
    /// A CSV file that bks wrote, a folder of them, or `-` for standard input
    #[arg(value_name = "FILE|DIR")]
    source: String,
    /// What to draw; if not given, what fits a file best, and all that fits a folder
    #[arg(long, value_name = "KIND", value_parser = PossibleValuesParser::new(Kind::ALL.map(Kind::name)))]
    kind: Option<String>,
    /// Where to: a file ending in svg, png or html, a folder, or `-` for SVG to standard output
    ///
    /// If not given, the chart of a file goes beside it, those of a folder into its folder `charts`.
    #[arg(short, long, value_name = "PATH")]
    out: Option<String>,
    /// Form of the charts, where the output's name does not tell it
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Another title; the chart's own says what it shows
    #[arg(long)]
    title: Option<String>,
    /// Only this configuration; may be given again
    #[arg(long = "configuration", value_name = "NAME")]
    configurations: Vec<String>,
    /// What runs from left to right: a key of `sweep.csv`, a parameter of `break_even_curves.csv`
    #[arg(long, value_name = "KEY")]
    x: Option<String>,
    /// The figure to show, a column of `sweep.csv`, `summary.csv` or `replications.csv`, or one of
    /// `comparison.csv`; if not given, `saving_ratio`
    #[arg(long, value_name = "COLUMN")]
    figure: Option<String>,
    /// Make the axis logarithmic: that of the swept key, or that of the requests over time
    #[arg(long)]
    log: bool,
    /// Width in pixels
    #[arg(long, value_name = "PIXELS", value_parser = pixels())]
    width: Option<u32>,
    /// Height in pixels; if not given, a slide's, or more if there are many rows
    #[arg(long, value_name = "PIXELS", value_parser = pixels())]
    height: Option<u32>,
    /// Pixels of a PNG file for each of those
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=8))]
    scale: u32,
}

fn pixels() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(i64::from(*SIZES.start())..=i64::from(*SIZES.end()))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// An image that stays sharp at any size
    Svg,
    /// An image of pixels
    Png,
    /// A page with hover values and the table underneath
    Html,
}

impl Format {
    fn extension(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
            Self::Html => "html",
        }
    }

    /// The format that a file's name tells.
    fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        [Self::Svg, Self::Png, Self::Html].into_iter().find(|f| f.extension() == extension)
    }
}

/// A chart and what it was drawn from.
struct Drawn {
    chart: Chart,
    table: Table,
}

pub(super) fn run(args: &Args) -> Result<Found> {
    let path = Path::new(&args.source);
    if args.source != "-" && path.is_dir() {
        let drawn = draw_folder(args, path)?;
        return write_folder(args, path, &drawn);
    }
    let (text, place) = read(&args.source)?;
    let table = Table::parse(&place, &text)?;
    let (kind, is_default) = kind_of(args, &table)?;
    let drawn = draw(kind, table, &options(args))?;
    let beside = if is_default { path.to_owned() } else { path.with_file_name(kind.name()) };
    write_one(args, &drawn, &beside)
}

/// What to draw from a table, and whether that is what is drawn from it anyway.
fn kind_of(args: &Args, table: &Table) -> Result<(Kind, bool)> {
    let fitting = Kind::of(table).first().copied();
    match &args.kind {
        Some(name) => Kind::named(name).map(|kind| (kind, Some(kind) == fitting)),
        None => fitting.map(|kind| (kind, true)).ok_or_else(|| {
            let files: Vec<String> = files().map(|file| format!("`{file}`")).collect();
            Error::request("bks knows no chart of these columns")
                .hint(format!("give one of the files that bks writes: {}", files.join(", ")))
                .at(table.place())
        }),
    }
}

/// Names of the files that charts are drawn from.
fn files() -> impl Iterator<Item = &'static str> {
    let mut files: Vec<&str> = Kind::ALL.into_iter().map(Kind::file).collect();
    files.dedup();
    files.into_iter()
}

fn options(args: &Args) -> Options {
    Options {
        title: args.title.clone(),
        x: args.x.clone(),
        figure: args.figure.clone(),
        configurations: args.configurations.clone(),
        log: args.log,
    }
}

fn size(args: &Args) -> Size {
    Size { width: args.width, height: args.height }
}

fn has_configuration(table: &Table, name: &str) -> bool {
    table.rows().any(|row| row.text("configuration").is_ok_and(|known| known == name))
}

fn draw(kind: Kind, table: Table, options: &Options) -> Result<Drawn> {
    let chart = kind.chart(&table, options).map_err(|error| error.at(table.place()))?;
    Ok(Drawn { chart, table })
}

/// Draws all that a folder's files allow, or the one kind that was asked for.
fn draw_folder(args: &Args, folder: &Path) -> Result<Vec<Drawn>> {
    let wanted: Vec<Kind> = match &args.kind {
        Some(name) => vec![Kind::named(name)?],
        None => Kind::ALL.to_vec(),
    };
    let mut drawn = Vec::new();
    let mut options = options(args);
    for kind in wanted {
        let file = folder.join(kind.file());
        if args.kind.is_none() && !file.exists() {
            continue;
        }
        let (text, place) = read(&file.display().to_string())?;
        let table = Table::parse(&place, &text)?;
        if args.kind.is_none() {
            // Files of another shape, without rows or without these configurations are passed over.
            options.configurations.clone_from(&args.configurations);
            options.configurations.retain(|name| has_configuration(&table, name));
            let none = options.configurations.is_empty() && !args.configurations.is_empty();
            if none || !Kind::of(&table).contains(&kind) || table.rows().next().is_none() {
                continue;
            }
        }
        drawn.push(draw(kind, table, &options)?);
    }
    if drawn.is_empty() {
        let files: Vec<String> = files().map(|file| format!("`{file}`")).collect();
        let with = if args.configurations.is_empty() {
            String::new()
        } else {
            format!(" with the configuration `{}`", args.configurations.join("` or `"))
        };
        return Err(Error::request(format!("the folder has no file{with} that bks could draw"))
            .hint(format!("`bks simulate` and `bks sweep` write {}", files.join(", ")))
            .at(folder.display().to_string()));
    }
    Ok(drawn)
}

/// Writes one chart where the person said, else to `beside` with the format's extension.
fn write_one(args: &Args, drawn: &Drawn, beside: &Path) -> Result<Found> {
    let to_stdout = args.out.as_deref() == Some("-") || (args.out.is_none() && args.source == "-");
    if to_stdout {
        return print(args, drawn);
    }
    let out = args.out.as_ref().map(PathBuf::from);
    let path = match out {
        Some(folder) if folder.is_dir() => {
            folder.join(&drawn.chart.name).with_extension(format(args, None)?.extension())
        }
        Some(file) => file,
        None => beside.with_extension(format(args, None)?.extension()),
    };
    let bytes = encode(args, format(args, Some(&path))?, std::slice::from_ref(drawn))?;
    write(&path, &bytes)?;
    output::note(&format!("{}: {}", path.display(), drawn.chart.title));
    Ok(Found::Done)
}

fn print(args: &Args, drawn: &Drawn) -> Result<Found> {
    match args.format {
        None | Some(Format::Svg) => output::print(&svg::draw(&drawn.chart, size(args)).svg)?,
        Some(Format::Html) => output::print(&page(args, std::slice::from_ref(drawn)))?,
        Some(Format::Png) => {
            return Err(Error::request("`--format png` cannot go to standard output")
                .hint("name a file, e.g., `-o chart.png`"));
        }
    }
    Ok(Found::Done)
}

/// Writes the charts of a folder: one page, or a file for each.
fn write_folder(args: &Args, folder: &Path, drawn: &[Drawn]) -> Result<Found> {
    let out = args.out.as_ref().map(PathBuf::from);
    let charts = folder.join("charts");
    if let ([one], true, Some(_)) = (drawn, args.kind.is_some(), &out) {
        return write_one(args, one, &charts);
    }
    let format = match &out {
        Some(path) if !path.is_dir() => match Format::of(path) {
            Some(Format::Html) => {
                write(path, page(args, drawn).as_bytes())?;
                output::note(&format!("{}: {} charts", path.display(), drawn.len()));
                return Ok(Found::Done);
            }
            Some(_) => return Err(too_many(args, drawn)),
            None if args.out.as_deref() == Some("-") => return Err(too_many(args, drawn)),
            None => args.format.unwrap_or(Format::Svg),
        },
        _ => args.format.unwrap_or(Format::Svg),
    };
    let charts = out.unwrap_or(charts);
    let mut files = Vec::new();
    for one in drawn {
        let name = format!("{}.{}", one.chart.name, format.extension());
        files.push((name, encode(args, format, std::slice::from_ref(one))?));
    }
    let files: Vec<(&str, Vec<u8>)> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    output::write_files(&charts, &files)?;
    for ((name, _), one) in files.iter().zip(drawn) {
        output::note(&format!("{}: {}", charts.join(name).display(), one.chart.title));
    }
    Ok(Found::Done)
}

fn too_many(args: &Args, drawn: &[Drawn]) -> Error {
    let names: Vec<&str> = drawn.iter().map(|one| one.chart.name.as_str()).collect();
    let out = args.out.as_deref().unwrap_or_default();
    Error::request(format!("`{out}` holds one chart, but the folder gives {}", drawn.len())).hint(
        format!(
            "choose one by `--kind` ({}), or write a page (`-o charts.html`) or a folder",
            names.join(", ")
        ),
    )
}

/// The format by `--format`, else by the name of the output, else SVG.
fn format(args: &Args, path: Option<&Path>) -> Result<Format> {
    let Some(path) = path else { return Ok(args.format.unwrap_or(Format::Svg)) };
    args.format.or_else(|| Format::of(path)).ok_or_else(|| {
        Error::request(format!("`{}` is no known kind of image", path.display()))
            .hint("end the name in .svg, .png or .html, or give `--format`")
    })
}

fn encode(args: &Args, format: Format, drawn: &[Drawn]) -> Result<Vec<u8>> {
    let first = &drawn[0].chart;
    match format {
        Format::Svg => Ok(svg::draw(first, size(args)).svg.into_bytes()),
        Format::Png => png::draw(first, size(args), args.scale),
        Format::Html => Ok(page(args, drawn).into_bytes()),
    }
}

fn page(args: &Args, drawn: &[Drawn]) -> String {
    let charts: Vec<(Chart, &Table)> =
        drawn.iter().map(|one| (one.chart.clone(), &one.table)).collect();
    html::page(&charts, size(args))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    output::write_whole(path, |file| file.write_all(bytes))
}

/// The text of a file, or of standard input, and what it is called.
fn read(source: &str) -> Result<(String, String)> {
    let (place, read) = match source {
        "-" => {
            let mut bytes = Vec::new();
            ("standard input", io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes))
        }
        path => (path, fs::read(path)),
    };
    let bytes = read.map_err(|error| {
        let wrong = Error::request(format!("the file cannot be read: {error}")).at(place);
        match error.kind() {
            io::ErrorKind::NotFound => wrong.hint("`bks simulate` leaves CSV files in `results`"),
            _ => wrong,
        }
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Error::request(format!("the file is not UTF-8 text: the byte at {at} is not"))
            .hint("charts are drawn from CSV files")
            .at(place)
    })?;
    Ok((text, place.to_owned()))
}
