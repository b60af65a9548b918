//! The filter language: `version=2.4.1 agent~treasury at>=09:12 tokens>500 -node=gw-eu-1 "free text"`.
//!
//! Clauses are joined by "and". A leading `-` negates. Values with spaces stand in double quotes. A mistake is told
//! with the place of its first character.

use crate::model::time::{DAY, SECOND, Span};
use crate::model::{Evidence, Nanos, Pointers, Status, Tier};
use std::fmt;

/// What a clause looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// The effective version.
    Version,
    Claimed,
    Scheduled,
    Attested,
    Evidence,
    Pointer,
    /// The worst verdict of the proof path; `none` where it was not verified.
    Proof,
    /// How far the faulty version reached it; `none` where it did not.
    Tier,
    /// Beside the other version's answer to the same request: differs, same, unknown; `none` where there is none.
    Pair,
    Node,
    Agent,
    Model,
    Status,
    Error,
    At,
    /// Output tokens.
    Tokens,
    TokensIn,
    /// Milliseconds.
    Latency,
    Source,
    Id,
    /// Anywhere in the record's bytes.
    Text,
}

impl Field {
    pub const ALL: [Self; 21] = [
        Self::Version,
        Self::Claimed,
        Self::Scheduled,
        Self::Attested,
        Self::Evidence,
        Self::Pointer,
        Self::Proof,
        Self::Tier,
        Self::Pair,
        Self::Node,
        Self::Agent,
        Self::Model,
        Self::Status,
        Self::Error,
        Self::At,
        Self::Tokens,
        Self::TokensIn,
        Self::Latency,
        Self::Source,
        Self::Id,
        Self::Text,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Claimed => "claimed",
            Self::Scheduled => "scheduled",
            Self::Attested => "attested",
            Self::Evidence => "evidence",
            Self::Pointer => "pointer",
            Self::Proof => "proof",
            Self::Tier => "tier",
            Self::Pair => "pair",
            Self::Node => "node",
            Self::Agent => "agent",
            Self::Model => "model",
            Self::Status => "status",
            Self::Error => "error",
            Self::At => "at",
            Self::Tokens => "tokens",
            Self::TokensIn => "tokens_in",
            Self::Latency => "latency",
            Self::Source => "source",
            Self::Id => "id",
            Self::Text => "text",
        }
    }

    const fn is_number(self) -> bool {
        matches!(self, Self::At | Self::Tokens | Self::TokensIn | Self::Latency)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    Is,
    IsNot,
    /// Contains, case ignored.
    Has,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Op {
    const ALL: [(Self, &'static str); 7] = [
        (Self::AtLeast, ">="),
        (Self::AtMost, "<="),
        (Self::IsNot, "!="),
        (Self::Is, "="),
        (Self::Has, "~"),
        (Self::More, ">"),
        (Self::Less, "<"),
    ];

    pub fn sign(self) -> &'static str {
        Self::ALL.into_iter().find(|(op, _)| *op == self).map_or("=", |(_, sign)| sign)
    }
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    pub field: Field,
    pub op: Op,
    pub value: String,
    pub negated: bool,
    /// Switched off for the moment.
    pub paused: bool,
}

impl Clause {
    pub fn is(field: Field, value: &str) -> Self {
        Self { field, op: Op::Is, value: value.to_owned(), negated: false, paused: false }
    }

    pub fn with(self, op: Op) -> Self {
        Self { op, ..self }
    }

    /// Whether it looks into the journals' bytes; a whole id stands in an index.
    pub fn reads_journals(&self) -> bool {
        match self.field {
            Field::Text => true,
            Field::Id => self.op != Op::Is || self.negated,
            _ => false,
        }
    }

    pub fn negated(self) -> Self {
        Self { negated: !self.negated, ..self }
    }
}

/// As it is typed and as chips show it; `parse` of it gives the clause back.
impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain =
            !self.value.is_empty() && !self.value.contains(|c: char| c.is_whitespace() || "\"\\".contains(c));
        let value = match plain {
            true => self.value.clone(),
            false => format!("\"{}\"", self.value.replace('\\', "\\\\").replace('"', "\\\"")),
        };
        let minus = if self.negated { "-" } else { "" };
        match self.field {
            Field::Text if !plain => write!(f, "{minus}{value}"),
            field => write!(f, "{minus}{}{}{value}", field.name(), self.op.sign()),
        }
    }
}

