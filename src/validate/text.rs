//! What several rules need to look at texts: hostile ones included, in linear time.

pub(crate) mod address;
pub(crate) mod hidden;
pub(crate) mod instructions;
pub(crate) mod mount;
pub(crate) mod place;
pub(crate) mod secrets;
pub(crate) mod written;
