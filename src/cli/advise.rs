//! `bks advise`: what to do about a KMS bill, best first.

use clap::Args;

use super::args::{JobsOption, OutputFormat, Print, ResultsFolder, TypedOptions};
use super::exit::Exit;
use super::scenario_or_logs::ScenarioOrLogs;
use super::{args, output, progress};
use crate::advice::{Advice, Question};
use crate::error::Result;
use crate::report::advice::{self as report, AdviceCommand};
use crate::report::run::reproduction::shell;
use crate::results::run::Step;
use crate::scenario::Scenario;

/// Rank what would lower the bill, in dollars, and say how each is done
///
/// PATH is a scenario if it is a single file whose name ends in `.toml`, or `-` for standard input; otherwise it is
/// logs, as for `bks replay`. (With `--log-format`, `-` is a log.)
///
/// Runs the same requests again and again with one thing changed, and says what each saves in a billing period, from
/// low to high over all that AWS does not publish, what it costs once and when that is paid back, what it loses, how it
/// is done, and what does not matter. Then it puts the best together: what comes first, and what the next one saves
/// beyond it. What is in use now is the configuration that savings are measured against.
///
/// Each piece of advice comes with the command that makes its figures again. `--format csv` prints the rows of
/// advice.csv. Writes advice.csv, advice.json, advice.md and advice.html.
#[derive(Debug, Args)]
#[command(mut_arg("format", |arg| arg.value_parser(OutputFormat::only(
    &[OutputFormat::Table, OutputFormat::Json, OutputFormat::Csv, OutputFormat::Markdown, OutputFormat::Html]))))]
#[command(after_long_help = "Examples:\n  \
    bks advise my-bucket.toml\n  \
    bks advise emr10.toml --configuration bucket-key-role --set duration=1d\n  \
    bks advise logs/ --bucket data-lake --format markdown")]
pub(super) struct AdviseArgs {
    /// Configuration with bucket keys to advise [default: the one in the verdict]
    #[arg(long, value_name = "NAME")]
    configuration: Option<String>,
    #[command(flatten)]
    folder: ResultsFolder,
    #[command(flatten)]
    print: Print,
    #[command(flatten)]
    jobs: JobsOption,
    // What has a heading in `--help` comes last: the heading is that of all that follows.
    #[command(flatten)]
    input: ScenarioOrLogs,
}

pub(super) fn run(args: &AdviseArgs, typed: &TypedOptions) -> Result<Exit> {
    let quiet = args.print.quiet;
    let scenario = args.input.scenario(typed, args.jobs, quiet.quiet)?;
    let words = args.input.command(typed)?;
    let words: Vec<String> = words.iter().map(|word| shell(word)).collect();
    let command = AdviceCommand::new(words.join(" "));
    let advice = advise(args, &scenario)?;
    scenario.recording.as_ref().map_or(Ok(()), |recording| recording.check())?;
    let folder = args.folder.of(&scenario.name);
    output::write_files(&folder, &report::files(&advice, &command), args.folder.overwrite)?;
    args.print.print(|format| match format {
        OutputFormat::Json => output::json(&report::json(&advice, &command)),
        OutputFormat::Csv => output::csv(&report::rows(&advice, &command)),
        OutputFormat::Markdown => report::markdown(&advice, &command),
        OutputFormat::Html => report::html(&advice, &command),
        _ => OutputFormat::Table.document(&report::document(&advice, &command)),
    })?;
    quiet.wrote(&folder);
    Ok(Exit::Done)
}

fn advise(args: &AdviseArgs, scenario: &Scenario) -> Result<Advice> {
    let threads = args.jobs.threads();
    let bar = progress::Growing::new(&scenario.name, "requests", args.print.quiet.quiet);
    let question = Question {
        configuration: args.configuration.as_deref(),
        check: &|changed| args::check_size(changed, threads),
    };
    let advice = args.jobs.run(|| {
        Advice::of(scenario, &question, &|step| match step {
            Step::Answered(requests) => bar.advance(requests),
            Step::Decided { requests, .. } | Step::SetsDecided(requests) => bar.grow(requests),
        })
    })?;
    bar.clear();
    advice.map_err(|error| match &args.configuration {
        Some(_) => error.at("--configuration"),
        None => error,
    })
}
