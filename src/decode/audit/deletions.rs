//! Requests that delete objects.

use std::borrow::Cow;

use super::audited::Sweep;
use super::request::Request;
use crate::decode::object::{GoneTest, Parts};
use crate::decode::observation::{Change, Observation, Telling, Why};
use crate::decode::{Item, shorten};
use crate::filter::Selector;
use crate::json::{self, Raw};
use crate::model::GroupKind;
use crate::report::Reason;
use crate::uri::parameter;

impl<'a> Request<'_, 'a> {
    /// The answer is a Status when the object is gone, else the object that waits for something; or the object that is gone.
    pub fn delete(&self) -> Vec<Item> {
        if let Some(response) = self.own_response() {
            return self.observed(response, Change::Modified, GoneTest::Deletion);
        }
        if let Some(metadata) = self.metadata_response() {
            return self.observed_metadata(metadata, Change::Modified, GoneTest::Deletion);
        }
        if let Some(before) = self.event.before {
            return self.deleted_before(before, None);
        }
        let body = self.response();
        let said = body.and_then(Parts::status).and_then(json::string);
        let success = said.or(self.event.status.clone()).is_some_and(|status| status == "Success");
        // A kubelet deletes a pod for good when its containers have ended.
        let gone = success || self.event.user.starts_with("system:node:");
        let mut items =
            self.bare(if gone { Change::Deleted } else { Change::Leaving }, Telling::Nothing(Why::NotLogged));
        if let [Item::Observed(observation)] = items.as_mut_slice() {
            let details = || {
                let [uid] = json::fields(body?.other("details")?.get(), &["uid"]).ok()?;
                uid.and_then(json::string).filter(|uid| !uid.is_empty())
            };
            let removed = details().or(self.event.removed_uid.clone());
            observation.uid = removed.map(|uid| self.decoder.blobs.uid(&uid)).or(observation.uid);
            // It names the version that is to be deleted, and is none of its own.
            observation.base = None;
        }
        items
    }

    /// The answer lists the objects as they were before.
    pub fn delete_collection(&self) -> Vec<Item> {
        let grace = self.body().and_then(|options| json::integer(options.other("gracePeriodSeconds")?));
        let listed = self.event.response.and_then(|raw| self.items_of(raw));
        let Some((items, kind)) = listed else { return self.sweep(grace) };
        let before = |item: &Raw<'a>| self.item(*item, &kind, Change::Listed, GoneTest::Before(grace));
        items.iter().flat_map(before).flat_map(deleted_and_before).collect()
    }

    /// A deletion of which the log has the object as it was.
    fn deleted_before(&self, before: Raw<'a>, grace: Option<i64>) -> Vec<Item> {
        let items = self.observed(&Parts::of(before).unwrap_or_default(), Change::Listed, GoneTest::Before(grace));
        items.into_iter().flat_map(deleted_and_before).collect()
    }

    /// Without a list: of which the store knows.
    fn sweep(&self, grace: Option<i64>) -> Vec<Item> {
        let uri = &self.event.uri;
        let (labels, fields) = (parameter(uri, "labelSelector"), parameter(uri, "fieldSelector"));
        let labels = labels.filter(|text| !text.is_empty());
        let name = fields.as_deref().map(|fields| fields.strip_prefix("metadata.name=").unwrap_or_default());
        let readable = labels.as_deref().is_none_or(|text| text.parse::<Selector>().is_ok());
        if !readable || name.is_some_and(|name| name.is_empty() || name.contains(',')) {
            let about = format!("deletecollection {}", shorten(uri, 120));
            return vec![Item::Noted { reason: Reason::WrittenWithoutBody, at: self.event.at, about }];
        }
        vec![Item::Swept(Box::new(Sweep {
            at: self.event.at,
            kind: self.group_kind(),
            resource: self.target.resource.clone().into_owned(),
            namespace: self.target.namespace.clone().into_owned(),
            name: name.map(str::to_owned),
            labels: labels.map(Cow::into_owned),
            grace,
            with_namespace: false,
        }))]
    }

    /// When nothing is left in a namespace its controller empties `spec.finalizers`, and the namespace is gone.
    pub fn namespace_finalize(&self) -> Vec<Item> {
        let body = self.own_response().or_else(|| self.own_request());
        let mut items = match body {
            Some(body) => self.observed(body, Change::Modified, GoneTest::Terminating),
            // By default there is one finalizer.
            None => self.bare(Change::Deleted, Telling::Nothing(Why::NotLogged)),
        };
        let ended = |item: &Item| matches!(item, Item::Observed(seen) if seen.change == Change::Deleted);
        if items.iter().any(ended) {
            items.push(Item::Swept(Box::new(Sweep {
                at: self.event.at,
                kind: GroupKind::new("", ""),
                resource: String::new(),
                namespace: self.target.name.clone().into_owned(),
                name: None,
                labels: None,
                grace: None,
                with_namespace: true,
            })));
        }
        items
    }
}

/// An object that a deletion of many lists, as it was before: it was there, and may be gone.
fn deleted_and_before(item: Item) -> Vec<Item> {
    match item {
        Item::Observed(seen) if seen.change == Change::Deleted => {
            let before = Observation { change: Change::Listed, ..(*seen).clone() };
            vec![Item::Observed(Box::new(before)), Item::Observed(seen)]
        }
        item => vec![item],
    }
}
