//! Values withheld by salted commitments: the report shows a digest, the salts lie in a file of their own, and whoever is
//! given a value and its salt later can check that it was this one all along.
//!
//! commitment = SHA-256("backtrail/redaction/1" ‖ 0 ‖ field ‖ 0 ‖ salt (32 bytes) ‖ value). A salt per value, so that telling one
//! tells none of the others; all come from one secret seed, so that the same case and seed give the same bytes.

use super::model::{Basis, Block, Field, Figure, Report, Table, Text, Value};
use aho_corasick::{AhoCorasick, MatchKind};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// What begins every withheld value.
pub const MARK: &str = "redacted:";

/// The file of salts: everything needed to reveal all values, or, cut down to some entries, just those.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Salts {
    pub schema: String,
    /// Makes the same salts again; left out of a file that reveals only some values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<String>,
    pub values: Vec<Reveal>,
}

pub const SALTS_SCHEMA: &str = "backtrail/salts/1";

/// One withheld value, told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reveal {
    pub commitment: String,
    pub field: String,
    pub salt: String,
    pub value: String,
}

impl Reveal {
    /// Whether the value is the one committed to.
    pub fn holds(&self) -> bool {
        let salt: Option<[u8; 32]> = hex::decode(&self.salt).ok().and_then(|salt| salt.try_into().ok());
        let field = Field::of(&self.field);
        salt.zip(field).is_some_and(|(salt, field)| commitment(field, &salt, &self.value) == self.commitment)
    }
}

fn commitment(field: Field, salt: &[u8; 32], value: &str) -> String {
    let mut hash = Sha256::new();
    for part in
        [b"backtrail/redaction/1\0".as_slice(), field.name().as_bytes(), b"\0", salt, value.as_bytes()]
    {
        hash.update(part);
    }
    format!("{MARK}{}:{}", field.name(), hex::encode(hash.finalize()))
}

/// Withholds the values of some fields. Without fields it changes nothing.
#[derive(Debug, Default)]
pub struct Redactor {
    fields: BTreeSet<Field>,
    seed: [u8; 32],
    /// Known values of those fields, to be found inside sentences too.
    inside: Option<(AhoCorasick, Vec<(Field, String)>)>,
    told: RefCell<BTreeMap<(Field, String), Reveal>>,
}

impl Redactor {
    /// `known` are values that sentences may hold: every name of a withheld field that is in the case.
    pub fn new(
        fields: impl IntoIterator<Item = Field>,
        seed: [u8; 32],
        known: impl Fn(Field) -> Vec<String>,
    ) -> Self {
        let fields: BTreeSet<Field> = fields.into_iter().collect();
        let mut values: Vec<(Field, String)> = fields
            .iter()
            .flat_map(|field| known(*field).into_iter().map(move |value| (*field, value)))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        values.sort_by(|a, b| (a.1.as_str(), a.0).cmp(&(b.1.as_str(), b.0)));
        values.dedup_by(|a, b| a.1 == b.1);
        let search = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(values.iter().map(|(_, v)| v));
        let inside = search.ok().filter(|_| !values.is_empty()).map(|search| (search, values));
        Self { fields, seed, inside, told: RefCell::default() }
    }

    pub fn fields(&self) -> impl Iterator<Item = Field> {
        self.fields.iter().copied()
    }

    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The value, or what stands in for it.
    pub fn value(&self, value: Value) -> Value {
        if self.is_empty() {
            return value;
        }
        match value {
            Value::Recorded(field, text) if self.fields.contains(&field) => {
                let stand_in = self.withheld(field, &text);
                Value::Recorded(field, stand_in)
            }
            Value::Recorded(field, text) => Value::Recorded(field, self.words(&text)),
            Value::Words(text) => Value::Words(self.words(&text)),
            other => other,
        }
    }

    pub fn text(&self, text: Text) -> Text {
        text.into_iter().map(|value| self.value(value)).collect()
    }

    /// A sentence with every withheld value in it replaced, where it stands as a word of its own.
    pub fn words(&self, text: &str) -> String {
        let Some((search, values)) = &self.inside else {
            return text.to_owned();
        };
        let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        for hit in search.find_iter(text) {
            let before = text[..hit.start()].chars().next_back();
            let after = text[hit.end()..].chars().next();
            if before.is_some_and(is_name) || after.is_some_and(is_name) {
                continue;
            }
            let (field, value) = &values[hit.pattern().as_usize()];
            out.push_str(&text[done..hit.start()]);
            out.push_str(&self.withheld(*field, value));
            done = hit.end();
        }
        out.push_str(&text[done..]);
        out
    }

    fn withheld(&self, field: Field, value: &str) -> String {
        let key = (field, value.to_owned());
        if let Some(reveal) = self.told.borrow().get(&key) {
            return reveal.commitment.clone();
        }
        let salt = self.salt(field, value);
        let reveal = Reveal {
            commitment: commitment(field, &salt, value),
            field: field.name().to_owned(),
            salt: hex::encode(salt),
            value: value.to_owned(),
        };
        let commitment = reveal.commitment.clone();
        self.told.borrow_mut().insert(key, reveal);
        commitment
    }

