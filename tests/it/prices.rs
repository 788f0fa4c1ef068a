//! Prices: those of all regions, and a user's own from a file.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use bks::pricing::{PriceName, PriceTable};
use bks::results::Results;
use bks::scenario::Scenario;
use bks::units::Price;

/// What AWS's pricing pages had: KMS per 10,000 requests (28 August 2025), PUT and GET per 1,000
/// (22 October 2025), in US dollars.
const LISTS: &str = "
af-south-1      0.03 0.006    0.0004
ap-east-1       0.03 0.005    0.0004
ap-east-2       0.03 0.00423  0.000333
ap-northeast-1  0.03 0.0047   0.00037
ap-northeast-2  0.03 0.0045   0.00035
ap-northeast-3  0.03 0.0047   0.00037
ap-south-1      0.03 0.005    0.0004
ap-south-2      0.03 0.005    0.0004
ap-southeast-1  0.03 0.005    0.0004
ap-southeast-2  0.03 0.0055   0.00044
ap-southeast-3  0.03 0.005    0.0004
ap-southeast-4  0.03 0.0055   0.00044
ap-southeast-5  0.03 0.0045   0.00036
ap-southeast-6  0.03 0.005775 0.000462
ap-southeast-7  0.03 0.0045   0.00036
ca-central-1    0.03 0.0055   0.00044
ca-west-1       0.03 0.0055   0.00044
eu-central-1    0.03 0.0054   0.00043
eu-central-2    0.03 0.0054   0.00043
eu-north-1      0.03 0.005    0.0004
eu-south-1      0.03 0.0053   0.0004
eu-south-2      0.03 0.0053   0.0004
eu-west-1       0.03 0.005    0.0004
eu-west-2       0.03 0.0053   0.00042
eu-west-3       0.03 0.0053   0.00042
il-central-1    0.03 0.0055   0.00044
me-central-1    0.03 0.0055   0.00044
me-south-1      0.03 0.0055   0.00044
mx-central-1    0.03 0.00525  0.00042
sa-east-1       0.03 0.007    0.00056
us-east-1       0.03 0.005    0.0004
us-east-2       0.03 0.005    0.0004
us-gov-east-1   0.04 0.005    0.0004
us-gov-west-1   0.04 0.005    0.0004
us-west-1       0.03 0.0055   0.00044
us-west-2       0.03 0.005    0.0004
";

#[test]
fn all_regions_have_the_prices_of_awss_pages() {
    let rows = LISTS.trim().lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let mut listed: Vec<&str> = Vec::new();
    for row in rows {
        let [region, kms, put, get] = row[..] else { panic!("{row:?}") };
        let table = PriceTable::for_region(region).unwrap();
        let expected = [
            (PriceName::KmsRequest, kms, 10_000),
            (PriceName::S3Put, put, 1_000),
            (PriceName::S3Get, get, 1_000),
            (PriceName::KmsKeyMonth, "1", 1),
            (PriceName::CloudTrailManagementCopy, "2", 100_000),
            (PriceName::CloudTrailDataEvent, "0.10", 100_000),
            (PriceName::BatchJob, "0.25", 1),
            (PriceName::BatchObject, "1", 1_000_000),
            (PriceName::BatchManifestObject, "0.015", 1_000_000),
        ];
        for (name, dollars, per) in expected {
            let price = Price::new(dollars.parse().unwrap(), per);
            assert_eq!(table.price(name), price, "{region} {name}");
        }
        listed.push(region);
    }
    listed.sort_unstable();
    let mut known: Vec<&str> = PriceTable::regions().collect();
    known.sort_unstable();
    assert_eq!((known.len(), known), (36, listed));
}

/// A writer of one object a second for ten minutes, in a region, with what `more` says at the top.
fn writer(region: &str, more: &str) -> String {
    format!(
        r#"
name = "writer"
seed = 1
duration = "10min"
replications = 1
{more}
[[bucket]]
name = "data"
region = "{region}"
[[principal]]
name = "app"
role = "app"
[[workload]]
name = "put"
principal = "app"
bucket = "data"
arrivals = {{ periodic = {{ rate = "1/s" }} }}
"#
    )
}

