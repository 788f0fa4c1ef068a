//! The engine against a naive model of the same rules ([`naive`]): call by call on lists of
//! explicit requests, and count by count on whole scenarios. Worlds are tiny, so that the edges of
//! lifetimes, sessions and partitions are met all the time.

mod naive;
mod tiny;

use bks::encryption::assumptions::{Assumptions, Expiry, Level};
use bks::encryption::history::{Ages, History, Writing};
use bks::encryption::keys::{Keyring, Timelines};
use bks::encryption::needs::MultipartCalls;
use bks::encryption::requester::{RequesterRule, Requesters};
use bks::encryption::service::{BucketScheme, Memory, Scheme};
use bks::kms::KmsCalls;
use bks::rng::{Purpose, Seed};
use bks::s3::{Identity, Object, Operation, Principal, Request, SessionSlot};
use bks::scenario::Scenario;
use bks::simulation::stream::RequestStream;
use bks::simulation::{Arm, run};
use bks::tally::Tally;
use bks::units::{Rate, SimDuration, SimTime};
use naive::{People, Verdict};
use proptest::prelude::*;
use proptest::sample::select;
use rand::RngExt;
use tiny::{Limits, cases};

/// Everything happens at multiples of this many nanoseconds.
const STEP_NS: i64 = 250_000_000;

fn steps(count: i64) -> SimDuration {
    SimDuration::from_nanos(count * STEP_NS)
}

/// A world of explicit requests.
#[derive(Clone, Debug)]
struct World {
    rule: RequesterRule,
    principals: Vec<Principal>,
    slots: Vec<SessionSlot>,
    scheme: Scheme,
    requests: Vec<Request>,
}

/// Draws that lie in the same or in different parts on the write side and on the read side.
fn draw() -> impl Strategy<Value = u32> {
    prop_oneof![
        select(vec![0, 0xffff, 0xffff_0000, 0x5555_5555, 0x5556_0000, 0x8000_7fff, u32::MAX]),
        any::<u32>(),
    ]
}

fn buckets() -> impl Strategy<Value = Vec<BucketScheme>> {
    let since = select(vec![SimTime::MIN, SimTime::ZERO, SimTime::from(steps(7)), SimTime::MAX]);
    let keyed = since.prop_map(|since| BucketScheme::BucketKey { since, copies: true }).boxed();
    let directory = Just(BucketScheme::BucketKey { since: SimTime::MIN, copies: false });
    let kms = prop_oneof![4 => keyed, 1 => directory, 1 => Just(BucketScheme::KeyPerObject)];
    prop_oneof![
        20 => prop::collection::vec(kms, 2),
        1 => Just(vec![BucketScheme::NoKms; 2]),
    ]
}

fn assumptions() -> impl Strategy<Value = Assumptions> {
    let lifetimes = (select(vec![1, 2, 4, 8, 12]), select(vec![0, 1, 2, 4, 8, 12]));
    let expiry = select(vec![Expiry::Fixed, Expiry::Sliding]);
    (lifetimes, expiry, 1..=3_u32, 1..=3_u32, 0..=1_u32).prop_map(
        |((generation, cache), expiry, write_partitions, read_partitions, verify_on_write)| {
            Assumptions {
                generation_lifetime: steps(generation),
                cache_lifetime: steps(cache),
                expiry,
                write_partitions,
                read_partitions,
                verify_on_write,
                migration_rate: Rate::per_s(1.0),
            }
        },
    )
}

fn people() -> impl Strategy<Value = (Vec<Principal>, Vec<SessionSlot>)> {
    let identity = select(vec![
        Identity::Role("a".into()),
        Identity::Role("a".into()),
        Identity::Role("b".into()),
        Identity::User("u".into()),
    ]);
    let principal =
        identity.prop_map(|identity| Principal { account: "111122223333".into(), identity });
    let length = select(vec![None, Some(2), Some(4), Some(5), Some(8)]);
    let slot =
        (0..2_u32, 0..3_u32, length, 0..=8_i64).prop_map(|(principal, policy, length, first)| {
            SessionSlot {
                principal,
                number: 0,
                policy,
                session_length: length.map(steps),
                first_renewal: SimTime::from(steps(first.min(length.unwrap_or(0)))),
            }
        });
    (prop::collection::vec(principal, 2), prop::collection::vec(slot, 1..=3))
}