    /// SHA-256 twice, so that no salt can be stretched into another value's.
    fn salt(&self, field: Field, value: &str) -> [u8; 32] {
        let mut hash = Sha256::new();
        for part in [self.seed.as_slice(), field.name().as_bytes(), b"\0", value.as_bytes()] {
            hash.update(part);
        }
        Sha256::digest(hash.finalize()).into()
    }

    /// Everything withheld so far, for the file of salts.
    pub fn salts(&self) -> Salts {
        Salts {
            schema: SALTS_SCHEMA.to_owned(),
            seed: Some(hex::encode(self.seed)),
            values: self.told.borrow().values().cloned().collect(),
        }
    }
}

/// The report with every value of the withheld fields replaced, wherever it stands.
pub fn report(mut report: Report, redactor: &Redactor) -> Report {
    if redactor.is_empty() {
        return report;
    }
    // The author's own title is the author's to redact.
    if report.statement.title.is_none() {
        report.title = redactor.text(std::mem::take(&mut report.title));
    }
    for (_, value) in &mut report.incident {
        *value = redactor.value(value.clone());
    }
    for journal in &mut report.journals {
        journal.name = name(redactor, Field::Source, &journal.name);
    }
    for section in &mut report.sections {
        section.blocks =
            std::mem::take(&mut section.blocks).into_iter().map(|b| block(b, redactor)).collect();
    }
    report
}

fn name(redactor: &Redactor, field: Field, text: &str) -> String {
    match redactor.value(Value::Recorded(field, text.to_owned())) {
        Value::Recorded(_, text) => text,
        _ => text.to_owned(),
    }
}

fn block(block: Block, redactor: &Redactor) -> Block {
    match block {
        Block::Prose(text) => Block::Prose(redactor.text(text)),
        Block::Caution(text) => Block::Caution(redactor.text(text)),
        Block::Points(points) => Block::Points(points.into_iter().map(|text| redactor.text(text)).collect()),
        Block::Notes(notes) => Block::Notes(notes.into_iter().map(|text| redactor.text(text)).collect()),
        Block::Figures(figures) => Block::Figures(
            figures
                .into_iter()
                .map(|figure| Figure {
                    value: redactor.value(figure.value),
                    basis: basis(figure.basis, redactor),
                    ..figure
                })
                .collect(),
        ),
        Block::Table(table) => Block::Table(Table {
            rows: table.rows.into_iter().map(|row| redactor.text(row)).collect(),
            basis: basis(table.basis, redactor),
            ..table
        }),
        Block::Picture(mut picture) => {
            for lane in &mut picture.lanes {
                lane.label = redactor.value(lane.label.clone());
            }
            Block::Picture(picture)
        }
        Block::Bars(mut bars) => {
            for (label, _, _) in &mut bars.rows {
                *label = redactor.value(label.clone());
            }
            Block::Bars(bars)
        }
        Block::Commands(commands) => {
            Block::Commands(commands.iter().map(|command| redactor.words(command)).collect())
        }
        Block::Heading(heading) => Block::Heading(redactor.words(&heading)),
    }
}

fn basis(mut basis: Basis, redactor: &Redactor) -> Basis {
    if let Some(sql) = &mut basis.sql {
        for (_, value) in &mut sql.parameters {
            *value = redactor.value(value.clone());
        }
    }
    basis
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor() -> Redactor {
        let known = |field| match field {
            Field::Node => vec!["gw-1".to_owned(), "gw-10".to_owned()],
            _ => Vec::new(),
        };
        Redactor::new([Field::Node], [7; 32], known)
    }

    #[test]
    fn a_withheld_value_can_be_revealed_and_no_other_fits() {
        let redactor = redactor();
        let Value::Recorded(_, shown) = redactor.value(Value::Recorded(Field::Node, "gw-1".into())) else {
            panic!("recorded stays recorded");
        };
        assert!(shown.starts_with("redacted:node:"));
        let reveal = redactor.salts().values.into_iter().next().unwrap();
        assert!(reveal.holds() && reveal.commitment == shown);
        assert!(!Reveal { value: "gw-2".into(), ..reveal.clone() }.holds());
        assert!(!Reveal { field: "agent".into(), ..reveal }.holds());
    }

    #[test]
    fn a_name_inside_a_sentence_is_withheld_and_a_part_of_a_word_is_not() {
        let shown = redactor().words("gw-10 and gw-1, not gw-100 or xgw-1");
        assert_eq!(shown.matches(MARK).count(), 2);
        assert!(shown.ends_with(", not gw-100 or xgw-1"), "{shown}");
    }

    #[test]
    fn what_is_not_asked_for_stays() {
        let agent = Value::Recorded(Field::Agent, "treasury".into());
        assert_eq!(redactor().value(agent.clone()), agent);
    }
}
