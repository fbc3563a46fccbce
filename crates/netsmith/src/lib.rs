//! Neural architecture search: spaces, strategies, costs, studies and the
//! search loop. No tensors, no sockets.

pub mod bench;
pub mod catalogue;
pub mod cholesky;
pub mod cost;
pub mod evaluate;
pub mod nearest;
pub mod network;
pub mod objective;
pub mod pareto;
pub mod random;
pub mod report;
pub mod search;
pub mod space;
pub mod statistics;
pub mod stopping;
pub mod strategy;
pub mod study;
pub mod testing;
pub mod trial;
