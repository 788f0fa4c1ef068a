//! The script of an experiment, for `sh` and the AWS CLI.

use std::fmt::Write;

use super::Experiment;
use super::schedule::ExperimentSession;

const TEMPLATE: &str = include_str!("experiment.sh");

/// Sessions last longer than the schedule by so much, in seconds.
const SPARE_S: i64 = 600;

/// The shortest session that AWS gives, in seconds.
const SHORTEST_SESSION_S: i64 = 900;

/// The object that is read, which the first request puts.
const READ: &str = "read";

/// `experiment.sh`: it creates what is named after `prefix` in `region`.
#[must_use]
pub fn script(experiment: &Experiment, region: &str, prefix: &str) -> String {
    let writes = experiment.writes();
    let values = [
        ("REGION", region.to_owned()),
        ("PREFIX", prefix.to_owned()),
        ("MOST_REQUESTS", experiment.most_requests.to_string()),
        ("COST", experiment.cost.to_string()),
        ("SESSION_S", (experiment.time_s + SPARE_S).max(SHORTEST_SESSION_S).to_string()),
        ("WRITES", writes.to_string()),
        ("READS", (experiment.requests.len() - writes).to_string()),
        ("TIME_S", experiment.time_s.to_string()),
        ("SCHEDULE", schedule(experiment)),
    ];
    values
        .into_iter()
        .fold(TEMPLATE.to_owned(), |text, (name, value)| text.replace(&format!("@{name}@"), &value))
}

fn schedule(experiment: &Experiment) -> String {
    let mut lines = String::new();
    for (number, request) in experiment.requests.iter().enumerate() {
        let object = match request.session {
            _ if number == 0 => READ,
            ExperimentSession::Reader => READ,
            _ => "written",
        };
        let _ = writeln!(lines, "{} {} {object}", request.second, request.session.name());
    }
    lines.trim_end().to_owned()
}
