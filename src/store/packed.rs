//! A column of one chunk in as few bytes as its values need: base + step × delta, deltas of 0 to 8 bytes.
//!
//! Times share a step of milli- or microseconds, offsets and lines a small range, nodes and versions a byte, and a
//! column that is the same everywhere costs nothing. Ten million records come to about 25 bytes each.

/// Numbers, packed. `value(i)` is exact for every `u64` that went in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    base: u64,
    step: u64,
    deltas: Deltas,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Deltas {
    Same(usize),
    Bytes(Box<[u8]>),
    Shorts(Box<[u16]>),
    Words(Box<[u32]>),
    Longs(Box<[u64]>),
}

impl Deltas {
    /// As narrow as the largest of them allows.
    fn of(deltas: impl Iterator<Item = u64>, most: u64) -> Self {
        match most {
            0..=0xff => Self::Bytes(deltas.map(|d| d as u8).collect()),
            0x100..=0xffff => Self::Shorts(deltas.map(|d| d as u16).collect()),
            0x1_0000..=0xffff_ffff => Self::Words(deltas.map(|d| d as u32).collect()),
            _ => Self::Longs(deltas.collect()),
        }
    }
}

/// Steps tried from largest: times are often whole seconds, milli- or microseconds.
const STEPS: [u64; 3] = [1_000_000_000, 1_000_000, 1_000];

impl Packed {
    pub fn new(values: &[u64]) -> Self {
        let (base, most) =
            values.iter().fold((u64::MAX, 0), |(least, most), v| (least.min(*v), most.max(*v)));
        let base = if values.is_empty() { 0 } else { base };
        let range = most - base;
        if range == 0 {
            return Self { base, step: 1, deltas: Deltas::Same(values.len()) };
        }
        let fits = |step: &u64| range >= *step && values.iter().all(|v| (v - base).is_multiple_of(*step));
        let step = if range > u64::from(u16::MAX) { STEPS.into_iter().find(fits).unwrap_or(1) } else { 1 };
        let deltas = values.iter().map(|v| v - base);
        // Division is the slowest thing here, and most columns have no step.
        let deltas = match step {
            1 => Deltas::of(deltas, range),
            step => Deltas::of(deltas.map(|delta| delta / step), range / step),
        };
        Self { base, step, deltas }
    }

    /// A column of nothing but zeros.
    pub fn zeros(len: usize) -> Self {
        Self { base: 0, step: 1, deltas: Deltas::Same(len) }
    }

