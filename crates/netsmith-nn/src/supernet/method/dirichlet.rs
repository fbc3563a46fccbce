//! Draws of a Dirichlet distribution whose gradient goes through the draw.
//!
//! ```text
//! z_k ~ Gamma(β_k),  p = z / Σ z                        p ~ Dirichlet(β)
//! dz/dβ = −(∂F(z; β)/∂β) / f(z; β)                      F, f: the gamma distribution
//! dp_j/dβ_k = (δ_jk − p_j) / Σ z · dz_k/dβ_k
//! ```
//!
//! The derivative of a gamma draw is implicit (Figurnov et al. 2018,
//! arXiv:1805.08498): the draw keeps its quantile while the concentration moves.

use netsmith::random::Random;
use rand::RngExt;

/// A draw, and how it moves with its concentrations.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct DirichletDraw {
    /// The probabilities; zero for closed options.
    pub(super) probabilities: Vec<f64>,
    /// `dz_k/dβ_k / Σ z`: how much of the whole a unit of concentration adds.
    pub(super) rates: Vec<f64>,
}

/// Draws once.
pub(super) fn dirichlet(
    concentrations: &[f64],
    open: &[bool],
    random: &mut Random,
) -> DirichletDraw {
    loop {
        let mut gammas = vec![0.0; concentrations.len()];
        for ((gamma_draw, &concentration), open) in gammas.iter_mut().zip(concentrations).zip(open)
        {
            if *open {
                *gamma_draw = gamma(concentration, random);
            }
        }
        let total: f64 = gammas.iter().sum();
        // With tiny concentrations all draws may be smaller than any number.
        if total <= f64::MIN_POSITIVE {
            continue;
        }
        let slope = |(z, concentration): (&f64, &f64)| match *z > 0.0 {
            true => gamma_slope(*z, *concentration) / total,
            false => 0.0,
        };
        return DirichletDraw {
            rates: gammas.iter().zip(concentrations).map(slope).collect(),
            probabilities: gammas.iter().map(|z| z / total).collect(),
        };
    }
}

/// A draw of the gamma distribution with scale 1 (Marsaglia and Tsang 2000).
fn gamma(shape: f64, random: &mut Random) -> f64 {
    if shape < 1.0 {
        let uniform: f64 = 1.0 - random.random::<f64>();
        return gamma(shape + 1.0, random) * uniform.powf(1.0 / shape);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(random);
        let v = (1.0 + c * x).powi(3);
        if v <= 0.0 {
            continue;
        }
        let uniform = 1.0 - random.random::<f64>();
        if uniform.ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v;
        }
    }
}

/// A draw of the normal distribution (Box and Muller 1958).
fn normal(random: &mut Random) -> f64 {
    let radius = (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.random::<f64>()).cos()
}

/// `dz/dβ` of a gamma draw at its quantile.
fn gamma_slope(z: f64, shape: f64) -> f64 {
    // F = Σ_n t_n and f = t_0 β / z, with t_n = z^(β+n) e^(−z) / Γ(β+n+1), so
    // ∂F/∂β = Σ_n t_n (ln z − ψ(β+n+1)). Far above the mean the terms cancel;
    // there the asymptotic form dz/dβ ≈ the growth of the quantile takes over.
    if z > FAR + 2.0 * shape {
        return far_slope(z, shape);
    }
    let mut psi = digamma(shape + 1.0);
    let (mut ratio, mut sum, mut n) = (z / shape, 0.0, 0.0);
    let logarithm = z.ln();
    loop {
        // `ratio` is t_n / f.
        let term = ratio * (logarithm - psi);
        sum += term;
        n += 1.0;
        if ratio < 1e-17 * (1.0 + sum.abs()) && n > z {
            return -sum;
        }
        psi += 1.0 / (shape + n);
        ratio *= z / (shape + n);
    }
}

/// How far above twice the concentration a draw is far in the tail.
const FAR: f64 = 12.0;

/// `dz/dβ` far in the upper tail: of `Γ(β, z) / Γ(β)` by central differences of
/// its continued fraction.
fn far_slope(z: f64, shape: f64) -> f64 {
    // ln Q(β, z) = β ln z − z − ln Γ(β) + ln K(β, z), and f = z^(β−1) e^(−z) / Γ(β);
    // dz/dβ = (∂Q/∂β) / f = z K (ln z − ψ(β) + ∂ ln K/∂β).
    let h = 1e-4;
    let fraction = |shape: f64| {
        let mut value = z + 60.0;
        for n in (1..60).rev() {
            let n = f64::from(n);
            value = z + 2.0 * n - 1.0 - shape - (n * (n - shape)) / (value.max(1e-300));
        }
        value.recip()
    };
    let k = fraction(shape);
    let slope = (fraction(shape + h).ln() - fraction(shape - h).ln()) / (2.0 * h);
    z * k * (z.ln() - digamma(shape) + slope)
}

