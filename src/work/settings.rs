//! config.toml: how taint spreads, which rules are silent, how bad the others are. Read once, by the faces.

use super::{WorkError, rules};
use crate::analysis::taint::{Rate, Rates};
use crate::model::Severity;
use crate::model::time::{HOUR, MINUTE, SECOND, Span};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What a person set, over the defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    pub rates: Rates,
    pub silenced: BTreeSet<String>,
    pub severities: BTreeMap<String, Severity>,
}

/// The folder of the user's own configuration: `config.toml` and `rules/`.
pub fn folder() -> Option<PathBuf> {
    use etcetera::BaseStrategy;
    etcetera::choose_base_strategy().ok().map(|base| base.config_dir().join("backtrail"))
}

impl Settings {
    /// Reads a config file. One that is not there says nothing.
    pub fn read(path: &Path) -> Result<Self, WorkError> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(WorkError::Read { path: path.to_owned(), reason: error.to_string() }),
        };
        Self::parse(&text).map_err(|what| WorkError::Unfit { path: path.to_owned(), what })
    }

    /// Reads the user's own, if there is one.
    pub fn own() -> Result<Self, WorkError> {
        folder().map_or_else(|| Ok(Self::default()), |folder| Self::read(&folder.join("config.toml")))
    }

    pub fn parse(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
        let mut settings = Self { rates: file.taint.rates()?, ..Self::default() };
        for id in file.rules.silence {
            settings.silenced.insert(known(id)?);
        }
        for (id, name) in file.rules.severity {
            let severity = Severity::of(&name).ok_or_else(|| format!("`{name}` is no severity"))?;
            settings.severities.insert(known(id)?, severity);
        }
        Ok(settings)
    }

    /// The rules' own severity, or the one that was set.
    pub fn severity(&self, rule: &str, own: Severity) -> Severity {
        self.severities.get(rule).copied().unwrap_or(own)
    }
}

/// A rule of the list. One of the user's own is silenced by taking its file away.
fn known(id: String) -> Result<String, String> {
    if rules::known(&id).is_some() {
        Ok(id)
    } else {
        Err(format!("there is no rule `{id}`; docs/RULES.md lists them"))
    }
}

/// Other sections are other people's.
#[derive(Default, Deserialize)]
#[serde(default)]
struct File {
    taint: Taint,
    rules: Rules,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Rules {
    silence: Vec<String>,
    severity: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Taint {
    threshold: Option<f64>,
    sanitizers: Option<BTreeSet<String>>,
    parent: Option<Way>,
    cause: Option<Way>,
    cache: Option<Way>,
    carries: Option<Way>,
    session: Option<Way>,
    message: Option<Way>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Way {
    weight: Option<f64>,
    /// `1h`, `90m`, `30s`, or `never`.
    half_life: Option<String>,
}

impl Taint {
    fn rates(self) -> Result<Rates, String> {
        let mut rates = Rates::default();
        for (name, way, rate) in [
            ("parent", self.parent, &mut rates.parent),
            ("cause", self.cause, &mut rates.cause),
            ("cache", self.cache, &mut rates.cache),
            ("carries", self.carries, &mut rates.carries),
            ("session", self.session, &mut rates.session),
            ("message", self.message, &mut rates.message),
        ] {
            if let Some(way) = way {
                *rate = way.over(*rate).map_err(|what| format!("[taint] {name}: {what}"))?;
            }
        }
        if let Some(threshold) = self.threshold {
            if !(threshold > 0.0 && threshold <= 1.0) {
                return Err("[taint] threshold: more than 0 and at most 1".to_owned());
            }
            rates.threshold = threshold;
        }
        rates.sanitizers = self.sanitizers.unwrap_or(rates.sanitizers);
        Ok(rates)
    }
}

impl Way {
    fn over(self, rate: Rate) -> Result<Rate, String> {
        let weight = self.weight.unwrap_or(rate.weight);
        if !(0.0..=1.0).contains(&weight) {
            return Err("a weight is from 0 to 1".to_owned());
        }
        let half_life = match self.half_life.as_deref() {
            None => rate.half_life,
            Some("never") => None,
            Some(text) => Some(span(text).ok_or("a half-life is 30s, 90m, 1h, 2d or never")?),
        };
        Ok(Rate { weight, half_life })
    }
}

fn span(text: &str) -> Option<Span> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        "d" => 24 * HOUR,
        _ => return None,
    };
    let many = digits.parse::<i64>().ok().filter(|n| *n > 0)?;
    many.checked_mul(unit).map(Span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_stands_over_the_defaults() {
        let text = "[ui]\ntheme = \"dark\"\n[taint]\nthreshold = 0.1\nsession = { weight = 0.5, half_life = \"90m\" }\n\
                    [rules]\nsilence = [\"gap\"]\n[rules.severity]\npayment-to-itself = \"high\"\n";
        let settings = Settings::parse(text).unwrap();
        assert_eq!(settings.rates.session, Rate { weight: 0.5, half_life: Some(Span(90 * MINUTE)) });
        assert_eq!((settings.rates.threshold, settings.rates.message), (0.1, Rates::default().message));
        assert!(settings.silenced.contains("gap"));
        assert_eq!(settings.severity("payment-to-itself", Severity::Low), Severity::High);
    }

    #[test]
    fn a_mistake_is_told_and_not_guessed_at() {
        for text in [
            "[taint]\nsession = { weight = 1.5 }",
            "[taint]\nsession = { weight = nan }",
            "[taint]\nsession = { half_life = \"soon\" }",
            "[taint]\nthreshold = 0",
            "[taint]\nsesion = { weight = 1 }",
            "[rules]\nsilence = [\"gaps\"]",
            "[rules.severity]\ngap = \"awful\"",
            "[taint",
        ] {
            assert!(Settings::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_example_in_the_docs_is_the_default() {
        let example = rules::page();
        let block = example.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        assert_eq!(Settings::parse(block).unwrap().rates, Rates::default());
    }
}
