//! `explore`: the terminal, or with --print one screen of it.

use super::Outcome;
use super::args::Explore;
use super::opening::{Given, pins};
use crate::ui::headless::{Stage, play, text};
use crate::ui::keys::Key;
use crate::ui::model::{Follow, Notice};
use crate::ui::theme::Charset;
use crate::ui::{explore, theme_of};
use crate::work::notebook::Hand;
use crate::work::open::what_is;
use anyhow::{Result, anyhow, bail};
use std::io::Write;

pub fn run(arguments: &Explore) -> Result<Outcome> {
    let charset = if arguments.ascii { Charset::Ascii } else { Charset::Unicode };
    if !arguments.paths.is_empty() {
        // What cannot be opened is said before the screen is taken over.
        what_is(&arguments.paths)?;
    }
    let pins = pins(&Given {
        trust: arguments.trust.as_deref(),
        checkpoints: &arguments.checkpoint,
        blobs: &arguments.blob,
        at: None,
    })?;
    let Some(size) = arguments.print else {
        if !arguments.keys.is_empty() {
            bail!("--keys needs --print");
        }
        let follow = if arguments.follow { Follow::On } else { Follow::Off };
        explore(arguments.paths.clone(), arguments.case.clone(), pins, charset, follow)?;
        return Ok(Outcome::Done);
    };
    let keys = Key::parse_all(&arguments.keys).map_err(|what| anyhow!("--keys: {what}"))?;
    let (paths, case) = (arguments.paths.clone(), arguments.case.clone());
    let model = play(&Stage { paths, case, size, theme: theme_of(charset), pins, hand: Hand::now() }, &keys);
    if let (None, Some(Notice::Failed(words))) = (&model.study, &model.notice) {
        bail!("{words}");
    }
    write!(std::io::stdout(), "{}", text(&model))?;
    Ok(Outcome::Done)
}
