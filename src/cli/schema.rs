//! `bks schema`: what a document may hold, for programs.

use clap::Args;

use super::args::{self, OutputFormat};
use super::exit::Exit;
use super::output;
use crate::error::{Error, Result};
use crate::report::schema::{self, OutputKind};

/// Print the JSON Schema of scenario files, or of any JSON that bks writes
///
/// Schemas are of JSON Schema 2020-12, and strict: an object has no other keys than those named. They are of this
/// version of bks; a later one may write more keys.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    bks schema > scenario.schema.json\n  \
    bks schema --list\n  \
    bks schema results > results.schema.json")]
pub(super) struct SchemaArgs {
    /// What to print the schema of
    #[arg(value_name = "KIND", default_value = "scenario", hide_possible_values = true,
        value_parser = args::named(&OutputKind::ALL, OutputKind::name))]
    kind: OutputKind,
    /// List all kinds, and what writes them
    #[arg(long)]
    list: bool,
}

pub(super) fn run(args: &SchemaArgs) -> Result<Exit> {
    if args.list {
        output::print(&OutputFormat::Table.document(&schema::document()))?;
        return Ok(Exit::Done);
    }
    let text = serde_json::to_string_pretty(&args.kind.schema())
        .map_err(|error| Error::run(format!("the schema cannot be written: {error}")))?;
    output::print(&format!("{text}\n"))?;
    Ok(Exit::Done)
}
