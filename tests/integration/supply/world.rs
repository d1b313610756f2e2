//! An image registry with images in it, the keys, and the program: what most tests of this folder begin with.

use crate::image_registry::ImageRegistry;
use crate::runner::{Output, Run, Runner};
use mcp_registry::ids::{Digest, ImageReference};
use mcp_registry::oci::{Descriptor, IMAGE_MANIFEST, ImageManifest, Registries, Repository, media_types};
use mcp_registry::sign::connect::{self, Reach};
use mcp_registry::sign::key::PrivateKey;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use tokio::runtime::Runtime;

/// The commit that images say they were built from.
pub(crate) const COMMIT: &str = "b4ee623039a6c60053ce67269701ad9e95073306";
const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json";

/// A fixture, as a path.
pub(crate) fn fixture(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
    path.to_str().unwrap().to_owned()
}

/// The key of the tests.
pub(crate) fn our_key() -> PrivateKey {
    let text = std::fs::read(fixture("openssl.key")).unwrap();
    PrivateKey::parse(&text, || panic!("it has no password")).unwrap()
}

pub(crate) struct World {
    pub(crate) runner: Runner,
    pub(crate) host: String,
    /// The repository of the images, `HOST/mcp/weather`.
    pub(crate) name: String,
    pub(crate) repository: Repository,
    pub(crate) runtime: Runtime,
    http: reqwest::blocking::Client,
    registry: Option<ImageRegistry>,
}

impl World {
    /// With Debian's registry; none where it is not installed.
    pub(crate) fn real() -> Option<Self> {
        let registry = ImageRegistry::start()?;
        let host = registry.host.clone();
        Some(Self { registry: Some(registry), ..Self::at(&host) })
    }

    /// With a registry that runs already.
    pub(crate) fn at(host: &str) -> Self {
        let runtime = Runtime::new().unwrap();
        let name = format!("{host}/mcp/weather");
        let reference = ImageReference::parse(&name).unwrap();
        let registries = registries(&[&reference]);
        let repository = registries.repository(&reference);
        Self {
            runner: Runner::new(),
            host: host.to_owned(),
            name,
            repository,
            runtime,
            http: reqwest::blocking::Client::builder().no_proxy().build().unwrap(),
            registry: None,
        }
    }

    /// Pushes an image with one layer and labels, tagged `latest`. Returns `HOST/mcp/weather@sha256:…`.
    pub(crate) fn image(&self, content: &str) -> String {
        let digest = self.push(&self.repository, content, Some(COMMIT));
        format!("{}@{digest}", self.name)
    }

    /// Pushes an image whose revision label is `commit`.
    pub(crate) fn push(&self, repository: &Repository, content: &str, commit: Option<&str>) -> Digest {
        let labels = commit.into_iter().map(|commit| ("org.opencontainers.image.revision", commit));
        self.push_labeled(repository, content, labels.collect())
    }

    /// Pushes an image that has these labels.
    pub(crate) fn push_labeled(&self, repository: &Repository, content: &str, labels: BTreeMap<&str, &str>) -> Digest {
        let mut archive = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        archive.append_data(&mut header, "hello", content.as_bytes()).unwrap();
        let layer = archive.into_inner().unwrap();
        let config = json!({
            "architecture": "amd64", "os": "linux", "config": { "Labels": labels },
            "rootfs": { "type": "layers", "diff_ids": [Digest::of(&layer)] },
        });
        self.runtime.block_on(async {
            let layer_type = "application/vnd.oci.image.layer.v1.tar";
            let layer = repository.push_blob(layer_type, &layer.into()).await.unwrap();
            let config = repository.push_blob(media_types::CONFIG, &config.to_string().into()).await.unwrap();
            let manifest = image_manifest(config, vec![layer]);
            let bytes = serde_json::to_vec(&manifest).unwrap();
            repository.push_manifest(Some("latest"), IMAGE_MANIFEST, bytes.into()).await.unwrap().digest
        })
    }

    /// The program, with our private key.
    pub(crate) fn sign(&self, image: &str, more: &[&str]) -> Output {
        let output = self.signing("sign", image, more).run();
        assert_eq!(output.status, 0, "{}", output.stderr);
        output
    }

    pub(crate) fn attest(&self, image: &str, more: &[&str]) -> Output {
        let output = self.signing("attest", image, more).run();
        assert_eq!(output.status, 0, "{}", output.stderr);
        output
    }

