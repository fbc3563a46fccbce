//! A policy that draws whole architectures, and learns from how good they are
//! under the shared weights.

use super::{Site, SiteForm, Supernet};
use netsmith::random::{Random, Seed};
use netsmith::space::{Architecture, Infeasible, Limits, Space};
use netsmith::strategy::controller::{
    Controller, Design, Episode, Moments, Optimizer, OptimizerKind, SkipTarget, Terms, derive,
};
use netsmith::strategy::policy_gradient::Baseline;

/// Architectures of which the shares of the options are reckoned, after every epoch.
const SHARES: usize = 200;

/// The same under limits, where a draw may take longer than a step.
const LIMITED_SHARES: usize = 50;

/// How a policy is made and how it learns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolicyOptions {
    /// Where the logits come from.
    pub design: Design,
    /// What follows the gradient.
    pub optimizer: OptimizerKind,
    /// Its learning rate.
    pub rate: f64,
    /// Updates after each epoch of the weights; none: as many batches are scored
    /// as the weights were trained on.
    pub updates: Option<usize>,
    /// Architectures of one update.
    pub aggregate: usize,
    /// Validation samples on which each of them is scored.
    pub batch: usize,
    /// Weight of the entropy, a bonus on the reward that is not differentiated.
    pub entropy: f64,
    /// What counts as the entropy.
    pub bonus: Bonus,
    /// How much the average of rewards remembers.
    pub decay: f64,
    /// Whether the average forgets that it began at zero.
    pub corrected: bool,
    /// Weight and target of the term that holds the rate of skips.
    pub skip: Option<(f64, SkipTarget)>,
    /// Architectures of which the answer is the best.
    pub samples: usize,
}

/// What counts as the entropy of what was drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bonus {
    /// `−Σ p log p` of the distribution of each step.
    Whole,
    /// `−p log p` of what was picked alone, as the official code has it in its
    /// space of whole networks.
    Picked,
}

/// What a policy has learnt so far.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyState {
    /// The parameters of the controller.
    pub parameters: Vec<f64>,
    /// What its optimiser remembers.
    pub moments: Moments,
    /// The average of rewards, and how many it has seen.
    pub seen: (f64, i32),
}

/// A policy at work.
#[derive(Debug)]
pub(super) struct Policy {
    controller: Controller,
    options: PolicyOptions,
}

/// An architecture with the reward that it got.
pub(super) type Rewarded = (Episode, f64);

impl Policy {
    /// A policy that never draws an option that is not open.
    pub(super) fn new(
        space: &Space,
        supernet: &Supernet,
        open: &[Vec<bool>],
        options: PolicyOptions,
    ) -> Self {
        let mut controller = Controller::new(space, options.design);
        for (site, open) in supernet.sites.iter().zip(open) {
            if let SiteForm::Options(of) = &site.form {
                let closed = of.iter().zip(open).filter(|(_, open)| !**open);
                let closed = closed.filter_map(|(option, _)| *option);
                closed.for_each(|option| controller.close(site.decision, option));
            }
        }
        Self {
            controller,
            options,
        }
    }

    pub(super) fn options(&self) -> &PolicyOptions {
        &self.options
    }

    /// What it knows before its first reward.
    pub(super) fn start(space: &Space, options: &PolicyOptions, seed: &Seed) -> PolicyState {
        let controller = Controller::new(space, options.design);
        PolicyState {
            parameters: controller.initial(&mut seed.stream()),
            moments: Moments::default(),
            seen: (0.0, 0),
        }
    }

    /// Draws an architecture; uniformly where no draw of the policy keeps the
    /// limits, and then there is nothing to learn from it.
    pub(super) fn draw(
        &mut self,
        state: &PolicyState,
        (space, limits): (&Space, &Limits),
        random: &mut Random,
    ) -> Result<Episode, Infeasible> {
        let theta = &state.parameters;
        match self.controller.sample(theta, space, limits, random)? {
            Some(episode) => Ok(episode),
            None => Ok(Episode {
                architecture: space.sample(limits, random)?,
                steps: Vec::new(),
            }),
        }
    }

    /// The best of so many draws by a score, larger is better; nothing where all
    /// scores are no numbers.
    pub(super) fn best(
        &mut self,
        state: &PolicyState,
        (space, limits): (&Space, &Limits),
        random: &mut Random,
        score: &mut dyn FnMut(&Episode) -> f64,
    ) -> Result<Option<Architecture>, Infeasible> {
        let (theta, count) = (&state.parameters, self.options.samples);
        let place = (space, limits);
        let derived = derive(&mut self.controller, theta, place, count, random, score)?;
        Ok(derived.map(|derived| derived.best.architecture))
    }

