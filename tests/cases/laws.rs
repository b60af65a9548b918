//! What holds of every cell of the matrix at every size: nothing raw, nothing too wide, nothing cut without a sign, no empty
//! pane without a word, and the incident's window and the completeness in sight.

use super::loading::{counting, reading, waiting};
use super::matrix::ROWS;
use super::{Case, damaged, empty, faults, hostile, long_names, many, one, opened, press, wide_names};
use backtrail::model::time::Zone;
use backtrail::ui::headless::{send, text};
use backtrail::ui::model::{Model, Msg};
use std::collections::BTreeSet;
use std::sync::OnceLock;
use unicode_width::UnicodeWidthStr;

/// From too small for anything, over every border between layouts, to larger than any terminal.
const SIZES: [(u16, u16); 14] = [
    (1, 1),
    (20, 5),
    (39, 9),
    (40, 10),
    (55, 24),
    (60, 20),
    (79, 24),
    (80, 24),
    (99, 30),
    (100, 30),
    (139, 40),
    (140, 40),
    (200, 60),
    (1000, 300),
];

/// Below this there is a message only.
const SMALLEST: (u16, u16) = (40, 10);

fn is_raw(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

/// The laws of one screen as it is shown.
fn hold(model: &Model, what: &str) {
    let (width, height) = model.size;
    let shown = text(model);
    let lines: Vec<&str> = shown.lines().collect();
    let told = || format!("{what} at {width}x{height}\n{shown}");
    assert_eq!(lines.len(), usize::from(height), "{}", told());
    for line in &lines {
        assert!(line.width() <= usize::from(width), "too wide: {line}\n{}", told());
        assert_eq!(line.chars().find(|c| is_raw(*c)), None, "raw: {line:?}\n{}", told());
    }
    if width < SMALLEST.0 || height < SMALLEST.1 {
        return;
    }
    let body = &lines[3..lines.len() - 2];
    assert!(body.iter().any(|line| !line.trim().is_empty()), "nothing is said: {}", told());
    in_sight(model, lines[1], &told());
}

/// The second line tells the window and how much is known, or that journals are read, or that nothing is suspected.
fn in_sight(model: &Model, line: &str, told: &str) {
    let Some(study) = model.study.as_deref().filter(|study| study.snapshot.is_sealed()) else { return };
    if let Some(window) = &study.window {
        for edge in [window.from(), window.to()].into_iter().flatten() {
            let edge = edge.format(Zone::Utc, "%H:%M");
            assert!(line.contains(&edge), "the window's edge {edge} is not in sight: {told}");
        }
        assert!(window.to().is_some() || line.contains("open"), "that it is open is not in sight: {told}");
    }
    let known = ["%", "—"].iter().any(|sign| line.contains(sign));
    assert!(known, "how much is known is not in sight: {told}");
}

fn holds_of(case: &'static Case, name: &str) {
    for row in ROWS {
        let mut model = opened(case, row.keys, (80, 24));
        for size in SIZES {
            // The largest once for each screen: drawing so many cells takes as long as all the rest.
            if size.0 == 1000 && name != "long names" {
                continue;
            }
            send(&mut model, Msg::Resize(size.0, size.1));
            hold(&model, &format!("{} of {name}", row.name));
        }
    }
}

macro_rules! laws {
    ($($name:ident $case:ident $words:literal;)*) => {
        $(#[test]
        fn $name() {
            holds_of($case(), $words);
        })*
    };
}

laws! {
    laws_of_nothing empty "nothing";
    laws_of_one_record one "one record";
    laws_of_many many "many";
    laws_of_long_names long_names "long names";
    laws_of_wide_names wide_names "wide names";
    laws_of_hostile_names hostile "hostile names";
    laws_of_faults faults "faults";
    laws_of_interference damaged "interference";
}

#[test]
fn laws_while_work_goes_on() {
    for row in ROWS {
        let states = [
            ("reading", reading(row.keys, (80, 24))),
            ("counting", counting(row.keys, (80, 24))),
            ("waiting", waiting(many(), row.keys, (80, 24))),
        ];
        for (name, mut model) in states {
            for size in [(40, 10), (60, 20), (80, 24), (200, 60)] {
                model.size = size;
                hold(&model, &format!("{} while {name}", row.name));
            }
        }
    }
}

/// Names of two hundred characters end where they end, or in an ellipsis, or go on in the next line.
#[test]
fn no_name_is_cut_without_a_sign() {
    let is_of_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let name = "very-long-name-".repeat(13) + "-";
    let mut seen = 0;
    for row in ROWS {
        let mut model = opened(long_names(), row.keys, (80, 24));
        for size in [(60, 20), (80, 24), (110, 30), (200, 60)] {
            send(&mut model, Msg::Resize(size.0, size.1));
            let shown = text(&model);
            let lines = own_lines(&model, &shown);
            for (n, line) in lines.iter().enumerate() {
                let runs = line.split(|c| !is_of_name(c)).filter(|run| run.contains("very-long"));
                for run in runs {
                    seen += 1;
                    let end = run.as_ptr() as usize - line.as_ptr() as usize + run.len();
                    let whole = run.contains("name--");
                    let signed = line[end..].starts_with('…');
                    // In the next line of the same pane, which may begin a little further to the left.
                    let column = line[..end].chars().count() - run.chars().count();
                    let goes_on = lines.get(n + 1).is_some_and(|next| {
                        let left = if column > 8 { column - 4 } else { 0 };
                        let mut runs = next.split(|c| !is_of_name(c)).filter(|run| !run.is_empty());
                        let run = runs.find(|run| {
                            let start = run.as_ptr() as usize - next.as_ptr() as usize;
                            next[..start].chars().count() >= left
                        });
                        run.is_some_and(|run| {
                            name.contains(run.trim_end_matches(|c: char| c.is_ascii_digit()))
                        })
                    });
                    assert!(whole || signed || goes_on, "{} at {size:?}: {run}\n{shown}", row.name);
                }
            }
        }
    }
    assert!(seen > 300, "the names are on the screens: {seen}");
}

/// Where a list has no rows, nothing is said of a row.
#[test]
fn nothing_stands_beside_a_list_without_rows() {
    for keys in ["3", "4", "5", "5<tab>", "6", "7", "8", "8<tab>", "8<tab><tab>"] {
        let mut model = opened(empty(), keys, (200, 60));
        let shown = text(&model);
        assert!(!shown.contains("reading…"), "{keys}: nothing is being read\n{shown}");
        let lines: Vec<&str> = shown.lines().skip(3).take(54).collect();
        let wide = lines.iter().find(|line| line.trim_end().chars().count() > 110);
        assert_eq!(wide, None, "{keys}");
        // What is said in its place is said whole, or ends in a sign.
        let words = lines.iter().map(|line| line.trim()).rfind(|line| !line.is_empty()).unwrap().to_owned();
        for width in [60, 80, 100, 120, 140] {
            send(&mut model, Msg::Resize(width, 40));
            let shown = text(&model);
            let said = |line: &str| line.trim() == words || line.trim().ends_with('…');
            assert!(shown.lines().any(said), "{keys} at {width}: {words}\n{shown}");
        }
        send(&mut model, Msg::Resize(200, 60));
        // And alone it is not shown either.
        press(&mut model, "o");
        assert!(!text(&model).contains("reading…"), "{keys}");
    }
}

/// Filters in force, and how much is shown, stay in sight under every window; the last line is of the window's keys.
#[test]
fn windows_leave_the_filters_in_sight() {
    for keys in ["f", "F", "/", "<c-p>", "i", "w", "?", "y", "t", "W"] {
        let mut model = opened(many(), &format!("3fversion=2.4.1<enter>{keys}"), (80, 24));
        assert!(model.overlay.is_some(), "{keys} opens a window");
        for (width, height) in [(40, 10), (60, 20), (80, 24), (120, 40), (200, 60)] {
            send(&mut model, Msg::Resize(width, height));
            let shown = text(&model);
            let lines: Vec<&str> = shown.lines().collect();
            let chips = lines[usize::from(height) - 2];
            assert!(
                chips.contains("[version=2") && chips.contains(" of "),
                "{keys} at {width}x{height}\n{shown}"
            );
            let hints = lines[usize::from(height) - 1];
            assert!(hints.contains("esc") || hints.contains("close"), "{keys} at {width}x{height}\n{shown}");
            assert!(!hints.contains("open"), "{keys}: nothing behind the window is opened\n{shown}");
        }
    }
}

/// Every word of every screen of the incident, where there is room for it.
fn vocabulary() -> &'static BTreeSet<String> {
    static WORDS: OnceLock<BTreeSet<String>> = OnceLock::new();
    WORDS.get_or_init(|| {
        let mut words = BTreeSet::new();
        for row in ROWS {
            let mut model = opened(many(), row.keys, (200, 60));
            for size in [(100, 100), (150, 120), (300, 120)] {
                send(&mut model, Msg::Resize(size.0, size.1));
                let shown = text(&model);
                words.extend(shown.split(|c: char| !c.is_ascii_alphabetic()).map(str::to_owned));
            }
        }
        words
    })
}

