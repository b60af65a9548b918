//! The real terminal: taken over, given back whatever happens, and fed by plain threads over one channel.
//!
//! ```text
//! terminal ─keys─┐                              ┌▶ reader thread: newest question of each sort wins
//!                ├▶ Msg ─▶ update ─▶ Command ───┤
//! workers ───────┘                              └▶ opener thread: ingest, with progress and cancellation
//! ```

use super::keys::Key;
use super::model::{Command, Model, Msg};
use super::update::update;
use super::view::view;
use super::worker;
use crate::work::Cancel;
use crate::work::study::Study;
use ratatui::DefaultTerminal;
use ratatui::crossterm::clipboard::CopyToClipboard;
use ratatui::crossterm::event::{
    self, DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture, Event,
    KeyEventKind, MouseEventKind,
};
use ratatui::crossterm::execute;
use ratatui::crossterm::style::force_color_output;
use std::io;
use std::mem::{Discriminant, discriminant};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long a frame waits for an answer that is about to come, so that pages do not flicker.
const PATIENCE: Duration = Duration::from_millis(6);
/// The longest a loop sleeps: keys and answers wake it at once.
const IDLE: Duration = Duration::from_secs(60);

/// A question for the reader thread.
struct Question {
    study: Arc<Study>,
    command: Command,
    cancel: Cancel,
}

/// Runs the explorer until the person quits.
pub fn run(mut model: Model, first: Vec<Command>) -> io::Result<()> {
    // Under NO_COLOR crossterm would drop reverse video too; the theme takes care of colours itself.
    force_color_output(true);
    let mut terminal = ratatui::try_init()?;
    let result = enter().and_then(|()| drive(&mut terminal, &mut model, first));
    leave();
    result
}

fn enter() -> io::Result<()> {
    // ratatui's hook restores screen and raw mode on panic; mouse and paste are ours to give back.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let _ = execute!(io::stdout(), DisableMouseCapture, DisableBracketedPaste);
        hook(info);
    }));
    execute!(io::stdout(), EnableMouseCapture, EnableBracketedPaste)
}

fn leave() {
    // On the way out there is nobody left to tell that the terminal is gone.
    let _ = execute!(io::stdout(), DisableMouseCapture, DisableBracketedPaste);
    let _ = ratatui::try_restore();
}

/// Everything that runs beside the screen.
struct Workers {
    sender: Sender<Msg>,
    questions: Sender<Question>,
    /// The cancellation of the newest question of each sort.
    asked: Vec<(Discriminant<Command>, Cancel)>,
    opening: Cancel,
    /// Answers still to come.
    waiting: usize,
}

fn drive(terminal: &mut DefaultTerminal, model: &mut Model, first: Vec<Command>) -> io::Result<()> {
    let (sender, messages) = channel();
    let suspended = Arc::new(AtomicBool::new(false));
    listen_to_terminal(sender.clone(), Arc::clone(&suspended));
    listen_to_signals(sender.clone())?;
    let (questions, asked) = channel();
    answer_questions(asked, sender.clone());
    let mut workers =
        Workers { sender, questions, asked: Vec::new(), opening: Cancel::default(), waiting: 0 };
    model.size = terminal.size().map(|size| (size.width, size.height))?;
    workers.perform(model, first);
    while !model.quit {
        terminal.draw(|frame| {
            let area = frame.area();
            model.size = (area.width, area.height);
            view(model, frame);
        })?;
        let Some(msg) = next(&messages, IDLE) else {
            continue;
        };
        let suspend = take_in(model, &mut workers, &messages, msg);
        if suspend {
            pause(terminal, &suspended)?;
        }
    }
    workers.opening.cancel();
    workers.asked.iter().for_each(|(_, cancel)| cancel.cancel());
    Ok(())
}

fn next(messages: &Receiver<Msg>, patience: Duration) -> Option<Msg> {
    match messages.recv_timeout(patience) {
        Ok(msg) => Some(msg),
        Err(RecvTimeoutError::Timeout) => None,
        Err(RecvTimeoutError::Disconnected) => Some(Msg::Quit),
    }
}

/// Takes in a message and all that wait behind it, then what answers come at once: then one frame is drawn.
fn take_in(model: &mut Model, workers: &mut Workers, messages: &Receiver<Msg>, first: Msg) -> bool {
    let mut suspend = false;
    let mut pending = Some(first);
    let deadline = Instant::now() + PATIENCE;
    while let Some(msg) = pending.take() {
        if matches!(msg, Msg::Answered) {
            workers.waiting = workers.waiting.saturating_sub(1);
        }
        let commands = update(model, msg);
        suspend |= workers.perform(model, commands);
        pending = messages.try_recv().ok();
        if pending.is_none() && workers.waiting > 0 && !model.quit {
            pending = next(messages, deadline.saturating_duration_since(Instant::now()));
        }
        if Instant::now() > deadline + PATIENCE {
            // Keys that come faster than frames wait for the next one.
            if let Some(msg) = pending.take() {
                let commands = update(model, msg);
                suspend |= workers.perform(model, commands);
            }
        }
    }
    suspend
}

