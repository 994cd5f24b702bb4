//! The columns in which `kubectl get` shows the objects of a kind, and what stands in them.
//!
//! A server makes these tables (kubernetes 1.34, `pkg/printers/internalversion`), each kind with its own columns; kinds that are
//! not built in have a name and an age. Everything that counts time counts it up to the instant that is looked at. Cells are
//! made of what the object says, however little that is: of a trace there is no status, and nothing here minds.

mod age;
mod batch;
mod cluster;
mod container;
mod network;
mod pod;
mod policy;
mod selector;
mod storage;
mod view;
mod workload;

pub use age::age;
pub use view::View;

use crate::model::GroupKind;
use selector::labels;

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// What stands above it.
    pub name: &'static str,
    /// Whether only `-o wide` shows it.
    pub wide: bool,
}

const fn column(name: &'static str) -> Column {
    Column { name, wide: false }
}

const fn wide(name: &'static str) -> Column {
    Column { name, wide: true }
}

/// The columns of a kind.
#[derive(Clone, Copy)]
pub struct Sheet {
    /// They, without the name.
    pub columns: &'static [Column],
    /// Whether the name comes first.
    pub named: bool,
    /// The cells of an object, one for each column.
    cells: fn(&View<'_>) -> Vec<String>,
}

impl Sheet {
    const fn of(columns: &'static [Column], cells: fn(&View<'_>) -> Vec<String>) -> Self {
        Sheet { columns, named: true, cells }
    }

    /// The names of the columns that are shown.
    pub fn header(&self, all: bool) -> impl Iterator<Item = &'static str> {
        self.columns.iter().filter(move |column| all || !column.wide).map(|column| column.name)
    }

    /// What stands in them.
    pub fn cells(&self, view: &View<'_>, all: bool) -> Vec<String> {
        let cells = (self.cells)(view);
        let shown = cells.into_iter().zip(self.columns).filter(|(_, column)| all || !column.wide);
        shown.map(|(cell, _)| first_line(cell)).collect()
    }

    /// What stands in them where nothing is known of the object but that it was there.
    pub fn unknown(&self, view: &View<'_>, all: bool) -> Vec<String> {
        let cell = |column: &Column| if column.name == "AGE" { view.age() } else { view::UNKNOWN.to_owned() };
        self.columns.iter().filter(|column| all || !column.wide).map(cell).collect()
    }
}

/// kubectl shows the first line of a cell.
fn first_line(cell: String) -> String {
    match cell.find(['\n', '\r', '\u{c}']) {
        Some(at) => format!("{}...", &cell[..at]),
        None => cell,
    }
}

/// The columns of a kind.
pub fn sheet(kind: &GroupKind) -> Sheet {
    let found = match kind.group.as_str() {
        "" => core(&kind.kind),
        // The group of old had some of these too.
        "apps" | "extensions" => {
            workload::sheet(&kind.kind).or_else(|| network::sheet(&kind.kind).filter(|_| kind.group == "extensions"))
        }
        "batch" => batch::sheet(&kind.kind),
        "networking.k8s.io" | "discovery.k8s.io" => network::sheet(&kind.kind),
        "autoscaling" | "policy" | "scheduling.k8s.io" => policy::sheet(&kind.kind),
        "storage.k8s.io" => storage::sheet(&kind.kind),
        "rbac.authorization.k8s.io"
        | "node.k8s.io"
        | "coordination.k8s.io"
        | "apiextensions.k8s.io"
        | "admissionregistration.k8s.io"
        | "events.k8s.io" => cluster::sheet(&kind.kind),
        _ => None,
    };
    found.unwrap_or(Sheet::of(AGE, |view| vec![view.age()]))
}

const AGE: &[Column] = &[column("AGE")];

fn core(kind: &str) -> Option<Sheet> {
    match kind {
        "Pod" => Some(pod::SHEET),
        "ReplicationController" | "PodTemplate" => workload::sheet(kind),
        "Service" | "Endpoints" => network::sheet(kind),
        "PersistentVolume" | "PersistentVolumeClaim" => storage::sheet(kind),
        "ResourceQuota" => policy::sheet(kind),
        _ => cluster::sheet(kind),
    }
}

/// The labels of an object, as the column of `--show-labels` has them.
pub fn shown_labels(view: &View<'_>) -> String {
    labels(view.at("/metadata/labels"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Timestamp;

    /// Every kind that has columns of its own.
    const KINDS: &str = "Pod ReplicationController PodTemplate Service Endpoints PersistentVolume PersistentVolumeClaim \
        ResourceQuota ConfigMap Secret ServiceAccount Node Namespace Event LimitRange Deployment.apps ReplicaSet.apps \
        StatefulSet.apps DaemonSet.apps ControllerRevision.apps Job.batch CronJob.batch Ingress.networking.k8s.io \
        IngressClass.networking.k8s.io NetworkPolicy.networking.k8s.io EndpointSlice.discovery.k8s.io \
        HorizontalPodAutoscaler.autoscaling PodDisruptionBudget.policy PriorityClass.scheduling.k8s.io \
        StorageClass.storage.k8s.io VolumeAttachment.storage.k8s.io CSINode.storage.k8s.io Role.rbac.authorization.k8s.io \
        ClusterRoleBinding.rbac.authorization.k8s.io RuntimeClass.node.k8s.io Lease.coordination.k8s.io \
        CustomResourceDefinition.apiextensions.k8s.io ValidatingWebhookConfiguration.admissionregistration.k8s.io \
        Deployment.extensions Ingress.extensions Gang.lab.example.dev";

    /// An object that says nothing, or nothing of the types that it should have, has a cell in every column all the same.
    #[test]
    fn whatever_an_object_says_it_has_as_many_cells_as_columns() {
        let odd = json!([1, {"a": [null]}, "x"]);
        for name in KINDS.split_whitespace() {
            let (kind, group) = name.split_once('.').unwrap_or((name, ""));
            let sheet = sheet(&GroupKind::new(group, kind));
            for body in [
                json!({}),
                json!({"metadata": odd, "spec": odd, "status": odd, "data": odd, "subsets": odd, "webhooks": odd}),
                json!({"spec": {"containers": odd, "initContainers": odd, "template": odd, "rules": odd, "ports": odd,
                    "selector": odd, "metrics": odd, "hard": odd}, "status": {"containerStatuses": odd, "conditions": odd,
                    "initContainerStatuses": odd, "loadBalancer": odd, "addresses": odd, "hard": odd, "used": odd}}),
            ] {
                let view = View::new(&body, Timestamp::from_seconds(0), None);
                assert_eq!((sheet.cells)(&view).len(), sheet.columns.len(), "{name}");
            }
            let own = sheet.columns.len() > 1 || sheet.columns[0].name != "AGE";
            assert_eq!(own, kind != "Gang", "{name}");
        }
    }
}
