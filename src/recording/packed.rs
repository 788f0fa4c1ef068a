//! A request in a few bytes: as gathered (40 bytes), and as placed before its requester (40 bytes).

use super::earlier_objects::EarlierKey;
use super::hash::ObjectId;
use super::requests::OptOuts;
use crate::logs::record::{LoggedEncryption, Record};
use crate::s3::{DIRECTORY_SUFFIX, Operation};
use crate::units::SimTime;

/// What a record asks, in the order in which records of one time are taken: what makes a key comes
/// before what may need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum RequestKind {
    /// No request: an inventory says that the object was written then.
    Inventoried,
    /// No request: another entry's write, of the object by the version that it was answered with.
    WrittenVersion,
    PutObject,
    /// The half of a copy of an object onto itself that reads: what was there before.
    OwnCopySource,
    CopyObject,
    CreateMultipartUpload,
    ReplicateObject,
    UploadPart,
    UploadPartCopy,
    CompleteMultipartUpload,
    GetObject,
    HeadObjectChecksum,
    /// The half of a `CopyObject` that reads.
    CopySource,
    /// The half of an `UploadPartCopy` that reads.
    PartCopySource,
    HeadObject,
    ListObjects,
    DeleteObject,
    ListParts,
    /// No request: one key of a `DeleteObjects`.
    DeletedKey,
    /// No request: keys of a `DeleteObjects`, whose number stands in the place of the object.
    DeletedKeys,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum RequestStatus {
    /// S3 did what was asked.
    #[default]
    Served,
    /// It failed or found nothing modified, and S3 bills it.
    Unserved,
    /// It failed, and S3 does not bill it.
    Unbilled,
}

/// How an object is encrypted, as far as the log says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum ObjectEncryption {
    /// It does not say.
    #[default]
    Unknown,
    /// Under KMS.
    Kms,
    /// By S3's own keys or the client's: KMS is never asked.
    NotKms,
    /// Under KMS, twice, which leaves no room for a bucket key.
    Dsse,
    /// Under KMS without a bucket key, as the header of the request that wrote it asks, whatever the bucket's default.
    OptedOut,
    /// Under KMS without a bucket key, as whatever is copied into a directory bucket.
    DirectoryCopy,
}

impl ObjectEncryption {
    const ALL: [Self; 6] =
        [Self::Unknown, Self::Kms, Self::NotKms, Self::Dsse, Self::OptedOut, Self::DirectoryCopy];

    /// What a record says.
    pub(crate) fn of(record: &Record, opt_outs: OptOuts) -> Self {
        let opts_out = record.refuses_bucket_key && opt_outs == OptOuts::Kept;
        match record.encryption {
            None | Some(LoggedEncryption::SseKms) if opts_out => Self::OptedOut,
            None => Self::Unknown,
            Some(LoggedEncryption::SseKms) => Self::Kms,
            Some(LoggedEncryption::SseS3 | LoggedEncryption::SseC) => Self::NotKms,
            Some(LoggedEncryption::DsseKms) => Self::Dsse,
        }
    }

    /// What is known of what a copy wrote into a bucket.
    pub(crate) fn of_copy(self, bucket: &[u8]) -> Self {
        let is_directory = bucket.ends_with(DIRECTORY_SUFFIX.as_bytes());
        if is_directory && self != Self::NotKms { Self::DirectoryCopy } else { self }
    }

    /// Whether what is under KMS is known to have no bucket key, though it is under no other encryption than what has.
    pub(crate) fn lacks_bucket_key(self, opt_outs: OptOuts) -> bool {
        self == Self::DirectoryCopy || self == Self::OptedOut && opt_outs == OptOuts::Kept
    }

    /// What is known of an object by what one record says, if another of its writing says so much: only that tells of
    /// the header.
    pub(crate) fn or_as_written(self, written: Self) -> Self {
        match (self, written) {
            (Self::Unknown, _) | (Self::Kms, Self::OptedOut | Self::DirectoryCopy) => written,
            _ => self,
        }
    }
}

/// Bits that encryption, fate and kind take below a time.
const SSE_BITS: u32 = 3;
const FATE_BITS: u32 = 2;
const KIND_BITS: u32 = 5;

impl RequestStatus {
    const ALL: [Self; 3] = [Self::Served, Self::Unserved, Self::Unbilled];
}

