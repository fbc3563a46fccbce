//! Neural architecture search: spaces, strategies, costs, studies and the
//! search loop. No tensors, no sockets.

pub mod catalogue;
pub mod cost;
pub mod network;
pub mod random;
pub mod space;
pub mod stopping;
pub mod study;
pub mod trial;
