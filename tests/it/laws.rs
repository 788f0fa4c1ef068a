//! Laws that hold whatever the traffic, on generated scenarios, and cases in which intuition says a
//! law holds and it does not.
//!
//! # Why the laws of reading hold path by path
//!
//! Who reads what under which key does not depend on how S3 caches, so the points in time at which
//! one requester needs one key are given. A cache with fixed expiry covers them from the left with
//! windows of length T, each of which begins at the first point not yet covered. That is the least
//! number of windows that cover them (the greedy argument: whatever covers the first point ends no
//! later). Hence:
//!
//! - *A longer lifetime* never costs more: the windows of T, lengthened, still cover.
//! - *Caches joined* (fewer parts of which each is a union of former ones; sessions of one role
//!   that become one requester) never cost more: all their windows together cover the union.
//!
//! With sliding expiry a point is a miss if there is none within T before it, and both laws follow
//! at once. Then a fetch under fixed expiry was not within T before it either, so every sliding miss
//! is a fixed miss. The same two laws hold for the number of keys that writers generate.
//!
//! They do *not* hold for the sum, since which key wraps what decides how many keys a reader needs:
//! see the tests at the end.

use crate::support::{by_second, tiny};

use bks::encryption::assumption::{Assumptions, Expiry, Level};
use bks::kms::{KmsApi, KmsCalls};
use bks::s3::Operation;
use bks::scenario::Scenario;
use bks::simulation::{Arm, Breakdown, run};
use bks::tally::Tally;
use bks::units::SimDuration;
use proptest::prelude::*;
use proptest::sample::select;
use tiny::{Limits, cases};

// Places of the configurations of generated scenarios and of those below.
const WITHOUT: usize = 0;
const ROLE: usize = 1;
const SESSION: usize = 2;
const WITH_KEYS: [usize; 4] = [1, 2, 3, 4];
const SSE_S3: usize = 5;
const DSSE: usize = 6;

const GENERAL: Limits = Limits { only_old: false, directory: false, told: false };

