//! Which version an enclave's measurement stands for (ANALYSIS §1, "attested"), by the registry's own records.
//!
//! `tee_id` → measurement of that boot → the release that names it, or the label it was approved under.

use super::Number;
use crate::model::Nanos;
use std::collections::{BTreeMap, BTreeSet};

/// The registry's records, as far as attribution needs them. Hashes are bare lower-case hex.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    /// Measurements recorded for each enclave. More than one is impossible for an honest enclave.
    enclaves: BTreeMap<Number, BTreeSet<String>>,
    /// Labels a measurement was approved under, in time order.
    labels: BTreeMap<String, Vec<(Nanos, Number)>>,
    /// Versions of a model whose release names a measurement.
    releases: BTreeMap<(String, Number), BTreeSet<Number>>,
    /// Versions of an enclave image, which serves many models.
    images: BTreeMap<String, BTreeSet<Number>>,
}

impl Registry {
    pub fn enclave(&mut self, tee: Number, measurement: String) {
        self.enclaves.entry(tee).or_default().insert(measurement);
    }

    pub fn approval(&mut self, measurement: String, at: Nanos, label: Number) {
        let labels = self.labels.entry(measurement).or_default();
        let place = labels.partition_point(|(earlier, _)| *earlier <= at);
        labels.insert(place, (at, label));
    }

    pub fn release(&mut self, measurement: String, model: Number, version: Number) {
        self.releases.entry((measurement, model)).or_default().insert(version);
    }

    pub fn image(&mut self, measurement: String, version: Number) {
        self.images.entry(measurement).or_default().insert(version);
    }

    /// Enclaves recorded under more than one measurement.
    pub fn impossible(&self) -> impl Iterator<Item = Number> {
        self.enclaves.iter().filter(|(_, measurements)| measurements.len() > 1).map(|(tee, _)| *tee)
    }

    /// The version of a model that an enclave ran at a time; 0 where the registry cannot tell.
    pub fn version_of(&self, tee: Number, model: Number, at: Nanos) -> Number {
        let Some(measurement) =
            self.enclaves.get(&tee).filter(|known| known.len() == 1).and_then(BTreeSet::first)
        else {
            return 0;
        };
        let named = self.releases.get(&(measurement.clone(), model)).filter(|versions| versions.len() == 1);
        if let Some(version) = named.and_then(BTreeSet::first) {
            return *version;
        }
        match self.label_of(measurement, at) {
            0 => self.image_of(measurement),
            label => label,
        }
    }

    /// What the image's own releases call a build, where the registry's approvals are not known.
    fn image_of(&self, measurement: &str) -> Number {
        let versions = self.images.get(measurement).filter(|versions| versions.len() == 1);
        versions.and_then(BTreeSet::first).copied().unwrap_or(0)
    }

    /// The label in force at a time: the latest approval before it, else the first one ever.
    fn label_of(&self, measurement: &str, at: Nanos) -> Number {
        let Some(labels) = self.labels.get(measurement) else {
            return 0;
        };
        let next = labels.partition_point(|(approved, _)| *approved <= at);
        labels.get(next.saturating_sub(1)).map_or(0, |(_, label)| *label)
    }

    /// The answer for every enclave and model, as far as it does not depend on time; `None` where it does.
    pub fn fixed(&self, tee: Number, model: Number) -> Option<Number> {
        let measurement = self.enclaves.get(&tee)?.first()?;
        let labels = self.labels.get(measurement).map_or(&[][..], |labels| labels);
        let one_label = labels.windows(2).all(|pair| pair[0].1 == pair[1].1);
        let named = self.releases.contains_key(&(measurement.clone(), model));
        (one_label || named).then(|| self.version_of(tee, model, Nanos(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_names_its_measurement_and_a_label_helps_where_none_does() {
        let mut registry = Registry::default();
        registry.enclave(1, "aa".into());
        registry.enclave(2, "bb".into());
        registry.enclave(3, "aa".into());
        registry.enclave(3, "bb".into());
        registry.approval("bb".into(), Nanos(10), 8);
        registry.approval("bb".into(), Nanos(20), 9);
        registry.release("aa".into(), 1, 5);
        for (tee, model, at, version) in [
            (1, 1, 0, 5),
            (1, 2, 0, 0),
            (2, 1, 15, 8),
            (2, 1, 25, 9),
            (2, 1, 5, 8),
            (3, 1, 15, 0),
            (4, 1, 0, 0),
        ] {
            assert_eq!(
                registry.version_of(tee, model, Nanos(at)),
                version,
                "tee {tee} model {model} at {at}"
            );
        }
        assert_eq!(registry.fixed(1, 1), Some(5));
        assert_eq!(registry.fixed(2, 1), None);
        assert_eq!(registry.impossible().collect::<Vec<_>>(), [3]);
    }
}
