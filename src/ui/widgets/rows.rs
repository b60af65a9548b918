//! The rows of a table for workers: the same columns that the screen draws, over rows made one at a time.

use super::table::Column;
use crate::ui::theme::Theme;
use crate::work::lines::{Lines, Value};

/// `row(n)` makes a row of what it shares with the screen.
pub struct Rows<R: 'static, F> {
    pub columns: &'static [Column<R>],
    pub len: usize,
    pub row: F,
    pub identity: fn(&R) -> u64,
    pub unread: Option<usize>,
}

impl<R: 'static, F: Fn(usize) -> Option<R> + Send + Sync> Lines for Rows<R, F> {
    fn titles(&self) -> Vec<String> {
        titles(self.columns)
    }

    fn rows(&self) -> usize {
        self.len
    }

    fn text(&self, row: usize, column: usize) -> String {
        let Some((row, column)) = (self.row)(row).zip(self.columns.get(column)) else {
            return String::new();
        };
        match column.value.map(|value| value(&row)) {
            Some(Value::Moment(at)) => at.rfc3339(),
            _ => (column.cell)(&row, &Theme::default()).to_string(),
        }
    }

    fn value(&self, row: usize, column: usize) -> Value {
        let Some((row, column)) = (self.row)(row).zip(self.columns.get(column)) else {
            return Value::Nothing;
        };
        match column.value {
            Some(value) => value(&row),
            None => Value::text(&(column.cell)(&row, &Theme::default()).to_string()),
        }
    }

    fn identity(&self, row: usize) -> u64 {
        (self.row)(row).map_or(u64::MAX, |row| (self.identity)(&row))
    }

    fn unread(&self) -> Option<usize> {
        self.unread
    }
}

pub fn titles<R>(columns: &[Column<R>]) -> Vec<String> {
    columns.iter().map(|column| column.title.to_owned()).collect()
}
