use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;

/// A directory with a file `old` in it.
fn directory() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let old = directory.path().join("old");
    fs::write(&old, "old").unwrap();
    (directory, old)
}

fn open(path: &Path) -> Result<Output, OutputError> {
    Output::open(Some(path), Content::Binary)
}

fn write(path: &Path, text: &str) {
    let mut output = open(path).unwrap();
    output.write_all(text.as_bytes()).unwrap();
    output.commit().unwrap();
}

fn names(directory: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(directory.path()).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn message(error: OutputError) -> String {
    format!("{:#}", anyhow::Error::from(error))
}

#[test]
fn a_commit_replaces_the_file_and_leaves_nothing_else() {
    let (directory, old) = directory();
    write(&old, "new");
    write(&directory.path().join("other"), "other");
    assert_eq!(fs::read_to_string(&old).unwrap(), "new");
    assert_eq!(fs::read_to_string(directory.path().join("other")).unwrap(), "other");
    assert_eq!(names(&directory), ["old", "other"]);
}

#[test]
fn until_the_commit_the_old_file_stays() {
    let (directory, old) = directory();
    let mut output = open(&old).unwrap();
    output.write_all(&vec![b'x'; 3 * BUFFER]).unwrap();
    assert_eq!(fs::read_to_string(&old).unwrap(), "old");
    assert_eq!(names(&directory).len(), 2);
    drop(output);
    assert_eq!(fs::read_to_string(&old).unwrap(), "old");
    assert_eq!(names(&directory), ["old"]);
}

#[test]
fn two_outputs_in_one_directory_do_not_meet() {
    let (directory, old) = directory();
    let (one, two) = (open(&old).unwrap(), open(&directory.path().join("two")).unwrap());
    two.commit().unwrap();
    one.commit().unwrap();
    assert_eq!(names(&directory), ["old", "two"]);
}

#[test]
fn links_and_modes_are_kept() {
    let (directory, old) = directory();
    fs::set_permissions(&old, fs::Permissions::from_mode(0o640)).unwrap();
    let (link, dangling) = (directory.path().join("link"), directory.path().join("dangling"));
    symlink("old", &link).unwrap();
    symlink("made", &dangling).unwrap();
    write(&link, "new");
    write(&dangling, "made");
    assert_eq!(fs::read_to_string(&old).unwrap(), "new");
    assert_eq!(fs::metadata(&old).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(directory.path().join("made")).unwrap(), "made");
    symlink("circle", directory.path().join("circle")).unwrap();
    assert!(open(&directory.path().join("circle")).is_err());
}

#[test]
fn what_cannot_be_written_is_said_at_once() {
    let (directory, old) = directory();
    for (path, text) in [
        (directory.path().to_owned(), "is a directory"),
        (directory.path().join("new/"), "is a directory"),
        (directory.path().join("no/such"), "no temporary file can be made in"),
        (old.join("x"), "cannot write"),
    ] {
        let error = message(open(&path).unwrap_err());
        assert!(error.contains(text), "{error}");
    }
    assert_eq!(names(&directory), ["old"]);
}

#[test]
fn devices_are_written_directly() {
    write(Path::new("/dev/null"), "gone");
    let mut output = open(Path::new("/dev/full")).unwrap();
    output.write_all(b"x").unwrap();
    let error = message(output.commit().unwrap_err());
    assert!(error.starts_with("cannot write to /dev/full: No space left on device"), "{error}");
}

#[test]
fn the_cause_is_found_behind_a_serialiser() {
    let mut output = open(Path::new("/dev/full")).unwrap();
    let error = serde_json::to_writer(&mut output, &"x".repeat(2 * BUFFER)).unwrap_err();
    let error = format!("{:#}", output.blame(error));
    assert!(error.starts_with("cannot write to /dev/full: No space left on device"), "{error}");
    assert_eq!(output.blame(anyhow::anyhow!("another")).to_string(), "another");
}

#[test]
fn a_failed_write_is_never_committed() {
    let mut output = open(Path::new("/dev/full")).unwrap();
    assert!(output.write_all(&vec![0; 2 * BUFFER]).is_err());
    assert!(output.commit().is_err());
}

#[test]
fn one_file_by_two_names_is_seen() {
    let (directory, old) = directory();
    symlink("old", directory.path().join("link")).unwrap();
    assert!(same_file(&old, &directory.path().join("link")));
    assert!(!same_file(&old, &directory.path().join("new")));
    assert!(!same_file(Path::new("-"), Path::new("-")));
}
