//! However it ends, the terminal is given back and the session is there the next time; killed, at least the notes are.

use super::pty::{Terminal, case_named, has, scratch, simulated};
use backtrail::ui::headless;
use backtrail::ui::keys::Key;
use backtrail::ui::model::{Narrowing, Overlay, Preview};
use backtrail::ui::terminal;
use backtrail::ui::theme::Theme;
use backtrail::work::lines::{Lines, Value};
use backtrail::work::notebook::Hand;
use backtrail::work::verify::Pins;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Leaves a case on Payments, narrowed; ends it; and looks what the next session takes up.
fn is_taken_up_after(name: &str, end: impl FnOnce(&mut Terminal)) {
    let case = case_named(name);
    let mut terminal = Terminal::explore(&[&case]);
    terminal.sees("Overview");
    terminal.press("5");
    terminal.sees("row 1, showing");
    terminal.press("fstate=settled\r");
    terminal.sees("[state=settled]");
    end(&mut terminal);
    assert_eq!(terminal.given_back().0, 0, "{name}");
    let mut again = Terminal::explore(&[&case]);
    again.sees("taken up where you left it");
    again.sees("[state=settled]");
    again.press("q");
    assert_eq!(again.given_back().0, 0, "{name}");
}

#[test]
fn ended_by_q_the_session_is_there_the_next_time() {
    is_taken_up_after("by-q", |terminal| terminal.press("q"));
}

#[test]
fn ended_by_control_c_the_session_is_there_the_next_time() {
    is_taken_up_after("by-c", |terminal| terminal.press("\x03"));
}

#[test]
fn ended_by_a_signal_the_session_is_there_the_next_time() {
    for signal in ["-TERM", "-HUP", "-INT"] {
        is_taken_up_after(&format!("by{signal}"), |terminal| terminal.signal(signal));
    }
}

#[test]
fn broken_by_a_mistake_of_ours_the_terminal_is_given_back_and_the_session_is_there_the_next_time() {
    let case = case_named("by-panic");
    let itself = std::env::current_exe().unwrap();
    let test = "endings::breaks_with_a_case_open";
    let arguments = ["--exact", test, "--ignored", "--nocapture", "--test-threads=1"];
    let broken = Terminal::start_with(&itself, &arguments, &[("BACKTRAIL_BROKEN", case.to_str().unwrap())]);
    // Whoever runs the tests writes into the same lines.
    broken.wait("what broke", |shown| has(&shown.raw, b"backtrail broke"));
    let (code, _) = broken.given_back();
    assert_ne!(code, 0);
    let mut again = Terminal::explore(&[&case]);
    again.sees("taken up where you left it");
    again.sees("amount▲");
    again.press("q");
    assert_eq!(again.given_back().0, 0);
}

/// Rows that no screen can show.
struct Breaks;

impl Lines for Breaks {
    fn titles(&self) -> Vec<String> {
        unreachable!("a mistake of ours")
    }

    fn rows(&self) -> usize {
        0
    }

    fn text(&self, _row: usize, _column: usize) -> String {
        String::new()
    }

    fn value(&self, _row: usize, _column: usize) -> Value {
        Value::Nothing
    }
}

/// Not a test: what `broken_by_a_mistake…` runs on a terminal of its own.
#[test]
#[ignore = "run by another test, on a terminal of its own"]
fn breaks_with_a_case_open() {
    let case = PathBuf::from(std::env::var_os("BACKTRAIL_BROKEN").unwrap());
    let hand = Hand { by: "ann".to_owned(), at: backtrail::model::Nanos(0) };
    let stage = headless::Stage {
        paths: vec![case],
        case: None,
        size: (80, 24),
        theme: Theme::default(),
        pins: Pins::default(),
        hand,
    };
    let mut model = headless::play(&stage, &Key::parse_all("5lls").unwrap());
    model.overlay = Some(Overlay::Narrow(Box::new(Narrowing {
        field: Default::default(),
        lines: Arc::new(Breaks),
        preview: Preview::Hits(0),
    })));
    let _ = terminal::run(model, Vec::new());
}

#[test]
fn killed_outright_the_notes_are_there_the_next_time() {
    let case = case_named("killed");
    let mut terminal = Terminal::explore(&[&case]);
    terminal.sees("Overview");
    terminal.press("7");
    terminal.sees("severity");
    terminal.press("m");
    terminal.sees("mark noted");
    terminal.signal("-KILL");
    terminal.child.wait().unwrap();
    let mut again = Terminal::explore(&[&case]);
    again.sees("Overview");
    again.press("8");
    again.sees("1 line, the chain holds");
    again.press("q");
    assert_eq!(again.given_back().0, 0);
}

#[test]
fn killed_while_it_reads_the_case_is_read_on_the_next_time() {
    let journals = simulated("killed-reading", 30_000);
    let case = scratch().join("killed-reading.case");
    let arguments: [&Path; 3] = [&journals, Path::new("--case"), &case];
    let mut terminal = Terminal::explore(&arguments);
    terminal.sees("reading");
    terminal.signal("-KILL");
    terminal.child.wait().unwrap();
    let mut again = Terminal::explore(&arguments);
    again.sees("risk-scorer 2.4.1");
    again.press("3");
    again.sees("of 30,000");
    again.press("q");
    assert_eq!(again.given_back().0, 0);
}
