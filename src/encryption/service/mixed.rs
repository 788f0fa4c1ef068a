//! Requests of all kinds, answered many at a time: what they need is found out once for all arms that
//! treat the buckets alike, and each arm then goes through columns of numbers.

use super::{Answer, Memory, Scheme, UploadsBegun, entry_of, read_part};
use crate::encryption::cost::KeyCost;
use crate::encryption::keys::{KEYLESS, Keyring};
use crate::encryption::needs::Needs;
use crate::kms::{KmsApi, KmsCalls};
use crate::rng::part_of;
use crate::s3::{Object, Operation, Request, SessionSlot};
use crate::units::SimTime;

/// What some of a requester's requests need, in order of time.
#[derive(Debug, Default)]
pub(crate) struct KeyNeeds {
    /// What costs calls each time, whatever is in memory, to unwrap and to wrap: the same for all arms.
    each_time: [Vec<CallOf>; 2],
    unwraps: Vec<Unwrap>,
    /// What they unwrap, each once where several requests after one another ask for the same.
    objects: Vec<Object>,
    /// The bucket that each of these is asked for in.
    buckets: Vec<u32>,
    wraps: Vec<Wrap>,
    /// The multipart uploads begun last.
    uploads: UploadsBegun,
}

/// A request that costs something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CallOf {
    /// Its place among the requests.
    pub(crate) request: u32,
    /// When.
    pub(crate) time: SimTime,
    /// What it costs; one request may cost several times.
    pub(crate) answer: Answer,
}

impl CallOf {
    fn each_time(request: u32, time: SimTime, calls: KmsCalls, of_read: bool) -> Self {
        let answer = Answer { calls, by_object: 1, of_read: of_read.into(), generated: None };
        Self { request, time, answer }
    }
}

/// An object that a bucket-level key may wrap, and whose data is needed.
#[derive(Clone, Copy, Debug)]
struct Unwrap {
    time: SimTime,
    /// Its place among the objects.
    object: u32,
    request: u32,
    draw: u32,
    /// Whether it is what is read, not the requester's own upload.
    of_read: bool,
}

/// A write that a bucket-level key wraps.
#[derive(Clone, Copy, Debug)]
struct Wrap {
    time: SimTime,
    request: u32,
    draw: u32,
    bucket: u32,
}

impl KeyNeeds {
    /// Forgets what a requester needed.
    pub(crate) fn begin(&mut self) {
        self.uploads = UploadsBegun::default();
    }

    /// What costs calls each time, whatever is in memory, to unwrap and to wrap, each in order of time;
    /// [`Memory::answer_all`] tells of the rest.
    pub(crate) fn each_time(&self) -> &[Vec<CallOf>; 2] {
        &self.each_time
    }

    /// Finds out what the requester's next `requests` need under the buckets of a scheme, whatever it
    /// assumes. `keyless` tells of each population whether no object of it has a bucket-level key.
    pub(crate) fn find(&mut self, scheme: &Scheme, keyless: &[bool], requests: &[Request]) {
        self.clear();
        for (number, request) in (0..).zip(requests) {
            let needs = Needs::of_request(request, scheme.multipart);
            for _ in 0..needs.unwrap {
                let object = request.object;
                let may_have_key = !matches!(object, Object::Ranked { population, .. }
                    if keyless[population as usize]);
                self.unwrap(scheme, (number, request), object, may_have_key, true);
            }
            for _ in 0..needs.unwrap_own {
                let own = self.uploads.of(request.bucket);
                self.unwrap(scheme, (number, request), own, true, false);
            }
            if let Some(api) = needs.wrap {
                self.wrap(scheme, number, request, api);
            }
        }
    }

    /// The same for those who only ask which bucket-level keys are generated.
    pub(crate) fn find_wraps(&mut self, scheme: &Scheme, requests: &[Request]) {
        self.clear();
        for (number, request) in (0..).zip(requests) {
            if let Some(api) = Needs::of_request(request, scheme.multipart).wrap {
                self.wrap(scheme, number, request, api);
            }
        }
    }

    fn clear(&mut self) {
        self.each_time.iter_mut().for_each(Vec::clear);
        self.unwraps.clear();
        self.objects.clear();
        self.buckets.clear();
        self.wraps.clear();
    }

    fn unwrap(
        &mut self,
        scheme: &Scheme,
        (number, request): (u32, &Request),
        object: Object,
        may_have_key: bool,
        of_read: bool,
    ) {
        match scheme.of_object(request, &object).unwrapping(may_have_key) {
            KeyCost::Nothing => {}
            KeyCost::EachTime(calls) => {
                self.each_time[0].push(CallOf::each_time(number, request.time, calls, of_read));
            }
            KeyCost::UnlessInMemory(_) => {
                let Request { time, draw, bucket, .. } = *request;
                if self.objects.last() != Some(&object) || self.buckets.last() != Some(&bucket) {
                    self.objects.push(object);
                    self.buckets.push(bucket);
                }
                let object = self.objects.len() as u32 - 1;
                self.unwraps.push(Unwrap { time, object, request: number, draw, of_read });
            }
        }
    }

    fn wrap(&mut self, scheme: &Scheme, number: u32, request: &Request, api: KmsApi) {
        if request.operation == Operation::CreateMultipartUpload {
            self.uploads.begin(request.bucket, scheme.begun_upload(request));
        }
        match scheme.wrapping(request.bucket, api, scheme.wraps_by_bucket_key(request)) {
            KeyCost::Nothing => {}
            KeyCost::EachTime(calls) => {
                self.each_time[1].push(CallOf::each_time(number, request.time, calls, false));
            }
            KeyCost::UnlessInMemory(_) => {
                let Request { time, draw, bucket, .. } = *request;
                self.wraps.push(Wrap { time, request: number, draw, bucket });
            }
        }
    }