/// One action, before it is known when it happens and who there is.
#[derive(Clone, Debug)]
struct Plan {
    gap: i64,
    slot: u32,
    bucket: u32,
    /// Index into [`Plan::requests`]' actions.
    action: u8,
    allows_bucket_key: bool,
    draws: [u32; 4],
    source: Source,
}

/// The object an action reads: what somebody had written some time ago, or one without a key.
#[derive(Clone, Debug)]
struct Source {
    keyless: bool,
    bucket: u32,
    slot: u32,
    draw: u32,
    ago: i64,
}

fn plan() -> impl Strategy<Value = Plan> {
    let source = (prop::bool::weighted(0.1), 0..2_u32, 0..3_u32, draw(), 0..=16_i64)
        .prop_map(|(keyless, bucket, slot, draw, ago)| Source { keyless, bucket, slot, draw, ago });
    let gap = select(vec![0, 0, 1, 1, 2, 4, 8, 12]);
    let draws = [draw(), draw(), draw(), draw()];
    (gap, 0..3_u32, 0..2_u32, 0..14_u8, prop::bool::weighted(0.85), draws, source).prop_map(
        |(gap, slot, bucket, action, allows_bucket_key, draws, source)| Plan {
            gap,
            slot,
            bucket,
            action,
            allows_bucket_key,
            draws,
            source,
        },
    )
}

impl Plan {
    fn requests(&self, time: SimTime, slots: u32, buckets: &[BucketScheme]) -> Vec<Request> {
        let slot = self.slot % slots;
        let directory = |bucket: u32| {
            matches!(buckets[bucket as usize], BucketScheme::BucketKey { copies: false, .. })
        };
        // Directory buckets know no header that turns bucket keys off.
        let allows_bucket_key = self.allows_bucket_key || directory(self.bucket);
        let source = if self.source.keyless {
            Object::Keyless
        } else {
            Object::Written {
                bucket: self.source.bucket,
                slot: self.source.slot % slots,
                draw: self.source.draw,
                time: (time - steps(self.source.ago)).max(SimTime::ZERO),
            }
        };
        let own = if allows_bucket_key {
            Object::Written { bucket: self.bucket, slot, draw: self.draws[0], time }
        } else {
            Object::Keyless
        };
        let request = |number: usize, operation, object| Request {
            time,
            slot,
            bucket: match operation {
                Operation::GetObject | Operation::HeadObjectChecksum => self.source.bucket,
                _ => self.bucket,
            },
            operation,
            allows_bucket_key,
            draw: self.draws[number],
            object,
        };
        let one = |operation, object| vec![request(0, operation, object)];
        match self.action {
            0..=3 => one(Operation::PutObject, Object::None),
            4..=6 => one(Operation::GetObject, source),
            7 => one(Operation::HeadObjectChecksum, source),
            8 | 9 => one(Operation::CopyObject, source),
            10 => one(Operation::ReplicateObject, source),
            11 => vec![
                request(0, Operation::CreateMultipartUpload, Object::None),
                request(1, Operation::UploadPart, own),
                request(2, Operation::UploadPart, own),
                request(3, Operation::CompleteMultipartUpload, own),
            ],
            12 => vec![
                request(0, Operation::CreateMultipartUpload, Object::None),
                request(1, Operation::UploadPartCopy, source),
                request(2, Operation::UploadPartCopy, source),
                request(3, Operation::CompleteMultipartUpload, own),
            ],
            _ => [Operation::HeadObject, Operation::ListObjects, Operation::DeleteObject]
                .into_iter()
                .map(|operation| request(0, operation, Object::None))
                .collect(),
        }
    }
}

fn world() -> impl Strategy<Value = World> {
    let rule = select(vec![RequesterRule::Session, RequesterRule::Role]);
    let multipart = (0..=1_u8, 0..=1_u8)
        .prop_map(|(upload_part, complete)| MultipartCalls { upload_part, complete });
    let plans = prop::collection::vec(plan(), 1..40);
    (rule, people(), buckets(), assumptions(), multipart, plans).prop_map(
        |(rule, (principals, slots), buckets, assumptions, multipart, plans)| {
            let mut time = SimTime::ZERO;
            let mut requests = Vec::new();
            for plan in plans {
                time = time + steps(plan.gap);
                requests.extend(plan.requests(time, slots.len() as u32, &buckets));
            }
            let scheme = Scheme { buckets, assumptions, multipart };
            World { rule, principals, slots, scheme, requests }
        },
    )
}

