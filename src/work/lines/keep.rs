//! Conditions on the rows of a list, as they are typed.
//!
//! `agent~treasury effect>0.2 -control "two words"`: clauses are joined by "and", a word without a sign may stand in
//! any column, a leading `-` negates; titles are written with `-` for blanks.

use super::Lines;
use crate::model::Nanos;
use crate::work::filter::{FilterError, Op, Word, words};
use std::fmt;

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

/// A condition made ready to be asked of many rows.
pub struct Asked<'k> {
    keep: &'k Keep,
    lower: String,
    day: Nanos,
    columns: usize,
}

impl Keep {
    /// Rows with this text in a column.
    pub fn is(column: usize, title: &str, text: &str) -> Self {
        let column = Some((column, written(title)));
        Self { column, op: Op::Is, text: text.to_owned(), negated: false, paused: false }
    }

    /// Rows with this text somewhere.
    pub fn has(text: &str) -> Self {
        Self { column: None, op: Op::Has, text: text.to_owned(), negated: false, paused: false }
    }

    pub fn negated(self) -> Self {
        Self { negated: !self.negated, ..self }
    }

    /// Ready to be asked of these rows. A bare time of day belongs to `day`.
    pub fn asked(&self, lines: &dyn Lines, day: Nanos) -> Asked<'_> {
        Asked { keep: self, lower: self.text.to_lowercase(), day, columns: lines.titles().len() }
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
                text => Ok(Self { negated, ..Self::has(text) }),
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

impl Asked<'_> {
    pub fn holds(&self, lines: &dyn Lines, row: usize) -> bool {
        let keep = self.keep;
        let within = |column: usize| lines.text(row, column).to_lowercase().contains(&self.lower);
        let held = match (&keep.column, keep.op) {
            (None, _) => {
                // What has to be read from the journals is looked at last.
                let unread = lines.unread();
                let mut columns = (0..self.columns).filter(|column| Some(*column) != unread);
                columns.any(within) || unread.is_some_and(within)
            }
            (Some((column, _)), Op::Is) => lines.text(row, *column) == keep.text,
            (Some((column, _)), Op::IsNot) => lines.text(row, *column) != keep.text,
            (Some((column, _)), Op::Has) => within(*column),
            (Some((column, _)), op) => {
                let order = lines.value(row, *column).against(&keep.text, self.day);
                order.is_some_and(|order| match op {
                    Op::Less => order.is_lt(),
                    Op::AtMost => order.is_le(),
                    Op::More => order.is_gt(),
                    _ => order.is_ge(),
                })
            }
        };
        held != keep.negated
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_read_as_they_are_written_and_mistakes_say_where() {
        let titles = ["name", "since then"].map(str::to_owned).to_vec();
        for text in ["name=a", "-since-then~\"x y\"", "\"a=b\"", "\"-x\"", "two", "name!=\"\""] {
            let keep = Keep::parse(text, &titles).unwrap();
            assert_eq!(keep.iter().map(ToString::to_string).collect::<String>(), text);
        }
        let error = Keep::parse("a size>3", &titles).unwrap_err();
        assert_eq!((error.at, error.what.as_str()), (2, "no column `size`; there are name, since-then"));
    }
}
