//! Whole-program tests: one binary, one module per subject. [`runner`] says how to write one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod agent;
mod changes;
mod cli;
mod container;
mod corpus;
mod dependencies;
mod edits;
mod fake_github;
mod formatting;
mod git_server;
mod guards;
mod hostile;
mod hub;
mod input;
mod layering;
mod mutation;
mod online;
mod pins;
mod properties;
mod provider;
mod proxy;
mod publishing;
mod reference;
mod resolve;
mod review;
mod reviewer;
mod rules;
mod runner;
mod sandbox;
mod schema;
mod tls_server;
mod update_pins;
mod workflows;
mod yaml_v3;
