//! Ridge regression whose penalty is chosen by leave-one-out error.
//!
//! ```text
//! z        features, each with mean 0 and deviation 1 on the training samples
//! w(α)     = argmin Σ_i (y_i - ȳ - w·z_i)² + α |w|²
//! more samples than features, A = Z'Z:
//!     e_i(α) = (y_i - ȳ - w·z_i) / (1 - 1/n - z_i' (A + αI)⁻¹ z_i)
//! more features than samples, K = ZZ' and G = K + αI, with c = G⁻¹ (y - ȳ):
//!     w = Z'c,   e_i(α) = c_i / ((G⁻¹)_ii - 1/(αn))
//! ```
//!
//! `e_i` is the exact error on sample `i` of the fit without it; the `1/n` is the share of
//! the intercept, which is not penalised. The α with the least sum of squares counts, over
//! all targets together. The time grows with the cube of the smaller of both numbers.
//!
//! # Paper
//! Golub, Heath and Wahba 1979, "Generalized cross-validation as a method for choosing a
//! good ridge parameter"; scikit-learn's `RidgeClassifierCV` does the same.

use netsmith::cholesky::{Cholesky, dot};
use rayon::prelude::*;

/// Penalties that are tried: 10^-3 to 10^3 in ten equal ratios, as ROCKET has them.
fn penalties() -> impl IndexedParallelIterator<Item = f64> {
    (0..10_u8)
        .into_par_iter()
        .map(|step| 10_f64.powf(-3.0 + 6.0 * f64::from(step) / 9.0))
}

/// Features that are standardised at a time where there are many, to bound the memory.
const BLOCK: usize = 512;

/// A linear function from features to one or several targets.
#[derive(Clone, Debug)]
pub struct Ridge {
    standard: Standard,
    /// By target, by feature.
    weights: Vec<Vec<f64>>,
    means: Vec<f64>,
    penalty: f64,
}

impl Ridge {
    /// Fits the function to rows of features and, by target, to the values of the rows.
    ///
    /// # Panics
    /// Where there is no row or no target, or rows and targets differ in number.
    pub fn fit(rows: &[Vec<f32>], targets: &[Vec<f64>]) -> Self {
        let samples = rows.len();
        assert!(samples > 0 && !targets.is_empty(), "a fit needs samples");
        assert!(
            targets.iter().all(|values| values.len() == samples),
            "every row has its targets"
        );
        let standard = Standard::of(rows);
        let mean = |values: &Vec<f64>| values.iter().sum::<f64>() / samples as f64;
        let means: Vec<f64> = targets.iter().map(mean).collect();
        let centred = targets.iter().zip(&means);
        let centred: Vec<Vec<f64>> = centred
            .map(|(values, mean)| values.iter().map(|value| value - mean).collect())
            .collect();
        let Fit {
            weights, penalty, ..
        } = if standard.means.len() < samples {
            primal(&standard, rows, &centred)
        } else {
            dual(&standard, rows, &centred)
        };
        Self {
            standard,
            weights,
            means,
            penalty,
        }
    }

    /// The predictions for a row of features, by target.
    ///
    /// # Panics
    /// Where the row has another number of features than those of the fit.
    pub fn predict(&self, row: &[f32]) -> Vec<f64> {
        assert_eq!(row.len(), self.standard.means.len(), "features of the fit");
        let row = self.standard.apply(row, 0..row.len());
        let targets = self.weights.iter().zip(&self.means);
        targets
            .map(|(weights, mean)| mean + dot(weights, &row))
            .collect()
    }

    /// The penalty α that was chosen.
    pub fn penalty(&self) -> f64 {
        self.penalty
    }
}

/// The class of each test row, by a ridge regression on 1 for the class and -1 for the
/// others: two classes share one target, more have one each.
///
/// # Panics
/// As [`Ridge::fit`], or where a label is not below `classes`.
pub fn classify(rows: &[Vec<f32>], labels: &[u32], classes: usize, test: &[Vec<f32>]) -> Vec<u32> {
    assert!(
        labels.iter().all(|label| (*label as usize) < classes),
        "labels are classes below {classes}"
    );
    let sign = |class: usize| move |label: &u32| if *label as usize == class { 1.0 } else { -1.0 };
    let first = if classes == 2 { 1 } else { 0 };
    let targets = (first..classes.max(1)).map(|class| labels.iter().map(sign(class)).collect());
    let ridge = Ridge::fit(rows, &targets.collect::<Vec<Vec<f64>>>());
    let class = |row: &Vec<f32>| match ridge.predict(row)[..] {
        [score] if classes == 2 => u32::from(score > 0.0),
        ref scores => {
            let ranked = (0..).zip(scores);
            let best = ranked.reduce(|best, next| if next.1 > best.1 { next } else { best });
            best.map_or(0, |(class, _)| class)
        }
    };
    test.par_iter().map(class).collect()
}

