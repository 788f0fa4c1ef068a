//! Data files of inventories in CSV: the first line names the columns.

#![no_main]

use bks::inventory::csv_file;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (schema, data) = match bytes.iter().position(|byte| *byte == b'\n') {
        Some(end) => (String::from_utf8_lossy(&bytes[..end]).into_owned(), &bytes[end + 1..]),
        None => ("Bucket, Key, Size, LastModifiedDate, EncryptionStatus".to_owned(), bytes),
    };
    let mut items = 0;
    let read = csv_file::read(data, "data.csv", &csv_file::columns(&schema), false, &mut |item| {
        std::hint::black_box(item);
        items += 1;
    });
    assert!(read.map_or(true, |read| read == items));
});
