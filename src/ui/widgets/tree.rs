//! One tree: a JSON line as it was written — order, duplicate keys, number texts and all — that folds.
//!
//! ```text
//!   ▾ {9}
//!     kind        "inference"
//!     ▾ request   {2}
//!       messages  ▸ [3]
//! ```

use super::lines::{self, Focus};
use super::scroll::{Scroll, Step};
use crate::ui::text::{fit, spans};
use crate::ui::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::fmt;

/// One line of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub depth: usize,
    /// A key, an index, or nothing for the whole.
    pub name: String,
    pub value: Value,
    /// Nodes below it, all depths.
    pub below: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Object(usize),
    Array(usize),
    /// Decoded text.
    Text(String),
    /// Numbers, booleans and null as they were written.
    Bare(String),
    /// More than `MOST` nodes: what is left, as written.
    Uncut(String),
}

/// A JSON text as a list of nodes in reading order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    pub nodes: Vec<Node>,
    folded: HashSet<usize>,
    pub scroll: Scroll,
}

/// Nodes shown at most, and depth walked at most; what is beyond is shown as its own text.
const MOST: usize = 20_000;
const DEEPEST: usize = 64;
/// Lines of a tree that stands beside something else.
const READ: usize = 300;

impl Tree {
    /// Reads a line that is already known to be JSON.
    pub fn new(json: &str) -> Self {
        let mut nodes = Vec::new();
        match serde_json::from_str::<&RawValue>(json) {
            Ok(raw) => push(raw, "", 0, &mut nodes),
            Err(_) => nodes.push(Node {
                depth: 0,
                name: String::new(),
                value: Value::Uncut(json.to_owned()),
                below: 0,
            }),
        }
        Self { nodes, ..Self::default() }
    }

    /// Places of the nodes that no fold hides.
    pub fn visible(&self) -> Vec<usize> {
        let mut places = Vec::new();
        let mut next = 0;
        while next < self.nodes.len() {
            places.push(next);
            next += if self.folded.contains(&next) { 1 + self.nodes[next].below } else { 1 };
        }
        places
    }

    pub fn step(&mut self, step: Step, height: usize) {
        let len = self.visible().len();
        self.scroll.step(step, len, height);
    }

    /// Folds the node under the cursor, or goes to what holds it; or unfolds.
    pub fn fold(&mut self, fold: Fold, height: usize) {
        let visible = self.visible();
        let Some(place) = visible.get(self.scroll.cursor).copied() else {
            return;
        };
        let has_below = self.nodes[place].below > 0;
        match fold {
            Fold::Close if has_below && !self.folded.contains(&place) => {
                self.folded.insert(place);
            }
            Fold::Close => {
                let depth = self.nodes[place].depth;
                let parent =
                    visible[..self.scroll.cursor].iter().rposition(|above| self.nodes[*above].depth < depth);
                self.scroll.step(Step::To(parent.unwrap_or(0)), visible.len(), height);
            }
            Fold::Open => {
                self.folded.remove(&place);
            }
        }
    }

    /// Every value that holds no others, by its path: `request.messages.0.role`.
    pub fn leaves(&self) -> Vec<(String, String)> {
        let mut path: Vec<(usize, String)> = Vec::new();
        let mut found = Vec::new();
        for node in &self.nodes {
            path.retain(|(depth, _)| *depth < node.depth);
            let is_first = path.iter().all(|(_, step)| step.is_empty());
            path.push((node.depth, if is_first { node.name.clone() } else { format!(".{}", node.name) }));
            let text = match &node.value {
                Value::Object(0) => "{}".to_owned(),
                Value::Array(0) => "[]".to_owned(),
                Value::Object(_) | Value::Array(_) => continue,
                Value::Text(text) => format!("\"{text}\""),
                Value::Bare(text) | Value::Uncut(text) => text.clone(),
            };
            found.push((path.iter().map(|(_, step)| step.as_str()).collect(), text));
        }
        found
    }

    pub fn draw(&self, frame: &mut Frame<'_>, area: Rect, focus: Focus, theme: &Theme) {
        let visible = self.visible();
        lines::draw(frame, area, &self.scroll, visible.len(), focus, theme, |n| self.line(visible[n], theme));
    }

