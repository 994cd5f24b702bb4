//! Writing JSON text without a tree.

/// Appends a string as JSON.
pub fn string(text: &str, out: &mut Vec<u8>) {
    if text.bytes().any(|byte| byte < b' ' || matches!(byte, b'"' | b'\\')) {
        // How it is escaped is serde_json's to say.
        out.extend_from_slice(serde_json::Value::from(text).to_string().as_bytes());
        return;
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_string_is_what_serde_json_writes(text in "[a\"\\\\\u{7f}é\n\u{0}]{0,9}") {
            let mut out = b"before".to_vec();
            string(&text, &mut out);
            prop_assert_eq!(&out[6..], serde_json::to_vec(&text).unwrap());
        }
    }
}
