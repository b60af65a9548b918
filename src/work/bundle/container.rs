//! The outer form of a bundle: the part of ZIP that holds files as they are and nothing else, one form for each content.
//!
//! ```text
//! for each name, ascending:   PK 03 04 · 20 · 0 · stored · 1980-01-01 · crc · size · size · name · bytes
//! for each name again:        PK 01 02 · …the same… · regular file 0644 · where its bytes stand
//! at the end:                 PK 05 06 · how many · where and how long the part before is
//! ```
//! (APPNOTE 6.3.10 §4.3.7, §4.3.12, §4.3.16.) Any tool unpacks it. Reading accepts only what writing makes, so a bundle
//! packed again by another tool is refused, and so is everything hostile: nothing is ever unpacked, followed or guessed.

use std::collections::BTreeMap;

/// Bytes by name. The map keeps names ascending.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Longest bundle that is read, and most files in it.
pub const MAX_BYTES: u64 = 256 << 20;
pub const MAX_FILES: usize = 8192;

const LOCAL: [u8; 4] = *b"PK\x03\x04";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const END: [u8; 4] = *b"PK\x05\x06";
const LOCAL_LENGTH: usize = 30;
/// 1 January 1980, the earliest there is: times of making are no evidence.
const DATE: u16 = 0x21;
const REGULAR_0644: u32 = 0o100_644 << 16;

/// The bytes of a bundle. `None` if it would be beyond the limits that reading has.
pub fn pack(files: &Files) -> Option<Vec<u8>> {
    let total: u64 = files.iter().map(|(name, bytes)| 100 + 2 * name.len() as u64 + bytes.len() as u64).sum();
    if files.len() > MAX_FILES || total > MAX_BYTES {
        return None;
    }
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for (name, bytes) in files {
        let at = out.len() as u32;
        let head = head(name, bytes);
        out.extend(LOCAL);
        out.extend(&head);
        out.extend(name.as_bytes());
        out.extend(bytes);
        directory.extend(CENTRAL);
        directory.extend((0x0300u16 | 20).to_le_bytes());
        directory.extend(&head);
        directory.extend([0; 6]);
        directory.extend(REGULAR_0644.to_le_bytes());
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (count, at, length) = (files.len() as u16, out.len() as u32, directory.len() as u32);
    out.extend(directory);
    out.extend(END);
    out.extend([0; 4]);
    out.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    out.extend([length.to_le_bytes(), at.to_le_bytes()].concat());
    out.extend([0; 2]);
    Some(out)
}

/// What the two headers of a file share: version, flags, method, time, date, sum, sizes, lengths.
fn head(name: &str, bytes: &[u8]) -> Vec<u8> {
    let size = (bytes.len() as u32).to_le_bytes();
    let mut head = Vec::with_capacity(26);
    for word in [20, 0, 0, 0, DATE] {
        head.extend(word.to_le_bytes());
    }
    head.extend(crc32(bytes).to_le_bytes());
    head.extend([size, size].concat());
    head.extend((name.len() as u16).to_le_bytes());
    head.extend([0; 2]);
    head
}

/// Reads what `pack` writes. `Err` says why these bytes are no bundle; it may hold a name from them.
pub fn unpack(bytes: &[u8]) -> Result<Files, String> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("it is longer than {} MiB", MAX_BYTES >> 20));
    }
    let mut files = Files::new();
    let mut at = 0;
    while bytes.get(at..at + 4) == Some(&LOCAL) {
        if files.len() == MAX_FILES {
            return Err(format!("it holds more than {MAX_FILES} files"));
        }
        let (name, content, next) = file_at(bytes, at)?;
        let last = files.last_key_value().map(|(last, _)| last.as_str());
        if last == Some(name) {
            return Err(format!("`{name}` is in it twice"));
        }
        if last.is_some_and(|last| last > name) {
            return Err(format!("`{name}` is out of order"));
        }
        files.insert(name.to_owned(), content.to_vec());
        at = next;
    }
    if files.is_empty() {
        return Err("it does not begin as a bundle does (PK 03 04)".to_owned());
    }
    if pack(&files).as_deref() != Some(bytes) {
        return Err(format!(
            "what follows its files, from byte {at}, is not the directory these files make: a link, a comment, \
             another copy, or bytes that belong to nothing"
        ));
    }
    Ok(files)
}

