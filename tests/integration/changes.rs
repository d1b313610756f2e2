//! What `--diff` finds in real histories, made with the real Git.

mod bombs;
mod command;

use crate::runner::Runner;
use mcp_registry::changes::{ChangeKind, EntryChange, Range, RawPath};
use mcp_registry::entry::load;
use mcp_registry::history::{Comparison, History};
use mcp_registry::ids::CommitSha;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;

/// A registry with entries `a`, `b` and `c` on `main`, and `topic` checked out at the same commit.
fn registry() -> Runner {
    let registry = Runner::new();
    registry.git(["init", "--quiet"]);
    for name in ["a", "b", "c"] {
        entry(&registry, name);
    }
    registry.write("README.md", "A registry.\n").commit("start");
    registry.git(["switch", "--quiet", "--create", "topic"]);
    registry
}

/// Writes an entry. Its text is long enough, and like enough to the others', for Git to see renames.
fn entry(registry: &Runner, name: &str) {
    let text =
        format!("name: {name}\nimage: mcp/{name}\ntype: server\nmeta:\n  category: devops\n  tags:\n    - {name}\n");
    registry.write(format!("servers/{name}/server.yaml"), text);
    registry.write(format!("servers/{name}/readme.md"), format!("# {name}\n"));
}

fn edit(registry: &Runner, path: &str) {
    let text = registry.read(path);
    registry.write(path, format!("{text}# edited\n"));
}

fn compare(root: &Path, range: &str) -> Comparison {
    History::open(root).unwrap().compare(&Range::parse(range).unwrap()).unwrap()
}

/// One line for each entry that changed: what became of it, its name, and its files.
fn changed_in(root: &Path, range: &str) -> Vec<String> {
    let sign = |kind: ChangeKind| match kind {
        ChangeKind::Added => '+',
        ChangeKind::Modified => '~',
        ChangeKind::Deleted => '-',
    };
    let changes = compare(root, range).changes;
    let line = |(name, change): (&RawPath, &EntryChange)| {
        let files: Vec<String> = change
            .files
            .iter()
            .map(|file| {
                let path = file.path.to_string();
                format!("{}{}", sign(file.kind), path.trim_start_matches(&format!("servers/{name}/")))
            })
            .collect();
        format!("{}{name}: {}", sign(change.kind), files.join(" "))
    };
    changes.entries.iter().map(line).collect()
}

fn changed(registry: &Runner) -> Vec<String> {
    changed_in(&registry.root(), "main..topic")
}

const NOTHING: [&str; 0] = [];

#[test]
fn an_edit() {
    let registry = registry();
    edit(&registry, "servers/b/server.yaml");
    registry.commit("edit");
    assert_eq!(changed(&registry), ["~b: ~server.yaml"]);
}

#[test]
fn nothing_but_files_that_belong_to_no_entry() {
    let registry = registry();
    edit(&registry, "README.md");
    registry.write("servers/README.md", "Entries.\n").write("other/servers/a/server.yaml", "name: a\n");
    registry.commit("prose");
    assert_eq!(changed(&registry), NOTHING);
    let changes = compare(&registry.root(), "main..topic").changes;
    let others: Vec<String> = changes.others.iter().map(|file| file.path.to_string()).collect();
    assert_eq!(others, ["README.md", "other/servers/a/server.yaml", "servers/README.md"]);
    assert!(!changes.policy);
}

#[test]
fn several_files_of_one_entry_are_one_entry() {
    let registry = registry();
    edit(&registry, "servers/b/server.yaml");
    edit(&registry, "servers/b/readme.md");
    registry.commit("one");
    registry.write("servers/b/tools.json", "[]\n").commit("two");
    edit(&registry, "servers/b/server.yaml");
    registry.commit("three");
    assert_eq!(changed(&registry), ["~b: ~readme.md ~server.yaml +tools.json"]);
}

#[test]
fn a_rename_is_a_deletion_and_an_addition() {
    let registry = registry();
    registry.git(["mv", "servers/a", "servers/z"]);
    registry.commit("rename");
    assert_eq!(changed(&registry), ["-a: -readme.md -server.yaml", "+z: +readme.md +server.yaml"]);
}

#[test]
fn a_rename_with_an_edit_is_seen_too() {
    let registry = registry();
    registry.git(["config", "diff.renames", "copies"]);
    registry.git(["mv", "servers/a", "servers/z"]);
    edit(&registry, "servers/z/server.yaml");
    registry.commit("rename and edit");
    assert_eq!(changed(&registry), ["-a: -readme.md -server.yaml", "+z: +readme.md +server.yaml"]);
}

