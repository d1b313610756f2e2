//! The whole registry, or some entries of it.

use super::{Jobs, Need, Planned, is_name, upstream_of};
use crate::entry::Entry;
use crate::entry::source::source_of;
use rayon::prelude::*;

/// Every entry is validated, and reviewed at its pin if it has one.
pub(crate) fn audit(entries: &[Entry]) -> Jobs {
    let planned = entries.par_iter().map(|entry| {
        let mut planned = Planned {
            name: entry.name.clone(),
            change: None,
            why: Vec::new(),
            needs: vec![Need::Validate],
            unclear: false,
            upstream: upstream_of(entry),
            source: None,
            runs_unseen: false,
        };
        match source_of(entry) {
            _ if !is_name(&entry.name) => {
                planned.why.push("its name has more than lowercase letters, digits and hyphens".to_owned())
            }
            Err(why) => {
                planned.why.push(why);
                planned.unclear = true;
            }
            Ok(None) => planned.why.push("it has no source code to review".to_owned()),
            Ok(Some(_)) => planned.needs.push(Need::Review),
        }
        planned
    });
    Jobs::new(planned.collect())
}
