//! Published and derived counts of the 15,625 cells of NAS-Bench-201 under
//! several rules of equality.

#![expect(
    clippy::unwrap_used,
    reason = "what a test builds must be there, in its helpers too"
)]

use netsmith::catalogue::Settings;
use netsmith::network::{Key, Node, Operation, Shape};
use netsmith::space::nas_bench_201::{EDGES, ENTRY, OPERATIONS};
use netsmith::space::{Architecture, Space, Task};
use std::collections::{BTreeMap, BTreeSet};

/// One cell a stage and one channel: small networks with all their cells.
fn space() -> Space {
    let task = Task::vector(Shape::image(1, 4, 4), 2);
    let given = [("channels", "1"), ("cells", "1")];
    let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let settings = Settings::new(ENTRY.parameters, &BTreeMap::from(given)).unwrap();
    (ENTRY.build)(&task, &settings).unwrap()
}

/// All cells, the options of their edges as digits to the base of 5.
fn all(space: &Space) -> impl Iterator<Item = Architecture> + '_ {
    (0..15_625_u32).map(|index| {
        let edges = space.order().iter().enumerate();
        edges.fold(Architecture::undecided(6), |cell, (place, &edge)| {
            cell.with(edge, index / 5_u32.pow(place as u32) % 5)
        })
    })
}

/// The official text of a cell's output: each node the sorted list of its edges,
/// a skip the text of its source and, where `zeros` are looked through, `#` what
/// is certainly zero.
fn official(cell: &Architecture, zeros: bool) -> String {
    let mut nodes = vec!["0".to_owned()];
    let mut incoming: Vec<String> = Vec::new();
    for (option, (to, from)) in cell.options().zip(EDGES) {
        let source = nodes[from].as_str();
        incoming.push(match OPERATIONS[option.unwrap() as usize] {
            _ if zeros && source == "#" => "#".to_owned(),
            "none" if zeros => "#".to_owned(),
            "skip_connect" => source.to_owned(),
            operation => format!("({source})@{operation}"),
        });
        if from + 1 == to {
            incoming.sort();
            nodes.push(std::mem::take(&mut incoming).join("+"));
        }
    }
    nodes.swap_remove(3)
}

/// What a node or an edge computes, zeros left out of sums.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Formula {
    Input,
    Zero,
    Operation(&'static str, Box<Formula>),
    Sum(Vec<Formula>),
}

impl Formula {
    /// The output of a cell; `flat` makes a sum within a sum one sum.
    fn of(cell: &Architecture, flat: bool) -> Self {
        let mut nodes = vec![Self::Input];
        let mut incoming: Vec<Self> = Vec::new();
        for (option, (to, from)) in cell.options().zip(EDGES) {
            let source = &nodes[from];
            match (OPERATIONS[option.unwrap() as usize], source) {
                ("none", _) | (_, Self::Zero) => {}
                ("skip_connect", Self::Sum(terms)) if flat => incoming.extend(terms.clone()),
                ("skip_connect", _) => incoming.push(source.clone()),
                (name, _) => incoming.push(Self::Operation(name, Box::new(source.clone()))),
            }
            if from + 1 == to {
                nodes.push(Self::sum(std::mem::take(&mut incoming)));
            }
        }
        nodes.swap_remove(3)
    }

    fn sum(mut terms: Vec<Self>) -> Self {
        terms.sort();
        match terms.len() {
            0 => Self::Zero,
            1 => terms.swap_remove(0),
            _ => Self::Sum(terms),
        }
    }
}

#[test]
fn cells_that_differ_under_each_rule() {
    fn different<T: Ord>(form: impl Fn(&Architecture) -> T) -> usize {
        let forms: BTreeSet<T> = all(&space()).map(|cell| form(&cell)).collect();
        forms.len()
    }
    assert_eq!(different(Architecture::clone), 15_625);
    assert_eq!(different(|cell| official(cell, false)), 12_751);
    assert_eq!(different(|cell| official(cell, true)), 6_466);
    assert_eq!(different(|cell| Formula::of(cell, false)), 5_773);
    assert_eq!(different(|cell| Formula::of(cell, true)), 4_930);
}

/// Cells have one key in the space where the official rule makes them equal.
#[test]
fn keys_are_those_of_the_official_rule() {
    let space = space();
    let mut texts: BTreeMap<Key, String> = BTreeMap::new();
    for cell in all(&space) {
        let text = official(&cell, true);
        let known = texts.entry(space.key(&cell).unwrap());
        assert_eq!(*known.or_insert_with(|| text.clone()), text);
    }
    assert_eq!(texts.len(), 6_466);
}

/// Pruning finds the cells through which nothing passes, and networks of one
/// key compute one formula.
#[test]
fn pruned_networks_of_all_cells() {
    let space = space();
    let mut formulas: BTreeMap<Key, Formula> = BTreeMap::new();
    let mut disconnected = 0;
    for cell in all(&space) {
        let pruned = space.network(&cell).unwrap().pruned();
        let formula = Formula::of(&cell, false);
        let zero = |node: &Node| matches!(node.operation, Operation::Zero(_));
        let is_dead = pruned.nodes().iter().any(zero);
        assert_eq!(is_dead, formula == Formula::Zero, "{}", space.text(&cell));
        if is_dead {
            disconnected += 1;
            continue;
        }
        let known = formulas.entry(Key::of(&pruned));
        assert!(*known.or_insert_with(|| formula.clone()) == formula);
    }
    assert_eq!(disconnected, 341);
    let formulas: BTreeSet<&Formula> = formulas.values().collect();
    assert_eq!(formulas.len() + 1, 5_773);
}
