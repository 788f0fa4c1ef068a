//! Names in a log and the numbers that stand for them: sessions, buckets, prefixes.
//!
//! While a log is read names are numbered as they appear; at its end they are sorted and numbered
//! anew, so that the order of the log changes nothing.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

use super::bucket_kms_keys::BucketKmsKeys;
use super::hash::Hash;
use super::pseudonyms::NameHider;
use crate::logs::record::{LogOperation, LoggedRequester, Record, percent_decoded};
use crate::s3::{IdentityKind, Principal};

/// Most prefixes of a bucket, under each of its KMS keys, that are distinguished; a bucket that has more is
/// reported as a whole.
pub(crate) const MAX_PREFIXES: usize = 10_000;

/// Stands for a whole bucket.
const WHOLE: &str = "*";

/// A session as the log names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SessionIdentity {
    pub(crate) principal: Principal,
    /// Empty for those who have no sessions.
    pub(crate) session: String,
}

impl SessionIdentity {
    fn of(record: &Record) -> Self {
        let (account, identity) = match record.requester {
            LoggedRequester::AssumedRole { account, role, .. } if !role.is_empty() => {
                (account, IdentityKind::Role(text(role)))
            }
            LoggedRequester::User { account, name } if !name.is_empty() => {
                (account, IdentityKind::User(text(name)))
            }
            other => return Self { principal: nameless(&other), session: String::new() },
        };
        let session = match (record.requester, record.credential) {
            (LoggedRequester::AssumedRole { session, .. }, None) => text(session),
            // The credential tells sessions of one name apart; what it is need not be known.
            (LoggedRequester::AssumedRole { session, .. }, Some(credential)) => {
                format!("{}#{:08x}", text(session), Hash::new().with(credential).get() as u32)
            }
            _ => String::new(),
        };
        let account = if account.is_empty() { NO_ACCOUNT.to_owned() } else { text(account) };
        Self { principal: Principal { account, identity }, session }
    }

    /// A number for whoever sent the record, the same whenever it is the same session.
    pub(crate) fn hash(record: &Record) -> u64 {
        let parts: &[&[u8]] = match record.requester {
            LoggedRequester::Anonymous => &[b"anonymous"],
            LoggedRequester::Unknown => &[b"unknown"],
            LoggedRequester::CanonicalId(id) => &[b"canonical", id],
            LoggedRequester::Root { account } => &[b"root", account],
            LoggedRequester::User { account, name } => &[b"user", account, name],
            LoggedRequester::AssumedRole { account, role, session } => {
                &[b"role", account, role, session, record.credential.unwrap_or_default()]
            }
            LoggedRequester::FederatedUser { account, name } => &[b"federated", account, name],
            LoggedRequester::Service(name) => &[b"service", plain_service(name)],
            LoggedRequester::ServiceFor { account, name } => {
                &[b"service", account, plain_service(name)]
            }
            LoggedRequester::OfKind { account, kind, name } => &[b"kind", account, kind, name],
            LoggedRequester::Other(text) => &[b"other", text],
        };
        parts.iter().fold(Hash::new(), |hash, part| hash.with(part)).get()
    }
}

/// The credential, where it tells sessions apart.
fn session_credential<'a>(record: &Record<'a>) -> Option<&'a [u8]> {
    let is_role = matches!(record.requester, LoggedRequester::AssumedRole { .. });
    record.credential.filter(|_| is_role)
}

/// The principal that a requester is, whatever its session.
pub(crate) fn principal_of(requester: &LoggedRequester) -> Principal {
    let record = Record::new(LogOperation::Unknown, b"", *requester);
    SessionIdentity::of(&record).principal
}