/// The derivative of `ln Γ`.
pub(super) fn digamma(mut x: f64) -> f64 {
    let mut value = 0.0;
    while x < 16.0 {
        value -= 1.0 / x;
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    value + x.ln()
        - 0.5 / x
        - square * (1.0 / 12.0 - square * (1.0 / 120.0 - square * (1.0 / 252.0 - square / 240.0)))
}

/// The derivative of [`digamma`].
pub(super) fn trigamma(mut x: f64) -> f64 {
    let mut value = 0.0;
    while x < 16.0 {
        value += 1.0 / (x * x);
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    value
        + 1.0 / x
        + 0.5 * square
        + square / x * (1.0 / 6.0 - square * (1.0 / 30.0 - square * (1.0 / 42.0 - square / 30.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsmith::random::Seed;

    #[test]
    fn known_values_of_the_gamma_functions() {
        // −γ, and −γ − 2 ln 2; π²/6, and π²/2.
        assert!((digamma(1.0) + 0.577_215_664_901_533).abs() < 1e-12);
        assert!((digamma(0.5) + 1.963_510_026_021_423).abs() < 1e-12);
        assert!((trigamma(1.0) - std::f64::consts::PI.powi(2) / 6.0).abs() < 1e-11);
        assert!((trigamma(0.5) - std::f64::consts::PI.powi(2) / 2.0).abs() < 1e-11);
    }

    #[test]
    fn a_gamma_draw_keeps_its_quantile() {
        // F by its series, summed to the end.
        let below = |z: f64, shape: f64| {
            let log_gamma = |x: f64| {
                let (mut x, mut value) = (x, 0.0);
                while x < 40.0 {
                    value -= f64::ln(x);
                    x += 1.0;
                }
                let square = 1.0 / (x * x);
                value + (x - 0.5) * x.ln() - x
                    + 0.5 * std::f64::consts::TAU.ln()
                    + (1.0 / 12.0 - square * (1.0 / 360.0 - square / 1260.0)) / x
            };
            let mut term = (shape * f64::ln(z) - z - log_gamma(shape + 1.0)).exp();
            let (mut sum, mut n) = (0.0, 0.0);
            while term > 1e-18 || n < z {
                sum += term;
                n += 1.0;
                term *= z / (shape + n);
            }
            sum
        };
        for (z, shape) in [(0.1, 0.7), (1.0, 1.0), (0.02, 1.3), (4.0, 2.5), (9.0, 3.0)] {
            let target = below(z, shape);
            let at = |shape: f64| {
                let (mut low, mut high) = (0.0, 60.0);
                for _ in 0..200 {
                    let middle = 0.5 * (low + high);
                    match below(middle, shape) < target {
                        true => low = middle,
                        false => high = middle,
                    }
                }
                low
            };
            let slope = (at(shape + 1e-4) - at(shape - 1e-4)) / 2e-4;
            let found = gamma_slope(z, shape);
            assert!(
                (found - slope).abs() < 1e-5 * (1.0 + slope),
                "{z} {shape}: {found} {slope}"
            );
        }
    }

    #[test]
    fn the_two_forms_of_the_slope_meet() {
        for shape in [0.3, 1.0, 2.0, 4.0] {
            let z = FAR + 2.0 * shape;
            let (near, far) = (gamma_slope(z, shape), far_slope(z, shape));
            assert!((near / far - 1.0).abs() < 1e-4, "{shape}: {near} {far}");
        }
    }

    #[test]
    fn means_and_their_slopes_are_those_of_the_distribution() {
        // E p_k = β_k / Σ β, so dE p_0/dβ_0 = (Σ β − β_0) / (Σ β)².
        let concentrations = [0.5, 1.0, 2.5, 9.9];
        let open = [true, true, true, false];
        let mut random = Seed::new(3).stream();
        let (mut mean, mut slope, draws) = ([0.0; 4], [0.0; 4], 60_000);
        for _ in 0..draws {
            let draw = dirichlet(&concentrations, &open, &mut random);
            for k in 0..4 {
                mean[k] += draw.probabilities[k] / f64::from(draws);
                let own = draw.rates[k] * (1.0 - draw.probabilities[k]);
                slope[k] += own / f64::from(draws);
            }
        }
        for k in 0..3 {
            assert!(
                (mean[k] - concentrations[k] / 4.0).abs() < 0.005,
                "{mean:?}"
            );
            let expected = (4.0 - concentrations[k]) / 16.0;
            assert!((slope[k] - expected).abs() < 0.005, "{slope:?}");
        }
        assert!(mean[3].abs() < 1e-300 && slope[3].abs() < 1e-300);
    }
}