/// The engine's answers, in the two passes of `bks::simulation`.
fn engine(world: &World) -> Vec<Verdict> {
    let World { rule, principals, slots, scheme, requests } = world;
    let requesters = Requesters::group(*rule, principals, slots);
    let partitions = scheme.assumptions.write_partitions;
    let of_requester: Vec<Vec<usize>> = (0..requesters.list.len())
        .map(|requester| {
            let sends =
                |&i: &usize| requesters.of_slot[requests[i].slot as usize] as usize == requester;
            (0..requests.len()).filter(sends).collect()
        })
        .collect();
    let session = |requester: usize| {
        let requester = &requesters.list[requester];
        requester.renews.then(|| &slots[requester.slots[0] as usize])
    };

    let mut timelines = Timelines::new(requesters.list.len(), scheme.buckets.len(), partitions);
    let mut memory = Memory::default();
    for (requester, mine) in of_requester.iter().enumerate() {
        memory.begin(scheme, 0, session(requester));
        let mut starts = vec![Vec::new(); scheme.buckets.len() * partitions as usize];
        for &i in mine {
            let answer = memory.answer(scheme, None, session(requester), &requests[i]);
            if let Some(place) = answer.generated {
                starts[place as usize].push(requests[i].time);
            }
        }
        timelines.set(requester, starts);
    }

    let since = scheme.buckets.iter().map(|bucket| match bucket {
        BucketScheme::BucketKey { since, .. } => *since,
        BucketScheme::NoKms | BucketScheme::KeyPerObject => SimTime::MAX,
    });
    let keyring = Keyring::new(Vec::new(), timelines, requesters.of_slot.clone(), since.collect());
    let mut answers = vec![Verdict::default(); requests.len()];
    for (requester, mine) in of_requester.iter().enumerate() {
        memory.begin(scheme, keyring.keys(), session(requester));
        for &i in mine {
            let answer = memory.answer(scheme, Some(&keyring), session(requester), &requests[i]);
            answers[i] = Verdict { calls: answer.calls, generated: answer.generated.is_some() };
        }
    }
    answers
}

proptest! {
    #![proptest_config(cases(100_000, 0xB0C5))]

    #[test]
    fn every_answer_is_the_naive_models(world in world()) {
        let World { rule, principals, slots, scheme, requests } = &world;
        let people = People { rule: *rule, principals, slots };
        let (expected, _) = naive::answer(people, scheme, &|_| None, requests);
        for (i, (answer, expected)) in engine(&world).iter().zip(&expected).enumerate() {
            prop_assert_eq!(answer, expected, "request {}: {:?}", i, requests[i]);
        }
    }
}

/// What a tally counts, counted from a list of answers.
#[derive(Debug, PartialEq)]
struct Counts {
    requests: Vec<u64>,
    calls: Vec<KmsCalls>,
    keys_generated: u64,
    calls_per_s: Vec<u32>,
    keys_alive: Vec<u32>,
    bins: Vec<(u64, KmsCalls)>,
    requesters: Vec<(u64, KmsCalls, u64)>,
}

impl Counts {
    fn of(tally: &Tally) -> Self {
        Self {
            requests: tally.requests.to_vec(),
            calls: tally.calls.to_vec(),
            keys_generated: tally.keys_generated,
            calls_per_s: tally.calls_per_s.clone(),
            keys_alive: tally.keys_alive(),
            bins: tally.bins.iter().map(|bin| (bin.requests, bin.calls)).collect(),
            requesters: tally
                .requesters
                .iter()
                .map(|one| (one.requests, one.calls, one.keys_generated))
                .collect(),
        }
    }
}

