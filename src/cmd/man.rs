//! `tracer man`: manual pages, from the definitions of the help.
//!
//! A page holds no date and no version, so that it changes only when what it says does.

use std::fs;
use std::io::{self, Write};

use anyhow::Context;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::cli::{self, ManArgs};
use crate::output::{Content, Output};

use super::ExitStatus;

/// A manual page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The name of its file, as `tracer-export.1`.
    pub file: String,
    /// Its text, in roff.
    pub text: Vec<u8>,
}

/// Runs the command.
pub fn run(args: &ManArgs) -> anyhow::Result<ExitStatus> {
    let pages = pages()?;
    let Some(dir) = &args.dir else {
        for page in pages.iter().take(1) {
            write(Output::open(None, Content::Text)?, page)?;
        }
        return Ok(ExitStatus::Success);
    };
    fs::create_dir_all(dir).with_context(|| format!("{}: cannot be made", dir.display()))?;
    for page in &pages {
        write(Output::open(Some(&dir.join(&page.file)), Content::Text)?, page)?;
    }
    Ok(ExitStatus::Success)
}

fn write(mut output: Output, page: &Page) -> anyhow::Result<()> {
    output.write_all(&page.text).map_err(|error| output.blame(error))?;
    output.commit()?;
    Ok(())
}

/// All pages, the main one first.
pub fn pages() -> io::Result<Vec<Page>> {
    let root = cli::definition();
    let commands = root.get_subcommands().cloned().collect::<Vec<_>>();
    std::iter::once(root).chain(commands).map(page).collect()
}

fn page(command: clap::Command) -> io::Result<Page> {
    let after = command.get_after_long_help().map(ToString::to_string);
    let has_subcommands = command.has_subcommands();
    // An empty argument would vanish and move the others up, so it is written out.
    let man = Man::new(command).date("\"\"").source("tracer").manual("User Commands");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if has_subcommands {
        man.render_subcommands_section(&mut text)?;
    }
    if let Some(after) = after {
        sections(&after).to_writer(&mut text)?;
    }
    Ok(Page { file: man.get_filename(), text: with_one_preamble(&text) })
}

/// Every section comes with the same preamble; a page needs one.
fn with_one_preamble(text: &[u8]) -> Vec<u8> {
    let preamble = Roff::new().render();
    let body = String::from_utf8_lossy(text).replace(&preamble, "");
    (preamble + &body).into_bytes()
}

/// The text that follows the options in the help: headings end with a colon, what is indented stands as it is.
fn sections(text: &str) -> Roff {
    let mut roff = Roff::new();
    let mut verbatim = false;
    for line in text.lines() {
        let example = line.strip_prefix("  ");
        if example.is_some() != verbatim {
            verbatim = !verbatim;
            roff.control(if verbatim { "nf" } else { "fi" }, []);
        }
        match (example, line.strip_suffix(':')) {
            (Some(example), _) => roff.text([roman(example)]),
            (None, Some(heading)) => roff.control("SH", [heading.to_uppercase().as_str()]),
            (None, None) if line.is_empty() => roff.control("PP", []),
            (None, None) => roff.text([roman(line)]),
        };
    }
    if verbatim {
        roff.control("fi", []);
    }
    roff
}
