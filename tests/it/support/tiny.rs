//! Scenarios of a few seconds and a few people, in which everything happens at the edges: lifetimes
//! as long as the gaps between requests, bucket keys turned on in the middle, sessions that end.

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngSeed};

/// A fixed number of cases from a fixed seed; a failure is printed, never kept in a file.
pub(crate) fn cases(cases: u32, seed: u64) -> Config {
    Config {
        cases,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        max_shrink_iters: 2_000,
        ..Config::default()
    }
}

/// What a scenario may contain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Whether all keys that are read are given: those of objects from before the run, whoever
    /// counts as one requester.
    pub(crate) only_old: bool,
    /// Whether there may be directory buckets, where SSE-KMS itself uses bucket keys.
    pub(crate) directory: bool,
    /// Whether somebody may say how their objects are encrypted, whatever is compared.
    pub(crate) told: bool,
}

const GENERATION: [&str; 6] = ["500ms", "1s", "2s", "2500ms", "3s", "5s"];
const CACHE: [&str; 6] = ["0s", "500ms", "1s", "2s", "3s", "5s"];

/// Everything but populations, workloads and configurations.
fn head(limits: Limits) -> impl Strategy<Value = String> {
    let times = (select(vec!["6s", "9s", "12500ms", "15s"]), select(vec!["0s", "1s", "2500ms"]));
    let lifetimes = (select(GENERATION.to_vec()), select(CACHE.to_vec()));
    let (writes, reads, hosts) = (1..=3_u32, 1..=3_u32, 1..=4_u32);
    let fleet = prop_oneof![
        (writes.clone(), reads)
            .prop_map(|(w, r)| format!("write_partitions = {w}\nread_partitions = {r}")),
        (writes, hosts.clone())
            .prop_map(|(w, h)| format!("write_partitions = {w}\ncache_hosts = {h}")),
        hosts.prop_map(|h| format!("cache_hosts = {h}")),
    ];
    let parts = (fleet, 0..=1_u32, select(vec!["fixed", "sliding"]));
    let multipart = (0..=1_u8, 0..=1_u8);
    let since = select(vec!["always", "always", "0s", "3s", "7500ms", "-30s", "never"]);
    let directory = prop::bool::weighted(if limits.directory { 0.2 } else { 0.0 });
    let bucket = (since, directory);
    let world = (times, lifetimes, parts, multipart, bucket.clone(), bucket, 1..1_000_u32);
    world.prop_map(|(times, lifetimes, parts, multipart, first, second, seed)| {
        let (duration, warm_up) = times;
        let (generation, cache) = lifetimes;
        let (fleet, verify, expiry) = parts;
        let (upload_part, complete) = multipart;
        let mut text = format!(
            r#"name = "tiny"
seed = {seed}
duration = "{duration}"
warm_up = "{warm_up}"
replications = 1
multipart = {{ upload_part = {upload_part}, complete = {complete} }}
[assumptions]
generation_lifetime = "{generation}"
cache_lifetime = "{cache}"
expiry = "{expiry}"
{fleet}
verify_on_write = {verify}
migration_rate = "2/s"
[[client]]
name = "renamer"
write = {{ put = 1.5, copy = 1.0, head = 0.5 }}
[[client]]
name = "uploader"
read = {{ part_size = "8MiB", head = 1.0 }}
write = {{ part_size = "8MiB", copy = 0.5, marker = 0.5 }}
copy = {{ part_size = "8MiB", head = 0.5 }}
"#
        );
        for (name, (since, directory)) in [("b0", first), ("b1", second)] {
            writeln!(
                text,
                "[[bucket]]\nname = \"{name}\"\nbucket_keys_since = \"{since}\"\n\
                 directory = {directory}"
            )
            .unwrap();
        }
        text
    })
}

