//! `bks complete`: completion scripts and the manual pages, from the one definition.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Command, ValueEnum};
use clap_complete::Shell;

use super::exit::Exit;
use super::output;
use crate::error::{Error, Result};

/// Print a shell completion script, or the manual pages
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    bks complete bash > ~/.local/share/bash-completion/completions/bks\n  \
    bks complete man > ~/.local/share/man/man1/bks.1")]
pub(super) struct CompleteArgs {
    /// Shell, or `man` for the manual pages of bks and its commands
    // Written with its path an `Option` is a value like another: none is for the manual.
    #[arg(value_parser = target())]
    target: std::option::Option<Shell>,
}

fn target() -> impl TypedValueParser<Value = Option<Shell>> {
    let shells = Shell::value_variants().iter().filter_map(Shell::to_possible_value);
    PossibleValuesParser::new(shells.chain([clap::builder::PossibleValue::new("man")]))
        .map(|name| Shell::from_str(&name, false).ok())
}

/// Prints what is asked for of the whole command line `bks`.
pub(super) fn run(args: &CompleteArgs, mut bks: Command) -> Result<Exit> {
    let mut bytes = Vec::new();
    match args.target {
        Some(shell) => clap_complete::generate(shell, &mut bks, "bks", &mut bytes),
        None => manual(bks, &mut bytes)
            .map_err(|error| Error::run(format!("the page cannot be written: {error}")))?,
    }
    output::print_document(&String::from_utf8_lossy(&bytes))?;
    Ok(Exit::Done)
}

fn manual(bks: Command, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    let mut bks = bks.disable_help_subcommand(true);
    bks.build();
    let pages = std::iter::once(bks.clone()).chain(bks.get_subcommands().cloned());
    pages.map(clap_mangen::Man::new).try_for_each(|page| page.render(bytes))
}
