//! `build --tools`, with servers of our own that behave in every way but the usual one.

use super::lab::{Lab, check_schema, docker};
use std::time::{Duration, Instant};

/// A server in the language of `busybox sh`. Its first argument says how it behaves.
const SERVER: &str = r#"mode=$1
b=/bin/busybox
answer() { echo "{\"jsonrpc\":\"2.0\",\"id\":$id,$1}"; }
tool() { printf '{"name":"%s","description":"%s","inputSchema":{"type":"object","properties":{"city":{"type":"string","description":"A city"},"days":{"type":"integer"}},"required":["city"]}}' "$1" "$2"; }
case $mode in
  crashing) echo "cannot find the database" >&2; printf 'a\033[31mred\n::error::x\n' >&2; exit 3 ;;
  flood) $b yes "$($b head -c 1000 /dev/zero | $b tr '\0' x)" ;;
  noisy) echo "Listening on port 0"; echo '{"level":"info","msg":"started"}'; echo 'not {json'; $b seq 1 500 >&2 ;;
  slow) $b sleep 3 ;;
  sleeping) echo "waiting for something" >&2; $b sleep 1000 ;;
  closed) exec >&-; $b sleep 1000 ;;
  huge) $b head -c 5000000 /dev/zero | $b tr '\0' x; $b sleep 1000 ;;
esac
while read -r line; do
  id=$(echo "$line" | $b sed -n 's/.*"id":\([0-9]*\).*/\1/p')
  cursor=$(echo "$line" | $b sed -n 's/.*"cursor":"\([^"]*\)".*/\1/p')
  case $line in
    *'"initialize"'*)
      case $mode in
        refusing) echo "{\"jsonrpc\":\"2.0\",\"id\":$id,\"error\":{\"code\":-32000,\"message\":\"no license\"}}" ;;
        odd) answer '"result":{"hello":"world"}' ;;
        toolless) answer '"result":{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"x","version":"1"}}' ;;
        *) answer '"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"x","version":"1"}}' ;;
      esac ;;
    *'"tools/list"'*)
      case $mode in
        paged)
          case $cursor in
            '') answer "\"result\":{\"tools\":[$(tool zebra z)],\"nextCursor\":\"2\"}" ;;
            2) answer "\"result\":{\"tools\":[$(tool ant a),$(tool bee b)],\"nextCursor\":\"3\"}" ;;
            *) answer "\"result\":{\"tools\":[]}" ;;
          esac ;;
        endless) answer "\"result\":{\"tools\":[$(tool "t$id" x)],\"nextCursor\":\"$id\"}" ;;
        circular) answer "\"result\":{\"tools\":[],\"nextCursor\":\"again\"}" ;;
        twins) answer "\"result\":{\"tools\":[$(tool same x),$(tool same y)]}" ;;
        wrong) answer '"result":{"tools":"many"}' ;;
        other) echo "{\"jsonrpc\":\"2.0\",\"id\":999,\"result\":{\"tools\":[]}}" ;;
        dying) echo "out of luck" >&2; exit 7 ;;
        toolless) echo "{\"jsonrpc\":\"2.0\",\"id\":$id,\"error\":{\"code\":-32601,\"message\":\"no such method\"}}" ;;
        look)
          limit=$($b cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null)
          quota=$($b cat /sys/fs/cgroup/cpu.max /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null | $b head -1)
          secrets="$($b grep NoNewPrivs /proc/self/status | $b tr '\t' ' '), first $($b cat /proc/1/comm), net $($b ls /sys/class/net | $b tr '\n' ' ')"
          answer "\"result\":{\"tools\":[$(tool look "$TOKEN $CITY $DAYS $2 $secrets, memory $limit, cpu $quota")]}" ;;
        *) echo "chatter between messages"; answer "\"result\":{\"tools\":[$(tool forecast 'Says the weather.'),$(tool alarm Warns.)]}" ;;
      esac ;;
  esac
done
"#;

/// A lab whose entry's server behaves so.
fn server(lab: &Lab, mode: &str) {
    with(lab, mode, "");
}

fn with(lab: &Lab, mode: &str, more: &str) {
    let dockerfile = "FROM scratch\nCOPY busybox /bin/busybox\nCOPY server.sh /\nENTRYPOINT [\"/bin/busybox\", \"sh\", \"/server.sh\"]\n";
    lab.busybox().write("server.sh", SERVER).write("Dockerfile", dockerfile);
    let commit = lab.entry(mode, "");
    lab.manifest(mode, &commit, "", &format!("run:\n  command:\n    - {mode}\n{more}"));
}

