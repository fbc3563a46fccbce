//! Plots as inline SVG that takes its colours from the page.

use std::fmt::Write as _;

/// How a series is drawn.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Mark {
    Dots,
    Line,
    /// The area that the points enclose, around the line that follows it and in
    /// its colour; it has no name of its own.
    Band,
}

/// Points that belong together.
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) mark: Mark,
    pub(crate) points: Vec<(f64, f64)>,
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 15.0;
const TOP: f64 = 15.0;
const BOTTOM: f64 = 45.0;
/// Colours in the style sheet; later series begin anew, in another stroke.
const COLOURS: usize = 6;
/// Strokes in the style sheet.
const STROKES: usize = 3;

/// A plot; a remark where no point is finite.
pub(super) fn plot(title: &str, x: &str, y: &str, series: &[Series]) -> String {
    draw(title, [x, y], series, |value| value, |value| value, ticks)
}

/// A plot whose values along x, all above zero, stand by their logarithms.
pub(crate) fn log_plot(title: &str, x: &str, y: &str, series: &[Series]) -> String {
    draw(title, [x, y], series, f64::ln, f64::exp, log_ticks)
}

fn draw(
    title: &str,
    [x, y]: [&str; 2],
    series: &[Series],
    scale: fn(f64) -> f64,
    unscale: fn(f64) -> f64,
    marks: fn(f64, f64) -> (Vec<f64>, usize),
) -> String {
    let points = || {
        let all = series.iter().flat_map(|series| &series.points);
        all.filter(|point| point.0.is_finite() && point.1.is_finite())
    };
    if points().next().is_none() {
        return "<p>There is nothing to plot.</p>".into();
    }
    let [x0, x1] = range(points().map(|point| scale(point.0)));
    let [y0, y1] = range(points().map(|point| point.1));
    let across = |v: f64| LEFT + (scale(v) - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT);
    let down = |v: f64| HEIGHT - BOTTOM - (v - y0) / (y1 - y0) * (HEIGHT - TOP - BOTTOM);
    let mut svg = format!(
        "<figure><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{0}\"><title>{0}</title>",
        escape(title)
    );
    let (right, floor) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    let (heights, digits) = ticks(y0, y1);
    for value in heights {
        let py = down(value);
        let _ = write!(
            svg,
            "<path class=\"grid\" d=\"M{LEFT} {py:.1}H{right}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{value:.digits$}</text>",
            LEFT - 6.0,
            py + 4.0,
        );
    }
    let (places, digits) = marks(unscale(x0), unscale(x1));
    for value in places {
        let _ = write!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{value:.digits$}</text>",
            across(value),
            floor + 17.0,
        );
    }
    let _ = write!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
         <text transform=\"translate(14 {:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
        f64::midpoint(LEFT, right),
        HEIGHT - 8.0,
        escape(x),
        f64::midpoint(TOP, floor),
        escape(y)
    );
    for (index, series) in numbered(series) {
        let colour = index % COLOURS;
        let stroke = index / COLOURS % STROKES;
        let finite = series
            .points
            .iter()
            .filter(|p| p.0.is_finite() && p.1.is_finite());
        let places = finite.map(|point| (across(point.0), down(point.1)));
        match series.mark {
            Mark::Dots => {
                for (px, py) in places {
                    let _ = write!(
                        svg,
                        "<circle class=\"dot c{colour}\" cx=\"{px:.1}\" cy=\"{py:.1}\" r=\"3.5\"/>"
                    );
                }
            }
            Mark::Band => {
                let corners: Vec<_> = places.map(|(px, py)| format!("{px:.1},{py:.1}")).collect();
                let _ = write!(
                    svg,
                    "<polygon class=\"band c{colour}\" points=\"{}\"/>",
                    corners.join(" ")
                );
            }
            Mark::Line => {
                let line: Vec<_> = places.map(|(px, py)| format!("{px:.1},{py:.1}")).collect();
                let _ = write!(
                    svg,
                    "<polyline class=\"line c{colour} s{stroke}\" points=\"{}\"/>",
                    line.join(" ")
                );
            }
        }
    }
    svg.push_str("</svg><figcaption>");
    for (index, series) in numbered(series) {
        if series.mark == Mark::Band {
            continue;
        }
        let _ = write!(
            svg,
            "<span class=\"key k{} {}\">{}</span> ",
            index % COLOURS,
            match series.mark {
                Mark::Line => format!("t{}", index / COLOURS % STROKES),
                _ => String::new(),
            },
            escape(&series.name)
        );
    }
    svg.push_str("</figcaption></figure>");
    svg
}

/// All series with the numbers of their colours: a band has that of the series
/// that follows.
fn numbered(series: &[Series]) -> impl Iterator<Item = (usize, &Series)> {
    let mut next = 0;
    series.iter().map(move |own| {
        let number = next;
        next += usize::from(own.mark != Mark::Band);
        (number, own)
    })
}

