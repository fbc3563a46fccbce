//! Logistic function and hyperbolic tangent of whole slices.
//!
//! They are written out, and not those of the platform, because they take most
//! of a proposal's time: a loop without calls or branches is compiled to vector
//! instructions, and gives the same bits everywhere.

/// Adding and subtracting it rounds a small number to a whole one, which then
/// stands in the lowest bits.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// ln 2 in two parts: products of the first with small whole numbers are exact.
const LN_2: [f64; 2] = [0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10];

/// 1/k! from k = 12 down to 0.
const TAYLOR: [f64; 13] = [
    2.087_675_698_786_81e-9,
    2.505_210_838_544_172e-8,
    2.755_731_922_398_589_3e-7,
    2.755_731_922_398_589e-6,
    2.480_158_730_158_73e-5,
    1.984_126_984_126_984e-4,
    1.388_888_888_888_889e-3,
    8.333_333_333_333_333e-3,
    4.166_666_666_666_666_4e-2,
    1.666_666_666_666_666_6e-1,
    0.5,
    1.0,
    1.0,
];

/// `e^x`, to about 1e-15 of its value; arguments are cut at ±700.
fn exp(x: f64) -> f64 {
    let x = x.clamp(-700.0, 700.0);
    let whole = x * std::f64::consts::LOG2_E + ROUND;
    let count = whole - ROUND;
    // |rest| is at most ln 2 / 2, where the series is exact to the last bits.
    let rest = (x - count * LN_2[0]) - count * LN_2[1];
    let series = TAYLOR.iter().fold(0.0, |sum, term| sum * rest + term);
    let power = f64::from_bits(whole.to_bits().wrapping_add(1023) << 52);
    series * power
}

/// `1 / (1 + e^-x)` in place.
pub(super) fn logistic(values: &mut [f64]) {
    for value in values {
        *value = 1.0 / (1.0 + exp(-*value));
    }
}

/// The hyperbolic tangent in place, to about 1e-16 in absolute terms.
pub(super) fn tanh(values: &mut [f64]) {
    for value in values {
        *value = 1.0 - 2.0 / (1.0 + exp(2.0 * *value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_to_the_platform() {
        let arguments = (-4_000..=4_000).map(|i| f64::from(i) * 0.01);
        for x in arguments.chain([-1e9, 1e9, 1e-300]) {
            let (mut s, mut t) = ([x], [x]);
            logistic(&mut s);
            tanh(&mut t);
            assert!((s[0] - 1.0 / (1.0 + (-x).exp())).abs() < 1e-15, "{x}");
            assert!((t[0] - x.tanh()).abs() < 4e-16, "{x} {}", t[0] - x.tanh());
        }
        let relative = |x: f64| (exp(x) / x.exp() - 1.0).abs();
        assert!((-600..600).map(f64::from).all(|x| relative(x) < 1e-14));
    }
}
