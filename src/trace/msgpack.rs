//! Reading MessagePack that nobody vouches for.
//!
//! A pull decoder rather than a serde one: a trace is walked part by part, and every error knows the byte that it is about. What
//! no JSON can hold (blobs, extensions, keys that are no strings, numbers that are not finite) is an error. Nothing is allocated
//! by what a header claims, nesting is bounded, and so is the number of bytes of one value: a few bytes of a file cannot ask
//! for a gigabyte, and a file of gigabytes cannot become one object.

use std::io::{self, BufReader, Read};

use serde_json::{Map, Number, Value};

/// How many levels a value may nest: as many as serde_json reads, so that what was read can be written as text and read again.
const MAX_DEPTH: u8 = 127;

/// How many bytes of a string are believed to be there before they are.
const CHUNK: usize = 1 << 16;

/// How many bytes of a value there must be for each of its tokens, on the average: a tree takes tens of bytes for each, and
/// MessagePack as little as one.
const BYTES_PER_TOKEN: u64 = 8;

/// Why there is no value.
#[derive(Debug)]
pub(super) enum Problem {
    /// The bytes end too soon.
    Cut,
    /// The reader failed.
    Io(io::Error),
    /// The value is none, or not the one that belongs here.
    Malformed(String),
}

/// What a value begins with: all of a scalar, or how many elements or entries follow.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Null,
    Bool(bool),
    Unsigned(u64),
    /// Always negative.
    Signed(i64),
    /// Always finite.
    Float(f64),
    Text(String),
    Array(u32),
    Map(u32),
}

/// Decodes MessagePack from a reader, and counts.
pub(super) struct Decoder<R> {
    reader: BufReader<R>,
    position: u64,
    /// Where the value must have ended.
    limit: u64,
    /// How many tokens the value may still have.
    tokens: u64,
    max_value: u64,
}

impl<R: Read> Decoder<R> {
    /// `max_value` is the number of bytes that one value may take, see [`Decoder::next_value`].
    pub(super) fn new(reader: R, max_value: u64) -> Self {
        let reader = BufReader::with_capacity(1 << 16, reader);
        let mut decoder = Decoder { reader, position: 0, limit: 0, tokens: 0, max_value };
        decoder.next_value();
        decoder
    }

    /// How many bytes were read.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Says that a value begins here, whose bytes are counted against the bound.
    pub(super) fn next_value(&mut self) {
        self.limit = self.position.saturating_add(self.max_value);
        self.tokens = self.max_value / BYTES_PER_TOKEN;
    }

    /// Whether nothing follows.
    pub(super) fn at_end(&mut self) -> Result<bool, Problem> {
        self.reader.by_ref().take(1).read_to_end(&mut Vec::new()).map(|read| read == 0).map_err(Problem::Io)
    }

    /// Says that so many more bytes will be read, if the value may have them.
    fn claim(&self, bytes: u64) -> Result<(), Problem> {
        if bytes <= self.limit.saturating_sub(self.position) {
            return Ok(());
        }
        Err(Problem::Malformed(format!("a value takes more than {} bytes", self.max_value)))
    }

    fn exact(&mut self, buffer: &mut [u8]) -> Result<(), Problem> {
        self.claim(buffer.len() as u64)?;
        self.reader.read_exact(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Problem::Cut,
            _ => Problem::Io(error),
        })?;
        self.position += buffer.len() as u64;
        Ok(())
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Problem> {
        let mut bytes = [0; N];
        self.exact(&mut bytes)?;
        Ok(bytes)
    }

    fn byte(&mut self) -> Result<u8, Problem> {
        self.fixed().map(|[byte]| byte)
    }

    fn short(&mut self) -> Result<u32, Problem> {
        self.fixed().map(|bytes| u16::from_be_bytes(bytes).into())
    }

    fn long(&mut self) -> Result<u32, Problem> {
        self.fixed().map(u32::from_be_bytes)
    }

    fn string(&mut self, length: u32) -> Result<Token, Problem> {
        self.claim(length.into())?;
        let mut bytes = Vec::new();
        while bytes.len() < length as usize {
            let start = bytes.len();
            bytes.resize(start.saturating_add(CHUNK).min(length as usize), 0);
            self.exact(&mut bytes[start..])?;
        }
        String::from_utf8(bytes).map(Token::Text).map_err(|_| Problem::Malformed("a string that is no UTF-8".into()))
    }

