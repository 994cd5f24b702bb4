use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::output::Styles;

fn shown(before: &Value, after: &Value) -> String {
    let mut out = Vec::new();
    write(&between(before, after), &mut out, "", Styles::plain()).unwrap();
    String::from_utf8(out).unwrap()
}

/// The changes as `- path`, `+ path`, `~ path`.
fn paths(before: Value, after: Value) -> Vec<String> {
    let mark = |change: &Change<'_>| match (&change.before, &change.after) {
        (Some(_), Some(_)) => '~',
        (Some(_), None) => '-',
        _ => '+',
    };
    between(&before, &after).iter().map(|change| format!("{} {}", mark(change), change.path)).collect()
}

#[test]
fn fields_are_named_as_people_write_them() {
    let object = |image: &str, replicas: u64, note: &str| {
        json!({
            "metadata": {"annotations": {"a.b/c": note}, "labels": {"app": "web"}},
            "spec": {"replicas": replicas, "template": {"spec": {"containers": [
                {"name": "proxy", "image": "proxy:1"}, {"name": "app", "image": image},
            ]}}},
        })
    };
    assert_eq!(
        shown(&object("app:1", 3, "x"), &object("app:2", 4, "7")),
        "\
~ metadata.annotations[\"a.b/c\"]: x → \"7\"
~ spec.replicas: 3 → 4
~ spec.template.spec.containers[app].image: app:1 → app:2
"
    );
}

