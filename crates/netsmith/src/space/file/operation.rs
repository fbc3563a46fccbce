//! Operations by name, with their attributes.

use super::error::Fault;
use super::table::{Table, integer, list};
use super::writer::{Names, Scope, Writer};
use crate::network::Operation;
use crate::network::operation::{
    Activation, BatchNorm, ChannelShuffle, Convolution, Dropout, Groups, LayerNorm, Linear, Pad,
    Padding, Pool, Resize, Slice, Truncate, Window, Zero,
};
use crate::space::{Graph, Size, block};
use std::ops::Range;
use toml::de::DeValue;

/// What an operation of the file is: a node, or several.
pub(super) enum Piece {
    Operation(Operation<Size>),
    Graph(Graph),
}

/// All names but those of activations.
const NAMES: [&str; 27] = [
    "convolution",
    "linear",
    "batch-norm",
    "layer-norm",
    "max-pool",
    "avg-pool",
    "global-pool",
    "add",
    "multiply",
    "concat",
    "identity",
    "zero",
    "shift",
    "channel-shuffle",
    "dropout",
    "drop-path",
    "flatten",
    "pad",
    "resize",
    "slice",
    "stack",
    "convolution-norm",
    "relu-convolution-norm",
    "separable",
    "dilated",
    "factorised-reduction",
    "squeeze-excite",
];

/// The names of all operations that a file may use.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let activations = Activation::ALL.into_iter().map(Activation::name);
    NAMES.into_iter().chain(activations)
}

/// Reads the attributes of one operation.
struct Attributes<'w, 't> {
    writer: &'w mut Writer<'t>,
    table: &'w Table<'t>,
    scope: &'w Scope,
    names: &'w Names,
}

impl<'t> Writer<'t> {
    /// The operation of this name with the attributes of the table.
    pub(super) fn operation(
        &mut self,
        name: &str,
        span: Range<usize>,
        table: &Table<'t>,
        scope: &Scope,
        names: &Names,
    ) -> Result<Piece, Fault> {
        let mut attributes = Attributes {
            writer: self,
            table,
            scope,
            names,
        };
        attributes
            .primitive(name, &span)
            .and_then(|found| match found {
                Some(operation) => Ok(Piece::Operation(operation)),
                None => attributes.composite(name, span).map(Piece::Graph),
            })
    }
}

impl Attributes<'_, '_> {
    fn primitive(
        &mut self,
        name: &str,
        span: &Range<usize>,
    ) -> Result<Option<Operation<Size>>, Fault> {
        if let Some(activation) = Activation::from_name(name) {
            return Ok(Some(Operation::Activation(activation)));
        }
        let affine = |table: &Table<'_>| Ok(table.switch("affine")?.unwrap_or(true));
        Ok(Some(match name {
            "convolution" => Operation::Convolution(self.convolution()?),
            "linear" => Operation::Linear(Linear {
                out: self.required("out", span)?,
                bias: self.table.switch("bias")?.unwrap_or(true),
            }),
            "batch-norm" => Operation::BatchNorm(BatchNorm {
                affine: affine(self.table)?,
            }),
            "layer-norm" => Operation::LayerNorm(LayerNorm {
                affine: affine(self.table)?,
            }),
            "max-pool" | "avg-pool" => {
                let pool = Pool {
                    window: self.window(2, 2)?,
                };
                match name {
                    "max-pool" => Operation::MaxPool(pool),
                    _ => Operation::AvgPool(pool),
                }
            }
            "global-pool" => Operation::GlobalPool,
            "add" => Operation::Add,
            "multiply" => Operation::Multiply,
            "concat" => Operation::Concat,
            "identity" => Operation::Identity,
            "zero" => Operation::Zero(Zero {
                stride: self.pair("stride", 1)?,
            }),
            "shift" => Operation::Shift,
            "channel-shuffle" => Operation::ChannelShuffle(ChannelShuffle {
                groups: self.integer("groups", 2)?,
            }),
            "dropout" => Operation::Dropout(Dropout { rate: self.rate()? }),
            "drop-path" => Operation::DropPath,
            "flatten" => Operation::Flatten,
            "pad" => Operation::Pad(Pad {
                channels: self.size("channels", Size::Channels)?,
                height: self.required("height", span)?,
                width: self.required("width", span)?,
            }),
            "resize" => Operation::Resize(Resize {
                height: self.required("height", span)?,
                width: self.required("width", span)?,
            }),
            "truncate" => Operation::Truncate(Truncate::first(self.required("channels", span)?)),
            "slice" => Operation::Slice(Slice {
                position: match self.table.get("position") {
                    Some(value) => integer(value, 0, super::size::LARGEST)?,
                    None => 0,
                },
            }),
            "stack" => Operation::Stack,
            _ => return Ok(None),
        }))
    }

