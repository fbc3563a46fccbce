//! ENAS (Pham et al. 2018, arXiv:1802.03268): the spaces of the catalogue, a
//! whole network with skips, and cells.

use super::{catalogue, check};
use netsmith::network::Shape;

#[test]
fn whole_networks() {
    let space = catalogue("enas-macro", &[("channels", "4")], Shape::image(3, 32, 32));
    let published = 160_618_186_625_454_535_808_756_219_904;
    assert_eq!(space.size(), Some(published));
    check(&space, 20);
    space.supernet().unwrap();
}

#[test]
fn cells() {
    let settings = [("channels", "4"), ("cells", "3")];
    let space = catalogue("enas-micro", &settings, Shape::image(3, 16, 16));
    assert_eq!(space.size(), Some(5_062_500_000_000_u128.pow(2)));
    check(&space, 20);
    space.supernet().unwrap();
}
