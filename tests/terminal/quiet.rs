//! What a terminal is sent, and how much: nothing while idle, little for a step, never a queue of frames, no mouse where it
//! is switched off, no escapes where they mean nothing.

use super::pty::{PATIENCE, Terminal, case_named, has, scratch};
use std::fs;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn while_nothing_happens_nothing_is_sent_and_nothing_is_computed() {
    let mut terminal = Terminal::explore(&[&case_named("idle")]);
    terminal.sees("Overview");
    if ticks(&terminal).is_none() {
        eprintln!("skipped in part: this system tells no processor times in /proc");
    }
    for screen in ["1", "2", "3", "4"] {
        terminal.press(screen);
        let begun = Instant::now();
        // What was asked for may take a slow machine long; once that is done, nothing goes on.
        while let Err(why) = is_idle(&terminal) {
            assert!(begun.elapsed() < PATIENCE, "{why} on screen {screen}");
        }
    }
    terminal.press("q");
    assert_eq!(terminal.given_back().0, 0);
}

/// Whether for two seconds nothing is sent, and nothing is computed to speak of.
fn is_idle(terminal: &Terminal) -> Result<(), String> {
    let (before, worked) = (terminal.rests(), ticks(terminal));
    thread::sleep(Duration::from_secs(2));
    let sent = terminal.raw().len() - before;
    // A hundredth of a second each; two seconds hold two hundred.
    match (worked, ticks(terminal)) {
        (Some(before), Some(after)) if after - before > 4 => return Err(format!("{} ticks", after - before)),
        _ => {}
    }
    if sent > 0 { Err(format!("{sent} bytes")) } else { Ok(()) }
}

/// Processor time that the program has taken, in hundredths of a second, where the system tells it.
fn ticks(terminal: &Terminal) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", terminal.child.process_id()?)).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
}

#[test]
fn a_step_of_the_cursor_sends_little_more_than_two_rows() {
    let mut terminal = Terminal::explore(&[&case_named("steps")]);
    terminal.sees("Overview");
    let before = terminal.rests();
    terminal.press("3");
    terminal.sees("req-");
    let whole = terminal.rests() - before;
    let mut steps = Vec::new();
    for _ in 0..9 {
        let before = terminal.rests();
        terminal.press("j");
        terminal.wait("something", |shown| shown.raw.len() > before);
        steps.push(terminal.rests() - before);
    }
    steps.sort_unstable();
    // An answer to an older question may come in between: the usual step counts.
    assert!(steps[4] * 4 < whole, "steps send {steps:?} bytes, a new screen {whole}");
    terminal.press("q");
    assert_eq!(terminal.given_back().0, 0);
}

#[test]
fn a_terminal_that_is_not_read_gets_no_queue_of_frames() {
    let mut terminal = Terminal::explore(&[&case_named("stalled")]);
    terminal.sees("Overview");
    terminal.press("3");
    terminal.sees("req-");
    let before = terminal.rests();
    terminal.press("\x04");
    terminal.wait("a page", |shown| shown.raw.len() > before);
    let frame = terminal.rests() - before;
    terminal.stalled.store(true, Ordering::Relaxed);
    let before = terminal.raw().len();
    // Half pages down and up again: each redraws all rows, and nobody reads.
    for _ in 0..500 {
        terminal.press("\x04\x15");
        thread::sleep(Duration::from_millis(2));
    }
    thread::sleep(Duration::from_millis(500));
    terminal.press("\x04");
    terminal.stalled.store(false, Ordering::Relaxed);
    let sent = terminal.rests() - before;
    // What the system itself holds for a reader, and some frames: not a thousand of them.
    let held = 128 * 1024;
    assert!(sent < held + 40 * frame, "{sent} bytes came after the stall; a frame is {frame}");
    assert!(1000 * frame > 2 * (held + 40 * frame), "a queue would have been more: a frame is {frame}");
    terminal.press("q");
    assert_eq!(terminal.given_back().0, 0);
}

#[test]
fn a_mouse_that_is_switched_off_is_never_asked_for() {
    let asks = |raw: &[u8]| {
        ["\x1b[?1000h", "\x1b[?1002h", "\x1b[?1003h", "\x1b[?1006h"]
            .iter()
            .any(|ask| has(raw, ask.as_bytes()))
    };
    let config = scratch().join("no-mouse.toml");
    fs::write(&config, "mouse = false\n").unwrap();
    let case = case_named("no-mouse");
    let mut terminal = Terminal::explore_with(&[&case], &[("BACKTRAIL_CONFIG", config.to_str().unwrap())]);
    terminal.sees("Overview");
    terminal.press("3");
    terminal.sees("req-");
    assert!(!asks(&terminal.raw()), "the mouse is the terminal's");
    terminal.press("q");
    assert!(!asks(&terminal.given_back().1.raw));
    // Switched off on the way: it is given back at once.
    let mut terminal = Terminal::explore(&[&case]);
    terminal.sees("Overview");
    assert!(asks(&terminal.raw()), "else it is ours, and the test can fail");
    terminal.press("\x1bOQ");
    terminal.sees("the mouse marks text now");
    terminal.wait("the mouse given back", |shown| {
        shown.screen.screen().mouse_protocol_mode() == vt100::MouseProtocolMode::None
    });
    terminal.press("q");
    assert_eq!(terminal.given_back().0, 0);
}

#[test]
fn a_terminal_that_can_only_print_lines_is_sent_lines() {
    let mut terminal = Terminal::explore_with(&[&case_named("dumb")], &[("TERM", "dumb")]);
    terminal.sees("keys (? help, q quit)>");
    terminal.press("3\n");
    terminal.sees("req-");
    terminal.press("q\n");
    let (code, shown) = terminal.given_back();
    assert_eq!(code, 0);
    let strange: Vec<u8> =
        shown.raw.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n' | 0x20..=0x7e)).collect();
    assert!(strange.is_empty(), "{strange:?}");
}

#[test]
fn a_terminal_that_takes_no_osc_52_has_a_file_instead() {
    let mut terminal = Terminal::explore(&[&case_named("copy")]);
    terminal.sees("Overview");
    terminal.press("3");
    terminal.sees("req-");
    terminal.press("y");
    terminal.sees("write the first of these to a file");
    terminal.press("w");
    terminal.sees("write to a new file");
    let path = scratch().join("copied.txt");
    // ^U empties the field of the name that is offered.
    terminal.press(&format!("\x15{}\r", path.display()));
    terminal.wait("the file", |_| path.exists());
    let copied = fs::read_to_string(&path).unwrap();
    assert!(copied.starts_with("req-"), "{copied:?}");
    terminal.press("q");
    assert_eq!(terminal.given_back().0, 0);
}
