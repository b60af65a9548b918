//! What is under suspicion, what it served, and who still points at it.

use super::{Page, Target};
use crate::analysis::NodeState;
use crate::model::{Nanos, Pointers};
use crate::report::plain::percent as share;
use crate::ui::text::spans;
use crate::ui::when::between;
use crate::work::filter::{Clause, Field, Filter};
use crate::work::findings::{counted, grouped};
use ratatui::text::Span;

impl Page<'_> {
    pub(super) fn suspect(&mut self) {
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

    pub(super) fn requests(&mut self) {
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

    pub(super) fn pointing(&mut self) {
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

    pub(super) fn nodes(&mut self) {
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
}
