//! The networks that Wang et al. 2017 (arXiv:1611.06455) designed for time series, as
//! near as the space comes to them.

use super::super::super::{Architecture, Family, Space};

/// A published network: three stages, and its widths as multiples of a base width.
struct Published {
    name: &'static str,
    kind: &'static str,
    kernels: [usize; 3],
    widths: [usize; 3],
    /// Whether stages may have more than one block.
    deeper: bool,
}

/// - FCN: three blocks of convolution, norm and ReLU with kernels 8, 5, 3 and widths
///   128, 256, 128.
/// - ResNet: three residual blocks of widths 64, 128, 128. The published block has
///   three convolutions with kernels 8, 5, 3; the block of this space has two with one
///   kernel, the middle one. More blocks in a stage make it larger, as for images.
const PUBLISHED: [Published; 2] = [
    Published {
        name: "FCN",
        kind: "convolution",
        kernels: [8, 5, 3],
        widths: [1, 2, 1],
        deeper: false,
    },
    Published {
        name: "small 1-D ResNet",
        kind: "residual",
        kernels: [5, 5, 5],
        widths: [1, 2, 2],
        deeper: true,
    },
];

/// An FCN and a small 1-D ResNet. A network whose blocks the space lacks is left out.
///
/// Where the space lacks a kernel or a width it takes the nearest, such as 9 for 8.
/// All members have the stem of the space before the published blocks, and halve the
/// sequence where the space does; the published networks do neither.
pub(super) fn families(space: &Space) -> Vec<Family> {
    let offered = PUBLISHED
        .iter()
        .filter(|network| space.offers("stage0.kind", network.kind));
    let families = offered.map(|network| Family {
        name: network.name,
        members: members(space, network),
    });
    families.collect()
}

fn members(space: &Space, network: &Published) -> Vec<Architecture> {
    let depths = if network.deeper {
        space.values_of("stage0.depth")
    } else {
        vec![1]
    };
    let widths = space.values_of("stage0.width");
    let sizes = widths
        .iter()
        .flat_map(|width| depths.iter().map(move |depth| (*width, *depth)))
        .filter(|(_, depth)| *depth > 0);
    sizes
        .map(|(width, depth)| member(space, network, width, depth))
        .collect()
}

fn member(space: &Space, network: &Published, width: usize, depth: usize) -> Architecture {
    space.decided_by(|decision| {
        let named = |name: &str| decision.option_from_name(name);
        let (part, attribute) = decision
            .name
            .split_once('.')
            .unwrap_or(("", &decision.name));
        // A stage after the third is like the third.
        let stage = part
            .strip_prefix("stage")
            .and_then(|index| index.parse().ok());
        let stage = stage.map_or(0, |index: usize| index.min(2));
        match (part, attribute) {
            ("", "activation") => named("relu"),
            ("", "dropout") => named("0"),
            ("", "head") => named("direct"),
            ("stem", "width") => decision.nearest(width),
            (_, "width") => decision.nearest(width * network.widths[stage]),
            (_, "depth") => decision.nearest(depth),
            (_, "kind") => named(network.kind),
            (_, "kernel") => decision.nearest(network.kernels[stage]),
            (_, "squeeze-excite" | "skip") => named("off"),
            _ => None,
        }
    })
}
