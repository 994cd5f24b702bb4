//! Kinds and names as users of kubectl write them: `Deployment`, `deployments`, `deploy`, `deployment.apps`,
//! `apps/v1.Deployment`, `deploy/web`.
//!
//! No cluster can be asked which resources there are, so a kind is matched by its words alone: in any case, in the singular or
//! a plausible plural, in every API group unless one is named. The version, where one is given, does not narrow the match: an
//! object is the same at every version.

use std::fmt;
use std::str::FromStr;

use crate::model::GroupKind;

use super::glob::{Glob, GlobError};

/// kubectl's short names for built-in kinds.
const SHORT_NAMES: [(&str, &str); 19] = [
    ("cj", "cronjob"),
    ("cm", "configmap"),
    ("deploy", "deployment"),
    ("ds", "daemonset"),
    ("ep", "endpoints"),
    ("hpa", "horizontalpodautoscaler"),
    ("ing", "ingress"),
    ("no", "node"),
    ("ns", "namespace"),
    ("pc", "priorityclass"),
    ("pdb", "poddisruptionbudget"),
    ("po", "pod"),
    ("pv", "persistentvolume"),
    ("pvc", "persistentvolumeclaim"),
    ("rc", "replicationcontroller"),
    ("rs", "replicaset"),
    ("sa", "serviceaccount"),
    ("sts", "statefulset"),
    ("svc", "service"),
];

/// A kind to compare others with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindPattern {
    /// In lower case, singular or plural as it was given.
    kind: String,
    /// The API group, empty for the core group; `None` for any.
    group: Option<String>,
}

/// Why a text is no kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a kind; write deployment, deploy, deployment.apps or apps/v1.Deployment")]
pub struct KindError(String);

impl FromStr for KindPattern {
    type Err = KindError;

    fn from_str(text: &str) -> Result<Self, KindError> {
        let text = text.trim();
        split(text)
            .filter(|(kind, group)| is_word(kind) && group.is_none_or(is_group))
            .map(|(kind, group)| KindPattern { kind: long_name(kind), group: group.map(str::to_ascii_lowercase) })
            .ok_or_else(|| KindError(text.to_owned()))
    }
}

/// The kind and the group of a text in any of the forms.
fn split(text: &str) -> Option<(&str, Option<&str>)> {
    if let Some((group, rest)) = text.split_once('/') {
        let (version, kind) = rest.split_once('.')?;
        return is_version(version).then_some((kind, Some(group)));
    }
    match text.split_once('.') {
        None => Some((text, None)),
        Some((version, kind)) if is_version(version) => Some((kind, Some(""))),
        // kubectl's resource.version.group, or resource.group
        Some((kind, rest)) => match rest.split_once('.') {
            Some((version, group)) if is_version(version) => Some((kind, Some(group))),
            _ if is_version(rest) => Some((kind, Some(""))),
            _ if rest.is_empty() => None,
            _ => Some((kind, Some(rest))),
        },
    }
}

/// Whether this looks like `v1` or `v2beta3`: what tells a version from a kind or a group.
fn is_version(text: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.strip_prefix('v').is_some_and(|rest| {
        let (major, minor) = rest.split_once("alpha").or_else(|| rest.split_once("beta")).unwrap_or((rest, "0"));
        number(major) && number(minor)
    })
}

fn is_word(kind: &str) -> bool {
    kind.starts_with(|c: char| c.is_ascii_alphabetic()) && kind.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn is_group(group: &str) -> bool {
    group.is_empty()
        || group.split('.').all(|part| part.starts_with(|c: char| c.is_ascii_alphanumeric()) && is_label(part))
}

fn is_label(part: &str) -> bool {
    part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn long_name(kind: &str) -> String {
    let kind = kind.to_ascii_lowercase();
    match SHORT_NAMES.binary_search_by_key(&kind.as_str(), |(short, _)| short) {
        Ok(at) => SHORT_NAMES[at].1.to_owned(),
        Err(_) => kind,
    }
}

impl KindPattern {
    /// Whether the kind is meant.
    pub fn matches(&self, kind: &GroupKind) -> bool {
        self.fits(&kind.group, &kind.kind)
    }

    /// Whether a resource, by its name, is that of the kind that is meant.
    pub fn fits_resource(&self, group: &str, resource: &str) -> bool {
        self.group.as_ref().is_none_or(|own| own == group) && names(resource, &self.kind)
    }

    /// The word for the kind, in lower case.
    pub fn word(&self) -> &str {
        &self.kind
    }

    /// Whether the kind of this group and name is meant.
    pub fn fits(&self, group: &str, kind: &str) -> bool {
        self.group.as_ref().is_none_or(|own| own == group) && names(&self.kind, kind)
    }
}

/// Whether a word is the kind, or the plural of it, regardless of case.
fn names(word: &str, kind: &str) -> bool {
    let (word, kind) = (word.as_bytes(), kind.as_bytes());
    let is_kind = |stem: &[u8]| stem.eq_ignore_ascii_case(kind);
    let is_kind_in_y = |stem: &[u8]| {
        kind.split_last()
            .is_some_and(|(last, head)| last.eq_ignore_ascii_case(&b'y') && stem.eq_ignore_ascii_case(head))
    };
    is_kind(word)
        || word.strip_suffix(b"s").is_some_and(is_kind)
        || word.strip_suffix(b"es").is_some_and(is_kind)
        || word.strip_suffix(b"ies").is_some_and(is_kind_in_y)
}

impl fmt::Display for KindPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.group {
            None => f.write_str(&self.kind),
            Some(group) if group.is_empty() => write!(f, "v1.{}", self.kind),
            Some(group) => write!(f, "{}.{group}", self.kind),
        }
    }
}

