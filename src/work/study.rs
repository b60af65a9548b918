//! All that is computed about a case in the light of one incident: what every screen and every report starts from.

use super::agents::{Agents, Base};
use super::archive::Archive;
use super::blast::{Blast, Changed, Impact, Known, blast};
use super::findings;
use super::fold::{self, Fold};
use super::registry::{self, Context};
use super::settings::Settings;
use super::verify::Pins;
use super::{Cancel, WorkError};
use crate::analysis::gaps::Gap;
use crate::analysis::incident::incidents;
use crate::analysis::{Incident, Number, Origin, Window};
use crate::journal::{Column, Names};
use crate::model::{Finding, Nanos};
use crate::store::tables::CheckpointRow;
use crate::store::views::Sight;
use crate::store::{Case, Snapshot, StoreError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// What the responder chose, where the default is not it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Model and faulty version by name.
    pub version: Option<(String, String)>,
    /// Edges of the window.
    pub from: Option<Nanos>,
    pub to: Option<Nanos>,
    /// What config.toml says.
    pub settings: Arc<Settings>,
}

/// What an earlier study of the same picture computed and another window leaves as it is.
#[derive(Clone, Debug, Default)]
struct Before {
    known: Known,
    base: Option<Base>,
}

impl Before {
    /// Agents are compared per version; the web is the same for all, unless other actions clean what they look at.
    fn of(before: &Study, incident: Option<&Incident>, settings: &Settings) -> Self {
        let same = before.incident().map(|i| (i.model, i.faulty)) == incident.map(|i| (i.model, i.faulty));
        let cleaned = before.settings.rates.sanitizers == settings.rates.sanitizers;
        let known = before.blast.get().map(|blast| Known {
            web: Some(Arc::clone(&blast.web)),
            entries: Some(Arc::clone(&blast.entries)),
        });
        let known = known.unwrap_or_else(|| before.before.known.clone());
        let base = before.base.get().cloned();
        Self {
            known: Known { web: known.web.filter(|_| cleaned), ..known },
            base: base.or_else(|| before.before.base.clone()).filter(|_| same),
        }
    }
}

/// As the log keeps it: `risk-scorer 2.4.1 from 2026-… to 2026-…`.
impl std::fmt::Display for Choice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.version {
            Some((model, version)) => write!(f, "{model} {version}")?,
            None => f.write_str("the first incident")?,
        }
        let edge = |at: Option<Nanos>| at.map(Nanos::rfc3339);
        edge(self.from).map_or(Ok(()), |from| write!(f, " from {from}"))?;
        edge(self.to).map_or(Ok(()), |to| write!(f, " to {to}"))
    }
}

/// A case, studied.
#[derive(Clone, Debug)]
pub struct Study {
    pub snapshot: Snapshot,
    pub context: Arc<Context>,
    pub incidents: Vec<Incident>,
    /// Which of them this study is about; `None` where nothing is under suspicion.
    pub chosen: Option<usize>,
    pub window: Option<Window>,
    pub fold: Fold,
    pub gaps: Vec<Gap>,
    pub checkpoints: Vec<CheckpointRow>,
    pub findings: Vec<Finding>,
    /// Whether proofs were verified, so that only enclaves that signed attest.
    pub verified: bool,
    /// The pins it was verified under, as `trust.toml`.
    pub trust: String,
    /// What the faulty version reached, in numbers; `None` while it is counted, and findings that rest on it are
    /// missing as long.
    pub impact: Option<Arc<Impact>>,
    pub settings: Arc<Settings>,
    before: Before,
    blast: OnceLock<Arc<Blast>>,
    turn: Arc<Mutex<()>>,
    archive: OnceLock<Arc<Archive>>,
    agents: OnceLock<Option<Arc<Agents>>>,
    base: OnceLock<Base>,
}

