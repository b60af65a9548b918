//! On a real (pseudo) terminal: it is given back whatever happens, resized at any moment, and never told anything raw.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod endings;
mod pty;
mod quiet;

use backtrail::ui::model::Mouse;
use backtrail::ui::terminal::borrow;
use pty::{Shown, Terminal, case, case_named, has, modes, scratch, simulated};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::thread;
use std::time::Duration;

#[test]
fn q_gives_the_terminal_back() {
    let mut terminal = Terminal::explore(&[case()]);
    terminal.sees("Overview");
    assert!(terminal.shown.lock().unwrap().screen.screen().alternate_screen());
    assert_ne!(modes(&*terminal.master), terminal.before, "the explorer reads keys as they are pressed");
    terminal.press("q");
    assert_eq!(terminal.given_back().0, 0);
}

#[test]
fn a_signal_to_end_gives_the_terminal_back() {
    for signal in ["-TERM", "-HUP", "-INT"] {
        let mut terminal = Terminal::explore(&[case()]);
        terminal.sees("Overview");
        terminal.press("3f");
        terminal.signal(signal);
        assert_eq!(terminal.given_back().0, 0, "{signal}");
    }
}

#[test]
fn a_panic_gives_the_terminal_back_and_is_told_without_raw_characters() {
    let itself = std::env::current_exe().unwrap();
    let terminal = Terminal::start(
        &itself,
        &["--exact", "breaks_on_the_terminal", "--ignored", "--nocapture", "--test-threads=1"],
    );
    // Whoever runs the tests writes into the same lines.
    terminal.wait("what broke", |shown| has(&shown.raw, b"backtrail broke"));
    let (code, shown) = terminal.given_back();
    assert_ne!(code, 0);
    assert!(has(&shown.raw, b"quoting a record") && has(&shown.raw, b"]0;evil"), "{:?}", shown.raw);
    assert!(!has(&shown.raw, b"\x1b]0;evil"), "{:?}", shown.raw);
}

/// Not a test: what `a_panic_gives_the_terminal_back…` runs on a terminal of its own.
#[test]
#[ignore = "run by another test, on a terminal of its own"]
fn breaks_on_the_terminal() {
    let _ = borrow(Mouse::Ours, |_| panic!("quoting a record: \x1b]0;evil\x07"));
}

#[test]
fn stopped_by_a_key_the_shell_has_its_terminal_and_continued_the_screen_is_back() {
    // A shell with job control: it goes on when its child stops, and `fg` continues it.
    let script = format!(
        "set -m; '{}' explore '{}'; echo shell-again; read answer; fg; echo ended $?",
        env!("CARGO_BIN_EXE_backtrail"),
        case().display()
    );
    let mut terminal = Terminal::start(Path::new("/bin/sh"), &["-c", &script]);
    terminal.sees("Overview");
    terminal.press("3");
    terminal.sees("req-");
    terminal.press("\x1a");
    terminal.sees("shell-again");
    terminal.is_given_back();
    terminal.press("go\n");
    terminal.wait("the same screen again", |shown| {
        let screen = shown.screen.screen();
        screen.alternate_screen() && screen.contents().contains("req-")
    });
    terminal.press("q");
    terminal.sees("ended 0");
    assert_eq!(terminal.given_back().0, 0);
}

#[test]
fn resized_at_any_moment_the_screen_fills_the_new_size() {
    let mut terminal = Terminal::explore(&[case()]);
    terminal.sees("Overview");
    // On plain screens, under the help, while a filter is typed, in a pop-up list, on a request.
    for keys in ["", "2", "3", "f", "node", "\x1b\x1b", "?", "jj", "\x1b", "\x10", "\x1b", "3\r"] {
        terminal.press(keys);
        for (cols, rows) in [(200, 60), (40, 10), (7, 3), (1, 1), (80, 24)] {
            terminal.resize(cols, rows);
        }
        terminal.wait("something in every corner of the new size", |shown| {
            let lines: Vec<String> = shown.screen.screen().rows(0, 80).collect();
            lines.len() == 24 && lines.iter().filter(|line| !line.trim().is_empty()).count() > 2
        });
    }
    terminal.resize(120, 40);
    terminal.press("\x1b\x1b\x1b1");
    terminal.sees("Overview");
    terminal.press("\x03");
    assert_eq!(terminal.given_back().0, 0);
}

