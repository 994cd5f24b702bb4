//! Writing a trace: as SimKube reads it, or as people do.
//!
//! | format | what it is |
//! |---|---|
//! | `simkube` | MessagePack, structs as maps with field names, what `rmp_serde::to_vec_named` makes |
//! | `json` | the same tree, indented |
//! | `yaml` | the same tree |
//! | `jsonl` | a line with `version` and `config`, a line for each event, a line with `index` and `pod_lifecycles` |
//!
//! In the formats for people the keys of `pod_lifecycles` are strings, `GVK|namespace/name` and the hash in decimal, for no
//! key of a JSON object can be an array. All formats stream: never more than one object is a tree in memory, for MessagePack none.
//! The same trace gives the same bytes.

use std::io::{self, BufWriter, Write};
use std::str::FromStr;

use serde::Serialize;

use super::tree::{Head, Lifecycles, Tail, tree};
use super::{Event, Object, Trace, VERSION, transcode};

/// How a trace is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// MessagePack, for SimKube. The default, and the only one that is read again.
    #[default]
    Simkube,
    /// Indented JSON.
    Json,
    /// YAML.
    Yaml,
    /// One JSON value a line.
    Jsonl,
}

impl Format {
    /// Whether what is written is not for people: a terminal must not have it.
    pub fn is_binary(self) -> bool {
        self == Format::Simkube
    }

    /// All formats, in the order in which help lists them.
    pub const ALL: [Format; 4] = [Format::Simkube, Format::Json, Format::Yaml, Format::Jsonl];

    /// The name that a user gives it.
    pub const fn name(self) -> &'static str {
        match self {
            Format::Simkube => "simkube",
            Format::Json => "json",
            Format::Yaml => "yaml",
            Format::Jsonl => "jsonl",
        }
    }
}