/// All of these must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub clauses: Vec<Clause>,
}

impl Filter {
    pub fn active(&self) -> impl Iterator<Item = &Clause> {
        self.clauses.iter().filter(|clause| !clause.paused)
    }

    /// Whether it looks into the journals' bytes: columns cannot answer it.
    pub fn reads_journals(&self) -> bool {
        self.active().any(Clause::reads_journals)
    }

    pub fn is_empty(&self) -> bool {
        self.active().next().is_none()
    }

    pub fn and(mut self, clause: Clause) -> Self {
        if !self.clauses.contains(&clause) {
            self.clauses.push(clause);
        }
        self
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.clauses.iter().map(ToString::to_string).collect();
        f.write_str(&words.join(" "))
    }
}

/// What is wrong with a filter, and at which character (from 0) of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    pub at: usize,
    pub what: String,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at character {})", self.what, self.at + 1)
    }
}

/// A word of the text: where it begins, and whether its start was quoted.
pub struct Word {
    pub at: usize,
    pub text: String,
    /// Characters before the first quoted one; `usize::MAX` if none was quoted.
    quoted_from: usize,
}

impl Filter {
    /// Reads a filter. `day` is what a bare time of day belongs to.
    pub fn parse(text: &str, day: Nanos) -> Result<Self, FilterError> {
        let clauses = words(text)?.into_iter().map(|word| clause(&word, day)).collect::<Result<_, _>>()?;
        Ok(Self { clauses })
    }
}