/// A word at the right edge, or before a border, is one that there is: half a word would need an ellipsis.
#[test]
fn no_word_of_ours_is_cut_without_a_sign() {
    let mut met = 0;
    for row in ROWS {
        let mut model = opened(many(), row.keys, (80, 24));
        for (width, height) in
            [(40, 10), (48, 12), (55, 24), (60, 20), (72, 20), (80, 24), (90, 24), (120, 40)]
        {
            send(&mut model, Msg::Resize(width, height));
            let shown = text(&model);
            for line in own_lines(&model, &shown) {
                for end in edges(line, usize::from(width)) {
                    let word =
                        line[..end].rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
                    // Parts of hex numbers and ids may end anywhere they are wrapped.
                    let before = line[..end - word.len()].chars().next_back();
                    if word.is_empty() || before.is_some_and(|c| c.is_ascii_digit() || "-_".contains(c)) {
                        continue;
                    }
                    met += 1;
                    let known = vocabulary().contains(word);
                    assert!(known, "{} at {width}x{height} cuts “{word}”: {line}\n{shown}", row.name);
                }
            }
        }
    }
    assert!(met > 100, "words do stand at edges: {met}");
}

/// The lines of the screen, or of the window over it: what a window lies over is cut by the window.
fn own_lines<'s>(model: &Model, shown: &'s str) -> Vec<&'s str> {
    if model.overlay.is_none() {
        return shown.lines().collect();
    }
    let top = shown.lines().find(|line| line.contains('┌')).unwrap();
    let left = top[..top.find('┌').unwrap()].width();
    let right = top[..top.rfind('┐').unwrap()].width();
    let inside = |line: &'s str| {
        let at =
            |column: usize| line.char_indices().map(|(at, _)| at).find(|at| line[..*at].width() >= column);
        let (left, right) = (at(left)?, at(right)?);
        (line[left..].starts_with('│') && line[right..].starts_with('│'))
            .then(|| &line[left..right + '│'.len_utf8()])
    };
    shown.lines().filter_map(inside).collect()
}

/// Where text stands right before the edge of the screen, the bar that scrolls, or a border.
fn edges(line: &str, width: usize) -> Vec<usize> {
    let mut found = Vec::new();
    if line.width() + 3 > width {
        found.push(line.len());
    }
    for (at, c) in line.char_indices() {
        if matches!(c, '│' | '█') {
            found.push(at);
        }
    }
    found.retain(|end| line[..*end].ends_with(|c: char| c.is_ascii_alphabetic()));
    found
}

#[test]
fn a_wide_name_under_a_window_leaves_its_border_whole() {
    let mut model = opened(wide_names(), "", (110, 30));
    for width in 90..130 {
        send(&mut model, Msg::Resize(width, 30));
        press(&mut model, "<c-p>");
        let shown = text(&model);
        let inside =
            shown.lines().skip_while(|line| !line.contains('┌')).take_while(|line| !line.contains('└'));
        inside.for_each(|line| assert!(line.contains('┌') || line.contains('│'), "{line}\n{shown}"));
        assert!(shown.contains('┌') && shown.contains('└'), "{shown}");
        press(&mut model, "<esc>");
    }
}
