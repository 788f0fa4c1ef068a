//! Who asks S3 for what, and when: the synthetic traffic.
//!
//! - [`ages`]: how old objects are;
//! - [`arrivals`]: when actions happen;
//! - [`rates`]: how often, as a function of time;
//! - [`growth`]: how that changes from month to month;
//! - `poisson`: whose KMS calls can be drawn without the requests;
//! - [`read_pattern`]: how a workload chooses what to read;
//! - [`object_read`]: which object that is;
//! - [`clients`]: how many requests a real client makes for one object;
//! - [`pools`]: how many connections a client keeps;
//! - [`jobs`]: work that starts, scans, writes and ends;
//! - [`written`]: the objects that may be read, one by one;
//! - [`source`]: all of that together, as the time-ordered requests of one session slot.
//!
//! An *action* is what a program does (read an object, write one); a *request* is what reaches
//! S3. One action makes as many requests as its client needs, all at the time of the action: the
//! seconds they take in reality are short compared with any lifetime of a key (*assumed*).

pub mod ages;
pub mod arrivals;
pub mod clients;
pub mod growth;
pub mod jobs;
pub mod object_read;
pub(crate) mod poisson;
pub mod pools;
pub mod rates;
pub mod read_pattern;
pub mod source;
pub mod written;

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::{ByteSize, SimDuration, SimTime};
use arrivals::Arrivals;
use growth::MonthlyFactors;

/// What a workload does, and how often in proportion: one weight for each kind of action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Mix {
    /// Read an object.
    pub read: f64,
    /// Write a new object.
    pub write: f64,
    /// Copy an object to a new one inside S3.
    pub copy: f64,
    /// Ask for an object's metadata.
    pub head: f64,
    /// Ask for an object's metadata with its checksum.
    pub head_checksum: f64,
    /// List a page of keys.
    pub list: f64,
    /// Delete an object.
    pub delete: f64,
    /// Have S3 replicate a new object from elsewhere.
    pub replicate: f64,
}

/// One kind of action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Read an object.
    Read,
    /// Write a new object.
    Write,
    /// Copy an object to a new one inside S3.
    Copy,
    /// Ask for an object's metadata.
    Head,
    /// Ask for an object's metadata with its checksum.
    HeadChecksum,
    /// List a page of keys.
    List,
    /// Delete an object.
    Delete,
    /// Have S3 replicate a new object from elsewhere.
    Replicate,
}

impl Action {
    /// Number of kinds.
    pub(crate) const KINDS: u32 = 8;

    /// The word for it in scenarios.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Copy => "copy",
            Self::Head => "head",
            Self::HeadChecksum => "head-checksum",
            Self::List => "list",
            Self::Delete => "delete",
            Self::Replicate => "replicate",
        }
    }

    /// Whether the action needs an object that is there already.
    #[must_use]
    pub const fn reads(self) -> bool {
        matches!(self, Self::Read | Self::Copy | Self::HeadChecksum | Self::Replicate)
    }

    /// Whether the action makes a new object.
    #[must_use]
    pub const fn writes(self) -> bool {
        matches!(self, Self::Write | Self::Copy | Self::Replicate)
    }
}

impl Mix {
    /// The actions with their weights, in a fixed order.
    #[must_use]
    pub fn weights(&self) -> [(Action, f64); 8] {
        [
            (Action::Read, self.read),
            (Action::Write, self.write),
            (Action::Copy, self.copy),
            (Action::Head, self.head),
            (Action::HeadChecksum, self.head_checksum),
            (Action::List, self.list),
            (Action::Delete, self.delete),
            (Action::Replicate, self.replicate),
        ]
    }

    /// Whether every weight is a finite number, zero or more, and at least one is more.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let weights = self.weights();
        weights.iter().all(|(_, w)| w.is_finite() && *w >= 0.0)
            && weights.iter().any(|(_, w)| *w > 0.0)
    }
}

/// When the actions of a workload happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Traffic {
    /// Actions drawn from a mix whenever one arrives.
    Steady {
        /// When actions arrive, the whole workload's.
        arrivals: arrivals::Arrivals,
        /// Actions with cumulative shares, the last of which is 1.
        mix: Vec<(Action, f64)>,
    },
    /// Jobs of several steps.
    Jobs(jobs::Jobs),
    /// One action for each new object of another workload.
    Following(Following),
}

/// How a workload follows another: each object that the other writes is handled once.
#[derive(Clone, Debug, PartialEq)]
pub struct Following {
    /// The workload that writes.
    pub workload: u32,
    /// When it writes.
    pub written: Box<Traffic>,
    /// Time from a write to the action.
    pub delay: SimDuration,
    /// What is done to each object.
    pub action: Action,
}

impl Traffic {
    fn happens_once(&self) -> bool {
        match self {
            Self::Steady { .. } => false,
            Self::Jobs(jobs) => jobs.every.is_none(),
            Self::Following(following) => following.written.happens_once(),
        }
    }

    /// Mean number of actions of each kind in `duration`.
    #[must_use]
    pub fn expected_actions(&self, duration: SimDuration) -> Vec<(Action, f64)> {
        match self {
            Self::Steady { arrivals, mix } => {
                let arriving = arrivals.mean_in(duration);
                shares(mix).map(|(action, share)| (action, arriving * share)).collect()
            }
            Self::Jobs(jobs) => {
                let starts = jobs.weighed_starts(duration);
                jobs.steps.iter().map(|it| (it.action, starts * it.objects as f64)).collect()
            }
            Self::Following(following) => {
                vec![(following.action, following.written.expected_objects(duration))]
            }
        }
    }

    /// Mean number of new objects in `duration`.
    #[must_use]
    pub fn expected_objects(&self, duration: SimDuration) -> f64 {
        let actions = self.expected_actions(duration).into_iter();
        actions.filter(|(action, _)| action.writes()).map(|(_, count)| count).sum()
    }
}

