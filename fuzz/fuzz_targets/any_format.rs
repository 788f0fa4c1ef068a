//! Files of any format, plain or compressed.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| bks_fuzz::read(bytes, None));