    /// One update; `caution` is a factor of the learning rate. Returns the norm
    /// of the gradient.
    ///
    /// ```text
    /// for each:  R <- R + λ·H;  b <- 0.99 b + 0.01 R;  g += (R − b) ∇ log p − w ∇ KL
    /// θ <- Adam(θ, mean of g)
    /// ```
    pub(super) fn learn(
        &mut self,
        state: &mut PolicyState,
        rewarded: &[Rewarded],
        caution: f64,
    ) -> f64 {
        let options = self.options;
        let share = 1.0 / rewarded.len().max(1) as f64;
        let mut gradient = vec![0.0; state.parameters.len()];
        let baseline = Baseline::new(options.decay, options.corrected);
        let mut baseline = baseline.having_seen(state.seen);
        for (episode, reward) in rewarded {
            let pass = self.controller.pass(&state.parameters, episode);
            let entropy: f64 = match options.bonus {
                Bonus::Whole => pass.entropies().sum(),
                Bonus::Picked => pass.picked_entropies().sum(),
            };
            let reward = reward + options.entropy * entropy;
            baseline.tell(reward);
            let advantage = reward - baseline.value().unwrap_or(reward);
            // The loss is descended, so what is to grow has a minus.
            let scores = vec![-advantage * share; episode.steps.len()];
            let terms = Terms {
                scores: &scores,
                entropy: 0.0,
                skip: options
                    .skip
                    .map(|(weight, target)| (weight * share, target)),
            };
            pass.add_gradient(&terms, &mut gradient);
        }
        let optimizer = Optimizer::new(options.optimizer, caution * options.rate);
        let mut optimizer = optimizer.remembering(std::mem::take(&mut state.moments));
        optimizer.descend(&mut state.parameters, &gradient);
        state.moments = optimizer.moments().clone();
        state.seen = baseline.seen();
        gradient.iter().map(|g| g * g).sum::<f64>().sqrt()
    }

    /// How often each option of each site is drawn, of those draws in which the
    /// site takes part.
    pub(super) fn shares(
        &mut self,
        state: &PolicyState,
        place: (&Space, &Limits),
        sites: &[Site],
        seed: &Seed,
    ) -> Result<Vec<Vec<f64>>, Infeasible> {
        let mut random = seed.stream();
        let mut counts: Vec<Vec<f64>> = sites.iter().map(|s| vec![0.0; s.zero.len()]).collect();
        let draws = match place.1.is_free() {
            true => SHARES,
            false => LIMITED_SHARES,
        };
        for _ in 0..draws {
            let drawn = self.draw(state, place, &mut random)?.architecture;
            for (site, counts) in sites.iter().zip(&mut counts) {
                if let Some(option) = taken(site, place.0, &drawn) {
                    counts[option] += 1.0;
                }
            }
        }
        for site in &mut counts {
            let total = site.iter().sum::<f64>().max(1.0);
            site.iter_mut().for_each(|count| *count /= total);
        }
        Ok(counts)
    }
}

