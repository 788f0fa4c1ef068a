//! Replays logs: read them, run them as a scenario, report, write.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Args, FormName, Format};
use crate::cli::{Found, aside, input, log_files, output, progress, threads};
use crate::error::{Error, Result};
use crate::outcome::Outcome;
use crate::recording::Recording;
use crate::recording::gather::{Gather, Taken, Wanted};
use crate::report;
use crate::results::{Results, csv, places};
use crate::scenario::Scenario;
use crate::scenario::replay::Settings;
use crate::trace::access_log;
use crate::trace::bad_lines::{BadLines, Flaw};

/// Without `--memory`: this share of what is free, so that the run itself has room, too.
const SHARE_OF_MEMORY: u64 = 4;

pub(super) fn run(args: &Args, of_stdin: &[u8]) -> Result<Found> {
    let (recording, bad) = threads::run_on(args.jobs, || read(args, of_stdin))??;
    if !args.quiet {
        tell_of_reading(&recording, &bad);
    }
    let text = args.scenario.as_deref().map(input::text).transpose()?;
    let overrides = args.changes.all();
    let settings = Settings {
        file: text.as_deref().zip(args.scenario.as_deref()),
        overrides: &overrides,
        unknown_age: args.unknown_age,
    };
    let mut scenario = Scenario::of_recording(recording, &settings)?;
    args.demands.put_on(&mut scenario)?;
    input::check_size(&scenario, threads::number(args.jobs))?;
    let results = threads::run_on(args.jobs, || replay(args, &scenario))??;
    if !args.quiet || args.format != Format::Table {
        output::print(&printed(args.format, &results))?;
    }
    if !args.quiet {
        output::note(&format!("wrote {}", folder(args, &scenario).display()));
    }
    Ok(Found::by_demands(&[results]))
}

/// Reads all logs.
fn read(args: &Args, of_stdin: &[u8]) -> Result<(Recording, BadLines)> {
    let files = log_files::walk(&args.paths)?;
    let wanted =
        Wanted { buckets: args.buckets.iter().cloned().collect(), from: args.from, to: args.to };
    if let (Some(from), Some(to)) = (args.from, args.to)
        && from >= to
    {
        return Err(Error::request("`--from` is not before `--to`, so there is nothing to replay"));
    }
    let memory = args.memory.map_or_else(|| input::free_memory() / SHARE_OF_MEMORY, |m| m.bytes());
    let memory = usize::try_from(memory).unwrap_or(usize::MAX);
    let mut gather = Gather::new(wanted, memory, Arc::new(aside::TemporaryFile::default()));
    let mut bad = BadLines::default();
    let bar = progress::bytes(log_files::total_bytes(&files), args.quiet);
    let mut inputs = Vec::with_capacity(files.len());
    for file in &files {
        let name = file.name();
        // Times of neighbours are alike, and so are read faster.
        let mut clock = Default::default();
        let input = log_files::read_lines(file, of_stdin, &bar, &mut |line, number| {
            let parsed = match line {
                Some(line) if line.is_empty() => return Ok(()),
                Some(line) => access_log::parse(line, &mut clock),
                None => Err(Flaw::TooLong),
            };
            bad.lines += 1;
            match parsed {
                Ok(record) => gather.take(&record),
                Err(flaw) => {
                    bad.add(&name, number, flaw, line.unwrap_or_default());
                    Ok(())
                }
            }
        })?;
        inputs.push(input);
    }
    bar.finish_and_clear();
    refuse_other_form(args, &bad)?;
    bad.check(args.max_bad)?;
    let mut recording = gather.finish()?;
    recording.inputs = inputs;
    Ok((recording, bad))
}

/// If the form was to be guessed and not a line was of it, the guess was wrong.
fn refuse_other_form(args: &Args, bad: &BadLines) -> Result<()> {
    if args.log_format == FormName::Auto && bad.lines > 0 && bad.bad == bad.lines {
        return Err(Error::request(
            "the file is of no known form: neither its size and first records are those of a \
             trace, nor its lines those of a log",
        )
        .at(args.paths.join(" "))
        .hint("name the form, e.g., `--log-format s3-access-log`, to be told where it fails"));
    }
    Ok(())
}

/// Says what became of the records.
fn tell_of_reading(recording: &Recording, bad: &BadLines) {
    if bad.bad > 0 {
        output::note(&format!("{} of {} lines cannot be read:", bad.bad, bad.lines));
        bad.first.iter().for_each(|line| output::note(&format!("  {line}")));
    }
    let Taken { failed, without_data, unknown, too_late, other_buckets, .. } = recording.taken;
    let left_out = [
        (recording.repeated, "repeat another"),
        (failed, "failed or were not modified"),
        (without_data, "touch no object's data"),
        (unknown, "are of unknown operations"),
        (too_late, "lie at `--to` or later"),
        (other_buckets, "are of other buckets"),
    ];
    let left_out: Vec<String> = left_out
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, why)| format!("{count} {why}"))
        .collect();
    if !left_out.is_empty() {
        output::note(&format!("left out of {} records: {}", bad.lines, left_out.join(", ")));
    }
}

fn replay(args: &Args, scenario: &Scenario) -> Result<Results> {
    let bar = progress::Bar::new(scenario, args.quiet);
    let outcome = Outcome::of(scenario, &|step| bar.take(step));
    bar.clear();
    scenario.recording.as_ref().map_or(Ok(()), |recording| recording.check())?;
    let results = Results::of(scenario, &outcome);
    let mut files = report::files::of(&results);
    files.push(("buckets.csv", csv::write(&places::buckets(scenario, &outcome))));
    files.push(("prefixes.csv", csv::write(&places::prefixes(scenario, &outcome))));
    output::write_files(&folder(args, scenario), &files)?;
    Ok(results)
}

fn folder(args: &Args, scenario: &Scenario) -> PathBuf {
    let named = || PathBuf::from("results").join(&scenario.file.name);
    args.out.clone().unwrap_or_else(named)
}

fn printed(format: Format, results: &Results) -> String {
    match format {
        Format::Table => report::text::write(results, output::terminal_width()),
        Format::Markdown => report::markdown::write(results),
        Format::Csv => String::from_utf8(csv::write(&results.summary)).expect("CSV is text"),
        Format::Json => format!("{:#}\n", report::json::value(results)),
    }
}
