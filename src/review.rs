//! Reviewing code that nobody has looked at.

pub mod sandbox;
