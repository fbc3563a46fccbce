//! What a training step takes by plan, and what it takes in fact, to the byte.

use netsmith::catalogue::Settings;
use netsmith::network::{Network, Shape};
use netsmith::random::Seed;
use netsmith::space::{self, Limits, Space, Task};
use netsmith_kernels::CountingAllocator;
use netsmith_nn::module::Kernels;
use netsmith_nn::supernet::{self, Supernet};
use netsmith_nn::train::{Optimizer, step_memory, time_steps};

#[global_allocator]
pub(crate) static ALLOCATOR: CountingAllocator = CountingAllocator::new();

/// Bytes of a step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    pub(crate) planned: u64,
    pub(crate) taken: u64,
}

impl Measured {
    /// How far the plan is off, as a share of what was taken.
    pub(crate) fn error(self) -> f64 {
        self.planned as f64 / self.taken as f64 - 1.0
    }
}

/// A space with these settings.
pub(crate) fn space(name: &str, input: Shape, set: &[(&str, &str)]) -> Space {
    let entry = space::CATALOGUE.iter().find(|e| e.name == name).unwrap();
    let given = set
        .iter()
        .map(|(key, value)| ((*key).into(), (*value).into()));
    let settings = Settings::new(entry.parameters, &given.collect()).unwrap();
    (entry.build)(&Task::vector(input, 10), &settings).unwrap()
}

/// A network of a space drawn at random.
pub(crate) fn drawn(space: &Space, seed: u64) -> Network {
    let mut random = Seed::new(seed).stream();
    let architecture = space.sample(&Limits::default(), &mut random).unwrap();
    space.network(&architecture).unwrap()
}

/// The network of NAS-Bench-201 whose edges are all 3x3 convolutions.
pub(crate) fn convolutions(space: &Space) -> Network {
    let text = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|\
                +|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|";
    space.network(&space.parse(text).unwrap()).unwrap()
}

/// Three steps of a network, by SGD with momentum.
pub(crate) fn of_network(network: &Network, batch: usize) -> Measured {
    let timed = || time_steps(network, Kernels::Fused, batch, 1).unwrap();
    Measured {
        planned: step_memory(network, batch, Optimizer::SGD),
        taken: ALLOCATOR.peak_of(timed).1,
    }
}

/// Three steps of a supernet under a method.
pub(crate) fn of_supernet(space: &Space, method: &str, batch: usize) -> Measured {
    let supernet = Supernet::of(space).unwrap();
    let mut entries = supernet::CATALOGUE.iter();
    let entry = entries.find(|entry| entry.name == method).unwrap();
    let settings = Settings::new(entry.parameters, &Default::default()).unwrap();
    let method = (entry.build)(&settings);
    let timed = || supernet::time_steps(&supernet, &*method, Kernels::Fused, batch, 1).unwrap();
    Measured {
        planned: supernet.planned_memory(batch, method.options().hard),
        taken: ALLOCATOR.peak_of(timed).1,
    }
}
