//! The rows of a list, wherever they are kept: narrowed, put in order, counted, searched and written out by workers, so
//! that no list is too long for a key.

pub mod keep;
pub mod value;

pub use keep::Keep;
pub use value::Value;

use super::parallel::each_stretch;
use super::select::Way;
use super::sheet::Sheet;
use super::stack::Order;
use super::{Cancel, WorkError};
use crate::model::Nanos;
use keep::Asked;
use std::collections::HashMap;
use std::fmt;

/// Rows in the order they came in. Making a cell may read the journals: the screen never asks for more than one row.
pub trait Lines: Send + Sync {
    fn titles(&self) -> Vec<String>;

    fn rows(&self) -> usize;

    /// A cell as texts hold it outside of the screen: a moment with its year and offset.
    fn text(&self, row: usize, column: usize) -> String;

    fn value(&self, row: usize, column: usize) -> Value;

    /// What a row still has when the list is made anew and it stands elsewhere.
    fn identity(&self, row: usize) -> u64 {
        row as u64
    }

    /// The column whose texts stand in the journals, and are read from there.
    fn unread(&self) -> Option<usize> {
        None
    }
}

impl fmt::Debug for dyn Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows of {}", self.rows(), self.titles().join(", "))
    }
}

/// What a person wants to see of a list, and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    pub keep: Vec<Keep>,
    pub sort: Option<(usize, Order)>,
    /// What a bare time of day belongs to.
    pub day: Nanos,
}

impl Wish {
    /// Whether anything is asked for: else rows stand as they came.
    pub fn is_any(&self) -> bool {
        self.sort.is_some() || self.keep.iter().any(|keep| !keep.paused)
    }

    /// Whether its conditions look into the journals' bytes.
    pub fn reads_journals(&self, lines: &dyn Lines) -> bool {
        let Some(unread) = lines.unread() else {
            return false;
        };
        let mut kept = self.keep.iter().filter(|keep| !keep.paused);
        kept.any(|keep| keep.column.as_ref().is_none_or(|(column, _)| *column == unread))
    }
}

/// A text of a column, how many rows have it, and the place of the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    pub text: String,
    pub count: u64,
    pub first: usize,
}

/// The rows that are wanted, in order; equal ones keep the order they came in, what is not recorded comes last.
pub fn arrange(lines: &dyn Lines, wish: &Wish, cancel: &Cancel) -> Result<Vec<u32>, WorkError> {
    let rows = kept(lines, wish, cancel)?;
    let Some((column, way)) = wish.sort else {
        return Ok(rows);
    };
    let values = each_stretch(rows.len(), cancel, |range| {
        rows[range].iter().map(|row| lines.value(*row as usize, column)).collect::<Vec<_>>()
    })?;
    let values: Vec<Value> = values.into_iter().flatten().collect();
    let order = |a: &u32, b: &u32| {
        let (x, y) = (&values[*a as usize], &values[*b as usize]);
        let order = match way {
            Order::Falling if !x.is_nothing() && !y.is_nothing() => y.compare(x),
            _ => x.compare(y),
        };
        order.then(a.cmp(b))
    };
    let places = sorted(rows.len(), order, cancel)?;
    Ok(places.into_iter().map(|place| rows[place as usize]).collect())
}

/// How many rows are wanted.
pub fn hits(lines: &dyn Lines, wish: &Wish, cancel: &Cancel) -> Result<u64, WorkError> {
    kept(lines, wish, cancel).map(|rows| rows.len() as u64)
}

fn kept(lines: &dyn Lines, wish: &Wish, cancel: &Cancel) -> Result<Vec<u32>, WorkError> {
    let wanted: Vec<Asked<'_>> =
        wish.keep.iter().filter(|keep| !keep.paused).map(|keep| keep.asked(lines, wish.day)).collect();
    if wanted.is_empty() {
        return Ok((0..lines.rows() as u32).collect());
    }
    let pieces = each_stretch(lines.rows(), cancel, |range| {
        let rows = range.filter(|row| wanted.iter().all(|asked| asked.holds(lines, *row)));
        rows.map(|row| row as u32).collect::<Vec<_>>()
    })?;
    Ok(pieces.concat())
}