#[test]
fn a_file_that_moves_from_one_entry_to_another_changes_both() {
    let registry = registry();
    registry.write("servers/a/tools.json", "[]\n").commit("tools");
    registry.git(["branch", "--force", "main", "topic"]);
    registry.git(["mv", "servers/a/tools.json", "servers/b/tools.json"]);
    registry.commit("move");
    assert_eq!(changed(&registry), ["~a: -tools.json", "~b: +tools.json"]);
}

#[test]
fn a_case_only_rename_is_two_entries() {
    let registry = registry();
    registry.git(["config", "core.ignorecase", "true"]);
    registry.git(["mv", "servers/a", "servers/A"]);
    registry.commit("case");
    assert_eq!(changed(&registry), ["+A: +readme.md +server.yaml", "-a: -readme.md -server.yaml"]);
}

#[test]
fn a_deletion_is_listed_and_not_judged() {
    let registry = registry();
    registry.git(["rm", "-r", "--quiet", "servers/a"]);
    edit(&registry, "servers/b/server.yaml");
    registry.commit("delete");
    assert_eq!(changed(&registry), ["-a: -readme.md -server.yaml", "~b: ~server.yaml"]);
    let comparison = compare(&registry.root(), "main..topic");
    let judged: Vec<String> = comparison.changes.to_judge().map(ToString::to_string).collect();
    assert_eq!(judged, ["b"]);
}

#[test]
fn an_entry_that_comes_and_goes_is_nothing() {
    let registry = registry();
    entry(&registry, "new");
    registry.commit("add");
    registry.git(["rm", "-r", "--quiet", "servers/new"]);
    registry.commit("remove");
    assert_eq!(changed(&registry), NOTHING);
}

#[test]
fn a_revert_is_nothing() {
    let registry = registry();
    edit(&registry, "servers/b/server.yaml");
    registry.commit("edit");
    registry.git(["revert", "--no-edit", "HEAD"]);
    assert_eq!(changed(&registry), NOTHING);
}

#[test]
fn what_only_the_base_has_is_not_a_change_of_head() {
    let registry = registry();
    edit(&registry, "servers/b/server.yaml");
    registry.commit("edit");
    registry.git(["switch", "--quiet", "main"]);
    edit(&registry, "servers/a/server.yaml");
    entry(&registry, "late");
    registry.git(["rm", "-r", "--quiet", "servers/c"]);
    registry.commit("main moves on");
    // Two-dot would say: ~a ~b +c -late.
    assert_eq!(changed(&registry), ["~b: ~server.yaml"]);
    assert_eq!(changed_in(&registry.root(), "main...topic"), ["~b: ~server.yaml"]);
    assert_eq!(
        changed_in(&registry.root(), "topic..main"),
        ["~a: ~server.yaml", "-c: -readme.md -server.yaml", "+late: +readme.md +server.yaml"]
    );
}

#[test]
fn a_base_that_was_merged_into_head_is_not_a_change_of_head() {
    let registry = registry();
    edit(&registry, "servers/b/server.yaml");
    registry.commit("edit");
    registry.git(["switch", "--quiet", "main"]);
    edit(&registry, "servers/a/server.yaml");
    registry.commit("main moves on");
    registry.git(["switch", "--quiet", "topic"]);
    registry.git(["merge", "--quiet", "--no-edit", "main"]);
    edit(&registry, "servers/c/readme.md");
    registry.commit("after the merge");
    assert_eq!(changed(&registry), ["~b: ~server.yaml", "~c: ~readme.md"]);
}

#[test]
fn a_change_that_a_merge_commit_itself_makes_is_seen() {
    let registry = registry();
    edit(&registry, "servers/b/server.yaml");
    registry.commit("edit");
    registry.git(["switch", "--quiet", "main"]);
    edit(&registry, "servers/a/server.yaml");
    registry.commit("main moves on");
    registry.git(["switch", "--quiet", "topic"]);
    registry.git(["merge", "--quiet", "--no-commit", "main"]);
    edit(&registry, "servers/c/server.yaml");
    registry.commit("an evil merge");
    assert_eq!(changed(&registry), ["~b: ~server.yaml", "~c: ~server.yaml"]);
}

