//! Rows to CSV: a header, one fact a row, dots for decimals, units in names, empty for unknown.

use serde::Serialize;

/// Rows as CSV; the header stands even if there are none.
///
/// # Panics
/// Never: rows are flat structs.
#[must_use]
pub fn write<T: Serialize + Default>(rows: &[T]) -> Vec<u8> {
    if rows.is_empty() {
        let mut with_header = write(&[T::default()]);
        let header = with_header.iter().position(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        with_header.truncate(header);
        return with_header;
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).expect("rows are flat structs");
    }
    writer.into_inner().expect("writing to memory does not fail")
}