impl Workers {
    /// Hands commands out; returns whether the program should be suspended.
    fn perform(&mut self, model: &Model, commands: Vec<Command>) -> bool {
        let mut suspend = false;
        for command in commands {
            match command {
                Command::Open { paths, case } => {
                    let (cancel, sender) = self.open_anew();
                    thread::spawn(move || {
                        worker::open(&paths, case.as_deref(), &cancel, |msg| drop(sender.send(msg)));
                    });
                }
                Command::Demo => {
                    let (cancel, sender) = self.open_anew();
                    thread::spawn(move || worker::open_demo(&cancel, |msg| drop(sender.send(msg))));
                }
                Command::Verify => {
                    let Some(study) = model.study.clone() else {
                        continue;
                    };
                    let (pins, choice) = (model.pins.clone(), model.choice.clone());
                    let (cancel, sender) = self.open_anew();
                    thread::spawn(move || {
                        worker::verify_all(&study, &pins, &choice, &cancel, |msg| drop(sender.send(msg)));
                    });
                }
                Command::Copy { text } => {
                    let copy = CopyToClipboard::to_clipboard_from(text);
                    // A terminal that takes no OSC 52 ignores it.
                    let _ = execute!(io::stdout(), copy);
                }
                Command::Suspend => suspend = true,
                command => self.ask(model, command),
            }
        }
        suspend
    }

    fn open_anew(&mut self) -> (Cancel, Sender<Msg>) {
        self.opening.cancel();
        self.opening = Cancel::default();
        (self.opening.clone(), self.sender.clone())
    }

    /// Puts a question; an older one of the same sort is no longer wanted.
    fn ask(&mut self, model: &Model, command: Command) {
        let Some(study) = model.study.clone() else {
            return;
        };
        let sort = discriminant(&command);
        let cancel = Cancel::default();
        match self.asked.iter_mut().find(|(known, _)| *known == sort) {
            Some((_, older)) => std::mem::replace(older, cancel.clone()).cancel(),
            None => self.asked.push((sort, cancel.clone())),
        }
        if self.questions.send(Question { study, command, cancel }).is_ok() {
            self.waiting += 1;
        }
    }
}

fn answer_questions(questions: Receiver<Question>, sender: Sender<Msg>) {
    thread::spawn(move || {
        while let Ok(question) = questions.recv() {
            let answer = match question.cancel.is_cancelled() {
                true => None,
                false => worker::answer(&question.study, question.command, &question.cancel),
            };
            if answer.is_some_and(|answer| sender.send(answer).is_err())
                || sender.send(Msg::Answered).is_err()
            {
                return;
            }
        }
    });
}

fn listen_to_terminal(sender: Sender<Msg>, suspended: Arc<AtomicBool>) {
    thread::spawn(move || {
        loop {
            if suspended.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(20));
                continue;
            }
            // Polled, so that a suspended program leaves the shell its keys.
            match event::poll(Duration::from_millis(250)) {
                Ok(false) => continue,
                Ok(true) => {}
                Err(_) => {
                    let _ = sender.send(Msg::Quit);
                    return;
                }
            }
            let msg = match event::read() {
                Ok(Event::Key(key)) if key.kind != KeyEventKind::Release => Msg::Key(Key::of(key)),
                Ok(Event::Paste(text)) => Msg::Paste(text),
                Ok(Event::Resize(width, height)) => Msg::Resize(width, height),
                Ok(Event::Mouse(mouse)) => match mouse.kind {
                    MouseEventKind::ScrollDown => Msg::Wheel(3),
                    MouseEventKind::ScrollUp => Msg::Wheel(-3),
                    _ => continue,
                },
                Ok(_) => continue,
                Err(_) => Msg::Quit,
            };
            if sender.send(msg).is_err() {
                return;
            }
        }
    });
}

/// A signal that asks to end is a quit like any other: the terminal is restored.
fn listen_to_signals(sender: Sender<Msg>) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    thread::spawn(move || {
        for _ in &mut signals {
            if sender.send(Msg::Quit).is_err() {
                return;
            }
        }
    });
    Ok(())
}

/// ^Z: gives the terminal back, stops, and takes it again when continued.
fn pause(terminal: &mut DefaultTerminal, suspended: &AtomicBool) -> io::Result<()> {
    suspended.store(true, Ordering::Relaxed);
    leave();
    let stopped = signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP);
    *terminal = ratatui::try_init()?;
    execute!(io::stdout(), EnableMouseCapture, EnableBracketedPaste)?;
    suspended.store(false, Ordering::Relaxed);
    terminal.clear()?;
    stopped
}
