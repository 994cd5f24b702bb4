//! What runs on which file.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use super::corpora::Corpora;
use super::corpus::Corpus;
use super::options::Options;

/// Decompression by the library that tracer uses, and nothing else.
pub const LIBRARY: &str = "its library alone";

/// A program with its arguments, on a file.
pub struct Program {
    /// The name of the corpus.
    pub section: &'static str,
    /// The name in the table.
    pub name: String,
    /// Which part of the corpus it reads, if not all.
    pub part: Option<String>,
    /// Bytes of JSON that it reads.
    pub bytes: u64,
    /// The command; its output goes nowhere.
    pub command: Vec<OsString>,
    /// Where it writes a file.
    pub written: Option<OsString>,
}

/// All programs that are there, on all corpora, as far as `--only` wants them.
pub fn all(corpora: &Corpora, options: &Options) -> anyhow::Result<Vec<Program>> {
    let mut programs = Maker { out: options.dir.join("out.sktrace").into(), programs: Vec::new() };
    programs.audit(corpora);
    programs.archives(corpora);
    programs.watch(corpora);
    programs.tracer("empty", &corpora.empty.path, 0, 2, None);
    if let Some((ten, objects)) = &corpora.large {
        programs.tracer("growth", &ten.path, ten.about.bytes, 2, Some(window(&corpora.audit)));
        programs.tracer("objects", &objects.path, objects.about.bytes, 2, None);
    }
    let mut programs = programs.programs;
    programs.retain(|program| is_wanted(program, &options.only));
    anyhow::ensure!(!programs.is_empty(), "--only {}: there is no such corpus or program", options.only.join(","));
    Ok(programs)
}

fn is_wanted(program: &Program, only: &[String]) -> bool {
    let first = program.name.split(' ').next();
    only.is_empty()
        || only.iter().any(|name| name == program.section || name == &program.name || Some(name.as_str()) == first)
}

/// One length of the recording, in the middle of a corpus.
fn window(corpus: &Corpus) -> (i64, i64) {
    (corpus.about.middle, corpus.about.middle + corpus.about.period)
}

/// Whether a command can be run and says so.
pub fn is_there(command: &[&str]) -> bool {
    let run = Command::new(command[0]).args(&command[1..]).stdin(Stdio::null()).output();
    run.is_ok_and(|output| output.status.success())
}

struct Maker {
    out: OsString,
    programs: Vec<Program>,
}

