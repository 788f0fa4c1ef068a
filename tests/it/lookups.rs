//! Look-ups of bucket-level keys, as the bench beside other simulators has them: they are what the engine
//! looks up, and the bench counts what a naive cache in whole seconds counts.

#[path = "../../benches/lookups/cache.rs"]
mod cache;
#[path = "../../benches/lookups/oracle_general.rs"]
mod oracle_general;
#[path = "../../benches/lookups/stream.rs"]
mod stream;

use crate::support::tiny;

use std::collections::HashMap;

use bks::encryption::assumption::{Assumptions, Expiry, Level};
use bks::kms::KmsApi;
use bks::scenario::Scenario;
use bks::simulation::objects::keep;
use bks::simulation::{Arm, run};
use bks::units::SimDuration;
use cache::{Replay, Replayed};
use oracle_general::{Lookup, RECORD_BYTES, RawRecord};
use proptest::prelude::*;
use stream::{Lookups, TimedLookup};
use tiny::{Limits, cases};

/// Configurations of generated scenarios that use bucket keys.
const WITH_KEYS: [usize; 4] = [1, 2, 3, 4];

fn nanos(lookup: &TimedLookup) -> i64 {
    lookup.time.as_nanos()
}

/// Which look-ups miss, by a map and the definition: `fetched` is when what is held was fetched, or
/// used if `sliding`.
fn misses(lookups: &[(i64, u64)], lifetime: i64, sliding: bool) -> Vec<bool> {
    let mut fetched: HashMap<u64, i64> = HashMap::new();
    let mut miss = |&(time, object): &(i64, u64)| {
        let live = fetched.get(&object).is_some_and(|fetched| time - fetched < lifetime);
        if !live || sliding {
            fetched.insert(object, time);
        }
        !live
    };
    lookups.iter().map(&mut miss).collect()
}

/// Decrypt calls that the engine counts.
fn decrypts(scenario: &Scenario, configuration: usize, assumptions: Assumptions) -> u64 {
    let arm = Arm::of_totals(configuration, assumptions);
    run(scenario, &[arm], 0..1, &|_| ())[0][0].total_calls().get(KmsApi::Decrypt)
}

proptest! {
    #![proptest_config(cases(300, 0xE8B0))]

    /// The engine's Decrypt calls are the misses of a naive cache on the exported look-ups, and one
    /// for each unwrap of what has no bucket-level key.
    #[test]
    fn exported_lookups_are_those_of_the_engine(
        text in tiny::scenario(Limits { only_old: false, directory: false, told: false }),
        halves in 1..=12_i64,
        parts in 1..=3_u32,
        sliding in any::<bool>(),
    ) {
        let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        for configuration in WITH_KEYS {
            let mut assumptions = scenario.configurations[configuration].ranges.at(Level::Assumed);
            assumptions.verify_on_write = 0;
            assumptions.read_partitions = Some(parts);
            assumptions.cache_lifetime = SimDuration::from_nanos(halves * 500_000_000);
            assumptions.expiry = if sliding { Expiry::Sliding } else { Expiry::Fixed };
            let arm = Arm::of_totals(configuration, assumptions);
            let lookups: Vec<TimedLookup> = Lookups::new(&scenario, &keep(&scenario, 0), &arm, 0).collect();
            prop_assert!(lookups.is_sorted_by_key(nanos));
            let mut seen = 0;
            for lookup in &lookups {
                prop_assert!(lookup.entry <= seen, "numbered in order of first appearance");
                seen = seen.max(lookup.entry + 1);
            }
            let timed: Vec<_> = lookups.iter().map(|l| (nanos(l), l.entry)).collect();
            let counted = |l: &TimedLookup| l.time >= scenario.counted_from;
            let missed = misses(&timed, assumptions.cache_lifetime.as_nanos(), sliding);
            let missed = lookups.iter().zip(missed).filter(|(l, miss)| counted(l) && *miss);
            let uncached = Assumptions { cache_lifetime: SimDuration::ZERO, ..assumptions };
            let unwraps = decrypts(&scenario, configuration, uncached);
            let looked_up = lookups.iter().filter(|l| counted(l)).count() as u64;
            prop_assert_eq!(
                decrypts(&scenario, configuration, assumptions),
                missed.count() as u64 + (unwraps - looked_up),
                "configuration {}: {}", configuration, text
            );
        }
    }

    /// Small, great and scattered numbers, dense and sparse times, more than a basket holds.
    #[test]
    fn a_replay_counts_what_a_naive_cache_counts(
        seed in any::<u64>(),
        length in 0..60_000_usize,
        objects in prop::sample::select(vec![1_u64, 3, 1_000, 40_000, 1 << 20, 1 << 40, u64::MAX]),
        pause in prop::sample::select(vec![1_u64, 2, 400, 300_000]),
        lifetime in prop::sample::select(vec![0_i64, 1, 2, 300, 1_000_000, 1 << 33]),
        sliding in any::<bool>(),
    ) {
        let mut state = seed;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state >> 33 ^ state
        };
        let mut second = draw() % 1_000;
        let lookups: Vec<Lookup> = (0..length)
            .map(|_| {
                second += if draw() % 4 == 0 { draw() % pause } else { 0 };
                Lookup { second: second as u32, object: draw() % objects }
            })
            .collect();
        prop_assume!(second < u64::from(u32::MAX));
        let expiry = if sliding { Expiry::Sliding } else { Expiry::Fixed };
        let mut replay = Replay::new(SimDuration::from_secs(lifetime), expiry);
        for block in lookups.chunks(7_001) {
            replay.answer(block.iter().copied()).unwrap();
        }
        let timed: Vec<_> = lookups.iter().map(|l| (l.second.into(), l.object)).collect();
        let missed = misses(&timed, lifetime, sliding);
        let distinct: std::collections::HashSet<u64> = lookups.iter().map(|l| l.object).collect();
        prop_assert_eq!(replay.finish(), Replayed {
            requests: length as u64,
            objects: distinct.len() as u64,
            misses: missed.iter().filter(|miss| **miss).count() as u64,
            first: lookups.first().map_or(0, |l| l.second),
            last: lookups.last().map_or(0, |l| l.second),
        });
    }
}

