//! What the fuzz targets share. `cargo +nightly fuzz run TARGET`, from the project's folder; seeds
//! lie in `tests/fixtures`.

use bks::logs::LogFormat;
use bks::logs::bad_lines::BadLines;
use bks::logs::log::Log;

/// Reads a log to its end, whatever it is: each line is handed on or counted as bad.
pub fn read(bytes: &[u8], format: Option<LogFormat>) {
    let mut bad = BadLines::default();
    let mut entries = 0;
    let Ok(Some(log)) = Log::open(bytes, Some(bytes.len() as u64), format) else { return };
    let read = log.entries("log", &mut bad, |entry| {
        entries += 1;
        std::hint::black_box(&entry);
        Ok(())
    });
    assert_eq!(bad.lines, entries + bad.bad);
    drop(read);
}
