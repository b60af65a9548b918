//! What each given file is, and what all importers know: told before anything is read.

use super::Options;
use super::Watcher;
use super::attested::attested;
use super::files::unreadable;
use super::survey::survey;
use super::translate::{Foreign, refuse_endless};
use super::unpack::Plain;
use crate::journal::LINE_LIMIT;
use crate::journal::import::labels::Labels;
use crate::journal::import::{Context, Format, Layout, TELL, layout, tell};
use crate::work::WorkError;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

/// A file that is a source.
#[derive(Clone, Debug)]
pub enum Told {
    Journal(Plain),
    Foreign(Foreign),
}

impl Told {
    pub fn plain(&self) -> &Plain {
        match self {
            Self::Journal(plain) | Self::Foreign(Foreign { plain, .. }) => plain,
        }
    }
}

/// What each plain file is, and what imports know. Files of labels are known then, and no sources.
pub fn tell_all(
    plains: Vec<Plain>,
    options: &Options,
    watcher: &mut Watcher<'_>,
) -> Result<(Vec<Told>, Context), WorkError> {
    let mapping = options.mapping.clone();
    let mut context = Context {
        at: options.at,
        chain: options.chain,
        mapping,
        document: Some(attested),
        ..Context::default()
    };
    let mut all = Vec::new();
    for plain in plains {
        let start = start_of(&plain.plain)?;
        if Labels::tell(&start) && options.format.is_none() {
            context.labels.join(labels(&plain)?);
            continue;
        }
        let mapped = || (!context.mapping.is_empty()).then(|| by_map(&start)).flatten();
        all.push(match options.format.or_else(|| tell(&start)).or_else(mapped) {
            Some(format) => {
                let layout = layout_of(&plain, &start)?;
                let foreign = Foreign { plain, format, layout };
                if !foreign.is_read_by_lines() {
                    refuse_endless(&foreign.plain)?;
                }
                Told::Foreign(foreign)
            }
            None => Told::Journal(plain),
        });
    }
    for told in &all {
        if let Told::Foreign(Foreign { plain, format: Format::Chain, layout }) = told {
            survey(plain, *layout, &mut context, watcher)?;
        }
    }
    Ok((all, context))
}

/// How a source is laid out. A first line longer than its beginning is looked at as far as a line may go.
fn layout_of(plain: &Plain, start: &[u8]) -> Result<Layout, WorkError> {
    if start.contains(&b'\n') || start.len() < TELL {
        return Ok(layout(start));
    }
    Ok(layout(&first_bytes(&plain.plain, LINE_LIMIT)?))
}

/// A source that nothing tells is read by the map, unless it begins as journals do.
fn by_map(start: &[u8]) -> Option<Format> {
    let first = start.trim_ascii_start();
    if !first.starts_with(b"{") && !first.starts_with(b"[") {
        return Some(Format::MappedCsv);
    }
    let line = first.split(|b| *b == b'\n').next().unwrap_or_default();
    let is_journal = crate::journal::wire::parse(line).is_ok();
    (!is_journal).then_some(Format::MappedJson)
}

/// The first bytes of a file, as many as telling needs.
pub fn start_of(path: &Path) -> Result<Vec<u8>, WorkError> {
    first_bytes(path, TELL)
}

fn first_bytes(path: &Path, most: usize) -> Result<Vec<u8>, WorkError> {
    let mut start = Vec::new();
    let file = File::open(path).map_err(|e| unreadable(path, &e))?;
    file.take(most as u64).read_to_end(&mut start).map_err(|e| unreadable(path, &e))?;
    Ok(start)
}

fn labels(plain: &Plain) -> Result<Labels, WorkError> {
    let text = fs::read(&plain.plain).map_err(|e| unreadable(&plain.path, &e))?;
    Labels::parse(&text)
        .map_err(|what| WorkError::Unfit { path: plain.path.clone(), what: format!("labels: {what}") })
}