impl RequestKind {
    /// Each kind in order, and the operation it is counted as. The reading half of a copy stands by itself
    /// only if the writing half is in no log: then it costs what a GET does. What an inventory says and keys
    /// of a batch are never resolved as requests.
    const OPERATIONS: [(Self, Operation); 20] = [
        (Self::Inventoried, Operation::HeadObject),
        (Self::WrittenVersion, Operation::HeadObject),
        (Self::PutObject, Operation::PutObject),
        (Self::OwnCopySource, Operation::GetObject),
        (Self::CopyObject, Operation::CopyObject),
        (Self::CreateMultipartUpload, Operation::CreateMultipartUpload),
        (Self::ReplicateObject, Operation::ReplicateObject),
        (Self::UploadPart, Operation::UploadPart),
        (Self::UploadPartCopy, Operation::UploadPartCopy),
        (Self::CompleteMultipartUpload, Operation::CompleteMultipartUpload),
        (Self::GetObject, Operation::GetObject),
        (Self::HeadObjectChecksum, Operation::HeadObjectChecksum),
        (Self::CopySource, Operation::GetObject),
        (Self::PartCopySource, Operation::GetObject),
        (Self::HeadObject, Operation::HeadObject),
        (Self::ListObjects, Operation::ListObjects),
        (Self::DeleteObject, Operation::DeleteObject),
        (Self::ListParts, Operation::ListParts),
        (Self::DeletedKey, Operation::DeleteObject),
        (Self::DeletedKeys, Operation::DeleteObject),
    ];

    /// The kind of a request of each operation: the first that counts as it, but for what is no request.
    const OF_OPERATION: [Self; Operation::ALL.len()] = {
        let mut kinds = [Self::Inventoried; Operation::ALL.len()];
        let mut place = Self::OPERATIONS.len() - 1;
        // The first two are no requests.
        while place > 1 {
            let (kind, operation) = Self::OPERATIONS[place];
            if !matches!(kind, Self::OwnCopySource) {
                kinds[operation as usize] = kind;
            }
            place -= 1;
        }
        kinds
    };

    /// The kind of a request of an operation.
    pub(crate) const fn of(operation: Operation) -> Self {
        Self::OF_OPERATION[operation as usize]
    }

    /// The operation it is counted as.
    pub(crate) const fn operation(self) -> Operation {
        Self::OPERATIONS[self as usize].1
    }

    /// Whether it needs another object than it is of: what is known of its own says nothing of that.
    pub(crate) const fn copies(self) -> bool {
        matches!(self, Self::CopyObject | Self::UploadPartCopy)
    }

    /// How many keys of a `DeleteObjects` an entry of this kind tells of, whose `object` is as given.
    pub(crate) const fn deleted_keys(self, object: ObjectId) -> u64 {
        match self {
            Self::DeletedKey => 1,
            Self::DeletedKeys => object[0],
            _ => 0,
        }
    }
}

/// A time in milliseconds, what was asked then, what became of it, and how its object is encrypted; they
/// sort in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp(u64);

impl Stamp {
    /// Of a request that was served, to an object of which nothing is told. `ms` must be less than
    /// 2^54.
    pub(crate) const fn new(ms: u64, kind: RequestKind) -> Self {
        Self((ms << KIND_BITS | kind as u64) << (FATE_BITS + SSE_BITS))
    }

    /// The same request with another fate.
    pub(crate) const fn with(self, fate: RequestStatus) -> Self {
        Self::new(self.ms(), self.kind()).marked(fate, self.sse())
    }

    /// The same request to an object that is encrypted so.
    pub(crate) const fn under(self, sse: ObjectEncryption) -> Self {
        Self::new(self.ms(), self.kind()).marked(self.fate(), sse)
    }

    /// The same request as one of another kind.
    pub(crate) const fn as_kind(self, kind: RequestKind) -> Self {
        Self::new(self.ms(), kind).marked(self.fate(), self.sse())
    }

    /// The same request counted from a later start of time.
    pub(crate) const fn since(self, start_ms: u64) -> Self {
        Self::new(self.ms() - start_ms, self.kind()).marked(self.fate(), self.sse())
    }

    const fn marked(self, fate: RequestStatus, sse: ObjectEncryption) -> Self {
        Self(self.0 | (fate as u64) << SSE_BITS | sse as u64)
    }

    pub(crate) const fn ms(self) -> u64 {
        self.0 >> (KIND_BITS + FATE_BITS + SSE_BITS)
    }

    pub(crate) const fn kind(self) -> RequestKind {
        RequestKind::OPERATIONS
            [(self.0 >> (FATE_BITS + SSE_BITS) & ((1 << KIND_BITS) - 1)) as usize]
            .0
    }

    pub(crate) const fn fate(self) -> RequestStatus {
        RequestStatus::ALL[(self.0 >> SSE_BITS & ((1 << FATE_BITS) - 1)) as usize]
    }

    pub(crate) const fn sse(self) -> ObjectEncryption {
        ObjectEncryption::ALL[(self.0 & ((1 << SSE_BITS) - 1)) as usize]
    }

    /// Whether S3 did what was asked.
    pub(crate) fn is_served(self) -> bool {
        self.fate() == RequestStatus::Served
    }
}

