use super::*;

fn read(yaml: &str) -> Result<LoadedConfig, ConfigError> {
    TracerConfig::read(yaml.as_bytes(), Path::new("tracer.yaml"))
}

fn config(yaml: &str) -> TracerConfig {
    read(yaml).unwrap().config
}

fn gvk(text: &str) -> Gvk {
    text.parse().unwrap()
}

/// A config of one entry, with its fields in YAML's flow style.
fn entry(gvk: &str, fields: &str) -> String {
    format!("trackedObjects:\n  {gvk}: {fields}\n")
}

#[test]
fn known_kinds_get_their_path() {
    for (known, path) in [
        ("apps/v1.Deployment", "/spec/template"),
        ("apps/v1.DaemonSet", "/spec/template"),
        ("apps/v1.StatefulSet", "/spec/template"),
        ("batch/v1.Job", "/spec/template"),
        ("apps/v1.ReplicaSet", "/spec"),
        ("batch/v1.CronJob", "/spec/jobTemplate/spec/template"),
        ("v1.Pod", ""),
        ("/v1.Pod", ""),
    ] {
        for fields in [
            "{}".to_owned(),
            "{podSpecTemplatePaths: []}".to_owned(),
            "{podSpecTemplatePaths: null}".to_owned(),
            format!("{{podSpecTemplatePaths: [{path:?}]}}"),
        ] {
            let loaded = read(&entry(known, &fields)).unwrap();
            assert_eq!(loaded.config.pod_template_paths(&gvk(known)).unwrap(), [path], "{known} {fields}");
            assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
        }
    }
}

