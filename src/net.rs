//! Network addresses: what can be judged of them without a network.

pub(crate) mod address;
mod loopback;
mod special;

pub(crate) use loopback::is_loopback;
pub(crate) use special::{Special, effective, special};
