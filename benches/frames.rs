//! From a key to the frame that answers it, at 200×60: while journals are being read in the background, while all their
//! bytes are searched, and at rest; from a key that asks for all rows of a list to its frame, and from the answer to its
//! own; and the bytes a step of the cursor sends beside the cells it changes.
//!
//! `cargo bench --bench frames -- [REQUESTS]` (default 800,000). Drawn into cells, not to a terminal.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot run should stop, and it prints"
)]

use backtrail::store::Case;
use backtrail::ui::headless::{Stage, answers, buffer, bytes, perform, play, send};
use backtrail::ui::keys::Key;
use backtrail::ui::model::{Model, Msg};
use backtrail::ui::theme::{Charset, Colours, Theme};
use backtrail::ui::update;
use backtrail::work::Cancel;
use backtrail::work::filter::{Clause, Field, Filter, Op};
use backtrail::work::ingest::{Pictures, Watcher, ingest};
use backtrail::work::notebook::Hand;
use backtrail::work::select::select;
use backtrail::work::simulate::{Scenario, Simulation};
use backtrail::work::verify::Pins;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

/// Keys that are about every row of a list, on each list: sort, count, narrow, find, only this value.
const ABOUT_ALL: [(&str, &str); 5] = [
    ("Requests", "3sjss<esc>S<esc>fversion=2.4.1<enter><backspace>/gw-eu-1<enter>n"),
    ("Agents", "4sjssS<esc>ltr<esc>lsfverdict~c<enter>\\\\<backspace>/tr<enter>nN"),
    (
        "Settlements",
        "5llsjsshSjj<enter>ffamount>0.1 settled<enter>\\\\=<backspace><backspace>/e<enter>nN<tab>lllsjS<esc>",
    ),
    ("Findings", "7sjssS<esc>lfhigh<enter>\\\\<backspace>/late<enter>nN"),
    ("palette", "<c-p>treasury-1<esc>/gw<esc>"),
];

const KEYS: &str = "jjjjj<pgdn><pgdn>kk<c-d><c-d>GgjjG<c-u>k<enter><esc>ljhj7jj<esc>4jjG<esc>5jG<esc>3jjj";

fn main() {
    let requests = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(800_000);
    let folder = tempfile::tempdir().unwrap();
    let journals = folder.path().join("journals");
    Simulation { signed: false, ..Simulation::new(Scenario::Default, 7, requests) }
        .write(&journals, &mut |_| ())
        .unwrap();
    let path = folder.path().join("bench.case");

    let (sender, messages) = channel();
    let (reading, case) = (journals.clone(), path.clone());
    let reader = thread::spawn(move || {
        let mut open = Case::create_or_open(&case).unwrap();
        let report = Box::new(|progress| drop(sender.send(Msg::Reading(Box::new(progress)))));
        let mut watcher = Watcher { cancel: Cancel::default(), report, pictures: Pictures::Wanted };
        ingest(&mut open, &[reading], &mut watcher).unwrap();
    });
    let theme = Theme::new(Colours::Sixteen, Charset::Unicode);
    let mut model = Model::new((200, 60), theme);
    while model.study.is_none() {
        send(&mut model, messages.recv().unwrap());
    }
    press(&mut model, "3", &mut Vec::new());
    let mut times = Vec::new();
    while !reader.is_finished() {
        press_all(&mut model, &messages, &mut times);
    }
    reader.join().unwrap();
    tell("while reading", times);

    let stage = Stage {
        paths: vec![path],
        case: None,
        size: (200, 60),
        theme,
        pins: Pins::default(),
        hand: Hand::now(),
    };
    let started = Instant::now();
    let mut model = play(&stage, &[]);
    std::hint::black_box(buffer(&model));
    // Without a terminal what workers do in the background is done in line: the agents are judged before it is painted.
    println!("reopened, its agents judged and painted in {:.3} s", started.elapsed().as_secs_f64());
    press(&mut model, "3", &mut Vec::new());
    let mut times = Vec::new();
    let (_, none) = channel();
    for _ in 0..20 {
        press_all(&mut model, &none, &mut times);
    }
    tell("at rest", times);

    for (name, keys) in ABOUT_ALL {
        about_all(&mut model, name, keys);
    }
    let study = model.study.clone().unwrap();
    println!("{} records, {} MiB of memory held at most", study.snapshot.rows(), most_memory() / 1024);
    press(&mut model, "3", &mut Vec::new());
    let cancel = Cancel::default();
    let stop = cancel.clone();
    let searching = thread::spawn(move || {
        let nowhere = Clause::is(Field::Text, "no such text in any record").with(Op::Has);
        let filter = Filter::default().and(nowhere);
        while select(&study, &filter, &cancel).is_ok() {}
    });
    let mut times = Vec::new();
    for _ in 0..20 {
        press_all(&mut model, &none, &mut times);
    }
    stop.cancel();
    searching.join().unwrap();
    tell("while all bytes are searched", times);
    tell_bytes(&stage);
}

