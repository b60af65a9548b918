//! Content with the ids it has, made once for all who ask: hashes at once, the Walrus id when somebody waits for it.

use super::walrus::{MAX_BLOB, NETWORK_SHARDS, WalrusId, walrus_id_watched};
use super::{BlobId, CidCheck, MAX_SINGLE_BLOCK};
use crate::model::Hash;
use crate::proof::hashes::sha256;
use std::ops::ControlFlow;

/// Content that was read, and what it is called.
#[derive(Clone, Debug)]
pub struct Content {
    pub length: u64,
    pub sha256: Hash,
    /// All of it where it is one block of IPFS; else its start.
    head: Vec<u8>,
    walrus: Walrus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Walrus {
    NotAsked,
    /// Larger than is encoded here.
    TooLarge,
    Is(WalrusId),
}

/// Whether content has an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Has {
    Yes,
    No,
    /// Its Walrus id takes seconds and was not asked for.
    NotAsked,
    Unsupported,
}

impl Content {
    /// Everything that costs no more than reading.
    pub fn of(content: &[u8]) -> Self {
        let walrus = if content.len() > MAX_BLOB { Walrus::TooLarge } else { Walrus::NotAsked };
        let head = content[..content.len().min(MAX_SINGLE_BLOCK)].to_vec();
        Self { length: content.len() as u64, sha256: sha256(content), head, walrus }
    }

    /// Computes the Walrus id on the network's shards, telling how far it is; breaks where the watcher does.
    pub fn name(&mut self, content: &[u8], watch: &mut dyn FnMut(f32) -> ControlFlow<()>) -> ControlFlow<()> {
        if self.walrus == Walrus::NotAsked {
            let id = walrus_id_watched(content, NETWORK_SHARDS, watch)?;
            self.walrus = id.map_or(Walrus::TooLarge, Walrus::Is);
        }
        ControlFlow::Continue(())
    }

    /// The Walrus id as it was computed before for content of this SHA-256.
    pub fn remembered(&mut self, id: WalrusId) {
        self.walrus = Walrus::Is(id);
    }

    /// The Walrus id, once it was computed.
    pub const fn walrus(&self) -> Option<WalrusId> {
        match self.walrus {
            Walrus::Is(id) => Some(id),
            _ => None,
        }
    }

    pub fn has(&self, id: &BlobId) -> Has {
        match (id, self.walrus) {
            (BlobId::Walrus(id), Walrus::Is(own)) if own == *id => Has::Yes,
            (BlobId::Walrus(_), Walrus::Is(_)) => Has::No,
            (BlobId::Walrus(_), Walrus::NotAsked) => Has::NotAsked,
            (BlobId::Walrus(_), Walrus::TooLarge) => Has::Unsupported,
            (BlobId::Ipfs(_), _) if self.length > MAX_SINGLE_BLOCK as u64 => Has::Unsupported,
            (BlobId::Ipfs(cid), _) => match cid.check_content(&self.head) {
                CidCheck::Matches => Has::Yes,
                CidCheck::Differs => Has::No,
                CidCheck::Unsupported => Has::Unsupported,
            },
        }
    }

    /// The bytes that an IPFS id hashes, where the content is one block.
    pub fn block(&self, id: &BlobId) -> Option<Vec<u8>> {
        let BlobId::Ipfs(cid) = id else { return None };
        let is_whole = self.head.len() as u64 == self.length;
        cid.block_of(&self.head).filter(|_| is_whole).map(std::borrow::Cow::into_owned)
    }

    /// The first bytes.
    pub fn head(&self) -> &[u8] {
        &self.head
    }
}
