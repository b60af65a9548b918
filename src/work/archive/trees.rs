//! Trees of settlements that stand in files of their own: beside the journal, or as the content of the settlement's blob.

use super::Archive;
use crate::journal::wire::{Record, Settlement};
use crate::model::{Hash, Row};
use crate::store::Source;
use crate::work::parallel::each_row;
use crate::work::{Cancel, WorkError};
use sha2::{Digest, Sha256};
use std::path::{Component, Path, PathBuf};

/// The largest dump read from a file.
const DUMP_LIMIT: u64 = 64 << 20;

impl Archive {
    /// The dump of a settlement's tree. Whether it is the settled one, its root says.
    pub(super) fn tree_of(&self, source: &Source, settlement: &Settlement<'_>) -> Option<String> {
        std::fs::read_to_string(self.tree_path(source, settlement)?).ok()
    }

    /// The file it names, or the file that says it is the content of its blob.
    fn tree_path(&self, source: &Source, settlement: &Settlement<'_>) -> Option<PathBuf> {
        let beside = settlement.tree_file.as_deref().and_then(|file| beside(source, file));
        let content = || {
            let blob = settlement.blob_id.as_deref().filter(|_| &*settlement.mode == "batch")?;
            self.blobs.claiming(blob).map(Path::to_owned).filter(|path| is_dump(path))
        };
        beside.or_else(content)
    }

    /// The hash of every such dump, in the order of the settlements: another tree is another question.
    pub fn trees(&self, cancel: &Cancel) -> Result<Vec<Hash>, WorkError> {
        let mut rows: Vec<Row> = self.settles.values().flatten().copied().collect();
        rows.sort_unstable();
        rows.dedup();
        let hash = |row: Row| {
            let source = self.snapshot.source_of(row)?;
            self.snapshot.read_line(row, |_, (record, _)| match record {
                Record::Settlement(settlement) if settlement.tree.is_none() => {
                    self.tree_of(source, &settlement).map(|dump| Hash(Sha256::digest(dump).into()))
                }
                _ => None,
            })
        };
        Ok(each_row(&rows, cancel, hash)?.into_iter().map(Option::unwrap_or_default).collect())
    }
}

/// A file in the journal's folder or below. A path that leaves it is not followed.
fn beside(source: &Source, file: &str) -> Option<PathBuf> {
    let relative = Path::new(file);
    let stays = relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    let path = source.path.parent()?.join(relative);
    (stays && is_dump(&path)).then_some(path)
}

fn is_dump(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() <= DUMP_LIMIT)
}
