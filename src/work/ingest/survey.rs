//! A first pass over a chain's documents: what other records need of them is known before anything is translated.

use super::Watcher;
use super::pipeline::{Print, stream_with};
use super::translate::read_document;
use super::unpack::Plain;
use crate::journal::import::context::Blocks;
use crate::journal::import::{Context, Layout, Unit, chain, units};
use crate::journal::split::{Piece, lines};
use crate::work::{Cancel, WorkError};

/// Blocks, receipts and nonces of a chain's documents, before anything of them is translated.
pub fn survey(
    plain: &Plain,
    layout: Layout,
    context: &mut Context,
    watcher: &mut Watcher<'_>,
) -> Result<(), WorkError> {
    let own = context.chain;
    let mut found = Blocks::default();
    if layout == Layout::Lines {
        let work = |piece: Piece| {
            let mut found = Blocks::default();
            let mut look = |bytes: &[u8], place| {
                chain::survey(&Unit { bytes, place }, own, &mut found);
            };
            match piece {
                Piece::Lines { start, bytes } if chain::is_of_interest(&bytes) => {
                    lines(&bytes, start).for_each(|(line, place)| look(line, place));
                }
                Piece::Lines { .. } => {}
                // An answer saved as it came seldom ends in a newline.
                Piece::Tail { place, bytes } => look(&bytes, place),
                Piece::LongPart(_) | Piece::LongEnd { .. } | Piece::LongTail { .. } => {}
            }
            found
        };
        let cancel: Cancel = watcher.cancel.clone();
        stream_with(&plain.plain, Print::Unwanted, &cancel, work, |part| {
            found.join(part);
            Ok(())
        })?;
    } else {
        let bytes = read_document(plain)?;
        units(&bytes).0.iter().for_each(|unit| chain::survey(unit, own, &mut found));
    }
    context.blocks.join(found);
    Ok(())
}
