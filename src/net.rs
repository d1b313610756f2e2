//! Network addresses: what can be judged of them without a network.

pub(crate) mod address;
mod special;

pub(crate) use special::{Special, effective, special};
