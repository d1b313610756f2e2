#![allow(clippy::unwrap_used)]

use super::manifest::dependencies;
use super::{REGISTRIES, REGISTRY, resembles};
use crate::review::scan::testing::{shown_diff, shown_full};

#[test]
fn every_pattern_compiles() {
    assert_eq!(REGISTRY.iter().flatten().count(), REGISTRIES.len());
}

fn names(file: &str, text: &str) -> String {
    let all = dependencies(file, text).unwrap();
    all.iter().map(|dependency| format!("{} {:?}", dependency.name, dependency.from)).collect::<Vec<_>>().join(", ")
}

#[test]
fn manifests_are_read() {
    insta::assert_snapshot!(names("package.json", r#"{"dependencies": {"a": "^1", "b": "github:x/y", "c": "https://h/c.tgz", "d": "x/y#0123456789012345678901234567890123456789", "e": "file:../e"}}"#), @"a Registry, b Git { pinned: false }, c Url { plain: false }, d Git { pinned: true }, e Path");
    insta::assert_snapshot!(names("requirements.txt", "# c\na==1 # x\n-r other.txt\nb[x]>=2; python_version<'3'\nc @ git+https://h/c@main\ngit+https://h/d.git#egg=d\nhttp://h/e.tgz\n--no-deps\n"), @"a Registry, b Registry, c Git { pinned: false }, d Git { pinned: false }, http://h/e.tgz Url { plain: true }");
    insta::assert_snapshot!(names("pyproject.toml", "[project]\ndependencies = ['a>=1', 'b @ https://h/b.whl']\n[tool.poetry.dependencies]\npython = '3'\nc = {git = 'https://h/c', rev = 'main'}\n"), @"a Registry, b Url { plain: false }, c Git { pinned: false }");
    insta::assert_snapshot!(names("Cargo.toml", "[dependencies]\na = '1'\nb = {git = 'https://h/b'}\n[target.x.dev-dependencies]\nc = {path = 'c', package = 'cc'}\n"), @"a Registry, b Git { pinned: false }, cc Path");
    insta::assert_snapshot!(names("go.mod", "module m\n\nrequire (\n\tgithub.com/a/b v1.2.3\n\tgolang.org/x/c v0 // indirect\n)\nrequire gopkg.in/d v1\n"), @"github.com/a/b Registry, golang.org/x/c Registry, gopkg.in/d Registry");
    insta::assert_snapshot!(names("Gemfile", "gem 'a'\ngem \"b\", git: 'https://h/b'\n"), @"a Registry, b Git { pinned: false }");
    insta::assert_snapshot!(names("pom.xml", "<dependency>\n<groupId>g</groupId>\n<artifactId>a</artifactId>"), @"a Registry");
    insta::assert_snapshot!(names("build.gradle.kts", "  implementation(\"g:a:1\")\n"), @"g:a Registry");
    insta::assert_snapshot!(names("composer.json", r#"{"require": {"php": "8", "a/b": "1"}}"#), @"a/b Registry");
    insta::assert_snapshot!(names("requirements/base.txt", "a==1\n"), @"a Registry");
    insta::assert_snapshot!(names("Pipfile", "[packages]\na = '*'\nb = {git = 'https://h/b', ref = 'main'}\n[dev-packages]\nc = '1'\n"), @"a Registry, b Git { pinned: false }, c Registry");
    insta::assert_snapshot!(names("setup.cfg", "[metadata]\nname = x\n[options]\ninstall_requires =\n    a>=1\n    b @ git+https://h/b\npackages = find:\n[options.extras_require]\nall =\n    c\n[options.packages.find]\nwhere = src\n"), @"a Registry, b Git { pinned: false }, c Registry");
    insta::assert_snapshot!(names("go.mod", "require github.com/a/b v1\n\nreplace github.com/a/b => github.com/x/b v1.0.1\nreplace (\n\tgithub.com/c/d v1 => ../d\n\tgithub.com/e/f => github.com/e/f v2\n)\n"), @r#"github.com/a/b Registry, github.com/c/d Registry, github.com/a/b Other { name: "github.com/x/b" }"#);
    insta::assert_snapshot!(names("package.json", r#"{"dependencies": {"a": "npm:evil@^1", "b": "npm:@s/b@1"}, "overrides": {"c": "1", "d": {"e": "github:x/e"}}, "pnpm": {"overrides": {"f>g": "npm:h@2"}}}"#), @r#"a Other { name: "evil" }, b Other { name: "@s/b" }, f>g Other { name: "h" }, e Git { pinned: false }"#);
    insta::assert_snapshot!(names("a.csproj", r#"<PackageReference Include="A.B" Version="1" />"#), @"A.B Registry");
}

#[test]
fn names_that_are_nearly_others_are_known() {
    assert_eq!(resembles("reqeusts"), Some("requests"));
    assert_eq!(resembles("lodahs"), Some("lodash"));
    for fine in ["requests", "request", "lodash.get", "flasks-of-tea", "rand", "zod"] {
        assert_eq!(resembles(fine), None, "{fine}");
    }
}

#[test]
fn new_dependencies_and_sources_are_said() {
    let base = "{\n  \"dependencies\": {\n    \"a\": \"1\",\n    \"b\": \"1\"\n  }\n}\n";
    let head = "{\n  \"dependencies\": {\n    \"a\": \"2\",\n    \"b\": \"github:x/b\",\n    \"loadsh\": \"1\",\n    \"c\": \"1\"\n  }\n}\n";
    insta::assert_snapshot!(shown_diff(&[("package.json", base)], &[("package.json", head)]), @r#"
    medium package.json:4: Dependency: `b` comes from whatever a Git repository holds
        | "b": "github:x/b",
    low package.json:5: Dependency: 2 new dependencies, `loadsh` first
        | "loadsh": "1",
    low package.json:5: Dependency: `loadsh` has nearly the name of the well-known `lodash`
        | "loadsh": "1",
    "#);
    assert_eq!(shown_diff(&[("package.json", base)], &[("package.json", &base.replace("\"1\"", "\"2\""))]), "");
    insta::assert_snapshot!(shown_full(&[("package.json", head), ("requirements.txt", "--extra-index-url https://pkgs.acme.io/simple\na\n")]), @r#"
    low package.json:4: Dependency: `b` comes from whatever a Git repository holds
        | "b": "github:x/b",
    low package.json:5: Dependency: `loadsh` has nearly the name of the well-known `lodash`
        | "loadsh": "1",
    low requirements.txt:1: Dependency: packages are taken from a registry that this file names
        | --extra-index-url https://pkgs.acme.io/simple
    "#);
}

#[test]
fn locks_are_compared_by_host() {
    let line = |name: &str, host: &str| {
        format!("      {{\"resolved\": \"https://{host}/{name}.tgz\",\n      \"integrity\": \"sha512-x\"}},\n")
    };
    let base = line("a", "packages.acme.io").repeat(3);
    let head =
        format!("{base}{}      {{\"resolved\": \"http://packages.acme.io/z.tgz\"}}\n", line("b", "evil.acme.io"));
    insta::assert_snapshot!(shown_diff(&[("package-lock.json", &base)], &[("package-lock.json", &head)]), @r#"
    medium package-lock.json:7: Dependency: 1 of the locked packages come from evil.acme.io, which is not where the others come from
        | {"resolved": "https://evil.acme.io/b.tgz",
    medium package-lock.json:9: Dependency: a locked package comes from an unprotected address
        | {"resolved": "http://packages.acme.io/z.tgz"}
    medium package-lock.json:9: Dependency: a locked package has no digest by which its content is checked
        | {"resolved": "http://packages.acme.io/z.tgz"}
    "#);
    insta::assert_snapshot!(shown_full(&[("yarn.lock", "a@1:\n  resolved \"https://r.acme.io/a\"\nb@1:\n  resolved \"https://r.acme.io/b\"\nc@1:\n  resolved \"https://x.acme.io/c\"\n")]), @r#"
    low yarn.lock:6: Dependency: 1 of the locked packages come from x.acme.io, which is not where the others come from
        | resolved "https://x.acme.io/c"
    "#);
    assert_eq!(
        shown_diff(
            &[("package-lock.json", &base)],
            &[("package-lock.json", &format!("{base}{}", line("n", "packages.acme.io")))]
        ),
        ""
    );
}

#[test]
fn addresses_for_people_are_no_sources_of_packages() {
    let lock = |more: &str| {
        format!(
            "{{\n  \"packages\": {{\n    \"node_modules/a\": {{\n      \"resolved\": \"https://registry.acme.io/a.tgz\",\n      \"integrity\": \"sha512-x\"{more}\n    }}\n  }}\n}}\n"
        )
    };
    let funding = lock(",\n      \"funding\": {\n        \"url\": \"http://opencollective.com/a\"\n      }");
    for name in ["package-lock.json", "x/npm-shrinkwrap.json"] {
        assert_eq!(shown_diff(&[(name, &lock(""))], &[(name, &funding)]), "", "{name}");
        assert_eq!(shown_full(&[(name, &funding)]), "", "{name}");
    }
    // In the locks of other tools the same key is where packages come from.
    let pipfile = |host: &str| format!("{{\"_meta\": {{\"sources\": [{{\"url\": \"https://{host}/simple\"}}]}}}}\n");
    let found = shown_diff(&[("Pipfile.lock", &pipfile("pypi.acme.io"))], &[("Pipfile.lock", &pipfile("evil.io"))]);
    assert!(found.contains("come from evil.io"), "{found}");
}

#[test]
fn a_host_is_found_however_it_is_written() {
    let one = |address: &str| format!("{{\"packages\":{{\"x\":{{{address},\"integrity\":\"sha512-x\"}}}}}}");
    let usual = one("\"resolved\":\"https://packages.acme.io/a.tgz\"");
    for address in [
        "\"\\u0072esolved\":\"https://evil.io/a.tgz\"",
        "\"resolved\":\"http\\u0073://evil.io/a.tgz\"",
        "\"resolved\":\"https:\\/\\/evil.io/a.tgz\"",
        "\"resolved\"\n:\n\"https://evil.io/a.tgz\"",
        "\"resolved\"\n  :\t\"git+https:\\/\\/evil\\u002eio/a.tgz\"",
    ] {
        let found = shown_diff(&[("package-lock.json", &usual)], &[("package-lock.json", &one(address))]);
        assert!(found.contains("come from evil.io"), "{address}\n{found}");
    }
    let usual = "a@1:\n  resolved \"https://packages.acme.io/a\"\n";
    for line in [
        "resolved \"https:\\/\\/evil.io/a\"",
        "resolved\n    \"https://evil.io/a\"",
        "resolved \"http\\u0073://evil.io/a\"",
    ] {
        let head = format!("{usual}b@1:\n  {line}\n");
        let found = shown_diff(&[("yarn.lock", usual)], &[("yarn.lock", &head)]);
        assert!(found.contains("come from evil.io"), "{line}\n{found}");
    }
    let pnpm = |tarball: &str| format!("packages:\n  a:\n    resolution:\n      tarball: {tarball}\n");
    let usual = pnpm("https://packages.acme.io/a");
    for tarball in ["\"https:\\/\\/evil.io\\/a\"", ">-\n        https://evil.io/a", "\"\\x68ttps://evil.io/a\""] {
        let found = shown_diff(&[("pnpm-lock.yaml", &usual)], &[("pnpm-lock.yaml", &pnpm(tarball))]);
        assert!(found.contains("come from evil.io"), "{tarball}\n{found}");
    }
    let funding =
        one("\"resolved\":\"https://packages.acme.io/a.tgz\",\"funding\":{\"resolved\":\"http://give.io/a\"}");
    let usual = one("\"resolved\":\"https://packages.acme.io/a.tgz\"");
    assert_eq!(shown_diff(&[("package-lock.json", &usual)], &[("package-lock.json", &funding)]), "");
}

#[test]
fn a_lock_without_line_ends_is_read_too() {
    let one = |name: &str, host: &str| {
        format!("\"{name}\":{{\"resolved\" :\"{host}/{name}.tgz\",\"integrity\":\"sha512-x\"}}")
    };
    let lock = |more: &str| {
        let usual: Vec<String> = ["a", "b", "c"].iter().map(|name| one(name, "https://packages.acme.io")).collect();
        format!("{{\"packages\":{{{}{more}}}}}", usual.join(","))
    };
    let more =
        format!(",{},\"z\":{{\"resolved\":\"http://packages.acme.io/z.tgz\"}}", one("d", "https://evil.acme.io"));
    insta::assert_snapshot!(shown_diff(&[("package-lock.json", &lock(""))], &[("package-lock.json", &lock(&more))]), @r#"
    medium package-lock.json:1: Dependency: 1 of the locked packages come from evil.acme.io, which is not where the others come from
        | "},"d":{"resolved" :"https://evil.acme.io/d.tgz","integrity":"sha512-x"},"z":{"resolved":"http://pac
    medium package-lock.json:1: Dependency: a locked package comes from an unprotected address
        | x"},"z":{"resolved":"http://packages.acme.io/z.tgz"}}}
    medium package-lock.json:1: Dependency: a locked package has no digest by which its content is checked
        | x"},"z":{"resolved":"http://packages.acme.io/z.tgz"}}}
    "#);
    assert_eq!(
        shown_diff(
            &[("package-lock.json", &lock(""))],
            &[("package-lock.json", &lock(&format!(",{}", one("n", "https://packages.acme.io"))))]
        ),
        ""
    );
}
