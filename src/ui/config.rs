//! The user's config.toml: colours, glyphs, mouse, times, keys. Every mistake in it is told at once.
//!
//! ```toml
//! colours = "dark"            # sixteen, dark, light, contrast, mono
//! ascii = false
//! mouse = true
//! times = "utc"               # or "local"
//! follow = false
//! [keys]
//! next-finding = "e <c-n>"    # names as docs/KEYS.md gives them; keys separated by blanks
//! ```

use super::actions::{ACTIONS, Keymap};
use super::keys::Key;
use super::model::{Follow, Model, Mouse};
use super::theme::{Charset, Colours, Theme};
use crate::model::Untrusted;
use crate::model::time::Zone;
use crate::work::Cancel;
use crate::work::settings::{Settings, folder};
use std::path::PathBuf;
use toml::{Table, Value};

/// What a user wants otherwise than usual.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    pub colours: Option<Colours>,
    pub charset: Option<Charset>,
    pub mouse: Mouse,
    pub zone: Zone,
    pub follow: Follow,
    pub keymap: Keymap,
}

/// Reads the file that `BACKTRAIL_CONFIG` names, or the one in the user's config folder; none is no mistake.
pub fn load() -> Result<Config, String> {
    let own = std::env::var_os("BACKTRAIL_CONFIG").map(PathBuf::from);
    let usual = || folder().map(|folder| folder.join("config.toml"));
    let Some(path) = own.or_else(usual) else {
        return Ok(Config::default());
    };
    let told = |what: &str| format!("{}: {what}", Untrusted(&path.to_string_lossy()).visible());
    match std::fs::read_to_string(&path) {
        Ok(text) => parse(&text)
            .map_err(|mistakes| mistakes.iter().map(|mistake| told(mistake)).collect::<Vec<_>>().join("\n")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Config::default()),
        Err(error) => Err(told(&error.to_string())),
    }
}

impl Config {
    /// Makes a fresh model the way the user wants it; flags and the environment go before the file.
    pub fn apply(self, model: &mut Model, colours: Option<Colours>, charset: Charset) {
        let charset = if charset == Charset::Ascii { charset } else { self.charset.unwrap_or_default() };
        model.theme = Theme::new(colours.or(self.colours).unwrap_or_default(), charset);
        model.mouse = self.mouse;
        model.zone = self.zone;
        model.follow = self.follow;
        model.keymap = self.keymap;
    }
}

/// Reads the text; of a text with mistakes, all of them.
pub fn parse(text: &str) -> Result<Config, Vec<String>> {
    let table: Table = toml::from_str(text).map_err(|error: toml::de::Error| vec![error.to_string()])?;
    let mut config = Config::default();
    let mut mistakes = Vec::new();
    for (name, value) in &table {
        if let Err(what) = take(&mut config, name, value, &mut mistakes) {
            mistakes.push(format!("{name}: {what}"));
        }
    }
    mistakes.extend(config.keymap.clashes());
    // What the analysis is told stands in the same file.
    mistakes.extend(Settings::parse(text).err());
    if mistakes.is_empty() { Ok(config) } else { Err(mistakes) }
}

