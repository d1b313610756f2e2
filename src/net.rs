//! Network addresses, as far as they can be judged without a network.

pub(crate) mod address;