impl Study {
    /// Studies a case in the light of its first incident.
    pub fn open(path: &Path) -> Result<Self, WorkError> {
        Self::choose(path, &Choice::default(), &Cancel::default())
    }

    /// Studies a case in the light of what the responder chose.
    pub fn choose(path: &Path, choice: &Choice, cancel: &Cancel) -> Result<Self, WorkError> {
        Self::soon(path, choice, cancel)?.whole(cancel)
    }

    /// The same, as far as it goes without following what the faulty version reached; `whole` does the rest.
    pub fn soon(path: &Path, choice: &Choice, cancel: &Cancel) -> Result<Self, WorkError> {
        let case = Case::open(path)?;
        let snapshot = case.snapshot()?;
        Self::of(&case, snapshot, choice, None, cancel)
    }

    /// The same picture of the case in the light of another choice, as far as `soon` goes. What a moved window leaves
    /// as it is, is not computed again.
    pub fn again(&self, choice: &Choice, cancel: &Cancel) -> Result<Self, WorkError> {
        let case = Case::open(self.snapshot.path())?;
        let choice = Choice { settings: Arc::clone(&self.settings), ..choice.clone() };
        Self::of(&case, self.snapshot.clone(), &choice, Some(self), cancel)
    }

    /// This study with all that the faulty version reached counted, and the findings that follow from it.
    pub fn whole(&self, cancel: &Cancel) -> Result<Self, WorkError> {
        let mut study = self.clone();
        if study.impact.is_none() {
            study.impact = Some(Arc::new(study.blast_unless(cancel)?.impact(&study.snapshot)));
            study.findings = findings::findings(&Case::open(study.snapshot.path())?, &study, cancel)?;
        }
        Ok(study)
    }

    /// What the faulty version reached; refused while nobody has counted it.
    pub fn counted(&self) -> Result<&Impact, WorkError> {
        let uncounted =
            || WorkError::Refused("what the faulty version reached is still being counted".to_owned());
        self.impact.as_deref().ok_or_else(uncounted)
    }

    fn of(
        case: &Case,
        snapshot: Snapshot,
        choice: &Choice,
        before: Option<&Self>,
        cancel: &Cancel,
    ) -> Result<Self, WorkError> {
        let path = case.path();
        if !snapshot.is_sealed() {
            let what =
                "its journals were not read to the end; run `backtrail ingest` on them with this case again";
            return Err(WorkError::Unfit { path: path.to_owned(), what: what.to_owned() });
        }
        let context = match before {
            Some(before) => Arc::clone(&before.context),
            None => Arc::new(registry::context(case, &snapshot)?),
        };
        let mut incidents = incidents(&context.incidents, &context.deployments);
        let chosen = chosen(&mut incidents, &snapshot, choice)?;
        let incident = chosen.map(|chosen| incidents[chosen].clone());
        let (model, faulty) = incident.as_ref().map_or((0, 0), |incident| (incident.model, incident.faulty));
        let remembered =
            case.meta(&key((model, faulty)))?.and_then(|json| serde_json::from_str::<Fold>(&json).ok());
        let fresh = remembered.is_none();
        let mut fold = match remembered {
            Some(fold) => fold,
            None => fold::count(&snapshot, model, faulty, cancel)?,
        };
        let tolerance = context.attributor.tolerance;
        let mut window = incident
            .as_ref()
            .map(|i| Window::new(i, &context.attributor.schedule, &fold.observed(), tolerance));
        let moved = (choice.from, choice.to);
        if let Some(window) = window.as_mut().filter(|_| moved != (None, None)) {
            window.moved = moved;
            window.rolled_back = choice.to.or(window.rolled_back);
        }
        if fresh || moved != (None, None) {
            fold::count_pointers(&mut fold, &snapshot, window.as_ref(), cancel)?;
        }
        let before =
            before.map(|before| Before::of(before, incident.as_ref(), &choice.settings)).unwrap_or_default();
        let gaps = gaps(case)?;
        let checkpoints = case.checkpoints()?;
        let mut study = Self {
            snapshot,
            context,
            incidents,
            chosen,
            window,
            fold,
            gaps,
            checkpoints,
            findings: Vec::new(),
            verified: case.meta("verified")?.is_some(),
            trust: case.meta("trust")?.unwrap_or_default(),
            impact: None,
            settings: Arc::clone(&choice.settings),
            before,
            turn: Arc::default(),
            blast: OnceLock::new(),
            archive: OnceLock::new(),
            agents: OnceLock::new(),
            base: OnceLock::new(),
        };
        study.impact = remembered_impact(case, &study)?.map(Arc::new);
        study.findings = findings::findings(case, &study, cancel)?;
        Ok(study)
    }

