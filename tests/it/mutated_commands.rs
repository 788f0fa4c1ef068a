//! Whole commands on files that are nearly right: bytes changed, cut out, doubled, spliced. Whatever a file
//! has become, a command answers or refuses it by the documented exit codes, says why, prints no
//! control characters, and comes to an end.
//!
//! The same mutations each time; more of them with, e.g.:
//!
//! ```sh
//! BKS_MUTATIONS=2000 cargo test --release mutated_commands -- --nocapture
//! ```

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A small generator of random numbers (Marsaglia, Xorshift RNGs, 2003).
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        let mut random = Self((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        // Neighbouring seeds begin alike.
        for _ in 0..20 {
            random.next();
        }
        random
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// What means something to some reader.
const TOKENS: [&str; 40] = [
    "\"",
    "'",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "=",
    "\n",
    "\r",
    "\t",
    " ",
    "-",
    "-1",
    "0",
    "1e308",
    "1e999",
    "NaN",
    "18446744073709551616",
    "9223372036854775807",
    "\0",
    "\u{1b}[2J",
    "\u{7}",
    "\u{202e}",
    "\u{feff}",
    "%0a",
    "../",
    "[[",
    "]]",
    "#",
    "null",
    "true",
    "{}",
    "[]",
    "0s",
    "1970-01-01T00:00:00Z",
    "=1+1",
    "`",
];

const NUMBERS: [&str; 14] = [
    "0",
    "1",
    "7",
    "60",
    "999",
    "1e3",
    "4294967296",
    "18446744073709551615",
    "1e308",
    "-5",
    "0.5",
    "1e-320",
    "00",
    "31",
];

/// Changes a number, so that the form stays.
fn change_number(bytes: &mut Vec<u8>, random: &mut Random) {
    let from = random.below(bytes.len());
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let Some(first) = bytes[from..].iter().position(is_digit) else { return };
    let first = from + first;
    let length = bytes[first..].iter().take_while(|byte| is_digit(byte)).count();
    let number = NUMBERS[random.below(NUMBERS.len())];
    bytes.splice(first..first + length, number.bytes());
}

/// Changes a file in a few places.
fn mutated(seed: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    if random.below(2) == 0 {
        change_number(&mut bytes, random);
        return bytes;
    }
    for _ in 0..=random.below(4) {
        let (at, length) = (random.below(bytes.len()), random.below(24));
        let to = (at + length).min(bytes.len());
        match random.below(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 => drop(bytes.drain(at..to)),
            2 => bytes.truncate(at),
            3 => {
                let again = bytes[at..to].to_vec();
                bytes.splice(at..at, again);
            }
            4 => {
                let from = random.below(seed.len());
                let other = seed[from..(from + length).min(seed.len())].to_vec();
                bytes.splice(at..to, other);
            }
            _ => {
                let token = TOKENS[random.below(TOKENS.len())];
                let to = if random.below(2) == 0 { at } else { to };
                bytes.splice(at..to, token.bytes());
            }
        }
    }
    bytes
}

/// No command on files of this size takes longer, by far.
const LONGEST: Duration = Duration::from_secs(60);

/// Runs a command to its end, or ends it.
fn run(folder: &Path, arguments: &[String]) -> Option<Output> {
    let (out, err) = (folder.join("stdout"), folder.join("stderr"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_bks"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(fs::File::create(&out).unwrap())
        .stderr(fs::File::create(&err).unwrap())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            let (stdout, stderr) = (fs::read(&out).unwrap(), fs::read(&err).unwrap());
            return Some(Output { status, stdout, stderr });
        }
        if begun.elapsed() > LONGEST {
            child.kill().unwrap();
            child.wait().unwrap();
            return None;
        }
        std::thread::sleep(pause);
        pause = (2 * pause).min(Duration::from_millis(20));
    }
}

/// What is wrong with how a command ended, if anything.
fn fault(output: Option<&Output>) -> Option<String> {
    let Some(output) = output else { return Some("does not end".to_owned()) };
    let stderr = String::from_utf8_lossy(&output.stderr);
    let printed = [&output.stdout[..], &output.stderr[..]].concat();
    let printed = String::from_utf8_lossy(&printed);
    let is_control = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t');
    match output.status.code() {
        None => Some(format!("is ended: {}", output.status)),
        Some(code @ (1 | 2)) if !stderr.contains("error: ") => {
            Some(format!("{code} without a word"))
        }
        Some(0..=3) if stderr.contains("panicked") => Some("panics".to_owned()),
        Some(0..=3) => printed
            .chars()
            .find(|&letter| is_control(letter))
            .map(|letter| format!("prints {letter:?}")),
        Some(code) => Some(format!("exit code {code}: {stderr}")),
    }
}

/// A file that is changed, and the commands that read it under its name.
struct Kind {
    name: &'static str,
    seed: Vec<u8>,
    commands: &'static [&'static str],
}

const SCENARIO: &str = r#"
name = "small"
duration = "2min"
replications = 2
[[bucket]]
name = "lake"
bucket_keys_since = "-1h"
[[principal]]
name = "app"
role = "app"
sessions = 2
connections = 4
[[population]]
name = "old"
bucket = "lake"
objects = 500
age = { lognormal = { median = "1h", sigma = 1.5 } }
[[workload]]
name = "write"
principal = "app"
bucket = "lake"
arrivals = { poisson = { rate = "2/s" } }
[[workload]]
name = "read"
principal = "app"
bucket = "lake"
arrivals = { poisson = { rate = "3/s" } }
read = { from = ["write", "old"], pattern = { by-age = { exponential = { mean = "1min" } } } }
"#;

const BILL: &str = "\
BillingPeriodStart,ChargePeriodStart,ChargePeriodEnd,ServiceName,SkuId,x_UsageType,x_Operation,ConsumedQuantity,ConsumedUnit,BilledCost,SubAccountId,RegionId,ResourceId
2026-11-01T00:00:00Z,2026-11-20T10:00:00Z,2026-11-20T11:00:00Z,AWS Key Management Service,A,us-east-1-KMS-Requests,Decrypt,120,Requests,0.36,111122223333,us-east-1,
";

fn fixture(end: &str) -> Vec<u8> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/inventory/example-source-bucket/cfg/data");
    let files = fs::read_dir(data).unwrap().map(|file| file.unwrap().path());
    let file = files.into_iter().find(|path| path.display().to_string().ends_with(end));
    fs::read(file.unwrap()).unwrap()
}

