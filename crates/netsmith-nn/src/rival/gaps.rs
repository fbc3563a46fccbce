//! Missing values.

use super::Sample;

/// The values of a sample, `[channels, length]`, where each missing one lies on the line
/// between those before and after it in its channel. Before the first and after the last
/// it equals that; a channel without any value is zero.
pub(super) fn filled(sample: &Sample<'_>) -> Vec<f32> {
    let mut values = sample.values.to_vec();
    for channel in values.chunks_exact_mut(sample.length) {
        fill(channel);
    }
    values
}

fn fill(channel: &mut [f32]) {
    let mut before: Option<usize> = None;
    for step in 0..channel.len() {
        if channel[step].is_nan() {
            continue;
        }
        let from = before.map_or(0, |before| before + 1);
        let first = before.map_or(channel[step], |before| channel[before]);
        let slope = match before {
            Some(before) => (channel[step] - first) / (step - before) as f32,
            None => 0.0,
        };
        for (place, gap) in channel[from..step].iter_mut().enumerate() {
            *gap = first + slope * (place + 1) as f32;
        }
        before = Some(step);
    }
    let (from, last) = before.map_or((0, 0.0), |before| (before + 1, channel[before]));
    channel[from..].fill(last);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: &[f32], length: usize, expected: &[f32]) {
        assert_eq!(filled(&Sample::new(values, length)), expected);
    }

    #[test]
    fn gaps_lie_on_a_line_within_their_channel() {
        let no = f32::NAN;
        check(&[1.0, 2.0], 2, &[1.0, 2.0]);
        check(
            &[1.0, no, no, 4.0, no, no, 5.0, 6.0],
            4,
            &[1.0, 2.0, 3.0, 4.0, 5.0, 5.0, 5.0, 6.0],
        );
        check(&[no, no, 7.0, no], 2, &[0.0, 0.0, 7.0, 7.0]);
    }
}
