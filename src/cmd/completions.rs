//! `tracer completions`: scripts that have a shell complete commands and options, from the definitions of the help.

use std::io::Write;

use clap_complete::Generator;
use clap_complete::shells;

use crate::cli::{self, CompletionsArgs, Shell};
use crate::output::{Content, Output};

use super::ExitStatus;

/// Runs the command.
pub fn run(args: &CompletionsArgs) -> anyhow::Result<ExitStatus> {
    let mut output = Output::open(None, Content::Text)?;
    output.write_all(&script(args.shell))?;
    output.commit()?;
    Ok(ExitStatus::Success)
}

/// The script for a shell.
pub fn script(shell: Shell) -> Vec<u8> {
    // Into memory first: clap_complete panics where it cannot write.
    match shell {
        Shell::Bash => generate(shells::Bash),
        Shell::Zsh => generate(shells::Zsh),
        Shell::Fish => generate(shells::Fish),
    }
}

fn generate(shell: impl Generator) -> Vec<u8> {
    let mut script = Vec::new();
    let mut command = cli::definition();
    clap_complete::generate(shell, &mut command, "tracer", &mut script);
    script
}
