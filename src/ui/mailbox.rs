//! Questions on their way to a worker: what reads the journals' bytes waits until the person rests, and the newest wins.

use std::sync::mpsc::Receiver;
use std::time::Duration;

/// Longer than from letter to letter, shorter than anybody waits: one search for a word, not one for each letter.
pub const REST: Duration = Duration::from_millis(150);

/// The question to answer, and how many were passed over for it: while the newest one rests, a newer takes its place.
pub fn settled<Q>(
    questions: &Receiver<Q>,
    first: Q,
    rests: impl Fn(&Q) -> bool,
    rest: Duration,
) -> (Q, usize) {
    let (mut newest, mut passed) = (first, 0);
    while rests(&newest) {
        match questions.recv_timeout(rest) {
            Ok(newer) => (newest, passed) = (newer, passed + 1),
            // Nobody types on, or nobody asks any more.
            Err(_) => break,
        }
    }
    (newest, passed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::Instant;

    /// Far longer than a busy machine keeps a thread waiting.
    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn letters_typed_one_after_another_come_to_one_question() {
        let (sender, questions) = channel();
        let typing = thread::spawn(move || {
            for word in ["r", "re", "ref", "refu"] {
                sender.send(word).unwrap();
                thread::sleep(Duration::from_millis(5));
            }
        });
        let first = questions.recv().unwrap();
        // It ends when nobody is left to type on, long before the rest is over.
        assert_eq!(settled(&questions, first, |_| true, LONG), ("refu", 3));
        typing.join().unwrap();
    }

    #[test]
    fn what_needs_no_rest_is_answered_at_once() {
        let (sender, questions) = channel();
        ["a", "b"].into_iter().for_each(|word| sender.send(word).unwrap());
        let first = questions.recv().unwrap();
        let begun = Instant::now();
        assert_eq!(settled(&questions, first, |_| false, LONG), ("a", 0));
        assert!(begun.elapsed() < LONG / 2);
    }

    #[test]
    fn a_question_that_needs_no_rest_ends_the_rest_of_the_one_before() {
        let (sender, questions) = channel();
        ["slow", "quick", "later"].into_iter().for_each(|word| sender.send(word).unwrap());
        let first = questions.recv().unwrap();
        assert_eq!(settled(&questions, first, |word| *word == "slow", LONG), ("quick", 1));
    }
}
