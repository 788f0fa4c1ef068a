//! Principals, and the slots in which their sessions run.

use std::ops::Range;

use super::names::{check_account, refuse_arn};
use super::{AtPath, Resolved, TablePath, refuse, refuse_with};
use crate::s3::{IdentityKind, Principal, SessionSlot};
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
    let table = TablePath::new("principal", index);
    if !from_log {
        check_account(&table.key("account"), &written.account)?;
        let named =
            [("role", &written.role), ("user", &written.user), ("service", &written.service)];
        for (key, name) in named {
            refuse_arn(&table.key(key), name.as_deref().unwrap_or_default())?;
        }
    }
    let given = [&written.role, &written.user, &written.service];
    if given.into_iter().flatten().any(String::is_empty) {
        return refuse(
            table.key("name"),
            format!("principal `{}` has an empty name in AWS", written.name),
        );
    }
    let identity = match (&written.role, &written.user, &written.service) {
        (Some(role), None, None) => IdentityKind::Role(role.clone()),
        (None, Some(user), None) => IdentityKind::User(user.clone()),
        (None, None, Some(service)) => IdentityKind::Service(service.clone()),
        _ => {
            return refuse_with(
                table.key("name"),
                format!(
                    "principal `{}` must have exactly one of `role`, `user` and `service`",
                    written.name
                ),
                "give e.g., `role = \"analytics\"`",
            );
        }
    };
    for (key, number) in
        [("sessions", written.sessions), ("session_policies", written.session_policies)]
    {
        if number == 0 {
            return refuse(table.key(key), format!("`{key}` is `0`, but must be at least 1"));
        }
    }
    if written.session_policies > 1 && written.service.is_some() {
        return refuse(
            table.key("session_policies"),
            format!(
                "`session_policies` is `{}`, but a `service` has no sessions that carry scoping \
                 policies",
                written.session_policies
            ),
        );
    }
    if written.session_policies > written.sessions {
        return refuse(
            table.key("session_policies"),
            format!(
                "`session_policies` is `{}`, but at most one for each of `{}` sessions can be in use",
                written.session_policies, written.sessions
            ),
        );
    }
    if written.session_length.is_some_and(|length| length < SimDuration::from_secs(1)) {
        return refuse(table.key("session_length"), "`session_length` is less than `1s`");
    }
    if let Some(retries) = written.retries {
        retries.check().at_path(|| table.key("retries"))?;
    }
    Ok(Principal { account: written.account.clone(), identity })
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
