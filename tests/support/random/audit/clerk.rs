//! What a server logs of a change.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::{Write, time};
use super::{Dice, Record, Style};

/// A request and its answer.
pub(super) struct Ask {
    pub verb: &'static str,
    pub code: u16,
    pub subresource: &'static str,
    pub query: &'static str,
    pub user: &'static str,
    /// The object that it is about: its kind, namespace and name.
    pub about: Value,
    /// Whether the path names the object.
    pub named: bool,
    pub request: Value,
    pub response: Value,
}

impl Ask {
    pub fn new(verb: &'static str, about: &Value) -> Self {
        let (code, user) = (200, "system:serviceaccount:kube-system:controller");
        let (request, response) = (Value::Null, Value::Null);
        Ask { verb, code, subresource: "", query: "", user, about: about.clone(), named: true, request, response }
    }

    pub fn says(self, request: Value, response: Value) -> Self {
        Ask { request, response, ..self }
    }
}

/// Writes the log.
pub(super) struct Clerk<'a> {
    style: &'a Style,
    pub dice: Dice<'a>,
    pub records: Vec<Record>,
    /// What is there, by uid.
    pub there: BTreeMap<String, Value>,
}

impl<'a> Clerk<'a> {
    pub fn new(style: &'a Style, dice: Dice<'a>) -> Self {
        Clerk { style, dice, records: Vec::new(), there: BTreeMap::new() }
    }

    /// Logs a request by when it came in and when it was answered.
    pub fn log(&mut self, received: i64, at: i64, noise: bool, ask: Ask) {
        let server = self.dice.roll(self.style.servers);
        let read = matches!(ask.verb, "get" | "list");
        let event = self.event(ask);
        if self.style.noisy && self.dice.roll(2) == 1 {
            let mut early = event.clone();
            early.insert(
                "stage".to_owned(),
                ["RequestReceived", "ResponseStarted"][usize::from(self.dice.roll(2))].into(),
            );
            ["responseObject", "responseStatus"].iter().for_each(|member| drop(early.remove(*member)));
            self.records.push(Record { server, at: received, received, noise: true, read: false, event: early });
        }
        self.records.push(Record { server, at, received, noise, read, event });
    }

    fn event(&self, ask: Ask) -> Map<String, Value> {
        let Ask { verb, code, subresource, query, user, about, named, request, response } = ask;
        let text = |pointer: &str| about.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let api_version = text("/apiVersion");
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
        let resource = format!("{}s", text("/kind").to_lowercase());
        let mut uri = if group.is_empty() { "/api/v1".to_owned() } else { format!("/apis/{api_version}") };
        if !namespace.is_empty() {
            uri += &format!("/namespaces/{namespace}");
        }
        uri += &format!("/{resource}");
        let mut reference = json!({"resource": resource, "apiVersion": version});
        for (member, value) in [("apiGroup", group), ("namespace", namespace), ("subresource", subresource)] {
            if !value.is_empty() {
                reference[member] = value.into();
            }
        }
        if named {
            uri += &format!("/{name}");
        }
        // The server completes the reference from the request's object.
        let of_request = |member: &str| request["metadata"][member].as_str().filter(|_| verb != "patch");
        if let Some(name) = Some(name).filter(|_| named).or(of_request("name")) {
            reference["name"] = name.into();
        }
        for member in ["uid", "resourceVersion"] {
            if let Some(value) = of_request(member) {
                reference[member] = value.into();
            }
        }
        if !subresource.is_empty() {
            uri += &format!("/{subresource}");
        }
        let mut status = json!({"metadata": {}, "code": code});
        if response["kind"] == "Status" {
            status = response.clone();
        }
        let event = json!({
            "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse",
            "auditID": format!("id-{}", self.records.len()), "stage": "ResponseComplete", "requestURI": uri + query,
            "verb": verb, "user": {"username": user}, "objectRef": reference, "responseStatus": status,
        });
        let Value::Object(mut event) = event else { unreachable!() };
        for (member, body) in [("requestObject", request), ("responseObject", response)] {
            if !body.is_null() {
                event.insert(member.to_owned(), body);
            }
        }
        event
    }

    /// Logs a change.
    pub fn write(&mut self, write: &Write) {
        let Write { at, gone, before, body } = write;
        let uid = body["metadata"]["uid"].as_str().unwrap().to_owned();
        let ask = match before {
            None => self.creation(body),
            Some(before) if *gone => self.removal(before, body),
            Some(before) => self.change(before, body),
        };
        let took = 300 + 1_500 * i64::from(self.dice.roll(3));
        self.log(at - took, *at, false, ask);
        self.there.insert(uid.clone(), body.clone());
        if *gone {
            self.there.remove(&uid);
        }
    }

