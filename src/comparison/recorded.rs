//! A trace, object by object.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::io::Read;
use std::ops::ControlFlow;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::order::Deed;
use super::{Name, Text, tidy};
use crate::blobs::take_labels;
use crate::filter::{Filters, Subject};
use crate::model::{Gvk, split_api_version};
use crate::trace::{self, Deleted, Event, Lifecycle, Part, ReadError, object_text};

/// One thing that a trace does to an object: its text from then on, or `None` where it is deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub ts: i64,
    pub text: Option<Text>,
}

/// What a trace holds, object by object.
#[derive(Debug, Default)]
pub struct Recorded {
    /// What was tracked.
    pub(super) config: Value,
    /// The seconds of the first and the last event.
    pub(super) span: Option<(i64, i64)>,
    /// How many events there are.
    pub(super) events: u64,
    /// What is done to each object, in order.
    pub(super) objects: BTreeMap<Arc<Name>, Vec<Step>>,
    /// What is done in each second, in order.
    pub(super) deeds: BTreeMap<i64, Vec<Deed>>,
    pub(super) index: BTreeMap<Name, u64>,
    pub(super) lifecycles: BTreeMap<Name, BTreeMap<u64, Vec<Lifecycle>>>,
    /// The objects that pass the filters in one of their states.
    passed: BTreeSet<Arc<Name>>,
}

/// What of a trace is looked at.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// Whether the `status` of objects is compared too.
    pub with_status: bool,
    /// Which objects.
    pub filters: Filters,
    /// Which kinds; `None` for all.
    pub kinds: Option<BTreeSet<Gvk>>,
}

impl View {
    fn keeps(&self, name: &Name, labels: &BTreeMap<String, String>) -> bool {
        let kind = name.gvk.group_kind();
        let subject = Subject { kind: &kind, namespace: &name.namespace, name: &name.name, labels };
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&name.gvk)) && self.filters.keeps(&subject)
    }
}

impl Recorded {
    /// Reads a trace. `max_value` bounds the bytes of one object.
    ///
    /// # Errors
    /// As [`trace::read()`].
    pub fn read(reader: impl Read, max_value: u64, view: &View) -> Result<Self, ReadError> {
        let mut recorded = Recorded::default();
        let _: ControlFlow<Infallible> = trace::read(reader, max_value, |part| {
            match part {
                Part::Config(config) => recorded.config = config,
                Part::Event(event) => recorded.event(event, view),
                Part::Indexed { gvk, name, hash } => drop(recorded.index.insert(named(gvk, &name), hash)),
                Part::Lifecycles { owner: (gvk, name), hash, lifecycles } => {
                    let of_owner = recorded.lifecycles.entry(named(gvk, &name)).or_default();
                    of_owner.entry(hash).or_default().extend(lifecycles);
                }
            }
            ControlFlow::Continue(())
        })?;
        recorded.objects.values_mut().for_each(|steps| deletions_first(steps));
        Ok(recorded)
    }

    fn event(&mut self, event: Event, view: &View) {
        self.events += 1;
        self.span = Some(self.span.map_or((event.ts, event.ts), |(from, to)| (from.min(event.ts), to.max(event.ts))));
        for object in &event.applied {
            let mut object = object.tree();
            let name = name_of(&object);
            if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
                tidy(metadata);
                let labels = take_labels(&mut metadata.clone());
                if view.keeps(&name, &labels) {
                    self.passed.insert(Arc::new(name.clone()));
                }
            }
            if !view.with_status {
                object.remove("status");
            }
            self.step(name, Step { ts: event.ts, text: Some(object_text(&Value::Object(object))) });
        }
        for Deleted { api_version, kind, namespace, name } in event.deleted {
            let name = Name { gvk: gvk(&api_version, &kind), namespace, name };
            self.step(name, Step { ts: event.ts, text: None });
        }
    }

    /// An object that is applied as it is gives no step.
    fn step(&mut self, name: Name, step: Step) {
        let name = match self.objects.get_key_value(&name) {
            Some((known, _)) => Arc::clone(known),
            None => Arc::new(name),
        };
        let steps = self.objects.entry(Arc::clone(&name)).or_default();
        if step.text.is_some() && steps.last().is_some_and(|last| last.text == step.text) {
            return;
        }
        self.deeds.entry(step.ts).or_default().push(Deed { name, applies: step.text.is_some() });
        steps.push(step);
    }

    /// Leaves of two traces what a view keeps: an object is kept in both when it is in one of its states. One that is only
    /// deleted has no labels to be judged by.
    pub(super) fn narrow(a: &mut Recorded, b: &mut Recorded, view: &View) {
        let none = BTreeMap::new();
        let mut kept: BTreeSet<Arc<Name>> = a.passed.union(&b.passed).cloned().collect();
        let is_applied =
            |of: &Recorded, name| of.objects.get(name).is_some_and(|steps| steps.iter().any(|s| s.text.is_some()));
        for name in a.objects.keys().chain(b.objects.keys()) {
            if !is_applied(a, name) && !is_applied(b, name) && view.keeps(name, &none) {
                kept.insert(Arc::clone(name));
            }
        }
        let known: BTreeSet<Arc<Name>> = a.objects.keys().chain(b.objects.keys()).cloned().collect();
        let keeps = |name: &Name| if known.contains(name) { kept.contains(name) } else { view.keeps(name, &none) };
        for trace in [a, b] {
            trace.objects.retain(|name, _| keeps(name));
            trace.index.retain(|name, _| keeps(name));
            trace.lifecycles.retain(|name, _| keeps(name));
            trace.deeds.values_mut().for_each(|deeds| deeds.retain(|deed| keeps(&deed.name)));
        }
    }

    /// How many lifecycles there are.
    pub(super) fn lives(&self) -> u64 {
        self.lifecycles.values().flat_map(BTreeMap::values).map(|lives| lives.len() as u64).sum()
    }
}

/// In one event what is applied comes first: where an object goes and comes again in one second, the deletion of the former
/// one belongs before.
fn deletions_first(steps: &mut [Step]) {
    for i in 1..steps.len().saturating_sub(1) {
        let (before, now, next) = (&steps[i - 1], &steps[i], &steps[i + 1]);
        if now.ts == next.ts && before.text.is_some() && now.text.is_some() && next.text.is_none() {
            steps.swap(i, i + 1);
        }
    }
}

fn name_of(object: &Map<String, Value>) -> Name {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let metadata = |field: &str| text(object.get("metadata").and_then(|metadata| metadata.get(field)));
    let gvk = gvk(&text(object.get("apiVersion")), &text(object.get("kind")));
    Name { gvk, namespace: metadata("namespace"), name: metadata("name") }
}

fn gvk(api_version: &str, kind: &str) -> Gvk {
    let (group, version) = split_api_version(api_version).unwrap_or(("", api_version));
    Gvk::new(group, version, kind)
}

fn named(gvk: Gvk, ns_name: &str) -> Name {
    let (namespace, name) = ns_name.split_once('/').unwrap_or(("", ns_name));
    Name { gvk, namespace: namespace.to_owned(), name: name.to_owned() }
}
