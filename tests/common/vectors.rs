//! Where the vectors lie, and how they are read.

use std::path::PathBuf;

/// The path of one vector file or folder; `None`, said aloud, where the vectors are not at hand.
pub(crate) fn vectors(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("BACKTRAIL_VECTORS")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors"), PathBuf::from);
    let path = root.join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{name}: no vectors at {}", root.display());
    eprintln!("skipped: no {name} at {}", root.display());
    None
}

pub(crate) fn text(name: &str) -> Option<String> {
    vectors(name).map(|path| std::fs::read_to_string(path).unwrap())
}

pub(crate) fn bytes(name: &str) -> Option<Vec<u8>> {
    vectors(name).map(|path| std::fs::read(path).unwrap())
}

pub(crate) fn json(name: &str) -> Option<serde_json::Value> {
    text(name).map(|text| serde_json::from_str(&text).unwrap())
}

/// Every file below a folder, in name order.
pub(crate) fn files(name: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vectors(name).into_iter().collect();
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}
