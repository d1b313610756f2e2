//! Git: repositories elsewhere, asked without a copy of them.

pub mod remote;
