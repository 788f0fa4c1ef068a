//! Whose objects readers see, who follows whom, and which objects are kept one by one.

use std::collections::BTreeSet;
use std::ops::Range;

use super::{Resolved, misplaced, refuse_with};
use crate::encryption::assumption::{Assumptions, Level};
use crate::encryption::requester::Requesters;
use crate::error::Error;
use crate::scenario::written::ScenarioFile;
use crate::scenario::{Population, Scenario};
use crate::units::{SimDuration, SimTime};
use crate::workload::read_pattern::ReadPattern;
use crate::workload::written::MOST_KEPT;
use crate::workload::{Action, Following, Traffic, Workload};

/// How near the rates of a workload and of one that it reads must be, relative to one another, so that
/// each object is handled once.
const SAME_RATE: f64 = 1e-3;

/// Decides, for a scenario that is resolved but for this, what must be known of single objects.
pub(super) fn resolve(scenario: &mut Scenario) -> Resolved<()> {
    // Who follows another grows with it.
    super::growth::grow(scenario)?;
    own(scenario)?;
    follow(scenario)?;
    keep(scenario)
}

/// Lets sessions under a scoping policy read what sessions under the same policy wrote.
fn own(scenario: &mut Scenario) -> Resolved<()> {
    let Scenario { written: file, workloads, populations, .. } = scenario;
    for index in 0..workloads.len() {
        let Some(read) = &file.workloads[index].read else { continue };
        let readers = policies(file, &file.workloads[index].principal);
        let Some(reads) = &workloads[index].reads else { continue };
        // Sources whose writers have as many policies as the readers.
        let population = reads.population.as_ref().map(|old| old.population).filter(|&old| {
            let written_by = file.populations[old as usize].written_by.as_ref();
            readers > 1 && written_by.is_some_and(|name| policies(file, name) == readers)
        });
        let source = reads.written.as_ref().map(|new| new.workload).filter(|&new| {
            readers > 1 && policies(file, &file.workloads[new as usize].principal) == readers
        });
        if read.owned == Some(true) && population.is_none() && source.is_none() {
            return refuse_with(
                format!("workload.{index}.read.owned"),
                format!(
                    "`owned` is `true`, but the reader has {readers} scoping policies and who wrote what \
                 it reads has another number, or one"
                ),
                "give the principals of both the same `session_policies`, more than 1",
            );
        }
        if read.owned == Some(false) {
            continue;
        }
        if let Some(population) = population {
            populations[population as usize].policies = readers;
            for old in workloads[index].reads.iter_mut().flat_map(|it| &mut it.population) {
                old.policies = readers;
            }
        }
        if let Some(source) = source {
            workloads[source as usize].policies = readers;
            for new in workloads[index].reads.iter_mut().flat_map(|it| &mut it.written) {
                new.policies = readers;
            }
        }
    }
    Ok(())
}

fn policies(file: &ScenarioFile, principal: &str) -> u32 {
    let found = file.principals.iter().find(|known| known.name == principal);
    found.map_or(1, |principal| principal.session_policies)
}

/// Makes followers of workloads that handle what another has just written as often as it writes, or
/// that do not say when.
fn follow(scenario: &mut Scenario) -> Resolved<()> {
    let duration = scenario.duration();
    // A follower may be followed: sources come first.
    for index in in_order_of_sources(scenario)? {
        let Some((source, delay, action)) = may_follow(&scenario.workloads[index]) else {
            continue;
        };
        let written = scenario.workloads[source].traffic.clone();
        let workload = &mut scenario.workloads[index];
        // Whoever handles each object once handles them all.
        let told = !matches!(workload.traffic, Traffic::Following(_));
        if told && !handles_each(&workload.traffic, action, &written, duration) {
            continue;
        }
        for new in workload.reads.iter_mut().flat_map(|it| &mut it.written) {
            new.policies = 1;
        }
        let (source, written) = (source as u32, Box::new(written));
        workload.traffic =
            Traffic::Following(Following { workload: source, written, delay, action });
    }
    Ok(())
}

