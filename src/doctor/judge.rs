//! What facts mean, one group of checks in each file. Pure.

pub(super) mod actions;
pub(super) mod app;
pub(super) mod branch;
pub(super) mod environments;
pub(super) mod files;
pub(super) mod names;
pub(super) mod queue;

/// Names that one check shows.
const MAX_SHOWN: usize = 12;
/// Characters of one of them.
const MAX_NAME: usize = 120;

/// Names that others chose, as a list of bounded length.
fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let shown = names.iter().take(MAX_SHOWN).map(|name| format!("`{}`", crate::text::cut(name, MAX_NAME)));
    let mut text = shown.collect::<Vec<_>>().join(", ");
    if names.len() > MAX_SHOWN {
        text.push_str(&format!(" and {} more", names.len() - MAX_SHOWN));
    }
    text
}