#[test]
fn y_copies_the_whole_id_by_osc_52() {
    let mut terminal = Terminal::explore(&[case()]);
    terminal.sees("Overview");
    terminal.press("3");
    terminal.sees("req-");
    terminal.press("y");
    terminal.sees("the id");
    terminal.press("i");
    terminal.wait("OSC 52", |shown| has(&shown.raw, b"\x1b]52;c;"));
    let raw = terminal.raw();
    let from = raw.windows(7).position(|bytes| bytes == b"\x1b]52;c;").unwrap() + 7;
    let length = raw[from..].iter().take_while(|byte| **byte != 0x1b && **byte != 7).count();
    let copied =
        base64::Engine::decode(&base64::prelude::BASE64_STANDARD, &raw[from..from + length]).unwrap();
    let copied = String::from_utf8(copied).unwrap();
    assert!(copied.starts_with("req-") && terminal.text().contains(&copied), "{copied}");
    terminal.press("q");
    assert_eq!(terminal.given_back().0, 0);
}

#[test]
fn ended_by_a_signal_the_lists_are_there_the_next_time() {
    let case = case_named("lists");
    let mut terminal = Terminal::explore(&[&case]);
    terminal.sees("Overview");
    terminal.press("5");
    terminal.sees("row 1, showing");
    terminal.press("lls");
    terminal.sees("amount▲");
    terminal.press("fstate=settled\r");
    terminal.sees("[state=settled]");
    terminal.signal("-TERM");
    assert_eq!(terminal.given_back().0, 0);
    let mut again = Terminal::explore(&[&case]);
    again.sees("taken up where you left it");
    again.sees("[state=settled]");
    again.sees("amount▲");
    again.press("q");
    assert_eq!(again.given_back().0, 0);
}

#[test]
fn two_people_on_one_case_are_told_and_the_notes_of_both_are_kept() {
    let case = case_named("shared");
    let mut first = Terminal::explore(&[&case]);
    first.sees("Overview");
    first.press("7");
    first.sees("severity");
    let mut second = Terminal::explore(&[&case]);
    second.sees("somebody else has this case open too");
    second.press("7");
    second.sees("severity");
    first.press("m");
    first.sees("mark noted");
    second.press("jm");
    second.sees("mark noted");
    second.press("8");
    second.sees("2 lines, the chain holds");
    for terminal in [first, second] {
        let mut terminal = terminal;
        terminal.press("q");
        assert_eq!(terminal.given_back().0, 0);
    }
}

#[test]
fn a_growing_journal_is_followed_under_a_cursor_that_stays() {
    let line = |n: u32| {
        format!(
            "{{\"kind\":\"inference\",\"id\":\"grown-{n}\",\"at\":\"2026-10-04T09:{n:02}:00Z\",\"agent\":\"a\",\"model\":\"m\",\"version\":\"1\"}}\n"
        )
    };
    let journal = scratch().join("growing.jsonl");
    fs::write(&journal, (20..40).map(line).collect::<String>()).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_backtrail"));
    let mut terminal = Terminal::start(program, &["explore", "--follow", journal.to_str().unwrap()]);
    terminal.sees("20 lines in 1 journal");
    terminal.press("3");
    terminal.sees("showing 20 of 20");
    terminal.press("05j");
    let is_on = |shown: &Shown| {
        let shown = shown.screen.screen().contents();
        shown.lines().any(|line| line.contains('▌') && line.contains("grown-25"))
    };
    terminal.wait("the sixth record under the cursor", is_on);
    let mut file = fs::File::options().append(true).open(&journal).unwrap();
    (0..10).for_each(|n| file.write_all(line(n).as_bytes()).unwrap());
    drop(file);
    terminal.sees("row 16, showing 30 of 30");
    terminal.wait("the same record under the cursor", is_on);
    terminal.press("q");
    assert_eq!(terminal.given_back().0, 0);
}