/// The commit that CI checks out for a pull request, whose first parent is the base.
#[test]
fn a_test_merge_has_the_changes_of_its_branch() {
    let registry = registry();
    edit(&registry, "servers/b/server.yaml");
    registry.commit("edit");
    registry.git(["switch", "--quiet", "main"]);
    edit(&registry, "servers/a/server.yaml");
    registry.commit("main moves on");
    registry.git(["switch", "--quiet", "--detach", "main"]);
    registry.git(["merge", "--quiet", "--no-ff", "--no-edit", "topic"]);
    assert_eq!(changed_in(&registry.root(), "main"), ["~b: ~server.yaml"]);
    assert_eq!(changed_in(&registry.root(), "HEAD^1..HEAD"), ["~b: ~server.yaml"]);
}

#[test]
fn an_octopus_brings_the_changes_of_every_arm() {
    let registry = registry();
    for (arm, path) in [("one", "servers/a/server.yaml"), ("two", "servers/b/readme.md"), ("three", "README.md")] {
        registry.git(["switch", "--quiet", "--create", arm, "main"]);
        edit(&registry, path);
        registry.commit(arm);
    }
    registry.git(["switch", "--quiet", "topic"]);
    registry.git(["merge", "--quiet", "--no-ff", "--no-edit", "one", "two", "three"]);
    assert_eq!(registry.git(["rev-list", "--parents", "--max-count=1", "HEAD"]).split(' ').count(), 5);
    assert_eq!(changed(&registry), ["~a: ~server.yaml", "~b: ~readme.md"]);
}

/// `main` and `topic` each merge the other's first commit: there are two merge bases.
#[test]
fn criss_cross_merges_leave_what_head_itself_changed() {
    let registry = registry();
    edit(&registry, "servers/b/server.yaml");
    let topic = registry.commit("topic: b");
    registry.git(["switch", "--quiet", "main"]);
    edit(&registry, "servers/a/server.yaml");
    let main = registry.commit("main: a");
    registry.git(["merge", "--quiet", "--no-edit", &topic]);
    registry.git(["switch", "--quiet", "topic"]);
    registry.git(["merge", "--quiet", "--no-edit", &main]);
    let comparison = compare(&registry.root(), "main..topic");
    assert_eq!(comparison.merge_bases.len(), 2);
    assert_eq!(changed(&registry), NOTHING);

    edit(&registry, "servers/c/server.yaml");
    registry.commit("topic: c");
    registry.git(["switch", "--quiet", "main"]);
    edit(&registry, "servers/a/readme.md");
    registry.commit("main: a again");
    assert_eq!(compare(&registry.root(), "main..topic").merge_bases.len(), 2);
    assert_eq!(changed(&registry), ["~c: ~server.yaml"]);

    // Back to what one of the two merge bases had is a change of what their merge has.
    registry.git(["switch", "--quiet", "topic"]);
    registry.git(["checkout", "--quiet", &topic, "--", "servers/a/server.yaml"]);
    registry.commit("topic: a as it was");
    assert_eq!(changed(&registry), ["~a: ~server.yaml", "~c: ~server.yaml"]);
}

#[test]
fn criss_cross_merges_in_conflict_count_as_changed() {
    let registry = registry();
    registry.write("servers/b/server.yaml", "name: topic\n");
    let topic = registry.commit("topic: b");
    registry.git(["switch", "--quiet", "main"]);
    registry.write("servers/b/server.yaml", "name: main\n");
    let main = registry.commit("main: b");
    registry.git(["merge", "--quiet", "--no-edit", "--strategy-option=ours", &topic]);
    registry.git(["switch", "--quiet", "topic"]);
    registry.git(["merge", "--quiet", "--no-edit", "--strategy-option=theirs", &main]);
    assert_eq!(changed(&registry), ["~b: ~server.yaml"]);
}

#[test]
fn a_mode_is_a_change() {
    let registry = registry();
    registry.git(["config", "core.fileMode", "false"]);
    registry.git(["update-index", "--chmod=+x", "servers/b/server.yaml"]);
    registry.git(["commit", "--quiet", "--message", "executable"]);
    assert_eq!(changed(&registry), ["~b: ~server.yaml"]);
}

#[test]
fn a_file_that_becomes_a_link_is_one_change() {
    let registry = registry();
    std::fs::remove_file(registry.root().join("servers/b/server.yaml")).unwrap();
    symlink("../a/server.yaml", registry.root().join("servers/b/server.yaml")).unwrap();
    registry.commit("link");
    assert_eq!(changed(&registry), ["~b: ~server.yaml"]);
}