    /// What can be shown of a case whose journals are still being read: rows, and nothing computed.
    pub fn unsealed(snapshot: Snapshot) -> Self {
        Self {
            snapshot,
            context: Arc::default(),
            incidents: Vec::new(),
            chosen: None,
            window: None,
            fold: Fold::default(),
            gaps: Vec::new(),
            checkpoints: Vec::new(),
            findings: Vec::new(),
            verified: false,
            trust: String::new(),
            impact: None,
            settings: Arc::default(),
            before: Before::default(),
            turn: Arc::default(),
            blast: OnceLock::new(),
            archive: OnceLock::new(),
            agents: OnceLock::new(),
            base: OnceLock::new(),
        }
    }

    /// Files that nothing may be written over: the case, the journals, their unpacked copies.
    pub fn evidence(&self) -> Vec<PathBuf> {
        let sources = self.snapshot.sources().iter();
        let journals = sources.flat_map(|source| [source.path.clone(), source.plain.clone()]);
        journals.chain([self.snapshot.path().to_owned()]).collect()
    }

    /// The evidence of its requests under the pins it was verified under; gathered when first asked for.
    pub fn archive(&self) -> Result<Arc<Archive>, WorkError> {
        if let Some(archive) = self.archive.get() {
            return Ok(Arc::clone(archive));
        }
        let asked = super::verify::asked(&Case::open(self.snapshot.path())?)?;
        let pins = Pins { trust: self.trust.clone(), ..asked };
        let archive = Arc::new(Archive::open(self, &pins)?);
        Ok(Arc::clone(self.archive.get_or_init(|| archive)))
    }

    /// What the faulty version reached, and the money on it; computed when first asked for.
    pub fn blast(&self) -> Result<Arc<Blast>, WorkError> {
        self.blast_unless(&Cancel::default())
    }

    /// The same, if it was computed already: what a screen may ask.
    pub fn blast_known(&self) -> Option<&Arc<Blast>> {
        self.blast.get()
    }

    fn blast_unless(&self, cancel: &Cancel) -> Result<Arc<Blast>, WorkError> {
        if let Some(blast) = self.blast.get() {
            return Ok(Arc::clone(blast));
        }
        // One computes it while others wait: it is no less work the second time.
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(blast) = self.blast.get() {
            return Ok(Arc::clone(blast));
        }
        // Which agents changed is needed, not for how long: that takes longer than all the rest.
        let changed = || {
            Ok(match (self.agents_known(), self.base(cancel)?, &self.window) {
                (Some(agents), ..) => Changed::Agents(agents.changed()),
                (None, Some(base), Some(window)) => Changed::Agents(base.changed(window.moved, cancel)?),
                _ => Changed::Unknown,
            })
        };
        let nothing = Window::default();
        let window = self.window.as_ref().unwrap_or(&nothing);
        let known = self.before.known.clone();
        let blast = blast(&self.snapshot, known, window, changed, &self.settings.rates, cancel)?;
        Ok(Arc::clone(self.blast.get_or_init(|| Arc::new(blast))))
    }

