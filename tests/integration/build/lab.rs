//! A registry with one entry, and the Git repository that it pins.

use crate::container::engine_answers;
use crate::runner::{Output, Run, Runner};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A registry, an upstream beside it, and a namespace for images that nobody else has.
pub(crate) struct Lab {
    pub(crate) registry: Runner,
    /// `mcp-test-1234-5`
    pub(crate) namespace: String,
}

impl Lab {
    /// An empty one; none where no engine answers.
    pub(crate) fn new() -> Option<Self> {
        if !engine_answers() {
            return None;
        }
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let lab = Self { registry: Runner::new(), namespace: format!("mcp-test-{}-{number}", std::process::id()) };
        lab.registry.write("mcp-registry.toml", format!("[registry]\nnamespace = \"{}/\"\n", lab.namespace));
        lab.registry.write("servers/.keep", "");
        std::fs::create_dir(lab.upstream()).unwrap();
        std::fs::create_dir(lab.temporary()).unwrap();
        lab.git(["init", "--quiet"]);
        Some(lab)
    }

    /// The work tree that commits are made in.
    pub(crate) fn upstream(&self) -> PathBuf {
        self.registry.root().parent().unwrap().join("upstream")
    }

    /// Where the program puts temporary files.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.registry.root().parent().unwrap().join("tmp")
    }

    pub(crate) fn git<const N: usize>(&self, arguments: [&str; N]) -> String {
        self.registry.git_in("../upstream", arguments)
    }

    /// Writes a file of the upstream.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.upstream().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    /// Puts a static shell into the upstream, as `busybox`.
    pub(crate) fn busybox(&self) -> &Self {
        std::fs::copy("/bin/busybox", self.upstream().join("busybox")).unwrap();
        self
    }

    /// Commits everything and makes an entry that pins it, with these lines under `source`. Returns the commit.
    pub(crate) fn entry(&self, name: &str, source: &str) -> String {
        self.git(["add", "--all"]);
        self.git(["commit", "--quiet", "--allow-empty", "--message", "a change"]);
        let commit = self.git(["rev-parse", "HEAD"]);
        self.pin(name, &commit, source);
        commit
    }

    /// Makes an entry that pins a commit.
    pub(crate) fn pin(&self, name: &str, commit: &str, source: &str) {
        self.manifest(name, commit, source, "");
    }

    /// The same, with more at the end of the manifest.
    pub(crate) fn manifest(&self, name: &str, commit: &str, source: &str, more: &str) {
        let (namespace, project) = (&self.namespace, self.upstream());
        let source: String = source.lines().map(|line| format!("  {line}\n")).collect();
        let text = format!(
            "name: {name}\nimage: {namespace}/{name}\ntype: server\nmeta:\n  category: devops\n  tags:\n    - weather\nabout:\n  \
             title: Weather\n  description: Says what the weather is like.\n  icon: https://example.com/icon.png\nsource:\n  \
             project: {}\n  commit: {commit}\n{source}{more}",
            project.display()
        );
        self.registry.write(format!("servers/{name}/server.yaml"), text);
    }

    /// The program, with its temporary files in [`Lab::temporary`].
    pub(crate) fn command(&self, arguments: &[&str]) -> Run<'_> {
        self.registry.command(arguments).env("TMPDIR", self.temporary())
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let output = self.command(arguments).run();
        self.check_temporary();
        output
    }

    /// Holds that no temporary file is left.
    pub(crate) fn check_temporary(&self) {
        let left: Vec<_> = std::fs::read_dir(self.temporary()).unwrap().flatten().map(|item| item.path()).collect();
        assert!(left.is_empty(), "{left:?}");
    }

    /// The image of an entry.
    pub(crate) fn image(&self, name: &str) -> String {
        format!("{}/{name}", self.namespace)
    }

    /// Something of an image, by a Go template.
    pub(crate) fn inspect(&self, image: &str, template: &str) -> String {
        let output = docker(&["image", "inspect", "--format", template, image]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// A label of an image.
    pub(crate) fn label(&self, image: &str, name: &str) -> String {
        self.inspect(image, &format!("{{{{index .Config.Labels {name:?}}}}}"))
    }

    /// Whether the engine has an image.
    pub(crate) fn exists(&self, image: &str) -> bool {
        docker(&["image", "inspect", image]).status.success()
    }

    /// The containers of an image, in whatever state.
    pub(crate) fn containers(&self, image: &str) -> usize {
        let listed = docker(&["ps", "--all", "--quiet", "--filter", &format!("ancestor={image}")]);
        String::from_utf8_lossy(&listed.stdout).lines().count()
    }

    /// What is shown in place of what differs between runs.
    pub(crate) fn normal(&self, text: &str) -> String {
        let text =
            text.replace(&self.namespace, "[NAMESPACE]").replace(self.upstream().to_str().unwrap(), "[UPSTREAM]");
        let seconds = regex::Regex::new(r"\d+\.\d s\b").unwrap();
        seconds.replace_all(&text, "[TIME]").into_owned()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for pattern in [format!("{}/*", self.namespace), format!("*/{}/*", self.namespace)] {
            let listed = docker(&["image", "ls", "--quiet", "--no-trunc", &pattern]);
            for id in String::from_utf8_lossy(&listed.stdout).lines() {
                docker(&["image", "rm", "--force", id]);
            }
        }
    }
}

/// Runs the engine's own client.
pub(crate) fn docker(arguments: &[&str]) -> std::process::Output {
    Command::new("docker").args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// A shell's words in an image that has nothing but `busybox`.
pub(crate) const SHELL: &str = "FROM scratch\nCOPY busybox /bin/busybox\nSHELL [\"/bin/busybox\", \"sh\", \"-c\"]\n";

/// Holds that a document is what a schema of ours says.
pub(crate) fn check_schema(schema: &str, document: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(format!("{schema}.json"));
    let schema: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let document: serde_json::Value = serde_json::from_str(document).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}\n{document:#}");
}