#[test]
fn a_folder_that_becomes_a_link_is_still_an_entry() {
    let registry = registry();
    std::fs::remove_dir_all(registry.root().join("servers/b")).unwrap();
    symlink("a", registry.root().join("servers/b")).unwrap();
    registry.commit("link");
    assert_eq!(changed(&registry), ["~b: +servers/b -readme.md -server.yaml"]);
    let history = History::open(&registry.root()).unwrap();
    let head = compare(&registry.root(), "main..topic").head;
    let entry = history.at(&head).unwrap().load(&RawPath::new("b")).unwrap().unwrap();
    assert_eq!(entry.folder_problem.as_deref(), Some("it is a symbolic link"));
}

#[test]
fn a_folder_that_becomes_a_file_is_gone() {
    let registry = registry();
    std::fs::remove_dir_all(registry.root().join("servers/b")).unwrap();
    registry.write("servers/b", "name: b\n").commit("file");
    assert_eq!(changed(&registry), ["-b: +servers/b -readme.md -server.yaml"]);
}

#[test]
fn a_submodule_is_an_entry_and_a_moved_submodule_a_change() {
    let registry = registry();
    let commit = registry.git(["rev-parse", "HEAD"]);
    registry.git(["config", "diff.ignoreSubmodules", "all"]);
    registry.git(["update-index", "--add", "--cacheinfo", &format!("160000,{commit},servers/sub")]);
    registry.git(["commit", "--quiet", "--message", "submodule"]);
    assert_eq!(changed(&registry), ["+sub: +servers/sub"]);
    let next = registry.git(["rev-parse", "HEAD"]);
    registry.git(["update-index", "--cacheinfo", &format!("160000,{next},servers/sub")]);
    registry.git(["commit", "--quiet", "--message", "submodule moves"]);
    assert_eq!(changed_in(&registry.root(), "HEAD~1..HEAD"), ["~sub: ~servers/sub"]);
    let history = History::open(&registry.root()).unwrap();
    let head = compare(&registry.root(), "HEAD").head;
    let entry = history.at(&head).unwrap().load(&RawPath::new("sub")).unwrap().unwrap();
    assert_eq!(entry.folder_problem.as_deref(), Some("it is a Git submodule"));
}

#[test]
fn nested_files_belong_to_the_entry_above_them() {
    let registry = registry();
    registry.write("servers/b/deep/er/server.yaml", "name: er\n").commit("nested");
    assert_eq!(changed(&registry), ["~b: +deep/er/server.yaml"]);
}

#[test]
fn names_may_be_anything_that_git_allows() {
    let registry = registry();
    let hostile =
        [&b"gr\xc3\xb6\xc3\x9fe"[..], b"a\n::error::b", b"\xff\xfe", b"\xff\xfd", b"-rf", b"..a", b"\"q\"", b"a b\t"];
    for name in hostile {
        registry.write(Path::new("servers").join(std::ffi::OsStr::from_bytes(name)).join("server.yaml"), "name: x\n");
    }
    registry.commit("names");
    let comparison = compare(&registry.root(), "main..topic");
    let found: Vec<&[u8]> = comparison.changes.entries.keys().map(RawPath::as_bytes).collect();
    let mut expected = hostile;
    expected.sort_unstable();
    assert_eq!(found, expected);
    let all = History::open(&registry.root()).unwrap().load_all_at(&comparison.head).unwrap();
    assert_eq!(all.iter().filter(|entry| entry.folder_problem.is_some()).count(), 2);
}

#[test]
fn a_registry_in_a_folder_of_a_repository() {
    let registry = Runner::new();
    registry.git(["init", "--quiet"]);
    registry.write("sub/dir/servers/a/server.yaml", "name: a\n").write("servers/outside/server.yaml", "name: o\n");
    registry.write("sub/dir/mcp-registry.toml", "").commit("start");
    registry.git(["switch", "--quiet", "--create", "topic"]);
    registry.write("sub/dir/servers/b/server.yaml", "name: b\n").write("servers/outside/server.yaml", "name: p\n");
    registry.write("mcp-registry.toml", "").commit("two registries");
    let root = registry.root().join("sub/dir");
    assert_eq!(changed_in(&root, "main..topic"), ["+b: +server.yaml"]);
    assert!(!compare(&root, "main..topic").changes.policy);
    registry.write("sub/dir/mcp-registry.toml", "[rules]\n").commit("policy");
    assert!(compare(&root, "main..topic").changes.policy);
    // The root may be reached through a link, and the whole folder may be new, or gone.
    symlink("sub/dir", registry.root().join("link")).unwrap();
    assert_eq!(changed_in(&registry.root().join("link"), "main..topic"), ["+b: +server.yaml"]);
    registry.git(["rm", "-r", "--quiet", "sub"]);
    registry.commit("gone");
    std::fs::create_dir_all(&root).unwrap();
    assert_eq!(changed_in(&root, "main..topic"), ["-a: -server.yaml"]);
}

