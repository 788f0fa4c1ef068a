//! Where the crate `parquet` runs over bytes that anyone may have written.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use parquet::errors::ParquetError;

use crate::error::{Error, Result};

thread_local! {
    /// Whether a panic of this thread is caught, and so is reported as an error.
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Does `decode`; an error of it, or a panic, is the file's.
///
/// A panic over broken bytes is none of this program's: nothing of what it would print is.
pub(super) fn of<T>(decode: impl FnOnce() -> std::result::Result<T, ParquetError>) -> Result<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !CAUGHT.get() {
                print(info);
            }
        }));
    });
    let outer = CAUGHT.replace(true);
    // What is left half done is dropped with the error.
    let done = panic::catch_unwind(AssertUnwindSafe(decode));
    CAUGHT.set(outer);
    match done {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Error::request(format!(
            "the Parquet file cannot be read: {}",
            printable(&error.to_string())
        ))),
        Err(_) => Err(Error::request("the Parquet file cannot be read: its data is broken")
            .hint("download it again, or write it again")),
    }
}

/// The beginning of an error's text, without controls: it may quote the file.
fn printable(text: &str) -> String {
    const MOST: usize = 200;
    text.chars().take(MOST).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_and_errors_are_the_files() {
        let error = of::<()>(|| panic!("index out of bounds")).unwrap_err();
        assert!(error.to_string().contains("its data is broken"), "{error}");
        assert_eq!(error.exit_code(), 2);
        let error = of::<()>(|| Err(ParquetError::General("a\u{1b}b".to_owned()))).unwrap_err();
        assert!(error.to_string().contains("a b"), "{error}");
        assert_eq!(of(|| Ok(5)).unwrap(), 5);
        assert!(!CAUGHT.get());
    }
}
