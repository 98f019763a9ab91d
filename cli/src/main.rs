//! The binary `mailferry`.

use std::process::ExitCode;

fn main() -> ExitCode {
    mailferry_cli::run(std::env::args_os())
}
