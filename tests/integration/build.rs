//! `build`: images from pinned commits, by a real engine from real Git repositories.
//!
//! Needs a container engine and a static `/bin/busybox`, as the tests of the sandbox do. Each test has a namespace of its own,
//! and removes the images in it.

mod attacks;
mod basics;
mod documented;
mod kills;
pub(crate) mod lab;
mod logins;
mod publishing;
mod python;
mod tools;
mod workflow;
