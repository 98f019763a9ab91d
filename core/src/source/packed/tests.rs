use super::*;
use proptest::prelude::*;

const TEXT: &[u8] = b"From: a@example.org\nSubject: packed\n\nhi\n";
/// [`TEXT`] as xz (CRC-64), xz (SHA-256), Zstandard with a checksum, and xz that asks for a dictionary of 1 GiB.
const XZ: &str = "fd377a585a000004e6d6b4460200210116000000742fe5a301002746726f6d3a2061406578616d706c652e6f72670a5375626a6563743a207061636b65640a0a68690a003ef7969a232a17bf00014028d4524ae51fb6f37d010000000004595a";
const XZ_SHA256: &str = "fd377a585a00000ae1fb0ca10200210116000000742fe5a301002746726f6d3a2061406578616d706c652e6f72670a5375626a6563743a207061636b65640a0a68690a00be47f34e940c22bd42cd9987d27af02272f214e1c1ad05550a6f9dce7fc60c8a000158288dca5167189b4b9a01000000000a595a";
const ZSTD: &str =
    "28b52ffd242841010046726f6d3a2061406578616d706c652e6f72670a5375626a6563743a207061636b65640a0a68690a4d93b47b";
const XZ_1_GIB: &str = "fd377a585a000004e6d6b44602010400210124007cd245f201002746726f6d3a2061406578616d706c652e6f72670a5375626a6563743a207061636b65640a0a68690a003ef7969a232a17bf00014028d4524ae51fb6f37d010000000004595a";
/// The first octets of 4 GiB of Zstandard with a window of 256 MiB.
const ZSTD_256_MIB: &str = "28b52ffd04904c0000080001";

