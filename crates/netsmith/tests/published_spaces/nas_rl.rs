//! NAS with reinforcement learning (Zoph and Le 2017, arXiv:1611.01578): the
//! space of the catalogue, layers of any filter with any subset of those before.

use super::{catalogue, check};
use netsmith::network::Shape;

#[test]
fn layers_without_strides() {
    let space = catalogue("nas-rl-cnn", &[], Shape::image(3, 16, 16));
    check(&space, 10);
}

#[test]
fn layers_with_strides() {
    let settings = [("layers", "3"), ("strides", "1,2,3")];
    let space = catalogue("nas-rl-cnn", &settings, Shape::image(3, 16, 16));
    check(&space, 30);
}
