//! `catalog`, `list` and `show`: entries as their users get them.

mod against_the_reference;
mod choosing;
mod community;
mod documented;
mod help;
pub(crate) mod lab;
mod pushing;
mod usage;
