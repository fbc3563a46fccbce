//! The memory that is planned is the memory that is taken.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod measured;

use measured::{Measured, convolutions, drawn, of_network, of_supernet, space};
use netsmith::network::Shape;

/// How far a plan may be off, as a share of what is taken.
const TOLERANCE: f64 = 0.1;
/// How much more may be planned for a step that draws one option of each site:
/// the plan is that of the largest ones.
const DRAWN: f64 = 0.25;

/// One test, as bytes that other tests take would count.
#[test]
fn what_is_planned_is_taken() {
    let images = Shape::image(3, 16, 16);
    let small = [("channels", "8"), ("cells", "1")];
    let cells = space("nas-bench-201", images, &small);
    let darts = space("darts", images, &[("channels", "4"), ("cells", "3")]);
    // Not 5x5 stems: what their kernels write down for each thread, half a megabyte where
    // there is no AVX-512, is not counted, and is more than a tenth of a small network's.
    let blocks = [
        ("widths", "8,12,16,24,32"),
        ("depths", "1,2,3"),
        ("reductions", "stride"),
        ("stem-widths", "8,16,24"),
        ("stem-kernels", "3"),
        ("stem-reductions", "1"),
    ];
    let chain = space("chain", images, &blocks);
    let mlp = space("mlp", Shape::vector(32), &[]);
    let mut steps: Vec<(String, Measured)> = vec![
        ("convolutions".into(), of_network(&convolutions(&cells), 32)),
        ("darts".into(), of_supernet(&darts, "darts", 32)),
        ("cells, darts".into(), of_supernet(&cells, "darts", 32)),
    ];
    for seed in 0..3 {
        steps.push((
            format!("chain {seed}"),
            of_network(&drawn(&chain, seed), 64),
        ));
        steps.push((format!("mlp {seed}"), of_network(&drawn(&mlp, seed), 256)));
    }
    let hard = of_supernet(&darts, "gdas", 32);
    let error = hard.error();
    assert!((-TOLERANCE..DRAWN).contains(&error), "gdas: {hard:?}");
    let off = |(_, measured): &&(String, Measured)| measured.error().abs() > TOLERANCE;
    let off: Vec<_> = steps.iter().filter(off).collect();
    assert!(off.is_empty(), "{off:#?}");
}