/// A text as HTML shows it, in elements and in quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// The ends of an axis: a little more than the values span, never nothing.
fn range(values: impl Iterator<Item = f64>) -> [f64; 2] {
    let [low, high] = values.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], v| {
        [low.min(v), high.max(v)]
    });
    let margin = if high > low {
        (high - low) * 0.04
    } else {
        low.abs().max(1.0) * 0.1
    };
    [low - margin, high + margin]
}

/// The most marks along an axis.
const MOST_TICKS: usize = 7;

/// Round values between two ends, and the digits behind the point that they need:
/// multiples of 1, 2 or 5 times a power of ten.
fn ticks(low: f64, high: f64) -> (Vec<f64>, usize) {
    let span = high - low;
    let decade = span.log10().floor() as i32 - 1;
    let steps = (decade..decade + 3).flat_map(|power| [1.0, 2.0, 5.0].map(|digit| (digit, power)));
    let within = |step: f64| (low / step).ceil() as i64..=(high / step).floor() as i64;
    for (digit, power) in steps {
        let step = digit * 10.0_f64.powi(power);
        let multiples = within(step);
        if multiples.clone().count() <= MOST_TICKS {
            let values = multiples.map(|own| own as f64 * step);
            return (values.collect(), (-power).clamp(0, 6) as usize);
        }
    }
    (vec![low, high], 0)
}

/// Round values between two ends above zero whose logarithms stand at about equal
/// steps; those of [`ticks`] where the ends are close.
fn log_ticks(low: f64, high: f64) -> (Vec<f64>, usize) {
    let powers = low.log10().floor() as i32..=high.log10().ceil() as i32;
    for digits in [&[1.0, 2.0, 5.0][..], &[1.0]] {
        let all = powers.clone().flat_map(|power| {
            let values = digits.iter();
            values.map(move |digit| (digit * 10.0_f64.powi(power), power))
        });
        let within: Vec<_> = all.filter(|(own, _)| (low..=high).contains(own)).collect();
        let least = within.first().map_or(0, |(_, power)| *power);
        if (3..=MOST_TICKS).contains(&within.len()) {
            let values = within.into_iter().map(|(value, _)| value);
            return (values.collect(), (-least).clamp(0, 6) as usize);
        }
    }
    ticks(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_special_character_is_escaped() {
        assert_eq!(
            escape("<a href=\"x\">&'"),
            "&lt;a href=&quot;x&quot;&gt;&amp;&#39;"
        );
    }

    #[test]
    fn infinite_points_and_single_points_are_plotted_without_nan() {
        let series = [Series {
            name: "<b>".into(),
            mark: Mark::Dots,
            points: vec![(1.0, 0.5), (2.0, f64::NAN)],
        }];
        let svg = plot("t", "x", "y", &series);
        assert_eq!(svg.matches("<circle").count(), 1);
        assert!(!svg.contains("NaN") && !svg.contains("<b>"));
        assert!(plot("t", "x", "y", &[]).contains("nothing to plot"));
    }

    #[test]
    fn marks_stand_at_round_values() {
        let shown = |(values, digits): (Vec<f64>, usize)| -> Vec<String> {
            values.iter().map(|own| format!("{own:.digits$}")).collect()
        };
        assert_eq!(shown(ticks(-0.2, 11.8)), ["0", "2", "4", "6", "8", "10"]);
        assert_eq!(shown(ticks(89.8, 94.4)), ["90", "91", "92", "93", "94"]);
        assert_eq!(
            shown(ticks(0.912, 0.918)),
            [
                "0.912", "0.913", "0.914", "0.915", "0.916", "0.917", "0.918"
            ]
        );
        assert_eq!(
            shown(log_ticks(205.0, 14_033.0)),
            ["500", "1000", "2000", "5000", "10000"]
        );
        assert_eq!(shown(log_ticks(0.8, 1_250.0)), ["1", "10", "100", "1000"]);
        assert_eq!(
            shown(log_ticks(3.0, 9.0)),
            ["3", "4", "5", "6", "7", "8", "9"]
        );
    }

    /// A band has the colour of its line; along a logarithmic axis equal factors
    /// are equal steps.
    #[test]
    fn bands_go_with_their_lines() {
        let series = |mark, points: &[(f64, f64)]| Series {
            name: "n".into(),
            mark,
            points: points.to_vec(),
        };
        let all = [
            series(Mark::Line, &[(1.0, 0.0), (10.0, 0.5), (100.0, 1.0)]),
            series(Mark::Band, &[(1.0, 0.0), (100.0, 1.0), (100.0, 0.5)]),
            series(Mark::Line, &[(1.0, 0.1), (100.0, 0.9)]),
        ];
        let svg = log_plot("t", "x", "y", &all);
        assert!(
            svg.contains("band c1") && svg.contains("line c1 s0"),
            "{svg}"
        );
        assert_eq!(svg.matches("class=\"key").count(), 2);
        let line = svg.split("line c0 s0\" points=\"").nth(1).unwrap();
        let across = line.split('"').next().unwrap().split(' ');
        let across: Vec<f64> = across
            .map(|pair| pair.split(',').next().unwrap().parse().unwrap())
            .collect();
        assert!(
            (across[0] + across[2] - 2.0 * across[1]).abs() < 0.2,
            "{across:?}"
        );
    }
}
