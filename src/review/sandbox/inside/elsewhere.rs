//! The walls of `calls.rs`, where there is no Linux: none of them can be put up, and whoever asks for one is refused.
//!
//! The sandbox of a review is a container, whose first process is the program of the engine's system. What is missing here is what starts
//! programs of this machine behind walls.

pub(super) const FAMILIES: &[u64] = &[];
pub(crate) const NETWORK: &[u64] = &[];

const WHY: &str = "only Linux can do that; use an image in place of a program";

pub(crate) fn restrict(_families: &[u64]) -> Result<(), String> {
    Err(WHY.to_owned())
}

pub(crate) fn hide() -> Result<(), String> {
    Err(WHY.to_owned())
}

pub(crate) fn end_with_parent() -> Result<(), String> {
    Err(WHY.to_owned())
}

pub(crate) fn drop_capabilities() -> Result<(), String> {
    Err(WHY.to_owned())
}