    /// Blocks that consist of several operations.
    fn composite(&mut self, name: &str, span: Range<usize>) -> Result<Graph, Fault> {
        let kernel = self.integer("kernel", 3)?;
        let stride = self.integer("stride", 1)?;
        let affine = self.table.switch("affine")?.unwrap_or(true);
        Ok(match name {
            "convolution-norm" => {
                let activation = match self.table.text("activation")? {
                    None => None,
                    Some((name, span)) => Some(Activation::from_name(name).ok_or_else(|| {
                        let fault = Fault::new(span, format!("there is no activation `{name}`"));
                        fault.among(name, Activation::ALL.into_iter().map(Activation::name))
                    })?),
                };
                let out = self.size("out", Size::Channels)?;
                block::convolution_norm(out, kernel, stride, activation)
            }
            "relu-convolution-norm" => {
                let out = self.size("out", Size::Channels)?;
                block::relu_convolution_norm(out, kernel, stride, affine)
            }
            "separable" => block::separable(kernel, stride, affine),
            "dilated" => block::dilated(kernel, stride, self.integer("dilation", 2)?, affine),
            "factorised-reduction" => {
                let out = self.size("out", Size::Channels.times(2))?;
                block::factorised_reduction(out, affine)
            }
            "squeeze-excite" => block::squeeze_excite(self.integer("reduction", 4)?),
            _ => {
                let fault = Fault::new(span, format!("there is no operation or block `{name}`"));
                let operations = names().map(|name: &str| name);
                return Err(fault.among(name, self.writer.block_names().chain(operations)));
            }
        })
    }

    fn convolution(&mut self) -> Result<Convolution<Size>, Fault> {
        let groups = match self.table.get("groups") {
            None => Groups::Count(1),
            Some(value) => match value.get_ref() {
                DeValue::String(word) if word == "depthwise" => Groups::Depthwise,
                DeValue::String(_) => {
                    let fault = Fault::new(value.span(), "groups are a number or \"depthwise\"");
                    return Err(fault);
                }
                _ => Groups::Count(integer(value, 1, super::size::LARGEST)?),
            },
        };
        Ok(Convolution {
            out: self.size("out", Size::Channels)?,
            window: self.window(1, 1)?,
            groups,
            bias: self.table.switch("bias")?.unwrap_or(false),
        })
    }

    fn window(&mut self, kernel: usize, stride: usize) -> Result<Window<Size>, Fault> {
        let paddings = [("same", Padding::Same), ("valid", Padding::Valid)];
        Ok(Window {
            kernel: self.pair("kernel", kernel)?,
            stride: self.pair("stride", stride)?,
            dilation: self.integer("dilation", 1)?,
            padding: self.table.word("padding", &paddings, Padding::Same)?,
        })
    }

    fn rate(&mut self) -> Result<f32, Fault> {
        match self.table.number("rate")? {
            None => Ok(0.1),
            Some((rate, _)) if (0.0..1.0).contains(&rate) => Ok(rate),
            Some((rate, span)) => {
                let rule = format!("rate is {rate}: it lies from 0 to under 1");
                Err(Fault::new(span, rule))
            }
        }
    }

    /// One size for both axes, or a list of two.
    fn pair(&mut self, key: &'static str, default: usize) -> Result<[Size; 2], Fault> {
        let Some(value) = self.table.get(key) else {
            return Ok([default.into(), default.into()]);
        };
        if !matches!(value.get_ref(), DeValue::Array(_)) {
            let size = self.writer.size(value, self.scope, self.names)?;
            return Ok([size.clone(), size]);
        }
        let sizes: Result<Vec<Size>, Fault> = list(value)?
            .map(|value| self.writer.size(value, self.scope, self.names))
            .collect();
        let count = |sizes: Vec<Size>| {
            let rule = format!("{key} has {} sizes: expected height and width", sizes.len());
            Fault::new(value.span(), rule)
        };
        sizes?.try_into().map_err(count)
    }

    fn size(&mut self, key: &'static str, default: Size) -> Result<Size, Fault> {
        match self.table.get(key) {
            Some(value) => self.writer.size(value, self.scope, self.names),
            None => Ok(default),
        }
    }

    fn required(&mut self, key: &'static str, span: &Range<usize>) -> Result<Size, Fault> {
        match self.table.get(key) {
            Some(value) => self.writer.size(value, self.scope, self.names),
            None => Err(Fault::new(span.clone(), format!("`{key}` is missing"))),
        }
    }

    fn integer(&mut self, key: &'static str, default: usize) -> Result<usize, Fault> {
        match self.table.get(key) {
            Some(value) => integer(value, 1, super::size::LARGEST),
            None => Ok(default),
        }
    }
}
