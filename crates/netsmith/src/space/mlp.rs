//! Fully connected networks for tables, down to a linear model.

use super::{
    Align, AlignMethod, Choice, Decisions, Entry, Family, Graph, Merge, Pick, Port, Repeat, Select,
    Space, SpaceError, Task, Through, block,
};
use crate::catalogue::{Parameter, ParameterKind, Settings};
use crate::network::operation::{BatchNorm, LayerNorm, Linear};
use crate::network::{Operation, Shape};

/// The catalogue's entry.
pub const ENTRY: Entry = Entry::new(
    "mlp",
    "Fully connected layers for tables: depth, widths, activation, norm, dropout, residual.",
    build,
)
.parameters(&[
    Parameter {
        name: "depths",
        kind: ParameterKind::Integers(0, 16),
        default: "0,1,2,3,4",
        doc: "Hidden layers that a network may have; 0 is the linear model.",
    },
    Parameter {
        name: "widths",
        kind: ParameterKind::Integers(1, 8192),
        default: "8,16,32,64,128,256",
        doc: "Features that a hidden layer may have.",
    },
    Parameter {
        name: "activations",
        kind: ParameterKind::Words(&["relu", "gelu", "silu", "tanh", "hard-swish", "sigmoid"]),
        default: "relu,gelu,silu,tanh",
        doc: "Activations, one for the whole network.",
    },
    Parameter {
        name: "norms",
        kind: ParameterKind::Words(&NORMS),
        default: "none,batch,layer",
        doc: "Normalisations after each hidden layer, one for the whole network.",
    },
    Parameter {
        name: "dropouts",
        kind: ParameterKind::Words(&["0", "0.1", "0.2", "0.3", "0.5"]),
        default: "0,0.1,0.3",
        doc: "Rates of dropout after each hidden layer, one for the whole network.",
    },
    Parameter {
        name: "residual",
        kind: ParameterKind::Switch,
        default: "true",
        doc: "Whether a hidden layer may have its input added, projected where widths differ.",
    },
]);

const NORMS: [&str; 3] = ["none", "batch", "layer"];

fn build(task: &Task, settings: &Settings) -> Result<Space, SpaceError> {
    let space = Space::new(ENTRY.name, &task.shapes(), |_, decisions| {
        let depths = settings.integers("depths");
        let most = depths.iter().copied().max().unwrap_or(0);
        let depth = decisions.value("depth", &depths);
        let mut graph = Graph::new(1);
        let mut x = graph.input(0);
        if matches!(task.input(), Shape::Image { .. }) {
            x = graph.operation("flatten", Operation::Flatten, &[x]);
        }
        let bodies = (0..most).map(|index| layer(decisions, settings, index));
        let repeat = Repeat {
            count: depth.into(),
            bodies: bodies.collect(),
        };
        x = graph.repeat("layer", repeat, x);
        x = task.head.answer(&mut graph, x);
        graph.with_output(x)
    })?;
    Ok(space.with_families(families))
}

/// Linear, norm, activation, dropout; perhaps the input added.
fn layer(decisions: &mut Decisions, settings: &Settings, index: usize) -> Graph {
    let name = format!("layer{index}");
    let width = decisions.value(&format!("{name}.width"), &settings.integers("widths"));
    decisions.block(width, &name);
    let mut graph = Graph::new(1);
    let input = graph.input(0);
    let mut x = graph.operation("linear", Operation::Linear(Linear::new(width)), &[input]);
    x = step(
        &mut graph,
        decisions,
        ("norm", settings.words("norms")),
        norm,
        x,
    );
    let activations = ("activation", settings.words("activations"));
    x = step(&mut graph, decisions, activations, block::activation, x);
    let dropouts = ("dropout", settings.words("dropouts"));
    x = step(&mut graph, decisions, dropouts, block::dropout, x);
    // The columns of a table are no hidden state: the first layer replaces them.
    if index > 0 && settings.switch("residual") {
        let residual = decisions.select(&format!("{name}.residual"), 1, Pick::Subset);
        decisions.block(residual, &name);
        let align = Align {
            channels: width.into(),
            method: AlignMethod::Project,
        };
        let select = Select {
            decision: residual,
            fixed: 1,
            through: Through::Nothing,
            merge: Merge::Sum,
            fallback: 0,
        };
        let shortcut = graph.align("shortcut", align, &[input]);
        x = graph.select("residual", select, &[x, shortcut]);
    }
    graph.with_output(x)
}

