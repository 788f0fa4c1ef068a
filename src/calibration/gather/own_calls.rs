//! Calls in the context of single objects, and the requests for these.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{RecordId, TRAIL};
use crate::calibration::calls::{KeylessHistory, ObjectOperation};
use crate::kms::KmsApi;
use crate::recording::hash::ObjectId;

/// Most calls that are held. Beyond them only objects are looked at whose hash is small: the same ones of
/// all logs, with all their calls.
const MOST_CALLS: usize = 1 << 18;

/// A call in the context of an object.
#[derive(Clone, Copy, Debug)]
struct ObjectCall {
    /// In which second which API was called.
    call: (i64, KmsApi),
    /// What tells its record from others, if something does.
    id: Option<[u64; 2]>,
}

/// What is known of objects without a bucket key.
#[derive(Debug, Default)]
pub(super) struct OwnCalls {
    calls: BTreeMap<ObjectId, Vec<ObjectCall>>,
    held: usize,
    /// No object whose hash is greater is looked at.
    greatest: Option<ObjectId>,
    /// Whose writes say that they have no bucket key.
    said: HashSet<ObjectId>,
    /// Requests of trails, and of access logs.
    requests: HashMap<ObjectId, [Vec<(i64, ObjectOperation)>; 2]>,
}

impl OwnCalls {
    /// Takes note of a call.
    pub(super) fn take(&mut self, object: ObjectId, call: (i64, KmsApi), id: RecordId) {
        let id = match id {
            RecordId::Of(id) => Some(id),
            RecordId::None | RecordId::AsBefore => None,
        };
        if self.looks_at(object) {
            self.calls.entry(object).or_default().push(ObjectCall { call, id });
            self.held += 1;
            self.drop_some();
        }
    }

    /// Takes note of an object whose write says that it has no bucket key.
    pub(super) fn has_no_bucket_key(&mut self, object: ObjectId) {
        self.said.insert(object);
    }

    /// Takes note of a request, when all calls are known.
    pub(super) fn take_request(
        &mut self,
        object: ObjectId,
        form: usize,
        request: (i64, ObjectOperation),
    ) {
        let is_known = self.calls.contains_key(&object) || self.said.contains(&object);
        if is_known && self.looks_at(object) {
            self.requests.entry(object).or_default()[form].push(request);
        }
    }

    /// Takes over what was taken of another log.
    pub(super) fn absorb(&mut self, other: Self) {
        self.said.extend(other.said);
        let greatest = [self.greatest, other.greatest].into_iter().flatten().min();
        self.greatest = greatest;
        for (object, calls) in other.calls {
            self.held += calls.len();
            self.calls.entry(object).or_default().extend(calls);
        }
        if let Some(greatest) = greatest {
            self.forget_beyond(greatest);
        }
        self.drop_some();
    }

    /// The objects' histories. Requests of a trail and of access logs are the same ones: those of the trail
    /// count, if there are any.
    pub(super) fn histories(mut self) -> Vec<KeylessHistory> {
        let mut requests: Vec<_> = self.requests.into_iter().collect();
        requests.sort_unstable_by_key(|(object, _)| *object);
        let histories = requests.into_iter().map(|(object, mut requests)| {
            let mut seen = HashSet::new();
            let calls = self.calls.remove(&object).unwrap_or_default();
            let calls = calls.into_iter().filter(|it| it.id.is_none_or(|id| seen.insert(id)));
            let form = usize::from(requests[TRAIL].is_empty());
            KeylessHistory {
                requests: std::mem::take(&mut requests[form]),
                calls: calls.map(|it| it.call).collect(),
                is_said_to_have_none: self.said.contains(&object),
            }
        });
        histories.collect()
    }

    fn looks_at(&self, object: ObjectId) -> bool {
        self.greatest.is_none_or(|greatest| object <= greatest)
    }

    /// Halves the objects that are looked at until their calls are few enough.
    fn drop_some(&mut self) {
        while self.held > MOST_CALLS && self.calls.len() > 1 {
            let middle = self.calls.keys().nth(self.calls.len() / 2 - 1).copied();
            self.forget_beyond(middle.expect("there are two or more"));
        }
    }

    fn forget_beyond(&mut self, greatest: ObjectId) {
        self.greatest = Some(greatest);
        self.calls.retain(|object, _| *object <= greatest);
        self.held = self.calls.values().map(Vec::len).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of too many objects some are dropped, with all their calls, whichever log comes first.
    #[test]
    fn a_sample_of_objects_is_kept_whole() {
        let objects = |first: u64| {
            let mut own = OwnCalls::default();
            for number in 0..MOST_CALLS as u64 {
                let object = [(number + first).wrapping_mul(0x9e37_79b9_7f4a_7c15), 0];
                own.take(object, (0, KmsApi::Decrypt), RecordId::None);
                own.take(object, (1, KmsApi::Decrypt), RecordId::Of([number, 1]));
                own.take(object, (1, KmsApi::Decrypt), RecordId::Of([number, 1]));
            }
            own
        };
        let mut all = objects(0);
        all.absorb(objects(7));
        assert!(all.held <= MOST_CALLS && all.held > MOST_CALLS / 8, "{}", all.held);
        let whole = all.calls.values().filter(|calls| calls.len() == 6).count();
        assert!(whole + 7 >= all.calls.len(), "{whole} of {}", all.calls.len());
        let kept: Vec<ObjectId> = all.calls.keys().copied().collect();
        for object in kept {
            all.take_request(object, TRAIL, (0, ObjectOperation::GetObject));
        }
        // A repeated event counts once.
        let histories = all.histories();
        assert!(histories.iter().all(|object| matches!(object.calls.len(), 2 | 4)));
    }
}
