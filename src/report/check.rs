//! Holding a report against the journals: everything is recomputed from them alone, and every difference is told.

use super::json::{self, SCHEMA};
use super::model::{Audience, Field, Standing, Statement};
use super::redact::{MARK, Salts};
use super::{Made, Order};
use crate::model::{Hash, Nanos};
use crate::store::Case;
use crate::work::archive::Outside;
use crate::work::ingest::{Watcher, ingest, journals_in};
use crate::work::study::{Choice, Study};
use crate::work::verify::{Pins, verify};
use crate::work::{Cancel, WorkError};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Something the report says and the journals do not, or the other way round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// A JSON pointer into the report (RFC 6901), or `journals` for a file.
    pub place: String,
    pub reported: String,
    pub recomputed: String,
}

/// What a check came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    pub differences: Vec<Difference>,
    /// What was not, or could not be, recomputed.
    pub notes: Vec<String>,
    pub figures: u64,
    /// Values compared, figures among them.
    pub values: u64,
    /// Attached lists recomputed and compared by digest.
    pub lists: u64,
}

/// What is held against what.
#[derive(Clone, Debug, Default)]
pub struct Question {
    pub report: Value,
    pub journals: Vec<PathBuf>,
    /// The checker's own pins; by default those in the report.
    pub trust: Option<String>,
    /// Contents of blobs that do not lie beside the journals.
    pub blobs: Vec<PathBuf>,
    /// Withheld values that were told, and perhaps the seed of all.
    pub salts: Option<Salts>,
}

/// Reads a report's JSON. A report is a few megabytes; something made to fill memory is refused.
pub fn read(text: &str) -> Result<Value, WorkError> {
    let value: Value =
        serde_json::from_str(text).map_err(|e| WorkError::Refused(format!("the report is not JSON: {e}")))?;
    match value.get("schema").and_then(Value::as_str) {
        Some(SCHEMA) => Ok(value),
        Some(other) => {
            Err(WorkError::Refused(format!("the report is of schema `{other}`, this is for `{SCHEMA}`")))
        }
        None => Err(WorkError::Refused("it is no Backtrail report: it names no schema".to_owned())),
    }
}

/// Recomputes a report from journals in a folder that is thrown away, and compares.
pub fn check(question: &Question, folder: &Path, watcher: &mut Watcher<'_>) -> Result<Checked, WorkError> {
    let report = question.report.as_object().cloned().unwrap_or_default();
    let mut checked = Checked::default();
    own_digest(&report, &mut checked);
    let (paths, names) = arranged(&report, &question.journals, &mut checked)?;
    let path = folder.join("check.case");
    let mut case = Case::create_or_open(&path)?;
    ingest(&mut case, &paths, watcher)?;
    let pins = pins(&report, question, &mut checked)?;
    if let Some(pins) = &pins {
        verify(&mut case, pins, watcher)?;
    }
    drop(case);
    let choice = choice(&report)?;
    let study = Study::choose(&path, &choice, &Cancel::default())?;
    let told = Told::of(question.salts.as_ref(), &mut checked);
    let order = Order {
        statement: statement(&report)?,
        choice,
        redact: if told.seed.is_some() { redacted(&report) } else { Vec::new() },
        seed: told.seed.unwrap_or_default(),
        journals: Some(names),
    };
    let made = Made::of(&study, &order, &Cancel::default())?;
    let recomputed = json::document(&made.report);
    let mut compare =
        Compare { told: &told, pairs: BTreeMap::new(), back: BTreeMap::new(), checked: &mut checked };
    compare.documents(&report, recomputed.as_object().unwrap_or(&Map::new()), &redacted(&report));
    checked.figures = recomputed["figures"].as_object().map_or(0, |figures| figures.len() as u64);
    checked.notes.push(
        "title, authors, draft or final, the time of making, the investigation log and the notes from it are their \
         author's word: no journal holds them"
            .to_owned(),
    );
    Ok(checked)
}

/// The report's own digest tells a changed copy, even in words that no journal holds.
fn own_digest(report: &Map<String, Value>, checked: &mut Checked) {
    let told = report.get("digest").and_then(Value::as_str).unwrap_or_default();
    let computed = json::digest(report);
    if told != computed {
        checked.differences.push(Difference {
            place: "/digest".to_owned(),
            reported: told.to_owned(),
            recomputed: format!("{computed}: the file is not as it was written"),
        });
    }
    let version =
        report.get("generator").and_then(|generator| generator.get("version")).and_then(Value::as_str);
    if version != Some(env!("CARGO_PKG_VERSION")) {
        checked.notes.push(format!(
            "the report was made by version {}, this is {}: differences may come from that",
            version.unwrap_or("unknown"),
            env!("CARGO_PKG_VERSION")
        ));
    }
}

