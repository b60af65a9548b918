//! What it reached: agents that changed, records, money.

use super::{Page, Target};
use crate::analysis::drift::lasting::Persistence;
use crate::analysis::drift::verdict::Verdict;
use crate::analysis::money::Class;
use crate::model::Nanos;
use crate::ui::screens::payments_table;
use crate::ui::text::spans;
use crate::work::filter::{Clause, Field, Filter};
use crate::work::findings::{counted, grouped};
use crate::work::payments::total;
use ratatui::text::Span;

impl Page<'_> {
    pub(super) fn agents(&mut self) {
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

    /// Certain, likely, possible: always all three.
    pub(super) fn reached(&mut self) {
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

    pub(super) fn money(&mut self) {
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
}
