//! Text cut to a width between characters people see, and recorded text turned into spans that cannot do harm.

use super::theme::Theme;
use crate::model::Untrusted;
use crate::model::untrusted::Piece;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Bytes of one recorded text that a line ever shows. No terminal is as wide, and a value of 16 MiB must not cost a frame.
const SHOWN: usize = 4096;
/// Marks on one character; people write with fewer, and a terminal may choke on a million.
const MARKS: usize = 8;

/// Recorded text as spans; its escapes stand out, and what is left out is counted.
pub fn spans(text: &str, style: Style, theme: &Theme) -> Vec<Span<'static>> {
    let head = &text[..boundary(text, SHOWN)];
    let mut out = Vec::new();
    for piece in Untrusted(head).pieces() {
        match piece {
            Piece::Plain(run) if run.is_ascii() => out.push(Span::styled(run, style)),
            Piece::Plain(run) => out.extend(tame(&run, style, theme)),
            Piece::Escape(run) => out.push(Span::styled(run, style.patch(theme.escape()))),
        }
    }
    if head.len() < text.len() {
        let words = format!("{} +{} bytes", theme.glyphs.ellipsis, text.len() - head.len());
        out.push(Span::styled(words, style.patch(theme.escape())));
    }
    out
}

/// The last place, not past `most`, where a character begins.
fn boundary(text: &str, most: usize) -> usize {
    (0..=most.min(text.len())).rev().find(|place| text.is_char_boundary(*place)).unwrap_or(0)
}

/// The same as one string, where escapes cannot be styled.
pub fn shown(text: &str, theme: &Theme) -> String {
    if text.len() <= SHOWN && text.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        return text.to_owned();
    }
    spans(text, Style::new(), theme).into_iter().map(|span| span.content).collect()
}

/// A run without its heaps of marks. Marks without a character to stand on get one, or they would stand on ours.
fn tame(run: &str, style: Style, theme: &Theme) -> Vec<Span<'static>> {
    let mut out = Vec::new();
    let mut plain = String::new();
    for grapheme in run.graphemes(true) {
        let grapheme = if theme.is_ascii() { in_ascii(grapheme) } else { grapheme };
        if grapheme.width() == 0 {
            plain.push('◌');
        }
        match grapheme.char_indices().nth(MARKS + 1) {
            None => plain.push_str(grapheme),
            Some((end, _)) => {
                plain.push_str(&grapheme[..end]);
                out.push(Span::styled(std::mem::take(&mut plain), style));
                let words = format!("⟦+{} marks⟧", grapheme[end..].chars().count());
                out.push(Span::styled(words, style.patch(theme.escape())));
            }
        }
    }
    if !plain.is_empty() {
        out.push(Span::styled(plain, style));
    }
    out
}

/// Signs of our own sentences that one character of ASCII would not tell.
fn in_ascii(grapheme: &str) -> &str {
    match grapheme {
        "φ" => "phi",
        "δ" => "delta",
        "≥" => ">=",
        "–" => "-",
        other => other,
    }
}

/// Text that fits a width; what does not fit ends in an ellipsis.
pub fn cut(text: &str, width: usize, theme: &Theme) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let ellipsis = theme.glyphs.ellipsis;
    head(text, width.saturating_sub(ellipsis.width())) + if width == 0 { "" } else { ellipsis }
}

/// Long hex loses its middle: both ends are what people compare.
pub fn cut_middle(text: &str, width: usize, theme: &Theme) -> String {
    if text.width() <= width || width < 5 {
        return cut(text, width, theme);
    }
    let ellipsis = theme.glyphs.ellipsis;
    let room = width - ellipsis.width();
    let graphemes: Vec<&str> = text.graphemes(true).collect();
    let mut tail = String::new();
    for grapheme in graphemes.into_iter().rev() {
        if tail.width() + grapheme.width() > room / 2 {
            break;
        }
        tail.insert_str(0, grapheme);
    }
    head(text, room - tail.width()) + ellipsis + &tail
}

fn head(text: &str, width: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        used += grapheme.width();
        if used > width {
            break;
        }
        out.push_str(grapheme);
    }
    out
}

/// Whether a text is a hash or an address, whose two ends are what people compare.
fn is_hash(text: &str) -> bool {
    let digits = text.trim_start_matches("0x");
    digits.len() >= 32 && digits.bytes().all(|b| b.is_ascii_hexdigit())
}

