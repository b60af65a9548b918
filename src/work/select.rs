//! Filters over columns: which requests match, earliest first. Bits per chunk first, then one walk in time order.

use super::blast::Blast;
use super::filter::{Clause, Field, Filter, Op, moment};
use super::fold::Requests;
use super::parallel::each_chunk;
use super::study::Study;
use super::{Cancel, WorkError};
use crate::analysis::Window;
use crate::journal::Column;
use crate::journal::batch::Flags;
use crate::model::time::SECOND;
use crate::model::{Evidence, Kind, Nanos, Pointers, Row, Status, Tier, Verdicts};
use crate::store::{Chunk, Snapshot, StoreError};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often hits are told: often enough to be watched, seldom enough to cost nothing.
const TELLING: Duration = Duration::from_millis(120);

/// Requests that match a filter.
#[derive(Clone, Debug)]
pub struct Selection {
    pub rows: Arc<[Row]>,
    /// All requests there are: "showing N of M".
    pub total: u64,
}

impl Selection {
    /// Where a row stands, or the place of the next later one.
    pub fn place_of(&self, study: &Study, row: Row) -> Result<usize, WorkError> {
        let at = study.snapshot.column(Column::At)?;
        let key = (at.value(row), row);
        Ok(self.rows.partition_point(|other| (at.value(*other), *other) < key))
    }
}

/// What was found so far, and how far the search is.
#[derive(Clone, Debug)]
pub struct Partial {
    pub selection: Selection,
    pub searched: u64,
    pub of: u64,
}

/// Finds the requests that match.
pub fn select(study: &Study, filter: &Filter, cancel: &Cancel) -> Result<Selection, WorkError> {
    select_telling(study, filter, cancel, &mut |_| {})
}

/// The same; what reads the journals tells its hits as they come, earliest first.
pub fn select_telling(
    study: &Study,
    filter: &Filter,
    cancel: &Cancel,
    tell: &mut dyn FnMut(Partial),
) -> Result<Selection, WorkError> {
    let snapshot = &study.snapshot;
    let (slow, quick): (Vec<&Clause>, Vec<&Clause>) =
        filter.active().partition(|clause| matches!(clause.field, Field::Id | Field::Text));
    let tests: Vec<Test> = quick.iter().map(|clause| Test::new(clause, study)).collect::<Result<_, _>>()?;
    let masks = each_chunk(snapshot, cancel, |_, chunk| mask(study, chunk, &tests))?;
    let total = masks.iter().map(|mask| mask.requests).sum();
    let mut rows: Vec<Row> = Vec::with_capacity(masks.iter().map(|mask| mask.kept as usize).sum());
    rows.extend(snapshot.order()?.iter().copied().filter(|row| masks[row.chunk()].has(row.place())));
    let last = slow.len().saturating_sub(1);
    for (n, clause) in slow.into_iter().enumerate() {
        // Hits of an earlier clause may yet be none: only the last one's are told.
        let of = rows.len() as u64;
        let mut hits = |found: &[Row], searched: u64| {
            if n == last {
                tell(Partial { selection: Selection { rows: found.into(), total }, searched, of });
            }
        };
        rows = reread(snapshot, rows, clause, cancel, &mut hits)?;
    }
    Ok(Selection { rows: rows.into(), total })
}

/// Which way a search goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Forward,
    Backward,
}

/// The next of these rows that matches, after a place and round the end of the list.
pub fn seek(
    study: &Study,
    rows: &[Row],
    from: usize,
    way: Way,
    clause: &Clause,
    cancel: &Cancel,
) -> Result<Option<usize>, WorkError> {
    let mut hits = select(study, &Filter::default().and(clause.clone()), cancel)?.rows.to_vec();
    hits.sort_unstable();
    let len = rows.len();
    let mut ahead = (1..=len).map(|n| match way {
        Way::Forward => (from + n) % len,
        Way::Backward => (from + 2 * len - n) % len,
    });
    Ok(ahead.find(|place| hits.binary_search(&rows[*place]).is_ok()))
}

