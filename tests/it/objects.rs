//! Which object a read means: the engines against a model that draws every object.
//!
//! The model below knows nothing of the engine: a list of all objects with their writers, sessions and
//! keys, searched from the end for the last one that anybody had written; a list of keys; a map of
//! what is in memory. It draws its own numbers, so counts agree within their standard errors.

use std::collections::HashMap;

use bks::encryption::assumption::Level;
use bks::kms::KmsApi;
use bks::scenario::Scenario;
use bks::simulation::{Arm, run};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

/// A world of one writing and one reading principal, all times in seconds.
#[derive(Clone, Copy)]
struct World {
    duration: f64,
    warm_up: f64,
    /// Sessions of the role that writes, and how long each lasts.
    sessions: u32,
    session_length: Option<f64>,
    /// Sessions of the role that reads; none if the writer reads for himself.
    readers: Option<u32>,
    writes_per_s: f64,
    reads_per_s: f64,
    /// Objects from before the run, by all of the writer's sessions, and the mean of their ages.
    population: (usize, f64),
    age: Age,
    /// Decrypt calls that reading an object asks for, and those of writing one besides its key.
    gets: u32,
    parts: u32,
    by_session: bool,
    generation: f64,
    cache: f64,
    sliding: bool,
    write_partitions: u32,
    read_partitions: u32,
}

#[derive(Clone, Copy)]
enum Age {
    Exponential(f64),
    Fixed(f64),
}

const YOUNG: World = World {
    duration: 6.0 * 3_600.0,
    warm_up: 3_600.0,
    sessions: 100,
    session_length: None,
    readers: Some(1),
    writes_per_s: 0.05,
    reads_per_s: 1.0,
    population: (0, 0.0),
    age: Age::Exponential(60.0),
    gets: 1,
    parts: 0,
    by_session: true,
    generation: 300.0,
    cache: 300.0,
    sliding: false,
    write_partitions: 1,
    read_partitions: 2,
};

const SESSIONS: World = World {
    duration: 8.0 * 3_600.0,
    sessions: 6,
    session_length: Some(1_200.0),
    readers: None,
    writes_per_s: 0.05,
    reads_per_s: 0.5,
    population: (20_000, 6.0 * 3_600.0),
    age: Age::Exponential(600.0),
    ..YOUNG
};

const MIXED: World = World {
    sessions: 3,
    readers: None,
    writes_per_s: 0.015,
    reads_per_s: 0.035,
    age: Age::Fixed(30.0),
    by_session: false,
    generation: 240.0,
    cache: 240.0,
    sliding: true,
    write_partitions: 2,
    ..YOUNG
};

const MULTIPART: World = World {
    duration: 12.0 * 3_600.0,
    sessions: 2,
    readers: None,
    writes_per_s: 0.01,
    reads_per_s: 0.01,
    age: Age::Exponential(600.0),
    gets: 13,
    parts: 14,
    by_session: false,
    ..YOUNG
};

/// An object, and the key that wraps it.
struct Stored {
    time: f64,
    key: usize,
}

struct Model {
    world: World,
    rng: Xoshiro256PlusPlus,
    objects: Vec<Stored>,
    /// Until when the newest key of a requester wraps in a partition, and which it is.
    live: HashMap<(u32, u32), (f64, usize)>,
    keys: usize,
    /// Until when a requester has a key in memory in a partition.
    held: HashMap<(u32, usize, u32), f64>,
    generate: u32,
    decrypt: u32,
}

