//! Hand-designed networks as points of the space.

mod sequence;

use super::super::{Architecture, Limits, Space};
use super::axes::Axes;

/// The hand-designed networks for the input that the space takes.
pub(super) fn baselines(space: &Space, limits: &Limits) -> Vec<(&'static str, Architecture)> {
    match Axes::of(space.inputs[0]) {
        Axes::Image => of_images(space, limits),
        Axes::Sequence => sequence::baselines(space, limits),
    }
}

/// A small ResNet and a small MobileNet: the largest of each family that keeps the
/// limits, or its smallest where none does. A family whose blocks the space lacks is
/// left out.
///
/// Within a family only the base width, the depth and the head vary; kernels
/// are 3x3, the activation is ReLU, and there is neither squeeze-excite nor
/// dropout, as in the publications.
fn of_images(space: &Space, limits: &Limits) -> Vec<(&'static str, Architecture)> {
    let families = [
        ("small ResNet", "residual", &["direct"][..]),
        ("small MobileNet", "mbconv", &["convolution", "direct"][..]),
    ];
    let offered = |family: &(&str, &str, &[&str])| space.offers("stage0.kind", family.1);
    let largest = families
        .into_iter()
        .filter(offered)
        .filter_map(|(name, kind, heads)| {
            let members = heads.iter().flat_map(|head| family(space, kind, head));
            Some((name, space.largest_within(limits, members)?))
        });
    largest.collect()
}

/// The members of a family: every base width with every depth and head.
fn family(space: &Space, kind: &str, head: &str) -> Vec<Architecture> {
    let head_widths = match head {
        "convolution" => space.options_named("head.width"),
        _ => 1,
    };
    let mut members = Vec::new();
    for width in 0..space.options_named("stage0.width") {
        for depth in 0..space.options_named("stage0.depth") {
            for head_width in 0..head_widths {
                members.push(member(space, kind, head, [width, depth, head_width]));
            }
        }
    }
    members
}

fn member(space: &Space, kind: &str, head: &str, options: [u32; 3]) -> Architecture {
    let [width, depth, head_width] = options;
    space.decided_by(|decision| {
        let named = |name: &str| decision.option_from_name(name);
        let path = decision.name.split_once('.');
        match path.unwrap_or(("", &decision.name)) {
            ("", "activation") => named("relu"),
            ("", "dropout") => named("0"),
            ("", "head") => named(head),
            ("head", "width") => Some(head_width),
            ("stem", "width") => Some(width.min(decision.count() - 1)),
            (_, "width") => Some(width),
            (_, "depth") => Some(depth),
            (_, "kind") => named(kind),
            (_, "kernel") => named("3"),
            (_, "expansion") => named("4"),
            (_, "squeeze-excite") => named("off"),
            (_, "skip") => named("on"),
            _ => None,
        }
    })
}
