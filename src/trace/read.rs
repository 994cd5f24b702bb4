//! Reading a trace: MessagePack, version 2, as SimKube and [`mod@super::write`] write it.
//!
//! The file is read once, front to back, and handed over part by part, so that the largest thing in memory is one event. Fields
//! may come in any order, and unknown ones are passed over; a field that is missing is an error, for SimKube would not read the
//! file either. An error says what is wrong, in which event, and how many bytes were read by then. What has been handed over
//! by then is right: whoever reads decides what it is worth.

use std::fmt;
use std::io::{self, Read};
use std::ops::ControlFlow;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::msgpack::{Decoder, Problem, Token};
use super::{Deleted, Event, Index, Lifecycle, Object, PodLifecycles, Trace, VERSION};
use crate::model::Gvk;

/// One part of a trace.
#[derive(Clone, Debug, PartialEq)]
pub enum Part<C> {
    /// What was tracked.
    Config(C),
    /// An event; they come in order. Its objects are maps; nothing else is known of them.
    Event(Event),
    /// An object that appears in the trace, with the hash of its last spec.
    Indexed {
        /// Its kind.
        gvk: Gvk,
        /// `namespace/name`.
        name: String,
        /// See [`super::object_hash`].
        hash: u64,
    },
    /// The lifecycles of an owner's pods of one spec.
    Lifecycles {
        /// Kind and `namespace/name`.
        owner: (Gvk, String),
        /// See [`super::pod_spec_hash`].
        hash: u64,
        /// In the order in which a replay deals them out.
        lifecycles: Vec<Lifecycle>,
    },
}

/// Why a trace could not be read, or not to its end. Offsets are bytes of the MessagePack.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file ends before the trace does.
    #[error("{place}, byte {offset}: the trace is cut off")]
    Cut {
        /// How many bytes were read of what is whole.
        offset: u64,
        /// Which part is cut.
        place: Place,
    },
    /// It is no trace, or not of this version, or damaged.
    #[error("{place}, byte {offset}: {reason}")]
    Malformed {
        /// How many bytes were read: the end of what is wrong.
        offset: u64,
        /// Which part is wrong.
        place: Place,
        /// What is wrong.
        reason: String,
    },
    /// The reader failed.
    #[error("{place}, byte {offset}: {source}")]
    Io {
        /// How many bytes were read.
        offset: u64,
        /// Which part was being read.
        place: Place,
        /// What the reader said.
        source: io::Error,
    },
}

/// Which part of a trace an error is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// The trace as a whole.
    #[default]
    Trace,
    /// One of its fields.
    Field(&'static str),
    /// An event, counted from 0.
    Event(u32),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Trace => f.write_str("trace"),
            Place::Field(name) => write!(f, "`{name}`"),
            Place::Event(number) => write!(f, "`events[{number}]`"),
        }
    }
}

/// The names of the fields of a trace, all of which it must have.
const FIELDS: [&str; 5] = ["version", "config", "events", "index", "pod_lifecycles"];

/// Whether a file that starts so is a trace: MessagePack, a map, its first key a field of a trace. 20 bytes are enough; no text
/// starts so.
pub fn is_trace(start: &[u8]) -> bool {
    let key = match start {
        [0x81..=0x8f, key @ ..] | [0xde, _, _, key @ ..] | [0xdf, _, _, _, _, key @ ..] => key,
        _ => return false,
    };
    let is = |name: &str| {
        key.split_first().is_some_and(|(&marker, text)| {
            usize::from(marker) == 0xa0 + name.len() && text.starts_with(name.as_bytes())
        })
    };
    FIELDS.into_iter().any(is)
}

/// The config of a trace, without reading on when it is found.
///
/// # Errors
///
/// When the stream is no trace of version 2 up to there; see [`ReadError`].
pub fn read_config<C: DeserializeOwned>(reader: impl Read, max_value: u64) -> Result<Option<C>, ReadError> {
    let found = read(reader, max_value, |part| match part {
        Part::Config(config) => ControlFlow::Break(config),
        _ => ControlFlow::Continue(()),
    })?;
    Ok(found.break_value())
}

/// Reads a trace and hands its parts to `emit`, in the order of the file. A `Break` ends the reading, and is handed back.
///
/// `max_value` bounds the bytes that one object, or any other part, may take. The reader need not be buffered.
///
/// # Errors
///
/// When it is no whole trace of version 2; see [`ReadError`].
pub fn read<C, B>(
    reader: impl Read,
    max_value: u64,
    mut emit: impl FnMut(Part<C>) -> ControlFlow<B>,
) -> Result<ControlFlow<B>, ReadError>
where
    C: DeserializeOwned,
{
    let mut walker = Walker { decoder: Decoder::new(reader, max_value), place: Place::Trace, emit: &mut emit };
    let result = walker.trace();
    let (offset, place) = (walker.decoder.position(), walker.place);
    match result {
        Ok(()) => Ok(ControlFlow::Continue(())),
        Err(Stop::Asked(why)) => Ok(ControlFlow::Break(why)),
        Err(Stop::Problem(Problem::Cut)) => Err(ReadError::Cut { offset, place }),
        Err(Stop::Problem(Problem::Io(source))) => Err(ReadError::Io { offset, place, source }),
        Err(Stop::Problem(Problem::Malformed(reason))) => Err(ReadError::Malformed { offset, place, reason }),
    }
}

