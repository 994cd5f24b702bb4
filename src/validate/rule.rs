//! The rules that a trace is held against.

use serde::Serialize;

/// How bad it is when a rule is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The trace is not read, its replay ends early, or goes another way than was recorded.
    Error,
    /// It replays; what is named is lost, or depends on the cluster.
    Warning,
}

impl Severity {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// Declares the rules: variant, code, name, severity, what happens in a replay.
macro_rules! rules {
    ($($variant:ident $code:literal $name:literal $severity:ident $explanation:literal;)+) => {
        /// A rule. The order is that of the codes, which never change their meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $(#[doc = $explanation] $variant,)+
        }

        impl Rule {
            /// All rules.
            pub const ALL: &'static [Rule] = &[$(Rule::$variant),+];

            /// Its code. Where SimKube's own validator has the rule, it is the code there.
            pub const fn code(self) -> &'static str {
                match self { $(Rule::$variant => $code),+ }
            }

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self { $(Rule::$variant => $name),+ }
            }

            /// How bad it is to break it.
            pub const fn severity(self) -> Severity {
                match self { $(Rule::$variant => Severity::$severity),+ }
            }

            /// What happens in a replay when it is broken.
            pub const fn explanation(self) -> &'static str {
                match self { $(Rule::$variant => $explanation),+ }
            }
        }
    };
}

rules! {
    AccountMissing "E0001" "service-account-missing" Error
        "A server refuses pods whose account is not there: none is created.";
    SecretOfEnvironmentMissing "E0002" "env-secret-missing" Error
        "A container whose environment names a secret that is not there does not start.";
    ConfigMapOfEnvironmentMissing "E0003" "env-config-map-missing" Error
        "A container whose environment names a config map that is not there does not start.";
    SecretOfVolumeMissing "E0004" "volume-secret-missing" Error
        "A pod with a volume of a secret that is not there does not start.";
    ConfigMapOfVolumeMissing "E0005" "volume-config-map-missing" Error
        "A pod with a volume of a config map that is not there does not start.";
    Unreadable "T0001" "unreadable" Error
        "SimKube cannot read the trace from here on, and so none of it.";
    BadConfig "T0002" "config" Error
        "SimKube refuses the config, and with it the whole trace.";
    TwoVersions "T0003" "two-versions" Warning
        "The config tracks one kind at two versions: its objects may be in the trace twice.";
    NoEvents "T0004" "no-events" Error
        "A trace without events has no beginning, and SimKube's driver ends at once.";
    TimeGoesBack "T0005" "time-order" Error
        "An event is before the one that it follows: the replay does what happened in another order, and is too long.";
    ReplicaSetTracked "T0006" "replica-set-tracked" Error
        "SimKube's driver looks for the pod template of a tracked ReplicaSet where there is none, and ends.";
    Malformed "T0101" "object-malformed" Error
        "SimKube does not read this as an object of Kubernetes, and so none of the trace.";
    ClusterScoped "T0102" "cluster-scoped" Error
        "SimKube's driver puts every object into a namespace, and panics at one without.";
    AppliedTwice "T0103" "applied-twice" Warning
        "One event applies the object twice, and the same each time: the second time changes nothing.";
    AppliedAndDeleted "T0104" "applied-and-deleted" Warning
        "One event applies and deletes an object that was there: the driver deletes it last, so it is gone, even if it was created again.";
    DeletedUnknown "T0105" "deleted-unknown" Error
        "The object is not there when it is deleted: the server answers 404, at which the driver ends.";
    RecreatedSoon "T0106" "recreated-soon" Warning
        "The pod is created again while a server may still be ending the one before: then that is changed, and nothing created.";
    DeletedByController "T0107" "deleted-by-controller" Warning
        "The Job is removed by its controller some time after its end; if that is before this deletion, the driver ends at a 404.";
    Status "W0000" "status" Warning
        "The driver drops the status of an object: it only takes room.";
    ServerMetadata "T0201" "server-metadata" Error
        "A server refuses to create an object with metadata that it sets itself.";
    IgnoredMetadata "T0202" "ignored-metadata" Warning
        "A server sets this metadata itself, and ignores what is written.";
    Finalizers "T0203" "finalizers" Warning
        "In a simulation nobody may remove the finalizers: the object hangs at its deletion, and the cleanup times out.";
    JobGenerated "T0204" "job-selector" Error
        "A server generates the selector of a Job and the labels that go with it, and refuses others.";
    ServiceAddress "T0205" "service-address" Error
        "Addresses and node ports belong to the recorded cluster: a server may refuse them, or have given them to others.";
    ClaimBound "T0206" "claim-bound" Warning
        "The volume that the claim is bound to is not there: pods with it stay pending.";
    NodeName "T0207" "node-name" Error
        "The pod is bound to a node of the recorded cluster: it is not scheduled, and removed where there is no such node.";
    NodeNameOfTemplate "T0208" "template-node-name" Warning
        "The template binds pods to a node by name: they are not scheduled, and removed where there is no such node.";
    EphemeralContainers "T0209" "ephemeral-containers" Error
        "A server refuses to create a pod with ephemeral containers, at which the driver ends.";
    PodUpdate "T0210" "pod-update" Error
        "A server refuses this change of a pod, at which the driver ends.";
    Immutable "T0211" "immutable-field" Error
        "A server refuses this change of a field that cannot change, at which the driver ends.";
    MirrorPod "T0212" "mirror-pod" Error
        "A server refuses a mirror pod that is bound to no node, at which the driver ends.";
    PriorityNumber "T0213" "priority-number" Error
        "A server refuses pods with a priority that no class gives them.";
    IndexMissing "T0301" "index-missing" Error
        "The object is not in the index: SimKube does not find the lifecycles of its pods.";
    IndexHash "T0302" "index-hash" Warning
        "The hash in the index is not that of the object as it is written last.";
    IndexUnknown "T0303" "index-unknown" Warning
        "The index lists an object that no event applies.";
    LifecycleOwner "T0401" "lifecycle-owner" Warning
        "No event applies the owner of these lifecycles: no pod will have them, unless another object owns it.";
    LifecycleUntracked "T0402" "lifecycle-untracked" Warning
        "The config does not track lifecycles of this kind: no pod will have these.";
    LifecycleTimes "T0403" "lifecycle-times" Error
        "The lifecycle ends before it begins: the pod ends as soon as it starts.";
    LifecycleOrder "T0404" "lifecycle-order" Warning
        "The lifecycles are not in the order of their starts, in which the driver deals them out.";
    PullSecretMissing "T0501" "pull-secret-missing" Warning
        "A secret for pulling images is not there: where images are pulled, that may fail.";
    ClaimMissing "T0502" "claim-missing" Error
        "A pod whose claim is not there stays pending for ever.";
    ClaimUnbound "T0503" "claim-unbound" Warning
        "A pod with a claim stays pending unless the simulation has something that provides volumes.";
    PriorityClassMissing "T0504" "priority-class-missing" Error
        "A server refuses pods whose priority class is not there, and a trace cannot bring one.";
    RuntimeClassMissing "T0505" "runtime-class-missing" Error
        "A server refuses pods whose runtime class is not there, and a trace cannot bring one.";
    DependencyGone "T0506" "dependency-gone" Warning
        "Pods need an object that was deleted before: new ones are refused, or do not start.";
}

