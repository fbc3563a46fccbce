//! ENAS: shared weights and a policy in turn, killed, under limits and with
//! penalties.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use netsmith::catalogue::Settings;
use netsmith::cost::PARAMETERS;
use netsmith::network::Shape;
use netsmith::objective::Objective;
use netsmith::random::Seed;
use netsmith::space::{Limits, Space, Task, build_named};
use netsmith_nn::data::{self, Contract, LoadOptions, SearchData, SplitOptions};
use netsmith_nn::supernet::{CATALOGUE, Decision, End, Method, Reward, Search, State, Supernet};
use std::collections::BTreeMap;

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let pairs = pairs.iter();
    pairs
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

/// ENAS with these settings beside those that keep a test short.
fn enas(settings: &[(&str, &str)]) -> Box<dyn Method> {
    let entry = CATALOGUE.iter().find(|entry| entry.name == "enas").unwrap();
    let mut given = map(&[
        ("aggregate", "5"),
        ("reward-batch", "32"),
        ("samples", "10"),
    ]);
    given.extend(map(settings));
    (entry.build)(&Settings::new(entry.parameters, &given).unwrap())
}

struct Digits {
    data: SearchData,
    contract: Contract,
    space: Space,
    supernet: Supernet,
}

fn digits(space: &str, settings: &[(&str, &str)]) -> Digits {
    let digits = data::load(&"digits".parse().unwrap(), &LoadOptions::default()).unwrap();
    let (data, _test) = digits.split(&SplitOptions::default()).unwrap();
    let contract = Contract::fit(&data.train());
    let task = Task::vector(Shape::image(1, 8, 8), 10);
    let space = build_named(space, &task, &map(settings)).unwrap();
    let supernet = Supernet::of(&space).unwrap();
    Digits {
        data,
        contract,
        space,
        supernet,
    }
}

fn cells() -> Digits {
    digits("nas-bench-201", &[("channels", "4"), ("cells", "1")])
}

fn search_of<T>(
    digits: &Digits,
    method: &dyn Method,
    (limits, objective): (Limits, &Objective),
    epochs: usize,
    run: impl FnOnce(&Search<'_>) -> T + Send,
) -> T
where
    T: Send,
{
    let (train, valid) = (digits.data.train(), digits.data.valid());
    // So little work is not worth waiting for a second thread.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let search = Search {
        limits,
        reward: Some(Reward {
            objective,
            latency: None,
        }),
        seed: Seed::new(7),
        epochs,
        ..Search::new(
            &digits.space,
            &digits.supernet,
            method,
            [&train, &valid],
            &digits.contract,
        )
    };
    pool.unwrap().install(|| run(&search))
}

/// Also that nothing is learnt during the warm-up.
#[test]
fn a_search_that_was_killed_gives_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    for (digits, code) in [
        (cells(), vec![]),
        (
            digits("darts", &[("channels", "4"), ("cells", "3")]),
            vec![("entropy-of", "pick"), ("clip-weights", "false")],
        ),
        (
            digits("enas-micro", &[("channels", "4"), ("cells", "3")]),
            vec![],
        ),
        (
            digits("enas-macro", &[("channels", "4"), ("layers", "4")]),
            vec![],
        ),
    ] {
        let mut settings = vec![("warm-up", "0.3"), ("updates", "4")];
        settings.extend(code);
        let method = enas(&settings);
        let plain = (Limits::default(), &Objective::default());
        search_of(&digits, method.as_ref(), plain, 3, |search| {
            let path = folder.path().join("state");
            let network = &digits.supernet.network;
            let mut policies = vec![search.start().policy];
            let whole = search.run(search.start(), &mut |_, state| {
                policies.push(state.policy.clone());
                Decision::Continue
            });
            let whole = whole.unwrap();
            assert!(policies[0] == policies[1] && policies[1] != policies[2]);
            let broken = search.run(search.start(), &mut |report, state| {
                state.save(network, &path).unwrap();
                match report.number {
                    1 => Decision::Stop,
                    _ => Decision::Continue,
                }
            });
            assert_eq!(broken.unwrap().end, End::Stopped);
            let state = State::load(network, &path).unwrap();
            let resumed = search.run(state, &mut |_, _| Decision::Continue).unwrap();
            // Thousands of numbers help nobody.
            assert!(whole == resumed);
            let history = &whole.state.history;
            assert!(history[2].train_loss < history[0].train_loss);
            let rewards: Vec<bool> = history.iter().map(|e| e.reward.is_some()).collect();
            assert_eq!(rewards, [false, true, true]);
            assert_eq!(digits.space.check(&whole.architecture), Ok(()));
        });
    }
}

/// A limit that no convolution keeps: what is on no path that was drawn keeps
/// its weights to the bit, whatever decay and momentum do elsewhere.
#[test]
fn limits_mask_and_other_paths_rest() {
    let digits = cells();
    let space = &digits.space;
    let bare = space.parse("|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|");
    let least = space.network(&bare.unwrap()).unwrap().parameters();
    let limits = Limits::FREE.with(PARAMETERS, least as f64);
    let method = enas(&[("warm-up", "0")]);
    let place = (limits, &Objective::default());
    search_of(&digits, method.as_ref(), place, 2, |search| {
        let start = search.start();
        let found = search.run(start.clone(), &mut |_, _| Decision::Continue);
        let found = found.unwrap();
        assert!(space.keeps(&found.architecture, &limits));
        let pairs = start.weights.0.iter().zip(&found.state.weights.0);
        let (mut rested, mut moved) = (0, 0);
        for (weight, (before, after)) in digits.supernet.network.weights().iter().zip(pairs) {
            let in_cell = weight.name.contains("conv_");
            let same = before == after;
            assert!(same || !in_cell, "{}", weight.name);
            (rested, moved) = (rested + usize::from(in_cell), moved + usize::from(!same));
        }
        assert!(rested >= 12 && moved > 0, "{rested} {moved}");
    });
}

/// A penalty moves the policy to networks that cost less.
#[test]
fn penalties_shape_the_reward() {
    let digits = cells();
    let settings = [
        ("warm-up", "0"),
        ("updates", "40"),
        ("architecture-rate", "0.05"),
    ];
    let method = enas(&settings);
    let mean = |penalty: Option<&str>| {
        let mut objective = Objective::default();
        let penalties = penalty.map(|text| text.parse().unwrap());
        objective.penalties.extend(penalties);
        let place = (Limits::default(), &objective);
        search_of(&digits, method.as_ref(), place, 3, |search| {
            let found = search.run(search.start(), &mut |_, _| Decision::Continue);
            let network = digits.space.network(&found.unwrap().architecture);
            network.unwrap().parameters()
        })
    };
    let free = mean(None);
    for penalty in [
        "parameters=1000:linear=1",
        "macs=10k:hard",
        "parameters=1000:power=-1",
    ] {
        let own = mean(Some(penalty));
        assert!(own < free, "{penalty}: {own} of {free}");
    }
}
