//! A network as a drawing.
//!
//! ```text
//! Network ─► blocks ─► layers ─► order in each layer ─► places ─► SVG
//! ```
//!
//! Operations that follow each other without a branch share a block: a
//! convolution with its batch norm and activation. A block lies one layer below
//! the deepest that it reads; within the layers blocks are ordered so that few
//! lines cross, and moved so that lines are straight.

mod blocks;
mod layers;
mod layout;
mod svg;

use super::Network;

impl Network {
    /// The network as an SVG picture: one file of plain shapes and text,
    /// without scripts, fonts or links, dark on white.
    ///
    /// Its title is `title`; a description for those who cannot see it says
    /// what the network consists of. Equal networks give equal pictures.
    pub fn drawing(&self, title: &str) -> String {
        let diagram = blocks::Diagram::of(self);
        let sizes: Vec<[f64; 2]> = diagram.blocks.iter().map(svg::size).collect();
        let layout = layout::Layout::of(&sizes, &diagram.edges);
        svg::picture(self, title, &diagram, &layout)
    }
}
