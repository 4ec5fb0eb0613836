//! Context nodes that the ledger has been given lately, so that each message's bytes are handed over once.

use domain::Hash;
use std::collections::HashSet;

/// Two generations: when the young one is full it becomes the old one, and the old one is forgotten. A forgotten node is merely
/// handed over again.
#[derive(Default)]
pub(crate) struct KnownNodes {
    young: HashSet<Hash>,
    old: HashSet<Hash>,
}

/// 16 bytes each: at most about 6 MB in both generations.
const GENERATION: usize = 100_000;

impl KnownNodes {
    /// Whether the ledger has it; from now on it does.
    pub fn knew(&mut self, node: Hash) -> bool {
        if self.young.contains(&node) {
            return true;
        }
        let known = self.old.contains(&node);
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(node);
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_handed_over_once_within_two_generations() {
        let mut known = KnownNodes::default();
        let node = |number: u32| {
            let mut hash = Hash::default();
            hash.0[..4].copy_from_slice(&number.to_le_bytes());
            hash
        };
        assert!(!known.knew(node(0)));
        assert!(known.knew(node(0)));
        (1..=GENERATION as u32).for_each(|number| {
            known.knew(node(number));
        });
        assert!(known.knew(node(0)), "the old generation still counts");
    }
}