    /// Which keys wrap the objects that are to be unwrapped, [`KEYLESS`] where none does.
    pub(crate) fn look_up(&self, keyring: &Keyring, keys: &mut Vec<u32>) {
        keys.clear();
        let objects = self.objects.iter();
        keys.extend(objects.map(|object| keyring.wrapping(object).unwrap_or(KEYLESS)));
    }
}

impl Memory {
    /// Answers the requests whose needs these are: tells `calls` of those that cost something now and may
    /// not another time. `keys` are those of [`KeyNeeds::look_up`], if the arm ever finds one in memory. `session`
    /// is the slot whose every session is a requester anew, if the rule says so. `shared` is asked for keys in
    /// the place of this memory, if there is one.
    pub(crate) fn answer_all(
        &mut self,
        scheme: &Scheme,
        session: Option<&SessionSlot>,
        needs: &KeyNeeds,
        keys: Option<&[u32]>,
        mut shared: Option<&mut dyn ReadCache>,
        calls: &mut Vec<CallOf>,
    ) {
        calls.clear();
        let (mut unwraps, mut wraps) = (needs.unwraps.as_slice(), needs.wraps.as_slice());
        while let Some(next) = first_time(unwraps, wraps) {
            if next >= self.session_ends {
                self.renew(next, session);
            }
            let ends = self.session_ends;
            let (now, later) = unwraps.split_at(unwraps.partition_point(|it| it.time < ends));
            match shared.as_deref_mut() {
                None => self.unwrap_needed(scheme, needs, now, keys, calls),
                Some(shared) => {
                    let partitions = self.partitions.reading;
                    unwrap_from(
                        |key, it| shared.misses(entry_of(key, it.draw, partitions), it.time),
                        now,
                        keys,
                        calls,
                    );
                }
            }
            unwraps = later;
            let (now, later) = wraps.split_at(wraps.partition_point(|it| it.time < ends));
            self.wrap_needed(scheme, now, calls);
            wraps = later;
        }
    }

    fn wrap_needed(&mut self, scheme: &Scheme, wraps: &[Wrap], calls: &mut Vec<CallOf>) {
        let partitions = self.partitions.writing;
        let lifetime = scheme.assumptions.generation_lifetime;
        for &Wrap { time, request, draw, bucket } in wraps {
            let place = bucket * partitions + part_of(draw, self.writing(bucket));
            let until = &mut self.wrapping_until[place as usize];
            if time >= *until {
                *until = time + lifetime;
                let of_key = scheme.wrapping(bucket, KmsApi::GenerateDataKey, true).calls();
                let generated = Some(place);
                let answer = Answer { calls: of_key, by_object: 0, of_read: 0, generated };
                calls.push(CallOf { request, time, answer });
            }
        }
    }

    fn unwrap_needed(
        &mut self,
        scheme: &Scheme,
        needs: &KeyNeeds,
        unwraps: &[Unwrap],
        keys: Option<&[u32]>,
        calls: &mut Vec<CallOf>,
    ) {
        let assumptions = &scheme.assumptions;
        let partitions = self.partitions.reading;
        if self.of_buckets.is_empty() {
            let cache = &mut self.cache;
            return unwrap_from(
                |key, it| cache.misses(entry_of(key, it.draw, partitions), it.time, assumptions),
                unwraps,
                keys,
                calls,
            );
        }
        let (cache, of_buckets) = (&mut self.cache, &self.of_buckets);
        unwrap_from(
            |key, it| {
                let bucket = needs.buckets[it.object as usize] as usize;
                let part = read_part(it.draw, of_buckets[bucket].reading);
                cache.misses(key * partitions + part, it.time, assumptions)
            },
            unwraps,
            keys,
            calls,
        );
    }
}

/// Keys in memory that are not this requester's drawn requests' alone.
pub(crate) trait ReadCache {
    /// Whether the key of an entry (key × partitions + partition) must be fetched at a time, which is not
    /// before that of the last question about it; if so, it then is.
    fn misses(&mut self, entry: u32, time: SimTime) -> bool;
}

/// Tells which unwraps cost a call, if `misses` tells of each whether its key is not in memory. `keys` are
/// those of the objects; without any each is a call.
#[inline]
fn unwrap_from(
    mut misses: impl FnMut(u32, &Unwrap) -> bool,
    unwraps: &[Unwrap],
    keys: Option<&[u32]>,
    calls: &mut Vec<CallOf>,
) {
    let decrypt = KmsCalls::of(KmsApi::Decrypt, 1);
    let Some(keys) = keys else {
        let each =
            unwraps.iter().map(|it| CallOf::each_time(it.request, it.time, decrypt, it.of_read));
        return calls.extend(each);
    };
    for it in unwraps {
        let Unwrap { time, object, request, of_read, .. } = *it;
        let key = keys[object as usize];
        if key == KEYLESS {
            calls.push(CallOf::each_time(request, time, decrypt, of_read));
        } else if misses(key, it) {
            let of_read = of_read.into();
            let answer = Answer { calls: decrypt, by_object: 0, of_read, generated: None };
            calls.push(CallOf { request, time, answer });
        }
    }
}

/// When the first of two columns' needs arises.
fn first_time(unwraps: &[Unwrap], wraps: &[Wrap]) -> Option<SimTime> {
    let unwrap = unwraps.first().map(|it| it.time);
    let wrap = wraps.first().map(|it| it.time);
    unwrap.into_iter().chain(wrap).min()
}
