//! What turns gradients into changes of the parameters.

/// Changes parameters against a gradient.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimizer {
    kind: OptimizerKind,
    rate: f64,
    moments: Moments,
}

/// What an optimiser remembers between steps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moments {
    /// How many steps were taken.
    pub steps: i32,
    /// Average of the gradients, by parameter; empty before the first step.
    pub mean: Vec<f64>,
    /// Average of their squares.
    pub square: Vec<f64>,
}

/// Which rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OptimizerKind {
    /// `θ ← θ − rate·g`.
    Sgd,
    /// `m ← β₁m + (1 − β₁)g`, `v ← β₂v + (1 − β₂)g²`,
    /// `θ ← θ − rate·m̂ / (√v̂ + ε)`, with m̂ and v̂ corrected for their start at 0.
    ///
    /// # Paper
    /// Kingma and Ba 2015, arXiv:1412.6980, algorithm 1.
    Adam {
        /// β₁; 0 in ENAS.
        first_decay: f64,
        /// β₂.
        second_decay: f64,
        /// ε.
        epsilon: f64,
    },
}

impl OptimizerKind {
    /// Adam as published.
    pub const ADAM: Self = Self::Adam {
        first_decay: 0.9,
        second_decay: 0.999,
        epsilon: 1e-8,
    };
    /// Adam as ENAS sets it. Its code adds ε before the correction of v, which
    /// acts stronger in the first steps.
    pub const ENAS: Self = Self::Adam {
        first_decay: 0.0,
        second_decay: 0.999,
        epsilon: 1e-3,
    };
}

impl Optimizer {
    /// An optimiser with this learning rate.
    pub fn new(kind: OptimizerKind, rate: f64) -> Self {
        Self {
            kind,
            rate,
            moments: Moments::default(),
        }
    }

    /// What it remembers.
    pub fn moments(&self) -> &Moments {
        &self.moments
    }

    /// The same with what another has remembered.
    pub fn remembering(self, moments: Moments) -> Self {
        Self { moments, ..self }
    }

    /// One step down a gradient.
    pub fn descend(&mut self, parameters: &mut [f64], gradient: &[f64]) {
        let moments = &mut self.moments;
        moments.steps = moments.steps.saturating_add(1);
        let OptimizerKind::Adam {
            first_decay,
            second_decay,
            epsilon,
        } = self.kind
        else {
            super::matrix::add_scaled(parameters, -self.rate, gradient);
            return;
        };
        moments.mean.resize(parameters.len(), 0.0);
        moments.square.resize(parameters.len(), 0.0);
        let first = 1.0 - first_decay.powi(moments.steps);
        let second = 1.0 - second_decay.powi(moments.steps);
        // rate·(m / first) / (√(v / second) + ε), with one division an element.
        let (rate, root) = (self.rate / first * second.sqrt(), epsilon * second.sqrt());
        let moments = moments.mean.iter_mut().zip(&mut moments.square);
        for ((p, g), (m, v)) in parameters.iter_mut().zip(gradient).zip(moments) {
            *m = first_decay * *m + (1.0 - first_decay) * g;
            *v = second_decay * *v + (1.0 - second_decay) * g * g;
            *p -= rate * *m / (v.sqrt() + root);
        }
    }
}

/// Scales a gradient down to a Euclidean norm where it is larger, and returns
/// the norm it had.
pub fn cut_norm(gradient: &mut [f64], most: f64) -> f64 {
    let norm = super::matrix::dot(gradient, gradient).sqrt();
    if norm > most {
        let factor = most / norm;
        gradient.iter_mut().for_each(|g| *g *= factor);
    }
    norm
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Adam's first step is the learning rate along every axis.
    #[test]
    fn the_first_step_of_adam() {
        let mut parameters = [1.0, 1.0];
        let mut adam = Optimizer::new(OptimizerKind::ADAM, 0.01);
        adam.descend(&mut parameters, &[5.0, -0.001]);
        assert!((parameters[0] - 0.99).abs() < 1e-6);
        assert!((parameters[1] - 1.01).abs() < 1e-6);
    }

    /// Two steps by hand: m = 0.19, m̂ = 1; v = 0.001999, v̂ = 1.
    #[test]
    fn a_steady_gradient_keeps_its_pace() {
        let mut parameters = [0.0];
        let mut adam = Optimizer::new(OptimizerKind::ADAM, 0.5);
        adam.descend(&mut parameters, &[1.0]);
        adam.descend(&mut parameters, &[1.0]);
        assert!((parameters[0] + 1.0).abs() < 1e-7);
    }

    #[test]
    fn norms_are_cut() {
        let mut gradient = [3.0, 4.0];
        assert!((cut_norm(&mut gradient, 1.0) - 5.0).abs() < 1e-12);
        assert!((gradient[0] - 0.6).abs() < 1e-12);
        assert!((cut_norm(&mut gradient, 2.0) - 1.0).abs() < 1e-12);
    }
}
