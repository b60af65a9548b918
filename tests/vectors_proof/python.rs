//! Our Python-form JSON against CPython itself, on twelve thousand random documents.

use backtrail::proof::python_json::{Json, parse};
use std::io::{Read, Write};
use std::process::{Command, Stdio};

const SCRIPT: &str = "
import json, sys
for line in sys.stdin.buffer:
    value = json.loads(line)
    out = sys.stdout
    print(json.dumps(value, sort_keys=True), file=out)
    print(json.dumps(repr(value)), file=out)
";

#[test]
fn twelve_thousand_random_documents_are_written_as_cpython_writes_them() {
    let Ok(mut python) =
        Command::new("python3").args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()
    else {
        eprintln!("skipped: no python3");
        return;
    };
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let documents: Vec<String> = (0..12_000).map(|_| random.document(0)).collect();
    let mut input = python.stdin.take().unwrap();
    let lines = documents.join("\n") + "\n";
    let feeder = std::thread::spawn(move || input.write_all(lines.as_bytes()).unwrap());
    let mut answer = String::new();
    python.stdout.take().unwrap().read_to_string(&mut answer).unwrap();
    feeder.join().unwrap();
    assert!(python.wait().unwrap().success());

    let mut answers = answer.lines();
    for document in &documents {
        let value = parse(document).unwrap().value;
        assert_eq!(value.dumps(), answers.next().unwrap(), "dumps of {document}");
        let repr = parse(answers.next().unwrap()).unwrap().value;
        assert_eq!(Json::text(&value.python_repr()), repr, "repr of {document}");
    }
    assert_eq!(answers.next(), None);
}

/// xorshift64*: the same documents every time.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) % bound
    }

    fn document(&mut self, depth: u32) -> String {
        match self.below(if depth > 3 { 6 } else { 9 }) {
            0 => ["null", "true", "false"][self.below(3) as usize].to_owned(),
            1 => self.integer(),
            2 | 3 => self.float(),
            4 | 5 => self.string(),
            6 => self.list(depth),
            _ => self.object(depth),
        }
    }

    fn integer(&mut self) -> String {
        let sign = ["", "-"][self.below(2) as usize];
        let digits: String =
            (0..1 + self.below(40)).map(|_| char::from(b'1' + self.below(9) as u8)).collect();
        if self.below(9) == 0 { format!("{sign}0") } else { format!("{sign}{digits}") }
    }

    fn float(&mut self) -> String {
        match self.below(3) {
            0 => {
                let bits = self.below(u64::MAX) << 12 ^ self.below(u64::MAX);
                let value = f64::from_bits(bits);
                if value.is_finite() { format!("{value:e}") } else { "1e400".to_owned() }
            }
            1 => format!("{}.{}", self.below(1_000_000), self.below(1_000_000)),
            _ => format!(
                "-{}.{}E{}{}",
                self.below(10),
                self.below(1000),
                ["", "+", "-"][self.below(3) as usize],
                self.below(30)
            ),
        }
    }

    fn string(&mut self) -> String {
        let mut out = String::from("\"");
        for _ in 0..self.below(12) {
            match self.below(8) {
                0 => out.push_str(
                    ["\\n", "\\t", "\\\"", "\\\\", "\\/", "\\b", "'", "\u{7f}"][self.below(8) as usize],
                ),
                1 => out.push_str(&format!("\\u{:04x}", self.code_unit())),
                2 => out.push_str("\\ud83d\\ude00"),
                3 => out.push(char::from_u32(0x80 + self.below(0x2e0) as u32).unwrap()),
                4 => out.push(char::from_u32(0x1_f600 + self.below(0x40) as u32).unwrap()),
                _ => out.push(char::from(b'a' + self.below(26) as u8)),
            }
        }
        out + "\""
    }

    /// From blocks that hold the same characters in every Unicode version: `repr` depends on what is assigned.
    fn code_unit(&mut self) -> u64 {
        match self.below(4) {
            0 => self.below(0x370),
            1 => 0x4e00 + self.below(0x4000),
            2 => 0xd800 + self.below(0x800),
            _ => 0xe000 + self.below(0x1900),
        }
    }

    fn list(&mut self, depth: u32) -> String {
        let values: Vec<String> = (0..self.below(5)).map(|_| self.document(depth + 1)).collect();
        format!("[{}]", values.join([",", " , "][self.below(2) as usize]))
    }

    fn object(&mut self, depth: u32) -> String {
        let members: Vec<String> =
            (0..self.below(6)).map(|_| format!("{}:{}", self.string(), self.document(depth + 1))).collect();
        format!("{{{}}}", members.join(", "))
    }
}
