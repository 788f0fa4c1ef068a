//! How each principal's clients repeat what is throttled, and who says so.

use super::connections::Basis;
use super::written::{PrincipalFile, ScenarioFile};
use crate::quota::closed_loop::ClientGroup;
use crate::s3::{Connections, Retries};
use crate::workload::pools;

impl ScenarioFile {
    /// How the clients of a principal repeat what is throttled: as is given, else as the first of its
    /// workloads' clients of which it is known, else as is assumed.
    #[must_use]
    pub fn retries_of(&self, principal: &PrincipalFile) -> (Retries, Basis) {
        if let Some(given) = principal.retries {
            return (given, Basis::Given);
        }
        let mine = self.workloads.iter().filter(|workload| workload.principal == principal.name);
        let mut known = mine.filter_map(|workload| self.retries_of_client(&workload.client));
        known.next().unwrap_or((Retries::ASSUMED, Basis::Assumed))
    }

    fn retries_of_client(&self, client: &str) -> Option<(Retries, Basis)> {
        if let Some(own) = self.clients.iter().find(|own| own.name == client) {
            return Some((own.retries?, Basis::Given));
        }
        let name = pools::pool(client)?.client;
        Some((pools::retries(name)?, Basis::Documented(name.to_owned())))
    }
}

/// How many clients and workers all sessions of principals have whose clients retry alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Alike {
    retries: Retries,
    /// Whether they open a connection for each request, and so are bound by no number of workers.
    fresh: bool,
}

impl Alike {
    pub(super) const ASSUMED: Self = Self::of(Retries::ASSUMED, Connections::ASSUMED);

    pub(super) const fn of(retries: Retries, connections: Connections) -> Self {
        Self { retries, fresh: matches!(connections, Connections::Fresh) }
    }

    /// The clients of so many sessions on so many connections each. *Assumed*: a session is one client
    /// of the SDK, and each of its connections works off requests one by one.
    pub(super) fn clients(self, senders: &[(u32, Connections)]) -> ClientGroup {
        let mut group =
            ClientGroup { policy: self.retries.policy(), clients: 0.0, workers: Some(0.0) };
        for (sessions, connections) in senders {
            group.clients += f64::from(*sessions);
            let of_each = match connections {
                Connections::Kept(number) => Some(f64::from(*number)),
                Connections::Fresh => None,
            };
            let more = of_each.map(|number| number * f64::from(*sessions));
            group.workers = group.workers.zip(more).map(|(workers, more)| workers + more);
        }
        group.clients = group.clients.max(1.0);
        group.workers = group.workers.map(|workers| workers.max(1.0));
        group
    }
}
