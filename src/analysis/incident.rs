//! Which version is under suspicion: from incidents, else from rollbacks, else as the responder chooses.

use super::Number;
use super::schedule::Deployment;
use crate::model::Nanos;
use std::collections::BTreeMap;

/// Who says that a version is faulty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// An `incident` record.
    #[default]
    Declared,
    /// Nodes were rolled back from it.
    RolledBack,
    /// The responder.
    Chosen,
}

impl Origin {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Declared => "declared by an incident record",
            Self::RolledBack => "inferred from rollback deployments",
            Self::Chosen => "chosen by the responder",
        }
    }
}

/// A version under suspicion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Incident {
    /// The incident record's id; empty where there is none.
    pub id: String,
    pub title: String,
    pub model: Number,
    pub faulty: Number,
    /// The version that was, or is, good; 0 if nothing says.
    pub good: Number,
    /// Its states in time order, as `declared`.
    pub states: Vec<(Nanos, String)>,
    pub origin: Origin,
}

impl Incident {
    /// When somebody first wrote it down, and when it was called mitigated (or else resolved).
    pub fn declared(&self) -> (Option<Nanos>, Option<Nanos>) {
        let first =
            |names: &[&str]| self.states.iter().find(|(_, s)| names.contains(&s.as_str())).map(|(at, _)| *at);
        let from = first(&["suspected", "declared"]);
        (from, first(&["mitigated"]).or_else(|| first(&["resolved"])))
    }
}

/// One `incident` record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentState {
    pub id: String,
    pub at: Nanos,
    pub state: String,
    pub title: String,
    pub model: Number,
    pub version: Number,
    pub good: Number,
}

/// The incidents of a case: declared ones in order of their first word, then rollbacks nobody declared.
pub fn incidents(records: &[IncidentState], deployments: &[Deployment]) -> Vec<Incident> {
    let mut sorted = records.to_vec();
    sorted.sort_by_key(|record| record.at);
    let mut found: Vec<Incident> = Vec::new();
    for record in sorted {
        let same = |incident: &&mut Incident| {
            incident.id == record.id && (incident.model, incident.faulty) == (record.model, record.version)
        };
        match found.iter_mut().find(same) {
            Some(incident) => {
                incident.states.push((record.at, record.state));
                incident.title = record.title;
                incident.good = if record.good == 0 { incident.good } else { record.good };
            }
            None => found.push(Incident {
                id: record.id,
                title: record.title,
                model: record.model,
                faulty: record.version,
                good: record.good,
                states: vec![(record.at, record.state)],
                origin: Origin::Declared,
            }),
        }
    }
    let rolled_back = rollbacks(deployments);
    for ((model, faulty), good) in rolled_back {
        match found.iter_mut().find(|incident| (incident.model, incident.faulty) == (model, faulty)) {
            Some(incident) if incident.good == 0 => incident.good = good,
            Some(_) => {}
            None => found.push(Incident {
                model,
                faulty,
                good,
                origin: Origin::RolledBack,
                ..Incident::default()
            }),
        }
    }
    found
}

/// What nodes were rolled back from, and to.
fn rollbacks(deployments: &[Deployment]) -> BTreeMap<(Number, Number), Number> {
    let mut sorted = deployments.to_vec();
    sorted.sort_by_key(|deployment| deployment.at);
    let mut active: BTreeMap<(Number, Number), Number> = BTreeMap::new();
    let mut found = BTreeMap::new();
    for deployment in sorted.into_iter().filter(|deployment| deployment.active) {
        let before = active.insert((deployment.node, deployment.model), deployment.version);
        if let Some(before) = before.filter(|before| deployment.rollback && *before != deployment.version) {
            found.insert((deployment.model, before), deployment.version);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rollback_nobody_declared_is_an_incident_too() {
        let deploy = |at, version, rollback| Deployment {
            at: Nanos(at),
            node: 1,
            model: 1,
            version,
            active: true,
            rollback,
        };
        let found = incidents(&[], &[deploy(1, 5, false), deploy(2, 6, false), deploy(3, 5, true)]);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].faulty, found[0].good, found[0].origin), (6, 5, Origin::RolledBack));
    }

    #[test]
    fn states_of_one_incident_are_joined_and_its_times_are_told_apart() {
        let state = |at, state: &str, good| IncidentState {
            id: "inc-1".into(),
            at: Nanos(at),
            state: state.into(),
            title: "t".into(),
            model: 1,
            version: 6,
            good,
        };
        let found =
            incidents(&[state(30, "mitigated", 5), state(10, "suspected", 0), state(20, "declared", 0)], &[]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].declared(), (Some(Nanos(10)), Some(Nanos(30))));
        assert_eq!(found[0].good, 5);
    }
}
