//! Pins: which commit of its upstream an entry is built from, and how that moves.
//!
//! A night is: [`facts`] are gathered ([`resolve`]), one [`reason`] is found for each entry, the [`plan`] is shown, and then the files of
//! the work tree are rewritten ([`rewrite`]) or pull requests opened.

pub(crate) mod applied;
pub(crate) mod connect;
pub(crate) mod decide;
pub mod facts;
pub(crate) mod night;
pub(crate) mod pinned;
pub mod plan;
pub(crate) mod publish;
pub mod reason;
pub mod resolve;
pub mod rewrite;
pub(crate) mod shard;
pub(crate) mod state;
