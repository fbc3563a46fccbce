use netsmith_kernels::{Window, convolution::*};
fn main() {
    rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap()
        .install(run)
}
fn run() {
    for (c, o, h, k, s) in [
        (16, 16, 32, 3, 1),
        (32, 32, 16, 3, 1),
        (64, 64, 8, 3, 1),
        (16, 32, 32, 3, 2),
        (16, 64, 28, 1, 1),
        (1, 16, 28, 3, 1),
    ] {
        let ho = h / s;
        let shape = ConvolutionShape {
            window: Window {
                kernel: [k, k],
                stride: [s, s],
                dilation: 1,
                before: [k / 2, k / 2],
                input: [h, h],
                output: [ho, ho],
            },
            channels: c,
            out: o,
            groups: 1,
        };
        let x = vec![[0.5f32; 16]; 4 * c * h * h];
        let w = vec![0.1f32; o * c * k * k];
        let mut y = vec![[0f32; 16]; 4 * o * ho * ho];
        let mut dx = vec![[0f32; 16]; 4 * c * h * h];
        let flop = 2.0 * 64.0 * (o * ho * ho * c * k * k) as f64;
        let mut best = [f64::MAX; 3];
        let mut dw = w.clone();
        for _ in 0..10 {
            let t = std::time::Instant::now();
            forward(&shape, &x, &w, None, &mut y);
            best[0] = best[0].min(t.elapsed().as_secs_f64());
            let t = std::time::Instant::now();
            backward_input(&shape, &y, &w, &mut dx);
            best[1] = best[1].min(t.elapsed().as_secs_f64());
            let t = std::time::Instant::now();
            netsmith_kernels::weight_gradient::backward_weights(&shape, &x, &y, &mut dw);
            best[2] = best[2].min(t.elapsed().as_secs_f64());
        }
        println!(
            "{c}->{o} {h} k{k} s{s}: fwd {:.2} ms {:.1} GF/s, bwd {:.2} ms {:.1} GF/s, wgrad {:.2} ms {:.1} GF/s",
            best[0] * 1e3,
            flop / best[0] / 1e9,
            best[1] * 1e3,
            flop / best[1] / 1e9,
            best[2] * 1e3,
            flop / best[2] / 1e9
        );
    }

    use netsmith_kernels::batch_norm::*;
    let shape = NormShape {
        channels: 16,
        plane: 784,
        samples: 64,
    };
    let x = vec![[0.5f32; 16]; 4 * 16 * 784];
    let mut y = x.clone();
    let one = vec![1f32; 16];
    let mut best = [f64::MAX; 3];
    for _ in 0..10 {
        let t = std::time::Instant::now();
        let (m, v) = statistics(&shape, &x);
        best[0] = best[0].min(t.elapsed().as_secs_f64());
        let t = std::time::Instant::now();
        apply(&shape, &one, &v, true, &x, &mut y);
        best[1] = best[1].min(t.elapsed().as_secs_f64());
        let t = std::time::Instant::now();
        backward(
            &shape,
            &Normalized {
                mean: &m,
                inverse_deviation: &one,
                weight: &one,
                bias: &one,
                rectified: true,
            },
            &x,
            &mut y,
        );
        best[2] = best[2].min(t.elapsed().as_secs_f64());
    }
    println!(
        "bn 16x28x28: stats {:.3} apply {:.3} backward {:.3} ms",
        best[0] * 1e3,
        best[1] * 1e3,
        best[2] * 1e3
    );
    for (k, dwg) in [(3, true), (5, true)] {
        let shape = ConvolutionShape {
            window: Window {
                kernel: [k, k],
                stride: [1, 1],
                dilation: 1,
                before: [k / 2, k / 2],
                input: [28, 28],
                output: [28, 28],
            },
            channels: 16,
            out: 16,
            groups: 16,
        };
        let w = vec![0.1f32; 16 * k * k];
        let mut dw = w.clone();
        let mut y = x.clone();
        let mut best = [f64::MAX; 3];
        let _ = dwg;
        for _ in 0..10 {
            let t = std::time::Instant::now();
            forward(&shape, &x, &w, None, &mut y);
            best[0] = best[0].min(t.elapsed().as_secs_f64());
            let t = std::time::Instant::now();
            backward_input(&shape, &x, &w, &mut y);
            best[1] = best[1].min(t.elapsed().as_secs_f64());
            let t = std::time::Instant::now();
            netsmith_kernels::weight_gradient::backward_weights(&shape, &x, &y, &mut dw);
            best[2] = best[2].min(t.elapsed().as_secs_f64());
        }
        println!(
            "depthwise {k}: fwd {:.3} bwd {:.3} wgrad {:.3} ms",
            best[0] * 1e3,
            best[1] * 1e3,
            best[2] * 1e3
        );
    }
}
