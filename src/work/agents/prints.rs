//! A set of id prints that is asked millions of times: open addressing, for prints are well mixed already.

/// Prints of ids. A print finds, it does not decide: two ids with one print are one to this set.
pub struct Prints {
    slots: Vec<u64>,
    holds_zero: bool,
}

impl Prints {
    pub fn new(parts: &[Vec<u64>]) -> Self {
        let count: usize = parts.iter().map(Vec::len).sum();
        let mut prints = Self { slots: vec![0; (count * 2).next_power_of_two()], holds_zero: false };
        parts.iter().flatten().for_each(|print| prints.insert(*print));
        prints
    }

    fn insert(&mut self, print: u64) {
        if print == 0 {
            self.holds_zero = true;
            return;
        }
        let mut place = self.home(print);
        while self.slots[place] != 0 && self.slots[place] != print {
            place = (place + 1) & (self.slots.len() - 1);
        }
        self.slots[place] = print;
    }

    fn home(&self, print: u64) -> usize {
        print as usize & (self.slots.len() - 1)
    }

    #[inline]
    pub fn has(&self, print: u64) -> bool {
        if print == 0 {
            return self.holds_zero;
        }
        let mut place = self.home(print);
        loop {
            match self.slots[place] {
                0 => return false,
                found if found == print => return true,
                _ => place = (place + 1) & (self.slots.len() - 1),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_has_what_was_put_in_and_nothing_else(put in prop::collection::hash_set(0u64..300, 0..200)) {
            let prints = Prints::new(&[put.iter().copied().collect()]);
            prop_assert!((0..300).all(|print| prints.has(print) == put.contains(&print)));
        }
    }
}
