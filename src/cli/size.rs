//! Sizes as users write them: `64MiB`, `512K`, `1G`, or plain bytes. Units are powers of 1024, as in Kubernetes' `Mi`.

/// Why a text is no size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SizeError {
    /// Not a number with a known unit.
    #[error("not a size; write bytes, or a number and K, M or G, as in 512K, 64MiB or 1G (powers of 1024)")]
    Unreadable,
    /// Nothing fits in zero bytes.
    #[error("a size of nothing; write at least 1")]
    Zero,
    /// More than memory can address.
    #[error("too large a size")]
    TooLarge,
}

/// Reads a size, in bytes.
pub fn parse_size(text: &str) -> Result<usize, SizeError> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let shift = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "ki" | "kib" => 10,
        "m" | "mi" | "mib" => 20,
        "g" | "gi" | "gib" => 30,
        _ => return Err(SizeError::Unreadable),
    };
    if number.is_empty() {
        return Err(SizeError::Unreadable);
    }
    let bytes = number.parse::<usize>().ok().and_then(|n| n.checked_mul(1 << shift)).ok_or(SizeError::TooLarge)?;
    if bytes == 0 { Err(SizeError::Zero) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        for (text, bytes) in [
            ("1", 1),
            ("1024", 1024),
            ("512K", 512 << 10),
            ("64MiB", 64 << 20),
            ("64 mib", 64 << 20),
            ("10Mi", 10 << 20),
            ("1G", 1 << 30),
            ("7B", 7),
        ] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for (text, error) in [
            ("", SizeError::Unreadable),
            ("K", SizeError::Unreadable),
            ("-1", SizeError::Unreadable),
            ("1.5M", SizeError::Unreadable),
            ("64MB", SizeError::Unreadable),
            ("1T", SizeError::Unreadable),
            ("0", SizeError::Zero),
            ("0K", SizeError::Zero),
            ("99999999999999999999", SizeError::TooLarge),
            ("99999999999999999G", SizeError::TooLarge),
        ] {
            assert_eq!(parse_size(text), Err(error), "{text}");
        }
    }
}
