//! Names of content: Walrus blob ids and IPFS content ids. Either proves what the content is, not when or by whom.

mod base;
mod cid;
mod content;
mod walrus;

pub use cid::{Cid, CidCheck, MAX_SINGLE_BLOCK};
pub use content::{Content, Has};
pub use walrus::{MAX_BLOB, NETWORK_SHARDS, WalrusId, walrus_id, walrus_id_watched};

use crate::proof::Malformed;

/// A blob id as records write it: 43 characters of base64url for Walrus, else an IPFS CID.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BlobId {
    Walrus(WalrusId),
    Ipfs(Cid),
}

impl BlobId {
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        if text.len() == 43 {
            return WalrusId::parse(text).map(Self::Walrus);
        }
        Cid::parse(text).map(Self::Ipfs)
    }
}

#[cfg(test)]
mod tests;
