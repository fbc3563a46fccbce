//! The key of a network: equal networks have equal keys.

use super::Network;
use super::operation::Primitive;
use sha2::{Digest, Sha256};
use std::fmt;

/// A hash under which equal networks meet, whatever they are called and in
/// whatever order their nodes stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key([u8; 16]);

impl Key {
    /// The key of a text; for spaces that define equality by a canonical text.
    pub fn of_text(text: &str) -> Self {
        Self::hash([text.as_bytes()])
    }

    /// The key of a network, which should be pruned first.
    ///
    /// Each node is labelled by its operation and its inputs' labels, inputs
    /// sorted where their order is of no consequence; then by its consumers'
    /// labels. The key hashes the outputs' labels and the sorted list of all
    /// labels, so that one node read twice differs from two equal nodes.
    ///
    /// Where nodes share weights, the labels of all that share make a name for
    /// what is shared, and every node is labelled once more with that name.
    pub fn of(network: &Network) -> Self {
        let labels = labels(network, &vec![None; network.nodes().len()]);
        let shared = shared(network, &labels);
        let labels = match shared.iter().any(Option::is_some) {
            true => self::labels(network, &shared),
            false => labels,
        };
        let outputs: Vec<Self> = network.outputs().iter().map(|&o| labels[o]).collect();
        let mut all = labels;
        all.sort_unstable();
        Self::hash(outputs.iter().chain(&all).map(|key| key.0.as_slice()))
    }

    /// The seed of everything random about this network's training.
    pub fn number(self) -> u64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.0[..8]);
        u64::from_le_bytes(bytes)
    }

    /// The key of these bytes, which [`Key::bytes`] gave.
    pub(crate) fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes; keys are in the order of these.
    pub(crate) fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    fn hash<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let digest = hash.finalize();
        let mut key = [0; 16];
        key.copy_from_slice(&digest[..16]);
        Self(key)
    }
}

/// A label for each node: what it reads and what reads it, down to the inputs
/// and up to the outputs, with the name of the weights that it shares.
fn labels(network: &Network, shared: &[Option<Key>]) -> Vec<Key> {
    let nodes = network.nodes();
    let mut down: Vec<Key> = Vec::with_capacity(nodes.len());
    for (node, shared) in nodes.iter().zip(shared) {
        let mut inputs: Vec<Key> = node.inputs.iter().map(|&i| down[i]).collect();
        if node.operation.ask(Primitive::is_sum) {
            inputs.sort_unstable();
        }
        let mut parts = vec![node.operation.to_string().into_bytes()];
        parts.extend(shared.iter().chain(&inputs).map(|key| key.0.to_vec()));
        down.push(Key::hash(parts.iter().map(Vec::as_slice)));
    }
    let consumers = network.consumers();
    let mut both = down.clone();
    for index in (0..nodes.len()).rev() {
        let mut readers: Vec<[u8; 16]> = consumers[index].iter().map(|&c| both[c].0).collect();
        readers.sort_unstable();
        let own = [down[index].0.as_slice()];
        let label = Key::hash(
            own.into_iter()
                .chain(readers.iter().map(<[u8; 16]>::as_slice)),
        );
        both[index] = label;
    }
    both
}

/// For each node that shares its weights a name that all who share them have.
fn shared(network: &Network, labels: &[Key]) -> Vec<Option<Key>> {
    let mut sharing: Vec<Vec<usize>> = vec![Vec::new(); network.weights().len()];
    for (index, node) in network.nodes().iter().enumerate() {
        if let Some(&weight) = node.weights.first() {
            sharing[weight].push(index);
        }
    }
    let mut names = vec![None; labels.len()];
    for nodes in sharing.iter().filter(|nodes| nodes.len() > 1) {
        let mut members: Vec<Key> = nodes.iter().map(|&node| labels[node]).collect();
        members.sort_unstable();
        let name = Key::hash(members.iter().map(|key| key.0.as_slice()));
        nodes.iter().for_each(|&node| names[node] = Some(name));
    }
    names
}

/// 32 hexadecimal digits.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Builder, Operation, Shape, operation::Activation, operation::Linear};

    fn network(order: [usize; 2], shared: bool) -> Network {
        let mut builder = Builder::new();
        let x = builder.input("x", Shape::vector(4));
        let mut add =
            |operation: Operation, inputs: &[usize]| builder.add("n", operation, inputs).unwrap();
        let first = add(Operation::Linear(Linear::new(4_usize)), &[x]);
        let second = if shared {
            first
        } else {
            add(Operation::Linear(Linear::new(4_usize)), &[x])
        };
        let branches = [
            add(Operation::Activation(Activation::Relu), &[first]),
            add(Operation::Activation(Activation::Tanh), &[second]),
        ];
        let sum = add(Operation::Add, &order.map(|i| branches[i]));
        builder.finish(&[sum])
    }

    #[test]
    fn order_of_a_sum_is_of_no_consequence() {
        assert_eq!(
            Key::of(&network([0, 1], false)),
            Key::of(&network([1, 0], false))
        );
    }

    #[test]
    fn one_node_read_twice_is_not_two_nodes() {
        assert_ne!(
            Key::of(&network([0, 1], true)),
            Key::of(&network([0, 1], false))
        );
    }

    /// Three layers one after the other; the first and the last share their
    /// weights with those of the same letter.
    fn tied(ties: [Option<&str>; 3]) -> Key {
        let mut builder = Builder::new();
        let mut x = builder.input("x", Shape::vector(4));
        for tie in ties {
            let linear = Operation::Linear(Linear::new(4_usize));
            x = match tie {
                Some(tie) => builder.add_tied("n", linear, &[x], tie).unwrap(),
                None => builder.add("n", linear, &[x]).unwrap(),
            };
        }
        Key::of(&builder.finish(&[x]))
    }

    #[test]
    fn shared_weights_make_another_network() {
        let [a, b] = [Some("a"), Some("b")];
        let free = tied([None, None, None]);
        let all = [
            free,
            tied([a, a, a]),
            tied([a, a, None]),
            tied([a, None, a]),
            tied([None, a, a]),
        ];
        let different: std::collections::BTreeSet<Key> = all.into();
        assert_eq!(different.len(), 5);
        // A tie that nothing shares, and the name of one, are of no consequence.
        assert_eq!(tied([a, None, None]), free);
        assert_eq!(tied([a, b, a]), tied([b, None, b]));
    }
}