/// Keeps the rows whose line satisfies a clause that no column can answer.
fn reread(
    snapshot: &Snapshot,
    rows: Vec<Row>,
    clause: &Clause,
    cancel: &Cancel,
    tell: &mut dyn FnMut(&[Row], u64),
) -> Result<Vec<Row>, WorkError> {
    let needle = clause.value.to_lowercase();
    let finder = memchr::memmem::Finder::new(needle.as_bytes());
    let mut told = Instant::now();
    let exact = clause.field == Field::Id && clause.op == Op::Is && !clause.negated;
    if exact {
        let known = snapshot.find_id(&clause.value)?;
        return Ok(rows.into_iter().filter(|row| known.contains(row)).collect());
    }
    let mut kept = Vec::new();
    for (n, row) in rows.into_iter().enumerate() {
        if n % 256 == 0 {
            cancel.check()?;
            if told.elapsed() > TELLING {
                tell(&kept, n as u64);
                told = Instant::now();
            }
        }
        let hit = match clause.field {
            Field::Id => text_matches(&snapshot.id(row)?, clause.op, &clause.value, &needle),
            _ => {
                let mut line = snapshot.line(row)?;
                match line.is_ascii() {
                    // Lower case in place: no text is made, and the search is at memory speed.
                    true => {
                        line.make_ascii_lowercase();
                        finder.find(&line).is_some()
                    }
                    false => text_matches(&String::from_utf8_lossy(&line), Op::Has, &clause.value, &needle),
                }
            }
        };
        if hit != (clause.negated ^ (clause.op == Op::IsNot && clause.field != Field::Id)) {
            kept.push(row);
        }
    }
    Ok(kept)
}

fn text_matches(text: &str, op: Op, value: &str, lower: &str) -> bool {
    match op {
        Op::Is => text == value,
        Op::IsNot => text != value,
        _ => text.to_lowercase().contains(lower),
    }
}

/// Whether a clause asks for a word, whatever its case; `any` is all words but `none`.
fn wanted_or_any(clause: &Clause, word: &str) -> bool {
    if clause.value == "any" {
        return (word != "none") != (clause.negated ^ (clause.op == Op::IsNot));
    }
    let (word, value) = (word.to_lowercase(), clause.value.to_lowercase());
    text_matches(&word, clause.op, &value, &value) != clause.negated
}

/// A bit for each record of a chunk.
struct Mask {
    bits: Vec<u64>,
    requests: u64,
    kept: u64,
}

impl Mask {
    fn has(&self, place: usize) -> bool {
        self.bits.get(place / 64).is_some_and(|word| word >> (place % 64) & 1 == 1)
    }
}

fn mask(study: &Study, chunk: &Chunk, tests: &[Test]) -> Result<Mask, StoreError> {
    let rows = chunk.rows as usize;
    let mut bits = vec![0u64; rows.div_ceil(64)];
    let snapshot = &study.snapshot;
    snapshot.passing(chunk, Column::Kind)?.each(|place, kind| {
        bits[place / 64] |= u64::from(kind == Kind::Inference as u64) << (place % 64);
    });
    let flags = snapshot.passing(chunk, Column::Flags)?;
    if flags.same() != Some(0) {
        clear(&mut bits, rows, |place| flags.value(place) & Flags::DUPLICATE == 0);
    }
    let count = |bits: &[u64]| bits.iter().map(|word| u64::from(word.count_ones())).sum();
    let requests = count(&bits);
    for test in tests {
        test.apply(study, chunk, &mut bits, rows)?;
    }
    Ok(Mask { kept: count(&bits), requests, bits })
}