fn parse(text: &str) -> Scenario {
    Scenario::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A configuration at its assumed values, changed.
fn arm(scenario: &Scenario, configuration: usize, change: impl FnOnce(&mut Assumptions)) -> Arm {
    let mut assumptions = scenario.configurations[configuration].ranges.at(Level::Assumed);
    change(&mut assumptions);
    Arm { configuration, assumptions, breakdown: Breakdown::Requesters }
}

/// All configurations at their assumed values.
fn all_arms(scenario: &Scenario) -> Vec<Arm> {
    (0..scenario.configurations.len()).map(|of| arm(scenario, of, |_| ())).collect()
}

/// Tallies of replication 0, arm by arm.
fn tallies(scenario: &Scenario, arms: &[Arm]) -> Vec<Tally> {
    run(scenario, arms, 0..1, &|_| ()).swap_remove(0)
}

fn decrypts(tally: &Tally) -> u64 {
    tally.total_calls().get(KmsApi::Decrypt)
}

/// A shorter and a longer lifetime, in half seconds.
fn two_lifetimes() -> impl Strategy<Value = (SimDuration, SimDuration)> {
    let halves = |count: i64| SimDuration::from_nanos(count * 500_000_000);
    (0..=12_i64, 0..=12_i64).prop_map(move |(a, b)| (halves(a.min(b)), halves(a.max(b))))
}

/// Fewer and more parts, each of the fewer a union of some of the more.
fn two_partitions() -> impl Strategy<Value = (u32, u32)> {
    select(vec![(1, 2), (1, 3), (1, 5), (2, 4), (2, 6), (3, 6), (5, 10)])
}

proptest! {
    #![proptest_config(cases(400, 0x1A75))]

    #[test]
    fn without_the_verifying_call_bucket_keys_never_cost_more(text in tiny::scenario(GENERAL)) {
        let scenario = parse(&text);
        let mut arms = vec![arm(&scenario, WITHOUT, |_| ())];
        arms.extend(WITH_KEYS.map(|of| arm(&scenario, of, |a| a.verify_on_write = 0)));
        let tallies = tallies(&scenario, &arms);
        let (without, with) = tallies.split_first().unwrap();
        for with in with {
            // Not by API: a replica's one Encrypt may become one GenerateDataKey.
            for (with, without) in with.calls.iter().zip(&without.calls) {
                prop_assert!(with.total() <= without.total(), "{}", text);
                prop_assert!(with.get(KmsApi::Decrypt) <= without.get(KmsApi::Decrypt));
            }
            for (with, without) in by_second::calls(with).into_iter().zip(by_second::calls(without)) {
                prop_assert!(with <= without, "{}", text);
            }
        }
    }

    #[test]
    fn without_a_cache_every_unwrap_is_a_call(text in tiny::scenario(GENERAL)) {
        let scenario = parse(&text);
        let mut arms = vec![arm(&scenario, WITHOUT, |_| ())];
        arms.extend(WITH_KEYS.map(|of| arm(&scenario, of, |a| {
            a.verify_on_write = 0;
            a.cache_lifetime = SimDuration::ZERO;
        })));
        let tallies = tallies(&scenario, &arms);
        for with in &tallies[1..] {
            for (with, without) in with.calls.iter().zip(&tallies[0].calls) {
                prop_assert_eq!(with.get(KmsApi::Decrypt), without.get(KmsApi::Decrypt));
            }
        }
    }

    #[test]
    fn a_longer_cache_lifetime_never_costs_more(
        text in tiny::scenario(GENERAL), (shorter, longer) in two_lifetimes()
    ) {
        let text = counted_from_the_start(&text);
        let scenario = parse(&text);
        for of in WITH_KEYS {
            let arms = [shorter, longer].map(|t| arm(&scenario, of, |a| a.cache_lifetime = t));
            let tallies = tallies(&scenario, &arms);
            prop_assert!(decrypts(&tallies[1]) <= decrypts(&tallies[0]), "{}", text);
        }
    }

    #[test]
    fn joined_read_caches_never_cost_more(
        text in tiny::scenario(GENERAL), (fewer, more) in two_partitions()
    ) {
        let text = counted_from_the_start(&text);
        let scenario = parse(&text);
        for of in WITH_KEYS {
            let arms = [more, fewer].map(|parts| arm(&scenario, of, |a| a.read_partitions = Some(parts)));
            let tallies = tallies(&scenario, &arms);
            prop_assert!(decrypts(&tallies[1]) <= decrypts(&tallies[0]), "{}", text);
        }
    }

    #[test]
    fn sliding_expiry_never_costs_more_than_fixed(text in tiny::scenario(GENERAL)) {
        let scenario = parse(&text);
        for of in WITH_KEYS {
            let arms = [Expiry::Fixed, Expiry::Sliding]
                .map(|expiry| arm(&scenario, of, |a| a.expiry = expiry));
            let tallies = tallies(&scenario, &arms);
            // Every sliding miss is a fixed miss, so the law holds second by second.
            let [fixed, sliding] = [0, 1].map(|it| by_second::calls(&tallies[it]));
            for (fixed, sliding) in fixed.into_iter().zip(sliding) {
                prop_assert!(sliding <= fixed, "{}", text);
            }
        }
    }

    #[test]
    fn one_requester_a_role_never_costs_more_reads_of_given_keys(
        text in tiny::scenario(Limits { only_old: true, directory: false, told: false })
    ) {
        let text = counted_from_the_start(&text);
        let scenario = parse(&text);
        // Through the same caches: who has more connections meets more of them.
        let through_two = |a: &mut Assumptions| {
            (a.verify_on_write, a.read_partitions) = (0, Some(2));
        };
        let arms = [SESSION, ROLE].map(|of| arm(&scenario, of, through_two));
        let tallies = tallies(&scenario, &arms);
        prop_assert!(decrypts(&tallies[1]) <= decrypts(&tallies[0]), "{}", text);
    }

    #[test]
    fn writers_never_generate_more_keys_that_live_longer_or_are_shared(
        text in tiny::scenario(GENERAL), (fewer, more) in two_partitions(),
        (shorter, longer) in two_lifetimes()
    ) {
        let text = counted_from_the_start(&text);
        let scenario = parse(&text);
        let second = SimDuration::from_secs(1);
        let arms = [
            arm(&scenario, SESSION, |_| ()),
            arm(&scenario, ROLE, |_| ()),
            arm(&scenario, SESSION, |a| a.generation_lifetime = shorter.max(second)),
            arm(&scenario, SESSION, |a| a.generation_lifetime = longer.max(second)),
            arm(&scenario, SESSION, |a| a.write_partitions = Some(more)),
            arm(&scenario, SESSION, |a| a.write_partitions = Some(fewer)),
        ];
        for pair in tallies(&scenario, &arms).chunks(2) {
            prop_assert!(pair[1].keys_generated <= pair[0].keys_generated, "{}", text);
        }
    }

    #[test]
    fn other_modes_cost_what_the_documentation_says(text in tiny::scenario(GENERAL)) {
        let scenario = parse(&text);
        let tallies = tallies(&scenario, &all_arms(&scenario));
        prop_assert_eq!(tallies[SSE_S3].total_calls(), KmsCalls::NONE);
        prop_assert_eq!(&tallies[DSSE].calls, &tallies[WITHOUT].calls);
        for tally in &tallies {
            prop_assert_eq!(&tally.requests, &tallies[WITHOUT].requests);
        }
    }
}

/// The scenario without its warm-up: covers are least for all points, not for the later ones.
fn counted_from_the_start(text: &str) -> String {
    let warm_up = text.lines().find(|line| line.starts_with("warm_up")).expect("there is one");
    text.replace(warm_up, "")
}

proptest! {
    #![proptest_config(cases(60, 0x7EAD))]

    #[test]
    fn any_number_of_threads_counts_the_same(text in tiny::scenario(GENERAL)) {
        let scenario = parse(&text);
        let arms = all_arms(&scenario);
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| run(&scenario, &arms, 0..4, &|_| ()))
        };
        prop_assert!(on(1) == on(4), "{}", text);
    }

    #[test]
    fn arms_and_replications_run_together_or_alone_count_the_same(text in tiny::scenario(GENERAL)) {
        let scenario = parse(&text);
        let mut arms = all_arms(&scenario);
        arms.push(arm(&scenario, SESSION, |a| a.read_partitions = Some(7)));
        arms.push(arm(&scenario, ROLE, |a| a.write_partitions = Some(5)));
        let together = run(&scenario, &arms, 0..3, &|_| ());
        for (i, arm) in arms.iter().enumerate() {
            for (replication, of_all) in (0..3).zip(&together) {
                let alone = run(
                    &scenario, std::slice::from_ref(arm), replication..replication + 1, &|_| ()
                );
                prop_assert!(alone[0][0] == of_all[i], "arm {}:\n{}", i, text);
            }
        }
    }

    #[test]
    fn tallies_merge_in_any_order(text in tiny::scenario(GENERAL)) {
        let scenario = parse(&text);
        let arms = [arm(&scenario, ROLE, |_| ())];
        let runs: Vec<Tally> =
            run(&scenario, &arms, 0..3, &|_| ()).into_iter().map(|mut run| run.remove(0)).collect();
        let merged = |order: [usize; 3]| {
            let mut sum = runs[order[0]].clone();
            sum.merge(&runs[order[1]]);
            sum.merge(&runs[order[2]]);
            sum
        };
        prop_assert_eq!(merged([0, 1, 2]), merged([2, 0, 1]));
        let mut right = runs[1].clone();
        right.merge(&runs[2]);
        let mut sum = runs[0].clone();
        sum.merge(&right);
        prop_assert_eq!(&sum, &merged([0, 1, 2]));
        let calls: u64 = runs.iter().map(|run| run.total_calls().total()).sum();
        prop_assert_eq!(sum.total_calls().total(), calls);
        let of_runs: Vec<Vec<u32>> = runs.iter().map(by_second::keys_alive).collect();
        let alive: Vec<u32> = (0..of_runs[0].len())
            .map(|second| of_runs.iter().map(|alive| alive[second]).sum())
            .collect();
        prop_assert_eq!(by_second::keys_alive(&sum), alive);
    }
}

