//! Charts from typed rows.

use serde::Serialize;

use super::table::Table;
use super::{Chart, Kind, Options};
use crate::compare::{CostChangeRow, DifferenceRow};
use crate::error::Result;
use crate::results::csv;
use crate::results::rows::{
    BucketRow, CostRow, OperationRow, PrefixRow, PrincipalRow, ReplicationRow, RequesterRow,
    SensitivityRow, SummaryRow, TimelineRow,
};
use crate::results::sensitivity::{BreakEvenRow, CurveRow, SobolRow, SpreadRow};
use crate::sweep::swept::{SWEEP, Swept};

fn table<T: Serialize + Default>(kind: Kind, rows: &[T]) -> Result<Table> {
    let text = String::from_utf8(csv::write(rows)).expect("CSV is text");
    Table::parse(kind.file(), &text)
}

macro_rules! charts {
    ($($(#[$doc:meta])* $name:ident: $row:ty => $kind:ident;)*) => { $(
        $(#[$doc])*
        ///
        /// # Errors
        /// If there are no rows, or an option names what they do not have.
        pub fn $name(rows: &[$row], options: &Options) -> Result<Chart> {
            Kind::$kind.chart(&table(Kind::$kind, rows)?, options)
        }
    )* };
}

charts! {
    /// The saving, or another figure, of each configuration with its range.
    saving: SummaryRow => Summary;
    /// KMS requests a second over time.
    kms_over_time: TimelineRow => KmsOverTime;
    /// Bucket-level keys alive over time.
    keys_alive: TimelineRow => KeysAlive;
    /// The bill of each configuration, line by line.
    bill: CostRow => Costs;
    /// Bill lines that candidates change.
    bill_changes: CostChangeRow => CostChanges;
    /// Who causes the KMS requests.
    requesters: RequesterRow => Requesters;
    /// Which S3 operations cause them.
    operations: OperationRow => Operations;
    /// What each principal saves.
    principals: PrincipalRow => Principals;
    /// What each bucket of a log saves.
    buckets: BucketRow => Buckets;
    /// What each prefix of a log saves.
    prefixes: PrefixRow => Prefixes;
    /// How far each assumption moves the saving.
    tornado: SensitivityRow => Tornado;
    /// How much of the variance each assumption explains.
    sobol: SobolRow => Sobol;
    /// The saving over all that the assumptions may be.
    spread: SpreadRow => Spread;
    /// A figure of each replication.
    replications: ReplicationRow => Replications;
    /// Where the saving crosses a target, for each parameter.
    break_even_values: BreakEvenRow => BreakEvenValues;
    /// A figure of candidates beside their reference.
    comparison: DifferenceRow => Comparison;
}

/// The saving at each value that was tried, a chart for each parameter.
///
/// # Errors
/// If there are no rows, or an option names what they do not have.
pub fn break_even_curves(rows: &[CurveRow], options: &Options) -> Result<Vec<Chart>> {
    Kind::BreakEven.charts(&table(Kind::BreakEven, rows)?, options)
}

/// A figure against a swept key, as lines.
///
/// # Errors
/// If an option names what the sweep does not have.
pub fn sweep(swept: &Swept, options: &Options) -> Result<Chart> {
    Kind::Saving.chart(&Table::parse(SWEEP, &swept.text)?, options)
}

/// A figure against two swept keys, as a map.
///
/// # Errors
/// If there are not two keys, or an option names what the sweep does not have.
pub fn heat_map(swept: &Swept, options: &Options) -> Result<Chart> {
    Kind::HeatMap.chart(&Table::parse(SWEEP, &swept.text)?, options)
}
