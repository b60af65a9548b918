//! Python's `repr` of JSON values.

use super::{Json, Text, float_repr};

pub(super) fn write(value: &Json, out: &mut String) {
    match value {
        Json::Null => out.push_str("None"),
        Json::Bool(true) => out.push_str("True"),
        Json::Bool(false) => out.push_str("False"),
        Json::Integer(digits) => out.push_str(digits),
        Json::Float(value) if value.is_finite() => out.push_str(&float_repr(*value)),
        Json::Float(value) => out.push_str(if *value > 0.0 { "inf" } else { "-inf" }),
        Json::Text(text) => write_text(text, out),
        Json::List(values) => {
            out.push('[');
            for (place, value) in values.iter().enumerate() {
                out.push_str(if place == 0 { "" } else { ", " });
                write(value, out);
            }
            out.push(']');
        }
        Json::Object(members) => {
            out.push('{');
            for (place, (key, value)) in members.iter().enumerate() {
                out.push_str(if place == 0 { "" } else { ", " });
                write_text(key, out);
                out.push_str(": ");
                write(value, out);
            }
            out.push('}');
        }
    }
}

/// Single quotes unless the text holds one and no double quote.
fn write_text(text: &Text, out: &mut String) {
    let bytes = text.as_bytes();
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    out.push(quote);
    for code in text.code_points() {
        match code {
            0x5c => out.push_str("\\\\"),
            0x0a => out.push_str("\\n"),
            0x0d => out.push_str("\\r"),
            0x09 => out.push_str("\\t"),
            _ if code == quote as u32 => {
                out.push('\\');
                out.push(quote);
            }
            _ => match char::from_u32(code).filter(|c| is_printable(*c)) {
                Some(c) => out.push(c),
                None if code <= 0xff => out.push_str(&format!("\\x{code:02x}")),
                None if code <= 0xffff => out.push_str(&format!("\\u{code:04x}")),
                None => out.push_str(&format!("\\U{code:08x}")),
            },
        }
    }
    out.push(quote);
}

/// Python's `str.isprintable`: not Cc, Cf, Cs, Co, Cn, Zl, Zp or Zs, but for the space. The standard library keeps the
/// same table for its own escapes; the letter in front keeps it from also escaping combining marks.
fn is_printable(c: char) -> bool {
    match c {
        ' '..='~' => true,
        '\0'..='\u{9f}' => false,
        _ => {
            let mut text = String::from("a");
            text.push(c);
            text.escape_debug().nth(1) == Some(c)
        }
    }
}
