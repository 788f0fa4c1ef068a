//! The script of an experiment, for `sh` and the AWS CLI.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::Experiment;
use super::schedule::ExperimentSession;
use crate::s3::partition_of;

const TEMPLATE: &str = include_str!("experiment.sh");

/// Sessions last longer than the schedule by so much, in seconds.
const SPARE_S: i64 = 600;

/// The shortest session that AWS gives, in seconds.
const SHORTEST_SESSION_S: i64 = 900;

/// `experiment.sh`: it creates what is named after `prefix` in `region`.
#[must_use]
pub fn script(experiment: &Experiment, region: &str, prefix: &str) -> String {
    let counts = experiment.counts();
    let values = [
        ("REGION", region.to_owned()),
        ("PARTITION", partition_of(region).to_owned()),
        ("PREFIX", prefix.to_owned()),
        ("MOST_REQUESTS", experiment.most_requests.to_string()),
        ("COST", experiment.cost_rounded_up()),
        ("SESSION_S", (experiment.time_s + SPARE_S).max(SHORTEST_SESSION_S).to_string()),
        ("WRITES", counts.writes.to_string()),
        ("READS", counts.reads.to_string()),
        ("OTHERS", counts.others.to_string()),
        ("TIME_S", experiment.time_s.to_string()),
        ("SESSIONS", sessions(experiment)),
        ("SCHEDULE", schedule(experiment)),
    ];
    values
        .into_iter()
        .fold(TEMPLATE.to_owned(), |text, (name, value)| text.replace(&format!("@{name}@"), &value))
}

/// The sessions that send anything.
fn sessions(experiment: &Experiment) -> String {
    let requests = experiment.requests.iter();
    let sending: BTreeSet<ExperimentSession> = requests.map(|request| request.session).collect();
    let names: Vec<&str> = sending.into_iter().map(ExperimentSession::name).collect();
    names.join(" ")
}

fn schedule(experiment: &Experiment) -> String {
    let mut lines = String::new();
    for request in &experiment.requests {
        let (session, operation) = (request.session.name(), request.operation.name());
        let _ = writeln!(lines, "{} {session} {operation} {}", request.second, request.object());
    }
    lines.trim_end().to_owned()
}