    /// Reads one token.
    pub(super) fn token(&mut self) -> Result<Token, Problem> {
        let too_many =
            || Problem::Malformed(format!("a value has more than {} parts", self.max_value / BYTES_PER_TOKEN));
        self.tokens = self.tokens.checked_sub(1).ok_or_else(too_many)?;
        Ok(match self.byte()? {
            marker @ 0..=0x7f => Token::Unsigned(marker.into()),
            marker @ 0x80..=0x8f => Token::Map((marker & 0xf).into()),
            marker @ 0x90..=0x9f => Token::Array((marker & 0xf).into()),
            marker @ 0xa0..=0xbf => self.string((marker & 0x1f).into())?,
            0xc0 => Token::Null,
            marker @ 0xc2..=0xc3 => Token::Bool(marker == 0xc3),
            0xca => float(f32::from_be_bytes(self.fixed()?).into())?,
            0xcb => float(f64::from_be_bytes(self.fixed()?))?,
            0xcc => Token::Unsigned(self.byte()?.into()),
            0xcd => Token::Unsigned(self.short()?.into()),
            0xce => Token::Unsigned(self.long()?.into()),
            0xcf => Token::Unsigned(u64::from_be_bytes(self.fixed()?)),
            0xd0 => integer(i8::from_be_bytes(self.fixed()?).into()),
            0xd1 => integer(i16::from_be_bytes(self.fixed()?).into()),
            0xd2 => integer(i32::from_be_bytes(self.fixed()?).into()),
            0xd3 => integer(i64::from_be_bytes(self.fixed()?)),
            0xd9 => {
                let length = self.byte()?.into();
                self.string(length)?
            }
            0xda => {
                let length = self.short()?;
                self.string(length)?
            }
            0xdb => {
                let length = self.long()?;
                self.string(length)?
            }
            0xdc => Token::Array(self.short()?),
            0xdd => Token::Array(self.long()?),
            0xde => Token::Map(self.short()?),
            0xdf => Token::Map(self.long()?),
            marker @ 0xe0..=0xff => Token::Signed(i64::from(marker) - 0x100),
            marker => return Err(Problem::Malformed(format!("a {} is not JSON", foreign(marker)))),
        })
    }

    /// Reads a value as JSON. Of a key that stands twice the last value counts.
    pub(super) fn value(&mut self) -> Result<Value, Problem> {
        self.nested(MAX_DEPTH)
    }

    fn nested(&mut self, depth: u8) -> Result<Value, Problem> {
        let deeper = || {
            let bound = || Problem::Malformed(format!("nested deeper than {MAX_DEPTH} levels"));
            depth.checked_sub(1).ok_or_else(bound)
        };
        Ok(match self.token()? {
            Token::Null => Value::Null,
            Token::Bool(value) => Value::Bool(value),
            Token::Unsigned(value) => value.into(),
            Token::Signed(value) => value.into(),
            Token::Float(value) => Number::from_f64(value).map_or(Value::Null, Value::Number),
            Token::Text(value) => Value::String(value),
            Token::Array(length) => {
                let deeper = deeper()?;
                let mut array = Vec::new();
                for _ in 0..length {
                    array.push(self.nested(deeper)?);
                }
                Value::Array(array)
            }
            Token::Map(length) => {
                let deeper = deeper()?;
                let mut object = Map::new();
                for _ in 0..length {
                    let key = self.text("a key")?;
                    object.insert(key, self.nested(deeper)?);
                }
                Value::Object(object)
            }
        })
    }

    /// Reads how many entries follow, where a map must be.
    pub(super) fn map(&mut self, what: &str) -> Result<u32, Problem> {
        match self.token()? {
            Token::Map(length) => Ok(length),
            other => Err(other.instead_of(what, "a map")),
        }
    }

    /// Reads how many elements follow, where a list must be.
    pub(super) fn array(&mut self, what: &str) -> Result<u32, Problem> {
        match self.token()? {
            Token::Array(length) => Ok(length),
            other => Err(other.instead_of(what, "a list")),
        }
    }

    /// Reads a string, where one must be.
    pub(super) fn text(&mut self, what: &str) -> Result<String, Problem> {
        match self.token()? {
            Token::Text(text) => Ok(text),
            other => Err(other.instead_of(what, "a string")),
        }
    }

    /// Reads a number of 64 bits without sign, where one must be.
    pub(super) fn unsigned(&mut self, what: &str) -> Result<u64, Problem> {
        match self.token()? {
            Token::Unsigned(number) => Ok(number),
            other => Err(other.instead_of(what, "a number of 64 bits without sign")),
        }
    }

    /// Reads a number of 64 bits with sign, where one must be.
    pub(super) fn signed(&mut self, what: &str) -> Result<i64, Problem> {
        let token = self.token()?;
        let number = match token {
            Token::Unsigned(number) => i64::try_from(number).ok(),
            Token::Signed(number) => Some(number),
            _ => None,
        };
        number.ok_or_else(|| token.instead_of(what, "a number of 64 bits with sign"))
    }
}

impl Token {
    /// The problem that this token stands where something else must be.
    pub(super) fn instead_of(&self, what: &str, expected: &str) -> Problem {
        let found = match self {
            Token::Null => "null".to_owned(),
            Token::Bool(value) => value.to_string(),
            Token::Unsigned(value) => value.to_string(),
            Token::Signed(value) => value.to_string(),
            Token::Float(value) => value.to_string(),
            Token::Text(text) => format!("the string {:?}", text.chars().take(40).collect::<String>()),
            Token::Array(length) => format!("a list of {length}"),
            Token::Map(length) => format!("a map of {length}"),
        };
        Problem::Malformed(format!("{what} is {found}, not {expected}"))
    }
}

fn integer(value: i64) -> Token {
    u64::try_from(value).map_or(Token::Signed(value), Token::Unsigned)
}

fn float(value: f64) -> Result<Token, Problem> {
    let finite = value.is_finite().then_some(Token::Float(value));
    finite.ok_or_else(|| Problem::Malformed("a number that is not finite is not JSON".into()))
}

/// What MessagePack has and JSON has not.
fn foreign(marker: u8) -> &'static str {
    match marker {
        0xc4..=0xc6 => "blob of bytes",
        0xc1 => "byte that MessagePack does not use",
        _ => "MessagePack extension",
    }
}
