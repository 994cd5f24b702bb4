//! What the built-in types say of their fields: by which key a list is merged, and what is replaced whole.
//!
//! The tables hold the `patchStrategy` and `patchMergeKey` tags of the types of `kubernetes/api` and apimachinery 1.34 for strategic
//! merge, and their `+listType`, `+listMapKey`, `+mapType` and `+structType` markers for server-side apply. The two differ: a
//! service's ports are merged by number in one and by number and protocol in the other. A field that is not named is plain:
//! a map is merged, a list replaced whole.
//!
//! Fields are found by walking typed positions: `containers` has a merge key in the spec of a pod, and nowhere else.

use super::PatchError;
use crate::model::GroupKind;

/// A type of the API: its fields that are not plain, or lead to some.
#[derive(Debug)]
pub(super) struct Type {
    /// Whether server-side apply replaces a value of this type whole.
    pub atomic: bool,
    fields: &'static [Field],
}

/// A field of a type.
#[derive(Debug)]
pub(super) struct Field {
    name: &'static str,
    /// What strategic merge does with it.
    pub strategic: Strategy,
    /// What server-side apply does with it, if it is a list.
    pub applied: Applied,
    /// The type of its value; of a list, the type of the elements.
    pub of: &'static Type,
}

/// What strategic merge does with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strategy {
    /// Merges maps, replaces lists.
    Plain,
    /// Replaces even a map.
    Replace,
    /// Merges a list of maps by this key.
    Keyed(&'static str),
    /// Unites lists of scalars.
    Set,
}

/// What server-side apply does with a list.
#[derive(Clone, Copy, Debug)]
pub(super) enum Applied {
    /// Replaces it.
    Atomic,
    /// Merges it by these keys, each with what it is when it is absent.
    Keyed(&'static [(&'static str, Option<&'static str>)]),
    /// Unites it.
    Set,
}

impl Type {
    /// The field of a name; a plain one if the type does not name it.
    pub(super) fn field(&self, name: &str) -> &'static Field {
        self.fields.iter().find(|field| field.name == name).unwrap_or(&PLAIN_FIELD)
    }
}

impl Field {
    pub(super) fn error(&self, reason: &'static str) -> PatchError {
        PatchError::field(self.name, reason)
    }
}

const fn fields(fields: &'static [Field]) -> Type {
    Type { atomic: false, fields }
}

const fn field(name: &'static str, strategic: Strategy, applied: Applied, of: &'static Type) -> Field {
    Field { name, strategic, applied, of }
}

/// A field that leads to others.
const fn map(name: &'static str, of: &'static Type) -> Field {
    field(name, Strategy::Plain, Applied::Atomic, of)
}

/// A list that is merged by one key in both ways.
macro_rules! list {
    ($name:literal by $key:literal of $of:expr) => {
        field($name, Strategy::Keyed($key), Applied::Keyed(&[($key, None)]), $of)
    };
}

static PLAIN: Type = fields(&[]);
static PLAIN_FIELD: Field = map("", &PLAIN);
static ATOMIC: Type = Type { atomic: true, fields: &[] };

static METADATA: Type =
    fields(&[field("finalizers", Strategy::Set, Applied::Set, &PLAIN), list!("ownerReferences" by "uid" of &ATOMIC)]);

static VALUE_FROM: Type = fields(&[
    map("configMapKeyRef", &ATOMIC),
    map("fieldRef", &ATOMIC),
    map("fileKeyRef", &ATOMIC),
    map("resourceFieldRef", &ATOMIC),
    map("secretKeyRef", &ATOMIC),
]);
static ENV: Type = fields(&[map("valueFrom", &VALUE_FROM)]);
static RESOURCES: Type = fields(&[field("claims", Strategy::Plain, Applied::Keyed(&[("name", None)]), &PLAIN)]);
static CONTAINER: Type = fields(&[
    list!("env" by "name" of &ENV),
    field(
        "ports",
        Strategy::Keyed("containerPort"),
        Applied::Keyed(&[("containerPort", None), ("protocol", Some("TCP"))]),
        &PLAIN,
    ),
    map("resources", &RESOURCES),
    list!("volumeDevices" by "devicePath" of &PLAIN),
    list!("volumeMounts" by "mountPath" of &PLAIN),
]);

static CLAIM_SPEC: Type = fields(&[map("selector", &ATOMIC)]);
static CLAIM_TEMPLATE: Type = fields(&[map("metadata", &METADATA), map("spec", &CLAIM_SPEC)]);
static EPHEMERAL: Type = fields(&[map("volumeClaimTemplate", &CLAIM_TEMPLATE)]);
static VOLUME: Type = fields(&[map("ephemeral", &EPHEMERAL)]);
static SPREAD: Type = fields(&[map("labelSelector", &ATOMIC)]);