/// Clears the bits whose place fails the test.
fn clear(bits: &mut [u64], rows: usize, keep: impl Fn(usize) -> bool) {
    for place in 0..rows {
        if bits[place / 64] >> (place % 64) & 1 == 1 && !keep(place) {
            bits[place / 64] &= !(1 << (place % 64));
        }
    }
}

/// A clause in numbers.
enum Test {
    /// The column's number is marked here.
    Among {
        column: Column,
        wanted: Vec<bool>,
    },
    /// The column's value lies in this range.
    Range {
        column: Column,
        from: u64,
        to: u64,
        negated: bool,
    },
    Pointer {
        wanted: Pointers,
        negated: bool,
    },
    /// Wanted worst verdicts, by status number; 0 is "not verified".
    Proof {
        wanted: [bool; 11],
    },
    Source {
        wanted: Vec<u32>,
    },
    /// Whether the word beside the other version's answer is wanted.
    Pair {
        clause: Clause,
        blast: Arc<Blast>,
    },
    /// Wanted tiers, as `Tier::code` numbers them.
    Tier {
        wanted: [bool; 5],
        blast: Arc<Blast>,
    },
}

impl Test {
    fn new(clause: &Clause, study: &Study) -> Result<Self, WorkError> {
        let lower = clause.value.to_lowercase();
        let wanted = |text: &str| text_matches(text, clause.op, &clause.value, &lower) != clause.negated;
        let among = |column: Column| {
            let names = column.names().map(|names| study.snapshot.names(names));
            let texts = names.map_or(&[][..], |names| names.texts());
            let wanted = std::iter::once(wanted("")).chain(texts.iter().map(|text| wanted(text))).collect();
            Self::Among { column, wanted }
        };
        Ok(match clause.field {
            Field::Version => among(Column::Effective),
            Field::Claimed => among(Column::Version),
            Field::Scheduled => among(Column::Scheduled),
            Field::Attested => among(Column::Attested),
            Field::Node => among(Column::Node),
            Field::Agent => among(Column::Agent),
            Field::Model => among(Column::Model),
            Field::Status => among(Column::State),
            Field::Error => among(Column::Category),
            Field::Evidence => Self::Among {
                column: Column::Evidence,
                wanted: Evidence::ALL.map(|e| wanted(e.name())).to_vec(),
            },
            Field::Pointer => {
                let hit = |name: &str| {
                    text_matches(name, clause.op, &clause.value, &lower) || clause.value == "any"
                };
                let negated = clause.negated ^ (clause.op == Op::IsNot);
                let hit = |name: &str| if clause.op == Op::IsNot { name == clause.value } else { hit(name) };
                let chosen = Pointers::ALL.into_iter().filter(|(_, name)| hit(name));
                Self::Pointer {
                    wanted: chosen.fold(Pointers::default(), |all, (flag, _)| all.with(flag)),
                    negated,
                }
            }
            Field::Proof => {
                let mut chosen = [false; 11];
                chosen[0] = wanted("none");
                Status::ALL.iter().for_each(|status| chosen[*status as usize] = wanted(status.name()));
                Self::Proof { wanted: chosen }
            }
            Field::Pair => Self::Pair { clause: clause.clone(), blast: study.blast()? },
            Field::Tier => {
                let hit = |name: &str| wanted_or_any(clause, name);
                let mut chosen = [hit("none"); 5];
                Tier::ALL.iter().for_each(|tier| chosen[Tier::code(Some(*tier)) as usize] = hit(tier.name()));
                Self::Tier { wanted: chosen, blast: study.blast()? }
            }
            Field::Source => {
                let sources = study.snapshot.sources().iter();
                Self::Source { wanted: sources.filter(|s| wanted(&s.name())).map(|s| s.id).collect() }
            }
            Field::At | Field::Tokens | Field::TokensIn | Field::Latency | Field::Id | Field::Text => {
                Self::range(clause, study)
            }
        })
    }

