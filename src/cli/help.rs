//! `bks --help`: the commands, by the job that they are for.

use std::fmt::Write;

use clap::Command;
use clap::builder::{StyledStr, Styles};

/// Commands that a newcomer with one job looks for.
struct Job {
    title: &'static str,
    commands: &'static [&'static str],
}

const JOBS: [Job; 6] = [
    Job {
        title: "No logs at hand: describe the traffic",
        commands: &["init", "check", "simulate"],
    },
    Job {
        title: "Your own logs, bills, and inventories",
        commands: &["replay", "fit", "calibrate", "reconcile", "inventory"],
    },
    Job {
        title: "Decide: what it saves, how sure that is, what to change",
        commands: &[
            "advise",
            "explain",
            "report",
            "compare",
            "migrate",
            "sweep",
            "sensitivity",
            "experiment",
            "plot",
        ],
    },
    Job { title: "Before the switch: what breaks", commands: &["lint"] },
    Job { title: "Other tools and machines", commands: &["mcp", "export", "merge"] },
    Job { title: "Look things up", commands: &["list", "schema", "complete", "help"] },
];

/// The same command line, whose help shows its commands by job.
pub(super) fn by_job(bks: Command) -> Command {
    let mut built = bks.clone();
    built.build();
    let template = template(&built);
    bks.help_template(template)
}

fn template(bks: &Command) -> StyledStr {
    let styles = Styles::default();
    let header = styles.get_header();
    let mut text = String::from("{about-with-newline}\n{usage-heading} {usage}\n");
    for job in &JOBS {
        let _ = writeln!(text, "\n{header}{}:{header:#}", job.title);
        for command in job.commands.iter().filter_map(|name| bks.find_subcommand(name)) {
            text.push_str(&line(command, &styles));
        }
    }
    let _ = write!(text, "\n{header}Options:{header:#}\n{{options}}{{after-help}}");
    text.into()
}

fn line(command: &Command, styles: &Styles) -> String {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let literal = styles.get_literal();
    format!("  {literal}{:<11}{literal:#}  {about}\n", command.get_name())
}

#[cfg(test)]
mod tests {
    use super::JOBS;
    use clap::CommandFactory;

    #[test]
    fn each_command_stands_under_one_job() {
        let mut bks = super::super::Cli::command();
        bks.build();
        let mut shown: Vec<&str> = JOBS.iter().flat_map(|job| job.commands).copied().collect();
        let mut commands: Vec<&str> = bks.get_subcommands().map(clap::Command::get_name).collect();
        shown.sort_unstable();
        commands.sort_unstable();
        assert_eq!(shown, commands);
    }

    /// What is too long for a line is not wrapped here.
    #[test]
    fn each_command_has_a_line() {
        let help = super::by_job(super::super::Cli::command()).render_help().to_string();
        let long: Vec<&str> = help.lines().filter(|line| line.chars().count() > 100).collect();
        assert!(long.is_empty(), "{long:?}");
    }
}
