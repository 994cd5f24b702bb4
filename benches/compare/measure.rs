//! Running programs and watching what they take.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use super::programs::{Program, is_there};

/// What one run took.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    wall: f64,
    cpu: f64,
    /// Bytes.
    memory: u64,
}

/// What a program took: the medians of its runs.
pub struct Row {
    /// Its corpus.
    pub section: &'static str,
    /// Its name.
    pub name: String,
    /// Which part of the corpus it read, if not all.
    pub part: Option<String>,
    /// Bytes of JSON that it read.
    pub bytes: u64,
    /// Seconds that passed.
    pub wall: f64,
    /// Seconds that it computed, in all threads.
    pub cpu: f64,
    /// The most memory that it had resident, in bytes.
    pub memory: u64,
    /// Instructions that it executed, where they can be counted.
    pub instructions: Option<u64>,
    /// Bytes of the file that it wrote.
    pub written: u64,
}

impl Row {
    /// Bytes of JSON a second.
    pub fn speed(&self) -> f64 {
        self.bytes as f64 / self.wall
    }
}

/// Runs all programs so often, each once in every round.
pub fn all(programs: &[Program], rounds: usize, dir: &Path) -> anyhow::Result<Vec<Row>> {
    let mut runs = vec![Vec::new(); programs.len()];
    let mut written = vec![0; programs.len()];
    let watcher = Watcher::new(dir);
    for round in 1..=rounds.max(1) {
        for (at, program) in programs.iter().enumerate() {
            eprintln!("round {round}: {}: {}", program.section, program.name);
            warm(program);
            runs[at].push(watcher.run(&program.command)?);
            written[at] = program.written.as_ref().map_or(0, |path| fs::metadata(path).map_or(0, |file| file.len()));
        }
    }
    let counts = is_there(&["perf", "stat", "-x,", "-e", "instructions:u", "true"]) && counts_instructions(&watcher);
    let rows = programs.iter().zip(runs).zip(written).map(|((program, runs), written)| {
        let ours = program.written.is_some() && program.bytes > 0;
        let instructions = if counts && ours { watcher.instructions(&program.command) } else { None };
        let median = |of: fn(&Run) -> f64| {
            let mut values: Vec<f64> = runs.iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        Row {
            section: program.section,
            name: program.name.clone(),
            part: program.part.clone(),
            bytes: program.bytes,
            wall: median(|run| run.wall),
            cpu: median(|run| run.cpu),
            memory: median(|run| run.memory as f64) as u64,
            instructions,
            written,
        }
    });
    Ok(rows.collect())
}

/// Has the system read what a program is going to.
fn warm(program: &Program) {
    for path in program.command.iter().map(Path::new).filter(|path| path.is_file()) {
        if let Ok(mut file) = fs::File::open(path) {
            drop(std::io::copy(&mut file, &mut std::io::sink()));
        }
    }
}

fn counts_instructions(watcher: &Watcher) -> bool {
    watcher.instructions(&["true".into()]).is_some()
}

/// Something that watches a child.
struct Watcher {
    /// Where what other programs say of it is kept.
    notes: OsString,
    /// Whether GNU time is there.
    timed: bool,
}

impl Watcher {
    fn new(dir: &Path) -> Watcher {
        Watcher { notes: dir.join("notes").into(), timed: is_there(&["/usr/bin/time", "-f", "%U %S %M", "true"]) }
    }

    fn run(&self, command: &[OsString]) -> anyhow::Result<Run> {
        let run = if self.timed { self.run_timed(command)? } else { run_polled(command)? };
        if run.wall > 0.1 {
            return Ok(run);
        }
        // What is so short is measured on its own, and often.
        let mut walls = (0..20).map(|_| wall(command)).collect::<anyhow::Result<Vec<_>>>()?;
        walls.sort_by(f64::total_cmp);
        Ok(Run { wall: walls[walls.len() / 2], ..run })
    }

    /// Under GNU time: a child shows the memory of the one who started it if that is more, and it has little.
    fn run_timed(&self, command: &[OsString]) -> anyhow::Result<Run> {
        let mut timed: Vec<OsString> = ["/usr/bin/time", "-f", "%U %S %M", "-o"].map(OsString::from).to_vec();
        timed.push(self.notes.clone());
        timed.extend_from_slice(command);
        let wall = wall(&timed)?;
        let notes = fs::read_to_string(&self.notes)?;
        let numbers: Vec<f64> = notes.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        let [user, system, kib] = numbers[..] else { anyhow::bail!("time says {notes}") };
        Ok(Run { wall, cpu: user + system, memory: kib as u64 * 1024 })
    }

    fn instructions(&self, command: &[OsString]) -> Option<u64> {
        let mut counted: Vec<OsString> =
            ["perf", "stat", "-x,", "-e", "instructions:u", "-o"].map(OsString::from).to_vec();
        counted.push(self.notes.clone());
        counted.extend_from_slice(command);
        wall(&counted).ok()?;
        let notes = fs::read_to_string(&self.notes).ok()?;
        notes.lines().find(|line| line.contains("instructions"))?.split(',').next()?.parse().ok()
    }
}

fn spawn(command: &[OsString]) -> anyhow::Result<Child> {
    Command::new(&command[0])
        .args(&command[1..])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("{}", command[0].display()))
}

/// How long a command takes.
fn wall(command: &[OsString]) -> anyhow::Result<f64> {
    let started = Instant::now();
    let status = spawn(command)?.wait()?;
    let wall = started.elapsed().as_secs_f64();
    ended_well(command, status)?;
    Ok(wall)
}

fn ended_well(command: &[OsString], status: ExitStatus) -> anyhow::Result<()> {
    let words: Vec<_> = command.iter().map(|word| word.to_string_lossy()).collect();
    ensure!(status.success(), "{}: {status}", words.join(" "));
    Ok(())
}

/// Without GNU time: by what the system shows of the child, looked at again and again.
fn run_polled(command: &[OsString]) -> anyhow::Result<Run> {
    let started = Instant::now();
    let mut child = spawn(command)?;
    let process = format!("/proc/{}", child.id());
    let (mut memory, mut ticks) = (0, 0);
    let status = loop {
        memory = peak(&process).unwrap_or(memory);
        ticks = computed(&process).unwrap_or(ticks);
        match child.try_wait()? {
            Some(status) => break status,
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    let wall = started.elapsed().as_secs_f64();
    ended_well(command, status)?;
    // Linux shows hundredths of a second to everyone.
    Ok(Run { wall, cpu: ticks as f64 / 100.0, memory })
}

/// The most memory that a process had resident.
fn peak(process: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

/// How many ticks a process computed, by itself and in the system.
fn computed(process: &str) -> Option<u64> {
    let stat = fs::read_to_string(format!("{process}/stat")).ok()?;
    // The name before may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}