/// Requesters that are neither a role's session nor an IAM user: one requester each.
fn nameless(requester: &LoggedRequester) -> Principal {
    let account = match requester {
        LoggedRequester::Root { account }
        | LoggedRequester::FederatedUser { account, .. }
        | LoggedRequester::ServiceFor { account, .. }
        | LoggedRequester::OfKind { account, .. } => text(account),
        _ => NO_ACCOUNT.to_owned(),
    };
    let account = if account.is_empty() { NO_ACCOUNT.to_owned() } else { account };
    let name = match requester {
        LoggedRequester::Anonymous => ANONYMOUS.to_owned(),
        LoggedRequester::Unknown => UNKNOWN.to_owned(),
        LoggedRequester::CanonicalId(id) => format!("{CANONICAL}{}", text(id)),
        LoggedRequester::Root { account } => format!("arn:aws:iam::{}:root", text(account)),
        LoggedRequester::FederatedUser { account, name } => {
            format!("arn:aws:sts::{}:federated-user/{}", text(account), text(name))
        }
        LoggedRequester::Service(name) | LoggedRequester::ServiceFor { name, .. } => {
            text(plain_service(name))
        }
        LoggedRequester::OfKind { kind, name, .. } => format!("{}/{}", text(kind), text(name)),
        LoggedRequester::Other(name) => text(name),
        LoggedRequester::User { .. } | LoggedRequester::AssumedRole { .. } => NAMELESS.to_owned(),
    };
    let name = if name.is_empty() { NAMELESS.to_owned() } else { name };
    Principal { account, identity: IdentityKind::Service(name) }
}

/// A name, which access logs URL-encode if it would end its field; no name that AWS allows has a `%`.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&percent_decoded(bytes)).into_owned()
}

/// A service's name as trails have it: access logs write `svc:` before it.
fn plain_service(name: &[u8]) -> &[u8] {
    name.strip_prefix(b"svc:").filter(|name| !name.is_empty()).unwrap_or(name)
}

/// The names of roles by their unique ids, which stand for them in another account's trail.
#[derive(Debug, Default)]
pub(crate) struct Roles(HashMap<Vec<u8>, Principal>);

impl Roles {
    /// Takes what a record tells of a role.
    pub(crate) fn note(&mut self, role_id: Option<&[u8]>, requester: &LoggedRequester) {
        let (Some(id), LoggedRequester::AssumedRole { account, role, .. }) = (role_id, requester)
        else {
            return;
        };
        match self.0.get_mut(id) {
            None => drop(self.0.insert(id.to_vec(), principal_of(requester))),
            Some(known) if is_role(known, account, role) => {}
            // No id has two names, but whoever redacts may make it so: the first by name is kept.
            Some(known) => {
                let other = principal_of(requester);
                if other < *known {
                    *known = other;
                }
            }
        }
    }

    /// Takes over what other records tell of roles.
    pub(crate) fn absorb(&mut self, other: Self) {
        for (id, principal) in other.0 {
            let known = self.0.entry(id).or_insert_with(|| principal.clone());
            if principal < *known {
                *known = principal;
            }
        }
    }

    /// The principal under its role's name, if that is known.
    pub(crate) fn named(&self, principal: &Principal) -> Principal {
        let IdentityKind::Role(id) = &principal.identity else { return principal.clone() };
        self.0.get(id.as_bytes()).unwrap_or(principal).clone()
    }
}

/// Whether a principal is a role of that account and name.
fn is_role(principal: &Principal, account: &[u8], role: &[u8]) -> bool {
    matches!(&principal.identity, IdentityKind::Role(name) if name.as_bytes() == role)
        && principal.account.as_bytes() == account
}

/// The account of those of whom a log does not tell it.
pub(crate) const NO_ACCOUNT: &str = "000000000000";
/// What requesters without credentials are called.
pub(crate) const ANONYMOUS: &str = "anonymous";
/// What those are called of whom a log says nothing.
pub(crate) const UNKNOWN: &str = "unknown";
/// What those are called whose name is empty.
pub(crate) const NAMELESS: &str = "nameless";
/// What a bucket is called whose name is empty.
pub(crate) const UNNAMED: &str = "unnamed";
/// What stands before a canonical user id.
pub(crate) const CANONICAL: &str = "canonical-user/";

/// Numbers by hashes, which need no other hash.
type ByHash = HashMap<u64, u32, BuildHasherDefault<OwnHash>>;

/// The hash of a hash: itself.
#[derive(Clone, Copy, Debug, Default)]
struct OwnHash(u64);

