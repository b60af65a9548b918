//! Screens as people see them: keys in, text out, at every size; and ten thousand random keys that must not break one.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use backtrail::model::Nanos;
use backtrail::ui::actions::{ACTIONS, Action, Entry};
use backtrail::ui::headless::{Stage, buffer, play, send, text};
use backtrail::ui::keys::Key;
use backtrail::ui::model::{Model, Msg, Screen};
use backtrail::ui::theme::{Charset, Colours, Theme};
use backtrail::work::notebook::Hand;
use backtrail::work::simulate::{Scenario, Simulation};
use backtrail::work::verify::Pins;
use proptest::prelude::*;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::OnceLock;
use tempfile::TempDir;

/// Journals to open, and the case they come to under a name that does not change.
struct Case {
    _folder: TempDir,
    journals: PathBuf,
    case: PathBuf,
}

fn case_of(write: impl FnOnce(&std::path::Path)) -> Case {
    let folder = tempfile::tempdir().unwrap();
    let journals = folder.path().join("journals");
    write(&journals);
    let case = Case { case: folder.path().join("test.case"), journals, _folder: folder };
    // Read once here: tests run side by side, and one writer at a time is the rule.
    model(&case, "", (80, 24), THEME);
    case
}

fn journal(lines: &str) -> Case {
    case_of(|folder| {
        std::fs::create_dir(folder).unwrap();
        std::fs::write(folder.join("one.jsonl"), lines).unwrap();
    })
}

/// A whole small incident.
fn many() -> &'static Case {
    static CASE: OnceLock<Case> = OnceLock::new();
    CASE.get_or_init(|| {
        case_of(|folder| {
            let simulation = Simulation { signed: false, ..Simulation::new(Scenario::Default, 7, 900) };
            simulation.write(folder, &mut |_| ()).unwrap();
        })
    })
}

fn empty() -> &'static Case {
    static CASE: OnceLock<Case> = OnceLock::new();
    CASE.get_or_init(|| journal(""))
}

fn one() -> &'static Case {
    static CASE: OnceLock<Case> = OnceLock::new();
    CASE.get_or_init(|| {
        journal("{\"kind\":\"inference\",\"id\":\"req-1\",\"at\":\"2026-10-04T09:12:00Z\",\"agent\":\"a\",\"model\":\"m\",\"version\":\"1\"}\n")
    })
}

/// Names that are long, wide, combining, right-to-left, or try to escape to the terminal; and lines that are faults.
fn hostile() -> &'static Case {
    static CASE: OnceLock<Case> = OnceLock::new();
    CASE.get_or_init(|| {
        let mut lines = String::new();
        let names = [
            "\u{1b}[2J\u{1b}]0;owned\u{7}",
            "漢字漢字漢字漢字漢字漢字漢字漢字漢字",
            "e\u{301}e\u{301}e\u{301}",
            "\u{202e}drowssap",
            "a\u{200b}b\u{0}c\u{9b}31m",
            &"long-".repeat(50),
            "👩‍👩‍👧‍👦 family",
            "\u{1b}P+q\u{1b}\\",
        ];
        for (n, name) in names.iter().enumerate() {
            let quoted = serde_json::to_string(name).unwrap();
            let at = format!("2026-10-04T09:{n:02}:00+02:00");
            writeln!(lines, "{{\"kind\":\"deployment\",\"id\":\"d{n}\",\"at\":\"{at}\",\"node\":{quoted},\"model\":{quoted},\"version\":{quoted},\"state\":\"active\",\"reason\":{quoted}}}").unwrap();
            writeln!(lines, "{{\"kind\":\"inference\",\"id\":{quoted},\"at\":\"{at}\",\"node\":{quoted},\"agent\":{quoted},\"model\":{quoted},\"version\":{quoted},\"status\":{quoted}}}").unwrap();
            writeln!(lines, "{{\"kind\":\"incident\",\"id\":{quoted},\"at\":\"{at}\",\"model\":{quoted},\"version\":{quoted},\"state\":\"declared\",\"title\":{quoted}}}").unwrap();
        }
        lines.push_str("{\"kind\":\"\u{1b}[31m\",\"id\":\"x\"}\n\u{1b}[2Jnot json\n{\"kind\":\"inference\"");
        journal(&lines)
    })
}

