//! `bks complete`: completion scripts and the manual page, from the one definition.

use clap::{Args as ClapArgs, CommandFactory, ValueEnum};
use clap_complete::Shell;

use super::{Cli, Found, output};
use crate::error::{Error, Result};

/// Print a shell completion script, or the manual page.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// For which shell, or `man` for the manual pages of bks and its commands
    #[arg(value_enum)]
    target: Target,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Target {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
    Man,
}

pub(super) fn run(args: &Args) -> Result<Found> {
    let mut bytes = Vec::new();
    let shell = match args.target {
        Target::Bash => Shell::Bash,
        Target::Elvish => Shell::Elvish,
        Target::Fish => Shell::Fish,
        Target::Powershell => Shell::PowerShell,
        Target::Zsh => Shell::Zsh,
        Target::Man => {
            let mut command = Cli::command().disable_help_subcommand(true);
            command.build();
            let pages = std::iter::once(command.clone()).chain(command.get_subcommands().cloned());
            for page in pages {
                clap_mangen::Man::new(page)
                    .render(&mut bytes)
                    .map_err(|error| Error::run(format!("the page cannot be written: {error}")))?;
            }
            output::print_document(&String::from_utf8_lossy(&bytes))?;
            return Ok(Found::Done);
        }
    };
    clap_complete::generate(shell, &mut Cli::command(), "bks", &mut bytes);
    output::print_document(&String::from_utf8_lossy(&bytes))?;
    Ok(Found::Done)
}
