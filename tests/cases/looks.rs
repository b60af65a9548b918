//! What terminals are sent: only ASCII where asked for, no colour under `NO_COLOR`, little where little changed.

use super::matrix::ROWS;
use super::{many, model, opened};
use backtrail::ui::headless::{buffer, bytes, text};
use backtrail::ui::theme::{Charset, Colours, Theme};

#[test]
fn ascii_screens_hold_nothing_else() {
    let theme = Theme::new(Colours::Sixteen, Charset::Ascii);
    for row in ROWS {
        let (keys, mut model) = (row.keys, opened(many(), row.keys, (120, 40)));
        model.theme = theme;
        let shown = text(&model);
        let foreign: Vec<char> = shown.chars().filter(|c| !c.is_ascii()).collect();
        assert!(foreign.is_empty(), "{keys}: {foreign:?}\n{shown}");
    }
}

#[test]
fn our_own_words_are_whole_in_ascii() {
    let theme = Theme::new(Colours::Sixteen, Charset::Ascii);
    for keys in ["", "4", "5", "5<tab><tab>", "7j"] {
        let shown = text(&model(many(), keys, (120, 40), theme));
        // The last line hints at the key for help.
        let lost = shown.lines().take(39).find(|line| line.contains(" ? "));
        assert_eq!(lost, None, "{keys}");
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

/// The parameters of every SGR sequence in a stream: `ESC [ … m`.
fn sgr(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let sequences = text.split("\u{1b}[").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';')?;
        rest[end..].starts_with('m').then(|| rest[..end].to_owned())
    });
    sequences.collect()
}

fn colours(sgr: &[String]) -> Vec<&String> {
    let is_colour = |part: &str| matches!(part.parse(), Ok(30..=38u8 | 40..=48 | 90..=97 | 100..=107));
    sgr.iter().filter(|parts| parts.split(';').next().is_some_and(is_colour)).collect()
}

#[test]
fn under_no_color_a_terminal_is_sent_reverse_video_and_never_a_colour() {
    let mono = Theme::new(Colours::Mono, Charset::Unicode);
    for keys in
        ["", "2", "3jj", "3<enter>", "6", "7j", "8", "3S", "3xjX", ";select 1<enter>", "?", "<c-p>", "3f"]
    {
        let sent = sgr(&bytes(&model(many(), keys, (120, 40), mono), None));
        assert!(
            sent.iter().any(|parts| parts == "7"),
            "{keys}: the selection or the tab is reversed: {sent:?}"
        );
        assert!(colours(&sent).is_empty(), "{keys}: {:?}", colours(&sent));
    }
    let dark = Theme::new(Colours::Dark, Charset::Unicode);
    let sent = sgr(&bytes(&model(many(), "3jj", (120, 40), dark), None));
    assert!(!colours(&sent).is_empty(), "the same is coloured elsewhere, so the test can fail");
}

#[test]
fn a_step_of_the_cursor_sends_little_more_than_what_changed() {
    let theme = Theme::new(Colours::Sixteen, Charset::Unicode);
    let before = model(many(), "3", (200, 60), theme);
    let whole = bytes(&before, None).len();
    let step = bytes(&model(many(), "3j", (200, 60), theme), Some(&before)).len();
    assert!(step * 8 < whole, "a step sends {step} bytes, a whole frame {whole}");
    assert!(step > 50, "and something did change");
}

#[test]
fn the_axis_of_a_timeline_tells_a_time_at_every_width() {
    for width in (60..=200).step_by(7) {
        let shown = text(&opened(many(), "2", (width, 24)));
        let is_axis = |line: &str| line.starts_with("      ") && line.trim_start().starts_with("10-0");
        assert!(shown.lines().any(is_axis), "{width} columns\n{shown}");
    }
}
