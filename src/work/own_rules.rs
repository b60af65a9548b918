//! Rules of the user's own: SQL over the views, from `rules/*.toml`. Validated, read-only, and never longer than allowed.

use super::findings::grouped;
use super::study::Study;
use super::{Cancel, WorkError, rules};
use crate::model::finding::EVIDENCE_SHOWN;
use crate::model::{Finding, Severity};
use crate::store::views::{Cell, Flow, Views};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// One rule as its file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnRule {
    pub id: String,
    pub severity: Severity,
    pub about: String,
    pub sentence: String,
    pub query: String,
    pub seconds: u64,
}

/// A rule, or the file that is none and why.
pub type Read = Result<OwnRule, (PathBuf, String)>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    severity: String,
    #[serde(default)]
    about: String,
    sentence: String,
    query: String,
    #[serde(default = "two")]
    seconds: u64,
}

const fn two() -> u64 {
    2
}

const LONGEST: u64 = 30;
/// Rows a rule may bring: beyond that the count is said to be "at least".
const MOST_ROWS: u64 = 1_000_000;
/// Subjects that get a finding of their own.
const MOST_SUBJECTS: usize = 100;
/// The longest file that is a rule.
const MOST_BYTES: u64 = 64 << 10;

/// Reads all rules of a folder, by file name. A folder that is not there has none.
pub fn read(folder: &Path) -> Result<Vec<Read>, WorkError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(WorkError::Read { path: folder.to_owned(), reason: error.to_string() }),
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let mut found: Vec<Read> =
        paths.into_iter().map(|path| one(&path).map_err(|what| (path, what))).collect();
    let mut seen = BTreeMap::new();
    for read in &mut found {
        let Ok(rule) = read else { continue };
        let id = rule.id.clone();
        if seen.insert(id.clone(), ()).is_some() {
            *read = Err((PathBuf::from(format!("{id}.toml")), format!("another file has the id `{id}` too")));
        }
    }
    Ok(found)
}

fn one(path: &Path) -> Result<OwnRule, String> {
    let length = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > MOST_BYTES {
        return Err(format!("it has {length} bytes; a rule has at most {MOST_BYTES}"));
    }
    parse(&std::fs::read_to_string(path).map_err(|error| error.to_string())?)
}

/// Reads one rule.
pub fn parse(text: &str) -> Result<OwnRule, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
    let fits = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    if file.id.is_empty() || file.id.len() > 64 || !file.id.bytes().all(fits) {
        return Err("`id` is 1 to 64 of a-z, 0-9 and -".to_owned());
    }
    if rules::known(&file.id).is_some() {
        return Err(format!("`{}` is a rule already", file.id));
    }
    let severity =
        Severity::of(&file.severity).ok_or_else(|| format!("`{}` is no severity", file.severity))?;
    if file.sentence.trim().is_empty() || file.sentence.len() > 500 {
        return Err("`sentence` has 1 to 500 bytes".to_owned());
    }
    if !(1..=LONGEST).contains(&file.seconds) {
        return Err(format!("`seconds` is 1 to {LONGEST}"));
    }
    let about = if file.about.is_empty() { "records".to_owned() } else { file.about };
    Ok(OwnRule {
        id: file.id,
        severity,
        about,
        sentence: file.sentence,
        query: file.query,
        seconds: file.seconds,
    })
}

/// What the rules find in a study. One that could not be read or asked is a finding too.
pub fn findings(study: &Study, rules: &[Read], cancel: &Cancel) -> Result<Vec<Finding>, WorkError> {
    let mut found = Vec::new();
    for read in rules {
        cancel.check()?;
        match read {
            Ok(rule) => match ask(study, rule, cancel) {
                Ok(more) => found.extend(more),
                Err(what) => {
                    cancel.check()?;
                    found.push(failed(&rule.id, &what));
                }
            },
            Err((path, what)) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                found.push(failed(&name, what));
            }
        }
    }
    Ok(found)
}

fn failed(name: &str, what: &str) -> Finding {
    let rule = rules::known("rule-failed");
    Finding {
        rule: "rule-failed".to_owned(),
        severity: rule.map_or(Severity::Medium, |rule| rule.severity),
        subject: name.to_owned(),
        sentence: format!("this rule of your own told nothing: {what}"),
        evidence: Vec::new(),
        count: 1,
    }
}

/// The rows of one subject: how many, the first ids, and the first row.
#[derive(Default)]
struct Group {
    count: u64,
    ids: Vec<String>,
    first: Vec<String>,
}

