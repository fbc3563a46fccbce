//! Networks that together hold every operation, with made-up weights.

use std::collections::BTreeMap;

use netsmith::catalogue::Settings;
use netsmith::network::operation::{
    Activation, Attention, BatchNorm, ChannelShuffle, Convolution, Dropout, Embedding, Groups,
    LayerNorm, Linear, Pad, Padding, Pool, Resize, Slice, Softmax, TransposedConvolution, Truncate,
    Window, Zero,
};
use netsmith::network::{Builder, Network, Operation, Role, Shape};
use netsmith::random::{Random, Seed};
use netsmith::space::{self, Limits};
use netsmith_nn::data::modality::table::{ColumnKind, Encoding, TableColumn};
use netsmith_nn::data::modality::{Images, Modality, Series, Table};
use netsmith_nn::data::{Contract, Scale};
use netsmith_nn::export::TrainedNetwork;
use netsmith_nn::task::{Classification, Regression, Task};
use rand::RngExt;
use std::sync::Arc;

/// A network with everything that an export takes.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) network: Network,
    pub(crate) weights: Vec<Vec<f32>>,
    pub(crate) contract: Contract,
    /// The columns of a table; none of images.
    columns: Vec<TableColumn>,
    /// How a regression scales its target.
    pub(crate) target: Option<Scale>,
    pub(crate) provenance: BTreeMap<String, String>,
}

impl Case {
    /// A classification of images whose classes are the network's outputs.
    pub(crate) fn images(name: &str, network: Network) -> Self {
        let shape = network.inputs().next().expect("it has an input");
        let ([height, width], channels) = (shape.positions(), shape.channels());
        let scale = |channel: usize| Scale {
            mean: 100.0 + channel as f32,
            std: 50.0,
        };
        let images = Images {
            shape: [channels, height, width],
            channels: (0..channels).map(scale).collect(),
        };
        Self::new(name, network, Arc::new(images), Vec::new(), None)
    }

    /// A classification of what the network takes: images, or numbers.
    fn of_space(name: &str, network: Network) -> Self {
        let shape = network.inputs().next().expect("it has an input");
        let Shape::Vector { features } = shape else {
            return Self::images(name, network);
        };
        let number = Encoding::Number {
            scale: Scale {
                mean: 100.0,
                std: 50.0,
            },
            missing_indicator: false,
        };
        Self::table(name, network, vec![number; features], None)
    }

    /// A table of columns that are encoded so, in a regression where the target is
    /// scaled.
    fn table(
        name: &str,
        network: Network,
        encodings: Vec<Encoding>,
        target: Option<Scale>,
    ) -> Self {
        let kind = |encoding: &Encoding| match encoding {
            Encoding::Number { .. } => ColumnKind::Number,
            Encoding::Category { .. } => ColumnKind::Category {
                names: ["a", "b", "\"c\"", "d"].map(Into::into).into(),
            },
        };
        let columns = encodings.iter().enumerate();
        let columns = columns.map(|(index, encoding)| TableColumn {
            name: format!("column {index}"),
            kind: kind(encoding),
        });
        let columns: Vec<TableColumn> = columns.collect();
        let schema = columns.clone();
        let table = Table {
            schema,
            encodings,
            notations: Vec::new(),
        };
        Self::new(name, network, Arc::new(table), columns, target)
    }

    fn new(
        name: &str,
        network: Network,
        modality: Arc<dyn Modality>,
        columns: Vec<TableColumn>,
        target: Option<Scale>,
    ) -> Self {
        let answer = *network.outputs().last().expect("it has an output");
        let outputs = network.nodes()[answer].shape.channels();
        let task: Arc<dyn Task> = match target {
            Some(_) => Arc::new(Regression {
                target: "price".into(),
                scale: target,
                offset: 0.0,
            }),
            None => Arc::new(Classification {
                classes: (0..outputs).map(|class| format!("class {class}")).collect(),
            }),
        };
        let provenance = [("run", "runs/made-up"), ("seed", "1")];
        Self {
            weights: made_up(&network),
            name: name.into(),
            network,
            contract: Contract { modality, task },
            columns,
            target,
            provenance: provenance.map(|(k, v)| (k.into(), v.into())).into(),
        }
    }

