//! The engine against a naive model of the same rules ([`naive`]): call by call on lists of
//! explicit requests, and count by count on whole scenarios. Worlds are tiny, so that the edges of
//! lifetimes, sessions and partitions are met all the time.

use crate::support::by_second;
use crate::support::naive;
use crate::support::tiny;

use bks::encryption::assumption::{Assumptions, Expiry, Level, Partitions};
use bks::encryption::generated_keys::Timelines;
use bks::encryption::history::{Ages, History, Writing};
use bks::encryption::keys::Keyring;
use bks::encryption::needs::MultipartCalls;
use bks::encryption::requester::{RequesterRule, Requesters};
use bks::encryption::service::{BucketScheme, Memory, Scheme};
use bks::kms::KmsCalls;
use bks::rng::{Purpose, Seed};
use bks::s3::{Connections, IdentityKind, Object, Operation, Principal, Request, SessionSlot};
use bks::scenario::Scenario;
use bks::simulation::objects::keep;
use bks::simulation::stream::RequestStream;
use bks::simulation::{Arm, Breakdown, run};
use bks::tally::Tally;
use bks::units::{SimDuration, SimTime};
use bks::workload::ages::{AgeLaw, AgeStep, ExponentialAges, UniformAges, WeibullAges};
use bks::workload::written::KeptObjects;
use naive::population::{Key, Population};
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
    let given = || prop::option::of(1..=3_u32);
    let fleet = (1..=4_u32, given(), given());
    (lifetimes, expiry, fleet, 0..=1_u32).prop_map(
        |((generation, cache), expiry, fleet, verify_on_write)| {
            let (cache_hosts, write_partitions, read_partitions) = fleet;
            Assumptions {
                generation_lifetime: steps(generation),
                cache_lifetime: steps(cache),
                expiry,
                cache_hosts,
                write_partitions,
                read_partitions,
                verify_on_write,
                ..Assumptions::default()
            }
        },
    )
}

fn people() -> impl Strategy<Value = (Vec<Principal>, Vec<SessionSlot>)> {
    let identity = select(vec![
        IdentityKind::Role("a".into()),
        IdentityKind::Role("a".into()),
        IdentityKind::Role("b".into()),
        IdentityKind::User("u".into()),
    ]);
    let principal =
        identity.prop_map(|identity| Principal { account: "111122223333".into(), identity });
    let length = select(vec![None, Some(2), Some(4), Some(5), Some(8)]);
    let kept = Connections::Kept;
    let connections = select(vec![kept(1), kept(1), kept(2), kept(5), Connections::Fresh]);
    let slot = (0..2_u32, 0..3_u32, length, 0..=8_i64, connections).prop_map(
        |(principal, policy, length, first, connections)| SessionSlot {
            principal,
            number: 0,
            policy,
            session_length: length.map(steps),
            first_renewal: SimTime::from(steps(first.min(length.unwrap_or(0)))),
            connections,
        },
    );
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
            once: false,
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
    let multipart = (0..=1_u8, 0..=1_u8).prop_map(|(upload_part, complete)| MultipartCalls {
        upload_part,
        complete,
        ..MultipartCalls::default()
    });
    let plans = prop::collection::vec(plan(), 1..40);
    (rule, people(), buckets(), assumptions(), multipart, plans).prop_map(
        |(rule, (principals, slots), buckets, assumptions, multipart, plans)| {
            let mut time = SimTime::ZERO;
            let mut requests = Vec::new();
            for plan in plans {
                time = time + steps(plan.gap);
                requests.extend(plan.requests(time, slots.len() as u32, &buckets));
            }
            let scheme = Scheme { buckets, populations: Vec::new(), assumptions, multipart };
            World { rule, principals, slots, scheme, requests }
        },
    )
}

