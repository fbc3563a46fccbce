//! Where each box lies, in pixels.

use super::layers::Layers;

/// Least distance between two boxes side by side.
const GAP: f64 = 22.0;
/// Distance between two layers, where the lines run.
const LAYER_GAP: f64 = 30.0;
/// Empty space around everything.
const MARGIN: f64 = 20.0;

/// Places of all boxes and lines.
#[derive(Debug)]
pub(super) struct Layout {
    /// Centre and top of each box.
    pub(super) boxes: Vec<[f64; 2]>,
    /// The corners of each line, from top to bottom.
    pub(super) lines: Vec<Vec<[f64; 2]>>,
    /// Width and height of everything.
    pub(super) size: [f64; 2],
}

impl Layout {
    /// Places boxes of these widths and heights, which are joined by `edges`
    /// from a lower to a higher number.
    pub(super) fn of(sizes: &[[f64; 2]], edges: &[[usize; 2]]) -> Self {
        let layers = Layers::of(sizes.len(), edges);
        let width = |vertex: usize| {
            if layers.is_point(vertex) {
                0.0
            } else {
                sizes[vertex][0]
            }
        };
        let mut x = columns(&layers, &width);
        let left = (0..x.len())
            .map(|v| x[v] - width(v) / 2.0)
            .fold(f64::INFINITY, f64::min);
        x.iter_mut().for_each(|x| *x += MARGIN - left);
        let right = (0..x.len())
            .map(|v| x[v] + width(v) / 2.0)
            .fold(0.0, f64::max);

        // The top and the bottom of each layer.
        let mut rows: Vec<[f64; 2]> = Vec::new();
        let mut layer_of = vec![0; x.len()];
        let mut top = MARGIN;
        for (index, layer) in layers.layers.iter().enumerate() {
            layer.iter().for_each(|&vertex| layer_of[vertex] = index);
            let boxes = layer.iter().filter(|&&vertex| !layers.is_point(vertex));
            let height = boxes.map(|&vertex| sizes[vertex][1]).fold(0.0, f64::max);
            rows.push([top, top + height]);
            top += height + LAYER_GAP;
        }
        let boxes: Vec<[f64; 2]> = (0..sizes.len())
            .map(|index| {
                let [top, bottom] = rows[layer_of[index]];
                [x[index], (top + bottom - sizes[index][1]) / 2.0]
            })
            .collect();
        let lines = layers.lines.iter().map(|line| {
            let (from, to) = (line[0], line[line.len() - 1]);
            let mut corners = vec![[x[from], boxes[from][1] + sizes[from][1]]];
            for &point in &line[1..line.len() - 1] {
                corners.extend(rows[layer_of[point]].map(|y| [x[point], y]));
            }
            corners.push([x[to], boxes[to][1]]);
            corners
        });
        let size = [right + MARGIN, (top - LAYER_GAP).max(0.0) + MARGIN];
        Self {
            lines: lines.collect(),
            boxes,
            size,
        }
    }
}

/// The centre of each box and point: as near as the order allows to the mean of
/// its neighbours.
fn columns(layers: &Layers, width: &impl Fn(usize) -> f64) -> Vec<f64> {
    /// The places hardly change any more after so many sweeps.
    const SWEEPS: usize = 16;
    let mut x = vec![0.0; layers.above.len()];
    for layer in &layers.layers {
        let wanted = vec![0.0; layer.len()];
        spread(layer, &wanted, &vec![1.0; layer.len()], width, &mut x);
    }
    for sweep in 0..SWEEPS {
        let down = sweep % 2 == 0;
        for step in 0..layers.layers.len() {
            let index = if down {
                step
            } else {
                layers.layers.len() - 1 - step
            };
            let layer = &layers.layers[index];
            let wanted = layer.iter().map(|&vertex| {
                let neighbours = if down {
                    &layers.above[vertex]
                } else {
                    &layers.below[vertex]
                };
                let sum: f64 = neighbours.iter().map(|&other| x[other]).sum();
                if neighbours.is_empty() {
                    x[vertex]
                } else {
                    sum / neighbours.len() as f64
                }
            });
            let wanted: Vec<f64> = wanted.collect();
            // Long lines should be straight before boxes are in the middle.
            let weights = layer
                .iter()
                .map(|&v| if layers.is_point(v) { 4.0 } else { 1.0 });
            spread(
                layer,
                &wanted,
                &weights.collect::<Vec<f64>>(),
                width,
                &mut x,
            );
        }
    }
    x
}

/// Places a layer with the least sum of weighted squared distances from what
/// is wanted, in its order and without overlaps: pool adjacent violators.
fn spread(
    layer: &[usize],
    wanted: &[f64],
    weights: &[f64],
    width: &impl Fn(usize) -> f64,
    x: &mut [f64],
) {
    // Each vertex relative to the first, if all lie as close as they may.
    let mut offsets = vec![0.0; layer.len()];
    for place in 1..layer.len() {
        let between = (width(layer[place - 1]) + width(layer[place])) / 2.0 + GAP;
        offsets[place] = offsets[place - 1] + between;
    }
    // Runs of vertices that touch: their common start, weight and length.
    let mut runs: Vec<(f64, f64, usize)> = Vec::new();
    for place in 0..layer.len() {
        let mut run = (wanted[place] - offsets[place], weights[place], 1);
        while let Some(&(start, weight, length)) = runs.last()
            && start >= run.0
        {
            let all = weight + run.1;
            run = ((start * weight + run.0 * run.1) / all, all, length + run.2);
            runs.pop();
        }
        runs.push(run);
    }
    let mut place = 0;
    for (start, _, length) in runs {
        for _ in 0..length {
            x[layer[place]] = start + offsets[place];
            place += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_do_not_overlap_and_lines_meet_them() {
        let sizes = [[50.0, 20.0], [80.0, 20.0], [60.0, 40.0], [50.0, 20.0]];
        let edges = [[0, 1], [0, 2], [0, 3], [1, 3], [2, 3]];
        let layout = Layout::of(&sizes, &edges);
        let [a, b] = [layout.boxes[1], layout.boxes[2]];
        assert!((a[0] - b[0]).abs() >= 70.0 + GAP - 1e-9);
        // The lower of the two heights is centred in its layer.
        assert!((a[1] - b[1] - 10.0).abs() < 1e-9);
        for (line, [from, to]) in layout.lines.iter().zip(edges) {
            let start = [
                layout.boxes[from][0],
                layout.boxes[from][1] + sizes[from][1],
            ];
            for (corner, place) in [(line[0], start), (line[line.len() - 1], layout.boxes[to])] {
                assert!((corner[0] - place[0]).abs() + (corner[1] - place[1]).abs() < 1e-9);
            }
        }
        let heights = 20.0 + 40.0 + 20.0 + 2.0 * LAYER_GAP + 2.0 * MARGIN;
        assert!((layout.size[1] - heights).abs() < 1e-9);
    }

    #[test]
    fn what_is_wanted_is_given_where_there_is_room() {
        let mut x = vec![0.0; 3];
        spread(
            &[0, 1, 2],
            &[0.0, 100.0, 100.0],
            &[1.0, 1.0, 1.0],
            &|_| 10.0,
            &mut x,
        );
        assert_eq!(x, [0.0, 100.0 - 16.0, 100.0 + 16.0]);
    }
}
