//! A config as YAML with comments, which no serialiser writes.

use std::io::{self, Write};

use super::{Entry, Proposal};
use crate::output::Harmless;

impl Proposal {
    /// Writes it, as SimKube reads it.
    ///
    /// # Errors
    /// Of the writer.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        comment(out, "", &self.head)?;
        if self.entries.is_empty() {
            return writeln!(out, "trackedObjects: {{}}");
        }
        writeln!(out, "trackedObjects:")?;
        for (gvk, Entry { tracked, notes }) in &self.entries {
            comment(out, "  ", notes)?;
            writeln!(out, "  {}:", scalar(&gvk.to_string()))?;
            let paths: Vec<String> = tracked.pod_spec_template_paths.iter().map(|path| quoted(path)).collect();
            writeln!(out, "    podSpecTemplatePaths: [{}]", paths.join(", "))?;
            if tracked.track_lifecycle {
                writeln!(out, "    trackLifecycle: true")?;
            }
            if tracked.skip_owned {
                writeln!(out, "    skipOwned: true")?;
            }
        }
        Ok(())
    }
}

/// Lines that nothing in them can end.
fn comment(out: &mut impl Write, indent: &str, lines: &[String]) -> io::Result<()> {
    lines.iter().try_for_each(|line| writeln!(out, "{indent}# {}", Harmless(line)))
}

/// A key: plain where every reader takes it for itself.
fn scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'/' | b'-'));
    if plain { text.to_owned() } else { quoted(text) }
}

/// In double quotes, in which YAML understands what JSON writes; all but ASCII by number.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            c if u32::from(c) <= 0xffff => quoted += &format!("\\u{:04x}", u32::from(c)),
            c => quoted += &format!("\\U{:08x}", u32::from(c)),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{TracerConfig, TrackedObject};
    use crate::model::Gvk;

    #[test]
    fn whatever_a_log_holds_the_config_is_read_as_it_was_meant() {
        let hostile = "a: \"b\"\n\\'#{}[]\u{85}\u{2028}\u{feff}é\u{1f600}\x1b";
        let gvk = Gvk::new(hostile.replace('/', ""), "v1", hostile.replace(['/', '.'], ""));
        let paths = vec![format!("/{hostile}"), "/spec/*/template".to_owned(), String::new()];
        let tracked = TrackedObject { pod_spec_template_paths: paths, track_lifecycle: true, skip_owned: false };
        let entry = Entry { tracked: tracked.clone(), notes: vec![hostile.to_owned()] };
        let proposal = Proposal { entries: [(gvk.clone(), entry)].into(), head: vec![hostile.to_owned()], doubts: 0 };
        let mut text = Vec::new();
        proposal.write(&mut text).unwrap();
        let read = TracerConfig::read(text.as_slice(), Path::new("x")).unwrap();
        assert_eq!(read.config.get(&gvk), Some(&tracked), "{}", String::from_utf8_lossy(&text));
        assert!(read.warnings.is_empty());
    }
}
