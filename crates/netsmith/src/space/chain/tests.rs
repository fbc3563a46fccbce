//! Tests of the chain space.

use super::*;
use crate::cost::{MACS, PARAMETERS};
use crate::random::Seed;
use crate::space::Limits;

fn space(shape: Shape, classes: usize) -> Space {
    let task = Task::vector(shape, classes);
    build(&task, &Settings::defaults(ENTRY.parameters)).unwrap()
}

#[track_caller]
fn check_plan(shape: Shape, stem_stride: usize, strides: &[usize]) {
    let plan = Plan::of(shape, 0);
    assert_eq!(
        (plan.stem_stride, &plan.strides[..]),
        (stem_stride, strides)
    );
}

#[test]
fn images_of_all_sizes_meet_the_head_at_a_few_positions() {
    check_plan(Shape::image(1, 4, 4), 1, &[1]);
    check_plan(Shape::image(1, 8, 8), 1, &[1, 2]);
    check_plan(Shape::image(1, 28, 28), 1, &[1, 2, 2]);
    check_plan(Shape::image(3, 32, 32), 1, &[1, 2, 2]);
    check_plan(Shape::image(3, 64, 48), 2, &[1, 2, 2]);
    check_plan(Shape::image(3, 64, 64), 2, &[1, 2, 2]);
    check_plan(Shape::image(3, 224, 224), 2, &[2, 2, 2, 2]);
    check_plan(Shape::sequence(12, 20), 1, &[1, 2, 2]);
    check_plan(Shape::sequence(1, 7), 1, &[1, 2]);
    check_plan(Shape::sequence(1, 1_500), 2, &[2, 2, 2]);
}

#[test]
fn a_small_resnet_by_hand() {
    let space = space(Shape::image(1, 28, 28), 10);
    let text = "activation=relu,stem.width=16,\
        stage0.depth=1,stage0.kind=residual,stage0.width=16,stage0.kernel=3,stage0.squeeze-excite=off,\
        stage1.depth=1,stage1.kind=residual,stage1.width=32,stage1.kernel=3,stage1.squeeze-excite=off,\
        stage2.depth=1,stage2.kind=residual,stage2.width=64,stage2.kernel=3,stage2.squeeze-excite=off,\
        head=direct,dropout=0";
    let architecture = space.parse(text).unwrap();
    let network = space.network(&architecture).unwrap();
    let stem = 9 * 16 + 32;
    let first = 2 * (9 * 16 * 16 + 32);
    let second = 9 * 16 * 32 + 9 * 32 * 32 + 16 * 32 + 3 * 64;
    let third = 9 * 32 * 64 + 9 * 64 * 64 + 32 * 64 + 3 * 128;
    assert_eq!(network.parameters(), stem + first + second + third + 650);
    assert_eq!(network.parameters(), 77_754);
}

#[test]
fn a_small_mobilenet_by_hand() {
    let space = space(Shape::image(1, 8, 8), 10);
    let text = "activation=relu,stem.width=8,\
        stage0.depth=1,stage0.kind=separable,stage0.width=8,stage0.kernel=3,stage0.squeeze-excite=off,\
        stage1.depth=2,stage1.kind=mbconv,stage1.width=16,stage1.kernel=5,stage1.expansion=4,\
        stage1.squeeze-excite=on,stage1.skip=on,head=convolution,head.width=64,dropout=0.2";
    let network = space.network(&space.parse(text).unwrap()).unwrap();
    let separable = 9 * 8 + 16 + 8 * 8 + 16;
    let squeeze_excite = |wide: u64| wide * (wide / 4) + wide / 4 + wide / 4 * wide + wide;
    let mbconv = |input: u64, out: u64| {
        let wide = 4 * input;
        input * wide + 25 * wide + 4 * wide + squeeze_excite(wide) + wide * out + 2 * out
    };
    let stages = separable + mbconv(8, 16) + mbconv(16, 16);
    let head = 16 * 64 + 128 + 650;
    assert_eq!(network.parameters(), 9 * 8 + 16 + stages + head);
    let adds = network
        .nodes()
        .iter()
        .filter(|node| node.operation == Operation::Add);
    assert_eq!(adds.count(), 1);
}

