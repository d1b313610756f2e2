//! An agent with a proxy: the one way out, and what does not come through it.

use super::lab::{Lab, docker_says, lab, wait};
use insta::assert_snapshot;
use mcp_registry::review::sandbox::{Cancel, Ended, Outcome, Proxy, Request, SOCKET, SandboxError, Stop, run};

/// Not a key of anybody; looked for everywhere.
const KEY: &str = "sk-ant-never-to-be-seen-0123456789";
const TOKEN: &str = "client-token-of-this-run-0123456789";

fn proxy(args: &[&str]) -> Proxy {
    Proxy {
        args: ["proxy", "--socket", SOCKET].iter().chain(args).map(|argument| (*argument).to_owned()).collect(),
        stdin: format!(r#"{{"anthropic_key":"{KEY}","client_token":"{TOKEN}"}}"#).into(),
        client_token: TOKEN.into(),
        network: None,
    }
}

fn with_proxy(lab: &Lab, script: &str) -> Request {
    Request { proxy: Some(proxy(&["--model", "some-model"])), ..lab.script(&format!("exec 2>&1\n{script}")) }
}

fn text(outcome: &Outcome) -> String {
    assert_eq!(outcome.ended, Ended::Exited(0), "{outcome:?}");
    String::from_utf8(outcome.stdout.clone()).unwrap()
}

/// Both ways, for programs that speak over sockets and for those that know nothing but TCP.
#[test]
fn agent_reaches_the_proxy_and_is_audited() {
    let Some(lab) = lab() else { return };
    let ask = r#"ask() { printf 'GET /%s HTTP/1.1\r\nHost: x\r\nx-api-key: %s\r\nConnection: close\r\n\r\n' $1 $ANTHROPIC_API_KEY; }
        ask one | nc 127.0.0.1 8080 | head -n 1
        ask two | nc ${ANTHROPIC_BASE_URL#http://} 2>/dev/null | head -n 1
        ask three | nc localhost 8080 | head -n 1"#;
    let outcome = lab.run(with_proxy(&lab, ask)).unwrap();
    assert_snapshot!(text(&outcome), @r"
    HTTP/1.1 403 Forbidden
    HTTP/1.1 403 Forbidden
    ");
    assert_eq!((outcome.audit.len(), &outcome.audit_incomplete), (2, &None), "{:?}", outcome.audit);
    for line in &outcome.audit {
        assert!(line.contains("403") && !line.contains(KEY) && !line.contains(TOKEN), "{line}");
    }
}

#[test]
fn agent_with_a_proxy_sees_its_token_and_no_key() {
    let Some(lab) = lab() else { return };
    let outcome =
        lab.run(with_proxy(&lab, "env | sort; id; ls -ln /proxy; ip -o addr; cat /proc/net/route | wc -l")).unwrap();
    insta::with_settings!({filters => vec![(r"\w{3} +\d+ \d\d:\d\d", "[TIME]")]}, {
        assert_snapshot!(text(&outcome), @r"
        ANTHROPIC_API_KEY=client-token-of-this-run-0123456789
        ANTHROPIC_BASE_URL=http://127.0.0.1:8080/anthropic
        HOME=/tmp
        LANG=C.UTF-8
        MCP_REVIEW_SOCKET=/proxy/proxy.sock
        MCP_REVIEW_TASK=/input/review.json
        OPENAI_API_KEY=client-token-of-this-run-0123456789
        OPENAI_BASE_URL=http://127.0.0.1:8080/openai/v1
        PATH=/bin
        PWD=/tmp
        SHLVL=1
        TMPDIR=/tmp
        uid=65533 gid=65533 groups=65533
        total 0
        srw-rw-rw-    1 65532    65532            0 [TIME] proxy.sock
        1: lo    inet 127.0.0.1/8 scope host lo\       valid_lft forever preferred_lft forever
        1
        ");
    });
}

#[test]
fn agent_cannot_touch_the_socket_or_put_another_beside_it() {
    let Some(lab) = lab() else { return };
    let outcome = lab.run(with_proxy(&lab, "
        rm /proxy/proxy.sock; mv /proxy/proxy.sock /proxy/other; echo x > /proxy/x; mkdir /proxy/x; chmod 777 /proxy/proxy.sock
        attempt unix /proxy/other; attempt unix /proxy/../var/run/docker.sock; find / -type s 2>/dev/null; true")).unwrap();
    assert_snapshot!(text(&outcome), @r"
    rm: can't remove '/proxy/proxy.sock': Read-only file system
    mv: can't rename '/proxy/proxy.sock': Read-only file system
    /input/agent.sh: line 3: can't create /proxy/x: Read-only file system
    mkdir: can't create directory '/proxy/x': Read-only file system
    chmod: /proxy/proxy.sock: Read-only file system
    held: /proxy/other: No such file or directory (os error 2)
    held: /proxy/../var/run/docker.sock: No such file or directory (os error 2)
    /proxy/proxy.sock
    ");
}

/// Everything that an agent can read is read, and the key is in none of it; neither is any other process.
#[test]
fn agent_finds_no_key_and_no_process_of_the_proxy() {
    let Some(lab) = lab() else { return };
    let outcome = lab.run(with_proxy(&lab, "
        pattern=never-to-be-[s]een
        find / -xdev -type f 2>/dev/null | grep -v /bin/ | xargs grep -l $pattern 2>/dev/null
        find /input /proxy /tmp /etc -type f | grep -v -e agent.sh -e /mcp-registry | xargs grep -l $pattern 2>/dev/null
        for process in /proc/[0-9]*; do cat $process/environ $process/cmdline 2>/dev/null | grep -c $pattern; done | sort -u
        ls -d /proc/[0-9]* | wc -l | xargs test 8 -gt && echo only its own processes
        cat /proc/1/environ; echo end")).unwrap();
    assert_snapshot!(text(&outcome), @r"
    0
    only its own processes
    cat: can't open '/proc/1/environ': Permission denied
    end
    ");
}

/// From the host: the key and the token are in nothing that the engine tells of a run.
#[test]
fn engine_never_learns_key_or_token() {
    let Some(lab) = lab() else { return };
    let request = with_proxy(&lab, "cat /proc/1/cmdline; sleep 1000");
    let (id, cancel) = (request.run_id.clone(), Cancel::new());
    let (outcome, told) = wait(async {
        let watch = async {
            let name = format!("mcp-registry-{id}");
            // The agent runs: everything has been handed over that will be.
            let state = format!("{name}-agent");
            while super::lab::docker(["inspect", "--format", "{{.State.Running}}", &state]).unwrap().stdout != b"true\n"
            {
                tokio::task::yield_now().await;
            }
            let of = |what: &str| format!("{name}-{what}");
            let things = [of("agent"), of("proxy"), of("loader"), of("input"), of("socket"), of("network")];
            let told = docker_says(["inspect"].into_iter().chain(things.iter().map(String::as_str)));
            let image = docker_says(["history", "--no-trunc", lab.prepared.image()]);
            cancel.cancel(Stop::Interrupted);
            format!("{told}{image}")
        };
        tokio::join!(run(&lab.prepared, request, &cancel), watch)
    });
    assert!(matches!(outcome, Err(SandboxError::Cancelled)), "{outcome:?}");
    assert!(told.contains("sandbox-init") && told.contains("org.mcp-registry.run"));
    assert!(!told.contains(KEY) && !told.contains(TOKEN));
    assert_eq!(lab.left_of(&id), Vec::<String>::new());
}

#[test]
fn proxy_that_does_not_start_is_said() {
    let Some(lab) = lab() else { return };
    let request = Request { proxy: Some(proxy(&["--no-such-option"])), ..lab.script("") };
    let error = lab.run(request).unwrap_err().to_string();
    assert!(
        error.starts_with("the proxy is not ready: it ended: error: unexpected argument '--no-such-option'"),
        "{error}"
    );
}

#[test]
fn proxy_on_a_network_that_is_not_there_is_said() {
    let Some(lab) = lab() else { return };
    let mut proxy = proxy(&["--model", "some-model"]);
    proxy.network = Some("mcp-registry-test-nowhere".to_owned());
    let error = lab.run(Request { proxy: Some(proxy), ..lab.script("") }).unwrap_err();
    let text = mcp_registry::error::CommandError::unfinished("x").because(&error).to_string();
    assert!(text.contains("mcp-registry-test-nowhere") && text.contains("not found"), "{text}");
}
