//! Reading text that others wrote, hostile text included, in linear time.

mod cut;
pub(crate) mod hidden;
pub(crate) mod instructions;
pub(crate) mod secrets;
mod span;

pub(crate) use cut::{cut, ending, first, first_bytes, shorten};
pub use span::Span;