/// Mean and deviation of each feature.
#[derive(Clone, Debug)]
struct Standard {
    means: Vec<f64>,
    /// One over the deviation; 0 for a feature that does not vary, which so counts nothing.
    factors: Vec<f64>,
}

impl Standard {
    fn of(rows: &[Vec<f32>]) -> Self {
        let (count, features) = (rows.len() as f64, rows[0].len());
        let mut means = vec![0.0; features];
        for row in rows {
            for (mean, value) in means.iter_mut().zip(row) {
                *mean += f64::from(*value) / count;
            }
        }
        let mut squares = vec![0.0; features];
        for row in rows {
            for ((square, value), mean) in squares.iter_mut().zip(row).zip(&means) {
                *square += (f64::from(*value) - mean).powi(2) / count;
            }
        }
        let factor = |(square, mean): (f64, &f64)| {
            // What is left of a constant is rounding.
            let deviation = square.sqrt();
            if deviation > 1e-9 * mean.abs() {
                1.0 / deviation
            } else {
                0.0
            }
        };
        Self {
            factors: squares.into_iter().zip(&means).map(factor).collect(),
            means,
        }
    }

    /// Some standardised features of a row.
    fn apply(&self, row: &[f32], features: std::ops::Range<usize>) -> Vec<f64> {
        let standard = self.means[features.clone()]
            .iter()
            .zip(&self.factors[features.clone()]);
        row[features]
            .iter()
            .zip(standard)
            .map(|(value, (mean, factor))| (f64::from(*value) - mean) * factor)
            .collect()
    }

    /// The features in blocks.
    fn blocks(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        let features = self.means.len();
        (0..features)
            .step_by(BLOCK)
            .map(move |from| from..features.min(from + BLOCK))
    }
}

/// What a penalty gives.
struct Fit {
    penalty: f64,
    /// The sum of squares of the leave-one-out errors.
    error: f64,
    /// By target: a weight for each feature; inside [`dual`] one for each sample.
    weights: Vec<Vec<f64>>,
}

/// The fit with the least error, of equal ones that with the smallest penalty. A penalty
/// under which rounding left no solution has none.
fn best(fits: Vec<Option<Fit>>) -> Option<Fit> {
    fits.into_iter()
        .flatten()
        .reduce(|best, next| if next.error < best.error { next } else { best })
}

/// With the features' matrix.
fn primal(standard: &Standard, rows: &[Vec<f32>], targets: &[Vec<f64>]) -> Fit {
    let features = standard.means.len();
    let rows: Vec<Vec<f64>> = rows
        .iter()
        .map(|row| standard.apply(row, 0..features))
        .collect();
    let column = |feature: usize| -> Vec<f64> { rows.iter().map(|row| row[feature]).collect() };
    let columns: Vec<Vec<f64>> = (0..features).map(column).collect();
    let products = lower_products(&columns);
    let sums = |values: &Vec<f64>| columns.iter().map(|column| dot(column, values)).collect();
    let sums: Vec<Vec<f64>> = targets.iter().map(sums).collect();
    let share = 1.0 / rows.len() as f64;
    let fits = penalties().map(|penalty| {
        let solver = with_penalty(&products, penalty)?;
        let leverage = |row: &Vec<f64>| {
            let half = solver.forward(row);
            dot(&half, &half)
        };
        let left: Vec<f64> = rows.iter().map(|row| 1.0 - share - leverage(row)).collect();
        let weights: Vec<Vec<f64>> = sums.iter().map(|sums| solver.solve(sums)).collect();
        let errors = targets.iter().zip(&weights).map(|(values, weights)| {
            let errors = values.iter().zip(&rows).zip(&left);
            errors
                .map(|((value, row), left)| ((value - dot(weights, row)) / left).powi(2))
                .sum::<f64>()
        });
        Some(Fit {
            penalty,
            error: errors.sum(),
            weights,
        })
    });
    best(fits.collect()).unwrap_or_else(|| no_fit(targets, features))
}

