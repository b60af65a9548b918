//! The selection is seen in every list, in every theme, by what a terminal is sent; and colour never tells a state alone.

use super::matrix::ROWS;
use super::{Case, damaged, many, opened};
use backtrail::ui::headless::{buffer, bytes, send, text};
use backtrail::ui::model::{Model, Msg, Screen};
use backtrail::ui::theme::{Charset, Colours, Theme};
use backtrail::work::open::Recent;
use ratatui::style::Color;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU16;

type Opened = fn() -> &'static Case;

/// Every list there is, with its cursor not on the first row.
const LISTS: [(&str, Opened, &str); 20] = [
    ("overview", many, "j"),
    ("requests", many, "3jj"),
    ("agents", many, "4j"),
    ("payments", many, "5j"),
    ("on chain", many, "5<tab>j"),
    ("proofs", damaged, "6j"),
    ("findings", many, "7j"),
    ("notes", many, "3mjm8j"),
    ("log", many, "3mjm8<tab>j"),
    ("views", many, "3fversion=2<enter>Fsa<enter>Fsb<enter>8<tab><tab>j"),
    ("counts", many, "3Sj"),
    ("comparison", many, "3xjXj"),
    ("query", many, ";select id from requests<enter>j"),
    ("proof path", many, "3<enter>j"),
    ("record", many, "3<enter><tab><tab>j"),
    ("causes", many, "3<enter><tab><tab><tab>j"),
    ("pairs", many, "3fpair=differs<enter><enter><s-tab>"),
    ("palette", many, "<c-p><down>"),
    ("filters", many, "3fversion=2 node~a<enter>F<down>"),
    ("incidents", many, "ij"),
];

fn themes() -> Vec<(String, Theme)> {
    let charsets = [(Charset::Unicode, "unicode"), (Charset::Ascii, "ascii")];
    let named = |(colours, name): (Colours, &str)| {
        charsets.map(|(charset, glyphs)| (format!("{name} {glyphs}"), Theme::new(colours, charset)))
    };
    Colours::ALL.into_iter().flat_map(named).collect()
}

/// The screen as a terminal shows what it is sent.
fn received(model: &Model) -> vt100::Parser {
    let (width, height) = model.size;
    let cells = |n: u16| NonZeroU16::new(n).unwrap();
    let mut terminal = vt100::Parser::new(cells(height), cells(width), 0);
    terminal.process(&bytes(model, None));
    terminal
}

/// Rows of the screen below its head of which so many cells in a row are in reverse video.
fn reversed(terminal: &vt100::Parser, (width, height): (u16, u16), least: usize) -> Vec<String> {
    let mut found = Vec::new();
    for row in 3..height {
        let cells = (0..width).map(|column| terminal.screen().cell(row, column));
        let inverse: Vec<bool> = cells.map(|cell| cell.is_some_and(vt100::Cell::inverse)).collect();
        let longest = inverse.split(|inverse| !inverse).map(<[bool]>::len).max().unwrap_or(0);
        if longest >= least {
            found.push(terminal.screen().contents_between(row, 0, row, width));
        }
    }
    found
}

#[test]
fn the_selection_is_seen_in_every_list_in_every_theme() {
    for (name, case, keys) in LISTS {
        let mut model = opened(case(), keys, (120, 40));
        for (theme_name, theme) in themes() {
            model.theme = theme;
            let terminal = received(&model);
            let mut rows = reversed(&terminal, model.size, 30);
            if model.overlay.is_some() {
                // The list below keeps its own selection; keys go to the one in the window.
                let border = if theme.is_ascii() { "|" } else { "│" };
                rows.retain(|row| row.contains(&format!("{border}{}", theme.glyphs.selected)));
            }
            let told = || format!("{name} in {theme_name}: {rows:#?}\n{}", text(&model));
            assert_eq!(rows.len(), 1, "one row is the selected one: {}", told());
            assert!(rows[0].contains(theme.glyphs.selected), "and it is marked: {}", told());
        }
    }
}