/// What the naive model counts for one arm of a scenario.
fn expected(scenario: &Scenario, arm: &Arm) -> Counts {
    let configuration = &scenario.configurations[arm.configuration];
    let scheme = configuration.scheme(scenario, arm.assumptions);
    let requesters = Requesters::group(configuration.rule, &scenario.principals, &scenario.slots);
    let mut requests = Vec::new();
    for requester in &requesters.list {
        let mut stream = RequestStream::new(scenario, requester, 0, |_| true);
        let mut batch = Vec::new();
        while stream.next_batch(&mut batch) {
            requests.append(&mut batch);
        }
    }
    requests.sort_by_key(|request| request.time);

    let histories = histories(scenario, configuration.migrated, &scheme, &requesters);
    let old = |object: &Object| {
        let (population, key) = match *object {
            Object::Ranked { population, rank } => {
                (population, histories[population as usize].0.key_of_rank(rank))
            }
            Object::Aged { population, writer, draw, time } => {
                let (history, of_writer, since) = &histories[population as usize];
                let requester = of_writer[writer as usize];
                (population, history.key_at(requester, draw, time, *since))
            }
            _ => unreachable!("only objects from before the run are asked for"),
        };
        key.map(|key| (population, key))
    };
    let people = People {
        rule: configuration.rule,
        principals: &scenario.principals,
        slots: &scenario.slots,
    };
    let (verdicts, keys) = naive::answer(people, &scheme, &old, &requests);

    let (from, end) = (scenario.counted_from, scenario.end);
    let counted_ns = end.as_nanos() - from.as_nanos();
    let seconds = (counted_ns as usize).div_ceil(1_000_000_000);
    let mut counts = Counts {
        requests: vec![0; Operation::ALL.len()],
        calls: vec![KmsCalls::NONE; Operation::ALL.len()],
        keys_generated: 0,
        calls_per_s: vec![0; seconds],
        keys_alive: naive::alive(&keys, from, seconds),
        bins: vec![(0, KmsCalls::NONE); seconds],
        requesters: vec![(0, KmsCalls::NONE, 0); people.firsts().len()],
    };
    for (request, verdict) in requests.iter().zip(verdicts) {
        if request.time < from {
            continue;
        }
        let second = ((request.time.as_nanos() - from.as_nanos()) / 1_000_000_000) as usize;
        let requester = &mut counts.requesters[people.requester(request.slot)];
        counts.requests[request.operation as usize] += 1;
        counts.calls[request.operation as usize] += verdict.calls;
        counts.keys_generated += u64::from(verdict.generated);
        counts.calls_per_s[second] += verdict.calls.total() as u32;
        counts.bins[second].0 += 1;
        counts.bins[second].1 += verdict.calls;
        requester.0 += 1;
        requester.1 += verdict.calls;
        requester.2 += u64::from(verdict.generated);
    }
    counts
}

/// Each population's keys, its writers' requesters, and since when its bucket had bucket keys.
fn histories(
    scenario: &Scenario,
    migrated: bool,
    scheme: &Scheme,
    requesters: &Requesters,
) -> Vec<(History, Vec<u32>, SimTime)> {
    let populations = scenario.populations.iter().enumerate();
    populations
        .map(|(index, population)| {
            let since = match scheme.buckets[population.bucket as usize] {
                BucketScheme::BucketKey { since, .. } => since,
                BucketScheme::NoKms | BucketScheme::KeyPerObject => SimTime::MAX,
            };
            let (weights, of_writer) = population.requesters(requesters);
            let writing = population.writing(since, &weights, &scheme.assumptions);
            // A migration leaves directory buckets alone.
            let directory = scenario.buckets[population.bucket as usize].directory;
            let history = if migrated && !directory {
                History::migrate(&writing, scheme.assumptions.migration_rate.as_per_s())
            } else {
                let mut rng = scenario.seed.stream(0, Purpose::History, (index as u32, 0));
                History::write(&writing, &mut rng)
            };
            (history, of_writer, since)
        })
        .collect()
}

fn arms(scenario: &Scenario) -> Vec<Arm> {
    (0..scenario.configurations.len())
        .map(|configuration| Arm {
            configuration,
            assumptions: scenario.configurations[configuration].ranges.at(Level::Assumed),
            by_requester: true,
        })
        .collect()
}

proptest! {
    #![proptest_config(cases(4_000, 0x5EED))]

    #[test]
    fn every_count_of_a_scenario_is_the_naive_models(
        text in tiny::scenario(Limits { only_old: false, directory: true })
    ) {
        let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let arms = arms(&scenario);
        let [tallies] = run(&scenario, &arms, 0..1, &|_| ()).try_into().unwrap();
        for (arm, tally) in arms.iter().zip(&tallies) {
            let name = &scenario.configurations[arm.configuration].name;
            prop_assert_eq!(Counts::of(tally), expected(&scenario, arm), "{}:\n{}", name, text);
        }
    }
}

/// Exponential ages of a mean of some seconds.
struct Forgetting(f64);

impl Ages for Forgetting {
    fn cdf(&self, age: SimDuration) -> f64 {
        1.0 - (-age.as_secs_f64() / self.0).exp()
    }
    fn quantile(&self, p: f64) -> SimDuration {
        SimDuration::from_secs_f64(-self.0 * (1.0 - p).ln())
    }
}

/// Sums and sums of squares of what is measured in each run.
#[derive(Default)]
struct Moments([(f64, f64); 3]);

