//! How far each assumption alone moves the headline's saving.

use super::arms::{Counted, View};
use super::ranking::{Varied, VariedCounts};
use super::rows::{SensitivityRow, UNKNOWN_OBJECTS};
use super::run::{Step, StepProgress};
use crate::encryption::assumption::{Level, Variation};
use crate::figure::saving;
use crate::scenario::Scenario;
use crate::scenario::replay::UnknownAge;
use crate::simulation::engines::Engines;
use crate::simulation::{Arm, run_and};
use crate::tally::Tally;

/// The headline, and the reference where it depends on them, with each assumption by itself at each end of its
/// range; by default none.
#[derive(Default)]
pub(super) struct Variations {
    list: Vec<Variation>,
    headline: EndArms,
    reference: Option<EndArms>,
}

/// A configuration with one thing at a time at an end of its range.
#[derive(Default)]
struct EndArms {
    /// Two for each assumption: at the low end and at the high.
    of_assumptions: Vec<Arm>,
    /// The configuration as assumed, if it has objects whose writing a log does not tell: no such object has a
    /// bucket key at the low end, and all of a bucket have the same at the high.
    of_unknown: Option<Arm>,
}

impl EndArms {
    /// Those of a configuration at the ends that each thing in `list` has in its own ranges.
    fn of(scenario: &Scenario, number: usize, list: &[Variation]) -> Self {
        let ranges = &scenario.configurations[number].ranges;
        let (own, assumed) = (ranges.one_at_a_time(), ranges.at(Level::Assumed));
        let ends = list.iter().flat_map(|varied| {
            let own = own.iter().find(|own| own.assumption == varied.assumption);
            own.map_or([assumed; 2], |own| [own.at_low, own.at_high])
        });
        let is_unknown = scenario.recording.as_ref().is_some_and(|log| log.seen.of_unknown > 0)
            && scenario.populations.iter().any(|it| scenario.domain_of(it).encryption.is_none());
        Self {
            of_assumptions: ends.map(|set| Arm::of_totals(number, set)).collect(),
            of_unknown: is_unknown.then(|| Arm::of_totals(number, assumed)),
        }
    }

    /// The arms, and how each sees a log.
    fn seen(&self) -> impl Iterator<Item = (&Arm, View)> {
        let of_unknown = self.of_unknown.iter();
        let of_unknown = of_unknown.flat_map(|arm| [(arm, View::Low), (arm, View::High)]);
        self.of_assumptions.iter().map(|arm| (arm, View::AsGiven)).chain(of_unknown)
    }
}

impl Variations {
    /// All of the headline's; none if it uses no bucket keys.
    pub(super) fn of_headline(scenario: &Scenario) -> Self {
        let [headline, reference] = [scenario.headline, scenario.reference];
        let [varies, reference_varies] = [headline, reference]
            .map(|number| scenario.configurations[number].uses_bucket_keys(&scenario.domains));
        if !varies {
            return Self::default();
        }
        let list = scenario.configurations[headline].ranges.one_at_a_time();
        Self {
            headline: EndArms::of(scenario, headline, &list),
            reference: reference_varies.then(|| EndArms::of(scenario, reference, &list)),
            list,
        }
    }

    /// Of each configuration the arms, two for each assumption and at last those of unknown objects, and how
    /// each sees a log.
    pub(super) fn seen(&self) -> impl Iterator<Item = (&Arm, View)> {
        self.headline.seen().chain(self.reference.iter().flat_map(EndArms::seen))
    }

    /// The arms that need no view of their own.
    pub(super) fn arms(&self) -> impl Iterator<Item = &Arm> {
        let of_reference = self.reference.iter().flat_map(|it| &it.of_assumptions);
        self.headline.of_assumptions.iter().chain(of_reference)
    }

