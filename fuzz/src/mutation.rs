//! Random changes of inputs, for machines without libFuzzer. They know nothing of coverage.

/// Makes inputs from those of a corpus.
#[derive(Debug)]
pub struct Mutator {
    state: u64,
}

/// The longest input that is made.
const LONGEST: usize = 5000;

impl Mutator {
    /// The same seed makes the same inputs from the same corpus.
    pub fn new(seed: u64) -> Self {
        Self { state: seed.max(1) }
    }

    /// Returns a number below `end`: xorshift64.
    fn below(&mut self, end: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 16).unwrap_or(0) % end.max(1)
    }

    fn byte(&mut self) -> u8 {
        self.below(256).to_le_bytes()[0]
    }

    fn pick<'a>(&mut self, list: &'a [impl AsRef<[u8]>]) -> &'a [u8] {
        let at = self.below(list.len());
        list.get(at).map_or(&[], AsRef::as_ref)
    }

    /// Returns an input of the corpus, changed in a few places.
    pub fn make(&mut self, corpus: &[Vec<u8>], words: &[&[u8]]) -> Vec<u8> {
        let mut bytes = self.pick(corpus).to_vec();
        for _ in 0..=self.below(6) {
            self.change(&mut bytes, corpus, words);
        }
        bytes.truncate(LONGEST);
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>, corpus: &[Vec<u8>], words: &[&[u8]]) {
        let at = self.below(bytes.len() + 1);
        match self.below(9) {
            0 => bytes.truncate(at),
            1 => {
                let end = (at + 1 + self.below(8)).min(bytes.len());
                bytes.drain(at..end);
            }
            2 => {
                let word = self.pick(words).to_vec();
                bytes.splice(at..at, word);
            }
            3 => {
                let other = self.pick(corpus);
                let from = self.below(other.len() + 1);
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            4 => {
                let end = (at + 1 + self.below(16)).min(bytes.len());
                let twice = bytes[at..end].to_vec();
                bytes.splice(at..at, twice);
            }
            5 => bytes.insert(at, self.byte()),
            kind => {
                let new = self.byte();
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = if kind == 6 {
                        new
                    } else {
                        *byte ^ 1 << (new % 8)
                    };
                } else {
                    bytes.push(new);
                }
            }
        }
    }
}
