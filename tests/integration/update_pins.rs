//! `update-pins`, as a whole program. What it does on GitHub is in [`crate::publishing`].

mod applying;
mod asking;
mod by_hand;
mod remembering;
mod upstreams;
mod usage;

use crate::runner::Output;

fn said(output: &Output) -> String {
    format!("status {}\n--- stdout\n{}--- stderr\n{}", output.status, output.stdout, output.stderr)
}
