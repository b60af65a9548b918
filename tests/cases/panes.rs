//! What stands beside a list: how many panes at which width, that they follow the cursor and lose none of their lines.

use super::{THEME, damaged, journal, many, model, press};
use backtrail::ui::headless::{perform, send, text};
use backtrail::ui::keys::Key;
use backtrail::ui::model::{Command, Model, Msg, Screen};
use backtrail::ui::update;

fn at(keys: &str, size: (u16, u16)) -> String {
    text(&model(many(), keys, size, THEME))
}

#[test]
fn lists_have_three_panes_two_or_one_by_their_width() {
    for (keys, second, third) in [
        ("3", "  request", "  proof path"),
        ("4", "  before, during, after", "  in words"),
        ("5", "  in words", "  paid for; totals"),
        ("7", "  finding", "  the first record that shows it"),
        ("3mj8", "  in full", "  what it is about"),
    ] {
        let shown = |width| {
            let shown = at(keys, (width, 40));
            (shown.contains(second), shown.contains(third))
        };
        assert_eq!(shown(140), (true, true), "{keys}");
        assert_eq!(shown(100), (true, false), "{keys}");
        assert_eq!(shown(99), (false, false), "{keys}");
    }
}

#[test]
fn no_column_of_a_list_is_given_up_for_a_third_pane() {
    for (keys, titles) in [
        ("3", "at id node agent served by known by points tier proof status tokens ms model"),
        ("4", "agent verdict since then effect q before during after kept"),
        ("5", "settled at inferred id class state amount tainted members"),
    ] {
        let shown = at(keys, (200, 60));
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(shown.lines().any(|line| words(line).starts_with(titles)), "{keys}\n{shown}");
    }
}

#[test]
fn a_pop_over_follows_the_cursor_and_closes_again() {
    for keys in ["3", "4", "5", "7"] {
        let mut model = model(many(), keys, (80, 24), THEME);
        let list = text(&model);
        press(&mut model, "o");
        let first = text(&model);
        assert!(first.contains('┌') && first.contains('▌'), "{keys}: the list is seen beside it");
        press(&mut model, "j");
        assert_ne!(text(&model), first, "{keys}");
        press(&mut model, "k<esc>");
        assert_eq!(text(&model), list, "{keys}: esc closes it and leaves the screen alone");
    }
}

#[test]
fn the_wheel_turns_what_lies_under_the_pointer() {
    let mut model = model(many(), "4", (200, 30), THEME);
    let first = text(&model);
    let column = |shown: &str, words: &str| {
        let line = shown.lines().find(|line| line.contains(words)).unwrap();
        line[..line.find(words).unwrap()].chars().count() as u16
    };
    let (list, detail) = (4, column(&first, "before, during, after") + 4);
    send(&mut model, Msg::Wheel(3, detail, 12));
    let scrolled = text(&model);
    let left = |shown: &str| {
        let lines = shown.lines().skip(3).take(24);
        lines.map(|line| line.chars().take(usize::from(detail) - 8).collect::<String>()).collect::<Vec<_>>()
    };
    assert_eq!(left(&scrolled), left(&first), "the list stays where it is");
    assert_ne!(scrolled, first, "and the detail goes on");
    send(&mut model, Msg::Wheel(3, list, 12));
    assert_ne!(left(&text(&model)), left(&first), "over the list it moves the list");
}

#[test]
fn a_click_in_a_window_chooses_and_one_beside_it_closes_it() {
    let spot = |model: &Model, words: &str| {
        let shown = text(model);
        let found = shown.lines().enumerate().find_map(|(y, line)| Some((y, line, line.find(words)?)));
        let (y, line, at) = found.unwrap_or_else(|| panic!("no {words}\n{shown}"));
        (line[..at].chars().count() as u16, y as u16)
    };
    let click = |model: &mut Model, words: &str| {
        let (x, y) = spot(model, words);
        send(model, Msg::Click(x, y));
    };
    for size in [(60, 20), (100, 30), (200, 60)] {
        let mut model = model(many(), "<c-p>agents", size, THEME);
        press(&mut model, "<down>");
        click(&mut model, "screen   Agents");
        assert!(model.overlay.is_some(), "the first click moves there");
        click(&mut model, "screen   Agents");
        assert!(matches!(model.screen(), Screen::Agents(_)), "the second one goes\n{}", text(&model));
        press(&mut model, "y");
        click(&mut model, " j ");
        assert!(model.overlay.is_none(), "a choice is a key\n{}", text(&model));
        press(&mut model, "i");
        send(&mut model, Msg::Click(0, 0));
        assert!(model.overlay.is_none(), "beside it");
    }
}

#[test]
fn a_pop_over_stays_sensible_when_the_terminal_is_resized_under_it() {
    let mut model = model(many(), "3o", (80, 24), THEME);
    for (size, framed) in [((60, 20), false), ((120, 40), false), ((99, 30), true), ((40, 10), false)] {
        send(&mut model, Msg::Resize(size.0, size.1));
        let shown = text(&model);
        assert_eq!(shown.contains('┌'), framed, "{size:?}");
        assert!(shown.contains("req-00000001"), "{size:?}");
    }
    send(&mut model, Msg::Resize(80, 24));
    press(&mut model, "<esc>");
    assert!(matches!(model.screen(), Screen::Requests(_)));
    assert!(!text(&model).contains('┌'));
}