fn inflated(bytes: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut whole).unwrap();
    whole
}

fn first_lines(bytes: &[u8], count: usize) -> Vec<u8> {
    bytes.split_inclusive(|byte| *byte == b'\n').take(count).flatten().copied().collect()
}

/// Runs a command that must succeed, and gives the file it has written.
fn made(folder: &Path, command: &str, file: &str) -> Vec<u8> {
    let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
    let output = run(folder, &words).expect("it ends");
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    fs::read(folder.join(file)).unwrap()
}

fn kinds(folder: &Path) -> Vec<Kind> {
    fs::write(folder.join("small.toml"), SCENARIO).unwrap();
    let run = "simulate small.toml --out run --quiet";
    let export = |form: &str, out: &str| {
        made(
            folder,
            &format!(
                "export small.toml --configuration bucket-key-role --format {form} --out {out}"
            ),
            out,
        )
    };
    let log = export("access-log", "seed.log");
    let trail = export("cloudtrail", "seed.json");
    let result = made(folder, run, "run/result.json");
    let summary = made(folder, run, "run/summary.csv");
    let sweep = "sweep small.toml --set requesters=1,2 --out sweep --quiet";
    let points = made(folder, sweep, "sweep/sweep.csv");
    vec![
        Kind {
            name: "file.toml",
            seed: SCENARIO.into(),
            commands: &["check file.toml", "simulate file.toml --set duration=10s --out file-run"],
        },
        Kind {
            name: "file.log",
            seed: log,
            commands: &[
                "replay file.log --replications 1 --out log-run --max-bad 100%",
                "fit file.log --max-bad 100%",
            ],
        },
        Kind {
            name: "file.json",
            seed: trail,
            commands: &[
                "replay file.json --replications 1 --out trail-run --max-bad 100%",
                "reconcile file.json --max-bad 100%",
                "calibrate file.json --max-bad 100%",
            ],
        },
        Kind {
            name: "policy.json",
            seed: include_bytes!("../fixtures/lint/plan.json").to_vec(),
            commands: &["lint policy.json --fail-on never", "init made --print --plan policy.json"],
        },
        Kind {
            name: "template.yaml",
            seed: include_bytes!("../fixtures/lint/template.yaml").to_vec(),
            commands: &["lint template.yaml --fail-on never"],
        },
        Kind {
            name: "bill.csv",
            seed: BILL.into(),
            commands: &["reconcile seed.json --bill bill.csv"],
        },
        Kind {
            name: "file.parquet",
            seed: fixture("parquet"),
            commands: &["inventory file.parquet --as-of 2026-11-20"],
        },
        Kind {
            name: "file.csv",
            seed: first_lines(&inflated(&fixture("csv.gz")), 30),
            commands: &[concat!(
                "inventory file.csv --as-of 2026-11-20 --schema ",
                "Bucket,Key,VersionId,IsLatest,IsDeleteMarker,Size,LastModifiedDate,ETag,StorageClass,IsMultipartUploaded,ReplicationStatus,EncryptionStatus,ObjectLockRetainUntilDate,ObjectLockMode,ObjectLockLegalHoldStatus,IntelligentTieringAccessTier,BucketKeyStatus,ChecksumAlgorithm"
            )],
        },
        Kind {
            name: "run/result.json",
            seed: result,
            commands: &["report run --format markdown", "compare run small.toml"],
        },
        Kind {
            name: "run/summary.csv",
            seed: summary,
            commands: &["report run -o page.html", "plot run/summary.csv -o chart.svg"],
        },
        Kind {
            name: "sweep/sweep.csv",
            seed: points,
            commands: &["plot sweep/sweep.csv -o chart.svg"],
        },
    ]
}