/// With the samples' matrix.
fn dual(standard: &Standard, rows: &[Vec<f32>], targets: &[Vec<f64>]) -> Fit {
    let samples = rows.len();
    let mut products: Vec<Vec<f64>> = (1..=samples).map(|size| vec![0.0; size]).collect();
    for block in standard.blocks() {
        let rows: Vec<Vec<f64>> = rows
            .par_iter()
            .map(|row| standard.apply(row, block.clone()))
            .collect();
        products
            .par_iter_mut()
            .enumerate()
            .for_each(|(i, products)| {
                for (product, other) in products.iter_mut().zip(&rows) {
                    *product += dot(&rows[i], other);
                }
            });
    }
    // The vector of ones belongs to the intercept, and has the eigenvalue 0. It gets the
    // mean eigenvalue instead, so that its share does not drown the others' in rounding.
    let trace: f64 = (0..samples).map(|i| products[i][i]).sum();
    let shift = if trace > 0.0 {
        trace / samples as f64
    } else {
        1.0
    };
    for product in products.iter_mut().flatten() {
        *product += shift / samples as f64;
    }
    let fits = penalties().map(|penalty| {
        let solver = with_penalty(&products, penalty)?;
        let share = 1.0 / ((shift + penalty) * samples as f64);
        let inverse = solver.inverse_diagonal();
        let weights: Vec<Vec<f64>> = targets.iter().map(|values| solver.solve(values)).collect();
        let errors = weights
            .iter()
            .flat_map(|weights| weights.iter().zip(&inverse));
        let errors = errors.map(|(weight, inverse)| (weight / (inverse - share)).powi(2));
        Some(Fit {
            penalty,
            error: errors.sum(),
            weights,
        })
    });
    let features = standard.means.len();
    let Some(fit) = best(fits.collect()) else {
        return no_fit(targets, features);
    };
    let mut weights = vec![vec![0.0; features]; targets.len()];
    for (weights, of_samples) in weights.iter_mut().zip(&fit.weights) {
        for (row, weight) in rows.iter().zip(of_samples) {
            let row = standard.apply(row, 0..features);
            for (sum, value) in weights.iter_mut().zip(row) {
                *sum += weight * value;
            }
        }
    }
    Fit { weights, ..fit }
}

/// The means of the targets alone.
fn no_fit(targets: &[Vec<f64>], features: usize) -> Fit {
    Fit {
        penalty: f64::INFINITY,
        error: f64::INFINITY,
        weights: vec![vec![0.0; features]; targets.len()],
    }
}

/// The products of all pairs of vectors: the lower triangle.
fn lower_products(vectors: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let row = |i: usize| {
        vectors[..=i]
            .iter()
            .map(|other| dot(&vectors[i], other))
            .collect()
    };
    (0..vectors.len()).into_par_iter().map(row).collect()
}

