//! Which instructions the processor has, asked when a kernel starts.

use crate::{LANES, Lane};

/// A computation that is compiled once for each kind of processor.
///
/// The body must be `#[inline(always)]`, and so must all that it calls and that
/// should use wide instructions.
pub(crate) trait Kernel {
    /// What it gives.
    type Output;

    /// Computes with the instructions of `P`.
    fn run<P: Processor>(self, processor: P) -> Self::Output;
}

/// The arithmetic of half a [`Lane`] in a register.
pub(crate) trait Processor: Copy {
    /// Half a lane.
    type Register: Copy;

    /// The same value for each sample.
    fn splat(self, value: f32) -> Self::Register;

    /// Half 0 or 1 of a lane.
    fn load(self, lane: &Lane, half: usize) -> Self::Register;

    /// Both halves into a lane.
    fn store(self, registers: [Self::Register; 2], lane: &mut Lane);

    /// `a · b + c`, rounded once where the processor has such an instruction.
    fn fuse(self, a: Self::Register, b: Self::Register, c: Self::Register) -> Self::Register;

    /// The sum of a register's values, always in the same order.
    #[inline(always)]
    fn total(self, register: Self::Register) -> f32 {
        let mut sums = [0.0; LANES];
        self.store([register, self.splat(0.0)], &mut sums);
        for width in [4, 2, 1] {
            for lane in 0..width {
                sums[lane] += sums[lane + width];
            }
        }
        sums[0]
    }
}

/// Runs a kernel with the widest instructions that this processor has.
pub(crate) fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    if let Some(processor) = pulp::x86::V3::try_new() {
        return processor.vectorize(Wide { kernel, processor });
    }
    portable(kernel)
}

/// Runs a kernel with the instructions that every processor has.
pub(crate) fn portable<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Portable)
}

#[cfg(target_arch = "x86_64")]
struct Wide<K> {
    kernel: K,
    processor: pulp::x86::V3,
}

#[cfg(target_arch = "x86_64")]
impl<K: Kernel> pulp::NullaryFnOnce for Wide<K> {
    type Output = K::Output;

    #[inline(always)]
    fn call(self) -> K::Output {
        self.kernel.run(self.processor)
    }
}

/// AVX2 with fused multiplication and addition.
#[cfg(target_arch = "x86_64")]
impl Processor for pulp::x86::V3 {
    type Register = pulp::f32x8;

    #[inline(always)]
    fn splat(self, value: f32) -> pulp::f32x8 {
        self.splat_f32x8(value)
    }

    #[inline(always)]
    fn load(self, lane: &Lane, half: usize) -> pulp::f32x8 {
        let halves: [pulp::f32x8; 2] = pulp::cast(*lane);
        halves[half]
    }

    #[inline(always)]
    fn store(self, registers: [pulp::f32x8; 2], lane: &mut Lane) {
        *lane = pulp::cast(registers);
    }

    #[inline(always)]
    fn fuse(self, a: pulp::f32x8, b: pulp::f32x8, c: pulp::f32x8) -> pulp::f32x8 {
        self.mul_add_f32x8(a, b, c)
    }
}

/// Arrays, which the compiler may turn into what the processor has.
#[derive(Clone, Copy)]
struct Portable;

/// Half a lane.
type Half = [f32; LANES / 2];

impl Processor for Portable {
    type Register = Half;

    #[inline(always)]
    fn splat(self, value: f32) -> Half {
        [value; LANES / 2]
    }

    #[inline(always)]
    fn load(self, lane: &Lane, half: usize) -> Half {
        lane.as_chunks().0[half]
    }

    #[inline(always)]
    fn store(self, registers: [Half; 2], lane: &mut Lane) {
        lane.as_chunks_mut().0.copy_from_slice(&registers);
    }

    #[inline(always)]
    fn fuse(self, a: Half, b: Half, mut c: Half) -> Half {
        for lane in 0..LANES / 2 {
            // Without the instruction `mul_add` is a function call.
            c[lane] = if cfg!(target_arch = "aarch64") {
                a[lane].mul_add(b[lane], c[lane])
            } else {
                a[lane] * b[lane] + c[lane]
            };
        }
        c
    }
}
