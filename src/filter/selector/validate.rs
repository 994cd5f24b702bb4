//! What Kubernetes allows as the key and the value of a label (apimachinery's `IsQualifiedName` and `IsValidLabelValue`).

/// The longest name, and the longest value.
const MAX_NAME: usize = 63;
/// The longest prefix: that of a DNS name.
const MAX_PREFIX: usize = 253;

/// Checks a label's key: an optional DNS name and a slash, then a name.
pub(super) fn key(key: &str) -> Result<(), String> {
    let name = match key.split_once('/') {
        None => key,
        Some((prefix, name)) => {
            self::prefix(prefix).map_err(|problem| format!("the label name `{key}`: its prefix {problem}"))?;
            name
        }
    };
    self::name(name).map_err(|problem| format!("the label name `{key}` {problem}"))
}

/// Checks a label's value: empty, or as a name.
pub(super) fn value(value: &str) -> Result<(), String> {
    if value.is_empty() {
        return Ok(());
    }
    name(value).map_err(|problem| format!("the label value `{value}` {problem}"))
}

fn name(name: &str) -> Result<(), String> {
    let ends = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    if bytes.len() > MAX_NAME {
        Err(format!("is longer than {MAX_NAME} characters"))
    } else if !bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b)) {
        Err("may hold only letters, digits, `-`, `_` and `.`".to_owned())
    } else if !ends(bytes.first()) || !ends(bytes.last()) {
        Err("must begin and end with a letter or a digit".to_owned())
    } else {
        Ok(())
    }
}

fn prefix(prefix: &str) -> Result<(), String> {
    let alphanumeric = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let ends = |b: Option<&u8>| b.is_some_and(alphanumeric);
    let is_label = |part: &str| {
        let bytes = part.as_bytes();
        bytes.iter().all(|b| alphanumeric(b) || *b == b'-') && ends(bytes.first()) && ends(bytes.last())
    };
    if prefix.len() > MAX_PREFIX {
        Err(format!("is longer than {MAX_PREFIX} characters"))
    } else if !prefix.split('.').all(is_label) {
        Err("must be a DNS name in lower case, as in example.com/name".to_owned())
    } else {
        Ok(())
    }
}
