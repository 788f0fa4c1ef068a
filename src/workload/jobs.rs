//! Work that starts, goes through its steps and ends: an EMR run, a Lambda test, a nightly load.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Action;
use super::growth::MonthlyFactors;
use crate::error::{Error, Result};
use crate::rng::{Stream, exponential};
use crate::units::{Rate, SimDuration, SimTime};

/// A job that runs once or again and again. Its session slots share each step's objects evenly
/// and go through the steps side by side; none waits for the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Jobs {
    /// Time from one start to the next; without it the job runs once. A job that is late begins
    /// when the one before it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<SimDuration>,
    /// Time of the first start.
    #[serde(default)]
    pub offset: SimDuration,
    /// Time from a job's start to its first request (instances start, queries are planned).
    #[serde(default)]
    pub start_up: SimDuration,
    /// What it does, in order.
    pub steps: Vec<JobStep>,
    /// How the objects of its steps become more from month to month: the workload's growth.
    #[serde(skip)]
    pub growth: Option<MonthlyFactors>,
}

/// One step of a job.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobStep {
    /// What is done to each object.
    pub action: Action,
    /// How many objects, all session slots together.
    pub objects: u64,
    /// Objects per unit of time, all session slots together; gaps are exponential.
    pub rate: Rate,
}

impl JobStep {
    /// Mean number of seconds that it takes.
    #[must_use]
    pub fn lasts_s(&self) -> f64 {
        self.objects as f64 / self.rate.as_per_s()
    }
}

impl Jobs {
    /// Refuses jobs that do nothing or never end a cycle.
    ///
    /// # Errors
    /// Names the parameter and what it must keep to.
    pub fn check(&self) -> Result<()> {
        if self.steps.is_empty() {
            return Err(Error::request("`steps` is empty, but a job does something").hint(
                "give e.g., `steps = [{ action = \"read\", objects = 200, rate = \"50/s\" }]`",
            ));
        }
        if self.every.is_some_and(|every| every < SimDuration::from_secs(1)) {
            return Err(Error::request("`every` is less than `1s`, the least time between jobs"));
        }
        match self.steps.iter().position(|step| step.objects == 0) {
            Some(step) => Err(Error::request(format!(
                "step {} has `0` objects, but a step does something",
                step + 1
            ))),
            None => Ok(()),
        }
    }

    /// When the first job asks for its first object, and about when it is done with its last.
    #[must_use]
    pub fn first_span(&self) -> (SimTime, SimTime) {
        let begins = SimTime::from(self.offset) + self.start_up;
        let lasts_s: f64 = self.steps.iter().map(JobStep::lasts_s).sum();
        // To the second: it is a mean.
        (begins, begins + SimDuration::from_secs_f64(lasts_s.ceil()))
    }

    /// Number of jobs that start within `duration`, each as many times as it has the objects of the first.
    #[must_use]
    pub fn weighed_starts(&self, duration: SimDuration) -> f64 {
        match &self.growth {
            None => self.starts(duration) as f64,
            Some(growth) => growth.weigh(duration, |until| self.starts(until) as f64),
        }
    }

    /// Objects of a step in a job that starts at `start`.
    fn objects(&self, step: &JobStep, start: SimTime) -> u64 {
        match &self.growth {
            None => step.objects,
            Some(growth) => (step.objects as f64 * growth.at(start)).round() as u64,
        }
    }

    /// Number of jobs that start within `duration`.
    #[must_use]
    pub fn starts(&self, duration: SimDuration) -> u64 {
        match self.every {
            _ if self.offset >= duration => 0,
            None => 1,
            Some(every) => {
                let rest = duration.as_nanos() - self.offset.as_nanos() - 1;
                (rest / every.as_nanos()) as u64 + 1
            }
        }
    }
}

/// One action of a job, as a session slot comes to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobAction {
    /// When.
    pub time: SimTime,
    /// What.
    pub action: Action,
    /// When the job started.
    pub job_start: SimTime,
    /// Which of the step's objects, from 0.
    pub index: u64,
    /// How many objects the step has.
    pub of: u64,
}

/// The actions of one session slot in all jobs, one after the other.
#[derive(Clone, Debug)]
pub struct JobClock {
    number: u64,
    slots: u64,
    /// Number of the job; those before the first start of the run are negative.
    job: i64,
    step: usize,
    /// Objects of the step that the slot has done.
    done: u64,
    now: SimTime,
    /// False if every step has fewer objects than reach this slot: it would never come to an action.
    has_work: bool,
}

/// How many of a step's objects fall to slot `number` of `slots`.
fn share_of(objects: u64, number: u64, slots: u64) -> u64 {
    objects / slots + u64::from(number < objects % slots)
}

