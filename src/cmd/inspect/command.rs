//! The command that exports what an inspection found, ready to be pasted into a shell.

use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::path::Path;

use crate::cli::InspectOptions;
use crate::inspection::Window;
use crate::model::Timestamp;

/// Where the command writes to.
const DESTINATION: &str = "busiest.sktrace";
/// `--max-record`, where it is not given.
const MAX_RECORD: usize = 64 << 20;

/// `tracer export` of the same inputs, with the same filters, in a window.
pub fn export(options: &InspectOptions, (from, to): Window) -> String {
    let (common, filters) = (&options.common, &options.filters);
    let mut words = Words(["tracer", "export"].map(OsString::from).to_vec());
    common.named_inputs().iter().for_each(|path| words.input(path));
    words.option("--from", Some(Timestamp::from_seconds(from)));
    words.option("--to", Some(Timestamp::from_seconds(to)));
    words.option("--ns", join(&filters.namespaces));
    words.option("--exclude-ns", join(&filters.exclude_namespaces));
    filters.selectors.iter().for_each(|selector| words.option("--selector", Some(selector)));
    filters.exclude_selectors.iter().for_each(|selector| words.option("--exclude-selector", Some(selector)));
    words.option("--kind", join(&filters.kinds));
    words.option("--exclude-kind", join(&filters.exclude_kinds));
    words.option("--name", join(&filters.names));
    words.path("--config", common.config.as_deref());
    words.path("--baseline", common.baseline.as_deref());
    words.option("--baseline-at", common.baseline_at);
    words.option("--time-field", common.time_field.as_deref());
    words.option("--max-record", Some(common.max_record).filter(|size| *size != MAX_RECORD));
    words.flag("--skip-invalid", common.skip_invalid);
    words.flag("--no-infer", !options.infer_owners);
    words.path("-o", Some(Path::new(DESTINATION)));
    let quoted: Vec<String> = words.0.iter().map(|word| quote(word)).collect();
    quoted.join(" ")
}

/// Several values of one option; none where there is none.
fn join(values: &[impl Display]) -> Option<String> {
    let values: Vec<String> = values.iter().map(ToString::to_string).collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// The words of a command.
struct Words(Vec<OsString>);

impl Words {
    fn input(&mut self, path: &Path) {
        let text = path.as_os_str();
        // It would be taken for an option.
        let is_option = text != "-" && text.as_encoded_bytes().starts_with(b"-");
        self.0.push(if is_option { Path::new(".").join(path).into_os_string() } else { text.to_owned() });
    }

    fn flag(&mut self, name: &str, given: bool) {
        self.0.extend(given.then(|| name.into()));
    }

    fn option(&mut self, name: &str, value: Option<impl Display>) {
        self.value(name, value.map(|value| value.to_string().into()));
    }

    fn path(&mut self, name: &str, value: Option<&Path>) {
        self.value(name, value.map(|path| path.as_os_str().to_owned()));
    }

    fn value(&mut self, name: &str, value: Option<OsString>) {
        let Some(value) = value else { return };
        if value.as_encoded_bytes().starts_with(b"-") && value != "-" {
            let mut word = OsString::from(format!("{name}="));
            word.push(value);
            self.0.push(word);
        } else {
            self.0.extend([name.into(), value]);
        }
    }
}

/// A word as bash and zsh read it back.
fn quote(word: &OsStr) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:=@%+,".contains(&byte);
    let bytes = word.as_encoded_bytes();
    match word.to_str() {
        Some(text) if !bytes.is_empty() && bytes.iter().copied().all(plain) => text.to_owned(),
        Some(text) if !text.chars().any(|c| c.is_control() || is_unseen(c)) => {
            format!("'{}'", text.replace('\'', r"'\''"))
        }
        _ => format!("$'{}'", bytes.iter().map(|byte| escape(*byte)).collect::<String>()),
    }
}

/// Whether a character changes how others look.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn escape(byte: u8) -> String {
    match byte {
        b'\'' | b'\\' => format!("\\{}", char::from(byte)),
        0x20..=0x7e => char::from(byte).to_string(),
        _ => format!("\\x{byte:02x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{self, Invocation};

    fn command(args: &[&str]) -> String {
        let args = [&["tracer", "inspect"], args].concat();
        match cli::parse(args) {
            Ok(Invocation::Inspect(options)) => export(&options, (0, 900)),
            other => panic!("{other:?}"),
        }
    }

    const WINDOW: &str = "--from 1970-01-01T00:00:00Z --to 1970-01-01T00:15:00Z";

    #[test]
    fn the_inputs_and_filters_are_the_same() {
        let args = [
            "audit/",
            "-",
            "-n",
            "a,b*",
            "--exclude-ns=-x",
            "-l",
            "app in (a,b),!c",
            "-l",
            "d",
            "--kind",
            "deploy,v1.Pod",
            "--name",
            "deploy/web",
            "-c",
            "my config.yaml",
            "--baseline",
            "b",
            "--baseline-at",
            "0",
            "--max-record",
            "1K",
            "--skip-invalid",
            "--no-infer",
            "--from",
            "5",
            "-j",
            "3",
        ];
        assert_eq!(
            command(&args),
            format!(
                "tracer export audit/ - {WINDOW} --ns 'a,b*' --exclude-ns=-x --selector 'app in (a,b),!c' --selector d \
                 --kind deployment,v1.pod --name deployment/web --config 'my config.yaml' --baseline b \
                 --baseline-at 1970-01-01T00:00:00Z --max-record 1024 --skip-invalid --no-infer -o busiest.sktrace"
            )
        );
        assert_eq!(command(&[]), format!("tracer export {WINDOW} -o busiest.sktrace"));
        assert_eq!(command(&["--", "-x"]), format!("tracer export ./-x {WINDOW} -o busiest.sktrace"));
    }

    #[test]
    fn words_are_quoted_as_a_shell_reads_them() {
        for (word, quoted) in [
            ("a/b-c_1.gz", "a/b-c_1.gz"),
            ("", "''"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("$(x)`;&", "'$(x)`;&'"),
            ("é", "'é'"),
            ("a\x1b[2J'\\\n", r"$'a\x1b[2J\'\\\x0a'"),
            ("a\u{202e}b", r"$'a\xe2\x80\xaeb'"),
        ] {
            assert_eq!(quote(OsStr::new(word)), quoted);
        }
    }
}
