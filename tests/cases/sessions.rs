//! What lasts beyond a key: notes undone and done again, edges of the window moved and put back, a search shown as it goes.

use super::{THEME, journal, many, model, opened, press};
use backtrail::model::Nanos;
use backtrail::store::Case as Store;
use backtrail::ui::headless::{perform, send, text};
use backtrail::ui::keys::Key;
use backtrail::ui::model::{Command, Model, Msg, Pace, Screen};
use backtrail::ui::update;
use backtrail::work::Cancel;
use backtrail::work::filter::Filter;
use backtrail::work::ingest::{Watcher, ingest};
use backtrail::work::select::{Partial, Selection};
use backtrail::work::session::Session;
use backtrail::work::study::{Choice, Study};
use std::io::Write;

fn deeds(model: &Model) -> Vec<&'static str> {
    model.notebook.lines.iter().map(|line| line.deed.name()).collect()
}

/// A record that conditions hide gives its place to another, which is then the cursor's; but where no record was left,
/// the one that had the cursor has it again.
#[test]
fn filters_that_left_nothing_give_the_cursor_back_when_they_are_switched_off() {
    let under = |model: &Model| {
        let shown = text(model);
        shown.lines().find(|line| line.starts_with('▌')).map(|line| line[..60.min(line.len())].to_owned())
    };
    for (keys, narrow) in [
        ("3010j", "fagent=nobody<enter>"),
        ("409j", "fverdict=nothing<enter>"),
        ("5090j", "fclass=nothing<enter>"),
        ("709j", "fseverity=nothing<enter>"),
    ] {
        let mut model = model(many(), keys, (120, 30), THEME);
        let before = under(&model);
        assert!(before.is_some(), "{keys}\n{}", text(&model));
        press(&mut model, narrow);
        assert_eq!(under(&model), None, "{keys}: no row is left\n{}", text(&model));
        press(&mut model, "\\");
        assert_eq!(under(&model), before, "{keys}: all are shown again\n{}", text(&model));
        press(&mut model, "\\\\");
        assert_eq!(under(&model), before, "{keys}: there and back");
    }
    // A hit is looked at in the midst of all the others: it is the cursor's then.
    let mut model = model(many(), "3fversion=2.4.1<enter>", (120, 30), THEME);
    let hit = under(&model);
    press(&mut model, "\\");
    assert_eq!(under(&model), hit);
}

/// Keys that a slow line delivers at once are answered in their order.
#[test]
fn enter_before_the_first_rows_opens_the_first_that_comes() {
    let mut model = opened(many(), "", (120, 30));
    let mut asked = Vec::new();
    for key in Key::parse_all("3<enter>").unwrap() {
        asked.extend(update(&mut model, Msg::Key(key)));
    }
    assert!(matches!(model.screen(), Screen::Requests(_)));
    perform(&mut model, asked);
    assert!(matches!(model.screen(), Screen::Request(_)), "{}", text(&model));
    press(&mut model, "<esc>");
    assert!(matches!(model.screen(), Screen::Requests(_)), "and once only");
}

/// Who moves on while a selection is made stays where they are.
#[test]
fn a_cursor_that_moved_while_requests_are_selected_stays() {
    let mut model = model(many(), "3", (120, 30), THEME);
    let sorting = Key::parse_all("s").unwrap().into_iter().flat_map(|key| update(&mut model, Msg::Key(key)));
    let sorting: Vec<Command> = sorting.collect();
    press(&mut model, "jjj");
    let under = |model: &Model| match model.screen() {
        Screen::Requests(state) => state.row(state.scroll.cursor),
        _ => None,
    };
    let there = under(&model);
    assert!(there.is_some());
    perform(&mut model, sorting);
    assert_eq!(under(&model), there);
    assert!(matches!(model.screen(), Screen::Requests(state) if state.scroll.cursor != 3), "it was sorted");
}

#[test]
fn a_number_is_seen_while_it_is_typed_and_escape_forgets_it() {
    let mut model = model(many(), "3", (80, 24), THEME);
    press(&mut model, "012");
    assert!(
        text(&model).contains(" 12  j k so many rows  g to that row  esc forgets it"),
        "{}",
        text(&model)
    );
    press(&mut model, "<esc>");
    assert!(
        matches!(model.screen(), Screen::Requests(state) if state.scroll.cursor == 0),
        "nothing was left"
    );
    press(&mut model, "j");
    assert!(
        matches!(model.screen(), Screen::Requests(state) if state.scroll.cursor == 1),
        "and it is forgotten"
    );
    press(&mut model, "012j");
    assert!(matches!(model.screen(), Screen::Requests(state) if state.scroll.cursor == 13));
}