/// Which workload's objects a workload might handle one by one, after what delay, and how.
fn may_follow(workload: &Workload) -> Option<(usize, SimDuration, Action)> {
    let reads = workload.reads.as_ref()?;
    let ReadPattern::JustWritten(just) = &reads.pattern else { return None };
    let source = reads.written.as_ref()?.workload as usize;
    let action = match &workload.traffic {
        Traffic::Steady { mix, .. } => match mix.as_slice() {
            [(action, _)] if action.reads() => *action,
            _ => return None,
        },
        Traffic::Following(following) => following.action,
        Traffic::Jobs(_) => return None,
    };
    (source != workload.index as usize).then_some((source, just.delay, action))
}

fn handles_each(
    traffic: &Traffic,
    action: Action,
    written: &Traffic,
    duration: SimDuration,
) -> bool {
    let actions = traffic.expected_actions(duration).into_iter();
    let handled: f64 = actions.filter(|(each, _)| *each == action).map(|(_, count)| count).sum();
    let written = written.expected_objects(duration);
    (handled - written).abs() <= SAME_RATE * written
}

/// The workloads, each after the one that it might follow. Those of a circle keep their own arrivals.
fn in_order_of_sources(scenario: &mut Scenario) -> Resolved<Vec<usize>> {
    let mut order = Vec::new();
    let mut done = vec![false; scenario.workloads.len()];
    loop {
        let begun = order.len();
        for (index, workload) in scenario.workloads.iter().enumerate() {
            let source = may_follow(workload).map(|(source, ..)| source);
            // Those that become ready in this round wait for the next.
            if !done[index] && source.is_none_or(|source| done[source]) {
                order.push(index);
            }
        }
        if order.len() == begun {
            break;
        }
        order[begun..].iter().for_each(|&index| done[index] = true);
    }
    for (index, workload) in
        scenario.workloads.iter().enumerate().filter(|(index, _)| !done[*index])
    {
        if matches!(workload.traffic, Traffic::Following(_)) {
            return Err(without_arrivals(
                index,
                &workload.name,
                "they follow one another in a circle",
            ));
        }
    }
    Ok(order)
}

fn without_arrivals(index: usize, name: &str, why: &str) -> super::Misplaced {
    let error = Error::request(format!(
        "workload `{name}` has neither `arrivals` nor `jobs`, but cannot follow what it reads: {why}"
    ));
    let hint = "give e.g., `arrivals = { poisson = { rate = \"5/s\" } }`";
    misplaced(format!("workload.{index}.name"), error.hint(hint))
}

/// A source of objects.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum ObjectSource {
    Population(usize),
    Workload(usize),
}

/// Chooses the sources whose objects are kept: those where it makes a difference, the smallest first, as
/// long as there is room. Followers of others take what comes when it was written, give or take.
fn keep(scenario: &mut Scenario) -> Resolved<()> {
    let duration = scenario.duration();
    let mut sources: Vec<(u64, ObjectSource)> = needed(scenario)
        .into_iter()
        .map(|source| match source {
            ObjectSource::Population(index) => (scenario.populations[index].objects, source),
            ObjectSource::Workload(index) => {
                (scenario.workloads[index].expected_objects(duration).ceil() as u64, source)
            }
        })
        .collect();
    sources.sort_unstable();
    let mut all = 0_u64;
    for (objects, source) in sources {
        all = all.saturating_add(objects);
        if all > MOST_KEPT {
            break;
        }
        match source {
            ObjectSource::Population(index) => scenario.populations[index].kept = true,
            ObjectSource::Workload(index) => scenario.workloads[index].kept = true,
        }
    }
    // Who follows what is not kept comes by itself, as often; and so does who follows him.
    loop {
        let workloads = &scenario.workloads;
        let lost = workloads.iter().position(|workload| match &workload.traffic {
            Traffic::Following(following) => !workloads[following.workload as usize].kept,
            _ => false,
        });
        let Some(index) = lost else { return Ok(()) };
        scenario.workloads[index].kept = false;
        let workload = &scenario.workloads[index];
        let own = own_traffic(&scenario.written, workload);
        let Some(own) = own else {
            let why = "there are too many objects to know them one by one";
            return Err(without_arrivals(index, &workload.name, why));
        };
        scenario.workloads[index].traffic = own;
    }
}

