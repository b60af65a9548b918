//! A checkpoint in a journal, held against the tree of the lines before it.

use crate::journal::wire;
use crate::model::Row;
use crate::proof::note;
use crate::proof::roots::Roots;
use crate::store::tables::CheckpointRow;

/// Holds a checkpoint note against the tree of the lines before it.
pub(super) fn judge(line: &[u8], index: u64, source: u32, roots: &Roots) -> CheckpointRow {
    let mut row = CheckpointRow {
        row: Row(0),
        source,
        line: index,
        origin: String::new(),
        size: 0,
        recorded: None,
        computed: None,
        verdict: "malformed",
        reason: String::new(),
    };
    let note = match wire::parse(line) {
        Ok((wire::Record::Checkpoint(record), _)) => note::Checkpoint::parse(&record.note),
        _ => return row,
    };
    let checkpoint = match note {
        Ok(checkpoint) => checkpoint,
        Err(malformed) => {
            row.reason = malformed.to_string();
            return row;
        }
    };
    row.origin = checkpoint.origin;
    row.size = checkpoint.size;
    row.recorded = Some(checkpoint.root);
    if row.size > index {
        row.verdict = "beyond-itself";
        row.reason = format!("it commits to {} lines but stands at line {index}", row.size);
        return row;
    }
    row.computed = roots.at(row.size);
    row.verdict = match row.computed {
        Some(root) if root == checkpoint.root => "consistent",
        Some(_) => "root-mismatch",
        None => "pending",
    };
    row
}
