//! Requests one by one: which bucket-level key, since when, who holds it until when.

use std::collections::HashMap;

use super::memory::{ExplainingMemory, Explanation};
use crate::encryption::keys::{Keyring, MadeBy};
use crate::encryption::requester::Requesters;
use crate::kms::KmsCalls;
use crate::recording::mark::RecordMark;
use crate::s3::{Connections, IdentityKind, Operation, Request};
use crate::scenario::Scenario;
use crate::simulation::Arm;
use crate::simulation::events::{Answered, Event};
use crate::simulation::names::{NamedEvent, NamedEvents};
use crate::simulation::{objects, requesters_of};
use crate::units::{SimDuration, SimTime};

/// Which requests to explain.
#[derive(Clone, Debug, PartialEq)]
pub enum Selector {
    /// Of an object: its key as an exported run has it.
    Object(String),
    /// Of a run: its number there, from 0.
    Number(u64),
    /// Of whoever has this name: a principal, role, user, service, session or ARN.
    Requester(String),
    /// Within the second from a time on.
    At(SimTime),
    /// Those that these records of a log are.
    Records(Vec<RecordMark>),
}

/// One request, explained.
#[derive(Clone, Debug, PartialEq)]
pub struct ExplainedRequest {
    /// Its number in the run, from 0.
    pub number: u64,
    /// When.
    pub time: SimTime,
    /// What was asked.
    pub operation: Operation,
    /// The bucket.
    pub bucket: String,
    /// The object, as far as it has a name.
    pub object: Option<String>,
    /// Who asked: as KMS takes it for one requester.
    pub requester: String,
    /// The session.
    pub session: String,
    /// The KMS calls.
    pub calls: KmsCalls,
    /// What each of its needs came to.
    pub needs: Vec<ExplainedNeed>,
    /// The request as the run has it.
    asked: Request,
}

/// One need of a request, and where its key is from.
#[derive(Clone, Debug, PartialEq)]
pub struct ExplainedNeed {
    /// What it came to.
    pub explanation: Explanation,
    /// When the key was made.
    pub made: Option<SimTime>,
    /// By whom.
    pub maker: Option<String>,
}

/// The requests that were selected.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selected {
    /// The first of them.
    pub requests: Vec<ExplainedRequest>,
    /// How many there are in all.
    pub all: u64,
    /// The calls of all of them.
    pub calls: KmsCalls,
}

impl Selected {
    /// Gives requests of a log the keys of the objects that `marks` have of them.
    pub fn name_objects(&mut self, scenario: &Scenario, replication: u32, marks: &[RecordMark]) {
        let Some(recording) = &scenario.recording else { return };
        for request in &mut self.requests {
            let seed = scenario.seed;
            let mark =
                marks.iter().find(|mark| mark.is_of(recording, &request.asked, seed, replication));
            let key = mark.map(|mark| mark.key.clone()).filter(|key| !key.is_empty());
            request.object = request.object.take().or(key);
        }
    }
}

/// What a selection is made of.
struct RequestSearch<'a> {
    scenario: &'a Scenario,
    requesters: Requesters,
    selectors: &'a [Selector],
    replication: u32,
}

/// A request that is one of those looked for.
struct Picked {
    /// The object, as far as it has a name.
    object: Option<String>,
}

/// The requests of an arm in a replication that all of `selectors` pick, of which the first `limit` are kept.
#[must_use]
pub fn select(
    scenario: &Scenario,
    arm: &Arm,
    replication: u32,
    selectors: &[Selector],
    limit: usize,
) -> Selected {
    let rule = scenario.configurations[arm.configuration].rule;
    let requesters = requesters_of(scenario, rule);
    let search = RequestSearch { scenario, requesters, selectors, replication };
    let kept = objects::keep(scenario, replication);
    let mut events = NamedEvents::new(scenario, &kept, arm, replication);
    let mut memories: HashMap<u32, ExplainingMemory> = HashMap::new();
    let mut selected = Selected::default();
    while let Some(named) = events.next() {
        let event = &named.event;
        let rules = events.rules();
        let answered = Answered {
            request: &event.request,
            requester: event.requester as usize,
            session: event.session,
            answer: event.answer,
            scheme: rules.scheme,
            keyring: rules.keyring,
            partitions: rules.scheme.assumptions.partitions(search.connections_of(event)),
        };
        let mut needs: Vec<Explanation> = Vec::new();
        let memory = memories.entry(event.requester).or_default();
        memory.explain(&answered, &mut |explanation: &Explanation| needs.push(*explanation));
        let name = named.object.map(|object| object.name.to_string());
        let Some(Picked { object }) = search.picks(event, named.number, name.as_deref()) else {
            continue;
        };
        selected.all += 1;
        selected.calls += event.answer.calls;
        if selected.requests.len() < limit {
            let request = search.explained(&named, object, &needs, rules.keyring);
            selected.requests.push(request);
        }
    }
    selected
}