#[test]
fn a_fully_convolutional_network_by_hand() {
    let space = space(Shape::sequence(12, 20), 9);
    let text = "activation=relu,stem.width=24,\
        stage0.depth=1,stage0.kind=convolution,stage0.width=32,stage0.kernel=9,stage0.squeeze-excite=off,\
        stage1.depth=1,stage1.kind=convolution,stage1.width=64,stage1.kernel=5,stage1.squeeze-excite=off,\
        stage2.depth=1,stage2.kind=convolution,stage2.width=32,stage2.kernel=3,stage2.squeeze-excite=off,\
        head=direct,dropout=0";
    let network = space.network(&space.parse(text).unwrap()).unwrap();
    let stem = 12 * 24 * 7 + 2 * 24;
    let first = 24 * 32 * 9 + 2 * 32;
    let second = 32 * 64 * 5 + 2 * 64;
    let third = 64 * 32 * 3 + 2 * 32;
    assert_eq!(
        network.parameters(),
        stem + first + second + third + 32 * 9 + 9
    );
    assert_eq!(network.parameters(), 25_913);
    // 20 steps, then 10, then 5.
    let macs = 20 * 12 * 24 * 7 + 20 * 24 * 32 * 9 + 10 * 32 * 64 * 5 + 5 * 64 * 32 * 3 + 32 * 9;
    assert_eq!(network.macs(), macs);
    let baselines = space.baselines(&Limits::default());
    let fcn = &baselines[0];
    assert_eq!((fcn.0, space.text(&fcn.1)), ("FCN", text.to_owned()));
}

#[test]
fn a_one_dimensional_resnet_by_hand() {
    let space = space(Shape::sequence(1, 150), 2);
    let stage = |index, depth, width| {
        format!(
            "stage{index}.depth={depth},stage{index}.kind=residual,stage{index}.width={width},\
            stage{index}.kernel=5,stage{index}.squeeze-excite=off,"
        )
    };
    let text = |stem, depth, widths: [u32; 3]| {
        let stages = [0, 1, 2].map(|index| stage(index, depth, widths[index]));
        let stages = stages.concat();
        format!("activation=relu,stem.width={stem},{stages}head=direct,dropout=0")
    };
    let families = space.families(&Limits::FREE);
    let resnet = families.iter().find(|own| own.name == "small 1-D ResNet");
    let members = resnet.unwrap().members.iter();
    let texts: Vec<String> = members.map(|own| space.text(own)).collect();
    let small = text(8, 1, [8, 16, 16]);
    assert!(texts.contains(&small), "{texts:#?}");
    let block = |input: u64, out: u64| {
        let (first, second) = (input * out * 5, out * out * 5);
        // Each stage halves the sequence, so that each has a convolution as its shortcut.
        first + second + input * out + 3 * 2 * out
    };
    let stem = 7 * 8 + 2 * 8;
    let parameters = stem + block(8, 8) + block(8, 16) + block(16, 16) + 2 * 16 + 2;
    let network = space.network(&space.parse(&small).unwrap()).unwrap();
    assert_eq!(network.parameters(), parameters);
    // The largest within a limit is the baseline.
    let limits = Limits::FREE.with(PARAMETERS, parameters as f64);
    let (name, architecture) = &space.baselines(&limits)[1];
    assert_eq!(*name, "small 1-D ResNet");
    assert_eq!(
        space.network(architecture).unwrap().parameters(),
        parameters
    );
}

#[test]
fn an_inverted_bottleneck_over_a_sequence_by_hand() {
    let space = space(Shape::sequence(3, 10), 4);
    let text = "activation=relu,stem.width=8,\
        stage0.depth=1,stage0.kind=separable,stage0.width=8,stage0.kernel=5,stage0.squeeze-excite=off,\
        stage1.depth=2,stage1.kind=mbconv,stage1.width=16,stage1.kernel=9,stage1.expansion=4,\
        stage1.squeeze-excite=on,stage1.skip=on,head=direct,dropout=0";
    let network = space.network(&space.parse(text).unwrap()).unwrap();
    let separable = 5 * 8 + 16 + 8 * 8 + 16;
    let mbconv = |input: u64, out: u64| {
        let wide = 4 * input;
        let squeeze_excite = wide * (wide / 4) + wide / 4 + wide / 4 * wide + wide;
        input * wide + 9 * wide + 4 * wide + squeeze_excite + wide * out + 2 * out
    };
    let stem = 3 * 8 * 7 + 16;
    let stages = separable + mbconv(8, 16) + mbconv(16, 16);
    assert_eq!(network.parameters(), stem + stages + 16 * 4 + 4);
}

