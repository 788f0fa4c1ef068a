//! Requests of all kinds, answered many at a time: what they need of which key is found out once for all
//! arms that have their keys in common, and each arm then goes through columns of numbers.

use super::{Answer, Memory, Scheme, entry_of};
use crate::encryption::cost::KeyCost;
use crate::encryption::keys::Keyring;
use crate::encryption::needs::Needs;
use crate::encryption::service::BucketScheme;
use crate::kms::{KmsApi, KmsCalls};
use crate::rng::part_of;
use crate::s3::{Object, Operation, Request};
use crate::units::SimTime;

/// What some of a requester's requests need, in order of time.
#[derive(Debug, Default)]
pub struct KeyNeeds {
    /// What costs calls each time, whatever is in memory.
    each_time: Vec<CallOf>,
    /// Bucket-level keys that must be in memory to read.
    unwraps: Unwraps,
    /// Bucket-level keys that must be live to write.
    wraps: Wraps,
    /// The multipart upload begun last, as far as its key goes.
    upload: Option<Object>,
}

/// A request that costs something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallOf {
    /// Its place among the requests.
    pub request: u32,
    /// What it costs; one request may cost several times.
    pub answer: Answer,
}

#[derive(Debug, Default)]
struct Unwraps {
    requests: Vec<u32>,
    times: Vec<SimTime>,
    draws: Vec<u32>,
    keys: Vec<u32>,
    /// Whether it is the key of what is read, not that of the requester's own upload.
    of_read: Vec<bool>,
}

#[derive(Debug, Default)]
struct Wraps {
    requests: Vec<u32>,
    times: Vec<SimTime>,
    draws: Vec<u32>,
    buckets: Vec<u32>,
}

impl KeyNeeds {
    /// Forgets what a requester needed.
    pub fn begin(&mut self) {
        self.upload = None;
    }

    /// Finds out what the requester's next `requests` need under the buckets of a scheme, whatever it
    /// assumes, where `keyring` knows which key wraps what.
    pub fn find(&mut self, scheme: &Scheme, keyring: Option<&Keyring>, requests: &[Request]) {
        let Self { each_time, unwraps, wraps, .. } = self;
        each_time.clear();
        unwraps.requests.clear();
        unwraps.times.clear();
        unwraps.draws.clear();
        unwraps.keys.clear();
        unwraps.of_read.clear();
        wraps.requests.clear();
        wraps.times.clear();
        wraps.draws.clear();
        wraps.buckets.clear();
        for (number, request) in (0..).zip(requests) {
            let needs = Needs::of_request(request, scheme.multipart);
            for _ in 0..needs.unwrap {
                self.unwrap(scheme, keyring, number, request, &request.object, true);
            }
            if needs.unwrap_own > 0 {
                let own = self.upload.unwrap_or(Object::Keyless);
                for _ in 0..needs.unwrap_own {
                    self.unwrap(scheme, keyring, number, request, &own, false);
                }
            }
            if let Some(api) = needs.wrap {
                self.wrap(scheme, number, request, api);
            }
        }
    }

    fn unwrap(
        &mut self,
        scheme: &Scheme,
        keyring: Option<&Keyring>,
        number: u32,
        request: &Request,
        object: &Object,
        of_read: bool,
    ) {
        let bucket_scheme = scheme.of_object(request, object);
        let key = match bucket_scheme {
            BucketScheme::NoKms | BucketScheme::KeyPerObject => None,
            BucketScheme::BucketKey { .. } => keyring.and_then(|keyring| keyring.wrapping(object)),
        };
        match (bucket_scheme.unwrapping(key.is_some()), key) {
            (KeyCost::UnlessInMemory(_), Some(key)) => {
                self.unwraps.requests.push(number);
                self.unwraps.times.push(request.time);
                self.unwraps.draws.push(request.draw);
                self.unwraps.keys.push(key);
                self.unwraps.of_read.push(of_read);
            }
            (KeyCost::EachTime(calls), _) => {
                let answer =
                    Answer { calls, by_object: 1, of_read: of_read.into(), generated: None };
                self.each_time.push(CallOf { request: number, answer });
            }
            _ => {}
        }
    }

    fn wrap(&mut self, scheme: &Scheme, number: u32, request: &Request, api: KmsApi) {
        if request.operation == Operation::CreateMultipartUpload {
            self.upload = Some(scheme.begun_upload(request));
        }
        match scheme.wrapping(request.bucket, api, scheme.wraps_by_bucket_key(request)) {
            KeyCost::Nothing => {}
            KeyCost::EachTime(calls) => {
                let answer = Answer { calls, by_object: 1, of_read: 0, generated: None };
                self.each_time.push(CallOf { request: number, answer });
            }
            KeyCost::UnlessInMemory(_) => {
                self.wraps.requests.push(number);
                self.wraps.times.push(request.time);
                self.wraps.draws.push(request.draw);
                self.wraps.buckets.push(request.bucket);
            }
        }
    }
}

impl Memory {
    /// Answers the requests whose needs these are: tells `calls` of those that cost something. The
    /// requester's session must not end meanwhile.
    pub fn answer_all(&mut self, scheme: &Scheme, needs: &KeyNeeds, calls: &mut Vec<CallOf>) {
        calls.clear();
        calls.extend_from_slice(&needs.each_time);
        let Unwraps { requests, times, draws, keys, of_read } = &needs.unwraps;
        let decrypt = KmsCalls::of(KmsApi::Decrypt, 1);
        let partitions = self.partitions.reading;
        for place in 0..requests.len() {
            let entry = entry_of(keys[place], draws[place], partitions);
            if self.cache.misses(entry, times[place], &scheme.assumptions) {
                let of_read = of_read[place].into();
                let answer = Answer { calls: decrypt, by_object: 0, of_read, generated: None };
                calls.push(CallOf { request: requests[place], answer });
            }
        }
        let Wraps { requests, times, draws, buckets } = &needs.wraps;
        let partitions = self.partitions.writing;
        let lifetime = scheme.assumptions.generation_lifetime;
        for place in 0..requests.len() {
            let timeline = buckets[place] * partitions + part_of(draws[place], partitions);
            let until = &mut self.wrapping_until[timeline as usize];
            if times[place] >= *until {
                *until = times[place] + lifetime;
                let api = KmsApi::GenerateDataKey;
                let answer = Answer {
                    calls: scheme.wrapping(buckets[place], api, true).calls(),
                    by_object: 0,
                    of_read: 0,
                    generated: Some(timeline),
                };
                calls.push(CallOf { request: requests[place], answer });
            }
        }
    }
}