#[test]
fn a_part_of_a_second_of_lifetime_is_a_whole_one() {
    for (millis, misses) in [(0, 4), (1, 3), (1_000, 3), (1_001, 2), (2_000, 2), (2_001, 1)] {
        let lifetime = SimDuration::from_nanos(millis * 1_000_000);
        let mut replay = Replay::new(lifetime, Expiry::Fixed);
        let seconds = [5, 6, 7, 7];
        replay.answer(seconds.map(|second| Lookup { second, object: 9 }).into_iter()).unwrap();
        assert_eq!(replay.finish().misses, misses, "{millis} ms");
    }
}

#[test]
fn a_trace_spans_no_more_than_seconds_can_count() {
    let mut replay = Replay::new(SimDuration::MAX, Expiry::Fixed);
    let lookup = |second| Lookup { second, object: 1 };
    replay.answer([lookup(0), lookup(4_000_000_000)].into_iter()).unwrap();
    let error = replay.answer([lookup(u32::MAX)].into_iter()).unwrap_err();
    assert!(error.to_string().contains("record 3 is of second `4294967295`"), "{error}");
    assert_eq!(replay.finish().misses, 1);
}

/// `next` against a search ahead, over more than two blocks of the writer.
#[test]
fn a_file_has_the_number_of_each_objects_next_record() {
    const BLOCK: usize = 1 << 15;
    let object = |index: usize| match index {
        0..1_000 => index,
        _ => (index * index + index / 7) % 1_000,
    };
    let lookups: Vec<Lookup> = (0..2 * BLOCK + 5)
        .map(|index| Lookup { second: index as u32 / 9, object: object(index) as u64 })
        .collect();
    let mut file = std::io::Cursor::new(Vec::new());
    let written = oracle_general::write(&mut file, lookups.iter().copied()).unwrap();
    assert_eq!((written.records, written.objects), (lookups.len() as u64, 1_000));
    let bytes = file.into_inner();
    let (records, rest): (&[RawRecord], _) = bytes.as_chunks::<RECORD_BYTES>();
    assert!(rest.is_empty());
    for (index, raw) in records.iter().enumerate() {
        let object = lookups[index].object;
        let ahead = lookups[index + 1..].iter().position(|lookup| lookup.object == object);
        let next = ahead.map_or(-1, |steps| (index + 1 + steps + 1) as i64);
        let expected = [
            &lookups[index].second.to_le_bytes()[..],
            &object.to_le_bytes(),
            &1_u32.to_le_bytes(),
            &next.to_le_bytes(),
        ];
        assert_eq!(raw[..], expected.concat(), "{index}");
    }
}

/// The file is no log of requests, and is called by its name; broken ones of the kind are not.
#[test]
fn a_trace_of_lookups_is_refused_by_its_name() {
    let mut file = std::io::Cursor::new(Vec::new());
    let lookups = [5, 6, 6].map(|second| Lookup { second, object: u64::from(second - 5) });
    oracle_general::write(&mut file, lookups).unwrap();
    let bytes = file.into_inner();
    let error = |bytes: &[u8], size| {
        bks::logs::log::Log::open(bytes, size, None).err().unwrap().to_string()
    };
    assert!(error(&bytes, Some(72)).contains("libCacheSim's oracleGeneral"));
    assert!(error(&bytes, None).contains("libCacheSim's oracleGeneral"));
    assert!(error(&bytes[..71], Some(71)).contains("of no known format"));
    let backwards = [&bytes[24..], &bytes[..24]].concat();
    assert!(error(&backwards, Some(72)).contains("of no known format"));
    assert!(error(&[0; 240], Some(240)).contains("of no known format"));
}
