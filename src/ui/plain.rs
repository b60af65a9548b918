//! The explorer where a terminal can only print lines (`TERM=dumb`): a screen as text, then a line of keys, and so on.

use super::headless::{perform, send, text};
use super::keys::Key;
use super::memory::session_of;
use super::model::{Command, Model, Msg};
use crate::work::session;
use std::io::{self, BufRead, Write};

/// Prints screens and reads keys until `q` or the end of the input.
pub fn run(mut model: Model, first: Vec<Command>) -> io::Result<()> {
    perform(&mut model, first);
    let mut out = io::stdout().lock();
    let mut lines = io::stdin().lock().lines();
    while !model.quit {
        write!(out, "{}keys (? help, q quit)> ", text(&model))?;
        out.flush()?;
        let Some(line) = lines.next() else {
            break;
        };
        match Key::parse_all(&line?) {
            Ok(keys) => keys.into_iter().for_each(|key| {
                if !model.quit {
                    send(&mut model, Msg::Key(key));
                }
            }),
            Err(mistake) => writeln!(out, "{mistake}")?,
        }
    }
    writeln!(out)?;
    if let Some(session) = session_of(&model) {
        // Losing a cursor is no reason to end in an error.
        let _ = session::remember(&session.case, &session);
    }
    Ok(())
}