const THEME: Theme = Theme::new(Colours::Sixteen, Charset::Unicode);

/// Notes in tests are always written by the same hand at the same moment.
fn hand() -> Hand {
    Hand { by: "ann".to_owned(), at: Nanos(1_791_072_000_000_000_000) }
}

fn model(case: &Case, keys: &str, size: (u16, u16), theme: Theme) -> Model {
    let stage = Stage {
        paths: vec![case.journals.clone()],
        case: Some(case.case.clone()),
        size,
        theme,
        pins: Pins::default(),
        hand: hand(),
    };
    play(&stage, &Key::parse_all(keys).unwrap())
}

fn screen(case: &Case, keys: &str, width: u16, height: u16) -> String {
    text(&model(case, keys, (width, height), THEME))
}

macro_rules! shows {
    ($name:ident, $case:expr, $keys:literal, $width:literal x $height:literal) => {
        #[test]
        fn $name() {
            insta::with_settings!({ description => concat!($keys, " at ", $width, "x", $height), omit_expression => true }, {
                insta::assert_snapshot!(stringify!($name), screen($case, $keys, $width, $height));
            });
        }
    };
}

shows!(report_wizard, many(), "w", 110 x 40);
shows!(report_wizard_narrow, many(), "w<down><right><down><down>", 60 x 20);
shows!(report_wizard_of_hostile_names, hostile(), "w", 100 x 40);
shows!(overview_80, many(), "", 80 x 24);
shows!(overview_120, many(), "", 120 x 40);
shows!(overview_200, many(), "", 200 x 60);
shows!(overview_60, many(), "", 60 x 20);
shows!(overview_of_nothing, empty(), "", 80 x 24);
shows!(overview_of_one_record, one(), "", 80 x 24);
shows!(overview_of_hostile_names, hostile(), "", 120 x 40);
shows!(settlements_60, many(), "5", 60 x 20);
shows!(settlements_80, many(), "5", 80 x 24);
shows!(settlements_120, many(), "5jj", 120 x 40);
shows!(settlements_200, many(), "5", 200 x 60);
shows!(settlements_of_one_class, many(), "5G=", 80 x 24);
shows!(settlements_on_chain, many(), "5<tab>", 80 x 24);
shows!(settlements_totals, many(), "5<tab><tab>", 100 x 45);
shows!(settlements_lead_to_their_record, many(), "5<enter><tab><tab><tab>", 120 x 40);
shows!(settlements_refund_list_asks_where, many(), "5R", 80 x 24);
shows!(settlements_of_nothing, empty(), "5", 80 x 24);
shows!(settlements_of_hostile_names, hostile(), "5", 80 x 24);
shows!(requests_by_tier, many(), "3ftier=T1<enter>", 120 x 40);
shows!(requests_that_answer_differently, many(), "3fpair=differs<enter>", 120 x 40);
shows!(request_chain, many(), "3ftier=T1<enter><enter><tab><tab><tab>", 120 x 40);
shows!(request_pairs, many(), "3fpair=differs<enter><enter><tab><tab><tab><tab>", 120 x 40);
shows!(timeline_80, many(), "2", 80 x 24);
shows!(timeline_120, many(), "2", 120 x 40);
shows!(timeline_200, many(), "2", 200 x 60);
shows!(timeline_60, many(), "2", 60 x 20);
shows!(timeline_of_nothing, empty(), "2", 80 x 24);
shows!(timeline_of_one_record, one(), "2", 80 x 24);
shows!(timeline_of_hostile_names, hostile(), "2v", 120 x 40);
shows!(timeline_by_node, many(), "2v", 120 x 40);
shows!(timeline_zoomed_at_a_boundary, many(), "2}}zzz", 120 x 40);
shows!(requests_80, many(), "3", 80 x 24);
shows!(requests_120, many(), "3", 120 x 40);
shows!(requests_200, many(), "3", 200 x 60);
shows!(requests_60, many(), "3", 60 x 20);
shows!(requests_of_nothing, empty(), "3", 80 x 24);
shows!(requests_of_one_record, one(), "3", 80 x 24);
shows!(requests_of_hostile_names, hostile(), "3", 120 x 40);
shows!(requests_filtered, many(), "3fpointer=any<enter>j", 120 x 40);
shows!(requests_filter_being_typed, many(), "3fversion=2.4.1 agent~tre", 80 x 24);
shows!(requests_filter_with_a_mistake, many(), "3fnode=gw-eu-1 agent>x<enter>", 80 x 24);
shows!(requests_find, many(), "3/eu1", 80 x 24);
shows!(requests_none_left, many(), "3fnode=nowhere<enter>", 80 x 24);
shows!(requests_paused_filters, many(), "3fnode=gw-eu-1<enter>\\", 80 x 24);
shows!(request_versions, many(), "3fpointer=shadow-serving<enter><enter>", 120 x 40);
shows!(request_record, many(), "3fpointer=stale-pointer<enter><enter><tab>3j", 80 x 24);
shows!(request_links, many(), "3fversion=2.4.1<enter>5j<enter><tab><tab>", 120 x 40);
shows!(request_with_hostile_names, hostile(), "3<enter><tab>", 80 x 24);
shows!(findings_80, many(), "7", 80 x 24);
shows!(findings_120, many(), "7j", 120 x 40);
shows!(findings_of_nothing, empty(), "7", 80 x 24);
shows!(findings_of_hostile_names, hostile(), "7", 120 x 40);
shows!(help, many(), "?", 80 x 24);
shows!(palette, many(), "<c-p>timeline", 80 x 24);
shows!(incident_choice, many(), "i", 80 x 24);
shows!(other_version_chosen, many(), "ijj<enter>", 120 x 40);
shows!(notes_80, many(), "3jmjtlate evidence<enter>ccheck with ops<enter>7m8", 80 x 24);
shows!(notes_log, many(), "3fnode=gw-eu-1<enter>mu<c-r>8<tab>", 120 x 40);
shows!(notes_of_nothing, empty(), "8", 80 x 24);
shows!(notes_on_hostile_names, hostile(), "3mjc\u{202e}x<enter>8", 80 x 24);
shows!(notes_views, many(), "3fversion=2.4.1<enter>Fsbad ones<enter>8<tab><tab>", 80 x 24);
shows!(notes_in_a_list, many(), "3mjjm", 80 x 24);
shows!(count_by_version, many(), "3S", 80 x 24);
shows!(count_of_a_short_list, many(), "7lS", 80 x 24);
shows!(count_leads_to_its_rows, many(), "3hhSj<enter>", 80 x 24);
shows!(compare_requests, many(), "3x5jX", 120 x 40);
shows!(compare_windows, many(), "2xzzzX", 120 x 40);
shows!(compare_rows, many(), "7xjX<tab>", 80 x 24);
shows!(console_80, many(), ";", 80 x 24);
shows!(console_completes, many(), ";select effe<tab> from requ<tab>", 80 x 24);
shows!(console_rows, many(), ";select node, count(*) n from requests group by 1<enter>ls", 80 x 24);
shows!(console_mistake, many(), ";select nothing<enter>", 80 x 24);
shows!(console_of_hostile_names, hostile(), ";select id, node from requests<enter>", 120 x 40);
shows!(requests_sorted, many(), "3llllls", 120 x 40);
shows!(filters_one_by_one, many(), "3fversion=2.4.1 node=gw-eu-1<enter>F j", 80 x 24);
shows!(copy_menu, many(), "3<enter>y", 80 x 24);
shows!(panes_detail_alone, many(), "3o", 80 x 24);
shows!(bundle_asks_where, many(), "3B", 80 x 24);
shows!(too_small, many(), "", 30 x 8);

