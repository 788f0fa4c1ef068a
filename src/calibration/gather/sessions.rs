//! Each session's calls and requests, of which none repeats another.

use std::collections::BTreeMap;

use super::objects::WrittenObjects;
use super::policies;
use super::requests::{ObjectUse, SessionUses, TimedUse};
use super::{
    ACCESS_LOG, CallOrUse, KeylessObjects, LeftOut, RecordCaller, RequesterBucket, SessionName,
    TRAIL,
};
use crate::calibration::{Evidence, ReadOf, Session, SessionPool, UnwrapRequest};
use crate::kms::KmsApi;

/// Calls and requests by who made them.
#[derive(Debug)]
pub(super) struct SessionRecords {
    /// By (who, bucket), then KMS key, then session.
    calls: BTreeMap<RequesterBucket, BTreeMap<Vec<u8>, BTreeMap<SessionName, Session>>>,
    /// Requests of trails, and of access logs.
    requests: [SessionUses; 2],
    keyless: KeylessObjects,
    first_s: Option<i64>,
    last_s: i64,
    pub(super) left_out: LeftOut,
}

impl SessionRecords {
    pub(super) fn new(keyless: KeylessObjects, left_out: LeftOut) -> Self {
        Self {
            calls: BTreeMap::new(),
            requests: [SessionUses::new(), SessionUses::new()],
            keyless,
            first_s: None,
            last_s: 0,
            left_out,
        }
    }

    /// Puts calls and requests of a caller, each with its second, among those of its session.
    pub(super) fn put(&mut self, caller: &RecordCaller, records: Vec<(i64, CallOrUse)>) {
        let RecordCaller { place, session, kms_key } = caller;
        let mut uses: [Vec<TimedUse>; 2] = Default::default();
        let mut calls = None;
        for (second, what) in records {
            self.last_s = self.first_s.map_or(second, |_| self.last_s.max(second));
            self.first_s = Some(self.first_s.map_or(second, |first| first.min(second)));
            match what {
                CallOrUse::Call(api) => {
                    let Session { generated, decrypted, .. } =
                        calls.get_or_insert_with(Session::default);
                    match api {
                        KmsApi::GenerateDataKey => generated.push(second),
                        KmsApi::Decrypt => decrypted.push(second),
                        // A replica's data key: no bucket-level key is generated.
                        KmsApi::Encrypt => {}
                    }
                }
                CallOrUse::Use { object_use: ObjectUse::NoKey, .. } => {}
                CallOrUse::Use { form, object_use, object, .. } => {
                    uses[form].push(TimedUse { second, object_use, object });
                }
            }
        }
        if let Some(Session { generated, decrypted, .. }) = calls {
            let keys = self.calls.entry(place.clone()).or_default();
            let sessions = keys.entry(kms_key.clone()).or_default();
            let known = sessions.entry(session.clone()).or_default();
            known.generated.extend(generated);
            known.decrypted.extend(decrypted);
        }
        for (requests, uses) in self.requests.iter_mut().zip(uses) {
            if !uses.is_empty() {
                let sessions = requests.entry(place.clone()).or_default();
                sessions.entry(session.clone()).or_default().extend(uses);
            }
        }
    }

    /// What they tell.
    pub(super) fn evidence(mut self) -> (Evidence, LeftOut) {
        let requests = self.choose();
        let mut pools = Vec::new();
        let mut roles: BTreeMap<[Vec<u8>; 3], Vec<usize>> = BTreeMap::new();
        let mut places: BTreeMap<RequesterBucket, (u32, Vec<SessionName>)> = BTreeMap::new();
        for (place, keys) in std::mem::take(&mut self.calls) {
            // A request does not say which KMS key it used: with several, requests are nobody's.
            let is_only = keys.len() == 1;
            for (kms_key, mut sessions) in keys {
                if let Some(requests) = requests.get(&place).filter(|_| is_only) {
                    for session in requests.keys() {
                        sessions.entry(session.clone()).or_default();
                    }
                    let names = sessions.keys().cloned().collect();
                    places.insert(place.clone(), (pools.len() as u32, names));
                }
                let role = [policies::unmarked(&place.0).to_vec(), place.1.clone(), kms_key];
                roles.entry(role).or_default().push(pools.len());
                pools.push(SessionPool { sessions: sessions.into_values().collect(), role: None });
            }
        }
        for (role, own) in (0..).zip(roles.into_values().filter(|own| own.len() > 1)) {
            for pool in own {
                pools[pool].role = Some(role);
            }
        }
        self.give_requests(requests, &places, &mut pools);
        for session in pools.iter_mut().flat_map(|pool| &mut pool.sessions) {
            session.generated.sort_unstable();
            session.decrypted.sort_unstable();
            session.written.sort_unstable();
            session.read.sort_unstable();
        }
        let (first_s, last_s) = (self.first_s.unwrap_or(0), self.last_s);
        let evidence = Evidence { pools, first_s, last_s, objects: Vec::new() };
        (evidence, self.left_out)
    }

