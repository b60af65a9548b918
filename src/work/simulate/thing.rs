//! What a line can be about, by kind and number, and how far the faulty version reaches it.

/// A thing with an id of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Thing {
    Inference,
    Action,
    Message,
    Payment,
    Settlement,
    Session,
}

/// An id without its text: `req-0000002a`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ref {
    pub(super) thing: Thing,
    pub(super) number: u64,
}

impl Ref {
    pub(super) const fn new(thing: Thing, number: u64) -> Self {
        Self { thing, number }
    }

    pub(super) fn push(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(match self.thing {
            Thing::Inference => b"req-",
            Thing::Action => b"act-",
            Thing::Message => b"msg-",
            Thing::Payment => b"pay-",
            Thing::Settlement => b"set-",
            Thing::Session => b"ses-",
        });
        super::lines::push_hex(bytes, &(self.number as u32).to_be_bytes());
    }

    pub(super) fn id(self) -> String {
        let mut bytes = Vec::with_capacity(12);
        self.push(&mut bytes);
        String::from_utf8(bytes).expect("a prefix and hex digits are text")
    }
}

/// How a thing hangs on the faulty version by recorded links alone (ANALYSIS §6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tier {
    #[default]
    Clean,
    /// A chain of parents, causes or caches leads to T0.
    T1,
    /// Served by the faulty version.
    T0,
}

/// Something a later record may name as its cause.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) to: Ref,
    /// Recorded time.
    pub(super) at: i64,
    pub(super) tier: Tier,
}

/// The last few links, newest overwriting oldest.
#[derive(Clone, Debug, Default)]
pub(super) struct Recent<const N: usize> {
    links: Vec<Link>,
    next: usize,
}

impl<const N: usize> Recent<N> {
    pub(super) fn push(&mut self, link: Link) {
        if self.links.len() < N {
            self.links.push(link);
        } else {
            self.links[self.next] = link;
            self.next = (self.next + 1) % N;
        }
    }

    /// One of them that happened before a moment, if the one chosen did.
    pub(super) fn before(&self, moment: i64, choice: u32) -> Option<Link> {
        let length = u32::try_from(self.links.len()).ok().filter(|n| *n > 0)?;
        let link = self.links[(choice % length) as usize];
        (link.at < moment).then_some(link)
    }
}