impl Hasher for OwnHash {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = Hash::new().with(bytes).get();
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A part of a bucket: objects whose keys begin alike, and which are known to be under one KMS key or of
/// which none is known.
#[derive(Clone, Debug)]
struct NamedPlace {
    bucket: u32,
    prefix: String,
    kms_key: Option<u32>,
}

/// What is known of a bucket's prefixes.
#[derive(Debug, Default)]
struct BucketPrefixes {
    /// How many there are, under each KMS key.
    count: usize,
    /// The places that stand for the whole bucket, by KMS key, if it has too many.
    whole: BTreeMap<Option<u32>, u32>,
}

/// Names numbered as they appear.
#[derive(Debug, Default)]
pub(crate) struct NameTable {
    /// Nobody who chooses names can know what they hash to; no result depends on it.
    secret: RandomState,
    slots: ByHash,
    pub(crate) roles: Roles,
    who: Vec<SessionIdentity>,
    /// The last record's session.
    last_slot: Option<(u64, u32)>,
    places: ByHash,
    parts: Vec<NamedPlace>,
    last_place: Option<(u64, u32)>,
    buckets: HashMap<Vec<u8>, u32>,
    named: Vec<String>,
    prefixes: Vec<BucketPrefixes>,
    /// Numbers of KMS keys by their ARNs.
    kms_keys: BTreeMap<String, u32>,
    /// For each bucket the regions in which its requests were received, and how many there: such as were served,
    /// and others.
    regions: Vec<Vec<(String, [u64; 2])>>,
}

impl NameTable {
    /// Names that are numbered apart from these, and may be taken over later.
    pub(crate) fn apart(&self) -> Self {
        Self { secret: self.secret.clone(), ..Self::default() }
    }

    /// The number of a record's session.
    pub(crate) fn slot(&mut self, record: &Record) -> u32 {
        let hash = self.secret.hash_one((&record.requester, session_credential(record)));
        if let Some((last, slot)) = self.last_slot
            && last == hash
        {
            return slot;
        }
        let slot = *self.slots.entry(hash).or_insert_with(|| {
            self.roles.note(record.role_id, &record.requester);
            self.who.push(SessionIdentity::of(record));
            self.who.len() as u32 - 1
        });
        self.last_slot = Some((hash, slot));
        slot
    }

    /// The number of a part of a bucket: what its keys begin with up to their first `/`, and the ARN of the
    /// KMS key that the object is under, if that is told.
    pub(crate) fn place(
        &mut self,
        bucket: &[u8],
        key: Option<&[u8]>,
        kms_key: Option<&[u8]>,
    ) -> u32 {
        let key = key.unwrap_or_default();
        let prefix = key.iter().position(|byte| *byte == b'/').map_or(&b""[..], |at| &key[..=at]);
        let hash = self.secret.hash_one((bucket, prefix, kms_key));
        if let Some((last, place)) = self.last_place
            && last == hash
        {
            return place;
        }
        let place = if let Some(&place) = self.places.get(&hash) {
            place
        } else {
            let bucket = self.bucket(bucket);
            let kms_key = kms_key.map(|arn| self.kms_key(&String::from_utf8_lossy(arn)));
            self.add_place(bucket, kms_key, hash, || text(prefix))
        };
        self.last_place = Some((hash, place));
        place
    }

    /// Adds a part of a bucket, unless that has too many.
    fn add_place(
        &mut self,
        bucket: u32,
        kms_key: Option<u32>,
        hash: u64,
        prefix: impl FnOnce() -> String,
    ) -> u32 {
        let count = &mut self.prefixes[bucket as usize].count;
        *count += 1;
        if *count > MAX_PREFIXES {
            return self.whole(bucket, kms_key);
        }
        let next = self.parts.len() as u32;
        self.parts.push(NamedPlace { bucket, prefix: prefix(), kms_key });
        self.places.insert(hash, next);
        next
    }

    /// The number of the place that stands for all of a bucket that is under a KMS key.
    fn whole(&mut self, bucket: u32, kms_key: Option<u32>) -> u32 {
        let next = self.parts.len() as u32;
        *self.prefixes[bucket as usize].whole.entry(kms_key).or_insert_with(|| {
            self.parts.push(NamedPlace { bucket, prefix: WHOLE.to_owned(), kms_key });
            next
        })
    }

    /// The number of a KMS key, which it has from now on.
    fn kms_key(&mut self, arn: &str) -> u32 {
        if let Some(&number) = self.kms_keys.get(arn) {
            return number;
        }
        let next = self.kms_keys.len() as u32;
        self.kms_keys.insert(arn.to_owned(), next);
        next
    }

    /// The number of a bucket, which it has from now on.
    pub(crate) fn bucket(&mut self, name: &[u8]) -> u32 {
        if let Some(&number) = self.buckets.get(name) {
            return number;
        }
        let number = self.named.len() as u32;
        let text = text(name);
        self.named.push(if text.is_empty() { UNNAMED.to_owned() } else { text });
        self.prefixes.push(BucketPrefixes::default());
        self.regions.push(Vec::new());
        self.buckets.insert(name.to_vec(), number);
        number
    }