// Where intuition fails.

/// A writer, its role's other writer and a reader in one bucket; `rest` adds the workloads.
fn small(rest: &str) -> Scenario {
    parse(&format!(
        r#"
        name = "small"
        duration = "1h"
        replications = 1
        [assumptions]
        generation_lifetime = "5s"
        cache_lifetime = "5min"
        write_partitions = 1
        read_partitions = 1
        verify_on_write = 0
        [[bucket]]
        name = "data"
        bucket_keys_since = "always"
        [[principal]]
        name = "writer"
        role = "etl"
        [[principal]]
        name = "other"
        role = "etl"
        [[principal]]
        name = "reader"
        role = "reader"
        {rest}
        "#
    ))
}

/// One PUT at `second`.
fn put(name: &str, principal: &str, second: u32) -> String {
    format!(
        r#"
        [[workload]]
        name = "{name}"
        principal = "{principal}"
        bucket = "data"
        arrivals = {{ periodic = {{ rate = "1/h", offset = "{second}s" }} }}
        "#
    )
}

/// PUTs every two seconds from second 4 on.
fn put_from_four(principal: &str) -> String {
    format!(
        r#"
        [[workload]]
        name = "from-four"
        principal = "{principal}"
        bucket = "data"
        arrivals = {{ periodic = {{ rate = "1800/h", offset = "4s" }} }}
        "#
    )
}

