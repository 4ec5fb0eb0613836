//! The `switchtower` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    switchtower_cli::main()
}