    fn range(clause: &Clause, study: &Study) -> Self {
        let day = study.window.as_ref().and_then(Window::from);
        let day = day.or(study.fold.span.map(|(from, _)| Nanos(from))).unwrap_or_default();
        let number = || clause.value.parse::<u64>().unwrap_or(0);
        // What may be absent is stored plus one, and 0 means absent: a number never matches what is absent.
        let (column, value, width) = match clause.field {
            Field::At => {
                let at = moment(&clause.value, day).unwrap_or_default();
                // `at=09:12` means that minute, `at=09:12:04` that second.
                let width = if clause.value.matches(':').count() == 1 { 60 * SECOND } else { SECOND };
                (Column::At, at.0.cast_unsigned(), width.cast_unsigned())
            }
            Field::Latency => (Column::Latency, number().saturating_mul(1000) + 1, 1000),
            Field::TokensIn => (Column::TokensIn, number() + 1, 1),
            _ => (Column::TokensOut, number().saturating_add(1), 1),
        };
        let lowest = u64::from(column != Column::At);
        let (from, to) = match clause.op {
            Op::Less => (lowest, value.saturating_sub(1)),
            Op::AtMost => (lowest, value.saturating_add(if column == Column::At { 0 } else { width - 1 })),
            Op::More => (value.saturating_add(if column == Column::At { 1 } else { width }), u64::MAX),
            Op::AtLeast => (value, u64::MAX),
            _ => (value, value.saturating_add(width - 1)),
        };
        Self::Range { column, from, to, negated: clause.negated ^ (clause.op == Op::IsNot) }
    }

    fn apply(&self, study: &Study, chunk: &Chunk, bits: &mut [u64], rows: usize) -> Result<(), StoreError> {
        let snapshot = &study.snapshot;
        match self {
            Self::Among { column, wanted } => {
                let cell = snapshot.passing(chunk, *column)?;
                let keep = |number: u64| wanted.get(number as usize).copied().unwrap_or(false);
                match cell.same() {
                    Some(number) if keep(number) => {}
                    Some(_) => bits.fill(0),
                    None => clear(bits, rows, |place| keep(cell.value(place))),
                }
            }
            Self::Range { column, from, to, negated } => {
                let whole = (chunk.span.0.0.cast_unsigned(), chunk.span.1.0.cast_unsigned());
                if *column == Column::At && !negated && (whole.1 < *from || whole.0 > *to) {
                    bits.fill(0);
                    return Ok(());
                }
                let cell = snapshot.passing(chunk, *column)?;
                clear(bits, rows, |place| (*from..=*to).contains(&cell.value(place)) != *negated);
            }
            Self::Pointer { wanted, negated } => {
                let requests = Requests::of(snapshot, chunk)?;
                clear(bits, rows, |place| {
                    let model = requests.model.value(place);
                    let found = requests.attribution(place);
                    let found = found.pointers(model, requests.at(place), study.window.as_ref());
                    found.has(*wanted) != *negated
                });
            }
            Self::Proof { wanted } => {
                let verdicts = snapshot.verdicts_of(chunk)?;
                let worst = |place: usize| {
                    let verdicts = verdicts.map_or(Verdicts(0), |packed| Verdicts(packed.value(place)));
                    verdicts.worst().map_or(0, |status| status as usize)
                };
                clear(bits, rows, |place| wanted[worst(place)]);
            }
            Self::Pair { clause, blast } => {
                let word = |place: usize| blast.beside.get(&Row::new(chunk.id as usize, place)).copied();
                clear(bits, rows, |place| wanted_or_any(clause, word(place).unwrap_or("none")));
            }
            Self::Tier { wanted, blast } => {
                let tier = |place: usize| blast.taint.tier(Row::new(chunk.id as usize, place));
                clear(bits, rows, |place| wanted[Tier::code(tier(place)) as usize]);
            }
            Self::Source { wanted } => {
                if !wanted.contains(&chunk.source) {
                    bits.fill(0);
                }
            }
        }
        Ok(())
    }
}
