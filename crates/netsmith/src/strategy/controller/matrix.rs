//! Products of small matrices and vectors on plain slices.
//!
//! A matrix of m rows and n columns is a slice of m·n numbers, row by row. Sums
//! run in a fixed order, so results are the same bits on every run.

/// `y += xᵀ·w`: `x` has m, `y` n and `w` m·n numbers.
pub(super) fn add_product(y: &mut [f64], x: &[f64], w: &[f64]) {
    let n = y.len();
    // Four rows at a time: `y` is then read and written a quarter as often.
    let (fours, rest) = x.as_chunks::<4>();
    let (quads, tail) = w.split_at(fours.len() * 4 * n);
    for ([a, b, c, d], rows) in fours.iter().zip(quads.chunks_exact(4 * n)) {
        let (first, second) = rows.split_at(2 * n);
        let (wa, wb) = first.split_at(n);
        let (wc, wd) = second.split_at(n);
        let pairs = wa.iter().zip(wb).zip(wc.iter().zip(wd));
        for (y, ((wa, wb), (wc, wd))) in y.iter_mut().zip(pairs) {
            *y += a * wa + b * wb + (c * wc + d * wd);
        }
    }
    for (x, row) in rest.iter().zip(tail.chunks_exact(n)) {
        for (y, w) in y.iter_mut().zip(row) {
            *y += x * w;
        }
    }
}

/// `x += w·y`: `x` has m, `y` n and `w` m·n numbers.
pub(super) fn add_transposed(x: &mut [f64], w: &[f64], y: &[f64]) {
    for (x, row) in x.iter_mut().zip(w.chunks_exact(y.len())) {
        *x += dot(row, y);
    }
}

/// `w += x·yᵀ`: `x` has m, `y` n and `w` m·n numbers.
pub(super) fn add_outer(w: &mut [f64], x: &[f64], y: &[f64]) {
    for (x, row) in x.iter().zip(w.chunks_exact_mut(y.len())) {
        for (w, y) in row.iter_mut().zip(y) {
            *w += x * y;
        }
    }
}

/// `y += x`.
pub(super) fn add(y: &mut [f64], x: &[f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += x;
    }
}

/// `y += a·x`.
pub(super) fn add_scaled(y: &mut [f64], a: f64, x: &[f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += a * x;
    }
}

/// The inner product, in eight running sums.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((eights, a), (others, b)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0; 8];
    for (a, b) in eights.iter().zip(others) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    let rest: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + e) + (b + f)) + ((c + g) + (d + h)) + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_any_size() {
        for (m, n) in [(1, 1), (3, 5), (9, 19), (4, 8)] {
            let x: Vec<f64> = (0..m).map(|i| i as f64 - 1.5).collect();
            let y: Vec<f64> = (0..n).map(|i| 0.5 * i as f64 + 1.0).collect();
            let w: Vec<f64> = (0..m * n).map(|i| (i % 7) as f64 - 3.0).collect();
            let (mut product, mut transposed) = (vec![1.0; n], vec![1.0; m]);
            add_product(&mut product, &x, &w);
            add_transposed(&mut transposed, &w, &y);
            let mut outer = w.clone();
            add_outer(&mut outer, &x, &y);
            for j in 0..n {
                let sum: f64 = (0..m).map(|i| x[i] * w[i * n + j]).sum();
                assert!((product[j] - 1.0 - sum).abs() < 1e-9);
            }
            for i in 0..m {
                let sum: f64 = (0..n).map(|j| w[i * n + j] * y[j]).sum();
                assert!((transposed[i] - 1.0 - sum).abs() < 1e-9);
                for j in 0..n {
                    let expected = w[i * n + j] + x[i] * y[j];
                    assert!((outer[i * n + j] - expected).abs() < 1e-9);
                }
            }
        }
    }
}
