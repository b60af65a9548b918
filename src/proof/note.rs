//! Signed notes and the checkpoints in them: what a log or a witness put its name to (C2SP signed-note, tlog-checkpoint,
//! tlog-cosignature).
//!
//! ```text
//! gw-eu-1.example/provenance          origin          ┐
//! 20852163                            tree size       │ note body, every line with its newline:
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2…   base64 root     │ this is what is signed
//! any further line                    extension       ┘
//!
//! — gw-eu-1.example/provenance Az3grl…=   em dash, key name, base64(key id 4 ‖ signature)
//! ```

use super::malformed::{Malformed, base64_bytes, base64_text};
use crate::model::Hash;
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};

/// Longest note read, and most signatures looked at: a note beyond them is refused before any signature is checked.
pub const MAX_NOTE: usize = 1 << 20;
pub const MAX_SIGNATURES: usize = 100;

/// What kind of signature a key makes; the number is part of the key id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum KeyType {
    /// Ed25519 over the note body.
    Ed25519 = 0x01,
    /// Ed25519 over `cosignature/v1`, a time and the note body.
    Cosignature = 0x04,
}

/// A text and the signatures under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The signed bytes, ending in a newline.
    pub body: String,
    pub signatures: Vec<NoteSignature>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    pub name: String,
    pub key_id: [u8; 4],
    /// What follows the key id: 64 bytes for Ed25519, time ‖ 64 bytes for a cosignature.
    pub bytes: Vec<u8>,
}

/// A log's statement of its size and root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub origin: String,
    pub size: u64,
    pub root: Hash,
    pub extensions: Vec<String>,
    pub note: Note,
}

/// A key somebody may pin, as `name+hex8+base64(type ‖ key)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    pub name: String,
    pub key_id: [u8; 4],
    pub key_type: KeyType,
    pub public_key: [u8; 32],
}

/// What one key says of one note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    /// No signature line carries this key's name and id.
    Absent,
    /// A line carries them and does not verify: the note is rejected whatever else it holds.
    Invalid,
    Valid,
    /// A witness saw the note at this Unix time.
    CosignedAt(u64),
}

impl Note {
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        if text.len() > MAX_NOTE {
            return Err(Malformed::new(MAX_NOTE, "a note is at most 1 MiB"));
        }
        if let Some(at) = text.bytes().position(|b| b < 0x20 && b != b'\n') {
            return Err(Malformed::new(at, "a control character in a note"));
        }
        let split =
            text.rfind("\n\n").ok_or(Malformed::new(text.len(), "no blank line before signatures"))?;
        let (body, lines) = (&text[..=split], &text[split + 2..]);
        if lines.is_empty() || !lines.ends_with('\n') {
            return Err(Malformed::new(text.len(), "a note ends in a signature line and its newline"));
        }
        let mut signatures = Vec::new();
        let mut at = split + 2;
        for line in lines.split_terminator('\n') {
            if signatures.len() == MAX_SIGNATURES {
                return Err(Malformed::new(at, "more than 100 signatures"));
            }
            signatures.push(NoteSignature::parse(line).map_err(|fault| fault.within(at))?);
            at += line.len() + 1;
        }
        Ok(Self { body: body.to_owned(), signatures })
    }
}

impl NoteSignature {
    fn parse(line: &str) -> Result<Self, Malformed> {
        let rest =
            line.strip_prefix("— ").ok_or(Malformed::new(0, "a signature line starts with an em dash"))?;
        let (name, blob) = rest
            .split_once(' ')
            .ok_or(Malformed::new(line.len(), "a signature line is a name and base64"))?;
        if !is_key_name(name) {
            return Err(Malformed::new(4, "a key name has no space and no plus, and is not empty"));
        }
        let at = line.len() - blob.len();
        let bytes = base64_bytes(blob).map_err(|fault| fault.within(at))?;
        match bytes.split_first_chunk::<4>() {
            Some((key_id, rest)) if !rest.is_empty() => {
                Ok(Self { name: name.to_owned(), key_id: *key_id, bytes: rest.to_vec() })
            }
            _ => Err(Malformed::new(at, "a signature is more than its four bytes of key id")),
        }
    }
}

impl Checkpoint {
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let note = Note::parse(text)?;
        Self::of_note(note)
    }

    fn of_note(note: Note) -> Result<Self, Malformed> {
        let mut lines = note.body.split_terminator('\n');
        let mut at = 0;
        let mut line = |what| {
            let line = lines.next().ok_or(Malformed::new(note.body.len(), what))?;
            let start = at;
            at += line.len() + 1;
            Ok::<_, Malformed>((start, line))
        };
        let (_, origin) = line("a checkpoint has an origin line")?;
        let (size_at, size) = line("a checkpoint has a size line")?;
        let (root_at, root) = line("a checkpoint has a root line")?;
        if origin.is_empty() {
            return Err(Malformed::new(0, "an origin is not empty"));
        }
        let origin = origin.to_owned();
        let size = tree_size(size)
            .ok_or(Malformed::new(size_at, "a size is decimal, below 2^64, no leading zero"))?;
        let root = base64_bytes(root).map_err(|fault| fault.within(root_at))?;
        let root = Hash(root.try_into().map_err(|_| Malformed::new(root_at, "a root is 32 bytes"))?);
        let mut extensions = Vec::new();
        for extension in lines {
            if extension.is_empty() {
                return Err(Malformed::new(note.body.len(), "an extension line is not empty"));
            }
            extensions.push(extension.to_owned());
        }
        Ok(Self { origin, size, root, extensions, note })
    }
}

