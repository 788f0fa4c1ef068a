//! A scenario's run: its arms, and what all of its rows are made of.

use super::arms::{self, Counted};
use super::assumption_effects::Variations;
use super::counts::ArmCounts;
use super::migration::Migration;
use super::nine_in_ten::NineInTen;
use super::parts::PartCounts;
use super::ranking::Varied;
use super::rows::{ReplicationRow, SensitivityRow, SummaryRow};
use super::{summary, tables};
use crate::encryption::assumption::Level;
use crate::scenario::{Configuration, Scenario};

pub use super::arms::bytes_at_most;
pub use super::nine_in_ten::bytes_of_sets;

/// What a run tells of its progress.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// A round of replications was decided. The first also runs what moves the answer most.
    Decided {
        /// Replications in all, this round included.
        replications: u32,
        /// About how many requests will be answered in this round.
        requests: f64,
    },
    /// Sets of assumptions are answered together, on about so many requests.
    SetsDecided(f64),
    /// So many requests more have been answered.
    Answered(u64),
}

/// Is told of each step; called from any thread.
pub type StepProgress<'a> = &'a (dyn Fn(Step) + Sync);

/// Runs a scenario for its rows of `summary.csv` alone, without what moves the answer most, which takes as
/// long as a replication or two, and without the nine-in-ten intervals unless an assertion is about them: for
/// those who vary the scenario themselves.
#[must_use]
pub fn summary(scenario: &Scenario, progress: StepProgress) -> Vec<SummaryRow> {
    let mut run = Run::of(scenario, &Variations::default(), None, progress);
    if scenario.assertions.iter().any(|demand| demand.point.is_quantile()) {
        run.nine_in_ten = NineInTen::of_all(&run, progress);
    }
    summary::rows(&run)
}

/// As [`summary()`], with the figures of each replication beside it.
#[must_use]
pub fn summary_and_replications(
    scenario: &Scenario,
    progress: StepProgress,
) -> (Vec<SummaryRow>, Vec<ReplicationRow>) {
    let run = Run::of(scenario, &Variations::default(), None, progress);
    (summary::rows(&run), tables::replications(&run))
}

/// What a run counted, and what its tables have in common.
pub(super) struct Run<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) counted: Counted,
    /// Of each configuration, if it has one.
    pub(super) migrations: Vec<Option<Migration>>,
    /// Assumptions by how far they move the headline's saving, the farthest first.
    pub(super) swings: Vec<SensitivityRow>,
    /// The headline with each assumption by itself at both ends, in the first replication.
    pub(super) varied: Vec<Varied>,
    /// Of each configuration that depends on what is not known; empty until they are drawn.
    pub(super) nine_in_ten: Vec<Option<NineInTen>>,
    /// What parts of a log have counted, in the place of a run.
    pub(super) parts: Option<&'a PartCounts<'a>>,
}

/// One configuration's counts at one level.
#[derive(Clone, Copy)]
pub(super) struct LevelCounts<'a> {
    pub(super) index: usize,
    pub(super) configuration: &'a Configuration,
    pub(super) level: Level,
    pub(super) counts: &'a ArmCounts,
}

impl<'a> Run<'a> {
    pub(super) fn of(
        scenario: &'a Scenario,
        variations: &Variations,
        parts: Option<&'a PartCounts<'a>>,
        progress: StepProgress,
    ) -> Self {
        let (counted, at_ends) = arms::run(scenario, variations, parts, progress);
        let indices = 0..scenario.configurations.len();
        let varied = variations.varied(&at_ends);
        Self {
            scenario,
            migrations: indices.map(|index| Migration::of(scenario, &counted, index)).collect(),
            swings: variations.rows(scenario, &counted, &varied),
            varied,
            nine_in_ten: Vec::new(),
            parts,
            counted,
        }
    }

    /// Every configuration at one level.
    pub(super) fn at(&self, level: Level) -> impl Iterator<Item = LevelCounts<'_>> {
        (0..self.scenario.configurations.len()).map(move |index| self.place(index, level))
    }

    /// Every configuration at every level, in the order of tables.
    pub(super) fn everywhere(&self) -> impl Iterator<Item = LevelCounts<'_>> {
        let indices = 0..self.scenario.configurations.len();
        indices.flat_map(|index| Level::ALL.map(|level| self.place(index, level)))
    }

    pub(super) fn place(&self, index: usize, level: Level) -> LevelCounts<'_> {
        LevelCounts {
            index,
            configuration: &self.scenario.configurations[index],
            level,
            counts: self.counted.at(index, level),
        }
    }

    /// The counts that savings at a level are measured against: what is unknown is the same for both.
    pub(super) fn baseline(&self, level: Level) -> &ArmCounts {
        self.counted.at(self.scenario.reference, level)
    }
}