static POD_SPEC: Type = fields(&[
    list!("containers" by "name" of &CONTAINER),
    list!("ephemeralContainers" by "name" of &CONTAINER),
    list!("hostAliases" by "ip" of &PLAIN),
    list!("imagePullSecrets" by "name" of &ATOMIC),
    list!("initContainers" by "name" of &CONTAINER),
    map("nodeSelector", &ATOMIC),
    list!("resourceClaims" by "name" of &PLAIN),
    map("resources", &RESOURCES),
    list!("schedulingGates" by "name" of &PLAIN),
    field(
        "topologySpreadConstraints",
        Strategy::Keyed("topologyKey"),
        Applied::Keyed(&[("topologyKey", None), ("whenUnsatisfiable", None)]),
        &SPREAD,
    ),
    list!("volumes" by "name" of &VOLUME),
]);
static POD_STATUS: Type = fields(&[
    list!("conditions" by "type" of &PLAIN),
    field("hostIPs", Strategy::Keyed("ip"), Applied::Atomic, &PLAIN),
    list!("podIPs" by "ip" of &PLAIN),
    list!("resourceClaimStatuses" by "name" of &PLAIN),
]);
static POD: Type = fields(&[map("metadata", &METADATA), map("spec", &POD_SPEC), map("status", &POD_STATUS)]);
static POD_TEMPLATE: Type = fields(&[map("metadata", &METADATA), map("template", &TEMPLATE)]);

/// A pod template, which has the fields of a pod.
static TEMPLATE: Type = fields(&[map("metadata", &METADATA), map("spec", &POD_SPEC)]);

/// The spec of what makes pods. A deployment's `strategy` has the strategy `retainKeys`, which says what a client is to send:
/// a server heeds `$retainKeys` wherever it stands.
static WORKLOAD_SPEC: Type = fields(&[map("selector", &ATOMIC), map("template", &TEMPLATE)]);
static CONDITIONS: Type = fields(&[list!("conditions" by "type" of &PLAIN)]);
static WORKLOAD: Type = fields(&[map("metadata", &METADATA), map("spec", &WORKLOAD_SPEC), map("status", &CONDITIONS)]);

static JOB_STATUS: Type = fields(&[field("conditions", Strategy::Keyed("type"), Applied::Atomic, &PLAIN)]);
static JOB: Type = fields(&[map("metadata", &METADATA), map("spec", &WORKLOAD_SPEC), map("status", &JOB_STATUS)]);
static JOB_TEMPLATE: Type = fields(&[map("metadata", &METADATA), map("spec", &WORKLOAD_SPEC)]);
static CRON_JOB_SPEC: Type = fields(&[map("jobTemplate", &JOB_TEMPLATE)]);
static CRON_JOB: Type = fields(&[map("metadata", &METADATA), map("spec", &CRON_JOB_SPEC)]);

static NODE_SPEC: Type = fields(&[field("podCIDRs", Strategy::Set, Applied::Set, &PLAIN)]);
static NODE_STATUS: Type = fields(&[list!("addresses" by "type" of &PLAIN), list!("conditions" by "type" of &PLAIN)]);
static NODE: Type = fields(&[map("metadata", &METADATA), map("spec", &NODE_SPEC), map("status", &NODE_STATUS)]);

static SERVICE_SPEC: Type = fields(&[
    field("ports", Strategy::Keyed("port"), Applied::Keyed(&[("port", None), ("protocol", Some("TCP"))]), &PLAIN),
    map("selector", &ATOMIC),
]);
static SERVICE: Type = fields(&[map("metadata", &METADATA), map("spec", &SERVICE_SPEC), map("status", &CONDITIONS)]);
static SERVICE_ACCOUNT: Type = fields(&[map("metadata", &METADATA), list!("secrets" by "name" of &ATOMIC)]);

static CLAIM: Type = fields(&[map("metadata", &METADATA), map("spec", &CLAIM_SPEC), map("status", &CONDITIONS)]);
static VOLUME_SPEC: Type = fields(&[map("claimRef", &ATOMIC)]);
static PERSISTENT_VOLUME: Type = fields(&[map("metadata", &METADATA), map("spec", &VOLUME_SPEC)]);

static BUDGET_SPEC: Type = fields(&[field("selector", Strategy::Replace, Applied::Atomic, &ATOMIC)]);
static BUDGET: Type = fields(&[map("metadata", &METADATA), map("spec", &BUDGET_SPEC), map("status", &CONDITIONS)]);

