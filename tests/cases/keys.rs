//! Random keys on random cases: no panic, no lost cursor, a frame after each.

use super::{Case, THEME, empty, few, hostile, journal, long_names, many, model, one, wide_names};
use backtrail::ui::actions::{ACTIONS, Action, Entry};
use backtrail::ui::headless::{buffer, perform, send, text};
use backtrail::ui::keys::Key;
use backtrail::ui::model::{Command, Model, Msg, Screen};
use backtrail::ui::update;
use proptest::prelude::*;
use std::fmt::Write;

fn keys() -> impl Strategy<Value = Vec<String>> {
    // Every key there is, but those that end the program, verify, or make a demo.
    let away = [Action::Quit, Action::Verify, Action::Demo];
    let actions = ACTIONS.iter().filter(|entry| !away.contains(&entry.action));
    let mut all: Vec<String> = actions.flat_map(Entry::presses).map(|key| key.to_string()).collect();
    all.extend("<enter> <enter> <esc> <esc> 5 9 a b ~ \" é <space> J K i".split(' ').map(str::to_owned));
    prop::collection::vec(prop::sample::select(all), 250)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 200, ..ProptestConfig::default() })]

    /// 40 × 250 random keys on every kind of case and on random ones: no panic, no lost cursor, nothing raw on screen.
    #[test]
    fn no_key_breaks_a_screen(keys in keys(), which in 0usize..8, seed: u64, sizes in prop::collection::vec((1u16..210, 1u16..61), 6)) {
        let made;
        let case = match which {
            0 => many(),
            1 => empty(),
            2 => one(),
            3 => hostile(),
            4 => long_names(),
            5 => wide_names(),
            _ => {
                made = random(seed);
                &made
            }
        };
        let mut model = model(case, "", sizes[0], THEME);
        for (n, key) in keys.iter().enumerate() {
            let key = Key::parse_all(key).unwrap()[0];
            let (commands, made) = counted(&mut model, key);
            prop_assert!(made < MOST, "{key} takes {made} allocations and a frame on {}", model.screen().title());
            follow(&mut model, commands);
            if n % 45 == 0 {
                let (width, height) = sizes[n / 45];
                send(&mut model, Msg::Resize(width, height));
            }
            prop_assert!(has_its_cursor(&model), "the cursor is lost after {n} keys");
            if n % 5 == 0 {
                let shown = text(&model);
                let raw = shown.chars().find(|c| (c.is_control() && *c != '\n') || ('\u{202a}'..='\u{202e}').contains(c));
                prop_assert_eq!(raw, None, "raw control on screen");
            }
        }
    }
}

/// What a key and its frame may allocate on the thread that answers keys. It is what a frame of text takes, several times
/// over; reading records or the journals for a key takes far more.
const MOST: u64 = 60_000;

/// Takes a key in and draws, as the terminal's thread does between two frames; what workers do is not among it.
fn counted(model: &mut Model, key: Key) -> (Vec<Command>, u64) {
    let mut commands = Vec::new();
    let made = allocation_counter::measure(|| {
        commands = update(model, Msg::Key(key));
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
            let (commands, made) = counted(&mut model, key);
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

/// The cursor of a list stands on something, or there is nothing to stand on.
fn has_its_cursor(model: &Model) -> bool {
    let stands = |cursor: usize, len: usize| cursor < len || len == 0;
    match model.screen() {
        Screen::Requests(state) => state.len() == 0 || state.row(state.scroll.cursor).is_some(),
        Screen::Findings(state) => {
            let all = model.study.as_ref().map_or(0, |study| study.findings.len());
            stands(state.scroll.cursor, state.arranged.len(all))
        }
        Screen::Console(state) => {
            let all = state.answer.as_ref().map_or(0, |answer| answer.rows.len());
            stands(state.scroll.cursor, state.arranged.len(all))
        }
        Screen::Timeline(state) => {
            stands(state.scroll.cursor, state.timeline.as_ref().map_or(0, |timeline| timeline.lanes.len()))
        }
        _ => true,
    }
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