/// The bill of `sse-kms`, in dollars.
fn bill(text: &str) -> String {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    Results::of(&scenario, &|_| ()).assumed("sse-kms").total_cost_usd.to_string()
}

/// By hand. Thirty days have 2,592,000 PUTs and as many KMS requests, 20,000 of which are free:
/// 2,572,000 × $0.000004 + 2,592,000 × $0.000005 + $1 = $10.288 + $12.96 + $1 in `GovCloud`, and with
/// $0.000003 a KMS request $7.716 + $12.96 + $1 in Virginia; in São Paulo a PUT is $0.000007.
#[test]
fn govcloud_has_a_bill_of_its_own() {
    for (region, dollars) in [
        ("us-gov-west-1", "24.248"),
        ("us-gov-east-1", "24.248"),
        ("us-east-1", "21.676"),
        ("sa-east-1", "26.86"),
    ] {
        assert_eq!(bill(&writer(region, "")), dollars, "{region}");
    }
}

const CHINA: &str = r#"
source = "a list in yuan, converted"
date = "2026-10"
kms_free_requests = 0
kms_request = "$0.05 per 10000"
s3_put = "$9 per 1000"

[region.cn-north-1]
kms_key_month = "$2"
s3_put = { price = "$0.001 per 1000", source = "another list", date = "2026-10-02" }
s3_get = "$0.0002 per 1000"
"#;

fn bks(folder: &Path, command: &str) -> Output {
    let mut bks = Command::new(env!("CARGO_BIN_EXE_bks"));
    bks.args(command.split(' ')).current_dir(folder).output().unwrap()
}

fn stdout(folder: &Path, command: &str) -> String {
    let output = bks(folder, command);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command}: {message}");
    String::from_utf8(output.stdout).unwrap()
}

