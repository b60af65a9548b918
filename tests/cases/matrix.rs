//! Every screen, with nothing, one record, many, long, wide and hostile names, only faults; at every size; and while it waits.

use super::{Case, THEME, empty, faults, hostile, long_names, many, model, one, wide_names};
use backtrail::ui::headless::text;
use backtrail::ui::keys::Key;
use backtrail::ui::model::Msg;
use backtrail::ui::update;
use std::fmt::Write;

type Opened = fn() -> &'static Case;

/// A frame under its own title.
fn frame(out: &mut String, title: &str, shown: &str) {
    writeln!(out, "═══ {title}\n{shown}").unwrap();
}

/// The screen with its answers still to come: keys are taken in, and what they ask for is left undone.
fn waiting(case: &Case, keys: &str) -> String {
    let mut model = model(case, "", (80, 24), THEME);
    for key in Key::parse_all(keys).unwrap() {
        drop(update(&mut model, Msg::Key(key)));
    }
    text(&model)
}

fn every(keys: &str) -> String {
    let mut out = String::new();
    let cases: [(&str, Opened); 7] = [
        ("empty", empty),
        ("one record", one),
        ("many", many),
        ("long names", long_names),
        ("wide names", wide_names),
        ("hostile names", hostile),
        ("only faults", faults),
    ];
    for (title, case) in cases {
        frame(&mut out, title, &text(&model(case(), keys, (80, 24), THEME)));
    }
    for (width, height) in [(60, 20), (120, 40), (200, 60)] {
        frame(&mut out, &format!("{width}x{height}"), &text(&model(many(), keys, (width, height), THEME)));
    }
    frame(&mut out, "waiting", &waiting(many(), keys));
    out
}

macro_rules! every {
    ($($name:ident $keys:literal;)*) => {
        $(#[test]
        fn $name() {
            insta::with_settings!({ description => $keys, omit_expression => true }, {
                insta::assert_snapshot!(stringify!($name), every($keys));
            });
        })*
    };
}

every! {
    overview "";
    timeline "2";
    timeline_by_node "2v";
    requests "3";
    request "3<enter>";
    record "3<enter><tab><tab>";
    causes_and_effects "3<enter><s-tab>";
    agents "4";
    settlements "5";
    on_chain "5<tab>";
    totals "5<tab><tab>";
    proofs "6";
    findings "7";
    // Where there is nothing to comment on, the letters of the comment are keys: these do nothing.
    notes "3mjcab<enter>8";
    log "3m8<tab>";
    count "3S";
    compare "3xjX";
    console ";select id, node, agent from requests<enter>";
    filter "3fversion=2";
    filters "3fnode=a<enter>F";
    narrowed "7fa<enter>";
    narrowing "4fverdict";
    report "w";
    palette "<c-p>";
    help "?";
}
