//! Hand-designed networks as points of the space.

mod sequence;

use super::super::{Architecture, Family, Space};
use super::axes::Axes;

/// The hand-designed networks for the input that the space takes.
pub(super) fn families(space: &Space) -> Vec<Family> {
    match Axes::of(space.inputs[0]) {
        Axes::Image => of_images(space),
        Axes::Sequence => sequence::families(space),
    }
}

/// A plain convolutional network, a small ResNet and a small MobileNet. A family whose
/// blocks the space lacks is left out.
///
/// Within a family only the base width, the depth and the head vary; kernels
/// are 3x3, the activation is ReLU, and there is neither squeeze-excite nor
/// dropout, as in the publications. The plain network has a convolution for each size of
/// the image, with max-pooling between.
fn of_images(space: &Space) -> Vec<Family> {
    let families = [
        ("plain CNN", "convolution", &["direct"][..]),
        ("small ResNet", "residual", &["direct"][..]),
        ("small MobileNet", "mbconv", &["convolution", "direct"][..]),
    ];
    let offered = families
        .into_iter()
        .filter(|(_, kind, _)| space.offers("stage0.kind", kind));
    let families = offered.map(|(name, kind, heads)| Family {
        name,
        members: heads
            .iter()
            .flat_map(|head| members(space, kind, head))
            .collect(),
    });
    families.collect()
}

/// The members of a family: every base width with every depth and head.
fn members(space: &Space, kind: &str, head: &str) -> Vec<Architecture> {
    let head_widths = match head {
        "convolution" => space.options_named("head.width"),
        _ => 1,
    };
    let depths = match kind {
        "convolution" => vec![1],
        _ => space.values_of("stage0.depth"),
    };
    let mut members = Vec::new();
    for width in space.values_of("stage0.width") {
        for &depth in depths.iter().filter(|depth| **depth > 0) {
            for head_width in 0..head_widths {
                members.push(member(space, kind, head, [width, depth], head_width));
            }
        }
    }
    members
}

fn member(
    space: &Space,
    kind: &str,
    head: &str,
    [width, depth]: [usize; 2],
    head_width: u32,
) -> Architecture {
    let is_plain = kind == "convolution";
    // A plain network needs no stage at the size that the stem has.
    let has_more = space.decision_named("stage1.depth").is_some();
    let halves_first = space.decision_named("stage0.reduction").is_some();
    let leaves_out = is_plain && has_more && !halves_first;
    space.decided_by(|decision| {
        let named = |name: &str| decision.option_from_name(name);
        let path = decision.name.split_once('.');
        let (part, attribute) = path.unwrap_or(("", &decision.name));
        let stage = part.strip_prefix("stage");
        let stage = stage.and_then(|stage| stage.parse().ok()).unwrap_or(0);
        match (part, attribute) {
            ("", "activation") => named("relu"),
            ("", "dropout") => named("0"),
            ("", "head") => named(head),
            ("head", "width") => Some(head_width),
            ("stem", "width") => decision.nearest(width),
            ("stem", "kernel") => decision.nearest(3),
            ("stem", "stride") => Some(0),
            (_, "width") => decision.nearest(width << stage),
            ("stage0", "depth") if leaves_out => decision.nearest(0),
            (_, "depth") => decision.nearest(depth),
            (_, "kind") => named(kind),
            (_, "reduction") if is_plain => named("max-pool"),
            (_, "kernel") => decision.nearest(3),
            (_, "expansion") => decision.nearest(4),
            (_, "squeeze-excite") => named("off"),
            (_, "skip") => named(if is_plain { "off" } else { "on" }),
            _ => None,
        }
    })
}
