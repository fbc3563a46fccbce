//! GDAS: one option of each site is drawn, and the gradient goes through its
//! relaxation.
//!
//! ```text
//! g_k = −log(−log U),  z = (log softmax(α) + g) / τ,  p = softmax(z),  k* = argmax p
//! forward   y = o_{k*}(x)                     exactly one option is computed
//! backward  ∂L/∂α = 1/τ · J_softmax(z)ᵀ u,    u_{k*} = ⟨∂L/∂y, o_{k*}⟩, otherwise 0
//!           (the form of the cell spaces: what was not drawn has no gradient of its own;
//!           NAS-Bench-201's code has u_k = Σ ∂L/∂y there, as if it gave ones)
//! τ(e) = τ_max − (τ_max − τ_min) · e / (E − 1)
//! ```

use crate::supernet::options::{SHARED_COUNT, with_shared};
use crate::supernet::simplex::hardened;
use crate::supernet::{Alphas, Draw, Entry, Method, Moment, Options, gumbel};
use netsmith::catalogue::{Parameter, ParameterKind, Settings};
use netsmith::random::Random;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "gdas",
    "One operation per edge is drawn in each step; the gradient goes through its relaxation.",
    build,
)
.paper("Dong and Yang 2019, arXiv:1910.04465")
.parameters(&PARAMETERS);

const PARAMETERS: [Parameter; SHARED_COUNT + 3] = with_shared([
    Parameter {
        name: "temperature",
        kind: ParameterKind::Number(0.01, 100.0),
        default: "10",
        doc: "Temperature of the first epoch; it falls in a line.",
    },
    Parameter {
        name: "last-temperature",
        kind: ParameterKind::Number(0.01, 100.0),
        default: "0.1",
        doc: "Temperature of the last epoch.",
    },
    Parameter {
        name: "left-out",
        kind: ParameterKind::Word(&["nothing", "ones"]),
        default: "nothing",
        doc: "What operations that were not drawn add to the gradient: nothing (the form for cells), or as if they gave ones (NAS-Bench-201's code).",
    },
]);

/// Dong and Yang's sampler.
#[derive(Clone, Debug)]
struct Gdas {
    options: Options,
    temperatures: [f64; 2],
}

fn build(settings: &Settings) -> Box<dyn Method> {
    Box::new(Gdas {
        options: Options {
            hard: true,
            ones: settings.text("left-out") == "ones",
            ..Options::of(settings)
        },
        temperatures: [
            settings.number("temperature"),
            settings.number("last-temperature"),
        ],
    })
}

impl Gdas {
    fn temperature(&self, moment: Moment) -> f64 {
        let [first, last] = self.temperatures;
        first - (first - last) * moment.progress()
    }
}

impl Method for Gdas {
    fn options(&self) -> &Options {
        &self.options
    }

    fn draw(&self, alphas: &Alphas, moment: Moment, random: &mut Random) -> Draw {
        let temperature = self.temperature(moment);
        let sites = alphas.logits.iter().zip(&alphas.open);
        let soft: Vec<Vec<f64>> = sites
            .map(|(logits, open)| gumbel(logits, open, temperature, random))
            .collect();
        let rates = |soft: &Vec<f64>| soft.iter().map(|p| p / temperature).collect();
        Draw {
            mixture: soft.iter().map(|soft| hardened(soft)).collect(),
            rates: soft.iter().map(rates).collect(),
            soft,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_temperatures() {
        let gdas = Gdas {
            options: Options::of(&Settings::defaults(&PARAMETERS)),
            temperatures: [10.0, 0.1],
        };
        for (epoch, expected) in [(0, 10.0), (1, 9.960_241_0), (124, 5.069_879_5), (249, 0.1)] {
            let moment = Moment { epoch, epochs: 250 };
            assert!((gdas.temperature(moment) - expected).abs() < 1e-7);
        }
    }
}
