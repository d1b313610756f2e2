//! `server.json`, and the community registry's API as static files.

use super::lab::{corpus, good, small};
use crate::image_registry::{ImageRegistry, installed};
use crate::runner::Runner;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const FOR: [&str; 6] = ["catalog", "--digests", "digests.json", "--namespace", "io.github.acme", "--for"];

fn fixture(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/community").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn check(validator: &jsonschema::Validator, what: &str, value: &Value) {
    let errors: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{what}: {}", errors.join("\n"));
}

/// The validator of an answer that the published description names.
fn answer(name: &str) -> jsonschema::Validator {
    let mut api = fixture("openapi.json");
    api["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    api["$id"] = "urn:api".into();
    api["$ref"] = format!("#/components/schemas/{name}").into();
    jsonschema::options().should_validate_formats(true).build(&api).unwrap()
}

fn server_json() -> jsonschema::Validator {
    jsonschema::options().should_validate_formats(true).build(&fixture("server.schema.json")).unwrap()
}

/// All files below a folder, with `/`.
fn files(root: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for item in std::fs::read_dir(folder).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found
}

fn read(runner: &Runner, path: &str) -> Value {
    serde_json::from_str(&runner.read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn every_entry_has_a_server_json_that_the_schema_accepts() {
    let runner = small();
    let output = runner.run([&FOR[..], &["community", "--out", "out"]].concat());
    good(&output);
    insta::assert_snapshot!(output.stdout, @r"
        warning[reserved-tag]: the Gateway takes what has the tag `community` for an entry of the community registry
         --> servers/everything/server.yaml:8:5
          |
        8 | /     - community
        9 | |     - database
          | |______________^
          |
          = help: the tag is left out; remove it from `meta.tags`

        note[no-server-json]: server.json has no `poci`: the entry is left out
         --> servers/tools/server.yaml:2:7
          |
        2 | type: poci
          |       ^^^^
          |
          = help: the Gateway's catalog has it all the same: `catalog --out` or `--push`

        1 warning and 1 note in 4 entries
        ");
    insta::assert_snapshot!(runner.read("out/everything/server.json"), @r#"
        {
          "$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
          "name": "io.github.acme/everything",
          "title": "Everything & <more>",
          "description": "Uses every key that an entry can have, in two lines, with an ümlaut and a line separator ( ) in it.",
          "repository": {
            "url": "https://github.com/acme/everything",
            "source": "github",
            "subfolder": "src/everything"
          },
          "version": "2026.1.1-g0123456789ab",
          "icons": [
            {
              "src": "https://example.com/icon.png"
            }
          ],
          "packages": [
            {
              "registryType": "oci",
              "identifier": "mcp/everything@sha256:472e3c603a08e1dbc0adc02bc235ada8fcc09effaf1d61d1d2380b6978ac3f08",
              "runtimeHint": "docker",
              "transport": {
                "type": "stdio"
              },
              "runtimeArguments": [
                {
                  "type": "named",
                  "name": "-v",
                  "value": "{folder}:/data:ro",
                  "variables": {
                    "folder": {}
                  }
                },
                {
                  "type": "named",
                  "name": "-u",
                  "value": "1000"
                },
                {
                  "type": "named",
                  "name": "--network",
                  "value": "none"
                }
              ],
              "packageArguments": [
                {
                  "type": "positional",
                  "value": "--url={url}",
                  "variables": {
                    "url": {
                      "description": "The address",
                      "isRequired": true
                    }
                  }
                },
                {
                  "type": "positional",
                  "value": "--mode=on"
                }
              ],
              "environmentVariables": [
                {
                  "name": "ACME_TOKEN",
                  "description": "Made at https://acme.io/tokens",
                  "isRequired": true,
                  "isSecret": true
                },
                {
                  "name": "SECOND",
                  "isSecret": true
                },
                {
                  "name": "ACME_URL",
                  "value": "{url}",
                  "variables": {
                    "url": {
                      "description": "The address",
                      "isRequired": true
                    }
                  }
                },
                {
                  "name": "MODE",
                  "value": "fast"
                }
              ]
            }
          ],
          "_meta": {
            "io.modelcontextprotocol.registry/publisher-provided": {
              "trust": "official",
              "publisher": "Acme",
              "commit": "0123456789abcdef0123456789abcdef01234567",
              "category": "database",
              "tags": [
                "database"
              ],
              "allowHosts": [
                "api.acme.io:443"
              ],
              "oauth": {
                "providers": [
                  {
                    "provider": "acme",
                    "secret": "everything.token",
                    "env": "ACME_TOKEN"
                  }
                ]
              }
            }
          }
        }
        "#);
    insta::assert_snapshot!(runner.read("out/remote/server.json"), @r#"
        {
          "$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
          "name": "io.github.acme/remote",
          "title": "Acme Remote",
          "description": "A service of others.",
          "version": "2026.1.1-t000300",
          "icons": [
            {
              "src": "https://example.com/remote.png"
            }
          ],
          "remotes": [
            {
              "type": "streamable-http",
              "url": "https://mcp.acme.io/mcp",
              "headers": [
                {
                  "name": "X-Team",
                  "value": "{team}",
                  "variables": {
                    "team": {
                      "description": "Your team"
                    }
                  }
                },
                {
                  "name": "Authorization",
                  "value": "Bearer {ACME_KEY}",
                  "variables": {
                    "ACME_KEY": {
                      "isSecret": true
                    }
                  }
                }
              ]
            }
          ],
          "_meta": {
            "io.modelcontextprotocol.registry/publisher-provided": {
              "trust": "official",
              "publisher": "Acme",
              "category": "productivity",
              "tags": [
                "productivity",
                "remote"
              ],
              "oauth": {
                "providers": [
                  {
                    "provider": "acme",
                    "secret": "remote.oauth",
                    "env": "ACME_OAUTH"
                  }
                ]
              }
            }
          }
        }
        "#);
    let schema = server_json();
    let written = files(&runner.root().join("out"));
    assert_eq!(
        written.iter().map(String::as_str).collect::<Vec<_>>(),
        ["everything/server.json", "plain/server.json", "remote/server.json"]
    );
    written.iter().for_each(|file| check(&schema, file, &read(&runner, &format!("out/{file}"))));
}

#[test]
fn real_entries_have_server_json_and_api_that_validate() {
    let Some(runner) = corpus() else { return };
    good(&runner.run([&FOR[..], &["community", "--out", "out", "--fail-on", "never"]].concat()));
    let schema = server_json();
    let written = files(&runner.root().join("out"));
    assert!(written.len() >= 165, "{}", written.len());
    written.iter().for_each(|file| check(&schema, file, &read(&runner, &format!("out/{file}"))));
    good(
        &runner.run([&FOR[..], &["registry-api", "--out", "site", "--page-size", "50", "--fail-on", "never"]].concat()),
    );
    let (list, one) = (answer("ServerList"), answer("ServerResponse"));
    let mut pages = 0;
    for file in files(&runner.root().join("site")) {
        if file == ".nojekyll" {
            continue;
        }
        let value = read(&runner, &format!("site/{file}"));
        let is_list = file.ends_with("/index.html") || file.starts_with("v0.1/pages/");
        check(if is_list { &list } else { &one }, &file, &value);
        pages += usize::from(file.starts_with("v0.1/pages/"));
        let servers = if is_list { value["servers"].as_array().unwrap().clone() } else { vec![value] };
        servers.iter().for_each(|it| check(&schema, &file, &it["server"]));
    }
    assert_eq!(pages, 3);
    // Twice gives the same bytes; what is not published any more is gone.
    let all = |root: &str| -> Vec<(String, String)> {
        files(&runner.root().join(root))
            .into_iter()
            .map(|file| (file.clone(), runner.read(format!("{root}/{file}"))))
            .collect()
    };
    good(
        &runner
            .run([&FOR[..], &["registry-api", "--out", "again", "--page-size", "50", "--fail-on", "never"]].concat()),
    );
    assert_eq!(all("site"), all("again"));
}

/// nginx with the configuration of docs/catalog.md; none where it is not installed.
struct Nginx {
    child: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Nginx {
    fn start(site: &Path) -> Option<Self> {
        let program = installed("nginx")?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let page = crate::guards::marked(&crate::guards::read("docs/catalog.md"), "nginx");
        let server = page.trim_start_matches("```nginx\n").trim_end_matches("```\n");
        let server = server.replace("listen 443 ssl;", &format!("listen 127.0.0.1:{port};"));
        let server = server.replace("root /srv/mcp;", &format!("root {};", site.display()));
        let at = folder.path().display();
        let user = if rustix::process::geteuid().is_root() { "user root;" } else { "" };
        let temporary =
            ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|it| format!("{it}_temp_path {at}/{it};"));
        let config = format!(
            "{user}\npid {at}/pid;\nerror_log {at}/error;\nevents {{}}\nhttp {{\naccess_log off;\n{}\n{server}}}\n",
            temporary.join("\n")
        );
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, config).unwrap();
        let mut command = Command::new(program);
        command.arg("-c").arg(&file).args(["-g", "daemon off;"]).stdin(Stdio::null());
        let child = command.spawn().unwrap();
        let address = format!("127.0.0.1:{port}");
        let end = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(&address).is_err() {
            assert!(
                Instant::now() < end,
                "{}",
                std::fs::read_to_string(folder.path().join("error")).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(Self { child, address, _folder: folder })
    }

    fn get(&self, path: &str) -> reqwest::blocking::Response {
        mcp_registry::fetch::install_crypto();
        let client = reqwest::blocking::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        client.get(format!("http://{}{path}", self.address)).send().unwrap()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let (pid, signal) = (rustix::process::Pid::from_child(&self.child), rustix::process::Signal::TERM);
        let _ = rustix::process::kill_process(pid, signal);
        drop(self.child.wait());
    }
}

#[test]
fn a_client_walks_all_pages_that_nginx_serves() {
    let runner = small();
    let output = runner.run([&FOR[..], &["registry-api", "--out", "site", "--page-size", "1"]].concat());
    good(&output);
    let Some(nginx) = Nginx::start(&runner.root().join("site")) else { return };
    let (mut names, mut cursor) = (Vec::new(), String::new());
    for _ in 0..10 {
        let response = nginx.get(&format!("/v0.1/servers{cursor}"));
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
        let page: Value = serde_json::from_str(&response.text().unwrap()).unwrap();
        names.extend(
            page["servers"].as_array().unwrap().iter().map(|it| it["server"]["name"].as_str().unwrap().to_owned()),
        );
        match page["metadata"]["nextCursor"].as_str() {
            Some(next) => cursor = format!("?cursor={next}"),
            None => break,
        }
    }
    assert_eq!(names, ["io.github.acme/everything", "io.github.acme/plain", "io.github.acme/remote"]);
    for name in &names {
        let name = name.replace('/', "%2F");
        let versions: Value =
            serde_json::from_str(&nginx.get(&format!("/v0.1/servers/{name}/versions")).text().unwrap()).unwrap();
        let version = versions["servers"][0]["server"]["version"].as_str().unwrap();
        let one = |version: &str| nginx.get(&format!("/v0.1/servers/{name}/versions/{version}")).text().unwrap();
        assert_eq!(one(version), one("latest"));
    }
    assert_eq!(nginx.get("/v0.1/servers/io.github.acme%2Fnone/versions/latest").status(), 404);
    assert_eq!(nginx.get("/v0.1/servers?cursor=../../etc/passwd").status(), 200, "a cursor of somebody else's is none");
    browser(&nginx);
}

/// A real browser's fetch, from another origin.
fn browser(api: &Nginx) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = |name: &&str| std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
    let name = ["google-chrome", "chromium"].into_iter().find(on_path).unwrap_or("chromium");
    let Some(program) = installed(name) else { return };
    let home = tempfile::tempdir().unwrap();
    let page = home.path().join("page.html");
    let script = format!(
        "<p id=x>nothing</p><script>fetch('http://{}/v0.1/servers/io.github.acme%2Fremote/versions/latest').then(a => a.json())\
         .then(it => {{ x.textContent = 'read ' + it.server.name }}, e => {{ x.textContent = 'failed ' + e }})</script>",
        api.address
    );
    std::fs::write(&page, script).unwrap();
    let output = Command::new(program)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", home.path().join("profile").display()))
        .arg(format!("file://{}", page.display()))
        .env("HOME", home.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("read io.github.acme/remote"), "{text}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_folder_is_written_anew_and_nothing_else_is_touched() {
    let runner = small();
    let api = |more: &[&str]| runner.run([&FOR[..], &["registry-api", "--out", "site"], more].concat());
    good(&api(&[]));
    insta::assert_snapshot!(files(&runner.root().join("site")).into_iter().collect::<Vec<_>>().join("\n"), @r"
        .nojekyll
        v0.1/servers/index.html
        v0.1/servers/io.github.acme/everything/versions/2026.1.1-g0123456789ab
        v0.1/servers/io.github.acme/everything/versions/index.html
        v0.1/servers/io.github.acme/everything/versions/latest
        v0.1/servers/io.github.acme/plain/versions/2026.1.1-g89abcdef0123
        v0.1/servers/io.github.acme/plain/versions/index.html
        v0.1/servers/io.github.acme/plain/versions/latest
        v0.1/servers/io.github.acme/remote/versions/2026.1.1-t000300
        v0.1/servers/io.github.acme/remote/versions/index.html
        v0.1/servers/io.github.acme/remote/versions/latest
        ");
    runner.write("site/index.html", "mine");
    let refused = api(&["--from", "name=remote"]);
    assert_eq!(refused.status, 3);
    insta::assert_snapshot!(refused.stderr, @r"
        error: site would lose 2 of its 3 entries: everything, plain
          hint: `--allow-shrink` replaces it all the same
        ");
    good(&api(&["--from", "name=remote", "--allow-shrink"]));
    insta::assert_snapshot!(files(&runner.root().join("site")).into_iter().collect::<Vec<_>>().join("\n"), @r"
        .nojekyll
        index.html
        v0.1/servers/index.html
        v0.1/servers/io.github.acme/remote/versions/2026.1.1-t000300
        v0.1/servers/io.github.acme/remote/versions/index.html
        v0.1/servers/io.github.acme/remote/versions/latest
        ");
    assert_eq!(runner.read("site/index.html"), "mine");
    runner.write("other/v0.1/notes", "mine");
    let other = runner.run([&FOR[..], &["registry-api", "--out", "other"]].concat());
    assert_eq!(other.status, 2);
    insta::assert_snapshot!(other.stderr, @r"
        error: other/v0.1 is there and is not what this program wrote
          hint: name another folder, or remove it
        ");
    // Where a host calls it HTML, nothing in it is.
    let manifest = runner.read("servers/remote/server.yaml");
    runner.write("servers/remote/server.yaml", manifest.replace("A service of others.", "<script>alert(1)</script>"));
    good(&api(&["--allow-shrink"]));
    let page = runner.read("site/v0.1/servers/index.html");
    assert!(page.contains("\\u003cscript\\u003ealert(1)") && !page.contains(['<', '>']), "{page}");
}

#[test]
fn what_clients_would_get_wrong_is_a_finding() {
    let runner = small();
    let manifest = runner.read("servers/remote/server.yaml");
    runner.write("servers/remote/server.yaml", manifest.replace("mcp.acme.io/mcp", "{{remote.team}}.acme.io/mcp"));
    let output = runner.run([&FOR[..], &["community", "--out", "out"]].concat());
    assert_eq!(output.status, 1);
    insta::assert_snapshot!(output.stdout, @r"
        warning[reserved-tag]: the Gateway takes what has the tag `community` for an entry of the community registry
         --> servers/everything/server.yaml:8:5
          |
        8 | /     - community
        9 | |     - database
          | |______________^
          |
          = help: the tag is left out; remove it from `meta.tags`

        error[no-server-json]: the address has variables, which clients do not fill in: the entry is left out
          --> servers/remote/server.yaml:16:8
           |
        16 |   url: https://{{remote.team}}.acme.io/mcp
           |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
           |
           = help: the Gateway's catalog has it all the same: `catalog --out` or `--push`

        note[no-server-json]: server.json has no `poci`: the entry is left out
         --> servers/tools/server.yaml:2:7
          |
        2 | type: poci
          |       ^^^^
          |
          = help: the Gateway's catalog has it all the same: `catalog --out` or `--push`

        1 error, 1 warning and 1 note in 4 entries
        ");
    let mut said = String::new();
    for namespace in ["acme", "io.github.", "io..x", "../x.y", "io.github.acme/x"] {
        let output = runner.run(["catalog", "--for", "community", "--out", "out", "--namespace", namespace]);
        said.push_str(&format!("{}: {}", output.status, output.stderr));
    }
    insta::assert_snapshot!(said, @r"
        2: error: `acme` is not a namespace
          hint: write the name of a host from its top on, as `io.github.acme` for github.com/acme
        2: error: `io.github.` is not a namespace
          hint: write the name of a host from its top on, as `io.github.acme` for github.com/acme
        2: error: `io..x` is not a namespace
          hint: write the name of a host from its top on, as `io.github.acme` for github.com/acme
        2: error: `../x.y` is not a namespace
          hint: write the name of a host from its top on, as `io.github.acme` for github.com/acme
        2: error: `io.github.acme/x` is not a namespace
          hint: write the name of a host from its top on, as `io.github.acme` for github.com/acme
        ");
}

#[test]
fn the_label_of_an_image_is_the_name_byte_for_byte() {
    let Some(registry) = ImageRegistry::start() else { return };
    let runner = small();
    let world = crate::supply::world::World::at(&registry.host);
    let image = world.image("weather");
    let policy = runner.read("mcp-registry.toml");
    runner.write("mcp-registry.toml", format!("[registry]\nnamespace = \"{}/mcp/\"\n{policy}", registry.host));
    let manifest =
        runner.read("servers/plain/server.yaml").replace("mcp/plain", &format!("{}/mcp/weather", registry.host));
    runner.write("servers/plain/server.yaml", manifest);
    runner.write("digests.json", json!({ "plain": image }).to_string());
    let arguments = ["community", "--out", "out", "--online", "plain"];
    let output = runner.run([&FOR[..], &arguments].concat());
    assert_eq!(output.status, 1, "{}", output.stderr);
    insta::assert_snapshot!(output.stdout.replace(&registry.host, "[HOST]"), @r"
        error[other-server-name]: the image has no label `io.modelcontextprotocol.server.name`, which must be `io.github.acme/plain`
         --> servers/plain/server.yaml:2:8
          |
        2 | image: [HOST]/mcp/weather
          |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: `mcp-registry build plain --push --server-name io.github.acme/plain` sets it

        1 error in 1 entry
        ");
}
