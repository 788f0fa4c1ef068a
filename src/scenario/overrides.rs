//! What is put over a scenario: `--set KEY=VALUE`, and the prices of `--prices`.
//!
//! Some keys are short for several: questions people ask, in one word.
//!
//! - `lifetime=V`: bucket-level keys live for V, where they are generated and where they are held;
//! - `requesters=N`: N requesters share the traffic of each role, whoever counts as one;
//! - `principal.NAME.requesters=N`: the same for a single principal, a role or a user;
//! - `connections=N`: each session of every principal comes on N connections, or on `fresh` ones;
//! - `prices={…}`: prices, each in the place of the scenario's (`--prices`).

use super::document::{TomlDocument, TomlValue, TypedOverride, number_of};
use super::error_text::{complaint, meant_by_override};
use super::schema::Schema;
use super::written::{PricesFile, ScenarioFile};
use crate::error::{Error, Result};

/// The keys that are short for several.
pub(super) const SHORT_KEYS: [&str; 5] =
    ["lifetime", "requesters", "connections", PRICES, "principal.*.requesters"];

const PRICES: &str = "prices";

/// A key of a scenario and what to put there.
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    /// Keys from the top, joined by dots; elements of lists by name or number.
    pub key: String,
    /// TOML, or else text.
    pub value: String,
    /// Prices from a file, in the place of a value.
    prices: Option<Box<PricesFile>>,
    /// The range that was typed for `--over`, of which the value is one.
    range: Option<String>,
}

impl Override {
    /// The value of a key, as it is typed.
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { key: key.into(), value: value.into(), prices: None, range: None }
    }

    /// Reads `KEY=VALUE`.
    ///
    /// # Errors
    /// If there is no `=` or no key.
    pub fn parse(text: &str) -> Result<Self> {
        match text.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => Ok(Self::new(key.trim(), value.trim())),
            _ => Err(Error::request(format!("`{text}` is not an override: it has no `KEY=`"))
                .hint("give a key of the scenario, e.g., `--set assumptions.cache_lifetime=3min`")),
        }
    }

    /// Prices to be put over a scenario's.
    #[must_use]
    pub(crate) fn of_prices(prices: PricesFile) -> Self {
        Self { prices: Some(Box::new(prices)), ..Self::new(PRICES, "") }
    }

    /// A value of a range that was typed as `--over KEY=RANGE`.
    #[must_use]
    pub(crate) fn in_range(self, range: String) -> Self {
        Self { range: Some(range), ..self }
    }

    /// Whether it changes buckets, principals, populations or workloads.
    pub(super) fn is_of_elements(&self) -> bool {
        const LISTS: [&str; 6] =
            ["bucket", "principal", "population", "workload", "requesters", "connections"];
        self.key.split('.').next().is_some_and(|list| LISTS.contains(&list))
    }

    fn typed(&self) -> TypedOverride {
        let (option, value) = match &self.range {
            _ if self.prices.is_some() => return TypedOverride::Prices,
            Some(range) => ("--over", range),
            None => ("--set", &self.value),
        };
        TypedOverride::Value { option, key: self.key.clone(), value: value.clone() }
    }

    /// Puts the value into a scenario that leaves nothing to defaults.
    ///
    /// # Errors
    /// If the key leads nowhere, `requesters` is no number of requesters, or nobody's traffic can be
    /// spread over them.
    pub(super) fn put(&self, document: &mut TomlDocument) -> Result<()> {
        let typed = self.typed();
        let place = document.overridden_by(typed.clone());
        let value = TomlValue::typed(&self.value, place);
        let keys: Vec<&str> = self.key.split('.').collect();
        let put = match keys[..] {
            ["lifetime"] => ["assumptions.generation_lifetime", "assumptions.cache_lifetime"]
                .into_iter()
                .try_for_each(|key| document.set(key, value.clone())),
            ["connections"] => {
                for principal in document.elements_mut("principal") {
                    principal.put("connections", value.clone());
                }
                Ok(())
            }
            [PRICES] => self.put_prices(value, document),
            ["requesters"] => self.spread(document, &value, None),
            ["principal", element, "requesters"] => self.spread(document, &value, Some(element)),
            _ => document.set(&self.key, value),
        };
        put.map_err(|error| {
            let error = error.at(typed.to_string());
            match meant_by_override(&Schema::of::<ScenarioFile>(), document, &typed) {
                Some(hint) => error.hint_instead(hint),
                None => error,
            }
        })
    }

    /// Puts prices over those that are there.
    fn put_prices(&self, value: TomlValue, document: &mut TomlDocument) -> Result<()> {
        const KEY: &str = "billing.prices";
        let place = value.place;
        let given = match &self.prices {
            Some(given) => given.as_ref().clone(),
            None => prices_of(value, document)?,
        };
        let below = document.at(&["billing", "prices"]).cloned();
        let below = below.map(|below| prices_of(below, document)).transpose()?.unwrap_or_default();
        document.set(KEY, TomlValue::of(&given.over(below), place))
    }

    /// Spreads the traffic of all roles, or of one principal: a session for each requester makes them many
    /// under the rule `session`, and a scoping policy for each session under the rule `role`.
    fn spread(
        &self,
        document: &mut TomlDocument,
        value: &TomlValue,
        one: Option<&str>,
    ) -> Result<()> {
        let requesters: u32 =
            self.value.replace('_', "").parse().ok().filter(|&n| n > 0).ok_or_else(|| {
                Error::request(format!(
                    "`requesters` is `{}`, but must be a whole number, at least 1",
                    self.value
                ))
            })?;
        let requesters = TomlValue::of(&requesters, value.place);
        let principals = document.elements_mut("principal");
        let chosen: Vec<&mut TomlValue> = match one {
            None => principals.iter_mut().filter(|it| it.get("role").is_some()).collect(),
            Some(element) => {
                let index = number_of(principals, element)?;
                vec![&mut principals[index]]
            }
        };
        if chosen.is_empty() {
            let error = Error::request("`requesters` is given, but no principal has a `role`");
            return Err(error.hint(WHO_CAN_BE_MANY));
        }
        for principal in chosen {
            if principal.get("service").is_some() {
                let error = Error::request(format!(
                    "`requesters` is given, but principal `{}` is a `service`",
                    principal.name()
                ));
                return Err(error.hint(WHO_CAN_BE_MANY));
            }
            principal.put("sessions", requesters.clone());
            principal.put("session_policies", requesters.clone());
        }
        Ok(())
    }
}