    pub(crate) fn trained(&self) -> TrainedNetwork<'_> {
        TrainedNetwork {
            network: &self.network,
            weights: &self.weights,
            contract: &self.contract,
            provenance: &self.provenance,
        }
    }

    /// Raw samples: whole numbers up to 255, in a table sometimes missing.
    pub(crate) fn samples(&self, count: usize) -> Vec<f32> {
        let mut random = Seed::new(2).child(&self.name).stream();
        let mut samples = Vec::new();
        for _ in 0..count {
            if self.contract.modality.name() == "series" {
                samples.extend(self.series(&mut random));
            } else if self.columns.is_empty() {
                let pixels = self.contract.modality.raw_shape().iter().product();
                samples.extend((0..pixels).map(|_| random.random_range(0..256) as f32));
            }
            samples.extend(self.columns.iter().map(|column| match &column.kind {
                _ if random.random_range(0..4) == 0 => f32::NAN,
                ColumnKind::Number => random.random_range(-3.0..300.0),
                ColumnKind::Category { names } => {
                    random.random_range(-1..names.len() as i32) as f32
                }
            }));
        }
        samples
    }
}

impl Case {
    /// One raw series: numbers, and missing values beyond its end.
    fn series(&self, random: &mut Random) -> Vec<f32> {
        let raw = self.contract.modality.raw_shape();
        let (channels, length) = (raw[0], raw[1]);
        let end = random.random_range(1..=length);
        let at = |place: usize| match place % length < end {
            true => random.random_range(50.0..150.0),
            false => f32::NAN,
        };
        (0..channels * length).map(at).collect()
    }
}

/// Series of unequal and of equal length.
pub(crate) fn series() -> Vec<Case> {
    [("series-masked", true), ("series-equal", false)]
        .map(|(name, masked)| {
            let scale = |channel: usize| Scale {
                mean: 100.0 + channel as f32,
                std: 50.0,
            };
            let series = Series {
                length: 12,
                channels: (0..2).map(scale).collect(),
                masked,
            };
            let mut chain = Chain::from(series.inputs()[0].shape);
            chain.add(Operation::Convolution(Convolution {
                window: Window {
                    kernel: [1, 5],
                    ..Window::square(1_usize, 1_usize)
                },
                ..Convolution::square(4_usize, 1_usize, 1_usize)
            }));
            chain.add(Operation::Activation(Activation::Relu));
            let network = chain.classifier();
            Case::new(name, network, Arc::new(series), Vec::new(), None)
        })
        .into()
}

/// Weights of a plausible size, all of them random.
fn made_up(network: &Network) -> Vec<Vec<f32>> {
    let seed = Seed::new(1);
    let of = |weight: &netsmith::network::Weight| {
        let mut random = seed.child(&weight.name).stream();
        let range = match weight.shape.role {
            Role::Kernel { fan_in } => {
                let bound = (3.0 / fan_in as f32).sqrt();
                -bound..bound
            }
            Role::Bias | Role::RunningMean => -0.5..0.5,
            Role::Scale | Role::RunningVariance => 0.5..1.5,
        };
        (0..weight.shape.elements())
            .map(|_| random.random_range(range.clone()))
            .collect()
    };
    network.weights().iter().map(of).collect()
}

/// Adds nodes to a network one after the other.
struct Chain {
    builder: Builder,
    last: usize,
}

impl Chain {
    fn image(channels: usize, height: usize, width: usize) -> Self {
        Self::from(Shape::image(channels, height, width))
    }

    fn from(shape: Shape) -> Self {
        let mut builder = Builder::new();
        let last = builder.input("image", shape);
        Self { builder, last }
    }

    fn add(&mut self, operation: Operation) -> usize {
        let inputs = [self.last];
        self.add_on(operation, &inputs)
    }

    fn add_on(&mut self, operation: Operation, inputs: &[usize]) -> usize {
        let name = format!("stage.{}", operation.name());
        self.last = self.builder.add(&name, operation, inputs).expect("it fits");
        self.last
    }

