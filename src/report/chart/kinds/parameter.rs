//! Parameters along which a break-even was sought, and the levels of the other assumptions meanwhile.

use crate::report::numbers::{duration, grouped, significant};

/// Levels of the other assumptions, and what they are called.
pub(super) const OTHERS: [(&str, &str); 3] = [
    ("low", "others at their worst ends"),
    ("assumed", "others as assumed"),
    ("high", "others at their best ends"),
];

/// A value of a parameter as people read it; `unit` as the file has it.
pub(super) fn value(unit: &str, value: f64) -> String {
    match unit {
        "s" => duration(value),
        "per_s" => format!("{}/s", significant(value)),
        "percent" => format!("{} %", significant(value)),
        _ if value.fract() == 0.0 && value >= 0.0 => grouped(value as u64),
        _ => significant(value),
    }
}
