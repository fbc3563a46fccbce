//! Published spaces written in the graph: what the graph cannot say cleanly is
//! mended there, not in a space.

#![expect(
    clippy::unwrap_used,
    reason = "what a test builds must be there, in its helpers too"
)]

mod adabert;
mod enas;
mod nas_fpn;
mod nas_rl;
mod nasnet;
mod recurrent;

use netsmith::cost::Cost;
use netsmith::network::Shape;
use netsmith::random::Seed;
use netsmith::space::{
    Architecture, Choice, DecisionId, Form, Graph, Limits, Space, Task, build_named,
};

/// What holds for every space: samples are architectures with networks in all
/// forms, texts round-trip, bounds contain the costs.
#[track_caller]
fn check(space: &Space, draws: usize) {
    let bounds = space
        .bounds(&Architecture::undecided(space.decisions().len()))
        .unwrap();
    let mut random = Seed::new(1).child(space.name()).stream();
    for _ in 0..draws {
        let drawn = space.sample(&Limits::default(), &mut random).unwrap();
        assert_eq!(space.check(&drawn), Ok(()));
        assert_eq!(space.parse(&space.text(&drawn)), Ok(drawn.clone()));
        let network = space.network(&drawn).unwrap();
        space.resolve(&drawn, Form::Final).unwrap();
        for cost in Cost::all().filter(|cost| !cost.is_measured()) {
            let (text, range) = (space.text(&drawn), cost.bounds(&bounds).unwrap());
            let count = cost.count(&network).unwrap();
            assert!(
                range.low <= count && count <= range.high,
                "{text}: {count} {cost} {range:?}"
            );
        }
    }
}

/// A space of the catalogue.
fn catalogue(name: &str, settings: &[(&str, &str)], input: Shape) -> Space {
    let settings = settings.iter();
    let settings = settings.map(|&(name, value)| (name.to_owned(), value.to_owned()));
    let task = Task::vector(input, 10);
    build_named(name, &task, &settings.collect()).unwrap()
}

/// A choice without options that only the supernet has.
fn choice(decision: DecisionId, options: Vec<Graph>) -> Choice {
    Choice {
        decision,
        options,
        search_only: Vec::new(),
    }
}
