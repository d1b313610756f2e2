//! `review`: looks at the code that a registry's entries pin, with agents that cannot do harm, and concludes a verdict.

pub mod brief;
pub mod cache;
pub mod export;
pub mod sandbox;
pub mod scan;
pub mod target;
pub mod workspace;
