//! The sandbox, from inside: a hostile agent tries to get out, to get at what is not for it, or to use more than it may.
//!
//! Needs a container engine. The hostile image is made of `/bin/busybox` (Debian's `busybox-static`) and of
//! `sandbox/attempt.rs`, which is compiled for it. Every network target is a listener of these tests.

mod basics;
mod escape;
mod identity;
mod lab;
mod leftovers;
mod limits;
mod network;
mod output;
mod proxied;