    pub fn len(&self) -> usize {
        match &self.deltas {
            Deltas::Same(len) => *len,
            Deltas::Bytes(d) => d.len(),
            Deltas::Shorts(d) => d.len(),
            Deltas::Words(d) => d.len(),
            Deltas::Longs(d) => d.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number at a place; 0 beyond the end.
    #[inline]
    pub fn value(&self, place: usize) -> u64 {
        let delta = match &self.deltas {
            Deltas::Same(_) => return self.base,
            Deltas::Bytes(d) => d.get(place).copied().map(u64::from),
            Deltas::Shorts(d) => d.get(place).copied().map(u64::from),
            Deltas::Words(d) => d.get(place).copied().map(u64::from),
            Deltas::Longs(d) => d.get(place).copied(),
        };
        delta.map_or(0, |delta| self.base.wrapping_add(self.step.wrapping_mul(delta)))
    }

    /// The one value of the whole column, if there is only one.
    pub fn same(&self) -> Option<u64> {
        matches!(self.deltas, Deltas::Same(_)).then_some(self.base)
    }

    /// Calls `f(place, value)` for every place; the width is looked at once, not per value.
    #[inline]
    pub fn each(&self, mut f: impl FnMut(usize, u64)) {
        let (base, step) = (self.base, self.step);
        match &self.deltas {
            Deltas::Same(len) => (0..*len).for_each(|i| f(i, base)),
            Deltas::Bytes(d) => d.iter().enumerate().for_each(|(i, d)| f(i, base + step * u64::from(*d))),
            Deltas::Shorts(d) => d.iter().enumerate().for_each(|(i, d)| f(i, base + step * u64::from(*d))),
            Deltas::Words(d) => {
                d.iter()
                    .enumerate()
                    .for_each(|(i, d)| f(i, base.wrapping_add(step.wrapping_mul(u64::from(*d)))));
            }
            Deltas::Longs(d) => {
                d.iter().enumerate().for_each(|(i, d)| f(i, base.wrapping_add(step.wrapping_mul(*d))));
            }
        }
    }

    pub fn to_vec(&self) -> Vec<u64> {
        let mut values = Vec::with_capacity(self.len());
        self.each(|_, value| values.push(value));
        values
    }

    /// `tag ‖ len u32 ‖ base u64 ‖ step u64 ‖ deltas`, little-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (tag, width) = match &self.deltas {
            Deltas::Same(_) => (0u8, 0),
            Deltas::Bytes(_) => (1, 1),
            Deltas::Shorts(_) => (2, 2),
            Deltas::Words(_) => (4, 4),
            Deltas::Longs(_) => (8, 8),
        };
        let mut out = Vec::with_capacity(21 + self.len() * width);
        out.push(tag);
        out.extend((self.len() as u32).to_le_bytes());
        out.extend(self.base.to_le_bytes());
        out.extend(self.step.to_le_bytes());
        match &self.deltas {
            Deltas::Same(_) => {}
            Deltas::Bytes(d) => out.extend_from_slice(d),
            Deltas::Shorts(d) => d.iter().for_each(|d| out.extend(d.to_le_bytes())),
            Deltas::Words(d) => d.iter().for_each(|d| out.extend(d.to_le_bytes())),
            Deltas::Longs(d) => d.iter().for_each(|d| out.extend(d.to_le_bytes())),
        }
        out
    }

    /// Reads what `to_bytes` wrote; `None` if these bytes were not written by it.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (head, rest) = bytes.split_at_checked(21)?;
        let len = u32::from_le_bytes(head[1..5].try_into().ok()?) as usize;
        let base = u64::from_le_bytes(head[5..13].try_into().ok()?);
        let step = u64::from_le_bytes(head[13..21].try_into().ok()?);
        let width = usize::from(head[0]);
        if rest.len() != len.checked_mul(width)? || len > 1 << 24 {
            return None;
        }
        let deltas = match width {
            0 => Deltas::Same(len),
            1 => Deltas::Bytes(rest.into()),
            2 => Deltas::Shorts(rest.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect()),
            4 => Deltas::Words(
                rest.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
            ),
            8 => Deltas::Longs(
                rest.chunks_exact(8)
                    .map(|b| u64::from_le_bytes(b.try_into().expect("chunks_exact gives eight bytes")))
                    .collect(),
            ),
            _ => return None,
        };
        Some(Self { base, step, deltas })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_goes_in_comes_out(values in prop::collection::vec(any::<u64>(), 0..50), shift in 0u32..64, step in prop::sample::select(vec![1u64, 1000, 1_000_000])) {
            let values: Vec<u64> = values.iter().map(|v| (v >> shift).wrapping_mul(step)).collect();
            let packed = Packed::new(&values);
            prop_assert_eq!(packed.to_vec(), values.clone());
            prop_assert!(values.iter().enumerate().all(|(i, v)| packed.value(i) == *v));
            prop_assert_eq!(Packed::from_bytes(&packed.to_bytes()), Some(packed));
        }

        #[test]
        fn hostile_bytes_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Some(packed) = Packed::from_bytes(&bytes) {
                packed.each(|_, _| {});
            }
        }
    }

    #[test]
    fn milliseconds_of_ten_minutes_take_four_bytes_each() {
        let times: Vec<u64> = (0..60_000u64).map(|n| 1_791_105_191_000_000_000 + n * 10_000_000).collect();
        assert_eq!(Packed::new(&times).to_bytes().len(), 21 + 60_000 * 4);
    }
}