/// A name that is no format's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no format of a trace (simkube, json, yaml, jsonl)")]
pub struct UnknownFormat(String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        Format::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

/// Writes a trace. Small writes are gathered, and flushed at the end.
///
/// # Errors
///
/// Those of the writer, as it gave them (a broken pipe can be told); `InvalidData` when an object's text is no JSON, or the
/// config does not serialise.
pub fn write<C: Serialize>(format: Format, trace: &Trace<C>, writer: impl Write) -> io::Result<()> {
    let mut out = Remembering { writer: BufWriter::new(writer), error: None };
    let result = match format {
        Format::Simkube => simkube(trace, &mut out),
        Format::Json => json(trace, &mut out),
        Format::Yaml => yaml(trace, &mut out),
        Format::Jsonl => jsonl(trace, &mut out),
    };
    match (out.error.take(), result) {
        (Some(error), _) => Err(error),
        (None, Err(what)) => Err(io::Error::new(io::ErrorKind::InvalidData, what)),
        (None, Ok(())) => out.writer.flush(),
    }
}

/// What a serialiser says. What the writer said is remembered apart: the serialisers wrap it each in its own way.
type Written = Result<(), String>;

/// What rmp-serde would write of the trace, without a tree of each object between.
fn simkube<C: Serialize>(trace: &Trace<C>, out: &mut impl Write) -> Written {
    let mut objects = Objects::default();
    map_of(5, out)?;
    field("version", &VERSION, out)?;
    field("config", &trace.config, out)?;
    packed("events", out)?;
    objects.array_of(trace.events.len(), out)?;
    trace.events.iter().try_for_each(|event| objects.event(event, out))?;
    field("index", &trace.index, out)?;
    field("pod_lifecycles", &Lifecycles(&trace.pod_lifecycles), out)
}

/// The header of a map of a few fields.
fn map_of(fields: u8, out: &mut impl Write) -> Written {
    out.write_all(&[0x80 | fields]).map_err(|error| error.to_string())
}

fn field(name: &str, value: &impl Serialize, out: &mut impl Write) -> Written {
    packed(name, out)?;
    packed(value, out)
}

fn packed(value: &(impl Serialize + ?Sized), out: &mut impl Write) -> Written {
    value.serialize(&mut rmp_serde::Serializer::new(out).with_struct_map()).map_err(|error| error.to_string())
}

/// Writes objects as MessagePack, one by one in the same memory.
#[derive(Default)]
struct Objects {
    text: Vec<u8>,
    packed: Vec<u8>,
}

impl Objects {
    fn event(&mut self, event: &Event, out: &mut impl Write) -> Written {
        map_of(3, out)?;
        field("ts", &event.ts, out)?;
        packed("applied_objs", out)?;
        self.array_of(event.applied.len(), out)?;
        event.applied.iter().try_for_each(|object| self.object(object, out))?;
        field("deleted_objs", &event.deleted, out)
    }

    fn array_of(&mut self, elements: usize, out: &mut impl Write) -> Written {
        self.packed.clear();
        transcode::array_header(elements, &mut self.packed).ok_or("more elements than MessagePack can count")?;
        out.write_all(&self.packed).map_err(|error| error.to_string())
    }

    fn object(&mut self, object: &Object, out: &mut impl Write) -> Written {
        self.text.clear();
        self.packed.clear();
        object.append(&mut self.text);
        match transcode::object(&self.text, &mut self.packed) {
            Some(()) => out.write_all(&self.packed).map_err(|error| error.to_string()),
            None => packed(&tree(&self.text).map_err(|error| error.to_string())?, out),
        }
    }
}

fn json<C: Serialize>(trace: &Trace<C>, out: &mut impl Write) -> Written {
    serde_json::to_writer_pretty(&mut *out, trace).map_err(|error| error.to_string())?;
    out.write_all(b"\n").map_err(|error| error.to_string())
}

fn yaml<C: Serialize>(trace: &Trace<C>, out: &mut impl Write) -> Written {
    serde_yaml::to_writer(out, trace).map_err(|error| error.to_string())
}

fn jsonl<C: Serialize>(trace: &Trace<C>, out: &mut impl Write) -> Written {
    line(&Head(&trace.config), out)?;
    trace.events.iter().try_for_each(|event| line(event, out))?;
    line(&Tail(&trace.index, &trace.pod_lifecycles), out)
}

fn line(value: &impl Serialize, out: &mut impl Write) -> Written {
    serde_json::to_writer(&mut *out, value).map_err(|error| error.to_string())?;
    out.write_all(b"\n").map_err(|error| error.to_string())
}

/// A writer that keeps its first error, and tells the serialiser only that there was one.
struct Remembering<W: Write> {
    writer: BufWriter<W>,
    error: Option<io::Error>,
}

impl<W: Write> Write for Remembering<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes).map_err(|error| {
            let kind = error.kind();
            if kind != io::ErrorKind::Interrupted {
                self.error.get_or_insert(error);
            }
            kind.into()
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::json::tests::any_json;
    use crate::trace::{Deleted, Lifecycle};

    fn small() -> Trace<serde_json::Value> {
        let applied = br#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"n"},"spec":{"a":1.0}}"#;
        let gone = Deleted { api_version: "v1".into(), kind: "Pod".into(), namespace: "n".into(), name: "p".into() };
        let pod = "v1.Pod".parse().unwrap();
        Trace {
            config: serde_json::json!({"trackedObjects": {}}),
            events: vec![
                Event { ts: 5, applied: vec![Object::whole(applied)], deleted: vec![] },
                Event { ts: 6, applied: vec![], deleted: vec![gone] },
            ],
            index: [("v1.Pod".parse().unwrap(), [("n/p".to_owned(), u64::MAX)].into())].into(),
            pod_lifecycles: [((pod, "n/p".into()), [(u64::MAX, vec![Lifecycle::Finished(5, 6)])].into())].into(),
        }
    }

    fn text(format: Format) -> String {
        let mut out = Vec::new();
        write(format, &small(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn lines_are_the_head_the_events_and_the_tail() {
        let expected = r#"{"version":2,"config":{"trackedObjects":{}}}
{"ts":5,"applied_objs":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"n"},"spec":{"a":1.0}}],"deleted_objs":[]}
{"ts":6,"applied_objs":[],"deleted_objs":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"n"}}]}
{"index":{"v1.Pod":{"n/p":18446744073709551615}},"pod_lifecycles":{"v1.Pod|n/p":{"18446744073709551615":[{"Finished":[5,6]}]}}}
"#;
        assert_eq!(text(Format::Jsonl), expected);
    }

    #[test]
    fn json_and_yaml_are_one_tree() {
        let json: serde_json::Value = serde_json::from_str(&text(Format::Json)).unwrap();
        let yaml: serde_json::Value = serde_yaml::from_str(&text(Format::Yaml)).unwrap();
        assert_eq!(json, yaml);
        assert_eq!(json["version"], 2);
        assert_eq!(json["pod_lifecycles"]["v1.Pod|n/p"]["18446744073709551615"][0]["Finished"][1], 6);
    }

    #[test]
    fn messagepack_is_maps_with_names_and_array_keys() {
        let mut out = Vec::new();
        write(Format::Simkube, &small(), &mut out).unwrap();
        assert!(out.starts_with(b"\x85\xa7version\x02\xa6config"));
        let key = b"\xaepod_lifecycles\x81\x92\xa6v1.Pod\xa3n/p\x81\xcf\xff\xff\xff\xff\xff\xff\xff\xff\x91\x81\xa8Finished\x92\x05\x06";
        assert!(out.ends_with(key));
    }

    proptest! {
        #[test]
        fn messagepack_is_what_rmp_serde_makes_of_the_whole(values in prop::collection::vec(any_json(), 0..40), ts: i64) {
            let objects: Vec<Object> = values.iter().map(|value| Object::whole(json!({"a": value}).to_string().as_bytes())).collect();
            let mut trace = small();
            trace.events.extend(objects.chunks(7).map(|applied| Event { ts, applied: applied.to_vec(), deleted: vec![] }));
            trace.events.push(Event { ts, applied: objects, deleted: trace.events[1].deleted.clone() });
            let (mut straight, mut whole) = (Vec::new(), Vec::new());
            write(Format::Simkube, &trace, &mut straight).unwrap();
            trace.serialize(&mut rmp_serde::Serializer::new(&mut whole).with_struct_map()).unwrap();
            prop_assert_eq!(straight, whole);
        }
    }

    #[test]
    fn an_object_that_is_no_json_is_an_error_and_says_which() {
        for format in Format::ALL {
            let mut trace = small();
            trace.events[0].applied.push(Object::whole(b"{\"a\":"));
            let error = write(format, &trace, io::sink()).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
            assert!(error.to_string().contains(r#"{"a":"#), "{error}");
        }
    }

    #[test]
    fn a_broken_pipe_can_be_told() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        for format in Format::ALL {
            let mut trace = small();
            trace.events = vec![trace.events[0].clone(); 1000];
            assert_eq!(
                write(format, &trace, Closed).unwrap_err().kind(),
                io::ErrorKind::BrokenPipe,
                "{}",
                format.name()
            );
        }
    }
}
