//! The answer key agrees with the journals, read by the rules of ANALYSIS and nothing else.

use super::*;
use crate::model::Nanos;
use std::collections::{BTreeSet, HashMap};

const TOLERANCE: i64 = 2_000_000_000;

fn at(record: &Value) -> i64 {
    Nanos::parse(text(record, "at")).unwrap().0
}

/// A plain reading of ANALYSIS §1, §2 and §6.
struct Reader {
    /// By node and model: moments and versions of `active` deployments.
    switches: HashMap<(String, String), Vec<(i64, String)>>,
    /// Version of each enclave's measurement.
    enclaves: HashMap<String, String>,
    requests: Vec<Value>,
    mitigated: i64,
    faulty: String,
    model: String,
}

impl Reader {
    fn new(written: &Written) -> Self {
        let mut switches: HashMap<_, Vec<_>> = HashMap::new();
        for record in written.of_kind("deployment") {
            let of = (text(&record, "node").to_owned(), text(&record, "model").to_owned());
            switches.entry(of).or_default().push((at(&record), text(&record, "version").to_owned()));
        }
        switches.values_mut().for_each(|switches| switches.sort());
        let measurements: HashMap<String, String> = written
            .of_kind("measurement")
            .iter()
            .map(|record| (text(record, "pcr_hash").to_owned(), text(record, "version").to_owned()))
            .collect();
        let enclaves = written
            .of_kind("enclave")
            .iter()
            .map(|record| (text(record, "tee_id").to_owned(), measurements[text(record, "pcr_hash")].clone()))
            .collect();
        let incidents = written.of_kind("incident");
        let mitigated = incidents.iter().find(|record| record["state"] == "mitigated").unwrap();
        Self {
            switches,
            enclaves,
            requests: written.of_kind("inference"),
            mitigated: at(mitigated),
            faulty: text(mitigated, "version").to_owned(),
            model: text(mitigated, "model").to_owned(),
        }
    }

    fn scheduled(&self, record: &Value) -> Option<&str> {
        let of = (text(record, "node").to_owned(), text(record, "model").to_owned());
        let switches = self.switches.get(&of)?;
        let moment = at(record);
        if switches.iter().any(|(switch, _)| (switch - moment).abs() <= TOLERANCE) {
            return None;
        }
        switches.iter().rev().find(|(switch, _)| *switch < moment).map(|(_, version)| version.as_str())
    }

    fn attested(&self, record: &Value) -> Option<&str> {
        self.enclaves.get(text(record, "tee_id")).map(String::as_str)
    }

    fn effective<'a>(&'a self, record: &'a Value) -> Option<&'a str> {
        let claimed = record.get("version").and_then(Value::as_str);
        self.attested(record).or_else(|| self.scheduled(record)).or(claimed)
    }

    fn is_faulty(&self, record: &Value) -> bool {
        record["model"] == *self.model && self.effective(record) == Some(&self.faulty)
    }

    fn pointers(&self, record: &Value) -> Vec<&'static str> {
        let claimed = record.get("version").and_then(Value::as_str);
        let (effective, faulty) = (self.effective(record), self.is_faulty(record));
        let after = at(record) > self.mitigated;
        let conflict =
            matches!((self.attested(record), self.scheduled(record)), (Some(a), Some(b)) if a != b);
        [
            ("stale-pointer", claimed == Some(&self.faulty) && effective.is_some() && !faulty && after),
            ("late-serving", faulty && after),
            ("shadow-serving", faulty && claimed.is_some_and(|claimed| claimed != self.faulty)),
            ("version-conflict", conflict),
            ("unattributed", effective.is_none()),
        ]
        .into_iter()
        .filter(|(_, holds)| *holds)
        .map(|(name, _)| name)
        .collect()
    }
}

fn told_ids(list: &Value) -> BTreeSet<String> {
    list.as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

fn links<'a>(record: &'a Value, field: &str) -> impl Iterator<Item = &'a str> {
    let list = record.get(field).and_then(Value::as_array).into_iter().flatten();
    list.chain(record.get(field).filter(|value| value.is_string())).filter_map(Value::as_str)
}

#[test]
fn versions_and_pointers_are_those_a_reader_finds() {
    for scenario in [Scenario::Default, Scenario::Straggler, Scenario::Aa] {
        let written = Written::new(Simulation { scenario, ..UNSIGNED });
        let reader = Reader::new(&written);
        let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
        let mut pointers: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for record in &reader.requests {
            let version = reader.effective(record).unwrap_or("none").to_owned();
            *counts.entry((text(record, "model").to_owned(), version)).or_default() += 1;
            for flag in reader.pointers(record) {
                pointers.entry(flag).or_default().insert(text(record, "id").to_owned());
            }
        }
        assert_eq!(written.truth["requests"]["total"], reader.requests.len());
        for ((model, version), count) in counts {
            assert_eq!(
                written.truth["requests"]["effective_counts"][&model][&version], count,
                "{model} {version}"
            );
        }
        for (flag, told) in written.truth["pointers"].as_object().unwrap() {
            let found = pointers.remove(flag.as_str()).unwrap_or_default();
            assert_eq!(told_ids(&told["ids"]), found, "{scenario} {flag}");
            assert!(!found.is_empty(), "{scenario} has no {flag}");
        }
    }
}