    /// Takes the region in which a request to a part of a bucket was received, and whether it was served.
    pub(crate) fn note_region(&mut self, place: u32, region: &[u8], is_served: bool) {
        let one = if is_served { [1, 0] } else { [0, 1] };
        self.add_region(self.bucket_of(place), region, one);
    }

    fn add_region(&mut self, bucket: u32, region: &[u8], more: [u64; 2]) {
        let known = &mut self.regions[bucket as usize];
        match known.iter_mut().find(|(known, _)| known.as_bytes() == region) {
            Some((_, counts)) => add(counts, more),
            None => known.push((String::from_utf8_lossy(region).into_owned(), more)),
        }
    }

    /// The number of the bucket that a place is a part of.
    pub(crate) fn bucket_of(&self, place: u32) -> u32 {
        self.parts[place as usize].bucket
    }

    /// The number of a bucket, if it has one.
    pub(crate) fn number_of(&self, bucket: &[u8]) -> Option<u32> {
        self.buckets.get(bucket).copied()
    }

    /// The names of all buckets as they are logged, in the order of their numbers.
    pub(crate) fn each_bucket(&self) -> impl Iterator<Item = &[u8]> {
        let mut names = vec![&b""[..]; self.named.len()];
        self.buckets.iter().for_each(|(name, &number)| names[number as usize] = name);
        names.into_iter()
    }

    /// A session by its number.
    pub(crate) fn session(&self, slot: u32) -> &SessionIdentity {
        &self.who[slot as usize]
    }

    /// All sessions.
    pub(crate) fn sessions(&self) -> impl Iterator<Item = &SessionIdentity> {
        self.who.iter()
    }

    pub(crate) fn knows_bucket(&self, name: &[u8]) -> bool {
        self.buckets.contains_key(name)
    }

    pub(crate) fn session_count(&self) -> usize {
        self.who.len()
    }

    pub(crate) fn buckets(&self) -> usize {
        self.named.len()
    }

    /// Sorted names, hidden if they are to be, and the new number of each old one.
    pub(crate) fn sorted(mut self, hider: &NameHider) -> SortedNames {
        for who in &mut self.who {
            who.principal = hider.principal(&self.roles.named(&who.principal));
            who.session = hider.session(&who.session);
        }
        for bucket in &mut self.named {
            *bucket = hider.bucket(bucket);
        }
        let (who, slot_of) = sort(&self.who);
        let (buckets, bucket_of) = sort(&self.named);
        let mut regions = vec![BTreeMap::new(); buckets.len()];
        for (old, counts) in self.regions.into_iter().enumerate() {
            for (region, count) in counts {
                add(regions[bucket_of[old] as usize].entry(region).or_default(), count);
            }
        }
        let regions = regions.into_iter().map(most_frequent).collect();
        let mut arns = vec![String::new(); self.kms_keys.len()];
        for (arn, &number) in &self.kms_keys {
            arns[number as usize] = hider.name("key", arn);
        }
        let told = self.parts.iter().filter_map(|place| {
            Some((bucket_of[place.bucket as usize], arns[place.kms_key? as usize].as_str()))
        });
        let keys = BucketKmsKeys::of(buckets.len(), told);
        let places = self.parts.iter().map(|place| {
            let is_whole = !self.prefixes[place.bucket as usize].whole.is_empty();
            let bucket = bucket_of[place.bucket as usize];
            let arn = place.kms_key.map(|number| arns[number as usize].as_str());
            SortedPlace {
                bucket,
                prefix: if is_whole { WHOLE.to_owned() } else { hider.prefix(&place.prefix) },
                part: keys.part(bucket, arn),
                is_key_told: arn.is_some(),
            }
        });
        let (places, place_of) = sort(&places.collect::<Vec<_>>());
        SortedNames { who, slot_of, buckets, regions, keys, places, place_of }
    }
}

/// Takes names over from others, each when it is first asked for.
pub(crate) struct NameMerge<'a> {
    from: &'a NameTable,
    /// The hash that each session is known by, and its number here.
    slots: Vec<(u64, Option<u32>)>,
    /// The same of each place; one that stands for a whole bucket has no hash.
    places: Vec<(Option<u64>, Option<u32>)>,
    /// The name of each bucket as it is logged, and its number here.
    buckets: Vec<(&'a [u8], Option<u32>)>,
    /// The ARN of each KMS key.
    kms_keys: Vec<&'a str>,
}

impl<'a> NameMerge<'a> {
    pub(crate) fn of(from: &'a NameTable) -> Self {
        let mut slots = vec![(0, None); from.who.len()];
        from.slots.iter().for_each(|(&hash, &slot)| slots[slot as usize].0 = hash);
        let mut places = vec![(None, None); from.parts.len()];
        from.places.iter().for_each(|(&hash, &place)| places[place as usize].0 = Some(hash));
        let buckets = from.each_bucket().map(|name| (name, None)).collect();
        let mut kms_keys = vec![""; from.kms_keys.len()];
        from.kms_keys.iter().for_each(|(arn, &number)| kms_keys[number as usize] = arn);
        Self { from, slots, places, buckets, kms_keys }
    }

