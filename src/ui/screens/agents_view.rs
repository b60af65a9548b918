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
use crate::model::time::Zone;
use crate::ui::model::Model;
use crate::ui::panes;
use crate::ui::text::{cut, fit, shown, spans, wrap};
use crate::ui::theme::Theme;
use crate::ui::widgets::table::{self, Shape};
use crate::work::agents::trace::Trace;
use crate::work::agents::words::{Portrait, Share, Shares, label, probability};
use crate::work::agents::{Agent, Agents};
use crate::work::findings::{counted, grouped};
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
    let noted = |place: usize| {
        at(state, agents, place).is_some_and(|agent| {
            crate::ui::lists::is_noted(model, &Subject::new("agent", study.agent_name(agent.number)))
        })
    };
    let shape = Shape {
        noted: &noted,
        ..Shape::new(&state.scroll, state.arranged.len(agents.agents.len()), &state.arranged)
    };
    table::draw(frame, panes::of(model).list, &COLUMNS, shape, theme, |place| {
        at(state, agents, place).map(|agent| listed(study, agent))
    });
}

/// The agent under the cursor: with what is told of it in words on top, where that has no pane of its own.
pub fn detail(model: &Model, state: &State, width: usize, third: Option<Rect>) -> Vec<Line<'static>> {
    let Some((page, portrait)) = page(model, state, width) else { return Vec::new() };
    let mut lines = page.head();
    match (portrait, third) {
        (None, _) => lines.push(Line::styled("reading…", model.theme.quiet())),
        (Some((portrait, trace)), None) => {
            lines.extend(page.words(portrait));
            lines.push(Line::default());
            lines.extend(page.over_time(trace));
            lines.extend(page.features(portrait));
        }
        (Some((portrait, _)), Some(_)) => lines.extend(page.features(portrait)),
    }
    lines
}

/// The same agent in words: whether it lasted, what it is held against, and how it went over time.
pub fn third(model: &Model, state: &State, width: usize) -> Vec<Line<'static>> {
    let Some((page, Some((portrait, trace)))) = page(model, state, width) else { return Vec::new() };
    let mut lines = page.words(portrait);
    lines.push(Line::default());
    lines.extend(page.facts(portrait, model.zone));
    lines.push(Line::default());
    lines.extend(page.over_time(trace));
    lines
}

fn page<'p>(
    model: &'p Model,
    state: &'p State,
    width: usize,
) -> Option<(Page<'p>, Option<(&'p Portrait, &'p Trace)>)> {
    let (study, agents) = (model.study.as_deref()?, known(model)?);
    let agent = at(state, agents, state.scroll.cursor)?;
    let portrait = match &state.shown {
        Some((number, Some(shown))) if *number == agent.number => Some((&shown.0, &shown.1)),
        _ => None,
    };
    Some((Page { study, agents, agent, theme: &model.theme, width }, portrait))
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

    /// The explanation: in plain words first, then with the numbers behind it.
    fn words(&self, portrait: &Portrait) -> Vec<Line<'static>> {
        let mut lines: Vec<Line<'static>> = self.plainly(portrait).into_iter().collect();
        let sentences = portrait.explanation.iter().filter(|sentence| !sentence.is_empty());
        lines.extend(sentences.map(|sentence| Line::from(spans(sentence, self.theme.plain(), self.theme))));
        lines
    }

    /// What an agent that changed did otherwise, beside what agents did that the faulty version never reached.
    fn plainly(&self, portrait: &Portrait) -> Option<Line<'static>> {
        let carrier = self.agent.carriers.first()?;
        let shares = portrait.features.iter().find(|shares| shares.feature == *carrier)?;
        let moved = |share: &&Share| (share.own[1] - share.own[0]).abs();
        let most = shares.shares.iter().max_by(|a, b| moved(a).total_cmp(&moved(b)))?;
        let percent = |part: f64| format!("{:.0} %", part * 100.0);
        let [before, during, after] = most.own.map(percent);
        let mut line = vec![Span::raw(format!("Of its {}: ", carrier.name()))];
        line.extend(spans(&most.category, self.theme.strong(), self.theme));
        let after = if shares.n[2] == 0 { "nothing recorded".to_owned() } else { after };
        line.push(Span::raw(format!(
            " {before} before, {during} while the faulty version served it, {after} since."
        )));
        if let Some(controls) = most.controls {
            let [before, during, after] = controls.map(percent);
            line.push(Span::raw(format!(" Agents it never reached: {before}, {during}, {after}.")));
        }
        Some(Line::from(line))
    }

    /// Whether it lasted, from when to when it was served, and what it is held against.
    fn facts(&self, portrait: &Portrait, zone: Zone) -> Vec<Line<'static>> {
        let mut lines = Vec::new();
        let mut say = |label: &str, words: String| {
            let label = Span::styled(format!("{label:<13}"), self.theme.quiet());
            lines.push(Line::from(vec![label, Span::styled(words, self.theme.plain())]));
        };
        say("verdict", self.agent.verdict.name().to_owned());
        if let Some(persistence) = self.agent.persistence {
            say("since then", persistence.name().to_owned());
        }
        if let Some((feature, kept)) = self.agent.retention {
            let [rho, lo, hi] = [kept.rho, kept.lo, kept.hi].map(|share| share * 100.0);
            let name = feature.name();
            say("kept", format!("{rho:.0} % of the change of {name}, 90 % sure of {lo:.0} to {hi:.0} %"));
        }
        if let Some(needed) = self.agent.needed {
            say("to decide", format!("about {} after would", counted(needed, "more record")));
        }
        if let Some(smallest) = self.agent.smallest_effect {
            say("smallest", format!("effect its records could have shown: {smallest:.2}"));
        }
        if let Some((first, last, resumed)) = portrait.moments {
            say("first served", first.short(zone));
            say("last served", last.short(zone));
            say("good again", resumed.map_or_else(|| "never since".to_owned(), |at| at.short(zone)));
        }
        let check = self.agents.self_check();
        let windows =
            format!("{} of {}", grouped(check.placebo_flags as u64), grouped(check.placebo_windows as u64));
        say(
            "controls",
            format!("{} with {}", grouped(check.controls as u64), counted(check.control_records, "record")),
        );
        say("self-check", format!("{windows} placebo windows flagged"));
        if let Some(words) = check.without_controls() {
            lines.push(Line::styled(words, self.theme.warn()));
        }
        lines
    }

    /// Every feature in bars; what carries the flag first.
    fn features(&self, portrait: &Portrait) -> Vec<Line<'static>> {
        let mut lines = Vec::new();
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
        if shares.shares.len() > SHOWN {
            let words = format!("  and {} that moved less", shares.shares.len() - SHOWN);
            lines.push(Line::styled(words, self.theme.quiet()));
        }
        lines
    }
}