/// The given journals in the report's order, each under the report's name: matched by digest, else by name.
fn arranged(
    report: &Map<String, Value>,
    paths: &[PathBuf],
    checked: &mut Checked,
) -> Result<(Vec<PathBuf>, Vec<String>), WorkError> {
    let mut given: Vec<(PathBuf, String)> = Vec::new();
    for journal in journals_in(paths)?.journals {
        let digest = digest_of(&journal.path)?;
        given.push((journal.path, digest));
    }
    let mut arranged = Vec::new();
    let mut names = Vec::new();
    let text =
        |journal: &Value, key: &str| journal.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    for journal in report.get("evidence").and_then(Value::as_array).into_iter().flatten() {
        let (name, sha256) = (text(journal, "name"), text(journal, "sha256"));
        let last =
            Path::new(&name).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let same = given.iter().position(|(_, digest)| *digest == sha256);
        let named = || {
            given
                .iter()
                .position(|(path, _)| path.file_name().is_some_and(|own| own.to_string_lossy() == last))
        };
        let found = same.or_else(named);
        let differs = |recomputed: String| Difference {
            place: format!("journals {name}"),
            reported: format!("SHA-256 {sha256}"),
            recomputed,
        };
        match found {
            None => {
                checked.differences.push(differs("no file given has this digest or this name".to_owned()));
            }
            Some(place) => {
                let (path, digest) = given.remove(place);
                if digest != sha256 {
                    checked.differences.push(differs(format!("SHA-256 {digest}: other bytes")));
                }
                arranged.push(path);
                names.push(name);
            }
        }
    }
    for (path, digest) in given {
        checked.differences.push(Difference {
            place: format!("journals {}", path.display()),
            reported: "not in the report".to_owned(),
            recomputed: format!("SHA-256 {digest}"),
        });
        names.push(path.file_name().unwrap_or_default().to_string_lossy().into_owned());
        arranged.push(path);
    }
    if arranged.is_empty() {
        return Err(WorkError::Refused("none of the report's journals was given".to_owned()));
    }
    Ok((arranged, names))
}

fn digest_of(path: &Path) -> Result<String, WorkError> {
    let fail = |e: std::io::Error| WorkError::Read { path: path.to_owned(), reason: e.to_string() };
    let mut file = File::open(path).map_err(fail)?;
    let mut hash = Sha256::new();
    let mut block = vec![0; 1 << 20];
    loop {
        match file.read(&mut block).map_err(fail)? {
            0 => return Ok(Hash(hash.finalize().into()).hex()),
            n => hash.update(&block[..n]),
        }
    }
}

/// The pins to verify under, where the report says that proofs were verified.
fn pins(
    report: &Map<String, Value>,
    question: &Question,
    checked: &mut Checked,
) -> Result<Option<Pins>, WorkError> {
    let pins = report.get("pins").cloned().unwrap_or_default();
    if pins["verified"].as_bool() != Some(true) {
        checked
            .notes
            .push("the report says that no proof was verified; none was verified here either".to_owned());
        return Ok(None);
    }
    let own = pins["trust"].as_str().unwrap_or_default();
    let trust = match &question.trust {
        Some(trust) => trust.clone(),
        None => {
            checked.notes.push(
                "proofs were held against the pins that the report itself names; give your own with --trust"
                    .to_owned(),
            );
            own.to_owned()
        }
    };
    let outside = pins["checkpoints"].as_array().into_iter().flatten().map(|checkpoint| Outside {
        path: checkpoint["name"].as_str().unwrap_or_default().into(),
        note: checkpoint["note"].as_str().unwrap_or_default().to_owned(),
    });
    // The copies themselves are not at hand: what the report says they came to is its author's word.
    let copies = serde_json::from_value(pins["copies"].clone()).unwrap_or_default();
    let (blobs, now) = (question.blobs.clone(), moment(&pins["at"])?);
    Ok(Some(Pins { trust, outside: outside.collect(), copies, blobs, now }))
}

fn moment(value: &Value) -> Result<Option<Nanos>, WorkError> {
    let parse = |text| {
        Nanos::parse(text).map_err(|e| WorkError::Refused(format!("the report's time `{text}` is {e}")))
    };
    value.as_str().map(parse).transpose()
}

