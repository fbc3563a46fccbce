//! Examples are spaces, and faults are underlined.

use super::*;
use crate::network::Shape;
use crate::random::Seed;
use crate::space::{Decision, Limits};
use miette::Diagnostic;

const RESIDUAL: &str = include_str!("../../../../../examples/spaces/residual-stages.toml");
const CELL: &str = include_str!("../../../../../examples/spaces/cell.toml");

fn task() -> Task {
    Task::vector(Shape::image(3, 16, 16), 4)
}

#[test]
fn the_examples_are_spaces() {
    for (text, size) in [
        (RESIDUAL, 2 * 54 * 54),
        (CELL, 2 * 25 * (3 * 25) * (6 * 25)),
    ] {
        let space = parse("example.toml", text, &task()).unwrap();
        assert_eq!(space.size(), Some(size));
        space.supernet().unwrap();
        let mut random = Seed::new(1).stream();
        for _ in 0..50 {
            let drawn = space.sample(&Limits::default(), &mut random).unwrap();
            assert_eq!(space.check(&drawn), Ok(()));
            assert_eq!(space.parse(&space.text(&drawn)), Ok(drawn.clone()));
            assert_eq!(space.network(&drawn).unwrap().answer(), Shape::vector(4));
        }
    }
}

/// Whatever they are called: gradient search guards against too many of them.
#[test]
fn skip_connections_are_known_by_what_they_do() {
    let space = parse("cell.toml", CELL, &task()).unwrap();
    let choices = space.relaxation().choices.into_iter();
    let names = choices.flat_map(|choice| {
        let decision = space.decision(choice.decision).clone();
        let options = choice.options.into_iter().zip(choice.skips);
        let skips = options.filter_map(|(option, skip)| option.filter(|_| skip));
        skips
            .map(move |option| decision.option_name(option))
            .collect::<Vec<_>>()
    });
    let names: Vec<String> = names.collect();
    assert!(
        !names.is_empty() && names.iter().all(|name| name == "identity"),
        "{names:?}"
    );
}

/// What a faulty text is told, and the part of it that is underlined.
fn fault(text: &str) -> (String, String, String) {
    let error = parse("space.toml", text, &task()).unwrap_err();
    let label = error.labels().unwrap().next().unwrap();
    let underlined = &text[label.offset()..label.offset() + label.len()];
    let hint = error.hint().unwrap_or_default().to_owned();
    (error.to_string(), underlined.to_owned(), hint)
}

#[track_caller]
fn check(nodes: &str, rule: &str, underlined: &str, hint: &str) {
    let values = "[values]\nwidth = [8, 16]\n";
    let block = "[block.pair]\ninputs = [\"a\", \"b\"]\nnodes = [{ operation = \"add\", from = [\"a\", \"b\"] }]\n";
    let text = format!("{values}{block}[network]\nnodes = [\n{nodes}\n]\n");
    let expected = [rule, underlined, hint].map(str::to_owned);
    assert_eq!(<[String; 3]>::from(fault(&text)), expected);
}

#[test]
fn faults_are_underlined() {
    check(
        r#"{ operation = "convolutoin", out = 8 }"#,
        "there is no operation or block `convolutoin`",
        "\"convolutoin\"",
        "did you mean `convolution`?",
    );
    check(
        r#"{ operation = "convolution", out = "widh" }"#,
        "there is no value `widh`",
        "\"widh\"",
        "did you mean `width`?",
    );
    check(
        r#"{ operation = "convolution", kernal = 3 }"#,
        "nothing is called `kernal` here",
        "kernal",
        "did you mean `kernel`?",
    );
    check(
        r#"{ operation = "relu", from = "stem" }"#,
        "there is no node `stem` before this one",
        "\"stem\"",
        "there are: input",
    );
    check(
        r#"{ operation = "linear", out = "classes" }"#,
        "linear -> 4: takes a vector, got the image 3x16x16",
        r#"{ operation = "linear", out = "classes" }"#,
        "pool or flatten the image first",
    );
    check(
        r#"{ operation = "convolution", out = 1000000 }"#,
        "1000000 is not a whole number from 1 to 16384",
        "1000000",
        "",
    );
    check(
        r#"{ choice = ["identity", "linear"] }"#,
        "`out` is missing",
        "\"linear\"",
        "write it as a table: { operation = \"…\", … }",
    );
    check(
        r#"{ block = "pair" }"#,
        "this takes 2 inputs, got 1",
        "\"pair\"",
        "",
    );
    check(
        r#"{ operation = "relu", choice = ["identity"] }"#,
        "a node is exactly one thing",
        r#"{ operation = "relu", choice = ["identity"] }"#,
        "give one of operation, choice, select, loose, repeat, block, align, unroll",
    );
    check(
        r#"{ name = "x", select = 3, from = ["input"] }"#,
        "there are 0 ways to select these of 1 nodes",
        "3",
        "select from 1 to 31 nodes, with at most 1000000 ways to do so",
    );
}

#[test]
fn a_syntax_fault_has_its_place() {
    let (_, underlined, _) = fault("[network\nnodes = 3");
    assert!(underlined.len() <= 1);
    let error = parse("x.toml", "\n[values]\nwidth = [x]\n", &task()).unwrap_err();
    assert_eq!(error.position().unwrap().0, 3);
}