#[test]
fn tiers_are_those_that_recorded_links_lead_to() {
    let written = Written::new(UNSIGNED);
    let reader = Reader::new(&written);
    let of_requests = reader.requests.iter().filter(|record| reader.is_faulty(record));
    let t0: BTreeSet<String> = of_requests.map(|record| text(record, "id").to_owned()).collect();
    assert_eq!(told_ids(&written.truth["tiers"]["T0"]["ids"]), t0);
    let mut records: Vec<Value> = reader.requests.clone();
    records.extend(written.of_kind("action"));
    records.extend(written.of_kind("message"));
    records.sort_by_key(at);
    let moments: HashMap<&str, i64> = records.iter().map(|record| (text(record, "id"), at(record))).collect();
    let mut tainted = t0.clone();
    for record in &records {
        let causes = ["parents", "causes", "cache_of"].into_iter().flat_map(|field| links(record, field));
        for cause in causes {
            assert!(moments[cause] < at(record), "{cause} is no earlier than what it causes");
            if tainted.contains(cause) {
                tainted.insert(text(record, "id").to_owned());
            }
        }
    }
    let t1 = |prefix: &str| -> BTreeSet<String> {
        tainted.difference(&t0).filter(|id| id.starts_with(prefix)).cloned().collect()
    };
    let told = &written.truth["tiers"]["T1"];
    assert_eq!(told_ids(&told["request_ids"]), t1("req-"));
    assert_eq!(told_ids(&told["action_ids"]), t1("act-"));
    assert_eq!(told["messages"], t1("msg-").len());
}

#[test]
fn payments_add_up_to_what_the_last_states_say() {
    let written = Written::new(Simulation { scenario: Scenario::Money, ..UNSIGNED });
    let mut last: BTreeMap<String, Value> = BTreeMap::new();
    let mut payments = written.of_kind("payment");
    payments.sort_by_key(at);
    last.extend(payments.into_iter().map(|record| (text(&record, "id").to_owned(), record)));
    let refunds = told_ids(&written.truth["payments"]["refund_records"]);
    last.retain(|id, _| !refunds.contains(id));
    let mut found: BTreeMap<(String, String), (u64, u128)> = BTreeMap::new();
    for record in last.values() {
        let reverted = record["state"] == "settled" && record["receipt_status"] == 0;
        let state = if reverted { "reverted" } else { text(record, "state") };
        let sum = found.entry((text(&record["asset"], "symbol").to_owned(), state.to_owned())).or_default();
        sum.0 += 1;
        sum.1 += text(record, "amount").parse::<u128>().unwrap();
    }
    let mut told: BTreeMap<(String, String), (u64, u128)> = BTreeMap::new();
    for class in written.truth["payments"]["by_class"].as_array().unwrap() {
        let sum = told.entry((text(class, "asset").to_owned(), text(class, "state").to_owned())).or_default();
        sum.0 += class["count"].as_u64().unwrap();
        sum.1 += text(class, "amount").parse::<u128>().unwrap();
    }
    assert_eq!(found, told);
    let affected = written.truth["payments"]["affected"].as_array().unwrap();
    assert!(affected.iter().any(|payment| payment["straddles"] == true));
    let flaws = written.truth["payments"]["flaws"].as_object().unwrap();
    assert_eq!(flaws.len(), 6, "every flaw is there");
    assert!(!written.truth["settlements"]["settled_twice"].as_array().unwrap().is_empty());
}

#[test]
fn scenarios_differ_in_what_they_are_about() {
    let truth = |scenario| Written::new(Simulation { scenario, ..UNSIGNED }).truth;
    let (default, aa) = (truth(Scenario::Default), truth(Scenario::Aa));
    let (shift, money) = (truth(Scenario::GlobalShift), truth(Scenario::Money));
    let changed = |truth: &Value| truth["changed"].as_array().unwrap().len();
    assert!(changed(&default) >= 5);
    assert_eq!((changed(&aa), changed(&shift)), (0, 0));
    assert!(aa["window"]["global_shift"].is_null() && shift["window"]["global_shift"].is_string());
    assert_eq!(aa["matched_pairs"]["differing"], 0);
    assert!(default["matched_pairs"]["differing"].as_u64().unwrap() > 3);
    let count = |truth: &Value| truth["payments"]["count"].as_u64().unwrap();
    assert!(count(&money) > 2 * count(&default));
    let late = |truth: &Value| truth["pointers"]["late-serving"]["count"].as_u64().unwrap();
    assert!(late(&truth(Scenario::Straggler)) > 2 * late(&default));
    assert!(default["controls"].as_array().unwrap().len() >= 20);
}
