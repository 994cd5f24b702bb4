//! The tables, and where they are written to.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use super::measure::Row;
use super::programs::{is_there, tracer_name};
use super::targets::{Target, number};

const BEGIN: &str = "<!-- compare: begin -->";
const END: &str = "<!-- compare: end -->";

/// Everything that was found out, as Markdown.
pub fn markdown(corpora: &str, rows: &[Row], targets: &[Target], rounds: usize) -> String {
    let mut text = format!("Medians of {rounds} runs, on\n\n{}{corpora}\n", machine());
    text += "| corpus | program | GB/s | s | CPU s | peak MiB | tracer is × as fast | instructions/byte |\n";
    text += "|---|---|--:|--:|--:|--:|--:|--:|\n";
    rows.iter().for_each(|row| text += &line(row, rows));
    text += "\n| target | at least or at most | stretch | reached | met |\n|---|--:|--:|--:|---|\n";
    for target in targets {
        let met = target.met.map_or("not measured", |met| if met { "yes" } else { "**no**" });
        let reached = target.reached.as_deref().unwrap_or_default();
        text += &format!("| {} | {} | {} | {reached} | {met} |\n", target.what, target.promised, target.hoped);
    }
    text
}

fn line(row: &Row, rows: &[Row]) -> String {
    let name = row.part.as_ref().map_or(row.name.clone(), |part| format!("{} ({part})", row.name));
    let best = rows.iter().find(|other| other.section == row.section && other.name == tracer_name(2));
    let speed = if row.bytes > 0 { number(row.speed() / 1e9) } else { String::new() };
    let times = best.filter(|_| row.bytes > 0).map_or(String::new(), |best| number(best.speed() / row.speed()));
    let instructions = row.instructions.map_or(String::new(), |count| number(count as f64 / row.bytes as f64));
    let memory = row.memory as f64 / (1 << 20) as f64;
    format!(
        "| {} | {name} | {speed} | {:.3} | {:.2} | {memory:.1} | {times} | {instructions} |\n",
        row.section, row.wall, row.cpu
    )
}

/// What it ran on, and which programs.
fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let model = model.trim_start_matches([' ', '\t', ':']);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = memory.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let versions = [
        said_by(&["rustc", "--version"]),
        said_by(&["jq", "--version"]),
        said_by(&["gojq", "--version"]),
        said_by(&["jaq", "--version"]),
        said_by(&["gzip", "--version"]),
        said_by(&["zstd", "--version"]),
        said_by(&["duckdb", "--version"]).map(|version| format!("duckdb {version}")),
        said_by(&["python3", "-c", "import duckdb; print('duckdb', duckdb.__version__, 'of Python')"]),
    ];
    let versions: Vec<_> = versions.into_iter().flatten().collect();
    let kernel = kernel.trim();
    format!(
        "- {model}, {cores} cores, {} GiB, Linux {kernel}, files in the page cache\n- {}\n",
        kib.div_ceil(1 << 20),
        versions.join(", ")
    )
}

fn said_by(command: &[&str]) -> Option<String> {
    let output = is_there(command).then(|| Command::new(command[0]).args(&command[1..]).output())?.ok()?;
    String::from_utf8_lossy(&output.stdout).lines().next().map(|line| line.trim_matches(['*', ' ']).to_owned())
}

/// Replaces what stands between the markers of a file.
pub fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    let old = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let parts = old.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) = parts.with_context(|| format!("{}: no lines {BEGIN} and {END}", path.display()))?;
    fs::write(path, format!("{before}{BEGIN}\n{text}{END}{after}")).with_context(|| path.display().to_string())
}
