//! Requests that create and change objects.

use serde_json::Value;

use super::request::Request;
use crate::decode::object::{GoneTest, Parts};
use crate::decode::observation::{Change, Facts, Part, Patch, Telling, Why};
use crate::decode::{Item, pod};
use crate::json::{self, Raw};
use crate::patch::{Dialect, drop_metadata, is_builtin_group};

impl<'a> Request<'_, 'a> {
    /// The answer is the new object.
    pub fn create(&self) -> Vec<Item> {
        if let Some(response) = self.own_response() {
            return self.observed(response, Change::Created, GoneTest::None);
        }
        if let Some(metadata) = self.metadata_response() {
            let body = self.own_request().map(|parts| self.requested(parts, Change::Created)).unwrap_or_default();
            return answered(body, self.observed_metadata(metadata, Change::Created, GoneTest::None));
        }
        match self.own_request() {
            Some(request) => self.requested(request, Change::Created),
            None => self.bare(Change::Created, Telling::Nothing(Why::NotLogged)),
        }
    }

    /// An object as it was asked for. Its resourceVersion is that of the version before.
    fn requested(&self, parts: &Parts<'a>, change: Change) -> Vec<Item> {
        let mut items = self.observed(parts, change, GoneTest::Terminating);
        for item in &mut items {
            let Item::Observed(observation) = item else { continue };
            observation.telling = Telling::Requested;
            observation.base = observation.resource_version.take();
            if change == Change::Created {
                // What a client writes there the server does not take.
                (observation.uid, observation.created, observation.base) = (None, None, None);
            } else if observation.part == Part::Status && observation.base.is_none() {
                // The server takes no more than the status of it, and nothing proves the rest to be what is there.
                observation.telling = Telling::Patch(Box::new(Patch::nothing()));
            }
        }
        items
    }

    /// A PUT, of the object or of a part of it: the answer is the whole object.
    pub fn update(&self) -> Vec<Item> {
        self.changed(|change, _| match self.own_request() {
            Some(request) => self.requested(request, change),
            None => self.bare(change, Telling::Nothing(Why::NotLogged)),
        })
    }

    /// A PATCH, likewise; with 201 it created the object.
    pub fn patch(&self) -> Vec<Item> {
        self.changed(|change, metadata| match self.event.request {
            Some(request) => match self.own_request().filter(|_| change == Change::Created) {
                Some(parts) => self.requested(parts, change),
                None => self.patched(request, change, metadata),
            },
            None if metadata => Vec::new(),
            None => self.bare(change, Telling::Nothing(Why::NotLogged)),
        })
    }

    /// A change: the object of the answer; else what was `asked` for, with the metadata of the answer, should it have them.
    fn changed(&self, asked: impl FnOnce(Change, bool) -> Vec<Item>) -> Vec<Item> {
        let change = if self.event.code == Some(201) { Change::Created } else { Change::Modified };
        if let Some(response) = self.own_response() {
            return self.observed(response, change, GoneTest::Terminating);
        }
        let metadata = self.metadata_response();
        let metadata =
            metadata.map(|raw| self.observed_metadata(raw, change, GoneTest::Terminating)).unwrap_or_default();
        answered(asked(change, !metadata.is_empty()), metadata)
    }

    /// A patch. `metadata`: the answer has the metadata as the patch left them.
    fn patched(&self, request: Raw<'_>, change: Change, metadata: bool) -> Vec<Item> {
        let Ok(mut value) = serde_json::from_str::<Value>(request.get()) else {
            return self.bare(change, Telling::Nothing(Why::NotLogged));
        };
        let dialect = Dialect::detect(&value, &self.event.uri, &self.target.group);
        if metadata && !drop_metadata(&mut value) {
            return Vec::new();
        }
        // Of a status only its course matters, unless it is wanted as it stands.
        let of_status = self.part() == Part::Status;
        let patch = if of_status && !self.decoder.interest.with_status {
            Patch::nothing()
        } else {
            Patch { text: text_of(request, &value, metadata), dialect, exact: of_status }
        };
        let mut items = self.bare(change, Telling::Patch(Box::new(patch)));
        if let [Item::Observed(observation)] = items.as_mut_slice()
            && self.is_of("", "Pod")
        {
            observation.facts = patched_course(request);
        }
        items
    }

    /// The target is the parent, the body a Scale (autoscaling/v1), whose metadata are the parent's.
    pub fn scale(&self) -> Vec<Item> {
        let replicas = |raw: Raw<'_>| {
            let [spec] = json::fields(raw.get(), &["spec"]).ok()?;
            let [replicas] = json::fields(spec?.get(), &["replicas"]).ok()?;
            json::integer(replicas?)
        };
        let response = self.event.response.filter(|raw| replicas(*raw).is_some());
        let asked = self.event.request.and_then(|raw| replicas(raw).or_else(|| replicas_of_json_patch(raw)));
        let Some(replicas) = response.and_then(replicas).or(asked) else {
            return self.bare(Change::Modified, Telling::Nothing(Why::NotLogged));
        };
        // A custom resource may keep its replicas elsewhere.
        let exact = is_builtin_group(&self.target.group);
        let text = format!(r#"{{"spec":{{"replicas":{replicas}}}}}"#).into_bytes().into();
        let patch = Patch { text, dialect: Dialect::Merge, exact };
        let mut items = self.bare(Change::Modified, Telling::Patch(Box::new(patch)));
        let metadata = response.and_then(|_| self.response()?.metadata());
        let metadata = metadata.and_then(|raw| json::fields(raw.get(), &["uid", "resourceVersion"]).ok());
        if let ([Item::Observed(observation)], Some([uid, version])) = (items.as_mut_slice(), metadata) {
            let text = |raw: Option<Raw<'a>>| raw.and_then(json::string).filter(|text| !text.is_empty());
            observation.resource_version = text(version).and_then(|text| text.parse().ok());
            observation.uid = text(uid).map(|uid| self.decoder.blobs.uid(&uid)).or(observation.uid);
        }
        items
    }

    /// The scheduler binds a pod; the server writes the node's name into its spec, and no other record shows that.
    pub fn binding(&self) -> Vec<Item> {
        let node = self.body().and_then(|body| {
            let [name] = json::fields(body.other("target")?.get(), &["name"]).ok()?;
            json::string(name?)
        });
        let text = match node {
            Some(node) => serde_json::json!({ "spec": { "nodeName": node } }).to_string(),
            None => "{}".to_owned(),
        };
        let patch = Patch { text: text.into_bytes().into(), dialect: Dialect::Merge, exact: true };
        self.bare(Change::Modified, Telling::Patch(Box::new(patch)))
    }
}

