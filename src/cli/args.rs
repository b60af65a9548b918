//! Every verb and flag, with the help people read. Names, flags and exit codes are a contract.

use crate::journal::import::Format;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::path::PathBuf;

/// A forensic explorer for the hours after a bad AI model release was rolled back.
///
/// Opens provenance journals (JSON Lines, also gzip or zstd) or a case made from them, and shows which version served
/// which request, from when to when and where, what still points at the release that is gone, and the bytes behind
/// every number. Journals are opened read-only and never changed.
#[derive(Debug, Parser)]
#[command(name = "backtrail", version, args_conflicts_with_subcommands = true, max_term_width = 100)]
#[command(after_help = "Exit status: 0 done; 1 the check itself failed; 2 it could not be done.\n\
                        Try `backtrail sample-data`, or `backtrail simulate --scenario default --seed 7 -o DIR`.")]
pub struct Arguments {
    #[command(subcommand)]
    pub verb: Option<Verb>,
    /// Journals, directories of journals, or one case (same as `explore`)
    pub paths: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Browse journals or a case in the terminal
    Explore(Explore),
    /// Read journals into a case file; resumes after a kill, continues grown journals, refuses changed ones
    Ingest(Ingest),
    /// Verify every proof: checkpoints, signatures, enclaves, settlements, payments; exit 1 if any is false
    Verify(Verify),
    /// Compute the window, the requests and the findings of a case
    Analyze(Analyze),
    /// Tell everything about one record: versions, evidence, causes, effects, place and bytes
    Explain(Explain),
    /// Ask a case in SQL (read-only)
    Query(Query),
    /// Write a report others can check: HTML, Markdown, JSON, CSV lists, Timesketch, in-toto, OCSF, STIX
    Report(Report),
    /// Recompute a report from the journals alone and list every difference; exit 1 if there is one
    Check(Check),
    /// Give chosen requests and their proofs, and nothing else, in one file that others can check alone
    Bundle(Bundle),
    /// Write a made-up incident with its answer key, to practise and to measure on
    Simulate(Simulate),
    /// Propose a map for a file of unknown shape, and show ten records it would give
    Map(Map),
    /// Write a journal, with its tree and checkpoint, from any mix of sources
    Adopt(Adopt),
    /// Print shell completions
    Completions { shell: Shell },
    /// Print the manual page
    Man,
}

#[derive(Debug, Default, Args)]
pub struct Explore {
    /// Journals, directories of journals, or one case
    pub paths: Vec<PathBuf>,
    /// Where to keep the case made from journals (default: the user's cache folder)
    #[arg(long, value_name = "FILE")]
    pub case: Option<PathBuf>,
    /// Keys to press, as `2jj<enter>`; with --print, nothing else is read
    #[arg(long, value_name = "KEYS", default_value = "", hide_default_value = true)]
    pub keys: String,
    /// Print the screen after the keys and exit, as 120x40
    #[arg(long, value_name = "WxH", value_parser = size)]
    pub print: Option<(u16, u16)>,
    /// Keys, builds, contracts and blocks you trust, for verifying from within (V on the Proofs screen)
    #[arg(long, value_name = "FILE")]
    pub trust: Option<PathBuf>,
    /// A checkpoint held elsewhere
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Vec<PathBuf>,
    /// The content of a blob, or a folder of them, named by blob id or anything else (blobs/ beside journals is
    /// looked into anyway)
    #[arg(long, value_name = "PATH")]
    pub blob: Vec<PathBuf>,
    /// Read on as the journals grow
    #[arg(long)]
    pub follow: bool,
    /// Draw with ASCII only
    #[arg(long)]
    pub ascii: bool,
}