    /// The number of a session among `to`.
    pub(crate) fn slot(&mut self, slot: u32, to: &mut NameTable) -> u32 {
        let (hash, known) = &mut self.slots[slot as usize];
        *known.get_or_insert_with(|| {
            *to.slots.entry(*hash).or_insert_with(|| {
                to.who.push(self.from.who[slot as usize].clone());
                to.who.len() as u32 - 1
            })
        })
    }

    /// The number of a place among `to`.
    pub(crate) fn place(&mut self, place: u32, to: &mut NameTable) -> u32 {
        let (hash, known) = self.places[place as usize];
        if let Some(known) = known {
            return known;
        }
        let NamedPlace { bucket, prefix, kms_key } = &self.from.parts[place as usize];
        let bucket = self.bucket(*bucket, to);
        let kms_key = kms_key.map(|number| to.kms_key(self.kms_keys[number as usize]));
        let known = match hash {
            None => to.whole(bucket, kms_key),
            Some(hash) => match to.places.get(&hash) {
                Some(&place) => place,
                None => to.add_place(bucket, kms_key, hash, || prefix.clone()),
            },
        };
        self.places[place as usize].1 = Some(known);
        known
    }

    /// The number of a bucket among `to`; its regions come with it.
    fn bucket(&mut self, bucket: u32, to: &mut NameTable) -> u32 {
        let (name, known) = &mut self.buckets[bucket as usize];
        if let Some(known) = *known {
            return known;
        }
        let number = to.bucket(name);
        *known = Some(number);
        for (region, count) in &self.from.regions[bucket as usize] {
            to.add_region(number, region.as_bytes(), *count);
        }
        number
    }
}

/// Names in order.
pub(crate) struct SortedNames {
    pub(crate) who: Vec<SessionIdentity>,
    pub(crate) slot_of: Vec<u32>,
    pub(crate) buckets: Vec<String>,
    /// The region of each bucket, if the log tells it.
    pub(crate) regions: Vec<Option<String>>,
    pub(crate) keys: BucketKmsKeys,
    pub(crate) places: Vec<SortedPlace>,
    pub(crate) place_of: Vec<u32>,
}

/// A part of a bucket by the numbers of sorted names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SortedPlace {
    pub(crate) bucket: u32,
    pub(crate) prefix: String,
    /// The number of the bucket's objects under one KMS key (see [`BucketKmsKeys`]).
    pub(crate) part: u32,
    /// Whether the log tells the key of what lies there.
    pub(crate) is_key_told: bool,
}

/// Adds numbers of requests.
fn add(counts: &mut [u64; 2], more: [u64; 2]) {
    counts.iter_mut().zip(more).for_each(|(count, more)| *count += more);
}

/// The region of most requests, of several the first by name; requests that went to another one by
/// mistake are few. Those that were not served count only where none was.
fn most_frequent(counts: BTreeMap<String, [u64; 2]>) -> Option<String> {
    let most = counts.values().max().copied();
    counts.into_iter().find(|(_, count)| Some(*count) == most).map(|(region, _)| region)
}

/// Distinct names in order, and the place of each in that order.
fn sort<T: Ord + Clone>(names: &[T]) -> (Vec<T>, Vec<u32>) {
    let mut distinct = names.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let places = names.iter().map(|name| distinct.partition_point(|other| other < name) as u32);
    let places = places.collect();
    (distinct, places)
}
