//! What a trace holds that no record shows as it is.

use super::{Export, Window};
use crate::filter::Subject;
use crate::lifecycle::first_running;
use crate::model::Timestamp;
use crate::report::{Reason, Report};
use crate::store::{Object, Quality};

/// Notes of an object of the trace, once for each reason, since when in the window its content is uncertain.
pub(super) fn note_content(object: &Object, window: Window, report: &mut Report) {
    let from = Timestamp::from_seconds(window.from);
    let reasons = [(Quality::Approximate, Reason::ContentApproximate), (Quality::Stale, Reason::ContentStale)];
    for (quality, reason) in reasons {
        let uncertain = object.versions.iter().enumerate().find(|(i, version)| {
            let until = object.versions.get(i + 1).map(|next| next.at).or(object.end.map(|end| end.at));
            version.quality == quality && version.at.seconds() < window.to && until.is_none_or(|until| until > from)
        });
        if let Some((_, version)) = uncertain {
            report.note(reason, Some(version.at.max(from)), || object.key.to_string());
        }
    }
}

/// Notes a pod that is not in the trace and whose lifecycle is: its hash is that of content that no record shows.
pub(super) fn note_hash(pod: &Object, window: Window, report: &mut Report) {
    let running = first_running(pod);
    let reason = match running.quality {
        Quality::Exact => return,
        Quality::Approximate => Reason::ContentApproximate,
        Quality::Stale => Reason::ContentStale,
    };
    report.note(reason, Some(running.at.max(Timestamp::from_seconds(window.from))), || pod.key.to_string());
}

/// Notes an object of a tracked kind that is there in the window and cannot be in the trace, since its content is unknown.
pub(super) fn note_unknown(export: &Export<'_>, object: &Object, window: Window, report: &mut Report) {
    let from = Timestamp::from_seconds(window.from);
    let there = object.born.seconds() < window.to && object.end.is_none_or(|end| end.at > from);
    let tracked = export.config.tracked_version(&object.key.kind).is_some() && !object.key.namespace.is_empty();
    if !there || !tracked {
        return;
    }
    let labels = object.version_at(from).metadata.labels();
    let (kind, namespace, name) = (&object.key.kind, &*object.key.namespace, &*object.key.name);
    if export.filters.keeps(&Subject { kind, namespace, name, labels: &labels }) {
        report.note(Reason::ContentUnknown, Some(object.born.max(from)), || object.key.to_string());
    }
}
