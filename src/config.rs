//! Which kinds of objects are tracked, and how: SimKube's tracer config.
//!
//! The same words configure a run (`--config`, YAML) and stand in every trace. SimKube normalises a config whenever it reads
//! one, and a config that breaks its rules makes the whole trace unreadable; so a [`TracerConfig`] is always normalised, and
//! one that SimKube would refuse does not come to be:
//!
//! - a kind that SimKube knows carries exactly the path of its pod template,
//! - any other kind carries at least one path.
//!
//! Only this module knows `serde_yaml`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::model::{GroupKind, Gvk};

mod raw;

use raw::RawConfig;

/// What SimKube knows of the built-in kinds that run pods: the path of the pod template.
const KNOWN: [(&str, &str, &str, &str); 7] = [
    ("", "v1", "Pod", ""),
    ("apps", "v1", "DaemonSet", "/spec/template"),
    ("apps", "v1", "Deployment", "/spec/template"),
    ("apps", "v1", "ReplicaSet", "/spec"),
    ("apps", "v1", "StatefulSet", "/spec/template"),
    ("batch", "v1", "CronJob", "/spec/jobTemplate/spec/template"),
    ("batch", "v1", "Job", "/spec/template"),
];

/// The path of the pod template in a kind that SimKube knows; `None` for other kinds.
pub fn known_pod_template_path(gvk: &Gvk) -> Option<&'static str> {
    let known = KNOWN
        .iter()
        .find(|(group, version, kind, _)| gvk.group == *group && gvk.version == *version && gvk.kind == *kind);
    known.map(|(_, _, _, path)| *path)
}

/// How one kind is tracked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrackedObject {
    /// Where pod templates are in an object of this kind, as JSON pointers in which `*` stands for every element.
    pub pod_spec_template_paths: Vec<String>,
    /// Whether the lifetimes of its pods are recorded under it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub track_lifecycle: bool,
    /// Whether objects of this kind are left out when anything owns them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub skip_owned: bool,
}

/// What is tracked, by GVK; normalised. It serialises as a trace carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TracerConfig {
    #[serde(rename = "trackedObjects")]
    tracked: BTreeMap<Gvk, TrackedObject>,
}

/// A config that was read, and what its author should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedConfig {
    /// The config.
    pub config: TracerConfig,
    /// What SimKube would ignore or warn of, each a sentence that names its place.
    pub warnings: Vec<String>,
}

/// Which rule a config breaks, where, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigProblem {
    /// A kind that SimKube does not know, without paths.
    #[error(
        "{0}: SimKube does not know where its pod templates are; write podSpecTemplatePaths: [\"/spec/…\"] \
         (a kind without pod templates takes a path that leads nowhere, as \"/none\")"
    )]
    MissingPath(Box<Gvk>),
    /// A kind that SimKube knows, with other paths than its own.
    #[error("{gvk}: podSpecTemplatePaths must be [\"{expected}\"] for this kind, or be left out, but is {found:?}")]
    WrongPath {
        /// The kind.
        gvk: Box<Gvk>,
        /// The only path allowed.
        expected: &'static str,
        /// What was written.
        found: Vec<String>,
    },
    /// One kind at two versions: each of its objects would be in the trace twice.
    #[error("{0} and {1} are the same objects at two versions; keep one of the two")]
    TwoVersions(Box<Gvk>, Box<Gvk>),
    /// Two configs to be merged disagree.
    #[error("{gvk} is tracked in two ways, {} and {}", settings(.one), settings(.other))]
    Conflict {
        /// The kind.
        gvk: Box<Gvk>,
        /// How the one config tracks it.
        one: Box<TrackedObject>,
        /// How the other does.
        other: Box<TrackedObject>,
    },
}

/// An entry's settings in one line, for messages.
fn settings(object: &TrackedObject) -> String {
    let TrackedObject { pod_spec_template_paths, track_lifecycle, skip_owned } = object;
    format!("(paths {pod_spec_template_paths:?}, trackLifecycle {track_lifecycle}, skipOwned {skip_owned})")
}

/// Why a config file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It could not be opened.
    #[error("{path}: cannot be opened")]
    Open {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// It is not YAML, or not a tracer config.
    #[error("{path}:{}{message}", .line.map(|line| format!("{line}: ")).unwrap_or_else(|| " ".to_owned()))]
    Yaml {
        /// The file.
        path: String,
        /// The line, where the parser knows one.
        line: Option<usize>,
        /// What is wrong.
        message: String,
    },
    /// It breaks a rule.
    #[error("{path}: {problem}")]
    Rule {
        /// The file.
        path: String,
        /// Which.
        problem: ConfigProblem,
    },
}

impl TracerConfig {
    /// Reads the config file of a user.
    pub fn load(path: &Path) -> Result<LoadedConfig, ConfigError> {
        let file = File::open(path).map_err(|source| ConfigError::Open { path: path.display().to_string(), source })?;
        Self::read(file, path)
    }

    /// Reads a config from YAML (or JSON, which is YAML); the path is for messages.
    pub fn read(reader: impl Read, path: &Path) -> Result<LoadedConfig, ConfigError> {
        let path = path.display();
        let raw: RawConfig = serde_yaml::from_reader(reader).map_err(|error| yaml_error(path.to_string(), &error))?;
        let rule = |problem| ConfigError::Rule { path: path.to_string(), problem };
        let mut loaded = raw.normalise().map_err(rule)?;
        loaded.config.check_versions().map_err(rule)?;
        for warning in &mut loaded.warnings {
            *warning = format!("{path}: {warning}");
        }
        Ok(loaded)
    }

