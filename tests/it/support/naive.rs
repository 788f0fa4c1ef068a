//! The rules of encryption once more, as plainly as they can be said: lists of everything that ever
//! happened, searched from end to end. Written from the rules' description, not from the engine.
//!
//! - Every bucket-level key ever generated, with who asked, where, and from when to when it wraps.
//! - Every object written under one, with its wrapping key.
//! - Every stay of a plaintext key in a cache.
//!
//! Nothing is overwritten and nothing expires by being removed. All requesters are run together, in
//! one order of time, first all that is written, then all that is read.

pub(crate) mod population;

use bks::encryption::assumption::{Assumptions, Expiry};
use bks::encryption::requester::RequesterRule;
use bks::encryption::service::{BucketScheme, Scheme};
use bks::kms::{KmsApi, KmsCalls};
use bks::s3::{Connections, IdentityKind, Object, Operation, Principal, Request, SessionSlot};
use bks::units::{SimDuration, SimTime};

/// The people of a world, and who of them counts as one requester.
#[derive(Clone, Copy)]
pub(crate) struct People<'a> {
    pub(crate) rule: RequesterRule,
    pub(crate) principals: &'a [Principal],
    pub(crate) slots: &'a [SessionSlot],
}

impl People<'_> {
    /// Whether two session slots are one requester.
    fn are_one(&self, a: usize, b: usize) -> bool {
        let (x, y) = (&self.slots[a], &self.slots[b]);
        if self.principals[x.principal as usize] != self.principals[y.principal as usize] {
            return false;
        }
        if self.has_sessions_of_its_own(a) {
            return a == b;
        }
        // Policies are numbered by principal; 0 is no policy at all, whoever carries it.
        x.policy == y.policy && (x.policy == 0 || x.principal == y.principal)
    }

    fn has_sessions_of_its_own(&self, slot: usize) -> bool {
        let of = &self.slots[slot];
        let in_a_session = match self.principals[of.principal as usize].identity {
            IdentityKind::Role(_) => true,
            // Federated sessions are those that carry a policy.
            IdentityKind::User(_) => of.policy > 0,
            IdentityKind::Service(_) => false,
        };
        self.rule == RequesterRule::Session && in_a_session
    }

    /// The slots that are the first of their requester; a requester's number is its place here.
    pub(crate) fn firsts(&self) -> Vec<usize> {
        (0..self.slots.len()).filter(|&b| (0..b).all(|a| !self.are_one(a, b))).collect()
    }

    /// The number of a slot's requester.
    pub(crate) fn requester(&self, slot: u32) -> usize {
        self.firsts().iter().position(|&first| self.are_one(first, slot as usize)).unwrap()
    }

    /// Parts of the fleet that a slot's requester meets, if they are not `given`: the mean number of
    /// `hosts`, to the nearest, on which its connections land one after the other.
    fn partitions(&self, slot: u32, given: Option<u32>, hosts: u32) -> u32 {
        let mine = (0..self.slots.len()).filter(|&other| self.are_one(slot as usize, other));
        let (all, mut met, mut fresh) = (f64::from(hosts), 0.0, false);
        for other in mine {
            match self.slots[other].connections {
                Connections::Fresh => fresh = true,
                Connections::Kept(number) => {
                    (0..number).for_each(|_| met += (all - met) / all);
                }
            }
        }
        given.unwrap_or(if fresh { hosts } else { met.round().max(1.0) as u32 })
    }

    /// Who asks: the requester and, if each session is a requester anew, the how-manieth.
    fn asker(&self, slot: u32, time: SimTime) -> Asker {
        let mut session = 0;
        let of = &self.slots[slot as usize];
        if let (true, Some(length)) =
            (self.has_sessions_of_its_own(slot as usize), of.session_length)
        {
            let mut renewal = of.first_renewal;
            while renewal <= time {
                session += 1;
                renewal = renewal + length;
            }
        }
        Asker { requester: self.requester(slot), session }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Asker {
    requester: usize,
    session: u32,
}

/// A bucket-level key that was generated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    asker: Asker,
    bucket: u32,
    partition: u32,
    pub(crate) generated: SimTime,
    /// The first moment at which it wraps nothing more.
    pub(crate) expires: SimTime,
}

impl Key {
    /// Requester, bucket and partition: where at most one key at a time wraps new objects.
    pub(crate) fn place(&self) -> (usize, u32, u32) {
        (self.asker.requester, self.bucket, self.partition)
    }
}

/// An object that was written under a bucket-level key.
struct Stored {
    requester: usize,
    bucket: u32,
    partition: u32,
    time: SimTime,
    key: usize,
}

/// A multipart upload that was begun.
struct Upload {
    slot: u32,
    key: Option<usize>,
}

/// What wraps an object.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wrapping {
    /// A key of its own.
    Own,
    /// A population's key, as the caller numbers it.
    Old((u32, u32)),
    /// A key of the run, by its place in the list.
    New(usize),
}

/// One stay of a plaintext key in a cache.
struct Stay {
    asker: Asker,
    key: Wrapping,
    partition: u32,
    from: SimTime,
}

