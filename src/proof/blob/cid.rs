//! IPFS content ids, checked where one block decides: raw bytes, the block itself, or a file of a single UnixFS node.

use super::base::{base32, base58};
use crate::proof::Malformed;
use crate::proof::hashes::sha256;
use crate::proof::malformed::base64url_bytes;
use std::borrow::Cow;

/// The default chunker's size: content up to it is one UnixFS leaf, longer content a tree that we do not rebuild.
pub const MAX_SINGLE_BLOCK: usize = 256 << 10;
const MAX_CID_TEXT: usize = 128;

const RAW: u64 = 0x55;
const DAG_PB: u64 = 0x70;
const SHA2_256: u64 = 0x12;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cid {
    pub version: u8,
    /// Multicodec of the block: 0x55 raw, 0x70 dag-pb, …
    pub codec: u64,
    /// Multihash function; only 0x12 (SHA2-256) can be checked here.
    pub hash: u64,
    pub digest: Vec<u8>,
}

/// Whether content has a CID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CidCheck {
    Matches,
    Differs,
    /// Another hash function, or content of several blocks.
    Unsupported,
}

impl Cid {
    /// CIDv0 (`Qm…`), or CIDv1 in base32 (`b`), base58 (`z`), base64url (`u`) or hex (`f`).
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        if text.len() > MAX_CID_TEXT {
            return Err(Malformed::new(MAX_CID_TEXT, "a CID of more than 128 characters"));
        }
        if text.len() == 46 && text.starts_with("Qm") {
            let (hash, digest) = multihash(&base58(text)?)?;
            return Ok(Self { version: 0, codec: DAG_PB, hash, digest });
        }
        let mut characters = text.chars();
        let bytes = match characters.next() {
            Some('b') => base32(characters.as_str()),
            Some('z') => base58(characters.as_str()),
            Some('u') => base64url_bytes(characters.as_str()),
            Some('f') => hex::decode(characters.as_str()).map_err(|_| Malformed::new(0, "not hex")),
            _ => Err(Malformed::new(0, "not a CID in a base that is known")),
        };
        let bytes = bytes.map_err(|fault| fault.within(1))?;
        let (version, rest) = varint(&bytes)?;
        if version != 1 {
            return Err(Malformed::new(1, "not version 1"));
        }
        let (codec, rest) = varint(rest)?;
        let (hash, digest) = multihash(rest)?;
        Ok(Self { version: 1, codec, hash, digest })
    }

    /// Whether this is the id of a block's exact bytes.
    pub fn check_block(&self, block: &[u8]) -> CidCheck {
        if self.hash != SHA2_256 {
            return CidCheck::Unsupported;
        }
        if sha256(block).0.as_slice() == self.digest { CidCheck::Matches } else { CidCheck::Differs }
    }

    /// Whether this is the id of a file's content: as raw bytes, or wrapped as a single UnixFS file node.
    pub fn check_content(&self, content: &[u8]) -> CidCheck {
        self.block_of(content).map_or(CidCheck::Unsupported, |block| self.check_block(&block))
    }

    /// The one block that content is under this id; nothing where it is several or another codec's.
    pub fn block_of<'c>(&self, content: &'c [u8]) -> Option<Cow<'c, [u8]>> {
        match self.codec {
            RAW if content.len() <= MAX_SINGLE_BLOCK => Some(content.into()),
            DAG_PB if content.len() <= MAX_SINGLE_BLOCK => Some(unixfs_file(content).into()),
            _ => None,
        }
    }
}

/// A dag-pb node without links, holding UnixFS {type = File, data, filesize}.
fn unixfs_file(content: &[u8]) -> Vec<u8> {
    let mut data = vec![0x08, 0x02];
    if !content.is_empty() {
        data.push(0x12);
        push_varint(content.len() as u64, &mut data);
        data.extend(content);
    }
    data.push(0x18);
    push_varint(content.len() as u64, &mut data);
    let mut node = vec![0x0a];
    push_varint(data.len() as u64, &mut node);
    node.extend(data);
    node
}

fn multihash(bytes: &[u8]) -> Result<(u64, Vec<u8>), Malformed> {
    let (hash, rest) = varint(bytes)?;
    let (length, digest) = varint(rest)?;
    if digest.len() as u64 != length || (hash == SHA2_256 && length != 32) {
        return Err(Malformed::new(bytes.len(), "a multihash of another length than it says"));
    }
    Ok((hash, digest.to_vec()))
}

/// An unsigned varint in its shortest form.
fn varint(bytes: &[u8]) -> Result<(u64, &[u8]), Malformed> {
    let mut value = 0;
    for (place, byte) in bytes.iter().enumerate().take(9) {
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            if *byte == 0 && place > 0 {
                break;
            }
            return Ok((value, &bytes[place + 1..]));
        }
    }
    Err(Malformed::new(0, "not a varint in its shortest form"))
}

fn push_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
