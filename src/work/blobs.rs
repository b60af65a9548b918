//! Contents of blobs: files in `blobs/` beside the journals, or given by the person, and which blob ids they have.
//!
//! ```text
//! blobs/ID, blobs/ID.bin     says that it is the content of ID: verified or failed
//! blobs/weights.onnx         says nothing: it is the content of whichever id it has, once it was named
//! ```
//! Looking for files costs nothing; naming one takes seconds and is done when somebody waits for it. What a file's Walrus
//! id is, is kept in the case under the SHA-256 of its bytes.

use super::{Cancel, WorkError};
use crate::model::Hash;
use crate::proof::blob::{BlobId, Content, Has, MAX_BLOB, WalrusId};
use crate::proof::ladder::BlobContent;
use crate::store::{Case, Source};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The folder beside a journal that holds contents.
pub const FOLDER: &str = "blobs";
/// Files whose names say nothing that are named for one question: each takes seconds.
const MOST_LOOSE: usize = 64;
/// Where the case keeps what files came to.
const META: &str = "walrus_ids";

/// The contents at hand for a case.
#[derive(Debug, Default)]
pub struct Blobs {
    files: Vec<PathBuf>,
    /// Files that say whose content they are.
    named: BTreeMap<BlobId, Vec<usize>>,
    /// The others.
    loose: Vec<usize>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// By place in `files`.
    contents: HashMap<usize, Arc<Content>>,
    /// What ids came to.
    found: HashMap<String, Found>,
    /// By SHA-256 of the content.
    walrus: BTreeMap<Hash, WalrusId>,
    /// Whether `walrus` holds more than the case.
    is_new: bool,
}

/// What is at hand for an id.
#[derive(Clone, Debug)]
pub enum Found {
    Absent,
    /// A file may be it, and was not named yet.
    Waiting,
    Is(Arc<Content>, PathBuf),
}

impl Found {
    pub fn content(&self) -> BlobContent<'_> {
        match self {
            Self::Absent => BlobContent::Absent,
            Self::Waiting => BlobContent::Waiting,
            Self::Is(content, _) => BlobContent::Is(content),
        }
    }
}

impl Blobs {
    /// The files in `blobs/` beside each journal, and those given: files, or folders of them.
    pub fn at_hand(sources: &[Source], given: &[PathBuf]) -> Result<Self, WorkError> {
        let beside: BTreeSet<PathBuf> =
            sources.iter().filter_map(|source| Some(source.path.parent()?.join(FOLDER))).collect();
        let mut blobs = Self::default();
        for path in given {
            let meta = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
            match (meta.is_dir(), meta.is_file()) {
                (true, _) => blobs.add_folder(path)?,
                (_, true) => blobs.add(path.clone()),
                _ => {
                    return Err(WorkError::Unfit {
                        path: path.clone(),
                        what: "not a regular file".to_owned(),
                    });
                }
            }
        }
        for folder in beside.iter().filter(|folder| is_folder(folder)) {
            blobs.add_folder(folder)?;
        }
        Ok(blobs)
    }

