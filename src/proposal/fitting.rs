//! Where the pod templates of a kind are: which parts of its objects have the containers that their pods have.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::templates::{Containers, Fit, Template, templates};
use crate::blobs::Blob;
use crate::store::Object;

/// What the pods of one kind say of its templates.
#[derive(Debug, Default)]
pub(super) struct Fitting {
    /// How many pods fit what is at each path.
    pub paths: BTreeMap<String, u64>,
    /// Pods that fit a template; of these:
    pub fitting: u64,
    /// Pods that fit a template but for the commands of their containers.
    pub other_commands: u64,
    /// Pods that have containers which the template lacks.
    pub more_containers: u64,
    /// Pods that fit at several paths alike.
    pub several: u64,
    /// Pods that fit nothing.
    pub none: u64,
    /// Pods whose content no log shows.
    pub unknown: u64,
    /// Pods whose containers are at a place that no path can name.
    pub unnamed: BTreeMap<String, u64>,
    /// What has containers that fit no pod of the object.
    pub idle: BTreeSet<String>,
    /// Objects that were too large to be looked through.
    pub cut: u64,
}

/// What became of the pods with the same containers.
#[derive(Clone, Debug)]
enum Outcome {
    Fits(Fit, Vec<String>),
    Unnamed(String),
    None,
}

impl Fitting {
    /// Of an object and pods of it.
    pub fn add(&mut self, object: &Object, pods: &[&Object]) {
        let templates = self.templates_of(object);
        let mut known: HashMap<Containers, Outcome> = HashMap::new();
        for pod in pods {
            let Some(containers) = containers(pod) else {
                self.unknown += 1;
                continue;
            };
            let outcome = known.entry(containers).or_insert_with_key(|containers| outcome(&templates, containers));
            let outcome = outcome.clone();
            self.count(outcome);
        }
        let used: Vec<&String> = known.values().flat_map(Outcome::paths).collect();
        for template in templates.iter().filter(|template| !used.contains(&&template.path)) {
            self.idle.insert(template.path.clone());
        }
    }

    /// The paths at which most pods fit, in order.
    pub fn best_paths(&self, most: usize) -> Vec<String> {
        let mut paths: Vec<(&String, u64)> = self.paths.iter().map(|(path, pods)| (path, *pods)).collect();
        paths.sort_by_key(|(_, pods)| std::cmp::Reverse(*pods));
        let mut paths: Vec<String> = paths.into_iter().take(most).map(|(path, _)| path.clone()).collect();
        paths.sort_unstable();
        paths
    }

    /// How many pods were compared, or could not be.
    pub fn pods(&self) -> u64 {
        self.fitting + self.none + self.unknown + self.unnamed.values().sum::<u64>()
    }

    /// Whether pods fit at a path.
    pub fn is_used(&self, path: &str) -> bool {
        self.paths.contains_key(path) || self.unnamed.contains_key(path)
    }

    /// Whether anything about it may be other than it seems.
    pub fn is_doubtful(&self) -> bool {
        let counted = [self.other_commands, self.more_containers, self.several, self.none, self.unknown, self.cut];
        counted.iter().any(|count| *count > 0) || !self.unnamed.is_empty()
    }

    fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Fits(fit, paths) => {
                self.fitting += 1;
                self.other_commands += u64::from(fit == Fit::OtherCommands);
                self.more_containers += u64::from(fit == Fit::More);
                self.several += u64::from(paths.len() > 1);
                paths.into_iter().for_each(|path| *self.paths.entry(path).or_default() += 1);
            }
            Outcome::Unnamed(path) => *self.unnamed.entry(path).or_default() += 1,
            Outcome::None => self.none += 1,
        }
    }

    /// All that the versions of an object hold, each once.
    fn templates_of(&mut self, object: &Object) -> Vec<Template> {
        let mut contents: Vec<&Blob> = object.versions.iter().filter_map(|version| version.content.as_ref()).collect();
        contents.dedup();
        let mut all: Vec<Template> = Vec::new();
        let mut cut = false;
        for content in contents {
            let templates = templates(&content.object());
            cut |= templates.cut;
            all.extend(templates.found);
        }
        self.cut += u64::from(cut);
        all.sort_by(|a, b| (&a.path, &a.containers).cmp(&(&b.path, &b.containers)));
        all.dedup();
        all
    }
}

impl Outcome {
    fn paths(&self) -> impl Iterator<Item = &String> {
        let (many, one) = match self {
            Outcome::Fits(_, paths) => (paths.as_slice(), None),
            Outcome::Unnamed(path) => (&[][..], Some(path)),
            Outcome::None => (&[][..], None),
        };
        many.iter().chain(one)
    }
}

/// The containers of a pod as it was first seen.
fn containers(pod: &Object) -> Option<Containers> {
    let content = pod.versions.iter().find_map(|version| version.content.as_ref())?;
    Containers::of(content.object().get("spec")?.as_object()?)
}

/// The paths of the templates that fit best; of those that no path can name only where there are no others.
fn outcome(templates: &[Template], pod: &Containers) -> Outcome {
    let fits = |addressable: bool| {
        let of_that = templates.iter().filter(move |template| template.addressable == addressable);
        let fits = of_that.filter_map(|template| Some((template.containers.fit(pod)?, template.path.as_str())));
        fits.collect::<Vec<_>>()
    };
    let named = fits(true);
    if let Some(best) = named.iter().map(|(fit, _)| *fit).min() {
        let mut paths: Vec<String> =
            named.iter().filter(|(fit, _)| *fit == best).map(|(_, path)| (*path).to_owned()).collect();
        paths.dedup();
        return Outcome::Fits(best, paths);
    }
    let unnamed = fits(false).into_iter().min();
    unnamed.map_or(Outcome::None, |(_, path)| Outcome::Unnamed(path.to_owned()))
}