fn choice(report: &Map<String, Value>) -> Result<Choice, WorkError> {
    let asked = report.get("asked").cloned().unwrap_or_default();
    let text = |key: &str| asked[key].as_str().map(str::to_owned);
    Ok(Choice {
        version: text("model").zip(text("faulty")),
        from: moment(&asked["from"])?,
        to: moment(&asked["to"])?,
        ..Choice::default()
    })
}

fn redacted(report: &Map<String, Value>) -> Vec<Field> {
    let asked = report.get("asked").and_then(|asked| asked.get("redact")).and_then(Value::as_array);
    asked.into_iter().flatten().filter_map(|name| Field::of(name.as_str()?)).collect()
}

fn statement(report: &Map<String, Value>) -> Result<Statement, WorkError> {
    let told = report.get("statement").cloned().unwrap_or_default();
    let authors =
        told["authors"].as_array().into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned));
    let at = if told["at_given"].as_bool() == Some(true) { moment(&told["at"])? } else { None };
    Ok(Statement {
        title: told["title"].as_str().map(str::to_owned),
        authors: authors.collect(),
        audience: if told["audience"] == "executive" { Audience::Executive } else { Audience::Technical },
        standing: if told["standing"] == "final" { Standing::Final } else { Standing::Draft },
        at,
    })
}

/// Withheld values that were told.
struct Told {
    seed: Option<[u8; 32]>,
    values: BTreeMap<String, String>,
}

impl Told {
    /// Each value is believed only where its salt leads to its commitment.
    fn of(salts: Option<&Salts>, checked: &mut Checked) -> Self {
        let seed = salts.and_then(|salts| hex::decode(salts.seed.as_ref()?).ok()?.try_into().ok());
        let mut values = BTreeMap::new();
        for reveal in salts.into_iter().flat_map(|salts| &salts.values) {
            if reveal.holds() {
                values.insert(reveal.commitment.clone(), reveal.value.clone());
            } else {
                checked.differences.push(Difference {
                    place: format!("salts {}", reveal.commitment),
                    reported: reveal.value.clone(),
                    recomputed: "the value and its salt do not lead to this commitment".to_owned(),
                });
            }
        }
        Self { seed, values }
    }
}

/// A walk over both documents at once.
struct Compare<'c> {
    told: &'c Told,
    /// Commitment → value and back: one stands for one, everywhere.
    pairs: BTreeMap<String, String>,
    back: BTreeMap<String, String>,
    checked: &'c mut Checked,
}

/// Told by themselves, or no question of the journals.
const PASSED_OVER: [&str; 3] = ["digest", "generator", "schema"];

