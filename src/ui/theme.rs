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
    /// The terminal's own palette.
    #[default]
    Sixteen,
    /// Fixed colours for a dark ground, and for a light one.
    Dark,
    Light,
    /// Nothing dim, everything bold and bright.
    Contrast,
    /// `NO_COLOR`: weight and reverse video only.
    Mono,
}

impl Colours {
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Sixteen, "sixteen"),
        (Self::Dark, "dark"),
        (Self::Light, "light"),
        (Self::Contrast, "contrast"),
        (Self::Mono, "mono"),
    ];

    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known)| *known == name).map(|(colours, _)| colours)
    }

    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(known, _)| *known == self).map_or("", |(_, name)| name)
    }

    /// The next one, round and round.
    pub fn next(self) -> Self {
        let place = Self::ALL.iter().position(|(known, _)| *known == self).unwrap_or(0);
        Self::ALL[(place + 1) % Self::ALL.len()].0
    }
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
    /// A bar of the faulty version where a bar has one line only.
    pub heavy: &'static str,
    /// Left end, middle and right end of a stretch of time.
    pub band: [&'static str; 3],
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
    /// Something a person wrote notes on.
    pub note: &'static str,
    pub differs: &'static str,
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
    heavy: "▓",
    band: ["├", "─", "┤"],
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
    note: "★",
    differs: "≠",
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
    heavy: "X",
    band: ["|", "-", "|"],
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
    note: "*",
    differs: "!",
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

    /// The terminal's colour, or numbers 16–255 of the fixed palette on a dark and on a light ground.
    fn coloured(&self, sixteen: Color, dark: u8, light: u8) -> Style {
        match self.colours {
            Colours::Sixteen => Style::new().fg(sixteen),
            Colours::Dark => Style::new().fg(Color::Indexed(dark)),
            Colours::Light => Style::new().fg(Color::Indexed(light)),
            Colours::Contrast => Style::new().fg(bright(sixteen)).add_modifier(Modifier::BOLD),
            Colours::Mono => Style::new(),
        }
    }

    pub fn plain(&self) -> Style {
        Style::new()
    }

    pub fn strong(&self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What is there but not news. Bright black would be the ground itself in Solarized: dim is legible everywhere.
    pub fn quiet(&self) -> Style {
        match self.colours {
            Colours::Sixteen | Colours::Mono => Style::new().add_modifier(Modifier::DIM),
            Colours::Contrast => Style::new(),
            Colours::Dark => Style::new().fg(Color::Indexed(245)),
            Colours::Light => Style::new().fg(Color::Indexed(242)),
        }
    }

    /// Names and links.
    pub fn accent(&self) -> Style {
        self.coloured(Color::Cyan, 80, 24)
    }

    /// Blue against orange and red: the pair that colour-blind people tell apart.
    pub fn good(&self) -> Style {
        self.coloured(Color::LightBlue, 75, 26)
    }

    pub fn warn(&self) -> Style {
        self.coloured(Color::Yellow, 179, 130)
    }

    /// The faulty version, and what is critical.
    pub fn bad(&self) -> Style {
        self.coloured(Color::LightRed, 203, 124).add_modifier(Modifier::BOLD)
    }

    /// Escapes inside recorded text.
    pub fn escape(&self) -> Style {
        self.coloured(Color::Magenta, 176, 90).add_modifier(Modifier::BOLD)
    }

    /// The row under the cursor: reverse video in every theme, and a marker beside it. One colour for the whole row,
    /// since what is legible as text may not be as a ground.
    pub fn selected(&self) -> Style {
        let plain = Style::new().fg(Color::Reset).bg(Color::Reset).remove_modifier(Modifier::DIM);
        plain.add_modifier(Modifier::REVERSED | Modifier::BOLD)
    }

    pub fn tab(&self) -> Style {
        self.strong().add_modifier(Modifier::REVERSED)
    }
}

/// The brighter of a colour's two.
const fn bright(colour: Color) -> Color {
    match colour {
        Color::Cyan | Color::LightBlue => Color::LightCyan,
        Color::Yellow => Color::LightYellow,
        Color::Magenta => Color::LightMagenta,
        other => other,
    }
}

impl Default for Theme {
    fn default() -> Self {
        Self::new(Colours::default(), Charset::default())
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Charset {
    #[default]
    Unicode,
    Ascii,
}
