//! Operations by name, with their attributes.

use super::error::Fault;
use super::table::{Table, integer, list};
use super::writer::{Names, Scope, Writer};
use crate::network::Operation;
use crate::network::operation::{Activation, catalogue};
use crate::space::{Graph, Size, block};
use std::ops::Range;
use toml::de::DeValue;

/// What an operation of the file is: a node, or several.
pub(super) enum Piece {
    Operation(Operation<Size>),
    Graph(Graph),
}

/// The blocks that consist of several operations.
const COMPOSITES: [&str; 6] = [
    "convolution-norm",
    "relu-convolution-norm",
    "separable",
    "dilated",
    "factorised-reduction",
    "squeeze-excite",
];

/// The names of all operations that a file may use.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let written = catalogue().filter(|entry| entry.build.read.is_some());
    written.map(|entry| entry.name).chain(COMPOSITES)
}

/// Reads the attributes of one operation.
pub(crate) struct Attributes<'w, 't> {
    writer: &'w mut Writer<'t>,
    table: &'w Table<'t>,
    scope: &'w Scope,
    names: &'w Names,
    operation: &'w str,
    span: Range<usize>,
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
            operation: name,
            span,
        };
        let entry = catalogue().find(|entry| entry.name == name);
        match entry.and_then(|entry| entry.build.read) {
            Some(read) => read(&mut attributes).map(Piece::Operation),
            None => attributes.composite().map(Piece::Graph),
        }
    }
}

impl Attributes<'_, '_> {
    /// Blocks that consist of several operations.
    fn composite(&mut self) -> Result<Graph, Fault> {
        let kernel = self.integer("kernel", 1, 3)?;
        let stride = self.integer("stride", 1, 1)?;
        let affine = self.switch("affine", true)?;
        Ok(match self.operation {
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
            "dilated" => block::dilated(kernel, stride, self.integer("dilation", 1, 2)?, affine),
            "factorised-reduction" => {
                let out = self.size("out", Size::Channels.times(2))?;
                block::factorised_reduction(out, affine)
            }
            "squeeze-excite" => block::squeeze_excite(self.integer("reduction", 1, 4)?),
            name => {
                let rule = format!("there is no operation or block `{name}`");
                let fault = Fault::new(self.span.clone(), rule);
                let operations = names().map(|name: &str| name);
                return Err(fault.among(name, self.writer.block_names().chain(operations)));
            }
        })
    }

    /// The name of the operation.
    pub(crate) fn operation(&self) -> &str {
        self.operation
    }

    /// A size that must be given.
    pub(crate) fn required(&mut self, key: &'static str) -> Result<Size, Fault> {
        match self.table.get(key) {
            Some(value) => self.writer.size(value, self.scope, self.names),
            None => Err(self.missing(key)),
        }
    }

    fn missing(&self, key: &str) -> Fault {
        Fault::new(self.span.clone(), format!("`{key}` is missing"))
    }

    /// A size; without one, the channels of what is read.
    pub(crate) fn channels(&mut self, key: &'static str) -> Result<Size, Fault> {
        self.size(key, Size::Channels)
    }

    fn size(&mut self, key: &'static str, default: Size) -> Result<Size, Fault> {
        match self.table.get(key) {
            Some(value) => self.writer.size(value, self.scope, self.names),
            None => Ok(default),
        }
    }

    /// One size for both axes, or a list of two.
    pub(crate) fn pair(&mut self, key: &'static str, default: usize) -> Result<[Size; 2], Fault> {
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

    /// A whole number that no decision sets, of at least `least`.
    pub(crate) fn integer(
        &self,
        key: &'static str,
        least: usize,
        default: usize,
    ) -> Result<usize, Fault> {
        match self.table.get(key) {
            Some(value) => integer(value, least, super::size::LARGEST),
            None => Ok(default),
        }
    }

    /// A whole number that must be given and counts tokens.
    pub(crate) fn tokens(&self, key: &'static str) -> Result<usize, Fault> {
        /// More than any vocabulary has.
        const MOST: usize = 1 << 24;
        match self.table.get(key) {
            Some(value) => integer(value, 1, MOST),
            None => Err(self.missing(key)),
        }
    }

    /// A whole number from 1, or a word; the number 1 without either.
    pub(crate) fn integer_or<T: Copy>(
        &self,
        key: &'static str,
        word: (&'static str, T),
    ) -> Result<Result<usize, T>, Fault> {
        let Some(value) = self.table.get(key) else {
            return Ok(Ok(1));
        };
        match value.get_ref() {
            DeValue::String(text) if text == word.0 => Ok(Err(word.1)),
            DeValue::String(_) => {
                let rule = format!("{key} are a number or \"{}\"", word.0);
                Err(Fault::new(value.span(), rule))
            }
            _ => Ok(Ok(integer(value, 1, super::size::LARGEST)?)),
        }
    }

    /// True or false.
    pub(crate) fn switch(&self, key: &'static str, default: bool) -> Result<bool, Fault> {
        Ok(self.table.switch(key)?.unwrap_or(default))
    }

    /// One of several words.
    pub(crate) fn word<T: Copy>(
        &self,
        key: &'static str,
        words: &[(&'static str, T)],
        default: T,
    ) -> Result<T, Fault> {
        self.table.word(key, words, default)
    }

    /// A number from 0 to under 1.
    pub(crate) fn rate(&self, key: &'static str, default: f32) -> Result<f32, Fault> {
        match self.table.number(key)? {
            None => Ok(default),
            Some((rate, _)) if (0.0..1.0).contains(&rate) => Ok(rate),
            Some((rate, span)) => {
                let rule = format!("{key} is {rate}: it lies from 0 to under 1");
                Err(Fault::new(span, rule))
            }
        }
    }
}

/// The operation that an inline table writes by itself.
pub(super) fn alone<'t>(writer: &mut Writer<'t>, table: &Table<'t>) -> Result<Operation, Fault> {
    let Some((name, span)) = table.text("operation")? else {
        return Err(Fault::new(table.span.clone(), "`operation` is missing"));
    };
    let (scope, names) = (Scope::default(), Names::default());
    let piece = writer.operation(name, span.clone(), table, &scope, &names)?;
    table.finish()?;
    let Piece::Operation(operation) = piece else {
        return Err(Fault::new(span, format!("`{name}` is several operations")));
    };
    operation.map(&mut |size| match size {
        Size::Fixed(size) => Ok(*size),
        _ => {
            let fault = Fault::new(span.clone(), "a size of a lone operation is a number");
            Err(fault.hint("only operations of a space read the channels of others"))
        }
    })
}
