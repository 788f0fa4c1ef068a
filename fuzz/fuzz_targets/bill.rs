//! Bills: Cost and Usage Reports and FOCUS exports.

#![no_main]

use bks::bill;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(read) = bill::read(bytes, "bill.csv") {
        assert!(!read.lines.is_empty() && read.lines.len() as u64 <= read.rows);
        assert!(read.lines.iter().all(|line| line.from_ns < line.to_ns));
    }
});