fn ask(study: &Study, rule: &OwnRule, cancel: &Cancel) -> Result<Vec<Finding>, String> {
    let words = |error: crate::store::StoreError| error.to_string();
    let sight = study.sight(&rule.query, cancel).map_err(|error| error.to_string())?;
    let mut views = Views::open(&sight).map_err(words)?;
    let end = Instant::now() + Duration::from_secs(rule.seconds);
    let wanted = cancel.clone();
    views.while_wanted(move || !wanted.is_cancelled() && Instant::now() < end).map_err(words)?;
    let mut names: Vec<String> = Vec::new();
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    let mut total = 0;
    let mut rows: Vec<Vec<String>> = Vec::new();
    let asked = views.select(
        &rule.query,
        |head| names = head.to_vec(),
        |row| {
            total += 1;
            rows.push(row.iter().map(plain).collect());
            if total < MOST_ROWS { Flow::More } else { Flow::Enough }
        },
    );
    if let Err(error) = asked {
        let late = Instant::now() >= end;
        return Err(if late { format!("it took longer than {} s", rule.seconds) } else { words(error) });
    }
    let place = |name: &str| names.iter().position(|known| known == name);
    let (id, subject) = (place("id"), place("subject"));
    for row in rows {
        let key = subject.map_or_else(|| rule.about.clone(), |n| row[n].clone());
        let group = groups.entry(key).or_default();
        group.count += 1;
        if let Some(id) = id.filter(|_| group.ids.len() < EVIDENCE_SHOWN) {
            group.ids.push(row[id].clone());
        }
        if group.first.is_empty() {
            group.first = row;
        }
    }
    let left = groups.len().saturating_sub(MOST_SUBJECTS);
    let mut found = Vec::new();
    for (subject, group) in groups.into_iter().take(MOST_SUBJECTS) {
        let mut evidence = Vec::new();
        for id in &group.ids {
            evidence.extend(study.snapshot.find_id(id).map_err(words)?.first());
        }
        let mut sentence = filled(&rule.sentence, &names, &group, total >= MOST_ROWS);
        if left > 0 {
            sentence += &format!(" ({} more subjects are left out)", grouped(left as u64));
        }
        let (rule_id, severity) = (rule.id.clone(), rule.severity);
        found.push(Finding { rule: rule_id, severity, subject, sentence, evidence, count: group.count });
    }
    Ok(found)
}

fn plain(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Integer(number) => number.to_string(),
        Cell::Real(number) => number.to_string(),
        // A cell of megabytes is no part of a sentence.
        Cell::Text(text) => text.chars().take(300).collect(),
        Cell::Blob(bytes) => hex::encode(bytes.iter().take(64).copied().collect::<Vec<u8>>()),
    }
}

/// `{count}` and `{column}` filled in, once each: what a column holds is never read as a template again.
fn filled(template: &str, names: &[String], group: &Group, more: bool) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            continue;
        };
        match (name, names.iter().position(|known| known == name)) {
            ("count", _) if more => out += &format!("at least {}", grouped(group.count)),
            ("count", _) => out += &grouped(group.count),
            (_, Some(column)) => out += group.first.get(column).map_or("", |text| text),
            (name, None) => out += &format!("{{{name}}}"),
        }
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "id = \"my-rule\"\nseverity = \"high\"\nsentence = \"{count} of them; {id}\"\nquery = \"select id from requests\"\n";

    #[test]
    fn a_rule_is_read_as_it_is_written() {
        let rule = parse(GOOD).unwrap();
        assert_eq!((rule.id.as_str(), rule.severity, rule.seconds), ("my-rule", Severity::High, 2));
    }

    #[test]
    fn what_is_no_rule_is_told_why() {
        for (from, to, what) in [
            ("my-rule", "My Rule", "`id` is"),
            ("my-rule", "gap", "`gap` is a rule already"),
            ("high", "awful", "`awful` is no severity"),
            ("{count} of them; {id}", "", "`sentence` has"),
            ("query =", "seconds = 99\nquery =", "`seconds` is"),
            ("query =", "colour = 1\nquery =", "TOML parse error"),
        ] {
            let error = parse(&GOOD.replace(from, to)).unwrap_err();
            assert!(error.starts_with(what), "{error}");
        }
    }

    #[test]
    fn a_sentence_is_filled_once() {
        let group = Group { count: 1234, ids: Vec::new(), first: vec!["{count}".to_owned()] };
        let names = ["id".to_owned()];
        assert_eq!(filled("{count}: {id} {what} {", &names, &group, false), "1,234: {count} {what} {");
    }
}
