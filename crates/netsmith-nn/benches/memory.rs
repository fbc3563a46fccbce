//! What training steps take by plan and in fact.
//!
//! `cargo bench -p netsmith-nn --bench memory`

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench that cannot go on fails, and its table is printed"
)]

#[path = "../tests/memory/measured.rs"]
mod measured;

use measured::{Measured, convolutions, drawn, of_network, of_supernet, space};
use netsmith::network::Shape;

fn row(what: &str, measured: Measured) {
    let [planned, taken] = [measured.planned, measured.taken].map(|bytes| bytes as f64 / 1e6);
    let error = 100.0 * measured.error();
    println!("| {what} | {planned:.2} | {taken:.2} | {error:+.1} % |");
}

fn main() {
    let images = Shape::image(3, 32, 32);
    println!("| step of | MB planned | MB taken | plan off by |\n|---|---|---|---|");
    let cells = space(
        "nas-bench-201",
        images,
        &[("channels", "16"), ("cells", "1")],
    );
    row(
        "NAS-Bench-201, all edges 3x3, batch 64",
        of_network(&convolutions(&cells), 64),
    );
    let darts = space("darts", images, &[("channels", "8"), ("cells", "5")]);
    row(
        "DARTS supernet, darts, batch 64",
        of_supernet(&darts, "darts", 64),
    );
    row(
        "DARTS supernet, gdas, batch 64",
        of_supernet(&darts, "gdas", 64),
    );
    for seed in 0..3 {
        let chain = drawn(&space("chain", Shape::image(1, 28, 28), &[]), seed);
        let what = format!("chain, {} parameters, batch 64", chain.parameters());
        row(&what, of_network(&chain, 64));
        let mlp = drawn(&space("mlp", Shape::vector(32), &[]), seed);
        let what = format!("mlp, {} parameters, batch 256", mlp.parameters());
        row(&what, of_network(&mlp, 256));
    }
}