    /// One that tracks nothing.
    pub fn empty() -> Self {
        TracerConfig { tracked: BTreeMap::new() }
    }

    /// How a kind is tracked, at exactly this version.
    pub fn get(&self, gvk: &Gvk) -> Option<&TrackedObject> {
        self.tracked.get(gvk)
    }

    /// All that is tracked, in the order of the GVKs.
    pub fn iter(&self) -> impl Iterator<Item = (&Gvk, &TrackedObject)> {
        self.tracked.iter()
    }

    /// Whether nothing is tracked.
    pub fn is_empty(&self) -> bool {
        self.tracked.is_empty()
    }

    /// At which version a kind is tracked: only bodies at this version can be written.
    pub fn tracked_version(&self, kind: &GroupKind) -> Option<&Gvk> {
        self.tracked.keys().find(|gvk| kind.is(&gvk.group, &gvk.kind))
    }

    /// Where the pod templates of a tracked kind are.
    pub fn pod_template_paths(&self, gvk: &Gvk) -> Option<&[String]> {
        self.get(gvk).map(|object| object.pod_spec_template_paths.as_slice())
    }

    /// Whether the kind is tracked, and pods' lifetimes are recorded under it.
    pub fn tracks_lifecycle(&self, gvk: &Gvk) -> bool {
        self.get(gvk).is_some_and(|object| object.track_lifecycle)
    }

    /// Whether the kind is tracked only where nothing owns it.
    pub fn skips_owned(&self, gvk: &Gvk) -> bool {
        self.get(gvk).is_some_and(|object| object.skip_owned)
    }

    /// This config less one kind.
    #[must_use]
    pub fn without(&self, gvk: &Gvk) -> TracerConfig {
        let mut config = self.clone();
        config.tracked.remove(gvk);
        config
    }

    /// What either config tracks. They must agree on what both track.
    pub fn merge(&self, other: &TracerConfig) -> Result<TracerConfig, ConfigProblem> {
        let mut merged = self.clone();
        for (gvk, object) in &other.tracked {
            match merged.tracked.entry(gvk.clone()) {
                Entry::Vacant(entry) => {
                    entry.insert(object.clone());
                }
                Entry::Occupied(entry) if entry.get() == object => {}
                Entry::Occupied(entry) => {
                    let (one, other) = (Box::new(entry.get().clone()), Box::new(object.clone()));
                    return Err(ConfigProblem::Conflict { gvk: Box::new(gvk.clone()), one, other });
                }
            }
        }
        merged.check_versions()?;
        Ok(merged)
    }

    /// Refuses one kind at two versions. Not a rule of SimKube's, so a trace may hold such a config and still be read.
    pub fn check_versions(&self) -> Result<(), ConfigProblem> {
        let mut seen: BTreeMap<GroupKind, &Gvk> = BTreeMap::new();
        for gvk in self.tracked.keys() {
            if let Some(earlier) = seen.insert(gvk.group_kind(), gvk) {
                return Err(ConfigProblem::TwoVersions(Box::new(earlier.clone()), Box::new(gvk.clone())));
            }
        }
        Ok(())
    }
}

impl Default for TracerConfig {
    /// The roots of workloads.
    ///
    /// Every root that owns pods records their lifetimes: a config that tracked Deployments without would lose the lifetimes
    /// of most pods of a cluster, and a replay would keep them running for ever. ReplicaSets and Pods count only where nothing
    /// owns them. A Job need not say so: one whose CronJob is in the trace is left out for that reason.
    fn default() -> Self {
        let tracked = [
            ("apps", "v1", "Deployment", true, false),
            ("apps", "v1", "StatefulSet", true, false),
            ("apps", "v1", "ReplicaSet", false, true),
            ("batch", "v1", "CronJob", true, false),
            ("batch", "v1", "Job", true, false),
            ("", "v1", "Pod", true, true),
        ];
        let tracked = tracked.into_iter().map(|(group, version, kind, track_lifecycle, skip_owned)| {
            let gvk = Gvk::new(group, version, kind);
            let pod_spec_template_paths = known_pod_template_path(&gvk).map(str::to_owned).into_iter().collect();
            (gvk, TrackedObject { pod_spec_template_paths, track_lifecycle, skip_owned })
        });
        TracerConfig { tracked: tracked.collect() }
    }
}

impl<'de> Deserialize<'de> for TracerConfig {
    /// Reads the config of a trace. What a user should be told of it is of no use here and dropped.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let loaded = RawConfig::deserialize(deserializer)?.normalise().map_err(de::Error::custom)?;
        Ok(loaded.config)
    }
}

/// `path:line: message`, without the parser's own words for the line.
fn yaml_error(path: String, error: &serde_yaml::Error) -> ConfigError {
    let message = error.to_string();
    let Some(place) = error.location() else { return ConfigError::Yaml { path, line: None, message } };
    let message = message.replacen(&format!(" at line {} column {}", place.line(), place.column()), "", 1);
    ConfigError::Yaml { path, line: Some(place.line()), message }
}

#[cfg(test)]
mod tests;