/// What to do about a broken rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remedy {
    /// `tracer validate --fix`.
    Fix,
    /// `tracer export --deps`.
    Deps,
}

impl Rule {
    /// What to do about it, where something does it at no loss.
    pub const fn remedy(self) -> Option<Remedy> {
        match self {
            Rule::ReplicaSetTracked
            | Rule::AppliedTwice
            | Rule::DeletedUnknown
            | Rule::Status
            | Rule::ServerMetadata
            | Rule::IgnoredMetadata
            | Rule::Finalizers
            | Rule::JobGenerated
            | Rule::ServiceAddress
            | Rule::ClaimBound
            | Rule::NodeName
            | Rule::EphemeralContainers
            | Rule::PodUpdate
            | Rule::PriorityNumber
            | Rule::IndexMissing
            | Rule::IndexHash
            | Rule::IndexUnknown => Some(Remedy::Fix),
            Rule::AccountMissing
            | Rule::SecretOfEnvironmentMissing
            | Rule::ConfigMapOfEnvironmentMissing
            | Rule::SecretOfVolumeMissing
            | Rule::ConfigMapOfVolumeMissing
            | Rule::PullSecretMissing
            | Rule::ClaimMissing
            | Rule::ClaimUnbound
            | Rule::PriorityClassMissing
            | Rule::RuntimeClassMissing => Some(Remedy::Deps),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_and_names_are_each_one_rules_and_explanations_are_sentences() {
        let codes: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.code()).collect();
        let names: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.name()).collect();
        assert_eq!((codes.len(), names.len()), (Rule::ALL.len(), Rule::ALL.len()));
        assert!(Rule::ALL.iter().all(|rule| rule.explanation().ends_with('.')));
    }
}
