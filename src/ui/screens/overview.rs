//! Overview: the answer before the tools. Every line opens the list behind it.
//!
//! ```text
//!  risk-scorer 2.4.1   declared by an incident record
//!  live                2026-10-05 08:08:09 → 14:29:22 (6h21m)   +2 stragglers
//!  requests            200 of 2,579 (7.7 %)   worst hour 2026-10-05 10:00: 48 of 112
//!  evidence            attested 1,940 · scheduled 1,058 · claimed 0 · none 2
//!  still pointing      7 stale-pointer · 6 late-serving · 2 shadow-serving
//!  nodes               gw-eu-3 straggler …
//!  what cannot be told 21 faulty lines · 2 unattributed …
//! ```

use crate::analysis::NodeState;
use crate::analysis::drift::lasting::Persistence;
use crate::analysis::drift::verdict::Verdict;
use crate::analysis::money::Class;
use crate::model::time::Zone;
use crate::model::{Evidence, Nanos, Pointers, Severity, Untrusted};
pub use crate::report::plain::percent as share;
use crate::ui::actions::Action;
use crate::ui::model::{Command, Model, Screen};
use crate::ui::screens::{findings, hours, payments_table, requests, settlements, timeline};
use crate::ui::text::{spans, wrap};
use crate::ui::theme::Theme;
use crate::ui::update::{body_height, push};
use crate::ui::widgets::lines::{self, Focus};
use crate::ui::widgets::scroll::{Scroll, Step};
use crate::work::filter::{Clause, Field, Filter};
use crate::work::findings::{counted, grouped};
use crate::work::payments::total;
use crate::work::study::Study;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

#[derive(Debug, Default)]
pub struct State {
    pub scroll: Scroll,
}

/// What Enter opens.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    Requests(Filter),
    Timeline,
    Agents,
    Findings,
    Settlements(Option<Class>),
    Proofs,
    Nothing,
}

/// One line of the answer.
pub struct Answer {
    pub line: Line<'static>,
    pub target: Target,
}

pub fn act(model: &mut Model, action: Action) -> Vec<Command> {
    if action != Action::Open {
        return Vec::new();
    }
    let (Some(study), Screen::Overview(state)) = (model.study.clone(), model.screen()) else {
        return Vec::new();
    };
    let answers = answers(&study, model);
    let place = nearest(&answers, state.scroll.cursor);
    let target = answers.into_iter().nth(place).map(|answer| answer.target);
    match target {
        Some(Target::Requests(filter)) => {
            requests::remember(model, filter);
            push(model, Screen::Requests(requests::State::default()))
        }
        Some(Target::Timeline) => push(model, Screen::Timeline(timeline::State::default())),
        Some(Target::Findings) => push(model, Screen::Findings(findings::State::default())),
        Some(Target::Agents) => crate::ui::update::show_tab(model, 4),
        Some(Target::Settlements(class)) => {
            let state = class.map_or_else(settlements::State::default, settlements::State::only);
            push(model, Screen::Settlements(Box::new(state)))
        }
        Some(Target::Proofs) => push(model, Screen::Proofs(Box::default())),
        Some(Target::Nothing) | None => Vec::new(),
    }
}

pub fn step(model: &mut Model, step: Step) -> Vec<Command> {
    let height = body_height(model).saturating_sub(1);
    let answers = model.study.as_deref().map(|study| answers(study, model)).unwrap_or_default();
    let leading: Vec<usize> = leading(&answers).collect();
    if let Some(Screen::Overview(state)) = model.screens.last_mut() {
        let now = leading.partition_point(|place| *place < nearest(&answers, state.scroll.cursor));
        let next = match step {
            Step::By(n) => now.saturating_add_signed(n),
            // A click or `G`: the line itself, or the last one that leads somewhere.
            Step::To(place) => leading.partition_point(|known| *known < place),
        };
        let next = next.min(leading.len().saturating_sub(1));
        let place = leading.get(next).copied().unwrap_or(0);
        // What stands above the first line is read with it.
        state.scroll.top = if next == 0 { 0 } else { state.scroll.top };
        state.scroll.step(Step::To(place), answers.len(), height);
    }
    Vec::new()
}