impl Model {
    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.rng.random::<f64>()).ln()
    }

    fn pick(&mut self, of: u32) -> u32 {
        self.rng.random_range(0..of)
    }

    /// The requester that a writer's session is at a time: under `session` each renewal is another.
    fn requester(&self, slot: u32, time: f64) -> u32 {
        if !self.world.by_session {
            return 0;
        }
        let renewals = self.world.session_length.map_or(0, |length| {
            let first = length * f64::from(slot + 1) / f64::from(self.world.sessions);
            if time < first { 0 } else { 1 + ((time - first) / length) as u32 }
        });
        slot + self.world.sessions * renewals
    }

    fn counted(&self, time: f64) -> bool {
        time >= self.world.warm_up
    }

    fn write(&mut self, time: f64) {
        let slot = self.pick(self.world.sessions);
        let requester = self.requester(slot, time);
        let partition = self.pick(self.world.write_partitions);
        let live = self.live.get(&(requester, partition)).copied();
        let key = if let Some((_, key)) = live.filter(|(until, _)| time < *until) {
            key
        } else {
            let key = self.keys;
            self.keys += 1;
            let until = time + self.world.generation;
            self.live.insert((requester, partition), (until, key));
            if self.counted(time) {
                self.generate += 1;
                self.decrypt += 1;
            }
            key
        };
        self.objects.push(Stored { time, key });
        if time >= 0.0 {
            for _ in 0..self.world.parts {
                self.unwrap(requester, key, time);
            }
        }
    }

    fn read(&mut self, time: f64) {
        let age = match self.world.age {
            Age::Exponential(mean) => self.exponential(mean),
            Age::Fixed(age) => age,
        };
        let requester = if let Some(sessions) = self.world.readers {
            u32::MAX - self.pick(sessions)
        } else {
            let slot = self.pick(self.world.sessions);
            self.requester(slot, time)
        };
        let last = self.objects.iter().rfind(|object| object.time <= time - age);
        let Some(key) = last.or(self.objects.first()).map(|object| object.key) else { return };
        for _ in 0..self.world.gets {
            self.unwrap(requester, key, time);
        }
    }

    fn unwrap(&mut self, requester: u32, key: usize, time: f64) {
        let place = (requester, key, self.pick(self.world.read_partitions));
        let held = self.held.get(&place).is_some_and(|until| time < *until);
        if !held || self.world.sliding {
            self.held.insert(place, time + self.world.cache);
        }
        if !held && self.counted(time) {
            self.decrypt += 1;
        }
    }
}

/// What the model counts in one run: `GenerateDataKey` and `Decrypt`.
fn modelled(world: World, seed: u64) -> [f64; 2] {
    let rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let (objects, live, held) = (Vec::new(), HashMap::new(), HashMap::new());
    let mut model = Model { world, rng, objects, live, keys: 0, held, generate: 0, decrypt: 0 };
    let (objects, mean_age) = world.population;
    let mut old: Vec<f64> = (0..objects).map(|_| -model.exponential(mean_age)).collect();
    old.sort_by(f64::total_cmp);
    for time in old {
        model.write(time);
    }
    // Keys from before the run are not live in it.
    model.live.clear();
    let per_s = world.writes_per_s + world.reads_per_s;
    let mut time = model.exponential(1.0 / per_s);
    while time < world.duration {
        if model.rng.random::<f64>() * per_s < world.writes_per_s {
            model.write(time);
        } else {
            model.read(time);
        }
        time += model.exponential(1.0 / per_s);
    }
    [f64::from(model.generate), f64::from(model.decrypt)]
}

