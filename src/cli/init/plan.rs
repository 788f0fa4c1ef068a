//! A scenario's text from the buckets of a plan: `now` and `planned` are two configurations, traffic is made up.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::lint::{PlannedBucket, PlannedBuckets};
use crate::s3::is_region_code;

/// What a bucket's two configurations are.
type ModeChange = (&'static str, &'static str);

/// The text of a scenario `name` of the buckets that a plan changes in one way, and of those that it leaves as they
/// are; others are told in comments.
pub(super) fn scenario(name: &str, plan: &PlannedBuckets) -> String {
    let change = main_change(&plan.buckets);
    let mut out = head(name);
    let region = plan.region.as_deref().filter(|region| is_region_code(region.as_bytes()));
    let mut traffic = String::new();
    let mut names = BTreeSet::new();
    for bucket in &plan.buckets {
        let in_toml = plain(&bucket.name, &mut names);
        match modes(bucket) {
            Some(modes) if modes == change || modes.0 == modes.1 => {
                push_bucket(&mut out, &in_toml, bucket, region);
                let fixed = (modes != change).then_some(modes.0);
                push_workloads(&mut traffic, &in_toml, fixed);
            }
            Some((now, planned)) => {
                let _ = writeln!(
                    out,
                    "# `{in_toml}` goes from {now} to {planned}, another change than the one compared here: it needs a\n\
                     # scenario of its own.\n"
                );
            }
            None => {
                let _ = writeln!(
                    out,
                    "# How `{in_toml}` is encrypted is known only after apply, so it is left out.\n"
                );
            }
        }
    }
    out.push_str(PRINCIPAL);
    out.push_str(&traffic);
    push_configurations(&mut out, change);
    out
}

/// A bucket's modes, if both are known.
fn modes(bucket: &PlannedBucket) -> Option<ModeChange> {
    Some((bucket.now?, bucket.planned?))
}

/// The change that most buckets make; without any, bucket keys for those under SSE-KMS.
fn main_change(buckets: &[PlannedBucket]) -> ModeChange {
    let changes: Vec<ModeChange> =
        buckets.iter().filter_map(modes).filter(|(now, planned)| now != planned).collect();
    let count = |change: &ModeChange| changes.iter().filter(|it| *it == change).count();
    // The first of the most frequent.
    let most = changes.iter().map(count).max();
    let main = changes.iter().find(|change| Some(count(change)) == most);
    main.copied().unwrap_or(("sse-kms", "sse-kms-bucket-key"))
}

/// A name without what a scenario or a shell would stumble over, unlike those before.
fn plain(name: &str, names: &mut BTreeSet<String>) -> String {
    let letters = name.chars().take(100).map(|c| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' | '_' => c,
        _ => '-',
    });
    let plain: String = letters.collect();
    let mut unlike = plain.clone();
    let mut number = 1;
    while !names.insert(unlike.clone()) {
        number += 1;
        unlike = format!("{plain}-{number}");
    }
    unlike
}

fn head(name: &str) -> String {
    format!(
        "# What does a Terraform plan change? Its buckets, now and as planned.\n\
         #\n\
         # The traffic is made up: put your own numbers in its place, or replay a log with these buckets by\n\
         # `bks replay LOGS --scenario {name}.toml`. `bks init` without a plan prints a scenario that shows more.\n\n\
         name = \"{name}\"\n\
         question = \"What does the plan change?\"\n\
         source = \"buckets of a Terraform plan; traffic made up\"\n\
         duration = \"25h\"\n\
         warm_up = \"1h\"\n\
         replications = 3\n\n"
    )
}

