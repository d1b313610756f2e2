//! What the checks of one file need to know of all others, found before they start.

use super::analysis::Known;
use super::hosts;
use super::install;
use super::steering;
use super::subject::Subject;
use crate::snapshot::Material;
use rayon::prelude::*;

/// Looks at the base, and at what says which files run at installation.
pub(super) fn gather(material: &Material<'_>) -> Known {
    let installed = install::files(material.head);
    let Some(base) = material.base else { return Known { installed, ..Known::default() } };
    let nothing = Known::default();
    let full = Material { head: base, base: None, changes: &[], ..*material };
    let paths: Vec<&str> = base.files.keys().map(|path| &**path).collect();
    let hosts = paths
        .par_iter()
        .filter_map(|path| Subject::new(&full, path, &nothing))
        .flat_map_iter(|subject| hosts::find(&subject).named.into_iter().map(|named| named.host))
        .collect();
    Known { hosts, installed, moved: steering::moved(base, material.head) }
}
