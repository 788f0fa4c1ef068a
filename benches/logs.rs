//! Bytes of logs read per second: `cargo bench --bench logs`. The method stands in
//! `docs/performance.md`.
//!
//! Each benchmark reads a generated log of some 64 MiB from memory on one thread, and sums what it
//! reads. `newlines` counts the lines of the same bytes and does nothing else: the bound for
//! whatever looks at each byte, and the measure to hold the others against on a busy machine.
//! `file` reads the file that the environment's `BKS_BENCH_LOG` names, if it names one.

use std::fmt::Write;
use std::fs::File;
use std::io::{Read, Write as _};
use std::sync::LazyLock;

use bks::logs::bad_lines::BadLines;
use bks::logs::log::Log;
use bks::logs::record::LogEntry;
use divan::Bencher;
use divan::counter::BytesCount;
use flate2::write::GzEncoder;

/// Bytes of a log, about.
const BYTES: usize = 64 << 20;

fn main() {
    divan::main();
}

/// Numbers that look random.
fn mixed(number: u64) -> u64 {
    let mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

fn generated(line: impl Fn(&mut String, u64)) -> Vec<u8> {
    let mut log = String::with_capacity(BYTES + (8 << 10));
    let mut number = 0;
    while log.len() < BYTES {
        line(&mut log, number);
        number += 1;
    }
    log.into_bytes()
}

/// Lines as long as real ones (550 bytes), 50 in each second.
static ACCESS_LOG: LazyLock<Vec<u8>> = LazyLock::new(|| {
    generated(|log, number| {
        let (chance, second) = (mixed(number), number / 50);
        let operation = ["REST.GET.OBJECT", "REST.PUT.OBJECT", "REST.HEAD.OBJECT"]
            [(chance % 16).saturating_sub(13) as usize];
        let _ = writeln!(
            log,
            "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be amzn-s3-demo-bucket \
             [20/Nov/2026:{:02}:{:02}:{:02} +0000] 192.0.2.{} \
             arn:aws:sts::111122223333:assumed-role/etl-{}/session-{} {chance:016X} {operation} \
             day={}/part-{:05}-{chance:016x}.c000.snappy.parquet \
             \"GET /amzn-s3-demo-bucket/day%3D{}/part-{:05}-{chance:016x}.c000.snappy.parquet \
             HTTP/1.1\" 206 - {} 1363149 6 5 \"-\" \"Hadoop 3.3.2, aws-sdk-java/1.11.901 \
             Linux/6.1.0 OpenJDK_64-Bit_Server_VM/17.0.15+6 java/17.0.15\" - \
             {chance:016x}/wnPMc9sLPrcPwUF31TpCjyGC6Q= SigV4 ECDHE-RSA-AES128-GCM-SHA256 \
             AuthHeader amzn-s3-demo-bucket.s3.us-east-1.amazonaws.com TLSv1.2 - - us-east-1",
            second / 3_600 % 24,
            second / 60 % 60,
            second % 60,
            chance % 250,
            chance % 20,
            chance % 400,
            chance % 30,
            chance % 100_000,
            chance % 30,
            chance % 100_000,
            chance % 1_363_149,
        );
    })
});

/// S3's KMS events, one a line (1.3 KB each).
static TRAIL: LazyLock<Vec<u8>> = LazyLock::new(|| {
    generated(|log, number| {
        let (chance, second) = (mixed(number), number / 50);
        let api = if chance.is_multiple_of(4) { "GenerateDataKey" } else { "Decrypt" };
        let _ = writeln!(
            log,
            r#"{{"eventVersion":"1.08","userIdentity":{{"type":"AssumedRole","principalId":"AROAEXAMPLE:session-{0}","arn":"arn:aws:sts::111122223333:assumed-role/etl/session-{0}","accountId":"111122223333","accessKeyId":"ASIA{0:016}","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"AROAEXAMPLE","arn":"arn:aws:iam::111122223333:role/etl","accountId":"111122223333","userName":"etl"}},"webIdFederationData":{{}},"attributes":{{"creationDate":"2026-11-20T08:00:00Z","mfaAuthenticated":"false"}}}},"invokedBy":"AWS Internal"}},"eventTime":"2026-11-20T{1:02}:{2:02}:{3:02}Z","eventSource":"kms.amazonaws.com","eventName":"{api}","awsRegion":"us-east-1","sourceIPAddress":"AWS Internal","userAgent":"AWS Internal","requestParameters":{{"encryptionContext":{{"aws:s3:arn":"arn:aws:s3:::amzn-s3-demo-bucket/day/part-{chance:016x}"}},"encryptionAlgorithm":"SYMMETRIC_DEFAULT"}},"responseElements":null,"requestID":"{chance:032x}","eventID":"{chance:032x}","readOnly":true,"resources":[{{"accountId":"111122223333","type":"AWS::KMS::Key","ARN":"arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"}}],"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","sharedEventID":"{chance:032x}","eventCategory":"Management"}}"#,
            chance % 400,
            second / 3_600 % 24,
            second / 60 % 60,
            second % 60,
        );
    })
});

static ACCESS_LOG_GZ: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&ACCESS_LOG).expect("memory takes it");
    encoder.finish().expect("memory takes it")
});

/// Reads a log, of `plain` bytes once decompressed.
fn read(bencher: Bencher, log: &'static [u8], plain: usize) {
    bencher.counter(BytesCount::new(plain)).bench(|| sum(log));
}

/// Reads a log and sums what it says.
fn sum(log: impl Read + 'static) -> u64 {
    let mut bad = BadLines::default();
    let mut sum = 0_u64;
    let log = Log::open(log, None, None).expect("it is a log").expect("it is not empty");
    log.entries("log", &mut bad, |entry| {
        sum = sum.wrapping_add(match entry {
            LogEntry::Request(record) => record.bytes_sent.unwrap_or(0) + record.time as u64,
            LogEntry::Kms(event) => event.time as u64 + event.s3_arn.map_or(0, <[u8]>::len) as u64,
            LogEntry::Session(..) | LogEntry::Skipped(..) => 1,
        });
        Ok(())
    })
    .expect("it can be read");
    assert_eq!(bad.bad, 0);
    sum
}

#[divan::bench]
fn newlines(bencher: Bencher) {
    let log = &**ACCESS_LOG;
    bencher
        .counter(BytesCount::new(log.len()))
        .bench(|| memchr::memchr_iter(b'\n', divan::black_box(log)).count());
}

#[divan::bench]
fn access_log(bencher: Bencher) {
    read(bencher, &ACCESS_LOG, ACCESS_LOG.len());
}

#[divan::bench]
fn access_log_gzip(bencher: Bencher) {
    read(bencher, &ACCESS_LOG_GZ, ACCESS_LOG.len());
}

#[divan::bench]
fn cloudtrail(bencher: Bencher) {
    read(bencher, &TRAIL, TRAIL.len());
}

#[divan::bench(ignore = std::env::var_os("BKS_BENCH_LOG").is_none())]
fn file(bencher: Bencher) {
    let path = std::env::var_os("BKS_BENCH_LOG").expect("the environment names a file");
    let bytes = std::fs::metadata(&path).expect("there is the file").len();
    bencher
        .counter(BytesCount::new(bytes))
        .bench(|| sum(File::open(&path).expect("it can be opened")));
}