#[test]
fn windows_slide_along_a_sequence_alone() {
    let space = space(Shape::sequence(2, 64), 3);
    let mut networks = vec![space.supernet().unwrap()];
    let mut random = Seed::new(3).stream();
    for _ in 0..10 {
        let drawn = space.sample(&Limits::default(), &mut random).unwrap();
        networks.push(space.network(&drawn).unwrap());
    }
    for (place, network) in networks.iter().enumerate() {
        let convolutions = network.nodes().iter().filter_map(|node| {
            let Operation::Convolution(convolution) = &node.operation else {
                return None;
            };
            Some((&convolution.window, node.shape.positions()))
        });
        let mut count = 0;
        for (window, [height, _]) in convolutions {
            let heights = [window.kernel[0], window.stride[0], height];
            assert_eq!(heights, [1, 1, 1], "{window}");
            count += 1;
        }
        // The supernet has all stages; of others stages may be left out, not the stem.
        assert!(count >= if place == 0 { 4 } else { 1 });
    }
}

#[test]
fn kernels_of_images_and_sequences_are_set_apart() {
    let build_for = |shape| {
        let given = [("kernels", "7"), ("sequence-kernels", "4,15")];
        let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let settings = Settings::new(ENTRY.parameters, &given.into()).unwrap();
        let space = build(&Task::vector(shape, 2), &settings).unwrap();
        let kernel = space.decision_named("stage0.kernel").unwrap();
        space.decision(kernel).kind.clone()
    };
    let values = |values: &[usize]| crate::space::DecisionKind::Value(values.to_vec());
    assert_eq!(build_for(Shape::image(1, 8, 8)), values(&[7]));
    assert_eq!(build_for(Shape::sequence(1, 8)), values(&[4, 15]));
}

#[test]
fn baselines_lie_near_the_given_size() {
    for (shape, parameters) in [
        (Shape::image(1, 8, 8), 20_000),
        (Shape::image(1, 28, 28), 100_000),
        (Shape::image(3, 64, 64), 300_000),
    ] {
        let space = space(shape, 10);
        let limits = Limits::FREE.with(PARAMETERS, parameters as f64);
        let baselines = space.baselines(&limits);
        let names: Vec<&str> = baselines.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["plain CNN", "small ResNet", "small MobileNet"]);
        for (name, architecture) in baselines {
            assert_eq!(space.check(&architecture), Ok(()));
            let count = space.network(&architecture).unwrap().parameters();
            assert!(
                count <= parameters && (count > parameters / 2 || name == "plain CNN"),
                "{name}: {count}"
            );
        }
    }
}

#[test]
fn baselines_keep_every_limit() {
    let space = space(Shape::image(1, 28, 28), 10);
    let limits = Limits::FREE.with(MACS, 4_000_000.0);
    let baselines = space.baselines(&limits);
    assert_eq!(baselines.len(), 3);
    for (name, architecture) in baselines {
        let macs = space.network(&architecture).unwrap().macs();
        let largest = name == "plain CNN" || macs > 1_000_000;
        assert!(macs <= 4_000_000 && largest, "{name}: {macs}");
    }
}

#[test]
fn samples_keep_limits() {
    let space = space(Shape::image(1, 8, 8), 10);
    let limits = Limits::FREE.with(PARAMETERS, 20_000.0);
    let mut random = Seed::new(1).stream();
    for _ in 0..5 {
        let drawn = space.sample(&limits, &mut random).unwrap();
        assert!(space.network(&drawn).unwrap().parameters() <= 20_000);
        assert_eq!(space.parse(&space.text(&drawn)), Ok(drawn));
    }
}

#[test]
fn a_supernet_holds_all_architectures() {
    let space = space(Shape::image(1, 8, 8), 10);
    let supernet = space.supernet().unwrap();
    let mixes = supernet
        .nodes()
        .iter()
        .filter(|node| matches!(node.operation, Operation::Mix { .. }));
    assert!(mixes.count() > 10);
}
