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
    call: impl FnMut(SimTime, usize),
) {
    KeyInMemory::Dropped(keeping.from).advance(flows, keeping, keeping.end, rng, call);
}

/// What is known of one key in the memory of one part of S3's fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyInMemory {
    /// It is dropped then, which may be still to come; what lies between that and the time that one has
    /// advanced to made no call.
    Dropped(SimTime),
    /// It is kept for a lifetime after its last use, but not beyond the end of the session.
    Used {
        /// Its last use, as far as is known.
        last: SimTime,
        /// Until when it is.
        known_until: SimTime,
        session_ends: SimTime,
    },
}

impl KeyInMemory {
    /// Goes on to a time, which is not before that of the last step, telling of each call that the flows
    /// make before it.
    pub(super) fn advance(
        mut self,
        flows: &mut [Flow],
        keeping: Keeping,
        to: SimTime,
        rng: &mut Stream,
        mut call: impl FnMut(SimTime, usize),
    ) -> Self {
        loop {
            match self {
                Self::Dropped(at) if at >= to => return self,
                Self::Dropped(at) => match next_after(flows, at.max(keeping.from), to, rng) {
                    None => return Self::Dropped(to),
                    Some((called, flow)) => {
                        call(called, flow);
                        self = Self::fetched(called, keeping);
                    }
                },
                Self::Used { last, known_until, session_ends } => {
                    let expires = last + keeping.lifetime;
                    if session_ends <= expires {
                        self = Self::Dropped(session_ends);
                    } else if expires > to || expires >= keeping.end {
                        return self;
                    } else {
                        // No two uses within a lifetime are too far apart, so only the last of them counts.
                        let uses = flows.iter_mut();
                        let uses = uses.filter_map(|it| it.last_between(known_until, expires, rng));
                        self = match uses.max() {
                            None => Self::Dropped(expires),
                            Some(last) => Self::Used { last, known_until: expires, session_ends },
                        };
                    }
                }
            }
        }
    }

    /// Whether it is in memory at a time, by what is known of it.
    pub(super) fn is_kept_at(self, time: SimTime, keeping: Keeping) -> bool {
        match self {
            Self::Dropped(at) => at > time,
            Self::Used { last, session_ends, .. } => {
                time < (last + keeping.lifetime).min(session_ends)
            }
        }
    }

    /// What becomes of it by a request at a time that has been advanced to, and whether that calls KMS.
    pub(super) fn asked_for(self, time: SimTime, keeping: Keeping) -> (Self, bool) {
        match self {
            Self::Dropped(at) if at > time => (self, false),
            Self::Dropped(_) => (Self::fetched(time, keeping), true),
            Self::Used { last, known_until, session_ends } => {
                let (last, known_until) = (last.max(time), known_until.max(time));
                (Self::Used { last, known_until, session_ends }, false)
            }
        }
    }

    /// What becomes of it by a call.
    fn fetched(called: SimTime, keeping: Keeping) -> Self {
        let session_ends = session_end(keeping.session, called);
        match keeping.expiry {
            Expiry::Fixed => Self::Dropped((called + keeping.lifetime).min(session_ends)),
            Expiry::Sliding => Self::Used { last: called, known_until: called, session_ends },
        }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rng::{Purpose, Seed};

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(7), ..ProptestConfig::default() })]

        /// Where nobody else asks, a key is in memory as long as it should be.
        #[test]
        fn a_key_that_only_drawn_requests_ask_for_is_kept_for_its_lifetime(
            mut times in prop::collection::vec(-50_i64..1_000, 1..60),
            lifetime in 0_i64..100,
            is_sliding in any::<bool>(),
        ) {
            times.sort_unstable();
            let keeping = Keeping {
                lifetime: SimDuration::from_nanos(lifetime),
                expiry: if is_sliding { Expiry::Sliding } else { Expiry::Fixed },
                session: None,
                from: SimTime::ZERO,
                end: SimTime::from_nanos(1_000),
            };
            let mut rng = Seed(1).stream(0, Purpose::SkippedReads, (0, 0));
            let (mut state, mut expires) = (KeyInMemory::Dropped(SimTime::MIN), i64::MIN);
            for at in times {
                let time = SimTime::from_nanos(at);
                state = state.advance(&mut [], keeping, time, &mut rng, |_, _| ());
                let (next, is_call) = state.asked_for(time, keeping);
                state = next;
                prop_assert_eq!(is_call, at >= expires, "at {}", at);
                if is_call || is_sliding {
                    expires = at + lifetime;
                }
            }
        }
    }
}