#[test]
fn commands_withstand_files_that_are_nearly_right() {
    let text = std::env::var("BKS_MUTATIONS").ok();
    let mutations: u64 = text.and_then(|text| text.parse().ok()).unwrap_or(6);
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let mut faults: Vec<String> = Vec::new();
    for (number, kind) in kinds(folder).into_iter().enumerate() {
        fs::write(folder.join(kind.name), &kind.seed).unwrap();
        for command in kind.commands {
            let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
            let output = run(folder, &words).expect("it ends");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{command} as it is: {said}");
        }
        let mut ended = [0_u64; 4];
        for mutation in 0..mutations {
            let mut random = Random::new(mutation << 8 | number as u64);
            let bytes = mutated(&kind.seed, &mut random);
            fs::write(folder.join(kind.name), &bytes).unwrap();
            for command in kind.commands {
                let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
                let output = run(folder, &words);
                if let Some(fault) = fault(output.as_ref()) {
                    let kept = keep(kind.name, number, mutation, &bytes);
                    faults.push(format!("{command} ({}): {fault}", kept.display()));
                }
                let code = output.and_then(|output| output.status.code()).unwrap_or(0);
                ended[usize::try_from(code).unwrap_or(0).min(3)] += 1;
            }
        }
        fs::write(folder.join(kind.name), &kind.seed).unwrap();
        println!("{}: exit codes 0 to 3: {ended:?}", kind.name);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Keeps a file that a command did not withstand.
fn keep(name: &str, number: usize, mutation: u64, bytes: &[u8]) -> PathBuf {
    let end = name.rsplit('/').next().unwrap_or(name);
    let path = std::env::temp_dir().join(format!("bks-{number}-{mutation}-{end}"));
    fs::write(&path, bytes).unwrap();
    path
}
