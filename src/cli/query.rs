//! `query`: one SELECT over the views, as a table, CSV, JSON or JSON Lines.

use super::args::{Print, Query};
use super::{Outcome, json, opening};
use crate::model::Untrusted;
use crate::store::StoreError;
use crate::store::views::{Cell, Flow, Views, plain};
use crate::work::Cancel;
use crate::work::sheet::{csv_cell, csv_line};
use crate::work::study::Choice;
use anyhow::{Context, Result};
use serde_json::{Map, Value};
use std::io::{BufWriter, Write};
use unicode_width::UnicodeWidthStr;

pub fn run(arguments: &Query) -> Result<Outcome> {
    let study = opening::study(std::slice::from_ref(&arguments.path), &Choice::default())?;
    let sight = study.sight(&arguments.sql, &Cancel::default())?;
    let mut views = Asked { views: Views::open(&sight)?, parameters: parameters(&arguments.param)? };
    let mut out = BufWriter::new(std::io::stdout().lock());
    match arguments.format {
        Print::Table => table(&mut views, &arguments.sql, &mut out)?,
        Print::Csv => csv(&mut views, &arguments.sql, &mut out)?,
        Print::Json => {
            let rows = objects(&mut views, &arguments.sql)?;
            let document =
                serde_json::json!({"schema": "backtrail/query/1", "sql": arguments.sql, "rows": rows});
            writeln!(out, "{}", json::tame(&serde_json::to_string_pretty(&document)?))?;
        }
        Print::Jsonl => {
            for row in objects(&mut views, &arguments.sql)? {
                writeln!(out, "{}", json::tame(&serde_json::to_string(&row)?))?;
            }
        }
    }
    out.flush()?;
    Ok(Outcome::Done)
}

/// The views, and what a statement's `:names` stand for.
struct Asked {
    views: Views,
    parameters: Vec<(String, Cell)>,
}

impl Asked {
    fn select(
        &mut self,
        sql: &str,
        head: impl FnOnce(&[String]),
        row: impl FnMut(&[Cell]) -> Flow,
    ) -> Result<(), StoreError> {
        self.views.select_with(sql, &self.parameters, head, row)
    }
}

fn parameters(given: &[String]) -> Result<Vec<(String, Cell)>> {
    let one = |text: &String| {
        let (name, value) = text.split_once('=').context("a parameter is NAME=VALUE")?;
        Ok((name.trim_start_matches(':').to_owned(), Cell::Text(value.to_owned())))
    };
    given.iter().map(one).collect()
}

fn objects(views: &mut Asked, sql: &str) -> Result<Vec<Value>> {
    let mut names = Vec::new();
    let mut rows: Vec<Vec<Value>> = Vec::new();
    views.select(
        sql,
        |head| names = head.to_vec(),
        |row| {
            rows.push(row.iter().map(value).collect());
            Flow::More
        },
    )?;
    let object = |row: Vec<Value>| Value::Object(names.iter().cloned().zip(row).collect::<Map<_, _>>());
    Ok(rows.into_iter().map(object).collect())
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Integer(number) => (*number).into(),
        Cell::Real(number) => (*number).into(),
        Cell::Text(text) => text.clone().into(),
        Cell::Blob(bytes) => hex::encode(bytes).into(),
    }
}

/// Columns as wide as their widest cell among all rows; recorded text made visible.
fn table(views: &mut Asked, sql: &str, out: &mut impl Write) -> Result<()> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut head: Vec<String> = Vec::new();
    views.select(
        sql,
        |names| head = names.to_vec(),
        |row| {
            rows.push(row.iter().map(|cell| Untrusted(&plain(cell)).visible()).collect());
            Flow::More
        },
    )?;
    let head: Vec<String> = head.iter().map(|name| Untrusted(name).visible()).collect();
    let width = |n: usize| rows.iter().chain([&head]).map(|row| row[n].width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let rule: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
    for row in [&head, &rule].into_iter().chain(&rows) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width - cell.width() + 2));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn csv(views: &mut Asked, sql: &str, out: &mut impl Write) -> Result<()> {
    let mut lines: Vec<String> = Vec::new();
    let mut head = String::new();
    views.select(
        sql,
        |names| head = csv_line(names.iter().map(|name| csv_cell(name))),
        |row| {
            lines.push(csv_line(row.iter().map(|cell| match cell {
                Cell::Text(text) => csv_cell(text),
                other => plain(other),
            })));
            Flow::More
        },
    )?;
    write!(out, "{head}")?;
    lines.iter().try_for_each(|line| write!(out, "{line}"))?;
    Ok(())
}
