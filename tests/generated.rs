//! What is made from the definitions of the help agrees with them: the manual pages in `man/`, the completions.
//!
//! After a change of the help, `UPDATE_GOLDENS=1 cargo test` writes the pages anew.

// clippy sees tests only in `#[test]` functions, and not what they call.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use tracer::cli::{self, Shell};
use tracer::cmd::{completions, man};

#[test]
fn the_manual_pages_are_up_to_date() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("man");
    let pages = man::pages().unwrap();
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        fs::create_dir_all(&dir).unwrap();
        for page in &pages {
            fs::write(dir.join(&page.file), &page.text).unwrap();
        }
    }
    for page in &pages {
        let committed = fs::read(dir.join(&page.file)).unwrap_or_default();
        assert!(
            committed == page.text,
            "man/{} does not say what the help says; run `UPDATE_GOLDENS=1 cargo test --test generated`",
            page.file
        );
    }
    let expected: BTreeSet<String> = pages.into_iter().map(|page| page.file).collect();
    let there: BTreeSet<String> =
        fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(there, expected, "man/ holds the pages of the commands and nothing else");
}

#[test]
fn every_command_has_a_page_that_names_its_options() {
    let pages = man::pages().unwrap();
    for (command, page) in std::iter::once(&cli::definition()).chain(cli::definition().get_subcommands()).zip(&pages) {
        let text = String::from_utf8(page.text.clone()).unwrap().replace('\\', "");
        assert!(text.contains("EXAMPLES"), "{}", page.file);
        for long in command.get_arguments().filter_map(|arg| arg.get_long()) {
            assert!(text.contains(&format!("--{long}")), "{} lacks --{long}", page.file);
        }
    }
}

#[test]
fn completions_name_every_option_and_command() {
    let root = cli::definition();
    for (shell, dashes) in [(Shell::Bash, "--"), (Shell::Zsh, "--"), (Shell::Fish, "-l ")] {
        let script = String::from_utf8(completions::script(shell)).unwrap();
        for command in root.get_subcommands() {
            assert!(script.contains(command.get_name()), "{shell:?} lacks {}", command.get_name());
            for long in command.get_arguments().filter_map(|arg| arg.get_long()) {
                assert!(script.contains(&format!("{dashes}{long}")), "{shell:?} lacks --{long}");
            }
        }
    }
}