impl Compare<'_> {
    fn documents(
        &mut self,
        reported: &Map<String, Value>,
        recomputed: &Map<String, Value>,
        redacted: &[Field],
    ) {
        let blind = !redacted.is_empty() && self.told.seed.is_none();
        let keys: std::collections::BTreeSet<&String> = reported.keys().chain(recomputed.keys()).collect();
        for key in keys.into_iter().filter(|key| !PASSED_OVER.contains(&key.as_str())) {
            let place = format!("/{}", escaped(key));
            match key.as_str() {
                "attachments" if blind => self.checked.notes.push(
                    "the digests of the attached lists cannot be recomputed without the salts of what they withhold".to_owned(),
                ),
                // Which fields are withheld is the author's choice; the values behind them are compared all the same.
                "asked" if blind => {}
                "sections" => self.sections(reported.get(key), recomputed.get(key)),
                _ => {
                    if key == "attachments" {
                        self.checked.lists = recomputed.get(key).and_then(Value::as_array).map_or(0, |l| l.len() as u64);
                    }
                    let (a, b) = (reported.get(key), recomputed.get(key));
                    self.values(&place, a, b);
                }
            }
            if blind && key == "sections" {
                self.checked.differences.retain(|difference| !is_list_digest(difference, reported));
            }
        }
    }

    /// Section by section; what investigators wrote in their log, or noted in a section, is in no journal.
    fn sections(&mut self, reported: Option<&Value>, recomputed: Option<&Value>) {
        let own = |sections: Option<&Value>| -> Vec<Value> {
            sections.and_then(Value::as_array).cloned().unwrap_or_default()
        };
        let (mut told, mut found) = (own(reported), own(recomputed));
        for section in told.iter_mut().chain(&mut found) {
            if let Some(blocks) = section.get_mut("blocks").and_then(Value::as_array_mut) {
                blocks.retain(|block| block["type"] != "notes");
            }
        }
        for (told, found) in told.iter().zip(&mut found) {
            if told["id"] == "log" && found["id"] == "log" {
                found.clone_from(told);
            }
        }
        self.values("/sections", Some(&Value::Array(told)), Some(&Value::Array(found)));
    }

    fn values(&mut self, place: &str, reported: Option<&Value>, recomputed: Option<&Value>) {
        match (reported, recomputed) {
            (Some(Value::Object(a)), Some(Value::Object(b))) => {
                let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
                for key in keys {
                    self.values(&format!("{place}/{}", escaped(key)), a.get(key), b.get(key));
                }
            }
            (Some(Value::Array(a)), Some(Value::Array(b))) => {
                for n in 0..a.len().max(b.len()) {
                    self.values(&format!("{place}/{n}"), a.get(n), b.get(n));
                }
            }
            (Some(Value::String(a)), Some(Value::String(b))) => {
                self.checked.values += 1;
                if a != b && !self.stands_for(a, b) {
                    self.differ(place, reported, recomputed);
                }
            }
            (a, b) => {
                self.checked.values += 1;
                if a != b {
                    self.differ(place, a, b);
                }
            }
        }
    }

    fn differ(&mut self, place: &str, reported: Option<&Value>, recomputed: Option<&Value>) {
        let say = |value: Option<&Value>| value.map_or("nothing".to_owned(), ToString::to_string);
        self.checked.differences.push(Difference {
            place: place.to_owned(),
            reported: say(reported),
            recomputed: say(recomputed),
        });
    }

    /// Whether a text with withheld values can be this one: its plain parts stand in order, and each commitment stands
    /// for the same value wherever it occurs, and for the told one where it was told.
    fn stands_for(&mut self, reported: &str, recomputed: &str) -> bool {
        let mut rest = recomputed;
        let mut text = reported;
        let mut found: Vec<(String, String)> = Vec::new();
        while let Some(start) = text.find(MARK) {
            let (before, from) = text.split_at(start);
            let length = MARK.len()
                + from[MARK.len()..].find(|c: char| !is_commitment(c)).unwrap_or(from.len() - MARK.len());
            let (commitment, after) = from.split_at(length);
            let Some(tail) = rest.strip_prefix(before) else {
                return false;
            };
            let literal = after.find(MARK).map_or(after, |next| &after[..next]);
            let end = match literal {
                "" if after.is_empty() => tail.len(),
                literal => match tail.find(literal) {
                    Some(end) => end,
                    None => return false,
                },
            };
            found.push((commitment.to_owned(), tail[..end].to_owned()));
            rest = &tail[end..];
            text = after;
        }
        if found.is_empty() || text != rest {
            return false;
        }
        found.into_iter().all(|(commitment, value)| self.is_one(&commitment, &value))
    }

    fn is_one(&mut self, commitment: &str, value: &str) -> bool {
        if self.told.values.get(commitment).is_some_and(|told| told != value) {
            return false;
        }
        let field = commitment.split(':').nth(1).unwrap_or_default();
        let forth = self.pairs.entry(commitment.to_owned()).or_insert_with(|| value.to_owned());
        let back = self.back.entry(format!("{field} {value}")).or_insert_with(|| commitment.to_owned());
        forth == value && back == commitment
    }
}

fn is_commitment(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == ':'
}

/// The appendix repeats the lists' sizes and digests.
fn is_list_digest(difference: &Difference, report: &Map<String, Value>) -> bool {
    let sections = report.get("sections").and_then(Value::as_array);
    let place =
        sections.and_then(|sections| sections.iter().position(|section| section["id"] == "appendices"));
    place.is_some_and(|n| difference.place.starts_with(&format!("/sections/{n}/blocks/0/rows/")))
}

/// RFC 6901 §3.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stands(pairs: &[(&str, &str)]) -> Vec<bool> {
        let told = Told { seed: None, values: BTreeMap::new() };
        let mut checked = Checked::default();
        let mut compare =
            Compare { told: &told, pairs: BTreeMap::new(), back: BTreeMap::new(), checked: &mut checked };
        pairs.iter().map(|(reported, recomputed)| compare.stands_for(reported, recomputed)).collect()
    }

    #[test]
    fn a_commitment_stands_for_one_value_everywhere() {
        let pairs = [
            ("redacted:node:aa", "gw-1"),
            ("from redacted:node:aa to redacted:node:bb.", "from gw-1 to gw-2."),
            ("redacted:node:aa", "gw-3"),
            ("redacted:node:cc", "gw-2"),
            ("it was redacted:node:aa", "it is gw-1"),
            ("nothing withheld", "something else"),
        ];
        assert_eq!(stands(&pairs), [true, true, false, false, false, false]);
    }
}
