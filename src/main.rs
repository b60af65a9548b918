//! `backtrail`: parse, run, exit code.

fn main() -> std::process::ExitCode {
    backtrail::cli::main()
}