    pub(crate) fn signing(&self, command: &str, image: &str, more: &[&str]) -> Run<'_> {
        let key = fixture("openssl.key");
        self.runner.command([&[command, "--key", &key, image], more].concat())
    }

    /// `verify` with our public key.
    pub(crate) fn verify(&self, image: &str, more: &[&str]) -> Output {
        let key = fixture("openssl.pub");
        self.runner.run([&["verify", "--key", &key, image], more].concat())
    }

    /// What `verify` says, with what differs from run to run replaced.
    pub(crate) fn verified(&self, image: &str, more: &[&str]) -> String {
        let Output { stdout, stderr, status } = self.verify(image, more);
        self.shown(&format!("status {status}\n{stdout}{stderr}"), image)
    }

    /// A text without the registry's port and the digests.
    pub(crate) fn shown(&self, text: &str, image: &str) -> String {
        let digest = image.rsplit_once('@').map_or("", |(_, digest)| digest);
        let hex = digest.strip_prefix("sha256:").unwrap_or(digest);
        let text = text.replace(&self.host, "[HOST]");
        let text = if hex.is_empty() { text } else { text.replace(hex, "[HEX]") };
        // Digests of what has a random signature in it.
        let digest = regex::Regex::new("sha256:[0-9a-f]{64}").unwrap();
        digest.replace_all(&text, "sha256:[RANDOM]").into_owned()
    }

    /// Whether `verify` refuses the image by this rule, at the default settings.
    pub(crate) fn refused_by(&self, image: &str, rule: &str) -> String {
        let output = self.verify(image, &["--format", "json"]);
        assert_eq!(output.status, 1, "{}{}", output.stdout, output.stderr);
        let report: Value = serde_json::from_str(&output.stdout).unwrap();
        let findings = report["findings"].as_array().unwrap();
        let found = findings.iter().find(|finding| finding["rule"] == rule && finding["severity"] == "error");
        let found = found.unwrap_or_else(|| panic!("not refused by {rule}: {}", output.stdout));
        self.shown(found["message"].as_str().unwrap(), image)
    }

    fn url(&self, rest: &str) -> String {
        format!("http://{}/v2/mcp/weather/{rest}", self.host)
    }

    /// Gets a manifest with plain HTTP.
    pub(crate) fn manifest(&self, reference: &str) -> Value {
        serde_json::from_slice(&self.raw_manifest(reference)).unwrap()
    }

    /// The same, as bytes.
    pub(crate) fn raw_manifest(&self, reference: &str) -> Vec<u8> {
        let request = self.http.get(self.url(&format!("manifests/{reference}"))).header("accept", ACCEPT);
        let answer = request.send().unwrap();
        assert_eq!(answer.status(), 200, "{reference}");
        answer.bytes().unwrap().to_vec()
    }

    /// Gets a blob with plain HTTP.
    pub(crate) fn blob(&self, digest: &str) -> Vec<u8> {
        self.http.get(self.url(&format!("blobs/{digest}"))).send().unwrap().bytes().unwrap().to_vec()
    }

    /// Puts a manifest with plain HTTP. Its digest.
    pub(crate) fn put_manifest(&self, reference: &str, manifest: &Value) -> String {
        let bytes = serde_json::to_vec(manifest).unwrap();
        let digest = Digest::of(&bytes).to_string();
        let reference = if reference.is_empty() { &digest } else { reference };
        let request = self.http.put(self.url(&format!("manifests/{reference}")));
        let request = request.header("content-type", manifest["mediaType"].as_str().unwrap()).body(bytes);
        let answer = request.send().unwrap();
        assert_eq!(answer.status(), 201, "{:?}", answer.text());
        digest
    }

    /// Puts a manifest; whether the registry takes it.
    pub(crate) fn offer_manifest(&self, reference: &str, media_type: &str, bytes: Vec<u8>) -> bool {
        let request = self.http.put(self.url(&format!("manifests/{reference}")));
        request.header("content-type", media_type).body(bytes).send().unwrap().status() == 201
    }

    /// Loses what the real registry has under this digest, or has it hold other bytes.
    pub(crate) fn damage(&self, digest: &str, bytes: Option<&[u8]>) {
        let file = self.registry.as_ref().unwrap().file_of(digest);
        match bytes {
            Some(bytes) => std::fs::write(file, bytes).unwrap(),
            None => std::fs::remove_file(file).unwrap(),
        }
    }

    /// Puts a blob. Its descriptor.
    pub(crate) fn put_blob(&self, media_type: &str, bytes: Vec<u8>) -> Descriptor {
        self.runtime.block_on(self.repository.push_blob(media_type, &bytes.into())).unwrap()
    }
}

pub(crate) fn image_manifest(config: Descriptor, layers: Vec<Descriptor>) -> ImageManifest {
    ImageManifest {
        schema_version: 2,
        media_type: Some(IMAGE_MANIFEST.to_owned()),
        artifact_type: None,
        config,
        layers,
        subject: None,
        annotations: BTreeMap::new(),
        other: serde_json::Map::new(),
    }
}

pub(crate) fn registries(named: &[&ImageReference]) -> Registries {
    // Loopback is not public, and no test names a registry anywhere else.
    let reach = Reach { allow: vec!["127.0.0.0/8".parse().unwrap()], ..Reach::default() };
    let hosts: Vec<&ImageReference> = named.to_vec();
    connect::registries(&reach, &hosts).unwrap()
}

/// `sha256-<hex>` of an image, and with an ending the tag of a layout.
pub(crate) fn tag(image: &str, ending: &str) -> String {
    let (_, digest) = image.rsplit_once('@').unwrap();
    format!("{}{ending}", digest.replace(':', "-"))
}