/// The file whose header is at an offset: its name, its bytes, and where the next begins.
fn file_at(bytes: &[u8], at: usize) -> Result<(&str, &[u8], usize), String> {
    let cut = || format!("it ends within the file at byte {at}");
    let header = bytes.get(at..at + LOCAL_LENGTH).ok_or_else(cut)?;
    let short = |place: usize| u16::from_le_bytes([header[place], header[place + 1]]);
    let long = |place: usize| {
        u32::from_le_bytes([header[place], header[place + 1], header[place + 2], header[place + 3]])
    };
    let (packed, size) = (long(18), long(22));
    let name_end = at + LOCAL_LENGTH + usize::from(short(26));
    let name = bytes.get(at + LOCAL_LENGTH..name_end).ok_or_else(cut)?;
    let name = std::str::from_utf8(name).map_err(|_| format!("the name at byte {at} is not UTF-8"))?;
    if let Some(fault) = name_fault(name) {
        return Err(format!("the name `{name}` {fault}"));
    }
    let refused = |what: &str| Err(format!("`{name}` {what}"));
    if short(6) & 1 == 1 {
        return refused("is encrypted");
    }
    if short(8) != 0 {
        return refused("is compressed; the files of a bundle are held as they are");
    }
    if packed == u32::MAX || size == u32::MAX {
        return refused("claims a size for ZIP64, which no bundle needs");
    }
    if packed != size || short(28) != 0 {
        return refused("has a header that bundles do not have");
    }
    let end = name_end + size as usize;
    let content = bytes.get(name_end..end).ok_or_else(cut)?;
    if crc32(content) != long(14) {
        return refused("has another CRC-32 than it says");
    }
    Ok((name, content, end))
}

/// What is wrong with a name; nothing if it is one of those bundles have.
fn name_fault(name: &str) -> Option<&'static str> {
    let numbered = |folder: &str, ending: &str| {
        let digits = name.strip_prefix(folder).and_then(|rest| rest.strip_suffix(ending));
        digits.is_some_and(|digits| digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()))
    };
    if [super::MANIFEST, super::RECIPE, super::SUMS].contains(&name)
        || numbered("records/", ".json")
        || numbered("checkpoints/", ".txt")
        || numbered("blobs/", ".bin")
    {
        return None;
    }
    Some(if name.contains('\0') {
        "holds a NUL"
    } else if name.split(['/', '\\']).any(|part| part == "..") {
        "leads out of its folder"
    } else if name.starts_with(['/', '\\']) || name.contains(':') {
        "is absolute"
    } else if name.contains('\\') {
        "holds a backslash"
    } else {
        "is not one that bundles have"
    })
}

/// CRC-32 as ZIP has it (ISO 3309): it finds accidents, not intent; SHA-256 sums are beside it.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Files {
        [
            ("RECIPE.txt", "words"),
            ("SHA256SUMS", ""),
            ("manifest.json", "{}"),
            ("records/0001.json", "{\"a\":1}"),
        ]
        .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
        .into()
    }

    #[test]
    fn what_is_packed_is_read_back_and_nothing_else_is() {
        let packed = pack(&files()).unwrap();
        assert_eq!(unpack(&packed), Ok(files()));
        for at in 0..packed.len() {
            let mut changed = packed.clone();
            changed[at] ^= 1 << (at % 8);
            assert_ne!(unpack(&changed), Ok(files()), "byte {at}");
            assert!(unpack(&packed[..at]).is_err(), "cut at {at}");
        }
        assert!(unpack(&[&packed[..], &[0]].concat()).is_err());
        assert!(unpack(&[&[0], &packed[..]].concat()).is_err());
    }

    #[test]
    fn only_names_that_bundles_have_are_taken() {
        for (name, fault) in [
            ("../manifest.json", "leads out"),
            ("records/../../x", "leads out"),
            ("..\\x", "leads out"),
            ("/etc/passwd", "absolute"),
            ("C:\\x", "absolute"),
            ("c:x", "absolute"),
            ("records\\0001.json", "backslash"),
            ("records/0001.json\0.txt", "NUL"),
            ("Manifest.json", "not one"),
            ("records/1.json", "not one"),
            ("blobs/0001.json", "not one"),
            ("blobs/../0001.bin", "leads out"),
            ("records/00١1.json", "not one"),
            ("inner.zip", "not one"),
            ("records/", "not one"),
        ] {
            let packed = pack(&[(name.to_owned(), Vec::new())].into()).unwrap();
            let said = unpack(&packed).unwrap_err();
            assert!(said.contains(fault), "{name:?}: {said}");
        }
    }
}
