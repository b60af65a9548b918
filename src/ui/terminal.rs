//! The real terminal: taken over, given back whatever happens, and fed by plain threads over one channel.
//!
//! ```text
//! terminal ─keys─┐                              ┌▶ a reader thread per sort of question: the newest wins
//!                ├▶ Msg ─▶ update ─▶ Command ───┤
//! workers ───────┘                              └▶ opener thread: ingest, with progress and cancellation
//! ```

use super::keys::Key;
use super::mailbox::{REST, settled};
use super::memory::session_of;
use super::model::{Command, Follow, Model, Mouse, Msg, Stops};
use super::update::update;
use super::view::view;
use super::worker;
use crate::work::Cancel;
use crate::work::session::{self, Others, Presence};
use crate::work::study::Study;
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::crossterm::clipboard::CopyToClipboard;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{
    self, DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture, Event,
    KeyEventKind, MouseButton, MouseEventKind,
};
use ratatui::crossterm::execute;
use ratatui::crossterm::style::force_color_output;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode, size,
};
use ratatui::layout::{Position, Rect};
use ratatui::{DefaultTerminal, Terminal};
use std::io::{self, Write};
use std::mem::{Discriminant, discriminant};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long a frame waits for an answer that is about to come, so that pages do not flicker.
const PATIENCE: Duration = Duration::from_millis(6);
/// How often following looks whether a journal has grown.
const FOLLOWING: Duration = Duration::from_secs(1);
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
    let result = borrow(model.mouse, |terminal| {
        // After a panic the model is only read, to keep where the person was.
        catch_unwind(AssertUnwindSafe(|| drive(terminal, &mut model, first)))
    });
    remember(&model);
    result?.unwrap_or_else(|panic| resume_unwind(panic))
}

/// Takes the terminal for a while and gives it back as it was, whatever becomes of the work: a panic too.
pub fn borrow<T>(mouse: Mouse, work: impl FnOnce(&mut DefaultTerminal) -> T) -> io::Result<T> {
    // Under NO_COLOR crossterm would drop reverse video too; the theme takes care of colours itself.
    force_color_output(true);
    restore_on_panic();
    let result = enter(mouse).map(|mut terminal| work(&mut terminal));
    leave();
    result
}

/// Keeps where the person was, for the next time.
fn remember(model: &Model) {
    if let Some(session) = session_of(model) {
        // Losing a cursor is no reason to end in an error.
        let _ = session::remember(&session.case, &session);
    }
}

fn enter(mouse: Mouse) -> io::Result<DefaultTerminal> {
    enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste)?;
    capture(mouse)?;
    Terminal::new(CrosstermBackend::new(io::stdout()))
}

fn capture(mouse: Mouse) -> io::Result<()> {
    match mouse {
        Mouse::Ours => execute!(io::stdout(), EnableMouseCapture),
        Mouse::Terminals => execute!(io::stdout(), DisableMouseCapture),
    }
}

fn leave() {
    // On the way out there is nobody left to tell that the terminal is gone.
    let _ = execute!(io::stdout(), DisableMouseCapture, DisableBracketedPaste, LeaveAlternateScreen, Show);
    let _ = disable_raw_mode();
}

/// A panic of the screen's own thread gives the terminal back before it is told. One of a worker is told on the
/// screen: its answer is missing, the rest works on.
fn restore_on_panic() {
    let screen = thread::current().id();
    std::panic::set_hook(Box::new(move |what| {
        if thread::current().id() == screen {
            leave();
            // The message may quote a record.
            let words = crate::model::untrusted::visible_lines(&what.to_string());
            let _ = writeln!(io::stderr(), "backtrail broke, and the case is as it was: {words}");
        }
    }));
}

/// Does a worker's work; a panic in it becomes a message.
fn guarded(sender: &Sender<Msg>, work: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(work)) {
        let words = panic.downcast_ref::<String>().cloned();
        let words = words.or_else(|| panic.downcast_ref::<&str>().map(|words| (*words).to_owned()));
        // Nobody listens any more: the explorer is closing.
        let _ = sender.send(Msg::Broke(words.unwrap_or_default()));
    }
}

/// Everything that runs beside the screen.
struct Workers {
    sender: Sender<Msg>,
    /// One for each sort of question, so that a slow search keeps no page waiting.
    readers: Vec<Reader>,
    opening: Cancel,
    writer: Option<Writer>,
    /// Ends the following when dropped.
    following: Option<Sender<()>>,
    /// Ends the presence in a case when dropped.
    presence: Option<Sender<()>>,
    /// Answers still to come.
    waiting: usize,
}

/// The thread that writes the log.
struct Writer {
    lines: Sender<Question>,
    thread: thread::JoinHandle<()>,
}

/// A thread that answers one sort of question.
struct Reader {
    sort: Discriminant<Command>,
    stops: Stops,
    questions: Sender<Question>,
    /// Stops the newest question.
    cancel: Cancel,
}