#[test]
fn what_came_and_went_is_shown_whole() {
    let before = json!({"labels": {"a": "1"}, "containers": [{"name": "a", "image": "a:1"}]});
    let after = json!({"labels": {"b": true}, "containers": [{"name": "b", "image": "b:1"}]});
    assert_eq!(
        shown(&before, &after),
        "\
- containers[a]: {\"image\":\"a:1\",\"name\":\"a\"}
+ containers[b]: {\"image\":\"b:1\",\"name\":\"b\"}
- labels.a: \"1\"
+ labels.b: true
"
    );
    assert_eq!(shown(&json!({"a": 1}), &json!([1])), "~ .: {\"a\":1} → [1]\n");
    assert_eq!(shown(&json!({"a": null}), &json!({})), "- a: null\n");
}

#[test]
fn elements_are_matched_by_the_field_that_tells_them_apart() {
    for (before, after, expected) in [
        (
            json!([{"name": "a", "v": 1}, {"name": "b"}]),
            json!([{"name": "b"}, {"name": "a", "v": 2}]),
            &["~ [a].v", "~ (order)"][..],
        ),
        (
            json!([{"type": "Ready", "status": "False"}]),
            json!([{"type": "Ready", "status": "True"}]),
            &["~ [type=Ready].status"],
        ),
        // One volume at two places: names are not enough.
        (
            json!([{"name": "v", "mountPath": "/a"}, {"name": "v", "mountPath": "/b"}]),
            json!([{"name": "v", "mountPath": "/b"}]),
            &["- [mountPath=/a]"],
        ),
        (
            json!([{"containerPort": 80}]),
            json!([{"containerPort": 80, "protocol": "TCP"}]),
            &["+ [containerPort=80].protocol"],
        ),
        (json!([]), json!([{"name": "0"}]), &["+ [name=\"0\"]"]),
        (json!([{"name": "a b"}]), json!([]), &["- [name=\"a b\"]"]),
        // Nothing tells these apart.
        (json!([{"key": "a"}, {"key": "a"}]), json!([{"key": "a"}, {"key": "a", "value": 1}]), &["+ [1].value"]),
        (json!([{"x": 1}, {"x": 2}, {"x": 3}]), json!([{"x": 1}, {"x": 3}]), &["- [1]"]),
        (json!([{"x": 1}, {"x": 3}]), json!([{"x": 1}, {"y": 2}, {"x": 3}]), &["+ [1]"]),
    ] {
        assert_eq!(paths(before.clone(), after.clone()), expected, "{before} {after}");
    }
}

#[test]
fn short_lists_of_scalars_are_shown_whole_unless_one_changed() {
    assert_eq!(shown(&json!({"args": ["a", "b"]}), &json!({"args": ["a", "c"]})), "~ args[1]: b → c\n");
    assert_eq!(shown(&json!({"args": ["a", "b"]}), &json!({"args": ["b"]})), "~ args: [\"a\",\"b\"] → [\"b\"]\n");
    let long = |without: u64| json!((0..30).filter(|i| *i != without).collect::<Vec<u64>>());
    assert_eq!(shown(&long(30), &long(7)), "- [7]: 7\n");
}

#[test]
fn texts_of_several_lines_are_compared_by_lines() {
    let text =
        |workers: u64| (0..9).map(|i| format!("line {i}\n")).collect::<String>() + &format!("workers {workers}\nend\n");
    assert_eq!(
        shown(&json!({"data": {"app.conf": text(2)}}), &json!({"data": {"app.conf": text(4)}})),
        "\
~ data[\"app.conf\"]:
    …
      line 7
      line 8
    - workers 2
    + workers 4
      end
"
    );
}

#[test]
fn long_values_are_shortened_and_it_is_said() {
    let long = |middle: &str| json!(format!("{}{middle}{}", "a".repeat(300), "b".repeat(300)));
    assert_eq!(
        shown(&long("1"), &long("22")),
        format!("~ .: …{0}1{1}… → …{0}22{1}… (601 and 602 characters)\n", "a".repeat(20), "b".repeat(20))
    );
    let map: Map<String, Value> = (0..100).map(|i| (format!("key{i:03}"), json!(i))).collect();
    let page = shown(&json!({}), &json!({"map": map}));
    assert!(page.starts_with("+ map:\n+   key000: 0\n+   key001: 1\n"), "{page}");
    assert!(page.ends_with("+   key039: 39\n    … 60 more lines\n"), "{page}");
    let huge = json!({"map": vec!["x".repeat(1000); 10_000]});
    assert!(shown(&json!({}), &huge).len() < 10_000);
    assert!(shown(&json!({"map": "a\n"}), &json!({"map": "x\n".repeat(100_000)})).len() < 1000);
}

#[test]
fn nothing_commands_the_terminal() {
    let evil = "\u{1b}[2J\u{202e}";
    let (before, after) = (
        json!({evil: "a", "b": "a\nb", "c": [evil]}),
        json!({evil: evil, "b": format!("a\n{evil}"), "n": {"x": evil.repeat(50)}}),
    );
    let page = shown(&before, &after);
    assert!(page.lines().count() > 5);
    assert!(!page.contains('\u{1b}') && !page.contains('\u{202e}'), "{page}");
}

#[test]
fn as_json_a_change_is_a_path_and_what_was_and_is() {
    let (before, after) = (json!({"a": 1, "b": null}), json!({"a": 2, "c.d": [1]}));
    assert_eq!(
        serde_json::to_value(between(&before, &after)).unwrap(),
        json!([
            {"path": "a", "before": 1, "after": 2},
            {"path": "b", "before": null},
            {"path": "[\"c.d\"]", "after": [1]},
        ])
    );
}

#[test]
fn depth_and_length_are_bounded() {
    let deep = |leaf: u64| (0..120).fold(json!(leaf), |value, _| json!({"a": value}));
    let (before, after) = (deep(1), deep(2));
    let changes = between(&before, &after);
    assert_eq!((changes.len(), changes[0].path.depth()), (1, MAX_DEPTH));
    // One long key above many: paths share it.
    let wide = |add: u64| json!({"k".repeat(1 << 20): (0..100_000).map(|i| (i.to_string(), json!(i + add))).collect::<Map<_, _>>()});
    let (before, after) = (wide(0), wide(1));
    let changes = between(&before, &after);
    assert_eq!(changes.len(), 100_000);
    assert!(changes.iter().all(|change| change.path.to_string().len() < 400));
    let list = |by: u64| Value::from((0..100_000).map(|i| json!({"name": format!("n{}", i * by)})).collect::<Vec<_>>());
    let (before, after) = (list(1), list(3));
    assert!(between(&before, &after).len() > 100_000);
}

/// Values that are alike, with lists whose elements have names.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![Just(Value::Null), (0..3_u64).prop_map(Value::from), "[ab]{0,2}".prop_map(Value::from)];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec(("[abc]", inner.clone()), 0..4)
                .prop_map(|all| all.into_iter().map(|(name, v)| json!({"name": name, "v": v})).collect()),
            prop::collection::btree_map("[ab.]{1,2}", inner, 0..4)
                .prop_map(|all| Value::Object(all.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_is_given_exactly_when_the_values_are_equal(before in any_value(), after in any_value()) {
        prop_assert_eq!(between(&before, &after).is_empty(), before == after);
        prop_assert!(between(&before, &before.clone()).is_empty());
        for change in between(&before, &after) {
            prop_assert!(change.before != change.after, "{change:?}");
        }
        prop_assert_eq!(shown(&before, &after).is_empty(), before == after);
    }
}