fn take(config: &mut Config, name: &str, value: &Value, mistakes: &mut Vec<String>) -> Result<(), String> {
    match (name, value) {
        ("colours", Value::String(name)) => {
            let known: Vec<&str> = Colours::ALL.iter().map(|(_, name)| *name).collect();
            let colours = Colours::of(name).ok_or_else(|| format!("there are {}", known.join(", ")))?;
            config.colours = Some(colours);
        }
        ("ascii", Value::Boolean(ascii)) => {
            config.charset = Some(if *ascii { Charset::Ascii } else { Charset::Unicode });
        }
        ("mouse", Value::Boolean(ours)) => {
            config.mouse = if *ours { Mouse::Ours } else { Mouse::Terminals };
        }
        ("times", Value::String(zone)) => {
            config.zone = match zone.as_str() {
                "utc" => Zone::Utc,
                "local" => Zone::Local,
                _ => return Err("times are utc or local".to_owned()),
            };
        }
        ("follow", Value::Boolean(follow)) => {
            config.follow = if *follow { Follow::On } else { Follow::Off };
        }
        ("keys", Value::Table(keys)) => {
            for (action, keys) in keys {
                if let Err(what) = take_keys(config, action, keys) {
                    mistakes.push(format!("keys.{action}: {what}"));
                }
            }
        }
        ("colours" | "times", _) => return Err("a text in quotes is wanted".to_owned()),
        ("ascii" | "mouse" | "follow", _) => return Err("true or false is wanted".to_owned()),
        ("taint" | "rules", Value::Table(_)) => {}
        ("keys", _) => return Err("a table is wanted: [keys]".to_owned()),
        _ => {
            return Err(
                "there is no such setting; there are colours, ascii, mouse, times, follow, keys, taint, rules".to_owned()
            );
        }
    }
    Ok(())
}

fn take_keys(config: &mut Config, action: &str, keys: &Value) -> Result<(), String> {
    let entry = ACTIONS.iter().find(|entry| entry.action.slug() == action);
    let entry = entry.ok_or_else(|| match nearest(action) {
        Some(near) => format!("there is no such action; did you mean {near}?"),
        None => "there is no such action; docs/KEYS.md names them".to_owned(),
    })?;
    let Value::String(text) = keys else {
        return Err("keys are a text in quotes, as \"e <c-n>\"".to_owned());
    };
    let mut presses = Vec::new();
    for word in text.split_whitespace() {
        match Key::parse_all(word)?.as_slice() {
            [key] => presses.push(*key),
            _ => return Err(format!("`{word}` is more than one key; keys are separated by blanks")),
        }
    }
    config.keymap.set(entry.action, presses);
    Ok(())
}

fn nearest(action: &str) -> Option<String> {
    let names: Vec<String> = ACTIONS.iter().map(|entry| entry.action.slug()).collect();
    let best = super::fuzzy::best(action, names.len(), |n| &names[n], 1, &Cancel::default());
    best.unwrap_or_default().first().map(|place| names[*place].clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::actions::{Action, Place};

    #[test]
    fn a_config_is_read() {
        let config =
            parse("colours = \"light\"\nmouse = false\n[keys]\nnext-finding = \"<f6> ]\"\nmark = \"\"\n")
                .unwrap();
        assert_eq!((config.colours, config.mouse), (Some(Colours::Light), Mouse::Terminals));
        let does = |key: &str| config.keymap.action_of(Key::parse_all(key).unwrap()[0], Place::Lists);
        assert_eq!(does("<f6>"), Some(Action::NextFinding));
        assert_eq!(does("]"), Some(Action::NextFinding));
        assert_eq!(does("e"), None, "the usual key is free");
        assert_eq!(does("m"), None, "an action may have no key; the palette still has it");
        assert_eq!(does("t"), Some(Action::Tag));
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let text = "colours = \"pink\"\nascii = 1\nsound = true\n[keys]\nnext-findin = \"e\"\nmark = \"<entr>\"\ntag = \"ab\"\nundo = \"c\"\n";
        let mistakes = parse(text).unwrap_err();
        for part in [
            "colours: there are sixteen",
            "ascii: true or false",
            "sound: there is no such setting",
            "keys.next-findin: there is no such action; did you mean next-finding?",
            "keys.mark: `<entr>` is no key",
            "keys.tag: `ab` is more than one key",
            "`c` is both",
        ] {
            assert!(mistakes.iter().any(|mistake| mistake.contains(part)), "{part}: {mistakes:?}");
        }
        assert_eq!(mistakes.len(), 7);
        assert_eq!(parse("= nothing").unwrap_err().len(), 1);
    }
}
