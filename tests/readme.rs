//! The screens in README are what the program prints today. `UPDATE_DOCS=1 cargo test --test readme` prints them anew.
//!
//! ```text
//! <!-- backtrail explore sample-data --keys "2" --print 100x26 -->
//! ```
//!
//! stands before a block of text: the command that printed it.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::fs;
use std::path::Path;
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const MARK: &str = "<!-- backtrail explore ";

/// The words of a command line; double quotes hold blanks together.
fn words(line: &str) -> Vec<String> {
    let pieces = line.split('"').enumerate();
    let words = pieces.flat_map(|(n, piece)| match n % 2 {
        1 => vec![piece.to_owned()],
        _ => piece.split_whitespace().map(str::to_owned).collect(),
    });
    words.collect()
}

/// What the program prints, with a cache of its own, as on the first day.
fn printed(arguments: &[String]) -> String {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_backtrail"));
    command.arg("explore").args(arguments).current_dir(ROOT);
    for variable in ["XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "HOME"] {
        command.env(variable, home.path());
    }
    let run = command.env_remove("NO_COLOR").env_remove("BACKTRAIL_COLOURS").output().unwrap();
    assert!(run.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}

/// README with every marked block as it is printed today, and how many there are.
fn renewed(text: &str) -> (String, usize) {
    let mut out = String::new();
    let mut rest = text;
    let mut screens = 0;
    while let Some(at) = rest.find(MARK) {
        let (before, from) = rest.split_at(at);
        let (mark, after) = from.split_once("-->\n").expect("a mark ends its line");
        let block = after.strip_prefix("```text\n").expect("a block of text follows the mark");
        let (_, after) = block.split_once("\n```\n").expect("the block is closed");
        let screen = printed(&words(&mark[MARK.len()..]));
        out += &format!("{before}{mark}-->\n```text\n{}\n```\n", screen.trim_end_matches('\n'));
        rest = after;
        screens += 1;
    }
    (out + rest, screens)
}

#[test]
fn the_screens_in_readme_are_what_the_program_prints() {
    let path = Path::new(ROOT).join("README.md");
    let kept = fs::read_to_string(&path).unwrap();
    let (now, screens) = renewed(&kept);
    assert!(screens >= 3, "README shows {screens} screens");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        return fs::write(path, now).unwrap();
    }
    let differs = kept.lines().zip(now.lines()).find(|(kept, now)| kept != now);
    assert_eq!(kept, now, "print them anew with UPDATE_DOCS=1; the first line that differs: {differs:?}");
}
