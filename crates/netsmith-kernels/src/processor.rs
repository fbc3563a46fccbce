//! Which instructions the processor has, asked when a kernel starts.

use crate::Lane;
use crate::channels_last::Octet;

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

/// The arithmetic of a processor's registers.
pub(crate) trait Processor: Copy {
    /// A [`Lane`], in as many registers as it takes.
    type Wide: Copy;

    /// The part of a lane that one register holds.
    type Part: Copy;

    /// An [`Octet`].
    type Narrow: Copy;

    /// Registers of a lane.
    const PARTS: usize;

    /// The most lanes whose sums stay in registers together, with room for what is
    /// added to them.
    const TILE: usize;

    /// The most lanes of which each is multiplied with one other, and with each of
    /// four others, the sums of all products in registers.
    const PAIRS: [usize; 2];

    /// The same value for each sample.
    fn splat(self, value: f32) -> Self::Wide;

    fn load(self, lane: &Lane) -> Self::Wide;

    fn store(self, wide: Self::Wide, lane: &mut Lane);

    /// `a · b + c`, rounded once where the processor has such an instruction.
    fn fuse(self, a: Self::Wide, b: Self::Wide, c: Self::Wide) -> Self::Wide;

    /// Zeros.
    fn zero_part(self) -> Self::Part;

    /// One of the [parts](Self::PARTS) of a lane.
    fn load_part(self, lane: &Lane, part: usize) -> Self::Part;

    /// As [`fuse`](Self::fuse).
    fn fuse_part(self, a: Self::Part, b: Self::Part, c: Self::Part) -> Self::Part;

    /// Writes a part down, with zeros behind it.
    fn store_part(self, part: Self::Part, lane: &mut Lane);

    /// The same value for each channel.
    fn splat_octet(self, value: f32) -> Self::Narrow;

    fn load_octet(self, octet: &Octet) -> Self::Narrow;

    fn store_octet(self, narrow: Self::Narrow, octet: &mut Octet);

    /// As [`fuse`](Self::fuse).
    fn fuse_octet(self, a: Self::Narrow, b: Self::Narrow, c: Self::Narrow) -> Self::Narrow;
}

/// The sum of a lane's values, always in the same order.
#[inline(always)]
pub(crate) fn total(mut lane: Lane) -> f32 {
    for width in [8, 4, 2, 1] {
        for at in 0..width {
            lane[at] += lane[at + width];
        }
    }
    lane[0]
}

/// Runs a kernel with the widest instructions that this processor has, or those
/// that every processor has where the feature `portable` asks for them.
pub(crate) fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(test)]
    if choice::is_portable() {
        return portable(kernel);
    }
    #[cfg(all(target_arch = "x86_64", not(feature = "portable")))]
    {
        let wide = pulp::x86::V4::try_new();
        #[cfg(test)]
        let wide = wide.filter(|_| !choice::is_half_wide());
        if let Some(processor) = wide {
            return processor.vectorize(On { kernel, processor });
        }
        if let Some(processor) = pulp::x86::V3::try_new() {
            return processor.vectorize(On { kernel, processor });
        }
    }
    portable(kernel)
}

/// Runs a kernel with the instructions that every processor has.
pub(crate) fn portable<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Portable)
}

/// The [tile](Processor::TILE) of the processor that [`dispatch`] chooses, for what
/// is arranged before a kernel starts.
pub(crate) fn tile() -> usize {
    struct Tile;
    impl Kernel for Tile {
        type Output = usize;

        #[inline(always)]
        fn run<P: Processor>(self, _: P) -> usize {
            P::TILE
        }
    }
    dispatch(Tile)
}

#[cfg(all(target_arch = "x86_64", not(feature = "portable")))]
struct On<K, P> {
    kernel: K,
    processor: P,
}

#[cfg(all(target_arch = "x86_64", not(feature = "portable")))]
impl<K: Kernel, P: Processor> pulp::NullaryFnOnce for On<K, P> {
    type Output = K::Output;

    #[inline(always)]
    fn call(self) -> K::Output {
        self.kernel.run(self.processor)
    }
}

/// AVX-512: a lane is a register, and there are 32.
#[cfg(all(target_arch = "x86_64", not(feature = "portable")))]
impl Processor for pulp::x86::V4 {
    type Wide = pulp::f32x16;
    type Part = pulp::f32x16;
    type Narrow = pulp::f32x8;

