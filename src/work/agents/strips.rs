//! A case's requests and actions as strips: two passes over its columns, once for an incident, then never again.

use super::prints::Prints;
use super::scales::{REST, Scales, Survey};
use crate::analysis::drift::strip::{Clock, Event, Led, Served, Strips};
use crate::analysis::{Number, Window};
use crate::journal::batch::{EdgeKind, Flags};
use crate::journal::{Column, Names};
use crate::model::{Kind, Nanos};
use crate::store::{Chunk, Packed, Snapshot, StoreError};
use crate::work::fold::Fold;
use crate::work::parallel::{each_chunk, each_stretch};
use crate::work::{Cancel, WorkError};
use std::sync::Mutex;

/// Strips with the scales their columns were made by.
#[derive(Clone, Debug, Default)]
pub struct Aggregate {
    pub strips: Strips,
    pub scales: Scales,
    /// The pair of action columns behind each column of transitions; `None` for the rest.
    pub pairs: Vec<Option<(u8, u8)>>,
}

impl Aggregate {
    pub fn new(
        snapshot: &Snapshot,
        window: &Window,
        fold: &Fold,
        cancel: &Cancel,
    ) -> Result<Self, WorkError> {
        let subject = (window.model, window.faulty);
        let baseline = window.begun().unwrap_or(Nanos::MAX);
        let mut surveys =
            each_chunk(snapshot, cancel, |_, chunk| Survey::of(snapshot, chunk, subject, baseline))?;
        let scales = Scales::new(&surveys);
        let faulty: Vec<Vec<u64>> =
            surveys.iter_mut().map(|survey| std::mem::take(&mut survey.faulty)).collect();
        drop(surveys);
        let faulty = Prints::new(&faulty);
        let clock = Clock::over(fold.span.unwrap_or_default());
        // A number without a name is in no dictionary: a damaged case, and not to be counted up to.
        let agents = snapshot.names(Names::Agent).len() as u64;
        let reading = Reading { snapshot, scales: &scales, faulty: &faulty, clock, subject, agents };
        let parts = each_chunk(snapshot, cancel, |_, chunk| reading.read(chunk))?;
        let mut events = Vec::with_capacity(parts.len());
        let (mut misled, mut read) = (Vec::with_capacity(parts.len()), Vec::new());
        for part in parts {
            events.push(part.events);
            misled.push(part.misled);
            read.extend(part.read);
        }
        let mut strips = Strips::join(clock, &events);
        drop(events);
        sort(&mut strips, cancel)?;
        taint(&mut strips, &read, &faulty, &Prints::new(&misled));
        let counts = each_stretch(strips.len(), cancel, |places| strips.count_pairs(places))?;
        let mut sums = vec![0; 256];
        for part in counts {
            sums.iter_mut().zip(part).for_each(|(sum, n)| *sum += n);
        }
        let pairs = strips.choose_pairs(&sums);
        Ok(Self { strips, scales, pairs })
    }
}

/// Each agent's events in time order, on every core.
fn sort(strips: &mut Strips, cancel: &Cancel) -> Result<(), WorkError> {
    let slices: Vec<Mutex<&mut [Event]>> = strips.each_mut().into_iter().map(Mutex::new).collect();
    each_stretch(slices.len(), cancel, |places| {
        for slice in &slices[places] {
            // Mostly runs in order already, one for each journal: the stable sort merges them.
            slice.lock().unwrap_or_else(std::sync::PoisonError::into_inner).sort();
        }
    })?;
    Ok(())
}

/// Marks agents that read what the faulty version made: an answer of it, or an action that it led to.
fn taint(strips: &mut Strips, read: &[(u32, u64)], faulty: &Prints, misled: &Prints) {
    for (agent, print) in read {
        if (faulty.has(*print) || misled.has(*print))
            && let Ok(place) = strips.agents.binary_search(&Number::from(*agent))
        {
            strips.tainted[place] = true;
        }
    }
}

struct Reading<'r> {
    snapshot: &'r Snapshot,
    scales: &'r Scales,
    faulty: &'r Prints,
    clock: Clock,
    subject: (Number, Number),
    agents: u64,
}

/// What one chunk gives.
struct Part {
    events: Vec<(u32, Event)>,
    /// Prints of actions that a faulty answer led to.
    misled: Vec<u64>,
    /// Who read what: agents with the prints of their requests' parents.
    read: Vec<(u32, u64)>,
}

impl Reading<'_> {
    fn read(&self, chunk: &Chunk) -> Result<Part, StoreError> {
        let column = |column: Column| self.snapshot.passing(chunk, column);
        let columns = Columns {
            at: column(Column::At)?,
            agent: column(Column::Agent)?,
            model: column(Column::Model)?,
            effective: column(Column::Effective)?,
            state: column(Column::State)?,
            category: column(Column::Category)?,
            tokens: column(Column::TokensOut)?,
            latency: column(Column::Latency)?,
        };
        let (kind, flags, print) = (column(Column::Kind)?, column(Column::Flags)?, column(Column::Print)?);
        let edges = self.snapshot.passing_edges(chunk)?;
        let mut part =
            Part { events: Vec::with_capacity(chunk.rows as usize), misled: Vec::new(), read: Vec::new() };
        let mut edge = 0;
        kind.each(|place, code| {
            // Edges stand in the order of their records.
            let first = edge;
            while edge < edges.len() && edges.place(edge) as usize <= place {
                edge += 1;
            }
            let agent = columns.agent.value(place);
            if agent == 0 || agent > self.agents || flags.value(place) & Flags::DUPLICATE != 0 {
                return;
            }
            let agent = agent as u32;
            let own = (first..edge).filter(|n| edges.place(*n) as usize == place);
            let tick = self.clock.tick(Nanos(columns.at.value(place).cast_signed()));
            if code == Kind::Inference as u64 {
                part.events.push((agent, self.request(tick, place, &columns)));
                let reads = |kind| matches!(kind, Some(EdgeKind::Parent | EdgeKind::CacheOf));
                part.read.extend(own.filter(|n| reads(edges.kind(*n))).map(|n| (agent, edges.print(n))));
            } else if code == Kind::Action as u64 {
                let mut causes =
                    own.filter(|n| edges.kind(*n) == Some(EdgeKind::Cause)).map(|n| edges.print(n));
                let led = match causes.next() {
                    None => Led::NotSaid,
                    Some(cause) if self.faulty.has(cause) => Led::ByFaulty,
                    Some(_) => Led::ByOther,
                };
                if led == Led::ByFaulty || causes.any(|cause| self.faulty.has(cause)) {
                    part.misled.push(print.value(place));
                }
                let category = self.scales.actions.column(columns.category.value(place));
                part.events.push((agent, Event::action(tick, led, category.min(REST))));
            }
        });
        Ok(part)
    }

    fn request(&self, tick: u32, place: usize, columns: &Columns) -> Event {
        let served = match (columns.model.value(place), columns.effective.value(place)) {
            (model, _) if model != self.subject.0 => Served::OtherModel,
            (_, 0) => Served::Unknown,
            (_, version) if version == self.subject.1 => Served::Faulty,
            _ => Served::Good,
        };
        let outcome =
            self.scales.outcomes.column((columns.state.value(place), columns.category.value(place)));
        let tokens = self.scales.tokens.of(columns.tokens.value(place));
        let latency = self.scales.latency.of(columns.latency.value(place));
        Event::request(tick, served, outcome, tokens, latency)
    }
}

struct Columns {
    at: Packed,
    agent: Packed,
    model: Packed,
    effective: Packed,
    state: Packed,
    category: Packed,
    tokens: Packed,
    latency: Packed,
}
