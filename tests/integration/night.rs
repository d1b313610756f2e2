//! Nights of a whole registry: 250 entries of 180 repositories, of which many move, and some meet whatever can happen.

mod program;
mod resolver;