#[test]
fn the_start_screen_offers_a_path_and_a_demo() {
    let stage = Stage {
        paths: Vec::new(),
        case: None,
        size: (80, 24),
        theme: THEME,
        pins: Pins::default(),
        hand: hand(),
    };
    insta::assert_snapshot!("start", text(&play(&stage, &[])));
}

#[test]
fn ascii_screens_hold_nothing_else() {
    let theme = Theme::new(Colours::Sixteen, Charset::Ascii);
    for keys in ["", "2", "2v", "3", "3<enter>", "7", "?", "3f", "<c-p>", "i"] {
        let shown = text(&model(many(), keys, (120, 40), theme));
        let foreign: Vec<char> = shown.chars().filter(|c| !c.is_ascii()).collect();
        assert!(foreign.is_empty(), "{keys}: {foreign:?}\n{shown}");
    }
}

#[test]
fn the_selection_shows_without_colours() {
    let theme = Theme::new(Colours::Mono, Charset::Unicode);
    for keys in ["3jj", "7j", "jj"] {
        let model = model(many(), keys, (120, 40), theme);
        let buffer = buffer(&model);
        let reversed =
            buffer.content.iter().filter(|cell| cell.modifier.contains(ratatui::style::Modifier::REVERSED));
        assert!(reversed.count() > 50, "{keys}: a whole line is reversed");
        assert!(buffer.content.iter().any(|cell| cell.symbol() == "▌"), "{keys}: and marked");
        assert!(
            buffer.content.iter().all(|cell| cell.fg == ratatui::style::Color::Reset),
            "{keys}: in no colour"
        );
    }
}

