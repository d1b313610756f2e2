//! Pins: which commit of its upstream an entry is built from, and how that moves.
//!
//! A night is: [`facts`] are gathered, one [`reason`] is found for each entry, the [`plan`] is shown, and then the files of
//! the work tree are rewritten ([`rewrite`]) or pull requests opened.

pub mod facts;
pub mod plan;
pub mod publish;
pub mod reason;
pub mod rewrite;