/// Places of the lines that lead somewhere.
fn leading(answers: &[Answer]) -> impl Iterator<Item = usize> {
    answers.iter().enumerate().filter(|(_, answer)| answer.target != Target::Nothing).map(|(place, _)| place)
}

/// The line at a place, or the next one that leads somewhere.
fn nearest(answers: &[Answer], place: usize) -> usize {
    leading(answers).find(|known| *known >= place).or_else(|| leading(answers).last()).unwrap_or(0)
}

pub fn draw(model: &Model, state: &State, frame: &mut Frame<'_>, area: Rect) {
    let Some(study) = model.study.as_deref() else {
        return;
    };
    let answers = answers(study, model);
    let area = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let scroll = Scroll { cursor: nearest(&answers, state.scroll.cursor), ..state.scroll };
    lines::draw(frame, area, &scroll, answers.len(), Focus::Here, &model.theme, |n| answers[n].line.clone());
    let below = area.height.saturating_sub(answers.len() as u16 + 1);
    if below >= hours::LEAST {
        let chart = Rect { y: area.bottom() - below, height: below, ..area };
        hours::draw(study, model.zone, frame, chart, &model.theme);
    }
}

/// The answer, line by line.
pub fn answers(study: &Study, model: &Model) -> Vec<Answer> {
    let width = usize::from(model.size.0).saturating_sub(3);
    let mut page = Page { study, zone: model.zone, theme: &model.theme, width, answers: Vec::new() };
    if !study.snapshot.is_sealed() {
        page.say(
            "reading",
            vec![Span::raw("journals are still being read; versions are attributed when all is in")],
            Target::Nothing,
        );
        let records = format!("{} so far", counted(study.snapshot.rows(), "record"));
        page.say("records", vec![Span::raw(records)], Target::Requests(Filter::default()));
        return page.answers;
    }
    page.suspect();
    page.requests();
    page.pointing();
    page.agents();
    page.nodes();
    page.reached();
    page.money();
    page.findings();
    page.evidence();
    page.gaps();
    page.answers
}

struct Page<'p> {
    study: &'p Study,
    zone: Zone,
    theme: &'p Theme,
    width: usize,
    answers: Vec<Answer>,
}

/// How many foreign sources are listed.
const SOURCES: usize = 8;
/// Width of the words at the left.
const LABEL: usize = 18;

