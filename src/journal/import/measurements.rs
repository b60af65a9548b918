//! `measurements.txt`, `nitro-cli describe-enclaves` and `git log -p` of such files → releases with their pcrHash.
//!
//! ```text
//! commit 2146…                        version: the commit, or the tag that decorates it
//! Date:   Mon Dec 15 01:36:53 2025 -0800
//! +    "PCR0": "e5db…",               the file after each commit is followed line by line
//! ```

use super::json::Value;
use super::{Context, Format, Origin, Out, Unit};
use crate::journal::split::Place;
use crate::model::Nanos;
use crate::model::time::git_date;
use sha3::{Digest, Keccak256};

/// What a build of an enclave image is called where nothing names a model: gateways serve many.
pub const IMAGE: &str = "(enclave image)";

/// Three PCRs as hex.
type Pcrs = [String; 3];

pub(super) fn translate(value: &Value<'_, '_>, context: &Context, out: &mut Out) {
    let members = &value.members;
    let inner = members.object("Measurements").or_else(|| members.object("measurements"));
    let held = inner.as_ref().unwrap_or(members);
    let text = |n: usize| held.text(&format!("PCR{n}")).or_else(|| held.text(&format!("pcr{n}")));
    let (Some(a), Some(b), Some(c)) = (text(0), text(1), text(2)) else {
        return out.fault(&value.origin, "a measurement without PCR0, PCR1 and PCR2");
    };
    let pcrs = [a.into_owned(), b.into_owned(), c.into_owned()];
    let at = ["committed_at", "created_at", "date", "at"]
        .iter()
        .find_map(|name| members.get(name).and_then(super::value::moment));
    let Some(when) = at.or(context.at) else {
        let reason =
            "kept, not mapped: measurements hold no time; give the file's `git log -p`, or --assume-at TIME";
        return out.fault(&value.origin, reason);
    };
    let version = ["version", "tag", "commit", "EnclaveName"].iter().find_map(|name| members.text(name));
    let notes = members.text("subject");
    let build = Build {
        pcrs: &pcrs,
        version: version.as_deref(),
        at: when,
        notes: notes.as_deref(),
        is_time_assumed: at.is_none(),
    };
    release(&build, &value.origin, out);
}

struct Build<'a> {
    pcrs: &'a Pcrs,
    version: Option<&'a str>,
    at: Nanos,
    notes: Option<&'a str>,
    is_time_assumed: bool,
}

fn release(build: &Build<'_>, origin: &Origin<'_>, out: &mut Out) {
    let mut joined = Vec::with_capacity(144);
    for (n, pcr) in build.pcrs.iter().enumerate() {
        let digits = pcr.strip_prefix("0x").unwrap_or(pcr);
        match hex::decode(digits) {
            Ok(bytes) if bytes.len() == 48 => joined.extend(bytes),
            _ => return out.fault(origin, &format!("PCR{n} is not 48 bytes of hex")),
        }
    }
    let hash = format!("0x{}", hex::encode(Keccak256::digest(&joined)));
    let version = build.version.map_or_else(|| format!("build {}", &hash[2..14]), str::to_owned);
    let mut line = out.record("release", &format!("release:{version}:{}", &hash[2..18]), build.at);
    line.text("model", IMAGE).assume("model").text("version", &version).text("pcr_hash", &hash);
    let [a, b, c] = build.pcrs;
    line.raw("pcrs", &serde_json::json!({"0": a, "1": b, "2": c}).to_string()).maybe("notes", build.notes);
    if build.version.is_none() {
        line.assume("version");
    }
    if build.is_time_assumed {
        line.assume("at");
    }
    line.finish(origin);
}

