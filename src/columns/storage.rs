//! Volumes, and what they are made by.

use serde_json::Value;

use super::view::{UNSET, View, or, plain, text};
use super::{Sheet, column, wide};

pub(super) fn sheet(kind: &str) -> Option<Sheet> {
    Some(match kind {
        "PersistentVolume" => VOLUME,
        "PersistentVolumeClaim" => CLAIM,
        "StorageClass" => STORAGE_CLASS,
        "VolumeAttachment" => ATTACHMENT,
        "CSINode" => CSI_NODE,
        _ => return None,
    })
}

/// In the order in which they are shown.
const MODES: [(&str, &str); 4] =
    [("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")];

fn modes(list: &[Value]) -> String {
    let there = |name: &str| list.iter().any(|mode| mode.as_str() == Some(name));
    MODES.iter().filter(|(name, _)| there(name)).map(|(_, short)| *short).collect::<Vec<_>>().join(",")
}

fn phase(view: &View<'_>) -> String {
    if view.is_leaving() { "Terminating".to_owned() } else { view.text("/status/phase").to_owned() }
}

/// The class by its field, or as it was named before there was one.
fn class(view: &View<'_>) -> String {
    let of_old = view.at("/metadata/annotations").get("volume.beta.kubernetes.io/storage-class");
    let of_old = of_old.and_then(Value::as_str).unwrap_or_default();
    or(of_old, view.text("/spec/storageClassName"))
}

const VOLUME: Sheet = Sheet::of(
    &[
        column("CAPACITY"),
        column("ACCESS MODES"),
        column("RECLAIM POLICY"),
        column("STATUS"),
        column("CLAIM"),
        column("STORAGECLASS"),
        column("VOLUMEATTRIBUTESCLASS"),
        column("REASON"),
        column("AGE"),
        wide("VOLUMEMODE"),
    ],
    |view| {
        let claim = view.at("/spec/claimRef");
        let claim = match text(claim, "/name") {
            "" => String::new(),
            name => format!("{}/{name}", text(claim, "/namespace")),
        };
        vec![
            plain(view.at("/spec/capacity/storage")),
            modes(view.list("/spec/accessModes")),
            view.text("/spec/persistentVolumeReclaimPolicy").to_owned(),
            phase(view),
            claim,
            class(view),
            view.text_or("/spec/volumeAttributesClassName", UNSET),
            view.text("/status/reason").to_owned(),
            view.age(),
            view.text_or("/spec/volumeMode", UNSET),
        ]
    },
);

const CLAIM: Sheet = Sheet::of(
    &[
        column("STATUS"),
        column("VOLUME"),
        column("CAPACITY"),
        column("ACCESS MODES"),
        column("STORAGECLASS"),
        column("VOLUMEATTRIBUTESCLASS"),
        column("AGE"),
        wide("VOLUMEMODE"),
    ],
    |view| {
        let volume = view.text("/spec/volumeName");
        let bound = |text: String| if volume.is_empty() { String::new() } else { text };
        vec![
            phase(view),
            volume.to_owned(),
            bound(plain(view.at("/status/capacity/storage"))),
            bound(modes(view.list("/status/accessModes"))),
            class(view),
            view.text_or("/spec/volumeAttributesClassName", UNSET),
            view.age(),
            view.text_or("/spec/volumeMode", UNSET),
        ]
    },
);

const STORAGE_CLASS: Sheet = Sheet::of(
    &[
        column("PROVISIONER"),
        column("RECLAIMPOLICY"),
        column("VOLUMEBINDINGMODE"),
        column("ALLOWVOLUMEEXPANSION"),
        column("AGE"),
    ],
    |view| {
        vec![
            view.text("/provisioner").to_owned(),
            view.text_or("/reclaimPolicy", "Delete"),
            view.text_or("/volumeBindingMode", "Immediate"),
            view.is("/allowVolumeExpansion").to_string(),
            view.age(),
        ]
    },
);

const ATTACHMENT: Sheet =
    Sheet::of(&[column("ATTACHER"), column("PV"), column("NODE"), column("ATTACHED"), column("AGE")], |view| {
        vec![
            view.text("/spec/attacher").to_owned(),
            view.text("/spec/source/persistentVolumeName").to_owned(),
            view.text("/spec/nodeName").to_owned(),
            view.is("/status/attached").to_string(),
            view.age(),
        ]
    });

const CSI_NODE: Sheet = Sheet::of(&[column("DRIVERS"), column("AGE")], |view| {
    vec![view.list("/spec/drivers").len().to_string(), view.age()]
});

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Timestamp;

    #[test]
    fn a_claim_has_the_size_of_the_volume_that_it_is_bound_to() {
        let status = json!({"phase": "Bound", "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteMany", "ReadWriteOnce"]});
        let shown = |spec: Value| {
            let body = json!({"spec": spec, "status": status});
            CLAIM.cells(&View::new(&body, Timestamp::from_seconds(0), None), false).join("|")
        };
        let bound = shown(json!({"volumeName": "pv", "storageClassName": "fast"}));
        assert_eq!(bound, "Bound|pv|1Gi|RWO,RWX|fast|<unset>|<unknown>");
        assert_eq!(shown(json!({})), "Bound|||||<unset>|<unknown>");
    }

    #[test]
    fn a_volume_names_its_claim() {
        let body = json!({"spec": {"capacity": {"storage": "5Gi"}, "claimRef": {"namespace": "shop", "name": "data"},
            "persistentVolumeReclaimPolicy": "Retain"}, "metadata": {"deletionTimestamp": "x"}});
        let cells = VOLUME.cells(&View::new(&body, Timestamp::from_seconds(0), None), true).join("|");
        assert_eq!(cells, "5Gi||Retain|Terminating|shop/data||<unset>||<unknown>|<unset>");
    }
}
