//! Dropout of a branch for whole samples.

use super::composed::Composition;
use super::dropout;
use super::fused::{Pass, Slot};
use super::inference::{Compiler, Draft};
use super::inheritance::Inheritance;
use super::trainable::{Sharing, Trainable};
use super::value::Value;
use netsmith::network::Saved;

/// Drops whole samples of a branch, at the rate of the step's noise.
#[derive(Debug)]
pub(super) struct DropPath;

impl Trainable for DropPath {
    fn compose(&self, site: &mut Composition<'_>) -> Value {
        let name = &site.node.name;
        let factors = site.noise.and_then(|n| n.drop_path(name, site.samples));
        dropout::compose(factors, site.first())
    }

    fn forward(&self, pass: &mut Pass<'_>, node: usize) -> Slot {
        dropout::scaled(pass, node, drawn(pass, node))
    }

    fn backward(&self, pass: &mut Pass<'_>, node: usize, gradient: Slot) {
        dropout::pull_scaled(pass, node, drawn(pass, node), gradient);
    }

    /// The factors are drawn again.
    fn saved(&self) -> Saved {
        Saved::Nothing
    }

    fn sharing(&self) -> Sharing {
        Sharing::Inference
    }

    fn inheritance(&self) -> Inheritance {
        Inheritance::passed()
    }

    fn compile(&self, _compiler: &mut Compiler<'_>, _node: usize) -> Option<Draft> {
        None
    }
}

/// What each sample of a node is multiplied with.
fn drawn(pass: &Pass<'_>, node: usize) -> Option<Vec<f32>> {
    let noise = pass.noise?;
    noise.drop_path(&pass.node(node).name, pass.samples)
}
