//! The titles of what takes turns in one place, the one that is shown standing out.

use crate::ui::theme::Theme;
use ratatui::text::Span;

/// Each after the other, with `gap` behind it.
pub fn titles<T: Copy + PartialEq>(
    tabs: &[(T, &'static str)],
    here: T,
    gap: &'static str,
    theme: &Theme,
) -> Vec<Span<'static>> {
    let title = |(tab, title): &(T, &'static str)| {
        let style = if *tab == here { theme.tab() } else { theme.quiet() };
        [Span::styled(format!(" {title} "), style), Span::raw(gap)]
    };
    tabs.iter().flat_map(title).collect()
}
