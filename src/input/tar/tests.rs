use std::io::Read;

use proptest::prelude::*;

use super::header::BLOCK;
use super::*;

/// A header as GNU tar writes it.
fn header(name: &[u8], size: &[u8], kind: u8) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    block[..name.len()].copy_from_slice(name);
    block[124..124 + size.len()].copy_from_slice(size);
    block[156] = kind;
    block[257..265].copy_from_slice(b"ustar  \0");
    sealed(block)
}

fn sealed(mut block: [u8; BLOCK]) -> [u8; BLOCK] {
    block[148..156].fill(b' ');
    let sum: u64 = block.iter().map(|&byte| u64::from(byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

fn member(name: &str, kind: u8, content: &[u8]) -> Vec<u8> {
    let size = format!("{:011o}", content.len());
    let filler = vec![0; content.len().wrapping_neg() % BLOCK];
    [&header(name.as_bytes(), size.as_bytes(), kind), content, &filler].concat()
}

fn end() -> Vec<u8> {
    vec![0; 2 * BLOCK]
}

type Files = Vec<(String, Vec<u8>)>;

/// The files of an archive, and how it ended.
fn read(bytes: &[u8]) -> (Files, Result<(), TarError>) {
    let (mut tar, mut files) = (Tar::new(bytes), Vec::new());
    loop {
        match tar.advance() {
            Ok(true) => {}
            Ok(false) => return (files, Ok(())),
            Err(error) => return (files, Err(error)),
        }
        let (name, mut content) = (tar.name().unwrap().to_owned(), Vec::new());
        let result = tar.read_to_end(&mut content);
        files.push((name, content));
        if result.is_err() {
            return (files, Err(tar.take_failure().unwrap()));
        }
    }
}

#[track_caller]
fn names(bytes: &[u8]) -> Vec<String> {
    let (files, result) = read(bytes);
    assert!(result.is_ok(), "{result:?}");
    files.into_iter().map(|(name, _)| name).collect()
}

#[track_caller]
fn damage(bytes: &[u8]) -> &'static str {
    match read(bytes).1 {
        Err(TarError::Damaged(how) | TarError::Refused(how)) => how,
        other => panic!("{other:?}"),
    }
}

/// Archives as other tools write them: each with these files.
fn foreign(files: &[(&str, &[u8])]) -> Vec<Vec<u8>> {
    [::tar::Header::new_gnu(), ::tar::Header::new_ustar()]
        .into_iter()
        .map(|blank| {
            let mut builder = ::tar::Builder::new(Vec::new());
            for (name, content) in files {
                let mut header = blank.clone();
                header.set_size(content.len() as u64);
                header.set_mode(0o644);
                builder.append_data(&mut header, name, *content).unwrap();
            }
            builder.into_inner().unwrap()
        })
        .collect()
}

#[test]
fn files_are_read_as_other_tools_write_them() {
    // The last has room in no header but by GNU's or POSIX's means.
    let long = format!("{}/{}/audit.log", "a".repeat(80), "b".repeat(80));
    let content = vec![b'x'; 1500];
    let files = [("one.log", b"1".as_slice()), ("empty", b""), (&long, &content), ("logs/block", &content[..512])];
    for archive in foreign(&files) {
        assert!(is_tar(&archive));
        let expected: Vec<_> = files.iter().map(|(name, content)| ((*name).to_owned(), content.to_vec())).collect();
        let (read, result) = read(&archive);
        assert!(result.is_ok(), "{result:?}");
        assert!(read == expected);
    }
}

#[test]
fn what_is_told_before_a_header_holds_for_it_alone() {
    let name = "n".repeat(300);
    let records = format!("31 path={}\n10 size=3\n21 comment=of no use\n", "p".repeat(22));
    let of_file = [&header(b"short", b"00000000777", b'0')[..], b"abc", &[0; BLOCK - 3]].concat();
    let archive = [
        member("././@LongLink", b'L', format!("{name}\0").as_bytes()),
        member("././@LongLink", b'K', b"to nowhere\0"),
        member("pax_global_header", b'g', b"19 path=of no use\n\n"),
        member("short", b'0', b"x"),
        member("PaxHeaders/short", b'x', records.as_bytes()),
        of_file,
        member("last", 0, b"y"),
        end(),
    ];
    let expected = [(name, b"x".to_vec()), ("p".repeat(22), b"abc".to_vec()), ("last".to_owned(), b"y".to_vec())];
    assert_eq!(read(&archive.concat()).0, expected);
    assert!(names(&archive.concat()).len() == 3);
}

#[test]
fn what_is_no_file_and_what_is_hidden_is_passed_over() {
    let link = header(b"hard-link", b"00000010000", b'1');
    let hidden = [".hidden", "a/._b.log", "a/b~", "./.git/config", "old~/x", "directory/"];
    let hidden: Vec<u8> = hidden.iter().flat_map(|name| member(name, b'0', &[b'x'; 700])).collect();
    let kinds = b"23456DNVA".iter().flat_map(|&kind| member("no-file", kind, b"")).collect();
    let read = ["./a", "../b", "/etc/c", "..d/../e.", "a", "a"];
    let shown = read.iter().flat_map(|name| member(name, b'0', b"x")).collect();
    let archive = [link.to_vec(), hidden, member("dump", b'D', b"xyz"), kinds, shown, end()].concat();
    assert_eq!(names(&archive), ["./a", "../b", "/etc/c", "a", "a"]);
}

#[test]
fn archives_that_were_joined_are_read_through() {
    let archive = |name| [member(name, b'0', b"x"), end(), end()].concat();
    assert_eq!(names(&[archive("a"), end(), archive("b")].concat()), ["a", "b"]);
    assert!(names(&end()).is_empty());
    let how = damage(&[archive("a"), b"rubbish ".repeat(64)].concat());
    assert!(how.contains("no header"), "{how}");
}

#[test]
fn an_archive_that_is_cut_anywhere_is_no_whole_one() {
    let content = vec![b'x'; 700];
    let archive = [
        member("././@LongLink", b'L', b"long\0"),
        member("a", b'0', &content),
        member("directory", b'5', b""),
        member("b", b'0', b"y"),
        end(),
    ]
    .concat();
    let whole = archive.len() - 2 * BLOCK;
    for length in 0..whole + BLOCK {
        let (files, result) = read(&archive[..length]);
        assert!(matches!(result, Err(TarError::Damaged(_))), "{length}: {result:?}");
        assert!(files.iter().all(|(name, read)| name != "long" || content.starts_with(read)), "{length}");
    }
    // Half of the mark will do.
    for length in whole + BLOCK..=archive.len() {
        assert_eq!(names(&archive[..length]), ["long", "b"], "{length}");
    }
}

#[test]
fn sizes_beyond_all_measure_are_harmless() {
    let huge = |kind: u8| {
        let number = [&[0x80, 0, 0, 0][..], &1_000_000_000_000_000_000_u64.to_be_bytes()].concat();
        [&header(b"a", &number, kind)[..], b"content"].concat()
    };
    let (files, result) = read(&huge(b'0'));
    assert_eq!(files, [("a".to_owned(), b"content".to_vec())]);
    assert!(matches!(result, Err(TarError::Damaged(how)) if how.contains("middle of this member")));
    assert!(damage(&huge(b'V')).contains("middle of this member"));
    for kind in [b'x', b'L'] {
        assert!(damage(&huge(kind)).contains("more than 1 MiB"));
    }
    for size in [&[0xff; 12][..], b"99999999999", &[0x80, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]] {
        assert!(damage(&header(b"a", size, b'0')).contains("its size"), "{size:?}");
    }
    let of_pax = |size: &str| {
        let record = format!(" size={size}\n");
        let length = record.len() + if record.len() < 9 { 1 } else { 2 };
        [member("pax", b'x', format!("{length}{record}").as_bytes()), member("a", b'0', b"x"), end()].concat()
    };
    assert_eq!(names(&of_pax("1")), ["a"]);
    for size in ["-1", "x", "18446744073709551615", "99999999999999999999999999"] {
        assert!(damage(&of_pax(size)).contains("its size"), "{size}");
    }
}

#[test]
fn bad_headers_are_told() {
    let mut flipped = member("b", b'0', b"x");
    flipped[3] ^= 1;
    assert!(!is_tar(&flipped));
    assert!(damage(&[member("a", b'0', b"x"), flipped].concat()).contains("no header"));
    assert!(damage(&member("pax", b'x', b"99 path=a\n")).contains("pax header"));
    assert!(damage(&member("a", b'S', b"")).contains("sparse"));
    assert!(damage(&member("a", b'M', b"")).contains("volumes"));
    let sparse = [member("pax", b'x', b"22 GNU.sparse.major=1\n"), member("a", b'0', b"")].concat();
    assert!(damage(&sparse).contains("sparse"));
}

#[test]
fn sums_of_signed_bytes_are_sums_too() {
    let mut block = header(b"\xe4\xf6\xfc", b"0", b'0');
    let sum: u64 = block.iter().map(|&byte| u64::from(byte)).sum::<u64>();
    let of_field: u64 = block[148..156].iter().map(|&byte| u64::from(byte)).sum();
    let signed = sum - of_field + 8 * 32 - 3 * 256;
    block[148..156].copy_from_slice(format!("{signed:06o}\0 ").as_bytes());
    assert!(is_tar(&block));
}

#[test]
fn names_are_fit_for_a_terminal() {
    let archive = [member("a\x1b[2J\n\u{202e}b", b'0', b""), member("\x07~x", b'0', b""), end()].concat();
    assert_eq!(names(&archive), ["a\\u{1b}[2J\\n\\u{202e}b", "\\u{7}~x"]);
    let long = vec![b'x'; 100_000];
    let archive = [member("long", b'L', &long), member("a", b'0', b""), end()].concat();
    assert_eq!(names(&archive), ["x".repeat(NAME_MAX)]);
}

#[test]
fn no_text_is_an_archive() {
    assert!(!is_tar(&[]));
    assert!(!is_tar(&[0; BLOCK]));
    assert!(!is_tar(&header(b"a", b"0", b'0')[..511]));
    let text = [[b'{'; 257].as_slice(), b"ustar", &[b' '; 250]].concat();
    assert!(!is_tar(&text));
}

proptest! {
    #[test]
    fn no_damage_does_more_than_end_it(at in 0usize..5000, bits in 1u8.., cut in 0usize..6000) {
        let mut archive = [
            member("pax", b'x', b"12 path=a/b\n11 size=7\n"),
            member("a", b'0', &[b'x'; 7]),
            member("long", b'L', &[b'l'; 600]),
            member("b", b'0', &[b'y'; 1000]),
            end(),
        ].concat();
        let at = at % archive.len();
        archive[at] ^= bits;
        archive.truncate(cut);
        let (files, _) = read(&archive);
        prop_assert!(files.iter().map(|(_, content)| content.len()).sum::<usize>() <= archive.len());
    }
}
