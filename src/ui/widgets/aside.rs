//! Lists of one screen that take turns: what was made of each is kept while another is shown.

use super::arranged::Arranged;
use super::scroll::Scroll;
use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub struct Aside(BTreeMap<usize, (Arranged, Scroll)>);

impl Aside {
    /// Puts one list away and gives back another, which may be shown for the first time.
    pub fn turn(
        &mut self,
        (from, to): (usize, usize),
        shown: (Arranged, Scroll),
        first: impl FnOnce() -> (Arranged, Scroll),
    ) -> (Arranged, Scroll) {
        self.0.insert(from, shown);
        self.0.remove(&to).unwrap_or_else(first)
    }

    pub fn list(&mut self, pane: usize) -> Option<(&mut Arranged, &mut Scroll)> {
        self.0.get_mut(&pane).map(|(arranged, scroll)| (arranged, scroll))
    }

    pub fn lists(&self) -> impl Iterator<Item = (usize, &Arranged)> {
        self.0.iter().map(|(pane, (arranged, _))| (*pane, arranged))
    }

    pub fn put(&mut self, pane: usize, arranged: Arranged) {
        self.0.insert(pane, (arranged, Scroll::default()));
    }
}