/// What was asked for, and the metadata of the object that came of it: they are of one object, and of one version of it.
fn answered(mut asked: Vec<Item>, metadata: Vec<Item>) -> Vec<Item> {
    let [.., Item::Observed(given)] = metadata.as_slice() else { return asked.into_iter().chain(metadata).collect() };
    let mut one = false;
    for item in &mut asked {
        let Item::Observed(body) = item else { continue };
        (body.key, body.uid) = (given.key.clone(), given.uid.or(body.uid));
        if matches!(body.telling, Telling::Requested) && body.change == given.change {
            (body.resource_version, body.created) = (given.resource_version, given.created);
            body.metadata.clone_from(&given.metadata);
            one = true;
        }
    }
    asked.into_iter().chain(metadata.into_iter().filter(|item| !one || !matches!(item, Item::Observed(_)))).collect()
}

impl Patch {
    /// Changes nothing that is kept, and proves that the object is there.
    fn nothing() -> Self {
        Patch { text: (*b"{}").into(), dialect: Dialect::Merge, exact: true }
    }
}

fn text_of(request: Raw<'_>, value: &Value, rewritten: bool) -> Box<[u8]> {
    if rewritten { value.to_string().into_bytes().into() } else { request.get().as_bytes().into() }
}

/// What a patch of a pod's status tells of its course.
fn patched_course(patch: Raw<'_>) -> Facts {
    let [status] = json::fields(patch.get(), &["status"]).unwrap_or_default();
    pod::facts(status.map(|text| (text, None)), None, false).map(Facts::Pod).unwrap_or_default()
}

/// The number that a JSON patch of a Scale asks for.
fn replicas_of_json_patch(patch: Raw<'_>) -> Option<i64> {
    let operations = json::elements(patch).ok()?;
    let mut asked = operations.into_iter().filter_map(|operation| {
        let [path, value] = json::fields(operation.get(), &["path", "value"]).ok()?;
        let path = json::string(path?)?;
        (path == "/spec/replicas").then(|| json::integer(value?)).flatten()
    });
    asked.next_back()
}
