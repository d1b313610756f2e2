//! Which file uses which, and the circles in that.
//!
//! A file uses another when its code names an item that is defined there. Names that a module only passes on (`pub use`) are
//! followed to where they come from, so that a parent may collect what its children define. To name a module alone, or to
//! declare it, is no use of it.
//!
//! A file and the folder of its name are one room, whose parts may use each other and the room's own file. Among rooms
//! that are beside each other (in one folder, or at the top) there must be no circle, through whatever files of theirs it leads.

use super::source::Source;
use std::collections::{BTreeMap, BTreeSet};

/// A module as its names from the root of the crate.
type Module = Vec<String>;
/// For each room the rooms beside it that it uses, and one use each, in words.
type Uses = BTreeMap<Module, BTreeMap<Module, String>>;

/// A longer chain of names that are passed on is a circle itself.
const MAX_STEPS: usize = 16;

struct Tree<'s> {
    files: BTreeMap<Module, &'s Source>,
}

impl<'s> Tree<'s> {
    fn new(sources: &'s [Source]) -> Self {
        Self { files: sources.iter().map(|source| (source.module(), source)).collect() }
    }

    /// A path as a module writes it, from the root of the crate. None when it leads out of the crate, or is a name of the
    /// file itself.
    fn absolute(&self, module: &[String], path: &[String], steps: usize) -> Option<Module> {
        let first = path.first()?;
        match first.as_str() {
            "crate" | "mcp_registry" => Some(path[1..].to_vec()),
            "self" => Some([module, &path[1..]].concat()),
            "super" => {
                let supers = path.iter().take_while(|name| *name == "super").count();
                Some([&module[..module.len().checked_sub(supers)?], &path[supers..]].concat())
            }
            _ if self.files.contains_key([module, &path[..1]].concat().as_slice()) => Some([module, path].concat()),
            _ => {
                // A name that the file itself brought.
                let import = self.files.get(module)?.imports.iter().find(|import| import.name == *first)?;
                if steps == 0 || import.path.first() == Some(first) {
                    return None;
                }
                let brought = self.absolute(module, &import.path, steps - 1)?;
                Some([brought.as_slice(), &path[1..]].concat())
            }
        }
    }

    /// The file that defines what a path from the root names; none when that is a module and nothing in it.
    fn definition(&self, path: &[String], steps: usize) -> Option<&'s Source> {
        // The whole path may be a module, and also an item of the same name that the parent passes on: `text::cut`.
        let longest = path.len().checked_sub(1)?;
        let length = (0..=longest).rev().find(|length| self.files.contains_key(&path[..*length]))?;
        let (module, rest) = path.split_at(length);
        let source = self.files[module];
        let Some(import) = source.imports.iter().find(|import| import.name == rest[0]) else {
            return (!self.files.contains_key(path)).then_some(source);
        };
        // What is brought from another crate is that crate's.
        let from = self.absolute(module, &import.path, steps.checked_sub(1)?)?;
        self.definition(&[from.as_slice(), &rest[1..]].concat(), steps - 1)
    }

    /// The files that this one uses, each with a name that it uses of it.
    fn used_by(&self, source: &Source) -> BTreeMap<Module, String> {
        let module = source.module();
        let own = source.paths.iter().filter(|path| !source.only_passed_on(path));
        let named = own.filter_map(|path| {
            let path = self.absolute(&module, path, MAX_STEPS)?;
            let definition = self.definition(&path, MAX_STEPS)?.module();
            Some((definition, path.join("::")))
        });
        named.collect()
    }

    fn uses(&self) -> Uses {
        let mut uses = Uses::new();
        for (module, source) in &self.files {
            for (used, name) in self.used_by(source) {
                let common = module.iter().zip(&used).take_while(|(one, other)| one == other).count();
                if let (Some(room), Some(beside)) = (module.get(..=common), used.get(..=common)) {
                    let words = format!("src/{} uses {name}", source.path);
                    uses.entry(room.to_vec()).or_default().entry(beside.to_vec()).or_insert(words);
                }
            }
        }
        uses
    }
}

fn reached<'u>(uses: &'u Uses, from: &'u Module) -> BTreeSet<&'u Module> {
    let mut found = BTreeSet::new();
    let mut open = vec![from];
    while let Some(room) = open.pop() {
        let used = uses.get(room).into_iter().flat_map(BTreeMap::keys);
        open.extend(used.filter(|used| found.insert(*used)));
    }
    found
}

/// A group of rooms that each lead to each other.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Circle {
    /// Their modules.
    pub(super) rooms: Vec<String>,
    /// The uses between them, in words.
    pub(super) uses: Vec<String>,
}

/// Every circle, smallest first in the order of their names.
pub(super) fn circles(sources: &[Source]) -> Vec<Circle> {
    let uses = Tree::new(sources).uses();
    let reached: BTreeMap<&Module, BTreeSet<&Module>> = uses.keys().map(|room| (room, reached(&uses, room))).collect();
    let mut circles = BTreeSet::new();
    for (room, others) in reached.iter().filter(|(room, others)| others.contains(*room)) {
        let back = |other: &&Module| reached.get(other).is_some_and(|further| further.contains(room));
        let group: Vec<&Module> = others.iter().copied().filter(back).collect();
        let inside = group.iter().flat_map(|room| uses[*room].iter()).filter(|(used, _)| group.contains(used));
        circles.insert(Circle {
            rooms: group.iter().map(|room| room.join("::")).collect(),
            uses: inside.map(|(_, words)| words.clone()).collect(),
        });
    }
    circles.into_iter().collect()
}