fn drive(terminal: &mut DefaultTerminal, model: &mut Model, first: Vec<Command>) -> io::Result<()> {
    let (sender, messages) = channel();
    let suspended = Arc::new(AtomicBool::new(false));
    listen_to_terminal(sender.clone(), Arc::clone(&suspended));
    listen_to_signals(sender.clone())?;
    let mut workers = Workers {
        sender,
        readers: Vec::new(),
        writer: None,
        following: None,
        presence: None,
        opening: Cancel::default(),
        waiting: 0,
    };
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
        let due = take_in(model, &mut workers, &messages, msg);
        if due.suspend {
            pause(terminal, model.mouse, &suspended)?;
        }
        if due.redraw {
            // Even at the same size: it may have been smaller in between, and what was cut off is gone.
            terminal.resize(Rect::from((Position::ORIGIN, terminal.size()?)))?;
        }
    }
    workers.opening.cancel();
    workers.stop();
    Ok(())
}

fn next(messages: &Receiver<Msg>, patience: Duration) -> Option<Msg> {
    match messages.recv_timeout(patience) {
        Ok(msg) => Some(msg),
        Err(RecvTimeoutError::Timeout) => None,
        Err(RecvTimeoutError::Disconnected) => Some(Msg::Quit),
    }
}

/// What a round of messages asks of the terminal itself.
#[derive(Clone, Copy, Default)]
struct Due {
    suspend: bool,
    redraw: bool,
}

/// Takes in a message and all that wait behind it, then what answers come at once: then one frame is drawn.
fn take_in(model: &mut Model, workers: &mut Workers, messages: &Receiver<Msg>, first: Msg) -> Due {
    let mut due = Due::default();
    let mut pending = Some(first);
    let deadline = Instant::now() + PATIENCE;
    while let Some(msg) = pending.take() {
        if matches!(msg, Msg::Answered) {
            workers.waiting = workers.waiting.saturating_sub(1);
        }
        due.redraw |= matches!(msg, Msg::Resize(..));
        let commands = update(model, msg);
        due.suspend |= workers.perform(model, commands);
        pending = messages.try_recv().ok();
        if pending.is_none() && workers.waiting > 0 && !model.quit {
            pending = next(messages, deadline.saturating_duration_since(Instant::now()));
        }
        if Instant::now() > deadline + PATIENCE {
            // Keys that come faster than frames wait for the next one.
            if let Some(msg) = pending.take() {
                due.redraw |= matches!(msg, Msg::Resize(..));
                let commands = update(model, msg);
                due.suspend |= workers.perform(model, commands);
            }
        }
    }
    due
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
                        guarded(&sender, || {
                            worker::open(&paths, case.as_deref(), &cancel, |msg| drop(sender.send(msg)));
                        });
                    });
                }
                Command::Demo => {
                    let (cancel, sender) = self.open_anew();
                    thread::spawn(move || {
                        guarded(&sender, || worker::open_demo(&cancel, |msg| drop(sender.send(msg))));
                    });
                }
                Command::Verify => {
                    let Some(study) = model.study.clone() else {
                        continue;
                    };
                    let (pins, choice) = (model.pins.clone(), model.choice.clone());
                    let (cancel, sender) = self.open_anew();
                    thread::spawn(move || {
                        guarded(&sender, || {
                            worker::verify_all(&study, &pins, &choice, &cancel, |msg| drop(sender.send(msg)));
                        });
                    });
                }
                Command::Copy { text } => {
                    let copy = CopyToClipboard::to_clipboard_from(text);
                    // A terminal that takes no OSC 52 ignores it.
                    let _ = execute!(io::stdout(), copy);
                }
                Command::Mouse(mouse) => {
                    // A terminal that cannot be written to is noticed by the next frame.
                    let _ = capture(mouse);
                }
                Command::Attend => self.attend(model),
                Command::Follow(follow) => self.follow(model, follow),
                Command::StopOpening => self.opening.cancel(),
                Command::StopSearch => self.give_up(Stops::Search),
                Command::StopPreview => self.give_up(Stops::Preview),
                Command::StopQuery => self.give_up(Stops::Query),
                Command::StopNaming => self.give_up(Stops::Naming),
                command @ Command::Note { .. } => self.note(model, command),
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
        let known = self.readers.iter().position(|reader| reader.sort == sort);
        let known = known.unwrap_or_else(|| {
            let (questions, asked) = channel();
            answer_questions(asked, self.sender.clone());
            self.readers.push(Reader { sort, stops: command.stops(), questions, cancel: Cancel::default() });
            self.readers.len() - 1
        });
        let cancel = Cancel::default();
        let reader = &mut self.readers[known];
        std::mem::replace(&mut reader.cancel, cancel.clone()).cancel();
        if reader.questions.send(Question { study, command, cancel }).is_ok() {
            self.waiting += 1;
        }
    }

    /// Says that the case is open here, as long as it is; and tells if it is elsewhere.
    fn attend(&mut self, model: &Model) {
        let Some(study) = model.study.clone() else {
            return;
        };
        let (stay, left) = channel::<()>();
        self.presence = Some(stay);
        let sender = self.sender.clone();
        thread::spawn(move || {
            let presence = Presence::in_case(study.snapshot.path());
            if presence.as_ref().is_some_and(|presence| presence.others == Others::Some) {
                drop(sender.send(Msg::Others));
            }
            drop(study);
            // Nothing is ever sent: this ends when the other side is dropped, and the lock with it.
            let _ = left.recv();
        });
    }

    /// Looks from time to time whether journals have grown, and reads on. Looking is cheap; after reading it rests ten
    /// times as long as that took, so that it never takes more than a tenth of a core.
    fn follow(&mut self, model: &Model, follow: Follow) {
        self.following = None;
        let (Some(study), Follow::On) = (model.study.clone(), follow) else {
            return;
        };
        let (stay, left) = channel::<()>();
        self.following = Some(stay);
        let sender = self.sender.clone();
        thread::spawn(move || {
            let mut rest = FOLLOWING;
            while let Err(RecvTimeoutError::Timeout) = left.recv_timeout(rest) {
                let begun = Instant::now();
                guarded(&sender, || {
                    worker::follow(&study, &Cancel::default(), |msg| drop(sender.send(msg)));
                });
                rest = FOLLOWING.max(begun.elapsed() * 10);
            }
        });
    }

    /// Gives up what is being answered and is given up by this.
    fn give_up(&self, stops: Stops) {
        let asked = self.readers.iter().filter(|reader| reader.stops == stops);
        asked.for_each(|reader| reader.cancel.cancel());
    }

    /// Hands lines for the log to the one thread that writes them, in the order they were handed out.
    fn note(&mut self, model: &Model, command: Command) {
        let Some(study) = model.study.clone() else {
            return;
        };
        let sender = self.sender.clone();
        let writer = self.writer.get_or_insert_with(|| {
            let (lines, written) = channel::<Question>();
            let thread = thread::spawn(move || {
                while let Ok(Question { study, command, cancel }) = written.recv() {
                    guarded(&sender, || {
                        let answer = worker::answer(&study, command, &cancel, &mut |_| {});
                        answer.into_iter().for_each(|answer| drop(sender.send(answer)));
                    });
                }
            });
            Writer { lines, thread }
        });
        // A writer that panicked told so.
        drop(writer.lines.send(Question { study, command, cancel: Cancel::default() }));
    }

    /// No question that is being answered is wanted any more; notes are still written to the last.
    fn stop(self) {
        self.readers.iter().for_each(|reader| reader.cancel.cancel());
        if let Some(Writer { lines, thread }) = self.writer {
            drop(lines);
            // What it could not write it told while there was a screen.
            let _ = thread.join();
        }
    }
}

