//! The ids that Git gives to contents, computed without a repository.

use git2::{ObjectType, Oid};

/// An entry of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) name: String,
    /// `100644`, or `40000` for a directory: six digits may have a zero in front.
    pub(crate) mode: String,
    /// The id of what it is.
    pub(crate) id: String,
}

/// The id of a file of these bytes.
#[must_use]
pub(crate) fn of_file(bytes: &[u8]) -> Option<String> {
    Some(Oid::hash_object(ObjectType::Blob, bytes).ok()?.to_string())
}

/// The id of a tree of these items. None where an id is not one.
#[must_use]
pub(crate) fn of_tree(items: &[Item]) -> Option<String> {
    let mut items: Vec<&Item> = items.iter().collect();
    // Git's order is that of the bytes of names, where those of directories end with a slash.
    items.sort_by_cached_key(|item| {
        let slash = if item.mode.trim_start_matches('0') == "40000" { "/" } else { "" };
        format!("{}{slash}", item.name)
    });
    let mut bytes = Vec::new();
    for Item { name, mode, id } in items {
        bytes.extend_from_slice(mode.trim_start_matches('0').as_bytes());
        bytes.push(b' ');
        bytes.extend_from_slice(name.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(Oid::from_str(id).ok().filter(|_| id.len() == 40)?.as_bytes());
    }
    Some(Oid::hash_object(ObjectType::Tree, &bytes).ok()?.to_string())
}

#[cfg(test)]
mod tests {
    use super::{Item, of_file, of_tree};

    #[test]
    fn ids_are_those_of_git() {
        let file = of_file(b"hello\n").unwrap_or_default();
        assert_eq!(file, "ce013625030ba8dba906f756967f9e9ca394464a");
        let item = |mode: &str, id: &str| Item { name: "a".to_owned(), mode: mode.to_owned(), id: id.to_owned() };
        let tree = of_tree(&[item("100644", &file)]).unwrap_or_default();
        // `git init; printf 'hello\n' > a; git add a; git write-tree`
        assert_eq!(tree, "0976950c1fdbcb52435a433913017bf044b3a58f");
        assert_eq!(of_tree(&[item("040000", &tree)]), of_tree(&[item("40000", &tree)]));
        assert_eq!(of_tree(&[item("100644", "ce01")]), None);
        assert_eq!(of_tree(&[]).as_deref(), Some("4b825dc642cb6eb9a060e54bf8d69288fbee4904"));
    }
}
