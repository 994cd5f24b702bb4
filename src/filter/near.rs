//! What somebody may have meant who named what is not there.

use std::collections::BTreeSet;
use std::fmt;

use super::KindPattern;
use crate::model::GroupKind;

/// So many are named at most.
const FEW: usize = 5;
/// So many letters of a word are looked at: a log may hold a million names, and each is compared.
const LONGEST: usize = 64;

/// The words that are nearest to one that is not there. Shown as the end of a message: `there are …`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Near {
    /// With their distances.
    words: BTreeSet<(usize, String)>,
    /// Whether there are others.
    more: bool,
}

impl Near {
    /// The kinds that are nearest to another one, in the singular or the plural.
    pub fn kinds<'a>(wanted: &KindPattern, kinds: impl IntoIterator<Item = &'a GroupKind>) -> Self {
        let wanted = cut(wanted.word());
        let mut near = Near::default();
        for kind in kinds {
            let word = cut(&kind.kind);
            let plural = format!("{word}s");
            near.add(far(&wanted, &word).min(far(&wanted, &plural)), || kind.to_string());
        }
        near
    }

    /// The names that are nearest to another one, each with how it is to be shown.
    pub fn names<'a>(wanted: &str, names: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        let wanted = cut(wanted);
        let mut near = Near::default();
        for (name, shown) in names {
            let name = cut(name);
            // Nothing is nearer than its length tells.
            let least = wanted.chars().count().abs_diff(name.chars().count()).min(held(&wanted));
            let distance = if near.is_beyond(least) { least } else { far(&wanted, &name) };
            near.add(distance, || shown);
        }
        near
    }

    fn is_beyond(&self, distance: usize) -> bool {
        self.words.len() == FEW && self.words.last().is_some_and(|(last, _)| distance > *last)
    }

    fn add(&mut self, distance: usize, shown: impl FnOnce() -> String) {
        if self.is_beyond(distance) {
            self.more = true;
            return;
        }
        self.words.insert((distance, shown()));
        if self.words.len() > FEW {
            self.words.pop_last();
            self.more = true;
        }
    }
}

impl fmt::Display for Near {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.words.iter().map(|(_, word)| word.as_str()).collect();
        match words.as_slice() {
            [] => f.write_str("there is none at all"),
            [only] => write!(f, "there is {only}"),
            words if self.more => write!(f, "the nearest are {}", words.join(", ")),
            words => write!(f, "there are {}", words.join(", ")),
        }
    }
}

/// What is compared of a word: without regard to case, and not all of a long one.
fn cut(word: &str) -> String {
    word.chars().take(LONGEST).flat_map(char::to_lowercase).collect()
}

/// How many letters are to be changed, added, left out or swapped with the next; few where one word holds the other, as the
/// name of a pod does that of its owner.
fn far(wanted: &str, word: &str) -> usize {
    let distance = strsim::osa_distance(wanted, word);
    if wanted.len() > 2 && word.contains(wanted) { distance.min(held(wanted)) } else { distance }
}

/// The distance at most to what holds a word.
fn held(wanted: &str) -> usize {
    2 + wanted.len() / 4
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(wanted: &str, kinds: &[&str]) -> String {
        let kinds: Vec<GroupKind> = kinds
            .iter()
            .map(|kind| {
                kind.split_once('.').map_or(GroupKind::new("", *kind), |(kind, group)| GroupKind::new(group, kind))
            })
            .collect();
        Near::kinds(&wanted.parse().unwrap(), &kinds).to_string()
    }

    fn names(wanted: &str, names: &[&str]) -> String {
        Near::names(wanted, names.iter().map(|name| (*name, (*name).to_owned()))).to_string()
    }

    #[test]
    fn the_nearest_come_first_and_few_are_named() {
        let some = ["Pod", "Deployment.apps", "Job.batch", "CronJob.batch", "Node", "Service", "Secret"];
        let near = |wanted| kinds(wanted, &some);
        assert!(near("deploymnet").starts_with("the nearest are Deployment.apps, "), "{}", near("deploymnet"));
        assert_eq!(near("jobz"), "the nearest are Job.batch, Node, Pod, CronJob.batch, Secret");
        assert_eq!(near("secretes.x"), "the nearest are Secret, Service, Node, CronJob.batch, Job.batch");
        assert_eq!(kinds("gizmo", &["Pod", "Job.batch"]), "there are Job.batch, Pod");
        assert_eq!((kinds("x", &["Pod"]).as_str(), kinds("x", &[]).as_str()), ("there is Pod", "there is none at all"));
    }

    #[test]
    fn what_holds_a_name_is_near_and_each_is_named_once() {
        assert_eq!(names("web", &["db", "web-7d8c-x", "wab", "wab"]), "there are wab, db, web-7d8c-x");
        assert_eq!(names("wbe", &["web", "x", "y"]), "there are web, x, y");
        let many = ["a", "b", "c", "shop-web-7d8c-x", "d", "e", "WEB-"];
        assert_eq!(names("web-", &many), "the nearest are WEB-, b, e, shop-web-7d8c-x, a");
    }

    #[test]
    fn long_words_are_cut() {
        let long = "é".repeat(1_000_000);
        assert_eq!(names(&long, &[&long[..200], "x"]), format!("there are {}, x", &long[..200]));
    }
}
