//! The input suite: whatever a repository holds, what is exported of it is bounded, harmless, and says what is missing.

mod bounds;
mod fetching;
mod inert;
mod names;

use crate::git_server::{self, Upstreamed, fetcher};
use mcp_registry::git::{self, Limits, Store, Upstream, UpstreamError};
use mcp_registry::ids::CommitSha;
use mcp_registry::review::export::{self, ExportError, ExportLimits};
use mcp_registry::snapshot::Snapshot;
use std::collections::HashSet;

/// A fetcher for what needs none.
fn no_network() -> mcp_registry::fetch::Fetcher {
    let certificate = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    fetcher(certificate.cert.pem().as_bytes())
}

/// The store of a repository on this machine.
fn local(repo: &Upstreamed, commit: &CommitSha) -> Result<Store, UpstreamError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let upstream = Upstream::parse(repo.path().to_str().unwrap()).unwrap();
    let nowhere = repo.above().join("nowhere");
    let store = runtime.block_on(git::fetch(
        &no_network(),
        &upstream,
        std::slice::from_ref(commit),
        &Limits::default(),
        &nowhere,
    ));
    assert!(!nowhere.exists(), "a repository on this machine is read where it lies");
    store
}

/// What is exported of a commit of a repository on this machine.
fn exported(repo: &Upstreamed, commit: &CommitSha, limits: &ExportLimits) -> Snapshot {
    let store = local(repo, commit).unwrap();
    let snapshot = export::snapshot(&store, commit, "", limits).unwrap();
    assert_eq!(export::snapshot(&store, commit, "", limits).unwrap(), snapshot, "the same every time");
    check(&snapshot, limits);
    snapshot
}

/// What must hold of every snapshot.
fn check(snapshot: &Snapshot, limits: &ExportLimits) {
    assert!(snapshot.files.len() <= limits.files, "{} files", snapshot.files.len());
    let bytes: usize = snapshot.files.values().map(|file| file.content.len()).sum();
    assert!(bytes as u64 <= limits.bytes, "{bytes} bytes");
    assert!(snapshot.unreviewed.len() <= 11 * (limits.listed + 1), "{} listed", snapshot.unreviewed.len());
    assert!(snapshot.unreviewed.is_sorted());
    let mut seen = HashSet::new();
    for (path, file) in &snapshot.files {
        let exported = file.exported_as.as_ref().unwrap_or(path);
        for path in [path, exported] {
            assert!(path.len() <= limits.path && !path.chars().any(char::is_control), "{path:?}");
            assert!(path.split('/').all(|part| !matches!(part, "" | "." | "..")), "{path:?}");
            assert!(path.split('/').count() <= limits.depth + 1, "{path:?}");
        }
        for part in exported.split('/') {
            assert!(part.len() <= 255 && !part.eq_ignore_ascii_case(".git") && !part.contains('\\'), "{exported:?}");
        }
        assert!(seen.insert(exported.to_lowercase()), "{exported} twice");
        assert!(file.content.len() as u64 <= limits.file || file.link, "{path}");
    }
}

/// A snapshot as text: the files as agents see them, and what is listed.
fn shown(snapshot: &Snapshot) -> String {
    let mut text = String::new();
    for (path, file) in &snapshot.files {
        let content = String::from_utf8_lossy(&file.content);
        let kind = if file.link { " (link)" } else { "" };
        let other = file.exported_as.as_ref().map(|name| format!(" as {name}")).unwrap_or_default();
        text.push_str(&format!("{path}{other}{kind}: {:?}\n", content.chars().take(60).collect::<String>()));
    }
    for item in &snapshot.unreviewed {
        text.push_str(&format!("! {} {}: {}\n", item.path, item.reason.as_str(), item.detail));
    }
    text
}

