//! One configuration under one set of assumptions.

use crate::encryption::assumption::Assumptions;
use crate::encryption::requester::Requesters;
use crate::encryption::service::Scheme;
use crate::scenario::{Configuration, Scenario};

/// One configuration under one set of assumptions.
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    /// Index of the configuration.
    pub configuration: usize,
    /// What AWS does not publish.
    pub assumptions: Assumptions,
    /// Whose counts are told apart.
    pub breakdown: Breakdown,
}

/// Whose counts of an arm are told apart; each one's beside the sums of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Breakdown {
    /// Nobody's: its figures alone are wanted, as of one of many sets of assumptions.
    None,
    /// Those of buckets and principals.
    Buckets,
    /// Those of requesters, and of buckets by the second, too.
    Requesters,
}

impl Arm {
    /// An arm of which only sums are of interest, of buckets and principals, too.
    #[must_use]
    pub const fn of_totals(configuration: usize, assumptions: Assumptions) -> Self {
        Self { configuration, assumptions, breakdown: Breakdown::Buckets }
    }

    /// An arm of which nothing is of interest but its figures.
    #[must_use]
    pub const fn of_figures(configuration: usize, assumptions: Assumptions) -> Self {
        Self { configuration, assumptions, breakdown: Breakdown::None }
    }
}

/// An arm as it is run.
#[derive(Clone, Copy)]
pub(crate) struct SeenArm<'a> {
    /// The arm.
    pub(crate) arm: &'a Arm,
    /// The scenario as it sees it: the one that is run, but for what is assumed of objects whose writing a
    /// log does not tell.
    pub(crate) scenario: &'a Scenario,
    /// Whether nothing is asked of it but the first replication.
    pub(crate) once: bool,
}

impl SeenArm<'_> {
    /// The configuration that is run.
    pub(crate) fn configuration(&self) -> &Configuration {
        &self.scenario.configurations[self.arm.configuration]
    }

    /// The rules by which its requests are answered.
    pub(crate) fn scheme(&self) -> Scheme {
        self.configuration().scheme(self.scenario, self.arm.assumptions)
    }
}

/// An arm before it is run, to estimate what it will take.
#[derive(Clone, Copy)]
pub(crate) struct PlannedArm<'a> {
    /// What is run.
    pub(crate) scenario: &'a Scenario,
    /// How the buckets are encrypted.
    pub(crate) configuration: &'a Configuration,
    /// Who is who under the configuration's rule.
    pub(crate) requesters: &'a Requesters,
    /// What AWS does not publish.
    pub(crate) assumptions: &'a Assumptions,
}