#[test]
fn rows_are_on_the_screen_while_the_journals_are_still_read() {
    let journals = simulated("large", 60_000);
    let case = scratch().join("large.case");
    let mut terminal = Terminal::explore(&[&journals, Path::new("--case"), &case]);
    terminal.sees("Overview");
    terminal.press("3");
    terminal.wait("rows beside “reading”", |shown| {
        let text = shown.screen.screen().contents();
        text.contains("reading") && text.contains("req-")
    });
    terminal.press("jj");
    // Quitting now stops the reading; the case goes on another time.
    terminal.press("q");
    assert_eq!(terminal.given_back().0, 0);
}

/// What would move, retitle, recolour or script a terminal: each with a word that must not follow it raw.
const EVIL: [&str; 9] = [
    r"\u001b[31337m",
    r"\u001b]0;title\u0007",
    r"\u001b]52;c;ZXZpbA==\u0007",
    r"\u001bP0;1|17/6b\u001b\\",
    r"\u001b_Ga=T;AAAA\u001b\\",
    r"\u009b31337m",
    r"\r\u0008\u000b\u000c\u007f",
    r"\u202egnp.\u200b\u2066",
    r"\u0007\u0005\u000e",
];

#[test]
fn hostile_records_send_the_terminal_nothing_raw() {
    let journals = scratch().join("hostile");
    fs::create_dir_all(&journals).unwrap();
    let mut lines = String::from(
        "{\"kind\":\"deployment\",\"id\":\"d\",\"at\":\"2026-10-04T00:00:00Z\",\"node\":\"n\",\"model\":\"m\",\"version\":\"v\",\"state\":\"active\"}\n",
    );
    for (n, evil) in EVIL.iter().enumerate() {
        lines += &format!(
            "{{\"kind\":\"inference\",\"id\":\"req-{n}{evil}\",\"at\":\"2026-10-04T09:12:0{n}Z\",\"node\":\"{evil}\",\"agent\":\"{evil}\",\"model\":\"m{evil}\",\"version\":\"{evil}\",\"status\":\"{evil}\",\"error\":\"{evil}\"}}\n"
        );
        lines += &format!(
            "{{\"kind\":\"incident\",\"id\":\"i{n}\",\"at\":\"2026-10-04T09:13:0{n}Z\",\"model\":\"m{evil}\",\"version\":\"{evil}\",\"state\":\"declared\",\"title\":\"{evil}\",\"summary\":\"{evil}\"}}\n{{{evil}\n"
        );
    }
    fs::write(journals.join("one.jsonl"), lines).unwrap();
    let case = scratch().join("hostile.case");
    let mut terminal = Terminal::explore(&[&journals, Path::new("--case"), &case]);
    terminal.sees("Overview");
    for keys in [
        "2",
        "v",
        "3",
        "jjjj",
        "m",
        "\r",
        "jjjj",
        "\t",
        "\t",
        "\t",
        "\t",
        "\x1b",
        "fnode",
        "\x1b",
        "\x1b",
        "/req",
        "\x1b",
        "S",
        "\x1b",
        "xjX",
        "\x1b",
        "4",
        "jj",
        "o",
        "o",
        "5",
        "\t",
        "\t",
        "7",
        "jj",
        "\r",
        "\x1b",
        "8",
        "\t",
        "i",
        "\x1b",
        "6",
        "B",
        "\x1b",
        "w",
        "\x1b",
        "\x10req",
        "\x1b",
        ";select * from requests\r",
        "\x1b",
        "\x1b",
        "y",
        "\x1b",
        "?",
    ] {
        terminal.press(keys);
        // Each screen is drawn before the next key; an escape waits to be known as one.
        thread::sleep(Duration::from_millis(120));
    }
    terminal.press("\x03");
    let (code, shown) = terminal.given_back();
    assert_eq!(code, 0);
    assert!(has(&shown.raw, "␛".as_bytes()), "the hostile text was on the screen, as something to see");
    let sent = String::from_utf8_lossy(&shown.raw);
    for (at, c) in sent.char_indices() {
        let around = || format!("{:?}", sent[at..].chars().take(24).collect::<String>());
        match c {
            // Only what a screen is drawn with: CSI sequences, each with a number no record wrote.
            '\u{1b}' => assert!(
                sent[at + 1..].starts_with('[') && !sent[at..].starts_with("\u{1b}[31337"),
                "{}",
                around()
            ),
            '\r' | '\n' => {}
            c => assert!(!c.is_control() && !is_unseen(c), "{}", around()),
        }
    }
}

/// Reorders or hides text.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