/// What one request cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) calls: KmsCalls,
    /// Whether a bucket-level key was generated for it.
    pub(crate) generated: bool,
}

/// The keys of objects that were there before the run.
pub(crate) type Old<'a> = &'a dyn Fn(&Object) -> Option<(u32, u32)>;

/// Answers `requests`, which stand in the order of time, and gives all keys generated.
pub(crate) fn answer(
    people: People,
    scheme: &Scheme,
    old: Old,
    requests: &[Request],
) -> (Vec<Verdict>, Vec<Key>) {
    assert!(requests.windows(2).all(|pair| pair[0].time <= pair[1].time));
    let mut books = Books {
        people,
        scheme,
        assumptions: scheme.assumptions,
        old,
        keys: Vec::new(),
        stored: Vec::new(),
        uploads: Vec::new(),
        stays: Vec::new(),
    };
    let mut verdicts = vec![Verdict::default(); requests.len()];
    let mut uploads_before = Vec::new();
    for (request, verdict) in requests.iter().zip(&mut verdicts) {
        books.write(request, verdict);
        uploads_before.push(books.uploads.len());
    }
    for ((request, verdict), uploads) in requests.iter().zip(&mut verdicts).zip(uploads_before) {
        books.read(request, uploads, verdict);
    }
    (verdicts, books.keys)
}

struct Books<'a> {
    people: People<'a>,
    scheme: &'a Scheme,
    assumptions: Assumptions,
    old: Old<'a>,
    keys: Vec<Key>,
    stored: Vec<Stored>,
    uploads: Vec<Upload>,
    stays: Vec<Stay>,
}

