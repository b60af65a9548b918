//! What is on screen. The state of a screen lives in its variant.

use crate::ui::screens::{
    agents, compare, console, findings, notes, overview, proofs, request, requests, settlements, stack,
    start, timeline,
};

#[derive(Debug)]
pub enum Screen {
    Start(start::State),
    Overview(overview::State),
    Timeline(timeline::State),
    Requests(requests::State),
    Request(Box<request::State>),
    Settlements(Box<settlements::State>),
    Proofs(Box<proofs::State>),
    Agents(Box<agents::State>),
    Findings(findings::State),
    Notes(notes::State),
    Stack(Box<stack::State>),
    Compare(Box<compare::State>),
    Console(Box<console::State>),
}

impl Screen {
    pub const fn title(&self) -> &'static str {
        match self {
            Self::Start(_) => "Start",
            Self::Overview(_) => "Overview",
            Self::Timeline(_) => "Timeline",
            Self::Requests(_) => "Requests",
            Self::Request(_) => "Request",
            Self::Proofs(_) => "Proofs",
            Self::Agents(_) => "Agents",
            Self::Findings(_) => "Findings",
            Self::Settlements(_) => "Settlements",
            Self::Notes(_) => "Notes",
            Self::Stack(_) => "Count",
            Self::Compare(_) => "Compare",
            Self::Console(_) => "SQL",
        }
    }

    /// The number of its tab; a drill-down has none.
    pub const fn tab(&self) -> Option<u8> {
        match self {
            Self::Overview(_) => Some(1),
            Self::Timeline(_) => Some(2),
            Self::Requests(_) => Some(3),
            Self::Agents(_) => Some(4),
            Self::Settlements(_) => Some(5),
            Self::Proofs(_) => Some(6),
            Self::Findings(_) => Some(7),
            Self::Notes(_) => Some(8),
            Self::Start(_) | Self::Request(_) | Self::Stack(_) | Self::Compare(_) | Self::Console(_) => None,
        }
    }
}
