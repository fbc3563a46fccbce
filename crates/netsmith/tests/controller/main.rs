//! The controller: log-probabilities, gradients and learning against values that
//! are known.

mod gradient;
mod learning;
mod probability;
mod published;
mod shaping;

use netsmith::catalogue::Settings;
use netsmith::network::operation::Linear;
use netsmith::network::{Operation, Shape};
use netsmith::random::Seed;
use netsmith::space::{
    self, Architecture, Choice, DecisionId, Decisions, Graph, Limits, Merge, Pick, Port, Rule,
    Select, Space, Task, Through,
};
use netsmith::strategy::controller::{Controller, Design, Episode, Policy};

/// A policy without clip or temperature.
fn design(policy: Policy) -> Design {
    Design {
        policy,
        initial_range: 0.5,
        temperature: 1.0,
        option_clip: 0.0,
        select_clip: 0.0,
    }
}

const LSTM: Policy = Policy::Lstm {
    width: 5,
    layers: 2,
};

fn catalogued(name: &str) -> Space {
    let entry = space::CATALOGUE.iter().find(|entry| entry.name == name);
    let entry = entry.expect("a space of the catalogue");
    let task = Task::vector(Shape::image(3, 32, 32), 10);
    (entry.build)(&task, &Settings::defaults(entry.parameters)).expect("a space")
}

/// One choice among so many options for each name, one after the other.
fn choices(names: &[&str], options: &[&str], rule: Option<fn(Vec<DecisionId>) -> Rule>) -> Space {
    Space::new("choices", &[Shape::vector(1)], |_, decisions| {
        let mut graph = Graph::new(1);
        let mut x = graph.input(0);
        let mut made = Vec::new();
        for name in names {
            let decision = decisions.choice(name, options.iter().copied());
            made.push(decision);
            x = graph.choice(name, identities(decision, options.len()), &[x]);
        }
        if let Some(rule) = rule {
            decisions.rule(rule(made));
        }
        x = graph.operation("head", Operation::Linear(Linear::new(1_usize)), &[x]);
        graph.with_output(x)
    })
    .expect("a space")
}

fn identities(decision: DecisionId, count: usize) -> Choice {
    Choice {
        decision,
        options: vec![Graph::chain([Operation::Identity]); count],
        search_only: Vec::new(),
    }
}

/// Nodes that select among all before them, by each way of picking, with a
/// choice for each.
fn selecting() -> Space {
    Space::new("selecting", &[Shape::vector(3); 2], |_, decisions| {
        let mut graph = Graph::new(2);
        let mut states = vec![graph.input(0), graph.input(1)];
        let picks = [
            Pick::Subset,
            Pick::Combination(2),
            Pick::Permutation(2),
            Pick::Repetition(2),
            Pick::Subset,
        ];
        for (node, pick) in picks.into_iter().enumerate() {
            let x = select(&mut graph, decisions, &format!("node{node}"), pick, &states);
            let name = format!("node{node}.operation");
            let decision = decisions.choice(&name, ["a", "b", "c"]);
            states.push(graph.choice(&name, identities(decision, 3), &[x]));
        }
        let last = states[states.len() - 1];
        let x = graph.operation("head", Operation::Linear(Linear::new(1_usize)), &[last]);
        graph.with_output(x)
    })
    .expect("a space")
}

fn select(
    graph: &mut Graph,
    decisions: &mut Decisions,
    name: &str,
    pick: Pick,
    states: &[Port],
) -> Port {
    let select = Select {
        decision: decisions.select(&format!("{name}.inputs"), states.len(), pick),
        fixed: 0,
        through: Through::Nothing,
        merge: Merge::Sum,
        fallback: 0,
    };
    graph.select(name, select, states)
}

/// At most one decision takes the first option.
fn at_most_one(decisions: Vec<DecisionId>) -> Rule {
    Rule::AtMost {
        decisions,
        option: 0,
        count: 1,
    }
}

fn draw(controller: &mut Controller, theta: &[f64], space: &Space, seed: u64) -> Episode {
    let mut random = Seed::new(seed).stream();
    let drawn = controller.sample(theta, space, &Limits::default(), &mut random);
    drawn.expect("no limits").expect("a draw")
}

fn option_of(architecture: &Architecture, space: &Space, name: &str) -> u32 {
    let id = space.decision_named(name).expect("a decision");
    architecture.option(id).expect("an option")
}