#[test]
fn blocks_cannot_grow_without_end() {
    let itself = "[block.a]\nnodes = [{ block = \"a\" }]\n[network]\nnodes = [{ block = \"a\" }]";
    assert_eq!(fault(itself).0, "block `a` contains itself: a → a");
    let mut text = String::from("[block.b0]\nnodes = [{ operation = \"relu\" }]\n");
    for level in 1..8 {
        let nodes = "{ block = \"bN\" }, "
            .repeat(10)
            .replace('N', &(level - 1).to_string());
        text.push_str(&format!("[block.b{level}]\nnodes = [{nodes}]\n"));
    }
    text.push_str("[network]\nnodes = [{ block = \"b7\" }]");
    assert!(fault(&text).0.contains("more than 20000 nodes"));
}

#[test]
fn absurd_sizes_are_refused() {
    let wide = |out: &str| {
        format!(
            "[network]\nnodes = [{{ operation = \"convolution\", out = \"{out}\" }}, {{ operation = \"convolution\", out = \"{out}\", kernel = 64 }}]"
        )
    };
    let most = "16384*16384*16384*16384*16384";
    assert!(fault(&wide(most)).0.contains("more parameters"));
}

#[test]
fn a_size_may_follow_another_node() {
    let text = "[values]\nwidth = [8, 16]\n[network]\nnodes = [
        { name = \"wide\", operation = \"convolution\", out = \"width\" },
        { operation = \"convolution\", from = \"input\", out = \"channels(wide)*2\" },
        { operation = \"global-pool\" },
        { operation = \"linear\", out = \"classes\" },
    ]";
    let space = parse("space.toml", text, &task()).unwrap();
    let network = space.network(&space.parse("width=16").unwrap()).unwrap();
    assert_eq!(network.parameters(), 3 * 16 + 3 * 32 + 32 * 4 + 4);
}

/// Every prefix of every architecture bounds what it costs.
#[track_caller]
fn bounds_hold(text: &str) {
    let space = parse("space.toml", text, &task()).unwrap();
    let counts: Vec<u32> = space.decisions().iter().map(Decision::count).collect();
    for number in 0..counts.iter().product() {
        let mut rest = number;
        let mut whole = Architecture::undecided(counts.len());
        for (&id, count) in space.order().iter().zip(&counts) {
            whole.set(id, Some(rest % count));
            rest /= count;
        }
        let cost = space.network(&whole).unwrap().parameters();
        let mut partial = Architecture::undecided(counts.len());
        for &id in space.order() {
            let range = space.bounds(&partial).unwrap().parameters;
            assert!((range.low..=range.high).contains(&cost), "{cost} {range:?}");
            partial.set(id, whole.option(id));
        }
        let range = space.bounds(&whole).unwrap().parameters;
        assert_eq!([range.low, range.high], [cost; 2]);
    }
}

#[test]
fn tied_weights_of_an_option_that_is_not_taken_count_elsewhere() {
    bounds_hold(
        r#"
        [block.shared]
        nodes = [{ operation = "convolution", out = 8, kernel = 3 }]
        [block.tied]
        nodes = [{ block = "shared", tie = "t" }]
        [network]
        nodes = [
            { operation = "convolution", out = 8 },
            { name = "first", choice = ["tied", { operation = "convolution", out = 8, kernel = 3, name = "own" }] },
            { name = "second", choice = ["tied", { operation = "convolution", out = 8, name = "own" }] },
            { operation = "global-pool" },
            { operation = "linear", out = "classes" },
        ]"#,
    );
}

#[test]
fn one_decision_may_take_two_loose_ends() {
    bounds_hold(
        r#"
        [network]
        nodes = [
            { name = "stem", operation = "convolution", out = 4 },
            { name = "a", operation = "convolution", out = 4, from = "stem" },
            { name = "b", operation = "convolution", out = 4, from = "stem" },
            { name = "c", operation = "convolution", out = 4, from = "stem" },
            { name = "d", operation = "convolution", out = 4, from = "stem" },
            { name = "first", select = 1, from = ["a", "b"], decision = "pick" },
            { name = "second", select = 1, from = ["c", "d"], decision = "pick" },
            { name = "ends", loose = "concat", from = ["a", "b", "c", "d", "first", "second"] },
            { operation = "global-pool" },
            { operation = "linear", out = "classes" },
        ]"#,
    );
}

#[test]
fn an_excerpt_shows_the_line() {
    let text = "[network]\nnodes = [\n\t{ operation = \"convolutoin\" },\n]\n";
    let error = parse("space.toml", text, &task()).unwrap_err();
    let excerpt = " --> space.toml:3:16\n  |\n3 | \t{ operation = \"convolutoin\" },\n  | \t              ^^^^^^^^^^^^^";
    assert_eq!(error.excerpt().as_deref(), Some(excerpt));
    let at_the_end = parse("space.toml", "[network", &task()).unwrap_err();
    assert!(at_the_end.excerpt().unwrap().contains("1 | [network\n"));
}

#[test]
fn other_files_of_toml_have_the_same_faults() {
    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its faults are read")]
    struct File {
        budget: u32,
        seed: u32,
    }
    let read = |text: &str| {
        let error = toml::from_str::<File>(text).unwrap_err();
        FileError::of_toml("run.toml", text, &error)
    };
    let unknown = read("seed = 1\nbudgt = 2\n");
    assert_eq!(unknown.to_string(), "nothing is called `budgt` here");
    assert_eq!(unknown.hint(), Some("did you mean `budget`?"));
    assert_eq!(unknown.position(), Some((2, 1)));
    let wrong = read("seed = \"one\"\nbudget = 2\n");
    assert_eq!(wrong.position(), Some((1, 8)));
    assert_eq!(wrong.hint(), None);
}