/// One principal: `p0`, `p1`, …; two may be the same role.
fn principal(number: usize) -> impl Strategy<Value = String> {
    let identity = select(vec!["role = \"a\"", "role = \"a\"", "role = \"b\"", "user = \"u\""]);
    let sessions = (1..=3_u32, 1..=3_u32);
    let length = select(vec![None, None, Some("1s"), Some("2s"), Some("4s")]);
    let renewal = select(vec!["staggered", "together"]);
    let connections =
        select(vec!["", "connections = 1\n", "connections = 2\n", "connections = \"fresh\"\n"]);
    (identity, sessions, length, renewal, connections).prop_map(
        move |(identity, (sessions, policies), length, renewal, connections)| {
            // Only sessions of a role carry scoping policies.
            let policies = if identity.starts_with("role") { policies.min(sessions) } else { 1 };
            let length =
                length.map_or(String::new(), |length| format!("session_length = \"{length}\"\n"));
            format!(
                "[[principal]]\nname = \"p{number}\"\n{identity}\nsessions = {sessions}\n\
                 session_policies = {policies}\n{length}renewal = \"{renewal}\"\n{connections}"
            )
        },
    )
}

/// What is said of how objects are encrypted; `kms_key` only where no bucket is a directory bucket.
fn told(limits: Limits) -> impl Strategy<Value = &'static str> {
    let mut all = vec![""; 4];
    if limits.told {
        all.extend([
            "encryption = \"sse-s3\"\n",
            "encryption = \"sse-kms\"\n",
            "encryption = \"sse-kms-bucket-key\"\n",
            "encryption = \"dsse-kms\"\n",
        ]);
    }
    if limits.told && !limits.directory {
        all.extend(["kms_key = \"other\"\n", "kms_key = \"aws/s3\"\n"]);
    }
    select(all)
}

fn population(limits: Limits) -> impl Strategy<Value = String> {
    let ages = select(vec![
        "{ uniform = { to = \"20s\" } }",
        "{ exponential = { mean = \"8s\" } }",
        "{ fixed = \"3s\" }",
    ]);
    let by = select(if limits.only_old { vec![""] } else { vec!["", "written_by = \"p0\"\n"] });
    (1..60_u32, ages, by, 0..2_u8, told(limits)).prop_map(|(objects, ages, by, bucket, told)| {
        format!(
            "[[population]]\nname = \"old\"\nbucket = \"b{bucket}\"\nobjects = {objects}\n\
             age = {ages}\n{by}{told}"
        )
    })
}

const ARRIVALS: [&str; 6] = [
    r#"arrivals = { periodic = { rate = "1/s" } }"#,
    r#"arrivals = { periodic = { rate = "2/s", offset = "250ms" } }"#,
    r#"arrivals = { periodic = { rate = "0.5/s", offset = "1s" } }"#,
    r#"arrivals = { poisson = { rate = "3/s" } }"#,
    r#"arrivals = { poisson = { rate = "0.7/s" } }"#,
    r#"arrivals = { bursts = { rate = "5/s", on = "1s", off = "2s" } }"#,
];

const BY_TIME: [&str; 8] = [
    r#"{ by-age = { fixed = "0s" } }"#,
    r#"{ by-age = { uniform = { to = "6s" } } }"#,
    r#"{ by-age = { exponential = { mean = "3s" } } }"#,
    r#"{ scan = { oldest = "5s", objects = 7 } }"#,
    r#"{ scan = { oldest = "4s", newest = "1s", objects = 3 } }"#,
    r#"{ recent-first = { oldest = "9s", objects = 5 } }"#,
    "{ just-written = {} }",
    r#"{ just-written = { delay = "1500ms" } }"#,
];

const BY_RANK: [&str; 2] = ["\"uniform\"", "{ zipf = { exponent = 1.0 } }"];

const CLIENTS: [&str; 6] = [
    "client = \"direct\"",
    "client = \"direct\"",
    "client = \"renamer\"",
    "client = \"boto3\"\nobject_size = \"20MiB\"",
    "client = \"uploader\"\nobject_size = \"20MiB\"",
    "client = \"direct\"\nobject_size = \"6GiB\"",
];

const WRITE_MIXES: [&str; 3] = [
    "mix = { write = 1 }",
    "mix = { write = 2, list = 0.5, head = 0.5, delete = 0.5 }",
    r#"jobs = { every = "4s", offset = "500ms", steps = [{ action = "write", objects = 4, rate = "3/s" }] }"#,
];

