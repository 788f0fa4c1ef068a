//! Access logs have two records of a copy, under different names and perhaps in different files:
//! the half that writes and the half that reads. Here they become one request again.
//!
//! Halves of one session that lie within two seconds belong together, first come, first served.
//! Which of several such halves is whose changes no count: each needs one key unwrapped and one
//! wrapped.

use std::collections::VecDeque;

use super::packed::{NeededObject, RequestKind, ResolvedRequest, Stamp};

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
        RequestKind::CopySource => (0, 1),
        RequestKind::UploadPartCopy => (1, 0),
        RequestKind::PartCopySource => (1, 1),
        _ => return None,
    };
    Some((usize::from(!when.is_served()), copy, reads))
}

impl CopyPairing {
    /// Takes the next request; hands on what need not wait longer.
    pub(crate) fn take<E>(
        &mut self,
        next: ResolvedRequest,
        hand_on: &mut impl FnMut(ResolvedRequest) -> Result<(), E>,
    ) -> Result<(), E> {
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
    pub(crate) fn finish<E>(
        &mut self,
        hand_on: &mut impl FnMut(ResolvedRequest) -> Result<(), E>,
    ) -> Result<(), E> {
        while !self.held.is_empty() {
            self.pass(hand_on)?;
        }
        Ok(())
    }

    /// Hands on the first of what is held.
    fn pass<E>(
        &mut self,
        hand_on: &mut impl FnMut(ResolvedRequest) -> Result<(), E>,
    ) -> Result<(), E> {
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
