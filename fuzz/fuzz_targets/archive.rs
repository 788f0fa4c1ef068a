//! ZIP archives of logs.

#![no_main]

use std::fs::{self, File};
use std::io::Read;

use bks::logs::archive;
use libfuzzer_sys::fuzz_target;

/// No file in an archive is unpacked further than this here.
const MOST: u64 = 1 << 20;

fuzz_target!(|bytes: &[u8]| {
    let path = std::env::temp_dir().join(format!("bks-fuzz-{}.zip", std::process::id()));
    fs::write(&path, bytes).expect("there is room for an archive");
    let file = File::open(&path).expect("it was just written");
    for entry in archive::entries(&file).unwrap_or_default() {
        let file = file.try_clone().expect("the file is open");
        if let Ok(source) = entry.open(file) {
            let _ = source.take(MOST).read_to_end(&mut Vec::new());
        }
    }
});
