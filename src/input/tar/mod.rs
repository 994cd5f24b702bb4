//! Reads a tar archive from its stream: from beginning to end, without seeking, and nothing is written anywhere.
//!
//! Understood is what tools write today: ustar headers, pax records (`path`, `size`), GNU's long names and numbers. Given are
//! the files, save those that a directory's walk passes over too. An archive without the zeros that mark its end was cut
//! between two members, which is damage like any other; archives that were put one behind the other are read through.

mod header;

use std::io::{self, ErrorKind, Read};
use std::mem;

pub(super) use header::BLOCK;
use header::{Header, Kind, pax_records, until_nul};

use super::records::escape;
use super::source::is_passed_over;

/// The most bytes that a long name or a pax header may have. The longest thing in one, an extended attribute, has 64 KiB.
const EXTENSION_MAX: u64 = 1 << 20;

/// The most bytes of a member's name that messages show: as long as a path can be that a system opens.
const NAME_MAX: usize = 4096;

/// Whether a stream that begins so is an archive.
pub(super) fn is_tar(head: &[u8]) -> bool {
    let block = head.first_chunk().copied();
    block.and_then(Header::new).is_some_and(|header| header.has_magic())
}

/// Why an archive, or a member of it, cannot be read.
#[derive(Debug)]
pub(super) enum TarError {
    /// The stream below failed.
    Stream(io::Error),
    /// It is cut or damaged, in this way.
    Damaged(&'static str),
    /// A member is stored in this way, which is not read.
    Refused(&'static str),
}

/// An archive. As a stream it gives the content of the member at hand.
pub(super) struct Tar<R> {
    stream: R,
    /// How many bytes of the member's content are still to come, and how many fill its last block up.
    left: u64,
    filler: u64,
    /// Whether the last block was one of zeros.
    at_end: bool,
    /// The name of the member at hand, fit for a terminal.
    name: Option<String>,
    /// Why reading its content failed.
    failure: Option<TarError>,
}

/// What is told of a member before its own header comes.
#[derive(Default)]
struct Extension {
    name: Option<Vec<u8>>,
    /// As it is written, so that one that cannot be read is told.
    size: Option<Option<u64>>,
    is_sparse: bool,
}

impl<R: Read> Tar<R> {
    pub fn new(stream: R) -> Self {
        Tar { stream, left: 0, filler: 0, at_end: false, name: None, failure: None }
    }

    /// The name of the member whose header was read last, fit for a terminal.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Why reading the content of a member failed, where that was the archive's fault.
    pub fn take_failure(&mut self) -> Option<TarError> {
        self.failure.take()
    }

    /// Goes to the next file; false at the end.
    pub fn advance(&mut self) -> Result<bool, TarError> {
        let mut told = Extension::default();
        loop {
            self.pass()?;
            let Some(header) = self.header()? else { return Ok(false) };
            match header.kind() {
                Kind::LongName => told.name = Some(until_nul(&self.extension(&header)?).to_vec()),
                Kind::Pax => told.take_pax(&self.extension(&header)?)?,
                Kind::Aside => self.begin(header.size())?,
                kind => {
                    if self.enter(&header, kind, mem::take(&mut told))? {
                        return Ok(true);
                    }
                }
            }
        }
    }

    /// Begins a member; false when it is passed over.
    fn enter(&mut self, header: &Header, kind: Kind, told: Extension) -> Result<bool, TarError> {
        let name = told.name.unwrap_or_else(|| header.name());
        self.name = Some(escape(&String::from_utf8_lossy(&name[..name.len().min(NAME_MAX)])));
        let size = told.size.unwrap_or_else(|| header.size());
        self.begin(if kind == Kind::Bare { Some(0) } else { size })?;
        match kind {
            Kind::Sparse => Err(TarError::Refused("a sparse file in an archive (tar --sparse)")),
            Kind::Continued => Err(TarError::Refused("an archive in several volumes")),
            Kind::File if name.ends_with(b"/") || name.split(|&byte| byte == b'/').any(is_hidden) => Ok(false),
            Kind::File if told.is_sparse => Err(TarError::Refused("a sparse file in an archive (tar --sparse)")),
            kind => Ok(kind == Kind::File),
        }
    }

    fn begin(&mut self, size: Option<u64>) -> Result<(), TarError> {
        let size = size.filter(|size| i64::try_from(*size).is_ok());
        self.left = size.ok_or(TarError::Damaged("its size in the archive cannot be read"))?;
        self.filler = self.left.wrapping_neg() % BLOCK as u64;
        Ok(())
    }

    /// Passes over what is left of the member at hand.
    fn pass(&mut self) -> Result<(), TarError> {
        let wanted = self.left + self.filler;
        let passed = io::copy(&mut self.stream.by_ref().take(wanted), &mut io::sink()).map_err(TarError::Stream)?;
        (self.left, self.filler) = (0, 0);
        if passed < wanted { Err(TarError::Damaged("the archive ends in the middle of this member")) } else { Ok(()) }
    }

    /// The content of a header that tells of the next one.
    fn extension(&mut self, header: &Header) -> Result<Vec<u8>, TarError> {
        self.begin(header.size().filter(|size| *size <= EXTENSION_MAX))
            .map_err(|_| TarError::Damaged("an extended header in the archive has more than 1 MiB"))?;
        let (wanted, mut content) = (self.left, Vec::new());
        self.stream.by_ref().take(wanted).read_to_end(&mut content).map_err(TarError::Stream)?;
        self.left -= content.len() as u64;
        if self.left > 0 {
            return Err(TarError::Damaged("the archive ends in the middle of an extended header"));
        }
        Ok(content)
    }

    /// The next header; `None` at the end.
    fn header(&mut self) -> Result<Option<Header>, TarError> {
        loop {
            let mut block = Vec::with_capacity(BLOCK);
            self.stream.by_ref().take(BLOCK as u64).read_to_end(&mut block).map_err(TarError::Stream)?;
            let is_zero = block.iter().all(|&byte| byte == 0);
            match <[u8; BLOCK]>::try_from(block) {
                Ok(_) if is_zero => self.at_end = true,
                Ok(whole) => {
                    self.at_end = false;
                    let no_header = TarError::Damaged("what follows in the archive is no header of a member");
                    return Header::new(whole).map(Some).ok_or(no_header);
                }
                Err(_) if is_zero && self.at_end => return Ok(None),
                Err(rest) if rest.is_empty() => {
                    return Err(TarError::Damaged("the archive ends here, but not with the zeros that mark an end"));
                }
                Err(_) => return Err(TarError::Damaged("the archive ends in the middle of the next header")),
            }
        }
    }

    fn fail(&mut self, failure: TarError) -> io::Error {
        let error = match &failure {
            TarError::Stream(error) => io::Error::new(error.kind(), error.to_string()),
            TarError::Damaged(how) | TarError::Refused(how) => io::Error::new(ErrorKind::InvalidData, *how),
        };
        self.failure = Some(failure);
        error
    }
}

impl<R: Read> Read for Tar<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        if size == 0 {
            return Ok(0);
        }
        match self.stream.read(&mut buffer[..size]) {
            Ok(0) => Err(self.fail(TarError::Damaged("the archive ends in the middle of this member"))),
            Ok(count) => {
                self.left -= count as u64;
                Ok(count)
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Err(error),
            Err(error) => Err(self.fail(TarError::Stream(error))),
        }
    }
}

impl Extension {
    fn take_pax(&mut self, content: &[u8]) -> Result<(), TarError> {
        let records = pax_records(content).ok_or(TarError::Damaged("a pax header in the archive cannot be read"))?;
        for (key, value) in records {
            match key {
                b"path" | b"GNU.sparse.name" => self.name = Some(value.to_vec()),
                b"size" => self.size = Some(std::str::from_utf8(value).ok().and_then(|size| size.parse().ok())),
                _ => self.is_sparse |= key.starts_with(b"GNU.sparse."),
            }
        }
        Ok(())
    }
}

/// Whether a part of a path is one that a directory's walk passes over.
fn is_hidden(part: &[u8]) -> bool {
    !matches!(part, b"." | b"..") && is_passed_over(part)
}

#[cfg(test)]
mod tests;
