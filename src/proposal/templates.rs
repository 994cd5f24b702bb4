//! Pod templates inside of objects of any kind, and the containers by which they are known.

use serde_json::{Map, Value};

/// Nothing deeper is looked at; API servers take no deeper object either.
const DEEPEST: usize = 64;
/// So many values of an object are looked at.
const MOST_VALUES: usize = 100_000;
/// So many templates of an object.
const MOST_TEMPLATES: usize = 1_000;

/// The containers of a pod, or of a template, sorted: what admission and controllers leave as it was.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Containers(Vec<Container>);

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Container {
    name: String,
    image: String,
    /// `command` and `args`, as JSON.
    command: String,
}

/// How well a template fits a pod; the best is the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// The containers are the same.
    Same,
    /// They are, but for commands and arguments.
    OtherCommands,
    /// The pod has more of them: something adds containers to pods.
    More,
}

impl Containers {
    /// Of a `PodSpec`; `None` where it has none that have names.
    pub fn of(spec: &Map<String, Value>) -> Option<Self> {
        let containers = spec.get("containers")?.as_array()?;
        let mut containers = containers.iter().map(Container::of).collect::<Option<Vec<_>>>()?;
        containers.sort_unstable();
        (!containers.is_empty()).then_some(Containers(containers))
    }

    /// Whether this template fits a pod.
    pub fn fit(&self, pod: &Containers) -> Option<Fit> {
        let same = |a: &Container, b: &Container| a.name == b.name && a.image == b.image;
        if self == pod {
            return Some(Fit::Same);
        }
        let all = self.0.iter().all(|container| pod.0.iter().any(|other| same(container, other)));
        match self.0.len().cmp(&pod.0.len()) {
            std::cmp::Ordering::Equal if all => Some(Fit::OtherCommands),
            std::cmp::Ordering::Less if all => Some(Fit::More),
            _ => None,
        }
    }
}

impl Container {
    fn of(value: &Value) -> Option<Self> {
        let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let list = |name: &str| value.get(name).filter(|list| list.as_array().is_some_and(|list| !list.is_empty()));
        let (name, image) = (text("name"), text("image"));
        let command = [list("command"), list("args")].map(|list| list.map(Value::to_string).unwrap_or_default());
        (!name.is_empty()).then(|| Container { name, image, command: command.join("\n") })
    }
}

/// What looks like a pod template in an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    /// Where it is: a JSON pointer in which `*` stands for every element.
    pub path: String,
    /// Whether SimKube's words can name the place.
    pub addressable: bool,
    /// Its containers.
    pub containers: Containers,
}

/// All that an object holds.
#[derive(Debug, Default)]
pub(super) struct Templates {
    pub found: Vec<Template>,
    /// Whether the object is too large to be looked through.
    pub cut: bool,
}

/// Finds what has containers: `spec.containers` is a template, as SimKube knows them; `containers` without a `spec` around them
/// is one that it cannot name.
pub(super) fn templates(content: &Map<String, Value>) -> Templates {
    let mut templates = Templates::default();
    let mut open: Vec<Visit<'_>> = vec![Visit { members: content, path: String::new(), addressable: true, depth: 0 }];
    let mut left = MOST_VALUES;
    while let Some(visit) = open.pop() {
        if templates.found.len() >= MOST_TEMPLATES {
            templates.cut = true;
            break;
        }
        templates.found.extend(visit.template());
        // The first member is visited first.
        let start = open.len();
        visit.inner(&mut open, &mut left);
        open[start..].reverse();
        templates.cut |= left == 0;
    }
    templates
}

/// An object inside of one.
struct Visit<'a> {
    members: &'a Map<String, Value>,
    path: String,
    addressable: bool,
    depth: usize,
}

impl<'a> Visit<'a> {
    fn template(&self) -> Option<Template> {
        let spec = self.members.get("spec").and_then(Value::as_object);
        if let Some(containers) = spec.and_then(Containers::of) {
            return Some(Template { path: self.path.clone(), addressable: self.addressable, containers });
        }
        // What is called spec was seen from outside.
        let inside = self.path.ends_with("/spec");
        let containers = Containers::of(self.members).filter(|_| !inside)?;
        Some(Template { path: self.path.clone(), addressable: false, containers })
    }