impl Books<'_> {
    fn write(&mut self, request: &Request, verdict: &mut Verdict) {
        let api = match request.operation {
            Operation::PutObject | Operation::CreateMultipartUpload | Operation::CopyObject => {
                KmsApi::GenerateDataKey
            }
            Operation::ReplicateObject => KmsApi::Encrypt,
            _ => return,
        };
        let bucket = self.scheme.buckets[request.bucket as usize];
        let by_key = match bucket {
            BucketScheme::NoKms | BucketScheme::KeyPerObject => false,
            BucketScheme::BucketKey { since, copies } => {
                let is_copy = request.operation == Operation::CopyObject;
                request.allows_bucket_key && since <= request.time && (copies || !is_copy)
            }
        };
        let key = by_key.then(|| self.wrapping_key(request, verdict));
        if !by_key && bucket != BucketScheme::NoKms {
            verdict.calls += KmsCalls::of(api, 1);
        }
        if request.operation == Operation::CreateMultipartUpload {
            self.uploads.push(Upload { slot: request.slot, key });
        }
    }

    /// Parts of the fleet through which a slot's requester writes.
    fn written_through(&self, slot: u32) -> u32 {
        let Assumptions { write_partitions, cache_hosts, .. } = self.assumptions;
        self.people.partitions(slot, write_partitions, cache_hosts)
    }

    /// The live key of the writer's, or a new one.
    fn wrapping_key(&mut self, request: &Request, verdict: &mut Verdict) -> usize {
        let time = request.time;
        let asker = self.people.asker(request.slot, time);
        let partition = part(request.draw, self.written_through(request.slot));
        let live = self.keys.iter().position(|key| {
            key.asker == asker
                && key.bucket == request.bucket
                && key.partition == partition
                && key.generated <= time
                && time < key.expires
        });
        let key = live.unwrap_or_else(|| {
            let expires = time + self.assumptions.generation_lifetime;
            let bucket = request.bucket;
            self.keys.push(Key { asker, bucket, partition, generated: time, expires });
            verdict.generated = true;
            verdict.calls += KmsCalls::of(KmsApi::GenerateDataKey, 1);
            let verifying = self.assumptions.verify_on_write.into();
            verdict.calls += KmsCalls::of(KmsApi::Decrypt, verifying);
            self.keys.len() - 1
        });
        let requester = asker.requester;
        self.stored.push(Stored { requester, bucket: request.bucket, partition, time, key });
        key
    }

    fn read(&mut self, request: &Request, uploads: usize, verdict: &mut Verdict) {
        let multipart = self.scheme.multipart;
        let stored = self.wrapping(&request.object);
        let (lies_in, own) = (self.lies_in(request), self.scheme.buckets[request.bucket as usize]);
        match request.operation {
            Operation::GetObject
            | Operation::HeadObjectChecksum
            | Operation::CopyObject
            | Operation::ReplicateObject => self.unwrap(request, lies_in, stored, verdict),
            Operation::UploadPart if multipart.upload_part == 1 => {
                self.unwrap(request, own, self.upload(request, uploads), verdict);
            }
            Operation::CompleteMultipartUpload if multipart.complete == 1 => {
                self.unwrap(request, own, self.upload(request, uploads), verdict);
            }
            Operation::UploadPartCopy => {
                self.unwrap(request, lies_in, stored, verdict);
                if multipart.upload_part == 1 {
                    let directory = matches!(
                        self.scheme.buckets[request.bucket as usize],
                        BucketScheme::BucketKey { copies: false, .. }
                    );
                    let upload = self.upload(request, uploads);
                    let upload = if directory { Wrapping::Own } else { upload };
                    self.unwrap(request, own, upload, verdict);
                }
            }
            _ => {}
        }
    }

    /// What wraps the sender's upload under way: the newest of the first `uploads`.
    fn upload(&self, request: &Request, uploads: usize) -> Wrapping {
        let mut known = self.uploads[..uploads].iter();
        let newest = known.rfind(|upload| upload.slot == request.slot);
        newest.expect("parts belong to an upload").key.map_or(Wrapping::Own, Wrapping::New)
    }

    fn wrapping(&self, object: &Object) -> Wrapping {
        match *object {
            Object::None | Object::Unserved | Object::Keyless => Wrapping::Own,
            Object::Ranked { .. } | Object::Aged { .. } => {
                (self.old)(object).map_or(Wrapping::Own, Wrapping::Old)
            }
            Object::Written { bucket, slot, draw, time } => {
                match self.scheme.buckets[bucket as usize] {
                    BucketScheme::BucketKey { since, .. } if since <= time => {
                        self.last_written(bucket, slot, draw, time)
                    }
                    _ => Wrapping::Own,
                }
            }
        }
    }

    /// The key of what the slot's requester had written last at `time` in the partition picked. A
    /// partition that had nothing yet answers with its first object, one that never has with the
    /// next partition's.
    fn last_written(&self, bucket: u32, slot: u32, draw: u32, time: SimTime) -> Wrapping {
        let requester = self.people.requester(slot);
        let partitions = self.written_through(slot);
        let picked = part(draw, partitions);
        for step in 0..partitions {
            let partition = (picked + step) % partitions;
            let objects: Vec<&Stored> = self
                .stored
                .iter()
                .filter(|o| (o.requester, o.bucket, o.partition) == (requester, bucket, partition))
                .collect();
            let last = objects.iter().rev().find(|object| object.time <= time);
            if let Some(object) = last.or(objects.first()) {
                return Wrapping::New(object.key);
            }
        }
        Wrapping::Own
    }

    /// How the bucket of what is read is encrypted, be it a copy's source elsewhere.
    fn lies_in(&self, request: &Request) -> BucketScheme {
        match request.object {
            Object::Ranked { population, .. } | Object::Aged { population, .. } => {
                self.scheme.populations[population as usize]
            }
            Object::Written { bucket, .. } => self.scheme.buckets[bucket as usize],
            Object::Keyless | Object::None | Object::Unserved => {
                self.scheme.buckets[request.bucket as usize]
            }
        }
    }

    fn unwrap(
        &mut self,
        request: &Request,
        lies_in: BucketScheme,
        key: Wrapping,
        verdict: &mut Verdict,
    ) {
        match lies_in {
            BucketScheme::NoKms => return,
            BucketScheme::BucketKey { .. } if key != Wrapping::Own => {
                let asker = self.people.asker(request.slot, request.time);
                // Reads are placed by the other half of the draw.
                let draw = request.draw.rotate_right(16);
                let Assumptions { read_partitions, cache_hosts, .. } = self.assumptions;
                let parts = self.people.partitions(request.slot, read_partitions, cache_hosts);
                let partition = part(draw, parts);
                let lifetime = self.assumptions.cache_lifetime;
                let held = self.stays.iter().any(|stay| {
                    (stay.asker, stay.key, stay.partition) == (asker, key, partition)
                        && request.time < stay.from + lifetime
                });
                let stay = Stay { asker, key, partition, from: request.time };
                if held {
                    if self.assumptions.expiry == Expiry::Sliding {
                        self.stays.push(stay);
                    }
                    return;
                }
                self.stays.push(stay);
            }
            BucketScheme::BucketKey { .. } | BucketScheme::KeyPerObject => {}
        }
        verdict.calls += KmsCalls::of(KmsApi::Decrypt, 1);
    }
}

/// Which of `parts` equal parts of the 32-bit numbers `draw` lies in.
fn part(draw: u32, parts: u32) -> u32 {
    let whole = u128::from(u32::MAX) + 1;
    (u128::from(draw) * u128::from(parts) / whole) as u32
}

/// Bucket-level keys alive in each counted second, counted key by key and second by second. A key
/// that begins in its predecessor's last second is not counted in it again.
pub(crate) fn alive(keys: &[Key], from: SimTime, seconds: usize) -> Vec<u32> {
    let second = |time: SimTime| (time.as_nanos() - from.as_nanos()).div_euclid(1_000_000_000);
    let first = |key: &Key| second(key.generated);
    let last = |key: &Key| second(key.expires - SimDuration::from_nanos(1));
    (0_i64..)
        .take(seconds)
        .map(|now| {
            let counts = |(place, key): &(usize, &Key)| {
                let predecessor = keys[..*place].iter().rfind(|other| other.place() == key.place());
                let shared = predecessor.is_some_and(|p| last(p) == now && first(key) == now);
                (first(key)..=last(key)).contains(&now) && !shared
            };
            keys.iter().enumerate().filter(counts).count() as u32
        })
        .collect()
}
