//! Which request of a run a record of a log is.

use super::Recording;
use super::earlier_objects::salt;
use super::gather::{epoch_ms, id_of};
use super::hash::{NO_OBJECT, draw, object};
use super::kms_calls::{named, stand_in};
use crate::logs::record::{LogEntry, Record, percent_decoded};
use crate::rng::Seed;
use crate::s3::Request;
use crate::units::SimTime;

/// Equal records without a name that are told apart.
const ALIKE_MAX: u32 = 64;

/// What tells the request that a record is from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordMark {
    ms: u64,
    id: u64,
    /// The object's key.
    pub key: String,
}

/// What records are looked for by.
#[derive(Clone, Copy, Debug)]
pub struct MarkedRecord<'a> {
    /// The object's key.
    pub key: Option<&'a [u8]>,
    /// What the log calls it.
    pub id: Option<&'a [u8]>,
    /// When, in milliseconds since the Unix epoch.
    pub ms: u64,
}

/// Whether a record is looked for.
pub type IsWanted<'a> = dyn Fn(MarkedRecord) -> bool + Sync + 'a;

impl RecordMark {
    /// That of a log's request, or of a KMS call that may stand for one, if `wanted` picks it by its object's key and
    /// by what the log calls it.
    #[must_use]
    pub fn of(entry: &LogEntry, wanted: &IsWanted<'_>) -> Option<Self> {
        match entry {
            LogEntry::Request(record) => {
                let (key, id, ms) = (record.key, record.id, epoch_ms(record.time));
                let is_wanted = wanted(MarkedRecord { key, id, ms });
                is_wanted.then(|| Self::new(record, record.bucket, record.key, record.version_id))
            }
            LogEntry::Kms(event) => {
                let (bucket, key) = named(event)?;
                let stand_in = stand_in(event).1;
                let (id, ms) = (event.id, epoch_ms(stand_in.time));
                let is_wanted = key.is_some() && wanted(MarkedRecord { key, id, ms });
                is_wanted.then(|| Self::new(&stand_in, bucket, key, None))
            }
            LogEntry::Session(..) | LogEntry::Skipped(..) => None,
        }
    }

    fn new(record: &Record, bucket: &[u8], key: Option<&[u8]>, version: Option<&[u8]>) -> Self {
        let ms = epoch_ms(record.time);
        let object = key.map_or(NO_OBJECT, |key| object(bucket, key, version));
        let key = String::from_utf8_lossy(&percent_decoded(key.unwrap_or_default())).into_owned();
        Self { ms, id: id_of(record, object, ms), key }
    }

    /// When a request of a run was made, in milliseconds since the Unix epoch, as records are.
    #[must_use]
    pub fn ms_of(recording: &Recording, time: SimTime) -> u64 {
        (recording.start_ns / 1_000_000 + time.as_nanos() / 1_000_000) as u64
    }

    /// Whether a request of the run is this record.
    #[must_use]
    pub fn is_of(
        &self,
        recording: &Recording,
        request: &Request,
        seed: Seed,
        replication: u32,
    ) -> bool {
        let start_ms = (recording.start_ns / 1_000_000) as u64;
        let time = SimTime::from_nanos(self.ms.wrapping_sub(start_ms) as i64 * 1_000_000);
        if request.time != time {
            return false;
        }
        let alike = if self.id & 1 == 1 { ALIKE_MAX } else { 1 };
        let (salt, id) = (salt(seed, replication), (self.id >> 32) as u32);
        (0..alike).any(|alike| draw(salt, id ^ alike) == request.draw)
    }
}
