//! Which layer each box lies in, and the order within the layers.

/// Boxes in layers. A line over several layers is given a point in each layer
/// between its ends, so that all lines join neighbouring layers.
#[derive(Debug)]
pub(super) struct Layers {
    /// The layers from top to bottom: boxes and points from left to right.
    pub(super) layers: Vec<Vec<usize>>,
    /// For each box and point those above that it is joined to.
    pub(super) above: Vec<Vec<usize>>,
    /// For each box and point those below.
    pub(super) below: Vec<Vec<usize>>,
    /// Boxes and points that each line passes, from top to bottom.
    pub(super) lines: Vec<Vec<usize>>,
    /// Number of boxes; points have higher numbers.
    boxes: usize,
}

impl Layers {
    /// Layers for boxes that are joined by `edges`, from a lower to a higher
    /// number.
    pub(super) fn of(boxes: usize, edges: &[[usize; 2]]) -> Self {
        let depth = depths(boxes, edges);
        let count = depth.iter().max().map_or(0, |deepest| deepest + 1);
        let mut layers = Self {
            layers: vec![Vec::new(); count],
            above: vec![Vec::new(); boxes],
            below: vec![Vec::new(); boxes],
            lines: Vec::new(),
            boxes,
        };
        for (index, &layer) in depth.iter().enumerate() {
            layers.layers[layer].push(index);
        }
        for &[from, to] in edges {
            layers.add_line(from, to, &depth);
        }
        layers.sort();
        layers
    }

    /// Whether it is a point of a line, not a box.
    pub(super) fn is_point(&self, vertex: usize) -> bool {
        vertex >= self.boxes
    }

    fn add_line(&mut self, from: usize, to: usize, depth: &[usize]) {
        let mut line = vec![from];
        for layer in depth[from] + 1..depth[to] {
            let point = self.above.len();
            self.above.push(Vec::new());
            self.below.push(Vec::new());
            self.layers[layer].push(point);
            line.push(point);
        }
        line.push(to);
        for ends in line.windows(2) {
            self.below[ends[0]].push(ends[1]);
            self.above[ends[1]].push(ends[0]);
        }
        self.lines.push(line);
    }

    /// Orders each layer by the mean place of its neighbours, down and up in
    /// turn, and keeps the order with the fewest crossings.
    fn sort(&mut self) {
        /// More sweeps than this hardly ever help.
        const SWEEPS: usize = 12;
        let mut best = (self.crossings(), self.layers.clone());
        for sweep in 0..SWEEPS {
            if best.0 == 0 {
                break;
            }
            let down = sweep % 2 == 0;
            let count = self.layers.len();
            for step in 1..count {
                let layer = if down { step } else { count - 1 - step };
                self.sort_layer(layer, down);
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.layers.clone());
            }
        }
        self.layers = best.1;
    }

    fn sort_layer(&mut self, layer: usize, down: bool) {
        let fixed = if down { layer - 1 } else { layer + 1 };
        let places = self.places(fixed);
        let neighbours = if down { &self.above } else { &self.below };
        let order = self.layers[layer]
            .iter()
            .enumerate()
            .map(|(place, &vertex)| {
                let others = &neighbours[vertex];
                let sum: usize = others.iter().map(|&other| places[other]).sum();
                let own = place as f64;
                (
                    if others.is_empty() {
                        own
                    } else {
                        sum as f64 / others.len() as f64
                    },
                    vertex,
                )
            });
        let mut order: Vec<(f64, usize)> = order.collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0));
        self.layers[layer] = order.into_iter().map(|(_, vertex)| vertex).collect();
    }

    /// How many pairs of lines cross.
    fn crossings(&self) -> usize {
        let mut crossings = 0;
        for layer in 1..self.layers.len() {
            let places = self.places(layer - 1);
            let mut passed: Vec<usize> = Vec::new();
            for &vertex in &self.layers[layer] {
                let ends: Vec<usize> = self.above[vertex].iter().map(|&v| places[v]).collect();
                for end in &ends {
                    crossings += passed.iter().filter(|other| *other > end).count();
                }
                passed.extend(ends);
            }
        }
        crossings
    }

    /// The place of each vertex of a layer; 0 for all others.
    fn places(&self, layer: usize) -> Vec<usize> {
        let mut places = vec![0; self.above.len()];
        for (place, &vertex) in self.layers[layer].iter().enumerate() {
            places[vertex] = place;
        }
        places
    }
}

/// One more than the deepest box that each reads; then boxes with more lines
/// below than above move down as far as they can, which shortens lines.
fn depths(boxes: usize, edges: &[[usize; 2]]) -> Vec<usize> {
    let (mut above, mut below) = (vec![Vec::new(); boxes], vec![Vec::new(); boxes]);
    for &[from, to] in edges {
        below[from].push(to);
        above[to].push(from);
    }
    let mut depth = vec![0; boxes];
    for index in 0..boxes {
        let deepest = above[index].iter().map(|&from| depth[from] + 1).max();
        depth[index] = deepest.unwrap_or(0);
    }
    for index in (0..boxes).rev() {
        if below[index].len() > above[index].len() && !above[index].is_empty() {
            let first = below[index].iter().map(|&to| depth[to]).min();
            depth[index] = first.map_or(depth[index], |first| first - 1);
        }
    }
    depth
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_over_layers_has_points_between() {
        let layers = Layers::of(4, &[[0, 1], [0, 3], [1, 2], [2, 3]]);
        assert_eq!(layers.layers.len(), 4);
        let skip = &layers.lines[1];
        assert_eq!(skip.len(), 4);
        assert!(layers.is_point(skip[1]) && layers.is_point(skip[2]));
        assert_eq!(layers.above[3].len(), 2);
    }

    #[test]
    fn crossings_are_undone() {
        // Two pairs whose lines cross as they are given.
        let layers = Layers::of(5, &[[0, 1], [0, 2], [1, 4], [2, 3]]);
        assert_eq!(layers.crossings(), 0);
    }
}
