//! What the answer rests on: findings, evidence, and what was read.

use super::{Page, Target};
use crate::model::{Evidence, Severity, Status, Untrusted};
use crate::ui::screens::findings;
use crate::ui::screens::proofs::mark;
use crate::ui::text::{cut_middle, shown};
use crate::ui::theme::Theme;
use crate::work::filter::Filter;
use crate::work::findings::{counted, grouped};
use crate::work::verify::Verification;
use ratatui::text::Span;

/// How many foreign sources are listed.
const SOURCES: usize = 8;
/// How much of a source's name is shown: its begin and its end.
const NAME: usize = 44;

impl Page<'_> {
    pub(super) fn findings(&mut self) {
        let mut words = Vec::new();
        for severity in Severity::ALL.into_iter().rev() {
            let count = self.study.findings.iter().filter(|finding| finding.severity == severity).count();
            if count > 0 {
                let style = findings::style(severity, self.theme);
                words.push(Span::styled(format!("{count} {severity}   "), style));
            }
        }
        match &self.study.impact {
            None => words.push(Span::styled("counting the rest", self.theme.quiet())),
            Some(_) if words.is_empty() => words.push(Span::raw("none")),
            Some(_) => (),
        }
        self.say("findings", words, Target::Findings);
        self.blank();
    }

    pub(super) fn evidence(&mut self) {
        let fold = &self.study.fold;
        let mut words = Vec::new();
        for evidence in Evidence::ALL.into_iter().rev() {
            let count = fold.by_evidence[evidence as usize];
            let style =
                if evidence == Evidence::None && count > 0 { self.theme.warn() } else { self.theme.plain() };
            words.push(Span::styled(format!("{} {}   ", evidence.name(), grouped(count)), style));
        }
        self.say("versions known by", words, Target::Requests(Filter::default()));
        let consistent = self.study.checkpoints.iter().filter(|c| c.verdict == "consistent").count();
        let other = self.study.checkpoints.len() - consistent;
        let told = match self.study.checkpoints.is_empty() {
            true => "none is recorded".to_owned(),
            false => format!("{} agree with the lines before them", grouped(consistent as u64)),
        };
        let mut words = vec![Span::raw(told)];
        if other > 0 {
            words.push(Span::styled(
                format!("   {} {other} do not, or cannot be told", self.theme.glyphs.bad),
                self.theme.bad(),
            ));
        }
        self.say("checkpoints", words, Target::Findings);
        let words = match (self.study.verified, &self.verification) {
            (true, Some(verification)) => verdicts(verification, self.theme),
            (true, None) => vec![Span::styled("counting them", self.theme.quiet())],
            (false, _) => vec![Span::styled("no proof is verified yet: V verifies all", self.theme.warn())],
        };
        self.say("proofs", words, Target::Proofs);
    }

    pub(super) fn gaps(&mut self) {
        let sources: Vec<_> = self.study.snapshot.sources().iter().filter(|s| !s.is_made_here()).collect();
        let sum = |f: fn(&crate::store::Source) -> u64| sources.iter().map(|source| f(source)).sum::<u64>();
        let torn = sources.iter().filter(|source| source.torn_bytes > 0).count();
        let lines = counted(sum(|s| s.lines), "line");
        let what = if sources.iter().any(|source| source.imported.is_some()) { "source" } else { "journal" };
        let words = format!(
            "{lines} in {}: {}, {}, {}, {}, {}",
            counted(sources.len() as u64, what),
            counted(sum(|s| s.faults), "fault"),
            counted(sum(|s| s.duplicates), "duplicate"),
            counted(sum(|s| s.conflicts), "conflict"),
            counted(torn as u64, "torn tail"),
            counted(self.study.gaps.len() as u64, "gap"),
        );
        self.say("completeness", vec![Span::raw(words)], Target::Findings);
        self.sources();
    }

    /// What each foreign source was read as, and how much of it nothing here knows.
    fn sources(&mut self) {
        let sources = self.study.snapshot.sources();
        let (joins, foreign): (Vec<_>, Vec<_>) = sources
            .iter()
            .filter(|source| source.imported.is_some())
            .partition(|source| source.is_made_here());
        for (n, source) in foreign.iter().take(SOURCES).enumerate() {
            let label = if n == 0 { "read as" } else { "" };
            let format = Untrusted(source.format()).visible();
            let mut line = vec![Span::styled(format, self.theme.strong()), Span::raw("  ")];
            let name = cut_middle(&shown(&source.name(), self.theme), NAME, self.theme);
            line.push(Span::styled(name, self.theme.accent()));
            line.push(Span::raw(format!("  {}", counted(source.records, "record"))));
            if source.unmapped > 0 {
                let words = format!(", {} kept and not mapped", grouped(source.unmapped));
                line.push(Span::styled(words, self.theme.warn()));
            }
            if source.faults > source.unmapped {
                let words = format!(", {}", counted(source.faults - source.unmapped, "fault"));
                line.push(Span::styled(words, self.theme.warn()));
            }
            self.say(label, line, Target::Findings);
        }
        if foreign.len() > SOURCES {
            let words = format!("… and {} more: `ingest --json` lists all", foreign.len() - SOURCES);
            self.say("", vec![Span::raw(words)], Target::Nothing);
        }
        // Nobody brought these: they were put together here.
        for source in joins {
            let words = format!("{} put together of several sources", counted(source.records, "record"));
            self.say("joins", vec![Span::raw(words)], Target::Nothing);
        }
    }
}

/// How many requests' paths came to what.
fn verdicts(verification: &Verification, theme: &Theme) -> Vec<Span<'static>> {
    let told = |status: Status| {
        let count = verification.paths.get(&status).copied().unwrap_or(0);
        let always = matches!(status, Status::Verified | Status::Failed | Status::Missing);
        (count > 0 || always).then(|| {
            let (glyph, style) = mark(status, theme);
            let style = if count > 0 { style } else { theme.quiet() };
            Span::styled(format!("{glyph} {} {status}   ", grouped(count)), style)
        })
    };
    let rest = Status::ALL.into_iter().filter(|status| *status != Status::NotApplicable);
    rest.rev().filter_map(told).collect()
}