    /// Ends with a classifier of three classes.
    fn classifier(mut self) -> Network {
        if matches!(self.builder.shape(self.last), Shape::Image { .. }) {
            self.add(Operation::Flatten);
        }
        let head = Operation::Linear(Linear::new(3_usize));
        let head = self
            .builder
            .add("head", head, &[self.last])
            .expect("it fits");
        self.builder.finish(&[head])
    }
}

fn convolution(out: usize, kernel: usize, stride: usize) -> Convolution {
    Convolution::square(out, kernel, stride)
}

fn rectangle(kernel: [usize; 2], stride: [usize; 2]) -> Window {
    Window {
        kernel,
        stride,
        dilation: 1,
        padding: Padding::Same,
    }
}

/// One network for each operation and each kind of attribute.
fn operations() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut one = |name: &str, shape: [usize; 3], operations: Vec<Operation>| {
        let [channels, height, width] = shape;
        let mut chain = Chain::image(channels, height, width);
        for operation in operations {
            chain.add(operation);
        }
        cases.push(Case::images(name, chain.classifier()));
    };
    let norm = |affine| Operation::BatchNorm(BatchNorm { affine });
    let layer = |affine| Operation::LayerNorm(LayerNorm { affine });

    for (name, [c, h, w], mut convolution) in [
        ("conv-3x3", [3, 7, 6], convolution(4, 3, 1)),
        ("conv-stride", [3, 7, 6], convolution(4, 3, 2)),
        ("conv-dilated", [3, 9, 9], convolution(4, 3, 1).dilated(2)),
        ("conv-even", [2, 7, 7], convolution(4, 2, 2)),
        ("conv-even-4", [2, 7, 8], convolution(4, 4, 1)),
        ("conv-valid", [2, 7, 8], convolution(4, 3, 2).valid()),
        (
            "conv-depthwise",
            [4, 6, 6],
            convolution(4, 5, 1).depthwise(),
        ),
        ("conv-1x1", [4, 6, 6], convolution(6, 1, 2)),
    ] {
        one(
            name,
            [c, h, w],
            vec![Operation::Convolution(convolution.clone()), norm(true)],
        );
        convolution.bias = true;
        let name = format!("{name}-bias");
        one(&name, [c, h, w], vec![Operation::Convolution(convolution)]);
    }
    let mut grouped = convolution(6, 3, 1);
    grouped.groups = Groups::Count(2);
    one(
        "conv-groups",
        [4, 5, 5],
        vec![Operation::Convolution(grouped.clone()), norm(false)],
    );
    grouped.bias = true;
    grouped.window = rectangle([1, 3], [1, 2]);
    one(
        "conv-row",
        [4, 1, 9],
        vec![Operation::Convolution(grouped), norm(true)],
    );

    for (name, window) in [
        ("3x3", Window::square(3_usize, 1_usize)),
        ("3x3-stride", Window::square(3_usize, 2_usize)),
        ("2x2", Window::square(2_usize, 2_usize)),
        ("row", rectangle([1, 3], [1, 2])),
        (
            "valid",
            Window {
                padding: Padding::Valid,
                ..Window::square(3_usize, 2_usize)
            },
        ),
    ] {
        let pool = Pool { window };
        one(
            &format!("max-pool-{name}"),
            [2, 7, 7],
            vec![Operation::MaxPool(pool.clone())],
        );
        one(
            &format!("avg-pool-{name}"),
            [2, 7, 7],
            vec![Operation::AvgPool(pool)],
        );
    }
    for activation in Activation::ALL {
        let operations = vec![norm(true), Operation::Activation(activation)];
        one(activation.name(), [3, 4, 4], operations);
    }
    one("batch-norm", [3, 4, 4], vec![norm(true)]);
    one("batch-norm-fixed", [3, 4, 4], vec![norm(false)]);
    one(
        "batch-norm-vector",
        [3, 4, 4],
        vec![Operation::GlobalPool, norm(true)],
    );
    one("layer-norm", [3, 4, 4], vec![layer(true)]);
    one("layer-norm-fixed", [3, 4, 4], vec![layer(false)]);
    one(
        "layer-norm-vector",
        [3, 4, 4],
        vec![Operation::Flatten, layer(true)],
    );
    one("global-pool", [3, 4, 5], vec![Operation::GlobalPool]);
    one(
        "zero",
        [3, 4, 5],
        vec![Operation::Zero(Zero { stride: [1, 1] })],
    );
    one(
        "zero-stride",
        [3, 4, 5],
        vec![Operation::Zero(Zero { stride: [2, 2] })],
    );
    one("shift", [3, 4, 5], vec![Operation::Shift]);
    one("shift-row", [3, 1, 5], vec![Operation::Shift]);
    let shuffle = Operation::ChannelShuffle(ChannelShuffle { groups: 2 });
    one("channel-shuffle", [6, 3, 4], vec![shuffle]);
    let dropped = vec![
        Operation::Dropout(Dropout { rate: 0.5 }),
        Operation::DropPath,
        Operation::Identity,
    ];
    one("dropout", [3, 4, 4], dropped);
    let pad = Operation::Pad(Pad {
        channels: 5,
        height: 6,
        width: 4,
    });
    one("pad", [3, 4, 4], vec![pad.clone()]);
    one("pad-vector", [3, 4, 4], vec![Operation::GlobalPool, pad]);
    for (name, height, width) in [
        ("up", 8, 12),
        ("down", 2, 2),
        ("mixed", 2, 12),
        ("same", 4, 6),
        ("one-axis", 8, 6),
    ] {
        let resize = Operation::Resize(Resize { height, width });
        one(&format!("resize-{name}"), [2, 4, 6], vec![resize]);
    }
    one(
        "slice",
        [3, 1, 5],
        vec![Operation::Slice(Slice { position: 2 })],
    );
    for (name, from) in [("truncate", 0), ("truncate-from", 1)] {
        let truncate = Truncate { channels: 2, from };
        one(name, [3, 2, 4], vec![Operation::Truncate(truncate)]);
    }
    for (name, kernel, stride, dilation, padding) in [
        ("same", [3, 3], [2, 2], 1, Padding::Same),
        ("one-stride", [5, 3], [1, 1], 1, Padding::Same),
        ("wide-stride", [1, 2], [2, 3], 1, Padding::Same),
        ("valid", [3, 2], [2, 1], 1, Padding::Valid),
        ("dilated", [2, 3], [2, 1], 2, Padding::Same),
    ] {
        let window = Window {
            kernel,
            stride,
            dilation,
            padding,
        };
        for bias in [false, true] {
            let transposed = TransposedConvolution {
                out: 3,
                window: window.clone(),
                bias,
            };
            let operations = vec![Operation::TransposedConvolution(transposed), norm(true)];
            let name = format!("transposed-{name}{}", if bias { "-bias" } else { "" });
            one(&name, [2, 3, 4], operations);
        }
    }
    for (name, softmax) in [
        ("softmax-channels", Softmax::OverChannels),
        ("softmax-positions", Softmax::OverPositions),
    ] {
        one(name, [4, 3, 5], vec![Operation::Softmax(softmax)]);
    }
    let softmax = Operation::Softmax(Softmax::OverChannels);
    one(
        "softmax-vector",
        [4, 3, 5],
        vec![Operation::GlobalPool, softmax],
    );
    let mut no_bias = Linear::new(4_usize);
    no_bias.bias = false;
    let linear = vec![Operation::Flatten, Operation::Linear(no_bias), norm(true)];
    one("linear-no-bias", [2, 3, 3], linear);
    let linear = Operation::Linear(Linear::new(4_usize));
    one(
        "linear-norm",
        [2, 3, 3],
        vec![Operation::Flatten, linear, norm(true)],
    );

    cases.extend([joins(), sequence(), tied(), squeeze_excite()]);
    cases.extend([None, Some(1), Some(6)].map(attention));
    cases.push(sequences());
    cases
}