#[test]
fn the_selection_is_seen_on_the_start_screen_and_the_lane_on_the_timeline() {
    for (theme_name, theme) in themes() {
        let mut start = Model::new((120, 40), theme);
        if let Some(Screen::Start(state)) = start.screens.first_mut() {
            state.recent = vec![Recent {
                name: "a.case".to_owned(),
                path: "a.case".into(),
                modified: Default::default(),
            }];
        }
        assert_eq!(reversed(&received(&start), start.size, 20).len(), 1, "{theme_name}");
        let mut timeline = opened(many(), "2j", (120, 40));
        timeline.theme = theme;
        let lanes = text(&timeline).lines().filter(|line| line.starts_with(theme.glyphs.selected)).count();
        assert_eq!(lanes, 1, "{theme_name}");
        // The moment under the cursor is a column of all lanes.
        let columns = reversed(&received(&timeline), timeline.size, 1).len();
        assert!(columns > 10, "{theme_name}: {columns}");
    }
}

/// What a colour says of a state, in the dark theme, whose colours stand for nothing else.
fn meaning(colour: Color) -> Option<&'static str> {
    match colour {
        Color::Indexed(75) => Some("good"),
        Color::Indexed(179) => Some("warning"),
        Color::Indexed(203) => Some("bad"),
        _ => None,
    }
}

/// The pieces of a screen that are coloured by a state, and the colours each piece has.
fn pieces(model: &Model, found: &mut BTreeMap<String, BTreeSet<&'static str>>) {
    let buffer = buffer(model);
    for row in buffer.content.chunks(usize::from(buffer.area.width)) {
        for cells in row.chunk_by(|a, b| meaning(a.fg) == meaning(b.fg)) {
            let Some(meaning) = meaning(cells[0].fg) else { continue };
            let piece: String = cells.iter().map(ratatui::buffer::Cell::symbol).collect();
            // A glyph of a state is never left without its word in the same row.
            if ["✔", "✘", "⧗", "≈", "±", "○", "»"].contains(&piece.trim()) {
                let line: String = row.iter().map(ratatui::buffer::Cell::symbol).collect();
                let word = line
                    .split_once(piece.trim())
                    .and_then(|(_, rest)| rest.chars().find(|c| c.is_alphabetic()));
                assert!(word.is_some(), "{line}");
            }
            found.entry(piece.trim().to_owned()).or_default().insert(meaning);
        }
    }
}

/// The same glyph or word never stands for two states that only its colour tells apart. Numbers and bars are told by the
/// labels beside them.
#[test]
fn no_state_is_told_by_colour_alone() {
    let dark = Theme::new(Colours::Dark, Charset::Unicode);
    let mut found = BTreeMap::new();
    for case in [many(), damaged()] {
        for row in ROWS {
            let mut model = opened(case, row.keys, (120, 40));
            model.theme = dark;
            pieces(&model, &mut found);
            send(&mut model, Msg::Resize(80, 24));
            pieces(&model, &mut found);
        }
    }
    assert!(found.len() > 50, "many pieces are coloured: {}", found.len());
    let alone: Vec<_> = found
        .iter()
        .filter(|(_, meanings)| meanings.len() > 1)
        .filter(|(piece, _)| !piece.chars().all(|c| "▁▂▃▄▅▆▇█ ".contains(c)))
        .filter(|(piece, _)| !piece.chars().any(|c| c.is_ascii_digit()))
        .collect();
    assert!(alone.is_empty(), "{alone:#?}");
}

/// A theme changes how a screen looks, never what it says.
#[test]
fn all_colours_say_the_same() {
    for row in ROWS {
        let mut model = opened(many(), row.keys, (100, 30));
        let said = text(&model);
        for (colours, name) in Colours::ALL {
            model.theme = Theme::new(colours, Charset::Unicode);
            assert_eq!(text(&model), said, "{} in {name}", row.name);
        }
    }
}
