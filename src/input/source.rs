//! Which files are read, and in which order.
//!
//! The order is that of the paths, not that of the arguments, so that the same files always give the same result; stdin comes
//! last. A file that is reached under two names is read once, under the first of them.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::error::InputError;
use super::records::escape;

/// Where bytes come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file, or anything else with a path that can be opened and read: a pipe, a device.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

impl Source {
    /// The name that messages show: the path without control characters, or `<stdin>`.
    pub fn name(&self) -> Cow<'_, str> {
        match self {
            Source::File(path) => Cow::Owned(escape(&path.to_string_lossy())),
            Source::Stdin => Cow::Borrowed("<stdin>"),
        }
    }

    pub(super) fn open(&self) -> Result<Box<dyn Read + Send>, InputError> {
        match self {
            Source::File(path) => Ok(Box::new(File::open(path).map_err(|reason| self.unreadable(reason))?)),
            Source::Stdin => Ok(Box::new(io::stdin())),
        }
    }

    fn unreadable(&self, reason: io::Error) -> InputError {
        InputError::Unreadable { path: self.name().into_owned(), reason }
    }
}

/// The files of a run in the order in which they are read. [`SourceId::index`](crate::model::SourceId::index) is the index in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// Finds the sources behind the user's list of paths. `-` is stdin, and so is an empty list. Directories are walked for
    /// regular files, symbolic links followed; names that begin with a dot or end with `~` are passed over there, and so are
    /// links that lead nowhere. An empty directory gives no source, which is for the caller to judge.
    pub fn discover(paths: &[PathBuf]) -> Result<Self, InputError> {
        let mut files = Vec::new();
        let mut stdin = paths.is_empty();
        for path in paths {
            if path.as_os_str() == "-" {
                stdin = true;
            } else if attempt(path, fs::metadata(path))?.is_dir() {
                walk(path, &mut files)?;
            } else {
                files.push(path.clone());
            }
        }
        files.sort_by(|a, b| a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes()));
        let mut seen = BTreeSet::new();
        // What has a path but no place in the file system, a shell's `<(…)`, is known by that path alone.
        files.retain(|path| seen.insert(fs::canonicalize(path).unwrap_or_else(|_| path.clone())));
        let mut sources: Vec<_> = files.into_iter().map(Source::File).collect();
        sources.extend(stdin.then_some(Source::Stdin));
        Ok(Sources(sources))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The sources in the order in which they are read.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.0.iter()
    }

    /// A source by its index.
    pub fn get(&self, source: u32) -> Option<&Source> {
        self.0.get(source as usize)
    }

    /// The indices of the sources that a path leads to: that file, or those below that directory.
    pub fn at(&self, path: &Path) -> Vec<u32> {
        let Ok(place) = fs::canonicalize(path) else { return Vec::new() };
        let there = |source: &Source| match source {
            Source::File(file) => fs::canonicalize(file).is_ok_and(|file| file.starts_with(&place)),
            Source::Stdin => false,
        };
        (0..).zip(&self.0).filter(|(_, source)| there(source)).map(|(index, _)| index).collect()
    }

    /// The name of a source as messages show it; of one that does not exist, `?`.
    pub fn name(&self, source: u32) -> Cow<'_, str> {
        self.get(source).map_or(Cow::Borrowed("?"), Source::name)
    }

    /// The size of all sources together, as stored. `None` when that is not known: with stdin, pipes, devices.
    pub fn total_bytes(&self) -> Option<u64> {
        self.iter()
            .map(|source| match source {
                Source::File(path) => fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|file| file.len()),
                Source::Stdin => None,
            })
            .sum()
    }
}

