//! Inferences by what settlements and payments name them by: the pair of their hashes, a transaction, a blob, a session.

use crate::journal::print_of;
use crate::journal::read::bare_hex;
use crate::journal::text::Text;
use memchr::memmem::Finder;
use serde::Deserialize;
use std::collections::HashSet;
use std::sync::LazyLock;

/// Prints of what is looked for. A print that fits is looked at again as text.
pub struct Wanted(HashSet<u64>);

/// What is looked for, as text, with the id of the inference that has it.
#[derive(Debug, Default)]
pub struct Finds(pub(super) Vec<(String, String)>);

/// What an inference can be found by.
#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Inference<'a> {
    kind: Text<'a>,
    id: Text<'a>,
    tee_request_hash: Option<Text<'a>>,
    tee_output_hash: Option<Text<'a>>,
    session: Option<Text<'a>>,
    settlement_tx: Option<Text<'a>>,
    settlement_blob: Option<Text<'a>>,
}

static MARK: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"inference\""));

impl Wanted {
    pub(super) fn new(prints: impl Iterator<Item = u64>) -> Self {
        Self(prints.collect())
    }

    /// Whether any inference could be joined with anything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Looks at a line of any source, native ones too.
    pub fn look(&self, line: &[u8], finds: &mut Finds) {
        if MARK.find(line).is_none() {
            return;
        }
        let Ok(inference) = serde_json::from_slice::<Inference<'_>>(line) else { return };
        if &*inference.kind != "inference" {
            return;
        }
        let hashes = inference.tee_request_hash.as_deref().zip(inference.tee_output_hash.as_deref());
        let keys = [
            hashes.map(|(input, output)| hashes_key(&format!("{}:{}", bare_hex(input), bare_hex(output)))),
            inference.settlement_tx.as_deref().map(|tx| key("tx", tx)),
            inference.settlement_blob.as_deref().map(|blob| key("blob", blob)),
            inference.session.as_deref().map(|session| key("session", session)),
        ];
        let fits = keys.into_iter().flatten().filter(|key| self.0.contains(&print(key)));
        finds.0.extend(fits.map(|key| (key, (*inference.id).to_owned())));
    }
}

/// `request:output` in lower case without `0x`, as leaves name it.
pub(super) fn hashes_key(pair: &str) -> String {
    format!("hashes {pair}")
}

pub(super) fn key(name: &str, text: &str) -> String {
    format!("{name} {}", text.to_lowercase())
}

pub(super) fn print(key: &str) -> u64 {
    print_of(key)
}
