//! A replay in parts: what the run of a part of a log counts, as numbers that add up, and the results of all parts
//! together.
//!
//! Everything before this seam is counted: whole numbers, of which the whole log's are the sums of its parts' as long as
//! each bucket lies in one of them. Everything after it is figured: peaks, quantiles, quotas, bills, rounding.
//!
//! ```text
//! part of a log ─► tallies, arm by arm ─► numbers by name ─┐
//! part of a log ─► …                                       ├─ sum ─► tallies of the whole log ─► results
//! part of a log ─► …                                       ┘
//! ```
//!
//! A configuration as assumed is told in full, in the first replication. Every other arm is told by how it differs from
//! that, and every other replication by how it differs from the first: most differ little, and an arm that a part
//! does not have, as nothing there depends on it, does not differ at all.

mod names;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::Results;
use super::arms::ArmTally;
use super::assumption_effects::Variations;
use super::run::StepProgress;
use super::{arms, nine_in_ten};
use crate::cells::{ArmColumns, CellName, Cells};
use crate::encryption::requester::RequesterRule;
use crate::error::{Error, Result};
use crate::recording::Recording;
use crate::recording::part::{PartSpan, principal_words};
use crate::scenario::{Configuration, Scenario, Sender};
use crate::simulation::part::{blank, with_principals_apart};
use crate::simulation::{Arm, Breakdown};
use crate::tally::{Tally, TallyCell};

use names::{FoundCell, RunNames};

/// A configuration as assumed.
pub(super) const ASSUMED: &str = "assumed";
/// A configuration without its migration, as assumed, where the scenario does not have that.
pub(super) const UNMIGRATED: &str = "unmigrated";
/// No key is ever found in memory.
pub(super) const FLOOR: &str = "floor";
/// Keys live for ever in one place.
pub(super) const CEILING: &str = "ceiling";

/// Whether an arm is told in full, in the first replication.
pub(super) fn is_base(role: &str) -> bool {
    role == ASSUMED || role == UNMIGRATED
}

/// What is known of a part of a log, and what its run counts.
#[must_use]
pub fn of_part(scenario: &Scenario, progress: StepProgress) -> Cells {
    let mut cells = Cells::default();
    let Some(log) = &scenario.recording else { return cells };
    log.put_into(&mut cells);
    for (principal, sender) in scenario.principals.iter().zip(&scenario.senders) {
        let [account, kind, name] = principal_words(principal);
        let words = [account, kind, name, told(sender).as_bytes()].map(<[u8]>::to_vec);
        cells.add_of_log("sender", &words.each_ref().map(Vec::as_slice), 1);
    }
    let scenario = &with_principals_apart(scenario);
    let names = [RequesterRule::Session, RequesterRule::Role]
        .map(|rule| (rule, RunNames::of(scenario, rule)));
    let variations = Variations::of_headline(scenario);
    let assumed = arms::each_tally(scenario, &variations, progress, &mut |of| {
        put(&mut cells, &names, of, true);
    });
    nine_in_ten::each_tally(scenario, progress, &mut |index, role, own| {
        let configuration = &scenario.configurations[index];
        let base = Some(&assumed[index]);
        let of = ArmTally { configuration, role, replication: 0, own, base };
        // Of a set of assumptions nobody asks when calls were but by the second.
        put(&mut cells, &names, &of, false);
    });
    cells
}

/// Adds what an arm counts, in time bins only if those are asked for.
fn put(cells: &mut Cells, names: &[(RequesterRule, RunNames)], of: &ArmTally, has_bins: bool) {
    let ArmTally { configuration, role, replication, own, base } = *of;
    let columns = ArmColumns { configuration: &configuration.name, arm: role, replication };
    let whose = Cells::columns(&columns);
    let Some((_, names)) = names.iter().find(|(rule, _)| *rule == configuration.rule) else {
        return;
    };
    own.differences(base, has_bins, |cell: TallyCell, more: i64| {
        let (what, place) = names.written(cell);
        cells.add(&whose, what, &place, more);
    });
}

/// What settings tell of a principal by its name.
fn told(sender: &Sender) -> String {
    format!("{} {:?}", sender.connections, sender.retries)
}

/// Refuses parts in which the settings told something else of a principal than of the same in the whole log, as roles of
/// two accounts have one name and only one of them is in the part.
///
/// # Errors
/// Names the principal.
pub fn check_senders(cells: &Cells, scenario: &Scenario) -> Result<()> {
    let senders = scenario.principals.iter().zip(&scenario.senders);
    let senders = senders.map(|(principal, sender)| {
        (principal_words(principal).map(<[u8]>::to_vec), (sender, told(sender)))
    });
    let senders: HashMap<[Vec<u8>; 3], (&Sender, String)> = senders.collect();
    for (name, _) in cells.of_log("sender") {
        let words = name.words();
        let [account, kind, principal, told] = words.as_slice() else { continue };
        let key = [account.clone(), kind.clone(), principal.clone()];
        if let Some((sender, whole)) = senders.get(&key)
            && whole.as_bytes() != told.as_slice()
        {
            return Err(Error::request(format!(
                "a part has `{}` for `{}`, but the whole log has `{whole}`: principals of several accounts have one name, so \
                 the settings mean another in a part",
                String::from_utf8_lossy(told),
                sender.name
            ))
            .hint("give connections and retries to all principals alike, by `--set connections=N`"));
        }
    }
    Ok(())
}

