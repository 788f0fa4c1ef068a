//! The engine against arithmetic: cases whose answer has a formula.

use bks::encryption::assumptions::Level;
use bks::kms::KmsApi;
use bks::scenario::Scenario;
use bks::simulation::{Arm, run};
use bks::tally::Tally;

/// Runs every configuration at its assumed values and gives the tallies, replication by
/// replication.
fn tallies(text: &str) -> Vec<Vec<Tally>> {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let arms: Vec<Arm> = (0..scenario.configurations.len())
        .map(|configuration| Arm {
            configuration,
            assumptions: scenario.configurations[configuration].ranges.at(Level::Assumed),
            by_requester: true,
        })
        .collect();
    run(&scenario, &arms, 0..scenario.replications, &|_| ())
}

fn poisson_reads(expiry: &str) -> String {
    format!(
        r#"
        name = "poisson-reads"
        seed = 11
        duration = "10d"
        warm_up = "1h"
        replications = 4
        [assumptions]
        generation_lifetime = "1000d"
        cache_lifetime = "5min"
        expiry = "{expiry}"
        read_partitions = 1
        write_partitions = 1
        [[bucket]]
        name = "data"
        bucket_keys_since = "always"
        [[principal]]
        name = "reader"
        role = "reader"
        [[population]]
        name = "old"
        bucket = "data"
        objects = 1000
        age = {{ uniform = {{ to = "1d" }} }}
        [[workload]]
        name = "read"
        principal = "reader"
        bucket = "data"
        arrivals = {{ poisson = {{ rate = "0.01/s" }} }}
        read = {{ from = ["old"], pattern = "uniform" }}
        "#
    )
}

/// Poisson reads of one key: fixed expiry calls at λ/(1+λT), sliding at λ·e^(−λT).
#[test]
fn poisson_reads_of_one_key_follow_the_closed_forms() {
    let (rate, lifetime_s, counted_s): (f64, f64, f64) = (0.01, 300.0, 860_400.0);
    for (expiry, per_s) in [
        ("fixed", rate / (1.0 + rate * lifetime_s)),
        ("sliding", rate * (-rate * lifetime_s).exp()),
    ] {
        let counts: Vec<f64> = tallies(&poisson_reads(expiry))
            .iter()
            .map(|arms| arms[1].total_calls().get(KmsApi::Decrypt) as f64)
            .collect();
        let mean = counts.iter().sum::<f64>() / counts.len() as f64;
        let expected = per_s * counted_s;
        // The count's variance is at most its mean; five standard errors.
        let tolerance = 5.0 * (expected / counts.len() as f64).sqrt();
        assert!((mean - expected).abs() < tolerance, "{expiry}: {mean}, expected {expected}");
    }
}
