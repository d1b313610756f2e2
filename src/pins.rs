//! Pins: which commit of its upstream an entry is built from, and how that moves.
//!
//! A night is: [`facts`] are gathered ([`resolve`]), one [`reason`] is found for each entry, the [`plan`] is shown, and then the files of
//! the work tree are rewritten ([`rewrite`]) or pull requests opened.

pub mod applied;
pub mod connect;
pub mod decide;
pub mod facts;
pub mod night;
pub mod pinned;
pub mod plan;
pub mod publish;
pub mod reason;
pub mod resolve;
pub mod rewrite;
pub mod shard;
pub mod state;