const READ_MIXES: [&str; 5] = [
    "mix = { read = 1 }",
    "mix = { read = 1, write = 1 }",
    "mix = { read = 1, copy = 2, head_checksum = 1 }",
    "mix = { read = 1, replicate = 1 }",
    r#"jobs = { every = "5s", start_up = "1s", steps = [{ action = "read", objects = 6, rate = "4/s" }, { action = "copy", objects = 2, rate = "1/s" }, { action = "write", objects = 3, rate = "2/s" }] }"#,
];

/// The `number`-th workload; the first writes and reads nothing, the others read, and some write.
fn workload(number: usize, limits: Limits) -> impl Strategy<Value = String> {
    let reads = number > 0;
    let mixes = if reads { READ_MIXES.to_vec() } else { WRITE_MIXES.to_vec() };
    let place = (0..2_u8, 0..2_u8, prop::bool::weighted(0.8));
    let clients = if limits.only_old { vec![CLIENTS[0]] } else { CLIENTS.to_vec() };
    let what = (select(ARRIVALS.to_vec()), select(mixes), select(clients));
    let from = if limits.only_old { 0..=1 } else { 0..=3_u8 };
    let read = (from, select(BY_TIME.to_vec()), select(BY_RANK.to_vec()));
    let said = told(limits);
    (place, what, read, said).prop_map(move |((principal, bucket, header), what, read, said)| {
        let (arrivals, mix, client) = what;
        let writes = ["write", "copy", "replicate"].iter().any(|action| mix.contains(action));
        let said = if writes { said } else { "" };
        let header = header || said.contains("bucket-key");
        let arrivals = if mix.starts_with("jobs") { "" } else { arrivals };
        let read = match read {
            _ if !reads => String::new(),
            (0, _, by_rank) => format!("read = {{ from = [\"old\"], pattern = {by_rank} }}\n"),
            (1, by_time, _) => format!("read = {{ from = [\"old\"], pattern = {by_time} }}\n"),
            (2, by_time, _) => format!("read = {{ from = [\"w0\"], pattern = {by_time} }}\n"),
            (_, by_time, _) => {
                format!("read = {{ from = [\"old\", \"w0\"], pattern = {by_time} }}\n")
            }
        };
        format!(
            "[[workload]]\nname = \"w{number}\"\nprincipal = \"p{principal}\"\n\
             bucket = \"b{bucket}\"\nbucket_key = {header}\n{arrivals}\n{mix}\n{client}\n{said}{read}"
        )
    })
}

/// Both rules, every mode, a migration and another set of assumptions.
const CONFIGURATIONS: &str = r#"
[[configuration]]
name = "sse-kms"
encryption = "sse-kms"
[[configuration]]
name = "role"
encryption = "sse-kms-bucket-key"
requester_rule = "role"
[[configuration]]
name = "session"
encryption = "sse-kms-bucket-key"
requester_rule = "session"
[[configuration]]
name = "other"
encryption = "sse-kms-bucket-key"
requester_rule = "session"
assumptions = { generation_lifetime = "1500ms", write_partitions = 2, verify_on_write = 0 }
[[configuration]]
name = "migrated"
encryption = "sse-kms-bucket-key"
migrated = true
[[configuration]]
name = "sse-s3"
encryption = "sse-s3"
[[configuration]]
name = "dsse-kms"
encryption = "dsse-kms"
requester_rule = "session"
"#;

/// A whole scenario, as TOML.
pub(crate) fn scenario(limits: Limits) -> impl Strategy<Value = String> {
    let people = (principal(0), principal(1));
    let more = prop::option::weighted(0.5, workload(2, limits));
    let work = (workload(0, limits), workload(1, limits), more);
    (head(limits), people, population(limits), work).prop_map(
        |(head, people, population, (first, second, third))| {
            let third = third.unwrap_or_default();
            [head, people.0, people.1, population, first, second, third, CONFIGURATIONS.into()]
                .concat()
        },
    )
}