fn octets(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn bzip2(text: &[u8]) -> Vec<u8> {
    let mut encoder = ::bzip2::write::BzEncoder::new(Vec::new(), ::bzip2::Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest)
}

/// What is read of a file, and what is told of it.
fn opened(packed: &[u8]) -> Result<(Vec<u8>, Vec<Defect>)> {
    let source: Source = Arc::new(packed.to_vec());
    let compression = Compression::of(packed).unwrap();
    let source = compression.open(source, &Limits::default())?;
    let mut text = vec![0; usize::try_from(source.len()).unwrap()];
    source.read_exact_at(0, &mut text)?;
    Ok((text, source.take_defects()))
}

fn all() -> Vec<Vec<u8>> {
    vec![gzip(TEXT), bzip2(TEXT), octets(XZ), octets(XZ_SHA256), octets(ZSTD), zstd(TEXT)]
}

#[test]
fn every_compression_is_known_by_its_octets_and_read() {
    for packed in all() {
        assert_eq!(opened(&packed).unwrap(), (TEXT.to_vec(), vec![]));
        let head = Compression::of(&packed).unwrap().head(Arc::new(packed), 7).unwrap();
        assert_eq!(head, &TEXT[..7]);
    }
    for no in [&b"BZh is how a text may start"[..], b"BZh9", b"\xfd7zX", b"", b"\x1f\x8b\x07\0"] {
        assert_eq!(Compression::of(no), None, "{no:?}");
    }
}

#[test]
fn what_stands_behind_one_another_is_one() {
    let skippable = [&0x184d_2a53_u32.to_le_bytes()[..], &3_u32.to_le_bytes(), b"abc"].concat();
    let nothing_in_bzip2 = octets("425a683917724538509000000000");
    for packed in [
        [gzip(TEXT), gzip(TEXT)].concat(),
        [bzip2(TEXT), nothing_in_bzip2.clone(), bzip2(TEXT)].concat(),
        [nothing_in_bzip2, bzip2(TEXT), bzip2(TEXT)].concat(),
        [octets(XZ), octets(XZ_SHA256)].concat(),
        [octets(XZ), vec![0; 8], octets(XZ), vec![0; 4]].concat(),
        [octets(ZSTD), octets(ZSTD)].concat(),
        [&skippable[..], &octets(ZSTD), &skippable, &zstd(TEXT), &skippable].concat(),
    ] {
        assert_eq!(opened(&packed).unwrap(), ([TEXT, TEXT].concat(), vec![]));
    }
}

#[test]
fn what_belongs_to_nothing_is_told() {
    for packed in all() {
        let (text, defects) = opened(&[&packed[..], b"junk behind"].concat()).unwrap();
        assert_eq!(text, TEXT);
        let told: Vec<_> = defects.iter().map(|defect| (defect.kind(), defect.offset(), defect.cuts_short())).collect();
        assert_eq!(told, [(DefectKind::TrailingGarbage, Some(packed.len() as u64), false)]);
    }
}

#[test]
fn a_wrong_checksum_is_told() {
    let mut packed = octets(ZSTD);
    *packed.last_mut().unwrap() ^= 1;
    let (text, defects) = opened(&packed).unwrap();
    assert_eq!((text.as_slice(), defects[0].kind()), (TEXT, DefectKind::Damaged));
    for mut packed in [octets(XZ), octets(XZ_SHA256)] {
        packed[50] ^= 1;
        let (text, defects) = opened(&packed).unwrap();
        assert_eq!(text.len(), TEXT.len());
        assert!(defects[0].kind() == DefectKind::Damaged && defects[0].cuts_short(), "{defects:?}");
    }
}

#[test]
fn a_file_that_is_cut_off_says_where() {
    let long: Vec<u8> =
        (0..40_000_u32).flat_map(|n| format!("line {}\n", n.wrapping_mul(2_654_435_761)).into_bytes()).collect();
    for packed in [gzip(&long), zstd(&long), [bzip2(TEXT), bzip2(TEXT)].concat(), [octets(XZ), octets(XZ)].concat()] {
        for left in [packed.len() - 1, packed.len() - 3, packed.len() * 4 / 5] {
            let whole = if packed.len() > 1_000 { &long[..] } else { &[TEXT, TEXT].concat() };
            let (text, defects) = opened(&packed[..left]).unwrap();
            assert!(whole.starts_with(&text) && text.len() >= whole.len() / 3, "{} of {}", text.len(), whole.len());
            let cut: Vec<_> = defects.iter().filter(|defect| defect.cuts_short()).collect();
            assert_eq!(cut.len(), 1, "{defects:?}");
            assert_eq!((cut[0].kind(), cut[0].offset()), (DefectKind::Truncated, Some(left as u64)));
        }
    }
}

#[test]
fn of_nothing_there_is_an_error() {
    for packed in [&bzip2(TEXT)[..20], &octets(XZ)[..20], &octets(ZSTD)[..6]] {
        assert_eq!(opened(packed).unwrap_err().kind(), ErrorKind::Malformed);
    }
}

#[test]
fn memory_and_room_are_bounded() {
    for packed in [XZ_1_GIB, ZSTD_256_MIB] {
        let error = opened(&octets(packed)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    }
    let bomb = bzip2(&vec![0; 4 << 20]);
    let limits = Limits { expansion_floor: 1 << 20, ..Limits::default() };
    let error = Compression::Bzip2.open(Arc::new(bomb), &limits).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
}

#[test]
fn what_is_long_is_read_at_any_place() {
    let long: Vec<u8> = (0..400_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    for packed in [bzip2(&long), zstd(&long)] {
        let compression = Compression::of(&packed).unwrap();
        let source = compression.open(Arc::new(packed), &Limits::default()).unwrap();
        assert!(source.as_slice().is_none() && source.len() == long.len() as u64);
        for at in [1_500_000, 0, 65_535, 1_599_990, 3] {
            let mut some = [0; 10];
            source.read_exact_at(at, &mut some).unwrap();
            let at = usize::try_from(at).unwrap();
            assert_eq!(some, long[at..at + 10]);
        }
    }
}

proptest! {
    #[test]
    fn no_octets_break_it(which in 0_usize..6, flips in proptest::collection::vec((any::<u16>(), any::<u8>()), 0..4), cut in 0_usize..200) {
        let mut packed = all().swap_remove(which);
        for (at, octet) in flips {
            let at = usize::from(at) % packed.len();
            packed[at] ^= octet;
        }
        packed.truncate(cut.max(12));
        if let Some(compression) = Compression::of(&packed) {
            let source: Source = Arc::new(packed);
            let _head = compression.head(source.clone(), 64);
            if let Ok(opened) = compression.open(source, &Limits::default()) {
                let mut text = vec![0; usize::try_from(opened.len()).unwrap()];
                let _read = opened.read_exact_at(0, &mut text);
            }
        }
    }
}