#[test]
fn the_cursor_keeps_its_record_when_filters_come_and_go() {
    let id_under_cursor = |model: &Model| match model.screen() {
        Screen::Requests(state) => state.under_cursor().map(|row| row.id.clone()),
        _ => None,
    };
    let mut model = model(many(), "3fversion=2.4.1<enter>9j", (120, 40), THEME);
    let before = id_under_cursor(&model).unwrap();
    for keys in ["\\", "\\", "u", "u", "<c-r>", "<c-r>"] {
        for key in Key::parse_all(keys).unwrap() {
            send(&mut model, Msg::Key(key));
        }
        assert_eq!(id_under_cursor(&model).as_ref(), Some(&before), "after {keys}");
    }
    send(&mut model, Msg::Resize(80, 24));
    assert_eq!(id_under_cursor(&model), Some(before));
}

#[test]
fn escape_never_quits_and_q_at_the_root_does() {
    let mut model = model(many(), "3<enter>", (80, 24), THEME);
    for _ in 0..10 {
        send(&mut model, Msg::Key(Key::parse_all("<esc>").unwrap()[0]));
        assert!(!model.quit);
    }
    send(&mut model, Msg::Key(Key::parse_all("q").unwrap()[0]));
    assert!(model.quit);
}

fn keys() -> impl Strategy<Value = Vec<String>> {
    // Every key there is, but those that end the program, verify, make a demo, or write a file.
    let away = [Action::Quit, Action::Verify, Action::Demo, Action::Export];
    let actions = ACTIONS.iter().filter(|entry| !away.contains(&entry.action));
    let mut all: Vec<String> = actions.flat_map(Entry::presses).map(|key| key.to_string()).collect();
    all.extend("<enter> <enter> <esc> <esc> 5 9 a b ~ \" é <space> J K i".split(' ').map(str::to_owned));
    prop::collection::vec(prop::sample::select(all), 250)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 200, ..ProptestConfig::default() })]

    /// 40 × 250 random keys on every kind of case: no panic, no lost cursor, nothing raw on screen.
    #[test]
    fn no_key_breaks_a_screen(keys in keys(), which in 0usize..4, sizes in prop::collection::vec((1u16..210, 1u16..61), 6)) {
        let case = [many(), empty(), one(), hostile()][which];
        let mut model = model(case, "", sizes[0], THEME);
        for (n, key) in keys.iter().enumerate() {
            send(&mut model, Msg::Key(Key::parse_all(key).unwrap()[0]));
            if n % 45 == 0 {
                let (width, height) = sizes[n / 45];
                send(&mut model, Msg::Resize(width, height));
            }
            if let Screen::Requests(state) = model.screen() {
                prop_assert!(state.len() == 0 || state.row(state.scroll.cursor).is_some(), "the cursor is lost after {n} keys");
            }
            if n % 5 == 0 {
                let shown = text(&model);
                let raw = shown.chars().find(|c| (c.is_control() && *c != '\n') || ('\u{202a}'..='\u{202e}').contains(c));
                prop_assert_eq!(raw, None, "raw control on screen");
            }
        }
    }
}
