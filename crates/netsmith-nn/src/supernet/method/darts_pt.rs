//! DARTS-PT: the supernet of DARTS, of which those options are kept whose
//! removal hurts most.
//!
//! ```text
//! for each site in random order
//!     L_k = validation loss without option k       the other weights as they are
//!     keep argmax L_k alone, train the weights on for some epochs
//! for each input of a select: the loss without it; the costliest are kept
//! ```
//!
//! # Deviations
//! The loss decides instead of the accuracy, which has ties on few samples. The
//! inputs of a select are judged once all sites are decided, without tuning in
//! between. Tuning is one epoch by default (published: ten of 50,000 images).

use crate::supernet::options::{SHARED_COUNT, with_shared};
use crate::supernet::{Entry, Method, Options, Order, Selection};
use netsmith::catalogue::{Parameter, ParameterKind, Settings};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "darts-pt",
    "DARTS whose operations are chosen by what their removal costs, not by their weights.",
    build,
)
.paper("Wang et al. 2021, arXiv:2108.04392")
.parameters(&PARAMETERS);

const PARAMETERS: [Parameter; SHARED_COUNT + 1] = with_shared([Parameter {
    name: "tuning",
    kind: ParameterKind::Integer(0, 100),
    default: "1",
    doc: "Epochs in which the weights are trained on after each decision.",
}]);

/// Wang et al.'s selection.
#[derive(Clone, Debug)]
struct DartsPt {
    options: Options,
}

fn build(settings: &Settings) -> Box<dyn Method> {
    Box::new(DartsPt {
        options: Options {
            order: Order::ArchitectureFirst,
            nesterov: false,
            // What is derived on the way does not decide.
            watch: false,
            selection: Selection::Perturbed {
                tuning: settings.integer("tuning"),
            },
            ..Options::of(settings)
        },
    })
}

impl Method for DartsPt {
    fn options(&self) -> &Options {
        &self.options
    }
}