impl Maker {
    fn audit(&mut self, corpora: &Corpora) {
        let (all, start) = (&corpora.audit, &corpora.audit_start);
        self.tracers("audit", &all.path, all);
        self.tracer("audit", &all.path, all.about.bytes, 2, None);
        self.filters("audit", start, r#"select(.verb=="create")"#);
        let counts = "SELECT verb, objectRef->>'$.resource' AS kind, count(*) FROM \
                      read_ndjson('FILE', columns={verb: 'VARCHAR', objectRef: 'JSON'}) GROUP BY ALL";
        self.duckdb("audit", all, counts);
        self.other("audit", "wc -l", all, &["wc", "-l"], &all.path);
    }

    /// Decompression by the usual program, and by the library that tracer uses.
    fn archives(&mut self, corpora: &Corpora) {
        let all = &corpora.audit;
        for (section, path, program, own) in
            [("gzip", &corpora.gzip, "gzip", "gunzip"), ("zstd", &corpora.zstd, "zstd", "unzstd")]
        {
            self.tracers(section, path, all);
            self.other(section, &format!("{program} -dc"), all, &[program, "-dc"], path);
            self.own_loop(section, LIBRARY, all, own, path);
        }
        self.tracers("rotated", &corpora.rotated, all);
    }

    fn watch(&mut self, corpora: &Corpora) {
        let (all, start) = (&corpora.watch, &corpora.watch_start);
        self.tracers("watch", &all.path, all);
        self.tracer("watch", &all.path, all.about.bytes, 2, None);
        self.own_loop("watch", "DynamicObject loop", start, "dynamic", &start.path);
        self.filters("watch", start, r#"select(.type=="ADDED")"#);
        let counts = "SELECT type, object->>'$.kind' AS kind, count(*) FROM \
                      read_ndjson('FILE', columns={type: 'VARCHAR', object: 'JSON'}) GROUP BY ALL";
        self.duckdb("watch", all, counts);
        self.other("watch", "wc -l", all, &["wc", "-l"], &all.path);
    }

    /// Ours on one thread and on two.
    fn tracers(&mut self, section: &'static str, path: &Path, corpus: &Corpus) {
        for threads in [1, 2] {
            self.tracer(section, path, corpus.about.bytes, threads, Some(window(corpus)));
        }
    }

    fn tracer(&mut self, section: &'static str, path: &Path, bytes: u64, threads: u32, window: Option<(i64, i64)>) {
        let exe: OsString = env!("CARGO_BIN_EXE_tracer").into();
        let mut command: Vec<OsString> = vec![exe, "export".into(), "-q".into(), path.into()];
        command.extend(["--exclude-ns".into(), "kube-system".into(), format!("-j{threads}").into()]);
        // Of nothing the span is unknown.
        let empty = (bytes == 0).then_some((0, 1));
        if let Some((from, to)) = window.or(empty) {
            command.extend(["--from".into(), from.to_string().into(), "--to".into(), to.to_string().into()]);
        }
        command.extend(["-o".into(), self.out.clone()]);
        let part = (window.is_none() && bytes > 0).then(|| "whole log".to_owned());
        let (name, written) = (tracer_name(threads), Some(self.out.clone()));
        self.programs.push(Program { section, name, part, bytes, command, written });
    }

    /// Programs that are a JSON filter each, and slow.
    fn filters(&mut self, section: &'static str, corpus: &Corpus, filter: &str) {
        for program in ["jq", "gojq", "jaq"] {
            self.other(section, program, corpus, &[program, "-c", filter], &corpus.path);
        }
    }

    fn duckdb(&mut self, section: &'static str, corpus: &Corpus, query: &str) {
        let query = format!("SET threads=2; {}", query.replace("FILE", &corpus.path.display().to_string()));
        if is_there(&["duckdb", "--version"]) {
            self.run(section, "duckdb", corpus, vec!["duckdb".into(), "-c".into(), query.into()]);
        } else if is_there(&["python3", "-c", "import duckdb"]) {
            let script = "import duckdb, sys; duckdb.connect().execute(sys.argv[1]).fetchall()";
            self.run(section, "duckdb", corpus, vec!["python3".into(), "-c".into(), script.into(), query.into()]);
        }
    }

    fn other(&mut self, section: &'static str, name: &str, corpus: &Corpus, command: &[&str], path: &Path) {
        if is_there(&[command[0], "--version"]) {
            let command = command.iter().map(OsString::from).chain([path.into()]).collect();
            self.run(section, name, corpus, command);
        }
    }

    fn own_loop(&mut self, section: &'static str, name: &str, corpus: &Corpus, own: &str, path: &Path) {
        let exe = std::env::current_exe().unwrap_or_default();
        let command = vec![exe.into(), "--loop".into(), own.into(), path.into()];
        self.run(section, name, corpus, command);
    }

    fn run(&mut self, section: &'static str, name: &str, corpus: &Corpus, command: Vec<OsString>) {
        let whole = self.programs.iter().find(|program| program.section == section).map(|program| program.bytes);
        let part = (whole != Some(corpus.about.bytes)).then(|| format!("first {} MiB", corpus.about.bytes >> 20));
        let (name, bytes) = (name.to_owned(), corpus.about.bytes);
        self.programs.push(Program { section, name, part, bytes, command, written: None });
    }
}

/// What ours is called in the table.
pub fn tracer_name(threads: u32) -> String {
    format!("tracer -j {threads}")
}