/// Reads a whole trace into memory.
///
/// # Errors
///
/// As [`read`].
pub fn read_all<C: DeserializeOwned>(reader: impl Read, max_value: u64) -> Result<Trace<C>, ReadError> {
    let (mut config, mut events) = (None, Vec::new());
    let (mut index, mut pod_lifecycles) = (Index::new(), PodLifecycles::new());
    let _: ControlFlow<()> = read(reader, max_value, |part| {
        match part {
            Part::Config(read) => config = Some(read),
            Part::Event(event) => events.push(event),
            Part::Indexed { gvk, name, hash } => drop(index.entry(gvk).or_default().insert(name, hash)),
            Part::Lifecycles { owner, hash, lifecycles } => {
                pod_lifecycles.entry(owner).or_default().entry(hash).or_default().extend(lifecycles);
            }
        }
        ControlFlow::Continue(())
    })?;
    let missing = || ReadError::Malformed { offset: 0, place: Place::Trace, reason: no_field("config") };
    Ok(Trace { config: config.ok_or_else(missing)?, events, index, pod_lifecycles })
}

fn no_field(name: &str) -> String {
    format!("there is no field `{name}`")
}

/// Why the walk ends early.
enum Stop<B> {
    /// `emit` asked for it.
    Asked(B),
    Problem(Problem),
}

impl<B> From<Problem> for Stop<B> {
    fn from(problem: Problem) -> Self {
        Stop::Problem(problem)
    }
}

fn malformed(reason: impl fmt::Display) -> Problem {
    Problem::Malformed(reason.to_string())
}

/// The walk through a trace.
struct Walker<'e, R, C, B> {
    decoder: Decoder<R>,
    place: Place,
    emit: &'e mut dyn FnMut(Part<C>) -> ControlFlow<B>,
}

impl<R: Read, C: DeserializeOwned, B> Walker<'_, R, C, B> {
    fn trace(&mut self) -> Result<(), Stop<B>> {
        let mut seen = [false; FIELDS.len()];
        for _ in 0..self.decoder.map("what should be a trace")? {
            self.place = Place::Trace;
            self.decoder.next_value();
            let key = self.decoder.text("a field's name")?;
            match FIELDS.iter().position(|field| *field == key) {
                None => drop(self.decoder.value()?),
                Some(field) if std::mem::replace(&mut seen[field], true) => {
                    return Err(malformed(format_args!("the field `{key}` stands there twice")).into());
                }
                Some(field) => self.field(FIELDS[field])?,
            }
        }
        self.place = Place::Trace;
        if let Some(missing) = seen.iter().position(|seen| !seen) {
            return Err(malformed(no_field(FIELDS[missing])).into());
        }
        match self.decoder.at_end()? {
            true => Ok(()),
            false => Err(malformed("there is more after the trace's end").into()),
        }
    }

    fn field(&mut self, name: &'static str) -> Result<(), Stop<B>> {
        self.place = Place::Field(name);
        self.decoder.next_value();
        match name {
            "version" => self.version(),
            "config" => {
                let config = C::deserialize(self.decoder.value()?).map_err(malformed)?;
                self.emit(Part::Config(config))
            }
            "events" => self.events(),
            "index" => self.index(),
            _ => self.pod_lifecycles(),
        }
    }

    fn emit(&mut self, part: Part<C>) -> Result<(), Stop<B>> {
        match (self.emit)(part) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(why) => Err(Stop::Asked(why)),
        }
    }

    fn version(&mut self) -> Result<(), Stop<B>> {
        match self.decoder.value()? {
            version if version.as_u64() == Some(VERSION) => Ok(()),
            other => Err(malformed(format_args!("version {other} of the format, only {VERSION} is read")).into()),
        }
    }

    fn events(&mut self) -> Result<(), Stop<B>> {
        for number in 0..self.decoder.array("the value")? {
            self.place = Place::Event(number);
            let event = event(&mut self.decoder)?;
            self.emit(Part::Event(event))?;
        }
        Ok(())
    }

    fn index(&mut self) -> Result<(), Stop<B>> {
        for _ in 0..self.decoder.map("the value")? {
            self.decoder.next_value();
            let gvk = gvk(&mut self.decoder)?;
            for _ in 0..self.decoder.map("the index of a kind")? {
                self.decoder.next_value();
                let name = self.decoder.text("an object's name")?;
                let hash = self.decoder.unsigned("an object's hash")?;
                self.emit(Part::Indexed { gvk: gvk.clone(), name, hash })?;
            }
        }
        Ok(())
    }

    fn pod_lifecycles(&mut self) -> Result<(), Stop<B>> {
        for _ in 0..self.decoder.map("the value")? {
            self.decoder.next_value();
            let owner = owner(&mut self.decoder)?;
            for _ in 0..self.decoder.map("an owner's lifecycles")? {
                self.decoder.next_value();
                let hash = self.decoder.unsigned("a pod spec's hash")?;
                let lifecycles = list(&mut self.decoder, "a hash's lifecycles", lifecycle)?;
                self.emit(Part::Lifecycles { owner: owner.clone(), hash, lifecycles })?;
            }
        }
        Ok(())
    }
}