/// Prices that stand in a document.
fn prices_of(value: TomlValue, document: &TomlDocument) -> Result<PricesFile> {
    let mut own = document.clone();
    own.root = value;
    own.read().map_err(|flaw| complaint::<PricesFile>(&own, &flaw))
}

const WHO_CAN_BE_MANY: &str = "sessions of a role can be many, each with a scoping policy of its own; \
                               so can federated sessions of one user, by \
                               `principal.NAME.requesters=N`; a service is one requester";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encryption::assumption::Level;
    use crate::encryption::requester::{RequesterRule, Requesters};
    use crate::s3::Connections;
    use crate::scenario::Scenario;
    use crate::units::SimDuration;

    const TWO_ROLES_AND_A_USER: &str = r#"
        name = "three"
        duration = "1h"
        bucket = [{ name = "data" }]
        principal = [
            { name = "writer", role = "writer" },
            { name = "reader", role = "reader", sessions = 5, session_policies = 2 },
            { name = "clerk", user = "clerk" },
        ]
        [[workload]]
        name = "put"
        principal = "writer"
        bucket = "data"
        arrivals = { poisson = { rate = "1/s" } }
    "#;

    fn read(text: &str, changes: &[&str]) -> Result<Scenario> {
        let overrides: Vec<Override> =
            changes.iter().map(|change| Override::parse(change).unwrap()).collect();
        Scenario::read(text, "three.toml", &overrides, &|_| unreachable!())
    }

    /// How many requesters each principal is, under both rules.
    fn requesters(scenario: &Scenario) -> [Vec<usize>; 2] {
        [RequesterRule::Session, RequesterRule::Role].map(|rule| {
            let grouped = Requesters::group(rule, &scenario.principals, &scenario.slots);
            let mut counts = vec![0; scenario.principals.len()];
            for requester in &grouped.list {
                counts[scenario.slots[requester.slots[0] as usize].principal as usize] += 1;
            }
            counts
        })
    }

    #[test]
    fn requesters_are_as_many_under_both_rules() {
        for (changes, counts) in [
            (&["requesters=1"][..], [1, 1, 1]),
            (&["requesters=7"], [7, 7, 1]),
            (&["principal.reader.requesters=3", "principal.0.requesters=1_000"], [1_000, 3, 1]),
            (&["requesters=7", "principal.reader.requesters=2"], [7, 2, 1]),
            (&["requesters=2", "principal.clerk.requesters=5"], [2, 2, 5]),
        ] {
            let scenario = read(TWO_ROLES_AND_A_USER, changes).unwrap();
            assert_eq!(requesters(&scenario), [counts, counts], "{changes:?}");
        }
        let untouched = read(TWO_ROLES_AND_A_USER, &[]).unwrap();
        assert_eq!(requesters(&untouched), [[1, 5, 1], [1, 2, 1]]);
    }

    #[test]
    fn a_lifetime_is_both_and_known() {
        let scenario = read(TWO_ROLES_AND_A_USER, &["lifetime=3min"]).unwrap();
        let long = read(
            TWO_ROLES_AND_A_USER,
            &["assumptions.generation_lifetime=3min", "assumptions.cache_lifetime=3min"],
        );
        assert_eq!(scenario, long.unwrap());
        for level in Level::ALL {
            let assumptions = scenario.configurations[1].ranges.at(level);
            assert_eq!(assumptions.generation_lifetime, SimDuration::from_secs(180));
            assert_eq!(assumptions.cache_lifetime, SimDuration::from_secs(180));
        }
    }

    /// A number for all, another for one of them; and the pools of clients where nothing is given.
    #[test]
    fn connections_are_given_to_all_or_one() {
        fn of(changes: &[&str]) -> Vec<Connections> {
            let scenario = read(TWO_ROLES_AND_A_USER, changes).unwrap();
            let mut slots = scenario.slots.clone();
            slots.dedup_by_key(|slot| slot.principal);
            slots.iter().map(|slot| slot.connections).collect()
        }
        let (kept, fresh) = (Connections::Kept, Connections::Fresh);
        assert_eq!(of(&["connections=3"]), [kept(3); 3]);
        let one = ["connections=3", "principal.reader.connections=fresh"];
        assert_eq!(of(&one), [kept(3), fresh, kept(3)]);
        assert_eq!(of(&["workload.put.client=rclone"]), [kept(4), kept(10), kept(10)]);
        let error = read(TWO_ROLES_AND_A_USER, &["connections=0"]).unwrap_err().to_string();
        let said = "--set connections=0: `0` is not a number of connections";
        assert!(error.starts_with(said) && error.contains("\n\nhint: "), "{error}");
    }

    #[test]
    fn what_is_wrong_has_the_place_of_what_was_typed() {
        let only_a_user = TWO_ROLES_AND_A_USER.replace("role = ", "user = ");
        let only_a_service = only_a_user.replace("user = ", "service = ");
        let only_a_service = only_a_service.replace(", sessions = 5, session_policies = 2", "");
        for (text, change, message) in [
            (TWO_ROLES_AND_A_USER, "requesters=0", "`requesters` is `0`, but must be a whole"),
            (TWO_ROLES_AND_A_USER, "requesters=1.5", "`requesters` is `1.5`, but must be a whole"),
            (
                TWO_ROLES_AND_A_USER,
                "requesters=2000000",
                "principal: all principals have `4000001`",
            ),
            (TWO_ROLES_AND_A_USER, "lifetime=0s", "assumptions: "),
            (TWO_ROLES_AND_A_USER, "lifetime=300", "`300` is not a duration: it has no unit"),
            (&only_a_user, "requesters=2", "`requesters` is given, but no principal has a `role`"),
            (
                TWO_ROLES_AND_A_USER,
                "principal.clerk.requesters=0",
                "`requesters` is `0`, but must be a whole",
            ),
            (
                &only_a_service,
                "principal.clerk.requesters=2",
                "`requesters` is given, but principal `clerk` is a `service`",
            ),
            (
                TWO_ROLES_AND_A_USER,
                "principal.cleric.requesters=2",
                "`cleric` is not an element of this list",
            ),
        ] {
            let error = read(text, &[change]).unwrap_err().to_string();
            assert!(error.starts_with(&format!("--set {change}: {message}")), "{error}");
        }
    }
}
