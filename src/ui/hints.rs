//! The last line of the screen: what was just done, or what keys do where one is.

use super::actions::{Action, entry};
use super::model::{Model, Notice, Overlay, Screen};
use super::screens::console;
use super::theme::Theme;
use super::{beside, panes};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// What a number that was typed may be followed by.
fn counting(model: &Model, count: usize) -> Line<'static> {
    let key = |action| entry(action).map(|of| model.keymap.hint(of)).unwrap_or_default();
    let theme = &model.theme;
    Line::from(vec![
        Span::styled(format!(" {count}"), theme.accent()),
        Span::styled(
            format!(
                "  {} {} so many rows  {} to that row  {} forgets it",
                key(Action::Down),
                key(Action::Up),
                key(Action::First),
                key(Action::Back)
            ),
            theme.quiet(),
        ),
    ])
}

/// The keys of a window: those of what it lies over do nothing now.
fn over(overlay: &Overlay, room: usize, theme: &Theme) -> Line<'static> {
    let words: &[(&str, &str)] = match overlay {
        Overlay::Help(_) => &[("j k", "scroll"), ("any other key", "closes")],
        Overlay::Filter { .. } | Overlay::Narrow(_) => &[("enter", "applies"), ("esc", "changes nothing")],
        Overlay::Find(_) => &[("enter", "goes there"), ("esc", "closes"), ("up down", "choose")],
        Overlay::Palette(_) => &[("enter", "does it"), ("esc", "closes"), ("up down", "choose")],
        Overlay::Incidents(_) => &[("enter", "takes it"), ("esc", "closes"), ("j k", "choose")],
        Overlay::OpenPath(_) => &[("enter", "opens"), ("esc", "closes")],
        Overlay::Ask(..) => &[("enter", "takes it"), ("esc", "closes")],
        Overlay::Filters(_) | Overlay::Menu(_) => &[("esc", "closes")],
        Overlay::Report(_) => &[
            ("enter", "writes"),
            ("esc", "closes"),
            ("up down", "line"),
            ("left right", "change it"),
            ("pgup pgdn", "read"),
        ],
    };
    let width =
        |hints: &[(&str, &str)]| hints.iter().map(|(key, name)| key.len() + name.len() + 3).sum::<usize>();
    let fits = (1..=words.len()).rev().find(|n| width(&words[..*n]) < room).unwrap_or(1);
    line(words[..fits].iter().map(|(key, name)| ((*key).to_owned(), *name)), theme)
}

fn line(hints: impl IntoIterator<Item = Hint>, theme: &Theme) -> Line<'static> {
    let mut line = vec![Span::raw(" ")];
    for (key, name) in hints {
        line.push(Span::styled(key, theme.strong()));
        line.push(Span::styled(format!(" {name}  "), theme.quiet()));
    }
    Line::from(line)
}

/// What the last line says: what was done, or what keys do here, as many of them as there is room for.
pub fn hints(model: &Model, room: usize) -> Line<'static> {
    let theme = &model.theme;
    match &model.notice {
        Some(Notice::Said(words)) => return Line::from(format!(" {words}")),
        Some(Notice::Failed(words)) => {
            return Line::styled(format!(" {} {}", theme.glyphs.bad, words.replace('\n', " ")), theme.bad());
        }
        None => {}
    }
    if let Some(overlay) = &model.overlay {
        return over(overlay, room, theme);
    }
    if let Some(count) = model.count {
        return counting(model, count);
    }
    let panes = match model.size.0 {
        _ if !beside::has_panes(model) => None,
        panes::TWO.. if beside::takes_tab(model) => Some(Action::NextPane),
        panes::TWO.. => None,
        _ => Some(Action::Maximise),
    };
    let near: &[Action] = match model.screen() {
        Screen::Start(_) => &[Action::Open, Action::Demo],
        Screen::Overview(_) => &[Action::Open, Action::NextFinding, Action::Incident],
        Screen::Timeline(_) => {
            &[Action::Open, Action::ZoomIn, Action::ZoomOut, Action::NextBoundary, Action::Lanes]
        }
        Screen::Requests(_) => {
            &[Action::Open, Action::Filter, Action::Find, Action::OnlyThis, Action::Sort, Action::Mark]
        }
        Screen::Request(_) => {
            &[Action::NextPane, Action::ScrollDown, Action::Copy, Action::Left, Action::Right]
        }
        Screen::Proofs(_) => {
            &[Action::Open, Action::Verify, Action::Sort, Action::Filter, Action::Count, Action::Compare]
        }
        Screen::Agents(_) => {
            &[Action::Open, Action::Sort, Action::Filter, Action::Find, Action::Remember, Action::Compare]
        }
        Screen::Findings(_) => {
            &[Action::Open, Action::NextFinding, Action::Filter, Action::Sort, Action::Mark]
        }
        Screen::Settlements(_) => {
            &[Action::Open, Action::NextPane, Action::OnlyThis, Action::Refunds, Action::Sort, Action::Filter]
        }
        Screen::Notes(_) => &[Action::Open, Action::NextPane, Action::Remove, Action::Undo],
        Screen::Stack(_) => &[Action::Open, Action::Sort, Action::Export],
        Screen::Compare(_) => &[Action::NextPane, Action::FindNext, Action::Export],
        Screen::Console(state) if state.focus == console::Focus::Query => &[],
        Screen::Console(_) => &[Action::Open, Action::Console, Action::Sort, Action::Count, Action::Export],
    };
    // Help is shown longest; a hint is left out whole, never cut.
    let far = [(Action::Back, 8), (Action::Palette, 9), (Action::Help, 0), (Action::Quit, 3)];
    let near = near.iter().enumerate().map(|(n, action)| (*action, n + 1));
    let near = near.chain(panes.map(|action| (action, 2)));
    let mut hints: Vec<(Hint, usize)> =
        near.chain(far).filter_map(|(action, rank)| Some((hint(model, action)?, rank))).collect();
    while hints.iter().map(|((key, name), _)| key.width() + name.width() + 3).sum::<usize>() + 1 > room {
        let Some(least) = hints.iter().enumerate().max_by_key(|(_, (_, rank))| *rank).map(|(n, _)| n) else {
            break;
        };
        hints.remove(least);
    }
    line(hints.into_iter().map(|(hint, _)| hint), theme)
}

type Hint = (String, &'static str);

/// What has no key is not hinted at.
fn hint(model: &Model, action: Action) -> Option<Hint> {
    let entry = entry(action)?;
    let name = match action {
        Action::Maximise if beside::is_covering(model) => "list",
        Action::Maximise => "detail",
        _ => entry.name,
    };
    Some((model.keymap.hint(entry), name)).filter(|(key, _)| !key.is_empty())
}
