#![allow(clippy::unwrap_used)]

use super::{Choices, Fate, Place, Tool, plan, skeleton, stamp};
use std::path::Path;

fn tool(commit: char) -> Tool {
    Tool::parse(&format!("acme/mcp-registry@{}", commit.to_string().repeat(40))).unwrap()
}

fn write(root: &Path, commit: char) -> Vec<(String, Fate)> {
    let place = Place::new(root);
    let choices = Choices { owners: vec!["@acme/maintainers".to_owned()], ..Choices::default() };
    let planned = plan(&place, skeleton(&choices, &tool(commit), place.has("servers")));
    for one in planned.iter().filter(|one| one.writes()) {
        place.write(&one.file.path, one.before.as_deref(), &one.file.text).unwrap();
    }
    planned.into_iter().map(|one| (one.file.path, one.fate)).collect()
}

fn fate(of: &[(String, Fate)], path: &str) -> Fate {
    of.iter().find(|(found, _)| found == path).unwrap().1
}

const VALIDATE: &str = ".github/workflows/validate.yml";
const BUILD: &str = ".github/workflows/build.yml";

#[test]
fn an_upgrade_moves_what_nobody_edited_and_leaves_the_rest_alone() {
    let folder = tempfile::tempdir().unwrap();
    assert!(write(folder.path(), 'a').iter().all(|(_, fate)| *fate == Fate::Created));
    // Again: nothing to do. `servers` is there, so the example is nobody's business any more.
    let again = write(folder.path(), 'a');
    assert!(again.iter().all(|(_, fate)| *fate == Fate::Current), "{again:?}");
    // Somebody edits a workflow, and removes another.
    let edited = std::fs::read_to_string(folder.path().join(BUILD))
        .unwrap()
        .replace("timeout-minutes: 120", "timeout-minutes: 240");
    std::fs::write(folder.path().join(BUILD), &edited).unwrap();
    std::fs::remove_file(folder.path().join(VALIDATE)).unwrap();
    std::fs::write(folder.path().join("mcp-registry.toml"), "[registry]\nnamespace = \"acme/\"\n").unwrap();
    let upgraded = write(folder.path(), 'b');
    assert_eq!(fate(&upgraded, VALIDATE), Fate::Created);
    assert_eq!(fate(&upgraded, BUILD), Fate::Edited);
    assert_eq!(fate(&upgraded, ".github/workflows/publish.yml"), Fate::Updated);
    assert_eq!(fate(&upgraded, ".github/pull_request_template.md"), Fate::Current);
    assert_eq!(fate(&upgraded, "mcp-registry.toml"), Fate::Yours);
    assert_eq!(std::fs::read_to_string(folder.path().join(BUILD)).unwrap(), edited);
    let moved = std::fs::read_to_string(folder.path().join(".github/workflows/publish.yml")).unwrap();
    assert!(moved.contains(&tool('b').uses()) && !moved.contains(&tool('a').uses()));
    assert_eq!(stamp::read(&moved), stamp::Stamp::AsWritten);
}

#[test]
fn a_file_that_was_there_before_is_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join(".github/workflows")).unwrap();
    std::fs::write(folder.path().join(VALIDATE), "name: mine\n").unwrap();
    std::fs::write(folder.path().join("CODEOWNERS"), "* @acme\n").unwrap();
    let planned = write(folder.path(), 'a');
    assert_eq!(fate(&planned, VALIDATE), Fate::Yours);
    assert_eq!(fate(&planned, ".github/CODEOWNERS"), Fate::Yours);
    assert_eq!(std::fs::read_to_string(folder.path().join(VALIDATE)).unwrap(), "name: mine\n");
    assert!(!folder.path().join(".github/CODEOWNERS").exists());
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link() {
    use std::os::unix::fs::symlink;
    let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(outside.path().join("file"), "outside\n").unwrap();
    // The folder of workflows leads out of the registry, and so do a file and a link to nothing.
    std::fs::create_dir(folder.path().join(".github")).unwrap();
    symlink(outside.path(), folder.path().join(".github/workflows")).unwrap();
    symlink(outside.path().join("file"), folder.path().join("mcp-registry.toml")).unwrap();
    symlink(outside.path().join("new"), folder.path().join(".github/CODEOWNERS")).unwrap();
    let planned = write(folder.path(), 'a');
    for path in [VALIDATE, "mcp-registry.toml", ".github/CODEOWNERS"] {
        assert_eq!(fate(&planned, path), Fate::Refused, "{path}");
    }
    let left: Vec<_> = std::fs::read_dir(outside.path()).unwrap().map(|item| item.unwrap().file_name()).collect();
    assert_eq!(left, ["file"]);
    assert_eq!(std::fs::read_to_string(outside.path().join("file")).unwrap(), "outside\n");
}

#[test]
fn what_changed_while_it_was_looked_at_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    std::fs::write(folder.path().join("a"), "new\n").unwrap();
    assert!(place.write("a", Some("old\n"), "ours\n").is_err());
    assert!(place.write("a", None, "ours\n").is_err());
    assert_eq!(std::fs::read_to_string(folder.path().join("a")).unwrap(), "new\n");
}
