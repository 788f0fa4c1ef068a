//! Bills of a run, and savings as differences of two of them.

use crate::encryption::assumption::Level;
use crate::results::rows::{ReplicationRow, SummaryRow};
use crate::results::run::{StepProgress, summary_and_replications};
use crate::scenario::Scenario;
use crate::statistics::Estimate;
use crate::units::Usd;

/// What one configuration of a run costs.
#[derive(Clone, Debug)]
pub struct ConfigurationBill {
    /// Its row at each level of assumptions.
    levels: [SummaryRow; 3],
    /// The bill of each replication, as assumed.
    replications: Vec<f64>,
}

/// The bills of a run: of what is in use now, and with bucket keys.
#[derive(Clone, Debug)]
pub struct Bills {
    /// Of the configuration that is in use now.
    pub now: ConfigurationBill,
    /// Of the one that is advised.
    pub keys: ConfigurationBill,
}

/// What one bill is below another, in a billing period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Saving {
    /// With every assumption as assumed.
    pub assumed: Usd,
    /// The least at any level of assumptions, the same for both bills.
    pub low: Usd,
    /// The most.
    pub high: Usd,
    /// 95 % confidence half-width of the assumed one, pair by pair of replications; `None` of a single one.
    pub half_width: Option<Usd>,
}

impl Bills {
    /// Counterfactuals a scenario for the bills of the two configurations with these names.
    ///
    /// # Panics
    /// If the scenario has none of that name.
    #[must_use]
    pub fn of(scenario: &Scenario, [now, keys]: [&str; 2], progress: StepProgress) -> Self {
        let (rows, replications) = summary_and_replications(scenario, progress);
        let [now, keys] = [now, keys].map(|name| ConfigurationBill::of(name, &rows, &replications));
        Self { now, keys }
    }
}

impl ConfigurationBill {
    fn of(name: &str, rows: &[SummaryRow], replications: &[ReplicationRow]) -> Self {
        let levels = Level::ALL.map(|level| {
            let row = rows.iter().find(|row| row.is_of(name, level));
            row.expect("every configuration has a row at every level").clone()
        });
        let own = replications
            .iter()
            .filter(|row| row.configuration == name && row.assumption == Level::Assumed);
        Self { levels, replications: own.map(|row| row.total_cost_usd.as_f64()).collect() }
    }

    /// The figures as assumed.
    #[must_use]
    pub fn row(&self) -> &SummaryRow {
        self.at(Level::Assumed)
    }

    fn at(&self, level: Level) -> &SummaryRow {
        let row = self.levels.iter().find(|row| row.assumption == level);
        row.expect("there is a row at every level")
    }

    /// The requests and keys bill as assumed.
    #[must_use]
    pub fn bill(&self) -> Usd {
        self.row().total_cost_usd
    }

    /// What this bill is below `before`.
    #[must_use]
    pub fn saving_from(&self, before: &Self) -> Saving {
        let differences =
            Level::ALL.map(|level| before.at(level).total_cost_usd - self.at(level).total_cost_usd);
        let assumed = before.bill() - self.bill();
        let pairs = before.replications.len().min(self.replications.len());
        let paired = Estimate::of_paired_difference(
            &before.replications[..pairs],
            &self.replications[..pairs],
        );
        Saving {
            assumed,
            low: differences.into_iter().fold(assumed, Usd::min),
            high: differences.into_iter().fold(assumed, Usd::max),
            half_width: paired.and_then(|paired| paired.half_width).map(Usd::from_f64),
        }
    }
}
