//! What the faulty version reached, and the money on it, held against the answer key over several seeds.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use backtrail::analysis::money::Class;
use backtrail::analysis::taint::{Rate, Rates};
use backtrail::journal::Column;
use backtrail::model::{Kind, Nanos, Row, Severity, Tier};
use backtrail::store::Case;
use backtrail::store::views::{Cell, Flow, Views};
use backtrail::work::Cancel;
use backtrail::work::agents::sensitivity;
use backtrail::work::filter::Filter;
use backtrail::work::ingest::{Watcher, ingest};
use backtrail::work::own_rules::parse;
use backtrail::work::payments::refunds;
use backtrail::work::select::select;
use backtrail::work::settings::Settings;
use backtrail::work::simulate::{Scenario, Simulation};
use backtrail::work::study::{self, Choice, Study};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tempfile::TempDir;

struct Incident {
    folder: TempDir,
    truth: Value,
}

impl Incident {
    fn new(scenario: Scenario, seed: u64, records: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let journals = folder.path().join("journals");
        let simulation = Simulation { signed: false, ..Simulation::new(scenario, seed, records) };
        simulation.write(&journals, &mut |_| ()).unwrap();
        let truth = serde_json::from_slice(&std::fs::read(journals.join("truth.json")).unwrap()).unwrap();
        let mut case = Case::create_or_open(&folder.path().join("a.case")).unwrap();
        ingest(&mut case, &[journals], &mut Watcher::none()).unwrap();
        Self { folder, truth }
    }

    fn study(&self, choice: &Choice) -> Study {
        Study::choose(&self.folder.path().join("a.case"), choice, &Cancel::default()).unwrap()
    }
}

/// Taint by recorded links alone, as the answer key tells it.
fn links_only() -> Choice {
    let never = Rate { weight: 0.0, half_life: None };
    Choice {
        settings: Arc::new(Settings {
            rates: Rates { session: never, message: never, carries: never, ..Rates::default() },
            ..Settings::default()
        }),
        ..Choice::default()
    }
}

