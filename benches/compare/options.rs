//! The arguments.

use std::path::{Path, PathBuf};

use clap::Parser;

/// Makes corpora out of the repository's recordings and runs tracer and other programs on them.
#[derive(Debug, Parser)]
#[command(name = "compare")]
pub struct Options {
    /// How large the audit log and the watch log are.
    #[arg(long, default_value = "1GiB", value_parser = size)]
    pub size: u64,
    /// How much of them slow programs get.
    #[arg(long, default_value = "128MiB", value_parser = size)]
    pub slow_size: u64,
    /// How many copies of the cluster there are side by side.
    #[arg(long, default_value_t = 1)]
    pub clusters: u64,
    /// How often each program runs; the medians are shown.
    #[arg(long, default_value_t = 3)]
    pub runs: usize,
    /// Only these corpora (audit, gzip, zstd, rotated, watch, empty, growth, objects) or programs (jq, "tracer -j 2").
    #[arg(long, value_delimiter = ',')]
    pub only: Vec<String>,
    /// Where the corpora are kept.
    #[arg(long, default_value_os_t = default_dir())]
    pub dir: PathBuf,
    /// Replace the table in this file.
    #[arg(long)]
    pub write: Option<PathBuf>,
    /// Ten times the size, and a million objects, too.
    #[arg(long)]
    pub large: bool,
    /// Make the corpora and run nothing.
    #[arg(long)]
    pub make_only: bool,
    /// Run a loop of this program's own over a file, to be measured as a program.
    #[arg(long = "loop", hide = true, num_args = 2, value_names = ["NAME", "FILE"])]
    pub own_loop: Option<Vec<String>>,
    /// What cargo says to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

fn default_dir() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("bench-corpora")
}

/// 1GiB, 256MiB: corpora are named by their mebibytes.
fn size(text: &str) -> Result<u64, String> {
    let (number, unit) = [("GiB", 1 << 30), ("MiB", 1 << 20)]
        .into_iter()
        .find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, bytes)))
        .ok_or("a size is a number of MiB or GiB, as 256MiB")?;
    let number: u64 = number.trim().parse().map_err(|_| "a size begins with a whole number, as 256MiB")?;
    number.checked_mul(unit).filter(|&bytes| bytes > 0).ok_or_else(|| "a size is above 0".to_owned())
}
