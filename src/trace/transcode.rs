//! Canonical JSON text as MessagePack, without a tree between.
//!
//! What comes out is what rmp-serde makes of the tree that serde_json reads, byte by byte: the shortest form of every number
//! and header. How many members an object has is known at its end only: one byte is left for the header, and what follows
//! moves up where it takes more, which is seldom.

use std::str;

use serde_json::Number;

use crate::json::tokens::{Text, Token, Tokens};

/// So many objects and arrays may stand in each other, as in serde_json.
const DEPTH: usize = 127;

/// The markers of headers: of few elements, which it counts itself; of 16 and of 32 bits.
struct Header {
    few: u8,
    short: u8,
    long: u8,
}

const MAP: Header = Header { few: 0x80, short: 0xde, long: 0xdf };
const ARRAY: Header = Header { few: 0x90, short: 0xdc, long: 0xdd };
/// So few elements stand in the marker.
const FEW: u32 = 15;

/// An object or array that has begun.
struct Open {
    /// Where its header stands.
    at: usize,
    map: bool,
    count: u32,
}

/// Appends the MessagePack of a canonical text, which is one object. `None`, and some of it, where a tree must tell: of what is
/// no such text.
pub(super) fn object(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut open: Vec<Open> = Vec::with_capacity(16);
    let text = str::from_utf8(text).ok()?;
    let mut tokens = Tokens::of(text);
    loop {
        let token = tokens.next()?;
        // In a map the keys are counted.
        if let Some(around) = open.last_mut()
            && !matches!(token, Token::Close)
        {
            around.count += u32::from(!around.map || matches!(token, Token::Key(_)));
        }
        match token {
            Token::Open { map } => {
                open.push(Open { at: out.len(), map, count: 0 });
                out.push(0);
                if open.len() > DEPTH {
                    return None;
                }
            }
            Token::Close => {
                close(open.pop()?, out);
                if open.is_empty() {
                    return tokens.next().is_none().then_some(());
                }
            }
            Token::Key(text) | Token::String(text) => string(text, out)?,
            Token::Scalar(scalar) => self::scalar(scalar, out)?,
        }
    }
}

/// Writes the header of what ends here.
fn close(Open { at, map, count }: Open, out: &mut Vec<u8>) {
    let header = if map { MAP } else { ARRAY };
    match (u8::try_from(count), u16::try_from(count)) {
        (Ok(few), _) if count <= FEW => out[at] = header.few | few,
        (_, Ok(short)) => {
            let [a, b] = short.to_be_bytes();
            drop(out.splice(at..=at, [header.short, a, b]));
        }
        _ => {
            let [a, b, c, d] = count.to_be_bytes();
            drop(out.splice(at..=at, [header.long, a, b, c, d]));
        }
    }
}

/// Writes how many elements follow.
pub(super) fn array_header(count: usize, out: &mut Vec<u8>) -> Option<()> {
    let at = out.len();
    out.push(0);
    close(Open { at, map: false, count: u32::try_from(count).ok()? }, out);
    Some(())
}

fn string(text: Text<'_>, out: &mut Vec<u8>) -> Option<()> {
    let text = text.read()?;
    let length = u32::try_from(text.len()).ok()?;
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(length), _) if length < 32 => out.push(0xa0 | length),
        (Ok(length), _) => out.extend([0xd9, length]),
        (_, Ok(length)) => {
            out.push(0xda);
            out.extend(length.to_be_bytes());
        }
        _ => {
            out.push(0xdb);
            out.extend(length.to_be_bytes());
        }
    }
    out.extend_from_slice(text.as_bytes());
    Some(())
}

fn scalar(text: &str, out: &mut Vec<u8>) -> Option<()> {
    match text {
        "null" => out.push(0xc0),
        "false" => out.push(0xc2),
        "true" => out.push(0xc3),
        _ => number(text, out)?,
    }
    Some(())
}

fn number(text: &str, out: &mut Vec<u8>) -> Option<()> {
    // Whether it is one, and which, is serde_json's to say: of few digits it says this.
    let plain =
        text.len() < 19 && text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    let number = if plain { Number::from(text.parse::<u64>().ok()?) } else { serde_json::from_str(text).ok()? };
    if let Some(unsigned) = number.as_u64() {
        self::unsigned(unsigned, out);
    } else if let Some(signed) = number.as_i64() {
        negative(signed, out);
    } else {
        out.push(0xcb);
        out.extend(number.as_f64()?.to_be_bytes());
    }
    Some(())
}

