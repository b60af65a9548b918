//! What a person made of a list: the column that keys are about, the order of its rows, and which of them are left.
//!
//! `agent~treasury effect>0.2 -control "two words"`: clauses are joined by "and", a word without a sign may stand in
//! any column, a leading `-` negates; titles are written with `-` for blanks.

use crate::work::filter::{FilterError, Op, Word, words};
use crate::work::stack::Order;
use std::cmp::Ordering;
use std::fmt;

/// The column that keys are about, the order of rows, and which are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arranged {
    pub column: usize,
    pub sort: Option<(usize, Order)>,
    pub keep: Vec<Keep>,
    /// Row shown at each place; nothing where all rows stand as they came.
    order: Option<Vec<usize>>,
}

/// A condition on the rows of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keep {
    /// The column it is about, and how its title is written; without one, any column.
    pub column: Option<(usize, String)>,
    pub op: Op,
    pub text: String,
    pub negated: bool,
    /// Switched off for the moment.
    pub paused: bool,
}

impl Arranged {
    /// As rows came, with keys about a column.
    pub fn at(column: usize) -> Self {
        Self { column, ..Self::default() }
    }

    /// Rows that are left of all there are.
    pub fn len(&self, all: usize) -> usize {
        self.order.as_ref().map_or(all, |order| order.len().min(all))
    }

    /// The row shown at a place; beyond the last, one that no list has.
    pub fn row(&self, place: usize) -> usize {
        self.order.as_ref().map_or(place, |order| order.get(place).copied().unwrap_or(usize::MAX))
    }

    /// Where a row is shown; one that is not left gives its place to the next that is.
    pub fn place(&self, row: usize) -> usize {
        let Some(order) = &self.order else {
            return row;
        };
        let same = order.iter().position(|known| *known == row);
        same.or_else(|| order.iter().position(|known| *known > row)).unwrap_or(order.len())
    }

    /// Moves to another of so many columns.
    pub fn turn(&mut self, by: isize, columns: usize) {
        let columns = columns.max(1);
        self.column = (self.column + columns.saturating_add_signed(by % columns.cast_signed())) % columns;
    }

    /// Sorts by the column, then the other way round, then not at all.
    pub fn next_sort(&mut self) {
        self.sort = match self.sort {
            Some((column, Order::Rising)) if column == self.column => Some((column, Order::Falling)),
            Some((column, Order::Falling)) if column == self.column => None,
            _ => Some((self.column, Order::Rising)),
        };
    }

    /// Leaves the rows that are wanted, in order; equal cells keep the order they came in.
    pub fn arrange(&mut self, rows: &[Vec<String>]) {
        self.order = None;
        let wanted: Vec<&Keep> = self.keep.iter().filter(|keep| !keep.paused).collect();
        if wanted.is_empty() && self.sort.is_none() {
            return;
        }
        let mut order: Vec<usize> =
            (0..rows.len()).filter(|row| wanted.iter().all(|keep| keep.holds(&rows[*row]))).collect();
        if let Some((column, way)) = self.sort {
            let text = |row: &usize| rows[*row].get(column).map_or("", String::as_str);
            order.sort_by(|a, b| match way {
                Order::Rising => compare(text(a), text(b)),
                Order::Falling => compare(text(b), text(a)),
            });
        }
        self.order = Some(order);
    }
}

impl Keep {
    /// Rows with this text in a column.
    pub fn is(column: usize, title: &str, text: &str) -> Self {
        let column = Some((column, written(title)));
        Self { column, op: Op::Is, text: text.to_owned(), negated: false, paused: false }
    }

    pub fn holds(&self, row: &[String]) -> bool {
        let within = |cell: &String| cell.to_lowercase().contains(&self.text.to_lowercase());
        let held = match &self.column {
            None => row.iter().any(within),
            Some((column, _)) => row.get(*column).is_some_and(|cell| match self.op {
                Op::Is => *cell == self.text,
                Op::IsNot => *cell != self.text,
                Op::Has => within(cell),
                Op::Less => compare(cell, &self.text).is_lt(),
                Op::AtMost => compare(cell, &self.text).is_le(),
                Op::More => compare(cell, &self.text).is_gt(),
                Op::AtLeast => compare(cell, &self.text).is_ge(),
            }),
        };
        held != self.negated
    }

    /// Reads conditions on a list with these titles.
    pub fn parse(text: &str, titles: &[String]) -> Result<Vec<Self>, FilterError> {
        words(text)?.iter().map(|word| Self::of(word, titles)).collect()
    }

