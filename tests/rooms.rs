//! The layer order of the rooms, read from the sources: a room uses only rooms above it, a library has one home.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the sources has failed")]

use std::fs;
use std::path::{Path, PathBuf};

/// A source file: its path under `src/` and its lines of code, comments and tests left out.
struct Page {
    path: String,
    caption: String,
    code: Vec<(usize, String)>,
}

impl Page {
    /// `store` of `store/views/table.rs` and of `store.rs`; empty for `lib.rs` and `main.rs`.
    fn room(&self) -> &str {
        match (self.path.split_once('/'), self.path.as_str()) {
            (Some((room, _)), _) => room,
            (None, "lib.rs" | "main.rs") => "",
            (None, file) => file.trim_end_matches(".rs"),
        }
    }
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let inside = |path: PathBuf| if path.is_dir() { files(&path) } else { vec![path] };
    paths.into_iter().flat_map(inside).filter(|path| path.extension().is_some_and(|e| e == "rs")).collect()
}

/// Every file of code. What stands under `tests` is a test; so is all that follows the first `#[cfg(test)]`,
/// because tests come last in a file.
fn pages() -> Vec<Page> {
    let is_test = |path: &str| path.ends_with("/tests.rs") || path.contains("/tests/");
    let page = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let path = path.strip_prefix(src()).unwrap().to_string_lossy().replace('\\', "/");
        let code = text.lines().enumerate().map(|(n, line)| (n + 1, line.trim().to_owned()));
        let code = code.filter(|(_, line)| !line.starts_with("//"));
        let code = match is_test(&path) {
            true => Vec::new(),
            // A module of tests that is a file of its own may be declared among the others.
            false => {
                let inline =
                    |n: usize| text.lines().nth(n).is_some_and(|next| next.trim_end().ends_with('{'));
                code.take_while(|(n, line)| !(line == "#[cfg(test)]" && inline(*n))).collect()
            }
        };
        Page { caption: text.lines().next().unwrap_or_default().to_owned(), path, code }
    };
    files(&src()).into_iter().map(page).collect()
}

/// The rooms as `src/lib.rs` declares them, top layer last.
fn rooms() -> Vec<String> {
    let lib = fs::read_to_string(src().join("lib.rs")).unwrap();
    let declared = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    declared.map(str::to_owned).collect()
}

/// The rooms named by `crate::room` and by `crate::{room, …}` in a line of code.
fn rooms_named(line: &str) -> Vec<String> {
    let name = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut named = Vec::new();
    for rest in line.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            None => named.push(name(rest)),
            Some(group) => {
                named.extend(group.split(',').map(|part| name(part.trim())).filter(|n| !n.is_empty()));
            }
        }
    }
    named
}

/// Lines of code that break a rule, as `path:line: text`.
fn breaches(breaks: impl Fn(&Page, &str) -> bool) -> Vec<String> {
    let pages = pages();
    let lines = pages.iter().flat_map(|page| page.code.iter().map(move |(n, line)| (page, n, line)));
    lines
        .filter(|(page, _, line)| breaks(page, line))
        .map(|(page, n, line)| format!("src/{}:{n}: {line}", page.path))
        .collect()
}

#[track_caller]
fn none(rule: &str, breaches: &[String]) {
    assert!(breaches.is_empty(), "{rule}:\n{}", breaches.join("\n"));
}

#[test]
fn a_room_uses_only_rooms_above_it() {
    let rooms = rooms();
    assert_eq!(
        rooms.first().map(String::as_str),
        Some("model"),
        "src/lib.rs declares the rooms in layer order"
    );
    assert_eq!(rooms.last().map(String::as_str), Some("cli"));
    let layer = |room: &str| rooms.iter().position(|known| known == room);
    let below = |page: &Page, line: &str| {
        let own = layer(page.room());
        rooms_named(line).iter().any(|named| match (own, layer(named)) {
            (Some(own), Some(other)) => other > own,
            // `lib.rs` and `main.rs` may name every room.
            _ => false,
        })
    };
    none("a room may use only the rooms declared above it in src/lib.rs (DESIGN §2)", &breaches(below));
    none("every file belongs to a declared room", &homeless(&rooms));
}

/// Files in no declared room.
fn homeless(rooms: &[String]) -> Vec<String> {
    let known = |page: &Page| page.room().is_empty() || rooms.iter().any(|room| room == page.room());
    pages().into_iter().filter(|page| !known(page)).map(|page| page.path).collect()
}

#[test]
fn a_library_has_one_home() {
    for (library, home) in [
        ("rusqlite", "store/"),
        ("ratatui", "ui/"),
        ("crossterm", "ui/"),
        ("tui_input", "ui/"),
        ("clap", "cli/"),
        ("clap_complete", "cli/"),
        ("clap_mangen", "cli/"),
        ("anyhow", "cli/"),
        ("indicatif", "cli/"),
        ("chrono", "model/time.rs"),
        ("minijinja", "report/html.rs"),
        ("aho_corasick", "report/redact.rs"),
    ] {
        let path = format!("{library}::");
        let uses = |line: &str| {
            let before =
                |at: usize| line[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric() && c != '_');
            line.match_indices(&path).any(|(at, _)| before(at))
        };
        let astray = breaches(|page, line| !page.path.starts_with(home) && uses(line));
        none(&format!("`{library}` has its home in src/{home}"), &astray);
    }
    let pages = pages();
    let matchers =
        pages.iter().filter(|page| page.code.iter().any(|(_, line)| line.contains("fuzzy_matcher::")));
    let matchers: Vec<&str> = matchers.map(|page| page.path.as_str()).collect();
    assert!(matchers.len() <= 1, "fuzzy_matcher has its home in one file: {matchers:?}");
}

#[test]
fn rooms_that_compute_do_no_input_and_no_output() {
    let pure = ["model", "journal", "proof", "analysis"];
    let outside = [
        "std::fs",
        "std::thread",
        "std::env",
        "std::net",
        "std::process",
        "std::io::std",
        "SystemTime",
        "Instant::",
        "fs::{",
        "File::open",
        "println!",
        "eprintln!",
    ];
    let reaches = |page: &Page, line: &str| {
        pure.contains(&page.room()) && outside.iter().any(|reach| line.contains(reach))
    };
    none("model, journal, proof and analysis take values and give values", &breaches(reaches));
    // The clock is in `model::time`, where chrono lives; who computes takes the moment as an argument.
    let clock = |page: &Page, line: &str| {
        let asks =
            line.contains("Nanos::now()") || line.contains("Utc::now()") || line.contains("Local::now()");
        asks && (pure.contains(&page.room()) || page.room() == "store") && page.path != "model/time.rs"
    };
    none("rooms that compute take the moment as an argument", &breaches(clock));
}

#[test]
fn every_file_begins_with_its_caption() {
    let plain: Vec<String> =
        pages().into_iter().filter(|page| !page.caption.starts_with("//! ")).map(|page| page.path).collect();
    none("line 1 of a file says what it is and what it promises", &plain);
}

#[test]
fn no_lint_is_silenced_without_a_reason() {
    none(
        "`#[expect(lint, reason = …)]`, never `#[allow]`",
        &breaches(|_, line| line.starts_with("#[allow") || line.starts_with("#![allow")),
    );
}
