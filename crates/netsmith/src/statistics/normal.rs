//! The normal distribution.

/// The share of the standard normal distribution below `x`, to 1e-7.
pub fn normal_share(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 - normal_tail(x)
    } else {
        normal_tail(-x)
    }
}

/// The share of the standard normal distribution above `x`, for `x >= 0`; far
/// out, where little is left, to some per mille of itself.
///
/// # Paper
/// Abramowitz and Stegun 1964, 26.2.17.
pub fn normal_tail(x: f64) -> f64 {
    const P: f64 = 0.231_641_9;
    const B: [f64; 5] = [
        0.319_381_530,
        -0.356_563_782,
        1.781_477_937,
        -1.821_255_978,
        1.330_274_429,
    ];
    let t = 1.0 / (1.0 + P * x);
    let sum = B.iter().rev().fold(0.0, |sum, b| (sum + b) * t);
    (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt() * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_shares() {
        for (x, share) in [(0.0, 0.5), (1.0, 0.841_344_7), (-1.959_964, 0.025)] {
            assert!((normal_share(x) - share).abs() < 1e-6, "{x}");
        }
        assert!((normal_tail(6.0) / 9.866e-10 - 1.0).abs() < 0.01);
    }
}
