//! The toolchain for a registry of MCP servers: validate, pin, build, sign, review.

pub mod document;
pub mod finding;
pub mod ids;
