//! Copies: the two halves that access logs have of one, and the KMS calls that read the source of one.
//!
//! Access logs have two records of a copy, under different names and perhaps in different files:
//! the half that writes and the half that reads. Here they become one request again.
//!
//! Halves of one session that lie within two seconds belong together, first come, first served.
//! Which of several such halves is whose changes no count: each needs one key unwrapped and one
//! wrapped.

use std::collections::VecDeque;

use super::hash::ObjectId;
use super::packed::{GatheredRequest, NeededObject, RequestKind, ResolvedRequest, Stamp};
use super::sort::SortedRecords;
use crate::error::Result;

/// How long after a copy's data event the call that reads its source may be, in milliseconds: each is
/// logged to the second, and S3 asks when it has received the request.
const CALL_APART_MS: u64 = 2_000;

/// Farthest apart that two halves' times may lie, in milliseconds: each is logged to the second.
const APART_MS: u64 = 2_000;

/// Pairs halves in a stream of requests by session, then time, which it holds back for a moment.
#[derive(Debug, Default)]
pub(crate) struct CopyPairing {
    /// What is held back; `None` in place of a half that has become part of the other.
    held: VecDeque<Option<ResolvedRequest>>,
    /// How many have left the queue: the number of its first.
    passed: u64,
    /// Numbers of unpaired halves in the queue: of requests that were served and of others, each kind of
    /// copy's writing and reading ones.
    unpaired: [[[VecDeque<u64>; 2]; 2]; 2],
}

/// Whether a half was not served, which copy it is of (0 an object's, 1 a part's), and whether it
/// reads.
fn half(when: Stamp) -> Option<(usize, usize, usize)> {
    let (copy, reads) = match when.kind() {
        RequestKind::CopyObject => (0, 0),
        RequestKind::CopySource | RequestKind::OwnCopySource => (0, 1),
        RequestKind::UploadPartCopy => (1, 0),
        RequestKind::PartCopySource => (1, 1),
        _ => return None,
    };
    Some((usize::from(!when.is_served()), copy, reads))
}

impl CopyPairing {
    /// Takes the next request; hands on what need not wait longer.
    pub(crate) fn take(
        &mut self,
        next: ResolvedRequest,
        hand_on: &mut impl FnMut(ResolvedRequest) -> Result<()>,
    ) -> Result<()> {
        while let Some(first) = self.held.front() {
            let waits = first.as_ref().is_some_and(|first| {
                first.owner == next.owner && first.when.ms() + APART_MS >= next.when.ms()
            });
            if waits {
                break;
            }
            self.pass(hand_on)?;
        }
        let Some((fate, copy, reads)) = half(next.when) else {
            // Nothing waits that it could overtake.
            if self.held.is_empty() {
                return hand_on(next);
            }
            self.held.push_back(Some(next));
            return Ok(());
        };
        let Some(other) = self.unpaired[fate][copy][1 - reads].pop_front() else {
            self.unpaired[fate][copy][reads].push_back(self.passed + self.held.len() as u64);
            self.held.push_back(Some(next));
            return Ok(());
        };
        let other = &mut self.held[(other - self.passed) as usize];
        let held = other.as_mut().expect("an unpaired half is there");
        if reads == 1 {
            *held = held.needing(next.need());
        } else {
            let source = held.need();
            *other = None;
            self.held.push_back(Some(next.needing(source)));
        }
        Ok(())
    }

    /// Hands on everything.
    pub(crate) fn finish(
        &mut self,
        hand_on: &mut impl FnMut(ResolvedRequest) -> Result<()>,
    ) -> Result<()> {
        while !self.held.is_empty() {
            self.pass(hand_on)?;
        }
        Ok(())
    }

    /// Hands on the first of what is held.
    fn pass(&mut self, hand_on: &mut impl FnMut(ResolvedRequest) -> Result<()>) -> Result<()> {
        let first = self.held.pop_front().flatten();
        let number = self.passed;
        self.passed += 1;
        let Some(placed) = first else { return Ok(()) };
        let Some((fate, copy, reads)) = half(placed.when) else { return hand_on(placed) };
        let unpaired = &mut self.unpaired[fate][copy][reads];
        if unpaired.front() == Some(&number) {
            unpaired.pop_front();
            return hand_on(if reads == 1 {
                // The writing half is in no log that was read.
                placed.as_kind(RequestKind::GetObject)
            } else if placed.when.is_served() {
                placed.needing(NeededObject::Elsewhere)
            } else {
                placed
            });
        }
        hand_on(placed)
    }
}

/// The reading halves of copies by object and time, each of which one call may be for.
pub(crate) struct CopySourceReads {
    sorted: SortedRecords<GatheredRequest>,
    next: Option<GatheredRequest>,
    /// Those of one object that lie near the time that is looked at.
    near: VecDeque<GatheredRequest>,
    /// The last that was taken in or passed: it may be repeated.
    last: Option<(ObjectId, Stamp, u64)>,
    /// Whether the last call that was asked about had one.
    had: bool,
}

impl CopySourceReads {
    pub(crate) fn new(sorted: SortedRecords<GatheredRequest>) -> Self {
        Self { sorted, next: None, near: VecDeque::new(), last: None, had: false }
    }

    /// Whether a call is for a copy's source: the same object, read at the same time by one of whom
    /// `is_own` tells that it is the same. Calls come by object, then time.
    pub(crate) fn take(
        &mut self,
        call: &GatheredRequest,
        repeated: bool,
        is_own: impl Fn(&GatheredRequest) -> bool,
    ) -> Result<bool> {
        if repeated {
            return Ok(self.had);
        }
        self.had = false;
        if call.when.kind() != RequestKind::GetObject {
            return Ok(false);
        }
        let ms = call.when.ms();
        self.advance(call.object, ms)?;
        let place = self.near.iter().position(is_own);
        self.had = place.and_then(|place| self.near.remove(place)).is_some();
        Ok(self.had)
    }

    /// Takes in what lies shortly before a time of an object, and forgets what lies longer before.
    fn advance(&mut self, object: ObjectId, ms: u64) -> Result<()> {
        let is_far =
            |near: &GatheredRequest| near.object != object || near.when.ms() + CALL_APART_MS < ms;
        while self.near.front().is_some_and(is_far) {
            self.near.pop_front();
        }
        loop {
            if self.next.is_none() {
                self.next = self.sorted.next()?;
            }
            let Some(next) = self.next else { return Ok(()) };
            if next.object > object || next.object == object && next.when.ms() > ms {
                return Ok(());
            }
            self.next = None;
            let name = (next.object, next.when, next.id);
            let repeats = next.id & 1 == 0 && self.last == Some(name);
            self.last = Some(name);
            if !repeats && !is_far(&next) {
                self.near.push_back(next);
            }
        }
    }
}