/// Places sorted at once: a sort of the library cannot be stopped, so there are several, merged.
const RUN: usize = 65_536;

fn sorted(
    len: usize,
    order: impl Fn(&u32, &u32) -> std::cmp::Ordering,
    cancel: &Cancel,
) -> Result<Vec<u32>, WorkError> {
    let mut places: Vec<u32> = (0..len as u32).collect();
    for run in places.chunks_mut(RUN) {
        cancel.check()?;
        run.sort_unstable_by(&order);
    }
    let mut width = RUN;
    while width < len {
        let mut merged = Vec::with_capacity(len);
        for pair in places.chunks(2 * width) {
            cancel.check()?;
            let (mut left, mut right) = pair.split_at(width.min(pair.len()));
            while let (Some(a), Some(b)) = (left.first(), right.first()) {
                let from = if order(a, b).is_le() { &mut left } else { &mut right };
                merged.extend(from.split_off_first().copied());
            }
            merged.extend(left.iter().chain(right));
        }
        places = merged;
        width *= 2;
    }
    Ok(places)
}

/// Which rows stand at the places of a list: in an order, or as they came.
#[derive(Clone, Copy, Debug)]
pub struct Places<'o> {
    pub order: Option<&'o [u32]>,
    pub rows: usize,
}

impl Places<'_> {
    fn len(&self) -> usize {
        self.order.map_or(self.rows, <[u32]>::len)
    }

    fn row(&self, place: usize) -> usize {
        self.order.map_or(place, |order| order[place] as usize)
    }
}

/// Counts what is shown by the texts of a column, most frequent first.
pub fn count(
    lines: &dyn Lines,
    order: Option<&[u32]>,
    column: usize,
    cancel: &Cancel,
) -> Result<Vec<Tally>, WorkError> {
    let places = Places { order, rows: lines.rows() };
    let pieces = each_stretch(places.len(), cancel, |range| {
        let mut counts: HashMap<String, (u64, usize)> = HashMap::new();
        for place in range {
            counts.entry(lines.text(places.row(place), column)).or_insert((0, place)).0 += 1;
        }
        counts
    })?;
    let mut counts: HashMap<String, (u64, usize)> = HashMap::new();
    for (text, (count, first)) in pieces.into_iter().flatten() {
        let known = counts.entry(text).or_insert((0, first));
        (known.0, known.1) = (known.0 + count, known.1.min(first));
    }
    let tally = |(text, (count, first))| Tally { text, count, first };
    let mut found: Vec<Tally> = counts.into_iter().map(tally).collect();
    found.sort_unstable_by(|a, b| (b.count, &a.text).cmp(&(a.count, &b.text)));
    Ok(found)
}

