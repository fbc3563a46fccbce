//! Which instructions the processor has, asked when a kernel starts.

use crate::channels_last::Octet;
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

    /// Eight values.
    fn load_octet(self, octet: &Octet) -> Self::Register;

    /// Eight values of a register.
    fn store_octet(self, register: Self::Register, octet: &mut Octet);

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

/// Runs a kernel with the widest instructions that this processor has, or those
/// that every processor has where the feature `portable` asks for them.
pub(crate) fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(test)]
    if choice::is_portable() {
        return portable(kernel);
    }
    #[cfg(all(target_arch = "x86_64", not(feature = "portable")))]
    if let Some(processor) = pulp::x86::V3::try_new() {
        return processor.vectorize(Wide { kernel, processor });
    }
    portable(kernel)
}

/// Runs a kernel with the instructions that every processor has.
pub(crate) fn portable<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Portable)
}

#[cfg(all(target_arch = "x86_64", not(feature = "portable")))]
struct Wide<K> {
    kernel: K,
    processor: pulp::x86::V3,
}

#[cfg(all(target_arch = "x86_64", not(feature = "portable")))]
impl<K: Kernel> pulp::NullaryFnOnce for Wide<K> {
    type Output = K::Output;

    #[inline(always)]
    fn call(self) -> K::Output {
        self.kernel.run(self.processor)
    }
}

/// AVX2 with fused multiplication and addition.
#[cfg(all(target_arch = "x86_64", not(feature = "portable")))]
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
    fn load_octet(self, octet: &Octet) -> pulp::f32x8 {
        pulp::cast(*octet)
    }

    #[inline(always)]
    fn store_octet(self, register: pulp::f32x8, octet: &mut Octet) {
        *octet = pulp::cast(register);
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
    fn load_octet(self, octet: &Octet) -> Half {
        *octet
    }

    #[inline(always)]
    fn store_octet(self, register: Half, octet: &mut Octet) {
        *octet = register;
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

/// Which instructions a test wants.
#[cfg(test)]
pub(crate) mod choice {
    use std::cell::Cell;

    thread_local! {
        static PORTABLE: Cell<bool> = const { Cell::new(false) };
    }

    pub(super) fn is_portable() -> bool {
        PORTABLE.get()
    }

    /// Runs a test with every set of instructions, on pools of one, two and
    /// three threads; its results must be the same to the bit on all pools.
    pub(crate) fn everywhere<T: PartialEq + Send>(test: impl Fn() -> T + Sync) {
        for portable in [false, true] {
            let results = [1, 2, 3].map(|threads| {
                let pool = rayon::ThreadPoolBuilder::new()
                    .num_threads(threads)
                    .start_handler(move |_| PORTABLE.set(portable))
                    .build();
                pool.unwrap().install(&test)
            });
            assert!(results[0] == results[1], "two threads change a result");
            assert!(results[0] == results[2], "three threads change a result");
        }
    }
}
