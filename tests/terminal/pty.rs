//! A pseudo terminal with the explorer on it: keys in, bytes out, and what a screen would show of them.

use backtrail::work::simulate::{Scenario, Simulation};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Far longer than anything takes, for machines that are busy.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// What a terminal has been sent, and what it shows of it.
pub struct Shown {
    pub screen: vt100::Parser,
    pub raw: Vec<u8>,
}

/// A terminal with a program on it.
pub struct Terminal {
    pub master: Box<dyn MasterPty + Send>,
    /// Held open, so that the terminal outlives its program and can be looked at.
    _slave: Box<dyn SlavePty + Send>,
    keyboard: Box<dyn Write + Send>,
    pub child: Box<dyn Child + Send + Sync>,
    pub shown: Arc<Mutex<Shown>>,
    /// While set, nobody reads what the program writes: a line that is slow, or a person who scrolls back.
    pub stalled: Arc<AtomicBool>,
    pub before: String,
}

pub fn size(cols: u16, rows: u16) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

pub fn cells(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).unwrap()
}

impl Terminal {
    pub fn start(program: &Path, arguments: &[&str]) -> Self {
        Self::start_with(program, arguments, &[])
    }

    /// The same, in an environment of its own.
    pub fn start_with(program: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let pair = native_pty_system().openpty(size(120, 40)).unwrap();
        let before = modes(&*pair.master);
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        command.env("XDG_CACHE_HOME", scratch());
        command.env("XDG_STATE_HOME", scratch());
        command.env("XDG_CONFIG_HOME", scratch());
        environment.iter().for_each(|(name, value)| command.env(name, value));
        let child = pair.slave.spawn_command(command).unwrap();
        let screen = vt100::Parser::new(cells(40), cells(120), 0);
        let shown = Arc::new(Mutex::new(Shown { screen, raw: Vec::new() }));
        let mut output = pair.master.try_clone_reader().unwrap();
        let writing = Arc::clone(&shown);
        let stalled = Arc::new(AtomicBool::new(false));
        let waits = Arc::clone(&stalled);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n @ 1..) = output.read(&mut buffer) {
                while waits.load(Ordering::Relaxed) {
                    thread::sleep(Duration::from_millis(5));
                }
                let mut shown = writing.lock().unwrap();
                shown.screen.process(&buffer[..n]);
                shown.raw.extend(&buffer[..n]);
            }
        });
        let keyboard = pair.master.take_writer().unwrap();
        Self { master: pair.master, _slave: pair.slave, keyboard, child, shown, stalled, before }
    }

    pub fn explore(paths: &[&Path]) -> Self {
        Self::explore_with(paths, &[])
    }

    /// The explorer with its usual arguments, in an environment of its own.
    pub fn explore_with(paths: &[&Path], environment: &[(&str, &str)]) -> Self {
        let paths = paths.iter().map(|path| path.to_str().unwrap());
        let arguments: Vec<&str> = std::iter::once("explore").chain(paths).collect();
        Self::start_with(Path::new(env!("CARGO_BIN_EXE_backtrail")), &arguments, environment)
    }

    /// Waits until the program has written nothing for a while; how much it has written in all.
    pub fn rests(&self) -> usize {
        let mut before = self.shown.lock().unwrap().raw.len();
        let begun = Instant::now();
        loop {
            thread::sleep(Duration::from_millis(700));
            let now = self.shown.lock().unwrap().raw.len();
            if now == before {
                return now;
            }
            assert!(begun.elapsed() < PATIENCE, "it never rests");
            before = now;
        }
    }

    pub fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    pub fn resize(&self, cols: u16, rows: u16) {
        // Under the lock: what was drawn for the new size must not meet the old screen.
        let mut shown = self.shown.lock().unwrap();
        shown.screen = vt100::Parser::new(cells(rows), cells(cols), 0);
        shown.screen.process(b"\x1b[?1049h");
        self.master.resize(size(cols, rows)).unwrap();
    }

    pub fn text(&self) -> String {
        self.shown.lock().unwrap().screen.screen().contents()
    }

    pub fn raw(&self) -> Vec<u8> {
        self.shown.lock().unwrap().raw.clone()
    }

    #[track_caller]
    pub fn wait(&self, what: &str, holds: impl Fn(&Shown) -> bool) {
        let begun = Instant::now();
        while !holds(&self.shown.lock().unwrap()) {
            assert!(begun.elapsed() < PATIENCE, "never came: {what}\n{}", self.text());
            thread::sleep(Duration::from_millis(5));
        }
    }

    #[track_caller]
    pub fn sees(&self, words: &str) {
        self.wait(words, |shown| shown.screen.screen().contents().contains(words));
    }

    pub fn signal(&self, signal: &str) {
        let pid = self.child.process_id().unwrap().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// Waits for the program to end, and looks that nothing of it is left on the terminal. Its exit code.
    #[track_caller]
    pub fn given_back(mut self) -> (u32, Shown) {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(begun.elapsed() < PATIENCE, "it never ended\n{}", self.text());
            thread::sleep(Duration::from_millis(5));
        };
        self.is_given_back();
        assert_eq!(modes(&*self.master), self.before, "echo, line editing, signals from keys");
        let shown = std::mem::replace(
            &mut *self.shown.lock().unwrap(),
            Shown { screen: vt100::Parser::new(cells(1), cells(1), 0), raw: Vec::new() },
        );
        (status.exit_code(), shown)
    }

    #[track_caller]
    pub fn is_given_back(&self) {
        self.wait("the shell's own screen, cursor, mouse and paste", |shown| {
            let screen = shown.screen.screen();
            !screen.alternate_screen()
                && !screen.hide_cursor()
                && !screen.bracketed_paste()
                && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
        });
    }
}

/// The terminal driver's settings.
pub fn modes(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().unwrap())
}

pub fn scratch() -> &'static Path {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    FOLDER.get_or_init(|| tempfile::tempdir().unwrap()).path()
}

pub fn simulated(name: &str, records: usize) -> PathBuf {
    let folder = scratch().join(name);
    let simulation = Simulation { signed: false, ..Simulation::new(Scenario::Default, 7, records) };
    simulation.write(&folder, &mut |_| ()).unwrap();
    folder
}

/// A case that is read already.
pub fn case() -> &'static Path {
    static CASE: OnceLock<PathBuf> = OnceLock::new();
    CASE.get_or_init(|| {
        let (journals, case) = (simulated("small", 600), scratch().join("small.case"));
        let program = env!("CARGO_BIN_EXE_backtrail");
        let output =
            Command::new(program).arg("ingest").arg(journals).arg("--case").arg(&case).output().unwrap();
        assert!(output.status.success());
        case
    })
}

/// A case of its own, read already: what is left of a session must not meet another test's.
pub fn case_named(name: &str) -> PathBuf {
    let (journals, case) = (simulated(name, 300), scratch().join(name).with_extension("case"));
    let program = env!("CARGO_BIN_EXE_backtrail");
    let output = Command::new(program).arg("ingest").arg(journals).arg("--case").arg(&case).output().unwrap();
    assert!(output.status.success());
    case
}

pub fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
