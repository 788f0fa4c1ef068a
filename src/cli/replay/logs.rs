//! Replays logs: read them, run them as a scenario, report, write.

use std::path::PathBuf;
use std::sync::Arc;

use indicatif::ProgressBar;

use super::{Args, Format};
use crate::cli::log_files::{LogFile, OpenLog};
use crate::cli::{Found, aside, input, output, progress, threads};
use crate::error::{Error, Result};
use crate::outcome::Outcome;
use crate::recording::Recording;
use crate::recording::gather::{Gather, Taken, Wanted};
use crate::report;
use crate::results::{Results, csv, places};
use crate::scenario::Scenario;
use crate::scenario::replay::Settings;
use crate::trace::Form;
use crate::trace::bad_lines::BadLines;
use crate::units::ByteSize;

/// Without `--memory`: this share of what is free, so that the run itself has room, too.
const SHARE_OF_MEMORY: u64 = 4;

pub(super) fn run(
    args: &Args,
    first: OpenLog,
    others: &[LogFile],
    bar: &ProgressBar,
) -> Result<Found> {
    let recording = read(args, first, others, bar)?;
    if !args.quiet && recording.repeated > 0 {
        output::note(&format!("{} records repeat another, and count once", recording.repeated));
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
fn read(args: &Args, first: OpenLog, others: &[LogFile], bar: &ProgressBar) -> Result<Recording> {
    let wanted =
        Wanted { buckets: args.buckets.iter().cloned().collect(), from: args.from, to: args.to };
    if let (Some(from), Some(to)) = (args.from, args.to)
        && from >= to
    {
        return Err(Error::request("`--from` is not before `--to`, so there is nothing to replay"));
    }
    let memory =
        args.memory.map_or_else(|| input::free_memory() / SHARE_OF_MEMORY, ByteSize::bytes);
    let memory = usize::try_from(memory).unwrap_or(usize::MAX);
    let mut gather = Gather::new(wanted, memory, Arc::new(aside::TemporaryFile::default()));
    let mut bad = BadLines::default();
    let mut inputs = Vec::new();
    let mut form = None;
    let mut next = Some(first);
    let mut others = others.iter();
    while let Some(mut open) = next {
        if let Some(log) = open.log.take() {
            check_form(*form.get_or_insert(log.form()), log.form(), &open.name)?;
            gather.begin(log.form());
            log.entries(&open.name, &mut bad, |entry| gather.take(&entry))
                .map_err(|error| error.at(&open.name))?;
        }
        inputs.push(open.input());
        next = others.next().map(|file| file.open(args.log_format.form(), bar)).transpose()?;
    }
    bar.finish_and_clear();
    bad.check(args.max_bad)?;
    if !args.quiet {
        tell_of_reading(gather.taken(), &bad);
    }
    let mut recording = threads::run_on(args.jobs, || gather.finish())??;
    recording.inputs = inputs;
    Ok(recording)
}

/// One request may be in logs of two forms, and would count twice.
fn check_form(first: Form, form: Form, name: &str) -> Result<()> {
    if form == Form::OracleGeneral {
        return Err(Error::request("traces of look-ups are replayed one by one").at(name));
    }
    if form != first {
        return Err(Error::request(format!(
            "the file is of the form `{}`, but the one before it of `{}`, and logs of two forms may \
             tell of the same requests",
            form.name(),
            first.name()
        ))
        .at(name)
        .hint("replay logs of one form at a time"));
    }
    Ok(())
}

/// Says which lines and records are left out.
fn tell_of_reading(taken: &Taken, bad: &BadLines) {
    if bad.bad > 0 {
        output::note(&format!("{} of {} lines cannot be read:", bad.bad, bad.lines));
        bad.first.iter().for_each(|line| output::note(&format!("  {line}")));
    }
    let Taken {
        failed, without_data, unknown, too_late, other_buckets, kms_events, skipped, ..
    } = *taken;
    let left_out = [
        (failed, "failed or were not modified"),
        (without_data, "touch no object's data"),
        (unknown, "are of unknown operations"),
        (too_late, "lie at `--to` or later"),
        (kms_events, "are KMS calls, which a replay counts by itself"),
        (skipped, "are of neither S3 nor KMS"),
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
