//! Damage to logs: flipped bits, cut and doubled text, fields of other types.

use proptest::sample::Index;
use serde_json::Value;

/// Damages a line of a log.
pub fn wound(line: &mut Vec<u8>, place: &Index, how: u8) {
    let at = place.index(line.len().max(1));
    match how % 4 {
        0 if !line.is_empty() => line[at] ^= 1 << (how / 4 % 8),
        1 => line.truncate(at),
        2 => line.extend_from_within(at..),
        _ => {
            let Ok(mut event) = serde_json::from_slice::<Value>(line) else { return };
            let mut pointers = Vec::new();
            gather(&event, String::new(), &mut pointers);
            let odd = [
                Value::Null,
                7.into(),
                "odd".into(),
                true.into(),
                Value::Array(vec![]),
                serde_json::json!({"a": [1]}),
                (-1.5e300).into(),
                "9999-99-99T99:99:99Z".into(),
                i64::MIN.into(),
                u64::MAX.into(),
            ];
            if let Some(value) = event.pointer_mut(&pointers[place.index(pointers.len())]) {
                *value = odd[usize::from(how / 4) % odd.len()].clone();
            }
            *line = event.to_string().into_bytes();
        }
    }
}

fn gather(value: &Value, pointer: String, out: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(key, value)| gather(value, format!("{pointer}/{}", key.replace('/', "~1")), out));
        }
        Value::Array(elements) => {
            elements.iter().enumerate().for_each(|(i, value)| gather(value, format!("{pointer}/{i}"), out));
        }
        _ => {}
    }
    out.push(pointer);
}
