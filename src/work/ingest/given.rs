//! What a case was made of and how that was read, kept in the case: who reads on reads in the same way.

use super::{Done, Options, Watcher, ingest_as};
use crate::journal::import::Format;
use crate::journal::import::mapping::Mapping;
use crate::model::Nanos;
use crate::store::{Case, Source};
use crate::work::WorkError;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Files that were given together, and what was said of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Given {
    sources: Vec<PathBuf>,
    /// Names of agents, for the sources beside them.
    labels: Vec<PathBuf>,
    format: Option<String>,
    at: Option<i64>,
    chain: Option<u64>,
    /// The text of the map.
    map: String,
}

const KEY: &str = "given";

impl Given {
    fn options(&self) -> Result<Options, WorkError> {
        let mapping = match self.map.as_str() {
            "" => Mapping::default(),
            text => Mapping::parse(text).map_err(WorkError::Refused)?,
        };
        let format = self.format.as_deref().and_then(Format::of);
        Ok(Options { format, at: self.at.map(Nanos), chain: self.chain, mapping })
    }
}

/// Keeps how these were read; of a source that was read before in another way, the last one counts.
pub fn remember(
    case: &Case,
    sources: Vec<PathBuf>,
    labels: Vec<PathBuf>,
    options: &Options,
) -> Result<(), WorkError> {
    let mut all = known(case)?;
    for given in &mut all {
        given.sources.retain(|path| !sources.contains(path));
    }
    all.retain(|given| !given.sources.is_empty());
    all.push(Given {
        sources,
        labels,
        format: options.format.map(|format| format.name().to_owned()),
        at: options.at.map(|at| at.0),
        chain: options.chain,
        map: options.mapping.text().to_owned(),
    });
    // A name that is no text cannot be kept so: such sources are read on as if nothing had been said of them.
    if let Ok(text) = serde_json::to_string(&all)
        && case.meta(KEY)?.as_deref() != Some(&text)
    {
        case.set_meta(KEY, &text)?;
    }
    Ok(())
}

fn known(case: &Case) -> Result<Vec<Given>, WorkError> {
    let text = case.meta(KEY)?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

/// Reads on where sources of a case have changed, by size and time; nothing where none has. What came from standard input
/// cannot be read again, and one that is away (being moved, perhaps) keeps nobody from reading the others.
pub fn read_on(path: &Path, watcher: &mut Watcher<'_>) -> Result<Option<Done>, WorkError> {
    let (sources, mut given) = {
        let case = Case::open(path)?;
        (case.sources()?, known(&case)?)
    };
    let (mut here, mut changed) = (Vec::new(), Vec::new());
    for source in sources.iter().filter(|source| !source.is_made_here() && source.path.as_os_str() != "-") {
        let Ok(has_changed) = has_changed(source) else { continue };
        here.push(&source.path);
        changed.extend(has_changed.then_some(&source.path));
    }
    if changed.is_empty() {
        return Ok(None);
    }
    // Those of a case that an earlier Backtrail made.
    let is_new = |path: &&PathBuf| !given.iter().any(|given| given.sources.contains(path));
    let all = here.iter().copied().filter(is_new).cloned().collect();
    given.push(Given { sources: all, ..Given::default() });
    let mut done = Done::default();
    for given in given.iter().filter(|given| given.sources.iter().any(|path| changed.contains(&path))) {
        let sources = given.sources.iter().filter(|path| here.contains(path));
        let paths: Vec<PathBuf> = sources.chain(&given.labels).cloned().collect();
        let more = ingest_as(&mut Case::create_or_open(path)?, &paths, &given.options()?, watcher)?;
        done.read += more.read;
        done.unchanged += more.unchanged;
    }
    Ok(Some(done))
}

fn has_changed(source: &Source) -> io::Result<bool> {
    let meta = fs::metadata(&source.path)?;
    let modified = meta.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    let modified = modified.and_then(|since| i64::try_from(since.as_nanos()).ok());
    Ok(meta.len() != source.size || modified != Some(source.modified))
}