    /// Its lines where nobody moves in it, cut to a width: as many as a person reads there, and how many more there are.
    pub fn lines(&self, width: usize, theme: &Theme) -> Vec<Line<'static>> {
        let visible = self.visible();
        let mut lines: Vec<_> =
            visible.iter().take(READ).map(|place| fit(self.line(*place, theme), width, theme)).collect();
        if visible.len() > READ {
            let words =
                format!("{} {} more lines: open the record", theme.glyphs.ellipsis, visible.len() - READ);
            lines.push(Line::styled(words, theme.quiet()));
        }
        lines
    }

    fn line(&self, place: usize, theme: &Theme) -> Line<'static> {
        let node = &self.nodes[place];
        let mut out = vec![Span::raw("  ".repeat(node.depth))];
        let fold = match (node.below > 0, self.folded.contains(&place)) {
            (false, _) => "  ".to_owned(),
            (true, true) => format!("{} ", theme.glyphs.folded),
            (true, false) => format!("{} ", theme.glyphs.unfolded),
        };
        out.push(Span::styled(fold, theme.quiet()));
        if !node.name.is_empty() {
            out.extend(spans(&node.name, theme.accent(), theme));
            out.push(Span::raw("  "));
        }
        match &node.value {
            Value::Object(n) => out.push(Span::styled(format!("{{{n}}}"), theme.quiet())),
            Value::Array(n) => out.push(Span::styled(format!("[{n}]"), theme.quiet())),
            Value::Text(text) => {
                out.push(Span::styled("\"", theme.quiet()));
                out.extend(spans(text, theme.plain(), theme));
                out.push(Span::styled("\"", theme.quiet()));
            }
            Value::Bare(text) | Value::Uncut(text) => out.extend(spans(text, theme.plain(), theme)),
        }
        Line::from(out)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    Open,
    Close,
}

/// An object's or array's members, as they stand.
enum Members<'j> {
    Object(Vec<(String, &'j RawValue)>),
    Array(Vec<&'j RawValue>),
}

struct MembersVisitor;

impl<'j> Visitor<'j> for MembersVisitor {
    type Value = Members<'j>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'j>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members::Object(members))
    }

    fn visit_seq<A: SeqAccess<'j>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = seq.next_element()? {
            members.push(member);
        }
        Ok(Members::Array(members))
    }
}

fn push(raw: &RawValue, name: &str, depth: usize, nodes: &mut Vec<Node>) {
    let text = raw.get();
    let place = nodes.len();
    let mut add = |value: Value| nodes.push(Node { depth, name: name.to_owned(), value, below: 0 });
    if place >= MOST || depth >= DEEPEST {
        return add(Value::Uncut(text.to_owned()));
    }
    match text.as_bytes().first() {
        Some(b'{' | b'[') => {}
        Some(b'"') => {
            return add(Value::Text(serde_json::from_str(text).unwrap_or_else(|_| text.to_owned())));
        }
        _ => return add(Value::Bare(text.to_owned())),
    }
    let members = serde_json::Deserializer::from_str(text).deserialize_any(MembersVisitor);
    match members {
        Ok(Members::Object(members)) => {
            add(Value::Object(members.len()));
            push_members(members.into_iter(), depth + 1, nodes);
        }
        Ok(Members::Array(members)) => {
            add(Value::Array(members.len()));
            push_members(
                members.into_iter().enumerate().map(|(n, member)| (n.to_string(), member)),
                depth + 1,
                nodes,
            );
        }
        Err(_) => add(Value::Uncut(text.to_owned())),
    }
    nodes[place].below = nodes.len() - place - 1;
}

fn push_members<'j>(
    members: impl ExactSizeIterator<Item = (String, &'j RawValue)>,
    depth: usize,
    nodes: &mut Vec<Node>,
) {
    let all = members.len();
    for (n, (name, member)) in members.enumerate() {
        if nodes.len() >= MOST {
            let value = Value::Uncut(format!("and {} more that are not shown", all - n));
            nodes.push(Node { depth, name: String::new(), value, below: 0 });
            return;
        }
        push(member, &name, depth, nodes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_keeps_order_duplicates_and_number_texts() {
        let tree = Tree::new(r#"{"b":1e400,"a":[1.0,{"x":"\u001b"}],"b":null}"#);
        let shown: Vec<_> = tree.nodes.iter().map(|n| (n.depth, n.name.as_str(), n.value.clone())).collect();
        let bare = |text: &str| Value::Bare(text.to_owned());
        assert_eq!(
            shown,
            [
                (0, "", Value::Object(3)),
                (1, "b", bare("1e400")),
                (1, "a", Value::Array(2)),
                (2, "0", bare("1.0")),
                (2, "1", Value::Object(1)),
                (3, "x", Value::Text("\u{1b}".into())),
                (1, "b", bare("null")),
            ]
        );
    }

    #[test]
    fn folding_hides_what_is_below_and_closing_again_goes_up() {
        let mut tree = Tree::new(r#"{"a":[1,2],"b":3}"#);
        tree.step(Step::To(1), 10);
        tree.fold(Fold::Close, 10);
        assert_eq!(tree.visible(), [0, 1, 4]);
        tree.fold(Fold::Close, 10);
        assert_eq!(tree.scroll.cursor, 0);
        tree.step(Step::To(1), 10);
        tree.fold(Fold::Open, 10);
        assert_eq!(tree.visible().len(), 5);
    }

    #[test]
    fn depth_and_size_are_bounded() {
        let deep = "[".repeat(5000) + &"]".repeat(5000);
        assert!(Tree::new(&deep).nodes.len() <= DEEPEST + 2);
        let wide = format!("[{}1]", "1,".repeat(100_000));
        let nodes = Tree::new(&wide).nodes;
        assert!(nodes.len() <= MOST + 2);
        assert_eq!(nodes.last().unwrap().value, Value::Uncut("and 80002 more that are not shown".into()));
    }
}
