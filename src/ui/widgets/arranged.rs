//! What a person made of a list: the column that keys are about, the order of its rows, and which of them are left. The
//! order is made by a worker; until it comes, the one before is shown, and the cursor stays on its row.

use super::scroll::Scroll;
use crate::model::Nanos;
use crate::work::lines::{Keep, Wish};
use crate::work::stack::Order;
use std::sync::Arc;

/// The column that keys are about, the order of rows, and which are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arranged {
    pub column: usize,
    pub sort: Option<(usize, Order)>,
    pub keep: Vec<Keep>,
    /// Row shown at each place; nothing where all rows stand as they came.
    order: Option<Arc<[u32]>>,
    /// What that order was made for.
    shown: Wish,
    asked: Option<Asked>,
    /// The list was made anew since: its rows as they came are not what was shown.
    is_new: bool,
    /// The rows that the order is of: other ones are ordered anew.
    pub edition: u64,
    /// What finds the row under the cursor again when the list is made anew.
    pub anchor: Option<Held>,
    /// The row that had the cursor, while no row is left.
    lost: Option<usize>,
}

/// A row that keeps the cursor: what it has still in a list made anew, and the line of the screen it stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    pub identity: u64,
    pub line: usize,
}

/// A question for an order that is not answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Asked {
    question: u64,
    /// The row that should keep the cursor, and the cursor's place when it was asked.
    row: Option<usize>,
    cursor: usize,
}

impl Arranged {
    /// As rows came, with keys about a column.
    pub fn at(column: usize) -> Self {
        Self { column, ..Self::default() }
    }

    /// With conditions, before anything was shown of it.
    pub fn kept(column: usize, keep: Vec<Keep>) -> Self {
        Self { column, keep, ..Self::default() }
    }

    /// What is wished for, with bare times of day belonging to `day`.
    pub fn wish(&self, day: Nanos) -> Wish {
        Wish { keep: self.keep.clone(), sort: self.sort, day }
    }

    /// Rows that are left of all there are; none while nobody knows yet which.
    pub fn len(&self, all: usize) -> usize {
        match &self.order {
            Some(order) => order.len().min(all),
            None if self.is_unsettled() => 0,
            None => all,
        }
    }

    /// The row shown at a place; beyond the last, one that no list has.
    pub fn row(&self, place: usize) -> usize {
        match &self.order {
            Some(order) => order.get(place).map_or(usize::MAX, |row| *row as usize),
            None if self.is_unsettled() => usize::MAX,
            None => place,
        }
    }

    /// Where a row is shown; one that is not left gives its place to the next that is.
    pub fn place(&self, row: usize) -> usize {
        self.order.as_deref().map_or(row, |order| place_in(order, row))
    }

    pub fn order(&self) -> Option<Arc<[u32]>> {
        self.order.clone()
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

    /// Whether an order is being made.
    pub const fn is_waiting(&self) -> bool {
        self.asked.is_some()
    }

    /// Whether that one has to be waited for: there is none before it that could be shown.
    fn is_unsettled(&self) -> bool {
        self.is_new && self.is_waiting() && self.wish(Nanos::default()).is_any()
    }

    /// Why no row is shown, where that is by what was made of the list.
    pub fn says_why_nothing(&self) -> Option<&'static str> {
        match self {
            _ if self.is_unsettled() => Some("putting the rows in order; esc stops"),
            _ if self.keep.is_empty() => None,
            _ => Some("no row is left; \\ pauses the filters, <backspace> drops the last"),
        }
    }

    /// The list is another one: what was shown of it means nothing any more.
    pub fn forget(&mut self, edition: u64) {
        (self.order, self.shown, self.asked) = (None, Wish::default(), None);
        (self.edition, self.is_new, self.lost) = (edition, true, None);
    }

    /// Rows as they came, at once: nothing has to be asked for.
    pub fn clear(&mut self, scroll: &mut Scroll) {
        let row = self.here(scroll);
        (self.order, self.shown, self.asked) = (None, Wish::default(), None);
        (self.is_new, self.anchor, self.lost) = (false, None, None);
        if let Some(row) = row {
            scroll.turn_to(row);
        }
    }

    /// An order is asked for; the row that should keep the cursor. In a list made anew no row is, but the anchor.
    pub fn ask(&mut self, question: u64, scroll: &Scroll) -> Option<usize> {
        let row = if self.is_new { None } else { self.here(scroll) };
        self.asked = Some(Asked { question, row, cursor: scroll.cursor });
        row
    }

    /// The row under the cursor; where none is left, the one that had it.
    fn here(&self, scroll: &Scroll) -> Option<usize> {
        Some(self.row(scroll.cursor)).filter(|row| *row != usize::MAX).or(self.lost)
    }

    pub fn waits_for(&self, question: u64) -> bool {
        self.asked.is_some_and(|asked| asked.question == question)
    }