fn with_penalty(products: &[Vec<f64>], penalty: f64) -> Option<Cholesky> {
    Cholesky::of(products.len(), |i, j| {
        products[i][j] + if i == j { penalty } else { 0.0 }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsmith::random::Seed;
    use rand::RngExt;

    fn numbers(count: usize, seed: u64) -> Vec<f32> {
        let mut random = Seed::new(seed).stream();
        (0..count).map(|_| random.random_range(-1.0..1.0)).collect()
    }

    /// Seven samples with so many features, and two targets that go with the first feature.
    fn data(features: usize) -> (Vec<Vec<f32>>, Vec<Vec<f64>>) {
        let rows: Vec<Vec<f32>> = (0..7).map(|seed| numbers(features, seed)).collect();
        let target = |noise: u64| {
            let pairs = rows.iter().zip(numbers(7, noise));
            pairs
                .map(|(row, noise)| f64::from(row[0] + 0.3 * noise))
                .collect()
        };
        let targets: Vec<Vec<f64>> = vec![target(20), target(21)];
        (rows, targets)
    }

    fn centred(targets: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let centre = |values: &Vec<f64>| {
            let mean = mean(values);
            values.iter().map(|value| value - mean).collect()
        };
        targets.iter().map(centre).collect()
    }

    /// The sum of squares of the errors on each sample of a fit on the others, with an
    /// intercept of its own, which is the last weight and is not penalised.
    fn error_by_refits(rows: &[Vec<f64>], values: &[f64], penalty: f64) -> f64 {
        let with_one = |row: &Vec<f64>| -> Vec<f64> { [&row[..], &[1.0]].concat() };
        let rows: Vec<Vec<f64>> = rows.iter().map(with_one).collect();
        let size = rows[0].len();
        let mut error = 0.0;
        for out in 0..rows.len() {
            let rest: Vec<usize> = (0..rows.len()).filter(|other| *other != out).collect();
            let solver = Cholesky::of(size, |i, j| {
                let sum: f64 = rest.iter().map(|&k| rows[k][i] * rows[k][j]).sum();
                sum + if i == j && i + 1 < size { penalty } else { 0.0 }
            });
            let sum = |i: usize| rest.iter().map(|&k| rows[k][i] * values[k]).sum();
            let sums: Vec<f64> = (0..size).map(sum).collect();
            let weights = solver.expect("the penalty makes it positive").solve(&sums);
            error += (values[out] - dot(&weights, &rows[out])).powi(2);
        }
        error
    }

    type Form = fn(&Standard, &[Vec<f32>], &[Vec<f64>]) -> Fit;

    #[track_caller]
    fn check_error(features: usize, form: Form) {
        let (rows, targets) = data(features);
        let standard = Standard::of(&rows);
        let fit = form(&standard, &rows, &centred(&targets));
        let standardised = rows.iter().map(|row| standard.apply(row, 0..features));
        let rows: Vec<Vec<f64>> = standardised.collect();
        let refits = targets
            .iter()
            .map(|values| error_by_refits(&rows, values, fit.penalty));
        let expected: f64 = refits.sum();
        let difference = (fit.error - expected).abs();
        assert!(difference < 1e-6 * expected, "{} {expected}", fit.error);
    }

    #[test]
    fn the_error_is_that_of_fits_without_the_sample() {
        check_error(3, primal);
        check_error(5, primal);
        check_error(12, dual);
        // More than one block.
        check_error(BLOCK + 8, dual);
    }

    #[test]
    fn the_penalty_has_the_least_error() {
        let (rows, targets) = data(3);
        let standard = Standard::of(&rows);
        let fit = primal(&standard, &rows, &centred(&targets));
        let rows: Vec<Vec<f64>> = rows.iter().map(|row| standard.apply(row, 0..3)).collect();
        let error = |penalty: f64| -> f64 {
            let refits = targets
                .iter()
                .map(|values| error_by_refits(&rows, values, penalty));
            refits.sum()
        };
        let errors: Vec<f64> = penalties().map(error).collect();
        assert!(errors.iter().all(|error| *error > fit.error * (1.0 - 1e-6)));
        assert!(
            errors.iter().any(|error| *error > 1.5 * fit.error),
            "{errors:?}"
        );
    }

    #[test]
    fn both_forms_give_the_same_function() {
        let (rows, targets) = data(4);
        let standard = Standard::of(&rows);
        let targets = centred(&targets);
        let [one, other] = [primal, dual].map(|fit| fit(&standard, &rows, &targets));
        assert!((one.penalty - other.penalty).abs() < 1e-12);
        for (one, other) in one
            .weights
            .iter()
            .flatten()
            .zip(other.weights.iter().flatten())
        {
            assert!((one - other).abs() < 1e-9, "{one} {other}");
        }
    }

    #[test]
    fn a_fit_by_hand() {
        // One feature: z = -1, -1, 1, 1 and y - 3 = -2, -2, 2, 2, so w = 8 / (4 + α). All lies
        // on a line: the smallest penalty has the least error.
        let rows = [1.0_f32, 1.0, 3.0, 3.0].map(|value| vec![value, 7.0]);
        let ridge = Ridge::fit(&rows, &[vec![1.0, 1.0, 5.0, 5.0]]);
        assert!((ridge.penalty() - 1e-3).abs() < 1e-12);
        let slope = 8.0 / 4.001;
        // The second feature does not vary, and counts nothing.
        let predicted = ridge.predict(&[4.0, 100.0])[0];
        assert!(
            (predicted - (3.0 + 2.0 * slope)).abs() < 1e-9,
            "{predicted}"
        );
    }

    #[test]
    fn classes_are_told_apart() {
        let rows: Vec<Vec<f32>> = [
            [0.0, 0.1],
            [0.1, 0.0],
            [1.0, 0.1],
            [0.9, 0.0],
            [0.1, 1.0],
            [0.0, 0.9],
        ]
        .map(|row| row.to_vec())
        .to_vec();
        let labels = [0, 0, 1, 1, 2, 2];
        let test = [[0.05, 0.05], [1.1, 0.0], [0.0, 1.1]].map(|row| row.to_vec());
        assert_eq!(classify(&rows, &labels, 3, &test), [0, 1, 2]);
        assert_eq!(classify(&rows[..4], &labels[..4], 2, &test[..2]), [0, 1]);
    }
}