/// Reads what was written at second 4 and at second 6.
const READ_FOUR_AND_SIX: &str = r#"
    [[workload]]
    name = "read"
    principal = "reader"
    bucket = "data"
    read = { from = ["from-four"], pattern = { scan = { oldest = "5s", newest = "1s" } } }
    jobs = { offset = "8s", steps = [{ action = "read", objects = 2, rate = "10/s" }] }
"#;

/// Each PUT finds its key expired and pays for making the next one and for verifying it.
#[test]
fn a_sparse_writer_pays_twice_as_much_with_bucket_keys() {
    let scenario = small(
        r#"
        [[workload]]
        name = "write"
        principal = "writer"
        bucket = "data"
        arrivals = { periodic = { rate = "6/h" } }
        "#,
    );
    let arms = [
        arm(&scenario, WITHOUT, |_| ()),
        arm(&scenario, ROLE, |a| a.verify_on_write = 1),
        arm(&scenario, SESSION, |a| a.verify_on_write = 1),
    ];
    let calls: Vec<u64> =
        tallies(&scenario, &arms).iter().map(|tally| tally.total_calls().total()).collect();
    assert_eq!(calls, [6, 12, 12]);
}

/// PUTs at 0, 4, 6, 8 s and so on. A key of 3 s leaves 4 and 6 under one key; a key of 5 s wraps 0 and
/// 4, and 6 under the next. Fewer keys, but who reads 4 and 6 needs two instead of one.
#[test]
fn a_longer_generation_lifetime_can_cost_more_reads() {
    let puts = put("zero", "writer", 0) + &put_from_four("writer");
    let scenario = small(&(puts + READ_FOUR_AND_SIX));
    let arms = [3, 5].map(|seconds| {
        arm(&scenario, ROLE, |a| a.generation_lifetime = SimDuration::from_secs(seconds))
    });
    let tallies = tallies(&scenario, &arms);
    assert!(tallies[1].keys_generated < tallies[0].keys_generated);
    assert_eq!([decrypts(&tallies[0]), decrypts(&tallies[1])], [1, 2]);
}

/// One writer PUTs at 0 s, its role's other one at 4, 6, 8 s and so on, with keys of 5 s. By session 4
/// and 6 share a key; by role 4 falls under the key of 0.
#[test]
fn sharing_keys_by_role_can_cost_more_reads() {
    let puts = put("zero", "writer", 0) + &put_from_four("other");
    let scenario = small(&(puts + READ_FOUR_AND_SIX));
    let tallies = tallies(&scenario, &[SESSION, ROLE].map(|of| arm(&scenario, of, |_| ())));
    assert!(tallies[1].keys_generated <= tallies[0].keys_generated);
    assert_eq!([decrypts(&tallies[0]), decrypts(&tallies[1])], [1, 2]);
}

