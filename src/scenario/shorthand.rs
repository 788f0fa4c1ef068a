//! Short keys for `--set` that stand for several keys of a scenario at once: questions people ask,
//! in one word.
//!
//! - `lifetime=V`: bucket-level keys live for V, where they are generated and where they are held;
//! - `requesters=N`: N requesters share the traffic of each role, whoever counts as one;
//! - `principal.NAME.requesters=N`: the same for a single principal, a role or a user;
//! - `connections=N`: each session of every principal comes on N connections, or on `fresh` ones;
//! - `prices={…}`: prices, each in the place of the scenario's (`--prices`).

use super::read::Override;
use super::written::{PrincipalFile, ScenarioFile};
use crate::error::{Error, Result};

/// The short key of prices.
pub(super) const PRICES: &str = "prices";

/// What `change` stands for in `file`: itself, unless its key is a short one.
///
/// # Errors
/// If `requesters` is no number of requesters, or nobody's traffic can be spread over them.
pub(super) fn expand(change: &Override, file: &ScenarioFile) -> Result<Vec<Override>> {
    let keys: Vec<&str> = change.key.split('.').collect();
    match keys[..] {
        ["lifetime"] => Ok(["assumptions.generation_lifetime", "assumptions.cache_lifetime"]
            .map(|key| Override { key: key.to_owned(), value: change.value.clone() })
            .into()),
        ["connections"] => {
            let principals = file.principals.iter().enumerate();
            let of_principal = |(index, principal): (usize, &PrincipalFile)| Override {
                key: format!("principal.{}.connections", element(index, principal)),
                value: change.value.clone(),
            };
            Ok(principals.map(of_principal).collect())
        }
        [PRICES] => {
            let prices = change.prices()?.over(file.billing.prices.clone());
            let key = "billing.prices".to_owned();
            Ok(vec![Override { key, ..Override::of_prices(&prices) }])
        }
        ["requesters"] => {
            let assume_roles = |(_, principal): &(usize, &PrincipalFile)| principal.role.is_some();
            let principals: Vec<_> =
                file.principals.iter().enumerate().filter(assume_roles).collect();
            if principals.is_empty() {
                let error = Error::request("`requesters` is given, but no principal has a `role`");
                return Err(error.hint(WHO_CAN_BE_MANY));
            }
            spread(change, &principals)
        }
        ["principal", element, "requesters"] => {
            let Some((index, principal)) = find(file, element) else {
                // It is no key of anything, which the reader of plain keys tells best.
                return Ok(vec![change.clone()]);
            };
            if principal.service.is_some() {
                let error = Error::request(format!(
                    "`requesters` is given, but principal `{}` is a `service`",
                    principal.name
                ));
                return Err(error.hint(WHO_CAN_BE_MANY));
            }
            spread(change, &[(index, principal)])
        }
        _ => Ok(vec![change.clone()]),
    }
}

const WHO_CAN_BE_MANY: &str = "sessions of a role can be many, each with a scoping policy of its own; \
                               so can federated sessions of one user, by \
                               `principal.NAME.requesters=N`; a service is one requester";

/// A principal by its name or, from 0, its number.
fn find<'f>(file: &'f ScenarioFile, element: &str) -> Option<(usize, &'f PrincipalFile)> {
    let principals = &file.principals;
    let named = principals.iter().position(|principal| principal.name == element);
    let index = named.or_else(|| element.parse().ok())?;
    Some((index, principals.get(index)?))
}

/// Spreads the principals' traffic: a session for each requester makes them many under the rule
/// `session`, and a scoping policy for each session under the rule `role`.
fn spread(change: &Override, principals: &[(usize, &PrincipalFile)]) -> Result<Vec<Override>> {
    let requesters: u32 =
        change.value.replace('_', "").parse().ok().filter(|&n| n > 0).ok_or_else(|| {
            Error::request(format!(
                "`requesters` is `{}`, but must be a whole number, at least 1",
                change.value
            ))
        })?;
    let of_principal = |&(index, principal): &(usize, &PrincipalFile)| {
        let element = element(index, principal);
        ["sessions", "session_policies"].map(|key| Override {
            key: format!("principal.{element}.{key}"),
            value: requesters.to_string(),
        })
    };
    Ok(principals.iter().flat_map(of_principal).collect())
}

/// What a key calls a principal. Elements go by name first, so a number could be another's name.
fn element(index: usize, principal: &PrincipalFile) -> String {
    match principal.name.as_str() {
        name if name.contains('.') => index.to_string(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Scenario;
    use super::*;
    use crate::encryption::assumptions::Level;
    use crate::encryption::requester::{RequesterRule, Requesters};
    use crate::s3::Connections;
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
            let of = |requester: usize| {
                scenario.slots[grouped.list[requester].slots[0] as usize].principal as usize
            };
            let mut counts = vec![0; scenario.principals.len()];
            (0..grouped.list.len()).for_each(|requester| counts[of(requester)] += 1);
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
        let of = |changes: &[&str]| -> Vec<Connections> {
            let scenario = read(TWO_ROLES_AND_A_USER, changes).unwrap();
            let first = |principal| scenario.slots.iter().find(|slot| slot.principal == principal);
            (0..3).map(|principal| first(principal).unwrap().connections).collect()
        };
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
