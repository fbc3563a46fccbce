//! The memory that a step of a supernet needs, before the first one.

use super::{SiteForm, Supernet, mixes_of};
use crate::module::Mixture;
use crate::train::{Optimizer, largest, mixed_step_memory};

impl Supernet {
    /// Peak bytes of a step on so many samples, by plan: weights, gradients,
    /// momentum, activations and their gradients. A hard step computes one
    /// option of each site; its plan is that of the largest ones.
    pub fn planned_memory(&self, batch: usize, hard: bool) -> u64 {
        let mixture = match hard {
            true => self.largest_path(),
            false => {
                let sites = self.sites.iter();
                let even = sites.map(|site| vec![0.5; site.zero.len()]);
                self.mixture(&even.collect::<Vec<_>>())
            }
        };
        mixed_step_memory(&self.network, batch, Optimizer::SGD, Some(&mixture))
    }

    /// The mixture that computes the largest option of each site.
    fn largest_path(&self) -> Mixture {
        let consumers = self.network.consumers();
        let size_of = |input: usize| {
            let (mut at, mut size) = (input, 0);
            while let node = &self.network.nodes()[at]
                && consumers[at].len() == 1
            {
                size += node.shape.elements();
                match node.inputs[..] {
                    [before] => at = before,
                    _ => break,
                }
            }
            size
        };
        let weights = self.sites.iter().map(|site| match site.form {
            SiteForm::Gate(_) => vec![0.0, 1.0],
            SiteForm::Edges { .. } => vec![1.0; site.zero.len()],
            SiteForm::Options(_) => {
                let mut mixes = mixes_of(&self.network, site.decision.index());
                let inputs = mixes.next().unwrap_or_default();
                let sizes: Vec<f64> = inputs.iter().map(|&i| size_of(i) as f64).collect();
                let most = if sizes.is_empty() { 0 } else { largest(&sizes) };
                (0..site.zero.len()).map(|k| f64::from(k == most)).collect()
            }
        });
        self.mixture(&weights.collect::<Vec<_>>())
    }
}
