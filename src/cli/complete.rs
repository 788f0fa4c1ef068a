//! `bks complete`: completion scripts and the manual pages, from the one definition.

use std::io;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Command, ValueEnum};
use clap_complete::{Generator, Shell};
use clap_mangen::Man;

use super::args::Quiet;
use super::exit::Exit;
use super::output;
use crate::error::{Error, Result};

/// Print a shell completion script, or the manual pages
///
/// With `--out` and nothing else, writes the scripts of all shells and a manual page for each command, as packages
/// need them.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    bks complete bash > ~/.local/share/bash-completion/completions/bks\n  \
    bks complete man > ~/.local/share/man/man1/bks.1\n  \
    bks complete --out share")]
pub(super) struct CompleteArgs {
    /// Shell, or `man` for the manual pages of bks and its commands
    #[arg(value_parser = target(), required_unless_present = "out")]
    target: Option<CompletionTarget>,
    /// Write all of them to DIR, a file each: bks.bash, _bks, bks.1, bks-simulate.1 ...
    #[arg(long, short, value_name = "DIR", conflicts_with = "target")]
    out: Option<PathBuf>,
    #[command(flatten)]
    quiet: Quiet,
}

/// What is made of the command line's definition.
#[derive(Clone, Copy, Debug)]
enum CompletionTarget {
    Script(Shell),
    Manual,
}

fn target() -> impl TypedValueParser<Value = CompletionTarget> {
    let shells = Shell::value_variants().iter().filter_map(Shell::to_possible_value);
    PossibleValuesParser::new(shells.chain([clap::builder::PossibleValue::new("man")])).map(
        |name| {
            Shell::from_str(&name, false).map_or(CompletionTarget::Manual, CompletionTarget::Script)
        },
    )
}

/// Prints what is asked for of the whole command line `bks`, or writes all of it.
pub(super) fn run(args: &CompleteArgs, bks: Command) -> Result<Exit> {
    if let Some(folder) = &args.out {
        write_all(bks, folder)?;
        args.quiet.wrote(folder);
        return Ok(Exit::Done);
    }
    let bytes = match args.target {
        Some(CompletionTarget::Script(shell)) => script(shell, &bks),
        _ => manual_pages(bks)?.into_iter().flat_map(|page| page.bytes).collect(),
    };
    output::print_document(&String::from_utf8_lossy(&bytes))?;
    Ok(Exit::Done)
}

fn write_all(bks: Command, folder: &Path) -> Result<()> {
    let scripts = Shell::value_variants()
        .iter()
        .map(|&shell| GeneratedFile { name: shell.file_name("bks"), bytes: script(shell, &bks) });
    let mut files: Vec<GeneratedFile> = scripts.collect();
    files.extend(manual_pages(bks)?);
    let files: Vec<(&str, Vec<u8>)> =
        files.iter().map(|file| (file.name.as_str(), file.bytes.clone())).collect();
    output::write_files(folder, &files, false)
}

/// A file that is made of it.
struct GeneratedFile {
    name: String,
    bytes: Vec<u8>,
}

fn script(shell: Shell, bks: &Command) -> Vec<u8> {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut bks.clone(), "bks", &mut bytes);
    bytes
}

/// The page of bks, then those of its commands.
fn manual_pages(bks: Command) -> Result<Vec<GeneratedFile>> {
    let mut bks = bks.disable_help_subcommand(true);
    bks.build();
    let commands = std::iter::once(bks.clone()).chain(bks.get_subcommands().cloned());
    let pages: io::Result<Vec<GeneratedFile>> =
        commands.map(|it| manual_page(&Man::new(it))).collect();
    pages.map_err(|error| Error::run(format!("the page cannot be written: {error}")))
}

fn manual_page(page: &Man) -> io::Result<GeneratedFile> {
    let mut bytes = Vec::new();
    page.render(&mut bytes)?;
    Ok(GeneratedFile { name: page.get_filename(), bytes })
}
