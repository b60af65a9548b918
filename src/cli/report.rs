//! `report`: what a case says, as a document others can check; written whole or not at all.

use super::args::{Report as Arguments, ReportFormat};
use super::{Outcome, analyze, json, opening};
use crate::model::{Nanos, Untrusted};
use crate::report::intoto;
use crate::report::model::{Audience, Field, Standing, Statement};
use crate::report::redact::Salts;
use crate::report::{Format, Made, Order};
use crate::work::save::{self, Existing, Readers, Written};
use crate::work::study::Study;
use crate::work::{Cancel, WorkError};
use anyhow::{Context, Result, bail};
use ed25519_dalek::SigningKey;
use serde_json::json;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

pub fn run(arguments: &Arguments) -> Result<Outcome> {
    let format = format_of(arguments.format);
    let existing = if arguments.force { Existing::Replace } else { Existing::Refuse };
    let to_stdout = arguments.output.as_os_str() == "-";
    if !to_stdout && !format.is_folder() {
        // Said before anything is computed.
        save::judge(&arguments.output, existing, &[])?;
    }
    let key = arguments.sign.as_deref().map(signing_key).transpose()?;
    if key.is_some() && !matches!(format, Format::Intoto | Format::All) {
        bail!("--sign signs the in-toto statement: use it with --format intoto or all");
    }
    let choice = analyze::choice(&arguments.choice, &arguments.paths)?;
    let study = opening::study(&arguments.paths, &choice)?;
    let redact = arguments.redact.iter().map(|name| field(name)).collect::<Result<Vec<_>>>()?;
    let salts = salts_path(arguments, to_stdout, &redact)?;
    let order = Order {
        statement: statement(arguments)?,
        choice,
        seed: salts.as_deref().map_or(Ok([0; 32]), seed)?,
        redact,
        journals: None,
    };
    let made = Made::of(&study, &order, &Cancel::default())?;
    if to_stdout {
        let mut out = BufWriter::new(std::io::stdout().lock());
        made.write(format, key.as_ref(), &mut out)?;
        out.flush()?;
        write_salts(&made, salts.as_deref())?;
        return Ok(Outcome::Done);
    }
    let written = made.save(format, key.as_ref(), &arguments.output, existing)?;
    write_salts(&made, salts.as_deref())?;
    tell(&study, &written, salts.as_deref(), arguments.json)?;
    Ok(Outcome::Done)
}

const fn format_of(format: ReportFormat) -> Format {
    match format {
        ReportFormat::Html => Format::Html,
        ReportFormat::Md => Format::Markdown,
        ReportFormat::Json => Format::Json,
        ReportFormat::Csv => Format::Csv,
        ReportFormat::Timesketch => Format::Timesketch,
        ReportFormat::Intoto => Format::Intoto,
        ReportFormat::Ocsf => Format::Ocsf,
        ReportFormat::Stix => Format::Stix,
        ReportFormat::All => Format::All,
    }
}

fn statement(arguments: &Arguments) -> Result<Statement> {
    let at = arguments.at.as_deref().map(|text| {
        Nanos::parse(text).map_err(|reason| WorkError::Refused(format!("--at: `{text}` is {reason}")))
    });
    Ok(Statement {
        title: arguments.title.clone(),
        authors: arguments.author.clone(),
        audience: if arguments.audience == super::args::ReportAudience::Executive {
            Audience::Executive
        } else {
            Audience::Technical
        },
        standing: if arguments.is_final { Standing::Final } else { Standing::Draft },
        at: at.transpose()?,
    })
}

fn field(name: &str) -> Result<Field> {
    let known = Field::ALL.map(Field::name).join(", ");
    Field::of(name).with_context(|| format!("`{name}` cannot be withheld; fields are {known}"))
}

fn signing_key(path: &Path) -> Result<SigningKey> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| WorkError::Read { path: path.to_owned(), reason: e.to_string() })?;
    // The file's bytes are a secret: nothing of them is ever in a message.
    intoto::key(&text).map_err(|what| anyhow::anyhow!("{}: {what}", path.display()))
}

/// Where the salts go: said, or beside the report.
fn salts_path(arguments: &Arguments, to_stdout: bool, redact: &[Field]) -> Result<Option<PathBuf>> {
    if redact.is_empty() {
        return Ok(None);
    }
    match &arguments.salts {
        Some(path) => Ok(Some(path.clone())),
        None if to_stdout => bail!("say where to keep the salts with --salts"),
        None => {
            let mut name = arguments.output.clone().into_os_string();
            name.push(".salts.json");
            Ok(Some(PathBuf::from(name)))
        }
    }
}

/// The seed of a file of salts made before, so that the same case gives the same bytes; else a new one.
fn seed(path: &Path) -> Result<[u8; 32]> {
    if !path.exists() {
        let mut seed = [0; 32];
        ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut seed)
            .map_err(|_| anyhow::anyhow!("this system gives no random numbers"))?;
        return Ok(seed);
    }
    let salts = read_salts(path)?;
    let seed = salts.seed.and_then(|seed| hex::decode(seed).ok()?.try_into().ok());
    seed.with_context(|| format!("{}: it holds no seed; say another place with --salts", path.display()))
}

pub fn read_salts(path: &Path) -> Result<Salts> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| WorkError::Read { path: path.to_owned(), reason: e.to_string() })?;
    serde_json::from_str(&text).map_err(|e| anyhow::anyhow!("{}: no file of salts: {e}", path.display()))
}

fn write_salts(made: &Made<'_>, path: Option<&Path>) -> Result<()> {
    let Some(path) = path else {
        return Ok(());
    };
    let text = format!("{:#}", serde_json::to_value(made.redactor.salts())?);
    save::file(path, Existing::Replace, Readers::Owner, &made.evidence(), |out| {
        writeln!(out, "{}", json::tame(&text))
            .map_err(|e| WorkError::Write { path: path.to_owned(), reason: e.to_string() })
    })?;
    Ok(())
}

fn tell(study: &Study, written: &[Written], salts: Option<&Path>, as_json: bool) -> Result<()> {
    if as_json {
        let files = written.iter().map(|file| {
            json!({"path": file.path.to_string_lossy(), "bytes": file.bytes, "sha256": file.sha256.hex()})
        });
        return json::print(&json!({
            "schema": "backtrail/written/1", "files": files.collect::<Vec<_>>(),
            "salts": salts.map(|path| path.to_string_lossy()), "verified": study.verified,
        }));
    }
    let mut out = std::io::stdout().lock();
    for file in written {
        writeln!(out, "{}  {}", file.sha256, Untrusted(&file.path.to_string_lossy()).visible())?;
    }
    let mut err = std::io::stderr().lock();
    if let Some(path) = salts {
        let path = path.to_string_lossy();
        writeln!(
            err,
            "the salts are in {}; keep them: nobody can reveal a value without",
            Untrusted(&path).visible()
        )?;
    }
    if !study.verified {
        writeln!(
            err,
            "no proof of this case was verified; `backtrail verify` first makes a stronger report"
        )?;
    }
    Ok(())
}
