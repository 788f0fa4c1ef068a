//! `bks plot`: charts from the CSV files that bks writes.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};

use super::args::OverwriteFile;
use super::exit::Exit;
use super::{args, input, output};
use crate::error::{Error, Result};
use crate::report::chart::file::{self, ChartKind, CsvFile, DrawnChart, KINDS};
use crate::report::chart::layout::SIZES;
use crate::report::chart::{Options, Size, html};

/// Draw charts from a CSV file, or from every CSV file of a results folder.
///
/// Every CSV file of `bks simulate`, `replay`, `compare`, `sweep` and `sensitivity` has its chart. What is
/// drawn follows from the file's columns, or from `--kind`. The figures of a chart are all in its file;
/// every range in a file is drawn with it. A folder with `break_even_curves.csv` gives a chart for each
/// parameter, the file alone that of the first, or of `--x`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  bks plot results/emr10\n  bks plot results/emr10/timeline.csv -o kms.png\n  \
bks plot results/emr10 --kind keys-alive -o keys.svg\n  bks plot sweep.csv --x assumptions.cache_lifetime \
-o saving.html\n  bks plot results/emr10 --kind break-even --x requesters -o requesters.png"
)]
pub(super) struct PlotArgs {
    /// A CSV file that bks wrote, a folder of them, or `-` for standard input
    #[arg(value_name = "FILE|DIR")]
    source: String,
    /// What to draw; if not given, what fits a file best, and all that fits a folder
    #[arg(long, value_name = "KIND", value_parser = PossibleValuesParser::new(KINDS.map(|kind| kind.name)))]
    kind: Option<String>,
    /// Where to: a file ending in svg, png or html, a folder, or `-` for SVG to standard output
    ///
    /// If not given, the chart of a file goes beside it, those of a folder into its folder `charts`.
    #[arg(short, long, value_name = "PATH")]
    out: Option<String>,
    #[command(flatten)]
    replace: OverwriteFile,
    /// Form of the charts, where the output's name does not tell it
    #[arg(long, value_enum)]
    format: Option<ImageFormat>,
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
enum ImageFormat {
    /// An image that stays sharp at any size
    Svg,
    /// An image of pixels
    Png,
    /// A page with hover values and the table underneath
    Html,
}

impl ImageFormat {
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

pub(super) fn run(args: &PlotArgs) -> Result<Exit> {
    // A name that bks chooses is a chart's own.
    if let Some(out) = &args.out {
        output::refuse_existing(Path::new(out), args.replace.overwrite)?;
    }
    let path = Path::new(&args.source);
    let kind = args.kind.as_deref().map(ChartKind::named).transpose()?;
    if args.source != "-" && path.is_dir() {
        let files = read_folder(path, kind)?;
        let drawn = file::of_folder(&files, kind, &options(args));
        let drawn = drawn.map_err(|error| error.at(args.source.as_str()))?;
        return write_folder(args, path, &titled(args, drawn));
    }
    let file = read(&args.source)?;
    let best = ChartKind::best_of(&file);
    let kind = kind.map_or_else(|| best.clone(), Ok)?;
    let charts = kind.charts(&file, &options(args))?.into_iter().take(1);
    let drawn = titled(args, charts.map(|chart| (chart, &file)).collect());
    // What is drawn anyway is called after its file, what was asked for after its kind.
    let beside = if best == Ok(kind) { path.to_owned() } else { path.with_file_name(kind.name) };
    let found = write_one(args, &drawn[0], &beside)?;
    if let Some(advice) = &drawn[0].0.advice {
        output::note(advice);
    }
    Ok(found)
}

/// The charts under the title that was asked for.
fn titled<'a>(args: &PlotArgs, mut drawn: Vec<DrawnChart<'a>>) -> Vec<DrawnChart<'a>> {
    for (chart, _) in &mut drawn {
        if let Some(title) = &args.title {
            chart.title.clone_from(title);
        }
    }
    drawn
}

fn options(args: &PlotArgs) -> Options {
    Options {
        x: args.x.clone(),
        figure: args.figure.clone(),
        configurations: args.configurations.clone(),
        log: args.log,
    }
}

fn size(args: &PlotArgs) -> Size {
    Size { width: args.width, height: args.height }
}

/// The files of a folder that charts are drawn from; of one kind its file, which must be there.
fn read_folder(folder: &Path, kind: Option<ChartKind>) -> Result<Vec<(&'static str, CsvFile)>> {
    let mut files = file::files();
    match kind {
        Some(kind) => files.retain(|file| *file == kind.file),
        None => files.retain(|file| folder.join(file).exists()),
    }
    input::check_files(folder, &files)?;
    let mut read = Vec::new();
    for file in files {
        let path = folder.join(file);
        let place = path.display().to_string();
        let text = input::result_text(&path).map_err(|error| hinted(error.at(&place), &path))?;
        read.push((file, CsvFile::parse(&place, &text)?));
    }
    Ok(read)
}

/// Writes one chart where the person said, else to `beside` with the format's extension.
fn write_one(args: &PlotArgs, drawn: &DrawnChart, beside: &Path) -> Result<Exit> {
    let to_stdout = args.out.as_deref() == Some("-") || (args.out.is_none() && args.source == "-");
    if to_stdout {
        return print(args, drawn);
    }
    let out = args.out.as_ref().map(PathBuf::from);
    let path = match out {
        Some(folder) if folder.is_dir() => {
            folder.join(&drawn.0.name).with_extension(format(args, None)?.extension())
        }
        Some(file) => file,
        None => beside.with_extension(format(args, None)?.extension()),
    };
    let bytes = encode(args, format(args, Some(&path))?, std::slice::from_ref(drawn))?;
    write(&path, &bytes)?;
    output::note(&format!("{}: {}", path.display(), drawn.0.title));
    Ok(Exit::Done)
}

