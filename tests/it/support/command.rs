//! Runs `bks` as a user would type it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// `bks ARGUMENTS`, to be run in `folder`.
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bks"));
    command.args(arguments).current_dir(folder);
    command
}

/// What `bks ARGUMENTS` did in `folder`; nothing stands on its standard input.
pub(crate) fn bks(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).stdin(Stdio::null()).output().unwrap()
}

/// As [`bks`], with `input` on its standard input.
pub(crate) fn bks_with_input(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = command(folder, arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that does not read its input may be gone before it is written.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// Exit code, standard output and standard error of `bks ARGUMENTS`.
pub(crate) fn code_and_texts(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = bks(folder, arguments);
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// Standard output of `bks ARGUMENTS`, which succeeds.
pub(crate) fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = bks(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// Standard error of `bks ARGUMENTS`, which ends with `code` and prints nothing else.
pub(crate) fn fails(folder: &Path, code: i32, arguments: &[&str]) -> String {
    let output = bks(folder, arguments);
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {message}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    message
}

/// Bytes that a command wrote, which are UTF-8.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