/// What is told of a command that is refused.
fn refused(folder: &Path, command: &str) -> String {
    let output = bks(folder, command);
    assert_eq!(output.status.code(), Some(2), "{command}");
    String::from_utf8(output.stderr).unwrap()
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// The sum of a configuration's bill in `costs.csv`.
fn billed(folder: &Path, results: &str, configuration: &str) -> f64 {
    let mut costs = csv::Reader::from_path(folder.join(results).join("costs.csv")).unwrap();
    let headers = costs.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let (of, level, billed) = (column("configuration"), column("assumption"), column("BilledCost"));
    let rows: Vec<_> = costs.records().map(Result::unwrap).collect();
    let wanted = rows.iter().filter(|row| &row[of] == configuration && &row[level] == "assumed");
    wanted.map(|row| row[billed].parse::<f64>().unwrap()).sum()
}

/// By hand: 2,592,000 × $0.000005 + 2,592,000 × $0.000001 + $2 = $12.96 + $2.592 + $2, nothing being
/// free; the region's PUT goes before the one for all. The same bytes come again without the file.
#[test]
fn a_region_without_prices_works_with_a_file_of_what_the_bill_needs() {
    let named = writer("cn-north-1", "billing = { price_file = 'china.toml' }");
    let folder = folder(&[
        ("plain.toml", &writer("cn-north-1", "")),
        ("named.toml", &named),
        ("china.toml", CHINA),
    ]);
    let folder = folder.path();
    assert_eq!(
        refused(folder, "simulate plain.toml"),
        "error: plain.toml:9:10: `cn-north-1` has no built-in prices, but the bill needs \
         `kms_request`, `kms_key_month`, `s3_put`, `s3_get`\n\nhint: give them in US dollars from \
         AWS's price list, by a file: `--prices FILE`; `bks list prices --region cn-north-1 --toml` \
         prints one to fill in\n"
    );
    stdout(folder, "simulate plain.toml --prices china.toml -o a -q");
    stdout(folder, "simulate named.toml -o b -q");
    for results in ["a", "b"] {
        let dollars = billed(folder, results, "sse-kms");
        assert!((dollars - 17.552).abs() < 1e-9, "{results}: {dollars}");
    }
    fs::remove_file(folder.join("china.toml")).unwrap();
    let run = fs::read_to_string(folder.join("b/run.toml")).unwrap();
    assert!(!run.contains("china.toml") && run.contains("a list in yuan, converted"), "{run}");
    stdout(folder, "simulate b/run.toml -o c -q");
    for entry in fs::read_dir(folder.join("b")).unwrap().map(Result::unwrap) {
        for other in ["a", "c"] {
            let again = fs::read(folder.join(other).join(entry.file_name())).unwrap();
            let name = entry.file_name();
            assert!(fs::read(entry.path()).unwrap() == again, "{other}/{} differs", name.display());
        }
    }
    // What further charges there are need further prices, and no others.
    let message = refused(folder, "simulate b/run.toml --set billing.cloudtrail_copies=1");
    assert!(message.contains("the bill needs `cloudtrail_management_copy`\n"), "{message}");
    let data_event = "--set billing.prices.cloudtrail_data_event=$0.1";
    stdout(folder, &format!("simulate b/run.toml --set billing.object_audit=true {data_event}"));
}

/// The hint's command prints a file that lacks just what has to be filled in.
#[test]
fn a_file_to_fill_in_is_printed() {
    let folder = folder(&[("plain.toml", &writer("eusc-de-east-1", ""))]);
    let folder = folder.path();
    let empty = stdout(folder, "list prices --region eusc-de-east-1 --toml");
    fs::write(folder.join("prices.toml"), &empty).unwrap();
    let message = refused(folder, "simulate plain.toml --prices prices.toml");
    assert!(message.contains("the bill needs `kms_request`, `kms_key_month`"), "{message}");
    let filled = empty.replace("# k", "k").replace("# s3", "s3").replace("\"$ per", "\"$0.5 per");
    fs::write(folder.join("prices.toml"), &filled).unwrap();
    stdout(folder, "simulate plain.toml --prices prices.toml -q");
    let table = stdout(folder, "list prices --region eusc-de-east-1 --prices prices.toml");
    assert!(table.contains("  s3_put: $0.50 per 1000, given, no date\n"), "{table}");
    assert!(!table.contains("batch_job"), "{table}");
}

/// A list that was printed and is given back changes no figure, but says whose it is.
#[test]
fn the_built_in_prices_go_through_a_file() {
    let folder = folder(&[("plain.toml", &writer("sa-east-1", ""))]);
    let folder = folder.path();
    let list = stdout(folder, "list prices --region sa-east-1 --toml");
    fs::write(folder.join("prices.toml"), &list).unwrap();
    stdout(folder, "simulate plain.toml -o a -q");
    stdout(folder, "simulate plain.toml --prices prices.toml -o b -q");
    let costs = |results: &str| fs::read(folder.join(results).join("costs.csv")).unwrap();
    assert!(costs("a") == costs("b"));
    let given = fs::read_to_string(folder.join("b/result.json")).unwrap();
    assert!(given.contains("\"given\": 10"), "{given}");
    let table = stdout(folder, "list prices --region sa-east-1 --prices prices.toml");
    assert!(
        table.contains("  s3_put: $0.007 per 1000, given, 2025-10-22\n    https://"),
        "{table}"
    );
}

#[test]
fn what_is_wrong_with_a_price_file_is_told_with_its_place() {
    let good = writer("us-east-1", "");
    for (file, message) in [
        (
            "s3_put = \"$1\"\nkms_reqest = \"$1\"\n",
            "error: p.toml:2:1: unknown key `kms_reqest`\n\nhint: did you mean `kms_request`?\n",
        ),
        (
            "kms_request = 3\n",
            "error: p.toml:1:15: `kms_request` is `3`, but must be a price in quotes",
        ),
        ("kms_request = \"a lot\"\n", "error: p.toml:1:15: `a lot` is not an amount of US dollars"),
        (
            "date = \"May\"\n",
            "error: p.toml:1:8: `May` is not a date\n\nhint: give a day, a month or",
        ),
        ("[region.us-esat-1]\ns3_put = \"$1\"\n", "hint: did you mean `us-east-1`?\n"),
        ("", "error: p.toml: the file has no price\n\nhint: `bks list prices --toml` prints one"),
        ("kms_request = ", "error: p.toml:1:15: the text is not TOML"),
    ] {
        let named = writer("us-east-1", "billing = { price_file = 'p.toml' }");
        let folder = folder(&[("plain.toml", &good), ("named.toml", &named), ("p.toml", file)]);
        for command in ["simulate plain.toml --prices p.toml", "simulate named.toml"] {
            let told = refused(folder.path(), command);
            assert!(told.contains(message), "{command}: {told}");
        }
        let told = refused(folder.path(), "list prices --prices p.toml");
        assert!(told.contains(message), "{told}");
    }
    let folder = folder(&[("plain.toml", &good)]);
    let told = refused(folder.path(), "check plain.toml --prices nowhere.toml");
    assert!(told.starts_with("error: nowhere.toml: the file cannot be read"), "{told}");
    assert!(told.ends_with("hint: `bks list prices --toml` prints one to start from\n"), "{told}");
}

/// Prices on the command line go before the scenario's, and those before its file's: by hand
/// 2,592,000 PUTs at $1, $2 and $3 for a million each.
#[test]
fn the_command_line_goes_before_the_scenario_and_that_before_its_file() {
    let put = |dollars: &str| format!("s3_put = \"${dollars} per 1000000\"\n");
    let billing = "billing = { price_file = 'file.toml', prices = { s3_put = '$2 per 1000000' } }";
    let folder = folder(&[
        ("both.toml", &writer("us-east-1", billing)),
        ("named.toml", &writer("us-east-1", "billing = { price_file = 'file.toml' }")),
        ("file.toml", &put("1")),
        ("given.toml", &put("3")),
    ]);
    let folder = folder.path();
    let rest = 7.716 + 1.0;
    for (command, dollars) in [
        ("simulate named.toml", 2.592),
        ("simulate both.toml", 2.0 * 2.592),
        ("simulate both.toml --prices given.toml", 3.0 * 2.592),
        ("simulate out/run.toml", 3.0 * 2.592),
        ("simulate named.toml --prices given.toml --set billing.prices.s3_put=$0", 0.0),
    ] {
        stdout(folder, &format!("{command} -o out -q"));
        let found = billed(folder, "out", "sse-kms");
        assert!((found - rest - dollars).abs() < 1e-9, "{command}: {found}");
    }
}

/// Every command that reads a scenario or a log takes prices.
#[test]
fn prices_are_taken_wherever_there_is_a_bill() {
    let folder = folder(&[
        ("plain.toml", &writer("cn-north-1", "")),
        ("china.toml", CHINA),
        (
            "settings.toml",
            "billing = { price_file = 'china.toml' }\nbucket = [{ name = 'data', region = 'cn-north-1' }]\nprincipal = []\nworkload = []\n",
        ),
    ]);
    let folder = folder.path();
    stdout(folder, "check plain.toml --prices china.toml");
    stdout(folder, "sweep plain.toml --prices china.toml --set lifetime=1min,5min -q");
    stdout(folder, "compare plain.toml --prices china.toml");
    stdout(folder, "report plain.toml --prices china.toml --format markdown");
    stdout(folder, "export plain.toml --prices china.toml --format cloudtrail --out trail.json");
    stdout(folder, "replay trail.json --scenario settings.toml -o a -q");
    // The log's ten minutes are all PUTs; its span ends with the last, a second short.
    let dollars = billed(folder, "a", "sse-kms");
    assert!((dollars - 17.552).abs() < 0.05, "{dollars}");
    let inventory = refused(folder, "inventory nothing.json --region cn-north-1");
    assert!(
        inventory.contains("the bill needs `kms_request`, `s3_put`, `batch_job`"),
        "{inventory}"
    );
}

/// The price of ten thousand requests that is given as that of one is warned of; a discount is not.
#[test]
fn a_price_of_many_requests_for_one_is_warned_of() {
    let folder = folder(&[("plain.toml", &writer("us-east-1", ""))]);
    let folder = folder.path();
    for (price, is_odd) in [("$0.03", true), ("$0.03 per 10000", false), ("$0.01 per 10000", false)]
    {
        fs::write(folder.join("prices.toml"), format!("kms_request = \"{price}\"\n")).unwrap();
        let printed = stdout(folder, "simulate plain.toml --prices prices.toml -o out");
        let warned = printed.contains("10,000 times what AWS asks in us-east-1");
        assert_eq!(warned, is_odd, "{price}: {printed}");
    }
}
