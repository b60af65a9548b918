//! Screens as people see them: keys in, text out. The matrix of screens and conditions, its laws, random keys and looks
//! stand in `cases`; here is what people do on the way.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod cases;

use backtrail::ui::headless::{send, text};
use backtrail::ui::keys::Key;
use backtrail::ui::model::{Model, Msg, Screen};
use cases::{Case, THEME, damaged, empty, hostile, imported, many, model};

fn screen(case: &Case, keys: &str, width: u16, height: u16) -> String {
    text(&model(case, keys, (width, height), THEME))
}

macro_rules! shows {
    ($name:ident, $case:expr, $keys:literal, $width:literal x $height:literal) => {
        #[test]
        fn $name() {
            insta::with_settings!({ description => concat!($keys, " at ", $width, "x", $height), omit_expression => true }, {
                insta::assert_snapshot!(stringify!($name), screen($case, $keys, $width, $height));
            });
        }
    };
}

shows!(report_wizard_narrow, many(), "w<down><right><down><down>", 60 x 20);
shows!(overview_of_imported_sources_80, imported(), "", 80 x 24);
shows!(overview_of_imported_sources_200, imported(), "", 200 x 60);
shows!(settlements_120, many(), "5jj", 120 x 40);
shows!(settlements_of_one_class, many(), "5G=", 80 x 24);
shows!(settlements_lead_to_their_record, many(), "5<enter><tab><tab><tab>", 120 x 40);
shows!(settlements_refund_list_asks_where, many(), "5r", 80 x 24);
shows!(settlements_by_words, many(), "5f-direct state=settled<enter>j", 80 x 24);
shows!(settlements_marked, many(), "5mjjm", 80 x 24);
shows!(agents_120, many(), "4j", 120 x 40);
shows!(agents_narrowed_to_one_verdict, many(), "4jl=", 80 x 24);
shows!(agents_found, many(), "4/trader<enter>n", 80 x 24);
shows!(agents_compared, many(), "4xjX", 80 x 24);
shows!(agents_counted, many(), "4lS", 80 x 24);
shows!(agents_narrowing_with_a_mistake, many(), "4fa size>3", 80 x 24);
shows!(agents_and_payments_are_not_compared, many(), "4x5X", 80 x 24);
shows!(pairs_are_compared, many(), "3fpair=differs<enter><enter><tab><tab><tab><tab><enter>", 120 x 40);
shows!(request_200, many(), "3fversion=2.4.1<enter><enter>", 200 x 60);
shows!(palette_of_ids, many(), "<c-p>req-00000012", 80 x 24);
shows!(help_on_the_timeline, many(), "2?", 80 x 24);
shows!(filters_none_in_force, many(), "3F", 80 x 24);
shows!(requests_by_tier, many(), "3ftier=T1<enter>", 120 x 40);
shows!(requests_that_answer_differently, many(), "3fpair=differs<enter>", 120 x 40);
shows!(request_chain, many(), "3ftier=T1<enter><enter><tab><tab><tab>", 120 x 40);
shows!(request_pairs, many(), "3fpair=differs<enter><enter><tab><tab><tab><tab>", 120 x 40);
shows!(timeline_zoomed_at_a_boundary, many(), "2}}zzz", 120 x 40);
shows!(requests_filtered, many(), "3fpointer=any<enter>j", 120 x 40);
shows!(requests_filter_being_typed, many(), "3fversion=2.4.1 agent~tre", 80 x 24);
shows!(requests_filter_with_a_mistake, many(), "3fnode=gw-eu-1 agent>x<enter>", 80 x 24);
shows!(requests_find, many(), "3/eu1", 80 x 24);
shows!(requests_none_left, many(), "3fnode=nowhere<enter>", 80 x 24);
shows!(requests_paused_filters, many(), "3fnode=gw-eu-1<enter>\\", 80 x 24);
shows!(request_versions, many(), "3fpointer=shadow-serving<enter><enter>", 120 x 40);
shows!(request_record, many(), "3fpointer=stale-pointer<enter><enter><tab>3j", 80 x 24);
shows!(request_links, many(), "3fversion=2.4.1<enter>5j<enter><tab><tab>", 120 x 40);
shows!(proofs_80, damaged(), "6", 80 x 24);
shows!(proofs_120, damaged(), "6j", 120 x 40);
shows!(proofs_200, damaged(), "6", 200 x 60);
shows!(proofs_sorted, damaged(), "6lss", 120 x 40);
shows!(proofs_narrowed, damaged(), "6fverdict>=failed -step=signature<enter>", 120 x 40);
shows!(proofs_counted, damaged(), "6lS", 80 x 24);
shows!(proofs_marked, damaged(), "6mjjm", 80 x 24);
shows!(settlements_by_amount, many(), "5llss", 120 x 40);
shows!(settlements_over_an_amount, many(), "5famount>=0.123 settled-at>=2026-10-05<enter>", 120 x 40);
shows!(findings_by_severity, many(), "7s", 80 x 24);
shows!(findings_severe, many(), "7fseverity>=high<enter>", 80 x 24);
shows!(findings_120, many(), "7j", 120 x 40);
shows!(palette, many(), "<c-p>timeline", 80 x 24);
shows!(other_version_chosen, many(), "ijj<enter>", 120 x 40);
shows!(notes_80, many(), "3jmjtlate evidence<enter>ccheck with ops<enter>7m8", 80 x 24);
shows!(notes_log, many(), "3fnode=gw-eu-1<enter>mu<c-r>8<tab>", 120 x 40);
shows!(notes_of_nothing, empty(), "8", 80 x 24);
shows!(notes_on_hostile_names, hostile(), "3mjc\u{202e}x<enter>8", 80 x 24);
shows!(notes_views, many(), "3fversion=2.4.1<enter>Fsbad ones<enter>8<tab><tab>", 80 x 24);
shows!(notes_in_a_list, many(), "3mjjm", 80 x 24);
shows!(count_of_a_short_list, many(), "7lS", 80 x 24);
shows!(count_leads_to_its_rows, many(), "3hhSj<enter>", 80 x 24);
shows!(compare_requests, many(), "3x5jX", 120 x 40);
shows!(compare_windows, many(), "2xzzzX", 120 x 40);
shows!(compare_rows, many(), "7xjX<tab>", 80 x 24);
shows!(console_completes, many(), ";select effe<tab> from requ<tab>", 80 x 24);
shows!(console_rows, many(), ";select node, count(*) n from requests group by 1<enter>ls", 80 x 24);
shows!(console_mistake, many(), ";select nothing<enter>", 80 x 24);
shows!(requests_sorted, many(), "3llllls", 120 x 40);
shows!(filters_one_by_one, many(), "3fversion=2.4.1 node=gw-eu-1<enter>F j", 80 x 24);
shows!(copy_menu, many(), "3<enter>y", 80 x 24);
shows!(panes_detail_alone, many(), "3o", 80 x 24);
shows!(bundle_asks_where, many(), "3B", 80 x 24);
shows!(bundle_of_a_marked_request_is_of_all_marked, many(), "3mjjmB", 80 x 24);
shows!(too_small, many(), "", 30 x 8);

#[test]
fn the_cursor_keeps_its_record_when_filters_come_and_go() {
    let id_under_cursor = |model: &Model| match model.screen() {
        Screen::Requests(state) => state.under_cursor().map(|row| row.id.clone()),
        _ => None,
    };
    let mut model = model(many(), "3fversion=2.4.1<enter>9j", (120, 40), THEME);
    let before = id_under_cursor(&model).unwrap();
    for keys in ["\\", "\\", "u", "u", "<c-r>", "<c-r>"] {
        for key in Key::parse_all(keys).unwrap() {
            send(&mut model, Msg::Key(key));
        }
        assert_eq!(id_under_cursor(&model).as_ref(), Some(&before), "after {keys}");
    }
    send(&mut model, Msg::Resize(80, 24));
    assert_eq!(id_under_cursor(&model), Some(before));
}

#[test]
fn escape_never_quits_and_q_at_the_root_does() {
    let mut model = model(many(), "3<enter>", (80, 24), THEME);
    for _ in 0..10 {
        send(&mut model, Msg::Key(Key::parse_all("<esc>").unwrap()[0]));
        assert!(!model.quit);
    }
    send(&mut model, Msg::Key(Key::parse_all("q").unwrap()[0]));
    assert!(model.quit);
}