impl RequestSearch<'_> {
    /// On how many connections the requests to a bucket come.
    fn connections_of(&self, event: &Event) -> Connections {
        self.requesters.list[event.requester as usize].connections_in(event.request.bucket)
    }

    /// The request, if it is one of those looked for.
    fn picks(&self, event: &Event, number: u64, name: Option<&str>) -> Option<Picked> {
        let is_of_log = self.scenario.recording.is_some();
        // What a run calls an object of a log is no name that anybody knows.
        let mut picked = Picked { object: name.filter(|_| !is_of_log).map(str::to_owned) };
        for selector in self.selectors {
            let time = event.request.time;
            let is_picked = match selector {
                Selector::Object(wanted) => name == Some(wanted),
                Selector::Number(wanted) => number == *wanted,
                Selector::Requester(wanted) => self.names(event).iter().any(|it| it == wanted),
                Selector::At(from) => time >= *from && time < *from + SimDuration::from_secs(1),
                Selector::Records(marks) => {
                    let mark = marks.iter().find(|mark| self.is_of(mark, event))?;
                    picked.object = Some(mark.key.clone());
                    true
                }
            };
            if !is_picked {
                return None;
            }
        }
        Some(picked)
    }

    fn is_of(&self, mark: &RecordMark, event: &Event) -> bool {
        let recording = self.scenario.recording.as_ref();
        let seed = self.scenario.seed;
        recording.is_some_and(|it| mark.is_of(it, &event.request, seed, self.replication))
    }

    /// All that whoever asks may be called.
    fn names(&self, event: &Event) -> Vec<String> {
        let slot = &self.scenario.slots[event.request.slot as usize];
        let principal = &self.scenario.principals[slot.principal as usize];
        let session = self.scenario.session_name(slot);
        let identity = match &principal.identity {
            IdentityKind::Role(name) | IdentityKind::User(name) | IdentityKind::Service(name) => {
                name.clone()
            }
        };
        let sender = self.scenario.senders[slot.principal as usize].name.clone();
        vec![sender, identity, principal.arn(), principal.session_arn(&session), session]
    }

    /// The name of a requester: as in `requesters.csv`.
    fn requester(&self, number: usize) -> String {
        let requester = &self.requesters.list[number];
        let slot = &self.scenario.slots[requester.slots[0] as usize];
        let principal = &self.scenario.principals[slot.principal as usize];
        match (requester.renews, slot.policy) {
            (true, _) => principal.session_arn(&self.scenario.session_name(slot)),
            (false, 0) => principal.arn(),
            (false, policy) => format!("{}, policy {policy}", principal.arn()),
        }
    }

    fn explained(
        &self,
        NamedEvent { number, event, .. }: &NamedEvent,
        object: Option<String>,
        needs: &[Explanation],
        keyring: Option<&Keyring>,
    ) -> ExplainedRequest {
        let request = &event.request;
        let needs = needs.iter().map(|explanation| {
            let origin = explanation.key.and_then(|key| keyring?.origin(key));
            ExplainedNeed {
                explanation: *explanation,
                made: origin.map(|origin| origin.made),
                maker: origin.map(|origin| self.maker(origin.maker)),
            }
        });
        ExplainedRequest {
            number: *number,
            time: request.time,
            operation: request.operation,
            bucket: self.scenario.bucket(request.bucket).name.clone(),
            object,
            requester: self.requester(event.requester as usize),
            session: self.scenario.session_name(&self.scenario.slots[request.slot as usize]),
            calls: event.answer.calls,
            needs: needs.collect(),
            asked: *request,
        }
    }

    fn maker(&self, maker: MadeBy) -> String {
        match maker {
            MadeBy::Requester(number) => self.requester(number as usize),
            MadeBy::Population(number) => {
                let population = &self.scenario.populations[number as usize];
                format!("whoever wrote {}", population.name)
            }
        }
    }
}