/// Every network of this file.
pub(crate) fn all() -> Vec<Case> {
    let mut cases = operations();
    cases.extend(tables());
    cases.extend(series());
    cases.extend(spaces());
    cases.extend([residual_network(), every_operation()]);
    cases
}

/// Sums, products and concatenations; a convolution that two nodes read and
/// that must keep its batch norm behind it; an auxiliary head.
fn joins() -> Case {
    let mut chain = Chain::image(3, 6, 6);
    let input = chain.last;
    let a = chain.add(Operation::Convolution(convolution(3, 3, 1)));
    let b = chain.add(Operation::BatchNorm(BatchNorm { affine: true }));
    let c = chain.add_on(Operation::Activation(Activation::Tanh), &[a]);
    chain.add_on(Operation::Flatten, &[c]);
    let auxiliary = chain.add(Operation::Linear(Linear::new(2_usize)));
    chain.add_on(Operation::Add, &[a, b]);
    let sum = chain.add_on(Operation::Add, &[chain.last, c, input]);
    let single = chain.add_on(Operation::Add, &[sum]);
    let product = chain.add_on(Operation::Multiply, &[single, b]);
    chain.add_on(Operation::Concat, &[product, input, c]);
    chain.add(Operation::Flatten);
    let head = chain.add(Operation::Linear(Linear::new(3_usize)));
    Case::images("joins", chain.builder.finish(&[auxiliary, head]))
}

