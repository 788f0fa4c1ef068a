//! Who is one requester: the sessions that share a bucket-level key.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::s3::{Connections, IdentityKind, Principal, SessionSlot};

/// AWS's reading of "requester".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RequesterRule {
    /// Each IAM session is a requester of its own (AWS documentation from December 2022 to 2023:
    /// an EMR cluster of ten instances has at least ten bucket-level keys).
    Session,
    /// Account, role and scoping policy make one requester (AWS's current documentation).
    Role,
}

impl RequesterRule {
    /// The word for it in scenarios and files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Role => "role",
        }
    }
}

/// One requester under a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requester {
    /// The session slots whose requests it sends, in ascending order.
    pub slots: Vec<u32>,
    /// Whether a renewed session is a requester anew, which starts without keys.
    pub renews: bool,
    /// On how many connections its requests come: those of all its slots together.
    pub connections: Connections,
    /// The same of each bucket, by the number that requests have for it, where not all of its slots use each;
    /// else empty.
    pub in_buckets: Vec<Connections>,
}

impl Requester {
    /// The slot whose every session is a requester anew, if the rule says so.
    #[must_use]
    pub fn session<'a>(&self, slots: &'a [SessionSlot]) -> Option<&'a SessionSlot> {
        self.renews.then(|| &slots[self.slots[0] as usize])
    }

    /// On how many connections its requests to a bucket come.
    #[must_use]
    pub fn connections_in(&self, bucket: u32) -> Connections {
        self.in_buckets.get(bucket as usize).copied().unwrap_or(self.connections)
    }
}

/// All requesters under one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requesters {
    /// The requesters, by their first slot.
    pub list: Vec<Requester>,
    /// For each session slot, the index of its requester.
    pub of_slot: Vec<u32>,
}

impl Requesters {
    /// Groups session slots under `rule`. An IAM user's access keys and a service open no sessions: all
    /// that runs in their name is one requester under either rule. A user's federated sessions
    /// (`GetFederationToken`), which carry scoping policies, are told apart as those of a role are.
    #[must_use]
    pub fn group(rule: RequesterRule, principals: &[Principal], slots: &[SessionSlot]) -> Self {
        let mut index_of = BTreeMap::new();
        let mut list: Vec<Requester> = Vec::new();
        let mut of_slot = Vec::with_capacity(slots.len());
        for (number, slot) in slots.iter().enumerate() {
            let principal = &principals[slot.principal as usize];
            let in_a_session = match principal.identity {
                IdentityKind::Role(_) => true,
                IdentityKind::User(_) => slot.policy > 0,
                IdentityKind::Service(_) => false,
            };
            let by_session = rule == RequesterRule::Session && in_a_session;
            // Under the role rule slots of one principal and policy meet; policies of different
            // principals are different texts unless both are the plain role or user.
            let policy = (slot.policy > 0).then_some((slot.principal, slot.policy));
            let key = (principal, policy, by_session.then_some(number));
            let index = *index_of.entry(key).or_insert_with(|| {
                list.push(Requester {
                    slots: Vec::new(),
                    renews: by_session,
                    connections: Connections::Kept(0),
                    in_buckets: Vec::new(),
                });
                list.len() - 1
            });
            let requester = &mut list[index];
            requester.slots.push(number as u32);
            requester.connections = requester.connections.and(slot.connections);
            of_slot.push(index as u32);
        }
        Self { list, of_slot }
    }

