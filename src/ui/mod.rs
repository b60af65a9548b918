//! The terminal: model, update, view, worker. Keys in, one frame out; nothing here blocks and nothing here knows SQL.

pub mod actions;
mod acts;
mod asking;
mod beside;
mod click;
mod config;
mod desk;
mod frame;
mod fuzzy;
pub mod headless;
mod hints;
pub mod keys;
mod lists;
mod mailbox;
mod memory;
pub mod model;
mod narrow;
mod ordering;
mod overlays;
mod panes;
mod plain;
mod reading;
mod report;
mod screens;
mod seeking;
mod sides;
mod stacked;
pub mod terminal;
mod text;
pub mod theme;
mod undo;
mod update;
mod view;
mod way;
mod when;
mod widgets;
mod worker;

pub use update::update;

use crate::work::open::recent;
use crate::work::verify::Pins;
use model::{Command, Follow, Model, Screen};
use screens::start;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use theme::{Charset, Colours, Theme};

/// The colours that the environment asks for: `NO_COLOR`, else `BACKTRAIL_COLOURS` (sixteen, dark, light, contrast, mono).
fn colours_wanted() -> Option<Colours> {
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let wanted = std::env::var("BACKTRAIL_COLOURS").ok().and_then(|name| Colours::of(&name));
    if no_colour { Some(Colours::Mono) } else { wanted }
}

/// The theme of a screen that is printed: what the environment asks for, and nothing of the user's own.
pub fn theme_of(charset: Charset) -> Theme {
    Theme::new(colours_wanted().unwrap_or_default(), charset)
}

/// Opens the explorer on a terminal; where that can only print lines, line by line.
pub fn explore(
    paths: Vec<PathBuf>,
    case: Option<PathBuf>,
    pins: Pins,
    charset: Charset,
    follow: Follow,
) -> io::Result<()> {
    let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
    if !dumb && (!io::stdout().is_terminal() || !io::stdin().is_terminal()) {
        let words = "the explorer needs a terminal; `--print 120x40` prints one screen, `analyze` tells the result in words";
        return Err(io::Error::other(words));
    }
    let mut model = Model::new((80, 24), theme_of(charset));
    config::load().map_err(io::Error::other)?.apply(&mut model, colours_wanted(), charset);
    if follow == Follow::On {
        model.follow = follow;
    }
    model.pins = pins;
    let opening = !paths.is_empty();
    if let Some(Screen::Start(state)) = model.screens.first_mut() {
        *state = start::State { recent: recent(), opening, ..start::State::default() };
    }
    let first = if opening { vec![Command::Open { paths, case }] } else { Vec::new() };
    if dumb {
        model.theme = Theme::new(Colours::Mono, Charset::Ascii);
        return plain::run(model, first);
    }
    terminal::run(model, first)
}