/// Names to compare others with: a name or a glob, of any kind or of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern {
    kind: Option<KindPattern>,
    name: Glob,
}

/// Why a text is no `NAME` or `KIND/NAME`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The part before the slash.
    #[error(transparent)]
    Kind(#[from] KindError),
    /// The name.
    #[error("the name is {0}")]
    Name(#[from] GlobError),
}

impl FromStr for NamePattern {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (kind, name) = match text.rsplit_once('/') {
            Some((kind, name)) => (Some(kind.parse()?), name),
            None => (None, text),
        };
        Ok(NamePattern { kind, name: name.parse()? })
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.iter().try_for_each(|kind| write!(f, "{kind}/"))?;
        write!(f, "{}", self.name)
    }
}

impl NamePattern {
    /// Whether an object of this kind and name is meant.
    pub fn matches(&self, kind: &GroupKind, name: &str) -> bool {
        self.kind.as_ref().is_none_or(|pattern| pattern.matches(kind)) && self.name.matches(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, group: &str, kind: &str) -> bool {
        pattern.parse::<KindPattern>().unwrap().matches(&GroupKind::new(group, kind))
    }

    #[test]
    fn short_names_are_sorted_for_the_search() {
        assert!(SHORT_NAMES.is_sorted());
    }

    #[test]
    fn a_kind_goes_by_many_words() {
        for word in [
            "Deployment",
            "deployment",
            "deployments",
            "DEPLOY",
            "deployments.apps",
            "Deployment.apps",
            "apps/v1.Deployment",
            "deployments.v1.apps",
            "apps/v1beta1.deployments",
            " deploy ",
        ] {
            assert!(matches(word, "apps", "Deployment"), "{word}");
        }
        for (word, group, kind) in [
            ("po", "", "Pod"),
            ("v1.Pod", "", "Pod"),
            ("pods.v1", "", "Pod"),
            ("ing", "networking.k8s.io", "Ingress"),
            ("ingresses", "networking.k8s.io", "Ingress"),
            ("ingresses.networking.k8s.io", "networking.k8s.io", "Ingress"),
            ("networkpolicies", "networking.k8s.io", "NetworkPolicy"),
            ("ep", "", "Endpoints"),
            ("endpoints", "", "Endpoints"),
            ("gangs", "lab.example.dev", "Gang"),
            ("gateways", "gateway.networking.k8s.io", "Gateway"),
            ("lab.example.dev/v1alpha1.Gang", "lab.example.dev", "Gang"),
            ("gang.lab.example.dev", "lab.example.dev", "Gang"),
            ("hpa", "autoscaling", "HorizontalPodAutoscaler"),
        ] {
            assert!(matches(word, group, kind), "{word}");
        }
    }

    #[test]
    fn other_kinds_are_not_meant() {
        for (word, group, kind) in [
            ("deploy", "apps", "DaemonSet"),
            ("deployment.apps", "extensions", "Deployment"),
            ("v1.Service", "serving.knative.dev", "Service"),
            ("pod", "", "PodTemplate"),
            ("job", "batch", "CronJob"),
            ("polices", "", "Policy"),
            ("s", "", "S3"),
        ] {
            assert!(!matches(word, group, kind), "{word}");
        }
    }

    #[test]
    fn what_is_no_kind_is_refused() {
        for bad in [
            "",
            " ",
            ".",
            "a.",
            ".apps",
            "pods/log",
            "apps/Deployment",
            "apps/v1.",
            "apps/v1.a.b",
            "1pod",
            "a b",
            "a..b",
            "*",
        ] {
            assert!(bad.parse::<KindPattern>().is_err(), "{bad}");
        }
    }

    #[test]
    fn names_may_be_of_one_kind() {
        let deployment = GroupKind::new("apps", "Deployment");
        let pod = GroupKind::new("", "Pod");
        let matches = |pattern: &str, kind, name| pattern.parse::<NamePattern>().unwrap().matches(kind, name);
        assert!(matches("web", &pod, "web"));
        assert!(matches("web-*", &pod, "web-0"));
        assert!(matches("deploy/web", &deployment, "web"));
        assert!(matches("apps/v1.Deployment/web", &deployment, "web"));
        assert!(!matches("deploy/web", &pod, "web"));
        assert!(!matches("web", &pod, "web-0"));
        for bad in ["", "deploy/", "/web", "a b/web", "web["] {
            assert!(bad.parse::<NamePattern>().is_err(), "{bad}");
        }
    }
}