/// Gathers the regular files below a directory.
fn walk(root: &Path, files: &mut Vec<PathBuf>) -> Result<(), InputError> {
    // A directory with the true paths of itself and all directories above it: a link to one of those is a loop.
    let mut waiting = vec![(root.to_owned(), vec![attempt(root, fs::canonicalize(root))?])];
    while let Some((directory, above)) = waiting.pop() {
        for entry in attempt(&directory, fs::read_dir(&directory))? {
            let entry = attempt(&directory, entry)?;
            let path = entry.path();
            if is_passed_over(entry.file_name().as_encoded_bytes()) {
                continue;
            }
            let metadata = match fs::metadata(&path) {
                Err(_) if path.is_symlink() => continue,
                metadata => attempt(&path, metadata)?,
            };
            if metadata.is_file() {
                files.push(path);
            } else if metadata.is_dir() {
                let place = attempt(&path, fs::canonicalize(&path))?;
                if !above.contains(&place) {
                    let mut chain = above.clone();
                    chain.push(place);
                    waiting.push((path, chain));
                }
            }
        }
    }
    Ok(())
}

pub(super) fn is_passed_over(name: &[u8]) -> bool {
    name.starts_with(b".") || name.ends_with(b"~")
}

fn attempt<T>(path: &Path, result: io::Result<T>) -> Result<T, InputError> {
    result.map_err(|reason| Source::File(path.to_owned()).unreadable(reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(directory: &Path, names: &[&str]) {
        for name in names {
            let path = directory.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
    }

    fn names(sources: &Sources, root: &Path) -> Vec<String> {
        let prefix = format!("{}/", root.display());
        sources.iter().map(|source| source.name().replace(&prefix, "")).collect()
    }

    #[test]
    fn the_order_of_arguments_does_not_matter() {
        let dir = tempfile::tempdir().unwrap();
        touch(dir.path(), &["b.log", "a/2.log", "a/10.log", "a/.hidden", "a/old~"]);
        let path = |name: &str| dir.path().join(name);
        let forth = Sources::discover(&["-".into(), path("b.log"), path("a"), path("b.log")]).unwrap();
        let back = Sources::discover(&[path("a/10.log"), path("a"), path("b.log"), "-".into(), "-".into()]).unwrap();
        assert_eq!(forth, back);
        assert_eq!(names(&forth, dir.path()), ["a/10.log", "a/2.log", "b.log", "<stdin>"]);
        assert_eq!((forth.name(3), forth.name(4)), ("<stdin>".into(), "?".into()));
        assert_eq!(forth.total_bytes(), None);
        assert_eq!(Sources::discover(&[path("a")]).unwrap().total_bytes(), Some(15));
        assert_eq!(Sources::discover(&[]).unwrap().iter().collect::<Vec<_>>(), [&Source::Stdin]);
    }

    #[test]
    fn hidden_files_are_read_when_named() {
        let dir = tempfile::tempdir().unwrap();
        touch(dir.path(), &[".hidden"]);
        assert_eq!(Sources::discover(&[dir.path().join(".hidden")]).unwrap().len(), 1);
        assert!(Sources::discover(&[dir.path().to_owned()]).unwrap().is_empty());
    }

    #[test]
    #[cfg(unix)]
    fn links_are_followed_without_going_round_in_circles() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        touch(dir.path(), &["a/x.log", "b/y.log"]);
        symlink(dir.path(), dir.path().join("a/up")).unwrap();
        symlink(dir.path().join("b"), dir.path().join("a/b")).unwrap();
        symlink(dir.path().join("b/y.log"), dir.path().join("y-again.log")).unwrap();
        symlink("nowhere", dir.path().join("dangling.log")).unwrap();
        let sources = Sources::discover(&[dir.path().to_owned()]).unwrap();
        assert_eq!(names(&sources, dir.path()), ["a/b/y.log", "a/x.log"]);
    }

    #[test]
    fn a_missing_path_is_named() {
        let error = Sources::discover(&["/no/such\x1b[2J".into()]).unwrap_err().to_string();
        assert!(error.starts_with("/no/such\\u{1b}[2J: No such file"), "{error}");
    }
}