#[test]
fn a_pane_is_read_to_its_last_line() {
    for keys in ["<tab>G", &"J".repeat(200), "<tab>920j"] {
        let shown = at(&format!("4{keys}"), (120, 24));
        let title = shown.lines().find(|line| line.contains("before, during, after")).unwrap();
        let (_, numbers) = title.split_once("after").unwrap();
        let numbers: Vec<usize> = numbers.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        assert!(matches!(numbers[..], [first, last, all] if first > 1 && last == all), "{keys}: {title}");
    }
}

#[test]
fn tab_gives_a_pane_the_keys_and_escape_gives_them_back() {
    let mut model = model(many(), "7", (140, 40), THEME);
    press(&mut model, "<tab><tab>jjj<esc>");
    let Screen::Findings(state) = model.screen() else { panic!("escape left the screen") };
    assert_eq!(state.scroll.cursor, 0, "j moved in the pane");
    press(&mut model, "j");
    assert!(matches!(model.screen(), Screen::Findings(state) if state.scroll.cursor == 1));
}

#[test]
fn the_failure_under_the_cursor_is_explained_beside_the_queue() {
    let shown = text(&model(damaged(), "6", (140, 40), THEME));
    for words in ["the step", "claim", "proof path", "checkpoint"] {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
}

#[test]
fn an_answer_that_comes_late_is_of_another_record_and_not_shown() {
    let mut model = model(many(), "3", (200, 60), THEME);
    let look = |model: &mut Model, key: &str| {
        let asked = update(model, Msg::Key(Key::parse_all(key).unwrap()[0]));
        asked.into_iter().find_map(|command| match command {
            Command::Look { about } => Some(about),
            _ => None,
        })
    };
    let (first, second) = (look(&mut model, "j").unwrap(), look(&mut model, "j").unwrap());
    assert_ne!(first, second);
    assert!(text(&model).contains("reading…"));
    send(&mut model, Msg::Looked { about: first, found: Err(backtrail::work::WorkError::Cancelled) });
    assert!(text(&model).contains("reading…"), "it was about the record before");
}

#[test]
fn the_filters_of_any_list_are_switched_edited_moved_and_removed_one_by_one() {
    for (place, typed) in [("3", "node=gw-eu-1 -version=2.4.1"), ("7", "severity>=low -faulty")] {
        let mut model = model(many(), &format!("{place}f{typed}<enter>"), (120, 40), THEME);
        let narrowed = text(&model);
        assert!(narrowed.contains("(2 filters)"), "{place}");
        press(&mut model, "Fj <esc>");
        assert!(text(&model).contains("(1 filter)") && text(&model).contains("[paused "), "{place}: paused");
        press(&mut model, "F <esc>F <esc>u");
        press(&mut model, "FKjj J<esc>");
        press(&mut model, "Fdd<esc>");
        assert!(!text(&model).contains("filter)"), "{place}: all removed\n{}", text(&model));
        press(&mut model, "uu");
        assert!(text(&model).contains("filter)"), "{place}: and undone");
    }
}

#[test]
fn a_filter_of_a_list_is_edited_in_its_place() {
    let mut model = model(many(), "7fseverity>=low -faulty<enter>F<enter>", (120, 40), THEME);
    press(&mut model, &"<backspace>".repeat(3));
    press(&mut model, "high<enter><esc>");
    assert!(text(&model).contains("[severity>=high] [-faulty]"), "{}", text(&model));
    press(&mut model, "F<enter>");
    press(&mut model, &"<backspace>".repeat(20));
    press(&mut model, "nocolumn>=3<enter>");
    assert!(text(&model).contains("this filter"), "a mistake is told, and what was typed stays");
}

#[test]
fn a_payment_whose_state_changes_keeps_the_cursor() {
    let line = |n: u32, hour: u32, state: &str| {
        format!(
            r#"{{"kind":"payment","id":"pay-{n}","at":"2026-10-04T0{hour}:00:00Z","payer":"a","payee":"b","amount":"{n}00","asset":{{"symbol":"USDC","decimals":6,"chain_id":8453,"contract":"0x833589fcd6edb6e08f4c7c32d4f71b54bda02913"}},"state":"{state}"}}"#
        ) + "\n"
    };
    let case = journal(&(1..5).map(|n| line(n, n, "pending")).collect::<String>());
    let mut model = model(&case, "5j", (200, 60), THEME);
    let under_cursor = |model: &Model| {
        let shown = text(model);
        shown.lines().find(|line| line.starts_with('▌')).unwrap_or_default().to_owned()
    };
    assert!(under_cursor(&model).contains("pay-2"), "{}", text(&model));
    let path = case.journals.join("one.jsonl");
    let grown = std::fs::read_to_string(&path).unwrap() + &line(2, 9, "settled");
    std::fs::write(&path, grown).unwrap();
    let (paths, file) = (vec![case.journals.clone()], Some(case.case.clone()));
    perform(&mut model, vec![Command::Open { paths, case: file }]);
    let after = under_cursor(&model);
    assert!(after.contains("pay-2") && after.contains("settled"), "{after}\n{}", text(&model));
}