    fn creation(&mut self, body: &Value) -> Ask {
        let mut asked = as_asked(body);
        let generated = body["metadata"].get("generateName").is_some();
        if generated {
            asked["metadata"].as_object_mut().unwrap().remove("name");
        }
        if self.dice.roll(4) == 3 && !generated {
            // `kubectl apply --server-side` of what is not there yet.
            let query = "?fieldManager=kubectl&force=true";
            return Ask { code: 201, query, ..Ask::new("patch", body) }.says(asked, body.clone());
        }
        // What the server adds to a pod that is asked for is not of this world.
        let answer = if body["kind"] != "Pod" && self.dice.roll(8) == 7 { partial(body) } else { body.clone() };
        Ask { code: 201, named: false, ..Ask::new("create", body) }.says(asked, answer)
    }

    fn change(&mut self, before: &Value, body: &Value) -> Ask {
        let differs = |pointer: &str| before.pointer(pointer) != body.pointer(pointer);
        let only = |pointer: &str| differs(pointer) && same_but_for(before, body, pointer);
        if differs("/metadata/deletionTimestamp") {
            return self.deletion(body);
        }
        if only("/spec/nodeName") {
            let target = json!({"kind": "Node", "name": body["spec"]["nodeName"]});
            let mut request = json!({"apiVersion": "v1", "kind": "Binding", "metadata": {"name": body["metadata"]["name"]}, "target": target});
            if self.dice.roll(2) == 0 {
                request["metadata"]["uid"] = body["metadata"]["uid"].clone();
            }
            return Ask { code: 201, subresource: "binding", ..Ask::new("create", body) }.says(request, success(None));
        }
        if only("/spec/replicas") && self.dice.roll(2) == 1 {
            return self.scale(before, body);
        }
        let subresource = if only("/status") { "status" } else { "" };
        let choice = self.dice.roll(4);
        let ask = match choice {
            0 => Ask::new("update", body).says(asked_of(before, body), body.clone()),
            1 if subresource.is_empty() => Ask::new("patch", body).says(json_patch(before, body), body.clone()),
            2 if subresource.is_empty() => {
                let query = "?fieldManager=kubectl&force=true";
                Ask { query, ..Ask::new("patch", body) }.says(as_asked(body), body.clone())
            }
            _ => Ask::new("patch", body).says(merge_patch(before, body), body.clone()),
        };
        Ask { subresource, ..ask }
    }