    /// The same with each requester's connections to each bucket: those of the slots that use it. A client has a
    /// pool for each host, and each bucket is one. `asked` has the buckets of each slot, `numbers` the bucket of
    /// each number that requests have for one.
    #[must_use]
    pub fn in_buckets(
        mut self,
        slots: &[SessionSlot],
        asked: &[Vec<u32>],
        numbers: &[u32],
    ) -> Self {
        for requester in self.list.iter_mut().filter(|requester| requester.slots.len() > 1) {
            let mut of_bucket: BTreeMap<u32, Connections> = BTreeMap::new();
            for &slot in &requester.slots {
                let own = slots[slot as usize].connections;
                for &bucket in &asked[slot as usize] {
                    let all = of_bucket.entry(bucket).or_insert(Connections::Kept(0));
                    *all = all.and(own);
                }
            }
            if of_bucket.values().any(|connections| *connections != requester.connections) {
                let all = requester.connections;
                let each = numbers.iter().map(|it| of_bucket.get(it).copied().unwrap_or(all));
                requester.in_buckets = each.collect();
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SimTime;

    fn slots(principal: u32, count: u32, policies: u32) -> Vec<SessionSlot> {
        (0..count)
            .map(|number| SessionSlot {
                principal,
                number,
                policy: number % policies,
                session_length: None,
                first_renewal: SimTime::ZERO,
                connections: Connections::Kept(5),
            })
            .collect()
    }

    fn etl_of(account: &str) -> Principal {
        Principal { account: account.into(), identity: IdentityKind::Role("etl".into()) }
    }

    fn principal(identity: IdentityKind) -> Principal {
        Principal { account: "111122223333".into(), identity }
    }

    fn count(rule: RequesterRule, identity: IdentityKind, sessions: u32, policies: u32) -> usize {
        let principals = [principal(identity)];
        Requesters::group(rule, &principals, &slots(0, sessions, policies)).list.len()
    }

    #[test]
    fn ten_sessions_of_one_role_are_ten_requesters_or_one() {
        let role = IdentityKind::Role("emr".into());
        assert_eq!(count(RequesterRule::Session, role.clone(), 10, 1), 10);
        assert_eq!(count(RequesterRule::Role, role, 10, 1), 1);
    }

    #[test]
    fn scoping_policies_multiply_requesters_under_the_role_rule() {
        assert_eq!(count(RequesterRule::Role, IdentityKind::Role("catalog".into()), 40, 8), 8);
    }

    /// Ten sessions of five connections each: five for each session, or fifty for the role.
    #[test]
    fn connections_of_all_sessions_of_a_requester_count_together() {
        let principals = [principal(IdentityKind::Role("emr".into()))];
        let mut slots = slots(0, 10, 1);
        for (rule, expected) in [(RequesterRule::Session, 5), (RequesterRule::Role, 50)] {
            let requesters = Requesters::group(rule, &principals, &slots);
            assert_eq!(requesters.list[0].connections, Connections::Kept(expected));
        }
        slots[3].connections = Connections::Fresh;
        let requesters = Requesters::group(RequesterRule::Role, &principals, &slots);
        assert_eq!(requesters.list[0].connections, Connections::Fresh);
    }

    #[test]
    fn a_user_is_one_requester_whatever_runs_in_its_name() {
        for rule in [RequesterRule::Session, RequesterRule::Role] {
            assert_eq!(count(rule, IdentityKind::User("loader".into()), 30, 1), 1);
        }
    }

    /// By hand: 12 federated sessions that carry 4 policies in turn are 12 requesters where each
    /// session is one and 4 where each policy is; the user's access key beside them is one more.
    #[test]
    fn federated_sessions_of_a_user_are_requesters_by_session_or_policy() {
        let user = principal(IdentityKind::User("loader".into()));
        let principals = [user.clone(), user];
        let mut all = slots(0, 12, 4);
        // Policies are numbered from 1, as `bks::scenario` does it; 0 is none.
        for slot in &mut all {
            slot.policy += 1;
        }
        all.extend(slots(1, 3, 1));
        for (rule, expected) in [(RequesterRule::Session, 13), (RequesterRule::Role, 5)] {
            let grouped = Requesters::group(rule, &principals, &all);
            assert_eq!(grouped.list.len(), expected, "{rule:?}");
            let renewing = grouped.list.iter().filter(|requester| requester.renews).count();
            assert_eq!(renewing, if rule == RequesterRule::Session { 12 } else { 0 });
        }
    }

    #[test]
    fn principals_of_the_same_role_are_one_requester_and_accounts_keep_apart() {
        let mut both = slots(0, 2, 1);
        both.extend(slots(1, 2, 1));
        let same = [etl_of("111122223333"), etl_of("111122223333")];
        assert_eq!(Requesters::group(RequesterRule::Role, &same, &both).list.len(), 1);
        let apart = [etl_of("111122223333"), etl_of("444455556666")];
        assert_eq!(Requesters::group(RequesterRule::Role, &apart, &both).list.len(), 2);
    }
}
