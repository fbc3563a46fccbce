//! What holds for every space of the catalogue, and counts against published tables.

#![expect(
    clippy::unwrap_used,
    reason = "what a test builds must be there, in its helpers too"
)]

use flate2::read::GzDecoder;
use netsmith::catalogue::Settings;
use netsmith::cost::{Cost, MACS, MEMORY, PARAMETERS};
use netsmith::network::{Key, Shape};
use netsmith::random::Seed;
use netsmith::space::{Architecture, CATALOGUE, DecisionId, Entry, Limits, Space, Task};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

fn build(entry: &Entry, settings: &[(&str, &str)], input: Shape) -> Space {
    let given = settings.iter();
    let given: BTreeMap<String, String> = given
        .filter(|(name, _)| entry.parameters.iter().any(|p| p.name == *name))
        .map(|&(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let settings = Settings::new(entry.parameters, &given).unwrap();
    (entry.build)(&Task::vector(input, 10), &settings).unwrap()
}

/// Every space, small enough to build many networks.
fn spaces() -> Vec<Space> {
    let small = [("channels", "4"), ("cells", "3")];
    let image = Shape::image(1, 8, 8);
    let all = CATALOGUE.iter().map(|entry| build(entry, &small, image));
    let chain = CATALOGUE.iter().filter(|entry| entry.name == "chain");
    let sequence = chain.map(|entry| build(entry, &small, Shape::sequence(2, 16)));
    all.chain(sequence).collect()
}

const FREE: Limits = Limits::FREE;

fn parameters(space: &Space, architecture: &Architecture) -> u64 {
    space.network(architecture).unwrap().parameters()
}

#[test]
fn texts_round_trip() {
    for space in spaces() {
        let mut random = Seed::new(1).stream();
        for _ in 0..100 {
            let drawn = space.sample(&FREE, &mut random).unwrap();
            assert_eq!(space.check(&drawn), Ok(()), "{}", space.name());
            assert_eq!(space.parse(&space.text(&drawn)), Ok(drawn));
        }
    }
}

#[test]
fn children_are_valid_and_differ() {
    for space in spaces() {
        let mut random = Seed::new(2).stream();
        let mut parent = space.sample(&FREE, &mut random).unwrap();
        for _ in 0..100 {
            let child = space.mutate(&parent, &FREE, &mut random).unwrap();
            assert_eq!(space.check(&child), Ok(()), "{}", space.name());
            assert_ne!(child, parent);
            let both = space.cross([&parent, &child], &FREE, &mut random).unwrap();
            assert_eq!(space.check(&both), Ok(()), "{}", space.name());
            parent = child;
        }
    }
}

#[test]
fn a_block_comes_whole_from_one_parent() {
    let space = spaces().swap_remove(0);
    let mut random = Seed::new(3).stream();
    for _ in 0..50 {
        let parents = [0, 1].map(|_| space.sample(&FREE, &mut random).unwrap());
        let child = space
            .cross([&parents[0], &parents[1]], &FREE, &mut random)
            .unwrap();
        let mut blocks: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for &id in space.order() {
            blocks
                .entry(space.decision(id).block.as_str())
                .or_default()
                .push(id.index());
        }
        let options = |architecture: &Architecture, ids: &[usize]| -> Vec<Option<u32>> {
            let all: Vec<Option<u32>> = architecture.options().collect();
            ids.iter().map(|&id| all[id]).collect()
        };
        for (block, ids) in blocks {
            let own = options(&child, &ids);
            let from = parents.iter().any(|parent| options(parent, &ids) == own);
            assert!(from, "{block}");
        }
    }
}

#[test]
fn neighbours_are_valid_and_different() {
    for space in spaces() {
        let mut random = Seed::new(4).stream();
        let centre = space.sample(&FREE, &mut random).unwrap();
        let neighbours = space.neighbours(&centre, &FREE);
        assert!(neighbours.len() > 5, "{}", space.name());
        let different: BTreeSet<&Architecture> = neighbours.iter().collect();
        assert_eq!(different.len(), neighbours.len());
        for neighbour in &neighbours {
            assert_ne!(*neighbour, centre);
            assert_eq!(space.check(neighbour), Ok(()), "{}", space.name());
        }
    }
}

/// The chi-square statistic of each decision's options, where it is active, lies
/// within five standard deviations of its mean.
#[test]
fn active_decisions_are_drawn_uniformly() {
    const DRAWS: usize = 20_000;
    for entry in CATALOGUE {
        let space = build(
            entry,
            &[("cells", "3"), ("channels", "4")],
            Shape::image(1, 4, 4),
        );
        let mut random = Seed::new(5).child(space.name()).stream();
        let mut counts: Vec<Vec<f64>> = space
            .decisions()
            .iter()
            .map(|decision| vec![0.0; decision.count() as usize])
            .collect();
        for _ in 0..DRAWS {
            let drawn = space.sample(&FREE, &mut random).unwrap();
            for (counts, option) in counts.iter_mut().zip(drawn.options()) {
                if let Some(option) = option {
                    counts[option as usize] += 1.0;
                }
            }
        }
        for (decision, counts) in space.decisions().iter().zip(counts) {
            // What a rule leaves depends on the other decisions.
            let id = space.decision_named(&decision.name).unwrap();
            if space
                .rules()
                .iter()
                .any(|rule| rule.decisions().contains(&id))
            {
                continue;
            }
            let (total, options) = (counts.iter().sum::<f64>(), counts.len() as f64);
            let expected = total / options;
            if options < 2.0 || expected < 20.0 {
                continue;
            }
            let square = |count: &f64| (count - expected).powi(2) / expected;
            let statistic: f64 = counts.iter().map(square).sum();
            let freedom = options - 1.0;
            assert!(
                statistic < freedom + 5.0 * (2.0 * freedom).sqrt() + 10.0,
                "{} {}: {statistic} at {freedom} degrees of freedom",
                space.name(),
                decision.name
            );
        }
    }
}

/// The chance of each architecture within a limit that completes a partial one,
/// where each active decision is uniform among the options that some of them
/// takes: by enumeration, without bounds.
fn chances(
    space: &Space,
    limit: u64,
    partial: &Architecture,
    chance: f64,
    found: &mut BTreeMap<Architecture, f64>,
) {
    let open = |id: &&DecisionId| space.is_active(**id, partial) && partial.option(**id).is_none();
    let Some(&id) = space.order().iter().find(open) else {
        if parameters(space, partial) <= limit {
            found.insert(partial.clone(), chance);
        }
        return;
    };
    let options = 0..space.decision(id).count();
    let below = options.map(|option| {
        let mut below = BTreeMap::new();
        chances(
            space,
            limit,
            &partial.clone().with(id, option),
            1.0,
            &mut below,
        );
        below
    });
    let below: Vec<_> = below.filter(|below| !below.is_empty()).collect();
    let share = chance / below.len() as f64;
    for (architecture, own) in below.iter().flatten() {
        found.insert(architecture.clone(), share * own);
    }
}

/// Draws under a limit against enumeration, in a space of 81 networks of which
/// the limit leaves a part.
#[test]
fn draws_under_a_limit_are_distributed_as_enumeration_tells() {
    const DRAWS: usize = 40_000;
    let entry = CATALOGUE.iter().find(|entry| entry.name == "mlp").unwrap();
    let settings = [
        ("depths", "0,1,2"),
        ("widths", "2,4,8,16"),
        ("activations", "relu,tanh"),
        ("norms", "none,batch"),
        ("dropouts", "0"),
        ("residual", "false"),
    ];
    let space = build(entry, &settings, Shape::vector(6));
    let undecided = Architecture::undecided(space.decisions().len());
    let mut all = BTreeMap::new();
    chances(&space, u64::MAX, &undecided, 1.0, &mut all);
    assert_eq!(Some(all.len() as u128), space.size());
    let limit = 200;
    let mut expected = BTreeMap::new();
    chances(&space, limit, &undecided, 1.0, &mut expected);
    assert!(
        expected.len() > 20 && expected.len() < all.len(),
        "{}",
        expected.len()
    );
    let limits = Limits::FREE.with(PARAMETERS, limit as f64);
    let mut random = Seed::new(10).stream();
    let mut counts: BTreeMap<Architecture, f64> = BTreeMap::new();
    for _ in 0..DRAWS {
        let drawn = space.sample(&limits, &mut random).unwrap();
        *counts.entry(drawn).or_default() += 1.0;
    }
    assert!(counts.keys().all(|drawn| expected.contains_key(drawn)));
    let square = |(architecture, chance): (&Architecture, &f64)| {
        let mean = chance * DRAWS as f64;
        let count = counts.get(architecture).copied().unwrap_or(0.0);
        (count - mean).powi(2) / mean
    };
    let statistic: f64 = expected.iter().map(square).sum();
    let freedom = expected.len() as f64 - 1.0;
    assert!(
        statistic < freedom + 5.0 * (2.0 * freedom).sqrt(),
        "{statistic} at {freedom} degrees of freedom"
    );
}

#[test]
fn limits_are_kept_by_all_that_is_drawn() {
    for space in spaces() {
        let undecided = Architecture::undecided(space.decisions().len());
        let bounds = space.bounds(&undecided).unwrap();
        let mut limits = FREE;
        for (cost, part) in [(PARAMETERS, 8), (MACS, 4), (MEMORY, 4)] {
            let range = cost.bounds(&bounds).unwrap();
            limits = limits.with(cost, (range.low + (range.high - range.low) / part) as f64);
        }
        let mut random = Seed::new(6).stream();
        for _ in 0..5 {
            let drawn = space.sample(&limits, &mut random).unwrap();
            let child = space.mutate(&drawn, &limits, &mut random);
            let both = space.cross(
                [&drawn, child.as_ref().unwrap_or(&drawn)],
                &limits,
                &mut random,
            );
            for architecture in [Some(drawn), child, both].into_iter().flatten() {
                let network = space.network(&architecture).unwrap();
                assert_eq!(limits.check_network(&network), Ok(()), "{}", space.name());
            }
        }
    }
}

#[test]
fn an_infeasible_limit_names_a_bound_and_a_limit_that_can_be_kept() {
    for space in spaces() {
        let limits = Limits::FREE.with(PARAMETERS, 3.0);
        let error = space
            .sample(&limits, &mut Seed::new(7).stream())
            .unwrap_err();
        let undecided = Architecture::undecided(space.decisions().len());
        let least = space.bounds(&undecided).unwrap().parameters.low;
        let least = least as f64;
        assert_eq!((error.limit, error.least), (3.0, least), "{}", space.name());
        let Some(reached) = error.reached else {
            // One of its decisions has many options.
            let many = |id: &DecisionId| space.decision(*id).count() > 256;
            assert!(space.order().iter().any(many), "{}", space.name());
            assert!(error.hint().contains("a lower bound"), "{}", error.hint());
            continue;
        };
        assert!(error.hint().contains(&reached.to_string()));
        assert!(reached >= least, "{}", space.name());
        // Drawing at the very least takes long where bounds are loose.
        if space.name() == "nas-bench-201" {
            let raised = Limits::FREE.with(PARAMETERS, reached);
            assert_eq!(space.find_within(&raised), Ok(()));
        }
    }
}

#[test]
fn bounds_hold_all_along() {
    for space in spaces() {
        let mut random = Seed::new(8).stream();
        for _ in 0..20 {
            let drawn = space.sample(&FREE, &mut random).unwrap();
            let network = space.network(&drawn).unwrap();
            let mut partial = Architecture::undecided(space.decisions().len());
            for &id in space.order() {
                let bounds = space.bounds(&partial).unwrap();
                for cost in Cost::all().filter(|cost| !cost.is_measured()) {
                    let (name, range) = (space.name(), cost.bounds(&bounds).unwrap());
                    let count = cost.count(&network).unwrap();
                    assert!(
                        (range.low..=range.high).contains(&count),
                        "{name}: {count} {cost} {range:?}"
                    );
                }
                partial.set(id, drawn.option(id));
            }
        }
    }
}

#[test]
fn pruning_is_done_once() {
    for space in spaces() {
        let mut random = Seed::new(9).stream();
        for _ in 0..30 {
            let drawn = space.sample(&FREE, &mut random).unwrap();
            let pruned = space.network(&drawn).unwrap().pruned();
            assert_eq!(Key::of(&pruned.pruned()), Key::of(&pruned));
            assert_eq!(space.key(&drawn).unwrap(), space.key(&drawn).unwrap());
        }
    }
}

/// The space of NAS-Bench-201 without its own rule of equality: cells of one
/// network meet.
#[test]
fn equal_networks_have_equal_keys() {
    let entry = CATALOGUE
        .iter()
        .find(|e| e.name == "nas-bench-201")
        .unwrap();
    let space = build(
        entry,
        &[("cells", "1"), ("channels", "2")],
        Shape::image(1, 8, 8),
    );
    let key = |text: &str| {
        let network = space.network(&space.parse(text).unwrap()).unwrap();
        Key::of(&network.pruned())
    };
    // A convolution on the way through node 1, through node 2, and straight.
    let through1 = key("|nor_conv_3x3~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|");
    let through2 = key("|none~0|+|nor_conv_3x3~0|none~1|+|none~0|none~1|skip_connect~2|");
    let straight = key("|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|");
    let dead = key("|nor_conv_1x1~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|");
    let other = key("|none~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|none~2|");
    assert_eq!([through1, through2, dead], [straight; 3]);
    assert_ne!(other, straight);
}

/// Folders of real data, or nothing with a word on it.
fn data(file: &str) -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let folder = std::env::var_os("NETSMITH_DATA").map_or_else(|| default.into(), PathBuf::from);
    let path = folder.join(file);
    if !path.exists() {
        #[expect(
            clippy::print_stderr,
            reason = "whoever runs the tests should know what was skipped"
        )]
        {
            eprintln!("skipped: {} is missing (set NETSMITH_DATA)", path.display());
        }
        return None;
    }
    Some(path)
}

