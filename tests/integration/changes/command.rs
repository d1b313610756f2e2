//! `validate --diff` as a whole: what it judges, and what it says when it cannot.

use super::{changed_in, edit, entry, registry};
use crate::runner::Runner;

/// What a run with `--diff` says when it cannot be done.
fn refused(registry: &Runner, range: &str) -> String {
    let output = registry.run(["validate", &format!("--diff={range}")]);
    assert_eq!(output.stdout, "");
    format!("{}\nstatus {}", output.stderr, output.status)
}

#[test]
fn a_revision_that_names_nothing() {
    let registry = registry();
    insta::assert_snapshot!(refused(&registry, "origin/main..HEAD"), @r"
    error: there is no commit `origin/main` in this repository
      hint: fetch it first: git fetch origin main

    status 2
    ");
    insta::assert_snapshot!(refused(&registry, "main..nothing"), @r"
    error: there is no commit `nothing` in this repository
      hint: fetch it first: git fetch origin main, then name it origin/main

    status 2
    ");
    let blob = registry.git(["rev-parse", "HEAD:README.md"]);
    insta::assert_snapshot!(refused(&registry, &blob), @r"
    error: `791d21d6dae6f786c345f6579c5ed44dda8f8489` is not a commit
      hint: name a branch, a tag of a commit, or a commit's id

    status 2
    ");
}

#[test]
fn a_revision_that_is_no_name() {
    let registry = registry();
    insta::assert_snapshot!(refused(&registry, "--output=x"), @r"
    error: `--diff --output=x`: a revision does not start with `-`
      hint: write it as `base..head`: `--diff origin/main..HEAD`

    status 2
    ");
    insta::assert_snapshot!(refused(&registry, "main..HEAD^{/x}"), @r"
    error: `--diff main..HEAD^{/x}`: a revision is the name of one commit, not `^{/`
      hint: write it as `base..head`: `--diff origin/main..HEAD`

    status 2
    ");
    insta::assert_snapshot!(refused(&registry, "main..a\u{1b}[31m\n::error::b"), @r"
    error: `--diff main..a\u{1b}[31m\n::error::b`: a revision has no '\u{1b}' in it
      hint: write it as `base..head`: `--diff origin/main..HEAD`

    status 2
    ");
}

#[test]
fn a_head_without_a_registry_is_refused() {
    let registry = registry();
    let servers = registry.root().join("servers");
    std::fs::remove_dir_all(&servers).unwrap();
    std::os::unix::fs::symlink("/etc", &servers).unwrap();
    registry.commit("link");
    insta::assert_snapshot!(refused(&registry, "main..HEAD"), @"
    error: at 178f6ef5fa1c `servers` is a symbolic link: there is no registry
      hint: entries are the folders in the folder `servers`: put it back, or name the registry's root with `--root`

    status 2
    ");
    std::fs::remove_file(&servers).unwrap();
    registry.write("servers", "mine\n").commit("file");
    insta::assert_snapshot!(refused(&registry, "main..HEAD"), @"
    error: at ccf775fa83d0 `servers` is a file: there is no registry
      hint: entries are the folders in the folder `servers`: put it back, or name the registry's root with `--root`

    status 2
    ");
    std::fs::remove_file(&servers).unwrap();
    registry.commit("gone");
    insta::assert_snapshot!(refused(&registry, "main..HEAD"), @"
    error: at 55e8c2d389b4 `servers` is missing: there is no registry
      hint: entries are the folders in the folder `servers`: put it back, or name the registry's root with `--root`

    status 2
    ");
    let commit = registry.git(["rev-parse", "HEAD"]);
    registry.git(["update-index", "--add", "--cacheinfo", &format!("160000,{commit},servers")]);
    registry.git(["commit", "--quiet", "--message", "submodule"]);
    insta::assert_snapshot!(refused(&registry, "main..HEAD"), @"
    error: at 1887fcdd01ba `servers` is a Git submodule: there is no registry
      hint: entries are the folders in the folder `servers`: put it back, or name the registry's root with `--root`

    status 2
    ");
    // What is no registry yet may become one.
    registry.git(["branch", "--force", "main", "HEAD"]);
    registry.git(["rm", "--cached", "--quiet", "servers"]);
    entry(&registry, "a");
    registry.commit("back");
    assert_eq!(registry.run(["validate", "--diff=main..HEAD", "--fail-on=never"]).status, 0);
}

#[test]
fn a_changed_policy_is_said_and_must_be_one() {
    let registry = registry();
    registry.write("mcp-registry.toml", "[rules]\ntitle-style = \"off\"\n").commit("milder");
    let output = registry.run(["validate", "--diff=main..HEAD"]);
    insta::assert_snapshot!(output.stdout, @"
    warning[policy-changed]: this change also adds a policy: from its merge on that counts for everybody
    --> mcp-registry.toml
     = help: a maintainer has to decide about it: milder: `title-style` (error to off)

    1 warning in 0 entries
    ");
    assert_eq!(output.status, 0);
    registry.git(["branch", "--force", "main", "HEAD"]);
    registry.git(["rm", "--quiet", "mcp-registry.toml"]);
    registry.commit("none");
    insta::assert_snapshot!(registry.run(["validate", "--diff=main..HEAD"]).stdout, @"
    warning[policy-changed]: this change also deletes the policy: from its merge on the defaults count for everybody
    --> mcp-registry.toml
     = help: a maintainer has to decide about it: stricter: `title-style` (off to error)

    1 warning in 0 entries
    ");
    registry.write("mcp-registry.toml", "x = [").commit("broken");
    insta::assert_snapshot!(refused(&registry, "main..HEAD"), @"
    error: mcp-registry.toml at 134063b44e95:1: unclosed array, expected `]`

    status 2
    ");
}

#[test]
fn histories_without_a_common_commit() {
    let registry = registry();
    registry.git(["switch", "--quiet", "--orphan", "alone"]);
    entry(&registry, "x");
    registry.commit("unrelated");
    insta::assert_snapshot!(refused(&registry, "main..alone"), @r"
    error: `2f6e9e2ec7b3` and `3e8d14ceb68a` have no commit in common
      hint: their histories are unrelated: is it the right repository?

    status 3
    ");
}

#[test]
fn a_registry_outside_of_git() {
    let registry = Runner::new();
    entry(&registry, "x");
    insta::assert_snapshot!(refused(&registry, "main..HEAD"), @r"
    error: `[ROOT]` is not in a Git repository
      hint: `--diff` reads history: run it in a clone of the registry, and not in a bare one

    status 2
    ");
}

/// A clone with `--depth` in `clone`, of a registry whose `main` moved on after `topic` left it.
fn shallow(depth: &str) -> Runner {
    let registry = registry();
    edit(&registry, "servers/b/server.yaml");
    registry.commit("edit");
    registry.git(["switch", "--quiet", "main"]);
    edit(&registry, "servers/a/server.yaml");
    registry.commit("main moves on");
    let origin = format!("file://{}", registry.root().display());
    registry.git(["clone", "--quiet", "--depth", depth, "--no-single-branch", &origin, "clone"]);
    registry
}

#[test]
fn a_shallow_clone_that_cannot_tell_says_how_to_make_one_that_can() {
    let registry = shallow("1");
    let output = registry.run(["validate", "--root", "clone", "--diff", "origin/main..origin/topic"]);
    insta::assert_snapshot!(output.stderr, @r"
    error: `8d75c730e9bd` and `78a77f1986c3` have no commit in common in this shallow clone
      hint: fetch all of history: git fetch --unshallow (in GitHub Actions: `fetch-depth: 0` for actions/checkout)
    ");
    assert_eq!(output.status, 3);
    let output = registry.run(["validate", "--root", "clone", "--diff", "origin/other"]);
    insta::assert_snapshot!(output.stderr, @r"
    error: there is no commit `origin/other` in this repository
      hint: fetch it first: git fetch origin other; this clone is shallow (in GitHub Actions: `fetch-depth: 0` for actions/checkout)
    ");
    assert_eq!(output.status, 2);
}

#[test]
fn a_shallow_clone_that_reaches_the_merge_base_will_do() {
    let registry = shallow("2");
    assert_eq!(changed_in(&registry.root().join("clone"), "origin/main..origin/topic"), ["~b: ~server.yaml"]);
}

/// Which entries a run with `--diff` finds to be misnamed, and its status.
fn misnamed(registry: &Runner, range: &str) -> String {
    let output = registry.run(["validate", "--format", "json", "--diff", range]);
    assert!(output.status < 2, "{}", output.stderr);
    let report: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap().iter().filter(|finding| finding["rule"] == "invalid-name");
    let names: Vec<&str> = findings.map(|finding| finding["entry"].as_str().unwrap()).collect();
    format!("{names:?} of {} judged", report["entries"])
}

#[test]
fn only_what_changed_is_judged_as_it_is_at_head() {
    let registry = registry();
    entry(&registry, "Old trouble");
    registry.commit("an old entry that a new rule would break");
    registry.git(["branch", "--force", "main", "topic"]);
    entry(&registry, "New trouble");
    registry.git(["rm", "-r", "--quiet", "servers/c"]);
    registry.commit("a new entry, and one that goes");
    entry(&registry, "Not committed");
    assert_eq!(misnamed(&registry, "main"), r#"["New trouble"] of 1 judged"#);
    registry.git(["checkout", "--quiet", "--force", "main"]);
    assert_eq!(misnamed(&registry, "main..topic"), r#"["New trouble"] of 1 judged"#);
    assert_eq!(misnamed(&registry, "main..main"), "[] of 0 judged");
}

#[test]
fn a_change_does_not_choose_the_policy_that_it_is_judged_by() {
    let registry = registry();
    entry(&registry, "New trouble");
    registry.write("mcp-registry.toml", "[rules]\ninvalid-name = \"off\"\n").commit("an excuse for itself");
    assert_eq!(misnamed(&registry, "main..topic"), r#"["New trouble"] of 1 judged"#);
    registry.git(["branch", "--force", "main", "topic"]);
    edit(&registry, "servers/New trouble/server.yaml");
    registry.commit("once the excuse is in the base");
    assert_eq!(misnamed(&registry, "main..topic"), "[] of 1 judged");
    registry.write("mcp-registry.toml", "[rules]\nno-such-rule = \"off\"\n").commit("a policy that cannot be");
    insta::assert_snapshot!(refused(&registry, "main..topic"), @r"
    error: mcp-registry.toml:2: there is no rule `no-such-rule`
      hint: `mcp-registry rules` lists them all

    status 2
    ");
}

#[test]
fn a_partial_clone_that_lacks_what_is_judged_is_no_pass() {
    let registry = registry();
    edit(&registry, "servers/b/server.yaml");
    registry.commit("edit");
    registry.git(["config", "uploadpack.allowFilter", "true"]);
    let origin = format!("file://{}", registry.root().display());
    registry.git(["clone", "--quiet", "--no-checkout", "--filter=blob:none", &origin, "clone"]);
    registry.write("clone/servers/README.md", "");
    let output = registry.run(["validate", "--root", "clone", "--diff", "HEAD~1"]);
    insta::assert_snapshot!(output.stderr, @r"
    error: this repository lacks something that its history names: object not found - cannot read header for (a5ace51eedd1820ef7eb8d1836894728cfc8f9a4)
      hint: run `git fsck`; a partial clone (`--filter`) lacks objects: clone without it
    ");
    assert_eq!((output.stdout.as_str(), output.status), ("", 3));
}