    /// Which agents changed; computed when first asked for. `None` where nothing is under suspicion.
    pub fn agents(&self, cancel: &Cancel) -> Result<Option<Arc<Agents>>, WorkError> {
        if let Some(agents) = self.agents.get() {
            return Ok(agents.clone());
        }
        let agents = match (self.base(cancel)?, &self.window) {
            (Some(base), Some(window)) => {
                Some(Arc::new(Agents::within(self, base.clone(), window.moved, cancel)?))
            }
            _ => None,
        };
        Ok(self.agents.get_or_init(|| agents).clone())
    }

    /// What the fleet's records come to, whatever the window; of an earlier study where that had it.
    fn base(&self, cancel: &Cancel) -> Result<Option<&Base>, WorkError> {
        if let Some(base) = self.before.base.as_ref().or(self.base.get()) {
            return Ok(Some(base));
        }
        Ok(match Base::of(self, cancel)? {
            Some(base) => Some(self.base.get_or_init(|| base)),
            None => None,
        })
    }

    /// The same, if it was computed already: what a screen may ask.
    pub fn agents_known(&self) -> Option<&Arc<Agents>> {
        self.agents.get().and_then(Option::as_ref)
    }

    pub fn incident(&self) -> Option<&Incident> {
        self.chosen.map(|chosen| &self.incidents[chosen])
    }

    /// What SQL views look into for this query. Judging agents and following taint take longer than most queries:
    /// they are done where the words of the query may read them.
    pub fn sight(&self, sql: &str, cancel: &Cancel) -> Result<Sight, WorkError> {
        let sql = sql.to_lowercase();
        let names = |words: &[&str]| words.iter().any(|word| sql.contains(word));
        // A star that counts reads no column.
        let reads_all = sql.replace("(*)", "").contains('*');
        if reads_all || names(&["tier", "pair", "class", "outcome", "tainted", "refunded"]) {
            self.blast_unless(cancel)?;
        }
        if names(&["agents"]) {
            self.agents(cancel)?;
        }
        let (snapshot, window) = (self.snapshot.clone(), self.window.clone());
        let agents = self.agents_known().map(|agents| Arc::new(agents.judged())).unwrap_or_default();
        let reached = self.blast_known().map(|blast| blast.reached());
        Ok(Sight { snapshot, window, findings: self.findings.clone().into(), agents, reached })
    }

    pub fn model_name(&self, model: Number) -> &str {
        self.snapshot.names(Names::Model).text(model)
    }

    pub fn version_name(&self, version: Number) -> &str {
        self.snapshot.names(Names::Version).text(version)
    }

    pub fn agent_name(&self, agent: Number) -> &str {
        self.snapshot.name(Column::Agent, agent)
    }

    pub fn node_name(&self, node: Number) -> &str {
        self.snapshot.name(Column::Node, node)
    }
}

/// Finds the incident asked for among those recorded, or adds it as the responder's own.
fn chosen(
    incidents: &mut Vec<Incident>,
    snapshot: &Snapshot,
    choice: &Choice,
) -> Result<Option<usize>, WorkError> {
    let Some((model, version)) = &choice.version else {
        return Ok((!incidents.is_empty()).then_some(0));
    };
    let find = |names: Names, what: &str, text: &str| {
        let number = snapshot.names(names).find(text).map(u64::from);
        number.ok_or_else(|| WorkError::Refused(format!("no record names the {what} `{text}`")))
    };
    let model = find(Names::Model, "model", model)?;
    let faulty = find(Names::Version, "version", version)?;
    let known = incidents.iter().position(|incident| (incident.model, incident.faulty) == (model, faulty));
    if known.is_some() {
        return Ok(known);
    }
    incidents.push(Incident { model, faulty, origin: Origin::Chosen, ..Incident::default() });
    Ok(Some(incidents.len() - 1))
}

/// Forgets counts that are about to be wrong; in one transaction with what makes them so, or a kill in between would
/// leave old counts of a new case.
pub fn forget(case: &Case) -> Result<(), StoreError> {
    case.forget_meta("fold:")?;
    case.forget_meta("impact:")
}

