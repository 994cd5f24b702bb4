//! Azure's tables of audit events.
//!
//! `AKSAudit`, `AKSAuditAdmin` and their namesakes for Arc have a column for each field of an event; names and types are those
//! of the table reference (learn.microsoft.com, `azure-monitor/reference/tables/aksaudit`). Columns of type dynamic come as
//! objects, or as texts of objects, by the way of the export.

use std::borrow::Cow;

use super::Carrier;
use crate::decode::audit::AuditEvent;
use crate::decode::audit::event::{FIELDS, text};
use crate::decode::{Decoded, Decoder};
use crate::json::{self, Members, Raw};

/// Columns, and what an API server calls them.
const COLUMNS: [(&str, &str); 13] = [
    ("Level", "level"),
    ("AuditId", "auditID"),
    ("Stage", "stage"),
    ("RequestUri", "requestURI"),
    ("Verb", "verb"),
    ("User", "user"),
    ("ObjectRef", "objectRef"),
    ("ResponseStatus", "responseStatus"),
    ("RequestObject", "requestObject"),
    ("ResponseObject", "responseObject"),
    ("RequestReceivedTime", "requestReceivedTimestamp"),
    ("StageReceivedTime", "stageTimestamp"),
    ("Annotations", "annotations"),
];

/// Whether a record is a row of such a table.
pub fn is_row(members: &Members<'_>) -> bool {
    members.has("AuditId") && members.has("Stage")
}

/// The value of a dynamic column that is the text of an object. A text that was cut is none, and stays a text: as much as a
/// body that was left out.
fn dynamic(raw: Raw<'_>) -> Option<String> {
    let text = json::string(raw).filter(|text| text.trim_start().starts_with(['{', '[']))?;
    Raw::of(&text).is_ok().then(|| text.into_owned())
}

impl Decoder {
    /// A row of a table.
    pub(super) fn row(&self, members: &Members<'_>, carrier: &Carrier<'_>, out: &mut Decoded) {
        let dynamic = COLUMNS.map(|(column, _)| members.get(column).and_then(dynamic));
        let value = |((column, name), own)| -> Option<(Cow<'_, str>, Raw<'_>)> {
            let own: &Option<String> = own;
            let own = own.as_deref().and_then(|text| Raw::of(text).ok());
            Some((Cow::Borrowed(name), own.or_else(|| members.get(column))?))
        };
        let native: Members<'_> = COLUMNS.into_iter().zip(&dynamic).filter_map(value).collect();
        let mut event = AuditEvent::native(FIELDS.map(|name| native.get(name)));
        event.server = text(members, "PodName").or(carrier.server.as_deref().map(Cow::Borrowed));
        self.audit(&event, out);
    }

    /// A table of the answer of a query: `{"columns": [{"name": …}, …], "rows": [[…], …]}`.
    pub(super) fn table(&self, table: Raw<'_>, carrier: &Carrier<'_>, out: &mut Decoded) {
        let table = json::members(table).unwrap_or_default();
        let list = |name: &str| table.get(name).and_then(|raw| json::elements(raw).ok()).unwrap_or_default();
        let name = |column: Raw<'_>| text(&json::members(column).ok()?, "name").map(Cow::into_owned);
        let names: Vec<String> = list("columns").into_iter().map(|column| name(column).unwrap_or_default()).collect();
        for row in list("rows") {
            let named = names.iter().map(|name| Cow::Borrowed(name.as_str()));
            self.members(&named.zip(json::elements(row).unwrap_or_default()).collect(), || None, carrier, out);
        }
    }
}
