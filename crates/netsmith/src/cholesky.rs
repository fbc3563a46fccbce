//! Linear equations whose matrix is symmetric and positive definite.

/// The lower triangle `L` with `L L' = A`.
///
/// ```
/// use netsmith::cholesky::Cholesky;
///
/// let matrix = [[4.0, 2.0], [2.0, 5.0]];
/// let solver = Cholesky::of(2, |i, j| matrix[i][j]).expect("it is positive definite");
/// assert_eq!(solver.solve(&[8.0, 8.0]), [1.5, 1.0]);
/// // The inverse is [[5, -2], [-2, 4]] / 16.
/// assert_eq!(solver.inverse_diagonal(), [0.3125, 0.25]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Cholesky {
    /// Row by row, each up to its diagonal.
    rows: Vec<Vec<f64>>,
}

impl Cholesky {
    /// Factorises the matrix of this many rows whose elements are `element(row, column)`,
    /// asked for where `column <= row`; nothing where it is not positive definite.
    pub fn of(size: usize, mut element: impl FnMut(usize, usize) -> f64) -> Option<Self> {
        let mut rows: Vec<Vec<f64>> = Vec::with_capacity(size);
        for i in 0..size {
            let mut row: Vec<f64> = Vec::with_capacity(i + 1);
            for (j, other) in rows.iter().enumerate() {
                row.push((element(i, j) - dot(&row, &other[..j])) / other[j]);
            }
            let rest = element(i, i) - dot(&row, &row);
            if rest <= 0.0 {
                return None;
            }
            row.push(rest.sqrt());
            rows.push(row);
        }
        Some(Self { rows })
    }

    /// Solves `A x = b`.
    pub fn solve(&self, b: &[f64]) -> Vec<f64> {
        self.backward(self.forward(b))
    }

    /// Solves `L x = b`.
    pub fn forward(&self, b: &[f64]) -> Vec<f64> {
        let mut x: Vec<f64> = Vec::with_capacity(b.len());
        for (row, value) in self.rows.iter().zip(b) {
            let place = x.len();
            x.push((value - dot(&row[..place], &x)) / row[place]);
        }
        x
    }

    /// Solves `L' x = b`.
    fn backward(&self, mut b: Vec<f64>) -> Vec<f64> {
        for i in (0..b.len()).rev() {
            b[i] /= self.rows[i][i];
            let value = b[i];
            for (rest, l) in b[..i].iter_mut().zip(&self.rows[i]) {
                *rest -= l * value;
            }
        }
        b
    }

    /// The diagonal of the inverse of `A`.
    pub fn inverse_diagonal(&self) -> Vec<f64> {
        // Of L⁻¹ each column; those of a triangle are zero above the diagonal.
        let column = |start: usize| {
            let mut x: Vec<f64> = Vec::with_capacity(self.rows.len() - start);
            for row in &self.rows[start..] {
                let place = x.len();
                let product = dot(&row[start..start + place], &x);
                let unit = if place == 0 { 1.0 } else { 0.0 };
                x.push((unit - product) / row[start + place]);
            }
            dot(&x, &x)
        };
        (0..self.rows.len()).map(column).collect()
    }

    /// The natural logarithm of the determinant of `L`, half of that of `A`.
    pub fn log_determinant(&self) -> f64 {
        let diagonal = self.rows.iter().enumerate();
        diagonal.map(|(i, row)| row[i].ln()).sum()
    }
}

/// The product of two vectors of equal length; in eight sums, which the processor
/// adds side by side.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (mut sums, mut rest) = ([0.0; 8], 0.0);
    let (left, right) = (a.chunks_exact(8), b.chunks_exact(8));
    for (a, b) in left.remainder().iter().zip(right.remainder()) {
        rest += a * b;
    }
    for (a, b) in left.zip(right) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    rest + sums.iter().sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten rows: longer than the sums that are added side by side.
    fn element(i: usize, j: usize) -> f64 {
        1.0 / (1.0 + i.abs_diff(j) as f64) + if i == j { 0.1 } else { 0.0 }
    }

    #[test]
    fn the_triangle_solves_its_matrix() {
        let solver = Cholesky::of(10, element).unwrap();
        let b: Vec<f64> = (0..10).map(|i| f64::from(i) - 3.5).collect();
        let x = solver.solve(&b);
        for (i, b) in b.iter().enumerate() {
            let product: f64 = x.iter().enumerate().map(|(j, x)| element(i, j) * x).sum();
            assert!((product - b).abs() < 1e-12);
        }
        let inverse = solver.inverse_diagonal();
        for (i, inverse) in inverse.iter().enumerate() {
            let mut unit = [0.0; 10];
            unit[i] = 1.0;
            assert!((solver.solve(&unit)[i] - inverse).abs() < 1e-12);
        }
    }

    #[test]
    fn a_determinant_by_hand() {
        // 4 · 5 - 2 · 2.
        let solver = Cholesky::of(2, |i, j| [[4.0, 2.0], [2.0, 5.0]][i][j]).unwrap();
        assert!((2.0 * solver.log_determinant() - 16.0_f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn a_matrix_that_is_not_positive_definite_has_no_triangle() {
        assert!(Cholesky::of(2, |_, _| 1.0).is_none());
        assert!(Cholesky::of(1, |_, _| -1.0).is_none());
    }
}
