//! The text of a `standard-v1` tree dump: read with every hash in it recomputed, and written as the library writes it.

use super::tree::siblings;
use super::{Leaf, Tree, leaf_hash, pair_hash};
use crate::model::Hash;
use crate::proof::Malformed;
use crate::proof::abi::Value;
use crate::proof::python_json::{Json, parse};

/// Most leaves of a dump that is read.
pub const MAX_DUMP_LEAVES: usize = 1 << 17;

/// A dump whose every node was recomputed: leaves from their values, inner nodes from their children.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dump {
    pub encoding: Vec<String>,
    nodes: Vec<Hash>,
    /// Leaf hash and its place; ascending once checked, so that each of many inferences is found in log n.
    leaves: Vec<(Hash, usize)>,
}

impl Dump {
    /// Reads a dump and checks it against itself. The fault says what does not fit; `at` is a byte for text that is no
    /// JSON, else the index of the value or node.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let document = parse(text)?;
        if let Some(at) = document.duplicate_key {
            return Err(Malformed::new(at, "a key is there twice"));
        }
        let json = document.value;
        if json.member("format").and_then(Json::as_str) != Some("standard-v1") {
            return Err(Malformed::new(0, "the dump's format is not standard-v1"));
        }
        let encoding = texts(json.member("leafEncoding"), "leafEncoding is a list of types")?;
        let nodes = json.member("tree").and_then(Json::as_list).ok_or(Malformed::new(0, "tree is a list"))?;
        let values =
            json.member("values").and_then(Json::as_list).ok_or(Malformed::new(0, "values is a list"))?;
        if values.is_empty() || values.len() > MAX_DUMP_LEAVES || nodes.len() != 2 * values.len() - 1 {
            return Err(Malformed::new(0, "a tree of n values has 2n-1 nodes, n from 1 to 131,072"));
        }
        let nodes =
            nodes.iter().enumerate().map(|(at, node)| word(node, at)).collect::<Result<Vec<_>, _>>()?;
        let leaves = values.iter().enumerate().map(|(at, value)| leaf(value, &encoding, at));
        let leaves = leaves.collect::<Result<_, _>>()?;
        let mut dump = Self { encoding, nodes, leaves };
        dump.check()?;
        dump.leaves.sort_unstable();
        Ok(dump)
    }

    fn check(&self) -> Result<(), Malformed> {
        let first_leaf = self.leaves.len() - 1;
        let mut taken = vec![false; self.nodes.len()];
        for (at, (hash, place)) in self.leaves.iter().enumerate() {
            if *place < first_leaf
                || *place >= self.nodes.len()
                || std::mem::replace(&mut taken[*place], true)
            {
                return Err(Malformed::new(at, "a value's treeIndex is no leaf of its own"));
            }
            if self.nodes[*place] != *hash {
                return Err(Malformed::new(at, "a value's leaf hash is not the node at its treeIndex"));
            }
        }
        let inner = (0..first_leaf)
            .find(|at| self.nodes[*at] != pair_hash(&self.nodes[2 * at + 1], &self.nodes[2 * at + 2]));
        inner.map_or(Ok(()), |at| Err(Malformed::new(at, "an inner node is not the hash of its children")))
    }

    pub fn root(&self) -> Hash {
        self.nodes[0]
    }

    /// The leaves' hashes as they stand in the tree, whose last nodes they are.
    pub fn leaves(&self) -> &[Hash] {
        &self.nodes[self.leaves.len() - 1..]
    }

    /// Number of leaves: the event's batchSize.
    pub fn len(&self) -> usize {
        self.leaves.len()
    }

    /// A dump always has a leaf.
    pub fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }

    /// How often a leaf is in the batch; twice after a retry.
    pub fn count(&self, leaf: &Hash) -> usize {
        self.found(leaf).len()
    }

    /// The siblings of a leaf up to the root.
    pub fn proof(&self, leaf: &Hash) -> Option<Vec<Hash>> {
        let (_, place) = self.found(leaf).first()?;
        Some(siblings(&self.nodes, *place))
    }

    fn found(&self, leaf: &Hash) -> &[(Hash, usize)] {
        let start = self.leaves.partition_point(|(hash, _)| hash < leaf);
        let end = self.leaves.partition_point(|(hash, _)| hash <= leaf);
        &self.leaves[start..end]
    }

    /// The dump of leaves of one generation, byte for byte as `JSON.stringify(tree.dump())` writes it.
    pub fn text_of(leaves: &[Leaf]) -> Option<String> {
        let hashes: Vec<Hash> = leaves.iter().map(Leaf::hash).collect();
        let tree = Tree::build(&hashes)?;
        let encoding = quoted(leaves.first()?.encoding().iter().map(|kind| (*kind).to_owned()));
        let nodes = quoted(tree.nodes().iter().map(|node| format!("0x{node}")));
        let values: Option<Vec<String>> = leaves
            .iter()
            .enumerate()
            .map(|(index, leaf)| {
                let place = tree.place(index)?;
                Some(format!(r#"{{"value":[{}],"treeIndex":{place}}}"#, quoted(leaf.texts().into_iter())))
            })
            .collect();
        let values = values?.join(",");
        Some(format!(
            r#"{{"format":"standard-v1","leafEncoding":[{encoding}],"tree":[{nodes}],"values":[{values}]}}"#
        ))
    }
}

fn quoted(texts: impl Iterator<Item = String>) -> String {
    texts.map(|text| format!("\"{text}\"")).collect::<Vec<_>>().join(",")
}

fn leaf(entry: &Json, encoding: &[String], at: usize) -> Result<(Hash, usize), Malformed> {
    let texts =
        texts(entry.member("value"), "a value is a list of texts").map_err(|f| Malformed::new(at, f.what))?;
    if texts.len() != encoding.len() {
        return Err(Malformed::new(at, "a value has another number of fields than leafEncoding"));
    }
    let fields = encoding.iter().zip(&texts).map(|(kind, text)| Value::parse(kind, text));
    let fields = fields.collect::<Result<Vec<_>, _>>().map_err(|fault| Malformed::new(at, fault.what))?;
    let place = match entry.member("treeIndex") {
        Some(Json::Integer(digits)) => digits.parse().ok(),
        _ => None,
    };
    let place = place.ok_or(Malformed::new(at, "a treeIndex is a number"))?;
    Ok((leaf_hash(&fields), place))
}

fn texts(list: Option<&Json>, what: &'static str) -> Result<Vec<String>, Malformed> {
    let list = list.and_then(Json::as_list).ok_or(Malformed::new(0, what))?;
    let text = |value: &Json| match value {
        Json::Integer(digits) => Some(digits.clone()),
        other => other.as_str().map(str::to_owned),
    };
    list.iter().map(text).collect::<Option<_>>().ok_or(Malformed::new(0, what))
}

fn word(value: &Json, at: usize) -> Result<Hash, Malformed> {
    let text = value.as_str().filter(|text| text.starts_with("0x"));
    text.and_then(Hash::parse).ok_or(Malformed::new(at, "a node is 0x and 64 hex digits"))
}
