//! The dictionaries of a case: every node, agent, model, version… numbered from 1; 0 is "absent".

use crate::journal::Names;
use crate::journal::batch::LocalNames;
use std::collections::HashMap;
use std::sync::Arc;

/// One dictionary. Numbers are given in the order texts arrive and never change.
#[derive(Clone, Debug, Default)]
pub struct Dictionary {
    texts: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
}

impl Dictionary {
    pub fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        let number = self.texts.len() as u32;
        self.numbers.insert(text, number);
        number
    }

    pub fn find(&self, text: &str) -> Option<u32> {
        self.numbers.get(text).copied()
    }

    /// The text of a number; the empty text for 0 and for numbers never given.
    pub fn text(&self, number: u64) -> &str {
        let place = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        place.and_then(|place| self.texts.get(place)).map_or("", |text| text)
    }

    pub fn texts(&self) -> &[Arc<str>] {
        &self.texts
    }

    pub fn len(&self) -> usize {
        self.texts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

/// All dictionaries of a case.
#[derive(Clone, Debug, Default)]
pub struct AllNames {
    dictionaries: [Dictionary; Names::COUNT],
}

impl AllNames {
    pub fn of(&self, names: Names) -> &Dictionary {
        &self.dictionaries[names as usize]
    }

    pub fn of_mut(&mut self, names: Names) -> &mut Dictionary {
        &mut self.dictionaries[names as usize]
    }

    /// The case's number for each of a block's own numbers; place 0 is 0.
    pub fn adopt(&mut self, names: Names, local: &LocalNames) -> Vec<u64> {
        let dictionary = self.of_mut(names);
        std::iter::once(0)
            .chain(local.strings.iter().map(|text| u64::from(dictionary.number(text))))
            .collect()
    }
}
