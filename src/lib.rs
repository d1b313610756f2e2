//! The toolchain for a registry of MCP servers: validate, pin, build, sign, review.
//!
//! The domain (`document`, `entry`, `finding`, `ids`, `policy`) is pure; use cases judge plain data; adapters speak to
//! one outside system each; `cli` turns arguments into requests and reports into renderings. CONTRIBUTING.md has the map.

mod agent;
mod attest;
mod build;
pub mod build_record;
pub mod catalog;
pub mod changes;
mod checks;
pub mod cli;
pub mod context;
mod dockerfile;
mod doctor;
pub mod document;
pub mod engine;
pub mod entry;
pub mod error;
mod escape;
pub mod fetch;
mod files;
pub mod finding;
pub mod git;
pub mod github;
pub mod history;
pub mod ids;
mod init;
mod jobs;
mod layout;
mod mcp;
mod net;
pub mod oci;
pub mod output;
pub mod pins;
pub mod policy;
mod provider;
mod proxy;
mod rekor;
pub mod review;
mod rules;
mod sbom;
mod scan;
pub mod shell;
pub mod sign;
pub mod snapshot;
mod sync;
mod text;
mod tool;
mod ui;
pub mod validate;
pub mod verdict;
pub mod verify;
