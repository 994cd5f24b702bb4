//! What runs pods and goes on.

use super::container::containers;
use super::selector::{labels, selector};
use super::view::{NONE, View, find, list, text};
use super::{Sheet, column, wide};

pub(super) fn sheet(kind: &str) -> Option<Sheet> {
    Some(match kind {
        "Deployment" => DEPLOYMENT,
        "ReplicaSet" => REPLICA_SET,
        "ReplicationController" => REPLICATION_CONTROLLER,
        "StatefulSet" => STATEFUL_SET,
        "DaemonSet" => DAEMON_SET,
        "PodTemplate" => POD_TEMPLATE,
        "ControllerRevision" => CONTROLLER_REVISION,
        _ => return None,
    })
}

const TEMPLATE: &str = "/spec/template/spec";

fn with_template(mut cells: Vec<String>, view: &View<'_>, selector: Option<String>) -> Vec<String> {
    cells.extend(containers(view, TEMPLATE));
    cells.extend(selector);
    cells
}

const DEPLOYMENT: Sheet = Sheet::of(
    &[
        column("READY"),
        column("UP-TO-DATE"),
        column("AVAILABLE"),
        column("AGE"),
        wide("CONTAINERS"),
        wide("IMAGES"),
        wide("SELECTOR"),
    ],
    |view| {
        let cells = vec![
            format!("{}/{}", view.number("/status/readyReplicas"), view.replicas("/spec/replicas")),
            view.count("/status/updatedReplicas"),
            view.count("/status/availableReplicas"),
            view.age(),
        ];
        with_template(cells, view, Some(selector(view.at("/spec/selector"))))
    },
);

const REPLICAS: &[super::Column] = &[
    column("DESIRED"),
    column("CURRENT"),
    column("READY"),
    column("AGE"),
    wide("CONTAINERS"),
    wide("IMAGES"),
    wide("SELECTOR"),
];

fn replicas(view: &View<'_>) -> Vec<String> {
    let desired = view.replicas("/spec/replicas").to_string();
    vec![desired, view.count("/status/replicas"), view.count("/status/readyReplicas"), view.age()]
}

const REPLICA_SET: Sheet =
    Sheet::of(REPLICAS, |view| with_template(replicas(view), view, Some(selector(view.at("/spec/selector")))));

const REPLICATION_CONTROLLER: Sheet =
    Sheet::of(REPLICAS, |view| with_template(replicas(view), view, Some(labels(view.at("/spec/selector")))));

const STATEFUL_SET: Sheet = Sheet::of(&[column("READY"), column("AGE"), wide("CONTAINERS"), wide("IMAGES")], |view| {
    let ready = format!("{}/{}", view.number("/status/readyReplicas"), view.replicas("/spec/replicas"));
    with_template(vec![ready, view.age()], view, None)
});

const DAEMON_SET: Sheet = Sheet::of(
    &[
        column("DESIRED"),
        column("CURRENT"),
        column("READY"),
        column("UP-TO-DATE"),
        column("AVAILABLE"),
        column("NODE SELECTOR"),
        column("AGE"),
        wide("CONTAINERS"),
        wide("IMAGES"),
        wide("SELECTOR"),
    ],
    |view| {
        let cells = vec![
            view.count("/status/desiredNumberScheduled"),
            view.count("/status/currentNumberScheduled"),
            view.count("/status/numberReady"),
            view.count("/status/updatedNumberScheduled"),
            view.count("/status/numberAvailable"),
            labels(view.at("/spec/template/spec/nodeSelector")),
            view.age(),
        ];
        with_template(cells, view, Some(selector(view.at("/spec/selector"))))
    },
);

const POD_TEMPLATE: Sheet = Sheet::of(&[column("CONTAINERS"), column("IMAGES"), column("POD LABELS")], |view| {
    let [names, images] = containers(view, "/template/spec");
    vec![names, images, labels(view.at("/template/metadata/labels"))]
});

const CONTROLLER_REVISION: Sheet = Sheet::of(&[column("CONTROLLER"), column("REVISION"), column("AGE")], |view| {
    let owners = list(view.at("/metadata"), "/ownerReferences");
    let controller = owners.iter().find(|owner| find(owner, "/controller").as_bool() == Some(true));
    let controller = controller.map_or_else(
        || NONE.to_owned(),
        |owner| {
            let kind = text(owner, "/kind").to_ascii_lowercase();
            let group = text(owner, "/apiVersion").rsplit_once('/').map(|(group, _)| format!(".{group}"));
            format!("{kind}{}/{}", group.unwrap_or_default(), text(owner, "/name"))
        },
    );
    vec![controller, view.count("/revision"), view.age()]
});
