//! Removing what a network computes for nothing.

use super::operation::{Primitive, Zeros};
use super::{Builder, Network};

impl Network {
    /// The network without nodes that no output needs, without identities, and
    /// with zeros taken through: a zero is left out of a sum, and what reads
    /// only zeros is zero itself.
    ///
    /// A normalised convolution of zeros counts as zero too, although its bias
    /// could learn a constant: the pruned network is the one that is trained.
    /// Names are kept. Zeros that a concatenation or a linear layer reads, and
    /// outputs that are zero, stay as written.
    #[must_use]
    pub fn pruned(&self) -> Self {
        let zero = self.zeros();
        let mut alias: Vec<usize> = Vec::with_capacity(self.nodes.len());
        let mut inputs: Vec<Vec<usize>> = Vec::with_capacity(self.nodes.len());
        for (index, node) in self.nodes.iter().enumerate() {
            let mut read: Vec<usize> = node.inputs.iter().map(|&input| alias[input]).collect();
            let is_sum = node.operation.ask(Primitive::is_sum);
            if is_sum && !zero[index] {
                read.retain(|&input| !zero[input]);
            }
            let passes_on = node.operation.ask(Primitive::is_identity);
            alias.push(if passes_on || (is_sum && read.len() == 1) {
                read[0]
            } else {
                index
            });
            inputs.push(read);
        }
        let outputs: Vec<usize> = self.outputs.iter().map(|&output| alias[output]).collect();
        self.copied(&inputs, &outputs)
    }

    /// Which nodes are zero whatever enters.
    fn zeros(&self) -> Vec<bool> {
        let mut zero: Vec<bool> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let mut inputs = node.inputs.iter().map(|&input| zero[input]);
            zero.push(match node.operation.ask(Primitive::zeros) {
                Zeros::Always => true,
                Zeros::Never => false,
                Zeros::WhereAll => inputs.all(|zero| zero),
                Zeros::WhereAny => inputs.any(|zero| zero),
            });
        }
        zero
    }

    /// A copy of what `outputs` need, reading `inputs` in place of its own.
    fn copied(&self, inputs: &[Vec<usize>], outputs: &[usize]) -> Self {
        let mut needed = vec![false; self.nodes.len()];
        for &output in outputs {
            needed[output] = true;
        }
        for (index, node) in self.nodes.iter().enumerate().rev() {
            needed[index] |= node.operation.is_input();
            if needed[index] {
                inputs[index].iter().for_each(|&input| needed[input] = true);
            }
        }
        let mut readers = vec![0; self.weights.len()];
        for node in &self.nodes {
            node.weights.iter().for_each(|&weight| readers[weight] += 1);
        }
        let mut builder = Builder::new();
        let mut image = vec![usize::MAX; self.nodes.len()];
        for (index, node) in self.nodes.iter().enumerate().filter(|(i, _)| needed[*i]) {
            let own: Vec<usize> = inputs[index].iter().map(|&input| image[input]).collect();
            let (name, operation) = (&node.name, node.operation.clone());
            let added = match node.weights.first() {
                _ if operation.is_input() => Ok(builder.input(name, node.shape)),
                Some(&weight) if readers[weight] > 1 => {
                    builder.add_tied(name, operation, &own, &self.weights[weight].name)
                }
                _ => builder.add(name, operation, &own),
            };
            image[index] =
                added.expect("a part of what fits together fits — this is a bug in netsmith");
        }
        builder.finish(
            &outputs
                .iter()
                .map(|&output| image[output])
                .collect::<Vec<_>>(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::operation::{BatchNorm, Convolution, Linear, Zero};
    use crate::network::{Key, Operation, Shape};

    #[test]
    fn zeros_identities_and_dead_ends_go() {
        let mut builder = Builder::new();
        let x = builder.input("x", Shape::image(4, 8, 8));
        let mut add = |name: &str, operation: Operation, inputs: &[usize]| {
            builder.add(name, operation, inputs).unwrap()
        };
        let convolution = || Operation::Convolution(Convolution::square(4_usize, 3_usize, 1_usize));
        let kept = add("kept", convolution(), &[x]);
        let none = add("none", Operation::Zero(Zero { stride: [1, 1] }), &[x]);
        let of_none = add("of-none", convolution(), &[none]);
        let norm = add(
            "norm",
            Operation::BatchNorm(BatchNorm { affine: true }),
            &[of_none],
        );
        let skip = add("skip", Operation::Identity, &[kept]);
        add("dead", convolution(), &[x]);
        let sum = add("sum", Operation::Add, &[norm, skip]);
        let pool = add("pool", Operation::GlobalPool, &[sum]);
        let head = add("head", Operation::Linear(Linear::new(2_usize)), &[pool]);
        let network = builder.finish(&[head]);

        let pruned = network.pruned();
        let names: Vec<&str> = pruned.nodes().iter().map(|n| n.name.as_str()).collect();
        assert_eq!(names, ["x", "kept", "pool", "head"]);
        assert_eq!(pruned.parameters(), 4 * 4 * 9 + 4 * 2 + 2);
        assert_eq!(Key::of(&pruned.pruned()), Key::of(&pruned));
    }

    #[test]
    fn a_network_of_zeros_keeps_its_head() {
        let mut builder = Builder::new();
        let x = builder.input("x", Shape::image(4, 8, 8));
        let none = Operation::Zero(Zero { stride: [1, 1] });
        let none = builder.add("none", none, &[x]).unwrap();
        let pool = builder.add("pool", Operation::GlobalPool, &[none]).unwrap();
        let head = Operation::Linear(Linear::new(2_usize));
        let head = builder.add("head", head, &[pool]).unwrap();
        assert_eq!(builder.finish(&[head]).pruned().nodes().len(), 4);
    }
}