/// The share of each action of a mix whose shares are cumulative.
pub(crate) fn shares(mix: &[(Action, f64)]) -> impl Iterator<Item = (Action, f64)> {
    let below = std::iter::once(0.0).chain(mix.iter().map(|(_, cumulative)| *cumulative));
    mix.iter().zip(below).map(|(&(action, cumulative), below)| (action, cumulative - below))
}

/// One workload, its names resolved to numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// Its name in the scenario.
    pub name: String,
    /// Its place in the scenario; addresses its random streams.
    pub index: u32,
    /// The session slots of its principal, which share its actions evenly.
    pub slots: Range<u32>,
    /// The bucket it writes to.
    pub bucket: u32,
    /// When it does what.
    pub traffic: Traffic,
    /// Since when it has run: the start of the run, or before. What it wrote before is there.
    pub since: SimTime,
    /// Whether the objects that it writes are kept one by one (see [`written`]).
    pub kept: bool,
    /// How many scoping policies own what it writes, which then only they read; 1 if everybody does.
    pub policies: u32,
    /// What it reads, if it does.
    pub reads: Option<object_read::ReadSources>,
    /// What its client makes of an action.
    pub client: clients::ClientProfile,
    /// Size of the objects it writes.
    pub object_size: ByteSize,
    /// Size of the objects it reads or copies.
    pub read_size: ByteSize,
    /// False if it writes with the bucket key switched off by header.
    pub bucket_key: bool,
}

impl Workload {
    /// How many of some session slots, in ascending order, send its requests.
    #[must_use]
    pub fn slots_among(&self, slots: &[u32]) -> usize {
        slots.partition_point(|&slot| slot < self.slots.end)
            - slots.partition_point(|&slot| slot < self.slots.start)
    }

    /// The kinds of action that can happen.
    #[must_use]
    pub fn actions(&self) -> Vec<Action> {
        match &self.traffic {
            Traffic::Steady { mix, .. } => mix.iter().map(|(action, _)| *action).collect(),
            Traffic::Jobs(jobs) => jobs.steps.iter().map(|step| step.action).collect(),
            Traffic::Following(following) => vec![following.action],
        }
    }

    /// Time after which its traffic begins anew, if it follows a profile or jobs recur.
    #[must_use]
    pub fn cycle(&self) -> Option<SimDuration> {
        match &self.traffic {
            Traffic::Steady { arrivals, .. } => arrivals.cycle(),
            Traffic::Jobs(jobs) => jobs.every,
            Traffic::Following(_) => None,
        }
    }

    /// Whether it grows or shrinks from month to month.
    #[must_use]
    pub fn grows(&self) -> bool {
        self.growth().is_some()
    }

    /// How it grows or shrinks from month to month, if it does.
    #[must_use]
    pub fn growth(&self) -> Option<&MonthlyFactors> {
        match &self.traffic {
            Traffic::Steady { arrivals: Arrivals::Poisson(poisson), .. } => poisson.growth.as_ref(),
            Traffic::Jobs(jobs) => jobs.growth.as_ref(),
            // What follows does as what it follows.
            Traffic::Steady { .. } | Traffic::Following(_) => None,
        }
    }

    /// Whether what it does happens once, however long the run: a job that does not recur, or what follows
    /// such a job.
    #[must_use]
    pub fn happens_once(&self) -> bool {
        self.traffic.happens_once()
    }

    /// Whether it makes new objects.
    #[must_use]
    pub fn writes(&self) -> bool {
        self.actions().into_iter().any(Action::writes)
    }

    /// Whether it needs keys of objects written during the run: read as such, parts of an upload, or
    /// copied by the client that has just written them.
    #[must_use]
    pub fn unwraps_new_keys(&self) -> bool {
        let reads_new = self.reads.as_ref().is_some_and(|reads| reads.written.is_some());
        let actions = self.actions();
        let own = actions.contains(&Action::Write)
            && (self.client.is_multipart(self.object_size) || self.client.write.copy > 0.0);
        let copies_parts =
            actions.contains(&Action::Copy) && self.client.copies_in_parts(self.read_size);
        reads_new || own || copies_parts
    }

    /// Mean number of actions of each kind in `duration`, for estimates and progress.
    #[must_use]
    pub fn expected_actions(&self, duration: SimDuration) -> Vec<(Action, f64)> {
        self.traffic.expected_actions(duration)
    }

    /// Mean number of objects that it writes in `duration`, and in what it has run before.
    #[must_use]
    pub fn expected_objects(&self, duration: SimDuration) -> f64 {
        let before = SimTime::ZERO.since(self.since);
        self.traffic.expected_objects(duration) + self.traffic.expected_objects(before)
    }

    /// Mean number of requests in `duration` that wrap a new object's key.
    #[must_use]
    pub fn expected_writes(&self, duration: SimDuration) -> f64 {
        let actions = self.expected_actions(duration).into_iter();
        let writes = actions.map(|(action, count)| match action {
            Action::Write => count * self.client.objects_per_write(self.object_size),
            Action::Copy | Action::Replicate => count,
            _ => 0.0,
        });
        writes.sum()
    }

    /// Mean number of requests in `duration`.
    #[must_use]
    pub fn expected_requests(&self, duration: SimDuration) -> f64 {
        let actions = self.expected_actions(duration).into_iter();
        let requests = actions.map(|(action, count)| match action {
            Action::Read => count * self.client.requests_per_read(self.read_size),
            Action::Write => count * self.client.requests_per_write(self.object_size),
            Action::Copy => count * self.client.requests_per_copy(self.read_size),
            _ => count,
        });
        requests.sum()
    }
}
