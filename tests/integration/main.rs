//! Tests of the whole program and of its agreement with the programs it replaces: one binary, one module each.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

mod corpus;
mod yaml_v3;
