//! The `bks` command: exit code only.

use std::process::ExitCode;

fn main() -> ExitCode {
    bks::cli::main()
}
