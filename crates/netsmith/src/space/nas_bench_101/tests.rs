//! The oracles of the space: sizes, keys, pruning and counts.

use super::*;
use crate::network::Shape;
use crate::random::Seed;
use crate::space::Limits;
use std::collections::BTreeSet;

fn space() -> Space {
    let task = Task::vector(Shape::image(3, 32, 32), 10);
    build(&task, &Settings::defaults(ENTRY.parameters)).unwrap()
}

/// All cells of so many vertices that nothing is pruned from.
fn different_cells(vertices: usize) -> usize {
    let inner = vertices - 2;
    let mut hashes = BTreeSet::new();
    for edges in 0..1_u32 << (vertices * (vertices - 1) / 2) {
        let masks = masks(edges, vertices);
        if edges.count_ones() > EDGES
            || super::super::paths::nodes_between(&masks).count_ones() as usize != vertices
        {
            continue;
        }
        for code in 0..3_u32.pow(inner as u32) {
            let operations = (0..inner as u32).map(|at| code / 3_u32.pow(at) % 3);
            let cell = Cell {
                inputs: masks.clone(),
                operations: operations.collect(),
            };
            hashes.insert(cell.hash());
        }
    }
    hashes.len()
}

/// Those of seven vertices are counted in the table.
#[test]
fn published_numbers_of_cells() {
    let counts = (2..=6).map(different_cells);
    assert_eq!(counts.collect::<Vec<_>>(), [1, 6, 84, 2_441, 62_010]);
}

#[test]
fn number_of_architectures() {
    let valid = (0..1_u32 << 21).filter(|&edges| {
        let edges = super::super::paths::edges_between(&masks(edges, VERTICES));
        edges.is_some_and(|edges| edges <= EDGES)
    });
    assert_eq!(valid.count() as u128 * 243, SIZE);
    assert_eq!(space().size(), Some(SIZE));
}

/// The benchmark's own example, with its published number of parameters.
#[test]
fn the_official_example() {
    let space = space();
    let edges = [
        (0, 1),
        (0, 2),
        (0, 3),
        (0, 5),
        (1, 6),
        (2, 6),
        (3, 4),
        (4, 6),
        (5, 6),
    ];
    let bits = edges.iter().map(|(x, y)| 1_u32 << (x + y * (y - 1) / 2));
    let text = format!("{:06x}:10002", bits.sum::<u32>());
    let network = space.network(&space.parse(&text).unwrap());
    assert_eq!(network.unwrap().parameters(), 2_694_282);
}

#[test]
fn texts_keys_and_bounds() {
    let space = space();
    let mut random = Seed::new(4).stream();
    for _ in 0..100 {
        let drawn = space.sample(&Limits::default(), &mut random).unwrap();
        assert_eq!(space.check(&drawn), Ok(()));
        assert_eq!(space.parse(&space.text(&drawn)), Ok(drawn.clone()));
        let own = options(&drawn);
        let adjacency = u32::from_str_radix(space.text(&drawn).split_once(':').unwrap().0, 16);
        let key = key_of(adjacency.unwrap(), &own[VERTICES - 1..]);
        assert_eq!(space.key(&drawn).ok(), key);
    }
    // One vertex less, however it is written.
    let short = space.parse("000025:0").unwrap_err();
    assert!(short.rule.contains("beyond"), "{}", short.rule);
    let key = |text: &str| space.key(&space.parse(text).unwrap()).unwrap();
    // input -> pool -> output, as the first or as the third vertex.
    assert_eq!(key("5:2"), key("040008:00200"));
    assert_ne!(key("5:2"), key("5:1"));
}