/// The engine's answers, in the two passes of `bks::simulation`.
fn engine(world: &World) -> Vec<Verdict> {
    let World { rule, principals, slots, scheme, requests } = world;
    let requesters = Requesters::group(*rule, principals, slots);
    let partitions: Vec<Partitions> = requesters
        .list
        .iter()
        .map(|requester| scheme.assumptions.partitions(requester.connections))
        .collect();
    let writing: Vec<u32> = partitions.iter().map(|it| it.writing).collect();
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

    let mut timelines = Timelines::new(scheme.buckets.len());
    let mut memory = Memory::new(SimTime::ZERO, SimTime::MAX);
    for (requester, mine) in of_requester.iter().enumerate() {
        memory.begin(scheme, partitions[requester], 0, session(requester));
        let mut starts = vec![Vec::new(); scheme.buckets.len() * writing[requester] as usize];
        for &i in mine {
            let answer = memory.answer(scheme, None, session(requester), &requests[i]);
            if let Some(place) = answer.generated {
                starts[place as usize].push(requests[i].time);
            }
        }
        timelines.add(writing[requester], starts.into_iter().collect());
    }

    let since = scheme.buckets.iter().map(|bucket| match bucket {
        BucketScheme::BucketKey { since, .. } => *since,
        BucketScheme::NoKms | BucketScheme::KeyPerObject => SimTime::MAX,
    });
    let keyring = Keyring::new(Vec::new(), timelines, requesters.of_slot.clone(), since.collect());
    let mut answers = vec![Verdict::default(); requests.len()];
    for (requester, mine) in of_requester.iter().enumerate() {
        memory.begin(scheme, partitions[requester], keyring.keys(), session(requester));
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
            calls_per_s: by_second::calls(tally),
            keys_alive: by_second::keys_alive(tally),
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
    let kept = keep(scenario, 0);
    for requester in &requesters.list {
        let mut stream = RequestStream::new(scenario, &kept, requester, 0, |_| true);
        let mut batch = Vec::new();
        while stream.next_batch(&mut batch) {
            requests.append(&mut batch);
        }
    }
    requests.sort_by_key(|request| request.time);

    let histories = histories(scenario, &kept, configuration.migrated, &scheme, &requesters);
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
    kept: &KeptObjects,
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
            let writers = population.writers(requesters, &scheme.assumptions);
            let writing = population.writing(since, &writers, &scheme.assumptions);
            // A migration leaves directory buckets alone.
            let is_moved = scenario.domain_of(population).migrates();
            let history = if migrated && is_moved {
                let Assumptions { migration_rate, .. } = scheme.assumptions;
                let partitions = scheme.assumptions.writing_at_most();
                History::migrate(&writing, migration_rate.as_per_s(), partitions, None)
            } else if let Some(objects) = kept.population(index as u32, 1, 0) {
                let requester = |writer: u32| writers.of_slot[writer as usize];
                let objects = objects.iter().map(|o| (o.time, requester(o.writer), o.draw));
                History::of_writes(&writing, objects)
            } else {
                let mut rng = scenario.seed.stream(0, Purpose::History, (index as u32, 0));
                History::write(&writing, &mut rng)
            };
            (history, writers.of_slot, since)
        })
        .collect()
}

fn arms(scenario: &Scenario) -> Vec<Arm> {
    (0..scenario.configurations.len())
        .map(|configuration| Arm {
            configuration,
            assumptions: scenario.configurations[configuration].ranges.at(Level::Assumed),
            breakdown: Breakdown::Requesters,
        })
        .collect()
}

