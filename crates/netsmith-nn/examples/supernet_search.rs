//! One gradient search on `nas-bench-201`, written as JSON: what is reported of
//! the methods, run by run. No table of known results is read here; see
//! `supernet_look_up` for that.
//!
//! ```text
//! cargo run --release -p netsmith-nn --example supernet_search -- \
//!     DATA METHOD SEED OUT.json [size=16] [KEY=VALUE of the method ...]
//! ```

#![expect(clippy::unwrap_used, reason = "a tool that cannot go on stops")]
#![expect(clippy::print_stderr, reason = "it tells how far it is")]

use netsmith::catalogue::Settings;
use netsmith::network::Shape;
use netsmith::random::Seed;
use netsmith::space::{Task, build_named};
use netsmith_nn::data::{self, Contract, LoadOptions, SplitOptions};
use netsmith_nn::supernet::{CATALOGUE, Decision, Search, Supernet};
use std::collections::BTreeMap;
use std::time::Instant;

/// Architectures drawn at random that are judged under the shared weights.
const SAMPLE: usize = 50;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [source, name, seed, out, pairs @ ..] = &arguments[..] else {
        panic!("DATA METHOD SEED OUT.json [KEY=VALUE ...]");
    };
    let pairs = pairs.iter().map(|pair| pair.split_once('=').unwrap());
    let mut settings: BTreeMap<String, String> = pairs
        .map(|(key, value)| (key.into(), value.into()))
        .collect();
    let size = settings
        .remove("size")
        .map_or(16, |size| size.parse().unwrap());
    let threads = settings.remove("threads").map_or(2, |n| n.parse().unwrap());

    let options = LoadOptions {
        image_size: Some([size, size]),
        ..LoadOptions::default()
    };
    let loaded = data::load(&source.parse().unwrap(), &options).unwrap();
    let (data, _test) = loaded.split(&SplitOptions::default()).unwrap();
    let (train, valid) = (data.train(), data.valid());
    let contract = Contract::fit(&train);
    let space_settings = [("channels", "8"), ("cells", "1")]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
    let task = Task::vector(Shape::image(3, size, size), 10);
    let space = build_named("nas-bench-201", &task, &space_settings).unwrap();
    let entry = CATALOGUE.iter().find(|entry| entry.name == *name).unwrap();
    let method = (entry.build)(&Settings::new(entry.parameters, &settings).unwrap());
    let supernet = Supernet::for_options(&space, method.options()).unwrap();
    let search = Search {
        augmentation: data.augmentation(),
        seed: Seed::new(seed.parse().unwrap()).child("supernet"),
        epochs: method.options().epochs.unwrap_or(30),
        ..Search::new(
            &space,
            &supernet,
            method.as_ref(),
            [&train, &valid],
            &contract,
        )
    };
    let begun = Instant::now();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    let found = pool.install(|| {
        search.run(search.start(), &mut |report, _| {
            eprintln!(
                "epoch {:3} {:6.0} s, loss {:.3} and {:.3}, accuracies {:?}, entropy {:.3}: {}",
                report.number,
                begun.elapsed().as_secs_f64(),
                report.train_loss,
                report.architecture_loss,
                report.accuracies,
                report.entropy,
                report.architecture
            );
            Decision::Continue
        })
    });
    let found = found.unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    let sample = pool.install(|| search.judge_sample(&found.state, SAMPLE));
    let sample: Vec<(String, f64)> = sample
        .unwrap()
        .iter()
        .map(|(own, loss)| (space.text(own), *loss))
        .collect();
    let json = serde_json::json!({
        "method": name,
        "seed": seed,
        "size": size,
        "settings": settings,
        "seconds": seconds,
        "end": format!("{:?}", found.end),
        "planned-bytes": supernet.planned_memory(method.options().batch, method.options().hard),
        "parameters": supernet.network.parameters(),
        "architecture": space.text(&found.architecture),
        "logits": found.state.logits,
        "sample": sample,
        "epochs": found.state.history,
    });
    std::fs::write(out, serde_json::to_string_pretty(&json).unwrap()).unwrap();
}
