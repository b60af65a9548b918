//! The same program without a terminal: keys in, text out. Every command is done in line.

use super::desk;
use super::keys::Key;
use super::memory::session_of;
use super::model::{Command, Model, Msg};
use super::theme::Theme;
use super::update::update;
use super::view::view;
use super::worker;
use crate::work::Cancel;
use crate::work::notebook::Hand;
use crate::work::session::Session;
use crate::work::verify::Pins;
use ratatui::backend::{CrosstermBackend, TestBackend};
use ratatui::buffer::Buffer;
use ratatui::crossterm::style::force_color_output;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// What to open, in which size.
#[derive(Clone, Debug)]
pub struct Stage {
    pub paths: Vec<PathBuf>,
    pub case: Option<PathBuf>,
    pub size: (u16, u16),
    pub theme: Theme,
    pub pins: Pins,
    /// Who takes notes, and when. They stay in memory: printing a screen leaves the case as it is.
    pub hand: Hand,
}

/// Runs the keys and returns the model that is left.
pub fn play(stage: &Stage, keys: &[Key]) -> Model {
    let mut model = Model::new(stage.size, stage.theme);
    model.pins = stage.pins.clone();
    model.hand = Some(stage.hand.clone());
    if !stage.paths.is_empty() {
        perform(&mut model, vec![Command::Open { paths: stage.paths.clone(), case: stage.case.clone() }]);
    }
    for key in keys {
        if model.quit {
            break;
        }
        send(&mut model, Msg::Key(*key));
    }
    model
}

/// One message and all that follows from it.
pub fn send(model: &mut Model, msg: Msg) {
    let commands = update(model, msg);
    perform(model, commands);
}

/// Does commands in line, and all that follows from them.
pub fn perform(model: &mut Model, commands: Vec<Command>) {
    for command in commands {
        answers(model, command).into_iter().for_each(|msg| send(model, msg));
    }
}

/// Does what a worker does, and returns what it would tell.
pub fn answers(model: &Model, command: Command) -> Vec<Msg> {
    let cancel = Cancel::default();
    let mut answers = Vec::new();
    match (command, &model.study) {
        (Command::Open { paths, case }, _) => {
            worker::open(&paths, case.as_deref(), &cancel, |msg| keep_last(&mut answers, msg));
        }
        (Command::Verify, Some(study)) => {
            let (pins, choice) = (&model.pins, &model.choice);
            worker::verify_all(study, pins, choice, &cancel, |msg| keep_last(&mut answers, msg));
        }
        // Where a person left a case is no matter of a screen that is printed.
        (Command::Recall, Some(study)) if model.hand.is_none() => answers.push(desk::recalled(study)),
        (Command::Recall | Command::Attend | Command::Follow(_), _) => {}
        (Command::Note { entries, why }, Some(study)) => {
            answers.push(match &model.hand {
                Some(hand) => desk::note_in_memory(study, (*model.notebook).clone(), &entries, why, hand),
                None => desk::note(study, &entries, why),
            });
        }
        // Lines in memory only are in no case yet.
        (Command::Notebook, Some(study)) if model.hand.is_some() && !model.notebook.lines.is_empty() => {
            answers.push(desk::held(study, (*model.notebook).clone()));
        }
        (Command::Demo, _) => worker::open_demo(&cancel, |msg| keep_last(&mut answers, msg)),
        (command, Some(study)) => answers.extend(worker::answer(study, command, &cancel, &mut |_| {})),
        (_, None) => {}
    }
    answers
}

/// Progress on the way is not shown: only what it came to.
fn keep_last(answers: &mut Vec<Msg>, msg: Msg) {
    if !matches!(msg, Msg::Reading(_)) {
        answers.push(msg);
    }
}

/// What would be remembered of the session, were it to end here.
pub fn session(model: &Model) -> Option<Session> {
    session_of(model)
}

/// The screen as cells.
pub fn buffer(model: &Model) -> Buffer {
    let backend = TestBackend::new(model.size.0, model.size.1);
    let mut terminal = Terminal::new(backend).expect("a backend of cells cannot fail");
    terminal.draw(|frame| view(model, frame)).expect("a backend of cells cannot fail");
    terminal.backend().buffer().clone()
}

/// What a terminal is sent for the screen: all of it, or what differs from the screen before.
pub fn bytes(model: &Model, before: Option<&Model>) -> Vec<u8> {
    // As in life: the theme decides about colours, not crossterm.
    force_color_output(true);
    let sent = Sent::default();
    let area = Rect { x: 0, y: 0, width: model.size.0, height: model.size.1 };
    let options = TerminalOptions { viewport: Viewport::Fixed(area) };
    let backend = CrosstermBackend::new(sent.clone());
    let mut terminal = Terminal::with_options(backend, options).expect("memory cannot fail");
    if let Some(before) = before {
        terminal.draw(|frame| view(before, frame)).expect("memory cannot fail");
        sent.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
    terminal.draw(|frame| view(model, frame)).expect("memory cannot fail");
    std::mem::take(&mut *sent.0.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Bytes on their way to a terminal, kept.
#[derive(Clone, Default)]
struct Sent(Arc<Mutex<Vec<u8>>>);

impl io::Write for Sent {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The screen as text, a line per row, without trailing spaces.
pub fn text(model: &Model) -> String {
    let buffer = buffer(model);
    let rows = buffer.content.chunks(usize::from(buffer.area.width.max(1)));
    let mut out = String::new();
    for row in rows {
        let mut skip = 0;
        let mut line = String::new();
        for cell in row {
            // A wide character takes the cell after it.
            if skip == 0 {
                line.push_str(cell.symbol());
                skip = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
            } else {
                skip -= 1;
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