/// Whether the counts are kept, as they are after all but a kill.
pub fn is_remembered(case: &Case) -> Result<bool, StoreError> {
    Ok(case.has_meta("fold:")? && case.has_meta("impact:")?)
}

/// Keeps what the versions of every recorded incident served, so that opening the case again needs no pass.
pub fn remember_served(case: &mut Case, cancel: &Cancel) -> Result<(), WorkError> {
    case.atomically(forget)?;
    let folds: Vec<_> = incidents_of(case, cancel)?
        .into_iter()
        .map(|(number, study)| (number, serde_json::to_string(&study.fold).unwrap_or_default()))
        .collect();
    Ok(case
        .atomically(|case| folds.iter().try_for_each(|(number, fold)| case.set_meta(&key(*number), fold)))?)
}

/// Keeps what every recorded incident reached: it takes longer, and people may look around meanwhile.
pub fn remember_reached(case: &mut Case, cancel: &Cancel) -> Result<(), WorkError> {
    let mut impacts = Vec::new();
    for (number, study) in incidents_of(case, cancel)? {
        let study = study.whole(cancel)?;
        impacts
            .push((impact_key(&study, number), serde_json::to_string(study.counted()?).unwrap_or_default()));
    }
    Ok(case.atomically(|case| impacts.iter().try_for_each(|(key, impact)| case.set_meta(key, impact)))?)
}

/// Model and faulty version of an incident, and the case in its light.
type Numbered = ((Number, Number), Study);

/// The case in the light of each of its first incidents; once without any where it has none.
fn incidents_of(case: &Case, cancel: &Cancel) -> Result<Vec<Numbered>, WorkError> {
    let first = Study::soon(case.path(), &Choice::default(), cancel)?;
    if first.incidents.is_empty() {
        return Ok(vec![((0, 0), first)]);
    }
    let study = |(place, incident): (usize, &Incident)| {
        let number = (incident.model, incident.faulty);
        if first.chosen == Some(place) {
            return Ok((number, first.clone()));
        }
        let names = (first.model_name(incident.model), first.version_name(incident.faulty));
        let choice = Choice { version: Some((names.0.to_owned(), names.1.to_owned())), ..Choice::default() };
        Ok((number, first.again(&choice, cancel)?))
    };
    first.incidents.iter().enumerate().take(REMEMBERED).map(study).collect()
}

const REMEMBERED: usize = 8;

fn key((model, faulty): (Number, Number)) -> String {
    format!("fold:{model}:{faulty}")
}

/// Under the rates it was computed with: under others it is computed anew.
fn impact_key(study: &Study, (model, faulty): (Number, Number)) -> String {
    let what = format!("{:?}", study.settings.rates);
    format!("impact:{model}:{faulty}:{:016x}", crate::journal::print_of(&what))
}

fn remembered_impact(case: &Case, study: &Study) -> Result<Option<Impact>, WorkError> {
    let moved = study.window.as_ref().is_some_and(|window| window.moved != (None, None));
    if moved {
        return Ok(None);
    }
    let number = study.window.as_ref().map_or((0, 0), |window| (window.model, window.faulty));
    let json = case.meta(&impact_key(study, number))?;
    Ok(json.and_then(|json| serde_json::from_str(&json).ok()))
}

fn gaps(case: &Case) -> Result<Vec<Gap>, WorkError> {
    let text = case.meta("gaps")?.unwrap_or_default();
    let gap = |line: &str| {
        let mut parts = line.split(',').map(|part| part.parse::<i64>().ok());
        let (node, from, to) = (parts.next()??, parts.next()??, parts.next()??);
        Some(Gap { node: u64::try_from(node).ok()?, from: Nanos(from), to: Nanos(to) })
    };
    Ok(text.lines().filter_map(gap).collect())
}
