//! Session policies, from the events in which roles are assumed.

use std::collections::HashMap;

use super::RecordCaller;
use crate::logs::record::SessionStart;
use crate::recording::hash::Hash;

/// Stands between a role and a session policy, which neither has in its name.
const MARK: u8 = 0;

/// Which session carries which policy, by hash; none is kept of sessions without.
#[derive(Debug, Default)]
pub(super) struct SessionPolicies(HashMap<Vec<u8>, u64>);

impl SessionPolicies {
    pub(super) fn take(&mut self, start: &SessionStart) {
        if !(start.policy.is_empty() && start.policy_arns.is_empty()) {
            let policy = Hash::new().with(start.policy).with(start.policy_arns);
            self.0.insert(start.credential.to_vec(), policy.get());
        }
    }

    pub(super) fn absorb(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Adds to who somebody is the policy of the session: what is shared by policy, sessions of one policy
    /// share.
    pub(super) fn mark(&self, caller: &mut RecordCaller) {
        if let Some(policy) = self.0.get(&caller.session.1) {
            caller.place.0.push(MARK);
            caller.place.0.extend(policy.to_be_bytes());
        }
    }
}

/// Who somebody is, whatever the policy.
pub(super) fn unmarked(who: &[u8]) -> &[u8] {
    let end = who.iter().position(|byte| *byte == MARK).unwrap_or(who.len());
    &who[..end]
}
