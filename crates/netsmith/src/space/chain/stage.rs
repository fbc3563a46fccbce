//! One stage: blocks of one kind.

use super::super::{
    Align, AlignMethod, Choice, DecisionId, Decisions, Graph, Port, Repeat, Size, block,
};
use super::activations;
use super::axes::Axes;
use crate::catalogue::Settings;
use crate::network::Operation;
use crate::network::operation::{BatchNorm, Convolution};
use std::sync::Arc;

/// The kinds of block.
pub(super) const KINDS: [&str; 4] = ["convolution", "residual", "separable", "mbconv"];

/// What halves the input of a stage.
pub(super) const REDUCTIONS: [&str; 3] = ["stride", "max-pool", "average-pool"];

/// The part of a block's channels that squeeze-and-excitation works with
/// (Hu et al. 2018 use 16; networks as narrow as these need more).
const SQUEEZE: usize = 4;

/// The decisions of one stage.
pub(super) struct Stage<'a> {
    settings: &'a Settings,
    axes: Axes,
    stride: usize,
    /// What halves its input, where there is a choice.
    reduction: Option<DecisionId>,
    activation: DecisionId,
    depth: DecisionId,
    kind: DecisionId,
    width: DecisionId,
    kernel: DecisionId,
    expansion: DecisionId,
    squeeze_excite: DecisionId,
    skip: DecisionId,
}

impl<'a> Stage<'a> {
    pub(super) fn decide(
        decisions: &mut Decisions,
        settings: &'a Settings,
        axes: Axes,
        [index, stride]: [usize; 2],
        activation: DecisionId,
    ) -> Self {
        let name = format!("stage{index}");
        let widths = settings.integers("widths");
        let widths: Vec<usize> = widths.into_iter().map(|width| width << index).collect();
        let path = |part: &str| format!("{name}.{part}");
        let depth = decisions.value(&path("depth"), &settings.integers("depths"));
        let reductions = settings.words("reductions");
        let reduces = stride == 2 && reductions.len() > 1;
        let stage = Self {
            settings,
            axes,
            stride,
            activation,
            depth,
            reduction: reduces.then(|| decisions.choice(&path("reduction"), reductions)),
            kind: decisions.choice(&path("kind"), settings.words("kinds")),
            width: decisions.value(&path("width"), &widths),
            kernel: decisions.value(&path("kernel"), &axes.kernels(settings)),
            expansion: decisions.value(&path("expansion"), &settings.integers("expansions")),
            squeeze_excite: decisions.choice(&path("squeeze-excite"), ["off", "on"]),
            skip: decisions.choice(&path("skip"), ["off", "on"]),
        };
        for decision in [
            stage.depth,
            stage.kind,
            stage.width,
            stage.kernel,
            stage.expansion,
            stage.squeeze_excite,
            stage.skip,
        ]
        .into_iter()
        .chain(stage.reduction)
        {
            decisions.block(decision, &name);
        }
        if let Some(reduction) = stage.reduction {
            decisions.usual(reduction, 0);
        }
        stage
    }

    /// The first `depth` of the most blocks that the stage may have.
    pub(super) fn repeat(&self) -> Repeat {
        let depths = self.settings.integers("depths");
        let most = depths.into_iter().max().unwrap_or(1);
        Repeat {
            count: self.depth.into(),
            bodies: (0..most).map(|index| self.block(index)).collect(),
        }
    }

    fn block(&self, index: usize) -> Graph {
        if index > 0 || self.stride != 2 {
            let stride = if index == 0 { self.stride } else { 1 };
            return self.block_with(index, stride);
        }
        let words = self.settings.words("reductions");
        let option = |word: &str| self.reduced(word);
        let Some(decision) = self.reduction else {
            return option(words.first().copied().unwrap_or("stride"));
        };
        let choice = Choice {
            decision,
            options: words.into_iter().map(option).collect(),
            search_only: Vec::new(),
        };
        let mut graph = Graph::new(1);
        let output = graph.choice("reduction", choice, &[graph.input(0)]);
        graph.with_output(output)
    }

    /// The first block of a stage that halves its input.
    fn reduced(&self, word: &str) -> Graph {
        let pool = match word {
            "stride" => return self.block_with(0, 2),
            "max-pool" => Operation::MaxPool(self.axes.pool()),
            "average-pool" => Operation::AvgPool(self.axes.pool()),
            _ => unreachable!("no reduction `{word}` — this is a bug in netsmith"),
        };
        let mut graph = Graph::new(1);
        let x = graph.operation("pool", pool, &[graph.input(0)]);
        let block = Arc::new(self.block_with(0, 1));
        let x = graph.instance("pooled", &block, &[x]);
        graph.with_output(x)
    }

    fn block_with(&self, index: usize, stride: usize) -> Graph {
        let kind = |name: &str| match name {
            "residual" => self.residual(stride),
            "convolution" => self.skipped(index, self.convolution(stride)),
            "separable" => self.skipped(index, self.separable(stride)),
            "mbconv" => self.skipped(index, self.mbconv(stride)),
            _ => unreachable!("no block `{name}` — this is a bug in netsmith"),
        };
        let choice = Choice {
            decision: self.kind,
            options: self.settings.words("kinds").into_iter().map(kind).collect(),
            search_only: Vec::new(),
        };
        let mut graph = Graph::new(1);
        let output = graph.choice("block", choice, &[graph.input(0)]);
        graph.with_output(output)
    }