static WEBHOOK: Type = fields(&[
    list!("matchConditions" by "name" of &PLAIN),
    map("namespaceSelector", &ATOMIC),
    map("objectSelector", &ATOMIC),
]);
static WEBHOOKS: Type = fields(&[map("metadata", &METADATA), list!("webhooks" by "name" of &WEBHOOK)]);
static POLICY_SPEC: Type = fields(&[
    list!("matchConditions" by "name" of &PLAIN),
    map("matchConstraints", &ATOMIC),
    map("paramKind", &ATOMIC),
    list!("variables" by "name" of &ATOMIC),
]);
static VALIDATING_POLICY: Type =
    fields(&[map("metadata", &METADATA), map("spec", &POLICY_SPEC), map("status", &APPLIED_CONDITIONS)]);
static MUTATING_POLICY_SPEC: Type = fields(&[
    list!("matchConditions" by "name" of &PLAIN),
    map("matchConstraints", &ATOMIC),
    map("paramKind", &ATOMIC),
]);
static MUTATING_POLICY: Type = fields(&[map("metadata", &METADATA), map("spec", &MUTATING_POLICY_SPEC)]);

/// Conditions that have a key in server-side apply alone.
static APPLIED_CONDITIONS: Type =
    fields(&[field("conditions", Strategy::Plain, Applied::Keyed(&[("type", None)]), &PLAIN)]);
static SIGNING_REQUEST: Type = fields(&[map("metadata", &METADATA), map("status", &APPLIED_CONDITIONS)]);

static DRIVERS: Type = fields(&[list!("drivers" by "name" of &PLAIN)]);
static CSI_NODE: Type = fields(&[map("metadata", &METADATA), map("spec", &DRIVERS)]);

static DEVICE_STATUS: Type = fields(&[
    field(
        "devices",
        Strategy::Plain,
        Applied::Keyed(&[("driver", None), ("device", None), ("pool", None), ("shareID", None)]),
        &APPLIED_CONDITIONS,
    ),
    list!("reservedFor" by "uid" of &PLAIN),
]);
static RESOURCE_CLAIM: Type = fields(&[map("metadata", &METADATA), map("status", &DEVICE_STATUS)]);
static WITH_METADATA: Type = fields(&[map("metadata", &METADATA)]);
static RESOURCE_CLAIM_TEMPLATE: Type = fields(&[map("metadata", &METADATA), map("spec", &WITH_METADATA)]);

/// What has conditions, and nothing else of note.
static WITH_CONDITIONS: Type = fields(&[map("metadata", &METADATA), map("status", &CONDITIONS)]);

/// The type of a kind. Of a kind that is not known, custom resources among them, only the metadata is.
pub(super) fn of(kind: &GroupKind) -> &'static Type {
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Pod") => &POD,
        ("", "PodTemplate") => &POD_TEMPLATE,
        ("", "ReplicationController") => &WORKLOAD,
        ("apps" | "extensions", "DaemonSet" | "Deployment" | "ReplicaSet" | "StatefulSet") => &WORKLOAD,
        ("batch", "Job") => &JOB,
        ("batch", "CronJob") => &CRON_JOB,
        ("", "Node") => &NODE,
        ("", "Service") => &SERVICE,
        ("", "ServiceAccount") => &SERVICE_ACCOUNT,
        ("", "PersistentVolumeClaim") => &CLAIM,
        ("", "PersistentVolume") => &PERSISTENT_VOLUME,
        ("policy", "PodDisruptionBudget") => &BUDGET,
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration") => {
            &WEBHOOKS
        }
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicy") => &MUTATING_POLICY,
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy") => &VALIDATING_POLICY,
        ("certificates.k8s.io", "CertificateSigningRequest") => &SIGNING_REQUEST,
        ("storage.k8s.io", "CSINode") => &CSI_NODE,
        ("resource.k8s.io", "ResourceClaim") => &RESOURCE_CLAIM,
        ("resource.k8s.io", "ResourceClaimTemplate") => &RESOURCE_CLAIM_TEMPLATE,
        ("", "Namespace")
        | ("autoscaling", "HorizontalPodAutoscaler")
        | ("certificates.k8s.io", "PodCertificateRequest")
        | ("flowcontrol.apiserver.k8s.io", "FlowSchema" | "PriorityLevelConfiguration")
        | ("networking.k8s.io", "ServiceCIDR")
        | ("storagemigration.k8s.io", "StorageVersionMigration") => &WITH_CONDITIONS,
        _ => &WITH_METADATA,
    }
}