    fn of(word: &Word, titles: &[String]) -> Result<Self, FilterError> {
        let (negated, body, sign) = word.parts();
        let shift = usize::from(negated);
        let Some((at, op, sign)) = sign else {
            return match body {
                "" => Err(FilterError { at: word.at, what: "nothing to look for".to_owned() }),
                text => Ok(Self { column: None, op: Op::Has, text: text.to_owned(), negated, paused: false }),
            };
        };
        let name = &body[..at];
        let column = titles.iter().position(|title| written(title) == name.to_lowercase());
        let column = column.ok_or_else(|| {
            let known: Vec<String> =
                titles.iter().filter(|title| !title.is_empty()).map(|title| written(title)).collect();
            let what = format!("no column `{name}`; there are {}", known.join(", "));
            FilterError { at: word.at + shift, what }
        })?;
        let text = body[at + sign.len()..].to_owned();
        Ok(Self { column: Some((column, written(&titles[column]))), op, text, negated, paused: false })
    }
}

/// How a title is written in a condition.
fn written(title: &str) -> String {
    title.to_lowercase().replace(' ', "-")
}

/// As it is typed and as chips show it; `parse` of it gives the condition back.
impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = !self.text.is_empty()
            && !self.text.contains(|c: char| c.is_whitespace() || "\"\\".contains(c))
            && (self.column.is_some() || !self.text.contains(['=', '<', '>', '~', '!', '-']));
        let text = match plain {
            true => self.text.clone(),
            false => format!("\"{}\"", self.text.replace('\\', "\\\\").replace('"', "\\\"")),
        };
        let minus = if self.negated { "-" } else { "" };
        match &self.column {
            None => write!(f, "{minus}{text}"),
            Some((_, title)) => write!(f, "{minus}{title}{}{text}", self.op.sign()),
        }
    }
}

/// Numbers by size, also `1,918,230` and `7.7 %`, and before all else; other texts by their characters.
pub fn compare(a: &str, b: &str) -> Ordering {
    let number = |text: &str| text.trim_end_matches(['%', ' ']).replace(',', "").parse::<f64>().ok();
    match (number(a), number(b)) {
        (Some(x), Some(y)) => x.total_cmp(&y),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(cells: &[[&str; 2]]) -> Vec<Vec<String>> {
        cells.iter().map(|row| row.map(str::to_owned).to_vec()).collect()
    }

    fn titles() -> Vec<String> {
        ["name", "since then"].map(str::to_owned).to_vec()
    }

    #[test]
    fn numbers_sort_by_size_and_texts_by_characters() {
        let mut texts = vec!["b", "1,918,230", "7.7 %", "a", "-3", ""];
        texts.sort_by(|a, b| compare(a, b));
        assert_eq!(texts, ["-3", "7.7 %", "1,918,230", "", "a", "b"]);
    }

    #[test]
    fn an_order_is_a_round_of_three() {
        let rows = rows(&[["b", ""], ["c", ""], ["a", ""], ["b", ""]]);
        let mut arranged = Arranged::default();
        let mut shown = |times: usize| {
            for _ in 0..times {
                arranged.next_sort();
            }
            arranged.arrange(&rows);
            let shown: Vec<usize> = (0..4).map(|place| arranged.row(place)).collect();
            assert!((0..4).all(|row| arranged.row(arranged.place(row)) == row));
            shown
        };
        assert_eq!(shown(1), [2, 0, 3, 1]);
        assert_eq!(shown(1), [1, 0, 3, 2]);
        assert_eq!(shown(1), [0, 1, 2, 3]);
    }

    #[test]
    fn rows_are_left_by_words_and_columns_and_the_cursor_goes_to_the_next_one() {
        let rows =
            rows(&[["Treasury-1", "3"], ["trader-4", "12"], ["treasury-2", "40"], ["support", "sticky x"]]);
        let left = |text: &str| {
            let keep = Keep::parse(text, &titles()).unwrap();
            let mut arranged = Arranged { keep, ..Arranged::default() };
            arranged.arrange(&rows);
            let shown: Vec<usize> = (0..arranged.len(rows.len())).map(|place| arranged.row(place)).collect();
            (shown, arranged)
        };
        assert_eq!(left("treasury").0, [0, 2]);
        assert_eq!(left("-treasury").0, [1, 3]);
        assert_eq!(left("name~tr since-then>=12").0, [1, 2]);
        assert_eq!(left("since-then=\"sticky x\"").0, [3]);
        assert_eq!(left("nobody").0, [0; 0]);
        let (_, arranged) = left("treasury");
        assert_eq!((arranged.place(1), arranged.place(2), arranged.place(3)), (1, 1, 2));
        assert_eq!(arranged.row(2), usize::MAX);
    }

    #[test]
    fn conditions_read_as_they_are_written_and_mistakes_say_where() {
        for text in ["name=a", "-since-then~\"x y\"", "\"a=b\"", "\"-x\"", "two", "name!=\"\""] {
            let keep = Keep::parse(text, &titles()).unwrap();
            assert_eq!(keep.iter().map(ToString::to_string).collect::<String>(), text);
        }
        let error = Keep::parse("a size>3", &titles()).unwrap_err();
        assert_eq!((error.at, error.what.as_str()), (2, "no column `size`; there are name, since-then"));
    }
}