    const PARTS: usize = 1;
    const TILE: usize = 16;
    const PAIRS: [usize; 2] = [9, 6];

    #[inline(always)]
    fn splat(self, value: f32) -> pulp::f32x16 {
        self.splat_f32x16(value)
    }

    #[inline(always)]
    fn load(self, lane: &Lane) -> pulp::f32x16 {
        pulp::cast(*lane)
    }

    #[inline(always)]
    fn store(self, wide: pulp::f32x16, lane: &mut Lane) {
        *lane = pulp::cast(wide);
    }

    #[inline(always)]
    fn fuse(self, a: pulp::f32x16, b: pulp::f32x16, c: pulp::f32x16) -> pulp::f32x16 {
        self.mul_add_f32x16(a, b, c)
    }

    #[inline(always)]
    fn zero_part(self) -> pulp::f32x16 {
        self.splat_f32x16(0.0)
    }

    #[inline(always)]
    fn load_part(self, lane: &Lane, _: usize) -> pulp::f32x16 {
        pulp::cast(*lane)
    }

    #[inline(always)]
    fn fuse_part(self, a: pulp::f32x16, b: pulp::f32x16, c: pulp::f32x16) -> pulp::f32x16 {
        self.mul_add_f32x16(a, b, c)
    }

    #[inline(always)]
    fn store_part(self, part: pulp::f32x16, lane: &mut Lane) {
        *lane = pulp::cast(part);
    }

    #[inline(always)]
    fn splat_octet(self, value: f32) -> pulp::f32x8 {
        self.splat_f32x8(value)
    }

    #[inline(always)]
    fn load_octet(self, octet: &Octet) -> pulp::f32x8 {
        pulp::cast(*octet)
    }

    #[inline(always)]
    fn store_octet(self, narrow: pulp::f32x8, octet: &mut Octet) {
        *octet = pulp::cast(narrow);
    }

    #[inline(always)]
    fn fuse_octet(self, a: pulp::f32x8, b: pulp::f32x8, c: pulp::f32x8) -> pulp::f32x8 {
        self.mul_add_f32x8(a, b, c)
    }
}

/// AVX2 with fused multiplication and addition: a lane is two of 16 registers.
#[cfg(all(target_arch = "x86_64", not(feature = "portable")))]
impl Processor for pulp::x86::V3 {
    type Wide = [pulp::f32x8; 2];
    type Part = pulp::f32x8;
    type Narrow = pulp::f32x8;

    const PARTS: usize = 2;
    const TILE: usize = 6;
    const PAIRS: [usize; 2] = [6, 3];

    #[inline(always)]
    fn splat(self, value: f32) -> [pulp::f32x8; 2] {
        [self.splat_f32x8(value); 2]
    }

    #[inline(always)]
    fn load(self, lane: &Lane) -> [pulp::f32x8; 2] {
        pulp::cast(*lane)
    }

    #[inline(always)]
    fn store(self, wide: [pulp::f32x8; 2], lane: &mut Lane) {
        *lane = pulp::cast(wide);
    }

    #[inline(always)]
    fn fuse(
        self,
        a: [pulp::f32x8; 2],
        b: [pulp::f32x8; 2],
        c: [pulp::f32x8; 2],
    ) -> [pulp::f32x8; 2] {
        [
            self.mul_add_f32x8(a[0], b[0], c[0]),
            self.mul_add_f32x8(a[1], b[1], c[1]),
        ]
    }

    #[inline(always)]
    fn zero_part(self) -> pulp::f32x8 {
        self.splat_f32x8(0.0)
    }

    #[inline(always)]
    fn load_part(self, lane: &Lane, part: usize) -> pulp::f32x8 {
        self.load(lane)[part]
    }

    #[inline(always)]
    fn fuse_part(self, a: pulp::f32x8, b: pulp::f32x8, c: pulp::f32x8) -> pulp::f32x8 {
        self.mul_add_f32x8(a, b, c)
    }

    #[inline(always)]
    fn store_part(self, part: pulp::f32x8, lane: &mut Lane) {
        self.store([part, self.zero_part()], lane);
    }

