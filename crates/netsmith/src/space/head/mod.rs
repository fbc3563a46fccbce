//! Heads: what ends every network of a space, one file each.
//!
//! ```text
//! features ─ gather ─► what the answer reads ─ (dropout of the space) ─ answer ─► output
//! ```
//!
//! A space builds features and says nothing of what is predicted; the head of its
//! task ends the network. [`Head::gather`] and [`Head::answer`] are apart because
//! some spaces put dropout between them.

mod per_position;
mod vector;

pub use per_position::PerPosition;
pub use vector::Vector;

use super::{Graph, Port};
use crate::network::Shape;
use std::fmt;

/// What ends a network.
pub trait Head: fmt::Debug + Send + Sync {
    /// Adds what gathers features for the answer, such as the mean over all
    /// positions. Nodes that it adds are named `pool`.
    fn gather(&self, graph: &mut Graph, features: Port) -> Port;

    /// Adds the last layer on gathered features; its nodes are named `head`.
    fn answer(&self, graph: &mut Graph, gathered: Port) -> Port;

    /// The length of the vector that is answered for a sample or a position.
    fn values(&self) -> usize;

    /// The shape of one sample's answer.
    fn output(&self) -> Shape;

    /// Gathers and answers.
    fn attach(&self, graph: &mut Graph, features: Port) -> Port {
        let gathered = self.gather(graph, features);
        self.answer(graph, gathered)
    }
}
