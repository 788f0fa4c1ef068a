//! Lines of IBM COS traces.

#![no_main]

use bks::logs::LogFormat;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| bks_fuzz::read(bytes, Some(LogFormat::IbmCos)));
