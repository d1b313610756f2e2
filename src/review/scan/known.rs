//! What the checks of one file need to know of all others, found before they start.

use super::hosts;
use super::install;
use super::subject::Subject;
use crate::snapshot::Material;
use rayon::prelude::*;
use std::collections::HashSet;

/// What is known before files are looked at one by one.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The hosts that the base's code names.
    pub(super) hosts: HashSet<String>,
    /// The files that run by themselves when the package is installed or built.
    pub(super) installed: HashSet<String>,
}

impl Known {
    /// Looks at the base, and at what says which files run at installation.
    pub(super) fn new(material: &Material<'_>) -> Self {
        let installed = install::files(material.head);
        let Some(base) = material.base else { return Self { hosts: HashSet::new(), installed } };
        let nothing = Self::default();
        let full = Material { head: base, base: None, changes: &[], ..*material };
        let paths: Vec<&str> = base.files.keys().map(|path| &**path).collect();
        let hosts = paths
            .par_iter()
            .filter_map(|path| Subject::new(&full, path, &nothing))
            .flat_map_iter(|subject| hosts::find(&subject).named.into_iter().map(|named| named.host))
            .collect();
        Self { hosts, installed }
    }
}
