//! Which write made the object of a read.

use std::collections::HashMap;

use crate::calibration::ReadOf;
use crate::recording::hash::ObjectId;

/// Who wrote something when; no writer: one whose calls are not in the trail.
type Write = (i64, Option<(u32, u32)>);

/// All objects, by hash.
#[derive(Debug, Default)]
pub(super) struct WrittenObjects {
    writes: HashMap<ObjectId, Vec<Write>>,
    unwritten: HashMap<ObjectId, u32>,
}

impl WrittenObjects {
    /// Takes note of a write; `writer` is its place among pools and sessions.
    pub(super) fn written(&mut self, object: ObjectId, second: i64, writer: Option<(u32, u32)>) {
        self.writes.entry(object).or_default().push((second, writer));
    }

    /// Puts writes in order, once all are known.
    pub(super) fn sort(&mut self) {
        self.writes.values_mut().for_each(|writes| writes.sort_unstable());
    }

    /// The object of a read at `second`.
    pub(super) fn read(&mut self, object: ObjectId, second: i64) -> ReadOf {
        let writes = self.writes.get(&object).map_or(&[][..], Vec::as_slice);
        let known = writes.partition_point(|write| write.0 <= second);
        let Some(&(written, by)) = known.checked_sub(1).map(|last| &writes[last]) else {
            if !writes.is_empty() {
                return ReadOf::Doubtful;
            }
            let next = self.unwritten.len() as u32;
            return ReadOf::Unwritten(*self.unwritten.entry(object).or_insert(next));
        };
        // Written anew in the second of the read: before it or after.
        if written == second && known > 1 {
            return ReadOf::Doubtful;
        }
        match by {
            Some((pool, session)) => ReadOf::Written { pool, session, second: written },
            None => ReadOf::Doubtful,
        }
    }
}