/// When a follower's actions come if they do not follow: as it says itself, else as often as the other
/// writes.
fn own_traffic(file: &ScenarioFile, workload: &Workload) -> Option<Traffic> {
    let Traffic::Following(Following { written, action, .. }) = &workload.traffic else {
        return None;
    };
    let mix = vec![(*action, 1.0)];
    match (&file.workloads[workload.index as usize].arrivals, written.as_ref()) {
        (Some(arrivals), _) => Some(Traffic::Steady { arrivals: arrivals.clone(), mix }),
        (None, Traffic::Steady { arrivals, mix: writes }) if writes.len() == 1 => {
            Some(Traffic::Steady { arrivals: arrivals.clone(), mix })
        }
        _ => None,
    }
}

/// The sources of whose objects it makes a difference which is which.
fn needed(scenario: &Scenario) -> BTreeSet<ObjectSource> {
    let mut needed = BTreeSet::new();
    let with_keys = RequestersWithKeys::of(scenario);
    for workload in &scenario.workloads {
        let Some(reads) = workload.reads.as_ref().filter(|reads| !reads.pattern.is_by_rank())
        else {
            continue;
        };
        let in_turn = reads.scan().is_some()
            || matches!(&workload.traffic, Traffic::Following(_) | Traffic::Jobs(_));
        let before = reads.population.as_ref().map(|old| {
            let population = &scenario.populations[old.population as usize];
            let several = old.policies > 1 || with_keys.writers_have_several(population);
            (ObjectSource::Population(old.population as usize), several)
        });
        let written = reads.written.as_ref().map(|new| {
            let several = new.policies > 1 || with_keys.slots_have_several(&new.slots);
            (ObjectSource::Workload(new.workload as usize), in_turn || several)
        });
        // Where one of both is known object by object, the other is, too: which is the younger?
        let sources = [before, written];
        if sources.iter().flatten().any(|(_, several)| *several) {
            needed.extend(sources.into_iter().flatten().map(|(source, _)| source));
        }
    }
    // What follows a workload must know its objects, whether or not it is read itself.
    for workload in &scenario.workloads {
        if let Traffic::Following(following) = &workload.traffic {
            needed.insert(ObjectSource::Workload(following.workload as usize));
        }
    }
    needed
}

/// The requesters of each configuration that uses bucket keys, and the assumptions at each of its levels.
struct RequestersWithKeys(Vec<(Requesters, [Assumptions; 3])>);

impl RequestersWithKeys {
    fn of(scenario: &Scenario) -> Self {
        let configurations = scenario.configurations.iter();
        let with_keys = configurations.filter(|one| one.uses_bucket_keys(&scenario.domains));
        let each = with_keys.map(|one| {
            let requesters = Requesters::group(one.rule, &scenario.principals, &scenario.slots);
            (requesters, Level::ALL.map(|level| one.ranges.at(level)))
        });
        Self(each.collect())
    }

    /// Whether something holds in any configuration, at any level.
    fn any(&self, holds: impl Fn(&Requesters, &Assumptions) -> bool) -> bool {
        let mut each = self.0.iter();
        each.any(|(requesters, levels)| levels.iter().any(|it| holds(requesters, it)))
    }

    /// Whether these session slots together have more than one bucket-level key at a time.
    fn slots_have_several(&self, slots: &Range<u32>) -> bool {
        self.any(|requesters, assumptions| {
            let mut writers: Vec<u32> =
                slots.clone().map(|slot| requesters.of_slot[slot as usize]).collect();
            writers.dedup();
            writers.len() > 1
                || writers.iter().any(|&writer| {
                    let connections = requesters.list[writer as usize].connections;
                    assumptions.partitions(connections).writing > 1
                })
        })
    }

    /// The same of those who wrote a population.
    fn writers_have_several(&self, population: &Population) -> bool {
        self.any(|requesters, assumptions| {
            population.writers(requesters, assumptions).partitions.iter().sum::<u32>() > 1
        })
    }
}

/// Refuses a beginning that is after the run's or too long before it.
pub(super) fn check_since(index: usize, since: SimTime, most: SimDuration) -> Resolved<()> {
    let path = format!("workload.{index}.since");
    if since > SimTime::ZERO {
        return refuse_with(
            path,
            format!(
                "`since` is `{since}`, but a workload runs from the start of the run or before"
            ),
            format!("write `since = \"-{since}\"`"),
        );
    }
    if SimTime::ZERO.since(since) > most {
        return refuse_with(
            path,
            format!("`since` is `{since}`, but at most `-{most}` is drawn"),
            "what is older can be a `[[population]]`",
        );
    }
    Ok(())
}
