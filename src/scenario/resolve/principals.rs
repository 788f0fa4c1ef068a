//! Principals, and the slots in which their sessions run.

use std::ops::Range;

use super::{Resolved, misplaced, refuse};
use crate::error::Error;
use crate::s3::{Identity, Principal, SessionSlot};
use crate::scenario::Sender;
use crate::scenario::written::{PrincipalFile, Renewal};
use crate::units::{SimDuration, SimTime};

/// Most session slots of all principals together.
const MAX_SESSIONS: u64 = 1_000_000;

/// Gives a principal its identity. A log's own names are held to no rule.
pub(super) fn principal(
    index: usize,
    written: &PrincipalFile,
    from_log: bool,
) -> Resolved<Principal> {
    let path = |key: &str| format!("principal.{index}.{key}");
    if !from_log && !is_account(&written.account) {
        return refuse(
            path("account"),
            format!("`account` is `{}`, but an account has twelve digits", written.account),
        );
    }
    let given = [&written.role, &written.user, &written.service];
    if given.into_iter().flatten().any(String::is_empty) {
        return refuse(
            path("name"),
            format!("principal `{}` has an empty name in AWS", written.name),
        );
    }
    let identity = match (&written.role, &written.user, &written.service) {
        (Some(role), None, None) => Identity::Role(role.clone()),
        (None, Some(user), None) => Identity::User(user.clone()),
        (None, None, Some(service)) => Identity::Service(service.clone()),
        _ => {
            let error = Error::request(format!(
                "principal `{}` must have exactly one of `role`, `user` and `service`",
                written.name
            ));
            return Err(misplaced(path("name"), error.hint("give e.g., `role = \"analytics\"`")));
        }
    };
    for (key, number) in
        [("sessions", written.sessions), ("session_policies", written.session_policies)]
    {
        if number == 0 {
            return refuse(path(key), format!("`{key}` is `0`, but must be at least 1"));
        }
    }
    if written.session_policies > 1 && written.service.is_some() {
        return refuse(
            path("session_policies"),
            format!(
                "`session_policies` is `{}`, but a `service` has no sessions that carry scoping \
                 policies",
                written.session_policies
            ),
        );
    }
    if written.session_policies > written.sessions {
        return refuse(
            path("session_policies"),
            format!(
                "`session_policies` is `{}`, but at most one for each of `{}` sessions can be in use",
                written.session_policies, written.sessions
            ),
        );
    }
    if written.session_length.is_some_and(|length| length < SimDuration::from_secs(1)) {
        return refuse(path("session_length"), "`session_length` is less than `1s`");
    }
    Ok(Principal { account: written.account.clone(), identity })
}

/// Whether a text is an account's number: twelve digits.
pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// All principals' session slots, and for each principal which are its own.
pub(super) fn session_slots(
    principals: &[PrincipalFile],
    senders: &[Sender],
) -> Resolved<(Vec<SessionSlot>, Vec<Range<u32>>)> {
    let total: u64 = principals.iter().map(|p| u64::from(p.sessions)).sum();
    if total > MAX_SESSIONS {
        return refuse(
            "principal",
            format!("all principals have `{total}` sessions, but at most {MAX_SESSIONS} fit"),
        );
    }
    let mut slots = Vec::new();
    let mut ranges = Vec::new();
    for (index, principal) in principals.iter().enumerate() {
        let first = slots.len() as u32;
        slots.extend((0..principal.sessions).map(|number| SessionSlot {
            principal: index as u32,
            number,
            policy: match principal.session_policies {
                1 => 0,
                policies => 1 + number % policies,
            },
            session_length: principal.session_length,
            first_renewal: first_renewal(principal, number),
            connections: senders[index].connections,
        }));
        ranges.push(first..slots.len() as u32);
    }
    Ok((slots, ranges))
}

/// When the session that is under way in a slot at the start is renewed for the first time.
fn first_renewal(principal: &PrincipalFile, number: u32) -> SimTime {
    let length = principal.session_length.map_or(0, SimDuration::as_nanos);
    match principal.renewal {
        Renewal::Together => SimTime::from_nanos(length),
        Renewal::Staggered => {
            let part = i128::from(length) * i128::from(number + 1) / i128::from(principal.sessions);
            SimTime::from_nanos(part as i64)
        }
    }
}
