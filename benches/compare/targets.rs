//! What was promised, and whether it is kept.

use super::measure::Row;
use super::objects::ALIVE;
use super::programs::{LIBRARY, tracer_name};

const MIB: f64 = (1 << 20) as f64;

/// A promise.
pub struct Target {
    /// What is promised, of what.
    pub what: &'static str,
    /// The number that is promised, as words.
    pub promised: String,
    /// The number that is hoped for.
    pub hoped: &'static str,
    /// What was measured, if it was.
    pub reached: Option<String>,
    /// Whether that is enough.
    pub met: Option<bool>,
}

/// All of them.
pub fn all(rows: &[Row]) -> Vec<Target> {
    let rows = Rows(rows);
    let mut targets = vec![
        rows.at_least("audit log: × jq", "80", "150", rows.times("audit", "jq")),
        rows.at_least("audit log: × duckdb", "5", "", rows.times("audit", "duckdb")),
        rows.at_least("one gzip file: % of gzip -dc", "85", "95", rows.per_cent("gzip", "gzip -dc")),
        rows.at_least("one gzip file: % of its library alone", "85", "95", rows.per_cent("gzip", LIBRARY)),
        rows.at_least("one zstd file: % of zstd -dc", "85", "95", rows.per_cent("zstd", "zstd -dc")),
        rows.at_least("one zstd file: % of its library alone", "85", "95", rows.per_cent("zstd", LIBRARY)),
        rows.at_least("8 rotated gzip files: × one worker", "1.7", "1.9", rows.workers("rotated")),
        rows.at_least("watch log: × jq", "40", "", rows.times("watch", "jq")),
        rows.at_least("watch log: × DynamicObject loop", "10", "", rows.times("watch", "DynamicObject loop")),
        rows.at_most("start-up, empty input: ms", "10", "3", rows.ours("empty").map(|row| row.wall * 1000.0)),
    ];
    targets.extend(rows.growth());
    targets.extend(rows.objects());
    targets
}

struct Rows<'a>(&'a [Row]);

impl Rows<'_> {
    fn row(&self, section: &str, name: &str) -> Option<&Row> {
        self.0.iter().find(|row| row.section == section && row.name == name)
    }

    /// Ours on two threads, in a window where there is one.
    fn ours(&self, section: &str) -> Option<&Row> {
        self.row(section, &tracer_name(2))
    }

    fn times(&self, section: &str, other: &str) -> Option<f64> {
        Some(self.ours(section)?.speed() / self.row(section, other)?.speed())
    }

    fn per_cent(&self, section: &str, other: &str) -> Option<f64> {
        Some(100.0 * self.times(section, other)?)
    }

    fn workers(&self, section: &str) -> Option<f64> {
        Some(self.ours(section)?.speed() / self.row(section, &tracer_name(1))?.speed())
    }

    /// Ten times the log, with the same cluster and the same window, against the log.
    fn growth(&self) -> Vec<Target> {
        let both = self.ours("growth").zip(self.ours("audit"));
        let memory = both.map(|(ten, one)| 100.0 * (ten.memory as f64 / one.memory as f64 - 1.0));
        let time = both.map(|(ten, one)| one.speed() / ten.speed());
        vec![
            Target {
                what: "10 × the log: peak memory, % more",
                promised: "within ± 10".to_owned(),
                hoped: "",
                reached: memory.map(|more| format!("{more:+.1}")),
                met: memory.map(|more| more.abs() <= 10.0),
            },
            self.at_most("10 × the log: time a byte, × (linear: 1)", "1.1", "", time),
        ]
    }

    /// 64 MiB and one and a half times the state that is alive, as it was recorded, and the events that are written. By the trace
    /// alone, which holds both again, it would be less than the objects take that it is made from.
    fn objects(&self) -> Vec<Target> {
        let ours = self.ours("objects");
        let used = ours.map(|row| row.memory as f64 / MIB);
        let limit = |bytes: f64| 64.0 + 1.5 * bytes / MIB;
        let target = |what, limit: Option<f64>| Target {
            what,
            promised: limit.map_or(String::new(), |limit| format!("≤ {limit:.0}")),
            hoped: "",
            reached: used.map(|used| format!("{used:.0}")),
            met: used.zip(limit).map(|(used, limit)| used <= limit),
        };
        let written = ours.map(|row| row.written as f64);
        let alive = ours.map(|row| row.bytes as f64 * ALIVE);
        vec![
            target(
                "a million objects: peak memory, MiB (64 + 1.5 × alive and written)",
                alive.zip(written).map(|(alive, written)| limit(alive + written)),
            ),
            target("a million objects: peak memory, MiB (64 + 1.5 × the trace written)", written.map(limit)),
        ]
    }

    fn at_least(&self, what: &'static str, least: &str, hoped: &'static str, reached: Option<f64>) -> Target {
        let met = reached.zip(least.parse().ok()).map(|(reached, least): (f64, f64)| reached >= least);
        Target { what, promised: format!("≥ {least}"), hoped, reached: reached.map(number), met }
    }

    fn at_most(&self, what: &'static str, most: &str, hoped: &'static str, reached: Option<f64>) -> Target {
        let met = reached.zip(most.parse().ok()).map(|(reached, most): (f64, f64)| reached <= most);
        Target { what, promised: format!("≤ {most}"), hoped, reached: reached.map(number), met }
    }
}

/// With as many digits as say something.
pub fn number(value: f64) -> String {
    if value >= 100.0 {
        format!("{value:.0}")
    } else if value >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}