/// Which option of a site an architecture takes.
fn taken(site: &Site, space: &Space, architecture: &Architecture) -> Option<usize> {
    let option = architecture.option(site.decision)?;
    match &site.form {
        SiteForm::Options(options) => options.iter().position(|known| *known == Some(option)),
        SiteForm::Gate(candidate) => {
            let members = space.decision(site.decision).members(option);
            Some(usize::from(members.contains(candidate)))
        }
        SiteForm::Edges { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsmith::network::Shape;
    use netsmith::space::{Task, build_named};
    use netsmith::strategy::controller::{OptimizerKind, Policy as Kind, SkipChance};
    use std::collections::BTreeMap;

    const OPTIONS: PolicyOptions = PolicyOptions {
        design: Design {
            policy: Kind::Lstm {
                width: 32,
                layers: 1,
            },
            initial_range: 0.1,
            temperature: 1.0,
            option_clip: 5.0,
            select_clip: 5.0,
        },
        optimizer: OptimizerKind::ENAS,
        rate: 0.01,
        updates: None,
        aggregate: 10,
        batch: 64,
        entropy: 1e-4,
        bonus: Bonus::Whole,
        decay: 0.99,
        corrected: false,
        skip: None,
        samples: 10,
    };

    fn cells() -> (Space, Supernet) {
        let task = Task::vector(Shape::image(1, 8, 8), 10);
        let settings = [("channels", "4"), ("cells", "1")];
        let settings = settings.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let space = build_named("nas-bench-201", &task, &BTreeMap::from(settings)).unwrap();
        let supernet = Supernet::of(&space).unwrap();
        (space, supernet)
    }

    /// A reward of the share of edges that are as hidden, with the baseline that
    /// begins at zero: the policy draws what is hidden.
    #[test]
    fn a_hidden_cell_is_learnt() {
        let (space, supernet) = cells();
        let open = supernet.open(true).unwrap();
        let limits = Limits::default();
        let place = (&space, &limits);
        let mut random = Seed::new(3).stream();
        let hidden = space.sample(&limits, &mut random).unwrap();
        let right = |own: &Architecture| {
            let pairs = own.options().zip(hidden.options());
            pairs.filter(|(a, b)| a == b).count() as f64 / 6.0
        };
        let mut policy = Policy::new(&space, &supernet, &open, OPTIONS);
        let mut state = Policy::start(&space, &OPTIONS, &Seed::new(1));
        for _ in 0..400 {
            let drawn = (0..OPTIONS.aggregate).map(|_| {
                let episode = policy.draw(&state, place, &mut random).unwrap();
                let reward = right(&episode.architecture);
                (episode, reward)
            });
            let rewarded: Vec<Rewarded> = drawn.collect();
            policy.learn(&mut state, &rewarded, 1.0);
        }
        let shares = policy
            .shares(&state, place, &supernet.sites, &Seed::new(2))
            .unwrap();
        for (site, shares) in supernet.sites.iter().zip(shares) {
            let at = taken(site, &space, &hidden).unwrap();
            assert!(shares[at] > 0.99, "{}: {shares:?}", site.name);
        }
        let best = policy.best(&state, place, &mut random, &mut |e| right(&e.architecture));
        assert_eq!(best.unwrap(), Some(hidden.clone()));
    }

    #[test]
    fn options_that_cut_an_edge_are_not_drawn() {
        let (space, supernet) = cells();
        let open = supernet.open(false).unwrap();
        let limits = Limits::default();
        let mut policy = Policy::new(&space, &supernet, &open, OPTIONS);
        let state = Policy::start(&space, &OPTIONS, &Seed::new(1));
        let shares = policy.shares(&state, (&space, &limits), &supernet.sites, &Seed::new(2));
        for shares in shares.unwrap() {
            assert!(shares[0] < 1e-12, "{shares:?}");
            assert!(shares[1..].iter().all(|share| *share > 0.1), "{shares:?}");
        }
        // The chances of what is left make one.
        let mut random = Seed::new(4).stream();
        let episode = policy.draw(&state, (&space, &limits), &mut random).unwrap();
        let pass = policy.controller.pass(&state.parameters, &episode);
        for step in 0..6 {
            let chances = pass.chances(step);
            assert!(chances[0] < 1e-12 && (chances.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }

    /// Two nodes that any of the nodes before may enter, in the worlds of the
    /// paper and of its code; the reward does not care.
    #[test]
    fn the_rate_of_skips_is_held() {
        for (chance, expected) in [(SkipChance::Drawn, 0.4), (SkipChance::Half, 4.0 / 13.0)] {
            let target = SkipTarget { rate: 0.4, chance };
            let options = PolicyOptions {
                skip: Some((0.8, target)),
                rate: 0.02,
                ..OPTIONS
            };
            let (space, supernet) = skipping();
            let open = supernet.open(true).unwrap();
            let limits = Limits::default();
            let mut policy = Policy::new(&space, &supernet, &open, options);
            let mut state = Policy::start(&space, &options, &Seed::new(1));
            let mut random = Seed::new(5).stream();
            for _ in 0..300 {
                let mut draw = || policy.draw(&state, (&space, &limits), &mut random).unwrap();
                let rewarded: Vec<Rewarded> = (0..10).map(|_| (draw(), 0.5)).collect();
                policy.learn(&mut state, &rewarded, 1.0);
            }
            let mut rate = 0.0;
            for _ in 0..500 {
                let drawn = policy.draw(&state, (&space, &limits), &mut random).unwrap();
                let members = drawn.architecture.options().flatten();
                rate += members.map(u32::count_ones).sum::<u32>() as f64 / (500.0 * 5.0);
            }
            assert!((rate - expected).abs() < 0.04, "{rate} for {expected}");
        }
    }

    /// Selects of two and of three candidates and nothing else.
    fn skipping() -> (Space, Supernet) {
        use netsmith::network::Operation;
        use netsmith::network::operation::Linear;
        use netsmith::space::{Graph, Merge, Pick, Select, Through};
        let space = Space::new("skipping", &[Shape::vector(3); 2], |_, decisions| {
            let mut graph = Graph::new(2);
            let mut states = vec![graph.input(0), graph.input(1)];
            for node in 0..2 {
                let select = Select {
                    decision: decisions.select(&format!("node{node}"), states.len(), Pick::Subset),
                    fixed: 0,
                    through: Through::Nothing,
                    merge: Merge::Sum,
                    fallback: 0,
                };
                states.push(graph.select(&format!("node{node}"), select, &states));
            }
            let head = Operation::Linear(Linear::new(1_usize));
            let x = graph.operation("head", head, &[states[3]]);
            graph.with_output(x)
        });
        let space = space.unwrap();
        let supernet = Supernet::of(&space).unwrap();
        (space, supernet)
    }
}