/// Two caches are no union of three: two reads that meet in the middle third may lie in different
/// halves. Fewer parts cost less on average, but not in every run.
#[test]
fn two_read_caches_can_cost_more_than_three() {
    let text = r#"
        [[population]]
        name = "old"
        bucket = "data"
        objects = 1
        age = { fixed = "1h" }
        [[workload]]
        name = "read"
        principal = "reader"
        bucket = "data"
        read = { from = ["old"], pattern = "uniform" }
        jobs = { steps = [{ action = "read", objects = 2, rate = "10/s" }] }
    "#;
    let scenario = small(text);
    let arms = [3, 2].map(|parts| arm(&scenario, ROLE, |a| a.read_partitions = Some(parts)));
    let runs = 3_600;
    let counted = run(&scenario, &arms, 0..runs, &|_| ());
    let of = |arm: usize| counted.iter().map(|run| decrypts(&run[arm])).sum::<u64>();
    let against = counted.iter().filter(|run| decrypts(&run[1]) > decrypts(&run[0])).count();
    // Two draws in one half each of the middle third: 2 · (1/6)². Five standard deviations of 200.
    assert!(against.abs_diff(runs as usize / 18) < 70, "{against} of {runs} runs");
    assert!(of(1) < of(0));
}

/// Reads of one key at 0, 14 and 21 s, counted from 20 s on: a lifetime of 10 s fetches at 0 and 14
/// and is served at 21; one of 20 s fetches at 0 and 21. Laws of reading hold for whole runs only,
/// not for a part of one after a warm-up, nor for a single second.
#[test]
fn a_longer_cache_lifetime_can_cost_more_after_a_warm_up() {
    let read = |second: u32| {
        format!(
            r#"
            [[workload]]
            name = "read-{second}"
            principal = "reader"
            bucket = "data"
            arrivals = {{ periodic = {{ rate = "1/h", offset = "{second}s" }} }}
            read = {{ from = ["old"], pattern = "uniform" }}
            "#
        )
    };
    let old = r#"
        [[population]]
        name = "old"
        bucket = "data"
        objects = 1
        age = { fixed = "1h" }
    "#;
    let mut scenario = small(&[old, &read(0), &read(14), &read(21)].concat());
    let decrypts_of = |scenario: &Scenario| {
        let arms = [10, 20].map(|seconds| {
            arm(scenario, ROLE, |a| a.cache_lifetime = SimDuration::from_secs(seconds))
        });
        tallies(scenario, &arms).iter().map(decrypts).collect::<Vec<_>>()
    };
    assert_eq!(decrypts_of(&scenario), [2, 2]);
    scenario.counted_from = SimDuration::from_secs(20).into();
    assert_eq!(decrypts_of(&scenario), [0, 1]);
}

/// A bucket whose keys are turned on costs reads of older objects what it did.
#[test]
fn turning_bucket_keys_on_changes_nothing_for_older_objects() {
    let text = r#"
        [[population]]
        name = "old"
        bucket = "data"
        objects = 1000
        age = { uniform = { to = "30d" } }
        [[workload]]
        name = "read"
        principal = "reader"
        bucket = "data"
        arrivals = { poisson = { rate = "1/s" } }
        read = { from = ["old"], pattern = "uniform" }
    "#;
    let scenario = small(text);
    let mut since_now = scenario.clone();
    since_now.domains[0].keys_since = bks::units::SimTime::ZERO;
    let of = |scenario: &Scenario| {
        let arms = [WITHOUT, ROLE].map(|of| arm(scenario, of, |_| ()));
        tallies(scenario, &arms)
            .iter()
            .map(|tally| tally.calls[Operation::GetObject as usize].total())
            .collect::<Vec<_>>()
    };
    assert_eq!(of(&since_now)[0], of(&since_now)[1]);
    assert!(of(&scenario)[1] < of(&scenario)[0]);
}