    /// An order came, with the place of the row that had the cursor.
    pub fn settle(&mut self, order: Arc<[u32]>, place: Option<usize>, wish: Wish, scroll: &mut Scroll) {
        let row = self.asked.and_then(|asked| asked.row);
        let moved = self.asked.filter(|asked| asked.cursor != scroll.cursor && row.is_some());
        // Who moved on meanwhile stays where they are now.
        let (row, place) = match moved {
            Some(_) => (None, Some(place_in(&order, self.row(scroll.cursor)))),
            None => (row, place),
        };
        let last = order.len().saturating_sub(1);
        if let Some(held) = self.anchor.filter(|_| self.is_new) {
            *scroll = Scroll { cursor: held.line, top: 0 };
        }
        (self.order, self.shown) = (wish.is_any().then_some(order), wish);
        (self.asked, self.anchor, self.is_new) = (None, None, false);
        if let Some(place) = place {
            scroll.turn_to(place.min(last));
        }
        self.lost = row.filter(|_| self.row(scroll.cursor) == usize::MAX);
    }

    /// What was wished for is not waited for any more; back to what is shown. Returns the conditions given up.
    pub fn give_up(&mut self) -> Option<Vec<Keep>> {
        (self.asked, self.anchor, self.is_new) = (None, None, false);
        self.sort = self.shown.sort;
        let given_up = std::mem::replace(&mut self.keep, self.shown.keep.clone());
        (given_up != self.keep).then_some(given_up)
    }
}

/// Where a row stands in an order; one that is not left gives its place to the next that is.
pub fn place_in(order: &[u32], row: usize) -> usize {
    let same = order.iter().position(|known| *known as usize == row);
    same.or_else(|| order.iter().position(|known| *known as usize > row)).unwrap_or(order.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(arranged: &mut Arranged, order: &[u32], scroll: &mut Scroll) {
        let row = arranged.ask(7, scroll);
        let place = row.map(|row| place_in(order, row));
        let wish = arranged.wish(Nanos(0));
        arranged.settle(order.into(), place, wish, scroll);
    }

    #[test]
    fn an_order_is_a_round_of_three_and_the_cursor_keeps_its_row() {
        let (mut arranged, mut scroll) = (Arranged::default(), Scroll { cursor: 3, top: 0 });
        arranged.next_sort();
        settled(&mut arranged, &[2, 0, 3, 1], &mut scroll);
        assert_eq!((scroll.cursor, arranged.row(scroll.cursor)), (2, 3));
        arranged.next_sort();
        settled(&mut arranged, &[1, 3, 0, 2], &mut scroll);
        assert_eq!((scroll.cursor, arranged.row(scroll.cursor)), (1, 3));
        arranged.next_sort();
        assert_eq!(arranged.sort, None);
        arranged.clear(&mut scroll);
        assert_eq!((scroll.cursor, arranged.row(scroll.cursor), arranged.len(4)), (3, 3, 4));
    }

    #[test]
    fn a_row_that_is_not_left_gives_its_place_to_the_next_that_is() {
        let mut arranged = Arranged { keep: vec![Keep::has("x")], ..Arranged::default() };
        settled(&mut arranged, &[0, 2], &mut Scroll { cursor: 1, top: 0 });
        assert_eq!((arranged.place(1), arranged.place(2), arranged.place(3)), (1, 1, 2));
        assert_eq!((arranged.row(2), arranged.len(9)), (usize::MAX, 2));
    }

    #[test]
    fn who_moves_while_an_order_is_made_stays_where_they_are() {
        let (mut arranged, mut scroll) = (Arranged::default(), Scroll { cursor: 0, top: 0 });
        arranged.next_sort();
        assert_eq!(arranged.ask(7, &scroll), Some(0));
        assert_eq!((arranged.len(4), arranged.row(2)), (4, 2), "the rows before are shown");
        scroll.cursor = 2;
        let wish = arranged.wish(Nanos(0));
        arranged.settle([3, 2, 1, 0].into(), Some(3), wish, &mut scroll);
        assert_eq!(arranged.row(scroll.cursor), 2);
    }

    #[test]
    fn of_a_list_made_anew_nothing_is_shown_before_its_order_is_known() {
        let (mut arranged, mut scroll) = (Arranged::default(), Scroll { cursor: 2, top: 0 });
        arranged.keep = vec![Keep::has("x")];
        settled(&mut arranged, &[1, 2], &mut scroll);
        arranged.anchor = Some(Held { identity: 99, line: 0 });
        arranged.forget(2);
        assert_eq!(arranged.ask(8, &scroll), None);
        assert_eq!((arranged.len(4), arranged.row(0)), (0, usize::MAX));
        assert_eq!(arranged.give_up(), Some(vec![Keep::has("x")]));
        assert_eq!((arranged.len(4), arranged.keep.len()), (4, 0), "stopped, it is shown as it came");
    }
}