/// What is known of a part of a log in which there is no request.
#[must_use]
pub fn of_no_request(log: &Recording) -> Cells {
    let mut cells = Cells::default();
    log.put_into(&mut cells);
    cells
}

/// What all parts of a log have counted, summed.
pub struct PartCounts<'a> {
    cells: &'a Cells,
    names: [(RequesterRule, RunNames); 2],
    blanks: [(RequesterRule, Tally); 2],
    /// What each configuration has counted as assumed, by its name and what that is called.
    bases: Mutex<HashMap<(String, String), Arc<Based>>>,
    /// What is wrong with the numbers.
    failed: OnceLock<Error>,
}

impl<'a> PartCounts<'a> {
    fn of(cells: &'a Cells, scenario: &Scenario) -> Self {
        let rules = [RequesterRule::Session, RequesterRule::Role];
        Self {
            cells,
            names: rules.map(|rule| (rule, RunNames::of(scenario, rule))),
            blanks: rules.map(|rule| (rule, blank(scenario, rule))),
            bases: Mutex::default(),
            failed: OnceLock::new(),
        }
    }

    /// What an arm of a configuration has counted in a replication; `role` is what it is called.
    pub(super) fn tally(
        &self,
        configuration: &Configuration,
        arm: &Arm,
        role: &str,
        replication: u32,
    ) -> Tally {
        let base = if is_base(role) { role } else { ASSUMED };
        let based = self.base(configuration, base);
        let is_whole = arm.breakdown == Breakdown::Requesters;
        let mut tally = if is_whole { based.whole.clone() } else { based.lean.clone() };
        if role != base {
            self.add(configuration, (role, 0), is_whole, &mut tally);
        }
        if replication > 0 {
            self.add(configuration, (role, replication), is_whole, &mut tally);
        }
        tally
    }

    /// What a configuration has counted in the first replication, as assumed.
    fn base(&self, configuration: &Configuration, role: &str) -> Arc<Based> {
        let key = (configuration.name.clone(), role.to_owned());
        let mut bases = self.bases.lock().unwrap_or_else(PoisonError::into_inner);
        let base = bases.entry(key).or_insert_with(|| {
            let blank = self.blanks.iter().find(|(rule, _)| *rule == configuration.rule);
            let mut whole = blank.map(|(_, blank)| blank.clone()).expect("there are two rules");
            self.add(configuration, (role, 0), true, &mut whole);
            Arc::new(Based { lean: whole.clone().without_requesters(), whole })
        });
        Arc::clone(base)
    }

    /// Adds what an arm's numbers of a replication tell, those of buckets by the second only if that is told apart.
    fn add(
        &self,
        configuration: &Configuration,
        (role, replication): (&str, u32),
        is_whole: bool,
        tally: &mut Tally,
    ) {
        let of = ArmColumns { configuration: &configuration.name, arm: role, replication };
        let Some((_, names)) = self.names.iter().find(|(rule, _)| *rule == configuration.rule)
        else {
            return;
        };
        for (name, more) in self.cells.of_arm(&Cells::columns(&of)) {
            let put = match names.read(&name) {
                Some(FoundCell::One(TallyCell::BucketSecond(..))) if !is_whole => Some(()),
                Some(FoundCell::One(cell)) => tally.put(cell, more),
                Some(FoundCell::OfPrincipal(cell, place, is_billed)) => {
                    let put = tally.put(cell, more);
                    put.and_then(|()| tally.put_of_principal(place, is_billed, more))
                }
                None => None,
            };
            if put.is_none() {
                let _ = self.failed.set(does_not_add_up(&name, more));
            }
        }
    }
}

/// What a configuration has counted as assumed.
struct Based {
    /// Everything told apart.
    whole: Tally,
    /// Requesters, prefixes and the seconds of buckets left out.
    lean: Tally,
}

/// The error about a number that does not fit the others.
fn does_not_add_up(name: &CellName, n: i64) -> Error {
    Error::request(format!(
        "the number `{n}` of `{} {}` does not fit the others: it is of what no part has, or a sum falls below zero",
        name.whose.replace('\t', " "),
        name.shown()
    ))
    .hint("a partial result was changed, or lines of it are missing: make it again")
}

/// The scenario of all parts of a log is that of their recording, which this is.
///
/// # Errors
/// If the numbers are none of parts of a log.
pub fn recording(cells: &Cells, start: i64, from: i64, end: i64) -> Result<Recording> {
    Recording::of_parts(cells, PartSpan { start, from, end })
}

impl Results {
    /// The results of all parts of a log, whose numbers `cells` has; `scenario` is that of their recording.
    ///
    /// # Errors
    /// If the numbers do not fit together.
    pub fn of_parts(scenario: &Scenario, cells: &Cells) -> Result<Self> {
        let parts = PartCounts::of(cells, scenario);
        let results = Self::from_run_or_parts(scenario, Some(&parts), &|_| ());
        match parts.failed.into_inner() {
            None => Ok(results),
            Some(error) => Err(error),
        }
    }
}
