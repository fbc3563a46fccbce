//! Symmetric matrices: eigenvalues and determinants.

/// At most so many sweeps; a matrix of 64 rows takes about eight.
const MOST_SWEEPS: usize = 50;

/// All eigenvalues of a symmetric matrix, in no order, by cyclic Jacobi
/// rotations. Not numbers where an element is none.
pub(super) fn eigenvalues(mut a: Vec<Vec<f64>>) -> Vec<f64> {
    let size = a.len();
    if a.iter().flatten().any(|x| !x.is_finite()) {
        return vec![f64::NAN; size];
    }
    let scale: f64 = a.iter().flatten().map(|x| x * x).sum();
    for _ in 0..MOST_SWEEPS {
        let beside = (0..size).flat_map(|i| (0..i).map(move |j| (i, j)));
        let rest: f64 = beside.map(|(i, j)| a[i][j] * a[i][j]).sum();
        if rest <= scale * 1e-28 {
            break;
        }
        for p in 0..size {
            for q in p + 1..size {
                rotate(&mut a, p, q);
            }
        }
    }
    (0..size).map(|i| a[i][i]).collect()
}

/// Turns the element (p, q) to zero; p is before q.
fn rotate(a: &mut [Vec<f64>], p: usize, q: usize) {
    if a[p][q] == 0.0 {
        return;
    }
    let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
    let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let c = 1.0 / (t * t + 1.0).sqrt();
    let s = t * c;
    for row in a.iter_mut() {
        let (x, y) = (row[p], row[q]);
        row[p] = c * x - s * y;
        row[q] = s * x + c * y;
    }
    let (above, below) = a.split_at_mut(q);
    for (first, second) in above[p].iter_mut().zip(&mut below[0]) {
        let (x, y) = (*first, *second);
        *first = c * x - s * y;
        *second = s * x + c * y;
    }
}

/// The logarithm of the determinant of a symmetric matrix without negative
/// eigenvalues, by Cholesky's factors; minus infinity where it has none.
pub(super) fn log_determinant(mut a: Vec<Vec<f64>>) -> f64 {
    let size = a.len();
    let largest = (0..size).map(|i| a[i][i]).fold(0.0, f64::max);
    let mut sum = 0.0;
    for i in 0..size {
        for j in 0..=i {
            let products: f64 = (0..j).map(|k| a[i][k] * a[j][k]).sum();
            let rest = a[i][j] - products;
            if i == j {
                // What is left is rounding.
                if rest <= largest * size as f64 * f64::EPSILON {
                    return f64::NEG_INFINITY;
                }
                a[i][i] = rest.sqrt();
                sum += rest.ln();
            } else {
                a[i][j] = rest / a[j][j];
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvalues_by_hand() {
        // The characteristic polynomial is (2 − x) (x² − 7 x + 10 − 1).
        let matrix = vec![
            vec![2.0, 0.0, 0.0],
            vec![0.0, 2.0, 1.0],
            vec![0.0, 1.0, 5.0],
        ];
        let mut found = eigenvalues(matrix);
        found.sort_by(f64::total_cmp);
        let root = 13.0_f64.sqrt();
        let by_hand = [(7.0 - root) / 2.0, 2.0, (7.0 + root) / 2.0];
        for (found, by_hand) in found.iter().zip(by_hand) {
            assert!((found - by_hand).abs() < 1e-12, "{found} {by_hand}");
        }
    }

    #[test]
    fn determinant_and_eigenvalues_agree() {
        let size = 40;
        let row = |i: usize| {
            let cell = |j: usize| 1.0 / (1.0 + i.abs_diff(j) as f64);
            (0..size).map(cell).collect::<Vec<f64>>()
        };
        let matrix: Vec<Vec<f64>> = (0..size).map(row).collect();
        let sum: f64 = eigenvalues(matrix.clone()).iter().map(|v| v.ln()).sum();
        assert!((sum - log_determinant(matrix)).abs() < 1e-9);
    }

    #[test]
    fn a_singular_matrix_has_no_logarithm() {
        let matrix = vec![vec![3.0, 3.0], vec![3.0, 3.0]];
        assert!(log_determinant(matrix).is_infinite());
    }
}