fn told(ids: &Value) -> BTreeSet<String> {
    ids.as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

fn found(study: &Study, tier: Tier, kind: Kind) -> BTreeSet<String> {
    let blast = study.blast().unwrap();
    let rows = blast.taint.marks.iter().filter(|mark| mark.tier == tier).map(|mark| blast.web.row(mark.node));
    rows.filter(|row| study.snapshot.kind(*row).unwrap() == kind)
        .map(|row| study.snapshot.id(row).unwrap())
        .collect()
}

#[test]
fn certain_tiers_and_money_agree_with_the_answer_key() {
    for (scenario, seed) in [
        (Scenario::Default, 1),
        (Scenario::Default, 2),
        (Scenario::Money, 3),
        (Scenario::Money, 4),
        (Scenario::Straggler, 5),
        (Scenario::GlobalShift, 6),
        (Scenario::Aa, 7),
    ] {
        let incident = Incident::new(scenario, seed, 6000);
        let truth = &incident.truth;
        let name = format!("{scenario} {seed}");
        // The certain tiers do not depend on how fast the others fade.
        for choice in [Choice::default(), links_only()] {
            let study = incident.study(&choice);
            let t1 = &truth["tiers"]["T1"];
            assert_eq!(
                found(&study, Tier::T0, Kind::Inference),
                told(&truth["tiers"]["T0"]["ids"]),
                "{name}"
            );
            assert_eq!(found(&study, Tier::T1, Kind::Inference), told(&t1["request_ids"]), "{name}");
            assert_eq!(found(&study, Tier::T1, Kind::Action), told(&t1["action_ids"]), "{name}");
            assert_eq!(found(&study, Tier::T1, Kind::Message).len() as u64, t1["messages"], "{name}");
            affected(&study, truth, &name);
        }
        let study = incident.study(&links_only());
        by_class(&study, truth, &name);
        let pairs = study.counted().unwrap().pairs;
        let told = &truth["matched_pairs"];
        assert_eq!(
            (pairs.requests, pairs.pairs),
            (number(&told["hashes"]), number(&told["pairs"])),
            "{name}"
        );
        assert_eq!(pairs.differing, number(&told["differing_pairs"]), "{name}");
        assert_eq!(pairs.differing_requests, number(&told["differing"]), "{name}");
        assert!(study.blast().unwrap().ledger().conserves(), "{name}");
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

/// Every direct and derived payment, one by one.
fn affected(study: &Study, truth: &Value, name: &str) {
    let blast = study.blast().unwrap();
    let payments = blast.ledger().payments.iter().filter(|p| p.class.is_certain() && p.refund.is_none());
    let found: BTreeMap<String, [String; 5]> = payments
        .map(|p| {
            let straddles = p.members.straddle().to_string();
            let words = [p.class.name(), p.state.name()].map(str::to_owned);
            let [class, state] = words;
            let id = study.snapshot.id(p.row).unwrap();
            (id, [class, state, p.amount.to_string(), p.tainted.to_string(), straddles])
        })
        .collect();
    let told: BTreeMap<String, [String; 5]> = truth["payments"]["affected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| {
            let text = |field: &str| p[field].as_str().map_or_else(|| p[field].to_string(), str::to_owned);
            (text("id"), ["class", "state", "amount", "tainted", "straddles"].map(text))
        })
        .collect();
    assert_eq!(found, told, "{name}");
}

/// All payments: count, value and tainted value by asset, class and state.
fn by_class(study: &Study, truth: &Value, name: &str) {
    type Sums = BTreeMap<(String, String, String), (u64, u128, u128)>;
    let blast = study.blast().unwrap();
    let ledger = blast.ledger();
    let mut found = Sums::new();
    for p in ledger.payments.iter().filter(|p| p.refund.is_none()) {
        let symbol = ledger.assets[p.asset].symbol.clone();
        let sum = found.entry((symbol, p.class.name().to_owned(), p.state.name().to_owned())).or_default();
        sum.0 += 1;
        sum.1 += p.amount.to_string().parse::<u128>().unwrap();
        sum.2 += p.tainted.to_string().parse::<u128>().unwrap();
    }
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let told: Sums = truth["payments"]["by_class"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| {
            let amounts = ["amount", "tainted"].map(|field| text(&c[field]).parse::<u128>().unwrap());
            let key = (text(&c["asset"]), text(&c["class"]), text(&c["state"]));
            (key, (number(&c["count"]), amounts[0], amounts[1]))
        })
        .collect();
    assert_eq!(found, told, "{name}");
    let refunds = ledger.payments.iter().filter(|p| p.refund.is_some());
    let refunds: BTreeSet<String> = refunds.map(|p| study.snapshot.id(p.row).unwrap()).collect();
    // A refund so late that the journals end before it is in no journal.
    assert!(refunds.is_subset(&self::told(&truth["payments"]["refund_records"])), "{name}");
}

#[test]
fn a_case_opened_again_says_the_same_without_computing_it() {
    let incident = Incident::new(Scenario::Money, 9, 2500);
    let study = incident.study(&Choice::default());
    let blast = study.blast().unwrap();
    let impact = study.counted().unwrap();
    assert_eq!(*impact, blast.impact(&study.snapshot));
    assert!(impact.classes[Class::Direct as usize] > 0);
}

#[test]
fn a_case_that_remembers_nothing_is_shown_before_it_is_counted_and_comes_to_the_same() {
    let incident = Incident::new(Scenario::Money, 9, 2500);
    let remembered = incident.study(&Choice::default());
    let mut case = Case::create_or_open(remembered.snapshot.path()).unwrap();
    case.atomically(study::forget).unwrap();
    drop(case);
    let soon = Study::soon(remembered.snapshot.path(), &Choice::default(), &Cancel::default()).unwrap();
    assert_eq!(soon.impact, None);
    assert!(soon.counted().unwrap_err().to_string().contains("still being counted"));
    assert_eq!(soon.fold, remembered.fold);
    assert!(soon.findings.len() < remembered.findings.len(), "what rests on the count is not told before it");
    let whole = soon.whole(&Cancel::default()).unwrap();
    assert_eq!(whole.impact, remembered.impact);
    assert_eq!(whole.findings, remembered.findings);
}

#[test]
fn every_tainted_thing_shows_a_chain_from_the_faulty_version_to_itself() {
    let incident = Incident::new(Scenario::Default, 8, 4000);
    let study = incident.study(&Choice::default());
    let blast = study.blast().unwrap();
    let at = |row: Row| study.snapshot.value(Column::At, row).unwrap();
    assert!(blast.taint.marks.iter().any(|mark| mark.tier == Tier::T3));
    for mark in &blast.taint.marks {
        let row = blast.web.row(mark.node);
        let chain = blast.chain(row);
        assert_eq!(chain[0].1.tier, Tier::T0);
        assert_eq!(chain.last().unwrap().0, row);
        assert_eq!(chain.len() as u32, mark.hops + 1);
        assert!(
            chain.windows(2).all(|pair| pair[0].1.tier <= pair[1].1.tier && at(pair[0].0) <= at(pair[1].0))
        );
        assert!(chain.windows(2).all(|pair| pair[0].1.strength >= pair[1].1.strength));
    }
}

/// The ids a rule's finding shows.
fn shown(study: &Study, rule: &str) -> BTreeSet<String> {
    let finding = study.findings.iter().find(|finding| finding.rule == rule);
    let rows = finding.map_or(&[][..], |finding| &finding.evidence);
    rows.iter().map(|row| study.snapshot.id(*row).unwrap()).collect()
}

#[test]
fn reconciliation_finds_the_flaws_that_were_laid() {
    for seed in [3, 4] {
        let incident = Incident::new(Scenario::Money, seed, 3000);
        let study = incident.study(&Choice::default());
        let blast = study.blast().unwrap();
        // A payment that the journals end before is in none of them; nor is the state it would have come to.
        let mut last: BTreeMap<String, &'static str> = BTreeMap::new();
        for payment in &blast.ledger().payments {
            last.insert(study.snapshot.id(payment.row).unwrap(), payment.state.name());
        }
        let laid = |flaw: &str, states: &[&str]| -> BTreeSet<String> {
            let ids = told(&incident.truth["payments"]["flaws"][flaw]["ids"]);
            ids.into_iter().filter(|id| last.get(id).is_some_and(|state| states.contains(state))).collect()
        };
        assert_eq!(shown(&study, "payment-reverted"), laid("reverted", &["reverted"]), "{seed}");
        assert_eq!(shown(&study, "payment-no-transaction-hash"), laid("job-id", &["settled"]), "{seed}");
        assert_eq!(shown(&study, "paid-twice"), laid("paid-twice", &["settled"]), "{seed}");
        // Of one that is only authorised, the requests it will pay for may be still to come: a wrong amount can look right.
        let unusual = shown(&study, "amount-unusual");
        assert!(unusual.is_superset(&laid("amount-mismatch", &["settled", "pending"])), "{seed}");
        assert!(unusual.is_subset(&laid("amount-mismatch", &["settled", "pending", "authorized"])), "{seed}");
        assert!(unusual.len() > 10, "{seed}");
        assert_eq!(
            shown(&study, "settled-twice"),
            told(&incident.truth["settlements"]["settled_twice"]),
            "{seed}"
        );
        assert!(!unusual.is_empty());
    }
}

fn rows(study: &Study, sql: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    Views::open(&study.sight(sql, &Cancel::default()).unwrap())
        .unwrap()
        .select(
            sql,
            |_| {},
            |row| {
                let text = |cell: &Cell| match cell {
                    Cell::Text(text) => text.clone(),
                    Cell::Integer(number) => number.to_string(),
                    other => format!("{other:?}"),
                };
                found.push(row.iter().map(text).collect());
                Flow::More
            },
        )
        .unwrap();
    found
}

#[test]
fn sql_sees_tiers_classes_and_pairs() {
    let incident = Incident::new(Scenario::Money, 3, 3000);
    let study = incident.study(&Choice::default());
    let count = |sql: &str| rows(&study, sql)[0][0].parse::<u64>().unwrap();
    let impact = study.counted().unwrap();
    assert_eq!(count("select count(*) from requests where tier = 'T0'"), impact.tiers[0].requests);
    assert_eq!(count("select count(*) from actions where tier = 'T1'"), impact.tiers[1].actions);
    let direct = "select count(*) from payments where class = 'direct' and refund_of is null";
    assert_eq!(count(direct), impact.classes[Class::Direct as usize]);
    assert!(count("select count(*) from requests where pair = 'differs'") > 0);
    for (clause, sql) in [
        ("tier=t1", "select count(*) from requests where tier = 'T1'"),
        ("-tier=any", "select count(*) from requests where tier is null"),
        ("pair=any", "select count(*) from requests where pair is not null"),
    ] {
        let filter = Filter::parse(clause, Nanos(0)).unwrap();
        let selected = select(&study, &filter, &Cancel::default()).unwrap().rows.len() as u64;
        assert_eq!(selected, count(sql), "{clause}");
    }
}

fn own_rule(query: &str) -> Choice {
    let text = format!(
        "id = \"mine\"\nseverity = \"high\"\nseconds = 1\nsentence = \"{{count}} of them, first {{id}}\"\nquery = \"\"\"{query}\"\"\"\n"
    );
    let settings = Settings { rules: vec![Ok(parse(&text).unwrap())], ..Settings::default() };
    Choice { settings: settings.into(), ..Choice::default() }
}

#[test]
fn rules_of_ones_own_find_and_cannot_harm() {
    let incident = Incident::new(Scenario::Money, 3, 1500);
    let direct = "select id from payments where class = 'direct' and refund_of is null order by id";
    let study = incident.study(&own_rule(direct));
    let finding = study.findings.iter().find(|finding| finding.rule == "mine").unwrap();
    let ids: Vec<String> = rows(&study, direct).into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(finding.count, ids.len() as u64);
    assert_eq!(finding.sentence, format!("{} of them, first {}", ids.len(), ids[0]));
    assert_eq!(study.snapshot.id(finding.evidence[0]).unwrap(), ids[0]);
    let endless = "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n";
    for (query, why) in [
        ("delete from findings", "not authorized"),
        ("attach 'x.db' as x", "not authorized"),
        ("select missing from requests", "no such column"),
        (endless, "it took longer than 1 s"),
    ] {
        let study = incident.study(&own_rule(query));
        assert!(study.findings.iter().all(|finding| finding.rule != "mine"), "{query}");
        let failed = study.findings.iter().find(|finding| finding.rule == "rule-failed").unwrap();
        assert!(failed.sentence.contains(why), "{query}: {}", failed.sentence);
    }
    let nothing = incident.study(&own_rule("select id from payments where 0"));
    assert!(
        nothing.findings.iter().all(|finding| !finding.rule.starts_with("rule") && finding.rule != "mine")
    );
}

#[test]
fn a_silenced_rule_is_silent_and_a_tuned_one_as_bad_as_it_was_set() {
    let incident = Incident::new(Scenario::Money, 3, 1500);
    let text =
        "[rules]\nsilence = [\"session-straddles\"]\n[rules.severity]\npayment-reverted = \"critical\"\n";
    let settings = Settings::parse(text).unwrap();
    let study = incident.study(&Choice { settings: settings.into(), ..Choice::default() });
    let find = |rule: &str| study.findings.iter().find(|finding| finding.rule == rule);
    assert!(find("session-straddles").is_none());
    assert_eq!(find("payment-reverted").unwrap().severity, Severity::Critical);
}

#[test]
fn the_refund_list_is_what_the_totals_say_is_due() {
    let incident = Incident::new(Scenario::Money, 3, 3000);
    let study = incident.study(&Choice::default());
    let sheet = refunds(&study, &Cancel::default()).unwrap();
    let column = |name: &str| sheet.titles.iter().position(|title| title == name).unwrap();
    let mut due: BTreeMap<&str, u128> = BTreeMap::new();
    for row in sheet.rows.iter().filter(|row| row[column("state")] != "disputed") {
        let share = row[column("due_by_share")].parse::<u128>().unwrap();
        *due.entry(row[column("symbol")].as_str()).or_default() += share;
    }
    for money in &study.counted().unwrap().money {
        let outstanding = money.sums.outstanding.to_string().parse::<u128>().unwrap();
        assert_eq!(
            due.get(money.asset.symbol.as_str()).copied().unwrap_or(0),
            outstanding,
            "{}",
            money.asset.symbol
        );
    }
    assert!(!sheet.rows.is_empty());
}

#[test]
fn the_money_in_the_sensitivity_band_is_that_of_a_moved_window() {
    let incident = Incident::new(Scenario::Money, 9, 2500);
    let study = incident.study(&Choice::default());
    let agents = study.agents(&Cancel::default()).unwrap().unwrap();
    let band = sensitivity::band(&study, &agents, &Cancel::default()).unwrap();
    assert_eq!(band.len(), 5);
    for row in &band {
        let choice = Choice { from: Some(row.from), to: Some(row.to), ..Choice::default() };
        let moved = study.again(&choice, &Cancel::default()).unwrap().whole(&Cancel::default()).unwrap();
        assert_eq!(moved.counted().unwrap().classes[Class::Direct as usize], row.direct, "{}", row.shift);
    }
    assert!(band[0].direct < band[4].direct, "a wider window holds more");
}
