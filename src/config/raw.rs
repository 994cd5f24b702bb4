//! A config as it is written, deprecated field and all, and the way from there to a normalised one.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::model::Gvk;

use super::{ConfigProblem, LoadedConfig, TracerConfig, TrackedObject, known_pod_template_path};

/// A config before any rule was looked at.
pub(super) struct RawConfig {
    tracked: Entries,
    /// Keys beside `trackedObjects`, which SimKube ignores.
    unknown: Vec<String>,
}

/// The entries of `trackedObjects`; a key that stands twice is refused, where SimKube would silently take the last one.
struct Entries(BTreeMap<Gvk, RawObject>);

/// One entry. SimKube refuses unknown fields here, and so does this.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawObject {
    pod_spec_template_path: Option<String>,
    pod_spec_template_paths: Option<Vec<String>>,
    #[serde(default)]
    track_lifecycle: bool,
    #[serde(default)]
    skip_owned: bool,
}

impl RawConfig {
    /// Applies SimKube's rules.
    pub(super) fn normalise(self) -> Result<LoadedConfig, ConfigProblem> {
        let mut warnings: Vec<String> =
            self.unknown.into_iter().map(|key| format!("`{key}` is no part of a tracer config and ignored")).collect();
        let mut tracked = BTreeMap::new();
        for (gvk, raw) in self.tracked.0 {
            let object = raw.normalise(&gvk, &mut warnings)?;
            tracked.insert(gvk, object);
        }
        Ok(LoadedConfig { config: TracerConfig { tracked }, warnings })
    }
}

impl RawObject {
    fn normalise(self, gvk: &Gvk, warnings: &mut Vec<String>) -> Result<TrackedObject, ConfigProblem> {
        let mut paths = self.pod_spec_template_paths.unwrap_or_default();
        if let Some(path) = self.pod_spec_template_path {
            let deprecated = format!("{gvk}: podSpecTemplatePath is deprecated");
            if paths.is_empty() {
                warnings.push(format!("{deprecated}; write podSpecTemplatePaths: [{path:?}]"));
                paths.push(path);
            } else {
                warnings.push(format!("{deprecated}, and ignored beside podSpecTemplatePaths; remove it"));
            }
        }
        match known_pod_template_path(gvk) {
            None if paths.is_empty() => return Err(ConfigProblem::MissingPath(Box::new(gvk.clone()))),
            Some(expected) if paths.is_empty() => paths.push(expected.to_owned()),
            Some(expected) if paths != [expected] => {
                return Err(ConfigProblem::WrongPath { gvk: Box::new(gvk.clone()), expected, found: paths });
            }
            _ => {}
        }
        let no_pointer = paths.iter().filter(|path| !path.is_empty() && !path.starts_with('/'));
        warnings.extend(no_pointer.map(|path| format!("{gvk}: {path:?} begins without a slash and so leads nowhere")));
        Ok(TrackedObject {
            pod_spec_template_paths: paths,
            track_lifecycle: self.track_lifecycle,
            skip_owned: self.skip_owned,
        })
    }
}

impl<'de> Deserialize<'de> for RawConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ConfigVisitor;
        impl<'de> Visitor<'de> for ConfigVisitor {
            type Value = RawConfig;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a tracer config: a map with the key trackedObjects")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawConfig, A::Error> {
                let mut tracked = None;
                let mut unknown = Vec::new();
                while let Some(key) = map.next_key::<String>()? {
                    if key != "trackedObjects" {
                        map.next_value::<IgnoredAny>()?;
                        unknown.push(key);
                    } else if tracked.replace(map.next_value::<Entries>()?).is_some() {
                        return Err(de::Error::duplicate_field("trackedObjects"));
                    }
                }
                let tracked = tracked.ok_or_else(|| de::Error::missing_field("trackedObjects"))?;
                Ok(RawConfig { tracked, unknown })
            }
        }
        deserializer.deserialize_map(ConfigVisitor)
    }
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;
        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map from group/version.Kind to how it is tracked")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = BTreeMap::new();
                while let Some(gvk) = map.next_key::<Gvk>()? {
                    match entries.entry(gvk) {
                        Entry::Vacant(entry) => entry.insert(map.next_value::<RawObject>()?),
                        Entry::Occupied(entry) => {
                            return Err(de::Error::custom(format_args!("{} is listed twice", entry.key())));
                        }
                    };
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(EntriesVisitor)
    }
}
