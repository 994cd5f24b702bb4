//! Looks through compression, which is told from the first bytes and never from the name.
//!
//! A stream may consist of several gzip members, zstd frames, or bzip2 or xz streams, as log shippers and `cat` make them. zstd
//! frames may use the longest windows (`zstd --ultra --long=31`), xz blocks the dictionaries of every preset and more.

use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Read};

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use lzma_rust2::XzReader;

use super::error::InputError;

/// How much of a compressed file is read at a time.
const READ_SIZE: usize = 256 << 10;

/// The most that a decompressor is asked for at a time: when it fails, what it made in that call is lost.
const STEP: usize = 64 << 10;

/// The base-two logarithm of the longest zstd window that is accepted, the longest there is.
const WINDOW_LOG_MAX: u32 = 31;

/// The most memory that an xz block may ask for, in KiB: a dictionary of 256 MiB and what is needed besides. The presets of xz
/// ask for 64 MiB at most, the format allows 4 GiB.
const XZ_MEMORY_MAX: u32 = (256 << 10) + 1024;

/// How a source is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// As it is.
    None,
    /// gzip, one or more members.
    Gzip,
    /// Zstandard, one or more frames.
    Zstd,
    /// bzip2, one or more streams.
    Bzip2,
    /// xz, one or more streams.
    Xz,
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
            // A stream with a block, or an empty one.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, ..] | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, ..] => {
                Compression::Bzip2
            }
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Compression::Xz,
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
            Compression::Bzip2 => Some("bzip2"),
            Compression::Xz => Some("xz"),
            Compression::Unsupported { format, .. } => Some(format),
        }
    }

    /// What it means for a source of this name that its decompressed stream failed.
    pub(super) fn failure(self, path: String, reason: io::Error) -> InputError {
        match self.name() {
            Some(_) if self == Compression::Xz && reason.kind() == ErrorKind::OutOfMemory => {
                let format = "xz compression with a dictionary of more than 256 MiB";
                InputError::Unsupported { path, format, remedy: "xz -dc FILE | tracer …" }
            }
            Some(format) => InputError::Damaged { path, format, reason },
            None => InputError::BrokeOff { path, reason },
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
        Compression::Bzip2 => Box::new(Steps(MultiBzDecoder::new(buffered(whole)))),
        Compression::Xz => Box::new(Steps(XzReader::new_mem_limit(buffered(whole), true, XZ_MEMORY_MAX))),
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

    fn bzip2(text: &[u8]) -> Vec<u8> {
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn xz(text: &[u8], dictionary: u32) -> Vec<u8> {
        let mut options = lzma_rust2::XzOptions::with_preset(1);
        options.lzma_options.dict_size = dictionary;
        let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// A stream whose only block asks for a dictionary: the second byte of its filter's properties, and the header's sum.
    fn xz_asking_for(text: &[u8], size_code: u8) -> Vec<u8> {
        let mut stream = xz(text, 1 << 20);
        let header = 12..12 + (usize::from(stream[12]) + 1) * 4;
        let filter = stream[header.clone()].windows(2).position(|pair| pair == [0x21, 1]).unwrap();
        stream[header.start + filter + 2] = size_code;
        let mut sum = flate2::Crc::new();
        sum.update(&stream[header.start..header.end - 4]);
        stream[header.end - 4..header.end].copy_from_slice(&sum.sum().to_le_bytes());
        stream
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
            ([bzip2(b""), bzip2(b"one\n"), bzip2(b"two\n")].concat(), Compression::Bzip2),
            ([bzip2(b"one\n"), bzip2(b""), bzip2(b"two\n")].concat(), Compression::Bzip2),
            ([xz(b"one\n", 4096), xz(b"", 4096), xz(b"two\n", 1 << 20)].concat(), Compression::Xz),
            ([&xz(b"one\n", 4096), &[0; 8][..], &xz(b"two\n", 4096), &[0; 4]].concat(), Compression::Xz),
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
        let wholes = [gzip(&text), zstd::encode_all(text.as_slice(), 1).unwrap(), bzip2(&text), xz(&text, 1 << 20)];
        for whole in wholes {
            let (compression, read, result) = read_all(whole[..whole.len() / 2].to_vec());
            assert!(result.is_err() && read.len() > text.len() / 5 && text.starts_with(&read), "{compression:?}");
        }
    }

    #[test]
    fn a_stream_that_is_cut_anywhere_is_no_whole_one() {
        for whole in [gzip(b"one\n"), zstd::encode_all(&b"one\n"[..], 3).unwrap(), bzip2(b"one\n"), xz(b"one\n", 4096)]
        {
            for length in 6..whole.len() {
                let (compression, read, result) = read_all(whole[..length].to_vec());
                assert!(result.is_err(), "{compression:?} cut to {length} of {}", whole.len());
                assert!(b"one\n".starts_with(read.as_slice()));
            }
        }
    }

    #[test]
    fn what_is_no_stream_behind_one_is_an_error() {
        for whole in [gzip(b"one\n"), zstd::encode_all(&b"one\n"[..], 3).unwrap(), bzip2(b"one\n"), xz(b"one\n", 4096)]
        {
            let (compression, _, result) = read_all([whole, b"rubbish".to_vec()].concat());
            assert!(result.is_err(), "{compression:?}");
        }
    }

    #[test]
    fn a_dictionary_beyond_the_bound_is_refused_before_it_is_allocated() {
        let text = noise(10_000);
        // The sizes that a header can ask for go in steps: 128, 192, 256, 384 MiB, and at last 4 GiB.
        for (code, accepted) in [(30, true), (31, true), (32, true), (33, false), (40, false)] {
            let (compression, read, result) = read_all(xz_asking_for(&text, code));
            assert_eq!((compression, result.is_ok(), read == text), (Compression::Xz, accepted, accepted), "{code}");
            if let Err(error) = result {
                let message = compression.failure("a.xz".to_owned(), error).to_string();
                assert!(
                    message.contains("a dictionary of more than 256 MiB") && message.contains("xz -dc"),
                    "{message}"
                );
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn no_damage_makes_a_decoder_panic(at in 0usize..2000, bit in 0u8..8, which in 0usize..2) {
            let text = [noise(500), vec![b'x'; 3000], noise(400)].concat();
            let mut whole = if which == 0 { bzip2(&text) } else { xz(&text, 4096) };
            let at = at % whole.len();
            whole[at] ^= 1 << bit;
            let (_, read, _) = read_all(whole);
            proptest::prop_assert!(read.len() < 1 << 20);
        }
    }

    #[test]
    fn formats_that_are_not_read_are_named() {
        let names = [b"PK\x03\x04".as_slice(), b"\x04\x22\x4d\x18", b"\xff\xfe{\0"];
        for head in names {
            assert!(matches!(Compression::detect(head), Compression::Unsupported { .. }), "{head:?}");
        }
        assert_eq!(Compression::detect(b"BZh"), Compression::None);
    }
}
