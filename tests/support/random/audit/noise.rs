//! What a server logs that changes nothing.

use serde_json::{Value, json};

use super::super::Write;
use super::clerk::{Ask, Clerk, at, partial, success};

impl Clerk<'_> {
    /// Logs something that may happen around a change.
    pub fn noise(&mut self, write: &Write) {
        for _ in 0..self.dice.roll(3) {
            // An answer may come late, when what it shows is no more.
            let answered = write.at + 40 + i64::from(self.dice.roll(200)) * 9_000;
            let (noise, ask) = self.something(write);
            self.log(write.at + 20, answered, noise, ask);
            self.records.last_mut().unwrap().read |= !noise;
        }
    }

    fn something(&mut self, write: &Write) -> (bool, Ask) {
        let body = &write.body;
        let other = self.another(body);
        match self.dice.roll(14) {
            1 => (
                true,
                Ask {
                    named: false,
                    ..Ask::new("list", &json!({"kind": body["kind"], "apiVersion": body["apiVersion"]}))
                }
                .of(self.list(body)),
            ),
            2 => (true, Ask { named: false, query: "?watch=true", ..Ask::new("watch", body) }),
            3 => (true, Ask::new("update", &lease()).says(lease(), lease())),
            4 => {
                let changed = with_other_content(body);
                (true, Ask { code: 409, ..Ask::new("update", body) }.says(changed, failure(409)))
            }
            5 => (true, Ask { code: 404, ..Ask::new("delete", &other) }.says(Value::Null, failure(404))),
            6 => {
                let changed = with_other_content(body);
                let query = "?dryRun=All&fieldManager=kubectl";
                (true, Ask { query, ..Ask::new("patch", body) }.says(json!({"spec": changed["spec"]}), changed))
            }
            7 => {
                let options = json!({"apiVersion": "meta.k8s.io/v1", "kind": "DeleteOptions", "dryRun": ["All"]});
                (true, Ask::new("delete", body).says(options, success(Some(body))))
            }
            8 => (
                true,
                Ask { code: 201, named: false, query: "?dryRun=All", ..Ask::new("create", &other) }
                    .says(other.clone(), other),
            ),
            9 => (
                true,
                Ask { code: 201, named: false, ..Ask::new("create", &event(body, write.at)) }
                    .says(event(body, write.at), event(body, write.at)),
            ),
            10 => (
                true,
                Ask { code: 409, named: false, ..Ask::new("create", body) }
                    .says(with_other_content(body), failure(409)),
            ),
            11 => (true, Ask { code: 500, ..Ask::new("delete", body) }.says(Value::Null, failure(500))),
            12 if !write.gone => (true, Ask::new("get", body).of(partial(body))),
            // A write that changes nothing is answered with what is there.
            13 if !write.gone => (false, Ask::new("update", body).says(body.clone(), body.clone())),
            _ if !write.gone => (true, Ask::new("get", body).of(body.clone())),
            _ => (true, Ask { code: 404, ..Ask::new("get", body) }.of(failure(404))),
        }
    }

    /// What is there of a kind.
    fn list(&self, body: &Value) -> Value {
        let of_kind = self.there.values().filter(|other| other["kind"] == body["kind"]).cloned();
        let without_types = of_kind.map(|mut item| {
            let members = item.as_object_mut().unwrap();
            ["kind", "apiVersion"].iter().for_each(|member| drop(members.remove(*member)));
            item
        });
        let items: Vec<Value> = without_types.collect();
        let kind = format!("{}List", body["kind"].as_str().unwrap());
        json!({"kind": kind, "apiVersion": body["apiVersion"], "metadata": {"resourceVersion": body["metadata"]["resourceVersion"]}, "items": items})
    }

    /// An object that never was.
    fn another(&self, body: &Value) -> Value {
        let mut other = with_other_content(body);
        other["metadata"]["name"] = "never".into();
        other["metadata"]["uid"] = "never".into();
        other
    }
}

impl Ask {
    /// A read: it has an answer alone.
    fn of(self, response: Value) -> Self {
        Ask { response, ..self }
    }
}

fn with_other_content(body: &Value) -> Value {
    let mut other = body.clone();
    for content in ["spec", "data"] {
        if let Some(Value::Object(members)) = other.get_mut(content) {
            members.insert("never".to_owned(), "so".into());
        }
    }
    other
}

fn failure(code: u16) -> Value {
    json!({"apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure", "message": "no", "code": code})
}

fn lease() -> Value {
    json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"namespace": "kube-system", "name": "a", "uid": "lease"},
        "spec": {"renewTime": "2026-01-01T00:00:00.000000Z"},
    })
}

fn event(body: &Value, then: i64) -> Value {
    let name = format!("{}.{then:x}", body["metadata"]["name"].as_str().unwrap());
    let metadata = json!({"namespace": "one", "name": name, "uid": name, "creationTimestamp": at(then)});
    json!({"apiVersion": "v1", "kind": "Event", "metadata": metadata, "reason": "Scheduled", "count": 1})
}
