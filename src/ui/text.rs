//! Text cut to a width between characters people see, and recorded text turned into spans that cannot do harm.

use super::theme::Theme;
use crate::model::Untrusted;
use crate::model::untrusted::Piece;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Recorded text as spans; its escapes stand out.
pub fn spans(text: &str, style: Style, theme: &Theme) -> Vec<Span<'static>> {
    let piece = |piece: Piece| match piece {
        Piece::Plain(text) => Span::styled(text, style),
        Piece::Escape(text) => Span::styled(text, style.patch(theme.escape())),
    };
    Untrusted(text).pieces().into_iter().map(piece).collect()
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
            // Even a span that would just fit is followed by more: the cut must show.
            let text = span.content.into_owned() + " ";
            out.push(Span::styled(cut(&text, room.max(1), theme), span.style));
            break;
        }
    }
    Line::from(out)
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
