//! A record put together from what several sources say of it.

use super::{Strength, Told};
use crate::journal::import::line::IMPORT_MEMBER;
use serde_json::{Map, Value, json};

pub(super) struct Whole {
    pub(super) object: Map<String, Value>,
    source: String,
    joins: Vec<Value>,
}

impl Whole {
    pub(super) fn begin(part: &Told) -> Self {
        Self { object: part.object.clone(), source: part.source.clone(), joins: Vec::new() }
    }

    /// Begins with the part that is nearest to a chain, filled from the others.
    pub(super) fn of(parts: &[Told], is_base: impl Fn(&Told) -> bool) -> Option<Self> {
        let base = parts.iter().rev().find(|part| is_base(part)).or(parts.last())?;
        let mut whole = Self::begin(base);
        parts.iter().for_each(|part| whole.take(part));
        Some(whole)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.object.get(name).and_then(Value::as_str)
    }

    /// Takes what is missing, and the later time.
    pub(super) fn take(&mut self, part: &Told) {
        let is_settled = part.text("tx_hash").is_some() && !self.object.contains_key("tx_hash");
        for (name, value) in
            part.object.iter().filter(|(name, _)| !["kind", "id", "import", "at"].contains(&name.as_str()))
        {
            if is_settled && ["state", "settled_at", "amount"].contains(&name.as_str()) {
                self.object.insert(name.clone(), value.clone());
            } else {
                self.object.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        let at = |object: &Map<String, Value>| object.get("at").and_then(Value::as_str).map(str::to_owned);
        if let (Some(own), Some(other)) = (at(&self.object), at(&part.object))
            && other > own
        {
            self.object.insert("at".to_owned(), other.into());
        }
    }

    pub(super) fn join(&mut self, to: &str, by: &str, strength: Strength) {
        self.joins.push(json!({"to": to, "by": by, "strength": strength.name()}));
    }

    /// The line, if joining found anything.
    pub(super) fn written(mut self, links: &str, ids: Vec<String>, is_merged: bool) -> Option<String> {
        if ids.is_empty() && !is_merged {
            return None;
        }
        if !ids.is_empty() {
            self.object.insert(links.to_owned(), ids.into());
        }
        self.object.remove("leaf_keys");
        let import = self.object.remove("import")?;
        let import = import.as_object()?;
        self.object.insert("joins".to_owned(), self.joins.into());
        let kind = self.object.remove("kind")?;
        let rest = Value::Object(self.object).to_string();
        let member = |name: &str| import.get(name).cloned().unwrap_or(Value::Null);
        let mut pointer = Map::new();
        for name in ["line", "offset", "length", "sha256"] {
            pointer.insert(name.to_owned(), member(name));
        }
        if let Some(assumed) = import.get("assumed") {
            pointer.insert("assumed".to_owned(), assumed.clone());
        }
        pointer.insert("source".to_owned(), self.source.into());
        let pointer = Value::Object(pointer).to_string();
        let format = member("format");
        Some(format!(
            "{{\"kind\":{kind},{}{IMPORT_MEMBER}{}\",{}}}",
            &rest[1..rest.len() - 1],
            format.as_str()?,
            &pointer[1..]
        ))
    }
}