fn sequence() -> Case {
    let mut chain = Chain::image(4, 1, 3);
    let input = chain.last;
    let steps: Vec<usize> = (0..3)
        .map(|position| chain.add_on(Operation::Slice(Slice { position }), &[input]))
        .collect();
    chain.add_on(Operation::Stack, &[steps[2], steps[0]]);
    Case::images("sequence", chain.classifier())
}

/// Attention of an image to a sequence in two heads, without a mask or with one of
/// this many rows.
fn attention(mask_rows: Option<usize>) -> Case {
    let mut chain = Chain::image(2, 6, 5);
    let input = chain.last;
    let of = |out: usize, kernel: [usize; 2]| {
        let mut convolution = convolution(out, 1, 1).valid();
        convolution.window.kernel = kernel;
        convolution.bias = true;
        Operation::Convolution(convolution)
    };
    let query = chain.add_on(of(4, [4, 4]), &[input]);
    let key = chain.add_on(of(4, [6, 1]), &[input]);
    let value = chain.add_on(of(6, [6, 1]), &[input]);
    let mut inputs = vec![query, key, value];
    if let Some(rows) = mask_rows {
        chain.add_on(of(1, [7 - rows, 1]), &[input]);
        inputs.push(chain.add(Operation::Activation(Activation::Relu)));
    }
    chain.add_on(Operation::Attention(Attention { heads: 2 }), &inputs);
    let name = match mask_rows {
        None => "attention".to_owned(),
        Some(rows) => format!("attention-mask-{rows}"),
    };
    Case::images(&name, chain.classifier())
}

/// Tokens through a small transformer, and made an image: the operations on
/// sequences that [`every_operation`] has not.
pub(crate) fn sequences() -> Case {
    let mut chain = Chain::image(1, 1, 6);
    let mut tokens = convolution(1, 1, 1);
    tokens.bias = true;
    let input = chain.add(Operation::Convolution(tokens));
    let embedding = Operation::Embedding(Embedding { tokens: 5, out: 4 });
    let embedded = chain.add(embedding);
    let mask = chain.add_on(Operation::Activation(Activation::Relu), &[input]);
    let [query, key, value] = [4, 4, 6].map(|out| {
        let projection = Operation::Convolution(convolution(out, 1, 1));
        chain.add_on(projection, &[embedded])
    });
    let attention = Operation::Attention(Attention { heads: 2 });
    let attended = chain.add_on(attention, &[query, key, value, mask]);
    let plain = Operation::Attention(Attention { heads: 1 });
    let again = chain.add_on(plain, &[attended, attended, attended]);
    chain.add_on(Operation::Softmax(Softmax::OverChannels), &[again]);
    let channels = chain.last;
    chain.add_on(Operation::Softmax(Softmax::OverPositions), &[again]);
    chain.add_on(Operation::Add, &[channels, chain.last, again]);
    for (kernel, padding) in [
        (3_usize, Padding::Same),
        (2, Padding::Same),
        (3, Padding::Valid),
    ] {
        let mut transposed = TransposedConvolution::square(3_usize, kernel, 2_usize);
        transposed.window.padding = padding;
        transposed.bias = kernel == 2;
        chain.add(Operation::TransposedConvolution(transposed));
    }
    Case::images("sequences", chain.classifier())
}

