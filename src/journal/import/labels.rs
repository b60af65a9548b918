//! Who is behind an address, a session, a key: a file of labels, because no gateway record names an agent.
//!
//! ```text
//! field,value,agent
//! payer,0x857b06519E91e3A54538791bDbb0E22373e36b66,treasury-12
//! session,5f2c…,treasury-12
//! api_key,sk-live-…,pricing-3        compared, never copied into a case
//! user,alice,desk-4
//! ```

use std::borrow::Cow;
use std::collections::HashMap;

/// Labels by field and value. Addresses and other hex compare without regard to case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(HashMap<(String, String), String>);

pub const HEADER: &str = "field,value,agent";

impl Labels {
    /// Whether a file's beginning says that it holds labels.
    pub fn tell(start: &[u8]) -> bool {
        let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
        let first = start.split(|b| *b == b'\n').next().unwrap_or_default();
        first.trim_ascii() == HEADER.as_bytes()
    }

    /// Reads a file of labels. An error names the line: a label that is lost would name the wrong agent.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let mut labels = HashMap::new();
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text);
        for row in reader.records() {
            let row = row.map_err(|e| e.to_string())?;
            let line = row.position().map_or(0, csv::Position::line);
            let [field, value, agent] = [0, 1, 2].map(|n| row.get(n).unwrap_or_default());
            if field.is_empty() || value.is_empty() || agent.is_empty() || row.len() != 3 {
                return Err(format!("line {line}: a label is `{HEADER}`, none of them empty"));
            }
            let key = (field.to_owned(), folded(value).into_owned());
            if labels.insert(key, agent.to_owned()).is_some_and(|before| before != agent) {
                return Err(format!("line {line}: two agents for the same {field}"));
            }
        }
        Ok(Self(labels))
    }

    pub fn join(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn agent(&self, field: &str, value: &str) -> Option<&str> {
        if self.0.is_empty() {
            return None;
        }
        self.0.get(&(field.to_owned(), folded(value).into_owned())).map(String::as_str)
    }
}

fn folded(value: &str) -> Cow<'_, str> {
    if value.starts_with("0x") || value.starts_with("0X") {
        Cow::Owned(value.to_ascii_lowercase())
    } else {
        Cow::Borrowed(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_name_agents_and_refuse_to_name_two() {
        let labels =
            Labels::parse(b"field,value,agent\npayer,0xAB,alpha\nsession, s-1 ,beta\n").expect("labels");
        assert_eq!(labels.agent("payer", "0xab"), Some("alpha"));
        assert_eq!(labels.agent("session", "s-1"), Some("beta"));
        assert_eq!(labels.agent("session", "s-2"), None);
        assert!(Labels::parse(b"field,value,agent\npayer,0xab,a\npayer,0xAB,b\n").is_err());
        assert!(Labels::parse(b"field,value,agent\npayer,,a\n").is_err());
    }
}
