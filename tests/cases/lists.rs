//! Lists are put in order by workers: late answers change nothing, Esc stops, the cursor keeps its record, and what was
//! made of a list is there again when the case is opened again.

use super::{THEME, many, model};
use backtrail::ui::headless::{perform, send, session, text};
use backtrail::ui::keys::Key;
use backtrail::ui::model::{Command, Model, Msg};
use backtrail::ui::update;
use backtrail::work::study::Study;
use backtrail::work::{Cancel, WorkError};

fn asked(model: &mut Model, keys: &str) -> Vec<Command> {
    Key::parse_all(keys).unwrap().into_iter().flat_map(|key| update(model, Msg::Key(key))).collect()
}

fn press(model: &mut Model, keys: &str) {
    Key::parse_all(keys).unwrap().into_iter().for_each(|key| send(model, Msg::Key(key)));
}

/// The screen without its last line, which tells what was done.
fn shown(model: &Model) -> String {
    let shown = text(model);
    shown.lines().take(usize::from(model.size.1) - 1).collect::<Vec<_>>().join("\n")
}

fn at(keys: &str) -> Model {
    model(many(), keys, (120, 40), THEME)
}

#[test]
fn an_order_that_comes_late_changes_nothing_that_was_asked_since() {
    for place in ["4", "5ll", "7"] {
        let mut model = at(place);
        let (first, second) = (asked(&mut model, "s"), asked(&mut model, "s"));
        perform(&mut model, second);
        let settled = shown(&model);
        assert_eq!(settled, shown(&at(&format!("{place}ss"))), "{place}");
        perform(&mut model, first);
        assert_eq!(shown(&model), settled, "{place}: the older answer is dropped");
    }
}

#[test]
fn escape_stops_an_order_and_leaves_rows_and_conditions_as_they_were() {
    for keys in ["s", "fa -b<enter>", "="] {
        let mut model = at("5jjj");
        let before = shown(&model);
        let commands = asked(&mut model, keys);
        let question = commands.iter().find_map(|command| match command {
            Command::Arrange { question, .. } => Some(*question),
            _ => None,
        });
        assert!(shown(&model).contains("ordering; esc stops"), "{keys}");
        assert!(matches!(asked(&mut model, "<esc>")[..], [Command::StopSearch]), "{keys}");
        send(&mut model, Msg::Arranged { question: question.unwrap(), answer: Err(WorkError::Cancelled) });
        assert_eq!(shown(&model), before, "{keys}");
        if keys != "s" {
            press(&mut model, "<c-r>");
            assert!(shown(&model).contains("(1 filter)") || shown(&model).contains("(2 filters)"), "{keys}");
            press(&mut model, "u");
            assert_eq!(shown(&model), before, "{keys} undone");
        }
    }
}

#[test]
fn the_cursor_keeps_its_record_when_the_case_is_studied_anew() {
    for keys in ["5llsfstate=settled<enter>jjjj", "4lllsjjj", "7fa<enter>jj", "5jjjjj", "5<tab>lllsjj"] {
        let mut model = at(keys);
        let before = shown(&model);
        send(&mut model, Msg::Grown(Ok(())));
        assert_eq!(shown(&model), before, "{keys}");
        press(&mut model, "3");
        send(&mut model, Msg::Grown(Ok(())));
        press(&mut model, "<esc>");
        assert_eq!(shown(&model), before, "{keys}, with another screen over it");
    }
}

#[test]
fn rows_of_a_list_made_anew_are_not_shown_before_they_are_narrowed() {
    let mut model = at("7fseverity=critical<enter>");
    let commands = update(&mut model, Msg::Grown(Ok(())));
    // The study is made anew, and what it asks for is left undone.
    let mut later = Vec::new();
    for command in commands {
        let Command::Reopen { choice } = command else { panic!("{command:?}") };
        let study = Study::choose(&many().case, &choice, &Cancel::default()).unwrap();
        later = update(&mut model, Msg::Studied(Ok(study.into())));
    }
    let waiting = shown(&model);
    assert!(waiting.contains("putting the rows in order") && !waiting.contains("medium"), "{waiting}");
    perform(&mut model, later);
    assert_eq!(shown(&model), shown(&at("7fseverity=critical<enter>")));
}

#[test]
fn a_list_whose_rows_are_still_computed_is_sorted_when_they_are_there() {
    let mut model = at("");
    let computing = asked(&mut model, "5lls");
    assert!(shown(&model).contains("adding up") || shown(&model).contains("ordering"), "{}", shown(&model));
    perform(&mut model, computing);
    // No record had the cursor yet: it is on the first.
    assert_eq!(shown(&model), shown(&at("5llsg")));
}

#[test]
fn a_name_that_is_not_matched_yet_is_waited_for() {
    let mut model = at("1");
    let commands = asked(&mut model, "<c-p>gw-eu-1<enter>");
    assert!(shown(&model).contains("matching names"), "nothing else is chosen instead");
    perform(&mut model, commands);
    assert!(shown(&model).contains("[node=gw-eu-1]"), "{}", shown(&model));
}

#[test]
fn what_was_made_of_every_list_is_there_when_the_case_is_opened_again() {
    let made =
        "3llss4lllss=5llsfstate=settled<enter>\\<tab>s8<tab>fmark<enter>7fseverity>=low -faulty<enter>sj";
    let left = at(&format!("{made}5"));
    let remembered = session(&left).unwrap();
    let mut taken_up = at("");
    send(&mut taken_up, Msg::Recalled(Some(Box::new(remembered.clone()))));
    let (mut before, mut after) = (left, taken_up);
    for keys in ["", "<tab><tab>", "4", "7", "3"] {
        press(&mut before, keys);
        press(&mut after, keys);
        if keys == "<tab><tab>" {
            // Of lists that take turns the one that was shown keeps its cursor.
            press(&mut before, "g");
            press(&mut after, "g");
        }
        let first = |model: &Model| shown(model).lines().skip(1).collect::<Vec<_>>().join("\n");
        assert_eq!(first(&after), first(&before), "{keys}");
    }
    // Lists that were never opened again are kept all the same.
    let mut once_more = at("");
    send(&mut once_more, Msg::Recalled(Some(Box::new(remembered.clone()))));
    assert_eq!(session(&once_more).unwrap().lists, remembered.lists);
}