proptest! {
    #![proptest_config(cases(4_000, 0x5EED))]

    #[test]
    fn every_count_of_a_scenario_is_the_naive_models(
        text in tiny::scenario(Limits { only_old: false, directory: true, told: true })
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
        partitions: &[partitions; 2],
        generation_lifetime: lifetime,
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
        let objects = (0..OBJECTS)
            .map(|_| {
                let place = [0, 0, 1, 1, 1, 1, 1, 1][rng.random_range(0..8)] * 2;
                let age = ages.quantile(rng.random());
                (-SimTime::from(age), place + rng.random_range(0..2_usize))
            })
            .collect();
        let naive = Population::write(objects, since, lifetime);
        let sizes = naive.sizes();
        written.add([sizes.len() as f64, naive.keyless() as f64, sharing(&sizes)]);
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

/// Objects whose age is one of few, `gap`, 2 `gap`, … `steps` × `gap`, each as likely.
#[derive(Debug)]
struct Stepped {
    gap_ns: i64,
    steps: i64,
}

impl Stepped {
    /// The number of the step that a share `p` of the objects does not exceed.
    fn step(&self, p: f64) -> i64 {
        ((p * self.steps as f64).ceil() as i64).clamp(1, self.steps)
    }
}

impl Ages for Stepped {
    fn cdf(&self, age: SimDuration) -> f64 {
        (age.as_nanos() / self.gap_ns).min(self.steps) as f64 / self.steps as f64
    }
    fn quantile(&self, p: f64) -> SimDuration {
        SimDuration::from_nanos(self.step(p) * self.gap_ns)
    }
}

/// A dense population: who wrote it, and when what happened, in quarters of a gap between steps.
#[derive(Clone, Debug)]
struct Dense {
    steps: i64,
    lifetime_quarters: i64,
    since_quarters: Option<i64>,
    writers: Vec<u32>,
    partitions: u32,
    seed: u64,
}

/// Nanoseconds of a quarter of a gap: of no round number of seconds.
const QUARTER_NS: i64 = 12_345_678_901;
const DENSE_GAP_NS: i64 = 4 * QUARTER_NS;

/// Objects expected at each step in each place of weight 1. That any such place has none at a given
/// step, and the answer is not forced, has a probability of e^−40.
const CROWD: u64 = 40;

impl Dense {
    fn since(&self) -> SimTime {
        self.since_quarters.map_or(SimTime::MIN, |q| SimTime::from_nanos(-q * QUARTER_NS))
    }

    fn lifetime(&self) -> SimDuration {
        SimDuration::from_nanos(self.lifetime_quarters * QUARTER_NS)
    }

    /// The engine's answer, the naive one, and how many objects both have.
    fn both(&self) -> (History, Population, u64) {
        let ages = Stepped { gap_ns: DENSE_GAP_NS, steps: self.steps };
        let weight = u64::from(self.writers.iter().sum::<u32>());
        let objects = CROWD * self.steps as u64 * weight * u64::from(self.partitions);
        let writing = Writing {
            objects,
            ages: &ages,
            since: self.since(),
            writers: &self.writers,
            partitions: &vec![self.partitions; self.writers.len()],
            generation_lifetime: self.lifetime(),
        };
        let history =
            History::write(&writing, &mut Seed(self.seed).stream(0, Purpose::History, (0, 0)));
        assert!(u64::from(history.keys()) <= writing.keys_at_most());

        let of_weight: Vec<usize> = (0..self.writers.len())
            .flat_map(|writer| vec![writer; self.writers[writer] as usize])
            .collect();
        let mut rng = Seed(self.seed).stream(0, Purpose::Requests, (0, 0));
        let written = (0..objects)
            .map(|_| {
                let writer = of_weight[rng.random_range(0..of_weight.len())];
                let partition = rng.random_range(0..self.partitions as usize);
                let age = ages.quantile(rng.random());
                (-SimTime::from(age), writer * self.partitions as usize + partition)
            })
            .collect();
        (history, Population::write(written, self.since(), self.lifetime()), objects)
    }

    /// A draw that picks a partition.
    fn draw_of(&self, partition: u32) -> u32 {
        ((u64::from(partition) * 2 + 1) * (1 << 31) / u64::from(self.partitions)) as u32
    }
}

/// Every place writes at every step, so that objects written one by one generate the same keys
/// whatever their ages: the engine must name the same one at any time, in any place.
fn assert_forced(dense: &Dense) {
    let (history, naive, objects) = dense.both();
    assert_eq!(history.keys() as usize, naive.keys.len(), "{dense:?}");
    for place in 0..dense.writers.len() as u32 * dense.partitions {
        let (writer, partition) = (place / dense.partitions, place % dense.partitions);
        for quarter in -1..=4 * dense.steps {
            for ns in [-1, 0, 1] {
                let time = SimTime::from_nanos(-quarter * QUARTER_NS + ns);
                let key = history.key_at(writer, dense.draw_of(partition), time, dense.since());
                let newest = naive.newest(place as usize, time).or_else(|| {
                    // Nothing was written there yet since bucket keys were on; `time` stands for
                    // the nearest object that was.
                    (time >= dense.since() && !naive.keys.is_empty()).then_some(0)
                });
                let newest = newest.filter(|_| time >= dense.since());
                assert_eq!(key.map(|key| key as usize), newest, "{place} at {time}: {dense:?}");
            }
        }
    }

    // Of objects only the number is forced, and it only in the mean: each is keyless, or wrapped by
    // a given key, independently of all others. Six standard deviations of a binomial number.
    let n = objects as f64;
    let near = |count: f64, share: f64, what: &str| {
        let six = 6.0 * (n * share * (1.0 - share)).sqrt();
        assert!((count - n * share).abs() <= six, "{what}: {count} of {n}, {share}: {dense:?}");
    };
    let step = |k: i64| SimTime::from_nanos(-k * DENSE_GAP_NS);
    let share_of_step = 1.0 / dense.steps as f64;
    let keyless_steps = (1..=dense.steps).filter(|&k| step(k) < dense.since()).count();
    near(history.keyless() as f64, keyless_steps as f64 * share_of_step, "keyless");
    let weight = f64::from(dense.writers.iter().sum::<u32>() * dense.partitions);
    let mut sizes = vec![0.0; naive.keys.len()];
    for rank in history.keyless()..objects {
        sizes[history.key_of_rank(rank).unwrap() as usize] += 1.0;
    }
    for (size, Key { start, place }) in sizes.into_iter().zip(&naive.keys) {
        let wrapped = |&k: &i64| (*start..*start + dense.lifetime()).contains(&step(k));
        let steps = (1..=dense.steps).filter(wrapped).count() as f64;
        let mine = f64::from(dense.writers[place / dense.partitions as usize]) / weight;
        near(size, steps * share_of_step * mine, "wrapped");
    }
}

/// By hand: steps 1 to 12 before the run and a lifetime of exactly 3 steps make keys at 12, 9, 6
/// and 3, for an object written exactly when a key ends is not wrapped by it.
#[test]
fn evenly_stepped_objects_have_the_keys_that_one_can_count() {
    let dense = |lifetime_quarters, since_quarters| Dense {
        steps: 12,
        lifetime_quarters,
        since_quarters,
        writers: vec![1],
        partitions: 1,
        seed: 12,
    };
    for (lifetime_quarters, since_quarters, starts) in [
        (12, None, vec![12, 9, 6, 3]),
        (11, None, vec![12, 9, 6, 3]),
        (13, None, vec![12, 8, 4]),
        (1, None, (1..=12).rev().collect()),
        (48, None, vec![12]),
        (44, None, vec![12, 1]),
        // Since exactly one of the steps, just after it, and just before the next.
        (12, Some(32), vec![8, 5, 2]),
        (12, Some(31), vec![7, 4, 1]),
        (12, Some(29), vec![7, 4, 1]),
        (12, Some(28), vec![7, 4, 1]),
        // Since the newest object, and after it.
        (12, Some(4), vec![1]),
        (12, Some(3), vec![]),
        (12, Some(0), vec![]),
    ] {
        let dense = dense(lifetime_quarters, since_quarters);
        let (history, naive, objects) = dense.both();
        let start = |&k: &i64| Key { start: SimTime::from_nanos(-k * DENSE_GAP_NS), place: 0 };
        assert_eq!(naive.keys, starts.iter().map(start).collect::<Vec<_>>(), "{dense:?}");
        assert_eq!(history.keys() as usize, starts.len(), "{dense:?}");
        assert_eq!(history.keyless() == objects, starts.is_empty(), "{dense:?}");
        for (key, &k) in starts.iter().enumerate() {
            let at = |ns| SimTime::from_nanos(-k * DENSE_GAP_NS + ns);
            let found = |time| history.key_at(0, 0, time, dense.since()).map(|key| key as usize);
            assert_eq!(found(at(0)), Some(key), "{dense:?}");
            if key > 0 {
                assert_eq!(found(at(-1)), Some(key - 1), "{dense:?}");
            }
        }
        assert_forced(&dense);
    }
}

/// Everything was written at one time: each writer has one key in each partition, and either all
/// objects have a key or none.
#[test]
fn objects_of_one_age_have_one_key_in_each_place() {
    let age = SimDuration::from_secs(1_000);
    let ages = AgeLaw::Fixed(age);
    let written = -SimTime::from(age);
    for lifetime in [1, 999, 1_000, 1_001, 5_000] {
        for (since, keyed) in [
            (SimTime::MIN, true),
            (written - SimDuration::from_nanos(1), true),
            (written, true),
            (written + SimDuration::from_nanos(1), false),
            (SimTime::ZERO, false),
        ] {
            let writing = Writing {
                objects: 1_200,
                ages: &ages,
                since,
                writers: &[1, 2],
                partitions: &[3, 3],
                generation_lifetime: SimDuration::from_secs(lifetime),
            };
            let mut rng = Seed(7).stream(0, Purpose::History, (0, 0));
            let history = History::write(&writing, &mut rng);
            assert_eq!(history.keys(), if keyed { 6 } else { 0 }, "{lifetime} s, {since}");
            assert_eq!(history.keyless(), if keyed { 0 } else { 1_200 });
            for place in 0..6 {
                let draw = [0, 0x8000_0000, u32::MAX][place as usize % 3];
                let key = |time| history.key_at(place / 3, draw, time, since);
                assert_eq!(key(written), keyed.then_some(place));
                assert_eq!(key(SimTime::ZERO), keyed.then_some(place));
            }
        }
    }
}

fn dense() -> impl Strategy<Value = Dense> {
    let since = prop_oneof![1 => Just(None), 3 => (0..60_i64).prop_map(Some)];
    let writers = prop::collection::vec(1..=3_u32, 1..=3);
    (1..=14_i64, 1..=60_i64, since, writers, 1..=3_u32, any::<u64>()).prop_map(
        |(steps, lifetime_quarters, since_quarters, writers, partitions, seed)| Dense {
            steps,
            lifetime_quarters,
            since_quarters,
            writers,
            partitions,
            seed,
        },
    )
}

proptest! {
    #![proptest_config(cases(300, 0xDE45E))]

    #[test]
    fn dense_populations_have_the_naive_models_keys(dense in dense()) {
        assert_forced(&dense);
    }
}

fn age_law() -> impl Strategy<Value = AgeLaw> {
    let of = SimDuration::from_secs;
    select(vec![
        AgeLaw::Fixed(of(100)),
        AgeLaw::Uniform(UniformAges { from: of(0), to: of(200) }),
        AgeLaw::Uniform(UniformAges { from: of(50), to: of(100) }),
        AgeLaw::Exponential(ExponentialAges { mean: of(60) }),
        AgeLaw::Weibull(WeibullAges { scale: of(50), shape: 0.5 }),
        AgeLaw::Steps(vec![
            AgeStep { to: of(20), weight: 3.0 },
            AgeStep { to: of(80), weight: 0.0 },
            AgeStep { to: of(300), weight: 1.0 },
        ]),
    ])
}

proptest! {
    #![proptest_config(cases(2_000, 0x1A5))]

    /// What holds of the keys of any population, however its objects happen to lie.
    #[test]
    fn any_populations_keys_keep_to_the_rules(
        ages in age_law(),
        objects in 0..60_u64,
        lifetime in select(vec![1, 7, 20, 100, 1_000]),
        since in select(vec![i64::MIN, -150, -100, -60, -20, 0, 5]),
        writers in prop::collection::vec(1..=3_u32, 1..=3),
        partitions in 1..=3_u32,
        seed in any::<u64>(),
    ) {
        let at = |s: i64| SimTime::from_nanos(s.saturating_mul(1_000_000_000));
        let (since, lifetime) = (at(since), SimDuration::from_secs(lifetime));
        let writing = Writing {
            objects,
            ages: &ages,
            since,
            writers: &writers,
            partitions: &vec![partitions; writers.len()],
            generation_lifetime: lifetime,
        };
        let mut rng = Seed(seed).stream(0, Purpose::History, (0, 0));
        let history = History::write(&writing, &mut rng);
        let keys = history.keys() as usize;

        // Keyless are the oldest and no others; the rest have all keys in their order.
        prop_assert!(history.keyless() <= objects);
        prop_assert!(since > SimTime::MIN || history.keyless() == 0);
        prop_assert!(since < SimTime::ZERO || history.keyless() == objects);
        let of_rank: Vec<Option<u32>> = (0..objects).map(|rank| history.key_of_rank(rank)).collect();
        let mut expected = 0;
        for (rank, key) in of_rank.iter().enumerate() {
            prop_assert_eq!(key.is_none(), (rank as u64) < history.keyless());
            if let Some(key) = key {
                prop_assert!(*key == expected || *key + 1 == expected, "{:?}", of_rank);
                expected = key + 1;
            }
        }
        prop_assert_eq!(expected as usize, keys, "each key wraps an object");
        prop_assert!(keys as u64 <= objects - history.keyless());

        // When each place came to each key, by bisection: keys never go back in time.
        let places = writers.len() as u32 * partitions;
        let draw = |place: u32| {
            ((u64::from(place % partitions) * 2 + 1) * (1 << 31) / u64::from(partitions)) as u32
        };
        let key_at =
            |place: u32, time| history.key_at(place / partitions, draw(place), time, since);
        let oldest = at(-1_000_000_000).max(since);
        let mut starts = vec![SimTime::MAX; keys];
        for place in 0..places {
            prop_assert_eq!(key_at(place, since - SimDuration::from_nanos(1)).is_some(),
                keys > 0 && since == SimTime::MIN);
            for (key, start) in starts.iter_mut().enumerate() {
                if key_at(place, SimTime::ZERO).is_none_or(|last| (last as usize) < key) {
                    break;
                }
                let (mut low, mut high) = (oldest.as_nanos(), 0);
                while low < high {
                    let middle = low + (high - low) / 2;
                    let there = key_at(place, SimTime::from_nanos(middle));
                    prop_assert!(there.is_some());
                    if there.unwrap() as usize >= key { high = middle } else { low = middle + 1 }
                }
                if key_at(place, SimTime::from_nanos(low)) == Some(key as u32) {
                    *start = (*start).min(SimTime::from_nanos(low));
                }
            }
        }

        // Each key is some place's newest at its time; all lie since bucket keys were on, within the
        // ages, in order; and of one key more than there are places, two are of one place.
        prop_assert!(starts.iter().all(|&start| start <= SimTime::ZERO), "{:?}", starts);
        prop_assert!(starts.is_sorted(), "{:?}", starts);
        prop_assert!(starts.iter().all(|&start| start >= since));
        // The first key also answers for all times before it, so its own time stays unknown.
        let known = starts.get(1..).unwrap_or_default();
        let (youngest, eldest) = (ages.quantile(0.0), ages.quantile(1.0));
        for start in known {
            let age = SimTime::ZERO.since(*start);
            prop_assert!(age >= youngest && age <= eldest, "{age}");
        }
        for span in known.windows(places as usize + 1) {
            prop_assert!(span[places as usize].since(span[0]) >= lifetime, "{:?}", known);
        }
    }
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
    let kept = keep(&scenario, 0);
    let mut stream = RequestStream::new(&scenario, &kept, &requesters.list[0], 0, |_| true);
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