impl VerifierKey {
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(Malformed::new(text.len(), "a verifier key is name+hash+base64"));
        };
        if !is_key_name(name) {
            return Err(Malformed::new(0, "a key name has no space and no plus, and is not empty"));
        }
        let mut key_id_read = [0; 4];
        hex::decode_to_slice(id, &mut key_id_read)
            .map_err(|_| Malformed::new(name.len() + 1, "a key hash is 8 hex digits"))?;
        let at = text.len() - key.len();
        let bytes = base64_bytes(key).map_err(|fault| fault.within(at))?;
        let (kind, public_key) = bytes.split_first().ok_or(Malformed::new(at, "an empty key"))?;
        let key_type = match kind {
            0x01 => KeyType::Ed25519,
            0x04 => KeyType::Cosignature,
            _ => return Err(Malformed::new(at, "only Ed25519 (1) and cosignature/v1 (4) keys are known")),
        };
        let public_key =
            public_key.try_into().map_err(|_| Malformed::new(at, "an Ed25519 key is 32 bytes"))?;
        if key_id(name, key_type, &public_key) != key_id_read {
            return Err(Malformed::new(name.len() + 1, "the key hash is not the hash of this name and key"));
        }
        Ok(Self { name: name.to_owned(), key_id: key_id_read, key_type, public_key })
    }

    pub fn new(name: &str, key_type: KeyType, public_key: [u8; 32]) -> Self {
        Self { name: name.to_owned(), key_id: key_id(name, key_type, &public_key), key_type, public_key }
    }

    /// `name+hex8+base64(type ‖ key)`.
    pub fn text(&self) -> String {
        let mut key = vec![self.key_type as u8];
        key.extend(self.public_key);
        format!("{}+{}+{}", self.name, hex::encode(self.key_id), base64_text(&key))
    }

    /// Strict Ed25519 over what this type of key signs. One bad line under this key makes the answer `Invalid`.
    pub fn verify(&self, note: &Note) -> Signed {
        let mine = note.signatures.iter().filter(|s| s.name == self.name && s.key_id == self.key_id);
        let mut best = Signed::Absent;
        for signature in mine {
            match self.verify_one(&note.body, &signature.bytes) {
                Some(signed) => best = earlier(best, signed),
                None => return Signed::Invalid,
            }
        }
        best
    }

    /// What this key signed in a note, and the 64 bytes of its first signature there: for checking with another tool.
    pub fn signed_in(&self, note: &Note) -> Option<(String, Vec<u8>)> {
        let mut mine = note.signatures.iter().filter(|s| s.name == self.name && s.key_id == self.key_id);
        let bytes = &mine.next()?.bytes;
        match self.key_type {
            KeyType::Ed25519 => Some((note.body.clone(), bytes.clone())),
            KeyType::Cosignature => {
                let (time, signature) = bytes.split_first_chunk::<8>()?;
                Some((cosignature_message(u64::from_be_bytes(*time), &note.body), signature.to_vec()))
            }
        }
    }

    fn verify_one(&self, body: &str, bytes: &[u8]) -> Option<Signed> {
        match self.key_type {
            KeyType::Ed25519 => {
                ed25519_strict(&self.public_key, body.as_bytes(), bytes).then_some(Signed::Valid)
            }
            KeyType::Cosignature => {
                let (time, signature) = bytes.split_first_chunk::<8>()?;
                let time = u64::from_be_bytes(*time);
                let message = cosignature_message(time, body);
                ed25519_strict(&self.public_key, message.as_bytes(), signature)
                    .then_some(Signed::CosignedAt(time))
            }
        }
    }
}

/// Ed25519 that refuses small-order keys, non-canonical points and scalars: of the 914 published edge cases it takes 43.
pub fn ed25519_strict(public_key: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) = (VerifyingKey::from_bytes(public_key), Signature::from_slice(signature))
    else {
        return false;
    };
    key.verify_strict(message, &signature).is_ok()
}

/// The first four bytes of SHA-256(name ‖ "\n" ‖ type ‖ key).
pub fn key_id(name: &str, key_type: KeyType, public_key: &[u8; 32]) -> [u8; 4] {
    let hash = Sha256::new()
        .chain_update(name)
        .chain_update([b'\n', key_type as u8])
        .chain_update(public_key)
        .finalize();
    [hash[0], hash[1], hash[2], hash[3]]
}

/// The text a log signs.
pub fn note_body(origin: &str, size: u64, root: &Hash) -> String {
    format!("{origin}\n{size}\n{}\n", base64_text(&root.0))
}

/// The text a witness signs for a note body it saw at this Unix time.
pub fn cosignature_message(time: u64, body: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{body}")
}

/// A signature's line, newline included. For a cosignature `signature` is u64be(time) ‖ 64 bytes.
pub fn signature_line(name: &str, key_id: [u8; 4], signature: &[u8]) -> String {
    let mut bytes = key_id.to_vec();
    bytes.extend_from_slice(signature);
    format!("— {name} {}\n", base64_text(&bytes))
}

fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '+')
}

fn tree_size(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}

/// Of two cosignatures by one witness the earlier time is the stronger statement.
fn earlier(a: Signed, b: Signed) -> Signed {
    match (a, b) {
        (Signed::CosignedAt(a), Signed::CosignedAt(b)) => Signed::CosignedAt(a.min(b)),
        (_, b) => b,
    }
}

#[cfg(test)]
mod tests;