fn push_bucket(out: &mut String, plain: &str, bucket: &PlannedBucket, region: Option<&str>) {
    let region = match region {
        Some(region) => format!("region = \"{region}\""),
        None => "# The plan does not tell its region.\nregion = \"us-east-1\"".to_owned(),
    };
    let key = if bucket.has_own_key { "customer-managed" } else { "aws/s3" };
    let new = if bucket.is_new { "# It is new.\n" } else { "" };
    let _ = writeln!(
        out,
        "{new}[[bucket]]\nname = \"{plain}\"\n{region}\nkey = \"{key}\"\n\
         # Objects from before the switch have no bucket key; \"always\" if all have one.\n\
         bucket_keys_since = \"0s\"\n"
    );
}

const PRINCIPAL: &str = "\
# Who reads and writes: one role with four sessions. More principals, sessions, and scoping policies save less.
[[principal]]
name = \"app\"
role = \"app\"
sessions = 4

";

/// Made-up traffic of a bucket; `fixed` is how it is encrypted in every configuration.
fn push_workloads(out: &mut String, plain: &str, fixed: Option<&str>) {
    let fixed = fixed.map_or_else(String::new, |mode| {
        format!("# The plan leaves this bucket as it is.\nencryption = \"{mode}\"\n")
    });
    let _ = writeln!(
        out,
        "# Made up: an object each five seconds, and a read a second of young ones.\n\
         [[workload]]\nname = \"write-{plain}\"\nprincipal = \"app\"\nbucket = \"{plain}\"\n{fixed}\
         arrivals = {{ poisson = {{ rate = \"0.2/s\" }} }}\n\n\
         [[workload]]\nname = \"read-{plain}\"\nprincipal = \"app\"\nbucket = \"{plain}\"\n\
         arrivals = {{ poisson = {{ rate = \"1/s\" }} }}\n\
         read = {{ from = [\"write-{plain}\"], pattern = {{ by-age = {{ exponential = {{ mean = \"20min\" }} }} }} }}\n"
    );
}

fn push_configurations(out: &mut String, (now, planned): ModeChange) {
    let _ = write!(
        out,
        "[[configuration]]\nname = \"now\"\nencryption = \"{now}\"\n\n\
         [[configuration]]\nname = \"planned\"\nencryption = \"{planned}\"\n"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;

    const PLAN: &str = include_str!("../../../tests/fixtures/lint/plan.json");

    #[test]
    fn a_plan_becomes_a_scenario() {
        let text = scenario("lake", &PlannedBuckets::of(PLAN).unwrap());
        let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(scenario.buckets.len(), 8);
        let configurations: Vec<_> =
            scenario.configurations.iter().map(|it| (it.name.as_str(), it.mode.name())).collect();
        assert_eq!(configurations, [("now", "SSE-KMS"), ("planned", "SSE-KMS with bucket key")]);
        assert_eq!(text.matches("leaves this bucket as it is").count(), 7);
    }

    #[test]
    fn other_changes_and_hostile_names_stay_comments_and_plain() {
        let bucket = |name: &str, now, planned| PlannedBucket {
            name: name.to_owned(),
            now,
            planned,
            is_new: false,
            has_own_key: true,
        };
        let kms = Some("sse-kms");
        let key = Some("sse-kms-bucket-key");
        let buckets = vec![
            bucket("a\"\n[[bucket]]\u{202e}", kms, key),
            bucket("b", kms, key),
            bucket("b", Some("sse-s3"), Some("sse-s3")),
            bucket("c", Some("sse-s3"), key),
            bucket("d", None, key),
        ];
        for region in [None, Some("eu-west-1"), Some("nowhere\"")] {
            let region = region.map(str::to_owned);
            let text = scenario("x", &PlannedBuckets { buckets: buckets.clone(), region });
            let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
            let names: Vec<_> = scenario.buckets.iter().map(|it| it.name.as_str()).collect();
            assert_eq!(names, ["a----bucket---", "b", "b-2"]);
            assert!(text.contains("`c` goes from sse-s3 to sse-kms-bucket-key"), "{text}");
            assert!(text.contains("`d` is encrypted is known only after apply"), "{text}");
        }
    }
}