/// A line that fits a width, cut inside whichever span crosses it.
pub fn fit(line: Line<'static>, width: usize, theme: &Theme) -> Line<'static> {
    if line.width() <= width {
        return line;
    }
    let mut out = Vec::new();
    let mut used = 0;
    for span in line.spans {
        let room = width - used;
        if span.width() < room {
            used += span.width();
            out.push(span);
        } else {
            let text = match is_hash(&span.content) {
                true => cut_middle(&span.content, room.max(1), theme),
                // Even a span that would just fit is followed by more: the cut must show.
                false => cut(&(span.content.into_owned() + " "), room.max(1), theme),
            };
            out.push(Span::styled(text, span.style));
            break;
        }
    }
    Line::from(out)
}

/// A line as lines that fit a width, broken between words; all but the first begin with so many blanks.
pub fn wrap(line: Line<'static>, width: usize, indent: usize) -> Vec<Line<'static>> {
    if line.width() <= width || width <= indent + 8 {
        return vec![line];
    }
    let mut lines = vec![Vec::<Span<'static>>::new()];
    let mut used = 0;
    for span in line.spans {
        for word in span.content.split_inclusive(' ') {
            let broken = used > indent && used + word.trim_end().width() > width;
            if broken {
                // The blank that a line was broken at would be one column too many.
                if let Some(last) = lines.last_mut().and_then(|line| line.last_mut()) {
                    last.content = last.content.trim_end().to_owned().into();
                }
                lines.push(vec![Span::raw(" ".repeat(indent))]);
                used = indent;
            }
            used += word.width();
            if let Some(line) = lines.last_mut() {
                line.push(Span::styled(word.to_owned(), span.style));
            }
        }
    }
    lines.into_iter().map(Line::from).collect()
}

/// The same, with words that are wider than a line broken where the line ends: none of it is lost.
pub fn fold(line: Line<'static>, width: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for line in wrap(line, width, 0) {
        if line.width() <= width || width == 0 {
            lines.push(line);
            continue;
        }
        let (mut spans, mut used) = (Vec::new(), 0);
        for span in line.spans {
            let mut text = String::new();
            for grapheme in span.content.graphemes(true) {
                if used + grapheme.width() > width && used > 0 {
                    spans.push(Span::styled(std::mem::take(&mut text), span.style));
                    lines.push(Line::from(std::mem::take(&mut spans)));
                    used = 0;
                }
                used += grapheme.width();
                text.push_str(grapheme);
            }
            spans.push(Span::styled(text, span.style));
        }
        lines.push(Line::from(spans));
    }
    lines
}

/// Text filled with spaces to a width, or cut to it.
pub fn padded(text: &str, width: usize, theme: &Theme) -> String {
    let mut text = cut(text, width, theme);
    text.push_str(&" ".repeat(width.saturating_sub(text.width())));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::theme::{Charset, Colours};
    use proptest::prelude::*;

    const THEME: Theme = Theme::new(Colours::Sixteen, Charset::Unicode);

    #[test]
    fn signs_of_our_sentences_are_told_in_ascii() {
        let ascii = Theme::new(Colours::Sixteen, Charset::Ascii);
        let words = "G 22.5, φ 1.00, δ -0.06; ≥ 1572, 53–74";
        assert_eq!(shown(words, &ascii), "G 22.5, phi 1.00, delta -0.06; >= 1572, 53-74");
        assert_eq!(shown(words, &THEME), words);
    }

    #[test]
    fn cuts_fall_between_characters_people_see() {
        for (text, width, shown) in [
            ("treasury-12", 8, "treasur…"),
            ("漢字漢字", 5, "漢字…"),
            ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
            ("ab", 2, "ab"),
            ("abc", 0, ""),
        ] {
            assert_eq!(cut(text, width, &THEME), shown);
        }
        assert_eq!(cut_middle("0123456789abcdef", 9, &THEME), "0123…cdef");
        let hash = "0x".to_owned() + &"0123456789abcdef".repeat(4);
        assert_eq!(fit(Line::from(hash), 9, &THEME).to_string(), "0x01…cdef");
    }

    #[test]
    fn heaps_of_marks_and_endless_texts_are_counted_and_not_drawn() {
        let heap = format!("a{}b", "\u{301}".repeat(1_000_000));
        let marks = "\u{301}".repeat(8);
        assert_eq!(shown(&heap, &THEME), format!("a{marks}⟦+2039 marks⟧… +{} bytes", heap.len() - 4095));
        assert_eq!(shown("\u{301}x", &THEME), "◌\u{301}x");
        assert_eq!(shown("e\u{301}", &THEME), "e\u{301}");
        assert_eq!(shown(&"x".repeat(5000), &THEME), "x".repeat(4096) + "… +904 bytes");
    }

    #[test]
    fn lines_break_between_words_and_lose_none() {
        let lines = wrap(Line::from("label one two three four five"), 20, 6);
        let shown: Vec<String> = lines.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["label one two three", "      four five"]);
    }

    #[test]
    fn a_word_wider_than_its_line_is_broken_and_not_cut() {
        let lines = fold(Line::from(vec![Span::raw("hash "), Span::raw("0123456789abcdef漢字")]), 10);
        let shown: Vec<String> = lines.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["hash", "0123456789", "abcdef漢字"]);
        assert_eq!(fold(Line::from("漢字"), 1).len(), 2, "what fits nowhere is not looked for forever");
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_its_room(text in "\\PC{0,30}", width in 0usize..20) {
            prop_assert!(cut(&text, width, &THEME).width() <= width);
            prop_assert!(cut_middle(&text, width, &THEME).width() <= width);
            prop_assert!(fit(Line::from(text), width.max(1), &THEME).width() <= width.max(1));
        }
    }
}
