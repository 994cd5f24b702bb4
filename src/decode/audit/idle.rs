//! Passes over the events that say nothing of an object, which most lines of a log are: reads, and early stages.
//!
//! A server writes the members of an event in one order. So such a line is walked along that order, without a look at what
//! its members are called; all of it, so that its structure is as sound as that of any other. Whatever stands otherwise, a
//! collector's additions or another order, is no such line, and is read like the rest.

use std::borrow::Cow;

use super::audited::{Audited, Idle};
use super::event::{EventId, Level, Stage};
use crate::fingerprint::Fingerprints;
use crate::json::{self, Raw, Walk};
use crate::model::Timestamp;

/// What an event tells that a line is, if that is all that it tells.
pub fn of_line(line: &str, fingerprints: &Fingerprints) -> Option<Audited> {
    let mut walk = Walk::of(line);
    walk.pass(r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":""#)?;
    let level = if walk.pass(r#"Metadata","auditID":"#).is_some() {
        Level::Metadata
    } else if walk.pass(r#"Request","auditID":"#).is_some() {
        Level::Request
    } else {
        walk.pass(r#"RequestResponse","auditID":"#).map(|()| Level::RequestResponse)?
    };
    // With the answer of a read comes an object, perhaps.
    let may_answer = level == Level::RequestResponse;
    let id = walk.string()?;
    walk.pass(r#","stage":"#)?;
    let stage = Stage::named(plain(walk.string()?)?);
    walk.pass(r#","requestURI":"#)?;
    let uri = walk.string()?;
    walk.pass(r#","verb":"#)?;
    let verb = plain(walk.string()?)?;
    let idle = stage == Stage::Early || (matches!(verb, "get" | "list" | "watch") && !may_answer);
    let at = idle.then(|| rest(&mut walk)).flatten()?;
    let uri = json::string(uri).filter(|uri| !uri.is_empty())?;
    let id = EventId::by_path([plain(id)?, stage.name(), verb, &uri], fingerprints);
    Some(Audited { id, at: Some(at.micros()), server: None, write: None, level, idle: Idle::of(stage, verb) })
}

/// Passes over the rest of an event without bodies, or with that of a request that is none of a write; gives its time.
fn rest(walk: &mut Walk<'_>) -> Option<Timestamp> {
    walk.pass(r#","user":"#)?;
    walk.value().ok()?;
    pass_member(walk, r#","impersonatedUser":"#)?;
    pass_member(walk, r#","authenticationMetadata":"#)?;
    pass_member(walk, r#","sourceIPs":"#)?;
    pass_member(walk, r#","userAgent":"#)?;
    pass_member(walk, r#","objectRef":"#)?;
    pass_member(walk, r#","responseStatus":"#)?;
    pass_member(walk, r#","requestObject":"#)?;
    pass_member(walk, r#","requestReceivedTimestamp":"#)?;
    walk.pass(r#","stageTimestamp":"#)?;
    let at = Timestamp::parse_rfc3339(plain(walk.string()?)?)?;
    pass_member(walk, r#","annotations":"#)?;
    walk.pass("}")?;
    walk.is_at_end().then_some(at)
}

/// Passes over a member, if it stands here. By itself, so that names are compared as the constants that they are.
#[inline(always)]
fn pass_member(walk: &mut Walk<'_>, name: &str) -> Option<()> {
    if walk.pass(name).is_some() { walk.value().ok().map(drop) } else { Some(()) }
}

/// The text of a string without escapes.
fn plain(raw: Raw<'_>) -> Option<&str> {
    match json::string(raw)? {
        Cow::Borrowed(text) => Some(text),
        Cow::Owned(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::decode::{Decoder, Item};
    use crate::model::Position;

    const READ: &str = r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"a","stage":"ResponseComplete","requestURI":"/api/v1/pods?limit=500\u0026watch=1","verb":"watch","user":{"username":"x","groups":["}"]},"sourceIPs":["::1"],"userAgent":"k","objectRef":{"resource":"pods","apiVersion":"v1"},"responseStatus":{"metadata":{},"code":200},"requestReceivedTimestamp":"2026-11-23T15:25:38.931469Z","stageTimestamp":"2026-11-23T15:25:39.931469Z","annotations":{"a":"b"}}"#;

    /// What the line is told to be, passed over and read.
    fn both(decoder: &Decoder, line: &str) -> (Option<Audited>, Vec<Item>) {
        let items = decoder.line(Position::default(), line).map(|decoded| decoded.items);
        (decoder.idle(line), items.unwrap_or_default())
    }

    fn assert_same(decoder: &Decoder, line: &str) -> bool {
        let (Some(idle), items) = both(decoder, line) else { return false };
        let [Item::Audited(read)] = items.as_slice() else { panic!("{line} says {items:?}") };
        assert_eq!(format!("{idle:?}"), format!("{read:?}"), "{line}");
        true
    }

    #[test]
    fn what_is_passed_over_says_what_it_says_when_it_is_read() {
        let decoder = Decoder::default();
        let (mut idle, mut all) = (0, 0);
        for path in ["audit-a/audit.log.gz", "audit-b/audit.log.gz"] {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/lab/audit").join(path);
            let mut text = String::new();
            flate2::read::MultiGzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
            all += text.lines().count();
            idle += text.lines().filter(|line| assert_same(&decoder, line)).count();
        }
        assert!(idle * 2 > all, "{idle} of {all}");
    }

    #[test]
    fn what_an_event_tells_is_small() {
        assert!(size_of::<Audited>() <= 64, "{}", size_of::<Audited>());
    }

    #[test]
    fn what_could_say_more_is_not_passed_over() {
        let decoder = Decoder::default();
        assert!(assert_same(&decoder, READ));
        for (from, to, passed) in [
            ("\"watch\"", "\"create\"", false),
            ("\"level\":\"Metadata\"", "\"level\":\"RequestResponse\"", false),
            ("\"level\":\"Metadata\"", "\"level\":\"Request\"", true),
            ("\"stage\":\"ResponseComplete\"", "\"stage\":\"ResponseStarted\"", true),
            ("\"stage\":\"ResponseComplete\"", "\"stage\":\"Panic\"", true),
            ("\"verb\":\"watch\"", "\"verb\":\"\\u0077atch\"", false),
            ("\"userAgent\"", "\"agent\"", false),
            (",\"annotations\":{\"a\":\"b\"}", "", true),
            (",\"annotations\":{\"a\":\"b\"}", ",\"verb\":\"create\"", false),
            (",\"requestReceived", ",\"responseObject\":{},\"requestReceived", false),
            ("39.931469Z", "39.931469", false),
            ("{\"a\":\"b\"}}", "{\"a\":\"b\"}", false),
            ("{\"a\":\"b\"}}", "{\"a\":\"b\"}}}", false),
            ("[\"}\"]}", "[\"}\"", false),
        ] {
            let line = READ.replacen(from, to, 1);
            assert_ne!(line, READ);
            assert_eq!(decoder.idle(&line).is_some(), passed, "{line}");
            assert_same(&decoder, &line);
        }
    }
}
