//! Names of what a tally has numbers for, and numbers by name.

use std::collections::HashMap;

use crate::cells::{CellName, OF_ALL, place_of};
use crate::encryption::Mode;
use crate::encryption::requester::{RequesterRule, Requesters};
use crate::kms::KmsApi;
use crate::recording::part::principal_words;
use crate::s3::Operation;
use crate::scenario::Scenario;
use crate::tally::{CountOf, TallyCell};

/// A cell of a tally; of one of an account's also whose calls they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FoundCell {
    One(TallyCell),
    /// The place of a principal's calls in a region, and whether they are billed.
    OfPrincipal(TallyCell, usize, bool),
}

/// A principal in a region.
#[derive(Clone, Copy, Debug)]
struct CallsPlace {
    account: u32,
    clients: u32,
    /// Among principals and regions.
    place: usize,
}

/// Names of a run's regions, principals, requesters and buckets, as places have them, and their numbers.
pub(super) struct RunNames {
    regions: Vec<String>,
    principals: Vec<String>,
    requesters: Vec<String>,
    buckets: Vec<String>,
    parts: Vec<String>,
    places: Vec<String>,
    numbers: Numbers,
}

/// Numbers by name.
struct Numbers {
    regions: HashMap<String, u32>,
    requesters: HashMap<String, u32>,
    buckets: HashMap<String, u32>,
    parts: HashMap<String, u32>,
    places: HashMap<String, u32>,
    calls: HashMap<String, CallsPlace>,
}

fn numbered(names: &[String]) -> HashMap<String, u32> {
    names.iter().cloned().zip(0..).collect()
}

impl RunNames {
    pub(super) fn of(scenario: &Scenario, rule: RequesterRule) -> Self {
        let regions: Vec<String> =
            scenario.accounts.regions.iter().map(|region| place_of(&[region.as_bytes()])).collect();
        let principals: Vec<String> =
            scenario.principals.iter().map(|it| place_of(&principal_words(it))).collect();
        let requesters = requesters(scenario, rule);
        let buckets: Vec<String> =
            scenario.buckets.iter().map(|bucket| place_of(&[bucket.name.as_bytes()])).collect();
        let (parts, places) = parts_and_places(scenario);
        let numbers = Numbers {
            regions: numbered(&regions),
            requesters: numbered(&requesters),
            buckets: numbered(&buckets),
            parts: numbered(&parts),
            places: numbered(&places),
            calls: calls(scenario, &principals, &regions),
        };
        Self { regions, principals, requesters, buckets, parts, places, numbers }
    }

    /// A principal in a region, of a run in which each is an account by itself.
    fn of_account(&self, account: u32) -> String {
        let regions = self.regions.len();
        let (principal, region) = (account as usize / regions, account as usize % regions);
        format!("{} {}", self.principals[principal], self.regions[region])
    }

    /// What a cell is of, and where, in a run in which each principal is an account by itself.
    pub(super) fn written(&self, cell: TallyCell) -> (&'static str, String) {
        match cell {
            TallyCell::Requests(region, operation) => {
                ("request", format!("{} {}", self.regions[region as usize], word_of(operation)))
            }
            TallyCell::Calls(operation, api) => ("call", format!("{} {api}", word_of(operation))),
            TallyCell::All(CountOf::ByObject) => ("object_calls", OF_ALL.to_owned()),
            TallyCell::All(_) => ("keys", OF_ALL.to_owned()),
            TallyCell::BinRequests(bin) => ("bin_requests", bin.to_string()),
            TallyCell::BinCalls(bin, api) => ("bin_calls", format!("{api} {bin}")),
            TallyCell::Alive(second) => ("keys_alive", second.to_string()),
            TallyCell::Account(account, is_billed) => {
                (if is_billed { "billed" } else { "unbilled" }, self.of_account(account))
            }
            TallyCell::Second(account, _, second) => {
                ("second", format!("{} {second}", self.of_account(account)))
            }
            TallyCell::Requester(requester, count) => {
                let name = self.requesters[requester as usize].clone();
                match count {
                    CountOf::Requests => ("requester_requests", name),
                    CountOf::Calls(api) => ("requester_calls", format!("{api} {name}")),
                    CountOf::ByObject => ("requester_object_calls", name),
                    CountOf::Keys => ("requester_keys", name),
                }
            }
            TallyCell::Bucket(bucket, CountOf::Calls(api)) => {
                ("bucket_calls", format!("{api} {}", self.buckets[bucket as usize]))
            }
            TallyCell::Bucket(bucket, _) => {
                ("bucket_requests", self.buckets[bucket as usize].clone())
            }
            TallyCell::BucketAccount(bucket, account, is_billed) => {
                let what = if is_billed { "bucket_billed" } else { "bucket_unbilled" };
                let bucket = &self.buckets[bucket as usize];
                (what, format!("{bucket} {}", self.of_account(account)))
            }
            TallyCell::BucketSecond(bucket, second) => {
                ("bucket_second", format!("{} {second}", self.buckets[bucket as usize]))
            }
            TallyCell::Place(place, api) => {
                ("prefix_calls", format!("{api} {}", self.places[place as usize]))
            }
            TallyCell::Busiest(part, kind) => {
                ("busiest_bin", format!("{} {kind}", self.parts[part as usize]))
            }
        }
    }

