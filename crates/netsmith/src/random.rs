//! Random streams: named children of one seed.
//!
//! Every stochastic choice draws from a stream of its own, named after its
//! purpose. Two parts of a search then never disturb each other's draws, and a
//! trial repeats bit for bit wherever and whenever it runs.

use rand::SeedableRng;
use sha2::{Digest, Sha256};

/// The generator behind every stream: ChaCha with 8 rounds, the same on every
/// platform.
pub type Random = rand_chacha::ChaCha8Rng;

/// A node of the tree of seeds.
///
/// ```
/// use netsmith::random::Seed;
/// use rand::RngExt;
///
/// let seed = Seed::new(7).child("mutation");
/// let first: u64 = seed.stream().random();
/// assert_eq!(first, seed.stream().random::<u64>());
/// assert_ne!(first, seed.nth(1).stream().random::<u64>());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed([u8; 32]);

impl Seed {
    /// The root of a tree.
    pub fn new(seed: u64) -> Self {
        Self::derive(b"netsmith", &seed.to_le_bytes())
    }

    /// The child with this name.
    pub fn child(&self, name: &str) -> Self {
        Self::derive(&self.0, name.as_bytes())
    }

    /// The child with this number.
    pub fn nth(&self, number: u64) -> Self {
        Self::derive(&self.0, &number.to_le_bytes())
    }

    /// A generator at the start of this node's own stream.
    pub fn stream(&self) -> Random {
        Random::from_seed(self.0)
    }

    fn derive(parent: &[u8], name: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update((parent.len() as u64).to_le_bytes());
        hash.update(parent);
        hash.update(name);
        Self(hash.finalize().into())
    }
}