/// Commits, newest first as git prints them; each becomes a release if its patch sets PCRs.
pub(super) fn git_log(unit: &Unit<'_>, out: &mut Out) {
    let text = match std::str::from_utf8(unit.bytes) {
        Ok(text) => text,
        Err(error) => {
            let origin = Origin { format: Format::GitLog, place: unit.place, bytes: unit.bytes };
            return out.fault(&origin, &format!("not UTF-8 at byte {}", error.valid_up_to()));
        }
    };
    let mut commits: Vec<Commit<'_>> = Vec::new();
    let (mut place, mut begin) = (unit.place, 0);
    for line in text.split_inclusive('\n') {
        let end = begin + line.len();
        let bare = line.trim_end_matches(['\n', '\r']);
        if let Some(header) = bare.strip_prefix("commit ").filter(|header| header.len() >= 40) {
            commits.push(Commit::new(header, place, begin));
        }
        if let Some(commit) = commits.last_mut() {
            commit.line(bare);
            commit.end = end;
        }
        begin = end;
        place = Place { line: place.line + 1, offset: place.offset + line.len() as u64 };
    }
    // A patch shows what changed: what did not is as in the commits before, which are printed after.
    let mut standing: [Option<String>; 3] = Default::default();
    let mut found = Vec::new();
    for commit in commits.into_iter().rev() {
        for (n, pcr) in commit.pcrs.iter().enumerate().filter(|(_, pcr)| pcr.is_some()) {
            standing[n].clone_from(pcr);
        }
        found.push((commit, standing.clone()));
    }
    for (commit, standing) in found.into_iter().rev() {
        let bytes = text[commit.begin..commit.end].trim_end().as_bytes();
        let origin = Origin { format: Format::GitLog, place: commit.place, bytes };
        commit.translate(standing, &origin, out);
    }
}

struct Commit<'a> {
    place: Place,
    begin: usize,
    end: usize,
    hash: &'a str,
    tag: Option<&'a str>,
    date: Option<Nanos>,
    subject: Option<&'a str>,
    /// As the patch sets them, or shows them unchanged.
    pcrs: [Option<String>; 3],
}

impl<'a> Commit<'a> {
    fn new(header: &'a str, place: Place, begin: usize) -> Self {
        let (hash, decoration) = header.split_once(' ').unwrap_or((header, ""));
        let tag = decoration.split("tag: ").nth(1).and_then(|rest| rest.split([',', ')']).next());
        Self { place, begin, end: begin, hash, tag, date: None, subject: None, pcrs: Default::default() }
    }

    fn line(&mut self, line: &'a str) {
        // `CommitDate` of --pretty=fuller comes after `AuthorDate` and is when it entered the history.
        for name in ["Date:", "AuthorDate:", "CommitDate:"] {
            if let Some(date) = line.strip_prefix(name) {
                self.date = git_date(date.trim()).or(self.date);
            }
        }
        if self.subject.is_none() && line.starts_with("    ") && !line.trim().is_empty() {
            self.subject = Some(line.trim());
        }
        let Some(shown) = line.strip_prefix(['+', ' ']) else { return };
        for (n, own) in self.pcrs.iter_mut().enumerate() {
            if let Some(value) = pcr(shown, n) {
                *own = Some(value.to_owned());
            }
        }
    }

    fn translate(self, standing: [Option<String>; 3], origin: &Origin<'_>, out: &mut Out) {
        if self.pcrs.iter().all(Option::is_none) {
            return;
        }
        let [Some(a), Some(b), Some(c)] = standing else {
            return out.fault(origin, "a commit that does not show all three PCRs, nor does any before it");
        };
        let Some(at) = self.date else {
            return out.fault(
                origin,
                "a commit without a date that can be read; use git's default, iso or rfc date",
            );
        };
        let short = &self.hash[..12.min(self.hash.len())];
        let build = Build {
            pcrs: &[a, b, c],
            version: Some(self.tag.unwrap_or(short)),
            at,
            notes: self.subject,
            is_time_assumed: false,
        };
        release(&build, origin, out);
    }
}

/// `"PCR0": "…"`, `PCR0: …` or `pcr0 = …`.
fn pcr(line: &str, n: usize) -> Option<&str> {
    let line = line.trim().trim_start_matches('"');
    let rest = line.strip_prefix("PCR").or_else(|| line.strip_prefix("pcr"))?.strip_prefix(&n.to_string())?;
    let rest = rest.trim_start_matches(['"', ':', '=', ' ', '\t']);
    let end = rest.find(|c: char| !c.is_ascii_hexdigit() && c != 'x').unwrap_or(rest.len());
    (end > 0).then(|| &rest[..end])
}