    /// What is varied.
    fn names(&self) -> impl Iterator<Item = &'static str> {
        let names = self.list.iter().map(|variation| variation.assumption.name());
        names.chain(self.headline.of_unknown.iter().map(|_| UNKNOWN_OBJECTS))
    }

    /// What each of the arms of [`Self::seen`] is called in a part of a log.
    pub(super) fn roles(&self) -> impl Iterator<Item = String> {
        let configurations = 1 + usize::from(self.reference.is_some());
        let names = (0..configurations).flat_map(|_| self.names());
        names.flat_map(|name| ["low", "high"].map(|end| format!("{name}-{end}")))
    }

    /// What each of [`Self::arms`] counts in the first replication, whose requests all see.
    pub(super) fn counts(
        &self,
        scenario: &Scenario,
        engines: &Engines,
        progress: StepProgress,
    ) -> Vec<VariedCounts> {
        let arms: Vec<Arm> = self.arms().cloned().collect();
        if arms.is_empty() {
            return Vec::new();
        }
        let progress = |requests| progress(Step::Answered(requests));
        let keep = |tally: Tally| VariedCounts::of(&tally);
        run_and(scenario, engines, &arms, 0..1, &progress, keep).concat()
    }

    /// What the arms of [`Self::seen`] counted, by what is varied.
    pub(super) fn varied(&self, counted: &[VariedCounts]) -> Vec<Varied> {
        let (headline, reference) = counted.split_at(self.headline.seen().count());
        let mut of_reference = reference.chunks_exact(2);
        let both = self.names().zip(headline.chunks_exact(2));
        let varied = both.map(|(name, ends)| Varied {
            name: name.to_owned(),
            at_ends: [ends[0].clone(), ends[1].clone()],
            reference: of_reference.next().map(|ends| [ends[0].clone(), ends[1].clone()]),
        });
        varied.collect()
    }

    /// How far each assumption moves the headline's saving, the farthest first; nothing if there is
    /// nothing to save.
    pub(super) fn rows(
        &self,
        scenario: &Scenario,
        counted: &Counted,
        varied: &[Varied],
    ) -> Vec<SensitivityRow> {
        let [baseline, headline] = [scenario.reference, scenario.headline]
            .map(|index| counted.at(index, Level::Assumed).each[0].calls.total() as f64);
        let Some(assumed) = saving(headline, baseline) else { return Vec::new() };
        let ends = varied.iter().flat_map(|it| it.calls(baseline));
        let at_ends: Vec<f64> = ends.filter_map(|(own, baseline)| saving(own, baseline)).collect();
        let (at_ends, of_unknown) = at_ends.split_at(at_ends.len().min(2 * self.list.len()));
        let mut rows = SensitivityRow::all(scenario, self.list.clone(), at_ends, assumed);
        if let &[at_low, at_high] = of_unknown {
            rows.push(SensitivityRow::of_unknown(scenario, [at_low, assumed, at_high]));
            SensitivityRow::sort(&mut rows);
        }
        rows
    }
}

impl SensitivityRow {
    /// A row for each variation of the headline, the farthest first, from the savings at the low and the
    /// high end of each and the one with everything as assumed.
    #[must_use]
    pub fn all(
        scenario: &Scenario,
        variations: Vec<Variation>,
        at_ends: &[f64],
        assumed: f64,
    ) -> Vec<Self> {
        let rows = variations.into_iter().zip(at_ends.chunks_exact(2));
        let mut rows: Vec<Self> = rows
            .map(|(variation, at_ends)| Self {
                scenario: scenario.name.clone(),
                configuration: scenario.configurations[scenario.headline].name.clone(),
                assumption: variation.assumption.name().to_owned(),
                low: variation.range.low.to_string(),
                assumed: variation.range.assumed.to_string(),
                high: variation.range.high.to_string(),
                saving_at_low: at_ends[0],
                saving_at_assumed: assumed,
                saving_at_high: at_ends[1],
            })
            .collect();
        Self::sort(&mut rows);
        rows
    }

    /// The row of objects whose writing is not in the log, from the savings at the low end, as assumed and at
    /// the high end.
    fn of_unknown(scenario: &Scenario, [at_low, assumed, at_high]: [f64; 3]) -> Self {
        Self {
            scenario: scenario.name.clone(),
            configuration: scenario.configurations[scenario.headline].name.clone(),
            assumption: UNKNOWN_OBJECTS.to_owned(),
            low: UnknownAge::Keyless.to_string(),
            assumed: scenario.unknown_age.to_string(),
            high: UnknownAge::OneKey.to_string(),
            saving_at_low: at_low,
            saving_at_assumed: assumed,
            saving_at_high: at_high,
        }
    }

    /// Puts those first that move the saving farthest.
    fn sort(rows: &mut [Self]) {
        rows.sort_by(|a, b| b.width().total_cmp(&a.width()));
    }

    /// Distance between the savings at both ends.
    #[must_use]
    pub fn width(&self) -> f64 {
        (self.saving_at_high - self.saving_at_low).abs()
    }
}