fn print(args: &PlotArgs, drawn: &DrawnChart) -> Result<Exit> {
    match args.format {
        None | Some(ImageFormat::Svg) => output::print_document(&drawn.0.svg(size(args)))?,
        Some(ImageFormat::Html) => {
            output::print_document(&page(args, std::slice::from_ref(drawn)))?;
        }
        Some(ImageFormat::Png) => {
            return Err(Error::request("`--format png` cannot go to standard output")
                .hint("name a file, e.g., `-o chart.png`"));
        }
    }
    Ok(Exit::Done)
}

/// Writes the charts of a folder: one page, or a file for each.
fn write_folder(args: &PlotArgs, folder: &Path, drawn: &[DrawnChart]) -> Result<Exit> {
    let out = args.out.as_ref().map(PathBuf::from);
    let charts = folder.join(args::CHARTS);
    if let ([one], true, Some(_)) = (drawn, args.kind.is_some(), &out) {
        return write_one(args, one, &charts);
    }
    let format = match &out {
        Some(path) if !path.is_dir() => match ImageFormat::of(path) {
            Some(ImageFormat::Html) => {
                write(path, page(args, drawn).as_bytes())?;
                output::note(&format!("{}: {} charts", path.display(), drawn.len()));
                return Ok(Exit::Done);
            }
            Some(_) => return Err(too_many(args, drawn)),
            None if args.out.as_deref() == Some("-") => return Err(too_many(args, drawn)),
            None => args.format.unwrap_or(ImageFormat::Svg),
        },
        _ => args.format.unwrap_or(ImageFormat::Svg),
    };
    let charts = out.unwrap_or(charts);
    let mut files = Vec::new();
    for one in drawn {
        let name = format!("{}.{}", one.0.name, format.extension());
        files.push((name, encode(args, format, std::slice::from_ref(one))?));
    }
    let files: Vec<(&str, Vec<u8>)> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    output::write_files(&charts, &files, false)?;
    for ((name, _), one) in files.iter().zip(drawn) {
        output::note(&format!("{}: {}", charts.join(name).display(), one.0.title));
    }
    Ok(Exit::Done)
}

fn too_many(args: &PlotArgs, drawn: &[DrawnChart]) -> Error {
    let names: Vec<&str> = drawn.iter().map(|one| one.0.name.as_str()).collect();
    let out = args.out.as_deref().unwrap_or_default();
    let choose = match args.kind {
        Some(_) => "choose one by `--x`".to_owned(),
        None => format!("choose one by `--kind` ({})", names.join(", ")),
    };
    Error::request(format!("`{out}` holds one chart, but the folder gives {}", drawn.len()))
        .hint(format!("{choose}, or write a page (`-o charts.html`) or a folder"))
}

/// The format by `--format`, else by the name of the output, else SVG.
fn format(args: &PlotArgs, path: Option<&Path>) -> Result<ImageFormat> {
    let Some(path) = path else { return Ok(args.format.unwrap_or(ImageFormat::Svg)) };
    args.format.or_else(|| ImageFormat::of(path)).ok_or_else(|| {
        Error::request(format!("`{}` is not a known image format", path.display()))
            .hint("end the name in .svg, .png or .html, or give `--format`")
    })
}

fn encode(args: &PlotArgs, format: ImageFormat, drawn: &[DrawnChart]) -> Result<Vec<u8>> {
    let first = &drawn[0].0;
    match format {
        ImageFormat::Svg => Ok(first.svg(size(args)).into_bytes()),
        ImageFormat::Png => first.png(size(args), args.scale),
        ImageFormat::Html => Ok(page(args, drawn).into_bytes()),
    }
}

fn page(args: &PlotArgs, drawn: &[DrawnChart]) -> String {
    html::page(drawn, size(args))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    output::write_whole(path, |file| file.write_all(bytes))
}

fn hinted(error: Error, path: &Path) -> Error {
    if path.exists() { error } else { error.hint("`bks simulate` writes CSV files to `results`") }
}

/// Largest CSV text that is drawn, in bytes.
const MAX_BYTES: u64 = 512 << 20;

/// The table in a file or on standard input.
fn read(source: &str) -> Result<CsvFile> {
    let mut bytes = Vec::new();
    let (place, read) = match source {
        "-" => {
            let stdin = io::stdin().lock();
            ("standard input", stdin.take(MAX_BYTES + 1).read_to_end(&mut bytes))
        }
        path => {
            let file = fs::File::open(path);
            (path, file.and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes)))
        }
    };
    read.map_err(|error| {
        let wrong = Error::request(format!("the file cannot be read: {error}")).at(place);
        match error.kind() {
            io::ErrorKind::NotFound => hinted(wrong, Path::new(source)),
            _ => wrong,
        }
    })?;
    if bytes.len() as u64 > MAX_BYTES {
        let wrong =
            format!("the file has more than {} MiB, but charts are of less", MAX_BYTES >> 20);
        return Err(Error::request(wrong).at(place));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Error::request(format!("the file is not UTF-8 text: the byte at {at} is not"))
            .hint("charts are drawn from CSV files")
            .at(place)
    })?;
    CsvFile::parse(place, &text)
}
