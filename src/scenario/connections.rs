//! On how many connections each principal's requests come, and who says so.

use std::fmt;

use super::written::{PrincipalFile, ScenarioFile};
use crate::s3::Connections;
use crate::workload::pools::pool;

/// Why a number of connections is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The scenario gives it.
    Given,
    /// It is the pool that a client documents.
    Documented(String),
    /// Nobody says; it is assumed.
    Assumed,
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given => f.write_str("as given"),
            Self::Documented(client) => write!(f, "the most that `{client}` keeps"),
            Self::Assumed => f.write_str("assumed"),
        }
    }
}

impl ScenarioFile {
    /// On how many connections the requests of each session of a principal come: as many as are given,
    /// else as the largest pool of its workloads' clients, else as are assumed.
    #[must_use]
    pub fn connections_of(&self, principal: &PrincipalFile) -> (Connections, Basis) {
        if let Some(given) = principal.connections {
            return (given, Basis::Given);
        }
        let mine = self.workloads.iter().filter(|workload| workload.principal == principal.name);
        let pools = mine.filter_map(|workload| self.pool_of(&workload.client));
        let most = pools.reduce(
            |most, other| {
                if most.0.or_more(other.0) == most.0 { most } else { other }
            },
        );
        most.unwrap_or((Connections::ASSUMED, Basis::Assumed))
    }

    /// The pool of a client of the scenario's own or a built-in one, if any is known.
    fn pool_of(&self, client: &str) -> Option<(Connections, Basis)> {
        if let Some(own) = self.clients.iter().find(|own| own.name == client) {
            return Some((own.connections?, Basis::Given));
        }
        let pool = pool(client)?;
        let basis = if pool.is_documented {
            Basis::Documented(pool.client.to_owned())
        } else {
            Basis::Assumed
        };
        Some((pool.connections, basis))
    }
}