/// Weights that nodes share, with and without a batch norm behind them.
fn tied() -> Case {
    let mut chain = Chain::image(3, 5, 5);
    for step in 0..3 {
        let operation = Operation::Convolution(convolution(3, 3, 1));
        let added = chain
            .builder
            .add_tied("cell.step", operation, &[chain.last], "cell");
        chain.last = added.expect("it fits");
        if step > 0 {
            chain.add(Operation::BatchNorm(BatchNorm { affine: true }));
        }
    }
    Case::images("tied", chain.classifier())
}

fn squeeze_excite() -> Case {
    let mut chain = Chain::image(4, 5, 5);
    let input = chain.last;
    chain.add(Operation::GlobalPool);
    chain.add(Operation::Linear(Linear::new(2_usize)));
    chain.add(Operation::Activation(Activation::Relu));
    chain.add(Operation::Linear(Linear::new(4_usize)));
    let gate = chain.add(Operation::Activation(Activation::HardSigmoid));
    chain.add_on(Operation::Multiply, &[input, gate]);
    Case::images("squeeze-excite", chain.classifier())
}

/// Tables of numbers and categories, in classification and regression.
pub(crate) fn tables() -> Vec<Case> {
    let number = |mean, missing_indicator| Encoding::Number {
        scale: Scale { mean, std: 40.0 },
        missing_indicator,
    };
    let category = |codes: &[u32]| Encoding::Category {
        codes: codes.to_vec(),
    };
    let target = Scale {
        mean: 120.0,
        std: 7.5,
    };
    [
        (
            "table-numbers",
            vec![number(1.0, false), number(90.0, false)],
            None,
        ),
        (
            "table-missing",
            vec![number(1.0, true), number(90.0, false)],
            Some(target),
        ),
        ("table-categories", vec![category(&[0, 2, 3])], None),
        (
            "table-mixed",
            vec![
                category(&[0, 1]),
                number(5.0, true),
                category(&[1, 3]),
                number(9.0, true),
            ],
            Some(target),
        ),
    ]
    .map(|(name, columns, target)| {
        let width = columns.iter().map(Encoding::width).sum();
        let mut chain = Chain::from(Shape::vector(width));
        chain.add(Operation::Linear(Linear::new(8_usize)));
        chain.add(Operation::BatchNorm(BatchNorm { affine: true }));
        chain.add(Operation::Activation(Activation::Relu));
        let outputs = if target.is_some() { 1_usize } else { 3 };
        let head = chain.add(Operation::Linear(Linear::new(outputs)));
        let network = chain.builder.finish(&[head]);
        Case::table(name, network, columns, target)
    })
    .into()
}

/// A residual network with batch norms before and behind its convolutions.
pub(crate) fn residual_network() -> Case {
    let mut chain = Chain::image(3, 16, 16);
    let relu = Operation::Activation(Activation::Relu);
    let norm = Operation::BatchNorm(BatchNorm { affine: true });
    chain.add(Operation::Convolution(convolution(8, 3, 1)));
    chain.add(norm.clone());
    for stage in 0..2 {
        let (channels, stride) = (8 << stage, 1 + stage);
        let input = chain.last;
        for stride in [stride, 1] {
            chain.add(relu.clone());
            chain.add(Operation::Convolution(convolution(channels, 3, stride)));
            chain.add(norm.clone());
        }
        let branch = chain.add(Operation::DropPath);
        let skip = if stage == 0 {
            input
        } else {
            chain.add_on(Operation::AvgPool(Pool::square(2_usize, 2_usize)), &[input]);
            chain.add(Operation::Convolution(convolution(channels, 1, 1)))
        };
        chain.add_on(Operation::Add, &[branch, skip]);
    }
    chain.add(norm);
    chain.add(relu);
    chain.add(Operation::GlobalPool);
    chain.add(Operation::Dropout(Dropout { rate: 0.2 }));
    Case::images("residual-network", chain.classifier())
}

