//! DARTS: the outputs of all options are mixed by a softmax.
//!
//! ```text
//! o(x) = Σ_k softmax(α)_k o_k(x)
//! first order   ∇_α L_val(w, α)
//! second order  ∇_α L_val(w', α) − η · [∇_α L_train(w⁺) − ∇_α L_train(w⁻)] / 2ε
//!               w' = w − η (μ m + ∇_w L_train + λ w),  w^± = w ± ε v,
//!               v = ∇_{w'} L_val(w', α),  ε = 0.01 / ‖v‖
//! ```

use crate::supernet::options::{SHARED_COUNT, with_shared};
use crate::supernet::{Entry, Method, Options, Order};
use netsmith::catalogue::{Parameter, ParameterKind, Settings};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "darts",
    "All operations of an edge are mixed by a softmax that is learnt on other data than the weights.",
    build,
)
.paper("Liu et al. 2019, arXiv:1806.09055")
.parameters(&PARAMETERS);

const PARAMETERS: [Parameter; SHARED_COUNT + 1] = with_shared([Parameter {
    name: "second-order",
    kind: ParameterKind::Switch,
    default: "false",
    doc: "Whether the architecture's gradient looks one step of the weights ahead; 2.5 times as slow.",
}]);

/// Liu et al.'s relaxation.
#[derive(Clone, Debug)]
struct Darts {
    options: Options,
}

fn build(settings: &Settings) -> Box<dyn Method> {
    Box::new(Darts {
        options: Options {
            order: Order::ArchitectureFirst,
            nesterov: false,
            second_order: settings.switch("second-order"),
            ..Options::of(settings)
        },
    })
}

impl Method for Darts {
    fn options(&self) -> &Options {
        &self.options
    }
}