    /// Links are not followed: what lies in the folder is what is read.
    fn add_folder(&mut self, folder: &Path) -> Result<(), WorkError> {
        let entries = fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
        let mut paths: Vec<PathBuf> = entries
            .filter_map(Result::ok)
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
            .map(|entry| entry.path())
            .filter(|path| !path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".")))
            .collect();
        paths.sort();
        paths.into_iter().for_each(|path| self.add(path));
        Ok(())
    }

    fn add(&mut self, path: PathBuf) {
        if self.files.contains(&path) {
            return;
        }
        let place = self.files.len();
        match id_in(&path) {
            Some(id) => self.named.entry(id).or_default().push(place),
            None => self.loose.push(place),
        }
        self.files.push(path);
    }

    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The file that says it is the content of an id.
    pub fn claiming(&self, id: &str) -> Option<&Path> {
        let places = self.named.get(&BlobId::parse(id).ok()?)?;
        places.first().map(|place| self.files[*place].as_path())
    }

    /// What is known of an id by now. Reads nothing.
    pub fn found(&self, id: &str) -> Found {
        if self.is_empty() {
            return Found::Absent;
        }
        if let Some(found) = self.known().found.get(id) {
            return found.clone();
        }
        let may_be = BlobId::parse(id).is_ok_and(|id| self.named.contains_key(&id) || !self.loose.is_empty());
        if may_be { Found::Waiting } else { Found::Absent }
    }

    /// Reads and names files until it is known which is the content of an id. `tell` hears how far it is, from 0 to 1.
    pub fn name(&self, id: &str, cancel: &Cancel, tell: &mut dyn FnMut(f32)) -> Result<Found, WorkError> {
        let (Found::Waiting, Ok(parsed)) = (self.found(id), BlobId::parse(id)) else {
            return Ok(self.found(id));
        };
        let claiming = self.named.get(&parsed).cloned().unwrap_or_default();
        let is_loose = claiming.is_empty();
        let places = if is_loose { self.loose.clone() } else { claiming };
        let mut found = Found::Absent;
        let asked = places.len().min(MOST_LOOSE);
        for (n, place) in places.iter().take(asked).enumerate() {
            let mut tell = |part: f32| tell((n as f32 + part) / asked as f32);
            let content = self.content(*place, &parsed, cancel, &mut tell)?;
            let is = Found::Is(Arc::clone(&content), self.files[*place].clone());
            match content.has(&parsed) {
                Has::Yes => {
                    found = is;
                    break;
                }
                // A file that says it is the content stands for it, right or wrong; another does not.
                _ if !is_loose && matches!(found, Found::Absent) => found = is,
                _ => {}
            }
        }
        if matches!(found, Found::Absent) && asked < places.len() {
            return Ok(Found::Waiting);
        }
        self.known().found.insert(id.to_owned(), found.clone());
        Ok(found)
    }

    /// A file's content with the ids that the question needs.
    fn content(
        &self,
        place: usize,
        id: &BlobId,
        cancel: &Cancel,
        tell: &mut dyn FnMut(f32),
    ) -> Result<Arc<Content>, WorkError> {
        let known = self.known().contents.get(&place).cloned();
        if let Some(known) = known.filter(|known| known.has(id) != Has::NotAsked) {
            return Ok(known);
        }
        let path = &self.files[place];
        let (bytes, length) = read(path)?;
        let mut content = Content::of(&bytes);
        content.length = length;
        let before = self.known().walrus.get(&content.sha256).copied();
        if let Some(before) = before {
            content.remembered(before);
        }
        if content.has(id) == Has::NotAsked {
            let mut watch = |part: f32| {
                tell(part);
                if cancel.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            if content.name(&bytes, &mut watch).is_break() {
                return Err(WorkError::Cancelled);
            }
        }
        let mut known = self.known();
        if let (Some(walrus), None) = (content.walrus(), before) {
            known.walrus.insert(content.sha256, walrus);
            known.is_new = true;
        }
        let content = Arc::new(content);
        known.contents.insert(place, Arc::clone(&content));
        Ok(content)
    }

    /// The bytes of content that was found, as they are now.
    pub fn bytes(path: &Path) -> Result<Vec<u8>, WorkError> {
        read(path).map(|(bytes, _)| bytes)
    }

    /// Which files came to be the content of which ids, by id.
    pub fn held(&self) -> Vec<(String, PathBuf, Arc<Content>)> {
        let known = self.known();
        let mut held: Vec<_> = known
            .found
            .iter()
            .filter_map(|(id, found)| match found {
                Found::Is(content, path) => Some((id.clone(), path.clone(), Arc::clone(content))),
                _ => None,
            })
            .collect();
        held.sort_by(|a, b| a.0.cmp(&b.0));
        held
    }

    /// Files that were named and are the content of no id that was asked for, with the Walrus id they have.
    pub fn unclaimed(&self) -> Vec<(PathBuf, Option<WalrusId>)> {
        let known = self.known();
        let used: BTreeSet<&Path> = known
            .found
            .values()
            .filter_map(|found| if let Found::Is(_, path) = found { Some(path.as_path()) } else { None })
            .collect();
        let loose = self.loose.iter().filter_map(|place| {
            let content = known.contents.get(place)?;
            Some((self.files[*place].clone(), content.walrus()))
        });
        loose.filter(|(path, _)| !used.contains(path.as_path())).collect()
    }

    /// The hash of each content an id came to: part of what verdicts are kept under.
    pub fn evidence(&self) -> Vec<(String, Hash)> {
        self.held().into_iter().map(|(id, _, content)| (id, content.sha256)).collect()
    }

    /// Takes up what a case knows of contents.
    pub fn recall(&self, case: &Case) -> Result<(), WorkError> {
        let known: BTreeMap<String, String> =
            serde_json::from_str(&case.meta(META)?.unwrap_or_default()).unwrap_or_default();
        let pairs =
            known.iter().filter_map(|(sha256, id)| Some((Hash::parse(sha256)?, WalrusId::parse(id).ok()?)));
        self.known().walrus.extend(pairs);
        Ok(())
    }

    /// Keeps in a case what was computed since.
    pub fn remember(&self, case: &Case) -> Result<(), WorkError> {
        let mut known = self.known();
        if known.is_new {
            let pairs: BTreeMap<String, String> =
                known.walrus.iter().map(|(sha256, id)| (sha256.hex(), id.text())).collect();
            case.set_meta(META, &serde_json::to_string(&pairs).unwrap_or_default())?;
            known.is_new = false;
        }
        Ok(())
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The id that a file's name is, whole or before its ending; a Walrus id also as the decimal number explorers show.
fn id_in(path: &Path) -> Option<BlobId> {
    let id = |name: &std::ffi::OsStr| {
        let name = name.to_str()?;
        BlobId::parse(name).ok().or_else(|| WalrusId::from_decimal(name).ok().map(BlobId::Walrus))
    };
    path.file_name().and_then(id).or_else(|| path.file_stem().and_then(id))
}

fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir())
}