fn answer_questions(questions: Receiver<Question>, sender: Sender<Msg>) {
    thread::spawn(move || {
        while let Ok(first) = questions.recv() {
            let (question, passed) = settled(&questions, first, |asked| asked.command.rests(), REST);
            (0..passed).for_each(|_| drop(sender.send(Msg::Answered)));
            let Question { study, command, cancel } = question;
            guarded(&sender, || {
                let answer = match cancel.is_cancelled() {
                    true => None,
                    false => worker::answer(&study, command, &cancel, &mut |msg| drop(sender.send(msg))),
                };
                answer.into_iter().for_each(|answer| drop(sender.send(answer)));
            });
            if sender.send(Msg::Answered).is_err() {
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
                Ok(Event::Mouse(mouse)) => match mouse.kind {
                    MouseEventKind::ScrollDown => Msg::Wheel(3, mouse.column, mouse.row),
                    MouseEventKind::ScrollUp => Msg::Wheel(-3, mouse.column, mouse.row),
                    MouseEventKind::Drag(MouseButton::Left) => Msg::Drag(mouse.column, mouse.row),
                    MouseEventKind::Up(MouseButton::Left) => Msg::Release,
                    MouseEventKind::Down(MouseButton::Left) => Msg::Click(mouse.column, mouse.row),
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

/// A signal that asks to end is a quit like any other: the terminal is restored. A new size is heard of here and not
/// from crossterm, which forgets it when a key comes in the same instant.
fn listen_to_signals(sender: Sender<Msg>) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGWINCH};
    let mut signals = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGTERM, SIGWINCH])?;
    thread::spawn(move || {
        for signal in &mut signals {
            let msg = match signal {
                SIGWINCH => size().ok().map(|(width, height)| Msg::Resize(width, height)),
                _ => Some(Msg::Quit),
            };
            if msg.is_some_and(|msg| sender.send(msg).is_err()) {
                return;
            }
        }
    });
    Ok(())
}

/// ^Z: gives the terminal back, stops, and takes it again when continued.
fn pause(terminal: &mut DefaultTerminal, mouse: Mouse, suspended: &AtomicBool) -> io::Result<()> {
    suspended.store(true, Ordering::Relaxed);
    leave();
    let stopped = signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP);
    *terminal = enter(mouse)?;
    suspended.store(false, Ordering::Relaxed);
    // Not `Terminal::clear`: it asks the terminal where the cursor is, and one that does not answer would end us here.
    terminal.backend_mut().clear()?;
    stopped
}
