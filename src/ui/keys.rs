//! Keys and how they are written: `j`, `<enter>`, `<c-d>`, `<a-left>`, `<s-tab>`. The same notation in help, config, `--keys`.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::fmt;

/// One press.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub code: KeyCode,
    pub modifiers: KeyModifiers,
}

const NAMED: [(&str, KeyCode); 16] = [
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backspace", KeyCode::Backspace),
    ("del", KeyCode::Delete),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pgup", KeyCode::PageUp),
    ("pgdn", KeyCode::PageDown),
    ("space", KeyCode::Char(' ')),
    ("lt", KeyCode::Char('<')),
    ("insert", KeyCode::Insert),
];

impl Key {
    pub const fn plain(code: KeyCode) -> Self {
        Self { code, modifiers: KeyModifiers::NONE }
    }

    /// A press as terminals send it, made one with how it is written: Shift is part of a character.
    pub fn of(event: KeyEvent) -> Self {
        let mut modifiers =
            event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        let code = match event.code {
            KeyCode::BackTab => {
                modifiers |= KeyModifiers::SHIFT;
                KeyCode::Tab
            }
            KeyCode::Char(c) => {
                modifiers -= KeyModifiers::SHIFT;
                KeyCode::Char(c)
            }
            other => other,
        };
        Self { code, modifiers }
    }

    /// Reads a run of keys, as `3j<enter>`. A mistake is told with the part that is wrong.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, String> {
        let mut keys = Vec::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if c == '<' {
                let end = rest.find('>').ok_or_else(|| format!("`{rest}` has no closing `>`"))?;
                keys.push(Self::named(&rest[1..end])?);
                rest = &rest[end + 1..];
            } else {
                keys.push(Self::plain(KeyCode::Char(c)));
                rest = &rest[c.len_utf8()..];
            }
        }
        Ok(keys)
    }

    fn named(name: &str) -> Result<Self, String> {
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = name;
        while let [modifier, b'-', _, ..] = rest.as_bytes() {
            modifiers |= match modifier.to_ascii_lowercase() {
                b'c' => KeyModifiers::CONTROL,
                b'a' => KeyModifiers::ALT,
                b's' => KeyModifiers::SHIFT,
                _ => break,
            };
            rest = &rest[2..];
        }
        let lower = rest.to_lowercase();
        let code = match NAMED.iter().find(|(known, _)| *known == lower) {
            Some((_, code)) => *code,
            None => match (lower.strip_prefix('f').and_then(|n| n.parse().ok()), rest.chars().count()) {
                (Some(n @ 1..=12), 2..) => KeyCode::F(n),
                (_, 1) => KeyCode::Char(rest.chars().next().unwrap_or(' ')),
                _ => return Err(format!("`<{name}>` is no key")),
            },
        };
        Ok(Self { code, modifiers })
    }

    /// The character it types, if it types one.
    pub fn types(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if self.modifiers.is_empty() => Some(c),
            _ => None,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.code {
            KeyCode::Char(c) if c != ' ' && c != '<' => c.to_string(),
            KeyCode::F(n) => format!("f{n}"),
            code => NAMED.iter().find(|(_, known)| *known == code).map_or("?", |(name, _)| name).to_owned(),
        };
        let mut prefix = String::new();
        for (flag, letter) in
            [(KeyModifiers::CONTROL, "c-"), (KeyModifiers::ALT, "a-"), (KeyModifiers::SHIFT, "s-")]
        {
            if self.modifiers.contains(flag) {
                prefix.push_str(letter);
            }
        }
        if prefix.is_empty() && name.chars().count() == 1 {
            f.write_str(&name)
        } else {
            write!(f, "<{prefix}{name}>")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_as_they_are_written() {
        let text = "3j<enter><c-d><a-left><s-tab><f1><space><lt>é/<esc>";
        let keys = Key::parse_all(text).unwrap();
        assert_eq!(keys.iter().map(ToString::to_string).collect::<String>(), text);
        assert_eq!(keys.len(), 12);
    }

    #[test]
    fn what_is_no_key_is_told() {
        assert_eq!(Key::parse_all("j<entr>"), Err("`<entr>` is no key".to_owned()));
        assert_eq!(Key::parse_all("<enter"), Err("`<enter` has no closing `>`".to_owned()));
    }
}
