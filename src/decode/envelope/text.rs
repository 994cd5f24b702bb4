//! Texts that carry records, and lines that are none.

use super::Carrier;
use crate::decode::{Decoded, Decoder, stamp};
use crate::input::own_line::OwnLine;
use crate::input::records::{breaks_off, excerpt};
use crate::input::{Content, Record, Records};
use crate::json::{self, Members, Raw};
use crate::report::Reason;

/// What a log says at the place where it cut a line: CloudWatch, at 256 KiB.
pub const CUT: &[u8] = b"[Truncated...]";

/// Why an envelope is not looked into.
pub const TOO_DEEP: &str = "an envelope within four others, which is more than is looked into";

/// What the account says of a line of the old format, since there may be nothing else in the log.
const LEGACY: &str = "audit events in the legacy text format carry no objects; log with --audit-log-format=json";

/// The members of a text that is one JSON object.
pub(super) fn as_object(text: &str) -> Option<Members<'_>> {
    if text.trim_start().starts_with('{') { json::object(text).ok() } else { None }
}

/// Whether a text that is no JSON was cut by what carried it.
fn is_cut(json: &[u8]) -> bool {
    json.trim_ascii_end().ends_with(CUT) || breaks_off(json)
}

impl Decoder {
    /// A text that was carried as a string: a record, or several, with texts of their own before them; or something else.
    pub(super) fn text(&self, text: &str, carrier: &Carrier<'_>, out: &mut Decoded) {
        if let Some(members) = as_object(text) {
            return self.members(&members, || Raw::of(text).ok(), carrier, out);
        }
        let before = out.items.len();
        for record in Records::of_part(text.as_bytes()) {
            self.carried_line(&record, carrier, out);
        }
        if out.items.len() == before && text.trim().is_empty() {
            out.note(Reason::LineOfAnotherLog, carrier.at, "an empty record".to_owned());
        }
    }

    fn carried_line(&self, record: &Record<'_>, carrier: &Carrier<'_>, out: &mut Decoded) {
        let carrier = carrier.line(&record.prefix);
        match &record.content {
            Content::Json(raw) => self.line_of_json((*raw).into(), &carrier, out),
            Content::Invalid { text, excerpt, .. } if is_cut(text) => {
                out.note(Reason::RecordCutByCarrier, carrier.at, excerpt.clone());
            }
            // Not so where there is text before a brace: that may be anything.
            Content::Invalid { reason, excerpt, .. } if is_bare(&record.prefix) => {
                out.unreadable(format!("carried as text: {reason}: {excerpt}"));
            }
            Content::Text { text, .. } if self.line_of_text(text, &carrier, out) => {}
            Content::Invalid { excerpt, .. } | Content::Text { excerpt, .. } => {
                out.note(Reason::LineOfAnotherLog, carrier.at, excerpt.clone());
            }
            Content::CutOff { excerpt } | Content::Oversized { excerpt, .. } => {
                out.note(Reason::RecordCutByCarrier, carrier.at, excerpt.clone());
            }
        }
    }

    /// A line with JSON in it, which may be one of a container's log.
    pub(in crate::decode) fn line_of_json(&self, raw: Raw<'_>, carrier: &Carrier<'_>, out: &mut Decoded) {
        self.value(raw, carrier, out);
        if let Some(OwnLine::Cri { .. }) = OwnLine::of(carrier.prefix.as_bytes()) {
            self.cri_whole(stream(carrier.prefix.as_bytes()), carrier, out);
        }
    }

    /// A line without JSON, where it is known what it is; false where it is not.
    pub(in crate::decode) fn line_of_text(&self, text: &[u8], carrier: &Carrier<'_>, out: &mut Decoded) -> bool {
        let at = carrier.at;
        match OwnLine::of(text) {
            Some(OwnLine::Cri { content, partial }) => {
                let (header, content) = text.split_at(content.min(text.len()));
                let prefix = String::from_utf8_lossy(header);
                match carrier.headed(&prefix) {
                    Some(carrier) => self.cri_line(stream(header), partial, content, &carrier, out),
                    None => out.unreadable(TOO_DEEP.to_owned()),
                }
            }
            Some(OwnLine::Klog) => out.note(Reason::LineOfAnotherLog, at, excerpt(text)),
            Some(OwnLine::LegacyAudit) => {
                out.note(Reason::LineOfAnotherLog, at, format!("{LEGACY}: {}", excerpt(text)));
            }
            None if text.trim_ascii().ends_with(CUT) => out.note(Reason::RecordCutByCarrier, at, excerpt(text)),
            // `ts` puts a time before an empty line as well; CloudWatch tests where it delivers to.
            None => return stamp::is_time(text) || text.starts_with(b"CWL CONTROL MESSAGE"),
        }
        true
    }
}

/// Whether nothing is before a record, or a time.
fn is_bare(prefix: &str) -> bool {
    prefix.is_empty() || stamp::is_time(prefix.as_bytes())
}

/// The name of the stream in the header of a container's line.
fn stream(header: &[u8]) -> &[u8] {
    header.split(|&byte| byte == b' ').nth(1).unwrap_or_default()
}
