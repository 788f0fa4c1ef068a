//! S3's memory once more, for one requester: what it holds, since when, and why it does not hold what is needed.
//!
//! [`crate::encryption::service`] knows of each key only when it expires; here is kept all that tells why a call is
//! made. It is written anew and plainly, so that each checks the other: every request is answered by both.

use std::collections::HashMap;

use super::cause::Cause;
use crate::encryption::assumption::Expiry;
use crate::encryption::cost::KeyCost;
use crate::encryption::needs::Needs;
use crate::encryption::service::{BucketScheme, UploadsBegun, entry_of};
use crate::kms::{KmsApi, KmsCalls};
use crate::rng::part_of;
use crate::s3::{Object, Operation, Request};
use crate::simulation::events::Answered;
use crate::units::{SimDuration, SimTime};

/// What one need of a request came to: the key of an object to be unwrapped, or one to be wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The bucket-level key that wraps the object, if one does and it is known which.
    pub key: Option<u32>,
    /// On which of the hosts that the requester meets, from 0.
    pub host: u32,
    /// Whether the object is written.
    pub writes: bool,
    /// What came of it.
    pub outcome: Outcome,
}

/// Whether KMS was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is not asked for such objects.
    NoKms,
    /// It was called.
    Called {
        /// Why.
        cause: Cause,
        /// These calls.
        calls: KmsCalls,
        /// How long the key would have to be kept for the call to be saved.
        needed: Option<SimDuration>,
        /// Until when S3 holds the key now; `None` of an object's own.
        until: Option<SimTime>,
    },
    /// The key was held.
    Held {
        /// Since when.
        since: SimTime,
        /// Until when.
        until: SimTime,
    },
}

/// A key as one host holds it.
#[derive(Clone, Copy, Debug)]
struct Held {
    host: u32,
    since: SimTime,
    used: SimTime,
    until: SimTime,
}

/// Where a key was held in one session.
#[derive(Clone, Debug, Default)]
struct Hosts {
    session: u32,
    /// Whether it was held in an earlier session.
    before: bool,
    held: Vec<Held>,
}

/// What is asked of memory.
struct Ask {
    host: u32,
    session: u32,
    time: SimTime,
    lifetime: SimDuration,
    expiry: Expiry,
}

/// Why it does not have a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missing {
    Never,
    OtherHost,
    Expired(SimDuration),
    OtherSession,
}

/// What S3 holds for one requester.
#[derive(Debug, Default)]
pub struct ExplainingMemory {
    /// By key.
    read: HashMap<u32, Hosts>,
    /// By the part of a bucket that is written to.
    written: HashMap<u32, Hosts>,
    /// The multipart uploads begun last.
    uploads: UploadsBegun,
}

impl Hosts {
    /// Looks for a key, which then is held; since when and until when it was, or why not, and until when it is now.
    fn ask(&mut self, ask: &Ask) -> Result<(SimTime, SimTime), (Missing, SimTime)> {
        if self.session != ask.session {
            self.before |= !self.held.is_empty();
            self.held.clear();
            self.session = ask.session;
        }
        let until = ask.time + ask.lifetime;
        let missing = self.missing(ask);
        let place = self.held.iter().position(|held| held.host == ask.host);
        match (missing, place) {
            (None, Some(place)) => {
                let held = &mut self.held[place];
                held.used = ask.time;
                if ask.expiry == Expiry::Sliding {
                    held.until = until;
                }
                Ok((held.since, held.until))
            }
            (missing, place) => {
                let fresh = Held { host: ask.host, since: ask.time, used: ask.time, until };
                match place {
                    Some(place) => self.held[place] = fresh,
                    None => self.held.push(fresh),
                }
                Err((missing.unwrap_or(Missing::Never), until))
            }
        }
    }

    /// Why the key is not held on a host; `None` if it is.
    fn missing(&self, ask: &Ask) -> Option<Missing> {
        if let Some(own) = self.held.iter().find(|held| held.host == ask.host) {
            return (ask.time >= own.until).then(|| Missing::Expired(own.needed(ask)));
        }
        if self.held.iter().any(|held| ask.time < held.until) {
            return Some(Missing::OtherHost);
        }
        let last = self.held.iter().max_by_key(|held| held.until);
        Some(match last {
            Some(last) => Missing::Expired(last.needed(ask)),
            None if self.before => Missing::OtherSession,
            None => Missing::Never,
        })
    }
}

impl Held {
    /// The lifetime beyond which the key would still be held.
    fn needed(&self, ask: &Ask) -> SimDuration {
        match ask.expiry {
            Expiry::Fixed => ask.time.since(self.since),
            Expiry::Sliding => ask.time.since(self.used),
        }
    }
}

impl ExplainingMemory {
    /// Explains the requester's next request; requests come in order of time.
    ///
    /// # Panics
    /// If the calls are others than those that the engine has answered: a mistake in either.
    pub fn explain(&mut self, it: &Answered, each: &mut impl FnMut(&Explanation)) {
        let request = it.request;
        let needs = Needs::of_request(request, it.scheme.multipart);
        let mut calls = KmsCalls::NONE;
        for _ in 0..needs.unwrap {
            self.unwrap(it, &request.object, &mut calls, each);
        }
        let own = self.uploads.of(it.request.bucket);
        for _ in 0..needs.unwrap_own {
            self.unwrap(it, &own, &mut calls, each);
        }
        if let Some(api) = needs.wrap {
            if request.operation == Operation::CreateMultipartUpload {
                self.uploads.begin(request.bucket, it.scheme.begun_upload(request));
            }
            self.wrap(it, api, &mut calls, each);
        }
        assert_eq!(calls, it.answer.calls, "explained as answered: {request:?}");
    }

