//! Whether sessions of one role with unlike session policies share its bucket-level keys.
//!
//! Where the trail has the events in which sessions began, sessions of one role that carry unlike policies
//! stand in pools of their own. Their writes are explained with keys of each pool's own, then with keys of
//! the role whatever the policy, and the greatest likelihoods are compared.

use std::collections::BTreeMap;

use super::generation::GenerationFit;
use super::{Calibrated, ERROR_RATE, Evidence, PolicyKeys, ReadOf, SessionPool};
use crate::encryption::requester::RequesterRule;

const METHOD: &str = "ratio of the greatest likelihoods with keys by role and policy, and with keys by role, 20 or \
     more decides";

/// What is judged, and the best explanation of when keys are generated.
pub(super) struct Judged {
    pub(super) session_policies: Calibrated<PolicyKeys>,
    /// The evidence with sessions of one role in one pool, if they share its keys whatever their policies.
    pub(super) shared: Option<Evidence>,
    pub(super) fit: GenerationFit,
}

/// Judges what sessions with unlike policies share.
pub(super) fn judge(evidence: &Evidence) -> Judged {
    let fit = GenerationFit::of(evidence);
    let Some(shared) = evidence.regardless_of_policies() else {
        let why = "no role has sessions with unlike session policies in the trail, as far as the events tell in \
                   which sessions begin (AssumeRole)";
        let session_policies = Calibrated::nothing(METHOD, why);
        return Judged { session_policies, shared: None, fit };
    };
    let other = GenerationFit::of(&shared);
    let [role, session] = [RequesterRule::Role, RequesterRule::Session];
    let own_log = fit.greatest(role);
    let shared_log = other.greatest(role);
    let session_log = fit.greatest(session).max(other.greatest(session));
    let least = own_log.max(shared_log).max(session_log) + ERROR_RATE.ln();
    let is_kept = [own_log, shared_log, session_log].map(|log| log.is_finite() && log >= least);
    let session_policies = match is_kept {
        [true, false, false] if fit.explains() => {
            Calibrated::known(PolicyKeys::OwnKeys, METHOD, "")
        }
        [false, true, false] if other.explains() => {
            Calibrated::known(PolicyKeys::SharedKeys, METHOD, "")
        }
        [true, true, _] | [_, true, true] | [true, _, true] => Calibrated::nothing(
            METHOD,
            "keys by policy and keys by role or session explain the calls",
        ),
        [false, false, true] => Calibrated::nothing(
            METHOD,
            "each session has keys of its own, so that its policy decides nothing",
        ),
        _ => Calibrated::nothing(
            METHOD,
            "too few keys are generated in the trail, or they live longer than a quarter of it",
        ),
    };
    let is_merged = session_policies.low == Some(PolicyKeys::SharedKeys);
    if is_merged {
        return Judged { session_policies, shared: Some(shared), fit: other };
    }
    Judged { session_policies, shared: None, fit }
}

impl Evidence {
    /// The same with sessions of one role in one pool, whatever their policies; `None` if they are already.
    fn regardless_of_policies(&self) -> Option<Self> {
        let mut pool_of_role: BTreeMap<u32, usize> = BTreeMap::new();
        let objects = self.objects.clone();
        let mut merged = Self { pools: Vec::new(), objects, ..*self };
        // Where each pool went, and how many sessions were there before.
        let mut places = Vec::with_capacity(self.pools.len());
        for pool in &self.pools {
            let next = merged.pools.len();
            let place = pool.role.map_or(next, |role| *pool_of_role.entry(role).or_insert(next));
            if place == next {
                merged.pools.push(SessionPool::default());
            }
            let sessions = &mut merged.pools[place].sessions;
            places.push((place as u32, sessions.len() as u32));
            sessions.extend(pool.sessions.iter().cloned());
        }
        for session in merged.pools.iter_mut().flat_map(|pool| &mut pool.sessions) {
            for read in &mut session.read {
                if let ReadOf::Written { pool, session, .. } = &mut read.of {
                    let (place, before) = places[*pool as usize];
                    (*pool, *session) = (place, *session + before);
                }
            }
        }
        (merged.pools.len() < self.pools.len()).then_some(merged)
    }
}
