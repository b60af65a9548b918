//! How the agents are drawn: the list, and one agent as bars before, during and after with the controls beside it.
//!
//! ```text
//!  treasury-1  changed, sticky
//!  actions: transfer 13 → 24 → 22 %, …
//!  ▂▃▄▆▅▃▂▁▂▃▅▆▅▃  requests, ━ by 2.4.1      ▁▁▂▁▁▂▁▁▅▆▅▄  transfer
//!
//!  actions   n 846 → 144 → 197   q 0.019   distance 0.098
//!    transfer   before ▇▇▇▇ 13 %      controls 12 %
//!               during ▇▇▇▇▇▇▇▇ 24 %           11 %
//!               after  ▇▇▇▇▇▇▇ 22 %            11 %
//! ```

use super::agents::{COLUMNS, State, at, known, listed, style};
use crate::analysis::drift::Feature;
use crate::ui::frame;
use crate::ui::model::Model;
use crate::ui::text::{cut, fit, shown, spans, wrap};
use crate::ui::theme::Theme;
use crate::ui::widgets::table::{self, Shape};
use crate::work::agents::trace::Trace;
use crate::work::agents::words::{Portrait, Share, Shares, label, probability};
use crate::work::agents::{Agent, Agents};
use crate::work::findings::grouped;
use crate::work::notebook::Subject;
use crate::work::study::Study;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

pub fn draw(model: &Model, state: &State, frame: &mut Frame<'_>, area: Rect) {
    let Some(study) = model.study.as_deref() else { return };
    let theme = &model.theme;
    let Some(agents) = known(model) else {
        let words = if study.window.is_some() {
            "judging agents…"
        } else {
            "cannot tell which agents changed, because nothing is under suspicion; i chooses a version"
        };
        return say(frame, area, words, theme);
    };
    if agents.agents.is_empty() {
        return say(frame, area, "no agent asked or did anything in these journals", theme);
    }
    let panes = frame::panes(model, area);
    let noted = |place: usize| {
        at(state, agents, place).is_some_and(|agent| {
            crate::ui::lists::is_noted(model, &Subject::new("agent", study.agent_name(agent.number)))
        })
    };
    let shape = Shape {
        noted: &noted,
        ..Shape::new(&state.scroll, state.arranged.len(agents.agents.len()), &state.arranged)
    };
    table::draw(frame, panes.list, &COLUMNS, shape, theme, |place| {
        at(state, agents, place).map(|agent| listed(study, agent))
    });
    let (Some(detail), Some(agent)) = (panes.detail, at(state, agents, state.scroll.cursor)) else { return };
    let page = Page { study, agents, agent, theme, width: usize::from(detail.width) };
    let lines = match &state.shown {
        Some((number, Some(portrait))) if *number == agent.number => page.lines(&portrait.0, &portrait.1),
        _ => page.head(),
    };
    for (n, line) in lines.into_iter().take(usize::from(detail.height)).enumerate() {
        let line = fit(line, page.width, theme);
        frame.buffer_mut().set_line(detail.x, detail.y + n as u16, &line, detail.width);
    }
}

fn say(frame: &mut Frame<'_>, area: Rect, words: &'static str, theme: &Theme) {
    let line = fit(Line::styled(words, theme.quiet()), usize::from(area.width.saturating_sub(3)), theme);
    frame.buffer_mut().set_line(area.x + 2, area.y + 1, &line, area.width.saturating_sub(2));
}

/// Categories shown of one feature.
const SHOWN: usize = 3;

struct Page<'p> {
    study: &'p Study,
    agents: &'p Agents,
    agent: &'p Agent,
    theme: &'p Theme,
    width: usize,
}