#[test]
fn only_the_directory_is_exported_and_equal_trees_have_equal_ids() {
    let repo = Upstreamed::new();
    let inner = repo.files(&[("main.py", "print()\n")]);
    let server = repo.tree(&[("40000", "src", inner)]);
    let top = repo.tree(&[("100644", "README.md", repo.blob("top\n")), ("40000", "server", server)]);
    let commit = repo.commit(top, &[]);
    let store = local(&repo, &commit).unwrap();
    let limits = ExportLimits::default();
    for directory in ["server", "./server/", "server//"] {
        let snapshot = export::snapshot(&store, &commit, directory, &limits).unwrap();
        assert_eq!(shown(&snapshot), "server/src/main.py: \"print()\\n\"\n");
        assert_eq!(snapshot.tree, server.to_string());
        let trees = export::trees(&store, &commit, directory).unwrap();
        assert_eq!((trees.top, trees.directory), (top.to_string(), server.to_string()));
    }
    let said = |directory: &str| export::snapshot(&store, &commit, directory, &limits).unwrap_err().to_string();
    assert_eq!(said("other"), format!("the commit {commit} has no directory `other`"));
    assert_eq!(said("server/src/x"), format!("the commit {commit} has no directory `server/src/x`"));
    assert_eq!(said("README.md"), format!("`README.md` is not a directory at the commit {commit}"));
    for wrong in ["/etc", "../x", "server/../../x", "a\0b"] {
        let error = export::snapshot(&store, &commit, wrong, &limits).unwrap_err();
        assert!(matches!(error, ExportError::Directory(_)), "{wrong}: {error}");
    }
}

#[test]
fn base_and_head_share_what_they_have_in_common() {
    let repo = Upstreamed::new();
    let base = repo.commit(repo.files(&[("a", "same\n"), ("b", "old\n")]), &[]);
    let head = repo.commit(repo.files(&[("a", "same\n"), ("b", "new\n")]), &[&base]);
    let store = local(&repo, &base).unwrap();
    let limits = ExportLimits::default();
    let [base, head] = [base, head].map(|commit| export::snapshot(&store, &commit, "", &limits).unwrap());
    assert!(std::sync::Arc::ptr_eq(&base.files["a"].content, &head.files["a"].content));
    let changes = mcp_registry::snapshot::diff::diff(&base, &head, &Default::default());
    insta::assert_snapshot!(changes[0].pieces.concat(), @r"
    diff --git a/b b/b
    --- a/b
    +++ b/b
    @@ -1 +1 @@
    -old
    +new
    ");
}

#[test]
fn git_itself_applies_the_diff() {
    let repo = Upstreamed::new();
    let old: String = (0..200).map(|number| format!("line {number}\n")).collect();
    let new = old.replace("line 7\n", "").replace("line 9\n", "nine\nmore\n").replace("line 150\n", "x\n") + "end";
    let base = repo.commit(repo.files(&[("a \"b\"", old.as_str()), ("gone", "x\n"), ("keep", "k\n")]), &[]);
    let head = repo.commit(repo.files(&[("a \"b\"", new.as_str()), ("keep", "k\n"), ("new", "y")]), &[&base]);
    let store = local(&repo, &base).unwrap();
    let limits = ExportLimits::default();
    let [base, head] = [base, head].map(|commit| export::snapshot(&store, &commit, "", &limits).unwrap());
    for piece in [64 * 1024, 300] {
        let limits = mcp_registry::snapshot::diff::DiffLimits { piece, ..Default::default() };
        let changes = mcp_registry::snapshot::diff::diff(&base, &head, &limits);
        assert_eq!(changes.iter().map(|change| change.pieces.len()).max() > Some(1), piece == 300);
        let patch: String = changes.iter().flat_map(|change| change.pieces.clone()).collect();
        let work = repo.above().join(format!("work{piece}"));
        std::fs::create_dir(&work).unwrap();
        for (path, file) in &base.files {
            std::fs::write(work.join(&**path), &file.content).unwrap();
        }
        std::fs::write(repo.above().join("patch"), patch).unwrap();
        let output = git_server::git(&work).args(["apply", "--unidiff-zero", "../patch"]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        for (path, file) in &head.files {
            assert_eq!(std::fs::read(work.join(&**path)).unwrap(), *file.content, "{path}");
        }
        assert!(!work.join("gone").exists());
    }
}
