//! What a policy computed at each step, kept for the backward pass.

use super::lstm::{Before, Trace};
use std::ops::Range;

/// All steps of one architecture; its buffers serve the next one again.
#[derive(Clone, Debug, Default)]
pub(super) struct Tape {
    width: usize,
    layers: usize,
    frames: Vec<Frame>,
    /// By step and layer; the input of a layer above is the state of the one
    /// below.
    inputs: Vec<f64>,
    gates: Vec<f64>,
    cells: Vec<f64>,
    squashed: Vec<f64>,
    hidden: Vec<f64>,
    /// Shaped logits and what became of them, by step and option.
    pub(super) shaped: Vec<f64>,
    pub(super) log: Vec<f64>,
    /// `tanh(W_prev h_j + W_curr h)` by step and candidate.
    pub(super) mixed: Vec<f64>,
    /// The anchor of each candidate, by step; one for each of `mixed`.
    pub(super) anchors: Vec<Anchor>,
    /// `W_prev h` of steps, and of roots, where they were needed.
    pub(super) step_keys: Vec<Option<Vec<f64>>>,
    pub(super) root_keys: Vec<Option<Vec<f64>>>,
    zeros: Vec<f64>,
}

/// Where the numbers of a step stand.
#[derive(Clone, Debug)]
struct Frame {
    position: usize,
    logits: Range<usize>,
    anchors: Range<usize>,
}

/// What stands for a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    /// The state at a step.
    Step(usize),
    /// A vector of its own, for what comes from outside.
    Root(usize),
}

impl Tape {
    /// Begins with another architecture.
    pub(super) fn begin(&mut self, width: usize, layers: usize) {
        (self.width, self.layers) = (width, layers);
        self.zeros.resize(width, 0.0);
        self.frames.clear();
        for buffer in [
            &mut self.inputs,
            &mut self.gates,
            &mut self.cells,
            &mut self.squashed,
            &mut self.hidden,
            &mut self.shaped,
            &mut self.log,
            &mut self.mixed,
        ] {
            buffer.clear();
        }
        self.anchors.clear();
        self.step_keys.clear();
        self.root_keys.clear();
    }

    /// Adds a step of a decision at this place of the order, with room for its
    /// numbers, and returns its index.
    pub(super) fn push(&mut self, position: usize, logits: usize, anchors: usize) -> usize {
        let (step, all) = (self.frames.len(), self.width * self.layers);
        self.inputs.resize((step + 1) * self.width, 0.0);
        self.gates.resize((step + 1) * 4 * all, 0.0);
        for buffer in [&mut self.cells, &mut self.squashed, &mut self.hidden] {
            buffer.resize((step + 1) * all, 0.0);
        }
        let (from, first) = (self.shaped.len(), self.anchors.len());
        self.shaped.resize(from + logits, 0.0);
        self.log.resize(from + logits, 0.0);
        self.mixed.resize((first + anchors) * self.width, 0.0);
        self.anchors.resize(first + anchors, Anchor::Step(step));
        self.step_keys.push(None);
        self.frames.push(Frame {
            position,
            logits: from..from + logits,
            anchors: first..first + anchors,
        });
        step
    }

    pub(super) fn steps(&self) -> usize {
        self.frames.len()
    }

    /// Where the logits of a step stand.
    pub(super) fn logits(&self, step: usize) -> Range<usize> {
        self.frames[step].logits.clone()
    }

    /// Where the anchors of a step stand.
    pub(super) fn anchors_of(&self, step: usize) -> Range<usize> {
        self.frames[step].anchors.clone()
    }

    /// The first step after everything up to this place of the order was drawn;
    /// the step itself where that is still to come.
    pub(super) fn step_after(&self, position: usize, step: usize) -> usize {
        let after = |frame: &Frame| frame.position <= position;
        self.frames[..step].partition_point(after)
    }

    /// The input of a step.
    pub(super) fn input_mut(&mut self, step: usize) -> &mut [f64] {
        let width = self.width;
        &mut self.inputs[step * width..(step + 1) * width]
    }

    /// The state of the last layer at a step.
    pub(super) fn state(&self, step: usize) -> &[f64] {
        &self.hidden[self.range(step, self.layers - 1)]
    }

    /// The input of a step, or the state of the last layer of another, as they
    /// are needed at once.
    pub(super) fn input_and_state(&mut self, step: usize, of: usize) -> (&mut [f64], &[f64]) {
        let (width, range) = (self.width, self.range(of, self.layers - 1));
        let input = &mut self.inputs[step * width..(step + 1) * width];
        (input, &self.hidden[range])
    }

    /// The mixed vector of an anchor.
    pub(super) fn mixed_of(&self, anchor: usize) -> &[f64] {
        &self.mixed[anchor * self.width..(anchor + 1) * self.width]
    }

    fn range(&self, step: usize, layer: usize) -> Range<usize> {
        let from = (step * self.layers + layer) * self.width;
        from..from + self.width
    }

    /// Everything that the forward pass of a layer reads and writes.
    pub(super) fn layer_mut(
        &mut self,
        step: usize,
        layer: usize,
    ) -> (&[f64], Before<'_>, Trace<&mut [f64]>) {
        let (width, own) = (self.width, self.range(step, layer));
        let (old_cells, cells) = self.cells.split_at_mut(own.start);
        let (old_hidden, hidden) = self.hidden.split_at_mut(own.start);
        let before = match step {
            0 => Before {
                cell: &self.zeros,
                hidden: &self.zeros,
            },
            _ => {
                let from = own.start - self.layers * width;
                Before {
                    cell: &old_cells[from..from + width],
                    hidden: &old_hidden[from..from + width],
                }
            }
        };
        let input = match layer {
            0 => &self.inputs[step * width..(step + 1) * width],
            _ => &old_hidden[own.start - width..own.start],
        };
        let trace = Trace {
            gates: &mut self.gates[4 * own.start..4 * own.end],
            cell: &mut cells[..width],
            squashed: &mut self.squashed[own],
            hidden: &mut hidden[..width],
        };
        (input, before, trace)
    }

    /// Everything that the backward pass of a layer reads.
    pub(super) fn layer(&self, step: usize, layer: usize) -> (&[f64], Before<'_>, Trace<&[f64]>) {
        let own = self.range(step, layer);
        let before = match step {
            0 => Before {
                cell: &self.zeros,
                hidden: &self.zeros,
            },
            _ => {
                let before = self.range(step - 1, layer);
                Before {
                    cell: &self.cells[before.clone()],
                    hidden: &self.hidden[before],
                }
            }
        };
        let input = match layer {
            0 => &self.inputs[step * self.width..(step + 1) * self.width],
            _ => &self.hidden[self.range(step, layer - 1)],
        };
        let trace = Trace {
            gates: &self.gates[4 * own.start..4 * own.end],
            cell: &self.cells[own.clone()],
            squashed: &self.squashed[own.clone()],
            hidden: &self.hidden[own],
        };
        (input, before, trace)
    }
}
