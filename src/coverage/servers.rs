//! Which API server wrote which log.
//!
//! Where a carrier names the server, that is it. Files of other logs are told apart by their times, as an event itself does
//! not say who wrote it:
//!
//! 1. Logs that hold copies of one event (equal in id and time) are of one server: a file was copied, or its rotated parts
//!    overlap.
//! 2. Logs of one directory that follow one another are the rotated parts of one server; such that overlap by more than two
//!    seconds are of different ones. Parts of a path that are dates or numbers (`2026/11/23/15`) make no other directory.
//!    A log continues one that it does not overlap with: of its own directory rather than not, of a like name rather than
//!    not, and then the one whose end is nearest.

use std::collections::{BTreeMap, BTreeSet};

use super::links::Links;
use super::logs::{Logs, Origin};
use super::runs::Runs;
use super::silence::{Pace, Span};

/// By so many microseconds the rotated parts of a log may overlap: lines come in the order of answers, but not exactly.
const OVERLAP: i64 = 2_000_000;

/// A server's log is no silent one at its end when another server begins so many microseconds after that, or a little before:
/// it was replaced.
const REPLACED: Span = (-60_000_000, 600_000_000);

/// One API server.
#[derive(Default)]
pub(super) struct Server {
    pub(super) name: String,
    /// Indices of its logs.
    pub(super) logs: Vec<u32>,
    /// Indices of its files.
    pub(super) files: BTreeSet<u32>,
    /// Its events, each once.
    pub(super) events: u64,
    /// The first and last moment of its log.
    pub(super) span: Option<Span>,
    /// The spans in which it should have events and has none.
    pub(super) silences: Vec<Span>,
}

/// Tells the servers of all logs, in the order of their names. `links`: which logs are of one server; `events`: how many each log
/// has, such that more than one of a server's logs has counted once.
pub(super) fn servers(logs: &Logs, links: &mut Links, events: &[u64], paths: &[String]) -> Vec<Server> {
    let mut servers: Vec<Server> = parts(logs, links, paths).into_iter().map(Part::server).collect();
    for server in &mut servers {
        server.events = server.logs.iter().map(|log| events[*log as usize]).sum();
    }
    name_files(&mut servers, paths);
    servers.sort_by(|a, b| a.name.cmp(&b.name));
    find_silences(&mut servers, logs);
    servers
}

/// Logs of one server, as far as is known.
#[derive(Debug, Default)]
struct Part<'a> {
    name: Option<&'a str>,
    logs: Vec<u32>,
    files: BTreeSet<u32>,
    span: Option<Span>,
    /// The path of its first file.
    path: &'a str,
}

impl Part<'_> {
    fn server(self) -> Server {
        Server {
            name: self.name.unwrap_or_default().to_owned(),
            logs: self.logs,
            files: self.files,
            span: self.span,
            ..Server::default()
        }
    }

    /// Takes the log that follows it.
    fn continue_with(&mut self, next: Part<'_>) {
        self.logs.extend(next.logs);
        self.files.extend(next.files);
        self.span = self.span.into_iter().chain(next.span).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    }

    /// How well a log continues this one; `None` when it cannot. The least is the best.
    fn fit(&self, next: &Part<'_>) -> Option<impl Ord + use<>> {
        let ((_, end), (start, _)) = (self.span?, next.span?);
        let elsewhere = directory(self.path) != directory(next.path);
        let other = stem(self.path) != stem(next.path);
        (start >= end.saturating_sub(OVERLAP)).then(|| (elsewhere, other, start.abs_diff(end)))
    }
}

/// Groups logs: those that carriers name or copies link, then those of one directory that follow one another.
fn parts<'a>(logs: &'a Logs, links: &mut Links, paths: &'a [String]) -> Vec<Part<'a>> {
    let mut servers: Vec<Part<'_>> = Vec::new();
    let mut unnamed: BTreeMap<String, Vec<Part<'_>>> = BTreeMap::new();
    for part in linked(logs, links, paths) {
        match part.name {
            Some(_) => servers.push(part),
            None => unnamed.entry(without_dates(directory(part.path))).or_default().push(part),
        }
    }
    for mut parts in unnamed.into_values() {
        parts.sort_by_key(|part| (part.span, part.path));
        let mut chains: Vec<Part<'_>> = Vec::new();
        for part in parts {
            let fits = chains.iter().enumerate().filter_map(|(i, chain)| Some((chain.fit(&part)?, i)));
            match fits.min() {
                Some((_, i)) => chains[i].continue_with(part),
                None => chains.push(part),
            }
        }
        servers.append(&mut chains);
    }
    servers
}

