//! `review` as people run it: the real program, real repositories, real containers, and a model's provider that plays a
//! script in a container of its own.

mod alone;
mod coding;
mod fifos;
mod lab;
mod origin;
mod padded;
mod registry;
mod whole;
