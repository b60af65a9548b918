//! Every screen in every condition: nothing, one record, many at four sizes, long, wide and hostile names, faults,
//! interference, and while journals are read, numbers are counted, answers are awaited. A cell is a snapshot of its own.

use super::loading::{counting, reading, waiting};
use super::{Case, THEME, damaged, empty, faults, hostile, long_names, many, one, opened, wide_names};
use backtrail::model::Nanos;
use backtrail::ui::headless::{send, text};
use backtrail::ui::model::{Model, Msg, Screen};
use backtrail::work::WorkError;
use backtrail::work::open::Recent;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// A screen, and the keys that lead to it from the Overview.
pub struct Row {
    pub name: &'static str,
    pub keys: &'static str,
    of: Of,
}

/// What a screen is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    /// What the case holds, were it nothing.
    Case,
    /// A record: there is none in a case without any.
    Record,
    /// Words of ours: the same in every case.
    Words,
}

macro_rules! rows {
    ($($name:ident $of:ident $keys:literal;)*) => {
        pub const ROWS: &[Row] = &[$(Row { name: stringify!($name), keys: $keys, of: Of::$of },)*];

        $(#[test]
        fn $name() {
            let row = ROWS.iter().find(|row| row.name == stringify!($name)).unwrap();
            row.cells().for_each(|column| assert_cell(row.name, column.name, row.keys, &column.show(row.keys)));
        })*
    };
}

rows! {
    overview Case "";
    timeline Case "2";
    timeline_by_node Case "2v";
    requests Case "3";
    proof_path Record "3<enter>";
    versions Record "3<enter><tab>";
    record Record "3<enter><tab><tab>";
    causes_and_effects Record "3<enter><tab><tab><tab>";
    matched_pairs Record "3<enter><s-tab>";
    agents Case "4";
    payments Case "5";
    on_chain Case "5<tab>";
    totals Case "5<tab><tab>";
    proofs Case "6";
    findings Case "7";
    notes Record "3mjcab<enter>8";
    log Record "3m8<tab>";
    views Case "3fversion=2<enter>Fsmine<enter>8<tab><tab>";
    console Case ";";
    query Case ";select id, node, agent from requests<enter>";
    compare Record "3xjX";
    count Case "3S";
    filter Case "3fversion=2";
    filters Case "3fnode=a<enter>F";
    narrowing Case "4fverdict";
    narrowed Case "7fa<enter>";
    find Case "4/a";
    report Case "w";
    palette Case "<c-p>";
    incidents Case "i";
    copy Words "3y";
    help Words "?";
}

struct Column {
    name: &'static str,
    case: fn() -> &'static Case,
    size: (u16, u16),
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Done,
    Reading,
    Counting,
    Waiting,
}

/// At 80 × 24, as terminals begin; names where there is a detail beside the list.
const COLUMNS: &[Column] = &[
    column("empty", empty, (80, 24), State::Done),
    column("one", one, (80, 24), State::Done),
    column("many_60x20", many, (60, 20), State::Done),
    column("many_80x24", many, (80, 24), State::Done),
    column("many_120x40", many, (120, 40), State::Done),
    column("many_200x60", many, (200, 60), State::Done),
    column("long_names", long_names, (110, 30), State::Done),
    column("wide_names", wide_names, (110, 30), State::Done),
    column("hostile_names", hostile, (110, 30), State::Done),
    column("only_faults", faults, (80, 24), State::Done),
    column("damaged", damaged, (110, 30), State::Done),
    column("reading", many, (80, 24), State::Reading),
    column("counting", many, (80, 24), State::Counting),
    column("waiting", many, (80, 24), State::Waiting),
];

const fn column(name: &'static str, case: fn() -> &'static Case, size: (u16, u16), state: State) -> Column {
    Column { name, case, size, state }
}

impl Row {
    fn cells(&self) -> impl Iterator<Item = &'static Column> {
        COLUMNS.iter().filter(|column| match self.of {
            Of::Case => true,
            Of::Record => !["empty", "only_faults"].contains(&column.name),
            Of::Words => column.name.starts_with("many_"),
        })
    }
}

