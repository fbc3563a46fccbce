//! Moving numbers between tensors of different sizes.

use super::Morphism;

/// The values of these channels.
pub(super) fn gathered(values: &[f32], map: &[usize]) -> Vec<f32> {
    map.iter().map(|&from| values[from]).collect()
}

/// Two kernels `[out, in, height, width]` or `[out, in]`, the smaller window in
/// the middle of the larger one.
#[derive(Debug)]
pub(super) struct Kernel {
    new: [usize; 4],
    old: [usize; 4],
}

impl Kernel {
    /// Nothing where the window of the new one is smaller.
    pub(super) fn new(new: &[usize], old: &[usize]) -> Option<Self> {
        let (new, old) = (four(new)?, four(old)?);
        let grows = (2..4).all(|axis| new[axis] >= old[axis]);
        grows.then_some(Self { new, old })
    }

    /// Values of one row of the new kernel.
    pub(super) fn row(&self) -> usize {
        self.new[1..].iter().product()
    }

    /// Tells place and value of each number of one window.
    pub(super) fn place(
        &self,
        [row, column]: [usize; 2],
        [from_row, from_column]: [usize; 2],
        values: &[f32],
        mut set: impl FnMut(usize, f32),
    ) {
        let (new, old) = (self.new, self.old);
        let shift = [(new[2] - old[2]) / 2, (new[3] - old[3]) / 2];
        for y in 0..old[2] {
            for x in 0..old[3] {
                let from = ((from_row * old[1] + from_column) * old[2] + y) * old[3] + x;
                let place = (row * new[1] + column) * new[2] + y + shift[0];
                set(place * new[3] + x + shift[1], values[from]);
            }
        }
    }
}

/// Four axes; those that are missing have one element.
fn four(dims: &[usize]) -> Option<[usize; 4]> {
    match *dims {
        [out] => Some([out, 1, 1, 1]),
        [out, input] => Some([out, input, 1, 1]),
        [out, input, height, width] => Some([out, input, height, width]),
        _ => None,
    }
}

impl Morphism<'_> {
    /// Takes what tensors of the same node have in common: the first channels
    /// and the middle of the window.
    pub(super) fn take_common(&mut self, node: usize, old: usize) {
        let (it, was) = (&self.child.nodes()[node], &self.parent.nodes()[old]);
        let same_kind = it.operation.name() == was.operation.name();
        if !same_kind || it.weights.len() != was.weights.len() {
            return;
        }
        for (&new, &before) in it.weights.iter().zip(&was.weights) {
            let shapes = [
                four(&self.child.weights()[new].shape.dims),
                four(&self.parent.weights()[before].shape.dims),
            ];
            let [Some(to), Some(from)] = shapes else {
                continue;
            };
            let common: [usize; 4] = std::array::from_fn(|axis| to[axis].min(from[axis]));
            let values = &mut self.new.0[new];
            for index in 0..common.iter().product() {
                let at = coordinates(index, common);
                values[place(at, common, to)] = self.old.0[before][place(at, common, from)];
            }
        }
    }
}

fn coordinates(mut index: usize, dims: [usize; 4]) -> [usize; 4] {
    let mut at = [0; 4];
    for axis in (0..4).rev() {
        at[axis] = index % dims[axis];
        index /= dims[axis];
    }
    at
}

/// Where coordinates of the common part lie in a tensor: windows are centred.
fn place(at: [usize; 4], common: [usize; 4], dims: [usize; 4]) -> usize {
    (0..4).fold(0, |place, axis| {
        let shift = if axis < 2 {
            0
        } else {
            (dims[axis] - common[axis]) / 2
        };
        place * dims[axis] + at[axis] + shift
    })
}