    /// A convolution, batch norm, activation.
    fn convolution(&self, stride: usize) -> Graph {
        let mut graph = Graph::new(1);
        let x = graph.input(0);
        let x = self.convolved(&mut graph, "convolution", self.spatial(stride), x);
        let x = self.activated(&mut graph, "activation", x);
        let x = self.excited(&mut graph, x);
        graph.with_output(x)
    }

    /// Two convolutions and a shortcut, which is projected where shapes differ
    /// (the basic block of He et al. 2016, arXiv:1512.03385).
    fn residual(&self, stride: usize) -> Graph {
        let mut graph = Graph::new(1);
        let input = graph.input(0);
        let x = self.convolved(&mut graph, "first", self.spatial(stride), input);
        let x = self.activated(&mut graph, "inner", x);
        let x = self.convolved(&mut graph, "second", self.spatial(1), x);
        let x = self.excited(&mut graph, x);
        let align = Align {
            channels: self.width.into(),
            method: AlignMethod::Project,
        };
        let shortcut = graph.align("shortcut", align, &[input, x]);
        let x = graph.operation("add", Operation::Add, &[x, shortcut]);
        let x = self.activated(&mut graph, "activation", x);
        graph.with_output(x)
    }

    /// Depthwise and pointwise convolution, each with norm and activation
    /// (Howard et al. 2017, arXiv:1704.04861).
    fn separable(&self, stride: usize) -> Graph {
        let mut graph = Graph::new(1);
        let x = graph.input(0);
        let x = self.convolved(&mut graph, "depthwise", self.depthwise(stride), x);
        let x = self.activated(&mut graph, "inner", x);
        let x = self.convolved(&mut graph, "pointwise", pointwise(self.width), x);
        let x = self.activated(&mut graph, "activation", x);
        let x = self.excited(&mut graph, x);
        graph.with_output(x)
    }

    /// The inverted bottleneck: expand, depthwise, project without activation
    /// (Sandler et al. 2018, arXiv:1801.04381).
    fn mbconv(&self, stride: usize) -> Graph {
        let mut graph = Graph::new(1);
        let x = graph.input(0);
        let wide = pointwise(Size::Channels.times(self.expansion));
        let x = self.convolved(&mut graph, "expand", wide, x);
        let x = self.activated(&mut graph, "expanded", x);
        let x = self.convolved(&mut graph, "depthwise", self.depthwise(stride), x);
        let x = self.activated(&mut graph, "inner", x);
        let x = self.excited(&mut graph, x);
        let x = self.convolved(&mut graph, "project", pointwise(self.width), x);
        graph.with_output(x)
    }

    /// The block with or without its input added. The first block of a stage
    /// changes the shape and has no skip, as in MobileNet.
    fn skipped(&self, index: usize, block: Graph) -> Graph {
        if index == 0 {
            return block;
        }
        let block = Arc::new(block);
        let option = |skip: bool| {
            let mut graph = Graph::new(1);
            let x = graph.input(0);
            let mut y = graph.instance("body", &block, &[x]);
            if skip {
                y = graph.operation("add", Operation::Add, &[y, x]);
            }
            graph.with_output(y)
        };
        let choice = Choice {
            decision: self.skip,
            options: vec![option(false), option(true)],
            search_only: Vec::new(),
        };
        let mut graph = Graph::new(1);
        let output = graph.choice("skip", choice, &[graph.input(0)]);
        graph.with_output(output)
    }

    fn convolved(
        &self,
        graph: &mut Graph,
        name: &str,
        convolution: Convolution<Size>,
        x: Port,
    ) -> Port {
        let x = graph.operation(name, Operation::Convolution(convolution), &[x]);
        let norm = Operation::BatchNorm(BatchNorm { affine: true });
        graph.operation(&format!("{name}.norm"), norm, &[x])
    }

    fn activated(&self, graph: &mut Graph, name: &str, x: Port) -> Port {
        graph.choice(name, activations(self.activation, self.settings), &[x])
    }

    fn excited(&self, graph: &mut Graph, x: Port) -> Port {
        let choice = Choice {
            decision: self.squeeze_excite,
            options: vec![
                Graph::chain([Operation::Identity]),
                block::squeeze_excite(SQUEEZE),
            ],
            search_only: Vec::new(),
        };
        graph.choice("squeeze-excite", choice, &[x])
    }

    /// A convolution of the stage's width and kernel.
    fn spatial(&self, stride: usize) -> Convolution<Size> {
        self.axes.convolution(self.width, self.kernel, stride)
    }

    fn depthwise(&self, stride: usize) -> Convolution<Size> {
        let convolution = self.axes.convolution(Size::Channels, self.kernel, stride);
        convolution.depthwise()
    }
}

fn pointwise(out: impl Into<Size>) -> Convolution<Size> {
    Convolution::square(out, 1, 1)
}