/// Puts together the logs that hold copies of one event.
fn linked<'a>(logs: &'a Logs, links: &mut Links, paths: &'a [String]) -> Vec<Part<'a>> {
    let mut parts: BTreeMap<u32, Part<'_>> = BTreeMap::new();
    for (log, origin) in (0..).zip(&logs.origins) {
        let part = parts.entry(links.head(log)).or_default();
        part.logs.push(log);
        match origin {
            Origin::Named(name) => part.name = part.name.into_iter().chain([&**name]).min(),
            Origin::File(source) => drop(part.files.insert(*source)),
        }
    }
    for (log, source, runs) in &logs.runs {
        let part = parts.entry(links.head(*log)).or_default();
        part.files.insert(*source);
        part.span = part.span.into_iter().chain(runs.span()).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    }
    for part in parts.values_mut() {
        part.path = part.files.iter().map(|file| path(paths, *file)).min().unwrap_or_default();
    }
    parts.into_values().collect()
}

fn path(paths: &[String], source: u32) -> &str {
    paths.get(source as usize).map_or("", String::as_str)
}

fn directory(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// What the names of the rotated parts of one log have in common: what stands before the first dot and before a date.
fn stem(path: &str) -> &str {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    let name = name.split_once('.').map_or(name, |(stem, _)| stem);
    let bytes = name.as_bytes();
    let date = bytes.windows(4).position(|four| four.iter().all(u8::is_ascii_digit));
    date.map_or(name, |at| &name[..at]).trim_end_matches(['-', '_'])
}

/// A directory without the parts that are numbers, dates or times, with a word before them or not: `dt=2026-11-23`.
fn without_dates(directory: &str) -> String {
    let is_date = |part: &str| {
        let value = part.split_once('=').map_or(part, |(_, value)| value);
        value.bytes().any(|b| b.is_ascii_digit()) && value.bytes().all(|b| b.is_ascii_digit() || b"-_.:TZ".contains(&b))
    };
    directory.split('/').filter(|part| !is_date(part)).collect::<Vec<_>>().join("/")
}

/// Names servers that no carrier names by their file, or by their directory, if it holds nothing of another.
fn name_files(servers: &mut [Server], paths: &[String]) {
    let directories =
        |server: &Server| -> BTreeSet<&str> { server.files.iter().map(|file| directory(path(paths, *file))).collect() };
    let mut holds: BTreeMap<&str, usize> = BTreeMap::new();
    for server in &*servers {
        directories(server).into_iter().for_each(|directory| *holds.entry(directory).or_default() += 1);
    }
    for server in servers.iter_mut().filter(|server| server.name.is_empty()) {
        let directories = directories(server);
        let first = directories.first().copied().unwrap_or_default();
        server.name = if server.files.len() > 1 && directories.len() == 1 && !first.is_empty() && holds[first] == 1 {
            first.to_owned()
        } else {
            server.files.iter().map(|file| path(paths, *file)).min().unwrap_or_default().to_owned()
        };
    }
}

/// Looks for spans in which servers should have events and have none: within their logs, and after them while others go on.
fn find_silences(servers: &mut [Server], logs: &Logs) {
    let spans: Vec<Span> = servers.iter().filter_map(|server| server.span).collect();
    let last = spans.iter().map(|(_, last)| *last).max();
    let mut runs: BTreeMap<u32, Vec<&Runs>> = BTreeMap::new();
    for (log, _, run) in &logs.runs {
        runs.entry(*log).or_default().push(run);
    }
    for server in servers {
        let Some(((_, end), last)) = server.span.zip(last) else { continue };
        let files: Vec<&Runs> = server.logs.iter().filter_map(|log| runs.get(log)).flatten().copied().collect();
        let pace = Pace::of(&files, server.events);
        let (before, after) = (end.saturating_add(REPLACED.0), end.saturating_add(REPLACED.1));
        let replaced = spans.iter().any(|(first, _)| (before..=after).contains(first));
        let goes_on = !replaced && pace.is_silence_after((end, last));
        server.silences = pace.silences;
        server.silences.extend(goes_on.then_some((end, last)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::logs::Reading;

    const SECOND: i64 = 1_000_000;

    /// The servers of files with an event each second of a span, as `name: files`, with silences.
    fn told(files: &[(&str, i64, i64)], linked: &[(u32, u32)]) -> Vec<String> {
        let mut reading = Reading::default();
        let paths: Vec<String> = files.iter().map(|(path, ..)| (*path).to_owned()).collect();
        for (source, (_, from, to)) in (0..).zip(files) {
            for second in *from..=*to {
                assert_eq!(reading.take(source, None, Some(second * SECOND)), source);
            }
        }
        let events: Vec<u64> = files.iter().map(|(_, from, to)| (to - from + 1) as u64).collect();
        let mut links = Links::default();
        linked.iter().for_each(|(a, b)| links.join(*a, *b));
        let show = |server: Server| {
            let silences: Vec<String> =
                server.silences.iter().map(|(a, b)| format!(" {}-{}", a / SECOND, b / SECOND)).collect();
            format!("{}: {}{}", server.name, server.files.len(), silences.concat())
        };
        servers(&reading.finish(), &mut links, &events, &paths).into_iter().map(show).collect()
    }

    #[test]
    fn rotated_parts_are_of_one_server_and_overlapping_files_are_not() {
        let a = [("a/audit-2026-11-23T15.log.gz", 0, 200), ("a/audit.log", 199, 400)];
        assert_eq!(told(&a, &[]), ["a: 2"]);
        assert_eq!(told(&[a[0], a[1], ("b/audit.log", 0, 410)], &[]), ["a: 2", "b/audit.log: 1"]);
        assert_eq!(
            told(&[a[0], a[1], ("a/other.log", 0, 410)], &[]),
            ["a/audit-2026-11-23T15.log.gz: 2", "a/other.log: 1"]
        );
        assert_eq!(told(&[("a.log", 0, 200), ("a.log.1", 0, 200)], &[]), ["a.log: 1", "a.log.1: 1"]);
        assert_eq!(told(&[("a.log", 0, 200), ("a.log.1", 0, 200)], &[(0, 1)]), ["a.log: 2"], "a copy");
        assert_eq!(told(&[("<stdin>", 0, 200)], &[]), ["<stdin>: 1"]);
    }

    #[test]
    fn of_two_servers_in_a_directory_each_part_continues_its_own() {
        let files = [
            ("x/m1-audit.log.1", 0, 100),
            ("x/m2-audit.log.1", 0, 200),
            ("x/m1-audit.log", 201, 300),
            ("x/m2-audit.log", 202, 300),
        ];
        assert_eq!(told(&files, &[]), ["x/m1-audit.log: 2 100-201", "x/m2-audit.log: 2"]);
    }

    #[test]
    fn directories_of_dates_are_one() {
        let hours = [("logs/2026/11/23/15/0.json", 0, 200), ("logs/2026/11/23/16/0.json", 201, 400)];
        assert_eq!(told(&hours, &[]), ["logs/2026/11/23/15/0.json: 2"]);
        assert_eq!(without_dates("/logs/dt=2026-11-23/hour=15/node-1"), "/logs/node-1");
        assert_eq!(without_dates("10-0-0-1.internal/2026"), "10-0-0-1.internal");
        assert_eq!(told(&[("n1/audit.log", 0, 200), ("n2/audit.log", 201, 400)], &[]).len(), 2);
    }

    #[test]
    fn stems_are_names_without_dates_and_endings() {
        for (path, expected) in [
            ("a/audit-2026-11-23T15-26-05.525.log.gz", "audit"),
            ("audit.log", "audit"),
            ("x/m1-audit_20261123.log", "m1-audit"),
            ("é2026.log", "é"),
            (".log", ""),
        ] {
            assert_eq!(stem(path), expected, "{path}");
        }
    }

    #[test]
    fn a_server_that_stops_while_others_go_on_is_silent_unless_one_takes_its_place() {
        assert_eq!(told(&[("a/log", 0, 200), ("b/log", 0, 400)], &[]), ["a/log: 1 200-400", "b/log: 1"]);
        assert_eq!(told(&[("a/log", 0, 380), ("b/log", 0, 400)], &[]), ["a/log: 1", "b/log: 1"]);
        let replaced = [("a/log", 0, 200), ("b/log", 0, 900), ("c/log", 250, 900)];
        assert_eq!(told(&replaced, &[]), ["a/log: 1", "b/log: 1", "c/log: 1"]);
    }

    #[test]
    fn names_of_carriers_go_over_files() {
        let mut reading = Reading::default();
        for second in 0..100 {
            for (file, server, log) in [(0, "s1", 0), (0, "s2", 1), (1, "s1", 0)] {
                assert_eq!(reading.take(file, Some(server), Some(second * SECOND)), log);
            }
        }
        let paths = ["x".to_owned(), "y".to_owned()];
        let found = servers(&reading.finish(), &mut Links::default(), &[150, 100], &paths);
        let found: Vec<_> = found.iter().map(|s| (s.name.as_str(), s.files.len(), s.events)).collect();
        assert_eq!(found, [("s1", 2, 150), ("s2", 1, 100)]);
    }
}
