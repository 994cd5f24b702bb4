//! Lines that are always a record of their own, whatever stands in them.
//!
//! A container's log on a node (CRI) has a header on each line, and cuts what is long into several such lines: the JSON of one
//! line may be open at its end, and must not be looked for in the next, which begins with a header again. A line of a
//! server's own log (klog) or of an audit log in the old text format may hold JSON, which is no record.
//!
//! No JSON value has such a line within it: a line of JSON text that begins with a digit or a letter continues no value
//! (`2026-` is no number, `I0301` no literal).

use super::boundary::is_space;

/// The most bytes that are looked at to tell such a line.
pub(crate) const HEADER: usize = 80;

/// A line of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnLine {
    /// Of a container's log.
    Cri {
        /// So many bytes into the line its content begins.
        content: usize,
        /// Whether the content goes on in a later line of the same stream.
        partial: bool,
    },
    /// Of a server's own log.
    Klog,
    /// Of an audit log in the old text format.
    LegacyAudit,
}

impl OwnLine {
    /// Whether a line could be one, as far as its first byte tells.
    pub(crate) fn may_begin(byte: u8) -> bool {
        byte.is_ascii_digit() || matches!(byte, b'I' | b'W' | b'E' | b'F')
    }

    /// Tells such a line from its beginning.
    pub(crate) fn of(line: &[u8]) -> Option<OwnLine> {
        let head = &line[..line.len().min(HEADER)];
        if head.first()?.is_ascii_digit() {
            let (time, rest) = word(head)?;
            return if is_time(time) { cri(head, rest).or_else(|| legacy_audit(rest)) } else { None };
        }
        is_klog(head).then_some(OwnLine::Klog)
    }
}

/// `2026-03-01T10:00:00.123456789Z stdout F …`, the tags `P` (partial) or `F` (full) first of several between colons, as the
/// kubelet reads it (`pkg/kubelet/kuberuntime/logs` of Kubernetes).
fn cri(head: &[u8], rest: &[u8]) -> Option<OwnLine> {
    let (stream, rest) = word(rest)?;
    let tags = rest.split(|&byte| byte == b' ' || byte == b'\n').next()?;
    let partial = match tags.split(|&byte| byte == b':').next()? {
        b"P" => true,
        b"F" | b"F\r" => false,
        _ => return None,
    };
    let content = head.len() - rest.len() + (tags.len() + 1).min(rest.len());
    matches!(stream, b"stdout" | b"stderr").then_some(OwnLine::Cri { content, partial })
}

/// `2026-03-01T10:00:00.12Z AUDIT: id="…"`: what API servers wrote with `--audit-log-format=legacy`, until 1.30.
fn legacy_audit(rest: &[u8]) -> Option<OwnLine> {
    rest.starts_with(b"AUDIT: id=").then_some(OwnLine::LegacyAudit)
}

/// `I0301 10:00:00.000000       1 file.go:12] …`: the header of k8s.io/klog.
fn is_klog(head: &[u8]) -> bool {
    let shape = b"I0000 00:00:00.";
    let alike = |(byte, like): (&u8, &u8)| match like {
        b'0' => byte.is_ascii_digit(),
        b'I' => matches!(byte, b'I' | b'W' | b'E' | b'F'),
        _ => byte == like,
    };
    head.len() > shape.len() && head.iter().zip(shape).all(alike)
}

/// The first word, and what stands behind the blank that ends it.
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|&byte| is_space(byte))?;
    (text[end] == b' ').then(|| (&text[..end], &text[end + 1..]))
}

/// Whether a word is a time as RFC 3339 has it.
fn is_time(word: &[u8]) -> bool {
    let shape = b"0000-00-00T00:00:00";
    let alike = |(byte, like): (&u8, &u8)| if *like == b'0' { byte.is_ascii_digit() } else { byte == like };
    let in_rest = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'Z' | b'+' | b'-' | b':');
    word.len() > shape.len() && word.iter().zip(shape).all(alike) && word[shape.len()..].iter().all(in_rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_containers_and_of_other_logs_are_told_from_their_beginning() {
        let cri = |content, partial| Some(OwnLine::Cri { content, partial });
        for (line, expected) in [
            ("2026-03-01T10:00:00.123456789Z stdout F {\"a\":1}", cri(40, false)),
            ("2026-03-01T10:00:00Z stderr P {\"a", cri(30, true)),
            ("2026-03-01T10:00:00+01:00 stdout P:x:y {", cri(39, true)),
            ("2026-03-01T10:00:00Z stdout F", cri(29, false)),
            ("2026-03-01T10:00:00Z stdout F ", cri(30, false)),
            ("2026-03-01T10:00:00Z AUDIT: id=\"x\" stage=\"y\"", Some(OwnLine::LegacyAudit)),
            ("I0301 10:00:00.000000       1 file.go:12] \"x\" {\"a\":1}", Some(OwnLine::Klog)),
            ("E0301 10:00:00.123 7 x", Some(OwnLine::Klog)),
            ("2026-03-01T10:00:00Z {\"a\":1}", None),
            ("2026-03-01T10:00:00Z stdout {\"a\":1}", None),
            ("2026-03-01 10:00:00 stdout F {}", None),
            ("1772359200 stdout F {}", None),
            ("Info 10:00:00", None),
            ("I0301 10:00", None),
            ("", None),
        ] {
            assert_eq!(OwnLine::of(line.as_bytes()), expected, "{line}");
        }
    }
}
