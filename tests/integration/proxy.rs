//! The proxy suite: what the proxy lets through and what it does not, said to the real program over its socket, with a
//! provider in this process that records every byte it gets.

mod budgets;
mod chat;
mod clients;
mod command;
mod crowds;
mod endpoints;
mod requests;
mod secrets;
mod streaming;
mod upstreams;
mod wire;
mod world;
