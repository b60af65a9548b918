//! Colours and glyphs. Sixteen colours, so that the terminal's own palette decides; state is never told by colour alone.

use ratatui::style::{Color, Modifier, Style};

/// What a piece of screen means; the theme says how that looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    pub colours: Colours,
    pub glyphs: Glyphs,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colours {
    #[default]
    Sixteen,
    /// `NO_COLOR`: weight and reverse video only.
    Mono,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyphs {
    pub arrow: &'static str,
    pub crumb: &'static str,
    pub dot: &'static str,
    pub warning: &'static str,
    pub ellipsis: &'static str,
    pub selected: &'static str,
    pub folded: &'static str,
    pub unfolded: &'static str,
    pub bars: [&'static str; 9],
    pub release: &'static str,
    pub rollback: &'static str,
    pub deployment: &'static str,
    pub incident: &'static str,
    pub measurement: &'static str,
    pub live: &'static str,
    pub quiet: &'static str,
    pub ok: &'static str,
    pub bad: &'static str,
    pub missing: &'static str,
    pub revoked: &'static str,
    pub ambiguous: &'static str,
    pub untrusted: &'static str,
    pub asserted: &'static str,
    pub unchecked: &'static str,
    pub done: &'static str,
    pub todo: &'static str,
    pub vertical: &'static str,
    pub thumb: &'static str,
}

const UNICODE: Glyphs = Glyphs {
    arrow: "→",
    crumb: "▸",
    dot: "●",
    warning: "⚠",
    ellipsis: "…",
    selected: "▌",
    folded: "▸",
    unfolded: "▾",
    bars: [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    release: "▲",
    rollback: "▼",
    deployment: "•",
    incident: "◆",
    measurement: "■",
    live: "━",
    quiet: "·",
    ok: "✔",
    bad: "✘",
    missing: "○",
    revoked: "⧗",
    ambiguous: "±",
    untrusted: "≈",
    asserted: "»",
    unchecked: "?",
    done: "▮",
    todo: "▯",
    vertical: "│",
    thumb: "█",
};

const ASCII: Glyphs = Glyphs {
    arrow: "->",
    crumb: ">",
    dot: "*",
    warning: "!",
    ellipsis: "~",
    selected: ">",
    folded: "+",
    unfolded: "-",
    bars: [" ", ".", ":", "-", "=", "+", "*", "#", "@"],
    release: "^",
    rollback: "v",
    deployment: "o",
    incident: "#",
    measurement: "M",
    live: "=",
    quiet: ".",
    ok: "v",
    bad: "x",
    missing: "o",
    revoked: "R",
    ambiguous: "&",
    untrusted: "~",
    asserted: "\"",
    unchecked: "?",
    done: "#",
    todo: ".",
    vertical: "|",
    thumb: "#",
};

impl Theme {
    pub const fn new(colours: Colours, ascii: Charset) -> Self {
        let glyphs = match ascii {
            Charset::Unicode => UNICODE,
            Charset::Ascii => ASCII,
        };
        Self { colours, glyphs }
    }

    pub const fn is_ascii(&self) -> bool {
        self.glyphs.crumb.len() == 1
    }

    fn coloured(&self, colour: Color) -> Style {
        match self.colours {
            Colours::Sixteen => Style::new().fg(colour),
            Colours::Mono => Style::new(),
        }
    }

    pub fn plain(&self) -> Style {
        Style::new()
    }

    pub fn strong(&self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What is there but not news.
    pub fn quiet(&self) -> Style {
        match self.colours {
            Colours::Sixteen => Style::new().fg(Color::DarkGray),
            Colours::Mono => Style::new().add_modifier(Modifier::DIM),
        }
    }

    /// Names and links.
    pub fn accent(&self) -> Style {
        self.coloured(Color::Cyan)
    }

    pub fn good(&self) -> Style {
        self.coloured(Color::Blue)
    }

    pub fn warn(&self) -> Style {
        self.coloured(Color::Yellow)
    }

    /// The faulty version, and what is critical.
    pub fn bad(&self) -> Style {
        self.coloured(Color::LightRed).add_modifier(Modifier::BOLD)
    }

    /// Escapes inside recorded text.
    pub fn escape(&self) -> Style {
        self.coloured(Color::Magenta).add_modifier(Modifier::BOLD)
    }

    /// The row under the cursor: reverse video in every theme, and a marker beside it.
    pub fn selected(&self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD)
    }

    pub fn tab(&self) -> Style {
        self.strong().add_modifier(Modifier::REVERSED)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Charset {
    #[default]
    Unicode,
    Ascii,
}
