//! How fast the convolutions of small networks run: forward, gradient of the
//! input and gradient of the weights, on one thread, in values per second of
//! multiplications and additions.
//!
//! `cargo bench -p netsmith-kernels --bench convolution`

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use netsmith_kernels::convolution::{ConvolutionShape, backward_input, forward};
use netsmith_kernels::weight_gradient::backward_weights;
use netsmith_kernels::{Buffer, LANES, Window};
use std::hint::black_box;

/// Blocks of sixteen samples in a batch of sixty-four.
const BLOCKS: usize = 4;

fn shape(
    channels: usize,
    out: usize,
    groups: usize,
    size: usize,
    kernel: usize,
) -> ConvolutionShape {
    ConvolutionShape {
        window: Window {
            kernel: [kernel; 2],
            stride: [1; 2],
            dilation: 1,
            before: [kernel / 2; 2],
            input: [size; 2],
            output: [size; 2],
        },
        channels,
        out,
        groups,
    }
}

/// Values that repeat no small pattern.
fn lanes(count: usize) -> Buffer {
    let mut lanes = Buffer::zeroed(count);
    for (index, value) in lanes.as_flattened_mut().iter_mut().enumerate() {
        *value = (index * 2_654_435_761 % 1000) as f32 / 500.0 - 1.0;
    }
    lanes
}

fn convolutions(criterion: &mut Criterion) {
    let shapes = [
        ("3x3, 3 to 16 channels, 32x32", shape(3, 16, 1, 32, 3)),
        ("3x3, 16 channels, 32x32", shape(16, 16, 1, 32, 3)),
        ("3x3, 32 channels, 16x16", shape(32, 32, 1, 16, 3)),
        ("3x3, 64 channels, 8x8", shape(64, 64, 1, 8, 3)),
        ("1x1, 16 channels, 32x32", shape(16, 16, 1, 32, 1)),
        ("depthwise 3x3, 8 channels, 32x32", shape(8, 8, 8, 32, 3)),
        ("depthwise 5x5, 8 channels, 32x32", shape(8, 8, 8, 32, 5)),
    ];
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let pool = pool.expect("a pool of one thread");
    for (name, shape) in shapes {
        let plane = shape.window.output_plane();
        let group = shape.channels / shape.groups;
        let count = shape.out * group * shape.window.taps();
        let source = lanes(BLOCKS * shape.channels * plane);
        let gradient = lanes(BLOCKS * shape.out * plane);
        let weights: Vec<f32> = lanes(count.div_ceil(LANES)).as_flattened()[..count].to_vec();
        let mut output = gradient.clone();
        let mut input = source.clone();
        let mut weight_gradient = weights.clone();
        let mut bench = criterion.benchmark_group(name);
        bench.throughput(Throughput::Elements(
            (2 * count * plane * BLOCKS * LANES) as u64,
        ));
        bench.bench_function("forward", |bencher| {
            bencher.iter(|| {
                pool.install(|| forward(&shape, black_box(&source), &weights, None, &mut output));
            });
        });
        bench.bench_function("gradient of the input", |bencher| {
            bencher.iter(|| {
                pool.install(|| backward_input(&shape, black_box(&gradient), &weights, &mut input));
            });
        });
        bench.bench_function("gradient of the weights", |bencher| {
            bencher.iter(|| {
                pool.install(|| {
                    backward_weights(&shape, black_box(&source), &gradient, &mut weight_gradient);
                });
            });
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(std::time::Duration::from_millis(200))
        .measurement_time(std::time::Duration::from_millis(600));
    targets = convolutions
}
criterion_main!(benches);