/// A record that can be spilled as a fixed number of bytes, and sorts as it must.
pub(crate) trait PackedRecord: Ord + Copy + Send {
    /// How many bytes.
    const BYTES: usize;
    /// Appends them.
    fn write(&self, bytes: &mut Vec<u8>);
    /// Reads them.
    fn read(bytes: &[u8]) -> Self;
    /// A number that is not greater than that of any record that sorts after this one, and tells most apart.
    fn rank(&self) -> u64;
}

/// Takes whole numbers off bytes.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn u32(&mut self) -> u32 {
        let (number, rest) = self.0.split_first_chunk().expect("a record is whole");
        self.0 = rest;
        u32::from_le_bytes(*number)
    }

    fn u64(&mut self) -> u64 {
        let (number, rest) = self.0.split_first_chunk().expect("a record is whole");
        self.0 = rest;
        u64::from_le_bytes(*number)
    }
}

/// A request as gathered. They sort by object, so that an object's writes come before its reads of
/// the same time or later, and repeated records side by side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GatheredRequest {
    /// The object; [`NO_OBJECT`] if the request is of none.
    ///
    /// [`NO_OBJECT`]: crate::recording::hash::NO_OBJECT
    pub(crate) object: ObjectId,
    /// In milliseconds since the Unix epoch.
    pub(crate) when: Stamp,
    /// Hash of what the log calls the request. Its lowest bit is set if the log has no such name:
    /// then equal records are different requests.
    pub(crate) id: u64,
    /// Whose session.
    pub(crate) slot: u32,
    /// Which part of which bucket.
    pub(crate) place: u32,
}

impl PackedRecord for GatheredRequest {
    const BYTES: usize = 40;

    fn write(&self, bytes: &mut Vec<u8>) {
        self.object.iter().for_each(|word| bytes.extend(word.to_le_bytes()));
        bytes.extend(self.when.0.to_le_bytes());
        bytes.extend(self.id.to_le_bytes());
        bytes.extend(self.slot.to_le_bytes());
        bytes.extend(self.place.to_le_bytes());
    }

    fn read(bytes: &[u8]) -> Self {
        let mut bytes = Bytes(bytes);
        let object = [bytes.u64(), bytes.u64()];
        let (when, id) = (Stamp(bytes.u64()), bytes.u64());
        Self { object, when, id, slot: bytes.u32(), place: bytes.u32() }
    }

    fn rank(&self) -> u64 {
        self.object[0]
    }
}

/// A write, as far as it decides the key of what it wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ObjectWrite {
    /// Whose session.
    pub(crate) slot: u32,
    /// What its draw comes from.
    pub(crate) id: u32,
    /// To which part of a bucket.
    pub(crate) part: u32,
    /// In milliseconds since the start of the run.
    pub(crate) ms: u64,
}

/// The object that a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NeededObject {
    /// None.
    Nothing,
    /// One whose writing is in the log.
    Written(ObjectWrite),
    /// One of a bucket's objects from before the log: by its number or, if it has a bucket key, by how many
    /// milliseconds before the run it was written.
    Earlier { key: EarlierKey, part: u32, value: u64 },
    /// One that is in no log at all.
    Elsewhere,
}

/// Bits of a bucket's number.
const BUCKET_BITS: u32 = 18;

/// Most sessions of a log, as of a scenario.
pub(crate) const MAX_SESSIONS: usize = 1_000_000;

/// Most buckets.
pub(crate) const MAX_BUCKETS: usize = 1 << BUCKET_BITS;

/// A request before its requester. They sort by owner, then time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ResolvedRequest {
    /// Among whose requests it stands: a session slot, or a principal.
    pub(crate) owner: u32,
    /// In milliseconds since the start of the run.
    pub(crate) when: Stamp,
    /// What its draw comes from.
    pub(crate) id: u32,
    pub(crate) slot: u32,
    pub(crate) place: u32,
    /// Of a [`NeededObject`]: who wrote it, and what the write's draw comes from.
    writer: u32,
    writer_id: u32,
    /// Of a [`NeededObject`]: milliseconds or number, then the bucket, then which it is in the last two bits.
    rest: u64,
}

impl ResolvedRequest {
    pub(crate) fn new(owner: u32, when: Stamp, id: u32, slot: u32, place: u32) -> Self {
        Self { owner, when, id, slot, place, writer: 0, writer_id: 0, rest: 0 }
    }

    /// The same request with another need.
    pub(crate) fn needing(self, need: NeededObject) -> Self {
        let (writer, writer_id, rest) = match need {
            NeededObject::Nothing => (0, 0, 0),
            NeededObject::Written(ObjectWrite { slot, id, part, ms }) => {
                (slot, id, Self::rest(ms, part, 1))
            }
            NeededObject::Earlier { key, part, value } => {
                (key as u32, 0, Self::rest(value, part, 2))
            }
            NeededObject::Elsewhere => (0, 0, 3),
        };
        Self { writer, writer_id, rest, ..self }
    }