/// Keys of one list; and what the answers take on the thread that draws. What workers take is told beside it.
fn about_all(model: &mut Model, name: &str, keys: &str) {
    let (mut times, mut answered, mut worked) =
        (Vec::new(), Vec::new(), (0.0f64, Key::parse_all("s").unwrap()[0]));
    for key in Key::parse_all(keys).unwrap() {
        let started = Instant::now();
        let mut commands = update(model, Msg::Key(key));
        std::hint::black_box(buffer(model));
        times.push((started.elapsed().as_secs_f64() * 1000.0, key));
        while !commands.is_empty() {
            let asked = std::mem::take(&mut commands);
            for command in asked {
                let started = Instant::now();
                let messages = answers(model, command);
                let took = started.elapsed().as_secs_f64() * 1000.0;
                worked = if took > worked.0 { (took, key) } else { worked };
                for msg in messages {
                    let started = Instant::now();
                    commands.extend(update(model, msg));
                    std::hint::black_box(buffer(model));
                    answered.push((started.elapsed().as_secs_f64() * 1000.0, key));
                }
            }
        }
    }
    let shown = backtrail::ui::headless::text(model);
    println!("{}", shown.lines().rev().nth(1).unwrap_or_default().trim());
    tell(&format!("about all rows of {name}"), times);
    tell(&format!("that take in answers about all rows of {name}"), answered);
    println!("a worker took {:.0} ms at most ({})", worked.0, worked.1);
}

/// The most memory this process ever held, in KiB; 0 where the system does not tell.
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Bytes sent for a step, and cells that are not what they were: two explorers, one a step ahead of the other.
fn tell_bytes(stage: &Stage) {
    let keys = Key::parse_all("3").unwrap();
    let (mut ahead, mut behind) = (play(stage, &keys), play(stage, &keys));
    println!("a whole frame sends {} bytes", bytes(&ahead, None).len());
    let steps = [
        ("a step", "j", "jjjjjjjjjj"),
        ("a scrolling step", "060j", "jjjjjjjjjj"),
        ("a page", "j", "<pgdn><pgdn><pgdn>"),
    ];
    for (name, before, keys) in steps {
        press(&mut ahead, before, &mut Vec::new());
        press(&mut behind, before, &mut Vec::new());
        let (mut sent, mut changed) = (0, 0);
        for key in Key::parse_all(keys).unwrap() {
            send(&mut ahead, Msg::Key(key));
            sent += bytes(&ahead, Some(&behind)).len();
            let (now, before) = (buffer(&ahead), buffer(&behind));
            changed += now.content.iter().zip(&before.content).filter(|(now, before)| now != before).count();
            send(&mut behind, Msg::Key(key));
        }
        let each = sent as f64 / changed.max(1) as f64;
        println!("{name} sends {sent} bytes for {changed} changed cells: {each:.2} bytes a cell");
    }
}

fn press_all(model: &mut Model, messages: &Receiver<Msg>, times: &mut Vec<(f64, Key)>) {
    for key in Key::parse_all(KEYS).unwrap() {
        // New pictures come between keys, as in the terminal's own loop; of several that wait the newest counts.
        if let Some(msg) = messages.try_iter().last() {
            send(model, msg);
        }
        // The frame that answers the key; what it asks of workers comes after, as it does in the terminal.
        let started = Instant::now();
        let commands = update(model, Msg::Key(key));
        std::hint::black_box(buffer(model));
        times.push((started.elapsed().as_secs_f64() * 1000.0, key));
        perform(model, commands);
    }
}

fn press(model: &mut Model, keys: &str, times: &mut Vec<(f64, Key)>) {
    for key in Key::parse_all(keys).unwrap() {
        let started = Instant::now();
        send(model, Msg::Key(key));
        times.push((started.elapsed().as_secs_f64() * 1000.0, key));
    }
}

fn tell(when: &str, mut times: Vec<(f64, Key)>) {
    times.sort_by(|a, b| a.0.total_cmp(&b.0));
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).map_or(0.0, |(time, _)| *time);
    let (worst, key) = times.last().map_or((0.0, String::new()), |(time, key)| (*time, key.to_string()));
    println!(
        "key to frame {when}: p50 {:.2} ms, p99 {:.2} ms, worst {worst:.2} ms ({key}) over {} keys (must p99 16, aim 4)",
        at(0.5),
        at(0.99),
        times.len()
    );
}
