//! `bks init`: a commented scenario to start from.

mod plan;

use std::path::PathBuf;

use clap::Args;

use super::exit::Exit;
use super::{input, output};
use crate::error::{Error, Result};
use crate::lint::PlannedBuckets;
use crate::scenario::resolve::is_plain;

/// Write a commented scenario to start from
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    bks init data-lake                     writes data-lake.toml\n  \
    bks init data-lake --plan plan.json    the same with the plan's buckets")]
pub(super) struct InitArgs {
    /// Name of the scenario; the file is NAME.toml
    #[arg(default_value = "my-bucket")]
    name: String,
    /// Print the scenario instead of writing a file
    #[arg(long)]
    print: bool,
    /// Take the buckets, now and as planned, from what `terraform show -json` prints; `-` for standard input
    ///
    /// `now` and `planned` become two configurations; the traffic is made up. States and CloudFormation templates will
    /// do, too.
    #[arg(long, value_name = "FILE")]
    plan: Option<String>,
}

/// The starter; `NAME` stands for the scenario's name.
const STARTER: &str = include_str!("init/starter.toml");

pub(super) fn run(args: &InitArgs) -> Result<Exit> {
    if !is_plain(&args.name) {
        return Err(Error::request(format!("`{}` cannot name a scenario", args.name))
            .hint("use lower-case letters, digits, hyphens and underscores, e.g., `my-bucket`"));
    }
    let text = match &args.plan {
        Some(path) => {
            let buckets = input::policy_text(path).and_then(|text| PlannedBuckets::of(&text));
            plan::scenario(&args.name, &buckets.map_err(|error| error.at(path))?)
        }
        None => STARTER.replace("NAME", &args.name),
    };
    if args.print {
        output::print(&text)?;
    } else {
        let path = PathBuf::from(format!("{}.toml", args.name));
        output::write_new(&path, text.as_bytes())?;
        output::note(&format!("wrote {0}; edit it, then run `bks simulate {0}`", path.display()));
    }
    Ok(Exit::Done)
}