impl Page<'_> {
    fn say(&mut self, label: &str, mut spans: Vec<Span<'static>>, target: Target) {
        let label = Span::styled(format!("{label:<LABEL$}"), self.theme.quiet());
        spans.insert(0, label);
        let mut lines = wrap(Line::from(spans), self.width, LABEL).into_iter();
        self.answers.extend(lines.next().map(|line| Answer { line, target }));
        self.answers.extend(lines.map(|line| Answer { line, target: Target::Nothing }));
    }

    fn blank(&mut self) {
        self.answers.push(Answer { line: Line::default(), target: Target::Nothing });
    }

    fn title(&mut self, spans: Vec<Span<'static>>) {
        self.answers.push(Answer { line: Line::from(spans), target: Target::Nothing });
    }

    fn suspect(&mut self) {
        let Some(window) = &self.study.window else {
            let words = "No incident and no rollback is recorded: nothing is under suspicion.";
            self.title(vec![Span::styled(words, self.theme.strong())]);
            self.title(vec![Span::raw("Press i to choose a version and see what it would have touched.")]);
            self.blank();
            return;
        };
        let incident = self.study.incident();
        let mut title = vec![];
        title.extend(spans(self.study.model_name(window.model), self.theme.strong(), self.theme));
        title.push(Span::raw(" "));
        title.extend(spans(self.study.version_name(window.faulty), self.theme.bad(), self.theme));
        let origin = incident.map_or("", |incident| incident.origin.name());
        title.push(Span::styled(format!("  {origin}"), self.theme.quiet()));
        self.title(title);
        if let Some(incident) = incident.filter(|incident| !incident.title.is_empty()) {
            self.title(spans(&incident.title, self.theme.plain(), self.theme));
        }
        self.blank();
        let mut live = vec![Span::styled(
            between(window.from(), window.to(), self.zone, self.theme),
            self.theme.strong(),
        )];
        let late = window.late_nodes().count();
        if late > 0 {
            let words = format!(
                "   {} {} after the rollback",
                self.theme.glyphs.warning,
                counted(late as u64, "node")
            );
            live.push(Span::styled(words, self.theme.warn()));
        }
        self.say("live", live, Target::Timeline);
        let declared = between(window.declared.0, window.declared.1, self.zone, self.theme);
        self.say("declared", vec![Span::raw(declared)], Target::Timeline);
        let observed = between(window.observed.0, window.observed.1, self.zone, self.theme);
        self.say("observed", vec![Span::raw(observed)], Target::Timeline);
        let good = self.study.version_name(window.good);
        if !good.is_empty() {
            let good = spans(good, self.theme.good(), self.theme);
            self.say("good version", good, Target::Timeline);
        }
        self.blank();
    }

    fn requests(&mut self) {
        let fold = &self.study.fold;
        let Some(window) = &self.study.window else {
            let all = counted(fold.requests(), "request");
            self.say("requests", vec![Span::raw(all)], Target::Requests(Filter::default()));
            return;
        };
        let (served, all) = (fold.served(window.model, window.faulty), fold.of_model(window.model));
        let served_by = Filter::default()
            .and(Clause::is(Field::Model, self.study.model_name(window.model)))
            .and(Clause::is(Field::Version, self.study.version_name(window.faulty)));
        let words = vec![
            Span::styled(grouped(served), self.theme.bad()),
            Span::raw(format!(" of {} ({})", grouped(all), share(served, all))),
        ];
        self.say("requests by it", words, Target::Requests(served_by.clone()));
        if let Some((from, total, faulty)) = fold.worst_hour() {
            let words = format!(
                "{} to {}: {} of {} ({})",
                from.format(self.zone, "%m-%d %H:%M"),
                Nanos(from.0 + crate::model::time::HOUR).format(self.zone, "%H:%M"),
                grouped(faulty),
                grouped(total),
                share(faulty, total)
            );
            let to = Nanos(from.0 + crate::model::time::HOUR);
            let hour = served_by
                .and(Clause::is(Field::At, &from.rfc3339()).with(crate::work::filter::Op::AtLeast))
                .and(Clause::is(Field::At, &to.rfc3339()).with(crate::work::filter::Op::Less));
            self.say("in its worst hour", vec![Span::raw(words)], Target::Requests(hour));
        }
    }

    fn pointing(&mut self) {
        for (flag, name) in Pointers::ALL {
            let count = self.study.fold.pointer(flag);
            let meaning = match flag {
                Pointers::STALE => "claim it after the rollback, served by another",
                Pointers::LATE => "served by it after the rollback",
                Pointers::SHADOW => "claim another version, served by it",
                Pointers::CONFLICT => "attested to one version, scheduled on another",
                _ => "carry no evidence of any version",
            };
            if count == 0 && (self.study.window.is_none() || flag == Pointers::UNATTRIBUTED) {
                continue;
            }
            let style = if count == 0 { self.theme.quiet() } else { self.theme.warn() };
            let words = vec![Span::styled(grouped(count), style), Span::raw(format!(" {meaning}"))];
            let target = Target::Requests(Filter::default().and(Clause::is(Field::Pointer, name)));
            self.say(name, words, target);
        }
        self.blank();
    }

    fn agents(&mut self) {
        if self.study.window.is_none() {
            return;
        }
        let Some(agents) = self.study.agents_known() else {
            self.say("agents", vec![Span::styled("judging…", self.theme.quiet())], Target::Agents);
            self.blank();
            return;
        };
        let count = |verdict| agents.with(verdict).count() as u64;
        let (changed, untested) = (count(Verdict::Changed), count(Verdict::Untested));
        let style = if changed == 0 { self.theme.plain() } else { self.theme.bad() };
        let words = vec![
            Span::styled(grouped(changed), style),
            Span::raw(format!(
                " changed of {} it served; {} not testable",
                grouped(changed + count(Verdict::Unchanged) + untested),
                grouped(untested)
            )),
        ];
        self.say("agents changed", words, Target::Agents);
        let lasting = |persistence| agents.lasting(persistence).count() as u64;
        let still = lasting(Persistence::Sticky) + lasting(Persistence::ShiftedElsewhere);
        let style = if still == 0 { self.theme.plain() } else { self.theme.bad() };
        let words = vec![
            Span::styled(grouped(still), style),
            Span::raw(format!(
                "; {} recovered, {} cannot be told yet",
                grouped(lasting(Persistence::Recovered)),
                grouped(lasting(Persistence::Undetermined))
            )),
        ];
        self.say("still changed", words, Target::Agents);
        let check = agents.self_check();
        let flagged = format!(
            "{} of {} placebo windows flagged, {}",
            grouped(check.placebo_flags as u64),
            grouped(check.placebo_windows as u64),
            counted(check.controls as u64, "control")
        );
        self.say("self-check", vec![Span::styled(flagged, self.theme.quiet())], Target::Agents);
        if let Some(words) = check.without_controls() {
            self.say("", vec![Span::styled(words, self.theme.warn())], Target::Agents);
        }
        self.blank();
    }

    fn nodes(&mut self) {
        let Some(window) = &self.study.window else {
            return;
        };
        let ok = window.nodes_in(NodeState::Ok).count();
        let words =
            format!("{} served it; {ok} without anything odd", counted(window.nodes.len() as u64, "node"));
        self.say("nodes", vec![Span::raw(words)], Target::Timeline);
        for node in window.nodes.iter().filter(|node| node.state != NodeState::Ok) {
            let name = self.study.node_name(node.node);
            let style = if node.state == NodeState::Forged { self.theme.bad() } else { self.theme.warn() };
            let mut words = vec![Span::styled(format!("{:<11}", node.state.name()), style)];
            words.extend(spans(name, self.theme.accent(), self.theme));
            words.push(Span::raw(format!("  {}", between(node.from(), node.to(), self.zone, self.theme))));
            let target = Filter::default()
                .and(Clause::is(Field::Node, name))
                .and(Clause::is(Field::Version, self.study.version_name(window.faulty)));
            self.say("", words, Target::Requests(target));
        }
        self.blank();
    }

    /// Certain, likely, possible: always all three.
    fn reached(&mut self) {
        if self.study.window.is_none() {
            return;
        }
        let Some(impact) = &self.study.impact else {
            let counting = vec![Span::styled("counting what it reached", self.theme.quiet())];
            return self.say("reached", counting, Target::Nothing);
        };
        let [certain, likely, possible] = impact.three();
        let mut words =
            vec![Span::styled(format!("{} certain", grouped(certain)), self.theme.bad()), Span::raw(" · ")];
        match impact.agents_analysed {
            true => words.push(Span::styled(format!("{} likely", grouped(likely)), self.theme.warn())),
            false => words.push(Span::styled("likely unknown: agents not analysed", self.theme.warn())),
        }
        words.push(Span::raw(format!(" · {} possible: requests, actions, messages", grouped(possible))));
        let any = Filter::default().and(Clause::is(Field::Tier, "any"));
        self.say("reached", words, Target::Requests(any));
        if let Some(cut) = impact.containment.first() {
            let mut words = vec![Span::raw("quarantine of ")];
            words.extend(spans(&cut.agent, self.theme.accent(), self.theme));
            let at = Nanos(cut.at).format(self.zone, "%m-%d %H:%M");
            let words_left = format!(" at {at} would have spared up to {}", counted(cut.spared, "thing"));
            words.push(Span::raw(words_left));
            let of = Filter::default().and(Clause::is(Field::Agent, &cut.agent));
            self.say("containment", words, Target::Requests(of.and(Clause::is(Field::Tier, "any"))));
        }
        let pairs = impact.pairs;
        if pairs.requests > 0 {
            let words = format!(
                "{} put to both versions; {} answered differently",
                counted(pairs.requests, "request"),
                grouped(pairs.differing_requests)
            );
            let differ = Filter::default()
                .and(Clause::is(Field::Pair, if pairs.differing > 0 { "differs" } else { "any" }));
            self.say("matched pairs", vec![Span::raw(words)], Target::Requests(differ));
        }
        self.blank();
    }

    fn money(&mut self) {
        let Some(impact) = &self.study.impact else {
            if !self.study.snapshot.is_sealed() {
                return;
            }
            let counting = vec![Span::styled("counting them", self.theme.quiet())];
            return self.say("payments", counting, Target::Settlements(None));
        };
        if impact.classes.iter().all(|count| *count == 0) {
            return;
        }
        let count = |class: Class| impact.classes[class as usize];
        if self.study.window.is_none() {
            let all = counted(impact.classes.iter().sum(), "payment");
            self.say("payments", vec![Span::raw(all)], Target::Settlements(None));
            return;
        }
        for class in Class::ALL.into_iter().filter(|class| *class != Class::Clear) {
            let style =
                if count(class) > 0 { payments_table::style(class, self.theme) } else { self.theme.quiet() };
            if count(class) == 0 && matches!(class, Class::Likely | Class::Possible) {
                continue;
            }
            let label = if class == Class::Direct { "payments" } else { "" };
            let words = vec![
                Span::styled(format!("{:>7} {:<11}", grouped(count(class)), class.name()), style),
                Span::styled(class.meaning(), self.theme.quiet()),
            ];
            self.say(label, words, Target::Settlements(Some(class)));
        }
        for (n, money) in impact.money.iter().enumerate() {
            let shown = |sum| total(&money.asset, sum);
            let words = format!(
                "{} affected of {} settled; {} still outstanding",
                shown(money.sums.affected()),
                shown(money.sums.settled),
                shown(money.sums.outstanding)
            );
            let words = spans(&words, self.theme.plain(), self.theme);
            self.say(if n == 0 { "money" } else { "" }, words, Target::Settlements(None));
        }
        self.blank();
    }

    fn findings(&mut self) {
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

    fn evidence(&mut self) {
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
        let mut words =
            vec![Span::raw(format!("{} agree with the lines before them", grouped(consistent as u64)))];
        if other > 0 {
            words.push(Span::styled(
                format!("   {} {other} do not, or cannot be told", self.theme.glyphs.bad),
                self.theme.bad(),
            ));
        }
        self.say("checkpoints", words, Target::Findings);
        let words = match self.study.verified {
            true => vec![Span::raw(
                "every proof was verified; versions count as attested only where the enclave signed",
            )],
            false => vec![Span::styled(
                "no proof is verified yet: V on the Proofs screen verifies all",
                self.theme.warn(),
            )],
        };
        self.say("proofs", words, Target::Proofs);
    }

    fn gaps(&mut self) {
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
            line.extend(spans(&source.name(), self.theme.accent(), self.theme));
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

/// `2026-10-05 08:08:09 → 14:29:22 (6h21m)`; an open end says so.
pub fn between(from: Option<Nanos>, to: Option<Nanos>, zone: Zone, theme: &Theme) -> String {
    let arrow = theme.glyphs.arrow;
    match (from, to) {
        (None, None) => "not recorded".to_owned(),
        (Some(from), None) => format!("{} {arrow} open", from.short(zone)),
        (None, Some(to)) => format!("? {arrow} {}", to.short(zone)),
        (Some(from), Some(to)) => {
            let same_day = from.format(zone, "%F") == to.format(zone, "%F");
            let end = if same_day { to.format(zone, "%H:%M:%S") } else { to.short(zone) };
            format!("{} {arrow} {end} ({})", from.short(zone), to.since(from))
        }
    }
}

/// `10-05 08:08 → 14:29`, for narrow places.
pub fn between_minutes(from: Option<Nanos>, to: Option<Nanos>, zone: Zone, theme: &Theme) -> String {
    let arrow = theme.glyphs.arrow;
    let day = |at: Nanos| at.format(zone, "%m-%d %H:%M");
    match (from, to) {
        (Some(from), Some(to)) => {
            let same_day = from.format(zone, "%F") == to.format(zone, "%F");
            let end = if same_day { to.format(zone, "%H:%M") } else { day(to) };
            format!("{} {arrow} {end}", day(from))
        }
        (from, to) => {
            let end = |at: Option<Nanos>, open: &str| at.map_or_else(|| open.to_owned(), day);
            format!("{} {arrow} {}", end(from, "?"), end(to, "open"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn a_share_is_never_rounded_to_all_or_nothing() {
        for (part, whole, shown) in [
            (0, 5, "0 %"),
            (1, 100_000, "<0.1 %"),
            (99_999, 100_000, "99.9 %"),
            (5, 5, "100.0 %"),
            (1, 0, "—"),
        ] {
            assert_eq!(share(part, whole), shown);
        }
    }
}