    /// Gives each session its requests.
    fn give_requests(
        &self,
        requests: SessionUses,
        places: &BTreeMap<RequesterBucket, (u32, Vec<SessionName>)>,
        pools: &mut [SessionPool],
    ) {
        let mut objects = WrittenObjects::default();
        let mut each = Vec::new();
        for (place, sessions) in requests {
            for (name, requests) in sessions {
                let at = places.get(&place).and_then(|(pool, names)| {
                    names.binary_search(&name).ok().map(|session| (*pool, session as u32))
                });
                for request in
                    requests.iter().filter(|request| request.object_use == ObjectUse::Writes)
                {
                    objects.written(request.object, request.second, at);
                }
                each.extend(at.map(|at| (at, requests)));
            }
        }
        objects.sort();
        for ((pool, session), requests) in each {
            let session = &mut pools[pool as usize].sessions[session as usize];
            for TimedUse { second, object_use, object } in requests {
                if self.keyless.all.contains(&object) && object_use != ObjectUse::Writes {
                    continue;
                }
                match object_use {
                    ObjectUse::Writes if self.keyless.writes.contains(&(object, second)) => {}
                    ObjectUse::Writes => session.written.push(second),
                    ObjectUse::Reads => {
                        session
                            .read
                            .push(UnwrapRequest { second, of: objects.read(object, second) });
                    }
                    ObjectUse::NoKey => {}
                    ObjectUse::MayRead => {
                        session.read.push(UnwrapRequest { second, of: ReadOf::Doubtful });
                    }
                }
            }
        }
    }

    /// For each bucket, reads and writes apart, the requests of the form of log that has more of them.
    /// Access logs tell sessions of one name apart no further, so then nothing does.
    fn choose(&mut self) -> SessionUses {
        let mut counts: BTreeMap<(Vec<u8>, bool), [u64; 2]> = BTreeMap::new();
        for (form, requests) in self.requests.iter().enumerate() {
            for ((_, bucket), sessions) in requests {
                for request in sessions.values().flatten() {
                    let kind = (bucket.clone(), request.object_use == ObjectUse::Writes);
                    counts.entry(kind).or_default()[form] += 1;
                }
            }
        }
        let by_name = !self.requests[ACCESS_LOG].is_empty();
        if by_name {
            for sessions in self.calls.values_mut().flat_map(BTreeMap::values_mut) {
                for ((name, _), session) in std::mem::take(sessions) {
                    let merged: &mut Session = sessions.entry((name, Vec::new())).or_default();
                    merged.generated.extend(session.generated);
                    merged.decrypted.extend(session.decrypted);
                }
            }
        }
        let mut chosen = SessionUses::new();
        for (form, requests) in std::mem::take(&mut self.requests).into_iter().enumerate() {
            for (place, sessions) in requests {
                let of_place = chosen.entry(place.clone()).or_default();
                for ((name, credential), requests) in sessions {
                    let credential = if by_name { Vec::new() } else { credential };
                    let of_session = of_place.entry((name, credential)).or_default();
                    let before = of_session.len();
                    let all = requests.len();
                    of_session.extend(requests.into_iter().filter(|request| {
                        let kind = (place.1.clone(), request.object_use == ObjectUse::Writes);
                        let [trail, access_log] = counts[&kind];
                        (form == TRAIL) == (trail >= access_log)
                    }));
                    self.left_out.in_other_logs += (all - (of_session.len() - before)) as u64;
                }
            }
        }
        chosen
    }
}
