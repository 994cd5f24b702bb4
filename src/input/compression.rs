//! Looks through compression, which is told from the first bytes and never from the name.
//!
//! A stream may consist of several gzip members or zstd frames, as log shippers and `cat` make them, and zstd frames may use
//! the longest windows (`zstd --ultra --long=31`).

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

/// How much of a compressed file is read at a time.
const READ_SIZE: usize = 256 << 10;

/// The most that a decompressor is asked for at a time: when it fails, what it made in that call is lost.
const STEP: usize = 64 << 10;

/// The base-two logarithm of the longest zstd window that is accepted, the longest there is.
const WINDOW_LOG_MAX: u32 = 31;

/// How a source is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// As it is.
    None,
    /// gzip, one or more members.
    Gzip,
    /// Zstandard, one or more frames.
    Zstd,
    /// A format that is recognised in order to say so, and not read.
    Unsupported {
        /// Its name.
        format: &'static str,
        /// A command that makes something readable of it.
        remedy: &'static str,
    },
}

impl Compression {
    /// As many bytes as [`Self::detect`] looks at.
    const HEAD: usize = 6;

    /// Tells the compression from the first bytes of a stream.
    pub fn detect(head: &[u8]) -> Self {
        let unsupported = |format, remedy| Compression::Unsupported { format, remedy };
        match head {
            [0x1f, 0x8b, ..] => Compression::Gzip,
            // A frame, or one that is to be skipped, with which `pzstd` begins.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstd,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => unsupported("xz compression", "xz -dc FILE | tracer …"),
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, ..] => {
                unsupported("bzip2 compression", "bzip2 -dc FILE | tracer …")
            }
            [0x04, 0x22, 0x4d, 0x18, ..] => unsupported("lz4 compression", "lz4 -dc FILE | tracer …"),
            [b'P', b'K', 3, 4, ..] => unsupported("a zip archive", "unzip -p FILE | tracer …"),
            // What PowerShell's `>` writes.
            [0xff, 0xfe, ..] => unsupported("text in UTF-16", "iconv -f UTF-16LE -t UTF-8 FILE | tracer …"),
            [0xfe, 0xff, ..] => unsupported("text in UTF-16", "iconv -f UTF-16BE -t UTF-8 FILE | tracer …"),
            _ => Compression::None,
        }
    }

    /// The name of the format, for messages; `None` for what is stored as it is.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Compression::None => None,
            Compression::Gzip => Some("gzip"),
            Compression::Zstd => Some("zstd"),
            Compression::Unsupported { format, .. } => Some(format),
        }
    }
}

/// Looks at the beginning of a stream and gives the decompressed one. An unsupported one is given as it is.
pub fn decompress<'a>(mut raw: Box<dyn Read + Send + 'a>) -> io::Result<(Compression, Box<dyn Read + Send + 'a>)> {
    let mut head = Vec::with_capacity(Compression::HEAD);
    raw.by_ref().take(Compression::HEAD as u64).read_to_end(&mut head)?;
    let compression = Compression::detect(&head);
    let whole = Cursor::new(head).chain(raw);
    let stream: Box<dyn Read + Send + 'a> = match compression {
        Compression::None | Compression::Unsupported { .. } => Box::new(whole),
        Compression::Gzip => Box::new(Steps(MultiGzDecoder::new(buffered(whole)))),
        Compression::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(buffered(whole))?;
            decoder.window_log_max(WINDOW_LOG_MAX)?;
            Box::new(Steps(decoder))
        }
    };
    Ok((compression, stream))
}

fn buffered<'a>(stream: impl Read + Send + 'a) -> impl BufRead + Send + 'a {
    BufReader::with_capacity(READ_SIZE, stream)
}

/// Reads in steps of a limited size.
struct Steps<R>(R);

impl<R: Read> Read for Steps<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = buffer.len().min(STEP);
        self.0.read(&mut buffer[..size])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn read_all(stored: Vec<u8>) -> (Compression, Vec<u8>, io::Result<usize>) {
        let (compression, mut stream) = decompress(Box::new(Cursor::new(stored))).unwrap();
        let mut text = Vec::new();
        let result = stream.read_to_end(&mut text);
        (compression, text, result)
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn noise(length: usize) -> Vec<u8> {
        let mut state = 7u32;
        let step = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        (0..length).map(step).collect()
    }

    #[test]
    fn joined_members_and_frames_are_read_through() {
        let zstd = |text: &[u8]| zstd::encode_all(text, 3).unwrap();
        let skippable = b"\x50\x2a\x4d\x18\x04\0\0\0abcd".to_vec();
        for (stored, expected) in [
            ([gzip(b"one\n"), gzip(b""), gzip(b"two\n")].concat(), Compression::Gzip),
            ([zstd(b"one\n"), zstd(b"two\n")].concat(), Compression::Zstd),
            ([skippable, zstd(b"one\n"), zstd(b"two\n")].concat(), Compression::Zstd),
            (b"one\ntwo\n".to_vec(), Compression::None),
        ] {
            let (compression, text, result) = read_all(stored);
            assert_eq!((compression, text.as_slice()), (expected, b"one\ntwo\n".as_slice()));
            assert!(result.is_ok());
        }
        assert_eq!(read_all(Vec::new()).0, Compression::None);
        assert_eq!(read_all(b"{}".to_vec()).1, b"{}");
    }

    #[test]
    fn the_longest_windows_are_accepted() {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(30).unwrap();
        encoder.long_distance_matching(true).unwrap();
        let text = noise(300_000).repeat(2);
        encoder.write_all(&text).unwrap();
        let (compression, read, result) = read_all(encoder.finish().unwrap());
        assert!(result.is_ok(), "{result:?}");
        assert_eq!((compression, read == text), (Compression::Zstd, true));
    }

    #[test]
    fn what_was_readable_comes_before_the_error() {
        let text = noise(500_000);
        let whole = gzip(&text);
        let (_, read, result) = read_all(whole[..whole.len() / 2].to_vec());
        assert!(result.is_err() && read.len() > text.len() / 3 && text.starts_with(&read));
        let whole = zstd::encode_all(text.as_slice(), 1).unwrap();
        let (_, read, result) = read_all(whole[..whole.len() / 2].to_vec());
        assert!(result.is_err() && read.len() > text.len() / 5 && text.starts_with(&read));
    }

    #[test]
    fn formats_that_are_not_read_are_named() {
        let names = [b"\xfd7zXZ\0".as_slice(), b"BZh91AY&", b"PK\x03\x04", b"\x04\x22\x4d\x18", b"\xff\xfe{\0"];
        for head in names {
            assert!(matches!(Compression::detect(head), Compression::Unsupported { .. }), "{head:?}");
        }
        assert_eq!(Compression::detect(b"BZh"), Compression::None);
    }
}
