//! `adopt`: any mix of sources as one journal of the network's own.

use super::args::Adopt;
use super::{Outcome, ingest, opening};
use crate::proof::malformed::hex_array;
use crate::work::adopt::{LogKey, adopt};
use crate::work::findings::counted;
use crate::work::open::{Opened, cached_case, what_is};
use anyhow::{Context, Result, anyhow};
use std::io::Write;
use std::path::Path;

pub fn run(arguments: &Adopt) -> Result<Outcome> {
    let case = match what_is(&arguments.paths)? {
        Opened::Case(path) => path,
        Opened::Journals(paths) => {
            let path = cached_case(&paths)?;
            opening::read_into(&path, &paths, &ingest::options(&arguments.foreign)?)?;
            path
        }
    };
    let key = arguments.key.as_deref().map(|path| key(path, &arguments.origin)).transpose()?;
    let verifier = key.as_ref().map(|key| key.verifier().text());
    let adopted = adopt(&case, &arguments.output, &arguments.origin, key)?;
    let mut err = std::io::stderr().lock();
    writeln!(err, "{} in {}", counted(adopted.records, "record"), counted(adopted.lines, "line"))?;
    writeln!(err, "root {}", adopted.root)?;
    if let Some(verifier) = verifier {
        // Data: what others put into their trust file.
        writeln!(std::io::stdout(), "{verifier}")?;
    }
    Ok(Outcome::Done)
}

fn key(path: &Path, origin: &str) -> Result<LogKey> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let seed = hex_array(text.trim())
        .map_err(|_| anyhow!("{}: a key is 32 bytes as 64 hex digits", path.display()))?;
    Ok(LogKey::new(origin, seed))
}
