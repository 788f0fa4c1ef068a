//! JSON Schemas of everything that bks writes as JSON, and of scenarios.
//!
//! A schema is derived from the very type that is serialised, so neither can have a key that the other lacks.
//! Keys that are added to a document afterwards (the reasons of assertions) are added to its schema beside that code.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema};

use super::document::{Block, Document, Table};
use super::{
    advice, calibration, comparison, experiment, explanation, inventory, json, lint, migration,
    reconciliation, sensitivity,
};
use crate::named_enum::named_enum;
use crate::results::sensitivity::SensitivityRun;
use crate::scenario::written::ScenarioFile;
use crate::sweep::checked_points::SweepIdentity;
use crate::sweep::rows::LineOfSweep;

named_enum! {
    /// What a schema is of.
    pub OutputKind {
        /// A scenario file.
        Scenario = "scenario",
        /// A run, or several.
        Results = "results",
        /// `result.json` of a results folder.
        ResultFile = "result-file",
        /// A comparison, and `comparison.json`.
        Comparison = "comparison",
        /// An analysis of sensitivity.
        Sensitivity = "sensitivity",
        /// `sensitivity.json` of a results folder.
        SensitivityFile = "sensitivity-file",
        /// `sweep.json` of a results folder.
        Sweep = "sweep",
        /// A line of `sweep.jsonl`.
        SweepLine = "sweep-line",
        /// Advice, and `advice.json`.
        Advice = "advice",
        /// Causes of calls, and `causes.json`.
        Causes = "causes",
        /// Requests explained one by one.
        Requests = "requests",
        /// Findings in policies and settings.
        Lint = "lint",
        /// A plan of a migration.
        Migration = "migration",
        /// `migration.json` of a results folder.
        MigrationFile = "migration-file",
        /// A summary of inventories.
        Inventory = "inventory",
        /// A model beside a trail.
        Reconciliation = "reconciliation",
        /// Assumptions estimated from a trail.
        Calibration = "calibration",
        /// An experiment.
        Experiment = "experiment",
        /// `experiment.json` of an experiment's folder.
        ExperimentFile = "experiment-file",
    }
}

impl OutputKind {
    /// The schema.
    #[must_use]
    pub fn schema(self) -> Schema {
        match self {
            Self::Scenario => schemars::schema_for!(ScenarioFile),
            Self::Results => json::schema_of_runs(),
            Self::ResultFile => json::schema_of_file(),
            Self::Comparison => of::<comparison::ComparisonDocument>(),
            Self::Sensitivity => of::<sensitivity::SensitivityDocument>(),
            Self::SensitivityFile => of::<SensitivityRun>(),
            Self::Sweep => of::<SweepIdentity>(),
            Self::SweepLine => of::<LineOfSweep>(),
            Self::Advice => of::<advice::AdviceDocument>(),
            Self::Causes => of::<explanation::CausesDocument>(),
            Self::Requests => of::<explanation::RequestsDocument>(),
            Self::Lint => of::<lint::LintDocument>(),
            Self::Migration => of::<migration::MigrationDocument>(),
            Self::MigrationFile => of::<migration::MigrationFile>(),
            Self::Inventory => of::<inventory::InventoryDocument>(),
            Self::Reconciliation => of::<reconciliation::ReconciliationDocument>(),
            Self::Calibration => of::<calibration::CalibrationDocument>(),
            Self::Experiment => of::<experiment::ExperimentDocument>(),
            Self::ExperimentFile => of::<experiment::ExperimentFile>(),
        }
    }

    /// Who writes such a document, as it is typed.
    #[must_use]
    pub const fn written_by(self) -> &'static str {
        match self {
            Self::Scenario => "you, or bks init",
            Self::Results => "bks simulate --format json, bks replay --format json",
            Self::ResultFile => "result.json of bks simulate and bks replay",
            Self::Comparison => "bks compare --format json, comparison.json",
            Self::Sensitivity => "bks sensitivity --format json",
            Self::SensitivityFile => "sensitivity.json of bks sensitivity",
            Self::Sweep => "sweep.json of bks sweep and bks merge",
            Self::SweepLine => "each line of sweep.jsonl of bks sweep --format json",
            Self::Advice => "bks advise --format json, advice.json",
            Self::Causes => "bks explain --format json, causes.json",
            Self::Requests => {
                "bks explain --format json with --object, --request, --requester or --at"
            }
            Self::Lint => "bks lint --format json",
            Self::Migration => "bks migrate --format json",
            Self::MigrationFile => "migration.json of bks migrate",
            Self::Inventory => "bks inventory --format json",
            Self::Reconciliation => "bks reconcile --format json",
            Self::Calibration => "bks calibrate --format json",
            Self::Experiment => "bks experiment --format json",
            Self::ExperimentFile => "experiment.json of bks experiment",
        }
    }
}

/// All kinds, for people.
#[must_use]
pub fn document() -> Document {
    let table = Table::of(&OutputKind::ALL)
        .text("KIND", |kind| kind.name().to_owned())
        .text("written by", |kind| kind.written_by().to_owned());
    Document::of(vec![Block::Table(table.table())])
}

/// The schema of what is serialised from `T`: no object has a key that it does not name.
pub(super) fn of<T: JsonSchema>() -> Schema {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<T>();
    RecursiveTransform(close).transform(&mut schema);
    schema
}

/// Lets an object have no other keys than those named.
fn close(schema: &mut Schema) {
    let names_keys = schema.get("properties").is_some();
    if names_keys && schema.get("additionalProperties").is_none() {
        schema.insert("additionalProperties".to_owned(), false.into());
    }
}
