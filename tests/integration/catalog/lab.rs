//! Registries to publish.

use crate::runner::{Output, Runner};
use serde_json::{Map, Value};
use std::path::Path;

/// The corpus of real entries, committed, with a digest for each image that has none; none where it is absent.
pub(crate) fn corpus() -> Option<Runner> {
    let folder = crate::corpus::folder()?.join("registry/servers");
    let runner = Runner::new();
    let mut digests = Map::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        for file in std::fs::read_dir(entry.path()).unwrap() {
            let file = file.unwrap();
            let path = format!("servers/{name}/{}", file.file_name().to_str().unwrap());
            runner.write(path, std::fs::read(file.path()).unwrap());
        }
        let text = runner.read(format!("servers/{name}/server.yaml"));
        let image = text.lines().find_map(|line| line.strip_prefix("image: "));
        if let Some(image) = image.filter(|image| !image.contains("@sha256:")) {
            let image = image.trim().trim_matches(['"', '\'']);
            let repository = image.rsplit_once(':').map_or(image, |(repository, _)| repository);
            digests.insert(name.clone(), digest_of(repository).into());
        }
    }
    runner.write("digests.json", Value::Object(digests).to_string());
    runner.git(["init", "--quiet"]);
    runner.commit("all of it");
    Some(runner)
}

/// An image by a digest that is made of its name.
pub(crate) fn digest_of(repository: &str) -> String {
    format!("{repository}@{}", mcp_registry::ids::Digest::of(repository.as_bytes()).as_str())
}

/// A YAML text as data, by a reader that is not ours.
pub(crate) fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}"))
}

/// Fails with what the program said, unless it ended well.
#[track_caller]
pub(crate) fn good(output: &Output) {
    assert_eq!(output.status, 0, "{}{}", output.stdout, output.stderr);
}

/// A small registry: a local server with everything, a remote one, a `poci` and a plain one.
pub(crate) fn small() -> Runner {
    let runner = Runner::new();
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/catalog");
    for entry in std::fs::read_dir(here).unwrap() {
        let entry = entry.unwrap();
        if !entry.path().is_dir() {
            continue;
        }
        for file in std::fs::read_dir(entry.path()).unwrap() {
            let file = file.unwrap();
            let (entry, name) = (entry.file_name(), file.file_name());
            let path = format!("servers/{}/{}", entry.to_str().unwrap(), name.to_str().unwrap());
            runner.write(path, std::fs::read(file.path()).unwrap());
        }
    }
    runner.write(
        "mcp-registry.toml",
        "[[publishers]]\nname = \"Acme\"\ntrust = \"official\"\nsources = [\"https://github.com/acme/\"]\n\
         remotes = [\"https://mcp.acme.io/\"]\n\
         [[publishers]]\nname = \"Tools & Co\"\ntrust = \"verified\"\nimages = [\"tools/\"]\n",
    );
    let digests = ["everything", "plain"].map(|name| (name.to_owned(), Value::from(digest_of(&format!("mcp/{name}")))));
    runner.write("digests.json", Value::Object(digests.into_iter().collect()).to_string());
    runner.git(["init", "--quiet"]);
    runner.commit("all of it");
    runner
}
