//! Programs that a manifest names as steps of the build, under any name: Cargo's build script, hooks of Hatch, PDM and Poetry,
//! build backends of the repository itself.

use toml::{Table, Value};

/// The files that the manifest at `path` makes run when the package is built or installed.
pub(super) fn started(path: &str, bytes: &[u8]) -> Vec<String> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let Ok(text) = std::str::from_utf8(bytes) else { return Vec::new() };
    let named = match name {
        "Cargo.toml" => toml::from_str(text).map(|manifest| cargo(&manifest)),
        "pyproject.toml" => toml::from_str(text).map(|manifest| python(&manifest)),
        _ => return Vec::new(),
    };
    let in_folder = |file: String| {
        let file = file.trim_start_matches("./");
        if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") }
    };
    named.unwrap_or_default().into_iter().map(in_folder).collect()
}

fn cargo(manifest: &Table) -> Vec<String> {
    let script = at(manifest, &["package", "build"]).and_then(Value::as_str);
    script.map(str::to_owned).into_iter().collect()
}

fn python(manifest: &Table) -> Vec<String> {
    let hatch = at(manifest, &["tool", "hatch", "build"]);
    let targets = hatch.and_then(|build| build.get("targets")?.as_table()).into_iter().flatten();
    let hooks = hatch.into_iter().chain(targets.map(|(_, target)| target));
    let hooks = hooks.filter_map(|build| build.get("hooks")?.get("custom")?.get("path")?.as_str());
    let poetry = at(manifest, &["tool", "poetry", "build"]);
    let poetry = poetry.and_then(|build| build.as_str().or_else(|| build.get("script")?.as_str()));
    let pdm = at(manifest, &["tool", "pdm", "build", "custom-hook"]).and_then(Value::as_str);
    let mut found: Vec<String> = hooks.chain(poetry).chain(pdm).map(str::to_owned).collect();
    let backend = at(manifest, &["build-system", "build-backend"]).and_then(Value::as_str).unwrap_or_default();
    let module = backend.split(':').next().unwrap_or_default().replace('.', "/");
    let paths = at(manifest, &["build-system", "backend-path"]).and_then(Value::as_array);
    for path in paths.into_iter().flatten().filter_map(Value::as_str).take(10) {
        let path = path.trim_start_matches("./").trim_matches(['.', '/']);
        let file = if path.is_empty() { module.clone() } else { format!("{path}/{module}") };
        found.extend([format!("{file}.py"), format!("{file}/__init__.py")]);
    }
    found
}

fn at<'t>(manifest: &'t Table, keys: &[&str]) -> Option<&'t Value> {
    let (first, rest) = keys.split_first()?;
    rest.iter().try_fold(manifest.get(*first)?, |value, key| value.get(key))
}
