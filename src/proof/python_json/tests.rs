//! Texts whose Python form is known; the wide comparison with CPython itself is an integration test.

use super::*;

fn dumps(text: &str) -> String {
    parse(text).unwrap().value.dumps()
}

#[test]
fn values_are_written_as_python_writes_them() {
    for (text, written) in [
        (r#"{"b":1,"a":[true,false,null]}"#, r#"{"a": [true, false, null], "b": 1}"#),
        (
            r#""Grüße 日本 😀 \u2028 \/ \u007f\t""#,
            r#""Gr\u00fc\u00dfe \u65e5\u672c \ud83d\ude00 \u2028 / \u007f\t""#,
        ),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("[-0, -0.0, 0.0, 1e400, -1e400]", "[0, -0.0, 0.0, Infinity, -Infinity]"),
        ("[1e16, 1e15, 1e-4, 0.00001, 1.5e300]", "[1e+16, 1000000000000000.0, 0.0001, 1e-05, 1.5e+300]"),
        ("[0.1, 100.0, 123.456, 5e-324, 0.7]", "[0.1, 100.0, 123.456, 5e-324, 0.7]"),
        (r#"{"\ufb33":0,"\ud83d\ude00":1,"z":2}"#, r#"{"z": 2, "\ufb33": 0, "\ud83d\ude00": 1}"#),
        (r#""\ud83d""#, r#""\ud83d""#),
    ] {
        assert_eq!(dumps(text), written, "{text}");
    }
}

#[test]
fn a_key_given_twice_is_told_and_the_last_value_stands_in_the_first_place() {
    let document = parse(r#"{"a":1,"b":2,"a":3}"#).unwrap();
    assert_eq!(document.duplicate_key, Some(19));
    assert_eq!(document.value.python_repr(), "{'a': 3, 'b': 2}");
    assert_eq!(parse(r#"{"a":{"b":1},"b":{"b":1}}"#).unwrap().duplicate_key, None);
    assert!(parse(r#"{"a":1,"\u0061":1}"#).unwrap().duplicate_key.is_some());
}

#[test]
fn what_is_no_json_is_refused_with_its_place() {
    for (text, at) in [
        ("", 0),
        ("01", 2),
        ("1.", 2),
        ("-", 1),
        ("1e", 2),
        ("NaN", 0),
        ("Infinity", 0),
        ("[1,]", 3),
        ("{\"a\" 1}", 5),
        ("{a:1}", 1),
        ("\"a\nb\"", 2),
        ("\"\\x\"", 1),
        ("\"\\u12\"", 1),
        ("\"", 1),
        ("1 2", 2),
        ("\u{feff}1", 0),
        ("tru", 0),
    ] {
        assert_eq!(parse(text).map_err(|fault| fault.at), Err(at), "{text:?}");
    }
    assert!(parse(&"[".repeat(100_000)).is_err());
    assert!(parse(&format!("[{}0]", "0,".repeat(MAX_VALUES))).is_err());
}

#[test]
fn python_repr_chooses_quotes_and_escapes_as_python_does() {
    for (text, written) in [
        (r#"["it's", "say \"hi\"", "both ' and \""]"#, r#"["it's", 'say "hi"', 'both \' and "']"#),
        (r#"[null, true, 1.0, 1e400, {"b":1,"a":2}]"#, "[None, True, 1.0, inf, {'b': 1, 'a': 2}]"),
        (r#""é\u00a0\u200b\u0301\ud800\u007f\n\\""#, "'é\\xa0\\u200b\u{301}\\ud800\\x7f\\n\\\\'"),
    ] {
        assert_eq!(parse(text).unwrap().value.python_repr(), written);
    }
}
