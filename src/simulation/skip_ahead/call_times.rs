//! From one KMS call to the next: what is in memory in between costs nothing.

use super::varying_poisson::Flow;
use crate::encryption::assumption::Expiry;
use crate::rng::Stream;
use crate::s3::SessionSlot;
use crate::units::{SimDuration, SimTime};

/// How long what a call fetches is kept.
#[derive(Clone, Copy)]
pub(super) struct Keeping<'a> {
    pub(super) lifetime: SimDuration,
    pub(super) expiry: Expiry,
    /// The slot whose every session starts with nothing in memory, if the rule says so.
    pub(super) session: Option<&'a SessionSlot>,
    /// When the walk starts, with nothing in memory.
    pub(super) from: SimTime,
    /// When it ends.
    pub(super) end: SimTime,
}

/// Tells of each call that requests for one key through one part of S3's fleet make: when, and which of
/// the flows makes it. Cost goes with the calls (and with the lifetimes, where expiry slides), never
/// with the requests.
pub(super) fn walk(
    flows: &mut [Flow],
    keeping: Keeping,
    rng: &mut Stream,
    mut call: impl FnMut(SimTime, usize),
) {
    let mut time = keeping.from;
    while let Some((called, flow)) = next_after(flows, time, keeping.end, rng) {
        call(called, flow);
        let session_ends = session_end(keeping.session, called);
        time = match keeping.expiry {
            Expiry::Fixed => (called + keeping.lifetime).min(session_ends),
            Expiry::Sliding => unused_since(flows, called, session_ends, keeping, rng),
        };
    }
}

/// The first point of any flow after `time`.
fn next_after(
    flows: &mut [Flow],
    time: SimTime,
    end: SimTime,
    rng: &mut Stream,
) -> Option<(SimTime, usize)> {
    let points = flows.iter_mut().enumerate().map(|(i, flow)| (flow.next_after(time, end, rng), i));
    points.min().filter(|(time, _)| *time < end)
}

/// When a key that is kept for a lifetime after its last use, and was used at `used`, is dropped.
///
/// No two requests within a lifetime are too far apart, so only the last of them counts: from use to
/// last use within a lifetime, until there is none.
fn unused_since(
    flows: &mut [Flow],
    mut used: SimTime,
    session_ends: SimTime,
    keeping: Keeping,
    rng: &mut Stream,
) -> SimTime {
    let mut known_until = used;
    loop {
        let expires = used + keeping.lifetime;
        if expires >= session_ends.min(keeping.end) {
            return session_ends.min(keeping.end);
        }
        let last = flows.iter_mut().filter_map(|flow| flow.last_between(known_until, expires, rng));
        match last.max() {
            None => return expires,
            Some(last) => used = last,
        }
        known_until = expires;
    }
}

/// When the session that is under way at `time` ends.
pub(super) fn session_end(session: Option<&SessionSlot>, time: SimTime) -> SimTime {
    let Some(SessionSlot { session_length: Some(length), first_renewal, .. }) = session else {
        return SimTime::MAX;
    };
    if time < *first_renewal {
        return *first_renewal;
    }
    let passed = time.since(*first_renewal).as_nanos() / length.as_nanos();
    *first_renewal + length.saturating_mul(passed + 1)
}