#[derive(Debug, Args)]
pub struct Ingest {
    /// Journals or directories of journals; `-` is standard input
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// The case file to make or continue
    #[arg(long, value_name = "FILE")]
    pub case: PathBuf,
    #[command(flatten)]
    pub foreign: Foreign,
    /// Exit with 1 if any line is no record
    #[arg(long)]
    pub strict: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// What a person says of sources that are no journals.
#[derive(Debug, Default, Args)]
pub struct Foreign {
    /// Read every source as this format, instead of what its content tells
    #[arg(long = "as", value_name = "FORMAT", value_parser = format)]
    pub format: Option<Format>,
    /// The time of records that hold none (RFC 3339); they say so
    #[arg(long, value_name = "TIME")]
    pub assume_at: Option<String>,
    /// How files of unknown shape are read (`backtrail map --guess FILE` proposes a map)
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
    /// The chain of logs that do not name theirs, as 8453
    #[arg(long, value_name = "ID")]
    pub chain: Option<u64>,
}

#[derive(Debug, Args)]
pub struct Verify {
    /// A case, or journals
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// Where to keep the case made from journals
    #[arg(long, value_name = "FILE")]
    pub case: Option<PathBuf>,
    /// Keys, builds, contracts and blocks you trust; without a pin a correct signature is `untrusted`
    #[arg(long, value_name = "FILE")]
    pub trust: Option<PathBuf>,
    /// A checkpoint held elsewhere: it catches a cut tail and a rewritten history
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Vec<PathBuf>,
    /// A copy of a journal held elsewhere (the journal, its leaf hashes as hex lines, or a folder of C2SP tlog tiles): it
    /// names the lines that differ. What it shows is the word of whoever made the copy, until a signed checkpoint backs it
    #[arg(long, value_name = "PATH")]
    pub tree: Vec<PathBuf>,
    /// The content of a blob, or a folder of them, named by blob id or anything else (blobs/ beside journals is
    /// looked into anyway)
    #[arg(long, value_name = "PATH")]
    pub blob: Vec<PathBuf>,
    /// When the question is asked (default: the last record's time); what was revoked since is told by it
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Verify one request only
    #[arg(long)]
    pub id: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Map {
    /// Guess a map from the names and values in this CSV, JSON or JSON Lines file
    #[arg(long, value_name = "FILE", required_unless_present = "apply")]
    pub guess: Option<PathBuf>,
    /// Show what this map makes of the file
    #[arg(long, value_name = "MAP", requires = "guess")]
    pub apply: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Adopt {
    /// A case, or journals and foreign sources
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// The journal to write; it must not exist
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// The log's name in its checkpoints, as gw-eu-1.example/provenance
    #[arg(long, value_name = "NAME")]
    pub origin: String,
    /// Sign a checkpoint over the whole journal with this Ed25519 key (32 bytes as hex, in a file)
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    #[command(flatten)]
    pub foreign: Foreign,
}

#[derive(Debug, Args)]
pub struct Analyze {
    /// A case, or journals
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub choice: Suspicion,
    /// Write what would have to be given back to a new file: .csv, .jsonl or .md
    #[arg(long, value_name = "FILE")]
    pub refunds: Option<PathBuf>,
    /// How taint spreads and what rules are worth (default: config.toml in the user's configuration)
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Rules of your own: a folder of .toml files (default: rules/ beside config.toml)
    #[arg(long, value_name = "DIR")]
    pub rules: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Explain {
    /// A case, or one journal or directory of journals
    pub path: PathBuf,
    /// The id of a record; or the name of an agent or node
    pub id: String,
    /// Keys, builds, contracts and blocks you trust
    #[arg(long, value_name = "FILE")]
    pub trust: Option<PathBuf>,
    /// The content of a blob, or a folder of them, named by blob id or anything else (blobs/ beside journals is
    /// looked into anyway)
    #[arg(long, value_name = "PATH")]
    pub blob: Vec<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Query {
    /// A case, or one journal or directory of journals
    pub path: PathBuf,
    /// One SELECT over the views: sources, faults, records, releases, deployments, nodes, enclaves, measurements,
    /// incidents, requests, actions, messages, payments, settlements, agents, edges, findings, checkpoints
    pub sql: String,
    #[arg(long, value_enum, default_value_t = Print::Table)]
    pub format: Print,
    /// What `:NAME` in the statement stands for; may be given more than once
    #[arg(long, value_name = "NAME=VALUE")]
    pub param: Vec<String>,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(
    after_help = "A line is hashed whole, so it is given whole: it may name other records. Lines that hold the text of \
                        requests or answers, or a whole settlement tree, are refused without --include-content."
)]
pub struct Bundle {
    #[command(subcommand)]
    pub verb: Option<BundleVerb>,
    /// A case, or one journal or directory of journals
    #[arg(required = true)]
    pub case: Option<PathBuf>,
    /// The requests to give
    #[arg(long, value_name = "ID", num_args = 1.., required = true)]
    pub id: Vec<String>,
    /// The file to make, a zip
    #[arg(short, long, value_name = "FILE", required = true)]
    pub output: Option<PathBuf>,
    /// Give lines that hold the text of requests and answers, or whole trees, too
    #[arg(long)]
    pub include_content: bool,
    /// The content of a blob, or a folder of them, named by blob id or anything else (blobs/ beside journals is
    /// looked into anyway); it is given with --include-content only
    #[arg(long, value_name = "PATH", requires = "include_content")]
    pub blob: Vec<PathBuf>,
    /// Replace the file if it is there
    #[arg(long)]
    pub force: bool,
    /// Keys, builds, contracts and blocks you trust (default: those the case was last verified under)
    #[arg(long, value_name = "FILE")]
    pub trust: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum BundleVerb {
    /// Check a bundle alone, without the case or journals it was made from; exit 1 if it is invalid or a proof is false
    Verify(BundleVerify),
}

#[derive(Debug, Args)]
pub struct BundleVerify {
    /// The bundle
    pub bundle: PathBuf,
    /// Keys, builds, contracts and blocks you trust; without a pin a correct signature is `untrusted`
    #[arg(long, value_name = "FILE")]
    pub trust: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// How rows are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Print {
    Table,
    Csv,
    Json,
    Jsonl,
}

/// Which version is under suspicion, and when.
#[derive(Clone, Debug, Default, Args)]
pub struct Suspicion {
    /// The model under suspicion, where it is not the incident's
    #[arg(long, requires = "faulty")]
    pub model: Option<String>,
    /// The faulty version, where it is not the incident's
    #[arg(long)]
    pub faulty: Option<String>,
    /// Set the window's edges, as 2026-10-04T09:12..2026-10-04T13:40 (either may be left out)
    #[arg(long, value_name = "FROM..TO")]
    pub window: Option<String>,
}

#[derive(Debug, Args)]
pub struct Report {
    /// A case, or journals
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// What to write; `csv` and `all` are folders
    #[arg(long, value_enum)]
    pub format: ReportFormat,
    /// Where to write it; `-` is standard output
    #[arg(short, long, value_name = "PATH")]
    pub output: PathBuf,
    /// Whom it is for: everything, or what a decision needs
    #[arg(long, value_enum, default_value_t = ReportAudience::Technical)]
    pub audience: ReportAudience,
    #[command(flatten)]
    pub choice: Suspicion,
    /// When it is made, in RFC 3339 (default: the last record's time, so that the same case gives the same bytes)
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// A title of your own
    #[arg(long)]
    pub title: Option<String>,
    /// Who made it; may be given more than once
    #[arg(long, value_name = "NAME")]
    pub author: Vec<String>,
    /// Mark it as a draft (the default)
    #[arg(long, conflicts_with = "is_final")]
    pub draft: bool,
    /// Mark it as final
    #[arg(long = "final")]
    pub is_final: bool,
    /// Withhold all values of these fields behind salted commitments: agent, node, id, model, version, party,
    /// transaction, source, words
    #[arg(long, value_name = "FIELD", value_delimiter = ',', num_args = 1..)]
    pub redact: Vec<String>,
    /// Where the salts are kept (default: beside the report); used again if it exists
    #[arg(long, value_name = "FILE")]
    pub salts: Option<PathBuf>,
    /// Sign the in-toto statement with this Ed25519 key (PKCS#8 PEM, or 64 hex digits)
    #[arg(long, value_name = "FILE")]
    pub sign: Option<PathBuf>,
    /// Replace what stands there already; evidence is never replaced
    #[arg(long)]
    pub force: bool,
    /// Say what was written as one JSON document
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    Html,
    Md,
    Json,
    Csv,
    Timesketch,
    Intoto,
    Ocsf,
    Stix,
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportAudience {
    Technical,
    Executive,
}

#[derive(Debug, Args)]
pub struct Check {
    /// The report, in its JSON form
    pub report: PathBuf,
    /// The journals it names
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// Your own pins, instead of those in the report
    #[arg(long, value_name = "FILE")]
    pub trust: Option<PathBuf>,
    /// The content of a blob, or a folder of them, named by blob id or anything else (blobs/ beside journals is
    /// looked into anyway)
    #[arg(long, value_name = "PATH")]
    pub blob: Vec<PathBuf>,
    /// Salts of withheld values, all or some
    #[arg(long, value_name = "FILE")]
    pub salts: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Simulate {
    /// The incident to make up
    #[arg(long, default_value = "default")]
    pub scenario: String,
    /// The same seed gives the same bytes
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// Number of inference records
    #[arg(long, default_value_t = crate::work::simulate::DEFAULT_RECORDS)]
    pub records: usize,
    /// Whether responses carry real signatures (default: up to 20,000 records)
    #[arg(long, value_name = "BOOL")]
    pub signed: Option<bool>,
    /// A new or empty directory
    #[arg(short, long, value_name = "DIR", required_unless_present = "list")]
    pub output: Option<PathBuf>,
    /// List the scenarios and exit
    #[arg(long)]
    pub list: bool,
}

fn size(text: &str) -> Result<(u16, u16), String> {
    let (width, height) = text.split_once(['x', 'X']).ok_or("a size is WIDTHxHEIGHT, as 120x40")?;
    let number = |text: &str| text.parse::<u16>().ok().filter(|n| (1..=1000).contains(n));
    number(width).zip(number(height)).ok_or_else(|| "width and height are 1 to 1000".to_owned())
}

fn format(text: &str) -> Result<Format, String> {
    let names: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
    Format::of(text).ok_or_else(|| format!("a format is one of {}", names.join(", ")))
}