#[test]
fn what_simkube_refuses_is_refused_by_name() {
    for (yaml, message) in [
        (entry("v1.ConfigMap", "{}"), "tracer.yaml: v1.ConfigMap: SimKube does not know where its pod templates are"),
        (entry("v1.ConfigMap", "{podSpecTemplatePaths: []}"), "write podSpecTemplatePaths"),
        (
            entry("apps/v1.ReplicaSet", "{podSpecTemplatePaths: [/spec/template]}"),
            r#"apps/v1.ReplicaSet: podSpecTemplatePaths must be ["/spec"] for this kind, or be left out, but is ["/spec/template"]"#,
        ),
        (entry("v1.Pod", "{podSpecTemplatePaths: ['', '']}"), r#"v1.Pod: podSpecTemplatePaths must be [""]"#),
        (entry("batch/v1.Job", "{podSpecTemplatePath: /x}"), r#"must be ["/spec/template"]"#),
        (
            entry("apps/v1.Deployment", "{trackLifecycles: true}"),
            "tracer.yaml:2: trackedObjects.apps/v1.Deployment: unknown field `trackLifecycles`, expected one of",
        ),
        (entry("apps/v1.Deployment", "{trackLifecycle: 1}"), "tracer.yaml:2: trackedObjects"),
        (entry("Deployment", "{}"), "`Deployment` is not of the form group/version.Kind"),
        (entry("v1.Pod", "{}\n  /v1.Pod: {}"), "v1.Pod is listed twice"),
        (
            entry("autoscaling/v1.HorizontalPodAutoscaler", "{podSpecTemplatePaths: [/none]}")
                + "  autoscaling/v2.HorizontalPodAutoscaler: {podSpecTemplatePaths: [/none]}",
            "autoscaling/v1.HorizontalPodAutoscaler and autoscaling/v2.HorizontalPodAutoscaler are the same objects",
        ),
        ("other: 1".to_owned(), "missing field `trackedObjects`"),
        ("trackedObjects: {}\ntrackedObjects: {}".to_owned(), "duplicate"),
        ("[]".to_owned(), "expected a tracer config: a map"),
        (String::new(), "tracer.yaml:1: missing field `trackedObjects`"),
        ("a: [".to_owned(), "tracer.yaml:"),
        ("trackedObjects: []".to_owned(), "expected a map from group/version.Kind"),
        ("\u{1}".to_owned(), "tracer.yaml:"),
    ] {
        let error = format!("{:#}", anyhow::Error::from(read(&yaml).unwrap_err()));
        assert!(error.contains(message), "{yaml}\n{error}");
        assert!(!error.contains(" at line "), "{error}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = TracerConfig::load(Path::new("/nowhere/tracer.yaml")).unwrap_err();
    assert!(
        format!("{:#}", anyhow::Error::from(error)).starts_with("/nowhere/tracer.yaml: cannot be opened: No such file")
    );
}

#[test]
fn the_deprecated_field_is_taken_where_the_list_is_empty() {
    for (fields, paths, warning) in [
        ("{podSpecTemplatePath: /a}", "/a", "write podSpecTemplatePaths: [\"/a\"]"),
        ("{podSpecTemplatePath: /a, podSpecTemplatePaths: []}", "/a", "write podSpecTemplatePaths"),
        ("{podSpecTemplatePath: /a, podSpecTemplatePaths: [/b]}", "/b", "ignored beside podSpecTemplatePaths"),
        ("{podSpecTemplatePaths: [b]}", "b", "begins without a slash"),
    ] {
        let loaded = read(&entry("x.dev/v1.Gang", fields)).unwrap();
        assert_eq!(loaded.config.pod_template_paths(&gvk("x.dev/v1.Gang")).unwrap(), [paths]);
        assert_eq!(loaded.warnings.len(), 1);
        assert!(loaded.warnings[0].starts_with("tracer.yaml: x.dev/v1.Gang: "), "{}", loaded.warnings[0]);
        assert!(loaded.warnings[0].contains(warning), "{}", loaded.warnings[0]);
    }
}

#[test]
fn unknown_keys_beside_the_objects_are_warned_of() {
    let loaded = read("trackedObjects: {v1.Pod: {}}\nlogLevel: {a: [1]}").unwrap();
    assert_eq!(loaded.warnings, ["tracer.yaml: `logLevel` is no part of a tracer config and ignored"]);
}

#[test]
fn the_default_tracks_the_roots() {
    let config = TracerConfig::default();
    let of = |flag: fn(&TrackedObject) -> bool| -> Vec<String> {
        config.iter().filter(|(_, object)| flag(object)).map(|(gvk, _)| gvk.to_string()).collect()
    };
    let lifecycles = ["v1.Pod", "apps/v1.Deployment", "apps/v1.StatefulSet", "batch/v1.CronJob", "batch/v1.Job"];
    assert_eq!(of(|object| object.track_lifecycle), lifecycles);
    assert_eq!(of(|object| object.skip_owned), ["v1.Pod", "apps/v1.ReplicaSet"]);
    assert_eq!(config.iter().count(), 6);
    assert_eq!(serde_json::from_value::<TracerConfig>(serde_json::to_value(&config).unwrap()).unwrap(), config);
}

#[test]
fn configs_are_written_as_traces_carry_them() {
    let config = config(&entry("apps/v1.Deployment", "{trackLifecycle: true, skipOwned: false}"));
    let json = r#"{"trackedObjects":{"apps/v1.Deployment":{"podSpecTemplatePaths":["/spec/template"],"trackLifecycle":true}}}"#;
    assert_eq!(serde_json::to_string(&config).unwrap(), json);
    assert_eq!(serde_json::from_str::<TracerConfig>(json).unwrap(), config);
    assert_eq!(self::config(&serde_yaml::to_string(&config).unwrap()), config);
    let packed = rmp_serde::to_vec_named(&config).unwrap();
    assert_eq!(rmp_serde::from_slice::<TracerConfig>(&packed).unwrap(), config);
    assert_eq!(rmp_serde::from_slice::<serde_json::Value>(&packed).unwrap(), serde_json::to_value(&config).unwrap());
}

#[test]
fn a_trace_with_a_bad_config_is_unreadable() {
    let error = serde_json::from_str::<TracerConfig>(r#"{"trackedObjects":{"v1.Secret":{}}}"#).unwrap_err();
    assert!(error.to_string().contains("v1.Secret"), "{error}");
}

#[test]
fn two_versions_in_a_trace_are_read_but_not_merged() {
    let json =
        r#"{"trackedObjects":{"a/v1.X":{"podSpecTemplatePaths":["/n"]},"a/v2.X":{"podSpecTemplatePaths":["/n"]}}}"#;
    let config: TracerConfig = serde_json::from_str(json).unwrap();
    assert_eq!(config.tracked_version(&GroupKind::new("a", "X")), Some(&gvk("a/v1.X")));
    assert!(matches!(TracerConfig::default().merge(&config), Err(ConfigProblem::TwoVersions(..))));
}

#[test]
fn questions_are_answered() {
    let config = TracerConfig::default();
    assert_eq!(config.tracked_version(&GroupKind::new("apps", "Deployment")), Some(&gvk("apps/v1.Deployment")));
    assert_eq!(config.tracked_version(&GroupKind::new("", "Deployment")), None);
    assert!(config.tracks_lifecycle(&gvk("batch/v1.Job")) && !config.skips_owned(&gvk("batch/v1.Job")));
    assert!(!config.tracks_lifecycle(&gvk("v1.Service")) && !config.skips_owned(&gvk("v1.Service")));
    assert!(config.get(&gvk("apps/v1beta1.Deployment")).is_none());
    let without = config.without(&gvk("apps/v1.ReplicaSet"));
    assert!(without.get(&gvk("apps/v1.ReplicaSet")).is_none() && without.iter().count() == 5 && !without.is_empty());
}

#[test]
fn configs_merge_where_they_agree() {
    let one = config(&entry("v1.Pod", "{trackLifecycle: true}"));
    let two = config(&entry("apps/v1.Deployment", "{}"));
    let merged = one.merge(&two).unwrap();
    assert_eq!(merged, two.merge(&one).unwrap());
    assert_eq!(merged.merge(&one).unwrap(), merged);
    assert_eq!(merged.iter().count(), 2);
    let error = one.merge(&config(&entry("v1.Pod", "{}"))).unwrap_err().to_string();
    assert!(error.starts_with("v1.Pod is tracked in two ways, (paths [\"\"], trackLifecycle true"), "{error}");
}
