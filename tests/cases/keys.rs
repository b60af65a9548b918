//! Random keys, mouse, pastes and sizes on random cases, with answers that come late: no panic, a cursor that keeps its
//! record, nothing raw, and never more work between two frames than a frame is.

use super::{Case, THEME, damaged, empty, few, hostile, journal, long_names, many, model, one, wide_names};
use backtrail::ui::actions::{ACTIONS, Action, Entry};
use backtrail::ui::headless::{buffer, perform, text};
use backtrail::ui::keys::Key;
use backtrail::ui::model::{Change, Command, Model, Msg, Screen};
use backtrail::ui::update;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::LazyLock;

/// Something that happens to the explorer.
#[derive(Clone, Debug)]
enum Event {
    Key(String),
    Resize(u16, u16),
    Wheel(isize, u16, u16),
    Click(u16, u16),
    Drag(u16, u16),
    Release,
    Paste(&'static str),
    /// Journals grew: the case is studied anew.
    Grown,
}

/// What is pasted: words, a filter, and what would move a terminal.
const PASTED: [&str; 4] =
    ["trader", "version=2.4.1 -node~eu", "\u{1b}[2J\u{202e}\r\n\t", "漢字 e\u{301} 👩\u{200d}👧"];

/// What changes the order or the number of rows, or how they are shown, and must leave the cursor on its record.
const KEEPING: [&str; 9] = ["s", "\\", "=", "-", "u", "<c-r>", "<f3>", "T", "o"];

fn events() -> impl Strategy<Value = Vec<Event>> {
    // Every key there is, but those that end the program, verify, or make a demo.
    let away = [Action::Quit, Action::Verify, Action::Demo];
    let actions = ACTIONS.iter().filter(|entry| !away.contains(&entry.action));
    let mut all: Vec<String> = actions.flat_map(Entry::presses).map(|key| key.to_string()).collect();
    all.extend("<enter> <enter> <esc> <esc> 5 9 a b ~ \" é <space> J K i".split(' ').map(str::to_owned));
    let event = prop_oneof![
        112 => prop::sample::select(all).prop_map(Event::Key),
        4 => (1u16..210, 1u16..61).prop_map(|(width, height)| Event::Resize(width, height)),
        4 => (-9isize..9, 0u16..210, 0u16..61).prop_map(|(lines, x, y)| Event::Wheel(lines, x, y)),
        4 => (0u16..210, 0u16..61).prop_map(|(x, y)| Event::Click(x, y)),
        4 => (0u16..210, 0u16..61).prop_map(|(x, y)| Event::Drag(x, y)),
        4 => Just(Event::Release),
        4 => prop::sample::select(PASTED.to_vec()).prop_map(Event::Paste),
        1 => Just(Event::Grown),
    ];
    prop::collection::vec(event, 320)
}

/// Every kind of case, each with a file of its own: what random keys write and verify is not for other tests.
static OWN: [LazyLock<Case>; 7] = [
    LazyLock::new(|| many().copied()),
    LazyLock::new(|| empty().copied()),
    LazyLock::new(|| one().copied()),
    LazyLock::new(|| hostile().copied()),
    LazyLock::new(|| long_names().copied()),
    LazyLock::new(|| wide_names().copied()),
    LazyLock::new(|| damaged().copied()),
];

/// The same keys in every run, so that a change is judged by what it changed; `PROPTEST_RNG_SEED=$RANDOM` presses others.
fn config() -> ProptestConfig {
    let own = ProptestConfig::default();
    let rng_seed = match own.rng_seed {
        RngSeed::Random => RngSeed::Fixed(20_261_004),
        given => given,
    };
    ProptestConfig { cases: 40, max_shrink_iters: 200, rng_seed, ..own }
}

proptest! {
    #![proptest_config(config())]

    /// 40 × 320 events, more than 10,000 of them keys, on every kind of case and on random ones.
    #[test]
    fn no_key_breaks_a_screen(events in events(), which in 0usize..9, seed: u64, late in prop::collection::vec(0usize..4, 64)) {
        let made;
        let case = if let Some(case) = OWN.get(which) {
            case
        } else {
            made = random(seed);
            &made
        };
        let mut model = model(case, "", (100, 30), THEME);
        // What was asked and is not answered yet: answers come after none to three further events.
        let mut asked: VecDeque<Vec<Command>> = VecDeque::new();
        for (n, event) in events.into_iter().enumerate() {
            let told = format!("{event:?} on {}", model.screen().title());
            let (commands, made) = counted(&mut model, message(event));
            prop_assert!(made < MOST, "{told} takes {made} allocations and a frame");
            asked.push_back(commands);
            while asked.len() > late[n % late.len()] {
                follow(&mut model, asked.pop_front().unwrap_or_default());
            }
            if n.is_multiple_of(4) {
                asked.drain(..).for_each(|commands| follow(&mut model, commands));
                let shown = text(&model);
                let raw = shown.chars().find(|c| (c.is_control() && *c != '\n') || ('\u{202a}'..='\u{202e}').contains(c));
                prop_assert_eq!(raw, None, "raw control on screen");
                is_in_its_list(&shown)?;
            }
            if n.is_multiple_of(16) {
                keeps_its_record(&mut model, n / 16)?;
            }
        }
    }
}

fn message(event: Event) -> Msg {
    match event {
        Event::Key(key) => Msg::Key(Key::parse_all(&key).unwrap()[0]),
        Event::Resize(width, height) => Msg::Resize(width, height),
        Event::Wheel(lines, x, y) => Msg::Wheel(lines, x, y),
        Event::Click(x, y) => Msg::Click(x, y),
        Event::Drag(x, y) => Msg::Drag(x, y),
        Event::Release => Msg::Release,
        Event::Paste(text) => Msg::Paste(text.to_owned()),
        Event::Grown => Msg::Grown(Ok(())),
    }
}

/// The record under the cursor, whatever its row, keeps it: when the size changes, when the case is studied anew, and
/// when keys sort, narrow, widen or recolour the list, as long as it is among what is left.
fn keeps_its_record(model: &mut Model, turn: usize) -> Result<(), TestCaseError> {
    let keys = KEEPING[turn % KEEPING.len()];
    let taken_back = matches!(keys, "u" | "<c-r>");
    // These would be typed into a text; choose another window, which ranks agents anew; or take back a note of the list.
    let other = |change: Option<&Change>| {
        matches!(change, Some(Change::Choice(_)))
            || matches!(model.screen(), Screen::Notes(_)) && matches!(change, Some(Change::Note(_)))
    };
    let is_typed = model.overlay.is_some() || is_console(model);
    let skipped = is_typed || taken_back && (other(model.undo.last()) || other(model.redo.last()));
    let (width, height) = (turn as u16 * 37 % 190 + 20, turn as u16 * 11 % 50 + 8);
    let mut events = vec![("another size", vec![Msg::Resize(width, height)])];
    // Rarely: a study takes as long as fifty keys.
    if turn.is_multiple_of(5) {
        events.push(("a new study", vec![Msg::Grown(Ok(()))]));
    }
    if !skipped {
        let keys_of = Key::parse_all(keys).unwrap().into_iter().map(Msg::Key).collect();
        events.push((keys, keys_of));
    }
    for (what, msgs) in events {
        let Some((list, record)) = under_cursor(model) else { return Ok(()) };
        for msg in msgs {
            let commands = update(model, msg);
            follow(model, commands);
        }
        if let Some((now, under)) = under_cursor(model).filter(|(now, _)| *now == list) {
            prop_assert!(
                !has(model, record) || under == record,
                "{what} takes the cursor of {now} from {record} to {under}"
            );
        }
    }
    Ok(())
}

fn is_console(model: &Model) -> bool {
    matches!(model.screen(), Screen::Console(_))
}

/// What is common to the screens that are lists, each with a type of its own.
macro_rules! of_list {
    ($model:expr, $state:ident => $of:expr, $requests:ident => $of_requests:expr) => {
        match $model.screen() {
            Screen::Requests($requests) => $of_requests,
            Screen::Agents($state) => $of,
            Screen::Findings($state) => $of,
            Screen::Proofs($state) => $of,
            Screen::Settlements($state) => $of,
            Screen::Notes($state) => $of,
            Screen::Stack($state) => $of,
            Screen::Console($state) => $of,
            _ => None,
        }
    };
}

/// The list that is shown, and which of its rows, as they came, is under the cursor.
fn under_cursor(model: &Model) -> Option<(String, usize)> {
    let pane = match model.screen() {
        // Totals are read, not chosen from: another width wraps them otherwise.
        Screen::Settlements(state) if state.place() == 2 => return None,
        Screen::Settlements(state) => state.place(),
        Screen::Notes(state) => state.place(),
        _ => 0,
    };
    let row = of_list!(model,
        state => Some(state.arranged.row(state.scroll.cursor)),
        state => state.row(state.scroll.cursor).map(|row| row.0 as usize)
    );
    Some((format!("{} {pane}", model.screen().title()), row.filter(|row| *row != usize::MAX)?))
}

/// Whether a row is among what is left of the list.
fn has(model: &Model, row: usize) -> bool {
    let found = of_list!(model,
        state => Some(state.arranged.row(state.arranged.place(row)) == row),
        state => state.selection.as_ref().map(|selection| selection.rows.iter().any(|other| other.0 as usize == row))
    );
    found == Some(true)
}

/// `row 12, showing 30 of 45`: the cursor stands on a row that is shown, and no more are shown than there are.
fn is_in_its_list(shown: &str) -> Result<(), TestCaseError> {
    for line in shown.lines().filter(|line| line.contains("showing ")) {
        let number = |after: &str| -> Option<u64> {
            let (_, rest) = line.rsplit_once(after)?;
            let digits = rest.split(|c: char| !c.is_ascii_digit() && c != ',').next()?;
            digits.replace(',', "").parse().ok()
        };
        if let (Some(row), Some(shown), Some(all)) = (number("row "), number("showing "), number(" of ")) {
            prop_assert!(1 <= row && row <= shown && shown <= all, "{line}");
        }
    }
    Ok(())
}

/// What a key and its frame may allocate on the thread that answers keys. It is what a frame of text takes, several times
/// over; reading records or the journals for a key takes far more.
const MOST: u64 = 60_000;

/// Takes a message in and draws, as the terminal's thread does between two frames; what workers do is not among it.
fn counted(model: &mut Model, msg: Msg) -> (Vec<Command>, u64) {
    let mut commands = Vec::new();
    let made = allocation_counter::measure(|| {
        commands = update(model, msg);
        std::hint::black_box(buffer(model));
    });
    (commands, made.count_total)
}

/// Does what a key asked for, but writes no file: for keys that nobody chose.
fn follow(model: &mut Model, mut commands: Vec<Command>) {
    commands.retain(|command| !matches!(command, Command::Write { .. }));
    perform(model, commands);
}

/// A key costs what is on screen, not what is in the case: ten times the requests, the same work between two frames.
#[test]
fn a_key_costs_no_more_on_ten_times_the_requests() {
    let dearest = |case: &Case| {
        let mut model = model(case, "3", (120, 40), THEME);
        let keys = concat!(
            "jjjGk<c-u>ggGlhs<esc>fversion=2.4.1<enter>G\\\\/eu1<enter>nnNxjjX<esc>5xjjXj<esc>lh4jGlhx<esc>2zz}}h<esc>1jj3",
            // The same on every other list: sort, count, narrow, find, only, not, pause, undo, write.
            "4lsjsS<esc>fverdict~change<enter>=-\\\\uuu/tr<enter>nNGW<esc>",
            "5llsjsS<esc>famount>0.05 clear<enter>=-\\\\uuu/pay<enter>nNGW<esc>",
            "7sjsS<esc>fseverity>=medium<enter>=-\\\\uuu/late<enter>nNGW<esc>",
            "8<tab>sS<esc>ffilter<enter>u/x<enter>6sS<esc><c-p>trea<esc>/gw<esc>",
        );
        let keys = Key::parse_all(keys).unwrap();
        let costs = keys.into_iter().map(|key| {
            let (commands, made) = counted(&mut model, Msg::Key(key));
            follow(&mut model, commands);
            (made, key)
        });
        costs.max_by_key(|(made, _)| *made).unwrap()
    };
    let ((small, one), (large, other)) = (dearest(few()), dearest(many()));
    assert!(
        large < 2 * small,
        "{one} takes {small} allocations; on ten times the requests {other} takes {large}"
    );
}

/// A journal of random records, whole and broken, from a few names: the same seed, the same bytes.
fn random(seed: u64) -> Case {
    let mut state = seed | 1;
    let mut dice = |below: u64| {
        // Xorshift: not for secrets, the same everywhere.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let kinds =
        ["inference", "inference", "inference", "deployment", "incident", "release", "action", "payment"];
    let states = ["active", "rolled-back", "declared", "mitigated", "resolved", "ok", "\u{1b}[31m"];
    let mut lines = String::new();
    for n in 0..dice(60) {
        let kind = kinds[dice(8) as usize];
        let state = serde_json::to_string(states[dice(7) as usize]).unwrap();
        let (id, node, agent, version) = (dice(n + 2), dice(3), dice(4), dice(3));
        let at = format!("2026-10-0{}T{:02}:{:02}:00Z", dice(9) + 1, dice(26), dice(60));
        let end = if dice(9) == 0 { "" } else { "}" };
        writeln!(lines, "{{\"kind\":\"{kind}\",\"id\":\"r{id}\",\"at\":\"{at}\",\"node\":\"n{node}\",\"agent\":\"a{agent}\",\"model\":\"m\",\"version\":\"{version}\",\"state\":{state},\"status\":{state}{end}").unwrap();
    }
    journal(&lines)
}
