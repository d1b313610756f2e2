//! What makes Git do something: nothing here does.

use super::{exported, local, shown};
use crate::git_server::{FILE, GitServer, SUBMODULE, Upstreamed, git};
use mcp_registry::git::{self as adapter, Limits, Upstream};
use mcp_registry::review::export::{self, ExportLimits};
use mcp_registry::snapshot::Reason;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A program that leaves a mark.
fn marker(path: &Path, mark: &Path) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, format!("#!/bin/sh\ntouch {}\ncat\n", mark.display())).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn gitattributes_do_nothing() {
    let repo = Upstreamed::new();
    let (program, mark) = (repo.above().join("filter"), repo.above().join("mark"));
    marker(&program, &mark);
    repo.git(["config", "filter.x.smudge", program.to_str().unwrap()]);
    repo.git(["config", "filter.x.clean", program.to_str().unwrap()]);
    repo.git(["config", "filter.x.required", "true"]);
    repo.git(["config", "diff.x.textconv", program.to_str().unwrap()]);
    repo.git(["config", "core.autocrlf", "true"]);
    let attributes = "* filter=x diff=x text eol=crlf ident working-tree-encoding=UTF-16\nhidden export-ignore\nsubst export-subst\n";
    let files =
        [(".gitattributes", attributes), ("hidden", "here\n"), ("lines", "a\nb\r\n"), ("subst", "$Id$ $Format:%H$\n")];
    let commit = repo.commit(repo.files(&files), &[]);
    std::fs::create_dir_all(repo.path().join("info")).unwrap();
    std::fs::write(repo.path().join("info/attributes"), attributes).unwrap();
    let snapshot = exported(&repo, &commit, &ExportLimits::default());
    for (name, content) in files {
        assert_eq!(&*snapshot.files[name].content, content.as_bytes());
    }
    assert_eq!(snapshot.unreviewed, []);
    assert!(!mark.exists());
}

#[test]
fn hooks_and_configured_programs_are_not_run() {
    let repo = Upstreamed::new();
    let mark = repo.above().join("mark");
    for hook in ["post-checkout", "pre-commit", "reference-transaction", "post-index-change", "fsmonitor-watchman"] {
        marker(&repo.path().join("hooks").join(hook), &mark);
    }
    let program = repo.above().join("program");
    marker(&program, &mark);
    for key in
        ["core.fsmonitor", "core.sshCommand", "core.pager", "uploadpack.packObjectsHook", "core.alternateRefsCommand"]
    {
        repo.git(["config", key, program.to_str().unwrap()]);
    }
    let commit = repo.commit(repo.files(&[("a", "x")]), &[]);
    // Git itself refuses what it does not know here; it is data, and the commit is read all the same or not at all.
    assert_eq!(shown(&exported(&repo, &commit, &ExportLimits::default())), "a: \"x\"\n");
    assert!(!mark.exists());
}

#[tokio::test]
async fn submodules_of_file_urls_are_listed_and_not_followed() {
    let (repo, secret) = (Upstreamed::new(), Upstreamed::new());
    let inner = secret.commit(secret.files(&[("secret", "s")]), &[]);
    let modules = format!("[submodule \"m\"]\n\tpath = m\n\turl = file://{}\n", secret.path().display());
    let tree =
        repo.tree(&[(FILE, ".gitmodules", repo.blob(&modules)), (SUBMODULE, "m", inner.as_str().parse().unwrap())]);
    let commit = repo.commit(tree, &[]);
    repo.branch("main", &commit);
    let server = GitServer::start(repo.above()).await;
    let url = Upstream::parse(&server.server.url("/repo.git")).unwrap();
    let folder = repo.above().join("store");
    let store = adapter::fetch(&server.fetcher, &url, std::slice::from_ref(&commit), &Limits::default(), &folder)
        .await
        .unwrap();
    let snapshot = export::snapshot(&store, &commit, "", &ExportLimits::default()).unwrap();
    assert_eq!(&*snapshot.files[".gitmodules"].content, modules.as_bytes());
    assert_eq!(snapshot.files.len(), 1);
    let [item] = snapshot.unreviewed.as_slice() else { panic!("{:?}", snapshot.unreviewed) };
    assert_eq!((item.path.as_str(), item.reason), ("m", Reason::Submodule));
    assert_eq!(item.detail, format!("the commit {inner} of another repository"));
}

#[test]
fn lfs_pointers_are_kept_and_listed() {
    let repo = Upstreamed::new();
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12345\n", "a".repeat(64));
    let commit = repo.commit(repo.files(&[("model.bin", pointer.as_str())]), &[]);
    let snapshot = exported(&repo, &commit, &ExportLimits::default());
    assert_eq!(&*snapshot.files["model.bin"].content, pointer.as_bytes());
    assert_eq!(snapshot.unreviewed[0].reason.as_str(), "lfs-pointer");
    assert_eq!(snapshot.unreviewed[0].detail, "stands for a file of 12345 bytes that is kept elsewhere");
}

#[test]
fn alternates_are_refused() {
    let (repo, secret) = (Upstreamed::new(), Upstreamed::new());
    let commit = secret.commit(secret.files(&[("secret", "s")]), &[]);
    std::fs::create_dir_all(repo.path().join("objects/info")).unwrap();
    let objects = secret.path().join("objects");
    std::fs::write(repo.path().join("objects/info/alternates"), format!("{}\n", objects.display())).unwrap();
    let error = local(&repo, &commit).unwrap_err();
    let path = repo.path().canonicalize().unwrap();
    let said = format!("the repository in `{}` borrows objects of another one (alternates)", path.display());
    assert_eq!(error.to_string(), said);
    assert_eq!(error.hint().as_deref(), Some("make a full copy of it: git clone --no-local --bare"));
}

#[test]
fn a_work_tree_is_not_looked_at() {
    let repo = Upstreamed::new();
    let top = repo.above().join("work");
    std::fs::create_dir(&top).unwrap();
    for arguments in [vec!["init", "-q"], vec!["commit", "-q", "--allow-empty", "-m", "x"]] {
        let status = git(&top).args(["-c", "user.name=A", "-c", "user.email=a@example.com"]).args(arguments).status();
        assert!(status.unwrap().success());
    }
    std::fs::write(top.join("not-committed"), "x").unwrap();
    let output = git(&top).args(["rev-parse", "HEAD"]).output().unwrap().stdout;
    let commit = mcp_registry::ids::CommitSha::parse(String::from_utf8(output).unwrap().trim()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let upstream = Upstream::parse(top.to_str().unwrap()).unwrap();
    let (fetcher, commits) = (super::no_network(), [commit.clone()]);
    let store = runtime.block_on(adapter::fetch(&fetcher, &upstream, &commits, &Limits::default(), &top)).unwrap();
    let snapshot = export::snapshot(&store, &commit, "", &ExportLimits::default()).unwrap();
    assert_eq!(shown(&snapshot), "");
}