fn listed(lab: &Lab, mode: &str) -> Vec<String> {
    let output = lab.run(&["build", mode, "--write-tools"]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    let text = lab.registry.read(format!("servers/{mode}/tools.json"));
    check_schema("tools", &text);
    let tools: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(lab.containers(&lab.image(mode)), 0);
    tools.as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn tools_are_listed_page_by_page_through_noise_and_after_a_slow_start() {
    let Some(lab) = Lab::new() else { return };
    for (mode, tools) in [
        ("plain", &["alarm", "forecast"][..]),
        ("paged", &["ant", "bee", "zebra"]),
        ("noisy", &["alarm", "forecast"]),
        ("slow", &["alarm", "forecast"]),
        ("toolless", &[]),
    ] {
        server(&lab, mode);
        assert_eq!(listed(&lab, mode), tools, "{mode}");
    }
    insta::assert_snapshot!(lab.registry.read("servers/paged/tools.json"), @r#"
    [
      {
        "name": "ant",
        "description": "a",
        "arguments": [
          {
            "name": "city",
            "type": "string",
            "desc": "A city"
          },
          {
            "name": "days",
            "type": "integer",
            "desc": "",
            "optional": true
          }
        ]
      },
      {
        "name": "bee",
        "description": "b",
        "arguments": [
          {
            "name": "city",
            "type": "string",
            "desc": "A city"
          },
          {
            "name": "days",
            "type": "integer",
            "desc": "",
            "optional": true
          }
        ]
      },
      {
        "name": "zebra",
        "description": "z",
        "arguments": [
          {
            "name": "city",
            "type": "string",
            "desc": "A city"
          },
          {
            "name": "days",
            "type": "integer",
            "desc": "",
            "optional": true
          }
        ]
      }
    ]
    "#);
}

#[test]
fn a_server_that_misbehaves_is_one_clear_error_with_its_last_lines() {
    let Some(lab) = Lab::new() else { return };
    let mut said = String::new();
    for mode in [
        "crashing", "flood", "sleeping", "closed", "huge", "refusing", "odd", "endless", "circular", "twins", "wrong",
        "other", "dying",
    ] {
        server(&lab, mode);
        let began = Instant::now();
        // What only time ends has little of it.
        let time = if matches!(mode, "sleeping" | "closed" | "other") { "6s" } else { "40s" };
        let output = lab.run(&["build", mode, "--tools", "--tools-timeout", time]);
        assert!(began.elapsed() < Duration::from_mins(1), "{mode}: {:?}", began.elapsed());
        assert_eq!((output.status, output.stdout.as_str()), (3, ""), "{mode}: {}", output.stderr);
        assert_eq!(lab.containers(&lab.image(mode)), 0, "{mode}");
        let lines: Vec<&str> = output.stderr.lines().skip_while(|line| !line.starts_with("error")).collect();
        let noise = lines.iter().filter(|line| **line == "  | noise").count();
        let lines: Vec<&str> =
            lines.into_iter().filter(|line| *line != "  | noise" && !line.starts_with("  | xxx")).collect();
        said.push_str(&format!("{}\n", lines.join("\n")));
        assert!(noise <= 50);
    }
    insta::assert_snapshot!(said, @r"
    error: the server `crashing` did not list its tools: it ended with status 3
      hint: it had no network: `--tools-network` gives it one
      | cannot find the database
      | a\u{1b}[31mred
      | :\u{3a}error::x
    error: the server `flood` did not list its tools: it wrote more than 16 MiB
    error: the server `sleeping` did not list its tools: it took longer than 6 seconds
      hint: it had no network: `--tools-network` gives it one
      | waiting for something
    error: the server `closed` did not list its tools: it took longer than 6 seconds
      hint: it had no network: `--tools-network` gives it one
    error: the server `huge` did not list its tools: it wrote a line of more than 4 MiB
    error: the server `refusing` did not list its tools: the handshake failed: error -32000: no license
    error: the server `odd` did not list its tools: the handshake failed: it answered something else than the greeting
    error: the server `endless` did not list its tools: its answer to `tools/list` is wrong: it has more than 100 pages
    error: the server `circular` did not list its tools: its answer to `tools/list` is wrong: the same page follows again and again
    error: the server `twins` did not list its tools: its answer to `tools/list` is wrong: two tools are called `same`
    error: the server `wrong` did not list its tools: its answer to `tools/list` is wrong: it is not a list of tools
    error: the server `other` did not list its tools: it took longer than 6 seconds
      hint: it had no network: `--tools-network` gives it one
    error: the server `dying` did not list its tools: it ended with status 7
      hint: it had no network: `--tools-network` gives it one
      | out of luck
    ");
}

#[test]
fn a_server_runs_in_the_gateways_walls_with_the_examples_of_its_entry() {
    let Some(lab) = Lab::new() else { return };
    let config = "    - '{{look.where}}'\n  env:\n    DAYS: '{{look.days}}'\nconfig:\n  secrets:\n    - name: look.token\n      env: TOKEN\n      example: <TOKEN>\n  \
                  env:\n    - name: CITY\n      example: Bern\n      value: '{{look.city}}'\n  parameters:\n    type: object\n    properties:\n      \
                  where:\n        type: string\n        default: here\n      days:\n        type: integer\n";
    with(&lab, "look", config);
    assert_eq!(listed(&lab, "look"), ["look"]);
    let text = lab.registry.read("servers/look/tools.json");
    let tools: serde_json::Value = serde_json::from_str(&text).unwrap();
    let said = tools[0]["description"].as_str().unwrap();
    assert_eq!(said, "<TOKEN> Bern 1 here NoNewPrivs: 1, first docker-init, net lo , memory 2147483648, cpu 100000");
    assert_eq!(lab.run(&["build", "look", "--write-tools", "--tools-network"]).status, 0);
    assert!(lab.registry.read("servers/look/tools.json").contains("net eth0 lo"), "{text}");
}

#[test]
fn what_a_server_lists_is_compared_with_tools_json() {
    let Some(lab) = Lab::new() else { return };
    server(&lab, "plain");
    let output = lab.run(&["build", "plain", "--tools"]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    insta::assert_snapshot!(output.stdout, @r"
    note[tools-not-listed]: there is no tools.json, and the server lists 2 tools
    --> servers/plain/tools.json
     = help: `build --write-tools` writes what the server lists

    1 note in 1 entry
    ");
    lab.registry.write(
        "servers/plain/tools.json",
        r#"[
  {
    "name": "forecast",
    "description": "Tells the weather.",
    "arguments": [
      { "name": "city", "type": "string", "desc": "A town" },
      { "name": "hours", "type": "integer", "desc": "" }
    ]
  },
  { "name": "gone", "description": "Not there." }
]
"#,
    );
    let output = lab.run(&["build", "plain", "--tools"]);
    assert_eq!(output.status, 1, "{}", output.stderr);
    insta::assert_snapshot!(output.stdout, @r#"
    warning[tools-added]: the server lists the tool `alarm`, which is not in tools.json
     --> servers/plain/tools.json:1:1
      |
    1 | [
      | ^
      |
      = help: `build --write-tools` writes what the server lists

    warning[tools-changed]: the tool `forecast` has another description
     --> servers/plain/tools.json:4:20
      |
    4 |     "description": "Tells the weather.",
      |                    ^^^^^^^^^^^^^^^^^^^^
      |
      = help: `build --write-tools` writes what the server lists

    warning[tools-changed]: the tool `forecast` has a new argument `days`
     --> servers/plain/tools.json:5:18
      |
    5 |       "arguments": [
      |  __________________^
    6 | |       { "name": "city", "type": "string", "desc": "A town" },
    7 | |       { "name": "hours", "type": "integer", "desc": "" }
    8 | |     ]
      | |_____^
      |
      = help: `build --write-tools` writes what the server lists

    warning[tools-changed]: the tool `forecast` has another argument `city`
     --> servers/plain/tools.json:5:18
      |
    5 |       "arguments": [
      |  __________________^
    6 | |       { "name": "city", "type": "string", "desc": "A town" },
    7 | |       { "name": "hours", "type": "integer", "desc": "" }
    8 | |     ]
      | |_____^
      |
      = help: `build --write-tools` writes what the server lists

    warning[tools-changed]: the tool `forecast` has no argument `hours` any more
     --> servers/plain/tools.json:5:18
      |
    5 |       "arguments": [
      |  __________________^
    6 | |       { "name": "city", "type": "string", "desc": "A town" },
    7 | |       { "name": "hours", "type": "integer", "desc": "" }
    8 | |     ]
      | |_____^
      |
      = help: `build --write-tools` writes what the server lists

    error[tools-removed]: the server does not list the tool `gone`
      --> servers/plain/tools.json:10:13
       |
    10 |   { "name": "gone", "description": "Not there." }
       |             ^^^^^^
       |
       = help: `build --write-tools` writes what the server lists

    1 error and 5 warnings in 1 entry
    "#);
    let json = lab.run(&["build", "plain", "--tools", "--format", "json", "--fail-on", "never"]);
    assert_eq!(json.status, 0);
    check_schema("report", &json.stdout);
    for format in ["sarif", "github", "markdown"] {
        let output = lab.run(&["build", "plain", "--tools", "--format", format]);
        assert!(output.stdout.contains("tools-removed"), "{}", output.stdout);
    }
    assert_eq!(lab.run(&["build", "plain", "--write-tools"]).status, 0);
    let output = lab.run(&["build", "plain", "--tools", "--fail-on", "note"]);
    assert_eq!((output.status, output.stdout.as_str()), (0, "no problems in 1 entry\n"), "{}", output.stderr);
    // Other ways to write the same are the same.
    lab.registry.write(
        "servers/plain/tools.json",
        "[{\"name\": \"forecast\"}, {\"name\": \"alarm\", \"description\": \"Warns.\"}]\n",
    );
    assert_eq!(lab.run(&["build", "plain", "--tools", "--fail-on", "note"]).status, 0);
}

#[test]
fn an_image_whose_tools_are_wrong_is_not_pushed() {
    let Some(lab) = Lab::new() else { return };
    server(&lab, "plain");
    lab.registry.write("servers/plain/tools.json", "[{\"name\": \"gone\"}]\n");
    let output = lab.run(&["build", "plain", "--tools", "--push", "--image-registry", "127.0.0.1:1"]);
    assert_eq!(output.status, 3);
    assert!(output.stderr.contains("its tools are not those of tools.json"), "{}", output.stderr);
}

#[test]
fn a_run_that_is_ended_while_a_server_runs_leaves_no_container() {
    let Some(lab) = Lab::new() else { return };
    server(&lab, "sleeping");
    let image = lab.image("sleeping");
    let runs = |lab: &Lab| {
        let end = Instant::now() + Duration::from_mins(1);
        while docker(&["ps", "--quiet", "--filter", &format!("ancestor={image}")]).stdout.is_empty() {
            assert!(Instant::now() < end, "it does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(lab.containers(&image), 1);
    };
    let running = lab.command(&["build", "sleeping", "--tools"]).start();
    runs(&lab);
    running.interrupt();
    assert_eq!(running.wait().status, 3);
    assert_eq!(lab.containers(&image), 0);
    let running = lab.command(&["build", "sleeping", "--tools"]).start();
    runs(&lab);
    rustix::process::kill_process(rustix::process::Pid::from_child(running.child()), rustix::process::Signal::KILL)
        .unwrap();
    assert_eq!(running.wait_or_killed(), None);
    server(&lab, "plain");
    assert_eq!(lab.run(&["build", "plain", "--tools"]).status, 0);
    assert_eq!(lab.containers(&image), 0);
}

#[test]
fn servers_in_images_of_others_are_asked_when_the_image_is_there() {
    let Some(lab) = Lab::new() else { return };
    server(&lab, "plain");
    assert_eq!(lab.run(&["build", "plain"]).status, 0);
    let other = format!("other-{}/plain:1", lab.namespace);
    docker(&["tag", &lab.image("plain"), &other]);
    lab.registry.write(
        "servers/others/server.yaml",
        format!("name: others\ntype: server\nimage: {other}\nrun:\n  command:\n    - plain\n"),
    );
    let output = lab.run(&["build", "others", "--write-tools"]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    assert!(lab.registry.read("servers/others/tools.json").contains("forecast"));
    docker(&["rmi", &other]);
    let output = lab.run(&["build", "others", "--tools"]);
    assert_eq!((output.status, output.stderr.contains("`--pull-community` fetches")), (2, true), "{}", output.stderr);
}

#[test]
fn findings_about_tools_obey_the_policy() {
    let Some(lab) = Lab::new() else { return };
    server(&lab, "plain");
    lab.registry.write("servers/plain/tools.json", "[{\"name\": \"gone\", \"description\": \"x\"}]\n");
    let ask = |more: &str| {
        lab.registry.write("mcp-registry.toml", format!("[registry]\nnamespace = \"{}/\"\n{more}", lab.namespace));
        let output = lab.run(&["build", "plain", "--tools"]);
        format!("{} {}\n", output.status, output.stdout.lines().last().unwrap_or_default())
    };
    let waiver = |day: &str| {
        format!("[[waivers]]\nrule = \"tools-removed\"\nentry = \"plain\"\nreason = \"soon\"\nexpires = {day}\n")
    };
    let all = [
        ask(""),
        ask("[rules]\ntools-removed = \"off\"\n"),
        ask("[rules]\ntools-removed = \"note\"\ntools-added = \"error\"\n"),
        ask(&waiver("2026-01-02")),
        ask(&waiver("2026-01-01")),
    ];
    insta::assert_snapshot!(all.concat(), @r"
    1 1 error and 2 warnings in 1 entry
    0 2 warnings in 1 entry
    1 2 errors and 1 note in 1 entry
    0 2 warnings in 1 entry (1 waived)
    1 1 error and 2 warnings in 1 entry
    ");
}