/// A choice that all layers share.
fn step(
    graph: &mut Graph,
    decisions: &mut Decisions,
    (name, words): (&str, Vec<&str>),
    option: fn(&str) -> Graph,
    x: Port,
) -> Port {
    let choice = Choice {
        decision: decisions.choice(name, words.iter().copied()),
        options: words.into_iter().map(option).collect(),
        search_only: Vec::new(),
    };
    graph.choice(name, choice, &[x])
}

fn norm(name: &str) -> Graph {
    Graph::chain([match name {
        "batch" => Operation::BatchNorm(BatchNorm { affine: true }),
        "layer" => Operation::LayerNorm(LayerNorm { affine: true }),
        _ => Operation::Identity,
    }])
}

/// The linear model where the space has it, and two equally wide hidden layers
/// with ReLU alone.
fn families(space: &Space) -> Vec<Family> {
    let build = |depth: &str, width: u32| {
        space.decided_by(|decision| match decision.name.as_str() {
            "depth" => decision.option_from_name(depth),
            "norm" => decision.option_from_name("none"),
            "activation" => decision.option_from_name("relu"),
            "dropout" => decision.option_from_name("0"),
            name if name.ends_with(".width") => Some(width),
            _ => Some(0),
        })
    };
    let mut found = Vec::new();
    let linear = build("0", 0);
    let outputs = space
        .network(&linear)
        .map(|network| network.answer().channels());
    if let Some(outputs) = outputs.ok().filter(|_| space.offers("depth", "0")) {
        let name = match outputs {
            1 => "linear regression",
            _ => "logistic regression",
        };
        found.push(Family {
            name,
            members: vec![linear],
        });
    }
    let mut depths = ["2", "1", "3"].into_iter();
    if let Some(depth) = depths.find(|depth| space.offers("depth", depth)) {
        let members = space.numbers_of("layer0.width");
        found.push(Family {
            name: "plain MLP",
            members: members.map(|width| build(depth, width)).collect(),
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::PARAMETERS;
    use crate::random::Seed;
    use crate::space::Limits;

    fn space(features: usize, outputs: usize) -> Space {
        let task = Task::vector(Shape::vector(features), outputs);
        build(&task, &Settings::defaults(ENTRY.parameters)).unwrap()
    }

    fn parameters(space: &Space, text: &str) -> u64 {
        let architecture = space.parse(text).unwrap();
        space.network(&architecture).unwrap().parameters()
    }

    #[test]
    fn hand_counted_networks() {
        let space = space(13, 3);
        assert_eq!(parameters(&space, "depth=0"), 13 * 3 + 3);
        let text = "depth=2,layer0.width=16,layer1.width=32,layer1.residual=0,\
                    norm=batch,activation=gelu,dropout=0.1";
        let hidden = 13 * 16 + 16 + 2 * 16 + 16 * 32 + 32 + 2 * 32;
        assert_eq!(parameters(&space, text), hidden + 16 * 32 + 32 * 3 + 3);
        let plain = text.replace("residual=0", "residual=-");
        assert_eq!(parameters(&space, &plain), hidden + 32 * 3 + 3);
    }

    #[test]
    fn an_image_is_flattened() {
        let task = Task::vector(Shape::image(1, 8, 8), 10);
        let space = build(&task, &Settings::defaults(ENTRY.parameters)).unwrap();
        assert_eq!(parameters(&space, "depth=0"), 650);
    }

    #[test]
    fn baselines_are_points_of_the_space() {
        let names = |outputs: usize| -> Vec<&str> {
            let space = space(13, outputs);
            let baselines = space.baselines(&Limits::FREE.with(PARAMETERS, 5_000.0));
            for (_, architecture) in &baselines {
                assert_eq!(space.check(architecture), Ok(()));
                assert!(space.network(architecture).unwrap().parameters() <= 5_000);
            }
            baselines.into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(names(3), ["logistic regression", "plain MLP"]);
        assert_eq!(names(1), ["linear regression", "plain MLP"]);
    }

    #[test]
    fn samples_keep_a_limit() {
        let space = space(30, 2);
        let limits = Limits::FREE.with(PARAMETERS, 2_000.0);
        let mut random = Seed::new(5).stream();
        for _ in 0..30 {
            let drawn = space.sample(&limits, &mut random).unwrap();
            assert!(space.network(&drawn).unwrap().parameters() <= 2_000);
            assert_eq!(space.parse(&space.text(&drawn)), Ok(drawn));
        }
    }
}