impl JobClock {
    /// The clock of slot `number` of `slots`. Jobs that recur have run since `since`, at the start of
    /// the run or before.
    #[must_use]
    pub fn new(jobs: &Jobs, number: u32, slots: u32, since: SimTime) -> Self {
        let before = match jobs.every {
            Some(every) if since < SimTime::ZERO => {
                let span = SimTime::from(jobs.offset).since(since);
                span.as_nanos() / every.as_nanos()
            }
            _ => 0,
        };
        let job = -before;
        let (number, slots) = (u64::from(number), u64::from(slots));
        let greatest = jobs.growth.as_ref().map_or(1.0, MonthlyFactors::greatest);
        let most = |step: &JobStep| (step.objects as f64 * greatest).round() as u64;
        let has_work = jobs.steps.iter().any(|step| share_of(most(step), number, slots) > 0);
        let mut clock = Self { number, slots, job, step: 0, done: 0, now: SimTime::ZERO, has_work };
        clock.now = clock.job_start(jobs) + jobs.start_up;
        clock
    }

    /// The slot's next action; `None` when its last job is over. Jobs that recur never are, so
    /// callers stop at their horizon.
    pub fn next(&mut self, jobs: &Jobs, rng: &mut Stream) -> Option<JobAction> {
        if !self.has_work {
            return None;
        }
        loop {
            let Some(step) = jobs.steps.get(self.step) else {
                self.start_next(jobs)?;
                if self.now == SimTime::MAX {
                    return None;
                }
                continue;
            };
            let objects = jobs.objects(step, self.job_start(jobs));
            let mine = share_of(objects, self.number, self.slots);
            if self.done == mine {
                self.step += 1;
                self.done = 0;
                continue;
            }
            let at_work = self.slots.min(objects);
            self.now = self.now + exponential(at_work as f64 / step.rate.as_per_s(), rng);
            let index = self.done * self.slots + self.number;
            self.done += 1;
            return Some(JobAction {
                time: self.now,
                action: step.action,
                job_start: self.job_start(jobs),
                index,
                of: objects,
            });
        }
    }

    fn job_start(&self, jobs: &Jobs) -> SimTime {
        let every = jobs.every.unwrap_or(SimDuration::ZERO);
        let offset = SimTime::from(jobs.offset);
        let away = every.saturating_mul(self.job.abs());
        if self.job < 0 { offset - away } else { offset + away }
    }

    fn start_next(&mut self, jobs: &Jobs) -> Option<()> {
        jobs.every?;
        self.job += 1;
        self.step = 0;
        self.now = self.now.max(self.job_start(jobs) + jobs.start_up);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, Seed};

    fn jobs(every: Option<i64>) -> Jobs {
        Jobs {
            every: every.map(SimDuration::from_secs),
            offset: SimDuration::from_secs(10),
            start_up: SimDuration::from_secs(5),
            steps: vec![
                JobStep { action: Action::Read, objects: 7, rate: Rate::per_s(100.0) },
                JobStep { action: Action::Write, objects: 2, rate: Rate::per_s(100.0) },
            ],
            growth: None,
        }
    }

    fn actions(jobs: &Jobs, slots: u32, until: i64) -> Vec<JobAction> {
        let end = SimTime::from(SimDuration::from_secs(until));
        (0..slots)
            .flat_map(|slot| {
                let mut rng = Seed(2).stream(0, Purpose::Requests, (0, slot));
                let mut clock = JobClock::new(jobs, slot, slots, SimTime::ZERO);
                std::iter::from_fn(move || clock.next(jobs, &mut rng))
                    .take_while(move |action| action.time < end)
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    #[test]
    fn slots_share_each_step_and_do_every_object_once() {
        for slots in [1, 2, 10] {
            let actions = actions(&jobs(None), slots, 1_000);
            let mut read: Vec<u64> =
                actions.iter().filter(|a| a.action == Action::Read).map(|a| a.index).collect();
            read.sort_unstable();
            assert_eq!(read, (0..7).collect::<Vec<_>>(), "{slots} slots");
            assert_eq!(actions.len(), 9);
            assert!(actions.iter().all(|a| a.time >= SimTime::from(SimDuration::from_secs(15))));
        }
    }

    #[test]
    fn jobs_recur() {
        assert_eq!(actions(&jobs(Some(60)), 3, 600).len(), 9 * 10);
        assert_eq!(jobs(Some(60)).starts(SimDuration::from_secs(600)), 10);
        assert_eq!(jobs(None).starts(SimDuration::from_secs(600)), 1);
        assert_eq!(jobs(None).starts(SimDuration::from_secs(10)), 0);
    }

    #[test]
    fn jobs_that_do_nothing_are_refused() {
        assert!(Jobs { steps: vec![], ..jobs(None) }.check().is_err());
        assert!(Jobs { every: Some(SimDuration::ZERO), ..jobs(None) }.check().is_err());
    }
}