/// Reads the elements of a list, each of which may take as much as a value may.
fn list<R: Read, T>(
    decoder: &mut Decoder<R>,
    what: &str,
    element: impl Fn(&mut Decoder<R>) -> Result<T, Problem>,
) -> Result<Vec<T>, Problem> {
    let mut elements = Vec::new();
    for _ in 0..decoder.array(what)? {
        decoder.next_value();
        elements.push(element(decoder)?);
    }
    Ok(elements)
}

fn event<R: Read>(decoder: &mut Decoder<R>) -> Result<Event, Problem> {
    decoder.next_value();
    let (mut ts, mut applied, mut deleted) = (None, None, None);
    for _ in 0..decoder.map("an event")? {
        decoder.next_value();
        match decoder.text("a field's name")?.as_str() {
            "ts" => ts = Some(decoder.signed("`ts`")?),
            "applied_objs" => applied = Some(list(decoder, "`applied_objs`", applied_object)?),
            "deleted_objs" => deleted = Some(list(decoder, "`deleted_objs`", deleted_object)?),
            _ => drop(decoder.value()?),
        }
    }
    let missing = |name: &'static str| move || Problem::Malformed(no_field(name));
    Ok(Event {
        ts: ts.ok_or_else(missing("ts"))?,
        applied: applied.ok_or_else(missing("applied_objs"))?,
        deleted: deleted.ok_or_else(missing("deleted_objs"))?,
    })
}

fn applied_object<R: Read>(decoder: &mut Decoder<R>) -> Result<Object, Problem> {
    match decoder.value()? {
        Value::Object(object) => Ok(Object::of(&object)),
        _ => Err(malformed("an applied object is no map")),
    }
}

fn deleted_object<R: Read>(decoder: &mut Decoder<R>) -> Result<Deleted, Problem> {
    let object = decoder.value()?;
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let need = |name: &str, value: Option<&Value>| {
        text(value).ok_or_else(|| malformed(format_args!("a deleted object has no `{name}`")))
    };
    Ok(Deleted {
        api_version: need("apiVersion", object.get("apiVersion"))?,
        kind: need("kind", object.get("kind"))?,
        namespace: text(object.pointer("/metadata/namespace")).unwrap_or_default(),
        name: need("metadata.name", object.pointer("/metadata/name"))?,
    })
}

fn gvk<R: Read>(decoder: &mut Decoder<R>) -> Result<Gvk, Problem> {
    decoder.text("a kind")?.parse().map_err(malformed)
}

fn owner<R: Read>(decoder: &mut Decoder<R>) -> Result<(Gvk, String), Problem> {
    match decoder.array("an owner")? {
        2 => Ok((gvk(decoder)?, decoder.text("an owner's name")?)),
        length => Err(malformed(format_args!("an owner is a list of {length}, not of kind and name"))),
    }
}

fn lifecycle<R: Read>(decoder: &mut Decoder<R>) -> Result<Lifecycle, Problem> {
    let expected = "`Empty`, `Running` or `Finished`";
    match decoder.token()? {
        Token::Text(text) if text == "Empty" => return Ok(Lifecycle::Empty),
        Token::Map(1) => {}
        other => return Err(other.instead_of("a lifecycle", expected)),
    }
    match decoder.text("a lifecycle")?.as_str() {
        "Running" => Ok(Lifecycle::Running(decoder.signed("a start")?)),
        "Finished" => match decoder.array("a finished lifecycle")? {
            2 => Ok(Lifecycle::Finished(decoder.signed("a start")?, decoder.signed("an end")?)),
            length => Err(malformed(format_args!("a finished lifecycle is a list of {length}, not of start and end"))),
        },
        other => Err(Token::Text(other.to_owned()).instead_of("a lifecycle", expected)),
    }
}
