//! The use case: entries as their users get them.
//!
//! [`Published`] is an entry as published, of which every output is made: the Gateway's file ([`file`]) and OCI artifact, the community
//! registry's `server.json` and read API, pages for people. Nothing here asks anybody: digests and ages are given.

pub(crate) mod api;
pub mod artifact;
pub(crate) mod community;
pub(crate) mod describe;
pub(crate) mod diff;
pub mod file;
pub(crate) mod filter;
pub(crate) mod gojson;
pub mod pin;
pub(crate) mod published;
pub(crate) mod push;
pub(crate) mod read;
pub(crate) mod rules;
pub(crate) mod schema;
pub(crate) mod tools;
pub(crate) mod yaml;

pub use published::Published;

#[cfg(test)]
mod tests;
