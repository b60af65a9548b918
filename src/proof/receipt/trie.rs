//! Ethereum's Merkle-Patricia trie: what a proof shows of a key, and the root over all pairs (yellow paper, appendix D).

use crate::model::Hash;
use crate::proof::Malformed;
use crate::proof::hashes::keccak256;
use crate::proof::rlp::{Rlp, encode_bytes, encode_list};

/// Nodes on one path: two for each nibble of a 32-byte key would be 64.
const MAX_NODES: usize = 65;

/// What a proof shows. An exclusion proof is no inclusion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    Present(Vec<u8>),
    Absent,
}

/// Walks a proof from the root down. Every node must be named by its parent's hash, and none may be left over. A fault's
/// `at` is the node's index.
pub fn lookup(root: &Hash, key: &[u8], nodes: &[Vec<u8>]) -> Result<Lookup, Malformed> {
    if nodes.len() > MAX_NODES {
        return Err(Malformed::new(MAX_NODES, "a proof of more than 65 nodes"));
    }
    if nodes.is_empty() && *root == keccak256([0x80]) {
        return Ok(Lookup::Absent);
    }
    let mut path = nibbles(key);
    let mut wanted = *root;
    for (at, bytes) in nodes.iter().enumerate() {
        if keccak256(bytes) != wanted {
            return Err(Malformed::new(at, "a node is not the one its parent names"));
        }
        let node = Rlp::parse(bytes).map_err(|fault| Malformed::new(at, fault.what))?;
        match descend(&node, &mut path).map_err(|what| Malformed::new(at, what))? {
            Found::Child(hash) => wanted = hash,
            Found::End(_) if at + 1 != nodes.len() => return Err(Malformed::new(at + 1, "a node left over")),
            Found::End(lookup) => return Ok(lookup),
        }
    }
    Err(Malformed::new(nodes.len(), "the proof ends before the key does"))
}

enum Found {
    Child(Hash),
    End(Lookup),
}

/// Follows the path through one node and those embedded in it.
fn descend(node: &Rlp<'_>, path: &mut Vec<u8>) -> Result<Found, &'static str> {
    let mut node = node;
    loop {
        let items = node.as_list().ok_or("a node is a list")?;
        let child = match items {
            [key, value] => {
                let (is_leaf, part) = unpack(key.as_bytes().ok_or("a node's path is bytes")?)?;
                match (is_leaf, path.strip_prefix(part.as_slice())) {
                    (true, Some([])) => return Ok(Found::End(Lookup::Present(present(value)?))),
                    (false, Some(rest)) if !part.is_empty() => {
                        *path = rest.to_vec();
                        value
                    }
                    (false, _) if part.is_empty() => return Err("an extension of nothing"),
                    _ => return Ok(Found::End(Lookup::Absent)),
                }
            }
            branch if branch.len() == 17 => {
                let Some((nibble, rest)) = path.split_first() else {
                    return match branch[16].as_bytes() {
                        Some([]) => Ok(Found::End(Lookup::Absent)),
                        _ => Ok(Found::End(Lookup::Present(present(&branch[16])?))),
                    };
                };
                let child = &branch[usize::from(*nibble)];
                *path = rest.to_vec();
                child
            }
            _ => return Err("a node has 2 or 17 items"),
        };
        match child {
            Rlp::Bytes([]) => return Ok(Found::End(Lookup::Absent)),
            Rlp::Bytes(hash) => {
                let hash = <[u8; 32]>::try_from(*hash).map_err(|_| "a child is named by 32 bytes")?;
                return Ok(Found::Child(Hash(hash)));
            }
            Rlp::List(_) => node = child,
        }
    }
}

fn present(value: &Rlp<'_>) -> Result<Vec<u8>, &'static str> {
    value.as_bytes().filter(|bytes| !bytes.is_empty()).map(<[u8]>::to_vec).ok_or("a value is bytes, and some")
}

/// Hex-prefix decoding: whether it is a leaf's path, and its nibbles.
fn unpack(encoded: &[u8]) -> Result<(bool, Vec<u8>), &'static str> {
    let (first, rest) = encoded.split_first().ok_or("an empty path")?;
    let (flag, low) = (first >> 4, first & 0x0f);
    let mut path = match flag {
        0 | 2 if low == 0 => Vec::new(),
        1 | 3 => vec![low],
        _ => return Err("an unknown path flag"),
    };
    path.extend(nibbles(rest));
    Ok((flag >= 2, path))
}

fn nibbles(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]).collect()
}

/// The root over key-value pairs; keys must differ. A block's receiptsRoot from all its receipts, for instance.
pub fn root_of(pairs: &[(Vec<u8>, Vec<u8>)]) -> Hash {
    let mut pairs: Vec<(Vec<u8>, &[u8])> =
        pairs.iter().map(|(key, value)| (nibbles(key), value.as_slice())).collect();
    pairs.sort_unstable();
    pairs.dedup_by(|a, b| a.0 == b.0);
    keccak256(if pairs.is_empty() { vec![0x80] } else { node_of(&pairs, 0) })
}

/// The node over sorted pairs that agree in their first `depth` nibbles.
fn node_of(pairs: &[(Vec<u8>, &[u8])], depth: usize) -> Vec<u8> {
    let (first, last) = (&pairs[0].0, &pairs[pairs.len() - 1].0);
    if pairs.len() == 1 {
        return encode_list(&[encode_bytes(&pack(&first[depth..], true)), encode_bytes(pairs[0].1)]);
    }
    let shared = first[depth..].iter().zip(&last[depth..]).take_while(|(a, b)| a == b).count();
    if shared > 0 {
        let child = reference(node_of(pairs, depth + shared));
        return encode_list(&[encode_bytes(&pack(&first[depth..depth + shared], false)), child]);
    }
    let ends_here = pairs.iter().take_while(|(key, _)| key.len() == depth).count();
    let mut items = Vec::with_capacity(17);
    for nibble in 0..16 {
        let below = &pairs[ends_here..];
        let start = below.partition_point(|(key, _)| key[depth] < nibble);
        let end = below.partition_point(|(key, _)| key[depth] <= nibble);
        items.push(if start == end { vec![0x80] } else { reference(node_of(&below[start..end], depth + 1)) });
    }
    items.push(if ends_here > 0 { encode_bytes(pairs[0].1) } else { vec![0x80] });
    encode_list(&items)
}

/// A node is named by its hash, unless it is shorter than one.
fn reference(node: Vec<u8>) -> Vec<u8> {
    if node.len() < 32 { node } else { encode_bytes(&keccak256(&node).0) }
}

fn pack(path: &[u8], is_leaf: bool) -> Vec<u8> {
    let flag = if is_leaf { 2 } else { 0 };
    let (head, rest) =
        if path.len() % 2 == 1 { ((flag + 1) << 4 | path[0], &path[1..]) } else { (flag << 4, path) };
    std::iter::once(head).chain(rest.chunks(2).map(|pair| pair[0] << 4 | pair[1])).collect()
}