impl Moments {
    fn add(&mut self, measured: [f64; 3]) {
        for ((sum, squares), value) in self.0.iter_mut().zip(measured) {
            *sum += value;
            *squares += value * value;
        }
    }
}

/// The walk from key to key, against objects that are drawn, sorted and written one by one: number
/// of keys, of objects without one, and the mean number of objects that share an object's key.
#[test]
fn populations_are_wrapped_as_if_written_object_by_object() {
    const OBJECTS: u64 = 200;
    const RUNS: u32 = 4_000;
    let ages = Forgetting(1_000.0);
    let lifetime = SimDuration::from_secs(20);
    let (writers, partitions) = ([1_u32, 3], 2_u32);
    let since = -SimTime::from(SimDuration::from_secs(1_500));
    let writing = Writing {
        objects: OBJECTS,
        ages: &ages,
        since,
        writers: &writers,
        generation_lifetime: lifetime,
        partitions,
    };
    let (mut walked, mut written) = (Moments::default(), Moments::default());
    for run in 0..RUNS {
        let mut rng = Seed(4).stream(run, Purpose::History, (0, 0));
        let history = History::write(&writing, &mut rng);
        let mut sizes = vec![0.0; history.keys() as usize];
        for rank in 0..OBJECTS {
            if let Some(key) = history.key_of_rank(rank) {
                sizes[key as usize] += 1.0;
            }
        }
        walked.add([f64::from(history.keys()), history.keyless() as f64, sharing(&sizes)]);

        let mut rng = Seed(4).stream(run, Purpose::Requests, (0, 0));
        let mut objects: Vec<(SimTime, usize)> = (0..OBJECTS)
            .map(|_| {
                let place = [0, 0, 1, 1, 1, 1, 1, 1][rng.random_range(0..8)] * 2;
                let age = ages.quantile(rng.random());
                (-SimTime::from(age), place + rng.random_range(0..2_usize))
            })
            .collect();
        objects.sort_unstable();
        let mut newest: [Option<(SimTime, usize)>; 4] = [None; 4];
        let (mut sizes, mut keyless) = (Vec::new(), 0.0);
        for (time, place) in objects {
            match newest[place] {
                _ if time < since => keyless += 1.0,
                Some((expires, key)) if time < expires => sizes[key] += 1.0,
                _ => {
                    newest[place] = Some((time + lifetime, sizes.len()));
                    sizes.push(1.0);
                }
            }
        }
        written.add([sizes.len() as f64, keyless, sharing(&sizes)]);
    }
    let runs = f64::from(RUNS);
    for ((a, aa), (b, bb)) in walked.0.into_iter().zip(written.0) {
        let variance = (aa - a * a / runs + bb - b * b / runs) / runs;
        let error = (variance / runs).sqrt();
        // Five standard errors of the difference of two means.
        assert!(((a - b) / runs).abs() < 5.0 * error, "{} and {}", a / runs, b / runs);
    }
}

fn sharing(sizes: &[f64]) -> f64 {
    sizes.iter().map(|size| size * size).sum::<f64>() / sizes.iter().sum::<f64>()
}

/// An object is known by the draw of the request that made it: for an upload the one that began
/// it, for a copy's copy the copy.
#[test]
fn a_clients_copies_are_of_what_it_wrote_each_of_the_one_before() {
    let text = r#"
        name = "copies"
        duration = "1min"
        [[bucket]]
        name = "data"
        [[principal]]
        name = "etl"
        role = "etl"
        [[client]]
        name = "uploader"
        write = { part_size = "8MiB", copy = 2.0 }
        [[workload]]
        name = "upload"
        principal = "etl"
        bucket = "data"
        client = "uploader"
        object_size = "20MiB"
        arrivals = { periodic = { rate = "1/s" } }
    "#;
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let requesters = Requesters::group(RequesterRule::Role, &scenario.principals, &scenario.slots);
    let mut stream = RequestStream::new(&scenario, &requesters.list[0], 0, |_| true);
    let mut batch = Vec::new();
    assert!(stream.next_batch(&mut batch));
    assert_eq!(batch.len(), 60 * 7);
    for upload in batch.chunks(7) {
        let made = [0, 0, 0, 0, 0, 5].map(|maker: usize| upload[maker].draw);
        for (request, made) in upload[1..].iter().zip(made) {
            assert!(
                matches!(request.object, Object::Written { draw, .. } if draw == made),
                "{request:?}"
            );
        }
    }
}