    #[inline(always)]
    fn splat_octet(self, value: f32) -> pulp::f32x8 {
        self.splat_f32x8(value)
    }

    #[inline(always)]
    fn load_octet(self, octet: &Octet) -> pulp::f32x8 {
        pulp::cast(*octet)
    }

    #[inline(always)]
    fn store_octet(self, narrow: pulp::f32x8, octet: &mut Octet) {
        *octet = pulp::cast(narrow);
    }

    #[inline(always)]
    fn fuse_octet(self, a: pulp::f32x8, b: pulp::f32x8, c: pulp::f32x8) -> pulp::f32x8 {
        self.mul_add_f32x8(a, b, c)
    }
}

/// Arrays, which the compiler may turn into what the processor has.
#[derive(Clone, Copy)]
struct Portable;

impl Processor for Portable {
    type Wide = [Octet; 2];
    type Part = Octet;
    type Narrow = Octet;

    const PARTS: usize = 2;
    const TILE: usize = 6;
    const PAIRS: [usize; 2] = [6, 3];

    #[inline(always)]
    fn splat(self, value: f32) -> [Octet; 2] {
        [self.splat_octet(value); 2]
    }

    #[inline(always)]
    fn load(self, lane: &Lane) -> [Octet; 2] {
        [self.load_part(lane, 0), self.load_part(lane, 1)]
    }

    #[inline(always)]
    fn store(self, wide: [Octet; 2], lane: &mut Lane) {
        lane.as_chunks_mut().0.copy_from_slice(&wide);
    }

    #[inline(always)]
    fn fuse(self, a: [Octet; 2], b: [Octet; 2], c: [Octet; 2]) -> [Octet; 2] {
        [
            self.fuse_octet(a[0], b[0], c[0]),
            self.fuse_octet(a[1], b[1], c[1]),
        ]
    }

    #[inline(always)]
    fn zero_part(self) -> Octet {
        self.splat_octet(0.0)
    }

    #[inline(always)]
    fn load_part(self, lane: &Lane, part: usize) -> Octet {
        lane.as_chunks().0[part]
    }

    #[inline(always)]
    fn fuse_part(self, a: Octet, b: Octet, c: Octet) -> Octet {
        self.fuse_octet(a, b, c)
    }

    #[inline(always)]
    fn store_part(self, part: Octet, lane: &mut Lane) {
        self.store([part, self.zero_part()], lane);
    }

    #[inline(always)]
    fn splat_octet(self, value: f32) -> Octet {
        [value; 8]
    }

    #[inline(always)]
    fn load_octet(self, octet: &Octet) -> Octet {
        *octet
    }

    #[inline(always)]
    fn store_octet(self, narrow: Octet, octet: &mut Octet) {
        *octet = narrow;
    }

    #[inline(always)]
    fn fuse_octet(self, a: Octet, b: Octet, mut c: Octet) -> Octet {
        for lane in 0..8 {
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

    /// Sets of instructions, the widest that the processor has first.
    #[derive(Clone, Copy, PartialEq, Eq)]
    enum Instructions {
        Widest,
        HalfWide,
        Portable,
    }

    thread_local! {
        static CHOSEN: Cell<Instructions> = const { Cell::new(Instructions::Widest) };
    }

    pub(super) fn is_portable() -> bool {
        CHOSEN.get() == Instructions::Portable
    }

    #[cfg(all(target_arch = "x86_64", not(feature = "portable")))]
    pub(super) fn is_half_wide() -> bool {
        CHOSEN.get() == Instructions::HalfWide
    }

    /// Runs a test with every set of instructions, on pools of one, two and
    /// three threads; its results must be the same to the bit on all pools.
    pub(crate) fn everywhere<T: PartialEq + Send>(test: impl Fn() -> T + Sync) {
        use Instructions::{HalfWide, Portable, Widest};
        for chosen in [Widest, HalfWide, Portable] {
            let results = [1, 2, 3].map(|threads| {
                let pool = rayon::ThreadPoolBuilder::new()
                    .num_threads(threads)
                    .start_handler(move |_| CHOSEN.set(chosen))
                    .build();
                pool.unwrap().install(&test)
            });
            assert!(results[0] == results[1], "two threads change a result");
            assert!(results[0] == results[2], "three threads change a result");
        }
    }
}