/// A file's bytes and its length; of one that is too long to be named, the start. Judged on the opened file.
fn read(path: &Path) -> Result<(Vec<u8>, u64), WorkError> {
    let refuse = || WorkError::Unfit { path: path.to_owned(), what: "not a regular file".to_owned() };
    if !fs::metadata(path).map_err(|error| unreadable(path, &error))?.is_file() {
        return Err(refuse());
    }
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let meta = file.metadata().map_err(|error| unreadable(path, &error))?;
    if !meta.is_file() {
        return Err(refuse());
    }
    let mut bytes = Vec::new();
    file.take(MAX_BLOB as u64 + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    let length = meta.len().max(bytes.len() as u64);
    Ok((bytes, length))
}

fn unreadable(path: &Path, error: &std::io::Error) -> WorkError {
    WorkError::Read { path: path.to_owned(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CID: &str = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e";

    fn blobs(files: &[(&str, &[u8])]) -> (tempfile::TempDir, Blobs) {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        let blobs = Blobs::at_hand(&[], &[folder.path().to_owned()]).unwrap();
        (folder, blobs)
    }

    fn name(blobs: &Blobs, id: &str) -> Found {
        blobs.name(id, &Cancel::default(), &mut |_| {}).unwrap()
    }

    fn has(found: &Found) -> Option<Has> {
        let id = BlobId::parse(CID).unwrap();
        if let Found::Is(content, _) = found { Some(content.has(&id)) } else { None }
    }

    #[test]
    fn content_is_found_by_its_name_or_by_what_it_is() {
        for (files, expected) in [
            (vec![(CID, &b"hello world"[..])], Some(Has::Yes)),
            (vec![(CID, b"hello worlds")], Some(Has::No)),
            (vec![("weights.onnx", b"hello world")], Some(Has::Yes)),
            (vec![("a.txt", b"other"), ("b.txt", b"hello world")], Some(Has::Yes)),
            // A file that says it is the content stands for it; another of any name is then not looked for.
            (vec![(CID, b"wrong"), ("weights", b"hello world")], Some(Has::No)),
            (vec![("weights.onnx", b"something else")], None),
            (vec![(".hidden", b"hello world")], None),
            (vec![], None),
        ] {
            let (_folder, blobs) = blobs(&files);
            let is_waiting = matches!(blobs.found(CID), Found::Waiting);
            assert_eq!(
                is_waiting,
                files.iter().any(|(name, _)| !name.starts_with('.')),
                "nothing is read to look"
            );
            let found = name(&blobs, CID);
            assert_eq!(has(&found), expected, "{:?}", files.iter().map(|(name, _)| name).collect::<Vec<_>>());
            assert_eq!(has(&blobs.found(CID)), expected);
        }
        let (_folder, blobs) = blobs(&[(&format!("{CID}.bin"), b"hello world")]);
        assert_eq!(has(&name(&blobs, CID)), Some(Has::Yes));
        let (_folder, unclaimed) = self::blobs(&[("weights.onnx", b"something else")]);
        name(&unclaimed, CID);
        assert_eq!(unclaimed.unclaimed().len(), 1);
    }

    #[test]
    fn what_is_no_regular_file_is_no_content() {
        let folder = tempfile::tempdir().unwrap();
        let outside = folder.path().join("outside");
        fs::write(&outside, b"hello world").unwrap();
        let inside = folder.path().join(FOLDER);
        fs::create_dir_all(inside.join("deeper")).unwrap();
        fs::write(inside.join("deeper").join(CID), b"hello world").unwrap();
        std::os::unix::fs::symlink(&outside, inside.join(CID)).unwrap();
        let blobs = Blobs::at_hand(&[], &[inside]).unwrap();
        assert!(blobs.is_empty(), "links are not followed, folders not entered");
        let missing = Blobs::at_hand(&[], &[folder.path().join("nothing")]);
        assert!(missing.is_err(), "a path the person named must be there");
        assert!(Blobs::at_hand(&[], &[PathBuf::from("/dev/zero")]).is_err());
    }

    #[test]
    fn a_walrus_id_is_computed_once_for_each_content_and_can_be_stopped() {
        let id = WalrusId::parse("M4hsZGQ1oCktdzegB6HnI6Mi28S2nqOPHxK-W7_4BUk").unwrap();
        let (folder, blobs) = blobs(&[("any", b"some content")]);
        let cancel = Cancel::default();
        cancel.cancel();
        assert!(matches!(blobs.name(&id.text(), &cancel, &mut |_| {}), Err(WorkError::Cancelled)));
        assert!(matches!(blobs.found(&id.text()), Found::Waiting), "what was stopped is asked again");
        // Known from before under the content's hash: nothing is computed, so nothing is told.
        blobs.known().walrus.insert(crate::proof::hashes::sha256(b"some content"), id);
        let found = blobs.name(&id.text(), &Cancel::default(), &mut |_| panic!("computed again")).unwrap();
        assert!(matches!(found, Found::Is(..)));
        let case = Case::create_or_open(&folder.path().join("a.case")).unwrap();
        blobs.known().is_new = true;
        blobs.remember(&case).unwrap();
        let again = Blobs::default();
        again.recall(&case).unwrap();
        assert_eq!(again.known().walrus, blobs.known().walrus);
    }
}