/// The place of the next row that holds a text in any column, round the end of the list.
pub fn seek(
    lines: &dyn Lines,
    order: Option<&[u32]>,
    (from, way): (usize, Way),
    text: &str,
    cancel: &Cancel,
) -> Result<Option<usize>, WorkError> {
    let places = Places { order, rows: lines.rows() };
    let (keep, len) = (Keep::has(text), places.len());
    let asked = keep.asked(lines, Nanos::default());
    for n in 1..=len {
        if n % 256 == 0 {
            cancel.check()?;
        }
        let place = match way {
            Way::Forward => (from + n) % len,
            Way::Backward => (from + len - n) % len,
        };
        if asked.holds(lines, places.row(place)) {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

/// What is shown, as texts.
pub fn sheet(lines: &dyn Lines, order: Option<&[u32]>, cancel: &Cancel) -> Result<Sheet, WorkError> {
    let places = Places { order, rows: lines.rows() };
    let titles = lines.titles();
    let rows = each_stretch(places.len(), cancel, |range| {
        let cells = |place| (0..titles.len()).map(|column| lines.text(places.row(place), column)).collect();
        range.map(cells).collect::<Vec<Vec<String>>>()
    })?;
    Ok(Sheet { rows: rows.into_iter().flatten().collect(), titles })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of texts, for tests: numbers among them are numbers.
    struct Told(Vec<[&'static str; 2]>);

    impl Lines for Told {
        fn titles(&self) -> Vec<String> {
            ["name", "since then"].map(str::to_owned).to_vec()
        }

        fn rows(&self) -> usize {
            self.0.len()
        }

        fn text(&self, row: usize, column: usize) -> String {
            self.0[row][column].to_owned()
        }

        fn value(&self, row: usize, column: usize) -> Value {
            Value::told(self.0[row][column])
        }
    }

    fn arranged(lines: &Told, text: &str, sort: Option<(usize, Order)>) -> Vec<u32> {
        let keep = Keep::parse(text, &lines.titles()).unwrap();
        arrange(lines, &Wish { keep, sort, day: Nanos(0) }, &Cancel::default()).unwrap()
    }

    #[test]
    fn equal_rows_keep_their_order_and_empty_ones_come_last_both_ways() {
        let lines = Told(vec![["b", "10"], ["c", ""], ["a", "9"], ["b", "x"], ["", "10"]]);
        assert_eq!(arranged(&lines, "", Some((0, Order::Rising))), [2, 0, 3, 1, 4]);
        assert_eq!(arranged(&lines, "", Some((0, Order::Falling))), [1, 0, 3, 2, 4]);
        assert_eq!(arranged(&lines, "", Some((1, Order::Rising))), [2, 0, 4, 3, 1]);
        assert_eq!(arranged(&lines, "-name=c", Some((1, Order::Falling))), [3, 0, 4, 2]);
    }

    #[test]
    fn rows_are_left_by_words_and_columns() {
        let lines = Told(vec![
            ["Treasury-1", "3"],
            ["trader-4", "12"],
            ["treasury-2", "40"],
            ["support", "sticky x"],
        ]);
        let left = |text: &str| arranged(&lines, text, None);
        assert_eq!(left("treasury"), [0, 2]);
        assert_eq!(left("-treasury"), [1, 3]);
        assert_eq!(left("name~tr since-then>=12"), [1, 2]);
        assert_eq!(left("since-then=\"sticky x\""), [3]);
        assert_eq!(left("nobody"), [0; 0]);
    }

    #[test]
    fn a_long_list_is_sorted_in_runs_and_can_be_stopped() {
        let len = 3 * RUN + 17;
        let key = |n: &u32| n.wrapping_mul(2_654_435_761) >> 7;
        let order = |a: &u32, b: &u32| key(a).cmp(&key(b)).then(a.cmp(b));
        let places = sorted(len, order, &Cancel::default()).unwrap();
        let mut expected: Vec<u32> = (0..len as u32).collect();
        expected.sort_by(order);
        assert!(places == expected);
        let stopped = Cancel::default();
        stopped.cancel();
        assert!(matches!(sorted(len, order, &stopped), Err(WorkError::Cancelled)));
    }

    #[test]
    fn what_is_shown_is_counted_and_searched() {
        let lines = Told(vec![["b", "1"], ["a", "1"], ["b", "2"], ["c", "2"]]);
        let order: &[u32] = &[3, 2, 0];
        let told = |order| {
            let found = count(&lines, order, 0, &Cancel::default()).unwrap();
            found.into_iter().map(|tally| (tally.text, tally.count, tally.first)).collect::<Vec<_>>()
        };
        assert_eq!(told(Some(order)), [("b".to_owned(), 2, 1), ("c".to_owned(), 1, 0)]);
        assert_eq!(told(None).len(), 3);
        let place = |from, text| seek(&lines, Some(order), from, text, &Cancel::default()).unwrap();
        assert_eq!(place((0, Way::Forward), "B"), Some(1));
        assert_eq!(place((1, Way::Backward), "b"), Some(2), "round the end");
        assert_eq!(place((0, Way::Forward), "a"), None, "it is not shown");
        assert_eq!(sheet(&lines, Some(order), &Cancel::default()).unwrap().rows.len(), 3);
    }
}
