//! Folders of results: every file that is asked for has the same bytes.

#![no_main]

use bks::results::Results;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let _ = Results::read(&|_| Ok(text.clone().into_owned()));
});