    /// The cell that a name is of; `None` if the run has no such.
    pub(super) fn read(&self, name: &CellName) -> Option<FoundCell> {
        let place = name.place();
        let cell = match name.what {
            "request" => {
                let (region, operation) = place.rsplit_once(' ')?;
                TallyCell::Requests(*self.numbers.regions.get(region)?, operation_of(operation)?)
            }
            "call" => {
                let (operation, by) = place.rsplit_once(' ')?;
                TallyCell::Calls(operation_of(operation)?, api(by)?)
            }
            "object_calls" => TallyCell::All(CountOf::ByObject),
            "keys" => TallyCell::All(CountOf::Keys),
            "bin_requests" => TallyCell::BinRequests(number(name)?),
            "bin_calls" => TallyCell::BinCalls(number(name)?, api(name.without_last())?),
            "keys_alive" => TallyCell::Alive(number(name)?),
            "billed" | "unbilled" => {
                let CallsPlace { account, place, .. } = *self.numbers.calls.get(place)?;
                let is_billed = name.what == "billed";
                let cell = TallyCell::Account(account, is_billed);
                return Some(FoundCell::OfPrincipal(cell, place, is_billed));
            }
            "second" => {
                let calls = self.numbers.calls.get(name.without_last())?;
                TallyCell::Second(calls.account, calls.clients, number(name)?)
            }
            _ => self.read_breakdown(name)?,
        };
        Some(FoundCell::One(cell))
    }

    fn read_breakdown(&self, name: &CellName) -> Option<TallyCell> {
        let place = name.place();
        let Numbers { requesters, buckets, parts, places, calls, .. } = &self.numbers;
        Some(match name.what {
            "requester_requests" => {
                TallyCell::Requester(*requesters.get(place)?, CountOf::Requests)
            }
            "requester_object_calls" => {
                TallyCell::Requester(*requesters.get(place)?, CountOf::ByObject)
            }
            "requester_keys" => TallyCell::Requester(*requesters.get(place)?, CountOf::Keys),
            "requester_calls" => {
                let (by, requester) = place.split_once(' ')?;
                TallyCell::Requester(*requesters.get(requester)?, CountOf::Calls(api(by)?))
            }
            "bucket_requests" => TallyCell::Bucket(*buckets.get(place)?, CountOf::Requests),
            "bucket_calls" => {
                let (by, bucket) = place.split_once(' ')?;
                TallyCell::Bucket(*buckets.get(bucket)?, CountOf::Calls(api(by)?))
            }
            "bucket_billed" | "bucket_unbilled" => {
                let (bucket, of) = place.split_once(' ')?;
                let account = calls.get(of)?.account;
                let is_billed = name.what == "bucket_billed";
                TallyCell::BucketAccount(*buckets.get(bucket)?, account, is_billed)
            }
            "bucket_second" => {
                TallyCell::BucketSecond(*buckets.get(name.without_last())?, number(name)?)
            }
            "prefix_calls" => {
                let (by, place) = place.split_once(' ')?;
                TallyCell::Place(*places.get(place)?, api(by)?)
            }
            "busiest_bin" => TallyCell::Busiest(*parts.get(name.without_last())?, number(name)?),
            _ => return None,
        })
    }
}

/// Names of the requesters under a rule: each one's principal, and its session if that is one by itself.
fn requesters(scenario: &Scenario, rule: RequesterRule) -> Vec<String> {
    let grouped = Requesters::group(rule, &scenario.principals, &scenario.slots);
    let names = grouped.list.iter().map(|requester| {
        let slot = &scenario.slots[requester.slots[0] as usize];
        let [account, kind, name] = principal_words(&scenario.principals[slot.principal as usize]);
        if requester.renews {
            place_of(&[account, kind, name, scenario.session_name(slot).as_bytes()])
        } else {
            place_of(&[account, kind, name])
        }
    });
    names.collect()
}

/// Names of the parts of buckets under one KMS key, and of those whose keys begin alike.
fn parts_and_places(scenario: &Scenario) -> (Vec<String>, Vec<String>) {
    let Some(log) = &scenario.recording else { return (Vec::new(), Vec::new()) };
    // Those of the log come first, each under a KMS key; then those of objects that are known not to be under KMS.
    let of_log = log.kms_keys.bucket_of_parts().count();
    let parts = scenario.domains.iter().enumerate().map(|(part, domain)| {
        let bucket = log.buckets[domain.bucket as usize].as_bytes();
        if part < of_log {
            let number = log.kms_keys.number_in_bucket(part as u32).to_string();
            return place_of(&[bucket, number.as_bytes()]);
        }
        place_of(&[bucket, domain.encryption.map_or("", Mode::name).as_bytes()])
    });
    let places = (0..log.places.len()).map(|place| {
        let words = log.place_words(place);
        place_of(&words.each_ref().map(Vec::as_slice))
    });
    (parts.collect(), places.collect())
}

/// Where the calls of each principal in each region count.
fn calls(
    scenario: &Scenario,
    principals: &[String],
    regions: &[String],
) -> HashMap<String, CallsPlace> {
    let accounts = &scenario.accounts;
    let mut calls = HashMap::new();
    for (principal, name) in principals.iter().enumerate() {
        let clients = accounts.charged_in_first_region(principal).clients;
        for (number, region) in regions.iter().enumerate() {
            let account = accounts.of_principal(principal, number) as u32;
            let place = principal * regions.len() + number;
            calls.insert(format!("{name} {region}"), CallsPlace { account, clients, place });
        }
    }
    calls
}

/// An operation as one word of a place: names may have spaces.
fn word_of(operation: Operation) -> String {
    place_of(&[operation.name().as_bytes()])
}

fn operation_of(word: &str) -> Option<Operation> {
    Operation::ALL.into_iter().find(|it| word_of(*it) == word)
}

fn api(name: &str) -> Option<KmsApi> {
    KmsApi::ALL.into_iter().find(|api| api.name() == name)
}

fn number(name: &CellName) -> Option<u32> {
    u32::try_from(name.last_number()?).ok()
}