    fn unwrap(
        &mut self,
        it: &Answered,
        object: &Object,
        calls: &mut KmsCalls,
        each: &mut impl FnMut(&Explanation),
    ) {
        let bucket = it.scheme.of_object(it.request, object);
        let key = match bucket {
            BucketScheme::BucketKey { .. } => {
                it.keyring.and_then(|keyring| keyring.wrapping(object))
            }
            BucketScheme::NoKms | BucketScheme::KeyPerObject => None,
        };
        let host = entry_of(0, it.request.draw, it.partitions.reading);
        let cause = match bucket {
            BucketScheme::BucketKey { .. } => Cause::ObjectWithoutKey,
            BucketScheme::NoKms | BucketScheme::KeyPerObject => Cause::KeysOff,
        };
        let outcome = match (bucket.unwrapping(key.is_some()), key) {
            (KeyCost::UnlessInMemory(cost), Some(key)) => {
                let assumptions = &it.scheme.assumptions;
                let (lifetime, expiry) = (assumptions.cache_lifetime, assumptions.expiry);
                let ask =
                    Ask { host, session: it.session, time: it.request.time, lifetime, expiry };
                outcome(self.read.entry(key).or_default().ask(&ask), cost, Cause::of_read)
            }
            (KeyCost::EachTime(calls), _) => each_time(cause, calls),
            _ => Outcome::NoKms,
        };
        note(calls, Explanation { key, host, writes: false, outcome }, each);
    }

    fn wrap(
        &mut self,
        it: &Answered,
        api: KmsApi,
        calls: &mut KmsCalls,
        each: &mut impl FnMut(&Explanation),
    ) {
        let Request { bucket, slot, draw, time, .. } = *it.request;
        let by_key = it.scheme.wraps_by_bucket_key(it.request);
        let host = part_of(draw, it.partitions.writing);
        let key =
            by_key.then(|| it.keyring?.wrapping(&Object::Written { bucket, slot, draw, time }));
        let plain = Explanation { key: key.flatten(), host, writes: true, outcome: Outcome::NoKms };
        match it.scheme.wrapping(bucket, api, by_key) {
            KeyCost::Nothing => note(calls, plain, each),
            KeyCost::EachTime(cost) => {
                let cause = match it.scheme.buckets[bucket as usize] {
                    BucketScheme::BucketKey { .. } => Cause::WrittenWithoutKey,
                    BucketScheme::NoKms | BucketScheme::KeyPerObject => Cause::KeysOff,
                };
                note(calls, Explanation { outcome: each_time(cause, cost), ..plain }, each);
            }
            KeyCost::UnlessInMemory(cost) => {
                let lifetime = it.scheme.assumptions.generation_lifetime;
                let ask = Ask { host, session: it.session, time, lifetime, expiry: Expiry::Fixed };
                let asked = self.written.entry(bucket).or_default().ask(&ask);
                let made = KmsCalls::of(KmsApi::GenerateDataKey, cost.get(KmsApi::GenerateDataKey));
                let outcome = outcome(asked, made, Cause::of_write);
                note(calls, Explanation { outcome, ..plain }, each);
                let verified = cost.get(KmsApi::Decrypt);
                if let (Err((_, until)), true) = (asked, verified > 0) {
                    let calls_of = KmsCalls::of(KmsApi::Decrypt, verified);
                    let (needed, until) = (None, Some(until));
                    let cause = Cause::Verification;
                    let outcome = Outcome::Called { cause, calls: calls_of, needed, until };
                    note(calls, Explanation { outcome, ..plain }, each);
                }
            }
        }
    }
}

fn each_time(cause: Cause, calls: KmsCalls) -> Outcome {
    Outcome::Called { cause, calls, needed: None, until: None }
}

/// What came of asking memory, where a key that is missing costs some calls.
fn outcome(
    asked: Result<(SimTime, SimTime), (Missing, SimTime)>,
    calls: KmsCalls,
    cause: fn(Missed) -> Cause,
) -> Outcome {
    match asked {
        Ok((since, until)) => Outcome::Held { since, until },
        Err((missing, until)) => {
            let (missed, needed) = match missing {
                Missing::Never => (Missed::Never, None),
                Missing::OtherHost => (Missed::OtherHost, None),
                Missing::OtherSession => (Missed::OtherSession, None),
                Missing::Expired(needed) => (Missed::Expired, Some(needed)),
            };
            Outcome::Called { cause: cause(missed), calls, needed, until: Some(until) }
        }
    }
}

/// Why a key is not in memory, without when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missed {
    Never,
    OtherHost,
    OtherSession,
    Expired,
}

fn note(sum: &mut KmsCalls, explanation: Explanation, each: &mut impl FnMut(&Explanation)) {
    if let Outcome::Called { calls, .. } = explanation.outcome {
        *sum += calls;
    }
    each(&explanation);
}
