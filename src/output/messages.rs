//! Messages on stderr: how they look, which are shown, and that nothing in them can harm a terminal.

use std::fmt::{self, Display};
use std::io::{self, IsTerminal, Write};

/// When to colour messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// On a terminal, unless the environment has a `NO_COLOR`.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How much is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors alone.
    Quiet,
    /// Warnings and the closing summary too.
    #[default]
    Normal,
    /// All there is to say.
    Verbose,
}

/// The looks of the words that begin a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Styles {
    colored: bool,
}

impl Styles {
    /// The looks of messages on stderr.
    pub fn for_stderr(color: Color) -> Self {
        Styles::of(color, io::stderr().is_terminal())
    }

    /// The looks of what goes to a terminal, or elsewhere.
    pub(super) fn of(color: Color, terminal: bool) -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Styles { colored: decide(color, no_color, terminal) }
    }

    /// No colour.
    pub const fn plain() -> Self {
        Styles { colored: false }
    }

    /// Red and bold.
    pub fn error(self, text: &str) -> String {
        self.paint(text, "1;31")
    }

    /// Yellow and bold.
    pub fn warning(self, text: &str) -> String {
        self.paint(text, "1;33")
    }

    /// Bold: what heads others.
    pub fn heading(self, text: &str) -> String {
        self.paint(text, "1")
    }

    /// Green: what came.
    pub fn added(self, text: &str) -> String {
        self.paint(text, "32")
    }

    /// Red: what went.
    pub fn removed(self, text: &str) -> String {
        self.paint(text, "31")
    }

    /// Yellow: what changed.
    pub fn changed(self, text: &str) -> String {
        self.paint(text, "33")
    }

    /// Faint: what is said besides.
    pub fn aside(self, text: &str) -> String {
        self.paint(text, "2")
    }

    fn paint(self, text: &str, code: &str) -> String {
        if self.colored { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

fn decide(color: Color, no_color: bool, terminal: bool) -> bool {
    match color {
        Color::Auto => terminal && !no_color,
        Color::Always => true,
        Color::Never => false,
    }
}

/// The way to stderr. A stderr that is closed or full is no reason to fail: there is nobody left to tell.
#[derive(Clone, Copy, Debug)]
pub struct Messages {
    styles: Styles,
    verbosity: Verbosity,
}

impl Messages {
    /// Messages on stderr.
    pub fn new(color: Color, verbosity: Verbosity) -> Self {
        Messages { styles: Styles::for_stderr(color), verbosity }
    }

    /// How much is said.
    pub fn verbosity(&self) -> Verbosity {
        self.verbosity
    }

    /// Why the run failed. Said even when quiet.
    pub fn error(&self, text: impl Display) {
        self.say(Verbosity::Quiet, &self.styles.error("error:"), text);
    }

    /// What the user should know of the result.
    pub fn warning(&self, text: impl Display) {
        self.say(Verbosity::Normal, &self.styles.warning("warning:"), text);
    }

    /// A line of the closing summary, or what to do after an error.
    pub fn plain(&self, text: impl Display) {
        self.say(Verbosity::Normal, "", text);
    }

    /// What only the curious want to know.
    pub fn detail(&self, text: impl Display) {
        self.say(Verbosity::Verbose, "", text);
    }

    fn say(&self, least: Verbosity, head: &str, text: impl Display) {
        if self.verbosity < least {
            return;
        }
        let space = if head.is_empty() { "" } else { " " };
        // In one call, so that a line is not torn by another process on the same terminal.
        let line = format!("{head}{space}{}\n", Harmless(&text.to_string()));
        let _ = io::stderr().write_all(line.as_bytes());
    }
}

/// Text with its control characters spelled out: messages and tables quote from logs, and logs hold anything.
pub struct Harmless<'a>(pub &'a str);

impl Display for Harmless<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                c if c.is_control() || is_reordering(c) => write!(f, "{}", c.escape_default())?,
                c => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}

/// Characters that make a terminal show a text in another order than it has.
fn is_reordering(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_for_terminals_unless_told_otherwise() {
        for (color, no_color, terminal, expected) in [
            (Color::Auto, false, true, true),
            (Color::Auto, true, true, false),
            (Color::Auto, false, false, false),
            (Color::Always, true, false, true),
            (Color::Never, false, true, false),
        ] {
            assert_eq!(decide(color, no_color, terminal), expected, "{color:?} {no_color} {terminal}");
        }
        assert_eq!(Styles::plain().error("error:"), "error:");
        assert_eq!(Styles { colored: true }.warning("warning:"), "\x1b[1;33mwarning:\x1b[0m");
    }

    #[test]
    fn a_log_cannot_command_the_terminal() {
        assert_eq!(Harmless("a\x1b[2Jb\nc\u{202e}é").to_string(), "a\\u{1b}[2Jb\\nc\\u{202e}é");
    }

    #[test]
    fn quiet_is_less_than_verbose() {
        assert!(Verbosity::Quiet < Verbosity::Normal && Verbosity::Normal < Verbosity::Verbose);
    }
}
