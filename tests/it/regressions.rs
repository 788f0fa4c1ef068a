//! Failures that were found, by name.

use bks::encryption::assumption::{Assumptions, Level};
use bks::report::run;
use bks::results::Results;
use bks::scenario::Scenario;
use bks::simulation::engines::Engines;
use bks::simulation::estimate::{RunEstimate, check_size};
use bks::simulation::{Arm, Breakdown, run};

fn parse(text: &str) -> Scenario {
    Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

/// One bucket with bucket keys from its first object on, and what `rest` adds.
fn scenario(rest: &str) -> Scenario {
    parse(&format!(
        "name = \"case\"\nseed = 1\nduration = \"1h\"\nreplications = 1\n\
         [[bucket]]\nname = \"data\"\nbucket_keys_since = \"always\"\n{rest}"
    ))
}

/// Two principals of one role are one requester; each still has its own calls.
#[test]
fn principals_that_share_a_role_keep_their_own_calls() {
    let scenario = scenario(
        r#"
        [[principal]]
        name = "few"
        role = "shared"
        [[principal]]
        name = "many"
        role = "shared"
        [[workload]]
        name = "few"
        principal = "few"
        bucket = "data"
        arrivals = { periodic = { rate = "2/h" } }
        [[workload]]
        name = "many"
        principal = "many"
        bucket = "data"
        arrivals = { periodic = { rate = "1/s" } }
        "#,
    );
    let results = Results::of(&scenario, &|_| ());
    for (index, configuration) in results.facts.configurations.iter().enumerate() {
        let own = results.principals.iter().filter(|row| row.configuration == configuration.name);
        let calls: Vec<f64> = own.map(|row| row.kms_requests).collect();
        assert!(index > 0 || calls == [3_600.0, 2.0], "{calls:?}");
        let of_all: f64 = calls.iter().sum();
        assert_eq!(of_all.to_bits(), results.assumed(&configuration.name).kms_requests.to_bits());
    }
    let line = run::principals_in_words(&results).unwrap();
    assert!(line.contains("`few`") && line.contains("`many`"), "{line}");
}

/// A slot to which no object of a recurring job falls has nothing to wait for.
#[test]
fn a_session_without_work_in_any_job_is_passed_over() {
    let scenario = scenario(
        r#"
        [[principal]]
        name = "lambda"
        role = "lambda"
        sessions = 1000
        [[workload]]
        name = "fan-out"
        principal = "lambda"
        bucket = "data"
        jobs = { every = "1s", steps = [{ action = "write", objects = 1, rate = "10/s" }] }
        "#,
    );
    let requests = Results::of(&scenario, &|_| ()).assumed("sse-kms").requests;
    assert!((3_590.0..=3_600.0).contains(&requests), "{requests}");
}

/// Most bucket-level keys of any arm, as estimated.
fn keys_max(scenario: &Scenario) -> u64 {
    RunEstimate::of(scenario, &Engines::of(scenario), 2).keys_max
}

/// A directory bucket has bucket keys whatever `bucket_keys_since` says: the estimate knows.
#[test]
fn the_estimate_knows_the_keys_of_directory_buckets() {
    let text = |directory| {
        format!(
            r#"
            name = "case"
            duration = "1h"
            [[bucket]]
            name = "data"
            directory = {directory}
            [[principal]]
            name = "reader"
            role = "reader"
            [[population]]
            name = "old"
            bucket = "data"
            objects = 1000000000000
            age = {{ uniform = {{ to = "3000d" }} }}
            [[workload]]
            name = "read"
            principal = "reader"
            bucket = "data"
            arrivals = {{ poisson = {{ rate = "1/s" }} }}
            read = {{ from = ["old"], pattern = "uniform" }}
            "#
        )
    };
    assert!(keys_max(&parse(&text(false))) <= 10);
    // 3,000 days of one-minute keys on nine hosts: so many of 55 do ten connections meet.
    assert!(keys_max(&parse(&text(true))) >= 9 * 4_320_000);
}

/// Places in which keys can be generated take memory even if few are used.
#[test]
fn the_estimate_knows_timelines() {
    let scenario = scenario(
        r#"
        [assumptions]
        write_partitions = 10000
        [[principal]]
        name = "many"
        role = "many"
        sessions = 1000000
        [[workload]]
        name = "write"
        principal = "many"
        bucket = "data"
        arrivals = { poisson = { rate = "1/s" } }
        "#,
    );
    let message = check_size(&scenario, 2, 16 << 30).unwrap_err().to_string();
    assert!(message.contains("MiB of memory"), "{message}");
}

/// The estimate of requests is the mean of what is drawn, for every kind of action.
#[test]
fn the_estimate_of_requests_is_what_is_drawn() {
    let scenario = scenario(
        r#"
        [[client]]
        name = "loader"
        read = { head = 1, part_size = "8MiB" }
        [[principal]]
        name = "app"
        role = "app"
        sessions = 3
        [[population]]
        name = "old"
        bucket = "data"
        objects = 1000
        age = { uniform = { to = "1d" } }
        object_size = "100MiB"
        [[workload]]
        name = "mixed"
        principal = "app"
        bucket = "data"
        client = "loader"
        object_size = "12GiB"
        arrivals = { poisson = { rate = "2/s", profile = { daily = [1,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9] } } }
        mix = { read = 1, copy = 1, head = 1, list = 1 }
        read = { from = ["old"], pattern = "uniform" }
        "#,
    );
    let arms = [Arm {
        configuration: 0,
        assumptions: scenario.configurations[0].ranges.at(Level::Assumed),
        breakdown: Breakdown::Buckets,
    }];
    let drawn = run(&scenario, &arms, 0..1, &|_| ())[0][0].total_requests() as f64;
    let expected = scenario.expected_requests();
    // 7,200 actions of up to 14 requests: five standard deviations are below 5 %.
    assert!((drawn / expected - 1.0).abs() < 0.05, "{drawn} drawn, {expected} expected");
}

/// Writes with the header that switches bucket keys off save nothing, and cannot cost more.
#[test]
fn the_floor_knows_writes_without_bucket_key() {
    let scenario = scenario(
        r#"
        [[principal]]
        name = "writer"
        role = "writer"
        [[workload]]
        name = "write"
        principal = "writer"
        bucket = "data"
        bucket_key = false
        arrivals = { periodic = { rate = "1/s" } }
        "#,
    );
    let results = Results::of(&scenario, &|_| ());
    let with_keys = results.assumed("bucket-key-role");
    assert_eq!((with_keys.saving_floor, with_keys.saving_ceiling), (Some(0.0), Some(0.0)));
}

/// Lifetimes of zero are no caching: one call for each request, and one more to verify a write.
#[test]
fn lifetimes_of_zero_cost_a_call_a_request() {
    let scenario = scenario(
        r#"
        [[principal]]
        name = "app"
        role = "app"
        [[workload]]
        name = "both"
        principal = "app"
        bucket = "data"
        arrivals = { poisson = { rate = "2/s" } }
        mix = { read = 1, write = 1 }
        read = { from = ["both"], pattern = { just-written = { delay = "5s" } } }
        "#,
    );
    let assumed = scenario.configurations[1].ranges.at(Level::Assumed);
    let arm = |configuration, assumptions| Arm::of_totals(configuration, assumptions);
    let floor = |verify_on_write| {
        let floor = scenario.configurations[1].ranges.floor();
        arm(1, Assumptions { verify_on_write, ..floor })
    };
    let arms = [arm(0, assumed), floor(0), floor(1)];
    let tallies = &run(&scenario, &arms, 0..1, &|_| ())[0];
    let [without, zero, verified] = [0, 1, 2].map(|arm: usize| tallies[arm].total_calls());
    assert_eq!(without, zero);
    let writes = zero.get(bks::kms::KmsApi::GenerateDataKey);
    assert_eq!(verified.total(), zero.total() + writes);
    assert_eq!(tallies[1].keys_generated, writes);
}

/// Objects that are no age at all were written before the run, and so before its bucket keys.
#[test]
fn objects_of_age_zero_have_no_key_from_the_run() {
    let scenario = parse(
        r#"
        name = "case"
        duration = "1h"
        replications = 1
        [[bucket]]
        name = "data"
        [[principal]]
        name = "reader"
        role = "reader"
        [[population]]
        name = "new"
        bucket = "data"
        objects = 10
        age = { fixed = "0s" }
        [[workload]]
        name = "read"
        principal = "reader"
        bucket = "data"
        arrivals = { periodic = { rate = "1/s" } }
        read = { from = ["new"], pattern = "uniform" }
        "#,
    );
    let results = Results::of(&scenario, &|_| ());
    let assumed = results.summary.iter().filter(|row| row.assumption == Level::Assumed);
    let calls: Vec<f64> = assumed.map(|row| row.kms_requests).collect();
    assert_eq!(calls, [3_600.0; 3]);
    assert!(results.facts.warnings.iter().any(|warning| warning.id == "objects-without-key"));
}

/// Prices that no bill could hold are refused, not wrapped.
#[test]
fn prices_beyond_any_bill_are_refused() {
    for price in ["$1 per 2305843009213693952", "$999999999999", "$-1", "$1 per 0"] {
        assert!(price.parse::<bks::units::Price>().is_err(), "{price}");
    }
}

/// With bucket keys KMS events name the bucket; without, and for objects without key, the object.
#[test]
fn events_name_the_bucket_only_where_a_bucket_key_was_asked_for() {
    let scenario = parse(
        r#"
        name = "case"
        duration = "1h"
        replications = 1
        [[bucket]]
        name = "data"
        bucket_keys_since = "-1d"
        [[principal]]
        name = "app"
        role = "app"
        connections = 1
        [[population]]
        name = "before"
        bucket = "data"
        objects = 10
        age = { fixed = "2d" }
        [[workload]]
        name = "read"
        principal = "app"
        bucket = "data"
        arrivals = { periodic = { rate = "1/s" } }
        read = { from = ["before"], pattern = "uniform" }
        [[workload]]
        name = "write"
        principal = "app"
        bucket = "data"
        arrivals = { periodic = { rate = "1/s" } }
        "#,
    );
    let results = Results::of(&scenario, &|_| ());
    let events = |name: &str| {
        let row = results.assumed(name);
        (row.cloudtrail_events_bucket_arn, row.cloudtrail_events_object_arn)
    };
    assert_eq!(events("sse-kms"), (0.0, 7_200.0));
    // Twelve keys, each generated and verified.
    assert_eq!(events("bucket-key-role"), (24.0, 3_600.0));
    let first =
        results.requesters.iter().find(|row| row.configuration == "bucket-key-role").unwrap();
    let events = (first.cloudtrail_events_bucket_arn, first.cloudtrail_events_object_arn);
    assert_eq!(events, (24.0, 3_600.0));
}

/// A user's federated sessions carry scoping policies, and each policy is a requester of its own. By
/// hand: six sessions write in turn, one object a second, for ten minutes, a key lives for five. Three
/// policies write every three seconds, so that each makes a key at its first write and one 300 s later;
/// so do six sessions, and so does the user's access key, which carries none.
#[test]
fn federated_sessions_of_a_user_make_a_key_for_each_policy() {
    let of = |principal: &str| {
        let scenario = parse(&format!(
            r#"
            name = "federated"
            seed = 1
            duration = "10min"
            replications = 1
            assumptions = {{ generation_lifetime = "5min", write_partitions = 1, verify_on_write = 0 }}
            bucket = [{{ name = "data" }}]
            [[principal]]
            name = "loader"
            sessions = 6
            {principal}
            [[workload]]
            name = "put"
            principal = "loader"
            bucket = "data"
            arrivals = {{ periodic = {{ rate = "1/s" }} }}
            [[configuration]]
            name = "none"
            encryption = "sse-kms"
            [[configuration]]
            name = "role"
            encryption = "sse-kms-bucket-key"
            [[configuration]]
            name = "session"
            encryption = "sse-kms-bucket-key"
            requester_rule = "session"
            "#
        ));
        Results::of(&scenario, &|_| ())
    };
    let names = ["none", "role", "session"];
    let policies = "session_policies = 3";
    for (principal, calls) in [
        ("user = 'loader'".to_owned(), [600, 2, 2]),
        (format!("user = 'loader'\n{policies}"), [600, 6, 12]),
        (format!("role = 'loader'\n{policies}"), [600, 6, 12]),
        ("service = 'loader'".to_owned(), [600, 2, 2]),
    ] {
        let results = of(&principal);
        let found = names.map(|name| results.assumed(name).kms_requests as u64);
        assert_eq!(found, calls, "{principal}");
    }
    let results = of(&format!("user = 'loader'\n{policies}"));
    let listed = |index: usize| {
        let own = results.requesters.iter().filter(|row| row.configuration == names[index]);
        let mut listed: Vec<_> =
            own.map(|row| (row.requester.clone().unwrap(), row.session_policy)).collect();
        listed.sort();
        listed
    };
    let user = |policy| ("arn:aws:iam::111122223333:user/loader".to_owned(), Some(policy));
    assert_eq!(listed(1), [user(1), user(2), user(3)]);
    let session =
        |number| (format!("arn:aws:sts::111122223333:federated-user/loader-{number}"), None);
    assert_eq!(listed(2), [0, 1, 2, 3, 4, 5].map(session));
}

#[test]
fn a_service_carries_no_scoping_policies() {
    let text = "name = 'x'\nduration = '1h'\nbucket = [{ name = 'b' }]\n\
                principal = [{ name = 'p', service = 's', sessions = 3, session_policies = 3 }]\n\
                [[workload]]\nname = 'w'\nprincipal = 'p'\nbucket = 'b'\n\
                arrivals = { periodic = { rate = '1/s' } }\n";
    let error = Scenario::parse(text).unwrap_err().to_string();
    assert!(
        error.contains("but a `service` has no sessions that carry scoping policies"),
        "{error}"
    );
}