/// All 15,625 architectures on three data sets. The table was made with the
/// official skeleton and leaves the classifier's bias out of the MACs.
#[test]
fn parameters_and_macs_of_the_whole_table() {
    let Some(path) = data("nas-bench-201/nb201_accuracy.csv.gz") else {
        return;
    };
    let entry = CATALOGUE
        .iter()
        .find(|e| e.name == "nas-bench-201")
        .unwrap();
    let tasks = [("c10", 32, 10), ("c100", 32, 100), ("in16", 16, 120)];
    let settings = Settings::defaults(entry.parameters);
    let spaces = tasks.map(|(_, side, outputs)| {
        let input = Shape::image(3, side, side);
        (entry.build)(&Task::vector(input, outputs), &settings).unwrap()
    });
    let file = std::fs::File::open(path).unwrap();
    let mut reader = csv::Reader::from_reader(GzDecoder::new(file));
    let headers = reader.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let text = column("arch_str");
    let columns = tasks.map(|(name, ..)| {
        [
            column(&format!("{name}_params")),
            column(&format!("{name}_macs")),
        ]
    });
    let mut rows = 0;
    for row in reader.records() {
        let row = row.unwrap();
        for (space, columns) in spaces.iter().zip(columns) {
            // Bounds of a decided architecture are its own costs, and cheap.
            let architecture = space.parse(&row[text]).unwrap();
            let bounds = space.bounds(&architecture).unwrap();
            let [parameters, macs] = columns.map(|column| row[column].parse::<u64>().unwrap());
            assert_eq!(
                [bounds.parameters.low, bounds.parameters.high],
                [parameters; 2],
                "{}",
                &row[text]
            );
            assert_eq!(
                [bounds.macs.low, bounds.macs.high],
                [macs; 2],
                "{}",
                &row[text]
            );
        }
        if rows % 64 == 0 {
            let architecture = spaces[0].parse(&row[text]).unwrap();
            let written: u64 = row[columns[0][0]].parse().unwrap();
            assert_eq!(parameters(&spaces[0], &architecture), written);
        }
        rows += 1;
    }
    assert_eq!(rows, 15_625);
}