/// A commit can bring a folder that looks like a bare repository, with a history of its author's choice.
#[test]
fn a_repository_inside_the_work_tree_is_not_taken_for_the_history() {
    let registry = Runner::new();
    registry.git(["init", "--quiet"]);
    registry.write("sub/servers/a/server.yaml", "name: a\n").commit("start");
    registry.git(["switch", "--quiet", "--create", "topic"]);
    registry.git(["clone", "--quiet", "--bare", ".", "planted"]);
    for part in ["HEAD", "objects", "refs", "config", "packed-refs"] {
        std::fs::rename(registry.root().join("planted").join(part), registry.root().join("sub").join(part)).unwrap();
    }
    registry.write("sub/servers/b/server.yaml", "name: b\n").commit("planted");
    assert_eq!(changed_in(&registry.root().join("sub"), "main..topic"), ["+b: +server.yaml"]);
}

#[test]
fn a_linked_work_tree_has_the_history_of_its_repository() {
    let registry = registry();
    edit(&registry, "servers/b/server.yaml");
    registry.commit("edit");
    registry.git(["worktree", "add", "--quiet", "--detach", "../home/tree", "topic"]);
    assert_eq!(changed_in(&registry.home().join("tree"), "main"), ["~b: ~server.yaml"]);
}

#[test]
fn entries_are_read_from_the_commit_and_not_from_the_work_tree() {
    let registry = registry();
    edit(&registry, "servers/b/server.yaml");
    let head = registry.commit("edit");
    registry.write("servers/b/server.yaml", "not committed\n").write("servers/dirty/server.yaml", "name: dirty\n");
    std::fs::remove_dir_all(registry.root().join("servers/a")).unwrap();
    assert_eq!(changed(&registry), ["~b: ~server.yaml"]);
    let comparison = compare(&registry.root(), "main..");
    assert_eq!(comparison.head.as_str(), head);
    let history = History::open(&registry.root()).unwrap();
    let all = history.load_all_at(&comparison.head).unwrap();
    assert_eq!(all.iter().map(|entry| &*entry.name).collect::<Vec<_>>(), ["a", "b", "c"]);
    let text = all[1].manifest_file.text().unwrap();
    assert!(text.starts_with("name: b\n") && text.ends_with("# edited\n"), "{text}");
    let before = history.at(&comparison.base).unwrap().load(&RawPath::new("b")).unwrap().unwrap();
    assert!(!before.manifest_file.text().unwrap().contains("edited"));
    assert!(history.at(&comparison.head).unwrap().load(&RawPath::new("dirty")).unwrap().is_none());
}

/// From disk and from Git, the same entry has the same problems, in the same words.
#[test]
fn hostile_files_read_the_same_from_git_as_from_disk() {
    let registry = registry();
    let root = registry.root();
    registry.write("servers/large/server.yaml", vec![b'#'; 40_000_000]);
    registry.write("servers/bytes/server.yaml", b"name: \xff\n");
    registry.write("servers/broken/server.yaml", "a: [\n").write("servers/broken/tools.json", "[");
    registry.write("servers/folder/server.yaml/x", "").write("servers/folder/README.MD", "x\n");
    registry.write("servers/empty/other.txt", "");
    std::fs::create_dir_all(root.join("servers/link")).unwrap();
    symlink("/etc/passwd", root.join("servers/link/server.yaml")).unwrap();
    symlink("/etc", root.join("servers/outside")).unwrap();
    let head = registry.commit("hostile");
    let history = History::open(&root).unwrap();
    let from_git = history.load_all_at(&CommitSha::parse(&head).unwrap()).unwrap();
    let from_disk = load::load_all(&root, &load::list(&root).unwrap());
    assert_eq!(from_disk.len(), 10);
    assert_eq!(format!("{from_git:#?}"), format!("{from_disk:#?}"));
}

#[test]
fn the_policy_of_a_commit() {
    let registry = registry();
    registry.write("mcp-registry.toml", "[rules]\n").commit("policy");
    let history = History::open(&registry.root()).unwrap();
    let comparison = compare(&registry.root(), "main..topic");
    assert!(comparison.changes.policy);
    assert_eq!(history.policy_at(&comparison.base).unwrap(), None);
    assert_eq!(history.policy_at(&comparison.head).unwrap().as_deref(), Some("[rules]\n"));
}
