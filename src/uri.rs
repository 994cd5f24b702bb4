//! The query of a request's path.

use std::borrow::Cow;

/// The value of a parameter, decoded; of several the first. `None` where it is not there.
pub fn parameter<'a>(uri: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let (_, query) = uri.split_once('?')?;
    let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.find(|(key, _)| decoded(key) == name).map(|(_, value)| decoded(value))
}

/// Undoes `%2C` and `+`, as in forms (Go's `url.ParseQuery`). What is no code stands for itself.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let code = || std::str::from_utf8(bytes.get(i + 1..i + 3)?).ok();
        let byte = (bytes[i] == b'%').then(code).flatten().and_then(|code| u8::from_str_radix(code, 16).ok());
        match byte {
            Some(byte) => {
                out.push(byte);
                i += 3;
            }
            None => {
                out.push(if bytes[i] == b'+' { b' ' } else { bytes[i] });
                i += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_and_decoded() {
        let uri = "/api/v1/namespaces/shop/pods?labelSelector=app%3Dbatch%2Ctier+in+%28a%2Cb%29&dryRun=&x";
        assert_eq!(parameter(uri, "labelSelector").as_deref(), Some("app=batch,tier in (a,b)"));
        assert_eq!(parameter(uri, "dryRun").as_deref(), Some(""));
        assert_eq!(parameter(uri, "x").as_deref(), Some(""));
        assert_eq!(parameter(uri, "app"), None);
        assert_eq!(parameter("/api/v1/pods", "limit"), None);
    }

    #[test]
    fn broken_codes_stand_for_themselves() {
        for (text, expected) in [("a%", "a%"), ("a%4", "a%4"), ("%zz", "%zz"), ("%ff", "\u{fffd}"), ("%é", "%é")] {
            assert_eq!(decoded(text), expected, "{text}");
        }
    }
}