#[test]
fn undoing_a_note_is_a_further_line_of_a_chain_that_holds() {
    let mut model = model(many(), "3mtlate<enter>", (80, 24), THEME);
    assert_eq!(model.notebook.notes().count(), 1);
    press(&mut model, "uu");
    assert_eq!(model.notebook.notes().count(), 0);
    press(&mut model, "<c-r><c-r>");
    let notes = model.notebook.notes().next().unwrap().1;
    assert!(notes.marked && notes.tags.contains("late"));
    assert_eq!(deeds(&model), ["mark", "tag", "undo", "undo", "redo", "redo"]);
    assert_eq!(model.notebook.broken, None);
}

#[test]
fn what_is_done_is_written_down() {
    let model = model(many(), "3fnode=gw-eu-1<enter>;select 1<enter>", (80, 24), THEME);
    assert_eq!(deeds(&model), ["filter", "query"]);
    assert_eq!(model.notebook.lines[0].text, "node=gw-eu-1");
}

#[test]
fn the_window_moves_with_its_edges_and_all_numbers_with_it() {
    let mut model = model(many(), "2", (120, 40), THEME);
    let late = |model: &Model| model.study.as_ref().unwrap().window.as_ref().unwrap().from().unwrap();
    let (before, pointing) = (late(&model), model.study.as_ref().unwrap().fold.clone());
    press(&mut model, "02l");
    press(&mut model, "b");
    let moved = late(&model);
    assert!(moved > before, "the window begins at the cursor");
    press(&mut model, "u");
    assert_eq!(late(&model), before, "and where it began, once that is undone");
    assert_eq!(model.study.as_ref().unwrap().fold, pointing);
    // The same with the mouse: take the edge, drag it four columns, let go.
    let edge = |model: &Model, at: Nanos| match model.screen() {
        Screen::Timeline(state) => 24 + state.axis.unwrap().bucket(at).unwrap() as u16,
        _ => 0,
    };
    let column = edge(&model, before);
    send(&mut model, Msg::Click(column, 10));
    for step in 1..=4 {
        send(&mut model, Msg::Drag(column + step, 10));
    }
    send(&mut model, Msg::Release);
    assert_eq!(edge(&model, late(&model)), column + 4);
    press(&mut model, "u");
    assert_eq!(late(&model), before, "one undo takes the whole movement back");
}

#[test]
fn hits_of_a_search_are_shown_as_they_come_and_stay_when_it_is_stopped() {
    let mut model = model(many(), "3", (80, 24), THEME);
    press(&mut model, "f\"gw-eu-1\"");
    let commands = update(&mut model, Msg::Key(Key::parse_all("<enter>").unwrap()[0]));
    let asked = commands.iter().find_map(|command| match command {
        Command::Select { question, .. } => Some(*question),
        _ => None,
    });
    let question = asked.unwrap();
    let study = model.study.clone().unwrap();
    let all = backtrail::work::select::select(&study, &Filter::default(), &Cancel::default()).unwrap();
    let selection = Selection { rows: all.rows[..5].into(), total: all.total };
    send(&mut model, Msg::Partly { question, partial: Partial { selection, searched: 90, of: 900 } });
    let shown = text(&model);
    assert!(shown.contains("showing 5 of 900") && shown.contains("only 10.0 % searched"), "{shown}");
    let stop = update(&mut model, Msg::Key(Key::parse_all("<esc>").unwrap()[0]));
    assert!(matches!(stop[..], [Command::StopSearch]));
    send(&mut model, Msg::Selected { question, selection: Err(backtrail::work::WorkError::Cancelled) });
    let shown = text(&model);
    assert!(shown.contains("showing 5 of 900") && shown.contains("stopped"), "{shown}");
    perform(&mut model, commands);
    assert!(!text(&model).contains("% searched"), "a whole answer says nothing of that");
}

