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

pub(crate) fn json(name: &str) -> Option<serde_json::Value> {
    text(name).map(|text| serde_json::from_str(&text).unwrap())
}
