//! Data files of inventories in Parquet.

#![no_main]

use bks::inventory::parquet_file;
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = parquet_file::read(Bytes::copy_from_slice(bytes), "data.parquet", true, &mut |item| {
        std::hint::black_box(item);
    });
});