/// The same world as a scenario.
fn scenario(world: World, engine: &str) -> Scenario {
    let World { duration, warm_up, sessions, writes_per_s, reads_per_s, .. } = world;
    let length =
        world.session_length.map_or(String::new(), |s| format!("session_length = \"{s}s\""));
    let reader = match world.readers {
        Some(sessions) => {
            format!("[[principal]]\nname = \"reader\"\nrole = \"reader\"\nsessions = {sessions}")
        }
        None => String::new(),
    };
    let (objects, mean_age) = world.population;
    let (population, from) = if objects > 0 {
        let text = format!(
            "[[population]]\nname = \"old\"\nbucket = \"b\"\nobjects = {objects}\n\
             written_by = \"writer\"\nage = {{ exponential = {{ mean = \"{mean_age}s\" }} }}"
        );
        (text, "[\"old\", \"new\"]")
    } else {
        (String::new(), "[\"new\"]")
    };
    let pattern = match world.age {
        Age::Exponential(mean) => format!("by-age = {{ exponential = {{ mean = \"{mean}s\" }} }}"),
        Age::Fixed(age) => format!("just-written = {{ delay = \"{age}s\" }}"),
    };
    let size = if world.parts > 0 { "100MiB" } else { "1MiB" };
    let text = format!(
        r#"
        name = "objects"
        duration = "{duration}s"
        warm_up = "{warm_up}s"
        engine = "{engine}"
        [assumptions]
        generation_lifetime = "{generation}s"
        cache_lifetime = "{cache}s"
        expiry = "{expiry}"
        write_partitions = {write_partitions}
        read_partitions = {read_partitions}
        verify_on_write = 1
        [[bucket]]
        name = "b"
        bucket_keys_since = "always"
        [[client]]
        name = "parts"
        read = {{ get = 1, part_size = "8MiB" }}
        write = {{ put = 1, part_size = "8MiB" }}
        [[principal]]
        name = "writer"
        role = "writer"
        sessions = {sessions}
        {length}
        {reader}
        {population}
        [[workload]]
        name = "new"
        principal = "writer"
        bucket = "b"
        client = "parts"
        object_size = "{size}"
        arrivals = {{ poisson = {{ rate = "{writes_per_s}/s" }} }}
        [[workload]]
        name = "read"
        principal = "{who}"
        bucket = "b"
        client = "parts"
        object_size = "{size}"
        arrivals = {{ poisson = {{ rate = "{reads_per_s}/s" }} }}
        read = {{ from = {from}, pattern = {{ {pattern} }} }}
        [[configuration]]
        name = "bucket-key"
        encryption = "sse-kms-bucket-key"
        requester_rule = "{rule}"
        "#,
        generation = world.generation,
        cache = world.cache,
        expiry = if world.sliding { "sliding" } else { "fixed" },
        write_partitions = world.write_partitions,
        read_partitions = world.read_partitions,
        who = if world.readers.is_some() { "reader" } else { "writer" },
        rule = if world.by_session { "session" } else { "role" },
    );
    Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Mean and squared standard error of each column.
fn means(rows: &[[f64; 2]]) -> [(f64, f64); 2] {
    let n = rows.len() as f64;
    std::array::from_fn(|column| {
        let mean = rows.iter().map(|row| row[column]).sum::<f64>() / n;
        let squares = rows.iter().map(|row| (row[column] - mean).powi(2)).sum::<f64>();
        (mean, squares / (n - 1.0) / n)
    })
}

/// Holds `GenerateDataKey` and `Decrypt` of both within five standard errors of their difference.
fn assert_agree(world: World, engine: &str, what: &str) {
    const RUNS: u32 = 24;
    let scenario = scenario(world, engine);
    let assumptions = scenario.configurations[0].ranges.at(Level::Assumed);
    let arms = [Arm::of_totals(0, assumptions)];
    let counted: Vec<[f64; 2]> = run(&scenario, &arms, 0..RUNS, &|_| ())
        .into_iter()
        .map(|replication| {
            let calls = replication[0].total_calls();
            [KmsApi::GenerateDataKey, KmsApi::Decrypt].map(|api| calls.get(api) as f64)
        })
        .collect();
    let modelled: Vec<[f64; 2]> =
        (0..u64::from(RUNS)).map(|seed| modelled(world, 77 + seed)).collect();
    for ((mine, my_error), (theirs, their_error)) in
        means(&counted).into_iter().zip(means(&modelled))
    {
        let bound = 5.0 * (my_error + their_error).sqrt() + 1e-9;
        assert!((mine - theirs).abs() <= bound, "{what}: {mine} is not {theirs} ± {bound}");
    }
}

#[test]
fn a_read_means_what_anybody_wrote_last() {
    for by_session in [true, false] {
        for write_partitions in [1, 10] {
            let world = World { by_session, write_partitions, ..YOUNG };
            let what = format!("by session {by_session}, {write_partitions} write partitions");
            assert_agree(world, "events", &what);
        }
    }
}

#[test]
fn skip_ahead_reads_what_anybody_wrote_last() {
    for by_session in [true, false] {
        for write_partitions in [1, 10] {
            let world = World { by_session, write_partitions, ..YOUNG };
            let what = format!("by session {by_session}, {write_partitions} write partitions");
            assert_agree(world, "skip-ahead", &what);
        }
    }
}

#[test]
fn sessions_that_are_renewed_and_objects_from_before() {
    assert_agree(SESSIONS, "events", "by session");
    assert_agree(World { by_session: false, ..SESSIONS }, "events", "by role");
    assert_agree(SESSIONS, "skip-ahead", "by session, skipping");
}

#[test]
fn what_was_just_written_through_several_partitions() {
    assert_agree(MIXED, "events", "sliding");
    assert_agree(World { by_session: true, write_partitions: 5, ..MIXED }, "events", "by session");
}

#[test]
fn uploads_and_downloads_in_parts() {
    assert_agree(MULTIPART, "events", "by role");
}