impl Page<'_> {
    fn head(&self) -> Vec<Line<'static>> {
        let mut line = spans(self.study.agent_name(self.agent.number), self.theme.strong(), self.theme);
        let verdict = match self.agent.persistence {
            Some(persistence) => format!("  {}, {}", self.agent.verdict.name(), persistence.name()),
            None => format!("  {}", self.agent.verdict.name()),
        };
        line.push(Span::styled(verdict, style(self.agent, self.theme)));
        vec![Line::from(line)]
    }

    fn lines(&self, portrait: &Portrait, trace: &Trace) -> Vec<Line<'static>> {
        let mut lines = self.head();
        for sentence in portrait.explanation.iter().filter(|sentence| !sentence.is_empty()) {
            lines.extend(wrap(
                Line::from(spans(sentence, self.theme.plain(), self.theme)),
                self.width - 1,
                0,
            ));
        }
        lines.push(Line::default());
        lines.extend(self.over_time(trace));
        // What carries the flag first.
        let mut features: Vec<&Shares> =
            portrait.features.iter().filter(|shares| !shares.shares.is_empty()).collect();
        features.sort_by_key(|shares| !self.agent.carriers.contains(&shares.feature));
        for shares in features {
            lines.push(Line::default());
            lines.extend(wrap(self.feature(shares), self.width, 2));
            lines.extend(self.bars(shares));
        }
        lines
    }

    /// Requests over time with the faulty ones, and below it the share of what rose the most.
    fn over_time(&self, trace: &Trace) -> Vec<Line<'static>> {
        let glyphs = &self.theme.glyphs;
        let highest = trace.buckets.iter().map(|bucket| bucket.requests).max().unwrap_or(0).max(1);
        let bar = |n: u32, of: u32| glyphs.bars[(n * 8).div_ceil(of.max(1)).min(8) as usize];
        let asked = trace.buckets.iter().map(|bucket| {
            let style = if bucket.faulty > 0 { self.theme.bad() } else { self.theme.good() };
            let glyph = if bucket.faulty > 0 { glyphs.heavy } else { bar(bucket.requests, highest) };
            Span::styled(glyph, style)
        });
        let mut line: Vec<Span<'static>> = asked.collect();
        line.push(Span::styled(format!(" requests, {} faulty", glyphs.heavy), self.theme.quiet()));
        let mut lines = vec![Line::from(line)];
        if let Some((feature, column)) = trace.followed {
            let followed = trace.buckets.iter().map(|bucket| {
                let glyph = if bucket.records == 0 { " " } else { bar(bucket.moved, bucket.records) };
                Span::styled(glyph, self.theme.warn())
            });
            let mut line: Vec<Span<'static>> = followed.collect();
            let name = label(self.study, self.agents, feature, column);
            line.push(Span::styled(" share of ", self.theme.quiet()));
            line.extend(spans(&name, self.theme.quiet(), self.theme));
            lines.push(Line::from(line));
        }
        lines
    }

    fn feature(&self, shares: &Shares) -> Line<'static> {
        let n = shares.n.map(grouped);
        let mut words = format!("  n {} → {} → {}", n[0], n[1], n[2]);
        if let Some(seen) = self.agent.sight[shares.feature as usize] {
            if let Some(q) = self.agent.feature_q[shares.feature as usize] {
                words.push_str(&format!("   q {}", probability(q)));
            }
            words.push_str(&format!("   distance {:.3}", seen.tvd));
        } else {
            words.push_str("   too few to test");
        }
        let flagged = self.agent.carriers.contains(&shares.feature);
        let style = if flagged { self.theme.warn() } else { self.theme.strong() };
        let unit = if shares.feature == Feature::Latency { "latency, ms" } else { shares.feature.name() };
        Line::from(vec![Span::styled(unit, style), Span::styled(words, self.theme.quiet())])
    }

    fn bars(&self, shares: &Shares) -> Vec<Line<'static>> {
        let mut order: Vec<&Share> = shares.shares.iter().collect();
        let moved = |share: &Share| (share.own[1] - share.own[0]).abs();
        order.sort_by(|a, b| moved(b).total_cmp(&moved(a)));
        // On a narrow page the names of categories and the bars give way, never the controls.
        let (name_width, aside) = if self.width < 50 { (9, "  ctl ") } else { (12, "  controls ") };
        let room = self.width.saturating_sub(name_width + 22 + aside.len()).clamp(3, 24);
        let mut lines = Vec::new();
        for share in order.into_iter().take(SHOWN) {
            for (phase, name) in ["before", "during", "after"].into_iter().enumerate() {
                let category = if phase == 0 { shown(&share.category, self.theme) } else { String::new() };
                let category = cut(&category, name_width, self.theme);
                let part = share.own[phase];
                let length = ((part * room as f64).ceil() as usize).min(room);
                let style = if phase == 1 { self.theme.bad() } else { self.theme.good() };
                let pad = name_width.saturating_sub(unicode_width::UnicodeWidthStr::width(category.as_str()));
                let number =
                    if shares.n[phase] == 0 { "none".to_owned() } else { format!("{:.0} %", part * 100.0) };
                let mut line = vec![
                    Span::styled(format!("  {category}{} ", " ".repeat(pad)), self.theme.accent()),
                    Span::styled(format!("{name:<7}"), self.theme.quiet()),
                    Span::styled(self.theme.glyphs.bars[8].repeat(length), style),
                    Span::raw(format!("{} {number:>5}", " ".repeat(room - length))),
                ];
                if let Some(controls) = share.controls {
                    let words = if phase == 0 { aside } else { "" };
                    line.push(Span::styled(
                        format!("{words:<width$}{:>3.0} %", controls[phase] * 100.0, width = aside.len()),
                        self.theme.quiet(),
                    ));
                }
                lines.push(Line::from(line));
            }
        }
        lines
    }
}