/// Every operation that an exported network can have.
pub(crate) fn every_operation() -> Case {
    let mut chain = Chain::image(4, 9, 8);
    let norm = |affine| Operation::BatchNorm(BatchNorm { affine });
    let square = |kernel: usize, stride: usize| Pool::square(kernel, stride);
    let mut grouped = convolution(6, 3, 1).dilated(2);
    grouped.groups = Groups::Count(2);
    grouped.bias = true;
    chain.add(Operation::Convolution(grouped));
    chain.add(norm(true));
    let stem = chain.add(Operation::Activation(Activation::Relu));
    let mut branches = Vec::new();
    for activation in Activation::ALL {
        chain.add_on(
            Operation::Convolution(convolution(6, 3, 1).depthwise()),
            &[stem],
        );
        chain.add(norm(false));
        branches.push(chain.add(Operation::Activation(activation)));
    }
    chain.add_on(Operation::Add, &branches);
    chain.add(Operation::ChannelShuffle(ChannelShuffle { groups: 3 }));
    chain.add(Operation::LayerNorm(LayerNorm { affine: true }));
    let mixed = chain.add(Operation::DropPath);
    let pools = [
        Operation::MaxPool(square(3, 2)),
        Operation::AvgPool(square(3, 2)),
        Operation::MaxPool(square(2, 2)),
        Operation::AvgPool(square(2, 2)),
        Operation::Convolution(convolution(6, 2, 2)),
        Operation::Zero(Zero { stride: [2, 2] }),
    ];
    let pools = pools.map(|pool| chain.add_on(pool, &[mixed]));
    chain.add_on(Operation::Shift, &[mixed]);
    let shifted = chain.add(Operation::Convolution(convolution(6, 1, 2)));
    let sum = chain.add_on(Operation::Add, &[pools.as_slice(), &[shifted]].concat());
    chain.add(Operation::GlobalPool);
    chain.add(Operation::Linear(Linear::new(6_usize)));
    let gate = chain.add(Operation::Activation(Activation::Sigmoid));
    let scaled = chain.add_on(Operation::Multiply, &[sum, gate]);
    chain.add_on(Operation::Identity, &[scaled]);
    chain.add(Operation::Pad(Pad {
        channels: 6,
        height: 6,
        width: 4,
    }));
    chain.add(Operation::Resize(Resize {
        height: 3,
        width: 8,
    }));
    let pooled = chain.add(Operation::GlobalPool);
    let flat = chain.add_on(Operation::Flatten, &[scaled]);
    let narrow = chain.add_on(Operation::Linear(Linear::new(6_usize)), &[flat]);
    chain.add_on(Operation::Stack, &[pooled, narrow, pooled]);
    for _ in 0..2 {
        let row = Convolution {
            window: Window {
                ..rectangle([1, 3], [1, 1])
            },
            ..convolution(6, 3, 1)
        };
        let row = Operation::Convolution(row);
        let tied = chain
            .builder
            .add_tied("cell.step", row, &[chain.last], "cell");
        chain.last = tied.expect("it fits");
    }
    let step = chain.add(Operation::Slice(Slice { position: 1 }));
    chain.add_on(Operation::Concat, &[step, narrow]);
    chain.add(norm(true));
    chain.add(Operation::LayerNorm(LayerNorm { affine: false }));
    chain.add(Operation::Dropout(Dropout { rate: 0.25 }));
    Case::images("every-operation", chain.classifier())
}

/// A few sampled networks of every space, made small through its parameters
/// where it has them.
fn spaces() -> Vec<Case> {
    const EACH: u64 = 3;
    let small = [("channels", "4"), ("cells", "3")];
    let mut cases = Vec::new();
    for entry in space::CATALOGUE {
        let known = |name: &str| {
            entry
                .parameters
                .iter()
                .any(|parameter| parameter.name == name)
        };
        let given = small.iter().filter(|(name, _)| known(name));
        let given = given.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings = Settings::new(entry.parameters, &given.collect()).expect("they are known");
        let build = |input| (entry.build)(&space::Task::vector(input, 3), &settings);
        let images = build(Shape::image(3, 16, 16));
        let space = images
            .or_else(|_| build(Shape::vector(6)))
            .expect("it takes one of the two");
        for number in 0..EACH {
            let mut random = Seed::new(number).child(entry.name).stream();
            let architecture = space.sample(&Limits::default(), &mut random);
            let network = space.network(&architecture.expect("there are no limits"));
            let network = network.expect("its shapes fit").pruned();
            cases.push(Case::of_space(&format!("{}-{number}", entry.name), network));
        }
    }
    cases
}