#[test]
fn a_filter_that_reads_the_journals_waits_for_a_rest_and_is_given_up_with_its_window() {
    let typed = |list: &str, words: &str| {
        let mut model = model(many(), list, (80, 24), THEME);
        let keys = Key::parse_all(words).unwrap();
        let paces =
            keys.into_iter().flat_map(|key| update(&mut model, Msg::Key(key))).map(|command| match command {
                Command::Preview { pace, .. } | Command::PreviewRows { pace, .. } => pace,
                command => panic!("{command:?}"),
            });
        (paces.last().unwrap(), model)
    };
    // Requests by their columns; by what stands in the journals; payments by amounts; by ids, which stand there too.
    for (list, words, pace) in [
        ("3", "fversion=2", Pace::AtOnce),
        ("3", "fid=req-00000001", Pace::AtOnce),
        ("3", "fid~req", Pace::Rested),
        ("3", "fx", Pace::Rested),
        ("3", "fversion=2<space>-\"a<space>b\"", Pace::Rested),
        ("5", "famount>0.05", Pace::AtOnce),
        ("5", "fx", Pace::Rested),
    ] {
        let (last, mut model) = typed(list, words);
        assert_eq!(last, pace, "{list}{words}");
        let said = text(&model).contains("counted when you pause");
        assert_eq!(said, pace == Pace::Rested, "{list}{words}");
        let closed = update(&mut model, Msg::Key(Key::parse_all("<esc>").unwrap()[0]));
        assert!(matches!(closed[..], [Command::StopPreview]), "{list}{words}: {closed:?}");
        let (_, mut model) = typed(list, words);
        let applied = update(&mut model, Msg::Key(Key::parse_all("<enter>").unwrap()[0]));
        assert!(matches!(applied[0], Command::StopPreview), "{list}{words}: {applied:?}");
    }
}

#[test]
fn a_journal_that_grew_is_read_on_and_the_cursor_keeps_its_record() {
    let line = |n: u32| {
        format!(
            "{{\"kind\":\"inference\",\"id\":\"r{n}\",\"at\":\"2026-10-04T09:{n:02}:00Z\",\"node\":\"n\",\"agent\":\"a\",\"model\":\"m\",\"version\":\"1\"}}\n"
        )
    };
    let case = journal(&(20..40).map(line).collect::<String>());
    let mut model = model(&case, "37j", (80, 24), THEME);
    let under = |model: &Model| match model.screen() {
        Screen::Requests(state) => (state.under_cursor().unwrap().id.clone(), state.len()),
        _ => Default::default(),
    };
    press(&mut model, "3");
    press(&mut model, "05j");
    let (id, before) = under(&model);
    let mut file = std::fs::File::options().append(true).open(case.journals.join("one.jsonl")).unwrap();
    (0..10).for_each(|n| file.write_all(line(n).as_bytes()).unwrap());
    drop(file);
    let mut store = Store::create_or_open(&case.case).unwrap();
    let done = ingest(&mut store, std::slice::from_ref(&case.journals), &mut Watcher::none()).unwrap();
    assert_eq!(done.read, 1);
    assert_eq!(store.snapshot().unwrap().rows(), 30);
    send(&mut model, Msg::Grown(Ok(())));
    assert_eq!(model.notice, None);
    assert_eq!(under(&model), (id, before + 10), "earlier records came in above it");
}

#[test]
fn the_log_is_held_against_what_was_seen_of_it_only_when_it_is_read() {
    let told = |head: Option<String>| {
        let study = Study::choose(&many().case, &Choice::default(), &Cancel::default()).unwrap();
        let mut model = Model::new((120, 40), THEME);
        let reading = update(&mut model, Msg::Studied(Ok(study.into())));
        send(&mut model, Msg::Recalled(Some(Box::new(Session { head, ..Session::default() }))));
        assert!(!text(&model).contains("no longer holds"), "nobody knows the log yet");
        perform(&mut model, reading);
        text(&model).contains("no longer holds")
    };
    let (last, another) = (many_head(), "11".repeat(32));
    assert!(!told(Some(last)) && !told(None));
    assert!(told(Some(another)), "a line that is not there was cut out");
}

/// The last line of the log of the case, as a session keeps it.
fn many_head() -> String {
    model(many(), "", (80, 24), THEME).notebook.head.to_string()
}
