//! The commands of docs/catalog.md do what it says.

use super::lab::{digest_of, small};
use crate::image_registry::ImageRegistry;
use crate::supply::world::fixture;
use serde_json::json;

/// The words of a command as a shell takes it apart, as far as the page needs: quotes and comments.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for sign in line.chars() {
        match (quote, sign) {
            (Some(open), sign) if sign == open => quote = None,
            (Some(_), sign) => word.get_or_insert_default().push(sign),
            (None, '\'' | '"') => {
                quote = Some(sign);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (None, '#') if word.is_none() => return words,
            (None, sign) => word.get_or_insert_default().push(sign),
        }
    }
    words.extend(word);
    words
}

#[test]
fn the_commands_of_the_page_work() {
    let Some(images) = ImageRegistry::start() else { return };
    let runner = small();
    for name in ["weather", "github"] {
        let manifest = runner.read("servers/everything/server.yaml").replace("everything", name);
        runner.write(format!("servers/{name}/server.yaml"), manifest.replace("- community", "- beta2"));
    }
    let digests = ["everything", "plain", "weather", "github"].map(|name| (name, digest_of(&format!("mcp/{name}"))));
    runner.write("digests.json", json!(std::collections::BTreeMap::from(digests)).to_string());
    let plain = runner.read("servers/plain/server.yaml").replace("- development", "- beta");
    runner.write("servers/plain/server.yaml", plain.replace("category: development", "category: ai"));
    let commit = "0123456789abcdef0123456789abcdef01234567";
    runner.write("reviews/report.json", super::choosing::review("everything", commit, "low", &[]).to_string());
    runner.commit("all of it");
    let page = crate::guards::read("docs/catalog.md");
    let commands: Vec<&str> = page.lines().filter(|line| line.starts_with("mcp-registry ")).collect();
    assert!(commands.len() >= 12, "{commands:?}");
    let mut pushed = String::new();
    for command in commands {
        // It is tried where docs/build.md is.
        if command.starts_with("mcp-registry build ") {
            continue;
        }
        let command = command
            .replace("registry.example.com/acme/catalog@sha256:…", &pushed)
            .replace("registry.example.com", &images.host)
            .replace("~/.docker/mcp/catalogs/acme.yaml", "acme.yaml")
            .replace("cosign.key", &fixture("openssl.key"))
            .replace("cosign.pub", &fixture("openssl.pub"));
        let output = runner.run(words(&command).into_iter().skip(1));
        assert_eq!(output.status, 0, "{command}: {}{}", output.stdout, output.stderr);
        if command.contains(" --push ") {
            pushed = output.stdout.trim_end().to_owned();
        }
    }
    for file in [
        "catalog.yaml",
        "acme.yaml",
        "data.yaml",
        "safe.yaml",
        "site/v0.1/servers/index.html",
        "server-json/plain/server.json",
    ] {
        assert!(runner.root().join(file).exists(), "{file}");
    }
}