fn unsigned(number: u64, out: &mut Vec<u8>) {
    match (u8::try_from(number), u16::try_from(number), u32::try_from(number)) {
        (Ok(number), ..) if number < 0x80 => out.push(number),
        (Ok(number), ..) => out.extend([0xcc, number]),
        (_, Ok(number), _) => {
            out.push(0xcd);
            out.extend(number.to_be_bytes());
        }
        (.., Ok(number)) => {
            out.push(0xce);
            out.extend(number.to_be_bytes());
        }
        _ => {
            out.push(0xcf);
            out.extend(number.to_be_bytes());
        }
    }
}

fn negative(number: i64, out: &mut Vec<u8>) {
    match (i8::try_from(number), i16::try_from(number), i32::try_from(number)) {
        (Ok(number), ..) if number >= -32 => out.push(number.cast_unsigned()),
        (Ok(number), ..) => out.extend([0xd0, number.cast_unsigned()]),
        (_, Ok(number), _) => {
            out.push(0xd1);
            out.extend(number.to_be_bytes());
        }
        (.., Ok(number)) => {
            out.push(0xd2);
            out.extend(number.to_be_bytes());
        }
        _ => {
            out.push(0xd3);
            out.extend(number.to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Serialize;
    use serde_json::{Value, json};

    use super::*;

    fn by_tree(text: &str) -> Vec<u8> {
        let value: Value = serde_json::from_str(text).unwrap();
        let mut out = Vec::new();
        value.serialize(&mut rmp_serde::Serializer::new(&mut out).with_struct_map()).unwrap();
        out
    }

    fn straight(text: &str) -> Option<Vec<u8>> {
        let mut out = b"before".to_vec();
        object(text.as_bytes(), &mut out)?;
        Some(out.split_off(6))
    }

    fn check(value: &Value) {
        let text = value.to_string();
        assert_eq!(straight(&text), Some(by_tree(&text)), "{}", &text[..text.len().min(200)]);
    }

    #[test]
    fn numbers_take_as_few_bytes_as_they_can() {
        let edges = [7u32, 8, 15, 16, 31, 32, 63].map(|bits| 1i128 << bits);
        for edge in edges.into_iter().chain([0, 32, 1 << 64, 1 << 70, 10i128.pow(18), 10i128.pow(19)]) {
            for number in [edge - 1, edge, edge + 1, -edge - 1, -edge, 1 - edge] {
                let text = format!("{{\"a\":{number}}}");
                assert_eq!(straight(&text), Some(by_tree(&text)), "{number}");
            }
        }
        for number in ["0.5", "-0.0", "1e300", "-1.5e-7", "0.1", "100000000000000000000.0"] {
            check(&json!({"a": serde_json::from_str::<Value>(number).unwrap()}));
        }
    }

    #[test]
    fn headers_count_what_follows() {
        for length in [0, 1, 15, 16, 31, 32, 255, 256, 65_535, 65_536] {
            let members: serde_json::Map<_, _> = (0..length).map(|i| (format!("{i:06}"), json!([]))).collect();
            check(&json!({"list": vec![Value::Null; length], "text": "x".repeat(length), "map": members, "after": 1}));
        }
    }

    #[test]
    fn what_a_tree_cannot_hold_is_left_to_it() {
        let nested = |levels: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(levels - 1), "]".repeat(levels - 1));
        assert_eq!(straight(&nested(127)), Some(by_tree(&nested(127))));
        for bad in
            ["", "{", r#"{"a":"#, r#"{"a":nul}"#, r#"{"a":01}"#, r#"{"a":1e999}"#, "{}{}", "1", "}", &nested(128)]
        {
            assert_eq!(straight(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn the_bytes_are_those_of_the_tree(value in crate::json::tests::any_json(), text in ".{0,300}") {
            let text = json!({"value": value, "text": text}).to_string();
            prop_assert_eq!(straight(&text), Some(by_tree(&text)));
        }

        #[test]
        fn nothing_makes_it_fail(text in prop::collection::vec(prop::sample::select(b"{}[]\"\\,:a1-.e \xff".to_vec()), 0..200)) {
            let _ = object(&text, &mut Vec::new());
        }
    }
}