    const fn rest(value: u64, part: u32, tag: u64) -> u64 {
        (value << BUCKET_BITS | part as u64) << 2 | tag
    }

    pub(crate) fn need(&self) -> NeededObject {
        let part = (self.rest >> 2) as u32 & (MAX_BUCKETS as u32 - 1);
        let value = self.rest >> (2 + BUCKET_BITS);
        match self.rest & 3 {
            0 => NeededObject::Nothing,
            1 => {
                let (slot, id) = (self.writer, self.writer_id);
                NeededObject::Written(ObjectWrite { slot, id, part, ms: value })
            }
            2 => NeededObject::Earlier { key: EarlierKey::of(self.writer), part, value },
            _ => NeededObject::Elsewhere,
        }
    }

    /// The same request among another owner's.
    pub(crate) fn owned_by(self, owner: u32) -> Self {
        Self { owner, ..self }
    }

    /// The same request as one of another kind.
    pub(crate) fn as_kind(self, kind: RequestKind) -> Self {
        Self { when: self.when.as_kind(kind), ..self }
    }
}

impl PackedRecord for ResolvedRequest {
    const BYTES: usize = 40;

    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.when.0.to_le_bytes());
        bytes.extend(self.rest.to_le_bytes());
        let numbers = [self.owner, self.id, self.slot, self.place, self.writer, self.writer_id];
        bytes.extend(numbers.into_iter().flat_map(u32::to_le_bytes));
    }

    fn read(bytes: &[u8]) -> Self {
        let mut bytes = Bytes(bytes);
        let (when, rest) = (Stamp(bytes.u64()), bytes.u64());
        let [owner, id, slot, place, writer, writer_id] = std::array::from_fn(|_| bytes.u32());
        Self { owner, when, id, slot, place, writer, writer_id, rest }
    }

    fn rank(&self) -> u64 {
        // Owners have 20 bits, which leaves a time a year; where a log is longer the rest is compared.
        const TIME_BITS: u32 = 44;
        u64::from(self.owner) << TIME_BITS | self.when.0.min((1 << TIME_BITS) - 1)
    }
}

/// A time of the run.
pub(crate) fn time_of(ms: u64) -> SimTime {
    SimTime::from_nanos(ms as i64 * 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spilled_comes_back() {
        let needs = [
            NeededObject::Nothing,
            NeededObject::Written(ObjectWrite {
                slot: 7,
                id: u32::MAX,
                part: 262_143,
                ms: 31_622_400_000,
            }),
            NeededObject::Earlier { key: EarlierKey::Unknown, part: 3, value: 1 << 40 },
            NeededObject::Earlier { key: EarlierKey::WithoutKms, part: 3, value: 1 << 40 },
            NeededObject::Earlier { key: EarlierKey::WithKey, part: 262_143, value: 1 << 43 },
            NeededObject::Elsewhere,
        ];
        for need in needs {
            let when =
                Stamp::new(86_400_123, RequestKind::DeleteObject).under(ObjectEncryption::Dsse);
            let when = when.with(RequestStatus::Unbilled);
            let placed = ResolvedRequest::new(1, when, 2, 3, 4).needing(need);
            let mut bytes = Vec::new();
            placed.write(&mut bytes);
            assert_eq!(bytes.len(), ResolvedRequest::BYTES);
            assert_eq!((ResolvedRequest::read(&bytes), placed.need()), (placed, need));
            assert_eq!(
                (placed.when.ms(), placed.when.kind()),
                (86_400_123, RequestKind::DeleteObject)
            );
            assert_eq!(
                (placed.when.fate(), placed.when.is_served()),
                (RequestStatus::Unbilled, false)
            );
            assert_eq!(
                (placed.when.sse(), placed.when.since(23).sse()),
                (ObjectEncryption::Dsse, ObjectEncryption::Dsse)
            );
        }
        let entry = GatheredRequest {
            object: [1 << 63, 1],
            when: Stamp::new(5, RequestKind::GetObject),
            id: 9,
            slot: 1,
            place: 2,
        };
        let mut bytes = Vec::new();
        entry.write(&mut bytes);
        assert_eq!((bytes.len(), GatheredRequest::read(&bytes)), (GatheredRequest::BYTES, entry));
    }

    #[test]
    fn kinds_keep_their_numbers() {
        for (number, (kind, _)) in RequestKind::OPERATIONS.into_iter().enumerate() {
            assert_eq!(kind as usize, number);
        }
        for operation in Operation::ALL {
            assert_eq!(RequestKind::of(operation).operation(), operation);
        }
    }
}
