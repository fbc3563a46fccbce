//! Element-wise non-linearities.

use super::{
    Arity, Attributes, BlockKind, Entry, Example, Fault, Form, Masking, Misfit, Operation,
    Primitive, Saved, Shape, Size, WeightShape, Zeros, one,
};

/// The catalogue's entries, in the order of [`Activation::ALL`].
pub(super) const ENTRY: &[Entry] = &[
    entry(Activation::Relu, || examples(Activation::Relu)),
    entry(Activation::Relu6, || examples(Activation::Relu6)),
    entry(Activation::HardSwish, || examples(Activation::HardSwish)),
    entry(Activation::HardSigmoid, || {
        examples(Activation::HardSigmoid)
    }),
    entry(Activation::Silu, || examples(Activation::Silu)),
    entry(Activation::Gelu, || examples(Activation::Gelu)),
    entry(Activation::Sigmoid, || examples(Activation::Sigmoid)),
    entry(Activation::Tanh, || examples(Activation::Tanh)),
    entry(Activation::Complement, || examples(Activation::Complement)),
];

const fn entry(activation: Activation, examples: fn() -> Vec<Example>) -> Entry {
    let summary = "Element-wise non-linearity.";
    Entry::new(activation.name(), summary, Form::plain(read, examples))
}

fn read(attributes: &mut Attributes<'_, '_>) -> Result<Operation<Size>, Fault> {
    let name = attributes.operation();
    let activation = Activation::from_name(name);
    let activation = activation.expect("an entry has its name — this is a bug in netsmith");
    Ok(Operation::Activation(activation))
}

fn examples(activation: Activation) -> Vec<Example> {
    let shapes = [Shape::image(4, 6, 6), Shape::vector(5)];
    let of = |shape| Example::new(Operation::Activation(activation), &[shape]);
    shapes.map(of).to_vec()
}

/// An element-wise non-linearity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Activation {
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// `x · relu6(x + 3) / 6`.
    HardSwish,
    /// `relu6(x + 3) / 6`.
    HardSigmoid,
    /// `x · sigmoid(x)`.
    Silu,
    /// `x · Φ(x)` with the normal distribution function Φ (exact, not the tanh form).
    Gelu,
    /// `1 / (1 + exp(−x))`.
    Sigmoid,
    /// `tanh(x)`.
    Tanh,
    /// `1 − x`: what a gate `x` leaves to the other input.
    Complement,
}

impl Activation {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Relu,
        Self::Relu6,
        Self::HardSwish,
        Self::HardSigmoid,
        Self::Silu,
        Self::Gelu,
        Self::Sigmoid,
        Self::Tanh,
        Self::Complement,
    ];

    /// Its name in texts and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Relu => "relu",
            Self::Relu6 => "relu6",
            Self::HardSwish => "hard-swish",
            Self::HardSigmoid => "hard-sigmoid",
            Self::Silu => "silu",
            Self::Gelu => "gelu",
            Self::Sigmoid => "sigmoid",
            Self::Tanh => "tanh",
            Self::Complement => "complement",
        }
    }

    /// The activation with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.name() == name)
    }
}

impl Primitive for Activation {
    fn entry(&self) -> &'static Entry {
        &ENTRY[*self as usize]
    }

    fn arity(&self) -> Arity {
        Arity::One
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        one(inputs)
    }

    fn weights(&self, _inputs: &[Shape]) -> Vec<WeightShape> {
        Vec::new()
    }

    fn macs(&self, _inputs: &[Shape], _output: Shape) -> u64 {
        0
    }

    fn saved(&self) -> Saved {
        match self {
            Self::Relu | Self::Relu6 | Self::Sigmoid | Self::Tanh | Self::Complement => {
                Saved::Output
            }
            Self::HardSwish | Self::HardSigmoid | Self::Silu | Self::Gelu => Saved::Inputs,
        }
    }

    fn zeros(&self) -> Zeros {
        match self {
            Self::Relu | Self::Relu6 | Self::HardSwish | Self::Silu | Self::Gelu | Self::Tanh => {
                Zeros::WhereAll
            }
            Self::HardSigmoid | Self::Sigmoid | Self::Complement => Zeros::Never,
        }
    }

    fn masking(&self) -> Masking {
        Masking::Each(self.zeros())
    }

    fn block(&self) -> BlockKind {
        BlockKind::Light
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_in_the_order_of_all() {
        let names = Activation::ALL.map(Activation::name);
        let entries = ENTRY.iter().map(|entry| entry.name);
        assert_eq!(entries.collect::<Vec<_>>(), names);
        for activation in Activation::ALL {
            assert_eq!(activation.entry().name, activation.name());
        }
    }
}