impl Column {
    fn show(&self, keys: &str) -> String {
        text(&match self.state {
            State::Done => opened((self.case)(), keys, self.size),
            State::Reading => reading(keys, self.size),
            State::Counting => counting(keys, self.size),
            State::Waiting => waiting((self.case)(), keys, self.size),
        })
    }
}

fn assert_cell(row: &str, column: &str, keys: &str, shown: &str) {
    let settings = insta::Settings::clone_current();
    let _bound = {
        let mut settings = settings;
        settings.set_snapshot_path("../snapshots");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.set_description(keys);
        settings.bind_to_scope()
    };
    insta::assert_snapshot!(format!("matrix__{row}__{column}"), shown);
}

/// The screen before any case: its conditions are recent cases.
fn start(column: &str) -> Option<String> {
    let recent = |names: &[&str]| {
        names
            .iter()
            .map(|name| Recent {
                name: (*name).to_owned(),
                path: PathBuf::new(),
                modified: Nanos(1_791_072_000_000_000_000),
            })
            .collect::<Vec<_>>()
    };
    let numbered: Vec<String> = (1..40).map(|n| format!("incident-{n}.case")).collect();
    let numbered: Vec<&str> = numbered.iter().map(String::as_str).collect();
    let long = "very-long-name-".repeat(13);
    let (size, recent) = match column {
        "empty" => ((80, 24), recent(&[])),
        "one" => ((80, 24), recent(&["risk.case"])),
        "many_60x20" => ((60, 20), recent(&numbered)),
        "many_80x24" => ((80, 24), recent(&numbered)),
        "many_120x40" => ((120, 40), recent(&numbered)),
        "many_200x60" => ((200, 60), recent(&numbered)),
        "long_names" => ((80, 24), recent(&[&long, "b.case"])),
        "wide_names" => {
            ((80, 24), recent(&["漢字名前検証.case", "e\u{301} 👩\u{200d}👩\u{200d}👧.case", "גרסה.case"]))
        }
        "hostile_names" => ((80, 24), recent(&["\u{1b}[2J.case", "\u{202e}drowssap", "a\u{200b}b\nc"])),
        "only_faults" | "waiting" => ((80, 24), recent(&["risk.case"])),
        _ => return None,
    };
    let mut model = Model::new(size, THEME);
    if let Some(Screen::Start(state)) = model.screens.first_mut() {
        (state.recent, state.opening) = (recent, column == "waiting");
    }
    if column == "only_faults" {
        let error =
            WorkError::Unfit { path: "\u{1b}[2J.case".into(), what: "it is somebody's holiday".to_owned() };
        send(&mut model, Msg::Studied(Err(error)));
    }
    Some(text(&model))
}

#[test]
fn the_start_screen() {
    for column in COLUMNS {
        if let Some(shown) = start(column.name) {
            assert_cell("start", column.name, "", &shown);
        }
    }
}

#[test]
fn no_snapshot_is_of_a_screen_that_is_gone() {
    let mut cells: BTreeSet<String> = COLUMNS
        .iter()
        .filter(|column| start(column.name).is_some())
        .map(|column| format!("matrix__start__{}.snap", column.name))
        .collect();
    for row in ROWS {
        cells.extend(row.cells().map(|column| format!("matrix__{}__{}.snap", row.name, column.name)));
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots");
    let files =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let kept: BTreeSet<String> = files.filter(|name| name.ends_with(".snap")).collect();
    let tests = include_str!("../screens.rs");
    let told = |name: &str| {
        let of = name.strip_prefix("screens__").and_then(|name| name.strip_suffix(".snap"));
        of.is_some_and(|of| tests.contains(&format!("shows!({of},")))
    };
    let gone: Vec<&String> = kept.difference(&cells).filter(|name| !told(name)).collect();
    assert!(gone.is_empty(), "{gone:?}");
}
