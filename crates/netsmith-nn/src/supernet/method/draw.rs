//! What a method draws for a pass, and from what.

use crate::supernet::softmax;
use netsmith::random::Random;
use rand::RngExt;

/// The parameters of the architecture, by site, and which options they may take.
#[derive(Clone, Debug, PartialEq)]
pub struct Alphas {
    /// One logit for each option.
    pub logits: Vec<Vec<f64>>,
    /// Which options are open; the others count nothing.
    pub open: Vec<Vec<bool>>,
    /// Which options pass their input on.
    pub skip: Vec<Vec<bool>>,
}

impl Alphas {
    /// The probabilities of the options of each site.
    pub fn probabilities(&self) -> Vec<Vec<f64>> {
        let sites = self.logits.iter().zip(&self.open);
        sites.map(|(logits, open)| softmax(logits, open)).collect()
    }
}

/// Where a search stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The epoch, from zero.
    pub epoch: usize,
    /// All epochs.
    pub epochs: usize,
}

impl Moment {
    /// The share of the epochs that have begun before this one: 0 in the first,
    /// 1 in the last.
    pub fn progress(self) -> f64 {
        self.epoch as f64 / self.epochs.saturating_sub(1).max(1) as f64
    }
}

/// How the options count in one pass.
#[derive(Clone, Debug, PartialEq)]
pub struct Draw {
    /// The weight of each option of each site; zero: it is not computed.
    pub mixture: Vec<Vec<f64>>,
    /// The relaxed probabilities through which the gradient goes.
    pub soft: Vec<Vec<f64>>,
    /// How much of each option before it was normalised a unit of its parameter
    /// adds, as a share of all options of the site: the probability itself for
    /// a softmax.
    pub rates: Vec<Vec<f64>>,
}

impl Draw {
    /// All options by the probabilities of a softmax.
    pub fn of(soft: Vec<Vec<f64>>) -> Self {
        Self {
            mixture: soft.clone(),
            rates: soft.clone(),
            soft,
        }
    }

    /// One of the open options of each site, all equally likely.
    pub fn uniform(open: &[Vec<bool>], random: &mut Random) -> Self {
        let pick = |open: &Vec<bool>| {
            let places: Vec<usize> = (0..open.len()).filter(|&k| open[k]).collect();
            let picked = places[random.random_range(0..places.len())];
            (0..open.len()).map(|k| f64::from(k == picked)).collect()
        };
        Self::of(open.iter().map(pick).collect())
    }

    /// The gradient of the parameters from that of the mixture:
    /// `r_k (u_k − Σ_j p_j u_j)` with rates `r` and probabilities `p`.
    pub fn pull(&self, slopes: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let sites = self.soft.iter().zip(&self.rates).zip(slopes);
        sites
            .map(|((soft, rates), slopes)| {
                let mean: f64 = soft.iter().zip(slopes).map(|(p, u)| p * u).sum();
                let pairs = rates.iter().zip(slopes);
                pairs.map(|(rate, slope)| rate * (slope - mean)).collect()
            })
            .collect()
    }
}
