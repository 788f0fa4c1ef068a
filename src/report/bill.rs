//! The bill line by line, configurations side by side.

use crate::encryption::assumptions::Level;
use crate::results::Results;
use crate::results::rows::CostRow;
use crate::units::Usd;

/// One line of the bill at the assumed level.
pub(super) struct Line<'a> {
    /// What is charged: any of its rows, for what all have alike.
    pub(super) any: &'a CostRow,
    /// The region that charges it, if there are several.
    pub(super) region: Option<String>,
    /// The row of each configuration, in the order of the scenario; `None` where it has no such line.
    pub(super) rows: Vec<Option<&'a CostRow>>,
}

impl Line<'_> {
    /// What a configuration pays for it.
    pub(super) fn billed(&self, configuration: usize) -> Usd {
        self.rows[configuration].map_or(Usd::default(), |row| row.billed_cost)
    }

    /// Whether it is charged once instead of in every billing period.
    pub(super) fn is_once(&self) -> bool {
        self.any.charge_frequency == "One-Time"
    }

    /// Its words on the bill.
    pub(super) fn label(&self) -> String {
        let once = if self.is_once() { ", once" } else { "" };
        let region = match &self.region {
            Some(region) => format!(", {region}"),
            None => String::new(),
        };
        format!("{}{region}{once}", self.any.charge_description)
    }

    /// Whether any configuration pays another amount than the others, or uses another quantity.
    pub(super) fn differs(&self) -> bool {
        let of = |row: Option<&CostRow>| {
            row.map_or((Usd::default(), 0), |row| (row.billed_cost, row.pricing_quantity))
        };
        self.rows.iter().any(|row| of(*row) != of(self.rows[0]))
    }
}

/// Every line that some configuration has at the assumed level, what is charged once last.
pub(super) fn lines(results: &Results) -> Vec<Line<'_>> {
    let configurations = &results.facts.configurations;
    let mut lines: Vec<Line> = Vec::new();
    let key = |row: &CostRow| {
        let (service, description) = (row.service_name.clone(), row.charge_description.clone());
        (row.charge_frequency.clone(), row.region_id.clone(), service, description)
    };
    let first = results.costs.first().map(|row| &row.region_id);
    let several = results.costs.iter().any(|row| Some(&row.region_id) != first);
    for row in results.costs.iter().filter(|row| row.assumption == Level::Assumed) {
        let place = configurations.iter().position(|it| it.name == row.configuration);
        let Some(place) = place else { continue };
        let known = lines.iter().position(|line| key(line.any) == key(row));
        let line = known.unwrap_or_else(|| {
            let region = several.then(|| row.region_id.clone());
            lines.push(Line { any: row, region, rows: vec![None; configurations.len()] });
            lines.len() - 1
        });
        lines[line].rows[place] = Some(row);
    }
    lines.sort_by_key(Line::is_once);
    lines
}
