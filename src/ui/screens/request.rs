//! One record, down to its bytes: which version served it and how that is known, what led to it, what came of it.
//!
//! ```text
//!  Versions │ Record │ Causes and effects
//!  claimed    2.4.0        the record says so
//!  scheduled  2.4.0        the node's deployments say so
//!  attested   2.4.1        the enclave's measurement says so
//!  served by  2.4.1        attested
//! ```

use super::compare::{self, Side};
use super::ladder;
use crate::journal::import::standing::Standing;
use crate::model::{Kind, Row, Status, Step as Rung, Tier};
use crate::proof::ladder::Path;
use crate::ui::actions::Action;
use crate::ui::model::{Command, Model, Naming, Screen};
use crate::ui::text::{cut_middle, shown, spans};
use crate::ui::theme::Theme;
use crate::ui::update::{body_height, fail, open_row};
use crate::ui::widgets::lines::{self, Focus};
use crate::ui::widgets::scroll::{Scroll, Step};
use crate::ui::widgets::tree::{Fold, Tree};
use crate::work::WorkError;
use crate::work::explain::{Explanation, Linkage, Linked, Original};
use crate::work::findings::counted;
use crate::work::rows::RequestRow;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

#[derive(Debug)]
pub struct State {
    pub row: Row,
    pub explanation: Option<Explanation>,
    pub tab: Tab,
    pub tree: Tree,
    pub links: Scroll,
    pub pairs: Scroll,
    pub versions: Scroll,
    /// The proof path: not yet known, or none, or one.
    pub path: Option<Option<Path>>,
    pub steps: Scroll,
    /// The slow step of that path, once it was asked for.
    pub naming: Option<Naming>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    Proof,
    Versions,
    Record,
    Links,
    Pairs,
}

const TABS: [(Tab, &str); 5] = [
    (Tab::Proof, "Proof path"),
    (Tab::Versions, "Versions"),
    (Tab::Record, "Record"),
    (Tab::Links, "Causes and effects"),
    (Tab::Pairs, "Matched pairs"),
];

/// The titles of the tabs, for whoever clicks on them.
pub fn titles() -> Vec<&'static str> {
    TABS.iter().map(|(_, title)| *title).collect()
}

impl State {
    pub fn new(row: Row) -> Self {
        Self {
            row,
            explanation: None,
            tab: Tab::default(),
            tree: Tree::default(),
            links: Scroll::default(),
            pairs: Scroll::default(),
            versions: Scroll::default(),
            path: None,
            steps: Scroll::default(),
            naming: None,
        }
    }

    /// The place of the tab that is shown.
    pub fn place(&self) -> usize {
        TABS.iter().position(|(tab, _)| *tab == self.tab).unwrap_or(0)
    }

    /// Lines of the screen above the list of this tab, and where that stands.
    pub fn list(&self) -> Option<(u16, Scroll)> {
        match self.tab {
            Tab::Proof => Some((4, self.steps)),
            Tab::Links => Some((4, self.links)),
            Tab::Pairs => Some((6, self.pairs)),
            Tab::Versions | Tab::Record => None,
        }
    }

    /// This record beside the answer of the other version under the cursor.
    fn pair(&self) -> Option<(Side, Side)> {
        let e = self.explanation.as_ref().filter(|_| self.tab == Tab::Pairs)?;
        let other = &e.pairs.get(self.pairs.cursor)?.other;
        Some((Side::Record(self.row, e.id.clone()), Side::Record(other.row, other.id.clone())))
    }

    /// The command that checks the step under the cursor with another tool.
    pub fn command(&self) -> Option<String> {
        let step = self.path.iter().flatten().find_map(|path| path.steps.get(self.steps.cursor));
        let command = step.filter(|_| self.tab == Tab::Proof).and_then(|step| step.reproduce.as_ref());
        command.map(ToString::to_string)
    }

