//! Which kinds are meant, of those that the logs have.

use std::collections::BTreeSet;

use anyhow::bail;

use crate::cli::{Asked, AskedKind};
use crate::filter::Near;
use crate::model::{GroupKind, ObjectKey};

/// What is to be shown: kinds, in the order in which they were asked for, each once.
pub(super) struct Selection {
    asked: Vec<AskedKind>,
    kinds: Vec<GroupKind>,
}

impl Selection {
    /// What is meant, where the logs tell of these kinds.
    ///
    /// # Errors
    /// A kind that none has.
    pub fn of(asked: &Asked, known: &BTreeSet<GroupKind>) -> anyhow::Result<Self> {
        let mut kinds: Vec<GroupKind> = Vec::new();
        for one in &asked.kinds {
            let mut fitting = known.iter().filter(|kind| one.kind.matches(kind)).peekable();
            if fitting.peek().is_none() && !one.of_category {
                bail!(missing(one, known));
            }
            for kind in fitting {
                if !kinds.contains(kind) {
                    kinds.push(kind.clone());
                }
            }
        }
        Ok(Selection { asked: asked.kinds.clone(), kinds })
    }

    /// The kinds.
    pub fn kinds(&self) -> impl Iterator<Item = &GroupKind> {
        self.kinds.iter()
    }

    /// Whether an object is meant.
    pub fn wants(&self, key: &ObjectKey) -> bool {
        let named = |one: &AskedKind| one.name.as_ref().is_none_or(|name| name.matches(&key.name));
        self.asked.iter().any(|one| one.kind.matches(&key.kind) && named(one))
    }

    /// What it is called.
    pub fn words(&self) -> String {
        let words: Vec<String> = self.kinds.iter().map(|kind| kind.kind.clone()).collect();
        if words.is_empty() { "object".to_owned() } else { words.join(" or ") }
    }
}

fn missing(asked: &AskedKind, known: &BTreeSet<GroupKind>) -> String {
    if known.is_empty() {
        return "no record of the input tells of an object".to_owned();
    }
    format!("no log tells of a kind `{}`; {}", asked.kind, Near::kinds(&asked.kind, known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_come_in_the_order_of_the_question_and_each_once() {
        let known: BTreeSet<GroupKind> =
            [("", "Pod"), ("apps", "Deployment"), ("networking.k8s.io", "Ingress"), ("extensions", "Ingress")]
                .map(|(group, kind)| GroupKind::new(group, kind))
                .into();
        let kinds = |text: &str| {
            let selection = Selection::of(&text.parse().unwrap(), &known);
            selection.map(|selection| selection.kinds().map(GroupKind::to_string).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(kinds("deploy,po,pods/x").unwrap(), "Deployment.apps Pod");
        assert_eq!(kinds("ing,po").unwrap(), "Ingress.extensions Ingress.networking.k8s.io Pod");
        assert_eq!(kinds("all").unwrap(), "Pod Deployment.apps");
        let error = kinds("deploymnt").unwrap_err().to_string();
        assert!(error.starts_with("no log tells of a kind `deploymnt`; there are Deployment.apps, "), "{error}");
    }
}
