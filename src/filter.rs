//! What the user wants of the trace: namespaces, label selectors, kinds and names, each to keep or to leave out.
//!
//! A subject is kept when, for every kind of include that was given, one of them fits, and no exclude fits. Namespaces do not
//! apply to cluster-scoped subjects: those have none to be judged by. A filter judges a subject as it is at one moment; what
//! follows from it for its descendants, and for an object whose labels change, is for the caller.

use std::collections::BTreeMap;

use crate::model::GroupKind;

mod glob;
mod kind;
mod near;
mod selector;

pub use glob::{Glob, GlobError};
pub use kind::{KindError, KindPattern, NameError, NamePattern};
pub use near::Near;
pub use selector::{Selector, SelectorError};

/// What a filter looks at of an object.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Group and kind.
    pub kind: &'a GroupKind,
    /// Namespace, empty for a cluster-scoped object.
    pub namespace: &'a str,
    /// Name.
    pub name: &'a str,
    /// Labels at the moment.
    pub labels: &'a BTreeMap<String, String>,
}

/// The filters of a run. An empty list of includes includes everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters {
    /// Keep these namespaces.
    pub namespaces: Vec<Glob>,
    /// Leave out these namespaces.
    pub exclude_namespaces: Vec<Glob>,
    /// Keep what any of these selects.
    pub selectors: Vec<Selector>,
    /// Leave out what any of these selects.
    pub exclude_selectors: Vec<Selector>,
    /// Keep these kinds.
    pub kinds: Vec<KindPattern>,
    /// Leave out these kinds.
    pub exclude_kinds: Vec<KindPattern>,
    /// Keep these names.
    pub names: Vec<NamePattern>,
}

/// Whether one of the patterns fits, or there are none.
fn any_or_none<T>(patterns: &[T], fits: impl Fn(&T) -> bool) -> bool {
    patterns.is_empty() || patterns.iter().any(fits)
}

impl Filters {
    /// Whether the subject passes every include and no exclude.
    pub fn keeps(&self, subject: &Subject<'_>) -> bool {
        self.includes(subject) && !self.excludes(subject)
    }

    /// Whether any of them asks for labels.
    pub fn look_at_labels(&self) -> bool {
        !self.selectors.is_empty() || !self.exclude_selectors.is_empty()
    }

    /// Whether an exclude fits the subject, whatever the includes say.
    pub fn excludes(&self, subject: &Subject<'_>) -> bool {
        let namespaced = !subject.namespace.is_empty();
        namespaced && self.exclude_namespaces.iter().any(|glob| glob.matches(subject.namespace))
            || self.exclude_kinds.iter().any(|kind| kind.matches(subject.kind))
            || self.exclude_selectors.iter().any(|selector| selector.matches(subject.labels))
    }

    /// Whether nothing is filtered.
    pub fn is_empty(&self) -> bool {
        *self == Filters::default()
    }

    fn includes(&self, subject: &Subject<'_>) -> bool {
        let cluster_scoped = subject.namespace.is_empty();
        (cluster_scoped || any_or_none(&self.namespaces, |glob| glob.matches(subject.namespace)))
            && any_or_none(&self.kinds, |kind| kind.matches(subject.kind))
            && any_or_none(&self.names, |name| name.matches(subject.kind, subject.name))
            && any_or_none(&self.selectors, |selector| selector.matches(subject.labels))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all<T: std::str::FromStr<Err: std::fmt::Debug>>(texts: &[&str]) -> Vec<T> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    /// Judges a Deployment by namespace, name and its label `app`.
    fn judge(filters: &Filters, namespace: &str, name: &str, app: &str) -> (bool, bool) {
        let kind = GroupKind::new("apps", "Deployment");
        let labels = BTreeMap::from([("app".to_owned(), app.to_owned())]);
        let subject = Subject { kind: &kind, namespace, name, labels: &labels };
        (filters.keeps(&subject), filters.excludes(&subject))
    }

    #[test]
    fn no_filter_keeps_everything() {
        assert!(Filters::default().is_empty());
        assert_eq!(judge(&Filters::default(), "shop", "web", "web"), (true, false));
    }

    #[test]
    fn includes_of_one_flag_are_alternatives_and_of_several_flags_conditions() {
        let filters = Filters {
            namespaces: all(&["shop", "team-*"]),
            selectors: all(&["app=web", "app=db"]),
            kinds: all(&["deploy", "sts"]),
            names: all(&["web*", "sts/db"]),
            ..Filters::default()
        };
        assert!(!filters.is_empty());
        assert_eq!(judge(&filters, "shop", "web", "web"), (true, false));
        assert_eq!(judge(&filters, "team-a", "web-2", "db"), (true, false));
        assert_eq!(judge(&filters, "other", "web", "web"), (false, false));
        assert_eq!(judge(&filters, "shop", "web", "cache"), (false, false));
        assert_eq!(judge(&filters, "shop", "db", "db"), (false, false));
    }

    #[test]
    fn an_exclude_wins() {
        for filters in [
            Filters { namespaces: all(&["*"]), exclude_namespaces: all(&["kube-*", "shop"]), ..Filters::default() },
            Filters { kinds: all(&["deploy"]), exclude_kinds: all(&["deployments.apps"]), ..Filters::default() },
            Filters { selectors: all(&["app"]), exclude_selectors: all(&["x=y", "app=web"]), ..Filters::default() },
        ] {
            assert_eq!(judge(&filters, "shop", "web", "web"), (false, true), "{filters:?}");
        }
    }

    #[test]
    fn namespaces_do_not_judge_what_has_none() {
        let include = Filters { namespaces: all(&["shop"]), ..Filters::default() };
        assert_eq!(judge(&include, "", "web", "web"), (true, false));
        let exclude = Filters { exclude_namespaces: all(&["*"]), ..Filters::default() };
        assert_eq!(judge(&exclude, "", "web", "web"), (true, false));
    }
}
