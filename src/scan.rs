//! The use case: scan. Known vulnerabilities of an image, by the reports of others' scanners.
//!
//! A scanner is not trusted more than what it looks at: what it says is read into a few fields of bounded length ([`report`]), and
//! judged here ([`judge`]). It may leave something out; it cannot make this program show, run or reach anything.

mod cyclonedx;
pub(crate) mod judge;
mod parse;
pub(crate) mod report;
pub(crate) mod rules;
mod sarif;
mod scanner;

pub(crate) use scanner::{ScanError, Scanner, scan};