    /// The chain that taints it, then what it points at, then what points at it.
    fn linked(&self) -> Vec<Tie<'_>> {
        let Some(e) = &self.explanation else {
            return Vec::new();
        };
        let chain = e.chain.iter().filter(|_| e.chain.len() > 1).map(Tie::Chain);
        chain.chain(e.causes.iter().map(Tie::From)).chain(e.effects.iter().map(Tie::To)).collect()
    }
}

/// How another record hangs on this one.
enum Tie<'e> {
    Chain(&'e Linkage),
    From(&'e Linked),
    To(&'e Linked),
}

impl Tie<'_> {
    const fn row(&self) -> Option<Row> {
        match self {
            Self::Chain(link) => Some(link.row),
            Self::From(link) | Self::To(link) => link.row,
        }
    }
}

fn with<T>(model: &mut Model, f: impl FnOnce(&mut State) -> T) -> Option<T> {
    match model.screens.last_mut() {
        Some(Screen::Request(state)) => Some(f(state)),
        _ => None,
    }
}

pub fn explained(
    model: &mut Model,
    row: Row,
    explanation: Result<(Explanation, Tree), WorkError>,
) -> Vec<Command> {
    match explanation {
        Ok((explanation, tree)) => {
            with(model, |state| {
                if state.row == row {
                    // A refresh of the same record keeps its folds.
                    if state.explanation.as_ref().is_none_or(|known| known.bytes != explanation.bytes) {
                        state.tree = tree;
                        if explanation.kind != Kind::Inference {
                            state.tab = Tab::Record;
                        }
                    }
                    state.explanation = Some(explanation);
                }
            });
            Vec::new()
        }
        Err(error) => fail(model, &error),
    }
}

pub fn proved(model: &mut Model, row: Row, path: Result<Option<Path>, WorkError>) -> Vec<Command> {
    match path {
        Ok(path) => {
            let height = body_height(model).saturating_sub(4);
            let is_waiting =
                |path: &Path| path.step(Rung::Blob).is_some_and(|blob| blob.status == Status::Unchecked);
            let ask = with(model, |state| {
                let mut ask = false;
                if state.row == row {
                    // The ladder is here at once; the one step that takes seconds comes after it.
                    ask = state.naming.is_none() && path.as_ref().is_some_and(is_waiting);
                    if ask {
                        state.naming = Some(Naming::UnderWay(0));
                    }
                    // What failed first is on top of mind, also when the slow step is what failed; a cursor that was
                    // moved stays where it is.
                    let is_untouched = match &state.path {
                        None => true,
                        Some(before) => before
                            .as_ref()
                            .is_some_and(|before| state.steps.cursor == ladder::first_step(before)),
                    };
                    if let (true, Some(path)) = (is_untouched, &path) {
                        state.steps.step(Step::To(ladder::first_step(path)), path.steps.len(), height);
                    }
                    state.path = Some(path);
                }
                ask
            });
            if ask == Some(true) { vec![Command::Name { row }] } else { Vec::new() }
        }
        Err(error) => fail(model, &error),
    }
}

/// How far the slow step is.
pub fn naming(model: &mut Model, row: Row, naming: Naming) -> Vec<Command> {
    with(model, |state| {
        if state.row == row {
            state.naming = Some(naming);
        }
    });
    Vec::new()
}

pub fn is_naming(model: &Model) -> bool {
    matches!(model.screen(), Screen::Request(state) if matches!(state.naming, Some(Naming::UnderWay(_))))
}

pub fn step(model: &mut Model, step: Step) -> Vec<Command> {
    let height = body_height(model).saturating_sub(4);
    let theme = model.theme;
    with(model, |state| match state.tab {
        Tab::Proof => {
            let len = state.path.iter().flatten().map(|path| path.steps.len()).sum();
            state.steps.step(step, len, height);
        }
        Tab::Versions => {
            let len = state.explanation.as_ref().map_or(0, |e| version_lines(e, &theme).len());
            state.versions.step(step, len, height);
        }
        Tab::Record => state.tree.step(step, height),
        Tab::Links => {
            let len = state.linked().len();
            state.links.step(step, len, height);
        }
        Tab::Pairs => {
            let len = state.explanation.as_ref().map_or(0, |e| e.pairs.len());
            state.pairs.step(step, len, height.saturating_sub(2));
        }
    });
    Vec::new()
}

pub fn act(model: &mut Model, action: Action) -> Vec<Command> {
    let height = body_height(model).saturating_sub(4);
    match action {
        Action::NextPane => turn(model, 1),
        Action::PreviousPane => turn(model, TABS.len() - 1),
        Action::Left | Action::Right => {
            with(model, |state| {
                if state.tab == Tab::Record {
                    state.tree.fold(if action == Action::Left { Fold::Close } else { Fold::Open }, height);
                }
            });
            Vec::new()
        }
        Action::Open => {
            // Two answers to one request are worth reading side by side.
            if let Some((a, b)) = with(model, |state| state.pair()).flatten() {
                return compare::open(model, a, b);
            }
            let row = with(model, |state| match state.tab {
                Tab::Links => state.linked().get(state.links.cursor).and_then(Tie::row),
                _ => None,
            });
            match row {
                Some(Some(row)) => open_row(model, row),
                Some(None)
                    if with(model, |state| !matches!(state.tab, Tab::Links | Tab::Pairs)) == Some(true) =>
                {
                    turn(model, 1)
                }
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

fn turn(model: &mut Model, by: usize) -> Vec<Command> {
    with(model, |state| {
        let place = TABS.iter().position(|(tab, _)| *tab == state.tab).unwrap_or(0);
        state.tab = TABS[(place + by) % TABS.len()].0;
    });
    Vec::new()
}

pub fn draw(model: &Model, state: &State, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let Some(explanation) = &state.explanation else {
        frame.buffer_mut().set_span(
            area.x + 2,
            area.y,
            &Span::styled("reading the record…", theme.quiet()),
            area.width,
        );
        return;
    };
    draw_head(model, explanation, frame, area);
    let mut x = area.x + 2;
    for (tab, title) in TABS {
        let style = if tab == state.tab { theme.tab() } else { theme.quiet() };
        let title = format!(" {title} ");
        let (next, _) = frame.buffer_mut().set_span(
            x,
            area.y + 2,
            &Span::styled(title, style),
            area.right().saturating_sub(x),
        );
        x = next + 1;
    }
    let body = Rect { y: area.y + 4, height: area.height.saturating_sub(4), ..area };
    let body = beside_the_record(state, frame, body, theme);
    match state.tab {
        Tab::Proof => match &state.path {
            Some(Some(path)) => ladder::draw(path, (&state.steps, state.naming), frame, body, theme),
            Some(None) => say("only requests have a proof path", frame, body, theme),
            None => say("gathering the evidence…", frame, body, theme),
        },
        Tab::Versions => {
            let shown = version_lines(explanation, theme);
            lines::draw(frame, body, &state.versions, shown.len(), Focus::Elsewhere, theme, |n| {
                shown[n].clone()
            });
        }
        Tab::Record => state.tree.draw(frame, body, Focus::Here, theme),
        Tab::Links => draw_links(state, frame, body, theme),
        Tab::Pairs => draw_pairs(explanation, &state.pairs, frame, body, theme),
    }
}

/// On wide screens the record itself stands beside what is said of it; returns the room that is left.
fn beside_the_record(state: &State, frame: &mut Frame<'_>, body: Rect, theme: &Theme) -> Rect {
    if body.width < 140 || state.tab == Tab::Record {
        return body;
    }
    let width = body.width * 2 / 5;
    let rest = Rect { width: body.width - width, ..body };
    let pane = Rect { x: rest.right(), width, ..body };
    for y in pane.y..pane.bottom() {
        frame.buffer_mut().set_span(pane.x, y, &Span::styled(theme.glyphs.vertical, theme.quiet()), 1);
    }
    let inner = Rect { x: pane.x + 1, width: pane.width - 1, ..pane };
    state.tree.draw(frame, inner, Focus::Elsewhere, theme);
    rest
}

fn say(words: &'static str, frame: &mut Frame<'_>, area: Rect, theme: &Theme) {
    frame.buffer_mut().set_span(area.x + 2, area.y, &Span::styled(words, theme.quiet()), area.width);
}

/// What it is, when, and where its bytes stand.
fn draw_head(model: &Model, e: &Explanation, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let mut title = spans(&e.kind_text, theme.quiet(), theme);
    title.push(Span::raw(" "));
    title.extend(spans(&e.id, theme.strong(), theme));
    title.push(Span::styled("  at ", theme.quiet()));
    title.push(Span::raw(e.at.format(model.zone, "%Y-%m-%d %H:%M:%S%.f")));
    title.push(Span::styled("  recorded as ", theme.quiet()));
    title.extend(spans(&e.at_text, theme.quiet(), theme));
    let stands = e.imported.as_ref().map_or(&e.place, |original| &original.place);
    let name = stands.source.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let read =
        e.imported.as_ref().map_or_else(String::new, |original| format!(", read as {}", original.format));
    let bytes = counted(stands.length, "byte");
    let place = format!(" line {}, byte {}, {bytes}{read}", stands.line + 1, stands.offset);
    let mut where_ = spans(&name, theme.accent(), theme);
    where_.push(Span::styled(place, theme.quiet()));
    let width = usize::from(area.width.saturating_sub(4));
    for (n, line) in [Line::from(title), Line::from(where_)].into_iter().enumerate() {
        let line = crate::ui::text::fit(line, width, theme);
        frame.buffer_mut().set_line(area.x + 2, area.y + n as u16, &line, width as u16);
    }
}

fn version_lines(e: &Explanation, theme: &Theme) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    if let Some(r) = &e.request {
        for (label, version, says) in [
            ("claimed", &r.claimed, "the record itself says so"),
            ("scheduled", &r.scheduled, "the node's deployments say so"),
            ("attested", &r.attested, "the enclave's recorded measurement says so"),
        ] {
            let agrees = match (version.is_empty(), *version == r.effective) {
                (true, _) => (theme.glyphs.missing, "nothing says", theme.quiet()),
                (false, true) => (theme.glyphs.ok, "agrees", theme.good()),
                (false, false) => (theme.glyphs.bad, "differs", theme.bad()),
            };
            let mut line = vec![Span::styled(format!("{label:<11}"), theme.quiet())];
            let shown = if version.is_empty() { "—" } else { version.as_str() };
            let mut value = spans(shown, theme.strong(), theme);
            let width: usize = value.iter().map(Span::width).sum();
            line.append(&mut value);
            line.push(Span::raw(" ".repeat(14usize.saturating_sub(width))));
            line.push(Span::styled(format!("{} {:<13}", agrees.0, agrees.1), agrees.2));
            line.push(Span::styled(if version.is_empty() { "" } else { says }, theme.quiet()));
            out.push(Line::from(line));
        }
        let mut line = vec![Span::styled(format!("{:<11}", "served by"), theme.quiet())];
        let shown = if r.effective.is_empty() { "unknown" } else { &r.effective };
        line.extend(spans(shown, theme.bad(), theme));
        line.push(Span::styled(format!("  known by: {}", r.evidence), theme.quiet()));
        out.push(Line::from(line));
        out.push(Line::default());
    }
    out.extend(e.words.iter().map(|words| Line::from(spans(words, theme.plain(), theme))));
    if let Some(r) = &e.request {
        out.push(Line::default());
        let pairs = [
            ("model", r.model.clone()),
            ("node", r.node.clone()),
            ("agent", r.agent.clone()),
            (
                "status",
                if r.error.is_empty() { r.status.clone() } else { format!("{} ({})", r.status, r.error) },
            ),
            (
                "tokens",
                match (r.tokens_in, r.tokens_out) {
                    (None, None) => String::new(),
                    (input, output) => {
                        let shown = |n: Option<u64>| n.map_or_else(|| "?".to_owned(), |n| n.to_string());
                        format!("{} in, {} out", shown(input), shown(output))
                    }
                },
            ),
            (
                "latency",
                r.latency.map_or_else(String::new, |latency| format!("{} ms", latency.0 / 1_000_000)),
            ),
        ];
        for (label, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
            let mut line = vec![Span::styled(format!("{label:<11}"), theme.quiet())];
            line.extend(spans(&value, theme.plain(), theme));
            out.push(Line::from(line));
        }
    }
    if let Some(original) = &e.imported {
        out.extend(worth(original, theme));
    }
    for other in &e.same_id {
        out.push(Line::styled(format!("another record has this id (row {})", other.0), theme.warn()));
    }
    out
}

/// What the fields of an imported record are worth.
fn worth(original: &Original, theme: &Theme) -> Vec<Line<'static>> {
    let mut out = vec![Line::default()];
    if original.bytes.is_none() {
        out.push(Line::styled("the file no longer holds the bytes that were read", theme.bad()));
    }
    for field in original.fields {
        let style = if field.standing == Standing::Proof { theme.good() } else { theme.quiet() };
        let mut line = vec![Span::styled(format!("{:<11}", field.standing.name()), style)];
        line.push(Span::styled(format!("{}: ", field.name), theme.strong()));
        line.push(Span::styled(field.why, theme.quiet()));
        out.push(Line::from(line));
    }
    if !original.assumed.is_empty() {
        let mut line = vec![Span::styled(format!("{:<11}", "assumed"), theme.warn())];
        line.extend(spans(&original.assumed.join(", "), theme.strong(), theme));
        line.push(Span::styled(": the source holds none", theme.quiet()));
        out.push(Line::from(line));
    }
    out
}

fn draw_links(state: &State, frame: &mut Frame<'_>, area: Rect, theme: &Theme) {
    let linked = state.linked();
    if linked.is_empty() {
        let words = "nothing recorded led to it, and nothing recorded came of it";
        frame.buffer_mut().set_span(area.x + 2, area.y, &Span::styled(words, theme.quiet()), area.width);
        return;
    }
    lines::draw(frame, area, &state.links, linked.len(), Focus::Here, theme, |n| {
        let (side, link) = match &linked[n] {
            Tie::Chain(link) => return chain_line(link, theme),
            Tie::From(link) => ("from", link),
            Tie::To(link) => ("to", link),
        };
        let mut line = vec![
            Span::styled(format!("{side:<5}"), theme.quiet()),
            Span::styled(format!("{:<10}", link.kind.name()), theme.accent()),
        ];
        match link.record {
            Some((kind, at)) => {
                line.push(Span::raw(format!("{:<11}", kind.name())));
                line.push(Span::styled(
                    format!("{}  ", at.short(crate::model::time::Zone::Utc)),
                    theme.quiet(),
                ));
            }
            None => line.push(Span::styled("not in this case  ", theme.warn())),
        }
        line.extend(spans(&link.id, theme.strong(), theme));
        line.push(Span::raw("  "));
        line.extend(spans(&link.agent, theme.quiet(), theme));
        Line::from(line)
    });
}

/// A link of the shortest chain from what the faulty version served.
fn chain_line(link: &Linkage, theme: &Theme) -> Line<'static> {
    let mut line = vec![
        Span::styled("taint ", theme.quiet()),
        Span::styled(format!("{:<3}", link.tier.name()), tier_style(link.tier, theme)),
        Span::styled(format!("{:<10}", link.way.name()), theme.accent()),
        Span::raw(format!("{:<11}", link.kind.name())),
        Span::styled(format!("{}  ", link.at.short(crate::model::time::Zone::Utc)), theme.quiet()),
    ];
    line.extend(spans(&link.id, theme.strong(), theme));
    line.push(Span::raw("  "));
    line.extend(spans(&link.agent, theme.quiet(), theme));
    if link.strength < 0.995 {
        line.push(Span::styled(format!("  {:.2}", link.strength), theme.quiet()));
    }
    if link.by_tolerance {
        line.push(Span::styled("  within clock tolerance", theme.warn()));
    }
    Line::from(line)
}

/// The same request answered by the other version: this answer on top, the others below.
fn draw_pairs(e: &Explanation, scroll: &Scroll, frame: &mut Frame<'_>, area: Rect, theme: &Theme) {
    if e.pairs.is_empty() {
        return say("no request of the other version has the same content", frame, area, theme);
    }
    let version = |r: &RequestRow| if r.effective.is_empty() { "?".to_owned() } else { r.effective.clone() };
    let line = |mark: (&'static str, Style), version: &str, id: &str, answer: &str| {
        let mut line = vec![Span::styled(format!("{:<10}", mark.0), mark.1)];
        line.extend(spans(version, theme.strong(), theme));
        line.push(Span::raw("  "));
        line.extend(spans(id, theme.accent(), theme));
        line.push(Span::raw("  "));
        line.extend(spans(answer, theme.plain(), theme));
        Line::from(line)
    };
    let own = e.request.as_ref().map_or_else(String::new, version);
    let head = line(("this one", theme.quiet()), &own, &e.id, &e.answer);
    let head = crate::ui::text::fit(head, usize::from(area.width.saturating_sub(4)), theme);
    frame.buffer_mut().set_line(area.x + 2, area.y, &head, area.width.saturating_sub(3));
    let words = format!("{} by the other version; enter compares", counted(e.pairs_in_all as u64, "answer"));
    let words = match e.pairs_in_all > e.pairs.len() {
        true => format!("{words}; the first {} are shown", e.pairs.len()),
        false => words,
    };
    let line_of_words = Span::styled(words, theme.quiet());
    frame.buffer_mut().set_span(area.x + 2, area.y + 1, &line_of_words, area.width.saturating_sub(3));
    let list = Rect { y: area.y + 2, height: area.height.saturating_sub(2), ..area };
    lines::draw(frame, list, scroll, e.pairs.len(), Focus::Here, theme, |n| {
        let pair = &e.pairs[n];
        let mark = match pair.differs {
            Some(true) => ("differs", theme.bad()),
            Some(false) => ("the same", theme.good()),
            None => ("unknown", theme.quiet()),
        };
        line(mark, &version(&pair.other), &pair.other.id, &pair.answer)
    });
}

/// The colour of a tier; its name always stands beside it.
pub fn tier_style(tier: Tier, theme: &Theme) -> Style {
    match tier {
        Tier::T0 => theme.bad(),
        Tier::T1 => theme.warn().patch(theme.strong()),
        Tier::T2 => theme.warn(),
        Tier::T3 => theme.plain(),
    }
}

/// The pane beside a list: the request in short.
pub fn draw_summary(model: &Model, r: &RequestRow, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let version = |text: &str| if text.is_empty() { "—".to_owned() } else { text.to_owned() };
    let width = usize::from(area.width.saturating_sub(14));
    let pairs = [
        ("id", r.id.clone()),
        ("at", r.at.rfc3339()),
        ("model", r.model.clone()),
        ("node", r.node.clone()),
        ("agent", r.agent.clone()),
        ("claimed", version(&r.claimed)),
        ("scheduled", version(&r.scheduled)),
        ("attested", version(&r.attested)),
        ("served by", version(&r.effective)),
        ("known by", r.evidence.name().to_owned()),
        ("points", r.pointers.to_string()),
        ("tier", r.tier.flatten().map_or_else(String::new, |tier| format!("{tier}, {}", tier.meaning()))),
        ("proof", r.proof.map_or_else(|| "not verified".to_owned(), |status| status.name().to_owned())),
        ("status", r.status.clone()),
        ("error", r.error.clone()),
    ];
    let mut out: Vec<Line<'static>> = Vec::new();
    for (label, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
        let mut line = vec![Span::styled(format!("{label:<11}"), theme.quiet())];
        line.push(Span::raw(cut_middle(&shown(&value, theme), width, theme)));
        out.push(Line::from(line));
    }
    out.push(Line::default());
    out.push(Line::styled("enter: its bytes, causes, effects", theme.quiet()));
    frame.render_widget(Paragraph::new(out).wrap(Wrap { trim: false }), area);
}
