//! Pins: which commit of its upstream an entry is built from.
//!
//! [`rewrite`] sets one in the text of a `server.yaml`.

pub mod rewrite;
