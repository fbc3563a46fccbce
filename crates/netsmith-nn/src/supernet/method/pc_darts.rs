//! PC-DARTS: the operations of an edge see a part of the channels, and the
//! edges of a node are normalised by weights that are learnt.
//!
//! ```text
//! f(x) = shuffle_K(concat(Σ_k softmax(α)_k o_k(x[..C/K]), x[C/K..]))
//! node = Σ_j softmax(β)_j f_j(x_j)         β: one for each edge that enters it
//! strength of an edge's operation: softmax(α)_k · softmax(β)_j
//! ```
//!
//! # Deviations
//! Edges that the space fixes stay whatever their strength is; where a node takes
//! the strongest of its inputs, the strengths decide as published.

use crate::supernet::options::{SHARED_COUNT, with_defaults, with_shared};
use crate::supernet::{Entry, Method, Options, Order};
use netsmith::catalogue::{Parameter, ParameterKind, Settings};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "pc-darts",
    "DARTS on a part of the channels, with a learnt weight for each edge; faster, and less drawn to skips.",
    build,
)
.paper("Xu et al. 2020, arXiv:1907.05737")
.parameters(&PARAMETERS);

const PARAMETERS: [Parameter; SHARED_COUNT + 1] = with_defaults(
    with_shared([Parameter {
        name: "partial",
        kind: ParameterKind::Integer(1, 64),
        default: "4",
        doc: "K: operations see one in so many channels; 1: all of them.",
    }]),
    [(
        "warm-up",
        "0.3",
        "Share of the epochs in which only the weights are trained; 15 of 50 in the paper.",
    )],
);

/// Xu et al.'s partial connections.
#[derive(Clone, Debug)]
struct PcDarts {
    options: Options,
}

fn build(settings: &Settings) -> Box<dyn Method> {
    Box::new(PcDarts {
        options: Options {
            order: Order::ArchitectureFirst,
            nesterov: false,
            partial: Some(settings.integer("partial")),
            ..Options::of(settings)
        },
    })
}

impl Method for PcDarts {
    fn options(&self) -> &Options {
        &self.options
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::supernet::{Alphas, Moment};
    use netsmith::random::Seed;

    #[test]
    fn the_published_settings() {
        let method = build(&Settings::defaults(&PARAMETERS));
        let options = *method.options();
        assert_eq!((options.partial, options.warm_up_epochs(50)), (Some(4), 15));
        // The weights of the edges that enter a node begin alike.
        let alphas = Alphas {
            logits: vec![vec![0.0; 3]],
            open: vec![vec![true; 3]],
            skip: vec![vec![false; 3]],
        };
        let moment = Moment {
            epoch: 0,
            epochs: 1,
        };
        let draw = method.draw(&alphas, moment, &mut Seed::new(1).stream());
        assert!(
            draw.mixture[0]
                .iter()
                .all(|weight| (weight - 1.0 / 3.0).abs() < 1e-12)
        );
    }
}
