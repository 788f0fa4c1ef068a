//! The decompression of gzip and zstd: an end or an error, never more than the stated ratio.

#![no_main]

use std::io::Read;

use bks::logs::compression::{RATIO_MAX, SMALL, decompressed};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut source) = decompressed(bytes) else { return };
    let mut buffer = vec![0; 64 << 10];
    let mut given = 0;
    while let Ok(read @ 1..) = source.read(&mut buffer) {
        given += read as u64;
        assert!(given <= SMALL || given / RATIO_MAX <= bytes.len() as u64 + 1);
    }
});