impl Word {
    /// Whether a `-` negates it, what follows that, and where in it which sign stands outside of quotes.
    pub fn parts(&self) -> (bool, &str, Option<(usize, Op, &'static str)>) {
        let negated = self.text.starts_with('-') && self.quoted_from > 0;
        let body = if negated { &self.text[1..] } else { &self.text[..] };
        let unquoted: String =
            body.chars().take(self.quoted_from.saturating_sub(usize::from(negated))).collect();
        let sign = unquoted.find(['=', '<', '>', '~', '!']).and_then(|at| {
            let (op, sign) = Op::ALL.into_iter().find(|(_, sign)| body[at..].starts_with(sign))?;
            Some((at, op, sign))
        });
        (negated, body, sign)
    }
}

/// The words of a filter, split at blanks outside of quotes.
pub fn words(text: &str) -> Result<Vec<Word>, FilterError> {
    let mut found: Vec<Word> = Vec::new();
    let mut current: Option<Word> = None;
    let mut quote: Option<usize> = None;
    let mut chars = text.chars().enumerate();
    while let Some((at, c)) = chars.next() {
        if c.is_whitespace() && quote.is_none() {
            found.extend(current.take());
            continue;
        }
        let word = current.get_or_insert(Word { at, text: String::new(), quoted_from: usize::MAX });
        match c {
            '"' => {
                word.quoted_from = word.quoted_from.min(word.text.chars().count());
                quote = if quote.is_some() { None } else { Some(at) };
            }
            '\\' if quote.is_some() => word.text.extend(chars.next().map(|(_, c)| c)),
            c => word.text.push(c),
        }
    }
    if let Some(at) = quote {
        return Err(FilterError { at, what: "this quotation mark is never closed".to_owned() });
    }
    found.extend(current);
    Ok(found)
}

fn clause(word: &Word, day: Nanos) -> Result<Clause, FilterError> {
    let negated = word.text.starts_with('-') && word.quoted_from > 0;
    let body = if negated { &word.text[1..] } else { &word.text[..] };
    let shift = usize::from(negated);
    let unquoted = body.chars().take(word.quoted_from.saturating_sub(shift)).collect::<String>();
    let sign = unquoted.find(['=', '<', '>', '~', '!']);
    let Some(sign) = sign else {
        if body.is_empty() {
            return Err(FilterError { at: word.at, what: "nothing to look for".to_owned() });
        }
        return Ok(Clause {
            field: Field::Text,
            op: Op::Has,
            value: body.to_owned(),
            negated,
            paused: false,
        });
    };
    let name = &body[..sign];
    let place = |chars: &str| word.at + shift + chars.chars().count();
    let field = Field::ALL.into_iter().find(|field| field.name() == name).ok_or_else(|| {
        let known: Vec<_> = Field::ALL.iter().map(|field| field.name()).collect();
        FilterError {
            at: word.at + shift,
            what: format!("no field `{name}`; there are {}", known.join(", ")),
        }
    })?;
    let (op, sign_text) = Op::ALL
        .into_iter()
        .find(|(_, text)| body[sign..].starts_with(text))
        .ok_or_else(|| FilterError { at: place(name), what: "the signs are = != ~ < <= > >=".to_owned() })?;
    let value = &body[sign + sign_text.len()..];
    let clause = Clause { field, op, value: value.to_owned(), negated, paused: false };
    check(&clause, day).map_err(|what| FilterError { at: place(&body[..sign + sign_text.len()]), what })?;
    Ok(clause)
}

fn check(clause: &Clause, day: Nanos) -> Result<(), String> {
    let ordered = matches!(clause.op, Op::Less | Op::AtMost | Op::More | Op::AtLeast);
    if ordered && !clause.field.is_number() {
        return Err(format!("`{}` has no order; use = != or ~", clause.field.name()));
    }
    if clause.op == Op::Has && clause.field.is_number() {
        return Err(format!("`{}` is a number; use = != < <= > >=", clause.field.name()));
    }
    match clause.field {
        Field::At => moment(&clause.value, day)
            .map(|_| ())
            .ok_or_else(|| "a time is 09:12, 09:12:04, 2026-10-04, 2026-10-04T09:12 or RFC 3339".to_owned()),
        Field::Tokens | Field::TokensIn | Field::Latency => {
            clause.value.parse::<u64>().map(|_| ()).map_err(|_| "not a whole number".to_owned())
        }
        Field::Pointer
            if clause.op != Op::Has && clause.value != "any" && Pointers::of(&clause.value).is_none() =>
        {
            let known: Vec<_> = Pointers::ALL.iter().map(|(_, name)| *name).collect();
            Err(format!("a pointer is any, {}", known.join(", ")))
        }
        Field::Proof
            if clause.op != Op::Has
                && clause.value != "none"
                && !Status::ALL.iter().any(|status| status.name() == clause.value) =>
        {
            let known: Vec<_> = Status::ALL.iter().map(|status| status.name()).collect();
            Err(format!("a verdict is none, {}", known.join(", ")))
        }
        Field::Tier
            if clause.op != Op::Has
                && !matches!(clause.value.as_str(), "any" | "none")
                && Tier::of(&clause.value).is_none() =>
        {
            Err("a tier is T0, T1, T2, T3, any or none".to_owned())
        }
        Field::Pair
            if clause.op != Op::Has
                && !matches!(clause.value.as_str(), "differs" | "same" | "unknown" | "any" | "none") =>
        {
            Err("a pair is differs, same, unknown, any or none".to_owned())
        }
        Field::Evidence
            if clause.op != Op::Has && !Evidence::ALL.iter().any(|e| e.name() == clause.value) =>
        {
            Err("evidence is attested, scheduled, claimed or none".to_owned())
        }
        _ => Ok(()),
    }
}

/// A time as people type it; bare times of day belong to `day`. UTC.
pub fn moment(text: &str, day: Nanos) -> Option<Nanos> {
    if let Ok(at) = Nanos::parse(text) {
        return Some(at);
    }
    let midnight = Nanos(day.0.div_euclid(DAY) * DAY);
    if let Some(time) = time_of_day(text) {
        return Some(midnight + time);
    }
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00"));
    let date = Nanos::parse(&format!("{date}T00:00:00Z")).ok()?;
    Some(date + time_of_day(time)?)
}

fn time_of_day(text: &str) -> Option<Span> {
    let mut parts = text.split(':');
    let mut part = |below: i64| match parts.next() {
        None => Some(None),
        Some(digits) if digits.len() == 2 => {
            digits.parse::<i64>().ok().filter(|n| (0..below).contains(n)).map(Some)
        }
        Some(_) => None,
    };
    let (hours, minutes, seconds) = (part(24)??, part(60)??, part(60)?.unwrap_or(0));
    parts.next().is_none().then_some(Span((hours * 3600 + minutes * 60 + seconds) * SECOND))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<Filter, FilterError> {
        Filter::parse(text, Nanos(1_791_072_000 * SECOND))
    }

    #[test]
    fn a_filter_reads_as_it_is_written() {
        let filter =
            parse(r#"version=2.4.1 agent~treasury at>=09:12 tokens>500 -node=gw-eu-1 "free text" -"a b""#)
                .unwrap();
        let expected = [
            Clause::is(Field::Version, "2.4.1"),
            Clause::is(Field::Agent, "treasury").with(Op::Has),
            Clause::is(Field::At, "09:12").with(Op::AtLeast),
            Clause::is(Field::Tokens, "500").with(Op::More),
            Clause::is(Field::Node, "gw-eu-1").negated(),
            Clause::is(Field::Text, "free text").with(Op::Has),
            Clause::is(Field::Text, "a b").with(Op::Has).negated(),
        ];
        assert_eq!(filter.clauses, expected);
        assert_eq!(parse(&filter.to_string()), Ok(filter));
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        for (text, at, what) in [
            ("colour=red", 0, "no field `colour`"),
            ("node=a agent>b", 13, "`agent` has no order"),
            ("tokens>many", 7, "not a whole number"),
            ("node=a \"never", 7, "this quotation mark is never closed"),
            ("at>=noon", 4, "a time is"),
            ("pointer=lost", 8, "a pointer is"),
            ("node!a", 4, "the signs are"),
            ("-", 0, "nothing to look for"),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.at, at, "{text}: {error}");
            assert!(error.what.starts_with(what), "{text}: {error}");
        }
    }

    #[test]
    fn times_are_read_as_people_type_them() {
        let day = Nanos::parse("2026-10-04T05:00:00Z").unwrap();
        for (text, at) in [
            ("09:12", "2026-10-04T09:12:00Z"),
            ("09:12:04", "2026-10-04T09:12:04Z"),
            ("2026-10-05", "2026-10-05T00:00:00Z"),
            ("2026-10-05T01:02", "2026-10-05T01:02:00Z"),
            ("2026-10-05T01:02:03+02:00", "2026-10-04T23:02:03Z"),
        ] {
            assert_eq!(moment(text, day).map(Nanos::rfc3339).as_deref(), Some(at));
        }
        assert_eq!(moment("9:1", day), None);
        assert_eq!(moment("24:00", day), None);
    }

    proptest! {
        #[test]
        fn parse_of_print_is_the_same(value in "\\PC{1,12}", negated: bool, field in 0usize..Field::ALL.len()) {
            let field = Field::ALL[field];
            prop_assume!(!field.is_number() && !matches!(field, Field::Pointer | Field::Evidence | Field::Proof | Field::Tier | Field::Pair));
            let clause = Clause { field, op: Op::Has, value, negated, paused: false };
            prop_assume!(clause.field != Field::Text || !clause.value.trim().is_empty());
            let filter = Filter { clauses: vec![clause] };
            prop_assert_eq!(parse(&filter.to_string()), Ok(filter));
        }

        #[test]
        fn no_text_makes_the_parser_fall_over(text in "\\PC{0,40}") {
            let _ = parse(&text);
        }
    }
}