    fn scale(&mut self, before: &Value, body: &Value) -> Ask {
        let scale = |of: &Value| {
            let mut metadata = json!({});
            for member in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
                metadata[member] = of["metadata"][member].clone();
            }
            json!({"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata, "spec": {"replicas": body["spec"]["replicas"]}})
        };
        let ask = match self.dice.roll(3) {
            0 => Ask::new("update", body).says(scale(before), scale(body)),
            1 => Ask::new("patch", body).says(json!({"spec": {"replicas": body["spec"]["replicas"]}}), scale(body)),
            _ => {
                let step = json!({"op": "replace", "path": "/spec/replicas", "value": body["spec"]["replicas"]});
                Ask::new("patch", body).says(json!([step]), scale(body))
            }
        };
        Ask { subresource: "scale", ..ask }
    }

    /// The deletion begins, or its grace is over and a finalizer holds it.
    fn deletion(&mut self, body: &Value) -> Ask {
        let is_pod = body["kind"] == "Pod";
        let options = |grace: &Value| {
            json!({
                "apiVersion": "meta.k8s.io/v1", "kind": "DeleteOptions", "gracePeriodSeconds": grace,
                "preconditions": {"uid": body["metadata"]["uid"]},
            })
        };
        let grace = &body["metadata"]["deletionGracePeriodSeconds"];
        match self.dice.roll(4) {
            1 => Ask::new("delete", body).says(options(grace), partial(body)),
            2 if is_pod && *grace != 0 => {
                let eviction = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": body["metadata"]["name"]}});
                Ask { code: 201, subresource: "eviction", ..Ask::new("create", body) }.says(eviction, success(None))
            }
            3 => Ask::new("delete", body).says(Value::Null, body.clone()),
            _ => Ask::new("delete", body).says(options(grace), body.clone()),
        }
    }

    /// The object goes away.
    fn removal(&mut self, before: &Value, gone: &Value) -> Ask {
        let mut last = before.clone();
        let metadata = last["metadata"].as_object_mut().unwrap();
        if metadata.contains_key("finalizers") {
            // Taking away the last finalizer removes it; the answer has the version that was there.
            metadata.remove("finalizers");
            return match self.dice.roll(3) {
                0 => Ask::new("patch", before).says(json!({"metadata": {"finalizers": null}}), last),
                1 => Ask::new("patch", before).says(json!([{"op": "remove", "path": "/metadata/finalizers"}]), last),
                _ => Ask::new("update", before).says(last.clone(), last),
            };
        }
        let uid = before["metadata"]["uid"].clone();
        let options = json!({
            "apiVersion": "meta.k8s.io/v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0, "preconditions": {"uid": uid},
        });
        if before["kind"] == "Pod" {
            metadata.insert("deletionTimestamp".to_owned(), gone["metadata"]["deletionTimestamp"].clone());
            metadata.insert("deletionGracePeriodSeconds".to_owned(), 0.into());
            if self.dice.roll(2) == 1 {
                metadata.insert("resourceVersion".to_owned(), gone["metadata"]["resourceVersion"].clone());
            }
            let answer = if self.dice.roll(4) == 3 { partial(&last) } else { last };
            let user =
                ["system:node:node-0", "system:serviceaccount:kube-system:collector"][usize::from(self.dice.roll(2))];
            return Ask { user, ..Ask::new("delete", before) }.says(options, answer);
        }
        let answer = match self.dice.roll(4) {
            2 => last,
            3 => partial(&last),
            _ => success(Some(before)),
        };
        Ask::new("delete", before).says(if self.dice.roll(2) == 1 { Value::Null } else { options }, answer)
    }
}

/// What a client sends that wants the object so: without what the server sets.
fn as_asked(body: &Value) -> Value {
    let mut asked = body.clone();
    asked.as_object_mut().unwrap().remove("status");
    let metadata = asked["metadata"].as_object_mut().unwrap();
    for member in ["uid", "resourceVersion", "creationTimestamp", "managedFields"] {
        metadata.remove(member);
    }
    asked
}

/// What a client sends that has read the object before.
fn asked_of(before: &Value, body: &Value) -> Value {
    let mut asked = body.clone();
    asked["metadata"]["resourceVersion"] = before["metadata"]["resourceVersion"].clone();
    asked["metadata"]["managedFields"] = before["metadata"]["managedFields"].clone();
    asked
}

pub(super) fn partial(body: &Value) -> Value {
    json!({"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": body["metadata"]})
}

pub(super) fn success(removed: Option<&Value>) -> Value {
    let mut status = json!({"apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Success", "code": 201});
    if let Some(body) = removed {
        let resource = format!("{}s", body["kind"].as_str().unwrap().to_lowercase());
        status["code"] = 200.into();
        status["details"] = json!({"name": body["metadata"]["name"], "kind": resource, "uid": body["metadata"]["uid"]});
    }
    status
}

/// Whether two versions of an object differ nowhere else, but for what the server sets.
fn same_but_for(before: &Value, body: &Value, pointer: &str) -> bool {
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    let [before, body] = [before, body].map(|object| {
        let mut object = object.clone();
        for member in ["resourceVersion", "managedFields"] {
            object["metadata"].as_object_mut().unwrap().remove(member);
        }
        object.pointer_mut(parent).and_then(Value::as_object_mut).map(|parent| parent.remove(member));
        object
    });
    before == body
}

/// The members that a client writes, with what they were and are.
fn changed(before: &Value, body: &Value) -> Vec<(String, Option<Value>, Option<Value>)> {
    let places = ["/metadata/labels", "/metadata/ownerReferences", "/metadata/finalizers", "/spec", "/data", "/status"];
    let both = places.map(|place| (place.to_owned(), before.pointer(place).cloned(), body.pointer(place).cloned()));
    both.into_iter().filter(|(_, before, body)| before != body).collect()
}

fn json_patch(before: &Value, body: &Value) -> Value {
    let step = |(path, _, value): (String, _, Option<Value>)| match value {
        Some(value) => json!({"op": "add", "path": path, "value": value}),
        None => json!({"op": "remove", "path": path}),
    };
    changed(before, body).into_iter().map(step).collect()
}

fn merge_patch(before: &Value, body: &Value) -> Value {
    let mut patch = json!({});
    for (path, before, body) in changed(before, body) {
        let member = path.rsplit('/').next().unwrap();
        let parent = if path.starts_with("/metadata") { &mut patch["metadata"] } else { &mut patch };
        parent[member] = match (member, before, body) {
            // By its merge key, as the garbage collector does.
            ("ownerReferences", Some(before), None) => json!([{"$patch": "delete", "uid": before[0]["uid"]}]),
            (_, before, body) => difference(before.unwrap_or_default(), body.unwrap_or_default()),
        };
    }
    patch
}

/// RFC 7386, made from both ends.
fn difference(before: Value, body: Value) -> Value {
    match (before, body) {
        (Value::Object(before), Value::Object(body)) => {
            let gone = before.keys().filter(|key| !body.contains_key(*key)).map(|key| (key.clone(), Value::Null));
            let there = body.iter().filter(|(key, value)| before.get(*key) != Some(value));
            let there = there.map(|(key, value)| {
                (key.clone(), difference(before.get(key).cloned().unwrap_or_default(), value.clone()))
            });
            Value::Object(gone.chain(there).collect())
        }
        (_, body) => body,
    }
}

/// A time of a second's end, for what is not of the world.
pub(super) fn at(micros: i64) -> Value {
    time(micros).into()
}
