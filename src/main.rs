//! The `tracer` binary: reads the arguments, runs the command, reports.

use std::io;
use std::process::ExitCode;

use tracer::cli;
use tracer::cmd::{self, ExitStatus};

#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    run().into()
}

fn run() -> ExitStatus {
    let invocation = match cli::parse(std::env::args_os()) {
        Ok(invocation) => invocation,
        Err(error) => return answer(&error),
    };
    let messages = invocation.messages();
    let command = invocation.name();
    cmd::run(invocation, &messages).unwrap_or_else(|error| cmd::report(&error, command, &messages))
}

/// Prints the help or the version that was asked for, or what is wrong with the arguments.
fn answer(error: &clap::Error) -> ExitStatus {
    let printed = error.print();
    match printed {
        // Of a stderr that cannot be written nobody can be told.
        _ if error.use_stderr() => ExitStatus::Usage,
        Ok(()) => ExitStatus::Success,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitStatus::BrokenPipe,
        Err(_) => ExitStatus::Failure,
    }
}