    fn inner(&self, open: &mut Vec<Visit<'a>>, left: &mut usize) {
        let mut values: Vec<(&'a Value, String, bool, usize)> = self
            .members
            .iter()
            .take(*left)
            .map(|(name, value)| (value, format!("{}/{}", self.path, escaped(name)), name != "*", self.depth + 1))
            .collect();
        values.reverse();
        while let Some((value, path, addressable, depth)) = values.pop() {
            if *left == 0 || depth > DEEPEST {
                return;
            }
            *left -= 1;
            let addressable = addressable && self.addressable;
            match value {
                Value::Object(members) => open.push(Visit { members, path, addressable, depth }),
                Value::Array(elements) => {
                    let path = format!("{path}/*");
                    values.extend(
                        elements.iter().take(*left).rev().map(|one| (one, path.clone(), addressable, depth + 1)),
                    );
                }
                _ => {}
            }
        }
    }
}

/// A name as a part of a JSON pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Whether a path leads anywhere in an object.
pub(super) fn leads(content: &Map<String, Value>, path: &str) -> bool {
    let mut parts = path.split('/').skip(1);
    let Some(first) = parts.next() else { return true };
    let name = |part: &str| part.replace("~1", "/").replace("~0", "~");
    let mut values: Vec<&Value> = content.get(&name(first)).into_iter().collect();
    for part in parts {
        values = match part {
            "*" => values.iter().filter_map(|value| value.as_array()).flatten().collect(),
            part => values.iter().filter_map(|value| value.get(name(part))).collect(),
        };
    }
    !values.is_empty()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn containers(spec: Value) -> Option<Containers> {
        Containers::of(spec.as_object().unwrap())
    }

    fn one(image: &str) -> Value {
        json!({"containers": [{"name": "main", "image": image}]})
    }

    fn found(content: &Value) -> Vec<(String, bool)> {
        let templates = templates(content.as_object().unwrap());
        templates.found.into_iter().map(|template| (template.path, template.addressable)).collect()
    }

    #[test]
    fn templates_are_found_wherever_they_are() {
        let roles = json!([{"template": {"spec": one("a:1")}}, {"template": {"spec": one("b:1")}}, {"other": 1}]);
        for (content, expected) in [
            (json!({"spec": {"template": {"spec": one("a:1")}}}), vec![("/spec/template", true)]),
            (json!({"spec": one("a:1")}), vec![("", true)]),
            (json!({"spec": {"roles": roles}}), vec![("/spec/roles/*/template", true); 2]),
            (json!({"spec": {"podSpec": one("a:1")}}), vec![("/spec/podSpec", false)]),
            (json!({"spec": {"a/b~": {"spec": one("a:1")}}}), vec![("/spec/a~1b~0", true)]),
            (json!({"spec": {"*": {"spec": one("a:1")}}}), vec![("/spec/*", false)]),
            (json!({"spec": {"lists": [[{"spec": one("a:1")}]]}}), vec![("/spec/lists/*/*", true)]),
            (json!({"spec": {"containers": []}, "data": {"containers": "x"}}), vec![]),
            (json!({"spec": {"containers": [{"image": "without-a-name"}]}}), vec![]),
        ] {
            let expected: Vec<(String, bool)> = expected.into_iter().map(|(path, ok)| (path.to_owned(), ok)).collect();
            assert_eq!(found(&content), expected, "{content}");
            for (path, _) in expected.iter().filter(|(path, _)| path != "/spec/*") {
                assert!(leads(content.as_object().unwrap(), path), "{path}");
            }
        }
        assert!(!leads(json!({"spec": {"roles": []}}).as_object().unwrap(), "/spec/roles/*/template"));
    }

    #[test]
    fn the_walk_is_bounded() {
        let wide = json!({"spec": {"list": vec![json!({}); MOST_VALUES + 1]}});
        assert!(templates(wide.as_object().unwrap()).cut);
        let many = json!({"spec": {"list": vec![json!({"spec": one("a")}); MOST_TEMPLATES + 1]}});
        let many = templates(many.as_object().unwrap());
        assert!(many.cut && many.found.len() == MOST_TEMPLATES);
        let deep = (0..1_000).fold(json!({"spec": one("a")}), |inner, _| json!({"a": inner}));
        assert!(found(&deep).is_empty());
    }

    #[test]
    fn containers_decide_whether_a_template_fits() {
        let template = containers(json!({"containers": [
            {"name": "b", "image": "b:1", "args": ["-x"]}, {"name": "a", "image": "a:1"}]}))
        .unwrap();
        let fit = |spec: Value| containers(spec).and_then(|pod| template.fit(&pod));
        let (a, b) = (json!({"name": "a", "image": "a:1", "ports": [1]}), json!({"name": "b", "image": "b:1"}));
        let b_args = json!({"name": "b", "image": "b:1", "args": ["-x"], "command": []});
        assert_eq!(fit(json!({"containers": [a, b_args], "nodeName": "n"})), Some(Fit::Same));
        assert_eq!(fit(json!({"containers": [a, b]})), Some(Fit::OtherCommands));
        assert_eq!(fit(json!({"containers": [a, {"name": "proxy", "image": "p"}, b]})), Some(Fit::More));
        assert_eq!(fit(json!({"containers": [a]})), None);
        assert_eq!(fit(json!({"containers": [a, {"name": "b", "image": "b:2"}]})), None);
    }
}
